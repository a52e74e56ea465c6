package redis_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

// BenchmarkStore measures against a real server on the same machine, which syncs its file each second, as Redis recommends. On a network,
// only roundtrips/op matters.
func BenchmarkStore(b *testing.B) {
	result := bytes.Repeat([]byte("r"), 400) // a sealed reply of usual size
	b.Run("claim and finish", func(b *testing.B) {
		s, w := benchmarked(b)
		for b.Loop() {
			c := newClaim()
			if err := begin(b, s, c, true); err != nil {
				b.Fatal(err)
			}
			if err := s.Finish(b.Context(), c.ID, c.Owner, result); err != nil {
				b.Fatal(err)
			}
		}
		w.report(b)
	})
	b.Run("claim and finish, many at once", func(b *testing.B) {
		s, w := benchmarked(b)
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				c := newClaim()
				if err := begin(b, s, c, true); err != nil {
					b.Error(err)
				}
				if err := s.Finish(b.Context(), c.ID, c.Owner, result); err != nil {
					b.Error(err)
				}
			}
		})
		w.report(b)
	})
	b.Run("replay", func(b *testing.B) {
		s, w := benchmarked(b)
		c := newClaim()
		if err := begin(b, s, c, true); err != nil {
			b.Fatal(err)
		}
		if err := s.Finish(b.Context(), c.ID, c.Owner, result); err != nil {
			b.Fatal(err)
		}
		c.Owner = uuid.NewString()
		w.trips.Store(0)
		for b.Loop() {
			if err := begin(b, s, c, false); err != nil {
				b.Fatal(err)
			}
		}
		w.report(b)
	})
	b.Run("sweep with nothing to do", func(b *testing.B) {
		s, w := benchmarked(b)
		for b.Loop() {
			if n, err := s.Sweep(b.Context()); n != 0 || err != nil {
				b.Fatal(n, err)
			}
		}
		w.report(b)
	})
}

func benchmarked(b *testing.B) (*redis.Store, *wire) {
	b.Helper()
	server := redistest.Start(b, "--appendfsync", "everysec")
	w := &wire{}
	s := w.open(b, redis.Options{Addrs: []string{server.Addr()}})
	warm(b, s)
	if _, err := s.Sweep(b.Context()); err != nil { // loads its script
		b.Fatal(err)
	}
	b.ReportAllocs()
	w.trips.Store(0)
	return s, w
}

func (w *wire) report(b *testing.B) {
	b.ReportMetric(float64(w.trips.Load())/float64(b.N), "roundtrips/op")
}
