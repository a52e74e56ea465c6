package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

const (
	// storeTimeout bounds one exchange with the store, retries included: with the store down a caller waits no longer than this.
	storeTimeout = 800 * time.Millisecond
	// leaseMargin is what a claim holds longer than the call can take: for the store's exchanges and a process that is slow to wake.
	leaseMargin = 10 * time.Second
	// The pauses between attempts in the background, the first and the longest.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
	// keepTrying is how long a result that could not be stored is offered again. After that its record says unknown.
	keepTrying = 5 * time.Minute
	// mostWaiting bounds what waits in the background while the store is away. What finds no place decays to unknown.
	mostWaiting = 256
)

// claim is the right to send once, and the duty to tell the store how it ended.
type claim struct {
	server *server
	record idempotency.Record
	owner  string
	// sendBefore is when the lease passes, by this process's clock and on the early side of the store's: the lease was counted from before
	// the store was asked.
	sendBefore time.Time
	sending    bool // the message was handed to the upstream
	ended      bool
	close      func() // the operation is no longer open for the call's sake
}

// begin claims the operation. Without a claim it gives the record that stands, or the problem that there is.
func (s *server) begin(ctx context.Context, w *work, request translate.Request) (*claim, idempotency.Record, *problem) {
	key := s.config.Vault.SealingKey()
	fingerprint, err := s.config.Vault.Fingerprint(key, w.operation.Name, request.Fingerprint)
	if err != nil {
		return nil, idempotency.Record{}, storeUnavailable(err)
	}
	wanted := idempotency.Claim{
		ID: w.env.OperationID, Caller: s.config.Vault.CallerDigest(w.caller.id), Operation: w.operation.Name,
		Fingerprint: fingerprint, SealingKey: key, Owner: uuid.NewString(), Lease: w.system.CallTimeout + leaseMargin,
	}
	held := &claim{server: s, owner: wanted.Owner, sendBefore: time.Now().Add(wanted.Lease), close: s.open.add(wanted.ID, leftCall)}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	record, acquired, err := s.config.Store.Begin(ctx, wanted)
	if !acquired {
		defer held.close() // after a failure once its release is open
	}
	if err != nil {
		// It may have been claimed all the same. Nothing was sent, so the claim is given back; when that fails, too, it ends as unknown.
		s.keepAt(leftRelease, wanted.ID, wanted.Lease, func(ctx context.Context) error {
			return s.config.Store.Release(ctx, wanted.ID, wanted.Owner)
		})
		s.count(resultStoreError)
		return nil, record, storeUnavailable(fmt.Errorf("operation %s: %w", wanted.ID, err))
	}
	if !acquired {
		return nil, record, nil
	}
	s.count(resultAcquired)
	held.record = record
	return held, record, nil
}

// finish tells the store how the call ended, and whether the store knows it now. If not, it is told in the background.
func (h *claim) finish(a answer) (stored bool) {
	h.ended = true
	defer h.close() // once what is left to do is open
	left, end := h.ending(a)
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	err := end(ctx)
	if err == nil {
		return true
	}
	h.server.count(resultStoreError)
	h.server.config.Log.Error("the end of an operation could not be stored", slog.String("operation_id", h.record.ID), slog.String("cause", err.Error()))
	if !errors.Is(err, idempotency.ErrNotOwner) {
		h.server.keepAt(left, h.record.ID, keepTrying, end)
	}
	return false
}

// ending is what the store has to be told, and its name.
func (h *claim) ending(a answer) (left string, end func(context.Context) error) {
	store, id := h.server.config.Store, h.record.ID
	switch a.record {
	case keepDone:
		return leftFinish, func(ctx context.Context) error {
			sealed, err := h.server.config.Vault.Seal(h.record, idempotency.Result{Status: a.status, ContentType: a.contentType, Body: a.body})
			if err != nil {
				return err
			}
			return store.Finish(ctx, id, h.owner, sealed)
		}
	case keepNothing:
		return leftRelease, func(ctx context.Context) error { return store.Release(ctx, id, h.owner) }
	case keepUnknown:
	}
	return leftUnknown, func(ctx context.Context) error { return store.MarkUnknown(ctx, id, h.owner) }
}

// abandon ends a claim that a panic left open. After the message was handed to the upstream nobody can tell what it did.
func (h *claim) abandon() {
	if h.ended {
		return
	}
	left := answer{record: keepNothing}
	if h.sending {
		left.record = keepUnknown
	}
	h.finish(left)
}

// stand answers for a key that has a record already.
func (s *server) stand(c *gin.Context, w *work, request translate.Request, r idempotency.Record) {
	same, err := s.isSame(w, request, r)
	switch {
	case err != nil:
		s.count(resultStoreError)
		s.refuse(c, unreadableRecord(err))
	case !same:
		s.count(resultMismatch)
		c.Header("Link", "<"+operationsPath+w.env.OperationID+`>; rel="related"`)
		s.refuse(c, newProblem(keyReused))
	case r.State == idempotency.Done && len(r.Result) == 0:
		s.count(resultReplayed)
		s.refuse(c, newProblem(settled))
	case r.State == idempotency.Done:
		s.replay(c, r)
	case r.State == idempotency.Unknown:
		s.count(resultUnknown)
		s.refuse(c, newProblem(codeOf(translate.OutcomeUnknown)))
	default:
		s.count(resultInFlight)
		s.refuse(c, newProblem(inFlight))
	}
}

// isSame tells whether a record is of this request. The digest is made with the record's own key, which may be an older one.
func (s *server) isSame(w *work, request translate.Request, r idempotency.Record) (bool, error) {
	fingerprint, err := s.config.Vault.Fingerprint(r.SealingKey, w.operation.Name, request.Fingerprint)
	return r.Operation == w.operation.Name && bytes.Equal(r.Fingerprint, fingerprint) &&
		bytes.Equal(r.Caller, s.config.Vault.CallerDigest(w.caller.id)), err
}

// replay gives the stored answer again, byte for byte.
func (s *server) replay(c *gin.Context, r idempotency.Record) {
	result, err := s.config.Vault.Open(r)
	if err != nil {
		s.count(resultStoreError)
		s.refuse(c, unreadableRecord(err))
		return
	}
	s.count(resultReplayed)
	callOf(c).replayed = true
	c.Header("Idempotent-Replayed", "true")
	s.write(c, answer{status: result.Status, contentType: result.ContentType, body: result.Body})
}

// unreadableRecord is the answer when there is a record that this process has no key for, or that is damaged: the operation may have been
// executed, so it is never said that nothing was sent.
func unreadableRecord(err error) *problem {
	p := newProblem(internalError)
	p.Detail = "There is a record of this operation, and it cannot be read. The operation may have been executed; do not repeat it blindly."
	p.Outcome, p.Retry, p.cause, p.alert = soap.Unknown, retryNever, err, true
	return p
}

// storeUnavailable is the answer when nothing is known of a record: nothing is sent then.
func storeUnavailable(err error) *problem {
	p := newProblem(storeDown)
	p.cause, p.alert = err, errors.As(err, new(*idempotency.Mismatch)) // which no time heals
	return p
}

// keepAt does what is left of an operation in the background until it succeeds, is pointless, or takes too long. A stop waits for it: see Drain.
func (s *server) keepAt(left, id string, atMost time.Duration, do func(context.Context) error) {
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
func (s *server) attempt(o openOperation, deadline time.Time, do func(context.Context) error) error {
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
		ctx, cancel := context.WithTimeout(s.life, storeTimeout)
		err := do(ctx)
		cancel()
		if err == nil || errors.Is(err, idempotency.ErrNotOwner) || !time.Now().Before(deadline) {
			return err
		}
	}
}
