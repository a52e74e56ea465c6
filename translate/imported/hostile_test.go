package imported

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate"
)

// hostileService is a WSDL with one operation, Do, whose request is the element In.
func hostileService(schema string) string {
	return `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t"><w:types><x:schema targetNamespace="urn:t">` + schema + `</x:schema></w:types>
<w:message name="In"><w:part name="in" element="t:In"/></w:message>
<w:portType name="P"><w:operation name="Do"><w:input message="t:In"/></w:operation></w:portType>
<w:binding name="B" type="t:P"><s:binding/><w:operation name="Do"><w:input><s:body use="literal"/></w:input></w:operation></w:binding>
</w:definitions>`
}

// load makes the system of a schema; lines say more of the operation.
func load(schema, lines string) (*System, error) {
	document := hostileService(schema)
	overlay := fmt.Sprintf("system: parcels\nxml: true\nwsdl: {file: a.wsdl, sha256: %s}\noperations:\n  Do:\n    kind: write\n    outcome: faultsOnly\n%s",
		Hash([]byte(document)), lines)
	return Load("parcels", fstest.MapFS{FileName: {Data: []byte(overlay)}, "a.wsdl": {Data: []byte(document)}}, Config{})
}

// each writes a piece of a schema again and again, with a number and the one that follows.
func each(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i+1)
	}
	return b.String()
}

const (
	inT0 = `<x:element name="In" type="t:T0"/>`
	inG0 = `<x:element name="In"><x:complexType><x:group ref="t:G0"/></x:complexType></x:element>`
)

// TestHostileSchemas makes systems of schemas that are small, or that are large and legal, and would cost what is a power of their size. A message
// that can be made must take a request at once, too.
func TestHostileSchemas(t *testing.T) {
	for name, c := range map[string]struct{ schema, want string }{
		"types that require each other twice": {inT0 + each(40, `<x:complexType name="T%d"><x:sequence><x:element name="a" type="t:T%[2]d"/><x:element name="b" type="t:T%[2]d"/></x:sequence></x:complexType>`) + `<x:complexType name="T40"/>`, "requires more than 10000 objects"},
		"types that just may":                 {inT0 + each(12, `<x:complexType name="T%d"><x:sequence><x:element name="a" type="t:T%[2]d"/><x:element name="b" type="t:T%[2]d"/></x:sequence></x:complexType>`) + `<x:complexType name="T12"><x:attribute name="a" use="required"/></x:complexType>`, ""},
		"groups, 2^30 members": {inG0 + each(30, `<x:group name="G%d"><x:sequence><x:group ref="t:G%[2]d"/><x:group ref="t:G%[2]d"/></x:sequence></x:group>`) +
			`<x:group name="G30"><x:sequence><x:element name="a" type="x:int"/></x:sequence></x:group>`, "more than"},
		"choices of choices": {inG0 + each(30, `<x:group name="G%d"><x:choice><x:group ref="t:G%[2]d"/><x:sequence><x:element name="a%[1]d" type="x:int"/><x:group ref="t:G%[2]d"/></x:sequence></x:choice></x:group>`) +
			`<x:group name="G30"><x:sequence><x:element name="a" type="x:int"/></x:sequence></x:group>`, "more than"},
		"choices in a sequence":            {inG0 + `<x:group name="G0"><x:sequence>` + each(2000, `<x:choice minOccurs="0"><x:element name="a%d" type="x:int"/><x:element name="b%[1]d" type="x:int"/></x:choice>`) + `</x:sequence></x:group>`, ""},
		"a choice of sequences of choices": {inG0 + `<x:group name="G0"><x:choice>` + each(63, `<x:sequence><x:choice><x:element name="a%d" type="x:int"/><x:element name="b%[1]d" type="x:int"/></x:choice><x:choice><x:element name="c%[1]d" type="x:int"/><x:element name="d%[1]d" type="x:int"/></x:choice></x:sequence>`) + `</x:choice></x:group>`, ""},
		"4,097 members":                    {inT0 + `<x:complexType name="T0"><x:sequence>` + each(4097, `<x:element name="a%d" type="x:int"/>`) + `</x:sequence></x:complexType>`, "more than 4096 members"},
		"members of one name":              {inT0 + `<x:complexType name="T0"><x:sequence>` + strings.Repeat(`<x:element name="a" type="x:int"/>`, 4096) + `</x:sequence></x:complexType>`, ""},
		"300,000 members":                  {inT0 + `<x:complexType name="T0"><x:sequence>` + each(300_000, `<x:element name="a%d"/>`) + `</x:sequence></x:complexType>`, "more than 1000000 particles"},
		"100,000 types":                    {inT0 + each(100_000, `<x:complexType name="T%d"><x:sequence><x:element name="a" minOccurs="0" type="t:T%d"/></x:sequence></x:complexType>`) + `<x:complexType name="T100000"/>`, ""},
		"types of one name":                {`<x:element name="In"><x:complexType><x:sequence>` + each(4000, `<x:element name="a"><x:complexType><x:sequence><x:element name="b"><x:complexType/></x:element></x:sequence></x:complexType></x:element>`) + `</x:sequence></x:complexType></x:element>`, ""},
		"hundreds of subtypes":             {inT0 + `<x:complexType name="T0"/>` + each(800, `<x:complexType name="S%d"><x:complexContent><x:extension base="t:T0"><x:sequence><x:element name="next" minOccurs="0" type="t:T0"/></x:sequence></x:extension></x:complexContent></x:complexType>`), ""},
		"subtypes of subtypes":             {inT0 + `<x:complexType name="T0"/>` + each(60, `<x:complexType name="T%[2]d"><x:complexContent><x:extension base="t:T%[1]d">`+`<x:attribute name="a%[1]d"/></x:extension></x:complexContent></x:complexType>`), ""},
		"substitutes": {`<x:element name="In"><x:complexType><x:sequence maxOccurs="9"><x:element ref="t:E"/></x:sequence></x:complexType></x:element><x:element name="E" abstract="true"/>` +
			each(4000, `<x:element name="E%d" substitutionGroup="t:E"/>`), ""},
		"10^6 times":      {`<x:element name="In"><x:complexType><x:sequence><x:element name="a" minOccurs="1000000" maxOccurs="1000000"/></x:sequence></x:complexType></x:element>`, ""},
		"10^6 times 10^6": {inG0 + each(20, `<x:group name="G%d"><x:sequence><x:group minOccurs="1000000" maxOccurs="1000000" ref="t:G%d"/><x:element name="z" minOccurs="0"/></x:sequence></x:group>`) + `<x:group name="G20"><x:sequence><x:element name="a" type="x:int"/></x:sequence></x:group>`, ""},
		"a wildcard beside types that require a hundred of each other": {`<x:element name="In"><x:complexType><x:sequence><x:any namespace="urn:t"/></x:sequence></x:complexType></x:element><x:element name="A" type="t:T0"/>` +
			each(11, `<x:complexType name="T%d"><x:sequence><x:element name="a" minOccurs="100" maxOccurs="100" type="t:T%d"/></x:sequence></x:complexType>`) + `<x:complexType name="T11"/>`, "an element of another schema is required"},
		"a wildcard beside a type that chooses itself": {`<x:element name="In"><x:complexType><x:sequence><x:any namespace="urn:t"/></x:sequence></x:complexType></x:element><x:element name="A" type="t:T0"/>` +
			`<x:complexType name="T0"><x:choice>` + strings.Repeat(`<x:element name="a" type="t:T0"/>`, 100) + `</x:choice></x:complexType>`, "an element of another schema is required"},
		"patterns that explode elsewhere": {`<x:element name="In" type="t:S"/><x:simpleType name="S"><x:restriction base="x:string"><x:pattern value="(a+)+(a|aa)*b"/><x:pattern value="((a{0,100}){0,100}){0,100}"/></x:restriction></x:simpleType>`, ""},
		"facets":                          {`<x:element name="In" type="t:S"/><x:simpleType name="S"><x:restriction base="x:decimal"><x:totalDigits value="1000000000"/><x:minInclusive value="1e999999999"/></x:restriction></x:simpleType>`, ""},
		"a long list of words":            {`<x:element name="In" type="t:S"/><x:simpleType name="S"><x:restriction base="x:string">` + each(100_000, `<x:enumeration value="%d-%d"/>`) + `</x:restriction></x:simpleType>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			system, err := load(c.schema, "    secret: []\n")
			if err == nil {
				ask(&system.Operations[0])
			}
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB, error %.300v", took, allocated, err)
			if took > time.Minute || allocated > 4096 {
				t.Errorf("took %v and %d MiB", took, allocated)
			}
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is not about %q: %.300v", c.want, err)
			}
		})
	}
}

// ask sends requests of which nearly everything is missing.
func ask(op *translate.Operation) {
	for _, body := range []string{"{}", `{"items": [{}]}`, `{"value": "` + strings.Repeat("a", 10_000) + `"}`} {
		if request, refusal := op.Read([]byte(body)); refusal == nil {
			_, _ = request.Encode(translate.Env{})
		}
	}
}

// TestOtherDocuments has a folder whose documents are not those that the overlay was written for.
func TestOtherDocuments(t *testing.T) {
	overlay := "system: parcels\nwsdl: {file: a.wsdl, sha256: " + hash + ", files: {b.xsd: " + hash + "}}\noperations: {}\n"
	_, err := Load("parcels", fstest.MapFS{FileName: {Data: []byte(overlay)}, "a.wsdl": {Data: []byte(hostileService(""))}}, Config{})
	if err == nil || !strings.Contains(err.Error(), "a.wsdl: is not the document that was imported") || !strings.Contains(err.Error(), "open b.xsd: file does not exist") {
		t.Error(err)
	}
}

// TestAliasBomb is refused at its first alias.
func TestAliasBomb(t *testing.T) {
	bomb := head + "  A: &a0 {summary: x}\n"
	for i := range 50 {
		bomb += fmt.Sprintf("  B%d: &a%d [*a%d, *a%d]\n", i, i+1, i, i)
	}
	if _, err := ParseOverlay([]byte(bomb)); err == nil || !strings.Contains(err.Error(), "5:7: operations/B0: must be an object") {
		t.Error(err)
	}
}

// TestPaths changes members inside arrays and of subtypes.
func TestPaths(t *testing.T) {
	system, err := load(inT0+`<x:complexType name="T0"><x:sequence><x:element name="line" maxOccurs="unbounded" type="t:Line"/></x:sequence></x:complexType>
<x:complexType name="Line"><x:sequence><x:element name="pin" type="x:string"/></x:sequence></x:complexType>
<x:complexType name="Long"><x:complexContent><x:extension base="t:Line"><x:sequence><x:element name="price" type="x:decimal"/><x:element name="day" type="x:date"/>
<x:element name="level" type="t:Level"/></x:sequence></x:extension></x:complexContent></x:complexType>
<x:simpleType name="Level"><x:restriction base="x:string"><x:enumeration value="High"/></x:restriction></x:simpleType>`,
		`    secret: [line/pin]
    members: {line/price: {decimal: "3:1"}, line/day: {zone: utc}, line/level: {anyCase: true, rename: grade}}
`)
	if err != nil {
		t.Fatal(err)
	}
	op := &system.Operations[0]
	body := func(price string) []byte {
		return fmt.Appendf(nil, `{"line": [{"type": "Line", "pin": "1234"}, {"type": "Long", "pin": "5678", "price": %q, "day": "2026-12-01", "grade": "hIGH"}]}`, price)
	}
	if _, refusal := op.Read(body("1.23")); refusal == nil || refusal.Violations[0].Pointer != "/line/1/price" {
		t.Errorf("%+v", refusal)
	}
	request, refusal := op.Read(body("1.2"))
	if refusal != nil {
		t.Fatalf("%+v", refusal)
	}
	message, _ := request.Encode(translate.Env{})
	if sent := string(message.Envelope); !strings.Contains(sent, "<price>1.2</price><day>2026-12-01Z</day><level>High</level>") {
		t.Error(sent)
	}
	preview, _ := request.Preview(op.Version, translate.Env{})
	if shown := string(preview.Message.Envelope); strings.Contains(shown, "1234") || strings.Contains(shown, "5678") || strings.Count(shown, "<pin>***</pin>") != 2 {
		t.Error(shown)
	}
}
