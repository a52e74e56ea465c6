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
//go:embed gen/examples/*.json
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
	"safe": "repeat the same request with the same Idempotency-Key, after a pause that grows, and give up after a few times: somebody may have to fix something first.",
	"later": "wait as many seconds as the header Retry-After says, then repeat the same request with the same Idempotency-Key. " +
		"A user who waits in front of a form need not do anything.",
	"after_fix": "do not repeat it as it is. Change the request or the call, and send that with a new Idempotency-Key.",
	"after_check": "do not repeat it; the same key gets this answer again. Somebody looks for the operation id (header Operation-Id) in the vendor's records first. " +
		"If nothing was done there, send the request with a new Idempotency-Key.",
	"never": "do not repeat it, with this key or another: it would be refused again, or its effect is not known. Where there is an operation id (header Operation-Id), " +
		"keep it: GET /v1/operations/{operationId} returns the operation's state, and an operator settles one whose outcome is unknown.",
}

// What users are told, where several problems need the same.
const (
	ourMistake    = "That something went wrong on our side, and was not done. Only a developer can fix it: log the request id."
	tryAgainLater = "That it is not possible at the moment, that nothing was done, and that it is tried again. Keep what they typed."
	ourSide       = "That it is not possible at the moment, and that nothing was done. The operators know of it."
)

// users says what the person in front of the screen is told, by the code of the problem.
var users = map[string]string{
	"malformed-json":                ourMistake,
	"validation-failed":             "Each sentence in errors, beside the field that its pointer names. Everything that is wrong is there at once, and the valid values are in params.",
	"unsupported-media-type":        ourMistake,
	"payload-too-large":             "That the text is too long, if they may have typed it; otherwise that something went wrong on our side.",
	"method-not-allowed":            ourMistake,
	"not-found":                     "That there is no such operation, where they asked for one by its id. Otherwise it is a mistake in the program.",
	"bad-parameter":                 ourMistake,
	"idempotency-key-missing":       ourMistake,
	"idempotency-key-malformed":     ourMistake,
	"not-configured":                "That this is not available here. A proxy without the system's URL will not have it later either, until its operators set it.",
	"origin-not-allowed":            ourMistake,
	"host-not-allowed":              "Nothing; the operators: whoever runs the proxy sets SOAPBRIDGE_HOSTS to the name by which it is called, or configures callers.",
	"request-timeout":               tryAgainLater,
	"unauthenticated":               "That they have to sign in again, where the key is theirs; otherwise that something went wrong on our side.",
	"forbidden":                     "That they may not do this.",
	"in-flight":                     "That it is still being done. Do not offer a second button: the same key gets the result as soon as there is one.",
	"key-reused":                    "Nothing, if the form was changed after it was sent: send what it says now with a new key, once the first result is known. Otherwise it is a mistake in the program.",
	"idempotency-store-unavailable": tryAgainLater,
	"not-unknown":                   "The operator: that somebody settled this operation before, that its result has come, or that its key was used again since.",
	"settled":                       "That it was done, and the operation id, by which others can find the details in the vendor's records.",
	"internal":                      "That something went wrong on our side, and, where outcome is unknown, that nobody knows whether it was done. Log the request id.",
	"upstream-unreachable":          tryAgainLater,
	"upstream-rejected":             "The sentences in errors; they are the vendor's, and those with a pointer belong beside a field. Nothing was done.",
	"upstream-failed":               "That it may have been done in part, that they should not send it again, and the operation id, by which others can find out.",
	"upstream-unavailable":          "That it may have been done in part, that they should not send it again, and the operation id, by which others can find out.",
	"upstream-denied":               ourSide,
	"upstream-refused":              ourSide,
	"upstream-busy":                 tryAgainLater,
	"outcome-unknown":               "That nobody knows yet whether it was done, that they must not send it again, and the operation id, by which others can find out.",
}

// problemPage is what the page of a problem shows.
type problemPage struct {
	Problem

	Statuses                           string // "502 Bad Gateway, 504 Gateway Timeout"
	OutcomeInWords, RetryInWords, User string
	Examples                           []exampleAnswer
}

// exampleAnswer is a recorded answer.
type exampleAnswer struct {
	Status string // "502 Bad Gateway"
	Body   string
}

// problemView is a problem for programs.
type problemView struct {
	Code    string `json:"code"`
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Outcome string `json:"outcome,omitempty"`
	Retry   string `json:"retry"`
}

func (p Problem) view() problemView {
	return problemView{p.Code, p.Status, p.Title, p.Detail, p.Outcome, p.Retry}
}

// describe explains a problem by its recorded answers. The error is something that nobody has written yet.
func describe(p Problem) (problemPage, error) {
	d := problemPage{Problem: p, OutcomeInWords: outcomes[p.Outcome], RetryInWords: retries[p.Retry], User: users[p.Code]}
	if d.OutcomeInWords == "" || d.RetryInWords == "" || d.User == "" {
		return d, fmt.Errorf("the page of the problem %s lacks words for its outcome, its retry or its user", p.Code)
	}
	var statuses []string
	for _, pattern := range []string{p.Code, p.Code + "-[0-9][0-9][0-9]"} {
		names, err := fs.Glob(recorded, "gen/examples/"+pattern+".json")
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
		return d, fmt.Errorf("the problem %s has no example in openapi/gen/examples", p.Code)
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
