// Package storetest is the one behavioural suite of idempotency.Store: what a store must do, whatever it is made of.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"soapbridge/api/idempotency"
)

// Run holds a store against the contract of idempotency.Store, model included. The checks run one after the other, and each opens a store
// of its own: open gives an empty one that keeps records as r says, and closes it when its test ends. Some checks have closed it by then,
// so that Close must bear repetition.
//
// Leases and retentions that are meant to pass are short, all others last hours; nothing depends on how fast the store is, and a call that
// ends with *Unavailable is made again for ten seconds. The model runs as many sequences as -rapid.checks says, 100 unless told, and a
// fifth with -short.
func Run(t *testing.T, open func(t *testing.T, r idempotency.Retention) idempotency.Store) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			c.run(kit{tb: t, patience: patience, open: func(r idempotency.Retention) idempotency.Store { return open(t, r) }})
		})
	}
}

// check is one demand on stores.
type check struct {
	name string
	run  func(k kit)
}

func checks() []check {
	all := []check{
		{"a claim makes a record", claimMakesRecord},
		{"a claim on a freed record is a new one", freedIsClaimedAnew},
		{"settling gives the record as it stands", settlingGivesRecord},
		{"a lease that holds changes nothing", leaseHolds},
		{"done and freed records end with their retention", doneRetention},
		{"a release brings back no record past its retention", freedRetention},
		{"unknown records end with theirs, claims that hold do not", unknownRetention},
		{"unknowns are listed by their start, and counted", unknownsInOrder},
		{"the earliest of many unknowns are listed", earliestOfMany},
		{"unknowns are listed page by page", unknownsInPages},
		{"what is unknown no more is not listed", unknownsLeave},
		{"sweep finds what nobody asks for", sweepCounts},
		{"texts and bytes are opaque", opaqueBytes},
		{"results of every kind are kept", resultsOfEveryKind},
		{"records are copies", recordsAreCopies},
		{"one of many claims holds", oneClaimHolds},
		{"one claim made many times at once holds", sameClaimAtOnce},
		{"one of many findings counts", oneFindingCounts},
		{"finishing and settling at once agree", finishAgainstSettle},
		{"many at once never execute twice", manyAtOnce},
		{"a context that has ended", endedContexts},
		{"ready", readyWhenOpen},
		{"after Close", afterClose},
		{"model", model},
	}
	return append(transitionChecks(), all...)
}

// tb is what a check needs of a test. *testing.T is one, and so is *rapid.T.
type tb interface {
	rapid.TB
	Context() context.Context
}

// kit is a store under test, with calls that fail the test when they must succeed and do not.
type kit struct {
	tb
	open  func(idempotency.Retention) idempotency.Store
	store idempotency.Store // by way of a caller who repeats calls that are not answered
	raw   idempotency.Store // the same, directly
	// patience is how long a test waits for what must come.
	patience time.Duration
}

const (
	// long is a lease or a retention that does not pass during a test.
	long = time.Hour
	// brief is a lease that is meant to pass.
	brief = 50 * time.Millisecond
	// patience is a kit's, unless something is known to be wrong.
	patience = 10 * time.Second
	// rounding is what two clocks of millisecond precision may differ by.
	rounding = 5 * time.Millisecond
)

func (k kit) keeping(done, unknown time.Duration) kit {
	k.raw = k.open(idempotency.Retention{Done: done, Unknown: unknown})
	k.store = patient{k.raw, k.tb, k.patience}
	return k
}

// claim gives a claim that no other is like.
func claim() idempotency.Claim {
	id := uuid.New()
	return idempotency.Claim{
		ID: id.String(), Caller: id[:4], Operation: "CreateService", Fingerprint: id[4:], SealingKey: "2026-11", Owner: uuid.NewString(), Lease: long,
	}
}

// by gives the same request as made by somebody else, who asks for something else on top.
func by(owner string, c idempotency.Claim) idempotency.Claim {
	c.Owner, c.Operation, c.SealingKey = owner, "CreateCallLog", "2026-12"
	c.Caller, c.Fingerprint = []byte("another caller"), []byte("another request")
	return c
}

func (k kit) acquire(c idempotency.Claim) idempotency.Record {
	k.Helper()
	got := k.beginsAnew(c)
	if got.err != nil || !got.acquired {
		k.Fatalf("Begin: acquired %t, %v; the record is %+v", got.acquired, got.err, got.record)
	}
	r := *got.record
	k.same(r, claimed(c, r))
	k.plausible(r, c)
	return r
}

// claimed is the record that a claim makes. Its times are the store's.
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

// about names the attempt that a settlement is about.
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

// gone checks that there is no record.
func (k kit) gone(c idempotency.Claim) {
	k.Helper()
	if r, err := k.store.Get(k.Context(), c.ID); !errors.Is(err, idempotency.ErrNotFound) {
		k.Errorf("Get: %v and %+v, want %v", err, r, idempotency.ErrNotFound)
	}
}

// inState checks where a record stands, and gives it.
func (k kit) inState(c idempotency.Claim, want idempotency.State) idempotency.Record {
	k.Helper()
	r := k.get(c)
	if r.State != want {
		k.Errorf("the record is %+v, want it %s", r, want)
	}
	return r
}

// same compares records: no bytes and bytes of no length are alike, since State tells whether there is a result, but a record that is not
// Done has none at all.
func (k kit) same(got, want idempotency.Record) {
	k.Helper()
	if !alike(got, want) {
		k.Errorf("the record differs (-want +got):\n%s", cmp.Diff(short(want), short(got), bytewise))
	}
	if got.State != idempotency.Done && got.Result != nil {
		k.Errorf("a record that is %s has a result: %q", got.State, got.Result)
	}
}

// bytewise makes no difference between no bytes and none at all, and is fast on a megabyte of them.
var bytewise = cmp.Comparer(bytes.Equal)

func alike(a, b idempotency.Record) bool { return cmp.Equal(a, b, bytewise) }

// short spares whoever reads a failure a megabyte.
func short(r idempotency.Record) idempotency.Record {
	if len(r.Result) > 1000 {
		r.Result = fmt.Appendf(nil, "%d bytes with SHA-256 %x", len(r.Result), sha256.Sum256(r.Result))
	}
	return r
}

// ended checks that a record tells when it ended, and gives it without that, to be compared.
func (k kit) ended(r idempotency.Record) idempotency.Record {
	k.Helper()
	if r.Ended.Before(r.Started) {
		k.Errorf("a record that is %s started %v and ended %v", r.State, r.Started, r.Ended)
	}
	r.Ended = time.Time{}
	return r
}

// unavailable checks that an error is of the one kind that says nothing about the record.
func (k kit) unavailable(what string, err error) {
	k.Helper()
	if _, ok := errors.AsType[*idempotency.Unavailable](err); !ok {
		k.Errorf("%s: %v, want *Unavailable", what, err)
	}
}

// pass waits until a lease made before the call has passed, without touching any record.
func pass(lease time.Duration) { time.Sleep(lease + rounding) }

// eventually waits for what must come.
func (k kit) eventually(what string, done func() bool) {
	k.Helper()
	for end := time.Now().Add(k.patience); !done(); time.Sleep(rounding) {
		if time.Now().After(end) {
			k.Fatalf("after %v still not: %s", k.patience, what)
		}
	}
}

// calls are all methods of a store but Close, each on a record where it would have an effect.
func calls(s idempotency.Store, absent, inFlight, unknown idempotency.Claim) map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{
		"Begin":       func(ctx context.Context) error { _, _, err := s.Begin(ctx, absent); return err },
		"Finish":      func(ctx context.Context) error { return s.Finish(ctx, inFlight.ID, inFlight.Owner, []byte("result")) },
		"Release":     func(ctx context.Context) error { return s.Release(ctx, inFlight.ID, inFlight.Owner) },
		"MarkUnknown": func(ctx context.Context) error { return s.MarkUnknown(ctx, inFlight.ID, inFlight.Owner) },
		"Settle": func(ctx context.Context) error {
			_, err := s.Settle(ctx, unknown.ID, about(unknown, idempotency.Settlement{}))
			return err
		},
	}
	maps.Copy(all, readingCalls(s, unknown))
	return all
}

func readingCalls(s idempotency.Store, c idempotency.Claim) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Get":      func(ctx context.Context) error { _, err := s.Get(ctx, c.ID); return err },
		"Unknowns": func(ctx context.Context) error { _, _, err := s.Unknowns(ctx, idempotency.Cursor{}, 1); return err },
		"Sweep":    func(ctx context.Context) error { _, err := s.Sweep(ctx); return err },
		"Ready":    func(ctx context.Context) error { _, err := s.Ready(ctx); return err },
	}
}
