package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/translate/soap"
)

// said returns the operation ids of the log's lines with a message.
func (e *edge) said(t *testing.T, message string) (ids []any) {
	t.Helper()
	for _, line := range e.lines(t) {
		if line["msg"] == message {
			ids = append(ids, line["operation_id"])
		}
	}
	return ids
}

// drain stops the edge, and returns how long that took.
func (e *edge) drain(t *testing.T, atMost time.Duration) (time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), atMost)
	defer cancel()
	start := time.Now()
	err := e.Drain(ctx)
	return time.Since(start), err
}

func answeringWith(err error) upstreamFunc {
	return func(context.Context, soap.Message) (soap.Reply, error) { return soap.Reply{}, err }
}

// TestStopWithoutStore has calls end while the store is away, and the process stop before it is back, if it is.
func TestStopWithoutStore(t *testing.T) {
	const drain = 40 * time.Second
	unsent := &soap.SendError{Kind: soap.Unreachable, Err: errors.New("refused")}
	broken := &soap.SendError{Kind: soap.Broken, Err: errors.New("reset")}
	for name, row := range map[string]struct {
		upstream       upstreamFunc
		beginFails     bool
		before         time.Duration // how long the store was away when the stop begins
		back           time.Duration // how long after that it is back; 0: never
		atLeast, below time.Duration // what the stop takes
		state          idempotency.State
		says           string // of the operation
		fails          bool
	}{
		"an unconfirmed claim":              {answering(success()), true, time.Second, 0, releaseAtStop, 4 * time.Second, "none", lost[leftRelease], false},
		"a claim that was released in vain": {answeringWith(unsent), false, time.Second, 0, releaseAtStop, 4 * time.Second, idempotency.InFlight, lost[leftRelease], false},
		"an unknown outcome":                {answeringWith(broken), false, time.Second, 0, releaseAtStop, 4 * time.Second, idempotency.InFlight, lost[leftUnknown], false},
		"a release that waited for long":    {answeringWith(unsent), false, time.Minute, 2 * time.Second, 2 * time.Second, 3100 * time.Millisecond, "none", "background release", false},
		"a result":                          {answering(success()), false, time.Second, 0, drain, drain + time.Second, idempotency.InFlight, lost[leftFinish], true},
		"a result, and the store returns":   {answering(success()), false, time.Minute, 30 * time.Second, 30 * time.Second, 31100 * time.Millisecond, idempotency.Done, "background finish", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newBrittle()
				store.begin.Store(row.beginFails)
				store.end.Store(true)
				e := newEdge(t, row.upstream, func(c *Config) { c.Store = store })
				w := e.call(note())
				time.Sleep(row.before)
				if row.back > 0 {
					time.AfterFunc(row.back, func() { store.end.Store(false) })
				}
				took, err := e.drain(t, drain)
				if took < row.atLeast || took > row.below || (err != nil) != row.fails {
					t.Errorf("the stop took %s, %v", took, err)
				}
				if got := store.state(t, w); got != row.state {
					t.Errorf("the record is %s, want %s", got, row.state)
				}
				// The answer has no id where the claim was not confirmed; the log has it.
				id, ids := w.Header().Get("Operation-Id"), e.said(t, row.says)
				known := len(ids) == 1 && (ids[0] == id || row.beginFails && strings.Contains(e.log.String(), fmt.Sprint("operation ", ids[0])))
				if !known {
					t.Errorf("%q is said of %v, want %s:\n%s", row.says, ids, id, e.log)
				}
			})
		})
	}
}

// TestStopCountsWhatIsInFlight: a call, and a result that is not stored; a claim that waits to be released is not in flight.
func TestStopCountsWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, hold := newBrittle(), make(chan struct{})
		slow := false
		e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
			if slow {
				<-hold
			}
			return success(), nil
		}), func(c *Config) { c.Store = store })
		withKey := func(key string) *http.Request { return note(func(r *http.Request) { r.Header.Set(keyHeader, key) }) }
		store.end.Store(true)
		result := e.call(withKey("a-result-that-is-not-stored"))
		store.begin.Store(true)
		release := e.call(withKey("a-claim-to-be-released"))
		store.begin.Store(false)
		slow = true
		call := httptest.NewRecorder()
		go e.ServeHTTP(call, withKey("a-call-that-takes-long"))
		synctest.Wait()

		e.Stop()
		e.Stop() // says nothing more
		if line := e.lastLine(t); line["msg"] != "stopping" || line["in_flight"] != 2.0 || line["to_release"] != 1.0 || len(e.lines(t)) != 4 {
			t.Errorf("the log is %s", e.log)
		}
		if n := e.CutOff("a second signal"); n != 2 {
			t.Errorf("%d are said to be cut off", n)
		}
		if release.Header().Get("Operation-Id") != "" || len(e.said(t, lost[leftRelease])) != 1 {
			t.Errorf("of the claim: %v, %v", release.Header(), e.said(t, lost[leftRelease]))
		}
		for left, w := range map[string]*httptest.ResponseRecorder{leftCall: call, leftFinish: result} {
			if ids := e.said(t, lost[left]); len(ids) != 1 || ids[0] != w.Header().Get("Operation-Id") {
				t.Errorf("%q is said of %v, want %s", lost[left], ids, w.Header().Get("Operation-Id"))
			}
		}
		close(hold)
	})
}

// TestResultIsGivenUp when the store stays away, and the log says whose it is.
func TestResultIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBrittle()
		store.end.Store(true)
		e := newEdge(t, answering(success()), func(c *Config) { c.Store = store })
		w := e.call(note())
		time.Sleep(giveUpAfter + longestPause)
		if ids := e.said(t, lost[leftFinish]); len(ids) != 1 || ids[0] != w.Header().Get("Operation-Id") {
			t.Errorf("said of %v, want %s:\n%s", ids, w.Header().Get("Operation-Id"), e.log)
		}
	})
}
