package translate_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/soap"
)

// operations returns all operations by name.
func operations(t testing.TB) map[string]translate.Operation {
	t.Helper()
	a, err1 := customercare.Operations(customercare.Config{Version: soap.V11, DirectToken: "direct"})
	b, err2 := mds.Operations(mds.Config{})
	c, err3 := emersion.Operations(emersion.Config{})
	all := map[string]translate.Operation{}
	for _, op := range append(append(a, b...), c...) {
		all[op.Name] = op
	}
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryOperationIsFuzzed fails for an operation that has no FuzzRead of its own.
func TestEveryOperationIsFuzzed(t *testing.T) {
	for name := range operations(t) {
		if !fuzzed[name] {
			t.Errorf("there is no FuzzRead%s: write it like the others in fuzz_test.go, and add the name to fuzzed", name)
		}
	}
}

var fuzzed = map[string]bool{"CreateWorkFlowManager": true, "CreateCallLog": true, "UpdateCustomerPIN": true, "CreateService": true, "CreateComplexAccount": true}

func FuzzReadCreateWorkFlowManager(f *testing.F) {
	fuzzRead[customercare.CreateWorkFlowManagerRequest](f, "CreateWorkFlowManager")
}

func FuzzReadCreateCallLog(f *testing.F) {
	fuzzRead[customercare.CreateCallLogRequest](f, "CreateCallLog")
}

func FuzzReadUpdateCustomerPIN(f *testing.F) {
	fuzzRead[customercare.UpdateCustomerPINRequest](f, "UpdateCustomerPIN")
}

func FuzzReadCreateService(f *testing.F) { fuzzRead[mds.CreateServiceRequest](f, "CreateService") }

func FuzzReadCreateComplexAccount(f *testing.F) {
	fuzzRead[emersion.CreateComplexAccountRequest](f, "CreateComplexAccount")
}

func FuzzReadToy(f *testing.F) {
	op := define(f, definition())
	for _, seed := range []string{toyRequest, maskedRequest, with(`"again": {"inners": [{"one": "1"}, null]}`), with(`"small": 1e2, "large": -0`), with(`"a/b~c": {}`)} {
		f.Add([]byte(seed))
	}
	fuzz[toy](f, op)
}

// fuzzRead fuzzes the reader of an operation, from its example and its goldens.
func fuzzRead[Req any](f *testing.F, name string) {
	op := operations(f)[name]
	f.Add([]byte(op.Example))
	goldens, err := filepath.Glob(filepath.Join("*", "testdata", name, "*.json"))
	if err != nil || len(goldens) == 0 {
		f.Fatalf("%d goldens: %v", len(goldens), err)
	}
	for _, golden := range goldens {
		body, err := os.ReadFile(golden)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, seed := range []string{"", "{}", "null", "[]", `{"x":1,"x":2}`, `{"a":{"b":[null,{}]}}`, `{"a/b~c":1}`, "{\"\xff\":\"\\ud800\"}", `{"baseRequest":{},"serviceData":[],"primaryContact":null}`} {
		f.Add([]byte(seed))
	}
	fuzz[Req](f, op)
}

// fuzz compares the reader with two others. It never panics; what it refuses has places and reasons; and what it accepts, json/v2 with
// duplicates and unknown members forbidden accepts too and reads as the same, and so does encoding/json.
//
// The other way round proves nothing: both accept empty objects, null in arrays and as a body, characters that XML cannot carry, numbers in
// any form that fits, and whatever breaks a rule; encoding/json also duplicates, unknown members, other letter cases, half surrogate pairs
// and invalid UTF-8. One difference in what is read is known: an empty array is an absent one here.
func fuzz[Req any](f *testing.F, op translate.Operation) {
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		request, refusal := op.Read(body)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was written to")
		}
		if refusal != nil {
			checkAnyRefusal(t, refusal)
			return
		}
		got := translate.Values(request)
		var strict, standard Req
		if err := jsonv2.Unmarshal(body, &strict, jsonv2.RejectUnknownMembers(true)); err != nil {
			t.Fatalf("json/v2 refuses %q: %v", body, err)
		}
		compare(t, body, "json/v2", valuesOf(strict), got)
		if err := json.Unmarshal(body, &standard); err != nil {
			t.Fatalf("encoding/json refuses %q: %v", body, err)
		}
		compare(t, body, "encoding/json", valuesOf(standard), got)
		message, refusal := request.Encode(translate.Env{OperationID: "id"})
		if refusal != nil {
			t.Fatalf("%q is accepted and cannot be encoded: %v", body, refusal)
		}
		if err := xml.Unmarshal(message.Envelope, new(struct{})); err != nil {
			t.Fatalf("%q: encoding/xml refuses %s: %v", body, message.Envelope, err)
		}
	})
}

func compare(t *testing.T, body []byte, reader string, want, got map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-%s +here)\n%s", body, reader, diff)
	}
}

// valuesOf lists the values of a struct by JSON Pointers, as translate.Values does those of a request.
func valuesOf(request any) map[string]string {
	values := map[string]string{}
	addValues(values, "", reflect.ValueOf(request))
	return values
}

func addValues(values map[string]string, pointer string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			addValues(values, pointer, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			addValues(values, pointer+"/"+strconv.Itoa(i), v.Index(i))
		}
	case reflect.Struct:
		for field, inside := range v.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			addValues(values, pointer+"/"+name, inside)
		}
	case reflect.String: // a Secret, too, which fmt would mask
		values[pointer] = v.String()
	default:
		values[pointer] = fmt.Sprint(v)
	}
}

// checkAnyRefusal checks what every refusal has.
func checkAnyRefusal(t *testing.T, refusal *translate.Error) {
	t.Helper()
	switch {
	case refusal.Outcome != soap.NotSent:
		t.Fatalf("%+v", refusal)
	case refusal.Code == translate.MalformedJSON && refusal.Detail != "" && refusal.Cause != nil && len(refusal.Violations) == 0:
	case refusal.Code == translate.ValidationFailed && len(refusal.Violations) > 0 && refusal.Source == translate.FromRequest:
		for _, v := range refusal.Violations {
			if v.Code == "" || v.Detail == "" || v.Pointer != "" && v.Pointer[0] != '/' {
				t.Fatalf("%+v", v)
			}
		}
	default:
		t.Fatalf("%+v", refusal)
	}
}

// TestValues makes sure that the fuzzers compare something.
func TestValues(t *testing.T) {
	var want toy
	if err := json.Unmarshal([]byte(maskedRequest), &want); err != nil {
		t.Fatal(err)
	}
	got := accepted(t, define(t, definition()), maskedRequest)
	if compare(t, []byte(maskedRequest), "encoding/json", valuesOf(want), got); len(got) != 23 {
		t.Errorf("%d values were read: %v", len(got), got)
	}
}
