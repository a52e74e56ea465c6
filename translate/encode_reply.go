package translate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// EncodeReply writes what a service would answer: the content of the envelope's Body that Decode makes a response of. Body is that response, without
// the operation id. It is for sandboxes and tests.
func (o *Operation) EncodeReply(body []byte) ([]byte, error) {
	s, err := o.replyShape()
	if err != nil {
		return nil, err
	}
	for range o.Binding.Reply {
		body = slices.Concat([]byte(`{"in":`), body, []byte("}"))
	}
	report := &record.Report{}
	reply, err := record.ReadJSON(body, s, report)
	if err != nil || len(report.Violations) > 0 {
		return nil, errors.Join(err, fmt.Errorf("the response of %s cannot be read: %v", o.Name, report.Violations))
	}
	encoder, err := soap.NewEncoder(soap.Binding{EnvelopePrefix: map[soap.Version]string{soap.V11: "e"}}, s)
	if err != nil {
		return nil, err
	}
	message, err := encoder.Encode(soap.V11, reply.Root())
	_, behind, _ := strings.Cut(string(message.Envelope), "<e:Header>")
	content, _, _ := strings.Cut(behind, "</e:Header>")
	return []byte(content), err
}

// FirstElement is the first child of the Body of requests, by which a service knows the operation; there is none in an empty Body.
func (o *Operation) FirstElement() (name xml.Name, ok bool) {
	if len(o.Binding.Request) > 0 {
		return o.Binding.Request[0], true
	}
	for i := range o.RequestShape.Fields {
		if f := &o.RequestShape.Fields[i]; f.Place == shape.Element {
			return f.Wire, true
		}
	}
	return xml.Name{}, false
}

// replyShape is the response with the elements around it. They are blocks of a header, because each block has all declarations that it needs.
func (o *Operation) replyShape() (*shape.Shape, error) {
	s := o.ResponseShape
	for _, name := range slices.Backward(o.Binding.Reply) {
		s = &shape.Shape{Name: name.Local, Empty: true, Fields: []shape.Field{{Name: "in", Wire: name, Kind: shape.Object, Object: s}}}
	}
	s = s.Clone(s.Name)
	for i := range s.Fields {
		s.Fields[i].Place = shape.Header
	}
	return s, s.Index()
}
