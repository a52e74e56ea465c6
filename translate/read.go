package translate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
	"soapbridge/translate/xml"
)

// MaxDepth bounds the nesting of a request body. The deepest operation nests seven levels.
const MaxDepth = 32

// readJSON reads a body into the struct that place holds, along the struct's shape. What breaks the shape goes into the report and
// the reading goes on; only what is not JSON at all is an error. It is one walk over the tokens: a JSON library that stops at its
// first error cannot report every violation at once.
func readJSON(body []byte, shape *soap.Shape, place reflect.Value, report *validation.Report) error {
	r := jsonReader{
		// Duplicates and invalid UTF-8 are found here, with their places, so the tokenizer lets them through.
		dec:    jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text:   string(body),
		report: report,
	}
	if err := r.root(shape, place); err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more after the JSON value, at byte %d", r.dec.InputOffset())
	}
	return nil
}

// describeMalformed says where a body stops being JSON, and never what stands there.
func describeMalformed(body []byte, err error) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.EOF) {
			return "The body is empty; it must be a JSON object."
		}
		return "The body is not acceptable JSON: " + err.Error() + "."
	}
	before := body[:min(int(syntax.ByteOffset), len(body))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	what := "it breaks the JSON grammar"
	if errors.Is(err, io.ErrUnexpectedEOF) {
		what = "it ends too early"
	}
	return fmt.Sprintf("The body is not JSON: %s at line %d, column %d (byte %d).", what, line, column, syntax.ByteOffset)
}

type jsonReader struct {
	dec    *jsontext.Decoder
	text   string // the body once more, so that strings without escapes cost no copy of their own
	report *validation.Report
}

// blame records a violation at the value or name that was read last.
func (r *jsonReader) blame(code validation.Code, detail string, params map[string]any) {
	r.blameAt(string(r.dec.StackPointer()), code, detail, params)
}

func (r *jsonReader) blameAt(pointer string, code validation.Code, detail string, params map[string]any) {
	r.report.Append(Violation{Pointer: pointer, Code: code, Detail: detail, Params: params})
}

func (r *jsonReader) wrongType(expected string) error {
	err := r.skip()
	r.blame(validation.WrongType, "This must be "+expected+".", map[string]any{"expected": expected})
	return err
}

func (r *jsonReader) root(shape *soap.Shape, place reflect.Value) error {
	if r.dec.PeekKind() != '{' {
		return r.wrongType("an object")
	}
	return r.object(shape, place)
}

// object reads an object whose "{" comes next.
func (r *jsonReader) object(shape *soap.Shape, place reflect.Value) error {
	if err := r.open(); err != nil {
		return err
	}
	empty := true
	var seen [soap.MaxFields]bool
	for r.dec.PeekKind() == '"' {
		i, known, err := r.member(shape)
		if err != nil {
			return err
		}
		if !known {
			empty = false
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		if seen[i] {
			empty = false
			r.blame(validation.DuplicateMember, "This member appears more than once in its object.", nil)
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		seen[i] = true
		present, err := r.value(&shape.Fields[i], shape.Fields[i].Value(place))
		if err != nil {
			return err
		}
		empty = empty && !present
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	if empty {
		r.blame(validation.EmptyObject, "An object may not be empty. Leave the member out instead.", nil)
	}
	return nil
}

// open reads "{" or "[".
func (r *jsonReader) open() error {
	_, err := r.dec.ReadToken()
	if err == nil && r.dec.StackDepth() > MaxDepth {
		err = fmt.Errorf("it is nested deeper than %d levels, at byte %d", MaxDepth, r.dec.InputOffset())
	}
	return err
}

// member reads a member's name and finds its field.
func (r *jsonReader) member(shape *soap.Shape) (int, bool, error) {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return 0, false, err
	}
	name := raw[1 : len(raw)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		if name, err = jsontext.AppendUnquote(nil, raw); err != nil {
			name = nil // no member has such a name
		}
	}
	i, known := shape.FieldByMember(name)
	if !known {
		r.unknownMember(shape, name)
	}
	return i, known, nil
}

func (r *jsonReader) unknownMember(shape *soap.Shape, name []byte) {
	members := make([]string, len(shape.Fields))
	params := map[string]any{"members": members}
	detail := "There is no such member here."
	for i, f := range shape.Fields {
		members[i] = f.Member
		if bytes.EqualFold(name, []byte(f.Member)) || bytes.EqualFold(name, []byte(f.Element)) {
			params["didYouMean"] = f.Member
			detail = "There is no such member here; names are compared with their letter case. Did you mean " + f.Member + "?"
		}
	}
	r.blame(validation.UnknownMember, detail, params)
}

// skip reads a value of any kind without keeping it. It walks the tokens so that the limit of depth holds inside, too.
func (r *jsonReader) skip() error {
	base := r.dec.StackDepth()
	for {
		if err := r.open(); err != nil {
			return err
		}
		if r.dec.StackDepth() <= base {
			return nil
		}
	}
}

// value reads a member's value. Null and an empty array are not there.
func (r *jsonReader) value(field *soap.Field, place reflect.Value) (present bool, err error) {
	if r.dec.PeekKind() == 'n' {
		return false, r.skip()
	}
	if field.Repeated {
		return r.array(field, place)
	}
	return true, r.single(field, place)
}

func (r *jsonReader) array(field *soap.Field, place reflect.Value) (present bool, err error) {
	if r.dec.PeekKind() != '[' {
		return true, r.wrongType("an array")
	}
	if err := r.open(); err != nil {
		return true, err
	}
	n := 0
	for ; r.dec.PeekKind() != ']'; n++ {
		place.Grow(1)
		place.SetLen(n + 1)
		if r.dec.PeekKind() == 'n' {
			err = r.skip()
			r.blame(validation.NullInArray, "An array may not hold null.", nil)
		} else {
			err = r.single(field, place.Index(n))
		}
		if err != nil {
			return true, err
		}
	}
	_, err = r.dec.ReadToken()
	return n > 0, err
}

// single reads one value that is neither null nor an array.
func (r *jsonReader) single(field *soap.Field, place reflect.Value) error {
	if field.Optional && field.Kind == soap.Object {
		place.Set(reflect.New(field.Object.Type))
		place = place.Elem()
	}
	switch kind := r.dec.PeekKind(); {
	case kind == jsontext.KindInvalid:
		return r.skip() // gives the error
	case field.Kind == soap.Object && kind == '{':
		return r.object(field.Object, place)
	case field.Kind == soap.Object:
		return r.wrongType("an object")
	case field.Kind == soap.String && kind == '"':
		return r.string(field, place)
	case field.Kind == soap.String:
		return r.wrongType("a string")
	case field.Kind == soap.Boolean && (kind == 't' || kind == 'f'):
		return r.boolean(place)
	case field.Kind == soap.Boolean:
		return r.wrongType("true or false")
	case kind == '0':
		return r.integer(field, place)
	default:
		return r.wrongType("an integer")
	}
}

func (r *jsonReader) boolean(place reflect.Value) error {
	token, err := r.dec.ReadToken()
	if err == nil {
		set(place, token.Bool())
	}
	return err
}

// set stores a value in a field of its type or of a pointer to it.
func set[T any](place reflect.Value, v T) {
	switch p := place.Addr().Interface().(type) {
	case *T:
		*p = v
	case **T:
		*p = &v
	}
}

func (r *jsonReader) integer(field *soap.Field, place reflect.Value) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	if bytes.ContainsAny(raw, ".eE") {
		r.blame(validation.BadNumber, "This must be an integer, without a fraction or an exponent.", nil)
		return nil
	}
	n, err := strconv.ParseInt(string(raw), 10, field.Bits)
	if err != nil {
		low, high := int64(math.MinInt64), int64(math.MaxInt64)
		if field.Bits == 32 {
			low, high = math.MinInt32, math.MaxInt32
		}
		r.blame(validation.OutOfRange, fmt.Sprintf("From %d to %d.", low, high), map[string]any{"min": low, "max": high})
		return nil
	}
	if field.Bits == 32 {
		set(place, int32(n)) //nolint:gosec // parsed with 32 bits
	} else {
		set(place, n)
	}
	return nil
}

func (r *jsonReader) string(field *soap.Field, place reflect.Value) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	end := int(r.dec.InputOffset())
	s := r.text[end-len(raw)+1 : end-1]
	if bytes.IndexByte(raw, '\\') >= 0 {
		unquoted, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			r.invalidUnicode()
			return nil //nolint:nilerr // the caller's text, and in the report
		}
		s = string(unquoted)
	}
	if at, bad := xml.IllegalChar(s); bad {
		r.illegal(s[at:])
		return nil
	}
	if field.Secret {
		set(place, soap.Secret(s))
	} else {
		set(place, s)
	}
	return nil
}

// illegal names the character that a text begins with, which XML 1.0 cannot carry.
func (r *jsonReader) illegal(s string) {
	c, size := utf8.DecodeRuneInString(s)
	if c == utf8.RuneError && size == 1 {
		r.invalidUnicode()
		return
	}
	name := fmt.Sprintf("U+%04X", c)
	r.blame(validation.CharacterNotAllowed, "The text holds "+name+", a character that XML cannot carry.", map[string]any{"character": name})
}

func (r *jsonReader) invalidUnicode() {
	r.blame(validation.InvalidUnicode, "The text is not valid Unicode: invalid UTF-8, or half of a surrogate pair.", nil)
}
