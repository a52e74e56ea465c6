package edge

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

// leaseMargin is what a claim holds longer than the call can take: for the store's exchanges and a process that is slow to wake.
const leaseMargin = 10 * time.Second

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
	fingerprint, err := s.config.Vault.Fingerprint(key, call.operation.Name, request.Fingerprint)
	if err != nil {
		return nil, storeUnavailable(err)
	}
	wanted := idempotency.Claim{
		ID: call.env.OperationID, Caller: s.config.Vault.CallerDigest(call.caller.id), Operation: call.operation.Name,
		Fingerprint: fingerprint, SealingKey: key, Owner: uuid.NewString(), Lease: call.system.CallTimeout + leaseMargin,
	}
	held := &claim{owner: wanted.Owner, sendBefore: time.Now().Add(wanted.Lease), close: s.open.add(wanted.ID, leftCall)}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), idempotency.CallTimeout)
	defer cancel()
	record, acquired, err := s.config.Store.Begin(ctx, wanted)
	if acquired && err == nil {
		s.config.Metrics.Idempotency(resultAcquired)
		held.record, call.claim = record, held
		return nil, nil
	}
	defer held.close() // after a failure once its release is open
	if err == nil {
		return &record, nil
	}
	// It may have been claimed all the same. Nothing was sent, so the claim is released; when that fails, too, it ends as unknown.
	s.finishLater(leftRelease, wanted.ID, wanted.Lease, func(ctx context.Context) error {
		return s.config.Store.Release(ctx, wanted.ID, wanted.Owner)
	})
	s.config.Metrics.Idempotency(resultStoreError)
	return nil, storeUnavailable(fmt.Errorf("operation %s: %w", wanted.ID, err))
}

// finish tells the store how the call ended, and reports whether the store knows it now. If not, it is told so in the background.
func (s *Server) finish(call *call, a answer) (stored bool) {
	held := call.claim
	call.claim = nil
	defer held.close() // once what is left to do is open
	left, end := s.ending(held, a)
	ctx, cancel := context.WithTimeout(context.Background(), idempotency.CallTimeout)
	defer cancel()
	err := end(ctx)
	if err == nil {
		return true
	}
	id := held.record.ID
	s.config.Metrics.Idempotency(resultStoreError)
	s.config.Log.Error("the end of an operation could not be stored", slog.String("operation_id", id), slog.String("cause", err.Error()))
	if !errors.Is(err, idempotency.ErrNotOwner) {
		s.finishLater(left, id, keepTrying, end)
	}
	return false
}

func (s *Server) ending(held *claim, a answer) (left string, end func(context.Context) error) {
	store, id := s.config.Store, held.record.ID
	switch a.record {
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

// abandon ends a claim that a panic left open. After the message was handed to the upstream, what it did cannot be known.
func (s *Server) abandon(call *call) {
	if call.claim == nil {
		return
	}
	left := answer{record: keepNothing}
	if call.sent {
		left.record = keepUnknown
	}
	s.finish(call, left)
}

func (s *Server) repeat(c *gin.Context, call *call, request translate.Request, r *idempotency.Record) (answer, *problem) {
	came, code := resultInFlight, inFlight // unless the record says more
	switch same, err := s.isSame(call, request, r); {
	case err != nil:
		s.config.Metrics.Idempotency(resultStoreError)
		return answer{}, unreadableRecord(err)
	case !same:
		came, code = resultMismatch, keyReused
		c.Header("Link", "<"+operationsPath+call.env.OperationID+`>; rel="related"`)
	case r.State == idempotency.Done && len(r.Result) == 0:
		came, code = resultReplayed, settled
	case r.State == idempotency.Done:
		return s.replay(c, call, r)
	case r.State == idempotency.Unknown:
		came, code = resultUnknown, codeOf(translate.OutcomeUnknown)
	}
	s.config.Metrics.Idempotency(came)
	return answer{}, newProblem(code)
}

// isSame reports whether a record is of this request. The digest is made with the record's own key, which may be an older one.
func (s *Server) isSame(call *call, request translate.Request, r *idempotency.Record) (bool, error) {
	fingerprint, err := s.config.Vault.Fingerprint(r.SealingKey, call.operation.Name, request.Fingerprint)
	return r.Operation == call.operation.Name && bytes.Equal(r.Fingerprint, fingerprint) &&
		bytes.Equal(r.Caller, s.config.Vault.CallerDigest(call.caller.id)), err
}

// replay returns the stored answer again, byte for byte.
func (s *Server) replay(c *gin.Context, call *call, r *idempotency.Record) (answer, *problem) {
	result, err := s.config.Vault.Open(*r)
	if err != nil {
		s.config.Metrics.Idempotency(resultStoreError)
		return answer{}, unreadableRecord(err)
	}
	s.config.Metrics.Idempotency(resultReplayed)
	call.replayed = true
	c.Header("Idempotent-Replayed", "true")
	return answer{status: result.Status, contentType: result.ContentType, body: result.Body}, nil
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
	p.cause, p.alert = err, errors.As(err, new(*idempotency.Mismatch)) // waiting does not help
	return p
}
