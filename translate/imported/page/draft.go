package page

import (
	"errors"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/xml"
)

// drafter writes the WSDL.
type drafter struct {
	*model

	prefixes     map[string]string // by namespace
	spaces       []string          // in the order of their prefixes; "" is among them where elements have no namespace of their own
	schemas      map[string]*schema
	enumerations map[string]string // names by the words
	microsoft    map[string]bool
	globals      map[string]global // by kind and name
	withSchema   bool              // xsd:schema is referred to
	problems     []error
}

// schema is the components of a namespace.
type schema struct{ elements, types, simple strings.Builder }

// global is a global element or attribute.
type global struct {
	text string
	at   string // where a page shows it
}

// unanswered is what a person replaces.
const unanswered = "?"

func (m *model) draft() ([]byte, error) {
	d := &drafter{
		model: m, prefixes: map[string]string{xsdSpace: "xsd", "http://www.w3.org/XML/1998/namespace": "xml"}, schemas: map[string]*schema{},
		enumerations: map[string]string{}, microsoft: map[string]bool{}, globals: map[string]global{},
	}
	d.schema(m.home)
	var messages, operations strings.Builder
	for _, p := range m.pages {
		for _, root := range p.roots() {
			d.root(root, p)
		}
		d.messages(&messages, p)
		d.operation(&operations, p)
	}
	for _, s := range m.structures {
		if !s.root {
			d.schema(s.home).types.WriteString(s.elements("      "))
			d.complexType(&d.schema(s.home).types, s, "      ")
		}
	}
	service := m.pages[0].service
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" + comment("", "What the pages of "+service+" show, in the form of a WSDL. Each ? is what they do not say: a person answers it. "+
		"Lines may be added and taken away. Not on such pages, and not asked: lengths, the alternatives of a choice, what a type has from its base type."))
	b.WriteString(`<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" ` +
		`xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xsd="` + xsdSpace + `"`)
	d.writeSchemas(&b)
	b.WriteString(messages.String())
	name := quote(service)
	b.WriteString("  <wsdl:portType name=" + quote(service+"Soap") + ">\n" + operations.String() + "  </wsdl:portType>\n")
	var ports strings.Builder
	for _, v := range soapVersions {
		d.binding(&b, &ports, v)
	}
	b.WriteString("  <wsdl:service name=" + name + ">\n" + ports.String() + "  </wsdl:service>\n</wsdl:definitions>\n")
	return []byte(b.String()), errors.Join(d.problems...)
}

// quote writes the value of an attribute with its quotes.
func quote(value string) string { return `"` + html.EscapeString(value) + `"` }

// comment writes a comment on a line of its own.
func comment(indent, text string) string {
	for strings.Contains(text, "--") {
		text = strings.ReplaceAll(text, "--", "- -")
	}
	return indent + "<!-- " + text + " -->\n"
}

// schema returns that of a namespace.
func (d *drafter) schema(space string) *schema {
	s := d.schemas[space]
	if s == nil {
		s = &schema{}
		d.schemas[space] = s
		d.prefix(space)
	}
	return s
}

// prefix returns that of a namespace, which is new where it has none.
func (d *drafter) prefix(space string) string {
	prefix, ok := d.prefixes[space]
	if ok || space == "" {
		if !ok {
			d.prefixes[""] = ""
			d.spaces = append(d.spaces, "")
		}
		return prefix
	}
	prefix = "tns"
	if len(d.spaces) > 0 {
		prefix = "ns" + strconv.Itoa(len(d.spaces)+1)
	}
	d.prefixes[space] = prefix
	d.spaces = append(d.spaces, space)
	return prefix
}

func (d *drafter) qName(space, local string) string {
	if prefix := d.prefix(space); prefix != "" {
		return prefix + ":" + local
	}
	return local
}

// enumeration returns the simple type that has the words, named after the first element with them.
func (d *drafter) enumeration(words []string, element string) string {
	key := strings.Join(words, "\n")
	name, known := d.enumerations[key]
	if !known {
		name = element
		for n := 2; d.isTaken(name); n++ {
			name = element + strconv.Itoa(n)
		}
		d.enumerations[key] = name
		b := &d.schema(d.home).simple
		fmt.Fprintf(b, "      <xsd:simpleType name=%s>\n        <xsd:restriction base=\"xsd:string\">\n", quote(name))
		for _, word := range words {
			fmt.Fprintf(b, "          <xsd:enumeration value=%s/>\n", quote(word))
		}
		b.WriteString("        </xsd:restriction>\n      </xsd:simpleType>\n")
	}
	return d.qName(d.home, name)
}

func (d *drafter) isTaken(name string) bool {
	for _, other := range d.enumerations {
		if other == name {
			return true
		}
	}
	return slices.ContainsFunc(d.structures, func(s *structure) bool { return s.name == name })
}

// global adds a global component. Two pages, or two places of one, may show it if they show the same.
func (d *drafter) global(kind string, name xml.Name, text, at string) {
	key := fmt.Sprintf("%s %q", kind, name)
	before, known := d.globals[key]
	switch {
	case !known:
		d.globals[key] = global{text, at}
		d.schema(name.Space).elements.WriteString(text)
	case before.text != text:
		d.problems = append(d.problems, fmt.Errorf("%s: the %s %s of the namespace %q differs from that of %s, and a schema can have it once", at, kind, name.Local, name.Space, before.at))
	}
}

func (p *page) at(n *node) string { return p.file + ":" + strconv.Itoa(n.line) }

// root writes the element of a Body or a header block.
func (d *drafter) root(n *node, p *page) {
	d.schema(n.name.Space)
	name := "      <xsd:element name=" + quote(n.name.Local)
	s := d.of[n]
	var b strings.Builder
	switch {
	case s != nil:
		b.WriteString(name + ">\n")
		d.complexType(&b, s, "        ")
		b.WriteString("      </xsd:element>\n")
	case n.text == "" && !n.cut && !n.anyType:
		b.WriteString(name + ">\n        <xsd:complexType/>\n      </xsd:element>\n")
	default:
		attribute, why := d.typeAttribute(n, nil)
		b.WriteString(why + name + attribute + "/>\n")
	}
	d.global("element", n.name, b.String(), p.at(n))
}

// elements is a comment with the elements of a structure, where they have several names: the pages do not say that it is one type, and a
// person may take it apart.
func (s *structure) elements(indent string) string {
	var names []string
	for _, n := range s.members {
		if len(names) < mostNames && !slices.Contains(names, n.name.Local) {
			names = append(names, n.name.Local)
		}
	}
	if len(names) < 2 {
		return ""
	}
	return comment(indent, "of "+strings.Join(names, ", "))
}

// mostNames bounds a comment.
const mostNames = 20

// complexType writes the type of a structure: a named one, or one inside of its element.
func (d *drafter) complexType(b *strings.Builder, s *structure, indent string) {
	n, name := s.shown(), ""
	if s.name != "" {
		name = " name=" + quote(s.name)
	}
	fmt.Fprintf(b, "%s<xsd:complexType%s>\n", indent, name)
	switch {
	case len(n.children) > 0 || n.wild:
		fmt.Fprintf(b, "%s  <xsd:sequence>\n", indent)
		for i := range n.children {
			d.particle(b, s, i, indent+"    ")
		}
		if n.wild {
			fmt.Fprintf(b, "%s    <xsd:any minOccurs=\"0\" processContents=\"lax\"/>\n", indent)
		}
		fmt.Fprintf(b, "%s  </xsd:sequence>\n", indent)
		d.attributes(b, s, indent+"  ")
	default:
		base, why := d.typeOf(n.text, n.name.Local), ""
		if base == "" {
			base, why = unanswered, comment(indent+"  ", "the type of the text beside the attributes; without any, take simpleContent and extension away")
		}
		fmt.Fprintf(b, "%s%s  <xsd:simpleContent>\n%s    <xsd:extension base=%s>\n", why, indent, indent, quote(base))
		d.attributes(b, s, indent+"      ")
		fmt.Fprintf(b, "%s    </xsd:extension>\n%s  </xsd:simpleContent>\n", indent, indent)
	}
	fmt.Fprintf(b, "%s</xsd:complexType>\n", indent)
}

// particle writes a member of a structure.
func (d *drafter) particle(b *strings.Builder, s *structure, i int, indent string) {
	n := s.shown().children[i]
	if n.name == (xml.Name{Space: xsdSpace, Local: "schema"}) {
		d.withSchema = true
		occurs := ""
		if !s.request {
			occurs = ` minOccurs="0"`
		}
		b.WriteString(indent + "<xsd:element ref=\"xsd:schema\"" + occurs + "/>\n")
		return
	}
	occurs := " minOccurs=" + quote(s.least(i))
	if n.repeated {
		occurs += ` maxOccurs="unbounded"`
	}
	attribute, why := d.typeAttribute(n, s.inner[i])
	if n.name.Space == "" || n.name.Space == s.home {
		form := ""
		if n.name.Space == "" && s.home != "" {
			form = ` form="unqualified"`
		}
		if why != "" {
			b.WriteString(indent + why)
		}
		b.WriteString(indent + "<xsd:element name=" + quote(n.name.Local) + attribute + occurs + form + "/>\n")
		return
	}
	text := "      <xsd:element name=" + quote(n.name.Local) + attribute + "/>\n"
	if why != "" {
		text = "      " + why + text
	}
	d.global("element", n.name, text, d.where(n))
	b.WriteString(indent + "<xsd:element ref=" + quote(d.qName(n.name.Space, n.name.Local)) + occurs + "/>\n")
}

// where finds the page of a node by its order.
func (d *drafter) where(n *node) string {
	var found *page
	last := 0
	for root, p := range d.pageOf {
		if root.order <= n.order && root.order > last {
			found, last = p, root.order
		}
	}
	return found.at(n)
}

// least is the minOccurs of a member. In a reply 0 is never wrong. ASP.NET declares an array with 0, whatever it is declared as in the
// code. What a request's only parameter holds is the request: without it, it would say nothing.
func (s *structure) least(i int) string {
	n := s.shown().children[i]
	switch {
	case !s.request || n.repeated:
		return "0"
	case s.wrapper && len(s.inner) == 1 && n.holdsObject() && !s.shown().wild:
		return "1"
	}
	return unanswered
}

// typeAttribute returns the type of a member, and where that is asked a comment that says why.
func (d *drafter) typeAttribute(n *node, inner *structure) (attribute, why string) {
	name := ""
	switch {
	case inner != nil:
		name = d.qName(inner.home, inner.name)
	case n.cut:
		why = d.aboutCut(n)
	case n.anyType:
		name = "xsd:anyType"
	case n.text == "":
		why = "the page shows it empty: a simple type without an enumeration, or an object without members"
	default:
		if name = d.typeOf(n.text, n.name.Local); name == "" {
			why = fmt.Sprintf("the page says %q", short(n.text))
		}
		if n.text == "bytes" {
			why += ": a simple type without a name, such as an enumeration, in which xsd:string lets every text pass; or xsd:base64Binary"
		}
	}
	if name == "" {
		return " type=" + quote(unanswered), comment("", why)
	}
	return " type=" + quote(name), ""
}

// aboutCut says what a cut-off element may be.
func (d *drafter) aboutCut(n *node) string {
	same, similar := d.candidates(n.name)
	names := func(list []*structure) string {
		all := make([]string, len(list))
		for i, s := range list {
			all[i] = d.qName(s.home, s.name)
		}
		return strings.Join(all, ", ")
	}
	switch {
	case len(same) > 0:
		return "cut off on the page; an element of this name is elsewhere " + names(same)
	case len(similar) > 0:
		return "cut off on the page; perhaps " + names(similar)
	}
	return "cut off on the page"
}

// attributes writes the attributes of a structure.
func (d *drafter) attributes(b *strings.Builder, s *structure, indent string) {
	use := "optional"
	if s.request {
		use = unanswered
	}
	for _, a := range s.shown().attrs {
		name := d.typeOf(a.Value, a.Name.Local)
		if name == "" {
			name = unanswered
			b.WriteString(comment(indent, fmt.Sprintf("the page says %q", short(a.Value))))
		}
		switch a.Name.Space {
		case "":
			b.WriteString(indent + "<xsd:attribute name=" + quote(a.Name.Local) + " type=" + quote(name))
		case s.home:
			b.WriteString(indent + "<xsd:attribute name=" + quote(a.Name.Local) + " type=" + quote(name) + ` form="qualified"`)
		default:
			if d.prefixes[a.Name.Space] != "xml" {
				d.global("attribute", a.Name, "      <xsd:attribute name="+quote(a.Name.Local)+" type="+quote(name)+"/>\n", d.where(s.shown()))
			}
			b.WriteString(indent + "<xsd:attribute ref=" + quote(d.qName(a.Name.Space, a.Name.Local)))
		}
		b.WriteString(" use=" + quote(use) + "/>\n")
	}
}

// writeSchemas ends the start tag of the root and writes the types.
func (d *drafter) writeSchemas(b *strings.Builder) {
	for _, name := range []string{"char", "guid"} {
		if d.microsoft[name] {
			fmt.Fprintf(&d.schema(microsoftSpace).simple, "      <xsd:simpleType name=%s>%s</xsd:simpleType>\n", quote(name), microsoftTypes[name])
		}
	}
	for _, space := range d.spaces {
		if space != "" {
			b.WriteString(" xmlns:" + d.prefixes[space] + "=" + quote(space))
		}
	}
	if d.home != "" {
		b.WriteString(" targetNamespace=" + quote(d.home))
	}
	b.WriteString(">\n  <wsdl:types>\n")
	for _, space := range d.spaces {
		target := ""
		if space != "" {
			target = " targetNamespace=" + quote(space)
		}
		b.WriteString("    <xsd:schema" + target + " elementFormDefault=\"qualified\">\n")
		for _, other := range d.spaces {
			switch other {
			case space:
			case "":
				b.WriteString("      <xsd:import/>\n")
			default:
				b.WriteString("      <xsd:import namespace=" + quote(other) + "/>\n")
			}
		}
		if d.withSchema {
			b.WriteString("      <xsd:import namespace=" + quote(xsdSpace) + "/>\n")
		}
		if s := d.schemas[space]; s != nil {
			b.WriteString(s.elements.String() + s.types.String() + s.simple.String())
		}
		b.WriteString("    </xsd:schema>\n")
	}
	b.WriteString("  </wsdl:types>\n")
}
