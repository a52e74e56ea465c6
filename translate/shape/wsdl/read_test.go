package wsdl

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"soapbridge/translate/xml"
)

func readOwn(t *testing.T, name string) *Definitions {
	t.Helper()
	d, err := Read(os.DirFS("testdata/corpus/real/"+name), name+".wsdl", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadServices(t *testing.T) {
	d := readOwn(t, "parcels")
	if want := "Parcels on their way, <with> markup."; d.TargetNamespace != "urn:parcels" || d.Documentation != want {
		t.Errorf("%q, %q", d.TargetNamespace, d.Documentation)
	}
	if want := []string{"parcels.wsdl", "messages.wsdl", "types/parcel.xsd", "types/common.xsd"}; !slices.Equal(d.Files, want) {
		t.Errorf("files %q, want %q", d.Files, want)
	}
	if len(d.Services) != 1 || len(d.Services[0].Ports) != 2 || len(d.Bindings) != 2 || len(d.PortTypes) != 1 {
		t.Fatalf("%+v", d)
	}
	port := d.Services[0].Ports[1]
	if port.Name != "Soap12" || port.Address != "http://parcels.invalid/soap12" || port.Binding != d.Bindings[1] || port.Binding.Version != SOAP12 {
		t.Errorf("%+v", port)
	}
	if len(d.Problems) != 1 {
		t.Fatalf("%v", d.Problems)
	}
	if got := d.Problems[0].Error(); got != `parcels.wsdl, line 35: the type "Scale" of the namespace "urn:parcels" is not defined` {
		t.Error(got)
	}
}

func TestReadOperations(t *testing.T) {
	d := readOwn(t, "parcels")
	track, forget, weigh := d.Operations[0], d.Operations[2], d.Operations[3]
	if len(d.Operations) != 4 || d.Operations[1].Name != "Track" || track.Documentation != "Where a parcel is." || track.PortType != d.PortTypes[0] {
		t.Fatalf("%+v", track)
	}
	if f := track.Faults[0]; f.Name != "Refused" || f.Documentation != "Not yours." || f.Message.Parts[0].Element != d.Elements[xml.Name{Space: "urn:parcels", Local: "Refused"}] {
		t.Errorf("fault %+v", f)
	}
	if len(track.Bindings) != 2 || len(track.Bindings[0].Faults) != 1 || track.Bindings[0].Faults[0].Fault != track.Faults[0] {
		t.Fatalf("bindings %+v", track.Bindings)
	}
	body, session := track.Input.Parts[0], track.Input.Parts[1]
	for i, b := range track.Bindings {
		if b.SOAPAction != "urn:parcels/TrackParcel" || b.RPC || !slices.Equal(b.Input.Parts, []*Part{body}) || b.Binding.Version != Version(i+1) {
			t.Errorf("SOAP %v: %+v", b.Binding.Version, b)
		}
	}
	if h := track.Bindings[0].Input.Headers; len(h) != 1 || h[0].Part != session || h[0].Encoded {
		t.Errorf("headers %+v", h)
	}
	if forget.Output != nil || forget.Bindings[0].Output != nil || forget.Problem != nil {
		t.Errorf("one-way %+v", forget)
	}
	if weigh.Problem != d.Problems[0] || track.Problem != nil {
		t.Errorf("problems: %v, %v", weigh.Problem, track.Problem)
	}
}

func TestReadRPC(t *testing.T) {
	d := readOwn(t, "ledger")
	first, second := d.Operations[0], d.Operations[1]
	b := first.Bindings[0]
	if !b.RPC || !b.Input.Encoded || b.Input.Namespace != "urn:wire" || b.Input.EncodingStyle != "http://schemas.xmlsoap.org/soap/encoding/" {
		t.Errorf("%+v", b.Input)
	}
	if !slices.Equal(b.Input.Parts, first.Input.Parts) { // the list says which, the message in which order
		t.Errorf("parts %+v", b.Input.Parts)
	}
	if second.Input.Name.Local != "PingIn" || len(second.Bindings[0].Input.Parts) != 0 || second.Bindings[0].Input.Encoded {
		t.Errorf("the operation of the same name: %+v", second)
	}
	entries, _ := first.Input.Parts[0].Type.(*ComplexType)
	use := entries.Uses[0]
	if use.ArrayOf != d.Types[xml.Name{Space: "urn:ledger", Local: "Entry"}] || use.Dimensions != "[,]" || use.Attribute.Name.Local != "arrayType" {
		t.Errorf("array %+v", use)
	}
	if base, _ := entries.Base.(*ComplexType); base == nil || base.Name.Local != "Array" || entries.Extension {
		t.Errorf("base %+v", entries.Base)
	}
}

func TestReadComplexTypes(t *testing.T) {
	d := readOwn(t, "parcels")
	parcel, _ := d.Types[typeName("Parcel")].(*ComplexType)
	letter, _ := d.Types[typeName("Letter")].(*ComplexType)
	if parcel.Documentation != "Something to be carried. Etwas für unterwegs." || !parcel.Abstract || parcel.Mixed || parcel.Base != nil {
		t.Errorf("%+v", parcel)
	}
	if !slices.Equal(parcel.Subtypes, []*ComplexType{letter}) || letter.Base != Type(parcel) || !letter.Extension || !letter.Mixed {
		t.Errorf("%+v", letter)
	}
	sequence := parcel.Content.Group
	sizes, choice, wildcard := sequence.Particles[0], sequence.Particles[1], sequence.Particles[2]
	if sequence.Compositor != Sequence || sizes.Group.Name.Local != "sizes" || sizes.Min != 0 || sizes.Max != 1 {
		t.Errorf("%+v", sizes)
	}
	if choice.Group.Compositor != Choice || choice.Min != 1 || choice.Max != Unbounded {
		t.Errorf("%+v", choice)
	}
	if owner := choice.Group.Particles[0].Element; owner.Name != (xml.Name{Local: "owner"}) {
		t.Errorf("the unqualified element has the name %v", owner.Name)
	}
	if inside := choice.Group.Particles[1].Element; inside.Name != typeName("inside") || inside.Type != Type(parcel) || inside.Global {
		t.Errorf("%+v", inside)
	}
	if stamp := letter.Content.Group.Particles[0].Element; letter.Content.Group.Compositor != All || *stamp.Fixed != "1" || *stamp.Default != "1" {
		t.Errorf("%+v", stamp)
	}
	if *wildcard.Any != (Wildcard{"##other", "lax", "urn:parcels:types"}) || wildcard.Max != 1 {
		t.Errorf("%+v", wildcard.Any)
	}
}

func TestReadAttributes(t *testing.T) {
	d := readOwn(t, "parcels")
	parcel, _ := d.Types[typeName("Parcel")].(*ComplexType)
	letter, _ := d.Types[typeName("Letter")].(*ComplexType)
	if mark := parcel.Groups[0].Uses[0].Attribute; mark.Name != (xml.Name{Local: "mark"}) || mark.Type.Item.Facets[0] != (Facet{"enumeration", "fragile", "Glass"}) {
		t.Errorf("%+v", mark)
	}
	if parcel.AnyAttribute.Namespace != "##any" || parcel.AnyAttribute.ProcessContents != "strict" {
		t.Errorf("%+v", parcel.AnyAttribute)
	}
	if use := letter.Uses[0]; !use.Required || use.Attribute.Name != (xml.Name{Space: "http://www.w3.org/XML/1998/namespace", Local: "lang"}) || *use.Default != "de" {
		t.Errorf("%+v", use)
	}
}

func typeName(local string) xml.Name { return xml.Name{Space: "urn:parcels:types", Local: local} }

func TestReadSimpleTypes(t *testing.T) {
	d := readOwn(t, "parcels")
	number, _ := d.Types[typeName("Number")].(*SimpleType)
	digits, _ := d.Types[typeName("Digits")].(*SimpleType)
	want := []Facet{{"maxLength", "12", ""}, {"pattern", ".{1,12}", ""}, {"pattern", `\d*`, ""}}
	if !slices.Equal(number.Facets, want) || number.Base != digits { // Digits has the namespace of the including schema
		t.Errorf("%+v", number)
	}
	var chain []string
	for base := digits.Base; base != nil; base = base.Base {
		chain = append(chain, base.Name.Local)
	}
	if got := strings.Join(chain, " "); got != "token normalizedString string anySimpleType" {
		t.Errorf("bases %s", got)
	}
	length, _ := d.Types[typeName("Length")].(*SimpleType)
	if m := length.Members; len(m) != 3 || m[0].Name != (xml.Name{Space: XSD, Local: "decimal"}) || m[1] != digits || m[2].Base.Name.Local != "string" {
		t.Errorf("%+v", m)
	}
	money, _ := d.Types[typeName("Money")].(*ComplexType)
	if money.Value.Facets[0] != (Facet{"minInclusive", "0", ""}) || money.Value.Base.Name != (xml.Name{Space: XSD, Local: "decimal"}) {
		t.Errorf("%+v", money.Value)
	}
	amount, _ := money.Base.(*ComplexType)
	if currency := amount.Uses[0].Attribute; currency.Type.Name.Local != "anySimpleType" {
		t.Errorf("the attribute without a type has the type %+v", currency.Type)
	}
}

func TestReadElements(t *testing.T) {
	d := readOwn(t, "parcels")
	parcel, letter, card := d.Elements[typeName("parcel")], d.Elements[typeName("letter")], d.Elements[typeName("card")]
	if !slices.Equal(parcel.Substitutes, []*Element{letter}) || letter.Head != parcel || !slices.Equal(letter.Substitutes, []*Element{card}) {
		t.Errorf("%+v, %+v", parcel, letter)
	}
	if card.Type != letter.Type || !card.Global {
		t.Errorf("the element without a type has %+v", card.Type)
	}
	response, _ := d.Elements[xml.Name{Space: "urn:parcels", Local: "TrackParcelResponse"}].Type.(*ComplexType)
	parts := response.Content.Group.Particles
	if parts[0].Element != parcel || parts[0].Max != 1_000_000 || !parts[1].Element.Nillable {
		t.Errorf("%+v, %+v", parts[0], parts[1].Element)
	}
	if reference := parts[1].Element.Type.TypeName(); reference != (xml.Name{Space: "http://www.w3.org/2005/08/addressing", Local: "EndpointReferenceType"}) {
		t.Errorf("the built-in type is %v", reference)
	}
}

// withSchema is a service whose only operation takes the element In of a schema.
func withSchema(schema string) string {
	return `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t"><w:types><x:schema targetNamespace="urn:t">` + schema + `</x:schema></w:types>
<w:message name="In"><w:part name="in" element="t:In"/></w:message>
<w:portType name="P"><w:operation name="Do"><w:input message="t:In"/></w:operation></w:portType>
<w:binding name="B" type="t:P"><s:binding/><w:operation name="Do"><w:input><s:body use="literal"/></w:input></w:operation></w:binding>
</w:definitions>`
}

// readSchema reads withSchema and other files.
func readSchema(t *testing.T, schema string, others map[string]string) *Definitions {
	t.Helper()
	files := fstest.MapFS{"a/a.wsdl": {Data: []byte(withSchema(schema))}}
	for name, text := range others {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	d, err := Read(files, "a/a.wsdl", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	checkWhole(t, d)
	return d
}

// TestAddressingAction is WS-Addressing 1.0 Metadata section 4.4, of one-way operations where there is no output.
func TestAddressingAction(t *testing.T) {
	const input, stated = `<w:input message="t:In"/>`, `<w:input name="Ask" message="t:In" xmlns:a="http://www.w3.org/2007/05/addressing/metadata" a:Action=" urn:said "/>`
	soapAction := []string{`<w:operation name="Do"><w:input>`, `<w:operation name="Do"><s:operation soapAction="urn:soap"/><w:input>`}
	for name, test := range map[string]struct {
		oldNew []string
		want   string
	}{
		"the default":                {nil, "urn:t:P:Do"},
		"that of a reply":            {[]string{input, input + `<w:output message="t:In"/>`}, "urn:t:P:DoRequest"},
		"that of a named input":      {[]string{input, `<w:input name="Ask" message="t:In"/>`}, "urn:t:P:Ask"},
		"that of a URL":              {[]string{"urn:t", "http://t.invalid/a"}, "http://t.invalid/a/P/Do"},
		"that of a URL with a slash": {[]string{"urn:t", "http://t.invalid/a/"}, "http://t.invalid/a/P/Do"},
		"the binding's":              {soapAction, "urn:soap"},
		"the attribute":              {[]string{input, stated}, "urn:said"},
		"the draft's attribute":      {[]string{input, strings.ReplaceAll(stated, "2007/05/addressing/metadata", "2006/05/addressing/wsdl")}, "urn:said"},
		"another attribute":          {[]string{input, strings.ReplaceAll(stated, "2007/05/addressing/metadata", "2099")}, "urn:t:P:Ask"},
		"two that differ":            {append([]string{input, stated}, soapAction...), "urn:said"},
	} {
		text := strings.NewReplacer(test.oldNew...).Replace(withSchema(inString))
		d, err := Read(fstest.MapFS{"a.wsdl": {Data: []byte(text)}}, "a.wsdl", Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		if got := d.Operations[0].Bindings[0].AddressingAction(); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

const inString = `<x:element name="In" type="x:string"/>`

// TestReadLeniently reads what schema processors refuse, and callers do not care about.
func TestReadLeniently(t *testing.T) {
	other := func(attributes, content string) string {
		return `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" ` + attributes + `>` + content + `</x:schema>`
	}
	for name, test := range map[string]struct {
		schema string
		others map[string]string
	}{
		"an import that was forgotten":      {`<x:element name="In" type="e:string" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"/>`, nil},
		"an import at a network address":    {`<x:import namespace="urn:o" schemaLocation="https://o.invalid/x/o.xsd?x=1"/><x:element name="In" type="o:O" xmlns:o="urn:o"/>`, map[string]string{"a/o.xsd": other(`targetNamespace="urn:o"`, `<x:simpleType name="O"><x:restriction base="x:int"/></x:simpleType>`)}},
		"an address with a query":           {`<x:import namespace="urn:o" schemaLocation="https://o.invalid/x/o.svc?xsd=1"/><x:import namespace="urn:p" schemaLocation="o.svc?xsd=2"/><x:element name="In" type="o:O" xmlns:o="urn:o"/>`, map[string]string{"a/o.svc?xsd=1": other(`targetNamespace="urn:o"`, `<x:complexType name="O"><x:attribute name="p" type="p:P" xmlns:p="urn:p"/></x:complexType>`), "a/o.svc?xsd=2": other(`targetNamespace="urn:p"`, `<x:simpleType name="P"><x:restriction base="x:int"/></x:simpleType>`)}},
		"a built-in schema with a location": {`<x:import namespace="http://www.w3.org/2005/05/xmlmime" schemaLocation="http://www.w3.org/2005/05/xmlmime"/><x:element name="In" type="m:base64Binary" xmlns:m="http://www.w3.org/2005/05/xmlmime"/>`, nil},
		"a built-in schema with a DOCTYPE":  {`<x:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="xml.xsd"/><x:element name="In"><x:complexType><x:attribute ref="xml:lang"/></x:complexType></x:element>`, map[string]string{"a/xml.xsd": `<!DOCTYPE x:schema>` + other("", "")}},
		"XML Signature with a DOCTYPE":      {`<x:import namespace="http://www.w3.org/2000/09/xmldsig#" schemaLocation="d.xsd"/><x:element name="In"><x:complexType><x:sequence><x:element ref="d:Signature" xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></x:sequence></x:complexType></x:element>`, map[string]string{"a/d.xsd": `<!DOCTYPE x:schema>` + other("", "")}},
		"a built-in schema that is missing": {`<x:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="xml.xsd"/>` + inString, nil},
		"a schema imported as WSDL":         {`<x:import namespace="urn:t" schemaLocation="b.wsdl"/>`, map[string]string{"a/b.wsdl": withSchema(inString)}},
		"an import without a schema":        {`</x:schema><x:import namespace="urn:t" schemaLocation="o.xsd"/><x:schema>`, map[string]string{"a/o.xsd": other(`targetNamespace="urn:t"`, inString)}},
		"the same schema by two paths":      {`<x:include schemaLocation="o.xsd"/><x:include schemaLocation="./../a/o.xsd"/>`, map[string]string{"a/o.xsd": other(`targetNamespace="urn:t"`, inString)}},
		"a schema included and imported":    {`<x:include schemaLocation="o.xsd"/><x:import schemaLocation="o.xsd"/>`, map[string]string{"a/o.xsd": other(`targetNamespace="urn:t"`, inString)}},
		"one component written twice":       {inString + `<y:element xmlns:y="http://www.w3.org/2001/XMLSchema" type = "y:string" name="In"><!-- again --><y:annotation><y:documentation>Again</y:documentation></y:annotation></y:element>`, nil},
		"a pattern that is none":            {`<x:element name="In"><x:simpleType><x:restriction base="x:string"><x:pattern value="(("/></x:restriction></x:simpleType></x:element>`, nil},
		"particles that are not unique":     {`<x:element name="In"><x:complexType><x:sequence><x:any minOccurs="0"/><x:element name="a" minOccurs="0"/><x:element name="a"/></x:sequence></x:complexType></x:element>`, nil},
		"a restriction of nothing there":    {`<x:complexType name="E"/><x:element name="In"><x:complexType><x:complexContent><x:restriction base="t:E"><x:sequence><x:element name="a"/></x:sequence></x:restriction></x:complexContent></x:complexType></x:element>`, nil},
		"an element without a type":         {`<x:element name="In"/>`, nil},
		"the schema of a DataSet":           {`<x:element name="In"><x:complexType><x:sequence><x:element ref="x:schema"/><x:any/></x:sequence></x:complexType></x:element>`, nil},
		"words of XML Schema 1.1":           {`<x:element name="In"><x:complexType><x:openContent/><x:assert test="1"/></x:complexType></x:element><x:defaultOpenContent/>`, nil},
		"a schema without a namespace":      {`<x:element name="In" type="N"/></x:schema><x:schema><x:simpleType name="N"><x:restriction base="x:int"/></x:simpleType>`, nil},
		"an element that holds itself":      {`<x:element name="In"><x:complexType><x:sequence><x:element ref="t:In" minOccurs="0"/></x:sequence></x:complexType></x:element>`, nil},
		"a type inside of its base":         {`<x:element name="In" type="t:A"/><x:complexType name="A"><x:sequence><x:element name="b"><x:complexType><x:complexContent><x:extension base="t:A"/></x:complexContent></x:complexType></x:element></x:sequence></x:complexType>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := readSchema(t, test.schema, test.others)
			if len(d.Problems) > 0 || len(d.Operations) != 1 || d.Operations[0].Problem != nil {
				t.Errorf("problems %v", d.Problems)
			}
			if in := d.Elements[xml.Name{Space: "urn:t", Local: "In"}]; in == nil || d.Operations[0].Input.Parts[0].Element != in {
				t.Errorf("the input is %+v", d.Operations[0].Input)
			}
		})
	}
}

// TestDefaultNamespace reads names without a prefix where the default namespace is that of WSDL.
func TestDefaultNamespace(t *testing.T) {
	text := strings.NewReplacer("<w:", "<", "</w:", "</", "xmlns:w=", "xmlns=", `"t:`, `"`).Replace(withSchema(`<x:element name="In" type="T"/><x:complexType name="T"/>`))
	for target, document := range map[string]string{"urn:t": text, "": strings.NewReplacer(` targetNamespace="urn:t"`, "").Replace(text)} {
		d, err := readHostile(document, Limits{})
		if err != nil || len(d.Problems) > 0 || len(d.Operations) != 1 {
			t.Fatalf("%q: %v, %+v", target, err, d)
		}
		if in := d.Operations[0].Bindings[0].Input.Parts[0].Element; in.Name.Space != target || in.Type.TypeName().Space != target {
			t.Errorf("%q: %+v", target, in)
		}
	}
}

// TestReadBindingProblems requires that what a binding gets wrong makes the operation unusable, or is no binding of it.
func TestReadBindingProblems(t *testing.T) {
	for name, test := range map[string]struct {
		old, changed, msg string
		operations        int
	}{
		"a part that is not there":        {`<s:body use="literal"/>`, `<s:body parts="in out"/>`, `the message "In" has no part "out"`, 1},
		"a header part that is not there": {`<s:body use="literal"/>`, `<s:header message="t:In" part="out"/>`, `the message "In" has no part "out"`, 1},
		"a message that is not there":     {`<s:body use="literal"/>`, `<s:header message="t:Out" part="in"/>`, `the message "Out" of the namespace "urn:t" is not defined`, 1},
		"a part without a type":           {`element="t:In"`, ``, `the part "in" has neither an element nor a type`, 1},
		"an input without a message":      {`<w:input message="t:In"/>`, `<w:input/>`, `the attribute "message" is missing`, 1},
		"an operation that is not there":  {`<w:operation name="Do"><w:input><`, `<w:operation name="Redo"><w:input><`, `the port type has no operation "Redo"`, 0},
		"a port type that is not there":   {`type="t:P"`, `type="t:Q"`, `the portType "Q" of the namespace "urn:t" is not defined`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			document := strings.Replace(withSchema(inString), test.old, test.changed, 1)
			d, err := readHostile(document, Limits{})
			if err != nil || document == withSchema(inString) {
				t.Fatal(err)
			}
			if len(d.Problems) != 1 || d.Problems[0].Msg != test.msg || len(d.Operations) != test.operations {
				t.Errorf("%d operations, problems %v, want %s", len(d.Operations), d.Problems, test.msg)
			}
			for _, op := range d.Operations {
				if op.Problem != d.Problems[0] {
					t.Errorf("the operation's problem is %v", op.Problem)
				}
			}
		})
	}
}

// TestReadProblems requires each problem at its place, and that it reaches the operation, or not.
func TestReadProblems(t *testing.T) {
	for name, test := range map[string]struct {
		schema, msg string
		usable      bool
	}{
		"an undefined type":            {`<x:element name="In" type="t:No"/>`, `the type "No" of the namespace "urn:t" is not defined`, false},
		"a type without a namespace":   {`<x:element name="In" type="No"/>`, `the type "No" without a namespace is not defined`, false},
		"a prefix without declaration": {`<x:element name="In" type="no:No"/>`, `"no:No" is not a name with a prefix that is declared`, false},
		"somewhere else":               {inString + `<x:element name="Out" type="t:No"/>`, `the type "No" of the namespace "urn:t" is not defined`, true},
		"in a subtype":                 {`<x:element name="In" type="t:A"/><x:complexType name="A"/><x:complexType name="B"><x:complexContent><x:extension base="t:A"><x:attributeGroup ref="t:G"/></x:extension></x:complexContent></x:complexType>`, `the attributeGroup "G" of the namespace "urn:t" is not defined`, false},
		"in a substitute":              {inString + `<x:element name="Sub" substitutionGroup="t:In" type="t:No"/>`, `the type "No" of the namespace "urn:t" is not defined`, false},
		"another definition":           {inString + `<x:element name="In" type="x:int"/>`, `the element "In" of the namespace "urn:t" is defined again, in another way`, false},
		"a complex type as simple":     {`<x:complexType name="A"/><x:element name="In"><x:complexType><x:attribute name="a" type="t:A"/></x:complexType></x:element>`, `the type "A" of the namespace "urn:t" is not a simple type`, false},
		"a type made of nothing":       {`<x:element name="In"><x:simpleType/></x:element>`, "a type derives from nothing", false},
		"an extension of nothing":      {`<x:element name="In"><x:complexType><x:complexContent><x:extension/></x:complexContent></x:complexType></x:element>`, "a type derives from nothing", false},
		"simple content of none":       {`<x:complexType name="A"/><x:element name="In"><x:complexType><x:simpleContent><x:extension base="t:A"/></x:simpleContent></x:complexType></x:element>`, "a type with simple content derives from one without", false},
		"two contents":                 {`<x:element name="In"><x:complexType><x:sequence/><x:sequence/></x:complexType></x:element>`, "a type has two contents", false},
		"no name":                      {`<x:element name="In"><x:complexType><x:sequence><x:element/></x:sequence></x:complexType></x:element>`, `"" is not a name`, false},
		"a name with markup":           {`<x:element name="In"><x:complexType><x:sequence><x:element name="a&gt;"/></x:sequence></x:complexType></x:element>`, `"a>" is not a name`, false},
		"a group without a name":       {`<x:element name="In"><x:complexType><x:group/></x:complexType></x:element>`, `the attribute "ref" is missing`, false},
		"a number that is none":        {`<x:element name="In"><x:complexType><x:sequence maxOccurs="many"/></x:complexType></x:element>`, "maxOccurs has a value that is not a number", false},
		"a schema of a draft":          {inString + `</x:schema><schema xmlns="http://www.w3.org/1999/XMLSchema"/><x:schema>`, `a schema of the namespace "http://www.w3.org/1999/XMLSchema" is not read: it has to be http://www.w3.org/2001/XMLSchema`, true},
		"a missing file":               {`<x:include schemaLocation="no.xsd"/>` + inString, "open a/no.xsd: file does not exist", true},
		"a network address":            {`<x:import namespace="urn:o" schemaLocation="https://o.invalid/no.xsd"/>` + inString, `"https://o.invalid/no.xsd" is not read, because it is a network address, and there is no file "a/no.xsd"`, true},
		"a redefinition":               {`<x:redefine schemaLocation="o.xsd"><x:simpleType name="R"/></x:redefine><x:element name="In" type="t:R"/>`, `the type "R" of the namespace "urn:t" is redefined, which is not supported`, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := readSchema(t, test.schema, map[string]string{
				"a/o.xsd": `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:simpleType name="R"><x:restriction base="x:int"/></x:simpleType></x:schema>`,
			})
			if len(d.Problems) != 1 || d.Problems[0].Msg != test.msg || d.Problems[0].File != "a/a.wsdl" || d.Problems[0].Line != 2 {
				t.Errorf("problems %v, want %s", d.Problems, test.msg)
			}
			if usable := d.Operations[0].Problem == nil; usable != test.usable {
				t.Errorf("usable is %v", usable)
			}
		})
	}
}
