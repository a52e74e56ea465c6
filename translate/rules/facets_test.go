package rules

import (
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// TestFormsAndTheirPatterns: what checks a text without a regular expression agrees with the one that documents show.
func TestFormsAndTheirPatterns(t *testing.T) {
	for form, alphabet := range map[shape.Form]string{
		shape.Collapsed: "a\u00a0é \t\n\r", shape.List: "a \n", shape.OneLine: "a\u2028 \t\n\r", shape.Base64: "AQgwBE048+/-_= \r\n", shape.Hex: "09afAFgG ",
	} {
		pattern := regexp.MustCompile(`\A(?:` + FormPattern(&shape.Facets{Form: form}) + `)\z`)
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 9, -1).Draw(t, "s")
			if got, want := hasForm(form, s), pattern.MatchString(s); got != want {
				t.Fatalf("form %d of %q: %v, and by the pattern %v", form, s, got, want)
			}
		})
	}
}

// TestDaysThatExist compares the pattern of dates with the standard calendar, over all the ways in which a year can be a leap year.
func TestDaysThatExist(t *testing.T) {
	for _, year := range []string{"0001", "0004", "0100", "0400", "0999", "1000", "1900", "2000", "2023", "2024", "9999", "10000", "10004", "10100", "12000", "99996", "123400", "999999999"} {
		for month := 1; month <= 12; month++ {
			for day := 0; day <= 32; day++ {
				s := year + time.Date(2000, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Format("-01-") + string(rune('0'+day/10)) + string(rune('0'+day%10))
				n, _ := new(big.Int).SetString(year, 10)
				at := time.Date(int(n.Int64()), time.Month(month), day, 0, 0, 0, 0, time.UTC)
				if got, want := xsdDate.MatchString(s), day > 0 && at.Month() == time.Month(month); got != want {
					t.Errorf("%s: %v", s, got)
				}
			}
		}
	}
	for _, s := range []string{"0000-01-01", "02026-01-01", "-2026-01-01", "2026-00-01", "2026-13-01", "2026-1-1", "1234567890-01-01", "2026-01-01+14:01", "2026-01-01-15:00", "2026-01-01 Z"} {
		if xsdDate.MatchString(s) {
			t.Errorf("%s is a date", s)
		}
	}
}

func TestCompareDecimals(t *testing.T) {
	number := rapid.StringMatching(`-?0{0,2}[0-9]{1,4}(\.[0-9]{1,3}0{0,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		first, _ := new(big.Rat).SetString(a)
		second, _ := new(big.Rat).SetString(b)
		if got, want := CompareDecimals(a, b), first.Cmp(second); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		}
	})
	if CompareDecimals("100000000000000000000.01", "100000000000000000000.001") <= 0 || CompareDecimals("-0", "0.0") != 0 {
		t.Error("not exact")
	}
}

// TestTotalDigits counts digits in another way.
func TestTotalDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &shape.NumberFacets{TotalDigits: rapid.IntRange(1, 4).Draw(t, "total"), MaxFractionDigits: rapid.IntRange(-1, 3).Draw(t, "fraction")}
		s := rapid.StringMatching(`-?0{0,2}[0-9]{1,4}(\.[0-9]{1,4})?`).Draw(t, "s")
		digits, fraction, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
		digits = strings.TrimLeft(digits, "0")
		want := len(digits)+len(fraction) <= n.TotalDigits && (n.MaxFractionDigits < 0 || len(fraction) <= n.MaxFractionDigits)
		if pattern, err := whole(numberPattern(n)); err != nil || pattern.MatchString(s) != want {
			t.Fatalf("%s with %+v: %v, want %v", s, *n, err, want)
		}
	})
}

// TestSentencesOfFacets: what callers read about a text.
func TestSentencesOfFacets(t *testing.T) {
	one, two := 1, 2
	facets := func(kind shape.Kind, f shape.Facets) shape.Field { return shape.Field{Kind: kind, Facets: f} }
	form := func(f shape.Form) shape.Field {
		return facets(shape.String, shape.Facets{Form: f, MinLength: &one, MaxLength: &two})
	}
	number := func(n shape.NumberFacets) shape.Field {
		return facets(shape.String, shape.Facets{Form: shape.Number, Number: &n})
	}
	pattern := func(p, example string) shape.Field {
		return shape.Field{Kind: shape.String, Facets: shape.Facets{Patterns: []string{p}}, Example: example}
	}
	long := strings.Repeat("[a-z]", 13)
	for _, test := range []struct {
		name, text string
		field      shape.Field
		code       record.Code
		detail     string
		params     map[string]any
	}{
		{"collapsed", " a", facets(shape.String, shape.Facets{Form: shape.Collapsed}), record.BadFormat, "Words with one space between each two, and no other white space.", map[string]any{"expected": "words", "pattern": collapsePattern}},
		{"one line", "a\n", facets(shape.String, shape.Facets{Form: shape.OneLine}), record.BadFormat, "One line, without tabs.", map[string]any{"expected": "line", "pattern": oneLinePattern}},
		{"date", "2026-02-30", facets(shape.String, shape.Facets{Form: shape.XSDDate}), record.BadDate, "A day that exists, as YYYY-MM-DD, with or without a zone (Z, or up to ±14:00).", map[string]any{"expected": "date"}},
		{"dateTime", "2026-02-30T00:00:00", facets(shape.String, shape.Facets{Form: shape.XSDDateTime}), record.BadDateTime,
			"An instant that exists, as YYYY-MM-DDThh:mm:ss, with or without a fraction and a zone (Z, or up to ±14:00).", map[string]any{"expected": "date-time"}},
		{"base64", "A", form(shape.Base64), record.BadFormat, "Binary data in base64 (RFC 4648, section 4), without white space.", map[string]any{"expected": "base64", "pattern": base64Pattern}},
		{"base64, short", "", form(shape.Base64), record.TooShort, "At least 1 byte.", map[string]any{"min": 1}},
		{"base64, long", "AAAA", form(shape.Base64), record.TooLong, "At most 2 bytes.", map[string]any{"max": 2}},
		{"base64, fits", "AAA=", form(shape.Base64), "", "", nil},
		{"hex", "0g", form(shape.Hex), record.BadFormat, "Binary data as hexadecimal digits, two for each byte.", map[string]any{"expected": "hex", "pattern": hexPattern}},
		{"hex, long", "000000", form(shape.Hex), record.TooLong, "At most 2 bytes.", map[string]any{"max": 2}},
		{"list", "a  b  c", form(shape.List), record.BadFormat, "Items with one space between each two, and no other white space.", map[string]any{"expected": "words", "pattern": collapsePattern}},
		{"list, short", "", form(shape.List), record.TooShort, "At least 1 item.", map[string]any{"min": 1}},
		{"list, long", "a b c", form(shape.List), record.TooLong, "At most 2 items.", map[string]any{"max": 2}},
		{"number", "+1", facets(shape.String, shape.Facets{Form: shape.Number}), record.BadNumber, "A decimal number, without a plus sign or an exponent.", map[string]any{"expected": "decimal", "pattern": `-?[0-9]+(?:\.[0-9]+)?`}},
		{"whole number", "1.0", number(shape.NumberFacets{}), record.BadNumber, "A whole number, without a plus sign or an exponent.", map[string]any{"expected": "integer", "pattern": `-?[0-9]+`}},
		{"number, digits", "1.25", number(shape.NumberFacets{TotalDigits: 3, MaxFractionDigits: 1, Min: "0"}), record.BadNumber, "A decimal number, at most 3 digits in all, at most 1 digit after the point, without a plus sign or an exponent.",
			map[string]any{"expected": "decimal", "pattern": `0*(?:[0-9]{1,3}|[0-9]{1,2}\.[0-9]{1})`, "totalDigits": 3, "fractionDigits": 1}},
		{"number, small", "0.4999999999999999999999", number(shape.NumberFacets{MaxFractionDigits: -1, Min: "0.5", Max: "10", MaxExclusive: true}), record.OutOfRange, "At least 0.5 and less than 10.", map[string]any{"min": "0.5", "maxExclusive": "10"}},
		{"number, large", "10.0", number(shape.NumberFacets{MaxFractionDigits: -1, Max: "10", MaxExclusive: true}), record.OutOfRange, "Less than 10.", map[string]any{"maxExclusive": "10"}},
		{"number at a bound", "0.50", number(shape.NumberFacets{MaxFractionDigits: -1, Min: "0.5"}), "", "", nil},
		{"number at an exclusive bound", "0.50", number(shape.NumberFacets{MaxFractionDigits: -1, Min: "0.5", MinExclusive: true}), record.OutOfRange, "More than 0.5.", map[string]any{"minExclusive": "0.5"}},
		{"float", "1e400", facets(shape.Float, shape.Facets{Number: &shape.NumberFacets{Max: "1e+10"}}), record.OutOfRange, "At most 1e+10.", map[string]any{"max": "1e+10"}},
		{"integer of a list", "3", facets(shape.Integer, shape.Facets{Enum: []string{"1", "2"}}), record.NotInList, "One of 1, 2.", map[string]any{"list": []string{"1", "2"}}},
		{"a time", "10:30", pattern(Lexicals["time"].Pattern, "10:30:00"), record.BadFormat, "A time, such as 10:30:00.", map[string]any{"expected": "time", "pattern": Lexicals["time"].Pattern}},
		{"a pattern", "a", pattern("[A-Z]{3}", "ABC"), record.BadFormat, "A text of the form [A-Z]{3}, such as ABC.", map[string]any{"pattern": "[A-Z]{3}"}},
		{"a pattern without an example", "1", pattern(long, ""), record.BadFormat, "A text of the form " + long + ".", map[string]any{"pattern": long}},
		{"a long pattern", "1", pattern(long, "aaaaaaaaaaaaa"), record.BadFormat, "A text of the documented form, such as aaaaaaaaaaaaa.", map[string]any{"pattern": long}},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaf, err := NewLeaf(&test.field)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := leaf.field.wrong(test.text)
			if diff := cmp.Diff(record.Violation{Code: test.code, Detail: test.detail, Params: test.params}, got); diff != "" {
				t.Error(diff)
			}
			missing := known(&test.field)
			if diff := cmp.Diff(missing, got.Knowing(missing).Params); diff != "" {
				t.Errorf("a missing member lacks what a wrong one has: %s", diff)
			}
		})
	}
}
