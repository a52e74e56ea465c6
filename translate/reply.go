package translate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// Unknown is the answer to a reply that does not show whether the vendor executed the call.
func Unknown(cause error) *Error {
	return &Error{Code: OutcomeUnknown, Outcome: soap.Unknown, Cause: cause}
}

// Deny reports that the vendor does not accept this proxy's credentials. The caller cannot fix that; the cause is for the operator.
func Deny(cause error) *Error {
	return &Error{Code: UpstreamDenied, Outcome: soap.Rejected, Alert: true, Cause: cause}
}

// refuse reports that the vendor does not understand this proxy's messages, and so executed nothing.
func refuse(cause error) *Error {
	return &Error{Code: UpstreamRefused, Outcome: soap.Rejected, Alert: true, Cause: cause}
}

// busy reports that the vendor limits the rate, and so executed nothing.
func busy(reply soap.Reply, cause error) *Error {
	return &Error{Code: UpstreamBusy, Outcome: soap.Rejected, RetryAfter: reply.RetryAfter, Cause: cause}
}

// Reject reports that the vendor found the input wrong and did nothing. Each violation is the vendor's, with its text made safe.
func Reject(source Source, cause error, violations ...Violation) *Error {
	return (&Error{Code: UpstreamRejected, Outcome: soap.Rejected, Source: source, Cause: cause}).with(violations)
}

// Fail reports that the vendor broke, and may have done part of the work. The code is UpstreamFailed or UpstreamUnavailable.
func Fail(code Code, cause error, violations ...Violation) *Error {
	return (&Error{Code: code, Outcome: soap.Failed, Source: FromFault, Cause: cause}).with(violations)
}

// maxIdentifier bounds the codes, identifiers and dates of a reply, in code points. What is longer is something else.
const maxIdentifier = 256

// trimIdentifiers takes the white space off the codes, identifiers and dates of a reply: all its texts but those for people. Where one is too long
// to be one, the reply cannot be understood.
func trimIdentifiers(reply *record.Record) (failure *Error) {
	reply.Leaves(func(v record.Value) bool {
		if v.Field().FreeText || v.Field().Data || !v.Present() {
			return true
		}
		text := strings.TrimSpace(v.Text())
		if v.Set(text); utf8.RuneCountInString(text) > maxIdentifier {
			failure = Unknown(fmt.Errorf("a code or identifier of the reply has %d characters, more than %d", utf8.RuneCountInString(text), maxIdentifier))
		}
		return failure == nil
	})
	return failure
}

// maxViolationBytes bounds what a vendor's violations take in a stored answer, so that it stays below 16 KiB.
const maxViolationBytes = 14 << 10

// with adds the vendor's violations, as many as a request's own may be, and as fit into a stored answer.
func (e *Error) with(violations []Violation) *Error {
	const around = 100 // the names of the members, and the source
	n, size := 0, 0
	for n < min(len(violations), record.MaxViolations) {
		v := violations[n]
		if size += around + len(v.Pointer) + len(v.Code) + len(v.Detail); size > maxViolationBytes && n > 0 {
			break
		}
		n++
	}
	e.Violations, e.Truncated = violations[:n], n < len(violations)
	return e
}

// faultCode is the code of a vendor's error that has no number.
func faultCode(system string) record.Code { return record.Code(system + "-fault") }

// unreadable judges a reply that is not an envelope, or a broken one.
func unreadable(reply soap.Reply, cause error) *Error {
	failure := Unknown(cause)
	if errors.Is(cause, soap.ErrNoEnvelope) && reply.Certain {
		failure = bareStatus(reply, cause)
	}
	failure.Stray = true
	return failure
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
		return busy(reply, cause)
	}
	return Unknown(cause)
}

// isTransportRefusal reports a Client fault whose HTTP status says more than the fault does: who may call, or how often. A detail with
// elements is the vendor's own finding, and decides.
func isTransportRefusal(reply soap.Reply, f *soap.Fault) bool {
	typed := f.Detail != nil && len(f.Detail.Children) > 0
	return !typed && f.Class() == soap.FaultClient && slices.Contains([]int{statusUnauthorized, statusForbidden, statusTooManyRequests}, reply.Status)
}

// faultByClass judges a fault that is not the vendor's own. The vendor's detail has been looked at before this.
func faultByClass(system string, reply soap.Reply, f *soap.Fault, sent *Sent) *Error {
	reason := sent.Safe(f.Reason)
	cause := sent.Fault(f)
	client := f.Class() == soap.FaultClient
	switch {
	case f.Class() == soap.FaultAuthentication, client && (reply.Status == statusUnauthorized || reply.Status == statusForbidden):
		return Deny(cause)
	case client && reply.Status == statusTooManyRequests:
		return busy(reply, cause)
	case isRefusal(f):
		return refuse(cause)
	case client:
		return Reject(FromFault, cause, Violation{Pointer: "", Code: faultCode(system), Detail: reason})
	}
	// Server and Receiver, codes of the vendor's own, and faults that contradict themselves: it answered that something broke, and may have
	// done part of it.
	return Fail(UpstreamFailed, cause, Violation{Pointer: "", Code: faultCode(system), Detail: reason})
}
