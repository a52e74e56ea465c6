package openapi

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// schemas makes the JSON Schemas of shapes. Each shape has one in each direction.
type schemas struct {
	words words
	all   object
	names *components
	done  map[string]bool
}

// direction is an operation of which one direction is described.
type direction struct {
	*schemas

	op    *Operation
	reply bool
}

// begin adds a schema that is not there yet, to be filled: shapes may contain themselves.
func (s *schemas) begin(name string) (fill func(object), there bool) {
	if s.done[name] {
		return nil, true
	}
	s.done[name] = true
	i := len(s.all)
	s.all = append(s.all, member{name, nil})
	return func(schema object) { s.all[i].value = schema }, false
}

func (d direction) name(s *shape.Shape) string { return d.names.names[keyOf(d.op, s, d.reply)] }

// request adds the schema of a request and of everything inside. It is closed, and says every rule that JSON Schema can say.
func (d direction) request(of *shape.Shape) {
	fill, there := d.begin(d.name(of))
	if there {
		return
	}
	schema := d.objectOf(of)
	properties, required := object{}, list{}
	if of.Discriminator != "" { // in the place of another shape it is required: see object
		properties = append(properties, member{of.Discriminator, object{{"const", of.Word}}})
	}
	for i := range of.Fields {
		f := &of.Fields[i]
		if f.Hidden {
			continue
		}
		for _, inside := range inPlaceOf(f.Object) {
			d.request(inside)
		}
		if isRequired(f) {
			required = append(required, f.Name)
		}
		properties = append(properties, member{f.Name, d.property(of, f)})
	}
	if len(required) > 0 {
		schema.set("required", required)
	} else if !of.Empty {
		schema.set("minProperties", 1)
	}
	conditions := list{}
	for _, rule := range d.names.rules[keyOf(d.op, of, false)] {
		about, isMembers := rule["properties"].(map[string]any)
		if !isMembers || len(rule) > 1 {
			conditions = append(conditions, rule)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(about)) { // what a rule says of one member is said with the member
			properties.set(name, with(properties.in(name), about[name]))
		}
	}
	schema.set("properties", properties)
	schema.set("additionalProperties", false)
	if len(conditions) > 0 {
		schema.set("allOf", conditions)
	}
	fill(schema)
}

// objectOf begins the schema of a shape.
func (d direction) objectOf(s *shape.Shape) object {
	schema := object{{"type", "object"}}
	if about := harmless(s.About); about != "" {
		schema.set("description", about)
	}
	return schema
}

func with(property object, more any) object {
	keywords := more.(map[string]any) //nolint:forcetypeassert // a rule that says otherwise must fail the start
	for _, keyword := range slices.Sorted(maps.Keys(keywords)) {
		property.set(keyword, keywords[keyword])
	}
	return property
}

// result adds the schema of a success. It is open, because a later release may answer more, and has no rules, because vendors promise none:
// what a WSDL requires of a reply is not checked, and a client must not rely on it.
func (d direction) result(name string, of *shape.Shape, first ...member) {
	fill, there := d.begin(name)
	if there {
		return
	}
	schema := d.objectOf(of)
	properties, required := object{}, list{}
	for _, m := range first {
		properties, required = append(properties, m), append(required, m.name)
	}
	if of.Discriminator != "" {
		properties = append(properties, member{of.Discriminator, object{{"const", of.Word}}})
	}
	for i := range of.Fields {
		f := &of.Fields[i]
		if f.Hidden {
			continue
		}
		for _, inside := range inPlaceOf(f.Object) {
			d.result(d.name(inside), inside)
		}
		if f.Required && !d.op.isImported() {
			required = append(required, f.Name)
		}
		properties = append(properties, member{f.Name, d.property(of, f)})
	}
	if len(required) > 0 {
		schema.set("required", required)
	}
	schema.set("properties", properties)
	fill(schema)
}

// property describes a member.
func (d direction) property(of *shape.Shape, f *shape.Field) object {
	var schema object
	switch {
	case f.Object != nil:
		schema = d.object(f.Object)
	case d.reply:
		schema = leaf(f)
		enumerate(&schema, openEnum, f) // replies are not checked against it
	default:
		schema = constrained(f)
	}
	if f.Nillable {
		schema = orNil(schema)
	}
	if f.Repeated {
		schema = object{{"type", "array"}, {"items", schema}}
		if !d.reply {
			limit(&schema, "minItems", int64(f.MinItems), 0)
			limit(&schema, "maxItems", int64(f.MaxItems), 0)
		}
	}
	if about := d.about(of, f); about != "" {
		schema.set("description", about)
	}
	if !d.op.isImported() { // where everything is from the WSDL
		schema.set(sourceExtension, listOf(d.words.sources(d.op, of.Name, f.Name)))
	}
	return schema
}

// sourceExtension lists where the rules of a member, or the words about an operation, come from.
const sourceExtension = "x-source"

// about returns the words about a member, and about the values of its enumeration. What is said of its type is said there.
func (d direction) about(of *shape.Shape, f *shape.Field) string {
	about := d.words.member(d.op, of.Name, f.Name)
	if about == "" && (f.Object == nil || f.Object.About != f.About) {
		about = harmless(f.About)
	}
	sentences := []string{about}
	for _, value := range f.Facets.Enum {
		if note := harmless(sentence(f.Facets.EnumNotes[value])); note != "" {
			sentences = append(sentences, harmless(value)+": "+strings.TrimSuffix(note, ".")+".")
		}
	}
	return strings.TrimSpace(strings.Join(sentences, " "))
}

// object refers to the schema of a shape, or to those in its place. A request names the subtype that it means.
func (d direction) object(s *shape.Shape) object {
	if isAlone(s) {
		return ref("schemas", d.name(s))
	}
	name := d.names.names[keyOfUnion(d.op, s, d.reply)]
	fill, there := d.begin(name)
	if there {
		return ref("schemas", name)
	}
	inPlace := inPlaceOf(s)
	names := make(list, len(inPlace))
	for i, each := range inPlace {
		schema := ref("schemas", d.name(each))
		if each != s && !d.reply {
			schema = object{{"allOf", list{schema, object{{"required", list{s.Discriminator}}}}}}
		}
		names[i] = schema
	}
	if d.reply {
		fill(object{{"anyOf", names}})
	} else {
		fill(object{{"oneOf", names}})
	}
	return ref("schemas", name)
}

// orNil lets a value be null. Keywords that hold for every type would refuse null beside other types.
func orNil(schema object) object {
	typ := schema.get("type")
	if typ == nil || schema.index("enum") >= 0 || schema.index("const") >= 0 {
		return object{{"anyOf", list{schema, object{{"type", "null"}}}}}
	}
	types, several := typ.(list)
	if !several {
		types = list{typ}
	}
	schema.set("type", append(slices.Clone(types), "null"))
	return schema
}

// leaf is the type of a value, and an example.
func leaf(f *shape.Field) object {
	var schema object
	switch f.Kind {
	case shape.Boolean:
		schema = object{{"type", "boolean"}}
	case shape.Integer:
		schema = object{{"type", "integer"}, {"format", "int64"}}
		if value(f.Facets.Min) == math.MinInt32 {
			schema.set("format", "int32")
		}
	case shape.Float: // INF, -INF and NaN are strings
		schema = object{{"type", list{"number", "string"}}}
	case shape.XML:
		schema = object{{"type", "string"}, {"contentMediaType", "application/xml"}}
	case shape.String, shape.Object:
		schema = object{{"type", "string"}}
	}
	if f.Secret {
		schema.set("format", "password")
		schema.set("writeOnly", true)
	}
	if text, shown := exampleOf(f); shown && text != "" {
		schema.set("examples", list{inJSON(f, text)})
	}
	return schema
}

// inJSON is the text of a leaf as it is in JSON. An infinite number is a string there.
func inJSON(f *shape.Field, text string) any {
	isText := f.Kind == shape.String || f.Kind == shape.XML
	if value := jsontext.Value(text); !isText && value.IsValid() {
		return value
	}
	return text
}

// Patterns of lexical forms. Which days exist is what the formats date and date-time say; the year 0000 does not (XML Schema 1.0 part 2,
// section 3.2.7.1).
const (
	dayPattern      = `([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`
	datePattern     = `^` + dayPattern + `$`
	dateTimePattern = `^` + dayPattern + `T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,7})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$`
)

// constrained is a leaf with its facets.
func constrained(f *shape.Field) object {
	schema, a := leaf(f), &f.Facets
	if f.Fixed != nil {
		schema.set("const", inJSON(f, *f.Fixed))
	}
	if f.Default != nil {
		schema.set("default", inJSON(f, *f.Default))
	}
	switch f.Kind {
	case shape.Integer:
		if a.Min != nil {
			limit(&schema, "minimum", *a.Min, math.MinInt64)
		}
		if a.Max != nil {
			limit(&schema, "maximum", *a.Max, math.MaxInt64)
		}
		enumerate(&schema, "enum", f)
	case shape.Float:
		bound(&schema, a.Number)
	case shape.String:
		if a.Enum != nil {
			enumerate(&schema, "enum", f) // in any letter case where the field says so: tolerated, and not advertised
			return schema
		}
		if needsText(f) { // here because of the order of keywords; what follows may say more
			schema.set("minLength", 1)
			schema.set("pattern", rules.TextPattern)
		}
		lengths(&schema, f)
		if format := formats[a.Form]; format != "" {
			schema.set("format", format)
		}
		setPatterns(&schema, patterns(f))
		if a.Unique {
			schema.set("x-unique", true) // no word of JSON Schema says it of different objects
		}
	case shape.Boolean, shape.Object, shape.XML:
	}
	return schema
}

// formats are those of JSON Schema. Other dates may have a zone, or none.
var formats = map[shape.Form]string{shape.Date: "date", shape.DateTime: "date-time"}

func enumerate(schema *object, keyword string, f *shape.Field) {
	if f.Facets.Enum == nil {
		return
	}
	values := make(list, 0, len(f.Facets.Enum))
	for _, text := range f.Facets.Enum {
		if f.Kind != shape.String || !needsText(f) || !rules.Blank(text) {
			values = append(values, inJSON(f, text))
		}
	}
	schema.set(keyword, values)
}

// needsText reports whether a text that is blank counts as missing.
func needsText(f *shape.Field) bool { return f.Required && !f.Blank }

// bound restricts a Float. What is infinite is within no bound on its side, and NaN within none.
func bound(schema *object, n *shape.NumberFacets) {
	if n == nil {
		n = &shape.NumberFacets{}
	}
	keyword := func(name string, exclusive bool, limit string) {
		if exclusive {
			name = "exclusive" + strings.ToUpper(name[:1]) + name[1:]
		}
		if limit != "" {
			schema.set(name, jsontext.Value(limit))
		}
	}
	keyword("minimum", n.MinExclusive, n.Min)
	keyword("maximum", n.MaxExclusive, n.Max)
	switch {
	case n.Min == "" && n.Max == "":
		schema.set("pattern", `^(-?INF|NaN)$`)
	case n.Min == "":
		schema.set("pattern", `^-INF$`)
	case n.Max == "":
		schema.set("pattern", `^INF$`)
	default:
		schema.set("type", "number")
	}
}

// lengths are in characters, which are some for each byte and each item.
func lengths(schema *object, f *shape.Field) {
	a := &f.Facets
	low, high := int64(value(a.MinLength)), int64(value(a.MaxLength))
	switch a.Form {
	case shape.List:
		return // see itemsPattern
	case shape.Hex:
		low, high = 2*low, 2*high
	case shape.Base64: // of which four are three bytes; up to two bytes more are not said
		low, high = (low+2)/3*4, (high+2)/3*4
	default:
		if needsText(f) || a.Form == shape.Token {
			low = max(low, 1)
		}
	}
	limit(schema, "minLength", low, 0)
	if a.MaxLength != nil {
		schema.set("maxLength", high)
	}
}

// patterns are what a text must match, the one that says most first.
func patterns(f *shape.Field) (all []string) {
	a := &f.Facets
	for _, pattern := range a.Patterns {
		all = append(all, "^(?:"+pattern+")$")
	}
	implied := false // that a text is not blank
	switch form := rules.FormPattern(a); {
	case a.Form == shape.Date:
		all, implied = append(all, datePattern), true
	case a.Form == shape.DateTime:
		all, implied = append(all, dateTimePattern), true
	case a.Form == shape.Decimal:
		all, implied = append(all, fmt.Sprintf(`^-?[0-9]{1,%d}(\.[0-9]{1,%d})?$`, a.IntegerDigits, a.FractionDigits)), true
	case a.Form == shape.Token:
		all, implied = append(all, rules.WordsPattern), true
	case form != "":
		all, implied = append(all, "^(?:"+form+")$"), a.Form == shape.Number || a.Form == shape.XSDDate || a.Form == shape.XSDDateTime
	}
	if items := itemsPattern(a); items != "" {
		all = append(all, items)
	}
	if needsText(f) && !implied {
		all = append(all, rules.TextPattern)
	}
	return all
}

// mostRepeats is what all engines of regular expressions count to.
const mostRepeats = 1000

// itemsPattern says how many items a list has; empty where it may have any number, or a limit is not said.
func itemsPattern(a *shape.Facets) string {
	low, high := value(a.MinLength), value(a.MaxLength)
	if a.Form != shape.List || a.MinLength == nil && a.MaxLength == nil || low > mostRepeats || high > mostRepeats {
		return ""
	}
	const items = `^(?:[^ ]+(?: |$)){%d,%s}$`
	if a.MaxLength == nil {
		return fmt.Sprintf(items, low, "")
	}
	return fmt.Sprintf(items, low, strconv.Itoa(high))
}

// setPatterns writes the first pattern where all readers look for it.
func setPatterns(schema *object, patterns []string) {
	if len(patterns) == 0 {
		return
	}
	schema.set("pattern", patterns[0])
	more := list{}
	for _, pattern := range patterns[1:] {
		more = append(more, object{{"pattern", pattern}})
	}
	if len(more) > 0 {
		schema.set("allOf", more)
	}
}

// limit sets a limit, unless every value keeps it.
func limit(schema *object, keyword string, limit, none int64) {
	if limit != none {
		schema.set(keyword, limit)
	}
}

func value[T any](limit *T) (v T) {
	if limit != nil {
		v = *limit
	}
	return v
}
