package e2e

import (
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"soapbridge/tests/kit"
)

// rawRow is a reply that no scenario of the sandbox makes, and what it means.
type rawRow struct {
	name   string
	script script
	want   bySystem
	// systems are those that it is played with; nil for all.
	systems []string
}

const (
	careNamespace = "http://ws.southernco.com/CustSvc-iHub"
	wsse          = `xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"`
)

// okContent is the vendor's success, the content of a Body.
func okContent(r received) string {
	switch {
	case strings.Contains(r.line, "/care"):
		return baseResponse(`<ResponseCode>0</ResponseCode><ResponseDescription>Done</ResponseDescription>`)
	case strings.Contains(r.line, "/mds"):
		return createServiceResponse(externalReference.FindString(r.body))
	}
	return createAccountResponse("7")
}

var externalReference = regexp.MustCompile(`<ExternalReference>[^<]*</ExternalReference>`)

func createServiceResponse(members string) string {
	return `<d:CreateServiceResponse xmlns:d="http://mdsuk.com/ws/dise3g/services/definition"><d:Result>` + members + `</d:Result></d:CreateServiceResponse>`
}

func createAccountResponse(id string) string {
	return `<CreateAccountResponse xmlns="http://emersion.com.au/ServiceObjects"><AccountID>` + id + `</AccountID></CreateAccountResponse>`
}

func deflated(text string) string {
	var b strings.Builder
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, text) // a builder never fails
	_ = w.Close()
	return b.String()
}

func baseResponse(members string) string {
	return `<UpdateCustomerPINResponse xmlns="` + careNamespace + `"><UpdateCustomerPINResult><BaseResponse xmlns="">` + members +
		`</BaseResponse></UpdateCustomerPINResult></UpdateCustomerPINResponse>`
}

// ok answers with success and an HTTP status.
func ok(status int) script {
	return func(conn net.Conn, r received) { reply(conn, status, mediaType(r), "", inEnvelope(r, okContent(r))) }
}

// okBytes answers with success behind other headers than the usual ones.
func okBytes(head func(body string) string) script {
	return func(conn net.Conn, r received) {
		body := inEnvelope(r, okContent(r))
		_, _ = io.WriteString(conn, strings.ReplaceAll(head(body), "TYPE", mediaType(r)))
	}
}

// securityFault has a fault code of WS-Security, which SOAP 1.2 puts below Sender.
func securityFault(conn net.Conn, r received) {
	content := `<e:Fault><faultcode ` + wsse + `>w:FailedAuthentication</faultcode><faultstring>no</faultstring></e:Fault>`
	if r.version() == "1.2" {
		content = `<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value ` + wsse + `>w:FailedAuthentication</e:Value></e:Subcode></e:Code>` +
			`<e:Reason><e:Text xml:lang="en">no</e:Text></e:Reason></e:Fault>`
	}
	reply(conn, http.StatusInternalServerError, mediaType(r), "", inEnvelope(r, content))
}

func mdsDetail(name, members string) string {
	return `<x:` + name + ` xmlns:x="urn:another-release">` + members + `</x:` + name + `>`
}

func html(status int, extra string) script {
	return page(status, "text/html", extra, "<!DOCTYPE html><html><body>"+http.StatusText(status)+"</body></html>")
}

// resetInBody sends half of an answer and resets the connection.
func resetInBody(conn net.Conn, r received) {
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<e:Envelope")
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
}

const toRepeat = "The vendor repeats: "

// everything is all that a request holds, in one line and fit for XML.
func everything(r received) string {
	all := toRepeat + r.line + fmt.Sprint(r.header) + r.body
	var text strings.Builder
	if err := xml.EscapeText(&text, []byte(strings.Join(strings.Fields(all), " "))); err != nil {
		panic(err)
	}
	return text.String()
}

// secretOf picks one planted secret that a request holds, without characters that XML or HTTP must not have in a name.
func secretOf(r received) string {
	for _, secret := range planted {
		if strings.Contains(r.body+fmt.Sprint(r.header), secret) && !strings.ContainsAny(secret, " <>&*/") {
			return secret
		}
	}
	return "none"
}

// repeating makes a script that knows the request.
func repeating(s func(r received) script) script {
	return func(conn net.Conn, r received) { s(r)(conn, r) }
}

var rawRows = []rawRow{
	// What is a success, in any of the ways in which HTTP can carry it.
	{"ok", ok(http.StatusOK), everywhere(success), nil},
	{"ok-deflate", okBytes(func(body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: TYPE\r\nContent-Encoding: deflate\r\n\r\n" + deflated(body)
	}), everywhere(success), nil},
	{"ok-package", okBytes(func(body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary=b; type=\"application/xop+xml\"\r\n\r\n" +
			"--b\r\nContent-Type: application/xop+xml; charset=windows-1251; type=\"text/xml\"\r\n\r\n" + body + "\r\n--b--\r\n"
	}), everywhere(success), nil},

	// Everything else than a readable answer, once a connection was obtained.
	{"garbage", raw("nonsense\r\n\r\n"), everywhere(unknown), nil},
	{"reset-in-body", resetInBody, everywhere(unknown), nil},
	{"ok-with-500", ok(http.StatusInternalServerError), everywhere(unknown), nil},

	// Faults by their class, wherever they come from.
	{"own-code", fault(http.StatusInternalServerError, "Oracle", "ORA-1", ""), plainFault(failed), nil},

	// The vendor does not accept the proxy's message or credentials.
	{"security-fault", securityFault, everywhere(denied), nil},
	{"fault-in-401", fault(http.StatusUnauthorized, "Client", "Who?", ""), everywhere(denied), nil},

	// The limit of a rate.
	{"429", html(http.StatusTooManyRequests, ""), everywhere(busy("30")), nil},

	// A vendor that repeats what it was sent: every answer and log is searched for the planted secrets.
	{"repeat-in-page", repeating(func(r received) script { return page(http.StatusOK, "text/html", "", everything(r)) }), everywhere(unknown), nil},
	{"repeat-in-error-page", repeating(func(r received) script { return page(http.StatusForbidden, "text/html", "", everything(r)) }),
		everywhere(unknown), nil}, // it holds an Envelope: when in doubt it is a broken one
	{"repeat-in-type", repeating(func(r received) script { return page(http.StatusOK, "text/html; x="+secretOf(r), "", "<html/>") }), everywhere(unknown), nil},
	{"repeat-in-status-line", repeating(func(r received) script {
		return raw("HTTP/1.1 500 " + secretOf(r) + "\r\nX-" + secretOf(r) + ": " + secretOf(r) + "\r\nContent-Length: 0\r\n\r\n")
	}), everywhere(unknown), nil},
	{"repeat-in-broken-header", repeating(func(r received) script { return raw("HTTP/1.1 200 OK\r\n" + secretOf(r) + "\r\n\r\n") }), everywhere(unknown), nil},
	{"repeat-in-fault", repeating(func(r received) script {
		return fault(http.StatusInternalServerError, "Client", everything(r), everything(r))
	}),
		bySystem{"": rejected(" customercare-fault soap-fault"), "mds": rejected(" mds-fault soap-fault"), "emersion": rejected(" emersion-fault soap-fault")}, nil},
	{"repeat-in-server-fault", repeating(func(r received) script { return fault(http.StatusInternalServerError, "Server", everything(r), "") }), plainFault(failed), nil},
	{"repeat-in-refusal", repeating(func(r received) script {
		return fault(http.StatusInternalServerError, "Client", "Server did not recognize the value of HTTP Header SOAPAction: "+secretOf(r)+".", "")
	}), everywhere(refused), nil},
	{"repeat-in-code", repeating(func(r received) script { return fault(http.StatusInternalServerError, secretOf(r), "No", "") }), plainFault(failed), nil},
	{"repeat-in-element", repeating(func(r received) script { return http200("<" + elementOf(r) + "/>") }), everywhere(unknown), nil},
	{"repeat-in-error-data", repeating(func(r received) script {
		all, secret := everything(r), secretOf(r)
		return http200(baseResponse("<ResponseCode>" + secret + "</ResponseCode><ErrorData><ErrorCode>" + secret + "</ErrorCode><ErrorDescription>" + all +
			"</ErrorDescription><NativeErrorDetail>" + all + "</NativeErrorDetail></ErrorData>"))
	}), everywhere(rejected(" customercare-fault response-code")), []string{"customercare"}},
	{"repeat-in-mds-fault", repeating(func(r received) script {
		return fault(http.StatusInternalServerError, "Server", everything(r), mdsDetail("ValidationFault", "<Errors><Error><MessageText>"+everything(r)+"</MessageText></Error></Errors>"))
	}), everywhere(rejected(" mds-validation soap-fault")), []string{"mds"}},
	{"repeat-in-validation-error", repeating(func(r received) script {
		return fault(http.StatusInternalServerError, "Client", "Validation Error", everything(r))
	}), everywhere(rejected(" emersion-validation soap-fault")), []string{"emersion"}},
}

// elementOf makes an element's name of a secret.
func elementOf(r received) string {
	return "e" + strings.NewReplacer("&", "", "<", "").Replace(secretOf(r))
}

// TestReplies plays every raw reply with every system and version that it is about.
func TestReplies(t *testing.T) {
	for _, row := range rawRows {
		scripted.play(t, row.name, row.script)
	}
	for _, row := range rawRows {
		t.Run(row.name, func(t *testing.T) {
			var wait sync.WaitGroup
			for _, v := range one(t) {
				if row.systems != nil && !slices.Contains(row.systems, v.System) {
					continue
				}
				w, known := row.want.of(v.System)
				if !known {
					t.Errorf("nothing is expected of it with %s", v.System)
				}
				p, number := rawBridge(t, v.version), strconv.FormatInt(references.Add(1), 10)
				wait.Go(func() {
					c := ask(v.Operation, "raw-"+number, "raw:"+row.name+"#"+number)
					a, err := trySend(p.URL, c)
					if err != nil {
						t.Errorf("%s: %v", v, err)
						return
					}
					t.Run(v.String(), func(t *testing.T) { judgeReply(t, p, v, w, a, number) })
				})
			}
			wait.Wait()
		})
	}
}

func judgeReply(t *testing.T, p *process, v variant, w want, a answer, number string) {
	t.Helper()
	a.judge(t)
	w.check(t, v, a)
	if got := scripted.got(number); len(got) != 1 {
		t.Errorf("sent %d times", len(got))
	}
	line := p.logLine(t, a.header.Get("X-Request-Id"))
	alert := w.code == "upstream-denied" || w.code == "upstream-refused"
	if (line["alert"] == true) != alert {
		t.Errorf("alert is %v in %v", line["alert"], line)
	}
	if level := line["level"]; (alert || w.outcome == "unknown") != (level == "ERROR") {
		t.Errorf("logged with level %v: %v", level, line)
	}
	if line["upstream_ms"] == nil || line["outcome"] != nil && line["outcome"] != w.outcome {
		t.Errorf("logged as %v", line)
	}
}

// TestReplyToAnotherCall sends one caller another's answer: no caller gets it, and an alert is logged.
func TestReplyToAnotherCall(t *testing.T) {
	scripted.play(t, "another-call", http200(createServiceResponse("<ExternalReference>raw:another-call#0</ExternalReference>")))
	for _, v := range one(t) {
		if v.System != "mds" {
			continue
		}
		p, number := rawBridge(t, v.version), strconv.FormatInt(references.Add(1), 10)
		a := send(t, p.URL, ask(v.Operation, "raw-"+number, "raw:another-call#"+number))
		unknown.check(t, v, a)
		if line := p.logLine(t, a.header.Get("X-Request-Id")); line["alert"] != true {
			t.Errorf("no alert in %v", line)
		}
	}
}

// TestWhatIsSent looks at the HTTP side of a request: the vendors' headers, and nothing that a caller sent.
func TestWhatIsSent(t *testing.T) {
	scripted.play(t, "sent", ok(http.StatusOK))
	for _, v := range one(t) {
		t.Run(v.String(), func(t *testing.T) {
			number := strconv.FormatInt(references.Add(1), 10)
			c := ask(v.Operation, "raw-"+number, "raw:sent#"+number)
			c.header = header("Authorization", "Bearer caller", "Cookie", "a=b", "X-Forwarded-For", "203.0.113.9", "Traceparent", "00-x", "Accept", "application/json",
				"X-Request-Id", "mine", "SOAPAction", "\"evil\"", "Expect", "100-continue", "Accept-Encoding", "gzip")
			if a := send(t, rawBridge(t, v.version).URL, c); a.status != v.Status {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			got := scripted.got(number)
			if len(got) != 1 {
				t.Fatalf("sent %d times", len(got))
			}
			checkSent(t, v, got[0])
		})
	}
}

func checkSent(t *testing.T, v variant, r received) {
	t.Helper()
	wanted := map[string]string{
		"User-Agent": "soapbridge/devel", "Accept": "text/xml, multipart/related, */*;q=0.1",
		"Content-Length": strconv.Itoa(len(r.body)), "Content-Type": "text/xml; charset=utf-8", "Soapaction": `""`,
	}
	const basic = "Basic YnBnOmJwdy1LZXN0cmVsLTEy"
	line := map[string]string{"customercare": "POST /care HTTP/1.1", "mds": "POST /mds?a=b HTTP/1.1", "emersion": "POST /emersion HTTP/1.1"}[v.System]
	switch {
	case v.System == "emersion":
	case v.System == "mds":
		wanted["Authorization"] = basic
	case v.version == "1.1":
		wanted["Authorization"], wanted["Soapaction"] = basic, `"`+careNamespace+"/"+v.Name+`"`
	default:
		wanted["Authorization"] = basic
		wanted["Content-Type"] = `application/soap+xml; charset=utf-8; action="` + careNamespace + "/" + v.Name + `"`
		wanted["Accept"] = "application/soap+xml, " + wanted["Accept"]
		delete(wanted, "Soapaction")
	}
	if r.line != line {
		t.Errorf("sent %q, want %q", r.line, line)
	}
	for name, values := range r.header {
		if name == "User-Agent" && len(values) == 1 && strings.HasPrefix(values[0], "soapbridge/") {
			values[0] = wanted[name] // with whatever version this is
		}
		if len(values) != 1 || values[0] != wanted[name] {
			t.Errorf("sent %s: %q, want %q", name, values, wanted[name])
		}
		delete(wanted, name)
	}
	for name := range wanted {
		t.Errorf("%s was not sent", name)
	}
}

// notConnected are the ways in which no connection is obtained.
var notConnected = map[string]func(t *testing.T) map[string]string{
	"a closed port": func(t *testing.T) map[string]string { return toVendor(closedPort(t)) },
	"plain HTTP where TLS is configured": func(t *testing.T) map[string]string {
		return overTLS(toVendor(scripted.address(t)))
	},
	"a server that says nothing where TLS is configured": func(t *testing.T) map[string]string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		return with(overTLS(toVendor(listener.Addr().String())), kit.EverySystem(map[string]string{"DIAL_TIMEOUT": "300ms"}))
	},
}

// closedPort returns an address where no program listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func overTLS(settings map[string]string) map[string]string {
	for name, url := range settings {
		settings[name] = strings.Replace(url, "http://", "https://", 1)
	}
	return settings
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	for name, settings := range notConnected {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := proxy(t, with(settings(t), credentials()))
			for _, op := range operations() {
				number := strconv.FormatInt(references.Add(1), 10)
				a := send(t, p.URL, ask(op, "raw-"+number, "raw:ok#"+number))
				unreachable.check(t, variant{op, "1.1"}, a)
				if got := scripted.got(number); len(got) != 0 {
					t.Errorf("%s: something was sent", op.Name)
				}
				if line := p.logLine(t, a.header.Get("X-Request-Id")); line["level"] != "WARN" || line["cause"] == nil {
					t.Errorf("%s: logged as %v", op.Name, line)
				}
			}
		})
	}
}

// TestConfiguredStatus: the vendor's codes have the status that the operator has chosen.
func TestConfiguredStatus(t *testing.T) {
	sandbox, settings := sandboxURL(t)
	p := proxy(t, with(settings, map[string]string{
		"CUSTOMERCARE_DIRECT_TOKEN": secretDirect, "CUSTOMERCARE_CODE_STATUS": "1001=404, 2001=503,99=409",
	}))
	for name, c := range map[string]struct {
		text, account string
		status        int
		violation     string
	}{
		"the account is not found": {"", "0000000000", http.StatusNotFound, " customercare-1001 response-code"},
		"a failure":                {"sandbox:failed-base-response", "1", http.StatusServiceUnavailable, " customercare-2001 response-code"},
	} {
		for _, op := range operations() {
			if op.System != "customercare" {
				continue
			}
			t.Run(name+"/"+op.Name, func(t *testing.T) {
				reference := newReference()
				o := refer(op, example(op), reference)
				if op.Name == "CreateCallLog" {
					at(o, "customerCallLog", "account")["accountNumber"] = c.account
				} else {
					o["accountNumber"] = c.account
				}
				a := send(t, p.URL, call{path: op.Path, body: encode(say(op, o, c.text))})
				w := rejected(c.violation)
				w.status = c.status
				w.check(t, variant{op, "1.1"}, a)
				if n := len(executions(t, sandbox, op, reference)); n != 0 {
					t.Errorf("executed %d times", n)
				}
				if op.Name == "UpdateCustomerPIN" && (a.problem.SevCode == nil || a.problem.ExplanationCode == nil) {
					t.Errorf("the codes of the reply are lost: %s", a.body)
				}
			})
		}
	}
	// Without a list of success codes, ErrorData alone decides: a code that means failure counts as success.
	op := operation(t, "UpdateCustomerPIN")
	if a := send(t, p.URL, ask(op, newReference(), "sandbox:failed-code-only")); a.status != op.Status || !strings.Contains(a.body, `"responseCode":"99"`) {
		t.Errorf("without success codes: status %d: %s", a.status, a.body)
	}
}

// TestLargerReplies: what is over the limit by default is a success under a larger one.
func TestLargerReplies(t *testing.T) {
	_, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials(), map[string]string{"MAX_REPLY": "4MiB"}))
	for _, op := range operations() {
		a := send(t, p.URL, ask(op, newReference(), "sandbox:huge"))
		if a.status != op.Status {
			t.Errorf("%s: status %d: %s", op.Name, a.status, a.body)
		}
		if line := p.logLine(t, a.header.Get("X-Request-Id")); line["ignored_elements"] != float64(1) {
			t.Errorf("%s: the element that nothing is declared for is not counted: %v", op.Name, line)
		}
	}
}

// notReached are the rows of the product's error table that no request can be answered with from outside, each with its reason.
var notReached = map[string]string{
	"internal":        "a mistake of the program's own: its unit tests make some",
	"request-timeout": "it takes 30 seconds: the unit tests of the server wait for it with a clock of their own",
}
