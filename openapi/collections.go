package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// entry is one operation in a collection of requests.
type entry struct {
	Operation

	tag, summary string
	target       string // the path, and the query of a GET
	body         string // the example, for people to read and change; empty for a GET
}

func entries(operations []Operation) (list []entry, err error) {
	w, err := readWords(wordsFile)
	if err != nil {
		return nil, err
	}
	bodies := newExamples()
	for _, op := range operations {
		example, full := op.requests(bodies)
		if op.isGet() && op.Example == "" { // there is room for all that a URL can carry
			example = full
		}
		example = []byte(cmp.Or(string(example), "{}"))
		about := w.operation(op)
		e := entry{op, about.Tag, about.Summary, op.Path, ""}
		if op.isGet() {
			e.target = ExampleTarget(op.Path, op.Request, example)
		} else {
			var body bytes.Buffer
			err = json.Indent(&body, example, "", "  ")
			e.body = withoutVariables(body.String())
		}
		if err != nil {
			return nil, fmt.Errorf("openapi: the example of %s: %w", op.Name, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// withoutVariables spells a body so that it has no variables or scripts for those who send it: an object never begins directly behind a brace.
func withoutVariables(body string) string { return strings.ReplaceAll(body, "{{", `{\u007b`) }

// httpFile writes the requests for the HTTP clients of editors.
func httpFile(o Options) ([]byte, error) {
	entries, err := entries(o.Operations)
	var b bytes.Buffer
	b.WriteString("# soapbridge: one request for each operation, and what follows it.\n" +
		"# Works in VS Code (REST Client), Visual Studio and httpYac against: go run . demo\n" +
		"# Where callers are configured, every request needs one more header: Authorization: Bearer <API key>\n\n@baseUrl = " + DemoURL + "\n")
	for _, e := range entries {
		key := "Idempotency-Key: {{$guid}}\n"
		if e.ReadOnly {
			key = ""
		}
		title := e.Name
		if e.summary != e.Name {
			title += ": " + e.summary
		}
		fmt.Fprintf(&b, "\n### %s\n# @name %s\n%s", title, e.variable(), e.request(e.target, key))
		for _, version := range e.SOAPVersions {
			fmt.Fprintf(&b, "\n### %s: the envelope that would be sent (SOAP %s)\n%s", e.Name, version, e.request(e.previewOf(version), "Accept: text/xml\n"))
		}
	}
	if first := slices.IndexFunc(entries, func(e entry) bool { return !e.ReadOnly }); first >= 0 {
		// In httpYac the name of a request is the JSON that answered it. The line, a comment to the others, makes their reference lead there, too.
		fmt.Fprintf(&b, "\n### What became of an operation\n# For httpYac:\n# @disabled (%[1]s.response = {body: {$: %[1]s}}) === null\n"+
			"GET {{baseUrl}}/v1/operations/{{%[1]s.response.body.$.operationId}}\n", entries[first].variable())
	}
	b.WriteString("\n### The operations whose outcome is unknown (scope admin)\nGET {{baseUrl}}/v1/operations?state=unknown\n")
	b.WriteString("\n### What the proxy speaks\nGET {{baseUrl}}" + CataloguePath + "\nAccept: application/json\n")
	b.WriteString("\n### Is it ready?\nGET {{baseUrl}}/readyz\n")
	return b.Bytes(), err
}

// variable is the name of the request in scripts, which have no other characters.
func (e entry) variable() string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(componentName(e.id()))
}

// request writes one request; the headers are lines.
func (e entry) request(target, headers string) string {
	if e.isGet() {
		return "GET {{baseUrl}}" + target + "\n" + headers
	}
	return "POST {{baseUrl}}" + target + "\nContent-Type: application/json\n" + headers + "\n" + e.body + "\n"
}

func (e entry) previewOf(version string) string {
	path, query, _ := strings.Cut(e.target, "?")
	if query != "" {
		query += "&"
	}
	return path + PreviewSuffix + "?" + query + "soap=" + version
}

const postmanSchema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

// postman writes a Postman collection: a folder for each tag.
func postman(o Options) ([]byte, error) {
	entries, err := entries(o.Operations)
	if err != nil {
		return nil, err
	}
	var folders object
	for _, e := range entries {
		folder, _ := folders.get(e.tag).(list)
		folder = append(folder, item(e.Name, e.summary, e.target, e.body, e.Status, !e.ReadOnly))
		for _, version := range e.SOAPVersions {
			folder = append(folder, item(fmt.Sprintf("%s preview SOAP %s", e.Name, version), "What would be sent; nothing is.", e.previewOf(version), e.body, 200, false))
		}
		folders.set(e.tag, folder)
	}
	items := make(list, 0, len(folders)+1)
	for _, folder := range folders {
		items = append(items, object{{"name", folder.name}, {"item", folder.value}})
	}
	items = append(items, object{{"name", "Operations"}, {"item", list{
		item("ShowOperation", "What became of the last operation.", "/v1/operations/{{operationId}}", "", 200, false),
		item("ListOperations", "The operations whose outcome is unknown (scope admin).", "/v1/operations?state=unknown", "", 200, false),
		item("ShowCatalogue", "What the proxy speaks.", CataloguePath, "", 200, false),
		item("ShowReadiness", "Whether calls should come here.", "/readyz", "", 200, false),
	}}})
	return object{
		{"info", object{
			{"name", "soapbridge"}, {"schema", postmanSchema},
			{"description", "One request for each operation, its previews, and what follows it."},
		}},
		{"item", items},
		{"variable", list{
			object{{"key", "baseUrl"}, {"value", DemoURL}},
			object{{"key", "operationId"}, {"value", ""}},
			object{{"key", "apiKey"}, {"value", ""}, {"description", "Where callers are configured"}},
		}},
		{"auth", object{{"type", "bearer"}, {"bearer", list{object{{"key", "token"}, {"value", "{{apiKey}}"}, {"type", "string"}}}}}},
	}.text()
}

// item is one request of a collection, and the test of its status. A body makes it a POST; a write has a key, and its operation can be looked up.
func item(name, summary, target, body string, status int, write bool) object {
	method, headers := "GET", list{header("Accept", "application/json")}
	script := list{fmt.Sprintf("pm.test('%d', () => pm.response.to.have.status(%d));", status, status)}
	request := object{{"description", summary}}
	if body != "" {
		method = "POST"
		headers = append(headers, header("Content-Type", "application/json"))
		request.set("body", object{{"mode", "raw"}, {"raw", body}, {"options", object{{"raw", object{{"language", "json"}}}}}})
		if write {
			headers = append(headers, header("Idempotency-Key", "{{$guid}}"))
			script = append(script, "pm.collectionVariables.set('operationId', pm.response.headers.get('Operation-Id'));")
		}
	}
	request = append(object{{"method", method}, {"header", headers}, {"url", postmanURL(target)}}, request...)
	test := object{{"listen", "test"}, {"script", object{{"type", "text/javascript"}, {"exec", script}}}}
	return object{{"name", name}, {"request", request}, {"event", list{test}}}
}

func header(name, value string) object { return object{{"key", name}, {"value", value}} }

func postmanURL(target string) object {
	path, query, _ := strings.Cut(target, "?")
	url := object{{"raw", "{{baseUrl}}" + target}, {"host", list{"{{baseUrl}}"}}, {"path", listOf(strings.Split(strings.Trim(path, "/"), "/"))}}
	var parameters list
	for parameter := range strings.SplitSeq(query, "&") {
		if key, value, found := strings.Cut(parameter, "="); found {
			parameters = append(parameters, object{{"key", key}, {"value", value}})
		}
	}
	if parameters != nil {
		url.set("query", parameters)
	}
	return url
}
