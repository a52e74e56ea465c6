package rules

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"
)

func TestBlank(t *testing.T) {
	for _, s := range []string{"", " ", "\t\r\n\v\f", "\u00a0", "\u0085", "\u1680", "\u2000\u200a\u2028\u2029\u202f\u205f\u3000"} {
		if !Blank(s) {
			t.Errorf("%q is not blank", s)
		}
	}
	for _, s := range []string{"x", " x ", "\u00a0.", "0", "\u200b", "\ufeff", "\x00", "\x1f", "é", "😀", "\xff"} { // no space to Unicode, though some do not show
		if Blank(s) {
			t.Errorf("%q is blank", s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if got, want := Blank(s), strings.TrimFunc(s, unicode.IsSpace) == ""; got != want {
			t.Fatalf("%q: %v", s, got)
		}
	})
}

func TestIsToken(t *testing.T) {
	words := regexp.MustCompile(`^[^\p{Z}\t\n\v\f\r\x{85}]+( [^\p{Z}\t\n\v\f\r\x{85}]+)*$`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("xé😀 \u00a0\u0085\t\n\u3000"))).Draw(t, "s")
		if got, want := IsToken(s), words.MatchString(s); got != want {
			t.Fatalf("%q: %v", s, got)
		}
	})
}

func TestIsDate(t *testing.T) {
	for _, s := range []string{"2026-11-21", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "2026-01-31"} {
		if !IsDate(s) {
			t.Errorf("%q is not a date", s)
		}
	}
	for _, s := range []string{
		"", "2026-11", "2026-11-21Z", "2026-11-21+01:00", "2023-02-29", "1900-02-29", "2026-02-30", "2026-11-31", "2026-00-01", "2026-13-01", "2026-01-00",
		"0000-01-01", "0000-02-29", "02026-11-21", "-026-11-21", "2026-11- 1", "2026-1-021", "2026/11/21", " 2026-11-2", "2026-11-2 ", "２026-1-21",
	} {
		if IsDate(s) {
			t.Errorf("%q is a date", s)
		}
	}
	// Every day of two centuries, against the standard calendar.
	for day := time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC); day.Year() < 2102; day = day.AddDate(0, 0, 1) {
		if s := day.Format("2006-01-02"); !IsDate(s) {
			t.Errorf("%q is not a date", s)
		}
	}
}

func TestIsDateTime(t *testing.T) {
	for _, s := range []string{
		"2026-11-21T09:30:00Z", "2026-11-21T00:00:00Z", "2026-11-21T23:59:59Z", "2026-11-21T09:30:00+00:00", "2026-11-21T09:30:00-00:00", "2026-11-21T09:30:00+14:00",
		"2026-11-21T09:30:00-14:00", "2026-11-21T09:30:00+13:59", "2026-11-21T09:30:00-13:59", "2026-11-21T09:30:00.0Z", "2026-11-21T09:30:00.1234567Z",
		"2026-11-21T09:30:00.1234567+05:30", "2024-02-29T09:30:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
	} {
		if !IsDateTime(s) {
			t.Errorf("%q is not a dateTime", s)
		}
		if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
			t.Errorf("the standard library refuses %q: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "Z", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30:00.5", "2026-11-21T09:30Z", "2026-11-21T09:30:60Z", "2026-11-21T23:59:60Z",
		"2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:30:00+14:01", "2026-11-21T09:30:00-14:01", "2026-11-21T09:30:00+14:59",
		"2026-11-21T09:30:00+15:00", "2026-11-21T09:30:00+23:00", "2026-11-21T09:30:00+09:60", "2026-11-21T09:30:00+1:000", "2026-11-21T09:30:00+01",
		"2026-11-21T09:30:00+0100", "2026-11-21T09:30:00 01:00", "2026-11-21T09:30:00ZZ", "2026-11-21T09:30:00Z+01:00", "2026-11-21T09:30:00.12345678Z",
		"2026-11-21T09:30:00.Z", "2026-11-21T09:30:00.+01:00", "2026-11-21T09:30:00.1 Z", "2026-11-21T09:30:00,1Z", "2026-11-21t09:30:00Z", "2026-11-21T09:30:00z",
		"2026-11-21 09:30:00Z", "2026-11-21T 9:30:00Z", "2026-11-21T9:30:00Z", "2026-11-21T09-30-00Z", "2026-11-21T+9:30:00Z", "2023-02-29T09:30:00Z",
		"0000-01-01T00:00:00Z", "12026-11-21T09:30:00Z", "2026-11-21T09:30:00\u2212" + "05:00",
	} {
		if IsDateTime(s) {
			t.Errorf("%q is a dateTime", s)
		}
	}
}

// TestIsDateTimeAgainstTheLibrary compares with RFC 3339 as the standard library reads it: what is accepted here is accepted there, and what
// is refused here alone has one of the known reasons.
func TestIsDateTimeAgainstTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9]{4}-[0-3][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-6][0-9])`).Draw(t, "s")
		_, err := time.Parse(time.RFC3339Nano, s)
		if got := IsDateTime(s); got && err != nil {
			t.Fatalf("%q is accepted, and the standard library says %v", s, err)
		} else if !got && err == nil && !knownDifference(s) {
			t.Fatalf("%q is refused", s)
		}
	})
}

// knownDifference reports whether a dateTime is one that the standard library reads and this product does not send.
func knownDifference(s string) bool {
	_, fraction, _ := strings.Cut(strings.TrimRight(s, "Z"), ".")
	fraction, _, _ = strings.Cut(strings.ReplaceAll(fraction, "-", "+"), "+")
	zone := s[len(s)-len("+14:00"):]
	return strings.HasPrefix(s, "0000") || len(fraction) > 7 || s[len(s)-1] != 'Z' && (zone[1:] > "14:00" || zone[len("+14:"):] > "59")
}

func TestIsDecimal(t *testing.T) {
	for _, s := range []string{"0", "-0", "1", "12345", "-12345", "00123", "1.0", "0.01", "-0.01", "00000.00", "12345.67"} {
		if !IsDecimal(s, 5, 2) {
			t.Errorf("%q is not a decimal", s)
		}
	}
	for _, s := range []string{
		"", "-", ".", "-.", ".5", "-.5", "5.", "+1", "-+1", "--1", "1-", "1.2.3", "1..2", "123456", "0012345", "-000000.1", "-123456", "1.234", "1.000", "1e2", "1E2", "1,2", " 1", "1 ",
		"1_0", "0x1", "NaN", "INF", "-INF", "１", "٣", "1.٣",
	} {
		if IsDecimal(s, 5, 2) {
			t.Errorf("%q is a decimal", s)
		}
	}
	if IsDecimal("1.0", 5, 0) || !IsDecimal("1", 5, 0) || IsDecimal("0.5", 0, 1) || !IsDecimal("0.5", 1, 1) {
		t.Error("the numbers of digits are not kept")
	}
}
