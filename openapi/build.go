package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// builder makes the OpenAPI 3.1 document of a proxy. Its parts come from here:
//
//	routes and schemas of operations      their shapes and rules, by schema.go
//	words about operations and members    comments in the Go code, which openapi/gen collects into words.json
//	the fixed routes and their schemas    swag's annotations, in words.json, too; fixed.go adds what these do not say
//	problems                              Options.Problems, which is the edge's table of codes
//	examples of problems                  examples/, recorded by go test ./tests/e2e -run TestExamplesOfProblems -update
//	examples of bodies                    the examples of the operations and of their members, by example.go
//	headers, parameters, shared answers   answers.go and this file
//
// The files openapi.json, openapi.yaml, openapi-3.0.json, swagger.json, catalogue.json and the collections are what comes out, for those who read
// them in the repository: no program reads them.
type builder struct {
	options Options
	words   words
	schemas schemas
	// statuses are those of the problems that an operation can answer with, in order; byStatus has the problems.
	statuses []int
	byStatus map[int][]Problem
	// headers, responses and examples are the components of these names.
	headers, responses, examples object
	bodies                       examples
	taken                        map[string]bool // names of examples of bodies
	err                          error
}

// The routes that need no caller.
var public = []string{"/livez", "/readyz", CataloguePath, DecodePath}

// build makes the document. The error names what is missing, such as the words of an operation.
func build(o Options, w words) (object, error) {
	b := &builder{options: o, words: w, headers: headers(), bodies: newExamples(), taken: map[string]bool{}}
	b.schemas = schemas{words: w, names: newComponents(o.Operations, w.Schemas), done: map[string]bool{}}
	if slices.ContainsFunc(o.Operations, func(op Operation) bool { return op.ReadOnly }) {
		b.headers = append(b.headers, readHeaders()...)
	}
	b.statuses, b.byStatus = problemsByStatus(o.Problems)
	b.sharedResponses()
	paths := b.paths()
	for _, m := range w.Schemas {
		b.schemas.all.set(m.name, m.value)
	}
	b.finishFixedSchemas()
	doc := object{
		{"openapi", "3.1.0"},
		{"info", b.info()},
		{"servers", list{object{{"url", "/"}, {"description", "This proxy"}}}},
		{"security", list{}},
		{"tags", b.tags()},
		{"paths", paths},
	}
	components := object{
		{"parameters", object{{"IdempotencyKey", b.keyParameter()}, {"RequestId", requestID}}},
		{"responses", b.responses}, {"headers", b.headers}, {"examples", b.examples}, {"schemas", b.schemas.all},
	}
	if o.Callers {
		doc.set("security", list{object{{"bearer", list{}}}, object{{"apiKey", list{}}}})
		components.set("securitySchemes", object{
			{"bearer", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key (`sb_<id>.<secret>`), or a JWT of the configured issuer."}}},
			{"apiKey", object{{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}, {"description", "An API key, for clients that cannot send `Authorization`."}}},
		})
	}
	doc.set("components", components)
	return doc, b.err
}

func (b *builder) failf(format string, args ...any) {
	b.err = errors.Join(b.err, fmt.Errorf("openapi: "+format, args...))
}

func (b *builder) info() object {
	info := b.words.Info.without()
	if b.options.Sandbox {
		info.set("description", fmt.Sprintf("%v\n\n**%s** %s", info.get("description"), sandboxWord, sandboxSentence))
	}
	return info
}

// toolsTag groups the routes that only the demo has.
const toolsTag = "Tools"

func (b *builder) tags() (tags list) {
	systems := 0 // of the tags, which are the first ones
	for _, tag := range b.words.Tags {
		if tag.get("name") != toolsTag || b.options.Demo {
			tags = append(tags, tag)
		}
		if slices.ContainsFunc(b.options.Operations, func(op Operation) bool { return b.words.operation(op).Tag == tag.get("name") }) {
			systems = len(tags)
		}
	}
	return slices.Insert(tags, systems, b.importedTags()...)
}

// importedTags are a tag for each imported system.
func (b *builder) importedTags() (tags list) {
	known := map[string]bool{}
	for _, op := range b.options.Operations {
		if op.isImported() && !known[op.System] {
			known[op.System] = true
			tags = append(tags, object{{"name", op.System}, {"description", "The imported system " + op.System}})
		}
	}
	return tags
}

func (b *builder) paths() (paths object) {
	places := map[string]int{} // of paths
	add := func(path, method string, described object) {
		at, known := places[path]
		if !known {
			at = len(paths)
			places[path], paths = at, append(paths, member{path, object{}})
		}
		paths[at].value = append(asObject(paths[at].value), member{method, described})
	}
	for i := range b.options.Operations {
		op := &b.options.Operations[i]
		w := b.words.operation(*op)
		direction{&b.schemas, op, true}.result(b.resultName(op), op.Response, member{"operationId", object{
			{"type", "string"}, {"examples", list{exampleID}}, {"description", "Names this call in every log and record."},
		}})
		work, method, body := b.operation, "post", object(nil)
		if op.ReadOnly {
			work = b.read
		}
		if op.isGet() {
			method = "get"
		} else {
			direction{&b.schemas, op, false}.request(op.Request)
			body = b.requestBody(op, w)
		}
		add(op.Path, method, work(op, w, body))
		add(op.Path+PreviewSuffix, method, b.preview(op, w, body))
	}
	for _, m := range b.words.Paths {
		if m.name != DecodePath || b.options.Demo {
			paths.set(m.name, b.fixed(m.name, asObject(m.value)))
		}
	}
	return paths
}

// resultName is the name of the schema of a success.
func (b *builder) resultName(op *Operation) string { return b.schemas.names.results[op.id()] }

// success describes the answer to what was executed.
func (b *builder) success(op *Operation, w operationWords, said string, headers []string) object {
	content := object{{"schema", ref("schemas", b.resultName(op))}}
	if result := b.bodies.result(op.Response); result != nil {
		content.set("examples", object{{"done", example(said, result)}})
	}
	return object{{"description", w.Success}, {"headers", headerRefs(headers...)}, {"content", object{{"application/json", content}}}}
}

// operation describes the route of a write.
func (b *builder) operation(op *Operation, w operationWords, body object) object {
	names := []string{"X-Request-Id", "Operation-Id", "Idempotent-Replayed", "Idempotency-Stored"}
	if op.Status == 201 {
		names = append(names, "Location")
	}
	names = append(names, limitHeaders...)
	said := "What the vendor answered"
	if op.Status == 202 {
		said = "The id by which the call is found"
	}
	responses := object{{strconv.Itoa(op.Status), b.success(op, w, said, names)}}
	for _, status := range b.statuses {
		responses.set(strconv.Itoa(status), ref("responses", answerNames[status]))
	}
	responses.set(anyOther.name, anyOther.value)
	described := object{
		{"tags", list{w.Tag}}, {"operationId", op.operationID()}, {"summary", w.Summary},
		{"description", strings.TrimSpace(fmt.Sprintf("%s\n\nScope: `%s`.", w.Description, op.Scope))},
		{"parameters", list{ref("parameters", "IdempotencyKey"), ref("parameters", "RequestId")}},
		{"requestBody", body},
		{"responses", responses},
	}
	if w.sources != nil {
		described.set(sourceExtension, listOf(w.sources))
	}
	return described
}

// requestBody describes the body of an operation and of its preview, whose examples are shared components.
func (b *builder) requestBody(op *Operation, w operationWords) object {
	minimal, full := op.requests(b.bodies)
	shown := object{}
	for _, e := range []struct {
		name, summary string
		body          []byte
	}{{"minimal", "What is required, and little more", minimal}, {"full", "Every member", full}} {
		if e.body != nil && (len(shown) == 0 || !bytes.Equal(minimal, full)) {
			name := unique(b.taken, op.operationID()+"-"+e.name)
			b.examples = append(b.examples, member{name, example(e.summary, e.body)})
			shown = append(shown, member{e.name, ref("examples", name)})
		}
	}
	content := object{{"schema", ref("schemas", direction{&b.schemas, op, false}.name(op.Request))}}
	if len(shown) > 0 {
		content.set("examples", shown)
	}
	return object{{"description", w.Request}, {"required", true}, {"content", object{{"application/json", content}}}}
}

const previewDescription = "Answers with what the proxy would send, with every secret masked: the envelope, the HTTP headers, and a table from JSON " +
	"Pointer to XPath. Nothing is sent, and no key is used. Ask with `Accept: text/xml` for the bare envelope."

// preview describes the route that shows what an operation would send.
func (b *builder) preview(op *Operation, w operationWords, body object) object {
	responses := object{{"200", object{
		{"description", "What would be sent. Nothing was."}, {"headers", headerRefs("X-Request-Id")},
		// Only the description mentions the bare envelope: generated clients would have to distinguish a second type of success.
		{"content", object{{"application/json", object{{"schema", ref("schemas", "Preview")}}}}},
	}}}
	for _, status := range b.statuses {
		if name := b.previewResponse(*op, status); name != "" {
			responses.set(strconv.Itoa(status), ref("responses", name))
		}
	}
	responses.set(anyOther.name, anyOther.value)
	version := object{{"type", "string"}, {"enum", listOf(op.SOAPVersions)}}
	o := object{
		{"tags", list{w.Tag}}, {"operationId", op.previewID()}, {"summary", "Preview: " + w.Summary},
		{"description", fmt.Sprintf("%s\n\nScope: `%s`.", previewDescription, op.Scope)},
		{"parameters", append(b.parameters(op),
			object{{"name", "soap"}, {"in", "query"}, {"description", "The version of SOAP; by default the configured one."}, {"schema", version}},
			ref("parameters", "RequestId"),
		)},
	}
	if body != nil {
		o.set("requestBody", body)
	}
	o.set("responses", responses)
	return o
}

// exampleKey is a valid key. A client that uses it for two requests is refused, as with any key.
var exampleKey = uuid.NewSHA1(uuid.NameSpaceURL, []byte("soapbridge")).String()

func (b *builder) keyParameter() object {
	o := b.options
	about := "A fresh random key for each new operation, the same key for each repetition of it. For " + inWords(o.Retention) +
		" a repetition is answered with the first result, byte for byte, and nothing is sent again."
	if o.KeyOptional {
		about += " This proxy also takes a call without a key, which then cannot be repeated safely."
	}
	return object{
		{"name", "Idempotency-Key"}, {"in", "header"}, {"required", !o.KeyOptional}, {"description", about},
		// Both spellings: a bare token, and the quoted string of a structured field.
		{"schema", object{{"type", "string"}, {"minLength", 16}, {"maxLength", 130}, {"pattern", `^(` + o.KeyToken + `|"` + o.KeyToken + `")$`}}},
		{"example", exampleKey},
	}
}

// RequestIDPattern is the syntax of the X-Request-Id that a caller may choose.
const RequestIDPattern = `^[A-Za-z0-9._-]{1,64}$`

var requestID = object{
	{"name", "X-Request-Id"}, {"in", "header"}, {"description", "Names this call in the log; made up when it is missing or malformed."},
	{"schema", object{{"type", "string"}, {"maxLength", 64}, {"pattern", RequestIDPattern}}},
}

// inWords returns a duration in the largest unit that divides it: 7 days, 36 hours.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		name string
		long time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		switch {
		case d == unit.long:
			return "1 " + unit.name
		case d%unit.long == 0:
			return strconv.FormatInt(int64(d/unit.long), 10) + " " + unit.name + "s"
		}
	}
	return d.String()
}
