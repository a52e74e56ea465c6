package sandbox

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

func firstOf(complaints ...*complaint) *complaint {
	for _, c := range complaints {
		if c != nil {
			return c
		}
	}
	return nil
}

// judgeElement compares an element and all below with its shape.
func judgeElement(s *shape, e *element, path string) *complaint {
	if c := judgeAttributes(e, path); c != nil {
		return c
	}
	empty := len(e.kids) == 0 && blank(e.text)
	switch {
	case s.value != nil && len(e.kids) > 0:
		return &complaint{path, "has elements, must be a value"}
	case s.value != nil:
		return judgeValue(s.value, e.text, path)
	case len(e.kids) == 0 && !empty:
		return &complaint{path, "has text, must have elements"}
	case empty:
		return &complaint{path, "empty element: what is absent must be left out"}
	}
	return judgeKids(s, e, path)
}

func judgeValue(form *lexical, value, path string) *complaint {
	switch what := form.wrong(value); {
	case what == "":
		return nil
	case value == "":
		return &complaint{path, "empty element, " + what}
	default:
		return &complaint{path, what}
	}
}

const xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

// judgeAttributes refuses them all: no sample has one.
func judgeAttributes(e *element, path string) *complaint {
	for _, attr := range e.attrs {
		switch {
		case attr.Name == xml.Name{Space: xsiNamespace, Local: "nil"}:
			return &complaint{path, "xsi:nil is not allowed: what is absent must be left out"}
		case attr.Name.Local == "encodingStyle":
			return &complaint{path, "encodingStyle is not allowed: the style is document/literal"}
		default:
			return &complaint{path, "unexpected attribute " + attr.Name.Local}
		}
	}
	return nil
}

// judgeKids judges the children of an element: first which ones there are, then each one.
func judgeKids(s *shape, e *element, path string) *complaint {
	if c := judgePresence(s, e, path); c != nil {
		return c
	}
	seen := map[xml.Name]int{}
	for _, kid := range e.kids {
		of := s.kids[s.index(kid.name)]
		at := path + "/" + kid.name.Local
		if of.repeated {
			seen[kid.name]++
			at += fmt.Sprintf("[%d]", seen[kid.name])
		}
		if c := judgeElement(of, kid, at); c != nil {
			return c
		}
	}
	return nil
}

func (s *shape) index(name xml.Name) int {
	return slices.IndexFunc(s.kids, func(kid *shape) bool { return kid.name == name })
}

// judgePresence judges which children there are: their names, their order, their number.
func judgePresence(s *shape, e *element, path string) *complaint {
	count := make([]int, len(s.kids))
	last := 0
	for _, kid := range e.kids {
		i := s.index(kid.name)
		if i < 0 {
			return &complaint{path + "/" + kid.name.Local, s.unexpected(kid.name)}
		}
		if i < last && !s.anyOrder {
			return &complaint{path + "/" + kid.name.Local, fmt.Sprintf("must come before %s, comes after it", s.kids[last].name.Local)}
		}
		last = i
		count[i]++
	}
	for i, of := range s.kids {
		switch {
		case count[i] > 1 && !of.repeated:
			return &complaint{path + "/" + of.name.Local, fmt.Sprintf("occurs %d times, may occur once", count[i])}
		case count[i] == 0 && !of.optional:
			return &complaint{path + "/" + of.name.Local, "missing"}
		}
	}
	return nil
}

// unexpected returns why a name is not one of the children, as exactly as possible.
func (s *shape) unexpected(name xml.Name) string {
	for _, kid := range s.kids {
		if kid.name.Local == name.Local {
			return wrongNamespace(name, kid.name)
		}
	}
	for _, kid := range s.kids {
		if strings.EqualFold(kid.name.Local, name.Local) {
			return "unexpected element, must be spelled " + kid.name.Local
		}
	}
	return "unexpected element"
}

func wrongNamespace(is, must xml.Name) string {
	return "is in " + namespace(is) + ", must be in " + namespace(must)
}

func namespace(name xml.Name) string {
	if name.Space == "" {
		return "no namespace"
	}
	return fmt.Sprintf("namespace %q", name.Space)
}
