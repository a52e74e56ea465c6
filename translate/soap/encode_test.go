package soap_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
)

// person has a member of every kind that a Go struct can have.
type person struct {
	Name    string          `json:"name,omitempty" soap:"Name" validate:"required,notblank"`
	PIN     *secret.Secret  `json:"pin" soap:"PIN"`
	Born    *string         `json:"born" soap:"Born,utc"`
	Alive   *bool           `json:"alive" soap:"Alive"`
	Small   *int32          `json:"small" soap:"Small"`
	Large   *int64          `json:"large" soap:"Large"`
	Home    home            `json:"home" soap:"Home"`
	Homes   []home          `json:"homes" soap:"OtherHome"`
	Codes   []string        `json:"codes" soap:"Code"`
	Secrets []secret.Secret `json:"secrets" soap:"Secret"`
	Flags   []bool          `json:"flags" soap:"Flag"`
	Hidden  *string         `json:"-" soap:"Hidden"`
	Aside   map[string]int  `json:"aside" soap:"-"`
	Friend  *person         `json:"friend" soap:"Friend"`
}

type home struct {
	City *string `json:"city" soap:"City"`
}

func compile[T any](t testing.TB, namespace string) *shape.Shape {
	t.Helper()
	s, err := shape.From[T](namespace)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read makes a record of a shape. Objects may be empty.
func read(t testing.TB, s *shape.Shape, body string) *record.Record {
	t.Helper()
	report := &record.Report{}
	r, err := record.ReadJSON([]byte(body), s, report)
	if report.Drop(func(v record.Violation) bool { return v.Code == record.EmptyObject }); err != nil || len(report.Violations) > 0 {
		t.Fatalf("%s: %v %+v", body, err, report.Violations)
	}
	return r
}

func persons(t testing.TB, body string) record.Object {
	t.Helper()
	return read(t, compile[person](t, ""), body).Root()
}

const declaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// both binds an operation to both versions.
func both(b soap.Binding) soap.Binding {
	b.EnvelopePrefix = map[soap.Version]string{soap.V11: "s", soap.V12: "s12"}
	b.Namespace = "urn:n"
	b.Action = "urn:n/act"
	return b
}

// encoder writes requests whose members are in no namespace.
func encoder(t testing.TB, b soap.Binding) *soap.Encoder {
	t.Helper()
	return encoderOf(t, b, compile[person](t, ""))
}

func encoderOf(t testing.TB, b soap.Binding, s *shape.Shape) *soap.Encoder {
	t.Helper()
	e, err := soap.NewEncoder(b, s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t testing.TB, e *soap.Encoder, v soap.Version, request record.Object, headers ...soap.HeaderBlock) string {
	t.Helper()
	m, err := e.Encode(v, request, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Envelope)
}

// TestEncodeNamespaces spells every combination of prefix and qualification. Where the members are in no namespace, an ASMX service
// would lose them in any other.
func TestEncodeNamespaces(t *testing.T) {
	const request = `{"name": "n", "home": {"city": "c"}, "codes": ["1", "2"], "pin": ""}`
	for _, test := range []struct {
		name    string
		binding soap.Binding
		members string // their namespace
		body    string
	}{
		{"unqualified under a default namespace", soap.Binding{Request: soap.Within("urn:n", "Op", "wrapper")}, "", `<Op xmlns="urn:n"><wrapper>` +
			`<Name xmlns="">n</Name><PIN xmlns=""/><Home xmlns=""><City>c</City></Home><Code xmlns="">1</Code><Code xmlns="">2</Code></wrapper></Op>`},
		{"unqualified under a prefix", soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op", "wrapper")}, "", `<p:Op xmlns:p="urn:n"><p:wrapper>` +
			`<Name>n</Name><PIN/><Home><City>c</City></Home><Code>1</Code><Code>2</Code></p:wrapper></p:Op>`},
		{"qualified under a default namespace", soap.Binding{Request: soap.Within("urn:n", "Op")}, "urn:n", `<Op xmlns="urn:n">` +
			`<Name>n</Name><PIN/><Home><City>c</City></Home><Code>1</Code><Code>2</Code></Op>`},
		{"qualified under a prefix", soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op")}, "urn:n", `<p:Op xmlns:p="urn:n">` +
			`<p:Name>n</p:Name><p:PIN/><p:Home><p:City>c</p:City></p:Home><p:Code>1</p:Code><p:Code>2</p:Code></p:Op>`},
		{"another namespace under a prefix", soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op", "wrapper")}, "urn:m", `<p:Op xmlns:p="urn:n" xmlns:n3="urn:m"><p:wrapper>` +
			`<n3:Name>n</n3:Name><n3:PIN/><n3:Home><n3:City>c</n3:City></n3:Home><n3:Code>1</n3:Code><n3:Code>2</n3:Code></p:wrapper></p:Op>`},
		{"another namespace beside a prefix of its own", soap.Binding{Prefix: "n3", Request: soap.Within("urn:n", "Op")}, "urn:m", `<n3:Op xmlns:n3="urn:n" xmlns:n3x="urn:m">` +
			`<n3x:Name>n</n3x:Name><n3x:PIN/><n3x:Home><n3x:City>c</n3x:City></n3x:Home><n3x:Code>1</n3x:Code><n3x:Code>2</n3x:Code></n3:Op>`},
		{"another namespace under a default namespace", soap.Binding{Request: soap.Within("urn:n", "Op")}, `urn:"&m`, `<Op xmlns="urn:n" xmlns:n3="urn:&quot;&amp;m">` +
			`<n3:Name>n</n3:Name><n3:PIN/><n3:Home><n3:City>c</n3:City></n3:Home><n3:Code>1</n3:Code><n3:Code>2</n3:Code></Op>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := compile[person](t, test.members)
			e, r := encoderOf(t, both(test.binding), s), read(t, s, request).Root()
			want := declaration + `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>` + test.body + `</s:Body></s:Envelope>`
			if got := encode(t, e, soap.V11, r); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			want = declaration + `<s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope"><s12:Header/><s12:Body>` + test.body + `</s12:Body></s12:Envelope>`
			if got := encode(t, e, soap.V12, r); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// TestEncodeMembers writes every kind of field, present, empty and absent.
func TestEncodeMembers(t *testing.T) {
	e := encoder(t, both(soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op")}))
	for _, test := range []struct{ name, request, want string }{ // want is without the Home that is required
		{"nothing", `{}`, ""},
		{"null is absent", `{"name": null, "alive": null, "codes": null}`, ""},
		{"an empty text is there", `{"name": "", "pin": "", "born": ""}`, "<Name/><PIN/><Born/>"},
		{"a secret as it is", `{"pin": "00<42"}`, "<PIN>00&lt;42</PIN>"},
		{"a date with the zone", `{"born": "2026-11-21"}`, "<Born>2026-11-21Z</Born>"},
		{"true", `{"alive": true}`, "<Alive>true</Alive>"},
		{"false is there", `{"alive": false}`, "<Alive>false</Alive>"},
		{"zero is there", `{"small": 0, "large": 0}`, "<Small>0</Small><Large>0</Large>"},
		{"integers", `{"small": -2147483648, "large": 9223372036854775807}`, "<Small>-2147483648</Small><Large>9223372036854775807</Large>"},
		{"texts in a row", `{"codes": ["a", "", "b"], "secrets": ["x"], "flags": [true, false]}`, "<Code>a</Code><Code/><Code>b</Code><Secret>x</Secret><Flag>true</Flag><Flag>false</Flag>"},
		{"no texts", `{"codes": []}`, ""},
		{"the order of the shape", `{"codes": ["c"], "name": "n"}`, "<Name>n</Name><Code>c</Code>"},
		{"objects in a row", `{"homes": [{}, {"city": "c"}]}`, "<OtherHome></OtherHome><OtherHome><City>c</City></OtherHome>"},
		{"one inside itself", `{"friend": {"name": "f", "friend": {"name": "g"}}}`, "<Friend><Name>f</Name><Home></Home><Friend><Name>g</Name><Home></Home></Friend></Friend>"},
		{"white space and quotes", `{"name": " \t\n\"'"}`, "<Name> \t\n\"'</Name>"},
	} {
		body := inside(encode(t, e, soap.V11, persons(t, test.request)))
		if body = strings.Replace(body, "<Home></Home>", "", 1); body != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, body, test.want)
		}
	}
	r := read(t, compile[person](t, ""), `{}`)
	hidden, err := r.Root().Shape().Find("hidden")
	if err != nil {
		t.Fatal(err)
	}
	r.SetText(hidden, "h")
	if body := inside(encode(t, e, soap.V11, r.Root())); body != "<Home></Home><Hidden>h</Hidden>" {
		t.Errorf("a hidden one: %s", body)
	}
}

// inside returns what is in the operation element.
func inside(envelope string) string {
	_, body, _ := strings.Cut(envelope, `<p:Op xmlns:p="urn:n">`)
	body, _, _ = strings.Cut(body, "</p:Op>")
	return body
}

// TestEncodeHeaders writes blocks in their order, and an empty Header where there are none.
func TestEncodeHeaders(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}))
	block := func(text string) soap.HeaderBlock {
		return func(w *soap.Writer) { w.Markup("<h>"); w.Text(text); w.Markup("</h>") }
	}
	got := encode(t, e, soap.V11, persons(t, `{}`), block("1<"), block("2"))
	if !strings.Contains(got, `<s:Header><h>1&lt;</h><h>2</h></s:Header><s:Body><Op xmlns="urn:n">`) {
		t.Error(got)
	}
	nothing := func(*soap.Writer) {}
	for _, got := range []string{encode(t, e, soap.V12, persons(t, `{}`)), encode(t, e, soap.V12, persons(t, `{}`), nothing)} {
		if !strings.Contains(got, `<s12:Header/><s12:Body>`) {
			t.Error(got)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}))
	if m, err := e.Encode(soap.V11, withText(t, "name", "a\x00b")); err == nil || m.Envelope != nil {
		t.Errorf("%s, %v", m.Envelope, err)
	}
	bad := func(w *soap.Writer) { w.Text("\x01") }
	if _, err := e.Encode(soap.V11, persons(t, `{}`), bad); err == nil {
		t.Error("a header that XML cannot carry is written")
	}
	only11 := both(soap.Binding{Request: soap.Within("urn:n", "Op")})
	delete(only11.EnvelopePrefix, soap.V12)
	if _, err := encoder(t, only11).Encode(soap.V12, persons(t, `{}`)); err == nil || !strings.Contains(err.Error(), "is not bound to SOAP 1.2") {
		t.Error(err)
	}
	for name, b := range map[string]soap.Binding{
		"a prefix of nothing":       {Request: soap.Within("urn:n", "Op"), Prefix: "p"},
		"a quote in the namespace":  {Request: soap.Within("urn:n", "Op"), Namespace: `urn:"`},
		"markup in the namespace":   {Request: soap.Within("urn:n", "Op"), Namespace: `urn:<`},
		"a reference in the action": {Request: soap.Within("urn:n", "Op"), Namespace: "urn:n", Action: "a&b"},
		"a line end in the action":  {Request: soap.Within("urn:n", "Op"), Namespace: "urn:n", Action: "a\r\nX: y"},
	} {
		if _, err := soap.NewEncoder(b, compile[person](t, "")); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// withText is a person with a text that no JSON could have brought.
func withText(t testing.TB, member, text string) record.Object {
	t.Helper()
	r := record.New(compile[person](t, ""))
	path, err := r.Root().Shape().Find(member)
	if err != nil {
		t.Fatal(err)
	}
	r.SetText(path, text)
	return r.Root()
}

// TestEncodeAtOnce is for the race detector: an encoder belongs to all requests.
func TestEncodeAtOnce(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}))
	r := persons(t, `{"name": "n"}`)
	want := encode(t, e, soap.V11, r)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if m, err := e.Encode(soap.V11, r); err != nil || string(m.Envelope) != want {
					t.Errorf("%s %v", m.Envelope, err)
				}
			}
		})
	}
	wait.Wait()
}

// TestEncodeMasked writes the same bytes as TestEncodeMembers and its like, but for secrets, in the header and in the body.
func TestEncodeMasked(t *testing.T) {
	e := encoder(t, both(soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op")}))
	token := func(secret secret.Secret) soap.HeaderBlock {
		return func(w *soap.Writer) { w.Markup(`<Token xmlns="urn:h">`); w.Secret(secret); w.Markup("</Token>") }
	}
	user := func(password secret.Secret) soap.HeaderBlock {
		return func(w *soap.Writer) {
			w.Security(&soap.Security{Username: "user", Password: password}, time.Time{}, soap.Nonce{})
		}
	}
	for _, test := range []struct {
		name    string
		request string
		header  []soap.HeaderBlock
		same    bool     // nothing is to be masked
		clear   []string // what Encode writes of the secrets; EncodeMasked writes *** in the place of each
	}{
		{"nothing", `{}`, nil, true, nil},
		{"no secret", `{"name": "<n>", "born": "2026-11-21", "alive": true, "small": 1, "codes": ["c"]}`, nil, true, nil},
		{"an empty secret", `{"pin": "", "secrets": [""]}`, []soap.HeaderBlock{user("")}, true, nil},
		{"an empty token", `{}`, []soap.HeaderBlock{token("")}, true, nil},
		{"a secret", `{"name": "0042", "pin": "00<&>42"}`, nil, false, []string{"00&lt;&amp;&gt;42"}},
		{"secrets in a row", `{"secrets": ["first", "", "third"]}`, nil, false, []string{"first", "third"}},
		{"secrets inside", `{"friend": {"pin": "inner"}}`, nil, false, []string{"inner"}},
		{"a token and a password", `{}`, []soap.HeaderBlock{user("pass\r]]>"), token("token")}, false, []string{"pass&#xD;]]&gt;", "token"}},
		{"a digest", `{}`, []soap.HeaderBlock{func(w *soap.Writer) {
			w.Security(&soap.Security{Username: "user", Password: "pa<ss>&é", Digest: true}, sentAt, sentNonce)
		}}, false, []string{sentDigest}},
	} {
		request := persons(t, test.request)
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			t.Run(test.name+"/"+v.String(), func(t *testing.T) {
				want := encode(t, e, v, request, test.header...)
				for _, secret := range test.clear {
					if strings.Count(want, ">"+secret+"<") != 1 {
						t.Fatalf("the secret %s is not in %s", secret, want)
					}
					want = strings.Replace(want, ">"+secret+"<", ">***<", 1)
				}
				got, err := e.EncodeMasked(v, request, test.header...)
				if err != nil || string(got.Envelope) != want || got.Version != v || got.Action != "urn:n/act" {
					t.Errorf("%v\n got %+v %s\nwant %s", err, got, got.Envelope, want)
				}
				if strings.Contains(string(got.Envelope), "***") == test.same {
					t.Errorf("%s", got.Envelope)
				}
			})
		}
	}
}

// TestEncodeMaskedRefusesTheSame shows no message that could not be sent.
func TestEncodeMaskedRefusesTheSame(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}))
	for member, text := range map[string]string{"name": "n\x00", "pin": "sé\x1bcret"} {
		request := withText(t, member, text)
		_, want := e.Encode(soap.V11, request)
		got, err := e.EncodeMasked(soap.V11, request)
		if want == nil || err == nil || err.Error() != want.Error() || got.Envelope != nil {
			t.Errorf("%s: %v, want %v", member, err, want)
		}
	}
	if _, err := e.EncodeMasked(7, persons(t, `{}`)); err == nil || !strings.Contains(err.Error(), "not bound") {
		t.Errorf("an unknown version: %v", err)
	}
}

// TestMessageHeaders are the HTTP headers of both versions (SOAP 1.1 section 6.1.1, RFC 3902).
func TestMessageHeaders(t *testing.T) {
	for _, test := range []struct {
		message             soap.Message
		contentType, action string
		present             bool
	}{
		{soap.Message{Version: soap.V11, Action: "urn:a"}, "text/xml; charset=utf-8", `"urn:a"`, true},
		{soap.Message{Version: soap.V11}, "text/xml; charset=utf-8", `""`, true},
		{soap.Message{Version: soap.V12, Action: "urn:a"}, `application/soap+xml; charset=utf-8; action="urn:a"`, "", false},
		{soap.Message{Version: soap.V12}, "application/soap+xml; charset=utf-8", "", false},
	} {
		action, present := test.message.SOAPAction()
		if test.message.ContentType() != test.contentType || action != test.action || present != test.present {
			t.Errorf("%+v: %s, %s, %v", test.message, test.message.ContentType(), action, present)
		}
	}
	for version, name := range map[soap.Version]string{soap.V11: "1.1", soap.V12: "1.2", 7: "soap.Version(7)"} {
		if version.String() != name {
			t.Errorf("%s is not %s", version, name)
		}
	}
}
