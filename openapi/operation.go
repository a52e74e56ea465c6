package openapi

import (
	"slices"
	"time"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// Operation is what the documents say of one operation of a vendor, beside its words.
type Operation struct {
	Name   string // the vendor's: "CreateCallLog"
	System string // in routes and settings: "customercare"
	Method string // GET or POST
	Path   string // "/v1/customercare/call-logs"; that of a GET may have parameters, "/v1/parcels/{number}"
	Scope  string // that a caller needs
	Status int    // HTTP status of success
	// ReadOnly marks a read, which needs no key. Cache is how long its answer may be given again; 0 is never.
	ReadOnly bool
	Cache    time.Duration
	// Example is a small request that works in the sandbox; empty shows every member instead.
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
	// Errors are the errors that the vendor numbers.
	Errors []NumberedError
}

// NumberedError is an error that the vendor's page numbers.
type NumberedError struct {
	Code     string   // "emersion-27"
	Sentence string   // the vendor's
	Pointers []string // JSON Pointers of the places in the request that it may be about; * is any index
}

// PreviewSuffix is what the path of a preview adds to the path of its operation.
const PreviewSuffix = "/preview"

// resultName is the name of the schema of a success. Generators of clients call the whole HTTP answer <operationId>Response themselves, as
// oapi-codegen does: a schema of that name would clash with it.
func (op Operation) resultName() string { return op.Name + "Result" }

func (op Operation) example() string {
	if op.Example == "" {
		return string(requestExample(op.Request))
	}
	return op.Example
}

// isRequired reports whether an object must have a member. An object that is absent is checked as an empty one: it is required
// when anything inside is.
func isRequired(f *shape.Field) bool {
	if !f.ChecksAbsent() {
		return f.Required
	}
	for i := range f.Object.Fields {
		if isRequired(&f.Object.Fields[i]) {
			return true
		}
	}
	return slices.ContainsFunc(f.Object.Choices, func(c shape.Choice) bool {
		return !c.Optional && !slices.ContainsFunc(c.Branches, func(b shape.Branch) bool { return len(b.Required) == 0 })
	})
}
