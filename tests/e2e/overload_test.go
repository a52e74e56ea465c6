package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

// TestTenTimesTheLimit has ten times as many callers as calls may run, for 8 s, against a service that takes a second. Who is refused repeats with
// the same key, which is not used up. Keys that are done are answered all the time, and neither memory nor goroutines grow.
func TestTenTimesTheLimit(t *testing.T) {
	const limit, lasts = 20, 8 * time.Second
	care, executed := careThatTakes(t, time.Second)
	p := proxy(t, with(credentials(), map[string]string{
		"CUSTOMERCARE_URL": care, "CUSTOMERCARE_MAX_IN_FLIGHT": fmt.Sprint(limit), "CUSTOMERCARE_QUEUE": fmt.Sprint(limit), "METRICS_LISTEN": "127.0.0.1:0",
	}))
	op := operation(t, "CreateWorkFlowManager")
	with := &http.Client{Timeout: kit.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 11 * limit}}
	done := keyed(ask(op, newReference(), ""), newKey())
	if r := answerOf(t, with, p, done); r.StatusCode != http.StatusCreated {
		t.Fatal(r.Status)
	}
	var mu sync.Mutex
	answers := map[string]int{}
	count := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		answers[what]++
	}
	const goroutines = "go_goroutines"
	idle := gauge(t, p, goroutines)
	end := time.Now().Add(lasts)
	var callers sync.WaitGroup
	before := 0.0
	callers.Go(func() {
		time.Sleep(lasts / 5) // all callers have connections by then
		before = gauge(t, p, residentBytes) / (1 << 20)
	})
	for range 10 * limit {
		callers.Go(func() {
			for time.Now().Before(end) {
				c := keyed(ask(op, newReference(), ""), newKey())
				for refused := true; refused && time.Now().Before(end); {
					r := answerOf(t, with, p, c)
					count(r.Status + " " + r.Header.Get("Retry-After"))
					if refused = r.StatusCode == http.StatusServiceUnavailable; refused {
						time.Sleep(time.Second) // as Retry-After says
					}
				}
			}
		})
	}
	callers.Go(func() {
		for ; time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			r := answerOf(t, with, p, done)
			count("replay: " + r.Status + " " + r.Header.Get("Idempotent-Replayed"))
		}
	})
	callers.Wait()
	after := gauge(t, p, residentBytes) / (1 << 20)
	t.Logf("%v, %d executed; %.0f MiB at first, %.0f MiB at the end", answers, executed.Load(), before, after)
	created, replays := answers["201 Created "], answers["replay: 201 Created true"]
	if len(answers) != 3 || created < limit || replays < 20 || answers["503 Service Unavailable 1"] < limit {
		t.Errorf("%v", answers)
	}
	if int(executed.Load()) != created+1 {
		t.Errorf("%d were executed, and %d callers know of it", executed.Load(), created+1)
	}
	if after > 1.5*before {
		t.Errorf("memory grew from %.0f to %.0f MiB", before, after)
	}
	with.CloseIdleConnections()
	if _, err := p.Await("the end of the load's goroutines", func() string {
		if n := gauge(t, p, goroutines); n <= idle+10 {
			return fmt.Sprint(n)
		}
		return ""
	}); err != nil {
		t.Error(err)
	}
}

// careThatTakes is a CustomerCare that answers after a time, and counts what it has executed.
func careThatTakes(t *testing.T, each time.Duration) (url string, executed *atomic.Int64) {
	t.Helper()
	ok, err := os.ReadFile(filepath.Join("..", "..", "translate", "customercare", "testdata", "replies", "ok-workflow.xml"))
	if err != nil {
		t.Fatal(err)
	}
	executed = &atomic.Int64{}
	care := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		executed.Add(1)
		time.Sleep(each)
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write(ok)
	}))
	t.Cleanup(care.Close)
	return care.URL, executed
}

// TestSlowCallers: hundreds of callers at once who drip their headers or bodies, send bodies without an end, or do not read the answers, cost
// bounded memory, at most a MiB each with the race detector, and the others no time. How long each of them is borne is a test of the edge, on a clock of its own.
func TestSlowCallers(t *testing.T) {
	const each, lasts = 100, 6 * time.Second
	_, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials(), map[string]string{"METRICS_LISTEN": "127.0.0.1:0"}))
	op := operation(t, "CreateService")
	start := head(op.Path, "Idempotency-Key: "+newKey()+"\r\n")
	success.check(t, variant{op, "1.1"}, send(t, p.URL, ask(op, newReference(), "")))
	before := gauge(t, p, residentBytes) / (1 << 20)
	end := time.Now().Add(lasts)
	var callers sync.WaitGroup
	for _, slow := range []struct{ first, again string }{
		{start, "X"},
		{start + "Content-Length: 60000\r\n\r\n{", " "},
		{start + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"},
		{"", strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)},
	} {
		for range each {
			conn := dial(t, p)
			callers.Go(func() {
				_ = conn.SetDeadline(end) // a write waits where the proxy reads nothing more
				for _, err := io.WriteString(conn, slow.first); err == nil && time.Now().Before(end); _, err = io.WriteString(conn, slow.again) {
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
	}
	slowest, half := time.Duration(0), 0.0
	for ; time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		began := time.Now()
		success.check(t, variant{op, "1.1"}, send(t, p.URL, ask(op, newReference(), "")))
		slowest = max(slowest, time.Since(began))
		if half == 0 && time.Until(end) < lasts/2 {
			half = gauge(t, p, residentBytes) / (1 << 20)
		}
	}
	after := gauge(t, p, residentBytes) / (1 << 20)
	callers.Wait()
	t.Logf("%.0f MiB before, %.0f and %.0f MiB with %d slow callers; another one waits %v at most", before, half, after, 4*each, slowest)
	if after > before+4*each || after > 1.25*half {
		t.Errorf("%.0f MiB became %.0f, then %.0f MiB", before, half, after)
	}
	if slowest > 4*time.Second { // they are answered at once; the machine may be busy
		t.Errorf("another caller waited %v", slowest)
	}
}

// answerOf makes a call without judging its answer, for loads; the body is read and dropped.
func answerOf(t *testing.T, with *http.Client, p *process, c call) *http.Response {
	t.Helper()
	r, err := c.request(p.URL)
	if err != nil {
		t.Error(err)
		return &http.Response{}
	}
	resp, err := with.Do(r)
	if err != nil {
		t.Error(err)
		return &http.Response{}
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	return resp
}

const residentBytes = "process_resident_memory_bytes"

// gauge returns what a process's metrics say.
func gauge(t *testing.T, p *process, name string) (value float64) {
	t.Helper()
	for line := range strings.Lines(get(t, p.Metrics)) {
		if _, err := fmt.Sscanf(line, name+" %g", &value); err == nil {
			return value
		}
	}
	t.Fatalf("the metrics have no %s", name)
	return 0
}
