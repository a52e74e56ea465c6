// Package storetest is the one behavioural suite for every idempotency.Store.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"soapbridge/api/idempotency"
)

// Run checks a store against the contract of idempotency.Store, and against a model. The checks run one after the other, each with its own
// store: open returns an empty one with the retention r, and closes it when its test ends. Some checks close it earlier, so that Close must
// be repeatable.
//
// Leases and retentions that must pass are short, all others last hours; no check depends on the speed of the store, which must bear a busy
// machine. The model runs -rapid.checks sequences, 100 by default, and a fifth of them with -short.
func Run(t *testing.T, open func(t *testing.T, r idempotency.Retention) idempotency.Store) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			c.run(kit{tb: t, open: func(r idempotency.Retention) idempotency.Store { return open(t, r) }})
		})
	}
}

// check is one requirement.
type check struct {
	name string
	run  func(k kit)
}

func checks() []check {
	all := []check{
		{"a claim on a freed record is a new one", freedIsClaimedAgain},
		{"a withdrawn claim is released", withdrawnIsReleased},
		{"settling returns the current record", settlingReturnsRecord},
		{"a valid lease changes nothing", validLease},
		{"done and freed records end with their retention", doneRetention},
		{"a release restores no record past its retention", freedRetention},
		{"unknown records end with their retention, valid claims do not", unknownRetention},
		{"unknowns are listed by their start, and counted", unknownsInOrder},
		{"the earliest of many unknowns are listed", earliestOfMany},
		{"unknowns are listed page by page", unknownsInPages},
		{"a record that is no longer unknown is not listed", unknownsAreRemoved},
		{"sweep finds records that are never read", sweepCounts},
		{"texts and bytes are opaque", opaqueBytes},
		{"results of every kind are kept", resultsOfEveryKind},
		{"records are copies", recordsAreCopies},
		{"one of many claims is acquired", oneClaimIsAcquired},
		{"one claim made many times at once is acquired", sameClaimAtOnce},
		{"one of many settlements counts", oneSettlementCounts},
		{"finishing and settling at once agree", finishAgainstSettle},
		{"many at once never execute twice", manyAtOnce},
		{"an ended context", endedContexts},
		{"ready", readyWhenOpen},
		{"after Close", afterClose},
		{"model", model},
	}
	return append(transitionChecks(), all...)
}

// tb is implemented by *testing.T and *rapid.T.
type tb interface {
	rapid.TB
	Context() context.Context
}

// kit is a store under test, with calls that fail the test on an error.
type kit struct {
	tb
	open  func(idempotency.Retention) idempotency.Store
	store idempotency.Store
}

const (
	// long is a lease or a retention that does not pass during a test.
	long = time.Hour
	// brief is a lease that passes during a test.
	brief = 50 * time.Millisecond
	// patience bounds every wait for an expected event.
	patience = 10 * time.Second
	// rounding is the largest difference between two clocks of millisecond precision.
	rounding = 5 * time.Millisecond
)

func (k kit) keeping(done, unknown time.Duration) kit {
	k.store = k.open(idempotency.Retention{Done: done, Unknown: unknown})
	return k
}

// claim returns a unique claim.
func claim() idempotency.Claim {
	id := uuid.New()
	return idempotency.Claim{
		ID: id.String(), Caller: id[:4], Operation: "CreateService", Fingerprint: id[4:], SealingKey: "2026-11", Owner: uuid.NewString(), Lease: long,
	}
}

// by returns a claim of another owner on the same id, with another caller and another request.
func by(owner string, c idempotency.Claim) idempotency.Claim {
	c.Owner, c.Operation, c.SealingKey = owner, "CreateCallLog", "2026-12"
	c.Caller, c.Fingerprint = []byte("another caller"), []byte("another request")
	return c
}

func (k kit) acquire(c idempotency.Claim) idempotency.Record {
	k.Helper()
	got := k.beginsFree(c)
	if got.err != nil || !got.acquired {
		k.Fatalf("Begin: acquired %t, %v; the record is %+v", got.acquired, got.err, got.record)
	}
	r := *got.record
	k.same(r, claimed(c, r))
	k.plausible(r, c)
	return r
}

// claimed returns the record that a claim makes, with the store's times.
func claimed(c idempotency.Claim, times idempotency.Record) idempotency.Record {
	return idempotency.Record{
		ID: c.ID, State: idempotency.InFlight, Caller: c.Caller, Operation: c.Operation, Fingerprint: c.Fingerprint, SealingKey: c.SealingKey,
		Started: times.Started, Deadline: times.Deadline, Attempt: idempotency.AttemptOf(c.Owner),
	}
}

// plausible checks the times of a new claim.
func (k kit) plausible(r idempotency.Record, c idempotency.Claim) {
	k.Helper()
	if r.Started.IsZero() || !r.Started.Equal(r.Started.Truncate(time.Millisecond)) || !r.Deadline.Equal(r.Started.Add(c.Lease)) {
		k.Errorf("started %v, deadline %v: want a start in milliseconds and a deadline %v later", r.Started, r.Deadline, c.Lease)
	}
}

func (k kit) finish(c idempotency.Claim, result string) {
	k.Helper()
	k.must("Finish", k.store.Finish(k.Context(), c.ID, c.Owner, []byte(result)))
}

func (k kit) release(c idempotency.Claim) {
	k.Helper()
	k.must("Release", k.store.Release(k.Context(), c.ID, c.Owner))
}

func (k kit) markUnknown(c idempotency.Claim) {
	k.Helper()
	k.must("MarkUnknown", k.store.MarkUnknown(k.Context(), c.ID, c.Owner))
}

func (k kit) settle(c idempotency.Claim, s idempotency.Settlement) idempotency.Record {
	k.Helper()
	r, err := k.store.Settle(k.Context(), c.ID, about(c, s))
	k.must("Settle", err)
	return r
}

// about sets the attempt of a settlement.
func about(c idempotency.Claim, s idempotency.Settlement) idempotency.Settlement {
	s.Attempt = idempotency.AttemptOf(c.Owner)
	return s
}

func (k kit) get(c idempotency.Claim) idempotency.Record {
	k.Helper()
	r, err := k.store.Get(k.Context(), c.ID)
	k.must("Get", err)
	return r
}

func (k kit) unknowns(limit int) ([]idempotency.Record, int) {
	k.Helper()
	list, total, err := k.store.Unknowns(k.Context(), idempotency.Cursor{}, limit)
	k.must("Unknowns", err)
	return list, total
}

func (k kit) sweep() int {
	k.Helper()
	n, err := k.store.Sweep(k.Context())
	k.must("Sweep", err)
	return n
}

func (k kit) must(what string, err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("%s: %v", what, err)
	}
}

// gone checks that the record does not exist.
func (k kit) gone(c idempotency.Claim) {
	k.Helper()
	if r, err := k.store.Get(k.Context(), c.ID); !errors.Is(err, idempotency.ErrNotFound) {
		k.Errorf("Get: %v and %+v, want %v", err, r, idempotency.ErrNotFound)
	}
}

// inState checks the state of a record, and returns it.
func (k kit) inState(c idempotency.Claim, want idempotency.State) idempotency.Record {
	k.Helper()
	r := k.get(c)
	if r.State != want {
		k.Errorf("the record is %+v, want state %s", r, want)
	}
	return r
}

// same compares records. A nil and an empty result are equal, since State shows whether there is one, but a record that is not Done has
// nil.
func (k kit) same(got, want idempotency.Record) {
	k.Helper()
	if !alike(got, want) {
		k.Errorf("the record differs (-want +got):\n%s", cmp.Diff(short(want), short(got), bytewise))
	}
	if got.State != idempotency.Done && got.Result != nil {
		k.Errorf("a record that is %s has a result: %q", got.State, got.Result)
	}
}

// bytewise does not distinguish nil from empty, and is fast on a megabyte.
var bytewise = cmp.Comparer(bytes.Equal)

func alike(a, b idempotency.Record) bool { return cmp.Equal(a, b, bytewise) }

// short keeps a megabyte out of a failure's message.
func short(r idempotency.Record) idempotency.Record {
	if len(r.Result) > 1000 {
		r.Result = fmt.Appendf(nil, "%d bytes with SHA-256 %x", len(r.Result), sha256.Sum256(r.Result))
	}
	return r
}

// ended checks the end of a record, and returns the record without it, for comparisons.
func (k kit) ended(r idempotency.Record) idempotency.Record {
	k.Helper()
	if r.Ended.Before(r.Started) {
		k.Errorf("a record that is %s started %v and ended %v", r.State, r.Started, r.Ended)
	}
	r.Ended = time.Time{}
	return r
}

// unavailable checks the kind of an error.
func (k kit) unavailable(what string, err error) {
	k.Helper()
	if _, ok := errors.AsType[*idempotency.Unavailable](err); !ok {
		k.Errorf("%s: %v, want *Unavailable", what, err)
	}
}

// pass waits until an earlier lease has passed, without a call on any record.
func pass(lease time.Duration) { time.Sleep(lease + rounding) }

// eventually waits until done returns true.
func (k kit) eventually(what string, done func() bool) {
	k.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(rounding) {
		if time.Now().After(end) {
			k.Fatalf("after %v, still waiting: %s", patience, what)
		}
	}
}

// calls are all methods of a store but Close, each on a record where it would have an effect.
func calls(s idempotency.Store, absent, inFlight, unknown idempotency.Claim) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Begin":       func(ctx context.Context) error { _, _, err := s.Begin(ctx, absent); return err },
		"Finish":      func(ctx context.Context) error { return s.Finish(ctx, inFlight.ID, inFlight.Owner, []byte("result")) },
		"Release":     func(ctx context.Context) error { return s.Release(ctx, inFlight.ID, inFlight.Owner) },
		"Withdraw":    func(ctx context.Context) error { return s.Withdraw(ctx, inFlight.ID, inFlight.Owner) },
		"MarkUnknown": func(ctx context.Context) error { return s.MarkUnknown(ctx, inFlight.ID, inFlight.Owner) },
		"Settle": func(ctx context.Context) error {
			_, err := s.Settle(ctx, unknown.ID, about(unknown, idempotency.Settlement{}))
			return err
		},
		"Get":      func(ctx context.Context) error { _, err := s.Get(ctx, unknown.ID); return err },
		"Unknowns": func(ctx context.Context) error { _, _, err := s.Unknowns(ctx, idempotency.Cursor{}, 1); return err },
		"Sweep":    func(ctx context.Context) error { _, err := s.Sweep(ctx); return err },
		"Ready":    func(ctx context.Context) error { _, err := s.Ready(ctx); return err },
	}
}
