package edge

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"soapbridge/translate/soap"
)

// TestProfilesAreServedOnlyWhereConfigured asks for them with and without the setting: they show how the program works inside.
func TestProfilesAreServedOnlyWhereConfigured(t *testing.T) {
	for profiles, want := range map[bool]int{true: http.StatusOK, false: http.StatusNotFound} {
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/allocs", "/debug/pprof/symbol"} {
			w := httptest.NewRecorder()
			NewMetrics().Handler(profiles).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != want {
				t.Errorf("%s, profiles %v: status %d", path, profiles, w.Code)
			}
		}
	}
}

// metric returns the value of a metric, as it is served.
func metric(e *edge, name string) string {
	w := httptest.NewRecorder()
	e.config.Metrics.Handler(false).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, value, _ := strings.Cut(w.Body.String(), "\n"+name+" ")
	value, _, _ = strings.Cut(value, "\n")
	return value
}

// TestStages: a call is always in one stage, so that the stages of calls are all of their time, and each kind of call was in its own.
func TestStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
			time.Sleep(3 * time.Second)
			return success(), nil
		})
		e := newEdge(t, slow, func(c *Config) { c.Metrics = NewMetrics() })
		e.call(note())
		e.call(note()) // a replay
		e.call(note(func(r *http.Request) { r.Header.Del(keyHeader) }))
		sum, calls := 0.0, 0.0
		for _, outcome := range []string{"success", "replayed", "not_sent"} {
			name := `operation="AddNote",outcome="` + outcome + `"`
			if n := metric(e, "soapbridge_call_seconds_count{"+name+"}"); n != "1" {
				t.Errorf("%s: %s calls", outcome, n)
			}
			calls += number(t, metric(e, "soapbridge_call_seconds_sum{"+name+"}"))
		}
		for _, s := range stageNames {
			sum += number(t, metric(e, `soapbridge_stage_seconds_sum{stage="`+s+`",system="test"}`))
		}
		if upstream := number(t, metric(e, `soapbridge_stage_seconds_sum{stage="upstream",system="test"}`)); upstream != 3 || math.Abs(sum-calls) > 1e-9 {
			t.Errorf("upstream %v s, all stages %v s, all calls %v s", upstream, sum, calls)
		}
	})
}

// TestWhatIsGoingOn: metrics show a call while it is on its way, and the connections.
func TestWhatIsGoingOn(t *testing.T) {
	var e *edge
	want := map[string]string{`soapbridge_upstream_connections{state="idle",system="test"}`: "3", `soapbridge_upstream_connections{state="busy",system="test"}`: "2"}
	check := func(inFlight string) {
		want[`soapbridge_calls_in_flight{system="test"}`], want[`soapbridge_calls_waiting{system="test"}`] = inFlight, "0"
		for name, value := range want {
			if got := metric(e, name); got != value {
				t.Errorf("%s is %q, want %s", name, got, value)
			}
		}
	}
	e = newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
		check("1")
		return success(), nil
	}), func(c *Config) {
		c.Metrics = NewMetrics()
		c.Systems[0].Connections = func() (idle, busy int) { return 3, 2 }
	})
	e.call(note())
	check("0")
}

// TestRepetitionsAreNoFailures: an outcome that stays unknown is one, however often a caller asks.
func TestRepetitionsAreNoFailures(t *testing.T) {
	e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
		return soap.Reply{}, &soap.SendError{Kind: soap.Broken}
	}), func(c *Config) { c.Metrics = NewMetrics() })
	for range 3 {
		e.call(note())
	}
	for name, want := range map[string]string{
		`soapbridge_call_seconds_count{operation="AddNote",outcome="unknown"}`:  "1",
		`soapbridge_call_seconds_count{operation="AddNote",outcome="replayed"}`: "2",
		`soapbridge_problems_total{code="outcome-unknown",system="test"}`:       "1",
		`soapbridge_problems_total{code="upstream-denied",system="test"}`:       "0",
	} {
		if got := metric(e, name); got != want {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
}

// TestVendorCodes are in the line of a call that the vendor refused, with none of its words; what the proxy finds has no such code.
func TestVendorCodes(t *testing.T) {
	for name, row := range map[string]struct {
		call *http.Request
		want any
	}{
		"refused by the vendor": {note(), "test-fault"},
		"refused here":          {note(func(r *http.Request) { r.Body = http.NoBody }), nil},
	} {
		e := newEdge(t, answering(fault("Client", "the note "+plantedSecret+" is too long")))
		e.call(row.call)
		if line := e.lastLine(t); line["vendor_codes"] != row.want || line["operation"] != "AddNote" {
			t.Errorf("%s: %v", name, line)
		}
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Error(err)
	}
	return f
}

// TestOnlyCallersAreTraced: a client without a key fills no collector, whatever the traceparent says.
func TestOnlyCallersAreTraced(t *testing.T) {
	key, line := newKey(t, time.Time{})
	spans := tracetest.NewInMemoryExporter()
	e := newEdge(t, answering(success()), func(c *Config) {
		c.Callers, c.Tracer = callersOf(t, line), sdk.NewTracerProvider(sdk.WithSyncer(spans)).Tracer("")
	})
	for _, row := range []struct {
		authorization string
		want          bool
	}{{"Bearer nobody", false}, {"Bearer " + key, true}} {
		e.call(note(func(r *http.Request) {
			r.Header.Set("Authorization", row.authorization)
			r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
		}))
		if got := len(spans.GetSpans()) > 0; got != row.want {
			t.Errorf("%s: traced is %v", row.authorization, got)
		}
	}
}
