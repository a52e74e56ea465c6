package openapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"soapbridge/tests/openapi"
)

// generator makes instances along a schema. Most of them obey it; conditions between members are obeyed by chance.
type generator struct {
	*rand.Rand

	document *openapi.Document
	patterns map[string]*syntax.Regexp
	plain    map[*syntax.Regexp][]rune // the printable ASCII characters of a class
	examples map[string]bool           // whether an example obeys a pattern
	settling bool                      // conditions are not made to hold
}

func newGenerator(d *openapi.Document, seed, stream uint64) *generator {
	return &generator{
		Rand: rand.New(rand.NewPCG(seed, stream)), document: d,
		patterns: map[string]*syntax.Regexp{}, plain: map[*syntax.Regexp][]rune{}, examples: map[string]bool{},
	}
}

// joined returns a schema with the keywords of both; those of more win.
func (g *generator) joined(schema, more openapi.Object) openapi.Object {
	all := maps.Clone(schema)
	maps.Copy(all, more)
	if more["pattern"] != nil && schema["examples"] != nil && more["examples"] == nil {
		all["examples"] = slices.DeleteFunc(slices.Clone(schema["examples"].([]any)), func(example any) bool { return !g.matches(more["pattern"], example) })
	}
	return all
}

// matches reports whether an example of a schema obeys the pattern of another.
func (g *generator) matches(pattern, example any) bool {
	key := fmt.Sprint(pattern, "\x00", example)
	holds, known := g.examples[key]
	if !known {
		goPattern, err := openapi.GoPattern(pattern.(string))
		text, ok := example.(string)
		holds = err == nil && ok && regexp.MustCompile(goPattern).MatchString(text)
		g.examples[key] = holds
	}
	return holds
}

// value makes a value of a schema.
func (g *generator) value(schema openapi.Object) (v any) {
	if ref, ok := schema["$ref"].(string); ok {
		schema, _ = openapi.At(g.document.Root, ref[1:]).(openapi.Object)
		if schema["properties"] == nil {
			return g.value(schema)
		}
		return g.obey(g.object(schema), schema, g.rulesOf(schema), ref[1:])
	}
	if words, ok := schema["enum"].([]any); ok {
		return scalar(pick(g.Rand, words))
	}
	if word, ok := schema["const"]; ok {
		return scalar(word)
	}
	if either, ok := schema["anyOf"].([]any); ok && schema["properties"] == nil {
		return g.value(either[0].(openapi.Object))
	}
	kind := schema["type"]
	if several, ok := kind.([]any); ok {
		kind = several[0]
	}
	switch kind {
	case "array":
		return g.array(schema)
	case "string":
		return g.quoted(g.text(schema))
	case "integer":
		return g.integer(schema)
	case "boolean":
		return pick(g.Rand, []token{"true", "false"})
	}
	panic(fmt.Sprintf("nothing is known of this schema: %v", schema))
}

func scalar(v any) token {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came out of JSON
	}
	return token(text)
}

func (g *generator) object(schema openapi.Object) *object {
	properties := openapi.Inside(schema, "properties")
	names := slices.Sorted(maps.Keys(properties))
	required, _ := schema["required"].([]any)
	o, rare := &object{}, pick(g.Rand, []int{3, 10, 25, 50})
	for _, name := range names {
		if slices.Contains(required, any(name)) || oneIn(g.Rand, rare) {
			o.set(name, g.value(openapi.Inside(properties, name)))
		}
	}
	if len(o.members) == 0 {
		name := pick(g.Rand, names)
		o.set(name, g.value(openapi.Inside(properties, name)))
	}
	if oneIn(g.Rand, 4) {
		g.Shuffle(len(o.members), func(i, j int) { o.members[i], o.members[j] = o.members[j], o.members[i] })
	}
	return o
}

// rulesOf are the parts of a schema that are about several members.
func (g *generator) rulesOf(schema openapi.Object) openapi.Object {
	rules := openapi.Object{}
	for _, word := range []string{"anyOf", "allOf", "if", "then", "else"} {
		if rule, ok := schema[word]; ok {
			rules[word] = rule
		}
	}
	return rules
}

// obey changes a value of a schema so that it also obeys a rule, which is at a JSON Pointer of the document.
func (g *generator) obey(v any, schema, rule openapi.Object, at string) any {
	resolved := g.document.Resolve(schema)
	if resolved["properties"] == nil {
		return g.value(g.joined(schema, rule))
	}
	o, ok := v.(*object)
	if !ok {
		o = g.value(schema).(*object)
	}
	properties, rules := openapi.Inside(resolved, "properties"), openapi.Inside(rule, "properties")
	required, _ := rule["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		present, needed := o.get(name), slices.Contains(required, any(name))
		if present == nil && !needed || rules[name].(openapi.Object)["not"] != nil {
			continue
		}
		at := at + "/properties/" + name
		if o, ok := present.(*object); ok && g.holds(at, o) {
			continue
		}
		o.set(name, g.obey(present, openapi.Inside(properties, name), openapi.Inside(rules, name), at))
	}
	parts := g.parts(o, rule, at)
	for _, part := range parts {
		g.obey(o, schema, openapi.At(g.document.Root, part).(openapi.Object), part)
	}
	if len(parts) > 1 && !g.settling { // a later condition may have touched what an earlier one is about
		g.settling = true
		g.obey(o, schema, rule, at)
		g.settling = false
	}
	return o
}

// holds judges a value by the schema at a JSON Pointer.
func (g *generator) holds(at string, v any) bool { return g.document.Accepts(at, parsed(v)) == nil }

// parts lists the rules inside a rule that an object has to obey: all of allOf, one of anyOf, one side of a condition. Half of the conditions
// are made to hold.
func (g *generator) parts(o *object, rule openapi.Object, at string) (list []string) {
	all, _ := rule["allOf"].([]any)
	for i := range all {
		list = append(list, fmt.Sprintf("%s/allOf/%d", at, i))
	}
	if either, ok := rule["anyOf"].([]any); ok {
		list = append(list, fmt.Sprintf("%s/anyOf/%d", at, g.IntN(len(either))))
	}
	if rule["if"] == nil {
		return list
	}
	holds := g.holds(at+"/if", o)
	switch {
	case !holds && rule["then"] != nil && !g.settling && oneIn(g.Rand, 2):
		list = append(list, at+"/if", at+"/then")
	case holds && rule["then"] != nil:
		list = append(list, at+"/then")
	case !holds && rule["else"] != nil:
		list = append(list, at+"/else")
	}
	return list
}

func (g *generator) array(schema openapi.Object) any {
	a := &array{}
	for range pick(g.Rand, []int{0, 1, 1, 1, 2, 3}) {
		a.items = append(a.items, g.value(openapi.Inside(schema, "items")))
	}
	return a
}

// limit reads a number of a schema.
func limit(schema openapi.Object, word string, otherwise int) int {
	n, ok := schema[word].(json.Number)
	if !ok {
		return otherwise
	}
	i, err := n.Int64()
	if err != nil {
		panic(err)
	}
	return int(i)
}

func (g *generator) integer(schema openapi.Object) token {
	low, high := limit(schema, "minimum", -1<<62), limit(schema, "maximum", 1<<62)
	n := pick(g.Rand, []int{low, low + 1, high - 1, high, 0, 1, g.IntN(1000)})
	return token(fmt.Sprint(max(low, min(high, n))))
}

// quoted spells a text, sometimes with escapes.
func (g *generator) quoted(s string) token {
	if !oneIn(g.Rand, 10) {
		return quote(s)
	}
	var b strings.Builder
	for _, r := range s {
		if r > 0xFFFF {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return token(`"` + b.String() + `"`)
}

// text makes a text of a schema.
func (g *generator) text(schema openapi.Object) string {
	examples, _ := schema["examples"].([]any)
	if len(examples) > 0 && oneIn(g.Rand, 2) {
		if example, ok := pick(g.Rand, examples).(string); ok {
			return example
		}
	}
	low, high := limit(schema, "minLength", 0), limit(schema, "maxLength", 40)
	length := max(low, min(high, pick(g.Rand, []int{low, low + 1, high - 1, high, 8})))
	pattern, ok := schema["pattern"].(string)
	if !ok {
		return g.filler(length)
	}
	s := g.matching(pattern)
	if !strings.HasPrefix(pattern, "^") {
		s += g.filler(max(0, length-utf8.RuneCountInString(s)))
	}
	return s
}

// filler makes text of a length in code points.
func (g *generator) filler(length int) string {
	alphabet := pick(g.Rand, []string{"abcxyzABC", "0123456789", "a 1é漢😀&<>\"'\\/\t", "😀𝄞", " "})
	if alphabet == " " && !oneIn(g.Rand, 4) {
		alphabet = "xyz"
	}
	runes, made := []rune(alphabet), make([]rune, length)
	for i := range made {
		made[i] = pick(g.Rand, runes)
	}
	return string(made)
}

// matching makes a text of a pattern.
func (g *generator) matching(pattern string) string {
	re, ok := g.patterns[pattern]
	if !ok {
		translated, err := openapi.GoPattern(pattern)
		if err == nil {
			re, err = syntax.Parse(translated, syntax.Perl)
		}
		if err != nil {
			panic(fmt.Sprintf("%s: %v", pattern, err))
		}
		g.patterns[pattern] = re
	}
	var b strings.Builder
	g.match(&b, re)
	return b.String()
}

func (g *generator) match(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(g.character(re))
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			g.match(b, sub)
		}
	case syntax.OpAlternate:
		g.match(b, pick(g.Rand, re.Sub))
	case syntax.OpStar:
		g.repeat(b, re.Sub[0], 0, -1)
	case syntax.OpPlus:
		g.repeat(b, re.Sub[0], 1, -1)
	case syntax.OpQuest:
		g.repeat(b, re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		g.repeat(b, re.Sub[0], re.Min, re.Max)
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpEmptyMatch:
	default:
		panic(fmt.Sprintf("nothing is known of %v in a pattern", re.Op))
	}
}

// repeat matches few times, and now and then as often as may be.
func (g *generator) repeat(b *strings.Builder, re *syntax.Regexp, low, high int) {
	n := low + g.IntN(4)
	switch {
	case high >= 0 && oneIn(g.Rand, 20):
		n = high
	case high >= 0:
		n = min(n, high)
	}
	for range n {
		g.match(b, re)
	}
}

// character takes one of a class, an ASCII one if there are any and most of the time.
func (g *generator) character(class *syntax.Regexp) rune {
	plain, known := g.plain[class]
	for i := 0; !known && i < len(class.Rune); i += 2 {
		for r := max(class.Rune[i], '!'); r <= min(class.Rune[i+1], '~'); r++ {
			plain = append(plain, r)
		}
	}
	g.plain[class] = plain
	if len(plain) > 0 && !oneIn(g.Rand, 10) {
		return pick(g.Rand, plain)
	}
	i := 2 * g.IntN(len(class.Rune)/2)
	r := class.Rune[i] + g.Int32N(class.Rune[i+1]-class.Rune[i]+1)
	if unicode.In(r, unicode.L, unicode.N) || oneIn(g.Rand, 40) && unicode.IsGraphic(r) || len(plain) == 0 {
		return r
	}
	return pick(g.Rand, plain)
}
