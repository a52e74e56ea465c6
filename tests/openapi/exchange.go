package openapi

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Exchange is a request and its answer, as they went over the wire.
type Exchange struct {
	Method, Target string // the target with its query
	Request        http.Header
	Body           []byte
	Status         int
	Response       http.Header
	Answer         []byte
	// Read is how the operation reads a body; nil where the route is not an operation's.
	Read Read
}

// Pages are the routes that the document does not list, because they are for people or describe the document itself. A star at the end
// matches anything.
var Pages = []string{
	"/", "/docs", "/docs/*", "/problems", "/problems/*", "/pages.css", "/pages.js", "/shared.css", "/unknown-outcomes.js", "/search", "/metrics",
	"/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/swagger.json", "/soapbridge.http", "/soapbridge.postman_collection.json",
}

// ownHeaders are the headers of answers that have a meaning of this product's.
var ownHeaders = []string{"X-Request-Id", "Operation-Id", "Retry-After", "Idempotent-Replayed", "Idempotency-Stored", "WWW-Authenticate", "Location", "Link"}

// Judge lists what the document does not say of an exchange.
func (d *Document) Judge(x Exchange) []string {
	path, query, _ := strings.Cut(x.Target, "?")
	method := x.Method
	if method == http.MethodHead { // the document lists GET, and HEAD is that without its body
		method = http.MethodGet
	}
	route, operation := d.Route(method, path)
	if operation == nil {
		refused := slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusMisdirectedRequest}, x.Status)
		if refused || x.Method == http.MethodOptions || isPage(path) {
			return nil
		}
		return []string{"the route is not in the document"}
	}
	j := &judge{document: d, exchange: x, at: []string{"paths", route, strings.ToLower(method)}, operation: operation}
	j.response()
	j.request(query)
	return j.found
}

func isPage(path string) bool {
	return slices.ContainsFunc(Pages, func(page string) bool {
		begin, open := strings.CutSuffix(page, "*")
		return path == page || open && strings.HasPrefix(path, begin)
	})
}

// Route finds the path of the document that a path is one of.
func (d *Document) Route(method, path string) (route string, operation Object) {
	parts := strings.Split(path, "/")
	for route, item := range Inside(d.Root, "paths") {
		pattern := strings.Split(route, "/")
		fits := func(i int) bool {
			return pattern[i] == parts[i] || strings.HasPrefix(pattern[i], "{") && parts[i] != ""
		}
		if len(parts) != len(pattern) || slices.ContainsFunc(indices(len(parts)), func(i int) bool { return !fits(i) }) {
			continue
		}
		if operation := Inside(item.(Object), strings.ToLower(method)); operation != nil {
			return route, operation
		}
	}
	return "", nil
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// judge holds one exchange against its operation.
type judge struct {
	document  *Document
	exchange  Exchange
	operation Object
	at        []string // of the operation
	found     []string
}

func (j *judge) failf(format string, args ...any) {
	j.found = append(j.found, fmt.Sprintf(format, args...))
}

// follow returns the object at the end of a path of members, with its place; references are followed on the way.
func (d *Document) follow(path ...string) (o Object, at []string) {
	o = d.Root
	for i, name := range path {
		next, ok := o[name].(Object)
		if !ok {
			return nil, nil
		}
		o, at = next, append(at, name)
		if ref, ok := o["$ref"].(string); ok && name != "schema" {
			return d.follow(append(strings.Split(strings.TrimPrefix(ref, "#/"), "/"), path[i+1:]...)...)
		}
	}
	return o, at
}

func (j *judge) response() {
	status := strconv.Itoa(j.exchange.Status)
	answer, at := j.document.follow(append(slices.Clone(j.at), "responses", status)...)
	if answer == nil {
		answer, at = j.document.follow(append(slices.Clone(j.at), "responses", "default")...)
	}
	if answer == nil {
		j.failf("the status %s is not documented", status)
		return
	}
	j.headers(at)
	if len(j.exchange.Answer) == 0 && (answer["content"] == nil || j.exchange.Method == http.MethodHead) {
		return
	}
	media, _, _ := mime.ParseMediaType(j.exchange.Response.Get("Content-Type")) // a malformed one is not documented
	if media == "text/xml" && strings.HasSuffix(j.at[1], "/preview") || media == "text/html" && j.at[1] == "/v1/operations-catalogue" {
		return // a preview as bare XML and the catalogue as a page are only described in words: generated clients would have a second type of success
	}
	if Inside(answer, "content", media) == nil {
		j.failf("the content type %q of status %s is not documented", media, status)
		return
	}
	schema := Pointer(append(at, "content", media, "schema")...)
	var value any = string(j.exchange.Answer)
	if strings.HasSuffix(media, "json") {
		var err error
		if value, err = decode(j.exchange.Answer); err != nil {
			j.failf("the body is not JSON: %v", err)
			return
		}
	}
	accepts := j.document.AcceptsAll
	if j.exchange.Response.Get("Idempotent-Replayed") != "" {
		accepts = j.document.Accepts // an operator who settled the operation may have given the body
	}
	if err := accepts(schema, value); err != nil {
		j.failf("the body of status %s: %v", status, err)
	}
}

func (j *judge) headers(at []string) {
	answer, _ := j.document.follow(at...)
	documented := Inside(answer, "headers")
	for name := range documented {
		header, place := j.document.follow(append(slices.Clone(at), "headers", name)...)
		values := j.exchange.Response.Values(name)
		if header["required"] == true && len(values) == 0 {
			j.failf("the header %s is missing", name)
		}
		for _, value := range values {
			j.text("the header "+name, value, header, place)
		}
	}
	for _, name := range ownHeaders {
		if documented[name] == nil && len(j.exchange.Response.Values(name)) > 0 {
			j.failf("the header %s of status %d is not documented", name, j.exchange.Status)
		}
	}
}

// text judges a header or a parameter, which is text on the wire whatever its type.
func (j *judge) text(what, value string, described Object, at []string) {
	value = strings.Trim(value, " \t") // RFC 9110, section 5.5
	var v any = value
	if kind := Inside(described, "schema")["type"]; kind == "integer" {
		v = json.Number(value)
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			v = value
		}
	}
	if err := j.document.Accepts(Pointer(append(slices.Clone(at), "schema")...), v); err != nil {
		j.failf("%s: %v", what, err)
	}
}

func (j *judge) request(query string) {
	switch {
	case j.exchange.Status < 300:
		j.parameters(query)
		j.body(nil)
	case j.exchange.Status == http.StatusUnprocessableEntity:
		var problem struct {
			Code   string
			Errors []struct{ Pointer, Code, Detail string }
		}
		if err := json.Unmarshal(j.exchange.Answer, &problem); err != nil || problem.Code != "validation-failed" {
			return
		}
		var violations []Violation
		for _, e := range problem.Errors {
			violations = append(violations, Violation(e))
		}
		j.body(violations)
	}
}

// body judges the body of a request that was accepted, or refused for its violations.
func (j *judge) body(violations []Violation) {
	schema := j.document.RequestSchema(j.exchange.Method, j.at[1])
	if schema == "" {
		return
	}
	value, err := decode(j.exchange.Body)
	if err != nil {
		if violations == nil {
			j.failf("a body was accepted that is not JSON: %v", err)
		}
		return
	}
	refusal := j.document.Accepts(schema, value)
	if (refusal == nil) == (violations == nil) || j.document.Explain(schema, j.exchange.Body, violations, j.exchange.Read) != nil {
		return
	}
	if refusal != nil && j.isLenient() || refusal == nil && areOfResult(violations) {
		return
	}
	if refusal != nil {
		j.failf("the body was accepted, and the document refuses it: %v", refusal)
		return
	}
	j.failf("the body was refused, and the document accepts it: %v", violations)
}

// areOfResult reports whether violations are all about the result of a settlement: what it may hold depends on the operation that is settled.
func areOfResult(violations []Violation) bool {
	return !slices.ContainsFunc(violations, func(v Violation) bool { return !strings.HasPrefix(v.Pointer, "/result/") })
}

// isLenient reports whether the body is valid except for the identifiers of organisations, which the proxy may be configured not to check.
func (j *judge) isLenient() bool {
	if j.exchange.Read == nil {
		return false
	}
	violations := j.exchange.Read(j.exchange.Body)
	return len(violations) > 0 && !slices.ContainsFunc(violations, func(v Violation) bool { return v.Code != "emersion-org-identifier" })
}

// notDemanded are parameters whose description says more than their schema: the key is not needed for a preview nor where the proxy is
// configured so, and a malformed request id is replaced by one of the proxy's own.
var notDemanded = []string{"Idempotency-Key", "X-Request-Id"}

func (j *judge) parameters(query string) {
	values, err := url.ParseQuery(query)
	if err != nil {
		j.failf("a query was accepted that is none: %v", err)
	}
	parameters, _ := j.operation["parameters"].([]any)
	for i := range parameters {
		place := append(slices.Clone(j.at), "parameters", strconv.Itoa(i))
		parameter, _ := parameters[i].(Object)
		if ref, ok := parameter["$ref"].(string); ok {
			parameter, place = j.document.follow(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		name := fmt.Sprint(parameter["name"])
		present := values[name]
		switch parameter["in"] {
		case "header":
			present = j.exchange.Request.Values(name)
		case "query":
			delete(values, name)
		default:
			continue
		}
		if parameter["required"] == true && len(present) == 0 && !slices.Contains(notDemanded, name) {
			j.failf("the parameter %s is missing, and the request was accepted", name)
		}
		for _, value := range present {
			if name != "X-Request-Id" {
				j.text("the parameter "+name, value, parameter, place)
			}
		}
	}
	for name := range values {
		j.failf("the parameter %s was accepted, and is not documented", name)
	}
}
