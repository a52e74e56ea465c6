package openapi

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// recorded holds a real answer for each problem, and one more for each further status that it can have: outcome-unknown-504.json.
//
//go:embed examples/*.json
var recorded embed.FS

// outcomes says in words what is known of the execution upstream.
var outcomes = map[string]string{
	"not_sent": "provably nothing left the proxy, so nothing was done.",
	"rejected": "the vendor's service answered that it did not do it.",
	"failed":   "the vendor's service answered that it broke. It may have done part of the work.",
	"unknown":  "there is no readable answer. The vendor may have executed the operation, or not.",
	"executed": "an operator confirmed that the vendor's service did it. What it answered is not known.",
	"":         "the outcome of the answer says it, where the answer is about this call.",
}

// retries says in words what a program does next, and with which key.
var retries = map[string]string{
	"safe": "repeat the same request with the same Idempotency-Key, after a pause that grows, and give up after a few times: an operator may have to fix something first.",
	"later": "wait as many seconds as the header Retry-After says, then repeat the same request with the same Idempotency-Key. " +
		"A user who waits in front of a form need not do anything.",
	"after_fix": "do not repeat it as it is. Change the request or the call, and send that with a new Idempotency-Key.",
	"after_check": "do not repeat it; the same key gets this answer again. Somebody looks for the operation id (header Operation-Id) in the vendor's records first. " +
		"If nothing was done there, send the request with a new Idempotency-Key.",
	"never": "do not repeat it, with this key or another: it would be refused again, or its effect is not known. Where there is an operation id (header Operation-Id), " +
		"keep it: GET /v1/operations/{operationId} returns the operation's state, and an operator settles one whose outcome is unknown.",
}

type problemPage struct {
	Problem

	Statuses                     string // "502 Bad Gateway, 504 Gateway Timeout"
	OutcomeInWords, RetryInWords string
	Examples                     []exampleAnswer
}

type exampleAnswer struct {
	Status string // "502 Bad Gateway"
	Body   string
}

// describe explains a problem by its recorded answers. The error names what is missing.
func describe(p Problem) (problemPage, error) {
	d := problemPage{Problem: p, OutcomeInWords: outcomes[p.Outcome], RetryInWords: retries[p.Retry]}
	if d.OutcomeInWords == "" || d.RetryInWords == "" || p.User == "" {
		return d, fmt.Errorf("the page of the problem %s lacks words for its outcome, its retry or its user", p.Code)
	}
	var statuses []string
	for _, pattern := range []string{p.Code, p.Code + "-[0-9][0-9][0-9]"} {
		names, err := fs.Glob(recorded, "examples/"+pattern+".json")
		if err != nil {
			return d, err
		}
		for _, name := range names {
			example, err := readExample(name)
			if err != nil {
				return d, fmt.Errorf("%s: %w", name, err)
			}
			d.Examples = append(d.Examples, example)
			statuses = append(statuses, example.Status)
		}
	}
	if len(statuses) == 0 {
		return d, fmt.Errorf("the problem %s has no example in openapi/examples", p.Code)
	}
	d.Statuses = strings.Join(statuses, " or ")
	return d, nil
}

func readExample(name string) (exampleAnswer, error) {
	text, err := recorded.ReadFile(name)
	if err != nil {
		return exampleAnswer{}, err
	}
	var indented bytes.Buffer
	var problem struct {
		Status int `json:"status"`
	}
	err = errors.Join(json.Unmarshal(text, &problem), json.Indent(&indented, text, "", "  "))
	return exampleAnswer{fmt.Sprintf("%d %s", problem.Status, http.StatusText(problem.Status)), strings.TrimSpace(indented.String())}, err
}
