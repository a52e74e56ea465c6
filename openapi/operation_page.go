package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// operationPath is what the address of an operation's page begins with; its ID follows.
const operationPath = "/docs/"

// PageOf returns the address of an operation's page.
func PageOf(id string) string { return operationPath + id }

// operationPage is one operation, for people.
type operationPage struct {
	CatalogueOperation

	Tag, Request, Success string
	Description           [][]span
	Status                string // "201 Created"
	ReadOnly              bool
	Kept                  string // how long a read's answer may be given again, "30 seconds"; empty for not at all
	Retention             string // of a key: "7 days"
	Examples              []requestExample
	Curl, Fetch           string
	Required, Optional    fieldTable
	Rules                 []rules.Sentence
	Numbered              []NumberedError
	Answer                string // an example
	Results               []CatalogueField
	Problems              []Problem
}

// requestExample is a request on both sides.
type requestExample struct{ About, Request, Envelope string }

// fieldTable is a table of fields. Each row has an anchor, the prefix and the pointer.
type fieldTable struct {
	Label, Prefix string
	Fields        []CatalogueField
}

// Link leads to the row of a field.
func (t fieldTable) Link(f CatalogueField) string { return "#" + t.Prefix + f.Pointer }

// Table returns the table of an operation for a page that has several operations.
func (o CatalogueOperation) Table() fieldTable {
	return fieldTable{"Members of " + o.Title(), o.id, o.Fields}
}

// operationPages makes the page of each operation when it is first asked for: few are.
func (s *Site) operationPages(w words) {
	s.operations = map[string]func() page{}
	for i := range s.options.Operations {
		op := &s.options.Operations[i]
		s.operations[op.id()] = sync.OnceValue(func() page {
			described := s.describeOperation(op, w)
			p, err := s.newPage("operation.html", described.Title(), described, described.CatalogueOperation)
			if err != nil {
				panic(err) // the template is embedded: it is wrong for every operation, or for none
			}
			return p
		})
	}
}

func (s *Site) showOperation(c *gin.Context) {
	p, known := s.operations[c.Param("operation")]
	if !known {
		s.options.NotFound(c)
		return
	}
	made := p()
	html := made.html
	made.html = func() *asset { return forHost(c, html()) }
	s.serve(c, made)
}

func (s *Site) describeOperation(op *Operation, w words) operationPage {
	about, bodies := w.operation(*op), newExamples()
	p := operationPage{
		CatalogueOperation: catalogued(op, w),
		Tag:                about.Tag, Description: spans(about.Description), Request: about.Request, Success: about.Success,
		Status: fmt.Sprintf("%d %s", op.Status, http.StatusText(op.Status)), ReadOnly: op.ReadOnly, Retention: inWords(s.options.Retention),
		Rules: append(choices(op.Request, "", map[*shape.Shape]bool{}), op.Rules.Sentences()...), Numbered: op.Errors,
		Answer: indentedJSON(bodies.result(op.Response)),
	}
	if op.Cache > 0 {
		p.Kept = inWords(op.Cache)
	}
	p.Results, _ = fieldsOf(op, op.Response, "", true, w)
	p.Required.Label, p.Optional.Label = "Required members", "Optional members"
	for _, f := range p.Fields {
		table := &p.Optional
		if f.always {
			table = &p.Required
		}
		table.Fields = append(table.Fields, f)
	}
	minimal, full := op.requests(bodies)
	for i, body := range [][]byte{minimal, full} {
		if len(body) == 0 || len(p.Examples) > 0 && bytes.Equal(minimal, full) {
			continue
		}
		e := requestExample{About: []string{"What is required, and little more", "Every member"}[i], Request: indentedJSON(body)}
		if op.isGet() {
			e.Request = "GET " + op.target(body)
		}
		if op.Envelope != nil {
			e.Envelope = indentedXML(string(op.Envelope(body)))
		}
		p.Examples = append(p.Examples, e)
	}
	if len(p.Examples) > 0 {
		p.Curl, p.Fetch = s.curl(op, minimal), s.fetch(op, minimal)
	}
	p.Problems = slices.DeleteFunc(slices.Clone(s.options.Problems), func(p Problem) bool {
		return slices.Contains(notOperations, p.Code) || op.ReadOnly && slices.Contains(notOfReads, p.Code) || op.isGet() && slices.Contains(notOfGets, p.Code)
	})
	return p
}

// curl is a call of the operation in a shell, which makes a key of its own: one that readers shared would be refused for another body, or would answer
// with what somebody else has done. Within single quotes a quote is the only character that a shell reads.
func (s *Site) curl(op *Operation, body []byte) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, " \\\n  "+format, args...) }
	if !op.ReadOnly {
		b.WriteString("key=$(openssl rand -hex 16) && ")
	}
	b.WriteString("curl " + singleQuoted(DemoURL+op.target(body)))
	if s.options.Callers {
		line("-H 'Authorization: Bearer <API key>'")
	}
	if !op.ReadOnly {
		line(`-H "Idempotency-Key: $key"`)
	}
	if !op.isGet() {
		line("-H 'Content-Type: application/json'")
		line("-d %s", singleQuoted(indentedJSON(body)))
	}
	return b.String()
}

func singleQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// fetch is a call of the operation in a browser.
func (s *Site) fetch(op *Operation, body []byte) string {
	var headers []string
	first := ""
	if s.options.Callers {
		first = "const apiKey = \"<API key>\";\n"
		headers = append(headers, "    Authorization: `Bearer ${apiKey}`,\n")
	}
	if !op.ReadOnly {
		first += "// A new key for each new operation, the same one to repeat it. randomUUID needs https, or localhost.\nconst key = crypto.randomUUID();\n"
		headers = append(headers, "    \"Idempotency-Key\": key,\n")
	}
	options := ""
	if !op.isGet() {
		headers = append(headers, "    \"Content-Type\": \"application/json\",\n")
		options = "  method: \"POST\",\n"
	}
	if headers != nil {
		options += "  headers: {\n" + strings.Join(headers, "") + "  },\n"
	}
	if !op.isGet() {
		options += "  body: JSON.stringify(" + strings.ReplaceAll(indentedJSON(body), "\n", "\n  ") + "),\n"
	}
	if options != "" {
		options = ", {\n" + options + "}"
	}
	// A URL has no character that is special between quotes: what it would spell otherwise is percent-encoded.
	return first + `const response = await fetch("` + DemoURL + op.target(body) + `"` + options + ");\n" +
		"const answer = await response.json(); // a problem unless response.ok"
}

// target is the path of a call, and the query of a GET.
func (op Operation) target(body []byte) string {
	if op.isGet() {
		return ExampleTarget(op.Path, op.Request, body)
	}
	return op.Path
}

func indentedJSON(text []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return string(text)
	}
	return b.String()
}

var betweenTags = regexp.MustCompile(`>\s*<`)

// indentedXML puts every element on a line of its own, but for those that hold text: their text stays as it is, spaces and all.
func indentedXML(text string) string {
	var b strings.Builder
	depth := 0
	for piece := range strings.SplitSeq(betweenTags.ReplaceAllString(text, ">\n<"), "\n<") {
		if b.Len() > 0 {
			piece = "<" + piece
			b.WriteByte('\n')
		}
		if strings.HasPrefix(piece, "</") {
			depth--
		}
		b.WriteString(strings.Repeat("  ", max(depth, 0)) + piece)
		if !strings.HasPrefix(piece, "<?") && !strings.HasPrefix(piece, "</") && !strings.HasSuffix(piece, "/>") && !strings.Contains(piece, "</") {
			depth++
		}
	}
	return b.String()
}

// span is a part of a text.
type span struct {
	Text string
	Code bool
}

// spans parses the marks of Markdown that descriptions have: a line is a paragraph, and backticks are around code.
func spans(text string) (paragraphs [][]span) {
	for line := range strings.SplitSeq(text, "\n") {
		var parts []span
		for i, part := range strings.Split(line, "`") {
			parts = append(parts, span{part, i%2 == 1})
		}
		paragraphs = append(paragraphs, parts)
	}
	return paragraphs
}
