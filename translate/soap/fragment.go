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
		case schemaInstance:
			if name, ok := s.ResolveQName(a.Value); a.Name.Local == "type" && ok && name.Space != "" { // the prefix in its value needs a declaration
				local := "t" + strconv.Itoa(i)
				w.Markup(declaration(prefix, a.Name.Space) + declaration(local, name.Space) + " " + prefix + `:type="` + local + ":" + name.Local + `"`)
				continue
			}
			fallthrough
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

// xml reads the element that has just begun, with its tags.
func (m *members) xml(v record.Value) error {
	w := NewWriter(256)
	if err := w.element(m.s, ""); err != nil {
		return err
	}
	v.Set(string(w.buf))
	return w.err
}
