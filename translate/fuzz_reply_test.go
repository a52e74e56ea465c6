package translate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// FuzzReply has every operation read whatever bytes come back. It never panics; a success is JSON with the operation's id; an error says
// what is known of the outcome and is fit to show: one line of at most 200 characters, without the planted secret.
func FuzzReply(f *testing.F) {
	replies, err := filepath.Glob(filepath.Join("*", "testdata", "*", "*.xml"))
	if err != nil || len(replies) < 50 {
		f.Fatalf("%d replies: %v", len(replies), err)
	}
	for _, name := range replies {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, 200)
		f.Add(body, 500)
	}
	f.Add([]byte(fault11("s:Client", "bad planted-secret")), 500)
	f.Add([]byte(in11("<s:Fault><faultcode>planted-secret</faultcode><detail>Planted\nSecret</detail></s:Fault>")), 401)
	var requests []translate.Request
	for _, op := range operations(f) {
		request, refusal := op.Read([]byte(op.Example))
		if refusal != nil {
			f.Fatal(refusal)
		}
		requests = append(requests, request)
	}
	env := translate.Env{OperationID: "the-id", Caller: translate.Caller{OriginatingToken: "planted-secret"}}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, request := range requests {
			result, failure := request.Decode(soap.Reply{Certain: true, Status: status, ContentType: "text/xml", Body: body}, env)
			if failure != nil {
				checkAnyFailure(t, failure)
			} else if !json.Valid(result.JSON) || !strings.Contains(string(result.JSON), `"operationId":"the-id"`) || status < 200 || status > 299 {
				t.Fatalf("%d %q: %s", status, body, result.JSON)
			}
		}
	})
}

func checkAnyFailure(t *testing.T, failure *translate.Error) {
	t.Helper()
	outcomes := map[translate.Code]soap.Outcome{
		translate.UpstreamRejected: soap.Rejected, translate.UpstreamDenied: soap.Rejected, translate.UpstreamRefused: soap.Rejected, translate.UpstreamBusy: soap.Rejected,
		translate.UpstreamFailed: soap.Failed, translate.UpstreamUnavailable: soap.Failed, translate.OutcomeUnknown: soap.Unknown,
	}
	if failure.Cause == nil || failure.Outcome != outcomes[failure.Code] {
		t.Fatalf("%+v", failure)
	}
	for _, v := range failure.Violations {
		if utf8.RuneCountInString(v.Detail) > 200 || strings.ContainsFunc(v.Detail, unicode.IsControl) || strings.TrimSpace(v.Detail) == "" {
			t.Fatalf("%q", v.Detail)
		}
		if strings.Contains(condensed(v.Detail), "plantedsecret") {
			t.Fatalf("%q", v.Detail)
		}
	}
	if strings.Contains(strings.ToLower(failure.Error()), "planted-secret") {
		t.Fatalf("%v", failure)
	}
}
