package mds

import (
	"strings"
	"testing"

	"soapbridge/tests/calls"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// minimal is a request with what is required and nothing else.
const minimal = `{"serviceData": {"customerLevel": "SUBSCRIPTION", "customerLevelReference": "00000042", "effectiveDate": "2026-12-01", "serviceCode": "LINECH"}}`

// with adds members to the inner ServiceData of the minimal request.
func with(members string) string { return strings.Replace(minimal, "}}", ", "+members+"}}", 1) }

// around adds members beside the inner ServiceData.
func around(members string) string { return strings.Replace(minimal, "}}", "}, "+members+"}", 1) }

const operationID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"

var (
	edit, quoted, check, checkFailure = calls.Edit, calls.Quoted, calls.Check, calls.CheckFailure
	wrongType, empty                  = calls.WrongType, calls.Empty
)

// operation returns CreateService.
func operation(t testing.TB, c Config) translate.Operation {
	t.Helper()
	operations, err := Operations(c)
	return calls.Named(t, "CreateService", operations, err)
}

func envelope(t testing.TB, op translate.Operation, body string) string {
	t.Helper()
	return calls.Envelope(t, op, body, translate.Env{OperationID: operationID})
}

func decode(t testing.TB, op translate.Operation, body string, reply soap.Reply) (translate.Result, *translate.Error) {
	t.Helper()
	return calls.Decode(t, op, body, reply, translate.Env{OperationID: operationID})
}
