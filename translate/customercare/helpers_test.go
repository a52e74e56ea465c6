package customercare

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// Requests with what is required and nothing else.
const (
	workflow = `{"accountNumber": "0123456789", "workItemType": {"code": "MOVE"}}`
	callLog  = `{"customerCallLog": {"logText": "Asked about the bill"}}`
	pin      = `{"operationType": "LOCK", "accountNumber": "0123456789"}`
	newPIN   = `{"operationType": "UPDATE", "accountNumber": "0123456789", "pin": "0042"}`
)

// env is what the requests are encoded with.
var env = translate.Env{
	Now:         time.Date(2026, time.November, 21, 20, 30, 0, 123_999_999, time.FixedZone("AEDT", 11*3600)),
	OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f",
}

// operation returns one of the operations.
func operation(t testing.TB, name string, c Config) translate.Operation {
	t.Helper()
	if c.Version == 0 {
		c.Version = soap.V11
	}
	operations, err := Operations(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range operations {
		if op.Name == name {
			return op
		}
	}
	t.Fatalf("no operation %s", name)
	return translate.Operation{}
}

// edit replaces pieces of a document: each old one is in it once, and is followed by its new one.
func edit(t testing.TB, document string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if n := strings.Count(document, oldNew[i]); n != 1 {
			t.Fatalf("%q is %d times in %s", oldNew[i], n, document)
		}
		document = strings.Replace(document, oldNew[i], oldNew[i+1], 1)
	}
	return document
}

// quoted writes a JSON string.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// check compares the violations of a request whole: place, code, sentence and parameters. Without any it must be accepted.
func check(t *testing.T, op translate.Operation, body string, want ...translate.Violation) {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal == nil {
		refusal = &translate.Error{}
	} else if request != nil || refusal.Code != translate.ValidationFailed || refusal.Outcome != soap.NotSent || refusal.Source != translate.FromRequest || refusal.Truncated {
		t.Fatalf("%s: request %v, error %+v", body, request, refusal)
	}
	if diff := cmp.Diff(want, refusal.Violations); diff != "" {
		t.Errorf("%s\n(-want +got)\n%s", body, diff)
	}
}

// envelope encodes a request that must be right.
func envelope(t testing.TB, op translate.Operation, body string, env translate.Env) string {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%s: %+v", body, refusal)
	}
	message, refusal := request.Encode(env)
	if refusal != nil {
		t.Fatal(refusal)
	}
	return string(message.Envelope)
}

// decode reads the reply to a request.
func decode(t testing.TB, op translate.Operation, body string, reply soap.Reply) (translate.Result, *translate.Error) {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%+v", refusal)
	}
	return request.Decode(reply, env)
}

// checkFailure compares an error but for its cause, which must be there.
func checkFailure(t *testing.T, got *translate.Error, want translate.Error) {
	t.Helper()
	if got == nil {
		t.Fatal("a success")
	}
	if got.Cause == nil {
		t.Error("no cause for the log")
	}
	if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(translate.Error{}, "Cause", "Stray"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s\ncause: %v", diff, got.Cause)
	}
}
