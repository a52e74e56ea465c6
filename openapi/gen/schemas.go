package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"

	"soapbridge/translate"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// describe completes the Swagger 2.0 document with what swag does not know: the rules of the tags in full, closed objects, the headers and the
// answers that all operations share.
func describe(doc node, ops []translate.Operation) error {
	doc["basePath"] = "/"
	doc["securityDefinitions"] = node{
		"bearer": node{"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Bearer ` and the API key."},
		"apiKey": node{"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The API key."},
	}
	doc["security"] = []any{node{"bearer": []any{}}, node{"apiKey": []any{}}}
	if err := checkAnnotations(doc, ops); err != nil {
		return err
	}
	definitions, done := doc.at("definitions"), map[string]bool{}
	for _, op := range ops {
		constrainAll(definitions, op.RequestShape, done)
		describeOperation(doc.at("paths", op.Path, "post"), op)
	}
	describeDecode(doc, ops)
	return nil
}

// constrainAll says the rules of a request type and of everything inside.
func constrainAll(definitions node, s *shape.Shape, done map[string]bool) {
	if done[s.Name] {
		return
	}
	done[s.Name] = true
	schema := definitions.at(s.Name)
	schema["additionalProperties"], schema["minProperties"] = false, 1
	delete(schema, "required")
	var required []any
	for i := range s.Fields {
		f := &s.Fields[i]
		if isRequired(f) {
			required = append(required, f.Name)
		}
		if f.Object != nil {
			constrainAll(definitions, f.Object, done)
			continue
		}
		property := schema.at("properties", f.Name)
		if description, ok := property["description"].(string); ok {
			property["description"] = sentence(description)
		}
		constrain(property, f)
	}
	if required != nil {
		schema["required"] = required
	}
}

// isRequired tells whether an object must have a member. An object that is absent is checked as {} (contract.md, section 0): it is required
// when anything inside is.
func isRequired(f *shape.Field) bool {
	if f.Object == nil || !f.Required {
		return f.Required
	}
	for i := range f.Object.Fields {
		if isRequired(&f.Object.Fields[i]) {
			return true
		}
	}
	return false
}

// constrain says the rules of a member in the words of JSON Schema that Swagger 2.0 knows too.
func constrain(property node, f *shape.Field) {
	for _, word := range []string{"minLength", "maxLength", "minimum", "maximum", "enum"} {
		delete(property, word) // swag reads some of the tags, by rules of its own
	}
	a := &f.Facets
	switch f.Kind {
	case shape.Integer:
		property["format"] = "int64"
		if value(a.Min) == math.MinInt32 {
			property["format"] = "int32"
		}
		limit(property, "minimum", a.Min, math.MinInt64)
		limit(property, "maximum", a.Max, math.MaxInt64)
	case shape.String:
		if f.Secret {
			property["format"] = "password"
		}
		if f.Required {
			property["minLength"], property["pattern"] = 1, rules.TextPattern
		}
		limit(property, "minLength", a.MinLength, 0)
		limit(property, "maxLength", a.MaxLength, 0)
	case shape.Boolean, shape.Float, shape.Object, shape.XML:
	}
	switch a.Form {
	case shape.Date:
		property["format"], property["pattern"] = "date", datePattern
	case shape.DateTime:
		property["format"], property["pattern"] = "date-time", dateTimePattern
	case shape.Decimal:
		property["pattern"] = fmt.Sprintf(`^-?[0-9]{1,%d}(\.[0-9]{1,%d})?$`, a.IntegerDigits, a.FractionDigits)
	case shape.Token:
		property["minLength"], property["pattern"] = 1, rules.WordsPattern
	case shape.AnyText:
	}
	if a.AnyCase {
		property["pattern"] = rules.AnyCasePattern(a.Enum...)
	} else if a.Enum != nil {
		property["enum"] = list(a.Enum)
	}
	if _, listed := property["enum"]; listed {
		delete(property, "pattern")
		delete(property, "minLength")
	}
}

// Patterns of lexical forms. Which days exist is what the formats date and date-time say; the year 0000 does not (XML Schema 1.0 part 2,
// section 3.2.7.1).
const (
	dayPattern      = `([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`
	datePattern     = `^` + dayPattern + `$`
	dateTimePattern = `^` + dayPattern + `T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,7})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$`
)

// limit says a limit, but for one that every number keeps.
func limit[T int | int64](property node, word string, limit *T, none T) {
	if limit != nil && *limit != none {
		property[word] = *limit
	}
}

// rulesOf returns what the members of a request type must be to each other; nil where nothing is said. Several rules hold together, and what they
// say of single members is said with those.
func rulesOf(op translate.Operation, s *shape.Shape) node {
	schema, members, others := node{}, node{}, []any{}
	for _, rule := range op.Rules.Schemas(s) {
		text, err := json.Marshal(rule)
		if err != nil {
			panic(err) // plain data
		}
		fragment := mustParse(string(text))
		if properties, ok := fragment["properties"].(node); ok && len(fragment) == 1 {
			maps.Copy(members, properties)
		} else {
			others = append(others, fragment)
		}
	}
	if len(members) > 0 {
		schema["properties"] = members
	}
	switch len(others) {
	case 0:
	case 1:
		maps.Copy(schema, others[0].(node)) //nolint:forcetypeassert // put in above
	default:
		schema["allOf"] = others
	}
	return schema
}
