package translate

import (
	"errors"
	"regexp"
	"strings"

	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// Unknown is the answer to a reply from which nobody can tell whether the vendor executed the call.
func Unknown(cause error) *Error {
	return &Error{Code: OutcomeUnknown, Outcome: soap.Unknown, Cause: cause}
}

// Deny tells that the vendor does not accept this proxy's credentials. The caller cannot mend that; the cause is for the operator.
func Deny(cause error) *Error {
	return &Error{Code: UpstreamDenied, Outcome: soap.Rejected, Alert: true, Cause: cause}
}

// refuse tells that the vendor does not understand this proxy's messages, and so executed nothing.
func refuse(cause error) *Error {
	return &Error{Code: UpstreamRefused, Outcome: soap.Rejected, Alert: true, Cause: cause}
}

// Reject tells that the vendor found the input wrong and did nothing. Each violation is the vendor's, with its text made safe.
func Reject(source Source, cause error, violations ...Violation) *Error {
	return (&Error{Code: UpstreamRejected, Outcome: soap.Rejected, Source: source, Cause: cause}).with(violations)
}

// Fail tells that the vendor broke, and may have done part of the work. The code is UpstreamFailed or UpstreamUnavailable.
func Fail(code Code, cause error, violations ...Violation) *Error {
	return (&Error{Code: code, Outcome: soap.Failed, Source: FromFault, Cause: cause}).with(violations)
}

// with adds the vendor's violations, as many as a request's own may be.
func (e *Error) with(violations []Violation) *Error {
	n := min(len(violations), validation.MaxViolations)
	e.Violations, e.Truncated = violations[:n], n < len(violations)
	return e
}

// faultCode is the code of a vendor's error that has no number.
func faultCode(system string) validation.Code { return validation.Code(system + "-fault") }

// unreadable judges a reply that is not an envelope, or a broken one.
func unreadable(reply soap.Reply, cause error) *Error {
	problem := Unknown(cause)
	if errors.Is(cause, soap.ErrNoEnvelope) && reply.Certain {
		problem = bareStatus(reply, cause)
	}
	problem.Stray = true
	return problem
}

// bareStatus judges a status without an envelope. The service itself never saw the message if the status says so; everything else may have
// executed.
func bareStatus(reply soap.Reply, cause error) *Error {
	switch reply.Status {
	case statusUnauthorized, statusForbidden:
		return Deny(cause)
	case statusBadRequest, statusNotFound, statusMethodNotAllowed, statusTooLarge, statusUnsupportedMedia:
		return refuse(cause)
	case statusTooManyRequests:
		return &Error{Code: UpstreamBusy, Outcome: soap.Rejected, RetryAfter: reply.RetryAfter, Cause: cause}
	}
	return Unknown(cause)
}

// notUnderstood are the sentences by which services say that they know no such operation, or no such message. They send most of them as
// Client faults, which would blame the caller for what is this proxy's configuration. Each stands at the beginning: further inside, it
// is what a service behind the vendor's said to the vendor.
var notUnderstood = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`Server did not recognize`,          // ASMX: the value of HTTP Header SOAPAction
	`Unable to handle request`,          // ASMX: without a valid action parameter
	`Missing required header`,           // ASMX: ScCredentials
	`Possible SOAP version mismatch`,    // ASMX and CXF
	`Cannot find dispatch method`,       // JAX-WS: no operation for the body's element
	`Couldn't create SOAP message`,      // JAX-WS: the other version's envelope
	`Unsupported Content-Type`,          // JAX-WS
	`\S+SAXParseException; cvc-elt\.1`,  // JAX-WS with schema validation: no declaration for the body's element
	`The given SOAPAction`,              // CXF: does not match an operation
	`A SOAP 1\.2 message is not valid`,  // CXF
	`Procedure '.*' not present`,        // PHP
	`Function '.*' doesn't exist`,       // PHP
	`Function \(.*\) is not a valid`,    // PHP: method for this service
	`Bad Request$`,                      // PHP: not a SOAP message
	`DTD are not supported`,             // PHP
	`Cannot process content of version`, // WCF
}, "|") + `)`)

// faultByClass judges a fault that is not the vendor's own. The vendor's detail has been looked at before this.
func faultByClass(system string, reply soap.Reply, f *soap.Fault, sent *Sent) *Error {
	reason := sent.Safe(f.Reason)
	cause := sent.Fault(f)
	class := f.Class()
	switch {
	case class == soap.FaultAuthentication, reply.Status == statusUnauthorized, reply.Status == statusForbidden:
		return Deny(cause)
	case class == soap.FaultVersionMismatch, class == soap.FaultMustUnderstand, class == soap.FaultDataEncoding:
		return refuse(cause)
	case notUnderstood.MatchString(soapException.ReplaceAllString(f.Reason, "")):
		return refuse(cause)
	case class == soap.FaultClient:
		return Reject(FromFault, cause, Violation{Pointer: "", Code: faultCode(system), Detail: reason})
	}
	// Server and Receiver, and codes of the vendor's own: it answered that something broke, and may have done part of it.
	return Fail(UpstreamFailed, cause, Violation{Pointer: "", Code: faultCode(system), Detail: reason})
}
