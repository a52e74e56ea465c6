package translate

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	utf16 "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// shortest is how many code points a secret needs to be hidden wherever it appears. A shorter one would take letters out of every word, so
// it is hidden only as a word of its own.
const shortest = 4

// needle is a form of a value that must not be shown.
type needle struct {
	text string
	form form
	word bool // hidden only as a word of its own
}

// hideSecrets marks the secrets that the reply to a request must not show: the configured ones, the caller's, and those in the request.
func (s *Sent) hideSecrets(t *readings) { t.hide(s.secretsIn(t.sieve())) }

// secretsIn lists the needles of the secrets that can be in a text.
func (s *Sent) secretsIn(sieve sieve) (list []needle) {
	list = sieve.among(s.configured)
	appendPassing := func(secret string) {
		if sieve.passesSecret(secret) {
			list = appendSecret(list, secret)
		}
	}
	for _, secret := range s.passing {
		appendPassing(string(secret))
	}
	s.asked.Secrets(func(v record.Value) { appendPassing(v.Text()) })
	return list
}

// hideValues marks the other values of the request. Booleans mean nothing by themselves.
func (s *Sent) hideValues(t *readings) {
	sieve, list := t.sieve(), []needle(nil)
	s.asked.Leaves(func(v record.Value) bool {
		if f := v.Field(); !f.Secret && f.Kind != shape.Boolean && sieve.passesValue(v.Text()) {
			list = appendValue(list, v.Text())
		}
		return true
	})
	t.hide(list)
}

// secretNeedles are the forms of secrets.
func secretNeedles(secrets []secret.Secret) (list []needle) {
	for _, secret := range secrets {
		list = appendSecret(list, string(secret))
	}
	return list
}

// appendSecret appends a secret as it is, in hexadecimal, and in base64.
func appendSecret(list []needle, secret string) []needle {
	secret = strings.TrimSpace(secret)
	if secret == "" {
		return list
	}
	word := utf8.RuneCountInString(secret) < shortest
	for _, spelt := range spelt(secret) {
		list = appendNeedle(list, spelt, word || utf8.RuneCountInString(spelt) < shortest)
	}
	for _, bytes := range encodings(secret) {
		list = appendEncoded(list, bytes, word)
	}
	return list
}

// appendEncoded appends what hexadecimal and base64 make of bytes. In base64 they begin at any of three bits of a character.
func appendEncoded(list []needle, bytes string, word bool) []needle {
	list = append(list, needle{hex.EncodeToString([]byte(bytes)), folded, word})
	if word {
		return append(list, needle{base64.RawURLEncoding.EncodeToString([]byte(bytes)), coded, true})
	}
	for shift := range 3 {
		encoded := base64.RawURLEncoding.EncodeToString([]byte("\x00\x00"[:shift] + bytes))
		first, end := (8*shift+5)/6, 8*(shift+len(bytes))/6 // the characters that belong to the secret alone
		list = append(list, needle{encoded[first:end], coded, false})
	}
	return list
}

// encodings are the bytes that a text may be before they are written in hexadecimal or base64: UTF-8 in both normal forms, UTF-16 as Windows
// has it, and a Windows code page.
func encodings(text string) []string {
	list := []string{text, norm.NFC.String(text), norm.NFD.String(text)}
	for _, e := range [...]encoding.Encoding{
		utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM), utf16.UTF16(utf16.BigEndian, utf16.IgnoreBOM), charmap.Windows1252,
	} {
		if bytes, err := e.NewEncoder().String(text); err == nil {
			list = append(list, bytes)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// appendValue appends a value that is not a secret. It is hidden as a word of its own, where it is long enough to mean something.
func appendValue(list []needle, value string) []needle {
	value = strings.TrimSpace(value)
	if utf8.RuneCountInString(value) < shortest-1 {
		return list
	}
	for _, spelt := range spelt(value) {
		list = appendNeedle(list, spelt, true)
	}
	return list
}

// appendNeedle appends a text in the form that it is looked for in: without separators, unless they are most of it.
func appendNeedle(list []needle, text string, word bool) []needle {
	n := needle{folded.write(text), folded, word}
	if left := utf8.RuneCountInString(n.text); left < shortest {
		if full := strict.write(text); left < utf8.RuneCountInString(full) {
			n = needle{full, strict, word}
		}
	}
	if n.text == "" || slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}

// hide marks every place where one of the needles is, those that overlap included, and reports whether there is one.
func (t *readings) hide(list []needle) (found bool) {
	if len(list) == 0 {
		return false
	}
	for i := range t.all() {
		for _, n := range list {
			found = t.hideIn(&t.levels[i], n) || found
		}
	}
	return found
}

func (t *readings) hideIn(level *reading, n needle) (found bool) {
	searched := level.in(n.form)
	for from := 0; ; from++ {
		at := strings.Index(searched.text[from:], n.text)
		if at < 0 {
			return found
		}
		from += at
		first, last := int(searched.place[from]), int(searched.place[from+len(n.text)-1])
		if n.word && !isWord(level.chars, first, last) {
			continue
		}
		if n.form == coded {
			first, last = codedRun(level.chars, first, last)
			for int(searched.place[from]) < last && from+1 < len(searched.place) { // the run is hidden whole: on behind it
				from++
			}
		}
		first, last = withAccents(level.chars, first, last)
		t.hideRange(level.chars[first].start, level.chars[last].end)
		found = true
	}
}

func (t *readings) hideRange(start, end int32) {
	if t.cover == nil {
		t.cover = make([]int32, len(t.source)+1)
	}
	t.cover[start]++
	t.cover[end]--
}

// masked returns the source up to a byte, with three asterisks for each run of hidden bytes.
func (t *readings) masked(end int) string {
	if t.cover == nil {
		return t.source[:end]
	}
	var b strings.Builder
	depth := int32(0)
	for i := range end {
		before := depth
		depth += t.cover[i]
		switch {
		case depth == 0:
			b.WriteByte(t.source[i])
		case before == 0:
			b.WriteString("***")
		}
	}
	return b.String()
}

// isWord reports whether the characters have no letter or digit beside them.
func isWord(chars []char, first, last int) bool {
	isPart := func(i int) bool {
		return i >= 0 && i < len(chars) && (unicode.IsLetter(chars[i].r) || unicode.IsDigit(chars[i].r))
	}
	return !isPart(first-1) && !isPart(last+1)
}

// withAccents widens a place to the letters and accents beside it that the comparison leaves out.
func withAccents(chars []char, first, last int) (int, int) {
	isLeftOut := func(r rune) bool {
		return r >= utf8.RuneSelf && unicode.In(r, unicode.L, unicode.Mn) && folded.write(string(r)) == ""
	}
	for first > 0 && isLeftOut(chars[first-1].r) {
		first--
	}
	for last+1 < len(chars) && isLeftOut(chars[last+1].r) {
		last++
	}
	return first, last
}

// codedRun widens a place in base64 to all of the code around: its first and its last character hold a part of the secret, too.
func codedRun(chars []char, first, last int) (int, int) {
	isPart := func(r rune) bool { return isAlphanumeric(r) || strings.ContainsRune(`+/-_=`, r) }
	for first > 0 && isPart(chars[first-1].r) {
		first--
	}
	for last < len(chars)-1 && isPart(chars[last+1].r) {
		last++
	}
	return first, last
}

// mask replaces every secret, and every other value of the request that is a word of its own. Letter case does not count, and neither do
// separators: a vendor may print a number with others than it was sent with, or break a text over two lines.
func (s *Sent) mask(text string) string {
	t := readingsOf(text)
	s.hideSecrets(t)
	s.hideValues(t)
	return t.masked(len(text))
}

// IsSecret reports whether a code or an identifier is a secret, or holds one that is long enough to be recognised. Such a code is not shown at
// all: a part of one would be another code.
func (s *Sent) IsSecret(text string) bool {
	text = strings.TrimSpace(text)
	t := readingsOf(text)
	return t.hide(slices.DeleteFunc(s.secretsIn(t.sieve()), func(n needle) bool { return n.word && n.form.write(text) != n.text }))
}
