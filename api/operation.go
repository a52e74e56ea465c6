package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// operation is the way of every request: decode, validate, encode, begin, call, decode the reply, finish, write. Encoding comes before the claim
// so that nothing of ours can fail between the claim and the call. A preview ends after validation.
func (s *server) operation(op translate.Operation, system System) gin.HandlerFunc {
	return func(c *gin.Context) {
		w, p := s.admit(c, op, system)
		if p != nil {
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
			s.refuse(c, problemOf(refusal))
			return
		}
		if w.preview != 0 {
			s.preview(c, w, request) // and nothing else: no record, no call
			return
		}
		message, failure := request.Encode(w.env)
		if failure != nil {
			s.refuse(c, problemOf(failure))
			return
		}
		held, standing, p := s.begin(c.Request.Context(), w, request)
		if p != nil {
			s.refuse(c, p)
			return
		}
		s.nameOperation(c, w.env.OperationID)
		if held == nil {
			s.stand(c, w, request, standing)
			return
		}
		defer held.abandon() // unless finished: a panic must not leave the claim behind
		answer := s.perform(c, w, request, message, held)
		answer.unstored = !held.finish(answer)
		s.write(c, answer)
	}
}

// work is one call of an operation on its way.
type work struct {
	operation translate.Operation
	system    System
	caller    caller
	env       translate.Env
	preview   soap.Version // 0: the call is to be made
}

// admit checks all of a call but its body.
func (s *server) admit(c *gin.Context, op translate.Operation, system System) (*work, *problem) {
	who, p := s.identifyCaller(c)
	if p != nil {
		return nil, p
	}
	if scope := ScopeOf(op); !who.may(scope) {
		return nil, newProblem(forbidden).missing(scope)
	}
	preview, p := previewAsked(op, c.Request.URL)
	if p != nil {
		return nil, p
	}
	callOf(c).preview = PreviewWord(preview)
	if system.Upstream == nil && preview == 0 {
		return nil, newProblem(notConfigured)
	}
	if p := checkContentType(c.Request.Header); p != nil {
		return nil, p
	}
	key, p := idempotencyKey(c.Request.Header, s.config.KeyOptional || preview != 0)
	if p != nil {
		return nil, p
	}
	if key == "" && preview == 0 {
		key = uuid.NewString() // the same record and the same care, for a call that cannot be repeated
	}
	env := translate.Env{Now: time.Now(), OperationID: s.operationID(who, key)}
	if who.id != anonymous.id {
		env.Caller.UserID = who.id
	}
	return &work{op, system, who, env, preview}, nil
}

// operationID returns the id of the operation that a caller's key is for. Without a key, as only a preview can be, it is the nil UUID, which
// no operation has.
func (s *server) operationID(who caller, key string) string {
	if key == "" {
		return uuid.Nil.String()
	}
	return s.config.Vault.OperationID(who.id, key)
}

// nameOperation puts the operation id on the answer and into the log. An id says that there is an operation, or was one: what is refused
// before the claim has none, although its key may be that of another operation.
func (s *server) nameOperation(c *gin.Context, id string) {
	callOf(c).operationID = id
	c.Header("Operation-Id", id)
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

// checkQuery refuses every parameter: a misspelt one must not be ignored.
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
		p.parameter(name, "unknown-parameter", "There are no query parameters here.")
	}
	return p
}

// body reads the request body under the limit of requests.
func (s *server) body(c *gin.Context) ([]byte, *problem) { return bodyWithin(c, s.config.MaxBody) }

// bodyWithin reads a body of at most so many bytes, and not longer than bodyTimeout. A declared length over the limit is refused unread:
// net/http sends 100 Continue at the first read.
func bodyWithin(c *gin.Context, limit int64) ([]byte, *problem) {
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
		p = newProblem(codeOf(translate.MalformedJSON))
		p.Detail = "The body ended before it was complete."
	}
	p.cause = err
	return nil, p
}

func tooLarge(limit int64) *problem {
	p := newProblem(payloadTooLarge)
	p.params(map[string]any{"maxBytes": limit})
	return p
}

// perform makes the call under a claim and understands the reply. A caller who hangs up neither cancels the write nor loses its result: the
// upstream has its own deadline.
func (s *server) perform(c *gin.Context, w *work, request translate.Request, m soap.Message, held *claim) answer {
	call, start := callOf(c), time.Now()
	call.sending, held.sending = true, true
	m.SendBefore = held.sendBefore
	var ended answer
	err := w.system.Upstream.Send(context.WithoutCancel(c.Request.Context()), m, func(reply soap.Reply) (readable bool) {
		ended, readable = s.understand(c, w, request, reply)
		return readable
	})
	call.upstreamTime = time.Since(start)
	if err != nil {
		return s.answerOf(c, problemOf(unsent(err)))
	}
	return ended
}

// understand turns a reply into what the caller is answered, and reports whether it is a readable answer to this call.
func (s *server) understand(c *gin.Context, w *work, request translate.Request, reply soap.Reply) (a answer, readable bool) {
	result, failure := request.Decode(reply, w.env)
	if failure != nil {
		p := problemOf(failure)
		if callOf(c).pretended {
			p.Instance = w.operation.Path
		}
		return s.answerOf(c, p), !failure.Stray
	}
	callOf(c).ignored = result.Ignored
	return answer{status: w.operation.Status, contentType: jsonType, body: result.JSON, record: keepDone}, true
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
