package soap

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Encoder writes the requests of one operation. It is compiled once and safe for concurrent use.
type Encoder struct {
	binding Binding
	body    *elements
	open    map[Version]string // declaration, envelope and header start
	middle  map[Version]string // header end, body start, wrappers
	close   map[Version]string
	headers map[Version]string // stands for open and middle together where there are no header blocks
}

// HeaderBlock writes one child of the envelope's Header.
type HeaderBlock func(*Writer)

// NewEncoder compiles the writing of requests of the given shape.
func NewEncoder(b Binding, shape *Shape) (*Encoder, error) {
	if len(b.Request) == 0 || b.Namespace == "" {
		return nil, errors.New("soap: a binding needs a namespace and the name of its operation element")
	}
	if strings.ContainsAny(b.Namespace+b.Action, "\"<&\r\n") {
		return nil, fmt.Errorf("soap: the namespace or the action of %s holds a character that an attribute cannot hold as it is", b.Request[0])
	}
	e := &Encoder{
		binding: b,
		body:    newElements(shape, b.memberPrefix(), b.firstAttribute(), map[*Shape]*elements{}),
		open:    map[Version]string{},
		middle:  map[Version]string{},
		close:   map[Version]string{},
		headers: map[Version]string{},
	}
	for v, prefix := range b.EnvelopePrefix {
		e.frame(v, prefix)
	}
	return e, nil
}

// memberPrefix spells the members' namespace, with its colon.
func (b *Binding) memberPrefix() string {
	if b.Qualified {
		return b.wrapperPrefix()
	}
	return ""
}

func (b *Binding) wrapperPrefix() string {
	if b.Prefix == "" {
		return ""
	}
	return b.Prefix + ":"
}

// firstAttribute undoes a default namespace on the wrapper's children where they stand in none.
func (b *Binding) firstAttribute() string {
	if !b.Qualified && b.Prefix == "" {
		return ` xmlns=""`
	}
	return ""
}

// frame spells everything around the members, once.
func (e *Encoder) frame(v Version, prefix string) {
	b := &e.binding
	start := `<?xml version="1.0" encoding="utf-8"?>` + "\n<" + prefix + `:Envelope xmlns:` + prefix + `="` + v.Namespace() + `">`
	declaration := ` xmlns="` + b.Namespace + `"`
	if b.Prefix != "" {
		declaration = ` xmlns:` + b.Prefix + `="` + b.Namespace + `"`
	}
	wrappers, ends := "", ""
	for i, name := range b.Request {
		if i > 0 {
			declaration = ""
		}
		wrappers = fmt.Sprintf("%s<%s%s%s>", wrappers, b.wrapperPrefix(), name, declaration)
		ends = fmt.Sprintf("</%s%s>%s", b.wrapperPrefix(), name, ends)
	}
	body := "<" + prefix + ":Body>" + wrappers
	e.open[v] = start + "<" + prefix + ":Header>"
	e.middle[v] = "</" + prefix + ":Header>" + body
	e.headers[v] = start + "<" + prefix + ":Header/>" + body
	e.close[v] = ends + "</" + prefix + ":Body></" + prefix + ":Envelope>"
}

// Encode writes the envelope of a request, a pointer to a struct of the encoder's shape. It fails only when a text holds a
// character that XML cannot carry, or when the binding does not speak the version.
func (e *Encoder) Encode(v Version, request any, headers ...HeaderBlock) (Message, error) {
	return e.encode(NewWriter(4096), v, request, headers)
}

// EncodeMasked writes what Encode would, byte for byte, but for secrets: three asterisks stand in the place of each one that is not empty.
// They are never in the buffer, so that no copy of it can show them. The message is for people; it must not be sent.
func (e *Encoder) EncodeMasked(v Version, request any, headers ...HeaderBlock) (Message, error) {
	w := NewWriter(4096)
	w.masking = true
	return e.encode(w, v, request, headers)
}

func (e *Encoder) encode(w *Writer, v Version, request any, headers []HeaderBlock) (Message, error) {
	if e.close[v] == "" {
		return Message{}, fmt.Errorf("soap: %s is not bound to SOAP %s", e.binding.Request[0], v)
	}
	if len(headers) == 0 {
		w.Markup(e.headers[v])
	} else {
		w.Markup(e.open[v])
		for _, header := range headers {
			header(w)
		}
		w.Markup(e.middle[v])
	}
	e.body.write(w, reflect.ValueOf(request).Elem())
	w.Markup(e.close[v])
	envelope, err := w.Bytes()
	return Message{Version: v, Action: e.binding.Action, Envelope: envelope}, err
}

// MustBlock compiles a header block whose content is a struct of type T: name stands in the namespace as its default, and so do
// all members. A mistake in T's tags panics; call it when the program starts.
func MustBlock[T any](namespace, name string) func(content *T) HeaderBlock {
	shape, err := Compile(reflect.TypeFor[T]())
	if err != nil {
		panic(err)
	}
	children := newElements(shape, "", "", map[*Shape]*elements{})
	open, end := "<"+name+` xmlns="`+namespace+`">`, "</"+name+">"
	return func(content *T) HeaderBlock {
		return func(w *Writer) {
			w.Markup(open)
			children.write(w, reflect.ValueOf(content).Elem())
			w.Markup(end)
		}
	}
}

// elements are the spelled tags of a shape's fields.
type elements struct {
	shape *Shape
	tags  []tags
}

type tags struct {
	open, close, empty string
	object             *elements
}

// newElements spells the tags of a shape and everything below it. The attribute is for this level only.
func newElements(shape *Shape, prefix, attribute string, done map[*Shape]*elements) *elements {
	e := &elements{shape: shape, tags: make([]tags, len(shape.Fields))}
	if attribute == "" { // only then is the spelling the same wherever the shape stands
		if known, ok := done[shape]; ok {
			return known
		}
		done[shape] = e
	}
	for i, f := range shape.Fields {
		name := prefix + f.Element
		e.tags[i] = tags{open: "<" + name + attribute + ">", close: "</" + name + ">", empty: "<" + name + attribute + "/>"}
		if f.Object != nil {
			e.tags[i].object = newElements(f.Object, prefix, "", done)
		}
	}
	return e
}

func (e *elements) write(w *Writer, object reflect.Value) {
	for i := range e.shape.Fields {
		field, tag := &e.shape.Fields[i], &e.tags[i]
		value := object.Field(field.index)
		switch {
		case field.Repeated:
			for n := range value.Len() {
				tag.write(w, field, value.Index(n))
			}
		case field.Optional:
			if !value.IsNil() {
				tag.write(w, field, value.Elem())
			}
		case field.Kind == String && value.Len() == 0:
			// A plain string is a required one: after validation it is empty only where the proxy had nothing to fill in,
			// and an absent value is never sent as an empty element.
		default:
			tag.write(w, field, value)
		}
	}
}

func (t *tags) write(w *Writer, field *Field, value reflect.Value) {
	if field.Kind == String && value.Len() == 0 {
		w.Markup(t.empty)
		return
	}
	w.Markup(t.open)
	switch field.Kind {
	case Object:
		t.object.write(w, value)
	case Boolean:
		w.Bool(value.Bool())
	case Integer:
		w.Int(value.Int())
	case String:
		if field.Secret {
			w.Secret(Secret(value.String()))
		} else {
			w.Text(value.String())
		}
		if field.utc {
			w.Markup("Z")
		}
	}
	w.Markup(t.close)
}
