package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

func newVault(t *testing.T) *idempotency.Vault {
	t.Helper()
	v, err := idempotency.NewRandomVault()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// onRedis is a cache on a server. Those with one vault share their answers.
func onRedis(t *testing.T, server *redistest.Server, v *idempotency.Vault) *Cache {
	t.Helper()
	return at(t, v, server.Addr())
}

// at is a cache on the servers of these addresses.
func at(t *testing.T, v *idempotency.Vault, addrs ...string) *Cache {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	c := NewRedis(redis.NewCacheClient(redis.Options{Addrs: addrs, Log: log}), v, log)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// asking is a question about a text.
func asking(text string) Question {
	return Question{
		Operation: "s/Find", Caller: "web", TTL: time.Minute, Patience: 10 * time.Second,
		Content: func(b []byte) []byte { return append(b, text...) },
	}
}

// counting answers with the number of the question.
func counting() (ask func() ([]byte, error), asked *atomic.Int64) {
	asked = &atomic.Int64{}
	return func() ([]byte, error) { return fmt.Append(nil, asked.Add(1)), nil }, asked
}

// mustGet gets an answer, which must have come so.
func mustGet(t *testing.T, c *Cache, q Question, ask func() ([]byte, error), how How, body string) Answer {
	t.Helper()
	a, err := c.Get(t.Context(), q, false, ask)
	if err != nil || a.How != how || string(a.Body) != body {
		t.Errorf("%s %s, %v; want %s %s", a.How, a.Body, err, how, body)
	}
	return a
}

// TestCaches: in memory and on Redis alike.
func TestCaches(t *testing.T) {
	for name, of := range map[string]func(*idempotency.Vault) *Cache{
		"memory":  func(v *idempotency.Vault) *Cache { return NewMemory(v, slog.New(slog.DiscardHandler)) },
		"redis":   func(v *idempotency.Vault) *Cache { return onRedis(t, redistest.Start(t), v) },
		"cluster": func(v *idempotency.Vault) *Cache { return at(t, v, redistest.StartCluster(t).Addrs()...) },
	} {
		t.Run(name, func(t *testing.T) {
			c := of(newVault(t))
			ask, _ := counting()
			if a := mustGet(t, c, asking("a"), ask, Missed, "1"); a.Left != time.Minute || a.Age != 0 {
				t.Errorf("it is kept for %v", a.Left)
			}
			if a := mustGet(t, c, asking("a"), ask, Hit, "1"); a.Left > time.Minute || a.Left < 50*time.Second || a.Age+a.Left != time.Minute {
				t.Errorf("it is %v old, and kept for %v", a.Age, a.Left)
			}
			other := asking("a")
			other.Caller = "app"
			mustGet(t, c, other, ask, Missed, "2")
			other.Identity = "token"
			mustGet(t, c, other, ask, Missed, "3")
			other.Operation = "s/Other"
			mustGet(t, c, other, ask, Missed, "4")
			c.Invalidate(t.Context(), "s/Find")
			mustGet(t, c, other, ask, Hit, "4")
			mustGet(t, c, asking("a"), ask, Missed, "5")
			failed := errors.New("failed")
			if a, err := c.Get(t.Context(), asking("b"), false, func() ([]byte, error) { return nil, failed }); !errors.Is(err, failed) || a.How != Missed {
				t.Errorf("%v %v", a, err)
			}
			large := func() ([]byte, error) { return bytes.Repeat([]byte("x"), MaxEntry), nil }
			if a, err := c.Get(t.Context(), asking("b"), false, large); err != nil || a.Left != 0 || len(a.Body) != MaxEntry {
				t.Errorf("what is too large: %v, %v", a.Left, err)
			}
			short := asking("c")
			short.TTL = 20 * time.Millisecond
			mustGet(t, c, short, ask, Missed, "6")
			time.Sleep(30 * time.Millisecond)
			mustGet(t, c, short, ask, Missed, "7")
		})
	}
}

// TestOneAskedAtATime: also where the first answer is a failure, which all who wait for it get, or cannot be kept.
func TestOneAskedAtATime(t *testing.T) {
	server, v := redistest.Start(t), newVault(t)
	caches := [...]*Cache{onRedis(t, server, v), onRedis(t, server, v)}
	running, most := atomic.Int64{}, atomic.Int64{}
	for name, answer := range map[string]func(n int64) ([]byte, error){
		"a success":         func(int64) ([]byte, error) { return []byte("1"), nil },
		"a failure":         func(int64) ([]byte, error) { return nil, errors.New("failed") },
		"what is not kept":  func(int64) ([]byte, error) { return bytes.Repeat([]byte("x"), MaxEntry), nil },
		"success at second": func(n int64) ([]byte, error) { return []byte("2"), map[bool]error{true: errors.New("failed")}[n == 1] },
	} {
		asked, all := atomic.Int64{}, sync.WaitGroup{}
		for i := range 20 {
			all.Go(func() {
				_, _ = caches[i%2].Get(t.Context(), asking(name), false, func() ([]byte, error) {
					most.Store(max(most.Load(), running.Add(1)))
					defer running.Add(-1)
					time.Sleep(200 * time.Millisecond)
					return answer(asked.Add(1))
				})
			})
		}
		all.Wait()
		if want := map[bool]int64{true: 1, false: 2}[name == "a success"]; asked.Load() > want || most.Load() != 1 {
			t.Errorf("%s: asked %d times, %d at once", name, asked.Load(), most.Load())
		}
	}
}

// TestADeadProcessHoldsOthersUp for as long as its call could have taken, and no longer.
func TestADeadProcessHoldsOthersUp(t *testing.T) {
	server, v := redistest.Start(t), newVault(t)
	c, q := onRedis(t, server, v), asking("a")
	ask, _ := counting()
	l := c.look(q, ask)
	if _, err := l.find(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Do("SET", lockKey+l.flight(), "dead", "PX", 60_000)
	q.Patience = 300 * time.Millisecond
	began := time.Now()
	mustGet(t, c, q, ask, Missed, "1")
	if took := time.Since(began); took < q.Patience || took > 5*time.Second {
		t.Errorf("it takes %v", took)
	}
	if owner := fmt.Sprint(server.Do("GET", lockKey+l.flight())); owner != "dead" {
		t.Errorf("the lock of another is %q", owner)
	}
}

// TestLostGenerations: a Redis that evicts a generation makes no answer fresh again.
func TestLostGenerations(t *testing.T) {
	server := redistest.Start(t)
	c := onRedis(t, server, newVault(t))
	ask, _ := counting()
	mustGet(t, c, asking("a"), ask, Missed, "1")
	c.Invalidate(t.Context(), "s/Find")
	server.Do("DEL", generationKey+"s/Find")
	mustGet(t, c, asking("a"), ask, Missed, "2")
	mustGet(t, c, asking("a"), ask, Hit, "2")
}

// failing is a store that fails at will.
type failing struct {
	store

	fails atomic.Bool
}

var errDown = errors.New("down")

func (f *failing) lookup(ctx context.Context, operation, name string) (string, []byte, time.Duration, error) {
	if f.fails.Load() {
		return "", nil, 0, errDown
	}
	return f.store.lookup(ctx, operation, name)
}

func (f *failing) invalidate(ctx context.Context, operation string) error {
	if f.fails.Load() {
		return errDown
	}
	return f.store.invalidate(ctx, operation)
}

// TestOwedInvalidations: what a write has made stale while the store was away is not given when it is back.
func TestOwedInvalidations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &bytes.Buffer{}
		s := &failing{store: newMemory(memoryLimit)}
		c := newCache(s, newVault(t), slog.New(slog.NewTextHandler(log, nil)))
		ask, _ := counting()
		mustGet(t, c, asking("a"), ask, Missed, "1")
		s.fails.Store(true)
		c.Invalidate(t.Context(), "s/Find")
		for n := range 5 {
			mustGet(t, c, asking("a"), ask, Bypassed, fmt.Sprint(2+n))
		}
		s.fails.Store(false)
		mustGet(t, c, asking("a"), ask, Bypassed, "7") // it is not asked again yet
		time.Sleep(askAgain + time.Millisecond)
		mustGet(t, c, asking("a"), ask, Missed, "8")
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines: %s", n, log)
		}
	})
}

// TestMemoryIsBounded: what was not used for the longest time makes room.
func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(10 * (1000 + entryCost))
	for i := range 100 {
		if err := m.put(t.Context(), fmt.Sprint(i%50), make([]byte, 1000), time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, entry, _, _ := m.lookup(t.Context(), "s/Find", "0"); entry == nil {
			t.Error("an entry in use is gone")
		}
	}
	if m.entries.Len() != 10 || m.size != m.limit {
		t.Errorf("%d entries of %d bytes", m.entries.Len(), m.size)
	}
}

// TestWithoutAStoreOneAsksForAll calls of a process, but for those that came after a write.
func TestWithoutAStoreOneAsksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &failing{store: newMemory(memoryLimit)}
		s.fails.Store(true)
		c := newCache(s, newVault(t), slog.New(slog.DiscardHandler))
		ask, asked := counting()
		goOn := make(chan struct{})
		slow := func() ([]byte, error) {
			body, err := ask()
			<-goOn
			return body, err
		}
		for n := range 20 {
			if n == 10 {
				synctest.Wait()
				c.Invalidate(t.Context(), "s/Find")
			}
			go func() { _, _ = c.Get(t.Context(), asking("a"), false, slow) }()
		}
		synctest.Wait()
		close(goOn)
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

// TestTurns: calls share a look-up that began after they came, and none that began before.
func TestTurns(t *testing.T) {
	turns := turns{of: map[string]*turn{}}
	looked, began, goOn, all := atomic.Int64{}, make(chan struct{}), make(chan struct{}), sync.WaitGroup{}
	take := func(first int64) {
		f := turns.take("a", func() found {
			n := looked.Add(1)
			if n == 1 {
				close(began)
				<-goOn
			}
			return found{generation: fmt.Sprint(n)}
		})
		if (f.generation == "1") != (first == 1) {
			t.Errorf("call %d has the look-up %s", first, f.generation)
		}
	}
	all.Go(func() { take(1) })
	<-began
	for range 10 {
		all.Go(func() { take(2) })
	}
	for waiting := 0; waiting < 11; time.Sleep(time.Millisecond) {
		turns.mu.Lock()
		waiting = turns.of["a"].calls
		turns.mu.Unlock()
	}
	close(goOn)
	all.Wait()
	if n := looked.Load(); n != 2 || len(turns.of) != 0 {
		t.Errorf("%d look-ups, and %d names are left", n, len(turns.of))
	}
}
