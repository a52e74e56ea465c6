package xsd

import (
	"slices"
	"strconv"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
)

// restrict narrows the members of the base, which the shape has, to those of a restriction (XML Schema part 1, section 3.4.2). They keep their
// places, so that an object of the type can be in the place of one of the base; what is not restated is hidden.
func (o *objectBuilder) restrict(t *wsdl.ComplexType) {
	defer o.attributes(&t.Attributes)
	if t.Value != nil {
		i := slices.IndexFunc(o.shape.Fields, func(f shape.Field) bool { return f.Place == shape.Content })
		if f := o.leaf(t.Value); i >= 0 {
			f.Name, f.Place, f.Required, f.Blank = o.shape.Fields[i].Name, shape.Content, true, true
			o.shape.Fields[i] = f
		}
		return
	}
	own := &objectBuilder{Builder: o.Builder, shape: &shape.Shape{Name: o.shape.Name}, last: -1}
	if t.Content != nil {
		own.content(t.Content)
	}
	o.weaker[o.shape] = append(o.weaker[o.shape], o.weaker[own.shape]...)
	if why := o.impossible[own.shape]; why != "" {
		o.impossible[o.shape] = why
	}
	if !o.narrow(own.shape) {
		attributes := slices.DeleteFunc(slices.Clone(o.shape.Fields), func(f shape.Field) bool { return f.Place != shape.Attribute })
		o.shape.Fields, o.shape.Choices = own.shape.Fields, own.shape.Choices
		for _, f := range attributes {
			o.add(f, f.Name, "@"+f.Wire.Local)
		}
	}
}

// narrow puts restated members into the places of the base's. It reports whether all have one, in the same order.
func (o *objectBuilder) narrow(own *shape.Shape) bool {
	fields := slices.Clone(o.shape.Fields)
	places := make([]int, len(own.Fields)) // of own fields
	next := 0
	for i := range fields {
		f := &fields[i]
		switch {
		case f.Place == shape.Attribute:
		case next < len(own.Fields) && isNarrower(&own.Fields[next], f):
			restated := own.Fields[next]
			restated.Name = f.Name
			if f.Repeated && !restated.Repeated {
				restated.Repeated, restated.MaxItems = true, 1
			}
			fields[i], places[next] = restated, i
			next++
		default:
			f.Hidden, f.Required = true, false
		}
	}
	if next < len(own.Fields) {
		return false
	}
	o.shape.Fields, o.shape.Choices = fields, nil
	for _, c := range own.Choices {
		moved := shape.Choice{Optional: c.Optional}
		for _, b := range c.Branches {
			moved.Branches = append(moved.Branches, shape.Branch{Fields: moveAll(b.Fields, places), Required: moveAll(b.Required, places)})
		}
		o.shape.Choices = append(o.shape.Choices, moved)
	}
	return true
}

func isNarrower(own, base *shape.Field) bool {
	return own.Wire == base.Wire && own.Place == base.Place && own.Kind == base.Kind && (base.Repeated || !own.Repeated)
}

func moveAll(fields, places []int) (moved []int) {
	for _, i := range fields {
		moved = append(moved, places[i])
	}
	return moved
}

// subtypes notes which types may be in the place of one, itself among them.
func (o *objectBuilder) subtypes(t *wsdl.ComplexType) {
	if len(t.Subtypes) == 0 && (baseOf(t) == nil || t.Name.Local == "") || t.Name.Local == "" {
		return
	}
	o.shape.Type = t.Name
	o.shape.Discriminator = o.discriminator(t)
	for _, each := range descendants(t, nil) {
		if !each.Abstract {
			o.shape.Subtypes = append(o.shape.Subtypes, o.complexType(each, ""))
		}
	}
}

// descendants lists a type and all that derive from it.
func descendants(t *wsdl.ComplexType, list []*wsdl.ComplexType) []*wsdl.ComplexType {
	if slices.Contains(list, t) {
		return list
	}
	list = append(list, t)
	for _, each := range t.Subtypes {
		list = descendants(each, list)
	}
	return list
}

// discriminator chooses the member that names the types of a hierarchy: one name for all of it, which no type has a member of.
func (b *Builder) discriminator(t *wsdl.ComplexType) string {
	for baseOf(t) != nil {
		t = baseOf(t)
	}
	if name, known := b.discriminators[t]; known {
		return name
	}
	m := memberNames{taken: map[string]bool{}, groups: map[*wsdl.Group]bool{}}
	for _, each := range descendants(t, nil) {
		m.ofType(each)
	}
	name := "type"
	for n := 1; m.taken[name]; n++ {
		if name = "xsiType"; n > 1 {
			name += strconv.Itoa(n)
		}
	}
	b.discriminators[t] = name
	return name
}

// memberNames are the names that members may have.
type memberNames struct {
	taken  map[string]bool
	groups map[*wsdl.Group]bool // that are done
}

func (m *memberNames) ofType(t *wsdl.ComplexType) {
	if t.Content != nil {
		m.ofParticle(t.Content)
	}
	m.ofAttributes(&t.Attributes)
}

func (m *memberNames) ofAttributes(a *wsdl.Attributes) {
	for _, use := range a.Uses {
		m.taken[MemberName(use.Attribute.Name.Local)] = true
	}
	for _, group := range a.Groups {
		m.ofAttributes(&group.Attributes)
	}
}

func (m *memberNames) ofParticle(p *wsdl.Particle) {
	switch {
	case p.Element != nil:
		for _, e := range substitutes(p.Element, nil) {
			m.taken[MemberName(e.Name.Local)] = true
		}
	case p.Group != nil && !m.groups[p.Group]:
		m.groups[p.Group] = true
		m.taken[MemberName(p.Group.Name.Local)] = true
		for _, inside := range p.Group.Particles {
			m.ofParticle(inside)
		}
	}
}
