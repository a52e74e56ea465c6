package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"soapbridge/api/idempotency"
)

// TestMemoryAgainstPlainTimes compares the store with a list of deadlines while time passes: the model in storetest has no retention.
func TestMemoryAgainstPlainTimes(t *testing.T) {
	const limit, ids = 5, 8
	keep := idempotency.Retention{Done: 20 * time.Millisecond, Unknown: 50 * time.Millisecond}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		p := plain{records: map[string]*plainRecord{}, now: func() time.Time { return now }}
		m := idempotency.NewMemory(keep)
		m.SetMaxRecords(limit)
		m.SetClock(p.now)
		id := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(1, ids).Draw(t, "id")) })
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 15).Draw(t, "ms")) * time.Millisecond) },
			"begin": func(t *rapid.T) {
				c := claimOf(id.Draw(t, "id"), time.Duration(rapid.IntRange(1, 15).Draw(t, "lease"))*time.Millisecond)
				free := p.state(c.ID) == "" || p.state(c.ID) == idempotency.Freed
				full := p.state(c.ID) == "" && p.count("") >= limit
				_, acquired, err := m.Begin(t.Context(), c)
				if full != (err != nil) || !full && acquired != (free || p.state(c.ID) == idempotency.InFlight) {
					t.Fatalf("Begin: acquired %t, %v; the record is %q, and %d are kept", acquired, err, p.state(c.ID), p.count(""))
				}
				if free && !full {
					deadline := now.Add(c.Lease)
					p.records[c.ID] = &plainRecord{idempotency.InFlight, deadline, deadline.Add(keep.Unknown), p.live(c.ID)}
				}
			},
			"finish": func(t *rapid.T) {
				name := id.Draw(t, "id")
				err := m.Finish(t.Context(), name, "owner", nil)
				was := p.state(name)
				if (err == nil) != (was != "" && was != idempotency.Freed) {
					t.Fatalf("Finish: %v; the record is %q", err, was)
				}
				if was == idempotency.InFlight || was == idempotency.Unknown {
					p.records[name] = &plainRecord{state: idempotency.Done, end: now.Add(keep.Done)}
				}
			},
			"free": func(t *rapid.T) {
				name := id.Draw(t, "id")
				was := p.state(name)
				_, err := m.Settle(t.Context(), name, settlement(claimOf(name, 0), false))
				if (err == nil) != (was == idempotency.Unknown || was == idempotency.Freed) {
					t.Fatalf("Settle: %v; the record is %q", err, was)
				}
				if was == idempotency.Unknown {
					p.records[name] = &plainRecord{state: idempotency.Freed, end: now.Add(keep.Done)}
				}
			},
			"release": func(t *rapid.T) {
				name := id.Draw(t, "id")
				was := p.state(name)
				if err := m.Release(t.Context(), name, "owner"); err != nil {
					t.Fatal(err)
				}
				if was == idempotency.InFlight || was == idempotency.Unknown {
					p.records[name] = p.records[name].freed
				}
			},
			"sweep": func(t *rapid.T) {
				_, err := m.Sweep(t.Context())
				list, total, err2 := m.Unknowns(t.Context(), idempotency.Cursor{}, ids)
				if want := p.count(idempotency.Unknown); total != want || len(list) != want || errors.Join(err, err2) != nil {
					t.Fatalf("%d of %d are listed as unknown, want %d; %v, %v", len(list), total, want, err, err2)
				}
			},
			"": func(t *rapid.T) {
				full := p.count("") >= limit
				if _, err := m.Ready(t.Context()); full != (err != nil) {
					t.Fatalf("Ready: %v, and %d are kept", err, p.count(""))
				}
			},
			"look": func(t *rapid.T) {
				name := id.Draw(t, "id")
				r, err := m.Get(t.Context(), name)
				if r.State != p.state(name) || (err != nil) != (p.state(name) == "") {
					t.Fatalf("%s is %q, %v; want %q", name, r.State, err, p.state(name))
				}
			},
		})
	})
}

// plain is the simplest store: it searches all records.
type plain struct {
	records map[string]*plainRecord
	now     func() time.Time
}

type plainRecord struct {
	state    idempotency.State
	deadline time.Time // in flight
	end      time.Time // of its retention
	freed    *plainRecord
}

// live returns a record within its retention, or nil.
func (p plain) live(id string) *plainRecord {
	if p.state(id) == "" {
		return nil
	}
	return p.records[id]
}

func (p plain) state(id string) idempotency.State {
	r := p.records[id]
	switch {
	case r == nil || !p.now().Before(r.end):
		return ""
	case r.state == idempotency.InFlight && !p.now().Before(r.deadline):
		return idempotency.Unknown
	}
	return r.state
}

// count counts the records in a state; "" means any.
func (p plain) count(s idempotency.State) int {
	n := 0
	for id := range p.records {
		if got := p.state(id); got != "" && (s == "" || got == s) {
			n++
		}
	}
	return n
}

// BenchmarkMemory measures a store in equilibrium: 10,000 records, one is removed for each new one.
func BenchmarkMemory(b *testing.B) {
	const kept = 10_000
	sealed := make([]byte, 500)
	open := func() (m *idempotency.Memory, next func() idempotency.Claim) {
		now, n := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 0
		m = idempotency.NewMemory(idempotency.Retention{Done: kept * time.Millisecond})
		m.SetClock(func() time.Time { return now })
		c := idempotency.Claim{Caller: make([]byte, 32), Operation: "CreateService", Fingerprint: make([]byte, 32), SealingKey: "key", Owner: "owner", Lease: time.Minute}
		return m, func() idempotency.Claim {
			n++
			now = now.Add(time.Millisecond)
			c.ID = fmt.Sprintf("%036d", n)
			return c
		}
	}
	pass := func(b *testing.B, m *idempotency.Memory, c idempotency.Claim) {
		b.Helper()
		_, acquired, err := m.Begin(context.Background(), c)
		if err := errors.Join(err, m.Finish(context.Background(), c.ID, c.Owner, sealed)); err != nil || !acquired {
			b.Fatal(acquired, err)
		}
	}
	b.Run("Begin and Finish", func(b *testing.B) {
		m, next := open()
		for range kept {
			pass(b, m, next())
		}
		b.ReportAllocs()
		for b.Loop() {
			pass(b, m, next())
		}
	})
	b.Run("replay", func(b *testing.B) {
		m, next := open()
		var c idempotency.Claim
		for range kept / 2 {
			c = next()
			pass(b, m, c)
		}
		b.ReportAllocs()
		for b.Loop() {
			r, acquired, err := m.Begin(context.Background(), c)
			if err != nil || acquired || len(r.Result) != len(sealed) {
				b.Fatal(acquired, err)
			}
		}
	})
	b.Run("replay, many at once", func(b *testing.B) {
		m, next := open()
		c := next()
		pass(b, m, c)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if r, _, err := m.Begin(context.Background(), c); err != nil || r.State != idempotency.Done {
					b.Error(r.State, err)
				}
			}
		})
	})
}
