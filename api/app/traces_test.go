package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"soapbridge/translate"
)

// collected is what a collector receives, as far as these tests read it.
type collected struct {
	ResourceSpans []struct {
		ScopeSpans []struct{ Spans []collectedSpan }
	}
}

type collectedSpan struct {
	TraceID, SpanID, ParentSpanID, TraceState, Name string
	Kind                                            int
	Start                                           string `json:"startTimeUnixNano"`
	End                                             string `json:"endTimeUnixNano"`
	Status                                          struct{ Code int }
	Attributes                                      []struct {
		Key   string
		Value map[string]any
	}
}

func (s collectedSpan) nanoseconds(t *testing.T) int64 {
	t.Helper()
	start, err1 := strconv.ParseInt(s.Start, 10, 64)
	end, err2 := strconv.ParseInt(s.End, 10, 64)
	if err1 != nil || err2 != nil {
		t.Errorf("%s: %v, %v", s.Name, err1, err2)
	}
	return end - start
}

// traced serves calls with a collector, and returns what it has received when the program has ended.
func traced(t *testing.T, collector http.HandlerFunc, calls func(t *testing.T, url string, log *output), settings ...string) (body string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s, %v", r.Method, r.URL, err)
		}
		body += string(text)
		collector(w, r)
	}))
	t.Run("calls", func(t *testing.T) { // its end is that of the program, which sends what is left
		url, log := serving(t, append(settings, "SOAPBRIDGE_TRACES="+server.URL)...)
		calls(t, url, log)
	})
	server.Close() // waits for its handlers
	return body
}

func accept(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
)

// callingWithin makes a call within the trace of a caller.
func callingWithin(t *testing.T, url string, op translate.Operation, key, flags, state string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+op.Path, strings.NewReader(op.Example))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "Idempotency-Key": {key}, "Traceparent": {"00-" + callersTrace + "-" + callersSpan + "-" + flags}, "Tracestate": {state},
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != op.Status {
		t.Errorf("status %d", response.StatusCode)
	}
}

// TestTraceOfACall: it belongs to that of the caller, shows every stage, whose times are those of the call, and goes on to the upstream.
func TestTraceOfACall(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	op, key := systems[1].operations[0], uuid.NewString()
	body := traced(t, accept, func(t *testing.T, url string, log *output) {
		callingWithin(t, url, op, key, "01", "rojo=1")
		if got := log.attribute(t, "request", "trace_id"); got != callersTrace {
			t.Errorf("the log has the trace %q", got)
		}
	}, environ...)
	var c collected
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var root, upstream collectedSpan
	var names []string
	for _, s := range c.ResourceSpans[0].ScopeSpans[0].Spans {
		if names = append(names, s.Name); strings.HasPrefix(s.Name, http.MethodPost) {
			root = s
		} else if s.Name == "upstream" {
			upstream = s
		}
		if s.TraceID != callersTrace || s.TraceState != "rojo=1" {
			t.Errorf("%s is of the trace %s with %s", s.Name, s.TraceID, s.TraceState)
		}
	}
	slices.Sort(names)
	if want := "POST " + op.Path + " answer decode encode permit read store store upstream"; strings.Join(names, " ") != want {
		t.Errorf("the spans are %q, want %q", names, want)
	}
	sum := int64(0)
	for _, s := range c.ResourceSpans[0].ScopeSpans[0].Spans {
		parent := root.SpanID
		switch s.Name {
		case "decode":
			parent = upstream.SpanID
		case root.Name:
			parent = callersSpan
		default:
			sum += s.nanoseconds(t)
		}
		if s.ParentSpanID != parent {
			t.Errorf("%s is below %s, want %s", s.Name, s.ParentSpanID, parent)
		}
	}
	if total := root.nanoseconds(t); sum != total {
		t.Errorf("the stages take %d ns, and the call %d", sum, total)
	}
	if want := "00-" + callersTrace + "-" + upstream.SpanID + "-01 rojo=1"; v.trace != want {
		t.Errorf("the upstream got %q, want %q", v.trace, want)
	}
	if root.Kind != 2 || upstream.Kind != 3 || root.Status.Code != 0 {
		t.Errorf("kinds %d and %d, status %d", root.Kind, upstream.Kind, root.Status.Code)
	}
	attributes := map[string]any{}
	for _, a := range root.Attributes {
		for _, value := range a.Value {
			attributes[a.Key] = value
		}
	}
	if attributes["soapbridge.operation"] != op.ID || attributes["http.response.status_code"] != strconv.Itoa(op.Status) || strings.Contains(body, key) {
		t.Errorf("the attributes are %v", attributes)
	}
}

// TestLongTracestate: the upstream, which might refuse it, does not get it.
func TestLongTracestate(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	state := "a=" + strings.Repeat("x", 250) + ",b=" + strings.Repeat("y", 250)
	for name, row := range map[string]struct{ state, want string }{"512": {state + ",c=1234", state + ",c=1234"}, "513": {state + ",c=12345", ""}} {
		t.Run(name, func(t *testing.T) {
			traced(t, accept, func(t *testing.T, url string, _ *output) {
				callingWithin(t, url, systems[1].operations[0], uuid.NewString(), "00", row.state)
			}, environ...)
			if _, got, _ := strings.Cut(v.trace, " "); got != row.want {
				t.Errorf("%d bytes became %q", len(row.state), got)
			}
		})
	}
}

// TestWhichCallsAreTraced: a caller's decision holds; without one, that of the ratio.
func TestWhichCallsAreTraced(t *testing.T) {
	v := newVendors(t)
	systems, environ := v.operations(t)
	op := systems[1].operations[0]
	for name, row := range map[string]struct {
		ratio, flags string // no flags: the caller has no trace
		want         bool
	}{
		"all":                         {"1", "", true},
		"none":                        {"0", "", false},
		"the caller traces":           {"0", "01", true},
		"the caller does not":         {"1", "00", false},
		"a traceparent is not one":    {"1", "zz", true},
		"a traceparent without ratio": {"0", "zz", false},
	} {
		t.Run(name, func(t *testing.T) {
			body := traced(t, accept, func(t *testing.T, url string, _ *output) {
				if row.flags == "" {
					calling(t, url, op, uuid.NewString())
				} else {
					callingWithin(t, url, op, uuid.NewString(), row.flags, "")
				}
			}, append(environ, "SOAPBRIDGE_TRACES_RATIO="+row.ratio)...)
			if got := body != ""; got != row.want {
				t.Errorf("a trace was sent: %v", got)
			}
		})
	}
	serve, _ := serving(t, environ...)
	if callingWithin(t, serve, op, uuid.NewString(), "01", "rojo=1"); v.trace != " " {
		t.Errorf("without traces the upstream got %q", v.trace)
	}
}

// TestCollectorThatFails costs its spans, and neither a call nor the end of the program.
func TestCollectorThatFails(t *testing.T) {
	systems, environ := newVendors(t).operations(t)
	for name, collector := range map[string]http.HandlerFunc{
		"refuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"hangs":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"breaks":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			var kept *output
			traced(t, collector, func(t *testing.T, url string, log *output) {
				kept = log
				if r := calling(t, url, systems[1].operations[0], uuid.NewString()); r.StatusCode != systems[1].operations[0].Status {
					t.Errorf("status %d", r.StatusCode)
				}
			}, environ...)
			if name != "hangs" { // the program does not wait for what hangs
				kept.attribute(t, "traces cannot be sent and are lost", "cause")
			}
		})
	}
}
