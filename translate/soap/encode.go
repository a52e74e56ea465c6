package soap

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// Encoder writes the requests of one operation. It is compiled once and safe for concurrent use.
type Encoder struct {
	binding Binding
	// spelled is made at the first use: of the many operations that a service may have, few are called.
	spelled func() *spelling
}

// spelling is everything of an envelope but its values.
type spelling struct {
	body   *elements
	frames map[Version]frame
}

// frame is what is around the members, spelt.
type frame struct {
	start  string // declaration and start of the envelope
	header string // start tag of the header
	ended  string // end tag of the header
	bare   string // a header without blocks
	body   string // start of the body, wrappers up to the attributes of the last element
	close  string
	// mustUnderstand is the attribute of header blocks.
	mustUnderstand string
}

// HeaderBlock writes children of the envelope's Header, or nothing.
type HeaderBlock func(*Writer)

// NewEncoder compiles the writing of requests of a shape.
func NewEncoder(b Binding, s *shape.Shape) (*Encoder, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return &Encoder{binding: b, spelled: sync.OnceValue(func() *spelling { return spell(b, s) })}, nil
}

func spell(b Binding, s *shape.Shape) *spelling {
	c := compiler{binding: b, prefixes: map[string]string{"": "", xmlNamespace: "xml:", b.Namespace: ""}, done: map[elementsKey]*elements{}, subtypes: map[elementsKey][]subtype{}}
	within := b.Namespace // the namespace of names without a prefix
	if b.Prefix != "" {
		c.prefixes[b.Namespace], within = b.Prefix+":", ""
	}
	for _, name := range b.Request {
		c.declare(name.Space, false)
	}
	c.collect(s, map[*shape.Shape]bool{})
	inside := within
	if n := len(b.Request); n > 0 && c.prefixes[b.Request[n-1].Space] == "" {
		inside = b.Request[n-1].Space
	}
	all := &spelling{body: c.elements(s, inside), frames: map[Version]frame{}}
	for v, prefix := range b.EnvelopePrefix {
		all.frames[v] = c.frame(v, prefix)
	}
	return all
}

// compiler spells the tags of a shape and everything inside, once.
type compiler struct {
	binding  Binding
	prefixes map[string]string // of elements by namespace, with their colons; a namespace that is the default one has none
	// attributePrefix is the prefix of the default namespace for attributes and types, which it does not reach; empty where there are none.
	attributePrefix string
	done            map[elementsKey]*elements
	subtypes        map[elementsKey][]subtype
}

type elementsKey struct {
	shape  *shape.Shape
	within string
}

// collect chooses a prefix for every other namespace of a shape, in the order in which they come.
func (c *compiler) collect(s *shape.Shape, done map[*shape.Shape]bool) {
	if done[s] {
		return
	}
	done[s] = true
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Kind != shape.XML { // it has declarations of its own
			c.declare(f.Wire.Space, f.Place == shape.Attribute)
		}
		if f.Around != nil {
			c.declare(f.Around.Wire.Space, false)
		}
		if f.Nillable {
			c.prefixes[schemaInstance] = "xsi:"
		}
		if f.Object != nil {
			c.collect(f.Object, done)
		}
	}
	for _, subtype := range s.Subtypes {
		c.prefixes[schemaInstance] = "xsi:"
		c.declare(subtype.Type.Space, true)
		c.collect(subtype, done)
	}
}

// declare chooses a prefix for a namespace, one that nothing else has. What is named is an attribute or a type.
func (c *compiler) declare(space string, named bool) {
	prefix, known := c.prefixes[space]
	if known && (prefix != "" || space == "" || !named || c.attributePrefix != "") {
		return
	}
	n := len(c.prefixes)
	if prefix = "n" + strconv.Itoa(n); prefix == c.binding.Prefix {
		prefix += "x"
	}
	if known {
		c.attributePrefix = prefix + "x:" // the next namespace has the same number
	} else {
		c.prefixes[space] = prefix + ":"
	}
}

// name spells the name of an attribute or a type.
func (c *compiler) name(n xml.Name) string {
	if prefix := c.prefixes[n.Space]; prefix != "" || n.Space == "" {
		return prefix + n.Local
	}
	return c.attributePrefix + n.Local
}

// frame spells everything around the members.
func (c *compiler) frame(v Version, prefix string) frame {
	start := `<?xml version="1.0" encoding="utf-8"?>` + "\n<" + prefix + `:Envelope xmlns:` + prefix + `="` + v.Namespace() + `">`
	body, ends, within := "<"+prefix+":Body", "", c.binding.Namespace
	for i, wrapper := range c.binding.Request {
		name := c.prefixes[wrapper.Space] + wrapper.Local
		if body += "><" + name; i == 0 {
			body += c.declarations()
		}
		if c.binding.Prefix == "" && c.prefixes[wrapper.Space] == "" && wrapper.Space != within {
			body, within = body+declaration("", wrapper.Space), wrapper.Space
		}
		ends = "</" + name + ">" + ends
	}
	if len(c.binding.Request) == 0 {
		body += c.declarations()
	}
	mustUnderstand := "1" // SOAP 1.1 section 4.2.3
	if v == V12 {
		mustUnderstand = "true" // SOAP 1.2 part 1 section 5.2.3
	}
	return frame{
		start: start, header: "<" + prefix + ":Header>", ended: "</" + prefix + ":Header>", bare: "<" + prefix + ":Header/>",
		body: body, close: ends + "</" + prefix + ":Body></" + prefix + ":Envelope>",
		mustUnderstand: " " + prefix + `:mustUnderstand="` + mustUnderstand + `"`,
	}
}

// declarations spells the declarations of all namespaces.
func (c *compiler) declarations() string {
	b := &c.binding
	var all strings.Builder
	if len(b.Request) > 0 && b.Namespace != "" {
		all.WriteString(declaration(b.Prefix, b.Namespace))
	}
	if c.attributePrefix != "" {
		all.WriteString(declaration(c.attributePrefix[:len(c.attributePrefix)-1], b.Namespace))
	}
	for _, space := range slices.Sorted(maps.Keys(c.prefixes)) {
		if space != b.Namespace && space != "" && space != xmlNamespace {
			all.WriteString(declaration(c.prefixes[space][:len(c.prefixes[space])-1], space))
		}
	}
	return all.String()
}

// declaration spells the declaration of a namespace, with a space in front.
func declaration(prefix, space string) string {
	w := NewWriter(len(space))
	w.attribute(&shape.Field{}, space)
	if prefix == "" {
		return ` xmlns="` + string(w.buf) + `"`
	}
	return ` xmlns:` + prefix + `="` + string(w.buf) + `"`
}

// Encode writes the envelope of a request of the encoder's shape. It fails only when a text holds a character that XML cannot carry, or when the
// binding does not speak the version.
func (e *Encoder) Encode(v Version, request record.Object, headers ...HeaderBlock) (Message, error) {
	return e.encode(false, v, request, headers)
}

// EncodeMasked writes what Encode would, byte for byte, but for secrets: three asterisks are in the place of each one that is not empty. They are
// never in the buffer, so that no copy of it can show them. The message is for people; it must not be sent.
func (e *Encoder) EncodeMasked(v Version, request record.Object, headers ...HeaderBlock) (Message, error) {
	return e.encode(true, v, request, headers)
}

func (e *Encoder) encode(masking bool, v Version, request record.Object, headers []HeaderBlock) (Message, error) {
	spelled := e.spelled()
	body := spelled.body
	f, bound := spelled.frames[v]
	if !bound {
		return Message{}, fmt.Errorf("soap: the operation %q is not bound to SOAP %s", e.binding.Action, v)
	}
	w := writers.Get().(*Writer) //nolint:forcetypeassert // the pool's own
	w.masking, w.mustUnderstand = masking, f.mustUnderstand
	w.Markup(f.start)
	if body.headers {
		headers = append(slices.Clip(headers), func(w *Writer) { body.writeHeaders(w, request) })
	}
	w.header(&f, headers)
	w.Markup(f.body)
	body.writeAttributes(w, request)
	w.Markup(">")
	body.write(w, request)
	w.Markup(f.close)
	envelope, err := w.Bytes()
	return Message{Version: v, Action: e.binding.Action, Envelope: envelope, writer: w}, err
}

func (w *Writer) header(f *frame, blocks []HeaderBlock) {
	before := len(w.buf)
	w.Markup(f.header)
	for _, block := range blocks {
		block(w)
	}
	if len(w.buf) > before+len(f.header) {
		w.Markup(f.ended)
		return
	}
	w.buf = w.buf[:before]
	w.Markup(f.bare)
}

// elements are the spelled tags of a shape's fields, where names without a prefix are in one namespace.
type elements struct {
	tags       []tag
	attributes bool // the shape has fields that are attributes, so that a start tag cannot be spelled whole
	headers    bool // the shape has fields that are blocks of the header
}

type tag struct {
	open   string // whole, or up to the attributes
	close  string
	empty  string // where open is whole
	null   string
	within string // the namespace of names without a prefix inside
	around *tag   // of the items of an array; nil: nothing is
	object *elements
	// start is open up to the attributes, where there are subtypes. They are by their index in the record, and shared: a base may have thousands.
	start    string
	subtypes []subtype
}

type subtype struct {
	attribute string // xsi:type
	object    *elements
}

// elements spells the tags of a shape and everything inside.
func (c *compiler) elements(s *shape.Shape, within string) *elements {
	key := elementsKey{s, within}
	if known, ok := c.done[key]; ok {
		return known
	}
	e := &elements{tags: make([]tag, len(s.Fields))}
	c.done[key] = e
	for i := range s.Fields {
		f := &s.Fields[i]
		switch f.Place {
		case shape.Attribute:
			e.attributes = true
			e.tags[i].open = " " + c.name(f.Wire) + `="`
		case shape.Element, shape.Inline:
			e.tags[i] = c.element(f, within)
		case shape.Header:
			e.headers = true
			e.tags[i] = c.tag(f, within, c.declarations())
		case shape.Content:
		}
	}
	return e
}

// element spells a child element, or one around items and theirs.
func (c *compiler) element(f *shape.Field, within string) tag {
	if f.Around == nil {
		return c.tag(f, within, "")
	}
	around := c.tag(&shape.Field{Wire: f.Around.Wire, Kind: shape.String}, within, "")
	t := c.tag(f, around.within, "")
	t.around = &around
	return t
}

// tag spells an element with the declarations that it needs beside that of its own namespace.
func (c *compiler) tag(f *shape.Field, within, declarations string) tag {
	switch {
	case f.Kind == shape.XML:
		return tag{within: within}
	case f.Place == shape.Inline:
		return tag{object: c.elements(f.Object, within)}
	}
	prefix := c.prefixes[f.Wire.Space]
	name := prefix + f.Wire.Local
	start := "<" + name + declarations
	if prefix == "" && f.Wire.Space != within {
		within = f.Wire.Space
		start += declaration("", within)
	}
	t := tag{
		open: start + ">", close: "</" + name + ">", empty: start + "/>", null: start + " " + c.prefixes[schemaInstance] + `nil="true"/>`, within: within,
	}
	if f.Object == nil {
		return t
	}
	t.object = c.elements(f.Object, within)
	if hasAttributes(f.Object) {
		t.open = start
	}
	if len(f.Object.Subtypes) > 0 {
		t.start, t.subtypes = start, c.subtypesOf(f.Object, within)
	}
	return t
}

func (c *compiler) subtypesOf(base *shape.Shape, within string) []subtype {
	key := elementsKey{base, within}
	if known, ok := c.subtypes[key]; ok {
		return known
	}
	list := make([]subtype, len(base.Subtypes))
	c.subtypes[key] = list // they may have members of the base
	for i, s := range base.Subtypes {
		if list[i].object = c.elements(s, within); s != base { // which the schema says already
			list[i].attribute = " " + c.prefixes[schemaInstance] + `type="` + c.name(s.Type) + `"`
		}
	}
	return list
}

func hasAttributes(s *shape.Shape) bool {
	return slices.ContainsFunc(s.Fields, func(f shape.Field) bool { return f.Place == shape.Attribute })
}

// write writes the content of an object's element.
func (e *elements) write(w *Writer, o record.Object) {
	fields := o.Shape().Fields
	for i := range e.tags {
		f, v := &fields[i], o.Value(i)
		switch {
		case f.Place == shape.Attribute, f.Place == shape.Header:
		case f.Place == shape.Content:
			if text, there := textOf(f, v); there {
				writeLeaf(w, f, text)
			}
		case f.Repeated:
			e.tags[i].items(w, f, v)
		default:
			e.tags[i].write(w, f, v)
		}
	}
}

func (t *tag) items(w *Writer, f *shape.Field, v record.Value) {
	switch {
	case t.around == nil:
	case v.Present():
		w.Markup(t.around.open)
		defer w.Markup(t.around.close)
	case f.Around.Always:
		w.Markup(t.around.empty)
	}
	for _, item := range v.Items() {
		t.write(w, f, item)
	}
}

// writeHeaders writes the fields that are blocks of the header.
func (e *elements) writeHeaders(w *Writer, o record.Object) {
	fields := o.Shape().Fields
	for i := range e.tags {
		if fields[i].Place == shape.Header {
			e.tags[i].write(w, &fields[i], o.Value(i))
		}
	}
}

func (t *tag) write(w *Writer, f *shape.Field, v record.Value) {
	switch {
	case v.Nil():
		w.Markup(t.null)
	case !v.Present():
		t.absent(w, f, v)
	case f.Kind == shape.Object:
		t.objectOf(w, v.Object(), v.Subtype())
	case f.Kind == shape.XML:
		w.xml(v.Text(), t.within)
	default:
		t.text(w, f, v.Text())
	}
}

// absent writes what must be there although the caller did not send it: a fixed value, or an object that may be empty.
func (t *tag) absent(w *Writer, f *shape.Field, v record.Value) {
	if text, there := textOf(f, v); there {
		t.text(w, f, text)
	} else if f.ChecksAbsent() {
		t.objectOf(w, record.New(f.Object).Root(), -1)
	}
}

// textOf returns what a leaf has on the wire, and whether it is there.
func textOf(f *shape.Field, v record.Value) (text string, there bool) {
	if !v.Present() && f.Fixed != nil && f.Required {
		return *f.Fixed, true
	}
	return v.Text(), v.Present()
}

func (t *tag) text(w *Writer, f *shape.Field, text string) {
	if text == "" {
		w.Markup(t.empty)
		return
	}
	w.Markup(t.open)
	writeLeaf(w, f, text)
	w.Markup(t.close)
}

func writeLeaf(w *Writer, f *shape.Field, text string) {
	if f.Secret {
		w.Secret(secret.Secret(text))
	} else {
		w.Text(text)
	}
	w.Markup(f.Suffix)
}

// objectOf writes an object, which is of the shape itself if the index of its subtype is negative.
func (t *tag) objectOf(w *Writer, o record.Object, n int) {
	inside, whole := t.object, !t.object.attributes
	if n < 0 {
		w.Markup(t.open)
	} else {
		inside, whole = t.subtypes[n].object, false
		w.Markup(t.start)
		w.Markup(t.subtypes[n].attribute)
	}
	inside.writeAttributes(w, o)
	if !whole {
		w.Markup(">")
	}
	inside.write(w, o)
	w.Markup(t.close)
}

func (e *elements) writeAttributes(w *Writer, o record.Object) {
	if !e.attributes {
		return
	}
	fields := o.Shape().Fields
	for i := range e.tags {
		f := &fields[i]
		if text, there := textOf(f, o.Value(i)); there && f.Place == shape.Attribute {
			w.Markup(e.tags[i].open)
			w.attribute(f, text)
			w.Markup(`"`)
		}
	}
}

const (
	schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace" // has the prefix xml, which needs no declaration
)
