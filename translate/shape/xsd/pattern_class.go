package xsd

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"soapbridge/translate/rules"
)

// runes is a set of characters: the first and the last one of each range.
type runes []rune

// normal sorts the ranges and joins those that touch.
func (r runes) normal() (joined runes) {
	var pairs [][2]rune
	for pair := range slices.Chunk(r, 2) {
		pairs = append(pairs, [2]rune(pair))
	}
	slices.SortFunc(pairs, func(a, b [2]rune) int { return slices.Compare(a[:], b[:]) })
	for _, pair := range pairs {
		if last := len(joined) - 1; last > 0 && pair[0] <= joined[last]+1 {
			joined[last] = max(joined[last], pair[1])
		} else {
			joined = append(joined, pair[0], pair[1])
		}
	}
	return joined
}

// complement is all other characters.
func (r runes) complement() (other runes) {
	next := rune(0)
	for pair := range slices.Chunk(r.normal(), 2) {
		if next < pair[0] {
			other = append(other, next, pair[0]-1)
		}
		next = pair[1] + 1
	}
	if next <= unicode.MaxRune {
		other = append(other, next, unicode.MaxRune)
	}
	return other
}

// class is the characters of ranges and categories, or all others.
type class struct {
	ranges     runes
	categories []category
	negated    bool
}

// category is a general category of Unicode, or everything outside of it. Which characters are in it depends on the version of Unicode that a
// program knows.
type category struct {
	name    string
	negated bool
}

var (
	anyChar = class{ranges: runes{'\n', '\n', '\r', '\r'}, negated: true}
	space   = runes{'\t', '\n', '\r', '\r', ' ', ' '}
)

// categories of XML Schema 1.0 part 2, appendix F.1.1.
var categories = strings.Fields("L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn")

// plain returns the class as ranges alone.
func (c class) plain() runes {
	all := slices.Clone(c.ranges)
	for _, each := range c.categories {
		members := tableRunes(unicode.Categories[each.name])
		if each.negated {
			members = members.complement()
		}
		all = append(all, members...)
	}
	if c.negated {
		return all.complement()
	}
	return all.normal()
}

func tableRunes(table *unicode.RangeTable) (members runes) {
	add := func(low, high, stride rune) {
		if stride == 1 {
			members = append(members, low, high)
			return
		}
		for r := low; r <= high; r += stride {
			members = append(members, r, r)
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride)) //nolint:gosec // a code point
	}
	return members
}

// minus is the class without the characters of another one.
func (c class) minus(other class) class {
	rest := append(c.plain().complement(), other.plain()...).complement()
	if len(c.categories) > 0 && slices.Equal(rest, c.plain()) {
		return c
	}
	return class{ranges: rest}
}

// classGroup reads what is behind the opening bracket, up to the closing one. Of a class that is removed from something, wide, what is not known
// exactly must rather be too much than too little.
func (p *patternParser) classGroup(wide bool) (c class) {
	c.negated = p.skip('^')
	begin := p.at
	for p.err == nil && p.peek() != ']' && !p.subtracts(begin) {
		p.classPart(&c, wide != c.negated, begin)
	}
	if len(c.ranges)+len(c.categories) == 0 {
		p.failf("has a class without characters")
	}
	if p.subtracts(begin) {
		p.at += 2
		c = c.minus(p.classGroup(!wide))
	}
	if !p.skip(']') {
		p.failf("has a class without an end")
	}
	return c
}

// subtracts reports whether a class comes next that is subtracted from the one around it.
func (p *patternParser) subtracts(begin int) bool {
	return p.at > begin && p.peek() == '-' && p.at+1 < len(p.text) && p.text[p.at+1] == '['
}

// classPart reads a character, a range or an escape.
func (p *patternParser) classPart(c *class, wide bool, begin int) {
	low, ok := p.classChar(c, wide, begin)
	if !ok {
		return
	}
	if p.peek() != '-' || p.at+1 >= len(p.text) || strings.ContainsRune("[]", p.text[p.at+1]) {
		c.ranges = append(c.ranges, low, low)
		return
	}
	p.at++
	high, ok := p.classChar(c, wide, begin)
	if !ok || high < low {
		p.failf("has a range that is not one")
	}
	c.ranges = append(c.ranges, low, high)
}

// classChar reads one character. It reports false for an escape of several, which it adds to the class. A hyphen behind such an escape is a hyphen.
func (p *patternParser) classChar(c *class, wide bool, begin int) (r rune, ok bool) {
	switch r = p.peek(); {
	case r == 0 || r == '[':
		p.failf("has a class without an end, or with a [ inside")
		return 0, false
	case r == '\\':
		e := p.escape(wide)
		if len(e.categories) == 0 && len(e.ranges) == 2 && e.ranges[0] == e.ranges[1] {
			return e.ranges[0], true
		}
		c.ranges, c.categories = append(c.ranges, e.ranges...), append(c.categories, e.categories...)
		if p.peek() == '-' && p.at+1 < len(p.text) && p.text[p.at+1] != '[' {
			p.at++
			c.ranges = append(c.ranges, '-', '-')
		}
		return 0, false
	case r == '-' && p.at > begin && p.at+1 < len(p.text) && p.text[p.at+1] != ']' && p.text[p.at-1] != '-':
		p.failf("has a hyphen in a class that is neither a range nor at an end")
		return 0, false
	}
	p.at++
	return r, true
}

// escape reads an escape, which is never negated as a whole. Wide says which of two sets it is where the exact one is not known.
func (p *patternParser) escape(wide bool) (c class) {
	p.at++
	r := p.peek()
	p.at++
	switch r {
	case 'p', 'P':
		return p.property(r == 'P')
	case 'd':
		if wide {
			return class{categories: []category{{name: "Nd"}}}
		}
		return class{ranges: runes{'0', '9'}} // digits of other scripts are refused by most that say \d
	case 'D':
		return class{categories: []category{{"Nd", true}}}
	case 'w':
		return class{categories: []category{{name: "L"}, {name: "M"}, {name: "N"}, {name: "S"}}}
	case 'W':
		return class{categories: []category{{name: "P"}, {name: "Z"}, {name: "C"}}}
	case 's':
		return class{ranges: space}
	case 'S':
		return class{ranges: space.complement()}
	case 'i', 'c':
		return class{ranges: nameRunes(r, wide)}
	case 'I', 'C':
		return class{ranges: nameRunes(unicode.ToLower(r), !wide).complement()}
	}
	return p.single(r)
}

// single is an escape of one character. Signs that need none are tolerated.
func (p *patternParser) single(r rune) class {
	switch control, known := map[rune]rune{'n': '\n', 'r': '\r', 't': '\t'}[r]; {
	case known:
		r = control
	case r <= ' ' || r >= unicode.MaxASCII || unicode.IsLetter(r) || unicode.IsDigit(r):
		p.failf(`has the escape \%c, which does not exist`, r)
	}
	return class{ranges: runes{r, r}}
}

// property reads the braces of \p{L} or \p{IsGreek}.
func (p *patternParser) property(negated bool) (c class) {
	begin := p.at + 1
	for p.at < len(p.text) && p.text[p.at] != '}' {
		p.at++
	}
	if begin > p.at || p.at == len(p.text) || p.text[begin-1] != '{' {
		p.failf("has a category without braces")
		return c
	}
	name := string(p.text[begin:p.at])
	p.at++
	block, isBlock := strings.CutPrefix(name, "Is")
	switch ranges := blocks[block]; {
	case isBlock && ranges == nil, !isBlock && !slices.Contains(categories, name):
		p.failf("has the category or block %s, which is not known", name)
	case !isBlock:
		c.categories = []category{{name, negated}}
	case negated:
		c.ranges = ranges.complement()
	default:
		c.ranges = ranges
	}
	return c
}

// nameRunes are the characters that can begin a name (\i) or be inside (\c). All editions of XML 1.0 agree about the narrow set; the wide one is that of
// the fifth edition (section 2.3), which has all of the earlier ones.
func nameRunes(escape rune, wide bool) runes {
	text := ":" + rules.NameStart
	if wide {
		text = ":A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
	}
	switch {
	case escape == 'c' && wide:
		text += ".0-9\u00B7\u0300-\u036F\u203F\u2040-"
	case escape == 'c':
		text += rules.NameMore
	}
	return rangesOf(text)
}

// rangesOf reads what is between the brackets of a class that has no escapes.
func rangesOf(text string) (ranges runes) {
	all := []rune(text)
	for i := 0; i < len(all); i++ {
		low := all[i]
		if i+2 < len(all) && all[i+1] == '-' {
			i += 2
		}
		ranges = append(ranges, low, all[i])
	}
	return ranges
}

// write writes the class. Ranges that go up to the last character are better said by what is not in them.
func (c class) write(b *strings.Builder) {
	if len(c.categories) > 0 {
		writeBrackets(b, c.negated, c.ranges.normal(), c.categories)
		return
	}
	switch in := c.plain(); {
	case len(in) == 0:
		b.WriteString(`[^\s\S]`)
	case in[len(in)-1] == unicode.MaxRune && len(in) == 2 && in[0] == 0:
		b.WriteString(`[\s\S]`)
	case in[len(in)-1] == unicode.MaxRune:
		writeBrackets(b, true, in.complement(), nil)
	case len(in) == 2 && in[0] == in[1]:
		writeRune(b, in[0], `\^$.*+?()[]{}|`)
	default:
		writeBrackets(b, false, in, nil)
	}
}

func writeBrackets(b *strings.Builder, negated bool, ranges runes, categories []category) {
	b.WriteByte('[')
	if negated {
		b.WriteByte('^')
	}
	for pair := range slices.Chunk(ranges, 2) {
		writeRange(b, pair[0], pair[1])
	}
	for _, each := range categories {
		escape := 'p'
		if each.negated {
			escape = 'P'
		}
		fmt.Fprintf(b, `\%c{%s}`, escape, each.name)
	}
	b.WriteByte(']')
}

// writeRange leaves out surrogates, which no text has.
func writeRange(b *strings.Builder, low, high rune) {
	const surrogates, behind = 0xD800, 0xE000
	if low >= surrogates && low < behind {
		low = behind
	}
	if high >= surrogates && high < behind {
		high = surrogates - 1
	}
	if low > high {
		return
	}
	writeRune(b, low, `\[]^-`)
	if high > low+1 {
		b.WriteByte('-')
	}
	if high > low {
		writeRune(b, high, `\[]^-`)
	}
}

// writeRune escapes as both dialects have it.
func writeRune(b *strings.Builder, r rune, special string) {
	switch {
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r < ' ' || r >= 0x7f && r < 0xa0:
		fmt.Fprintf(b, `\x%02x`, r)
	case strings.ContainsRune(special, r):
		b.WriteByte('\\')
		b.WriteRune(r)
	default:
		b.WriteRune(r)
	}
}
