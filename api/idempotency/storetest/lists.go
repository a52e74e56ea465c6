package storetest

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"soapbridge/api/idempotency"
)

// unknownsInOrder: the records are marked in another order than they started; their deadlines and their ids have a third one.
func unknownsInOrder(k kit) {
	k = k.keeping(long, long)
	k.lists(5)
	claims := make([]idempotency.Claim, 5)
	for i, hours := range []int{4, 1, 5, 2, 3} {
		claims[i] = claim()
		claims[i].ID = strconv.Itoa(hours) + claims[i].ID[1:]
		claims[i].Lease = time.Duration(hours) * time.Hour
		k.acquire(claims[i])
		time.Sleep(rounding) // or two would start in the same millisecond
	}
	k.lists(5)
	for _, i := range []int{3, 0, 4, 2, 1} {
		k.markUnknown(claims[i])
	}
	k.acquire(claim())
	k.lists(5, claims...)
	k.lists(100, claims...)
	for _, limit := range []int{3, 1, 0} {
		list, total := k.unknowns(limit)
		if total != len(claims) || !slices.Equal(ids(list), claimIDs(claims[:limit])) {
			k.Errorf("Unknowns(%d) lists %v of %d, want %v of %d", limit, ids(list), total, claimIDs(claims[:limit]), len(claims))
		}
	}
}

// lists checks the unknowns and their order, and compares each with the record from Get.
func (k kit) lists(limit int, want ...idempotency.Claim) {
	k.Helper()
	list, total := k.unknowns(limit)
	if total != len(want) || !slices.Equal(ids(list), claimIDs(want)) {
		k.Fatalf("Unknowns lists %v of %d, want %v of %d", ids(list), total, claimIDs(want), len(want))
	}
	for i, c := range want {
		k.same(list[i], k.get(c))
	}
}

func ids(list []idempotency.Record) []string {
	all := make([]string, len(list))
	for i, r := range list {
		all[i] = r.ID
	}
	return all
}

func claimIDs(claims []idempotency.Claim) []string {
	all := make([]string, len(claims))
	for i, c := range claims {
		all[i] = c.ID
	}
	return all
}

// earliestOfMany: a store with several lists must merge them.
func earliestOfMany(k kit) {
	const many, few = 400, 30
	k = k.keeping(long, long)
	started := map[string]time.Time{}
	for range many {
		c := claim()
		started[c.ID] = k.acquire(c).Started
		k.markUnknown(c)
	}
	list, total := k.unknowns(few)
	if len(list) != few || total != many {
		k.Fatalf("Unknowns lists %d of %d, want %d of %d", len(list), total, few, many)
	}
	if !slices.IsSortedFunc(list, func(a, b idempotency.Record) int { return a.Started.Compare(b.Started) }) {
		k.Errorf("the list is not in the order of the starts")
	}
	for _, r := range list {
		delete(started, r.ID)
	}
	if len(started) != many-few {
		k.Errorf("the list holds a record twice, or one that is not unknown")
	}
	for id, at := range started {
		if at.Before(list[few-1].Started) {
			k.Errorf("%s started %v and is not listed, the last one that is started %v", id, at, list[few-1].Started)
		}
	}
}

// unknownsInPages: the pages list each record once, in the order of start and id, also when many started at once.
func unknownsInPages(k kit) {
	const many, page = 100, 7
	k = k.keeping(long, long)
	records := make([]idempotency.Record, many)
	atOnce(many, func(i int) {
		c := claim()
		records[i] = k.acquire(c)
		k.markUnknown(c)
	})
	slices.SortFunc(records, func(a, b idempotency.Record) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
	})
	var got []string
	for after := (idempotency.Cursor{}); len(got) <= many; {
		list, total, err := k.store.Unknowns(k.Context(), after, page)
		k.must("Unknowns", err)
		if total != many {
			k.Errorf("%d records are unknown, want %d", total, many)
		}
		if len(list) == 0 {
			break
		}
		got, after = append(got, ids(list)...), idempotency.CursorAt(list[len(list)-1])
	}
	if want := ids(records); !slices.Equal(got, want) {
		k.Errorf("the pages list %d records of %d, or in another order:\n%v\nwant\n%v", len(got), many, got, want)
	}
}

// unknownsAreRemoved: by every transition from Unknown.
func unknownsAreRemoved(k kit) {
	k = k.keeping(long, long)
	late, dropped, executed, not, stays := claim(), claim(), claim(), claim(), claim()
	marked(k, []idempotency.Claim{late, dropped, executed, not, stays})
	k.finish(late, result)
	k.release(dropped)
	k.settle(executed, idempotency.Settlement{Executed: true})
	k.settle(not, idempotency.Settlement{})
	k.lists(10, stays)
	time.Sleep(rounding)
	marked(k, []idempotency.Claim{not})
	k.lists(10, stays, not)
}

// sweepCounts: a Sweep turns only records in flight whose lease has passed, each once. A Sweep that is repeated after a lost answer returns
// too small a number, but not every time.
func sweepCounts(k kit) {
	const times = 3
	const lost = 3
	for range times {
		n := k.sweptOf(lost)
		if n == lost {
			return
		}
		k.Logf("Sweep turned %d records of %d", n, lost)
	}
	k.Errorf("Sweep never turned all %d records", lost)
}

// sweptOf returns how many of number lost claims a Sweep has turned.
func (k kit) sweptOf(number int) int {
	k = k.keeping(long, long)
	short := func() idempotency.Claim {
		c := claim()
		c.Lease = brief
		return c
	}
	lost := make([]idempotency.Claim, number)
	for i := range lost {
		lost[i] = short()
	}
	done, dropped, unknown, held := short(), short(), short(), claim()
	k.acquire(held)
	for _, c := range []idempotency.Claim{done, dropped, unknown} {
		k.acquire(c)
	}
	k.finish(done, result)
	k.release(dropped)
	k.markUnknown(unknown)
	inFlight(k, lost)
	pass(brief)
	n := k.sweep()
	if n > number {
		k.Errorf("Sweep turned %d records, and %d leases have passed", n, number)
	}
	if n := k.sweep(); n != 0 {
		k.Errorf("a second Sweep turned %d records", n)
	}
	if _, total := k.unknowns(10); total != number+1 {
		k.Errorf("%d records are unknown, want %d", total, number+1)
	}
	for _, c := range slices.Concat(lost, []idempotency.Claim{unknown}) {
		k.inState(c, idempotency.Unknown)
	}
	k.inState(done, idempotency.Done)
	k.inState(held, idempotency.InFlight)
	k.gone(dropped)
	return n
}
