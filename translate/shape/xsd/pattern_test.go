package xsd

import (
	"encoding/xml"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"soapbridge/translate/shape"
)

// TestPatternsThatAreSaid translates regular expressions of XML Schema.
func TestPatternsThatAreSaid(t *testing.T) {
	for pattern, want := range map[string]string{
		`a.c`:                  `a[^\n\r]c`,
		`^\$a$`:                `\^\$a\$`,
		`a||(b|c)d`:            `a||(?:b|c)d`,
		`()*`:                  `(?:)*`,
		`\d+(\.\d{2})?`:        `[0-9]+(?:\.[0-9]{2})?`,
		`[\d,]`:                `[,0-9]`,
		`[^\d]`:                `[^\p{Nd}]`, // narrower, as \d is
		`\D\S\s`:               `[\P{Nd}][^\t\n\r ][\t\n\r ]`,
		`\w[\w.-]\W`:           `[\p{L}\p{M}\p{N}\p{S}][\-.\p{L}\p{M}\p{N}\p{S}][\p{P}\p{Z}\p{C}]`,
		`[^\S]`:                `[\t\n\r ]`,
		`[a-z-[aeiou]]`:        `[b-df-hj-np-tv-z]`,
		`[^a-z-[0-9]]`:         `[^0-9a-z]`,
		`[a-z-[^aeiou]]`:       `[aeiou]`,
		`[a-c-[b-[b]]]`:        `[a-c]`,
		`[a-[a]]`:              `[^\s\S]`,
		`[\p{Lu}-[\d]]`:        `[\p{Lu}]`,
		`\P{IsBasicLatin}`:     `[^\x00-\x7f]`,
		`\p{IsHiragana}`:       `[぀-ゟ]`,
		`[-a][a-][\d-x][\--/]`: `[\-a][\-a][\-0-9x][\--/]`,
		`[\^\]\[\\]`:           `[\[-\^]`,
		`\/\@\"`:               `/@"`, // which needs no escapes, and is often written so
		`a{2}b{2,}c{0,3}d{0}`:  `a{2}b{2,}c{0,3}d{0}`,
		`(ab|c){1001,1002}`:    `(?:ab|c){1000}(?:ab|c){1,2}`, `a{1001,2500}`: `a{1000}a{1,1000}a{0,500}`,
		`a{2001,}`:                `a{1000}a{1000}a+`,
		`[&#x10000;]`:             `[#&01;x]`,
		"[\U0001F600-\U0001F610]": "[\U0001F600-\U0001F610]",
	} {
		n, err := parsePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if got := n.String(); got != want {
			t.Errorf("%s is\n%s, want\n%s", pattern, got, want)
		}
		if err := checkPattern(n.String()); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestPatternsThatAreNot(t *testing.T) {
	for pattern, want := range map[string]string{
		`a)`: "without its other half", `(a`: "a group without an end", strings.Repeat("(", 101): "groups in each other", `a**`: "repeats or ends nothing", `{2}`: "repeats or ends nothing", `a]`: "repeats or ends nothing",
		`a{`: "a quantity that", `a{2,1}`: "in braces", `a{2`: "in braces", `a{,2}`: "a quantity that", `a{70000}`: "a quantity that", `a{٣}`: "a quantity that",
		`[a`: "a class without an end", `[]`: "without characters", `[^]`: "without characters", `[a[b]]`: "with a [ inside", `[a-[b]c]`: "without an end", `[z-a]`: "a range that is not one",
		`[a-\d]`: "a range that is not one", `[a-c-e]`: "neither a range nor at an end", `\`: "which does not exist", `[\`: "which does not exist", `\q`: `the escape \q`, `\b`: `the escape \b`, `\u0041`: `the escape \u`, `\1`: `the escape \1`,
		`\p`: "without braces", `\pL`: "without braces", `\p{L`: "without braces", `\p{Xx}`: "the category or block Xx", `\p{IsKlingon}`: "the category or block IsKlingon",
		`(a{2}){600}`: "cannot be said", `([0-9]{1000}x?){1}([0-9]{1000}y?)([0-9]{1000}z?)([a-z]{1000}.{1000})`: "too large", strings.Repeat("aa", maxPattern): "too long",
	} {
		n, err := parsePattern(pattern)
		if err == nil {
			err = checkPattern(n.String())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", pattern, err, want)
		}
	}
}

// TestPatternsOfAnyText: what is read can be said, but for its size, and what cannot be read is an error.
func TestPatternsOfAnyText(t *testing.T) {
	words := strings.Fields(`a b - ^ $ . | ( ) [ ] [^ -[ ? * + {2} {1,2} {,} \d \D \w \W \s \S \i \C \p{L} \P{IsGreek} \- \\ \q é`)
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(t, "words"), "")
		n, err := parsePattern(pattern)
		if err != nil {
			return
		}
		if err := checkPattern(n.String()); err != nil && !strings.Contains(err.Error(), "too ") {
			t.Fatalf("%s is %s: %v", pattern, n, err)
		}
	})
}

// hard are patterns with everything that differs between the dialects.
var hard = []string{
	`.{1,3}`, `[^a]+`, `^a$|\^`, `\d+`, `\D+`, `\w+`, `\W+`, `\s*\S+`, `\i\c*`, `\I\C*`, `[\i-[:]][\c-[:]]*`, `[^\i]`, `[^\c]`, `[^\d]`, `[^\w]`, `[^\s]`, `[\d\s]+`, `[\W\d]+`, `[a-z-[aeiou]]+`, `[^a-z-[0-9]]+`, `[a-z-[^aeiou]]+`,
	`[\w-[\d]]+`, `[\w-[^\d]]+`, `\p{L}+`, `\P{L}+`, `\p{Lu}\p{Ll}*`, `\p{Nd}\p{P}\p{S}`, `[\p{L}\p{Nd}_]+`, `[^\p{L}]+`, `[\p{L}-[A-Z]]+`, `\p{IsBasicLatin}+`, `\P{IsBasicLatin}+`, `\p{IsGreek}+`, `\p{IsCyrillic}+`, `[\p{IsLatin-1Supplement}x]+`,
	`[-+]?\d`, `[+\-]`, `[\.\-]+`, `[a-]`, `\\\|\.\?\*\+\(\)\{\}\[\]\-\^`, `\n\r?\t?x`, `a{2}b{2,}c{0,2}`, `(a|b){2,3}`, `(a|)b`, `()x`, `(ab?)*c`, `.{1,1024}`, `[ -~]{8,63}`, `([a-z]+,)*[a-z]+`, `(\d{3}|[A-Z]{2})-?x`, "[\U0001F600-\U0001F64F]+",
}

// TestPatternsAgainstTheOracle: what a translated pattern accepts, libxml2 accepts by the original.
func TestPatternsAgainstTheOracle(t *testing.T) {
	patterns := hard
	if *patternsFlag != "" {
		patterns = patternsIn(t, *patternsFlag)
	}
	for _, pattern := range patterns {
		t.Run(pattern, func(t *testing.T) { checkPatternAgainst(t, pattern) })
	}
}

var (
	patternsFlag     = flag.String("patterns", "", "folder with schemas, whose patterns are judged rather than those of the table")
	patternAttribute = regexp.MustCompile(`<(?:[A-Za-z0-9]+:)?pattern\s+value=("[^"]*")`)
)

func patternsIn(t *testing.T, folder string) (patterns []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		for _, m := range patternAttribute.FindAllSubmatch(content, -1) {
			patterns = append(patterns, unescaped(t, string(m[1])))
		}
		return err
	})
	if err != nil || len(patterns) == 0 {
		t.Fatal("no patterns", err)
	}
	return distinct(patterns)
}

func unescaped(t *testing.T, value string) string {
	t.Helper()
	var a struct {
		Value string `xml:"value,attr"`
	}
	if err := xml.Unmarshal([]byte("<a value="+value+"/>"), &a); err != nil {
		t.Fatal(err)
	}
	return a.Value
}

func checkPatternAgainst(t *testing.T, pattern string) {
	t.Helper()
	n, err := parsePattern(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if err := sayable(n); err != nil {
		t.Error(err)
	}
	expression, err := regexp.Compile(`\A(?:` + n.String() + `)\z`)
	if err != nil {
		t.Fatal(err)
	}
	texts := variants(n.String())
	accepted := 0
	for i, valid := range judge(t, restriction("string", patternFacet(pattern)), texts) {
		got := expression.MatchString(texts[i])
		if got {
			accepted++
		}
		if got && !valid {
			t.Errorf("%q is accepted as %s", texts[i], n)
		}
	}
	if accepted == 0 {
		t.Errorf("no text of %d is accepted as %s", len(texts), n)
	}
}

// sayable checks a pattern as a leaf has it.
func sayable(n *part) error {
	if rest, _, _ := n.lengths(); rest != nil {
		n = rest
	}
	return checkPattern(n.String())
}

// variants are texts that match a pattern, and others that nearly do.
func variants(pattern string) (texts []string) {
	alphabet := []string{"", "a", "Z", "e", "5", "٣", "_", "-", ".", ":", "$", "^", " ", "\t", "\n", "\r", "é", "Ω", "Ж", "ぬ", "\u00b7", "\u0300", "\u00a0", "€", "😀", "]", "[", "\\", "\u007f", "{", "}"}
	texts = slices.Clone(alphabet)
	for _, seed := range distinct(matching(&shape.Field{Facets: shape.Facets{Patterns: []string{pattern}}})) {
		if len(seed) > 50 || len(texts) > 1000 {
			continue
		}
		texts = append(texts, seed)
		for _, each := range alphabet {
			texts = append(texts, each+seed, seed+each)
			if all := []rune(seed); len(all) > 0 {
				middle := len(all) / 2
				texts = append(texts, string(all[:middle])+each+string(all[middle+1:]))
			}
		}
	}
	return distinct(texts)
}
