package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"soapbridge/tests/openapi"
)

// Instance is a JSON text that its schema accepts.
type Instance struct {
	Name string // "minimal", "full 1", "full 2"
	JSON []byte
}

const (
	// maxVariants is the most full instances of a schema.
	maxVariants = 8
	maxDepth    = 3    // times that a named schema is inside itself
	maxExpanded = 4    // times that a named schema is full in one instance; after that it is minimal, or instances would grow exponentially
	maxLevels   = 10   // of values inside each other that are full
	maxValues   = 1000 // in one instance; what comes after them is minimal
)

// generate makes instances of the schema at a JSON Pointer: one with what is required only, and full ones until every member has been there and
// every branch of every choice has been taken, null among them.
func generate(d *openapi.Document, pointer string, variants int) ([]Instance, error) {
	minimal, err := newGenerator(d, nil).instance("minimal", pointer)
	if err != nil {
		return nil, err
	}
	list := []Instance{minimal}
	c := coverage{turns: map[string]int{}, taken: map[string]bool{}}
	for c.variant = 0; c.variant == 0 || c.isPending() && c.variant < variants; c.variant++ {
		full, err := newGenerator(d, &c).instance(fmt.Sprintf("full %d", c.variant+1), pointer)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(i Instance) bool { return bytes.Equal(i.JSON, full.JSON) }) {
			list = append(list, full)
		}
	}
	return list, nil
}

// generator makes one instance.
type generator struct {
	identifiers    int // that were made
	document       *openapi.Document
	cover          *coverage // nil: only what is required
	open, expanded map[string]int
	level, values  int
	err            error // why the last value was not accepted
}

func newGenerator(d *openapi.Document, c *coverage) *generator {
	return &generator{document: d, cover: c, open: map[string]int{}, expanded: map[string]int{}}
}

func (g *generator) variant() int {
	if g.cover == nil {
		return 0
	}
	return g.cover.variant
}

func (g *generator) instance(name, pointer string) (Instance, error) {
	v, ok := g.value([]string{pointer})
	if !ok || !g.accepts([]string{pointer}, v) {
		return Instance{}, fmt.Errorf("%s: no %s instance found: %w", pointer, name, g.err)
	}
	text, err := json.Marshal(v)
	return Instance{name, text}, err
}

// value makes a value that all schemas at the pointers accept; not ok where none was found.
func (g *generator) value(pointers []string) (v any, ok bool) {
	p := newPlan(g.document)
	for _, at := range pointers {
		p.add(at)
	}
	return g.choose(p, pointers)
}

// choose takes a branch at each choice of a plan: the first from which a value can be made.
func (g *generator) choose(p *plan, accepting []string) (any, bool) {
	if len(p.choices) == 0 {
		return g.build(p, accepting)
	}
	at := p.choices[0]
	p.choices = p.choices[1:]
	branches := g.branches(at)
	for _, branch := range branches {
		q := p.clone()
		q.add(branch)
		for _, other := range branches {
			if other != branch && strings.HasSuffix(at, "/oneOf") {
				q.forbid(other, -1)
			}
		}
		if v, ok := g.choose(q, accepting); ok {
			if g.cover != nil {
				g.cover.take(branch)
			}
			return v, true
		}
	}
	return nil, false
}

// branches lists the branches of a choice in the order in which to try them: null first where that is wanted, and last otherwise.
func (g *generator) branches(at string) []string {
	all, _ := openapi.At(g.document.Root, at).([]any)
	var list, null []string
	for i, branch := range all {
		schema, _ := branch.(openapi.Object)
		if pointer := fmt.Sprintf("%s/%d", at, i); schema["type"] == "null" {
			null = append(null, pointer)
		} else {
			list = append(list, pointer)
		}
	}
	if g.cover != nil {
		list = g.cover.rotate(at, list)
	} else {
		slices.SortStableFunc(list, func(a, b string) int { return g.requires(a) - g.requires(b) })
	}
	if len(null) > 0 && g.cover.isNull() {
		return append(null, list...)
	}
	return append(list, null...)
}

// requires counts the members that a schema requires.
func (g *generator) requires(at string) int {
	schema, _ := openapi.At(g.document.Root, at).(openapi.Object)
	return len(requiredBy(g.document.Resolve(schema)))
}

// build makes a value of a plan without choices.
func (g *generator) build(p *plan, accepting []string) (v any, ok bool) {
	g.values++
	g.level++
	defer func() { g.level-- }()
	full := g.cover != nil && g.values < maxValues && g.level <= maxLevels
	for _, ref := range p.refs {
		if g.open[ref] >= maxDepth {
			g.err = fmt.Errorf("%s is inside itself", ref)
			return nil, false
		}
		g.open[ref]++
		defer func() { g.open[ref]-- }()
		g.expanded[ref]++
		full = full && g.expanded[ref] <= maxExpanded
	}
	if p.types["null"] && len(p.types) > 1 && g.cover.isNull() && g.accepts(accepting, nil) {
		return nil, true
	}
	switch p.kind() {
	case "object":
		v, ok = g.object(p, accepting, full)
	case "array":
		v, ok = g.array(p, accepting, full)
	default:
		v, ok = g.scalar(p, accepting)
	}
	if !ok && p.types["null"] { // rather than one more of what is inside itself
		return nil, g.accepts(accepting, nil)
	}
	return v, ok
}

func (g *generator) scalar(p *plan, accepting []string) (any, bool) {
	if len(p.words) == 0 && p.types["boolean"] {
		p.words = []any{true, false}
	}
	if p.unique {
		g.identifiers++
		if v := fmt.Sprintf("id-%d", g.identifiers); g.accepts(accepting, v) {
			return v, true
		}
	}
	p.words = rotated(p.words, g.variant()) // conditions may depend on them
	for v := range p.scalars() {
		if g.accepts(accepting, v) {
			return v, true
		}
	}
	return nil, false
}

func (g *generator) accepts(pointers []string, v any) bool {
	for _, at := range pointers {
		if err := g.document.Accepts(at, v); err != nil {
			g.err = err
			return false
		}
	}
	return true
}

func (g *generator) array(p *plan, accepting []string, full bool) (any, bool) {
	n := 0
	if full {
		n = 2
	}
	list := []any{}
	for range max(min(n, p.high("maxItems", n)), p.low("minItems", 0)) {
		item, ok := g.value(p.items)
		if !ok {
			return nil, false
		}
		list = append(list, item)
	}
	return list, !p.ruled || g.accepts(accepting, list)
}

// object makes members until no condition and no "not" wants others.
func (g *generator) object(p *plan, accepting []string, full bool) (any, bool) {
	o := openapi.Object{}
	madeFor := map[string]int{} // how many schemas a member was made for
	for again := true; again; again = g.conditions(p, o) {
		for _, name := range rotated(slices.Sorted(maps.Keys(p.properties)), g.variant()) { // other ones come within maxValues
			wanted := p.required[name] || full && !p.forbidden[name]
			switch {
			case !wanted:
				delete(o, name)
			case madeFor[name] < len(p.properties[name]):
				madeFor[name] = len(p.properties[name])
				if !g.member(p, o, name) {
					return nil, false
				}
			}
		}
	}
	if len(p.choices) > 0 { // in what a condition wants
		p.refs = nil
		return g.choose(p, accepting)
	}
	ok := !p.ruled || g.accepts(accepting, o) || g.without(p, accepting, o) || g.with(p, accepting, o)
	if ok && full {
		g.cover.see(p, o)
	}
	return o, ok
}

// member makes a member, or forbids it where it cannot be made; not ok where it must be there.
func (g *generator) member(p *plan, o openapi.Object, name string) (ok bool) {
	if o[name], ok = g.value(p.properties[name]); ok {
		return true
	}
	delete(o, name)
	p.forbidden[name] = true
	return !p.required[name]
}

// conditions adds to a plan what the conditions want of an object, and reports whether that is anything new.
func (g *generator) conditions(p *plan, o openapi.Object) (more bool) {
	conditions := p.conditions
	p.conditions = nil
	for _, at := range conditions {
		side := at + "/else"
		if g.accepts([]string{at + "/if"}, o) {
			side = at + "/then"
		}
		if openapi.At(g.document.Root, side) == nil {
			p.conditions = append(p.conditions, at) // the other side may come
			continue
		}
		p.add(side)
		more = true
	}
	for _, at := range p.nots {
		if g.accepts([]string{at}, o) {
			more = p.forbid(at, g.variant()) || more
		}
	}
	return more
}

// without leaves out the optional member without which the object is accepted.
func (g *generator) without(p *plan, accepting []string, o openapi.Object) bool {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if p.required[name] {
			continue
		}
		v := o[name]
		delete(o, name)
		if g.accepts(accepting, o) {
			return true
		}
		o[name] = v
	}
	return false
}

// with adds the optional member with which the object is accepted.
func (g *generator) with(p *plan, accepting []string, o openapi.Object) bool {
	for _, name := range slices.Sorted(maps.Keys(p.properties)) {
		if _, has := o[name]; has || p.forbidden[name] {
			continue
		}
		v, ok := g.value(p.properties[name])
		if !ok {
			continue
		}
		o[name] = v
		if g.accepts(accepting, o) {
			return true
		}
		delete(o, name)
	}
	o["other"] = "text" // where it may have members that are not described
	return g.accepts(accepting, o)
}
