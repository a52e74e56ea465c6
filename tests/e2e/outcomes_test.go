package e2e

import (
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"path/filepath"
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

// otherVersionFault says in SOAP 1.2 that it does not speak 1.1, and the reverse.
func otherVersionFault(conn net.Conn, r received) {
	other := `<e:Envelope xmlns:e="` + ns12 + `"><e:Body><e:Fault><e:Code><e:Value>e:VersionMismatch</e:Value></e:Code>` +
		`<e:Reason><e:Text xml:lang="en">other</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>`
	if r.version() == "1.2" {
		other = `<e:Envelope xmlns:e="` + ns11 + `"><e:Body><e:Fault><faultcode>e:VersionMismatch</faultcode><faultstring>other</faultstring></e:Fault></e:Body></e:Envelope>`
	}
	reply(conn, http.StatusInternalServerError, mediaType(r), "", other)
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
	{"ok-201", ok(http.StatusCreated), everywhere(success), nil},
	{"ok-chunked", okBytes(func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: TYPE\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}), everywhere(success), nil},
	{"ok-until-close", okBytes(func(body string) string { return "HTTP/1.1 200 OK\r\nContent-Type: TYPE\r\n\r\n" + body }), everywhere(success), nil},
	{"ok-http10", okBytes(func(body string) string { return "HTTP/1.0 200 OK\r\nContent-Type: TYPE\r\n\r\n" + body }), everywhere(success), nil},
	{"ok-after-interim", okBytes(func(body string) string {
		return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: TYPE\r\n\r\n" + body
	}), everywhere(success), nil},
	{"ok-no-content-type", okBytes(func(body string) string { return "HTTP/1.1 200 OK\r\n\r\n" + body }), everywhere(success), nil},
	{"ok-line-break", okBytes(func(body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=UTF8\r\nContent-Encoding: utf-8\r\n\r\n\n<?xml version=\"1.0\"?>" + body
	}), everywhere(success), nil},
	{"ok-deflate", okBytes(func(body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: TYPE\r\nContent-Encoding: deflate\r\n\r\n" + deflated(body)
	}), everywhere(success), nil},
	{"ok-package", okBytes(func(body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary=b; type=\"application/xop+xml\"\r\n\r\n" +
			"--b\r\nContent-Type: application/xop+xml; charset=windows-1251; type=\"text/xml\"\r\n\r\n" + body + "\r\n--b--\r\n"
	}), everywhere(success), nil},

	// Everything else than a readable answer, once a connection was obtained.
	{"nothing", raw(""), everywhere(unknown), nil},
	{"garbage", raw("nonsense\r\n\r\n"), everywhere(unknown), nil},
	{"half-a-status-line", raw("HTTP/1.1 20"), everywhere(unknown), nil},
	{"half-a-header", raw("HTTP/1.1 200 OK\r\nContent-"), everywhere(unknown), nil},
	{"only-interim", raw("HTTP/1.1 100 Continue\r\n\r\n"), everywhere(unknown), nil},
	{"switching", raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), everywhere(unknown), nil},
	{"two-lengths", raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n<a/>"), everywhere(unknown), nil},
	{"bad-chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), everywhere(unknown), nil},
	{"a-huge-length", raw("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n"), everywhere(unknown), nil},
	{"huge-headers", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 200<<10) + "\r\n\r\n"), everywhere(unknown), nil},
	{"reset-in-body", resetInBody, everywhere(unknown), nil},
	{"no-content", raw("HTTP/1.1 204 No Content\r\n\r\n"), everywhere(unknown), nil},
	{"text", page(http.StatusOK, "text/plain", "", "OK"), everywhere(unknown), nil},
	{"json", page(http.StatusOK, "application/json", "", "{}"), everywhere(unknown), nil},
	{"other-xml", page(http.StatusOK, "text/xml", "", "<ok/>"), everywhere(unknown), nil},
	{"brotli", page(http.StatusOK, "text/xml", "Content-Encoding: br\r\n", "x"), everywhere(unknown), nil},
	{"no-gzip", page(http.StatusOK, "text/xml", "Content-Encoding: gzip\r\n", "not gzip"), everywhere(unknown), nil},
	{"unknown-charset", page(http.StatusOK, "text/xml; charset=utf-7", "", "<a/>"), everywhere(unknown), nil},
	{"301", html(http.StatusMovedPermanently, "Location: /elsewhere\r\n"), everywhere(unknown), nil},
	{"303", html(http.StatusSeeOther, "Location: http://127.0.0.1:1/\r\n"), everywhere(unknown), nil},
	{"408", html(http.StatusRequestTimeout, ""), everywhere(unknown), nil},
	{"409", html(http.StatusConflict, ""), everywhere(unknown), nil},
	{"422", html(http.StatusUnprocessableEntity, ""), everywhere(unknown), nil},
	{"502", html(http.StatusBadGateway, ""), everywhere(unknown), nil},
	{"503-retry-after", html(http.StatusServiceUnavailable, "Retry-After: 5\r\n"), everywhere(unknown), nil},
	{"504", html(http.StatusGatewayTimeout, ""), everywhere(unknown), nil},
	{"ok-with-500", ok(http.StatusInternalServerError), everywhere(unknown), nil},
	{"ok-with-404", ok(http.StatusNotFound), everywhere(unknown), nil},
	{"ok-with-401", ok(http.StatusUnauthorized), everywhere(unknown), nil},
	{"empty-fault", http200("<e:Fault/>"), everywhere(unknown), nil},
	{"two-children", func(conn net.Conn, r received) { http200(okContent(r)+okContent(r))(conn, r) }, everywhere(unknown), nil},
	{"another-element", http200("<Hello xmlns=\"urn:x\"/>"), everywhere(unknown), nil},

	// Faults by their class, wherever they come from.
	{"client-in-200", fault(http.StatusOK, "Client", "No", ""), plainFault(rejected), nil},
	{"server-in-200", fault(http.StatusOK, "Server", "Broke", ""), plainFault(failed), nil},
	{"client-in-400", fault(http.StatusBadRequest, "Client", "No", ""), plainFault(rejected), nil},
	{"client-in-429", fault(http.StatusTooManyRequests, "Client", "No", ""), everywhere(busy("30")), nil},
	{"server-in-429", fault(http.StatusTooManyRequests, "Server", "No", ""), plainFault(failed), nil},
	{"two-codes", http200("<e:Fault><faultcode>e:Client</faultcode><faultcode>e:Server</faultcode><faultstring>No</faultstring></e:Fault>"), everywhere(unknown), nil},
	{"lower-case-client", fault(http.StatusInternalServerError, "client", "No", ""), plainFault(rejected), nil},
	{"markup-in-reason", fault(http.StatusInternalServerError, "Client", "<b>No</b>", ""), plainFault(rejected), nil},
	{"client-in-503", fault(http.StatusServiceUnavailable, "Client", "No", ""), plainFault(rejected), nil},
	{"refined-client", fault(http.StatusInternalServerError, "Client.Input", "No", ""), plainFault(rejected), nil},
	{"refined-server", fault(http.StatusInternalServerError, "Server.Disk", "Full", ""), plainFault(failed), nil},
	{"own-code", fault(http.StatusInternalServerError, "Oracle", "ORA-1", ""), plainFault(failed), nil},
	{"no-reason", fault(http.StatusInternalServerError, "Server", "", ""), plainFault(failed), nil},

	// The vendor does not accept the proxy's message or credentials.
	{"security-fault", securityFault, everywhere(denied), nil},
	{"client-authentication", fault(http.StatusInternalServerError, "Client.Authentication", "Who?", ""), everywhere(denied), nil},
	{"fault-in-401", fault(http.StatusUnauthorized, "Client", "Who?", ""), everywhere(denied), nil},
	{"fault-in-403", fault(http.StatusForbidden, "Client", "No", ""), everywhere(denied), nil},
	{"server-fault-in-403", fault(http.StatusForbidden, "Server", "No", ""), plainFault(failed), nil},
	{"other-version", otherVersionFault, everywhere(refused), nil},
	{"data-encoding", fault(http.StatusInternalServerError, "DataEncodingUnknown", "No", ""), everywhere(refused), nil},
	{"no-action", fault(http.StatusInternalServerError, "Client", "Server did not recognize the value of HTTP Header SOAPAction: x.", ""), everywhere(refused), nil},
	{"wrapped-no-action", fault(http.StatusInternalServerError, "Client",
		"System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header SOAPAction: x.", ""), everywhere(refused), nil},
	{"unable-to-handle", fault(http.StatusInternalServerError, "Client",
		"Unable to handle request without a valid action parameter. Please supply a valid soap action.", ""), everywhere(refused), nil},
	{"no-header", fault(http.StatusInternalServerError, "Client", "Missing required header 'ScCredentials'.", ""), everywhere(refused), nil},
	{"server-no-action", fault(http.StatusInternalServerError, "Server", "Server did not recognize the value of HTTP Header SOAPAction: x.", ""), everywhere(refused), nil},
	{"no-operation", fault(http.StatusInternalServerError, "Client", "Message part {urn:x}Y was not recognized.  (Does it exist in service WSDL?)", ""), everywhere(refused), nil},
	// A text that only begins like one of the sentences is an answer, and kept.
	{"more-than-a-refusal", fault(http.StatusInternalServerError, "Client", "Unable to handle request: the work item was stored, but the notification failed", ""),
		plainFault(rejected), nil},
	{"server-more-than-a-refusal", fault(http.StatusInternalServerError, "Server", "Server did not recognize the account after the update was committed", ""),
		plainFault(failed), nil},
	{"server-bad-request", fault(http.StatusInternalServerError, "Server", "Bad Request", ""), plainFault(failed), nil},
	{"own-code-header", fault(http.StatusInternalServerError, "ERR7", "Missing required header row in rating table", ""), plainFault(failed), nil},
	{"refusal-with-detail", fault(http.StatusInternalServerError, "Client", "Bad Request", "<x>the work item was stored</x>"), plainFault(rejected), nil},
	{"quoted-no-action", fault(http.StatusInternalServerError, "Client", "The back end: Server did not recognize the account", ""), plainFault(rejected), nil},

	{"401-text", page(http.StatusUnauthorized, "text/plain", "", "Unauthorized"), everywhere(denied), nil},
	{"403-empty", raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), everywhere(denied), nil},
	{"401-half-an-envelope", page(http.StatusUnauthorized, "text/xml", "", `<?xml version="1.0"?><soap:Env`), everywhere(unknown), nil},
	{"404-other-xml", page(http.StatusNotFound, "application/xml", "", "<Error><Code>NoSuchKey</Code></Error>"), everywhere(unknown), nil},
	{"404-text", page(http.StatusNotFound, "text/plain", "", "no such page"), everywhere(refused), nil},
	{"400-json", page(http.StatusBadRequest, "application/json", "", "{}"), everywhere(refused), nil},

	// The limit of a rate.
	{"429", html(http.StatusTooManyRequests, ""), everywhere(busy("30")), nil},
	{"429-seconds", html(http.StatusTooManyRequests, "Retry-After: 120\r\n"), everywhere(busy("120")), nil},
	{"429-too-long", html(http.StatusTooManyRequests, "Retry-After: 99999999999999\r\n"), everywhere(busy("3600")), nil},
	{"429-date", html(http.StatusTooManyRequests, "Retry-After: Sat, 21 Nov 9998 10:00:00 GMT\r\n"), everywhere(busy("3600")), nil},
	{"429-past", html(http.StatusTooManyRequests, "Retry-After: Sat, 21 Nov 1998 10:00:00 GMT\r\n"), everywhere(busy("30")), nil},
	{"429-nonsense", html(http.StatusTooManyRequests, "Retry-After: -1\r\n"), everywhere(busy("30")), nil},

	// CustomerCare's business errors.
	{"blank-error-code", http200(baseResponse(`<ResponseCode>0</ResponseCode><ErrorData><ErrorCode> </ErrorCode></ErrorData>`)), everywhere(success), []string{"customercare"}},
	{"error-code", http200(baseResponse(`<ResponseCode>0</ResponseCode><ErrorData><ErrorCode>E.7</ErrorCode><ErrorDescription>Why</ErrorDescription></ErrorData>`)),
		everywhere(rejected(" customercare-E.7 response-code")), []string{"customercare"}},
	{"odd-error-code", http200(baseResponse(`<ResponseCode>0</ResponseCode><ErrorData><ErrorCode>a code, with words</ErrorCode></ErrorData>`)),
		everywhere(rejected(" customercare-fault response-code")), []string{"customercare"}},
	{"no-response-code", http200(baseResponse(``)), everywhere(unknown), []string{"customercare"}},
	{"error-code-zero", http200(baseResponse(`<ResponseCode> 0 </ResponseCode><ErrorData><ErrorCode>0</ErrorCode></ErrorData>`)), everywhere(success), []string{"customercare"}},
	{"error-in-words", http200(baseResponse(`<ResponseCode>9</ResponseCode><ErrorData><ErrorDescription>Account is closed</ErrorDescription></ErrorData>`)),
		everywhere(rejected(" customercare-9 response-code")), []string{"customercare"}},
	{"error-in-words-and-zero", http200(baseResponse(`<ResponseCode>0</ResponseCode><ErrorData><ErrorDescription>Account is closed</ErrorDescription></ErrorData>`)),
		everywhere(failed(" customercare-0 response-code")), []string{"customercare"}},
	{"qualified-error-data", http200(baseResponse(`<ResponseCode>0</ResponseCode><ErrorData xmlns="` + careNamespace + `"><ErrorCode>7</ErrorCode></ErrorData>`)),
		everywhere(rejected(" customercare-7 response-code")), []string{"customercare"}},
	{"long-response-code", http200(baseResponse(`<ResponseCode>` + strings.Repeat("0", 257) + `</ResponseCode>`)), everywhere(unknown), []string{"customercare"}},
	{"no-base-response", http200(strings.NewReplacer(`<BaseResponse xmlns="">`, "", `</BaseResponse>`, "").Replace(baseResponse(""))), everywhere(unknown), []string{"customercare"}},

	{"account-false", http200(createAccountResponse("false")), everywhere(unknown), []string{"emersion"}},
	{"account-with-space", http200(createAccountResponse("\n 7 \n")), everywhere(success), []string{"emersion"}},

	// MDS's declared faults: the detail's local name decides, against the code and in any namespace.
	{"mds-system-as-client", fault(http.StatusInternalServerError, "Client", "x", mdsDetail("SystemFault", "<Details><MessageId>9</MessageId></Details>")),
		everywhere(failed(" mds-9 soap-fault")), []string{"mds"}},
	{"mds-validation-as-server", fault(http.StatusInternalServerError, "Server", "x", mdsDetail("ValidationFault", "<Details/>")),
		everywhere(rejected(" mds-validation soap-fault")), []string{"mds"}},
	{"mds-security-as-client", fault(http.StatusInternalServerError, "Client", "x", mdsDetail("SecurityFault", "")), everywhere(denied), []string{"mds"}},
	{"mds-unavailable-in-200", fault(http.StatusOK, "Server", "x", mdsDetail("ServiceUnavailableFault", "")),
		everywhere(unavailable(" mds-fault soap-fault")), []string{"mds"}},

	{"mds-two-faults", fault(http.StatusInternalServerError, "Server", "x", mdsDetail("ValidationFault", "<Details><MessageId>1</MessageId></Details>")+
		mdsDetail("SystemFault", "<Details><MessageId>2</MessageId></Details>")), everywhere(failed(" mds-1 soap-fault", " mds-2 soap-fault")), []string{"mds"}},

	// Emersion's plain text, in several lines or joined.
	{"emersion-joined", fault(http.StatusInternalServerError, "Client", "Validation Error", "Invalid or Missing Password, BillingContact: Invalid or Missing Title&lt;br /&gt;Invalid or Missing Account Type"),
		everywhere(rejected("/primaryContact/cumulusUser/password emersion-46 soap-fault", "/billingContact/detail/title emersion-34 soap-fault", "/accountType emersion-25 soap-fault")),
		[]string{"emersion"}},
	{"emersion-server", fault(http.StatusInternalServerError, "Server", "Validation Error", "Invalid or Missing Password"),
		everywhere(failed("/primaryContact/cumulusUser/password emersion-46 soap-fault")), []string{"emersion"}},
	{"emersion-lines", fault(http.StatusInternalServerError, "Client", "Validation Error", "Invalid or Missing Password\n BillingContact: Invalid or Missing Title"),
		everywhere(rejected("/primaryContact/cumulusUser/password emersion-46 soap-fault", "/billingContact/detail/title emersion-34 soap-fault")), []string{"emersion"}},

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

// TestUserNameInUse meets a rule that the vendor alone can check.
func TestUserNameInUse(t *testing.T) {
	sandbox, _ := sandboxURL(t)
	op := operation(t, "CreateComplexAccount")
	reference := newReference()
	o := refer(op, example(op), reference)
	at(o, "primaryContact", "cumulusUser")["userName"] = "taken.jane@example.com.au"
	c := call{path: op.Path, body: encode(o)}
	rejected("/primaryContact/cumulusUser/userName emersion-29 soap-fault").check(t, variant{op, "1.1"}, send(t, bridge(t, "1.1").URL, c))
	if n := len(executions(t, sandbox, op, reference)); n != 0 {
		t.Errorf("executed %d times", n)
	}
}

// notReached are the rows of the product's error table that no request can be answered with from outside, each with its reason.
var notReached = map[string]string{
	"internal":        "a mistake of the program's own: its unit tests make some",
	"request-timeout": "it takes 30 seconds: the unit tests of the server wait for it with a clock of their own",
}

// TestEveryRowOfTheErrorTableIsReached compares the codes in the product's table with those that the tables of these tests expect.
func TestEveryRowOfTheErrorTableIsReached(t *testing.T) {
	reached := map[string]bool{"upstream-unreachable": true} // notConnected has no codes of its own: every row is unreachable
	for _, by := range expected {
		for _, w := range by {
			reached[w.code] = true
		}
	}
	for _, row := range rawRows {
		for _, w := range row.want {
			reached[w.code] = true
		}
	}
	for _, row := range edgeRows() {
		reached[row.want.code] = true
	}
	for _, w := range keyRows {
		reached[w.code] = true
	}
	codes := tableCodes(t)
	if len(codes) < 20 {
		t.Fatalf("only %d rows were found: %q", len(codes), codes)
	}
	for _, code := range codes {
		if _, exempt := notReached[code]; reached[code] == exempt {
			t.Errorf("row %s: reached is %v, exempt is %v", code, reached[code], exempt)
		}
	}
	for code := range reached {
		if code != "" && !slices.Contains(codes, code) {
			t.Errorf("the table has no row %s", code)
		}
	}
}

// tableCodes reads the keys of the error table from the product's source.
func tableCodes(t *testing.T) (codes []string) {
	t.Helper()
	constants := map[string]string{}
	parse := func(path string) *ast.File {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", path), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
					constants[spec.Names[0].Name], _ = strconv.Unquote(literal.Value)
				}
				if conversion, ok := spec.Values[0].(*ast.CallExpr); ok { // internalError = code(translate.Internal)
					if s, ok := conversion.Args[0].(*ast.SelectorExpr); ok {
						constants[spec.Names[0].Name] = constants[s.Sel.Name]
					}
				}
			}
			return true
		})
		return file
	}
	parse("translate/error.go")
	ast.Inspect(parse("api/edge/problems.go"), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "table" {
			return true
		}
		for _, element := range spec.Values[0].(*ast.CompositeLit).Elts {
			name := ""
			ast.Inspect(element.(*ast.KeyValueExpr).Key, func(n ast.Node) bool { // codeOf(translate.X), or a constant
				if ident, ok := n.(*ast.Ident); ok {
					name = ident.Name
				}
				return true
			})
			if constants[name] == "" {
				t.Errorf("the key %s of the table is not a known constant", name)
			}
			codes = append(codes, constants[name])
		}
		return false
	})
	return codes
}
