package xsd

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Limits of patterns. A pattern is matched in time that grows with its program and with the text, which a caller chooses.
const (
	maxPattern = 1 << 16 // bytes
	maxProgram = 5000    // instructions
	maxNesting = 100
	maxRepeat  = 1000 // of one quantifier in RE2
)

// part is a part of a regular expression of XML Schema 1.0 (part 2, appendix F).
type part struct {
	op       op
	class    class
	subs     []*part
	min, max int // of a repeat; max < 0 is no limit
}

type op uint8

const (
	opClass op = iota + 1
	opConcat
	opAlternate
	opRepeat // of the only one of subs
)

// patternParser reads a regular expression. The first error stays.
type patternParser struct {
	text  []rune
	at    int
	depth int
	err   error
}

func parsePattern(pattern string) (*part, error) {
	p := &patternParser{text: []rune(pattern)}
	n := p.alternatives()
	if p.err == nil && p.at < len(p.text) {
		p.failf("has %q without its other half", p.text[p.at])
	}
	return n, p.err
}

func (p *patternParser) failf(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.at = len(p.text)
}

// peek returns the next character; 0 at the end, which no pattern in a document can hold.
func (p *patternParser) peek() rune {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *patternParser) skip(r rune) bool {
	if p.peek() != r {
		return false
	}
	p.at++
	return true
}

func (p *patternParser) alternatives() *part {
	n := &part{op: opAlternate, subs: []*part{p.branch()}}
	for p.skip('|') {
		n.subs = append(n.subs, p.branch())
	}
	if len(n.subs) == 1 {
		return n.subs[0]
	}
	return n
}

func (p *patternParser) branch() *part {
	n := &part{op: opConcat}
	for p.at < len(p.text) && p.peek() != '|' && p.peek() != ')' {
		n.subs = append(n.subs, p.quantified(p.atom()))
	}
	if len(n.subs) == 1 {
		return n.subs[0]
	}
	return n
}

func (p *patternParser) atom() *part {
	switch r := p.peek(); r {
	case '(':
		return p.group()
	case '[':
		p.at++
		return &part{op: opClass, class: p.classGroup(false)}
	case '.':
		p.at++
		return &part{op: opClass, class: anyChar}
	case '\\':
		return &part{op: opClass, class: p.escape(false)}
	case '?', '*', '+', '{', '}', ']':
		p.failf("has a %q that repeats or ends nothing", r)
		return nil
	default: // ^ and $ are characters like others
		p.at++
		return &part{op: opClass, class: class{ranges: runes{r, r}}}
	}
}

func (p *patternParser) group() *part {
	p.at++
	if p.depth++; p.depth > maxNesting {
		p.failf("has more than %d groups in each other", maxNesting)
	}
	n := p.alternatives()
	p.depth--
	if !p.skip(')') {
		p.failf("has a group without an end")
	}
	return n
}

func (p *patternParser) quantified(n *part) *part {
	repeat := &part{op: opRepeat, subs: []*part{n}, max: -1}
	switch {
	case p.skip('?'):
		repeat.max = 1
	case p.skip('*'):
	case p.skip('+'):
		repeat.min = 1
	case p.skip('{'):
		p.quantity(repeat)
	default:
		return n
	}
	return repeat
}

// quantity reads {n}, {n,} or {n,m}.
func (p *patternParser) quantity(repeat *part) {
	repeat.min = p.number()
	repeat.max = repeat.min
	if p.skip(',') {
		if repeat.max = -1; p.peek() != '}' {
			repeat.max = p.number()
		}
	}
	if !p.skip('}') || repeat.max >= 0 && repeat.max < repeat.min {
		p.failf("has a quantity in braces that is not one")
	}
}

func (p *patternParser) number() int {
	begin := p.at
	for unicode.Is(digits, p.peek()) {
		p.at++
	}
	n, err := strconv.Atoi(string(p.text[begin:p.at]))
	if err != nil || n > maxPattern {
		p.failf("has a quantity that is not a number up to %d", maxPattern)
	}
	return n
}

var digits = &unicode.RangeTable{R16: []unicode.Range16{{Lo: '0', Hi: '9', Stride: 1}}, LatinOffset: 1}

// String writes the regular expression for RE2, in words that ECMA-262 (with the flag u) reads in the same way.
func (n *part) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *part) write(b *strings.Builder) {
	switch n.op {
	case opClass:
		n.class.write(b)
	case opConcat:
		for _, sub := range n.subs {
			sub.writeInside(b, sub.op == opAlternate)
		}
	case opAlternate:
		for i, sub := range n.subs {
			if i > 0 {
				b.WriteByte('|')
			}
			sub.write(b)
		}
	case opRepeat:
		n.writeRepeat(b)
	}
}

func (n *part) writeInside(b *strings.Builder, group bool) {
	if group {
		b.WriteString("(?:")
		defer b.WriteByte(')')
	}
	n.write(b)
}

// writeRepeat splits what RE2 does not count as far as that: first what must be there, then what may be.
func (n *part) writeRepeat(b *strings.Builder) {
	least, more := n.min, n.max-n.min
	for ; least > maxRepeat; least -= maxRepeat {
		n.writeQuantity(b, maxRepeat, maxRepeat)
	}
	if n.max < 0 {
		n.writeQuantity(b, least, -1)
		return
	}
	first := min(more, maxRepeat-least)
	n.writeQuantity(b, least, least+first)
	for more -= first; more > 0; more -= maxRepeat {
		n.writeQuantity(b, 0, min(more, maxRepeat))
	}
}

func (n *part) writeQuantity(b *strings.Builder, low, high int) {
	n.subs[0].writeInside(b, n.subs[0].op != opClass)
	switch {
	case low == 0 && high < 0:
		b.WriteByte('*')
	case low == 1 && high < 0:
		b.WriteByte('+')
	case low == 0 && high == 1:
		b.WriteByte('?')
	case high < 0:
		fmt.Fprintf(b, "{%d,}", low)
	case low == high:
		fmt.Fprintf(b, "{%d}", low)
	default:
		fmt.Fprintf(b, "{%d,%d}", low, high)
	}
}

// without removes characters from every class: what is left matches the same texts, but those that have them.
func (n *part) without(removed runes) *part {
	if n.op == opClass {
		return &part{op: opClass, class: n.class.minus(class{ranges: removed})}
	}
	changed := *n
	changed.subs = nil
	for _, sub := range n.subs {
		changed.subs = append(changed.subs, sub.without(removed))
	}
	return &changed
}

// lengths takes a pattern apart that is one class, repeated: what the class says of each character stays, and the limits are better said by themselves:
// .{1,1024}. It returns nil for all others, and for those that read well as they are.
func (n *part) lengths() (rest *part, low, high int) {
	if n.op != opRepeat || n.subs[0].op != opClass || n.max == 1 {
		return nil, 0, 0
	}
	if !slices.Equal(n.subs[0].class.plain(), anyChar.plain()) && max(n.min, n.max) <= maxRepeat {
		return nil, 0, 0
	}
	return &part{op: opRepeat, subs: n.subs, max: -1}, n.min, n.max
}

// checkPattern says why a pattern that was made for RE2 cannot be used.
func checkPattern(pattern string) error {
	if len(pattern) > maxPattern {
		return errors.New("is too long")
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return fmt.Errorf("cannot be said: %w", err)
	}
	if program, err := syntax.Compile(tree.Simplify()); err != nil || len(program.Inst) > maxProgram {
		return errors.New("is too large")
	}
	return nil
}
