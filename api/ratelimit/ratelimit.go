// Package ratelimit limits how often something may be done, in this process or in all that share a Redis.
package ratelimit

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"soapbridge/api/guard"
)

// Limit is a token bucket: so many calls at once, which come back evenly within the period.
type Limit struct {
	Calls  int // at least 1
	Period time.Duration
}

// String returns the limit in the syntax of the settings: "100/s".
func (l Limit) String() string {
	for _, unit := range []struct {
		period time.Duration
		name   string
	}{{time.Second, "s"}, {time.Minute, "m"}, {time.Hour, "h"}} {
		if l.Period == unit.period {
			return strconv.Itoa(l.Calls) + "/" + unit.name
		}
	}
	return strconv.Itoa(l.Calls) + " in " + l.Period.String()
}

func (l Limit) shared() redis_rate.Limit {
	return redis_rate.Limit{Rate: l.Calls, Burst: l.Calls, Period: l.Period}
}

// interval is how long it takes until one call comes back.
func (l Limit) interval() time.Duration { return l.Period / time.Duration(l.Calls) }

// ahead is how many calls of a limit a process holds before they are asked for, so that no call waits for Redis: a twentieth, but at least one.
// A process that holds some and makes no more calls keeps them from the others for a period; so there are none where a call takes more than a second
// to come back.
func (l Limit) ahead() int {
	const part, most = 20, 1000
	if l.interval() > time.Second {
		return 0
	}
	return min(max(1, l.Calls/part), most)
}

const (
	// patience is how long a call waits for Redis. A claim needs the same Redis afterwards, and has 800 ms more.
	patience = 300 * time.Millisecond
	// askAgain is how long Redis is not asked after it has failed. Until it has answered no call waits for it.
	askAgain = time.Second
	// buckets is how many keys a process remembers. One takes about 300 bytes. The one that was not used for the longest time is forgotten:
	// with Redis its count is there, without it starts again.
	buckets = 1 << 16
)

// Limiter applies one limit to each of any number of keys.
type Limiter struct {
	limit   Limit
	shared  *Shared // nil: this process alone
	ahead   int
	wait    time.Duration // patience, but in tests
	buckets *lru.Cache[string, *bucket]
	// away is nil while Redis answers, else when it is asked again.
	away atomic.Pointer[time.Time]
}

// Shared is how processes have a limit together.
type Shared struct {
	Redis *redis_rate.Limiter
	// Name makes a key's name in Redis.
	Name  func(key string) string
	Guard *guard.Guard
}

// New returns a limiter. With shared, all processes that use the same Redis have the limit together, and each alone while Redis does not answer,
// which is logged.
func New(l Limit, shared *Shared) *Limiter {
	kept, err := lru.New[string, *bucket](buckets)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &Limiter{limit: l, shared: shared, ahead: l.ahead(), wait: patience, buckets: kept}
}

// Limit returns the limit of each key.
func (l *Limiter) Limit() Limit { return l.limit }

// Verdict is what Take has found.
type Verdict struct {
	Allowed bool
	// Remaining is how many calls more would be allowed now, about: others may use them.
	Remaining int
	// Reset is how long it takes until the whole limit is there again, and Retry until a call is allowed again, where it was not.
	Reset, Retry time.Duration
}

// Take takes one call of a key's limit. It waits for Redis where this process holds none: for the first call of a key in a period, for limits of less
// than a call a second, and where calls come faster than Redis answers. One answer brings enough for all that wait; it takes at most 300 ms. A ctx that
// ends meanwhile is a refusal.
func (l *Limiter) Take(ctx context.Context, key string) Verdict {
	b := l.bucket(key)
	for waited := 0; ; waited++ {
		v, fetched := b.take(time.Now(), waited)
		if fetched == nil {
			return v
		}
		select {
		case <-fetched:
		case <-ctx.Done():
			b.leave()
			return Verdict{}
		}
	}
}

// Return gives a call back that was taken and not made. This process makes the key's next call with it.
func (l *Limiter) Return(key string) {
	b := l.bucket(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held, b.until = min(b.held+1, l.limit.Calls), time.Now().Add(l.limit.Period)
}

func (l *Limiter) bucket(key string) *bucket {
	if b, known := l.buckets.Get(key); known {
		return b
	}
	b := &bucket{limiter: l, key: key, local: rate.NewLimiter(rate.Every(l.limit.interval()), l.limit.Calls)}
	if other, known, _ := l.buckets.PeekOrAdd(key, b); known {
		return other
	}
	return b
}

// bucket is what this process knows of a key.
type bucket struct {
	limiter *Limiter
	key     string

	mu      sync.Mutex
	held    int           // calls that were fetched, or returned, and not used
	until   time.Time     // when what is held has come back in Redis
	fetched chan struct{} // closed when the fetch that runs has ended; nil without one
	waiting int           // calls that wait for Redis
	left    int           // calls in Redis, as it said
	empty   time.Time     // before this, Redis has none
	full    time.Time     // when Redis has all again, as it said
	local   *rate.Limiter // in place of Redis
}

// mostWaits is how many fetches a call waits for: each brings enough for all that wait, but for what other processes take meanwhile.
const mostWaits = 5

// take returns a verdict, or the fetch to wait for. waited is how many the call has waited for.
func (b *bucket) take(now time.Time, waited int) (v Verdict, fetched <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if waited > 0 {
		b.waiting--
	}
	if now.After(b.until) {
		b.held = 0
	}
	allowed := b.held > 0
	if allowed {
		b.held--
	}
	together := b.askRedis(now, allowed)
	switch {
	case allowed:
		return b.verdict(now, together, true, 0), nil
	case !together:
		return b.takeLocal(now), nil
	case now.Before(b.empty):
		return b.verdict(now, together, false, b.empty.Sub(now)), nil
	case waited == mostWaits:
		return b.verdict(now, together, false, b.limiter.limit.interval()), nil
	}
	b.waiting++
	return Verdict{}, b.fetched
}

// leave is for a call that does not wait any longer.
func (b *bucket) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting--
}

// askRedis fetches where that is needed, and reports whether Redis counts.
func (b *bucket) askRedis(now time.Time, allowed bool) (together bool) {
	l := b.limiter
	if l.shared == nil {
		return false
	}
	want := b.waiting + l.ahead - b.held
	if !allowed {
		want++
	}
	away := l.away.Load()
	needed := !now.Before(b.empty) && (!allowed || b.held < (l.ahead+1)/2)
	if away != nil { // one key finds out whether Redis is back, whatever it needs
		next := now.Add(askAgain)
		needed = now.After(*away) && b.fetched == nil && l.away.CompareAndSwap(away, &next)
	}
	if needed && b.fetched == nil {
		b.fetch(max(1, want))
	}
	return away == nil
}

// takeLocal takes a call of this process's own limit.
func (b *bucket) takeLocal(now time.Time) Verdict {
	allowed, retry := b.local.AllowN(now, 1), time.Duration(0)
	if !allowed {
		retry = after(1-b.local.TokensAt(now), b.limiter.limit.interval())
	}
	return b.verdict(now, false, allowed, retry)
}

// verdict says what is left, as far as this process knows.
func (b *bucket) verdict(now time.Time, together, allowed bool, retry time.Duration) Verdict {
	limit := b.limiter.limit
	left, full := b.left, b.full.Sub(now)
	if !together {
		tokens := b.local.TokensAt(now)
		left, full = int(tokens), after(float64(limit.Calls)-tokens, limit.interval())
	} else if full < 0 {
		left, full = limit.Calls, 0
	}
	return Verdict{Allowed: allowed, Remaining: max(0, min(limit.Calls, left+b.held)), Reset: full, Retry: retry}
}

// after is how long it takes until a number of calls have come back.
func after(calls float64, interval time.Duration) time.Duration {
	return time.Duration(calls * float64(interval))
}

// fetch asks Redis for at most n calls, in the background.
func (b *bucket) fetch(n int) {
	fetched, l := make(chan struct{}), b.limiter
	b.fetched = fetched
	l.shared.Guard.Go("rate limits", func() {
		defer close(fetched)
		var r *redis_rate.Result
		err := l.shared.Guard.Try("rate limits", func() (err error) {
			ctx, cancel := context.WithTimeout(context.Background(), l.wait)
			defer cancel()
			r, err = l.allow(ctx, b.key, n)
			return err
		})
		now := time.Now()
		l.answered(now, err)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.fetched = nil; err == nil {
			b.keep(now, r)
		}
	})
}

// allow returns at most n calls. redis_rate's own AllowAtMost also takes the part of a call that is left and grants nothing for it: callers over a limit
// of 100/s would get 80.
func (l *Limiter) allow(ctx context.Context, key string, n int) (*redis_rate.Result, error) {
	name := l.shared.Name(key)
	for {
		r, err := l.shared.Redis.AllowN(ctx, name, l.limit.shared(), n)
		if err != nil || r.Allowed > 0 {
			return r, err
		}
		if n = min(int(l.limit.there(r)), n-1); n < 1 { // fewer each time, though others take some meanwhile
			return r, nil
		}
	}
}

// there is how many calls are in Redis, with the part of one that has come back.
func (l Limit) there(r *redis_rate.Result) float64 {
	return float64(l.Calls) - float64(r.ResetAfter)/float64(l.interval())
}

// keep keeps what Redis has answered.
func (b *bucket) keep(now time.Time, r *redis_rate.Result) {
	limit := b.limiter.limit
	if r.Allowed > 0 {
		b.held, b.until = b.held+r.Allowed, now.Add(limit.Period)
	}
	there := limit.there(r)
	b.left, b.full, b.empty = int(there), now.Add(r.ResetAfter), now.Add(after(1-there, limit.interval()))
}

// answered remembers whether Redis has answered, and logs the first time when not.
func (l *Limiter) answered(now time.Time, err error) {
	if err == nil {
		l.away.Store(nil)
		return
	}
	next := now.Add(askAgain)
	if l.away.Swap(&next) == nil {
		l.shared.Guard.Log.Warn("Redis does not count the rate limits; this process limits alone until it does", slog.String("cause", err.Error()))
	}
}
