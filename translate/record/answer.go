package record

import (
	"unicode/utf8"

	"soapbridge/translate/shape"
)

// AppendMembers appends the members of an object as JSON, each with a comma in front: they follow a member of the caller's. Members that are
// absent or hidden are left out. Nothing is escaped that JSON does not demand, but for U+2028 and U+2029, which JavaScript once took for line ends.
func (o Object) AppendMembers(b []byte) []byte { return appendMembers(b, o, ',') }

func appendMembers(b []byte, o Object, separator byte) []byte {
	for i := range o.shape.Fields {
		v := o.Value(i)
		if v.field.Hidden || !v.Present() && !v.Nil() {
			continue
		}
		if separator != 0 {
			b = append(b, separator)
		}
		separator = ','
		b = append(AppendString(b, v.field.Name), ':')
		if !v.field.Repeated {
			b = appendJSON(b, v)
			continue
		}
		b = append(b, '[')
		for n, item := range v.Items() {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		b = append(b, ']')
	}
	return b
}

func appendJSON(b []byte, v Value) []byte {
	switch {
	case v.Nil():
		return append(b, "null"...)
	case v.field.Kind == shape.Object:
		b = append(b, '{')
		separator := byte(0)
		if v.get().subtype > 0 {
			b = AppendString(append(AppendString(b, v.field.Object.Discriminator), ':'), v.Object().shape.Word)
			separator = ','
		}
		return append(appendMembers(b, v.Object(), separator), '}')
	case v.field.Kind == shape.Boolean, v.field.Kind == shape.Integer, v.field.Kind == shape.Float && isNumber(v.Text()[0]) && v.Text() != "-INF":
		return append(b, v.Text()...)
	}
	return AppendString(b, v.Text())
}

// AppendString appends a text as a JSON string, with the bytes that encoding/json writes when it does not escape HTML. What is not UTF-8 becomes
// U+FFFD.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	written := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		var escape string
		if c < utf8.RuneSelf {
			escape = escapes[c]
		} else {
			var r rune
			switch r, size = utf8.DecodeRuneInString(s[i:]); {
			case r == utf8.RuneError && size == 1:
				escape = `\ufffd`
			case r == '\u2028':
				escape = `\u2028`
			case r == '\u2029':
				escape = `\u2029`
			default:
				i += size
				continue
			}
		}
		b = append(b, s[written:i]...)
		if escape == "" {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			b = append(b, escape...)
		}
		i += size
		written = i
	}
	return append(append(b, s[written:]...), '"')
}

// escapes are the short ones of RFC 8259, section 7.
var escapes = [utf8.RuneSelf]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}
