package api

import (
	"context"
	"log/slog"
	"time"

	"soapbridge/api/idempotency"
)

// Metrics is told what happens to idempotency keys. Its methods are called from many goroutines and must not block.
type Metrics interface {
	// Idempotency counts one call by what its key came to; the results are the constants of this file.
	Idempotency(result string)
	// Unknowns gives, at intervals, how many operations are unknown and how long ago the oldest of them began; 0 without any.
	Unknowns(total int, oldest time.Duration)
}

// What a key comes to.
const (
	resultAcquired   = "acquired"
	resultReplayed   = "replayed"
	resultInFlight   = "in_flight"
	resultMismatch   = "mismatch"
	resultUnknown    = "unknown"
	resultStoreError = "store_error"
)

func (s *server) count(result string) {
	if s.config.Metrics != nil {
		s.config.Metrics.Idempotency(result)
	}
}

// sweepEvery is how often leases that have passed are looked for. An operation that nobody asks for is listed as unknown this much later.
const sweepEvery = 5 * time.Second

// Sweep turns operations whose lease has passed into unknown ones, at intervals, until ctx ends. Every process of a shared store may do it.
func (s *Server) Sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.server.sweep(ctx)
		}
	}
}

func (s *server) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery)
	defer cancel()
	turned, err := s.config.Store.Sweep(ctx)
	if err != nil {
		s.config.Log.WarnContext(ctx, "the store could not be swept", slog.String("cause", err.Error()))
		return
	}
	if turned > 0 {
		s.config.Log.WarnContext(ctx, "operations have become unknown", slog.Int("count", turned))
	}
	if s.config.Metrics == nil {
		return
	}
	list, total, err := s.config.Store.Unknowns(ctx, idempotency.Cursor{}, 1)
	if err != nil {
		return // said above the next time
	}
	oldest := time.Duration(0)
	if len(list) > 0 {
		oldest = time.Since(list[0].Started)
	}
	s.config.Metrics.Unknowns(total, oldest)
}
