package contract_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"soapbridge/translate/secret"
)

// shape is a request struct type, read from its tags without the product's own compiler.
type shape []shapeField

type shapeField struct {
	member, element string
	kind            reflect.Kind // String, Bool, Int32, Int64 or Struct
	secret          bool
	repeated        bool
	required        bool // a plain field: the request is refused without it
	utc             bool
	rules           map[string]string // the validate tag: words and their parameters
	object          shape             // of a Struct
}

// requestShape reads the request struct of an operation.
func (o operation) requestShape(tb testing.TB) shape {
	tb.Helper()
	return readShape(tb, o.RequestShape.Struct())
}

func readShape(tb testing.TB, t reflect.Type) (s shape) {
	tb.Helper()
	for f := range t.Fields() {
		element, option, _ := strings.Cut(f.Tag.Get("soap"), ",")
		field := shapeField{
			member: f.Tag.Get("json"), element: element, utc: option == "utc", rules: readRules(f.Tag.Get("validate")),
			required: true,
		}
		kind := f.Type
		if kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
			field.required, field.repeated = false, kind.Kind() == reflect.Slice
			kind = kind.Elem()
		}
		field.kind, field.secret = kind.Kind(), kind == reflect.TypeFor[secret.Secret]()
		if field.kind == reflect.Struct {
			field.object = readShape(tb, kind)
		}
		s = append(s, field)
	}
	return s
}

func readRules(tag string) map[string]string {
	rules := map[string]string{}
	if tag == "" {
		return rules
	}
	for rule := range strings.SplitSeq(tag, ",") {
		word, param, _ := strings.Cut(rule, "=")
		rules[word] = param
	}
	return rules
}

// has reports whether the field has a rule.
func (f *shapeField) has(rule string) bool {
	_, ok := f.rules[rule]
	return ok
}

// limit returns the number of a rule, or otherwise without it.
func (f *shapeField) limit(rule string, otherwise int64) int64 {
	n, err := strconv.ParseInt(f.rules[rule], 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// choices returns the words of a oneof or oneofci rule; those with spaces are in single quotes.
func (f *shapeField) choices() []string {
	param := f.rules["oneof"] + f.rules["oneofci"]
	if strings.Contains(param, "'") {
		return []string{strings.Trim(param, "'")}
	}
	return strings.Fields(param)
}

// hasArrays reports whether the shape has an array at any depth.
func (s shape) hasArrays() bool {
	return slices.ContainsFunc(s, func(f shapeField) bool { return f.repeated || f.object.hasArrays() })
}

// The struct and the sample must have the same members, in the same order, with the same arrays.
func TestShapeIsTheSamples(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		wrappers := o.vendor(t).wrappers
		want := vendorOutline(nil, "", wrappers[len(wrappers)-1])
		got := shapeOutline(nil, "", o.requestShape(t))
		diff(t, "the struct's members differ from the sample's", want, got)
	})
}

func vendorOutline(lines []string, pointer string, n *vendorNode) []string {
	for _, c := range n.children {
		at := pointer + "/" + c.member
		lines = append(lines, outlineLine(at, c.local, c.repeated))
		lines = vendorOutline(lines, at, c)
	}
	return lines
}

func shapeOutline(lines []string, pointer string, s shape) []string {
	for _, f := range s {
		at := pointer + "/" + f.member
		lines = append(lines, outlineLine(at, f.element, f.repeated))
		lines = shapeOutline(lines, at, f.object)
	}
	return lines
}

func outlineLine(pointer, element string, repeated bool) string {
	return fmt.Sprintf("%s <%s> repeated %t", pointer, element, repeated)
}

// otherThanTheSample holds the leaves whose description differs from the sample's text, with the reason.
var otherThanTheSample = map[string]string{
	"CreateComplexAccount /accountOrganisation/orgType": "the sample prints ?; note 16 says that it is an integer",
}

// A sample's leaf names its type and limits; the struct must have the same.
func TestTypesAndLimitsAreTheSamples(t *testing.T) {
	eachOnce(t, func(t *testing.T, o operation) {
		wrappers := o.vendor(t).wrappers
		compareKinds(t, o.Name+" ", o.requestShape(t), wrappers[len(wrappers)-1])
	})
}

func compareKinds(t *testing.T, path string, s shape, n *vendorNode) {
	t.Helper()
	for i := range s {
		f := &s[i]
		at := path + "/" + f.member
		if c := n.children[i]; f.object != nil {
			compareKinds(t, at, f.object, c)
		} else if got := f.kindInSample(); got != c.kind && !isKind(c.kind, f) && otherThanTheSample[at] == "" {
			t.Errorf("%s is %q in the struct and %q in the sample", at, got, c.kind)
		}
	}
}

// kindInSample spells a field as the curated samples do.
func (f *shapeField) kindInSample() string {
	switch {
	case f.kind == reflect.Bool:
		return "boolean"
	case f.kind == reflect.Int32:
		return "int"
	case f.kind == reflect.Int64:
		return fmt.Sprintf("int(%s..%s)", f.rules["min"], f.rules["max"])
	case f.has("datetime"):
		return "dateTime"
	case f.has("date") && f.utc:
		return "YYYY-MM-DDZ"
	case f.has("date"):
		return "date"
	case f.has("token"):
		return "bytes"
	case f.has("oneof"), f.has("oneofci"):
		return strings.Join(f.choices(), " or ")
	case f.has("decimal"):
		return "decimal(-999999999.99..999999999.99)"
	case f.has("max"):
		least := f.limit("min", 0)
		if f.has("required") {
			least = 1
		}
		return fmt.Sprintf("string(%d..%s)", least, f.rules["max"])
	}
	return "string"
}

// isKind reports whether a sample's text fits a field: the vendor documents the words of some fields outside the sample.
func isKind(sample string, f *shapeField) bool {
	return sample == "string" && len(f.choices()) > 0
}
