// Package customercare speaks Southern Company's CustomerCareService, an ASMX service.
//
// Its help pages are samples, printed by ASP.NET from the service's own types: element order, names and namespaces on them are
// exact. What they do not show is marked where it is decided: [source] for what the generator of such pages is known to do,
// [decided] for this product's own choice.
package customercare

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

const (
	system    = "customercare"
	namespace = "http://ws.southernco.com/CustSvc-iHub" // the xmlns of every operation element on the pages
)

// Config is what the service needs to know of this proxy.
type Config struct {
	Version          soap.Version  // the service speaks both
	DirectToken      secret.Secret // this proxy's own; ScCredentials/DirectUserNameToken
	OriginatingToken secret.Secret // the end user's, where the caller brings none; without one the element is left out
	UserID           string        // BaseRequest/UserId, where the caller has none
	// SuccessCodes are the ResponseCodes that mean success; no page lists them. Empty means that any does.
	SuccessCodes []string
	// CodeStatus is the HTTP status for a failed BaseResponse's code, where it is not 422.
	CodeStatus map[string]int
	Security   soap.Security // the vendor documents none, but a gateway in front of it may ask for it
	Addressing soap.Addressing
	Secrets    []secret.Secret // of the transport, to be masked in whatever the service says
	Limits     xml.Limits      // of replies
}

// Operations returns the service's operations.
func Operations(c Config) ([]translate.Operation, error) {
	return translate.All(c,
		createWorkFlowManager,
		createCallLog,
		updateCustomerPIN,
	)
}

// own is what one operation of the service has for itself.
type own struct {
	// wrapper is the element inside the operation element: its name follows no rule and comes from the page.
	wrapper string
	// now is the path of a member that defaults to the time of the call; empty for none.
	now string
	// extend returns what adds to a refusal; nil for nothing.
	extend func(response *shape.Finder) extension
}

type extension func(*translate.Error, record.Object, *translate.Sent)

// define completes what all operations of the service share. The operation element and its result element follow the operation's name.
func define[Req, Res any](c Config, d translate.Definition, o own) (translate.Operation, error) {
	d.System, d.Version, d.Limits = system, c.Version, c.Limits
	d.Binding = soap.Binding{
		Namespace:      namespace,
		EnvelopePrefix: map[soap.Version]string{soap.V11: "soap", soap.V12: "soap12"},
		Request:        soap.Within(namespace, d.Name, o.wrapper),
		Action:         namespace + "/" + d.Name,
		Reply:          []xml.Name{{Space: namespace, Local: d.Name + "Response"}, {Space: namespace, Local: d.Name + "Result"}},
	}
	var err1, err2 error
	d.Request, err1 = shape.From[Req]("")
	d.Response, err2 = shape.From[Res]("")
	if err := errors.Join(err1, err2); err != nil {
		return translate.Operation{}, err
	}
	request, response := shape.Finder{Shape: d.Request}, shape.Finder{Shape: d.Response}
	base, answer := c.baseRequest(&request), c.baseResponse(&response)
	if o.now != "" {
		base.times = append(base.times, request.Find(o.now))
	}
	if o.extend != nil {
		answer.extend = o.extend(&response)
	}
	if err := errors.Join(request.Err, response.Err); err != nil {
		return translate.Operation{}, err
	}
	d.Fill, d.Judge = base.fill, answer.judge
	d.Header = func(w *soap.Writer, env translate.Env) { writeCredentials(w, c, env) }
	d.Security, d.Addressing = c.Security, c.Addressing
	d.Fault = fault
	d.Secrets = append([]secret.Secret{c.DirectToken, c.OriginatingToken}, c.Secrets...)
	return translate.Define(d)
}

// writeCredentials writes the header of every request: ScCredentials. The reply's header echoes it, tokens included, and is never read.
func writeCredentials(w *soap.Writer, c Config, env translate.Env) {
	w.Markup(`<ScCredentials xmlns="` + namespace + `">`)
	writeToken(w, "DirectUserNameToken>", c.DirectToken)
	writeToken(w, "OriginatingUserNameToken>", cmp.Or(env.Caller.OriginatingToken, c.OriginatingToken))
	w.Markup("<Created>")
	w.Markup(instant(env.Now)) // a string on the page; an instant by its name [decided]
	w.Markup("</Created></ScCredentials>")
}

func writeToken(w *soap.Writer, tag string, id secret.Secret) {
	if id == "" {
		return
	}
	w.Markup("<")
	w.Markup(tag)
	w.Markup("<BinarySecurityToken><ID>")
	w.Secret(id)
	w.Markup("</ID></BinarySecurityToken></")
	w.Markup(tag)
}

// instant writes xsd:dateTime in UTC.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// baseRequest fills in what a request lacks [decided].
type baseRequest struct {
	user              string
	userID, messageID shape.Path
	times             []shape.Path
}

func (c Config) baseRequest(f *shape.Finder) *baseRequest {
	return &baseRequest{c.UserID, f.Find("baseRequest/userId"), f.Find("baseRequest/messageId"), []shape.Path{f.Find("baseRequest/messageDateTime")}}
}

func (b *baseRequest) fill(r *record.Record, env translate.Env) {
	fill(r, b.userID, cmp.Or(env.Caller.UserID, b.user))
	for _, place := range b.times {
		fill(r, place, instant(env.Now))
	}
	if rules.Blank(r.Root().Find(b.messageID).Text()) {
		r.Remove(b.messageID) // an empty one finds nothing in the vendor's records
	}
	fill(r, b.messageID, env.OperationID)
}

// fill sets a text that the caller left out, if there is one to set.
func fill(r *record.Record, place shape.Path, text string) {
	if text != "" && !r.Root().Find(place).Present() {
		r.SetText(place, text)
	}
}

// baseResponse judges a BaseResponse: business errors arrive with HTTP 200. An answer without one says nothing. The rule [decided] looks at
// ErrorCode first, then at ErrorDescription, then at ResponseCode; NativeErrorDetail never decides.
type baseResponse struct {
	Config

	self, responseCode, responseDescription             shape.Path
	errorData, errorCode, errorDescription, nativeError shape.Path
	extend                                              extension
}

func (c Config) baseResponse(f *shape.Finder) *baseResponse {
	const self, errorPath = "baseResponse", "baseResponse/errorData"
	return &baseResponse{
		Config: c, self: f.Find(self), responseCode: f.Find(self + "/responseCode"), responseDescription: f.Find(self + "/responseDescription"),
		errorData: f.Find(errorPath), errorCode: f.Find(errorPath + "/errorCode"), errorDescription: f.Find(errorPath + "/errorDescription"),
		nativeError: f.Find(errorPath + "/nativeErrorDetail"),
	}
}

func (b *baseResponse) judge(reply record.Object, sent *translate.Sent) *translate.Error {
	failure := b.failure(reply, sent)
	if failure != nil && failure.Code != translate.OutcomeUnknown && b.extend != nil {
		b.extend(failure, reply, sent)
	}
	return failure
}

func (b *baseResponse) failure(reply record.Object, sent *translate.Sent) *translate.Error {
	if !reply.Find(b.self).Present() {
		return translate.Unknown(errors.New("the reply has no BaseResponse"))
	}
	code, errorCode := reply.Find(b.responseCode).Text(), reply.Find(b.errorCode).Text()
	described := !rules.Blank(reply.Find(b.errorDescription).Text())
	switch {
	case errorCode != "" && !b.isZero(errorCode):
		return b.failureByCode(reply, errorCode, sent)
	case errorCode == "" && described && b.isZero(code):
		return b.contradiction(reply, sent)
	case errorCode == "" && described, code != "" && len(b.SuccessCodes) > 0 && !slices.Contains(b.SuccessCodes, code):
		return b.failureByCode(reply, code, sent)
	case code == "":
		return translate.Unknown(errors.New("the reply's BaseResponse has neither a ResponseCode nor an error"))
	}
	return nil
}

// isZero reports whether a code says that nothing is wrong: only zeros, or one of the codes that mean success.
func (c Config) isZero(code string) bool {
	return code != "" && strings.Trim(code, "0") == "" || slices.Contains(c.SuccessCodes, code)
}

// failureByCode is the failure that a code reports.
func (b *baseResponse) failureByCode(reply record.Object, code string, sent *translate.Sent) *translate.Error {
	failure := translate.Reject(translate.FromResponseCode, b.cause(reply, sent), b.violation(reply, code, sent))
	failure.Status = b.CodeStatus[code]
	return failure
}

// contradiction is an error in words beside a code of success: which of them holds cannot be known.
func (b *baseResponse) contradiction(reply record.Object, sent *translate.Sent) *translate.Error {
	code := reply.Find(b.responseCode).Text()
	failure := translate.Fail(translate.UpstreamFailed, b.cause(reply, sent), b.violation(reply, code, sent))
	failure.Source = translate.FromResponseCode
	return failure
}

// violation is what the vendor says of the error, or else of its answer.
func (b *baseResponse) violation(reply record.Object, code string, sent *translate.Sent) translate.Violation {
	description := reply.Find(b.errorDescription).Text()
	if rules.Blank(description) {
		description = reply.Find(b.responseDescription).Text()
	}
	return translate.Violation{Code: numbered(code, sent), Detail: sent.Safe(description)}
}

// cause is for the log. NativeErrorDetail is the vendor's internals: callers never see it.
func (b *baseResponse) cause(reply record.Object, sent *translate.Sent) error {
	text := func(path shape.Path) string { return reply.Find(path).Text() }
	cause := fmt.Errorf("response code %q, description %q", sent.Code(text(b.responseCode)), sent.Logged(text(b.responseDescription)))
	if reply.Find(b.errorData).Present() {
		return fmt.Errorf("%w, error code %q, description %q, native detail %q",
			cause, sent.Code(text(b.errorCode)), sent.Logged(text(b.errorDescription)), sent.Logged(text(b.nativeError)))
	}
	return cause
}

func numbered(code string, sent *translate.Sent) record.Code {
	if !sent.IsPlainCode(code) {
		return system + "-fault"
	}
	return record.Code(system + "-" + code)
}

// notRead is how ASMX begins to say that it could not deserialise a message [source].
const notRead = "Server was unable to read request"

// notAValue names the type of an enumeration that a value is not of [source]: XmlSerializer's message.
var notAValue = regexp.MustCompile(`is not a valid value for (\w+)`)

// isTypeOf reports whether a type's name is the one that .NET's tools make for the anonymous type of an element: its own, with the names
// around it in front, or with Enum behind [source].
func isTypeOf(name, element string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, "Enum"), element)
}

// fault reads the one fault of ASMX that says more than its class. XmlSerializer names the type that a value did not fit; where
// just one value was sent in an element of that name, that value is the place.
func fault(f *soap.Fault, sent *translate.Sent) *translate.Error {
	if !strings.Contains(f.Reason, notRead) || f.Class() != soap.FaultClient {
		return nil
	}
	violation := translate.Violation{Code: system + "-fault", Detail: sent.Safe(f.Reason)}
	if m := notAValue.FindStringSubmatch(f.Reason); m != nil {
		if pointers := sent.Present(func(element string) bool { return isTypeOf(m[1], element) }); len(pointers) == 1 {
			violation.Pointer = pointers[0]
		}
	}
	return translate.Reject(translate.FromFault, sent.Fault(f), violation)
}
