package translate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
)

// preview returns what is shown of a body that must be right.
func preview(t *testing.T, op translate.Operation, v soap.Version, body string, env translate.Env) translate.Preview {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%s: %+v", body, refusal)
	}
	shown, refusal := request.Preview(v, env)
	if refusal != nil {
		t.Fatalf("%s: %+v", body, refusal)
	}
	return shown
}

// TestPreviewFields lists a value of every kind, at its place on both sides.
func TestPreviewFields(t *testing.T) {
	const op = "/soap:Envelope/soap:Body/op:MakeToy"
	common := []translate.PreviewField{{Pointer: "/name", XPath: op + "/Name"}, {Pointer: "/kind/code", XPath: op + "/Kind/Code"}, {Pointer: "/last", XPath: op + "/Last"}}
	around := func(rows ...translate.PreviewField) []translate.PreviewField { // members between name and kind
		return append(append(append([]translate.PreviewField{}, common[0]), rows...), common[1:]...)
	}
	behind := func(rows ...translate.PreviewField) []translate.PreviewField { // members between kind and last
		return append(append(append([]translate.PreviewField{}, common[:2]...), rows...), common[2])
	}
	for name, test := range map[string]struct {
		members string
		want    []translate.PreviewField
	}{
		"what is required": {`"note": null`, common},
		"absent ones":      {`"pin": null, "tags": [], "inners": null`, common},
		"a secret":         {`"pin": "0042"`, around(translate.PreviewField{Pointer: "/pin", XPath: op + "/PIN"})},
		"empty ones": {`"pin": "", "note": ""`, around(
			translate.PreviewField{Pointer: "/pin", XPath: op + "/PIN"}, translate.PreviewField{Pointer: "/note", XPath: op + "/Note"})},
		"numbers and flags": {`"small": 0, "large": -1, "flag": false`, around(
			translate.PreviewField{Pointer: "/small", XPath: op + "/Small"}, translate.PreviewField{Pointer: "/large", XPath: op + "/Large"},
			translate.PreviewField{Pointer: "/flag", XPath: op + "/Flag"})},
		"a row of one": {`"tags": [""]`, behind(translate.PreviewField{Pointer: "/tags/0", XPath: op + "/Tag[1]"})},
		"rows": {`"tags": ["a", "b"], "numbers": [7]`, behind(
			translate.PreviewField{Pointer: "/tags/0", XPath: op + "/Tag[1]"}, translate.PreviewField{Pointer: "/tags/1", XPath: op + "/Tag[2]"},
			translate.PreviewField{Pointer: "/numbers/0", XPath: op + "/Number[1]"})},
		"objects in a row": {`"inners": [{"one": "1", "three": "3"}, {"one": "1", "three": "3", "more": ["m", "n"]}]`, behind(
			translate.PreviewField{Pointer: "/inners/0/one", XPath: op + "/Inners[1]/One"},
			translate.PreviewField{Pointer: "/inners/0/three", XPath: op + "/Inners[1]/Three"},
			translate.PreviewField{Pointer: "/inners/1/one", XPath: op + "/Inners[2]/One"},
			translate.PreviewField{Pointer: "/inners/1/three", XPath: op + "/Inners[2]/Three"},
			translate.PreviewField{Pointer: "/inners/1/more/0", XPath: op + "/Inners[2]/More[1]"},
			translate.PreviewField{Pointer: "/inners/1/more/1", XPath: op + "/Inners[2]/More[2]"})},
		"one inside itself": {`"again": ` + toyRequest, behind(
			translate.PreviewField{Pointer: "/again/name", XPath: op + "/Again/Name"},
			translate.PreviewField{Pointer: "/again/kind/code", XPath: op + "/Again/Kind/Code"},
			translate.PreviewField{Pointer: "/again/last", XPath: op + "/Again/Last"})},
	} {
		t.Run(name, func(t *testing.T) {
			shown := preview(t, define(t, definition()), soap.V11, with(test.members), translate.Env{})
			if diff := cmp.Diff(test.want, shown.Fields); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(map[string]string{"soap": soap.NamespaceV11, "op": "urn:toys"}, shown.Namespaces); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPreviewOfQualifiedMembers has a prefix on every step, and a step for every wrapper.
func TestPreviewOfQualifiedMembers(t *testing.T) {
	d := definition()
	d.Request, _ = shape.From[toy](d.Binding.Namespace)
	d.Binding.Prefix, d.Binding.Request = "", soap.Within(d.Binding.Namespace, "MakeToy", "wrapper")
	d.Binding.EnvelopePrefix = map[soap.Version]string{soap.V12: "e"} // the version is asked for, not the operation's own
	shown := preview(t, define(t, d), soap.V12, toyRequest, translate.Env{})
	if got := shown.Fields[1].XPath; got != "/soap:Envelope/soap:Body/op:MakeToy/op:wrapper/op:Kind/op:Code" {
		t.Error(got)
	}
	if shown.Namespaces["soap"] != soap.NamespaceV12 || shown.Message.Version != soap.V12 || !strings.Contains(string(shown.Message.Envelope), "<e:Envelope") {
		t.Errorf("%v %s", shown.Namespaces, shown.Message.Envelope)
	}
}

// TestPreviewShowsWhatIsFilledIn: what the caller left out or left blank, and the proxy has set. A value that is only changed is the
// caller's.
func TestPreviewShowsWhatIsFilledIn(t *testing.T) {
	d := definition()
	name, note, one := member(d.Request, "name"), member(d.Request, "note"), member(d.Request, "inner/one")
	d.Fill = func(r *record.Record, env translate.Env) {
		r.SetText(name, strings.ToUpper(r.Root().Find(name).Text()))
		if strings.TrimSpace(r.Root().Find(note).Text()) == "" {
			r.SetText(note, env.OperationID)
		}
		if !r.Root().Find(one).Present() {
			r.SetText(one, "1") // and three stays absent, so that it is not sent
		}
	}
	for body, filled := range map[string][]string{
		toyRequest:              {"/note", "/inner/one"},
		with(`"note": "given"`): {"/inner/one"},
		with(`"note": " "`):     {"/note", "/inner/one"},
		with(`"note": "", "inner": {"one": "1", "three": "3", "two": " "}`): {"/note"},
	} {
		shown := preview(t, define(t, d), soap.V11, body, translate.Env{OperationID: "id"})
		var got []string
		for _, f := range shown.Fields {
			if f.FilledIn {
				got = append(got, f.Pointer)
			}
		}
		if diff := cmp.Diff(filled, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", body, diff)
		}
		if !strings.Contains(string(shown.Message.Envelope), "<Name>N</Name>") || strings.Contains(string(shown.Message.Envelope), "<Three/>") {
			t.Errorf("%s", shown.Message.Envelope)
		}
	}
}

// TestPreviewFails as Encode does.
func TestPreviewFails(t *testing.T) {
	d := definition()
	note := member(d.Request, "note")
	d.Fill = func(r *record.Record, env translate.Env) { r.SetText(note, env.OperationID) }
	op := define(t, d)
	request, refusal := op.Read([]byte(toyRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	for name, failed := range map[string]func() (translate.Preview, *translate.Error){
		"a version that is not supported": func() (translate.Preview, *translate.Error) { return request.Preview(soap.V12, translate.Env{}) },
		"a character that XML does not carry": func() (translate.Preview, *translate.Error) {
			return request.Preview(soap.V11, translate.Env{OperationID: "\x00"})
		},
	} {
		shown, refusal := failed()
		if refusal == nil || refusal.Code != translate.Internal || refusal.Outcome != soap.NotSent || refusal.Cause == nil || shown.Message.Envelope != nil {
			t.Errorf("%s: %+v %+v", name, refusal, shown)
		}
	}
}
