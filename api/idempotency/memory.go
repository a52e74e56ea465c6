package idempotency

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Limits of a Memory. Results of claims that were accepted may exceed maxMemoryBytes, since losing one would cost more than the memory. The process
// grows to about three times as much, 300 MiB, since Go lets as much garbage collect as there are records.
const (
	maxMemoryRecords = 1_000_000
	maxMemoryBytes   = 96 << 20
)

// recordOverhead is the size of a record without its texts and bytes: the entry itself and its places in the map, the list and the
// schedules. Measured and rounded up.
const recordOverhead = 512

// Memory is a Store for one process. It is lost with the process: a call in flight then may have been sent, and its key is free again.
//
// Records are found by id in O(1) and written in O(log n); Unknowns sorts all of them. A Memory does nothing in the background: later calls
// remove records that are past their retention, and a passed lease is noticed when its record is read, or by Sweep.
type Memory struct {
	now        func() time.Time
	epoch      time.Time // zero of the monotonic clock
	retention  Retention
	maxRecords int
	maxBytes   int64

	mu      sync.Mutex
	closed  bool
	latest  time.Duration
	records map[string]*entry
	bytes   int64
	unknown int
	open    map[*entry]struct{} // InFlight and Unknown
	leases  schedule            // of the records in flight
	ends    schedule            // of the retention of every record
}

var _ Store = (*Memory)(nil)

// entry is a record with its places. Its byte slices are replaced but never modified, so that they may be copied without the lock.
type entry struct {
	Record
	owner string
	freed *entry // the record that the claim replaced, and its release restores
	size  int64  // without freed
	lease timer
	end   timer
}

// instant is one reading of the clock: wall for the times in records, mono for comparing deadlines.
type instant struct {
	wall time.Time
	mono time.Duration
}

// NewMemory returns an empty store.
func NewMemory(r Retention) *Memory {
	return &Memory{
		now: time.Now, epoch: time.Now(), maxRecords: maxMemoryRecords, maxBytes: maxMemoryBytes,
		retention: r.OrDefault(), records: map[string]*entry{}, open: map[*entry]struct{}{},
	}
}

// Begin implements Store. *Unavailable also reports that the store is full, and which limit it has reached.
func (m *Memory) Begin(ctx context.Context, c Claim) (r Record, acquired bool, err error) {
	defer r.unshare() // without the lock
	now, err := m.enter(ctx)
	if err != nil {
		return Record{}, false, err
	}
	defer m.mu.Unlock()
	e := m.find(c.ID, now)
	if e != nil && e.State != Freed {
		return e.Record, e.State == InFlight && e.owner == c.Owner, nil
	}
	if err := m.makeRoom(now, e != nil); err != nil {
		return Record{}, false, err
	}
	if e != nil {
		m.remove(e)
		e.freed = nil // a release brings back one record and not all before it
	}
	return m.add(c, e, now).Record, true, nil
}

// Finish implements Store. It works in a full store too.
func (m *Memory) Finish(ctx context.Context, id, owner string, result []byte) error {
	now, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	e := m.find(id, now)
	switch {
	case !e.heldBy(owner):
		return ErrNotOwner
	case e.State != Done:
		m.setResult(e, result)
		m.conclude(e, Done, now)
	}
	return nil
}

// Withdraw implements Store. No Begin is on its way once it has failed.
func (m *Memory) Withdraw(ctx context.Context, id, owner string) error {
	return m.Release(ctx, id, owner)
}

// Release implements Store.
func (m *Memory) Release(ctx context.Context, id, owner string) error {
	now, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	if e := m.find(id, now); e.heldBy(owner) && e.State != Done {
		m.remove(e)
		if e.freed != nil && !e.freed.end.due(now.mono) {
			m.place(e.freed)
		}
	}
	return nil
}

// MarkUnknown implements Store.
func (m *Memory) MarkUnknown(ctx context.Context, id, owner string) error {
	now, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	e := m.find(id, now)
	switch {
	case !e.heldBy(owner) || e.State == Done:
		return ErrNotOwner
	case e.State == InFlight:
		m.conclude(e, Unknown, now)
	}
	return nil
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, id string) (r Record, err error) {
	defer r.unshare()
	now, err := m.enter(ctx)
	if err != nil {
		return Record{}, err
	}
	defer m.mu.Unlock()
	e := m.find(id, now)
	if e == nil {
		return Record{}, ErrNotFound
	}
	return e.Record, nil
}

// Settle implements Store.
func (m *Memory) Settle(ctx context.Context, id string, s Settlement) (r Record, err error) {
	defer r.unshare()
	now, err := m.enter(ctx)
	if err != nil {
		return Record{}, err
	}
	defer m.mu.Unlock()
	e := m.find(id, now)
	switch {
	case e == nil:
		return Record{}, ErrNotFound
	case e.Attempt != s.Attempt:
		return Record{}, ErrOtherAttempt
	case e.Settled && s.Executed == (e.State == Done):
		return e.Record, nil
	case e.State != Unknown:
		return Record{}, ErrNotUnknown
	}
	e.Settled = true
	if s.Executed {
		m.setResult(e, s.Result)
		m.conclude(e, Done, now)
	} else {
		m.conclude(e, Freed, now)
	}
	return e.Record, nil
}

// Unknowns implements Store.
func (m *Memory) Unknowns(ctx context.Context, after Cursor, limit int) (found []Record, total int, err error) {
	defer func() {
		for i := range found {
			found[i].unshare()
		}
	}()
	now, err := m.enter(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer m.mu.Unlock()
	m.purge(now, len(m.records))
	for e := range m.open {
		if e.State == Unknown && after.Compare(CursorAt(e.Record)) < 0 {
			found = append(found, e.Record)
		}
	}
	slices.SortFunc(found, func(a, b Record) int { return CursorAt(a).Compare(CursorAt(b)) })
	return found[:max(0, min(limit, len(found)))], m.unknown, nil
}

// Sweep implements Store. It also removes every record that is past its retention.
func (m *Memory) Sweep(ctx context.Context) (int, error) {
	now, err := m.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	m.purge(now, len(m.records))
	turned := 0
	for ; m.leases.due(now.mono); turned++ {
		m.lapse(m.leases[0].of)
	}
	return turned, nil
}

// Ready implements Store: a Memory is not ready when it is full or closed.
func (m *Memory) Ready(ctx context.Context) (Readiness, error) {
	now, err := m.enter(ctx)
	if err != nil {
		return Readiness{}, err
	}
	defer m.mu.Unlock()
	return Readiness{}, m.makeRoom(now, false)
}

// Close makes every later call fail with *Unavailable. A second Close does nothing.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// enter locks the store for one call and reads the clock. When it fails, nothing is locked.
func (m *Memory) enter(ctx context.Context) (instant, error) {
	if err := ctx.Err(); err != nil {
		return instant{}, &Unavailable{err}
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return instant{}, &Unavailable{errors.New("the memory store is closed")}
	}
	t := m.now()
	m.latest = max(m.latest, t.Sub(m.epoch))
	now := instant{wall: t.UTC().Truncate(time.Millisecond), mono: m.latest}
	// Two per call are enough to keep up, since a call adds at most one, and few enough that no call waits for them.
	m.purge(now, 2)
	return now, nil
}

// find returns the current record: nil when it is past its retention, Unknown when its lease has passed.
func (m *Memory) find(id string, now instant) *entry {
	e := m.records[id]
	switch {
	case e == nil:
		return nil
	case e.end.due(now.mono):
		m.remove(e)
		return nil
	case e.State == InFlight && e.lease.due(now.mono):
		m.lapse(e)
	}
	return e
}

// heldBy reports whether the owner holds the claim: nil and settled records have no owner.
func (e *entry) heldBy(owner string) bool {
	return e != nil && e.owner == owner && !e.Settled
}

// makeRoom removes records past their retention until there is room, and returns the limit that leaves none. A claim that replaces a Freed
// record needs no further place.
func (m *Memory) makeRoom(now instant, replaces bool) error {
	for {
		err := m.full(replaces)
		if err == nil || m.purge(now, 1) == 0 {
			return err
		}
	}
}

func (m *Memory) full(replaces bool) error {
	switch {
	case len(m.records) >= m.maxRecords && !replaces:
		return &Unavailable{fmt.Errorf("the memory store is full: it keeps %d records, its maximum", len(m.records))}
	case m.bytes >= m.maxBytes:
		return &Unavailable{fmt.Errorf("the memory store is full: its records take %d bytes of at most %d", m.bytes, m.maxBytes)}
	}
	return nil
}

// purge removes up to limit records that are past their retention, and returns their number.
func (m *Memory) purge(now instant, limit int) int {
	n := 0
	for ; n < limit && m.ends.due(now.mono); n++ {
		m.remove(m.ends[0].of)
	}
	return n
}

func (m *Memory) add(c Claim, freed *entry, now instant) *entry {
	e := &entry{
		Record: Record{
			ID: c.ID, State: InFlight, Caller: bytes.Clone(c.Caller), Operation: c.Operation, Fingerprint: bytes.Clone(c.Fingerprint),
			SealingKey: c.SealingKey, Started: now.wall, Deadline: now.wall.Add(c.Lease).Truncate(time.Millisecond),
			Attempt: AttemptOf(c.Owner),
		},
		owner: c.Owner,
		freed: freed,
		size:  recordOverhead + int64(len(c.ID)+len(c.Caller)+len(c.Operation)+len(c.Fingerprint)+len(c.SealingKey)+len(c.Owner)),
	}
	e.lease = timer{at: later(now.mono, c.Lease), of: e}
	e.end = timer{at: later(e.lease.at, m.retention.Unknown), of: e}
	m.open[e] = struct{}{}
	heap.Push(&m.leases, &e.lease)
	m.place(e)
	return e
}

// place adds a record to the map and to the schedule of retentions.
func (m *Memory) place(e *entry) {
	heap.Push(&m.ends, &e.end)
	m.records[e.ID] = e
	m.bytes += e.total()
}

// total is the size of a record and of the one that it replaced.
func (e *entry) total() int64 {
	if e.freed != nil {
		return e.size + e.freed.size
	}
	return e.size
}

func (m *Memory) setResult(e *entry, result []byte) {
	e.Result = append([]byte{}, result...)
	e.size += int64(len(result))
	m.bytes += int64(len(result))
}

// lapse turns a record whose lease has passed into Unknown, since the time of the deadline: the end of its retention was set with the claim
// and stays.
func (m *Memory) lapse(e *entry) {
	m.turn(e, Unknown)
	e.Ended = e.Deadline
}

// conclude turns a record into Done, Unknown or Freed, now.
func (m *Memory) conclude(e *entry, s State, now instant) {
	m.turn(e, s)
	e.Ended = now.wall
	retention := m.retention.Done
	if s == Unknown {
		retention = m.retention.Unknown
	}
	e.end.at = later(now.mono, retention)
	heap.Fix(&m.ends, e.end.index)
}

// turn moves a record from one state to another, and between the lists of the two.
func (m *Memory) turn(e *entry, s State) {
	m.leave(e)
	e.State = s
	if s == Unknown {
		m.unknown++
	} else {
		delete(m.open, e)
	}
}

func (m *Memory) remove(e *entry) {
	m.leave(e)
	delete(m.open, e)
	heap.Remove(&m.ends, e.end.index)
	delete(m.records, e.ID)
	m.bytes -= e.total()
}

// leave removes a record from the lists of its state.
func (m *Memory) leave(e *entry) {
	switch e.State {
	case InFlight:
		heap.Remove(&m.leases, e.lease.index)
	case Unknown:
		m.unknown--
	case Done, Freed:
	}
}

// unshare replaces the bytes of a record with copies.
func (r *Record) unshare() {
	r.Caller, r.Fingerprint, r.Result = bytes.Clone(r.Caller), bytes.Clone(r.Fingerprint), bytes.Clone(r.Result)
}

// later adds without overflow: a retention of many years is endless, not in the past.
func later(at, d time.Duration) time.Duration {
	if d > math.MaxInt64-at {
		return math.MaxInt64
	}
	return at + d
}

// timer is a place in a schedule.
type timer struct {
	at    time.Duration
	of    *entry
	index int
}

func (t *timer) due(now time.Duration) bool { return t.at <= now }

// schedule is a heap of timers, the earliest first.
type schedule []*timer

func (s schedule) due(now time.Duration) bool { return len(s) > 0 && s[0].due(now) }

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].at < s[j].at }

func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

// Push appends a *timer.
func (s *schedule) Push(x any) {
	if t, ok := x.(*timer); ok {
		t.index = len(*s)
		*s = append(*s, t)
	}
}

// Pop removes the last timer.
func (s *schedule) Pop() any {
	last := len(*s) - 1
	t := (*s)[last]
	(*s)[last] = nil // or the record would live as long as the array
	*s = (*s)[:last]
	return t
}
