package mds

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// minimal is a request with what is required and nothing else.
const minimal = `{"serviceData": {"customerLevel": "SUBSCRIPTION", "customerLevelReference": "00000042", "effectiveDate": "2026-12-01", "serviceCode": "LINECH"}}`

const operationID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"

// operation returns CreateService.
func operation(t testing.TB, c Config) translate.Operation {
	t.Helper()
	operations, err := Operations(c)
	i := slices.IndexFunc(operations, func(op translate.Operation) bool { return op.Name == "CreateService" })
	if err != nil || i < 0 {
		t.Fatalf("no CreateService among %d operations, error %v", len(operations), err)
	}
	return operations[i]
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

// with adds members to the inner ServiceData of the minimal request.
func with(members string) string { return strings.Replace(minimal, "}}", ", "+members+"}}", 1) }

// around adds members beside the inner ServiceData.
func around(members string) string { return strings.Replace(minimal, "}}", "}, "+members+"}", 1) }

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
func envelope(t testing.TB, op translate.Operation, body string) string {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%s: %+v", body, refusal)
	}
	message, refusal := request.Encode(translate.Env{OperationID: operationID})
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
	return request.Decode(reply, translate.Env{OperationID: operationID})
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
