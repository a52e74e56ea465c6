package rules

import (
	"cmp"
	"fmt"
	"strings"

	"soapbridge/translate/shape"
)

// Lexical forms of XML Schema 1.0 part 2 (sections 3.2 and 3.3) as regular expressions that RE2 and ECMA-262 read in the same way. What is equal to
// the service has one way to be written here: 24:00:00, a plus sign and years before the year 1 are refused.
const (
	zonePattern     = `(?:Z|[+\-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?`
	yearPattern     = `(?:[1-9][0-9]{3,8}|0[0-9]{2}[1-9]|0[0-9][1-9]0|0[1-9]00)`
	leapYear        = `(?:(?:[1-9][0-9]{1,6}|0[0-9])(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26]|[1-9][0-9]{0,4}(?:[02468][048]|[13579][26]))00)`
	everyYear       = `(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))`
	anyDay          = `(?:` + yearPattern + `-` + everyYear + `|` + leapYear + `-02-29)`
	timePattern     = `(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?`
	seconds         = `[0-9]+(?:\.[0-9]+)?S`
	durationOfDay   = `T(?:[0-9]+H(?:[0-9]+M)?(?:` + seconds + `)?|[0-9]+M(?:` + seconds + `)?|` + seconds + `)`
	durationOfYear  = `(?:[0-9]+Y(?:[0-9]+M)?(?:[0-9]+D)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)(?:` + durationOfDay + `)?`
	uriPart         = `(?:[^\t\n\r \[\]%#]|%[0-9A-Fa-f]{2})*`
	uriFirst        = `(?:[^\t\n\r \[\]%#/?:]|%[0-9A-Fa-f]{2})*` // of a relative one: what is in front of a colon would be a scheme
	uriPattern      = `(?:[A-Za-z][A-Za-z0-9+.\-]*:` + uriPart + `|` + uriFirst + `(?:[/?]` + uriPart + `)?)(?:#` + uriPart + `)?`
	ncNamePattern   = `[` + NameStart + `][` + NameStart + NameMore + `]*`
	base64Pattern   = `(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?`
	hexPattern      = `(?:[0-9A-Fa-f]{2})*`
	oneLinePattern  = `[^\t\n\r]*`
	collapsePattern = `(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?`
)

// NameStart and NameMore are, within the brackets of a class, the characters that can begin a name without a colon, and those that can only follow. All
// editions of XML 1.0 agree about them.
const (
	NameStart = "A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u0131\u0134-\u013E\u0141-\u0148\u014A-\u017E\u038E-\u03A1\u03A3-\u03CE" +
		"\u0401-\u040C\u040E-\u044F\u0451-\u045C\u045E-\u0481\u05D0-\u05EA\u0621-\u063A\u0641-\u064A\u3041-\u3094\u30A1-\u30FA\u4E00-\u9FA5\uAC00-\uD7A3"
	NameMore = ".0-9\u00B7-"
)

// Lexical is a built-in type of XML Schema whose texts a regular expression describes. The form of a Field is better for the others.
type Lexical struct {
	Noun, Pattern, Example string
	Format                 shape.Format
}

// Lexicals are the types, by their names. An anyURI is what libxml2 takes for one, without brackets; a QName has no prefix, because what it would
// stand for is not in the text.
var Lexicals = map[string]Lexical{
	"time":       {"A time", timePattern + zonePattern, "10:30:00", shape.FormatTime},
	"gYear":      {"A year", yearPattern + zonePattern, "2026", shape.FormatYear},
	"gYearMonth": {"A month of a year", yearPattern + `-(?:0[1-9]|1[0-2])` + zonePattern, "2026-11", shape.FormatYearMonth},
	"gMonth":     {"A month", `--(?:0[1-9]|1[0-2])` + zonePattern, "--11", shape.FormatMonth},
	"gMonthDay":  {"A day of every year", `--(?:` + everyYear + `|02-29)` + zonePattern, "--11-21", shape.FormatMonthDay},
	"gDay":       {"A day of every month", `---(?:0[1-9]|[12][0-9]|3[01])` + zonePattern, "---21", shape.FormatDay},
	"duration":   {"A duration", `-?P(?:` + durationOfYear + `|` + durationOfDay + `)`, "P1DT12H", shape.FormatDuration},
	"anyURI":     {"A URI", uriPattern, "https://example.com/", shape.FormatURI},
	"language":   {"A language", `[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*`, "en-US", shape.FormatLanguage},
	"NMTOKEN":    {"A name, which may begin with a digit,", `[:` + NameStart + NameMore + `]+`, "name-1", shape.FormatNameToken},
	"Name":       {"A name", `[:` + NameStart + `][:` + NameStart + NameMore + `]*`, "name", shape.FormatName},
	"NCName":     {"A name without a colon", ncNamePattern, "name", shape.FormatPlainName},
	"QName":      {"A name without a colon", ncNamePattern, "name", shape.FormatPlainName},
	"NOTATION":   {"A name without a colon", ncNamePattern, "name", shape.FormatPlainName},
}

// lexicals are Lexicals by their patterns. Types of one pattern have one noun and one format.
var lexicals = func() map[string]Lexical {
	byPattern := map[string]Lexical{}
	for _, l := range Lexicals {
		byPattern[l.Pattern] = l
	}
	return byPattern
}()

// FormPattern is a regular expression that a text matches if and only if it has the form of a field; empty where the form is one of the built-in
// operations or any text.
func FormPattern(a *shape.Facets) string {
	switch a.Form {
	case shape.Collapsed, shape.List:
		return collapsePattern
	case shape.OneLine:
		return oneLinePattern
	case shape.XSDDate:
		return anyDay + zonePattern
	case shape.XSDDateTime:
		return anyDay + `T` + timePattern + zonePattern
	case shape.Number:
		return numberPattern(a.Number)
	case shape.Base64:
		return base64Pattern
	case shape.Hex:
		return hexPattern
	case shape.AnyText, shape.Date, shape.DateTime, shape.Decimal, shape.Token:
	}
	return ""
}

// numberPattern allows as many digits as the facets do, and a sign only where a value can be below 0. Zeros in front of the first other digit do not
// count.
func numberPattern(n *shape.NumberFacets) string {
	if n == nil {
		return `-?[0-9]+(?:\.[0-9]+)?`
	}
	sign := `-?`
	if n.Min != "" && CompareDecimals(n.Min, "0") >= 0 {
		sign = ""
	}
	switch total, most := n.TotalDigits, n.MaxFractionDigits; {
	case total > 0:
		return sign + totalDigits(total, most)
	case most < 0:
		return sign + `[0-9]+(?:\.[0-9]+)?`
	case most == 0:
		return sign + `[0-9]+`
	default:
		return fmt.Sprintf(`%s[0-9]+(?:\.[0-9]{1,%d})?`, sign, most)
	}
}

// totalDigits has an alternative for each number of digits after the point.
func totalDigits(total, most int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `0*(?:[0-9]{1,%d}`, total)
	for n := 1; n <= total && (n <= most || most < 0); n++ {
		if n == total {
			fmt.Fprintf(&b, `|0\.[0-9]{%d}`, n)
		} else {
			fmt.Fprintf(&b, `|[0-9]{1,%d}\.[0-9]{%d}`, total-n, n)
		}
	}
	return b.String() + `)`
}

// CompareDecimals compares two numbers of the form Number by their values, exactly.
func CompareDecimals(a, b string) int {
	first, second := decimalOf(a), decimalOf(b)
	switch {
	case first.negative != second.negative && first.negative:
		return -1
	case first.negative != second.negative:
		return 1
	case first.negative:
		return second.compare(first)
	}
	return first.compare(second)
}

// decimal is a number without the zeros that do not count.
type decimal struct {
	negative        bool
	whole, fraction string
}

func decimalOf(s string) (d decimal) {
	s, d.negative = strings.CutPrefix(s, "-")
	d.whole, d.fraction, _ = strings.Cut(s, ".")
	d.whole, d.fraction = strings.TrimLeft(d.whole, "0"), strings.TrimRight(d.fraction, "0")
	d.negative = d.negative && d.whole+d.fraction != ""
	return d
}

func (d decimal) compare(other decimal) int {
	return cmp.Or(cmp.Compare(len(d.whole), len(other.whole)), strings.Compare(d.whole, other.whole), strings.Compare(d.fraction, other.fraction))
}
