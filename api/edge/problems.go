package edge

import (
	"cmp"
	"slices"
	"time"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// code names a problem. Those of translate have a row here too: one table maps every code to HTTP.
type code string

const (
	unsupportedMediaType code = "unsupported-media-type"
	payloadTooLarge      code = "payload-too-large"
	methodNotAllowed     code = "method-not-allowed"
	notFound             code = "not-found"
	badParameter         code = "bad-parameter"
	notConfigured        code = "not-configured"
	keyMissing           code = "idempotency-key-missing"
	keyMalformed         code = "idempotency-key-malformed"
	originNotAllowed     code = "origin-not-allowed"
	hostNotAllowed       code = "host-not-allowed"
	requestTimeout       code = "request-timeout"
	unauthenticated      code = "unauthenticated"
	forbidden            code = "forbidden"
	issuerUnavailable    code = "issuer-unavailable"
	inFlight             code = "in-flight"
	keyReused            code = "key-reused"
	tooManyRequests      code = "too-many-requests"
	overloaded           code = "overloaded"
	storeDown            code = "idempotency-store-unavailable"
	notUnknown           code = "not-unknown"
	settled              code = "settled"
	internalError        code = code(translate.Internal)
)

// retry says what a program does next.
type retry string

const (
	retrySafe  retry = "safe"        // repeat with the same key
	retryLater retry = "later"       // repeat with the same key, after Retry-After
	afterFix   retry = "after_fix"   // change the request or the call, use a new key
	afterCheck retry = "after_check" // look for the operation id in the vendor's records first
	retryNever retry = "never"       // a repetition would be refused again, or its effect is not known
	notSent          = soap.NotSent
)

// keep is what becomes of the record of a claim when a call ends this way. Rows of problems that end no claim do not have it.
type keep uint8

const (
	keepUnknown keep = iota // the outcome cannot be known
	keepNothing             // released: the caller may use the key again
	keepDone                // the answer is stored, and replayed
)

// row describes a code, for the answers, the pages, the documents and docs/errors.md.
type row struct {
	status  int
	title   string
	detail  string
	outcome soap.Outcome
	retry   retry
	// retryAfter is in seconds; 0 for no header.
	retryAfter int
	keep       keep
	// user says what to show the person in front of the screen.
	user string
}

// What to show users, where several problems need the same.
const (
	ourMistake    = "That something went wrong on our side, and was not done. Only a developer can fix it: log the request id."
	tryAgainLater = "That it is not possible at the moment, that nothing was done, and that it is tried again. Keep what they typed."
	ourSide       = "That it is not possible at the moment, and that nothing was done. The operators know of it."
	inPart        = "That it may have been done in part, that they should not send it again, and the operation id, by which others can find out."
)

var table = map[code]row{
	codeOf(translate.MalformedJSON): {
		status: 400, title: "The body is not JSON", outcome: notSent, retry: afterFix,
		detail: "The request body could not be read as JSON.",
		user:   ourMistake,
	},
	codeOf(translate.ValidationFailed): {
		status: 422, title: "The request breaks rules", outcome: notSent, retry: afterFix,
		detail: "Fix every place listed in errors; nothing was sent.",
		user:   "Each sentence in errors, beside the field that its pointer names. Everything that is wrong is there at once, and the valid values are in params.",
	},
	unsupportedMediaType: {
		status: 415, title: "The media type is not supported", outcome: notSent, retry: afterFix,
		detail: "Send one uncompressed document of the type that errors names.",
		user:   ourMistake,
	},
	payloadTooLarge: {
		status: 413, title: "The body is too large", outcome: notSent, retry: afterFix,
		detail: "The request body is larger than this proxy accepts.",
		user:   "That the text is too long, if they may have typed it; otherwise that something went wrong on our side.",
	},
	methodNotAllowed: {
		status: 405, title: "The method is not allowed", outcome: notSent, retry: afterFix,
		detail: "The Allow header lists what this path answers to.",
		user:   ourMistake,
	},
	notFound: {
		status: 404, title: "There is nothing here", outcome: notSent, retry: afterFix,
		detail: "Nothing has this path, or it is not yours to see.",
		user:   "That there is no such operation, where they asked for one by its id. Otherwise it is a mistake in the program.",
	},
	badParameter: {
		status: 400, title: "A query parameter is wrong", outcome: notSent, retry: afterFix,
		detail: "Fix the query parameters listed in errors, or leave them out; nothing was sent.",
		user:   ourMistake,
	},
	keyMissing: {
		status: 400, title: "The Idempotency-Key is missing", outcome: notSent, retry: afterFix,
		detail: "Every write needs an Idempotency-Key header.",
		user:   ourMistake,
	},
	keyMalformed: {
		status: 400, title: "The Idempotency-Key is malformed", outcome: notSent, retry: afterFix,
		detail: "The Idempotency-Key header breaks its syntax.",
		user:   ourMistake,
	},
	notConfigured: {
		status: 503, title: "This system is not configured", outcome: notSent, retry: retryNever,
		detail: "This proxy has no upstream URL for this system.",
		user:   "That this is not available here, and will not be until the operators of the proxy set the system's URL.",
	},
	originNotAllowed: {
		status: 403, title: "This origin may not call", outcome: notSent, retry: afterFix,
		detail: "Browsers may call from the configured origins only.",
		user:   ourMistake,
	},
	hostNotAllowed: {
		status: 421, title: "This host name is not accepted", outcome: notSent, retry: afterFix,
		detail: "This proxy has no callers, so it answers requests for an IP address, localhost, or a name in SOAPBRIDGE_HOSTS only.",
		user:   "Nothing. Its operators set SOAPBRIDGE_HOSTS to the name by which the proxy is called, or configure callers.",
	},
	requestTimeout: {
		status: 408, title: "The body took too long", outcome: notSent, retry: retrySafe,
		detail: "The request body did not arrive in time; nothing was sent.",
		user:   tryAgainLater,
	},
	unauthenticated: {
		status: 401, title: "The caller is not known", outcome: notSent, retry: afterFix,
		detail: "Send an API key or a JWT as a bearer token, or an API key in the header X-API-Key.",
		user:   "That they have to sign in again, where the key is theirs; otherwise that something went wrong on our side.",
	},
	forbidden: {
		status: 403, title: "The caller may not do this", outcome: notSent, retry: afterFix,
		detail: "The API key or JWT lacks the scope that this needs.",
		user:   "That they may not do this.",
	},
	issuerUnavailable: {
		status: 503, title: "The issuer's keys are unavailable", outcome: notSent, retry: retryLater, retryAfter: int(readPause / time.Second),
		detail: "The key of this JWT is not known, and its issuer's keys cannot be read at the moment; nothing was sent.",
		user:   tryAgainLater,
	},
	inFlight: {
		status: 409, title: "The operation is still running", retry: retryLater, retryAfter: 1,
		detail: "A call with this key has not ended yet.",
		user:   "That it is still being done. Do not offer a second button: the same key gets the result as soon as there is one.",
	},
	keyReused: {
		status: 422, title: "The key was used for another request", retry: retryNever,
		detail: "This Idempotency-Key belongs to another payload or operation. A new operation needs a new key.",
		user:   "Nothing, if the form was changed after it was sent: send what it says now with a new key, once the first result is known. Otherwise it is a mistake in the program.",
	},
	storeDown: {
		status: 503, title: "The idempotency store is unavailable", outcome: notSent, retry: retryLater, retryAfter: 1,
		detail: "Without its record the operation cannot be sent safely; nothing was sent.",
		user:   tryAgainLater,
	},
	tooManyRequests: {
		status: 429, title: "There are too many calls", outcome: notSent, retry: retryLater, retryAfter: 1,
		detail: "There are more calls of this caller, or for this account, than its limit allows; nothing was sent.",
		user:   tryAgainLater,
	},
	overloaded: {
		status: 503, title: "Too many calls are in flight", outcome: notSent, retry: retryLater, retryAfter: 1,
		detail: "As many calls to this system run and wait as may; nothing was sent.",
		user:   tryAgainLater,
	},
	notUnknown: {
		status: 409, title: "The settlement does not fit the operation", retry: afterFix,
		detail: "Only an unknown operation can be settled.",
		user:   "The operator: that somebody settled this operation before, that its result has come, or that its key was used again since.",
	},
	settled: {
		status: 409, title: "The operation was settled without a result", outcome: soap.Executed, retry: retryNever,
		detail: "An operator confirmed that the vendor executed the operation; what it answered is not known. Do not send it again.",
		user:   "That it was done, and the operation id, by which others can find the details in the vendor's records.",
	},
	internalError: {
		status: 500, title: "The proxy made a mistake", retry: retrySafe,
		detail: "The mistake is logged under the request id.",
		user:   "That something went wrong on our side, and, where outcome is unknown, that it is not known whether it was done. Log the request id.",
	},

	codeOf(translate.UpstreamUnreachable): {
		status: 503, title: "The vendor's service cannot be reached", outcome: notSent, retry: retryLater, retryAfter: 5, keep: keepNothing,
		detail: "No connection was obtained; nothing was sent.",
		user:   tryAgainLater,
	},
	codeOf(translate.UpstreamRejected): {
		status: 422, title: "The vendor rejected the request", outcome: soap.Rejected, retry: afterFix, keep: keepDone,
		detail: "The vendor's service answered that the input is wrong.",
		user:   "The sentences in errors; they are the vendor's, and those with a pointer belong beside a field. Nothing was done.",
	},
	codeOf(translate.UpstreamFailed): {
		status: 502, title: "The vendor's service failed", outcome: soap.Failed, retry: afterCheck, keep: keepDone,
		detail: "The vendor's service answered that it broke; it may have done part of the work.",
		user:   inPart,
	},
	codeOf(translate.UpstreamUnavailable): {
		status: 503, title: "The vendor's service is unavailable", outcome: soap.Failed, retry: afterCheck, keep: keepDone,
		detail: "The vendor's service answered that it is not available; it may have done part of the work.",
		user:   inPart,
	},
	codeOf(translate.UpstreamDenied): {
		status: 502, title: "The vendor denied access to this proxy", outcome: soap.Rejected, retry: retrySafe, keep: keepNothing,
		detail: "The vendor's service does not accept this proxy's credentials. Its operators have been alerted.",
		user:   ourSide,
	},
	codeOf(translate.UpstreamRefused): {
		status: 502, title: "The vendor refused the message", outcome: soap.Rejected, retry: retrySafe, keep: keepNothing,
		detail: "The vendor's service does not understand this proxy's messages. Its operators have been alerted.",
		user:   ourSide,
	},
	codeOf(translate.UpstreamBusy): {
		status: 503, title: "The vendor's service is busy", outcome: soap.Rejected, retry: retryLater, retryAfter: 30, keep: keepNothing,
		detail: "The vendor's service limits the rate of calls.",
		user:   tryAgainLater,
	},
	codeOf(translate.OutcomeUnknown): {
		status: 502, title: "The outcome is unknown", outcome: soap.Unknown, retry: retryNever,
		detail: "No readable answer came back. The vendor may have executed the operation; do not repeat it blindly.",
		user:   "That it is not yet known whether it was done, that they must not send it again, and the operation id, by which others can find out.",
	},
}

// ViolationCodes lists the codes in the errors of problems: those of translate and of this package. Vendors' codes begin with the name of a system.
func ViolationCodes() (list []string) {
	for _, c := range record.Codes {
		list = append(list, string(c))
	}
	return append(list, unknownParameter, duplicateParameter, string(forbidden), string(unsupportedMediaType), string(payloadTooLarge))
}

func codeOf(c translate.Code) code { return code(c) }

// Problems lists the rows of the table for the documents, by status and code.
func Problems() []openapi.Problem {
	list := make([]openapi.Problem, 0, len(table))
	for c, r := range table {
		list = append(list, openapi.Problem{
			Code: string(c), Status: r.status, Title: r.title, Detail: r.detail, Outcome: string(r.outcome), Retry: string(r.retry),
			RetryAfter: r.retryAfter > 0, User: r.user,
		})
	}
	slices.SortFunc(list, func(a, b openapi.Problem) int { return cmp.Or(a.Status-b.Status, cmp.Compare(a.Code, b.Code)) })
	return list
}
