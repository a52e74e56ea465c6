package main

import (
	_ "embed"
	"slices"
	"strconv"

	"soapbridge/openapi"
	"soapbridge/translate"
)

// pastedReply is a reply that works: whoever opens Swagger UI can press Execute at once. It is for the operation pastedFor.
//
//go:embed reply.xml
var pastedReply string

const pastedFor = "CreateCallLog"

// describeDecode lists the operations that a pasted reply can be for.
func describeDecode(doc node, ops []translate.Operation) {
	names := make([]any, len(ops))
	for i, op := range ops {
		names[i] = op.Name
	}
	parameters, _ := doc.at("paths", openapi.DecodePath, "post")["parameters"].([]any)
	for _, p := range parameters {
		if p, ok := p.(node); ok && p["name"] == "operation" {
			p["enum"], p["x-example"] = names, pastedFor
		}
	}
}

// finishDecode gives the route an example, and the answers of the operations: it has no others.
func finishDecode(doc node, ops []translate.Operation) {
	operation := doc.at("paths", openapi.DecodePath, "post")
	for _, p := range operation["parameters"].([]any) { //nolint:forcetypeassert // a document without them must fail the generator
		if p, ok := p.(node); ok && p["x-example"] != nil {
			p["example"] = p["x-example"]
			delete(p, "x-example")
		}
	}
	body := operation.at("requestBody")
	delete(body, "x-originalParamName") // the library's own note
	// Swagger UI shows an example of XML as it stands only where the schema names the root and may be an object.
	schema := node{"type": []any{"string", "object"}, "xml": node{"name": "Envelope"}}
	reply := node{"schema": schema, "example": pastedReply}
	body["content"] = node{"text/xml": reply, "application/xml": reply, "application/soap+xml": reply}
	doc.at("components", "headers")["Decoded-Operation"] = node{
		"description": "The operation that the reply was decoded for. Without it, the answer is about this call itself.",
		"schema":      node{"type": "string", "examples": []any{pastedFor}},
	}
	answers := map[int][]any{}
	for _, op := range ops {
		schema := doc.at("paths", op.Path, "post", "responses", strconv.Itoa(op.Status), "content", "application/json")["schema"].(node) //nolint:forcetypeassert // see above
		if either, ok := schema["anyOf"].([]any); ok {
			schema, _ = either[0].(node) // the others are previews and settlements
		}
		if !slices.ContainsFunc(answers[op.Status], func(known any) bool { return known.(node)["$ref"] == schema["$ref"] }) { //nolint:forcetypeassert // put in below
			answers[op.Status] = append(answers[op.Status], schema)
		}
	}
	responses := operation.at("responses")
	for _, status := range []string{"422", "502", "503"} {
		responses.at(status)["headers"] = headerRefs("X-Request-Id", "Operation-Id", "Decoded-Operation")
	}
	responses.at("503", "headers")["Retry-After"] = ref("#/components/headers/Retry-After")
	for status, schemas := range answers {
		responses[strconv.Itoa(status)] = node{
			"description": "What a caller of the operation would get.",
			"headers":     headerRefs("X-Request-Id", "Operation-Id", "Decoded-Operation"),
			"content":     node{"application/json": node{"schema": anyOf(schemas)}},
		}
	}
}

// anyOf is one of the schemas; where there is one only, it is that.
func anyOf(schemas []any) any {
	if len(schemas) == 1 {
		return schemas[0]
	}
	return node{"anyOf": schemas}
}
