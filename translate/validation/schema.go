package validation

import (
	"encoding/json"
	"strings"
)

// Words of JSON Schema (2020-12) for those rules of a request that its tags cannot say: see translate.SchemaRules.

// TextPattern matches a text that is not Blank. Its \S is ECMA-262's, which differs in two characters that nobody writes: U+0085 is white
// space to Unicode alone, U+FEFF to ECMA-262 alone.
const TextPattern = `\S`

// AnyCasePattern matches exactly the words, in any letter case of ASCII. The regular expressions of JSON Schema have no flag for that.
func AnyCasePattern(words ...string) string {
	var b strings.Builder
	b.WriteString("^(")
	for i, word := range words {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, r := range word {
			lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r))
			if lower == upper {
				b.WriteRune(r)
				continue
			}
			b.WriteString("[" + upper + lower + "]")
		}
	}
	b.WriteString(")$")
	return b.String()
}

// RequireOneOfSchema says RequireOneOf: one of the members at least has a text.
func RequireOneOfSchema(members ...string) string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = HasText(m)
	}
	return `{"anyOf": [` + strings.Join(list, ", ") + `]}`
}

// HasText is a schema that holds for objects whose member is a text and not Blank.
func HasText(member string) string {
	return `{"required": [` + Quote(member) + `], "properties": {` + Quote(member) + `: {"type": "string", "pattern": ` + Quote(TextPattern) + `}}}`
}

// Quote writes a text as JSON.
func Quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always can
	}
	return string(quoted)
}
