package soap

import (
	"fmt"
	"reflect"

	"soapbridge/translate/xml"
)

// members reads the elements inside the current start element into the fields of a shape, up to and including its end.
// Every field is optional. An element that no field names is skipped and counted.
type members struct {
	space       string // namespace that the members stand in
	byLocalName bool
	ignored     int
}

func (m *members) read(s *xml.Scanner, shape *Shape, object reflect.Value) error {
	seen := make([]bool, len(shape.Fields))
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			return nil
		case kind != xml.StartElement:
			continue
		}
		i, ok := m.field(shape, s.Name())
		if !ok {
			m.ignored++
			if err := s.Skip(); err != nil {
				return err
			}
			continue
		}
		field := &shape.Fields[i]
		if seen[i] && !field.Repeated {
			// Two answers to one question are no answer.
			return fmt.Errorf("soap: the reply has the element %s twice", field.Element)
		}
		seen[i] = true
		if err := m.value(s, field, object.Field(field.index)); err != nil {
			return err
		}
	}
}

func (m *members) field(shape *Shape, name xml.Name) (int, bool) {
	i, ok := shape.byElement[name.Local]
	return i, ok && (name.Space == m.space || m.byLocalName || shape.Fields[i].anySpace)
}

// value reads one element into a field. An element that is marked nil counts as absent.
func (m *members) value(s *xml.Scanner, field *Field, place reflect.Value) error {
	if isNil(s.Attrs()) {
		return s.Skip()
	}
	target := place
	switch {
	case field.Repeated:
		place.Grow(1)
		place.SetLen(place.Len() + 1)
		target = place.Index(place.Len() - 1)
	case field.Optional:
		place.Set(reflect.New(place.Type().Elem()))
		target = place.Elem()
	}
	if field.Kind == Object {
		return m.read(s, field.Object, target)
	}
	text, err := leafText(s)
	if err != nil {
		return err
	}
	if field.Kind != String {
		return fmt.Errorf("soap: the reply's element %s is declared as something else than text", field.Element)
	}
	target.SetString(text)
	return nil
}

const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"

// isNil reads xsi:nil (XML Schema part 1, section 2.6.2).
func isNil(attrs []xml.Attr) bool {
	for _, a := range attrs {
		if a.Name.Space == schemaInstance && a.Name.Local == "nil" {
			return a.Value == "true" || a.Value == "1"
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
