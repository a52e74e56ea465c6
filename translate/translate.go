// Package translate turns JSON requests into SOAP envelopes and SOAP replies into JSON, by rules that the vendors document.
//
// It is pure: it opens no connection, reads no clock and keeps no state. Everything from outside comes in through Env.
package translate

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// Operation is one operation of a vendor's service, as the rest of the program sees it.
type Operation struct {
	System string // folder and route name: "customercare"
	Name   string // the vendor's: "CreateCallLog"
	ID     string // as Name, and unlike it the operation's alone among all systems: "parcels_GetStatus" of an imported one
	Method string // of its route: GET or POST
	Path   string // "/v1/customercare/call-logs"; that of a GET may have parameters, "/v1/parcels/{number}"
	Status int    // HTTP status of success
	// ReadOnly, Cache, Shared and Invalidates are as in its Definition.
	ReadOnly    bool
	Cache       time.Duration
	Shared      bool
	Invalidates []string
	// Example is a small request that works in the sandbox: the demo prints it, and the documents show it.
	Example string
	// Summary and About are for people, where openapi/words.json has no words.
	Summary, About string
	OneWay         bool // see Definition
	// Versions are those of SOAP that the service speaks, the lowest first; Version is the configured one of them.
	Versions []soap.Version
	Version  soap.Version
	// Binding holds the names around the members of a message.
	Binding soap.Binding
	// RequestShape and ResponseShape are the two bodies as documents describe them.
	RequestShape, ResponseShape *shape.Shape
	// Rules are those that a request must keep.
	Rules *rules.Set
	// Errors are the errors that the vendor numbers, and their places in the request.
	Errors []NumberedError
	// IDElements are the elements in which the operation id goes upstream where the caller gave no value of its own: "MessageId".
	IDElements []string

	read           func(body []byte) (Request, *Error)
	readParameters func([]Parameter) (Request, *Error)
}

// NumberedError is an error that the vendor's page numbers.
type NumberedError struct {
	Code     record.Code // "emersion-27"
	Sentence string      // the vendor's
	Hint     string      // how to fix it, in plain words
	Pointers []string    // JSON Pointers of the places that it may be about
}

// Read decodes a request body and checks it against every rule. It is the only way to make a Request, so every Request is valid.
// The error is MalformedJSON, or ValidationFailed with every violation in document order.
func (o *Operation) Read(body []byte) (Request, *Error) { return o.read(body) }

// Request is a valid request of one operation. It never changes until it is freed, and may be encoded more than once.
type Request interface {
	// Encode writes the envelope, with the defaults that the proxy fills in. An error is a mistake of ours or in the
	// configuration, never of the caller's.
	Encode(env Env) (soap.Message, *Error)
	// Preview returns what Encode would send in a version of SOAP that the operation speaks, for people: every secret is masked. Its errors are
	// those of Encode.
	Preview(v soap.Version, env Env) (Preview, *Error)
	// Fingerprint appends what was asked, secrets in clear: two requests append the same bytes exactly when they ask the same, whatever their
	// white space, order of members and escapes. What the proxy fills in is not part of it, and neither is a member that is absent: so
	// a release that adds an optional one changes no fingerprint. The bytes are for a keyed digest and never for a log.
	Fingerprint(b []byte) []byte
	// Targets returns whose data it changes, as the operation's definition says: texts of which the same one means the same target. They are
	// personal data.
	Targets() []string
	// Decode reads the reply to what Encode wrote. With an error, the Result has no JSON.
	Decode(reply soap.Reply, env Env) (Result, *Error)
	// Free lets other requests reuse the memory. Nothing may use the request any more, or an error that Decode has returned.
	Free()
}

// Env is what encoding needs from outside.
type Env struct {
	Now         time.Time // of the call; sent in UTC
	OperationID string    // of the call; goes upstream where the caller gave no id
	Caller      Caller
	Nonce       soap.Nonce // of the call; random
}

// Caller is who calls the proxy, as far as a vendor learns it. Empty fields fall back to the configuration.
type Caller struct {
	UserID           string
	OriginatingToken secret.Secret
}

// Result is what an envelope that is not a fault holds.
type Result struct {
	JSON []byte // the response body of a success
	// Ignored counts elements of the reply that nothing is declared for: when it rises, the vendor's service has changed.
	Ignored int
	// Unknown counts the same elements by their path: see soap.Decoded. What holds a secret of the request is one of soap.OtherPaths.
	Unknown map[string]int
}

// Answer is the part that all response bodies share. It is written in front of them; response structs embed it for the documents, with the tag
// soap:"-".
type Answer struct {
	// OperationID names this call in every log and record.
	OperationID string `json:"operationId" validate:"required" example:"0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"`
}

// Definition describes an operation to Define.
type Definition struct {
	System, Name, Path string
	ID                 string // see Operation; empty: Name
	Summary, About     string // for people, where openapi/words.json has no words
	Status             int    // of success; OneWay decides it
	Version            soap.Version
	Binding            soap.Binding
	Limits             xml.Limits // of replies
	Example            string     // see Operation

	// Method is that of the route: GET for a read that a URL can carry, else POST, which an empty one means, too.
	Method string
	// ReadOnly says that the vendor changes nothing. Only then may a call be repeated, and an answer be kept. Whoever defines the operation knows it;
	// nothing else does.
	ReadOnly bool
	// Cache is how long the answer to a read may be given again; 0 asks the vendor each time. Shared lets all callers have one answer, else each has
	// its own.
	Cache  time.Duration
	Shared bool
	// Invalidates names the reads of the same system whose kept answers a write makes stale.
	Invalidates []string

	// Request and Response are the shapes of the two bodies. The operation id is not in the response's: every answer has it.
	Request, Response *shape.Shape
	// OneWay: the service sends no reply, so that Binding has none, Response no members, and success is StatusAccepted.
	OneWay bool
	// Header writes the service's own blocks of the envelope's header. Optional.
	Header func(*soap.Writer, Env)
	// Security and Addressing describe the blocks behind them. Optional.
	Security   soap.Security
	Addressing soap.Addressing
	// Rules are those between members. Optional.
	Rules []rules.On
	// Compiler prepares the rules; operations that share shapes share it. Optional.
	Compiler *rules.Compiler
	// Targets are the members that say whose data is changed, where changes may be limited for each of them: see Request.Targets. Optional.
	Targets []string
	// LastRule sees what the others reported, and may change it. Optional.
	LastRule func(*record.Record, *record.Report)
	// Rename replaces a violation's code and sentence by the vendor's own where there is one. Optional.
	Rename func(Violation) Violation
	// Fill sets what the caller left out and the proxy knows, in a copy. Optional.
	Fill func(*record.Record, Env)
	// Judge says what a reply means that is not a fault; nil means success. Optional.
	Judge func(record.Object, *Sent) *Error
	// Fault reads the vendor's own faults; nil leaves the fault to its class. Optional.
	Fault func(*soap.Fault, *Sent) *Error
	// Errors are the errors that the vendor numbers, for documents. Optional.
	Errors []NumberedError
	// Secrets are the configured ones beside those of Security and Addressing, to be masked in whatever the vendor says.
	Secrets []secret.Secret
}

// All makes the operations of a system, each by its constructor. The error names every mistake in them.
func All[C any](config C, constructors ...func(C) (Operation, error)) ([]Operation, error) {
	all, errs := make([]Operation, len(constructors)), make([]error, len(constructors))
	for i, construct := range constructors {
		all[i], errs[i] = construct(config)
	}
	return all, errors.Join(errs...)
}

// Define compiles an operation. The error names every mistake in it.
func Define(d Definition) (Operation, error) {
	if d.OneWay {
		d.Status = StatusAccepted
	}
	d.Method = cmp.Or(d.Method, POST)
	o := &operation{Definition: d}
	if err := o.compile(); err != nil {
		return Operation{}, fmt.Errorf("%s %s: %w", d.System, d.Name, err)
	}
	return Operation{
		System: d.System, Name: d.Name, ID: cmp.Or(d.ID, d.Name), Summary: d.Summary, About: d.About, OneWay: d.OneWay, Method: d.Method, Path: d.Path, Status: d.Status, Example: d.Example,
		ReadOnly: d.ReadOnly, Cache: d.Cache, Shared: d.Shared, Invalidates: d.Invalidates,
		Versions: slices.Sorted(maps.Keys(d.Binding.EnvelopePrefix)), Version: d.Version, Binding: d.Binding,
		RequestShape: d.Request, ResponseShape: d.Response, Rules: o.rules, Errors: d.Errors, IDElements: o.idElements(),
		read: o.read, readParameters: o.readParameters,
	}, nil
}

// operation is a compiled definition.
type operation struct {
	Definition

	encoder *soap.Encoder
	decoder *soap.Decoder
	rules   *rules.Set
	targets []shape.Path
	hidden  []needle // the configured secrets
	// unmistakable are those of hidden that no code of a reply holds by chance.
	unmistakable []needle
}

func (o *operation) compile() error {
	var encoderErr, rulesErr error
	if o.Request == nil || o.Response == nil {
		return errors.New("an operation needs the shapes of its request and of its response")
	}
	if _, taken := o.Response.ByName([]byte(shape.AnswerID)); taken {
		return errors.New("the reply has a member " + shape.AnswerID + ", which every answer has already: rename it")
	}
	if o.Addressing.Action = cmp.Or(o.Addressing.Action, o.Binding.Action); o.Addressing.On && o.Addressing.Action == "" {
		return errors.New("WS-Addressing needs an action, and the binding has none")
	}
	o.encoder, encoderErr = soap.NewEncoder(o.Binding, o.Request)
	if o.OneWay && len(o.Response.Fields) > 0 {
		return errors.New("a one-way operation has no reply that a response could be made of")
	}
	o.decoder = soap.NewDecoder(o.Binding, o.Response, o.Limits)
	if o.OneWay {
		o.decoder = soap.NewOneWayDecoder(o.Limits)
	}
	if o.Compiler == nil {
		o.Compiler = rules.NewCompiler()
	}
	o.rules, rulesErr = o.Compiler.Compile(o.Request, o.Rules, o.LastRule)
	request := shape.Finder{Shape: o.Request}
	for _, member := range o.Targets {
		o.targets = append(o.targets, request.Find(member))
	}
	o.hidden = secretNeedles(append([]secret.Secret{o.Security.Password, o.Addressing.Query()}, o.Secrets...))
	o.unmistakable = slices.DeleteFunc(slices.Clone(o.hidden), func(n needle) bool { return n.word })
	return errors.Join(encoderErr, rulesErr, request.Err, o.checkRoute())
}

// idElements fills in an empty request, and looks where the operation id is.
func (o *operation) idElements() (names []string) {
	const mark = "the operation id"
	if o.Fill != nil {
		filled := record.New(o.Request)
		defer filled.Free()
		o.Fill(filled, Env{OperationID: mark})
		filled.Leaves(func(v record.Value) bool {
			if v.Text() == mark {
				names = append(names, v.Field().Wire.Local)
			}
			return true
		})
	}
	if o.Addressing.On {
		names = append(names, "MessageID")
	}
	return names
}

func (o *operation) read(body []byte) (Request, *Error) {
	return o.request(ReadBody(body, o.Request, o.rules))
}

// request returns what was read, or the refusal in the vendor's words.
func (o *operation) request(asked *record.Record, refusal *Error) (Request, *Error) {
	if refusal == nil {
		return &request{op: o, asked: asked}, nil
	}
	refusal.Outcome = soap.NotSent
	if o.Rename != nil {
		for i, v := range refusal.Violations {
			refusal.Violations[i] = o.Rename(v)
		}
	}
	return nil, refusal
}

// ReadBody decodes a body along a shape and checks it against every rule. The error is MalformedJSON, or ValidationFailed with every violation in
// document order.
func ReadBody(body []byte, s *shape.Shape, set *rules.Set) (*record.Record, *Error) {
	report := &record.Report{}
	asked, err := record.ReadJSON(body, s, report)
	if err != nil {
		detail, cause := record.Malformed(body)
		return nil, &Error{Code: MalformedJSON, Detail: detail, Cause: cause}
	}
	return check(asked, set, report)
}

// check checks what was read against every rule.
func check(asked *record.Record, set *rules.Set, report *record.Report) (*record.Record, *Error) {
	set.Check(asked, report)
	if len(report.Violations) > 0 {
		report.Sort(asked)
		return nil, &Error{Code: ValidationFailed, Violations: report.Violations, Source: FromRequest, Truncated: report.Truncated}
	}
	return asked, nil
}

// request is a valid request.
type request struct {
	op    *operation
	asked *record.Record
}

// Format shows the name of the operation under every verb: the record holds secrets, which fmt would read by reflection.
func (r *request) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "request of "+r.op.System+" "+r.op.Name)
}

func (r *request) Encode(env Env) (soap.Message, *Error) {
	filled := r.fill(env)
	defer filled.Free()
	message, err := r.op.encoder.Encode(r.op.Version, filled.Root(), func(w *soap.Writer) { r.op.header(w, env) })
	if err != nil {
		return soap.Message{}, internal(err)
	}
	message.OperationID = env.OperationID
	return message, nil
}

// fill returns a copy of the request with what the proxy fills in.
func (r *request) fill(env Env) *record.Record {
	filled := r.asked.Copy()
	if r.op.Fill != nil {
		r.op.Fill(filled, env)
	}
	return filled
}

func (o *operation) header(w *soap.Writer, env Env) {
	if o.Header != nil {
		o.Header(w, env)
	}
	w.Security(&o.Security, env.Now, env.Nonce)
	w.Addressing(o.Addressing, env.OperationID)
}

func (r *request) Fingerprint(b []byte) []byte { return r.asked.AppendCanonical(b) }

func (r *request) Free() {
	r.asked.Free()
	r.asked = nil
}

func (r *request) Targets() (list []string) {
	for i, path := range r.op.targets {
		if text := r.asked.Root().Find(path).Text(); !rules.Blank(text) {
			list = append(list, r.op.Targets[i]+"="+plainNumber(text))
		}
	}
	return list
}

// plainNumber leaves of a number what tells it from others: a vendor may well ignore spaces, hyphens and characters that nobody sees, and so may not
// who counts. One without any letter or digit stays as it is.
func plainNumber(text string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(text))
	return cmp.Or(plain, text)
}

func (r *request) Decode(reply soap.Reply, env Env) (Result, *Error) {
	sent := &Sent{
		OperationID: env.OperationID, asked: r.asked, configured: r.op.hidden,
		passing: [...]secret.Secret{env.Caller.OriginatingToken, r.op.Security.PasswordDigest(env.Now, env.Nonce)},
	}
	result, failure := r.decode(reply, env.OperationID, sent)
	if failure != nil {
		failure = sent.explain(failure, reply, r.op.Limits)
	}
	return result, failure
}

func (r *request) decode(reply soap.Reply, operationID string, sent *Sent) (Result, *Error) {
	decoded, err := r.op.decoder.Decode(r.op.Version, reply)
	switch {
	case err != nil:
		return Result{}, unreadable(reply, err)
	case decoded.Fault != nil:
		return Result{}, r.fault(reply, decoded.Fault, sent)
	case !reply.Succeeded():
		return Result{}, Unknown(errors.New("an envelope without a fault came with a status that is not of success"))
	}
	result := Result{Ignored: decoded.Ignored, Unknown: sent.withoutSecrets(decoded.Unknown)}
	failure := trimIdentifiers(decoded.Result)
	if r.op.Judge != nil { // that a reply answers another call comes before anything else that is wrong with it
		if judged := r.op.Judge(decoded.Result.Root(), sent); failure == nil || judged != nil && judged.Stray {
			failure = judged
		}
	}
	if failure == nil {
		result.JSON, failure = r.op.result(decoded.Result, sent, operationID)
	}
	return result, failure
}

// withoutSecrets makes the paths of elements fit for the log: a vendor may make names of what it was sent.
func (s *Sent) withoutSecrets(paths map[string]int) map[string]int {
	for path, n := range paths {
		if path != soap.OtherPaths && s.IsSecret(path) {
			delete(paths, path)
			paths[soap.OtherPaths] += n
		}
	}
	return paths
}

func (r *request) fault(reply soap.Reply, f *soap.Fault, sent *Sent) *Error {
	if r.op.Fault != nil {
		if failure := r.op.Fault(f, sent); failure != nil && !isTransportRefusal(reply, f) {
			return failure
		}
	}
	return faultByClass(r.op.System, reply, f, sent)
}
