package rules

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// fields checks the fields of records by their own rules. Those of Go structs are in the language of validator/v10, which judges the words
// that are its own; whatever facets say is checked here.
type fields struct {
	validate *validator.Validate
	plans    map[*shape.Shape]*plan
	patterns map[string]*regexp.Regexp // for whole texts; schemas have few of them, in many places
}

// plan is how an object of a shape is checked.
type plan struct {
	fields   []checked // those that may be violated, or have something inside that may
	choices  []choice
	subtypes []*plan
	unique   bool    // there are texts that must be unique in a message
	problems []error // of the shape alone
}

// checked is a field that is checked.
type checked struct {
	*shape.Field

	index    int
	inside   *plan // of an object
	judged   bool  // by validator/v10
	facets   bool
	patterns []*regexp.Regexp
	number   *regexp.Regexp // the form of a Number
}

func newFields() *fields {
	c := &fields{validate: validator.New(), plans: map[*shape.Shape]*plan{}, patterns: map[string]*regexp.Regexp{}}
	for word, w := range vocabulary {
		if w.holds != nil {
			if err := c.validate.RegisterValidation(word, w.holds); err != nil {
				panic(err) // the words are constants
			}
		}
	}
	return c
}

// reachable appends a plan and everything inside, each once.
func (p *plan) reachable(list []*plan, done map[*plan]bool) []*plan {
	if p == nil || done[p] {
		return list
	}
	done[p] = true
	list = append(list, p)
	for i := range p.fields {
		list = p.fields[i].inside.reachable(list, done)
	}
	for _, subtype := range p.subtypes {
		list = subtype.reachable(list, done)
	}
	return list
}

// plan prepares the checking of a shape and of everything inside.
func (c *fields) plan(s *shape.Shape) *plan {
	if p, done := c.plans[s]; done {
		return p
	}
	p := &plan{}
	c.plans[s] = p
	for i := range s.Fields {
		f, err := c.field(s, i)
		if err != nil {
			p.problems = append(p.problems, fmt.Errorf("rules: %s.%s: %w", s.Name, f.Name, err))
		}
		p.unique = p.unique || f.Facets.Unique
		if f.Required || f.inside != nil || f.judged || f.facets || f.MinItems+f.MaxItems > 0 {
			p.fields = append(p.fields, f)
		}
	}
	for _, subtype := range s.Subtypes {
		p.subtypes = append(p.subtypes, c.plan(subtype))
	}
	for _, of := range s.Choices {
		c, err := choiceOf(s, of)
		p.problems = append(p.problems, err)
		p.choices = append(p.choices, c)
	}
	return p
}

// field prepares the checking of a field, and tries every rule once: the library answers a mistake in one with a panic.
func (c *fields) field(s *shape.Shape, index int) (checked, error) {
	f := checked{Field: &s.Fields[index], index: index}
	if f.Object != nil {
		f.inside = c.plan(f.Object)
	}
	f.facets = hasFacets(f.Field)
	// The words that were registered are functions of this package, and the facets call them without the detour through the library, which
	// allocates for each value.
	f.judged = slices.ContainsFunc(shape.ParseRules(f.Rules), func(r shape.Rule) bool { return vocabulary[r.Word].holds == nil })
	return f, errors.Join(c.try(f.Field), f.compile(c.whole))
}

// compile prepares the regular expressions of the facets.
func (f *checked) compile(whole func(string) (*regexp.Regexp, error)) (err error) {
	for _, pattern := range f.Facets.Patterns {
		compiled, err := whole(pattern)
		if err != nil {
			return err
		}
		f.patterns = append(f.patterns, compiled)
	}
	if f.Facets.Form == shape.Number {
		f.number, err = whole(numberPattern(f.Facets.Number))
	}
	return err
}

// whole compiles a regular expression for whole texts.
func whole(pattern string) (*regexp.Regexp, error) {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil { // alone: "a)(b" is one only between parentheses
		return nil, err
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

// whole compiles each regular expression once.
func (c *fields) whole(pattern string) (*regexp.Regexp, error) {
	if known, ok := c.patterns[pattern]; ok {
		return known, nil
	}
	compiled, err := whole(pattern)
	if err == nil {
		c.patterns[pattern] = compiled
	}
	return compiled, err
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
	return a.MinLength != nil || a.MaxLength != nil || a.Min != nil || a.Max != nil || a.Form != shape.AnyText || a.Number != nil || a.Enum != nil || a.Patterns != nil || f.Fixed != nil
}

// check reports what is wrong with the fields of an object and of everything inside. Only what is wrong, and what has something inside,
// pays for its pointer.
func (c *fields) check(p *plan, o record.Object, pointer []byte, report *record.Report) {
	for i := range p.fields {
		f := &p.fields[i]
		switch v := o.Value(f.index); {
		case v.Nil(), v.Unreadable():
		case !v.Present():
			f.missing(pointer, report)
		case f.Repeated:
			c.items(f, v, join(pointer, f.Name), report)
		case f.inside != nil:
			c.object(f, v, join(pointer, f.Name), report)
		default:
			if violation, broken := c.leaf(f, v.Text()); broken {
				violation.Pointer = string(join(pointer, f.Name))
				report.Add(violation)
			}
		}
	}
	for i := range p.choices {
		p.choices[i].check(&object{o, pointer, report})
	}
}

// identifiers reports texts that must be unique in a message and are not.
func identifiers(r *record.Record, report *record.Report) {
	seen := map[string]string{}
	r.LeavesAt(func(pointer []byte, v record.Value) bool {
		if !v.Field().Facets.Unique || !v.Present() {
			return true
		}
		first, twice := seen[v.Text()]
		if twice {
			detail := "This identifier must be another one than that of " + first + "."
			report.Add(record.Violation{Pointer: string(pointer), Code: record.BadFormat, Detail: detail, Params: map[string]any{"other": first}})
		} else {
			seen[v.Text()] = string(pointer)
		}
		return true
	})
}

// required checks an object that must be given. An empty one is reported by what it lacks alone: leaving it out, which is the advice for the others,
// does not help.
func (c *fields) required(p *plan, o record.Object, pointer []byte, report *record.Report) {
	before := len(report.Violations)
	c.check(p, o, pointer, report)
	if len(report.Violations) > before {
		report.Drop(func(v record.Violation) bool { return v.Code == record.EmptyObject && v.Pointer == string(pointer) })
	}
}

// object checks an object that is given.
func (c *fields) object(f *checked, v record.Value, at []byte, report *record.Report) {
	if f.Required {
		c.required(f.planOf(v), v.Object(), at, report)
	} else {
		c.check(f.planOf(v), v.Object(), at, report)
	}
}

func join(pointer []byte, name string) []byte { return append(append(pointer, '/'), name...) }

// planOf returns the plan of an object, which may be of a subtype.
func (f *checked) planOf(v record.Value) *plan {
	if n := v.Subtype(); n >= 0 {
		return f.inside.subtypes[n]
	}
	return f.inside
}

func (f *checked) missing(pointer []byte, report *record.Report) {
	switch {
	case !f.Required || f.Fixed != nil:
	case !f.ChecksAbsent():
		f.required(pointer, report)
	default:
		at, before := join(pointer, f.Name), len(report.Violations)
		for i := range f.inside.fields {
			f.inside.fields[i].missing(at, report)
		}
		for _, of := range f.inside.choices {
			of.none(string(at), report)
		}
		if len(report.Violations) == before && f.Object.Empty && !f.Object.Writes() { // an empty object is another thing than none
			f.required(pointer, report)
		}
	}
}

func (f *checked) required(pointer []byte, report *record.Report) {
	sentence := missingSentence
	if f.Blank {
		sentence = "This member is required."
	}
	report.Add(record.Violation{Pointer: string(join(pointer, f.Name)), Code: record.Required, Detail: sentence}.Knowing(known(f.Field)))
}

// known is what the rules of a member know of its value, as the violations of a wrong one have it: forms need it of a missing one, too.
func known(f *shape.Field) map[string]any {
	if !f.Repeated {
		return knownOfItem(f)
	}
	v := record.Violation{}.Expecting(shape.FormatArray)
	return v.Knowing(bounds(limit(f.MinItems), limit(f.MaxItems))).Params
}

func knownOfItem(f *shape.Field) map[string]any {
	a, v := &f.Facets, record.Violation{}.Expecting(kinds[f.Kind])
	if a.Enum != nil {
		return v.Knowing(map[string]any{"list": a.Enum}).Params
	}
	v = v.Knowing(bounds(a.MinLength, a.MaxLength)).Knowing(bounds(a.Min, a.Max)).Knowing(badValue(a).Params)
	if n := a.Number; n != nil && n.Min+n.Max != "" {
		v = v.Knowing(outOfBounds(n).Params)
	}
	for _, pattern := range a.Patterns {
		v = v.Knowing(badPattern(pattern, "").Params)
	}
	return v.Params
}

// kinds are the formats of the kinds that say all.
var kinds = map[shape.Kind]shape.Format{
	shape.Object: shape.FormatObject, shape.Boolean: shape.FormatBoolean, shape.Integer: shape.FormatInteger, shape.Float: shape.FormatNumber,
	shape.XML: shape.FormatXMLElement,
}

func bounds[N int | int64](low, high *N) map[string]any {
	params := map[string]any{}
	if low != nil {
		params["min"] = *low
	}
	if high != nil {
		params["max"] = *high
	}
	return params
}

// limit is a limit of which 0 means none.
func limit(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// badValue is the violation of a text that does not have its form.
func badValue(a *shape.Facets) record.Violation {
	switch a.Form {
	case shape.AnyText:
		return record.Violation{}
	case shape.Date:
		return badDate()
	case shape.DateTime:
		return badDateTime()
	case shape.Decimal:
		return badDecimal(a.IntegerDigits, a.FractionDigits)
	case shape.Token:
		return badToken("-")
	case shape.Number:
		return badNumber(a.Number)
	case shape.Collapsed, shape.OneLine, shape.XSDDate, shape.XSDDateTime, shape.Base64, shape.Hex, shape.List:
	}
	return badForm(a.Form)
}

const missingSentence = "This member is required and may not be empty or only white space."

func (c *fields) items(f *checked, array record.Value, at []byte, report *record.Report) {
	n := 0
	for i, item := range array.Items() {
		n++
		switch {
		case !item.Present():
		case f.inside != nil:
			c.object(f, item, joinIndex(at, i), report)
		default:
			if violation, broken := c.leaf(f, item.Text()); broken {
				violation.Pointer = string(joinIndex(at, i))
				report.Add(violation)
			}
		}
	}
	if n < f.MinItems {
		report.Add(record.Violation{Pointer: string(at), Code: record.TooShort, Detail: "At least " + Amount(f.MinItems, "item") + ".", Params: map[string]any{"min": f.MinItems}})
	}
	if f.MaxItems > 0 && n > f.MaxItems {
		report.Add(record.Violation{Pointer: string(at), Code: record.TooLong, Detail: "At most " + Amount(f.MaxItems, "item") + ".", Params: map[string]any{"max": f.MaxItems}})
	}
}

func joinIndex(pointer []byte, index int) []byte {
	return strconv.AppendInt(append(pointer, '/'), int64(index), 10)
}

// leaf checks a text.
func (c *fields) leaf(f *checked, text string) (v record.Violation, broken bool) {
	if f.Required && !f.Blank && f.Kind == shape.String && Blank(text) {
		return record.Violation{Code: record.Required, Detail: missingSentence}.Knowing(knownOfItem(f.Field)), true
	}
	if f.judged {
		v, broken = c.judge(f, text)
	}
	if f.facets && !broken { // they say more than rules: the range of the type
		v, broken = f.wrong(text)
	}
	return v, broken
}

// judge asks validator/v10. It stops at the first rule that is broken.
func (c *fields) judge(f *checked, text string) (v record.Violation, broken bool) {
	var err error
	if f.Kind == shape.Integer {
		n, _ := strconv.ParseInt(text, 10, 64) // read as one
		err = c.validate.Var(n, f.Rules)
	} else {
		err = c.validate.Var(text, f.Rules)
	}
	if err == nil {
		return v, false
	}
	var list validator.ValidationErrors
	if !errors.As(err, &list) || len(list) == 0 {
		panic(err) // a mistake in the rules, all of which were tried at the start
	}
	return vocabulary[list[0].Tag()].violation(list[0]), true
}

// word is a word of the rules of Go structs: see shape.FromStruct. One without holds is the library's own.
type word struct {
	holds     validator.Func
	violation func(validator.FieldError) record.Violation
}

var vocabulary = map[string]word{
	"token": {
		func(f validator.FieldLevel) bool { return IsToken(f.Field().String()) },
		func(b validator.FieldError) record.Violation { return badToken(fmt.Sprint(b.Value())) },
	},
	"max": {nil, func(b validator.FieldError) record.Violation {
		limit := number(b.Param())
		if b.Kind() == reflect.String {
			return tooLong(limit, character)
		}
		return tooLarge(limit)
	}},
	"min": {nil, func(b validator.FieldError) record.Violation {
		limit := number(b.Param())
		if b.Kind() == reflect.String {
			return tooShort(limit, character)
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

// wrong checks a text by the facets of its field.
func (f *checked) wrong(text string) (v record.Violation, broken bool) {
	a := &f.Facets
	switch {
	case f.Fixed != nil && text != *f.Fixed:
		v = notInList([]string{*f.Fixed}, false)
	case f.Kind == shape.Integer && a.Enum != nil && !slices.Contains(a.Enum, text):
		v = record.Violation{Code: record.NotInList, Detail: "One of " + strings.Join(a.Enum, ", ") + ".", Params: map[string]any{"list": a.Enum}}
	case a.Enum != nil && !a.AnyCase && !slices.Contains(a.Enum, text), a.AnyCase && !isOneOf(text, a.Enum):
		v = notInList(a.Enum, a.AnyCase)
	case f.Kind == shape.Integer:
		return outOfRange(text, a.Min, a.Max)
	case f.Kind == shape.Float:
		return wrongFloat(a.Number, text)
	default:
		return f.wrongText(text)
	}
	return v, true
}

func (f *checked) wrongText(text string) (v record.Violation, broken bool) {
	if v, broken = wrongLength(&f.Facets, text); broken {
		return v, true
	}
	if v, broken = f.wrongForm(text); broken {
		return v, true
	}
	return f.wrongPattern(text)
}

func (f *checked) wrongForm(text string) (v record.Violation, broken bool) {
	a := &f.Facets
	switch {
	case a.Form == shape.Date && !IsDate(text):
		return badDate(), true
	case a.Form == shape.DateTime && !IsDateTime(text):
		return badDateTime(), true
	case a.Form == shape.Decimal && !IsDecimal(text, a.IntegerDigits, a.FractionDigits):
		return badDecimal(a.IntegerDigits, a.FractionDigits), true
	case a.Form == shape.Token && !IsToken(text):
		return badToken(text), true
	case a.Form == shape.Number && !f.number.MatchString(text):
		return badNumber(a.Number), true
	case a.Form == shape.Number:
		return wrongNumber(a.Number, text)
	case a.Form >= shape.Collapsed && !hasForm(a.Form, text):
		return badForm(a.Form), true
	}
	return v, false
}

func (f *checked) wrongPattern(text string) (v record.Violation, broken bool) {
	for i, pattern := range f.patterns {
		if !pattern.MatchString(text) {
			return badPattern(f.Facets.Patterns[i], f.Example), true
		}
	}
	return v, false
}

// The sentences of violations.

func badToken(text string) record.Violation {
	if !Blank(text) {
		return record.Violation{
			Code: record.BadFormat, Detail: "Words with one space between each two, and no white space around them.", Params: map[string]any{"expected": string(shape.FormatWords), "pattern": WordsPattern},
		}
	}
	return record.Violation{Code: record.TooShort, Detail: "May not be empty or only white space. Leave the member out instead.", Params: map[string]any{"min": 1}}
}

func tooLong(limit int, unit string) record.Violation {
	return record.Violation{Code: record.TooLong, Detail: "At most " + Amount(limit, unit) + ".", Params: map[string]any{"max": limit}}
}

func tooShort(limit int, unit string) record.Violation {
	return record.Violation{Code: record.TooShort, Detail: "At least " + Amount(limit, unit) + ".", Params: map[string]any{"min": limit}}
}

// Amount writes a number of things: "1 character", "2 characters".
func Amount(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
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
	return record.Violation{Code: record.BadNumber, Detail: "This must be an integer, without a fraction or an exponent."}.Expecting(shape.FormatInteger), true
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
	return record.Violation{Code: record.BadDate, Detail: "A day that exists, as YYYY-MM-DD."}.Expecting(shape.FormatDate)
}

func badDateTime() record.Violation {
	detail := "An instant that exists, as YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone (Z, or up to ±14:00)."
	return record.Violation{Code: record.BadDateTime, Detail: detail}.Expecting(shape.FormatDateTime)
}

func badDecimal(whole, fraction int) record.Violation {
	return record.Violation{
		Code:   record.BadNumber,
		Detail: fmt.Sprintf("A decimal number with at most %s before the point and at most %d after it.", Amount(whole, "digit"), fraction),
		Params: map[string]any{"expected": string(shape.FormatDecimal), "integerDigits": whole, "fractionDigits": fraction},
	}
}
