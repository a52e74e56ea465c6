package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/record"
)

// TestNegotiationOfPreviews follows RFC 9110 section 12.5.1.
func TestNegotiationOfPreviews(t *testing.T) {
	for _, test := range []struct {
		accept []string
		xml    bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"*/*"}, false},
		{[]string{"application/json"}, false},
		{[]string{"application/json, text/plain, */*"}, false},
		{[]string{"application/*"}, false},
		{[]string{"image/png"}, false},
		{[]string{"text/html"}, false},
		{[]string{"text/xml;q=0"}, false},
		{[]string{"text/xml;q=0, image/png"}, false},
		{[]string{"application/json, text/xml"}, false}, // as welcome
		{[]string{"text/xml;q=0.8, application/json;q=0.9"}, false},
		{[]string{"text/xml;q=0.8, */*"}, false},
		{[]string{"application/xml;q=0.1, application/*;q=0.5"}, false},
		{[]string{"text/xml;q=2"}, false}, // no weight
		{[]string{"text/xml;q=NaN"}, false},
		{[]string{"text/xml;q=x"}, false},
		{[]string{"text/xmlx, xtext/xml, text"}, false},

		{[]string{"text/xml"}, true},
		{[]string{"TEXT/XML"}, true},
		{[]string{"application/xml"}, true},
		{[]string{"application/soap+xml"}, true},
		{[]string{`application/soap+xml; charset=utf-8; action="urn:a"`}, true},
		{[]string{"text/*"}, true},
		{[]string{"text/xml, */*;q=0.9"}, true},
		{[]string{"*/*;q=0.9", "text/xml"}, true}, // in two headers
		{[]string{"application/json;q=0.8,application/xml;q=0.9"}, true},
		{[]string{"application/json;q=0, */*"}, true},
		{[]string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}, true},
		{[]string{"text/xml;q=0, application/xml"}, true},
		{[]string{",, text/xml ,"}, true},
		{[]string{"text/xml;q=.5"}, true},
	} {
		if got := prefersXML(http.Header{"Accept": test.accept}); got != test.xml {
			t.Errorf("%q: XML %t, want %t", test.accept, got, test.xml)
		}
	}
}

// toPreview makes a call a preview of it.
func toPreview(r *http.Request) { r.URL.Path += "/preview" }

// parameterErrors spells the errors of a problem that is about the query.
func parameterErrors(d document) string {
	var list []string
	errors, _ := d["errors"].([]any)
	for _, v := range errors {
		v := v.(map[string]any)
		params, _ := v["params"].(map[string]any)
		list = append(list, fmt.Sprint(v["parameter"], " ", v["code"], " ", params["list"]))
	}
	return strings.Join(list, ", ")
}

// TestQueriesOfPreviews: a parameter or a version that does not exist is refused, and the answer lists those that do.
func TestQueriesOfPreviews(t *testing.T) {
	for query, want := range map[string]string{
		"soap=1.2":          "soap not-in-list [1.1]", // the operation speaks 1.1 only
		"soap=soap11":       "soap not-in-list [1.1]",
		"soap=1":            "soap not-in-list [1.1]",
		"soap=":             "soap not-in-list [1.1]",
		"soap":              "soap not-in-list [1.1]",
		"soap=1.1&soap=1.1": "soap duplicate-parameter <nil>",
		"SOAP=1.1":          "SOAP unknown-parameter [soap]",
		"preview=soap11":    "preview unknown-parameter [soap]",
		"dry=1&soap=1.1":    "dry unknown-parameter [soap]",
		"b=" + plantedSecret + "&soap=" + plantedSecret: "b unknown-parameter [soap], soap not-in-list [1.1]",
		"soap=1.1;a=b": "",
		"%zz":          "",
	} {
		t.Run(query, func(t *testing.T) {
			e := newEdge(t, unreachable(t))
			w := e.call(note(toPreview, func(r *http.Request) { r.URL.RawQuery = query }))
			d := problemIn(t, w)
			if w.Code != http.StatusBadRequest || d["code"] != "bad-parameter" || d["outcome"] != "not_sent" || parameterErrors(d) != want {
				t.Errorf("status %d: %s, want %s", w.Code, w.Body, want)
			}
			if strings.Contains(w.Body.String()+e.log.String(), plantedSecret) {
				t.Errorf("%s %s", w.Body, e.log)
			}
		})
	}
}

// TestPreviewOnTheOperationsPath executes nothing, and the answer leads to the path that previews have.
func TestPreviewOnTheOperationsPath(t *testing.T) {
	for query, want := range map[string]string{
		"preview=soap11":                    "preview unknown-parameter <nil>",
		"preview":                           "preview unknown-parameter <nil>",
		"preview=soap11&preview=soap12&x=1": "preview unknown-parameter <nil>, x unknown-parameter <nil>",
	} {
		w := newEdge(t, unreachable(t)).call(note(func(r *http.Request) { r.URL.RawQuery = query }))
		d := problemIn(t, w)
		if w.Code != http.StatusBadRequest || d["code"] != "bad-parameter" || parameterErrors(d) != want || !strings.Contains(w.Body.String(), "with /preview behind it") {
			t.Errorf("status %d: %s, want %s", w.Code, w.Body, want)
		}
	}
}

func previewed(t *testing.T, w *httptest.ResponseRecorder) (v previewView) {
	t.Helper()
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != openapi.JSONType {
		t.Fatalf("status %d, %v, %v", w.Code, w.Header(), err)
	}
	return v
}

// TestPreviewDescribesTheUpstream: without one, the headers are those that the message itself demands.
func TestPreviewDescribesTheUpstream(t *testing.T) {
	for name, row := range map[string]struct {
		upstream Upstream
		url      string
		headers  []headerView
	}{
		"none": {nil, "", []headerView{{"Content-Type", "text/xml; charset=utf-8"}, {"SOAPAction", `""`}}},
		"one": {
			unreachable(t), "https://vendor.test/notes",
			[]headerView{{"Content-Type", "text/xml; charset=utf-8"}, {"SOAPAction", `"urn:add"`}, {"X-Tag", "1"}, {"X-Tag", "2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, row.upstream)
			v := previewed(t, e.call(note(toPreview)))
			if v.URL != row.url || !slices.Equal(v.Headers, row.headers) || v.SOAPVersion != "1.1" {
				t.Errorf("%+v", v)
			}
			if !strings.Contains(v.Envelope, `<PIN xmlns="">***</PIN>`) {
				t.Error(v.Envelope)
			}
			if line := e.lastLine(t); line["route"] != notePath+"/preview" || line["upstream_ms"] != nil {
				t.Errorf("the log says %v", line)
			}
		})
	}
}

// TestPreviewShowsTheOperationIDOfAKey, and zeros without a key that a call could have.
func TestPreviewShowsTheOperationIDOfAKey(t *testing.T) {
	definition := noteDefinition(t)
	text, err1 := definition.Request.Find("text")
	definition.Fill = func(r *record.Record, env translate.Env) { r.SetText(text, env.OperationID) }
	op, err2 := translate.Define(definition)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	e := newEdge(t, answering(success()), func(c *Config) { c.Systems[0].Operations = []translate.Operation{op} })
	shown := func(keys ...string) string {
		t.Helper()
		v := previewed(t, e.call(note(toPreview, func(r *http.Request) { r.Header[keyHeader] = keys })))
		_, id, _ := strings.Cut(v.Envelope, `<Text xmlns="">`)
		return id[:len(uuid.Nil.String())]
	}
	before := shown(goodKey)
	if id := e.call(note()).Header().Get("Operation-Id"); id == "" || before != id || shown(goodKey) != id {
		t.Errorf("shown as %s, executed as %s", before, id)
	}
	for _, keys := range [][]string{nil, {"short"}, {goodKey, goodKey}} {
		if id := shown(keys...); id != uuid.Nil.String() {
			t.Errorf("with the keys %q the operation is shown as %s", keys, id)
		}
	}
}
