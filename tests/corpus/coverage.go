package corpus

import (
	"slices"

	"soapbridge/tests/openapi"
)

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
		if !c.taken[at] {
			c.taken[at] = false
		}
	}
}

func (c *coverage) take(pointers ...string) {
	for _, at := range pointers {
		c.taken[at] = true
	}
}

// see notes which of the members of a plan an object has.
func (c *coverage) see(p *plan, o openapi.Object) {
	for name, pointers := range p.properties {
		c.know(pointers...)
		if _, has := o[name]; has {
			c.take(pointers...)
		}
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
