package record

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

func field(name string, kind shape.Kind) shape.Field {
	return shape.Field{Name: name, Wire: xml.Name{Local: strings.ToUpper(name[:1]) + name[1:]}, Kind: kind}
}

// everything is a shape with members of every kind, which contains itself.
func everything(t testing.TB) *shape.Shape {
	t.Helper()
	with := func(f shape.Field, change func(*shape.Field)) shape.Field {
		change(&f)
		return f
	}
	repeated := func(f *shape.Field) { f.Repeated = true }
	nillable := func(f *shape.Field) { f.Nillable = true }
	animal := &shape.Shape{Name: "Animal", Abstract: true, Fields: []shape.Field{field("name", shape.String)}}
	dog := &shape.Shape{Name: "Dog", Type: xml.Name{Local: "Dog"}, Fields: append(animal.Fields[:1:1], field("bark", shape.String))}
	cat := &shape.Shape{Name: "Café", Type: xml.Name{Local: "Cat"}, Fields: animal.Fields}
	animal.Subtypes, animal.Discriminator = []*shape.Shape{dog, cat}, "type"
	plant := &shape.Shape{Name: "Plant", Type: xml.Name{Local: "Plant"}, Fields: animal.Fields}
	tree := &shape.Shape{Name: "Tree", Type: xml.Name{Local: "Tree"}, Fields: append(animal.Fields[:1:1], field("height", shape.Integer))}
	plant.Subtypes, plant.Discriminator = []*shape.Shape{plant, tree}, "type"
	s := &shape.Shape{Name: "Everything"}
	object := func(name string, of *shape.Shape) shape.Field {
		return with(field(name, shape.Object), func(f *shape.Field) { f.Object = of })
	}
	low, high := int64(-1<<31), int64(1<<31-1)
	s.Fields = []shape.Field{
		field("text", shape.String),
		field("flag", shape.Boolean),
		field("count", shape.Integer),
		with(field("small", shape.Integer), func(f *shape.Field) { f.Facets.Min, f.Facets.Max = &low, &high }),
		field("ratio", shape.Float),
		field("xml", shape.XML),
		with(field("texts", shape.String), repeated),
		with(field("counts", shape.Integer), repeated),
		object("object", s),
		with(object("objects", s), repeated),
		with(field("nil", shape.String), nillable),
		with(with(field("nils", shape.Integer), nillable), repeated),
		with(object("nilObject", s), nillable),
		object("animal", animal),
		with(object("plants", plant), repeated),
		with(field("hidden", shape.String), func(f *shape.Field) { f.Hidden = true }),
	}
	if err := s.Index(); err != nil {
		t.Fatal(err)
	}
	return s
}

// shown is what a record holds, as JSON.
func shown(r *Record) string {
	return "{" + strings.TrimPrefix(string(r.Root().AppendMembers(nil)), ",") + "}"
}

// TestReadValues reads values of every kind, absent, nil and empty, and writes them again.
func TestReadValues(t *testing.T) {
	s := everything(t)
	for _, test := range []struct{ name, body, want string }{ // an empty want is the body
		{"texts", `{"text":"a","texts":["b","","c"]}`, ""},
		{"an empty text is there", `{"text":""}`, ""},
		{"escapes", `{"text":"\"\\\/\t\u00e9\ud83d\ude00\u2028"}`, `{"text":"\"\\/\t` + "é😀" + `\u2028"}`},
		{"escaped names", `{"\u0074ext":"a"}`, `{"text":"a"}`},
		{"white space", " {\n\"text\" :\t\"a\" , \"texts\"\r: [ \"b\" , \"c\" ] } ", `{"text":"a","texts":["b","c"]}`},
		{"another order", `{"ratio":1,"text":"a","flag":true}`, `{"text":"a","flag":true,"ratio":1}`},
		{"booleans", `{"flag":false}`, ""},
		{"integers", `{"count":0,"small":-2147483648,"counts":[-9223372036854775808,9223372036854775807]}`, ""},
		{"a negative zero", `{"count":-0}`, `{"count":0}`},
		{"floats", `{"ratio":-1.50e+7}`, ""},
		{"infinity", `{"ratio":"INF"}`, ""},
		{"negative infinity", `{"ratio":"-INF"}`, ""},
		{"not a number", `{"ratio":"NaN"}`, ""},
		{"XML", `{"xml":"<Xml b='c'>d</Xml>"}`, ""},
		{"objects", `{"object":{"text":"a","object":{"flag":true}},"objects":[{"text":"b"},{"count":1}]}`, ""},
		{"null is absent", `{"text":null,"flag":null,"count":null,"ratio":null,"xml":null,"texts":null,"object":null,"objects":null,"animal":null,"plants":null,"small":1}`, `{"small":1}`},
		{"an empty array is absent", `{"texts":[],"counts":[ ],"objects":[],"nils":[],"small":1}`, `{"small":1}`},
		{"null is nil", `{"nil":null,"nils":[1,null,2,null],"nilObject":null}`, ""},
		{"nil alone fills an object", `{"object":{"nil":null}}`, ""},
		{"nil where it could be a text", `{"nil":"","nils":[0]}`, ""},
		{"a subtype named first", `{"animal":{"type":"Dog","name":"a","bark":"b"}}`, ""},
		{"a subtype named in the middle", `{"animal":{"name":"a","type":"Dog","bark":"b"}}`, `{"animal":{"type":"Dog","name":"a","bark":"b"}}`},
		{"a subtype named last", `{"animal":{"bark":"b","name":"a","type":"Dog"}}`, `{"animal":{"type":"Dog","name":"a","bark":"b"}}`},
		{"a subtype named with escapes", `{"animal":{"\u0074ype":"Caf\u00e9","name":"a"}}`, `{"animal":{"type":"Café","name":"a"}}`},
		{"a subtype alone", `{"animal":{"type":"Dog"}}`, ""},
		{"no subtype", `{"plants":[{"name":"a"},{"type":"Tree","height":1},{"type":"Plant","name":"b"},{"type":null,"name":"c"}]}`,
			`{"plants":[{"type":"Plant","name":"a"},{"type":"Tree","height":1},{"type":"Plant","name":"b"},{"type":"Plant","name":"c"}]}`},
	} {
		report := &Report{}
		r, err := ReadJSON([]byte(test.body), s, report)
		if err != nil || len(report.Violations) > 0 {
			t.Errorf("%s: %v %+v", test.name, err, report.Violations)
			continue
		}
		if test.want == "" {
			test.want = test.body
		}
		if got := shown(r); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// said is a violation in short: place, code and the parameters that distinguish it from others.
func said(v Violation) string {
	text := v.Pointer + " " + string(v.Code)
	for _, param := range []string{"expected", "character", "didYouMean", "min", "max", "list"} {
		if value := v.Params[param]; value != nil {
			text += fmt.Sprintf(" %v", value)
		}
	}
	return text
}

// TestReadViolations names every place that does not fit the shape, in the order of the document, and goes on behind it.
func TestReadViolations(t *testing.T) {
	s := everything(t)
	const float = " wrong-type number"
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"no object", `null`, []string{" wrong-type object"}},
		{"an array", `[{"text":1}]`, []string{" wrong-type object"}},
		{"a text", ` "text" `, []string{" wrong-type object"}},
		{"nothing in it", `{}`, []string{" empty-object"}},
		{"nothing but null", `{"text":null,"texts":[]}`, []string{" empty-object"}},
		{"wrong types", `{"text":1,"flag":"true","count":"1","small":true,"ratio":"1","xml":[],"texts":"a","counts":{"x":1},"object":[{"x":1}],"objects":{},"nil":1,"animal":"Dog"}`, []string{
			"/text wrong-type string", "/flag wrong-type boolean", "/count wrong-type integer", "/small wrong-type integer", "/ratio" + float, "/xml wrong-type string",
			"/texts wrong-type array", "/counts wrong-type array", "/object wrong-type object", "/objects wrong-type array", "/nil wrong-type string", "/animal wrong-type object",
		}},
		{"wrong types of items", `{"texts":["a",1,["b"],"c"],"counts":[1,"2"],"objects":[1,{"text":"a"}]}`, []string{
			"/texts/1 wrong-type string", "/texts/2 wrong-type string", "/counts/1 wrong-type integer", "/objects/0 wrong-type object",
		}},
		{"null in arrays", `{"texts":[null,"a"],"objects":[{"text":"a"},null]}`, []string{"/texts/0 null-in-array", "/objects/1 null-in-array"}},
		{"empty objects", `{"object":{},"objects":[{"text":"a"},{"text":null}]}`, []string{"/object empty-object", "/objects/1 empty-object"}},
		{"unknown members", `{"x":{"y":[{},null]},"TEXT":1,"Flag":1,"":1,"0":1,"a/b~c":1,"\ud800":1}`, []string{
			"/x unknown-member", "/TEXT unknown-member text", "/Flag unknown-member flag", "/ unknown-member", "/0 unknown-member", "/a~1b~0c unknown-member", "/\ufffd unknown-member",
		}},
		{"unknown members that are not UTF-8", "{\"\xff\":1,\"text\":\"a\"}", []string{"/\ufffd unknown-member"}},
		{"unknown members inside arrays", `{"objects":[{"x":1},{"text":"a","objects":[{"y":1}]}]}`, []string{"/objects/0/x unknown-member", "/objects/1/objects/0/y unknown-member"}},
		{"a hidden member", `{"hidden":"a"}`, []string{"/hidden unknown-member"}},
		{"duplicates", `{"text":"a","flag":true,"text":1,"\u0074ext":"b"}`, []string{"/text duplicate-member"}},
		{"duplicates of null", `{"text":null,"text":"a"}`, []string{"/text duplicate-member"}},
		{"duplicates of what is wrong", `{"text":1,"text":"a"}`, []string{"/text wrong-type string", "/text duplicate-member"}},
		{"duplicates inside", `{"objects":[{"object":{"text":"a","text":"a"}}]}`, []string{"/objects/0/object/text duplicate-member"}},
		{"characters that XML does not have", `{"text":"a\u0000","texts":["\uffff","b"],"nil":"\ufffe"}`, []string{"/text character-not-allowed U+0000", "/texts/0 character-not-allowed U+FFFF", "/nil character-not-allowed U+FFFE"}},
		{"half a pair", `{"text":"\ud800","texts":["\udc00\ud800"]}`, []string{"/text invalid-unicode", "/texts/0 invalid-unicode"}},
		{"invalid UTF-8", "{\"text\":\"a\xff\",\"texts\":[\"\\n\xc0\x80\"]}", []string{"/text invalid-unicode", "/texts/0 invalid-unicode"}},
		{"fractions and exponents", `{"count":1.0,"small":1e2,"counts":[1,-0.0]}`, []string{"/count bad-number integer", "/small bad-number integer", "/counts/1 bad-number integer"}},
		{"beyond 64 bits", `{"count":9223372036854775808,"small":-9223372036854775809}`, []string{
			"/count out-of-range -9223372036854775808 9223372036854775807", "/small out-of-range -2147483648 2147483647",
		}},
		{"words that are not floats", `{"ratio":"inf","object":{"ratio":"+INF"},"objects":[{"ratio":""},{"ratio":"1.0"},{"ratio":true}]}`, []string{
			"/ratio" + float, "/object/ratio" + float, "/objects/0/ratio" + float, "/objects/1/ratio" + float, "/objects/2/ratio" + float,
		}},
		{"what is not one element", `{"xml":"","object":{"xml":"text"},"objects":[{"xml":"<a>"},{"xml":"<a/><b/>"},{"xml":"<!DOCTYPE a><a/>"},{"xml":"<Xml/>"}]}`, []string{
			"/xml bad-format xml-element", "/object/xml bad-format xml-element", "/objects/0/xml bad-format xml-element", "/objects/1/xml bad-format xml-element", "/objects/2/xml bad-format xml-element",
		}},
		{"an abstract shape", `{"animal":{"name":"a"},"text":1}`, []string{"/animal/type required [Dog Café]", "/text wrong-type string"}},
		{"an unknown subtype", `{"animal":{"x":1,"type":"Animal"},"plants":[{"type":"dog"},{"type":""}]}`, []string{
			"/animal/type not-in-list [Dog Café]", "/plants/0/type not-in-list [Plant Tree]", "/plants/1/type not-in-list [Plant Tree]",
		}},
		{"a subtype of the wrong type", `{"animal":{"type":["Dog"]},"plants":[{"type":1}]}`, []string{"/animal/type wrong-type string", "/plants/0/type wrong-type string"}},
		{"a subtype twice", `{"animal":{"type":"Dog","bark":"b","type":"Cat"}}`, []string{"/animal/type duplicate-member"}},
		{"members of another subtype", `{"animal":{"type":"Café","bark":"b"}}`, []string{"/animal/bark unknown-member"}},
		{"a type where there are no subtypes", `{"type":"Dog","object":{"type":"x"}}`, []string{"/type unknown-member", "/object/type unknown-member"}},
	} {
		report := &Report{}
		r, err := ReadJSON([]byte(test.body), s, report)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		report.Sort(r)
		var got []string
		for _, v := range report.Violations {
			got = append(got, said(v))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestReadDepth bounds the nesting, in what has a place and in what has none.
func TestReadDepth(t *testing.T) {
	s := everything(t)
	for _, test := range []struct{ name, open, inside, end string }{
		{"recursion", `{"object":`, `{"text":"a"}`, `}`}, {"unknown members", `{"x":`, `{}`, `}`}, {"wrong types", `{"text":`, `[]`, `}`},
		{"arrays of objects", `{"objects":[`, ``, `]}`}, {"subtypes", `{"animal":`, `{"type":"Dog"}`, `}`},
	} {
		depth := strings.Count(test.open, "{") + strings.Count(test.open, "[")
		inside := min(len(test.inside), 1)
		for levels, accepted := range map[int]bool{(MaxDepth - inside) / depth: true, (MaxDepth-inside)/depth + 1: false, 200: false, 100_000: false} {
			body := strings.Repeat(test.open, levels) + test.inside + strings.Repeat(test.end, levels)
			_, err := ReadJSON([]byte(body), s, &Report{})
			if (err == nil) != accepted {
				t.Errorf("%s: %d times %d levels: %v", test.name, levels, depth, err)
			}
			if sentence, _ := Malformed([]byte(body)); !accepted && !strings.Contains(sentence, "nested deeper than 32 levels") {
				t.Errorf("%s: %s", test.name, sentence)
			}
		}
	}
}

// TestReadCost is linear: ten times the items are ten times the slots, and hardly more allocations than the slots need to grow.
func TestReadCost(t *testing.T) {
	s := everything(t)
	hostile, err := ReadJSON([]byte(`{"objects":[`+strings.Repeat("{},", 100_000)+`{}]}`), s, &Report{})
	if most := 100_002 + (MaxViolations+2)*(1+len(s.Fields)); err != nil || len(hostile.slots) > most {
		t.Errorf("%v; %d slots for empty objects, of which at most %d are reported", err, len(hostile.slots), MaxViolations)
	}
	for _, item := range []string{`{"text":"a","object":{"flag":true}}`, `{"plants":[{"name":"a","type":"Tree"}]}`, `{"texts":["a"]}`} {
		var slots [2]int
		var allocations [2]float64
		for i, n := range []int{1_000, 10_000} {
			body := []byte(`{"objects":[` + strings.Repeat(item+",", n-1) + item + `]}`)
			allocations[i] = testing.AllocsPerRun(1, func() {
				r, err := ReadJSON(body, s, &Report{})
				if err != nil {
					t.Fatal(err)
				}
				slots[i] = len(r.slots)
			})
		}
		if slots[1] > 10*slots[0] || slots[1] < 9*slots[0] || allocations[1] > 11*allocations[0]+100 {
			t.Errorf("%s: %d slots, %v allocations", item, slots, allocations)
		}
	}
}
