package translate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/soap"
)

// TestReadMalformed is what is not JSON, and nothing else: it alone stops the reading.
func TestReadMalformed(t *testing.T) {
	op := define(t, definition())
	deep := func(n int) string { return strings.Repeat(`{"x":`, n) + "1" + strings.Repeat("}", n) }
	for _, test := range []struct{ name, body, detail string }{
		{"nothing", "", "The body is empty; it must be a JSON object."},
		{"white space", " \n\t\r ", "The body is empty; it must be a JSON object."},
		{"no JSON", "name=n", "The body is not JSON: it breaks the JSON grammar at line 1, column 2 (byte 1)."},
		{"XML", "<name/>", "The body is not JSON: it breaks the JSON grammar at line 1, column 1 (byte 0)."},
		{"a byte order mark", "\ufeff" + toyRequest, "The body is not JSON: it breaks the JSON grammar at line 1, column 1 (byte 0)."},
		{"UTF-16", "\xff\xfe{\x00}\x00", "The body is not JSON: it breaks the JSON grammar at line 1, column 1 (byte 0)."},
		{"an open object", `{"name": "n"`, "The body is not JSON: it ends too early at line 1, column 13 (byte 12)."},
		{"an open string", `{"name": "n`, "The body is not JSON: it ends too early at line 1, column 12 (byte 11)."},
		{"an open name", `{"name`, "The body is not JSON: it ends too early at line 1, column 7 (byte 6)."},
		{"an open array", `{"tags": ["a"`, "The body is not JSON: it ends too early at line 1, column 14 (byte 13)."},
		{"an open literal", `{"flag": tr`, "The body is not JSON: it ends too early at line 1, column 12 (byte 11)."},
		{"on the third line", "{\n \"name\": \"n\",\n \"flag\": yes\n}", "The body is not JSON: it breaks the JSON grammar at line 3, column 10 (byte 25)."},
		{"a comma too many in an object", `{"name": "n",}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 13 (byte 12)."},
		{"a comma too many in an array", `{"tags": ["a",]}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 14 (byte 13)."},
		{"a comma too few", `{"name": "n" "last": "l"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 14 (byte 13)."},
		{"no colon", `{"name" "n"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 9 (byte 8)."},
		{"no value", `{"name": }`, "The body is not JSON: it breaks the JSON grammar at line 1, column 10 (byte 9)."},
		{"a name without quotes", `{name: "n"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 3 (byte 2)."},
		{"a name that is a number", `{1: "n"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 2 (byte 1)."},
		{"single quotes", `{'name': 'n'}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 2 (byte 1)."},
		{"a comment", `{/* */"name": "n"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 2 (byte 1)."},
		{"the wrong bracket", `{"tags": ["a"}}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 14 (byte 13)."},
		{"a leading zero", `{"small": 01}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 12 (byte 11)."},
		{"a plus sign", `{"small": +1}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 11 (byte 10)."},
		{"a point without digits", `{"small": 1.}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 13 (byte 12)."},
		{"NaN", `{"small": NaN}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 11 (byte 10)."},
		{"a literal in another letter case", `{"flag": True}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 10 (byte 9)."},
		{"a line end in a string", "{\"name\": \"a\nb\"}", "The body is not JSON: it breaks the JSON grammar at line 1, column 12 (byte 11)."},
		{"a control character in a string", "{\"name\": \"a\x00b\"}", "The body is not JSON: it breaks the JSON grammar at line 1, column 12 (byte 11)."},
		{"an unknown escape", `{"name": "\x41"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 11 (byte 10)."},
		{"an escape that is too short", `{"name": "\u12"}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 11 (byte 10)."},
		{"inside what is not read", `{"x": [1, {"y": tru}]}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 20 (byte 19)."},
		{"inside a value of the wrong type", `{"name": {"y" 1}}`, "The body is not JSON: it breaks the JSON grammar at line 1, column 15 (byte 14)."},
		{"a second document", toyRequest + " {}", "The body is not acceptable JSON: there is more after the JSON value, at byte 51."},
		{"text behind the end", toyRequest + "x", "The body is not acceptable JSON: there is more after the JSON value, at byte 49."},
		{"a bracket behind the end", toyRequest + "}", "The body is not acceptable JSON: there is more after the JSON value, at byte 49."},
		{"a comma behind the end", toyRequest + ",", "The body is not acceptable JSON: there is more after the JSON value, at byte 49."},
		{"a zero byte behind the end", toyRequest + "\x00", "The body is not acceptable JSON: there is more after the JSON value, at byte 49."},
		{"too deep", deep(33), "The body is not acceptable JSON: it is nested deeper than 32 levels, at byte 161."},
		{"too deep in arrays", `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "}", "The body is not acceptable JSON: it is nested deeper than 32 levels, at byte 37."},
		{"too deep where it would fit", strings.Repeat(`{"again":`, 33) + "1" + strings.Repeat("}", 33), "The body is not acceptable JSON: it is nested deeper than 32 levels, at byte 289."},
		{"far too deep", deep(20_000), "The body is not acceptable JSON: it is nested deeper than 32 levels, at byte 161."},
		{"far too deep and open", strings.Repeat("[", 20_000), "The body is not acceptable JSON: it is nested deeper than 32 levels, at byte 33."},
		{"malformed behind violations", `{"x": 1, "name": 1, "flag": "y"`, "The body is not JSON: it ends too early at line 1, column 32 (byte 31)."},
	} {
		t.Run(test.name, func(t *testing.T) {
			request, refusal := op.Read([]byte(test.body))
			if request != nil || refusal == nil || refusal.Code != translate.MalformedJSON || refusal.Outcome != soap.NotSent || refusal.Cause == nil || len(refusal.Violations) != 0 {
				t.Fatalf("request %v, error %+v", request, refusal)
			}
			if refusal.Detail != test.detail {
				t.Errorf("\n got %s\nwant %s", refusal.Detail, test.detail)
			}
		})
	}
	// Thirty-two levels are allowed at every place.
	check(t, op, with(strings.TrimSuffix(deep(31)[1:], "}")), unknown("/x", ""))
	check(t, op, with(`"x": `+strings.Repeat("[", 31)+strings.Repeat("]", 31)), unknown("/x", ""))
}

// TestReadBody is of other JSON values than objects, which are JSON.
func TestReadBody(t *testing.T) {
	op := define(t, definition())
	for _, body := range []string{"null", "[]", "[" + toyRequest + "]", `"name"`, `""`, "0", "-1.5e3", "true", "false", " null\n"} {
		check(t, op, body, wrongType("", "an object"))
	}
	check(t, op, "{}", noName, required("/kind/code"), required("/last"))
	check(t, op, "\n\t {} \r\n", noName, required("/kind/code"), required("/last"))
	check(t, op, toyRequest)
	check(t, op, "\n"+toyRequest+"\n ")
}

// TestReadTypes tries every type of JSON value in every kind of member.
func TestReadTypes(t *testing.T) {
	op := define(t, definition())
	values := map[string]string{"a string": `"1"`, "an integer": "1", "true or false": "true", "an object": `{"one": "1", "three": "3"}`, "an array": "[]"}
	for member, expected := range map[string]string{
		"pin": "a string", "note": "a string", "small": "an integer", "large": "an integer", "flag": "true or false", "inner": "an object",
		"tags": "an array", "secrets": "an array", "numbers": "an array", "inners": "an array",
	} {
		for kind, value := range values {
			body := with(fmt.Sprintf(`"%s": %s`, member, value))
			if kind == expected {
				check(t, op, body)
			} else {
				check(t, op, body, wrongType("/"+member, expected))
			}
		}
		check(t, op, with(fmt.Sprintf(`"%s": null`, member)))
	}
	for member, expected := range map[string]string{"tags": "a string", "secrets": "a string", "numbers": "an integer", "inners": "an object"} {
		for kind, value := range values {
			body := with(fmt.Sprintf(`"%s": [%s]`, member, value))
			if kind == expected {
				check(t, op, body)
			} else {
				check(t, op, body, wrongType("/"+member+"/0", expected))
			}
		}
		check(t, op, with(fmt.Sprintf(`"%s": [null]`, member)), nullIn("/"+member+"/0"))
	}
	// Of the wrong type is not also missing.
	for _, value := range []string{"1", "true", "{}", "[]", `["c"]`} {
		check(t, op, edit(t, toyRequest, `"n"`, value), wrongType("/name", "a string"))
		check(t, op, edit(t, toyRequest, `"c"`, value), wrongType("/kind/code", "a string"))
	}
	for _, value := range []string{"1", "true", "[]", `"c"`} {
		check(t, op, edit(t, toyRequest, `{"code": "c"}`, value), wrongType("/kind", "an object"))
	}
	// Nothing inside of it is looked at.
	check(t, op, with(`"note": {"name": null, "x": [null, {}]}, "inner": [{"x": 1}, {}]`), wrongType("/note", "a string"), wrongType("/inner", "an object"))
}

// TestReadAbsent is null and [] for absent, and an object of nothing else for an empty one: a violation, and of a required one what it lacks is.
func TestReadAbsent(t *testing.T) {
	op := define(t, definition())
	got := accepted(t, op, with(`"pin": null, "small": null, "flag": null, "inner": null, "tags": [], "secrets": null, "numbers": [ ], "inners": [], "again": null`))
	if diff := cmp.Diff(map[string]string{"/name": "n", "/kind/code": "c", "/last": "l"}, got); diff != "" {
		t.Error(diff)
	}
	check(t, op, edit(t, toyRequest, `"n"`, "null"), noName)
	check(t, op, edit(t, toyRequest, `{"code": "c"}`, "null"), required("/kind/code"))
	check(t, op, edit(t, toyRequest, `"c"`, `null`), required("/kind/code"))
	check(t, op, edit(t, toyRequest, `"c"`, `null, "text": ""`), required("/kind/code"))
	check(t, op, with(`"inner": {}`), empty("/inner"), required("/inner/one"), required("/inner/three"))
	check(t, op, with(`"inner": {"two": null, "more": []}`), empty("/inner"), required("/inner/one"), required("/inner/three"))
	check(t, op, with(`"inner": {"two": ""}`), required("/inner/one"), required("/inner/three"))
	check(t, op, with(`"inner": {"two": 1}`), wrongType("/inner/two", "a string"), required("/inner/one"), required("/inner/three"))
	check(t, op, with(`"inners": [{}]`), empty("/inners/0"), required("/inners/0/one"), required("/inners/0/three"))
	check(t, op, with(`"inners": [{"one": "1", "three": "3"}, null, {"one": "1"}, null]`), nullIn("/inners/1"), required("/inners/2/three"), nullIn("/inners/3"))
	check(t, op, with(`"again": {"again": {"name": "x", "last": "y", "kind": {"code": "z"}}}`), required("/again/name").Knowing(noName.Params), required("/again/kind/code"), required("/again/last"))
	check(t, op, `{"name": null, "x": {}, "kind": {"code": null}}`,
		noName, unknown("/x", ""), required("/kind/code"), required("/last"))
}

// TestReadNames is of names that are unknown, doubled, or written in another way.
func TestReadNames(t *testing.T) {
	op := define(t, definition())
	for _, test := range []struct {
		name, members string
		want          []translate.Violation
	}{
		{"unknown", `"x": 1`, []translate.Violation{unknown("/x", "")}},
		{"unknown, whatever its value", `"x": {"y": [null, {}], "y": 1}`, []translate.Violation{unknown("/x", "")}},
		{"unknown, null", `"x": null`, []translate.Violation{unknown("/x", "")}},
		{"unknown twice", `"x": 1, "x": 2`, []translate.Violation{unknown("/x", "")}},
		{"another letter case", `"NAME": 1`, []translate.Violation{unknown("/NAME", "name")}},
		{"the vendor's name", `"Inners": 1`, []translate.Violation{unknown("/Inners", "inners")}},
		{"the vendor's name in another letter case", `"tAG": 1`, []translate.Violation{unknown("/tAG", "tags")}},
		{"empty", `"": 1`, []translate.Violation{unknown("/", "")}},
		{"long", `"` + strings.Repeat("é/", 60) + `": 1`, []translate.Violation{unknown("/"+strings.Repeat("é~1", 50)+"…", "")}},
		{"white space around", `"name ": 1`, []translate.Violation{unknown("/name ", "")}},
		{"with what a pointer escapes", `"a/b~c~1": 1`, []translate.Violation{unknown("/a~1b~0c~01", "")}},
		{"with an escape", `"\u0078": 1`, []translate.Violation{unknown("/x", "")}},
		{"with a quote and a line end", `"a\"\n": 1`, []translate.Violation{unknown("/a\"\n", "")}},
		{"with an escaped slash", `"a\/b": 1`, []translate.Violation{unknown("/a~1b", "")}},
		{"beyond ASCII", `"naïve": 1`, []translate.Violation{unknown("/naïve", "")}},
		{"with half of a surrogate pair", `"\ud800": 1`, []translate.Violation{unknown("/\ufffd", "")}},
		{"with invalid UTF-8", "\"\xff\": 1", []translate.Violation{unknown("/\ufffd", "")}},
		{"hidden members are none", `"-": 1`, []translate.Violation{unknown("/-", "")}},
		{"the name of Go's field", `"PIN": "1"`, []translate.Violation{unknown("/PIN", "pin")}},
		{"doubled", `"note": "a", "note": "b"`, []translate.Violation{duplicate("/note")}},
		{"doubled, once as null", `"note": null, "note": "b"`, []translate.Violation{duplicate("/note")}},
		{"doubled, written in another way", `"note": "a", "n\u006fte": "b"`, []translate.Violation{duplicate("/note")}},
		{"tripled", `"note": "a", "note": "b", "note": "c"`, []translate.Violation{duplicate("/note")}},
		{"doubled, the second of the wrong type", `"note": "a", "note": {"x": null}`, []translate.Violation{duplicate("/note")}},
		{"doubled, the first of the wrong type", `"note": 1, "note": "b"`, []translate.Violation{wrongType("/note", "a string"), duplicate("/note")}},
		{"doubled inside", `"inner": {"one": "1", "three": "3", "one": "1"}`, []translate.Violation{duplicate("/inner/one")}},
		{"doubled objects", `"inner": {"one": "1"}, "inner": {"three": "3"}`, []translate.Violation{duplicate("/inner"), required("/inner/three")}},
		{"doubled in an array", `"inners": [{"one": "1", "three": "3"}, {"one": "1", "three": "3", "three": "3"}]`, []translate.Violation{duplicate("/inners/1/three")}},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, op, with(test.members), test.want...) })
	}
	check(t, op, edit(t, toyRequest, `"last": "l"`, `"last": "l", "name": "n"`), duplicate("/name"))
	if got := accepted(t, op, edit(t, toyRequest, `"name"`, `"\u006e\u0061me"`)); got["/name"] != "n" {
		t.Errorf("an escaped name: %+v", got)
	}
}

// TestReadStrings takes them as they are, and refuses what XML cannot carry. Nothing is ever replaced.
func TestReadStrings(t *testing.T) {
	op := define(t, definition())
	value := func(s string) string { return with(`"note": "` + s + `", "pin": "` + s + `", "tags": ["` + s + `"]`) }
	for written, want := range map[string]string{
		``: ``, ` `: ` `, `a`: `a`, `\"\\\/\b`: "", `\t\n\r`: "\t\n\r", `\u0041`: `A`, `\u00e9`: `é`, `é`: `é`, `😀`: `😀`, `\ud83d\ude00`: `😀`,
		`\uD83D\uDE00`: `😀`, `<>&'`: `<>&'`, `]]>`: `]]>`, `&amp;lt;`: `&amp;lt;`, `\u2028\u2029`: "\u2028\u2029", "\u2028": "\u2028", `\ufffd`: "\ufffd",
		"\ufffd": "\ufffd", `\u007f\u0080`: "\u007f\u0080", "\x7f": "\x7f", `\ud7ff\ue000`: "\ud7ff\ue000", `\udbff\udfff`: "\U0010ffff", `\u202e`: "\u202e", `\\u0000`: `\u0000`,
	} {
		if written == `\"\\\/\b` {
			check(t, op, value(written), notXML("/note", "U+0008"), notXML("/pin", "U+0008"), notXML("/tags/0", "U+0008"))
			continue
		}
		got := accepted(t, op, value(written))
		if got["/note"] != want || got["/pin"] != want || got["/tags/0"] != want || len(got) != 6 {
			t.Errorf("%s: %q", written, got)
		}
	}
	for written, character := range map[string]string{
		`\u0000`: "U+0000", `a\u0001`: "U+0001", `\b`: "U+0008", `\f`: "U+000C", `\u000b`: "U+000B", `\u001f`: "U+001F", `\ufffe`: "U+FFFE", `\uffff`: "U+FFFF",
		"\ufffe": "U+FFFE", "é\uffff\ufffe": "U+FFFF", `\t\u0002\u0003`: "U+0002",
	} {
		check(t, op, value(written), notXML("/note", character), notXML("/pin", character), notXML("/tags/0", character))
	}
	for _, written := range []string{
		`\ud800`, `\udfff`, `\udc00\ud800`, `\ud800\ud800`, `\ud83dx`, `\ud83d\n`, "\xff", "\x80", "a\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", `\n` + "\xff", "\xff\\u0000", "\ufffd\xff",
	} {
		check(t, op, value(written), notUnicode("/note"), notUnicode("/pin"), notUnicode("/tags/0"))
	}
	// A required text that cannot be read is not also missing.
	check(t, op, edit(t, toyRequest, `"n"`, `"\u0000"`, `"c"`, `"\ud800"`), notXML("/name", "U+0000"), notUnicode("/kind/code"))
}

// TestReadNumbers takes integers of 32 and 64 bits, in the form of integers.
func TestReadNumbers(t *testing.T) {
	op := define(t, definition())
	got := accepted(t, op, with(`"small": -0, "large": -9223372036854775808, "numbers": [0, -1, 9223372036854775807]`))
	want := map[string]string{
		"/name": "n", "/kind/code": "c", "/last": "l", "/small": "0", "/large": "-9223372036854775808",
		"/numbers/0": "0", "/numbers/1": "-1", "/numbers/2": "9223372036854775807",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := accepted(t, op, with(`"small": 2147483647, "large": 2147483648`)); got["/small"] != "2147483647" || got["/large"] != "2147483648" {
		t.Errorf("%+v", got)
	}
	inexact := func(pointer string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.BadNumber, Detail: "This must be an integer, without a fraction or an exponent.", Params: map[string]any{"expected": "integer"}}
	}
	beyond := func(pointer string, low, high int64) translate.Violation {
		return translate.Violation{
			Pointer: pointer, Code: record.OutOfRange, Detail: fmt.Sprintf("From %d to %d.", low, high), Params: map[string]any{"min": low, "max": high},
		}
	}
	for _, number := range []string{"1.0", "0.0", "-1.5", "1e2", "1E2", "1e0", "1e-2", "-0e0", "1e400", "1.0e9999999"} {
		check(t, op, with(`"small": `+number+`, "large": `+number+`, "numbers": [`+number+`]`), inexact("/small"), inexact("/large"), inexact("/numbers/0"))
	}
	for _, number := range []string{"9223372036854775808", "-9223372036854775809", strings.Repeat("9", 5000)} {
		check(t, op, with(`"small": `+number+`, "large": `+number+`, "numbers": [`+number+`]`), beyond("/small", -1<<31, 1<<31-1),
			beyond("/large", -1<<63, 1<<63-1), beyond("/numbers/0", -1<<63, 1<<63-1))
	}
	for _, number := range []string{"2147483648", "-2147483649"} {
		check(t, op, with(`"small": `+number+`, "large": `+number), beyond("/small", -1<<31, 1<<31-1))
	}
}

// TestReadEverything reports structural and rule violations together, in the order of the document; what is missing comes where its
// object ends, in the order in which it is declared.
func TestReadEverything(t *testing.T) {
	d := definition()
	d.Rules = []rules.On{{Rules: []rules.Rule{rules.RequireAnyOf("pin", "note")}}}
	d.LastRule = func(_ *record.Record, report *record.Report) {
		report.Add(translate.Violation{Pointer: "/small", Code: "odd"})
	}
	oneOf := translate.Violation{Pointer: "/pin", Code: record.Required, Detail: "At least one of pin, note is required.", Params: map[string]any{"oneOf": []string{"pin", "note"}}}
	odd := translate.Violation{Pointer: "/small", Code: "odd"}
	op := define(t, d)
	for _, test := range []struct {
		name, body string
		want       []translate.Violation
	}{
		{"nothing there", `{}`, []translate.Violation{noName, oneOf, odd, required("/kind/code"), required("/last")}},
		{"rules before tags", `{"small": 1, "kind": {"code": " "}, "last": "l", "flag": 1}`, []translate.Violation{odd, required("/kind/code"), wrongType("/flag", "true or false"), noName, oneOf}},
		{"the members' own order", `{"last": "", "x": 1, "kind": {}, "tags": [null], "name": " "}`, []translate.Violation{
			required("/last"), unknown("/x", ""), required("/kind/code"), nullIn("/tags/0"), noName, oneOf, odd,
		}},
		{"objects inside end before those around", `{"inners": [{"two": 1}, {"three": "", "one": null}], "inner": {"more": [1]}, "note": "n", "flag": 0}`, []translate.Violation{
			wrongType("/inners/0/two", "a string"), required("/inners/0/one"), required("/inners/0/three"),
			required("/inners/1/three"), required("/inners/1/one"), wrongType("/inner/more/0", "a string"), required("/inner/one"), required("/inner/three"),
			wrongType("/flag", "true or false"), noName, odd, required("/kind/code"), required("/last"),
		}},
		{"members of a missing object among the missing ones", `{"note": "n", "small": 1, "kind": null, "again": {"name": "a"}}`, []translate.Violation{
			odd, required("/again/kind/code"), required("/again/last"), noName, required("/kind/code"), required("/last"),
		}},
		{"a duplicate member at its second place", `{"note": 1, "small": 1, "name": "n", "note": 2, "kind": {"code": "c"}, "last": 3}`, []translate.Violation{
			wrongType("/note", "a string"), odd, duplicate("/note"), wrongType("/last", "a string"),
		}},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, op, test.body, test.want...) })
	}
}

// TestReadMany bounds the violations of a hostile body, and the time that they take.
func TestReadMany(t *testing.T) {
	op := define(t, definition())
	const limit = 256 << 10
	for name, member := range map[string]string{"unknown members": "x", "nulls": ""} {
		var body strings.Builder
		body.WriteString("{")
		for i := 0; member != "" && body.Len() < limit-20; i++ {
			fmt.Fprintf(&body, `"%s%d":1,`, member, i)
		}
		if member == "" {
			body.WriteString(`"tags":[null` + strings.Repeat(",null", limit/5) + "],")
		}
		body.WriteString(`"name":""}`)
		start := time.Now()
		_, refusal := op.Read([]byte(body.String()))
		if refusal == nil || refusal.Code != translate.ValidationFailed || len(refusal.Violations) != record.MaxViolations || !refusal.Truncated {
			t.Errorf("%s: %.200v", name, refusal)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %s", name, took)
		}
	}
	few := toyRequest[1:]
	for i := range record.MaxViolations {
		few = fmt.Sprintf(`"x%d":1,%s`, i, few)
	}
	if _, refusal := op.Read([]byte("{" + few)); refusal == nil || len(refusal.Violations) != record.MaxViolations || refusal.Truncated {
		t.Errorf("as many as there may be: %.200v", refusal)
	}
}

// TestReadNeverEchoes plants a value in every place that a body has.
func TestReadNeverEchoes(t *testing.T) {
	op := define(t, definition())
	for _, body := range []string{
		`{"name": "planted` + strings.Repeat("x", 200) + `", "pin": {"planted": 1}, "small": "planted", "kind": {"code": ["planted"]}, "tags": "planted", "note": "planted\u0000", "last": ""}`,
		`{"name": "planted", planted}`,
		`{"name": "planted`,
		`"planted"`,
		`{} planted`,
	} {
		_, refusal := op.Read([]byte(body))
		if refusal == nil {
			t.Fatalf("%s is accepted", body)
		}
		if text := fmt.Sprintf("%+v %v", refusal, refusal.Cause); strings.Contains(text, "planted") {
			t.Errorf("%s", text)
		}
	}
}
