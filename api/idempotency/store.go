// Package idempotency keeps the promise: for one caller and one Idempotency-Key, the upstream operation is sent at most once while the
// record is retained; a finished result is replayed byte for byte; when the outcome cannot be known, nothing is sent again until a person
// has settled it.
//
// A Store keeps records and knows nothing of keys, callers and results but opaque bytes; a Vault makes those bytes.
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

// State is how far a record is.
//
//	(none) --Begin--> InFlight --Finish--> Done
//	                     | |  \--Release--> (none), or the Freed that Begin replaced
//	                     | \--MarkUnknown, or the lease passes--> Unknown --Finish (late)--> Done
//	                     |                                          |  \--Settle(executed)--> Done
//	                     |                                          \--Settle(not executed)--> Freed --Begin--> InFlight
//
// There is no other way. Above all, a lease that has passed never becomes permission to send again.
type State string

// The states.
const (
	InFlight State = "in_flight" // someone holds the claim, and may have sent
	Done     State = "done"      // there is a result to replay
	Unknown  State = "unknown"   // it may have executed, and no call waits for its answer any more
	Freed    State = "freed"     // an operator found that it was not executed: the key may be used again
)

// Record is what a store keeps of one operation. Its texts and bytes are opaque to the store.
type Record struct {
	// ID is the operation id, a UUID. It names the record.
	ID    string
	State State
	// Caller, Operation and Fingerprint are what was asked, and by whom: compared, never interpreted.
	Caller      []byte
	Operation   string
	Fingerprint []byte
	// SealingKey names the key of Fingerprint and Result.
	SealingKey string
	// Started is when the claim was made, Deadline when its lease passes, both by the store's clock, in milliseconds precision.
	Started  time.Time
	Deadline time.Time
	// Ended is when the record became Done, Unknown or Freed; zero in flight.
	Ended time.Time
	// Result is sealed; nil until Done.
	Result []byte
	// Settled reports that an operator ended an Unknown. A Done that was settled without a result has an empty one.
	Settled bool
	// Attempt names the claim that the record is about: see AttemptOf. A key that was freed and claimed again has another one.
	Attempt string
}

// AttemptOf names an attempt by its owner token, without showing the token. It is a digest rather than a value of its own, so that every
// record has one, whichever version of the program made it. SHA-1, since Redis offers it to scripts: the token is random, and a digest
// of it cannot be searched.
func AttemptOf(owner string) string {
	sum := sha1.Sum([]byte(owner)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// Claim asks for the right to send.
type Claim struct {
	ID          string
	Caller      []byte
	Operation   string
	Fingerprint []byte
	SealingKey  string
	// Owner is a random token: only the call that has it may end the claim.
	Owner string
	// Lease is how long the claim holds. It is a field of the record, compared with the store's own clock; it must be longer than the
	// call can take.
	Lease time.Duration
}

// Settlement is an operator's finding about an Unknown.
type Settlement struct {
	// Attempt is the one that the operator has looked into: a later one with the same key may have ended otherwise.
	Attempt  string
	Executed bool
	// Result is the result to replay when it was executed, sealed with the record's own key; empty when it is not known.
	Result []byte
}

// Cursor is a place in the list of Unknowns: behind the record with this start and id. The zero Cursor is the beginning.
type Cursor struct {
	Started time.Time // in milliseconds precision
	ID      string
}

// CursorAt is the place behind a record.
func CursorAt(r Record) Cursor { return Cursor{Started: r.Started, ID: r.ID} }

func (c Cursor) compare(other Cursor) int {
	return cmp.Or(c.Started.Compare(other.Started), cmp.Compare(c.ID, other.ID))
}

// Readiness is what a store that is ready could not find out.
type Readiness struct {
	// PolicyUnverified reports that the server does not say whether it evicts records.
	PolicyUnverified bool
}

// Retention is how long records are kept. In-flight records are kept as long as unknown ones: were they to vanish, the key would be free
// although it may have been used.
type Retention struct {
	Done    time.Duration // and Freed
	Unknown time.Duration
}

// CallTimeout bounds one exchange with a store about one record, retries included: with the store down a caller waits no longer than this.
const CallTimeout = 800 * time.Millisecond

// How long records are kept where nothing else is configured. An unknown outcome can be settled as long as its record is kept.
const (
	DoneRetention    = 7 * 24 * time.Hour
	UnknownRetention = 30 * 24 * time.Hour
)

func (r Retention) orDefault() Retention {
	return Retention{Done: cmp.Or(r.Done, DoneRetention), Unknown: cmp.Or(r.Unknown, UnknownRetention)}
}

// ValidID reports whether a text is an operation id: the one spelling of a UUID with hyphens.
func ValidID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }

// Unavailable wraps every failure of a store to answer: nothing is known of the record then.
type Unavailable struct{ Err error }

func (u *Unavailable) Error() string { return "idempotency store unavailable: " + u.Err.Error() }
func (u *Unavailable) Unwrap() error { return u.Err }

// Mismatch reports that a shared store is not the one that this process needs. Claims are refused, since keys that were used before could be
// executed again, until a person decides. It comes wrapped in *Unavailable.
type Mismatch struct {
	Of MismatchOf
	// KeyID is the id of the sealing key.
	KeyID string
}

// MismatchOf is what does not fit.
type MismatchOf uint8

// What does not fit.
const (
	// MismatchOfRecords: the id that this process saw in the store is gone, and with it the records.
	MismatchOfRecords MismatchOf = iota
	// MismatchOfNameKey: the records were named with another key.
	MismatchOfNameKey
	// MismatchOfSealingKey: the store knows another key under this id.
	MismatchOfSealingKey
)

func (m *Mismatch) Error() string {
	const knowingly = "or empty the store (its keys sb:*) knowing that what was executed before can be executed again"
	switch m.Of {
	case MismatchOfNameKey:
		return "the records in the store were named with another name key: restore that key, " + knowingly
	case MismatchOfSealingKey:
		return fmt.Sprintf("the store knows another sealing key under the id %q: restore that key, give the new one another id, %s", m.KeyID, knowingly)
	case MismatchOfRecords:
	}
	return "the store has lost its records: restore them, or restart the proxy knowing that what was executed before can be executed again"
}

// ErrNotOwner reports that a claim is no longer the caller's to end: the record is gone, has another owner, or was settled by an operator.
var ErrNotOwner = errors.New("idempotency: the claim has another owner, or is gone")

// ErrNotUnknown reports that only an Unknown can be settled.
var ErrNotUnknown = errors.New("idempotency: the operation is not unknown")

// ErrOtherAttempt reports that a settlement is about another attempt than the record is.
var ErrOtherAttempt = errors.New("idempotency: the operation has been attempted again")

// ErrNotFound reports that there is no such record.
var ErrNotFound = errors.New("idempotency: no such operation")

// Store keeps records. All its methods are safe for concurrent use, by several processes where the store is shared, and every one that
// writes is safe to call twice with the same arguments: a caller whose answer got lost repeats it. Errors that are none of those above are
// *Unavailable, and come within the context's deadline. A store never evicts a record before its retention is over; when it has no room,
// Begin fails.
type Store interface {
	// Begin claims a record. When there was none, or a Freed one, the claim holds: acquired is true and the record is the new one. Called
	// again with the same owner while the record is InFlight, it says so again. Otherwise the record is the existing one, of any
	// owner; one whose lease has passed has become Unknown by then.
	Begin(ctx context.Context, c Claim) (r Record, acquired bool, err error)

	// Finish ends a claim with a sealed result: InFlight, or an Unknown that no operator has settled, becomes Done. Repeated by the owner
	// of a Done record it changes nothing and succeeds. ErrNotOwner otherwise.
	Finish(ctx context.Context, id, owner string, result []byte) error

	// Release ends a claim under which nothing was sent: the record vanishes, and a Freed one that the claim replaced is back until its own
	// retention is over, since an operator may ask for it or repeat the settlement. A record that is no longer InFlight or Unknown under that
	// owner, or was settled, is left alone. Release never fails for that reason: both mean that the claim is not the caller's.
	Release(ctx context.Context, id, owner string) error

	// MarkUnknown ends a claim whose outcome cannot be known: InFlight becomes Unknown. Repeated, it succeeds; ErrNotOwner otherwise.
	MarkUnknown(ctx context.Context, id, owner string) error

	// Get reads a record; ErrNotFound when there is none. One whose lease has passed has become Unknown by then.
	Get(ctx context.Context, id string) (Record, error)

	// Settle ends an Unknown: executed makes it Done, not executed Freed; both are then Settled. Repeated with the same Executed it
	// changes nothing and returns the record as it is. ErrNotFound; ErrOtherAttempt, whatever the record's state; ErrNotUnknown.
	Settle(ctx context.Context, id string, s Settlement) (Record, error)

	// Unknowns lists at most limit Unknowns behind a place, without their results, the earliest started first and by id where they started
	// in the same millisecond, and counts all that there are, before that place too.
	Unknowns(ctx context.Context, after Cursor, limit int) (list []Record, total int, err error)

	// Sweep turns InFlight records whose lease has passed into Unknown, so that one that is never asked for is still listed. It returns how
	// many it turned.
	Sweep(ctx context.Context) (int, error)

	// Ready returns why claims could not be made or kept now; nil when they can. It writes nothing.
	Ready(ctx context.Context) (Readiness, error)

	// Close ends the store's own work and connections.
	Close() error
}
