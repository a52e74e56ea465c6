package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"soapbridge/api/edge"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/shape"
)

// convert makes the OpenAPI 3.1 document: what the library makes of the Swagger 2.0 one, and then what only 3.1 can say.
func convert(swagger node, ops []translate.Operation) (node, error) {
	doc, err := converted(swagger)
	if err != nil {
		return nil, err
	}
	doc["openapi"] = "3.1.0"
	doc["servers"] = []any{node{"url": "/", "description": "This proxy"}}
	doc.at("components")["securitySchemes"] = node{
		"bearer": node{"type": "http", "scheme": "bearer", "bearerFormat": "id.secret", "description": "An API key."},
		"apiKey": node{"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key, for clients that cannot send `Authorization`."},
	}
	schemas := doc.at("components", "schemas")
	walk(schemas, modernise)
	done := map[string]bool{}
	for _, op := range ops {
		refine(schemas, op, op.RequestShape, done)
	}
	problemCodes(schemas)
	extendProblem(schemas)
	addSettlement(schemas)
	settlementExamples(doc)
	if err := addAnswers(doc, ops); err != nil {
		return nil, err
	}
	for _, op := range ops {
		if err := finish(doc, op); err != nil {
			return nil, err
		}
	}
	finishDecode(doc, ops)
	finishAnswers(doc)
	for _, path := range []string{"/healthz", "/readyz", openapi.CataloguePath, openapi.DecodePath} {
		for _, operation := range doc.at("paths", path) {
			if operation, ok := operation.(node); ok {
				operation["security"] = []any{}
			}
		}
	}
	return doc, nil
}

// converted is the step that the library does: Swagger 2.0 to OpenAPI 3.0.
func converted(swagger node) (node, error) {
	text, err := json.Marshal(swagger)
	if err != nil {
		return nil, err
	}
	var old openapi2.T
	if err := json.Unmarshal(text, &old); err != nil {
		return nil, fmt.Errorf("reading Swagger 2.0: %w", err)
	}
	modern, err := openapi2conv.ToV3(&old)
	if err != nil {
		return nil, fmt.Errorf("converting to OpenAPI 3: %w", err)
	}
	if text, err = json.Marshal(modern); err != nil {
		return nil, err
	}
	return parse(text)
}

// modernise turns a schema's one example into the list that JSON Schema has.
func modernise(schema node) {
	if example, ok := schema["example"]; ok {
		delete(schema, "example")
		schema["examples"] = []any{example}
	}
	if schema["format"] == "password" {
		schema["writeOnly"] = true
	}
}

// refine says of a request type and of everything inside what Swagger 2.0 cannot say: null, that members which are null or empty arrays are
// none, any letter case beside the list that programs should choose from, and what members must be to each other.
func refine(schemas node, op translate.Operation, s *shape.Shape, done map[string]bool) {
	if done[s.Name] {
		return
	}
	done[s.Name] = true
	schema := schemas.at(s.Name)
	properties := schema.at("properties")
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Object != nil {
			refine(schemas, op, f.Object, done)
		}
		property := properties.at(f.Name)
		offerAnyCase(property, f)
		if !isRequired(f) {
			properties[f.Name] = nullable(property)
		}
	}
	if schema["required"] == nil {
		schema["not"] = node{"additionalProperties": node{"enum": []any{nil, []any{}}}}
	}
	for keyword, rule := range rulesOf(op, s) {
		if keyword != "properties" {
			schema[keyword] = rule
			continue
		}
		for member, rules := range rule.(node) { //nolint:forcetypeassert // a schema that says otherwise must fail the generator
			maps.Copy(properties.at(member), rules.(node)) //nolint:forcetypeassert // see above
		}
	}
}

// offerAnyCase lists the words in the letter case that they have on the wire, beside the pattern that takes any.
func offerAnyCase(property node, f *shape.Field) {
	if f.Facets.AnyCase {
		// Each of the two says its type once more: generators look no further.
		property["anyOf"] = []any{node{"type": "string", "enum": list(f.Facets.Enum)}, node{"type": "string", "pattern": property["pattern"]}}
		delete(property, "pattern")
	}
}

// nullable lets null stand for an absent member, as the API does.
func nullable(property node) node {
	if target, ok := reference(property); ok {
		either := node{"anyOf": []any{ref(target), node{"type": "null"}}}
		if description, ok := property["description"]; ok {
			either["description"] = description
		}
		return either
	}
	property["type"] = []any{property["type"], "null"}
	if words, ok := property["enum"].([]any); ok {
		property["enum"] = append(slices.Clone(words), nil)
	}
	return property
}

// reference gives the target of a reference, which swag puts into an allOf when the member has a description.
func reference(property node) (string, bool) {
	if all, ok := property["allOf"].([]any); ok && len(all) == 1 {
		property, _ = all[0].(node)
	}
	target, ok := property["$ref"].(string)
	return target, ok
}

// problemCodes closes the list of codes.
func problemCodes(schemas node) {
	problems := edge.Problems()
	codes := make([]string, len(problems))
	for i, p := range problems {
		codes[i] = p.Code
	}
	slices.Sort(codes)
	schemas.at("Problem", "properties", "code")["enum"] = list(codes)
}

// names of the components that describe an answer by status.
var answerNames = map[int]string{
	400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 408: "RequestTimeout", 409: "Conflict", 413: "PayloadTooLarge",
	415: "UnsupportedMediaType", 421: "MisdirectedRequest", 422: "Unprocessable", 500: "InternalError", 502: "BadGateway", 503: "Unavailable", 504: "GatewayTimeout",
}

const problemType = "application/problem+json"

// addAnswers adds the components that the operations share: headers, examples, problems by status, the preview.
func addAnswers(doc node, ops []translate.Operation) error {
	components := doc.at("components")
	components["headers"] = headers()
	components["parameters"] = node{
		"IdempotencyKey": parameterNamed(doc, ops[0].Path, "Idempotency-Key"),
		"RequestId":      parameterNamed(doc, ops[0].Path, "X-Request-Id"),
	}
	statuses, byStatus := answersOf()
	for _, status := range statuses {
		answer, err := problemAnswer(components, status, byStatus[status])
		if err != nil {
			return err
		}
		components.at("responses")[answerNames[status]] = answer
	}
	components.at("responses")["Problem"] = anyProblem()
	for _, path := range doc.at("paths") {
		for _, operation := range path.(node) { //nolint:forcetypeassert // the library wrote it
			if err := withProblems(components, operation.(node).at("responses")); err != nil { //nolint:forcetypeassert // see above
				return err
			}
		}
	}
	return nil
}

const operationView = "/v1/operations/" + exampleID

func headers() node {
	text := func(description, example string) node {
		return node{"description": description, "schema": node{"type": "string", "examples": []any{example}}}
	}
	only := func(description, value string) node {
		return node{"description": description, "schema": node{"type": "string", "enum": []any{value}}}
	}
	always := func(header node) node {
		header["required"] = true
		return header
	}
	return node{
		"X-Request-Id": always(text("Names this call in the log.", "019aa7e5-4c1b-7d0a-9f6e-2b1c3d4e5f60")),
		"Operation-Id": node{
			"description": "Names the operation, in logs, in the store, and upstream where the request left the vendor's own id empty. Absent on what was refused before there was an operation.",
			"schema":      node{"type": "string", "format": "uuid", "examples": []any{"0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"}},
		},
		"Idempotent-Replayed": only("Stands on an answer that was given before: nothing was sent.", "true"),
		"Idempotency-Stored":  only("Stands on an answer that is true and could not be stored: a repetition may find the outcome unknown.", "false"),
		"Retry-After":         node{"description": "Seconds to wait before the call is repeated with the same key.", "schema": node{"type": "integer", "minimum": 1, "examples": []any{5}}},
		"WWW-Authenticate":    text("How to authenticate.", `Bearer realm="soapbridge"`),
		"Location":            node{"description": "The view of the operation.", "schema": node{"type": "string", "format": "uri-reference", "examples": []any{operationView}}},
		"Link":                text("With key-reused: the operation that the key belongs to.", "<"+operationView+`>; rel="related"`),
	}
}

// headersOf are the headers of a problem.
func headersOf(status int, problems []openapi.Problem) node {
	names := []string{"X-Request-Id", "Operation-Id"}
	if slices.ContainsFunc(problems, func(p openapi.Problem) bool { return p.RetryAfter }) {
		names = append(names, "Retry-After")
	}
	if slices.ContainsFunc(problems, func(p openapi.Problem) bool { return p.Outcome != "not_sent" }) {
		names = append(names, "Idempotent-Replayed", "Idempotency-Stored")
	}
	if slices.ContainsFunc(problems, func(p openapi.Problem) bool { return p.Code == "key-reused" }) {
		names = append(names, "Link")
	}
	if status == 401 {
		names = append(names, "WWW-Authenticate")
	}
	return headerRefs(names...)
}

func headerRefs(names ...string) node {
	refs := node{}
	for _, name := range names {
		refs[name] = ref("#/components/headers/" + name)
	}
	return refs
}

// parameterNamed finds a parameter of an operation.
func parameterNamed(doc node, path, name string) node {
	parameters, _ := doc.at("paths", path, "post")["parameters"].([]any)
	for _, p := range parameters {
		if p, ok := p.(node); ok && p["name"] == name {
			found := clone(p)
			if example, ok := found["x-example"]; ok {
				found["example"] = example
				delete(found, "x-example")
			}
			return found
		}
	}
	panic(fmt.Sprintf("%s has no parameter %s", path, name))
}

// finish describes one operation as only 3.1 can.
func finish(doc node, op translate.Operation) error {
	operation := doc.at("paths", op.Path, "post")
	operation["parameters"] = []any{
		ref("#/components/parameters/IdempotencyKey"),
		parameterNamed(doc, op.Path, "preview"),
		ref("#/components/parameters/RequestId"),
	}
	body := operation.at("requestBody")
	delete(body, "x-originalParamName") // the library's own note
	body["required"] = true
	schema := body.at("content", "application/json")["schema"]
	body["content"] = node{"application/json": node{"schema": schema, "examples": node{
		"minimal": node{"summary": "What is required, and little more", "value": json.RawMessage(op.Example)},
		"full":    node{"summary": "Every member", "value": example(op.RequestShape)},
	}}}
	responses := operation.at("responses")
	statuses, _ := answersOf()
	for _, status := range statuses {
		responses[strconv.Itoa(status)] = ref("#/components/responses/" + answerNames[status])
	}
	success := responses.at(strconv.Itoa(op.Status))
	success["headers"] = headerRefs("X-Request-Id", "Operation-Id", "Idempotent-Replayed", "Idempotency-Stored")
	if op.Status == translate.StatusCreated {
		success.at("headers")["Location"] = ref("#/components/headers/Location")
	}
	result := success.at("content", "application/json")["schema"]
	success["content"] = node{"application/json": node{"schema": result, "examples": node{
		"done": node{"summary": "What the vendor answered", "value": answerExample(op.ResponseShape)},
	}}}
	return addPreview(responses, op)
}

// addPreview adds the answer to ?preview. It is 200, which is the status of some operations' success too.
func addPreview(responses node, op translate.Operation) error {
	const shown = "With `preview`: what would be sent. Nothing was."
	success := responses.at("200")
	if op.Status == translate.StatusOK {
		success["description"] = fmt.Sprintf("%v %s", success["description"], shown)
		media := success.at("content", "application/json")
		media["schema"] = node{"anyOf": []any{media["schema"], ref("#/components/schemas/Preview")}}
	} else {
		success["description"] = shown
		success["headers"] = headerRefs("X-Request-Id", "Operation-Id")
		success["content"] = node{"application/json": node{"schema": ref("#/components/schemas/Preview")}}
	}
	shownNow, envelope, err := previewExample(op)
	if err != nil {
		return err
	}
	examples := success.at("content", "application/json", "examples")
	examples["preview"] = node{"summary": "What would be sent", "value": shownNow}
	success.at("content")["text/xml"] = node{"schema": node{"type": "string", "description": "The envelope alone."}, "example": envelope}
	return nil
}

// check reads the document as others will.
func check(text []byte) error {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return fmt.Errorf("the document cannot be read: %w", err)
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return fmt.Errorf("the document is not valid: %w", err)
	}
	return nil
}
