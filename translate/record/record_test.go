package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// good reads a body that fits the shape.
func good(t interface {
	Fatalf(format string, args ...any)
}, s *shape.Shape, body string) *Record {
	report := &Report{}
	r, err := ReadJSON([]byte(body), s, report)
	if err != nil || len(report.Violations) > 0 {
		t.Fatalf("%s: %v %+v", body, err, report.Violations)
	}
	return r
}

func find(t testing.TB, s *shape.Shape, path string) shape.Path {
	t.Helper()
	p, err := s.Find(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAccessors distinguishes what is absent, nil, unreadable and there.
func TestAccessors(t *testing.T) {
	s := everything(t)
	r, err := ReadJSON([]byte(`{"text":"","nil":null,"count":"x","object":{"text":"a","texts":["b","c"]},"animal":{"type":"Dog","bark":"w"}}`), s, &Report{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"text": `present ""`, "nil": `nil ""`, "count": `unreadable ""`, "flag": `absent ""`, "object": `present ""`, "object/text": `present "a"`, "object/nil": `absent ""`,
		"nilObject": `absent ""`, "nilObject/text": `absent ""`, "object/object/text": `absent ""`,
	} {
		v := r.Root().Find(find(t, s, path))
		state := "absent"
		switch {
		case v.Present():
			state = "present"
		case v.Nil():
			state = "nil"
		case v.Unreadable():
			state = "unreadable"
		}
		if got := fmt.Sprintf("%s %q", state, v.Text()); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	var items []string
	for i, item := range r.Root().Find(find(t, s, "object/texts")).Items() {
		items = append(items, strconv.Itoa(i)+item.Text())
	}
	if fmt.Sprint(items) != "[0b 1c]" {
		t.Error(items)
	}
	for range r.Root().Find(find(t, s, "texts")).Items() {
		t.Error("an absent array has items")
	}
	animal := r.Root().Find(find(t, s, "animal"))
	if animal.Subtype() != 0 || animal.Object().Shape().Name != "Dog" || animal.Object().Value(1).Text() != "w" {
		t.Errorf("%d %s", animal.Subtype(), animal.Object().Shape().Name)
	}
	if object := r.Root().Find(find(t, s, "object")); object.Subtype() != -1 || object.Object().Shape() != s {
		t.Errorf("%d", object.Subtype())
	}
}

// TestChange changes copies, and never what they are copies of.
func TestChange(t *testing.T) {
	s := everything(t)
	const body = `{"text":"a","object":{"text":"b"},"objects":[{"text":"c"}]}`
	r := good(t, s, body)
	canonical := r.AppendCanonical(nil)
	for _, test := range []struct {
		name   string
		change func(*Record)
		want   string
	}{
		{"nothing", func(*Record) {}, body},
		{"another text", func(c *Record) { c.SetText(find(t, s, "text"), "x") }, `{"text":"x","object":{"text":"b"},"objects":[{"text":"c"}]}`},
		{"a text inside", func(c *Record) { c.SetText(find(t, s, "object/text"), "x") }, `{"text":"a","object":{"text":"x"},"objects":[{"text":"c"}]}`},
		{"a new text", func(c *Record) { c.SetText(find(t, s, "nil"), "x") }, `{"text":"a","object":{"text":"b"},"objects":[{"text":"c"}],"nil":"x"}`},
		{"in new objects", func(c *Record) { c.SetText(find(t, s, "object/object/nilObject/text"), "x") },
			`{"text":"a","object":{"text":"b","object":{"nilObject":{"text":"x"}}},"objects":[{"text":"c"}]}`},
		{"one less", func(c *Record) { c.Remove(find(t, s, "object/text")) }, `{"text":"a","object":{},"objects":[{"text":"c"}]}`},
		{"an object less", func(c *Record) { c.Remove(find(t, s, "object")) }, `{"text":"a","objects":[{"text":"c"}]}`},
		{"one less that is not there", func(c *Record) { c.Remove(find(t, s, "nilObject/text")) }, body},
		{"an object again", func(c *Record) { c.Remove(find(t, s, "object")); c.SetText(find(t, s, "object/flag"), "true") }, `{"text":"a","object":{"flag":true},"objects":[{"text":"c"}]}`},
	} {
		c := r.Copy()
		test.change(c)
		if got := shown(c); got != test.want {
			t.Errorf("%s: %s", test.name, got)
		}
		if !bytes.Equal(r.AppendCanonical(nil), canonical) || shown(r) != body {
			t.Errorf("%s: the original is %s", test.name, shown(r))
		}
		c.Free()
	}
}

// TestRoomIsEmpty keeps the secrets of one request out of the room that another one is read into.
func TestRoomIsEmpty(t *testing.T) {
	r := &reader{texts: []byte("secret"), path: []step{{"name", -1}}, json: []byte("secret"), report: &Report{}}
	texts := r.texts
	r.release()
	if string(texts) != "\x00\x00\x00\x00\x00\x00" || len(r.texts)+len(r.path)+len(r.json) > 0 || r.path[:1][0].name != "" || r.report != nil {
		t.Errorf("%q %+v", texts, r)
	}
	c := good(t, everything(t), `{"text":"secret"}`).Copy()
	c.SetText(find(t, everything(t), "text"), "secret")
	filled := c.texts
	c.Free()
	if c.text != "" || len(c.slots)+len(c.texts) > 0 || filled[0] != "" {
		t.Errorf("%q %q", c.text, filled)
	}
}

// TestMake makes a record by hand, as the reading of replies does.
func TestMake(t *testing.T) {
	s := everything(t)
	r := New(s)
	value := func(o Object, name string) Value { return o.Value(find(t, o.Shape(), name)[0]) }
	value(r.Root(), "hidden").Set("h")
	value(r.Root(), "nil").SetNil()
	if v := value(r.Root(), "text"); v.Meet() || !v.Meet() || v.Present() {
		t.Error("a member that is met twice is met once, or there")
	}
	objects := value(r.Root(), "objects")
	for _, text := range []string{"a", "b", "c"} {
		o := objects.Add().Open(s)
		value(o, "text").Set(text)
		value(o, "texts").Add().Set(text)
	}
	value(r.Root(), "nils").Add().SetNil()
	value(value(r.Root(), "animal").Open(value(r.Root(), "animal").Field().Object.Subtypes[0]), "bark").Set("w")
	want := `{"objects":[{"text":"a","texts":["a"]},{"text":"b","texts":["b"]},{"text":"c","texts":["c"]}],"nil":null,"nils":[null],"animal":{"type":"Dog","bark":"w"}}`
	if got := shown(r); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := shown(New(s)); got != "{}" {
		t.Errorf("an empty record: %s", got)
	}
}

// TestLeaves visits what is there in the order of the shape, with its place.
func TestLeaves(t *testing.T) {
	s := everything(t)
	r := good(t, s, `{"objects":[{"texts":["a","b"]},{"nil":null}],"animal":{"type":"Dog","bark":"w"},"text":"t","nilObject":null}`)
	want := []string{"/text=t", "/objects/0/texts/0=a", "/objects/0/texts/1=b", "/objects/1/nil=", "/nilObject=", "/animal/bark=w"}
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		end := r.LeavesAt(func(pointer []byte, v Value) bool {
			got = append(got, string(pointer)+"="+v.Text())
			return len(got) < limit
		})
		if end != (limit > len(want)) || !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Errorf("up to %d: %q, to the end: %v", limit, got, end)
		}
	}
}

// TestSecrets visits secrets wherever they are: in arrays, behind a recursion, and in a member that only a subtype has.
func TestSecrets(t *testing.T) {
	base, s := &shape.Shape{Name: "Base", Abstract: true}, &shape.Shape{Name: "Node"}
	object := func(name string, of *shape.Shape) shape.Field {
		f := field(name, shape.Object)
		f.Object = of
		return f
	}
	pin, pins, nodes := field("pin", shape.String), field("pins", shape.String), object("nodes", s)
	pin.Secret, pins.Secret, pins.Repeated, nodes.Repeated = true, true, true, true
	keyed := &shape.Shape{Name: "Keyed", Type: xml.Name{Local: "Keyed"}, Fields: []shape.Field{field("text", shape.String), pin}}
	base.Subtypes, base.Discriminator = []*shape.Shape{keyed}, "type"
	plain := &shape.Shape{Name: "Plain", Fields: []shape.Field{field("text", shape.String)}}
	s.Fields = []shape.Field{field("text", shape.String), pin, object("plain", plain), object("base", base), nodes, pins}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	r := good(t, s, `{"text":"-","plain":{"text":"-"},"nodes":[{"nodes":[{"pin":"a"}]},{"base":{"type":"Keyed","text":"-","pin":"b"}}],"pins":["c","d"],"pin":"e"}`)
	got := ""
	r.Secrets(func(v Value) { got += v.Text() })
	if got != "eabcd" {
		t.Error(got)
	}
}

// TestCanonicalIgnoresSpelling expects the same bytes of bodies that ask the same.
func TestCanonicalIgnoresSpelling(t *testing.T) {
	s := everything(t)
	for _, same := range [][]string{
		{`{"text":"é","flag":true}`, ` { "flag" : true,"\u0074ext":"\u00e9" } `, `{"count":null,"texts":[],"flag":true,"text":"é"}`},
		{`{"count":0,"object":{"text":"/"}}`, `{"object":{"text":"\/"},"count":-0}`},
		{`{"plants":[{"name":"a"}]}`, `{"plants":[{"name":"a","type":"Plant"}]}`, `{"plants":[{"type":null,"name":"a"}]}`},
	} {
		want := good(t, s, same[0]).AppendCanonical(nil)
		for _, body := range same[1:] {
			if got := good(t, s, body).AppendCanonical(nil); !bytes.Equal(got, want) {
				t.Errorf("%s:\n got %q\nwant %q", body, got, want)
			}
		}
	}
	// What a release adds changes nothing: the bytes are those of a shape that never had the member.
	old := &shape.Shape{Name: "Old", Fields: []shape.Field{field("flag", shape.Boolean), field("text", shape.String)}}
	added := &shape.Shape{Name: "New", Fields: []shape.Field{field("flag", shape.Boolean), field("new", shape.String), field("text", shape.String)}}
	for _, s := range []*shape.Shape{old, added} {
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
	}
	const body = `{"text":"a","flag":true}`
	if a, b := good(t, old, body).AppendCanonical(nil), good(t, added, body).AppendCanonical(nil); !bytes.Equal(a, b) {
		t.Errorf("%q %q", a, b)
	}
}

// TestCanonicalIsInjective expects different bytes of records that differ. Texts are those that look like lengths, pointers and separators.
func TestCanonicalIsInjective(t *testing.T) {
	s := everything(t)
	rapid.Check(t, func(t *rapid.T) {
		one, other := body(t, 3), body(t, 3)
		a, b := good(t, s, one), good(t, s, other)
		if same := shown(a) == shown(b); same != bytes.Equal(a.AppendCanonical(nil), b.AppendCanonical(nil)) {
			t.Fatalf("%s\n%s\nare the same: %v, but not their canonical bytes", one, other, same)
		}
	})
	for _, pair := range [][2]string{
		{`{"text":""}`, `{"nil":""}`}, {`{"nil":""}`, `{"nil":null}`}, {`{"texts":["a","b"]}`, `{"texts":["ab"]}`}, {`{"texts":["","b"]}`, `{"texts":["b",""]}`},
		{`{"nils":[null,1]}`, `{"nils":[1,null]}`}, {`{"nilObject":null}`, `{"nil":null}`}, {`{"object":{"text":"a"}}`, `{"nilObject":{"text":"a"}}`},
		{`{"objects":[{"text":"a"},{"flag":true}]}`, `{"objects":[{"text":"a","flag":true}]}`}, {`{"animal":{"type":"Dog","name":"a"}}`, `{"animal":{"type":"Café","name":"a"}}`},
		{`{"animal":{"type":"Dog"}}`, `{"animal":{"type":"Café"}}`},
	} {
		if a, b := good(t, s, pair[0]).AppendCanonical(nil), good(t, s, pair[1]).AppendCanonical(nil); bytes.Equal(a, b) {
			t.Errorf("%s and %s: %q", pair[0], pair[1], a)
		}
	}
}

// body draws a small JSON object of the shape of everything, so that two are equal or nearly equal often.
func body(t *rapid.T, depth int) string {
	text := func() string {
		return rapid.SampledFrom([]string{`""`, `"a"`, `"/text"`, `"\n/texts/0\n"`}).Draw(t, "text")
	}
	members := []string{}
	add := func(name, value string) { members = append(members, `"`+name+`":`+value) }
	for len(members) == 0 {
		for range rapid.IntRange(1, 2).Draw(t, "members") {
			kinds := 7
			if depth > 0 {
				kinds = 9
			}
			switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
			case 0:
				add("text", text())
			case 1:
				add("flag", rapid.SampledFrom([]string{"true", "false"}).Draw(t, "flag"))
			case 2:
				add("count", rapid.SampledFrom([]string{"0", "1", "-1", "10"}).Draw(t, "count"))
			case 3:
				add("texts", "["+text()+","+text()+"]")
			case 4:
				add("nils", rapid.SampledFrom([]string{"[null]", "[1]", "[1,null]", "[null,1]"}).Draw(t, "nils"))
			case 5:
				add("nil", rapid.SampledFrom([]string{"null", `""`, `"\t"`}).Draw(t, "nil"))
			case 6:
				add("plants", `[{"type":"`+rapid.SampledFrom([]string{"Plant", "Tree"}).Draw(t, "type")+`","name":`+text()+`}]`)
			case 7:
				add(rapid.SampledFrom([]string{"object", "nilObject"}).Draw(t, "name"), body(t, depth-1))
			case 8:
				add("objects", "["+body(t, depth-1)+","+body(t, depth-1)+"]")
			}
		}
		if len(members) == 2 && members[0][:strings.IndexByte(members[0], ':')] == members[1][:strings.IndexByte(members[1], ':')] {
			members = members[:1]
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// TestNeverPrinted keeps the texts of records, some of which are secrets, out of whatever prints or logs them.
func TestNeverPrinted(t *testing.T) {
	s := everything(t)
	r := good(t, s, `{"text":"planted","object":{"texts":["planted"]}}`)
	type call struct {
		Request *Record
		Copy    Record
		Object  Object
		Value   Value
	}
	value := r.Root().Find(find(t, s, "text"))
	for _, printed := range []any{r, *r, r.Root(), value, call{r, *r, r.Root(), value}, &call{r, *r, r.Root(), value}, []*Record{r}, map[string]any{"r": *r}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if text := fmt.Sprintf(verb, printed); leaks(text) {
				t.Errorf("%s of %T: %s", verb, printed, text)
			}
		}
		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("call", "record", printed)
		}
		if leaks(out.String()) {
			t.Errorf("%T in a log: %s", printed, out.String())
		}
		if text, err := json.Marshal(printed); err == nil && leaks(string(text)) {
			t.Errorf("%T in JSON: %s", printed, text)
		}
	}
	if text := fmt.Sprint(r, Record{}); text != "record(Everything) record()" {
		t.Error(text)
	}
}

func leaks(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "planted") || strings.Contains(text, fmt.Sprintf("%x", "planted"))
}
