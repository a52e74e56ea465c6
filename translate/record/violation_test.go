package record

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/shape"
)

func reportOf(list ...Violation) *Report {
	r := &Report{}
	for _, v := range list {
		r.AddBeside(v)
	}
	return r
}

func TestReportAdd(t *testing.T) {
	list := []Violation{{Pointer: "/a", Code: WrongType}, {Pointer: "/b", Code: EmptyObject}, {Pointer: "/c/0", Code: NullInArray}, {Pointer: "/d", Code: DuplicateMember}}
	for pointer, added := range map[string]bool{
		"/a":     false, // of the wrong type is not also missing
		"/a/x/y": false, // nor is anything inside
		"/ab":    true,
		"/b":     true, // an empty object can lack members
		"/b/x":   true,
		"/c":     true,
		"/c/0/x": false,
		"/c/1":   true,
		"/d":     false,
		"/d/x":   true, // the first one may lack members
	} {
		r := reportOf(list...)
		r.Add(Violation{Pointer: pointer, Code: Required})
		if (len(r.Violations) > len(list)) != added {
			t.Errorf("%s: added %v", pointer, !added)
		}
	}
	r := reportOf(list...)
	r.AddBeside(Violation{Pointer: "/a", Code: Required}) // whatever is there
	if len(r.Violations) != 5 || r.Truncated {
		t.Errorf("%+v", r)
	}
	body := reportOf(Violation{Code: WrongType})
	body.Add(Violation{Pointer: "/a", Code: Required})
	if len(body.Violations) != 1 {
		t.Errorf("a body that is not an object is also incomplete: %+v", body)
	}
}

func TestReportIsBounded(t *testing.T) {
	r := &Report{}
	for i := range MaxViolations {
		r.AddBeside(Violation{Pointer: fmt.Sprintf("/%d", i)})
	}
	if len(r.Violations) != MaxViolations || r.Truncated {
		t.Fatalf("%d violations, truncated %v", len(r.Violations), r.Truncated)
	}
	r.Add(Violation{Pointer: "/0"}) // is there
	if r.Truncated {
		t.Error("a violation that is there already counts as one that is lost")
	}
	r.AddBeside(Violation{Pointer: "/x"})
	r.Add(Violation{Pointer: "/y"})
	if len(r.Violations) != MaxViolations || !r.Truncated {
		t.Errorf("%d violations, truncated %v", len(r.Violations), r.Truncated)
	}
}

func TestReportPlaces(t *testing.T) {
	report := func() *Report {
		return reportOf(Violation{Pointer: "/a", Code: Required}, Violation{Pointer: "/a/b", Code: Required}, Violation{Pointer: "/a/b", Code: TooLong},
			Violation{Pointer: "/ab", Code: Required}, Violation{Pointer: "/c", Code: Required})
	}
	isRequired := func(v Violation) bool { return v.Code == Required }
	r := report()
	r.Drop(isRequired)
	want := []Violation{{Pointer: "/a/b", Code: TooLong}}
	if diff := cmp.Diff(want, r.Violations); diff != "" {
		t.Error(diff)
	}
	for pointer, within := range map[string]bool{"/a": true, "/a/b": true, "/a/b/c": false, "/ab": true, "/b": false, "/": false} {
		if got := report().Within(pointer); got != within {
			t.Errorf("within %s: %v", pointer, got)
		}
	}
	if r.Invalid("/a") || !r.Invalid("/a/b") || r.Invalid("/c") {
		t.Error("a place is invalid when its violation has been dropped, or is not although it has another one")
	}
}

// TestReportSort puts violations where they are in the body: those of the reader, and those that rules add later.
func TestReportSort(t *testing.T) {
	s := everything(t)
	for _, test := range []struct {
		name, body string
		add        []string // in another order
		want       []string
	}{
		{"members in the order of the body", `{"count": 1, "text": "x", "object": {"text": "y"}}`, []string{"/text", "/object/text", "/count"}, []string{"/count", "/text", "/object/text"}},
		{"missing ones at the end, as they are declared", `{"count": 1, "object": {"text": "y"}}`, []string{"/objects", "/texts", "/object/count", "/count", "/text", "/object/flag"},
			[]string{"/count", "/object/flag", "/object/count", "/text", "/texts", "/objects"}},
		{"among those of the reader", `{"text": 1, "x": 1, "count": 1, "text": 2, "flag": "f"}`, []string{"/ratio", "/count"}, []string{"/text", "/x", "/count", "/text", "/flag", "/ratio"}},
		{"items", `{"texts": ["a", 1, "c"], "objects": [{"text": "a"}, {"count": 1, "text": "b"}]}`, []string{"/objects/1/text", "/objects/0/flag", "/texts/2", "/texts/0", "/objects/1/flag", "/objects/1/count"},
			[]string{"/texts/0", "/texts/1", "/texts/2", "/objects/0/flag", "/objects/1/count", "/objects/1/text", "/objects/1/flag"}},
		{"inside a missing object", `{"count": 1}`, []string{"/objects", "/object/count", "/object/text", "/text"}, []string{"/text", "/object/text", "/object/count", "/objects"}},
		{"inside a value of the wrong type", `{"object": [1, 2], "count": 1}`, []string{"/count", "/object/text"}, []string{"/object", "/object/text", "/count"}},
		{"members of a subtype", `{"animal": {"bark": "w", "type": "Dog", "name": "x"}, "text": "t"}`, []string{"/text", "/animal/name", "/animal/bark"}, []string{"/animal/bark", "/animal/name", "/text"}},
		{"the whole body first", `{"text": 1}`, []string{""}, []string{"", "/text"}},
		{"one place keeps its order", `{"text": "x"}`, []string{"/text", "/text", "/texts"}, []string{"/text", "/text", "/texts"}},
	} {
		report := &Report{}
		r, err := ReadJSON([]byte(test.body), s, report)
		if err != nil {
			t.Fatal(err)
		}
		for n, pointer := range test.add {
			report.AddBeside(Violation{Pointer: pointer, Detail: fmt.Sprint(n)})
		}
		report.Sort(r)
		var got []string
		last := ""
		for i, v := range report.Violations {
			got = append(got, v.Pointer)
			if i > 0 && report.Violations[i-1].Pointer == v.Pointer && report.Violations[i-1].Code == "" && v.Detail < last {
				t.Errorf("%s: %s is not stable", test.name, v.Pointer)
			}
			last = v.Detail
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestCodesAreAll: documents list the codes, so none of the constants may be missing there.
func TestCodesAreAll(t *testing.T) {
	text, err := os.ReadFile("violation.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared []Code
	for _, c := range regexp.MustCompile(`(?m)^\t\w+ +Code = "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		declared = append(declared, Code(c[1]))
	}
	listed := slices.Clone(Codes)
	slices.Sort(declared)
	slices.Sort(listed)
	if diff := cmp.Diff(declared, listed); diff != "" || len(declared) == 0 {
		t.Errorf("Codes are not the constants (-constants +Codes):\n%s", diff)
	}
}

func TestExpecting(t *testing.T) {
	params := map[string]any{"min": 1}
	v := Violation{Params: params}
	if got := v.Expecting(shape.FormatDate).Params; got["expected"] != "date" || got["min"] != 1 || len(params) != 1 {
		t.Errorf("%v of %v", got, params)
	}
	if got := v.Expecting(""); len(got.Params) != 1 {
		t.Errorf("%v", got.Params)
	}
}
