package shape

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"soapbridge/translate/secret"
	"soapbridge/translate/xml"
)

// FromStruct makes a shape of a struct type. Its fields are texts, booleans, integers and structs, or pointers to and slices of them, in the order
// of the wire, with these tags:
//
//	json      the member's name; "-" for what is read from the wire and never shown
//	soap      the element's local name, and options after commas: utc appends the zone Z to a date, anyspace reads the element in every
//	          namespace, free marks a text of a reply for people; "-" for what is not on the wire at all
//	validate  the field's rules in the language of validator/v10; see Rules
//	example   a value for the documents
//
// Every element is in the namespace. The error names every mistake, with the path of Go field names.
func FromStruct(t reflect.Type, namespace string) (*Shape, error) {
	c := compiler{namespace: namespace, shapes: map[reflect.Type]*Shape{}}
	s := c.shape(t, t.Name())
	if err := errors.Join(c.problems...); err != nil {
		return nil, err
	}
	err := s.Index()
	for t, s := range c.shapes {
		if s.Twice { // in a struct it is a mistake
			err = errors.Join(err, fmt.Errorf("shape: %s: has an element twice", t.Name()))
		}
	}
	return s, err
}

type compiler struct {
	namespace string
	shapes    map[reflect.Type]*Shape
	problems  []error
}

func (c *compiler) failf(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("shape: %s: %s", path, fmt.Sprintf(format, args...)))
}

func (c *compiler) shape(t reflect.Type, path string) *Shape {
	if s, ok := c.shapes[t]; ok {
		return s
	}
	s := &Shape{Name: t.Name(), source: t}
	c.shapes[t] = s
	if t.Kind() != reflect.Struct {
		c.failf(path, "is a %s, not a struct", t.Kind())
		return s
	}
	for sf := range t.Fields() {
		if sf.Tag.Get("soap") != "-" {
			s.Fields = append(s.Fields, c.field(sf, path+"."+sf.Name))
		}
	}
	return s
}

func (c *compiler) field(sf reflect.StructField, path string) Field {
	f := Field{Example: sf.Tag.Get("example")}
	if !sf.IsExported() {
		c.failf(path, "is not exported")
	}
	if f.Name, _, _ = strings.Cut(sf.Tag.Get("json"), ","); f.Name == "" {
		c.failf(path, "has no JSON name")
	}
	element, options, _ := strings.Cut(sf.Tag.Get("soap"), ",")
	f.Wire = xml.Name{Space: c.namespace, Local: element}
	if f.Name == "-" {
		first, size := utf8.DecodeRuneInString(element)
		f.Name, f.Hidden = string(unicode.ToLower(first))+element[size:], true
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "utc":
			f.Suffix = "Z"
		case "anyspace":
			f.AnySpace = true
		case "free":
			f.FreeText = true
		default:
			c.failf(path, "has the unknown soap option %q; valid are utc, anyspace and free", option)
		}
	}
	plain := c.kind(&f, sf.Type, path)
	for _, r := range ParseRules(sf.Tag.Get("validate")) {
		if err := f.apply(r); err != nil {
			c.failf(path, "has the rule %s: %v", r, err)
		}
	}
	if f.Kind == Object && plain {
		f.Required = true
	}
	if f.Kind == String && plain != f.Required && !f.Hidden {
		c.failf(path, "is required if and only if it is not a pointer")
	}
	return f
}

// kind reads the Go type: T, *T or []T of a string, a boolean, an integer or a struct. It reports whether it is T.
func (c *compiler) kind(f *Field, t reflect.Type, path string) (plain bool) {
	plain = true
	switch t.Kind() {
	case reflect.Pointer:
		t, plain = t.Elem(), false
	case reflect.Slice:
		t, plain, f.Repeated = t.Elem(), false, true
	default:
	}
	switch kind := t.Kind(); {
	case t == reflect.TypeFor[string]():
		f.Kind = String
	case t == reflect.TypeFor[secret.Secret]():
		f.Kind, f.Secret = String, true
	case t == reflect.TypeFor[bool]():
		f.Kind = Boolean
	case t == reflect.TypeFor[int32](), t == reflect.TypeFor[int64]():
		f.Kind = Integer
		low, high := int64(-1)<<(t.Bits()-1), int64(1)<<(t.Bits()-1)-1
		f.Facets.Min, f.Facets.Max = &low, &high
	case kind == reflect.Struct:
		f.Kind, f.Object = Object, c.shape(t, path)
	default:
		c.failf(path, "has the type %s; use string, Secret, bool, int32, int64 or a struct, or a pointer to or slice of one", t)
	}
	if plain && (f.Kind == Boolean || f.Kind == Integer) {
		c.failf(path, "is a plain %s, which cannot distinguish absent from zero; use a pointer", t)
	}
	return plain
}

// Rule is one word of a validate tag.
type Rule struct{ Word, Param string }

// String returns the rule as it is in the tag.
func (r Rule) String() string {
	if r.Param == "" {
		return r.Word
	}
	return r.Word + "=" + r.Param
}

// ParseRules splits a validate tag.
func ParseRules(tag string) (rules []Rule) {
	if tag == "" {
		return nil
	}
	for text := range strings.SplitSeq(tag, ",") {
		word, param, _ := strings.Cut(text, "=")
		rules = append(rules, Rule{word, param})
	}
	return rules
}

// apply adds a rule to a field: its words for validator/v10, and the facets that say the same.
//
//	required          present, not null, not empty and not only white space
//	notblank          for readers: required says it
//	omitnil, dive     for readers: what is absent is not checked, and what is inside is
//	min=n, max=n      of a string: its length in code points; of an integer: its range
//	oneof=A B         one of the words, in this letter case
//	oneofci=A B       one of the words, in any letter case
//	date              YYYY-MM-DD, a day that exists
//	datetime          RFC 3339 with a zone
//	decimal=i:f       an xsd:decimal with at most i integer digits and f fraction digits
//	token             words with one space between each two
func (f *Field) apply(r Rule) error {
	facets := &f.Facets
	switch r.Word {
	case "omitnil", "dive", "notblank", "required": // presence is not the library's business, and neither is the way to the leaves
		f.Required = f.Required || r.Word == "required"
		return nil
	case "min", "max":
		n, err := strconv.Atoi(r.Param)
		if err != nil {
			return err
		}
		f.limit(r.Word, n)
	case "oneof", "oneofci":
		facets.Enum, facets.AnyCase = Words(r.Param), r.Word == "oneofci"
	case "date":
		facets.Form = Date
	case "datetime":
		facets.Form = DateTime
	case "decimal":
		facets.Form = Decimal
		if _, err := fmt.Sscanf(r.Param, "%d:%d", &facets.IntegerDigits, &facets.FractionDigits); err != nil {
			return err
		}
	case "token":
		facets.Form = Token
	default:
		return errors.New("it is not in the vocabulary")
	}
	if limits := r.Word == "min" || r.Word == "max"; f.Kind != String && (f.Kind != Integer || !limits) {
		return errors.New("it does not fit the type")
	}
	if f.Rules != "" {
		f.Rules += ","
	}
	f.Rules += r.String()
	return nil
}

func (f *Field) limit(word string, n int) {
	wide := int64(n)
	switch {
	case f.Kind == Integer && word == "min":
		f.Facets.Min = &wide
	case f.Kind == Integer:
		f.Facets.Max = &wide
	case word == "min":
		f.Facets.MinLength = &n
	default:
		f.Facets.MaxLength = &n
	}
}

// Words splits the parameter of a list as validator/v10 does: at spaces, unless they are between single quotes.
func Words(param string) []string {
	list := listWord.FindAllString(param, -1)
	for i, w := range list {
		list[i] = strings.Trim(w, "'")
	}
	return list
}

var listWord = regexp.MustCompile(`'[^']*'|\S+`)

// Struct returns the struct type that the shape was made of, nil where it was made of a schema: tests read its tags on their own.
func (s *Shape) Struct() reflect.Type { return s.source }

// From makes a shape of a struct type: see FromStruct.
func From[T any](namespace string) (*Shape, error) {
	return FromStruct(reflect.TypeFor[T](), namespace)
}
