package rules

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// shapeOf is a shape for rules between members: texts, and everything that is not one. The member must is required.
func shapeOf(t testing.TB, choices ...shape.Choice) *shape.Shape {
	t.Helper()
	inside := &shape.Shape{Name: "Inside", Fields: []shape.Field{field("a", nil), field("b", nil)}}
	s := &shape.Shape{Name: "S", Choices: choices, Fields: []shape.Field{
		field("a", nil), field("b", nil),
		field("n", func(f *shape.Field) { f.Kind = shape.Integer }),
		field("l", func(f *shape.Field) { f.Repeated = true }),
		field("o", func(f *shape.Field) { f.Kind, f.Object = shape.Object, inside }),
		field("nil", func(f *shape.Field) { f.Nillable = true }),
		field("must", func(f *shape.Field) { f.Required = true }),
	}}
	s.Fields = append(s.Fields, field("same", func(f *shape.Field) { f.Kind, f.Object = shape.Object, s }))
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBetween names the place, the code and the parameters of every rule between members.
func TestBetween(t *testing.T) {
	is := func(member string, words ...string) Condition { return Condition{Member: member, In: words} }
	anyOf := []Rule{RequireAnyOf("a", "b")}
	oneOf := []Rule{ExactlyOneOf("a", "n")}
	notBefore := []Rule{NotBefore("b", "a", "Later.")}
	listWhen := []Rule{ListWhen("b", Condition{Member: "a", In: []string{"AU"}, AnyCase: true, Spaced: true}, []string{"NSW"}, []string{"OT"}, Wording{Code: "vendor-39", Detail: "No such state.", Hint: "Say VIC.", Else: "Say OT.", Expected: shape.FormatAustralianState})}
	checker := []Rule{Checker{Members: []string{"a", "o/b"}, Check: func(texts []string) *record.Violation {
		if texts[0] == "good" {
			return nil
		}
		return &record.Violation{Code: "checked", Detail: strings.Join(texts, "+")}
	}}.Rule()}
	const missingOf = "At least one of a, b is required. map[oneOf:[a b]]"
	for _, test := range []struct {
		name, members string
		rules         []Rule
		want          []string
	}{
		{"RequireAnyOf, none", ``, anyOf, []string{"/a required " + missingOf}},
		{"RequireAnyOf, blank", `"a": "", "b": " "`, anyOf, []string{"/a required " + missingOf}},
		{"RequireAnyOf, the first", `"a": "x"`, anyOf, nil},
		{"RequireAnyOf, the last", `"b": "x"`, anyOf, nil},
		{"RequireAnyOf, both", `"a": "x", "b": "y"`, anyOf, nil},
		{"RequireAnyOf, one that cannot be read", `"b": 1`, anyOf, []string{"/b wrong-type This must be a string. map[expected:string]"}},
		{"RequireAnyOf, another that cannot be read", `"n": "1"`, anyOf, []string{"/n wrong-type This must be an integer. map[expected:integer]", "/a required " + missingOf}},
		{"RequireAnyOf, what is not a text", `"l": ["x"]`, []Rule{RequireAnyOf("n", "l")}, nil},

		{"ExactlyOneOf, none", ``, oneOf, []string{"/a required One of a, n is required. map[oneOf:[a n]]"}},
		{"ExactlyOneOf, one", `"n": 0`, oneOf, nil},
		{"ExactlyOneOf, two", `"n": 0, "a": ""`, oneOf, []string{"/n not-one-of Only one of a, n may be given. map[oneOf:[a n]]"}},
		{"ExactlyOneOf, one that cannot be read", `"n": "1"`, oneOf, []string{"/n wrong-type This must be an integer. map[expected:integer]"}},

		{"RequireWhen", `"a": "A", "b": " "`, []Rule{RequireWhen("b", is("a", "A"), Wording{})}, []string{"/b required " + missingSentence + " map[because:/a]"}},
		{"RequireWhen, met", `"a": "A", "b": "x"`, []Rule{RequireWhen("b", is("a", "A"), Wording{})}, nil},
		{"RequireWhen, not meant", `"a": "B"`, []Rule{RequireWhen("b", is("a", "A"), Wording{})}, nil},
		{"RequireWhen, inside, in the vendor's words", `"a": "A"`, []Rule{RequireWhen("o/b", is("a", "A"), Wording{Code: "vendor-1", Detail: "Why."})}, []string{"/o/b vendor-1 Why. map[]"}},
		{"RequireWhen, one that cannot be read", `"a": "A", "b": 1`, []Rule{RequireWhen("b", is("a", "A"), Wording{})}, []string{"/b wrong-type This must be a string. map[expected:string]"}},

		{"ForbidWhen", `"a": "A", "b": ""`, []Rule{ForbidWhen("b", is("a", "A"), "Why.")}, []string{"/b not-allowed-here Why. map[because:/a]"}},
		{"ForbidWhen, absent", `"a": "A", "b": null`, []Rule{ForbidWhen("b", is("a", "A"), "Why.")}, nil},
		{"ForbidWhen, not meant", `"b": "x"`, []Rule{ForbidWhen("b", is("a", "A"), "Why.")}, nil},
		{"ForbidWhen, also what cannot be read", `"a": "A", "b": 1`, []Rule{ForbidWhen("b", is("a", "A"), "Why.")}, []string{
			"/b wrong-type This must be a string. map[expected:string]", "/b not-allowed-here Why. map[because:/a]",
		}},
		{"ForbidWhen not, of what cannot be read nothing holds", `"a": 1, "b": "x"`, []Rule{ForbidWhen("b", Condition{Member: "a", In: []string{"A"}, Not: true}, "Why.")}, []string{
			"/a wrong-type This must be a string. map[expected:string]",
		}},

		{"NotBefore", `"a": "2026-02-28", "b": "2026-02-27"`, notBefore, []string{"/b before-other Later. map[other:/a]"}},
		{"NotBefore, the same day", `"a": "2026-02-28", "b": "2026-02-28"`, notBefore, nil},
		{"NotBefore, one is absent", `"b": "2026-02-28"`, notBefore, nil},
		{"NotBefore, one is not a day", `"a": "2026-02-30", "b": "2026-02-28"`, notBefore, nil},

		{"ListWhen, the condition holds", `"a": " au ", "b": "OT"`, listWhen, []string{"/b vendor-39 No such state. Say VIC. map[expected:australian-state list:[NSW]]"}},
		{"ListWhen, the condition does not hold", `"a": "NZ", "b": "NSW"`, listWhen, []string{"/b vendor-39 No such state. Say OT. map[list:[OT]]"}},
		{"ListWhen, in any letter case", `"a": "NZ", "b": "ot"`, listWhen, nil},
		{"ListWhen, nothing is said of a condition without its member", `"b": "x"`, listWhen, nil},
		{"ListWhen, what is absent is on no list", `"a": "AU"`, listWhen, nil},
		{"ListWhen, blank", `"a": "AU", "b": " "`, listWhen, []string{"/b vendor-39 No such state. Say VIC. map[expected:australian-state list:[NSW]]"}},
		{"ListWhen, without words of the vendor's", `"a": "A", "b": "x"`, []Rule{ListWhen("b", is("a", "A"), []string{"B"}, nil, Wording{})}, []string{"/b not-in-list One of B, in any letter case. map[list:[B]]"}},

		{"PatternWhen", `"a": "A", "b": "x1"`, []Rule{PatternWhen("b", is("a", "A"), "^[0-9]$", Wording{})}, []string{"/b bad-format This does not have the documented form. map[]"}},
		{"PatternWhen, met", `"a": "A", "b": "1"`, []Rule{PatternWhen("b", is("a", "A"), "^[0-9]$", Wording{})}, nil},
		{"PatternWhen, absent", `"a": "A"`, []Rule{PatternWhen("b", is("a", "A"), "^[0-9]$", Wording{})}, nil},

		{"Checker", `"a": "bad", "o": {"b": "x"}`, checker, []string{"/a checked bad+x map[]"}},
		{"Checker, content", `"a": "good"`, checker, nil},
		{"Checker, without its first member", `"o": {"b": "x"}`, checker, nil},
		{"Checker, without another", `"a": "bad"`, checker, []string{"/a checked bad+ map[]"}},
		{"Described checks nothing", `"a": "A"`, []Rule{Described(is("a", "A"), map[string]any{"required": []any{"b"}})}, nil},
	} {
		for object, body := range map[string]string{"": `{"must": "x", %s}`, "same": `{"must": "x", "same": {%s}}`} {
			members := cmp.Or(test.members, `"a": null`)
			var got, want []string
			for _, v := range violations(t, compile(t, shapeOf(t), On{Object: object, Rules: test.rules}), fmt.Sprintf(body, members)) {
				if v.Code != record.EmptyObject && !strings.HasSuffix(v.Pointer, "/must") {
					got = append(got, fmt.Sprintf("%s %s %s %v", v.Pointer, v.Code, strings.TrimSpace(v.Detail+" "+v.Hint), v.Params))
				}
			}
			for _, line := range test.want {
				if object != "" {
					line = strings.NewReplacer("because:", "because:/same", "other:", "other:/same").Replace("/same" + line)
				}
				want = append(want, line)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s, in %q: %s", test.name, object, diff)
			}
		}
	}
}

// TestUnreadableObject says nothing of an object that is a violation itself, or absent, or that a condition is not met in.
func TestUnreadableObject(t *testing.T) {
	onSame := On{Object: "same", When: &Condition{Member: "n", Text: true}, Rules: []Rule{RequireAnyOf("a", "b")}}
	last := func(_ *record.Record, report *record.Report) {
		report.AddBeside(record.Violation{Code: record.Code(fmt.Sprint(len(report.Violations)))})
	}
	set, err := Compile(shapeOf(t), []On{onSame}, last)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{"must": "x", "same": 1}`:                          "[ 1 /same wrong-type]", // the last rule has seen one violation
		`{"must": "x"}`:                                     "[ 0]",
		`{"must": "x", "same": {"must": "x"}}`:              "[ 0]",
		`{"must": "x", "same": {"must": "x", "n": 1}}`:      "[ 1 /same/a required]",
		`{"must": "x", "same": {"must": "x", "n": "none"}}`: "[ 2 /same/n wrong-type /same/a required]",
	} {
		var got []string
		for _, v := range violations(t, set, body) {
			got = append(got, v.Pointer+" "+string(v.Code))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// TestEmptyObjects are reported by what they lack where they must be given, and as empty where they may be left out or lack nothing.
func TestEmptyObjects(t *testing.T) {
	lacking := &shape.Shape{Name: "Lacking", Fields: []shape.Field{field("a", func(f *shape.Field) { f.Required = true }), field("b", nil)}}
	free := &shape.Shape{Name: "Free", Fields: []shape.Field{field("a", nil)}}
	object := func(name string, of *shape.Shape, required bool) shape.Field {
		return field(name, func(f *shape.Field) { f.Kind, f.Object, f.Required = shape.Object, of, required })
	}
	s := &shape.Shape{Name: "S", Fields: []shape.Field{object("must", lacking, true), object("may", lacking, false), object("free", free, true)}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	set := compile(t, s)
	for body, want := range map[string]string{
		`{}`:                                    "[/must/a required]",
		`{"must": {}}`:                          "[/must/a required]",
		`{"must": {"a": null}, "may": {}}`:      "[/must/a required /may empty-object /may/a required]",
		`{"must": {"a": "1"}, "free": {}}`:      "[/free empty-object]",
		`{"must": {"a": "1", "b": "2"}}`:        "[]",
		`{"must": {"b": "2"}, "may": {"b": 1}}`: "[/must/a required /may/b wrong-type /may/a required]",
	} {
		var got []string
		for _, v := range violations(t, set, body) {
			got = append(got, v.Pointer+" "+string(v.Code))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// TestChoices are those of a shape, wherever it is.
func TestChoices(t *testing.T) {
	inside := &shape.Shape{Name: "Inside", Fields: []shape.Field{field("a", nil), field("b", nil)}, Choices: []shape.Choice{{Branches: shape.OneOf(0, 1)}}}
	s := &shape.Shape{Name: "S", Choices: []shape.Choice{{Branches: shape.OneOf(0, 1), Optional: true}}, Fields: []shape.Field{
		field("x", nil), field("y", func(f *shape.Field) { f.Nillable = true }),
		field("list", func(f *shape.Field) { f.Kind, f.Object, f.Repeated = shape.Object, inside, true }),
		field("need", func(f *shape.Field) { f.Kind, f.Object, f.Required = shape.Object, inside, true }),
	}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	set := compile(t, s)
	for body, want := range map[string]string{
		`{"need": {"a": "1"}}`:                                          "[]",
		`{"x": "1", "need": {"b": ""}}`:                                 "[]",
		`{"y": null, "need": {"b": ""}}`:                                "[]",
		`{"x": "1", "y": null, "need": {"b": ""}}`:                      "[/y not-one-of]",
		`{"x": "1", "y": 1, "need": {"b": ""}}`:                         "[/y wrong-type /y not-one-of]",
		`{"x": "1"}`:                                                    "[/need/a required]",
		`{"need": {"a": null, "b": null}}`:                              "[/need/a required]",
		`{"need": {"a": "1", "b": "2"}, "list": [{"b": "1", "a": ""}]}`: "[/need/b not-one-of /list/0/b not-one-of]",
	} {
		var got []string
		for _, v := range violations(t, set, body) {
			got = append(got, v.Pointer+" "+string(v.Code))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// values are what the members of the shape may be, of which absent is one, and null is another word for it.
var values = map[string][]string{
	"a":    {"", "null", `""`, `" "`, `"A"`, `"a"`, `" A\t"`, `"AxB"`, `"A.B"`, `"1"`},
	"b":    {"", "null", `""`, `" "`, `"A"`, `"b"`, `"12"`},
	"n":    {"", "null", "0", "7"},
	"l":    {"", "null", "[]", `["x"]`},
	"o":    {"", "null", `{"b":"x"}`, `{"a":""}`, `{"a":"a"}`, `{"a":"A","b":"A"}`},
	"nil":  {"", "null", `""`, `"x"`},
	"must": {`"A"`, `"x"`},
}

// bodies are all that have these values of some members; "z" fills them.
func bodies(names []string) []string {
	list := []string{""}
	for _, name := range names {
		var longer []string
		for _, body := range list {
			for _, value := range values[name] {
				if value != "" {
					value = fmt.Sprintf(`,"%s":%s`, name, value)
				}
				longer = append(longer, body+value)
			}
		}
		list = longer
	}
	for i, body := range list {
		if !strings.Contains(body, `"must"`) {
			body += `,"must":"x"`
		}
		list[i] = "{" + body[1:] + "}"
	}
	return list
}

// TestSchemas evaluates the JSON Schema of every rule on the same bodies as the rule, with the same verdict.
func TestSchemas(t *testing.T) {
	conditions := map[string]Condition{
		"given": {Member: "a"}, "with text": {Member: "a", Text: true}, "one word": {Member: "a", In: []string{"A"}}, "words": {Member: "a", In: []string{"A", "1"}},
		"a word with a point": {Member: "a", In: []string{"A.B"}, AnyCase: true}, "any case": {Member: "a", In: []string{"A", "1"}, AnyCase: true},
		"spaced": {Member: "a", In: []string{"A", "A.B"}, Spaced: true}, "spaced, any case": {Member: "a", In: []string{"a"}, Spaced: true, AnyCase: true},
		"not": {Member: "a", In: []string{"A"}, Not: true}, "not, any case": {Member: "a", In: []string{"A", "1"}, AnyCase: true, Not: true},
		"an integer": {Member: "n"}, "an array": {Member: "l"}, "an object": {Member: "o"}, "nil": {Member: "nil"}, "an integer with text": {Member: "n", Text: true},
		"inside": {Member: "o/a", In: []string{"A"}}, "inside, not": {Member: "o/a", In: []string{"A"}, Not: true}, "required": {Member: "must", In: []string{"A"}},
	}
	type verdict struct {
		rule    On
		members []string
	}
	rules := map[string]verdict{
		"any of texts":            {On{Rules: []Rule{RequireAnyOf("a", "b")}}, []string{"a", "b"}},
		"any of others":           {On{Rules: []Rule{RequireAnyOf("n", "l", "o", "nil")}}, []string{"n", "l", "o", "nil"}},
		"any of those inside":     {On{Rules: []Rule{RequireAnyOf("a", "o/a")}}, []string{"a", "o"}},
		"exactly one":             {On{Rules: []Rule{ExactlyOneOf("a", "b", "nil")}}, []string{"a", "b", "nil"}},
		"exactly one of others":   {On{Rules: []Rule{ExactlyOneOf("n", "l", "o")}}, []string{"n", "l", "o"}},
		"exactly one inside":      {On{Rules: []Rule{ExactlyOneOf("a", "o/a", "o/b")}}, []string{"a", "o"}},
		"a rule on an object":     {On{Object: "o", Rules: []Rule{RequireWhen("a", Condition{Member: "b"}, Wording{})}}, []string{"o"}},
		"two rules":               {On{Rules: []Rule{RequireAnyOf("a", "b"), ForbidWhen("a", Condition{Member: "b"}, "")}}, []string{"a", "b"}},
		"a rule under conditions": {On{When: &Condition{Member: "n"}, Rules: []Rule{RequireAnyOf("a", "b")}}, []string{"a", "b", "n"}},
	}
	for name, when := range conditions {
		first, _, _ := strings.Cut(when.Member, "/")
		add := func(rule string, r Rule, member string) {
			rules[rule+" when "+name] = verdict{On{Rules: []Rule{r}}, slices.Compact(slices.Sorted(slices.Values([]string{first, member})))}
		}
		for _, member := range []string{"b", "n", "l", "o", "nil"} {
			add("require "+member, RequireWhen(member, when, Wording{}), member)
			add("forbid "+member, ForbidWhen(member, when, ""), member)
		}
		add("require inside", RequireWhen("o/b", when, Wording{}), "o")
		add("forbid inside", ForbidWhen("o/b", when, ""), "o")
		add("list", ListWhen("b", when, []string{"A", ""}, []string{"B", "12"}, Wording{}), "b")
		add("list inside", ListWhen("o/b", when, []string{"A"}, []string{"B"}, Wording{}), "o")
		add("pattern", PatternWhen("b", when, "^[0-9]+$", Wording{}), "b")
		add("pattern inside", PatternWhen("o/b", when, "^[0-9]+$", Wording{}), "o")
	}
	for name, test := range rules {
		judgeBoth(t, name, compile(t, shapeOf(t), test.rule), test.members)
	}
	choices := []shape.Choice{{Branches: shape.OneOf(0, 1)}, {Branches: shape.OneOf(2, 3, 4, 5), Optional: true}}
	judgeBoth(t, "choices", compile(t, shapeOf(t, choices...)), []string{"a", "b", "n", "l", "o", "nil"})
	judgeBoth(t, "two sets of rules", compile(t, shapeOf(t), On{Rules: []Rule{RequireAnyOf("a", "b")}}, On{When: &Condition{Member: "n"}, Rules: []Rule{ForbidWhen("a", Condition{Member: "b"}, "")}}),
		[]string{"a", "b", "n"})
}

// judgeBoth fails where the rules and their schemas do not agree, or where they never refuse or never accept anything.
func judgeBoth(t *testing.T, name string, set *Set, members []string) {
	t.Helper()
	inside := set.shape.Fields[4].Object
	schema := schemaOf(t, map[string]any{"allOf": all(set.Schemas(set.shape)), "properties": map[string]any{"o": map[string]any{"allOf": all(set.Schemas(inside))}}})
	verdicts := map[bool]int{}
	for _, body := range bodies(members) {
		accepted := len(violations(t, set, body)) == 0
		verdicts[accepted]++
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		// Elsewhere than of a nillable member, null is absent: the documents list that they do not say so.
		maps.DeleteFunc(instance.(map[string]any), func(name string, value any) bool { return value == nil && name != "nil" })
		if wrong := schema.Validate(instance); (wrong == nil) != accepted {
			t.Errorf("%s: %s is accepted: %v, and the schema says %v", name, body, accepted, wrong)
		}
	}
	if len(verdicts) != 2 && len(members) > 1 { // a member that depends on itself may be right, whatever it is
		t.Errorf("%s: of the bodies are accepted or not: %v", name, verdicts)
	}
}

func all(list []map[string]any) []any {
	out := []any{true}
	for _, schema := range list {
		out = append(out, schema)
	}
	return out
}

func schemaOf(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return compiled
}
