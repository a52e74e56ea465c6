package imported

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/shape/xsd"
)

// Found is what a WSDL says of one operation, and what its names suggest.
type Found struct {
	Name    string
	Kind    string   // a guess by the name: Read or Write
	Style   string   // "document", "rpc" or "rpc/encoded"
	Headers []string // blocks of the request's header
	Faults  []string
	Flat    bool   // a GET can carry the request
	Problem string // why it cannot be used; empty if it can
	// Weaker is what the shapes do not check although the schema does.
	Weaker []string
	// Renamed, Secrets and XML are paths of members: those whose names collide with others, those that look like secrets, and those that hold
	// what the schema does not describe.
	Renamed, Secrets, XML []string
}

// Survey lists the operations of a WSDL, each name once.
func Survey(d *wsdl.Definitions) []Found {
	s := &surveyor{
		remarks: map[*shape.Field]remark{},
		request: xsd.NewBuilder(xsd.Options{XML: true, Elements: d.Elements}),
		reply:   xsd.NewBuilder(xsd.Options{XML: true, Reply: true, Elements: d.Elements}),
	}
	list := make([]Found, 0, len(d.Operations))
	for _, op := range d.Operations {
		same := func(f Found) bool { return f.Name == op.Name }
		switch i := slices.IndexFunc(list, same); {
		case i < 0:
			list = append(list, s.operation(op))
		case list[i].Problem != "": // another port type has one, too, which port can name
			list[i] = s.operation(op)
		}
	}
	return list
}

// CheckCallable returns why nothing of a WSDL can be called, together with what did not resolve; nil where it has operations with a SOAP binding.
func CheckCallable(d *wsdl.Definitions) error {
	reason := "its SOAP bindings have no operations"
	switch {
	case len(d.Operations) > 0:
		return nil
	case len(d.PortTypes) == 0:
		reason = "it has no port type"
	case len(d.Bindings) == 0:
		reason = "none of its bindings is one of SOAP 1.1 or 1.2"
	}
	problems := []error{errors.New("the WSDL has no operation that can be called: " + reason)}
	for _, p := range d.Problems {
		problems = append(problems, p)
	}
	return errors.Join(problems...)
}

type surveyor struct {
	request, reply *xsd.Builder
	remarks        map[*shape.Field]remark // a field may be in very many places
}

// remark is what is remarkable of a member by its names.
type remark struct{ renamed, secret bool }

func (s *surveyor) remark(field *shape.Field) remark {
	r, known := s.remarks[field]
	if !known {
		named := field.Place == shape.Element || field.Place == shape.Attribute
		r = remark{named && field.Kind != shape.XML && field.Name != xsd.MemberName(field.Wire.Local), field.Object == nil && looksSecret(field.Name)}
		s.remarks[field] = r
	}
	return r
}

func (s *surveyor) operation(op *wsdl.Operation) Found {
	f := Found{Name: op.Name, Kind: guessKind(op.Name)}
	for _, fault := range op.Faults {
		f.Faults = append(f.Faults, fault.Name)
	}
	bound := op.Bindings[0]
	f.Style = style(bound)
	if bound.Input != nil {
		f.Headers = xsd.HeaderNames(bound.Input)
	}
	if op.Problem != nil {
		f.Problem = op.Problem.Error()
		return f
	}
	request, err1 := s.request.Message(bound, op.Name+"Request", nil)
	reply, err2 := s.reply.Message(bound, op.Name+"Response", nil)
	for _, err := range []error{err1, err2} {
		if err != nil {
			f.Problem = err.Error()
			return f
		}
	}
	f.Weaker = slices.Concat(request.Weaker, reply.Weaker)
	f.Flat = !slices.ContainsFunc(request.Shape.Fields, isNested)
	left := mostPlaces
	s.walk(&f, request.Shape, "", map[*shape.Shape]bool{}, &left)
	return f
}

func isNested(f shape.Field) bool {
	return !f.Hidden && (f.Kind == shape.Object || f.Kind == shape.XML)
}

// getPossible reports whether the operation may be a GET: URLs are in the logs of every program on the way.
func (f *Found) getPossible() bool { return f.Flat && f.Kind == Read && len(f.Secrets) == 0 }

func style(b *wsdl.BoundOperation) string {
	switch {
	case b.Input != nil && b.Input.Encoded:
		return "rpc/encoded"
	case b.RPC:
		return "rpc"
	}
	return "document"
}

// mostPlaces bounds the objects that are looked at: types may have endlessly many places.
const mostPlaces = 5000

// walk notes what is remarkable of the members of a request, in every place of a shape but inside itself.
func (s *surveyor) walk(f *Found, of *shape.Shape, path string, around map[*shape.Shape]bool, left *int) {
	if *left--; around[of] || *left < 0 {
		return
	}
	around[of] = true
	defer delete(around, of)
	for i := range of.Fields {
		field := &of.Fields[i]
		if field.Hidden {
			continue
		}
		r := s.remark(field)
		if field.Kind == shape.XML {
			add(&f.XML, path+field.Name)
		}
		if r.renamed {
			add(&f.Renamed, fmt.Sprintf("%s (%s)", path+field.Name, field.Wire.Local))
		}
		if r.secret {
			add(&f.Secrets, path+field.Name)
		}
		if field.Object != nil {
			s.walk(f, field.Object, path+field.Name+"/", around, left)
		}
	}
	for _, subtype := range of.Subtypes {
		s.walk(f, subtype, path, around, left)
	}
}

// add adds a path once: a subtype has the members of its base again.
func add(list *[]string, path string) {
	if !slices.Contains(*list, path) {
		*list = append(*list, path)
	}
}

var readPattern = regexp.MustCompile(`^(get|list|find|search|query|lookup|look-up|read|retrieve|fetch|describe|count|track|is|has)(-|$)`)

func guessKind(operation string) string {
	if readPattern.MatchString(kebab(operation)) {
		return Read
	}
	return Write
}

var secretPattern = regexp.MustCompile(`(^|-)(pins?|passwords?|passwd|pwd|passphrase|passcode|ssn|social-security|tokens?|session|cvv2?|cvc2?` +
	`|iban|secrets?|credentials?|api-?key|private-key|security-code|card-?number|pan|tax-id|passport)(-|$)`)

func looksSecret(member string) bool { return secretPattern.MatchString(kebab(member)) }

// kebab writes the words of a name in small letters with hyphens between them.
func kebab(name string) string {
	var b strings.Builder
	for _, r := range xsd.MemberName(name) {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.TrimPrefix(b.String(), "-")
}
