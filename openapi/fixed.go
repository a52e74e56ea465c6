package openapi

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// The routes that every proxy has: what their annotations do not say.

const problemSchema = "#/components/schemas/Problem"

const settlementPath = "/v1/operations/{operationId}/resolution"

// fixed completes a route.
func (b *builder) fixed(path string, methods object) object {
	limit := b.options.MaxBody
	if path == DecodePath {
		limit = b.options.MaxReply
	}
	for i, m := range methods {
		operation := asObject(m.value)
		operation.set("responses", b.fixedResponses(operation.in("responses"), limit))
		switch path {
		case settlementPath:
			operation.edit(func(media *object) { media.set("examples", settlements) }, "requestBody", "content", "application/json")
		case DecodePath:
			b.decode(&operation)
		}
		if slices.Contains(public, path) {
			operation.set("security", list{})
		}
		methods[i].value = operation
	}
	return methods
}

// fixedResponses completes the answers of a route: those that are problems, which its annotations list by their codes, and the headers of others.
func (b *builder) fixedResponses(annotated object, limit int64) (responses object) {
	for _, m := range annotated {
		response := asObject(m.value)
		if problems, ok := b.problemsIn(response.get("description")); ok {
			status, err := strconv.Atoi(m.name)
			if err != nil {
				b.failf("problems are listed with the status %s", m.name)
			}
			response = b.problemResponse(status, problems, limit, asRecorded)
		} else if schema, _ := response.in("content").in("application/json").in("schema").get("$ref").(string); schema == problemSchema {
			b.failf("the annotation of a problem lists %q, which is not a code", response.get("description"))
		} else {
			response.set("headers", headerRefs("X-Request-Id"))
		}
		responses.set(m.name, response)
	}
	responses.set(anyOther.name, anyOther.value)
	return responses
}

// problemsIn reads a description that is a list of codes and nothing else.
func (b *builder) problemsIn(description any) (problems []Problem, ok bool) {
	text, _ := description.(string)
	for code := range strings.SplitSeq(text, " ") {
		i := slices.IndexFunc(b.options.Problems, func(p Problem) bool { return p.Code == code })
		if i < 0 {
			return nil, false
		}
		problems = append(problems, b.options.Problems[i])
	}
	return problems, true
}

// settlements are what an operator may have found out. Without them tools make up a result, which would be replayed for good.
var settlements = func() object {
	const attempt = `{"attempt": "5f0a3c1e9b7d2468ace013579bdf02468ace1357", "executed": `
	return object{
		{"minimal", example("The vendor executed it; what it answered is lost", []byte(attempt+`true}`))},
		{"with-result", example("The vendor executed it, and this is the result", []byte(attempt+`true, "result": {"operationId": "`+exampleID+`", "accountId": "399301"}}`))},
		{"not-executed", example("The vendor did not execute it: the key may be used again", []byte(attempt+`false}`))},
	}
}()

// finishFixedSchemas adds what the structs of the fixed routes do not say.
func (b *builder) finishFixedSchemas() {
	all := &b.schemas.all
	all.edit(func(properties *object) {
		codes := make([]string, len(b.options.Problems))
		for i, p := range b.options.Problems {
			codes[i] = p.Code
		}
		slices.Sort(codes)
		properties.edit(func(code *object) { code.set(openEnum, listOf(codes)) }, "code")
		properties.set("errorsTruncated", object{{"type", "boolean"}, {"description", "There are more errors than are listed."}})
		if all.index("ReplyCode") >= 0 {
			for _, m := range []member{{"sevCode", "severity"}, {"explanationCode", "explanation"}} {
				about := "UpdateCustomerPIN, rejected by the vendor: its " + m.value.(string) + "." //nolint:forcetypeassert // see above
				properties.set(m.name, append(ref("schemas", "ReplyCode"), member{"description", about}))
			}
		}
	}, "Problem", "properties")
	all.edit(func(properties *object) {
		properties.edit(func(code *object) { code.set(openEnum, b.violationCodes()) }, "code")
		properties.edit(func(params *object) { params.set("properties", violationParams()) }, "params")
	}, "Violation", "properties")
	all.edit(func(resolution *object) {
		resolution.set("additionalProperties", false)
		resolution.set("if", object{{"required", list{"result"}}, {"properties", object{{"result", object{}}}}})
		resolution.set("then", object{{"properties", object{{"executed", object{{"enum", list{true}}}}}}})
		resolution.edit(func(attempt *object) { attempt.set("pattern", rules.TextPattern) }, "properties", "attempt")
		// A free object: without this keyword, generators make an empty one of it.
		resolution.edit(func(result *object) {
			result.set("additionalProperties", true)
			result.set("minProperties", 1)
		}, "properties", "result")
	}, "Resolution")
	all.edit(func(body *object) { body.set("additionalProperties", true) }, "StoredResult", "properties", "body")
}

// openEnum lists the values of a text that a later release may have more of. The keyword enum would make programs refuse them, and anyOf of an enum and
// a string is no better: in TypeScript it is a string, ogen does not take it, and oapi-codegen makes a union of it that has to be converted.
const openEnum = "x-extensible-enum"

// violationCodes are those of all violations: the words for rules, and the vendors' numbers.
func (b *builder) violationCodes() list {
	codes := slices.Clone(b.options.ViolationCodes)
	for i := range b.options.Operations {
		for _, e := range b.options.Operations[i].Errors {
			if !slices.Contains(codes, e.Code) {
				codes = append(codes, e.Code)
			}
		}
	}
	return listOf(codes)
}

// violationParams are the parameters of violations that forms and programs use. There are others beside them.
func violationParams() object {
	formats, meanings := make([]string, len(shape.Formats)), make([]string, len(shape.Formats))
	for i, f := range shape.Formats {
		formats[i], meanings[i] = string(f.Format), string(f.Format)+": "+f.About
	}
	text, integer, texts := object{{"type", "string"}}, object{{"type", "integer"}}, object{{"type", "array"}, {"items", object{{"type", "string"}}}}
	like := func(of object, about string, more ...member) object {
		return append(append(of.without(), member{"description", about}), more...)
	}
	return object{
		{"expected", like(text, "What the value must be. "+strings.Join(meanings, "; ")+".", member{openEnum, listOf(formats)})},
		{"list", like(texts, "The values that are allowed.")},
		{"min", object{{"description", "The least value, or number of characters, bytes or items; the value of a decimal is a text."}}},
		{"max", object{{"description", "The largest value, or number of characters, bytes or items; the value of a decimal is a text."}}},
		{"integerDigits", like(integer, "How many digits may be in front of the point.")},
		{"fractionDigits", like(integer, "How many digits may be behind the point.")},
		{"pattern", like(text, "A regular expression that the text must match.")},
		{"character", like(text, "The character that is not allowed, as U+0007.")},
		{"members", like(texts, "The members that there are.")},
		{"didYouMean", like(text, "The member that was probably meant.")},
		{"oneOf", like(texts, "The members of which one must be given.")},
		{"because", like(text, "JSON Pointer of the member whose value makes this rule hold.")},
		{"other", like(text, "JSON Pointer of the member that this one is compared with.")},
	}
}

// pastedReply is a valid reply for the operation pastedFor, so that Execute in Swagger UI works at once.
//
//go:embed reply.xml
var pastedReply string

const pastedFor = "CreateCallLog"

// decode completes the route that decodes pasted replies: for which operations, an example, and the answers of the operations, since it has no
// others.
func (b *builder) decode(operation *object) {
	parameters, _ := operation.get("parameters").(list)
	for i, p := range parameters {
		if p := asObject(p); p.get("name") == "operation" {
			p.edit(func(schema *object) {
				schema.set("enum", b.operationNames())
				schema.set("x-ogen-name", "DecodedOperation") // its own name for the type is that of a constant, too
			}, "schema")
			p.set("example", pastedFor)
			parameters[i] = p
		}
	}
	// Swagger UI shows an example of XML as it is only where the schema names the root and may be an object.
	reply := object{{"schema", object{{"type", list{"string", "object"}}, {"xml", object{{"name", "Envelope"}}}}}, {"example", pastedReply}}
	operation.edit(func(body *object) {
		body.set("content", object{{"text/xml", reply}, {"application/xml", reply}, {"application/soap+xml", reply}})
	}, "requestBody")
	operation.edit(func(responses *object) {
		for _, m := range b.results() {
			responses.set(m.name, object{
				{"description", "What a caller of the operation would get."},
				{"headers", headerRefs("X-Request-Id", "Operation-Id", "Decoded-Operation")},
				{"content", object{{"application/json", object{{"schema", anyOf(m.value.(list))}}}}}, //nolint:forcetypeassert // results makes lists
			})
		}
		for _, status := range []string{"422", "502", "503"} {
			responses.edit(func(response *object) {
				response.set("headers", headerRefs("X-Request-Id", "Operation-Id", "Decoded-Operation", "Retry-After"))
			}, status)
		}
	}, "responses")
}

func (b *builder) operationNames() (names list) {
	for _, op := range b.options.Operations {
		names = append(names, op.id())
	}
	return names
}

// results are the schemas of the operations' successes, by status.
func (b *builder) results() (byStatus object) {
	for i := range b.options.Operations {
		op := &b.options.Operations[i]
		status := strconv.Itoa(op.Status)
		known, _ := byStatus.get(status).(list)
		byStatus.set(status, append(known, ref("schemas", b.resultName(op))))
	}
	return byStatus
}

// anyOf is one of the schemas, without the keyword where there is only one.
func anyOf(schemas list) any {
	if len(schemas) == 1 {
		return schemas[0]
	}
	return object{{"anyOf", schemas}}
}

// quoted is a text as it is in JSON.
func quoted(s string) jsontext.Value {
	text, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		panic(err) // an example that is not UTF-8 fails the tests, which write every one
	}
	return text
}
