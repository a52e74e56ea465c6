package translate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestReason bounds the text that is looked at, in bytes. Vendors' sentences are far shorter, and even ASP.NET's stack traces are.
const longestReason = 16 << 10

const (
	// longestSentence bounds a sentence for people, in bytes. What is longer is a dump of something.
	longestSentence = 2 << 10
	// mostLooked bounds the texts of one reply that are looked at, in bytes: a hostile reply must not cost seconds.
	mostLooked = 96 << 10
)

// maxVendorText bounds a vendor's text in front of a caller, in code points.
const maxVendorText = 200

// withheld replaces a vendor's text that is not a sentence for people.
const withheld = "The vendor gave a reason that is not shown here."

// Safe makes a vendor's text fit for a caller: its first line, at most 200 characters, with every value of the request and every configured
// secret masked; or a fixed sentence when it is a stack trace, markup, or names the vendor's internals. A vendor may echo what it was sent.
func (s *Sent) Safe(text string) string {
	if len(text) > longestReason {
		return withheld
	}
	return s.once("safe", text, withheld, s.safe)
}

func (s *Sent) safe(text string) string {
	masked := sentence(s.mask(text))
	switch {
	case masked == "":
		return "The vendor gave no reason."
	case len(masked) > longestSentence, isMarkup(masked), isInternal(masked), isInternal(sentence(text)): // masking may spoil what they look for
		return withheld
	}
	return shorten(masked, maxVendorText)
}

// once works on each text once. Beyond mostLooked it returns unlooked instead.
func (s *Sent) once(purpose, text, unlooked string, work func(string) string) string {
	key := purpose + ":" + text
	if done, known := s.done[key]; known {
		return done
	}
	if s.looked += 256 + len(text); s.looked > mostLooked { // the work on a short text is no less than on 256 bytes
		return unlooked
	}
	if s.done == nil {
		s.done = map[string]string{}
	}
	s.done[key] = work(text)
	return s.done[key]
}

// Logged makes a vendor's text fit for the log: one line, at most 1,000 characters, with every value of the request, every secret, and
// what looks like a password masked.
func (s *Sent) Logged(text string) string {
	const maxLogged = 1000
	if len(text) > longestReason {
		return fmt.Sprintf("a text of %d bytes", len(text))
	}
	return s.once("log", text, fmt.Sprintf("a text of %d bytes", len(text)), func(text string) string {
		return shorten(oneLine(s.masked(text)), maxLogged)
	})
}

// masked is mask, and replaces what looks like a password, too.
func (s *Sent) masked(text string) string {
	t := readingsOf(text)
	s.hideSecrets(t)
	s.hideValues(t)
	t.hidePasswords()
	return t.masked(len(text))
}

// Code makes a vendor's code fit for the log: whole, or not at all.
func (s *Sent) Code(code string) string {
	const maxCode = 256
	if code = oneLine(code); utf8.RuneCountInString(code) > maxCode || s.IsSecret(code) {
		return "***"
	}
	return code
}

var shortCode = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

// IsPlainCode reports whether a vendor's code may become part of a violation's code: it is short, and no secret is in it.
func (s *Sent) IsPlainCode(code string) bool { return shortCode.MatchString(code) && !s.IsSecret(code) }

// maxFreeText bounds a free text of a result, in bytes of JSON.
const maxFreeText = 4 << 10

// FreeText makes a free text of a success fit for the caller: as it is, with every secret and what looks like a password masked, up to 4 KiB;
// or a fixed sentence when it is a stack trace.
func (s *Sent) FreeText(text string) string {
	if len(text) <= longestReason {
		if isStackTrace(text) {
			return withheld
		}
		t := readingsOf(text)
		s.hideSecrets(t)
		t.hidePasswords()
		return cut(t.masked(len(text)), maxFreeText)
	}
	// What is shown ends long before what is searched, so that no secret is cut in two; unless it is enormous.
	const shown, longestSpelling = longestReason / 2, len("&amp;quot;")
	window := text[:longestReason]
	t := readingsOf(window)
	secrets := s.secretsIn(everything) // some may go on behind the window
	if isStackTrace(window) || slices.ContainsFunc(secrets, func(n needle) bool { return len(n.text) > shown/longestSpelling }) {
		return withheld
	}
	t.hide(secrets)
	t.hidePasswords()
	return cut(strings.ToValidUTF8(t.masked(shown), "")+"…", maxFreeText)
}

// cut ends a text with an ellipsis where it is longer than so many bytes in JSON.
func cut(text string, limit int) string {
	const ellipsis = "…"
	size, end := 0, 0
	for at, r := range text {
		if size += jsonSize(r); size > limit {
			return text[:end] + ellipsis
		}
		if size <= limit-len(ellipsis) {
			end = at + utf8.RuneLen(r)
		}
	}
	return text
}

// jsonSize is how many bytes encoding/json writes for a character in a string, with the escaping of HTML turned off.
func jsonSize(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t':
		return len(`\n`)
	case r < ' ' || r == '\u2028' || r == '\u2029':
		return len(`\u2028`)
	}
	return utf8.RuneLen(r)
}

func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// oneLine joins the words of a text by single spaces.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(printable, text)), " ")
}

// sentence returns a text's first line.
func sentence(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(strings.Map(printable, text)), "\n")
	return outermost(oneLine(first))
}

// printable turns line ends into line feeds, and whatever else does not show into spaces.
func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\r':
		return '\n'
	case unicode.IsSpace(r) || !unicode.IsPrint(r):
		return ' '
	}
	return r
}

var soapException = regexp.MustCompile(`^System\.Web\.Services\.Protocols\.Soap(Header)?Exception: `)

// outermost takes what ASP.NET adds off a message: the class of the exception that stands for a fault, and the chain of inner ones.
func outermost(text string) string {
	text = soapException.ReplaceAllString(text, "")
	text, _, _ = strings.Cut(text, " ---> ")
	return strings.TrimSpace(text)
}
