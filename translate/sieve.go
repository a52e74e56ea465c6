package translate

import (
	"math"
	"strings"
	"unicode/utf8"
)

// sieve is what a text consists of, as far as that shows that a secret or a value cannot be in it: nearly none of them can, and only those
// that can are worth searching for. Where in doubt, one can.
type sieve struct {
	folded, coded asciiSet // the letters and digits of the text in these forms; folded has those of strict
	// The longest runs of digits of hexadecimal in the folded text and of characters of base64 in the coded one, and the current ones.
	longestHex, longestCode, hex, code int
}

// everything can be in a text that is not known whole.
var everything = sieve{folded: asciiSet{^uint64(0), ^uint64(0)}, coded: asciiSet{^uint64(0), ^uint64(0)}, longestHex: math.MaxInt, longestCode: math.MaxInt}

// asciiSet is a set of characters of ASCII.
type asciiSet [2]uint64

func (s *asciiSet) add(c byte) { s[c>>6&1] |= 1 << (c & 63) }

func (s *asciiSet) has(c byte) bool { return s[c>>6&1]>>(c&63)&1 != 0 }

// sieve looks at every reading.
func (t *readings) sieve() (s sieve) {
	if !isSpelling(t.source) {
		for _, r := range t.source {
			s.see(r)
		}
		return s
	}
	for _, level := range t.all() {
		s.hex, s.code = 0, 0
		for i := range level.chars {
			s.see(level.chars[i].r)
		}
	}
	return s
}

func (s *sieve) see(r rune) {
	var room [64]byte
	for _, c := range folded.append(room[:0], r) {
		if c < utf8.RuneSelf {
			s.folded.add(c)
		}
		if s.hex++; digit(rune(c)) < 0 {
			s.hex = 0
		}
		s.longestHex = max(s.longestHex, s.hex)
	}
	for _, c := range coded.append(room[:0], r) { // ASCII
		s.coded.add(c)
		if s.code++; !isAlphanumeric(rune(c)) && c != '-' && c != '_' {
			s.code = 0
		}
		s.longestCode = max(s.longestCode, s.code)
	}
}

// passes reports whether a needle can be in the text.
func (s *sieve) passes(n needle) bool {
	set := &s.folded
	if n.form == coded {
		set = &s.coded
	}
	for i := range len(n.text) {
		if c := n.text[i]; isAlphanumeric(rune(c)) && !set.has(c) {
			return false
		}
	}
	return true
}

// among returns those of some needles that can be in the text.
func (s *sieve) among(list []needle) (passing []needle) {
	for _, n := range list {
		if s.passes(n) {
			passing = append(passing, n)
		}
	}
	return passing
}

// passesValue reports whether a value can be in the text as it is. Its letters and digits of ASCII are then in it, too, unless some of them
// spell something else.
func (s *sieve) passesValue(value string) bool {
	for i := range len(value) {
		c := value[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if isAlphanumeric(rune(c)) && !s.folded.has(c) {
			return isSpelling(value)
		}
	}
	return true
}

// passesSecret reports whether a secret can be in the text as it is, in hexadecimal or in base64. Characters of ASCII take a byte at least
// in all its encodings, and what appendEncoded makes of so many bytes has no less than these lengths.
func (s *sieve) passesSecret(secret string) bool {
	bytes := 0
	for _, r := range strings.TrimSpace(secret) {
		if r < utf8.RuneSelf {
			bytes++
		}
	}
	return s.longestHex >= 2*bytes || s.longestCode >= 4*bytes/3-1 || s.passesValue(secret)
}
