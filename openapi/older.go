package openapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// The older formats are the 3.1 document with less in it.

// older writes the document as OpenAPI 3.0.3, for generators that stop at conditions or at null. What the format cannot say is listed in
// the description.
func older(doc object) object {
	var unsaid []string
	schemas := doc.in("components").in("schemas")
	doc = onSchemas(doc, func(name string, schema object) object {
		if union := references(schema.get("anyOf")); name == "" && union != nil {
			schema = together(schemas, union)
		}
		lowered := lower(schema)
		if slices.ContainsFunc(conditions, func(keyword string) bool { return schema.index(keyword) >= 0 && lowered.index(keyword) < 0 }) {
			unsaid = append(unsaid, name)
		}
		return lowered
	})
	doc.set("openapi", "3.0.3")
	note(&doc, fmt.Sprintf("This is OpenAPI 3.0.3 for generators of clients. It does not say what members must be to each other in %s. The proxy checks it all the same: "+
		"[openapi.json](/openapi.json) has every rule.", enumerated(unsaid)))
	return doc
}

func note(doc *object, sentence string) {
	doc.edit(func(info *object) {
		info.set("description", fmt.Sprintf("%v\n\n%s", info.get("description"), sentence))
	}, "info")
}

// conditions are the keywords of rules between members.
var conditions = []string{"if", "then", "else", "not", "allOf", "anyOf", "oneOf"}

// onSchemas changes every schema of a document. The name is that of a component, or empty.
func onSchemas(o object, change func(name string, schema object) object) object {
	changed := make(object, len(o))
	for i, m := range o {
		switch inner := m.value.(type) {
		case object:
			switch m.name {
			case "schema":
				m.value = change("", inner)
			case "schemas":
				named := make(object, len(inner))
				for j, s := range inner {
					named[j] = member{s.name, change(s.name, asObject(s.value))}
				}
				m.value = named
			default:
				m.value = onSchemas(inner, change)
			}
		case list:
			items := slices.Clone(inner)
			for j, item := range items {
				if item, ok := item.(object); ok {
					items[j] = onSchemas(item, change)
				}
			}
			m.value = items
		}
		changed[i] = m
	}
	return changed
}

// lower writes a schema in the words of OpenAPI 3.0.3.
func lower(schema object) (lowered object) {
	for _, m := range schema {
		one := orNull(m.value)
		if one == nil {
			lowered = append(lowered, lowerKeyword(schema, m)...)
			continue
		}
		beside := slices.Clone(one)
		for _, m := range schema.without(m.name) {
			beside.set(m.name, m.value)
		}
		return lower(beside)
	}
	return lowered
}

// lowerKeyword returns what says the same as a keyword of a schema, as far as the format can.
func lowerKeyword(schema object, m member) object {
	switch m.name {
	case "$ref":
		if len(schema) > 1 { // a reference has nothing beside it there
			return object{{"allOf", list{object{m}}}}
		}
	case "examples":
		if examples, ok := m.value.(list); ok {
			return object{{"example", examples[0]}}
		}
	case "type":
		if types, ok := m.value.(list); ok {
			m.value = types[0]
		}
	case "const":
		return object{{"enum", list{m.value}}}
	case "enum":
		if schema.index("const") >= 0 { // which says more
			return nil
		}
		m.value = withoutNull(m.value)
	case "properties":
		m.value = each(asObject(m.value), lower)
	case "items":
		m.value = lower(asObject(m.value))
	case "contentMediaType", "contentEncoding":
		return nil
	default:
		if slices.Contains(conditions, m.name) {
			return unionOf(m)
		}
	}
	return object{m}
}

// references returns the names of the schemas that a union is of; nil where it is of anything else.
func references(union any) (names []string) {
	schemas, _ := union.(list)
	for _, s := range schemas {
		o, _ := s.(object)
		target, isReference := o.get("$ref").(string)
		if !isReference {
			return nil
		}
		names = append(names, strings.TrimPrefix(target, "#/components/schemas/"))
	}
	return names
}

// together describes an answer that is one of several objects as one object with the members of all, of which those are required that all require: ogen
// has no union of objects, and Swagger 2.0 none at all. A member that is not the same in all is of any type.
func together(schemas object, names []string) object {
	properties, required := object{}, list(nil)
	for i, name := range names {
		schema := schemas.in(name)
		theirs, _ := schema.get("required").(list)
		if i == 0 {
			required = slices.Clone(theirs)
		}
		required = slices.DeleteFunc(required, func(member any) bool { return !slices.Contains(theirs, member) })
		for _, m := range schema.in("properties") {
			same := properties.index(m.name) < 0 || reflect.DeepEqual(typeOf(properties.in(m.name)), typeOf(asObject(m.value)))
			if !same {
				m.value = object{{"description", asObject(m.value).get("description")}}
			}
			properties.set(m.name, m.value)
		}
	}
	return object{{"type", "object"}, {"required", required}, {"properties", properties}}
}

// typeOf is a schema without what people read.
func typeOf(schema object) object { return schema.without("description", "examples", sourceExtension) }

// withoutNull leaves null out of the values of an enumeration: what may be null is not said.
func withoutNull(values any) any {
	if values, ok := values.(list); ok {
		return slices.DeleteFunc(slices.Clone(values), func(v any) bool { return v == nil })
	}
	return values
}

// orNull returns the schema that may be null instead; nil where the value is something else.
func orNull(value any) object {
	if either, ok := value.(list); ok && len(either) == 2 {
		if null, _ := either[1].(object); null.get("type") == "null" {
			return asObject(either[0])
		}
	}
	return nil
}

// unionOf returns a union of references alone: the answers of several operations, or the subtypes of an object. What the member of each subtype's name
// requires is not said, so that several may hold. Any other condition is left out.
func unionOf(m member) object {
	schemas, _ := m.value.(list)
	union := make(list, len(schemas))
	for i, s := range schemas {
		o, _ := s.(object)
		if parts, several := o.get("allOf").(list); several && len(o) == 1 {
			o, _ = parts[0].(object)
			m.name = "anyOf"
		}
		if len(o) != 1 || o[0].name != "$ref" {
			return nil
		}
		union[i] = o
	}
	if schemas == nil {
		return nil
	}
	return object{{m.name, union}}
}

// swagger writes an OpenAPI 3.0.3 document as Swagger 2.0.
func swagger(doc object) object {
	components := doc.in("components")
	old := object{
		{"swagger", "2.0"}, {"info", doc.get("info")}, {"basePath", "/"}, {"security", doc.get("security")}, {"tags", doc.get("tags")},
	}
	note(&old, "Swagger 2.0 has neither examples of answers nor one of several schemas: they are in openapi.json.")
	s := swagger20{components.in("headers")}
	paths := object{}
	for _, p := range doc.in("paths") {
		paths.set(p.name, each(asObject(p.value), s.operation))
	}
	old.set("paths", paths)
	old.set("parameters", each(components.in("parameters"), s.parameter))
	old.set("responses", each(components.in("responses"), s.response))
	if components.index("securitySchemes") >= 0 {
		old.set("securityDefinitions", object{
			{"bearer", object{{"type", "apiKey"}, {"in", "header"}, {"name", "Authorization"}, {"description", "`Bearer ` and the API key or JWT."}}},
			{"apiKey", components.in("securitySchemes").in("apiKey")},
		})
	}
	old.set("definitions", components.in("schemas"))
	return asObject(rewrite(old, func(o object) any {
		if target, ok := o.get("$ref").(string); ok {
			o.set("$ref", moved.Replace(target))
		}
		return slices.DeleteFunc(o, func(m member) bool {
			_, isSchema := m.value.(object) // of a member of that name
			return !isSchema && slices.Contains([]string{"oneOf", "anyOf", "writeOnly"}, m.name)
		})
	}))
}

var moved = strings.NewReplacer("#/components/schemas/", "#/definitions/", "#/components/", "#/")

func each(all object, change func(object) object) (changed object) {
	for _, m := range all {
		changed = append(changed, member{m.name, change(asObject(m.value))})
	}
	return changed
}

// swagger20 rewrites the parts of operations. In Swagger 2.0 headers are not components.
type swagger20 struct{ headers object }

func (s swagger20) operation(o object) object {
	old := o.without("parameters", "requestBody", "responses")
	parameters := list{}
	modern, _ := o.get("parameters").(list)
	for _, p := range modern {
		parameters = append(parameters, s.parameter(asObject(p)))
	}
	if body := o.in("requestBody"); body != nil {
		content := body.in("content")
		old.set("consumes", names(content))
		parameters = append(parameters, object{
			{"name", "request"}, {"in", "body"}, {"description", body.get("description")}, {"required", true}, {"schema", asObject(content[0].value).get("schema")},
		})
	}
	old.set("produces", list{"application/json", problemType})
	old.set("parameters", parameters)
	old.set("responses", each(o.in("responses"), s.response))
	return old
}

func names(content object) (names list) {
	for _, m := range content {
		names = append(names, m.name)
	}
	return names
}

func (s swagger20) parameter(p object) object {
	old := p.without("schema", "example")
	old = append(old, p.in("schema").without("example")...)
	if p.get("in") == "query" && old.get("type") == "array" {
		old.set("collectionFormat", "multi")
	}
	if example := p.get("example"); example != nil {
		old.set("x-example", example)
	}
	return old
}

func (s swagger20) response(r object) object {
	if r.index("$ref") >= 0 {
		return r
	}
	old := object{{"description", r.get("description")}}
	if content := r.in("content"); content != nil {
		old.set("schema", asObject(content[0].value).get("schema"))
	}
	headers := object{}
	for _, m := range r.in("headers") {
		header := s.headers.in(m.name)
		headers.set(m.name, append(object{{"description", header.get("description")}}, header.in("schema").without("example")...))
	}
	if len(headers) > 0 {
		old.set("headers", headers)
	}
	return old
}
