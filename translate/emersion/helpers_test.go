package emersion

import (
	"strings"
	"testing"

	"soapbridge/tests/calls"
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

// with adds a member behind the last one of the minimal request.
func with(members string) string { return strings.TrimSuffix(minimal, "\n}") + ",\n" + members + "\n}" }

const operationID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"

var edit, quoted, violations, check, checkFailure = calls.Edit, calls.Quoted, calls.Violations, calls.Check, calls.CheckFailure

// operation returns CreateComplexAccount.
func operation(t testing.TB, c Config) translate.Operation {
	t.Helper()
	operations, err := Operations(c)
	return calls.Named(t, "CreateComplexAccount", operations, err)
}

func envelope(t testing.TB, op translate.Operation, body string) string {
	t.Helper()
	return calls.Envelope(t, op, body, translate.Env{OperationID: operationID})
}

func decode(t testing.TB, op translate.Operation, body string, reply soap.Reply) (translate.Result, *translate.Error) {
	t.Helper()
	return calls.Decode(t, op, body, reply, translate.Env{OperationID: operationID})
}
