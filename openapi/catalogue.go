package openapi

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/shape"
)

// CataloguePath and DecodePath are routes of this package's and of the demo's own.
const (
	CataloguePath = "/v1/operations-catalogue"
	DecodePath    = "/v1/tools/decode"
)

// Catalogue lists what the proxy speaks, from the vendors' pages to the JSON.
type Catalogue struct {
	// Every operation that the proxy offers.
	Operations []CatalogueOperation `json:"operations" validate:"required"`
}

// CatalogueOperation is one operation of a vendor.
type CatalogueOperation struct {
	// The vendor's name.
	Name string `json:"name" validate:"required" example:"CreateService"`
	// The system's name in routes and settings.
	System string `json:"system" validate:"required" example:"mds"`
	// What the operation does, in a few words.
	Summary string `json:"summary" validate:"required" example:"Put a service on a subscription, an account or an agreement"`
	// The HTTP method of its route.
	Method string `json:"method" validate:"required" example:"POST"`
	// The path of its route.
	Path string `json:"path" validate:"required" example:"/v1/mds/services"`
	// What a caller must be granted.
	Scope string `json:"scope" validate:"required" example:"mds:services:create"`
	// The SOAPAction, without quotes; empty where the vendor documents none.
	SOAPAction string `json:"soapAction" validate:"required"`
	// The versions of SOAP that the service speaks.
	SOAPVersions []string `json:"soapVersions" validate:"required" example:"1.1"`
	// The namespace of the operation element.
	Namespace string `json:"namespace" validate:"required" example:"http://mdsuk.com/ws/dise3g/services/definition"`
	// Every value that a request may hold, in the order of the envelope.
	Fields []CatalogueField `json:"fields" validate:"required"`
}

// CatalogueField is one value of a request.
type CatalogueField struct {
	// JSON Pointer into the request; * is any index of an array.
	Pointer string `json:"pointer" validate:"required" example:"/serviceData/customerLevel"`
	// Path of the element inside the Body, by local names.
	Wire string `json:"wire" validate:"required" example:"CreateService/ServiceData/ServiceData/CustomerLevel"`
	// The JSON type of the value.
	Type string `json:"type" validate:"required" enums:"string,boolean,integer" example:"string"`
	// Required wherever the object that holds it is present.
	Required bool `json:"required" validate:"required" example:"true"`
	// Never shown in any log, answer or record.
	Secret bool `json:"secret,omitempty" example:"false"`
	// What is checked before anything is sent.
	Rule string `json:"rule,omitempty" example:"required, not blank; one of SUBSCRIPTION, ACCOUNT, AGREEMENT, in any letter case"`
	// The rule as it is documented.
	Documentation string `json:"documentation,omitempty" example:"Subscription or Account [page], or Agreement [source], in any letter case; upper case on the wire."`
	// Where it comes from: page (printed on the vendor's page), source (the vendor's own schema), decided (this product's choice), or a note.
	Sources []string `json:"sources" validate:"required" example:"page,source"`
	// The vendor's numbered errors that are about this value.
	Errors []CatalogueError `json:"errors,omitempty"`
}

// CatalogueError is an error that the vendor numbers.
type CatalogueError struct {
	// The code of the error in a problem.
	Code string `json:"code" validate:"required" example:"emersion-25"`
	// The error in the vendor's words.
	Sentence string `json:"sentence" validate:"required" example:"Invalid or Missing Account Type"`
}

// catalogue lists every operation and every value that a request may hold.
func catalogue(operations []Operation, w words) (all Catalogue) {
	for _, op := range operations {
		l := lister{words: w, errors: op.Errors}
		l.list(op.Request, "", op.Wire, nil)
		all.Operations = append(all.Operations, CatalogueOperation{
			Name: op.Name, System: op.System, Summary: w.operation(op).Summary, Method: cmp.Or(op.Method, "POST"), Path: op.Path, Scope: op.Scope,
			SOAPAction: op.SOAPAction, SOAPVersions: op.SOAPVersions, Namespace: op.Namespace, Fields: l.fields,
		})
	}
	return all
}

type lister struct {
	words  words
	errors []NumberedError
	fields []CatalogueField
}

// list adds the values of a shape. A shape that contains itself is expanded once.
func (l *lister) list(s *shape.Shape, pointer, wire string, around []*shape.Shape) {
	for i := range s.Fields {
		f := &s.Fields[i]
		at, element := pointer+"/"+f.Name, wire+"/"+f.Wire.Local
		if f.Repeated {
			at += "/*"
		}
		switch {
		case f.Object == nil:
			l.add(s, f, at, element)
		case !slices.Contains(around, f.Object):
			l.list(f.Object, at, element, append(around, s))
		}
	}
}

var typeNames = map[shape.Kind]string{
	shape.String: "string", shape.Boolean: "boolean", shape.Integer: "integer", shape.Float: "number", shape.XML: "string",
}

func (l *lister) add(s *shape.Shape, f *shape.Field, pointer, wire string) {
	documented := l.words.member(s.Name, f.Name)
	field := CatalogueField{
		Pointer: pointer, Wire: wire, Type: typeNames[f.Kind], Required: isRequired(f), Secret: f.Secret, Rule: ruleOf(f),
		Documentation: documented, Sources: sourcesOf(documented),
	}
	for _, e := range l.errors {
		if slices.Contains(e.Pointers, pointer) {
			field.Errors = append(field.Errors, CatalogueError{Code: e.Code, Sentence: e.Sentence})
		}
	}
	l.fields = append(l.fields, field)
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

var (
	provenance = regexp.MustCompile(`\[(page|source|decided)[^\]]*\]`)
	vendorNote = regexp.MustCompile(`(?i)\bnotes? \d+( to \d+)?`)
)

// sourcesOf reads the marks of a comment. A field without a mark is printed on the vendor's page, and has no other source.
func sourcesOf(documented string) (sources []string) {
	for _, m := range provenance.FindAllStringSubmatch(documented, -1) {
		sources = append(sources, m[1])
	}
	for _, n := range vendorNote.FindAllString(documented, -1) {
		sources = append(sources, strings.ToLower(n))
	}
	if sources == nil {
		return []string{"page"}
	}
	slices.Sort(sources)
	return slices.Compact(sources)
}
