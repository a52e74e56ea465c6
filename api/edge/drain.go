package edge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"soapbridge/api/idempotency"
)

const (
	// The pauses between attempts in the background, the first and the longest.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
	// keepTrying is how long a result that could not be stored is offered again. After that its record says unknown.
	keepTrying = 5 * time.Minute
	// mostWaiting bounds what waits in the background while the store is away. What finds no place becomes unknown when its lease ends.
	mostWaiting = 256
	// releaseAtStop is how long a stop waits for a claim to be released. Nothing was sent under it, so the worst that follows from giving up is
	// a record that says unknown.
	releaseAtStop = 3 * time.Second
	// pauseAtStop is the longest pause between two attempts during a stop.
	pauseAtStop = 250 * time.Millisecond
)

// What is left of an open operation, as the log names it.
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

// openOperation is an operation that is not over: its call runs, or the store still has to learn how it ended.
type openOperation struct{ id, left string }

// inFlight reports whether a stop may use the whole drain for it: a call that runs, or a result that is not stored.
func (o openOperation) inFlight() bool { return o.left == leftCall || o.left == leftFinish }

// openOperations are all of them. Its zero value is ready.
type openOperations struct {
	mu    sync.Mutex
	open  map[*openOperation]bool
	empty chan struct{} // closed when nothing is open any more; nil while nothing waits for that
}

// add opens an operation; the result closes it.
func (s *openOperations) add(id, left string) (end func()) {
	o := &openOperation{id, left}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[*openOperation]bool)
	}
	s.open[o] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, o)
		s.signal()
	}
}

func (s *openOperations) signal() {
	if len(s.open) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// whenEmpty returns a channel that is closed as soon as nothing is open. Only the last one is.
func (s *openOperations) whenEmpty() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	empty := make(chan struct{})
	s.empty = empty
	s.signal()
	return empty
}

// list returns what is open, ordered by operation id, and how many of it are in flight.
func (s *openOperations) list() (list []openOperation, inFlight int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.open {
		list = append(list, *o)
		if o.inFlight() {
			inFlight++
		}
	}
	slices.SortFunc(list, func(a, b openOperation) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.left, b.left)) })
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

// Drain waits until every operation is over and the store knows it, or ctx ends. What is left then is cut off, see CutOff. Call it once, when
// no request is being served any more.
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

// CutOff gives up what is not over, and logs each operation by its id. It returns how many were in flight.
func (s *Server) CutOff(cause string) (inFlight int) {
	open, inFlight := s.open.list() // before it ends: what is given up closes itself
	s.cutOff()
	for _, o := range open {
		s.logLost(o, cause)
	}
	return inFlight
}

func (s *Server) logLost(o openOperation, cause string) {
	s.config.Log.Error(lost[o.left], slog.String("operation_id", o.id), slog.String("left", o.left), slog.String("cause", cause))
}

// finishLater does what is left of an operation in the background until it succeeds, is pointless, or takes too long. A stop waits for it: see Drain.
func (s *Server) finishLater(left, id string, atMost time.Duration, do func(context.Context) error) {
	if s.waiting.Add(1) > mostWaiting {
		s.waiting.Add(-1)
		s.logLost(openOperation{id, left}, "too many operations wait for the store")
		return
	}
	end := s.open.add(id, left)
	go func() {
		defer end()
		defer s.waiting.Add(-1)
		err := s.attempt(openOperation{id, left}, time.Now().Add(atMost), do)
		switch {
		case err == nil:
			s.config.Log.Info("background "+left, slog.String("operation_id", id))
		case s.life.Err() == nil: // else CutOff has logged it
			s.logLost(openOperation{id, left}, err.Error())
		}
	}()
}

// attempt repeats do until it succeeds, is pointless, or the deadline passes, which a stop brings nearer for what is not in flight.
func (s *Server) attempt(o openOperation, deadline time.Time, do func(context.Context) error) error {
	stopping, longest := s.stopping, longestPause
	for pause := firstPause; ; pause = min(2*pause, longest) {
		select {
		case <-s.life.Done():
			return s.life.Err()
		case <-stopping:
			stopping, pause, longest = nil, firstPause, pauseAtStop
			if brief := time.Now().Add(releaseAtStop); !o.inFlight() && brief.Before(deadline) {
				deadline = brief
			}
		case <-time.After(min(pause, time.Until(deadline))):
		}
		ctx, cancel := context.WithTimeout(s.life, idempotency.CallTimeout)
		err := do(ctx)
		cancel()
		if err == nil || errors.Is(err, idempotency.ErrNotOwner) || !time.Now().Before(deadline) {
			return err
		}
	}
}
