package soap_test

import (
	"testing"

	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// placed is a shape whose members are not simply child elements in a row.
func placed(t *testing.T) *shape.Shape {
	t.Helper()
	in := func(name string) xml.Name { return xml.Name{Space: "urn:n", Local: name} }
	text := func(name string) shape.Field { return shape.Field{Name: name, Wire: in(name), Kind: shape.String} }
	many := func(f shape.Field) shape.Field {
		f.Repeated = true
		return f
	}
	again := text("b2")
	again.Wire = in("b")
	foreign := shape.Field{Name: "foreign", Place: shape.Inline, Kind: shape.XML, Wildcard: &shape.Wildcard{Spaces: []string{"urn:f"}}}
	choice := &shape.Shape{Name: "Move", Fields: []shape.Field{text("credit"), text("debit"), foreign}, Choices: []shape.Choice{{Branches: shape.OneOf(0, 1, 2)}}}
	pair := &shape.Shape{Name: "Pair", Fields: []shape.Field{text("key"), many(text("value"))}}
	tags, always := many(text("tag")), many(text("mark"))
	tags.Name, tags.Around = "tags", &shape.Around{Wire: in("tags")}
	always.Name, always.Around = "marks", &shape.Around{Wire: in("marks"), Always: true}
	header := text("session")
	header.Place = shape.Header
	s := &shape.Shape{Name: "Placed", Empty: true, Fields: []shape.Field{
		text("b"), text("c"), again,
		{Name: "moves", Place: shape.Inline, Kind: shape.Object, Object: choice, Repeated: true},
		{Name: "pairs", Place: shape.Inline, Kind: shape.Object, Object: pair, Repeated: true},
		tags, always,
		{Name: "any", Place: shape.Inline, Kind: shape.XML, Repeated: true, Wildcard: &shape.Wildcard{Spaces: []string{"urn:n"}, Except: true}},
		header,
	}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPlaced writes requests, reads them with the standard parser, and reads them back as replies.
func TestPlaced(t *testing.T) {
	const marks = `urn:n|marks[]`
	for _, test := range []struct{ name, body, header, members string }{
		{"nothing", `{}`, "", marks},
		{"an element twice", `{"b":"1","c":"2","b2":"3"}`, "", `urn:n|b["1"] urn:n|c["2"] urn:n|b["3"] ` + marks},
		{"one branch after another", `{"moves":[{"credit":"1"},{"debit":"2"},{"credit":"3"},{"credit":"4"}]}`, "",
			`urn:n|credit["1"] urn:n|debit["2"] urn:n|credit["3"] urn:n|credit["4"] ` + marks},
		{"a wildcard in a branch", `{"moves":[{"foreign":"<x xmlns=\"urn:f\"></x>"},{"credit":"1"},{"foreign":"<y xmlns=\"urn:f\"></y>"},{"foreign":"<x xmlns=\"urn:f\"></x>"}]}`, "",
			`urn:f|x[] urn:n|credit["1"] urn:f|y[] urn:f|x[] ` + marks},
		{"sequences that repeat", `{"pairs":[{"key":"a","value":["1","2"]},{"key":"b"},{"key":"c","value":["3"]}]}`, "",
			`urn:n|key["a"] urn:n|value["1"] urn:n|value["2"] urn:n|key["b"] urn:n|key["c"] urn:n|value["3"] ` + marks},
		{"an element around items", `{"tags":["a","b"],"marks":["c"]}`, "", `urn:n|tags[urn:n|tag["a"] urn:n|tag["b"]] urn:n|marks[urn:n|mark["c"]]`},
		{"a wildcard", `{"any":["<x xmlns=\"urn:x\">1</x>","<y xmlns=\"urn:y\"></y>"]}`, "", marks + ` urn:x|x["1"] urn:y|y[]`},
		{"a header block", `{"session":"s"}`, `urn:n|session["s"]`, marks},
	} {
		for _, binding := range []soap.Binding{
			{Namespace: "urn:n", Prefix: "p", Request: soap.Within("urn:n", "Op"), Reply: soap.Within("urn:n", "Op")},
			{Namespace: "urn:n", Request: soap.Within("urn:n", "Op"), Reply: soap.Within("urn:n", "Op")},
			{Request: soap.Within("", "Op"), Reply: soap.Within("", "Op")},
			{},
		} {
			s := placed(t)
			binding.EnvelopePrefix = map[soap.Version]string{soap.V11: "e"}
			envelope := encode(t, encoderOf(t, binding, s), soap.V11, read(t, s, test.body).Root())
			tree, err := parse(envelope)
			body := test.members
			if len(binding.Request) > 0 {
				body = binding.Request[0].Space + "|Op[" + body + "]"
			}
			want := soap.NamespaceV11 + "|Envelope[" + soap.NamespaceV11 + "|Header[" + test.header + "] " + soap.NamespaceV11 + "|Body[" + body + "]]"
			if err != nil || tree != want {
				t.Errorf("%s, %+v: %v\n got %s\nwant %s", test.name, binding, err, tree, want)
			}
			got, decoded, err := decode(t, decoderOf(t, binding, s), envelope)
			if test.header == "" && (err != nil || decoded.Ignored != 0 || got != test.body) {
				t.Errorf("%s, %+v: %v, %d ignored\n got %s\nwant %s", test.name, binding, err, decoded.Ignored, got, test.body)
			}
		}
	}
}
