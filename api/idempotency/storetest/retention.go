package storetest

import (
	"errors"
	"time"

	"soapbridge/api/idempotency"
)

// soon is a retention that passes during a test. No check expects a record with it to be still there, since the store may be slow.
const soon = time.Second

// vanishing is a record that must disappear.
type vanishing struct {
	name string
	// into ends the claim, after which the retention runs.
	into  func(k kit, c idempotency.Claim)
	claim idempotency.Claim
	since time.Time     // the earliest start of the retention
	kept  time.Duration // at least; 0 while the record exists
}

// doneRetention: a record that has ended disappears, and its key is free; one with an unknown outcome stays.
func doneRetention(k kit) {
	k = k.keeping(soon, long)
	held, unknown, lost := claim(), claim(), claim()
	lost.Lease = brief
	inFlight(k, []idempotency.Claim{held, lost})
	marked(k, []idempotency.Claim{unknown})
	k.vanish([]vanishing{
		{name: "done", into: func(k kit, c idempotency.Claim) { k.finish(c, result) }},
		{name: "done late", into: func(k kit, c idempotency.Claim) { k.markUnknown(c); k.finish(c, result) }},
		{name: "settled as executed", into: func(k kit, c idempotency.Claim) {
			k.markUnknown(c)
			k.settle(c, idempotency.Settlement{Executed: true})
		}},
		{name: "freed", into: free},
		{name: "freed, claimed again and released", into: func(k kit, c idempotency.Claim) {
			free(k, c)
			k.acquire(by(otherOwner, c))
			k.release(by(otherOwner, c))
		}},
	}, long)
	k.inState(held, idempotency.InFlight)
	k.inState(unknown, idempotency.Unknown)
	k.inState(lost, idempotency.Unknown)
	for _, c := range []idempotency.Claim{held, unknown, lost} {
		if got := k.begins(by(otherOwner, c)); got.err != nil || got.acquired {
			k.Errorf("a claim on an unknown record: acquired %t, %v", got.acquired, got.err)
		}
	}
}

func free(k kit, c idempotency.Claim) {
	k.markUnknown(c)
	k.settle(c, idempotency.Settlement{})
}

// freedRetention: a release restores no record whose retention is over.
func freedRetention(k kit) {
	k = k.keeping(brief, long)
	c := claim()
	inFlight(k, []idempotency.Claim{c})
	free(k, c)
	again := by(otherOwner, c)
	k.acquire(again)
	pass(brief)
	k.inState(again, idempotency.InFlight)
	k.release(again)
	k.gone(c)
}

// unknownRetention: a record in flight is kept for its lease and then as long as an Unknown, however short that is.
func unknownRetention(k kit) {
	k = k.keeping(long, soon)
	held, done := claim(), claim()
	inFlight(k, []idempotency.Claim{held})
	finished(k, []idempotency.Claim{done})
	k.vanish([]vanishing{{name: "marked", into: func(k kit, c idempotency.Claim) { k.markUnknown(c) }}}, long)
	k.vanish([]vanishing{
		{name: "lease passed", into: func(kit, idempotency.Claim) { pass(brief) }},
		{name: "lease passed and noticed", into: func(k kit, c idempotency.Claim) {
			pass(brief)
			_, err := k.store.Get(k.Context(), c.ID)
			k.found(err)
		}},
		{name: "lease passed and swept", into: func(k kit, _ idempotency.Claim) { pass(brief); k.sweep() }},
	}, brief)
	k.inState(held, idempotency.InFlight)
	k.inState(done, idempotency.Done)
	k.eventually("no unknown is counted", func() bool { _, total := k.unknowns(1); return total == 0 })
}

// vanish makes records with a lease, waits until all of them have disappeared, none too early, and claims their ids again.
func (k kit) vanish(records []vanishing, lease time.Duration) {
	for i := range records {
		v := &records[i]
		v.claim = claim()
		v.claim.Lease = lease
		v.since = time.Now().Add(lease) // the lease cannot have passed before
		k.acquire(v.claim)
		if lease == long {
			v.since = time.Now()
		}
		v.into(k, v.claim)
	}
	k.eventually("all records have vanished", func() bool {
		there := len(records)
		for i := range records {
			v := &records[i]
			if v.kept == 0 && !k.exists(v.claim) {
				v.kept = time.Since(v.since)
			}
			if v.kept > 0 {
				there--
			}
		}
		return there == 0
	})
	for _, v := range records {
		if v.kept < soon-rounding {
			k.Errorf("%s: it was kept for %v of %v", v.name, v.kept, soon)
		}
		again := by("the next owner", v.claim)
		again.Lease = long
		k.acquire(again)
		k.finish(again, result)
	}
}

func (k kit) exists(c idempotency.Claim) bool {
	k.Helper()
	_, err := k.store.Get(k.Context(), c.ID)
	return k.found(err)
}

// found reports whether a look-up has found a record. It fails on any other error.
func (k kit) found(err error) bool {
	k.Helper()
	if err != nil && !errors.Is(err, idempotency.ErrNotFound) {
		k.Fatalf("Get: %v", err)
	}
	return err == nil
}
