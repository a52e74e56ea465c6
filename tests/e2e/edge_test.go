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

	"github.com/google/uuid"

	"soapbridge/tests/kit"
	"soapbridge/translate"
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
		{"no content type", dropHeader("Content-Type"), unsupported(contentType)},
		{"an empty content type", setHeader("Content-Type", ""), unsupported(contentType)},
		{"text/json", setHeader("Content-Type", "text/json"), unsupported(contentType)},
		{"text/xml", setHeader("Content-Type", "text/xml"), unsupported(contentType)},
		{"a form", setHeader("Content-Type", "application/x-www-form-urlencoded"), unsupported(contentType)},
		{"another JSON type", setHeader("Content-Type", "application/merge-patch+json"), unsupported(contentType)},
		{"a content type that is none", setHeader("Content-Type", "json"), unsupported(contentType)},
		{"another charset", setHeader("Content-Type", "application/json; charset=utf-16"), unsupported(contentType)},
		{"two content types", setHeader("Content-Type", "application/json", "Content-Type", "application/json"), unsupported(contentType)},
		{"a compressed body", func(c *call) { c.header, c.body = header("Content-Encoding", "gzip"), zipped(c.body) }, unsupported(coding)},
		{"a coding that hides behind another", setHeader("Content-Encoding", "identity", "Content-Encoding", "gzip"), unsupported(coding)},
		{"an unknown coding", setHeader("Content-Encoding", "x-secret"), unsupported(coding)},

		{"no key", dropHeader("Idempotency-Key"), notSent(http.StatusBadRequest, "idempotency-key-missing", "header:Idempotency-Key required request")},
		{"an empty key", setHeader("Idempotency-Key", ""), malformedKey},
		{"a key of 15 characters", setHeader("Idempotency-Key", strings.Repeat("k", 15)), malformedKey},
		{"a key of 129 characters", setHeader("Idempotency-Key", strings.Repeat("k", 129)), malformedKey},
		{"a key with a space", setHeader("Idempotency-Key", "0123456789 abcdef"), malformedKey},
		{"a key with a parameter", setHeader("Idempotency-Key", `"0123456789abcdef";a=1`), malformedKey},
		{"a key with one quote", setHeader("Idempotency-Key", `"0123456789abcdef`), malformedKey},
		{"two keys", setHeader("Idempotency-Key", "0123456789abcdef", "Idempotency-Key", "0123456789abcdef"), malformedKey},
		{"a key that is a secret", setHeader("Idempotency-Key", secretIdentifier+secretPassword), malformedKey},

		{"a parameter", query("previews=1"), badParameter("previews")},
		{"a preview on the operation's own path", query("preview=soap11"), badParameter("preview")},
		{"a preview's parameter", query("soap=1.1"), badParameter("soap")},
		{"parameters, in order of their names", query("zeta=1&alpha=2"), badParameter("alpha", "zeta")},
		{"a parameter with a secret", query("x=" + secretPIN), badParameter("x")},
		{"a query that is none", query("%zz"), badParameter()},

		{"an empty body", setBody(""), malformed},
		{"a body that breaks off", func(c *call) { c.body = c.body[:len(c.body)/2] }, malformed},
		{"a second document", func(c *call) { c.body += "{}" }, malformed},
		{"no JSON", setBody("<xml>" + secretSSN + "</xml>"), malformed},
		{"a byte order mark", func(c *call) { c.body = "\ufeff" + c.body }, malformed},
		{"too deep", setBody(strings.Repeat(`{"a":`, 20_000)), malformed},
		{"too deep in arrays", setBody(`{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"), malformed},

		{"null", setBody("null"), notSent(http.StatusUnprocessableEntity, "validation-failed", " wrong-type request")},
		{"an array", setBody("[]"), notSent(http.StatusUnprocessableEntity, "validation-failed", " wrong-type request")},

		{"a body over the limit", func(c *call) { c.body = padded(c.body, maxBody+1) }, tooLarge},
		{"a body far over the limit", func(c *call) { c.body = padded(c.body, 8<<20) }, tooLarge},

		{"an unknown path", func(c *call) { c.path = "/v1/" + secretPIN }, notSent(http.StatusNotFound, "not-found")},
		{"a slash behind the path", func(c *call) { c.path += "/" }, notSent(http.StatusNotFound, "not-found")},
		{"another letter case", func(c *call) { c.path = strings.ToUpper(c.path) }, notSent(http.StatusNotFound, "not-found")},
		{"a slash more", func(c *call) { c.path = "/" + c.path }, notSent(http.StatusNotFound, "not-found")},
		{"a path through another", func(c *call) { c.path = "/x/.." + c.path }, notSent(http.StatusNotFound, "not-found")},
		{"GET", method(http.MethodGet), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},
		{"PUT", method(http.MethodPut), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},
		{"DELETE", method(http.MethodDelete), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},
		{"OPTIONS", method(http.MethodOptions), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},
		{"a method that is a secret", method("X" + strings.ReplaceAll(secretPIN, "-", "")), notSent(http.StatusMethodNotAllowed, "method-not-allowed")},

		{"an encoded slash", func(c *call) { c.path = "/v1" + strings.ReplaceAll(c.path[len("/v1"):], "/", "%2f") }, notSent(http.StatusNotFound, "not-found")},
		{"one encoded slash", func(c *call) { c.path = strings.Replace(c.path, "/v1/", "/v1%2F", 1) }, notSent(http.StatusNotFound, "not-found")},

		{"a foreign host, its own origin", setHeader("Host", "rebind.evil.example", "Origin", "http://rebind.evil.example"), notSent(http.StatusMisdirectedRequest, "host-not-allowed")},
		{"a foreign origin", setHeader("Origin", "https://evil.example"), notSent(http.StatusForbidden, "origin-not-allowed")},
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
		"CreateWorkFlowManager": {
			`{"AccountNumber": "1", "workItemType": {"code": " ", "description": 7}, "requestor": {"ssn": "\u0000", "addresses": [null, {}]}, "workItemType": 1}`,
			[]string{
				"/AccountNumber unknown-member request", "/workItemType/code required request", "/workItemType/description wrong-type request",
				"/requestor/ssn character-not-allowed request", "/requestor/addresses/0 null-in-array request", "/requestor/addresses/1 empty-object request",
				"/workItemType duplicate-member request", "/accountNumber required request",
			},
			nil,
		},
		"CreateCallLog": {
			`{"baseRequest": {"messageDateTime": "2026-02-30T10:00:00Z"}, "customerCallLog": {"requestType": 1.5, "createdDateTime": "2026-11-21T10:00:00"}}`,
			[]string{
				"/baseRequest/messageDateTime bad-date-time request", "/customerCallLog/requestType bad-number request",
				"/customerCallLog/createdDateTime bad-date-time request", "/customerCallLog/logText required request",
			},
			[]string{"2026-02-30", "2026-11-21", "1.5"},
		},
		"UpdateCustomerPIN": {
			`{"operationType": "update", "pin": "\ud800", "email": {"emailType": ""}}`,
			[]string{
				"/operationType not-in-list request", "/pin invalid-unicode request", "/email/emailType too-short request", "/accountNumber required request",
			},
			[]string{`"update"`, "ud800"},
		},
		"CreateService": {
			`{"externalReference": "", "serviceData": {"customerLevel": "agreement", "customerLevelReference": "123456789", "description": "d", "effectiveDate": "2026-12-01",
			"expiryDate": "2026-11-30", "servicePrice": "1.234", "salesPersonId": 100000000, "accountServiceAgreement": "A"}}`,
			[]string{
				"/externalReference too-short request", "/serviceData/customerLevelReference too-long request", "/serviceData/description not-allowed-here request",
				"/serviceData/expiryDate before-other request", "/serviceData/servicePrice bad-number request", "/serviceData/salesPersonId out-of-range request",
				"/serviceData/accountServiceAgreement not-allowed-here request", "/serviceData/serviceCode required request",
			},
			[]string{"123456789", "1.234", "100000000", "2026-11-30", "agreement\""},
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

func TestEdgeAccepts(t *testing.T) {
	long := strings.Repeat("k", 128)
	for name, change := range map[string]func(*call){
		"a charset":                         setHeader("Content-Type", "application/json; charset=utf-8"),
		"upper case":                        setHeader("Content-Type", "Application/JSON;Charset=UTF-8"),
		"identity":                          setHeader("Content-Encoding", "identity"),
		"a body of exactly the limit":       func(c *call) { c.body = padded(c.body, maxBody) },
		"a quoted key":                      setHeader("Idempotency-Key", `"`+newKey()+`"`),
		"a key with white space around it":  setHeader("Idempotency-Key", "  "+newKey()+"\t"),
		"the shortest key":                  setHeader("Idempotency-Key", long[:16]),
		"the longest key":                   setHeader("Idempotency-Key", long),
		"the longest key, quoted":           setHeader("Idempotency-Key", `"`+strings.Repeat("q", len(long))+`"`),
		"every character of a key":          setHeader("Idempotency-Key", "ABCXYZabcxyz0189_.:~-"),
		"100-continue":                      setHeader("Expect", "100-continue"),
		"anything else that may be asked":   setHeader("Accept", "text/html", "Accept-Language", "de", "If-Match", "*", "Range", "bytes=0-1"),
		"an origin from the list":           setHeader("Origin", "https://app.example.com"),
		"what other proxies add on the way": setHeader("Forwarded", "for=203.0.113.7", "X-Forwarded-Proto", "https", "Via", "1.1 x"),
	} {
		t.Run(name, func(t *testing.T) {
			sandbox, _ := sandboxURL(t)
			op := operation(t, "CreateService")
			reference := newReference()
			c := ask(op, reference, "")
			change(&c)
			a := send(t, edge(t).URL, c)
			success.check(t, variant{op, "1.1"}, a)
			if n := len(executions(t, sandbox, op, reference)); n != 1 {
				t.Errorf("executed %d times", n)
			}
		})
	}
}

func TestRequestIDs(t *testing.T) {
	long := strings.Repeat("r", 64)
	for name, c := range map[string]struct {
		sent string
		kept bool
	}{
		"usual":           {"Abc-9_.z", true},
		"64 characters":   {long, true},
		"65 characters":   {long + "r", false},
		"empty":           {"", false},
		"with a space":    {"a b", false},
		"with a slash":    {"a/b", false},
		"with log syntax": {`","level":"ERROR`, false},
		"not ASCII":       {"é", false},
	} {
		for _, path := range []string{"/livez", "/readyz", "/nowhere", operations()[0].Path} {
			t.Run(name+path, func(t *testing.T) {
				a := send(t, edge(t).URL, call{method: http.MethodGet, path: path, header: header("X-Request-Id", c.sent)})
				got := a.header.Get("X-Request-Id")
				if c.kept && got != c.sent {
					t.Errorf("%q became %q", c.sent, got)
				}
				if id, err := uuid.Parse(got); !c.kept && (err != nil || id.Version() != 7) {
					t.Errorf("%q became %q, want a UUIDv7", c.sent, got)
				}
			})
		}
	}
}

func TestHEADHasNoBody(t *testing.T) {
	for path, status := range map[string]int{
		operations()[0].Path: http.StatusMethodNotAllowed, "/nowhere": http.StatusNotFound, "/v1/operations/" + uuid.NewString(): http.StatusNotFound,
	} {
		r, err := http.NewRequest(http.MethodHead, edge(t).URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := roundTrip(client, r)
		if err != nil {
			t.Fatal(err)
		}
		if a.status != status || a.body != "" || a.header.Get("Content-Type") != "application/problem+json" || a.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: status %d, %v: %q", path, a.status, a.header, a.body)
		}
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
		"another port":         {"http://localhost:3001", "", http.StatusForbidden, false},
		"another scheme":       {"http://app.example.com", "", http.StatusForbidden, false},
		"a longer name":        {"https://app.example.com.evil.test", "", http.StatusForbidden, false},
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

// TestHEADOfWhatCanBeRead is answered like GET, without the body.
func TestHEADOfWhatCanBeRead(t *testing.T) {
	p := edge(t)
	done := send(t, p.URL, ask(operation(t, "CreateService"), newReference(), ""))
	if id := done.header.Get("Operation-Id"); done.header.Get("Location") != "/v1/operations/"+id {
		t.Errorf("created at %q, as the operation %s", done.header.Get("Location"), id)
	}
	for _, path := range []string{"/livez", "/readyz", "/v1/operations?state=unknown", done.header.Get("Location")} {
		get, head := send(t, p.URL, call{method: http.MethodGet, path: path}), send(t, p.URL, call{method: http.MethodHead, path: path})
		if get.status != http.StatusOK || head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("%s: GET %d, HEAD %d, %v: %q", path, get.status, head.status, head.header, head.body)
		}
	}
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

func rawCall(c call) string {
	return head(c.path, "Idempotency-Key: "+newKey()+"\r\n", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(c.body), c.body))
}

func TestBodyInPieces(t *testing.T) {
	sandbox, _ := sandboxURL(t)
	op := operation(t, "UpdateCustomerPIN")
	for name, framing := range map[string]func(body string) []string{
		"by length": func(body string) []string {
			return append([]string{fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body))}, strings.SplitAfter(body, ",")...)
		},
		"in chunks": func(body string) []string {
			pieces := []string{"Transfer-Encoding: chunked\r\n\r\n"}
			for piece := range strings.SplitAfterSeq(body, ",") {
				pieces = append(pieces, fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece))
			}
			return append(pieces, "0\r\n\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			reference := newReference()
			w := dial(t, bridge(t, "1.1"))
			w.write(t, head(op.Path, "Idempotency-Key: "+newKey()+"\r\n"))
			for _, piece := range framing(ask(op, reference, "").body) {
				w.write(t, piece)
				time.Sleep(10 * time.Millisecond)
			}
			a := w.answer(t)
			a.judge(t)
			if a.status != op.Status || len(executions(t, sandbox, op, reference)) != 1 {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
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

// TestDeclaredLengthOverTheLimit is refused without waiting for the body, of which the client may have sent a part, and without asking for it.
func TestDeclaredLengthOverTheLimit(t *testing.T) {
	for name, c := range map[string]struct {
		length int
		header string
		sent   int
	}{
		"sent in part":  {1 << 40, "", maxBody + 1},
		"sent at once":  {maxBody + 1, "", maxBody + 1},
		"not sent":      {maxBody + 1, "", 0},
		"not asked for": {maxBody + 1, "Expect: 100-continue\r\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, bridge(t, "1.1"))
			w.write(t, head(operation(t, "CreateService").Path, "Idempotency-Key: "+newKey()+"\r\n", c.header,
				fmt.Sprintf("Content-Length: %d\r\n\r\n", c.length), strings.Repeat(" ", c.sent)))
			a := w.answer(t)
			a.judge(t)
			if a.status != http.StatusRequestEntityTooLarge {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
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

// TestPipelinedRequests are answered one after the other, each once.
func TestPipelinedRequests(t *testing.T) {
	sandbox, _ := sandboxURL(t)
	care, cmp := operation(t, "UpdateCustomerPIN"), operation(t, "CreateService")
	first, second, third := newReference(), newReference(), newReference()
	bad := ask(cmp, third, "")
	bad.body = "{"
	w := dial(t, bridge(t, "1.1"))
	w.write(t, rawCall(ask(care, first, "sandbox:delay=200ms"))+rawCall(bad)+rawCall(ask(cmp, second, ""))+"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for i, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusCreated, http.StatusOK} {
		a := w.answer(t)
		a.judge(t)
		if a.status != status {
			t.Errorf("answer %d has status %d: %s", i, a.status, a.body)
		}
	}
	for reference, op := range map[string]translate.Operation{first: care, second: cmp} {
		if n := len(executions(t, sandbox, op, reference)); n != 1 {
			t.Errorf("%s: executed %d times", op.Name, n)
		}
	}
}

// TestClientThatHangsUp: the call goes on to its end without the client, and the log has the result.
func TestClientThatHangsUp(t *testing.T) {
	t.Parallel()
	for _, v := range one(t) {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			number := fmt.Sprint(references.Add(1))
			name := "hang-up-" + number
			arrived, gone, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			scripted.play(t, name, func(conn net.Conn, r received) {
				close(arrived)
				<-gone
				ok(http.StatusOK)(conn, r)
				// A proxy that had given up would have closed its side by now, or answer what was written with a reset.
				_ = conn.(*net.TCPConn).CloseWrite()
				_, err := io.Copy(io.Discard, conn)
				ended <- err
			})
			p := rawBridge(t, v.version)
			c := ask(v.Operation, "raw-"+number, "raw:"+name+"#"+number)
			id := "hang-up." + number
			w := dial(t, p)
			w.write(t, head(c.path, "X-Request-Id: "+id+"\r\nIdempotency-Key: "+newKey()+"\r\n", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(c.body), c.body)))
			await(t, arrived)
			if err := w.Conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset, as when a phone loses its network
				t.Fatal(err)
			}
			_ = w.Close()
			time.Sleep(100 * time.Millisecond) // the proxy's server notices
			close(gone)
			line := p.logLine(t, id)
			if line["status"] != float64(v.Status) || line["outcome"] != nil {
				t.Errorf("logged as %v", line)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("the upstream's connection broke: %v", err)
				}
			case <-time.After(kit.Patience):
				t.Error("the upstream's connection did not end")
			}
			if got := scripted.got(number); len(got) != 1 {
				t.Errorf("sent %d times", len(got))
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

// TestHealthEndpoints need no key and no configuration.
func TestHealthEndpoints(t *testing.T) {
	if text := get(t, edge(t).URL+"/healthz"); text != `{"status":"alive"}` { // the documents show its other name
		t.Errorf("/healthz: %s", text)
	}
	for path, body := range map[string]string{
		"/livez":  `{"status":"alive"}`,
		"/readyz": `{"status":"ready","store":"ok","draining":false,"upstreams":{"customercare":"ok","emersion":"not-configured","mds":"ok"}}`,
	} {
		a := send(t, edge(t).URL, call{method: http.MethodGet, path: path, header: without("Idempotency-Key", "Content-Type")})
		if a.status != http.StatusOK || a.body != body {
			t.Errorf("%s: status %d: %s", path, a.status, a.body)
		}
	}
}
