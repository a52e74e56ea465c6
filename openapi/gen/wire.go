package main

import (
	"encoding/json"

	"soapbridge/openapi"
	"soapbridge/translate/rules"
)

// What the annotations of a route do not say, because it holds for all of them.

// finishAnswers gives every answer its headers, and every route the problems that any route can answer with: an origin that may not call, a
// mistake of the proxy's.
func finishAnswers(doc node) {
	for _, path := range doc.at("paths") {
		for _, operation := range path.(node) { //nolint:forcetypeassert // the library wrote it
			responses := operation.(node).at("responses") //nolint:forcetypeassert // see above
			responses["default"] = ref("#/components/responses/Problem")
			for _, response := range responses {
				if response := response.(node); response["$ref"] == nil { //nolint:forcetypeassert // see above
					response.at("headers")["X-Request-Id"] = ref("#/components/headers/X-Request-Id")
				}
			}
		}
	}
	catalogue := doc.at("paths", openapi.CataloguePath, "get", "responses", "200", "content")
	catalogue["text/html"] = node{"schema": node{"type": "string", "description": "The same as a page."}}
}

// anyProblem is the default answer: its status may be configured, so any header can stand on it.
func anyProblem() node {
	return node{
		"description": "Any other problem.",
		"headers": headerRefs("X-Request-Id", "Operation-Id", "Decoded-Operation", "Idempotent-Replayed", "Idempotency-Stored", "Retry-After",
			"WWW-Authenticate"),
		"content": node{problemType: node{"schema": ref("#/components/schemas/Problem")}},
	}
}

// extendProblem adds the members of a problem that only some have.
func extendProblem(schemas node) {
	properties := schemas.at("Problem", "properties")
	properties["errorsTruncated"] = node{"type": "boolean", "description": "There are more errors than are listed."}
	for member, what := range map[string]string{"sevCode": "severity", "explanationCode": "explanation"} {
		property := ref("#/components/schemas/ReplyCode")
		property["description"] = "UpdateCustomerPIN, rejected by the vendor: its " + what + "."
		properties[member] = property
	}
}

// addSettlement adds what the body of a settlement must be.
func addSettlement(schemas node) {
	resolution := schemas.at("Resolution")
	resolution["additionalProperties"] = false
	resolution.at("properties", "attempt")["pattern"] = rules.TextPattern
	// Free objects: without this word generators make empty ones of them.
	result := resolution.at("properties", "result")
	result["additionalProperties"], result["minProperties"] = true, 1
	resolution.at("properties")["result"] = nullable(result)
	schemas.at("StoredResult", "properties", "body")["additionalProperties"] = true
	resolution["if"] = node{"required": []any{"result"}, "properties": node{"result": node{"type": "object"}}}
	resolution["then"] = node{"properties": node{"executed": node{"enum": []any{true}}}}
}

// settlementExamples are what an operator may have found out. Without them tools make up a result, which would be replayed for good.
func settlementExamples(doc node) {
	media := doc.at("paths", "/v1/operations/{operationId}/resolution", "post", "requestBody", "content", "application/json")
	const attempt = `"attempt": "5f0a3c1e9b7d2468ace013579bdf02468ace1357"`
	media["examples"] = node{
		"minimal":      node{"summary": "The vendor executed it; what it answered is lost", "value": json.RawMessage(`{` + attempt + `, "executed": true}`)},
		"with-result":  node{"summary": "The vendor executed it, and this is the result", "value": json.RawMessage(`{` + attempt + `, "executed": true, "result": {"operationId": "` + exampleID + `", "accountId": "399301"}}`)},
		"not-executed": node{"summary": "The vendor did not execute it: the key may be used again", "value": json.RawMessage(`{` + attempt + `, "executed": false}`)},
	}
}
