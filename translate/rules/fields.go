package rules

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// fields checks the fields of records by their own rules: those of Go structs by validator/v10, whose language they are written in, all others by
// their facets.
type fields struct {
	validate *validator.Validate
	// checked are the indexes of the fields of each shape that may be violated, or have something inside that may.
	checked  map[*shape.Shape][]int
	choices  map[*shape.Shape][]choice
	patterns map[*shape.Field][]*regexp.Regexp
}

// newFields prepares the rules of a shape and of everything inside. The error names every rule that the library does not accept.
func newFields(s *shape.Shape) (*fields, error) {
	v := &fields{
		validate: validator.New(), checked: map[*shape.Shape][]int{}, choices: map[*shape.Shape][]choice{}, patterns: map[*shape.Field][]*regexp.Regexp{},
	}
	var problems []error
	for word, w := range vocabulary {
		if w.holds != nil {
			problems = append(problems, v.validate.RegisterValidation(word, w.holds))
		}
	}
	v.prepare(s, &problems)
	return v, errors.Join(problems...)
}

// prepare notes which fields are to be checked, and tries every rule once: the library answers a mistake in one with a panic.
func (c *fields) prepare(s *shape.Shape, problems *[]error) {
	if _, done := c.checked[s]; done {
		return
	}
	c.checked[s] = nil
	var list []int
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Object != nil {
			c.prepare(f.Object, problems)
			for _, subtype := range f.Object.Subtypes {
				c.prepare(subtype, problems)
			}
		}
		if f.Required || f.Object != nil || f.Rules != "" || f.MinItems+f.MaxItems > 0 || hasFacets(f) {
			list = append(list, i)
		}
		if err := errors.Join(c.try(f), c.compile(f)); err != nil {
			*problems = append(*problems, fmt.Errorf("rules: %s.%s: %w", s.Name, f.Name, err))
		}
	}
	c.checked[s] = list
	for _, of := range s.Choices {
		names := make([]string, len(of.Fields))
		for i, field := range of.Fields {
			names[i] = s.Fields[field].Name
		}
		list, err := members(s, names...)
		*problems = append(*problems, err)
		c.choices[s] = append(c.choices[s], choice{names, list, of.Optional})
	}
}

// compile prepares the patterns of a field.
func (c *fields) compile(f *shape.Field) error {
	for _, pattern := range f.Facets.Patterns {
		_, err := regexp.Compile(pattern) // alone: "a)(b" is one only between parentheses
		if err != nil {
			return err
		}
		c.patterns[f] = append(c.patterns[f], regexp.MustCompile(`\A(?:`+pattern+`)\z`))
	}
	return nil
}

func (c *fields) try(f *shape.Field) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	for _, r := range shape.ParseRules(f.Rules) { // each alone: behind one that fails it would not run
		if f.Kind == shape.Integer {
			_ = c.validate.Var(new(int64), r.String())
		} else {
			_ = c.validate.Var(new(string), r.String())
		}
	}
	return nil
}

func hasFacets(f *shape.Field) bool {
	a := &f.Facets
	return a.MinLength != nil || a.MaxLength != nil || a.Min != nil || a.Max != nil || a.Form != shape.AnyText || a.Enum != nil || a.Patterns != nil || f.Fixed != nil
}

// check reports what is wrong with the fields of an object and of everything inside. The object may be absent: then it is checked as an empty one.
func (c *fields) check(o record.Object, pointer []byte, report *record.Report) {
	s := o.Shape()
	for _, i := range c.checked[s] {
		f, v := &s.Fields[i], o.Value(i)
		at := append(append(pointer, '/'), f.Name...)
		switch {
		case v.Nil(), v.Unreadable():
		case !v.Present():
			c.missing(f, at, report)
		case f.Repeated:
			c.items(f, v, at, report)
		default:
			c.value(f, v, at, report)
		}
	}
	for i := range c.choices[s] {
		c.choices[s][i].check(&object{o, pointer, report})
	}
}

// required checks an object that must be given. An empty one is reported by what it lacks alone: leaving it out, which is the advice for the others, does
// not help.
func (c *fields) required(o record.Object, pointer []byte, report *record.Report) {
	before := len(report.Violations)
	c.check(o, pointer, report)
	if len(report.Violations) > before {
		report.Drop(func(v record.Violation) bool { return v.Code == record.EmptyObject && v.Pointer == string(pointer) })
	}
}

func (c *fields) missing(f *shape.Field, at []byte, report *record.Report) {
	switch {
	case !f.Required || f.Fixed != nil:
	case !f.ChecksAbsent():
		report.Add(record.Violation{Pointer: string(at), Code: record.Required, Detail: missingSentence})
	default:
		for i := range f.Object.Fields {
			inner := &f.Object.Fields[i]
			c.missing(inner, append(append(at, '/'), inner.Name...), report)
		}
		for _, of := range c.choices[f.Object] {
			of.none(string(at), report)
		}
	}
}

const missingSentence = "This member is required and may not be empty or only white space."

func (c *fields) items(f *shape.Field, array record.Value, at []byte, report *record.Report) {
	n := 0
	for i, item := range array.Items() {
		n++
		if item.Present() {
			c.value(f, item, strconv.AppendInt(append(at, '/'), int64(i), 10), report)
		}
	}
	if n < f.MinItems {
		report.Add(record.Violation{Pointer: string(at), Code: record.TooShort, Detail: fmt.Sprintf("At least %d items.", f.MinItems), Params: map[string]any{"min": f.MinItems}})
	}
	if f.MaxItems > 0 && n > f.MaxItems {
		report.Add(record.Violation{Pointer: string(at), Code: record.TooLong, Detail: fmt.Sprintf("At most %d items.", f.MaxItems), Params: map[string]any{"max": f.MaxItems}})
	}
}

func (c *fields) value(f *shape.Field, v record.Value, at []byte, report *record.Report) {
	var violation record.Violation
	broken := false
	switch {
	case f.Object != nil && f.Required:
		c.required(v.Object(), at, report)
		return
	case f.Object != nil:
		c.check(v.Object(), at, report)
		return
	case f.Required && f.Kind == shape.String && Blank(v.Text()):
		violation, broken = record.Violation{Code: record.Required, Detail: missingSentence}, true
	case f.Rules != "":
		violation, broken = c.judge(f, v.Text())
	}
	if !broken { // facets say more than rules: the range of the type
		violation, broken = c.facets(f, v.Text())
	}
	if broken {
		violation.Pointer = string(at)
		report.Add(violation)
	}
}

// judge asks validator/v10. It stops at the first rule that is broken.
func (c *fields) judge(f *shape.Field, text string) (v record.Violation, broken bool) {
	l := leaves.Get().(*leaf) //nolint:forcetypeassert // the pool's own
	defer leaves.Put(l)
	var err error
	if f.Kind == shape.Integer {
		l.number, _ = strconv.ParseInt(text, 10, 64) // read as one
		err = c.validate.Var(&l.number, f.Rules)
	} else {
		l.text = text
		err = c.validate.Var(&l.text, f.Rules)
		l.text = "" // it may be a secret
	}
	if err == nil {
		return v, false
	}
	var list validator.ValidationErrors
	if !errors.As(err, &list) || len(list) == 0 {
		panic(err) // a mistake in the rules, all of which were tried at the start
	}
	return vocabulary[list[0].Tag()].says(list[0]), true
}

// leaf is what the library is given a pointer to: a value in an interface costs an allocation.
type leaf struct {
	text   string
	number int64
}

var leaves = sync.Pool{New: func() any { return new(leaf) }}

// word is a word of the rules of Go structs: see shape.FromStruct. One without holds is the library's own.
type word struct {
	holds validator.Func
	says  func(validator.FieldError) record.Violation
}

var vocabulary = map[string]word{
	"token": {
		func(f validator.FieldLevel) bool { return IsToken(f.Field().String()) },
		func(b validator.FieldError) record.Violation { return badToken(fmt.Sprint(b.Value())) },
	},
	"max": {nil, func(b validator.FieldError) record.Violation {
		limit := number(b.Param())
		if b.Kind() == reflect.String {
			return tooLong(limit)
		}
		return tooLarge(limit)
	}},
	"min": {nil, func(b validator.FieldError) record.Violation {
		limit := number(b.Param())
		if b.Kind() == reflect.String {
			return tooShort(limit)
		}
		return tooSmall(limit)
	}},
	"oneof":   {nil, func(b validator.FieldError) record.Violation { return notInList(shape.Words(b.Param()), false) }},
	"oneofci": {isOneOfWords, func(b validator.FieldError) record.Violation { return notInList(shape.Words(b.Param()), true) }},
	"date": {
		func(f validator.FieldLevel) bool { return IsDate(f.Field().String()) },
		func(validator.FieldError) record.Violation { return badDate() },
	},
	"datetime": {
		func(f validator.FieldLevel) bool { return IsDateTime(f.Field().String()) },
		func(validator.FieldError) record.Violation { return badDateTime() },
	},
	"decimal": {
		func(f validator.FieldLevel) bool {
			whole, fraction := digits(f.Param())
			return IsDecimal(f.Field().String(), whole, fraction)
		},
		func(b validator.FieldError) record.Violation { return badDecimal(digits(b.Param())) },
	},
}

func isOneOfWords(f validator.FieldLevel) bool {
	return isOneOf(f.Field().String(), shape.Words(f.Param()))
}

// isOneOf compares without ASCII letter case: of one length, so that no letter counts that only Unicode folds into an ASCII one.
func isOneOf(s string, list []string) bool {
	return slices.ContainsFunc(list, func(each string) bool { return len(s) == len(each) && strings.EqualFold(s, each) })
}

// number reads the limit of a rule that the shape has accepted.
func number(param string) int {
	n, _ := strconv.Atoi(param)
	return n
}

func digits(param string) (whole, fraction int) {
	_, _ = fmt.Sscanf(param, "%d:%d", &whole, &fraction)
	return whole, fraction
}

// facets checks a text by the facets of its field.
func (c *fields) facets(f *shape.Field, text string) (v record.Violation, broken bool) {
	a := &f.Facets
	switch length := utf8.RuneCountInString(text); {
	case f.Fixed != nil && text != *f.Fixed:
		v = notInList([]string{*f.Fixed}, false)
	case a.Enum != nil && !a.AnyCase && !slices.Contains(a.Enum, text), a.AnyCase && !isOneOf(text, a.Enum):
		v = notInList(a.Enum, a.AnyCase)
	case a.MaxLength != nil && length > *a.MaxLength:
		v = tooLong(*a.MaxLength)
	case a.MinLength != nil && length < *a.MinLength:
		v = tooShort(*a.MinLength)
	case f.Kind == shape.Integer:
		return outOfRange(text, a.Min, a.Max)
	default:
		if v, broken = wrongForm(a, text); !broken {
			return c.wrongPattern(f, text)
		}
	}
	return v, true
}

func wrongForm(a *shape.Facets, text string) (v record.Violation, broken bool) {
	switch a.Form {
	case shape.Date:
		return badDate(), !IsDate(text)
	case shape.DateTime:
		return badDateTime(), !IsDateTime(text)
	case shape.Decimal:
		return badDecimal(a.IntegerDigits, a.FractionDigits), !IsDecimal(text, a.IntegerDigits, a.FractionDigits)
	case shape.Token:
		if !IsToken(text) {
			return badToken(text), true
		}
	case shape.AnyText:
	}
	return v, false
}

func (c *fields) wrongPattern(f *shape.Field, text string) (v record.Violation, broken bool) {
	for i, pattern := range c.patterns[f] {
		if !pattern.MatchString(text) {
			said := f.Facets.Patterns[i]
			return record.Violation{Code: record.BadFormat, Detail: "A text of the form " + said + ".", Params: map[string]any{"pattern": said}}, true
		}
	}
	return v, false
}

// The sentences of violations.

func badToken(text string) record.Violation {
	if !Blank(text) {
		return record.Violation{
			Code: record.BadFormat, Detail: "Words with one space between each two, and no white space around them.", Params: map[string]any{"pattern": WordsPattern},
		}
	}
	return record.Violation{Code: record.TooShort, Detail: "May not be empty or only white space. Leave the member out instead.", Params: map[string]any{"min": 1}}
}

func tooLong(limit int) record.Violation {
	return record.Violation{Code: record.TooLong, Detail: "At most " + characters(limit), Params: map[string]any{"max": limit}}
}

func tooShort(limit int) record.Violation {
	return record.Violation{Code: record.TooShort, Detail: "At least " + characters(limit), Params: map[string]any{"min": limit}}
}

func characters(n int) string {
	if n == 1 {
		return "1 character."
	}
	return fmt.Sprintf("%d characters.", n)
}

// outOfRange judges an integer. The range of 32 bits is said whole, as the reader says that of 64.
func outOfRange(text string, low, high *int64) (v record.Violation, broken bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	tooLow, tooHigh := low != nil && n < *low, high != nil && n > *high
	switch {
	case err == nil && !tooLow && !tooHigh:
		return v, false
	case low != nil && high != nil && *low == math.MinInt32 && *high == math.MaxInt32:
		return record.Violation{Code: record.OutOfRange, Detail: fmt.Sprintf("From %d to %d.", *low, *high), Params: map[string]any{"min": *low, "max": *high}}, true
	case tooLow:
		return tooSmall(int(*low)), true
	case tooHigh:
		return tooLarge(int(*high)), true
	}
	return record.Violation{Code: record.BadNumber, Detail: "This must be an integer, without a fraction or an exponent."}, true
}

func tooSmall(limit int) record.Violation {
	return record.Violation{Code: record.OutOfRange, Detail: fmt.Sprintf("At least %d.", limit), Params: map[string]any{"min": limit}}
}

func tooLarge(limit int) record.Violation {
	return record.Violation{Code: record.OutOfRange, Detail: fmt.Sprintf("At most %d.", limit), Params: map[string]any{"max": limit}}
}

func notInList(list []string, anyCase bool) record.Violation {
	how := "in this letter case"
	if anyCase {
		how = "in any letter case"
	}
	return record.Violation{Code: record.NotInList, Detail: fmt.Sprintf("One of %s, %s.", strings.Join(list, ", "), how), Params: map[string]any{"list": list}}
}

func badDate() record.Violation {
	return record.Violation{Code: record.BadDate, Detail: "A day that exists, as YYYY-MM-DD."}
}

func badDateTime() record.Violation {
	return record.Violation{Code: record.BadDateTime, Detail: "An instant that exists, as YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone (Z, or up to ±14:00)."}
}

func badDecimal(whole, fraction int) record.Violation {
	return record.Violation{
		Code:   record.BadNumber,
		Detail: fmt.Sprintf("A decimal number with at most %d digits before the point and at most %d after it.", whole, fraction),
		Params: map[string]any{"integerDigits": whole, "fractionDigits": fraction},
	}
}
