package translate

import (
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// Violation is one broken rule at one place of a request.
type Violation = record.Violation

// Code names an error for programs. The list is closed; the HTTP edge has one row for each.
type Code string

// The codes of translation.
const (
	MalformedJSON       Code = "malformed-json"       // the body is not JSON
	ValidationFailed    Code = "validation-failed"    // the body breaks rules; Error.Violations
	UpstreamRejected    Code = "upstream-rejected"    // the vendor says that the input is wrong
	UpstreamFailed      Code = "upstream-failed"      // the vendor says that it broke
	UpstreamUnavailable Code = "upstream-unavailable" // the vendor says that it is not available
	UpstreamDenied      Code = "upstream-denied"      // the vendor does not accept this proxy's credentials
	UpstreamRefused     Code = "upstream-refused"     // the vendor does not understand this proxy's messages
	UpstreamBusy        Code = "upstream-busy"        // the vendor limits the rate
	OutcomeUnknown      Code = "outcome-unknown"      // no readable answer
	UpstreamUnreachable Code = "upstream-unreachable" // no connection, nothing sent
	Internal            Code = "internal"             // a mistake of ours
)

// Source is who found what is wrong at a place.
type Source string

// The sources.
const (
	FromRequest      Source = "request"       // the proxy, before anything was sent
	FromFault        Source = "soap-fault"    // the vendor, in a fault
	FromResponseCode Source = "response-code" // the vendor, inside an answer that looks like success
)

// Error is a refusal or a failure, made by the proxy or by the vendor. It is safe to show but for its cause.
type Error struct {
	Code Code
	// Outcome is what is known of the execution upstream.
	Outcome soap.Outcome
	// Status is the HTTP status when it is not the one that the edge's table has for the code; 0 otherwise.
	Status int
	// Detail is one sentence for a person, more precise than the code's own.
	Detail string
	// Violations are the places that are wrong, in document order; Source says who found them.
	Violations []Violation
	Source     Source
	// Truncated reports that there were more violations.
	Truncated bool
	// Extensions are members of the problem beside the standard ones.
	Extensions map[string]any
	// RetryAfter is the vendor's header as received: seconds or a date; empty when there was none.
	RetryAfter string
	// Alert asks for an operator's eyes: the proxy's own configuration looks wrong to the vendor.
	Alert bool
	// Stray reports that the reply may not be the answer to this call: it holds no readable envelope, or it names another call. Its connection
	// must not carry another one.
	Stray bool
	// Cause is for the log. It holds no text of the vendor's that is not masked.
	Cause error
}

func (e *Error) Error() string {
	text := string(e.Code)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }

// internal is a mistake of ours before anything was sent.
func internal(cause error) *Error {
	return &Error{Code: Internal, Outcome: soap.NotSent, Cause: cause}
}
