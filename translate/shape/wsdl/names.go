package wsdl

import "soapbridge/translate/xml"

// table holds the global components of one kind, whichever document they are from.
type table[T any] struct {
	kind    string
	byName  map[xml.Name]T
	order   []xml.Name
	digests map[xml.Name]string
}

func newTable[T any](kind string) table[T] {
	return table[T]{kind: kind, byName: map[xml.Name]T{}, digests: map[xml.Name]string{}}
}

// define reads a global component. One that is defined again in the same way is the same; in another way, it is ambiguous.
func define[T any](d *document, t *table[T], read func(name xml.Name) T) {
	name := d.name(d.target)
	_, again := t.byName[name]
	switch {
	case d.builtIn && again: // a built-in schema only adds what is missing
		return
	case !d.builtIn && name.Space == XSD: // nothing redefines the built-in types
		return
	}
	around := d.depth - 1
	d.owner = owner{t.kind, name}
	at := d.here()
	d.startDigest()
	if !again {
		t.order = append(t.order, name)
		t.byName[name] = read(name)
	}
	d.leave(around)
	d.owner = owner{}
	switch digest := d.endDigest(); {
	case !again:
		t.digests[name] = digest
	case t.digests[name] != digest:
		d.reportf(at, "%s is defined again, in another way", at.owner)
	}
}

// reference is a QName in an attribute.
type reference struct {
	name   xml.Name
	target string // of the document around it
	at     place
}

// ref returns the reference in an attribute of the current element; nil where there is none.
func (d *document) ref(attribute string) *reference {
	value := d.optional(attribute)
	if value == nil {
		return nil
	}
	return d.qName(*value)
}

// required is ref for an attribute that the current element must have.
func (d *document) required(attribute string) *reference {
	if d.optional(attribute) == nil {
		d.reportf(d.here(), "the attribute %q is missing", attribute)
	}
	return d.ref(attribute)
}

// qName resolves a QName with the namespaces of the current element.
func (d *document) qName(value string) *reference {
	name, ok := d.scan.ResolveQName(value)
	if !ok {
		d.reportf(d.here(), "%q is not a name with a prefix that is declared", cut(value, d.limits.Name))
		return nil
	}
	if name.Space == "" && d.chameleon {
		name.Space = d.target
	}
	d.limitName(name)
	return &reference{name, d.target, d.here()}
}

// later resolves a reference when everything is loaded.
func later[T any](r *reader, t *table[T], ref *reference, set func(T)) {
	if ref == nil {
		return
	}
	r.references = append(r.references, func() {
		component, ok := lookup(r, t, ref.name)
		if !ok && ref.name.Space == wsdlSpace { // a default namespace that was forgotten: nothing that can be referred to is in it
			ref.name.Space = ref.target
			component, ok = lookup(r, t, ref.name)
		}
		if !ok {
			r.reportf(ref.at, "%s is not defined", owner{t.kind, ref.name})
			return
		}
		r.lead(ref.at.owner, owner{t.kind, ref.name})
		set(component)
	})
}

// lookup finds a component in what was read, else in the built-in schemas.
func lookup[T any](r *reader, t *table[T], name xml.Name) (T, bool) {
	component, ok := t.byName[name]
	if !ok && r.loadBuiltIn(name.Space) {
		component, ok = t.byName[name]
	}
	return component, ok
}

// laterSimple is later for a type that must be simple.
func (d *document) laterSimple(ref *reference, set func(*SimpleType)) {
	later(d.reader, &d.types, ref, func(t Type) {
		simple, ok := t.(*SimpleType)
		if !ok {
			d.reportf(ref.at, "%s is not a simple type", owner{"type", ref.name})
			return
		}
		set(simple)
	})
}

// builtInType returns a type of XML Schema itself.
func (r *reader) builtInType(local string) Type {
	t, _ := lookup(r, &r.types, xml.Name{Space: XSD, Local: local})
	return t
}

// lead notes that all users of from also use to.
func (r *reader) lead(from, to owner) {
	if to.name.Space != XSD {
		r.users[to] = append(r.users[to], from)
	}
}
