package translate

import (
	"regexp"
	"slices"
	"soapbridge/translate/soap"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxVendorText bounds a vendor's text in front of a caller, in code points.
const maxVendorText = 200

// withheld stands for a vendor's text that is no sentence for people.
const withheld = "The vendor gave a reason that is not shown here."

// notForPeople recognises stack frames, source lines, names of exception classes, and markup.
var notForPeople = regexp.MustCompile(strings.Join([]string{
	`\bat [\w.$<>` + "`" + `\[\],]+\(`,                  // at Dao.Find(Dao.java:42)
	`\bat \w+(\.[\w.$<>` + "`" + `\[\],]+)+ \(`,         // Mono: at Dao.Find () [0x00068]
	`\bFile ".*", line \d+`,                             // Python
	`\.(php|java|cs|vb|py|js)(\(|:| on line |:line )\d`, // PHP, .NET
	`\b\w+(\.\w+)+(Exception|Error)\b`,
	`\b[A-Z]\w+Exception\b`,
	`</?[A-Za-z!?]`,
}, "|"))

// longestReason bounds the text that is looked at for a sentence, in bytes. Vendors' sentences are far shorter, and even ASP.NET's stack
// traces are.
const longestReason = 16 << 10

var soapException = regexp.MustCompile(`^System\.Web\.Services\.Protocols\.Soap(Header)?Exception: `)

// Safe makes a vendor's text fit for a caller or a log: its first line, at most 200 characters, with every value of the request and
// every configured secret masked; or a fixed sentence when it is a stack trace or markup. A vendor may echo what it was sent.
func (s *Sent) Safe(text string) string {
	if len(text) > longestReason {
		return withheld
	}
	text = strings.Map(printable, text)
	masked := sentence(s.mask(text))
	switch {
	case masked == "":
		return "The vendor gave no reason."
	case notForPeople.MatchString(masked), notForPeople.MatchString(sentence(text)): // masking may spoil what it looks for
		return withheld
	}
	return shorten(masked)
}

// sentence gives a text's first line.
func sentence(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return outermost(strings.Join(strings.Fields(first), " "))
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

// outermost takes what ASP.NET adds off a message: the class of the exception that stands for a fault, and the chain of inner ones.
func outermost(text string) string {
	text = soapException.ReplaceAllString(text, "")
	text, _, _ = strings.Cut(text, " ---> ")
	return strings.TrimSpace(text)
}

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxVendorText {
		return text
	}
	return string([]rune(text)[:maxVendorText-1]) + "…"
}

// IsSecret tells whether a text is a secret that was sent, or holds one that is long enough to be recognised: then not even a vendor's
// error number is shown.
func (s *Sent) IsSecret(text string) bool {
	const shortest = 4
	holds := func(secret string) bool {
		return text == secret || utf8.RuneCountInString(secret) >= shortest && strings.Contains(text, secret)
	}
	return slices.ContainsFunc(s.secrets, func(secret soap.Secret) bool { return secret != "" && holds(string(secret)) }) ||
		slices.ContainsFunc(s.leaves(), func(l leaf) bool { return l.secret && l.text != "" && holds(l.text) })
}

// mask replaces the request's values. A secret goes wherever it stands, were it part of a word; another value when it stands as a
// word of its own and is long enough to mean something. Letter case does not count, and neither do separators: a vendor may print a
// number with others than it was sent with, or break a text over two lines.
func (s *Sent) mask(text string) string {
	const shortest = 3
	t := condense(text)
	for _, secret := range s.secrets {
		t.hide(string(secret), false)
	}
	for _, l := range s.leaves() {
		if l.secret || !l.boolean && utf8.RuneCountInString(l.text) >= shortest {
			t.hide(l.text, !l.secret)
		}
	}
	return t.masked()
}

// condensed is a text without letter case and separators.
type condensed struct {
	text   string
	source string
	place  []int  // for each byte of text, where its character begins in source
	hidden []bool // for each byte of source
}

func condense(source string) *condensed {
	t := &condensed{source: source, hidden: make([]bool, len(source))}
	var b strings.Builder
	for at, r := range source {
		if r = fold(r); r >= 0 {
			n, _ := b.WriteRune(r)
			t.place = append(t.place, slices.Repeat([]int{at}, n)...)
		}
	}
	t.text = b.String()
	return t
}

// fold takes letter case away, and gives a negative number for what people put between the parts of a number and between words.
func fold(r rune) rune {
	if unicode.IsSpace(r) || strings.ContainsRune("-./()", r) {
		return -1
	}
	return unicode.ToLower(unicode.ToUpper(r)) // upper case first: some letters meet there only
}

// hide marks every place where a value stands, those that overlap included.
func (t *condensed) hide(value string, words bool) {
	key := strings.Map(fold, value)
	if key == "" {
		return
	}
	for from := 0; ; from++ {
		i := strings.Index(t.text[from:], key)
		if i < 0 {
			return
		}
		from += i
		start, last := t.place[from], t.place[from+len(key)-1]
		_, size := utf8.DecodeRuneInString(t.source[last:])
		if words && !isWord(t.source, start, last+size) {
			continue
		}
		for at := start; at < last+size; at++ {
			t.hidden[at] = true
		}
	}
}

// masked gives the source with three asterisks for each run of hidden bytes.
func (t *condensed) masked() string {
	var b strings.Builder
	for i := range len(t.source) {
		switch {
		case !t.hidden[i]:
			b.WriteByte(t.source[i])
		case i == 0 || !t.hidden[i-1]:
			b.WriteString("***")
		}
	}
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
