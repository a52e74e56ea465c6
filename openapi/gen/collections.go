package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"soapbridge/openapi"
	"soapbridge/translate"
)

// httpFile writes the requests for the HTTP clients of editors.
func httpFile(doc node, ops []translate.Operation) []byte {
	var b bytes.Buffer
	b.WriteString("# soapbridge: one request for each operation, and what follows it. Generated from the OpenAPI document.\n" +
		"# Works in VS Code (REST Client), Visual Studio and httpYac against: go run . demo\n" +
		"# Where callers are configured, every request needs one more header: Authorization: Bearer <API key>\n\n@baseUrl = " + openapi.DemoURL + "\n")
	for _, op := range ops {
		summary := doc.at("paths", op.Path, "post")["summary"]
		fmt.Fprintf(&b, "\n### %s: %s\n# @name %s\nPOST {{baseUrl}}%s\nContent-Type: application/json\nIdempotency-Key: {{$guid}}\n\n%s\n",
			op.Name, summary, op.Name, op.Path, indented(op.Example))
		for _, word := range previews(op) {
			fmt.Fprintf(&b, "\n### %s: the envelope that would be sent (%s)\nPOST {{baseUrl}}%s?preview=%s\nContent-Type: application/json\nAccept: text/xml\n\n%s\n",
				op.Name, word, op.Path, word, indented(op.Example))
		}
	}
	// In httpYac the name of a request is the JSON that answered it. The line, a comment to the others, makes their reference lead there, too.
	fmt.Fprintf(&b, "\n### What became of an operation\n# For httpYac:\n# @disabled (%[1]s.response = {body: {$: %[1]s}}) === null\n"+
		"GET {{baseUrl}}/v1/operations/{{%[1]s.response.body.$.operationId}}\n", ops[0].Name)
	b.WriteString("\n### The operations whose outcome is unknown (scope admin)\nGET {{baseUrl}}/v1/operations?state=unknown\n")
	b.WriteString("\n### What the proxy speaks\nGET {{baseUrl}}/v1/operations-catalogue\nAccept: application/json\n")
	b.WriteString("\n### Is it ready?\nGET {{baseUrl}}/readyz\n")
	return b.Bytes()
}

// indented is an example for people to read and change.
func indented(example string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(example), "", "  "); err != nil {
		panic(err) // the contract tests read every example
	}
	return b.String()
}

const postmanSchema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

// postman writes a Postman collection.
func postman(doc node, ops []translate.Operation) []byte {
	folders := map[string][]any{}
	var names []string
	for _, op := range ops {
		operation := doc.at("paths", op.Path, "post")
		tags, _ := operation["tags"].([]any)
		folder := fmt.Sprint(tags[0])
		if folders[folder] == nil {
			names = append(names, folder)
		}
		folders[folder] = append(folders[folder], item(op.Name, fmt.Sprint(operation["summary"]), op.Path, "", op.Example, op.Status))
		for _, word := range previews(op) {
			folders[folder] = append(folders[folder], item(fmt.Sprintf("%s preview %s", op.Name, word), "What would be sent; nothing is.", op.Path, fmt.Sprint(word), op.Example, 200))
		}
	}
	items := make([]any, 0, len(names)+1)
	for _, name := range names {
		items = append(items, node{"name": name, "item": folders[name]})
	}
	items = append(items, node{"name": "Operations", "item": []any{
		item("ShowOperation", "What became of the last operation.", "/v1/operations/{{operationId}}", "", "", 200),
		item("ListOperations", "The operations whose outcome is unknown (scope admin).", "/v1/operations?state=unknown", "", "", 200),
		item("ShowCatalogue", "What the proxy speaks.", "/v1/operations-catalogue", "", "", 200),
		item("ShowReadiness", "Whether calls should come here.", "/readyz", "", "", 200),
	}})
	return encode(node{
		"info": node{
			"name": "soapbridge", "schema": postmanSchema,
			"description": "One request for each operation, its preview, and what follows it. Generated from the OpenAPI document.",
		},
		"item": items,
		"variable": []any{
			node{"key": "baseUrl", "value": openapi.DemoURL},
			node{"key": "operationId", "value": ""},
			node{"key": "apiKey", "value": "", "description": "Where callers are configured"},
		},
		"auth": node{"type": "bearer", "bearer": []any{node{"key": "token", "value": "{{apiKey}}", "type": "string"}}},
	}, order{})
}

// item is one request of a collection, and the test of its status. A body makes it a POST.
func item(name, summary, path, preview, body string, status int) node {
	request := node{"method": "GET", "description": summary}
	headers := []any{header("Accept", "application/json")}
	script := []any{fmt.Sprintf("pm.test('%d', () => pm.response.to.have.status(%d));", status, status)}
	if body != "" {
		request["method"] = "POST"
		request["body"] = node{"mode": "raw", "raw": indented(body), "options": node{"raw": node{"language": "json"}}}
		headers = append(headers, header("Content-Type", "application/json"))
		if preview == "" {
			headers = append(headers, header("Idempotency-Key", "{{$guid}}"))
			script = append(script, "pm.collectionVariables.set('operationId', pm.response.headers.get('Operation-Id'));")
		}
	}
	if preview != "" {
		path += "?preview=" + preview
	}
	request["header"], request["url"] = headers, postmanURL(path)
	return node{"name": name, "request": request, "event": []any{node{"listen": "test", "script": node{"type": "text/javascript", "exec": script}}}}
}

func header(name, value string) node { return node{"key": name, "value": value} }

func postmanURL(path string) node {
	path, query, _ := strings.Cut(path, "?")
	url := node{"raw": "{{baseUrl}}" + path, "host": []any{"{{baseUrl}}"}, "path": list(strings.Split(strings.Trim(path, "/"), "/"))}
	if key, value, found := strings.Cut(query, "="); found {
		url["raw"] = fmt.Sprintf("%v?%s", url["raw"], query)
		url["query"] = []any{node{"key": key, "value": value}}
	}
	return url
}
