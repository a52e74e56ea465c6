package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestCalls(t *testing.T) {
	b := start(t)
	account := request(t, createComplexAccount)
	for _, m := range []message{
		request(t, createCallLog),
		in12(replace(t, request(t, updateCustomerPIN), "message-1", "message-2")),
		request(t, createService),
		account,
		replace(t, account, "pat@example.com.au", "taken@example.com.au"), // refused by the vendor: not executed
	} {
		b.send(t, m)
	}
	list := b.calls(t, "")
	wantCounts := map[string]int{createWorkFlowManager: 0, createCallLog: 1, updateCustomerPIN: 1, createService: 1, createComplexAccount: 1}
	for operation, count := range list.Counts { // of every operation
		if _, listed := wantCounts[operation]; !listed && count == 0 {
			delete(list.Counts, operation)
		}
	}
	if fmt.Sprint(list.Counts) != fmt.Sprint(wantCounts) || list.Matched != 4 || list.Refused != 0 {
		t.Errorf("counts %v, %d matched, %d refused", list.Counts, list.Matched, list.Refused)
	}
	var got []string
	for _, c := range list.Calls {
		got = append(got, fmt.Sprintf("%d %s %s %s [%s|%s|%s|%s] %s", c.Number, c.System, c.Operation, c.SOAPVersion,
			c.MessageID, c.ExternalReference, c.AccountReference, c.AccountID, c.Time))
	}
	want := []string{
		"1 customercare CreateCallLog 1.1 [message-1|||] " + clockTime.String(),
		"2 customercare UpdateCustomerPIN 1.2 [message-2|||] " + clockTime.String(),
		"3 mds CreateService 1.1 [|Ä1||] " + clockTime.String(),
		"4 emersion CreateComplexAccount 1.1 [||Text & more|399301] " + clockTime.String(),
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	filters := []struct {
		query string
		want  []int
	}{
		{"?operation=CreateCallLog", []int{1}},
		{"?operation=CreateWorkFlowManager", nil},
		{"?system=customercare", []int{1, 2}},
		{"?messageId=message-2", []int{2}},
		{"?messageId=%C3%841", []int{3}},
		{"?externalReference=%C3%841", []int{3}},
		{"?accountReference=Text+%26+more", []int{4}},
		{"?messageId=message-1&operation=CreateCallLog", []int{1}},
		{"?messageId=message-1&operation=UpdateCustomerPIN", nil},
	}
	for _, filter := range filters {
		t.Run(filter.query, func(t *testing.T) {
			list := b.calls(t, filter.query)
			var numbers []int
			for _, c := range list.Calls {
				numbers = append(numbers, c.Number)
			}
			if !slices.Equal(numbers, filter.want) || list.Matched != len(filter.want) || list.Counts[createCallLog] != 1 {
				t.Errorf("calls %v, want %v", numbers, filter.want)
			}
		})
	}

	t.Run("envelope", func(t *testing.T) {
		got := b.send(t, message{method: http.MethodGet, path: "/sandbox/calls/4/envelope"})
		if got.status != http.StatusOK || got.body != account.envelope || got.header.Get("Content-Type") != "text/xml; charset=utf-8" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("reset", func(t *testing.T) {
		b.queue(t, createCallLog, "http-404")
		if status := b.control(t, http.MethodDelete, "/sandbox/calls", "", nil); status != http.StatusNoContent {
			t.Errorf("status %d", status)
		}
		if list := b.calls(t, ""); list.Matched != 0 || list.Counts[createCallLog] != 0 {
			t.Errorf("still there: %+v", list)
		}
		if queued := b.scenarios(t).Queued; len(queued) != 0 {
			t.Errorf("still queued: %+v", queued)
		}
		if got := b.send(t, account); !strings.Contains(got.body, "399301") {
			t.Errorf("numbers do not start again: %s", got.body)
		}
		if list := b.calls(t, ""); list.Calls[0].Number != 1 {
			t.Errorf("numbers do not start again: %+v", list)
		}
	})
}

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
