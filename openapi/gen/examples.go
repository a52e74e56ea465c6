package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"soapbridge/translate"
	"soapbridge/translate/shape"
)

// exampleKey is a key that looks like one, and is another for each operation: with one for all, the second example would be refused.
func exampleKey(op translate.Operation) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("soapbridge/"+op.Name)).String()
}

// example is a body with every member of a type, from its tags, in the order of the wire.
func example(s *shape.Shape) json.RawMessage {
	var b bytes.Buffer
	writeExample(&b, s, "")
	return b.Bytes()
}

// answerExample is a success.
func answerExample(s *shape.Shape) json.RawMessage {
	var b bytes.Buffer
	writeExample(&b, s, `"operationId":"`+exampleID+`"`)
	return b.Bytes()
}

const exampleID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"

// previewExample is what a preview of the operation's example shows, but for the URL and the headers of a transport, which depend on the proxy.
func previewExample(op translate.Operation) (shown json.RawMessage, envelope string, err error) {
	request, refusal := op.Read([]byte(op.Example))
	if refusal != nil {
		return nil, "", fmt.Errorf("the example of %s: %w", op.Name, refusal)
	}
	version := op.Versions[0]
	preview, refusal := request.Preview(version, translate.Env{
		Now: time.Date(2026, time.November, 21, 9, 30, 0, 0, time.UTC), OperationID: exampleID, Caller: translate.Caller{UserID: "web-frontend"},
	})
	if refusal != nil {
		return nil, "", fmt.Errorf("the preview of %s: %w", op.Name, refusal)
	}
	type field struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	headers := []field{{"Content-Type", preview.Message.ContentType()}}
	if action, present := preview.Message.SOAPAction(); present {
		headers = append(headers, field{"SOAPAction", action})
	}
	envelope = string(preview.Message.Envelope)
	return scalar(struct {
		Operation   string                   `json:"operation"`
		SOAPVersion string                   `json:"soapVersion"`
		Method      string                   `json:"method"`
		Headers     []field                  `json:"headers"`
		Envelope    string                   `json:"envelope"`
		Namespaces  map[string]string        `json:"namespaces"`
		Fields      []translate.PreviewField `json:"fields"`
	}{op.Name, version.String(), "POST", headers, envelope, preview.Namespaces, preview.Fields}), envelope, nil
}

func writeExample(b *bytes.Buffer, s *shape.Shape, members string) {
	b.WriteString("{" + members)
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Hidden {
			continue
		}
		if i > 0 || members != "" {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", f.Name)
		if f.Repeated {
			b.WriteByte('[')
		}
		value := f.Example
		switch f.Kind {
		case shape.Object:
			writeExample(b, f.Object, "")
		case shape.String:
			b.Write(scalar(value))
		case shape.Boolean, shape.Integer, shape.Float, shape.XML:
			b.WriteString(value)
		}
		if f.Repeated {
			b.WriteByte(']')
		}
	}
	b.WriteByte('}')
}
