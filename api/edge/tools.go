package edge

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// exampleCall is the call that a pasted reply is taken to answer: an operation and its own example.
type exampleCall struct {
	operation *translate.Operation
	request   translate.Request
}

// addTools adds the route that decodes pasted replies, those to operations that have an example. The error is one whose own example is not valid.
func (s *Server) addTools(e gin.IRouter) error {
	calls := map[string]exampleCall{}
	for _, system := range s.config.Systems {
		for i := range system.Operations {
			op := &system.Operations[i]
			if op.Example == "" { // none could be made of its schema
				continue
			}
			request, refusal := op.Read([]byte(op.Example))
			if refusal != nil {
				return fmt.Errorf("the example of %s: %w", op.Name, refusal)
			}
			calls[op.ID] = exampleCall{op, request}
		}
	}
	e.POST(openapi.DecodePath, s.handle(s.decodePasted(calls)))
	return nil
}

// decodePasted answers as an operation would for a pasted reply. Only a demo has this route: what is pasted is believed, and callers are not
// identified. Nothing is sent, claimed or stored.
//
//	@ID				DecodeReply
//	@Tags			Tools
//	@Summary		Decode a pasted SOAP reply
//	@Description	Answers with exactly what a caller of the operation would get if the vendor answered its example with this reply: status, content type and body.
//	@Description	It decodes faults, pages that are not envelopes and truncated envelopes as well as successes. Nothing is sent or stored. Only a demo has this.
//	@Accept			text/xml,application/xml,application/soap+xml
//	@Produce		json
//	@Param			operation	query		string	true	"The vendor's name of the operation that the reply is for"
//	@Param			status		query		int		false	"The HTTP status of the reply"	minimum(200)	maximum(599)	default(200)
//	@Param			request		body		string	true	"The body of the reply, as the vendor sent it"
//	@Success		200,201		{object}	object	"What a caller of the operation would get"
//	@Failure		400			{object}	problem	"bad-parameter"
//	@Failure		413			{object}	problem	"payload-too-large"
//	@Failure		415			{object}	problem	"unsupported-media-type"
//	@Failure		422			{object}	problem	"validation-failed upstream-rejected"
//	@Failure		502			{object}	problem	"outcome-unknown upstream-denied upstream-failed upstream-refused"
//	@Failure		503			{object}	problem	"upstream-busy upstream-unavailable"
//	@Router			/v1/tools/decode [post]
func (s *Server) decodePasted(calls map[string]exampleCall) handler {
	names := slices.Sorted(maps.Keys(calls))
	return func(c *gin.Context, call *call) (answer, *problem) {
		name, status, p := decodeQuery(c.Request.URL, names)
		if p == nil {
			p = checkReplyType(c.Request.Header)
		}
		var body []byte
		if p == nil {
			body, p = readBody(c, new(bytes.Buffer), s.config.MaxReply, codeOf(translate.ValidationFailed))
		}
		if p != nil {
			return answer{}, p
		}
		if len(body) == 0 {
			return answer{}, problemOf(&translate.Error{Code: translate.ValidationFailed, Source: translate.FromRequest, Violations: []translate.Violation{
				{Code: record.Required, Detail: "Give the reply that is to be decoded, as the vendor sent it."},
			}})
		}
		call.operation, call.pasted = calls[name].operation, true
		call.env = translate.Env{Now: time.Now(), OperationID: uuid.NewString()}
		call.nameOperation(c)
		c.Header("Decoded-Operation", name)
		reply := soap.Reply{Certain: true, Status: status, ContentType: c.GetHeader("Content-Type"), Body: body}
		a, _ := s.decodeReply(c, call, calls[name].request, reply)
		return a, nil
	}
}

// decodeQuery reads ?operation=CreateCallLog&status=500.
func decodeQuery(u *url.URL, names []string) (operation string, status int, p *problem) {
	status = http.StatusOK
	p = query{
		known: map[string]func([]string) *violation{
			"operation": once(func(value string) *violation {
				if operation = value; slices.Contains(names, value) {
					return nil
				}
				return notListed(names)
			}),
			"status": integer(&status, 200, 599, ": the HTTP status of the reply"),
		},
		unknown:  *wrong(unknownParameter, "Valid are operation and status.", "operation", "status"),
		required: "operation",
		missing:  *wrong(record.Required, "Name the operation that the reply is for, one of: "+strings.Join(names, ", ")+".", names...),
	}.read(u)
	if p != nil && len(p.Errors) > 0 {
		p.Detail = "Fix the query parameters listed in errors."
	}
	return operation, status, p
}

// replyTypes are the media types of what can be pasted; a page of HTML comes as one of them too.
var replyTypes = []string{"text/xml", "application/xml", "application/soap+xml"}

// checkReplyType requires a media type of XML. The decoder checks its charset, as it does in a real reply.
func checkReplyType(h http.Header) *problem {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case err != nil || !slices.Contains(replyTypes, media) || len(h.Values("Content-Type")) > 1:
		return newProblem(unsupportedMediaType).detail("Send the uncompressed body of one reply.").
			header("Content-Type", string(unsupportedMediaType), "The reply must come as one of: "+strings.Join(replyTypes, ", ")+".")
	case slices.ContainsFunc(h.Values("Content-Encoding"), isCoding):
		return newProblem(unsupportedMediaType).header("Content-Encoding", string(unsupportedMediaType), "Compressed bodies are not accepted.")
	}
	return nil
}
