package record

import (
	"unicode/utf8"

	"soapbridge/translate/shape"
)

// Parameter is a member of a request that comes in a URL.
type Parameter struct{ Name, Value string }

// ParametersJSON returns the body that parameters stand for along a flat shape: the items of an array are one parameter again and again. ReadJSON
// judges it as any other body, so what does not fit the shape is in it, too.
func ParametersJSON(s *shape.Shape, list []Parameter) []byte {
	b, done := []byte{'{'}, map[string]bool{}
	for i, p := range list {
		if done[p.Name] {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendText(b, p.Name), ':')
		var f shape.Field // of an unknown member: a text
		if at, known := s.ByName([]byte(p.Name)); known {
			f = s.Fields[at]
		}
		if f.Repeated {
			done[p.Name] = true
			b = appendItems(b, f.Kind, p.Name, list[i:])
		} else {
			b = appendParameter(b, f.Kind, p.Value)
		}
	}
	return append(b, '}')
}

// appendItems writes the array of the parameters with a name, of which the first one is the first of the list.
func appendItems(b []byte, kind shape.Kind, name string, list []Parameter) []byte {
	b = append(b, '[')
	for _, p := range list {
		if p.Name == name {
			b = append(appendParameter(b, kind, p.Value), ',')
		}
	}
	b[len(b)-1] = ']'
	return b
}

// appendParameter writes a value in the JSON type of its kind where it has the form of that, else as a text.
func appendParameter(b []byte, kind shape.Kind, value string) []byte {
	plain := false
	switch kind {
	case shape.Integer, shape.Float:
		r := reader{json: []byte(value)}
		_, err := r.number()
		plain = err == nil && r.pos == len(value)
	case shape.Boolean:
		plain = value == "true" || value == "false"
	case shape.String, shape.XML, shape.Object:
	}
	if plain {
		return append(b, value...)
	}
	return appendText(b, value)
}

// appendText writes a string of JSON. A text that is not UTF-8 becomes half of a surrogate pair, which ReadJSON reports: AppendString would repair it.
func appendText(b []byte, text string) []byte {
	if !utf8.ValidString(text) {
		return append(b, `"\ud800"`...)
	}
	return AppendString(b, text)
}
