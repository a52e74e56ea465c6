package corpus

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"soapbridge/translate/shape/wsdl"
)

var (
	corpusFlag    = flag.String("corpus", "../../translate/shape/wsdl/testdata/corpus/real", "folder with a folder for each WSDL")
	catalogueFlag = flag.String("catalogue", "../../translate/shape/wsdl/catalogue", "folder with well-known schemas")
)

// TestEveryElementOfTheCorpusIsJudged asks about each global element, without content. That it is unknown must not be the answer.
func TestEveryElementOfTheCorpusIsJudged(t *testing.T) {
	services, err := os.ReadDir(*corpusFlag)
	if err != nil {
		t.Fatal(err)
	}
	loaded := 0
	for _, service := range services {
		files := os.DirFS(filepath.Join(*corpusFlag, service.Name()))
		entry := findEntry(t, files)
		j := newTestJudge(t, files, entry)
		d, err := wsdl.Read(files, entry, wsdl.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var docs [][]byte
		for name := range d.Elements {
			if name.Space == xsdSpace { // WSDL readers know the element schema
				continue
			}
			docs = append(docs, fmt.Appendf(nil, "<%s xmlns=%q/>", name.Local, name.Space))
		}
		outcomes, verdicts := map[Outcome]int{}, check(t, j, docs...)
		for i, v := range verdicts {
			outcomes[v.Outcome]++
			if strings.Contains(v.Reason, "No matching global declaration") {
				t.Errorf("%s: %s: %v", service.Name(), docs[i], v)
			}
		}
		t.Logf("%s: %v, missing %q", service.Name(), outcomes, j.Missing())
		if j.Refusal() != "" {
			t.Logf("%s is refused as a whole: %s", service.Name(), j.Refusal())
			continue
		}
		loaded++
		j.refused[j.whole] = "for this test" // what documents lead to must say the same as the whole
		some := docs[:min(10, len(docs))]
		for i, v := range check(t, j, some...) {
			if v.Outcome != verdicts[i].Outcome {
				t.Errorf("%s: %s: %v, and by the whole %v", service.Name(), docs[i], v, verdicts[i])
			}
		}
	}
	t.Logf("%d of %d load as a whole", loaded, len(services))
	if loaded == 0 {
		t.Error("none loads")
	}
}

func newTestJudge(t *testing.T, files fs.FS, entry string) *Judge {
	t.Helper()
	j, err := NewJudge(files, entry, os.DirFS(*catalogueFlag), t.TempDir())
	if err != nil {
		t.Fatalf("%s: %v", entry, err)
	}
	return j
}

func check(t *testing.T, j *Judge, docs ...[]byte) []Verdict {
	t.Helper()
	verdicts, err := j.Check(docs)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
}

// twisted has what libxml2 cannot load as it is: a namespace in three schemas that import each other without locations or not at all, a type that
// is defined twice, a chameleon, and types that are not deterministic or redefined.
var twisted = fstest.MapFS{
	"twisted.wsdl": {Data: []byte(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:a" xmlns:b="urn:b">
<types>
<xs:schema targetNamespace="urn:a" elementFormDefault="qualified">
  <xs:import namespace="urn:b"/><xs:include schemaLocation="common\chameleon.xsd"/>
  <xs:element name="Order"><xs:complexType><xs:sequence>
    <xs:element name="id" type="a:Id"/><xs:element name="line" type="b:Line" maxOccurs="2"/><xs:any processContents="lax" namespace="##other" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="Vague" type="a:Vague"/>
  <xs:element name="Redefined" type="a:Small"/>
  <xs:complexType name="Vague"><xs:sequence><xs:element name="x" minOccurs="0"/><xs:element name="x"/></xs:sequence></xs:complexType>
  <xs:complexType name="Twice"><xs:attribute name="n" type="xs:int"/></xs:complexType>
</xs:schema>
<xs:schema targetNamespace="urn:a" xmlns:q="urn:a">
  <xs:complexType name="Gift"><xs:complexContent><xs:extension base="b:Line"><xs:sequence><xs:element name="to" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="Note" type="q:Id"/>
</xs:schema>
<xs:schema targetNamespace="urn:a" elementFormDefault="qualified">
  <xs:complexType name="Twice"><xs:annotation/><xs:attribute name="n" type="xs:int"/></xs:complexType>
  <xs:element name="Two" type="a:Twice"/>
</xs:schema>
<xs:schema targetNamespace="urn:b"><xs:complexType name="Line"><xs:attribute name="for" type="a:Id" use="required"/></xs:complexType></xs:schema>
</types></definitions>`)},
	"common/chameleon.xsd": {Data: []byte(`<schema xmlns="http://www.w3.org/2001/XMLSchema"><redefine schemaLocation="small.xsd">
<simpleType name="Small"><restriction base="Small"><maxInclusive value="5"/></restriction></simpleType></redefine>
<simpleType name="Id"><restriction base="string"><maxLength value="3"/></restriction></simpleType></schema>`)},
	"common/small.xsd": {Data: []byte(`<schema xmlns="http://www.w3.org/2001/XMLSchema"><simpleType name="Small"><restriction base="int"/></simpleType></schema>`)},
}

func TestVerdicts(t *testing.T) {
	line := `<line for="abc" xmlns:a="urn:a" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`
	for _, test := range []struct {
		name, doc string
		want      Outcome
		reason    string
	}{
		{"valid", `<Order xmlns="urn:a"><id>abc</id>` + line + `/></Order>`, Valid, ""},
		{"a facet of the chameleon", `<Order xmlns="urn:a"><id>abcd</id>` + line + `/></Order>`, Invalid, "maxLength"},
		{"order", `<Order xmlns="urn:a">` + line + `/><id>abc</id></Order>`, Invalid, "Expected is ( {urn:a}id )"},
		{"namespace", `<Order><id>abc</id>` + line + `/></Order>`, Invalid, "No matching global declaration"},
		{"a type that only the document names", `<Order xmlns="urn:a"><id>abc</id>` + line + ` i:type="a:Gift"><to xmlns="">me</to></line></Order>`, Valid, ""},
		{"a wrong content of such a type", `<Order xmlns="urn:a"><id>abc</id>` + line + ` i:type="a:Gift"/></Order>`, Invalid, "Missing child element"},
		{"an unknown element in a lax wildcard", `<Order xmlns="urn:a"><id>abc</id>` + line + `/><x xmlns="urn:x"/></Order>`, Valid, ""},
		{"another root", `<Note xmlns="urn:a">abcd</Note>`, Invalid, "maxLength"},
		{"defined twice", `<Two xmlns="urn:a" n="1"/>`, Valid, ""},
		{"not deterministic", `<Vague xmlns="urn:a"/>`, NotCheckable, "not determinist"},
		{"redefined", `<Redefined xmlns="urn:a">1</Redefined>`, NotCheckable, "already exist"},
		{"not well-formed", `<Order xmlns="urn:a">`, Invalid, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := newTestJudge(t, twisted, "twisted.wsdl")
			got := check(t, j, []byte(test.doc))[0]
			if got.Outcome != test.want || !strings.Contains(got.Reason, test.reason) || (got.Reason == "") != (test.want == Valid) {
				t.Errorf("got %+v, want %s: %s", got, test.want, test.reason)
			}
		})
	}
}

// TestVerdictsAreInOrder judges more documents than one call of xmllint takes.
func TestVerdictsAreInOrder(t *testing.T) {
	var docs [][]byte
	for i := range 2*atOnce + 1 {
		docs = append(docs, fmt.Appendf(nil, `<Note xmlns="urn:a">%d</Note>`, i+800))
	}
	for i, v := range check(t, newTestJudge(t, twisted, "twisted.wsdl"), docs...) {
		if want := i+800 < 1000; (v.Outcome == Valid) != want {
			t.Fatalf("%s: %+v", docs[i], v)
		}
	}
}

func TestRPC(t *testing.T) {
	parts := []Part{{"id", xml.Name{Space: "urn:a", Local: "Id"}}, {"count", xml.Name{Space: xsdSpace, Local: "int"}}}
	j, err := newTestJudge(t, twisted, "twisted.wsdl").RPC(xml.Name{Space: "urn:a", Local: "Book"}, parts)
	if err != nil {
		t.Fatal(err)
	}
	envelope := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="urn:a"><s:Header><a:Note>abc</a:Note></s:Header>
<s:Body><a:Book s:encodingStyle=""><id>abc</id><count>1</count></a:Book><a:Book><count>1</count></a:Book><a:Note>abcd</a:Note></s:Body></s:Envelope>`
	headers, body, err := Contents([]byte(envelope))
	if err != nil {
		t.Fatal(err)
	}
	var got []Outcome
	for _, v := range check(t, j, append(headers, body...)...) {
		got = append(got, v.Outcome)
	}
	if want := []Outcome{Valid, Valid, Invalid, Invalid}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// findEntry returns the WSDL that leads to the most operations, and of several the one that leads to the most files.
func findEntry(t *testing.T, files fs.FS) (entry string) {
	t.Helper()
	most := [2]int{-1, -1}
	err := fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(path.Base(name), ".wsdl") {
			return err
		}
		d, err := wsdl.Read(files, name, wsdl.Limits{})
		if err != nil {
			return err
		}
		if rank := [2]int{len(d.Operations), len(d.Files)}; rank[0] > most[0] || rank[0] == most[0] && rank[1] > most[1] {
			entry, most = name, rank
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entry
}
