package soap_test

import (
	"cmp"
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// order is a shape with everything that no Go struct can say. Its members are in urn:m, but for those of the operation's namespace and of none.
func order(t testing.TB) *shape.Shape {
	t.Helper()
	in := func(space, local string) xml.Name { return xml.Name{Space: space, Local: local} }
	member := func(name string, kind shape.Kind) shape.Field {
		return shape.Field{Name: name, Wire: in("urn:m", name), Kind: kind}
	}
	change := func(f shape.Field, change func(*shape.Field)) shape.Field {
		change(&f)
		return f
	}
	attribute := func(name, space string) shape.Field {
		return shape.Field{Name: name, Wire: in(space, name), Kind: shape.String, Place: shape.Attribute}
	}
	nillable := func(f *shape.Field) { f.Nillable = true }
	repeated := func(f *shape.Field) { f.Repeated = true }
	fixed := func(text string, required bool) func(*shape.Field) {
		return func(f *shape.Field) { f.Fixed, f.Required = &text, required }
	}
	object := func(name string, of *shape.Shape) shape.Field {
		return change(member(name, shape.Object), func(f *shape.Field) { f.Object = of })
	}
	amount := &shape.Shape{Name: "Amount", Fields: []shape.Field{
		attribute("currency", ""), {Name: "value", Kind: shape.Float, Place: shape.Content},
	}}
	fee := &shape.Shape{Name: "Fee", Fields: []shape.Field{
		change(attribute("unit", "urn:n"), fixed("EUR", true)), change(shape.Field{Name: "value", Kind: shape.String, Place: shape.Content}, fixed("0", true)),
	}}
	head := &shape.Shape{Name: "Head", Fields: []shape.Field{
		member("text", shape.String), change(member("kind", shape.String), fixed("A&B", true)), change(object("fee", fee), func(f *shape.Field) { f.Required = true }),
	}}
	payment := &shape.Shape{Name: "Payment", Type: in("urn:n", "PaymentType"), Fields: []shape.Field{member("note", shape.String)}}
	card := &shape.Shape{Name: "Card", Type: in("urn:m", "CardType"), Fields: []shape.Field{
		payment.Fields[0], change(member("number", shape.String), func(f *shape.Field) { f.Secret = true }), attribute("brand", ""),
	}}
	payment.Subtypes, payment.Discriminator = []*shape.Shape{payment, card}, "type"
	s := &shape.Shape{Name: "Order", Fields: []shape.Field{
		change(attribute("version", ""), fixed("2.1", false)),
		attribute("lang", "http://www.w3.org/XML/1998/namespace"),
		attribute("id", "urn:n"),
		member("text", shape.String),
		change(member("own", shape.String), func(f *shape.Field) { f.Wire.Space = "urn:n" }),
		change(member("none", shape.String), func(f *shape.Field) { f.Wire.Space = "" }),
		change(member("flag", shape.Boolean), nillable),
		change(member("count", shape.Integer), nillable),
		change(member("ratio", shape.Float), repeated),
		object("amount", amount),
		change(object("amounts", amount), repeated),
		change(change(object("maybe", amount), repeated), nillable),
		object("payment", payment),
		change(object("payments", payment), repeated),
		member("any", shape.XML),
		change(change(member("anyOwn", shape.XML), repeated), func(f *shape.Field) { f.Wire.Space = "urn:n" }),
		change(member("mode", shape.String), fixed("A&B", false)),
		object("head", head),
	}}
	s.Fields = append(s.Fields, object("again", s))
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestHandmade writes requests, reads them with the standard parser, and reads them back as replies.
func TestHandmade(t *testing.T) {
	s := order(t)
	for _, test := range []struct {
		name, body string
		back       string // what is read back; empty: the body
		tree       string // the operation element's attributes and content
	}{
		{name: "attributes", body: `{"lang":"en","id":"<\"\t\n&'>"}`, tree: `@http://www.w3.org/XML/1998/namespace|lang="en" @urn:n|id="<\"\t\n&'>"`},
		{name: "an empty attribute", body: `{"id":""}`, tree: `@urn:n|id=""`},
		{name: "namespaces", body: `{"text":"a","own":"b","none":"c"}`, tree: `urn:m|text["a"] urn:n|own["b"] |none["c"]`},
		{name: "nil", body: `{"flag":null,"count":null}`, tree: `urn:m|flag[@xsi|nil="true"] urn:m|count[@xsi|nil="true"]`},
		{name: "empty", body: `{"text":"","own":"","none":""}`, tree: `urn:m|text[] urn:n|own[] |none[]`},
		{name: "typed", body: `{"flag":true,"count":-7,"ratio":[1.5,-1e-7,"INF","-INF","NaN"]}`, back: `{"flag":true,"count":-7,"ratio":[1.5,-1e-07,"INF","-INF","NaN"]}`,
			tree: `urn:m|flag["true"] urn:m|count["-7"] urn:m|ratio["1.5"] urn:m|ratio["-1e-7"] urn:m|ratio["INF"] urn:m|ratio["-INF"] urn:m|ratio["NaN"]`},
		{name: "content", body: `{"amount":{"currency":"EUR","value":9.5}}`, tree: `urn:m|amount[@|currency="EUR" "9.5"]`},
		{name: "content in a row", body: `{"amounts":[{"value":1},{"currency":"","value":2}]}`, tree: `urn:m|amounts["1"] urn:m|amounts[@|currency="" "2"]`},
		{name: "nil in a row", body: `{"maybe":[null,{"value":1},null]}`, tree: `urn:m|maybe[@xsi|nil="true"] urn:m|maybe["1"] urn:m|maybe[@xsi|nil="true"]`},
		{name: "the shape itself", body: `{"payment":{"note":"n"}}`, back: `{"payment":{"type":"Payment","note":"n"}}`, tree: `urn:m|payment[urn:m|note["n"]]`},
		{name: "a subtype", body: `{"payment":{"type":"Card","note":"n","number":"4711","brand":"V"}}`, tree: `urn:m|payment[@xsi|type="urn:m|CardType" @|brand="V" urn:m|note["n"] urn:m|number["4711"]]`},
		{name: "a subtype alone", body: `{"payment":{"type":"Card"}}`, tree: `urn:m|payment[@xsi|type="urn:m|CardType"]`},
		{name: "subtypes in a row", body: `{"payments":[{"type":"Card","number":"1"},{"type":"Payment","note":"n"}]}`,
			tree: `urn:m|payments[@xsi|type="urn:m|CardType" urn:m|number["1"]] urn:m|payments[urn:m|note["n"]]`},
		{name: "XML", body: `{"any":"<any xmlns=\"urn:m\" b=\"c\">d<e xmlns=\"\"/></any>"}`, back: `{"any":"<any xmlns=\"urn:m\" b=\"c\">d<e xmlns=\"\"></e></any>"}`, tree: `urn:m|any[@|b="c" "d" |e[]]`},
		{name: "XML with namespaces", body: `{"any":"<x:any xmlns:x=\"urn:m\" x:b=\"&quot;&#9;&lt;\" xml:lang=\"de\">&amp;<c xmlns=\"urn:n\"><x:d/><e xmlns=\"\"/></c></x:any>"}`,
			back: `{"any":"<any xmlns=\"urn:m\" xmlns:a0=\"urn:m\" a0:b=\"&quot;&#x9;&lt;\" xml:lang=\"de\">&amp;<c xmlns=\"urn:n\"><d xmlns=\"urn:m\"></d><e xmlns=\"\"></e></c></any>"}`,
			tree: `urn:m|any[@http://www.w3.org/XML/1998/namespace|lang="de" @urn:m|b="\"\t<" "&" urn:n|c[urn:m|d[] |e[]]]`},
		{name: "XML in a row", body: `{"anyOwn":["<?xml version=\"1.0\"?><!-- c --><anyOwn xmlns=\"urn:n\"/>","<anyOwn xmlns=\"urn:n\"><![CDATA[<]]></anyOwn>"]}`,
			back: `{"anyOwn":["<anyOwn xmlns=\"urn:n\"></anyOwn>","<anyOwn xmlns=\"urn:n\">&lt;</anyOwn>"]}`, tree: `urn:n|anyOwn[] urn:n|anyOwn["<"]`},
		{name: "XML with a type", body: `{"any":"<any xmlns=\"urn:m\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:t=\"urn:t\" i:type=\"t:T\">1</any>"}`,
			back: `{"any":"<any xmlns=\"urn:m\" xmlns:a0=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:t0=\"urn:t\" a0:type=\"t0:T\">1</any>"}`, tree: `urn:m|any[@xsi|type="urn:t|T" "1"]`},
		{name: "fixed values that are given", body: `{"version":"2.1","mode":"A&B"}`, tree: `@|version="2.1" urn:m|mode["A&B"]`},
		{name: "fixed values that must be there", body: `{"head":{"text":"t"}}`, back: `{"head":{"text":"t","kind":"A&B","fee":{"unit":"EUR","value":"0"}}}`,
			tree: `urn:m|head[urn:m|text["t"] urn:m|kind["A&B"] urn:m|fee[@urn:n|unit="EUR" "0"]]`},
		{name: "recursion", body: `{"again":{"version":"2.1","text":"a","again":{"text":"b"}}}`, tree: `urn:m|again[@|version="2.1" urn:m|text["a"] urn:m|again[urn:m|text["b"]]]`},
	} {
		for _, prefix := range []string{"", "p"} {
			t.Run(test.name+"/"+prefix, func(t *testing.T) {
				b := both(soap.Binding{Prefix: prefix, Request: soap.Within("urn:n", "Outer", "Op"), Reply: []xml.Name{{Space: "urn:n", Local: "Outer"}, {Space: "urn:n", Local: "Op"}}})
				envelope := encode(t, encoderOf(t, b, s), soap.V11, read(t, s, test.body).Root())
				tree, err := parse(envelope)
				if err != nil {
					t.Fatalf("%s: %v", envelope, err)
				}
				if want := strings.ReplaceAll(`S|Envelope[S|Header[] S|Body[urn:n|Outer[urn:n|Op[`, "S", soap.NamespaceV11) + test.tree + "]]]]"; tree != want {
					t.Errorf("%s\n got %s\nwant %s", envelope, tree, want)
				}
				got, decoded, err := decode(t, decoderOf(t, b, s), envelope)
				if want := cmp.Or(test.back, test.body); err != nil || decoded.Ignored != 0 || got != want {
					t.Errorf("%v, %d ignored\n got %s\nwant %s", err, decoded.Ignored, got, want)
				}
			})
		}
	}
}

// parse writes a document, as the standard parser reads it, without prefixes: namespace|name[attributes, texts and children]. Attributes are sorted,
// the namespace of XML Schema's instances is xsi, and the name in xsi:type is resolved.
func parse(doc string) (string, error) {
	var b strings.Builder
	var scopes []map[string]string // the declarations of each element that is open
	for d := stdxml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.ReplaceAll(strings.TrimSpace(b.String()), " ]", "]"), nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case stdxml.StartElement:
			scopes = append(scopes, map[string]string{})
			for _, a := range token.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
					scopes[len(scopes)-1][strings.TrimPrefix(a.Name.Local, "xmlns")] = a.Value
				}
			}
			attributes := []string{}
			for _, a := range token.Attr {
				switch {
				case a.Name.Space == "xmlns" || a.Name.Local == "xmlns":
					continue
				case a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance" && a.Name.Local == "type":
					a.Value = resolve(scopes, a.Value)
				}
				space := strings.Replace(a.Name.Space, "http://www.w3.org/2001/XMLSchema-instance", "xsi", 1)
				attributes = append(attributes, fmt.Sprintf("@%s|%s=%q ", space, a.Name.Local, a.Value))
			}
			slices.Sort(attributes)
			fmt.Fprintf(&b, "%s|%s[%s", token.Name.Space, token.Name.Local, strings.Join(attributes, ""))
		case stdxml.EndElement:
			scopes = scopes[:len(scopes)-1]
			b.WriteString("] ")
		case stdxml.CharData:
			if len(scopes) > 0 {
				fmt.Fprintf(&b, "%q ", string(token))
			}
		}
	}
}

func resolve(scopes []map[string]string, name string) string {
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		prefix, local = "", name
	}
	for _, scope := range slices.Backward(scopes) {
		if space, declared := scope[prefix]; declared {
			return space + "|" + local
		}
	}
	return "undeclared|" + name
}

// TestDeclaredOnce declares the prefixes of an operation on its element alone.
func TestDeclaredOnce(t *testing.T) {
	s := order(t)
	r := read(t, s, `{"text":"a","again":{"text":"b","payments":[{"type":"Card","number":"1"},{"note":"n"}]},"flag":null}`).Root()
	got := encode(t, encoderOf(t, both(soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op", "Inner")}), s), soap.V11, r)
	_, operation, _ := strings.Cut(got, "<p:Op ")
	first, rest, _ := strings.Cut(operation, ">")
	if strings.Count(first, "xmlns:") != 3 || strings.Contains(rest, "xmlns") {
		t.Error(got)
	}
}

// TestEncodeMaskedHandmade masks secrets of subtypes, in attributes and in what is content.
func TestEncodeMaskedHandmade(t *testing.T) {
	secret := func(name string, place shape.Place) shape.Field {
		return shape.Field{Name: name, Wire: xml.Name{Local: name}, Kind: shape.String, Place: place, Secret: true}
	}
	s := order(t)
	s.Fields = append(s.Fields, shape.Field{Name: "login", Wire: xml.Name{Local: "login"}, Kind: shape.Object, Object: &shape.Shape{
		Name: "Login", Fields: []shape.Field{secret("key", shape.Attribute), secret("word", shape.Content)},
	}})
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	r := read(t, s, `{"payment":{"type":"Card","number":"planted1"},"login":{"key":"planted\"2","word":"planted3"}}`).Root()
	e := encoderOf(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}), s)
	m, err := e.EncodeMasked(soap.V11, r)
	want := strings.NewReplacer("planted1", "***", "planted&quot;2", "***", "planted3", "***").Replace(encode(t, e, soap.V11, r))
	if err != nil || string(m.Envelope) != want || strings.Count(want, "***") != 3 {
		t.Errorf("%v\n got %s\nwant %s", err, m.Envelope, want)
	}
}

// TestEncodeXMLRefuses writes nothing but one element where one belongs, however the record was made.
func TestEncodeXMLRefuses(t *testing.T) {
	s := order(t)
	path, err := s.Find("any")
	if err != nil {
		t.Fatal(err)
	}
	e := encoderOf(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}), s)
	for _, text := range []string{"", "text", "<a>", "<a/><b/>", "</any><any>", "<a/>text", "<!DOCTYPE a><a/>", "<?pi?><a/>", "<s:a/>", "<a>\x01</a>"} {
		r := record.New(s)
		r.SetText(path, text)
		if m, err := e.Encode(soap.V11, r.Root()); err == nil || m.Envelope != nil {
			t.Errorf("%q: %s", text, m.Envelope)
		}
	}
}

// TestDecodeHandmade reads what a request cannot hold, in ways that services write it.
func TestDecodeHandmade(t *testing.T) {
	d := decoderOf(t, replies, order(t))
	const xsi = `xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`
	for _, test := range []struct {
		name, members, want string // empty: an error
		ignored             int
	}{
		{"forms of booleans", "<flag xmlns=\"urn:m\">\n1 </flag>", `{"flag":true}`, 0},
		{"forms of floats", `<m:ratio xmlns:m="urn:m">+1.50</m:ratio><m:ratio xmlns:m="urn:m">.5</m:ratio><m:ratio xmlns:m="urn:m">1E3</m:ratio><m:ratio xmlns:m="urn:m"> INF </m:ratio><m:ratio xmlns:m="urn:m">-0</m:ratio>`,
			`{"ratio":[1.5,0.5,1000,"INF",-0]}`, 0},
		{"nil of another word", `<flag xmlns="urn:m" ` + xsi + ` i:nil="1">x</flag>`, `{"flag":null}`, 0},
		{"nil between white space", `<count xmlns="urn:m" ` + xsi + ` i:nil=" true&#xA;"/>`, `{"count":null}`, 0},
		{"nil of what cannot be", `<text xmlns="urn:m" ` + xsi + ` i:nil="true"/>`, `{}`, 0},
		{"not nil", `<flag xmlns="urn:m" ` + xsi + ` i:nil="false">0</flag>`, `{"flag":false}`, 0},
		{"content in pieces", `<amount xmlns="urn:m" currency="EUR" other="x"> 1<!-- c -->.<![CDATA[5]]> </amount>`, `{"amount":{"currency":"EUR","value":1.5}}`, 0},
		{"an attribute in a wrong namespace", `<amount xmlns="urn:m" xmlns:x="urn:x" x:currency="EUR">1</amount>`, `{"amount":{"value":1}}`, 0},
		{"a subtype in another prefix", `<payment xmlns="urn:m" ` + xsi + ` xmlns:q="urn:m" i:type=" q:CardType "><number>1</number></payment>`, `{"payment":{"type":"Card","number":"1"}}`, 0},
		{"a subtype in a default namespace", `<payment xmlns="urn:m" ` + xsi + ` i:type="CardType"><number>1</number></payment>`, `{"payment":{"type":"Card","number":"1"}}`, 0},
		{"a subtype of another namespace", `<payment xmlns="urn:m" ` + xsi + ` xmlns:q="urn:q" i:type="q:CardType"><note>n</note><number>1</number></payment>`, `{"payment":{"type":"Payment","note":"n"}}`, 1},
		{"no subtype", `<payment xmlns="urn:m"><note>n</note></payment>`, `{"payment":{"type":"Payment","note":"n"}}`, 0},
		{"a type where there are none", `<amount xmlns="urn:m" ` + xsi + ` i:type="x">1</amount>`, `{"amount":{"value":1}}`, 0},
		{"an empty float", `<ratio xmlns="urn:m"/>`, "", 0},
		{"another word for infinity", `<ratio xmlns="urn:m">Infinity</ratio>`, "", 0},
		{"infinity in small letters", `<ratio xmlns="urn:m">inf</ratio>`, "", 0},
		{"a hexadecimal float", `<ratio xmlns="urn:m">0x1p-2</ratio>`, "", 0},
		{"a float with an underscore", `<ratio xmlns="urn:m">1_0</ratio>`, "", 0},
		{"a float that is too large", `<ratio xmlns="urn:m">1e400</ratio>`, "", 0},
		{"a comma", `<ratio xmlns="urn:m">1,5</ratio>`, "", 0},
		{"a wrong form in content", `<amount xmlns="urn:m">EUR 1</amount>`, "", 0},
		{"an element in content", `<amount xmlns="urn:m">1<x>2</x>5</amount>`, "", 0},
	} {
		got, decoded, err := decode(t, d, result(test.members))
		if got != test.want || (err == nil) != (test.want != "") || errors.Is(err, soap.ErrNoEnvelope) || decoded.Ignored != test.ignored {
			t.Errorf("%s: %v, %d ignored\n got %s\nwant %s", test.name, err, decoded.Ignored, got, test.want)
		}
	}
}

// TestManySubtypes: members share what is spelled of the subtypes of their base, so that a service of thousands of them, as vCenter, fits into memory.
func TestManySubtypes(t *testing.T) {
	const many = 1000
	base := &shape.Shape{Name: "Base", Type: xml.Name{Space: "urn:n", Local: "Base"}, Discriminator: "type"}
	s := &shape.Shape{Name: "S"}
	for i := range many {
		name := fmt.Sprint("T", i)
		base.Subtypes = append(base.Subtypes, &shape.Shape{Name: name, Type: xml.Name{Space: "urn:n", Local: name}})
		s.Fields = append(s.Fields, shape.Field{Name: name, Wire: xml.Name{Local: name}, Kind: shape.Object, Object: base})
	}
	base.Abstract = true
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	e, r := encoderOf(t, both(soap.Binding{Request: soap.Within("urn:n", "Op")}), s), read(t, s, `{"T7":{"type":"T9"}}`).Root()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := encode(t, e, soap.V11, r)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 10<<20 || !strings.Contains(got, `<T7 xmlns="" xsi:type="n4x:T9"></T7>`) {
		t.Errorf("%d bytes for %s", allocated, got)
	}
}
