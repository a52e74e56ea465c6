package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestControlErrors: the errors of the control API are JSON and name what is valid.
func TestControlErrors(t *testing.T) {
	tests := []struct {
		name         string
		method, path string
		body         string
		status       int
		want         string // in error
		valid        string // one of the valid values
	}{
		{"unknown operation", "POST", "/sandbox/scenarios", `{"operation": "Drop", "scenario": "stall"}`, 400, `unknown operation "Drop"`, createService},
		{"unknown scenario", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "rain"}`, 400, `unknown scenario "rain" for mds`, "mds-system"},
		{"scenario of another system", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "emersion-27"}`, 400, `unknown scenario "emersion-27" for mds`, "reset-after"},
		{"no scenario", "POST", "/sandbox/scenarios", `{"operation": "CreateService"}`, 400, `unknown scenario ""`, "stall"},
		{"unknown member", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "stall", "often": 1}`, 400, `unknown field "often"`, "times"},
		{"no JSON", "POST", "/sandbox/scenarios", `operation=CreateService`, 400, "the body is not what it should be", "operation"},
		{"empty body", "POST", "/sandbox/scenarios", ``, 400, "the body is not what it should be", "operation"},
		{"something after the JSON", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "stall"} {}`, 400, "something follows", "operation"},
		{"times zero", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "stall", "times": 0}`, 400, "times must be 1 to", ""},
		{"delay without unit", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "stall", "delay": "5"}`, 400, "must be a duration like 500ms or 2s", ""},
		{"delay negative", "POST", "/sandbox/scenarios", `{"operation": "CreateService", "scenario": "stall", "delay": "-5s"}`, 400, "above 0", ""},
		{"body too large", "POST", "/sandbox/scenarios", `"` + strings.Repeat("x", 1<<20) + `"`, 400, "request body too large", "operation"},
		{"wrong method", "PUT", "/sandbox/scenarios", ``, 405, "method PUT is not allowed here", "POST"},
		{"wrong method for calls", "POST", "/sandbox/calls", ``, 405, "method POST is not allowed here", "DELETE"},
		{"unknown filter", "GET", "/sandbox/calls?from=1", ``, 400, `filter "from" is unknown or repeated`, "messageId"},
		{"filter twice", "GET", "/sandbox/calls?system=mds&system=mds", ``, 400, `filter "system" is unknown or repeated`, "system"},
		{"filter by unknown operation", "GET", "/sandbox/calls?operation=Drop", ``, 400, `unknown operation "Drop"`, createCallLog},
		{"malformed query", "GET", "/sandbox/calls?a=%zz", ``, 400, "the query is malformed", "system"},
		{"no such call", "GET", "/sandbox/calls/1/envelope", ``, 404, "no executed call of this number is kept", ""},
		{"call that is not a number", "GET", "/sandbox/calls/one/envelope", ``, 404, "no executed call of this number is kept", ""},
		{"no such path", "GET", "/sandbox", ``, 404, "no such path", "/sandbox/calls"},
	}
	b := start(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got struct {
				Error string   `json:"error"`
				Valid []string `json:"valid"`
			}
			status := b.control(t, test.method, test.path, test.body, &got)
			if status != test.status || !strings.Contains(got.Error, test.want) {
				t.Errorf("%d %q, want %d %q", status, got.Error, test.status, test.want)
			}
			if test.valid != "" && !slices.Contains(got.Valid, test.valid) {
				t.Errorf("valid values %q, want %q among them", got.Valid, test.valid)
			}
		})
	}
	if queued := b.scenarios(t).Queued; len(queued) != 0 {
		t.Errorf("a refused order was queued: %+v", queued)
	}
}

func TestQueueIsBounded(t *testing.T) {
	b := start(t)
	for range 1000 {
		b.queue(t, createService, "http-404")
	}
	const order = `{"operation": "CreateService", "scenario": "http-404"}`
	if status := b.control(t, http.MethodPost, "/sandbox/scenarios", order, nil); status != http.StatusConflict {
		t.Errorf("status %d, want 409", status)
	}
}

func TestWelcome(t *testing.T) {
	var got struct {
		About    string
		Services []struct {
			System       string
			Path         string
			SOAPVersions []string
			Operations   []string
		}
		Control map[string]string
	}
	if status := start(t).control(t, http.MethodGet, "/", "", &got); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if !strings.Contains(got.About, "made-up data only") || len(got.Control) != 5 || len(got.Services) != 4 {
		t.Fatalf("%+v", got)
	}
	for _, s := range got.Services {
		if s.Path != pathOf[s.System] || len(s.SOAPVersions) == 0 || len(s.Operations) == 0 {
			t.Errorf("%+v", s)
		}
	}
}
