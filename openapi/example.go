package openapi

import (
	"bytes"
	"slices"

	"soapbridge/translate/shape"
)

// requestExample is a body with every member of a shape, from its examples, in the order of the wire.
func requestExample(s *shape.Shape) []byte {
	var b bytes.Buffer
	writeExample(&b, s, "", nil)
	return b.Bytes()
}

// resultExample is a success.
func resultExample(s *shape.Shape) []byte {
	var b bytes.Buffer
	writeExample(&b, s, `"operationId":"`+exampleID+`"`, nil)
	return b.Bytes()
}

// writeExample writes an object. A shape that contains itself is shown once inside itself.
func writeExample(b *bytes.Buffer, s *shape.Shape, members string, around []*shape.Shape) {
	b.WriteString("{" + members)
	comma := members != ""
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Hidden || f.Object == nil && exampleOf(f) == "" || f.Object != nil && slices.Contains(around, f.Object) {
			continue
		}
		if comma {
			b.WriteByte(',')
		}
		comma = true
		b.Write(quoted(f.Name))
		b.WriteByte(':')
		writeMember(b, f, append(around, s))
	}
	b.WriteByte('}')
}

// exampleOf is the text of a leaf's example.
func exampleOf(f *shape.Field) string {
	if f.Fixed != nil {
		return *f.Fixed
	}
	return f.Example
}

func writeMember(b *bytes.Buffer, f *shape.Field, around []*shape.Shape) {
	if f.Repeated {
		b.WriteByte('[')
		defer b.WriteByte(']')
	}
	switch f.Kind {
	case shape.Object:
		writeExample(b, f.Object, "", around)
	case shape.String, shape.XML:
		b.Write(quoted(exampleOf(f)))
	case shape.Boolean, shape.Integer, shape.Float:
		b.WriteString(exampleOf(f))
	}
}
