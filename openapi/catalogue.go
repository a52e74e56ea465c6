package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/rules"
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
	// There are more fields than are listed: the schema of the request in /openapi.json has all of them.
	FieldsTruncated bool `json:"fieldsTruncated,omitempty" example:"false"`

	id      string           // see Operation.ID
	unknown []UnknownElement // for people: it is of one process, and programs have a metric
}

// ID names the operation within the page.
func (o CatalogueOperation) ID() string { return o.id }

// Title is its name, and the system's where another system may have the name, too.
func (o CatalogueOperation) Title() string {
	if o.id == o.Name {
		return o.Name
	}
	return o.Name + " (" + o.System + ")"
}

// OperationID names the operation in documents.
func (o CatalogueOperation) OperationID() string { return componentName(o.id) }

// About is what it does; empty where that is only its name again.
func (o CatalogueOperation) About() string {
	if o.Summary == o.Name {
		return ""
	}
	return o.Summary
}

// Page is the address of the operation's page.
func (o CatalogueOperation) Page() string { return PageOf(o.id) }

// Unknown lists what replies had and the contract lacks.
func (o CatalogueOperation) Unknown() []UnknownElement { return o.unknown }

// CatalogueField is one value of a request.
type CatalogueField struct {
	// JSON Pointer into the request; * is any index of an array.
	Pointer string `json:"pointer" validate:"required" example:"/serviceData/customerLevel"`
	// Path of the element inside the Body, by local names; @ is in front of an attribute, and text() is the text beside attributes.
	Wire string `json:"wire" validate:"required" example:"CreateService/ServiceData/ServiceData/CustomerLevel"`
	// The JSON type of the value.
	Type string `json:"type" validate:"required" enums:"string,boolean,integer,number" example:"string"`
	// Required wherever the object that holds it is present.
	Required bool `json:"required" validate:"required" example:"true"`
	// Never shown in any log, answer or record.
	Secret bool `json:"secret,omitempty" example:"false"`
	// What is checked before anything is sent.
	Rule string `json:"rule,omitempty" example:"required, not blank; one of SUBSCRIPTION, ACCOUNT, AGREEMENT, in any letter case"`
	// The rule as it is documented.
	Documentation string `json:"documentation,omitempty" example:"What the service is put on. Subscription or Account, or Agreement, in any letter case; upper case on the wire."`
	// Where it comes from: page (printed on the vendor's page), source (the vendor's own schema), decided (this product's choice), or a note.
	Sources []string `json:"sources" validate:"required" example:"page,source"`
	// The vendor's numbered errors that are about this value.
	Errors []CatalogueError `json:"errors,omitempty"`

	parameter string // of a GET: "path" or "query", where the value is
	always    bool   // required, and so is every object that holds it
}

// Parameter is the part of the URL that the value is in; empty for one of a body.
func (f CatalogueField) Parameter() string { return f.parameter }

// Beyond is the rule without that the member is required.
func (f CatalogueField) Beyond() string {
	return strings.TrimLeft(strings.TrimPrefix(f.Rule, requiredWord), ",; ")
}

const requiredWord = "required"

// CatalogueError is an error that the vendor numbers.
type CatalogueError struct {
	// The code of the error in a problem.
	Code string `json:"code" validate:"required" example:"emersion-25"`
	// The error in the vendor's words.
	Sentence string `json:"sentence" validate:"required" example:"Invalid or Missing Account Type"`
	// How to fix it, in plain words; absent where the sentence says it.
	Hint string `json:"hint,omitempty" example:"Give exactly End User."`
}

// Systems lists the systems, in the order of the operations.
func (c Catalogue) Systems() (names []string) {
	for _, o := range c.Operations {
		if !slices.Contains(names, o.System) {
			names = append(names, o.System)
		}
	}
	return names
}

// catalogue lists every operation and every value that a request may hold.
func catalogue(operations []Operation, w words) (all Catalogue) {
	for i := range operations {
		all.Operations = append(all.Operations, catalogued(&operations[i], w))
	}
	return all
}

// catalogued describes an operation with its fields.
func catalogued(op *Operation, w words) CatalogueOperation {
	described := outline(op, w)
	described.Fields, described.FieldsTruncated = fieldsOf(op, op.Request, op.Wire, false, w)
	return described
}

// fieldsOf lists the values of one of an operation's shapes.
func fieldsOf(op *Operation, s *shape.Shape, wire string, reply bool, w words) (list []CatalogueField, truncated bool) {
	l := lister{words: w, op: op, reply: reply, listed: map[string]bool{}, objects: mostObjects}
	l.list(s, "", wire, nil, true)
	return l.fields, l.truncated
}

// outline describes an operation without its fields.
func outline(op *Operation, w words) CatalogueOperation {
	return CatalogueOperation{
		Name: op.Name, System: op.System, Summary: w.operation(*op).Summary, Method: cmp.Or(op.Method, "POST"), Path: op.Path, Scope: op.Scope,
		SOAPAction: op.SOAPAction, SOAPVersions: op.SOAPVersions, Namespace: op.Namespace, id: op.id(),
	}
}

// The most that is listed of one operation: a schema may have endlessly many places of few types.
const (
	mostFields  = 400
	mostObjects = 4 * mostFields
)

type lister struct {
	words     words
	op        *Operation
	reply     bool // of which nothing is checked
	fields    []CatalogueField
	listed    map[string]bool // pointers of fields: subtypes have some in common
	objects   int             // that may still be looked into
	truncated bool
}

// list adds the values of a shape, which is always there or not. A shape that contains itself is expanded once.
func (l *lister) list(s *shape.Shape, pointer, wire string, around []*shape.Shape, always bool) {
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Hidden {
			continue
		}
		at := pointer + "/" + f.Name
		if f.Repeated {
			at += "/*"
		}
		if f.Object == nil {
			l.leaf(s, i, at, wirePath(wire, f), always)
		} else {
			l.inside(f.Object, at, wirePath(wire, f), append(around, s), always && isRequired(f))
		}
	}
}

// inside adds the values of an object, and what names its subtype.
func (l *lister) inside(declared *shape.Shape, pointer, wire string, around []*shape.Shape, always bool) {
	inPlace := inPlaceOf(declared)
	if len(inPlace) > 1 || inPlace[0] != declared {
		names := make([]string, len(inPlace))
		for i, each := range inPlace {
			names[i] = each.Name
		}
		l.add(CatalogueField{
			Pointer: pointer + "/" + declared.Discriminator, Wire: wire + "/@type", Type: "string", Required: declared.Abstract,
			Rule: "one of " + enumerated(names), Sources: []string{"source"}, always: always && declared.Abstract,
		})
	}
	for _, each := range inPlace {
		l.objects--
		if l.truncated = l.truncated || l.objects < 0; !l.truncated && !slices.Contains(around[:len(around)-1], each) {
			l.list(each, pointer, wire, around, always && len(inPlace) == 1)
		}
	}
}

// wirePath is the path of a field's element, attribute or text. A group that repeats has no element.
func wirePath(wire string, f *shape.Field) string {
	switch {
	case f.Place == shape.Attribute:
		return wire + "/@" + f.Wire.Local
	case f.Place == shape.Content:
		return wire + "/text()"
	case f.Place == shape.Header:
		return "../Header/" + f.Wire.Local
	case f.Place == shape.Inline && f.Kind == shape.XML:
		return wire + "/*"
	case f.Place == shape.Inline:
		return wire
	}
	if f.Around != nil {
		wire += "/" + f.Around.Wire.Local
	}
	return strings.TrimPrefix(wire+"/"+f.Wire.Local, "/")
}

var typeNames = map[shape.Kind]string{
	shape.String: "string", shape.Boolean: "boolean", shape.Integer: "integer", shape.Float: "number", shape.XML: "string",
}

func (l *lister) leaf(s *shape.Shape, i int, pointer, wire string, always bool) {
	f := &s.Fields[i]
	field := CatalogueField{Pointer: pointer, Wire: wire, Type: typeNames[f.Kind], Required: isRequired(f), Secret: f.Secret, Rule: l.ruleOf(s, i)}
	field.always = always && field.Required
	switch {
	case l.reply:
		field.Rule = knownValues(f)
	case l.op.isGet() && strings.Contains(l.op.Path, pathParameter(f.Name)):
		field.parameter = "path"
	case l.op.isGet():
		field.parameter = "query"
	}
	if l.op.isImported() {
		field.Documentation, field.Sources = f.About, []string{"source"}
	} else {
		field.Documentation = l.words.member(l.op, s.Name, f.Name)
		field.Sources = l.words.sources(l.op, s.Name, f.Name)
	}
	for _, e := range l.op.Errors {
		if slices.Contains(e.Pointers, pointer) {
			field.Errors = append(field.Errors, CatalogueError{Code: e.Code, Sentence: e.Sentence, Hint: e.Hint})
		}
	}
	l.add(field)
}

// add adds a field that is not there yet, if there is room.
func (l *lister) add(f CatalogueField) {
	switch {
	case l.listed[f.Pointer]:
	case len(l.fields) == mostFields:
		l.truncated = true
	default:
		l.listed[f.Pointer] = true
		l.fields = append(l.fields, f)
	}
}

// ruleOf says the rules of a field in words.
func (l *lister) ruleOf(s *shape.Shape, i int) string {
	f := &s.Fields[i]
	var parts []string
	say := func(holds bool, format string, args ...any) {
		if holds {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	a, number := &f.Facets, f.Kind == shape.Integer && (f.Rules != "" || l.op.isImported())
	say(f.Required && f.Fixed == nil && !f.Blank, requiredWord+", not blank")
	say(f.Required && f.Fixed == nil && f.Blank, requiredWord)
	say(f.Fixed != nil, "always %s", value(f.Fixed))
	parts = append(parts, rules.Words(f)...)
	if number {
		say(a.Min != nil, "at least %d", value(a.Min))
		say(a.Max != nil, "at most %d", value(a.Max))
	}
	say(a.Enum != nil && !a.AnyCase, "one of %s", enumerated(a.Enum))
	say(a.AnyCase, "one of %s, in any letter case", enumerated(a.Enum))
	say(a.Form == shape.Date, "YYYY-MM-DD, a day that exists")
	say(a.Form == shape.DateTime, "YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone")
	say(a.Form == shape.Decimal, "a decimal number with at most %s before the point and %d after it", rules.Amount(a.IntegerDigits, "digit"), a.FractionDigits)
	say(a.Unique, "an identifier that no other member of the request has")
	say(a.Form == shape.Token, "words with one space between each two")
	for _, c := range s.Choices {
		say(slices.ContainsFunc(c.Branches, func(b shape.Branch) bool { return slices.Contains(b.Fields, i) }), "%s", choiceWords(s, c))
	}
	return strings.Join(parts, "; ")
}

// knownValues says which values of a reply are documented: the vendor may send others, which callers get as they are.
func knownValues(f *shape.Field) string {
	if f.Facets.Enum == nil {
		return ""
	}
	return "known values: " + enumerated(f.Facets.Enum)
}

// choiceWords says what may be taken of a choice: "exactly one of address, depotId".
func choiceWords(s *shape.Shape, c shape.Choice) string {
	branches := make([]string, len(c.Branches))
	for i, b := range c.Branches {
		names := make([]string, len(b.Fields))
		for j, field := range b.Fields {
			names[j] = s.Fields[field].Name
		}
		branches[i] = strings.Join(names, " with ")
	}
	if mustTake(c) {
		return "exactly one of " + enumerated(branches)
	}
	return "at most one of " + enumerated(branches)
}

// choices adds the choices of a shape and of all that it holds, each shape once.
func choices(s *shape.Shape, pointer string, done map[*shape.Shape]bool) (list []rules.Sentence) {
	if done[s] {
		return nil
	}
	done[s] = true
	for _, c := range s.Choices {
		list = append(list, rules.Sentence{Pointer: pointer, Text: capitalized(choiceWords(s, c)) + "."})
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Object == nil || f.Hidden {
			continue
		}
		at := pointer + "/" + f.Name
		if f.Repeated {
			at += "/*"
		}
		for _, inside := range inPlaceOf(f.Object) {
			list = append(list, choices(inside, at, done)...)
		}
	}
	return list
}

// enumerated joins the words of a list. A long one is cut off.
func enumerated(list []string) string {
	const most = 40
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(list[:most], ", "), len(list)-most)
}
