package xml

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// IllegalChar finds the first place in s that XML 1.0 cannot carry, not even as a character reference: what is not a Char of
// production 2 (U+0000-U+001F except tab, line feed and carriage return; the surrogates; U+FFFE and U+FFFF) and bytes that
// are not UTF-8. The offset counts bytes. For a text without such a place it returns 0, false.
func IllegalChar[text string | []byte](s text) (offset int, bad bool) {
	for offset < len(s) {
		switch c := s[offset]; {
		case c-0x20 < utf8.RuneSelf-0x20:
			offset += plainPrefix(s[offset:])
		case isSpace(c):
			offset++
		default:
			size := charSize(s[offset:])
			if size == 0 {
				return offset, true
			}
			offset += size
		}
	}
	return 0, false
}

// plainPrefix counts the bytes at the start of s that are printable ASCII or U+007F, up to 32 at a time.
func plainPrefix[text string | []byte](s text) int {
	i := 0
	for ; i+32 <= len(s); i += 32 {
		block := s[i : i+32]
		if (special(load64(block))|special(load64(block[8:]))|special(load64(block[16:]))|special(load64(block[24:])))&topBits != 0 {
			break
		}
	}
	for ; i+8 <= len(s); i += 8 {
		if found := special(load64(s[i:i+8])) & topBits; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && s[i]-0x20 < utf8.RuneSelf-0x20 {
		i++
	}
	return i
}

// load64 returns the first eight bytes of s, the first one lowest. The compiler makes it one load.
func load64[text string | []byte](s text) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

const topBits = 0x8080808080808080

// special sets the top bit of the first byte of word that is a C0 control or not ASCII, if there is one. Nothing is lent across
// the bytes before it, so that none of their top bits is set; those of the bytes behind it mean nothing.
func special(word uint64) uint64 {
	return word | (word - 0x2020202020202020)
}

// charSize returns the length in bytes of the Char that s, which is not empty, begins with; 0 when it begins with none.
func charSize[text string | []byte](s text) int {
	r, size := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	if r == utf8.RuneError && size == 1 || !isChar(r) {
		return 0
	}
	return size
}

// isChar is production 2, Char.
func isChar(r rune) bool {
	return r >= 0x20 && r < 0xD800 || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// resolveReference returns the character that a reference denotes, or the rule that it breaks.
func resolveReference(name string) (r rune, rule string) {
	switch name {
	case "lt":
		return '<', ""
	case "gt":
		return '>', ""
	case "amp":
		return '&', ""
	case "apos":
		return '\'', ""
	case "quot":
		return '"', ""
	}
	if digits, hex := strings.CutPrefix(name, "#x"); hex {
		return parseCharRef(digits, 16)
	}
	if digits, decimal := strings.CutPrefix(name, "#"); decimal {
		return parseCharRef(digits, 10)
	}
	return 0, "a reference to an entity other than lt, gt, amp, apos and quot"
}

// parseCharRef is production 66 behind its prefix. Any number of leading zeros is right.
func parseCharRef(digits string, base rune) (r rune, rule string) {
	if digits == "" {
		return 0, "a character reference without digits"
	}
	for i := range len(digits) {
		digit := hexDigit(digits[i])
		if digit >= base {
			return 0, "a character reference with something else than digits"
		}
		if r = r*base + digit; r > utf8.MaxRune {
			break // it cannot become a Char again; going on could overflow
		}
	}
	if !isChar(r) {
		return 0, "a reference to a character that XML does not allow"
	}
	return r, ""
}

// hexDigit returns the value of a digit, 16 for what is none.
func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return 16
}

// isSpace is production 3, S, for one byte.
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r'
}

// What an ASCII byte may be in an NCName (Namespaces in XML 1.0, production 4: a Name without colons).
const (
	nameStart uint8 = 1 << iota
	namePart
)

var nameBytes = func() (class [256]uint8) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
			class[c] = nameStart | namePart
		case '0' <= c && c <= '9', c == '-', c == '.':
			class[c] = namePart
		}
	}
	return class
}()

// nameRange is a range of characters above ASCII, both ends included.
type nameRange struct{ first, last rune }

// Productions 4 and 4a of XML 1.0, fifth edition. The four editions before it had far longer tables.
var (
	nameStartRanges = [...]nameRange{
		{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F},
		{0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
	}
	namePartRanges = [...]nameRange{{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}
)

func inRanges(ranges []nameRange, r rune) bool {
	for _, each := range ranges {
		if r <= each.last {
			return r >= each.first
		}
	}
	return false
}

// ncNameLen returns the length in bytes of the NCName that s begins with; 0 when it begins with none. s is valid UTF-8.
func ncNameLen(s string) int {
	i := 0
	for i < len(s) && nameBytes[s[i]]&namePart != 0 {
		i++
	}
	if i < len(s) && s[i] >= utf8.RuneSelf {
		i = wideNameLen(s, i)
	}
	if i == 0 || s[0] < utf8.RuneSelf && nameBytes[s[0]]&nameStart == 0 {
		return 0
	}
	return i
}

// wideNameLen goes on with ncNameLen at i, where the first character above ASCII is.
func wideNameLen(s string, i int) int {
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isNamePart(r) || i == 0 && !inRanges(nameStartRanges[:], r) {
			break
		}
		i += size
	}
	return i
}

func isNamePart(r rune) bool {
	if r < utf8.RuneSelf {
		return nameBytes[r]&namePart != 0
	}
	return inRanges(nameStartRanges[:], r) || inRanges(namePartRanges[:], r)
}
