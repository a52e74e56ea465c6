package openapi_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"soapbridge/tests/openapi"
)

// TestTheRequestExamplesAreAccepted checks every example of a request with both. The end-to-end tests execute them.
func TestTheRequestExamplesAreAccepted(t *testing.T) {
	d := document(t)
	for _, op := range operations() {
		examples := openapi.Inside(d.Root, "paths", op.Path, "post", "requestBody", "content", "application/json", "examples")
		if len(examples) < 2 {
			t.Errorf("%s has %d examples", op.Name, len(examples))
		}
		for name := range examples {
			t.Run(op.Name+" "+name, func(t *testing.T) {
				value := d.Resolve(openapi.Inside(examples, name))["value"]
				body, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				if err := d.Accepts(d.RequestSchema("POST", op.Path), value); err != nil {
					t.Errorf("the document refuses it: %v", err)
				}
				if violations := openapi.ReaderOf(op)(body); violations != nil {
					t.Errorf("the API refuses it: %v", violations)
				}
			})
		}
	}
}

// described is a place of the document with a schema and examples of it.
type described struct {
	at       []string
	examples map[string]any
}

// examplesIn lists the examples beside schemas: of bodies, parameters and headers.
func examplesIn(d *openapi.Document, v any, at ...string) (list []described) {
	switch v := v.(type) {
	case openapi.Object:
		if examples := examplesOf(d, v); v["schema"] != nil && len(examples) > 0 {
			list = append(list, described{append([]string{}, append(at, "schema")...), examples})
		}
		for name, member := range v {
			list = append(list, examplesIn(d, member, append(at, name)...)...)
		}
	case []any:
		for i, item := range v {
			list = append(list, examplesIn(d, item, append(at, strconv.Itoa(i))...)...)
		}
	}
	return list
}

func examplesOf(d *openapi.Document, v openapi.Object) map[string]any {
	examples := map[string]any{}
	if example, ok := v["example"]; ok {
		examples["example"] = example
	}
	for name, example := range openapi.Inside(v, "examples") {
		examples[name] = d.Resolve(example.(openapi.Object))["value"]
	}
	return examples
}

// TestEveryExampleObeysItsSchema checks the examples of bodies, parameters and headers against the schemas beside them. Members that are
// not listed are errors.
func TestEveryExampleObeysItsSchema(t *testing.T) {
	d := document(t)
	n := 0
	for _, place := range examplesIn(d, d.Root) {
		for name, example := range place.examples {
			n++
			if err := d.AcceptsAll(openapi.Pointer(place.at...), example); err != nil {
				t.Errorf("%s, %s: %v", strings.Join(place.at, " "), name, err)
			}
		}
	}
	if n < 40 {
		t.Errorf("there are only %d examples", n)
	}
}

// TestEveryPropertyShowsAnExampleOfItself holds the examples of single properties against their schemas.
func TestEveryPropertyShowsAnExampleOfItself(t *testing.T) {
	d := document(t)
	n := 0
	for schema, value := range openapi.Inside(d.Root, "components", "schemas") {
		for name, property := range openapi.Inside(value.(openapi.Object), "properties") {
			examples, _ := property.(openapi.Object)["examples"].([]any)
			for _, example := range examples {
				n++
				if err := d.Accepts(openapi.Pointer("components", "schemas", schema, "properties", name), example); err != nil {
					t.Errorf("%s.%s: %v", schema, name, err)
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d properties have examples", n)
	}
}
