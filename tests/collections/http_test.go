package collections

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// httpFile reads the format of VS Code's REST Client and of Visual Studio: requests between lines of ###, "# @name" in front of a request
// whose answer others use, and "@name = value" for variables.
func httpFile(t *testing.T, read reader) (requests []request, values map[string]string) {
	t.Helper()
	values = map[string]string{}
	document := read.openapi(t)
	for i, part := range strings.Split("\n"+string(read(t, "soapbridge.http")), "\n###") {
		title, rest, _ := strings.Cut(part, "\n")
		r := httpRequest(t, rest, values)
		if (r.method == "") != (i == 0) {
			t.Errorf("part %d is not a request: %s", i, part)
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

// membersByName returns the variables that an answer makes of its JSON: {{CreateCallLog.response.body.$.operationId}}.
func membersByName(r request, a answer) map[string]string {
	var members map[string]any
	if json.Unmarshal([]byte(a.body), &members) != nil {
		return nil // an envelope
	}
	values := map[string]string{}
	for name, value := range members {
		if text, ok := value.(string); ok {
			values[fmt.Sprintf("%s.response.body.$.%s", r.name, name)] = text
		}
	}
	return values
}

// TestReferencesToAnswersWorkInHTTPYac: httpYac evaluates a reference as JavaScript, in which the name of a request is the JSON of its answer.
// So the reference must be a path of names, and a line for httpYac must add to the JSON the member with which the other clients' syntax
// begins.
func TestReferencesToAnswersWorkInHTTPYac(t *testing.T) {
	reference := regexp.MustCompile(`^([A-Za-z]+)\.response\.body\.\$(\.[A-Za-z]+)+$`)
	found := 0
	for part := range strings.SplitSeq(string(committed(t, "soapbridge.http")), "\n###") {
		for _, m := range variable.FindAllStringSubmatch(part, -1) {
			if m[1] == "baseUrl" || m[1] == "$guid" {
				continue
			}
			found++
			path := reference.FindStringSubmatch(m[1])
			if path == nil {
				t.Errorf("%s is not a path of names", m[0])
				continue
			}
			if line := fmt.Sprintf("\n# @disabled (%[1]s.response = {body: {$: %[1]s}}) === null\n", path[1]); !strings.Contains(part, line) {
				t.Errorf("%s: the request lacks the line %q", m[0], line)
			}
		}
	}
	if found == 0 {
		t.Error("no request refers to an answer")
	}
}
