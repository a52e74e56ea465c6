package edge

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/record"
)

// panics returns the counter of panics, as /metrics shows it.
func panics(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(false).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if count, found := strings.CutPrefix(line, "soapbridge_panics_total "); found {
			return strings.TrimSpace(count)
		}
	}
	t.Fatalf("there is no counter of panics: %s", w.Body)
	return ""
}

func TestPanicsOfRequestsAreCounted(t *testing.T) {
	e := newEdge(t, answering(success()), func(c *Config) { c.Metrics = NewMetrics() })
	if got := panics(t, e.config.Metrics); got != "0" {
		t.Errorf("before any: %s", got)
	}
	e.call(note(func(r *http.Request) { r.Body = panickingBody{} }))
	if got := panics(t, e.config.Metrics); got != "1" {
		t.Errorf("after one: %s", got)
	}
}

// What the reply says is lost with the panic: the outcome is unknown, for the caller and in the store.
func TestPanicOverAReplyIsUnknown(t *testing.T) {
	store, definition := newBrittle(), noteDefinition(t)
	definition.Judge = func(record.Object, *translate.Sent) *translate.Error { panic("holding " + plantedSecret) }
	op, err := translate.Define(definition)
	if err != nil {
		t.Fatal(err)
	}
	e := newEdge(t, answering(success()), func(c *Config) { c.Store, c.Systems[0].Operations = store, []translate.Operation{op} })
	w := e.call(note())
	if d := problemIn(t, w); d["code"] != "internal" || d["outcome"] != "unknown" || d["retry"] != "never" || strings.Contains(e.log.String(), plantedSecret) {
		t.Errorf("status %d: %s\n%s", w.Code, w.Body, e.log)
	}
	if got := store.state(t, w); got != idempotency.Unknown {
		t.Errorf("the record is %s", got)
	}
}

// crashing is a store of which the next ends of claims, or the next sweeps, panic.
type crashing struct {
	*brittle

	ends, sweeps atomic.Int64
}

func (s *crashing) Finish(ctx context.Context, id, owner string, result []byte) error {
	if s.ends.Add(-1) >= 0 {
		panic("made up")
	}
	return s.brittle.Finish(ctx, id, owner, result)
}

func (s *crashing) Sweep(ctx context.Context) (int, error) {
	if s.sweeps.Add(-1) >= 0 {
		panic("made up")
	}
	return s.brittle.Sweep(ctx)
}

// A panic while a result is stored, at once or in the background, is a failure like others: the caller has the answer, and the store gets it later.
func TestPanicsWhileAResultIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &crashing{brittle: newBrittle()}
		store.ends.Store(3)
		e := newEdge(t, answering(success()), func(c *Config) { c.Store, c.Metrics = store, NewMetrics() })
		w := e.call(note())
		if w.Code != http.StatusCreated || w.Header().Get("Idempotency-Stored") != "false" {
			t.Errorf("status %d, Idempotency-Stored %q", w.Code, w.Header().Get("Idempotency-Stored"))
		}
		if err := e.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if got := store.state(t, w); got != idempotency.Done {
			t.Errorf("the record is %s", got)
		}
		if got := panics(t, e.config.Metrics); got != "3" {
			t.Errorf("%s panics are counted", got)
		}
	})
}

// A sweep that panics does not end the sweeps.
func TestSweepsGoOnAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &crashing{brittle: newBrittle()}
		store.sweeps.Store(2)
		e := newEdge(t, answering(success()), func(c *Config) { c.Store, c.Metrics = store, NewMetrics() })
		lost := idempotency.Claim{ID: "0b0e2f8e-4d8c-4c7e-9d57-6a1f0c3b2a10", Owner: "gone", Lease: time.Second}
		if _, acquired, err := store.Begin(t.Context(), lost); err != nil || !acquired {
			t.Fatal(acquired, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go e.Sweep(ctx)
		time.Sleep(time.Minute)
		stop()
		if r, err := store.Get(t.Context(), lost.ID); err != nil || r.State != idempotency.Unknown {
			t.Errorf("the record is %s, %v", r.State, err)
		}
		if got := panics(t, e.config.Metrics); got != "2" {
			t.Errorf("%s panics are counted", got)
		}
	})
}

// A panic that is not one of gin's handlers' ends its connection alone. net/http would log the value.
func TestPanicOutsideTheHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log syncBuffer
		count := 0
		listener := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- Serve(ctx, Serving{
				Listener: listener, DrainTimeout: time.Second,
				Guard: &guard.Guard{Log: slog.New(slog.NewJSONHandler(&log, nil)), Count: func() { count++ }},
			}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/panic" {
					panic("holding " + plantedSecret)
				}
			}))
		}()
		for path, answered := range map[string]bool{"/panic": false, "/": true} {
			conn := listener.dial()
			write(t, conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if status, _, err := readAnswer(conn); (err == nil) != answered {
				t.Errorf("%s: status %d, %v", path, status, err)
			}
			_ = conn.Close()
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if count != 1 || strings.Count(log.String(), `"msg":"panic"`) != 1 || strings.Contains(log.String(), plantedSecret) {
			t.Errorf("%d are counted, and the log has %s", count, &log)
		}
	})
}
