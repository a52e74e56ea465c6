package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"soapbridge/upstream/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The names that the tests speak of, written down once more on purpose.
const (
	ns11 = "http://schemas.xmlsoap.org/soap/envelope/"
	ns12 = "http://www.w3.org/2003/05/soap-envelope"
	nsCC = "http://ws.southernco.com/CustSvc-iHub"

	type11 = "text/xml; charset=utf-8"

	createWorkFlowManager = "CreateWorkFlowManager"
	createCallLog         = "CreateCallLog"
	updateCustomerPIN     = "UpdateCustomerPIN"
	createService         = "CreateService"
	createComplexAccount  = "CreateComplexAccount"
)

var (
	systemOf = map[string]string{
		createWorkFlowManager: sandbox.CustomerCare, createCallLog: sandbox.CustomerCare, updateCustomerPIN: sandbox.CustomerCare,
		createService: sandbox.MDS, createComplexAccount: sandbox.Emersion,
	}
	pathOf = map[string]string{
		sandbox.CustomerCare: "/webservices/CustomerCareService.asmx",
		sandbox.MDS:          "/ws/dise3g/services/ServicesPort",
		sandbox.Emersion:     "/services/soap",
		parcels:              "/systems/parcels",
	}
)

func samplesFolder(system string) string {
	return filepath.Join("..", "..", "translate", system, "samples")
}

// clockTime is the one of every sandbox under test.
var clockTime = time.Date(2026, 11, 21, 10, 20, 30, 0, time.UTC)

func testConfig() sandbox.Config {
	cfg := sandbox.Config{Now: func() time.Time { return clockTime }, Imported: []sandbox.ImportedSystem{importedParcels()}}
	for _, name := range []string{sandbox.CustomerCare, sandbox.MDS, sandbox.Emersion} {
		cfg.Systems = append(cfg.Systems, sandbox.System{Name: name, Samples: os.DirFS(samplesFolder(name))})
	}
	return cfg
}

// box is a sandbox that listens.
type box struct {
	*sandbox.Server
	url    string
	client *http.Client
}

func start(t *testing.T, change ...func(*sandbox.Config)) *box {
	t.Helper()
	cfg := testConfig()
	for _, c := range change {
		c(&cfg)
	}
	s, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(s)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.Close()
		listening.CloseClientConnections()
		listening.Close()
	})
	return &box{Server: s, url: listening.URL, client: &http.Client{
		Transport: transport, Timeout: generous,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// message is one HTTP request to a service.
type message struct {
	method   string
	path     string
	header   http.Header
	envelope string
}

// values replaces placeholders: by element name for those that a vendor rule looks at, else by form.
var (
	byElement = map[string]string{
		"AccountType": "End User", "UserName": "pat@example.com.au", "Password": "s3cret!", "Type": "Individual", "OrgType": "29",
		"OrgIdentifierType": "ABN", "OrgIdentifier": "51 824 753 556", "State": "VIC", "Postcode": "3000", "Country": "Australia",
		"EmailAddress": "pat@example.com", "PhoneNumber": "+61 3 9000 0000", "Website": "https://example.com/a?b=c",
		"CustomerLevel": "ACCOUNT", "effectiveDate": "2026-11-21Z", "expiryDate": "2027-11-21Z", "MessageId": "message-1",
	}
	byForm = map[string]string{
		"string": "Text & more", "dateTime": "2026-11-21T10:20:30.5+11:00", "date": "2026-02-28", "YYYY-MM-DDZ": "2026-02-28Z",
		"boolean": "true", "int": "-7", "bytes": "HOME", "int(0..99999999)": "00000012", "decimal(-999999999.99..999999999.99)": "-12.50",
		"UPDATE or DELETE or UNLOCK or LOCK": "UPDATE",
	}
	placeholders = regexp.MustCompile(`<((?:\w+:)?(\w+)([^<>]*))>([^<>]+)</`)
	lengths      = regexp.MustCompile(`^string\(\d+\.\.\d+\)$`)
)

// fill returns the curated request of an operation with every placeholder replaced.
func fill(t *testing.T, operation string) string {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(samplesFolder(systemOf[operation]), operation+".request.xml"))
	if err != nil {
		t.Fatal(err)
	}
	return placeholders.ReplaceAllStringFunc(string(document), func(found string) string {
		parts := placeholders.FindStringSubmatch(found)
		if strings.TrimSpace(parts[4]) == "" {
			return found
		}
		value, named := byElement[parts[2]]
		if lengths.MatchString(parts[4]) && !named {
			value, named = "Ä1", true
		}
		if !named || (parts[2] == "Type" && parts[4] != "string") {
			value, named = byForm[parts[4]]
		}
		if !named {
			t.Fatalf("no value for the placeholder %q of %s", parts[4], parts[2])
		}
		return "<" + parts[1] + ">" + strings.ReplaceAll(value, "&", "&amp;") + "</"
	})
}

// request is a good request of SOAP 1.1.
func request(t *testing.T, operation string) message {
	t.Helper()
	if operation == track {
		return imported("1.1", "urn:p/Track", trackRequest)
	}
	system := systemOf[operation]
	action := `""`
	if system == sandbox.CustomerCare {
		action = `"` + nsCC + "/" + operation + `"`
	}
	return message{
		method: http.MethodPost, path: pathOf[system], envelope: fill(t, operation),
		header: http.Header{"Content-Type": {type11}, "Soapaction": {action}},
	}
}

// in12 makes the SOAP 1.2 form of a request.
func in12(m message) message {
	action := strings.Trim(m.header.Get("SOAPAction"), `"`)
	m.header = http.Header{"Content-Type": {`application/soap+xml; charset=utf-8; action="` + action + `"`}}
	m.envelope = strings.ReplaceAll(m.envelope, ns11, ns12)
	return m
}

// replace changes an envelope and fails when there was nothing to change.
func replace(t *testing.T, m message, old, replacement string) message {
	t.Helper()
	if !strings.Contains(m.envelope, old) {
		t.Fatalf("the envelope does not hold %q", old)
	}
	m.envelope = strings.Replace(m.envelope, old, replacement, 1)
	return m
}

// reply is a complete HTTP answer.
type reply struct {
	status int
	header http.Header
	body   string
}

func (b *box) send(t *testing.T, m message) reply {
	t.Helper()
	got, err := b.trySend(m)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (b *box) trySend(m message) (reply, error) {
	req, err := http.NewRequest(m.method, b.url+m.path, strings.NewReader(m.envelope))
	if err != nil {
		return reply{}, err
	}
	req.Header = m.header.Clone()
	resp, err := b.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

// sendRaw sends a request over a connection of its own and reads to the end.
func (b *box) sendRaw(t *testing.T, m message) string {
	t.Helper()
	conn := b.dial(t, m)
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(generous)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// dial sends a request over a connection of its own.
func (b *box) dial(t *testing.T, m message) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var head strings.Builder
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\nContent-Length: %d\r\n", m.path, len(m.envelope))
	if err := m.header.Write(&head); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head.String()+"\r\n"+m.envelope); err != nil {
		t.Fatal(err)
	}
	return conn
}

// generous is far more than anything here takes, on any machine.
const generous = time.Minute

// eventually waits for something that happens in the sandbox.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(generous); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: did not happen", what)
		}
	}
}

// control calls the control API and decodes the answer.
func (b *box) control(t *testing.T, method, path, body string, into any) int {
	t.Helper()
	got := b.send(t, message{method: method, path: path, envelope: body, header: http.Header{}})
	if into != nil {
		if err := json.Unmarshal([]byte(got.body), into); err != nil {
			t.Fatalf("%s %s: %d %q: %v", method, path, got.status, got.body, err)
		}
	}
	return got.status
}

// calls is the answer of GET /sandbox/calls.
type calls struct {
	Counts  map[string]int `json:"counts"`
	Refused int            `json:"refused"`
	Matched int            `json:"matched"`
	Calls   []struct {
		Number            int       `json:"number"`
		System            string    `json:"system"`
		Operation         string    `json:"operation"`
		SOAPVersion       string    `json:"soapVersion"`
		Time              time.Time `json:"time"`
		MessageID         string    `json:"messageId"`
		ExternalReference string    `json:"externalReference"`
		AccountReference  string    `json:"accountReference"`
		AccountID         string    `json:"accountId"`
		Scenario          string    `json:"scenario"`
	} `json:"calls"`
}

func (b *box) calls(t *testing.T, query string) (list calls) {
	t.Helper()
	if status := b.control(t, http.MethodGet, "/sandbox/calls"+query, "", &list); status != http.StatusOK {
		t.Fatalf("GET /sandbox/calls%s: status %d", query, status)
	}
	return list
}

func (b *box) queue(t *testing.T, operation, scenario string) {
	t.Helper()
	body := fmt.Sprintf(`{"operation": %q, "scenario": %q}`, operation, scenario)
	if status := b.control(t, http.MethodPost, "/sandbox/scenarios", body, nil); status != http.StatusCreated {
		t.Fatalf("queueing %s for %s: status %d", scenario, operation, status)
	}
}
