package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"soapbridge/api/idempotency"
	"soapbridge/translate"
)

// leaseMargin is what a claim holds longer than the call can take: for the store's exchanges and a process that is slow to wake.
const leaseMargin = 10 * time.Second

const (
	// The pauses between attempts in the background, the first and the longest.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
	// giveUpAfter is how long a result that could not be stored is offered again. After that its record says unknown.
	giveUpAfter = 5 * time.Minute
	// leastWaiting bounds what waits in the background while the store is away, where no more calls may be in flight. What finds no place becomes
	// unknown when its lease ends.
	leastWaiting = 256
	// releaseAtStop is how long a stop waits for a claim to be released. Nothing was sent under it, so the worst that follows from giving up is
	// a record that says unknown.
	releaseAtStop = 3 * time.Second
	// pauseAtStop is the longest pause between two attempts during a stop.
	pauseAtStop = 250 * time.Millisecond
)

// claim is the right to send once, and the duty to report to the store how it ended.
type claim struct {
	record idempotency.Record
	owner  string
	// sendBefore is when the lease passes, by this process's clock and on the early side of the store's: the lease was counted from before
	// the store was asked.
	sendBefore time.Time
	close      func() // the call no longer keeps the operation open
}

// begin claims the operation for a call. Without a claim it returns the record that the key has already, or the problem that there is.
func (s *Server) begin(ctx context.Context, call *call, request translate.Request) (*idempotency.Record, *problem) {
	key := s.config.Vault.SealingKey()
	fingerprint, err := s.config.Vault.Fingerprint(key, call.operation.ID, request.Fingerprint)
	if err != nil {
		return nil, storeUnavailable(err)
	}
	wanted := idempotency.Claim{
		ID: call.env.OperationID, Caller: s.config.Vault.CallerDigest(call.caller.id), Operation: call.operation.ID,
		Fingerprint: fingerprint, SealingKey: key, Owner: uuid.NewString(), Lease: call.system.CallTimeout + leaseMargin,
	}
	held := &claim{owner: wanted.Owner, sendBefore: time.Now().Add(wanted.Lease), close: s.open.add(wanted.ID, leftCall)}
	defer func() {
		if call.claim == nil { // after a failure once its release is open
			held.close()
		}
	}()
	record, acquired, err := s.config.Store.Begin(context.WithoutCancel(ctx), wanted)
	if acquired && err == nil {
		s.config.Metrics.Idempotency(resultAcquired)
		held.record, call.claim = record, held
		return nil, nil
	}
	if err == nil {
		return &record, nil
	}
	// It may have been claimed all the same. No message was sent, so the claim is withdrawn; when that fails, too, it ends as unknown.
	if !errors.Is(err, idempotency.ErrUnsent) {
		s.endLater(leftRelease, wanted.ID, wanted.Lease, func(ctx context.Context) error {
			return s.config.Store.Withdraw(ctx, wanted.ID, wanted.Owner)
		})
	}
	s.config.Metrics.Idempotency(resultStoreError)
	return nil, storeUnavailable(fmt.Errorf("operation %s: %w", wanted.ID, err))
}

// endClaim finishes, marks as unknown or releases the record of a call, as its answer says, and reports whether the store has done so. If not, it is
// tried again in the background.
func (s *Server) endClaim(call *call, a answer) (stored bool) {
	held := call.claim
	call.claim = nil
	defer held.close() // once what is left to do is open
	left, end := s.ending(held, a)
	err := s.try(context.Background(), left, end)
	if err == nil {
		return true
	}
	id := held.record.ID
	s.config.Metrics.Idempotency(resultStoreError)
	s.config.Log.Error("the end of an operation could not be stored", slog.String("operation_id", id), slog.String("cause", err.Error()))
	if !errors.Is(err, idempotency.ErrNotOwner) {
		s.endLater(left, id, giveUpAfter, end)
	}
	return false
}

func (s *Server) ending(held *claim, a answer) (left string, end func(context.Context) error) {
	store, id := s.config.Store, held.record.ID
	switch a.keep {
	case keepDone:
		return leftFinish, func(ctx context.Context) error {
			sealed, err := s.config.Vault.Seal(held.record, idempotency.Result{Status: a.status, ContentType: a.contentType, Body: a.body})
			if err != nil {
				return err
			}
			return store.Finish(ctx, id, held.owner, sealed)
		}
	case keepNothing:
		return leftRelease, func(ctx context.Context) error { return store.Release(ctx, id, held.owner) }
	case keepUnknown:
	}
	return leftUnknown, func(ctx context.Context) error { return store.MarkUnknown(ctx, id, held.owner) }
}

// abandon ends a claim that a panic left open: see call.handedOver.
func (s *Server) abandon(call *call) {
	if call.claim == nil {
		return
	}
	how := keepNothing
	if call.handedOver {
		how = keepUnknown
	}
	s.endClaim(call, answer{keep: how})
}

// endLater does what is left of a claim in the background until it succeeds, is pointless, or takes too long. A stop waits for it: see Drain.
func (s *Server) endLater(left, id string, atMost time.Duration, do func(context.Context) error) {
	if s.waiting.Add(1) > s.mostWaiting {
		s.waiting.Add(-1)
		s.logLost(openClaim{id, left}, "too many operations wait for the store")
		return
	}
	end := s.open.add(id, left)
	s.guard.Go(left, func() {
		defer end()
		defer s.waiting.Add(-1)
		err := s.tryUntil(openClaim{id, left}, time.Now().Add(atMost), do)
		switch {
		case err == nil:
			s.config.Log.Info("background "+left, slog.String("operation_id", id))
		case s.life.Err() == nil: // else CutOff has logged it
			s.logLost(openClaim{id, left}, err.Error())
		}
	})
}

// try is one attempt to do what is left of a claim. A panic is a failure like others, so that it is tried again.
func (s *Server) try(ctx context.Context, left string, do func(context.Context) error) error {
	return s.guard.Try(left, func() error { return do(ctx) })
}

// tryUntil repeats do until it succeeds, is pointless, or the deadline passes, which a stop brings nearer for what is not in flight.
func (s *Server) tryUntil(o openClaim, deadline time.Time, do func(context.Context) error) error {
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
		err := s.try(s.life, o.left, do)
		if err == nil || errors.Is(err, idempotency.ErrNotOwner) || !time.Now().Before(deadline) {
			return err
		}
	}
}

// storeUnavailable is the answer when nothing is known of a record: nothing is sent then.
func storeUnavailable(err error) *problem {
	p := newProblem(storeDown)
	p.cause, p.alert = err, errors.As(err, new(*idempotency.Mismatch)) // waiting does not help
	return p
}
