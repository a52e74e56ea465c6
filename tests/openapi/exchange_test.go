package openapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"soapbridge/tests/openapi"
)

// The judge of the end-to-end tests is tested itself: one that finds nothing would prove nothing.

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

const (
	anID     = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"
	sentKey  = "8f582c16-c8a0-52c4-a91a-360623e91297"
	aRefusal = `{"type": "/problems/validation-failed", "title": "t", "status": 422, "detail": "d", "code": "validation-failed", "requestId": "r", "outcome": "not_sent",
		"retry": "after_fix", "errors": [{"pointer": "/customerCallLog/logText", "code": "required", "detail": "d", "source": "request"}]}`
)

// created is a call that succeeded, refused one that did not.
func created() openapi.Exchange {
	return openapi.Exchange{
		Method: "POST", Target: "/v1/customercare/call-logs", Request: headers("Idempotency-Key", sentKey, "Content-Type", "application/json"),
		Body: []byte(`{"customerCallLog": {"logText": "x"}}`), Status: 201,
		Response: headers("X-Request-Id", "r", "Operation-Id", anID, "Content-Type", "application/json; charset=utf-8"),
		Answer:   []byte(`{"operationId": "` + anID + `", "baseResponse": {"responseCode": "0"}}`),
	}
}

func refused() openapi.Exchange {
	x := created()
	x.Body, x.Status, x.Answer = []byte(`{"customerCallLog": {"callerId": "x"}}`), 422, []byte(aRefusal)
	x.Response.Set("Content-Type", "application/problem+json")
	return x
}

// unsettled is a settlement that was refused for what is at a place.
func unsettled(pointer string) openapi.Exchange {
	x := refused()
	x.Target, x.Request = "/v1/operations/"+anID+"/resolution", headers("Content-Type", "application/json")
	x.Body = []byte(`{"attempt": "a", "executed": true, "result": {"accountId": "399301"}}`)
	x.Answer = []byte(strings.Replace(aRefusal, "/customerCallLog/logText", pointer, 1))
	return x
}

func TestBadExchangesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		change func(*openapi.Exchange)
	}{
		"another status":              {"content type", func(x *openapi.Exchange) { x.Status = 202 }},
		"another content type":        {"content type", func(x *openapi.Exchange) { x.Response.Set("Content-Type", "text/html") }},
		"a body that is not JSON":     {"not JSON", func(x *openapi.Exchange) { x.Answer = []byte("{") }},
		"a member of another type":    {"got number, want string", func(x *openapi.Exchange) { x.Answer = []byte(`{"operationId": 1}`) }},
		"a member that is not listed": {"additional properties 'new'", func(x *openapi.Exchange) { x.Answer = []byte(`{"operationId": "` + anID + `", "new": 1}`) }},
		"a member inside, not listed": {"additional properties 'new'", func(x *openapi.Exchange) {
			x.Answer = []byte(`{"operationId": "` + anID + `", "baseResponse": {"new": 1}}`)
		}},
		"no request id":                  {"X-Request-Id is missing", func(x *openapi.Exchange) { x.Response.Del("X-Request-Id") }},
		"a header that is not listed":    {"Retry-After of status 201 is not documented", func(x *openapi.Exchange) { x.Response.Set("Retry-After", "1") }},
		"a header of another form":       {"Operation-Id", func(x *openapi.Exchange) { x.Response.Set("Operation-Id", "1") }},
		"a header with another word":     {"Idempotent-Replayed", func(x *openapi.Exchange) { x.Response.Set("Idempotent-Replayed", "yes") }},
		"a bad body that is accepted":    {"the document refuses it", func(x *openapi.Exchange) { x.Body = []byte(`{"customerCallLog": {}}`) }},
		"accepted text that is not JSON": {"not JSON", func(x *openapi.Exchange) { x.Body = []byte(`{`) }},
		"a parameter that is accepted":   {"parameter dry", func(x *openapi.Exchange) { x.Target += "?dry=1" }},
		"a word that is accepted":        {"parameter preview", func(x *openapi.Exchange) { x.Target += "?preview=soap13" }},
		"a bad key that is accepted":     {"Idempotency-Key", func(x *openapi.Exchange) { x.Request.Set("Idempotency-Key", "short") }},
		"a missing parameter":            {"parameter state", func(x *openapi.Exchange) { x.Method, x.Target, x.Status = "GET", "/v1/operations", 200 }},
		"an unknown route":               {"route", func(x *openapi.Exchange) { x.Target = "/v1/nowhere" }},
		"a good body that is refused":    {"the document accepts it", func(x *openapi.Exchange) { good := x.Body; *x = refused(); x.Body = good }},
		"a good attempt that is refused": {"the document accepts it", func(x *openapi.Exchange) { *x = unsettled("/attempt") }},
		"a problem with another code": {"value must be one of", func(x *openapi.Exchange) {
			*x = refused()
			x.Answer = []byte(strings.Replace(aRefusal, "failed\", \"requestId", "spoiled\", \"requestId", 1))
		}},
		"a problem with a member more": {"additional properties 'stack'", func(x *openapi.Exchange) { *x = refused(); x.Answer = []byte(`{"stack": "", ` + aRefusal[1:]) }},
		"a number that is not one":     {"Retry-After", func(x *openapi.Exchange) { *x = refused(); x.Status = 503; x.Response.Set("Retry-After", "soon") }},
	} {
		x := created()
		c.change(&x)
		found := document(t).Judge(x)
		if !slices.ContainsFunc(found, func(sentence string) bool { return strings.Contains(sentence, c.says) }) {
			t.Errorf("%s is not noticed: %q", name, found)
		}
	}
}
