package customercare

import (
	"testing"
	"time"

	"soapbridge/tests/calls"
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

var (
	edit, quoted, check, envelope, checkFailure = calls.Edit, calls.Quoted, calls.Check, calls.Envelope, calls.CheckFailure
	required, wrongType, empty, nullIn          = calls.Required, calls.WrongType, calls.Empty, calls.NullIn
)

// operation returns one of the operations.
func operation(t testing.TB, name string, c Config) translate.Operation {
	t.Helper()
	if c.Version == 0 {
		c.Version = soap.V11
	}
	operations, err := Operations(c)
	return calls.Named(t, name, operations, err)
}

// decode reads the reply to a request.
func decode(t testing.TB, op translate.Operation, body string, reply soap.Reply) (translate.Result, *translate.Error) {
	t.Helper()
	return calls.Decode(t, op, body, reply, env)
}
