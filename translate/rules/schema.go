package rules

import (
	"regexp"
	"strings"

	"soapbridge/translate/shape"
)

// Words of JSON Schema (2020-12).

// TextPattern matches a text that is not Blank. Its \S is ECMA-262's, which differs in two characters that people do not write: U+0085 is white
// space to Unicode alone, U+FEFF to ECMA-262 alone.
const TextPattern = `\S`

// WordsPattern matches what IsToken accepts, with the \S of TextPattern.
const WordsPattern = `^\S+( \S+)*$`

// AnyCasePattern matches exactly the words, in any letter case of ASCII. The regular expressions of JSON Schema have no flag for that.
func AnyCasePattern(words ...string) string { return "^" + anyCase(words) + "$" }

func anyCase(words []string) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, word := range words {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, r := range word {
			lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r))
			if lower == upper {
				b.WriteString(regexp.QuoteMeta(string(r)))
				continue
			}
			b.WriteString("[" + upper + lower + "]")
		}
	}
	b.WriteByte(')')
	return b.String()
}

// fieldOf returns the field at the end of a path; an empty one where there is none, which binding the rule has reported.
func fieldOf(s *shape.Shape, path string) *shape.Field {
	f := &shape.Field{Object: s}
	p, _ := s.Find(path)
	for _, i := range p {
		f = &f.Object.Fields[i]
	}
	return f
}

// present holds for what a member may be when it is given. That null is absent is not said: it is tolerated, and documents do not advertise it.
func present(f *shape.Field) map[string]any {
	if f.Repeated && !f.Nillable { // an array without items is absent
		return map[string]any{"minItems": 1}
	}
	return map[string]any{}
}

// absent holds for what a member may be when it is not given.
func absent(f *shape.Field) map[string]any {
	if f.Repeated { // an array without items is absent
		return map[string]any{"maxItems": 0}
	}
	return map[string]any{"not": map[string]any{}}
}

// filled holds for what a member may be when it is given and, where it is a text, not Blank.
func filled(f *shape.Field) map[string]any {
	switch {
	case f.Repeated:
		return map[string]any{"minItems": 1}
	case f.Kind == shape.String:
		return map[string]any{"type": "string", "pattern": TextPattern}
	case f.Nillable:
		return map[string]any{"not": map[string]any{"type": "null"}}
	}
	return map[string]any{}
}

// requirement holds for objects that have a member, which is as it should be.
func requirement(member string, as map[string]any) map[string]any {
	return map[string]any{"required": []any{member}, "properties": map[string]any{member: as}}
}

// requires holds for objects that have the member at the end of a path.
func requires(s *shape.Shape, path string, as func(*shape.Field) map[string]any) map[string]any {
	return within(path, func(member string) map[string]any {
		return requirement(member, as(fieldOf(s, path)))
	})
}

// each returns what holds for objects that have one of the members, for every one of them.
func each(s *shape.Shape, paths []string, as func(*shape.Field) map[string]any) []any {
	list := make([]any, len(paths))
	for i, path := range paths {
		list[i] = requires(s, path, as)
	}
	return list
}

// on says something of a member, if it is there.
func on(path string, schema map[string]any) map[string]any {
	first, rest, deeper := strings.Cut(path, "/")
	if deeper {
		schema = on(rest, schema)
	}
	return map[string]any{"properties": map[string]any{first: schema}}
}

// within says of the object around the last name of a path what inside says of that name.
func within(path string, inside func(member string) map[string]any) map[string]any {
	first, rest, deeper := strings.Cut(path, "/")
	if !deeper {
		return inside(first)
	}
	schema := within(rest, inside)
	schema["type"] = "object"
	return map[string]any{"required": []any{first}, "properties": map[string]any{first: schema}}
}

// schema holds for the objects for which the condition does.
func (c Condition) schema(s *shape.Shape) map[string]any {
	return within(c.Member, func(member string) map[string]any {
		of := present(fieldOf(s, c.Member))
		switch {
		case c.In == nil && c.Text:
			of = filled(fieldOf(s, c.Member))
		case c.AnyCase && c.Spaced:
			of = map[string]any{"pattern": `^\s*` + anyCase(c.In) + `\s*$`}
		case c.Spaced:
			quoted := make([]string, len(c.In))
			for i, word := range c.In {
				quoted[i] = regexp.QuoteMeta(word)
			}
			of = map[string]any{"pattern": `^\s*(` + strings.Join(quoted, "|") + `)\s*$`}
		case c.AnyCase:
			of = map[string]any{"pattern": AnyCasePattern(c.In...)}
		case len(c.In) == 1:
			of = map[string]any{"const": c.In[0]}
		case c.In != nil:
			list := make([]any, len(c.In))
			for i, word := range c.In {
				list[i] = word
			}
			of = map[string]any{"enum": list}
		}
		if c.Not {
			of = map[string]any{"not": of}
		}
		return requirement(member, of)
	})
}
