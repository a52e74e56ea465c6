package xsd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

const floatPattern = `-?[0-9]+(?:\.[0-9]+)?(?:[eE][+\-]?[0-9]+)?|-?INF|NaN`

// list makes a list of an item's type. Its lengths are in items, which facets add.
func (l *LeafType) list(item *LeafType) {
	l.Facets.Form, l.whiteSpace = shape.List, "collapse"
	pattern := l.expressionOf(item, true)
	if pattern != "" {
		l.addPattern(fmt.Sprintf(`(?:(?:%s)(?: (?:%s))*)?`, pattern, pattern), "")
	}
}

// union makes one leaf of several. Where all of them are enumerations it is one.
func (l *LeafType) union(members []*LeafType) {
	l.builtIn, l.whiteSpace = isUnion, "collapse"
	if !slices.ContainsFunc(members, func(m *LeafType) bool { return m.Facets.Enum == nil }) {
		l.uniteEnums(members)
		return
	}
	var patterns, spaceless []string
	for _, m := range members {
		patterns, spaceless = append(patterns, l.expressionOf(m, false)), append(spaceless, l.expressionOf(m, true))
	}
	if slices.Contains(patterns, "") { // any text is a value
		return
	}
	l.addPattern(strings.Join(distinct(patterns), "|"), strings.Join(distinct(spaceless), "|"))
	if slices.Contains(spaceless, "") {
		l.spaceless = ""
	}
}

// isUnion in place of a built-in type: the white space that one member keeps is not that of another.
const isUnion = "union"

func (l *LeafType) uniteEnums(members []*LeafType) {
	for _, m := range members {
		l.values = append(l.values, m.Facets.Enum...)
		for value, about := range m.Facets.EnumNotes {
			l.note(value, about)
		}
		for _, about := range m.Weaker {
			l.weakenf("%s", about)
		}
	}
	l.values = distinct(l.values)
}

// expressionOf is the regular expression of another leaf, within a list or union. It is empty where every text, or for an item every text without white
// space, has it. What it cannot say is weaker.
func (l *LeafType) expressionOf(m *LeafType, item bool) string {
	for _, about := range m.Weaker {
		l.weakenf("%s", about)
	}
	e := expression{l, item}
	a := &m.Facets
	switch {
	case a.Enum != nil:
		return e.values(a.Enum)
	case m.Kind == shape.Boolean:
		return booleanPattern
	case m.Kind == shape.Integer:
		return e.integer(*a.Min, *a.Max)
	case m.Kind == shape.Float:
		e.bounds(a.Number)
		return floatPattern
	case len(a.Patterns) > 0:
		return e.pattern(m)
	case a.MinLength != nil || a.MaxLength != nil:
		return e.lengths(a)
	case a.Form == shape.Number:
		e.bounds(a.Number)
	}
	if pattern := rules.FormPattern(a); !item || a.Form > shape.OneLine {
		return pattern
	}
	return ""
}

// expression makes the regular expressions of leaves within a list, as item, or a union.
type expression struct {
	*LeafType

	item bool
}

// values are alternatives. An item has no white space.
func (e expression) values(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, value := range values {
		if !e.item || value != "" && !strings.ContainsFunc(value, isSpace) {
			quoted = append(quoted, quote(value))
		}
	}
	if all := strings.Join(quoted, "|"); all != "" {
		return all
	}
	return "(?:)"
}

func quote(text string) string {
	var b strings.Builder
	for _, r := range text {
		class{ranges: runes{r, r}}.write(&b)
	}
	return b.String()
}

// integer allows so many digits as the bounds have.
func (e expression) integer(low, high int64) string {
	digits := max(len(strconv.FormatInt(high, 10)), len(strings.TrimPrefix(strconv.FormatInt(low, 10), "-")))
	if nines, _ := strconv.ParseInt(strings.Repeat("9", digits), 10, 64); high != nines || low != 0 && low != -nines {
		e.weakenf("the bounds of numbers in a list or union")
	}
	sign := "-?"
	if low >= 0 {
		sign = ""
	}
	return fmt.Sprintf("%s[0-9]{1,%d}", sign, digits)
}

func (e expression) bounds(n *shape.NumberFacets) {
	if n != nil && n.Min+n.Max != "" {
		e.weakenf("the bounds of numbers in a list or union")
	}
}

// pattern is the last one of several.
func (e expression) pattern(m *LeafType) string {
	a := &m.Facets
	said := a.Form == shape.AnyText || a.Form == shape.List || e.item && a.Form <= shape.OneLine
	if len(a.Patterns) > 1 || a.MinLength != nil || a.MaxLength != nil || !said {
		e.weakenf("all but the last pattern of texts in a list or union")
	}
	if e.item {
		return m.spaceless
	}
	return a.Patterns[len(a.Patterns)-1]
}

// lengths repeats any character.
func (e expression) lengths(a *shape.Facets) string {
	n := &part{op: opRepeat, max: -1, subs: []*part{{op: opClass, class: class{negated: true}}}}
	if a.MinLength != nil {
		n.min = *a.MinLength
	}
	if a.MaxLength != nil {
		n.max = max(n.min, *a.MaxLength)
	}
	switch {
	case e.item && a.Form <= shape.OneLine:
		return n.without(space).String()
	case a.Form == shape.AnyText:
		return n.String()
	case a.Form == shape.OneLine:
		return n.without(runes{'\t', '\n', '\r', '\r'}).String()
	}
	e.weakenf("lengths of texts in a list or union")
	return rules.FormPattern(a)
}
