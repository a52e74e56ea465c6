package imported

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
)

func lines(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.String() + "\n")
	}
	return b.String()
}

// TestDrift changes one service in many ways; what is in a request and in a reply is the same.
func TestDrift(t *testing.T) {
	const before = `<x:element name="A" type="x:string"/><x:element name="B" type="t:Node" minOccurs="0"/>` +
		`<x:choice><x:element name="C" type="x:string"/><x:element name="D" type="x:string"/></x:choice>`
	o := &Overlay{Operations: []*Operation{{Name: "Add", Kind: Write}}}
	for name, c := range map[string]struct {
		change []string // old and new texts
		want   string
	}{
		"nothing": {nil, ""},
		"an optional member": {[]string{`<x:choice>`, `<x:element name="E" type="x:string" minOccurs="0"/><x:choice>`},
			"compatible Add request/e: is new\ncompatible Add reply/e: is new\n"},
		"a required member": {[]string{`<x:choice>`, `<x:element name="E" type="x:string"/><x:choice>`},
			"breaking   Add request/e: is new, and required\ncompatible Add reply/e: is new, and required\n"},
		"a member is gone": {[]string{`<x:element name="A" type="x:string"/>`, ``}, "breaking   Add request/a: is gone\nbreaking   Add reply/a: is gone\n"},
		"optional": {[]string{`name="A" type="x:string"`, `name="A" type="x:string" minOccurs="0"`},
			"compatible Add request/a: is not required any more\nbreaking   Add reply/a: is not required any more\n"},
		"nillable": {[]string{`name="A"`, `name="A" nillable="true"`}, "compatible Add request/a: can be null now\nbreaking   Add reply/a: can be null now\n"},
		"a list": {[]string{`name="A" type="x:string"`, `name="A" type="x:string" maxOccurs="9"`},
			"breaking   Add request/a: is a list of which each is a text now, and was a text\nbreaking   Add reply/a: is a list of which each is a text now, and was a text\n"},
		"an object": {[]string{`name="A" type="x:string"`, `name="A" type="t:Node"`},
			"breaking   Add request/a: is an object now, and was a text\nbreaking   Add reply/a: is an object now, and was a text\n"},
		"in a type that holds itself": {[]string{`<x:element name="CVV" type="x:string"/>`, ``}, "breaking   Add request/b/cvv: is gone\nbreaking   Add reply/b/cvv: is gone\n"},
		"fixed":                       {[]string{`name="A"`, `name="A" fixed="1"`}, "breaking   Add request/a: is fixed to \"1\" now\ncompatible Add reply/a: is fixed to \"1\" now\n"},
		"default": {[]string{`name="A"`, `name="A" default="1"`},
			"compatible Add request/a: means \"1\" now where it is absent, and meant nothing\ncompatible Add reply/a: means \"1\" now where it is absent, and meant nothing\n"},
		"the namespace of members": {[]string{`name="A"`, `name="A" form="unqualified"`},
			"breaking   Add request/a: is in the namespace \"\" now, and was in \"urn:t\"\nbreaking   Add reply/a: is in the namespace \"\" now, and was in \"urn:t\"\n"},
		"one more in a choice": {[]string{`</x:choice>`, `<x:element name="E" type="x:string"/></x:choice>`},
			"compatible Add request/e: is new\ncompatible Add request: need not be exactly one of: c; d any more\n" +
				"compatible Add reply/e: is new\nbreaking   Add reply: need not be exactly one of: c; d any more\n"},
		"no choice": {[]string{`<x:choice>`, ``, `</x:choice>`, ``},
			"breaking   Add request/c: is required now\nbreaking   Add request/d: is required now\ncompatible Add request: need not be exactly one of: c; d any more\n" +
				"compatible Add reply/c: is required now\ncompatible Add reply/d: is required now\nbreaking   Add reply: need not be exactly one of: c; d any more\n"},
		"a subtype": {[]string{`</x:schema></types>`, `<x:complexType name="Leaf"><x:complexContent><x:extension base="t:Node"/></x:complexContent></x:complexType></x:schema></types>`},
			"compatible Add request/b: can be of the type Leaf now\nbreaking   Add reply/b: can be of the type Leaf now\n"},
		"SOAPAction":          {[]string{`"urn:add"`, `"urn:plus"`}, "breaking   Add SOAPAction: is \"urn:plus\" now, and was \"urn:add\"\n"},
		"the version of SOAP": {[]string{`schemas.xmlsoap.org/wsdl/soap/`, `schemas.xmlsoap.org/wsdl/soap12/`}, "breaking   Add SOAP version: is 1.2 now, and was 1.1\n"},
		"the wrapper": {[]string{`element="t:Add"`, `element="t:Plus"`, `name="Add"><x:complexType>`, `name="Plus"><x:complexType>`},
			"breaking   Add request: is in the elements [{urn:t Plus}] now, and was in [{urn:t Add}]\n"},
		"a header block":      {[]string{`"t:Key"`, `"t:Bad"`}, "breaking   Add request: has the new header block Bad\nbreaking   Add request: has no header block Key any more\n"},
		"a fault":             {[]string{`<fault name="Bad" message="t:Bad"/>`, ``}, "compatible Add faults: has no fault Bad any more\n"},
		"the operation":       {[]string{`operation name="Add"`, `operation name="Plus"`}, "breaking   Add: is gone\ncompatible Plus: is new; it is off until system.yaml says its kind\n"},
		"what cannot be used": {[]string{`name="A" type="x:string"`, `name="A" type="t:Gone"`}, "breaking   Add: cannot be used any more: a.wsdl, line 4: the type \"Gone\" of the namespace \"urn:t\" is not defined\n"},
		"what cannot be sent": {[]string{`<x:choice>`, `<x:any/><x:choice>`},
			"breaking   Add request: cannot be made any more: an element that the schema does not describe is required\n" +
				"breaking   Add reply: cannot be made any more: an element that the schema does not describe is required\n"},
		"encoded": {[]string{`<s:body use="literal"/></input>`, `<s:body use="encoded"/></input>`},
			"breaking   Add style: is rpc/encoded now, and was document\nbreaking   Add request: cannot be made any more: its messages are rpc/encoded: what is written is said by section 5 of SOAP 1.1, and not by the schema\n"},
	} {
		t.Run(name, func(t *testing.T) {
			old, now := service(t, sequence(before), sequence(before)), service(t, sequence(before), sequence(before), c.change...)
			if diff := cmp.Diff(c.want, lines(Drift(o, old, now, false))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestDriftOf: operations that are off count only with all.
func TestDriftOf(t *testing.T) {
	old, gone := definitions(t, "parcels"), &wsdl.Definitions{}
	o := &Overlay{Operations: []*Operation{{Name: "Track", Kind: Read}, {Name: "ForgetParcel"}}}
	if got := lines(Drift(o, old, gone, false)); got != "breaking   Track: is gone\n" {
		t.Error(got)
	}
	if got := lines(Drift(o, old, gone, true)); strings.Count(got, "is gone") != 4 {
		t.Error(got)
	}
	for _, name := range []string{"parcels", "ledger"} {
		if got := lines(Drift(o, definitions(t, name), definitions(t, name), true)); got != "" {
			t.Errorf("%s and itself: %s", name, got)
		}
	}
}

// TestDriftOfTypes: one change of a type is one line of a message, wherever the type is used.
func TestDriftOfTypes(t *testing.T) {
	types := `<x:simpleType name="Level"><x:restriction base="x:string"><x:enumeration value="A"/><x:enumeration value="B"/></x:restriction></x:simpleType>` +
		`<x:complexType name="Part"><x:sequence><x:element name="Id" type="x:string"/><x:element name="Level" type="t:Level"/></x:sequence></x:complexType>`
	var members string
	for _, name := range []string{"Bolt", "Nut", "Screw", "Washer", "Nail"} {
		types += `<x:complexType name="` + name + `"><x:complexContent><x:extension base="t:Part"/></x:complexContent></x:complexType>`
		members += `<x:element name="` + name + `" type="t:` + name + `"/>`
	}
	grades := `<x:element name="Grade" type="t:Level"/><x:element name="Best" type="t:Level"/>`
	o := &Overlay{Operations: []*Operation{{Name: "Add", Kind: Write}}}
	for name, c := range map[string]struct {
		members, old, new string
		want              string
	}{
		"a simple type, of few members": {grades, `<x:enumeration value="A"/>`, ``, "breaking   Add request/grade: must not be A any more (also: request/best)\ncompatible Add reply/grade: must not be A any more (also: reply/best)\n"},
		"a simple type, of many": {members + grades, `<x:enumeration value="A"/>`, ``, "breaking   Add request/bolt/level: must not be A any more (also: request/nut/level, request/screw/level, request/washer/level, and 3 more)\n" +
			"compatible Add reply/bolt/level: must not be A any more (also: reply/nut/level, reply/screw/level, reply/washer/level, and 3 more)\n"},
		"what types inherit": {members, `<x:element name="Id" type="x:string"/>`, ``, "breaking   Add request/bolt/id: is gone (also: request/nut/id, request/screw/id, request/washer/id, and 1 more)\n" +
			"breaking   Add reply/bolt/id: is gone (also: reply/nut/id, reply/screw/id, reply/washer/id, and 1 more)\n"},
		"another simple type": {grades, `base="x:string"`, `base="x:int"`, "breaking   Add request/grade: is a whole number now, and was a text (also: request/best)\nbreaking   Add reply/grade: is a whole number now, and was a text (also: reply/best)\n"},
		"members of other names": {grades, `name="Best" type="t:Level"`, `name="Best" type="t:Level" minOccurs="0"`,
			"compatible Add request/best: is not required any more\nbreaking   Add reply/best: is not required any more\n"},
	} {
		t.Run(name, func(t *testing.T) {
			all := []string{"</x:schema></types>", types + "</x:schema></types>"}
			old := service(t, sequence(c.members), sequence(c.members), all...)
			all[1] = strings.ReplaceAll(all[1], c.old, c.new)
			changed := sequence(strings.ReplaceAll(c.members, c.old, c.new))
			if diff := cmp.Diff(c.want, lines(Drift(o, old, service(t, changed, changed, all...), false))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestCompareFacets compares leaves of a request; in a reply, what is compatible breaks, and the reverse.
func TestCompareFacets(t *testing.T) {
	n := func(i int) *int { return &i }
	whole := func(i int64) *int64 { return &i }
	number := func(f shape.NumberFacets) shape.Facets { return shape.Facets{Number: &f} }
	for name, c := range map[string]struct {
		old, new shape.Facets
		narrower string // from old to new
		wider    string // from new to old
	}{
		"length":         {shape.Facets{MaxLength: n(20)}, shape.Facets{MaxLength: n(10)}, "has a maxLength of 10 now, and had 20", "has a maxLength of 20 now, and had 10"},
		"a first length": {shape.Facets{}, shape.Facets{MinLength: n(1)}, "has a minLength of 1 now, and had nothing", "has a minLength of nothing now, and had 1"},
		"whole numbers":  {shape.Facets{Min: whole(0)}, shape.Facets{Min: whole(5)}, "has a minimum of 5 now, and had 0", "has a minimum of 0 now, and had 5"},
		"numbers": {number(shape.NumberFacets{Max: "10.50", MaxFractionDigits: -1}), number(shape.NumberFacets{Max: "9", MaxFractionDigits: -1}),
			"has a maximum of 9 now, and had 10.5", "has a maximum of 10.5 now, and had 9"},
		"exclusive": {number(shape.NumberFacets{Max: "1e1"}), number(shape.NumberFacets{Max: "10.0", MaxExclusive: true}),
			"has a maximum of 10 (exclusive) now, and had 10", "has a maximum of 10 now, and had 10 (exclusive)"},
		"fraction digits":     {shape.Facets{}, number(shape.NumberFacets{MaxFractionDigits: 0}), "has a fractionDigits of 0 now, and had nothing", "has a fractionDigits of nothing now, and had 0"},
		"enumeration":         {shape.Facets{Enum: []string{"A", "B"}}, shape.Facets{Enum: []string{"B"}}, "must not be A any more", "may be A now"},
		"a first enumeration": {shape.Facets{}, shape.Facets{Enum: []string{"B"}}, "must be one of B now", "is not one of a list any more"},
		"pattern":             {shape.Facets{}, shape.Facets{Patterns: []string{"a*"}}, "must match a* now", "need not match a* any more"},
		"form":                {shape.Facets{}, shape.Facets{Form: shape.XSDDate}, "must have a lexical form now, and was any text", "is any text now, and had a lexical form"},
		"an exponent that is no number here": {number(shape.NumberFacets{Max: "1e999999999"}), number(shape.NumberFacets{Max: "1"}),
			"has a maximum of 1 now, and had nothing", "has a maximum of nothing now, and had 1"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, request := range []bool{true, false} {
				checkFacets(t, c.old, c.new, request, c.narrower, request)
				checkFacets(t, c.new, c.old, request, c.wider, !request)
			}
		})
	}
}

func checkFacets(t *testing.T, before, after shape.Facets, request bool, want string, breaking bool) {
	t.Helper()
	make1 := func(f shape.Facets) *shape.Shape {
		s := &shape.Shape{Name: "S", Empty: true, Fields: []shape.Field{{Name: "a", Kind: shape.String, Facets: f}}}
		s.Fields[0].Wire.Local = "A"
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	var got []Change
	compareShapes(make1(before), make1(after), request, func(path, what string, breaking, ofType bool) {
		if got = append(got, Change{Where: path, What: what, Breaking: breaking}); !ofType {
			t.Errorf("%s is not of the type", what)
		}
	})
	if diff := cmp.Diff([]Change{{Where: "a", What: want, Breaking: breaking}}, got); diff != "" {
		t.Errorf("request: %v (-want +got)\n%s", request, diff)
	}
}
