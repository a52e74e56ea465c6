package edge

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// handler is the work of a route. It returns its answer, or the problem that refuses the request.
type handler func(c *gin.Context, call *call) (answer, *problem)

func (s *Server) handle(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		call := callOf(c)
		a, p := h(c, call)
		if p != nil {
			a = s.problemAnswer(c, p)
		}
		call.enter(stageAnswer)
		s.write(c, a)
	}
}

// execute is the way of every call of a write, from top to bottom. Encoding comes before the claim so that nothing of ours can fail between
// the claim and the call.
func (s *Server) execute(op *translate.Operation, system *System) handler {
	scope := ScopeOf(*op)
	return func(c *gin.Context, call *call) (answer, *problem) {
		call.operation, call.system = op, system
		if p := s.admit(c, call, scope); p != nil {
			return answer{}, p
		}
		request, p := s.readRequest(c, op) // decodes and validates
		if p != nil {
			return answer{}, p
		}
		call.enter(stageEncode)
		message, failure := request.Encode(call.env)
		if failure != nil {
			return answer{}, problemOf(failure)
		}
		defer message.Free()
		call.enter(stagePermit)
		defer s.endPermit(call) // whatever comes of it, a panic too
		existing, p := s.permit(c, call, request)
		call.enter(stageStore)
		if existing == nil && p == nil {
			existing, p = s.begin(c.Request.Context(), call, request)
		}
		if p != nil {
			return answer{}, p
		}
		call.nameOperation(c)
		if existing != nil {
			call.repeated = true
			return s.repeat(c, call, request, existing)
		}
		defer s.abandon(call) // unless the claim has ended: a panic must not leave it behind
		defer s.invalidate(c, call)
		// The reply is decoded in here: Upstream.Send hands it to a callback, which reports whether it can be read.
		a := s.send(c, call, request, message)
		message.Free()           // the store may take its time
		if call.problem == nil { // else the log may look for what it must mask
			request.Free()
		}
		call.enter(stageStore)
		a.unstored = !s.endClaim(call, a)
		return a, nil
	}
}

// admit checks all of a call but its body.
func (s *Server) admit(c *gin.Context, call *call, scope Scope) *problem {
	if p := s.authorize(c, call, scope); p != nil {
		return p
	}
	s.trace(c, call) // not before: anybody could fill the collector
	if p := operationQuery.read(c.Request.URL); p != nil {
		return p
	}
	if call.system.Upstream == nil {
		return newProblem(notConfigured)
	}
	if p := checkContentType(c.Request.Header); p != nil {
		return p
	}
	key, p := idempotencyKey(c.Request.Header, s.config.KeyOptional)
	if p != nil {
		return p
	}
	if key == "" {
		key = uuid.NewString() // the same record and the same care, for a call that cannot be repeated
	}
	// Made of the caller and the key: a repetition has the same id, and the store finds its record by it.
	call.env = environment(call.caller, s.config.Vault.OperationID(call.caller.id, key))
	return nil
}

// environment is what encoding needs to know of a call.
func environment(from caller, operationID string) translate.Env {
	env := translate.Env{
		Now: time.Now(), OperationID: operationID,
		Caller: translate.Caller{UserID: from.userID, OriginatingToken: from.originating},
	}
	_, _ = rand.Read(env.Nonce[:]) // it cannot fail
	return env
}

// send makes the call. A caller who hangs up neither cancels the write nor loses its result: the upstream has its own deadline.
func (s *Server) send(c *gin.Context, call *call, request translate.Request, m soap.Message) (a answer) {
	call.enter(stageUpstream)
	call.handedOver = true
	m.SendBefore = call.claim.sendBefore
	call.spans.passOn(&m)
	err := call.system.Upstream.Send(context.WithoutCancel(c.Request.Context()), m, func(reply soap.Reply) (readable bool) {
		a, readable = s.decodeReply(c, call, request, reply)
		return readable
	})
	call.sent = err
	if err != nil {
		return s.problemAnswer(c, problemOf(sendError(err)))
	}
	return a
}

// decodeReply turns a reply into the answer to the caller, and reports whether it is a readable answer to this call.
func (s *Server) decodeReply(c *gin.Context, call *call, request translate.Request, reply soap.Reply) (a answer, readable bool) {
	result, failure := s.decode(call, request, reply)
	if failure != nil {
		p := problemOf(failure)
		if call.pasted {
			p.Instance = call.operation.Path
		}
		return s.problemAnswer(c, p), !failure.Stray
	}
	return answer{status: call.operation.Status, contentType: openapi.JSONType, body: result.JSON, keep: keepDone}, true
}

// decode reads a reply, and remembers what of it is not known. A pasted one may be anybody's, and says nothing about the vendor's service.
func (s *Server) decode(call *call, request translate.Request, reply soap.Reply) (translate.Result, *translate.Error) {
	defer call.enter(call.enter(stageDecode))
	result, failure := request.Decode(reply, call.env)
	call.ignored = result.Ignored
	if !call.pasted {
		s.drift.note(call.operation, result.Unknown)
	}
	return result, failure
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
