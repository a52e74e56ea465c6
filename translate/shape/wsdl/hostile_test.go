package wsdl

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soapbridge/translate/xml"
)

func readHostile(document string, limits Limits) (*Definitions, error) {
	return Read(fstest.MapFS{"a.wsdl": {Data: []byte(document)}}, "a.wsdl", limits)
}

// TestHostileRefused reads documents that are refused as a whole. The error names the file and the place.
func TestHostileRefused(t *testing.T) {
	bomb := `<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>`
	for name, test := range map[string]struct {
		document string
		limits   Limits
		want     string
	}{
		"a DOCTYPE":               {`<!DOCTYPE a SYSTEM "file:///etc/passwd">` + withSchema(inString), Limits{}, "wsdl: a.wsdl: xml: a document type declaration, which SOAP forbids (byte 0, line 1)"},
		"an entity bomb":          {bomb + withSchema(`<x:element name="&c;"/>`), Limits{}, "wsdl: a.wsdl: xml: a document type declaration, which SOAP forbids (byte 0, line 1)"},
		"an entity":               {withSchema(`<x:element name="&c;"/>`), Limits{}, "wsdl: a.wsdl: xml: a reference to an entity other than lt, gt, amp, apos and quot (byte 250, line 2)"},
		"half a document":         {withSchema(inString)[:200], Limits{}, "wsdl: a.wsdl: xml: the document ends before it is complete (byte 200, line 2)"},
		"another document":        {"<a/>", Limits{}, `wsdl: a.wsdl is not a WSDL 1.1 document: its root element is "a" of the namespace ""`},
		"WSDL 2.0":                {`<description xmlns="http://www.w3.org/ns/wsdl"/>`, Limits{}, `wsdl: a.wsdl is not a WSDL 1.1 document: its root element is "description" of the namespace "http://www.w3.org/ns/wsdl"`},
		"too long":                {withSchema(inString), Limits{Bytes: 100}, "wsdl: a.wsdl: over the limit of 100 bytes"},
		"too deep":                {withSchema(strings.Repeat("<x:element>", 1000)), Limits{}, "wsdl: a.wsdl: xml: over the limit of 64 for depth (byte 904)"},
		"too many elements":       {withSchema(strings.Repeat(inString, 1000)), Limits{Nodes: 500}, "wsdl: a.wsdl: over the limit of 500 elements"},
		"a name that is too long": {withSchema(`<x:element name="` + strings.Repeat("a", 2000) + `"/>`), Limits{}, "wsdl: a.wsdl, line 2: a name is over the limit of 1024 bytes"},
		"too many parts":          {strings.Replace(withSchema(inString), "</w:message>", strings.Repeat(`<w:part name="p" type="x:int"/>`, 128)+"</w:message>", 1), Limits{}, "wsdl: a.wsdl, line 3: a message is over the limit of 128 parts"},
		"too many faults":         {strings.Replace(withSchema(inString), "</w:operation>", strings.Repeat(`<w:fault message="t:In"/>`, 129)+"</w:operation>", 1), Limits{}, "wsdl: a.wsdl, line 4: an operation is over the limit of 128 faults"},
		"too many problems":       {withSchema(strings.Repeat(`<x:element ref="t:No"/>`, 20)), Limits{Problems: 10}, `wsdl: a.wsdl: over the limit of 10 problems, of which this is one: "" is not a name`},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := readHostile(test.document, test.limits)
			if d != nil || err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestHostileWorkEnds reads documents of a few megabytes that would take minutes if reading cost the square of something.
func TestHostileWorkEnds(t *testing.T) {
	attributes, prefixes := "", ""
	for i := range 250 {
		attributes += fmt.Sprintf(" a%d=''", i)
		prefixes += fmt.Sprintf(" xmlns:a%d='u%d'", i, i)
	}
	in := withSchema(inString)
	for name, document := range map[string]string{
		"attributes":    withSchema(inString + strings.Repeat("<x:element name='a'"+attributes+"/>", 1000)),
		"namespaces":    strings.Replace(withSchema(inString+strings.Repeat("<x:q/>", 100_000)), "<w:definitions", "<w:definitions"+prefixes, 1),
		"body parts":    strings.Replace(in, `use="literal"/>`, `parts="`+strings.Repeat("in ", 1_000_000)+`"/>`, 1),
		"missing parts": strings.Replace(in, `use="literal"/>`, `parts="`+strings.Repeat("no ", 1_000_000)+`"/>`, 1),
		"bindings":      strings.Replace(in, `</w:binding>`, strings.Repeat(`<w:operation name="Do"><w:input><s:header message="t:In" part="in"/></w:input></w:operation>`, 50_000)+`</w:binding>`, 1),
		"operations":    strings.Replace(in, `</w:portType>`, strings.Repeat(`<w:operation name="Do"/>`, 50_000)+`</w:portType>`, 1),
		"members":       withSchema(inString + `<x:simpleType name="U"><x:union memberTypes="` + strings.Repeat("x:int ", 400_000) + `"/></x:simpleType>`),
		"its own":       withSchema(inString + `<x:simpleType name="U"><x:union memberTypes="` + strings.Repeat("t:U ", 400_000) + `"/></x:simpleType>`),
		"its own, few":  withSchema(inString + `<x:simpleType name="U"><x:union memberTypes="` + strings.Repeat("t:U ", 9_000) + `"/></x:simpleType>`),
		"undefined":     withSchema(inString + strings.Repeat(`<x:element name="a" type="t:A"/>`, 100_000)),
		"twice":         withSchema(inString + strings.Repeat(inString, 100_000)),
		"enumerations":  withSchema(inString + `<x:simpleType name="U"><x:restriction base="x:int">` + strings.Repeat("<x:enumeration value='a'/>", 100_000) + `</x:restriction></x:simpleType>`),
		"documentation": withSchema(`<x:element name="In"><x:annotation><x:documentation>` + strings.Repeat("<b>a</b> ", 100_000) + `</x:documentation></x:annotation></x:element>`),
		"imports":       withSchema(inString + strings.Repeat(`<x:include schemaLocation="no.xsd"/>`, 100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := readHostile(document, Limits{})
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("took %v, error %v", took, err)
			}
		})
	}
}

func TestTooManyDocuments(t *testing.T) {
	files := fstest.MapFS{"0.wsdl": {Data: []byte(withSchema(`<x:include schemaLocation="1.xsd"/>`))}}
	for i := range 20 {
		text := fmt.Sprintf(`<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:include schemaLocation="%d.xsd"/></x:schema>`, i+1)
		files[strconv.Itoa(i)+".xsd"] = &fstest.MapFile{Data: []byte(text)}
	}
	_, err := Read(files, "0.wsdl", Limits{Documents: 10})
	if err == nil || err.Error() != "wsdl: 10.xsd: over the limit of 10 documents" {
		t.Error(err)
	}
}

func TestMissingEntry(t *testing.T) {
	if _, err := Read(fstest.MapFS{}, "a.wsdl", Limits{}); err == nil || err.Error() != "wsdl: open a.wsdl: file does not exist" {
		t.Error(err)
	}
}

func TestCyclicImports(t *testing.T) {
	schema := `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:%s"><x:import schemaLocation="%s.xsd"/>` +
		`<x:include schemaLocation="%[1]s.xsd"/><x:element name="In" type="x:string"/></x:schema>`
	d := readSchema(t, `<x:import namespace="urn:t" schemaLocation="t.xsd"/>`, map[string]string{
		"a/t.xsd": fmt.Sprintf(schema, "t", "u"),
		"a/u.xsd": fmt.Sprintf(schema, "u", "t"),
	})
	if len(d.Problems) > 0 || len(d.Files) != 3 || d.Operations[0].Problem != nil {
		t.Errorf("files %q, problems %v", d.Files, d.Problems)
	}
}

// TestPathTraversal has a file outside of the folder of the entry, but inside of the file system, which must be found, and none outside of
// that.
func TestPathTraversal(t *testing.T) {
	const schema = `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">` + inString + `</x:schema>`
	for location, problem := range map[string]string{
		"../b/o.xsd":                "",
		"../a/../b//./o.xsd":        "",
		`..\b\o.xsd`:                "",
		"%2e%2e/b/o.xsd":            "",
		"../../b/o.xsd":             `the location "../../b/o.xsd" leads out of the folder`,
		`..\..\b\o.xsd`:             `the location "../../b/o.xsd" leads out of the folder`,
		"%2e%2e/%2e%2e/b/o.xsd":     `the location "%2e%2e/%2e%2e/b/o.xsd" leads out of the folder`,
		"/b/o.xsd":                  `the location "/b/o.xsd" leads out of the folder`,
		"//b/o.xsd":                 `"//b/o.xsd" is not read, because it is a network address, and there is no file "a/o.xsd"`,
		"file:///b/o.xsd":           `"file:///b/o.xsd" is not read, because it is a network address, and there is no file "a/o.xsd"`,
		"http://b.invalid/../../..": `"http://b.invalid/../../.." is not read, because it is a network address, and there is no file "."`,
		"%":                         `the location "%" is not a URI`,
		"..":                        `read .: invalid argument`,
	} {
		d := readSchema(t, `<x:include schemaLocation="`+location+`"/>`, map[string]string{"b/o.xsd": schema})
		switch {
		case problem == "" && len(d.Problems) > 0:
			t.Errorf("%s: problems %v", location, d.Problems)
		case problem != "" && (len(d.Problems) == 0 || d.Problems[0].Msg != problem):
			t.Errorf("%s: problems %v, want %s", location, d.Problems, problem)
		}
	}
}

// TestOccurrences reads numbers that must never become a count of anything.
func TestOccurrences(t *testing.T) {
	for value, want := range map[string]int{
		"1000000": 1_000_000, "2147483647": 1<<31 - 1, "2147483648": Unbounded, "99999999999999999999999": Unbounded, "unbounded": Unbounded, "0": 0, " 7 ": 7,
	} {
		d := readSchema(t, `<x:element name="In"><x:complexType><x:sequence maxOccurs="`+value+`"/></x:complexType></x:element>`, nil)
		in, _ := d.Operations[0].Input.Parts[0].Element.Type.(*ComplexType)
		if got := in.Content.Max; got != want || len(d.Problems) > 0 {
			t.Errorf("maxOccurs %q is %d, want %d", value, got, want)
		}
	}
	d := readSchema(t, `<x:element name="In"><x:complexType><x:sequence minOccurs="99999999999" maxOccurs="unbounded"/></x:complexType></x:element>`, nil)
	if in, _ := d.Operations[0].Input.Parts[0].Element.Type.(*ComplexType); in.Content.Min != 1<<31-1 {
		t.Errorf("minOccurs is %d", in.Content.Min)
	}
}

// TestManyTypes reads 100,000 types within the default limits. A chain of them is cut: what follows it may recurse.
func TestManyTypes(t *testing.T) {
	const many = 100_000
	for name, write := range map[string]func(i int) string{
		"side by side": func(i int) string { return fmt.Sprintf(`<x:complexType name="T%d"><x:sequence/></x:complexType>`, i) },
		"each in the one before": func(i int) string {
			return fmt.Sprintf(`<x:complexType name="T%d"><x:sequence><x:element name="a" type="t:T%d"/></x:sequence></x:complexType>`, i, i+1)
		},
		"one chain of bases": func(i int) string {
			return fmt.Sprintf(`<x:simpleType name="T%d"><x:restriction base="t:T%d"/></x:simpleType>`, i, i+1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var schema strings.Builder
			schema.WriteString(`<x:element name="In" type="t:T1"/><x:simpleType name="T100000"><x:restriction base="x:int"/></x:simpleType>`)
			for i := range many {
				schema.WriteString(write(i))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			d, err := readHostile(withSchema(schema.String()), Limits{})
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB, %d problems", took, allocated, len(d.Problems))
			if took > time.Minute || allocated > 1024 || len(d.Types) < many {
				t.Errorf("%d types took %v and %d MiB", len(d.Types), took, allocated)
			}
			if longest := longestChain(d); longest > DefaultLimits().Depth+1 {
				t.Errorf("a chain of %d types", longest)
			}
		})
	}
}

func longestChain(d *Definitions) (longest int) {
	for _, each := range d.Types {
		length := 0
		for simple, _ := each.(*SimpleType); simple != nil; simple = simple.Base {
			length++
		}
		longest = max(longest, length)
	}
	return longest
}

func TestMarkupInDocumentation(t *testing.T) {
	d := readSchema(t, `<x:element name="In" type="x:string"><x:annotation><x:documentation>a<script xmlns="">alert(1)</script> &lt;img
 src=x&gt; <![CDATA[<b>]]></x:documentation></x:annotation></x:element>`, nil)
	in := d.Operations[0].Input.Parts[0].Element
	if want := "aalert(1) <img src=x> <b>"; in.Documentation != want { // a text: what shows it must escape it
		t.Errorf("%q, want %q", in.Documentation, want)
	}
}

func TestLongDocumentation(t *testing.T) {
	text := "a" + strings.Repeat("ü", 3000)
	d := readSchema(t, `<x:element name="In" type="x:string"><x:annotation><x:documentation>`+text+`</x:documentation><x:documentation>`+text+
		`</x:documentation></x:annotation></x:element>`, nil)
	if got := d.Operations[0].Input.Parts[0].Element.Documentation; got != text[:4095] {
		t.Errorf("%d bytes", len(got))
	}
}

// TestCycles reads components that contain themselves. Each is cut and reported, and whoever follows what is left comes to an end.
func TestCycles(t *testing.T) {
	extension := func(name, base string) string {
		return `<x:complexType name="` + name + `"><x:complexContent><x:extension base="t:` + base + `"/></x:complexContent></x:complexType>`
	}
	for name, test := range map[string]struct{ schema, owner string }{
		"a type that extends itself":              {`<x:element name="In" type="t:A"/>` + extension("A", "A"), `the type "A"`},
		"types that extend each other":            {`<x:element name="In" type="t:A"/>` + extension("A", "B") + extension("B", "A"), `the type "B"`},
		"simple content that extends itself":      {`<x:element name="In" type="t:A"/><x:complexType name="A"><x:simpleContent><x:restriction base="t:A"/></x:simpleContent></x:complexType>`, `the type "A"`},
		"a simple type that restricts itself":     {`<x:element name="In" type="t:A"/><x:simpleType name="A"><x:restriction base="t:A"/></x:simpleType>`, `the type "A"`},
		"a list of itself":                        {`<x:element name="In" type="t:A"/><x:simpleType name="A"><x:list itemType="t:A"/></x:simpleType>`, `the type "A"`},
		"a union of what is made of it":           {`<x:element name="In" type="t:A"/><x:simpleType name="A"><x:union><x:simpleType><x:restriction base="t:A"/></x:simpleType></x:union></x:simpleType>`, `the type "A"`},
		"a group that contains itself":            {`<x:element name="In"><x:complexType><x:group ref="t:G"/></x:complexType></x:element><x:group name="G"><x:sequence><x:choice><x:group ref="t:G"/></x:choice></x:sequence></x:group>`, `the group "G"`},
		"an attribute group that contains itself": {`<x:element name="In"><x:complexType><x:attributeGroup ref="t:G"/></x:complexType></x:element><x:attributeGroup name="G"><x:attributeGroup ref="t:G"/></x:attributeGroup>`, `the attributeGroup "G"`},
		"an element that substitutes itself":      {`<x:element name="In" substitutionGroup="t:In"/>`, `the element "In"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := readSchema(t, test.schema, nil)
			if len(d.Problems) == 0 || !strings.Contains(d.Problems[0].Msg, test.owner) || !strings.Contains(d.Problems[0].Msg, "contains itself") {
				t.Errorf("problems %v, want %s", d.Problems, test.owner)
			}
			if d.Operations[0].Problem == nil {
				t.Error("the operation is usable")
			}
		})
	}
}

// TestItsOwnType reads an element whose type is a type of its name, which contains it: names of elements and of types do not meet.
func TestItsOwnType(t *testing.T) {
	d := readSchema(t, `<x:element name="In" type="t:In"/><x:complexType name="In"><x:sequence><x:element ref="t:In" minOccurs="0"/></x:sequence></x:complexType>`, nil)
	in := d.Elements[xml.Name{Space: "urn:t", Local: "In"}]
	if inType, _ := in.Type.(*ComplexType); inType.Content.Group.Particles[0].Element != in || len(d.Problems) > 0 {
		t.Errorf("%+v, problems %v", in, d.Problems)
	}
}

// TestBuiltInTypesStay requires that a schema cannot change what xsd:int is.
func TestBuiltInTypesStay(t *testing.T) {
	d := readSchema(t, `<x:include schemaLocation="XMLSchema.xsd"/><x:element name="In" type="x:int"/>`, map[string]string{
		"a/XMLSchema.xsd": `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/2001/XMLSchema"><x:complexType name="int"/></x:schema>`,
	})
	if _, ok := d.Operations[0].Input.Parts[0].Element.Type.(*SimpleType); !ok || len(d.Problems) > 0 {
		t.Errorf("%v", d.Problems)
	}
}
