package xml_test

import (
	stdxml "encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"soapbridge/translate/xml"
)

func TestIllegalChar(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		offset     int // -1 for none
	}{
		{"nothing", "", -1},
		{"ASCII", "abc ~\x7f", -1},
		{"tab, line feed and carriage return", "\t\n\r", -1},
		{"the last before the surrogates and the first behind", "\ud7ff\ue000", -1},
		{"U+FFFD", "\ufffd", -1},
		{"beyond the basic plane", "\U00010000\U0001FFFE\U0010FFFF", -1},
		{"C1 controls", "\u0080\u0085\u009f", -1},
		{"markup", "<&>]]>", -1},
		{"NUL", "\x00", 0},
		{"U+0008", "\x08", 0},
		{"U+000B", "\x0b", 0},
		{"U+000C", "\x0c", 0},
		{"U+000E", "\x0e", 0},
		{"U+001F", "\x1f", 0},
		{"U+FFFE", "\ufffe", 0},
		{"U+FFFF", "\uffff", 0},
		{"a surrogate", "\xed\xa0\x80", 0},
		{"a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80", 0},
		{"a lone continuation byte", "a\x80", 1},
		{"a truncated character", "é\xe2\x82", 2},
		{"a long form", "\xc0\xaf", 0},
		{"beyond U+10FFFF", "\xf4\x90\x80\x80", 0},
		{"0xFF", "\xff", 0},
		{"the first of two", "ab\x01\x02", 2},
		{"behind white space", "\t\n\r\x01", 3},
		{"behind characters of all lengths", "aé€😀\x01", 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			offset, bad := xml.IllegalChar(test.text)
			if bad != (test.offset >= 0) || bad && offset != test.offset || !bad && offset != 0 {
				t.Errorf("%d, %v, want %d", offset, bad, test.offset)
			}
		})
	}
}

// TestIllegalCharEverywhere puts everything at every place of a text that is read in several steps of several sizes.
func TestIllegalCharEverywhere(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 2, 7, 8, 9, 31, 32, 33, 39, 40, 41, 47} {
		for at := range length {
			for c := range 0x100 {
				text := strings.Repeat("~", at) + string([]byte{byte(c)}) + strings.Repeat(" ", length-at-1)
				legal := c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c < 0x80
				if offset, bad := xml.IllegalChar(text); bad == legal || bad && offset != at {
					t.Fatalf("byte %#x at %d of %d: %d, %v", c, at, length, offset, bad)
				}
			}
		}
	}
}

// TestIllegalCharAllRunes asks for each code point what production 2 says.
func TestIllegalCharAllRunes(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= utf8.MaxRune; r++ {
		text := string(r) // U+FFFD for a surrogate
		legal := r == 0x9 || r == 0xA || r == 0xD || 0x20 <= r && r <= 0xFFFD || 0x10000 <= r
		if _, bad := xml.IllegalChar(text); bad == legal {
			t.Fatalf("U+%04X: bad is %v", r, bad)
		}
	}
}

// FuzzIllegalChar compares it with encoding/xml, which writes U+FFFD for what XML cannot carry.
func FuzzIllegalChar(f *testing.F) {
	for _, text := range []string{"", "abcdefgh\x00", "é\ufffe", "\ufffd", "\xff", strings.Repeat("a", 40) + "\x1f", "\r\n\t"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		offset, bad := xml.IllegalChar(text)
		if bad && (offset < 0 || offset >= len(text)) {
			t.Fatalf("%q: %d", text, offset)
		}
		legal := text
		if bad {
			legal = text[:offset]
		}
		if got := escaped(t, legal); strings.Count(got, "\ufffd") != strings.Count(legal, "\ufffd") {
			t.Errorf("%q: byte %d is not the first", text, offset)
		}
		if bad && !strings.HasPrefix(escaped(t, text[offset:]), "\ufffd") {
			t.Errorf("%q: nothing is wrong at byte %d", text, offset)
		}
	})
}

func escaped(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	if err := stdxml.EscapeText(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
