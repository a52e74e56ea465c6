package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"soapbridge/api/edge"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// catalogue lists every operation and every value that a request may hold.
func catalogue(doc node, ops []translate.Operation) openapi.Catalogue {
	var all openapi.Catalogue
	for _, op := range ops {
		entry := openapi.CatalogueOperation{
			Name: op.Name, System: op.System, Method: "POST", Path: op.Path, Scope: string(edge.ScopeOf(op)),
			Summary:    fmt.Sprint(doc.at("paths", op.Path, "post")["summary"]),
			SOAPAction: op.Binding.Action, Namespace: op.Binding.Namespace,
		}
		for _, v := range op.Versions {
			entry.SOAPVersions = append(entry.SOAPVersions, v.String())
		}
		l := lister{schemas: doc.at("components", "schemas"), errors: op.Errors}
		l.shape(op.RequestShape, "", strings.Join(op.Binding.Request, "/"))
		entry.Fields = l.fields
		all.Operations = append(all.Operations, entry)
	}
	return all
}

type lister struct {
	schemas node
	errors  []translate.NumberedError
	fields  []openapi.CatalogueField
}

func (l *lister) shape(s *soap.Shape, pointer, wire string) {
	for i := range s.Fields {
		f := &s.Fields[i]
		at, element := pointer+"/"+f.Member, wire+"/"+f.Element
		if f.Repeated {
			at += "/*"
		}
		if f.Object != nil {
			l.shape(f.Object, at, element)
			continue
		}
		property := l.schemas.at(s.Type.Name(), "properties", f.Member)
		documented, _ := property["description"].(string)
		l.fields = append(l.fields, openapi.CatalogueField{
			Pointer: at, Wire: element, Secret: f.Secret, Required: isRequired(f),
			Type:          map[soap.Kind]string{soap.String: "string", soap.Boolean: "boolean", soap.Integer: "integer"}[f.Kind],
			Rule:          ruleOf(f),
			Documentation: documented, Sources: sourcesOf(documented), Errors: l.numbered(at),
		})
	}
}

func (l *lister) numbered(pointer string) (list []openapi.CatalogueError) {
	for _, e := range l.errors {
		if slices.Contains(e.Pointers, pointer) {
			list = append(list, openapi.CatalogueError{Code: string(e.Code), Sentence: e.Sentence})
		}
	}
	return list
}

// ruleOf says the tags in words.
func ruleOf(f *soap.Field) string {
	var parts []string
	for _, rule := range validation.ParseRules(f.Tag.Get("validate")) {
		if words := inWords(rule, f.Kind == soap.Integer); words != "" {
			parts = append(parts, words)
		}
	}
	return strings.Join(parts, "; ")
}

func inWords(rule validation.Rule, number bool) string {
	unit := " characters"
	if number {
		unit = ""
	}
	switch rule.Word {
	case "required":
		return "required, not blank"
	case "min":
		return fmt.Sprintf("at least %d%s", rule.Limit(), unit)
	case "max":
		return fmt.Sprintf("at most %d%s", rule.Limit(), unit)
	case "oneof":
		return "one of " + strings.Join(rule.List(), ", ")
	case "oneofci":
		return "one of " + strings.Join(rule.List(), ", ") + ", in any letter case"
	case "date":
		return "YYYY-MM-DD, a day that exists"
	case "datetime":
		return "YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone"
	case "decimal":
		whole, fraction := rule.Digits()
		return fmt.Sprintf("a decimal number with at most %d digits before the point and %d after it", whole, fraction)
	case "token":
		return "not blank"
	}
	return "" // notblank belongs to required, omitnil and dive are no rules
}

var (
	mark = regexp.MustCompile(`\[(page|source|decided)[^\]]*\]`)
	note = regexp.MustCompile(`(?i)\bnotes? \d+( to \d+)?`)
)

// sourcesOf reads the marks of a comment. What has none is printed on the vendor's page and nothing more is known of it.
func sourcesOf(documented string) (sources []string) {
	for _, m := range mark.FindAllStringSubmatch(documented, -1) {
		sources = append(sources, m[1])
	}
	for _, n := range note.FindAllString(documented, -1) {
		sources = append(sources, strings.ToLower(n))
	}
	if sources == nil {
		return []string{"page"}
	}
	slices.Sort(sources)
	return slices.Compact(sources)
}
