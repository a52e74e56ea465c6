package sandbox_test

import (
	"net/http"
	"soapbridge/upstream/sandbox"
	"strings"
	"testing"
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
var operationOf = map[string]string{sandbox.CustomerCare: updateCustomerPIN, sandbox.MDS: createService, sandbox.Emersion: createComplexAccount}

// TestScenariosInBytes: what the end-to-end tests, where every scenario is played, cannot tell from a usual success or fault.
func TestScenariosInBytes(t *testing.T) {
	b := start(t)
	for scenario, c := range map[string]struct{ operation, part string }{
		"gzip":              {updateCustomerPIN, "Content-Encoding: gzip\r\n"},
		"utf-16":            {updateCustomerPIN, "R\x00\xe9\x00u\x00"},
		"latin-1":           {updateCustomerPIN, "R\xe9ussi"},
		"windows-1252":      {updateCustomerPIN, "R\xe9ussi \x96 5 \x80"},
		"bom":               {updateCustomerPIN, "\r\n\r\n\xef\xbb\xbf<?xml"},
		"fault-stack-trace": {updateCustomerPIN, "Tiger-42"},
		"second-root":       {updateCustomerPIN, "<MessageDateTime>2026-11-21T10:20:30.000Z<"}, // the clock's
		"fault:NotFound":    {track, `<faultstring>NotFound</faultstring><detail><p:NotFound xmlns:p="urn:p"/></detail>`},
		"fault:Shop.Closed": {track, "<faultstring>Shop.Closed</faultstring><detail></detail>"},
	} {
		t.Run(scenario, func(t *testing.T) {
			b.queue(t, c.operation, scenario)
			got := b.sendRaw(t, request(t, c.operation))
			if !strings.Contains(got, c.part) || !strings.Contains(got, "X-Sandbox: soapbridge\r\n") {
				t.Errorf("got %q, want %q in it", got, c.part)
			}
		})
	}
	b.queue(t, updateCustomerPIN, "close-after")
	if got := b.sendRaw(t, request(t, updateCustomerPIN)); got != "" {
		t.Errorf("got %q before the end", got)
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
