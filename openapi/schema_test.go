package openapi

import (
	"bytes"
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

// TestSchemaOfAShape lets the schema and the reader judge each body: both must find the same.
func TestSchemaOfAShape(t *testing.T) {
	s := handMade(t)
	set, err := rules.Compile(s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	op := Operation{Name: "Order", Request: s, Response: s, Rules: set}
	all := schemas{names: newComponents([]Operation{op}, nil), done: map[string]bool{}}
	direction{&all, &op, false}.request(s)
	schema := compiled(t, all.all, "Order")
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
			body := []byte("{" + c.members + "}")
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			report := &record.Report{}
			r, err := record.ReadJSON(body, s, report)
			if err != nil {
				t.Fatal(err)
			}
			set.Check(r, report)
			refusal := schema.Validate(value)
			if (refusal == nil) != c.accepted || (len(report.Violations) == 0) != c.accepted {
				t.Errorf("the schema finds %v, the reader %v", refusal, report.Violations)
			}
		})
	}
}

// TestOlderSchemas: what OpenAPI 3.0.3 lacks is expressed with its keywords, or left out.
func TestOlderSchemas(t *testing.T) {
	for name, c := range map[string]struct{ schema, want object }{
		"an example":               {object{{"type", "string"}, {"examples", list{"a", "b"}}}, object{{"type", "string"}, {"example", "a"}}},
		"several types":            {object{{"type", list{"number", "string"}}}, object{{"type", "number"}}},
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
