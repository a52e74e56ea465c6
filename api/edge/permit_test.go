package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"

	"soapbridge/api/ratelimit"
	"soapbridge/translate/soap"
)

// TestCallsWaitForTheirTurn: one call is on its way and one waits; a third is refused, and its key is not used up. Keys that have a record are
// answered all the same.
func TestCallsWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		slow := func(ctx context.Context, _ soap.Message) (soap.Reply, error) {
			<-goOn
			return success(), ctx.Err()
		}
		e := newEdge(t, upstreamFunc(slow), func(c *Config) {
			c.Systems[0].Limits = Limits{InFlight: 1, Queue: 1, QueueTimeout: time.Second}
		})
		with := func(key string) *http.Request {
			return note(func(r *http.Request) { r.Header.Set(keyHeader, key) })
		}
		start := func(key string) <-chan *httptest.ResponseRecorder {
			answered := make(chan *httptest.ResponseRecorder, 1)
			go func() { answered <- e.call(with(key)) }()
			synctest.Wait()
			return answered
		}
		want := func(what string, w *httptest.ResponseRecorder, status int, code, retryAfter string) {
			t.Helper()
			if got := w.Header().Get("Retry-After"); w.Code != status || got != retryAfter || code != "" && problemIn(t, w)["code"] != code {
				t.Errorf("%s: status %d, Retry-After %q: %s", what, w.Code, got, w.Body)
			}
		}
		const done, running, queued, extra = "0000000000000000-done", "0000000000000000-running", "0000000000000000-queued", "0000000000000000-extra"
		first := start(done)
		goOn <- struct{}{}
		want("the first", <-first, http.StatusCreated, "", "")

		inFlight, waits := start(running), start(queued)
		began := time.Now()
		want("one too many", e.call(with(extra)), http.StatusServiceUnavailable, "overloaded", "1")
		want("a replay", e.call(with(done)), http.StatusCreated, "", "")
		want("a call that is running", e.call(with(running)), http.StatusConflict, "in-flight", "1")
		if waited := time.Since(began); waited > 0 {
			t.Errorf("they waited for %v", waited)
		}
		want("one that waited in vain", <-waits, http.StatusServiceUnavailable, "overloaded", "1")
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("it waited for %v", waited)
		}

		waits = start(extra)
		goOn <- struct{}{}
		want("the call that was running", <-inFlight, http.StatusCreated, "", "")
		goOn <- struct{}{}
		want("the key that was refused", <-waits, http.StatusCreated, "", "")
	})
}

// TestACallerWhoLeavesTheQueueTakesNoTurn: nothing is sent for a caller who has gone before its turn came.
func TestACallerWhoLeavesTheQueueTakesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Limits{InFlight: 1, Queue: 1, QueueTimeout: time.Hour}, nil)
		p, err := g.enter()
		ctx, hangUp := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := g.queue(ctx)
			left <- err
		}()
		synctest.Wait()
		hangUp()
		if gone := <-left; err != nil || !errors.Is(gone, errNoTurn) || g.waiting.Load() != 0 {
			t.Errorf("%v, then %v, and %d wait", err, gone, g.waiting.Load())
		}
		p.end(nil)
		if _, err := g.enter(); err != nil {
			t.Errorf("no turn is free: %v", err)
		}
	})
}

// TestBreaker: calls without an answer open the breaker, and answers of any kind do not. Then no call is made, no key is used up, and keys that have a
// record are answered. After a pause one call at a time tries, and an answer closes it.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &soap.SendError{Kind: soap.TimedOut}
		var sent int
		var answer error
		upstream := upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
			sent++
			if answer != nil {
				return soap.Reply{}, answer
			}
			return success(), nil
		})
		e := newEdge(t, upstream, func(c *Config) { c.Metrics, c.Systems[0].Name = NewMetrics(), "notes" })
		call := func(key int) *httptest.ResponseRecorder {
			return e.call(note(func(r *http.Request) { r.Header.Set(keyHeader, fmt.Sprintf("00000000000000000%d", key)) }))
		}
		open := func() string { return metric(e, `soapbridge_breaker_open{system="notes"}`) }
		const firsts = 5 // answers
		for key := range firsts {
			call(key)
		}
		answer = down
		for key := range 20 {
			if w := call(100 + key); w.Code != http.StatusGatewayTimeout {
				t.Fatalf("call %d: status %d", key, w.Code)
			}
		}
		w := call(200)
		if p := problemIn(t, w); w.Code != http.StatusServiceUnavailable || p["code"] != "overloaded" || p["outcome"] != "not_sent" || w.Header().Get("Retry-After") != "5" || open() != "1" {
			t.Fatalf("after 20 calls without an answer: %d %s, open is %s", w.Code, w.Body, open())
		}
		ready := func() {
			t.Helper()
			if w := e.call(httptest.NewRequest(http.MethodGet, "/readyz", nil)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"notes":"broken"`) || open() != "1" {
				t.Errorf("/readyz: %d %s, open is %s", w.Code, w.Body, open())
			}
		}
		ready()
		if w := call(0); w.Code != http.StatusCreated || w.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("a replay: %d", w.Code)
		}
		if sent != firsts+20 {
			t.Fatalf("%d were sent", sent)
		}
		time.Sleep(breakerPause + time.Millisecond)
		ready() // looking closes nothing
		if w := call(0); w.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("a replay: %d", w.Code)
		}
		if w, again := call(201), call(202); w.Code != http.StatusGatewayTimeout || again.Code != http.StatusServiceUnavailable {
			t.Errorf("after the pause: %d, then %d", w.Code, again.Code)
		}
		ready()
		time.Sleep(breakerPause + time.Millisecond)
		answer = nil
		if w, again := call(200), call(202); w.Code != http.StatusCreated || again.Code != http.StatusCreated || open() != "0" {
			t.Errorf("when the upstream answers again: %d, %d, open is %s", w.Code, again.Code, open())
		}
		if !strings.Contains(e.log.String(), `"the breaker is open`) || !strings.Contains(e.log.String(), `"the breaker is closed`) {
			t.Error("the log does not say so")
		}
	})
}

// TestWhatTheBreakerCounts: calls in a row without an answer, however long they take and however far apart they are. The vendor's answers, its refusals
// too, leave it closed.
func TestWhatTheBreakerCounts(t *testing.T) {
	failure := error(&soap.SendError{Kind: soap.TimedOut})
	for name, test := range map[string]struct {
		calls  []error
		broken bool
	}{
		"20 failures":                            {calls: slices.Repeat([]error{failure}, 20), broken: true},
		"19 failures":                            {calls: slices.Repeat([]error{failure}, 19)},
		"answers":                                {calls: slices.Repeat([]error{nil}, 100)},
		"every 20th an answer":                   {calls: slices.Repeat(append(slices.Repeat([]error{failure}, 19), nil), 5)},
		"calls that were not made":               {calls: slices.Repeat([]error{errNothingSent}, 100)},
		"failures, and calls that were not made": {calls: slices.Repeat([]error{errNothingSent, failure}, 20), broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(Limits{}, func(_, _ gobreaker.State) {})
				for i, sent := range test.calls {
					p, err := g.enter()
					if err != nil {
						t.Fatalf("call %d: %v", i, err)
					}
					time.Sleep(25 * time.Second)
					p.end(sent)
				}
				if _, err := g.enter(); errors.Is(err, errBroken) != test.broken {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestRateLimits: calls over a limit are refused before their keys are used up, and answers say what is left.
func TestRateLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) { return success(), nil }), func(c *Config) {
			c.CallerLimit = ratelimit.New(ratelimit.Limit{Calls: 2, Period: time.Minute}, nil)
		})
		call := func(key string) *httptest.ResponseRecorder {
			return e.call(note(func(r *http.Request) { r.Header.Set(keyHeader, "0000000000000000-"+key) }))
		}
		want := func(what string, w *httptest.ResponseRecorder, status int, left, retryAfter string) {
			t.Helper()
			h := w.Header()
			if w.Code != status || h.Get("RateLimit") != left || h.Get("Retry-After") != retryAfter || h.Get("RateLimit-Policy") != `"rate";q=2;w=60` {
				t.Errorf("%s: status %d, %v", what, w.Code, h)
			}
		}
		want("the first call", call("first"), http.StatusCreated, `"rate";r=1;t=30`, "")
		want("the second call", call("second"), http.StatusCreated, `"rate";r=0;t=60`, "")
		third := call("third")
		want("the third call", third, http.StatusTooManyRequests, `"rate";r=0;t=60`, "30")
		if p := problemIn(t, third); p["code"] != "too-many-requests" || p["outcome"] != "not_sent" || p["retry"] != "later" ||
			p["detail"] != "There are too many calls of this caller to this operation: 2/m; nothing was sent." {
			t.Errorf("%v", p)
		}
		want("a replay", call("first"), http.StatusCreated, `"rate";r=0;t=60`, "")
		time.Sleep(30 * time.Second)
		want("the third call, again", call("third"), http.StatusCreated, `"rate";r=0;t=60`, "")
	})
}
