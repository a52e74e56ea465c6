package edge

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"soapbridge/api/idempotency"
)

// Limits bound the calls to one upstream. A vendor's service that is slow must cost bounded memory, and no more of its own strength.
type Limits struct {
	// InFlight is how many calls may be on their way at once; 0 does not limit them.
	InFlight int
	// Queue is how many more may wait for their turn, and QueueTimeout how long each of them.
	Queue        int
	QueueTimeout time.Duration
}

// turns are what Limits allow.
type turns struct {
	limits  Limits
	free    *semaphore.Weighted // nil: no limit
	waiting atomic.Int64
}

func newTurns(l Limits) *turns {
	t := &turns{limits: l}
	if l.InFlight > 0 {
		t.free = semaphore.NewWeighted(int64(l.InFlight))
	}
	return t
}

// try takes a turn where one is free; then end must be called.
func (t *turns) try() (end func(), ok bool) {
	switch {
	case t.free == nil:
		return func() {}, true
	case t.free.TryAcquire(1):
		return t.end, true
	}
	return nil, false
}

// wait waits for a turn, and reports whether there is one; then end must be called.
func (t *turns) wait(ctx context.Context) (end func(), ok bool) {
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > int64(t.limits.Queue) {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, t.limits.QueueTimeout)
	defer cancel()
	return t.end, t.free.Acquire(ctx, 1) == nil
}

func (t *turns) end() { t.free.Release(1) }

// permit waits until the upstream may be called. It comes before the claim, so that no key is used up by a call that finds no turn. Where none is
// free, a call first gets what its key has already: a replay needs no upstream, and takes no place in the queue.
func (s *Server) permit(ctx context.Context, call *call) (end func(), existing *idempotency.Record, p *problem) {
	if end, ok := call.system.turns.try(); ok {
		return end, nil, nil
	}
	record, err := s.config.Store.Get(ctx, call.env.OperationID)
	if err == nil && record.State != idempotency.Freed {
		return nil, &record, nil
	}
	if end, ok := call.system.turns.wait(ctx); ok {
		return end, nil, nil
	}
	p = newProblem(overloaded)
	p.cause = ctx.Err() // that of a caller who has gone
	return nil, nil, p
}
