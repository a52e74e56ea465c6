// Package customercare speaks Southern Company's CustomerCareService, an ASMX service.
//
// Its help pages are samples, printed by ASP.NET from the service's own types: element order, names and namespaces on them are
// exact. What they do not show is marked where it is decided: [source] for what the generator of such pages is known to do,
// [decided] for this product's own choice.
package customercare

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
	"soapbridge/translate/validation"
)

const (
	system    = "customercare"
	namespace = "http://ws.southernco.com/CustSvc-iHub" // the xmlns of every operation element on the pages
)

// Config is what the service needs to know of this proxy.
type Config struct {
	Version          soap.Version // the service speaks both
	DirectToken      soap.Secret  // this proxy's own; ScCredentials/DirectUserNameToken
	OriginatingToken soap.Secret  // the end user's, where the caller brings none; without one the element is left out
	UserID           string       // BaseRequest/UserId, where the caller has none
	// SuccessCodes are the ResponseCodes that mean success; no page lists them. Empty means that any does.
	SuccessCodes []string
	// CodeStatus is the HTTP status for a failed BaseResponse's code, where it is not 422.
	CodeStatus map[string]int
	// Username and Password go into a WS-Security UsernameToken; none is sent without a Username. The vendor documents none, but a gateway in
	// front of it may ask for one.
	Username string
	Password soap.Secret
	Secrets  []soap.Secret // of the transport, to be masked in whatever the service says
	Limits   xml.Limits   // of replies
}

// Operations gives the service's operations.
func Operations(c Config) ([]translate.Operation, error) {
	workflow, err1 := createWorkFlowManager(c)
	callLog, err2 := createCallLog(c)
	pin, err3 := updateCustomerPIN(c)
	return []translate.Operation{workflow, callLog, pin}, errors.Join(err1, err2, err3)
}

// define completes what all operations of the service share. The operation element and its result element follow the operation's
// name; the wrapper's name follows no rule and comes from the page.
func define[Req, Res any](c Config, d translate.Definition[Req, Res], wrapper string) (translate.Operation, error) {
	d.System, d.Version, d.Limits = system, c.Version, c.Limits
	d.Binding = soap.Binding{
		Namespace:      namespace,
		EnvelopePrefix: map[soap.Version]string{soap.V11: "soap", soap.V12: "soap12"},
		Request:        []string{d.Name, wrapper},
		Action:         namespace + "/" + d.Name,
		Reply:          []xml.Name{{Space: namespace, Local: d.Name + "Response"}, {Space: namespace, Local: d.Name + "Result"}},
	}
	d.Headers = func(env translate.Env) []soap.HeaderBlock {
		return append([]soap.HeaderBlock{credentials(c, env)}, soap.UsernameTokens(c.Username, c.Password)...)
	}
	d.Fault = fault
	d.Secrets = append([]soap.Secret{c.DirectToken, c.OriginatingToken, c.Password}, c.Secrets...)
	return translate.Define(d)
}

// scCredentials is the header of every request. The reply's header echoes it, tokens included, and is never read.
type scCredentials struct {
	Direct      *userNameToken `json:"-" soap:"DirectUserNameToken"`
	Originating *userNameToken `json:"-" soap:"OriginatingUserNameToken"`
	Created     string         `json:"-" soap:"Created"` // a string on the page; an instant by its name [decided]
}

type userNameToken struct {
	BinarySecurityToken struct {
		ID soap.Secret `json:"-" soap:"ID"`
	} `json:"-" soap:"BinarySecurityToken"`
}

func credentials(c Config, env translate.Env) soap.HeaderBlock {
	originating := env.Caller.OriginatingToken
	if originating == "" {
		originating = c.OriginatingToken
	}
	return credentialsBlock(&scCredentials{
		Direct:      token(c.DirectToken),
		Originating: token(originating),
		Created:     instant(env.Now),
	})
}

func token(id soap.Secret) *userNameToken {
	if id == "" {
		return nil
	}
	t := &userNameToken{}
	t.BinarySecurityToken.ID = id
	return t
}

var credentialsBlock = soap.MustBlock[scCredentials](namespace, "ScCredentials")

// instant writes xsd:dateTime in UTC.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// fillBase completes a BaseRequest without writing into the caller's [decided].
func fillBase(base **BaseRequest, c Config, env translate.Env) {
	filled := BaseRequest{}
	if *base != nil {
		filled = **base
	}
	userID := env.Caller.UserID
	if userID == "" {
		userID = c.UserID
	}
	fill(&filled.UserID, userID)
	fill(&filled.MessageDateTime, instant(env.Now))
	if filled.MessageID != nil && validation.Blank(*filled.MessageID) {
		filled.MessageID = nil // an empty one finds nothing in the vendor's records
	}
	fill(&filled.MessageID, env.OperationID)
	*base = &filled
}

// fill sets a text that the caller left out, if there is one to set.
func fill(place **string, text string) {
	if *place == nil && text != "" {
		*place = &text
	}
}

// outcome judges a BaseResponse: business errors arrive with HTTP 200. An answer without one says nothing. The rule [decided] looks at
// ErrorCode first, then at ErrorDescription, then at ResponseCode; NativeErrorDetail never decides. The codes are the answer's other ones,
// which decide nothing.
func (c Config) outcome(base *BaseResponse, sent *translate.Sent, codes ...*string) *translate.Error {
	if base == nil {
		return translate.Unknown(errors.New("the reply has no BaseResponse"))
	}
	failure := errorData{}
	if base.ErrorData != nil {
		failure = *base.ErrorData
	}
	if problem := translate.TrimIdentifiers(append(codes, base.MessageDateTime, base.ResponseCode, failure.ErrorCode)...); problem != nil {
		return problem
	}
	code, errorCode, described := text(base.ResponseCode), text(failure.ErrorCode), !validation.Blank(text(failure.ErrorDescription))
	switch {
	case errorCode != "" && !c.isZero(errorCode):
		return c.failure(base, errorCode, sent)
	case errorCode == "" && described && c.isZero(code):
		return contradiction(base, sent)
	case errorCode == "" && described, code != "" && len(c.SuccessCodes) > 0 && !slices.Contains(c.SuccessCodes, code):
		return c.failure(base, code, sent)
	case code == "":
		return translate.Unknown(errors.New("the reply's BaseResponse has neither a ResponseCode nor an error"))
	}
	return nil
}

// isZero reports whether a code says that nothing is wrong: only zeros, or one of the codes that mean success.
func (c Config) isZero(code string) bool {
	return code != "" && strings.Trim(code, "0") == "" || slices.Contains(c.SuccessCodes, code)
}

// failure is the refusal by a code.
func (c Config) failure(base *BaseResponse, code string, sent *translate.Sent) *translate.Error {
	problem := translate.Reject(translate.FromResponseCode, base.cause(sent), base.violation(code, sent))
	problem.Status = c.CodeStatus[code]
	return problem
}

// contradiction is an error in words beside a code of success: which of them holds cannot be known.
func contradiction(base *BaseResponse, sent *translate.Sent) *translate.Error {
	problem := translate.Fail(translate.UpstreamFailed, base.cause(sent), base.violation(text(base.ResponseCode), sent))
	problem.Source = translate.FromResponseCode
	return problem
}

// violation is what the vendor says of the error, or else of its answer.
func (b *BaseResponse) violation(code string, sent *translate.Sent) translate.Violation {
	description := text(b.ResponseDescription)
	if e := b.ErrorData; e != nil && !validation.Blank(text(e.ErrorDescription)) {
		description = text(e.ErrorDescription)
	}
	return translate.Violation{Code: numbered(code, sent), Detail: sent.Safe(description)}
}

// cause is for the log. NativeErrorDetail is the vendor's internals: callers never see it.
func (b *BaseResponse) cause(sent *translate.Sent) error {
	cause := fmt.Errorf("response code %q, description %q", sent.Code(text(b.ResponseCode)), sent.Logged(text(b.ResponseDescription)))
	if e := b.ErrorData; e != nil {
		return fmt.Errorf("%w, error code %q, description %q, native detail %q",
			cause, sent.Code(text(e.ErrorCode)), sent.Logged(text(e.ErrorDescription)), sent.Logged(text(e.NativeErrorDetail)))
	}
	return cause
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func numbered(code string, sent *translate.Sent) validation.Code {
	if !sent.IsPlainCode(code) {
		return system + "-fault"
	}
	return validation.Code(system + "-" + code)
}

// notRead is how ASMX begins to say that it could not deserialise a message [source].
const notRead = "Server was unable to read request"

// notAValue names the type of an enumeration that a value is not of [source]: XmlSerializer's message.
var notAValue = regexp.MustCompile(`is not a valid value for (\w+)`)

// isTypeOf tells whether a type's name is the one that .NET's tools make for the anonymous type of an element: its own, with the names
// around it in front, or with Enum behind [source].
func isTypeOf(name, element string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, "Enum"), element)
}

// fault reads the one fault of ASMX that says more than its class. XmlSerializer names the type that a value did not fit; where
// just one value that was sent stands in an element of that name, that value is the place.
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
