package openapi

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// wordsFile holds what people wrote about the operations, the members and the fixed routes, in the comments of the Go code: openapi/gen collects
// it, because a running program has no comments.
//
//go:embed words.json
var wordsFile []byte

type words struct {
	Info       object                    `json:"info"`
	Tags       []object                  `json:"tags"`
	Operations map[string]operationWords `json:"operations"` // by Operation.Name
	// Types are the descriptions of members, by the name of the shape and the name of the member.
	Types map[string]map[string]string `json:"types"`
	// Paths are the routes that every proxy has, and Schemas their bodies, as in OpenAPI 3.1. A response that is a problem has the codes as its
	// description: "not-found".
	Paths   object `json:"paths"`
	Schemas object `json:"schemas"`
}

type operationWords struct {
	Tag         string `json:"tag"`
	Summary     string `json:"summary"`
	Description string `json:"description"`
	Request     string `json:"request"` // what the body is
	Success     string `json:"success"`
}

func readWords(text []byte) (w words, err error) {
	if err := json.Unmarshal(text, &w, json.RejectUnknownMembers(true)); err != nil {
		return w, fmt.Errorf("openapi/words.json, which make generate writes: %w", err)
	}
	return w, nil
}

// operation returns the words about an operation. An operation without Go code has only those that it brings.
func (w words) operation(op Operation) operationWords {
	if about, ok := w.Operations[op.Name]; ok && !op.isImported() {
		return about
	}
	about := operationWords{
		Tag: op.System, Summary: harmless(cmp.Or(op.Summary, op.Name)), Description: harmless(op.Description), Request: "The request", Success: "The vendor executed it.",
	}
	if op.Status == 202 {
		about.Success = "The vendor took it, and sends no reply."
	}
	return about
}

// member returns the description of a member; empty where it has none.
func (w words) member(op *Operation, shape, name string) string {
	if op.isImported() {
		return ""
	}
	return sentence(w.Types[shape][name])
}

// sentence joins the lines of a comment.
func sentence(s string) string { return strings.Join(strings.Fields(s), " ") }

// harmless takes out of a text from a WSDL what is more than text where documents are shown: links and images of Markdown in Swagger UI, whatever they
// lead to, and the variables and scripts of .http files and Postman.
func harmless(text string) string {
	return harmful.Replace(sentence(text))
}

var harmful = strings.NewReplacer("](", "] (", "]:", "] :", "<", "‹", "{", "(", "}", ")")
