package corpus

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"soapbridge/tests/openapi"
)

func documentOf(t *testing.T, schemas string) *openapi.Document {
	t.Helper()
	d, err := openapi.Parse([]byte(`{"components": {"schemas": {` + schemas + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestInstances(t *testing.T) {
	for _, test := range []struct {
		name, schema string
		want         []string
	}{
		{"members and items", `{"type": "object", "required": ["a"], "properties": {"a": {"const": "v"}, "b": {"type": "array", "items": {"enum": [1, 2]}},
			"c": {"type": "array", "minItems": 3, "items": {"type": "boolean"}}, "d": {"type": "array", "maxItems": 1, "items": {"type": "boolean"}}}}`,
			[]string{`{"a":"v"}`, `{"a":"v","b":[1,1],"c":[true,true,true],"d":[true]}`}},
		{"the example that the facets allow", `{"type": "string", "examples": ["abcd", "ab"], "maxLength": 3}`, []string{`"ab"`}},
		{"limits of numbers", `{"type": "number", "minimum": 2.5, "maximum": 2.75}`, []string{`2.75`}},
		{"null in the second full instance", `{"type": "object", "properties": {"a": {"type": ["string", "null"]},
			"b": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}`, []string{`{}`, `{"a":"text","b":1}`, `{"a":null,"b":null}`}},
		{"exactly one of", `{"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 1}, "c": {"const": 1}, "d": {"const": 1}},
			"oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}`, []string{`{"a":1}`, `{"a":1,"d":1}`, `{"b":1,"c":1,"d":1}`}},
		{"at most one of", `{"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 1}},
			"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}}]}`,
			[]string{`{}`, `{"a":1}`, `{"b":1}`}},
		{"not both", `{"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 1}}, "not": {"required": ["a", "b"]}}`,
			[]string{`{}`, `{"b":1}`, `{"a":1}`}},
		{"subtypes", `{"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}`,
			[]string{`{"type":"Cat"}`, `{"name":"text","type":"Cat"}`, `{"type":"Dog"}`}},
		{"subtypes in an array", `{"type": "array", "items": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}}`,
			[]string{`[]`, `[{"name":"text","type":"Cat"},{"type":"Dog"}]`}},
		{"a condition", `{"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x", "y"]}, "b": {"type": "string"}, "c": {"const": 1}},
			"allOf": [{"if": {"properties": {"a": {"const": "x"}}}, "then": {"required": ["b"], "properties": {"b": {"pattern": "^[0-9]{2}$"}, "c": false}}}]}`,
			[]string{`{"a":"x","b":"00"}`, `{"a":"y","b":"text","c":1}`}},
		{"one that must not be empty", `{"type": "object", "minProperties": 1, "properties": {"a": {"const": 1}, "b": {"const": 1}}}`,
			[]string{`{"a":1}`, `{"a":1,"b":1}`}},
		{"recursion", `{"$ref": "#/components/schemas/Tree"}`, []string{`{}`, `{"next":{"next":{}}}`}},
		{"recursion that null ends", `{"$ref": "#/components/schemas/List"}`,
			[]string{`{"next":{"next":{"next":null}}}`, `{"next":null}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := documentOf(t, `"S": `+test.schema+`,
				"Cat": {"type": "object", "required": ["type"], "properties": {"type": {"const": "Cat"}, "name": {"type": "string"}, "none": false}},
				"Dog": {"type": "object", "required": ["type"], "properties": {"type": {"const": "Dog"}}},
				"Tree": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Tree"}}},
				"List": {"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#/components/schemas/List"}, {"type": "null"}]}}}`)
			list, err := Generate(d, "/components/schemas/S")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range list {
				got = append(got, string(i.JSON))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestTexts relies on the generator's own check: a text that its schema refuses is an error.
func TestTexts(t *testing.T) {
	for _, schema := range []string{
		`"pattern": "^[A-Z]{2}[0-9]{6,8}$"`, `"pattern": "^(?:(A|BB)+-)?\\d{3}$"`, `"pattern": "^[^a-z]+@.$"`, `"pattern": "^\\p{Lu}\\p{Nd}\\p{Zs}$"`,
		`"pattern": "^[a-z]*$", "minLength": 20`, `"pattern": "^.{1,900}$", "minLength": 300`, `"pattern": "^(a|bb|ccc)$", "minLength": 3`, `"pattern": "\\S", "maxLength": 1`,
		`"pattern": "^([0-9]{3}[1-9]|[1-9]000)-(0[1-9]|1[0-2])$"`, `"allOf": [{"pattern": "^[a-z]+$"}, {"pattern": "^...$"}]`, `"not": {"enum": ["text", ""]}`,
		`"format": "date-time"`, `"format": "uuid"`, `"format": "email", "minLength": 10`, `"contentMediaType": "application/xml", "examples": ["<a/>"]`,
	} {
		d := documentOf(t, `"S": {"type": "string", `+schema+`}`)
		list, err := Generate(d, "/components/schemas/S")
		if err != nil {
			t.Errorf("%s: %v", schema, err)
			continue
		}
		t.Logf("%s: %s", schema, list[0].JSON)
	}
}

func TestWhatHasNoInstance(t *testing.T) {
	for _, schema := range []string{
		`{"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/S"}}}`,
		`{"type": "string", "minLength": 3, "maxLength": 2}`,
		`{"type": "object", "required": ["a"], "properties": {"a": false}}`,
		`{"type": "string", "contentMediaType": "application/xml"}`,
	} {
		if list, err := Generate(documentOf(t, `"S": `+schema), "/components/schemas/S"); err == nil {
			t.Errorf("%s: %s", schema, list[0].JSON)
		}
	}
}

// TestInstancesOfTheDocument takes the schemas with the most rules there are. The full instances together hold every member that is described.
func TestInstancesOfTheDocument(t *testing.T) {
	d, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range openapi.Inside(d.Root, "components", "schemas") {
		list, err := Generate(d, "/components/schemas/"+name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		missing := openapi.Inside(schema.(openapi.Object), "properties")
		missing = maps.Clone(missing)
		for _, i := range list {
			var o map[string]any
			_ = json.Unmarshal(i.JSON, &o)
			for member := range o {
				delete(missing, member)
			}
		}
		if len(missing) > 0 {
			t.Errorf("%s: no instance has %v", name, slices.Sorted(maps.Keys(missing)))
		}
	}
}
