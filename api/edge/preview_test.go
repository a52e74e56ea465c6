package edge

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"soapbridge/openapi"
	"soapbridge/translate/soap"
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

// TestQueriesOfOperations: what is not a word of the one parameter is refused, and says what would be right.
func TestQueriesOfOperations(t *testing.T) {
	for query, want := range map[string]string{
		"preview=soap12":                       "preview not-in-list [soap11]", // the operation speaks 1.1 only
		"preview=soap1.1":                      "preview not-in-list [soap11]",
		"preview=SOAP11":                       "preview not-in-list [soap11]",
		"preview=1":                            "preview not-in-list [soap11]",
		"preview=":                             "preview not-in-list [soap11]",
		"preview":                              "preview not-in-list [soap11]",
		"preview=soap11&preview=soap11":        "preview duplicate-parameter [soap11]",
		"Preview=soap11":                       "Preview unknown-parameter [preview]",
		"previews=soap11":                      "previews unknown-parameter [preview]",
		"dry=1&preview=soap11":                 "dry unknown-parameter [preview]",
		"b=" + aSecret + "&preview=" + aSecret: "b unknown-parameter [preview], preview not-in-list [soap11]",
		"preview=soap11;a=b":                   "",
		"%zz":                                  "",
	} {
		t.Run(query, func(t *testing.T) {
			e := newEdge(t, answering(success()))
			w := e.call(note(func(r *http.Request) { r.URL.RawQuery = query }))
			d := problemIn(t, w)
			var got []string
			errors, _ := d["errors"].([]any)
			for _, v := range errors {
				v := v.(map[string]any)
				var list []string
				for _, word := range v["params"].(map[string]any)["list"].([]any) {
					list = append(list, word.(string))
				}
				got = append(got, v["parameter"].(string)+" "+v["code"].(string)+" ["+strings.Join(list, " ")+"]")
			}
			if w.Code != http.StatusBadRequest || d["code"] != "bad-parameter" || d["outcome"] != "not_sent" || strings.Join(got, ", ") != want {
				t.Errorf("status %d: %s, want %s", w.Code, w.Body, want)
			}
			if strings.Contains(w.Body.String(), aSecret) || e.lastLine(t)["preview"] != nil {
				t.Errorf("%s %v", w.Body, e.lastLine(t))
			}
		})
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

// TestPreviewWithoutAnUpstreamThatDescribes gives the headers that the message itself demands, whether there is an upstream or none.
func TestPreviewWithoutAnUpstreamThatDescribes(t *testing.T) {
	for name, upstream := range map[string]Upstream{"none": nil, "another": answering(soap.Reply{})} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, upstream)
			v := previewed(t, e.call(note(func(r *http.Request) { r.URL.RawQuery = "preview=soap11" })))
			if v.URL != "" || len(v.Headers) != 2 || v.Headers[0] != (headerView{"Content-Type", "text/xml; charset=utf-8"}) || v.Headers[1] != (headerView{"SOAPAction", `""`}) {
				t.Errorf("%+v", v)
			}
			if !strings.Contains(v.Envelope, "<PIN>***</PIN>") && !strings.Contains(v.Envelope, `<PIN xmlns="">***</PIN>`) {
				t.Error(v.Envelope)
			}
			if line := e.lastLine(t); line["preview"] != "soap11" || line["upstream_ms"] != nil {
				t.Errorf("the log says %v", line)
			}
		})
	}
}
