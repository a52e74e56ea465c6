package edge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/api/idempotency"
	"soapbridge/api/ratelimit"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// permit finds out whether a call may be made: the limit of its caller, the gate of its system, and the limit of what it changes, in this order: what
// is not sent must not use up the limit of somebody's account. It comes before the claim, so that no key is used up by a call that may not. Without a
// permit a call still gets what its key has already: a replay needs no upstream, and takes no place in the queue. endPermit ends what it has begun, also after a problem.
func (s *Server) permit(c *gin.Context, call *call, request translate.Request) (existing *idempotency.Record, p *problem) {
	ctx, gate := c.Request.Context(), call.system.gate
	call.sent = errNothingSent
	err := s.callerLimit.take(c, call.operation.ID+" "+call.caller.id)
	if err == nil {
		call.pass, err = gate.enter()
	}
	if errors.Is(err, errNoTurn) {
		if existing, p = s.existing(ctx, call); existing != nil || p != nil {
			return existing, p
		}
		if call.pass, err = gate.queue(ctx); err != nil {
			return nil, s.refusal(ctx, call, err)
		}
	}
	if err == nil {
		err = s.takeTargets(c, call, request)
	}
	if err == nil {
		return nil, nil
	}
	if existing, p = s.existing(ctx, call); existing != nil || p != nil {
		return existing, p
	}
	return nil, s.refusal(ctx, call, err)
}

// existing returns the record that a call's key has; a free key has none.
func (s *Server) existing(ctx context.Context, call *call) (*idempotency.Record, *problem) {
	record, err := s.config.Store.Get(ctx, call.env.OperationID)
	switch {
	case errors.Is(err, idempotency.ErrNotFound), err == nil && record.State == idempotency.Freed:
		return nil, nil
	case err != nil:
		s.config.Metrics.Idempotency(resultStoreError)
		return nil, storeUnavailable(err)
	}
	return &record, nil
}

// endPermit ends what permit has begun. A call that was not sent changed nothing, so others may change its targets.
func (s *Server) endPermit(call *call) {
	call.pass.end(call.sent)
	if !call.wasSent() {
		for _, target := range call.targets {
			s.targetLimit.Return(target)
		}
	}
}

// wasSent reports whether anything may have reached the upstream.
func (call *call) wasSent() bool {
	failed, ok := errors.AsType[*soap.SendError](call.sent)
	return call.handedOver && (!ok || failed.Kind != soap.Unreachable)
}

// Why calls get no permit, as the metrics name it.
const (
	refusedRate    = "rate"
	refusedTarget  = "target"
	refusedBreaker = "breaker"
	refusedTurn    = "turn"
)

// refusal is the answer to a call that gets no permit.
func (s *Server) refusal(ctx context.Context, call *call, err error) *problem {
	reason, p := refusedTurn, newProblem(overloaded)
	var exceeded *limitExceeded
	switch {
	case errors.As(err, &exceeded):
		reason, p = exceeded.limit.name, newProblem(tooManyRequests).detail(exceeded.limit.detail)
		p.retryAfter = max(1, wholeSeconds(exceeded.retry))
	case errors.Is(err, errBroken):
		reason, p = refusedBreaker, p.detail("Calls to this system had no answer lately, so none is made for some seconds; nothing was sent.")
		p.retryAfter = int(breakerPause.Seconds())
	}
	if p.cause = ctx.Err(); p.cause == nil { // else the caller has gone, and nothing is known of the limit
		s.config.Metrics.Refused(call.operation.System, reason)
	}
	return p
}

// namedLimit is a rate limit as answers show it, in the fields of draft-ietf-httpapi-ratelimit-headers, revision 10.
type namedLimit struct {
	*ratelimit.Limiter

	name, start, detail string
	policy              []string
}

func newNamedLimit(l *ratelimit.Limiter, name, of string) *namedLimit {
	if l == nil {
		return nil
	}
	limit := l.Limit()
	return &namedLimit{
		Limiter: l, name: name, start: fmt.Sprintf("%q;r=", name),
		policy: []string{fmt.Sprintf("%q;q=%d;w=%d", name, limit.Calls, wholeSeconds(limit.Period))},
		detail: fmt.Sprintf("There are too many calls %s: %s; nothing was sent.", of, limit),
	}
}

// limitExceeded is the refusal of a rate limit.
type limitExceeded struct {
	limit *namedLimit
	retry time.Duration
}

func (l *limitExceeded) Error() string { return l.limit.detail }

// takeTargets takes a call of the limit of each target that a call changes. *limitExceeded.
func (s *Server) takeTargets(c *gin.Context, call *call, request translate.Request) error {
	if s.targetLimit == nil {
		return nil
	}
	for _, target := range request.Targets() {
		key := call.operation.ID + " " + target
		if err := s.targetLimit.take(c, key); err != nil {
			return err
		}
		call.targets = append(call.targets, key)
	}
	return nil
}

// take takes one call of a key, and shows what is left of it on the answer.
func (l *namedLimit) take(c *gin.Context, key string) error {
	if l == nil {
		return nil
	}
	v := l.Take(c.Request.Context(), key)
	var room [64]byte
	left := append(strconv.AppendInt(append(room[:0], l.start...), int64(v.Remaining), 10), ";t="...)
	left = strconv.AppendInt(left, int64(wholeSeconds(v.Reset)), 10)
	h := c.Writer.Header()
	h["Ratelimit-Policy"] = append(h["Ratelimit-Policy"], l.policy...)
	h["Ratelimit"] = append(h["Ratelimit"], string(left))
	if !v.Allowed {
		return &limitExceeded{l, v.Retry}
	}
	return nil
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
