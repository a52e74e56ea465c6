package shape_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

type person struct {
	Name    string          `json:"name,omitempty" soap:"Name" validate:"required,notblank,max=3"`
	PIN     *secret.Secret  `json:"pin" soap:"PIN" validate:"omitnil,min=2,token" example:"0042"`
	Born    *string         `json:"born" soap:"Born,utc" validate:"omitnil,date"`
	Note    *string         `json:"note" soap:"Note,free,anyspace"`
	Alive   *bool           `json:"alive" soap:"Alive"`
	Small   *int32          `json:"small" soap:"Small" validate:"omitnil,min=1"`
	Large   *int64          `json:"large" soap:"Large" validate:"omitnil,min=-1,max=9"`
	Home    home            `json:"home" soap:"Home"`
	Work    *home           `json:"work" soap:"Work"`
	Must    *home           `json:"must" soap:"Must" validate:"required"`
	Homes   []home          `json:"homes" soap:"OtherHome" validate:"dive"`
	Codes   []string        `json:"codes" soap:"Code"`
	Secrets []secret.Secret `json:"secrets" soap:"Secret"`
	Flags   []bool          `json:"flags" soap:"Flag"`
	Hidden  string          `json:"-" soap:"Hidden"`
	Aside   map[string]int  `json:"aside" soap:"-"`
	Friend  *person         `json:"friend" soap:"Friend"`
}

type home struct {
	List    *string `json:"list" soap:"List" validate:"omitnil,oneof=A 'B C'"`
	Folded  *string `json:"folded" soap:"Folded" validate:"omitnil,oneofci=A B"`
	Instant *string `json:"instant" soap:"Instant" validate:"omitnil,datetime"`
	Amount  *string `json:"amount" soap:"Amount" validate:"omitnil,decimal=3:1"`
}

func compile(t testing.TB) *shape.Shape {
	t.Helper()
	s, err := shape.From[person]("urn:n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFromStruct reads every kind of field and every word of a tag.
func TestFromStruct(t *testing.T) {
	s := compile(t)
	wire := func(local string) xml.Name { return xml.Name{Space: "urn:n", Local: local} }
	high32, one, minusOne, nine := int64(1<<31-1), int64(1), int64(-1), int64(9)
	homes := s.Fields[7].Object
	want := []shape.Field{
		{Name: "name", Wire: wire("Name"), Kind: shape.String, Required: true, Rules: "max=3", Facets: shape.Facets{MaxLength: new(3)}},
		{Name: "pin", Wire: wire("PIN"), Kind: shape.String, Secret: true, Rules: "min=2,token", Facets: shape.Facets{MinLength: new(2), Form: shape.Token}, Example: "0042"},
		{Name: "born", Wire: wire("Born"), Kind: shape.String, Suffix: "Z", Rules: "date", Facets: shape.Facets{Form: shape.Date}},
		{Name: "note", Wire: wire("Note"), Kind: shape.String, FreeText: true, AnySpace: true},
		{Name: "alive", Wire: wire("Alive"), Kind: shape.Boolean},
		{Name: "small", Wire: wire("Small"), Kind: shape.Integer, Rules: "min=1", Facets: shape.Facets{Min: &one, Max: &high32}},
		{Name: "large", Wire: wire("Large"), Kind: shape.Integer, Rules: "min=-1,max=9", Facets: shape.Facets{Min: &minusOne, Max: &nine}},
		{Name: "home", Wire: wire("Home"), Kind: shape.Object, Object: homes, Required: true},
		{Name: "work", Wire: wire("Work"), Kind: shape.Object, Object: homes},
		{Name: "must", Wire: wire("Must"), Kind: shape.Object, Object: homes, Required: true},
		{Name: "homes", Wire: wire("OtherHome"), Kind: shape.Object, Object: homes, Repeated: true},
		{Name: "codes", Wire: wire("Code"), Kind: shape.String, Repeated: true},
		{Name: "secrets", Wire: wire("Secret"), Kind: shape.String, Repeated: true, Secret: true},
		{Name: "flags", Wire: wire("Flag"), Kind: shape.Boolean, Repeated: true},
		{Name: "hidden", Wire: wire("Hidden"), Kind: shape.String, Hidden: true},
		{Name: "friend", Wire: wire("Friend"), Kind: shape.Object, Object: s},
	}
	same := cmp.Comparer(func(a, b *shape.Shape) bool { return a == b }) // shapes of one type are one
	if diff := cmp.Diff(want, s.Fields, same, cmpopts.IgnoreUnexported(shape.Field{})); diff != "" {
		t.Error(diff)
	}
	wantHome := []shape.Facets{{Enum: []string{"A", "B C"}}, {Enum: []string{"A", "B"}, AnyCase: true}, {Form: shape.DateTime}, {Form: shape.Decimal, IntegerDigits: 3, FractionDigits: 1}}
	for i, f := range homes.Fields {
		if diff := cmp.Diff(wantHome[i], f.Facets, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", f.Name, diff)
		}
	}
	if s.Name != "person" || homes.Name != "home" {
		t.Errorf("the shapes are %s and %s", s.Name, homes.Name)
	}
	for member, position := range map[string]int{"name": 0, "friend": 15, "Name": -1, "-": -1, "hidden": -1, "aside": -1, "": -1} {
		i, ok := s.ByName([]byte(member))
		if ok != (position >= 0) || ok && i != position {
			t.Errorf("%q: %d %v", member, i, ok)
		}
	}
}

type deeper struct {
	Bad float64 `json:"bad" soap:"Bad"`
}

type text string

// one is a struct with one field.
func one[T any](tag reflect.StructTag) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[T](), Tag: tag}})
}

// TestFromStructRefuses names the place of every mistake in tags.
func TestFromStructRefuses(t *testing.T) {
	fields := make([]reflect.StructField, shape.MaxFields+1)
	for i := range fields {
		tag := fmt.Sprintf(`json:"f%d" soap:"F%d"`, i, i)
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[*string](), Tag: reflect.StructTag(tag)}
	}
	for _, test := range []struct {
		name, wantError string
		of              reflect.Type
	}{
		{"no struct", "is a int, not a struct", reflect.TypeFor[int]()},
		{"a pointer to a struct", "is a ptr, not a struct", reflect.TypeFor[*person]()},
		{"no json name", ": has no JSON name", one[*string](`soap:"A"`)},
		{"an empty json name", ": has no JSON name", one[*string](`json:",omitempty" soap:"A"`)},
		{"no soap name", `a: has the name "" on the wire, which is not the local name of an element`, one[*string](`json:"a"`)},
		{"a soap name with a prefix", `a: has the name "x:A"`, one[*string](`json:"a" soap:"x:A"`)},
		{"a soap name that begins with a digit", `has the name "1A"`, one[*string](`json:"a" soap:"1A"`)},
		{"a soap name with a space", `has the name "A B"`, one[*string](`json:"a" soap:"A B"`)},
		{"a soap name that would be markup", `has the name "A><B"`, one[*string](`json:"a" soap:"A><B"`)},
		{"an unknown option", `has the unknown soap option "UTC"; valid are utc, anyspace and free`, one[*string](`json:"a" soap:"A,UTC"`)},
		{"utc on a number", "a: has a suffix and is not a string", one[*int32](`json:"a" soap:"A,utc"`)},
		{"an unexported field", ".a: is not exported", reflect.StructOf([]reflect.StructField{
			{Name: "a", PkgPath: "x", Type: reflect.TypeFor[*string](), Tag: `json:"a" soap:"A"`},
		})},
		{"a member twice", `has the member "a" twice`, reflect.StructOf([]reflect.StructField{
			{Name: "A", Type: reflect.TypeFor[*string](), Tag: `json:"a" soap:"A"`}, {Name: "B", Type: reflect.TypeFor[*string](), Tag: `json:"a" soap:"B"`},
		})},
		{"an element twice", "has an element twice", reflect.TypeFor[struct {
			A *string `json:"a" soap:"A"`
			B *string `json:"b" soap:"A"`
		}]()},
		{"a plain boolean", ".A: is a plain bool, which cannot distinguish absent from zero", one[bool](`json:"a" soap:"A"`)},
		{"a plain integer", ".A: is a plain int64, which cannot distinguish absent from zero", one[int64](`json:"a" soap:"A"`)},
		{"an integer of unknown size", ".A: has the type int;", one[*int](`json:"a" soap:"A"`)},
		{"a float", ".A: has the type float64;", one[*float64](`json:"a" soap:"A"`)},
		{"a map", ".A: has the type map[string]string;", one[map[string]string](`json:"a" soap:"A"`)},
		{"an interface", ".A: has the type interface {};", one[any](`json:"a" soap:"A"`)},
		{"a slice of pointers", ".A: has the type *string;", one[[]*string](`json:"a" soap:"A"`)},
		{"a slice of slices", ".A: has the type []string;", one[[][]string](`json:"a" soap:"A"`)},
		{"a pointer to a slice", ".A: has the type []string;", one[*[]string](`json:"a" soap:"A"`)},
		{"a pointer to a pointer", ".A: has the type *string;", one[**string](`json:"a" soap:"A"`)},
		{"bytes", ".A: has the type uint8;", one[[]byte](`json:"a" soap:"A"`)},
		{"another string type", ".A: has the type shape_test.text;", one[text](`json:"a" soap:"A"`)},
		{"a plain text that is not required", ".A: is required if and only if it is not a pointer", one[string](`json:"a" soap:"A"`)},
		{"a pointer to a required text", ".A: is required if and only if it is not a pointer", one[*string](`json:"a" soap:"A" validate:"required"`)},
		{"a word of the library's own", ".A: has the rule email: it is not in the vocabulary", one[*string](`json:"a" soap:"A" validate:"omitnil,email"`)},
		{"a word of the library's own for absence", ".A: has the rule omitempty: it is not in the vocabulary", one[*string](`json:"a" soap:"A" validate:"omitempty,date"`)},
		{"no word, deep inside", ".A.B.C: has the rule dat: it is not in the vocabulary", reflect.TypeFor[struct {
			A []struct {
				B *struct {
					C *string `json:"c" soap:"C" validate:"dat"`
				} `json:"b" soap:"B"`
			} `json:"a" soap:"A"`
		}]()},
		{"a limit that is not a number", `.A: has the rule max=abc: strconv.Atoi: parsing "abc"`, one[*string](`json:"a" soap:"A" validate:"omitnil,max=abc"`)},
		{"digits that are none", ".A: has the rule decimal=x: ", one[*string](`json:"a" soap:"A" validate:"omitnil,decimal=x"`)},
		{"a rule of texts on a boolean", ".A: has the rule max=3: it does not fit the type", one[*bool](`json:"a" soap:"A" validate:"omitnil,max=3"`)},
		{"a list on an integer", ".A: has the rule oneof=1: it does not fit the type", one[*int64](`json:"a" soap:"A" validate:"omitnil,oneof=1"`)},
		{"a mistake inside", ".A.Bad: has the type float64;", one[[]deeper](`json:"a" soap:"A"`)},
		{"too many members", "has more than 4096 members", reflect.StructOf(fields)},
	} {
		if _, err := shape.FromStruct(test.of, ""); err == nil || !strings.Contains(err.Error(), test.wantError) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := shape.FromStruct(reflect.StructOf(fields[1:]), ""); err != nil {
		t.Errorf("%d members: %v", shape.MaxFields, err)
	}
	_, err := shape.From[struct {
		A string  `json:"a" soap:"A"`
		B float32 `soap:"B"`
		C int32   `json:"c" soap:"C,x"`
	}]("")
	if err == nil || strings.Count(err.Error(), "\n") != 4 { // one line for each mistake: A is not required, two of B, and two of C
		t.Errorf("%v", err)
	}
}
