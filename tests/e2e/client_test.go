package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"soapbridge/tests/kit"
	"soapbridge/translate"
)

// call is one HTTP request to a proxy.
type call struct {
	method string // POST when empty
	path   string
	header http.Header // beside the usual ones; a nil value takes one of them away
	body   string
}

// answer is one HTTP answer of a proxy.
type answer struct {
	status  int
	header  http.Header
	body    string
	problem *problem // nil for a success
	// undocumented is what the OpenAPI document does not say of the exchange.
	undocumented []string
}

// problem is a problem document, every member of it: decoding is strict.
type problem struct {
	Type            string      `json:"type"`
	Title           string      `json:"title"`
	Status          int         `json:"status"`
	Detail          string      `json:"detail"`
	Instance        string      `json:"instance"`
	Code            string      `json:"code"`
	RequestID       string      `json:"requestId"`
	OperationID     string      `json:"operationId"`
	Outcome         string      `json:"outcome"`
	Retry           string      `json:"retry"`
	Errors          []violation `json:"errors"`
	SevCode         any         `json:"sevCode"`
	ExplanationCode any         `json:"explanationCode"`
	ErrorsTruncated bool        `json:"errorsTruncated"`
}

type violation struct {
	Pointer   *string        `json:"pointer"`
	Header    string         `json:"header"`
	Parameter string         `json:"parameter"`
	Code      string         `json:"code"`
	Detail    string         `json:"detail"`
	Hint      string         `json:"hint"`
	Params    map[string]any `json:"params"`
	Source    string         `json:"source"`
}

// place returns where a violation is: a JSON Pointer, or header:Name, or parameter:name.
func (v violation) place() string {
	switch {
	case v.Header != "":
		return "header:" + v.Header
	case v.Parameter != "":
		return "parameter:" + v.Parameter
	case v.Pointer == nil:
		return "nowhere"
	}
	return *v.Pointer
}

// String is how the tables of the tests spell a violation.
func (v violation) String() string { return v.place() + " " + v.Code + " " + v.Source }

func (p *problem) violations() (list []string) {
	for _, v := range p.Errors {
		list = append(list, v.String())
	}
	return list
}

// client follows no redirect, and waits longer than any call may take.
var client = &http.Client{
	Timeout:       kit.Patience,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func newKey() string { return uuid.NewString() }

// request makes the HTTP request of a call.
func (c call) request(base string) (*http.Request, error) {
	method := c.method
	if method == "" {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, base+c.path, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", newKey())
	r.Host = c.header.Get("Host") // empty for that of the URL
	for name, values := range c.header {
		delete(r.Header, http.CanonicalHeaderKey(name))
		if values != nil {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return r, nil
}

// send makes a call and judges everything that holds for every answer.
func send(t *testing.T, base string, c call) answer {
	t.Helper()
	a, err := trySend(base, c)
	if err != nil {
		t.Fatal(err)
	}
	a.judge(t)
	return a
}

func trySend(base string, c call) (answer, error) {
	r, err := c.request(base)
	if err != nil {
		return answer{}, err
	}
	return roundTrip(client, r)
}

func roundTrip(with *http.Client, r *http.Request) (answer, error) {
	body, err := bodyOf(r)
	if err != nil {
		return answer{}, err
	}
	resp, err := with.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	a, err := read(resp)
	if err == nil {
		a.undocumented = byDocument(r, body, a)
	}
	return a, err
}

func read(resp *http.Response) (answer, error) {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if resp.Header.Get("Content-Type") != "application/problem+json" || len(body) == 0 {
		return a, nil
	}
	a.problem = &problem{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(a.problem); err != nil {
		return a, fmt.Errorf("the problem is not one: %w: %s", err, body)
	}
	return a, nil
}

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// judge checks what holds for every answer, whatever was asked.
func (a answer) judge(t *testing.T) {
	t.Helper()
	for _, what := range a.undocumented {
		t.Errorf("the OpenAPI document: %s", what)
	}
	if id := a.header.Get("X-Request-Id"); !requestID.MatchString(id) {
		t.Errorf("X-Request-Id is %q", id)
	}
	// A document may be kept: its ETag says whether it is still the same.
	if got := a.header.Get("Cache-Control"); got != "no-store" && (got != "no-cache" || a.header.Get("ETag") == "") {
		t.Errorf("Cache-Control is %q", got)
	}
	if secrets := secretsIn(a.body + fmt.Sprint(a.header)); secrets != nil {
		t.Errorf("the answer shows the planted secrets %q: %v\n%s", secrets, a.header, a.body)
	}
	if a.status < http.StatusBadRequest {
		if a.problem != nil {
			t.Errorf("a problem with status %d: %s", a.status, a.body)
		}
		return
	}
	if a.problem == nil {
		t.Fatalf("status %d without a problem: %q %s", a.status, a.header.Get("Content-Type"), a.body)
	}
	for _, wrong := range a.wrongs() {
		t.Errorf("%s: %s", wrong, a.body)
	}
}

// beforeTheClaim are the codes of calls that were refused before they had an operation.
var beforeTheClaim = []string{
	"bad-parameter", "forbidden", "host-not-allowed", "idempotency-key-malformed", "idempotency-key-missing", "idempotency-store-unavailable", "malformed-json", "method-not-allowed", "not-configured",
	"not-found", "origin-not-allowed", "payload-too-large", "unauthenticated", "unsupported-media-type", "validation-failed",
}

// wrongs returns what is wrong with a problem document.
func (a answer) wrongs() (list []string) {
	p := a.problem
	expect := func(holds bool, sentence string) {
		if !holds {
			list = append(list, sentence)
		}
	}
	expect(p.Status == a.status, "the member status is not the status")
	expect(p.Type == "/problems/"+p.Code && p.Code != "", "the type is not that of the code")
	expect(p.Title != "" && p.Detail != "", "the title or the detail is missing")
	expect(p.RequestID == a.header.Get("X-Request-Id"), "the request id is not that of the header")
	expect(p.OperationID == a.header.Get("Operation-Id"), "the operation id is not that of the header")
	// About another call, whose outcome is not that of this one.
	aboutAnother := p.Code == "in-flight" || p.Code == "key-reused" || strings.HasPrefix(p.Instance, "/v1/operations")
	expect(aboutAnother && p.Outcome == "" || slices.Contains([]string{"not_sent", "rejected", "failed", "unknown", "executed"}, p.Outcome), "the outcome is none")
	expect(slices.Contains([]string{"safe", "later", "after_fix", "after_check", "never"}, p.Retry), "the advice is none")
	expect((p.Retry == "later") == (a.header.Get("Retry-After") != ""), "Retry-After goes with the advice later")
	expect(p.Outcome != "unknown" && p.Outcome != "executed" || p.Retry == "never", "an unknown or executed outcome forbids the repetition")
	expect(p.OperationID == "" || !slices.Contains(beforeTheClaim, p.Code), "the call was refused before it had an operation")
	expect((p.Outcome == "failed") == (p.Retry == "after_check"), "what failed must be checked first")
	for _, v := range p.Errors {
		places := 0
		for _, there := range []bool{v.Pointer != nil, v.Header != "", v.Parameter != ""} {
			if there {
				places++
			}
		}
		expect(places == 1, "an error has no place, or several")
		expect(v.Code != "" && v.Detail != "", "an error lacks its code or its detail")
		expect(slices.Contains([]string{"request", "soap-fault", "response-code"}, v.Source), "an error has no source")
		// A settlement that is refused says nothing of the operation's outcome.
		fits := []string{"not_sent", ""}
		if v.Source != "request" {
			fits = []string{"rejected", "failed", "unknown"}
		}
		expect(slices.Contains(fits, p.Outcome), "the source does not fit the outcome")
		expect(!strings.ContainsAny(v.Detail, "\r\n"), "a detail has several lines")
		expect(v.Source == "request" || utf8.RuneCountInString(v.Detail) <= 200, "a vendor's text is too long")
	}
	return list
}

// fetch reads JSON from the sandbox.
func fetch(t *testing.T, url string, into any) {
	t.Helper()
	text := get(t, url)
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v: %s", url, err, text)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", url, resp.Status, err, text)
	}
	return string(text)
}

// executed is one call that the sandbox executed.
type executed struct {
	Number            int    `json:"number"`
	System            string `json:"system"`
	Operation         string `json:"operation"`
	SOAPVersion       string `json:"soapVersion"`
	MessageID         string `json:"messageId"`
	ExternalReference string `json:"externalReference"`
	AccountReference  string `json:"accountReference"`
	AccountID         string `json:"accountId"`
	Scenario          string `json:"scenario"`
}

// executions asks a sandbox for the calls with a reference, whatever element the system carries it in.
func executions(t *testing.T, sandbox string, op translate.Operation, reference string) []executed {
	t.Helper()
	if reference == "" {
		t.Fatal("no reference to look for")
	}
	element := kit.Named(op.Name).Element
	filter := strings.ToLower(element[:1]) + element[1:]
	var list struct {
		Calls []executed `json:"calls"`
	}
	if whole, ok := longer.Load(reference); ok {
		reference, _ = whole.(string)
	}
	fetch(t, sandbox+"/sandbox/calls?system="+op.System+"&"+filter+"="+url.QueryEscape(reference), &list)
	return list.Calls
}
