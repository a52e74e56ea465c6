// Package calls has what the tests of every system need: requests are read, encoded and answered, and what is wrong with them is compared whole.
package calls

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// Named returns the operation of that name.
func Named(t testing.TB, name string, operations []translate.Operation, err error) translate.Operation {
	t.Helper()
	i := slices.IndexFunc(operations, func(op translate.Operation) bool { return op.Name == name })
	if err != nil || i < 0 {
		t.Fatalf("no %s among %d operations, error %v", name, len(operations), err)
	}
	return operations[i]
}

// Edit replaces pieces of a document: each old one is in it once, and is followed by its new one.
func Edit(t testing.TB, document string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if n := strings.Count(document, oldNew[i]); n != 1 {
			t.Fatalf("%q is %d times in %s", oldNew[i], n, document)
		}
		document = strings.Replace(document, oldNew[i], oldNew[i+1], 1)
	}
	return document
}

// Quoted writes a JSON string.
func Quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Violations reads a request and returns what is wrong with it: nothing when it is accepted.
func Violations(t testing.TB, op translate.Operation, body string) []translate.Violation {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal == nil {
		if request == nil {
			t.Fatalf("%s: neither a request nor an error", body)
		}
		return nil
	}
	if request != nil || refusal.Code != translate.ValidationFailed || refusal.Outcome != soap.NotSent || refusal.Source != translate.FromRequest ||
		refusal.Truncated || len(refusal.Violations) == 0 {
		t.Fatalf("%s: request %v, error %+v", body, request, refusal)
	}
	return refusal.Violations
}

// Check compares the violations of a request whole: place, code, sentence and parameters. Without any it must be accepted.
func Check(t testing.TB, op translate.Operation, body string, want ...translate.Violation) {
	t.Helper()
	if diff := cmp.Diff(want, Violations(t, op, body)); diff != "" {
		t.Errorf("%s\n(-want +got)\n%s", body, diff)
	}
}

func read(t testing.TB, op translate.Operation, body string) translate.Request {
	t.Helper()
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%s: %+v", body, refusal)
	}
	return request
}

// Envelope encodes a request that must be right.
func Envelope(t testing.TB, op translate.Operation, body string, env translate.Env) string {
	t.Helper()
	message, refusal := read(t, op, body).Encode(env)
	if refusal != nil {
		t.Fatal(refusal)
	}
	return string(message.Envelope)
}

// Decode reads the reply to a request.
func Decode(t testing.TB, op translate.Operation, body string, reply soap.Reply, env translate.Env) (translate.Result, *translate.Error) {
	t.Helper()
	return read(t, op, body).Decode(reply, env)
}

// CheckFailure compares an error but for its cause, which must be there.
func CheckFailure(t testing.TB, got *translate.Error, want translate.Error) {
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

// EachReply runs a test for each of a system's recorded replies, which are as many as its rows.
func EachReply[Row any](t *testing.T, rows map[string]Row, test func(t *testing.T, name string, row Row, body []byte)) {
	t.Helper()
	files, err := os.ReadDir("testdata/replies")
	if err != nil || len(files) != len(rows) {
		t.Fatalf("%d files and %d rows: %v", len(files), len(rows), err)
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("testdata/replies", name))
			if err != nil {
				t.Fatal(err)
			}
			test(t, name, row, body)
		})
	}
}

// Required is a required member that is missing or blank.
func Required(pointer string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.Required, Detail: "This member is required and may not be empty or only white space."}
}

// typeOf is what a program reads where a person reads a sentence.
var typeOf = map[string]string{"a string": "string", "an integer": "integer", "true or false": "boolean", "an object": "object", "an array": "array"}

// WrongType is a member of another type than the expected one.
func WrongType(pointer, expected string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.WrongType, Detail: "This must be " + expected + ".", Params: map[string]any{"expected": typeOf[expected]}}
}

// Empty is an object without members.
func Empty(pointer string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.EmptyObject, Detail: "An object may not be empty. Leave the member out instead."}
}

// NullIn is null in an array.
func NullIn(pointer string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.NullInArray, Detail: "An array may not hold null."}
}
