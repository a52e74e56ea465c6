package api

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// exampleCall is the call that a pasted reply is taken to answer: an operation and its own example.
type exampleCall struct {
	operation translate.Operation
	request   translate.Request
}

// addTools adds the route that decodes pasted replies. The error is an operation whose own example is not valid.
func (s *server) addTools(e gin.IRouter) error {
	calls := map[string]exampleCall{}
	for _, system := range s.config.Systems {
		for _, op := range system.Operations {
			request, refusal := op.Read([]byte(op.Example))
			if refusal != nil {
				return fmt.Errorf("the example of %s: %w", op.Name, refusal)
			}
			calls[op.Name] = exampleCall{op, request}
		}
	}
	e.POST(openapi.DecodePath, s.decodeReply(calls))
	return nil
}

// decodeReply answers as an operation would for a pasted reply. Only a demo has this route: what is pasted is believed, and nobody is asked
// who they are. Nothing is sent, claimed or stored.
//
//	@ID				DecodeReply
//	@Tags			Tools
//	@Summary		Decode a pasted SOAP reply
//	@Description	Answers with exactly what a caller of the operation would get if the vendor answered its example with this reply: status, content type and body.
//	@Description	A fault, a page that is no envelope, an envelope that is cut off are as welcome as a success. Nothing is sent or stored. Only a demo has this.
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
//	@Failure		default		{object}	problem	"What a caller of the operation would get; without the header Decoded-Operation, what is wrong with this call itself"
//	@Router			/v1/tools/decode [post]
func (s *server) decodeReply(calls map[string]exampleCall) gin.HandlerFunc {
	names := slices.Sorted(maps.Keys(calls))
	return func(c *gin.Context) {
		name, status, p := decodeQuery(c.Request.URL, names)
		if p == nil {
			p = checkReplyType(c.Request.Header)
		}
		var body []byte
		if p == nil {
			body, p = bodyWithin(c, s.config.MaxReply)
		}
		if p == nil && len(body) == 0 {
			p = newProblem(codeOf(translate.ValidationFailed))
			p.at("", validation.Required, "Give the reply that is to be decoded, as the vendor sent it.")
		}
		if p != nil {
			s.refuse(c, p)
			return
		}
		id := uuid.NewString()
		s.nameOperation(c, id)
		callOf(c).pretended = true
		c.Header("Decoded-Operation", name)
		reply := soap.Reply{Certain: true, Status: status, ContentType: c.GetHeader("Content-Type"), Body: body}
		w := &work{operation: calls[name].operation, env: translate.Env{Now: time.Now(), OperationID: id}}
		answer, _ := s.understand(c, w, calls[name].request, reply)
		s.write(c, answer)
	}
}

// decodeQuery reads ?operation=CreateCallLog&status=500.
func decodeQuery(u *url.URL, names []string) (operation string, status int, p *problem) {
	p, status = newProblem(badParameter), http.StatusOK
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		p.Detail = "The query string is not well-formed."
		return "", 0, p
	}
	for _, parameter := range slices.Sorted(maps.Keys(query)) {
		values := query[parameter]
		switch {
		case parameter != "operation" && parameter != "status":
			p.choice(parameter, "unknown-parameter", "Valid are operation and status.", []string{"operation", "status"})
		case len(values) > 1:
			p.parameter(parameter, "duplicate-parameter", "Give this parameter once.")
		case parameter == "status":
			status, err = strconv.Atoi(values[0])
			if err != nil || status < 200 || status > 599 {
				p.parameter(parameter, string(validation.OutOfRange), "An integer from 200 to 599: the HTTP status of the reply.")
			}
		case !slices.Contains(names, values[0]):
			p.choice(parameter, string(validation.NotInList), "This must be one of: "+strings.Join(names, ", ")+".", names)
		}
	}
	if !query.Has("operation") {
		p.choice("operation", string(validation.Required), "Name the operation that the reply is for, one of: "+strings.Join(names, ", ")+".", names)
	}
	if len(p.Errors) > 0 {
		p.Detail = "Fix the query parameters listed in errors."
		return "", 0, p
	}
	return query.Get("operation"), status, nil
}

// replyTypes are the media types of what can be pasted; a page of HTML comes as one of them too.
var replyTypes = []string{"text/xml", "application/xml", "application/soap+xml"}

// checkReplyType wants a media type of XML. Its charset is the decoder's to judge, as it is in a real reply.
func checkReplyType(h http.Header) *problem {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case err != nil || !slices.Contains(replyTypes, media) || len(h.Values("Content-Type")) > 1:
		p := newProblem(unsupportedMediaType).header("Content-Type", string(unsupportedMediaType), "The reply must come as one of: "+strings.Join(replyTypes, ", ")+".")
		p.Detail = "Send the uncompressed body of one reply."
		return p
	case slices.ContainsFunc(h.Values("Content-Encoding"), isCoding):
		return newProblem(unsupportedMediaType).header("Content-Encoding", string(unsupportedMediaType), "Compressed bodies are not accepted.")
	}
	return nil
}
