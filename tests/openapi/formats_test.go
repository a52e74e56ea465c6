package openapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"soapbridge/tests/openapi"
)

// TestOthersReadTheDocuments: a library that many tools are built on reads each format and finds no mistake, and all have the same operations.
func TestOthersReadTheDocuments(t *testing.T) {
	load := map[string]func(text []byte) (*openapi3.T, error){
		"openapi.json": openapi3.NewLoader().LoadFromData, "openapi.yaml": openapi3.NewLoader().LoadFromData, "openapi-3.0.json": openapi3.NewLoader().LoadFromData,
		"swagger.json": func(text []byte) (*openapi3.T, error) {
			var old openapi2.T
			if err := json.Unmarshal(text, &old); err != nil {
				return nil, err
			}
			return openapi2conv.ToV3(&old)
		},
	}
	for name, load := range load {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(openapi.Path), name))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := load(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := doc.Validate(t.Context()); err != nil {
				t.Error(err)
			}
			found := 0
			for _, item := range doc.Paths.Map() {
				found += len(item.Operations())
			}
			if want := len(document(t).Operations()); found != want {
				t.Errorf("%d operations, want %d", found, want)
			}
		})
	}
}

// TestOlderDocumentsHaveNoConditions: generators stop at them. The documents list the schemas that have some in OpenAPI 3.1.
func TestOlderDocumentsHaveNoConditions(t *testing.T) {
	conditions := []string{"if", "then", "else", "not", "anyOf", "oneOf", "allOf", "const", "examples"}
	for _, name := range []string{"openapi-3.0.json", "swagger.json"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(openapi.Path), name))
		if err != nil {
			t.Fatal(err)
		}
		var root openapi.Object
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		schemas := openapi.Inside(root, "components", "schemas")
		if schemas == nil {
			schemas = openapi.Inside(root, "definitions")
		}
		if len(schemas) < 30 {
			t.Errorf("%s has %d schemas", name, len(schemas))
		}
		about, _ := openapi.Inside(root, "info")["description"].(string)
		for schema, s := range openapi.Inside(document(t).Root, "components", "schemas") {
			has := func(keyword string) bool { return s.(openapi.Object)[keyword] != nil }
			if slices.ContainsFunc(conditions, has) != regexp.MustCompile(`\b`+schema+`\b`).MatchString(about) {
				t.Errorf("%s: whether %s has conditions is not what the description says", name, schema)
			}
		}
		for schema, s := range schemas {
			if name == "swagger.json" {
				for member, p := range openapi.Inside(schemas, schema, "properties") {
					if p.(openapi.Object)["writeOnly"] != nil {
						t.Errorf("%s.%s is writeOnly, which Swagger 2.0 does not know", schema, member)
					}
				}
			}
			for _, keyword := range conditions {
				if openapi.Inside(schemas, schema)[keyword] != nil {
					t.Errorf("%s: the schema %s has %s: %v", name, schema, keyword, s)
				}
			}
		}
	}
}
