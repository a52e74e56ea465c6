package translate

import (
	"strconv"

	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// Preview is a request as it would be sent, for people to look at.
type Preview struct {
	// Message is what Encode would return, but for secrets: *** is in the place of each one that is not empty. It must not be sent.
	Message soap.Message
	// Namespaces are those of the prefixes in the XPaths, whatever prefixes the envelope has: a default namespace has none, and XPath 1.0
	// needs one (section 2.3).
	Namespaces map[string]string
	// Fields are the elements of the envelope's body that hold a value, in its order.
	Fields []PreviewField
}

// PreviewField is one value on both sides.
type PreviewField struct {
	// Place of the value in the request body, whether the caller gave it or not: a JSON Pointer, "/customerCallLog/logText".
	Pointer string `json:"pointer" validate:"required" example:"/customerCallLog/logText"`
	// Selects the element of the value in the envelope and no other (XPath 1.0). An element that may repeat has its position, from 1.
	XPath string `json:"xpath" validate:"required" example:"/soap:Envelope/soap:Body/op:CreateCallLog/op:CreateCallLogRequest/CustomerCallLog/LogText"`
	// Whether the value is the proxy's own: the caller gave none, or a blank one that the proxy has replaced.
	FilledIn bool `json:"filledIn,omitempty"`
}

// The prefixes of the XPaths.
const (
	envelopePrefix  = "soap"
	operationPrefix = "op"
)

func (r *request) Preview(v soap.Version, env Env) (Preview, *Error) {
	filled := r.fill(env)
	defer filled.Free()
	message, err := r.op.encoder.EncodeMasked(v, filled.Root(), func(w *soap.Writer) { r.op.header(w, env) })
	if err != nil {
		return Preview{}, internal(err)
	}
	asked := map[string]string{}
	r.asked.LeavesAt(func(pointer []byte, v record.Value) bool {
		asked[string(pointer)] = v.Text()
		return true
	})
	return Preview{
		Message:    message,
		Namespaces: map[string]string{envelopePrefix: v.Namespace(), operationPrefix: r.op.Binding.Namespace},
		Fields:     fieldsOf(&r.op.Binding, filled.Root(), asked),
	}, nil
}

// fieldsOf lists the values that the encoder writes. Asked holds the caller's own values by pointer.
func fieldsOf(b *soap.Binding, filled record.Object, asked map[string]string) []PreviewField {
	t := tracer{namespace: b.Namespace, asked: asked, fields: []PreviewField{}}
	path := "/" + envelopePrefix + ":Envelope/" + envelopePrefix + ":Body"
	for _, name := range b.Request {
		path += "/" + t.name(name)
	}
	t.object("", path, filled)
	return t.fields
}

// tracer walks a request as the encoder does.
type tracer struct {
	namespace string // of the operation's prefix
	asked     map[string]string
	fields    []PreviewField
}

func (t *tracer) object(pointer, path string, o record.Object) {
	for i := range o.Shape().Fields {
		v := o.Value(i)
		if !v.Present() {
			continue
		}
		f := v.Field()
		pointer, path := pointer+"/"+f.Name, path+"/"+t.step(f)
		if !f.Repeated {
			t.value(pointer, path, v)
			continue
		}
		for n, item := range v.Items() {
			t.value(pointer+"/"+strconv.Itoa(n), path+"["+strconv.Itoa(n+1)+"]", item)
		}
	}
}

// step is one step of an XPath.
func (t *tracer) step(f *shape.Field) string {
	if f.Place == shape.Attribute {
		return "@" + t.name(f.Wire)
	}
	return t.name(f.Wire)
}

// name is a name in an XPath. One in another namespace than the operation's is matched by its parts.
func (t *tracer) name(n xml.Name) string {
	switch n.Space {
	case "":
		return n.Local
	case t.namespace:
		return operationPrefix + ":" + n.Local
	}
	return "*[local-name()='" + n.Local + "' and namespace-uri()='" + n.Space + "']"
}

func (t *tracer) value(pointer, path string, v record.Value) {
	if v.Field().Kind == shape.Object {
		t.object(pointer, path, v.Object())
		return
	}
	text, asked := t.asked[pointer]
	replaced := rules.Blank(text) && text != v.Text()
	t.fields = append(t.fields, PreviewField{Pointer: pointer, XPath: path, FilledIn: !asked || replaced})
}
