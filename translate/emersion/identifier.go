package emersion

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"soapbridge/translate"
	"soapbridge/translate/validation"
)

// The identifiers of Australian organisations. The vendor documents their names (notes 12 and 13) and no check of their digits; the
// checks are those that the issuing authorities publish [decided].

// StrictIdentifiers marks, in the documents, the rules that Config.LenientIdentifiers turns off.
const StrictIdentifiers = "SOAPBRIDGE_EMERSION_IDENTIFIER_CHECK=strict"

const badIdentifier validation.Code = "emersion-org-identifier"

// maxRBN is the longest Registered Business Number; it has no check digit, and no form that all states share [decided].
const maxRBN = 20

// checkIdentifier gives the sentence that says what is wrong with an identifier of one of the four types; empty when nothing is.
func checkIdentifier(kind, identifier string, lenient bool) string {
	switch {
	case kind == "RBN" && utf8.RuneCountInString(identifier) > maxRBN:
		return fmt.Sprintf("An RBN has at most %d characters.", maxRBN)
	case kind == "RBN" || lenient:
		return ""
	}
	digits, ok := digitsOf(withoutSpaces(identifier))
	switch {
	case kind == "ABN" && (!ok || len(digits) != 11):
		return "An ABN is 11 digits; spaces are allowed."
	case kind == "ACN" && (!ok || len(digits) != 9):
		return "An ACN is 9 digits; spaces are allowed."
	case kind == "TFN" && (!ok || len(digits) != 9 && len(digits) != 8):
		return "A TFN is 9 or 8 digits; spaces are allowed."
	case !checkDigitsHold(kind, digits):
		return "The check digits of this " + kind + " do not match its other digits."
	}
	return ""
}

// SchemaRules says checkOrganisation, but for the check digits: JSON Schema does not calculate.
func (AccountOrganisation) SchemaRules() string {
	digits := func(kind, count string) string {
		return `{"$comment": ` + validation.Quote(StrictIdentifiers) + `, "if": {"required": ["orgIdentifierType"], "properties": {"orgIdentifierType": {"const": "` + kind + `"}}},
			"then": {"properties": {"orgIdentifier": {"pattern": "^ *([0-9] *)` + count + `$"}}}}`
	}
	return `{"allOf": [
		{"if": {"required": ["orgIdentifier"], "properties": {"orgIdentifier": {"type": "string"}}},
		 "then": {"required": ["orgIdentifierType"], "properties": {"orgIdentifierType": {"type": "string"}}}},
		{"if": {"required": ["orgIdentifierType"], "properties": {"orgIdentifierType": {"type": "string"}}},
		 "then": ` + validation.HasText("orgIdentifier") + `},
		` + digits("ABN", "{11}") + `, ` + digits("ACN", "{9}") + `, ` + digits("TFN", "{8,9}") + `,
		{"if": {"required": ["orgIdentifierType"], "properties": {"orgIdentifierType": {"const": "RBN"}}},
		 "then": {"properties": {"orgIdentifier": {"maxLength": ` + strconv.Itoa(maxRBN) + `}}}}]}`
}

func checkDigitsHold(kind string, d []int) bool {
	switch {
	case kind == "ABN": // Australian Business Register, "Format of the ABN"
		d[0]--
		return weigh(d, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)%89 == 0
	case kind == "ACN": // Australian Securities and Investments Commission, "Australian Company Number digit check"
		return (10-weigh(d, 8, 7, 6, 5, 4, 3, 2, 1)%10)%10 == d[8]
	case len(d) == 9: // TFN
		return weigh(d, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0
	default:
		return weigh(d, 10, 7, 8, 4, 6, 3, 5, 1)%11 == 0
	}
}

// weigh sums the products of digits and weights, over as many as there are weights.
func weigh(digits []int, weights ...int) (sum int) {
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

// checkOrganisation checks what the organisation's members say of each other.
func checkOrganisation(o *AccountOrganisation, c Config, report *validation.Report) {
	const identifier, kind = "/accountOrganisation/orgIdentifier", "/accountOrganisation/orgIdentifierType"
	switch {
	case o.OrgIdentifier == nil && o.OrgIdentifierType == nil && !report.Blames(identifier):
	case o.OrgIdentifierType == nil:
		report.Add(together(kind, identifier, "The type of the identifier is required: ABN, ACN, RBN or TFN."))
	case o.OrgIdentifier == nil || validation.Blank(string(*o.OrgIdentifier)):
		report.Add(together(identifier, kind, "The identifier is required when its type is given."))
	case report.Blames(kind):
	default:
		if wrong := checkIdentifier(*o.OrgIdentifierType, string(*o.OrgIdentifier), c.LenientIdentifiers); wrong != "" {
			report.Add(translate.Violation{Pointer: identifier, Code: badIdentifier, Detail: wrong, Params: map[string]any{"type": *o.OrgIdentifierType}})
		}
	}
}

func together(pointer, because, detail string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: validation.Required, Detail: detail, Params: map[string]any{"because": because}}
}
