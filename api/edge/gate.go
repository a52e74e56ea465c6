package edge

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
)

// Limits bound the calls to one upstream. A vendor's service that is slow must cost bounded memory, and no more of its own strength.
type Limits struct {
	// InFlight is how many calls may be on their way at once; 0 does not limit them.
	InFlight int
	// Queue is how many more may wait for their turn, and QueueTimeout how long each of them.
	Queue        int
	QueueTimeout time.Duration
}

// The breaker of an upstream opens after so many calls in a row without a complete HTTP answer: each of those that were sent is one more unknown
// outcome that somebody has to settle. Whatever the vendor answers, a refusal or a fault, counts as a success. After breakerPause one call at a time
// finds out whether the upstream is back. A window of time would not do: gobreaker counts a call at the time when it began, so that those that time out
// are hardly counted.
const (
	breakerFailures = 20
	breakerPause    = 5 * time.Second
)

// gate lets calls to one upstream pass.
type gate struct {
	limits            Limits
	turns             *semaphore.Weighted // nil: no limit
	waiting, inFlight atomic.Int64
	breaker           *gobreaker.TwoStepCircuitBreaker[struct{}]
	open              atomic.Bool // also while one call finds out whether the upstream is back
}

// Why a gate lets no call pass.
var (
	errNoTurn = errors.New("as many calls to the system are in flight, and wait, as may")
	errBroken = errors.New("the breaker is open: calls to the system had no answer")
)

// errNothingSent is the end of a call that did not reach the upstream, so that the breaker learns nothing from it.
var errNothingSent = errors.New("nothing was sent")

func newGate(l Limits, changed func(from, to gobreaker.State)) *gate {
	g := &gate{limits: l}
	if l.InFlight > 0 {
		g.turns = semaphore.NewWeighted(int64(l.InFlight))
	}
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     breakerPause,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNothingSent) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			g.open.Store(to != gobreaker.StateClosed)
			changed(from, to)
		},
	})
	return g
}

// pass is what a call has while it is on its way. Its zero value is of a call that is not.
type pass struct {
	gate   *gate
	report func(error)
}

// end ends it, with how the exchange with the upstream ended.
func (p pass) end(sent error) {
	if p.gate != nil {
		p.gate.inFlight.Add(-1)
		p.gate.endTurn()
		p.report(sent)
	}
}

// enter lets a call pass that finds a free turn; then its pass must be ended. errNoTurn, errBroken.
func (g *gate) enter() (pass, error) {
	if g.turns != nil && !g.turns.TryAcquire(1) {
		return pass{}, errNoTurn
	}
	return g.pass()
}

// queue is enter for a call that may wait for its turn.
func (g *gate) queue(ctx context.Context) (pass, error) {
	if g.breaker.State() == gobreaker.StateOpen {
		return pass{}, errBroken
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > int64(g.limits.Queue) {
		return pass{}, errNoTurn
	}
	ctx, cancel := context.WithTimeout(ctx, g.limits.QueueTimeout)
	defer cancel()
	if g.turns.Acquire(ctx, 1) != nil {
		return pass{}, errNoTurn
	}
	return g.pass()
}

// pass asks the breaker, for a call that has a turn.
func (g *gate) pass() (pass, error) {
	report, err := g.breaker.Allow()
	if err != nil {
		g.endTurn()
		return pass{}, errBroken
	}
	g.inFlight.Add(1)
	return pass{g, report}, nil
}

func (g *gate) endTurn() {
	if g.turns != nil {
		g.turns.Release(1)
	}
}

// breakerChanged logs and counts what the breaker of a system does.
func (s *Server) breakerChanged(system string) func(from, to gobreaker.State) {
	return func(from, to gobreaker.State) {
		s.config.Metrics.Breaker(system, to != gobreaker.StateClosed)
		log := s.config.Log.With(slog.String("system", system))
		switch {
		case to == gobreaker.StateClosed:
			log.Info("the breaker is closed: the upstream answers again")
		case from == gobreaker.StateClosed:
			log.Error("the breaker is open: calls to the upstream had no answer, and are refused for now", slog.Bool("alert", true))
		}
	}
}
