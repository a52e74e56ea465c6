package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// isJSON asks package jsontext whether a body is one JSON value that is nested 32 levels deep at most.
func isJSON(body []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := d.ReadToken(); err != nil || d.StackDepth() > MaxDepth {
			return false
		}
		if d.StackDepth() == 0 {
			_, err := d.ReadToken()
			return errors.Is(err, io.EOF)
		}
	}
}

// FuzzReadJSON compares the reader with package jsontext, which says what is JSON, and with encoding/json, which says what is in it.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		``, ` `, `{}`, `null`, `[]`, `"a"`, `-0`, `01`, `1.`, `1e`, `-`, `tru`, `{"text":"a"`, `{"text":"a",}`, `{"text" "a"}`, `{text:1}`, `[1,]`, `{}{}`, `{} x`, "\ufeff{}", "{\x00}",
		`{"text":"a\u00e9\ud83d\ude00","flag":true,"count":-7,"ratio":1.5e-3,"texts":["b",""],"counts":[1,2]}`, `{"text":"\ud800","x":"\u12g"}`, "{\"text\":\"\xff\"}", "{\"text\":\"\n\"}",
		`{"object":{"text":"a"},"objects":[{"text":"b"},{"objects":[{"flag":false}]}]}`, `{"nil":null,"nils":[null,1],"nilObject":null}`, `{"text":1,"text":"a","flag":[{"a":[]}]}`,
		`{"animal":{"name":"a","type":"Dog"},"plants":[{"type":"Tree","height":1},{"name":"b"}]}`, `{"animal":{"type":"Dog","x":[}}`, `{"animal":{"type":"Dog"`, `{"animal":{"type":1,"a":tru}}`,
		strings.Repeat(`{"object":`, 32) + `1` + strings.Repeat(`}`, 32), strings.Repeat(`{"object":`, 33) + `1` + strings.Repeat(`}`, 33), strings.Repeat(`[`, 33),
		`{"ratio":"INF"}`, `{"ratio":"INF`, `{"ratio":"INF" x}`, `{"xml":"<a/>"}`,
	} {
		f.Add([]byte(seed))
	}
	s := everything(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		report := &Report{}
		r, err := ReadJSON(body, s, report)
		if want := isJSON(body); (err == nil) != want {
			t.Fatalf("%q: %v; it is JSON: %v", body, err, want)
		}
		if err != nil {
			if sentence, cause := Malformed(body); cause == nil || sentence == "The body is not acceptable JSON." {
				t.Fatalf("%q: %s, %v", body, sentence, cause)
			}
			return
		}
		report.Sort(r) // whatever the places
		if len(report.Violations) > 0 {
			return
		}
		got, want := values(t, []byte(shown(r))), values(t, body)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n got %v\nwant %v", body, got, want)
		}
		again, err := ReadJSON([]byte(shown(r)), s, report)
		if err != nil || len(report.Violations) > 0 || !bytes.Equal(again.AppendCanonical(nil), r.AppendCanonical(nil)) {
			t.Fatalf("%q is written as %s: %v %+v", body, shown(r), err, report.Violations)
		}
	})
}

// values reads a body with encoding/json, without what counts as absent, and without the name of a subtype that may be left out.
func values(t *testing.T, body []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return normal(v)
}

func normal(v any) any {
	switch v := v.(type) {
	case json.Number:
		if v == "-0" { // of an integer
			return json.Number("0")
		}
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	case map[string]any:
		for name, value := range v {
			list, isList := value.([]any)
			isNil := name == "nil" || name == "nilObject"
			if value == nil && !isNil || isList && len(list) == 0 || value == "Plant" && name == "type" {
				delete(v, name)
				continue
			}
			v[name] = normal(value)
		}
	}
	return v
}

// FuzzAppendString compares the writing of strings with encoding/json.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "a", "\"\\/\b\f\n\r\t", "\x00\x1f\x7f", "<&>", "é😀", "\u2028\u2029", "\xff", "a\xc3", "\xed\xa0\x80", "\ufffd", "\ufffe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(text); err != nil {
			t.Fatal(err)
		}
		got := string(AppendString([]byte("x"), text))
		if got != "x"+strings.TrimSuffix(want.String(), "\n") {
			t.Fatalf("%q: %s, want %s", text, got, want.String())
		}
		if back, err := jsontext.AppendUnquote(nil, got[1:]); utf8.ValidString(text) && (err != nil || string(back) != text) {
			t.Fatalf("%q is read back as %q, %v", text, back, err)
		}
	})
}
