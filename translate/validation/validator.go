package validation

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// Validator checks structs by their validate tags. The vocabulary, beside omitnil and dive:
//
//	required          present, not null and not empty
//	notblank          not only white space; it follows every required, whose meaning the library does not let anyone change
//	min=n, max=n      of a string: its length in code points; of an integer: its range
//	oneof=A B         one of the words, in this letter case
//	oneofci=A B       one of the words, in any letter case
//	date              YYYY-MM-DD, a day that exists
//	datetime          RFC 3339 with a zone
//	decimal=i:f       an xsd:decimal with at most i integer digits and f fraction digits
//	token             not empty and not only white space
//
// Fields are strings, integers and structs, or pointers to them; required ones are plain. A Validator is safe for concurrent use.
type Validator struct {
	validate *validator.Validate
}

// New gives a validator with the vocabulary.
func New() (*Validator, error) {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	var problems []error
	for name, r := range vocabulary {
		if r.holds != nil {
			problems = append(problems, v.RegisterValidation(name, r.holds))
		}
	}
	return &Validator{validate: v}, errors.Join(problems...)
}

// SelfTest tries every tag of a request once, so that a mistake in one, which the library answers with a panic, fails the start and
// never a request.
func (v *Validator) SelfTest(request any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("validation: the tags of %T: %v", request, p)
		}
	}()
	for _, tag := range tagsOf(reflect.TypeOf(request), map[reflect.Type]bool{}) {
		if tag.Word == "omitnil" || tag.Word == "dive" {
			continue
		}
		if _, ok := vocabulary[tag.Word]; !ok {
			return fmt.Errorf("validation: the tags of %T: %q is not in the vocabulary", request, tag.Word)
		}
		// Alone, and on a value: behind another tag, or on a member that is absent, it would not run.
		_ = v.validate.Var(something(tag.on), tag.String())
	}
	return v.Check(request, &Report{})
}

// Rule is one word of a validate tag.
type Rule struct{ Word, Param string }

// ParseRules splits a validate tag.
func ParseRules(tag string) (rules []Rule) {
	if tag == "" {
		return nil
	}
	for text := range strings.SplitSeq(tag, ",") {
		word, param, _ := strings.Cut(text, "=")
		rules = append(rules, Rule{word, param})
	}
	return rules
}

// String gives the rule as it stands in the tag.
func (r Rule) String() string {
	if r.Param == "" {
		return r.Word
	}
	return r.Word + "=" + r.Param
}

// List gives the words of oneof and oneofci.
func (r Rule) List() []string { return words(r.Param) }

// Limit gives the number of min and max.
func (r Rule) Limit() int { return number(r.Param) }

// Digits gives the numbers of decimal.
func (r Rule) Digits() (whole, fraction int) { return digits(r.Param) }

// tag is one rule of a field.
type tag struct {
	Rule

	on reflect.Type
}

// tagsOf lists the rules of a type and of everything inside.
func tagsOf(t reflect.Type, seen map[reflect.Type]bool) (tags []tag) {
	t = element(t)
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	for f := range t.Fields() {
		for _, rule := range ParseRules(f.Tag.Get("validate")) {
			tags = append(tags, tag{rule, element(f.Type)})
		}
		tags = append(tags, tagsOf(f.Type, seen)...)
	}
	return tags
}

// element gives the type of what a pointer or a slice leads to.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// something gives a value of a type that is not empty, where the type has one.
func something(t reflect.Type) any {
	v := reflect.New(t).Elem()
	switch {
	case v.CanInt():
		v.SetInt(1)
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	}
	return v.Interface()
}

// Check adds the violations of a request, a pointer to a struct, to the report. Its error is a mistake of ours.
func (v *Validator) Check(request any, report *Report) error {
	err := v.validate.Struct(request)
	if err == nil {
		return nil
	}
	var broken validator.ValidationErrors
	if !errors.As(err, &broken) {
		return fmt.Errorf("validation: %w", err)
	}
	for _, b := range broken {
		report.Add(violation(b))
	}
	return nil
}

func violation(b validator.FieldError) Violation {
	v := vocabulary[b.Tag()].says(b)
	v.Pointer = pointer(b.Namespace())
	return v
}

// pointer turns the library's path, "Request.serviceData.contacts[0].name", into a JSON Pointer. The members' names hold none of
// the characters that either notation escapes.
func pointer(namespace string) string {
	_, path, _ := strings.Cut(namespace, ".")
	path = strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(path)
	return "/" + path
}

// rule is one word of the vocabulary. A rule without holds is the library's own.
type rule struct {
	holds validator.Func
	says  func(validator.FieldError) Violation
}

func missing(validator.FieldError) Violation {
	return Violation{Code: Required, Detail: "This member is required and may not be empty or only white space."}
}

var vocabulary = map[string]rule{
	"required": {nil, missing},
	"notblank": {func(f validator.FieldLevel) bool { return !Blank(f.Field().String()) }, missing},
	"token": {
		func(f validator.FieldLevel) bool { return !Blank(f.Field().String()) },
		func(validator.FieldError) Violation {
			return Violation{Code: TooShort, Detail: "May not be empty or only white space. Leave the member out instead.", Params: map[string]any{"min": 1}}
		},
	},
	"max": {nil, func(b validator.FieldError) Violation {
		limit := number(b.Param())
		if b.Kind() == reflect.String {
			return Violation{Code: TooLong, Detail: "At most " + characters(limit), Params: map[string]any{"max": limit}}
		}
		return Violation{Code: OutOfRange, Detail: fmt.Sprintf("At most %d.", limit), Params: map[string]any{"max": limit}}
	}},
	"min": {nil, func(b validator.FieldError) Violation {
		limit := number(b.Param())
		if b.Kind() == reflect.String {
			return Violation{Code: TooShort, Detail: "At least " + characters(limit), Params: map[string]any{"min": limit}}
		}
		return Violation{Code: OutOfRange, Detail: fmt.Sprintf("At least %d.", limit), Params: map[string]any{"min": limit}}
	}},
	"oneof": {nil, func(b validator.FieldError) Violation {
		return notInList(words(b.Param()), "One of %s, in this letter case.")
	}},
	"oneofci": {
		func(f validator.FieldLevel) bool {
			for word := range slices.Values(words(f.Param())) {
				if asciiEqualFold(word, f.Field().String()) {
					return true
				}
			}
			return false
		},
		func(b validator.FieldError) Violation {
			return notInList(words(b.Param()), "One of %s, in any letter case.")
		},
	},
	"date": {
		func(f validator.FieldLevel) bool { return IsDate(f.Field().String()) },
		func(validator.FieldError) Violation {
			return Violation{Code: BadDate, Detail: "A day that exists, as YYYY-MM-DD."}
		},
	},
	"datetime": {
		func(f validator.FieldLevel) bool { return IsDateTime(f.Field().String()) },
		func(validator.FieldError) Violation {
			return Violation{Code: BadDateTime, Detail: "An instant that exists, as YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone (Z, or up to ±14:00)."}
		},
	},
	"decimal": {
		func(f validator.FieldLevel) bool {
			whole, fraction := digits(f.Param())
			return IsDecimal(f.Field().String(), whole, fraction)
		},
		func(b validator.FieldError) Violation {
			whole, fraction := digits(b.Param())
			return Violation{
				Code:   BadNumber,
				Detail: fmt.Sprintf("A decimal number with at most %d digits before the point and at most %d after it.", whole, fraction),
				Params: map[string]any{"integerDigits": whole, "fractionDigits": fraction},
			}
		},
	},
}

func characters(n int) string {
	if n == 1 {
		return "1 character."
	}
	return fmt.Sprintf("%d characters.", n)
}

// words splits the parameter of a list tag as the library does: at spaces, unless they stand between single quotes.
func words(param string) []string {
	list := listWord.FindAllString(param, -1)
	for i, w := range list {
		list[i] = strings.Trim(w, "'")
	}
	return list
}

var listWord = regexp.MustCompile(`'[^']*'|\S+`)

func notInList(list []string, sentence string) Violation {
	return Violation{Code: NotInList, Detail: fmt.Sprintf(sentence, strings.Join(list, ", ")), Params: map[string]any{"list": list}}
}

// digits splits the parameter of the decimal tag. A bad one panics, which the self-test at start turns into an error.
func digits(param string) (whole, fraction int) {
	if _, err := fmt.Sscanf(param, "%d:%d", &whole, &fraction); err != nil {
		panic(fmt.Sprintf("decimal=%s: %v", param, err))
	}
	return whole, fraction
}

// number reads the limit of a tag that the library has already accepted.
func number(param string) int {
	n, err := strconv.Atoi(param)
	if err != nil {
		panic(fmt.Sprintf("the limit %q of a tag: %v", param, err))
	}
	return n
}
