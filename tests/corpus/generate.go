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
	maxVariants = 8 // full instances of a schema
	maxDepth    = 3 // times that a named schema is inside itself
	maxExpanded = 4 // times that a named schema is full in one instance; after that it is minimal, or instances would grow exponentially
)

// Generate makes instances of the schema at a JSON Pointer: one with what is required only, and full ones until every member has been there and
// every branch of every choice has been taken, null among them.
func Generate(d *openapi.Document, pointer string) ([]Instance, error) {
	minimal, err := newGenerator(d, nil).instance("minimal", pointer)
	if err != nil {
		return nil, err
	}
	list := []Instance{minimal}
	c := coverage{turns: map[string]int{}, taken: map[string]bool{}}
	for c.variant = 0; c.variant == 0 || c.isPending() && c.variant < maxVariants; c.variant++ {
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

// coverage knows what the full instances have had.
type coverage struct {
	variant int             // from 0
	turns   map[string]int  // how often a choice was come to
	taken   map[string]bool // branches and members that are known, by their pointers
	nulls   bool            // there is something that may be null
}

func (c *coverage) isPending() bool {
	for _, taken := range c.taken {
		if !taken {
			return true
		}
	}
	return c.nulls && c.variant == 1
}

// rotate returns the branches of a choice, another one first each time.
func (c *coverage) rotate(at string, branches []string) []string {
	c.know(branches...)
	c.turns[at]++
	return rotated(branches, c.turns[at]-1)
}

func rotated[T any](list []T, by int) []T {
	if len(list) == 0 {
		return list
	}
	by %= len(list)
	return slices.Concat(list[by:], list[:by])
}

func (c *coverage) know(pointers ...string) {
	for _, at := range pointers {
		c.taken[at] = c.taken[at] // so that it is there
	}
}

func (c *coverage) take(pointers ...string) {
	for _, at := range pointers {
		c.taken[at] = true
	}
}

// isNull reports whether what may be null is null in this instance: everywhere in the second one.
func (c *coverage) isNull() bool {
	if c == nil {
		return false
	}
	c.nulls = true
	return c.variant == 1
}

// generator makes one instance.
type generator struct {
	document       *openapi.Document
	cover          *coverage // nil: only what is required
	open, expanded map[string]int
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
	if !ok {
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
	full := g.cover != nil
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
	return list, g.accepts(accepting, list)
}

// object makes members until no condition and no "not" wants others.
func (g *generator) object(p *plan, accepting []string, full bool) (any, bool) {
	o := openapi.Object{}
	madeFor := map[string]int{} // how many schemas a member was made for
	for again := true; again; {
		for _, name := range slices.Sorted(maps.Keys(p.properties)) {
			if !p.required[name] && (!full || p.forbidden[name]) {
				delete(o, name)
				continue
			}
			if _, made := o[name]; made && madeFor[name] == len(p.properties[name]) {
				continue
			}
			madeFor[name] = len(p.properties[name])
			v, ok := g.value(p.properties[name])
			if o[name] = v; ok {
				continue
			}
			delete(o, name)
			if p.forbidden[name] = true; p.required[name] {
				return nil, false
			}
		}
		again = g.conditions(p, o)
	}
	if len(p.choices) > 0 { // in what a condition wants
		p.refs = nil
		return g.choose(p, accepting)
	}
	ok := g.accepts(accepting, o) || g.without(p, accepting, o) || g.with(p, accepting, o)
	if ok && full {
		for name, pointers := range p.properties {
			g.cover.know(pointers...)
			if _, has := o[name]; has {
				g.cover.take(pointers...)
			}
		}
	}
	return o, ok
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
