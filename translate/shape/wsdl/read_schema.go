package wsdl

import (
	"math"
	"strconv"
	"strings"

	"soapbridge/translate/xml"
)

// readSchema is XML Schema part 1 section 3.15.2.
func (d *document) readSchema() {
	around := d.schema
	defer func() { d.schema = around }()
	if own := strings.TrimSpace(d.attr("targetNamespace")); own != "" || !d.chameleon {
		d.target, d.chameleon = own, false
	}
	d.elementsQualified = d.attr("elementFormDefault") == "qualified"
	d.attributesQualified = d.attr("attributeFormDefault") == "qualified"
	d.xsdChildren(func(local string) {
		switch local {
		case "import":
			d.locate(d.attr("schemaLocation"), d.attr("namespace"), "")
		case "include":
			d.locate(d.attr("schemaLocation"), d.target, d.target)
		case "redefine":
			d.readRedefine()
		case "element":
			define(d, &d.elements, d.readGlobalElement)
		case "attribute":
			define(d, &d.attributes, d.readAttribute)
		case "simpleType":
			define(d, &d.types, func(name xml.Name) Type { return d.readSimpleType(name) })
		case "complexType":
			define(d, &d.types, func(name xml.Name) Type { return d.readComplexType(name) })
		case "group":
			define(d, &d.groups, d.readNamedGroup)
		case "attributeGroup":
			define(d, &d.attributeGroups, d.readAttributeGroup)
		}
	})
}

// readRedefine reads a redefined schema as if it were included, and reports what is redefined: that is not supported.
func (d *document) readRedefine() {
	d.locate(d.attr("schemaLocation"), d.target, d.target)
	d.xsdChildren(func(local string) {
		if local == "simpleType" || local == "complexType" {
			local = "type"
		}
		at := d.here()
		at.owner = owner{local, d.name(d.target)}
		if local != "annotation" {
			d.reportf(at, "%s is redefined, which is not supported", at.owner)
		}
	})
}

func (d *document) readGlobalElement(name xml.Name) *Element {
	e := d.readElement(name)
	e.Global = true
	return e
}

// readElement is XML Schema part 1 section 3.3.2.
func (d *document) readElement(name xml.Name) *Element {
	e := &Element{
		Name: name, Nillable: d.is("nillable"), Abstract: d.is("abstract"), Default: d.optional("default"), Fixed: d.optional("fixed"),
	}
	d.note(e)
	ref := d.optional("type")
	later(d.reader, &d.types, d.ref("type"), func(t Type) { e.Type = t })
	later(d.reader, &d.elements, d.ref("substitutionGroup"), func(head *Element) { e.Head = head })
	d.xsdChildren(func(local string) {
		switch local {
		case "annotation":
			e.Documentation = d.readAnnotation()
		case "simpleType":
			e.Type = d.readSimpleType(xml.Name{})
		case "complexType":
			e.Type = d.readComplexType(xml.Name{})
		}
	})
	if e.Type == nil && ref == nil {
		d.finishers = append(d.finishers, func() { e.Type = d.untyped(e) })
	}
	return e
}

// untyped returns the type of an element that states none: that of the head of its substitution group, or anyType.
func (r *reader) untyped(e *Element) Type {
	for head := e.Head; head != nil; head = head.Head {
		if head.Type != nil {
			return head.Type
		}
	}
	return r.builtInType("anyType")
}

// localName returns the name on the wire of an element or attribute inside a type: form says whether it has a namespace.
func (d *document) localName(qualified bool) xml.Name {
	if form := d.attr("form"); form != "" {
		qualified = form == "qualified"
	}
	if !qualified {
		return d.name("")
	}
	return d.name(d.target)
}

// readParticle is XML Schema part 1 section 3.9.2; nil for what is not a particle.
func (d *document) readParticle(local string) *Particle {
	p := d.readOccurrence()
	switch local {
	case "element":
		d.readElementParticle(p)
	case "group":
		later(d.reader, &d.groups, d.required("ref"), func(g *Group) { p.Group = g })
	case "sequence", "choice", "all":
		p.Group = d.readGroup(local)
	case "any":
		p.Any = d.readWildcard()
	default:
		return nil
	}
	return p
}

func (d *document) readElementParticle(p *Particle) {
	if d.optional("ref") == nil {
		p.Element = d.readElement(d.localName(d.elementsQualified))
		return
	}
	later(d.reader, &d.elements, d.ref("ref"), func(e *Element) { p.Element = e })
}

// readOccurrence reads minOccurs and maxOccurs. They are numbers and never a count of anything in memory.
func (d *document) readOccurrence() *Particle {
	return &Particle{Min: max(0, d.occurs("minOccurs")), Max: d.occurs("maxOccurs")}
}

// occurs reads a number of occurrences. What does not fit into 32 bits is as good as unbounded.
func (d *document) occurs(name string) int {
	value := strings.TrimSpace(d.attr(name))
	switch value {
	case "":
		return 1
	case "unbounded":
		return Unbounded
	}
	number, err := strconv.ParseUint(value, 10, 31)
	switch {
	case err == nil:
		return int(number)
	case number > 0 && name == "maxOccurs": // out of range
		return Unbounded
	case number > 0:
		return math.MaxInt32
	}
	d.reportf(d.here(), "%s has a value that is not a number", name)
	return 1
}

// readNamedGroup is XML Schema part 1 section 3.7.2.
func (d *document) readNamedGroup(name xml.Name) *Group {
	named := &Group{Compositor: Sequence}
	d.xsdChildren(func(local string) {
		switch local {
		case "sequence", "choice", "all":
			named = d.readGroup(local)
		}
	})
	named.Name = name
	return named
}

// readGroup is XML Schema part 1 section 3.8.2.
func (d *document) readGroup(compositor string) *Group {
	g := &Group{Compositor: map[string]Compositor{"sequence": Sequence, "choice": Choice, "all": All}[compositor]}
	d.note(g)
	d.xsdChildren(func(local string) {
		if p := d.readParticle(local); p != nil {
			g.Particles = append(g.Particles, p)
		}
	})
	return g
}

// readWildcard is XML Schema part 1 section 3.10.2.
func (d *document) readWildcard() *Wildcard {
	w := &Wildcard{Namespace: "##any", ProcessContents: "strict", TargetNamespace: d.target}
	if namespace := d.optional("namespace"); namespace != nil {
		w.Namespace = *namespace
	}
	if process := d.attr("processContents"); process != "" {
		w.ProcessContents = process
	}
	return w
}

// readAttributeGroup is XML Schema part 1 section 3.6.2.
func (d *document) readAttributeGroup(name xml.Name) *AttributeGroup {
	g := &AttributeGroup{Name: name}
	d.note(g)
	d.xsdChildren(func(local string) { d.readAttributes(&g.Attributes, local) })
	return g
}

// readAttributes reads what a type or a group may hold of attributes.
func (d *document) readAttributes(a *Attributes, local string) {
	switch local {
	case "attribute":
		a.Uses = append(a.Uses, d.readAttributeUse())
	case "attributeGroup":
		later(d.reader, &d.attributeGroups, d.required("ref"), func(g *AttributeGroup) { a.Groups = append(a.Groups, g) })
	case "anyAttribute":
		a.AnyAttribute = d.readWildcard()
	}
}

// readAttributeUse is XML Schema part 1 section 3.5.2.
func (d *document) readAttributeUse() *AttributeUse {
	use := &AttributeUse{Required: d.attr("use") == "required", Prohibited: d.attr("use") == "prohibited"}
	d.readArrayType(use)
	if d.optional("ref") == nil {
		use.Attribute = d.readAttribute(d.localName(d.attributesQualified))
		return use
	}
	use.Default, use.Fixed = d.optional("default"), d.optional("fixed")
	later(d.reader, &d.attributes, d.ref("ref"), func(a *Attribute) { use.Attribute = a })
	return use
}

// readArrayType is WSDL 1.1 section 2.2: the type of an array's items with the array's dimensions behind.
func (d *document) readArrayType(use *AttributeUse) {
	for _, a := range d.scan.Attrs() {
		if a.Name != (xml.Name{Space: wsdlSpace, Local: "arrayType"}) {
			continue
		}
		item, dimensions, _ := strings.Cut(a.Value, "[")
		use.Dimensions = strings.TrimSpace("[" + dimensions)
		later(d.reader, &d.types, d.qName(item), func(t Type) { use.ArrayOf = t })
	}
}

// readAttribute is XML Schema part 1 section 3.2.2.
func (d *document) readAttribute(name xml.Name) *Attribute {
	a := &Attribute{Name: name, Default: d.optional("default"), Fixed: d.optional("fixed")}
	ref := d.optional("type")
	d.laterSimple(d.ref("type"), func(t *SimpleType) { a.Type = t })
	d.xsdChildren(func(local string) {
		switch local {
		case "annotation":
			a.Documentation = d.readAnnotation()
		case "simpleType":
			a.Type = d.readSimpleType(xml.Name{})
		}
	})
	if a.Type == nil && ref == nil {
		d.finishers = append(d.finishers, func() { a.Type, _ = d.builtInType("anySimpleType").(*SimpleType) })
	}
	return a
}
