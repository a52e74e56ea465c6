package openapi_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mutation changes an instance at a place, if it can.
type mutation struct {
	name string
	do   func(r *rand.Rand, root any, p place) bool
}

var mutations = []mutation{
	{"a member or an item is dropped", func(_ *rand.Rand, _ any, p place) bool { p.remove(); return true }},
	{"a member is added", func(r *rand.Rand, _ any, p place) bool {
		if p.object == nil {
			return false
		}
		p.object.members = append(p.object.members, member{pick(r, []string{"surprise", "", "accountNumbers", "$ref", "é"}), p.value()})
		return true
	}},
	{"a name in another letter case", func(r *rand.Rand, _ any, p place) bool {
		if p.object == nil {
			return false
		}
		name := &p.object.members[p.index].name
		*name = otherCase(r, *name)
		return true
	}},
	{"a member twice", func(_ *rand.Rand, _ any, p place) bool {
		if p.object == nil {
			return false
		}
		p.object.members = append(p.object.members, p.object.members[p.index])
		return true
	}},
	{"another type", func(r *rand.Rand, _ any, p place) bool {
		p.put(pick(r, []any{token("true"), token("0"), token("17"), quote("x"), &object{}, &array{}, null, &array{items: []any{p.value()}}}))
		return true
	}},
	{"null", func(_ *rand.Rand, _ any, p place) bool { p.put(null); return true }},
	{"everything null", func(_ *rand.Rand, _ any, p place) bool {
		o, ok := p.value().(*object)
		for i := 0; ok && i < len(o.members); i++ {
			o.members[i].value = null
		}
		return ok
	}},
	{"null in an array", func(_ *rand.Rand, _ any, p place) bool {
		a, ok := p.value().(*array)
		if ok {
			a.items = append(a.items, null)
		}
		return ok
	}},
	{"one item more", func(_ *rand.Rand, _ any, p place) bool {
		a, ok := p.value().(*array)
		if !ok || len(a.items) == 0 {
			return false
		}
		a.items = append(a.items, copyOf(a.items[0]))
		return true
	}},
	{"an empty object or array", func(r *rand.Rand, _ any, p place) bool { p.put(pick(r, []any{&object{}, &array{}})); return true }},
	{"an empty text", changeText(func(*rand.Rand, string) string { return "" })},
	{"a blank text", changeText(func(r *rand.Rand, _ string) string { return pick(r, blanks) + pick(r, blanks) })},
	{"white space at an end", changeText(func(r *rand.Rand, s string) string {
		if oneIn(r, 2) {
			return s + pick(r, blanks)
		}
		return pick(r, blanks) + s
	})},
	{"a character more", changeText(func(r *rand.Rand, s string) string {
		return s + pick(r, []string{"x", "0", " ", "é", "😀", "@", ".", "-"})
	})},
	{"a character less", changeText(func(_ *rand.Rand, s string) string { return s[:len(s)-lastSize(s)] })},
	{"far longer", changeText(func(r *rand.Rand, s string) string {
		return s + strings.Repeat(pick(r, []string{"x", "0", "😀", ".a"}), 200)
	})},
	{"characters beyond the BMP", changeText(func(_ *rand.Rand, s string) string { return strings.Repeat("𝄞", utf8.RuneCountInString(s)) })},
	{"a host name that is too long", changeText(func(_ *rand.Rand, s string) string {
		if name, _, ok := strings.Cut(s, "@"); ok {
			return name + "@" + longHost + "com"
		}
		return s
	})},
	{"another letter case", changeText(otherCase)},
	{"another digit", changeText(func(r *rand.Rand, s string) string {
		i := strings.IndexFunc(s, unicode.IsDigit)
		if i < 0 || s[i] > '9' {
			return s
		}
		return s[:i] + string(rune('0'+r.IntN(10))) + s[i+1:]
	})},
	odd, odd, odd, odd, // the one that there is most of
	{"a character that XML cannot carry", changeToken(func(r *rand.Rand, inside string) string {
		return inside + pick(r, []string{`\u0000`, `\u000b`, `\u001f`, `\ufffe`, "\uffff", `\ud800`, `\udc00x`, "\xff", "\xc0\x80"})
	})},
	{"a slash with an escape", changeToken(func(_ *rand.Rand, inside string) string { return inside + `\/\t` })},
	{"another number", func(r *rand.Rand, _ any, p place) bool {
		if isNumber(p.value()) {
			p.put(pick(r, numbers))
		}
		return isNumber(p.value())
	}},
	{"another spelling of a number", func(r *rand.Rand, _ any, p place) bool {
		v, ok := p.value().(token)
		if ok = ok && isNumber(v); ok {
			p.put(v + pick(r, []token{".0", "e0", "E+1", ".5", "e-1"}))
		}
		return ok
	}},
	{"two values swapped", func(r *rand.Rand, root any, p place) bool {
		other := pick(r, placesIn(root))
		mine, theirs := copyOf(p.value()), copyOf(other.value())
		p.put(theirs)
		other.put(mine) // has no effect where the other one was inside
		return true
	}},
}

var odd = mutation{"a text of its kind that is odd", changeText(func(r *rand.Rand, s string) string { return pick(r, oddOnes(s)) })}

// numbers are at the limits of the types and of the fields.
var numbers = []token{
	"0", "-0", "-1", "1", "99999999", "100000000", "2147483647", "2147483648", "-2147483648", "-2147483649",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "1.5", "1e2", "0.0",
}

var blanks = []string{" ", "\t", "\n", "\r", "\u00a0", "\u0085", "\u1680", "\u2003", "\u2028", "\u202f", "\u3000", "\u200b", "\ufeff", "\v"}

// changeText changes a text.
func changeText(change func(r *rand.Rand, s string) string) func(*rand.Rand, any, place) bool {
	return func(r *rand.Rand, _ any, p place) bool {
		s, ok := unquote(p.value())
		if ok {
			p.put(quote(change(r, s)))
		}
		return ok
	}
}

// changeToken changes what is between the quotes of a text.
func changeToken(change func(r *rand.Rand, inside string) string) func(*rand.Rand, any, place) bool {
	return func(r *rand.Rand, _ any, p place) bool {
		t, ok := p.value().(token)
		if !ok || t[0] != '"' {
			return false
		}
		p.put(token(`"` + change(r, string(t[1:len(t)-1])) + `"`))
		return true
	}
}

func lastSize(s string) int {
	_, size := utf8.DecodeLastRuneInString(s)
	return size
}

func otherCase(r *rand.Rand, s string) string {
	changed := []rune(s)
	if len(changed) == 0 {
		return s
	}
	i := r.IntN(len(changed))
	if unicode.IsUpper(changed[i]) {
		changed[i] = unicode.ToLower(changed[i])
	} else {
		changed[i] = unicode.ToUpper(changed[i])
	}
	return pick(r, []string{string(changed), strings.ToLower(s), strings.ToUpper(s)})
}

var (
	aDate     = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	anInstant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT`)
	aNumber   = regexp.MustCompile(`^[-0-9. ]+$`)
	longHost  = strings.Repeat("abcdefghi.", 26) // 260 bytes with its end
)

// oddOnes are texts of the kind that a text seems to be.
func oddOnes(s string) []string {
	switch {
	case aDate.MatchString(s):
		return []string{
			"2023-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "2026-02-30", "2026-04-31", "0000-01-01", "0001-01-01", "9999-12-31", "2026-13-01", "2026-00-10",
			"2026-1-01", "02026-01-01", "-2026-01-01", "2026-12-01Z", "2026-12-01T00:00:00Z", "20261201", "１999-01-01", "0010-10-10",
		}
	case anInstant.MatchString(s):
		return []string{
			"2026-11-21T09:30:00", "2026-11-21t09:30:00Z", "2026-11-21T09:30:00z", "2026-11-21T09:30:60Z", "2026-12-31T23:59:60Z", "2026-11-21T24:00:00Z",
			"2026-11-21T09:30:00.1234567Z", "2026-11-21T09:30:00.12345678Z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00+14:00", "2026-11-21T09:30:00+14:01",
			"2026-11-21T09:30:00-13:59", "2026-11-21T09:30:00+15:00", "2026-11-21T09:30:00-00:00", "2026-02-29T09:30:00Z", "0000-01-01T00:00:00Z", "2026-11-21 09:30:00Z",
			"2026-11-21T09:30Z", "2026-11-21T09:30:00+0100", "0001-01-01T00:00:00+14:00",
		}
	case strings.Contains(s, "@"):
		return []string{
			"a@b", "a@b.c", "@b.c", "a@", "a@@b.c", "a@b@c.d", "a b@c.d", " @c.d", "a@ ", "a@b.", "a@.b", "a@-b.c", "a@b_c.d", "é@ü.example", "a@" + longHost + "com",
			"a@" + strings.Repeat("x", 63) + ".c", "a@" + strings.Repeat("x", 64) + ".c", "ab\u00a0@c.d", "a@b.c\n",
		}
	case strings.Contains(s, "://"):
		return []string{
			"http://", "https://example.com", "HTTPS://EXAMPLE.COM/a?b#c", "http://a b", "http://[::1]:80/", "http://[::1", "ftp://example.com", "http:/example.com",
			"http://user:pw@example.com", "http://:80/", "http://example.com:99999x", "http://%zz", "example.com", "example", "-example.com", "example.com/a", "localhost",
			longHost + "example", "http://" + longHost + "example", "http://1.2.3.4", "http://é.example/\u2028", "http://example.com/\n", "//example.com", "javascript:x",
		}
	case aNumber.MatchString(s):
		return []string{
			"0", "-0", "007", "-1", "+1", "1.", ".5", "0.5", "0.55", "0.555", "1e2", "1,5", "999999999.99", "1000000000", "0001000000000", "000999999999.9", "--1", "", "３",
			"51 824 753 556", "51 824 753 557", "004 085 616", "004 085 617", "123 456 782", "37 118 629", "37 118 620", "5182475355", "518247535566", "51\t824 753 556",
		}
	}
	return []string{
		"Australia", "AU", "aus", "New Zealand", "VIC", "vic", "Victoria", "Other", "OTH", "UPDATE", "LOCK", "Unlock", "ACCOUNT", "account", "AGREEMENT", "aGreement",
		"ſubscription", "Org", "org", "ABN", "ACN", "TFN", "RBN", "End User", "end user", "0400 000 000", "+61 (3) 9000-0000 ext. 12", "x12", "( )", "a\u00a0b", "null",
	}
}

// mutate changes an instance at so many places, and returns the names of the mutations.
func mutate(r *rand.Rand, root any, times int) (any, []string) {
	box := &array{items: []any{root}} // so that the root is a place too
	var done []string
	for len(done) < times {
		places := placesIn(box)
		if len(places) == 0 {
			break
		}
		m := pick(r, mutations)
		if p := pick(r, places); m.do(r, box, p) {
			done = append(done, m.name)
		}
		if len(box.items) != 1 {
			box.items = slices.Clip(append(box.items, null))[:1]
		}
	}
	return box.items[0], done
}
