package sandbox_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"soapbridge/upstream/sandbox"
)

// listed is one scenario as GET /sandbox/scenarios shows it.
type listed struct {
	Name     string   `json:"name"`
	Token    string   `json:"token"`
	Sentence string   `json:"sentence"`
	Executes bool     `json:"executes"`
	Systems  []string `json:"systems"`
}

type scenarioList struct {
	Scenarios []listed `json:"scenarios"`
	Values    []struct {
		System   string `json:"system"`
		Element  string `json:"element"`
		Value    string `json:"value"`
		Sentence string `json:"sentence"`
	} `json:"values"`
	Queued []struct {
		Operation string `json:"operation"`
		Scenario  string `json:"scenario"`
		Times     int    `json:"times"`
		Delay     string `json:"delay"`
	} `json:"queued"`
}

func (b *box) scenarios(t *testing.T) (list scenarioList) {
	t.Helper()
	if status := b.control(t, http.MethodGet, "/sandbox/scenarios", "", &list); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	return list
}

// operationOf is the one that the scenarios of a system are tried with.
var operationOf = map[string]string{
	sandbox.CustomerCare: updateCustomerPIN, sandbox.MDS: createService, sandbox.Emersion: createComplexAccount,
	parcels: track,
}

// seen checks what a client gets to see of a scenario.
type seen func(t *testing.T, got raw)

// The shapes of answers that several scenarios share.

func connectionReset(t *testing.T, got raw) {
	t.Helper()
	if len(got.bytes) != 0 || !errors.Is(got.err, syscall.ECONNRESET) {
		t.Errorf("got %q, then %v; want a connection reset", got.bytes, got.err)
	}
}

func connectionClosed(t *testing.T, got raw) {
	t.Helper()
	if len(got.bytes) != 0 || got.err != nil {
		t.Errorf("got %q, then %v; want an orderly end", got.bytes, got.err)
	}
}

// answered checks a complete HTTP answer; each want is a part of its body.
func answered(status int, wants ...string) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		a, err := got.http(t)
		if err != nil || a.status != status {
			t.Errorf("status %d, %v; want %d", a.status, err, status)
		}
		if a.header.Get("X-Sandbox") != "soapbridge" {
			t.Error("the answer does not say that it comes from a sandbox")
		}
		for _, want := range wants {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s\nwant %s", shorten(a.body), want)
			}
		}
	}
}

func shorten(body string) string {
	if len(body) > 2000 {
		return body[:2000] + "..."
	}
	return body
}

// success is a well-formed envelope with the result of any system.
func success(t *testing.T, got raw) {
	t.Helper()
	answered(http.StatusOK)(t, got)
	a, _ := got.http(t)
	if !wellFormed(a.body) || !hasResult(a.body) {
		t.Errorf("not a success: %s", shorten(a.body))
	}
}

func hasResult(body string) bool {
	return strings.Contains(body, "<ResponseCode>0</ResponseCode>") || strings.Contains(body, "<ExternalReference>Ä1</ExternalReference>") ||
		strings.Contains(body, ":AccountID>399301<") || strings.Contains(body, "<p:Status>Ä</p:Status>")
}

func wellFormed(document string) bool {
	decoder := xml.NewDecoder(strings.NewReader(document))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// html is a page of an intermediary: no envelope in it.
func html(status int, header, value string) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		answered(status, "<html>", http.StatusText(status))(t, got)
		a, _ := got.http(t)
		if strings.Contains(a.body, "Envelope") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("not a page: %s", shorten(a.body))
		}
		if header != "" && a.header.Get(header) != value {
			t.Errorf("%s: %q, want %q", header, a.header.Get(header), value)
		}
	}
}

func empty(status int) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		answered(status)(t, got)
		if a, _ := got.http(t); a.body != "" {
			t.Errorf("body %q, want none", a.body)
		}
	}
}

func redirected(status int) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		answered(status)(t, got)
		if a, _ := got.http(t); !strings.HasSuffix(a.header.Get("Location"), "?redirected=1") {
			t.Errorf("Location %q", a.header.Get("Location"))
		}
	}
}

func inBody(edit func(body string) error) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		answered(http.StatusOK)(t, got)
		a, _ := got.http(t)
		if err := edit(a.body); err != nil {
			t.Errorf("%v: %s", err, shorten(a.body))
		}
	}
}

func holds(parts ...string) seen { return answered(http.StatusOK, parts...) }

func encodedIn(name string, remark []byte) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		answered(http.StatusOK)(t, got)
		a, _ := got.http(t)
		if !strings.HasSuffix(a.header.Get("Content-Type"), "charset="+name) || utf8.ValidString(a.body) || !bytes.Contains([]byte(a.body), remark) {
			t.Errorf("Content-Type %q, %q", a.header.Get("Content-Type"), a.body)
		}
	}
}

func unpacked(check func(rest int64) error) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		answered(http.StatusOK)(t, got)
		a, _ := got.http(t)
		if a.header.Get("Content-Encoding") != "gzip" {
			t.Error("not declared as gzip")
		}
		reader, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 2000)
		n, _ := io.ReadFull(reader, head)
		rest, err := io.Copy(io.Discard, reader)
		if err != nil {
			t.Fatal(err)
		}
		if !hasResult(string(head[:n])) {
			t.Errorf("no success inside: %s", head[:n])
		}
		if err := check(rest); err != nil {
			t.Errorf("%d bytes packed: %v", len(a.body), err)
		}
	}
}

// unfinished wants an answer that goes on until the client has had enough.
func unfinished(atLeast, atMost int) seen {
	return func(t *testing.T, got raw) {
		t.Helper()
		head, body, _ := bytes.Cut(got.bytes, []byte("\r\n\r\n"))
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 OK\r\n")) || len(body) < atLeast || len(body) > atMost {
			t.Errorf("%d bytes, want %d to %d", len(body), atLeast, atMost)
		}
	}
}

func fault11(code, text string) seen {
	return answered(http.StatusInternalServerError, "<faultcode>", ":"+code+"</faultcode>", text)
}

// want is what to see for each scenario. A scenario that is not in here fails the test.
var want = map[string]seen{
	"delay":           success,
	"stall":           nil, // see stallOnce
	"stall-before":    nil,
	"reset-before":    connectionReset,
	"reset-after":     connectionReset,
	"close-before":    connectionClosed,
	"close-after":     connectionClosed,
	"truncated-reply": truncatedReply,
	"drip":            unfinished(2, 400),
	"endless":         unfinished(2<<20, 3<<20),

	"html-200":     html(200, "", ""),
	"html-500":     html(500, "", ""),
	"html-503":     html(503, "", ""),
	"empty-200":    empty(200),
	"empty-500":    empty(500),
	"http-400":     html(400, "", ""),
	"http-401":     html(401, "WWW-Authenticate", `Basic realm="sandbox"`),
	"http-403":     html(403, "", ""),
	"http-404":     html(404, "", ""),
	"http-405":     html(405, "Allow", "GET"),
	"http-413":     html(413, "", ""),
	"http-415":     html(415, "", ""),
	"http-429":     html(429, "Retry-After", "2"),
	"redirect-302": redirected(302),
	"redirect-307": redirected(307),
	"redirect-308": redirected(308),

	"fault-client":                fault11("Client", "refused by the service"),
	"fault-server":                fault11("Server", "unable to process"),
	"fault-in-200":                holds(":Client</faultcode>", "refused by the service"),
	"fault-version-mismatch":      fault11("VersionMismatch", "Possible SOAP version mismatch"),
	"fault-must-understand":       fault11("MustUnderstand", "was not understood"),
	"fault-stack-trace":           fault11("Server", "Tiger-42"),
	"fault-echo":                  fault11("Client", "Could not process the request: "),
	"fault-action-not-recognized": fault11("Client", "Server did not recognize the value of HTTP Header SOAPAction: "+nsCC+"/UpdateCustomerPIN."),
	"fault-unknown-action":        fault11("Client", "Server did not recognize the value of HTTP Header SOAPAction: "+nsCC+"/UpdateCustomerPIN."),
	"fault-unable-to-read":        fault11("Client", "Server was unable to read request. ---&gt; There is an error in XML document (1, 2). ---&gt; "),
	"fault-unable-enum":           fault11("Client", "is not a valid value for OperationType."),

	"failed-base-response": holds("<ResponseCode>1</ResponseCode>", "<ErrorCode>2001</ErrorCode>", "<NativeErrorDetail>ORA-"),
	"failed-code-only": inBody(func(body string) error {
		if !strings.Contains(body, "<ResponseCode>99</ResponseCode>") || strings.Contains(body, "ErrorData") {
			return errors.New("not a failure by code alone")
		}
		return nil
	}),

	"mds-validation":      fault11("Server", "</Error><Error><MessageId>CMP1005</MessageId><MessageText>Sales person is not known</MessageText><ExtraInfo>salesPersonId</ExtraInfo></Error></Errors></ns4:ValidationFault>"),
	"mds-validation-bare": fault11("Server", "<Details><MessageId>CMP1006</MessageId><MessageText>Subscription is not active</MessageText></Details></ns4:ValidationFault>"),
	"mds-system":          fault11("Server", "<ns4:SystemFault xmlns:ns4="),
	"mds-security":        fault11("Server", "<ns4:SecurityFault xmlns:ns4="),
	"mds-unavailable":     fault11("Server", "<ns4:ServiceUnavailableFault xmlns:ns4="),

	"emersion-page-example": fault11("Client", "<faultstring>Validation Error</faultstring><faultactor>http://emersion.com.au/Services</faultactor><detail>Username does not contain &#34;@&#34;</detail>"),
	"emersion-unlisted":     fault11("Client", "<detail>The licencee is not allowed to create accounts</detail>"),

	"fault:NotFound":     fault11("Server", `<faultstring>NotFound</faultstring><detail><p:NotFound xmlns:p="urn:p"/></detail>`),
	"fault:Shop.Closed":  fault11("Server", "<faultstring>Shop.Closed</faultstring><detail></detail>"),
	"wrong-soap-version": answered(http.StatusOK, ns12),
	"wrong-namespace":    holds(`="http://sandbox.example/not-the-namespace"`),
	"missing-result": inBody(func(body string) error {
		if hasResult(body) || !wellFormed(body) || !strings.Contains(body, "Response") {
			return errors.New("not an answer without its result")
		}
		return nil
	}),
	"duplicate-result": inBody(func(body string) error {
		for _, name := range []string{"</BaseResponse>", "</ExternalReference>", "</ns1:AccountID>", "</p:Status>"} {
			if strings.Count(body, name) == 2 {
				return nil
			}
		}
		return errors.New("no result occurs twice")
	}),
	"deep-nesting": inBody(func(body string) error {
		if n := strings.Count(body, "<a>"); n != 50_000 || len(body) > 1<<20 {
			return fmt.Errorf("%d elements, %d bytes", n, len(body))
		}
		return nil
	}),
	"huge": inBody(func(body string) error {
		if len(body) <= 1<<20 || !wellFormed(body) {
			return fmt.Errorf("%d bytes", len(body))
		}
		return nil
	}),
	"empty-body": holds("Body></"),
	"truncated-xml": inBody(func(body string) error {
		if wellFormed(body) || body == "" {
			return errors.New("not cut off")
		}
		return nil
	}),
	"doctype":                holds("?>\n<!DOCTYPE Envelope [<!ENTITY"),
	"processing-instruction": holds("?>\n<?xml-stylesheet", "Envelope"),
	"second-root":            holds("Envelope><Second/>"),
	"gzip": unpacked(func(rest int64) error {
		if rest != 0 {
			return errors.New("more than an answer")
		}
		return nil
	}),
	"gzip-bomb": unpacked(func(rest int64) error {
		if rest < 60<<20 {
			return fmt.Errorf("only %d bytes unpacked", rest)
		}
		return nil
	}),
	"utf-16":       encodedIn("utf-16", []byte("R\x00\xe9\x00u\x00")),
	"latin-1":      encodedIn("iso-8859-1", []byte("R\xe9ussi")),
	"windows-1252": encodedIn("windows-1252", []byte("R\xe9ussi \x96 5 \x80")),
	"bom": inBody(func(body string) error {
		if !strings.HasPrefix(body, "\xef\xbb\xbf<?xml") {
			return errors.New("no byte order mark")
		}
		return nil
	}),
}

func truncatedReply(t *testing.T, got raw) {
	t.Helper()
	a, err := got.http(t)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !wellFormed(a.body) || !hasResult(a.body) || a.header.Get("X-Sandbox") == "" {
		t.Errorf("%v: %s", err, a.body)
	}
}

// emersionNumbered wants the numbered error itself.
func emersionNumbered(name string) seen {
	sentences := map[string]string{
		"emersion-25": "Invalid or Missing Account Type", "emersion-26": "Invalid CumulusUser Username",
		"emersion-27": "CumulusUser Username does not contain &#34;@&#34;", "emersion-28": "CumulusUser Username contains an invalid suffix",
		"emersion-29": "CumulusUser Username is already in use", "emersion-30": "Missing AccountContactType. Type Value",
		"emersion-31": "Invalid AccountContactType. Type Value", "emersion-32": "Missing OrgName.", "emersion-33": "Invalid OrgType.",
		"emersion-34": "PrimaryContact: Invalid or Missing Title", "emersion-35": "PrimaryContact: Invalid or Missing First Name",
		"emersion-36": "PrimaryContact: Invalid or Missing Last Name", "emersion-37": "PrimaryContact: Invalid or Missing Address",
		"emersion-38": "PrimaryContact: Invalid or Missing Suburb", "emersion-39": "PrimaryContact: Invalid or Missing State",
		"emersion-40": "PrimaryContact: Invalid or Missing Postcode", "emersion-41": "PrimaryContact: Invalid or Missing Country",
		"emersion-42": "PrimaryContact: Invalid or Missing Email Address", "emersion-43": "PrimaryContact: Invalid or Missing Phone Number",
		"emersion-44": "PrimaryContact: Invalid Website", "emersion-45": "Invalid or Missing CumulusUser Username",
		"emersion-46": "Invalid or Missing Password",
	}
	if sentence, known := sentences[name]; known {
		return fault11("Client", "<detail>"+sentence)
	}
	return nil
}

// enough is how much of an answer without an end a client reads.
func enough(name string) func(soFar []byte) bool {
	return func(soFar []byte) bool {
		_, body, headEnds := bytes.Cut(soFar, []byte("\r\n\r\n"))
		switch name {
		case "drip":
			return headEnds && len(body) >= 2
		case "endless":
			return len(body) > 2<<20
		}
		return false
	}
}

// TestScenarios plays every scenario that is offered, with every system that can play it, to a client that has nothing but a socket.
func TestScenarios(t *testing.T) {
	b := start(t)
	list := b.scenarios(t).Scenarios
	if len(list) < len(want) {
		t.Errorf("%d scenarios are offered, fewer than the %d that are expected", len(list), len(want))
	}
	for _, s := range list {
		check, known := want[s.Name]
		if !known {
			check = emersionNumbered(s.Name)
			known = check != nil
		}
		if !known || s.Sentence == "" || len(s.Systems) == 0 || s.Token != "sandbox:"+s.Name {
			t.Errorf("scenario %+v is not one that this test knows", s)
			continue
		}
		for _, system := range s.Systems {
			t.Run(s.Name+"/"+system, func(t *testing.T) {
				b.playOnce(t, operationOf[system], s, check)
			})
		}
	}
}

func (b *box) playOnce(t *testing.T, operation string, s listed, check seen) {
	t.Helper()
	if status := b.control(t, http.MethodDelete, "/sandbox/calls", "", nil); status != http.StatusNoContent {
		t.Fatalf("reset: status %d", status)
	}
	body := fmt.Sprintf(`{"operation": %q, "scenario": %q}`, operation, s.Name)
	if s.Name == "delay" {
		body = fmt.Sprintf(`{"operation": %q, "scenario": "delay", "delay": "20ms"}`, operation)
	}
	if status := b.control(t, http.MethodPost, "/sandbox/scenarios", body, nil); status != http.StatusCreated {
		t.Fatalf("queueing: status %d", status)
	}
	if strings.HasPrefix(s.Name, "stall") {
		b.stallOnce(t, request(t, operation), s)
	} else {
		check(t, b.sendRaw(t, request(t, operation), enough(s.Name)))
	}

	got := b.calls(t, "")
	executed := 0
	if s.Executes {
		executed = 1
	}
	if got.Counts[operation] != executed || len(got.Calls) != executed || got.Refused != 0 {
		t.Errorf("executed %d times, want %d; refused %d, want none", got.Counts[operation], executed, got.Refused)
	}
	if executed == 1 && len(got.Calls) == 1 && got.Calls[0].Scenario != s.Name {
		t.Errorf("recorded with the scenario %q", got.Calls[0].Scenario)
	}
	if left := b.scenarios(t).Queued; len(left) != 0 {
		t.Errorf("still queued: %+v", left)
	}
}

// stallOnce waits until the scenario was taken, and a little longer, and goes without having got anything.
func (b *box) stallOnce(t *testing.T, m message, s listed) {
	t.Helper()
	conn := b.dial(t, m)
	defer func() { _ = conn.Close() }()
	eventually(t, "the scenario is taken", func() bool {
		return len(b.scenarios(t).Queued) == 0 && (!s.Executes || len(b.calls(t, "").Calls) == 1)
	})
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes, then %v; want nothing at all", n, err)
	}
}

// TestScenarioInSOAP12: faults and successes come in the version of the request, and the other version is the older one.
func TestScenarioInSOAP12(t *testing.T) {
	tests := []struct {
		scenario string
		status   int
		want     string
	}{
		{"fault-client", 400, "<soap:Value>soap:Sender</soap:Value>"},
		{"fault-server", 500, "<soap:Value>soap:Receiver</soap:Value>"},
		{"fault-in-200", 200, "<soap:Value>soap:Sender</soap:Value>"},
		{"fault-unknown-action", 400, "Unable to handle request. The action &#39;" + nsCC + "/CreateCallLog&#39; was not recognized."},
		{"failed-base-response", 200, `xmlns:soap="` + ns12 + `"`},
		{"wrong-soap-version", 200, `xmlns:soap="` + ns11 + `"`},
	}
	b := start(t)
	for _, test := range tests {
		t.Run(test.scenario, func(t *testing.T) {
			b.queue(t, createCallLog, test.scenario)
			got := b.send(t, in12(request(t, createCallLog)))
			if got.status != test.status || !strings.Contains(got.body, test.want) {
				t.Errorf("%d %s\nwant %d %s", got.status, got.body, test.status, test.want)
			}
		})
	}
}

func TestEchoFaultHoldsSecrets(t *testing.T) {
	b := start(t)
	b.queue(t, createComplexAccount, "fault-echo")
	if got := b.send(t, request(t, createComplexAccount)); !strings.Contains(got.body, "Password=s3cret!") {
		t.Errorf("%s", got.body)
	}
	b.queue(t, createCallLog, "fault-echo")
	if got := b.send(t, request(t, createCallLog)); !strings.Contains(got.body, " ID=Text &amp; more") || !strings.Contains(got.body, " SSN=Text") {
		t.Errorf("%s", got.body)
	}
}

// TestToken: a value of the request asks for a scenario, so that a person with nothing but a form can see one.
func TestToken(t *testing.T) {
	memo := func(value string) edits { return edits{"<Memo>Text &amp; more", "<Memo>" + value} }
	tests := []struct {
		name      string
		operation string
		edits     edits
		status    int
		want      string
	}{
		{"whole value", createCallLog, memo("sandbox:http-404"), 404, "404"},
		{"part of a value", createCallLog, memo("please, sandbox:http-404."), 404, "404"},
		{"before an at sign", createComplexAccount, edits{"pat@example.com.au", "sandbox:http-404@example.com"}, 404, "404"},
		{"in 30 characters", createService, edits{"<Description>Ä1", "<Description>sandbox:processing-instruction"}, 200, "<?xml-stylesheet"},
		{"with a delay", createCallLog, memo("sandbox:http-404=1ms"), 404, "404"},
		{"before the vendor's rules", createComplexAccount, edits{"End User", "sandbox:http-404"}, 404, "404"},
		{"after the envelope's judgement", createCallLog, append(memo("sandbox:http-404"), "<RequestType>-7", "<RequestType>x"), 500, "not an int"},
		{"delay leaves the vendor's rules on", createCallLog, append(memo("sandbox:delay=1ms"), `<AccountNumber>Text &amp; more`, `<AccountNumber>0000000000`), 200, "Account not found"},
		{"unknown", createCallLog, memo("sandbox:nonsense"), 500, "Sandbox: unknown scenario &#34;nonsense&#34; for customercare; GET /sandbox/scenarios lists the valid ones"},
		{"of another system", createCallLog, memo("sandbox:mds-system"), 500, "unknown scenario &#34;mds-system&#34; for customercare"},
		{"delay that is none", createCallLog, memo("sandbox:delay=soon"), 500, "must be a duration like 500ms or 2s"},
		{"delay that is too long", createCallLog, memo("sandbox:delay=1h"), 500, "at most 5m0s"},
		{"no token", createCallLog, memo("a sandbox: for children"), 200, "Success"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := start(t).send(t, test.edits.apply(t, request(t, test.operation)))
			if got.status != test.status || !strings.Contains(got.body, test.want) {
				t.Errorf("%d %s\nwant %d %s", got.status, got.body, test.status, test.want)
			}
		})
	}
}

// TestTokensFit: every token but one fits a field of 30 characters, and that one has a second name.
func TestTokensFit(t *testing.T) {
	for _, s := range start(t).scenarios(t).Scenarios {
		if len(s.Token) > 30 && s.Name != "fault-action-not-recognized" {
			t.Errorf("%s is longer than 30 characters", s.Token)
		}
	}
}

func TestQueue(t *testing.T) {
	b := start(t)
	for _, body := range []string{
		`{"operation": "CreateCallLog", "scenario": "http-403", "times": 2, "delay": "1ms"}`,
		`{"operation": "UpdateCustomerPIN", "scenario": "http-405"}`,
		`{"operation": "CreateCallLog", "scenario": "http-404"}`,
	} {
		if status := b.control(t, http.MethodPost, "/sandbox/scenarios", body, nil); status != http.StatusCreated {
			t.Fatalf("%s: status %d", body, status)
		}
	}
	queued := b.scenarios(t).Queued
	if len(queued) != 3 || queued[0].Times != 2 || queued[0].Delay != "1ms" || queued[0].Scenario != "http-403" || queued[2].Delay != "" {
		t.Errorf("queued: %+v", queued)
	}
	bad := replace(t, request(t, createCallLog), "<RequestType>-7", "<RequestType>x")
	for i, step := range []struct {
		m    message
		want int
	}{
		{request(t, createCallLog), 403},
		{bad, 500}, // takes nothing from the queue
		{replace(t, request(t, createCallLog), "<Memo>Text", "<Memo>sandbox:http-400"), 403}, // the queue goes before the token
		{request(t, createCallLog), 404},
		{request(t, createCallLog), 200},
		{request(t, updateCustomerPIN), 405},
		{request(t, updateCustomerPIN), 200},
	} {
		if got := b.send(t, step.m); got.status != step.want {
			t.Errorf("step %d: status %d, want %d", i+1, got.status, step.want)
		}
	}
}

// TestRedirectIsCounted: a client that follows a redirect with its body executes the call; the token redirects once only.
func TestRedirectIsCounted(t *testing.T) {
	b := start(t)
	m := replace(t, request(t, createCallLog), "<Memo>Text", "<Memo>sandbox:redirect-307")
	first := b.send(t, m)
	if first.status != http.StatusTemporaryRedirect || b.calls(t, "").Counts[createCallLog] != 0 {
		t.Fatalf("status %d", first.status)
	}
	m.path = first.header.Get("Location")
	if got := b.send(t, m); got.status != http.StatusOK || b.calls(t, "").Counts[createCallLog] != 1 {
		t.Errorf("followed: %d %s", got.status, got.body)
	}
}

// TestExecutedBeforeDelay: a slow answer is one to a call that was executed already.
func TestExecutedBeforeDelay(t *testing.T) {
	b := start(t)
	m := replace(t, request(t, createCallLog), "<Memo>Text", "<Memo>sandbox:delay=5m")
	answers := make(chan error, 1)
	go func() {
		_, err := b.trySend(m)
		answers <- err
	}()
	eventually(t, "executed while the answer is delayed", func() bool { return b.calls(t, "").Counts[createCallLog] == 1 })
	b.Close()
	if err := <-answers; err == nil {
		t.Error("answered, although the sandbox closed during the delay")
	}
}

// TestCloseEndsWhatIsHeldBack: otherwise the HTTP server around the sandbox could not shut down.
func TestCloseEndsWhatIsHeldBack(t *testing.T) {
	for _, name := range []string{"stall", "stall-before", "drip", "endless", "delay=5m"} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			m := replace(t, request(t, createCallLog), "<Memo>Text", "<Memo>sandbox:"+name)
			answers := make(chan error, 1)
			go func() {
				_, err := b.trySend(m)
				answers <- err
			}()
			b.Close()
			b.Close()
			if err := <-answers; err == nil {
				t.Error("answered in the ordinary way")
			}
		})
	}
}
