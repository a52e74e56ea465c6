package storetest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"soapbridge/api/idempotency"
)

// freedIsClaimedAgain: nothing of the first claim remains, and its owner cannot end the second.
func freedIsClaimedAgain(k kit) {
	k = k.keeping(long, long)
	first := claim()
	freed(k, []idempotency.Claim{first})
	second := by("the second owner", first)
	second.Lease = 2 * long
	r := k.acquire(second)
	k.same(k.get(first), r)
	if err := k.store.Finish(k.Context(), first.ID, first.Owner, []byte("too late")); err == nil {
		k.Errorf("the first owner has finished the second one's claim")
	}
	k.finish(second, result)
	if done := k.inState(second, idempotency.Done); done.Settled {
		k.Errorf("the second claim is settled, although only the first was: %+v", done)
	}
}

// withdrawnIsReleased: only the owner's own claim, and what it had replaced comes back.
func withdrawnIsReleased(k kit) {
	k = k.keeping(long, long)
	c, again := claim(), claim()
	k.must("Withdraw without a record", k.store.Withdraw(k.Context(), c.ID, otherOwner))
	k.acquire(c)
	k.must("Withdraw by another", k.store.Withdraw(k.Context(), c.ID, otherOwner))
	k.inState(c, idempotency.InFlight)
	k.must("Withdraw", k.store.Withdraw(k.Context(), c.ID, c.Owner))
	if r, err := k.store.Get(k.Context(), c.ID); !errors.Is(err, idempotency.ErrNotFound) {
		k.Errorf("after Withdraw the record is %+v, %v", r, err)
	}
	k.acquire(by("the next owner", c))
	freed(k, []idempotency.Claim{again})
	k.acquire(by("the next owner", again))
	k.must("Withdraw of a claim on a freed record", k.store.Withdraw(k.Context(), again.ID, "the next owner"))
	k.inState(again, idempotency.Freed)
}

// settlingReturnsRecord: the answer is the record, and a settlement repeated with another result returns the first one.
func settlingReturnsRecord(k kit) {
	k = k.keeping(long, long)
	yes, no, none := claim(), claim(), claim()
	before := marked(k, []idempotency.Claim{yes, no, none})
	k.sameTimes(k.settle(yes, idempotency.Settlement{Executed: true, Result: []byte(result)}), *toSettled(*before[0], yes))
	k.sameTimes(k.settle(no, idempotency.Settlement{Result: []byte("not executed and yet a result")}), *toFreed(*before[1], no))
	bare := *toSettled(*before[2], none)
	bare.Result = nil
	k.sameTimes(k.settle(none, idempotency.Settlement{Executed: true}), bare)
	repeated := k.settle(yes, idempotency.Settlement{Executed: true, Result: []byte(otherText)})
	k.same(repeated, k.get(yes))
	k.sameTimes(repeated, *toSettled(*before[0], yes))
}

func validLease(k kit) {
	k = k.keeping(long, long)
	c := claim()
	r := k.acquire(c)
	pass(brief)
	if n := k.sweep(); n != 0 {
		k.Errorf("Sweep turned %d records, and no lease has passed", n)
	}
	k.same(k.get(c), r)
	got := k.begins(by(otherOwner, c))
	k.must("Begin", got.err)
	if got.acquired {
		k.Errorf("another owner acquired the claim before its lease passed")
	}
	k.same(*got.record, r)
}

// opaqueBytes: a store keeps any bytes.
func opaqueBytes(k kit) {
	k = k.keeping(long, long)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, text := range []string{string(every), "", "\x00", "a\r\nb", "{braces}", "état 状態 \u202e", "\xff\xfe", " padded ", "nil", "0"} {
		c := claim()
		c.Caller, c.Fingerprint, c.Operation, c.SealingKey, c.Owner = []byte(text), []byte(text), text, text, "owner "+text
		r := k.acquire(c)
		k.same(k.get(c), r)
		k.finish(c, text)
		k.sameTimes(k.get(c), *withResult(r, []byte(text)))
	}
}

func withResult(r idempotency.Record, bytes []byte) *idempotency.Record {
	done := toDone(r, idempotency.Claim{})
	done.Result = bytes
	return done
}

// resultsOfEveryKind: the state shows that there is a result, not its length.
func resultsOfEveryKind(k kit) {
	k = k.keeping(long, long)
	megabyte := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(megabyte) // never fails
	for name, bytes := range map[string][]byte{
		"nil": nil, "empty": {}, "one zero": {0}, "zeros": make([]byte, 1000), "a megabyte": megabyte,
	} {
		row := k
		row.tb = prefixed{k.tb, name}
		finishedWith, settledWith := claim(), claim()
		r := row.acquire(finishedWith)
		row.must("Finish", row.store.Finish(row.Context(), finishedWith.ID, finishedWith.Owner, bytes))
		row.replays(finishedWith, *withResult(r, bytes))
		unknown := marked(row, []idempotency.Claim{settledWith})[0]
		want := withResult(*unknown, bytes)
		want.Settled = true
		row.sameTimes(row.settle(settledWith, idempotency.Settlement{Executed: true, Result: bytes}), *want)
		row.replays(settledWith, *want)
	}
}

// replays checks that Begin and Get both return the result.
func (k kit) replays(c idempotency.Claim, want idempotency.Record) {
	k.Helper()
	k.sameTimes(k.get(c), want)
	got := k.begins(by(otherOwner, c))
	k.must("Begin", got.err)
	k.sameTimes(*got.record, want)
}

// recordsAreCopies: the store shares no bytes with its caller.
func recordsAreCopies(k kit) {
	k = k.keeping(long, long)
	c, sealed := claim(), []byte(result)
	before := k.acquire(c)
	want := *withResult(before, []byte(result))
	want.Caller, want.Fingerprint = bytes.Clone(before.Caller), bytes.Clone(before.Fingerprint)
	k.must("Finish", k.store.Finish(k.Context(), c.ID, c.Owner, sealed))
	spoil(c.Caller, c.Fingerprint, sealed)
	spoil(before.Caller, before.Fingerprint)
	read := k.get(c)
	k.sameTimes(read, want)
	spoil(read.Caller, read.Fingerprint, read.Result)
	replay := k.begins(c)
	k.must("Begin", replay.err)
	k.sameTimes(*replay.record, want)
	spoil(replay.record.Caller, replay.record.Fingerprint, replay.record.Result)
	k.sameTimes(k.get(c), want)
	k.listsAreCopies()
}

func (k kit) listsAreCopies() {
	c, finding := claim(), []byte(finding)
	want := *marked(k, []idempotency.Claim{c})[0]
	want.Caller, want.Fingerprint = bytes.Clone(want.Caller), bytes.Clone(want.Fingerprint)
	list, _ := k.unknowns(10)
	for _, r := range list {
		spoil(r.Caller, r.Fingerprint)
	}
	k.same(k.get(c), want)
	settled := k.settle(c, idempotency.Settlement{Executed: true, Result: finding})
	want = *toSettled(want, c)
	want.Result = bytes.Clone(finding)
	spoil(finding, settled.Caller, settled.Fingerprint, settled.Result)
	k.sameTimes(k.get(c), want)
}

func spoil(all ...[]byte) {
	for _, b := range all {
		for i := range b {
			b[i] ^= 0xff
		}
	}
}

// endedContexts: with an ended context, every call fails and has no effect.
func endedContexts(k kit) {
	k = k.keeping(long, long)
	canceled, cancel := context.WithCancel(k.Context())
	cancel()
	late, cancelLate := context.WithDeadline(k.Context(), time.Now().Add(-time.Second))
	defer cancelLate()
	absent, held, unknown := claim(), claim(), claim()
	before := k.acquire(held)
	undecided := *marked(k, []idempotency.Claim{unknown})[0]
	for name, ctx := range map[string]context.Context{"canceled": canceled, "past its deadline": late} {
		for method, call := range calls(k.store, absent, held, unknown) {
			k.unavailable(method+" with a context "+name, call(ctx))
		}
	}
	k.gone(absent)
	k.same(k.get(held), before)
	k.same(k.get(unknown), undecided)
}

func readyWhenOpen(k kit) {
	k = k.keeping(long, long)
	for range 2 {
		_, err := k.store.Ready(k.Context())
		k.must("Ready", err)
		k.acquire(claim())
	}
}

func afterClose(k kit) {
	k = k.keeping(long, long)
	absent, held, unknown := claim(), claim(), claim()
	k.acquire(held)
	marked(k, []idempotency.Claim{unknown})
	for range 2 {
		k.must("Close", k.store.Close())
	}
	for method, call := range calls(k.store, absent, held, unknown) {
		k.unavailable(method+" after Close", call(k.Context()))
	}
}
