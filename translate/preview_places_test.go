package translate_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// placed is a shape with a value at each place that a schema knows.
func placed(t *testing.T) *shape.Shape {
	t.Helper()
	one := "1"
	text := func(name string) shape.Field {
		return shape.Field{Name: strings.ToLower(name), Wire: xml.Name{Local: name}, Kind: shape.String, Blank: true}
	}
	with := func(f shape.Field, change func(*shape.Field)) shape.Field { change(&f); return f }
	attribute := func(f *shape.Field) { f.Place = shape.Attribute }
	value := with(text("value"), func(f *shape.Field) { f.Place, f.Wire = shape.Content, xml.Name{} })
	amount := &shape.Shape{Name: "Amount", Fields: []shape.Field{value, with(text("Unit"), attribute)}}
	group := &shape.Shape{Name: "Group", Fields: []shape.Field{text("A"), text("B")}}
	marked := &shape.Shape{Name: "Marked", Empty: true, Fields: []shape.Field{with(text("Version"), func(f *shape.Field) {
		f.Place, f.Required, f.Fixed = shape.Attribute, true, &one
	})}}
	base := &shape.Shape{Name: "Base", Abstract: true, Discriminator: "type", Fields: []shape.Field{text("Name")}, Type: xml.Name{Local: "Base"}}
	sub := &shape.Shape{Name: "Sub", Fields: []shape.Field{text("Name"), text("More")}, Type: xml.Name{Space: "urn:s", Local: "Sub"}}
	base.Subtypes, sub.Subtypes, sub.Discriminator = []*shape.Shape{sub}, []*shape.Shape{sub}, "type"
	object := func(s *shape.Shape) func(*shape.Field) {
		return func(f *shape.Field) { f.Kind, f.Object = shape.Object, s }
	}
	s := &shape.Shape{Name: "Placed", Fields: []shape.Field{
		with(text("Lang"), func(f *shape.Field) {
			attribute(f)
			f.Wire.Space = "http://www.w3.org/XML/1998/namespace"
			f.Wire.Local = "lang"
		}),
		with(text("A"), func(f *shape.Field) { f.Name = "first" }),
		with(text("Groups"), func(f *shape.Field) {
			object(group)(f)
			f.Place, f.Repeated, f.Wire = shape.Inline, true, xml.Name{}
		}),
		with(text("Amount"), object(amount)),
		with(text("Marked"), func(f *shape.Field) { object(marked)(f); f.Required = true }),
		with(text("Base"), object(base)),
		with(text("Nil"), func(f *shape.Field) { f.Nillable, f.Wire.Space = true, "urn:it's" }),
		with(text("Any"), func(f *shape.Field) {
			f.Kind, f.Place, f.Wire, f.Wildcard, f.Repeated = shape.XML, shape.Inline, xml.Name{}, &shape.Wildcard{}, true
		}),
		with(text("Session"), func(f *shape.Field) { f.Place, f.Wire.Space = shape.Header, "urn:h" }),
	}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPreviewOfEveryPlace: libxml2 selects exactly one node by each XPath, with the text that was sent.
func TestPreviewOfEveryPlace(t *testing.T) {
	const (
		body = `{"lang": "en", "first": "a0", "groups": [{"a": "a1", "b": "b1"}, {"b": "b2"}, {"a": "a3"}], "amount": {"value": "7", "unit": "kg"},
			"base": {"type": "Sub", "name": "n", "more": "m"}, "nil": null, "any": ["<A>x</A>", "<e xmlns='urn:e'/>"], "session": "s"}`
		instance = "[local-name()='type' and namespace-uri()='http://www.w3.org/2001/XMLSchema-instance']"
		lang     = "@*[local-name()='lang' and namespace-uri()='http://www.w3.org/XML/1998/namespace']"
	)
	for name, names := range map[string][]string{"an element around": {"Order"}, "children of the Body": nil} {
		for _, space := range []string{"urn:o", ""} {
			t.Run(name+" in "+space, func(t *testing.T) {
				d := definition()
				d.Request = placed(t)
				if d.Binding.Request, d.Binding.Namespace, d.Binding.Prefix = soap.Within(space, names...), space, ""; names == nil {
					d.Request = childrenOnly(t, d.Request)
				}
				op := "/soap:Envelope/soap:Body" + map[string]string{"urn:o": "/op:Order", "": "/Order"}[space]
				rows := [][3]string{
					{"/session", "/soap:Envelope/soap:Header/*[local-name()='Session' and namespace-uri()='urn:h']", "s"}, {"/lang", op + "/" + lang, "en"},
					{"/first", op + "/A[1]", "a0"}, {"/groups/0/a", op + "/A[2]", "a1"}, {"/groups/0/b", op + "/B[1]", "b1"}, {"/groups/1/b", op + "/B[2]", "b2"},
					{"/groups/2/a", op + "/A[3]", "a3"}, {"/amount/unit", op + "/Amount[1]/@Unit", "kg"}, {"/amount/value", op + "/Amount[1]/text()", "7"},
					{"/marked/version", op + "/Marked[1]/@Version", "1"}, {"/base/type", op + "/Base[1]/@*" + instance, ""}, {"/base/name", op + "/Base[1]/Name", "n"},
					{"/base/more", op + "/Base[1]/More", "m"}, {"/nil", op + `/*[local-name()='Nil' and namespace-uri()="urn:it's"][1]`, ""},
					{"/any/0", op + "/A[4]", "x"}, {"/any/1", op + "/*[local-name()='e' and namespace-uri()='urn:e'][1]", ""},
				}
				request := body
				if names == nil {
					request, rows = strings.Replace(body, `"lang": "en", `, "", 1), append(rows[:1:1], rows[2:]...)
				}
				var want []translate.PreviewField
				for _, r := range rows {
					path := r[1]
					if names == nil {
						path = strings.Replace(path, op, "/soap:Envelope/soap:Body", 1)
					}
					want = append(want, translate.PreviewField{Pointer: r[0], XPath: path, FilledIn: r[0] == "/marked/version"})
				}
				shown := preview(t, define(t, d), soap.V11, request, translate.Env{})
				if diff := cmp.Diff(want, shown.Fields); diff != "" {
					t.Fatalf("(-want +got)\n%s", diff)
				}
				if _, named := shown.Namespaces["op"]; named != (space != "") {
					t.Errorf("the namespaces are %v", shown.Namespaces)
				}
				for i, r := range rows {
					if r[2] != "" {
						selects(t, shown, want[i].XPath, r[2])
					}
				}
			})
		}
	}
}

// childrenOnly leaves out the attributes, which the Body does not have.
func childrenOnly(t *testing.T, s *shape.Shape) *shape.Shape {
	t.Helper()
	children := &shape.Shape{Name: s.Name, Fields: s.Fields[1:]}
	if err := children.Index(); err != nil {
		t.Fatal(err)
	}
	return children
}

// selects asks xmllint.
func selects(t *testing.T, shown translate.Preview, path, want string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "envelope.xml")
	if err := os.WriteFile(file, shown.Message.Envelope, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "setns"
	for prefix, space := range shown.Namespaces {
		script += " " + prefix + "=" + space
	}
	script += fmt.Sprintf("\nxpath count(%s) = 1 and string(%[1]s) = '%s'\n", path, want)
	cmd := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--shell", file)
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "Boolean : true") {
		t.Errorf("%s does not select %s alone: %v %s in %s", path, want, err, out, shown.Message.Envelope)
	}
}
