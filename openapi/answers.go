package openapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// exampleID is the operation id in examples.
const exampleID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"

const operationView = "/v1/operations/" + exampleID

const problemType = "application/problem+json"

// notOperations are the problems that no operation answers with: those of paths, and of settling.
var notOperations = []string{"not-found", "method-not-allowed", "not-unknown"}

// previewProblems are the problems that a preview can answer with.
var previewProblems = []string{
	"bad-parameter", "malformed-json", "unauthenticated", "forbidden", "issuer-unavailable", "origin-not-allowed", "request-timeout", "payload-too-large",
	"unsupported-media-type", "host-not-allowed", "validation-failed", "internal",
}

// problemsByStatus returns the problems that an operation can answer with. The others belong to the routes that settle, or to no route at all.
func problemsByStatus(all []Problem) (statuses []int, byStatus map[int][]Problem) {
	byStatus = map[int][]Problem{}
	for _, p := range all {
		if slices.Contains(notOperations, p.Code) {
			continue
		}
		of := []int{p.Status}
		if p.Code == "outcome-unknown" {
			of = append(of, 504) // when the time was up
		}
		for _, status := range of {
			if byStatus[status] == nil {
				statuses = append(statuses, status)
			}
			byStatus[status] = append(byStatus[status], p)
		}
	}
	slices.Sort(statuses)
	return statuses, byStatus
}

// answerNames are the names of the components that describe an answer by its status.
var answerNames = map[int]string{
	400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 408: "RequestTimeout", 409: "Conflict", 413: "PayloadTooLarge",
	415: "UnsupportedMediaType", 421: "MisdirectedRequest", 422: "Unprocessable", 429: "TooManyRequests", 500: "InternalError", 502: "BadGateway", 503: "Unavailable", 504: "GatewayTimeout",
}

// sharedResponses describes the problems that the operations share, by status.
func (b *builder) sharedResponses() {
	for _, status := range b.statuses {
		b.responses.set(answerNames[status], b.problemResponse(status, b.byStatus[status], b.options.MaxBody, asRecorded))
	}
	b.responses.set("Problem", object{
		{"description", "Any other problem."},
		// Its status may be configured, so any header can be with it.
		{"headers", headerRefs("X-Request-Id", "Operation-Id", "Decoded-Operation", "Idempotent-Replayed", "Idempotency-Stored", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate")},
		{"content", object{{problemType, object{{"schema", ref("schemas", "Problem")}}}}},
	})
}

// anyOther is what every route can also answer: an origin that may not call, a fault of the proxy.
var anyOther = member{"default", ref("responses", "Problem")}

// previewResponse returns the component for the problems of a status that a preview can answer with; none where there are none.
func (b *builder) previewResponse(op Operation, status int) (name string) {
	all, prefix := b.byStatus[status], "Preview"
	some := slices.DeleteFunc(slices.Clone(all), func(p Problem) bool { return !slices.Contains(previewProblems, p.Code) })
	if op.isGet() {
		prefix = "PreviewGet"
		some = slices.DeleteFunc(some, func(p Problem) bool { return slices.Contains(notOfGets, p.Code) })
	}
	switch len(some) {
	case 0:
		return ""
	case len(all):
		return answerNames[status]
	}
	name = prefix + answerNames[status]
	if b.responses.index(name) < 0 {
		b.responses.set(name, b.problemResponse(status, some, b.options.MaxBody, asRecorded))
	}
	return name
}

// problemResponse is an answer with a status that means one of these problems, each with its example. The limit is that of the body. Change changes
// a recorded example, and its name, to that of another sort of operation.
func (b *builder) problemResponse(status int, problems []Problem, limit int64, change func(p Problem, name string, text []byte) (string, []byte)) object {
	lines, examples := make([]string, len(problems)), object{}
	for i, p := range problems {
		lines[i] = fmt.Sprintf("`%s`: %s", p.Code, p.Detail)
		name := p.Code
		if status != p.Status {
			name += "-" + strconv.Itoa(status)
		}
		text, err := recorded.ReadFile("examples/" + name + ".json")
		if err != nil {
			b.failf("the problem %s has no example: %v", name, err)
		}
		name, text = change(p, name, text)
		b.examples.set(name, example(p.Title, text))
		examples.set(name, ref("examples", name))
	}
	about := strings.Join(lines, "\n\n")
	if status == 413 {
		about += " The limit is " + sizeInWords(limit) + "."
	}
	return object{
		{"description", about}, {"headers", headersOf(problems)},
		{"content", object{{problemType, object{{"schema", ref("schemas", "Problem")}, {"examples", examples}}}}},
	}
}

// asRecorded leaves an example as it is.
func asRecorded(_ Problem, name string, text []byte) (newName string, newText []byte) {
	return name, text
}

func example(summary string, value []byte) object {
	return object{{"summary", summary}, {"value", jsontext.Value(value)}}
}

func headers() object {
	text := func(description, example string) object {
		return object{{"description", description}, {"schema", object{{"type", "string"}, {"examples", list{example}}}}}
	}
	only := func(description, value string) object {
		return object{{"description", description}, {"schema", object{{"type", "string"}, {"enum", list{value}}}}}
	}
	return object{
		{"X-Request-Id", append(text("Names this call in the log.", "019aa7e5-4c1b-7d0a-9f6e-2b1c3d4e5f60"), member{"required", true})},
		{"Operation-Id", object{
			{"description", "Names the operation, in logs, in the store, and upstream where the request left the vendor's own id empty. Absent on what was refused before there was an operation."},
			{"schema", object{{"type", "string"}, {"format", "uuid"}, {"examples", list{exampleID}}}},
		}},
		{"Idempotent-Replayed", only("The answer was given before: nothing was sent.", "true")},
		{"Idempotency-Stored", only("The answer is true and could not be stored: a repetition may find the outcome unknown.", "false")},
		{"Retry-After", object{
			{"description", "Seconds to wait before the call is repeated with the same key."},
			{"schema", object{{"type", "integer"}, {"minimum", 1}, {"examples", list{5}}}},
		}},
		{"RateLimit", text("How many calls are left, and after how many seconds all are there again. Absent where calls are not limited.", `"rate";r=99;t=1`)},
		{"RateLimit-Policy", text("How many calls are allowed in how many seconds. Absent where calls are not limited.", `"rate";q=100;w=1`)},
		{"WWW-Authenticate", text("How to authenticate, and what is wrong with the credential (RFC 6750).", `Bearer realm="soapbridge", error="invalid_token"`)},
		{"Location", object{{"description", "The view of the operation."}, {"schema", object{{"type", "string"}, {"format", "uri-reference"}, {"examples", list{operationView}}}}}},
		{"Link", text("With key-reused: the operation that the key belongs to.", "<"+operationView+`>; rel="related"`)},
		{"Decoded-Operation", text("The operation that the reply was decoded for. Without it, the answer is about this call itself.", pastedFor)},
	}
}

// limitHeaders are those of draft-ietf-httpapi-ratelimit-headers.
var limitHeaders = []string{"RateLimit", "RateLimit-Policy"}

func headersOf(problems []Problem) object {
	names := []string{"X-Request-Id", "Operation-Id"}
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.RetryAfter }) {
		names = append(names, "Retry-After")
	}
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Outcome != "not_sent" }) {
		names = append(names, "Idempotent-Replayed", "Idempotency-Stored")
	}
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Code == "key-reused" }) {
		names = append(names, "Link")
	}
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Code == "too-many-requests" }) {
		names = append(names, limitHeaders...)
	}
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Code == "unauthenticated" || p.Code == "forbidden" }) {
		names = append(names, "WWW-Authenticate")
	}
	return headerRefs(names...)
}

func headerRefs(names ...string) (refs object) {
	for _, name := range names {
		refs.set(name, ref("headers", name))
	}
	return refs
}

// sizeInWords returns a number of bytes in the largest unit that divides it: 256 KiB.
func sizeInWords(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n%unit.size == 0 {
			return fmt.Sprintf("%d %s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
