package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"soapbridge/api/edge"
	"soapbridge/openapi"
	"soapbridge/translate"
)

// keyPattern takes both spellings: a bare token, and the quoted string of a structured field.
const keyPattern = `^(` + edge.KeyToken + `|"` + edge.KeyToken + `")$`

// keyDescription is completed by a running proxy, which knows its own retention.
const keyDescription = "A fresh random key for each new operation, the same key for each repetition of it. For " + openapi.DefaultRetention +
	" a repetition is answered with the first result, byte for byte, and nothing is sent again. Not needed for a preview."

// notOperations are the problems that no operation answers with: those of paths, and of settling.
var notOperations = []string{"not-found", "method-not-allowed", "not-unknown"}

// answersOf are the problems that an operation can answer with, by status. The others belong to the routes that settle, or to no route at all.
func answersOf() (statuses []int, byStatus map[int][]openapi.Problem) {
	byStatus = map[int][]openapi.Problem{}
	for _, p := range edge.Problems() {
		if slices.Contains(notOperations, p.Code) {
			continue
		}
		all := []int{p.Status}
		if p.Code == "outcome-unknown" {
			all = append(all, 504) // when the time was up
		}
		for _, status := range all {
			if byStatus[status] == nil {
				statuses = append(statuses, status)
			}
			byStatus[status] = append(byStatus[status], p)
		}
	}
	slices.Sort(statuses)
	return statuses, byStatus
}

// meaning describes a status by its codes.
func meaning(problems []openapi.Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = fmt.Sprintf("`%s`: %s", p.Code, p.Detail)
	}
	return strings.Join(lines, "\n\n")
}

// previews are the words of the parameter preview for an operation.
func previews(op translate.Operation) []any {
	words := make([]any, len(op.Versions))
	for i, v := range op.Versions {
		words[i] = edge.PreviewWord(v)
	}
	return words
}

const previewDescription = "Shows what would be sent, with every secret masked, instead of sending it: the envelope in this version of SOAP, the HTTP headers, and a table from JSON Pointer to XPath. Ask with `Accept: text/xml` for the bare envelope."

// describeOperation adds to an operation of the Swagger 2.0 document what all operations share.
func describeOperation(operation node, op translate.Operation) {
	operation["consumes"] = []any{"application/json"}
	operation["produces"] = []any{"application/json", "application/problem+json", "text/xml"}
	parameters, _ := operation["parameters"].([]any)
	operation["parameters"] = append([]any{
		node{
			"name": "Idempotency-Key", "in": "header", "type": "string", "required": true, "pattern": keyPattern, "minLength": 16, "maxLength": 130,
			"description": keyDescription, "x-example": exampleKey(op),
		},
		node{"name": "preview", "in": "query", "type": "string", "enum": previews(op), "description": previewDescription},
		node{
			"name": "X-Request-Id", "in": "header", "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "maxLength": 64,
			"description": "Names this call in the log; made up when it is missing or malformed.",
		},
	}, parameters...)
	operation["description"] = fmt.Sprintf("%v\n\nScope: `%s`.", operation["description"], edge.ScopeOf(op))
	responses := operation.at("responses")
	statuses, byStatus := answersOf()
	for _, status := range statuses {
		responses[strconv.Itoa(status)] = node{"description": meaning(byStatus[status]), "schema": ref("#/definitions/Problem")}
	}
	responses["default"] = node{"description": "Any other problem.", "schema": ref("#/definitions/Problem")}
	if op.Status != translate.StatusOK { // where both have one status, Swagger 2.0 can describe one of them
		responses["200"] = node{"description": "With `preview`: what would be sent. Nothing was.", "schema": ref("#/definitions/Preview")}
	}
}
