package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/xml"
)

// structure is a type: all objects of the samples that have the same members. Asked once, a question about it is answered in all its
// places.
type structure struct {
	id      int
	members []*node // the objects, in the order of the pages
	inner   []*structure
	root    bool // of a message or a header block
	request bool // a request holds it: whether its members are optional matters
	wrapper bool // of the element in a request's Body
	name    string
	home    string // the namespace of the schema that it is in
}

// shown is one of the objects, which differ only in what is cut off.
func (s *structure) shown() *node { return s.members[0] }

// model is what the samples of all pages show.
type model struct {
	pages      []*page
	nodes      int
	structures []*structure // in the order of the pages
	of         map[*node]*structure
	pageOf     map[*node]*page // of the roots
	home       string          // the namespace of what has none
	lastID     int
}

func newModel(pages []*page) *model {
	m := &model{pages: pages, of: map[*node]*structure{}, pageOf: map[*node]*page{}}
	signatures := map[string]*structure{}
	for _, p := range pages {
		for _, root := range p.roots() {
			m.pageOf[root] = p
			m.home = cmp.Or(m.home, root.name.Space)
			m.collect(root, true, signatures)
		}
	}
	m.refine()
	for _, s := range m.structures {
		s.inner = m.innerOf(s)
	}
	for _, p := range pages {
		for _, root := range slices.Concat(p.exchanges[0].request.header.children, p.exchanges[0].request.body.children) {
			m.markRequest(m.of[root])
		}
		for _, root := range p.exchanges[0].request.body.children {
			if s := m.of[root]; s != nil {
				s.wrapper = true
			}
		}
	}
	m.name()
	return m
}

// roots are the elements of the Bodies, and the header blocks. All samples of a page agree, so that the first exchange has all.
func (p *page) roots() []*node {
	e := p.exchanges[0]
	list := slices.Concat(e.request.body.children, e.request.header.children)
	if e.response != nil {
		list = slices.Concat(list, e.response.body.children, e.response.header.children)
	}
	return list
}

// collect puts the objects in and below a node together with those of the same signature.
func (m *model) collect(n *node, root bool, signatures map[string]*structure) {
	m.nodes++
	n.order = m.nodes
	if n.isObject() {
		signature := signatureOf(n, root)
		s := signatures[signature]
		if s == nil {
			s = m.add(&structure{root: root})
			signatures[signature] = s
		}
		s.members = append(s.members, n)
		m.of[n] = s
	}
	for _, child := range n.children {
		m.collect(child, false, signatures)
	}
}

func (m *model) add(s *structure) *structure {
	m.lastID++
	s.id = m.lastID
	m.structures = append(m.structures, s)
	return s
}

// fewMembers is a number of members that says little: {Item} may be any array. Structures of so few that hold objects are the same only in
// elements of the same name.
const fewMembers = 3

// signatureOf is what an object shows of itself, without what its members hold.
func signatureOf(n *node, root bool) string {
	var b strings.Builder
	holds := slices.ContainsFunc(n.children, (*node).holdsObject)
	if root || holds && len(n.children) < fewMembers {
		fmt.Fprintf(&b, "%t %q ", root, n.name)
	}
	fmt.Fprintf(&b, "%t %q", n.wild, n.text)
	for _, a := range n.attrs {
		fmt.Fprintf(&b, " @%q %q", a.Name, a.Value)
	}
	for _, child := range n.children {
		fmt.Fprintf(&b, " %q %t %t", child.name, child.repeated, child.anyType)
		if child.holdsObject() {
			b.WriteString(" {}")
		} else {
			fmt.Fprintf(&b, " %q", child.text)
		}
	}
	return b.String()
}

// refine takes structures apart whose members hold different structures, until none are left.
func (m *model) refine() {
	for changed := true; changed; {
		changed = false
		before := m.structures
		m.structures = nil
		for _, s := range before {
			parts := m.split(s)
			changed = changed || len(parts) > 1
			for _, part := range parts {
				m.add(part)
				for _, n := range part.members {
					m.of[n] = part
				}
			}
		}
	}
	for _, s := range m.structures {
		slices.SortFunc(s.members, func(a, b *node) int { return a.order - b.order })
	}
	slices.SortFunc(m.structures, func(a, b *structure) int { return a.shown().order - b.shown().order })
}

// mostParts bounds the search for what a cut-off object may be like.
const mostParts = 1000

// split groups the objects of a structure by the structures that they hold. What is cut off may be any: an object with such a member is
// like the others if they are all alike there; otherwise the page does not say which it is.
func (m *model) split(s *structure) (parts []*structure) {
	known := func(n *node) (count int) {
		for _, child := range n.children {
			if m.of[child] != nil {
				count++
			}
		}
		return count
	}
	slices.SortStableFunc(s.members, func(a, b *node) int { return known(b) - known(a) })
	byKey := map[string]*structure{}
	for _, n := range s.members {
		inner := make([]*structure, len(n.children))
		ids := make([]int, len(inner))
		for i, child := range n.children {
			if inner[i] = m.of[child]; inner[i] != nil {
				ids[i] = inner[i].id
			}
		}
		key := fmt.Sprint(ids)
		part := byKey[key]
		if part == nil {
			part = like(parts, inner)
			if part == nil {
				part = &structure{root: s.root, inner: inner}
				parts = append(parts, part)
			}
			byKey[key] = part
		}
		part.members = append(part.members, n)
	}
	return parts
}

// like returns the only part that holds nothing else, completed; nil if there is none, or several.
func like(parts []*structure, inner []*structure) (found *structure) {
	if len(parts) > mostParts {
		return nil
	}
	for _, part := range parts {
		fits := true
		for i, s := range inner {
			fits = fits && (s == nil || part.inner[i] == nil || part.inner[i] == s)
		}
		if fits && found != nil {
			return nil
		}
		if fits {
			found = part
		}
	}
	for i := range inner {
		if found != nil && found.inner[i] == nil {
			found.inner[i] = inner[i]
		}
	}
	return found
}

// innerOf are the structures that the members of a structure hold; nil for values, and for what every page cuts off.
func (m *model) innerOf(s *structure) []*structure {
	inner := make([]*structure, len(s.shown().children))
	for _, n := range s.members {
		for i, child := range n.children {
			inner[i] = cmp.Or(inner[i], m.of[child])
		}
	}
	return inner
}

func (m *model) markRequest(s *structure) {
	if s == nil || s.request {
		return
	}
	s.request = true
	for _, inner := range s.inner {
		m.markRequest(inner)
	}
}

// name names the structures after the first element of each.
func (m *model) name() {
	taken := map[string]bool{}
	for _, s := range m.structures {
		s.home = m.home
		for _, child := range s.shown().children {
			if child.name.Space != "" && child.name.Space != xsdSpace {
				s.home = child.name.Space
				break
			}
		}
		if s.root {
			s.home = s.shown().name.Space
			continue
		}
		base := s.shown().name.Local
		s.name = base
		for n := 2; taken[s.name]; n++ {
			s.name = base + strconv.Itoa(n)
		}
		taken[s.name] = true
	}
}

// candidates are the structures that a cut-off element may have: those of elements of its name, then those whose name its own name ends
// with.
func (m *model) candidates(cut xml.Name) (same, similar []*structure) {
	for _, s := range m.structures {
		switch {
		case s.root:
		case slices.ContainsFunc(s.members, func(n *node) bool { return n.name == cut }):
			same = append(same, s)
		case strings.HasSuffix(cut.Local, s.name):
			similar = append(similar, s)
		}
	}
	return same, similar
}
