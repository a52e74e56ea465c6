package xsd_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/shape/xsd"
)

// service is a WSDL whose one operation sends and answers the element In, beside other components.
const service = `<definitions name="S" targetNamespace="urn:s" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s="urn:s">
<types><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:s" elementFormDefault="qualified">
<xs:element name="In" type="s:In"/><xs:complexType name="In">%s</xs:complexType>%s</xs:schema></types>
<message name="M"><part name="p" element="s:In"/></message>
<portType name="P"><operation name="Op"><input message="s:M"/><output message="s:M"/></operation></portType>
<binding name="B" type="s:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Op"><soap:operation soapAction=""/>
<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding></definitions>`

func message(t *testing.T, content, others string, o xsd.Options) (xsd.Message, error) {
	t.Helper()
	d, err := wsdl.Read(fstest.MapFS{"s.wsdl": {Data: fmt.Appendf(nil, service, content, others)}}, "s.wsdl", wsdl.Limits{})
	if err != nil || len(d.Problems) > 0 {
		t.Fatal(err, d.Problems)
	}
	o.Elements = d.Elements
	return xsd.NewBuilder(o).Message(d.Operations[0].Bindings[0], "Op", nil)
}

// summary lists members in their order on the wire: ! is required, * repeated, ~ nillable, @ an attribute, . the text, < an inline group or wildcard,
// = XML, - hidden. Choices follow, the branches between bars; ? is an optional one.
func summary(s *shape.Shape) string {
	var parts []string
	for i := range s.Fields {
		f := &s.Fields[i]
		part := map[shape.Place]string{shape.Attribute: "@", shape.Content: ".", shape.Inline: "<"}[f.Place] + f.Name
		for mark, holds := range map[string]bool{"!": f.Required, "*": f.Repeated, "~": f.Nillable, "=": f.Kind == shape.XML, "-": f.Hidden} {
			if holds {
				part += mark
			}
		}
		if f.Place == shape.Inline && f.Object != nil {
			part += "(" + summary(f.Object) + ")"
		}
		parts = append(parts, sorted(part))
	}
	for _, c := range s.Choices {
		var branches []string
		for _, b := range c.Branches {
			var names []string
			for _, i := range b.Fields {
				name := s.Fields[i].Name
				for _, required := range b.Required {
					if required == i {
						name += "!"
					}
				}
				names = append(names, name)
			}
			branches = append(branches, strings.Join(names, ","))
		}
		parts = append(parts, "{"+strings.Join(branches, "|")+"}"+map[bool]string{true: "?"}[c.Optional])
	}
	return strings.Join(parts, " ")
}

// sorted puts the marks behind a name into one order.
func sorted(part string) string {
	name, inside, found := strings.Cut(part, "(")
	marks := ""
	for _, mark := range []string{"!", "*", "~", "=", "-"} {
		if strings.Contains(name, mark) {
			marks += mark
			name = strings.ReplaceAll(name, mark, "")
		}
	}
	if found {
		inside = "(" + inside
	}
	return name + marks + inside
}

func element(name, more string) string {
	return `<xs:element name="` + name + `" type="xs:string" ` + more + `/>`
}

func sequence(parts ...string) string {
	return "<xs:sequence>" + strings.Join(parts, "") + "</xs:sequence>"
}

func choice(more string, parts ...string) string {
	return "<xs:choice " + more + ">" + strings.Join(parts, "") + "</xs:choice>"
}

// TestContent has each form of content model (XML Schema 1.0 part 1, section 3.8).
func TestContent(t *testing.T) {
	const many, optional = `maxOccurs="unbounded"`, `minOccurs="0"`
	a, b, c := element("A", ""), element("B", ""), element("C", "")
	for name, test := range map[string]struct {
		content, others string
		options         xsd.Options
		want            string // of a request; what no message can hold begins with "error"
	}{
		"a sequence":                           {content: sequence(a, element("B", optional), element("C", many), element("D", `nillable="true"`)), want: "a! b c!* d!~"},
		"an optional sequence":                 {content: sequence(a, `<xs:sequence minOccurs="0">`+b+c+"</xs:sequence>"), want: "a! b c {b!,c!}?"},
		"an optional sequence of one":          {content: sequence(`<xs:sequence minOccurs="0">` + b + "</xs:sequence>"), want: "b"},
		"all":                                  {content: "<xs:all>" + a + element("B", optional) + "</xs:all>", want: "a! b"},
		"a choice":                             {content: choice("", a, b), want: "a b {a!|b!}"},
		"an optional choice":                   {content: choice(optional, a, b), want: "a b {a!|b!}?"},
		"a choice of sequences":                {content: choice("", sequence(a, b), sequence(c, element("D", optional))), want: "a b c d {a!,b!|c!,d}"},
		"an element in two branches":           {content: choice("", sequence(a, b), sequence(a, c)), want: "a b c {a!,b!|a!,c!}"},
		"two branches in another order":        {content: choice("", sequence(a, b), sequence(b, a)), want: "a b a2 {a!,b!|b!,a2!}"},
		"a branch behind a group":              {content: choice("", sequence(a, b), sequence(choice(many, c, element("D", "")), a)), want: "a b <items*(c d {c!|d!}) a2 {a!,b!|items!,a2!}"},
		"a choice in a sequence":               {content: sequence(a, choice("", b, c)), want: "a! b c {b!|c!}"},
		"a choice in a branch":                 {content: choice("", sequence(a, choice("", b, c)), element("D", "")), want: "a b c d {a!,b!|a!,c!|d!}"},
		"the same element again":               {content: sequence(a, b, element("A", optional)), want: "a! b! a2"},
		"a choice that repeats":                {content: choice(many, a, b), want: "<items!*(a b {a!|b!})"},
		"a sequence that repeats":              {content: sequence(`<xs:sequence minOccurs="0" maxOccurs="3">` + a + element("B", optional) + "</xs:sequence>"), want: "<items*(a! b)"},
		"a group of one that repeats":          {content: choice(many, a), want: "a!*"},
		"pairs of one element":                 {content: `<xs:sequence maxOccurs="3">` + element("A", `minOccurs="2" maxOccurs="2"`) + "</xs:sequence>", want: "<items!*(a!*)"},
		"attributes and text":                  {content: `<xs:simpleContent><xs:extension base="xs:int"><xs:attribute name="unit" type="xs:string" use="required"/></xs:extension></xs:simpleContent>`, want: "@unit! .value!"},
		"a substitution group":                 {content: sequence(`<xs:element ref="s:Head" minOccurs="0"/>`), others: `<xs:element name="Head" abstract="true"/><xs:element name="X" type="xs:string" substitutionGroup="s:Head"/><xs:element name="Y" type="xs:string" substitutionGroup="s:Head"/>`, want: "x y {x!|y!}?"},
		"an abstract branch without others":    {content: choice("", a, `<xs:element ref="s:Head"/>`), others: `<xs:element name="Head" type="xs:string" abstract="true"/>`, want: "a!"},
		"an abstract element":                  {content: sequence(`<xs:element ref="s:Head"/>`), others: `<xs:element name="Head" type="xs:string" abstract="true"/>`, want: "error the element Head is abstract, and no element can be in its place"},
		"a wildcard that is not allowed":       {content: sequence(a, `<xs:any minOccurs="0" processContents="lax"/>`), want: "a!"},
		"a wildcard":                           {content: sequence(a, `<xs:any minOccurs="0" processContents="lax"/>`), options: xsd.Options{XML: true}, want: "a! <any="},
		"a required wildcard":                  {content: sequence(`<xs:any processContents="lax"/>`), want: "error an element that the schema does not describe is required"},
		"a wildcard that nothing fits":         {content: sequence(a, `<xs:any minOccurs="0" namespace="urn:x"/>`), options: xsd.Options{XML: true}, want: "a!"},
		"the same in a reply":                  {content: sequence(a, `<xs:any minOccurs="0" namespace="urn:x"/>`), options: xsd.Options{XML: true, Reply: true}, want: "a! <any="},
		"nil with an attribute that is needed": {content: sequence(`<xs:element name="A" type="s:T" nillable="true"/>`), others: `<xs:complexType name="T"><xs:attribute name="id" use="required"/></xs:complexType>`, want: "a!"},
		"the name that answers have":           {content: sequence(element("operationId", "")), want: "operationId!"},
		"the same in a reply, which gives way": {content: sequence(element("operationId", "")), options: xsd.Options{Reply: true}, want: "operationId2!"},
		"a type without any that can be sent": {
			content: sequence(a, `<xs:element name="B" type="s:T" minOccurs="0"/>`), others: `<xs:complexType name="T" abstract="true"/>`, want: "a! b=-",
		},
		"such a type in a reply": {
			content: sequence(a, `<xs:element name="B" type="s:T" minOccurs="0"/>`), others: `<xs:complexType name="T" abstract="true"/>`, options: xsd.Options{Reply: true}, want: "a! b=",
		},
		"an extension": {content: `<xs:complexContent><xs:extension base="s:T">` + sequence(b) + `<xs:attribute name="id"/></xs:extension></xs:complexContent>`,
			others: `<xs:complexType name="T">` + sequence(a) + `<xs:attribute name="lang"/></xs:complexType>`, want: "a! @lang b! @id"},
		"content without a derivation": {content: `<xs:complexContent><xs:annotation/>` + sequence(a) + `<xs:attribute name="id"/></xs:complexContent>`, want: "a! @id"},
		"a restriction": {content: `<xs:complexContent><xs:restriction base="s:T">` + sequence(element("B", "")) + `</xs:restriction></xs:complexContent>`,
			others: `<xs:complexType name="T">` + sequence(element("A", optional), element("B", optional)) + `</xs:complexType>`, want: "a- b!"},
	} {
		m, err := message(t, test.content, test.others, test.options)
		got := "error " + fmt.Sprint(err)
		if err == nil {
			got = summary(m.Shape)
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, test.want)
		}
	}
}

func TestMemberName(t *testing.T) {
	for local, want := range map[string]string{
		"UserID": "userId", "SSN": "ssn", "account_number": "accountNumber", "HTTPServer": "httpServer", "IDs": "ids", "eMail": "eMail", "a.b-c": "aBC", "_": "member",
		"Straße": "straße", "X1Y": "x1Y",
	} {
		if got := xsd.MemberName(local); got != want {
			t.Errorf("%s: got %s, want %s", local, got, want)
		}
	}
}
