package edge

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

func TestRequestID(t *testing.T) {
	e := newEdge(t, answering(success()))
	long := strings.Repeat("r", 64)
	for name, c := range map[string]struct {
		sent []string
		kept bool
	}{
		"letters, digits and marks":   {[]string{"Abc-9_.z"}, true},
		"one character":               {[]string{"x"}, true},
		"64 characters":               {[]string{long}, true},
		"65 characters":               {[]string{long + "r"}, false},
		"none":                        {nil, false},
		"empty":                       {[]string{""}, false},
		"a space":                     {[]string{"a b"}, false},
		"a slash":                     {[]string{"a/b"}, false},
		"a colon":                     {[]string{"a:b"}, false},
		"a line end behind":           {[]string{"abc\n"}, false},
		"a letter beyond ASCII":       {[]string{"é"}, false},
		"what could break a log line": {[]string{`","level":"ERROR`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.call(note(func(r *http.Request) { r.Header["X-Request-Id"] = c.sent }))
			got := w.Header().Get("X-Request-Id")
			if c.kept && got != c.sent[0] {
				t.Errorf("%q became %q", c.sent, got)
			}
			if !c.kept {
				if id, err := uuid.Parse(got); err != nil || id.Version() != 7 {
					t.Errorf("%q became %q, want a UUIDv7", c.sent, got)
				}
			}
			if logged := e.lastLine(t)["request_id"]; logged != got {
				t.Errorf("logged as %v, answered as %q", logged, got)
			}
		})
	}
}

// The log holds these attributes and no others: no body, no header, no query, no path of the caller's making.
func TestTheLogHoldsListedAttributesOnly(t *testing.T) {
	always := []string{"time", "level", "msg", "request_id", "method", "route", "status", "duration_ms", "bytes", "client"}
	read := append(slices.Clone(always), "operation", "read_ms", "answer_ms")
	sent := slices.Concat(read, []string{"operation_id", "encode_ms", "permit_ms", "store_ms", "upstream_ms", "decode_ms", "ignored_elements"})
	for name, c := range map[string]struct {
		upstream Upstream
		request  *http.Request
		want     []string
	}{
		"a success": {answering(success()), note(), sent},
		"a refusal before the upstream": {
			answering(success()),
			note(func(r *http.Request) { r.Header.Del(keyHeader) }), slices.Concat(read, []string{"code", "outcome"}),
		},
		"an unknown path with a query": {
			answering(success()),
			httptest.NewRequest("BREW", "/"+plantedSecret+"?"+plantedSecret+"="+plantedSecret, nil), slices.Concat(always, []string{"code", "outcome"}),
		},
		"a rejection": {answering(fault("Client", "No: "+plantedSecret)), note(), slices.Concat(sent, []string{"code", "outcome", "cause", "vendor_codes"})},
		"an alert":    {answering(fault("MustUnderstand", plantedSecret)), note(), slices.Concat(sent, []string{"code", "outcome", "cause", "alert"})},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, c.upstream)
			e.call(c.request)
			got := slices.Sorted(maps.Keys(e.lastLine(t)))
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("the line has %q\nwant %q", got, c.want)
			}
			if strings.Contains(e.log.String(), plantedSecret) {
				t.Errorf("the secret was logged: %s", e.log)
			}
		})
	}
}

// A copy of the reply is logged at level debug for a call that failed, where the configuration allows it, and holds nothing that must not be seen.
func TestRepliesInTheLog(t *testing.T) {
	debug := func(c *Config) { c.LogReplies = true }
	result := envelope(`<AddNoteResponse xmlns="urn:test"><ID xmlns="">Jane Doe</ID></AddNoteResponse>`)
	result.Status = http.StatusNotFound
	reset := upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
		return soap.Reply{}, &soap.SendError{Kind: soap.Broken, Err: errors.New("reset")}
	})
	broken := fault("Server.userException", "Broken ---&gt; PIN "+plantedSecret)
	for name, c := range map[string]struct {
		upstream Upstream
		change   func(*Config)
		level    slog.Level
		want     string // in the copy; empty: there is none
	}{
		"a fault":                      {answering(broken), debug, slog.LevelDebug, "<faultstring xmlns=\"\">Broken ---> PIN ***</faultstring>"},
		"a result":                     {answering(result), debug, slog.LevelDebug, "<ID xmlns=\"\">[8 characters]</ID>"},
		"a success":                    {answering(success()), debug, slog.LevelDebug, ""},
		"no reply":                     {reset, debug, slog.LevelDebug, ""},
		"at level info":                {answering(broken), debug, slog.LevelInfo, ""},
		"where it is not asked for":    {answering(broken), func(*Config) {}, slog.LevelDebug, ""},
		"a reply that somebody pasted": {answering(broken), func(c *Config) { debug(c); withTools(noteBody)(c) }, slog.LevelDebug, ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := &syncBuffer{}
			e := newEdge(t, c.upstream, c.change, func(cfg *Config) {
				cfg.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: c.level}))
			})
			request := note()
			if e.config.Tools {
				request = pasted("?operation=AddNote&status=500", broken)
			}
			e.call(request)
			var copied string
			for line := range strings.Lines(log.String()) {
				var attributes map[string]any
				if err := json.Unmarshal([]byte(line), &attributes); err != nil {
					t.Fatal(err)
				}
				if attributes["msg"] == "reply" {
					copied, _ = attributes["reply"].(string)
					if attributes["request_id"] == "" || attributes["operation_id"] == "" {
						t.Errorf("nothing says whose reply it is: %s", line)
					}
				}
			}
			if c.want == "" && copied != "" || !strings.Contains(copied, c.want) {
				t.Errorf("the copy is %q, want %q", copied, c.want)
			}
			if strings.Contains(log.String(), plantedSecret) || strings.Contains(log.String(), "Jane") {
				t.Errorf("the log holds what must not be seen: %s", log)
			}
			if c.want == "" && strings.HasPrefix(name, "at") && !strings.Contains(log.String(), `"cause":"fault Server.userException: Broken ---> PIN ***; HTTP 500, text/xml; charset=utf-8, `) {
				t.Errorf("the cause is not whole: %s", log)
			}
		})
	}
}

func TestMadeUpMethodsAreNotLogged(t *testing.T) {
	e := newEdge(t, answering(success()))
	for method, want := range map[string]string{"BREW": "other", "GET": "GET", "OPTIONS": "OPTIONS", "TRACE": "other", "post": "other"} {
		e.call(httptest.NewRequest(method, "/nowhere", nil))
		if got := e.lastLine(t)["method"]; got != want {
			t.Errorf("%s was logged as %v, want %s", method, got, want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for name, c := range map[string]struct {
		p    problem
		want slog.Level
	}{
		"the caller's mistake":         {problem{Status: 422, Outcome: soap.NotSent}, slog.LevelInfo},
		"the vendor's no":              {problem{Status: 422, Outcome: soap.Rejected}, slog.LevelInfo},
		"the vendor's breakdown":       {problem{Status: 502, Outcome: soap.Failed}, slog.LevelWarn},
		"no connection":                {problem{Status: 503, Outcome: soap.NotSent}, slog.LevelWarn},
		"an unknown outcome":           {problem{Status: 504, Outcome: soap.Unknown}, slog.LevelError},
		"our credentials are refused":  {problem{Status: 502, Outcome: soap.Rejected, alert: true}, slog.LevelError},
		"a mistake of ours":            {problem{Status: 500, Outcome: soap.NotSent}, slog.LevelError},
		"an alert whatever the status": {problem{Status: 422, alert: true}, slog.LevelError},
	} {
		t.Run(name, func(t *testing.T) {
			if got := severity(&c.p); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestPanicAfterTheMessageWasHandedOverIsUnknown(t *testing.T) {
	e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) { panic("holding " + plantedSecret) }))
	w := e.call(note())
	d := problemIn(t, w)
	if w.Code != http.StatusInternalServerError || d["code"] != "internal" || d["outcome"] != "unknown" || d["retry"] != "never" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if d["operationId"] == nil || d["operationId"] != w.Header().Get("Operation-Id") {
		t.Errorf("operation id %v in the problem, %q in the header", d["operationId"], w.Header().Get("Operation-Id"))
	}
	checkPanicLog(t, e, w)
}

func TestPanicBeforeTheMessageWasHandedOverIsSafe(t *testing.T) {
	sent := false
	e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) { sent = true; return success(), nil }))
	w := e.call(note(func(r *http.Request) { r.Body = panickingBody{} }))
	d := problemIn(t, w)
	if sent || w.Code != http.StatusInternalServerError || d["code"] != "internal" || d["outcome"] != "not_sent" || d["retry"] != "safe" {
		t.Errorf("sent %v, status %d: %s", sent, w.Code, w.Body)
	}
	checkPanicLog(t, e, w)
}

type panickingBody struct{}

func (panickingBody) Read([]byte) (int, error) { panic(errors.New("holding " + plantedSecret)) }
func (panickingBody) Close() error             { return nil }

func checkPanicLog(t *testing.T, e *edge, w *httptest.ResponseRecorder) {
	t.Helper()
	if strings.Contains(e.log.String()+w.Body.String(), plantedSecret) {
		t.Errorf("the panic's value was shown: %s\n%s", e.log, w.Body)
	}
	first := e.lines(t)[0]
	if first["msg"] != "panic" || first["level"] != "ERROR" || first["request_id"] != w.Header().Get("X-Request-Id") {
		t.Errorf("the panic was logged as %v", first)
	}
	if stack, _ := first["stack"].(string); !strings.Contains(stack, "middleware_test.go") {
		t.Errorf("the stack does not lead to the panic: %v", first["stack"])
	}
	if line := e.lastLine(t); line["status"] != float64(http.StatusInternalServerError) || line["code"] != "internal" {
		t.Errorf("the request was logged as %v", line)
	}
}

// net/http ends a connection without an answer by a panic of its own, which is not a fault.
func TestAbortedHandlerStaysAborted(t *testing.T) {
	e := newEdge(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) { panic(http.ErrAbortHandler) }))
	server := httptest.NewServer(e)
	defer server.Close()
	r := note()
	r.URL.Scheme, r.URL.Host, r.RequestURI = "http", strings.TrimPrefix(server.URL, "http://"), ""
	if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
		_ = resp.Body.Close()
		t.Errorf("there was an answer: %s", resp.Status)
	}
	if strings.Contains(e.log.String(), `"panic"`) {
		t.Errorf("it was logged as a panic: %s", e.log)
	}
}

func TestEncodingFailureIsOurMistakeAndSafe(t *testing.T) {
	definition := noteDefinition(t)
	text, err1 := definition.Request.Find("text")
	// What the proxy fills in itself passes no check of a request's characters.
	definition.Fill = func(r *record.Record, _ translate.Env) { r.SetText(text, "\x00"+plantedSecret) }
	op, err2 := translate.Define(definition)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	e := newEdge(t, answering(success()), func(c *Config) { c.Systems[0].Operations = []translate.Operation{op} })
	w := e.call(note())
	d := problemIn(t, w)
	if w.Code != http.StatusInternalServerError || d["code"] != "internal" || d["outcome"] != "not_sent" || d["retry"] != "safe" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if line := e.lastLine(t); line["level"] != "ERROR" || line["upstream_ms"] != nil || line["cause"] == nil {
		t.Errorf("logged as %v", line)
	}
	if strings.Contains(e.log.String()+w.Body.String(), plantedSecret) {
		t.Errorf("the value was shown: %s\n%s", e.log, w.Body)
	}
}

func TestClientAddressIsTheConnectionsUnlessTheProxyIsTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		trusted   []string
		forwarded string
		want      string
	}{
		"no trusted proxy":             {nil, "203.0.113.7", "192.0.2.1"}, // httptest's own
		"another is trusted":           {[]string{"198.51.100.0/24"}, "203.0.113.7", "192.0.2.1"},
		"the proxy is trusted":         {[]string{"192.0.2.0/24"}, "203.0.113.7", "203.0.113.7"},
		"the caller forged the first":  {[]string{"192.0.2.0/24"}, "198.51.100.9, 203.0.113.7", "203.0.113.7"},
		"the caller forged a trusted":  {[]string{"192.0.2.0/24"}, "198.51.100.9, 192.0.2.9, 203.0.113.7", "203.0.113.7"},
		"a proxy that does not say so": {[]string{"192.0.2.0/24"}, "", "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, answering(success()), func(cfg *Config) { cfg.TrustedProxies = c.trusted })
			e.call(note(func(r *http.Request) {
				r.Header.Set("X-Forwarded-For", c.forwarded)
				r.Header.Set("X-Real-Ip", "203.0.113.8")
			}))
			if got := e.lastLine(t)["client"]; got != c.want {
				t.Errorf("logged %v, want %s", got, c.want)
			}
		})
	}
}

func TestSecurityHeaders(t *testing.T) {
	const nothing, noReferrer = "default-src 'none'; frame-ancestors 'none'", "no-referrer"
	for _, row := range []struct {
		method, path, accept, policy, referrer string
	}{
		{http.MethodGet, "/livez", "", nothing, noReferrer},
		{http.MethodGet, "/nowhere", "", nothing, noReferrer},
		{http.MethodPost, notePath, "", nothing, noReferrer},
		{http.MethodOptions, notePath, "", nothing, noReferrer},
		{http.MethodGet, "/openapi.json", "", nothing, noReferrer},
		{http.MethodGet, "/problems", "text/html", "default-src 'none'; script-src 'self'; style-src 'self'", "same-origin"},
		{http.MethodGet, "/docs", "text/html", "default-src 'none'", "same-origin"},
	} {
		for transport, secure := range map[string]*tls.ConnectionState{"": nil, "max-age=31536000": {}} {
			r := httptest.NewRequest(row.method, row.path, nil)
			r.Header.Set("Accept", row.accept)
			r.TLS = secure
			got := newEdge(t, answering(success())).call(r).Header()
			policy := got.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, row.policy) || !strings.Contains(policy, "frame-ancestors 'none'") || len(got["Content-Security-Policy"]) != 1 ||
				got.Get("Referrer-Policy") != row.referrer || got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Strict-Transport-Security") != transport {
				t.Errorf("%s %s: %v", row.method, row.path, got)
			}
		}
	}
}

func TestTrustedProxiesThatAreNoneFailTheStart(t *testing.T) {
	if _, err := New(Config{TrustedProxies: []string{"nonsense"}, Log: slog.New(slog.NewJSONHandler(bufio.NewWriter(nil), nil))}); err == nil {
		t.Error("no error")
	}
}

// A page of another host reaches a proxy without callers as soon as that host's owner lets its name resolve to this machine (DNS rebinding).
func TestHostsOfAProxyWithoutCallers(t *testing.T) {
	e := newEdge(t, answering(success()), func(c *Config) { c.Hosts = []string{"proxy.test"} })
	for host, accepted := range map[string]bool{
		"":                      true, // HTTP/1.0
		"127.0.0.1":             true,
		"127.0.0.1:8080":        true,
		"203.0.113.7:80":        true,
		"[::1]":                 true,
		"[::1]:8080":            true,
		"[2001:db8::1]:8080":    true,
		"localhost":             true,
		"localhost:1":           true,
		"LocalHost:8080":        true,
		"localhost.":            true,
		"app.localhost:8080":    true,
		"proxy.test":            true,
		"proxy.test:8443":       true,
		"PROXY.test":            true,
		"rebind.evil.example":   false,
		"rebind.evil.example:1": false,
		"localhost.evil.test":   false,
		"127.0.0.1.evil.test":   false,
		"evillocalhost":         false,
		"sub.proxy.test":        false,
		"proxy.test.evil.test":  false,
		"[::1].evil.test":       false,
		"2130706433":            false, // browsers write it as 127.0.0.1
		"intranet":              false,
	} {
		for method, path := range map[string]string{
			http.MethodPost: notePath, http.MethodGet: "/docs", http.MethodHead: "/healthz", http.MethodPut: "/nowhere", http.MethodDelete: notePath, http.MethodOptions: notePath,
		} {
			r := note()
			r.Method, r.URL.Path, r.Host = method, path, host
			r.Header.Set("Origin", "http://"+host) // to the browser it is the page's own
			w := e.call(r)
			if (w.Code != http.StatusMisdirectedRequest) != accepted {
				t.Errorf("%s %s to %q: status %d: %s", method, path, host, w.Code, w.Body)
			}
			if accepted {
				continue
			}
			if d := problemIn(t, w); d["code"] != "host-not-allowed" || d["outcome"] != "not_sent" || d["retry"] != "after_fix" || strings.Contains(w.Body.String(), host) {
				t.Errorf("%s %s to %q: %s", method, path, host, w.Body)
			}
		}
	}
	withCallers := newEdge(t, answering(success()), func(c *Config) { c.Callers = &Callers{} })
	if w := withCallers.call(note(func(r *http.Request) { r.Host = "any.name.example" })); w.Code != http.StatusUnauthorized {
		t.Errorf("with callers: status %d: %s", w.Code, w.Body)
	}
}

func TestOriginOfAnAppInAWebView(t *testing.T) {
	e := newEdge(t, answering(success()), func(c *Config) { c.CORSOrigins = []string{"capacitor://localhost"} })
	for origin, status := range map[string]int{"capacitor://localhost": http.StatusNoContent, "ionic://localhost": http.StatusForbidden} {
		w := e.call(note(func(r *http.Request) {
			r.Method = http.MethodOptions
			r.Header = http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"traceparent"}}
		}))
		got := w.Header()
		if w.Code != status || status == http.StatusNoContent &&
			(got.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(strings.ToLower(got.Get("Access-Control-Allow-Headers")), "traceparent")) {
			t.Errorf("%s: status %d, %v", origin, w.Code, got)
		}
	}
}

// A person who follows a wrong link gets a page; a program gets the problem, unless it asks for a page, too.
func TestPageForAPathThatHasNothing(t *testing.T) {
	const aBrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	e := newEdge(t, answering(success()))
	for _, path := range []string{"/nope", "/problems/nope", "/v1/test%2fnotes"} {
		for _, c := range []struct {
			method, accept string
			page           bool
		}{
			{http.MethodGet, aBrowser, true}, {http.MethodHead, aBrowser, true},
			{http.MethodPost, aBrowser, false}, {http.MethodGet, "*/*", false}, {http.MethodGet, "", false}, {http.MethodGet, "application/json", false},
		} {
			if c.method == http.MethodPost && path == "/problems/nope" {
				continue // another method of a route that there is
			}
			r := httptest.NewRequest(c.method, path, nil)
			r.Header.Set("Accept", c.accept)
			w := e.call(r)
			if w.Code != http.StatusNotFound || e.lastLine(t)["code"] != "not-found" || c.method != http.MethodPost && w.Header().Get("Vary") != "Accept" {
				t.Errorf("%s %s: status %d, %v", c.method, path, w.Code, w.Header())
			}
			if !c.page {
				if d := problemIn(t, w); d["code"] != "not-found" || d["instance"] != nil && path != "/problems/nope" {
					t.Errorf("%s %s with %q: %s", c.method, path, c.accept, w.Body)
				}
				continue
			}
			if w.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(w.Body.String(), `<a href="/problems">`) ||
				w.Header().Get("Content-Security-Policy") == "" || strings.Contains(w.Body.String(), "nope") {
				t.Errorf("%s %s: %v\n%s", c.method, path, w.Header(), w.Body)
			}
		}
	}
}
