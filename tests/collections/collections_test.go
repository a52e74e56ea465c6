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

// reader reads a document by its name.
type reader func(t *testing.T, name string) []byte

// committed reads a file of the repository.
func committed(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "openapi", name))
	if err != nil {
		t.Fatalf("%v; make generate writes it", err)
	}
	return text
}

// served reads what a demo serves.
func served(d *kit.Demo) reader {
	return func(t *testing.T, name string) []byte {
		t.Helper()
		a := request{method: http.MethodGet, url: d.URL + "/" + name}.send(t, nil)
		if a.status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", name, a.status, a.body)
		}
		return []byte(a.body)
	}
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

func (read reader) openapi(t *testing.T) (d document) {
	t.Helper()
	if err := json.Unmarshal(read(t, "openapi.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var pathParameter = regexp.MustCompile(`\\\{[^{}]+\\\}`)

// pathOf matches the paths of a template.
func pathOf(template string) *regexp.Regexp {
	return regexp.MustCompile("^" + pathParameter.ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$")
}

// success is the status that the document promises for a request.
func (d document) success(t *testing.T, method, url string) int {
	t.Helper()
	path, _, _ := strings.Cut(strings.TrimPrefix(url, "{{baseUrl}}"), "?")
	methods, known := d.Paths[path]
	for template := range d.Paths {
		if !known && pathOf(template).MatchString(path) {
			methods = d.Paths[template]
		}
	}
	operation, known := methods[strings.ToLower(method)]
	if _, created := operation.Responses["201"]; created {
		return http.StatusCreated
	}
	if _, ok := operation.Responses["200"]; !known || !ok {
		t.Errorf("the document does not know %s %s", method, path)
	}
	return http.StatusOK
}

// operation is what a collection must have of an operation: its request, and every preview of it.
type operation struct {
	method, path string
	versions     []string
	inSandbox    string // the name by which its calls are counted
}

func builtIn() (list []operation) {
	for _, op := range kit.Operations {
		list = append(list, operation{http.MethodPost, op.Path, op.Versions, op.Name})
	}
	return list
}

// parcels are the operations of docs/parcels.
var parcels = []operation{
	{http.MethodGet, "/v1/parcels/AA111111111", []string{"1.1"}, "parcels/TrackParcel"},
	{http.MethodPost, "/v1/parcels/pickups", []string{"1.1"}, "parcels/BookPickup"},
}

// wanted are the requests for operations that a collection must have. The operations are executed once.
func wanted(operations []operation) (list []string, executions map[string]int) {
	executions = map[string]int{}
	for _, op := range operations {
		executions[op.inSandbox] = 1
		list = append(list, op.method+" "+op.path)
		for _, version := range op.versions {
			list = append(list, op.method+" "+op.path+"/preview?soap="+version)
		}
	}
	slices.Sort(list)
	return list, executions
}

// others are the requests behind those for operations.
var others = regexp.MustCompile(`^\{\{baseUrl\}\}/(readyz$|v1/operations)`)

func forOperations(requests []request) (list []string) {
	for _, r := range requests {
		if !others.MatchString(r.url) {
			list = append(list, r.method+" "+strings.TrimPrefix(r.url, "{{baseUrl}}"))
		}
	}
	slices.Sort(list)
	return list
}

// play sends every request in the order of its file; after returns the variables that an answer sets.
func play(t *testing.T, d *kit.Demo, operations []operation, requests []request, values map[string]string, after func(request, answer) map[string]string) {
	t.Helper()
	list, executions := wanted(operations)
	if diff := cmp.Diff(list, forOperations(requests)); diff != "" {
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
	plain, imported := kit.RunDemo(t), kit.RunDemo(t, "--systems", filepath.Join("..", "..", "docs"))
	for _, test := range []struct {
		name       string
		demo       *kit.Demo
		read       reader
		operations []operation
	}{
		{"the committed files", plain, committed, builtIn()},
		{"with an imported system", imported, served(imported), slices.Concat(builtIn(), parcels)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Run("http", func(t *testing.T) {
				requests, values := httpFile(t, test.read)
				play(t, test.demo, test.operations, requests, values, membersByName)
			})
			t.Run("postman", func(t *testing.T) {
				requests, values := postman(t, test.read)
				play(t, test.demo, test.operations, requests, values, collectionVariables)
			})
		})
	}
}
