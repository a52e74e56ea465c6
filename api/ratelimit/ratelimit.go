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

// ahead is how many calls of a limit a process holds before they are asked for, so that no call waits for Redis: a twentieth, but at least one
// where that leaves some to other processes. A process that holds some and makes no more calls keeps them from the others for a period.
func (l Limit) ahead() int {
	const part, fewest, most = 20, 5, 1000
	if l.Calls < fewest {
		return 0
	}
	return min(max(1, l.Calls/part), most)
}

const (
	// patience is how long a call waits for Redis. A claim needs the same Redis afterwards, and has 800 ms more.
	patience = 300 * time.Millisecond
	// askAgain is how long Redis is not asked after it has failed. Then one key asks, and until Redis has answered no call waits for it.
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

// Take takes one call of a key's limit. It waits for Redis, up to 300 ms, where this process holds none: for the first call of a key in a period,
// for limits below 5, and where calls come faster than Redis answers. A ctx that ends meanwhile is a refusal.
func (l *Limiter) Take(ctx context.Context, key string) Verdict {
	b := l.bucket(key)
	for deadline := time.Now().Add(l.wait); ; {
		now := time.Now()
		ask, wait := l.mayAsk(now)
		v, fetched := b.take(now, ask, wait && now.Before(deadline))
		if fetched == nil {
			return v
		}
		select {
		case <-fetched:
		case <-ctx.Done():
			return Verdict{}
		}
	}
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
	held    int           // calls that were fetched and not used
	until   time.Time     // when what is held has come back in Redis
	fetched chan struct{} // closed when the fetch that runs has ended; nil without one
	waiting int           // calls that wait for it
	left    int           // calls in Redis, as it said
	empty   time.Time     // before this, Redis has none
	full    time.Time     // when Redis has all again, as it said
	local   *rate.Limiter // in place of Redis
}

// mayAsk reports whether Redis may be asked, and whether a call may wait for its answer.
func (l *Limiter) mayAsk(now time.Time) (ask, wait bool) {
	if l.shared == nil {
		return false, false
	}
	away := l.away.Load()
	if away == nil {
		return true, true
	}
	next := now.Add(askAgain)
	return now.After(*away) && l.away.CompareAndSwap(away, &next), false
}

// take returns a verdict, or the fetch to wait for. ask lets it fetch, wait lets it wait for that.
func (b *bucket) take(now time.Time, ask, wait bool) (v Verdict, fetched <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.After(b.until) {
		b.held = 0
	}
	ahead, empty := b.limiter.ahead, now.Before(b.empty)
	if b.held > 0 {
		b.held--
		v = Verdict{Allowed: true, Remaining: b.left + b.held, Reset: b.full.Sub(now)}
	}
	if ask && !empty && b.fetched == nil && (!v.Allowed || b.held < (ahead+1)/2) {
		b.fetch(b.waiting + 1 + ahead - b.held)
	}
	switch {
	case v.Allowed:
		return v, nil
	case !wait:
		return b.takeLocal(now), nil
	case empty:
		return Verdict{Retry: b.empty.Sub(now), Reset: b.full.Sub(now)}, nil
	}
	b.waiting++
	return Verdict{}, b.fetched
}

func (b *bucket) takeLocal(now time.Time) Verdict {
	v := Verdict{Allowed: b.local.AllowN(now, 1)}
	tokens := b.local.TokensAt(now)
	interval := b.limiter.limit.interval()
	v.Remaining, v.Reset = max(0, int(tokens)), after(float64(b.limiter.limit.Calls)-tokens, interval)
	if !v.Allowed {
		v.Retry = after(1-tokens, interval)
	}
	return v
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
			r, err = l.shared.Redis.AllowAtMost(ctx, l.shared.Name(b.key), l.limit.shared(), n)
			return err
		})
		now := time.Now()
		l.answered(now, err)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.fetched, b.waiting = nil, 0
		if err == nil {
			b.keep(now, n, r)
		}
	})
}

// keep keeps what Redis has answered when it was asked for n calls.
func (b *bucket) keep(now time.Time, n int, r *redis_rate.Result) {
	b.held, b.until = b.held+r.Allowed, now.Add(b.limiter.limit.Period)
	b.left, b.full = r.Remaining, now.Add(r.ResetAfter)
	switch {
	case r.Allowed == 0:
		b.empty = now.Add(r.RetryAfter)
	case r.Allowed < n: // what is left is a part of a call
		b.empty = now.Add(b.limiter.limit.interval())
	}
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
