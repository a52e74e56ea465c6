package openapi

import (
	"cmp"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
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

	sources []string // of the description
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
		about.Description, about.sources = unmarked(about.Description)
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

// member returns the description of a member, without the marks of its sources; empty where it has none.
func (w words) member(op *Operation, shape, name string) string {
	if op.isImported() {
		return ""
	}
	about, _ := unmarked(sentence(w.Types[shape][name]))
	return about
}

// sources returns where the description and the rules of a member come from, sorted. One without a mark is printed on the vendor's page, and has no
// other source.
func (w words) sources(op *Operation, shape, name string) []string {
	if op.isImported() {
		return []string{"source"}
	}
	if _, sources := unmarked(w.Types[shape][name]); sources != nil {
		return sources
	}
	return []string{"page"}
}

// mark is how a comment says where it comes from: the vendor's page, the vendor's schema, a choice of this product's, or a numbered note of the page.
var mark = regexp.MustCompile(`\s*\[(page|source|decided|notes? \d+(?: to \d+)?)\]`)

// unmarked takes the marks out of a comment, and returns what they say, sorted; nil where there are none.
func unmarked(comment string) (about string, sources []string) {
	for _, m := range mark.FindAllStringSubmatch(comment, -1) {
		sources = append(sources, m[1])
	}
	slices.Sort(sources)
	return mark.ReplaceAllString(comment, ""), slices.Compact(sources)
}

// sentence joins the lines of a comment.
func sentence(s string) string { return strings.Join(strings.Fields(s), " ") }

// harmless takes out of a text from a WSDL what is more than text where documents are shown: links and images of Markdown in Swagger UI, whatever they
// lead to, and the variables and scripts of .http files and Postman. A < with a space behind it begins nothing, neither in HTML nor in Markdown.
func harmless(text string) string {
	return harmful.Replace(sentence(text))
}

var harmful = strings.NewReplacer("](", "] (", "]:", "] :", "< ", "< ", "<", "‹", "{", "(", "}", ")")
