package contract_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// fragments are pieces of text that something on the way might break on. All of them are legal in XML 1.0.
var fragments = []string{
	"a", "Z", "0", "007", " ", "  ", "é", "ß", "ſ", "K", "Ω", "日本", "х",
	"<", ">", "&", "'", `"`, "/", `\`, "]]>", "<!--", "-->", "<![CDATA[", "<?pi?>", "<!DOCTYPE x>", "</LogText>", `<a xsi:nil="true"/>`,
	"&amp;", "&amp;lt;", "&#13;", "&#x0;", "&nbsp;", `\u0041`, `\n`, "%00", "${x}", "{{.}}", "***", "null", "@", ":", "+",
	"\t", "\n", "\r", "\r\n", "\n\r", "\u0085", "\u00A0", "\u2028", "\u2029", "\u007F", "\u0080", "\u009F",
	"אבג", "\u202Eabc\u202C", "\u200F", "e\u0301", "\u0301", "👩‍👩‍👧", "𝄞", "\U0010FFFF", "\U0001FFFE", "\uFDD0", "\uE000", "\uD7FF",
	"\uFEFF", "\uFFFD", "\uFFFC",
}

// text generates texts of a number of code points.
func text(least, most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 5).Draw(t, "fragments"), "")
		for utf8.RuneCountInString(s) < least {
			s += rapid.SampledFrom(fragments).Draw(t, "another")
		}
		return cut(s, most)
	})
}

// visibleText generates texts with more than white space.
func visibleText(most int) *rapid.Generator[string] {
	return rapid.Map(text(1, most), func(s string) string {
		if blank(s) {
			return cut("\u00A0"+"é ", max(most, 2)) // with white space at both ends where there is room
		}
		return s
	})
}

// document generates valid requests of an operation.
func (o operation) document(s shape) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		d := object(t, s)
		if fix := o.conduct().fix; fix != nil {
			fix(t, d)
		}
		o.repair(t, s, d)
		sprinkle(t, s, d)
		return d
	})
}

// lengths of arrays; empty ones are frequent, because arrays hold arrays.
var lengths = []int{0, 0, 0, 1, 2, 3}

// object returns an object with at least one member.
func object(t *rapid.T, s shape) map[string]any {
	members := map[string]any{}
	for i := range s {
		f := &s[i]
		switch {
		case f.repeated:
			items := make([]any, rapid.SampledFrom(lengths).Draw(t, "items of "+f.member))
			for n := range items {
				items[n] = single(t, f)
			}
			if len(items) > 0 {
				members[f.member] = items
			}
		case f.required || rapid.Bool().Draw(t, "with "+f.member):
			members[f.member] = single(t, f)
		}
	}
	if len(members) == 0 {
		i := slices.IndexFunc(s, func(f shapeField) bool { return f.object == nil })
		members[s[i].member] = single(t, &s[i])
	}
	return members
}

// single returns a value that obeys the tags of its field.
func single(t *rapid.T, f *shapeField) any {
	switch {
	case f.object != nil:
		return object(t, f.object)
	case f.kind == reflect.Bool:
		return rapid.Bool().Draw(t, f.member)
	case f.kind == reflect.Int32:
		return integer(t, f, math.MinInt32, math.MaxInt32)
	case f.kind == reflect.Int64:
		return integer(t, f, math.MinInt64, math.MaxInt64)
	case f.has("oneof"):
		return rapid.SampledFrom(f.choices()).Draw(t, f.member)
	case f.has("oneofci"):
		return anyCase(t, rapid.SampledFrom(f.choices()).Draw(t, f.member))
	case f.has("datetime"):
		return dateTime.Draw(t, f.member)
	case f.has("date"):
		return date.Draw(t, f.member)
	case f.has("decimal"):
		return decimal(f).Draw(t, f.member)
	}
	least, most := int(f.limit("min", 0)), int(f.limit("max", 60))
	if f.has("token") {
		return strings.Join(strings.Fields(visibleText(most).Draw(t, f.member)), " ")
	}
	if f.has("notblank") {
		return pad(visibleText(most).Draw(t, f.member), least)
	}
	return text(least, most).Draw(t, f.member)
}

func integer(t *rapid.T, f *shapeField, least, most int64) json.Number {
	n := rapid.Int64Range(f.limit("min", least), f.limit("max", most)).Draw(t, f.member)
	return json.Number(fmt.Sprint(n))
}

func anyCase(t *rapid.T, word string) string {
	mixed := ""
	for _, letter := range word {
		if rapid.Bool().Draw(t, "small") {
			letter += 'a' - 'A'
		}
		mixed += string(letter)
	}
	return mixed
}

func pad(s string, least int) string {
	return s + strings.Repeat("é", max(0, least-utf8.RuneCountInString(s)))
}

// date generates all days of the years 1 to 9999.
var date = rapid.Map(rapid.IntRange(0, 3_652_058), func(day int) string {
	return time.Date(1, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
})

// dateTime generates instants with any zone and up to seven fraction digits, zeros at their end included.
var dateTime = rapid.Custom(func(t *rapid.T) string {
	return date.Draw(t, "date") + rapid.StringMatching(`T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,7})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)`).
		Draw(t, "time")
})

// decimal generates what a decimal tag allows, zeros in front included.
func decimal(f *shapeField) *rapid.Generator[string] {
	var whole, fraction int
	if _, err := fmt.Sscanf(f.rules["decimal"], "%d:%d", &whole, &fraction); err != nil {
		panic(err)
	}
	return rapid.StringMatching(fmt.Sprintf(`-?[0-9]{1,%d}(\.[0-9]{1,%d})?`, whole, fraction))
}

// sprinkle writes some of the absent members as null or as an empty array, which mean the same.
func sprinkle(t *rapid.T, s shape, members map[string]any) {
	for i := range s {
		f := &s[i]
		value, present := members[f.member]
		switch v := value.(type) {
		case map[string]any:
			sprinkle(t, f.object, v)
		case []any:
			for _, item := range v {
				if inside, ok := item.(map[string]any); ok {
					sprinkle(t, f.object, inside)
				}
			}
		}
		if !present && rapid.IntRange(0, 7).Draw(t, "how absent") == 0 {
			members[f.member] = nil
			if f.repeated && rapid.Bool().Draw(t, "empty array") {
				members[f.member] = []any{}
			}
		}
	}
}

// spoiled is a string with something in it that JSON may spell and XML cannot carry, as it is spelled.
type spoiled struct{ before, spelled, after string }

// speller writes JSON in a random spelling: the order of members, white space, and escapes. It is drawn as one number, so that a
// failure is repeated and the document shrinks without it.
type speller struct {
	random *rand.Rand
	out    []byte
}

func spell(seed uint64, document any) []byte {
	s := speller{random: rand.New(rand.NewPCG(seed, 0))}
	s.value(document)
	s.space()
	return s.out
}

func (s *speller) write(text string) { s.out = append(s.out, text...) }

func (s *speller) space() {
	if s.random.IntN(8) == 0 {
		s.write([]string{" ", "\n", "\r\n", "\t", "  "}[s.random.IntN(5)])
	}
}

func (s *speller) value(value any) {
	s.space()
	switch v := value.(type) {
	case map[string]any:
		s.object(v)
	case []any:
		s.list('[', ']', len(v), func(i int) { s.value(v[i]) })
	case string:
		s.write(`"`)
		s.runes(v)
		s.write(`"`)
	case spoiled:
		s.write(`"`)
		s.runes(v.before)
		s.write(v.spelled)
		s.runes(v.after)
		s.write(`"`)
	case nil:
		s.write("null")
	default: // bool and json.Number
		s.write(fmt.Sprint(v))
	}
	s.space()
}

func (s *speller) object(members map[string]any) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	s.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	s.list('{', '}', len(names), func(i int) {
		s.space()
		s.write(`"`)
		if s.random.IntN(10) == 0 {
			s.runes(names[i])
		} else {
			s.write(names[i])
		}
		s.write(`"`)
		s.space()
		s.write(":")
		s.value(members[names[i]])
	})
}

func (s *speller) list(open, end byte, length int, item func(i int)) {
	s.out = append(s.out, open)
	for i := range length {
		if i > 0 {
			s.write(",")
		}
		item(i)
	}
	s.space()
	s.out = append(s.out, end)
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '/': `\/`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func (s *speller) runes(text string) {
	how := s.random.IntN(3) // nearly nothing escaped, half of it, everything
	for _, r := range text {
		must := r < ' ' || r == '"' || r == '\\'
		short, hasShort := shortEscapes[r]
		switch {
		case !must && s.random.IntN(2*how+1) <= how/2:
			s.write(string(r))
		case hasShort && s.random.IntN(2) == 0:
			s.write(short)
		default:
			s.escape(r)
		}
	}
}

// escape writes \uXXXX, or two of them, in any letter case.
func (s *speller) escape(r rune) {
	format := []string{`\u%04x`, `\u%04X`}[s.random.IntN(2)]
	if high, low := utf16.EncodeRune(r); r > math.MaxUint16 {
		s.write(fmt.Sprintf(format+format, high, low))
		return
	}
	s.write(fmt.Sprintf(format, r))
}
