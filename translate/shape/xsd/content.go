package xsd

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/xml"
)

// node is a part of a content model, after its elements have become fields: a field, a sequence or a choice.
type node struct {
	field    int // where nodes is nil
	nodes    []node
	choice   bool
	required bool
	// impossible says why nothing can be here, although the schema requires something.
	impossible string
}

// content adds the members of a type's content model (XML Schema part 1, section 3.8): those that are always there, and choices between the others.
func (o *objectBuilder) content(p *wsdl.Particle) {
	o.place(o.particle(p))
}

// place settles what was added. Where something is required that cannot be, no message can hold the object.
func (o *objectBuilder) place(n node, ok bool) {
	switch {
	case ok:
		o.settle(n)
	case n.impossible != "":
		o.impossible[o.shape] = n.impossible
	}
}

// settle turns the nodes that must be there into required fields, and the others into choices.
func (o *objectBuilder) settle(n node) {
	switch {
	case n.nodes == nil:
		o.shape.Fields[n.field].Required = n.required
	case !n.choice && n.required:
		for _, inside := range n.nodes {
			o.settle(inside)
		}
	default:
		o.choose(n)
	}
}

// The most branches of a choice, and of one in which sequences hold choices. A content model with more is checked less.
const (
	mostBranches   = 1000
	mostMultiplied = 64
)

func (o *objectBuilder) choose(n node) {
	branches, ok := branchesOf(n)
	if !ok {
		o.notef("a choice of more than %d branches is not checked", mostBranches)
		return
	}
	c := shape.Choice{Branches: branches, Optional: !n.required}
	switch fields := c.Fields(); {
	case len(branches) > 1 || len(branches[0].Required) > 0 && len(fields) > 1:
		o.shape.Choices = append(o.shape.Choices, c)
	case n.required && len(branches[0].Required) == 1: // one field alone
		o.shape.Fields[fields[0]].Required = true
	}
}

func (o *objectBuilder) notef(format string, args ...any) {
	o.weaker[o.shape] = append(o.weaker[o.shape], ": "+fmt.Sprintf(format, args...))
}

// branchesOf multiplies a content model out. It reports whether that has few enough branches.
func branchesOf(n node) (branches []shape.Branch, ok bool) {
	switch {
	case n.nodes == nil && n.required:
		return shape.OneOf(n.field), true
	case n.nodes == nil:
		return []shape.Branch{{Fields: []int{n.field}}}, true
	case n.choice:
		for _, inside := range n.nodes {
			more, ok := branchesOf(inside)
			if branches = append(branches, more...); !ok || len(branches) > mostBranches {
				return nil, false
			}
		}
		return branches, true
	}
	branches = []shape.Branch{{}}
	for _, inside := range n.nodes {
		more, ok := branchesOf(inside)
		if !ok {
			return nil, false
		}
		if inside.nodes != nil && !inside.required && !slices.ContainsFunc(more, func(b shape.Branch) bool { return len(b.Required) == 0 }) {
			more = append(more, shape.Branch{})
		}
		if len(branches)*len(more) > max(mostMultiplied, len(branches), len(more)) {
			return nil, false
		}
		branches = product(branches, more)
	}
	return branches, true
}

// product joins each branch with each other one.
func product(a, b []shape.Branch) (all []shape.Branch) {
	for _, x := range a {
		for _, y := range b {
			joined := shape.Branch{Fields: slices.Concat(x.Fields, y.Fields), Required: slices.Concat(x.Required, y.Required)}
			slices.Sort(joined.Fields)
			joined.Fields = slices.Compact(joined.Fields)
			slices.Sort(joined.Required)
			joined.Required = slices.Compact(joined.Required)
			all = append(all, joined)
		}
	}
	return all
}

// particle adds the fields of a particle. It reports whether there is anything.
func (o *objectBuilder) particle(p *wsdl.Particle) (node, bool) {
	o.work += 1 + (len(o.siblings)+len(o.shape.Fields))/100 // which a new member is compared with
	switch {
	case p.Max == 0 || o.work > mostWork || len(o.shape.Fields) > shape.MaxFields: // Index reports too many
		return node{}, false
	case p.Element != nil:
		return o.element(p.Element, p.Min, p.Max)
	case p.Any != nil:
		return o.wildcard(p)
	case p.Max == 1:
		return o.group(p)
	}
	if single, ok := singleElement(p); ok { // a group that repeats, of one element, is the element that repeats
		return o.particle(single)
	}
	return o.repeatedGroup(p)
}

// singleElement returns the particle of an element that a group consists of, with the occurrences of both, where those are all numbers in between.
func singleElement(p *wsdl.Particle) (*wsdl.Particle, bool) {
	if len(p.Group.Particles) != 1 {
		return nil, false
	}
	inside := p.Group.Particles[0]
	if inside.Group != nil {
		single, ok := singleElement(inside)
		if !ok {
			return nil, false
		}
		inside = single
	}
	if inside.Element != nil && (inside.Element.Abstract || len(inside.Element.Substitutes) > 0) || inside.Min > 1 && p.Min != p.Max {
		return nil, false
	}
	times := func(a, b int) int {
		if a == 0 || b == 0 {
			return 0
		}
		if a == wsdl.Unbounded || b == wsdl.Unbounded {
			return wsdl.Unbounded
		}
		return min(a*b, 1<<30)
	}
	single := *inside
	single.Min, single.Max = times(p.Min, inside.Min), times(p.Max, inside.Max)
	return &single, true
}

func (o *objectBuilder) group(p *wsdl.Particle) (node, bool) {
	n := node{choice: p.Group.Compositor == wsdl.Choice, required: p.Min > 0, nodes: []node{}}
	around, before, last := o.siblings, o.last, o.last
	begin := len(o.shape.Fields)
	for _, inside := range p.Group.Particles {
		if n.choice {
			o.last = before
			o.siblings = append(slices.Clone(around), indexes(begin, len(o.shape.Fields))...)
		}
		branch := len(o.shape.Fields)
		each, ok := o.particle(inside)
		last = max(last, o.last)
		switch {
		case ok:
			n.nodes = append(n.nodes, each)
		case each.impossible != "" && n.choice:
			o.hide(branch)
			n.impossible = each.impossible
		case each.impossible != "":
			o.hide(begin)
			return o.nothing(n.required, each.impossible)
		case n.choice && inside.Min == 0:
			n.required = false
		}
	}
	o.siblings, o.last = around, last
	if len(n.nodes) == 0 {
		return o.nothing(n.required && n.impossible != "", n.impossible)
	}
	n.impossible = ""
	if len(n.nodes) == 1 { // it is no matter whether it is a choice or a sequence
		n.nodes[0].required = n.nodes[0].required && n.required
		return n.nodes[0], true
	}
	return n, true
}

// hide takes the members away that were added for what cannot be sent.
func (o *objectBuilder) hide(from int) {
	for i := from; i < len(o.shape.Fields); i++ {
		o.shape.Fields[i].Hidden, o.shape.Fields[i].Required = true, false
	}
}

func indexes(begin, end int) (list []int) {
	for i := begin; i < end; i++ {
		list = append(list, i)
	}
	return list
}

// repeatedGroup adds an array of objects with the members of a group.
func (o *objectBuilder) repeatedGroup(p *wsdl.Particle) (node, bool) {
	name := "items"
	if p.Group.Name.Local != "" {
		name = MemberName(p.Group.Name.Local)
	}
	item := o.object(o.shape.Name + "Item")
	once := *p
	once.Min, once.Max = 1, 1
	item.content(&once)
	if why := o.impossible[item.shape]; why != "" || len(item.shape.Fields) == 0 {
		return o.nothing(p.Min > 0 && why != "", why)
	}
	f := shape.Field{Place: shape.Inline, Kind: shape.Object, Object: item.shape, Repeated: true, MinItems: p.Min, MaxItems: max(p.Max, 0)}
	o.last = o.add(f, name)
	return node{field: o.last, required: p.Min > 0 && !mayBeEmpty(item.shape)}, true
}

// mayBeEmpty reports whether an object needs no members.
func mayBeEmpty(s *shape.Shape) bool {
	return !slices.ContainsFunc(s.Fields, func(f shape.Field) bool { return f.Required }) &&
		!slices.ContainsFunc(s.Choices, func(c shape.Choice) bool { return !c.Optional })
}

// element adds a field for an element, or a choice between those that may be in its place.
func (o *objectBuilder) element(e *wsdl.Element, low, high int) (node, bool) {
	if high == 0 {
		return node{}, false
	}
	list := substitutes(e, nil)
	switch {
	case len(list) == 1 && list[0] == e:
		return o.member(e, low, high)
	case len(list) == 0:
		return o.nothing(low > 0, fmt.Sprintf("the element %s is abstract, and no element can be in its place", e.Name.Local))
	}
	group := &wsdl.Group{Name: xml.Name{Local: e.Name.Local}, Compositor: wsdl.Choice}
	for _, each := range list {
		plain := *each
		plain.Abstract, plain.Substitutes = false, nil
		group.Particles = append(group.Particles, &wsdl.Particle{Min: 1, Max: 1, Element: &plain})
	}
	return o.particle(&wsdl.Particle{Min: low, Max: high, Group: group})
}

// substitutes lists the elements that can be sent in the place of one: XML Schema part 1, section 3.3.6.
func substitutes(e *wsdl.Element, list []*wsdl.Element) []*wsdl.Element {
	if slices.Contains(list, e) {
		return list
	}
	if !e.Abstract {
		list = append(list, e)
	}
	for _, each := range e.Substitutes {
		list = substitutes(each, list)
	}
	return list
}

// member adds the field of one element. One that another branch of a choice has already is that one.
func (o *objectBuilder) member(e *wsdl.Element, low, high int) (node, bool) {
	f, ok := o.value(e)
	if !ok {
		return o.nothing(low > 0, fmt.Sprintf("the element %s holds what the schema does not describe", e.Name.Local))
	}
	f.Wire, f.Nillable, f.Blank = e.Name, e.Nillable && f.Kind != shape.XML && (o.options.Reply || !needsAttribute(e.Type)), true
	if f.Object == nil && f.Kind != shape.XML {
		f.Fixed, f.Default = o.constant(textType(e.Type), e.Fixed), o.constant(textType(e.Type), e.Default)
	}
	if text := about(e.Documentation); text != "" {
		f.About = text
	}
	if high != 1 {
		f.Repeated, f.MinItems, f.MaxItems = true, low, max(high, 0)
	}
	for _, i := range o.siblings {
		if i > o.last && !o.shape.Fields[i].Hidden && sameMember(&o.shape.Fields[i], &f) {
			o.last = i
			return node{field: i, required: low > 0}, true
		}
	}
	names := []string{MemberName(e.Name.Local)}
	if !slices.ContainsFunc(o.shape.Fields, func(other shape.Field) bool { return other.Wire.Local == e.Name.Local }) {
		names = append(names, e.Name.Local) // another name on the wire became the same in JSON
	}
	o.last = o.add(f, names...)
	return node{field: o.last, required: low > 0}, true
}

// sameMember reports whether two fields of different branches can be one.
func sameMember(a, b *shape.Field) bool {
	return a.Wire == b.Wire && a.Place == b.Place && a.Kind == b.Kind && a.Object == b.Object && a.Repeated == b.Repeated && a.MinItems == b.MinItems &&
		a.MaxItems == b.MaxItems && a.Nillable == b.Nillable && reflect.DeepEqual(a.Facets, b.Facets) && reflect.DeepEqual(a.Fixed, b.Fixed)
}

// always adds a field for an element that must be there.
func (o *objectBuilder) always(e *wsdl.Element) {
	o.place(o.element(e, 1, 1))
}

// value is the field of an element's type. It reports whether there can be one.
func (o *objectBuilder) value(e *wsdl.Element) (f shape.Field, ok bool) {
	t, isComplex := e.Type.(*wsdl.ComplexType)
	switch {
	case !isComplex:
		return o.leaf(simpleType(e.Type)), true
	case isOpaque(t):
		text, ok := o.Example(e)
		if !ok {
			text = emptyElement(e.Name)
		}
		return shape.Field{Kind: shape.XML, Data: o.options.Reply, Example: text}, o.options.XML
	}
	if t.Value != nil && !hasAttributes(t) && len(t.Subtypes) == 0 {
		return o.leaf(t.Value), true
	}
	s := o.complexType(t, o.shape.Name+typeName(e.Name.Local))
	return shape.Field{Kind: shape.Object, Object: s, About: s.About}, true
}

// textType is the type of the character data of an element that holds nothing else.
func textType(t wsdl.Type) *wsdl.SimpleType {
	if c, ok := t.(*wsdl.ComplexType); ok {
		return c.Value
	}
	return simpleType(t)
}

// hasAttributes reports whether a type or what it derives from has attributes.
func hasAttributes(t *wsdl.ComplexType) bool {
	for ; t != nil; t = baseOf(t) {
		if len(t.Uses)+len(t.Groups) > 0 {
			return true
		}
	}
	return false
}

// needsAttribute reports whether an element of a type has attributes even where it is nil, which null in JSON cannot hold.
func needsAttribute(t wsdl.Type) bool {
	for c, _ := t.(*wsdl.ComplexType); c != nil; c = baseOf(c) {
		if requires(&c.Attributes) {
			return true
		}
	}
	return false
}

func requires(a *wsdl.Attributes) bool {
	return slices.ContainsFunc(a.Uses, func(u *wsdl.AttributeUse) bool { return u.Required }) ||
		slices.ContainsFunc(a.Groups, func(g *wsdl.AttributeGroup) bool { return requires(&g.Attributes) })
}

// nothing adds no field. Where one is required, nothing around it can be sent.
func (o *objectBuilder) nothing(required bool, why string) (node, bool) {
	if !required {
		why = ""
	}
	return node{impossible: why}, false
}

// wildcard adds a field for elements that the schema does not describe.
func (o *objectBuilder) wildcard(p *wsdl.Particle) (node, bool) {
	if !o.options.XML {
		return o.nothing(p.Min > 0, "an element that the schema does not describe is required")
	}
	f := shape.Field{Place: shape.Inline, Kind: shape.XML, Data: o.options.Reply, Wildcard: spacesOf(p.Any), About: "An element that the schema does not describe."}
	if p.Max != 1 {
		f.Repeated, f.MinItems, f.MaxItems = true, p.Min, max(p.Max, 0)
	}
	var ok bool
	if f.Example, ok = o.exampleOf(p.Any, f.Wildcard); !ok && !o.options.Reply { // services know other schemas
		return o.nothing(p.Min > 0, "an element of another schema is required")
	}
	o.last = o.add(f, "any")
	return node{field: o.last, required: p.Min > 0}, true
}

// spacesOf is XML Schema part 1, section 3.10.2.
func spacesOf(wildcard *wsdl.Wildcard) *shape.Wildcard {
	switch wildcard.Namespace {
	case "", "##any":
		return &shape.Wildcard{}
	case "##other":
		return &shape.Wildcard{Spaces: []string{wildcard.TargetNamespace, ""}, Except: true}
	}
	w := &shape.Wildcard{}
	for space := range strings.FieldsSeq(wildcard.Namespace) {
		switch space {
		case "##targetNamespace":
			space = wildcard.TargetNamespace
		case "##local":
			space = ""
		}
		w.Spaces = append(w.Spaces, space)
	}
	return w
}
