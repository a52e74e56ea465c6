package edge

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

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
		turns := newTurns(Limits{InFlight: 1, Queue: 1, QueueTimeout: time.Hour})
		end, ok := turns.try()
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan bool)
		go func() {
			_, ok := turns.wait(ctx)
			left <- ok
		}()
		synctest.Wait()
		leave()
		if <-left || !ok || turns.waiting.Load() != 0 {
			t.Errorf("a turn after leaving, or %d wait", turns.waiting.Load())
		}
		end()
		if end, ok := turns.try(); !ok {
			t.Error("no turn is free")
		} else {
			end()
		}
	})
}
