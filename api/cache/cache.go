// Package cache keeps the answers to reads for a short while, in this process or in all that share a Redis.
//
// An answer is given to the caller who asked, unless the operation shares it; it is never a failure, and never given after its time. Every answer
// belongs to a generation of its operation, which is read before the vendor is asked and which Invalidate ends. So what was asked for before a write
// is given to no call that comes after Invalidate, in any process, with three exceptions, until the answer's time is up:
//
//   - Redis was away. This process then uses no answer of the operation until Redis has taken the end; the other processes do.
//   - Redis lost the end of the generation in a failover.
//   - The process of the write was killed before Invalidate.
//
// A Redis that evicts answers or generations causes more calls, and no older answers. One that is away, or full, makes reads uncached, and at most a
// few hundred milliseconds slower: see patience and askAgain. Then calls of other processes are not waited for, either.
package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"soapbridge/api/idempotency"
)

const (
	// MaxEntry is the most that an entry takes, in bytes. What is larger is not kept.
	MaxEntry = 64 << 10
	// patience is how long an exchange with the store takes at most, beside the making of a connection.
	patience = 250 * time.Millisecond
	// askAgain is how long the store is not asked after it has failed. Then one call finds out whether it is back.
	askAgain = time.Second
	// The pauses of a process that waits for the answer of another, the first and the longest.
	firstPause, longestPause = 10 * time.Millisecond, 100 * time.Millisecond
	// lockMargin is how long a lock outlives the longest call: for the exchanges with the store.
	lockMargin = 2 * time.Second
)

// How is what an answer came to.
type How string

// The ways to an answer.
const (
	Hit       How = "hit"
	Missed    How = "miss"      // the vendor was asked
	Collapsed How = "collapsed" // the vendor was asked once for several calls, by another one
	Refreshed How = "refresh"   // the vendor was asked because the caller wants no kept answer
	Bypassed  How = "bypass"    // the vendor was asked because the store is away
)

// Hows are all of them.
var Hows = []How{Hit, Missed, Collapsed, Refreshed, Bypassed}

// Question is what a caller asks. Equal questions have one answer.
type Question struct {
	// Operation is that of the read, by a name that no other one has.
	Operation string
	// Caller is whose answer it is, and empty for one that all share. Identity is whom the vendor takes for the user; its answers may differ for each.
	Caller, Identity string
	// Content appends the request: equal bytes for equal requests.
	Content func([]byte) []byte
	// TTL is how long an answer is kept.
	TTL time.Duration
	// Patience is the longest that asking takes. So long a process waits for the answer of another one at most, before it asks, too.
	Patience time.Duration
}

// Answer is a success, or how a failure came about.
type Answer struct {
	How  How
	Body []byte
	// Age is how long ago the answer was given, and Left how long it is kept; 0 where it is not.
	Age, Left time.Duration
}

// store keeps entries. Only one that other processes share can fail.
type store interface {
	// lookup returns the generation of an operation, which is made if there is none, and the entry of a name, nil where there is none, with the time
	// that is left of it.
	lookup(ctx context.Context, operation, name string) (generation string, entry []byte, left time.Duration, err error)
	put(ctx context.Context, name string, entry []byte, ttl time.Duration) error
	// invalidate ends the generation of an operation.
	invalidate(ctx context.Context, operation string) error
	// lock reports whether the owner has the lock of a name now, for so long at most.
	lock(ctx context.Context, name, owner string, atMost time.Duration) (bool, error)
	unlock(ctx context.Context, name, owner string) error
	ping(ctx context.Context) error
	close() error
}

// Cache keeps answers.
type Cache struct {
	store   store
	vault   *idempotency.Vault
	log     *slog.Logger
	turns   turns
	flights singleflight.Group
	// writes counts the calls of Invalidate.
	writes atomic.Int64
	// away is nil while the store answers, else when it is asked again.
	away atomic.Pointer[time.Time]

	mu sync.Mutex
	// owed counts the writes whose end of a generation the store did not take, by operation.
	owed map[string]int
}

func newCache(s store, v *idempotency.Vault, log *slog.Logger) *Cache {
	return &Cache{store: s, vault: v, log: log, turns: turns{of: map[string]*turn{}}, owed: map[string]int{}}
}

// Check reports whether the store answers.
func (c *Cache) Check(ctx context.Context) error { return c.exchange(ctx, c.store.ping) }

// Close ends the connections to the store.
func (c *Cache) Close() error { return c.store.close() }

// Get returns the kept answer to a question, or asks for one and keeps it. All calls that ask the same at one time, in all processes that share the
// store, wait for one answer. With refresh no kept answer is used. ctx carries values only: others may wait for what a caller who has gone has
// asked. The error is that of ask, and may be another call's.
func (c *Cache) Get(ctx context.Context, q Question, refresh bool, ask func() ([]byte, error)) (Answer, error) {
	l := c.look(q, ask)
	kept, err := l.find(ctx)
	switch {
	case err != nil: // the calls of this process can still wait for one answer
		return c.together(l.name+" "+strconv.FormatInt(c.writes.Load(), 10), func() (Answer, error) {
			body, err := ask()
			return Answer{How: Bypassed, Body: body}, err
		})
	case refresh:
		return l.ask(ctx, Refreshed)
	case kept.Body != nil:
		return kept, nil
	}
	return c.together(l.flight(), func() (Answer, error) { return l.fly(ctx) })
}

// together does something once for all calls of this process that want it at one time.
func (c *Cache) together(flight string, do func() (Answer, error)) (Answer, error) {
	leads := false
	flown, err, _ := c.flights.Do(flight, func() (any, error) {
		leads = true
		return do()
	})
	a, _ := flown.(Answer)
	if !leads {
		a.How = Collapsed
	}
	return a, err
}

// look is one search for an answer.
type look struct {
	*Cache
	Question

	name       string // of the entry
	generation string // of the operation, before the vendor is asked
	asks       func() ([]byte, error)
}

func (c *Cache) look(q Question, ask func() ([]byte, error)) *look {
	return &look{Cache: c, Question: q, name: c.vault.CacheName(q.Content, q.Operation, q.Caller, q.Identity), asks: ask}
}

// flight names the calls that can have one answer: one that began before a write is not that of a call after it.
func (l *look) flight() string { return l.name + l.generation }

// find returns the kept answer; without one its body is nil. The first time it finds the generation, too.
func (l *look) find(ctx context.Context) (Answer, error) {
	f := l.turns.take(l.name, func() found { return l.lookUp(ctx) })
	if l.generation == "" {
		l.generation = f.generation
	}
	return f.answer, f.err
}

func (l *look) lookUp(ctx context.Context) (f found) {
	if f.err = l.settle(ctx, l.Operation); f.err != nil {
		return f
	}
	var entry []byte
	var left time.Duration
	f.err = l.exchange(ctx, func(ctx context.Context) (err error) {
		f.generation, entry, left, err = l.store.lookup(ctx, l.Operation, l.name)
		return err
	})
	if f.err != nil || entry == nil {
		return f
	}
	// It does not open where it is of an older generation, or of a key that this process does not have.
	if body, err := l.vault.OpenCached(l.name+f.generation, entry); err == nil {
		left = min(left, l.TTL)
		f.answer = Answer{How: Hit, Body: body, Age: l.TTL - left, Left: left}
	}
	return f
}

// fly asks, unless another process does: then its answer is awaited.
func (l *look) fly(ctx context.Context) (Answer, error) {
	owner, how := rand.Text(), Hit
	deadline := time.Now().Add(l.Patience)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		locked := false
		err := l.exchange(ctx, func(ctx context.Context) (err error) {
			locked, err = l.store.lock(ctx, l.flight(), owner, l.Patience+lockMargin)
			return err
		})
		if locked {
			defer l.unlock(ctx, owner)
		}
		// Also with the lock: its last owner may have kept an answer since it was looked for.
		if kept, err := l.find(ctx); err == nil && kept.Body != nil {
			kept.How = how
			return kept, nil
		}
		if locked || err != nil || time.Now().After(deadline) {
			return l.ask(ctx, Missed)
		}
		time.Sleep(pause)
		how = Collapsed
	}
}

// unlock lets another process ask. Where the store does not take that, the lock ends by itself.
func (l *look) unlock(ctx context.Context, owner string) {
	_ = l.exchange(ctx, func(ctx context.Context) error { return l.store.unlock(ctx, l.flight(), owner) })
}

// ask asks, and keeps a success.
func (l *look) ask(ctx context.Context, how How) (Answer, error) {
	body, err := l.asks()
	a := Answer{How: how, Body: body}
	if err != nil {
		return a, err
	}
	entry := l.vault.SealCached(l.name+l.generation, body)
	if len(entry) > MaxEntry {
		return a, nil
	}
	if l.exchange(ctx, func(ctx context.Context) error { return l.store.put(ctx, l.name, entry, l.TTL) }) == nil {
		a.Left = l.TTL
	}
	return a, nil
}

// Invalidate makes the kept answers to reads stale, after what may have changed them.
func (c *Cache) Invalidate(ctx context.Context, operations ...string) {
	c.writes.Add(1)
	for _, operation := range operations {
		c.mu.Lock()
		c.owed[operation]++
		c.mu.Unlock()
		_ = c.settle(ctx, operation) // else the next read tries again
	}
}

// settle ends the generation of an operation where that is owed.
func (c *Cache) settle(ctx context.Context, operation string) error {
	c.mu.Lock()
	owed := c.owed[operation]
	c.mu.Unlock()
	if owed == 0 {
		return nil
	}
	if err := c.exchange(ctx, func(ctx context.Context) error { return c.store.invalidate(ctx, operation) }); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owed[operation] == owed { // else another write came after the exchange began
		delete(c.owed, operation)
	}
	return nil
}

var errAway = errors.New("the cache did not answer lately")

// exchange does something with the store, unless it has failed lately.
func (c *Cache) exchange(ctx context.Context, do func(context.Context) error) error {
	next := time.Now().Add(askAgain)
	if away := c.away.Load(); away != nil && (time.Now().Before(*away) || !c.away.CompareAndSwap(away, &next)) {
		return errAway
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := do(ctx)
	if err == nil {
		if c.away.Swap(nil) != nil {
			c.log.Info("the cache of reads answers again")
		}
		return nil
	}
	next = time.Now().Add(askAgain)
	if c.away.Swap(&next) == nil {
		c.log.Warn("the cache of reads does not answer: reads are not cached until it does", slog.String("cause", err.Error()))
	}
	return err
}
