package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"slices"
	"strings"

	"github.com/swaggo/swag"
)

// annotations reads what stands above the operations and handlers, and the types that they name, into a Swagger 2.0 document. The schemas lose
// the names of their Go packages: two of one name are a mistake.
func annotations() (node, error) {
	p := swag.New(swag.SetDebugger(log.New(io.Discard, "", 0)))
	p.ParseVendor = false
	if err := p.ParseAPIMultiSearchDir([]string{"openapi/gen", "openapi", "translate", "api"}, "info.go", 1); err != nil {
		return nil, fmt.Errorf("swag: %w", err)
	}
	text, err := json.Marshal(p.GetSwagger())
	if err != nil {
		return nil, err
	}
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	return doc, plainNames(doc)
}

func plainNames(doc node) error {
	definitions := doc.at("definitions")
	answers := answerTypes(doc)
	plain, renamed := node{}, map[string]string{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		short := name[strings.LastIndexByte(name, '.')+1:]
		if id, ok := answers[short]; ok {
			short = answerName(id)
		}
		if _, twice := plain[short]; twice {
			problems = append(problems, fmt.Errorf("two schemas are called %s; rename one, or give it a name by //@name", short))
		}
		plain[short] = definitions[name]
		renamed["#/definitions/"+name] = "#/definitions/" + short
	}
	doc["definitions"] = plain
	walk(doc, func(n node) {
		if target, ok := n["$ref"].(string); ok {
			n["$ref"] = renamed[target]
		}
	})
	return errors.Join(problems...)
}

// answerTypes are the operations by the name of the type of their success: CreateCallLogResponse.
func answerTypes(doc node) map[string]string {
	types := map[string]string{}
	walk(doc.at("paths"), func(n node) {
		if id, ok := n["operationId"].(string); ok {
			types[id+"Response"] = id
		}
	})
	return types
}

// answerName is the name of the schema of an operation's success. Generators of clients call the whole HTTP answer <operationId>Response
// themselves, as oapi-codegen does: a schema of that name would be the second.
func answerName(operation string) string { return operation + "Result" }

// walk visits every object of a document, the inner ones first.
func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case node:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], visit)
		}
		visit(v)
	case []any:
		for _, each := range v {
			walk(each, visit)
		}
	}
}
