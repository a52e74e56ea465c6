package edge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// partOrder is an operation that no Go type describes: its shapes are made here, as a reader of schemas makes them. A part contains parts, has a
// namespace and attributes of its own, and its reply is typed.
func partOrder(t *testing.T) translate.Operation {
	t.Helper()
	const parts = "urn:parts"
	part := &shape.Shape{Name: "Part"}
	part.Fields = []shape.Field{
		{Name: "number", Wire: xml.Name{Local: "No"}, Place: shape.Attribute, Kind: shape.String, Required: true, Facets: shape.Facets{MaxLength: new(8)}},
		{Name: "weight", Wire: xml.Name{Space: parts, Local: "Weight"}, Kind: shape.Float, Nillable: true},
		{Name: "part", Wire: xml.Name{Space: parts, Local: "Part"}, Kind: shape.Object, Object: part, Repeated: true},
	}
	request := &shape.Shape{Name: "OrderRequest", Fields: []shape.Field{
		{Name: "version", Wire: xml.Name{Local: "Version"}, Kind: shape.String, Required: true, Fixed: new("7")},
		{Name: "pin", Wire: xml.Name{Local: "PIN"}, Kind: shape.String, Secret: true},
		{Name: "account", Wire: xml.Name{Local: "Account"}, Kind: shape.String},
		{Name: "part", Wire: xml.Name{Space: parts, Local: "Part"}, Kind: shape.Object, Object: part, Required: true},
	}}
	response := &shape.Shape{Name: "OrderResponse", Fields: []shape.Field{
		{Name: "count", Wire: xml.Name{Local: "Count"}, Kind: shape.Integer},
		{Name: "done", Wire: xml.Name{Local: "Done"}, Kind: shape.Boolean},
		{Name: "left", Wire: xml.Name{Local: "Left"}, Kind: shape.Integer, Nillable: true},
		{Name: "urgent", Wire: xml.Name{Local: "urgent"}, Place: shape.Attribute, Kind: shape.Boolean},
	}}
	for _, s := range []*shape.Shape{request, response} {
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
	}
	op, err := translate.Define(translate.Definition{
		System: "shop", Name: "Order", Path: "/v1/shop/orders", Status: http.StatusCreated, Version: soap.V11, Request: request, Response: response,
		Binding: soap.Binding{
			Namespace: "urn:shop", Prefix: "s", EnvelopePrefix: map[soap.Version]string{soap.V11: "e"}, Request: soap.Within("urn:shop", "Order"),
			Reply: []xml.Name{{Space: "urn:shop", Local: "OrderResponse"}},
		},
		Rules: []rules.On{{Rules: []rules.Rule{rules.RequireAnyOf("account", "pin")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// TestOneWay answers 202 when a service without a reply has taken the message, replays that, and documents it.
func TestOneWay(t *testing.T) {
	definition := noteDefinition(t)
	definition.OneWay, definition.Response = true, &shape.Shape{Name: "AddNoteResponse"}
	op, err := translate.Define(definition)
	if err := errors.Join(err, definition.Response.Index()); err != nil {
		t.Fatal(err)
	}
	e := newEdge(t, answering(soap.Reply{Status: http.StatusOK}), func(c *Config) { c.Systems[0].Operations = []translate.Operation{op} })
	for _, replayed := range []string{"", "true"} {
		w := e.call(note())
		want := `{"operationId":"` + w.Header().Get("Operation-Id") + `"}`
		if w.Code != http.StatusAccepted || w.Body.String() != want || w.Header().Get("Idempotent-Replayed") != replayed {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	document := e.call(httptest.NewRequest(http.MethodGet, "/openapi.json", nil)).Body.String()
	var described struct {
		Paths map[string]struct {
			Post struct {
				Responses map[string]struct{ Description string }
			}
		}
	}
	if err := json.Unmarshal([]byte(document), &described); err != nil {
		t.Fatal(err)
	}
	if got := described.Paths[notePath].Post.Responses["202"].Description; got != "The vendor took it, and sends no reply." {
		t.Errorf("202 is described as %q", got)
	}
}

// TestOperationWithoutAGoType takes such an operation the whole way: rules, envelope, one execution for one key, typed answer.
func TestOperationWithoutAGoType(t *testing.T) {
	var sent []string
	reply := `<o:OrderResponse xmlns:o="urn:shop" urgent=" 0 "><Count> +3 </Count><Done>1</Done>
		<Left xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/></o:OrderResponse>`
	vendor := upstreamFunc(func(_ context.Context, m soap.Message) (soap.Reply, error) {
		sent = append(sent, string(m.Envelope))
		return envelope(reply), nil
	})
	op := partOrder(t)
	e := newEdge(t, vendor, func(c *Config) {
		c.Systems = []System{{Operations: []translate.Operation{op}, Upstream: vendor, CallTimeout: time.Minute}}
	})
	order := func(key, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, op.Path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(keyHeader, key)
		return e.call(r)
	}
	refused := problemIn(t, order(goodKey, `{"version": "8", "part": {"weight": "light", "part": [{"number": "123456789"}]}}`))
	var places []string
	for _, v := range refused["errors"].([]any) {
		places = append(places, v.(map[string]any)["pointer"].(string)+" "+v.(map[string]any)["code"].(string))
	}
	want := "/version not-in-list, /part/weight wrong-type, /part/part/0/number too-long, /part/number required, /account required"
	if got := strings.Join(places, ", "); got != want || len(sent) != 0 {
		t.Errorf("\n got %s\nwant %s; sent %q", got, want, sent)
	}
	const body = `{"pin": "00<42", "part": {"weight": null, "number": "1\"&", "part": [{"number": "2", "weight": 1.50, "part": [{"number": "3"}]}]}}`
	const part = `<n3:Part No="1&quot;&amp;"><n3:Weight xsi:nil="true"/><n3:Part No="2"><n3:Weight>1.50</n3:Weight><n3:Part No="3"></n3:Part></n3:Part></n3:Part>`
	for range 2 {
		w := order(goodKey, body)
		_, members, _ := strings.Cut(w.Body.String(), ",")
		if w.Code != http.StatusCreated || members != `"count":3,"done":true,"left":null,"urgent":false}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if len(sent) != 1 || !strings.Contains(sent[0], "<Version>7</Version><PIN>00&lt;42</PIN>"+part) {
		t.Errorf("%q", sent)
	}
	reply = strings.Replace(reply, " 0 ", "maybe", 1)
	if unknown := problemIn(t, order(goodKey+"-2", body)); unknown["code"] != "outcome-unknown" || len(sent) != 2 {
		t.Errorf("an attribute without the form of its type: %v", unknown)
	}
}
