// Package idempotency keeps the promise: for one caller and one Idempotency-Key, the upstream operation is sent at most once while the
// record is retained; a finished result is replayed byte for byte; when the outcome cannot be known, nothing is sent again until a person
// has settled it.
//
// A Store keeps records, in which keys, callers and results are opaque bytes; a Vault makes those bytes.
package idempotency

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // see AttemptOf
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// State is the state of a record.
//
//	(none) --Begin--> InFlight --Finish--> Done
//	                     | |  \--Release--> (none), or the Freed that Begin replaced
//	                     | \--MarkUnknown, or the lease passes--> Unknown --Finish (late)--> Done
//	                     |                                          |  \--Settle(executed)--> Done
//	                     |                                          \--Settle(not executed)--> Freed --Begin--> InFlight
//
// There are no other transitions. Above all, a lease that has passed never becomes permission to send again.
type State string

// The states.
const (
	InFlight State = "in_flight" // a call holds the claim, and may have sent
	Done     State = "done"      // there is a result to replay
	Unknown  State = "unknown"   // it may have been executed, and no call waits for its answer any more
	Freed    State = "freed"     // an operator found that it was not executed: the key may be used again
)

// Record describes one operation. Its texts and bytes are opaque to the store.
type Record struct {
	// ID is the operation id, a UUID.
	ID    string
	State State
	// Caller, Operation and Fingerprint identify the request: compared, never interpreted.
	Caller      []byte
	Operation   string
	Fingerprint []byte
	// SealingKey is the id of the key that made Fingerprint and Result.
	SealingKey string
	// Started is when the claim was made, Deadline when its lease passes, both by the store's clock, in milliseconds.
	Started  time.Time
	Deadline time.Time
	// Ended is when the record became Done, Unknown or Freed; zero in flight.
	Ended time.Time
	// Result is sealed; nil until Done.
	Result []byte
	// Settled reports that an operator ended an Unknown. Settled as executed without a result, it has an empty one.
	Settled bool
	// Attempt identifies the claim: see AttemptOf. A key that was freed and claimed again has another one.
	Attempt string
}

// AttemptOf identifies an attempt by its owner token, without showing the token. It is a digest and not a further value, so that every
// record has one, whichever version of the program made it. It is SHA-1, since Redis offers that to scripts; the token is random, so that
// the digest does not reveal it.
func AttemptOf(owner string) string {
	sum := sha1.Sum([]byte(owner)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// Claim requests the right to send.
type Claim struct {
	ID          string
	Caller      []byte
	Operation   string
	Fingerprint []byte
	SealingKey  string
	// Owner is a random token: only the call that knows it may end the claim.
	Owner string
	// Lease is how long the claim is valid, by the store's clock; it must be longer than the call can take.
	Lease time.Duration
}

// Settlement is an operator's finding about an Unknown.
type Settlement struct {
	// Attempt is the one that the operator has examined: a later one with the same key may have ended differently.
	Attempt  string
	Executed bool
	// Result is the result to replay after an execution, sealed with the record's own key; empty when it is not known.
	Result []byte
}

// Cursor is a place in the list of Unknowns: behind the record with this start and id. The zero Cursor is the beginning.
type Cursor struct {
	Started time.Time // in milliseconds
	ID      string
}

// CursorAt returns the place behind a record.
func CursorAt(r Record) Cursor { return Cursor{Started: r.Started, ID: r.ID} }

// Compare orders by start, then by id.
func (c Cursor) Compare(other Cursor) int {
	return cmp.Or(c.Started.Compare(other.Started), cmp.Compare(c.ID, other.ID))
}

// Readiness is what a ready store could not verify.
type Readiness struct {
	// PolicyUnverified reports that the server does not show whether it evicts records.
	PolicyUnverified bool
}

// Retention is how long records are kept. Records in flight are kept as long as unknown ones: without the record, the key would be free
// although it may have been used.
type Retention struct {
	Done    time.Duration // and Freed
	Unknown time.Duration
}

// ExchangeTimeout bounds one exchange with a store about one record, retries included: the longest wait of a caller while the store is down.
const ExchangeTimeout = 800 * time.Millisecond

// The default Retention. An unknown outcome can be settled as long as its record is kept.
const (
	DoneRetention    = 7 * 24 * time.Hour
	UnknownRetention = 30 * 24 * time.Hour
)

// OrDefault replaces what is 0 with the default.
func (r Retention) OrDefault() Retention {
	return Retention{Done: cmp.Or(r.Done, DoneRetention), Unknown: cmp.Or(r.Unknown, UnknownRetention)}
}

// ValidID reports whether a text is an operation id: the one spelling of a UUID with hyphens.
func ValidID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }

// Unavailable wraps every failure of a store to answer. The state of the record is then not known.
type Unavailable struct{ Err error }

func (u *Unavailable) Error() string { return "idempotency store unavailable: " + u.Err.Error() }
func (u *Unavailable) Unwrap() error { return u.Err }

// ErrUnsent reports that a shared store cannot have received a call, so that no record has changed. It is wrapped in *Unavailable.
var ErrUnsent = errors.New("the call was not sent to the store")

// Mismatch reports that the records of a shared store, or their keys, are not those of this process. Claims are refused until a person
// decides, since keys that were used before could be executed again. It is wrapped in *Unavailable.
type Mismatch struct {
	Of MismatchOf
	// KeyID is the id of the sealing key.
	KeyID string
}

// MismatchOf is the kind of a Mismatch.
type MismatchOf uint8

// The kinds of a Mismatch.
const (
	// MismatchOfRecords: the id that this process saw in the store is gone, and with it the records.
	MismatchOfRecords MismatchOf = iota
	// MismatchOfNameKey: the records were named with another key.
	MismatchOfNameKey
	// MismatchOfSealingKey: the store has another key under this id.
	MismatchOfSealingKey
)

func (m *Mismatch) Error() string {
	const knowingly = "or empty the store (its keys sb:*) knowing that what was executed before can be executed again"
	switch m.Of {
	case MismatchOfNameKey:
		return "the records in the store were named with another name key: restore that key, " + knowingly
	case MismatchOfSealingKey:
		return fmt.Sprintf("the store has another sealing key under the id %q: restore that key, use another id for the new one, %s", m.KeyID, knowingly)
	case MismatchOfRecords:
	}
	return "the store has lost its records: restore them, or restart the proxy knowing that what was executed before can be executed again"
}

// ErrNotOwner reports that the caller may not end the claim: the record is gone, has another owner, or was settled by an operator.
var ErrNotOwner = errors.New("idempotency: the claim has another owner, or is gone")

// ErrNotUnknown reports that the record is not Unknown, so that it cannot be settled.
var ErrNotUnknown = errors.New("idempotency: the operation is not unknown")

// ErrOtherAttempt reports that a settlement and the record are about different attempts.
var ErrOtherAttempt = errors.New("idempotency: the operation has been attempted again")

// ErrNotFound reports that the record does not exist.
var ErrNotFound = errors.New("idempotency: no such operation")

// Store keeps records. All its methods are safe for concurrent use, by several processes where the store is shared, and every method that
// writes is safe to call twice with the same arguments: a caller repeats a call whose answer was lost. Every other error than those above
// is *Unavailable, within ExchangeTimeout where the call is about one record, and within the context's deadline. A store never evicts a record before its retention is over; when it is full, Begin fails.
type Store interface { //nolint:interfacebloat // one method for each transition of a record, and each way to read
	// Begin claims a record. When there was none, or a Freed one, acquired is true and the record is the new one; also when it is repeated
	// with the same owner while the record is InFlight. Otherwise the record is the existing one, of any owner; when its lease has passed,
	// it is Unknown.
	Begin(ctx context.Context, c Claim) (r Record, acquired bool, err error)

	// Finish ends a claim with a sealed result: InFlight, or an Unknown that no operator has settled, becomes Done. Repeated by the owner
	// of a Done record, it changes nothing and succeeds. Otherwise ErrNotOwner.
	Finish(ctx context.Context, id, owner string, result []byte) error

	// Release ends a claim under which nothing was sent: the record is deleted, and a Freed one that the claim replaced is restored until
	// its own retention is over, since an operator may read it or repeat the settlement. A record that is not InFlight or Unknown under
	// that owner, or was settled, stays as it is; that is not an error, since the caller does not hold the claim.
	Release(ctx context.Context, id, owner string) error

	// Withdraw is Release for a claim whose Begin has failed: it may have been made, or still be on its way. Should that
	// Begin arrive later, it makes no claim. After ErrUnsent there is nothing to withdraw.
	Withdraw(ctx context.Context, id, owner string) error

	// MarkUnknown ends a claim whose outcome cannot be known: InFlight becomes Unknown. Repeated, it succeeds. Otherwise ErrNotOwner.
	MarkUnknown(ctx context.Context, id, owner string) error

	// Get reads a record, or ErrNotFound. When its lease has passed, it is Unknown.
	Get(ctx context.Context, id string) (Record, error)

	// Settle ends an Unknown: executed makes it Done, not executed Freed; both are then Settled. Repeated with the same Executed, it
	// changes nothing and returns the record. ErrNotFound; ErrOtherAttempt, in any state; ErrNotUnknown.
	Settle(ctx context.Context, id string, s Settlement) (Record, error)

	// Unknowns lists at most limit Unknowns behind a place, in the order of Cursor, without their results. total counts all Unknowns,
	// before that place too.
	Unknowns(ctx context.Context, after Cursor, limit int) (list []Record, total int, err error)

	// Sweep turns InFlight records whose lease has passed into Unknown, so that a record that is never read is still listed. It returns the
	// number of them.
	Sweep(ctx context.Context) (int, error)

	// Ready returns an error when claims cannot be made or kept now. It writes nothing. A store may refuse claims by what it found, so it must be
	// asked at intervals.
	Ready(ctx context.Context) (Readiness, error)

	// Close ends the store's work and connections.
	Close() error
}
