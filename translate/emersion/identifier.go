package emersion

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// The identifiers of Australian organisations. The vendor documents their names (notes 12 and 13) and no check of their digits; the
// checks are those that the issuing authorities publish [decided].

const badIdentifier record.Code = "emersion-org-identifier"

// maxRBN is the longest Registered Business Number; it has no check digit, and no form that all states share [decided].
const maxRBN = 20

// checkIdentifier returns the sentence that says what is wrong with an identifier of one of the four types; empty when nothing is.
func checkIdentifier(kind, identifier string, lenient bool) string {
	form, digital := digitForms[kind]
	switch {
	case kind == "RBN" && utf8.RuneCountInString(identifier) > maxRBN:
		return fmt.Sprintf("An RBN has at most %d characters.", maxRBN)
	case !digital || lenient: // a type that is none of the four is a violation itself
		return ""
	}
	digits, ok := digitsOf(withoutSpaces(identifier))
	switch {
	case !ok || !slices.Contains(form.counts, len(digits)):
		return form.sentence
	case !checkDigitsHold(kind, digits):
		return "The check digits of this " + kind + " do not match its other digits."
	}
	return ""
}

// digitForms are the types that are digits, with how many they have.
var digitForms = map[string]struct {
	counts   []int
	sentence string
}{
	"ABN": {[]int{11}, "An ABN is 11 digits; spaces are allowed."},
	"ACN": {[]int{9}, "An ACN is 9 digits; spaces are allowed."},
	"TFN": {[]int{9, 8}, "A TFN is 9 or 8 digits; spaces are allowed."},
}

var identifierFormats = map[string]shape.Format{"ABN": shape.FormatABN, "ACN": shape.FormatACN, "RBN": shape.FormatRBN, "TFN": shape.FormatTFN}

// organisationRules are what the organisation's members say of each other.
func (c Config) organisationRules() []rules.Rule {
	const identifier, kind = "orgIdentifier", "orgIdentifierType"
	is := func(word string) rules.Condition { return rules.Condition{Member: kind, In: []string{word}} }
	digits := func(of, count string) rules.Rule { // JSON Schema does not calculate
		pattern := map[string]any{"properties": map[string]any{identifier: map[string]any{"pattern": "^ *([0-9] *)" + count + "$"}}}
		return rules.Described(is(of), pattern)
	}
	list := []rules.Rule{
		rules.RequireWhen(kind, rules.Condition{Member: identifier}, rules.Wording{Detail: "The type of the identifier is required: ABN, ACN, RBN or TFN."}),
		rules.RequireWhen(identifier, rules.Condition{Member: kind}, rules.Wording{Detail: "The identifier is required when its type is given."}),
		rules.Checker{
			Members: []string{identifier, kind},
			Check: func(texts []string) *record.Violation {
				wrong := checkIdentifier(texts[1], texts[0], c.LenientIdentifiers)
				if wrong == "" {
					return nil
				}
				v := record.Violation{Code: badIdentifier, Detail: wrong, Params: map[string]any{"type": texts[1]}}.Expecting(identifierFormats[texts[1]])
				return &v
			},
		}.Rule(),
		rules.Described(is("RBN"), map[string]any{"properties": map[string]any{identifier: map[string]any{"maxLength": maxRBN}}}),
	}
	if !c.LenientIdentifiers {
		list = append(list, digits("ABN", "{11}"), digits("ACN", "{9}"), digits("TFN", "{8,9}"))
	}
	return list
}

// checkDigitsHold checks the digits that an authority calculates. A sum of nothing but zeros holds by every formula, and no authority issues it.
func checkDigitsHold(kind string, d []int) bool {
	switch {
	case kind == "ABN": // Australian Business Register, "Format of the ABN"
		d[0]--
		sum := weightedSum(d, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
		return sum != 0 && sum%89 == 0
	case kind == "ACN": // Australian Securities and Investments Commission, "Australian Company Number digit check"
		sum := weightedSum(d, 8, 7, 6, 5, 4, 3, 2, 1)
		return sum != 0 && (10-sum%10)%10 == d[8]
	case len(d) == 9: // TFN
		sum := weightedSum(d, 1, 4, 3, 7, 5, 8, 6, 9, 10)
		return sum != 0 && sum%11 == 0
	default:
		sum := weightedSum(d, 10, 7, 8, 4, 6, 3, 5, 1)
		return sum != 0 && sum%11 == 0
	}
}

// weightedSum sums the products of digits and weights, over as many as there are weights.
func weightedSum(digits []int, weights ...int) (sum int) {
	for i, w := range weights {
		sum += w * digits[i]
	}
	return sum
}

func digitsOf(s string) ([]int, bool) {
	digits := make([]int, len(s))
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return nil, false
		}
		digits[i] = int(s[i] - '0')
	}
	return digits, true
}

func withoutSpaces(s string) string { return strings.ReplaceAll(s, " ", "") }
