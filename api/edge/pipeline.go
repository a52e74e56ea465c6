package edge

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// handler is the work of a route. It returns the answer, or the problem that there is.
type handler func(c *gin.Context, call *call) (answer, *problem)

func (s *Server) handle(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		a, p := h(c, callOf(c))
		if p != nil {
			a = s.answerOf(c, p)
		}
		s.write(c, a)
	}
}

// operation is the way of every call of an operation, from top to bottom. Encoding comes before the claim so that nothing of ours can fail between
// the claim and the call.
func (s *Server) operation(op *translate.Operation, system *System) handler {
	return func(c *gin.Context, call *call) (answer, *problem) {
		call.operation, call.system = op, system
		if p := s.admit(c, call); p != nil {
			return answer{}, p
		}
		body, p := readBody(c, s.config.MaxBody)
		if p != nil {
			return answer{}, p
		}
		request, refusal := op.Read(body) // decodes and validates
		if refusal != nil {
			return answer{}, problemOf(refusal)
		}
		if call.preview != 0 {
			return previewOf(c, call, request) // and nothing else: no record, no call
		}
		message, failure := request.Encode(call.env)
		if failure != nil {
			return answer{}, problemOf(failure)
		}
		// permit: limits of the upstream, once there are some, belong here: a call that has to wait holds no claim.
		existing, p := s.begin(c.Request.Context(), call, request)
		if p != nil {
			return answer{}, p
		}
		call.nameOperation(c)
		if existing != nil {
			return s.repeat(c, call, request, existing)
		}
		defer s.abandon(call) // unless finished: a panic must not leave the claim behind
		a := s.send(c, call, message, func(reply soap.Reply) (answer, bool) {
			return s.decodeReply(c, call, request, reply)
		})
		a.unstored = !s.finish(call, a)
		return a, nil
	}
}

// admit checks all of a call but its body.
func (s *Server) admit(c *gin.Context, call *call) (p *problem) {
	if p := s.identifyCaller(c, call); p != nil {
		return p
	}
	if scope := ScopeOf(*call.operation); !call.caller.may(scope) {
		return newProblem(forbidden).missing(scope)
	}
	if call.preview, p = previewAsked(call.operation, c.Request.URL); p != nil {
		return p
	}
	if call.system.Upstream == nil && call.preview == 0 {
		return newProblem(notConfigured)
	}
	if p := checkContentType(c.Request.Header); p != nil {
		return p
	}
	key, p := idempotencyKey(c.Request.Header, s.config.KeyOptional || call.preview != 0)
	if p != nil {
		return p
	}
	if key == "" && call.preview == 0 {
		key = uuid.NewString() // the same record and the same care, for a call that cannot be repeated
	}
	call.env = translate.Env{Now: time.Now()}
	if key == "" {
		call.env.OperationID = uuid.Nil.String() // which no operation has: a preview without a key
	} else {
		call.env.OperationID = s.config.Vault.OperationID(call.caller.id, key)
	}
	call.env.Caller.UserID = call.caller.id
	return nil
}

func checkContentType(h http.Header) *problem {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	switch {
	case err != nil || media != "application/json" || len(h.Values("Content-Type")) > 1:
		return newProblem(unsupportedMediaType).header("Content-Type", "unsupported-media-type", "The body must be application/json.")
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return newProblem(unsupportedMediaType).header("Content-Type", "unsupported-media-type", "JSON is UTF-8; no other charset is accepted.")
	case slices.ContainsFunc(h.Values("Content-Encoding"), isCoding):
		return newProblem(unsupportedMediaType).header("Content-Encoding", "unsupported-media-type", "Compressed bodies are not accepted.")
	}
	return nil
}

func isCoding(name string) bool { return name != "" && !strings.EqualFold(name, "identity") }

// readBody reads a body of at most so many bytes, and not longer than bodyTimeout. A declared length over the limit is refused unread:
// net/http sends 100 Continue at the first read.
func readBody(c *gin.Context, limit int64) ([]byte, *problem) {
	if c.Request.ContentLength > limit {
		if c.Request.ProtoMajor == 1 {
			c.Header("Connection", "close") // else net/http reads the body, so that another request can follow it
		}
		return nil, tooLarge(limit)
	}
	// A writer without deadlines, as in tests, leaves it to the server's own limit.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var over *http.MaxBytesError
	var p *problem
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &over):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		p = newProblem(requestTimeout) // net/http closes the connection: what is left of the body must not be read as a request
	default:
		p = newProblem(codeOf(translate.MalformedJSON)).detail("The body ended before it was complete.")
	}
	p.cause = err
	return nil, p
}

func tooLarge(limit int64) *problem {
	p := newProblem(payloadTooLarge)
	p.Errors = []violation{{
		Pointer: new(""), Code: string(p.Code), Detail: p.Detail, Params: map[string]any{"maxBytes": limit}, Source: translate.FromRequest,
	}}
	return p
}

// send makes the call. A caller who hangs up neither cancels the write nor loses its result: the upstream has its own deadline. decode reads a
// reply, and reports whether it is a readable answer to this call.
func (s *Server) send(c *gin.Context, call *call, m soap.Message, decode func(soap.Reply) (a answer, readable bool)) (ended answer) {
	start := time.Now()
	call.sent = true
	m.SendBefore = call.claim.sendBefore
	err := call.system.Upstream.Send(context.WithoutCancel(c.Request.Context()), m, func(reply soap.Reply) (readable bool) {
		ended, readable = decode(reply)
		return readable
	})
	call.upstreamTime = time.Since(start)
	if err != nil {
		return s.answerOf(c, problemOf(sendError(err)))
	}
	return ended
}

// decodeReply makes of a reply what the caller is answered, and reports whether it is a readable answer to this call.
func (s *Server) decodeReply(c *gin.Context, call *call, request translate.Request, reply soap.Reply) (a answer, readable bool) {
	result, failure := request.Decode(reply, call.env)
	if failure != nil {
		p := problemOf(failure)
		if call.pretended {
			p.Instance = call.operation.Path
		}
		return s.answerOf(c, p), !failure.Stray
	}
	call.ignored = result.Ignored
	return answer{status: call.operation.Status, contentType: openapi.JSONType, body: result.JSON, record: keepDone}, true
}

// sendError maps a transport failure to an error of the translation.
func sendError(err error) *translate.Error {
	failure := &translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown, Cause: err}
	var send *soap.SendError
	if !errors.As(err, &send) {
		return failure
	}
	switch send.Kind {
	case soap.Unreachable:
		failure.Code, failure.Outcome = translate.UpstreamUnreachable, soap.NotSent
	case soap.TimedOut:
		failure.Status = http.StatusGatewayTimeout
	case soap.Broken:
	}
	return failure
}
