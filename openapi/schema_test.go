package openapi

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

func field(name string, kind shape.Kind, change func(*shape.Field)) shape.Field {
	f := shape.Field{Name: name, Wire: xml.Name{Local: name}, Kind: kind, Example: "x"}
	if kind != shape.String && kind != shape.XML {
		f.Example = "7"
	}
	if change != nil {
		change(&f)
	}
	return f
}

// handMade has everything that a vendor's schema may have, and no Go type.
func handMade(t *testing.T) *shape.Shape {
	t.Helper()
	two, six, fixed := 2, 6, "1.0"
	low, high := int64(1), int64(9)
	note := &shape.Shape{Name: "Note", Type: xml.Name{Local: "Note"}, Fields: []shape.Field{field("text", shape.String, nil)}}
	signed := &shape.Shape{Name: "Signed", Type: xml.Name{Local: "Signed"}, Fields: []shape.Field{
		field("text", shape.String, nil), field("by", shape.String, func(f *shape.Field) { f.Required = true }),
	}}
	note.Subtypes, note.Discriminator = []*shape.Shape{note, signed}, "type"
	signed.Subtypes, signed.Discriminator = []*shape.Shape{signed}, "type"
	part := &shape.Shape{Name: "Part", Fields: []shape.Field{field("name", shape.String, nil)}}
	part.Fields = append(part.Fields, field("parts", shape.Object, func(f *shape.Field) { f.Object, f.Repeated = part, true }))
	s := &shape.Shape{Name: "Order", Choices: []shape.Choice{{Branches: shape.OneOf(5, 6)}}, Fields: []shape.Field{
		field("version", shape.String, func(f *shape.Field) { f.Fixed = &fixed }),
		field("code", shape.String, func(f *shape.Field) {
			f.Facets = shape.Facets{MinLength: &two, MaxLength: &six, Patterns: []string{"[A-Z]+[0-9]*"}}
		}),
		field("day", shape.String, func(f *shape.Field) { f.Nillable, f.Facets.Form = true, shape.Date }),
		field("count", shape.Integer, func(f *shape.Field) { f.Facets.Min, f.Facets.Max = &low, &high }),
		field("tags", shape.String, func(f *shape.Field) { f.Repeated, f.MinItems, f.MaxItems = true, 1, 2 }),
		field("card", shape.String, nil),
		field("cash", shape.Boolean, func(f *shape.Field) { f.Example = "true" }),
		field("root", shape.Object, func(f *shape.Field) { f.Object = part }),
		field("note", shape.Object, func(f *shape.Field) { f.Object = note }),
		field("kind", shape.String, func(f *shape.Field) { f.Facets.Enum = []string{"A", "B"} }),
	}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaOfAShape lets the schema and the reader judge each body: both must find the same.
func TestSchemaOfAShape(t *testing.T) {
	s := handMade(t)
	judge := newJudge(t, s)
	for _, c := range []struct {
		members  string
		accepted bool
	}{
		{`"tags": ["a"], "card": "c"`, true},
		{`"tags": ["a"], "cash": true`, true},
		{`"tags": ["a"], "cash": true, "card": "c"`, false},
		{`"tags": ["a"]`, false},
		{`"tags": ["a", "b", "c"], "card": "c"`, false},
		{`"tags": ["a"], "card": "c", "version": "1.0"`, true},
		{`"tags": ["a"], "card": "c", "version": "2.0"`, false},
		{`"tags": ["a"], "card": "c", "code": "AB1"`, true},
		{`"tags": ["a"], "card": "c", "code": "A"`, false},
		{`"tags": ["a"], "card": "c", "code": "ab"`, false},
		{`"tags": ["a"], "card": "c", "code": "xAB"`, false},
		{`"tags": ["a"], "card": "c", "code": "ABCDEFG"`, false},
		{`"tags": ["a"], "card": "c", "day": "2026-02-28"`, true},
		{`"tags": ["a"], "card": "c", "day": "2026-02-30"`, false},
		{`"tags": ["a"], "card": "c", "day": null`, true},
		{`"tags": ["a"], "card": "c", "count": 9`, true},
		{`"tags": ["a"], "card": "c", "count": 10`, false},
		{`"tags": ["a"], "card": "c", "count": "9"`, false},
		{`"tags": ["a"], "card": "c", "kind": "B"`, true},
		{`"tags": ["a"], "card": "c", "kind": "C"`, false},
		{`"tags": ["a"], "card": "c", "root": {"name": "r", "parts": [{"name": "p", "parts": [{"name": "q"}]}]}`, true},
		{`"tags": ["a"], "card": "c", "root": {"parts": [{"parts": [{"surprise": "q"}]}]}`, false},
		{`"tags": ["a"], "card": "c", "root": {}`, false},
		{`"tags": ["a"], "card": "c", "note": {"text": "t"}`, true},
		{`"tags": ["a"], "card": "c", "note": {"type": "Note", "text": "t"}`, true},
		{`"tags": ["a"], "card": "c", "note": {"type": "Signed", "by": "b"}`, true},
		{`"tags": ["a"], "card": "c", "note": {"by": "b"}`, false},
		{`"tags": ["a"], "card": "c", "note": {"type": "Signed"}`, false},
		{`"tags": ["a"], "card": "c", "note": {"type": "Other", "text": "t"}`, false},
		{`"tags": ["a"], "card": "c", "surprise": 1`, false},
	} {
		t.Run(c.members, func(t *testing.T) {
			judge.check(t, "{"+c.members+"}", c.accepted)
		})
	}
}

// judge is the schema and the reader of one shape.
type judge struct {
	shape  *shape.Shape
	set    *rules.Set
	schema *jsonschema.Schema
}

func newJudge(t *testing.T, s *shape.Shape) judge {
	t.Helper()
	set, err := rules.Compile(s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	op := Operation{Name: "Order", Request: s, Response: s, Rules: set}
	all := schemas{names: newComponents([]Operation{op}, nil), done: map[string]bool{}}
	direction{&all, &op, false}.request(s)
	return judge{s, set, compiled(t, all.all, s.Name)}
}

// compiled is a schema of a document, for another library to judge by.
func compiled(t *testing.T, all object, name string) *jsonschema.Schema {
	t.Helper()
	text, err := object{{"components", object{{"schemas", all}}}}.text()
	if err != nil {
		t.Fatal(err)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource("doc.json", root); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("doc.json#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// check requires the same verdict of both.
func (j judge) check(t *testing.T, body string, accepted bool) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	report := &record.Report{}
	r, err := record.ReadJSON([]byte(body), j.shape, report)
	if err != nil {
		t.Fatal(err)
	}
	j.set.Check(r, report)
	refusal := j.schema.Validate(value)
	if (refusal == nil) != accepted || (len(report.Violations) == 0) != accepted {
		t.Errorf("%s: the schema finds %v, the reader %v", body, refusal, report.Violations)
	}
}

// TestSchemasOfLeaves does the same for the facets of XML Schema.
func TestSchemasOfLeaves(t *testing.T) {
	one, two, three, fixed, low, high := 1, 2, 3, "F", int64(1), int64(9)
	number := func(n shape.NumberFacets) shape.Facets { return shape.Facets{Form: shape.Number, Number: &n} }
	text := func(facets shape.Facets) func(*shape.Field) { return func(f *shape.Field) { f.Facets = facets } }
	for _, c := range []struct {
		name              string
		kind              shape.Kind
		change            func(*shape.Field)
		accepted, refused string // values of JSON, with a space between each two
	}{
		{"decimal", shape.String, text(number(shape.NumberFacets{MaxFractionDigits: -1})), `"1" "-1.50" "007.1" "0"`, `"+1" ".5" "5." "1e5" "" "\u00201" 1`},
		{"money", shape.String, text(number(shape.NumberFacets{Min: "0", TotalDigits: 4, MaxFractionDigits: 2})), `"1234" "12.34" "123.4" "0" "00012.34"`, `"12345" "123.45" "1.234" "-1" "-0"`},
		{"fraction alone", shape.String, text(number(shape.NumberFacets{TotalDigits: 2, MaxFractionDigits: -1})), `"0.05" "00.05" "1.5" "12"`, `"1.05" "0.005" "123"`},
		{"whole", shape.String, text(number(shape.NumberFacets{})), `"123456789012345678901234567890" "-5"`, `"1.0" "a"`},
		{"float", shape.Float, nil, `1 -1.5e3 "INF" "-INF" "NaN" 0`, `"1" "inf" "x" true`},
		{"float, bounds", shape.Float, func(f *shape.Field) {
			f.Facets.Number = &shape.NumberFacets{Min: "0", Max: "1e+01", MaxExclusive: true}
		}, `0 9.99 1e0`, `-0.1 10 1e400 "INF" "NaN" "5"`},
		{"float, lower bound", shape.Float, func(f *shape.Field) { f.Facets.Number = &shape.NumberFacets{Min: "0", MinExclusive: true} }, `0.1 "INF"`, `0 "-INF" "NaN"`},
		{"float, upper bound, or nil", shape.Float, func(f *shape.Field) { f.Nillable, f.Facets.Number = true, &shape.NumberFacets{Max: "5"} }, `5 "-INF" null`, `5.1 "INF" "NaN"`},
		{"integers", shape.Integer, func(f *shape.Field) { f.Facets.Enum, f.Facets.Min, f.Facets.Max = []string{"1", "5"}, &low, &high }, `1 5`, `2 0 "1"`},
		{"date", shape.String, text(shape.Facets{Form: shape.XSDDate}), `"2026-11-21" "2024-02-29Z" "12024-02-29+14:00" "2000-02-29"`, `"2026-02-29" "1900-02-29" "0000-01-01" "02026-01-01" "2026-04-31" "2026-01-01+14:01" ""`},
		{"dateTime", shape.String, text(shape.Facets{Form: shape.XSDDateTime}), `"2026-11-21T09:30:00" "2024-02-29T23:59:59.123456789Z"`, `"2026-11-21T24:00:00" "2026-02-29T09:30:00" "2026-11-21"`},
		{"collapsed", shape.String, text(shape.Facets{Form: shape.Collapsed, MaxLength: &three}), `"" "a\u0020b" "é" "\u00a0"`, `"\u0020a" "a\u0020" "\t" "abcd" "a\u0020\u0020b"`},
		{"one line", shape.String, text(shape.Facets{Form: shape.OneLine}), `"" "\u0020a\u0020\u0020b"`, `"a\nb" "\t" "\r"`},
		{"base64", shape.String, text(shape.Facets{Form: shape.Base64, MaxLength: &three}), `"" "AA==" "AAE=" "AAAA"`, `"AB==" "AAAAAA==" "A" "AAAA\n" "-_==" "AA"`},
		{"hex", shape.String, text(shape.Facets{Form: shape.Hex, MinLength: &one, MaxLength: &two}), `"00" "aF01"`, `"" "0" "0g" "000000"`},
		{"list", shape.String, text(shape.Facets{Form: shape.List, MinLength: &one, MaxLength: &two}), `"a" "a\u0020b"`, `"" "a\u0020b\u0020c" "a\u0020\u0020b" "a\u0020"`},
		{"list of patterns", shape.String, text(shape.Facets{Form: shape.List, MinLength: &two, Patterns: []string{`(?:[0-9](?: [0-9])*)?`}}), `"1\u00202" "1\u00202\u00203"`, `"" "1" "1\u0020a"`},
		{"two patterns", shape.String, text(shape.Facets{Patterns: []string{`[a-z]+|[0-9]+`, `.{2}`}}), `"ab" "12"`, `"a1" "abc" "a" "xab"`},
		{"required", shape.String, func(f *shape.Field) { f.Required, f.Facets.Patterns = true, []string{`[ a]*`} }, `"a" "\u0020a"`, `"" "\u0020" "b"`},
		{"required of a list", shape.String, func(f *shape.Field) { f.Required, f.Facets.Enum = true, []string{"", "A"} }, `"A"`, `"" "B"`},
		{"an enumeration, or nil", shape.String, func(f *shape.Field) { f.Nillable, f.Facets.Enum = true, []string{"", "A"} }, `"A" "" null`, `"B"`},
		{"fixed, or nil", shape.String, func(f *shape.Field) { f.Nillable, f.Fixed = true, &fixed }, `"F" null`, `"G"`},
		{"empty", shape.String, text(shape.Facets{MaxLength: new(int)}), `""`, `"a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shape.Shape{Name: "Leaf", Fields: []shape.Field{field("v", c.kind, c.change)}}
			if err := s.Index(); err != nil {
				t.Fatal(err)
			}
			judge := newJudge(t, s)
			for value := range strings.FieldsSeq(c.accepted) {
				judge.check(t, `{"v":`+value+`}`, true)
			}
			for value := range strings.FieldsSeq(c.refused) {
				judge.check(t, `{"v":`+value+`}`, false)
			}
		})
	}
}

// TestWordsOfAField: what a schema says to people.
func TestWordsOfAField(t *testing.T) {
	one := "1"
	f := field("v", shape.Integer, func(f *shape.Field) {
		f.About, f.Default, f.Facets = "How\n many.", &one, shape.Facets{Enum: []string{"1", "2"}, EnumNotes: map[string]string{"2": "a pair."}}
	})
	got, err := direction{&schemas{}, &Operation{Prefix: "Imported"}, false}.property(&shape.Shape{Name: "S"}, &f).text()
	const want = `{"type":"integer","format":"int64","examples":[7],"default":1,"enum":[1,2],"description":"Howmany.2:apair."}`
	if flat := strings.Join(strings.Fields(string(got)), ""); err != nil || flat != want {
		t.Errorf("%v: got %s", err, flat)
	}
	if got := leaf(&shape.Field{Kind: shape.XML}); got.get("contentMediaType") != "application/xml" {
		t.Errorf("%v", got)
	}
	if got := inJSON(&shape.Field{Kind: shape.Float}, "-INF"); got != "-INF" {
		t.Errorf("%v", got)
	}
}

// TestOlderSchemas: what OpenAPI 3.0.3 lacks is expressed with its keywords, or left out.
func TestOlderSchemas(t *testing.T) {
	for name, c := range map[string]struct{ schema, want object }{
		"an example":               {object{{"type", "string"}, {"examples", list{"a", "b"}}}, object{{"type", "string"}, {"example", "a"}}},
		"several types":            {object{{"type", list{"number", "string"}}}, object{{"type", "number"}}},
		"a constant of a list":     {object{{"const", "a"}, {"enum", list{"a", "b"}}}, object{{"enum", list{"a"}}}},
		"a constant":               {object{{"const", "a"}}, object{{"enum", list{"a"}}}},
		"words beside a reference": {object{{"$ref", "#/x"}, {"description", "d"}}, object{{"allOf", list{object{{"$ref", "#/x"}}}}, {"description", "d"}}},
		"a reference":              {object{{"$ref", "#/x"}}, object{{"$ref", "#/x"}}},
		"null beside an object":    {object{{"anyOf", list{object{{"$ref", "#/x"}}, object{{"type", "null"}}}}}, object{{"$ref", "#/x"}}},
		"a union":                  {object{{"oneOf", list{object{{"$ref", "#/x"}}}}}, object{{"oneOf", list{object{{"$ref", "#/x"}}}}}},
		"a union of subtypes": {
			object{{"oneOf", list{object{{"$ref", "#/x"}}, object{{"allOf", list{object{{"$ref", "#/y"}}, object{{"required", list{"type"}}}}}}}}},
			object{{"anyOf", list{object{{"$ref", "#/x"}}, object{{"$ref", "#/y"}}}}},
		},
		"null beside a union": {
			object{{"anyOf", list{object{{"anyOf", list{object{{"$ref", "#/x"}}}}}, object{{"type", "null"}}}}, {"description", "d"}},
			object{{"anyOf", list{object{{"$ref", "#/x"}}}}, {"description", "d"}},
		},
		"null among values":  {object{{"type", list{"string", "null"}}, {"enum", list{"A", nil}}}, object{{"type", "string"}, {"enum", list{"A"}}}},
		"a text that is XML": {object{{"type", "string"}, {"contentMediaType", "application/xml"}}, object{{"type", "string"}}},
		"conditions":         {object{{"type", "object"}, {"if", object{}}, {"then", object{}}, {"allOf", list{object{{"required", list{"a"}}}}}}, object{{"type", "object"}}},
		"inside": {
			object{{"properties", object{{"if", object{{"const", 1}}}}}, {"items", object{{"const", 1}}}},
			object{{"properties", object{{"if", object{{"enum", list{1}}}}}}, {"items", object{{"enum", list{1}}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err1 := lower(c.schema).text()
			want, err2 := c.want.text()
			if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
				t.Errorf("got %s want %s", got, want)
			}
		})
	}
}

func TestExampleOfAShape(t *testing.T) {
	const want = `{"version":"1.0","code":"x","day":"x","count":7,"tags":["x"],"card":"x","root":{"name":"x","parts":[{"name":"x"}]},"note":{"text":"x"},"kind":"x"}`
	if got := string(newExamples().request(handMade(t), false)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestObjectsKeepTheirOrder(t *testing.T) {
	const text = `{"z":1,"a":{"b":"old","/~":[{"c":true},{"d":null,"c":false}]},"m":[]}`
	words, err := readWords([]byte(`{"info":` + text + `}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := words.Info.text()
	if err != nil {
		t.Fatal(err)
	}
	var flat bytes.Buffer
	for _, b := range got {
		if b != ' ' && b != '\n' {
			flat.WriteByte(b)
		}
	}
	if flat.String() != text {
		t.Errorf("got %s", flat.String())
	}
}

// TestNamesOfOtherScripts differ, keep their letters that a component may have, and do not depend on which others there are.
func TestNamesOfOtherScripts(t *testing.T) {
	for name, want := range map[string]string{
		"ParcelsAddress": "ParcelsAddress", "Straße": "Stra_e_58a3778c", "ParcelsАдрес": "Parcels_bd5cbada", "ParcelsЗапрос": "Parcels_7d697c77", "ParcelsЗапросResult": "Parcels_Result_d62da09c",
	} {
		if got := componentName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
