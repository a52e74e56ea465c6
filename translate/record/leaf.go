package record

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// The reading of leaves, which are the values that go to the wire as texts.

func (r *reader) boolean(slot int32) error {
	for _, word := range [...]string{"true", "false"} {
		if r.peek() == word[0] {
			r.keep(slot, []byte(word))
			return r.literal(word)
		}
	}
	return r.wrongType(slot, expectedBoolean)
}

func (r *reader) float(slot int32) error {
	begin := r.pos
	switch {
	case isNumber(r.peek()):
		_, err := r.number()
		r.keep(slot, r.json[begin:r.pos])
		return err
	case isInfinite(r.json[r.pos:]):
		err := r.skip()
		r.keep(slot, r.json[begin+1:r.pos-1])
		return err
	}
	return r.wrongType(slot, expectedFloat)
}

func (r *reader) element(slot int32, f *shape.Field) error {
	if r.peek() != '"' {
		return r.wrongType(slot, expectedString)
	}
	err := r.string(slot)
	s := &r.record.slots[slot]
	if s.state != present {
		return err
	}
	if name, ok := elementIn(r.texts[s.begin:s.stop]); !ok {
		s.state = unreadable
		r.violate(int(s.at), BadFormat, "This must be one well-formed element of XML.", map[string]any{"expected": string(shape.FormatXMLElement)})
	} else if f.Place == shape.Inline && !f.Wildcard.Allows(name.Space) {
		s.state = unreadable
		r.violate(int(s.at), BadFormat, "An element of this namespace may not be here.", map[string]any{"expected": string(shape.FormatXMLElement), "namespaces": f.Wildcard.Spaces, "except": f.Wildcard.Except})
	} else if f.Place != shape.Inline && name != f.Wire {
		s.state = unreadable
		detail := fmt.Sprintf("This must be the element %s, with its tags, in the namespace %q.", f.Wire.Local, f.Wire.Space)
		r.violate(int(s.at), BadFormat, detail, map[string]any{"expected": string(shape.FormatXMLElement), "element": f.Wire.Local, "namespace": f.Wire.Space})
	}
	return err
}

// keep makes a text that of a leaf.
func (r *reader) keep(slot int32, text []byte) {
	begin := len(r.texts)
	r.texts = append(r.texts, text...)
	r.set(slot, begin)
}

// set makes what was last appended to the texts that of a leaf.
func (r *reader) set(slot int32, begin int) {
	s := &r.record.slots[slot]
	s.begin, s.stop, s.state = int32(begin), int32(len(r.texts)), present //nolint:gosec // see open
}

// isInfinite reports whether one of the words comes next that XML Schema has for what no number in JSON is.
func isInfinite(json []byte) bool {
	return bytes.HasPrefix(json, []byte(`"INF"`)) || bytes.HasPrefix(json, []byte(`"-INF"`)) || bytes.HasPrefix(json, []byte(`"NaN"`))
}

// elementIn returns the name of the one element that a text is, and whether it is one.
func elementIn(text []byte) (name xml.Name, ok bool) {
	for s := xml.NewScanner(text, xml.Limits{}); ; {
		switch kind, err := s.Next(); {
		case err != nil || kind == xml.EndDocument:
			return name, err == nil
		case kind == xml.StartElement && name.Local == "":
			name = s.Name()
		}
	}
}

// The types of values.
var (
	expectedObject  = expected(shape.FormatObject, "an object")
	expectedArray   = expected(shape.FormatArray, "an array")
	expectedString  = expected(shape.FormatString, "a string")
	expectedInteger = expected(shape.FormatInteger, "an integer")
	expectedBoolean = expected(shape.FormatBoolean, "true or false")
	expectedFloat   = expected(shape.FormatNumber, `a number, or "INF", "-INF" or "NaN"`)
)

// expected is the violation of what is not of a type. All of a type share their parameters, which nothing changes.
func expected(format shape.Format, what string) Violation {
	return Violation{Code: WrongType, Detail: "This must be " + what + "."}.Expecting(format)
}

func (r *reader) wrongType(slot int32, expected Violation) error {
	begin := r.pos
	container := r.peek() == '{' || r.peek() == '['
	err := r.skip()
	s := &r.record.slots[slot]
	s.state = unreadable
	if container {
		s.end = int32(r.pos) //nolint:gosec // see open
	}
	if s.at == 0 {
		s.at = int32(begin) //nolint:gosec // see open
	}
	r.violate(int(s.at), expected.Code, expected.Detail, expected.Params)
	return err
}

func (r *reader) integer(slot int32, f *shape.Field) error {
	begin := r.pos
	whole, err := r.number()
	if err != nil {
		return err
	}
	text := r.json[begin:r.pos]
	if !whole {
		r.record.slots[slot].state = unreadable
		r.violate(int(r.record.slots[slot].at), BadNumber, "This must be an integer, without a fraction or an exponent.", map[string]any{"expected": string(shape.FormatInteger)})
		return nil
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err != nil {
		low, high := int64(math.MinInt64), int64(math.MaxInt64)
		if f.Facets.Min != nil {
			low = *f.Facets.Min
		}
		if f.Facets.Max != nil {
			high = *f.Facets.Max
		}
		r.record.slots[slot].state = unreadable
		r.violate(int(r.record.slots[slot].at), OutOfRange, fmt.Sprintf("From %d to %d.", low, high), map[string]any{"min": low, "max": high})
	} else if n == 0 {
		r.keep(slot, text[len(text)-1:]) // -0, too
	} else {
		r.keep(slot, text)
	}
	return nil
}

// string reads a text that goes to the wire.
func (r *reader) string(slot int32) error {
	quoted, plain, escaped, err := r.quoted()
	switch {
	case err != nil:
		return err
	case plain:
		r.keep(slot, quoted[1:len(quoted)-1])
		return nil
	}
	begin := len(r.texts)
	if !escaped {
		r.texts = append(r.texts, quoted[1:len(quoted)-1]...)
	} else if r.texts, err = jsontext.AppendUnquote(r.texts, quoted); err != nil {
		r.invalidUnicode(slot)
		return nil //nolint:nilerr // the caller's text, and in the report
	}
	if at, bad := xml.IllegalChar(r.texts[begin:]); bad {
		r.illegal(slot, r.texts[begin+at:])
		return nil
	}
	r.set(slot, begin)
	return nil
}

// illegal names the character that a text begins with, which XML 1.0 cannot carry.
func (r *reader) illegal(slot int32, text []byte) {
	c, size := utf8.DecodeRune(text)
	if c == utf8.RuneError && size == 1 {
		r.invalidUnicode(slot)
		return
	}
	name := fmt.Sprintf("U+%04X", c)
	r.record.slots[slot].state = unreadable
	r.violate(int(r.record.slots[slot].at), CharacterNotAllowed, "The text holds "+name+", a character that XML cannot carry.", map[string]any{"character": name})
}

func (r *reader) invalidUnicode(slot int32) {
	r.record.slots[slot].state = unreadable
	r.violate(int(r.record.slots[slot].at), InvalidUnicode, "The text is not valid Unicode: invalid UTF-8, or half of a surrogate pair.", nil)
}
