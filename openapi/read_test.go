package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"soapbridge/translate"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

type findToys struct {
	Kind  string   `json:"kind" soap:"Kind" validate:"required,notblank,max=9" example:"a b/c"`
	Tags  []string `json:"tags" soap:"Tag" example:"x&y"`
	Count *int32   `json:"count" soap:"Count" example:"7"`
	Flag  *bool    `json:"flag" soap:"Flag" example:"true"`
}

type toyFound struct {
	translate.Answer `soap:"-"`

	ID *string `json:"id,omitempty" soap:"ID" example:"42"`
}

// withReads are the options of a proxy that also has FindToys, a GET, and SearchToys, a read by POST.
func withReads(t *testing.T) Options {
	t.Helper()
	request, err1 := shape.From[findToys]("")
	response, err2 := shape.From[toyFound]("")
	o := testOptions(t)
	for _, d := range []translate.Definition{
		{Name: "FindToys", Method: translate.GET, Path: "/v1/toys/{kind}"}, {Name: "SearchToys", Path: "/v1/toys/search"},
	} {
		d.System, d.Status, d.ReadOnly, d.Cache, d.Version, d.Request, d.Response = "toys", 200, true, time.Minute, soap.V11, request, response
		d.Binding = soap.Binding{
			Namespace: "urn:toys", EnvelopePrefix: map[soap.Version]string{soap.V11: "s"}, Request: soap.Within("urn:toys", d.Name), Reply: []xml.Name{{Local: "Found"}},
		}
		op, err := translate.Define(d)
		if err := errors.Join(err, err1, err2); err != nil {
			t.Fatal(err)
		}
		read := described(op)
		read.Method, read.ReadOnly, read.Cache = op.Method, true, op.Cache
		o.Operations = append(o.Operations, read)
	}
	return o
}

// TestReadsInTheDocument looks at FindToys and SearchToys as a client does.
func TestReadsInTheDocument(t *testing.T) {
	all := documentsOf(t, withReads(t))
	doc, err := openapi3.NewLoader().LoadFromData([]byte(all["/openapi-3.0.json"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.DisableExamplesValidation()); err != nil { // the recorded problems have tests of their own
		t.Error(err)
	}
	find, search := doc.Paths.Value("/v1/toys/{kind}").Get, doc.Paths.Value("/v1/toys/search").Post
	var got []string
	for _, p := range find.Parameters {
		got = append(got, fmt.Sprint(p.Value.In, " ", p.Value.Name, " ", p.Value.Required))
	}
	const want = "path kind true, query tags false, query count false, query flag false, header If-None-Match false, header X-Request-Id false"
	if strings.Join(got, ", ") != want {
		t.Errorf("the parameters are %q", got)
	}
	if limit := find.Parameters[0].Value.Schema.Value.MaxLength; limit == nil || *limit != 9 {
		t.Error("the limit of a parameter is lost")
	}
	if len(search.Parameters) != 1 || search.RequestBody == nil || find.RequestBody != nil {
		t.Error("a read by POST has no key and a body, a GET no body")
	}
	var examples []any // of a call that Swagger UI can send as it is, with no more than it needs
	for _, p := range find.Parameters {
		examples = append(examples, p.Value.Example)
	}
	if want := []any{"a b/c", nil, nil, nil, nil, nil}; !slices.Equal(examples, want) {
		t.Errorf("the examples of the parameters are %q, want %q", examples, want)
	}
	for status, want := range map[string]bool{"200": true, "304": true, "401": true, "409": false, "413": false, "422": true, "502": true, "504": true} {
		if found := find.Responses.Value(status) != nil; found != want {
			t.Errorf("a GET has the answer %s: %v", status, found)
		}
	}
	for _, name := range []string{"Cache-Status", "Age", "ETag", "Cache-Control"} {
		if find.Responses.Value("200").Value.Headers[name] == nil {
			t.Errorf("the answer of a GET lacks %s", name)
		}
	}
	if search.Responses.Value("304") != nil || search.Responses.Value("413") == nil {
		t.Error("a read by POST has the answers of a GET")
	}
	about := *find.Responses.Value("502").Value.Description
	if strings.Contains(about, "blindly") || !strings.Contains(about, "`retry` is `safe`") {
		t.Errorf("a read may be repeated: %s", about)
	}
	for status, want := range map[string]string{"422": "validation-failed", "502": "read-upstream-failed", "504": "read-outcome-unknown-504"} {
		example := find.Responses.Value(status).Value.Content[problemType].Examples[want]
		if example == nil {
			t.Errorf("the answer %s has no example %s", status, want)
			continue
		}
		problem, _ := example.Value.Value.(map[string]any)
		if retry := problem["retry"]; strings.HasPrefix(want, "read-") != (retry == "safe") {
			t.Errorf("in %s retry is %v", want, retry)
		}
	}
	preview := doc.Paths.Value("/v1/toys/{kind}/preview").Get
	if preview == nil || preview.Parameters.GetByInAndName("query", "soap") == nil || preview.Parameters.GetByInAndName("path", "kind") == nil {
		t.Error("the preview of a GET is not described")
	}
	if doc.Components.Schemas["findToys"] == nil {
		t.Error("the body of SearchToys is not described")
	}
	var old struct {
		Paths map[string]map[string]struct{ Parameters []map[string]any }
	}
	if err := json.Unmarshal([]byte(all["/swagger.json"]), &old); err != nil {
		t.Fatal(err)
	}
	if p := old.Paths["/v1/toys/{kind}"]["get"].Parameters[1]; p["collectionFormat"] != "multi" || p["type"] != "array" {
		t.Errorf("Swagger 2.0: %v", p)
	}
}

func TestReadsInCollections(t *testing.T) {
	o := withReads(t)
	all := documentsOf(t, o)
	const target = "/v1/toys/a%20b%2Fc?tags=x%26y&count=7&flag=true"
	for path, want := range map[string][]string{
		"/soapbridge.http": {
			"\nGET {{baseUrl}}" + target + "\n", "\nGET {{baseUrl}}" + strings.Replace(target, "?", "/preview?", 1) + "&soap=1.1\nAccept: text/xml\n",
			"\nPOST {{baseUrl}}/v1/toys/search\nContent-Type: application/json\n\n{",
		},
		"/soapbridge.postman_collection.json": {`"raw": "{{baseUrl}}` + target + `"`, `"key": "flag",`},
	} {
		for _, part := range want {
			if !strings.Contains(all[path], part) {
				t.Errorf("%s lacks %s", path, part)
			}
		}
	}
	listed := catalogue(o.Operations, words{}).Operations
	if n := len(listed); listed[n-2].Method != http.MethodGet || listed[n-1].Method != http.MethodPost {
		t.Errorf("the catalogue has the methods %s and %s", listed[n-2].Method, listed[n-1].Method)
	}
}

// TestPageOfAGet says that there is no body, and in which part of the URL each value is.
func TestPageOfAGet(t *testing.T) {
	e := mustSite(t, func(o *Options) { *o = withReads(t) })
	page := unbroken(visit(e, http.MethodGet, PageOf("FindToys")))
	for _, part := range []string{
		`aria-label="Request">GET /v1/toys/a%20b%2Fc<`, `aria-label="Request">GET /v1/toys/a%20b%2Fc?tags=x%26y&amp;count=7`,
		"A GET has no body", "<code>/kind</code></a>\n              <span class=\"marks\">string in the path <b>", "<code>/count</code></a>\n              <span class=\"marks\">integer in the query<",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	if strings.Contains(page, `aria-label="JSON"`) || strings.Contains(page, "new key") {
		t.Error("the page shows a body, or a key")
	}
}
