package shape_test

import (
	"slices"
	"strings"
	"testing"

	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// leaf is a member with one name for everything.
func leaf(name string) shape.Field {
	return shape.Field{Name: name, Wire: xml.Name{Local: name}, Kind: shape.String}
}

// with changes a field.
func with(f shape.Field, change func(*shape.Field)) shape.Field {
	change(&f)
	return f
}

// TestIndexRefuses names every mistake in a shape that is made by hand or from a schema.
func TestIndexRefuses(t *testing.T) {
	object := func(f *shape.Field) { f.Kind, f.Object = shape.Object, &shape.Shape{Name: "Inner"} }
	base := &shape.Shape{Name: "Base", Fields: []shape.Field{leaf("a"), leaf("b")}}
	subtype := func(fields ...shape.Field) []*shape.Shape {
		return []*shape.Shape{{Name: "Sub", Type: xml.Name{Local: "Sub"}, Fields: fields}}
	}
	itself := &shape.Shape{Name: "Itself"}
	middle := &shape.Shape{Name: "Middle", Fields: []shape.Field{{Name: "end", Wire: xml.Name{Local: "end"}, Kind: shape.Object, Object: itself, Required: true}}}
	itself.Fields = []shape.Field{{Name: "middle", Wire: xml.Name{Local: "middle"}, Kind: shape.Object, Object: middle, Required: true}}
	for _, test := range []struct {
		name, wantError string
		of              shape.Shape
	}{
		{"no JSON name", "S: : has no JSON name", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Name = "" })}}},
		{"a JSON name with a slash", `S: a/b: has a JSON name with a sign`, shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Name = "a/b" })}}},
		{"a JSON name with a tilde", `S: ~: has a JSON name with a sign`, shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Name = "~" })}}},
		{"no name on the wire", `S: a: has the name "" on the wire`, shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Wire.Local = "" })}}},
		{"an attribute without a name", `S: a: has the name "" on the wire`, shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Wire.Local, f.Place = "", shape.Attribute })}}},
		{"a name that would be markup", `S: a: has the name "a b=\"" on the wire`, shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Wire.Local = `a b="` })}}},
		{"no kind", "S: a: has no kind", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Kind = 0 })}}},
		{"an unknown kind", "S: a: has no kind", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Kind = shape.XML + 1 })}}},
		{"an object without a shape", "S: a: has a shape if and only if it is an object", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Kind = shape.Object })}}},
		{"a text with a shape", "S: a: has a shape if and only if it is an object", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Object = base })}}},
		{"an attribute that is repeated", "S: a: is not an element", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Place, f.Repeated = shape.Attribute, true })}}},
		{"an attribute that is an object", "S: a: is not an element", shape.Shape{Fields: []shape.Field{with(with(leaf("a"), object), func(f *shape.Field) { f.Place = shape.Attribute })}}},
		{"content that can be nil", "S: a: is not an element", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Place, f.Nillable = shape.Content, true })}}},
		{"content that is XML", "S: a: is not an element", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Place, f.Kind = shape.Content, shape.XML })}}},
		{"a suffix of a number", "S: a: has a suffix and is not a string", shape.Shape{Fields: []shape.Field{with(leaf("a"), func(f *shape.Field) { f.Kind, f.Suffix = shape.Float, "Z" })}}},
		{"a member twice", `S: has the member "a" twice`, shape.Shape{Fields: []shape.Field{leaf("a"), with(leaf("b"), func(f *shape.Field) { f.Name = "a" })}}},
		{"an element of every namespace twice", `S: has the element "a" twice`, shape.Shape{Fields: []shape.Field{
			with(leaf("a"), func(f *shape.Field) { f.AnySpace, f.Wire.Space = true, "urn:1" }), with(leaf("a"), func(f *shape.Field) { f.Name, f.AnySpace = "b", true }),
		}}},
		{"an attribute twice", `S: has the attribute "a" twice`, shape.Shape{Fields: []shape.Field{
			with(leaf("a"), func(f *shape.Field) { f.Place = shape.Attribute }), with(leaf("a"), func(f *shape.Field) { f.Name, f.Place = "b", shape.Attribute }),
		}}},
		{"two contents", "S: has the content", shape.Shape{Fields: []shape.Field{
			{Name: "a", Place: shape.Content, Kind: shape.String}, {Name: "b", Place: shape.Content, Kind: shape.String},
		}}},
		{"a choice of nothing that is there", "S: has a choice of a member that is not there", shape.Shape{Fields: []shape.Field{leaf("a")}, Choices: []shape.Choice{{Branches: shape.OneOf(0, 1)}}}},
		{"abstract and alone", "S: is abstract and has no subtypes", shape.Shape{Abstract: true}},
		{"a subtype without a name on the wire", "S: the subtype Base has no name for xsi:type", shape.Shape{Discriminator: "type", Subtypes: []*shape.Shape{base}}},
		{"a subtype that lacks a member", "S: the subtype Sub does not begin with all members", shape.Shape{Fields: base.Fields, Discriminator: "type", Subtypes: subtype(leaf("a"))}},
		{"a subtype with another order", "S: the subtype Sub does not begin with all members", shape.Shape{Fields: base.Fields, Discriminator: "type", Subtypes: subtype(leaf("b"), leaf("a"))}},
		{"a subtype with the member type", `S: the subtype Sub has a member "type"`, shape.Shape{Discriminator: "type", Subtypes: subtype(leaf("type"))}},
		{"a mistake inside", "Inner: a: has no kind", shape.Shape{Fields: []shape.Field{{Name: "o", Wire: xml.Name{Local: "o"}, Kind: shape.Object, Object: &shape.Shape{
			Name: "Inner", Fields: []shape.Field{{Name: "a", Wire: xml.Name{Local: "a"}}},
		}}}}},
		{"a mistake in a subtype", "Sub: c: has no kind", shape.Shape{Discriminator: "type", Subtypes: subtype(with(leaf("c"), func(f *shape.Field) { f.Kind = 0 }))}},
		{"an object that must be in itself", "Itself: requires itself", shape.Shape{Fields: []shape.Field{{Name: "o", Wire: xml.Name{Local: "o"}, Kind: shape.Object, Object: itself}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.of.Name = "S"
			if err := test.of.Index(); err == nil || !strings.Contains(err.Error(), test.wantError) {
				t.Errorf("%v, want %s", err, test.wantError)
			}
		})
	}
}

// TestIndexAllows what looks like a mistake: one name in different places and namespaces, hidden names, and shapes that contain themselves.
func TestIndexAllows(t *testing.T) {
	s := &shape.Shape{Name: "S", Abstract: true}
	s.Fields = []shape.Field{
		leaf("a"),
		with(leaf("a"), func(f *shape.Field) { f.Name, f.Place = "b", shape.Attribute }),
		with(leaf("a"), func(f *shape.Field) { f.Name, f.Wire.Space = "c", "urn:c" }),
		with(leaf("a"), func(f *shape.Field) { f.Name, f.AnySpace = "d", true }),
		with(leaf("h"), func(f *shape.Field) { f.Name, f.Hidden = "a", true }),
		{Name: "content", Place: shape.Content, Kind: shape.String},
		{Name: "optional", Wire: xml.Name{Local: "optional"}, Kind: shape.Object, Object: s},
		{Name: "many", Wire: xml.Name{Local: "many"}, Kind: shape.Object, Object: s, Required: true, Repeated: true},
		{Name: "nil", Wire: xml.Name{Local: "nil"}, Kind: shape.Object, Object: s, Required: true, Nillable: true},
		with(leaf("naïve-ß.1"), func(*shape.Field) {}),
	}
	s.Subtypes = []*shape.Shape{{Name: "Sub", Type: xml.Name{Local: "Sub"}, Fields: append(slices.Clone(s.Fields), leaf("more"))}}
	s.Discriminator = "type"
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		name  xml.Name
		place shape.Place
		want  int // negative: not found
	}{
		"an element in no namespace":      {xml.Name{Local: "a"}, shape.Element, 0},
		"an attribute of that name":       {xml.Name{Local: "a"}, shape.Attribute, 1},
		"an element in its own namespace": {xml.Name{Space: "urn:c", Local: "a"}, shape.Element, 2},
		"an element in another":           {xml.Name{Space: "urn:x", Local: "a"}, shape.Element, 3},
		"an attribute in another":         {xml.Name{Space: "urn:x", Local: "a"}, shape.Attribute, -1},
		"a hidden element":                {xml.Name{Local: "h"}, shape.Element, 4},
		"an element of a subtype":         {xml.Name{Local: "more"}, shape.Element, -1},
		"nothing":                         {xml.Name{Local: "x"}, shape.Element, -1},
		"another letter case":             {xml.Name{Local: "A"}, shape.Element, -1},
	} {
		if i, ok := s.ByWire(test.name, test.place); ok != (test.want >= 0) || ok && i != test.want {
			t.Errorf("%s: %d %v", name, i, ok)
		}
	}
	if i, ok := s.ByName([]byte("a")); !ok || i != 0 {
		t.Errorf("the member a: %d %v", i, ok)
	}
	if i, ok := s.ByLocal("a"); !ok || i != 0 {
		t.Errorf("the element a: %d %v", i, ok)
	}
	if s.Twice || s.Again(0) >= 0 {
		t.Error("an element has several fields")
	}
	if _, ok := s.Subtypes[0].ByName([]byte("more")); !ok {
		t.Error("the subtype is not indexed")
	}
}

// TestFind resolves paths, which never lead through an array.
func TestFind(t *testing.T) {
	s := compile(t)
	for path, want := range map[string]shape.Path{"name": {0}, "hidden": {14}, "home/list": {7, 0}, "friend/friend/codes": {15, 15, 11}, "homes": {10}} {
		if got, err := s.Find(path); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", path, got, err)
		}
	}
	f := shape.Finder{Shape: s}
	f.Find("work/amount")
	if f.Err != nil {
		t.Error(f.Err)
	}
	for path, wantError := range map[string]string{
		"x": `person has no "x"`, "": `person has no ""`, "home/x": `home has no "x"`, "name/x": `there is no object in front of "x"`,
		"homes/list": "the member homes/list of person is an array", "friend/homes/list": "is an array",
	} {
		if got, err := s.Find(path); err == nil || !strings.Contains(err.Error(), wantError) {
			t.Errorf("%s: %v %v", path, got, err)
		}
		f.Find(path)
		if f.Err == nil || !strings.Contains(f.Err.Error(), wantError) {
			t.Errorf("%s is not remembered: %v", path, f.Err)
		}
	}
}

// TestRules splits tags, and lists as validator/v10 does.
func TestRules(t *testing.T) {
	if got := shape.ParseRules("omitnil,max=3,oneof=A 'B C'"); !slices.Equal(got, []shape.Rule{{"omitnil", ""}, {"max", "3"}, {"oneof", "A 'B C'"}}) {
		t.Errorf("%q", got)
	} else if got[0].String() != "omitnil" || got[1].String() != "max=3" {
		t.Errorf("%s %s", got[0], got[1])
	}
	if got := shape.ParseRules(""); got != nil {
		t.Errorf("%q", got)
	}
	if got := shape.Words(" A  'B C' D"); !slices.Equal(got, []string{"A", "B C", "D"}) {
		t.Errorf("%q", got)
	}
}
