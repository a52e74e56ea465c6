package wsdl

// resolve turns names into pointers, when all documents are read.
func (r *reader) resolve() {
	for i := 0; i < len(r.references) && r.err == nil; i++ { // a built-in schema adds to them
		r.references[i]()
	}
	r.cutCycles()
	for i := 0; i < len(r.finishers) && r.err == nil; i++ {
		r.finishers[i]()
	}
	r.checkTypes()
	r.collect()
	r.spreadProblems()
}

// checkTypes reports the types that are made of nothing, other than by a name that did not resolve.
func (r *reader) checkTypes() {
	for _, component := range r.components {
		at := r.places[component]
		nothing := false
		switch t := component.(type) {
		case *SimpleType:
			nothing = t.Base == nil && t.Item == nil && t.Members == nil && t.Name.Space != XSD
		case *ComplexType:
			nothing = t.Extension && t.Base == nil
		}
		if nothing && r.broken[at.owner] == nil {
			r.reportf(at, "a type derives from nothing")
		}
	}
}

// collect fills the lists that need everything else.
func (r *reader) collect() {
	d := r.definitions
	for _, name := range r.types.order {
		derived, _ := r.types.byName[name].(*ComplexType)
		if derived == nil {
			continue
		}
		if base, _ := derived.Base.(*ComplexType); base != nil && base.Name.Space != XSD {
			base.Subtypes = append(base.Subtypes, derived)
			r.lead(owner{r.types.kind, base.Name}, owner{r.types.kind, name})
		}
	}
	for _, name := range r.elements.order {
		if e := r.elements.byName[name]; e.Head != nil {
			e.Head.Substitutes = append(e.Head.Substitutes, e)
			r.lead(owner{r.elements.kind, e.Head.Name}, owner{r.elements.kind, name})
		}
	}
	for _, name := range r.services.order {
		d.Services = append(d.Services, r.services.byName[name])
	}
	for _, name := range r.bindings.order {
		if b := r.bindings.byName[name]; b.Version != 0 {
			d.Bindings = append(d.Bindings, b)
		}
	}
	for _, name := range r.portTypes.order {
		p := r.portTypes.byName[name]
		d.PortTypes = append(d.PortTypes, p)
		for _, op := range p.Operations {
			if len(op.Bindings) > 0 {
				d.Operations = append(d.Operations, op)
			}
		}
	}
}

// spreadProblems marks the operations that lead to a problem, walking from each problem to what refers to it. A component is visited once,
// so that the cost is that of reading.
func (r *reader) spreadProblems() {
	var queue []owner
	for _, p := range r.definitions.Problems {
		if r.broken[p.owner] == p { // the first one of its owner
			queue = append(queue, p.owner)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, user := range r.users[at] {
			if r.broken[user] == nil {
				r.broken[user] = r.broken[at]
				queue = append(queue, user)
			}
		}
	}
	for _, op := range r.definitions.Operations {
		op.Problem = r.broken[r.places[op].owner]
	}
}

// link is a pointer from one component to another that must not lead back.
type link struct {
	to  any
	cut func()
}

// links are the pointers along which nothing may contain itself, so that following them comes to an end. Elements contain themselves
// often.
func links(component any) (all []link) {
	switch c := component.(type) {
	case *SimpleType:
		if c.Base != nil {
			all = append(all, link{c.Base, func() { c.Base = nil }})
		}
		if c.Item != nil {
			all = append(all, link{c.Item, func() { c.Item = nil }})
		}
		for i, member := range c.Members {
			if member != nil {
				all = append(all, link{member, func() { c.Members[i] = nil }})
			}
		}
	case *ComplexType:
		if c.Base != nil {
			all = append(all, link{c.Base, func() { c.Base = nil }})
		}
	case *Group:
		for _, p := range c.Particles {
			if p.Group != nil {
				all = append(all, link{p.Group, func() { p.Group = nil }})
			}
		}
	case *AttributeGroup:
		for i, g := range c.Groups {
			if g != nil {
				all = append(all, link{g, func() { c.Groups[i] = nil }})
			}
		}
	case *Element:
		if c.Head != nil {
			all = append(all, link{c.Head, func() { c.Head = nil }})
		}
	}
	return all
}

// cutCycles removes the links by which a component contains itself, and those that make a chain too long to be followed by recursion.
func (r *reader) cutCycles() {
	heights := map[any]int{}
	for _, component := range r.components {
		r.height(component, heights, 0)
	}
}

// height returns the number of links that lead on from a component, one behind the other.
func (r *reader) height(component any, heights map[any]int, depth int) int {
	if h, done := heights[component]; done {
		return h
	}
	endless := r.limits.Depth
	heights[component] = endless // as long as the component is above itself
	height := 0
	for _, l := range links(component) {
		below := endless
		if depth < r.limits.Depth {
			below = r.height(l.to, heights, depth+1)
		}
		if below >= endless {
			at := r.places[component]
			r.reportf(at, "%s contains itself, or goes through more than %d others", at.owner, endless)
			l.cut()
			continue
		}
		height = max(height, below+1)
	}
	heights[component] = height
	return height
}
