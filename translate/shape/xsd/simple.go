package xsd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
)

// LeafType is what a Field has of a simple type.
type LeafType struct {
	Kind    shape.Kind
	Facets  shape.Facets
	Example string // empty where none was found
	// Weaker names what the type says and nothing checks, for people.
	Weaker []string

	builtIn    string // the type of XML Schema that decides the kind; empty for lists, unions and texts
	whiteSpace string // as in the schema
	// spaceless is the last of the patterns, for texts without white space.
	spaceless string
	// values are those of the enumerations; nil where there is none.
	values []string
}

// Leaves are the leaves of simple types, each made once.
type Leaves map[*wsdl.SimpleType]*LeafType

// Of returns the leaf of a type. It belongs to all that have the type.
func (m Leaves) Of(t *wsdl.SimpleType) *LeafType {
	if l, done := m[t]; done {
		return l
	}
	l := &LeafType{Kind: shape.String}
	m[t] = l
	chain := derivation(t)
	switch root := chain[0]; {
	case root.Item != nil:
		l.list(m.Of(root.Item))
	case len(root.Members) > 0:
		members := make([]*LeafType, 0, len(root.Members))
		for _, member := range root.Members {
			members = append(members, m.Of(member))
		}
		l.union(members)
	default:
		l.begin(chain)
	}
	for _, step := range chain {
		l.restrict(step)
	}
	l.finish()
	return l
}

// derivation returns the types that a type restricts and the type itself, the most general one first.
func derivation(t *wsdl.SimpleType) (chain []*wsdl.SimpleType) {
	for ; t != nil; t = t.Base {
		chain = append(chain, t)
	}
	slices.Reverse(chain)
	return chain
}

// begin sets what the most special built-in type says that facets do not.
func (l *LeafType) begin(chain []*wsdl.SimpleType) {
	for _, t := range slices.Backward(chain) {
		name := t.Name.Local
		if t.Name.Space != wsdl.XSD || l.builtIn != "" {
			continue
		}
		l.Facets.Unique = l.Facets.Unique || name == "ID"
		if relation := relations[name]; relation != "" {
			l.weakenf("%s", relation)
		}
		lexical, isLexical := rules.Lexicals[name]
		primitive, isPrimitive := primitives[name]
		switch {
		case isLexical:
			l.builtIn, l.Facets.Patterns, l.spaceless = name, []string{lexical.Pattern}, lexical.Pattern
		case isPrimitive:
			l.builtIn, l.Kind, l.Facets.Form = name, primitive.kind, primitive.form
		}
	}
	if l.isNumber() {
		l.Facets.Number = &shape.NumberFacets{MaxFractionDigits: -1}
	}
}

// relations are what some types say about other parts of a document.
var relations = map[string]string{
	"IDREF":  "that a reference is to an identifier of the document",
	"ENTITY": "that an entity is declared, which SOAP does not allow",
}

var primitives = map[string]struct {
	kind shape.Kind
	form shape.Form
}{
	"boolean":      {shape.Boolean, shape.AnyText},
	"decimal":      {shape.String, shape.Number},
	"float":        {shape.Float, shape.AnyText},
	"double":       {shape.Float, shape.AnyText},
	"date":         {shape.String, shape.XSDDate},
	"dateTime":     {shape.String, shape.XSDDateTime},
	"base64Binary": {shape.String, shape.Base64},
	"hexBinary":    {shape.String, shape.Hex},
}

func (l *LeafType) isNumber() bool { return l.Kind == shape.Float || l.Facets.Form == shape.Number }

// hasCharacters reports whether lengths are in characters.
func (l *LeafType) hasCharacters() bool {
	return l.Kind == shape.String && l.Facets.Form < shape.Base64
}

func (l *LeafType) weakenf(format string, args ...any) {
	if about := fmt.Sprintf(format, args...); !slices.Contains(l.Weaker, about) {
		l.Weaker = append(l.Weaker, about)
	}
}

// restrict adds the facets of one step of the derivation.
func (l *LeafType) restrict(step *wsdl.SimpleType) {
	var patterns, values []string
	for _, f := range step.Facets {
		switch f.Name {
		case "pattern":
			patterns = append(patterns, f.Value)
		case "enumeration":
			values = append(values, l.enumerated(f))
		case "whiteSpace":
			l.whiteSpace = f.Value
		case "length", "minLength", "maxLength":
			l.restrictLength(f)
		case "totalDigits", "fractionDigits":
			l.restrictDigits(f)
		default:
			l.restrictValue(f)
		}
	}
	if patterns != nil {
		l.restrictPattern(patterns)
	}
	if values != nil && l.values != nil {
		values = slices.DeleteFunc(values, func(v string) bool { return !slices.Contains(l.values, v) })
	}
	if values != nil {
		l.values = values
	}
}

// enumerated is a value of an enumeration.
func (l *LeafType) enumerated(f wsdl.Facet) string {
	value := l.normal(f.Value)
	if f.Documentation != "" {
		l.note(value, f.Documentation)
	}
	return value
}

func (l *LeafType) note(value, about string) {
	if l.Facets.EnumNotes == nil {
		l.Facets.EnumNotes = map[string]string{}
	}
	l.Facets.EnumNotes[value] = about
}

func (l *LeafType) restrictLength(f wsdl.Facet) {
	if l.builtIn == "QName" || l.builtIn == "NOTATION" {
		return // errata of XML Schema 1.0 part 2, E2-36: every value has the length
	}
	n, err := strconv.Atoi(strings.TrimSpace(f.Value))
	if err != nil {
		l.weakenf("the facet %s %s", f.Name, f.Value)
		return
	}
	switch f.Name {
	case "length":
		l.limitLength(n, n)
	case "minLength":
		l.limitLength(n, -1)
	default:
		l.limitLength(0, n)
	}
}

// limitLength restricts the length. A negative limit is none.
func (l *LeafType) limitLength(low, high int) {
	a := &l.Facets
	if low > 0 && (a.MinLength == nil || low > *a.MinLength) {
		a.MinLength = &low
	}
	if high >= 0 && (a.MaxLength == nil || high < *a.MaxLength) {
		a.MaxLength = &high
	}
}

// restrictPattern adds the patterns of one step, which are alternatives.
func (l *LeafType) restrictPattern(patterns []string) {
	var all, spaceless []string
	for _, pattern := range patterns {
		n, err := parsePattern(pattern)
		if err != nil {
			l.weakenf("the pattern %s: it %v", pattern, err)
			return
		}
		if rest, low, high := n.lengths(); rest != nil && len(patterns) == 1 && l.hasCharacters() {
			l.limitLength(low, high)
			n = rest
		}
		all, spaceless = append(all, n.String()), append(spaceless, n.without(space).String())
	}
	if all[0] == anyLine && l.whiteSpace != "preserve" && l.whiteSpace != "" {
		return // there are no other lines
	}
	l.addPattern(strings.Join(all, "|"), strings.Join(spaceless, "|"))
}

// anyLine is .* of XML Schema.
const anyLine = `[^\n\r]*`

func (l *LeafType) addPattern(pattern, spaceless string) {
	if err := checkPattern(pattern); err != nil {
		l.weakenf("a pattern that %v: %.100s", err, pattern)
		return
	}
	l.Facets.Patterns, l.spaceless = append(l.Facets.Patterns, pattern), spaceless
}

// finish decides what depends on all facets.
func (l *LeafType) finish() {
	a := &l.Facets
	switch {
	case l.Kind == shape.Boolean:
		l.finishBoolean()
	case l.Kind == shape.Float:
		l.finishFloat()
	case a.Form == shape.Number:
		l.finishDecimal()
	case a.Form == shape.AnyText && l.builtIn == "" && l.whiteSpace == "collapse":
		a.Form = shape.Collapsed
	case a.Form == shape.AnyText && l.builtIn == "" && l.whiteSpace == "replace":
		a.Form = shape.OneLine
	}
	if a.Number != nil && *a.Number == (shape.NumberFacets{MaxFractionDigits: -1}) {
		a.Number = nil
	}
	if l.values != nil {
		l.enumerate()
	}
	l.Example, _ = Sample(l.field())
}

// field is a field of the leaf, for those that check and document fields.
func (l *LeafType) field() *shape.Field {
	return &shape.Field{Kind: l.Kind, Facets: l.Facets}
}

func (l *LeafType) accepts(text string) bool {
	check, err := rules.NewLeaf(l.field())
	return err == nil && check.Accepts(text)
}

// finishBoolean makes a string of a boolean that only some of its words can be written as.
func (l *LeafType) finishBoolean() {
	switch {
	case l.accepts("true") && l.accepts("false"):
		l.Facets.Patterns = nil
	default:
		l.Kind, l.Facets.Patterns = shape.String, append(l.Facets.Patterns, booleanPattern)
	}
}

const booleanPattern = `true|false|1|0`

// enumerate keeps the values that the other facets allow. They say everything then. A list of floats or booleans is of their texts.
func (l *LeafType) enumerate() {
	check, err := rules.NewLeaf(l.field())
	if err != nil {
		return
	}
	allowed := slices.DeleteFunc(slices.Clone(l.values), func(v string) bool { return !check.Accepts(v) })
	if len(allowed) == 0 {
		l.weakenf("the enumeration, of which other facets allow no value")
		l.Facets.EnumNotes = nil
		return
	}
	a := &l.Facets
	l.Facets = shape.Facets{Min: a.Min, Max: a.Max, Enum: distinct(allowed), EnumNotes: a.EnumNotes}
	if l.Kind != shape.Integer {
		l.Kind = shape.String
	}
	for value := range a.EnumNotes {
		if !slices.Contains(allowed, value) {
			delete(a.EnumNotes, value)
		}
	}
}

func distinct(list []string) (once []string) {
	seen := make(map[string]bool, len(list))
	for _, each := range list {
		if !seen[each] {
			once, seen[each] = append(once, each), true
		}
	}
	return once
}
