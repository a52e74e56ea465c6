package imported_test

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/imported"
	"soapbridge/translate/soap"
)

//go:embed testdata/depot.wsdl
var depot []byte

// place is an overlay that says everything that one can say of a write.
const place = `
  Place:
    kind: write
    route: POST /v1/depot/orders
    status: 201
    unwrap: [request]
    secret: [pin]
    members:
      reference: {maxLength: 40}
      level: {rename: grade, anyCase: true}
      price: {decimal: "3:2"}
      from: {zone: utc}
      codes: {collapse: true}
      pin: {required: true}
    rules: [{notBefore: {member: to, other: from}}, {forbid: price, when: {grade: SILVER}}]
    fill: {reference: $operationId}
    headers: {Session: caller, Client: settings}
    outcome: {failedWhen: {path: status/code, notIn: ["0"]}, code: status/code, text: status/text}
    faults: {Wrong: {outcome: rejected, errors: Item, code: No, text: Say, pointer: Field}}
  Notify: {kind: write, secret: [], outcome: faultsOnly}
`

// folder is a system's folder, with the documents as they are.
func folder(operations string) fstest.MapFS { return folderOf(string(depot), operations) }

func folderOf(wsdl, operations string) fstest.MapFS {
	overlay := fmt.Sprintf("system: depot\nwsdl: {file: depot.wsdl, sha256: %q}\noperations:%s", imported.Hash([]byte(wsdl)), operations)
	return fstest.MapFS{"depot.wsdl": {Data: []byte(wsdl)}, imported.FileName: {Data: []byte(overlay)}}
}

func load(t *testing.T, operations string, c imported.Config) *imported.System {
	t.Helper()
	s, err := imported.Load("depot", folder(operations), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	configured = imported.Config{Headers: `{"client":{"version":"1","value":"portal<key>"}}`}
	sent       = translate.Env{Now: time.Unix(0, 0), OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"}
)

const order = `{"grade":"gold","price":"9.50","from":"2026-12-01","pin":"0815","codes":["a","b"],"session":{"token":"t"}}`

// TestEnvelope has every word of the overlay in one request.
func TestEnvelope(t *testing.T) {
	op := load(t, place, configured).Operations[0]
	request, refusal := op.Read([]byte(order))
	if refusal != nil {
		t.Fatal(refusal, refusal.Violations)
	}
	message, failure := request.Encode(sent)
	const want = `<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>` +
		`<n2:Client xmlns:n2="urn:depot" version="1">portal&lt;key></n2:Client><op:Session xmlns:op="urn:depot"><op:Token>t</op:Token></op:Session></soap:Header><soap:Body>` +
		`<op:Place xmlns:op="urn:depot"><op:request><op:Reference>0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f</op:Reference><op:Level>GOLD</op:Level><op:Price>9.50</op:Price>` +
		`<op:From>2026-12-01Z</op:From><op:PIN>0815</op:PIN><op:Codes><op:Code>a</op:Code><op:Code>b</op:Code></op:Codes></op:request></op:Place></soap:Body></soap:Envelope>`
	got := strings.ReplaceAll(string(message.Envelope), "&gt;", ">")
	if failure != nil || got != want || message.Action != "urn:depot/place" || op.ID != "depot_Place" {
		t.Errorf("%v, %s, %q\n got %s\nwant %s", failure, op.ID, message.Action, got, want)
	}
	shown, failure := request.Preview(soap.V11, sent)
	if text := string(shown.Message.Envelope); failure != nil || strings.Contains(text, "portal") || strings.Contains(text, "0815") || !strings.Contains(text, ">***<") {
		t.Errorf("%v, the preview shows a secret: %s", failure, text)
	}
}

// TestNameOfARequestBesideAHeader: the blocks of the header, which are another message of the same element, took its name from the request.
func TestNameOfARequestBesideAHeader(t *testing.T) {
	files := folder(place)
	text := strings.NewReplacer(`element name="Place"`, `element name="PlaceRequest"`, `element="d:Place"`, `element="d:PlaceRequest"`).Replace(string(depot))
	overlay := strings.Replace(string(files[imported.FileName].Data), imported.Hash(depot), imported.Hash([]byte(text)), 1)
	files["depot.wsdl"], files[imported.FileName] = &fstest.MapFile{Data: []byte(text)}, &fstest.MapFile{Data: []byte(overlay)}
	s, err := imported.Load("depot", files, configured)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Operations[0].RequestShape.Name; got != "PlaceRequest" {
		t.Errorf("the request is %s, want PlaceRequest", got)
	}
}

// TestRefusedRequests: a pointer has the names that callers know.
func TestRefusedRequests(t *testing.T) {
	op := load(t, place, configured).Operations[0]
	_, refusal := op.Read([]byte(`{"grade":"SILVER","price":"9999.50","from":"2026-12-01Z","to":"2026-11-01","codes":{"code":[]},"reference":"` + strings.Repeat("x", 41) + `"}`))
	var got []string
	for _, v := range refusal.Violations {
		got = append(got, v.Pointer+" "+string(v.Code))
	}
	const want = "/price bad-number,/price not-allowed-here,/from bad-date,/codes wrong-type,/reference too-long,/pin required"
	if strings.Join(got, ",") != want {
		t.Errorf(" got %s\nwant %s", strings.Join(got, ","), want)
	}
}

// long is longer than a text for people, and has what would be masked in one: a secret of the request, and what looks like others.
var long = strings.Repeat("0815 password: x; token=y at a.b(C.java:1) ", 200)

// TestOutcomes: what replies mean is what the overlay says.
func TestOutcomes(t *testing.T) {
	ops := load(t, place, configured).Operations
	for _, test := range []struct {
		name   string
		op     int
		status int
		body   string // of the envelope; empty: no envelope
		want   string // the result, or the code of the failure with its violations
	}{
		{"success", 0, 200, `<PlaceResponse xmlns="urn:depot"><Status><Code> 0 </Code></Status><Number>7</Number></PlaceResponse>`, `{"operationId":"id","status":{"code":" 0 "},"number":7}`},
		{"data, as it is", 0, 200, `<PlaceResponse xmlns="urn:depot"><Status><Code>0</Code><Text>` + long + `</Text></Status></PlaceResponse>`,
			`{"operationId":"id","status":{"code":"0","text":"` + long + `"}}`},
		{"a failure in a success", 0, 200, `<PlaceResponse xmlns="urn:depot"><Status><Code>17</Code><Text>no room</Text></Status></PlaceResponse>`, "upstream-rejected rejected  depot-17 no room"},
		{"nothing that decides", 0, 200, `<PlaceResponse xmlns="urn:depot"><Number>7</Number></PlaceResponse>`, "outcome-unknown unknown"},
		{"a declared fault", 0, 500, `<e:Fault><faultcode>e:Server</faultcode><faultstring>bad</faultstring><detail><w:Wrong xmlns:w="urn:depot"><w:Item><w:No>3</w:No><w:Say>too dear</w:Say>` +
			`<w:Field>Price</w:Field></w:Item><w:Item><w:No>4</w:No><w:Say>too late</w:Say><w:Field>Code</w:Field></w:Item></w:Wrong></detail></e:Fault>`,
			"upstream-rejected rejected /price depot-3 too dear,  depot-4 too late"},
		{"another fault", 0, 500, `<e:Fault><faultcode>e:Server</faultcode><faultstring>bad</faultstring></e:Fault>`, "upstream-failed failed  depot-fault bad"},
		{"one-way", 1, 202, "", `{"operationId":"id"}`},
	} {
		body := map[int]string{0: order, 1: `{"request":{"reference":"r","level":"GOLD","from":"2026-12-01","codes":{}}}`}[test.op]
		got := decoded(t, ops[test.op], body, test.status, test.body)
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// decoded is the result of a request whose reply has an envelope with the body, or the code of the failure with its violations.
func decoded(t *testing.T, op translate.Operation, request string, status int, body string) string {
	t.Helper()
	asked, refusal := op.Read([]byte(request))
	if refusal != nil {
		t.Fatal(refusal, refusal.Violations)
	}
	reply := soap.Reply{Status: status, ContentType: "text/xml", Certain: true}
	if body != "" {
		reply.Body = []byte(`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` + body + "</e:Body></e:Envelope>")
	}
	result, failure := asked.Decode(reply, translate.Env{OperationID: "id"})
	if failure == nil {
		return string(result.JSON)
	}
	got := fmt.Sprintf("%s %s", failure.Code, failure.Outcome)
	for i, v := range failure.Violations {
		got += strings.Repeat(",", min(i, 1)) + " " + v.Pointer + " " + string(v.Code) + " " + v.Detail
	}
	return got
}

// TestErrorsOfReplies: the errors of a reply that is no fault are as those of a fault, and one item of an array may decide.
func TestErrorsOfReplies(t *testing.T) {
	notice := func(severity, number, text, field string) string {
		return "<Notice><Severity>" + severity + "</Severity><No>" + number + "</No><Say>" + text + "</Say><Field>" + field + "</Field></Notice>"
	}
	const listed = ", errors: notice, code: no, text: say, pointer: field}"
	for name, test := range map[string]struct{ outcome, notices, want string }{
		"one of several decides": {"{failedWhen: {path: notice/severity, in: [ERROR, FAILURE]}" + listed, notice("NOTE", "1", "by the way", "") + notice(" ERROR ", "7", "too dear", "Price"),
			"upstream-rejected rejected  depot-1 by the way, /request/price depot-7 too dear"},
		"none decides": {"{failedWhen: {path: notice/severity, in: [ERROR, FAILURE]}" + listed, notice("NOTE", "1", "by the way", ""),
			`{"operationId":"id","status":{},"notice":[{"severity":"NOTE","no":"1","say":"by the way","field":""}]}`},
		"an empty list":       {"{failedWhen: {path: notice/severity, in: [ERROR]}" + listed, "", `{"operationId":"id","status":{}}`},
		"all but":             {"{failedWhen: {path: notice/severity, notIn: [NOTE]}" + listed, notice("NOTE", "1", "a", "") + notice("WORSE", "", "", ""), "upstream-rejected rejected  depot-1 a,  depot-fault The service reports that it did not do this."},
		"all but, and none":   {"{failedWhen: {path: notice/severity, notIn: [NOTE]}" + listed, "", "outcome-unknown unknown"},
		"all but, and nobody": {"{failedWhen: {path: notice/severity, notIn: [NOTE]}" + listed, notice("NOTE", "1", "a", "") + "<Notice><No>2</No></Notice>", "outcome-unknown unknown"},
		"a list that is there": {"{failedWhen: {path: notice, present: true}, errors: notice, code: no, text: say, pointer: field}", notice("", "2", "too late", "To"),
			"upstream-rejected rejected /request/to depot-2 too late"},
		"errors that are not there": {"{failedWhen: {path: number, in: ['5']}" + listed, "<Number>5</Number>", "upstream-rejected rejected  depot-fault The service reports that it did not do this."},
		"the reply is the error":    {"{failedWhen: {path: number, in: ['5']}, text: status/text, pointer: status/code}", "<Number>5</Number>", "upstream-rejected rejected  depot-fault The service reports that it did not do this."},
	} {
		t.Run(name, func(t *testing.T) {
			op := load(t, "\n  Place: {kind: write, secret: [], outcome: "+test.outcome+"}\n", configured).Operations[0]
			request := `{"request":{"reference":"r","level":"GOLD","from":"2026-12-01","codes":{}}}`
			if got := decoded(t, op, request, 200, `<PlaceResponse xmlns="urn:depot"><Status/>`+test.notices+`</PlaceResponse>`); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestActionOfAddressing: what the WSDL says of WS-Addressing is in the envelope, and HTTP has the binding's own.
func TestActionOfAddressing(t *testing.T) {
	said := folderOf(strings.ReplaceAll(string(depot), `<input message="d:In"/>`, `<input message="d:In" xmlns:a="http://www.w3.org/2006/05/addressing/wsdl" a:Action="urn:depot/said"/>`), plain)
	system, err := imported.Load("depot", said, imported.Config{Addressing: soap.Addressing{On: true}})
	if err != nil {
		t.Fatal(err)
	}
	request, refusal := system.Operations[0].Read([]byte(`{"request":{"reference":"r","level":"GOLD","from":"2026-12-01","codes":{}}}`))
	if refusal != nil {
		t.Fatal(refusal)
	}
	message, failure := request.Encode(sent)
	if failure != nil || message.Action != "urn:depot/place" || !strings.Contains(string(message.Envelope), ">urn:depot/said</wsa:Action>") {
		t.Errorf("%v %q %s", failure, message.Action, message.Envelope)
	}
}

const plain = "\n  Place: {kind: write, secret: [], outcome: faultsOnly}\n"

// TestEqualPorts: which of several ports is called is asked only where they differ in more than the address, which is a setting.
func TestEqualPorts(t *testing.T) {
	begin, end := strings.Index(string(depot), "  <portType"), strings.Index(string(depot), "  <service")
	both := string(depot[begin:end])
	binding := both[strings.Index(both, "  <binding"):]
	second := func(text string, oldNew ...string) string {
		return strings.NewReplacer(append(oldNew, `<binding name="Depot"`, `<binding name="Second"`)...).Replace(text)
	}
	another := second(both, `<portType name="Depot"`, `<portType name="Other"`, `type="d:Depot"`, `type="d:Other"`)
	for name, test := range map[string]struct {
		more       string
		addressing bool
		want       string // empty: it loads
	}{
		"another address":                  {second(binding), true, ""},
		"another action":                   {second(binding, "urn:depot/place", "urn:depot/put"), false, "Place is bound in several ways: Depot, Second; say which with port"},
		"another port type":                {another, false, ""},
		"another action of WS-Addressing":  {strings.ReplaceAll(another, `<input message="d:In"/>`, `<input message="d:In" xmlns:a="http://www.w3.org/2007/05/addressing/metadata" a:Action="urn:x"/>`), true, "bound in several ways"},
		"the same action of WS-Addressing": {another, true, ""},
	} {
		text := string(depot[:end]) + test.more + string(depot[end:])
		_, err := imported.Load("depot", folderOf(text, plain), imported.Config{Addressing: soap.Addressing{On: test.addressing}})
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestLoadRefuses names the places of all mistakes.
func TestLoadRefuses(t *testing.T) {
	changed := folder(place)
	changed["depot.wsdl"] = &fstest.MapFile{Data: append([]byte("<!-- later -->"), depot...)}
	portless := folder(place)
	portless[imported.FileName].Data = append([]byte("port: Nowhere\n"), portless[imported.FileName].Data...)
	for name, test := range map[string]struct {
		folder fstest.MapFS
		config imported.Config
		want   []string
	}{
		"another document": {changed, configured, []string{"depot.wsdl: is not the document that was imported", "from version control"}},
		"no such operation, and a wrong path": {folder("\n  Take: {kind: write, secret: [], outcome: faultsOnly}\n  Place: {kind: write, secret: [a/b], outcome: faultsOnly}\n"), configured,
			[]string{"system.yaml:4", "Take is not an operation of the WSDL; there are: Place, Notify", "system.yaml:5", "there is no member a/b"}},
		"headers that are not set": {folder(place), imported.Config{}, []string{"HEADERS of this system is not set"}},
		"headers of another form":  {folder(place), imported.Config{Headers: `{"client":{"value":"planted"},"x":1}`}, []string{"/x: There is no such member here", "/client/version: This member is required."}},
		"no such fault":            {folder("\n  Place: {kind: write, secret: [], outcome: faultsOnly, faults: {None: {outcome: failed}}}\n"), configured, []string{"None is not a fault of this operation; there are: Wrong"}},
		"a member that cannot be unwrapped": {folder("\n  Place: {kind: write, unwrap: [status], secret: [], outcome: faultsOnly}\n"), configured,
			[]string{"system.yaml:4", "status is not an object and the only member of a message"}},
		"a port that is not there": {portless, configured, []string{"Place has no binding named Nowhere; port must be one of Depot"}},
		"what cannot be collapsed": {folder("\n  Place: {kind: write, secret: [], outcome: faultsOnly, members: {request/reference: {collapse: true}}}\n"), configured,
			[]string{"reference is not an object with one array alone"}},
		"errors that are not objects": {folder("\n  Place: {kind: write, secret: [], outcome: {failedWhen: {path: number, present: true}, errors: number}}\n"), configured,
			[]string{"system.yaml:4:45: errors: number is not an object"}},
		"errors that lack a member": {folder("\n  Place: {kind: write, secret: [], outcome: {failedWhen: {path: number, present: true}, errors: notice, code: status/code}}\n"), configured,
			[]string{"has no \"status\""}},
		"a rule about nothing": {folder("\n  Place: {kind: write, secret: [], outcome: faultsOnly, rules: [{requireAnyOf: [x, y]}]}\n"), configured, []string{`has no "x"`}},
	} {
		_, err := imported.Load("depot", test.folder, test.config)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "planted") {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
	}
}
