package openapi_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/tests/kit"
	"soapbridge/tests/openapi"
	"soapbridge/translate/shape"
)

// operationIDs are what generated clients call their functions, beside the operations of the vendors: one that changes breaks them all.
var operationIDs = map[string]string{
	"GET /v1/operations":                           "ListOperations",
	"GET /v1/operations/{operationId}":             "ShowOperation",
	"POST /v1/operations/{operationId}/resolution": "SettleOperation",
	"GET /v1/operations-catalogue":                 "ShowCatalogue",
	"POST /v1/tools/decode":                        "DecodeReply",
	"GET /livez":                                   "ShowLiveness",
	"GET /readyz":                                  "ShowReadiness",
}

func TestOperationIDsAreStable(t *testing.T) {
	found := map[string]string{}
	for route, operation := range document(t).Operations() {
		found[route] = fmt.Sprint(operation["operationId"])
	}
	want := maps.Clone(operationIDs)
	for _, op := range kit.Operations {
		want["POST "+op.Path] = op.Name
		want["POST "+op.Path+"/preview"] = "Preview" + op.Name
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(- is known to clients, + is in the document)\n%s", diff)
	}
	ids := slices.Sorted(maps.Values(found))
	if len(slices.Compact(ids)) != len(found) {
		t.Errorf("one operationId is there twice: %q", ids)
	}
}

func TestEveryOperationIsInTheDocument(t *testing.T) {
	documented := document(t).Operations()
	for _, op := range operations() {
		found := documented["POST "+op.Path]
		if found["operationId"] != op.Name || openapi.Inside(found, "responses", strconv.Itoa(op.Status)) == nil || document(t).RequestSchema("POST", op.Path) == "" {
			t.Errorf("%s: %v", op.Name, found)
		}
	}
}

var schemaName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

func TestEverySchemaCanBeRead(t *testing.T) {
	d := document(t)
	for name := range openapi.Inside(d.Root, "components", "schemas") {
		if !schemaName.MatchString(name) {
			t.Errorf("a schema is called %s", name)
		}
		// Any value will do: the error of a schema that cannot be compiled does not depend on it.
		if err := d.AcceptsAll(openapi.Pointer("components", "schemas", name), nil); err != nil && strings.HasPrefix(err.Error(), "the schema") {
			t.Error(err)
		}
	}
	references(t, d.Root, func(ref string) {
		if openapi.At(d.Root, strings.TrimPrefix(ref, "#")) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	})
}

// references visits every reference inside a value.
func references(t *testing.T, v any, visit func(string)) {
	t.Helper()
	switch v := v.(type) {
	case openapi.Object:
		for name, member := range v {
			if ref, ok := member.(string); ok && name == "$ref" {
				visit(ref)
			}
			references(t, member, visit)
		}
	case []any:
		for _, item := range v {
			references(t, item, visit)
		}
	}
}

// TestEveryMemberIsInTheDocument compares the members of the requests with the properties of their schemas, in both directions.
func TestEveryMemberIsInTheDocument(t *testing.T) {
	secrets := 0
	for _, op := range operations() {
		root := openapi.Object{"$ref": "#" + document(t).RequestSchema("POST", op.Path)}
		secrets += checkMembers(t, op.Name, root, op.RequestShape)
	}
	if secrets < 8 {
		t.Errorf("only %d secrets are in the document", secrets)
	}
}

func checkMembers(t *testing.T, at string, schema openapi.Object, of *shape.Shape) (secrets int) {
	t.Helper()
	schema = document(t).Resolve(schema)
	properties := openapi.Inside(schema, "properties")
	if len(properties) != len(of.Fields) || schema["additionalProperties"] != false {
		t.Errorf("%s: the schema has %d properties, the request %d; others: %v", at, len(properties), len(of.Fields), schema["additionalProperties"])
	}
	for i := range of.Fields {
		f := &of.Fields[i]
		property, ok := properties[f.Name].(openapi.Object)
		if !ok {
			t.Errorf("%s has no property %s", at, f.Name)
			continue
		}
		if items := openapi.Inside(property, "items"); (items != nil) != f.Repeated {
			t.Errorf("%s/%s: an array in one and none in the other", at, f.Name)
		} else if f.Repeated {
			property = items
		}
		if f.Object != nil {
			secrets += checkMembers(t, at+"/"+f.Name, property, f.Object)
			continue
		}
		if isSecret := property["writeOnly"] == true && property["format"] == "password"; isSecret != f.Secret {
			t.Errorf("%s/%s: secret in one and not in the other: %v", at, f.Name, property)
		}
		if f.Secret {
			secrets++
		}
	}
	return secrets
}
