package xsd

import (
	"cmp"
	"math"
	"regexp"
	"strconv"
	"strings"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
)

const (
	// maxSafe is the largest whole number that every reader of JSON reads exactly (RFC 8259, section 6).
	maxSafe = 1<<53 - 1
	// maxDigits bounds the pattern of a number, which has an alternative for each digit after the point.
	maxDigits = 40
)

func (l *LeafType) restrictDigits(f wsdl.Facet) {
	n, err := strconv.Atoi(strings.TrimSpace(f.Value))
	if err != nil || n < 0 || n > maxDigits || l.Facets.Form != shape.Number {
		l.weakenf("the facet %s %s", f.Name, f.Value)
		return
	}
	number := l.Facets.Number
	if f.Name == "totalDigits" && (number.TotalDigits == 0 || n < number.TotalDigits) {
		number.TotalDigits = n
	}
	if f.Name == "fractionDigits" && (number.MaxFractionDigits < 0 || n < number.MaxFractionDigits) {
		number.MaxFractionDigits = n
	}
}

// restrictValue adds a bound, unless one holds that is as tight.
func (l *LeafType) restrictValue(f wsdl.Facet) {
	limit := l.normal(f.Value)
	isNumber := l.Facets.Form == shape.Number && decimalText.MatchString(limit) || l.Kind == shape.Float && jsonNumber.MatchString(limit)
	if !isNumber {
		l.weakenf("the facet %s %s", f.Name, f.Value)
		return
	}
	number, exclusive := l.Facets.Number, strings.HasSuffix(f.Name, "Exclusive")
	if strings.HasPrefix(f.Name, "min") {
		if c := l.compare(limit, number.Min); number.Min == "" || c > 0 || c == 0 && exclusive {
			number.Min, number.MinExclusive = limit, exclusive
		}
	} else if c := l.compare(limit, number.Max); number.Max == "" || c < 0 || c == 0 && exclusive {
		number.Max, number.MaxExclusive = limit, exclusive
	}
}

func (l *LeafType) compare(a, b string) int {
	if l.Kind != shape.Float {
		return rules.CompareDecimals(a, b)
	}
	first, _ := strconv.ParseFloat(a, 64)
	second, _ := strconv.ParseFloat(b, 64)
	return cmp.Compare(first, second)
}

// finishDecimal makes a number of JSON of whole numbers that are small enough. A pattern can tell texts apart that are the same number.
func (l *LeafType) finishDecimal() {
	a := &l.Facets
	low, high, ok := wholeRange(a.Number)
	if !ok || a.Patterns != nil || a.MinLength != nil || a.MaxLength != nil {
		return
	}
	notes := a.EnumNotes
	l.Kind, l.Facets = shape.Integer, shape.Facets{Min: &low, Max: &high}
	for i, value := range l.values {
		l.values[i] = l.normal(value)
		if about := notes[value]; about != "" {
			l.note(l.values[i], about)
		}
	}
}

// finishFloat makes a string of a float that has patterns, which JSON has for strings alone.
func (l *LeafType) finishFloat() {
	if l.Facets.Patterns == nil {
		return
	}
	l.Kind, l.Facets.Form = shape.String, shape.Number
	for _, limit := range []*string{&l.Facets.Number.Min, &l.Facets.Number.Max} {
		if v, err := strconv.ParseFloat(*limit, 64); err == nil {
			*limit = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
}

// wholeRange returns the bounds of whole numbers, if both are safe.
func wholeRange(n *shape.NumberFacets) (low, high int64, ok bool) {
	if n.MaxFractionDigits != 0 {
		return 0, 0, false
	}
	low, high = math.MinInt64, math.MaxInt64
	if n.TotalDigits > 0 && n.TotalDigits <= len("999999999999999") {
		high, _ = strconv.ParseInt(strings.Repeat("9", n.TotalDigits), 10, 64)
		low = -high
	}
	least, hasLeast := wholeBound(n.Min, n.MinExclusive, 1)
	most, hasMost := wholeBound(n.Max, n.MaxExclusive, -1)
	if hasLeast {
		low = max(low, least)
	}
	if hasMost {
		high = min(high, most)
	}
	return low, high, low >= -maxSafe && high <= maxSafe
}

func wholeBound(text string, exclusive bool, step int64) (bound int64, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	bound, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" || bound < -maxSafe || bound > maxSafe {
		return 0, false
	}
	if exclusive {
		bound += step
	}
	return bound, true
}

var (
	decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	jsonNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`) // RFC 8259, section 6
)

// Value is a text of the type, such as a default, as a Field has it. It reports whether it is one of its values.
func (l *LeafType) Value(text string) (value string, ok bool) {
	value = l.normal(text)
	return value, l.accepts(value) && (l.Kind != shape.Boolean || value == "true" || value == "false") && (l.Kind != shape.Float || isFloat(value))
}

func isFloat(text string) bool {
	return jsonNumber.MatchString(text) || text == "INF" || text == "-INF" || text == "NaN"
}

// normal writes a text of a schema as JSON has it: with white space as the type wants it, and numbers in the one form that is allowed.
func (l *LeafType) normal(text string) string {
	switch l.whiteSpace {
	case "collapse":
		text = strings.Join(strings.FieldsFunc(text, isSpace), " ")
	case "replace":
		text = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(text)
	}
	switch {
	case l.Kind == shape.Boolean && text == "1":
		return "true"
	case l.Kind == shape.Boolean && text == "0":
		return "false"
	case l.Kind == shape.Integer:
		return normalInteger(text)
	case l.Kind == shape.Float:
		return normalFloat(text)
	case l.Facets.Form == shape.Number:
		return normalDecimal(text)
	}
	return text
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// normalDecimal leaves out a plus sign, and has digits on both sides of a point.
func normalDecimal(text string) string {
	digits, negative := strings.CutPrefix(strings.TrimPrefix(text, "+"), "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if point && whole == "" && fraction != "" {
		whole = "0"
	}
	text = whole
	if fraction != "" {
		text += "." + fraction
	}
	if negative {
		text = "-" + text
	}
	return text
}

func normalInteger(text string) string {
	whole, fraction, _ := strings.Cut(normalDecimal(text), ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil && strings.Trim(fraction, "0") == "" {
		return strconv.FormatInt(n, 10)
	}
	return text
}

func normalFloat(text string) string {
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) && !jsonNumber.MatchString(text) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return text
}
