package sandbox

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// lexical is the form of a value, named by a placeholder in a sample.
type lexical struct {
	// wrong describes the fault of a value without repeating it (it may be a secret); empty means none.
	wrong func(value string) string
	// example returns a value of the form.
	example string
}

// placeholder matches those forms that take bounds: `string(1..8)`, `int(0..99)`, `decimal(-9.99..9.99)`.
var placeholder = regexp.MustCompile(`^(string|int|decimal)(?:\((-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)\))?$`)

// enumeration matches `A or B or C`, as an ASMX help page prints it.
var enumeration = regexp.MustCompile(`^\w+(?: or \w+)+$`)

// readPlaceholder returns the form of a placeholder.
func readPlaceholder(text string) (*lexical, error) {
	switch text {
	case "boolean":
		return &lexical{wrong: notBoolean, example: "true"}, nil
	case "date":
		return &lexical{wrong: notDate, example: "2026-01-31"}, nil
	case "YYYY-MM-DDZ":
		return &lexical{wrong: notDateZ, example: "2026-01-31Z"}, nil
	case "dateTime":
		return &lexical{wrong: notDateTime, example: "2026-01-31T12:00:00Z"}, nil
	case "bytes":
		return &lexical{wrong: notToken, example: "HOME"}, nil
	}
	if enumeration.MatchString(text) {
		values := strings.Split(text, " or ")
		return &lexical{wrong: notOneOf(values), example: values[0]}, nil
	}
	parts := placeholder.FindStringSubmatch(text)
	if parts == nil {
		return nil, fmt.Errorf("unknown placeholder %q", text)
	}
	return bounded(parts[1], parts[2], parts[3])
}

// bounded returns a form with bounds; empty ones mean the form's own.
func bounded(form, low, high string) (*lexical, error) {
	switch {
	case form == "int" && low == "":
		low, high = "-2147483648", "2147483647" // xsd:int
	case low == "":
		low, high = "0", ""
	}
	least, _ := new(big.Rat).SetString(low)
	most, limited := new(big.Rat).SetString(high)
	if limited && most.Cmp(least) < 0 {
		return nil, fmt.Errorf("placeholder %s(%s..%s) has no value", form, low, high)
	}
	switch form {
	case "int":
		return &lexical{wrong: notNumber(integer, "an int", least, most, 0), example: low}, nil
	case "decimal":
		if !limited {
			return &lexical{wrong: notNumber(decimal, "a decimal", nil, nil, -1), example: "1.00"}, nil
		}
		_, fraction, _ := strings.Cut(high, ".")
		return &lexical{wrong: notNumber(decimal, "a decimal", least, most, len(fraction)), example: low}, nil
	}
	return boundedString(least, most, limited)
}

func boundedString(least, most *big.Rat, limited bool) (*lexical, error) {
	if !least.IsInt() || least.Sign() < 0 || (limited && !most.IsInt()) {
		return nil, errors.New("the bounds of a string must be lengths")
	}
	shortest, longest := int(least.Num().Int64()), -1
	if limited {
		longest = int(most.Num().Int64())
	}
	example := "sandbox"
	if longest >= 0 && len(example) > longest {
		example = example[:longest]
	}
	for len(example) < shortest {
		example += "x"
	}
	return &lexical{wrong: notLength(shortest, longest), example: example}, nil
}

func notBoolean(value string) string {
	switch value {
	case "true", "false", "1", "0": // XML Schema part 2, section 3.2.2.1
		return ""
	}
	return "not a boolean (true, false, 1 or 0)"
}

func notDate(value string) string {
	if _, err := time.Parse("2006-01-02", value); err != nil {
		return "not a date (YYYY-MM-DD)"
	}
	return ""
}

func notDateZ(value string) string {
	day, utc := strings.CutSuffix(value, "Z")
	if !utc || notDate(day) != "" {
		return "not a date with the zone Z (YYYY-MM-DDZ)"
	}
	return ""
}

// instant is the lexical form of an xsd:dateTime with a zone. time.Parse alone is too tolerant: it takes a comma for the point.
var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)$`)

func notDateTime(value string) string {
	_, err := time.Parse(time.RFC3339, value)
	if err != nil || !instant.MatchString(value) {
		return "not a dateTime with a zone (YYYY-MM-DDThh:mm:ss[.fffffff](Z|±hh:mm))"
	}
	return ""
}

// notToken judges what an ASMX help page calls `bytes`: an inline simple type, in practice a hidden enumeration.
func notToken(value string) string {
	if value == "" || strings.Join(strings.Fields(value), " ") != value {
		return "not a token (not empty, single spaces only, none at the ends)"
	}
	return ""
}

func notOneOf(values []string) func(string) string {
	return func(value string) string {
		if slices.Contains(values, value) {
			return ""
		}
		return "not one of " + strings.Join(values, ", ")
	}
}

var (
	integer = regexp.MustCompile(`^[+-]?\d+$`)
	decimal = regexp.MustCompile(`^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$`)
)

// longestNumber bounds the work on one number; no documented one has more than 13 characters.
const longestNumber = 100

// notNumber judges a number; nil bounds and a negative count of fraction digits mean no limit.
func notNumber(form *regexp.Regexp, kind string, least, most *big.Rat, fraction int) func(string) string {
	return func(value string) string {
		if len(value) > longestNumber || !form.MatchString(value) {
			return "not " + kind
		}
		_, digits, _ := strings.Cut(value, ".")
		if fraction >= 0 && len(digits) > fraction {
			return fmt.Sprintf("not %s of at most %d fraction digits", kind, fraction)
		}
		number, _ := new(big.Rat).SetString(value)
		if least != nil && (number.Cmp(least) < 0 || number.Cmp(most) > 0) {
			return fmt.Sprintf("not %s from %s to %s", kind, least.FloatString(max(fraction, 0)), most.FloatString(max(fraction, 0)))
		}
		return ""
	}
}

// notLength judges the number of characters of a string; a negative longest means no limit.
func notLength(shortest, longest int) func(string) string {
	return func(value string) string {
		n := utf8.RuneCountInString(value)
		switch {
		case n < shortest:
			return fmt.Sprintf("shorter than %d characters", shortest)
		case longest >= 0 && n > longest:
			return fmt.Sprintf("longer than %d characters", longest)
		}
		return ""
	}
}
