package translate

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxVendorText bounds a vendor's text in front of a caller, in code points.
const maxVendorText = 200

// withheld stands for a vendor's text that is no sentence for people.
const withheld = "The vendor gave a reason that is not shown here."

// notForPeople recognises stack frames, names of exception classes, and markup.
var notForPeople = regexp.MustCompile(`\bat [\w.$<>` + "`" + `\[\],]+\(|\b\w+(\.\w+)+(Exception|Error)\b|</?[A-Za-z!?]|(?m)^\s*File ".*", line \d+|#\d+ .*\.php\(\d+\)`)

// Safe makes a vendor's text fit for a caller or a log: its first line, at most 200 characters, with every value of the request and
// every configured secret masked; or a fixed sentence when it is a stack trace or markup. A vendor may echo what it was sent.
func (s *Sent) Safe(text string) string {
	text = strings.TrimSpace(s.mask(text))
	if text == "" {
		return "The vendor gave no reason."
	}
	if notForPeople.MatchString(text) {
		return withheld
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(text, "\r", "\n"), "\n")
	// Once more: line ends and runs of spaces may have kept a value from being recognised.
	return shorten(s.mask(strings.Join(strings.FieldsFunc(first, notPrintable), " ")))
}

func notPrintable(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxVendorText {
		return text
	}
	return string([]rune(text)[:maxVendorText-1]) + "…"
}

// mask replaces the request's values. A secret goes wherever it stands, were it part of a word; another value when it stands as a
// word of its own and is long enough to mean something.
func (s *Sent) mask(text string) string {
	const shortest = 3
	var secrets, values []string
	for _, secret := range s.secrets {
		secrets = append(secrets, string(secret))
	}
	for _, l := range s.leaves() {
		switch {
		case l.secret:
			secrets = append(secrets, l.text, onlyDigits(l.text))
		case utf8.RuneCountInString(l.text) >= shortest:
			values = append(values, l.text)
		}
	}
	text = replaceAll(text, secrets, false)
	return replaceAll(text, values, true)
}

// onlyDigits gives the form of a number that a vendor may echo instead of the punctuated one; empty when it is too short to tell.
func onlyDigits(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if len(digits) < 4 {
		return ""
	}
	return digits
}

func replaceAll(text string, values []string, words bool) string {
	// The longest first: a value that holds another one must not be cut by it.
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range slices.Compact(values) {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		pattern := regexp.MustCompile("(?i)" + regexp.QuoteMeta(value))
		text = replace(text, pattern, words)
	}
	return text
}

func replace(text string, pattern *regexp.Regexp, words bool) string {
	var b strings.Builder
	done := 0
	for _, m := range pattern.FindAllStringIndex(text, -1) {
		if words && !isWord(text, m[0], m[1]) {
			continue
		}
		b.WriteString(text[done:m[0]])
		b.WriteString("***")
		done = m[1]
	}
	b.WriteString(text[done:])
	return b.String()
}

// isWord tells whether text[start:end] has no letter or digit beside it.
func isWord(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !isWordRune(before) && !isWordRune(after)
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
