package soap

import (
	"fmt"
	"strconv"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// xml appends the one element that a text holds. It is copied token by token: nothing but an element comes into an envelope, and its names keep their
// namespaces. Within is the namespace of names without a prefix around it.
func (w *Writer) xml(text, within string) {
	s := xml.NewScanner([]byte(text), xml.Limits{})
	for {
		kind, err := s.Next()
		if err == nil && kind == xml.StartElement {
			err = w.element(s, within)
		}
		if err != nil && w.err == nil {
			w.err = fmt.Errorf("soap: a text is not one element of XML: %w", err)
		}
		if err != nil || kind == xml.EndDocument {
			return
		}
	}
}

// element copies the element that has just begun, up to and including its end, with the declarations that it needs. Prefixes in texts, of which only
// their reader knows that they are some, lose their declarations.
func (w *Writer) element(s *xml.Scanner, within string) error {
	name := s.Name()
	w.Markup("<" + name.Local)
	if name.Space != within {
		w.Markup(declaration("", name.Space))
	}
	for i, a := range s.Attrs() {
		switch prefix := "a" + strconv.Itoa(i); a.Name.Space {
		case "":
			w.Markup(" ")
		case xmlNamespace:
			w.Markup(" xml:")
		default:
			w.Markup(declaration(prefix, a.Name.Space) + " " + prefix + ":")
		}
		w.Markup(a.Name.Local + `="`)
		w.attribute(&shape.Field{}, a.Value)
		w.Markup(`"`)
	}
	w.Markup(">")
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			w.Markup("</" + name.Local + ">")
			return nil
		case kind == xml.Text:
			w.Text(s.Text())
		case kind == xml.StartElement:
			if err := w.element(s, name.Space); err != nil {
				return err
			}
		}
	}
}

// xml reads the one element inside of a member that has just begun. A member without one is empty.
func (m *members) xml(v record.Value) error {
	w := NewWriter(256)
	for {
		kind, err := m.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xml.EndElement:
			v.Set(string(w.buf))
			return w.err
		case kind == xml.StartElement && len(w.buf) == 0:
			err = w.element(m.s, "")
		case kind == xml.StartElement, kind == xml.Text && !isBlank([]byte(m.s.Text())):
			err = fmt.Errorf("soap: the reply's element %s does not hold one element alone", v.Field().Wire.Local)
		}
		if err != nil {
			return err
		}
	}
}
