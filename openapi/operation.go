package openapi

import (
	"cmp"
	"slices"
	"time"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// Operation is what the documents say of one operation of a vendor, beside its words.
type Operation struct {
	Name   string // the vendor's: "CreateCallLog"
	System string // in routes and settings: "customercare"
	// ID is unique among the operations of all systems: "parcels_GetStatus". Empty where the name is.
	ID string
	// Prefix is in front of the names of an imported system's schemas, which only that system knows: "Parcels". Empty for a built-in one.
	Prefix string
	// Summary and Description are for people, where words.json has no words.
	Summary, Description string
	Method               string // GET or POST
	Path                 string // "/v1/customercare/call-logs"; that of a GET may have parameters, "/v1/parcels/{number}"
	Scope                string // that a caller needs
	Status               int    // HTTP status of success
	// ReadOnly marks a read, which needs no key. Cache is how long its answer may be given again; 0 is never.
	ReadOnly bool
	Cache    time.Duration
	// Example is a small request that works in the sandbox; empty shows what must be there instead.
	Example string
	// SOAPVersions are those that the service speaks: "1.1".
	SOAPVersions []string
	SOAPAction   string // without quotes; empty where the vendor documents none
	Namespace    string // of the operation element
	Wire         string // the path of the request's element within the Body: "CreateCallLog/CreateCallLogRequest"
	// Request and Response are the shapes of the two bodies; the response's lacks the operation id.
	Request, Response *shape.Shape
	// Rules are those that a request must keep.
	Rules *rules.Set
	// Accepts reports whether the operation takes a body, which examples are tried with. Optional.
	Accepts func(body []byte) bool
	// Envelope returns the envelope of an example, with every secret masked. Optional.
	Envelope func(body []byte) []byte
	// Errors are the errors that the vendor numbers.
	Errors []NumberedError
}

// NumberedError is an error that the vendor's page numbers.
type NumberedError struct {
	Code     string   // "emersion-27"
	Sentence string   // the vendor's
	Hint     string   // how to fix it, in plain words
	Pointers []string // JSON Pointers of the places in the request that it may be about; * is any index
}

// PreviewSuffix is what the path of a preview adds to the path of its operation.
const PreviewSuffix = "/preview"

// isImported reports whether the operation comes from a WSDL, whose texts are whatever somebody wrote.
func (op Operation) isImported() bool { return op.Prefix != "" }

func (op Operation) id() string { return cmp.Or(op.ID, op.Name) }

// operationID names the operation in documents. Generators make identifiers of it, and leave out letters of other scripts.
func (op Operation) operationID() string { return componentName(op.id()) }

// previewID is the operationId of the preview.
func (op Operation) previewID() string {
	if op.isImported() {
		return "Preview_" + op.operationID()
	}
	return "Preview" + op.operationID()
}

// accepted returns a body if the operation takes it. What rules say beside the shape no example is made for.
func (op Operation) accepted(body []byte) []byte {
	if body == nil || op.Accepts != nil && !op.Accepts(body) {
		return nil
	}
	return body
}

// requests are a small example of a request and one with every member; nil where none is known.
func (op Operation) requests(e examples) (minimal, full []byte) {
	minimal, full = []byte(op.Example), op.accepted(e.request(op.Request, false))
	if op.Example == "" {
		minimal = op.accepted(e.request(op.Request, true))
	}
	if minimal == nil {
		minimal = full
	}
	return minimal, full
}

// isRequired reports whether an object must have a member. An object that is absent is checked as an empty one: it is required when anything inside
// is.
func isRequired(f *shape.Field) bool {
	if !f.ChecksAbsent() {
		return f.Required && f.Fixed == nil
	}
	return needsMembers(f.Object, map[*shape.Shape]bool{}) || f.Object.Empty && !f.Object.Writes()
}

// needsMembers reports whether an object must have any. What is done needs none.
func needsMembers(s *shape.Shape, done map[*shape.Shape]bool) bool {
	if done[s] {
		return false
	}
	done[s] = true
	return slices.ContainsFunc(s.Choices, mustTake) || slices.ContainsFunc(s.Fields, func(f shape.Field) bool {
		return f.ChecksAbsent() && needsMembers(f.Object, done) || !f.ChecksAbsent() && f.Required && f.Fixed == nil
	})
}

// mustTake reports whether one of the branches of a choice needs to be taken.
func mustTake(c shape.Choice) bool {
	return !c.Optional && !slices.ContainsFunc(c.Branches, func(b shape.Branch) bool { return len(b.Required) == 0 })
}
