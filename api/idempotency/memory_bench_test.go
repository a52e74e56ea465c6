package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"soapbridge/api/idempotency"
)

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
