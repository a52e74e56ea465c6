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
	"slices"
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

// operations returns all operations.
func operations(t testing.TB) []translate.Operation {
	t.Helper()
	a, err1 := customercare.Operations(customercare.Config{Version: soap.V11, DirectToken: "direct"})
	b, err2 := mds.Operations(mds.Config{})
	c, err3 := emersion.Operations(emersion.Config{})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(a, b, c)
}

// FuzzRead fuzzes the readers of all operations, from their examples and goldens.
func FuzzRead(f *testing.F) {
	ops := operations(f)
	for i, op := range ops {
		f.Add(uint8(i), []byte(op.Example))
		goldens, err := filepath.Glob(filepath.Join("*", "testdata", op.Name, "*.json"))
		if err != nil || len(goldens) == 0 {
			f.Fatalf("%s has %d goldens: %v", op.Name, len(goldens), err)
		}
		for _, golden := range goldens {
			body, err := os.ReadFile(golden)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), body)
		}
		for _, seed := range []string{"", "{}", "null", "[]", `{"x":1,"x":2}`, `{"a":{"b":[null,{}]}}`, `{"a/b~c":1}`, "{\"\xff\":\"\\ud800\"}", `{"baseRequest":{},"serviceData":[],"primaryContact":null}`} {
			f.Add(uint8(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) { checkRead(t, ops[int(n)%len(ops)], body) })
}

func FuzzReadToy(f *testing.F) {
	op := define(f, definition())
	for _, seed := range []string{toyRequest, maskedRequest, with(`"again": {"inners": [{"one": "1"}, null]}`), with(`"small": 1e2, "large": -0`), with(`"a/b~c": {}`)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) { checkRead(t, op, body) })
}

// checkRead compares the reader with two others. It never panics; what it refuses has places and reasons; and what it accepts, json/v2 with
// duplicates and unknown members forbidden accepts too and reads as the same, and so does encoding/json.
//
// The other way round proves nothing: both accept empty objects, null in arrays and as a body, characters that XML cannot carry, numbers in
// any form that fits, and whatever breaks a rule; encoding/json also duplicates, unknown members, other letter cases, half surrogate pairs
// and invalid UTF-8. One difference in what is read is known: an empty array is an absent one here.
func checkRead(t *testing.T, op translate.Operation, body []byte) {
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
	strict, standard := reflect.New(op.RequestShape.Struct()), reflect.New(op.RequestShape.Struct())
	if err := jsonv2.Unmarshal(body, strict.Interface(), jsonv2.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: json/v2 refuses %q: %v", op.Name, body, err)
	}
	compare(t, body, "json/v2", valuesOf(strict), got)
	if err := json.Unmarshal(body, standard.Interface()); err != nil {
		t.Fatalf("%s: encoding/json refuses %q: %v", op.Name, body, err)
	}
	compare(t, body, "encoding/json", valuesOf(standard), got)
	message, refusal := request.Encode(translate.Env{OperationID: "id"})
	if refusal != nil {
		t.Fatalf("%s: %q is accepted and cannot be encoded: %v", op.Name, body, refusal)
	}
	if err := xml.Unmarshal(message.Envelope, new(struct{})); err != nil {
		t.Fatalf("%s: %q: encoding/xml refuses %s: %v", op.Name, body, message.Envelope, err)
	}
}

func compare(t *testing.T, body []byte, reader string, want, got map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-%s +here)\n%s", body, reader, diff)
	}
}

// valuesOf lists the values of a struct by JSON Pointers, as translate.Values does those of a request.
func valuesOf(request reflect.Value) map[string]string {
	values := map[string]string{}
	addValues(values, "", request)
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
	if compare(t, []byte(maskedRequest), "encoding/json", valuesOf(reflect.ValueOf(want)), got); len(got) != 23 {
		t.Errorf("%d values were read: %v", len(got), got)
	}
}
