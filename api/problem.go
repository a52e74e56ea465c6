package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/translate"
	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
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

// retry tells a program what to do next.
type retry string

const (
	retrySafe  retry = "safe"            // repeat with the same key
	retryLater retry = "later"           // repeat with the same key, after Retry-After
	afterFix   retry = "after_fix"       // change the request or the call, use a new key
	afterCheck retry = "after_check"     // look for the operation id in the vendor's records first
	retryNever retry = "never"           // a repetition would be refused again, or its effect is not known
	noOutcome        = soap.Outcome("-") // stands in the table where the error itself knows
	notSent          = soap.NotSent
)

// keep is what becomes of the record of a claim when a call ends this way.
type keep uint8

const (
	keepUnknown keep = iota // the outcome cannot be known: what a row that does not say anything must mean
	keepNothing             // released: the caller may use the key again
	keepDone                // the answer is stored, and replayed
)

// row is what a code means in HTTP.
type row struct {
	status  int
	title   string
	detail  string
	outcome soap.Outcome
	retry   retry
	// retryAfter is in seconds; 0 for no header.
	retryAfter int
	// record counts only for calls that held a claim.
	record keep
}

var table = map[code]row{
	codeOf(translate.MalformedJSON):    {400, "The body is not JSON", "The request body could not be read as JSON.", soap.NotSent, afterFix, 0, keepNothing},
	codeOf(translate.ValidationFailed): {422, "The request breaks rules", "Fix every place listed in errors; nothing was sent.", soap.NotSent, afterFix, 0, keepNothing},
	unsupportedMediaType:               {415, "The media type is not supported", "Send one uncompressed document of the type that errors names.", soap.NotSent, afterFix, 0, keepNothing},
	payloadTooLarge:                    {413, "The body is too large", "The request body is larger than this proxy accepts.", soap.NotSent, afterFix, 0, keepNothing},
	methodNotAllowed:                   {405, "The method is not allowed", "The Allow header lists what this path answers to.", soap.NotSent, afterFix, 0, keepNothing},
	notFound:                           {404, "There is nothing here", "Nothing has this path, or it is not yours to see.", soap.NotSent, afterFix, 0, keepNothing},
	badParameter:                       {400, "A query parameter is wrong", "Fix the query parameters listed in errors, or leave them out; nothing was sent.", soap.NotSent, afterFix, 0, keepNothing},
	keyMissing:                         {400, "The Idempotency-Key is missing", "Every write needs an Idempotency-Key header.", soap.NotSent, afterFix, 0, keepNothing},
	keyMalformed:                       {400, "The Idempotency-Key is malformed", "The Idempotency-Key header breaks its syntax.", soap.NotSent, afterFix, 0, keepNothing},
	notConfigured:                      {503, "This system is not configured", "This proxy has no upstream URL for this system.", soap.NotSent, retryNever, 0, keepNothing},
	originNotAllowed:                   {403, "This origin may not call", "Browsers may call from the configured origins only.", soap.NotSent, afterFix, 0, keepNothing},
	hostNotAllowed:                     {421, "This host name is not accepted", "This proxy has no callers, so it answers requests for an IP address, localhost, or a name in SOAPBRIDGE_HOSTS only.", notSent, afterFix, 0, keepNothing},
	requestTimeout:                     {408, "The body took too long", "The request body did not arrive in time; nothing was sent.", notSent, retrySafe, 0, keepNothing},
	unauthenticated:                    {401, "The caller is not known", "Send an API key as a bearer token, or in the header X-API-Key.", notSent, afterFix, 0, keepNothing},
	forbidden:                          {403, "The caller may not do this", "The API key lacks the scope that this needs.", notSent, afterFix, 0, keepNothing},
	inFlight:                           {409, "The operation is still running", "A call with this key has not ended yet.", noOutcome, retryLater, 1, keepNothing},
	keyReused:                          {422, "The key was used for another request", "This Idempotency-Key belongs to another payload or operation. A new operation needs a new key.", noOutcome, retryNever, 0, keepNothing},
	storeDown:                          {503, "The idempotency store is unavailable", "Without its record the operation cannot be sent safely; nothing was sent.", notSent, retryLater, 1, keepNothing},
	notUnknown:                         {409, "The settlement does not fit the operation", "Only an unknown operation can be settled.", noOutcome, afterFix, 0, keepNothing},
	settled:                            {409, "The operation was settled without a result", "An operator confirmed that the vendor executed the operation; what it answered is not known. Do not send it again.", soap.Executed, retryNever, 0, keepNothing},
	internalError:                      {500, "The proxy made a mistake", "The mistake is logged under the request id.", noOutcome, retrySafe, 0, keepNothing},

	codeOf(translate.UpstreamUnreachable): {503, "The vendor's service cannot be reached", "No connection was obtained; nothing was sent.", soap.NotSent, retryLater, 5, keepNothing},
	codeOf(translate.UpstreamRejected):    {422, "The vendor rejected the request", "The vendor's service answered that the input is wrong.", soap.Rejected, afterFix, 0, keepDone},
	codeOf(translate.UpstreamFailed):      {502, "The vendor's service failed", "The vendor's service answered that it broke; it may have done part of the work.", soap.Failed, afterCheck, 0, keepDone},
	codeOf(translate.UpstreamUnavailable): {503, "The vendor's service is unavailable", "The vendor's service answered that it is not available; it may have done part of the work.", soap.Failed, afterCheck, 0, keepDone},
	codeOf(translate.UpstreamDenied):      {502, "The vendor denied access to this proxy", "The vendor's service does not accept this proxy's credentials. Its operators have been alerted.", soap.Rejected, retrySafe, 0, keepNothing},
	codeOf(translate.UpstreamRefused):     {502, "The vendor refused the message", "The vendor's service does not understand this proxy's messages. Its operators have been alerted.", soap.Rejected, retrySafe, 0, keepNothing},
	codeOf(translate.UpstreamBusy):        {503, "The vendor's service is busy", "The vendor's service limits the rate of calls.", soap.Rejected, retryLater, 30, keepNothing},
	codeOf(translate.OutcomeUnknown):      {502, "The outcome is unknown", "No readable answer came back. The vendor may have executed the operation; do not repeat it blindly.", soap.Unknown, retryNever, 0, keepUnknown},
}

func codeOf(c translate.Code) code { return code(c) }

// problem is a problem details object (RFC 9457), whoever refused.
type problem struct {
	// A page for people, relative to this API.
	Type   string `json:"type" validate:"required" format:"uri-reference"`
	Title  string `json:"title" validate:"required"`
	Status int    `json:"status" validate:"required"`
	Detail string `json:"detail" validate:"required"`
	// The path that was called, as it was sent.
	Instance string `json:"instance,omitempty" format:"uri-reference"`
	// Names the kind of problem for programs.
	Code code `json:"code" validate:"required" swaggertype:"string"`
	// Names this call in the log; also in the header X-Request-Id.
	RequestID string `json:"requestId" validate:"required"`
	// Names the operation in logs, in the store and in the vendor's records; also in the header Operation-Id. Absent where the call was
	// refused before it had an operation.
	OperationID string `json:"operationId,omitempty" format:"uuid"`
	// What is known of the execution upstream. not_sent: provably nothing left the proxy. rejected: the vendor answered that it did not do it.
	// failed: the vendor answered that it broke; it may have done part of it. unknown: there is no readable answer; it may have executed.
	// executed: an operator confirmed that it was done; what the vendor answered is not known.
	Outcome soap.Outcome `json:"outcome,omitempty" swaggertype:"string" enums:"not_sent,rejected,failed,unknown,executed"`
	// What to do. safe: repeat with the same key. later: repeat with the same key after Retry-After. after_fix: change the request or the
	// call, use a new key. after_check: look for the operation id in the vendor's records first. never: a repetition would be refused again,
	// or its effect is not known.
	Retry retry `json:"retry" validate:"required" swaggertype:"string" enums:"safe,later,after_fix,after_check,never"`
	// Every place that is wrong, in document order.
	Errors []violation `json:"errors,omitempty"`

	extensions map[string]any
	retryAfter int
	record     keep
	cause      error // for the log
	alert      bool
} //	@name	Problem

// violation is one place that is wrong: a pointer into the body, a header, or a query parameter.
type violation struct {
	// JSON Pointer (RFC 6901) into the request body; empty for the whole body.
	Pointer *string `json:"pointer,omitempty" format:"json-pointer"`
	// Name of a request header.
	Header string `json:"header,omitempty"`
	// Name of a query parameter.
	Parameter string `json:"parameter,omitempty"`
	// A vendor's number (emersion-27), or a word of the closed list (required, too-long, not-in-list, ...).
	Code string `json:"code" validate:"required"`
	// One sentence with the valid values; never the rejected value.
	Detail string `json:"detail" validate:"required"`
	// The rule's own parameters: the limit, the list.
	Params map[string]any `json:"params,omitempty"`
	// Who found it: this proxy, or the vendor in a fault or in a response code.
	Source translate.Source `json:"source" validate:"required" swaggertype:"string" enums:"request,soap-fault,response-code"`
} //	@name	Violation

func newProblem(c code) *problem {
	r := table[c]
	p := &problem{
		Type: "/problems/" + string(c), Title: r.title, Status: r.status, Detail: r.detail,
		Code: c, Retry: r.retry, retryAfter: r.retryAfter, record: r.record,
	}
	if r.outcome != noOutcome {
		p.Outcome = r.outcome
	}
	return p
}

func (p *problem) header(name, code, detail string) *problem {
	p.Errors = append(p.Errors, violation{Header: name, Code: code, Detail: detail, Source: translate.FromRequest})
	return p
}

// parameter names a query parameter. Thousands fit into a URL; they are not repeated to whoever sends them.
func (p *problem) parameter(name, code, detail string) {
	if len(p.Errors) == validation.MaxViolations {
		p.extensions = map[string]any{"errorsTruncated": true}
		return
	}
	p.Errors = append(p.Errors, violation{Parameter: name, Code: code, Detail: detail, Source: translate.FromRequest})
}

// missing names the scope that a caller lacks.
func (p *problem) missing(scope Scope) *problem {
	return p.header("Authorization", string(forbidden), "The scope "+string(scope)+" is needed.")
}

// at names a place in the body.
func (p *problem) at(pointer string, code validation.Code, detail string) {
	p.Errors = append(p.Errors, violation{Pointer: &pointer, Code: string(code), Detail: detail, Source: translate.FromRequest})
}

func (p *problem) params(params map[string]any) {
	root := ""
	p.Errors = append(p.Errors, violation{Pointer: &root, Code: string(p.Code), Detail: p.Detail, Params: params, Source: translate.FromRequest})
}

// problemOf puts an error of the translation into HTTP.
func problemOf(e *translate.Error) *problem {
	p := newProblem(codeOf(e.Code))
	p.cause, p.alert = e.Cause, e.Alert
	p.extensions = maps.Clone(e.Extensions)
	if e.Outcome != "" {
		p.Outcome = e.Outcome
	}
	if e.Status != 0 {
		p.Status = e.Status
	}
	if e.Detail != "" {
		p.Detail = e.Detail
	}
	if seconds := retryAfter(e.RetryAfter, time.Now()); seconds > 0 {
		p.retryAfter = seconds
	}
	if e.Truncated {
		p.extensions = map[string]any{"errorsTruncated": true}
	}
	for _, v := range e.Violations {
		p.Errors = append(p.Errors, violation{Pointer: &v.Pointer, Code: string(v.Code), Detail: v.Detail, Params: v.Params, Source: e.Source})
	}
	return p
}

// longestWait bounds how long a vendor may ask a caller to wait: a program that obeys must not sleep for days over a slip of the vendor's.
const longestWait = time.Hour

// retryAfter returns how many seconds a vendor's Retry-After (RFC 9110 section 10.2.3) asks to wait, at most longestWait; none or less
// where it is malformed or past.
func retryAfter(value string, now time.Time) int {
	if date, err := http.ParseTime(value); err == nil {
		return int((min(date.Sub(now), longestWait) + time.Second - 1) / time.Second)
	}
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return int(min(seconds, uint64(longestWait/time.Second))) // out of range, it is the largest number
}

// answer is a whole HTTP answer.
type answer struct {
	status      int
	contentType string
	body        []byte
	retryAfter  int // seconds; 0 for no header
	record      keep
	unstored    bool // the store could not be told
}

const jsonType = "application/json; charset=utf-8"

// answerOf completes a problem and writes it into an answer.
func (s *server) answerOf(c *gin.Context, p *problem) answer {
	call := callOf(c)
	p.RequestID, p.OperationID = call.requestID, call.operationID
	if c.FullPath() != "" && p.Instance == "" { // of an unknown path nothing is repeated
		p.Instance = c.Request.URL.EscapedPath()
	}
	call.problem = p
	body, err := p.json()
	if err != nil {
		s.config.Log.ErrorContext(c.Request.Context(), "a problem could not be written", slog.String("cause", err.Error()))
	}
	return answer{status: p.Status, contentType: "application/problem+json", body: body, retryAfter: p.retryAfter, record: p.record}
}

// write sends an answer.
func (s *server) write(c *gin.Context, a answer) {
	if a.retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(a.retryAfter))
	}
	if a.unstored {
		c.Header("Idempotency-Stored", "false")
	}
	if call := callOf(c); a.status == http.StatusCreated && !call.pretended {
		c.Header("Location", operationsPath+call.operationID)
	}
	c.Abort()
	c.Data(a.status, a.contentType, a.body)
}

// refuse writes a problem.
func (s *server) refuse(c *gin.Context, p *problem) { s.write(c, s.answerOf(c, p)) }

// json writes the problem with its extension members behind the standard ones.
func (p *problem) json() ([]byte, error) {
	body, err := marshal(p)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.extensions)) {
		member, err := marshal(map[string]any{name: p.extensions[name]})
		if err != nil {
			return nil, err
		}
		body = append(append(body[:len(body)-1], ','), member[1:]...)
	}
	return body, nil
}

// marshal writes JSON without escaping what only HTML needs escaped.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}
