package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"soapbridge/api/idempotency"
)

// model compares a store with a model in random sequences of calls: a few ids, a few owners, every call once or twice. All sequences share
// one store, each with its own ids.
func model(k kit) {
	k = k.keeping(long, long)
	rapid.Check(k.tb, func(t *rapid.T) {
		m := newMachine(k, t)
		t.Repeat(map[string]func(*rapid.T){
			"Begin": m.begin, "Begin and let the lease pass": m.lapse, "Finish": m.finish, "Release": m.release, "MarkUnknown": m.markUnknown,
			"Settle": m.settle, "Get": m.get, "Unknowns, perhaps after Sweep": m.lists,
		})
		m.end()
	})
}

// machine is a model beside its store.
type machine struct {
	kit
	ids    []string
	want   map[string]*modelled // by id; missing when the record does not exist
	others int                  // unknowns of earlier sequences
	watch  watch
}

// modelled is the expected record.
type modelled struct {
	idempotency.Record
	owner string
	freed *modelled // the record that the claim replaced, and its release restores
	// noticed reports that the store must list the record if it is Unknown. Until then it may: for a read, the passed lease has made the
	// record Unknown, but the lists may be late.
	noticed bool
}

const modelLease = 2 * time.Millisecond

func newMachine(k kit, t *rapid.T) *machine {
	k.tb = t
	m := &machine{kit: k, want: map[string]*modelled{}, watch: watch{}}
	for range 3 {
		m.ids = append(m.ids, uuid.NewString())
	}
	_, m.others = m.kit.unknowns(0)
	t.Cleanup(func() {
		if t.Failed() { // or the next sequence, which minimises this one, would find its leases
			_, _ = k.store.Sweep(context.Background())
		}
	})
	return m
}

// draw chooses the arguments of a call.
func (m *machine) draw(t *rapid.T) (id, owner string, times int) {
	id = rapid.SampledFrom(m.ids).Draw(t, "id")
	owner = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "owner")
	return id, owner, rapid.IntRange(1, 2).Draw(t, "times")
}

// holds reports whether the owner holds the claim.
func (w *modelled) holds(owner string) bool {
	return w != nil && w.owner == owner && !w.Settled
}

func (w *modelled) open() bool {
	return w.State == idempotency.InFlight || w.State == idempotency.Unknown
}

func (w *modelled) become(s idempotency.State, result []byte) {
	w.State, w.Result, w.Ended, w.noticed = s, result, time.Time{}, true
}

func (m *machine) begin(t *rapid.T) {
	id, owner, times := m.draw(t)
	c := by(owner, idempotency.Claim{ID: id, Lease: long})
	for range times {
		m.claim(c)
	}
}

// lapse claims a free id with a lease that has passed when it returns.
func (m *machine) lapse(t *rapid.T) {
	id, owner, _ := m.draw(t)
	defer pass(modelLease) // also after a failure, or the next sequence would find the lease
	if !m.claim(by(owner, idempotency.Claim{ID: id, Lease: modelLease})) {
		return
	}
	w := m.want[id]
	w.become(idempotency.Unknown, nil)
	w.noticed = false
}

// claim makes a claim and reports whether a lease has begun.
func (m *machine) claim(c idempotency.Claim) bool {
	w := m.want[c.ID]
	starts := w == nil || w.State == idempotency.Freed
	repeats := w != nil && w.State == idempotency.InFlight && w.owner == c.Owner
	ask := m.begins
	if starts {
		ask = m.beginsFree
	}
	got := ask(c)
	m.must("Begin", got.err)
	if got.acquired != (starts || repeats) {
		m.Fatalf("Begin by %s: acquired %t, and the record is %+v; the model has %+v", c.Owner, got.acquired, got.record, w)
	}
	if starts {
		m.want[c.ID] = &modelled{Record: claimed(c, *got.record), owner: c.Owner, freed: w, noticed: true}
		m.plausible(*got.record, c)
	}
	if got.acquired {
		m.watch.of(c.ID).acquired(m, c.Owner)
	}
	m.saw(c.ID, *got.record)
	return starts
}

// saw compares a record from the store with the model's.
func (m *machine) saw(id string, got idempotency.Record) {
	m.Helper()
	w := m.want[id]
	m.watch.of(id).saw(m, got)
	m.sameTimes(got, w.Record)
	w.Ended, w.noticed = got.Ended, true
}

func (m *machine) finish(t *rapid.T) {
	id, owner, times := m.draw(t)
	result := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "result")
	for i := range times {
		w := m.want[id]
		err := m.store.Finish(m.Context(), id, owner, append(result, make([]byte, i)...))
		if !w.holds(owner) {
			m.refused("Finish", err, idempotency.ErrNotOwner)
			continue
		}
		m.must("Finish", err)
		if w.open() {
			w.become(idempotency.Done, result)
		}
	}
}

func (m *machine) release(t *rapid.T) {
	id, owner, times := m.draw(t)
	for range times {
		w := m.want[id]
		m.must("Release", m.store.Release(m.Context(), id, owner))
		if w.holds(owner) && w.open() {
			delete(m.want, id)
			if w.freed != nil {
				m.want[id] = w.freed
			}
			m.watch.of(id).released(m, id, owner)
		}
	}
}

func (m *machine) markUnknown(t *rapid.T) {
	id, owner, times := m.draw(t)
	for range times {
		w := m.want[id]
		err := m.store.MarkUnknown(m.Context(), id, owner)
		if !w.holds(owner) || !w.open() {
			m.refused("MarkUnknown", err, idempotency.ErrNotOwner)
			continue
		}
		m.must("MarkUnknown", err)
		if w.State == idempotency.InFlight {
			w.become(idempotency.Unknown, nil)
		}
		w.noticed = true
	}
}

func (m *machine) settle(t *rapid.T) {
	id, owner, times := m.draw(t)
	s := idempotency.Settlement{Executed: rapid.Bool().Draw(t, "executed"), Result: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "result")}
	for range times {
		m.find(id, owner, s)
	}
}

// find settles an owner's attempt once.
func (m *machine) find(id, owner string, s idempotency.Settlement) {
	w := m.want[id]
	got, err := m.store.Settle(m.Context(), id, about(idempotency.Claim{Owner: owner}, s))
	switch {
	case w == nil:
		m.refused("Settle", err, idempotency.ErrNotFound)
		return
	case w.owner != owner:
		m.refused("Settle", err, idempotency.ErrOtherAttempt)
		return
	case w.State == idempotency.Unknown:
		w.Settled = true
		if s.Executed {
			w.become(idempotency.Done, s.Result)
		} else {
			w.become(idempotency.Freed, nil)
		}
	case !w.Settled || s.Executed != (w.State == idempotency.Done):
		m.refused("Settle", err, idempotency.ErrNotUnknown)
		return
	}
	m.must("Settle", err)
	m.saw(id, got)
}

func (m *machine) get(t *rapid.T) {
	id, _, _ := m.draw(t)
	m.look(id)
}

func (m *machine) look(id string) {
	got, err := m.store.Get(m.Context(), id)
	if m.want[id] == nil {
		m.refused("Get", err, idempotency.ErrNotFound)
		return
	}
	m.must("Get", err)
	m.saw(id, got)
}

func (m *machine) refused(what string, got, want error) {
	m.Helper()
	if !errors.Is(got, want) {
		m.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// lists are one call of the machine, since they may be slow.
func (m *machine) lists(t *rapid.T) {
	if rapid.Bool().Draw(t, "sweep") {
		m.sweep()
	}
	m.unknowns()
}

// unknowns checks that the list has Unknowns only, and all that the store must have noticed.
func (m *machine) unknowns() {
	list, total := m.kit.unknowns(m.others + len(m.ids))
	listed := ids(list)
	sure, all := 0, 0
	for _, id := range m.ids {
		w := m.want[id]
		unknown := w != nil && w.State == idempotency.Unknown
		if unknown {
			all++
		}
		if unknown && w.noticed {
			sure++
		}
		if i := slices.Index(listed, id); i >= 0 {
			m.listed(id, list[i])
		} else if unknown && w.noticed {
			m.Fatalf("%s is unknown and not listed", id)
		}
	}
	if total < m.others+sure || total > m.others+all {
		m.Fatalf("%d records are unknown, want %d to %d", total, m.others+sure, m.others+all)
	}
}

func (m *machine) listed(id string, got idempotency.Record) {
	if w := m.want[id]; w == nil || w.State != idempotency.Unknown {
		m.Fatalf("%s is listed as unknown, and the model has %+v", id, w)
	}
	m.saw(id, got)
}

// sweep checks that no more records are turned than leases have passed without notice. sweepCounts checks the exact number, since a
// repeated Sweep does not count the records of the first one.
func (m *machine) sweep() {
	most := 0
	for _, w := range m.want {
		if !w.noticed {
			most++
		}
		w.noticed = true
	}
	if n := m.kit.sweep(); n > most {
		m.Fatalf("Sweep turned %d records, want at most %d", n, most)
	}
}

// end compares all records, and releases the unknown ones.
func (m *machine) end() {
	for _, id := range m.ids {
		m.look(id)
		if w := m.want[id]; w != nil && w.State == idempotency.Unknown {
			m.find(id, w.owner, idempotency.Settlement{Executed: true})
		}
	}
}

// watch checks the promise without the model, from the store's answers alone. By id.
type watch map[string]*watched

// watched are the store's answers about an id.
type watched struct {
	holder string              // the owner that acquired the claim, until the id is free again
	last   *idempotency.Record // the last record seen that was Done or Freed
}

func (w watch) of(id string) *watched {
	if w[id] == nil {
		w[id] = &watched{}
	}
	return w[id]
}

// acquired: between two acquired claims, the id must have become free.
func (w *watched) acquired(k tb, owner string) {
	if w.last != nil && w.last.State == idempotency.Done || w.holder != "" && w.holder != owner {
		k.Fatalf("%s acquired the claim although %q holds it; the last record was %+v", owner, w.holder, w.last)
	}
	w.holder, w.last = owner, nil
}

// saw: a Done or Freed record does not change.
func (w *watched) saw(k tb, r idempotency.Record) {
	if was := w.last; was != nil && !alike(r, *was) {
		k.Fatalf("a record that was %s has changed from %+v to %+v", was.State, was, r)
	}
	switch r.State {
	case idempotency.Done:
		w.last = &r
	case idempotency.Freed:
		w.holder, w.last = "", &r
	case idempotency.InFlight, idempotency.Unknown:
	}
}

// released: after the holder's release, the store has no record, or the one that an operator has freed.
func (w *watched) released(m *machine, id, owner string) {
	r, err := m.store.Get(m.Context(), id)
	if w.holder == owner && (errors.Is(err, idempotency.ErrNotFound) || r.State == idempotency.Freed) {
		w.holder = ""
	}
}
