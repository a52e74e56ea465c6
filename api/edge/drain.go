package edge

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// What is left to do under an open claim, as the log names it.
const (
	leftCall    = "call"
	leftFinish  = "finish"
	leftRelease = "release"
	leftUnknown = "mark unknown"
)

// lost says what follows when the process ends before the work is done.
var lost = map[string]string{
	leftCall:    "a call was cut off: its outcome is unknown",
	leftFinish:  "a result was not stored: its record becomes unknown although the operation has ended",
	leftRelease: "a claim was not released: nothing was sent, but its record may become unknown",
	leftUnknown: "an unknown outcome was not stored: its record becomes unknown when its lease passes",
}

// openClaim is a claim that has not ended: its call runs, or the store does not have its end yet. Its id is that of the operation.
type openClaim struct{ id, left string }

// inFlight reports whether a stop may use the whole drain for it: a call that runs, or a result that is not stored.
func (o openClaim) inFlight() bool { return o.left == leftCall || o.left == leftFinish }

// openClaims are all open claims of this process. Its zero value is ready.
type openClaims struct {
	mu    sync.Mutex
	open  map[*openClaim]bool
	empty chan struct{} // closed when nothing is open any more; nil while nothing waits for that
}

// add opens a claim; end closes it.
func (s *openClaims) add(id, left string) (end func()) {
	o := &openClaim{id, left}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[*openClaim]bool)
	}
	s.open[o] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, o)
		s.signal()
	}
}

func (s *openClaims) signal() {
	if len(s.open) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// whenEmpty returns a channel that is closed as soon as nothing is open. Only the last one is.
func (s *openClaims) whenEmpty() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	empty := make(chan struct{})
	s.empty = empty
	s.signal()
	return empty
}

// list returns what is open, ordered by operation id, and how many of it are in flight.
func (s *openClaims) list() (list []openClaim, inFlight int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.open {
		list = append(list, *o)
		if o.inFlight() {
			inFlight++
		}
	}
	slices.SortFunc(list, func(a, b openClaim) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.left, b.left)) })
	return list, inFlight
}

// Stop begins a stop, and logs how many calls are in flight; a result that is not stored yet is one of them. From now on a claim that waits
// to be released has 3 s left. Repeated, it does nothing.
func (s *Server) Stop() {
	s.stopOnce.Do(func() {
		open, n := s.open.list()
		s.config.Log.Info("stopping", slog.Int("in_flight", n), slog.Int("to_release", len(open)-n))
		close(s.stopping)
	})
}

// draining reports whether Stop was called.
func (s *Server) draining() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// Drain waits until every claim has ended in the store, or ctx ends. What is left then is cut off, see CutOff. Call it once, when no request is being
// served any more.
func (s *Server) Drain(ctx context.Context) error {
	s.Stop()
	select {
	case <-s.open.whenEmpty():
		return nil
	case <-ctx.Done():
		if n := s.CutOff("the drain timeout is over"); n > 0 {
			return fmt.Errorf("drain: %d calls or results were cut off", n)
		}
		return nil
	}
}

// CutOff gives up what has not ended, and logs each operation by its id. It returns how many were in flight.
func (s *Server) CutOff(cause string) (inFlight int) {
	open, inFlight := s.open.list() // before it ends: what is given up closes itself
	s.cutOff()
	for _, o := range open {
		s.logLost(o, cause)
	}
	return inFlight
}

func (s *Server) logLost(o openClaim, cause string) {
	s.config.Log.Error(lost[o.left], slog.String("operation_id", o.id), slog.String("left", o.left), slog.String("cause", cause))
}
