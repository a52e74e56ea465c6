package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggo/swag"

	"soapbridge/translate"
	"soapbridge/translate/shape"
)

// node is an object of the Swagger 2.0 document that swag makes.
type node = map[string]any

// collect reads what is written above the operations, the handlers, and the types that they name and their members, and returns words.json.
func collect(ops []translate.Operation) (node, error) {
	p := swag.New(swag.SetDebugger(log.New(io.Discard, "", 0)))
	p.ParseVendor = false
	if err := p.ParseAPIMultiSearchDir([]string{"openapi/gen", "openapi", "translate", "api"}, "info.go", 1); err != nil {
		return nil, fmt.Errorf("swag: %w", err)
	}
	text, err := json.Marshal(p.GetSwagger())
	if err != nil {
		return nil, err
	}
	var doc node
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if err := shortNames(doc); err != nil {
		return nil, err
	}
	return words(doc, ops)
}

// shortNames takes the names of Go packages from those of the schemas: two of one name are a mistake.
func shortNames(doc node) error {
	short, renamed := node{}, map[string]string{}
	var problems []error
	definitions := in(doc, "definitions")
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if _, twice := short[last]; twice {
			problems = append(problems, fmt.Errorf("two schemas are called %s; rename one, or give it a name by //@name", last))
		}
		short[last] = definitions[name]
		renamed["#/definitions/"+name] = last
	}
	doc["definitions"] = short
	walk(doc, func(n node) {
		if target, ok := n["$ref"].(string); ok {
			n["$ref"] = "#/components/schemas/" + renamed[target]
		}
	})
	return errors.Join(problems...)
}

// words takes the document apart: into words about operations and their members, and the fixed routes with their schemas.
func words(doc node, ops []translate.Operation) (node, error) {
	if err := checkAnnotations(doc, ops); err != nil {
		return nil, err
	}
	operations, types, schemas, paths := node{}, node{}, in(doc, "definitions"), in(doc, "paths")
	for _, op := range ops {
		operations[op.Name] = operationWords(in(paths, op.Path, "post"), op)
		delete(paths, op.Path)
		takeWords(schemas, op.RequestShape, types)
		takeWords(schemas, op.ResponseShape, types)
	}
	for name := range types {
		delete(schemas, name)
	}
	for _, path := range paths {
		for method, operation := range path.(node) { //nolint:forcetypeassert // swag wrote it
			path.(node)[method] = modernRoute(operation.(node)) //nolint:forcetypeassert // see above
		}
	}
	for name, s := range schemas {
		schemas[name] = modern(s)
	}
	return node{"info": doc["info"], "tags": doc["tags"], "operations": operations, "types": types, "paths": paths, "schemas": schemas}, nil
}

func operationWords(operation node, op translate.Operation) node {
	parameter, _ := operation["parameters"].([]any)[0].(node) // checkAnnotations has seen it
	return node{
		"tag": tagsOf(operation)[0], "summary": operation["summary"], "description": operation["description"],
		"request": parameter["description"], "success": in(operation, "responses", strconv.Itoa(op.Status))["description"],
	}
}

// takeWords takes the descriptions of the members of a shape and of everything inside.
func takeWords(schemas node, s *shape.Shape, types node) {
	if types[s.Name] != nil {
		return
	}
	of := node{}
	types[s.Name] = of
	for i := range s.Fields {
		f := &s.Fields[i]
		if about := in(schemas, s.Name, "properties", f.Name)["description"]; about != nil {
			of[f.Name] = about
		}
		if f.Object != nil {
			takeWords(schemas, f.Object, types)
		}
	}
}

// modernRoute writes a route of Swagger 2.0 as OpenAPI 3.1 has it.
func modernRoute(operation node) node {
	var parameters []any
	for _, p := range listIn(operation, "parameters") {
		p, _ := p.(node)
		if p["in"] == "body" {
			operation["requestBody"] = node{
				"description": p["description"], "required": p["required"], "content": node{"application/json": node{"schema": modern(p["schema"])}},
			}
			continue
		}
		parameters = append(parameters, modernParameter(p))
	}
	delete(operation, "parameters")
	if parameters != nil {
		operation["parameters"] = parameters
	}
	delete(operation, "consumes")
	delete(operation, "produces")
	for _, r := range in(operation, "responses") {
		r, _ := r.(node)
		if schema, ok := r["schema"]; ok {
			r["content"] = node{"application/json": node{"schema": modern(schema)}}
			delete(r, "schema")
		}
	}
	return operation
}

// modernParameter puts into a schema what is about the value.
func modernParameter(p node) node {
	parameter, schema := node{}, node{}
	for name, value := range p {
		switch name {
		case "name", "in", "description", "required":
			parameter[name] = value
		default:
			schema[name] = value
		}
	}
	parameter["schema"] = schema
	return parameter
}

// modern writes a schema as JSON Schema has it: several examples, and words beside a reference.
func modern(schema any) any {
	walk(schema, func(n node) {
		if example, ok := n["example"]; ok {
			n["examples"] = []any{example}
			delete(n, "example")
		}
		if all := listIn(n, "allOf"); len(all) == 1 {
			maps.Copy(n, all[0].(node)) //nolint:forcetypeassert // swag puts a reference there
			delete(n, "allOf")
		}
		if about, ok := n["description"].(string); ok {
			n["description"] = strings.Join(strings.Fields(about), " ")
		}
	})
	return schema
}

// in returns the object at the end of a path of member names; nil where there is none.
func in(n node, path ...string) node {
	for _, name := range path {
		n, _ = n[name].(node)
	}
	return n
}

func listIn(n node, name string) []any {
	l, _ := n[name].([]any)
	return l
}

// walk visits every object of a document, the inner ones first.
func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case node:
		for _, inner := range v {
			walk(inner, visit)
		}
		visit(v)
	case []any:
		for _, inner := range v {
			walk(inner, visit)
		}
	}
}
