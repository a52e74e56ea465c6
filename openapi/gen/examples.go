package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// exampleKey is a key that looks like one, and is another for each operation: with one for all, the second example would be refused.
func exampleKey(op translate.Operation) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("soapbridge/"+op.Name)).String()
}

// example is a body with every member of a type, from its tags, in the order of the wire.
func example(s *soap.Shape) json.RawMessage {
	var b bytes.Buffer
	writeExample(&b, s, "")
	return b.Bytes()
}

// answerExample is a success.
func answerExample(s *soap.Shape) json.RawMessage {
	var b bytes.Buffer
	writeExample(&b, s, `"operationId":"0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"`)
	return b.Bytes()
}

func writeExample(b *bytes.Buffer, s *soap.Shape, members string) {
	b.WriteString("{" + members)
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Member == "-" {
			continue
		}
		if i > 0 || members != "" {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", f.Member)
		if f.Repeated {
			b.WriteByte('[')
		}
		value := f.Tag.Get("example")
		switch f.Kind {
		case soap.Object:
			writeExample(b, f.Object, "")
		case soap.String:
			b.Write(scalar(value))
		case soap.Boolean, soap.Integer:
			b.WriteString(value)
		}
		if f.Repeated {
			b.WriteByte(']')
		}
	}
	b.WriteByte('}')
}
