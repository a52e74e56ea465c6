package soap_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"soapbridge/translate/soap"
)

type person struct {
	Name    string         `json:"name,omitempty" soap:"Name"`
	PIN     *soap.Secret   `json:"pin" soap:"PIN"`
	Born    *string        `json:"born" soap:"Born,utc"`
	Alive   *bool          `json:"alive" soap:"Alive"`
	Small   *int32         `json:"small" soap:"Small"`
	Large   *int64         `json:"large" soap:"Large"`
	Home    home           `json:"home" soap:"Home"`
	Work    *home          `json:"work" soap:"Work"`
	Homes   []home         `json:"homes" soap:"OtherHome"`
	Codes   []string       `json:"codes" soap:"Code"`
	Secrets []soap.Secret  `json:"secrets" soap:"Secret"`
	Flags   []bool         `json:"flags" soap:"Flag"`
	Hidden  string         `json:"-" soap:"Hidden"`
	Aside   map[string]int `json:"aside" soap:"-"`
	Friend  *person        `json:"friend" soap:"Friend"`
}

type home struct {
	City *string `json:"city" soap:"City"`
}

func compile[T any](t testing.TB) *soap.Shape {
	t.Helper()
	shape, err := soap.Compile(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return shape
}

func TestCompile(t *testing.T) {
	shape := compile[person](t)
	type field struct {
		member, element            string
		kind                       soap.Kind
		secret, repeated, optional bool
		bits                       int
		object                     reflect.Type
	}
	want := []field{
		{member: "name", element: "Name", kind: soap.String},
		{member: "pin", element: "PIN", kind: soap.String, secret: true, optional: true},
		{member: "born", element: "Born", kind: soap.String, optional: true},
		{member: "alive", element: "Alive", kind: soap.Boolean, optional: true},
		{member: "small", element: "Small", kind: soap.Integer, optional: true, bits: 32},
		{member: "large", element: "Large", kind: soap.Integer, optional: true, bits: 64},
		{member: "home", element: "Home", kind: soap.Object, object: reflect.TypeFor[home]()},
		{member: "work", element: "Work", kind: soap.Object, optional: true, object: reflect.TypeFor[home]()},
		{member: "homes", element: "OtherHome", kind: soap.Object, repeated: true, object: reflect.TypeFor[home]()},
		{member: "codes", element: "Code", kind: soap.String, repeated: true},
		{member: "secrets", element: "Secret", kind: soap.String, secret: true, repeated: true},
		{member: "flags", element: "Flag", kind: soap.Boolean, repeated: true},
		{member: "-", element: "Hidden", kind: soap.String},
		{member: "friend", element: "Friend", kind: soap.Object, optional: true, object: reflect.TypeFor[person]()},
	}
	var got []field
	for _, f := range shape.Fields {
		g := field{f.Member, f.Element, f.Kind, f.Secret, f.Repeated, f.Optional, f.Bits, nil}
		if f.Object != nil {
			g.object = f.Object.Type
		}
		got = append(got, g)
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if shape.Type != reflect.TypeFor[person]() || shape.Fields[13].Object != shape || shape.Fields[6].Object != shape.Fields[7].Object {
		t.Error("shapes of one type are not one")
	}
	for member, position := range map[string]int{"name": 0, "friend": 13, "Name": -1, "-": -1, "aside": -1, "": -1} {
		i, ok := shape.FieldByMember([]byte(member))
		if ok != (position >= 0) || ok && i != position {
			t.Errorf("%q: %d %v", member, i, ok)
		}
	}
	p := person{Name: "n"}
	if v := shape.Fields[0].Value(reflect.ValueOf(p)); v.String() != "n" {
		t.Errorf("the value of name is %v", v)
	}
	if v := shape.Fields[13].Value(reflect.ValueOf(p)); !v.IsNil() { // behind one that the shape leaves out
		t.Errorf("the value of friend is %v", v)
	}
}

type deeper struct {
	Bad float64 `json:"bad" soap:"Bad"`
}

type text string

// TestCompileRefuses names the place of every mistake in tags.
func TestCompileRefuses(t *testing.T) {
	fields := make([]reflect.StructField, soap.MaxFields+1)
	for i := range fields {
		tag := fmt.Sprintf(`json:"f%d" soap:"F%d"`, i, i)
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(tag)}
	}
	for _, test := range []struct {
		name, problem string
		shape         reflect.Type
	}{
		{"no struct", "is a int, not a struct", reflect.TypeFor[int]()},
		{"a pointer to a struct", "is a ptr, not a struct", reflect.TypeFor[*person]()},
		{"no json name", ".A: has no json name", reflect.TypeFor[struct {
			A string `soap:"A"`
		}]()},
		{"an empty json name", ".A: has no json name", reflect.TypeFor[struct {
			A string `json:",omitempty" soap:"A"`
		}]()},
		{"no soap name", `.A: has the soap name "", which is not the local name of an element`, reflect.TypeFor[struct {
			A string `json:"a"`
		}]()},
		{"a soap name with a prefix", `.A: has the soap name "x:A"`, reflect.TypeFor[struct {
			A string `json:"a" soap:"x:A"`
		}]()},
		{"a soap name that begins with a digit", `has the soap name "1A"`, reflect.TypeFor[struct {
			A string `json:"a" soap:"1A"`
		}]()},
		{"a soap name with a space", `has the soap name "A B"`, reflect.TypeFor[struct {
			A string `json:"a" soap:"A B"`
		}]()},
		{"a soap name that would be markup", `has the soap name "A><B"`, reflect.TypeFor[struct {
			A string `json:"a" soap:"A><B"`
		}]()},
		{"an unknown option", `has the unknown soap option "UTC"; valid are utc and anyspace`, reflect.TypeFor[struct {
			A string `json:"a" soap:"A,UTC"`
		}]()},
		{"two options", `has the unknown soap option "utc,utc"`, reflect.TypeFor[struct {
			A string `json:"a" soap:"A,utc,utc"`
		}]()},
		{"utc on a number", ".A: has the option utc and is not a string", reflect.TypeFor[struct {
			A *int32 `json:"a" soap:"A,utc"`
		}]()},
		{"an unexported field", ".a: is not exported", reflect.StructOf([]reflect.StructField{
			{Name: "a", PkgPath: "x", Type: reflect.TypeFor[string](), Tag: `json:"a" soap:"A"`},
		})},
		{"a member twice", `has the member "a" twice`, reflect.StructOf([]reflect.StructField{
			{Name: "A", Type: reflect.TypeFor[string](), Tag: `json:"a" soap:"A"`}, {Name: "B", Type: reflect.TypeFor[string](), Tag: `json:"a" soap:"B"`},
		})},
		{"an element twice", `has the element "A" twice`, reflect.TypeFor[struct {
			A string `json:"a" soap:"A"`
			B string `json:"b" soap:"A"`
		}]()},
		{"a plain boolean", ".A: is a plain bool, which cannot tell absent from zero", reflect.TypeFor[struct {
			A bool `json:"a" soap:"A"`
		}]()},
		{"a plain integer", ".A: is a plain int64, which cannot tell absent from zero", reflect.TypeFor[struct {
			A int64 `json:"a" soap:"A"`
		}]()},
		{"an integer of unknown size", ".A: has the type int;", reflect.TypeFor[struct {
			A *int `json:"a" soap:"A"`
		}]()},
		{"a float", ".A: has the type float64;", reflect.TypeFor[struct {
			A *float64 `json:"a" soap:"A"`
		}]()},
		{"a map", ".A: has the type map[string]string;", reflect.TypeFor[struct {
			A map[string]string `json:"a" soap:"A"`
		}]()},
		{"an interface", ".A: has the type interface {};", reflect.TypeFor[struct {
			A any `json:"a" soap:"A"`
		}]()},
		{"a slice of pointers", ".A: has the type *string;", reflect.TypeFor[struct {
			A []*string `json:"a" soap:"A"`
		}]()},
		{"a slice of slices", ".A: has the type []string;", reflect.TypeFor[struct {
			A [][]string `json:"a" soap:"A"`
		}]()},
		{"a pointer to a slice", ".A: has the type []string;", reflect.TypeFor[struct {
			A *[]string `json:"a" soap:"A"`
		}]()},
		{"a pointer to a pointer", ".A: has the type *string;", reflect.TypeFor[struct {
			A **string `json:"a" soap:"A"`
		}]()},
		{"bytes", ".A: has the type uint8;", reflect.TypeFor[struct {
			A []byte `json:"a" soap:"A"`
		}]()},
		{"another string type", ".A: has the type soap_test.text;", reflect.TypeFor[struct {
			A text `json:"a" soap:"A"`
		}]()},
		{"a mistake inside", ".A.Bad: has the type float64;", reflect.TypeFor[struct {
			A []deeper `json:"a" soap:"A"`
		}]()},
		{"too many members", "has more than 128 members", reflect.StructOf(fields)},
	} {
		if _, err := soap.Compile(test.shape); err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := soap.Compile(reflect.StructOf(fields[1:])); err != nil {
		t.Errorf("%d members: %v", soap.MaxFields, err)
	}
	_, err := soap.Compile(reflect.TypeFor[struct {
		A string  `json:"a" soap:"-A"`
		B float32 `soap:"B"`
		C int32   `json:"c" soap:"C,x"`
	}]())
	if err == nil || strings.Count(err.Error(), "\n") != 4 { // one line for each mistake
		t.Errorf("%v", err)
	}
}
