package soap_test

import (
	"strings"
	"sync"
	"testing"

	"soapbridge/translate/soap"
)

const declaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// both binds an operation to both versions.
func both(b soap.Binding) soap.Binding {
	b.EnvelopePrefix = map[soap.Version]string{soap.V11: "s", soap.V12: "s12"}
	b.Namespace = "urn:n"
	b.Action = "urn:n/act"
	return b
}

func encoder(t testing.TB, b soap.Binding) *soap.Encoder {
	t.Helper()
	e, err := soap.NewEncoder(b, compile[person](t))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t testing.TB, e *soap.Encoder, v soap.Version, request any, headers ...soap.HeaderBlock) string {
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
	request := &person{Name: "n", Home: home{City: new("c")}, Codes: []string{"1", "2"}, PIN: new(soap.Secret(""))}
	for _, test := range []struct {
		name    string
		binding soap.Binding
		body    string
	}{
		{"unqualified under a default namespace", soap.Binding{Request: []string{"Op", "wrapper"}}, `<Op xmlns="urn:n"><wrapper>` +
			`<Name xmlns="">n</Name><PIN xmlns=""/><Home xmlns=""><City>c</City></Home><Code xmlns="">1</Code><Code xmlns="">2</Code></wrapper></Op>`},
		{"unqualified under a prefix", soap.Binding{Prefix: "p", Request: []string{"Op", "wrapper"}}, `<p:Op xmlns:p="urn:n"><p:wrapper>` +
			`<Name>n</Name><PIN/><Home><City>c</City></Home><Code>1</Code><Code>2</Code></p:wrapper></p:Op>`},
		{"qualified under a default namespace", soap.Binding{Qualified: true, Request: []string{"Op"}}, `<Op xmlns="urn:n">` +
			`<Name>n</Name><PIN/><Home><City>c</City></Home><Code>1</Code><Code>2</Code></Op>`},
		{"qualified under a prefix", soap.Binding{Qualified: true, Prefix: "p", Request: []string{"Op"}}, `<p:Op xmlns:p="urn:n">` +
			`<p:Name>n</p:Name><p:PIN/><p:Home><p:City>c</p:City></p:Home><p:Code>1</p:Code><p:Code>2</p:Code></p:Op>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := encoder(t, both(test.binding))
			want := declaration + `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>` + test.body + `</s:Body></s:Envelope>`
			if got := encode(t, e, soap.V11, request); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			want = declaration + `<s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope"><s12:Header/><s12:Body>` + test.body + `</s12:Body></s12:Envelope>`
			if got := encode(t, e, soap.V12, request); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// TestEncodeMembers writes every kind of field, present, empty and absent.
func TestEncodeMembers(t *testing.T) {
	e := encoder(t, both(soap.Binding{Prefix: "p", Request: []string{"Op"}}))
	for _, test := range []struct {
		name    string
		request person
		want    string // without the Home that a plain struct always is
	}{
		{"nothing", person{}, ""},
		{"an empty plain text is absent", person{Name: ""}, ""},
		{"an empty optional text is there", person{PIN: new(soap.Secret("")), Born: new("")}, "<PIN/><Born/>"},
		{"a secret as it is", person{PIN: new(soap.Secret("00<42"))}, "<PIN>00&lt;42</PIN>"},
		{"a date with the zone", person{Born: new("2026-11-21")}, "<Born>2026-11-21Z</Born>"},
		{"true", person{Alive: new(true)}, "<Alive>true</Alive>"},
		{"false is there", person{Alive: new(false)}, "<Alive>false</Alive>"},
		{"zero is there", person{Small: new(int32(0)), Large: new(int64(0))}, "<Small>0</Small><Large>0</Large>"},
		{"integers", person{Small: new(int32(-2147483648)), Large: new(int64(9223372036854775807))}, "<Small>-2147483648</Small><Large>9223372036854775807</Large>"},
		{"texts in a row", person{Codes: []string{"a", "", "b"}, Secrets: []soap.Secret{"x"}, Flags: []bool{true, false}}, "<Code>a</Code><Code/><Code>b</Code><Secret>x</Secret><Flag>true</Flag><Flag>false</Flag>"},
		{"no texts", person{Codes: []string{}}, ""},
		{"objects in a row", person{Homes: []home{{}, {City: new("c")}}}, "<OtherHome></OtherHome><OtherHome><City>c</City></OtherHome>"},
		{"a hidden one", person{Hidden: "h"}, "<Hidden>h</Hidden>"},
		{"what is beside", person{Aside: map[string]int{"x": 1}}, ""},
		{"one inside itself", person{Friend: &person{Name: "f", Friend: &person{Name: "g"}}}, "<Friend><Name>f</Name><Home></Home><Friend><Name>g</Name><Home></Home></Friend></Friend>"},
		{"white space and quotes", person{Name: " \t\n\"'"}, "<Name> \t\n\"'</Name>"},
	} {
		got := encode(t, e, soap.V11, &test.request)
		_, body, _ := strings.Cut(got, `<p:Op xmlns:p="urn:n">`)
		body, _, _ = strings.Cut(body, "</p:Op>")
		if body = strings.Replace(body, "<Home></Home>", "", 1); body != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, body, test.want)
		}
	}
}

// TestEncodeHeaders writes blocks in their order, and an empty Header where there are none.
func TestEncodeHeaders(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: []string{"Op"}}))
	block := func(text string) soap.HeaderBlock {
		return func(w *soap.Writer) { w.Markup("<h>"); w.Text(text); w.Markup("</h>") }
	}
	got := encode(t, e, soap.V11, &person{}, block("1<"), block("2"))
	if !strings.Contains(got, `<s:Header><h>1&lt;</h><h>2</h></s:Header><s:Body><Op xmlns="urn:n">`) {
		t.Error(got)
	}
	if got := encode(t, e, soap.V12, &person{}); !strings.Contains(got, `<s12:Header/><s12:Body>`) {
		t.Error(got)
	}
}

func TestEncodeRefuses(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: []string{"Op"}}))
	if m, err := e.Encode(soap.V11, &person{Name: "a\x00b"}); err == nil || m.Envelope != nil {
		t.Errorf("%s, %v", m.Envelope, err)
	}
	bad := func(w *soap.Writer) { w.Text("\x01") }
	if _, err := e.Encode(soap.V11, &person{}, bad); err == nil {
		t.Error("a header that XML cannot carry is written")
	}
	only11 := both(soap.Binding{Request: []string{"Op"}})
	delete(only11.EnvelopePrefix, soap.V12)
	if _, err := encoder(t, only11).Encode(soap.V12, &person{}); err == nil || !strings.Contains(err.Error(), "Op is not bound to SOAP 1.2") {
		t.Error(err)
	}
	for name, b := range map[string]soap.Binding{
		"no operation":              {Namespace: "urn:n"},
		"no namespace":              {Request: []string{"Op"}},
		"a quote in the namespace":  {Request: []string{"Op"}, Namespace: `urn:"`},
		"markup in the namespace":   {Request: []string{"Op"}, Namespace: `urn:<`},
		"a reference in the action": {Request: []string{"Op"}, Namespace: "urn:n", Action: "a&b"},
		"a line end in the action":  {Request: []string{"Op"}, Namespace: "urn:n", Action: "a\r\nX: y"},
	} {
		if _, err := soap.NewEncoder(b, compile[person](t)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestEncodeAtOnce is for the race detector: an encoder belongs to all requests.
func TestEncodeAtOnce(t *testing.T) {
	e := encoder(t, both(soap.Binding{Request: []string{"Op"}}))
	want := encode(t, e, soap.V11, &person{Name: "n"})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if m, err := e.Encode(soap.V11, &person{Name: "n"}); err != nil || string(m.Envelope) != want {
					t.Errorf("%s %v", m.Envelope, err)
				}
			}
		})
	}
	wait.Wait()
}

// TestEncodeMasked writes the same bytes as TestEncodeMembers and its like, but for secrets, in the header and in the body.
func TestEncodeMasked(t *testing.T) {
	e := encoder(t, both(soap.Binding{Prefix: "p", Request: []string{"Op"}}))
	token := soap.MustBlock[struct {
		ID soap.Secret `json:"-" soap:"ID"`
	}]("urn:h", "Token")
	type content = struct {
		ID soap.Secret `json:"-" soap:"ID"`
	}
	for _, test := range []struct {
		name    string
		request person
		header  []soap.HeaderBlock
		same    bool     // nothing is to be masked
		clear   []string // what Encode writes of the secrets; EncodeMasked writes *** in the place of each
	}{
		{"nothing", person{}, nil, true, nil},
		{"no secret", person{Name: "<n>", Born: new("2026-11-21"), Alive: new(true), Small: new(int32(1)), Codes: []string{"c"}}, nil, true, nil},
		{"an empty secret", person{PIN: new(soap.Secret("")), Secrets: []soap.Secret{""}}, soap.UsernameTokens("user", ""), true, nil},
		{"an empty plain secret", person{}, []soap.HeaderBlock{token(&content{})}, true, nil},
		{"a secret", person{Name: "0042", PIN: new(soap.Secret("00<&>42"))}, nil, false, []string{"00&lt;&amp;&gt;42"}},
		{"secrets in a row", person{Secrets: []soap.Secret{"first", "", "third"}}, nil, false, []string{"first", "third"}},
		{"secrets inside", person{Friend: &person{PIN: new(soap.Secret("inner"))}}, nil, false, []string{"inner"}},
		{"a token and a password", person{}, append(soap.UsernameTokens("user", "pass\r]]>"), token(&content{"token"})), false, []string{"pass&#xD;]]&gt;", "token"}},
	} {
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			t.Run(test.name+"/"+v.String(), func(t *testing.T) {
				want := encode(t, e, v, &test.request, test.header...)
				for _, secret := range test.clear {
					if strings.Count(want, ">"+secret+"<") != 1 {
						t.Fatalf("the secret %s is not in %s", secret, want)
					}
					want = strings.Replace(want, ">"+secret+"<", ">***<", 1)
				}
				got, err := e.EncodeMasked(v, &test.request, test.header...)
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
	e := encoder(t, both(soap.Binding{Request: []string{"Op"}}))
	for name, request := range map[string]person{
		"a text":   {Name: "n\x00"},
		"a secret": {PIN: new(soap.Secret("sé\x1bcret"))},
	} {
		_, want := e.Encode(soap.V11, &request)
		got, err := e.EncodeMasked(soap.V11, &request)
		if want == nil || err == nil || err.Error() != want.Error() || got.Envelope != nil {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if _, err := e.EncodeMasked(7, &person{}); err == nil || !strings.Contains(err.Error(), "not bound") {
		t.Errorf("an unknown version: %v", err)
	}
}

func TestMustBlock(t *testing.T) {
	block := soap.MustBlock[home]("urn:h", "Block")
	w := soap.NewWriter(0)
	block(&home{City: new("<c>")})(w)
	block(&home{})(w)
	if out, err := w.Bytes(); err != nil || string(out) != `<Block xmlns="urn:h"><City>&lt;c&gt;</City></Block><Block xmlns="urn:h"></Block>` {
		t.Errorf("%s %v", out, err)
	}
	defer func() {
		if problem := recover(); problem == nil || !strings.Contains(problem.(error).Error(), ".Bad: has the type float64") {
			t.Errorf("%v", problem)
		}
	}()
	soap.MustBlock[deeper]("urn:h", "Block")
	t.Error("a bad block is compiled")
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
