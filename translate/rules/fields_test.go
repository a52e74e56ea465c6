package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

type inner struct {
	Name string `json:"name" soap:"Name" validate:"required,notblank"`
}

// sample has every word of the vocabulary.
type sample struct {
	Text    string        `json:"text" soap:"Text" validate:"required,notblank,max=3"`
	Secret  secret.Secret `json:"secret" soap:"Secret" validate:"required,notblank,min=2"`
	Short   *string       `json:"short" soap:"Short" validate:"omitnil,min=2,max=4"`
	One     *string       `json:"one" soap:"One" validate:"omitnil,min=1"`
	Integer *int64        `json:"integer" soap:"Integer" validate:"omitnil,min=-1,max=10"`
	Small   *int32        `json:"small" soap:"Small" validate:"omitnil,min=1"`
	Plain   *int32        `json:"plain" soap:"Plain"`
	List    *string       `json:"list" soap:"List" validate:"omitnil,oneof=A 'B C' D"`
	Folded  *string       `json:"folded" soap:"Folded" validate:"omitnil,oneofci=KEY SUN"`
	Date    *string       `json:"date" soap:"Date" validate:"omitnil,date"`
	Instant *string       `json:"instant" soap:"Instant" validate:"omitnil,datetime"`
	Decimal *string       `json:"decimal" soap:"Decimal" validate:"omitnil,decimal=3:1"`
	Token   *string       `json:"token" soap:"Token" validate:"omitnil,token"`
	Tokens  []string      `json:"tokens" soap:"Tokens" validate:"token"`
	Inner   inner         `json:"inner" soap:"Inner"`
	Other   *inner        `json:"other" soap:"Other"`
	Must    *inner        `json:"must" soap:"Must" validate:"required"`
	Items   []inner       `json:"items" soap:"Items" validate:"dive"`
	Loop    *sample       `json:"loop" soap:"Loop"`
	Loops   []sample      `json:"loops" soap:"Loops" validate:"dive"`
}

const valid = `"text": "abc", "secret": "ab", "inner": {"name": "n"}, "must": {"name": "n"}`

// judges are the two ways of checking: by validator/v10 where the words are its own, and by the facets alone.
func judges(t testing.TB) map[string]*shape.Shape {
	t.Helper()
	var list [2]*shape.Shape
	for i := range list {
		s, err := shape.From[sample]("")
		if err != nil {
			t.Fatal(err)
		}
		list[i] = s
	}
	for i := range list[1].Fields {
		list[1].Fields[i].Rules = ""
	}
	return map[string]*shape.Shape{"validator": list[0], "facets": list[1]}
}

// violations reads and checks a body.
func violations(t testing.TB, set *Set, body string) []record.Violation {
	t.Helper()
	report := &record.Report{}
	r, err := record.ReadJSON([]byte(body), set.shape, report)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	set.Check(r, report)
	report.Sort(r)
	return report.Violations
}

func compile(t testing.TB, s *shape.Shape, rules ...On) *Set {
	t.Helper()
	set, err := Compile(s, rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestVocabulary judges every word of the rules of fields in three ways, with the same verdict.
func TestVocabulary(t *testing.T) {
	required := record.Violation{Code: record.Required, Detail: "This member is required and may not be empty or only white space."}
	long := func(n int) record.Violation {
		return record.Violation{Code: record.TooLong, Detail: "At most " + Amount(n, character) + ".", Params: map[string]any{"max": n}}
	}
	short := func(n int) record.Violation {
		return record.Violation{Code: record.TooShort, Detail: "At least " + Amount(n, character) + ".", Params: map[string]any{"min": n}}
	}
	list := record.Violation{Code: record.NotInList, Detail: "One of A, B C, D, in this letter case.", Params: map[string]any{"list": []string{"A", "B C", "D"}}}
	folded := record.Violation{Code: record.NotInList, Detail: "One of KEY, SUN, in any letter case.", Params: map[string]any{"list": []string{"KEY", "SUN"}}}
	decimal := record.Violation{Code: record.BadNumber, Detail: "A decimal number with at most 3 digits before the point and at most 1 after it.", Params: map[string]any{"expected": "decimal", "integerDigits": 3, "fractionDigits": 1}}
	token := record.Violation{Code: record.TooShort, Detail: "May not be empty or only white space. Leave the member out instead.", Params: map[string]any{"min": 1}}
	spaced := record.Violation{Code: record.BadFormat, Detail: "Words with one space between each two, and no white space around them.", Params: map[string]any{"expected": "words", "pattern": WordsPattern}}
	date := record.Violation{Code: record.BadDate, Detail: "A day that exists, as YYYY-MM-DD.", Params: map[string]any{"expected": "date"}}
	whole := record.Violation{Code: record.OutOfRange, Detail: "From -2147483648 to 2147483647.", Params: map[string]any{"min": int64(-1 << 31), "max": int64(1<<31 - 1)}}
	instead := func(old, with string) string { return strings.Replace(valid, old, with, 1) }
	also := func(members string) string { return valid + ", " + members }
	sets := map[string]*Set{}
	for judge, s := range judges(t) {
		sets[judge] = compile(t, s)
	}
	sets["validator, of all words"] = compile(t, judges(t)["validator"])
	for _, p := range sets["validator, of all words"].fields.plans {
		for i := range p.fields {
			p.fields[i].judged = p.fields[i].Rules != ""
		}
	}
	for _, test := range []struct {
		name, members, pointer string // without a pointer nothing is wrong
		want                   record.Violation
	}{
		{"nothing", valid, "", record.Violation{}},
		{"required, absent", instead(`"text": "abc", `, ""), "/text", required.Knowing(long(3).Params)},
		{"required, null", instead(`"abc"`, "null"), "/text", required.Knowing(long(3).Params)},
		{"required, empty", instead(`"abc"`, `""`), "/text", required.Knowing(long(3).Params)},
		{"required, blank", instead(`"abc"`, `"\u3000 \n"`), "/text", required.Knowing(long(3).Params)},
		{"required secret, empty", instead(`"ab"`, `""`), "/secret", required.Knowing(short(2).Params)},
		{"required secret, blank", instead(`"ab"`, `"  "`), "/secret", required.Knowing(short(2).Params)},
		{"required object, absent: what it lacks", instead(`, "must": {"name": "n"}`, ""), "/must/name", required},
		{"plain object, absent: what it lacks", instead(`, "inner": {"name": "n"}`, ""), "/inner/name", required},
		{"max, in code points", instead(`"abc"`, `"😀é中"`), "", record.Violation{}},
		{"max, one over", instead(`"abc"`, `"😀😀😀😀"`), "/text", long(3)},
		{"min of a secret, in code points", instead(`"ab"`, `"😀"`), "/secret", short(2)},
		{"min", also(`"short": "é"`), "/short", short(2)},
		{"min of one", also(`"one": ""`), "/one", short(1)},
		{"min of one, blank", also(`"one": " "`), "", record.Violation{}},
		{"min met", also(`"short": "éé"`), "", record.Violation{}},
		{"min and max", also(`"short": "12345"`), "/short", long(4)},
		{"min of an integer", also(`"integer": -1`), "", record.Violation{}},
		{"below min of an integer", also(`"integer": -2`), "/integer", tooSmall(-1)},
		{"zero is there", also(`"integer": 0, "plain": 0`), "", record.Violation{}},
		{"zero is below min", also(`"small": 0`), "/small", tooSmall(1)},
		{"max of an integer", also(`"integer": 10`), "", record.Violation{}},
		{"above max of an integer", also(`"integer": 11`), "/integer", tooLarge(10)},
		{"the largest of 32 bits", also(`"small": 2147483647, "plain": -2147483648`), "", record.Violation{}},
		{"above 32 bits, with a rule", also(`"small": 2147483648`), "/small", tooLarge(2147483647)},
		{"above 32 bits", also(`"plain": 2147483648`), "/plain", whole},
		{"below 32 bits", also(`"plain": -2147483649`), "/plain", whole},
		{"oneof", also(`"list": "B C"`), "", record.Violation{}},
		{"oneof, half a phrase", also(`"list": "B"`), "/list", list},
		{"oneof, letter case", also(`"list": "a"`), "/list", list},
		{"oneof, empty", also(`"list": ""`), "/list", list},
		{"oneofci", also(`"folded": "kEy"`), "", record.Violation{}},
		{"oneofci, a sign that folds to K", also("\"folded\": \"\u212aey\""), "/folded", folded},
		{"oneofci, a letter that folds to s", also("\"folded\": \"\u017fun\""), "/folded", folded},
		{"oneofci, empty", also(`"folded": ""`), "/folded", folded},
		{"date", also(`"date": "2024-02-29"`), "", record.Violation{}},
		{"date that does not exist", also(`"date": "2024-02-30"`), "/date", date},
		{"date, empty", also(`"date": ""`), "/date", date},
		{"datetime", also(`"instant": "2024-02-29T00:00:00Z"`), "", record.Violation{}},
		{"datetime without a zone", also(`"instant": "2024-02-29T00:00:00"`), "/instant", record.Violation{
			Code: record.BadDateTime, Detail: "An instant that exists, as YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone (Z, or up to ±14:00).", Params: map[string]any{"expected": "date-time"},
		}},
		{"decimal", also(`"decimal": "-999.9"`), "", record.Violation{}},
		{"decimal, too large", also(`"decimal": "1000"`), "/decimal", decimal},
		{"decimal, too exact", also(`"decimal": "1.00"`), "/decimal", decimal},
		{"token", also(`"token": "x"`), "", record.Violation{}},
		{"token, words", also(`"token": "x yz x"`), "", record.Violation{}},
		{"token, empty", also(`"token": ""`), "/token", token},
		{"token, blank", also(`"token": "\t"`), "/token", token},
		{"token, white space around", also(`"token": "x "`), "/token", spaced},
		{"token, white space inside", also(`"token": "x\ty"`), "/token", spaced},
		{"an item, two spaces inside", also(`"tokens": ["x", "y  z"]`), "/tokens/1", spaced},
		{"an item", also(`"tokens": ["x", " "]`), "/tokens/1", token},
		{"inside an object", instead(`"inner": {"name": "n"}`, `"inner": {"name": ""}`), "/inner/name", required},
		{"inside an optional object", also(`"other": {"name": " "}`), "/other/name", required},
		{"inside an array", also(`"items": [{"name": "n"}, {"name": " "}]`), "/items/1/name", required},
		{"deep inside", also(`"loop": {` + valid + `, "loops": [{` + valid + `}, {` + valid + `, "items": [{"name": ""}]}]}`), "/loop/loops/1/items/0/name", required},
	} {
		for judge, set := range sets {
			var want []record.Violation
			if test.pointer != "" {
				test.want.Pointer = test.pointer
				want = append(want, test.want)
			}
			if diff := cmp.Diff(want, violations(t, set, "{"+test.members+"}")); diff != "" {
				t.Errorf("%s, by %s: %s", test.name, judge, diff)
			}
		}
	}
}

// TestEveryWordIsTested fails for a word of the vocabulary that no rule of the sample uses.
func TestEveryWordIsTested(t *testing.T) {
	used := map[string]bool{}
	for _, f := range judges(t)["validator"].Fields {
		for _, r := range shape.ParseRules(f.Rules) {
			used[r.Word] = true
		}
	}
	for word := range vocabulary {
		if !used[word] {
			t.Errorf("%s is not tested", word)
		}
	}
}

func field(name string, change func(*shape.Field)) shape.Field {
	f := shape.Field{Name: name, Wire: xml.Name{Local: name}, Kind: shape.String}
	if change != nil {
		change(&f)
	}
	return f
}

// TestFacets are those that no Go struct has.
func TestFacets(t *testing.T) {
	fixed := "2.1"
	inner := &shape.Shape{Name: "Inner", Fields: []shape.Field{field("a", func(f *shape.Field) { f.Required = true })}}
	base := &shape.Shape{Name: "Base", Type: xml.Name{Local: "Base"}, Fields: []shape.Field{field("a", nil)}}
	sub := &shape.Shape{Name: "Sub", Type: xml.Name{Local: "Sub"}, Fields: append(base.Fields[:1:1], field("b", func(f *shape.Field) { f.Required = true }))}
	base.Subtypes, base.Discriminator = []*shape.Shape{base, sub}, "type"
	object := func(of *shape.Shape) func(*shape.Field) {
		return func(f *shape.Field) { f.Kind, f.Object = shape.Object, of }
	}
	s := &shape.Shape{Name: "S", Fields: []shape.Field{
		field("pattern", func(f *shape.Field) { f.Facets.Patterns = []string{"[A-Z]+|[0-9]", ".{1,2}"} }),
		field("min", func(f *shape.Field) { f.Repeated, f.MinItems = true, 2 }),
		field("max", func(f *shape.Field) { f.Repeated, f.MaxItems = true, 2 }),
		field("fixed", func(f *shape.Field) { f.Fixed, f.Required = &fixed, true }),
		field("nil", func(f *shape.Field) { f.Required, f.Nillable = true, true }),
		field("nilObject", func(f *shape.Field) { object(inner)(f); f.Required, f.Nillable = true, true }),
		field("list", func(f *shape.Field) { f.Repeated, f.Required = true, true }),
		field("base", object(base)),
	}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	set := compile(t, s)
	const required = `"nil": null, "nilObject": null, "list": ["a"]`
	for _, test := range []struct {
		name, members string
		want          string // pointer, code and detail
	}{
		{"nothing", required, ""},
		{"patterns", required + `, "pattern": "AB"`, ""},
		{"the first pattern", required + `, "pattern": "aA"`, "/pattern bad-format A text of the form [A-Z]+|[0-9]."},
		{"a pattern matches the whole text", required + `, "pattern": "A1"`, "/pattern bad-format A text of the form [A-Z]+|[0-9]."},
		{"a pattern matches to the end of the text", required + `, "pattern": "A\n"`, "/pattern bad-format A text of the form [A-Z]+|[0-9]."},
		{"the second pattern", required + `, "pattern": "ABC"`, "/pattern bad-format A text of the form .{1,2}."},
		{"enough items", required + `, "min": ["a", "b"], "max": ["a", "b"]`, ""},
		{"too few items", required + `, "min": ["a"]`, "/min too-short At least 2 items."},
		{"too many items", required + `, "max": ["a", "b", "c"]`, "/max too-long At most 2 items."},
		{"a fixed value", required + `, "fixed": "2.1"`, ""},
		{"another value", required + `, "fixed": "2.10"`, "/fixed not-in-list One of 2.1, in this letter case."},
		{"a text instead of nil", `"nil": "a", "nilObject": {"a": "b"}, "list": ["a"]`, ""},
		{"no nil", `"nilObject": null, "list": ["a"]`, "/nil required " + missingSentence},
		{"no nil object", `"nil": null, "list": ["a"]`, "/nilObject required " + missingSentence},
		{"no list", `"nil": null, "nilObject": null, "list": []`, "/list required " + missingSentence},
		{"a blank item of a required list", `"nil": null, "nilObject": null, "list": ["a", " "]`, "/list/1 required " + missingSentence},
		{"a subtype", required + `, "base": {"type": "Sub", "b": "x"}`, ""},
		{"a subtype that lacks a member", required + `, "base": {"type": "Sub", "a": "x"}`, "/base/b required " + missingSentence},
		{"the shape itself has no such member", required + `, "base": {"a": "x"}`, ""},
	} {
		got := ""
		for _, v := range violations(t, set, "{"+test.members+"}") {
			got += v.Pointer + " " + string(v.Code) + " " + v.Detail
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestCompileRefuses finds at the start every mistake in rules that a request would run into, wherever it hides.
func TestCompileRefuses(t *testing.T) {
	deep := func(f shape.Field) *shape.Shape {
		inside := &shape.Shape{Name: "Inside", Fields: []shape.Field{f}}
		s := &shape.Shape{Name: "S", Fields: []shape.Field{field("text", nil), field("count", func(f *shape.Field) { f.Kind = shape.Integer }), field("list", func(f *shape.Field) {
			f.Kind, f.Object, f.Repeated = shape.Object, inside, true
		})}}
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	plain := field("a", nil)
	hasText := Condition{Member: "text"}
	missing := Condition{Member: "x", In: []string{"a"}}
	for name, test := range map[string]struct {
		wantError string
		shape     *shape.Shape
		rules     On
	}{
		"a limit that is not a number": {"Inside.a", deep(field("a", func(f *shape.Field) { f.Rules = "date,max=abc" })), On{}},
		"no word":                      {"Inside.a: Undefined validation function 'dat'", deep(field("a", func(f *shape.Field) { f.Rules = "dat" })), On{}},
		"no pattern":                   {"Inside.a: error parsing regexp", deep(field("a", func(f *shape.Field) { f.Facets.Patterns = []string{"a)(b"} })), On{}},
		"no object":                    {`S has no "x"`, deep(plain), On{Object: "x"}},
		"rules on a text":              {"text has rules and is not an object", deep(plain), On{Object: "text"}},
		"rules on an array":            {"list has rules and is not an object", deep(plain), On{Object: "list"}},
		"a condition on nothing":       {`S has no "x"`, deep(plain), On{When: &missing}},
		"words of a number":            {"compares words with what is not a text", deep(plain), On{When: &Condition{Member: "count", In: []string{"1"}}}},
		"RequireAnyOf of nothing":      {`S has no "x"`, deep(plain), On{Rules: []Rule{RequireAnyOf("text", "x")}}},
		"ExactlyOneOf of nothing":      {`S has no "x"`, deep(plain), On{Rules: []Rule{ExactlyOneOf("text", "x")}}},
		"RequireWhen of nothing":       {`S has no "x"`, deep(plain), On{Rules: []Rule{RequireWhen("x", hasText, Wording{})}}},
		"RequireWhen without a when":   {`S has no "x"`, deep(plain), On{Rules: []Rule{RequireWhen("text", missing, Wording{})}}},
		"ForbidWhen of nothing":        {`S has no "x"`, deep(plain), On{Rules: []Rule{ForbidWhen("x", hasText, "")}}},
		"NotBefore nothing":            {`S has no "x"`, deep(plain), On{Rules: []Rule{NotBefore("text", "x", "")}}},
		"ListWhen of nothing":          {`S has no "x"`, deep(plain), On{Rules: []Rule{ListWhen("x", hasText, nil, nil, Wording{})}}},
		"PatternWhen in an array":      {"is an array", deep(plain), On{Rules: []Rule{PatternWhen("list/a", hasText, "a", Wording{})}}},
		"Described without a when":     {`S has no "x"`, deep(plain), On{Rules: []Rule{Described(missing, nil)}}},
		"a Checker of nothing at all":  {`S has no "x"`, deep(plain), On{Rules: []Rule{Checker{Members: []string{"x"}}.Rule()}}},
	} {
		if _, err := Compile(test.shape, []On{test.rules}, nil); err == nil || !strings.Contains(err.Error(), test.wantError) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
