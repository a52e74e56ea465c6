package torture

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/api/idempotency"
)

// client keeps connections, as real ones do. It repeats nothing by itself: see entity.send.
var client = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// clientPatience is how long a client waits for an answer: far longer than a proxy may take.
const clientPatience = 30 * time.Second

// target is what a client talks to: a proxy, or a server in its place.
type target interface{ URL() string }

// entity is one caller's Idempotency-Key, what is asked under it, and all that was answered.
type entity struct {
	number    int
	operation *operation
	caller    *caller
	key       string
	subject   string // in the request; the twins below share it
	// twin has the same key, and asks for the same, but is another caller.
	twin *entity

	mu    sync.Mutex
	tries []attempt
	id    string // operation id, once an answer has it
	held  *call  // which of the calls holds the key: see again
	freed int    // how often an operator said that it was not executed
	wrong []string
}

// attempt is one call and its answer.
type attempt struct {
	operation *operation
	variant   string
	err       error // no answer came
	status    int
	problem   problem
	retryIn   string // Retry-After
	replayed  bool
	unstored  bool
	body      []byte
	// afterSuccess reports that another call had succeeded before this one was made.
	afterSuccess bool
}

// problem is what clients read of a problem document.
type problem struct {
	Code        string `json:"code"`
	Outcome     string `json:"outcome"`
	Retry       string `json:"retry"`
	RequestID   string `json:"requestId"`
	OperationID string `json:"operationId"`
}

func (a attempt) succeeded() bool { return a.err == nil && a.status/100 == 2 }

// claims reports that the answer keeps the key: its call was sent, or may have been.
func (a attempt) claims() bool {
	return a.succeeded() || a.err == nil && slices.Contains([]string{"outcome-unknown", "upstream-rejected", "upstream-failed", "upstream-unavailable"}, a.problem.Code)
}

// unsent reports that, according to the proxy, nothing was sent.
func (a attempt) unsent() bool { return a.err == nil && a.problem.Outcome == "not_sent" }

// String names an answer for the histogram.
func (a attempt) String() string {
	switch {
	case a.err != nil:
		return "no answer"
	case a.succeeded() && a.unstored:
		return fmt.Sprint(a.status, " not stored")
	case a.succeeded() && a.replayed:
		return fmt.Sprint(a.status, " replayed")
	case a.problem.Code != "" && a.replayed:
		return fmt.Sprint(a.status, " ", a.problem.Code, " replayed")
	}
	return strings.TrimSpace(fmt.Sprint(a.status, " ", a.problem.Code))
}

// call is one way to use a key.
type call struct {
	operation *operation
	variant   string
	style     style
	quoted    bool // the key is written as a quoted string
	body      []byte
}

// proper is the call that the entity is for.
func (e *entity) proper() call { return call{operation: e.operation, variant: meant} }

// do calls, and remembers what happened.
func (e *entity) do(ctx context.Context, to target, with call) attempt {
	afterSuccess := e.success() != nil
	a, header := e.send(ctx, to, with)
	a.afterSuccess = afterSuccess
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries = append(e.tries, a)
	if id := header.Get("Operation-Id"); id != "" {
		if e.id != "" && e.id != id {
			e.wrong = append(e.wrong, "one key has the operation ids "+e.id+" and "+id)
		}
		e.id = id
	}
	e.wrong = append(e.wrong, a.complaints(header)...)
	return a
}

func (e *entity) send(ctx context.Context, to target, with call) (attempt, http.Header) {
	ctx, cancel := context.WithTimeout(ctx, clientPatience)
	defer cancel()
	a := attempt{operation: with.operation, variant: with.variant}
	body := with.body
	if body == nil {
		body = with.operation.body(e.subject, with.variant).write(with.style, with.operation.Optional)
	}
	// A bare reader: if the request could repeat its body, net/http would do so on its own, because of the header's name.
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL()+with.operation.Path, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		a.err = err
		return a, nil
	}
	request.ContentLength = int64(len(body))
	request.Header.Set("Content-Type", "application/json")
	key := e.key
	if with.quoted {
		key = `"` + key + `"`
	}
	request.Header.Set("Idempotency-Key", key)
	e.caller.identify(request)
	header := a.exchange(request)
	return a, header
}

func (c *caller) identify(request *http.Request) {
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
}

// exchange fills the attempt in with the answer.
func (a *attempt) exchange(request *http.Request) http.Header {
	response, err := client.Do(request)
	if err != nil {
		a.err = err
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		a.err = err
		return response.Header
	}
	a.status, a.body = response.StatusCode, body
	a.retryIn = response.Header.Get("Retry-After")
	a.replayed = response.Header.Get("Idempotent-Replayed") == "true"
	a.unstored = response.Header.Get("Idempotency-Stored") == "false"
	if !a.succeeded() {
		_ = json.Unmarshal(body, &a.problem) // complaints finds what is not one
	}
	return response.Header
}

// complaints returns what is wrong with an answer of the proxy, whatever was asked.
func (a attempt) complaints(header http.Header) (list []string) {
	complain := func(format string, args ...any) {
		list = append(list, fmt.Sprintf(format, args...)+": "+shortened(string(a.body)))
	}
	if a.err != nil {
		return nil
	}
	if bytes.Contains(a.body, []byte(secretMark)) {
		complain("I9: a secret in an answer")
	}
	p := a.problem
	switch {
	case a.succeeded():
	case header.Get("Content-Type") != "application/problem+json" || p.Code == "" || p.Retry == "":
		complain("status %d without a problem document", a.status)
	case p.RequestID != header.Get("X-Request-Id") && !a.replayed:
		complain("a problem of another request")
	case p.Code == "internal":
		complain("the proxy made a mistake")
	case p.Retry == "later" && a.retryIn == "":
		complain("retry later, without Retry-After")
	case p.Code == "outcome-unknown" && (p.Outcome != "unknown" || p.Retry != "never"):
		complain("an unknown outcome that is none")
	case p.Outcome == "unknown" && p.Code != "outcome-unknown":
		complain("an unknown outcome by another name")
	}
	return list
}

// subjects are the names under which the vendor counts this entity's arrivals.
func (e *entity) subjects() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.operation.Name == "CreateComplexAccount" {
		return []string{e.id, e.subject}
	}
	return []string{e.id}
}

func (e *entity) history() []attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.tries)
}

func (e *entity) operationID() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.id
}

// proxyOf returns a proxy that knows the entity's caller.
func (e *entity) proxyOf(i int) *proxy { return e.caller.proxies[i%len(e.caller.proxies)] }

func (e *entity) String() string {
	return fmt.Sprintf("key %d (%s, %s, operation %s)", e.number, e.operation.Name, e.caller.name, e.operationID())
}

// learnID finds the operation id of a key, if none of its answers has it.
func (e *entity) learnID(t *testing.T) {
	t.Helper()
	if e.operationID() != "" {
		return
	}
	name, err := base64.StdEncoding.DecodeString(e.caller.nameKey)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := idempotency.NewVault(name, []idempotency.Key{{ID: "any", Secret: make([]byte, idempotency.KeySize)}})
	if err != nil {
		t.Fatal(err)
	}
	caller, _, _ := strings.Cut(strings.TrimPrefix(e.caller.key, "sb_"), ".")
	e.mu.Lock()
	defer e.mu.Unlock()
	e.id = vault.OperationID(caller, e.key)
}

// view is an operation as GET /v1/operations shows it.
type view struct {
	OperationID string `json:"operationId"`
	Operation   string `json:"operation"`
	State       string `json:"state"`
	Attempt     string `json:"attempt"`
	Settled     bool   `json:"settled"`
	Result      *struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	} `json:"result"`
}

// askSteadily asks again when a busy machine made the proxy give up waiting for the store.
func askSteadily(t *testing.T, who *caller, to target, path string, body any, into any) (a attempt) {
	t.Helper()
	if !await(func() bool {
		a = ask(t, who, to, path, body, into)
		return a.problem.Code != "idempotency-store-unavailable"
	}) {
		t.Errorf("the store does not answer for %s", path)
	}
	return a
}

// ask makes another call than that of an operation: a look at it, or its settlement. A body makes it a POST.
func ask(t *testing.T, who *caller, to target, path string, body any, into any) attempt {
	t.Helper()
	method, content := http.MethodGet, io.Reader(nil)
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		method, content = http.MethodPost, bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, to.URL()+path, content)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	who.identify(request)
	var a attempt
	a.exchange(request)
	if a.succeeded() && into != nil {
		if err := json.Unmarshal(a.body, into); err != nil {
			t.Errorf("%s: %v in %s", path, err, shortened(string(a.body)))
		}
	}
	return a
}

// look reads the state of the entity's operation, as its owner: "free" when there is no record.
func (e *entity) look(t *testing.T, at target) (state string) {
	t.Helper()
	e.learnID(t)
	var v view
	if !await(func() bool {
		a := ask(t, e.caller, at, "/v1/operations/"+e.operationID(), nil, &v)
		if a.status == http.StatusNotFound {
			v.State = "free"
		}
		return v.State != ""
	}) {
		t.Errorf("no proxy shows %v", e)
	}
	return v.State
}

// again repeats the call that holds the key, until nothing but the record decides the answer. Where the key was abused, that may be another
// call than the proper one. Nothing else may use the key meanwhile.
func (e *entity) again(t *testing.T) (a attempt) {
	t.Helper()
	if e.held != nil {
		return e.insist(t, *e.held)
	}
	for _, with := range []call{
		e.proper(), {operation: e.operation, variant: another}, {operation: e.operation.other(), variant: meant},
	} {
		if a = e.insist(t, with); a.problem.Code != "key-reused" {
			e.held = &with
			return a
		}
	}
	t.Errorf("I5: %v is held by none of the calls that were made\n%s", e, e.transcript())
	return a
}

func (e *entity) insist(t *testing.T, with call) attempt {
	t.Helper()
	return e.steadily(t, e.proxyOf(e.number+1), with)
}

// steadily calls while the store is well, and so again when a busy machine made the proxy give up waiting for it: the claim that was not
// confirmed is then in flight for a moment. With 409 in-flight in want, that answer is accepted.
func (e *entity) steadily(t *testing.T, to target, with call, want ...string) (a attempt) {
	t.Helper()
	disturbed, meets := false, slices.Contains(want, "409 in-flight")
	if !await(func() bool {
		a = e.do(t.Context(), to, with)
		disturbed = disturbed || a.problem.Code == "idempotency-store-unavailable"
		return a.problem.Code != "idempotency-store-unavailable" && (a.problem.Code != "in-flight" || !disturbed || meets)
	}) {
		t.Errorf("the store does not answer for %v\n%s", e, e.transcript())
	}
	if len(want) > 0 && !slices.Contains(want, a.String()) {
		t.Errorf("%v: got %v, want %v\n%s", e, a, want, e.transcript())
	}
	return a
}

// success returns an answer that is a success, if there is one.
func (e *entity) success() *attempt {
	for _, a := range e.history() {
		if a.succeeded() {
			return &a
		}
	}
	return nil
}
