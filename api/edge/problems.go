package edge

import (
	"cmp"
	"slices"

	"soapbridge/openapi"
	"soapbridge/translate"
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
	inFlight             code = "in-flight"
	keyReused            code = "key-reused"
	storeDown            code = "idempotency-store-unavailable"
	notUnknown           code = "not-unknown"
	settled              code = "settled"
	internalError        code = code(translate.Internal)
)

// retry says what a program does next.
type retry string

const (
	retrySafe  retry = "safe"           // repeat with the same key
	retryLater retry = "later"          // repeat with the same key, after Retry-After
	afterFix   retry = "after_fix"      // change the request or the call, use a new key
	afterCheck retry = "after_check"    // look for the operation id in the vendor's records first
	retryNever retry = "never"          // a repetition would be refused again, or its effect is not known
	noOutcome        = soap.Outcome("") // the error itself knows
	notSent          = soap.NotSent
)

// keep is what becomes of the record of a claim when a call ends this way.
type keep uint8

const (
	keepUnknown keep = iota // the outcome cannot be known: the default of a row
	keepNothing             // released: the caller may use the key again
	keepDone                // the answer is stored, and replayed
)

// row describes a code, for the answers, the pages, the documents and the README.
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
	codeOf(translate.MalformedJSON): {400, "The body is not JSON", "The request body could not be read as JSON.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	codeOf(translate.ValidationFailed): {422, "The request breaks rules", "Fix every place listed in errors; nothing was sent.", notSent, afterFix, 0, keepNothing,
		"Each sentence in errors, beside the field that its pointer names. Everything that is wrong is there at once, and the valid values are in params."},
	unsupportedMediaType: {415, "The media type is not supported", "Send one uncompressed document of the type that errors names.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	payloadTooLarge: {413, "The body is too large", "The request body is larger than this proxy accepts.", notSent, afterFix, 0, keepNothing,
		"That the text is too long, if they may have typed it; otherwise that something went wrong on our side."},
	methodNotAllowed: {405, "The method is not allowed", "The Allow header lists what this path answers to.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	notFound: {404, "There is nothing here", "Nothing has this path, or it is not yours to see.", notSent, afterFix, 0, keepNothing,
		"That there is no such operation, where they asked for one by its id. Otherwise it is a mistake in the program."},
	badParameter: {400, "A query parameter is wrong", "Fix the query parameters listed in errors, or leave them out; nothing was sent.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	keyMissing: {400, "The Idempotency-Key is missing", "Every write needs an Idempotency-Key header.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	keyMalformed: {400, "The Idempotency-Key is malformed", "The Idempotency-Key header breaks its syntax.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	notConfigured: {503, "This system is not configured", "This proxy has no upstream URL for this system.", notSent, retryNever, 0, keepNothing,
		"That this is not available here, and will not be until the operators of the proxy set the system's URL."},
	originNotAllowed: {403, "This origin may not call", "Browsers may call from the configured origins only.", notSent, afterFix, 0, keepNothing,
		ourMistake},
	hostNotAllowed: {421, "This host name is not accepted", "This proxy has no callers, so it answers requests for an IP address, localhost, or a name in SOAPBRIDGE_HOSTS only.", notSent, afterFix, 0, keepNothing,
		"Nothing. Its operators set SOAPBRIDGE_HOSTS to the name by which the proxy is called, or configure callers."},
	requestTimeout: {408, "The body took too long", "The request body did not arrive in time; nothing was sent.", notSent, retrySafe, 0, keepNothing,
		tryAgainLater},
	unauthenticated: {401, "The caller is not known", "Send an API key as a bearer token, or in the header X-API-Key.", notSent, afterFix, 0, keepNothing,
		"That they have to sign in again, where the key is theirs; otherwise that something went wrong on our side."},
	forbidden: {403, "The caller may not do this", "The API key lacks the scope that this needs.", notSent, afterFix, 0, keepNothing,
		"That they may not do this."},
	inFlight: {409, "The operation is still running", "A call with this key has not ended yet.", noOutcome, retryLater, 1, keepNothing,
		"That it is still being done. Do not offer a second button: the same key gets the result as soon as there is one."},
	keyReused: {422, "The key was used for another request", "This Idempotency-Key belongs to another payload or operation. A new operation needs a new key.", noOutcome, retryNever, 0, keepNothing,
		"Nothing, if the form was changed after it was sent: send what it says now with a new key, once the first result is known. Otherwise it is a mistake in the program."},
	storeDown: {503, "The idempotency store is unavailable", "Without its record the operation cannot be sent safely; nothing was sent.", notSent, retryLater, 1, keepNothing,
		tryAgainLater},
	notUnknown: {409, "The settlement does not fit the operation", "Only an unknown operation can be settled.", noOutcome, afterFix, 0, keepNothing,
		"The operator: that somebody settled this operation before, that its result has come, or that its key was used again since."},
	settled: {409, "The operation was settled without a result", "An operator confirmed that the vendor executed the operation; what it answered is not known. Do not send it again.", soap.Executed, retryNever, 0, keepNothing,
		"That it was done, and the operation id, by which others can find the details in the vendor's records."},
	internalError: {500, "The proxy made a mistake", "The mistake is logged under the request id.", noOutcome, retrySafe, 0, keepNothing,
		"That something went wrong on our side, and, where outcome is unknown, that it is not known whether it was done. Log the request id."},

	codeOf(translate.UpstreamUnreachable): {503, "The vendor's service cannot be reached", "No connection was obtained; nothing was sent.", notSent, retryLater, 5, keepNothing,
		tryAgainLater},
	codeOf(translate.UpstreamRejected): {422, "The vendor rejected the request", "The vendor's service answered that the input is wrong.", soap.Rejected, afterFix, 0, keepDone,
		"The sentences in errors; they are the vendor's, and those with a pointer belong beside a field. Nothing was done."},
	codeOf(translate.UpstreamFailed): {502, "The vendor's service failed", "The vendor's service answered that it broke; it may have done part of the work.", soap.Failed, afterCheck, 0, keepDone,
		inPart},
	codeOf(translate.UpstreamUnavailable): {503, "The vendor's service is unavailable", "The vendor's service answered that it is not available; it may have done part of the work.", soap.Failed, afterCheck, 0, keepDone,
		inPart},
	codeOf(translate.UpstreamDenied): {502, "The vendor denied access to this proxy", "The vendor's service does not accept this proxy's credentials. Its operators have been alerted.", soap.Rejected, retrySafe, 0, keepNothing,
		ourSide},
	codeOf(translate.UpstreamRefused): {502, "The vendor refused the message", "The vendor's service does not understand this proxy's messages. Its operators have been alerted.", soap.Rejected, retrySafe, 0, keepNothing,
		ourSide},
	codeOf(translate.UpstreamBusy): {503, "The vendor's service is busy", "The vendor's service limits the rate of calls.", soap.Rejected, retryLater, 30, keepNothing,
		tryAgainLater},
	codeOf(translate.OutcomeUnknown): {502, "The outcome is unknown", "No readable answer came back. The vendor may have executed the operation; do not repeat it blindly.", soap.Unknown, retryNever, 0, keepUnknown,
		"That it is not yet known whether it was done, that they must not send it again, and the operation id, by which others can find out."},
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
