package xsd

import (
	"encoding/base64"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// Sample returns a text that a leaf may have, and always the same one. It reports false where it found none, which need not mean that there is none.
func Sample(f *shape.Field) (text string, ok bool) {
	check, err := rules.NewLeaf(f)
	if err != nil {
		return "", false
	}
	for _, candidates := range []func(*shape.Field) []string{likely, fitting, matching} {
		texts := candidates(f)
		if i := slices.IndexFunc(texts, func(text string) bool { return text != "" && check.Accepts(text) }); i >= 0 {
			return texts[i], true
		}
	}
	return "", check.Accepts("")
}

// likely are the texts that tell a reader most.
func likely(f *shape.Field) (texts []string) {
	a := &f.Facets
	switch {
	case f.Kind == shape.Boolean:
		return []string{"true"}
	case f.Kind == shape.Integer || f.Kind == shape.Float || a.Form == shape.Number:
		return append(slices.Clone(a.Enum), numbers(a)...)
	}
	texts = slices.Concat(a.Enum, forms[a.Form])
	for _, l := range rules.Lexicals { // of one pattern all have the same example
		if slices.Contains(a.Patterns, l.Pattern) {
			texts = append(texts, l.Example)
		}
	}
	return append(texts, common...)
}

var forms = map[shape.Form][]string{
	shape.Base64:   {base64.StdEncoding.EncodeToString([]byte("sample"))},
	shape.Hex:      {"0A1B2C3D"},
	shape.DateTime: {"2026-11-21T09:30:00Z"},
	shape.XSDDate:  {"2026-11-21", "2026-11-21Z"},
}

// common are texts that patterns are often about.
var common = []string{
	"text", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30:00Z", "2026-11-21T09:30:00+00:00", "10:30:00", "user@example.com",
	"https://example.com/", "123e4567-e89b-42d3-a456-426614174000", "123", "12.50",
}

// numbers are small ones, and those at the bounds.
func numbers(a *shape.Facets) []string {
	texts := []string{"1", "10", "100", "0", "-1", "1.5", "0.5", "0.1", "0.01"}
	for _, limit := range []*int64{a.Min, a.Max} {
		if limit != nil {
			texts = append(texts, strconv.FormatInt(*limit, 10))
		}
	}
	if n := a.Number; n != nil {
		for _, limit := range []string{n.Min, n.Max} {
			texts = append(texts, limit, limit+"1", limit+".1", limit+".01", limit+".5")
			if v, err := strconv.ParseFloat(limit, 64); err == nil {
				texts = append(texts, strconv.FormatFloat(v+1, 'f', -1, 64), strconv.FormatFloat(v-1, 'f', -1, 64))
			}
		}
	}
	return texts
}

// maxSample bounds the length of samples.
const maxSample = 4096

// fitting are texts of a length that is allowed.
func fitting(f *shape.Field) []string {
	a, n := &f.Facets, len("text")
	if a.MaxLength != nil {
		n = min(n, *a.MaxLength)
	}
	if a.MinLength != nil {
		n = max(n, *a.MinLength)
	}
	if n > maxSample {
		return nil
	}
	switch a.Form {
	case shape.Base64:
		return []string{base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", n)))}
	case shape.Hex:
		return []string{strings.Repeat("0A", n)}
	case shape.List:
		return []string{strings.Join(slices.Repeat([]string{"text"}, n), " "), strings.Join(slices.Repeat([]string{"1"}, n), " ")}
	default:
		return []string{strings.Repeat("text", n/len("text")+1)[:n], strings.Repeat("1", n)}
	}
}

// matching are texts of the patterns, the shortest ones first, with each of the first alternatives. More repeats make up for a lower limit of the length.
func matching(f *shape.Field) (texts []string) {
	patterns := f.Facets.Patterns
	if form := rules.FormPattern(&f.Facets); form != "" {
		patterns = append(slices.Clone(patterns), form)
	}
	for _, pattern := range slices.Backward(patterns) {
		tree, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			continue
		}
		for more := range 40 {
			for choice := range 4 {
				w := walker{more: more, choice: choice}
				w.walk(tree)
				texts = append(texts, w.text.String())
			}
		}
	}
	return texts
}

// walker writes one text that a regular expression matches.
type walker struct {
	more   int // repeats beyond the least
	choice int // of alternatives, and of the characters of a class
	steps  int
	text   strings.Builder
}

func (w *walker) walk(n *syntax.Regexp) {
	if w.steps++; w.steps > maxSample {
		return // and what there is will not match
	}
	switch n.Op {
	case syntax.OpLiteral:
		w.text.WriteString(string(n.Rune))
	case syntax.OpCharClass:
		w.text.WriteRune(w.pick(n.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		w.text.WriteByte('x')
	case syntax.OpStar:
		w.repeat(n, 0, -1)
	case syntax.OpPlus:
		w.repeat(n, 1, -1)
	case syntax.OpQuest:
		w.repeat(n, 0, 1)
	case syntax.OpRepeat:
		w.repeat(n, n.Min, n.Max)
	case syntax.OpAlternate:
		w.walk(n.Sub[w.choice%len(n.Sub)])
	default: // groups
		for _, sub := range n.Sub {
			w.walk(sub)
		}
	}
}

func (w *walker) repeat(n *syntax.Regexp, low, high int) {
	times := low + w.more
	if high >= 0 {
		times = min(times, high)
	}
	for range times {
		w.walk(n.Sub[0])
	}
}

// pick takes a character that people expect.
func (w *walker) pick(ranges []rune) rune {
	const expected = "1Aa"
	for i := range len(expected) {
		if r := rune(expected[(w.choice+i)%len(expected)]); contains(ranges, r) {
			return r
		}
	}
	for pair := range slices.Chunk(ranges, 2) {
		if pair[1] >= '!' {
			return max(pair[0], '!')
		}
	}
	return ranges[0]
}

func contains(ranges []rune, r rune) bool {
	for pair := range slices.Chunk(ranges, 2) {
		if r >= pair[0] && r <= pair[1] {
			return true
		}
	}
	return false
}
