package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"soapbridge/api/idempotency"
)

// atOnce runs a function n times concurrently, starting together.
func atOnce(n int, run func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	group.Wait()
}

// oneClaimIsAcquired: on a new id, and on a freed one.
func oneClaimIsAcquired(k kit) {
	const rounds, claimants = 20, 32
	k = k.keeping(long, long)
	for round := range rounds {
		c := claim()
		if round%2 == 1 {
			freed(k, []idempotency.Claim{c})
		}
		answers := make([]answer, claimants)
		atOnce(claimants, func(i int) { answers[i] = k.begins(by(fmt.Sprint("claimant ", i), c)) })
		k.oneAcquired(by("", c), answers)
	}
}

func (k kit) oneAcquired(c idempotency.Claim, answers []answer) {
	k.Helper()
	winners := 0
	want := claimed(c, *answers[0].record)
	want.Attempt = answers[0].record.Attempt // the winner's
	for _, a := range answers {
		k.must("Begin", a.err)
		k.same(*a.record, want)
		if a.acquired {
			winners++
		}
	}
	if winners != 1 {
		k.Errorf("%d of %d claims on one id were acquired", winners, len(answers))
	}
}

// sameClaimAtOnce: a client repeats a claim whose answer is late; it acquires the claim in any order.
func sameClaimAtOnce(k kit) {
	const times = 16
	k = k.keeping(long, long)
	c := claim()
	answers := make([]answer, times)
	atOnce(times, func(i int) { answers[i] = k.begins(c) })
	for _, a := range answers {
		k.must("Begin", a.err)
		k.same(*a.record, claimed(c, *answers[0].record))
		if !a.acquired {
			k.Errorf("a repeated claim is not acquired: %+v", a.record)
		}
	}
}

// oneSettlementCounts: when operators disagree, the first settlement counts and the others fail.
func oneSettlementCounts(k kit) {
	const rounds, operators = 20, 8
	k = k.keeping(long, long)
	for range rounds {
		c := claim()
		marked(k, []idempotency.Claim{c})
		errs := make([]error, operators)
		atOnce(operators, func(i int) {
			_, errs[i] = k.store.Settle(k.Context(), c.ID, about(c, idempotency.Settlement{Executed: i%2 == 0, Result: fmt.Append(nil, i)}))
		})
		executed := k.get(c).State == idempotency.Done
		for i, err := range errs {
			agrees := executed == (i%2 == 0)
			if agrees && err != nil || !agrees && !errors.Is(err, idempotency.ErrNotUnknown) {
				k.Errorf("executed is %t; settlement %d returned %v", executed, i, err)
			}
		}
	}
}

// finishAgainstSettle: of a late answer and an operator's settlement, exactly one makes the result.
func finishAgainstSettle(k kit) {
	const rounds = 40
	k = k.keeping(long, long)
	for range rounds {
		c := claim()
		marked(k, []idempotency.Claim{c})
		var finishing, settling error
		atOnce(2, func(i int) {
			if i == 0 {
				finishing = k.store.Finish(k.Context(), c.ID, c.Owner, []byte(result))
			} else {
				_, settling = k.store.Settle(k.Context(), c.ID, about(c, idempotency.Settlement{Executed: true, Result: []byte(finding)}))
			}
		})
		r := k.inState(c, idempotency.Done)
		late := finishing == nil && errors.Is(settling, idempotency.ErrNotUnknown) && !r.Settled && string(r.Result) == result
		found := settling == nil && errors.Is(finishing, idempotency.ErrNotOwner) && r.Settled && string(r.Result) == finding
		if late == found {
			k.Errorf("Finish: %v, Settle: %v, the record: %+v", finishing, settling, r)
		}
	}
}

// manyAtOnce uses a store as the product does, with many callers on one key, and counts executions.
func manyAtOnce(k kit) {
	const rounds, callers, attempts = 25, 8, 12
	k = k.keeping(long, long)
	for round := range rounds {
		p := play{kit: k, claim: claim()}
		atOnce(callers, func(caller int) {
			random := rand.New(rand.NewPCG(uint64(round), uint64(caller)))
			for attempt := range attempts {
				p.attempt(random, fmt.Sprint(caller, " ", attempt))
			}
		})
		p.end()
	}
}

// play is one key with its executions.
type play struct {
	kit
	claim      idempotency.Claim
	executions atomic.Int32
	replayed   sync.Map // the replayed results
}

func (p *play) attempt(random *rand.Rand, owner string) {
	c := by(owner, p.claim)
	got := p.begins(c)
	switch {
	case got.err != nil:
		p.Errorf("Begin: %v", got.err)
	case got.acquired:
		p.hold(random, c)
	default:
		p.meet(random, c, *got.record)
	}
}

// hold ends a claim in one of the ways that a call can end.
func (p *play) hold(random *rand.Rand, c idempotency.Claim) {
	switch random.IntN(8) {
	case 0: // executed, and answered
		p.execute()
		p.finishes(c)
	case 1: // executed, and the answer is late
		p.execute()
		p.marks(c)
		p.finishes(c)
	case 2: // executed, according to an operator
		p.execute()
		p.marks(c)
		p.settles(c, idempotency.Settlement{Executed: true, Result: []byte(c.Owner)})
	case 3: // not executed, according to an operator
		p.marks(c)
		p.settles(c, idempotency.Settlement{})
	default: // not sent
		p.expect("Release", nil, func() error { return p.store.Release(p.Context(), c.ID, c.Owner) })
	}
}

func (p *play) finishes(c idempotency.Claim) {
	p.expect("Finish", nil, func() error { return p.store.Finish(p.Context(), c.ID, c.Owner, []byte(c.Owner)) })
}

func (p *play) marks(c idempotency.Claim) {
	p.expect("MarkUnknown", nil, func() error { return p.store.MarkUnknown(p.Context(), c.ID, c.Owner) })
}

func (p *play) settles(c idempotency.Claim, s idempotency.Settlement) {
	p.expect("Settle", nil, func() error {
		_, err := p.store.Settle(p.Context(), c.ID, about(c, s))
		if !s.Executed && errors.Is(err, idempotency.ErrOtherAttempt) {
			return nil // the answer was lost, and the repeated call found the next claim
		}
		return err
	})
}

// meet makes calls on the record of another owner, which must fail.
func (p *play) meet(random *rand.Rand, c idempotency.Claim, r idempotency.Record) {
	ctx := p.Context()
	if r.State == idempotency.Done {
		p.replayed.Store(string(r.Result), r)
	}
	switch random.IntN(20) {
	case 0: // rare, since lists may be slow
		p.expect("Unknowns", nil, func() error { _, _, err := p.store.Unknowns(ctx, idempotency.Cursor{}, 3); return err })
	case 1:
		p.expect("Sweep", nil, func() error {
			n, err := p.store.Sweep(ctx)
			if n != 0 {
				p.Errorf("Sweep turned %d, and no lease has passed", n)
			}
			return err
		})
	case 2, 3, 4, 5, 6, 7:
		p.expect("MarkUnknown by another", idempotency.ErrNotOwner, func() error { return p.store.MarkUnknown(ctx, c.ID, c.Owner) })
	case 8, 9, 10, 11, 12, 13:
		p.expect("Release by another", nil, func() error { return p.store.Release(ctx, c.ID, c.Owner) })
	default:
		p.expect("Finish by another", idempotency.ErrNotOwner, func() error { return p.store.Finish(ctx, c.ID, c.Owner, []byte("forged")) })
	}
}

func (p *play) execute() {
	if n := p.executions.Add(1); n > 1 {
		p.Errorf("executed %d times", n)
	}
}

func (p *play) expect(what string, want error, call func() error) {
	p.Helper()
	if got := call(); !errors.Is(got, want) {
		p.Errorf("%s: %v, want %v", what, got, want)
	}
}

// end checks the record against the executions, and against every replayed result.
func (p *play) end() {
	r, err := p.store.Get(p.Context(), p.claim.ID)
	executed := p.executions.Load() > 0
	switch {
	case errors.Is(err, idempotency.ErrNotFound) || err == nil && r.State == idempotency.Freed:
		if executed {
			p.Errorf("it was executed, and its key is free: %v", err)
		}
	case err != nil || r.State != idempotency.Done || !executed:
		p.Errorf("executed %t, and the record is %+v, %v", executed, r, err)
	default:
		p.replayed.Range(func(replayed, _ any) bool {
			if replayed != string(r.Result) {
				p.Errorf("%q was replayed, and the result is %q", replayed, r.Result)
			}
			return true
		})
	}
}
