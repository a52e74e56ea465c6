package openapi_test

import (
	"regexp"
	"testing"

	"soapbridge/tests/openapi"
)

func TestPatternsMeanWhatECMA262Says(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`\S`, "\u00a0\u2003\u3000\ufeff\v", false},
		{`\S`, " \u0085", true},
		{`^\s$`, "\ufeff", true},
		{`^\s$`, "\u0085", false},
		{`^[^@\s]+$`, "a\u2028b", false},
		{`^[^@\s]+$`, "a\u0085b", true},
		{`^.$`, "\u2028", false},
		{`^[.]$`, "x", false},
		{`^\.$`, ".", true},
		{`^\p{L}$`, "é", true},
		{`^a$`, "a\n", false},
	} {
		translated, err := openapi.GoPattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := regexp.MustCompile(translated).MatchString(c.text); got != c.want {
			t.Errorf("%s on %q: %t", c.pattern, c.text, got)
		}
	}
	for _, pattern := range []string{`[\S]`, `\d`, `\w`, `\u00e9`, `\bx`} {
		if _, err := openapi.GoPattern(pattern); (err == nil) != (pattern == `\d`) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}
