package edge

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/api/cache"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// executeRead is the way of every call of a read, from top to bottom. It needs no key and leaves no record: a read may be repeated. A kept answer needs
// no turn and no upstream that works, and counts for the caller's limit all the same.
func (s *Server) executeRead(op *translate.Operation, system *System) handler {
	scope := ScopeOf(*op)
	return func(c *gin.Context, call *call) (answer, *problem) {
		call.operation, call.system = op, system
		if p := s.admitRead(c, call, scope); p != nil {
			return answer{}, p
		}
		request, p := s.readAny(c, op) // decodes and validates
		if p != nil {
			return answer{}, p
		}
		call.enter(stagePermit)
		if err := s.callerLimit.take(c, op.ID+" "+call.caller.id); err != nil {
			return answer{}, s.refusal(c.Request.Context(), call, err)
		}
		call.enter(stageStore)
		found, err := s.lookUp(c, call, request)
		call.cached = found.How
		showCache(c, call, found)
		if err != nil {
			return answer{}, call.ownProblem(err)
		}
		request.Free()
		return unlessKnown(c, op, found), nil
	}
}

// admitRead checks all of a read but its members. An Idempotency-Key is not needed, and ignored.
func (s *Server) admitRead(c *gin.Context, call *call, scope Scope) *problem {
	if p := s.authorize(c, call, scope); p != nil {
		return p
	}
	s.trace(c, call) // not before: anybody could fill the collector
	if call.system.Upstream == nil {
		return newProblem(notConfigured)
	}
	call.env = environment(call.caller, uuid.NewString())
	// boundReading knows nothing of calls: this one may wait for another process's call, and make its own after that.
	most := readingTimeout + 2*call.longest()
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(most)) // a writer without deadlines is that of a test
	switch {
	case call.operation.Method != http.MethodGet:
	case c.Request.ContentLength != 0:
		return newProblem(badParameter).detail("A GET has no body: the members of this request are in its path and its query.")
	default:
		return nil
	}
	if p := operationQuery.read(c.Request.URL); p != nil {
		return p
	}
	return checkContentType(c.Request.Header)
}

// longest is how long asking the vendor takes at most.
func (call *call) longest() time.Duration {
	return call.system.CallTimeout + call.system.Limits.QueueTimeout
}

// readAny reads a request from the URL or from the body, as its operation has it. In the URL there may be other parameters besides.
func (s *Server) readAny(c *gin.Context, op *translate.Operation, besides ...string) (translate.Request, *problem) {
	if op.Method != http.MethodGet {
		return s.readRequest(c, op)
	}
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return nil, newProblem(badParameter).detail("The query string is not well-formed.")
	}
	for _, name := range besides {
		values.Del(name)
	}
	var list []translate.Parameter
	for _, p := range c.Params {
		list = append(list, translate.Parameter{Name: p.Key, Value: p.Value})
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			list = append(list, translate.Parameter{Name: name, Value: value})
		}
	}
	request, refusal := op.ReadParameters(list)
	if refusal == nil {
		return request, nil
	}
	p := problemOf(refusal).inURL(op)
	if slices.ContainsFunc(p.Errors, func(v violation) bool { return v.Code == unknownParameter || v.Code == duplicateParameter }) {
		bad := newProblem(badParameter) // as in every other query
		bad.Errors, bad.extensions = p.Errors, p.extensions
		return nil, bad
	}
	return nil, p
}

// lookUp returns the kept answer to a read, or asks the vendor. The error is a failedRead, maybe of another call.
func (s *Server) lookUp(c *gin.Context, call *call, request translate.Request) (cache.Answer, error) {
	ask := func() ([]byte, error) {
		body, p := s.ask(c, call, request)
		if p != nil {
			return nil, failedRead{p}
		}
		return body, nil
	}
	op := call.operation
	if op.Cache == 0 || s.config.Cache == nil {
		body, err := ask()
		return cache.Answer{Body: body}, err
	}
	q := cache.Question{
		Operation: cachedName(op.System, op.Name), Caller: call.caller.id, Identity: string(call.caller.originating), Content: request.Fingerprint,
		TTL: op.Cache, Patience: call.longest(),
	}
	if op.Shared {
		q.Caller = ""
	}
	found, err := s.config.Cache.Get(c.Request.Context(), q, wantsFresh(c.Request.Header), ask)
	s.config.Metrics.Cached(op.ID, found.How)
	return found, err
}

// ask asks the vendor, whether or not the caller waits: other calls may. What it returns is shared with them.
func (s *Server) ask(c *gin.Context, call *call, request translate.Request) (body []byte, p *problem) {
	defer call.enter(call.enter(stageEncode))
	message, failure := request.Encode(call.env)
	if failure != nil {
		return nil, problemOf(failure)
	}
	defer message.Free()
	call.enter(stagePermit)
	ctx, gate := context.WithoutCancel(c.Request.Context()), call.system.gate
	call.sent = errNothingSent
	var err error
	if call.pass, err = gate.enter(); errors.Is(err, errNoTurn) {
		call.pass, err = gate.queue(ctx)
	}
	if err != nil {
		return nil, s.refusal(ctx, call, err)
	}
	defer func() { call.pass.end(call.sent) }() // whatever comes of it, a panic too
	call.nameOperation(c)
	call.enter(stageUpstream)
	call.handedOver = true
	call.spans.passOn(&message)
	body, p, call.sent = s.fetch(ctx, call, request, message)
	return body, p
}

// fetch makes the call, and once more where the failure is one of connections. Both have the time of one.
func (s *Server) fetch(ctx context.Context, call *call, request translate.Request, m soap.Message) (body []byte, p *problem, sent error) {
	ctx, cancel := context.WithTimeout(ctx, call.system.CallTimeout)
	defer cancel()
	read := func(reply soap.Reply) (readable bool) {
		result, failure := s.decode(call, request, reply)
		if failure != nil {
			if p = problemOf(failure).ofRead(); call.operation.Method == http.MethodGet {
				p.inURL(call.operation)
			}
			return !failure.Stray
		}
		body = result.JSON
		return true
	}
	err := call.system.Upstream.Send(ctx, m, read)
	if failed, ok := errors.AsType[*soap.SendError](err); ok && failed.MayRepeat() && ctx.Err() == nil {
		err = call.system.Upstream.Send(ctx, m, read)
	}
	if err != nil {
		p = problemOf(sendError(err)).ofRead()
	}
	return body, p, err
}

// ofRead takes back what a problem says of writes: whatever became of a read, it may be repeated.
func (p *problem) ofRead() *problem {
	if p.Outcome == soap.Failed || p.Outcome == soap.Unknown {
		p.Retry = retrySafe
		p.Detail = "There is no answer that can be read. The operation changes nothing, so it may be repeated."
		if p.Outcome == soap.Failed {
			p.Detail = "The vendor's service answered that it broke. The operation changes nothing, so it may be repeated."
		}
	}
	return p
}

// failedRead passes a problem through a cache.
type failedRead struct{ problem *problem }

func (f failedRead) Error() string { return f.problem.Detail }

// ownProblem returns the problem of a call, which others may have, too. Only the log line of the call that asked has its cause: others would read
// its request at the same time.
func (call *call) ownProblem(err error) *problem {
	own := *newProblem(internalError)
	own.cause = err
	if shared, ok := errors.AsType[failedRead](err); ok {
		own = *shared.problem
	}
	if call.cached == cache.Collapsed {
		own.cause, own.alert = errCollapsed, false
	}
	return &own
}

var errCollapsed = errors.New("another call asked the same at the same time, and its line has the cause")

// invalidate makes reads stale after a write that may have executed.
func (s *Server) invalidate(c *gin.Context, call *call) {
	op := call.operation
	executed := call.problem == nil || call.problem.Outcome == soap.Failed || call.problem.Outcome == soap.Unknown
	if len(op.Invalidates) == 0 || s.config.Cache == nil || !call.handedOver || !executed {
		return
	}
	names := make([]string, len(op.Invalidates))
	for i, name := range op.Invalidates {
		names[i] = cachedName(op.System, name)
	}
	s.config.Cache.Invalidate(c.Request.Context(), names...)
}

func cachedName(system, operation string) string { return system + "/" + operation }
