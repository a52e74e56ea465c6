package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// imported is an operation of a system with a WSDL.
func imported(t *testing.T, system, name string, request *shape.Shape) Operation {
	t.Helper()
	response := &shape.Shape{Name: name + "Response", Fields: []shape.Field{field("part", shape.Object, func(f *shape.Field) {
		f.Object = &shape.Shape{Name: "Part", Fields: []shape.Field{field("left", shape.Integer, nil)}}
	})}}
	if err := response.Index(); err != nil {
		t.Fatal(err)
	}
	set, err := rules.Compile(request, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Operation{
		Name: name, System: system, ID: system + "_" + name, Prefix: strings.ToUpper(system[:1]) + system[1:], Path: "/v1/" + system + "/" + name,
		Scope: "scope", Status: 200, SOAPVersions: []string{"1.1"}, Wire: name, Request: request, Response: response, Rules: set,
	}
}

// booking has what schemas describe and no Go struct does.
func booking(t *testing.T) *shape.Shape {
	t.Helper()
	low := int64(5)
	of := func(object *shape.Shape) func(*shape.Field) { return func(f *shape.Field) { f.Object = object } }
	must := func(f *shape.Field) { f.Required, f.Blank = true, true }
	node := &shape.Shape{Name: "Node"}
	node.Fields = []shape.Field{field("label", shape.String, must), field("next", shape.Object, of(node)), field("end", shape.Boolean, func(f *shape.Field) { f.Example = "true" })}
	node.Choices = []shape.Choice{{Branches: shape.OneOf(1, 2)}} // the first never ends
	payment := &shape.Shape{Name: "Payment", Abstract: true, Discriminator: "type", Type: xml.Name{Local: "Payment"}, Fields: []shape.Field{field("sum", shape.Integer, must)}}
	card := &shape.Shape{Name: "Card", Discriminator: "type", Type: xml.Name{Local: "Card"}, Fields: slices.Concat(payment.Fields, []shape.Field{field("number", shape.String, must)})}
	payment.Subtypes, card.Subtypes = []*shape.Shape{card}, []*shape.Shape{card}
	group := &shape.Shape{Name: "GroupItem", Fields: []shape.Field{field("a", shape.String, must), field("b", shape.String, nil)}}
	s := &shape.Shape{Name: "BookRequest", Choices: []shape.Choice{{Branches: []shape.Branch{
		{Fields: []int{0, 1}, Required: []int{0, 1}}, {Fields: []int{1, 2}, Required: []int{2}},
	}}}, Fields: []shape.Field{
		field("from", shape.String, func(f *shape.Field) { f.Example, f.Facets.Patterns = "", []string{"[A-Z]{3}"} }), // no example of the first branch is known
		field("until", shape.String, nil),
		field("days", shape.Integer, func(f *shape.Field) { f.Example, f.Facets.Min = "", &low }),
		field("tree", shape.Object, func(f *shape.Field) { must(f); f.Object = node }),
		field("payment", shape.Object, func(f *shape.Field) { must(f); f.Object = payment }),
		field("items", shape.Object, func(f *shape.Field) {
			f.Object, f.Place, f.Wire, f.Repeated, f.MinItems = group, shape.Inline, xml.Name{}, true, 2
		}),
		field("any", shape.XML, func(f *shape.Field) {
			f.Place, f.Wire, f.Wildcard, f.Example = shape.Inline, xml.Name{}, &shape.Wildcard{}, "<e/>"
		}),
		field("session", shape.String, func(f *shape.Field) { f.Place = shape.Header }),
		field("lang", shape.String, func(f *shape.Field) { f.Place, f.Nillable = shape.Attribute, false }),
		field("grade", shape.String, func(f *shape.Field) { must(f); f.Nillable, f.Facets.Enum, f.Example = true, []string{"A"}, "A" }),
		field("gone", shape.String, func(f *shape.Field) { f.Hidden = true }),
	}}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExamplesAreAccepted by the schema and by the reader.
func TestExamplesAreAccepted(t *testing.T) {
	op := imported(t, "travel", "Book", booking(t))
	all := schemas{names: newComponents([]Operation{op}, nil), done: map[string]bool{}}
	direction{&all, &op, false}.request(op.Request)
	schema := compiled(t, all.all, "TravelBookRequest")
	const payment = `"payment":{"type":"Card","sum":7,"number":"x"}`
	for little, want := range map[bool]string{
		true: `{"days":5,"tree":{"label":"x","end":true},` + payment + `,"grade":"A"}`,
		false: `{"until":"x","days":5,"tree":{"label":"x","next":{"label":"x","next":{"label":"x","end":true}}},` + payment +
			`,"items":[{"a":"x","b":"x"},{"a":"x","b":"x"}],"any":"<e/>","session":"x","lang":"x","grade":"A"}`,
	} {
		body := newExamples().request(op.Request, little)
		if diff := cmp.Diff(want, string(body)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
			continue
		}
		for _, b := range []string{string(body), strings.ReplaceAll(want, `"grade":"A"`, `"grade":null`)} {
			if violations, refusal := judged(t, schema, op, b); refusal != nil || violations != nil {
				t.Errorf("%s: %v %v", b, refusal, violations)
			}
		}
	}
	const rest = `"tree":{"label":"x","end":true},"grade":"A",` + payment
	for _, wrong := range []string{
		rest, `"from":"ABC",` + rest, `"from":"ABC","until":"x","days":5,` + rest, `"days":5,"gone":"x",` + rest, `"days":5,` + strings.Replace(rest, `"type":"Card",`, "", 1),
		`"days":5,` + strings.Replace(rest, `"A"`, `"B"`, 1), `"days":5,"items":[{"a":"x"}],` + rest,
	} {
		if violations, refusal := judged(t, schema, op, "{"+wrong+"}"); refusal == nil || violations == nil {
			t.Errorf("{%s}: the schema finds %v, the reader %v", wrong, refusal, violations)
		}
	}
}

// TestRepliesPromiseNothing: a vendor may leave out what its WSDL requires, and the answer is a success all the same.
func TestRepliesPromiseNothing(t *testing.T) {
	op := imported(t, "travel", "Book", booking(t))
	all := schemas{names: newComponents([]Operation{op}, nil), done: map[string]bool{}}
	direction{&all, &op, true}.result("Result", op.Request, member{"operationId", object{{"type", "string"}}})
	for reply, valid := range map[string]bool{`{"operationId":"x"}`: true, `{"operationId":"x","tree":{},"items":[{}]}`: true, `{}`: false} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(reply))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled(t, all.all, "Result").Validate(value); (err == nil) != valid {
			t.Errorf("%s: %v", reply, err)
		}
	}
}

// judged asks the schema and the reader.
func judged(t *testing.T, schema *jsonschema.Schema, op Operation, body string) (violations []record.Violation, refusal error) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	report := &record.Report{}
	r, err := record.ReadJSON([]byte(body), op.Request, report)
	if err != nil {
		t.Fatal(err)
	}
	op.Rules.Check(r, report)
	return report.Violations, schema.Validate(value)
}

// TestExamplesEnd although types double at each level, and one that must be there has no end.
func TestExamplesEnd(t *testing.T) {
	for name, required := range map[string]bool{"optional": false, "required": true} {
		at := &shape.Shape{Name: "Last", Empty: true, Fields: []shape.Field{field("x", shape.String, nil)}}
		for i := range 40 {
			inside := func(f *shape.Field) { f.Object, f.Required = at, required && i < 10 } // more of them no shape may have
			at = &shape.Shape{Name: fmt.Sprint("Level", i), Empty: true, Fields: []shape.Field{field("a", shape.Object, inside), field("b", shape.Object, inside)}}
		}
		if err := at.Index(); err != nil {
			t.Fatal(err)
		}
		if got := newExamples().request(at, false); len(got) > longestShown {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		l := lister{op: &Operation{Prefix: "P"}, listed: map[string]bool{}, objects: mostObjects}
		if l.list(at, "", "", nil, true); !l.truncated || len(l.fields) > mostFields {
			t.Errorf("%s: %d fields are listed, truncated %t", name, len(l.fields), l.truncated)
		}
	}
	endless := &shape.Shape{Name: "Endless"}
	endless.Fields = []shape.Field{field("again", shape.Object, func(f *shape.Field) { f.Object, f.Required, f.Repeated = endless, true, true })}
	if err := endless.Index(); err != nil {
		t.Fatal(err)
	}
	if got := newExamples().request(endless, true); got != nil {
		t.Errorf("%s is an example of what no message can be", got)
	}
}

// TestNamesOfSchemas: what two systems call alike, or a request and a reply, is not one schema.
func TestNamesOfSchemas(t *testing.T) {
	part := func(name, member string) *shape.Shape {
		inside := &shape.Shape{Name: name, Fields: []shape.Field{field(member, shape.String, nil)}}
		s := &shape.Shape{Name: "AskRequest", Fields: []shape.Field{field("part", shape.Object, func(f *shape.Field) { f.Object = inside })}}
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	o := testOptions(t)
	size := imported(t, "c", "Größe", part("Part", "three"))
	size.Path = "/v1/c/sizes"
	o.Operations = append(o.Operations, imported(t, "a", "Ask", part("Part", "one")), imported(t, "b", "Ask", part("Größe", "two")), size, imported(t, "d", "Book", booking(t)))
	doc := documentsOf(t, o)["/openapi.json"]
	for at, want := range map[string]string{
		"/paths/~1v1~1c~1sizes/post/operationId":                                     "c_Gr_e_9acb353e",
		"/paths/~1v1~1c~1sizes~1preview/post/operationId":                            "Preview_c_Gr_e_9acb353e",
		"/components/schemas/APart/properties/one/type":                              "string",
		"/components/schemas/APartResult/properties/left/type":                       "integer",
		"/components/schemas/BGr_e_d442258d/properties/two/type":                     "string",
		"/components/schemas/BPart/properties/left/type":                             "integer",
		"/components/schemas/AAskResult/properties/part/$ref":                        "#/components/schemas/APartResult",
		"/components/schemas/DBookRequest/properties/payment/$ref":                   "#/components/schemas/DAnyPayment",
		"/components/schemas/DAnyPayment/oneOf/0/allOf/0/$ref":                       "#/components/schemas/DCard",
		"/paths/~1v1~1a~1Ask/post/operationId":                                       "a_Ask",
		"/paths/~1v1~1b~1Ask~1preview/post/operationId":                              "Preview_b_Ask",
		"/components/examples/b_Ask-full/value/part/two":                             "x",
		"/paths/~1v1~1customercare~1call-logs/post/operationId":                      "CreateCallLog",
		"/paths/~1v1~1a~1Ask/post/requestBody/content/application~1json/schema/$ref": "#/components/schemas/AAskRequest",
	} {
		if got := flat(t, doc)[at]; got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
}

func TestWhatDocumentsCannotDescribe(t *testing.T) {
	for name, change := range map[string]func(*Operation){
		"one id twice":     func(op *Operation) { op.ID = "CreateCallLog" },
		"one route twice":  func(op *Operation) { op.Path = "/v1/customercare/call-logs" },
		"a broken example": func(op *Operation) { op.Example = "{" },
	} {
		o := testOptions(t)
		op := imported(t, "travel", "Book", booking(t))
		change(&op)
		o.Operations = append(o.Operations, op)
		if _, err := New(o); err == nil {
			t.Errorf("%s is no mistake", name)
		}
	}
}

// TestNamesOfAnImportedSystem: readers find its operations behind those of the built-in systems, and a schema's name in words that begin with capitals.
func TestNamesOfAnImportedSystem(t *testing.T) {
	o := testOptions(t)
	o.Operations = append(o.Operations, imported(t, "travel", "book", booking(t)))
	var doc struct {
		Tags       []struct{ Name string }
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal([]byte(documentsOf(t, o)["/openapi.json"]), &doc); err != nil {
		t.Fatal(err)
	}
	var tags []string
	for _, tag := range doc.Tags {
		tags = append(tags, tag.Name)
	}
	if want := []string{"CustomerCare", "MDS", "Emersion", "travel", "Operations", "Tools", "Health"}; !slices.Equal(tags, want) {
		t.Errorf("the tags are %q, want %q", tags, want)
	}
	if doc.Components.Schemas["TravelBookResult"] == nil {
		t.Errorf("there is no TravelBookResult among %q", slices.Sorted(maps.Keys(doc.Components.Schemas)))
	}
}

// TestTextsOfAWSDLAreOnlyTexts where they are shown, and what begins no markup stays.
func TestTextsOfAWSDLAreOnlyTexts(t *testing.T) {
	const link, script, variable = "[x](javascript:1) ![y](//evil) [z]: //evil", "<script>1</script>", "{{require('fs')}}"
	const plain = "a < b & c"
	hostile := link + script + variable + plain
	request := &shape.Shape{Name: "BookRequest", About: hostile, Fields: []shape.Field{
		field("a", shape.String, func(f *shape.Field) { f.About, f.Example = hostile, variable }),
	}}
	if err := request.Index(); err != nil {
		t.Fatal(err)
	}
	e := mustSite(t, func(o *Options) {
		op := imported(t, "travel", "Book", request)
		op.Summary, op.Description = hostile, hostile
		o.Operations, o.Demo = append(o.Operations, op), false
	})
	for path, broken := range map[string][]string{
		"/openapi.json": {"](javascript", "](//", "[z]:", "<script"}, "/openapi-3.0.json": {"](javascript", "](//", "[z]:", "<script"}, "/swagger.json": {"](javascript", "](//", "[z]:", "<script"},
		"/soapbridge.http": {"{{require"}, "/soapbridge.postman_collection.json": {"{{require"},
		CataloguePath: {"<script>", "href=\"javascript"}, "/": {"<script>", "href=\"javascript"}, PageOf("travel_Book"): {"<script>", "href=\"javascript"},
		searchPath + "?q=evil": {"<script>", "href=\"javascript"},
	} {
		body := visit(e, http.MethodGet, path).Body.String()
		if !strings.Contains(body, "evil") && !strings.Contains(body, "u007brequire") {
			t.Errorf("%s does not have the text", path)
		}
		if slices.Contains(broken, "<script") && !strings.Contains(body, plain) {
			t.Errorf("%s has changed %s", path, plain)
		}
		for _, each := range broken {
			if i := strings.Index(body, each); i >= 0 {
				t.Errorf("%s holds %s: %.200s", path, each, body[max(0, i-50):])
			}
		}
	}
}

// TestCatalogueOfAnImportedOperation has a place on the wire for each value.
func TestCatalogueOfAnImportedOperation(t *testing.T) {
	got := map[string]string{}
	for _, f := range catalogue([]Operation{imported(t, "travel", "Book", booking(t))}, words{}).Operations[0].Fields {
		got[f.Pointer] = f.Wire
	}
	want := map[string]string{
		"/from": "Book/from", "/until": "Book/until", "/days": "Book/days", "/tree/label": "Book/tree/label", "/tree/end": "Book/tree/end",
		"/tree/next/label": "Book/tree/next/label", "/tree/next/end": "Book/tree/next/end",
		"/payment/type": "Book/payment/@type", "/payment/sum": "Book/payment/sum", "/payment/number": "Book/payment/number",
		"/items/*/a": "Book/a", "/items/*/b": "Book/b", "/any": "Book/*", "/session": "../Header/session", "/lang": "Book/@lang", "/grade": "Book/grade",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestChoicesInWords are in the rule of each member, and among the rules of the operation.
func TestChoicesInWords(t *testing.T) {
	op := imported(t, "travel", "Book", booking(t))
	for _, f := range catalogued(&op, words{}).Fields {
		want := slices.Contains([]string{"/from", "/until", "/days"}, f.Pointer)
		if strings.Contains(f.Rule, "exactly one of from with until, until with days") != want {
			t.Errorf("%s: %q", f.Pointer, f.Rule)
		}
	}
	got := choices(op.Request, "", map[*shape.Shape]bool{})
	if !slices.Contains(got, rules.Sentence{Text: "Exactly one of from with until, until with days."}) {
		t.Errorf("%v", got)
	}
}

// TestRulesInWords: whatever is checked of a value is in its rule; the values of a reply are known, and not promised.
func TestRulesInWords(t *testing.T) {
	two, nine := 2, 9
	text := func(a shape.Facets) shape.Field {
		return field("m", shape.String, func(f *shape.Field) { f.Facets = a })
	}
	for rule, f := range map[string]shape.Field{
		"at most 9 characters; a text of the form [A-Z]{2}[0-9]*":                            text(shape.Facets{MaxLength: &nine, Patterns: []string{"[A-Z]{2}[0-9]*"}}),
		"a duration, such as P1DT12H":                                                        text(shape.Facets{Patterns: []string{rules.Lexicals["duration"].Pattern}}),
		"a name, which may begin with a digit, such as name-1":                               text(shape.Facets{Form: shape.Collapsed, Patterns: []string{rules.Lexicals["NMTOKEN"].Pattern}}),
		"a day that exists, as YYYY-MM-DD, with or without a zone (Z, or up to ±14:00)":      text(shape.Facets{Form: shape.XSDDate}),
		"at least 2 bytes; binary data in base64 (RFC 4648, section 4), without white space": text(shape.Facets{Form: shape.Base64, MinLength: &two}),
		"at most 9 items; items with one space between each two, and no other white space":   text(shape.Facets{Form: shape.List, MaxLength: &nine}),
		"one line, without tabs": text(shape.Facets{Form: shape.OneLine}),
		"one of A, B":            text(shape.Facets{Form: shape.Collapsed, Enum: []string{"A", "B"}}),
		"an identifier that no other member of the request has":                          text(shape.Facets{Unique: true}),
		"a whole number, without a plus sign or an exponent; at least 0 and less than 7": text(shape.Facets{Form: shape.Number, Number: &shape.NumberFacets{Min: "0", Max: "7", MaxExclusive: true}}),
		"at least 0.5": field("m", shape.Float, func(f *shape.Field) { f.Facets.Number = &shape.NumberFacets{Min: "0.5"} }),
	} {
		s := &shape.Shape{Name: "AskRequest", Fields: []shape.Field{f}}
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
		op := imported(t, "travel", "Ask", s)
		if got := catalogued(&op, words{}).Fields[0].Rule; got != rule {
			t.Errorf("%q, want %q", got, rule)
		}
		known := ""
		if f.Facets.Enum != nil {
			known = "known values: A, B"
		}
		if got, _ := fieldsOf(&op, s, "", true, words{}); got[0].Rule != known {
			t.Errorf("in a reply %q, want %q", got[0].Rule, known)
		}
		all := schemas{names: newComponents([]Operation{op}, nil), done: map[string]bool{}}
		d := direction{&all, &op, true}
		schema := d.property(s, &s.Fields[0])
		if schema.index("enum") >= 0 || fmt.Sprint(schema.get(openEnum)) != fmt.Sprint(map[bool]any{true: list{"A", "B"}}[known != ""]) {
			t.Errorf("the schema of a reply is %v", schema)
		}
	}
}
