package idempotency

import "time"

// SetMaxRecords replaces the limit.
func (m *Memory) SetMaxRecords(n int) { m.maxRecords = n }

// SetMaxBytes replaces the limit.
func (m *Memory) SetMaxBytes(n int64) { m.maxBytes = n }

// SetClock replaces the clock of an empty store. Its readings may lack a monotonic part: time stops while they go back.
func (m *Memory) SetClock(now func() time.Time) { m.now, m.epoch = now, now() }
