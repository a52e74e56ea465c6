package translate

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// char is one character of a text, with the bytes of the source that spell it: "é" may be spelt &eacute;, %C3%A9 or \u00e9 there.
type char struct {
	r          rune
	start, end int32
}

// readings are a text as it is written, and what it spells when it is decoded once and twice. A vendor may escape what it echoes for HTML,
// JSON, SQL, a URL or source code, and a framework may do it again; so the text is decoded before it is searched, not the value spelt in all
// ways. All readings keep their places in the source. They are made when they are first asked for, since most texts need none.
type readings struct {
	source string
	levels []reading // see all
	cover  []int32   // for each byte of the source: how many hidden ranges begin here, less those that ended before it; see masked
}

// mostDecoded is how often a text is decoded.
const mostDecoded = 2

func readingsOf(source string) *readings { return &readings{source: source} }

// isSpelling reports whether a text may have more than one reading: a spelling of something is more than the mark that it begins with.
func isSpelling(text string) bool {
	for i := range max(len(text), 1) - 1 {
		switch next := text[i+1]; text[i] {
		case '&', '%':
			if next == '#' || isAlphanumeric(rune(next)) {
				return true
			}
		case '\\':
			return true
		case '\'', '"', '`':
			if next == text[i] {
				return true
			}
		}
	}
	return false
}

func (t *readings) all() []reading {
	if t.levels != nil {
		return t.levels
	}
	chars := make([]char, 0, len(t.source))
	for at, r := range t.source {
		chars = append(chars, char{r, int32(at), int32(at + width(t.source[at:], r))}) //nolint:gosec // a text is bounded by the reply's limit
	}
	t.levels = append(make([]reading, 0, 1+mostDecoded), reading{chars: chars})
	for changed := isSpelling(t.source); changed && len(t.levels) <= mostDecoded; {
		if chars, changed = decodeOnce(chars); changed {
			t.levels = append(t.levels, reading{chars: chars})
		}
	}
	return t.levels
}

// width is how many bytes of a text its first character takes: one where it is not UTF-8.
func width(text string, r rune) int {
	if r == utf8.RuneError {
		_, size := utf8.DecodeRuneInString(text)
		return size
	}
	return utf8.RuneLen(r)
}

// spelt returns the texts of all readings.
func spelt(text string) []string {
	list := []string{text}
	if isSpelling(text) {
		t := readingsOf(text)
		for i := range t.all()[1:] {
			list = append(list, t.levels[i+1].in(plain).text)
		}
	}
	return list
}

// reading is a sequence of characters, in the forms that it is searched in. A form is made when it is first asked for.
type reading struct {
	chars []char
	forms [forms]searchable
	made  [forms]bool
}

// searchable is a text with the index of the character that each of its bytes comes from.
type searchable struct {
	text  string
	place []int32
}

// form is a way to write characters for comparison.
type form uint8

const (
	// folded has no letter case, no accents, no compatibility forms, and nothing of what people put between the parts of a number, between
	// words and around them.
	folded form = iota
	// strict is folded that keeps those marks, for values of which little else remains.
	strict
	// coded is for base64: letter case counts, and both alphabets (RFC 4648, sections 4 and 5) are one.
	coded
	// plain is as it is.
	plain

	forms
)

func (r *reading) in(f form) *searchable {
	if !r.made[f] {
		text, place := make([]byte, 0, len(r.chars)), make([]int32, 0, len(r.chars))
		for i := range r.chars {
			text = f.append(text, r.chars[i].r)
			for len(place) < len(text) {
				place = append(place, int32(i))
			}
		}
		r.forms[f], r.made[f] = searchable{string(text), place}, true
	}
	return &r.forms[f]
}

// write returns a text in the form.
func (f form) write(text string) string {
	written := make([]byte, 0, len(text))
	for _, r := range text {
		written = f.append(written, r)
	}
	return string(written)
}

func (f form) append(text []byte, r rune) []byte {
	if r >= utf8.RuneSelf {
		return f.appendAny(text, r)
	}
	if c := ofASCII[f][r]; c < utf8.RuneSelf {
		text = append(text, c)
	}
	return text
}

// ofASCII is what each form makes of a character of ASCII, of which nearly all texts are made: another one, or nothing, which is no ASCII.
var ofASCII = func() (table [forms][utf8.RuneSelf]byte) {
	for f := range forms {
		for r := range rune(utf8.RuneSelf) {
			table[f][r] = append(f.appendAny(nil, r), utf8.RuneSelf)[0]
		}
	}
	return table
}()

func (f form) appendAny(text []byte, r rune) []byte {
	switch f {
	case plain:
		return utf8.AppendRune(text, r)
	case coded:
		return appendCoded(text, r)
	case folded, strict, forms:
	}
	if r < utf8.RuneSelf {
		return f.appendLetter(text, r)
	}
	if unicode.IsSpace(r) || !unicode.IsPrint(r) {
		return f.appendGap(text, r)
	}
	var room [32]byte
	for _, r := range string(norm.NFKD.AppendString(room[:0], string(r))) {
		text = f.appendLetter(text, r)
	}
	return text
}

// separators are between the parts of a number and between words, or quote them.
const separators = "-.,;_|/:()\\'\"`\u2018\u2019\u201c\u201d"

// appendLetter appends one character of a decomposed text. A plus sign is how a form spells a space, so it counts as one.
func (f form) appendLetter(text []byte, r rune) []byte {
	switch {
	case r == '+' || r <= ' ' || r == 0x7f:
		return f.appendGap(text, r)
	case r >= 'A' && r <= 'Z':
		return append(text, byte(r)+'a'-'A')
	case f == folded && (strings.ContainsRune(separators, r) || r >= utf8.RuneSelf && unicode.In(r, unicode.Pd, unicode.Mn)):
		return text
	case r < utf8.RuneSelf:
		return append(text, byte(r))
	case r == 'ß' || r == 'ẞ':
		return append(text, "ss"...)
	}
	return utf8.AppendRune(text, unicode.ToLower(unicode.ToUpper(r))) // upper case first: some letters meet there only
}

// appendGap appends what is between words. Marks that do not show are nothing.
func (f form) appendGap(text []byte, r rune) []byte {
	if f == strict && (r == '+' || unicode.IsSpace(r)) {
		return append(text, ' ')
	}
	return text
}

// appendCoded leaves out the line ends that MIME puts into base64, and the backslash that JSON may put before a slash.
func appendCoded(text []byte, r rune) []byte {
	switch {
	case r == '+':
		r = '-'
	case r == '/':
		r = '_'
	case r == '\n' || r == '\r' || r == '\\':
		return text
	case r >= utf8.RuneSelf:
		r = ' '
	}
	return append(text, byte(r))
}

// decodeOnce replaces every spelling by what it spells.
func decodeOnce(chars []char) (decoded []char, changed bool) {
	for i := 0; i < len(chars); {
		text, n := spelling(chars[i:])
		if n == 0 {
			if changed {
				decoded = append(decoded, chars[i])
			}
			i++
			continue
		}
		if !changed {
			decoded, changed = slices.Clone(chars[:i]), true
		}
		for _, r := range text {
			decoded = append(decoded, char{r, chars[i].start, chars[i+n-1].end})
		}
		i += n
	}
	return decoded, changed
}

// spelling returns what the first n characters spell; n is 0 where they are literal.
func spelling(chars []char) (text string, n int) {
	switch r := chars[0].r; r {
	case '&':
		return reference(chars)
	case '%':
		if code, ok := hexadecimal(chars, "%u", 4); ok { // escape() of JavaScript
			return string(code), len("%uXXXX")
		}
		return escapedByte(chars, "%")
	case '\\':
		return backslash(chars)
	case '\'', '"', '`': // SQL, CSV
		if len(chars) > 1 && chars[1].r == r {
			return string(r), 2
		}
	}
	return "", 0
}

// longestReference is that of HTML's longest name, &CounterClockwiseContourIntegral;
const longestReference = 33

// reference reads a character reference of XML or HTML. Browsers read a number without its semicolon, too.
func reference(chars []char) (text string, n int) {
	spelt := []byte{'&'}
	valid := isAlphanumeric
	if begins(chars, "&#x") || begins(chars, "&#X") {
		spelt, valid = append(spelt, "#x"...), func(r rune) bool { return digit(r) >= 0 }
	} else if begins(chars, "&#") {
		spelt, valid = append(spelt, '#'), func(r rune) bool { return r >= '0' && r <= '9' }
	}
	numeric := len(spelt) > 1
	n = len(spelt)
	for n < len(chars) && n < longestReference && valid(chars[n].r) {
		spelt = append(spelt, byte(chars[n].r)) //nolint:gosec // ASCII
		n++
	}
	if end := semicolon(chars[n:]); end > 0 {
		n += end
	} else if !numeric {
		return unclosedName(string(spelt))
	}
	spelt = append(spelt, ';')
	if text = html.UnescapeString(string(spelt)); text == string(spelt) {
		return "", 0
	}
	return text, n
}

// semicolon returns how many characters a semicolon at the beginning takes; 0 for anything else. What escapes the reference for a URL or for
// JSON escapes its semicolon, too, and may leave the rest as it is.
func semicolon(chars []char) int {
	if begins(chars, ";") {
		return 1
	}
	if begins(chars, "%") || begins(chars, `\`) {
		if text, n := spelling(chars); text == ";" {
			return n
		}
	}
	return 0
}

// unclosedName reads a name that HTML takes without its semicolon, whatever follows.
func unclosedName(spelt string) (text string, n int) {
	for _, name := range [...]string{"&amp", "&lt", "&gt", "&quot"} {
		if len(spelt) >= len(name) && strings.EqualFold(spelt[:len(name)], name) {
			return html.UnescapeString(strings.ToLower(name) + ";"), len(name)
		}
	}
	return "", 0
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// backslash reads an escape of JSON, JavaScript, Go, Python, C or SQL.
func backslash(chars []char) (text string, n int) {
	if text, n = codePoint(chars); n > 0 {
		return text, n
	}
	if text, n = escapedByte(chars, `\x`); n > 0 || len(chars) < 2 {
		return text, n
	}
	if text, n = escapedBytes(chars, len(`\ooo`), octal); n > 0 {
		return text, n
	}
	switch next := chars[1].r; next {
	case 'n', 'r', 't':
		return " ", 2
	case '&', '%': // may begin a spelling of its own
	default:
		if !isAlphanumeric(next) {
			return string(next), 2
		}
	}
	return "", 0
}

// codePoint reads \uXXXX, also as a surrogate pair, \UXXXXXXXX and \u{X}.
func codePoint(chars []char) (text string, n int) {
	if code, ok := hexadecimal(chars, `\u`, 4); ok {
		const one = len(`\uXXXX`)
		if low, ok := hexadecimal(chars[one:], `\u`, 4); ok && utf16.IsSurrogate(code) && utf16.IsSurrogate(low) {
			return string(utf16.DecodeRune(code, low)), 2 * one
		}
		return string(code), one
	}
	if code, ok := hexadecimal(chars, `\U`, 8); ok {
		return string(code), len(`\UXXXXXXXX`)
	}
	const open, longest = `\u{`, 6
	for digits := 1; digits <= longest; digits++ {
		if code, ok := hexadecimal(chars, open, digits); ok && begins(chars[len(open)+digits:], "}") {
			return string(code), len(open) + digits + len("}")
		}
	}
	return "", 0
}

// escapedByte reads a mark and two hexadecimal digits, such as %C3%A9.
func escapedByte(chars []char, mark string) (text string, n int) {
	return escapedBytes(chars, len(mark)+2, func(chars []char) (rune, bool) { return hexadecimal(chars, mark, 2) })
}

// octal reads what C, PHP, Python and PostgreSQL write for a byte: \303.
func octal(chars []char) (b rune, ok bool) {
	const digits = 3
	if len(chars) < 1+digits || chars[0].r != '\\' {
		return 0, false
	}
	for _, c := range chars[1 : 1+digits] {
		if c.r < '0' || c.r > '7' {
			return 0, false
		}
		b = b<<3 + c.r - '0'
	}
	return b, b >= ' ' && b <= 0xff
}

// escapedBytes reads escapes of bytes that take so many characters each: one character in UTF-8, or else one byte of Latin-1.
func escapedBytes(chars []char, one int, read func([]char) (rune, bool)) (text string, n int) {
	var room [utf8.UTFMax]byte
	bytes := room[:0]
	for len(bytes) < utf8.UTFMax && len(bytes)*one < len(chars) {
		b, ok := read(chars[len(bytes)*one:])
		if !ok {
			break
		}
		bytes = append(bytes, byte(b)) //nolint:gosec // at most 255
	}
	if len(bytes) == 0 {
		return "", 0
	}
	if r, size := utf8.DecodeRune(bytes); r != utf8.RuneError {
		return string(r), size * one
	}
	return string(rune(bytes[0])), one
}

// hexadecimal reads so many digits behind a mark.
func hexadecimal(chars []char, mark string, digits int) (code rune, ok bool) {
	if len(chars) < len(mark)+digits || !begins(chars, mark) {
		return 0, false
	}
	for _, c := range chars[len(mark) : len(mark)+digits] {
		value := digit(c.r)
		if value < 0 {
			return 0, false
		}
		code = code<<4 + value
	}
	return code, code >= ' ' || code == '\t' || code == '\n' || code == '\r' // no value holds any other: XML cannot carry them
}

// digit is the value of a hexadecimal digit; negative for any other character.
func digit(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return r - '0'
	case r >= 'a' && r <= 'f':
		return r - 'a' + 10
	case r >= 'A' && r <= 'F':
		return r - 'A' + 10
	}
	return -1
}

func begins(chars []char, mark string) bool {
	for i := range len(mark) {
		if i >= len(chars) || chars[i].r != rune(mark[i]) {
			return false
		}
	}
	return true
}
