package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// operation is the way of every request: decode, validate, encode, call, decode the reply, write. Encoding comes before the call so
// that nothing of ours can fail between the sending and the answer.
func (s *server) operation(op translate.Operation, upstream Upstream) gin.HandlerFunc {
	return func(c *gin.Context) {
		call := callOf(c)
		if p := s.admit(c, upstream); p != nil {
			s.refuse(c, p)
			return
		}
		body, p := s.body(c)
		if p != nil {
			s.refuse(c, p)
			return
		}
		request, refusal := op.Read(body) // decodes and validates
		if refusal != nil {
			s.fail(c, refusal)
			return
		}
		env := translate.Env{Now: s.now(), OperationID: call.operationID}
		message, failure := request.Encode(env)
		if failure != nil {
			s.fail(c, failure)
			return
		}
		reply, err := s.send(c, upstream, message)
		if err != nil {
			s.fail(c, unsent(err))
			return
		}
		result, failure := request.Decode(reply, env)
		if failure != nil {
			s.fail(c, failure)
			return
		}
		call.ignored = result.Ignored
		c.Data(op.Status, "application/json; charset=utf-8", result.JSON)
	}
}

// admit checks all of a call but its body.
func (s *server) admit(c *gin.Context, upstream Upstream) *problem {
	if upstream == nil {
		return newProblem(notConfigured)
	}
	if p := checkContentType(c.Request.Header); p != nil {
		return p
	}
	if p := checkQuery(c.Request.URL); p != nil {
		return p
	}
	_, p := idempotencyKey(c.Request.Header, s.config.KeyOptional)
	if p != nil {
		return p
	}
	// Until records exist the id is random: a call with the same key is another operation.
	callOf(c).operationID = uuid.NewString()
	c.Header("Operation-Id", callOf(c).operationID)
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

// checkQuery refuses every parameter: operations have none, and a misspelt one must not be ignored.
func checkQuery(u *url.URL) *problem {
	if u.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(u.RawQuery)
	p := newProblem(badParameter)
	if err != nil {
		p.Detail = "The query string is not well-formed."
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.parameter(name, "unknown-parameter", "This operation has no query parameters.")
	}
	return p
}

// body reads the request body under its limit.
func (s *server) body(c *gin.Context) ([]byte, *problem) {
	limited := http.MaxBytesReader(c.Writer, c.Request.Body, s.config.MaxBody)
	body, err := io.ReadAll(limited)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooLarge):
		p := newProblem(payloadTooLarge)
		p.params(map[string]any{"maxBytes": s.config.MaxBody})
		return nil, p
	}
	p := newProblem(codeOf(translate.MalformedJSON))
	p.Detail = "The body ended before it was complete."
	p.cause = err
	return nil, p
}

// send makes the call. A caller that hangs up neither cancels the write nor loses its result: the upstream has its own deadline.
func (s *server) send(c *gin.Context, upstream Upstream, m soap.Message) (soap.Reply, error) {
	call, start := callOf(c), s.now()
	call.sending = true
	reply, err := upstream.Send(context.WithoutCancel(c.Request.Context()), m)
	call.upstreamTime = s.now().Sub(start)
	return reply, err
}

// unsent puts a failure of the transport into the language of problems.
func unsent(err error) *translate.Error {
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
