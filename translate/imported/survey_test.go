package imported

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/shape/wsdl"
)

const corpus = "../shape/wsdl/testdata/corpus/real"

func definitions(t *testing.T, name string) *wsdl.Definitions {
	t.Helper()
	d, err := wsdl.Read(os.DirFS(corpus+"/"+name), name+".wsdl", wsdl.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// service returns the definitions of one document/literal operation Add, whose request and reply have these contents.
func service(t *testing.T, request, reply string, oldNew ...string) *wsdl.Definitions {
	t.Helper()
	text := `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema"
  xmlns:t="urn:t" targetNamespace="urn:t">
<types><x:schema targetNamespace="urn:t" elementFormDefault="qualified">
<x:element name="Add"><x:complexType>` + request + `</x:complexType></x:element>
<x:element name="AddResponse"><x:complexType>` + reply + `</x:complexType></x:element>
<x:element name="Key" type="x:string"/><x:element name="Bad" type="x:string"/>
<x:complexType name="Node"><x:sequence><x:element name="Node" type="t:Node" minOccurs="0"/><x:element name="CVV" type="x:string"/></x:sequence></x:complexType>
</x:schema></types>
<message name="In"><part name="p" element="t:Add"/></message><message name="Out"><part name="p" element="t:AddResponse"/></message>
<message name="Head"><part name="h" element="t:Key"/></message><message name="Bad"><part name="b" element="t:Bad"/></message>
<portType name="P"><operation name="Add"><input message="t:In"/><output message="t:Out"/><fault name="Bad" message="t:Bad"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Add"><s:operation soapAction="urn:add"/><input><s:header message="t:Head" part="h" use="literal"/><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
<service name="S"><port name="P1" binding="t:B"><s:address location="http://h.invalid/|` + "`" + `"/></port></service></definitions>`
	text = strings.NewReplacer(oldNew...).Replace(text)
	d, err := wsdl.Read(fstest.MapFS{"a.wsdl": {Data: []byte(text)}}, "a.wsdl", wsdl.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sequence(members string) string { return "<x:sequence>" + members + "</x:sequence>" }

func TestSurvey(t *testing.T) {
	request := sequence(`<x:element name="UserID" type="x:string"/><x:element name="userId" type="x:string"/><x:element name="Spinner" type="x:string"/>
<x:element name="oldPIN" type="x:string"/><x:element name="Node" type="t:Node"/><x:any minOccurs="0" processContents="lax"/>`)
	got := Survey(service(t, request, sequence(""), "</x:schema></types>",
		`<x:complexType name="Leaf"><x:complexContent><x:extension base="t:Node"/></x:complexContent></x:complexType></x:schema></types>`))
	want := []Found{{
		Name: "Add", Kind: Write, Style: "document", Headers: []string{"Key"}, Faults: []string{"Bad"},
		Renamed: []string{"userId2 (userId)"}, Secrets: []string{"oldPin", "node/cvv"}, XML: []string{"any"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, want := range map[string]string{"GetBill": Read, "isOpen": Read, "Gettysburg": Write, "IssueCard": Write, "TrackParcel": Read, "SetPin": Write} {
		if kind := guessKind(name); kind != want {
			t.Errorf("%s is guessed to be a %s", name, kind)
		}
	}
	for name, want := range map[string]bool{"pin": true, "accessToken": true, "cardNumber": true, "iban": true, "spinner": false, "pinnacle": false, "panel": false, "tokenised": false} {
		if looksSecret(name) != want {
			t.Errorf("%s looks like a secret: %v", name, !want)
		}
	}
}

// TestSurveyOfPortTypes: what a name means is a matter of the port type, and a port chooses one.
func TestSurveyOfPortTypes(t *testing.T) {
	const second = `<portType name="P2"><operation name="Add"><input message="t:Head"/></operation></portType><binding name="B2" type="t:P2">` +
		`<s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Add"><s:operation soapAction="urn:2"/><input><s:body use="literal"/></input></operation></binding>`
	for name, c := range map[string]struct {
		oldNew  []string
		problem string
		ports   []string
	}{
		"several port types":             {[]string{"<service", second + "<service"}, "", []string{"P1", "B2"}},
		"several, the first is unusable": {[]string{"<service", second + "<service", `type="t:Node"`, `type="t:No"`, `element="t:Add"`, `element="t:No"`}, "", nil},
		"an overloaded operation": {[]string{"</portType>", `<operation name="Add"><input name="B" message="t:Head"/></operation></portType>`},
			`a.wsdl, line 11: the port type has several operations "Add", which is not supported`, nil},
		"a notification": {[]string{`<input message="t:In"/>`, ""}, "the service would call, and not be called", nil},
	} {
		d := service(t, sequence(""), sequence(""), c.oldNew...)
		found := Survey(d)
		if len(found) != 1 || found[0].Problem != c.problem {
			t.Errorf("%s: %+v, want %s", name, found, c.problem)
		}
		if ports := PortsToChoose(d); !slices.Equal(ports, c.ports) {
			t.Errorf("%s: ports %q, want %q", name, ports, c.ports)
		}
	}
}

// TestCheckCallable takes one thing after the other away from a service.
func TestCheckCallable(t *testing.T) {
	const binding, none = `<s:binding transport="http://schemas.xmlsoap.org/soap/http"/>`, "the WSDL has no operation that can be called: "
	for name, c := range map[string]struct {
		oldNew []string
		want   string
	}{
		"a service":               {nil, "<nil>"},
		"no SOAP binding":         {[]string{binding, ""}, none + "none of its bindings is one of SOAP 1.1 or 1.2"},
		"another operation":       {[]string{`<operation name="Add"><s:`, `<operation name="Plus"><s:`}, none + "its SOAP bindings have no operations\na.wsdl, line 13: the port type has no operation \"Plus\""},
		"port types of elsewhere": {[]string{"<portType", "<documentation", "</portType", "</documentation"}, none + "it has no port type\na.wsdl, line 12: the portType \"P\" of the namespace \"urn:t\" is not defined"},
	} {
		if got := fmt.Sprint(CheckCallable(service(t, sequence(""), sequence(""), c.oldNew...))); got != c.want {
			t.Errorf("%s: got %s\nwant %s", name, got, c.want)
		}
	}
}

// TestSkeleton: as it is every operation is off; without the marks of comments each that can be used is on, and the file is still right.
func TestSkeleton(t *testing.T) {
	for _, name := range []string{"parcels", "ledger"} {
		d := definitions(t, name)
		documents := Documents{File: name + ".wsdl", SHA256: hash, Files: map[string]string{"a b/0.xsd": hash, "null": hash}}
		found := Survey(d)
		text := Skeleton(name, documents, d, found)
		if o := parsed(t, text); !cmp.Equal(o.WSDL, documents) || len(o.Operations) != len(found) {
			t.Errorf("%s: %+v", name, o)
		}
		on := parsed(t, regexp.MustCompile(`(?m)^(\s*)# ([a-z]+:)`).ReplaceAll(text, []byte("$1$2")))
		for i, op := range on.Operations {
			if (op.Kind != "") != (found[i].Problem == "") || op.Name != found[i].Name || len(op.Headers) != len(found[i].Headers) || len(op.Faults) != len(found[i].Faults) {
				t.Errorf("%s: %+v, of %+v", name, op, found[i])
			}
		}
		if ports := PortsToChoose(d); (on.Port.Text != "") != (ports != nil) || ports != nil && !slices.Contains(ports, on.Port.Text) {
			t.Errorf("%s: the port %q, of %q", name, on.Port.Text, ports)
		}
	}
}

// TestSkeletonWithoutDefault suggests no route that a load would refuse.
func TestSkeletonWithoutDefault(t *testing.T) {
	for _, name := range []string{"住所検索サービス", "preview"} {
		text := Skeleton("parcels", Documents{File: "a.wsdl", SHA256: hash}, definitions(t, "parcels"), []Found{{Name: name, Kind: Read}})
		if !strings.Contains(string(text), "\n    # route:  # needed, such as POST /v1/parcels/orders: ") {
			t.Errorf("%s", text)
		}
	}
}

func parsed(t *testing.T, text []byte) *Overlay {
	t.Helper()
	o, err := ParseOverlay(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return o
}

func TestWithDocuments(t *testing.T) {
	other := Documents{File: "new.wsdl", SHA256: strings.Repeat("f", 64), Files: map[string]string{"a.xsd": hash, "b.xsd": hash}}
	before, after, _ := strings.Cut(full, "wsdl:\n")
	_, after, _ = strings.Cut(after, "\nport:")
	got, err := WithDocuments([]byte(full), other)
	if want := before + other.block() + "port:" + after; err != nil || string(got) != want {
		t.Errorf("%v %s", err, cmp.Diff(want, string(got)))
	}
	for name, c := range map[string]struct{ text, want string }{
		"the last key, with comments": {"operations: {}\nsystem: a # b\n# c\nwsdl: {file: x,\n  sha256: " + hash + "\n  }\n\n# d\n", "operations: {}\nsystem: a # b\n# c\n" + other.block() + "\n# d\n"},
		"in one line":                 {"{system: a, wsdl: {file: x, sha256: " + hash + "}, operations: {}}", ""},
		"with mistakes":               {"system: a\n", ""},
	} {
		if got, err := WithDocuments([]byte(c.text), other); string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, c.want)
		}
	}
}

func TestReport(t *testing.T) {
	hostile := `http://h.invalid/|` + "`"
	d := service(t, sequence(`<x:element name="PIN" type="x:string"/><x:element name="Key" type="t:Missing"/>`), sequence(""))
	text := string(Report("notes", d, Survey(d)))
	for _, want := range []string{
		"# notes: what its WSDL says\n", "| `P1` | `B` | 1.1 | `http://h.invalid/¦'` |\n", "| `Add` | write | document | no | `Key` | `Bad` | no |\n",
		"## Operations that cannot be used\n\n- `Add`: `a.wsdl, line 4: the type \"Missing\"", "## Problems in the documents\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(text, hostile) || strings.Contains(text, "look like secrets") {
		t.Errorf("what a WSDL says is not quoted, or a section is empty:\n%s", text)
	}
}

// TestNamedPort: a port is named by its own name or by that of its binding; without a name all are meant.
func TestNamedPort(t *testing.T) {
	d := definitions(t, "parcels")
	for port, want := range map[string][]string{
		"Soap12": {"ParcelsSoap12"}, "ParcelsSoap": {"ParcelsSoap"}, "": {"ParcelsSoap", "ParcelsSoap12"}, "X": nil,
	} {
		var got []string
		for _, b := range d.Bindings {
			if isNamed(d, b, port) {
				got = append(got, b.Name.Local)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", port, got, want)
		}
	}
}
