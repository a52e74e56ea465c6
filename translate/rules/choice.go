package rules

import (
	"slices"
	"strings"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// choice is a shape.Choice, or one between members of objects inside.
type choice struct {
	members  []member // of all branches
	branches []shape.Branch
	optional bool
}

// oneOf is a choice of which each branch is one member.
func oneOf(names []string, list []member) choice {
	c := choice{members: list}
	for i, name := range names {
		if list == nil {
			c.members = append(c.members, member{name: name})
		}
		c.branches = append(c.branches, shape.OneOf(i)...)
	}
	return c
}

// choiceOf resolves a choice of a shape. Its branches then lead to members, in place of fields.
func choiceOf(s *shape.Shape, of shape.Choice) (choice, error) {
	fields := of.Fields()
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = s.Fields[field].Name
	}
	list, err := members(s, names...)
	c := choice{members: list, optional: of.Optional}
	places := func(of []int) (list []int) {
		for _, field := range of {
			list = append(list, slices.Index(fields, field))
		}
		return list
	}
	for _, b := range of.Branches {
		c.branches = append(c.branches, shape.Branch{Fields: places(b.Fields), Required: places(b.Required)})
		c.optional = c.optional || len(b.Required) == 0
	}
	return c, err
}

func (c choice) check(o *object) {
	var given []int
	for i, m := range c.members {
		if isGiven(m.of(o)) {
			given = append(given, i)
		}
	}
	if len(given) == 0 {
		c.none(string(o.pointer), o.report)
		return
	}
	taken, fitting := c.branch(given)
	if fitting < len(given) {
		c.conflict(o, given, fitting)
		return
	}
	for _, i := range taken.Required {
		if !slices.Contains(given, i) {
			because := o.at(c.members[given[0]].name)
			v := record.Violation{Pointer: o.at(c.members[i].name), Code: record.Required, Detail: missingSentence, Params: map[string]any{"because": because}}
			o.report.Add(v.Knowing(c.members[i].known))
		}
	}
}

// branch returns the branch that the most of the given members fit, from the first on, and how many do. Of several it is the one that lacks the least.
func (c choice) branch(given []int) (best shape.Branch, fitting int) {
	lacks := func(b shape.Branch) (n int) {
		for _, i := range b.Required {
			if !slices.Contains(given, i) {
				n++
			}
		}
		return n
	}
	for i, b := range c.branches {
		n := 0
		for n < len(given) && slices.Contains(b.Fields, given[n]) {
			n++
		}
		if i == 0 || n > fitting || n == fitting && lacks(b) < lacks(best) {
			best, fitting = b, n
		}
	}
	return best, fitting
}

// conflict reports the first member that fits no branch with those before it.
func (c choice) conflict(o *object, given []int, fitting int) {
	v := record.Violation{Pointer: o.at(c.members[given[fitting]].name), Code: record.NotOneOf}
	if c.isSimple() {
		v.Detail, v.Params = "Only one of "+strings.Join(c.names(), ", ")+" may be given.", map[string]any{"oneOf": c.names()}
	} else {
		other := c.members[given[0]].name
		v.Detail, v.Params = "This may not be given together with "+other+".", map[string]any{"because": o.at(other)}
	}
	o.report.AddBeside(v)
}

// none reports that no member is given, where one must be.
func (c choice) none(pointer string, report *record.Report) {
	if c.optional {
		return
	}
	var names []string
	for _, b := range c.branches {
		names = append(names, c.members[b.Required[0]].name)
	}
	names = slices.Compact(names)
	v := record.Violation{Pointer: pointer + "/" + names[0], Code: record.Required, Detail: missingSentence}
	if len(names) > 1 {
		v.Detail, v.Params = "One of "+strings.Join(names, ", ")+" is required.", map[string]any{"oneOf": names}
	} else {
		v = v.Knowing(c.members[c.branches[0].Required[0]].known)
	}
	report.Add(v)
}

// isSimple reports whether each branch is one member.
func (c choice) isSimple() bool {
	return !slices.ContainsFunc(c.branches, func(b shape.Branch) bool { return len(b.Fields) != 1 || len(b.Required) != 1 })
}

func (c choice) names() []string {
	names := make([]string, len(c.members))
	for i, m := range c.members {
		names[i] = m.name
	}
	return names
}

// schema holds for the objects that take one branch. Where each branch is one member it is what people write by hand.
func (c choice) schema(s *shape.Shape) map[string]any {
	names := c.names()
	if c.isSimple() {
		list := each(s, names, present)
		if c.optional {
			list = append(list, map[string]any{"not": map[string]any{"anyOf": each(s, names, present)}})
		}
		return map[string]any{"oneOf": list}
	}
	var list []any
	for _, b := range c.branches {
		list = append(list, c.branchSchema(s, b))
	}
	if c.optional {
		list = append(list, c.branchSchema(s, shape.Branch{}))
	}
	return map[string]any{"anyOf": list}
}

// branchSchema holds for the objects that take a branch. Its members belong to the object itself.
func (c choice) branchSchema(s *shape.Shape, b shape.Branch) map[string]any {
	properties, required := map[string]any{}, []any{}
	for i, m := range c.members {
		f := fieldOf(s, m.name)
		switch {
		case slices.Contains(b.Required, i):
			required, properties[m.name] = append(required, m.name), present(f)
		case !slices.Contains(b.Fields, i):
			properties[m.name] = absent(f)
		}
	}
	schema := map[string]any{"properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}
