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

	"soapbridge/translate"
)

// annotations reads what stands above the operations and handlers, and the types that they name, into a Swagger 2.0 document. The schemas lose
// the names of their Go packages: two of one name are a mistake.
func annotations(ops []translate.Operation) (node, error) {
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
	return doc, plainNames(doc, ops)
}

func plainNames(doc node, ops []translate.Operation) error {
	definitions := doc.at("definitions")
	answers := map[string]string{}
	for _, op := range ops {
		// As swag calls a type: with the name of its package.
		answers[op.System+"."+op.ResponseShape.Name] = answerName(op)
	}
	plain, renamed := node{}, map[string]string{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		short := name[strings.LastIndexByte(name, '.')+1:]
		if answer, ok := answers[name]; ok {
			short = answer
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

// answerName is the name of the schema of an operation's success. Generators of clients call the whole HTTP answer <operationId>Response
// themselves, as oapi-codegen does: a schema of that name would be the second.
func answerName(op translate.Operation) string { return op.Name + "Result" }

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
