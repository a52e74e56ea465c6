package wsdl

import "testing"

// checkWhole follows every pointer from the operations that can be used, and requires that none is missing.
func checkWhole(t *testing.T, d *Definitions) {
	t.Helper()
	for _, op := range d.Operations {
		if op.Problem == nil {
			w := &walker{t: t, at: op.Name, seen: map[any]bool{}}
			w.operation(op)
		}
	}
}

type walker struct {
	t    *testing.T
	at   string
	seen map[any]bool
}

func (w *walker) need(there bool, what string) bool {
	if !there {
		w.t.Errorf("%s: %s is missing", w.at, what)
	}
	return there
}

func (w *walker) operation(op *Operation) {
	w.message(op.Input)
	w.message(op.Output)
	for _, f := range op.Faults {
		w.need(f.Message != nil, "the message of a fault")
		w.message(f.Message)
	}
	for _, b := range op.Bindings {
		w.need(b.Operation == op && b.Binding.PortType == op.PortType, "the operation of a binding")
		w.need((b.Input != nil) == (op.Input != nil) && (b.Output != nil) == (op.Output != nil), "a message of a binding")
		for _, m := range []*BoundMessage{b.Input, b.Output} {
			w.bound(m)
		}
	}
}

func (w *walker) bound(m *BoundMessage) {
	if m == nil {
		return
	}
	for _, p := range m.Parts {
		w.need(p != nil, "a part of a body")
	}
	for _, h := range m.Headers {
		w.need(h.Part != nil, "the part of a header")
		w.message(h.Message)
	}
}

func (w *walker) message(m *Message) {
	if m == nil {
		return
	}
	for _, p := range m.Parts {
		w.need((p.Element != nil) != (p.Type != nil), "the element or the type of a part")
		if p.Element != nil {
			w.element(p.Element)
		} else {
			w.typ(p.Type)
		}
	}
}

func (w *walker) first(component any) bool {
	first := !w.seen[component]
	w.seen[component] = true
	return first
}

func (w *walker) element(e *Element) {
	if !w.need(e != nil, "an element") || !w.first(e) {
		return
	}
	w.typ(e.Type)
	for _, s := range e.Substitutes {
		w.element(s)
	}
}

func (w *walker) typ(t Type) {
	switch t := t.(type) {
	case *SimpleType:
		w.simple(t)
	case *ComplexType:
		w.complex(t)
	default:
		w.need(false, "a type")
	}
}

func (w *walker) simple(t *SimpleType) {
	if !w.need(t != nil, "a simple type") || !w.first(t) {
		return
	}
	ways := 0
	for _, way := range []bool{t.Base != nil, t.Item != nil, t.Members != nil} {
		if way {
			ways++
		}
	}
	w.need(ways == 1 || t.Name.Local == "anySimpleType", "what a simple type is made of")
	if t.Base != nil {
		w.simple(t.Base)
	}
	if t.Item != nil {
		w.simple(t.Item)
	}
	for _, m := range t.Members {
		w.simple(m)
	}
}

func (w *walker) complex(t *ComplexType) {
	if !w.first(t) {
		return
	}
	if t.Base != nil {
		w.typ(t.Base)
	}
	if t.Value != nil {
		w.simple(t.Value)
	}
	if t.Content != nil {
		w.particle(t.Content)
	}
	w.attributes(&t.Attributes)
	for _, s := range t.Subtypes {
		w.complex(s)
	}
}

func (w *walker) particle(p *Particle) {
	switch {
	case p.Element != nil:
		w.element(p.Element)
	case p.Group != nil:
		w.need(p.Group.Compositor != 0, "a compositor")
		if w.first(p.Group) {
			for _, inner := range p.Group.Particles {
				w.particle(inner)
			}
		}
	default:
		w.need(p.Any != nil, "the term of a particle")
	}
}

func (w *walker) attributes(a *Attributes) {
	for _, use := range a.Uses {
		if w.need(use.Attribute != nil, "an attribute") {
			w.simple(use.Attribute.Type)
		}
	}
	for _, g := range a.Groups {
		if w.need(g != nil, "an attribute group") && w.first(g) {
			w.attributes(&g.Attributes)
		}
	}
}
