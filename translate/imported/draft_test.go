package imported

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/shape/wsdl"
)

// openDraft is a WSDL with each kind of question, and with what only looks like one.
const openDraft = `<?xml version="1.0"?>
<!-- minOccurs="?" -->
<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:d" targetNamespace="urn:d">
  <w:types><xsd:schema targetNamespace="urn:d" elementFormDefault="qualified">
    <xsd:element name="Do"><xsd:complexType><xsd:sequence>
      <xsd:element name="A" type="?" minOccurs=" ? "/>
      <xsd:element name="B" type="tns:B" minOccurs="0" default="?"/>
    </xsd:sequence><xsd:attribute name="c" type="xsd:int" use='?'/></xsd:complexType></xsd:element>
    <xsd:complexType name="B"><xsd:simpleContent><xsd:extension base="?"/></xsd:simpleContent></xsd:complexType>
  </xsd:schema></w:types>
  <w:message name="In"><w:part name="p" element="tns:Do"/></w:message>
  <w:portType name="P"><w:operation name="Do"><w:input message="tns:In"/></w:operation></w:portType>
  <w:binding name="B" type="tns:P"><s:binding/><w:operation name="Do"><s:operation soapAction="?"/><w:input><s:body use="literal"/></w:input></w:operation></w:binding>
  <w:service name="S"><w:port name="B" binding="tns:B"><s:address location="https://h.invalid/"/></w:port></w:service>
</w:definitions>
`

const draftOverlay = "system: d\nwsdl: {file: d.wsdl, draft: true}\noperations:\n  Do: {kind: write, secret: [], outcome: faultsOnly}\n"

func draftFolder(draft string) fstest.MapFS {
	return fstest.MapFS{"d.wsdl": {Data: []byte(draft)}, FileName: {Data: []byte(draftOverlay)}}
}

// TestDraftIsRefused while it has a question: all of them are named, with their lines and valid answers.
func TestDraftIsRefused(t *testing.T) {
	_, err := Load("d", draftFolder(openDraft), Config{})
	const want = `d.wsdl:6: type: answer the ?: a type of XML Schema, such as xsd:string, or one of the draft: tns:B; an optional element that no caller needs can be deleted
d.wsdl:6: minOccurs: answer the ?: 0 for optional, 1 for required
d.wsdl:8: use: answer the ?: optional or required
d.wsdl:9: base: answer the ?: a simple type, such as xsd:string
d.wsdl:13: soapAction: answer the ?: the SOAPAction that the service expects; empty is an answer`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if _, err := Load("d", draftFolder(strings.Replace(openDraft, "</w:types>", "</w:type>", 1)), Config{}); err == nil || !strings.HasPrefix(err.Error(), "d.wsdl: xml: an end tag") {
		t.Errorf("a draft that is not XML: %v", err)
	}
	many := strings.Replace(openDraft, `<xsd:element name="B"`, strings.Repeat(`<xsd:element name="X" type="?"/>`, 2000)+`<xsd:element name="B"`, 1)
	if _, err := Load("d", draftFolder(many), Config{}); err == nil || !strings.HasSuffix(err.Error(), "d.wsdl: 1505 more lines with a ?") {
		t.Errorf("many questions: %.100v", err)
	}
}

// TestAnsweredDraft loads, and so does a draft with every provisional answer; a wrong answer names its line.
func TestAnsweredDraft(t *testing.T) {
	plain := strings.NewReplacer(`" ? "`, `"?"`, `use='?'`, `use="?"`).Replace(openDraft)
	provisional := string(Provisional([]byte(plain)))
	system, err := Load("d", draftFolder(provisional), Config{})
	if err != nil || len(system.Operations) != 1 || !strings.Contains(provisional, `default="?"`) {
		t.Errorf("%v, %d operations of\n%s", err, len(system.Operations), provisional)
	}
	for answer, want := range map[string]string{`minOccurs="once"`: "d.wsdl, line 6: minOccurs has a value that is not a number", `type="tns:C"`: `d.wsdl, line 6: the type "C"`} {
		name, _, _ := strings.Cut(answer, "=")
		wrong := regexp.MustCompile(`(name="A".*)`+name+`="[^"]*"`).ReplaceAllString(provisional, "${1}"+answer)
		if _, err := Load("d", draftFolder(wrong), Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", answer, err, want)
		}
	}
}

// TestDraftReport lists every question once, by the component that it is in.
func TestDraftReport(t *testing.T) {
	section, questions, err := DraftReport("d.wsdl", []byte(openDraft))
	if err != nil || questions != 5 {
		t.Errorf("%d questions, %v", questions, err)
	}
	for _, want := range []string{
		"## Open: type\n\n- `Do`: `A` (line 6)\n", "## Open: minOccurs\n\n- `Do`: `A` (line 6)\n", "## Open: use\n\n- `Do`: `c` (line 8)\n", "## Open: base\n\n- `B`: line 9\n",
		"## Open: soapAction\n\n- `Do`: line 13\n", "- Lengths are not asked",
	} {
		if !strings.Contains(string(section), want) {
			t.Errorf("no %q in\n%s", want, section)
		}
	}
}

// TestDocumentsOfADraft: an overlay has a hash or says that it has none, and a WSDL can take the place of a draft.
func TestDocumentsOfADraft(t *testing.T) {
	for text, want := range map[string]string{
		"{file: d.wsdl}": "must have exactly one of sha256, draft, and has 0", "{file: d.wsdl, draft: false}": "must be true or left out",
		"{file: d.wsdl, draft: true, sha256: " + hash + "}": "must have exactly one of sha256, draft, and has 2",
	} {
		_, err := ParseOverlay([]byte(strings.Replace(draftOverlay, "{file: d.wsdl, draft: true}", text, 1)))
		if err == nil || !strings.Contains(err.Error(), "system.yaml:2:") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	d, err := wsdl.Read(fstest.MapFS{"d.wsdl": {Data: Provisional([]byte(openDraft))}}, "d.wsdl", wsdl.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	documents := Documents{File: "d.wsdl", Draft: true}
	skeleton := Skeleton("d", documents, d, Survey(d))
	if o := parsed(t, skeleton); !cmp.Equal(o.WSDL, documents) {
		t.Errorf("%+v of\n%s", o.WSDL, skeleton)
	}
	whole := Documents{File: "d.wsdl", SHA256: hash}
	changed, err := WithDocuments(skeleton, whole)
	if err != nil {
		t.Fatal(err)
	}
	if o := parsed(t, changed); o.WSDL.Draft || o.WSDL.SHA256 != hash {
		t.Errorf("%+v of\n%s", o.WSDL, changed)
	}
}
