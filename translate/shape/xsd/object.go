package xsd

import (
	"slices"
	"strings"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/xml"
)

// objectBuilder makes one shape. Its methods are named after what they add.
type objectBuilder struct {
	*Builder

	shape *shape.Shape
	// siblings are the fields of the other branches of the choices around what is being added, and last is the last field of its own branch: an
	// element that is in several branches is one member, if their order allows that.
	siblings []int
	last     int
	numbers  map[string]int // see unique
}

// named returns an empty shape of a name that no other has.
func (b *Builder) named(name string) *shape.Shape {
	name = unique(typeName(name), b.numbers, func(name string) bool { return b.names[name] })
	b.names[name] = true
	return &shape.Shape{Name: name, Empty: true}
}

func (b *Builder) object(name string) *objectBuilder {
	return &objectBuilder{Builder: b, shape: b.named(name), last: -1}
}

// complexType returns the shape of a type, which is filled later: types may contain themselves. Name is for a type that has none.
func (b *Builder) complexType(t *wsdl.ComplexType, name string) *shape.Shape {
	if s, known := b.shapes[t]; known {
		return s
	}
	if t.Name.Local != "" {
		name = t.Name.Local
	}
	s := b.named(name)
	s.About, s.Abstract = about(t.Documentation), t.Abstract
	b.shapes[t] = s
	b.waiting = append(b.waiting, t)
	return s
}

// fill adds the members of a type to its shape, and the types that may be in its place.
func (b *Builder) fill(t *wsdl.ComplexType) *shape.Shape {
	o := &objectBuilder{Builder: b, shape: b.complexType(t, ""), last: -1}
	if b.filled[t] {
		return o.shape
	}
	b.filled[t] = true
	if b.work > mostWork {
		b.impossible[o.shape] = "has too many members"
		return o.shape
	}
	o.members(t)
	o.subtypes(t)
	return o.shape
}

// baseOf returns the complex type that a type derives from; nil for none and for anyType.
func baseOf(t *wsdl.ComplexType) *wsdl.ComplexType {
	if base, ok := t.Base.(*wsdl.ComplexType); ok && !isAnyType(base) {
		return base
	}
	return nil
}

// members adds the attributes and the content of a type, and of what it extends.
func (o *objectBuilder) members(t *wsdl.ComplexType) {
	base := baseOf(t)
	if base != nil {
		inherited := o.fill(base)
		o.shape.Fields, o.shape.Choices = slices.Clone(inherited.Fields), slices.Clone(inherited.Choices)
		o.weaker[o.shape] = append(o.weaker[o.shape], o.weaker[inherited]...)
	}
	if base != nil && !t.Extension {
		o.restrict(t)
		return
	}
	if t.Content != nil {
		o.content(t.Content)
	}
	o.attributes(&t.Attributes)
	if t.Value != nil && base == nil {
		o.text(t.Value)
	}
}

// wrapped adds what is inside of an element that a message always has.
func (o *objectBuilder) wrapped(e *wsdl.Element) {
	o.shape.About = about(e.Documentation)
	if t, ok := e.Type.(*wsdl.ComplexType); ok {
		o.complexType(t, e.Name.Local)
		s := o.fill(t)
		o.shape.Fields, o.shape.Choices = slices.Clone(s.Fields), slices.Clone(s.Choices)
		o.weaker[o.shape], o.impossible[o.shape] = slices.Clone(o.weaker[s]), o.impossible[s]
		return
	}
	o.text(simpleType(e.Type))
}

func simpleType(t wsdl.Type) *wsdl.SimpleType {
	s, _ := t.(*wsdl.SimpleType)
	return s
}

// text adds the character data of an element.
func (o *objectBuilder) text(t *wsdl.SimpleType) {
	f := o.leaf(t)
	f.Place, f.Required, f.Blank = shape.Content, true, true
	o.add(f, "value", "$value")
}

// add adds a field under the first of the names that is free.
func (o *objectBuilder) add(f shape.Field, names ...string) int {
	f.Name = o.free(names...)
	o.shape.Fields = append(o.shape.Fields, f)
	return len(o.shape.Fields) - 1
}

// free returns the first of the names that no member has, or the last one with a number.
func (o *objectBuilder) free(names ...string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(o.shape.Fields, func(f shape.Field) bool { return f.Name == name })
	}
	for _, name := range names {
		if !taken(name) {
			return name
		}
	}
	if o.numbers == nil {
		o.numbers = map[string]int{}
	}
	return unique(names[len(names)-1], o.numbers, taken)
}

// leaf is a field for the text of a simple type.
func (o *objectBuilder) leaf(t *wsdl.SimpleType) shape.Field {
	l := o.leaves.Of(t)
	f := shape.Field{Kind: l.Kind, Facets: l.Facets, Example: l.Example, About: about(t.Documentation)}
	f.Data = o.options.Reply && f.Kind == shape.String && f.Facets.Enum == nil && isText[f.Facets.Form]
	for _, what := range l.Weaker {
		o.weaker[o.shape] = append(o.weaker[o.shape], ": "+what)
	}
	return f
}

// constant is a fixed or default value in the form that a leaf has; nil where there is none, or one that the type does not allow.
func (b *Builder) constant(t *wsdl.SimpleType, text *string) *string {
	if text == nil || t == nil {
		return nil
	}
	value, ok := b.leaves.Of(t).Value(*text)
	if !ok {
		return nil
	}
	return &value
}

// isText are the forms of texts whose white space counts, or that may be long.
var isText = map[shape.Form]bool{shape.AnyText: true, shape.OneLine: true, shape.Collapsed: true, shape.List: true, shape.Base64: true, shape.Hex: true}

// attributes adds those of a type or a group. One that is there already is restated.
func (o *objectBuilder) attributes(a *wsdl.Attributes) {
	for _, group := range a.Groups {
		o.attributes(&group.Attributes)
	}
	for _, use := range a.Uses {
		o.work++
		name := use.Attribute.Name
		at := slices.IndexFunc(o.shape.Fields, func(f shape.Field) bool { return f.Place == shape.Attribute && f.Wire == name })
		if use.Prohibited {
			if at >= 0 {
				o.shape.Fields[at].Hidden, o.shape.Fields[at].Required = true, false
			}
			continue
		}
		f := o.attribute(use)
		if at < 0 {
			o.add(f, MemberName(name.Local), "@"+name.Local)
			continue
		}
		f.Name = o.shape.Fields[at].Name
		o.shape.Fields[at] = f
	}
}

func (o *objectBuilder) attribute(use *wsdl.AttributeUse) shape.Field {
	f := o.leaf(use.Attribute.Type)
	f.Wire, f.Place, f.Required, f.Blank = use.Attribute.Name, shape.Attribute, use.Required, true
	fixed, byDefault := use.Fixed, use.Default
	if fixed == nil && byDefault == nil {
		fixed, byDefault = use.Attribute.Fixed, use.Attribute.Default
	}
	f.Fixed, f.Default = o.constant(use.Attribute.Type, fixed), o.constant(use.Attribute.Type, byDefault)
	if text := about(use.Attribute.Documentation); text != "" {
		f.About = text
	}
	return f
}

// isAnyType reports the type that everything derives from.
func isAnyType(t *wsdl.ComplexType) bool {
	return t.Name == xml.Name{Space: wsdl.XSD, Local: "anyType"}
}

// isOpaque reports whether a schema says too little of a type's content for members: text between elements has no place in JSON.
func isOpaque(t *wsdl.ComplexType) bool {
	for ; t != nil; t, _ = t.Base.(*wsdl.ComplexType) {
		if t.Mixed {
			return true
		}
		if t.Value != nil {
			return false
		}
	}
	return false
}

// longestAbout bounds the words about a type or a member, in code points.
const longestAbout = 600

// about makes one line of a schema's documentation. It may hold markup, which those who show it must take care of.
func about(documentation string) string {
	runes := []rune(strings.Join(strings.Fields(documentation), " "))
	if len(runes) > longestAbout {
		runes = append(runes[:longestAbout], '…')
	}
	return string(runes)
}
