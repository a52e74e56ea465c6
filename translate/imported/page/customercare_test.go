package page_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/imported"
	"soapbridge/translate/imported/page"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// vendorPages are those of the built-in operations, saved as text: two without indentation and one with it.
var vendorPages = []string{"CreateWorkFlowManager", "CreateCallLog", "UpdateCustomerPIN"}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func vendorFiles(t testing.TB) (files []page.File) {
	t.Helper()
	for _, name := range vendorPages {
		files = append(files, page.File{Name: name + ".txt", Text: readFile(t, filepath.Join("testdata", name+".txt"))})
	}
	return files
}

func drafted(t testing.TB, files ...page.File) *page.Draft {
	t.Helper()
	d, err := page.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// vendorAnswers are what the contract of the built-in operations says where the pages say nothing, by the type and the element. An element
// without an answer to minOccurs is optional; one without a type is left out.
var vendorAnswers = map[string]string{
	"Email/EmailType minOccurs":                        "0",
	"Email/EmailType type":                             "xsd:token",
	"Customer/Contact type":                            "tns:Requestor",
	"Premise/Contact type":                             "tns:Requestor",
	"Premise/PremiseAddress type":                      "tns:Address",
	"Account/BillingAddress type":                      "tns:Address",
	"Account/ServiceAddress type":                      "tns:Address",
	"Account/PrimaryContact type":                      "tns:Requestor", // not the structure that this name has elsewhere
	"Account/OperatingCenter type":                     "tns:WorkItemType",
	"createWFMRequest/WorkItemType minOccurs":          "1",
	"CreateCallLogRequest/CustomerCallLog minOccurs":   "1",
	"CustomerCallLog/LogText minOccurs":                "1",
	"updateCustomerPINRequest/OperationType minOccurs": "1",
}

var namePattern = regexp.MustCompile(`<xsd:(complexType|element) name="(\w+)"`)

// answered answers the questions of a draft.
func answered(t *testing.T, draft []byte, answers map[string]string) []byte {
	t.Helper()
	var b strings.Builder
	around, used := "", map[string]bool{}
	for l := range strings.Lines(string(draft)) {
		if m := namePattern.FindStringSubmatch(l); m != nil {
			if m[1] == "complexType" || strings.HasSuffix(l, "\">\n") {
				around = m[2]
			}
			place := around + "/" + m[2]
			kind, typed := answers[place+" type"]
			least, counted := answers[place+" minOccurs"]
			if !counted {
				least = "0"
			}
			if strings.Contains(l, `type="?"`) && !typed {
				continue
			}
			used[place+" type"], used[place+" minOccurs"] = typed, counted
			l = strings.NewReplacer(`type="?"`, `type="`+kind+`"`, `minOccurs="?"`, `minOccurs="`+least+`"`).Replace(l)
		}
		b.WriteString(l)
	}
	for place := range answers {
		if !used[place] {
			t.Errorf("there is no question %s", place)
		}
	}
	return []byte(b.String())
}

// now is the time of all requests; the header's Created is a setting of an imported system, and this time in the test.
var now = time.Date(2026, time.November, 21, 9, 30, 0, 0, time.UTC)

const headers = `{"scCredentials":{"directUserNameToken":{"binarySecurityToken":{"id":"direct"}},` +
	`"originatingUserNameToken":{"binarySecurityToken":{"id":"originating"}},"created":"2026-11-21T09:30:00.000Z"}}`

// operations are the built-in ones, and those that are made of the pages, by their names.
func operations(t *testing.T, version soap.Version) (builtIn, made map[string]translate.Operation) {
	t.Helper()
	list, err := customercare.Operations(customercare.Config{Version: version, DirectToken: "direct", OriginatingToken: "originating"})
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{
		"customer-care-service.wsdl": {Data: answered(t, drafted(t, vendorFiles(t)...).WSDL, vendorAnswers)},
		imported.FileName:            {Data: readFile(t, "testdata/system.yaml")},
	}
	system, err := imported.Load("customer-care-service", folder, imported.Config{Version: version, Headers: secret.Secret(headers)})
	if err != nil {
		t.Fatal(err)
	}
	builtIn, made = map[string]translate.Operation{}, map[string]translate.Operation{}
	for i := range list {
		builtIn[list[i].Name] = list[i]
	}
	for i := range system.Operations {
		made[system.Operations[i].Name] = system.Operations[i]
	}
	return builtIn, made
}

// requests are bodies for both: the goldens of the built-in operations. An imported operation does not make a baseRequest up, and fills a
// time in without fractions, so that the short ones bring these.
func requests(t *testing.T, name string) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	for _, golden := range []string{"full", "one", "minimal"} {
		body := readFile(t, filepath.Join("../../customercare/testdata", name, golden+".json"))
		if golden != "full" {
			body = withTimes(t, body)
		}
		list[golden] = body
	}
	return list
}

// withTimes adds what only the built-in operations fill in.
func withTimes(t *testing.T, body []byte) []byte {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	base, _ := members["baseRequest"].(map[string]any)
	if base == nil {
		base = map[string]any{}
	}
	base["messageDateTime"] = now
	members["baseRequest"] = base
	if log, ok := members["customerCallLog"].(map[string]any); ok {
		log["createdDateTime"] = now
	}
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// canonical spells an envelope without its choice of prefixes.
func canonical(t *testing.T, envelope []byte) string {
	t.Helper()
	var b strings.Builder
	decoder := xml.NewDecoder(bytes.NewReader(envelope))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatalf("%v in %s", err, envelope)
		}
		switch token := token.(type) {
		case xml.StartElement:
			fmt.Fprintf(&b, "\n<{%s}%s", token.Name.Space, token.Name.Local)
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					fmt.Fprintf(&b, " {%s}%s=%q", a.Name.Space, a.Name.Local, a.Value)
				}
			}
			b.WriteString(">")
		case xml.EndElement:
			b.WriteString("</>")
		case xml.CharData:
			fmt.Fprintf(&b, "%q", token)
		}
	}
}

// TestBuiltInOperations is the proof that a draft is right: with the contract's answers it sends, in both versions of SOAP, what the
// operations send that people wrote by the same pages.
func TestBuiltInOperations(t *testing.T) {
	env := translate.Env{Now: now, OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"}
	for _, version := range []soap.Version{soap.V11, soap.V12} {
		builtIn, made := operations(t, version)
		for _, name := range vendorPages {
			for golden, body := range requests(t, name) {
				want, got := encoded(t, builtIn[name], body, env), encoded(t, made[name], body, env)
				if want.Action != got.Action || want.Version != version || got.Version != version {
					t.Errorf("%s %s: the action %q of SOAP %s, want %q of SOAP %s", name, golden, got.Action, got.Version, want.Action, version)
				}
				if a, b := canonical(t, want.Envelope), canonical(t, got.Envelope); a != b {
					t.Errorf("%s %s\n got %s\nwant %s", name, golden, b, a)
				}
			}
		}
	}
}

func encoded(t *testing.T, op translate.Operation, body []byte, env translate.Env) soap.Message {
	t.Helper()
	request, refusal := op.Read(body)
	if refusal != nil {
		t.Fatalf("%s %s: %v %v", op.System, op.Name, refusal, refusal.Violations)
	}
	message, failure := request.Encode(env)
	if failure != nil {
		t.Fatal(failure)
	}
	return message
}

// TestBuiltInRefusals: both refuse the same for the same reasons.
func TestBuiltInRefusals(t *testing.T) {
	builtIn, made := operations(t, soap.V11)
	for name, bodies := range map[string][]string{
		"CreateWorkFlowManager": {`{}`, `{"accountNumber":"1","workItemType":{"code":" "}}`, `{"accountNumber":"1","workItemType":{"code":"X"},"requestor":{"createdDate":"soon"}}`},
		"CreateCallLog":         {`{}`, `{"customerCallLog":{"logText":""}}`, `{"customerCallLog":{"logText":"x","requestType":2147483648,"premise":{"contacts":[{"email":{"emailType":"a  b"}}]}}}`},
		"UpdateCustomerPIN":     {`{}`, `{"operationType":"update","accountNumber":"1"}`, `{"operationType":"UPDATE","customerNumber":"1"}`, `{"operationType":"LOCK","accountNumber":"1","x":1}`},
	} {
		for _, body := range bodies {
			if want, got := refusal(builtIn[name], body), refusal(made[name], body); want != got || want == "" {
				t.Errorf("%s %s\n got %s\nwant %s", name, body, got, want)
			}
		}
	}
}

func refusal(op translate.Operation, body string) (all string) {
	_, refused := op.Read([]byte(body))
	if refused != nil {
		for _, v := range refused.Violations {
			all += fmt.Sprintf("%s %s, ", v.Pointer, v.Code)
		}
	}
	return all
}

// TestBuiltInReplies compares successes. What a failure is, code decides in the built-in operations, and they never show what is inside
// ErrorData.
func TestBuiltInReplies(t *testing.T) {
	for version, suffix := range map[soap.Version]string{soap.V11: "", soap.V12: "-soap12"} {
		builtIn, made := operations(t, version)
		for name, file := range map[string]string{"CreateWorkFlowManager": "ok-workflow", "CreateCallLog": "ok-call-log", "UpdateCustomerPIN": "ok-pin"} {
			reply := soap.Reply{Status: 200, ContentType: "text/xml", Body: readFile(t, "../../customercare/testdata/replies/"+file+suffix+".xml")}
			want, got := result(t, builtIn[name], name, reply), result(t, made[name], name, reply)
			if want != got || !strings.Contains(want, `"responseCode"`) {
				t.Errorf("%s\n got %s\nwant %s", name, got, want)
			}
		}
	}
}

func result(t *testing.T, op translate.Operation, name string, reply soap.Reply) string {
	t.Helper()
	request, refusal := op.Read(requests(t, name)["minimal"])
	if refusal != nil {
		t.Fatal(refusal)
	}
	answer, failure := request.Decode(reply, translate.Env{Now: now, OperationID: "id"})
	if failure != nil {
		return fmt.Sprint(failure.Code, failure.Violations)
	}
	return string(answer.JSON)
}
