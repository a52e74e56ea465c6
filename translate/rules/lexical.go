package rules

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Blank reports whether a text is empty or only white space, by Unicode's definition.
func Blank(s string) bool {
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < utf8.RuneSelf {
			return false
		}
	}
	return strings.TrimFunc(s, unicode.IsSpace) == ""
}

// IsToken reports whether s is words with one space between each two. A parser that knows an xsd:token (XML Schema 1.0 part 2, section 3.3.2) makes
// another text of any other.
func IsToken(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || strings.ContainsFunc(word, unicode.IsSpace) {
			return false
		}
	}
	return true
}

// IsDate reports whether s is YYYY-MM-DD and the day exists: xsd:date without a zone, which the vendors' pages show none of.
// Year 0000 does not exist in XML Schema 1.0 (part 2, section 3.2.7.1).
func IsDate(s string) bool {
	if len(s) != len("2006-01-02") || s[:4] == "0000" {
		return false
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// IsDateTime reports whether s is an instant that both RFC 3339 and xsd:dateTime can carry as it is written: capital T and Z, a
// zone of at most 14 hours, no leap second, and at most the 7 fraction digits that .NET keeps.
func IsDateTime(s string) bool {
	const seconds = len("2006-01-02T15:04:05")
	if len(s) <= seconds || s[10] != 'T' || !IsDate(s[:10]) || !isTime(s[11:seconds]) {
		return false
	}
	zone := s[seconds:]
	if zone[0] == '.' {
		fraction := zone[1:]
		n := 0
		for n < len(fraction) && isDigit(fraction[n]) {
			n++
		}
		if n == 0 || n > 7 {
			return false
		}
		zone = fraction[n:]
	}
	return isZone(zone)
}

// isTime reads hh:mm:ss. XML Schema would allow 24:00:00; RFC 3339 does not.
func isTime(s string) bool {
	return s[2] == ':' && s[5] == ':' && twoDigits(s[:2], 23) && twoDigits(s[3:5], 59) && twoDigits(s[6:], 59)
}

func isZone(s string) bool {
	if s == "Z" {
		return true
	}
	if len(s) != len("+14:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return false
	}
	return s[1:] == "14:00" || twoDigits(s[1:3], 13) && twoDigits(s[4:], 59)
}

// twoDigits reports whether s is two digits of at most limit.
func twoDigits(s string, limit int) bool {
	return len(s) == 2 && isDigit(s[0]) && isDigit(s[1]) && int(s[0]-'0')*10+int(s[1]-'0') <= limit
}

// IsDecimal reports whether s is an xsd:decimal (XML Schema 1.0 part 2, section 3.2.3) within the numbers of digits. Zeros count, because a vendor
// that stores so many digits may refuse more, whatever they are.
func IsDecimal(s string, wholeDigits, fractionDigits int) bool {
	s = strings.TrimPrefix(s, "-")
	if len(s) > 0 && s[0] == '+' {
		return false // allowed by the schema, refused by enough parsers
	}
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" || point && fraction == "" || len(fraction) > fractionDigits {
		return false // ".5" and "5." are decimals to the schema and not to every parser
	}
	return areDigits(whole) && areDigits(fraction) && len(whole) <= wholeDigits
}

func areDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
