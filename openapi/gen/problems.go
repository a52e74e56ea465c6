package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"soapbridge/api/edge"
	"soapbridge/openapi"
)

// problemAnswer is an answer with a status that means one of these problems, each with its example.
func problemAnswer(components node, status int, problems []openapi.Problem) (node, error) {
	examples := node{}
	for _, p := range problems {
		name := p.Code
		if status != p.Status {
			name += "-" + strconv.Itoa(status)
		}
		value, err := os.ReadFile(filepath.Join("openapi", "gen", "examples", name+".json")) //nolint:gosec // the names are the table's codes
		if err != nil {
			return nil, fmt.Errorf("an example is missing: %w; go test ./tests/e2e -run TestExamplesOfProblems -update records it", err)
		}
		components.at("examples")[name] = node{"summary": p.Title, "value": json.RawMessage(value)}
		examples[name] = ref("#/components/examples/" + name)
	}
	return node{
		"description": meaning(problems), "headers": headersOf(status, problems),
		"content": node{problemType: node{"schema": ref("#/components/schemas/Problem"), "examples": examples}},
	}, nil
}

// withProblems completes the answers of a route that are problems: those whose annotation lists the codes (@Failure 404 {object} problem
// "not-found"), and the default one.
func withProblems(components, responses node) error {
	for status, r := range responses {
		r, _ := r.(node)
		problems, ok := problemsIn(r["description"])
		if !ok {
			continue
		}
		number, err := strconv.Atoi(status)
		if err != nil {
			return fmt.Errorf("problems are listed with the status %s", status)
		}
		if responses[status], err = problemAnswer(components, number, problems); err != nil {
			return err
		}
	}
	if _, ok := responses["default"]; ok {
		responses["default"] = ref("#/components/responses/Problem")
	}
	return nil
}

// explainProblems says in sentences what the codes mean that annotations list.
func explainProblems(swagger node) {
	walk(swagger.at("paths"), func(n node) {
		if problems, ok := problemsIn(n["description"]); ok {
			n["description"] = meaning(problems)
		}
	})
}

// problemsIn reads a description that is a list of codes and nothing else.
func problemsIn(description any) ([]openapi.Problem, bool) {
	text, _ := description.(string)
	table := edge.Problems()
	var problems []openapi.Problem
	for code := range strings.SplitSeq(text, " ") {
		i := slices.IndexFunc(table, func(p openapi.Problem) bool { return p.Code == code })
		if i < 0 {
			return nil, false
		}
		problems = append(problems, table[i])
	}
	return problems, true
}
