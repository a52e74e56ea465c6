package validation

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReportAdd(t *testing.T) {
	r := &Report{}
	r.Append(Violation{Pointer: "/a", Code: WrongType})
	r.Append(Violation{Pointer: "/b", Code: EmptyObject})
	r.Append(Violation{Pointer: "/c/0", Code: NullInArray})
	r.Append(Violation{Pointer: "/d", Code: DuplicateMember})
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
		before := len(r.Violations)
		r.Add(Violation{Pointer: pointer, Code: Required})
		if (len(r.Violations) > before) != added {
			t.Errorf("%s: added %v", pointer, !added)
		}
		r.Violations = r.Violations[:before]
	}
	r.Append(Violation{Pointer: "/a", Code: Required}) // whatever is there
	if len(r.Violations) != 5 || r.Truncated {
		t.Errorf("%+v", r)
	}

	body := &Report{}
	body.Append(Violation{Code: WrongType})
	body.Add(Violation{Pointer: "/a", Code: Required})
	if len(body.Violations) != 1 {
		t.Errorf("a body that is no object is also incomplete: %+v", body)
	}
}

func TestReportIsBounded(t *testing.T) {
	r := &Report{}
	for i := range MaxViolations {
		r.Append(Violation{Pointer: fmt.Sprintf("/%d", i)})
	}
	if len(r.Violations) != MaxViolations || r.Truncated {
		t.Fatalf("%d violations, truncated %v", len(r.Violations), r.Truncated)
	}
	r.Add(Violation{Pointer: "/0"}) // is there
	if r.Truncated {
		t.Error("a violation that is there already counts as one that is lost")
	}
	r.Append(Violation{Pointer: "/x"})
	r.Add(Violation{Pointer: "/y"})
	if len(r.Violations) != MaxViolations || !r.Truncated {
		t.Errorf("%d violations, truncated %v", len(r.Violations), r.Truncated)
	}
}

func TestReportPlaces(t *testing.T) {
	report := func() *Report {
		return &Report{Violations: []Violation{
			{Pointer: "/a", Code: Required}, {Pointer: "/a/b", Code: Required}, {Pointer: "/a/b", Code: TooLong}, {Pointer: "/ab", Code: Required}, {Pointer: "/c", Code: Required},
		}}
	}
	isRequired := func(v Violation) bool { return v.Code == Required }
	r := report()
	r.Drop("/a", isRequired)
	want := []Violation{{Pointer: "/a/b", Code: TooLong}, {Pointer: "/ab", Code: Required}, {Pointer: "/c", Code: Required}}
	if diff := cmp.Diff(want, r.Violations); diff != "" {
		t.Error(diff)
	}
	for pointer, within := range map[string]bool{"/a": true, "/a/b": true, "/a/b/c": false, "/ab": true, "/b": false, "/": false} {
		if got := report().Within(pointer); got != within {
			t.Errorf("within %s: %v", pointer, got)
		}
	}
	if !report().Holds("/a/b", isRequired) || report().Holds("/a/b", func(v Violation) bool { return v.Code == BadDate }) || report().Holds("/b", isRequired) {
		t.Error("Holds is wrong")
	}
}

func TestRequireOneOf(t *testing.T) {
	text := func(s string) *string { return &s }
	missing := []Violation{{Pointer: "/o/a", Code: Required, Detail: "At least one of a, b is required.", Params: map[string]any{"oneOf": []string{"a", "b"}}}}
	for _, test := range []struct {
		name   string
		a, b   *string
		blamed string
		want   []Violation
	}{
		{"none", nil, nil, "", missing},
		{"empty", text(""), text(" "), "", missing},
		{"first", text("x"), nil, "", nil},
		{"last", nil, text("x"), "", nil},
		{"both", text("x"), text("y"), "", nil},
		{"one that cannot be read", nil, nil, "/o/b", []Violation{{Pointer: "/o/b", Code: WrongType}}},
		{"an object that cannot be read", nil, nil, "/o", []Violation{{Pointer: "/o", Code: WrongType}}},
		{"another that cannot be read", nil, nil, "/o/c", append([]Violation{{Pointer: "/o/c", Code: WrongType}}, missing...)},
	} {
		r := &Report{}
		if test.blamed != "" {
			r.Append(Violation{Pointer: test.blamed, Code: WrongType})
		}
		r.RequireOneOf("/o", Member{"a", test.a}, Member{"b", test.b})
		if diff := cmp.Diff(test.want, r.Violations); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
