package imported

import (
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/shape"
)

// editor changes the shape of one message. What other operations share is copied first.
type editor struct {
	root   *shape.Shape
	unique func(name string) string // of shapes
	prefix string                   // of the names of copies
	owned  map[*shape.Shape]bool
}

// edit changes the member at the end of a path, in subtypes too. It reports whether there is one.
func (e *editor) edit(path string, change func(*shape.Field) error) (found bool, err error) {
	e.owned[e.root] = true
	return e.in(e.root, strings.Split(path, "/"), change)
}

func (e *editor) in(s *shape.Shape, names []string, change func(*shape.Field) error) (found bool, err error) {
	for _, each := range e.withSubtypes(s) {
		i := slices.IndexFunc(each.Fields, func(f shape.Field) bool { return f.Name == names[0] && !f.Hidden })
		if i < 0 {
			continue
		}
		f, there := &each.Fields[i], true
		switch {
		case len(names) == 1:
			err = change(f)
		case f.Object == nil:
			err = fmt.Errorf("%s has no members", names[0])
		default:
			f.Object = e.own(f.Object)
			there, err = e.in(f.Object, names[1:], change)
		}
		if found = found || there; err != nil {
			return found, err
		}
	}
	return found, nil
}

// own returns a copy that no other operation has, with copies of the subtypes.
func (e *editor) own(s *shape.Shape) *shape.Shape {
	if e.owned[s] {
		return s
	}
	c := s.Clone(e.unique(e.prefix + s.Name))
	e.owned[c] = true
	for i, subtype := range c.Subtypes {
		if subtype == s {
			c.Subtypes[i] = c
			continue
		}
		copied := subtype.Clone(e.unique(e.prefix + subtype.Name))
		copied.Subtypes = slices.Clone(copied.Subtypes)
		for j, other := range copied.Subtypes {
			if other == subtype {
				copied.Subtypes[j] = copied
			}
		}
		e.owned[copied] = true
		c.Subtypes[i] = copied
	}
	return c
}

// withSubtypes lists a shape and those that may be in its place, each once.
func (e *editor) withSubtypes(s *shape.Shape) []*shape.Shape {
	list := []*shape.Shape{s}
	for _, subtype := range s.Subtypes {
		if subtype != s {
			list = append(list, subtype)
		}
	}
	return list
}
