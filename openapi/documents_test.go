package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode) // as the program does
	m.Run()
}

func TestVary(t *testing.T) {
	const text = `{"z":1,"a":{"b":"old","/~":[{"c":true},{"c":false}]},"m":null}`
	for name, c := range map[string]struct {
		changes edits
		want    string
	}{
		"nothing":                      {edits{}, text},
		"the order stays":              {edits{"/a/b": replace(`"new"`)}, `{"z":1,"a":{"b":"new","/~":[{"c":true},{"c":false}]},"m":null}`},
		"the first member":             {edits{"/z": remove}, `{"a":{"b":"old","/~":[{"c":true},{"c":false}]},"m":null}`},
		"the last member":              {edits{"/m": remove}, `{"z":1,"a":{"b":"old","/~":[{"c":true},{"c":false}]}}`},
		"inside an array":              {edits{"/a/~1~0/1/c": replace("0")}, `{"z":1,"a":{"b":"old","/~":[{"c":true},{"c":0}]},"m":null}`},
		"a whole object":               {edits{"/a": replace("[]")}, `{"z":1,"a":[],"m":null}`},
		"a text":                       {edits{"/a/b": add(` "<&>`)}, `{"z":1,"a":{"b":"old \"<&>","/~":[{"c":true},{"c":false}]},"m":null}`},
		"two places":                   {edits{"/z": replace("2"), "/m": replace("3")}, `{"z":2,"a":{"b":"old","/~":[{"c":true},{"c":false}]},"m":3}`},
		"a place that is not there":    {edits{"/z": replace("2"), "/a/x": remove}, ""},
		"an element is no member":      {edits{"/a/~1~0/1": remove}, ""},
		"inside what is replaced":      {edits{"/a": replace("{}"), "/a/b": remove}, ""},
		"a text that is none":          {edits{"/z": add("x")}, ""},
		"a change that is not allowed": {edits{"/z": func(jsontext.Value) (jsontext.Value, error) { return nil, errors.New("no") }}, ""},
		"a value that is no JSON":      {edits{"/z": replace("{")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vary([]byte(text), c.changes)
			if c.want == "" {
				if err == nil {
					t.Fatalf("no error: %s", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			flat := jsontext.Value(got)
			if err := flat.Compact(); err != nil || string(flat) != c.want {
				t.Errorf("%v\n got %s\nwant %s", err, flat, c.want)
			}
		})
	}
	if got, err := vary([]byte(`{"a":`), edits{}); err == nil {
		t.Errorf("half a document gives %s", got)
	}
}

func TestWithoutNamed(t *testing.T) {
	change := withoutNamed("b")
	for list, want := range map[string]string{
		`[{"name":"a"},{"name":"b","x":1},{"name":"c"}]`: `[{"name":"a"},{"name":"c"}]`,
		`[{"name":"a"}]`: "", `[]`: "", `{"name":"b"}`: "", `[{"name":"b"},{"name":"b"}]`: "",
	} {
		got, err := change(jsontext.Value(list))
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v", list, got, err)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		168 * time.Hour: "7 days", 24 * time.Hour: "1 day", 36 * time.Hour: "36 hours", time.Hour: "1 hour", 90 * time.Minute: "90 minutes",
		time.Minute: "1 minute", 61 * time.Second: "61 seconds", time.Second: "1 second", 1500 * time.Millisecond: "1.5s",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{262144: "256 KiB", 1 << 20: "1 MiB", 64 << 20: "64 MiB", 1536: "1536 bytes", 1 << 10: "1 KiB"} {
		if got := sizeInWords(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// flat lists the values of a document by their pointers.
func flat(t *testing.T, text []byte) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var walk func(at jsontext.Pointer, v any)
	walk = func(at jsontext.Pointer, v any) {
		all[string(at)] = fmt.Sprintf("%T", v) // an empty array is not nothing
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				walk(at.AppendToken(name), member)
			}
		case []any:
			for i, element := range v {
				walk(at.AppendToken(fmt.Sprint(i)), element)
			}
		default:
			all[string(at)] = fmt.Sprint(v)
		}
	}
	walk("", v)
	return all
}

// differences lists the pointers at which two documents differ, as far as the given prefixes do not cover them.
func differences(t *testing.T, a, b []byte, covered []string) (list []string) {
	t.Helper()
	one, other := flat(t, a), flat(t, b)
	both := maps.Clone(one)
	maps.Copy(both, other)
	for _, at := range slices.Sorted(maps.Keys(both)) {
		x, inOne := one[at]
		y, inOther := other[at]
		if x == y && inOne == inOther || slices.ContainsFunc(covered, func(p string) bool { return at == p || strings.HasPrefix(at, p+"/") }) {
			continue
		}
		list = append(list, at)
	}
	return list
}

func mustDocuments(t *testing.T, o Options) map[string]string {
	t.Helper()
	list, err := documentsOf(o)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, d := range list {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, d.path, nil)
		texts[d.path] = string(d.content(c))
	}
	return texts
}

// generatedFor are the options that the generated documents describe.
var generatedFor = Options{Demo: true, Callers: true}

func TestDocumentsTellTheTruthOfTheirProxy(t *testing.T) {
	const (
		key   = "/components/parameters/IdempotencyKey"
		limit = "/components/responses/PayloadTooLarge/description"
		tool  = "/paths/~1v1~1tools~1decode"
	)
	none := []string{}
	// Settling and decoding say of their own answers what the others share.
	const settling, decoding = "/paths/~1v1~1operations~1{operationId}~1resolution/post/responses/413/description", tool + "/post/responses/413/description"
	for name, c := range map[string]struct {
		change          func(*Options)
		openapi         []string // the places that differ
		swagger         []string // %s stands for each operation
		shows, hides    string   // in the OpenAPI document
		inSwaggerHiding string
	}{
		"as generated":      {func(*Options) {}, none, none, DefaultRetention, "made-up", ""},
		"without callers":   {func(o *Options) { o.Callers = false }, []string{"/security", "/components/securitySchemes"}, []string{"/security", "/securityDefinitions"}, `"security": []`, "securitySchemes", "securityDefinitions"},
		"without the tools": {func(o *Options) { o.Demo = false }, []string{tool, "/tags"}, []string{tool, "/tags"}, "CreateCallLog", "/v1/tools", "/v1/tools"},
		"in a sandbox":      {func(o *Options) { o.Sandbox = true }, []string{"/info/description"}, []string{"/info/description"}, sandboxSentence, "no such words", ""},
		"with another retention": {
			func(o *Options) { o.Retention = 36 * time.Hour }, []string{key + "/description"}, []string{"%s/parameters/0/description"}, "For 36 hours a repetition", DefaultRetention, DefaultRetention,
		},
		"with the same retention": {func(o *Options) { o.Retention = 7 * 24 * time.Hour }, none, none, "For 7 days a repetition", "168", ""},
		"with an optional key": {
			func(o *Options) { o.KeyOptional = true }, []string{key + "/description", key + "/required"},
			[]string{"%s/parameters/0/description", "%s/parameters/0/required"}, "also takes a call without a key", "no such words", "",
		},
		"with a limit":            {func(o *Options) { o.MaxBody = 4096 }, []string{limit, settling}, []string{"%s/responses/413/description", settling}, "The limit is 4 KiB.", "no such words", ""},
		"with a limit of replies": {func(o *Options) { o.MaxReply = 8192 }, []string{decoding}, []string{decoding}, "The limit is 8 KiB.", "no such words", ""},
		"with a rule turned off": {
			func(o *Options) { o.Off = []string{"SOAPBRIDGE_EMERSION_IDENTIFIER_CHECK=strict"} },
			[]string{"/components/schemas/AccountOrganisation/allOf"}, none, `"const": "RBN"`, `"const": "ABN"`, "",
		},
		"with other bindings": {
			func(o *Options) { o.Bindings = map[string]Binding{"CreateService": {"urn:action", "urn:namespace"}} }, none, none, "CreateService", "urn:action", "urn:action",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := generatedFor
			c.change(&o)
			got := mustDocuments(t, o)
			if list := differences(t, generatedOpenAPI, []byte(got["/openapi.json"]), c.openapi); list != nil {
				t.Errorf("the OpenAPI document differs at %q", list)
			}
			if list := differences(t, generatedSwagger, []byte(got["/swagger.json"]), forEachOperation(t, c.swagger)); list != nil {
				t.Errorf("the Swagger document differs at %q", list)
			}
			for _, place := range c.openapi { // a change that did nothing would pass the above
				if differences(t, generatedOpenAPI, []byte(got["/openapi.json"]), without(c.openapi, place)) == nil {
					t.Errorf("the OpenAPI document does not differ at %s", place)
				}
			}
			for _, place := range forEachOperation(t, c.swagger) {
				if differences(t, generatedSwagger, []byte(got["/swagger.json"]), without(forEachOperation(t, c.swagger), place)) == nil {
					t.Errorf("the Swagger document does not differ at %s", place)
				}
			}
			if !strings.Contains(got["/openapi.json"], c.shows) || strings.Contains(got["/openapi.json"], c.hides) ||
				c.inSwaggerHiding != "" && strings.Contains(got["/swagger.json"], c.inSwaggerHiding) {
				t.Errorf("%q is not shown, or %q or %q is", c.shows, c.hides, c.inSwaggerHiding)
			}
			sameInYAML(t, got["/openapi.json"], got["/openapi.yaml"])
		})
	}
}

func forEachOperation(t *testing.T, places []string) (list []string) {
	t.Helper()
	all, err := catalogueOf(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range places {
		if rest, each := strings.CutPrefix(place, "%s"); each {
			for _, op := range all.Operations {
				list = append(list, string(jsontext.Pointer("/paths").AppendToken(op.Path))+"/post"+rest)
			}
			continue
		}
		list = append(list, place)
	}
	return list
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(each string) bool { return each == one })
}

// sameInYAML compares what is read from both. Numbers are compared as they are printed: YAML tells apart integers and floats.
func sameInYAML(t *testing.T, inJSON, inYAML string) {
	t.Helper()
	var y any
	if err := yaml.Unmarshal([]byte(inYAML), &y); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(y)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := flat(t, again), flat(t, []byte(inJSON)); !reflect.DeepEqual(got, want) {
		t.Errorf("the YAML differs at %q", differences(t, []byte(inJSON), again, nil))
	}
}

func TestGeneratedYAMLIsTheSame(t *testing.T) {
	got := mustDocuments(t, generatedFor)
	sameInYAML(t, string(generatedOpenAPI), got["/openapi.yaml"])
}

func TestCatalogueTellsTheConfiguredNames(t *testing.T) {
	generated, err1 := catalogueOf(Options{})
	configured, err2 := catalogueOf(Options{Bindings: map[string]Binding{"CreateService": {"urn:action", "urn:namespace"}, "Unheard": {"urn:x", "urn:y"}}})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	found := false
	for i, op := range configured.Operations {
		want := generated.Operations[i]
		if op.Name == "CreateService" {
			found = true
			want.SOAPAction, want.Namespace = "urn:action", "urn:namespace"
		}
		if !reflect.DeepEqual(op, want) {
			t.Errorf("%s: %q %q", op.Name, op.SOAPAction, op.Namespace)
		}
	}
	if !found {
		t.Error("there is no CreateService")
	}
}

func TestRequestsGoToWhoeverGaveThem(t *testing.T) {
	for host, want := range map[string]string{
		"proxy.example:9000": "http://proxy.example:9000", "[::1]:8080": "http://[::1]:8080", "10.0.0.7": "http://10.0.0.7",
		`a"b`: DemoURL, "a/b": DemoURL, "": DemoURL, "a:b": DemoURL, "a\nb": DemoURL,
	} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, "/soapbridge.http", nil)
		c.Request.Host = host
		for name, file := range map[string][]byte{"requests": httpFile, "collection": collection} {
			got := string(forHost(file)(c))
			if !strings.Contains(got, want) || want != DemoURL && strings.Contains(got, DemoURL) {
				t.Errorf("the %s for host %q do not go to %s", name, host, want)
			}
		}
		if !json.Valid(forHost(collection)(c)) {
			t.Errorf("the collection for host %q is no JSON", host)
		}
	}
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, "https://secure.example/soapbridge.http", nil)
	if got := string(forHost(httpFile)(c)); !strings.Contains(got, "https://secure.example\n") {
		t.Errorf("the scheme is not that of the request: %.300s", got)
	}
}
