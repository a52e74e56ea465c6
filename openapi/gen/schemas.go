package main

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
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
	definitions, done := doc.at("definitions"), map[reflect.Type]bool{}
	for _, op := range ops {
		constrainAll(definitions, op.RequestShape, done)
		describeOperation(doc.at("paths", op.Path, "post"), op)
	}
	describeDecode(doc, ops)
	return nil
}

// constrainAll says the rules of a request type and of everything inside.
func constrainAll(definitions node, s *soap.Shape, done map[reflect.Type]bool) {
	if done[s.Type] {
		return
	}
	done[s.Type] = true
	schema := definitions.at(s.Type.Name())
	schema["additionalProperties"], schema["minProperties"] = false, 1
	delete(schema, "required")
	var required []any
	for i := range s.Fields {
		f := &s.Fields[i]
		if isRequired(f) {
			required = append(required, f.Member)
		}
		if f.Object != nil {
			constrainAll(definitions, f.Object, done)
			continue
		}
		property := schema.at("properties", f.Member)
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
func isRequired(f *soap.Field) bool {
	if f.Optional || f.Repeated {
		return false
	}
	if f.Object != nil {
		for i := range f.Object.Fields {
			if isRequired(&f.Object.Fields[i]) {
				return true
			}
		}
		return false
	}
	return strings.HasPrefix(f.Tag.Get("validate"), "required")
}

// constrain says the rules of a member in the words of JSON Schema that Swagger 2.0 knows too.
func constrain(property node, f *soap.Field) {
	for _, word := range []string{"minLength", "maxLength", "minimum", "maximum", "enum"} {
		delete(property, word) // swag reads some of the tags, by rules of its own
	}
	switch f.Kind {
	case soap.Integer:
		property["format"] = fmt.Sprintf("int%d", f.Bits)
		if f.Bits == 32 {
			property["minimum"], property["maximum"] = math.MinInt32, math.MaxInt32
		}
	case soap.String:
		if f.Secret {
			property["format"] = "password"
		}
	case soap.Boolean, soap.Object:
	}
	for _, rule := range validation.ParseRules(f.Tag.Get("validate")) {
		constrainBy(property, f, rule)
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

func constrainBy(property node, f *soap.Field, rule validation.Rule) {
	switch rule.Word {
	case "required":
		property["minLength"] = 1
	case "notblank", "token":
		property["minLength"], property["pattern"] = 1, validation.TextPattern
	case "min", "max":
		word := map[string]string{"min": "minLength", "max": "maxLength"}[rule.Word]
		if f.Kind == soap.Integer {
			word = map[string]string{"min": "minimum", "max": "maximum"}[rule.Word]
		}
		property[word] = rule.Limit()
	case "oneof":
		property["enum"] = list(rule.List())
	case "oneofci":
		property["pattern"] = validation.AnyCasePattern(rule.List()...)
	case "date":
		property["format"], property["pattern"] = "date", datePattern
	case "datetime":
		property["format"], property["pattern"] = "date-time", dateTimePattern
	case "decimal":
		whole, fraction := rule.Digits()
		property["pattern"] = fmt.Sprintf(`^-?0*[0-9]{1,%d}(\.[0-9]{1,%d})?$`, whole, fraction)
	}
}

// rulesOf gives what the members of a request type must be to each other; nil where nothing is said.
func rulesOf(s *soap.Shape) node {
	r, ok := reflect.TypeAssert[translate.SchemaRules](reflect.New(s.Type))
	if !ok {
		return nil
	}
	return mustParse(r.SchemaRules())
}
