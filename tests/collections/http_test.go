package collections

import (
	"fmt"
	"strings"
	"testing"
)

// httpFile reads the format of VS Code's REST Client and of Visual Studio: requests between lines of ###, "# @name" in front of a request
// whose answer others use, and "@name = value" for variables.
func httpFile(t *testing.T, text string) (requests []request, values map[string]string) {
	t.Helper()
	values = map[string]string{}
	document := openapi(t)
	for i, part := range strings.Split("\n"+text, "\n###") {
		title, rest, _ := strings.Cut(part, "\n")
		r := httpRequest(t, rest, values)
		if (r.method == "") != (i == 0) {
			t.Errorf("part %d is no request: %s", i, part)
		}
		if r.method == "" {
			continue
		}
		if r.name == "" {
			r.name = strings.TrimSpace(title)
		}
		r.status = document.success(t, r.method, r.url)
		requests = append(requests, r)
	}
	return requests, values
}

func httpRequest(t *testing.T, text string, values map[string]string) request {
	t.Helper()
	r := request{header: map[string]string{}}
	head, body, _ := strings.Cut(strings.Trim(text, "\n"), "\n\n")
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "# @name "):
			r.name = strings.TrimPrefix(line, "# @name ")
		case strings.HasPrefix(line, "#"):
		case r.method == "" && !strings.HasPrefix(line, "@"):
			r.method, r.url, _ = strings.Cut(line, " ")
		case r.method != "":
			r.header[name] = strings.TrimSpace(value)
		}
	}
	if r.method == "" {
		body = text // the part in front of the first request: variables
	}
	for line := range strings.Lines(body) {
		if name, value, found := strings.Cut(line, "="); found && strings.HasPrefix(line, "@") {
			values[strings.TrimSpace(name[1:])] = strings.TrimSpace(value)
		}
	}
	r.body = body
	return r
}

// headersByName gives the variables that an answer makes: {{CreateCallLog.response.headers.Operation-Id}}.
func headersByName(r request, a answer) map[string]string {
	values := map[string]string{}
	for name := range a.header {
		values[fmt.Sprintf("%s.response.headers.%s", r.name, name)] = a.header.Get(name)
	}
	return values
}
