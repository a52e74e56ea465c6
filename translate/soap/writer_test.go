package soap_test

import (
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// write returns a text as character data.
func write(text string) (string, error) {
	w := soap.NewWriter(0)
	w.Text(text)
	out, err := w.Bytes()
	return string(out), err
}

func TestWriterText(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		"<a href=\"x\">&'</a>": "&lt;a href=\"x\"&gt;&amp;'&lt;/a&gt;",
		"]]>":                  "]]&gt;",
		"&amp;lt;":             "&amp;amp;lt;",
		"<!-- --><?pi?>":       "&lt;!-- --&gt;&lt;?pi?&gt;",
		"a\r\nb\rc\nd\te":      "a&#xD;\nb&#xD;c\nd\te",
		"\r":                   "&#xD;",
		"é中😀":                  "é中😀",
		"\u2028\u2029\u0085":   "\u2028\u2029\u0085",
		"\u202etxt.exe":        "\u202etxt.exe",
		"\x7f\u0080\u009f":     "\x7f\u0080\u009f", // discouraged and allowed (XML 1.0 section 2.2)
		"\ufffd\ufdd0":         "\ufffd\ufdd0",
		"\ud7ff\ue000":         "\ud7ff\ue000",
		"\U00010000\U0010ffff": "\U00010000\U0010ffff",
	} {
		if got, err := write(text); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestWriterRefuses names the byte of the first character that XML 1.0 cannot carry, and nothing of the text.
func TestWriterRefuses(t *testing.T) {
	illegal := []string{"\ufffe", "\uffff", "\xff", "\x80", "\xc3", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xc0\x80", "\xe2\x82"}
	for c := range byte(' ') {
		if c != '\t' && c != '\n' && c != '\r' {
			illegal = append(illegal, string(rune(c)))
		}
	}
	for _, bad := range illegal {
		for _, before := range []string{"", "secret", "sé<&>\r😀"} {
			_, err := write(before + bad + "after\x00")
			want := fmt.Sprintf("soap: a text holds a character at byte %d that XML 1.0 cannot carry", len(before))
			if err == nil || err.Error() != want {
				t.Errorf("%q: %v, want %s", before+bad, err, want)
			}
		}
	}
}

// TestWriterErrorSticks keeps the first error, whatever is written after it.
func TestWriterErrorSticks(t *testing.T) {
	w := soap.NewWriter(8)
	w.Markup("<a>")
	w.Text("12\x01")
	w.Text("fine")
	w.Markup("</a>")
	w.Text("\x02")
	if out, err := w.Bytes(); out != nil || err == nil || !strings.Contains(err.Error(), "byte 2 ") {
		t.Errorf("%q %v", out, err)
	}
}

// FuzzWriter compares the writer with encoding/xml: a text is refused at the first character that XML does not have, or arrives exactly.
func FuzzWriter(f *testing.F) {
	for _, seed := range []string{"", "a", "<&>\"'", "]]>", "\r\n\t", "é😀", "\x00", "a\ufffe", "\xff", "\ud7ff\ue000\U0010ffff", "&#xD;", "\u0085\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		offset, illegal := firstIllegal(text)
		written, err := write(text)
		if at, bad := xml.IllegalChar(text); bad != illegal || bad && at != offset {
			t.Fatalf("%q: IllegalChar says %d %v, want %d %v", text, at, bad, offset, illegal)
		}
		if illegal {
			if want := fmt.Sprintf("byte %d ", offset); err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("%q: error %v, want %s", text, err, want)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got, err := standardText("<a>" + written + "</a>"); err != nil || got != text {
			t.Fatalf("%q is written as %q, and encoding/xml reads %q, %v", text, written, got, err)
		}
		s := xml.NewScanner([]byte("<a>"+written+"</a>"), xml.Limits{})
		_, err1 := s.Next()
		_, err2 := s.Next()
		if got := s.Text(); err1 != nil || err2 != nil || got != text {
			t.Fatalf("%q is written as %q, and the scanner reads %q, %v, %v", text, written, got, err1, err2)
		}
	})
}

// firstIllegal looks for the first character outside of production 2 of XML 1.0.
func firstIllegal(text string) (offset int, illegal bool) {
	for at, r := range text {
		_, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return at, true
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000 && r <= 0x10FFFF:
		default:
			return at, true
		}
	}
	return 0, false
}

// standardText reads the character data of a document with encoding/xml.
func standardText(doc string) (string, error) {
	var text strings.Builder
	for decoder := stdxml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
		if data, ok := token.(stdxml.CharData); ok {
			text.Write(data)
		}
	}
}
