package rules

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// The facets of XML Schema, beside those that the rules of Go structs have, too.

// Leaf checks the texts of one field.
type Leaf struct{ field checked }

// NewLeaf prepares the facets of a leaf that is not repeated.
func NewLeaf(f *shape.Field) (*Leaf, error) {
	c := &Leaf{checked{Field: f}}
	return c, c.field.compile(whole)
}

// Accepts reports whether nothing is wrong with a text. A number is one that JSON can hold.
func (l *Leaf) Accepts(text string) bool {
	_, broken := l.field.wrong(text)
	return !broken
}

var (
	xsdDate, _     = whole(FormPattern(&shape.Facets{Form: shape.XSDDate}))
	xsdDateTime, _ = whole(FormPattern(&shape.Facets{Form: shape.XSDDateTime}))
)

// hasForm says what FormPattern says, without a regular expression for what may be long.
func hasForm(form shape.Form, text string) bool {
	switch form {
	case shape.Collapsed, shape.List:
		return !strings.ContainsAny(text, "\t\n\r") && !strings.Contains(text, "  ") && strings.Trim(text, " ") == text
	case shape.OneLine:
		return !strings.ContainsAny(text, "\t\n\r")
	case shape.XSDDate:
		return IsDate(text) || xsdDate.MatchString(text)
	case shape.XSDDateTime:
		return IsDateTime(text) || xsdDateTime.MatchString(text)
	case shape.Base64:
		_, err := base64.StdEncoding.Strict().DecodeString(text)
		return err == nil && !strings.ContainsAny(text, "\r\n")
	case shape.Hex:
		_, err := hex.DecodeString(text)
		return err == nil
	default:
		return true
	}
}

// The units of lengths.
const (
	character = "character"
	octet     = "byte"
	item      = "item"
)

// length counts what the limits of a form are about. Of a text that does not have the form it counts something.
func length(form shape.Form, text string) (n int, unit string) {
	switch {
	case form == shape.Base64:
		return len(text)/4*3 - strings.Count(text, "="), octet
	case form == shape.Hex:
		return len(text) / 2, octet
	case form == shape.List && text == "":
		return 0, item
	case form == shape.List:
		return strings.Count(text, " ") + 1, item
	}
	return utf8.RuneCountInString(text), character
}

// Words says for people what the facets of a leaf ask beside an enumeration: the sentences of the violations, to be joined. What stands with an
// enumeration says nothing more than its values.
func Words(f *shape.Field) (sentences []string) {
	a := &f.Facets
	say := func(holds bool, violation func() record.Violation) {
		if holds {
			text := strings.TrimSuffix(violation().Detail, ".")
			sentences = append(sentences, strings.ToLower(text[:1])+text[1:])
		}
	}
	if f.Kind == shape.String {
		_, unit := length(a.Form, "")
		say(a.MinLength != nil, func() record.Violation { return tooShort(*a.MinLength, unit) })
		say(a.MaxLength != nil, func() record.Violation { return tooLong(*a.MaxLength, unit) })
	}
	if a.Enum != nil {
		return sentences
	}
	say(a.Form == shape.Number, func() record.Violation { return badNumber(a.Number) })
	say(a.Number != nil && a.Number.Min+a.Number.Max != "", func() record.Violation { return outOfBounds(a.Number) })
	isLexical := slices.ContainsFunc(a.Patterns, func(pattern string) bool { return lexicals[pattern].Noun != "" }) // which has no white space
	say(formSentences[a.Form].sentence != "" && !isLexical, func() record.Violation { return badForm(a.Form) })
	for _, pattern := range a.Patterns {
		say(true, func() record.Violation { return badPattern(pattern, lexicals[pattern].Example) })
	}
	return sentences
}

func wrongLength(a *shape.Facets, text string) (v record.Violation, broken bool) {
	if a.MaxLength == nil && a.MinLength == nil {
		return v, false
	}
	n, unit := length(a.Form, text)
	switch {
	case unit != character && !hasForm(a.Form, text):
		return v, false // which is reported instead
	case a.MaxLength != nil && n > *a.MaxLength:
		return tooLong(*a.MaxLength, unit), true
	case a.MinLength != nil && n < *a.MinLength:
		return tooShort(*a.MinLength, unit), true
	}
	return v, false
}

// wrongNumber judges a text of the form Number.
func wrongNumber(n *shape.NumberFacets, text string) (v record.Violation, broken bool) {
	if n == nil {
		return v, false
	}
	if n.Min != "" {
		if c := CompareDecimals(text, n.Min); c < 0 || c == 0 && n.MinExclusive {
			return outOfBounds(n), true
		}
	}
	if n.Max != "" {
		if c := CompareDecimals(text, n.Max); c > 0 || c == 0 && n.MaxExclusive {
			return outOfBounds(n), true
		}
	}
	return v, false
}

// wrongFloat compares as the type does, which has no other values than the machine's. NaN is within no bounds.
func wrongFloat(n *shape.NumberFacets, text string) (v record.Violation, broken bool) {
	if n == nil {
		return v, false
	}
	value, _ := strconv.ParseFloat(text, 64) // read as one; what is too large is infinite
	low, high := bound(n.Min, math.Inf(-1)), bound(n.Max, math.Inf(1))
	switch {
	case value < low, value == low && n.MinExclusive, value > high, value == high && n.MaxExclusive, math.IsNaN(value) && n.Min+n.Max != "":
		return outOfBounds(n), true
	}
	return v, false
}

func bound(text string, none float64) float64 {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v
	}
	return none
}

func outOfBounds(n *shape.NumberFacets) record.Violation {
	var words []string
	params := map[string]any{}
	say := func(name, limit string, exclusive bool, inclusiveWord, exclusiveWord string) {
		word := inclusiveWord
		if exclusive {
			name, word = name+"Exclusive", exclusiveWord
		}
		if limit != "" {
			words, params[name] = append(words, word+" "+limit), limit
		}
	}
	say("min", n.Min, n.MinExclusive, "at least", "more than")
	say("max", n.Max, n.MaxExclusive, "at most", "less than")
	detail := strings.Join(words, " and ")
	return record.Violation{Code: record.OutOfRange, Detail: strings.ToUpper(detail[:1]) + detail[1:] + ".", Params: params}
}

func badNumber(n *shape.NumberFacets) record.Violation {
	detail, format, params := "A decimal number", numberFormat(n), map[string]any{"pattern": numberPattern(n)}
	if format == shape.FormatInteger {
		detail = "A whole number"
	}
	if n == nil {
		n = &shape.NumberFacets{MaxFractionDigits: -1}
	}
	if n.TotalDigits > 0 {
		detail += ", at most " + Amount(n.TotalDigits, "digit") + " in all"
		params["totalDigits"] = n.TotalDigits
	}
	if n.MaxFractionDigits > 0 {
		detail += ", at most " + Amount(n.MaxFractionDigits, "digit") + " after the point"
		params["fractionDigits"] = n.MaxFractionDigits
	}
	return record.Violation{Code: record.BadNumber, Detail: detail + ", without a plus sign or an exponent.", Params: params}.Expecting(format)
}

func numberFormat(n *shape.NumberFacets) shape.Format {
	if n != nil && n.MaxFractionDigits == 0 {
		return shape.FormatInteger
	}
	return shape.FormatDecimal
}

var formSentences = map[shape.Form]struct {
	sentence string
	format   shape.Format
}{
	shape.Collapsed:   {"Words with one space between each two, and no other white space.", shape.FormatWords},
	shape.OneLine:     {"One line, without tabs.", shape.FormatLine},
	shape.XSDDate:     {"A day that exists, as YYYY-MM-DD, with or without a zone (Z, or up to ±14:00).", shape.FormatDate},
	shape.XSDDateTime: {"An instant that exists, as YYYY-MM-DDThh:mm:ss, with or without a fraction and a zone (Z, or up to ±14:00).", shape.FormatDateTime},
	shape.Base64:      {"Binary data in base64 (RFC 4648, section 4), without white space.", shape.FormatBase64},
	shape.Hex:         {"Binary data as hexadecimal digits, two for each byte.", shape.FormatHex},
	shape.List:        {"Items with one space between each two, and no other white space.", shape.FormatWords},
}

// badForm has no pattern for dates, as badDate has none: their codes say what they are.
func badForm(form shape.Form) record.Violation {
	said := formSentences[form]
	v := record.Violation{Code: record.BadFormat, Detail: said.sentence}
	switch form {
	case shape.XSDDate:
		v.Code = record.BadDate
	case shape.XSDDateTime:
		v.Code = record.BadDateTime
	default:
		v.Params = map[string]any{"pattern": FormPattern(&shape.Facets{Form: form})}
	}
	return v.Expecting(said.format)
}

// longPattern is more than people read.
const longPattern = 60

func badPattern(pattern, example string) record.Violation {
	lexical, known := lexicals[pattern]
	detail := lexical.Noun
	switch {
	case known:
	case len(pattern) <= longPattern || example == "":
		detail = "A text of the form " + pattern
	default:
		detail = "A text of the documented form"
	}
	if example != "" {
		detail = strings.TrimSuffix(detail, ",") + ", such as " + example
	}
	return record.Violation{Code: record.BadFormat, Detail: detail + ".", Params: map[string]any{"pattern": pattern}}.Expecting(lexical.Format)
}
