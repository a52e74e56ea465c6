// Package shape describes messages as plain data: which members a request or a reply may have, in JSON and on the wire. A shape is built once, at
// start, from a Go struct (FromStruct) or from a schema, and never changes. What reads, checks, writes or documents messages walks shapes, and
// does not know where they come from.
package shape

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// Shape is an object: a JSON object, and the attributes and the content of an element. The order of the fields is their order on the wire. A shape
// may contain itself.
type Shape struct {
	Name   string // of the schema in documents: "CreateCallLogRequest"
	About  string // for people; empty where openapi/words.json has the words
	Fields []Field
	// Choices are checked by the presence of fields: what is empty or nil counts, because it goes to the wire.
	Choices []Choice
	// Empty: an object without members is one, and not a mistake: it goes to the wire as an empty element.
	Empty bool
	// Subtypes are the shapes that may be used in place of this one. Each begins with the fields of this one, in the same
	// order, since paths lead into it, too; the first is this one unless it is abstract. The member Discriminator names the subtype in JSON, by its
	// Word; xsi:type names it on the wire.
	Subtypes []*Shape
	Word     string // the Name, unless it is set
	// Discriminator is the member that names a subtype; empty where there are none. No subtype has a member of that name.
	Discriminator string
	// Type is the name that xsi:type has for this shape. Only subtypes have one.
	Type xml.Name
	// Abstract: only a subtype can be sent.
	Abstract bool

	// Twice: an element has several fields, because others come between; see Again. Index sets it.
	Twice bool

	source reflect.Type // nil: it is no struct's
	names  []string
	byName map[string]int
	byWire map[wireName]int
	secret bool // a field is, or holds, a secret
}

// Choice is a set of branches, of which one is taken: of all their fields only those of one branch are present, among them those that it requires.
// No two choices of a shape have a field in common.
type Choice struct {
	Branches []Branch
	Optional bool // no branch needs to be taken
}

// Branch is the fields that may be present together, in their order.
type Branch struct {
	Fields   []int
	Required []int // of Fields
}

// OneOf returns the branches of a choice between fields.
func OneOf(fields ...int) (branches []Branch) {
	for _, i := range fields {
		branches = append(branches, Branch{[]int{i}, []int{i}})
	}
	return branches
}

// Fields returns the fields of all branches, in their order.
func (c Choice) Fields() (fields []int) {
	for _, b := range c.Branches {
		fields = append(fields, b.Fields...)
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// AnswerID is the member that every answer has in front of those of the reply's shape: no member of a reply may have its name.
const AnswerID = "operationId"

// Place is where a field is within the element of its object.
type Place uint8

// The places of fields.
const (
	Element   Place = iota // a child element
	Attribute              // of the object's element
	Content                // the text of the object's element, beside attributes
	// Inline is an Object without an element of its own, whose members are child elements: a group that repeats. Or it is XML: a child element that
	// a wildcard allows.
	Inline
	Header // a block of the envelope's header; only the outermost shape of a request has some
)

// Kind is what a field holds.
type Kind uint8

// The kinds. Dates, times, decimals, binary data and codes are Strings with a lexical form: they travel as they are written.
const (
	String  Kind = iota + 1
	Boolean      // true or false in JSON
	Integer      // a number without a fraction in JSON, within Min and Max
	Float        // a number in JSON, or one of the strings INF, -INF and NaN (XML Schema 1.0 part 2, section 3.2.4)
	Object
	XML // a string in JSON that holds the element itself, with its tags: its content is not described
)

// Field is one member of a Shape.
type Field struct {
	Name  string   // of the member in JSON
	Wire  xml.Name // of the element or attribute; empty for Content and Inline
	Place Place
	Kind  Kind
	// Object is the shape of an Object.
	Object *Shape

	// Required: absent is a violation, and so is a text that is blank, unless Blank. An absent object that is required is checked as an empty one, so
	// that what it lacks is named.
	Required bool
	Blank    bool
	// Repeated: an array in JSON, the element again and again on the wire; between MinItems and MaxItems times, where 0 means no limit.
	Repeated           bool
	MinItems, MaxItems int
	// Around is an element around all items, which are one array in JSON; nil: there is none.
	Around *Around
	// Nillable: null is xsi:nil. Elsewhere null is absent.
	Nillable bool
	// Fixed is what is always written; a caller who sends the member must send this. nil: nothing is fixed.
	Fixed *string
	// Default is what a member that is absent means to the service, for people; nil where nothing is said. It is not written.
	Default *string
	// Wildcard says which elements an Inline XML may hold.
	Wildcard *Wildcard
	// AnySpace: in a reply, the element counts in every namespace.
	AnySpace bool
	// Suffix is appended to what is written on the wire: the zone of a date.
	Suffix string
	// Hidden: read from the wire, and never part of an answer.
	Hidden bool
	// Secret: masked wherever people look.
	Secret bool
	// FreeText: a text of a reply for people, which is masked and shortened. Other texts of replies are codes, dates and identifiers, unless they are
	// Data: then callers get them as they are.
	FreeText, Data bool

	Facets Facets
	// Rules are the field's own rules in the language of validator/v10, without those that say whether it must be present. Facets say the same.
	Rules string

	Example string
	About   string // for people; empty where openapi/words.json has the words

	secret bool // see HoldsSecret
}

// Around is an element that holds nothing but items.
type Around struct {
	Wire   xml.Name
	Always bool // it is written without items, too
}

// Wildcard is the namespaces that an element may be in: XML Schema 1.0 part 1, section 3.10.
type Wildcard struct {
	Spaces []string // all of them where nil; "" is no namespace
	Except bool     // all but Spaces
}

// Allows reports whether an element of a namespace may be there.
func (w *Wildcard) Allows(space string) bool {
	return w.Spaces == nil || slices.Contains(w.Spaces, space) != w.Except
}

// Facets restrict the texts of a leaf: XML Schema 1.0 part 2, section 4.3. A nil limit does not restrict.
type Facets struct {
	MinLength, MaxLength *int // in code points; in octets of Base64 and Hex, in items of a List
	Min, Max             *int64
	Form                 Form
	// IntegerDigits and FractionDigits are the most digits before and after the point of a Decimal, leading zeros not counted.
	IntegerDigits, FractionDigits int
	// Number restricts a Number or a Float.
	Number *NumberFacets
	Enum   []string
	// EnumNotes say what a value of Enum means, for people; by the value.
	EnumNotes map[string]string
	AnyCase   bool     // Enum is compared without ASCII letter case
	Unique    bool     // no two such texts of a message are the same: an xsd:ID
	Patterns  []string // RE2 that ECMA-262 reads in the same way; each must match the whole text
}

// NumberFacets restrict a number by its value: XML Schema 1.0 part 2, sections 4.3.7 to 4.3.12. An empty bound does not restrict.
type NumberFacets struct {
	Min, Max                       string
	MinExclusive, MaxExclusive     bool
	TotalDigits, MaxFractionDigits int // MaxFractionDigits < 0: any; TotalDigits 0: any
}

// Form is the lexical form of a String.
type Form uint8

// The forms.
const (
	AnyText  Form = iota
	Date          // YYYY-MM-DD, a day that exists
	DateTime      // an instant with a zone, as both RFC 3339 and xsd:dateTime have it
	Decimal       // digits with a point
	Token         // words with one space between each two: an xsd:token that is not empty

	// Collapsed and those behind it are forms of XML Schema 1.0 part 2 (sections 3.2 and 3.3), for what schemas describe. White space that the type
	// would collapse or replace is not allowed, so that facets see what the service sees.

	Collapsed   // an xsd:token, which may be empty
	OneLine     // an xsd:normalizedString
	XSDDate     // an xsd:date: a zone is allowed, and a year of more than four digits
	XSDDateTime // an xsd:dateTime: a zone is not required, nor is a limit of fraction digits
	Number      // an xsd:decimal with at least one digit before the point and without a plus sign; a whole number if MaxFractionDigits is 0
	Base64      // an xsd:base64Binary without white space
	Hex         // an xsd:hexBinary
	List        // items with one space between each two, which may be empty
)

type wireName struct {
	name  xml.Name
	place Place
}

// Clone returns a copy of another name that can be changed, and must be finished. What is inside stays shared.
func (s *Shape) Clone(name string) *Shape {
	c := *s
	c.Name, c.byName = name, nil
	c.Fields, c.Choices, c.Subtypes = slices.Clone(s.Fields), slices.Clone(s.Choices), slices.Clone(s.Subtypes)
	return &c
}

// Index finishes a shape that was built by hand or from a schema: it checks the names and prepares the lookups, for everything that can be reached.
// It must be called before the shape is used. What is inside and finished stays as it is: it may be in use elsewhere.
func (s *Shape) Index() error {
	s.byName = nil
	all := s.unfinished(nil)
	problems := make([]error, 0, len(all))
	for _, each := range all {
		problems = append(problems, each.index())
	}
	counts := map[*Shape]int{}
	for _, each := range all { // when all are checked: a shape that requires itself may be reached by several
		if each.absent(counts) > MaxAbsent {
			problems = append(problems, each.tooMany(counts))
		}
	}
	markSecrets(all)
	return errors.Join(problems...)
}

// unfinished appends the shapes that can be reached and are not finished, and marks them as begun.
func (s *Shape) unfinished(list []*Shape) []*Shape {
	if s.byName != nil {
		return list
	}
	if s.Word == "" {
		s.Word = s.Name
	}
	s.names, s.byName, s.byWire = []string{}, make(map[string]int, len(s.Fields)), make(map[wireName]int, len(s.Fields))
	list = append(list, s)
	for i := range s.Fields {
		if object := s.Fields[i].Object; object != nil {
			list = object.unfinished(list)
		}
	}
	for _, subtype := range s.Subtypes {
		list = subtype.unfinished(list)
	}
	return list
}

func (s *Shape) index() error {
	var problems []error
	fail := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("shape: %s: %s", s.Name, fmt.Sprintf(format, args...)))
	}
	if len(s.Fields) > MaxFields {
		fail("has more than %d members", MaxFields)
	}
	for i := range s.Fields {
		s.add(i, fail)
	}
	for _, choice := range s.Choices {
		for _, i := range choice.Fields() {
			if i < 0 || i >= len(s.Fields) {
				fail("has a choice of a member that is not there")
			}
		}
	}
	switch {
	case s.Abstract && len(s.Subtypes) == 0:
		fail("is abstract and has no subtypes")
	case (s.Discriminator != "") != (len(s.Subtypes) > 0):
		fail("has a discriminator if and only if it has subtypes")
	}
	for _, subtype := range s.Subtypes {
		if wrong := s.Refuses(subtype); wrong != "" {
			fail("the subtype %s %s", subtype.Name, wrong)
		}
	}
	return errors.Join(problems...)
}

// markSecrets notes which fields are secrets or objects that can hold one. An object that holds one may be reached before that is known of what is
// inside, so it goes on until nothing changes.
func markSecrets(all []*Shape) {
	for _, s := range all {
		s.secret = slices.ContainsFunc(s.Fields, func(f Field) bool { return f.secret })
	}
	for changed := true; changed; {
		changed = false
		for _, s := range slices.Backward(all) { // what is inside comes last
			for i := range s.Fields {
				f := &s.Fields[i]
				if !f.secret && (f.Secret || f.Object != nil && (f.Object.secret || slices.ContainsFunc(f.Object.Subtypes, func(t *Shape) bool { return t.secret }))) {
					f.secret, s.secret, changed = true, true, true
				}
			}
		}
	}
}

// add prepares the lookups of a field.
func (s *Shape) add(i int, fail func(string, ...any)) {
	f := &s.Fields[i]
	if wrong := f.wrong(); wrong != "" {
		fail("%s: %s", f.Name, wrong)
	}
	if _, twice := s.byName[f.Name]; twice && !f.Hidden {
		fail("has the member %q twice", f.Name)
	}
	wire := wireName{f.Wire, f.Place}
	if f.Around != nil {
		wire.name = f.Around.Wire
	}
	if f.AnySpace {
		wire.name.Space = anySpace
	}
	if !f.Hidden {
		s.names, s.byName[f.Name] = append(s.names, f.Name), i
	}
	first, twice := s.byWire[wire]
	switch {
	case f.Place == Inline:
	case !twice:
		s.byWire[wire] = i
	case f.Place == Element && !f.AnySpace && !s.Fields[first].AnySpace:
		s.Twice = true
	default:
		fail("has %s %q twice", placeNames[f.Place], f.Wire.Local)
	}
}

var placeNames = [...]string{Element: "the element", Attribute: "the attribute", Content: "the content", Header: "the header block"}

// Refuses says why a shape cannot be used in place of s; empty when it can.
func (s *Shape) Refuses(subtype *Shape) string {
	sameField := func(a, b Field) bool {
		return a.Name == b.Name && a.Wire == b.Wire && a.Kind == b.Kind && a.Repeated == b.Repeated
	}
	switch {
	case subtype.Type.Local == "":
		return "has no name for xsi:type"
	case len(subtype.Fields) < len(s.Fields) || !slices.EqualFunc(s.Fields, subtype.Fields[:len(s.Fields)], sameField):
		return "does not begin with all members" // paths into s lead into its subtypes, too
	case subtype.find(s.Discriminator) >= 0:
		return fmt.Sprintf("has a member %q, which names the subtype", s.Discriminator)
	case subtype == s && s.Abstract:
		return "is abstract"
	}
	return ""
}

// HoldsSecret reports whether the field is a secret, or an object that can hold one.
func (f *Field) HoldsSecret() bool { return f.secret }

// MaxFields bounds the members of one object.
const MaxFields = 4096

// wrong says what is wrong with a field; empty when nothing is.
func (f *Field) wrong() string {
	if wrong := f.wrongPlace(); wrong != "" {
		return wrong
	}
	switch {
	case f.Name == "":
		return "has no JSON name"
	case strings.ContainsAny(f.Name, "/~"):
		return "has a JSON name with a sign that has a meaning in paths and JSON Pointers"
	case f.Place != Content && f.Place != Inline && !isLocalName(f.Wire.Local):
		return fmt.Sprintf("has the name %q on the wire, which is not the local name of an element", f.Wire.Local)
	case f.Kind < String || f.Kind > XML:
		return "has no kind"
	case (f.Kind == Object) != (f.Object != nil):
		return "has a shape if and only if it is an object"
	case f.Suffix != "" && f.Kind != String:
		return "has a suffix and is not a string"
	}
	return ""
}

// wrongPlace says why a field of its kind cannot be in its place.
func (f *Field) wrongPlace() string {
	isPlain := !f.Repeated && !f.Nillable && f.Kind != Object && f.Kind != XML
	isGroup, isWildcard := f.Kind == Object && f.Repeated, f.Kind == XML && f.Wildcard != nil
	switch {
	case (f.Place == Attribute || f.Place == Content) && !isPlain:
		return "is not an element, and is repeated, nillable, an object or XML"
	case f.Around != nil && (!f.Repeated || f.Place != Element || !isLocalName(f.Around.Wire.Local)):
		return "has an element around items, and is not an array of elements"
	case f.Place == Inline && (f.Nillable || !isGroup && !isWildcard):
		return "is inline, and neither a group that repeats nor a wildcard"
	}
	return ""
}

// isLocalName reports whether s can be the local part of a name (Namespaces in XML 1.0, production NCName, of which vendors use ASCII, letters of
// other scripts, and combining marks only behind a letter).
func isLocalName(s string) bool {
	for i, r := range s {
		switch {
		case r == '_', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= 0xC0 && r != 0xD7 && r != 0xF7 && r < 0xFFFE:
		case i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '.' || r == 0xB7):
		default:
			return false
		}
	}
	return s != ""
}

// anySpace is the namespace of AnySpace fields in lookups: no document can have it.
const anySpace = "\x00"

// Names returns the names of the members in JSON, in order. They are the shape's own.
func (s *Shape) Names() []string { return s.names }

// ByName finds a field by its name in JSON.
func (s *Shape) ByName(name []byte) (int, bool) {
	i, ok := s.byName[string(name)]
	return i, ok
}

// ByWire finds a field by its name on the wire.
func (s *Shape) ByWire(name xml.Name, place Place) (int, bool) {
	if i, ok := s.byWire[wireName{name, place}]; ok {
		return i, true
	}
	i, ok := s.byWire[wireName{xml.Name{Space: anySpace, Local: name.Local}, place}]
	return i, ok
}

// Holds reports whether an element is a member, be it within a group that repeats.
func (s *Shape) Holds(element xml.Name) bool {
	_, ok := s.ByWire(element, Element)
	return ok || slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Place == Inline && f.Object != nil && f.Object.Holds(element) })
}

// Again finds the next field behind field i that has the same element; negative where there is none.
func (s *Shape) Again(i int) int {
	for n := i + 1; n < len(s.Fields); n++ {
		if f := &s.Fields[n]; f.Place == Element && !f.AnySpace && f.Wire == s.Fields[i].Wire {
			return n
		}
	}
	return -1
}

// ByLocal finds an element's field by its local name alone, where a vendor is known to vary namespaces; the first one of that name.
func (s *Shape) ByLocal(local string) (int, bool) {
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Wire.Local == local && f.Place == Element {
			return i, true
		}
	}
	return 0, false
}

// Path is the way from a shape to a field inside, by the indexes of the fields. That of Find never leads through an array.
type Path []int

// Find resolves the names of members, separated by slashes: "baseRequest/userId". Hidden members are found, too.
func (s *Shape) Find(path string) (Path, error) {
	p, array, err := s.walk(path)
	if array != "" {
		return nil, fmt.Errorf("shape: %s: the member %s of %s is an array", s.Name, path, array)
	}
	return p, err
}

// FindEach is Find for a path that may lead through arrays, to a field of each item.
func (s *Shape) FindEach(path string) (Path, error) {
	p, _, err := s.walk(path)
	return p, err
}

// walk follows a path. It also returns the name of the last shape on the way whose member is an array.
func (s *Shape) walk(path string) (p Path, array string, err error) {
	at := s
	for name := range strings.SplitSeq(path, "/") {
		if at == nil {
			return nil, "", fmt.Errorf("shape: %s has no member %s: there is no object in front of %q", s.Name, path, name)
		}
		i := at.find(name)
		if i < 0 {
			return nil, "", fmt.Errorf("shape: %s has no member %s: %s has no %q", s.Name, path, at.Name, name)
		}
		if at.Fields[i].Repeated && len(p) < strings.Count(path, "/") {
			array = at.Name
		}
		p = append(p, i)
		at = at.Fields[i].Object
	}
	return p, array, nil
}

func (s *Shape) find(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Finder resolves several paths of one shape, and remembers what was wrong with them.
type Finder struct {
	Shape *Shape
	Err   error
}

// Find resolves a path as Shape.Find does.
func (f *Finder) Find(path string) Path {
	p, err := f.Shape.Find(path)
	f.Err = errors.Join(f.Err, err)
	return p
}
