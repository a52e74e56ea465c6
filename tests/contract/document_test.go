package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soapbridge/translate/soap"
)

// A document is a JSON object as the standard library reads it into a map; its numbers stay text.

func readDocument(tb testing.TB, body []byte) map[string]any {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		tb.Fatalf("%v\n%s", err, body)
	}
	return document
}

func writeDocument(tb testing.TB, document any) []byte {
	tb.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// clone copies a value and everything inside.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		c := maps.Clone(v)
		for member := range c {
			c[member] = clone(c[member])
		}
		return c
	case []any:
		c := slices.Clone(v)
		for i := range c {
			c[i] = clone(c[i])
		}
		return c
	}
	return value
}

// leaf is a value of a document that is neither object nor array.
type leaf struct {
	pointer string
	value   any
	set     func(any)
	remove  func() // from its object; nil in an array
}

// leavesOf lists the leaves of a value, objects in the order of their members' names.
func leavesOf(pointer string, value any) (list []leaf) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range slices.Sorted(maps.Keys(v)) {
			at := pointer + "/" + member
			inside := leavesOf(at, v[member])
			if !isContainer(v[member]) {
				inside = []leaf{{at, v[member], func(x any) { v[member] = x }, func() { delete(v, member) }}}
			}
			list = append(list, inside...)
		}
	case []any:
		for i := range v {
			at := fmt.Sprintf("%s/%d", pointer, i)
			inside := leavesOf(at, v[i])
			if !isContainer(v[i]) {
				inside = []leaf{{at, v[i], func(x any) { v[i] = x }, nil}}
			}
			list = append(list, inside...)
		}
	}
	return list
}

func isContainer(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// get returns the text at a pointer, empty where there is none.
func get(document map[string]any, pointer string) string {
	var at any = document
	for member := range strings.SplitSeq(pointer[1:], "/") {
		object, _ := at.(map[string]any)
		at = object[member]
	}
	text, _ := at.(string)
	return text
}

// put sets the value at a pointer whose parts are members of objects, and makes the objects that are missing.
func put(document map[string]any, pointer string, value any) {
	members := strings.Split(pointer[1:], "/")
	last := len(members) - 1
	for _, member := range members[:last] {
		inside, ok := document[member].(map[string]any)
		if !ok {
			inside = map[string]any{}
			document[member] = inside
		}
		document = inside
	}
	document[members[last]] = value
}

// remove takes out the value at a pointer whose parts are members of objects.
func remove(document map[string]any, pointer string) {
	members := strings.Split(pointer[1:], "/")
	last := len(members) - 1
	for _, member := range members[:last] {
		document, _ = document[member].(map[string]any)
	}
	delete(document, members[last])
}

func blank(s string) bool { return strings.TrimFunc(s, unicode.IsSpace) == "" }

func neitherSpaceNorAt(r rune) rune {
	if unicode.IsSpace(r) || r == '@' {
		return -1
	}
	return r
}

// sent returns the document as it goes to the vendor: with the proxy's defaults, and as it rewrites texts.
func (o operation) sent(document map[string]any) map[string]any {
	c := o.conduct()
	d, _ := clone(document).(map[string]any)
	for pointer, text := range c.defaults {
		if !holds(document, pointer) {
			put(d, pointer, text)
		}
	}
	for pointer, rewrite := range c.rewritten {
		if holds(document, pointer) {
			put(d, pointer, rewrite(get(document, pointer), document))
		}
	}
	return d
}

// holds reports whether a document has a value at a pointer whose parts are members of objects.
func holds(document map[string]any, pointer string) bool {
	var at any = document
	for member := range strings.SplitSeq(pointer[1:], "/") {
		object, _ := at.(map[string]any)
		at = object[member]
	}
	return at != nil
}

// failer is what a testing.T and a rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func diff(t failer, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(soap.Message{})); d != "" {
		t.Errorf("%s (- is wanted, + is there):\n%s", what, d)
	}
}
