package ratelimit_test

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/api/ratelimit"
)

// TestAlone: one process has the whole limit at once, and it comes back evenly.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Limit{Calls: 3, Period: time.Minute}, nil)
		for want := 2; want >= 0; want-- {
			if v := l.Take(t.Context(), "a"); !v.Allowed || v.Remaining != want || v.Reset != time.Duration(3-want)*20*time.Second {
				t.Fatalf("%+v, want %d left", v, want)
			}
		}
		if v := l.Take(t.Context(), "a"); v.Allowed || v.Remaining != 0 || v.Retry != 20*time.Second || v.Reset != time.Minute {
			t.Errorf("a fourth call: %+v", v)
		}
		if v := l.Take(t.Context(), "b"); !v.Allowed {
			t.Errorf("another key: %+v", v)
		}
		time.Sleep(20 * time.Second)
		if v := l.Take(t.Context(), "a"); !v.Allowed {
			t.Errorf("after a third of the period: %+v", v)
		}
		if v := l.Take(t.Context(), "a"); v.Allowed {
			t.Errorf("after a third of the period, again: %+v", v)
		}
	})
}

// counter counts the lines of a log.
type counter struct{ *atomic.Int64 }

func (c counter) Write(line []byte) (int, error) {
	c.Add(1)
	return len(line), nil
}

// shared returns limiters of several processes on one Redis, and how often Redis has failed them.
func shared(t *testing.T, addr string, l ratelimit.Limit, patience time.Duration) (processes [2]*ratelimit.Limiter, failures *atomic.Int64) {
	t.Helper()
	failures = &atomic.Int64{}
	log := slog.New(slog.NewTextHandler(counter{failures}, nil))
	for i := range processes {
		store := redis.New(redis.Options{
			Addrs: []string{addr}, Retention: idempotency.Retention{Done: time.Hour}, Log: slog.New(slog.DiscardHandler), Guard: &guard.Guard{Log: log},
		})
		t.Cleanup(func() { _ = store.Close() })
		processes[i] = ratelimit.New(l, &ratelimit.Shared{Redis: store.Rates(), Name: strings.ToUpper, Guard: &guard.Guard{Log: log}})
		processes[i].SetPatience(patience)
	}
	return processes, failures
}

// TestTogether: of many calls at once, at two processes, no more are allowed than the limit has, and hardly fewer: a process may hold a few.
func TestTogether(t *testing.T) {
	server := redistest.Start(t)
	for _, calls := range []int{1, 3, 5, 19, 100, 1000} {
		processes, failures := shared(t, server.Addr(), ratelimit.Limit{Calls: calls, Period: time.Hour}, time.Minute)
		key := "of " + time.Duration(calls).String()
		var allowed atomic.Int64
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				for range 2 * calls {
					if processes[i%2].Take(t.Context(), key).Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if n := int(allowed.Load()); n > calls || n < calls-2 || failures.Load() > 0 {
			t.Errorf("%d of %d calls were allowed; Redis failed %d times", n, calls, failures.Load())
		}
		if v := processes[0].Take(t.Context(), key); v.Allowed || v.Retry <= 0 || v.Retry > time.Hour/time.Duration(calls) {
			t.Errorf("afterwards, of %d: %+v", calls, v)
		}
	}
	if name := server.Do("RANDOMKEY"); !strings.HasPrefix(name.(string), "sb:rate:OF ") {
		t.Errorf("Redis has %q", name)
	}
}

// TestNoWaiting: calls do not wait for Redis, but for the first one: it is asked ahead of them.
func TestNoWaiting(t *testing.T) {
	server := redistest.Start(t)
	processes, failures := shared(t, server.Addr(), ratelimit.Limit{Calls: 10, Period: time.Second}, time.Minute)
	l := processes[0]
	if v := l.Take(t.Context(), "key"); !v.Allowed {
		t.Fatal(v)
	}
	time.Sleep(50 * time.Millisecond) // for what is fetched in the background
	server.Pause()
	begun := time.Now()
	v := l.Take(t.Context(), "key")
	waited := time.Since(begun)
	server.Continue()
	if !v.Allowed || waited > 50*time.Millisecond || failures.Load() > 0 {
		t.Errorf("%+v after %v", v, waited)
	}
}

// TestRedisAway: while Redis does not answer each process limits alone, and does not make calls wait for it; afterwards they limit together again.
func TestRedisAway(t *testing.T) {
	server := redistest.Start(t)
	processes, failures := shared(t, server.Addr(), ratelimit.Limit{Calls: 3, Period: time.Hour}, 200*time.Millisecond)
	take := func(l *ratelimit.Limiter) (allowed int) {
		for range 10 {
			if l.Take(t.Context(), "key").Allowed {
				allowed++
			}
		}
		return allowed
	}
	server.Pause()
	begun := time.Now()
	if a, b := take(processes[0]), take(processes[1]); a != 3 || b != 3 {
		t.Errorf("%d and %d calls were allowed", a, b)
	}
	if waited := time.Since(begun); waited > 700*time.Millisecond {
		t.Errorf("20 calls took %v", waited)
	}
	if n := failures.Load(); n != 2 {
		t.Errorf("%d failures were reported", n)
	}
	server.Continue()
	time.Sleep(1200 * time.Millisecond) // until Redis is asked again
	take(processes[0])
	take(processes[1])
	time.Sleep(100 * time.Millisecond) // until it has answered
	if n := take(processes[0]) + take(processes[1]); n > 3 {
		t.Errorf("%d calls were allowed together", n)
	}
}

// slow is the address of a server whose every answer takes a while longer.
func slow(t *testing.T, server *redistest.Server, by time.Duration) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			behind, err := net.Dial("tcp", server.Addr())
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() { _, _ = io.Copy(behind, client); _ = behind.Close() }()
			go func() {
				for answer := make([]byte, 4096); ; {
					n, err := behind.Read(answer)
					if err != nil {
						_ = client.Close()
						return
					}
					time.Sleep(by)
					_, _ = client.Write(answer[:n])
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// TestManyWaitForASlowRedis: a burst needs a few answers, not one for each call, and no call is allowed for want of one.
func TestManyWaitForASlowRedis(t *testing.T) {
	processes, failures := shared(t, slow(t, redistest.Start(t), 60*time.Millisecond), ratelimit.Limit{Calls: 50, Period: time.Minute}, time.Minute)
	var allowed atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for i := range 400 {
		all.Go(func() {
			if processes[i%2].Take(t.Context(), "key").Allowed {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	if n, took := allowed.Load(), time.Since(begun); n > 51 || n < 50 || failures.Load() > 0 || took > 3*time.Second { // one may have come back
		t.Errorf("%d calls were allowed in %v; Redis failed %d times", n, took, failures.Load())
	}
}

// TestRedisIsFoundAgain, although the only key that is asked for has no calls left.
func TestRedisIsFoundAgain(t *testing.T) {
	server := redistest.Start(t)
	processes, _ := shared(t, server.Addr(), ratelimit.Limit{Calls: 2, Period: time.Hour}, 200*time.Millisecond)
	l := processes[0]
	for range 2 {
		l.Take(t.Context(), "used up")
		processes[1].Take(t.Context(), "other")
	}
	l.Take(t.Context(), "used up") // finds that none is left
	server.Pause()
	l.Take(t.Context(), "new")
	server.Continue()
	for deadline := time.Now().Add(30 * time.Second); l.Take(t.Context(), "used up").Allowed && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(50 * time.Millisecond) {
		l.Take(t.Context(), "used up")
	}
	if v := l.Take(t.Context(), "other"); v.Allowed {
		t.Errorf("this process still limits alone: %+v", v)
	}
}

// TestCallersOverTheLimitGetAllOfIt: the parts of calls that come back between two answers are not lost.
func TestCallersOverTheLimitGetAllOfIt(t *testing.T) {
	processes, _ := shared(t, redistest.Start(t).Addr(), ratelimit.Limit{Calls: 100, Period: time.Second}, time.Minute)
	begun, allowed := time.Now(), 0
	for time.Since(begun) < 2*time.Second {
		for _, l := range processes {
			v := l.Take(t.Context(), "key")
			if v.Remaining < 0 || v.Remaining > 100 || v.Reset < 0 {
				t.Fatalf("%+v", v)
			}
			if v.Allowed {
				allowed++
			}
		}
		time.Sleep(time.Millisecond)
	}
	if want := 100 + 100*time.Since(begun).Seconds(); float64(allowed) > want+1 || float64(allowed) < 0.9*want {
		t.Errorf("%d calls were allowed, want about %.0f", allowed, want)
	}
}

// TestWhatIsLeft: no more than all, and no time that is past, when calls that were fetched ahead are used much later.
func TestWhatIsLeft(t *testing.T) {
	processes, _ := shared(t, redistest.Start(t).Addr(), ratelimit.Limit{Calls: 100, Period: time.Second}, time.Minute)
	for range 3 {
		v := processes[0].Take(t.Context(), "key")
		if !v.Allowed || v.Remaining < 0 || v.Remaining > 100 || v.Reset < 0 || v.Reset > time.Second {
			t.Errorf("%+v", v)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// TestReturn: a call that was given back is the next one.
func TestReturn(t *testing.T) {
	processes, _ := shared(t, redistest.Start(t).Addr(), ratelimit.Limit{Calls: 1, Period: time.Hour}, time.Minute)
	for name, l := range map[string]*ratelimit.Limiter{"alone": ratelimit.New(ratelimit.Limit{Calls: 1, Period: time.Hour}, nil), "together": processes[0]} {
		for range 3 {
			if v := l.Take(t.Context(), "key"); !v.Allowed {
				t.Errorf("%s: %+v", name, v)
			}
			l.Return("key")
		}
		l.Take(t.Context(), "key")
		if v := l.Take(t.Context(), "key"); v.Allowed {
			t.Errorf("%s, after the last: %+v", name, v)
		}
	}
}
