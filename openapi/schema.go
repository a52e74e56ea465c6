package openapi

import (
	"fmt"
	"maps"
	"math"
	"slices"

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
		properties = append(properties, member{of.Discriminator, object{{"const", of.Name}}})
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

// result adds the schema of a success. It is open, because a later release may answer more, and has no rules, because vendors promise none.
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
		properties = append(properties, member{of.Discriminator, object{{"const", of.Name}}})
	}
	for i := range of.Fields {
		f := &of.Fields[i]
		if f.Hidden {
			continue
		}
		for _, inside := range inPlaceOf(f.Object) {
			d.result(d.name(inside), inside)
		}
		if f.Required {
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
	default:
		schema = constrained(f)
	}
	if f.Nillable {
		schema = orNil(schema)
	}
	if f.Repeated {
		schema = object{{"type", "array"}, {"items", schema}}
		limit(&schema, "minItems", int64(f.MinItems), 0)
		limit(&schema, "maxItems", int64(f.MaxItems), 0)
	}
	if about := d.about(of, f); about != "" {
		schema.set("description", about)
	}
	return schema
}

// about returns the words about a member. What is said of its type is said there.
func (d direction) about(of *shape.Shape, f *shape.Field) string {
	if about := d.words.member(d.op, of.Name, f.Name); about != "" || f.Object != nil && f.Object.About == f.About {
		return about
	}
	return harmless(f.About)
}

// object refers to the schema of a shape, or to those in its place. A request names the subtype that it means.
func (d direction) object(s *shape.Shape) object {
	inPlace := inPlaceOf(s)
	if len(inPlace) == 1 && inPlace[0] == s {
		return ref("schemas", d.name(s))
	}
	names := make(list, len(inPlace))
	for i, each := range inPlace {
		schema := ref("schemas", d.name(each))
		if each != s && !d.reply {
			schema = object{{"allOf", list{schema, object{{"required", list{s.Discriminator}}}}}}
		}
		names[i] = schema
	}
	if d.reply {
		return object{{"anyOf", names}}
	}
	return object{{"oneOf", names}}
}

// orNil returns a schema that null obeys, too.
func orNil(schema object) object {
	if schema.index("type") < 0 || schema.index("const") >= 0 {
		return object{{"anyOf", list{schema, object{{"type", "null"}}}}}
	}
	types, several := schema.get("type").(list)
	if !several {
		types = list{schema.get("type")}
	}
	schema.set("type", append(slices.Clone(types), "null"))
	if values, ok := schema.get("enum").(list); ok {
		schema.set("enum", append(slices.Clone(values), nil))
	}
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
	case shape.String, shape.XML, shape.Object:
		schema = object{{"type", "string"}}
	}
	if f.Secret {
		schema.set("format", "password")
		schema.set("writeOnly", true)
	}
	if text, shown := exampleOf(f); shown && text != "" {
		schema.set("examples", list{jsontext.Value(quotedIn(f, text))})
	}
	return schema
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
		schema.set("const", jsontext.Value(quotedIn(f, *f.Fixed)))
	}
	if f.Kind == shape.Integer && a.Min != nil {
		limit(&schema, "minimum", *a.Min, math.MinInt64)
	}
	if f.Kind == shape.Integer && a.Max != nil {
		limit(&schema, "maximum", *a.Max, math.MaxInt64)
	}
	if f.Kind != shape.String {
		return schema
	}
	if a.Enum != nil {
		schema.set("enum", listOf(a.Enum)) // in any letter case where the field says so: tolerated, and not advertised
		return schema
	}
	if f.Required && !f.Blank {
		schema.set("minLength", 1)
		schema.set("pattern", rules.TextPattern)
	}
	limit(&schema, "minLength", int64(value(a.MinLength)), 0)
	limit(&schema, "maxLength", int64(value(a.MaxLength)), 0)
	switch a.Form {
	case shape.Date:
		schema.set("format", "date")
		schema.set("pattern", datePattern)
	case shape.DateTime:
		schema.set("format", "date-time")
		schema.set("pattern", dateTimePattern)
	case shape.Decimal:
		schema.set("pattern", fmt.Sprintf(`^-?[0-9]{1,%d}(\.[0-9]{1,%d})?$`, a.IntegerDigits, a.FractionDigits))
	case shape.Token:
		schema.set("minLength", 1)
		schema.set("pattern", rules.WordsPattern)
	case shape.AnyText:
	}
	for _, pattern := range a.Patterns {
		schema.set("pattern", "^(?:"+pattern+")$")
	}
	return schema
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
