package soap

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// members reads elements into records.
type members struct {
	s           *xml.Scanner
	byLocalName bool
	// ignored counts the elements that no field names, and that are skipped; unknown has their paths.
	ignored int
	unknown map[string]int
}

// read reads the attributes and the content of the current start element into an object, up to and including its end. Every field is optional.
func (m *members) read(o record.Object) error {
	if err := m.attributes(o); err != nil {
		return err
	}
	if content := contentOf(o.Shape()); content >= 0 {
		text, err := leafText(m.s)
		if err != nil {
			return err
		}
		return set(o.Value(content), text)
	}
	for {
		kind, err := m.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			return nil
		case kind == xml.StartElement:
			if err := m.element(o); err != nil {
				return err
			}
		}
	}
}

// contentOf returns the field that is an element's own text; negative where there is none.
func contentOf(s *shape.Shape) int {
	for i := range s.Fields {
		if s.Fields[i].Place == shape.Content {
			return i
		}
	}
	return -1
}

func (m *members) attributes(o record.Object) error {
	for _, a := range m.s.Attrs() {
		if i, ok := o.Shape().ByWire(a.Name, shape.Attribute); ok {
			if err := set(o.Value(i), a.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *members) element(o record.Object) error {
	v, ok := m.place(o, m.s.Name())
	if !ok {
		return m.skipUnknown()
	}
	f := v.Field()
	if f.Place == shape.Inline { // an element of a wildcard
		return m.value(v)
	}
	if v.Meet() && (!f.Repeated || f.Around != nil) {
		// Two answers to one question contradict each other.
		return fmt.Errorf("soap: the reply has the element %s twice", m.s.Name().Local)
	}
	if f.Around != nil {
		return m.items(v)
	}
	if isNil(m.s.Attrs()) && !f.Nillable && f.Kind != shape.XML { // it counts as absent
		return m.s.Skip()
	}
	if f.Repeated {
		v = v.Add()
	}
	return m.value(v)
}

// items reads what is in an element around items.
func (m *members) items(v record.Value) error {
	for {
		kind, err := m.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			return nil
		case kind == xml.StartElement && m.s.Name() == v.Field().Wire && (v.Field().Nillable || !isNil(m.s.Attrs())):
			err = m.value(v.Add())
		case kind == xml.StartElement:
			err = m.skipUnknown()
		}
		if err != nil {
			return err
		}
	}
}

// place returns where in an object an element belongs.
func (m *members) place(o record.Object, name xml.Name) (record.Value, bool) {
	i := m.field(o, name)
	if i < 0 {
		return record.Value{}, false
	}
	v := o.Value(i)
	if v.Field().Place != shape.Inline {
		return v, true
	}
	v.Meet()
	if v.Field().Kind == shape.XML {
		if v.Field().Repeated {
			v = v.Add()
		}
		return v, true
	}
	item, there := v.Last()
	if !there || !fits(item.Object(), m.field(item.Object(), name)) {
		item = v.Add()
		item.Open(v.Field().Object)
	}
	return m.place(item.Object(), name)
}

// field returns the field of an element, or of the group that has it inside, or else of a wildcard that allows it; negative where there is none.
func (m *members) field(o record.Object, name xml.Name) int {
	s := o.Shape()
	i, ok := s.ByWire(name, shape.Element)
	if m.byLocalName {
		i, ok = s.ByLocal(name.Local)
	}
	if !ok {
		if i = slices.IndexFunc(s.Fields, func(f shape.Field) bool { return f.Place == shape.Inline && f.Object != nil && f.Object.Holds(name) }); i < 0 {
			i = wildcard(o, name)
		}
		return i
	}
	for next := i; s.Twice && next >= 0; next = s.Again(next) {
		if i = next; follows(o, i) {
			break
		}
	}
	return i
}

// follows reports whether a field may come behind those that have been met.
func follows(o record.Object, field int) bool {
	fields := o.Shape().Fields
	if field < 0 || o.Value(field).Met() && !fields[field].Repeated {
		return false
	}
	for i := field + 1; i < len(fields); i++ {
		if o.Value(i).Met() {
			return false
		}
	}
	return true
}

// fits reports whether a field may follow in an item of a group: in its order, and in one branch of each choice with those that have been met.
func fits(o record.Object, field int) bool {
	return follows(o, field) && !slices.ContainsFunc(o.Shape().Choices, func(c shape.Choice) bool {
		return slices.Contains(c.Fields(), field) && !slices.ContainsFunc(c.Branches, func(b shape.Branch) bool {
			return slices.Contains(b.Fields, field) && !slices.ContainsFunc(c.Fields(), func(i int) bool { return o.Value(i).Met() && !slices.Contains(b.Fields, i) })
		})
	})
}

// wildcard returns the field of a wildcard that allows an element, or of the group that has one inside; negative where there is none.
func wildcard(o record.Object, name xml.Name) int {
	for i := range o.Shape().Fields {
		if f := &o.Shape().Fields[i]; allows(f, name.Space) && (f.Repeated || !o.Value(i).Present()) {
			return i
		}
	}
	return -1
}

func allows(f *shape.Field, space string) bool {
	if f.Place != shape.Inline || f.Kind == shape.XML {
		return f.Place == shape.Inline && f.Wildcard.Allows(space)
	}
	return slices.ContainsFunc(f.Object.Fields, func(f shape.Field) bool { return allows(&f, space) })
}

// value reads one element.
func (m *members) value(v record.Value) error {
	f := v.Field()
	if f.Kind == shape.XML {
		return m.xml(v)
	}
	if isNil(m.s.Attrs()) {
		v.SetNil()
		return m.s.Skip()
	}
	if f.Kind == shape.Object {
		return m.read(v.Open(m.subtype(f.Object)))
	}
	text, err := leafText(m.s)
	if err != nil {
		return err
	}
	return set(v, text)
}

// subtype reads xsi:type (XML Schema 1.0 part 1, section 2.6.1). A type that is not known is read as the declared one.
func (m *members) subtype(s *shape.Shape) *shape.Shape {
	for _, a := range m.s.Attrs() {
		if len(s.Subtypes) == 0 || a.Name.Space != schemaInstance || a.Name.Local != "type" {
			continue
		}
		name, _ := m.s.ResolveQName(strings.TrimSpace(a.Value))
		for _, subtype := range s.Subtypes {
			if subtype.Type == name {
				return subtype
			}
		}
	}
	return s
}

// set makes a text that of a leaf, in the canonical form of its kind. A text that its kind does not have makes the reply unreadable.
func set(v record.Value, text string) error {
	f := v.Field()
	if f.Kind == shape.String {
		v.Set(text)
		return nil
	}
	text = strings.Trim(text, " \t\r\n")
	ok := true
	switch f.Kind {
	case shape.Boolean: // XML Schema 1.0 part 2, section 3.2.2
		ok = text == "true" || text == "false" || text == "1" || text == "0"
		text = map[string]string{"1": "true", "0": "false"}[text] + strings.Trim(text, "10")
	case shape.Integer:
		var n int64
		var err error
		n, err = strconv.ParseInt(text, 10, 64)
		text, ok = strconv.FormatInt(n, 10), err == nil
	case shape.Float:
		if text != "INF" && text != "-INF" && text != "NaN" {
			n, err := strconv.ParseFloat(text, 64)
			ok = err == nil && strings.Trim(text, "0123456789+-.eE") == "" // Go has more forms: inf, 0x1p-2
			text = strconv.FormatFloat(n, 'g', -1, 64)
		}
	default:
	}
	if !ok {
		return fmt.Errorf("soap: the reply's element %s does not have the form of its type", f.Wire.Local)
	}
	v.Set(text)
	return nil
}

// isNil reads xsi:nil (XML Schema 1.0 part 1, section 2.6.2).
func isNil(attrs []xml.Attr) bool {
	for _, a := range attrs {
		if a.Name.Space == schemaInstance && a.Name.Local == "nil" {
			value := strings.TrimSpace(a.Value)
			return value == "true" || value == "1"
		}
	}
	return false
}

// leafText reads the text of an element that should have no elements inside, up to and including its end.
func leafText(s *xml.Scanner) (text string, err error) {
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return "", err
		case kind == xml.EndElement:
			return text, nil
		case kind == xml.StartElement:
			return "", fmt.Errorf("soap: at byte %d the reply has an element where text belongs", s.Offset())
		case kind == xml.Text:
			text = s.Text() // the one token that there is between two tags
		}
	}
}
