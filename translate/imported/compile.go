package imported

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/shape/xsd"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// Config is what an imported system needs to know of this proxy.
type Config struct {
	Version soap.Version // 0: the lowest that the operation has
	// Headers are the blocks of the envelope's header that the proxy fills in: a JSON object with a member for each. Empty: none.
	Headers secret.Secret
	// MadeUp: where Headers are missing, examples take their place. Only a sandbox believes them.
	MadeUp     bool
	Security   soap.Security
	Addressing soap.Addressing
	Secrets    []secret.Secret // of the transport, to be masked in whatever the service says
	Limits     xml.Limits      // of replies
}

// System is a service that was imported.
type System struct {
	Name       string
	Operations []translate.Operation
	// Faults are those that the WSDL declares, by the names of the operations, for sandboxes.
	Faults map[string][]DeclaredFault
}

// DeclaredFault is a fault with an example of what its detail holds.
type DeclaredFault struct {
	Name   string
	Detail []byte
}

// Load makes a system of its folder: of the WSDL, and of the overlay, which is named as the folder is. The error names everything that is wrong, with
// the lines of the overlay.
func Load(name string, folder fs.FS, c Config) (*System, error) {
	l, err := open(name, folder, c)
	if err != nil {
		return nil, err
	}
	system := &System{Name: name, Faults: map[string][]DeclaredFault{}}
	for _, o := range l.overlay.Operations {
		if o.Kind == "" {
			continue
		}
		op, faults, err := l.operation(o)
		if err != nil {
			l.problems = append(l.problems, err)
			continue
		}
		system.Operations = append(system.Operations, op)
		system.Faults[o.Name] = faults
	}
	return system, errors.Join(l.problems...)
}

// Outline returns what the overlay of a folder alone says of the operations that are on: their systems, names and routes, and which only read.
func Outline(folder fs.FS) (operations []translate.Operation, err error) {
	overlay, err := readOverlay(folder)
	if err != nil {
		return nil, err
	}
	for _, o := range overlay.Operations {
		if o.Kind != "" {
			operations = append(operations, translate.Operation{
				System: overlay.System, Name: o.Name, Method: o.Route.Method, Path: o.Route.Path, ReadOnly: o.Kind == Read,
			})
		}
	}
	return operations, nil
}

func readOverlay(folder fs.FS) (*Overlay, error) {
	text, err := fs.ReadFile(folder, FileName)
	if err != nil {
		return nil, err
	}
	return ParseOverlay(text)
}

// loader makes the operations of one folder.
type loader struct {
	config      Config
	overlay     *Overlay
	definitions *wsdl.Definitions
	requests    *xsd.Builder
	replies     *xsd.Builder
	rules       *rules.Compiler
	problems    []error
}

func open(name string, folder fs.FS, c Config) (*loader, error) {
	overlay, err := readOverlay(folder)
	if err != nil {
		return nil, err
	}
	if overlay.System != name {
		return nil, fmt.Errorf("%s: the system is %q, and its folder %q: both must have one name", FileName, overlay.System, name)
	}
	if err := overlay.WSDL.Check(folder); err != nil {
		return nil, err
	}
	d, err := wsdl.Read(folder, overlay.WSDL.File, wsdl.Limits{})
	if err != nil {
		return nil, err
	}
	return &loader{
		config: c, overlay: overlay, definitions: d,
		requests: xsd.NewBuilder(xsd.Options{XML: overlay.XML, Elements: d.Elements}),
		replies:  xsd.NewBuilder(xsd.Options{XML: true, Reply: true, Elements: d.Elements}),
		rules:    rules.NewCompiler(),
	}, nil
}

// wrap puts the place in front of a problem.
func (p Place) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s:%d:%d: %w", FileName, p.Line, p.Column, err)
}

// operation makes one operation.
func (l *loader) operation(o *Operation) (op translate.Operation, faults []DeclaredFault, err error) {
	bound, versions, err := l.find(o)
	if err != nil {
		return op, nil, err
	}
	b := &builder{loader: l, overlay: o, bound: bound}
	if err := errors.Join(o.Route.check(l.overlay.System), b.messages()); err != nil {
		return op, nil, err
	}
	d, err := b.definition(versions)
	if err != nil {
		return op, nil, err
	}
	op, err = translate.Define(d)
	return op, b.declaredFaults(), o.wrap(err)
}

// declaredFaults are the declared faults of which an example can be made.
func (b *builder) declaredFaults() (list []DeclaredFault) {
	for _, f := range b.bound.Operation.Faults {
		if f.Message == nil || len(f.Message.Parts) != 1 || f.Message.Parts[0].Element == nil {
			continue
		}
		if detail, ok := b.replies.Example(f.Message.Parts[0].Element); ok {
			list = append(list, DeclaredFault{f.Name, []byte(detail)})
		}
	}
	return list
}

// find returns how an operation is called, and the versions of SOAP in which it can be.
func (l *loader) find(o *Operation) (*wsdl.BoundOperation, []soap.Version, error) {
	byVersion := map[soap.Version][]*wsdl.BoundOperation{}
	known, problem := false, (*wsdl.Problem)(nil)
	for _, op := range l.definitions.Operations {
		if op.Name != o.Name {
			continue
		}
		known = true
		if op.Problem != nil {
			problem = op.Problem
			continue
		}
		for _, bound := range op.Bindings {
			if isNamed(l.definitions, bound.Binding, l.overlay.Port.Text) {
				version := soap.Version(bound.Binding.Version) // both count from 1.1
				byVersion[version] = append(byVersion[version], bound)
			}
		}
	}
	versions := slices.Sorted(maps.Keys(byVersion))
	switch {
	case !known:
		return nil, nil, o.wrap(fmt.Errorf("%s is not an operation of the WSDL; there are: %s", o.Name, strings.Join(l.names(), ", ")))
	case len(versions) == 0 && problem != nil:
		return nil, nil, o.wrap(fmt.Errorf("%s cannot be used: %w", o.Name, problem))
	case len(versions) == 0:
		return nil, nil, l.overlay.Port.wrap(fmt.Errorf("%s has no binding named %s; port must be one of %s", o.Name, l.overlay.Port.Text, strings.Join(portNames(l.definitions), ", ")))
	}
	version := versions[0]
	if l.config.Version != 0 {
		version = l.config.Version
	}
	list := byVersion[version]
	switch {
	case len(list) == 0:
		return nil, nil, o.wrap(fmt.Errorf("%s is not bound to SOAP %s", o.Name, version))
	case len(list) > 1 && (!same(list) || l.config.Addressing.On && !sameAction(list)):
		return nil, nil, o.wrap(fmt.Errorf("%s is bound in several ways: %s; say which with port", o.Name, ports(list)))
	}
	return list[0], versions, nil
}

// same reports whether bindings differ in nothing that is sent.
func same(list []*wsdl.BoundOperation) bool {
	first := list[0]
	return !slices.ContainsFunc(list, func(b *wsdl.BoundOperation) bool {
		return b.SOAPAction != first.SOAPAction || b.RPC != first.RPC || !sameMessage(b.Input, first.Input) || !sameMessage(b.Output, first.Output)
	})
}

// sameAction reports whether bindings have one action of WS-Addressing.
func sameAction(list []*wsdl.BoundOperation) bool {
	return !slices.ContainsFunc(list, func(b *wsdl.BoundOperation) bool { return b.AddressingAction() != list[0].AddressingAction() })
}

func sameMessage(a, b *wsdl.BoundMessage) bool {
	if a == nil || b == nil {
		return a == b
	}
	samePart := func(p, q *wsdl.Part) bool {
		return p.Element == q.Element && p.Type == q.Type && (p.Element != nil || p.Name == q.Name)
	}
	return a.Encoding == b.Encoding && a.Multipart == b.Multipart && slices.EqualFunc(a.Parts, b.Parts, samePart) &&
		slices.EqualFunc(a.Headers, b.Headers, func(h, g *wsdl.Header) bool { return h.Part != nil && g.Part != nil && samePart(h.Part, g.Part) })
}

func ports(list []*wsdl.BoundOperation) string {
	names := make([]string, len(list))
	for i, b := range list {
		names[i] = b.Binding.Name.Local
	}
	return strings.Join(names, ", ")
}

func (l *loader) names() (names []string) {
	for _, op := range l.definitions.Operations {
		names = append(names, op.Name)
	}
	return names
}

// builder makes one operation.
type builder struct {
	*loader

	overlay *Operation
	bound   *wsdl.BoundOperation
	request xsd.Message
	reply   xsd.Message
	// fixedHeader are the blocks of the header that the settings say, in clear and masked.
	fixedHeader, maskedHeader string
	secrets                   []secret.Secret // in them
}

// messages makes the shapes of both messages, as the overlay wants them.
func (b *builder) messages() (err error) {
	var fromCaller, fromSettings []string
	for _, h := range b.overlay.Headers {
		if h.From == FromCaller {
			fromCaller = append(fromCaller, h.Block.Text)
		} else {
			fromSettings = append(fromSettings, h.Block.Text)
		}
	}
	place := func(err error) error { return b.overlay.wrap(fmt.Errorf("%s: %w", b.overlay.Name, err)) }
	// The request comes first: the header's message would take its name.
	if b.request, err = b.requests.Message(b.bound, b.overlay.Name+"Request", fromCaller); err != nil {
		return place(err)
	}
	if err := b.headersFromSettings(fromSettings); err != nil {
		return place(err)
	}
	if b.reply, err = b.replies.Message(b.bound, b.overlay.Name+"Response", nil); err != nil {
		return place(fmt.Errorf("its reply: %w", err))
	}
	for _, name := range b.overlay.Unwrap {
		if !unwrap(&b.request, name.Text) && !unwrap(&b.reply, name.Text) {
			return name.wrap(fmt.Errorf("%s is not an object and the only member of a message: it cannot be unwrapped", name.Text))
		}
	}
	return errors.Join(b.editMessages()...)
}

// check refuses a route that is not below the system's own, from which its scope follows, or that would be a preview.
func (r *Route) check(system string) error {
	if own := "/v1/" + system + "/"; !strings.HasPrefix(r.Path, own) || strings.HasSuffix(r.Path, previewEnd) {
		return r.wrap(fmt.Errorf("route: the path %s must begin with %s, and may not end with /preview", r.Path, own))
	}
	return nil
}

// unwrap puts the content of the only member in its place. It reports whether that is possible.
func unwrap(m *xsd.Message, name string) bool {
	only, others := -1, []shape.Field(nil)
	for i := range m.Shape.Fields {
		f := &m.Shape.Fields[i]
		switch {
		case f.Place == shape.Header:
			others = append(others, *f)
		case f.Hidden:
		case only >= 0 || f.Name != name || f.Kind != shape.Object || f.Place != shape.Element || f.Repeated || f.Object.Abstract:
			return false
		default:
			only = i
		}
	}
	if only < 0 {
		return false
	}
	wrapper := &m.Shape.Fields[only]
	inside := wrapper.Object.Clone(m.Shape.Name)
	inside.Fields = append(inside.Fields, others...)
	inside.Subtypes, inside.Discriminator = nil, ""
	m.Around, m.Shape = append(slices.Clone(m.Around), wrapper.Wire), inside
	return true
}
