package storetest

import (
	"errors"
	"time"

	"soapbridge/api/idempotency"
)

// situation is a state of a record, with the calls that lead to it.
type situation struct {
	name string
	// into makes the records, one for each claim, and returns them; nil for one that does not exist. It may change the lease of a claim.
	// The owner makes the claims; otherOwner is every other owner.
	into func(k kit, claims []idempotency.Claim) []*idempotency.Record
	// effects has the effect of each call, in the order of transitionCalls.
	effects [12]cell
}

// cell is the effect of a call on a record.
type cell struct {
	err      error
	acquired bool
	// becomes returns the record afterwards; nil means no change.
	becomes func(before idempotency.Record, c idempotency.Claim) *idempotency.Record
}

// The cells of the table.
var (
	stays    = cell{}
	again    = cell{acquired: true} // the same claim, confirmed again
	foreign  = cell{err: idempotency.ErrNotOwner}
	missing  = cell{err: idempotency.ErrNotFound}
	known    = cell{err: idempotency.ErrNotUnknown}
	other    = cell{err: idempotency.ErrOtherAttempt}
	begins   = cell{acquired: true, becomes: toInFlight}
	finishes = cell{becomes: toDone}
	vanishes = cell{becomes: func(idempotency.Record, idempotency.Claim) *idempotency.Record { return nil }}
	restores = cell{becomes: toRestored}
	unknowns = cell{becomes: toUnknown}
	settles  = cell{becomes: toSettled}
	frees    = cell{becomes: toFreed}
)

const (
	result     = "the result"
	finding    = "the operator's result"
	otherOwner = "another owner"
	otherText  = "another result"
)

// transitions is the diagram of idempotency.State, with all that it forbids.
var transitions = []situation{
	//                                    Begin          Finish             Release          MarkUnknown       Settle
	//                                    own, other     own, other         own, other       own, other        executed, not, other   Get
	{"no record", nothing, [...]cell{begins, begins, foreign, foreign, stays, stays, foreign, foreign, missing, missing, missing, missing}},
	{"in flight", inFlight, [...]cell{again, stays, finishes, foreign, vanishes, stays, unknowns, foreign, known, known, other, stays}},
	{"released", released, [...]cell{begins, begins, foreign, foreign, stays, stays, foreign, foreign, missing, missing, missing, missing}},
	{"marked unknown", marked, [...]cell{stays, stays, finishes, foreign, vanishes, stays, stays, foreign, settles, frees, other, stays}},
	{"lease passed", lapsed, [...]cell{stays, stays, finishes, foreign, vanishes, stays, stays, foreign, settles, frees, other, stays}},
	{"lease passed and noticed", noticed, [...]cell{stays, stays, finishes, foreign, vanishes, stays, stays, foreign, settles, frees, other, stays}},
	{"lease passed and swept", swept, [...]cell{stays, stays, finishes, foreign, vanishes, stays, stays, foreign, settles, frees, other, stays}},
	{"done", finished, [...]cell{stays, stays, stays, foreign, stays, stays, foreign, foreign, known, known, other, stays}},
	{"done late", finishedLate, [...]cell{stays, stays, stays, foreign, stays, stays, foreign, foreign, known, known, other, stays}},
	{"settled as executed", settled, [...]cell{stays, stays, foreign, foreign, stays, stays, foreign, foreign, stays, known, other, stays}},
	{"freed", freed, [...]cell{begins, begins, foreign, foreign, stays, stays, foreign, foreign, known, stays, other, stays}},
	{"claimed again once freed", reclaimed, [...]cell{again, stays, finishes, foreign, restores, stays, unknowns, foreign, known, known, other, stays}},
	{"lease passed once freed", lapsedAgain, [...]cell{stays, stays, finishes, foreign, restores, stays, stays, foreign, settles, frees, other, stays}},
	{"released once freed", restored, [...]cell{begins, begins, foreign, foreign, stays, stays, foreign, foreign, known, stays, other, stays}},
}

// answer is the result of a call. Not every call returns a record.
type answer struct {
	record   *idempotency.Record
	acquired bool
	err      error
}

// transitionCalls are the columns of the table. A repeated Finish or Settle has another result, which must be ignored.
var transitionCalls = [12]struct {
	name string
	do   func(k kit, c idempotency.Claim, text string) answer
}{
	{"Begin by its owner", func(k kit, c idempotency.Claim, _ string) answer { return k.begins(c) }},
	{"Begin by another", func(k kit, c idempotency.Claim, _ string) answer { return k.begins(by(otherOwner, c)) }},
	{"Finish by its owner", func(k kit, c idempotency.Claim, text string) answer {
		return answer{err: k.store.Finish(k.Context(), c.ID, c.Owner, []byte(text))}
	}},
	{"Finish by another", func(k kit, c idempotency.Claim, text string) answer {
		return answer{err: k.store.Finish(k.Context(), c.ID, otherOwner, []byte(text))}
	}},
	{"Release by its owner", func(k kit, c idempotency.Claim, _ string) answer {
		return answer{err: k.store.Release(k.Context(), c.ID, c.Owner)}
	}},
	{"Release by another", func(k kit, c idempotency.Claim, _ string) answer {
		return answer{err: k.store.Release(k.Context(), c.ID, otherOwner)}
	}},
	{"MarkUnknown by its owner", func(k kit, c idempotency.Claim, _ string) answer {
		return answer{err: k.store.MarkUnknown(k.Context(), c.ID, c.Owner)}
	}},
	{"MarkUnknown by another", func(k kit, c idempotency.Claim, _ string) answer {
		return answer{err: k.store.MarkUnknown(k.Context(), c.ID, otherOwner)}
	}},
	{"Settle as executed", func(k kit, c idempotency.Claim, text string) answer {
		r, err := k.store.Settle(k.Context(), c.ID, about(c, idempotency.Settlement{Executed: true, Result: []byte(text)}))
		return answer{record: &r, err: err}
	}},
	{"Settle as not executed", func(k kit, c idempotency.Claim, _ string) answer {
		r, err := k.store.Settle(k.Context(), c.ID, about(c, idempotency.Settlement{}))
		return answer{record: &r, err: err}
	}},
	{"Settle another attempt", func(k kit, c idempotency.Claim, _ string) answer {
		r, err := k.store.Settle(k.Context(), c.ID, about(by(otherOwner, c), idempotency.Settlement{}))
		return answer{record: &r, err: err}
	}},
	{"Get", func(k kit, c idempotency.Claim, _ string) answer {
		r, err := k.store.Get(k.Context(), c.ID)
		return answer{record: &r, err: err}
	}},
}

// beginsFree claims a free key. After a lost answer, a short lease may have passed when the store or its caller repeats the call: then the
// claim is made again.
func (k kit) beginsFree(c idempotency.Claim) answer {
	for end := time.Now().Add(patience); ; {
		got := k.begins(c)
		over := got.err == nil && !got.acquired && got.record.State == idempotency.Unknown && c.Lease < long
		if !over || time.Now().After(end) {
			return got
		}
		k.Logf("repeated: the lease of %v has passed", c.Lease)
		k.release(c)
	}
}

func (k kit) begins(c idempotency.Claim) answer {
	r, acquired, err := k.store.Begin(k.Context(), c)
	return answer{&r, acquired, err}
}

// transitionChecks returns a check for every row. Each call is made twice, as by a caller whose answer was lost: both must have the same
// answer.
func transitionChecks() []check {
	list := make([]check, len(transitions))
	for i, s := range transitions {
		list[i] = check{"transitions: " + s.name, s.check}
	}
	return list
}

func (s situation) check(k kit) {
	k = k.keeping(long, long)
	claims := make([]idempotency.Claim, len(transitionCalls))
	for i := range claims {
		claims[i] = claim()
	}
	before := s.into(k, claims)
	for i, call := range transitionCalls {
		row := k
		row.tb = prefixed{k.tb, call.name}
		first := call.do(k, claims[i], result)
		second := call.do(k, claims[i], otherText)
		c := claims[i]
		if call.name == "Begin by another" && s.effects[i].acquired {
			c = by(otherOwner, c)
		}
		s.effects[i].verify(row, c, before[i], first, second)
	}
}

// verify checks the answers to a call that was made twice, and the record afterwards.
func (c cell) verify(k kit, of idempotency.Claim, before *idempotency.Record, answers ...answer) {
	for i, got := range answers {
		if !errors.Is(got.err, c.err) || got.acquired != c.acquired {
			k.Errorf("call %d: acquired %t, %v; want %t, %v", i+1, got.acquired, got.err, c.acquired, c.err)
		}
	}
	want := before
	if c.becomes != nil {
		var from idempotency.Record
		if before != nil {
			from = *before
		}
		want = c.becomes(from, of)
	}
	if want == nil {
		k.gone(of)
		return
	}
	after := k.get(of)
	if want.Started.IsZero() {
		want.Started, want.Deadline = after.Started, after.Deadline
		k.plausible(after, of)
	}
	k.sameTimes(after, *want)
	for _, got := range answers {
		if got.record != nil && got.err == nil {
			k.same(*got.record, after)
		}
	}
}

// sameTimes compares records, and their ends only if want has one: a new end is the store's.
func (k kit) sameTimes(got, want idempotency.Record) {
	k.Helper()
	if got.State == want.State && want.State != idempotency.InFlight && want.Ended.IsZero() {
		got = k.ended(got)
	}
	k.same(got, want)
}

func toInFlight(_ idempotency.Record, c idempotency.Claim) *idempotency.Record {
	r := claimed(c, idempotency.Record{})
	return &r
}

func toDone(r idempotency.Record, _ idempotency.Claim) *idempotency.Record {
	r.State, r.Result = idempotency.Done, []byte(result)
	return unended(r)
}

func toUnknown(r idempotency.Record, _ idempotency.Claim) *idempotency.Record {
	r.State = idempotency.Unknown
	return unended(r)
}

func toSettled(r idempotency.Record, c idempotency.Claim) *idempotency.Record {
	r = *toDone(r, c)
	r.Settled = true
	return &r
}

func toFreed(r idempotency.Record, _ idempotency.Claim) *idempotency.Record {
	r.State, r.Settled = idempotency.Freed, true
	return unended(r)
}

// toRestored returns the record before the claim, which otherOwner had made.
func toRestored(_ idempotency.Record, c idempotency.Claim) *idempotency.Record {
	return toFreed(claimed(by(otherOwner, c), idempotency.Record{}), c)
}

// unended returns a record whose end is not yet read from the store.
func unended(r idempotency.Record) *idempotency.Record {
	r.Ended = time.Time{}
	return &r
}

func each(k kit, claims []idempotency.Claim, do func(k kit, c idempotency.Claim) *idempotency.Record) []*idempotency.Record {
	records := make([]*idempotency.Record, len(claims))
	for i, c := range claims {
		records[i] = do(k, c)
	}
	return records
}

func nothing(_ kit, claims []idempotency.Claim) []*idempotency.Record {
	return make([]*idempotency.Record, len(claims))
}

func inFlight(k kit, claims []idempotency.Claim) []*idempotency.Record {
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		r := k.acquire(c)
		return &r
	})
}

func released(k kit, claims []idempotency.Claim) []*idempotency.Record {
	inFlight(k, claims)
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		k.release(c)
		return nil
	})
}

func marked(k kit, claims []idempotency.Claim) []*idempotency.Record {
	inFlight(k, claims)
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		k.markUnknown(c)
		r := k.inState(c, idempotency.Unknown)
		return &r
	})
}

// lapsed makes records whose lease has passed, and does not read them.
func lapsed(k kit, claims []idempotency.Claim) []*idempotency.Record {
	for i := range claims {
		claims[i].Lease = brief
	}
	records := inFlight(k, claims)
	pass(brief)
	for i, r := range records {
		records[i] = toUnknown(*r, claims[i])
	}
	return records
}

func noticed(k kit, claims []idempotency.Claim) []*idempotency.Record {
	lapsed(k, claims)
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		r := k.inState(c, idempotency.Unknown)
		if r.Ended.Before(r.Deadline) {
			k.Errorf("the lease passed at %v and the record is unknown since %v", r.Deadline, r.Ended)
		}
		return &r
	})
}

func swept(k kit, claims []idempotency.Claim) []*idempotency.Record {
	lapsed(k, claims)
	k.sweep()
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		r := k.inState(c, idempotency.Unknown)
		return &r
	})
}

func finished(k kit, claims []idempotency.Claim) []*idempotency.Record {
	inFlight(k, claims)
	return each(k, claims, finishedRecord)
}

func finishedLate(k kit, claims []idempotency.Claim) []*idempotency.Record {
	lapsed(k, claims)
	return each(k, claims, finishedRecord)
}

func finishedRecord(k kit, c idempotency.Claim) *idempotency.Record {
	k.finish(c, "the first result")
	r := k.inState(c, idempotency.Done)
	return &r
}

func settled(k kit, claims []idempotency.Claim) []*idempotency.Record {
	marked(k, claims)
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		r := k.settle(c, idempotency.Settlement{Executed: true, Result: []byte(finding)})
		return &r
	})
}

func freed(k kit, claims []idempotency.Claim) []*idempotency.Record {
	marked(k, claims)
	return each(k, claims, func(k kit, c idempotency.Claim) *idempotency.Record {
		r := k.settle(c, idempotency.Settlement{})
		return &r
	})
}

// reclaimed makes records that otherOwner held before.
func reclaimed(k kit, claims []idempotency.Claim) []*idempotency.Record {
	earlier := make([]idempotency.Claim, len(claims))
	for i, c := range claims {
		earlier[i] = by(otherOwner, c)
	}
	freed(k, earlier)
	return inFlight(k, claims)
}

func lapsedAgain(k kit, claims []idempotency.Claim) []*idempotency.Record {
	for i := range claims {
		claims[i].Lease = brief
	}
	records := reclaimed(k, claims)
	pass(brief)
	for i, r := range records {
		records[i] = toUnknown(*r, claims[i])
	}
	return records
}

// restored makes freed records that otherOwner has claimed and released.
func restored(k kit, claims []idempotency.Claim) []*idempotency.Record {
	records := freed(k, claims)
	for _, c := range claims {
		again := by(otherOwner, c)
		k.acquire(again)
		k.release(again)
	}
	return records
}

// prefixed puts a prefix before the messages of a test.
type prefixed struct {
	tb
	prefix string
}

func (p prefixed) Errorf(format string, args ...any) {
	p.Helper()
	p.tb.Errorf(p.prefix+": "+format, args...)
}

func (p prefixed) Fatalf(format string, args ...any) {
	p.Helper()
	p.tb.Fatalf(p.prefix+": "+format, args...)
}
