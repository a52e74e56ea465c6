package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode) // as the program does
	m.Run()
}

// operationsOf are the operations of all systems.
func operationsOf(t *testing.T, identifiers emersion.Config) (list []Operation) {
	t.Helper()
	care, err1 := customercare.Operations(customercare.Config{Version: soap.V11})
	cmp, err2 := mds.Operations(mds.Config{})
	cumulus, err3 := emersion.Operations(identifiers)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, op := range slices.Concat(care, cmp, cumulus) {
		list = append(list, described(op))
	}
	return list
}

func described(op translate.Operation) Operation {
	return Operation{
		Name: op.Name, System: op.System, Path: op.Path, Scope: "scope", Status: op.Status, Example: op.Example, SOAPVersions: []string{"1.1"},
		SOAPAction: op.Binding.Action, Namespace: op.Binding.Namespace, Wire: op.Binding.Path(),
		Request: op.RequestShape, Response: op.ResponseShape, Rules: op.Rules,
	}
}

// recordedProblems are as many as have an example: what else is said of them does not matter here.
func recordedProblems(t *testing.T) (list []Problem) {
	t.Helper()
	files, err := os.ReadDir("examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() == "outcome-unknown-504.json" {
			continue
		}
		text, err := os.ReadFile("examples/" + f.Name())
		p := Problem{User: "Nothing.", Outcome: "not_sent", Retry: "never"}
		if err := errors.Join(err, json.Unmarshal(text, &p)); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func testOptions(t *testing.T) Options {
	t.Helper()
	return Options{
		Operations: operationsOf(t, emersion.Config{}), Demo: true, Callers: true, KeyToken: "[a-z]{16,128}",
		Retention: 7 * 24 * time.Hour, MaxBody: 4096, MaxReply: 8192, Problems: recordedProblems(t), ViolationCodes: []string{"required"},
		NotFound: func(c *gin.Context) { c.String(http.StatusNotFound, "nothing") }, Quality: like("text/html"),
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
func flat(t *testing.T, text string) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var walk func(at jsontext.Pointer, v any)
	walk = func(at jsontext.Pointer, v any) {
		all[string(at)] = fmt.Sprintf("%T", v) // an empty array is something, too
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

// differences lists the pointers at which two documents differ, which are flat.
func differences(one, other map[string]string) (list []string) {
	both := maps.Clone(one)
	maps.Copy(both, other)
	for _, at := range slices.Sorted(maps.Keys(both)) {
		x, inOne := one[at]
		if y, inOther := other[at]; x != y || inOne != inOther {
			list = append(list, at)
		}
	}
	return list
}

// outside returns the pointers that no prefix covers.
func outside(list, prefixes []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(at string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return at == p || strings.HasPrefix(at, p+"/") })
	})
}

// documentsOf returns what a proxy with these options serves, by path.
func documentsOf(t *testing.T, o Options) map[string]string {
	t.Helper()
	s := &Site{options: o}
	if err := s.makeDocuments(); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, d := range s.documents {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, d.path, nil)
		texts[d.path] = string(d.content(c).plain())
	}
	return texts
}

func TestDocumentsTellTheTruthOfTheirProxy(t *testing.T) {
	const tool = "/paths/~1v1~1tools~1decode"
	at := func(places ...string) []string { return places }
	limits := func(responses string) []string {
		return at(responses+"/PayloadTooLarge/description", "/paths/~1v1~1operations~1{operationId}~1resolution/post/responses/413/description")
	}
	texts := documentsOf(t, testOptions(t))
	before := map[string]map[string]string{"/openapi.json": flat(t, texts["/openapi.json"]), "/swagger.json": flat(t, texts["/swagger.json"])}
	for name, c := range map[string]struct {
		change           func(*Options)
		openapi, swagger []string // the places that differ
		shows, hides     string   // in the OpenAPI document
	}{
		"without callers": {
			func(o *Options) { o.Callers = false }, at("/security", "/components/securitySchemes"), at("/security", "/securityDefinitions"), `"security": []`, "securitySchemes",
		},
		"without the tools": {func(o *Options) { o.Demo = false }, at(tool, "/tags"), at(tool, "/tags"), "CreateCallLog", "/v1/tools"},
		"in a sandbox":      {func(o *Options) { o.Sandbox = true }, at("/info/description"), at("/info/description"), sandboxSentence, "no such words"},
		"with another retention": {
			func(o *Options) { o.Retention = 36 * time.Hour }, at("/components/parameters/IdempotencyKey/description"), at("/parameters/IdempotencyKey/description"),
			"For 36 hours a repetition", "7 days",
		},
		"with an optional key": {
			func(o *Options) { o.KeyOptional = true },
			at("/components/parameters/IdempotencyKey/description", "/components/parameters/IdempotencyKey/required"),
			at("/parameters/IdempotencyKey/description", "/parameters/IdempotencyKey/required"), "also takes a call without a key", "no such words",
		},
		"with another limit":            {func(o *Options) { o.MaxBody = 5120 }, limits("/components/responses"), limits("/responses"), "The limit is 5 KiB.", "4 KiB"},
		"with another limit of replies": {func(o *Options) { o.MaxReply = 6144 }, at(tool + "/post/responses/413/description"), at(tool + "/post/responses/413/description"), "The limit is 6 KiB.", "8 KiB"},
		"with a rule turned off": {
			func(o *Options) { o.Operations = operationsOf(t, emersion.Config{LenientIdentifiers: true}) },
			at("/components/schemas/AccountOrganisation/allOf"), at(), `"const": "RBN"`, `"const": "ABN"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions(t)
			c.change(&o)
			got := documentsOf(t, o)
			for path, places := range map[string][]string{"/openapi.json": c.openapi, "/swagger.json": c.swagger} {
				differ := differences(before[path], flat(t, got[path]))
				if list := outside(differ, places); len(list) > 0 {
					t.Errorf("%s differs at %q", path, list)
				}
				for i, place := range places { // a change that did nothing would pass the above
					if len(outside(differ, slices.Delete(slices.Clone(places), i, i+1))) == 0 {
						t.Errorf("%s does not differ at %s", path, place)
					}
				}
			}
			if !strings.Contains(got["/openapi.json"], c.shows) || strings.Contains(got["/openapi.json"], c.hides) {
				t.Errorf("%q is not shown, or %q is", c.shows, c.hides)
			}
		})
	}
}

// TestYAML compares what another library than the one that writes reads. Numbers are compared as they are printed: YAML has integers and floats.
func TestYAML(t *testing.T) {
	got := documentsOf(t, testOptions(t))
	var y any
	if err := yaml.Unmarshal([]byte(got["/openapi.yaml"]), &y); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(y)
	if err != nil {
		t.Fatal(err)
	}
	if list := differences(flat(t, string(again)), flat(t, got["/openapi.json"])); len(list) > 0 {
		t.Errorf("the YAML differs at %q", list)
	}
	if !strings.Contains(got["/openapi.yaml"], `accountNumber: "0123456789"`) {
		t.Error("YAML 1.2 reads a number where no quotes are")
	}
}

func TestRequestsGoToTheProxyThatGaveThem(t *testing.T) {
	s := &Site{options: testOptions(t)}
	if err := s.makeDocuments(); err != nil {
		t.Fatal(err)
	}
	get := func(path, target, host string) string {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, target, nil)
		c.Request.Host = host
		i := slices.IndexFunc(s.documents, func(d document) bool { return d.path == path })
		return string(s.documents[i].content(c).plain())
	}
	for host, want := range map[string]string{
		"proxy.example:9000": "http://proxy.example:9000", "[::1]:8080": "http://[::1]:8080", "10.0.0.7": "http://10.0.0.7",
		`a"b`: DemoURL, "a/b": DemoURL, "": DemoURL, "a:b": DemoURL, "a\nb": DemoURL,
	} {
		for _, path := range []string{"/soapbridge.http", "/soapbridge.postman_collection.json"} {
			got := get(path, path, host)
			if !strings.Contains(got, want) || want != DemoURL && strings.Contains(got, DemoURL) {
				t.Errorf("%s for host %q does not go to %s", path, host, want)
			}
			if strings.HasSuffix(path, ".json") && !json.Valid([]byte(got)) {
				t.Errorf("%s for host %q is not JSON", path, host)
			}
		}
	}
	if got := get("/soapbridge.http", "https://secure.example/soapbridge.http", "secure.example"); !strings.Contains(got, "https://secure.example\n") {
		t.Errorf("the scheme is not that of the request: %.300s", got)
	}
}

// TestOperationWithoutWords: an operation that no Go code is behind is described by its names.
func TestOperationWithoutWords(t *testing.T) {
	o := testOptions(t)
	o.Operations[0].Name = "Unheard"
	if doc := documentsOf(t, o)["/openapi.json"]; !strings.Contains(doc, `"summary": "Unheard"`) || !strings.Contains(doc, `"operationId": "PreviewUnheard"`) {
		t.Error("the operation is not in the document")
	}
}

// TestEveryMemberHasWords: people read what a member is, beside its name.
func TestEveryMemberHasWords(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Description string `json:"description"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal([]byte(documentsOf(t, testOptions(t))["/openapi.json"]), &doc); err != nil {
		t.Fatal(err)
	}
	for name, schema := range doc.Components.Schemas {
		for member, property := range schema.Properties {
			if property.Description == "" {
				t.Errorf("%s.%s has no comment in the Go code", name, member)
			}
		}
	}
}

// TestSourcesAreAnExtension: where a rule comes from is data, in every version of the document, and no mark is left in a sentence.
func TestSourcesAreAnExtension(t *testing.T) {
	marks := regexp.MustCompile(`\[(page|source|decided|notes? \d)`)
	for path, text := range documentsOf(t, testOptions(t)) {
		if m := marks.FindString(text); m != "" {
			t.Errorf("%s has the mark %s", path, m)
		}
		if !strings.HasSuffix(path, ".json") || strings.Contains(path, "postman") {
			continue
		}
		at := flat(t, text)
		for _, schemas := range []string{"/components/schemas", "/definitions"} {
			if state := schemas + "/ContactDetail/properties/state/x-source"; at[schemas+"/ContactDetail/type"] != "" {
				if got := at[state+"/0"] + at[state+"/1"] + at[state+"/2"]; got != "decidednote 21notes 18 to 20" {
					t.Errorf("%s: %s is %q", path, state, got)
				}
			}
		}
	}
	w, err := readWords(wordsFile)
	if err != nil {
		t.Fatal(err)
	}
	for shape, members := range w.Types {
		for member := range members {
			if got := w.sources(&Operation{Name: "x"}, shape, member); len(got) == 0 {
				t.Errorf("%s.%s comes from nowhere", shape, member)
			}
		}
	}
}

// TestProblemIsCompleteAndOpen: in every version of the document a problem has the same members, and codes that a program does not know are allowed.
func TestProblemIsCompleteAndOpen(t *testing.T) {
	docs := documentsOf(t, testOptions(t))
	members := func(path, schema string) (names []string, code object) {
		var doc object
		if err := doc.UnmarshalJSONFrom(jsontext.NewDecoder(strings.NewReader(docs[path]))); err != nil {
			t.Fatal(err)
		}
		schemas := doc.in("components").in("schemas")
		if schemas == nil {
			schemas = doc.in("definitions")
		}
		properties := schemas.in(schema).in("properties")
		for _, m := range properties {
			names = append(names, m.name)
		}
		return names, properties.in("code")
	}
	for _, schema := range []string{"Problem", "Violation"} {
		want, _ := members("/openapi.json", schema)
		for _, path := range []string{"/openapi.json", "/openapi-3.0.json", "/swagger.json"} {
			got, code := members(path, schema)
			if diff := cmp.Diff(want, got); diff != "" || len(got) < 5 {
				t.Errorf("%s: the members of %s (-3.1 +this):\n%s", path, schema, diff)
			}
			known, _ := code.get("x-extensible-enum").(list)
			if code.get("type") != "string" || code.index("enum") >= 0 || len(known) == 0 {
				t.Errorf("%s: the code of a %s is %v", path, schema, code)
			}
		}
	}
}

// TestUnionOfAnswersIsOneObject: generators for Go have no union of objects, and Swagger 2.0 none at all.
func TestUnionOfAnswersIsOneObject(t *testing.T) {
	text := func(kind string) object { return object{{"type", kind}, {"description", "d"}} }
	schemas := object{
		{"A", object{{"required", list{"id", "a"}}, {"properties", object{{"id", text("string")}, {"a", text("string")}, {"both", text("string")}}}}},
		{"B", object{{"required", list{"id"}}, {"properties", object{{"id", text("string")}, {"both", text("integer")}}}}},
	}
	want := object{{"type", "object"}, {"required", list{"id"}}, {"properties", object{
		{"id", text("string")}, {"a", text("string")}, {"both", object{{"description", "d"}}},
	}}}
	if got := together(schemas, references(list{ref("schemas", "A"), ref("schemas", "B")})); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := references(list{ref("schemas", "A"), object{{"type", "null"}}}); got != nil {
		t.Errorf("a reference or null is a union of %q", got)
	}
}
