package edge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

func TestSuccess(t *testing.T) {
	var sent soap.Message
	e := newEdge(t, upstreamFunc(func(_ context.Context, m soap.Message) (soap.Reply, error) { sent = m; return success(), nil }))
	w := e.call(note())
	id := w.Header().Get("Operation-Id")
	if w.Code != http.StatusCreated || w.Body.String() != `{"operationId":"`+id+`","id":"42"}` {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if _, err := uuid.Parse(id); err != nil {
		t.Errorf("Operation-Id %q: %v", id, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(string(sent.Envelope), "<PIN xmlns=\"\">"+plantedSecret+"</PIN>") {
		t.Errorf("sent %s", sent.Envelope)
	}
}

func TestUpstreamFailuresInTheLanguageOfProblems(t *testing.T) {
	cause := errors.New("connection reset")
	for name, c := range map[string]struct {
		err        error
		status     int
		code       string
		outcome    string
		retry      string
		retryAfter string
	}{
		"unreachable": {&soap.SendError{Kind: soap.Unreachable, Err: cause}, 503, "upstream-unreachable", "not_sent", "later", "5"},
		"broken":      {&soap.SendError{Kind: soap.Broken, Err: cause}, 502, "outcome-unknown", "unknown", "never", ""},
		"timed out":   {&soap.SendError{Kind: soap.TimedOut, Err: cause}, 504, "outcome-unknown", "unknown", "never", ""},
		"a wrapped error": {
			errors.Join(errors.New("around"), &soap.SendError{Kind: soap.Unreachable, Err: cause}), 503, "upstream-unreachable", "not_sent", "later", "5",
		},
		// An upstream that does not know whether it has sent counts as having sent.
		"an error of another kind": {cause, 502, "outcome-unknown", "unknown", "never", ""},
		"no kind":                  {&soap.SendError{Err: cause}, 502, "outcome-unknown", "unknown", "never", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) { return soap.Reply{}, c.err }))
			w := e.call(note())
			d := problemIn(t, w)
			if w.Code != c.status || d["code"] != c.code || d["outcome"] != c.outcome || d["retry"] != c.retry || w.Header().Get("Retry-After") != c.retryAfter {
				t.Errorf("status %d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
			if d["operationId"] != w.Header().Get("Operation-Id") || d["instance"] != notePath || d["requestId"] != w.Header().Get("X-Request-Id") {
				t.Errorf("the problem does not name the call: %s", w.Body)
			}
			if strings.Contains(w.Body.String(), cause.Error()) {
				t.Errorf("the cause is shown: %s", w.Body)
			}
			if logged, _ := e.lastLine(t)["cause"].(string); !strings.Contains(logged, cause.Error()) {
				t.Errorf("the cause is not logged: %s", e.log)
			}
		})
	}
}

func TestTheCallOutlivesTheClient(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	type key struct{}
	e := newEdge(t, upstreamFunc(func(ctx context.Context, _ soap.Message) (soap.Reply, error) {
		hangUp()
		if ctx.Value(key{}) != "kept" {
			t.Error("the values of the request's context are lost")
		}
		return success(), ctx.Err()
	}))
	w := e.call(note().WithContext(context.WithValue(ctx, key{}, "kept")))
	if w.Code != http.StatusCreated {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestNothingIsSentForABadCall(t *testing.T) {
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	body := func(b io.Reader) func(*http.Request) {
		return func(r *http.Request) { r.Body = io.NopCloser(b) }
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"no content type":                   {header("Content-Type"), 415, "unsupported-media-type"},
		"an empty content type":             {header("Content-Type", ""), 415, "unsupported-media-type"},
		"text":                              {header("Content-Type", "text/plain"), 415, "unsupported-media-type"},
		"a problem":                         {header("Content-Type", "application/problem+json"), 415, "unsupported-media-type"},
		"another charset":                   {header("Content-Type", "application/json; charset=iso-8859-1"), 415, "unsupported-media-type"},
		"a broken parameter":                {header("Content-Type", "application/json; charset="), 415, "unsupported-media-type"},
		"two charsets":                      {header("Content-Type", "application/json; charset=utf-8; charset=utf-16"), 415, "unsupported-media-type"},
		"two content types":                 {header("Content-Type", "application/json", "application/json"), 415, "unsupported-media-type"},
		"gzip":                              {header("Content-Encoding", "gzip"), 415, "unsupported-media-type"},
		"a list of codings":                 {header("Content-Encoding", "identity, gzip"), 415, "unsupported-media-type"},
		"a coding in a second header":       {header("Content-Encoding", "identity", "gzip"), 415, "unsupported-media-type"},
		"a parameter":                       {func(r *http.Request) { r.URL.RawQuery = "soap=1.1" }, 400, "bad-parameter"},
		"a preview on the operation's path": {func(r *http.Request) { r.URL.RawQuery = "preview=soap11" }, 400, "bad-parameter"},
		"a parameter without a value":       {func(r *http.Request) { r.URL.RawQuery = "dry-run" }, 400, "bad-parameter"},
		"a broken query":                    {func(r *http.Request) { r.URL.RawQuery = "%zz" }, 400, "bad-parameter"},
		"no key":                            {header(keyHeader), 400, "idempotency-key-missing"},
		"a bad key":                         {header(keyHeader, "short"), 400, "idempotency-key-malformed"},
		"an empty body":                     {body(strings.NewReader("")), 400, "malformed-json"},
		"a body that breaks off":            {body(io.MultiReader(strings.NewReader(noteBody[:5]), iotest.ErrReader(io.ErrUnexpectedEOF))), 400, "malformed-json"},
		"a body that is cut off":            {body(strings.NewReader(noteBody[:5])), 400, "malformed-json"},
		"trailing data":                     {body(strings.NewReader(noteBody + "{}")), 400, "malformed-json"},
		"a body one byte over the limit":    {body(strings.NewReader(noteBody + strings.Repeat(" ", 1025-len(noteBody)))), 413, "payload-too-large"},
		"an endless body":                   {body(endless{}), 413, "payload-too-large"},
		"a required member that is absent":  {body(strings.NewReader(`{"pin": "` + plantedSecret + `"}`)), 422, "validation-failed"},
		"a null body":                       {body(strings.NewReader("null")), 422, "validation-failed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
				t.Error("something was sent")
				return success(), nil
			}))
			w := e.call(note(c.change))
			d := problemIn(t, w)
			if w.Code != c.status || d["code"] != c.code || d["outcome"] != "not_sent" || d["retry"] != "after_fix" {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			if strings.Contains(w.Body.String()+e.log.String(), plantedSecret) {
				t.Errorf("the secret is shown: %s\n%s", w.Body, e.log)
			}
			if id := w.Header().Get("Operation-Id"); id != "" || d["operationId"] != nil || e.lastLine(t)["operation_id"] != nil {
				t.Errorf("there is no operation, and its id is %q: %s", id, w.Body)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestBodyOfExactlyTheLimit(t *testing.T) {
	w := newEdge(t, answering(success())).call(note(func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(noteBody + strings.Repeat(" ", 1024-len(noteBody))))
	}))
	if w.Code != http.StatusCreated {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestContentTypesThatMeanJSON(t *testing.T) {
	for _, mediaType := range []string{
		"application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8", `application/json; charset="utf-8"`,
	} {
		if w := newEdge(t, answering(success())).call(note(func(r *http.Request) { r.Header.Set("Content-Type", mediaType) })); w.Code != http.StatusCreated {
			t.Errorf("%s: status %d: %s", mediaType, w.Code, w.Body)
		}
	}
}

func TestBadParametersAreAllNamed(t *testing.T) {
	w := newEdge(t, answering(success())).call(note(func(r *http.Request) { r.URL.RawQuery = "b=" + plantedSecret + "&a=1&b=2" }))
	d := problemIn(t, w)
	var names []string
	for _, v := range d["errors"].([]any) {
		names = append(names, v.(map[string]any)["parameter"].(string))
	}
	if strings.Join(names, " ") != "a b" || strings.Contains(w.Body.String(), plantedSecret) {
		t.Errorf("%s", w.Body)
	}
}

func TestSystemWithoutAnUpstream(t *testing.T) {
	w := newEdge(t, nil).call(note())
	d := problemIn(t, w)
	if w.Code != http.StatusServiceUnavailable || d["code"] != "not-configured" || d["outcome"] != "not_sent" || d["retry"] != "never" || w.Header().Get("Retry-After") != "" {
		t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
	}
}

func TestOptionalKey(t *testing.T) {
	optional := func(c *Config) { c.KeyOptional = true }
	first := newEdge(t, answering(success()), optional).call(note(func(r *http.Request) { r.Header.Del(keyHeader) }))
	second := newEdge(t, answering(success()), optional).call(note(func(r *http.Request) { r.Header.Del(keyHeader) }))
	if first.Code != http.StatusCreated || second.Code != http.StatusCreated {
		t.Fatalf("status %d and %d: %s", first.Code, second.Code, first.Body)
	}
	if first.Header().Get("Operation-Id") == second.Header().Get("Operation-Id") {
		t.Error("two operations have one id")
	}
	if w := newEdge(t, answering(success()), optional).call(note(func(r *http.Request) { r.Header.Set(keyHeader, "short") })); w.Code != http.StatusBadRequest {
		t.Errorf("a malformed key: status %d: %s", w.Code, w.Body)
	}
}

func TestPathsAndMethods(t *testing.T) {
	e := newEdge(t, answering(success()))
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, notePath, 405, "POST"},
		{http.MethodHead, notePath, 405, "POST"},
		{http.MethodOptions, notePath, 405, "POST"},
		{http.MethodPut, notePath, 405, "POST"},
		{"BREW", notePath, 405, "POST"},
		{http.MethodPost, "/healthz", 405, "GET, HEAD"},
		{http.MethodPost, "/readyz", 405, "GET, HEAD"},
		{http.MethodPost, "/v1/operations", 405, "GET, HEAD"},
		{http.MethodPost, "/v1/operations/x", 405, "GET, HEAD"},
		{http.MethodPost, notePath + "/", 404, ""},
		{http.MethodPost, "/v1/test/Notes", 404, ""},
		{http.MethodPost, "//v1/test/notes", 404, ""},
		{http.MethodPost, "/v1/../v1/test/notes", 404, ""},
		{http.MethodPost, "/v1%2ftest%2fnotes", 404, ""},
		{http.MethodPost, "/v1/test%2Fnotes", 404, ""},
		{http.MethodPost, "/v1/te%73t%2fnotes", 404, ""},
		{http.MethodGet, "/v1/operations%2fx", 404, ""},
		{http.MethodGet, "/v1/operations/x%2fresolution", 404, ""},
		{http.MethodGet, "/problems%2finternal", 404, ""},
		{http.MethodGet, "/v2", 404, ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			w := e.call(httptest.NewRequest(c.method, c.path, nil))
			d := problemIn(t, w)
			want := map[int]string{404: "not-found", 405: "method-not-allowed"}[c.status]
			if w.Code != c.status || d["code"] != want || w.Header().Get("Allow") != c.allow || w.Header().Get("Location") != "" {
				t.Errorf("status %d, Allow %q: %s", w.Code, w.Header().Get("Allow"), w.Body)
			}
			if _, there := d["instance"]; there && (c.status == 404 || d["instance"] != c.path) {
				t.Errorf("the path is repeated: %s", w.Body)
			}
		})
	}
}

func TestVendorsWords(t *testing.T) {
	for name, c := range map[string]struct {
		reply   soap.Reply
		status  int
		code    string
		outcome string
	}{
		"a Client fault that repeats a secret": {fault("Client", "No good: "+plantedSecret), 422, string(translate.UpstreamRejected), "rejected"},
		"a Server fault that repeats a secret": {fault("Server", "Broke at "+plantedSecret), 502, string(translate.UpstreamFailed), "failed"},
		"a page instead of an envelope":        {soap.Reply{Certain: true, Status: 503, ContentType: "text/html", Body: []byte("<html>" + plantedSecret)}, 502, string(translate.OutcomeUnknown), "unknown"},
		"a content type that repeats a secret": {soap.Reply{Certain: true, Status: 200, ContentType: "text/html; x=" + plantedSecret, Body: []byte("<html/>")}, 502, string(translate.OutcomeUnknown), "unknown"},
		"a fault code that repeats a secret":   {fault(plantedSecret, "No good"), 502, string(translate.UpstreamFailed), "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, answering(c.reply))
			w := e.call(note())
			d := problemIn(t, w)
			if w.Code != c.status || d["code"] != c.code || d["outcome"] != c.outcome {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			if strings.Contains(w.Body.String()+e.log.String(), plantedSecret) {
				t.Errorf("the secret is shown: %s\n%s", w.Body, e.log)
			}
		})
	}
}

// An operation id says that there is an operation, or was one: it comes with the claim, and with the record that a key already has.
func TestOperationIDComesWithTheClaim(t *testing.T) {
	e := newEdge(t, answering(success()))
	body := func(text string) func(*http.Request) {
		return func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		}
	}
	first := e.call(note())
	id := first.Header().Get("Operation-Id")
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		known  bool
	}{
		"the same again":          {func(*http.Request) {}, http.StatusCreated, true},
		"an invalid body":         {body(`{"text": 7}`), http.StatusUnprocessableEntity, false},
		"another valid body":      {body(`{"text": "another"}`), http.StatusUnprocessableEntity, true},
		"a body that is not JSON": {body("{"), http.StatusBadRequest, false},
		"a preview":               {toPreview, http.StatusOK, false},
		"another content type":    {func(r *http.Request) { r.Header.Set("Content-Type", "text/xml") }, http.StatusUnsupportedMediaType, false},
		"an unknown parameter":    {func(r *http.Request) { r.URL.RawQuery = "x=1" }, http.StatusBadRequest, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.call(note(c.change))
			want := ""
			if c.known {
				want = id
			}
			if got := w.Header().Get("Operation-Id"); w.Code != c.status || got != want || w.Code >= 400 && strings.Contains(w.Body.String(), id) != c.known {
				t.Errorf("status %d, Operation-Id %q, want %q: %s", w.Code, got, want, w.Body)
			}
		})
	}
	if unset := newEdge(t, nil).call(note()); unset.Header().Get("Operation-Id") != "" || strings.Contains(unset.Body.String(), "operationId") {
		t.Errorf("of a system that is not configured: %v %s", unset.Header(), unset.Body)
	}
	refused := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
		return soap.Reply{}, &soap.SendError{Kind: soap.Unreachable, Err: errors.New("refused")}
	})).call(note())
	if got := refused.Header().Get("Operation-Id"); got == "" || problemIn(t, refused)["operationId"] != got {
		t.Errorf("of a claim that was released again: %v %s", refused.Header(), refused.Body)
	}
}

// The payload that came first may have been executed: nothing is claimed about the outcome, and the answer leads to that operation.
func TestReusedKeyLeadsToItsOperation(t *testing.T) {
	e := newEdge(t, answering(success()))
	id := e.call(note()).Header().Get("Operation-Id")
	w := e.call(note(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"text": "another"}`)) }))
	d := problemIn(t, w)
	_, claimed := d["outcome"]
	if d["code"] != "key-reused" || claimed || d["retry"] != "never" || d["operationId"] != id || w.Header().Get("Link") != "</v1/operations/"+id+`>; rel="related"` {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	if view := e.call(httptest.NewRequest(http.MethodGet, "/v1/operations/"+id, nil)); view.Code != http.StatusOK {
		t.Errorf("the link leads to status %d: %s", view.Code, view.Body)
	}
}

func TestLocationOfWhatWasCreated(t *testing.T) {
	e := newEdge(t, answering(success()))
	for _, replayed := range []string{"", "true"} {
		w := e.call(note())
		if want := "/v1/operations/" + w.Header().Get("Operation-Id"); w.Code != http.StatusCreated || w.Header().Get("Location") != want ||
			w.Header().Get("Idempotent-Replayed") != replayed {
			t.Errorf("status %d, %v, want the Location %q", w.Code, w.Header(), want)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"a preview": toPreview,
		"a problem": func(r *http.Request) { r.Header.Del(keyHeader) },
	} {
		if w := e.call(note(change)); w.Header().Get("Location") != "" {
			t.Errorf("%s has the Location %q", name, w.Header().Get("Location"))
		}
	}
}

// instance is the path as it was sent, in whatever spelling; with characters decoded it might not even be a URI reference.
func TestInstanceIsThePathAsSent(t *testing.T) {
	for path, status := range map[string]int{
		notePath: 422, "/v1/test/n%6ftes": 422, "/v1/operations/a%20b": 404, "/v1/operations/%E2%82%AC": 404, "/v1/operations/a%22b": 404,
	} {
		r := note()
		if status == 404 {
			r = httptest.NewRequest(http.MethodGet, path, nil)
		}
		r.URL, _ = url.Parse(path)
		w := newEdge(t, answering(fault("Client", "No"))).call(r)
		if d := problemIn(t, w); w.Code != status || d["instance"] != path {
			t.Errorf("%s: status %d, instance %v", path, w.Code, d["instance"])
		}
	}
}

func TestHEADIsAnsweredWhereGETIs(t *testing.T) {
	e := newEdge(t, answering(success()))
	id := e.call(note()).Header().Get("Operation-Id")
	for _, path := range []string{
		"/healthz", "/readyz", "/v1/operations?state=unknown", "/v1/operations/" + id, "/v1/operations/" + uuid.NewString(), "/v1/operations-catalogue", "/openapi.json",
		"/problems", "/problems/internal", "/docs", "/", "/pages.css", "/pages.js", "/search?q=note",
	} {
		head, get := e.call(httptest.NewRequest(http.MethodHead, path, nil)), e.call(httptest.NewRequest(http.MethodGet, path, nil))
		if head.Code != get.Code || head.Header().Get("Content-Type") != get.Header().Get("Content-Type") {
			t.Errorf("%s: HEAD %d %v, GET %d %v", path, head.Code, head.Header(), get.Code, get.Header())
		}
	}
}

// TestOperationsOfOneName: their calls with one key would share a record.
func TestOperationsOfOneName(t *testing.T) {
	cfg := newEdge(t, unreachable(t)).config
	namesake := addNote(t)
	namesake.System, namesake.Path = "other", "/v1/other/notes"
	cfg.Systems = append(cfg.Systems, System{Operations: []translate.Operation{namesake}})
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "AddNote") {
		t.Errorf("the error is %v", err)
	}
}
