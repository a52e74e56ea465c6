package idempotency_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T, r idempotency.Retention) idempotency.Store {
		t.Helper()
		m := idempotency.NewMemory(r)
		t.Cleanup(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
		return m
	})
}

// claimOf returns a claim on an id by the owner "owner".
func claimOf(id any, lease time.Duration) idempotency.Claim {
	return idempotency.Claim{ID: fmt.Sprint(id), Owner: "owner", Lease: lease}
}

func acquire(t *testing.T, m *idempotency.Memory, c idempotency.Claim) idempotency.Record {
	t.Helper()
	r, acquired, err := m.Begin(t.Context(), c)
	if err != nil || !acquired {
		t.Fatalf("claim on %s: acquired %t, %v", c.ID, acquired, err)
	}
	return r
}

func finish(t *testing.T, m *idempotency.Memory, c idempotency.Claim, result []byte) {
	t.Helper()
	if err := m.Finish(t.Context(), c.ID, c.Owner, result); err != nil {
		t.Fatal(err)
	}
}

func settle(t *testing.T, m *idempotency.Memory, c idempotency.Claim, executed bool) {
	t.Helper()
	if err := m.MarkUnknown(t.Context(), c.ID, c.Owner); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Settle(t.Context(), c.ID, settlement(c, executed)); err != nil {
		t.Fatal(err)
	}
}

func settlement(c idempotency.Claim, executed bool) idempotency.Settlement {
	return idempotency.Settlement{Attempt: idempotency.AttemptOf(c.Owner), Executed: executed}
}

func ready(t *testing.T, m *idempotency.Memory) error {
	t.Helper()
	_, err := m.Ready(t.Context())
	return err
}

// stateOf returns "" when the record does not exist.
func stateOf(t *testing.T, m *idempotency.Memory, c idempotency.Claim) idempotency.State {
	t.Helper()
	r, err := m.Get(t.Context(), c.ID)
	if err != nil && !errors.Is(err, idempotency.ErrNotFound) {
		t.Fatal(err)
	}
	return r.State
}

// refused checks that the store reports that it is full, and its limit.
func refused(t *testing.T, what string, err error, limit string) {
	t.Helper()
	if _, ok := errors.AsType[*idempotency.Unavailable](err); !ok || !strings.Contains(err.Error(), limit) {
		t.Errorf("%s: %v, want *Unavailable that names %q", what, err, limit)
	}
}

// TestMemoryTimes checks the times to the nanosecond.
func TestMemoryTimes(t *testing.T) {
	const done, unknown, lease = time.Hour, 24 * time.Hour, time.Minute
	nothing := func(*testing.T, *idempotency.Memory, idempotency.Claim) {}
	for name, c := range map[string]struct {
		options idempotency.Retention
		into    func(*testing.T, *idempotency.Memory, idempotency.Claim)
		before  idempotency.State
		after   time.Duration
		then    idempotency.State
	}{
		"the lease passes": {into: nothing, before: idempotency.InFlight, after: lease, then: idempotency.Unknown},
		"lapsed, not read": {into: nothing, before: idempotency.Unknown, after: lease + unknown},
		"lapsed, read late": {
			into: func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) {
				time.Sleep(lease + time.Hour)
				stateOf(t, m, c)
			},
			before: idempotency.Unknown, after: unknown - time.Hour,
		},
		"marked": {
			into: func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) {
				if err := m.MarkUnknown(t.Context(), c.ID, c.Owner); err != nil {
					t.Fatal(err)
				}
			},
			before: idempotency.Unknown, after: unknown,
		},
		"done": {
			into:   func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) { finish(t, m, c, nil) },
			before: idempotency.Done, after: done,
		},
		"done late": {
			into: func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) {
				time.Sleep(unknown)
				finish(t, m, c, nil)
			},
			before: idempotency.Done, after: done,
		},
		"done, and finished again": {
			into: func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) {
				finish(t, m, c, nil)
				time.Sleep(done / 2)
				finish(t, m, c, nil)
			},
			before: idempotency.Done, after: done / 2,
		},
		"settled": {
			into:   func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) { settle(t, m, c, true) },
			before: idempotency.Done, after: done,
		},
		"freed": {
			into:   func(t *testing.T, m *idempotency.Memory, c idempotency.Claim) { settle(t, m, c, false) },
			before: idempotency.Freed, after: done,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := idempotency.NewMemory(idempotency.Retention{Done: done, Unknown: unknown})
				claim := claimOf(name, lease)
				acquire(t, m, claim)
				c.into(t, m, claim)
				time.Sleep(c.after - time.Nanosecond)
				if got := stateOf(t, m, claim); got != c.before {
					t.Errorf("a nanosecond before %v it is %q, want %q", c.after, got, c.before)
				}
				time.Sleep(time.Nanosecond)
				if got := stateOf(t, m, claim); got != c.then {
					t.Errorf("after %v it is %q, want %q", c.after, got, c.then)
				}
			})
		})
	}
}

// TestMemoryLapse: a record became unknown when its lease passed, not when it was read.
func TestMemoryLapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{})
		r := acquire(t, m, claimOf("id", time.Minute))
		time.Sleep(time.Hour)
		got, err := m.Get(t.Context(), r.ID)
		if err != nil || got.State != idempotency.Unknown || !got.Ended.Equal(r.Deadline) {
			t.Errorf("%+v, %v; want unknown since %v", got, err, r.Deadline)
		}
	})
}

func TestMemoryDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{})
		done, lapsed := claimOf("done", time.Hour), claimOf("lapsed", time.Hour)
		acquire(t, m, done)
		acquire(t, m, lapsed)
		finish(t, m, done, nil)
		time.Sleep(7*24*time.Hour - time.Nanosecond)
		if stateOf(t, m, done) != idempotency.Done {
			t.Error("the done record was not kept for seven days")
		}
		time.Sleep(time.Nanosecond)
		if stateOf(t, m, done) != "" {
			t.Error("the done record was kept for more than seven days")
		}
		time.Sleep(23*24*time.Hour + time.Hour - time.Nanosecond)
		if stateOf(t, m, lapsed) != idempotency.Unknown {
			t.Error("the unknown record was not kept for thirty days")
		}
		time.Sleep(time.Nanosecond)
		if stateOf(t, m, lapsed) != "" {
			t.Error("the unknown record was kept for more than thirty days")
		}
	})
}

// TestMemoryEndlessTimes: a sum that overflows means endless, not the past.
func TestMemoryEndlessTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{Done: math.MaxInt64, Unknown: math.MaxInt64})
		time.Sleep(time.Hour)
		held, done, marked := claimOf("held", math.MaxInt64), claimOf("done", time.Hour), claimOf("marked", time.Hour)
		for _, c := range []idempotency.Claim{held, done, marked} {
			acquire(t, m, c)
		}
		finish(t, m, done, nil)
		time.Sleep(1000 * 24 * time.Hour)
		for c, want := range map[*idempotency.Claim]idempotency.State{&held: idempotency.InFlight, &done: idempotency.Done, &marked: idempotency.Unknown} {
			if got := stateOf(t, m, *c); got != want {
				t.Errorf("%s: state %q, want %q", c.ID, got, want)
			}
		}
	})
}

// TestMemoryClockGoesBack: a passed lease does not become valid again, and a valid one is not prolonged.
func TestMemoryClockGoesBack(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	m := idempotency.NewMemory(idempotency.Retention{})
	m.SetClock(func() time.Time { return now })
	short, held := claimOf("short", time.Minute), claimOf("held", time.Hour)
	acquire(t, m, short)
	acquire(t, m, held)
	now = now.Add(2 * time.Minute)
	if _, err := m.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(-24 * time.Hour)
	if got := stateOf(t, m, short); got != idempotency.Unknown {
		t.Errorf("with a lease that had passed before, the state is %q", got)
	}
	now = now.Add(24*time.Hour + 57*time.Minute)
	if got := stateOf(t, m, held); got != idempotency.InFlight {
		t.Errorf("with a valid lease, the state is %q", got)
	}
	now = now.Add(time.Minute)
	if got := stateOf(t, m, held); got != idempotency.Unknown {
		t.Errorf("with a passed lease, the state is %q", got)
	}
}

// TestMemoryRefusesWhenFull: no record is evicted, every record is served, and only the end of a retention makes room.
func TestMemoryRefusesWhenFull(t *testing.T) {
	const limit = "3 records"
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{Done: time.Hour, Unknown: 24 * time.Hour})
		m.SetMaxRecords(3)
		done, freed, held, more := claimOf("done", time.Minute), claimOf("freed", time.Minute), claimOf("held", time.Minute), claimOf("more", time.Minute)
		for _, c := range []idempotency.Claim{done, freed, held} {
			if _, err := m.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			acquire(t, m, c)
		}
		refuse := func() {
			t.Helper()
			_, _, err := m.Begin(t.Context(), claimOf("one too many", time.Minute))
			refused(t, "Begin", err, limit)
			refused(t, "Ready", ready(t, m), limit)
		}
		refuse()
		acquire(t, m, held) // repeated
		finish(t, m, done, []byte("result"))
		settle(t, m, freed, false)
		acquire(t, m, freed) // in its own place
		refuse()
		if r, acquired, err := m.Begin(t.Context(), done); acquired || err != nil || string(r.Result) != "result" {
			t.Errorf("a replay: acquired %t, %v, %+v", acquired, err, r)
		}
		time.Sleep(time.Hour - time.Nanosecond)
		refuse()
		time.Sleep(time.Nanosecond) // done is past its retention, the leases of the others have passed
		acquire(t, m, more)
		refuse()
		if n, err := m.Sweep(t.Context()); n != 2 || err != nil {
			t.Errorf("Sweep turned %d, %v; want 2", n, err)
		}
		refuse()
		if err := m.Release(t.Context(), more.ID, more.Owner); err != nil {
			t.Fatal(err)
		}
		acquire(t, m, more)
	})
}

// TestMemoryRefusesBytes: a result is kept even when it exceeds the limit; the next claim is refused.
func TestMemoryRefusesBytes(t *testing.T) {
	const limit = "at most 10000"
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{Done: time.Hour})
		m.SetMaxBytes(10_000)
		large, other, freed := claimOf("large", 24*time.Hour), claimOf("other", 24*time.Hour), claimOf("freed", 24*time.Hour)
		for _, c := range []idempotency.Claim{large, other, freed} {
			acquire(t, m, c)
		}
		settle(t, m, freed, false)
		finish(t, m, large, make([]byte, 50_000))
		for _, c := range []idempotency.Claim{claimOf("more", time.Hour), freed} {
			_, _, err := m.Begin(t.Context(), c)
			refused(t, "Begin on "+c.ID, err, limit)
		}
		refused(t, "Ready", ready(t, m), limit)
		finish(t, m, other, make([]byte, 50_000))
		if r, err := m.Get(t.Context(), other.ID); err != nil || len(r.Result) != 50_000 {
			t.Errorf("a result beyond the limit: %d bytes, %v", len(r.Result), err)
		}
		time.Sleep(time.Hour)
		if _, err := m.Ready(t.Context()); err != nil {
			t.Errorf("after the retention: %v", err)
		}
		acquire(t, m, claimOf("more", time.Hour))
	})
}

// TestMemoryEndsAllAtOnce: records past their retention are not found, although they are removed bit by bit.
func TestMemoryEndsAllAtOnce(t *testing.T) {
	const many = 20
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{Done: time.Hour, Unknown: time.Hour})
		m.SetMaxRecords(many)
		for i := range many {
			acquire(t, m, claimOf(i, time.Hour))
			if i%2 == 0 {
				finish(t, m, claimOf(i, 0), nil)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(3 * time.Hour)
		for _, i := range []int{many - 1, many - 2, many - 3, many - 4} {
			if got := stateOf(t, m, claimOf(i, 0)); got != "" {
				t.Errorf("record %d is %q", i, got)
			}
		}
		if list, total, err := m.Unknowns(t.Context(), idempotency.Cursor{}, many); len(list) != 0 || total != 0 || err != nil {
			t.Errorf("%d of %d are unknown, %v", len(list), total, err)
		}
		for i := range many {
			acquire(t, m, claimOf(i, time.Hour))
		}
	})
}

// TestMemoryReusesRoom: a deleted record takes no room, however it was deleted.
func TestMemoryReusesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := idempotency.NewMemory(idempotency.Retention{Done: time.Hour, Unknown: time.Hour})
		m.SetMaxBytes(5000)
		for round := range 200 {
			done, dropped, settled, lapsed := claimOf(round*4, time.Minute), claimOf(round*4+1, time.Minute), claimOf(round*4+2, time.Minute), claimOf(round*4+3, time.Minute)
			for _, c := range []idempotency.Claim{done, dropped, settled, lapsed} {
				c.Caller, c.Fingerprint = make([]byte, 32), make([]byte, 32)
				acquire(t, m, c)
			}
			finish(t, m, done, make([]byte, 1000))
			if err := m.Release(t.Context(), dropped.ID, dropped.Owner); err != nil {
				t.Fatal(err)
			}
			settle(t, m, settled, round%2 == 0)
			time.Sleep(2 * time.Hour)
		}
	})
}
