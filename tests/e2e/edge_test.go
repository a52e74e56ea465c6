package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

const maxBody = 256 << 10

// edgeRow is a call that the edge refuses before anything is sent.
type edgeRow struct {
	name   string
	change func(c *call)
	want   want
}

func notSent(status int, code string, errors ...string) want {
	return want{status, code, "not_sent", "after_fix", "", errors}
}

func setHeader(pairs ...string) func(*call) {
	return func(c *call) { c.header = header(pairs...) }
}

func dropHeader(name string) func(*call) {
	return func(c *call) { c.header = without(name) }
}

func setBody(body string) func(*call) {
	return func(c *call) { c.body = body }
}

func query(q string) func(*call) {
	return func(c *call) { c.path += "?" + q }
}

func zipped(text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text)) // a bytes.Buffer does not fail
	_ = w.Close()
	return packed.String()
}

func edgeRows() []edgeRow {
	const (
		contentType = "header:Content-Type unsupported-media-type request"
		coding      = "header:Content-Encoding unsupported-media-type request"
		badKey      = "header:Idempotency-Key bad-format request"
	)
	unsupported := func(errors ...string) want {
		return notSent(http.StatusUnsupportedMediaType, "unsupported-media-type", errors...)
	}
	malformedKey := notSent(http.StatusBadRequest, "idempotency-key-malformed", badKey)
	malformed := notSent(http.StatusBadRequest, "malformed-json")
	badParameter := func(names ...string) want {
		w := notSent(http.StatusBadRequest, "bad-parameter")
		for _, name := range names {
			w.errors = append(w.errors, "parameter:"+name+" unknown-parameter request")
		}
		return w
	}
	tooLarge := notSent(http.StatusRequestEntityTooLarge, "payload-too-large", " payload-too-large request")
	return []edgeRow{
		{"text/xml", setHeader("Content-Type", "text/xml"), unsupported(contentType)},
		{"a compressed body", func(c *call) { c.header, c.body = header("Content-Encoding", "gzip"), zipped(c.body) }, unsupported(coding)},

		{"a key of 129 characters", setHeader("Idempotency-Key", strings.Repeat("k", 129)), malformedKey},
		{"two keys", setHeader("Idempotency-Key", "0123456789abcdef", "Idempotency-Key", "0123456789abcdef"), malformedKey},
		{"a key that is a secret", setHeader("Idempotency-Key", secretIdentifier+secretPassword), malformedKey},

		{"a parameter with a secret", query("x=" + secretPIN), badParameter("x")},

		{"a second document", func(c *call) { c.body += "{}" }, malformed},
		{"null", setBody("null"), notSent(http.StatusUnprocessableEntity, "validation-failed", " wrong-type request")},

		{"a body over the limit", func(c *call) { c.body = padded(c.body, maxBody+1) }, tooLarge},

		{"an unknown path", func(c *call) { c.path = "/v1/" + secretPIN }, notSent(http.StatusNotFound, "not-found")},
		{"GET", method(http.MethodGet), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},
		{"a method that is a secret", method("X" + strings.ReplaceAll(secretPIN, "-", "")), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},

		{"an encoded slash", func(c *call) { c.path = "/v1" + strings.ReplaceAll(c.path[len("/v1"):], "/", "%2f") }, notSent(http.StatusNotFound, "not-found")},

		{"a foreign host, its own origin", setHeader("Host", "rebind.evil.example", "Origin", "http://rebind.evil.example"), notSent(http.StatusMisdirectedRequest, "host-not-allowed")},
		{"a system that is not configured", nil, want{http.StatusServiceUnavailable, "not-configured", "not_sent", "never", "", nil}},
	}
}

func method(name string) func(*call) {
	return func(c *call) { c.method = name }
}

// padded makes a body longer by white space.
func padded(body string, length int) string { return body + strings.Repeat(" ", length-len(body)) }

// edge is a shared proxy with origins, whose Emersion is not configured.
func edge(t *testing.T) *process {
	t.Helper()
	_, settings := sandboxURL(t)
	return shared.get(t, "proxy with origins", func() (*process, error) {
		all := with(settings, credentials(), map[string]string{"CORS_ORIGINS": "https://app.example.com,http://localhost:3000"})
		delete(all, "EMERSION_URL")
		return launchProxy("proxy with origins", all)
	})
}

func TestEdgeRefuses(t *testing.T) {
	sandbox, _ := sandboxURL(t)
	for _, row := range edgeRows() {
		names := []string{"CreateWorkFlowManager", "CreateCallLog", "UpdateCustomerPIN", "CreateService"}
		if row.change == nil {
			names = []string{"CreateComplexAccount"}
		}
		for _, name := range names {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				op := operation(t, name)
				reference := newReference()
				c := ask(op, reference, "")
				if row.change != nil {
					row.change(&c)
				}
				a := send(t, edge(t).URL, c)
				v := variant{op, "1.1"}
				if row.want.status == http.StatusNotFound || row.want.status == http.StatusMethodNotAllowed || row.want.status == http.StatusForbidden {
					v.Path = a.problem.Instance // a path is repeated only when it is one of the product's own
					if v.Path != "" && v.Path != op.Path {
						t.Errorf("the instance is %q", v.Path)
					}
				}
				row.want.check(t, v, a)
				if allow := a.header.Get("Allow"); (allow == "POST") != (row.want.status == http.StatusMethodNotAllowed) {
					t.Errorf("Allow is %q", allow)
				}
				if n := len(executions(t, sandbox, op, reference)); n != 0 {
					t.Errorf("executed %d times", n)
				}
			})
		}
	}
}

// TestEveryViolationIsNamed breaks many rules at once, in each system.
func TestEveryViolationIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
		// rejected are values that the answer may not repeat.
		rejected []string
	}{
		"UpdateCustomerPIN": {
			`{"operationType": "update", "pin": "\ud800", "email": {"emailType": ""}}`,
			[]string{
				"/operationType not-in-list request", "/pin invalid-unicode request", "/email/emailType too-short request", "/accountNumber required request",
			},
			[]string{`"update"`, "ud800"},
		},
		"CreateComplexAccount": {
			`{"accountType": "end user", "primaryContact": {"detail": {"title": "Ms", "country": "AU", "state": "Bavaria", "postcode": "300"},
			"cumulusUser": {"userName": "nobody", "password": "short"}}, "accountOrganisation": {"orgType": "29", "orgIdentifier": "` + secretSSN + `", "orgIdentifierType": "TFN"}}`,
			[]string{
				"/accountType emersion-25 request", "/primaryContact/detail/state emersion-39 request", "/primaryContact/detail/postcode emersion-40 request",
				"/primaryContact/detail/firstName emersion-35 request", "/primaryContact/detail/lastName emersion-36 request",
				"/primaryContact/detail/addressLine1 emersion-37 request", "/primaryContact/detail/suburb emersion-38 request",
				"/primaryContact/detail/emailAddress emersion-42 request", "/primaryContact/detail/phoneNumber emersion-43 request",
				"/primaryContact/cumulusUser/userName emersion-27 request", "/primaryContact/cumulusUser/password emersion-46 request",
				"/accountOrganisation/orgType emersion-33 request", "/accountOrganisation/orgIdentifier emersion-org-identifier request",
				"/accountContactType/type emersion-30 request",
			},
			[]string{"end user", "Bavaria", "nobody", `"300"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			op := operation(t, name)
			a := send(t, bridge(t, "1.1").URL, call{path: op.Path, body: c.body})
			notSent(http.StatusUnprocessableEntity, "validation-failed", c.want...).check(t, variant{op, "1.1"}, a)
			for _, value := range c.rejected {
				if strings.Contains(a.body, value) {
					t.Errorf("the rejected value %s is repeated: %s", value, a.body)
				}
			}
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	op := operation(t, "CreateService")
	p := edge(t)
	own := p.URL
	t.Run("preflight", func(t *testing.T) {
		a := send(t, p.URL, call{method: http.MethodOptions, path: op.Path, header: header("Origin", "https://app.example.com",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,idempotency-key,authorization,x-request-id")})
		if a.status != http.StatusNoContent || a.body != "" || a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" ||
			!strings.Contains(a.header.Get("Vary"), "Origin") || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("status %d, %v", a.status, a.header)
		}
		for name, words := range map[string][]string{
			"Access-Control-Allow-Methods": {"POST"}, "Access-Control-Allow-Headers": {"content-type", "idempotency-key", "authorization", "x-request-id"},
		} {
			for _, word := range words {
				if !regexp.MustCompile(`(?i)(^|,\s*)` + word + `(,|$)`).MatchString(a.header.Get(name)) {
					t.Errorf("%s does not list %s: %q", name, word, a.header.Get(name))
				}
			}
		}
	})
	t.Run("preflight from elsewhere", func(t *testing.T) {
		a := send(t, p.URL, call{method: http.MethodOptions, path: op.Path, header: header("Origin", "https://evil.example", "Access-Control-Request-Method", "POST")})
		if a.status != http.StatusForbidden || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("status %d, %v", a.status, a.header)
		}
	})
	for name, c := range map[string]struct {
		origin, body string
		status       int
		allowed      bool
	}{
		"success":              {"http://localhost:3000", "", http.StatusCreated, true},
		"a problem":            {"https://app.example.com", "{", http.StatusBadRequest, true},
		"the API's own origin": {own, "", http.StatusCreated, false},
		"null":                 {"null", "", http.StatusForbidden, false},
	} {
		t.Run(name, func(t *testing.T) {
			sandbox, _ := sandboxURL(t)
			reference := newReference()
			call := ask(op, reference, "")
			call.header = header("Origin", c.origin)
			if c.body != "" {
				call.body = c.body
			}
			a := send(t, p.URL, call)
			if a.status != c.status {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			want, exposed := "", a.header.Get("Access-Control-Expose-Headers")
			if c.allowed {
				want = c.origin
			}
			if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("Access-Control-Allow-Origin is %q, want %q", got, want)
			}
			for _, name := range []string{"Operation-Id", "X-Request-Id", "Retry-After"} {
				if strings.Contains(exposed, name) != c.allowed {
					t.Errorf("exposed are %q", exposed)
				}
			}
			if n := len(executions(t, sandbox, op, reference)); (n == 1) != (c.status == http.StatusCreated) {
				t.Errorf("executed %d times", n)
			}
		})
	}
	t.Run("no origins are configured", func(t *testing.T) {
		a := send(t, bridge(t, "1.1").URL, call{method: http.MethodOptions, path: op.Path, header: header("Origin", "https://app.example.com", "Access-Control-Request-Method", "POST")})
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("status %d, %v", a.status, a.header)
		}
	})
}

// TestHostsOfAProxy: without callers, and in a demo, the page of a foreign host must reach nothing.
func TestHostsOfAProxy(t *testing.T) {
	_, settings := sandboxURL(t)
	named := proxy(t, with(settings, credentials(), map[string]string{"HOSTS": "proxy.test"}))
	for _, path := range []string{"/", "/docs", "/livez", "/readyz", "/openapi.json", "/problems/nope", "/nope", "/v1/operations?state=unknown"} {
		for host, p := range map[string]*process{"proxy.test:8080": named, "app.localhost": named, "other.test": named, "rebind.evil.example": sharedDemo(t)} {
			a, err := trySend(p.URL, call{method: http.MethodGet, path: path, header: header("Host", host)})
			if err != nil {
				t.Fatal(err)
			}
			foreign := host == "other.test" || host == "rebind.evil.example"
			if (a.status == http.StatusMisdirectedRequest) != foreign || foreign && codeIn(a) != "host-not-allowed" {
				t.Errorf("%s of %s: status %d: %s", path, host, a.status, a.body)
			}
		}
	}
	w := dial(t, named)
	w.write(t, "GET /readyz HTTP/1.0\r\n\r\n")
	if a := w.answer(t); a.status != http.StatusOK {
		t.Errorf("a probe without a host: status %d: %s", a.status, a.body)
	}
}

// wire is a connection of bytes to a proxy.
type wire struct {
	net.Conn

	reader *bufio.Reader
}

func dial(t *testing.T, p *process) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(kit.Patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{conn, bufio.NewReader(conn)}
}

func (w *wire) write(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

func (w *wire) answer(t *testing.T) answer {
	t.Helper()
	resp, err := http.ReadResponse(w.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a, err := read(resp)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// head is a raw request up to its framing.
func head(op string, extra ...string) string {
	return "POST " + op + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + strings.Join(extra, "")
}

// TestBodyWithoutEnd sends until the proxy stops reading.
func TestBodyWithoutEnd(t *testing.T) {
	w := dial(t, bridge(t, "1.1"))
	w.write(t, head(operation(t, "CreateService").Path, "Idempotency-Key: "+newKey()+"\r\nTransfer-Encoding: chunked\r\n\r\n"))
	go func() {
		for chunk := "1000\r\n" + strings.Repeat(" ", 0x1000) + "\r\n"; ; {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}()
	a := w.answer(t)
	a.judge(t)
	if a.status != http.StatusRequestEntityTooLarge || a.problem.Code != "payload-too-large" || a.problem.Errors[0].Params["maxBytes"] != float64(maxBody) {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

// TestBodyThatEndsTooEarly: the client closes its side before the promised length.
func TestBodyThatEndsTooEarly(t *testing.T) {
	w := dial(t, bridge(t, "1.1"))
	w.write(t, head(operation(t, "CreateService").Path, "Idempotency-Key: "+newKey()+"\r\nContent-Length: 1000\r\n\r\n{\"serviceData\": "))
	if err := w.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	a := w.answer(t)
	a.judge(t)
	if a.status != http.StatusBadRequest || a.problem.Code != "malformed-json" {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

// TestBytesInTheKey sends what no HTTP library would.
func TestBytesInTheKey(t *testing.T) {
	sandbox, _ := sandboxURL(t)
	op := operation(t, "CreateService")
	for name, line := range map[string]string{
		"carriage return":           "Idempotency-Key: 0123456789\rabcdef\r\n",
		"line feed":                 "Idempotency-Key: 0123456789\nabcdef\r\n",
		"folded line":               "Idempotency-Key: 0123456789\r\n abcdefghij\r\n",
		"zero":                      "Idempotency-Key: 0123456789\x00abcdef\r\n",
		"delete":                    "Idempotency-Key: 0123456789\x7fabcdef\r\n",
		"high byte":                 "Idempotency-Key: 0123456789\xffabcdef\r\n",
		"second header in the key":  "Idempotency-Key: 0123456789abcdef\r\nIdempotency-Key: 0123456789abcdef\r\n",
		"other spelling, again":     "Idempotency-Key: 0123456789abcdef\r\nidempotency-key: fedcba9876543210\r\n",
		"space in front of a colon": "Idempotency-Key : 0123456789abcdef\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			reference := newReference()
			body := ask(op, reference, "").body
			w := dial(t, bridge(t, "1.1"))
			w.write(t, head(op.Path, line, fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)))
			if a := w.answer(t); a.status != http.StatusBadRequest {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			if n := len(executions(t, sandbox, op, reference)); n != 0 {
				t.Errorf("executed %d times", n)
			}
		})
	}
}

// TestMalformedHTTP never reaches a handler. Its answers are not problem documents, and their statuses are those that docs/errors.md lists.
func TestMalformedHTTP(t *testing.T) {
	path := operation(t, "CreateService").Path
	for name, text := range map[string]string{
		"nonsense":              "nonsense\r\n\r\n",
		"two lengths":           head(path, "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
		"length and chunks":     head(path, "Content-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}"),
		"a negative length":     head(path, "Content-Length: -1\r\n\r\n{}"),
		"no host":               "GET /healthz HTTP/1.1\r\n\r\n",
		"two hosts":             "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"headers over 32 KiB":   head(path, "X: "+strings.Repeat("x", 64<<10)+"\r\n\r\n"),
		"a malformed chunk":     head(path, "Idempotency-Key: 0123456789abcdef\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
		"another HTTP":          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a TLS hello":           "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
		"a space in the target": "GET /health z HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"another expectation":   head(path, "Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}"),
		"another coding":        head(path, "Transfer-Encoding: gzip\r\n\r\n{}"),
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, bridge(t, "1.1"))
			w.write(t, text)
			a := w.answer(t)
			if a.status < 400 || a.status >= 600 || a.problem == nil && !slices.Contains([]int{400, 417, 431, 501, 505}, a.status) {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
}

func await(t *testing.T, event <-chan struct{}) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(kit.Patience):
		t.Fatal("nothing happened")
	}
}

// readiness is what /readyz answers where every system can be called.
func readiness(status, store string, draining bool, more ...string) string {
	return fmt.Sprintf(`{"status":"%s","store":"%s",%s"draining":%t,"upstreams":{"customercare":"ok","emersion":"ok","mds":"ok"}}`,
		status, store, strings.Join(more, ""), draining)
}
