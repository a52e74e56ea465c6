package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

// callEveryMethod calls each method successfully.
func callEveryMethod(t *testing.T, s *redis.Store) {
	t.Helper()
	ctx := t.Context()
	done, dropped, settled, lost := newClaim(), newClaim(), newClaim(), newClaim()
	lost.Lease = 0
	for _, c := range []idempotency.Claim{done, dropped, settled, lost} {
		holds(t, s, c)
	}
	_, settling := s.Settle(ctx, settled.ID, finding(settled, false))
	if !errors.Is(settling, idempotency.ErrNotUnknown) {
		t.Errorf("settling what is in flight: %v", settling)
	}
	if err := errors.Join(
		s.Finish(ctx, done.ID, done.Owner, []byte("result")), begin(t, s, done, false),
		s.Release(ctx, dropped.ID, dropped.Owner),
		s.MarkUnknown(ctx, settled.ID, settled.Owner),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Settle(ctx, settled.ID, finding(settled, false)); err != nil {
		t.Error(err)
	}
	holds(t, s, settled)
	eventually(t, "the lost claim is swept", func() error {
		if n, err := s.Sweep(ctx); n != 1 || err != nil {
			return fmt.Errorf("turned %d, %w", n, err)
		}
		return nil
	})
	if list, total, err := s.Unknowns(ctx, idempotency.Cursor{}, 10); err != nil || total != 1 || len(list) != 1 || list[0].ID != lost.ID {
		t.Errorf("Unknowns: %v of %d, %v", list, total, err)
	}
	if err := s.Finish(ctx, lost.ID, lost.Owner, []byte("late")); err != nil {
		t.Error(err)
	}
	eventually(t, "the store is ready", func() error { return ready(t, s) })
}

// begin claims and checks who holds the claim.
func begin(tb testing.TB, s idempotency.Store, c idempotency.Claim, acquired bool) error {
	r, got, err := s.Begin(tb.Context(), c)
	if err == nil && got != acquired {
		err = fmt.Errorf("acquired %t, want %t: %+v", got, acquired, r)
	}
	return err
}

// holds claims, repeatedly while replicas are late.
func holds(tb testing.TB, s idempotency.Store, c idempotency.Claim) {
	tb.Helper()
	eventually(tb, "the claim holds", func() error { return begin(tb, s, c, true) })
}

func wantState(t *testing.T, s idempotency.Store, c idempotency.Claim, want idempotency.State) {
	t.Helper()
	if r, err := s.Get(t.Context(), c.ID); err != nil || r.State != want {
		t.Errorf("the record is %+v, %v, want state %s", r, err, want)
	}
}

// warm connects and loads the scripts of all methods about one record.
func warm(tb testing.TB, s *redis.Store) {
	tb.Helper()
	c := newClaim()
	ctx := tb.Context()
	holds(tb, s, c)
	for name, call := range map[string]func() error{
		"get":     func() error { _, err := s.Get(ctx, c.ID); return err },
		"mark":    func() error { return s.MarkUnknown(ctx, c.ID, c.Owner) },
		"finish":  func() error { return s.Finish(ctx, c.ID, c.Owner, nil) },
		"settle":  func() error { _, err := s.Settle(ctx, c.ID, finding(c, false)); return err },
		"release": func() error { return s.Release(ctx, c.ID, c.Owner) },
	} {
		eventually(tb, name, func() error { // any answer will do
			if err := call(); unavailable(err) {
				return err
			}
			return nil
		})
	}
}

// finding returns an operator's settlement of a claim's attempt.
func finding(c idempotency.Claim, executed bool) idempotency.Settlement {
	s := idempotency.Settlement{Attempt: idempotency.AttemptOf(c.Owner), Executed: executed}
	if executed {
		s.Result = []byte("r")
	}
	return s
}

func ready(t *testing.T, s idempotency.Store) error {
	t.Helper()
	_, err := s.Ready(t.Context())
	return err
}

func newClaim() idempotency.Claim {
	return idempotency.Claim{
		ID: uuid.NewString(), Caller: []byte("caller"), Operation: "CreateService", Fingerprint: []byte("fingerprint"), SealingKey: "2026-11",
		Owner: uuid.NewString(), Lease: longLease,
	}
}

// open opens a store as the product does. It fails on a machine that is too slow for its limits.
func open(tb testing.TB, o redis.Options) *redis.Store {
	tb.Helper()
	return closing(tb, redis.New(quietly(o)))
}

// openPatient opens a store for tests that do not depend on time.
func openPatient(tb testing.TB, o redis.Options) *redis.Store {
	tb.Helper()
	return closing(tb, redis.NewPatient(quietly(o), nil))
}

func quietly(o redis.Options) redis.Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Guard = &guard.Guard{Log: o.Log}
	return o
}

func closing(tb testing.TB, s *redis.Store) *redis.Store {
	tb.Helper()
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func unavailable(err error) bool { return errors.As(err, new(*idempotency.Unavailable)) }

// eventually waits until check returns nil.
func eventually(tb testing.TB, what string, check func() error) {
	tb.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	tb.Fatalf("after %v, still waiting: %s: %v", patience, what, err)
}

func with(list []string, more ...string) []string { return append(slices.Clone(list), more...) }

// texts reads an array reply.
func texts(reply any) []string {
	list, _ := reply.([]any)
	all := make([]string, len(list))
	for i, item := range list {
		all[i] = fmt.Sprint(item)
	}
	return all
}

// calls returns how often the server ran a command since its statistics were reset.
func calls(server *redistest.Server, command string) int {
	_, rest, _ := strings.Cut(fmt.Sprint(server.Do("INFO", "commandstats")), "cmdstat_"+command+":calls=")
	n := 0
	_, _ = fmt.Sscanf(rest, "%d,", &n) // stays 0 for a command that never ran
	return n
}

// wire makes connections that count round trips and lose replies.
type wire struct {
	trips, dials atomic.Int64
	lose         atomic.Int64 // which of the next replies to lose; 0 for none
	crash        atomic.Bool  // the next write panics
}

func (w *wire) open(tb testing.TB, o redis.Options) *redis.Store {
	tb.Helper()
	return closing(tb, redis.NewPatient(quietly(o), w.dial))
}

// awaitCall waits until a call is on its way to the server.
func (w *wire) awaitCall(t *testing.T) {
	t.Helper()
	eventually(t, "a call is on its way", func() error {
		if w.trips.Load() == 0 {
			return errors.New("nothing is written")
		}
		return nil
	})
}

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.dials.Add(1)
	return &wireConn{Conn: c, wire: w}, nil
}

type wireConn struct {
	net.Conn
	wire    *wire
	written atomic.Bool // since the last read
}

// Write begins a round trip unless it continues one: a request that is longer than a buffer is written in pieces.
func (c *wireConn) Write(b []byte) (int, error) {
	if !c.written.Swap(true) {
		c.wire.trips.Add(1)
	}
	if c.wire.crash.Swap(false) {
		panic("made up")
	}
	return c.Conn.Write(b)
}

func (c *wireConn) Read(b []byte) (int, error) {
	c.written.Store(false)
	n, err := c.Conn.Read(b)
	if n > 0 && c.wire.lose.Load() > 0 && c.wire.lose.Add(-1) == 0 {
		return 0, errors.Join(io.EOF, c.Close())
	}
	return n, err
}

// syncBuffer is safe for concurrent use.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
