package translate

import (
	"reflect"
	"strconv"
	"strings"

	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// Preview is a request as it would be sent, for people to look at.
type Preview struct {
	// Message is what Encode would give, but for secrets: *** stands in the place of each one that is not empty. It must not be sent.
	Message soap.Message
	// Namespaces are those of the prefixes in the XPaths, whatever prefixes the envelope has: a default namespace has none, and XPath 1.0
	// needs one (section 2.3).
	Namespaces map[string]string
	// Fields are the elements of the envelope's body that hold a value, in its order.
	Fields []PreviewField
}

// PreviewField is one value on both sides.
type PreviewField struct {
	// Pointer is its place in the request body, whether the caller gave it or not: a JSON Pointer, "/customerCallLog/logText".
	Pointer string `json:"pointer" validate:"required" example:"/customerCallLog/logText"`
	// XPath selects its element in the envelope and no other (XPath 1.0). An element that may repeat has its position, from 1.
	XPath string `json:"xpath" validate:"required" example:"/soap:Envelope/soap:Body/op:CreateCallLog/op:CreateCallLogRequest/CustomerCallLog/LogText"`
	// FilledIn tells that the value is the proxy's own: the caller gave none, or a blank one that the proxy has replaced.
	FilledIn bool `json:"filledIn,omitempty"`
}

// The prefixes of the XPaths.
const (
	envelopePrefix  = "soap"
	operationPrefix = "op"
)

func (r *request[Req, Res]) Preview(v soap.Version, env Env) (Preview, *Error) {
	filled, headers := r.complete(env)
	message, err := r.op.encoder.EncodeMasked(v, filled, headers...)
	if err != nil {
		return Preview{}, internal(err)
	}
	asked := map[string]string{}
	for _, l := range appendLeaves(nil, "", r.op.shape, reflect.ValueOf(&r.value).Elem()) {
		asked[l.pointer] = l.text
	}
	return Preview{
		Message:    message,
		Namespaces: map[string]string{envelopePrefix: v.Namespace(), operationPrefix: r.op.Binding.Namespace},
		Fields:     fieldsOf(&r.op.Binding, r.op.shape, reflect.ValueOf(filled).Elem(), asked),
	}, nil
}

// fieldsOf lists the values that the encoder writes. Asked holds the caller's own values by pointer.
func fieldsOf(b *soap.Binding, shape *soap.Shape, object reflect.Value, asked map[string]string) []PreviewField {
	t := tracer{asked: asked, fields: []PreviewField{}}
	if b.Qualified {
		t.prefix = operationPrefix + ":"
	}
	const body, wrapper = "/" + envelopePrefix + ":Envelope/" + envelopePrefix + ":Body", "/" + operationPrefix + ":"
	t.object("", body+wrapper+strings.Join(b.Request, wrapper), shape, object)
	return t.fields
}

// tracer walks a request as the encoder does.
type tracer struct {
	prefix string // of the members' elements, with its colon; empty where they stand in no namespace
	asked  map[string]string
	fields []PreviewField
}

func (t *tracer) object(pointer, path string, shape *soap.Shape, object reflect.Value) {
	for i := range shape.Fields {
		field := &shape.Fields[i]
		value := field.Value(object)
		pointer, path := pointer+"/"+field.Member, path+"/"+t.prefix+field.Element
		switch {
		case field.Repeated:
			for n := range value.Len() {
				t.value(pointer+"/"+strconv.Itoa(n), path+"["+strconv.Itoa(n+1)+"]", field, value.Index(n))
			}
		case field.Optional:
			if !value.IsNil() {
				t.value(pointer, path, field, value.Elem())
			}
		case field.Kind == soap.String && value.Len() == 0: // the encoder leaves it out
		default:
			t.value(pointer, path, field, value)
		}
	}
}

func (t *tracer) value(pointer, path string, field *soap.Field, value reflect.Value) {
	if field.Kind == soap.Object {
		t.object(pointer, path, field.Object, value)
		return
	}
	text, given := t.asked[pointer]
	replaced := field.Kind == soap.String && validation.Blank(text) && text != value.String()
	t.fields = append(t.fields, PreviewField{Pointer: pointer, XPath: path, FilledIn: !given || replaced})
}
