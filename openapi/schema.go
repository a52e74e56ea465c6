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

// schemas makes the JSON Schemas of shapes. Each shape has one, by its name.
type schemas struct {
	words words
	all   object
}

// request adds the schema of a request and of everything inside. It is closed, and says every rule that JSON Schema can say.
func (s *schemas) request(of *shape.Shape, set *rules.Set) {
	if s.all.index(of.Name) >= 0 {
		return
	}
	s.all.set(of.Name, nil) // shapes may contain themselves
	schema := object{{"type", "object"}}
	properties, required := object{}, list{}
	if of.Discriminator != "" { // in the place of another shape it is required: see property
		properties.set(of.Discriminator, object{{"const", of.Word}})
	}
	for i := range of.Fields {
		f := &of.Fields[i]
		if f.Object != nil {
			for _, subtype := range slices.Concat(f.Object.Subtypes, []*shape.Shape{f.Object}) {
				s.request(subtype, set)
			}
		}
		if isRequired(f) {
			required = append(required, f.Name)
		}
		properties = append(properties, member{f.Name, s.property(of, f, constrained)})
	}
	if len(required) > 0 {
		schema.set("required", required)
	} else if !of.Empty {
		schema.set("minProperties", 1)
	}
	conditions := list{}
	for _, rule := range set.Schemas(of) {
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
	s.all.set(of.Name, schema)
}

func with(property object, more any) object {
	keywords := more.(map[string]any) //nolint:forcetypeassert // a rule that says otherwise must fail the start
	for _, keyword := range slices.Sorted(maps.Keys(keywords)) {
		property.set(keyword, keywords[keyword])
	}
	return property
}

// result adds the schema of a success. It is open, because a later release may answer more, and has no rules, because vendors promise none.
func (s *schemas) result(name string, of *shape.Shape, first ...member) {
	if s.all.index(name) >= 0 {
		return
	}
	s.all.set(name, nil)
	properties, required := object{}, list{}
	for _, m := range first {
		properties, required = append(properties, m), append(required, m.name)
	}
	for i := range of.Fields {
		f := &of.Fields[i]
		if f.Hidden {
			continue
		}
		if f.Object != nil {
			s.result(f.Object.Name, f.Object)
		}
		if f.Required {
			required = append(required, f.Name)
		}
		properties = append(properties, member{f.Name, s.property(of, f, leaf)})
	}
	schema := object{{"type", "object"}}
	if len(required) > 0 {
		schema.set("required", required)
	}
	schema.set("properties", properties)
	s.all.set(name, schema)
}

// property describes a member. Leaf describes what is not an object.
func (s *schemas) property(of *shape.Shape, f *shape.Field, leaf func(*shape.Field) object) object {
	var schema object
	switch {
	case f.Object == nil:
		schema = leaf(f)
	case len(f.Object.Subtypes) > 0:
		names := make(list, 0, len(f.Object.Subtypes))
		for _, subtype := range f.Object.Subtypes {
			schema := ref("schemas", subtype.Name)
			if subtype != f.Object {
				schema = object{{"allOf", list{schema, object{{"required", list{f.Object.Discriminator}}}}}}
			}
			names = append(names, schema)
		}
		schema = object{{"oneOf", names}}
	default:
		schema = ref("schemas", f.Object.Name)
	}
	switch {
	case f.Nillable && f.Object != nil:
		schema = object{{"anyOf", list{schema, object{{"type", "null"}}}}}
	case f.Nillable:
		schema.set("type", list{schema.get("type"), "null"})
	}
	if f.Repeated {
		schema = object{{"type", "array"}, {"items", schema}}
		limit(&schema, "minItems", int64(f.MinItems), 0)
		limit(&schema, "maxItems", int64(f.MaxItems), 0)
	}
	if about := s.words.member(of.Name, f.Name); about != "" {
		schema.set("description", about)
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
	if text := exampleOf(f); text != "" {
		schema.set("examples", list{inJSON(f, text)})
	}
	return schema
}

// inJSON is the text of a leaf as it is in JSON.
func inJSON(f *shape.Field, text string) any {
	if f.Kind == shape.Boolean || f.Kind == shape.Integer || f.Kind == shape.Float {
		return jsontext.Value(text)
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
	if f.Kind == shape.Integer {
		limit(&schema, "minimum", value(a.Min), math.MinInt64)
		limit(&schema, "maximum", value(a.Max), math.MaxInt64)
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
