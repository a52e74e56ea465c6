package emersion

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// minimal is a request with what is required and nothing else.
const minimal = `{
	"accountType": "End User",
	"primaryContact": {
		"detail": {
			"title": "Ms", "firstName": "Jane", "lastName": "Doe", "addressLine1": "1 Main St", "suburb": "Melbourne", "state": "VIC",
			"postcode": "3000", "country": "Australia", "emailAddress": "jane.doe@example.com.au", "phoneNumber": "+61 3 9000 0000"
		},
		"cumulusUser": {"userName": "login@example.com.au", "password": "correct horse"}
	},
	"accountContactType": {"type": "Individual"}
}`

// billing is a billing contact with what is required and nothing else.
const billing = `"billingContact": {"detail": {
	"title": "Mr", "firstName": "John", "lastName": "Roe", "addressLine1": "2 High St", "suburb": "Perth", "state": "WA",
	"postcode": "6000", "country": "AU", "emailAddress": "john.roe@example.com", "phoneNumber": "08 9000 0000"}}`

// operation returns CreateComplexAccount.
func operation(t testing.TB, c Config) translate.Operation {
	t.Helper()
	operations, err := Operations(c)
	i := slices.IndexFunc(operations, func(op translate.Operation) bool { return op.Name == "CreateComplexAccount" })
	if err != nil || i < 0 {
		t.Fatalf("no CreateComplexAccount among %d operations, error %v", len(operations), err)
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

// with adds a member behind the last one of the minimal request.
func with(members string) string { return strings.TrimSuffix(minimal, "\n}") + ",\n" + members + "\n}" }

// quoted writes a JSON string.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// violations reads a request and returns what is wrong with it: nothing when it is accepted.
func violations(t testing.TB, op translate.Operation, body string) []translate.Violation {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal == nil {
		if request == nil {
			t.Fatal("neither a request nor an error")
		}
		return nil
	}
	if request != nil || refusal.Code != translate.ValidationFailed || refusal.Outcome != soap.NotSent || refusal.Source != translate.FromRequest ||
		refusal.Truncated || len(refusal.Violations) == 0 {
		t.Fatalf("request %v, error %+v", request, refusal)
	}
	return refusal.Violations
}

// check compares the violations of a request whole: place, code, sentence and parameters.
func check(t *testing.T, op translate.Operation, body string, want ...translate.Violation) {
	t.Helper()
	if diff := cmp.Diff(want, violations(t, op, body)); diff != "" {
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
	message, refusal := request.Encode(translate.Env{OperationID: "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"})
	if refusal != nil {
		t.Fatal(refusal)
	}
	return string(message.Envelope)
}
