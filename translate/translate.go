// Package translate turns JSON requests into SOAP envelopes and SOAP replies into JSON, by rules that the vendors document.
//
// It is pure: it opens no connection, reads no clock and keeps no state. Everything from outside comes in through Env.
package translate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
	"soapbridge/translate/xml"
)

// Operation is one operation of a vendor's service, as the rest of the program sees it: data, and a door.
type Operation struct {
	System string // folder and route name: "customercare"
	Name   string // the vendor's: "CreateCallLog"
	Path   string // "/v1/customercare/call-logs"; the method is POST
	Status int    // HTTP status of success
	// Example is a small request that works in the sandbox: the demo prints it, and the documents show it.
	Example string
	// Versions are those of SOAP that the service speaks, the lowest first.
	Versions []soap.Version
	// Binding holds the names around the members of a message.
	Binding soap.Binding
	// RequestShape and ResponseShape are the two bodies as documents describe them.
	RequestShape, ResponseShape *soap.Shape
	// Errors are the errors that the vendor numbers, and their places in the request.
	Errors []NumberedError

	read func(body []byte) (Request, *Error)
}

// NumberedError is an error that the vendor's page numbers.
type NumberedError struct {
	Code     validation.Code // "emersion-27"
	Sentence string          // the vendor's
	Pointers []string        // JSON Pointers of the places that it may be about
}

// SchemaRules is what a request type with rules between its members has: they are checked by Definition.Rules, and told here to those who
// read the OpenAPI document. A test shows that both say the same.
type SchemaRules interface {
	// SchemaRules gives a JSON Schema (2020-12) object that holds beside what the tags say.
	SchemaRules() string
}

// Read decodes a request body and checks it against every rule. It is the only door to an operation: what it gives is valid.
// The error is MalformedJSON, or ValidationFailed with every violation in document order.
func (o *Operation) Read(body []byte) (Request, *Error) { return o.read(body) }

// Request is a valid request of one operation. It never changes, and may be encoded more than once.
type Request interface {
	// Encode writes the envelope, with the defaults that the proxy fills in. An error is a mistake of ours or in the
	// configuration, never of the caller's.
	Encode(env Env) (soap.Message, *Error)
	// Preview gives what Encode would send in a version of SOAP that the operation speaks, for people: every secret is masked. Its errors are
	// those of Encode.
	Preview(v soap.Version, env Env) (Preview, *Error)
	// Fingerprint writes what was asked, secrets in clear: two requests write the same bytes exactly when they ask the same, whatever their
	// white space, order of members and escapes. What the proxy fills in is no part of it, and neither is a member that is absent: so
	// a release that adds an optional one changes no fingerprint. The bytes are for a keyed digest and never for a log.
	Fingerprint(w io.Writer)
	// Decode understands the reply to what Encode wrote.
	Decode(reply soap.Reply, env Env) (Result, *Error)
}

// Env is what encoding needs from outside.
type Env struct {
	Now         time.Time // of the call; sent in UTC
	OperationID string    // of the call; goes upstream where the caller gave no id
	Caller      Caller
}

// Caller is who calls the proxy, as far as a vendor is told. Empty fields fall back to the configuration.
type Caller struct {
	UserID           string
	OriginatingToken soap.Secret
}

// Result is a success.
type Result struct {
	JSON []byte // the response body
	// Ignored counts elements of the reply that nothing is declared for: when it rises, the vendor's service has changed.
	Ignored int
}

// Answer is the part that all response bodies share. Response structs embed it first, with the tag soap:"-".
type Answer struct {
	// OperationID names this call in every log and record.
	OperationID string `json:"operationId" validate:"required" example:"0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"`
}

func (a *Answer) identify(id string) { a.OperationID = id }

// Definition describes an operation to Define. Req and Res are structs with json, soap and validate tags.
type Definition[Req, Res any] struct {
	System, Name, Path string
	Status             int
	Version            soap.Version
	Binding            soap.Binding
	Limits             xml.Limits // of replies
	Example            string     // see Operation

	// Headers gives the blocks of the envelope's header. Optional.
	Headers func(Env) []soap.HeaderBlock
	// Rules checks what tags cannot say. It runs after them, on whatever could be read. Optional.
	Rules func(*Req, *validation.Report)
	// Rename gives a violation the vendor's own number and sentence where there is one. Optional.
	Rename func(Violation) Violation
	// Fill sets what the caller left out and the proxy knows. It gets a copy whose pointers it must not write through. Optional.
	Fill func(*Req, Env)
	// Outcome judges a reply that is no fault; nil means success. Optional.
	Outcome func(*Res, *Sent) *Error
	// Fault understands the vendor's own faults; nil leaves the fault to its class. Optional.
	Fault func(*soap.Fault, *Sent) *Error
	// FreeText lists the members of a result that are texts for people; nil ones are absent. The others are codes, dates and identifiers.
	// Optional.
	FreeText func(*Res) []*string
	// Errors are the errors that the vendor numbers, for documents. Optional.
	Errors []NumberedError
	// Secrets are the configured ones, to be masked in whatever the vendor says.
	Secrets []soap.Secret
}

// Define compiles an operation. The error names every mistake in the tags.
func Define[Req, Res any](d Definition[Req, Res]) (Operation, error) {
	o := &operation[Req, Res]{Definition: d}
	if err := o.compile(); err != nil {
		return Operation{}, fmt.Errorf("%s %s: %w", d.System, d.Name, err)
	}
	return Operation{
		System: d.System, Name: d.Name, Path: d.Path, Status: d.Status, Example: d.Example,
		Versions: slices.Sorted(maps.Keys(d.Binding.EnvelopePrefix)), Binding: d.Binding,
		RequestShape: o.shape, ResponseShape: o.decoder.Shape(), Errors: d.Errors,
		read: o.read,
	}, nil
}

// operation is a compiled definition.
type operation[Req, Res any] struct {
	Definition[Req, Res]

	shape    *soap.Shape
	encoder  *soap.Encoder
	decoder  *soap.Decoder
	validate *validation.Validator
	hidden   []needle // the configured secrets
	// unmistakable are those of hidden that no code of a reply holds by chance.
	unmistakable []needle
}

func (o *operation[Req, Res]) compile() error {
	var request, result, encoder, decoder, validator, tags error
	var answer *soap.Shape
	o.shape, request = soap.Compile(reflect.TypeFor[Req]())
	answer, result = soap.Compile(reflect.TypeFor[Res]())
	if err := errors.Join(request, result); err != nil {
		return err
	}
	o.encoder, encoder = soap.NewEncoder(o.Binding, o.shape)
	o.decoder, decoder = soap.NewDecoder(o.Binding, answer, o.Limits)
	o.validate, validator = validation.New()
	if validator == nil {
		tags = o.validate.SelfTest(new(Req))
	}
	o.hidden = secretNeedles(o.Secrets)
	o.unmistakable = slices.DeleteFunc(slices.Clone(o.hidden), func(n needle) bool { return n.word })
	return errors.Join(encoder, decoder, validator, tags)
}

func (o *operation[Req, Res]) read(body []byte) (Request, *Error) {
	r := &request[Req, Res]{op: o}
	report := &validation.Report{}
	if err := readJSON(body, o.shape, reflect.ValueOf(&r.value).Elem(), report); err != nil {
		return nil, &Error{Code: MalformedJSON, Outcome: soap.NotSent, Detail: describeMalformed(body, err), Cause: err}
	}
	if err := o.validate.Check(&r.value, report); err != nil {
		return nil, internal(err)
	}
	if o.Rules != nil {
		o.Rules(&r.value, report)
	}
	if len(report.Violations) == 0 {
		return r, nil
	}
	return nil, o.invalid(body, report)
}

func (o *operation[Req, Res]) invalid(body []byte, report *validation.Report) *Error {
	if o.Rename != nil {
		for i, v := range report.Violations {
			report.Violations[i] = o.Rename(v)
		}
	}
	inDocumentOrder(body, o.shape, report.Violations)
	return &Error{
		Code: ValidationFailed, Outcome: soap.NotSent,
		Violations: report.Violations, Source: FromRequest, Truncated: report.Truncated,
	}
}

// request is a valid request.
type request[Req, Res any] struct {
	op    *operation[Req, Res]
	value Req
}

// Format shows the name of the operation under every verb: the value holds secrets, which fmt would read by reflection.
func (r *request[Req, Res]) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "request of "+r.op.System+" "+r.op.Name)
}

func (r *request[Req, Res]) Encode(env Env) (soap.Message, *Error) {
	filled, headers := r.complete(env)
	message, err := r.op.encoder.Encode(r.op.Version, filled, headers...)
	if err != nil {
		return soap.Message{}, internal(err)
	}
	message.OperationID = env.OperationID
	return message, nil
}

// complete gives a copy of the request with what the proxy fills in, and the blocks of the envelope's header.
func (r *request[Req, Res]) complete(env Env) (filled *Req, headers []soap.HeaderBlock) {
	value := r.value
	if r.op.Fill != nil {
		r.op.Fill(&value, env)
	}
	if r.op.Headers != nil {
		headers = r.op.Headers(env)
	}
	return &value, headers
}

func (r *request[Req, Res]) Fingerprint(w io.Writer) {
	var field []byte
	for _, l := range appendLeaves(nil, "", r.op.shape, reflect.ValueOf(&r.value).Elem()) {
		field = binary.AppendUvarint(field[:0], uint64(len(l.pointer)))
		field = append(field, l.pointer...)
		field = binary.AppendUvarint(field, uint64(len(l.text)))
		field = append(field, l.text...)
		_, _ = w.Write(field) // a digest never fails
	}
}

func (r *request[Req, Res]) Decode(reply soap.Reply, env Env) (Result, *Error) {
	sent := &Sent{
		OperationID: env.OperationID,
		shape:       r.op.shape, value: reflect.ValueOf(&r.value).Elem(), configured: r.op.hidden, caller: env.Caller.OriginatingToken,
	}
	result, problem := r.decode(reply, env.OperationID, sent)
	if problem != nil {
		return Result{}, sent.explain(problem, reply, r.op.Limits)
	}
	return result, nil
}

func (r *request[Req, Res]) decode(reply soap.Reply, operationID string, sent *Sent) (Result, *Error) {
	var res Res
	decoded, err := r.op.decoder.Decode(r.op.Version, reply, &res)
	switch {
	case err != nil:
		return Result{}, unreadable(reply, err)
	case decoded.Fault != nil:
		return Result{}, r.fault(reply, decoded.Fault, sent)
	case reply.Status < 200 || reply.Status > 299:
		return Result{}, Unknown(errors.New("an envelope without a fault came with a status that is not of success"))
	}
	if r.op.Outcome != nil {
		if problem := r.op.Outcome(&res, sent); problem != nil {
			return Result{}, problem
		}
	}
	body, problem := r.op.result(&res, sent, operationID)
	return Result{JSON: body, Ignored: decoded.Ignored}, problem
}

func (r *request[Req, Res]) fault(reply soap.Reply, f *soap.Fault, sent *Sent) *Error {
	if r.op.Fault != nil {
		if problem := r.op.Fault(f, sent); problem != nil && !isTransportRefusal(reply, f) {
			return problem
		}
	}
	return faultByClass(r.op.System, reply, f, sent)
}
