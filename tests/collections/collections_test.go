// Package collections sends every request of the .http file and of the Postman collection to a demo, as their readers would.
package collections

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"soapbridge/tests/kit"
)

func TestMain(m *testing.M) { os.Exit(kit.Main(m)) }

// request is one request of a file, with its variables still in it.
type request struct {
	name, method, url string
	header            map[string]string
	body              string
	status            int // that it must be answered with
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "openapi", name))
	if err != nil {
		t.Fatalf("%v; make generate writes it", err)
	}
	return text
}

var variable = regexp.MustCompile(`\{\{([^{}]+)\}\}`)

// substitute puts the values of variables in their place. {{$guid}} is another one each time.
func substitute(t *testing.T, text string, values map[string]string) string {
	t.Helper()
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found, "{}")
		value, known := values[name]
		if name == "$guid" {
			value, known = uuid.NewString(), true
		}
		if !known {
			t.Errorf("%s never gets a value", found)
		}
		return value
	})
}

func (r request) send(t *testing.T, values map[string]string) answer {
	t.Helper()
	out, err := http.NewRequestWithContext(t.Context(), r.method, substitute(t, r.url, values), strings.NewReader(substitute(t, r.body, values)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		out.Header.Set(name, substitute(t, value, values))
	}
	response, err := http.DefaultClient.Do(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// check judges the answer to a request.
func (r request) check(t *testing.T, a answer) {
	t.Helper()
	if r.status == 0 || a.status != r.status {
		t.Errorf("status %d, want %d: %s", a.status, r.status, a.body)
	}
	for version, namespace := range map[string]string{"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"} {
		if strings.HasSuffix(r.url, "/preview?soap="+version) && !strings.Contains(a.body, namespace) {
			t.Errorf("no envelope of %s: %s", version, a.body)
		}
	}
}

// document is the part of openapi.json that the tests look at.
type document struct {
	Paths map[string]map[string]struct {
		Responses map[string]any
	}
}

func openapi(t *testing.T) (d document) {
	t.Helper()
	if err := json.Unmarshal(read(t, "openapi.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// success is the status that the document promises for a request.
func (d document) success(t *testing.T, method, url string) int {
	t.Helper()
	path, _, _ := strings.Cut(strings.TrimPrefix(url, "{{baseUrl}}"), "?")
	if id := variable.FindString(path); id != "" {
		path = strings.Replace(path, id, "{operationId}", 1)
	}
	operation, known := d.Paths[path][strings.ToLower(method)]
	if _, created := operation.Responses["201"]; created {
		return http.StatusCreated
	}
	if _, ok := operation.Responses["200"]; !known || !ok {
		t.Errorf("the document does not know %s %s", method, path)
	}
	return http.StatusOK
}

// wanted are the requests that a collection must have: every operation of a system, and every preview of it. The operations are executed once.
func wanted() (list []string, executions map[string]int) {
	executions = map[string]int{}
	for _, op := range kit.Operations {
		executions[op.Name] = 1
		list = append(list, op.Path)
		for _, version := range op.Versions {
			list = append(list, op.Path+"/preview?soap="+version)
		}
	}
	slices.Sort(list)
	return list, executions
}

func posts(requests []request) (list []string) {
	for _, r := range requests {
		if r.method == http.MethodPost {
			list = append(list, strings.TrimPrefix(r.url, "{{baseUrl}}"))
		}
	}
	slices.Sort(list)
	return list
}

// play sends every request in the order of its file; after returns the variables that an answer sets.
func play(t *testing.T, d *kit.Demo, requests []request, values map[string]string, after func(request, answer) map[string]string) {
	t.Helper()
	list, executions := wanted()
	if diff := cmp.Diff(list, posts(requests)); diff != "" {
		t.Errorf("the requests are not those of the %d operations (-want +got):\n%s", len(executions), diff)
	}
	d.Forget(t)
	values["baseUrl"] = d.URL
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			a := r.send(t, values)
			r.check(t, a)
			maps.Copy(values, after(r, a))
		})
	}
	if diff := cmp.Diff(executions, d.Executed(t)); diff != "" {
		t.Errorf("the sandbox has executed (-want +got):\n%s", diff)
	}
}

func TestCollections(t *testing.T) {
	d := kit.RunDemo(t)
	t.Run("http", func(t *testing.T) {
		requests, values := httpFile(t, string(read(t, "soapbridge.http")))
		play(t, d, requests, values, membersByName)
	})
	t.Run("postman", func(t *testing.T) {
		requests, values := postman(t, read(t, "soapbridge.postman_collection.json"))
		play(t, d, requests, values, collectionVariables)
	})
}
