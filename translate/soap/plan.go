package soap

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"soapbridge/translate/xml"
)

// Kind is what a field holds on the wire.
type Kind uint8

// The kinds of field. Dates, decimals and codes are Strings: they travel as written.
const (
	String Kind = iota + 1
	Boolean
	Integer
	Object
)

// Binding says how the messages of one operation stand in an envelope. Every name in it comes from the vendor's page.
type Binding struct {
	// Namespace of the operation element and its wrappers.
	Namespace string
	// Prefix spells the Namespace. Empty means a default namespace, declared on the operation element.
	Prefix string
	// Qualified tells that the members stand in Namespace too; otherwise they are in no namespace at all, which is not a matter
	// of taste: an ASMX service silently ignores a child in the wrong namespace and answers 200.
	Qualified bool
	// EnvelopePrefix spells the envelope's namespace. Servers do not care; people who compare with the vendor's page do.
	EnvelopePrefix map[Version]string
	// Request names the operation element and the wrappers inside it, outermost first.
	Request []string
	// Action is the SOAPAction, or the action parameter in SOAP 1.2. It may be empty.
	Action string
	// Reply names the answer's elements around its members, outermost first.
	Reply []xml.Name
	// ReplyByLocalName reads the answer without regard to namespaces, where a vendor is known to vary them.
	ReplyByLocalName bool
}

// space gives the namespace that members stand in.
func (b *Binding) space() string {
	if b.Qualified {
		return b.Namespace
	}
	return ""
}

// MaxFields bounds the members of one object, so that readers can keep track of them without allocating.
const MaxFields = 128

// Shape is a struct type as both of its languages see it: a JSON object, and a sequence of elements. It is compiled once, at
// start, from the tags of the type, and never changes.
//
// A field has a json tag (the member's name) and a soap tag: the element's local name, then options after commas. The option
// "utc" appends the zone Z to a date, as MDS wants it; "anyspace" reads the element in whatever namespace it stands. A field with soap:"-" is none of the wire's business; one with json:"-"
// is read from the wire and never shown.
type Shape struct {
	Type   reflect.Type
	Fields []Field

	byMember  map[string]int
	byElement map[string]int // by local name
}

// Field is one member of a Shape. The order of fields is the order of elements on the wire.
type Field struct {
	Member   string // name in JSON
	Element  string // local name on the wire
	Kind     Kind
	Secret   bool
	Repeated bool   // a slice: an array in JSON, a repeated element on the wire
	Optional bool   // a pointer: absent, empty and present are three things
	Bits     int    // of an Integer: 32 or 64
	Object   *Shape // of an Object
	// Tag holds all tags of the Go field, for those who describe it.
	Tag reflect.StructTag

	utc      bool
	anySpace bool
	index    int
}

// FieldByMember finds a field by its JSON name. A hidden one has none.
func (s *Shape) FieldByMember(member []byte) (int, bool) {
	i, ok := s.byMember[string(member)]
	return i, ok
}

// Value gives the field's place in a struct of the shape's type.
func (f *Field) Value(object reflect.Value) reflect.Value { return object.Field(f.index) }

// Compile reads the tags of a struct type. It reports every mistake in them, with the path of Go field names.
func Compile(t reflect.Type) (*Shape, error) {
	c := compiler{shapes: map[reflect.Type]*Shape{}}
	shape := c.shape(t, t.Name())
	return shape, errors.Join(c.problems...)
}

type compiler struct {
	shapes   map[reflect.Type]*Shape
	problems []error
}

func (c *compiler) failf(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("soap: %s: %s", path, fmt.Sprintf(format, args...)))
}

func (c *compiler) shape(t reflect.Type, path string) *Shape {
	if shape, ok := c.shapes[t]; ok {
		return shape
	}
	shape := &Shape{Type: t, byMember: map[string]int{}, byElement: map[string]int{}}
	c.shapes[t] = shape
	if t.Kind() != reflect.Struct {
		c.failf(path, "is a %s, not a struct", t.Kind())
		return shape
	}
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("soap") == "-" {
			continue
		}
		field := c.field(t.Field(i), path+"."+t.Field(i).Name)
		field.index = i
		if _, twice := shape.byMember[field.Member]; twice && field.Member != "-" {
			c.failf(path, "has the member %q twice", field.Member)
		}
		if _, twice := shape.byElement[field.Element]; twice {
			c.failf(path, "has the element %q twice", field.Element)
		}
		if field.Member != "-" {
			shape.byMember[field.Member] = len(shape.Fields)
		}
		shape.byElement[field.Element] = len(shape.Fields)
		shape.Fields = append(shape.Fields, field)
	}
	if len(shape.Fields) > MaxFields {
		c.failf(path, "has more than %d members", MaxFields)
	}
	return shape
}

func (c *compiler) field(sf reflect.StructField, path string) Field {
	field := Field{Tag: sf.Tag}
	if !sf.IsExported() {
		c.failf(path, "is not exported")
	}
	field.Member, _, _ = strings.Cut(sf.Tag.Get("json"), ",")
	if field.Member == "" {
		c.failf(path, "has no json name")
	}
	element, options, _ := strings.Cut(sf.Tag.Get("soap"), ",")
	field.Element = element
	if !isLocalName(element) {
		c.failf(path, "has the soap name %q, which is not the local name of an element", element)
	}
	switch options {
	case "":
	case "utc":
		field.utc = true
	case "anyspace":
		field.anySpace = true
	default:
		c.failf(path, "has the unknown soap option %q; valid are utc and anyspace", options)
	}
	c.kind(&field, sf.Type, path)
	return field
}

// kind reads the Go type: T, *T or []T of a string, a boolean, an integer or a struct.
func (c *compiler) kind(field *Field, t reflect.Type, path string) {
	switch t.Kind() {
	case reflect.Pointer:
		field.Optional = true
		t = t.Elem()
	case reflect.Slice:
		field.Repeated = true
		t = t.Elem()
	default:
	}
	switch {
	case t == reflect.TypeFor[Secret]():
		field.Kind, field.Secret = String, true
	case t == reflect.TypeFor[string]():
		field.Kind = String
	case t == reflect.TypeFor[bool]():
		field.Kind = Boolean
	case t == reflect.TypeFor[int32](), t == reflect.TypeFor[int64]():
		field.Kind, field.Bits = Integer, t.Bits()
	case t.Kind() == reflect.Struct:
		field.Kind, field.Object = Object, c.shape(t, path)
	default:
		c.failf(path, "has the type %s; use string, Secret, bool, int32, int64 or a struct, or a pointer to or slice of one", t)
	}
	if (field.Kind == Boolean || field.Kind == Integer) && !field.Optional && !field.Repeated {
		c.failf(path, "is a plain %s, which cannot tell absent from zero; use a pointer", t)
	}
	if field.utc && field.Kind != String {
		c.failf(path, "has the option utc and is not a string")
	}
}

// isLocalName tells whether s can be the local part of an element name. Vendors use ASCII letters and digits only.
func isLocalName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '.') {
			return false
		}
	}
	return s != ""
}
