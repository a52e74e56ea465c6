package corpus

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"soapbridge/tests/openapi"
)

// plan is what several schemas say together of one value. Schemas are JSON Pointers into the document.
type plan struct {
	document            *openapi.Document
	refs                []string        // named schemas
	types               map[string]bool // any of them; none: all
	words               []any           // of enum and const
	examples            []any
	patterns            []string
	formats             []string
	limits              map[string][]int // the whole numbers that are said with a keyword
	numbers             []any            // all numbers
	properties          map[string][]string
	required, forbidden map[string]bool
	items               []string
	choices             []string // oneOf and anyOf
	conditions          []string // schemas with an if
	nots                []string
	unique              bool // no other value of the instance is the same
	ruled               bool // something beyond what plain lists
}

// plain are the keywords that an object or array obeys by how it is made. One with others is checked when it is made; that would be slow for all.
var plain = []string{
	"$ref", "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "allOf", "title", "description", "examples",
}

func newPlan(d *openapi.Document) *plan {
	return &plan{
		document: d, types: map[string]bool{}, limits: map[string][]int{}, properties: map[string][]string{},
		required: map[string]bool{}, forbidden: map[string]bool{},
	}
}

func (p *plan) clone() *plan {
	q := *p
	for _, list := range []*[]string{&q.refs, &q.patterns, &q.formats, &q.items, &q.choices, &q.conditions, &q.nots} {
		*list = slices.Clip(*list)
	}
	q.words, q.examples, q.numbers = slices.Clip(q.words), slices.Clip(q.examples), slices.Clip(q.numbers)
	q.types, q.required, q.forbidden = maps.Clone(q.types), maps.Clone(q.required), maps.Clone(q.forbidden)
	q.limits, q.properties = cloneLists(q.limits), cloneLists(q.properties)
	return &q
}

func cloneLists[T any](m map[string][]T) map[string][]T {
	c := maps.Clone(m)
	for key, list := range c {
		c[key] = slices.Clip(list)
	}
	return c
}

// add adds what the schema at a pointer says.
func (p *plan) add(at string) {
	schema, _ := openapi.At(p.document.Root, at).(openapi.Object) // true says nothing; false is seen by property
	if ref, ok := schema["$ref"].(string); ok {
		p.refs = append(p.refs, ref[1:])
		p.add(ref[1:])
	}
	for word := range schema {
		p.ruled = p.ruled || !slices.Contains(plain, word)
	}
	p.addTypes(schema["type"])
	p.addMembers(at, schema)
	p.addScalar(schema)
	if schema["items"] != nil {
		p.items = append(p.items, at+"/items")
	}
	all, _ := schema["allOf"].([]any)
	for i := range all {
		p.add(fmt.Sprintf("%s/allOf/%d", at, i))
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		if schema[word] != nil {
			p.choices = append(p.choices, at+"/"+word)
		}
	}
	if schema["if"] != nil {
		p.conditions = append(p.conditions, at)
	}
	if schema["not"] != nil {
		p.nots = append(p.nots, at+"/not")
	}
}

// addTypes keeps the types that every schema allows.
func (p *plan) addTypes(of any) {
	several, isList := of.([]any)
	if one, ok := of.(string); ok {
		several, isList = []any{one}, true
	}
	if !isList {
		return
	}
	said := map[string]bool{}
	for _, name := range several {
		if name, _ := name.(string); len(p.types) == 0 || p.types[name] {
			said[name] = true
		}
	}
	p.types = said
}

func (p *plan) addMembers(at string, schema openapi.Object) {
	for name, property := range openapi.Inside(schema, "properties") {
		p.properties[name] = append(p.properties[name], at+openapi.Pointer("properties", name))
		if property == false {
			p.forbidden[name] = true
		}
	}
	for _, name := range requiredBy(schema) {
		p.required[name] = true
	}
}

func requiredBy(schema openapi.Object) (names []string) {
	list, _ := schema["required"].([]any)
	for _, name := range list {
		if name, ok := name.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

func (p *plan) addScalar(schema openapi.Object) {
	if word, ok := schema["const"]; ok {
		p.words = append(p.words, word)
	}
	words, _ := schema["enum"].([]any)
	p.words = append(p.words, words...)
	p.unique = p.unique || schema["x-unique"] == true
	examples, _ := schema["examples"].([]any)
	p.examples = append(p.examples, examples...)
	for word, list := range map[string]*[]string{"pattern": &p.patterns, "format": &p.formats, "contentMediaType": &p.formats, "contentEncoding": &p.formats} {
		if text, ok := schema[word].(string); ok {
			*list = append(*list, text)
		}
	}
	for _, word := range slices.Sorted(maps.Keys(schema)) {
		if n, ok := schema[word].(json.Number); ok {
			p.numbers = append(p.numbers, n)
			if i, err := strconv.Atoi(n.String()); err == nil {
				p.limits[word] = append(p.limits[word], i)
			}
		}
	}
}

// forbid forbids the members that the schema at a pointer, which is not to hold, requires: all of them, or the one that a number decides. It
// reports whether that is anything new.
func (p *plan) forbid(at string, number int) (more bool) {
	schema, _ := openapi.At(p.document.Root, at).(openapi.Object)
	optional := slices.DeleteFunc(requiredBy(schema), func(name string) bool { return p.required[name] || p.forbidden[name] })
	if number >= 0 && len(optional) > 0 {
		optional = optional[number%len(optional):][:1]
	}
	for _, name := range optional {
		p.forbidden[name], more = true, true
	}
	for _, word := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := schema[word].([]any)
		for i := range list {
			more = p.forbid(fmt.Sprintf("%s/%s/%d", at, word, i), number) || more
		}
	}
	return more
}

func (p *plan) kind() string {
	switch {
	case p.types["object"] || len(p.types) == 0 && len(p.properties) > 0:
		return "object"
	case p.types["array"] || len(p.types) == 0 && len(p.items) > 0:
		return "array"
	}
	return ""
}

func (p *plan) allows(name string) bool { return len(p.types) == 0 || p.types[name] }

// low returns the strictest of the lower limits that a keyword sets.
func (p *plan) low(word string, otherwise int) int {
	if list := p.limits[word]; len(list) > 0 {
		return slices.Max(list)
	}
	return otherwise
}

// high returns the strictest of the upper limits that a keyword sets.
func (p *plan) high(word string, otherwise int) int {
	if list := p.limits[word]; len(list) > 0 {
		return slices.Min(list)
	}
	return otherwise
}

// samples are values of formats and of encodings.
var samples = map[string]string{
	"date": "2026-02-28", "date-time": "2026-02-28T12:30:00Z", "time": "12:30:00Z", "duration": "P1D", "uuid": "6f2f5c4e-6d0e-4b53-9b0e-2f1c0f6f2d7a",
	"uri": "urn:example:text", "email": "name@example.com", "byte": "dGV4dA==", "base64": "dGV4dA==",
}

// scalars returns candidates, the likeliest first; the schemas decide.
func (p *plan) scalars() iter.Seq[any] {
	candidates := slices.Concat(p.words, p.examples)
	if p.allows("integer") || p.allows("number") {
		candidates = append(candidates, json.Number("1"))
		candidates = append(candidates, p.numbers...)
		for _, n := range []int{p.low("exclusiveMinimum", 0) + 1, p.high("exclusiveMaximum", 1) - 1} {
			candidates = append(candidates, json.Number(strconv.Itoa(n)))
		}
	}
	return func(yield func(any) bool) {
		for _, v := range candidates {
			if !yield(v) {
				return
			}
		}
		if p.allows("string") && !slices.Contains(p.formats, "application/xml") { // which elements those may be is not said by the document
			p.texts()(func(text string) bool { return yield(text) })
		}
	}
}

func (p *plan) texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, format := range p.formats {
			if text, ok := samples[format]; ok && !yield(text) {
				return
			}
		}
		shortest := p.low("minLength", 0)
		longest := max(shortest, min(p.high("maxLength", 32), 256)) // longer ones only where they have to be
		for _, length := range []int{min(max(4, shortest), longest), shortest, longest} {
			if !yield(strings.Repeat("text", length/4+1)[:length]) {
				return
			}
		}
		for _, pattern := range p.patterns {
			re, err := parsePattern(pattern)
			for n := range 400 {
				if err == nil && !yield(matching(re, []int{1, 2, shortest, longest, 0, 3, 4, 5, 6, 7}[n/4%10], n%4, n/40)) {
					return
				}
			}
		}
	}
}

func parsePattern(pattern string) (*syntax.Regexp, error) {
	translated, err := openapi.GoPattern(pattern)
	if err != nil {
		return nil, err
	}
	return syntax.Parse(translated, syntax.Perl)
}

// matching makes a text of a pattern. Where the pattern leaves that open, repeat says how often, and branch which alternative; of a class, it is
// the character after the first skip ones.
func matching(re *syntax.Regexp, repeat, branch, skip int) string {
	low, high := 1, 1
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(character(re.Rune, skip))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpAlternate:
		return matching(re.Sub[branch%len(re.Sub)], repeat, branch, skip)
	case syntax.OpStar:
		low, high = 0, -1
	case syntax.OpPlus:
		low, high = 1, -1
	case syntax.OpQuest:
		low, high = 0, 1
	case syntax.OpRepeat:
		low, high = re.Min, re.Max
	default: // a sequence, a group, or an empty match
	}
	times := max(low, repeat)
	if high >= 0 {
		times = min(times, high)
	}
	var b strings.Builder
	for range times {
		for _, sub := range re.Sub {
			b.WriteString(matching(sub, repeat, branch, skip))
		}
	}
	return b.String()
}

// character returns a character of a class, which is pairs of first and last: an ASCII one that can be seen, if there are any.
func character(class []rune, skip int) rune {
	var plain []rune
	for i := 0; i < len(class); i += 2 {
		for r := max(class[i], '!'); r <= min(class[i+1], '~'); r++ {
			plain = append(plain, r)
		}
	}
	if len(plain) == 0 {
		return class[0]
	}
	if i := slices.IndexFunc(plain, isLetterOrDigit); i >= 0 {
		skip += i
	}
	return plain[skip%len(plain)]
}

func isLetterOrDigit(r rune) bool {
	return r > ' ' && (r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z')
}
