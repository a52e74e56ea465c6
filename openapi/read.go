package openapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/shape"
)

// Reads: operations without a key, whose members may be in the URL, and whose answers may be kept.

// isGet reports whether the members of a request are in the URL.
func (op Operation) isGet() bool { return op.Method == http.MethodGet }

// pathParameter is how the path of an operation names one of its parameters.
func pathParameter(name string) string { return "{" + name + "}" }

// read describes the route of a read.
func (b *builder) read(op *Operation, w operationWords, body object) object {
	names := []string{"X-Request-Id", "Operation-Id"}
	parameters, about := b.parameters(op), ""
	if op.Cache > 0 {
		names = append(names, cacheHeaders...)
		about = "\n\nAn answer may be given again for " + inWords(op.Cache) + ". Send `Cache-Control: no-cache` for a new one."
	}
	responses := object{{strconv.Itoa(op.Status), b.success(op, w, "What the vendor answered", append(names, limitHeaders...))}}
	if op.Cache > 0 && op.isGet() {
		parameters = append(parameters, object{
			{"name", "If-None-Match"}, {"in", "header"}, {"schema", object{{"type", "string"}}},
			{"description", "The ETag of an answer that the caller has: while it is the same, the answer is 304."},
		})
		responses.set("304", object{{"description", "The caller has the answer already."}, {"headers", headerRefs(append(names, "ETag")...)}})
		responses.edit(func(headers *object) { headers.set("ETag", ref("headers", "ETag")) }, strconv.Itoa(op.Status), "headers")
	}
	for _, status := range b.statuses {
		if name := b.readResponse(op, status); name != "" {
			responses.set(strconv.Itoa(status), ref("responses", name))
		}
	}
	responses.set(anyOther.name, anyOther.value)
	o := object{
		{"tags", list{w.Tag}}, {"operationId", op.operationID()}, {"summary", w.Summary},
		{"description", strings.TrimSpace(fmt.Sprintf("%s%s\n\nScope: `%s`.", w.Description, about, op.Scope))},
		{"parameters", append(parameters, ref("parameters", "RequestId"))},
	}
	if body != nil {
		o.set("requestBody", body)
	}
	o.set("responses", responses)
	return o
}

// parameters describes the members of a request that are in the URL. Rules between members are not said there.
func (b *builder) parameters(op *Operation) (parameters list) {
	if !op.isGet() {
		return nil
	}
	alone := schemas{words: b.words, names: b.schemas.names, done: map[string]bool{}}
	d := direction{&alone, op, false}
	d.request(op.Request)
	properties := alone.all.in(d.name(op.Request)).in("properties")
	minimal, _ := op.requests(b.bodies)
	var examples map[string]jsontext.Value
	if json.Unmarshal(minimal, &examples) != nil {
		examples = nil // none can be made
	}
	for i := range op.Request.Fields {
		f := &op.Request.Fields[i]
		schema := properties.in(f.Name)
		p := object{{"name", f.Name}, {"in", "query"}, {"required", isRequired(f)}}
		if strings.Contains(op.Path, pathParameter(f.Name)) {
			p = object{{"name", f.Name}, {"in", "path"}, {"required", true}}
		}
		if about := schema.get("description"); about != nil {
			p.set("description", about)
		}
		p.set("schema", schema.without("description"))
		if value, shown := examples[f.Name]; shown {
			// Swagger UI begins with this, and not with the examples of the schema. Together they are a call that can be sent.
			p.set("example", value)
		}
		parameters = append(parameters, p)
	}
	return parameters
}

// cacheHeaders are on the answers of a cached read.
var cacheHeaders = []string{"Cache-Status", "Age", "Cache-Control"}

// readHeaders are the headers that only reads have.
func readHeaders() object {
	text := func(description string, example any, kind string) object {
		return object{{"description", description}, {"schema", object{{"type", kind}, {"examples", list{example}}}}}
	}
	return object{
		{"Cache-Status", text("Whether the answer was kept, and for how many seconds more, or why the vendor was asked (RFC 9211).",
			"soapbridge; hit; ttl=42", "string")},
		{"Age", text("How many seconds ago the vendor answered.", 18, "integer")},
		{"Cache-Control", text("How long the caller may keep the answer. With no-cache, a write can make it stale: ask again with its ETag.",
			"private, max-age=60", "string")},
		{"ETag", text("Names this answer, for If-None-Match.", `"0b0f1f4e3d5c8a3e9d2f6a1b2c3d4e5f"`, "string")},
	}
}

var (
	// notOfReads are the problems of keys, which reads do not have, and notOfGets those of bodies.
	notOfReads = []string{
		"idempotency-key-missing", "idempotency-key-malformed", "in-flight", "key-reused", "settled", "idempotency-store-unavailable",
	}
	notOfGets = []string{"malformed-json", "unsupported-media-type", "payload-too-large", "request-timeout"}
)

// readResponse returns the component for the problems of a status that a read can answer with; none where there are none.
func (b *builder) readResponse(op *Operation, status int) (name string) {
	prefix, not := "Read", notOfReads
	if op.isGet() {
		prefix, not = "Get", slices.Concat(notOfReads, notOfGets)
	}
	var some []Problem
	for _, p := range b.byStatus[status] {
		if slices.Contains(not, p.Code) {
			continue
		}
		if p.Outcome == "failed" || p.Outcome == "unknown" {
			p.Detail = p.Title + ". The operation changes nothing, so it may be repeated: `retry` is `safe`."
		}
		some = append(some, p)
	}
	if len(some) == 0 {
		return ""
	}
	if name = prefix + answerNames[status]; b.responses.index(name) < 0 {
		response := b.problemResponse(status, some, b.options.MaxBody, b.ofReads)
		response.set("headers", headersOf(some).without("Idempotent-Replayed", "Idempotency-Stored"))
		b.responses.set(name, response)
	}
	return name
}

// ofReads makes the example of a read's failure from that of a write, which may not be repeated after it.
func (b *builder) ofReads(p Problem, name string, text []byte) (newName string, newText []byte) {
	if p.Outcome != "failed" && p.Outcome != "unknown" {
		return name, text
	}
	var problem object
	if err := json.Unmarshal(text, &problem); err != nil {
		b.failf("the example %s: %v", name, err)
	}
	problem.set("detail", p.Title+". The operation changes nothing, so it may be repeated.")
	problem.set("retry", "safe")
	text, err := json.Marshal(problem, jsontext.Multiline(true))
	if err != nil {
		b.failf("the example %s: %v", name, err)
	}
	return "read-" + name, text
}

// ExampleTarget is the path of a GET with the members of an example, and its query.
func ExampleTarget(path string, request *shape.Shape, example []byte) string {
	var members map[string]jsontext.Value
	if json.Unmarshal(example, &members) != nil {
		return path // without an example
	}
	query := []string{}
	for i := range request.Fields {
		f := &request.Fields[i]
		for _, value := range textsOf(f, members[f.Name]) {
			if place := pathParameter(f.Name); strings.Contains(path, place) {
				path = strings.Replace(path, place, url.PathEscape(value), 1)
			} else {
				query = append(query, url.QueryEscape(f.Name)+"="+url.QueryEscape(value))
			}
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return path
}

// textsOf are the values of a member as a URL has them.
func textsOf(f *shape.Field, value jsontext.Value) (texts []string) {
	items := []jsontext.Value{value}
	if f.Repeated {
		if json.Unmarshal(value, &items) != nil {
			return nil // the example lacks it
		}
	}
	for _, item := range items {
		var text string
		switch err := json.Unmarshal(item, &text); {
		case err == nil:
			texts = append(texts, text)
		case len(item) > 0: // a number, true or false
			texts = append(texts, string(item))
		}
	}
	return texts
}
