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
)

// permit finds out whether a call may be made: the limits of its caller and of its target, then the gate of its system. It comes before the claim,
// so that no key is used up by a call that may not. Without a permit a call still gets what its key has already: a replay needs no upstream, and
// takes no place in the queue. With one, call.pass must be ended.
func (s *Server) permit(c *gin.Context, call *call, request translate.Request) (existing *idempotency.Record, p *problem) {
	ctx, gate := c.Request.Context(), call.system.gate
	err := s.withinLimits(c, call, request)
	if err == nil {
		call.pass, err = gate.enter()
	}
	if err != nil {
		if record, failed := s.config.Store.Get(ctx, call.env.OperationID); failed == nil && record.State != idempotency.Freed {
			return &record, nil
		}
	}
	if errors.Is(err, errNoTurn) {
		call.pass, err = gate.queue(ctx)
	}
	if err != nil {
		return nil, s.refusal(ctx, call, err)
	}
	call.sent = errNothingSent
	return nil, nil
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
	p.cause = ctx.Err() // that of a caller who has gone
	s.config.Metrics.Refused(call.operation.System, reason)
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

// withinLimits takes a call of its caller's limit, and of the limit of each target that it changes. *limitExceeded.
func (s *Server) withinLimits(c *gin.Context, call *call, request translate.Request) error {
	err := s.callerLimit.take(c, call.operation.Name+" "+call.caller.id)
	if s.targetLimit == nil || err != nil {
		return err
	}
	for _, target := range request.Targets() {
		if err := s.targetLimit.take(c, call.operation.Name+" "+target); err != nil {
			return err
		}
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
