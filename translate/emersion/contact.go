package emersion

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
)

// australianStates are the names and codes of note 18. The vendor's own list is lost; these are the states and territories.
var australianStates = []string{
	"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA",
	"Australian Capital Territory", "New South Wales", "Northern Territory", "Queensland", "South Australia", "Tasmania", "Victoria",
	"Western Australia",
}

// otherStates are what note 20 wants for any other country.
var otherStates = []string{"Other", "oth"}

// australia is how the country may be written. Any other name or code is accepted as it is: the vendor's list is lost.
var australia = []string{"Australia", "AU", "AUS"}

// contactRules are those of a contact's members. The place is the contact's detail.
//
// The vendor checks nothing by country (note 21); an account with a state that it does not know is refused here instead [decided].
func contactRules(place string) []rules.Rule {
	inAustralia := rules.Condition{Member: "country", In: australia, AnyCase: true, Spaced: true}
	state := wordingOf(39, place, shape.FormatAustralianState)
	state.Else = "Give Other, as for every country but Australia."
	return []rules.Rule{
		rules.ListWhen("state", inAustralia, australianStates, otherStates, state),
		rules.PatternWhen("postcode", inAustralia, "^[0-9]{4}$", wordingOf(40, place, shape.FormatAustralianPostcode)),
		text("emailAddress", addressPattern, isEmailAddress, broken(42, place)),
		text("phoneNumber", phonePattern, phoneNumber.MatchString, broken(43, place)),
		text("website", websitePattern, isWebsite, broken(44, place)),
	}
}

// text is a rule of one text, and the pattern that says as much of it as a pattern can.
func text(member, pattern string, holds func(string) bool, broken record.Violation) rules.Rule {
	return rules.Checker{
		Members: []string{member},
		Check: func(texts []string) *record.Violation {
			if holds(texts[0]) {
				return nil
			}
			v := broken
			return &v
		},
		Schema: map[string]any{"properties": map[string]any{member: map[string]any{"pattern": pattern}}},
	}.Rule()
}

var (
	phoneNumber = regexp.MustCompile(phonePattern)
	hostLabel   = regexp.MustCompile("^" + labelPattern + "$")
	domainName  = regexp.MustCompile("^" + domainPattern + "$")
)

const (
	// phonePattern: digits, spaces, + - ( ), at least one digit, and an extension [decided].
	phonePattern = `^[0-9 +()-]*[0-9][0-9 +()-]*(([xX]|[eE][xX][tT](\.|[eE][nN][sS][iI][oO][nN])?) *[0-9]+)?$`
	// labelPattern is one label of a host name: RFC 1123 section 2.1, with the letters of internationalised names.
	labelPattern = `[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?`
	// portableLabel says it without \p, for the document: to a JavaScript program that compiles a pattern without the flag u, \p{L} is the
	// letter p. It takes every character outside ASCII that is not white space, and so accepts a few symbols that are not letters.
	portableLabel = "[^\\s!-\\/:-@\\[-`\\{-~]([^\\s!-,.\\/:-@\\[-`\\{-~]{0,61}[^\\s!-\\/:-@\\[-`\\{-~])?"
	// addressPattern: one @ with text on both sides [decided].
	addressPattern = `^[^@]*[^@\s][^@]*@[^@]*[^@\s][^@]*$`
	// domainPattern is a dotted domain name: RFC 1123 section 2.1. Its last label begins with a letter, by which a name differs from an address.
	domainPattern = `([A-Za-z0-9]` + restOfLabel + `\.)+[A-Za-z]` + restOfLabel
	restOfLabel   = `([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	// longestHost bounds a host name: RFC 1035 section 2.3.4 has 255 octets, two of which only DNS writes.
	longestHost = 253
	// userNamePattern: what note 9 calls fully qualified, as in username@domain.com.au.
	userNamePattern = `^[^@\s]+@` + domainPattern + `$`
	// websitePattern says less than isWebsite: a regular expression of a URL's whole grammar would be unreadable.
	websitePattern = `^([hH][tT][tT][pP][sS]?://[^/?#]|` + portableLabel + `(\.` + portableLabel + `)*$)`
)

// isEmailAddress: one @ with text on both sides [decided].
func isEmailAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && !rules.Blank(local) && !rules.Blank(domain) && !strings.Contains(domain, "@")
}

func isWebsite(s string) bool {
	if isHostName(s) {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")) &&
		(isHostName(u.Hostname()) || isAddress(u.Hostname()))
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return len(s) <= longestHost
}

// userNameRule reports the first of the numbers 27, 26 and 28 that holds; 45 is that of a missing one (note 9).
var userNameRule = rules.Checker{
	Members: []string{"userName"},
	Check: func(texts []string) *record.Violation {
		local, domain, found := strings.Cut(texts[0], "@")
		number := 0
		switch {
		case rules.Blank(texts[0]):
			return nil
		case !found:
			number = 27
		case local == "" || strings.ContainsFunc(local, unicode.IsSpace) || strings.Contains(domain, "@"):
			number = 26
		case len(domain) > longestHost || !domainName.MatchString(domain):
			number = 28
		default:
			return nil
		}
		v := broken(number, "")
		return &v
	},
	Schema: map[string]any{"properties": map[string]any{"userName": map[string]any{"pattern": userNamePattern}}},
}.Rule()
