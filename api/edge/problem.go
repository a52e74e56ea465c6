package edge

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// problem is a problem details object (RFC 9457).
type problem struct {
	// A page for people, relative to this API.
	Type string `json:"type" validate:"required" format:"uri-reference"`
	// Name of the kind of problem, for people.
	Title string `json:"title" validate:"required"`
	// The HTTP status of this answer.
	Status int `json:"status" validate:"required"`
	// What is wrong with this call, for people.
	Detail string `json:"detail" validate:"required"`
	// The path that was called, as it was sent.
	Instance string `json:"instance,omitempty" format:"uri-reference"`
	// Names the kind of problem for programs. A later release may have more.
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
	keep       keep
	cause      error // for the log
	alert      bool
	challenge  string // the parameters of WWW-Authenticate behind the realm
} //	@name	Problem

// violation is one place that is wrong: a pointer into the body, a header, or a parameter of the path or of the query.
type violation struct {
	// JSON Pointer (RFC 6901) into the request body; empty for the whole request.
	Pointer *string `json:"pointer,omitempty" format:"json-pointer"`
	// Name of a request header.
	Header string `json:"header,omitempty"`
	// Name of a parameter of the path or of the query.
	Parameter string `json:"parameter,omitempty"`
	// A vendor's number (emersion-27), or a word for a rule (required, too-long, not-in-list, ...). A later release may have more.
	Code string `json:"code" validate:"required" example:"emersion-42"`
	// One sentence with the valid values, or the vendor's sentence; never the rejected value.
	Detail string `json:"detail" validate:"required" example:"PrimaryContact: Invalid or Missing Email Address"`
	// One sentence that says how to fix it, where detail is the vendor's sentence and this proxy knows it.
	Hint string `json:"hint,omitempty" example:"Give an e-mail address with one @ and text on both sides, such as jane@example.com.au."`
	// The rule's own parameters: what is expected, the limit, the list.
	Params map[string]any `json:"params,omitempty"`
	// Who found it: this proxy, or the vendor in a fault or in a response code.
	Source translate.Source `json:"source" validate:"required" swaggertype:"string" enums:"request,soap-fault,response-code"`
} //	@name	Violation

func newProblem(c code) *problem {
	r := table[c]
	return &problem{
		Type: "/problems/" + string(c), Title: r.title, Status: r.status, Detail: r.detail,
		Code: c, Outcome: r.outcome, Retry: r.retry, retryAfter: r.retryAfter, keep: r.keep,
	}
}

func (p *problem) detail(text string) *problem {
	p.Detail = text
	return p
}

func (p *problem) header(name, code, detail string) *problem {
	p.Errors = append(p.Errors, violation{Header: name, Code: code, Detail: detail, Source: translate.FromRequest})
	return p
}

// problemOf maps an error of the translation to a problem.
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
		if p.extensions == nil {
			p.extensions = map[string]any{}
		}
		p.extensions["errorsTruncated"] = true
	}
	for _, v := range e.Violations {
		p.Errors = append(p.Errors, violation{Pointer: &v.Pointer, Code: string(v.Code), Detail: v.Detail, Hint: v.Hint, Params: v.Params, Source: e.Source})
	}
	return p
}

// vendorCodes lists the codes that the vendor gave, for the log: "emersion-27,emersion-42". They are short and hold nothing of the request; what
// the vendor says beside them may.
func (p *problem) vendorCodes() string {
	const most = 5
	var list []string
	for _, v := range p.Errors {
		vendors := v.Source == translate.FromFault || v.Source == translate.FromResponseCode
		if vendors && len(list) < most && !slices.Contains(list, v.Code) {
			list = append(list, v.Code)
		}
	}
	return strings.Join(list, ",")
}

// parametersOf lists the parameters that a query may have, as those of an unknown one, in the place of all members.
func parametersOf(op *translate.Operation, members map[string]any) map[string]any {
	inPath, list := translate.PathParameters(op.Path), []string(nil)
	names, _ := members["members"].([]string)
	for _, name := range names {
		if !slices.Contains(inPath, name) {
			list = append(list, name)
		}
	}
	params := map[string]any{}
	if list != nil {
		params["list"] = list
	}
	if meant, ok := members["didYouMean"]; ok {
		params["didYouMean"] = meant
	}
	return params
}

// inURL names the members of a request as the parameters that they are in the URLs of an operation. What is about the whole request stays so.
func (p *problem) inURL(op *translate.Operation) *problem {
	for i := range p.Errors {
		v := &p.Errors[i]
		if v.Pointer == nil || *v.Pointer == "" {
			continue
		}
		name, _, _ := strings.Cut((*v.Pointer)[1:], "/") // behind it is the index of one that is there several times
		v.Pointer, v.Parameter = nil, strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch v.Code {
		case string(record.UnknownMember):
			v.Code, v.Detail = unknownParameter, strings.Replace(v.Detail, "no such member", "no such parameter", 1)
			v.Params = parametersOf(op, v.Params)
		case string(record.DuplicateMember):
			v.Code, v.Detail = duplicateParameter, onceOnly
		}
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
