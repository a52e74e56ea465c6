package wsdl

import (
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// readSimpleType is XML Schema part 1 section 3.14.2.
func (d *document) readSimpleType(name xml.Name) *SimpleType {
	t := &SimpleType{Name: name}
	d.note(t)
	d.xsdChildren(func(local string) {
		switch local {
		case "annotation":
			t.Documentation = d.readAnnotation()
		case "restriction":
			d.laterSimple(d.ref("base"), func(base *SimpleType) { t.Base = base })
			d.xsdChildren(func(local string) { d.readRestriction(t, local) })
		case "list":
			d.readList(t)
		case "union":
			d.readUnion(t)
		}
	})
	return t
}

// readRestriction reads what a restriction of a simple type holds: the type that is restricted, where base does not name it, and facets.
func (d *document) readRestriction(t *SimpleType, local string) {
	switch {
	case local == "simpleType":
		t.Base = d.readSimpleType(xml.Name{})
	case slices.Contains(facets, local):
		t.Facets = append(t.Facets, d.readFacet(local))
	}
}

// facets are XML Schema part 2 section 4.3.
var facets = []string{
	"length", "minLength", "maxLength", "pattern", "enumeration", "whiteSpace",
	"maxInclusive", "maxExclusive", "minExclusive", "minInclusive", "totalDigits", "fractionDigits",
}

func (d *document) readFacet(local string) Facet {
	f := Facet{Name: local, Value: d.attr("value")}
	d.xsdChildren(func(local string) {
		if local == "annotation" {
			f.Documentation = d.readAnnotation()
		}
	})
	return f
}

func (d *document) readList(t *SimpleType) {
	d.laterSimple(d.ref("itemType"), func(item *SimpleType) { t.Item = item })
	d.xsdChildren(func(local string) {
		if local == "simpleType" {
			t.Item = d.readSimpleType(xml.Name{})
		}
	})
}

// readUnion keeps the order of the members, which says which one a value belongs to.
func (d *document) readUnion(t *SimpleType) {
	add := func(member *SimpleType) { t.Members = append(t.Members, member) }
	for name := range strings.FieldsSeq(d.attr("memberTypes")) {
		if d.count(); d.err != nil {
			return
		}
		d.laterSimple(d.qName(name), add)
	}
	d.xsdChildren(func(local string) {
		if local == "simpleType" {
			member := d.readSimpleType(xml.Name{})
			d.references = append(d.references, func() { add(member) })
		}
	})
}

// readComplexType is XML Schema part 1 section 3.4.2.
func (d *document) readComplexType(name xml.Name) *ComplexType {
	t := &ComplexType{Name: name, Abstract: d.is("abstract"), Mixed: d.is("mixed")}
	d.note(t)
	d.xsdChildren(func(local string) {
		switch local {
		case "annotation":
			t.Documentation = d.readAnnotation()
		case "simpleContent":
			d.readSimpleContent(t)
		case "complexContent":
			d.readComplexContent(t)
		default:
			d.readContent(t, local)
		}
	})
	return t
}

// readContent reads the particle or the attributes of a complex type.
func (d *document) readContent(t *ComplexType, local string) {
	p := d.readParticle(local)
	switch {
	case p == nil:
		d.readAttributes(&t.Attributes, local)
	case t.Content != nil:
		d.reportf(d.here(), "a type has two contents")
	default:
		t.Content = p
	}
}

func (d *document) readComplexContent(t *ComplexType) {
	if d.optional("mixed") != nil {
		t.Mixed = d.is("mixed")
	}
	d.readDerivation(t, func(local string) { d.readContent(t, local) })
}

// readDerivation reads the extension or restriction in a complexContent or simpleContent. Some documents forget it around the content.
func (d *document) readDerivation(t *ComplexType, read func(local string)) {
	d.xsdChildren(func(local string) {
		if local != "extension" && local != "restriction" {
			read(local)
			return
		}
		t.Extension = local == "extension"
		later(d.reader, &d.types, d.ref("base"), func(base Type) { t.Base = base })
		d.xsdChildren(read)
	})
}

// readSimpleContent is XML Schema part 1 section 3.4.2, the second half. A restriction may have facets and a type of its own for the text.
func (d *document) readSimpleContent(t *ComplexType) {
	own := &SimpleType{}
	d.readDerivation(t, func(local string) {
		d.readRestriction(own, local)
		d.readAttributes(&t.Attributes, local)
	})
	if !t.Extension {
		t.Value = own
		d.note(own)
	}
	d.simpleContents[t] = true
	d.finishers = append(d.finishers, func() { d.finishSimpleContent(t) })
}

// finishSimpleContent derives the type of the text from the base.
func (r *reader) finishSimpleContent(t *ComplexType) {
	if !r.simpleContents[t] || t.Base == nil {
		return
	}
	delete(r.simpleContents, t)
	value, _ := t.Base.(*SimpleType)
	if base, ok := t.Base.(*ComplexType); ok {
		r.finishSimpleContent(base)
		value = base.Value
	}
	switch {
	case value == nil && (t.Value == nil || t.Value.Base == nil):
		r.reportf(r.places[t], "a type with simple content derives from one without")
	case t.Value == nil:
		t.Value = value
	case t.Value.Base == nil:
		t.Value.Base = value
	}
}
