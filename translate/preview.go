package translate

import (
	"slices"
	"strconv"
	"strings"

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
	// Fields are the values in the envelope, in its order: of blocks of the header that are the caller's, and of the body.
	Fields []PreviewField
}

// PreviewField is one value on both sides.
type PreviewField struct {
	// Place of the value in the request body, whether the caller gave it or not: a JSON Pointer, "/customerCallLog/logText".
	Pointer string `json:"pointer" validate:"required" example:"/customerCallLog/logText"`
	// Selects the element, attribute or text of the value in the envelope and no other (XPath 1.0). An element that may repeat has its position, from 1.
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
	namespaces := map[string]string{envelopePrefix: v.Namespace()}
	if space := r.op.Binding.Namespace; space != "" {
		namespaces[operationPrefix] = space
	}
	return Preview{Message: message, Namespaces: namespaces, Fields: fieldsOf(&r.op.Binding, filled.Root(), asked)}, nil
}

// fieldsOf lists the values that the encoder writes. Asked holds the caller's own values by pointer.
func fieldsOf(b *soap.Binding, filled record.Object, asked map[string]string) []PreviewField {
	t := tracer{namespace: b.Namespace, asked: asked, fields: []PreviewField{}}
	const envelope = "/" + envelopePrefix + ":Envelope/" + envelopePrefix
	t.members(place{path: envelope + ":Header", elements: map[xml.Name]int{}}, filled, shape.Header)
	steps := make([]string, 1, 1+len(b.Request))
	steps[0] = envelope + ":Body"
	for _, name := range b.Request {
		steps = append(steps, t.name(name))
	}
	t.object(place{path: strings.Join(steps, "/")}, filled)
	return t.fields
}

// tracer walks a request as the encoder does.
type tracer struct {
	namespace string // of the operation's prefix
	asked     map[string]string
	fields    []PreviewField
}

// place is one in both messages.
type place struct {
	pointer, path string
	// elements counts the elements that an element has so far, by their names.
	elements map[xml.Name]int
	counted  bool // each has its position, since others may have its name
}

func (t *tracer) object(at place, o record.Object) {
	at.elements = map[xml.Name]int{}
	at.counted = o.Shape().Twice || slices.ContainsFunc(o.Shape().Fields, func(f shape.Field) bool { return f.Place == shape.Inline })
	t.members(at, o, shape.Attribute)
	t.members(at, o, shape.Element, shape.Content, shape.Inline)
}

// members lists the values of the fields at some places.
func (t *tracer) members(at place, o record.Object, places ...shape.Place) {
	for i := range o.Shape().Fields {
		v := o.Value(i)
		f := v.Field()
		if !slices.Contains(places, f.Place) {
			continue
		}
		inside := at
		inside.pointer += "/" + f.Name
		if !f.Repeated {
			t.value(inside, v)
			continue
		}
		if f.Around != nil && v.Present() {
			inside.path, inside.elements, inside.counted = t.step(at, &shape.Field{}, f.Around.Wire), map[xml.Name]int{}, false
		}
		for n, item := range v.Items() {
			inside.pointer = at.pointer + "/" + f.Name + "/" + strconv.Itoa(n)
			t.value(inside, item)
		}
	}
}

func (t *tracer) value(at place, v record.Value) {
	f := v.Field()
	switch {
	case f.Place == shape.Inline && f.Kind == shape.Object: // without an element
		t.members(at, v.Object(), shape.Element, shape.Inline)
	case v.Present() && f.Kind == shape.Object:
		at.path = t.step(at, f, f.Wire)
		t.subtype(at, v)
		t.object(at, v.Object())
	case f.Kind == shape.Object && f.ChecksAbsent() && !v.Nil(): // the encoder writes an empty one
		at.path = t.step(at, f, f.Wire)
		t.object(at, record.New(f.Object).Root())
	case v.Present(), v.Nil(), f.Fixed != nil && f.Required:
		t.leaf(at, v)
	}
}

func (t *tracer) leaf(at place, v record.Value) {
	f, name, sent := v.Field(), v.Field().Wire, v.Text()
	if !v.Present() && f.Fixed != nil {
		sent = *f.Fixed
	}
	if f.Place == shape.Inline {
		name = elementOf(v.Text())
	}
	if f.Place != shape.Content {
		at.path = t.step(at, f, name)
	} else if sent != "" { // an empty element has no text to select
		at.path += "/text()"
	}
	text, asked := t.asked[at.pointer]
	replaced := rules.Blank(text) && text != sent
	t.fields = append(t.fields, PreviewField{Pointer: at.pointer, XPath: at.path, FilledIn: !asked || replaced})
}

// subtype lists what names the type of an object.
func (t *tracer) subtype(at place, v record.Value) {
	if declared := v.Field().Object; v.Subtype() >= 0 && v.Object().Shape() != declared {
		const name = "/@*[local-name()='type' and namespace-uri()='http://www.w3.org/2001/XMLSchema-instance']"
		t.fields = append(t.fields, PreviewField{Pointer: at.pointer + "/" + declared.Discriminator, XPath: at.path + name})
	}
}

// step returns the path of an element or attribute inside a place.
func (t *tracer) step(at place, f *shape.Field, name xml.Name) string {
	if f.Place == shape.Attribute {
		return at.path + "/@" + t.name(name)
	}
	at.elements[name]++
	path := at.path + "/" + t.name(name)
	if f.Repeated || at.counted {
		path += "[" + strconv.Itoa(at.elements[name]) + "]"
	}
	return path
}

// name is a name in an XPath. One in another namespace than the operation's is matched by its parts.
func (t *tracer) name(n xml.Name) string {
	switch n.Space {
	case "":
		return n.Local
	case t.namespace:
		return operationPrefix + ":" + n.Local
	}
	return "*[local-name()='" + n.Local + "' and namespace-uri()=" + literal(n.Space) + "]"
}

// literal spells a string in XPath 1.0, which has no escapes.
func literal(s string) string {
	switch {
	case !strings.Contains(s, "'"):
		return "'" + s + "'"
	case !strings.Contains(s, `"`):
		return `"` + s + `"`
	}
	return "concat('" + strings.ReplaceAll(s, "'", `',"'",'`) + "')"
}

// elementOf returns the name of the one element that a text is.
func elementOf(text string) xml.Name {
	s := xml.NewScanner([]byte(text), xml.Limits{})
	for {
		kind, err := s.Next()
		if err != nil || kind == xml.StartElement {
			return s.Name()
		}
	}
}
