package edge

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestKeyTokenIsWhatIsDocumented compares the loop with the regular expression that the documents have.
func TestKeyTokenIsWhatIsDocumented(t *testing.T) {
	documented := regexp.MustCompile("^" + KeyToken + "$")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(KeyToken), rapid.StringMatching(`[A-Za-z0-9_.:~@/-]{0,140}`), rapid.String()).Draw(t, "key")
		if got, want := isKeyToken(s), documented.MatchString(s); got != want {
			t.Fatalf("%q: %v, documented is %v", s, got, want)
		}
	})
}

func TestIdempotencyKeySyntax(t *testing.T) {
	const alphabet = "ABCXYZabcxyz0189_.:~-"
	long := strings.Repeat("k", 128)
	for name, c := range map[string]struct {
		values []string
		want   string // the key; empty for a malformed one
	}{
		"bare":                           {[]string{goodKey}, goodKey},
		"quoted is the same key":         {[]string{`"` + goodKey + `"`}, goodKey},
		"every allowed kind":             {[]string{alphabet}, alphabet},
		"white space around it":          {[]string{" \t" + goodKey + "\t "}, goodKey},
		"128 characters":                 {[]string{long}, long},
		"128 characters between quotes":  {[]string{`"` + long + `"`}, long},
		"16 characters":                  {[]string{long[:16]}, long[:16]},
		"15 characters":                  {[]string{long[:15]}, ""},
		"129 characters":                 {[]string{long + "k"}, ""},
		"empty":                          {[]string{""}, ""},
		"a quote in front only":          {[]string{`"` + goodKey}, ""},
		"a quote inside":                 {[]string{`"01234567"89abcdef"`}, ""},
		"a space inside":                 {[]string{"01234567 89abcdef"}, ""},
		"a tab inside":                   {[]string{"01234567\t89abcdef"}, ""},
		"a line feed":                    {[]string{"0123456789abcdef\n"}, ""},
		"a carriage return":              {[]string{"01234567\r89abcdef"}, ""},
		"a zero":                         {[]string{"01234567\x0089abcdef"}, ""},
		"a letter beyond ASCII":          {[]string{"0123456789abcdéf"}, ""},
		"a parameter":                    {[]string{`"` + goodKey + `";p=1`}, ""},
		"a parameter of a bare token":    {[]string{goodKey + ";p=1"}, ""},
		"a list":                         {[]string{goodKey + ", " + goodKey}, ""},
		"a slash":                        {[]string{"0123456789/abcdef"}, ""},
		"two headers":                    {[]string{goodKey, "fedcba9876543210"}, ""},
		"the same key in two headers":    {[]string{goodKey, goodKey}, ""},
		"an empty header beside the key": {[]string{goodKey, ""}, ""},
	} {
		for mode, optional := range map[string]bool{"required": false, "optional": true} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				got, p := idempotencyKey(http.Header{keyHeader: c.values}, optional)
				if c.want != "" {
					if p != nil || got != c.want {
						t.Errorf("got %q, %+v; want %q", got, p, c.want)
					}
					return
				}
				if p == nil {
					t.Fatalf("accepted as %q", got)
				}
				if p.Code != keyMalformed || len(p.Errors) != 1 || p.Errors[0].Header != keyHeader || p.Errors[0].Code != "bad-format" {
					t.Errorf("refused with %+v", p)
				}
			})
		}
	}
}

func TestIdempotencyKeyMissing(t *testing.T) {
	if _, p := idempotencyKey(http.Header{}, false); p == nil || p.Code != keyMissing || p.Status != http.StatusBadRequest ||
		len(p.Errors) != 1 || p.Errors[0].Header != keyHeader || p.Errors[0].Code != "required" {
		t.Errorf("required: %+v", p)
	}
	if key, p := idempotencyKey(http.Header{}, true); p != nil || key != "" {
		t.Errorf("optional: %q, %+v", key, p)
	}
}
