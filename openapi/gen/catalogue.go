package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"soapbridge/api/edge"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/shape"
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

func (l *lister) shape(s *shape.Shape, pointer, wire string) {
	for i := range s.Fields {
		f := &s.Fields[i]
		at, element := pointer+"/"+f.Name, wire+"/"+f.Wire.Local
		if f.Repeated {
			at += "/*"
		}
		if f.Object != nil {
			l.shape(f.Object, at, element)
			continue
		}
		property := l.schemas.at(s.Name, "properties", f.Name)
		documented, _ := property["description"].(string)
		l.fields = append(l.fields, openapi.CatalogueField{
			Pointer: at, Wire: element, Secret: f.Secret, Required: isRequired(f),
			Type:          map[shape.Kind]string{shape.String: "string", shape.Boolean: "boolean", shape.Integer: "integer"}[f.Kind],
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

// ruleOf says the rules of a field in words.
func ruleOf(f *shape.Field) string {
	var parts []string
	say := func(holds bool, format string, args ...any) {
		if holds {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	a, text, number := &f.Facets, f.Kind == shape.String, f.Kind == shape.Integer && f.Rules != ""
	say(f.Required, "required, not blank")
	if text {
		say(a.MinLength != nil, "at least %d characters", value(a.MinLength))
		say(a.MaxLength != nil, "at most %d characters", value(a.MaxLength))
	}
	if number {
		say(a.Min != nil, "at least %d", value(a.Min))
		say(a.Max != nil, "at most %d", value(a.Max))
	}
	say(a.Enum != nil && !a.AnyCase, "one of %s", strings.Join(a.Enum, ", "))
	say(a.AnyCase, "one of %s, in any letter case", strings.Join(a.Enum, ", "))
	say(a.Form == shape.Date, "YYYY-MM-DD, a day that exists")
	say(a.Form == shape.DateTime, "YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone")
	say(a.Form == shape.Decimal, "a decimal number with at most %d digits before the point and %d after it", a.IntegerDigits, a.FractionDigits)
	say(a.Form == shape.Token, "words with one space between each two")
	return strings.Join(parts, "; ")
}

func value[T any](limit *T) (v T) {
	if limit != nil {
		v = *limit
	}
	return v
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
