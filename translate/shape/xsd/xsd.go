// Package xsd makes shapes of the components of WSDL and XML Schema: the members of messages in JSON, and their places on the wire.
package xsd

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/xml"
)

// Builder makes the shapes of the messages of one service. Messages share the shapes of the types that they share. It is not safe for concurrent
// use.
type Builder struct {
	options Options
	shapes  map[*wsdl.ComplexType]*shape.Shape
	filled  map[*wsdl.ComplexType]bool
	waiting []*wsdl.ComplexType // to be filled
	leaves  Leaves
	names   map[string]bool // of shapes
	numbers map[string]int  // see unique
	// discriminators are by the type that a hierarchy begins with.
	discriminators map[*wsdl.ComplexType]string
	// impossible are the shapes that no message can hold, and why.
	impossible map[*shape.Shape]string
	// finished are the shapes of which is known whether a message can hold them, and that were pruned.
	finished map[*shape.Shape]bool
	// weaker is what a shape does not check although the schema says it.
	weaker   map[*shape.Shape][]string
	elements []xml.Name // of the options, sorted
	work     int        // particles and attributes that were looked at
}

// Options are choices that no schema states.
type Options struct {
	// XML lets members hold elements that the schema does not describe, as texts: any, anyType and mixed content. Without it optional ones are left
	// out, and a message that requires one cannot be made.
	XML bool
	// Reply makes the texts of shapes data: see shape.Field.Data.
	Reply bool
	// Elements are the global ones, of which a wildcard may hold some: one is its example.
	Elements map[xml.Name]*wsdl.Element
}

// NewBuilder returns a builder.
func NewBuilder(o Options) *Builder {
	return &Builder{
		options: o, shapes: map[*wsdl.ComplexType]*shape.Shape{}, filled: map[*wsdl.ComplexType]bool{}, leaves: Leaves{},
		names: map[string]bool{}, numbers: map[string]int{},
		discriminators: map[*wsdl.ComplexType]string{}, impossible: map[*shape.Shape]string{}, finished: map[*shape.Shape]bool{}, weaker: map[*shape.Shape][]string{},
		elements: slices.SortedFunc(maps.Keys(o.Elements), func(x, y xml.Name) int {
			return cmp.Or(cmp.Compare(x.Space, y.Space), cmp.Compare(x.Local, y.Local))
		}),
	}
}

// mostWork bounds what one service can cost: groups in groups can have more members than their documents have bytes.
const mostWork = 1_000_000

// Message is the shape of a message, and the elements of the Body around its members.
type Message struct {
	Shape *shape.Shape
	// Around are the elements around the members, outermost first; empty where the members are children of the Body.
	Around []xml.Name
	// Weaker says what the shape does not check although the schema does, each with the path of the member.
	Weaker []string
}

// errEncoded reports an operation that this package does not make a shape of.
var errEncoded = errors.New("its messages are rpc/encoded: what is written is said by section 5 of SOAP 1.1, and not by the schema")

// Message makes the shape of one direction of an operation. Headers are the blocks of the header that become members, by the local names of their
// elements. The error says why none can be made.
func (b *Builder) Message(op *wsdl.BoundOperation, name string, headers []string) (m Message, err error) {
	bound, wrapper := op.Input, op.Operation.Name
	if b.options.Reply {
		bound, wrapper = op.Output, op.Operation.Name+"Response"
	}
	if op.Operation.Input == nil {
		return m, errors.New("the service would call, and not be called")
	}
	if bound == nil { // of a one-way operation
		m.Shape = b.named(name)
		return m, m.Shape.Index()
	}
	switch {
	case bound.Encoded:
		return m, errEncoded
	case bound.Multipart:
		return m, errors.New("its message is a MIME package with attachments")
	case op.RPC:
		m, err = b.rpc(bound, xml.Name{Space: bound.Namespace, Local: wrapper}, name)
	default:
		m, err = b.document(bound, name)
	}
	if err == nil {
		err = b.headers(m.Shape, bound, headers)
	}
	if err == nil {
		b.makeRoom(m.Shape)
		m.Weaker, err = b.finish(m.Shape)
	}
	return m, err
}

// makeRoom gives the member of a reply another name whose name every answer has already.
func (b *Builder) makeRoom(s *shape.Shape) {
	o := &objectBuilder{Builder: b, shape: s}
	for i := range s.Fields {
		if f := &s.Fields[i]; b.options.Reply && f.Name == shape.AnswerID {
			f.Name = o.free(f.Name, cmp.Or(f.Wire.Local, f.Name))
		}
	}
}

// rpc is section 3.5 of WSDL 1.1 for the style rpc: an element around the parts, which are in no namespace.
func (b *Builder) rpc(bound *wsdl.BoundMessage, wrapper xml.Name, name string) (Message, error) {
	o := b.object(name)
	for _, part := range bound.Parts {
		if part.Type == nil {
			return Message{}, fmt.Errorf("the part %s of an rpc message is an element and not a type", part.Name)
		}
		o.always(&wsdl.Element{Name: xml.Name{Local: part.Name}, Type: part.Type})
	}
	return Message{Shape: o.shape, Around: []xml.Name{wrapper}}, nil
}

// document is section 3.5 of WSDL 1.1 for the style document: the parts are the children of the Body. One part is what nearly all have, and its
// content is then the message.
func (b *Builder) document(bound *wsdl.BoundMessage, name string) (Message, error) {
	for _, part := range bound.Parts {
		if part.Element == nil {
			return Message{}, fmt.Errorf("the part %s of a document message is a type and not an element", part.Name)
		}
	}
	o := b.object(name)
	if len(bound.Parts) == 1 && !bound.Parts[0].Element.Abstract && len(bound.Parts[0].Element.Substitutes) == 0 {
		e := bound.Parts[0].Element
		if t, ok := e.Type.(*wsdl.ComplexType); !ok || !isOpaque(t) && !t.Abstract {
			o.wrapped(e)
			return Message{Shape: o.shape, Around: []xml.Name{e.Name}}, nil
		}
	}
	for _, part := range bound.Parts {
		o.always(part.Element)
	}
	return Message{Shape: o.shape}, nil
}

// headers adds the blocks of the header that are wanted.
func (b *Builder) headers(s *shape.Shape, bound *wsdl.BoundMessage, wanted []string) error {
	o := &objectBuilder{Builder: b, shape: s, last: -1}
	for _, local := range wanted {
		i := slices.IndexFunc(bound.Headers, func(h *wsdl.Header) bool {
			return h.Part != nil && h.Part.Element != nil && h.Part.Element.Name.Local == local
		})
		if i < 0 {
			return fmt.Errorf("there is no header block %s; there are: %s", local, strings.Join(HeaderNames(bound), ", "))
		}
		before := len(s.Fields)
		o.element(bound.Headers[i].Part.Element, 0, 1)
		for n := before; n < len(s.Fields); n++ {
			if s.Fields[n].Place != shape.Element || s.Fields[n].Kind == shape.XML {
				return fmt.Errorf("the header block %s is not an element that can be described", local)
			}
			s.Fields[n].Place = shape.Header
		}
	}
	return nil
}

// HeaderNames returns the local names of the elements of a message's header.
func HeaderNames(bound *wsdl.BoundMessage) (names []string) {
	for _, h := range bound.Headers {
		if h.Part != nil && h.Part.Element != nil {
			names = append(names, h.Part.Element.Name.Local)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// finish takes out of everything that can be reached what no message can hold, and indexes it.
func (b *Builder) finish(s *shape.Shape) (weaker []string, err error) {
	for len(b.waiting) > 0 {
		t := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.fill(t)
	}
	if b.work > mostWork {
		return nil, fmt.Errorf("its types have more than %d particles", mostWork)
	}
	all := reachable(s, map[*shape.Shape]bool{}, nil)
	unfinished := slices.DeleteFunc(slices.Clone(all), func(each *shape.Shape) bool { return b.finished[each] })
	b.spread(unfinished)
	if why := b.impossible[s]; why != "" {
		return nil, errors.New(why)
	}
	for _, each := range unfinished {
		b.prune(each)
		b.finished[each] = true
	}
	if err := s.Index(); err != nil {
		return nil, err
	}
	for _, each := range all {
		for _, what := range b.weaker[each] {
			weaker = append(weaker, each.Name+what)
		}
	}
	return weaker, nil
}

// reachable lists a shape and everything inside, each once.
func reachable(s *shape.Shape, done map[*shape.Shape]bool, list []*shape.Shape) []*shape.Shape {
	if done[s] {
		return list
	}
	done[s] = true
	list = append(list, s)
	for i := range s.Fields {
		if s.Fields[i].Object != nil {
			list = reachable(s.Fields[i].Object, done, list)
		}
	}
	for _, subtype := range s.Subtypes {
		list = reachable(subtype, done, list)
	}
	return list
}

// spread makes shapes impossible that require an impossible one.
func (b *Builder) spread(all []*shape.Shape) {
	for changed := true; changed; {
		changed = false
		for _, s := range all {
			if b.impossible[s] != "" {
				continue
			}
			for i := range s.Fields {
				f := &s.Fields[i]
				if why := b.noObject(f); why != "" && f.Required && !f.Nillable {
					b.impossible[s], changed = f.Name+": "+why, true
				}
			}
		}
	}
}

// noObject says why no object can be in a field; empty where one can be.
func (b *Builder) noObject(f *shape.Field) string {
	if f.Object == nil {
		return ""
	}
	why := b.impossible[f.Object]
	if !f.Object.Abstract {
		return why
	}
	for _, subtype := range f.Object.Subtypes {
		if b.impossible[subtype] == "" {
			return ""
		}
	}
	return "its type is abstract, and no type that can be sent derives from it"
}

// prune hides the optional members that no request can hold, and leaves out subtypes. In replies they are XML: a service may know more types.
func (b *Builder) prune(s *shape.Shape) {
	for i := range s.Fields {
		f := &s.Fields[i]
		why := b.noObject(f)
		if why == "" {
			continue
		}
		f.Object, f.Kind, f.Nillable, f.Required = nil, shape.XML, false, false
		if b.options.Reply && f.Place == shape.Element {
			f.Data, f.Example = true, emptyElement(f.Wire)
			continue
		}
		f.Hidden = true
		b.weaker[s] = append(b.weaker[s], "/"+f.Name+": is left out: "+why)
	}
	s.Subtypes = slices.DeleteFunc(s.Subtypes, func(subtype *shape.Shape) bool {
		why := b.impossible[subtype]
		if why == "" {
			why = s.Refuses(subtype)
		}
		if why != "" {
			b.weaker[s] = append(b.weaker[s], ": the type "+subtype.Name+" in its place is left out: it "+why)
		}
		return why != ""
	})
	if len(s.Subtypes) == 0 {
		s.Discriminator = ""
	}
}

// Unique returns a name for a shape that no other of the builder's has.
func (b *Builder) Unique(name string) string { return b.named(name).Name }
