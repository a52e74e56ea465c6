package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"soapbridge/api/operations"
	"soapbridge/translate/soap"
)

// unanswered is an upstream that may have executed each message.
var unanswered = upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
	return soap.Reply{}, &soap.SendError{Kind: soap.Broken, Err: errors.New("reset")}
})

// runIntoUnknown makes the good call, and returns the operation's record.
func (e *edge) runIntoUnknown(t *testing.T, change ...func(*http.Request)) operations.Record {
	t.Helper()
	w := e.call(note(change...))
	if d := problemIn(t, w); d["outcome"] != "unknown" {
		t.Fatalf("the outcome is not unknown: %s", w.Body)
	}
	return e.record(t, w.Header().Get("Operation-Id"))
}

func (e *edge) record(t *testing.T, id string) operations.Record {
	t.Helper()
	return viewIn(t, e.call(httptest.NewRequest(http.MethodGet, "/v1/operations/"+id, nil)))
}

func viewIn(t *testing.T, w *httptest.ResponseRecorder) (v operations.Record) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return v
}

// settle sends a settlement; %ID and %ATTEMPT are replaced by those of the record.
func (e *edge) settle(of operations.Record, body string) *httptest.ResponseRecorder {
	body = strings.NewReplacer("%ID", of.OperationID, "%ATTEMPT", of.Attempt).Replace(body)
	r := httptest.NewRequest(http.MethodPost, "/v1/operations/"+of.OperationID+"/resolution", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return e.call(r)
}

// audits counts the lines of the audit with a message.
func (e *edge) audits(t *testing.T, message string) (n int) {
	t.Helper()
	for _, line := range e.lines(t) {
		if line["audit"] == true && line["msg"] == message {
			n++
		}
	}
	return n
}

func TestSettlementsThatAreWrong(t *testing.T) {
	nested := func(levels int) string {
		return `{"attempt": "%ATTEMPT", "executed": true, "result": ` + strings.Repeat(`{"a":`, levels) + `1` + strings.Repeat(`}`, levels) + `}`
	}
	e := newEdge(t, unanswered)
	of := e.runIntoUnknown(t)
	for name, row := range map[string]struct {
		body   string
		status int
		code   string
		errors []string
	}{
		"no attempt":                {`{"executed": true}`, 422, "validation-failed", []string{"/attempt required"}},
		"null for an attempt":       {`{"attempt": null, "executed": true}`, 422, "validation-failed", []string{"/attempt required"}},
		"a number for an attempt":   {`{"attempt": 1, "executed": true}`, 422, "validation-failed", []string{"/attempt wrong-type"}},
		"nothing":                   {`{}`, 422, "validation-failed", []string{"/attempt required", "/executed required"}},
		"another attempt":           {`{"attempt": "other", "executed": true}`, 409, "not-unknown", nil},
		"another operation's id":    {`{"attempt": "%ATTEMPT", "executed": true, "result": {"operationId": "found"}}`, 422, "validation-failed", []string{"/result/operationId not-in-list"}},
		"an operation id of a kind": {`{"attempt": "%ATTEMPT", "executed": true, "result": {"operationId": 1}}`, 422, "validation-failed", []string{"/result/operationId wrong-type"}},
		"an empty result":           {`{"attempt": "%ATTEMPT", "executed": true, "result": {}}`, 422, "validation-failed", []string{"/result empty-object"}},
		"a list for a result":       {`{"attempt": "%ATTEMPT", "executed": true, "result": []}`, 422, "validation-failed", []string{"/result wrong-type"}},
		"a result of another kind":  {`{"attempt": "%ATTEMPT", "executed": true, "result": {"id": 7, "a": 1}}`, 422, "validation-failed", []string{"/result/id wrong-type", "/result/a unknown-member"}},
		"a result of nothing":       {`{"attempt": "%ATTEMPT", "executed": false, "result": {"id": "7"}}`, 422, "validation-failed", []string{"/result not-allowed-here"}},
		"too deep":                  {nested(32), 400, "malformed-json", nil},
		"far too deep":              {nested(50), 400, "malformed-json", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.settle(of, row.body)
			d := problemIn(t, w)
			var places []string
			list, _ := d["errors"].([]any)
			for _, v := range list {
				place, _ := v.(map[string]any)
				places = append(places, fmt.Sprint(place["pointer"], " ", place["code"]))
			}
			if w.Code != row.status || d["code"] != row.code || !slices.Equal(places, row.errors) {
				t.Errorf("status %d, %v, %q: %s", w.Code, d["code"], places, w.Body)
			}
			if got := e.record(t, of.OperationID); got.State != "unknown" || got.Settled || e.audits(t, "operation settled") != 0 {
				t.Errorf("it was settled: %+v", got)
			}
		})
	}
	if w := e.settle(of, nested(31)); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("as deep as a request may be: status %d: %s", w.Code, w.Body)
	}
	if w := e.settle(of, `{"attempt": "%ATTEMPT", "executed": true, "result": null}`); w.Code != http.StatusOK {
		t.Errorf("null is not a result: status %d: %s", w.Code, w.Body)
	}
}

// TestSettlementIsRepeated: the same finding in another spelling is the same, and another one is refused; the audit has it once.
func TestSettlementIsRepeated(t *testing.T) {
	const executed = `{"attempt": "%ATTEMPT", "executed": true}`
	const with, same = `{"attempt": "%ATTEMPT", "executed": true, "result": {"id": "\u0041"}}`,
		` {"result": {"operationId": "%ID", "id": "A"}, "executed": true, "attempt": "%ATTEMPT"}`
	const other, not = `{"attempt": "%ATTEMPT", "executed": true, "result": {"id": "B"}}`, `{"attempt": "%ATTEMPT", "executed": false}`
	for name, row := range map[string]struct {
		first, again string
		others       []string
	}{
		"executed":               {executed, executed, []string{with, not}},
		"executed with a result": {with, same, []string{other, executed, not}},
		"not executed":           {not, not, []string{executed, with}},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, unanswered)
			of := e.runIntoUnknown(t)
			first := e.settle(of, row.first)
			settledAs := viewIn(t, first)
			if !settledAs.Settled || settledAs.Attempt != of.Attempt {
				t.Errorf("the record is %+v", settledAs)
			}
			if w := e.settle(of, row.again); w.Code != http.StatusOK || w.Body.String() != first.Body.String() {
				t.Errorf("repeated: status %d: %s, want %s", w.Code, w.Body, first.Body)
			}
			for _, body := range row.others {
				if w := e.settle(of, body); w.Code != http.StatusConflict || problemIn(t, w)["code"] != "not-unknown" {
					t.Errorf("%s: status %d: %s", body, w.Code, w.Body)
				}
			}
			if before, after := e.audits(t, "operation is being settled"), e.audits(t, "operation settled"); before != 1 || after != 1 {
				t.Errorf("the audit has it %d and %d times:\n%s", before, after, e.log)
			}
			if w := httptest.NewRequest(http.MethodGet, "/v1/operations/"+of.OperationID, nil); e.call(w).Body.String() != first.Body.String() {
				t.Error("the record has changed")
			}
		})
	}
}

// TestSettlementOfAnEarlierAttempt: the operator has looked into the first one, not into the second.
func TestSettlementOfAnEarlierAttempt(t *testing.T) {
	e := newEdge(t, unanswered)
	of := e.runIntoUnknown(t)
	const not = `{"attempt": "%ATTEMPT", "executed": false}`
	if w := e.settle(of, not); w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	later := e.runIntoUnknown(t)
	if later.OperationID != of.OperationID || later.Attempt == of.Attempt || later.Attempt == "" {
		t.Fatalf("the attempts are %+v and %+v", of, later)
	}
	w := e.settle(of, not)
	if detail := fmt.Sprint(problemIn(t, w)["detail"]); w.Code != http.StatusConflict || !strings.Contains(detail, "not the operation's last attempt") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if got := e.record(t, of.OperationID); got.State != "unknown" {
		t.Errorf("the second attempt is %s", got.State)
	}
	if n := e.audits(t, "operation is being settled"); n != 1 {
		t.Errorf("the audit has %d lines", n)
	}
	if w := e.settle(later, not); w.Code != http.StatusOK {
		t.Errorf("the second attempt: status %d: %s", w.Code, w.Body)
	}
}

// TestSettlementIsRepeatedAfterARelease: a later attempt that sent nothing leaves the record as the operator settled it.
func TestSettlementIsRepeatedAfterARelease(t *testing.T) {
	upstream := unanswered
	e := newEdge(t, upstreamFunc(func(ctx context.Context, m soap.Message) (soap.Reply, error) { return upstream(ctx, m) }))
	of := e.runIntoUnknown(t)
	const not = `{"attempt": "%ATTEMPT", "executed": false}`
	first := e.settle(of, not)
	upstream = func(context.Context, soap.Message) (soap.Reply, error) {
		return soap.Reply{}, &soap.SendError{Kind: soap.Unreachable, Err: errors.New("refused")}
	}
	if d := problemIn(t, e.call(note())); d["outcome"] != "not_sent" {
		t.Fatalf("the later attempt: %v", d)
	}
	if w := e.settle(of, not); w.Code != http.StatusOK || w.Body.String() != first.Body.String() {
		t.Errorf("repeated: status %d: %s, want %s", w.Code, w.Body, first.Body)
	}
	if got := e.record(t, of.OperationID); got.State != "freed" || !got.Settled {
		t.Errorf("the record is %+v", got)
	}
}

// TestKeyThatWasSettled is answered with the result that was found, or with a problem: a success has one form.
func TestKeyThatWasSettled(t *testing.T) {
	for name, row := range map[string]struct {
		finding string
		status  int
		body    string
		counted string
	}{
		"with its operation id": {`"result": {"id": "7", "operationId": "%ID"}`, http.StatusCreated, `{"operationId":"%ID","id":"7"}`, "replayed"},
		"without":               {`"result":  { "id": "7" }`, http.StatusCreated, `{"operationId":"%ID","id":"7"}`, "replayed"},
		"without a result":      {"", http.StatusConflict, "", "settled"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, unanswered, func(c *Config) { c.Metrics = NewMetrics() })
			of := e.runIntoUnknown(t)
			if w := e.settle(of, strings.ReplaceAll(`{"attempt": "%ATTEMPT", "executed": true, `+row.finding+`}`, ", }", "}")); w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			w := e.call(note())
			if w.Code != row.status || w.Header().Get("Operation-Id") != of.OperationID {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
			metrics := httptest.NewRecorder()
			e.config.Metrics.Handler(false).ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			if line := `soapbridge_idempotency_total{result="` + row.counted + `"} 1`; !strings.Contains(metrics.Body.String(), line+"\n") {
				t.Errorf("%s is not in %s", line, metrics.Body)
			}
			if row.body == "" {
				d := problemIn(t, w)
				if d["code"] != "settled" || d["outcome"] != "executed" || d["retry"] != "never" || d["operationId"] != of.OperationID {
					t.Errorf("%v", d)
				}
				if got := e.record(t, of.OperationID); got.State != "done" || !got.Settled || got.Result != nil {
					t.Errorf("the record is %+v", got)
				}
				return
			}
			if want := strings.ReplaceAll(row.body, "%ID", of.OperationID); w.Body.String() != want {
				t.Errorf("the body is %s, want %s", w.Body, want)
			}
		})
	}
}

// TestUnknownsPageByPage reads the list as a program does.
func TestUnknownsPageByPage(t *testing.T) {
	const many, page = 10, 4
	e := newEdge(t, unanswered)
	want := map[string]bool{}
	for i := range many {
		want[e.runIntoUnknown(t, func(r *http.Request) { r.Header.Set(keyHeader, goodKey+fmt.Sprint(i)) }).OperationID] = true
	}
	var sizes []int
	for cursor := ""; len(sizes) < many; {
		w := e.call(httptest.NewRequest(http.MethodGet, fmt.Sprintf("/v1/operations?state=unknown&limit=%d%s", page, cursor), nil))
		var list operations.Page
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK || list.Total != many {
			t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
		}
		for _, v := range list.Operations {
			if !want[v.OperationID] || v.Attempt == "" {
				t.Errorf("%+v is listed twice, or is not one of them", v)
			}
			delete(want, v.OperationID)
		}
		sizes = append(sizes, len(list.Operations))
		if list.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(list.NextCursor)
	}
	if !slices.Equal(sizes, []int{4, 4, 2}) || len(want) > 0 {
		t.Errorf("the pages hold %v, and %d are missing", sizes, len(want))
	}
	w := e.call(httptest.NewRequest(http.MethodGet, "/v1/operations?state=unknown&limit=10", nil))
	if strings.Contains(w.Body.String(), "nextCursor") {
		t.Errorf("the only page has a next one: %s", w.Body)
	}
	for _, wrong := range []string{"", "1", "x.y", "1.x", "x." + e.runIntoUnknown(t, func(r *http.Request) { r.Header.Set(keyHeader, goodKey+"x") }).OperationID} {
		w := e.call(httptest.NewRequest(http.MethodGet, "/v1/operations?state=unknown&cursor="+wrong, nil))
		if d := problemIn(t, w); w.Code != http.StatusBadRequest || d["code"] != "bad-parameter" {
			t.Errorf("cursor %q: status %d: %s", wrong, w.Code, w.Body)
		}
	}
}
