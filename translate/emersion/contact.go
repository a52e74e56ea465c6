package emersion

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"soapbridge/translate/validation"
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

func isOneOf(s string, list []string) bool {
	for _, each := range list {
		if len(s) == len(each) && strings.EqualFold(s, each) { // of one length: no letter that only Unicode folds into an ASCII one
			return true
		}
	}
	return false
}

// checkContact checks the members of a contact that are there; the tags report the missing ones. The place is the contact's detail.
func checkContact(d *ContactDetail, place string, report *validation.Report) {
	if !validation.Blank(d.Country) {
		checkRegion(d, place, report)
	}
	if !isEmailAddress(d.EmailAddress) {
		report.Add(broken(42, place))
	}
	if !phoneNumber.MatchString(d.PhoneNumber) {
		report.Add(broken(43, place))
	}
	if d.Website != nil && !isWebsite(*d.Website) {
		report.Add(broken(44, place))
	}
}

// checkRegion checks state and postcode against the country. The vendor checks nothing by country (note 21); an account with a state
// that it does not know is refused here instead [decided].
func checkRegion(d *ContactDetail, place string, report *validation.Report) {
	inAustralia := isOneOf(strings.TrimSpace(d.Country), australia)
	states := otherStates
	if inAustralia {
		states = australianStates
	}
	if !isOneOf(d.State, states) {
		v := broken(39, place)
		v.Params = map[string]any{"list": states}
		report.Add(v)
	}
	if inAustralia && !fourDigits.MatchString(d.Postcode) {
		report.Add(broken(40, place))
	}
}

var (
	fourDigits  = regexp.MustCompile(`^[0-9]{4}$`)
	phoneNumber = regexp.MustCompile(phonePattern)
	hostLabel   = regexp.MustCompile("^" + labelPattern + "$")
)

const (
	// phonePattern: digits, spaces, + - ( ), at least one digit, and an extension [decided].
	phonePattern = `^[0-9 +()-]*[0-9][0-9 +()-]*(([xX]|[eE][xX][tT](\.|[eE][nN][sS][iI][oO][nN])?) *[0-9]+)?$`
	// labelPattern is one label of a host name: RFC 1123 section 2.1, with the letters of internationalised names.
	labelPattern = `[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?`
	// portableLabel says it without \p, for the document: to a JavaScript program that compiles a pattern without the flag u, \p{L} is the
	// letter p. It takes every character outside ASCII that is no white space, and so accepts a few symbols that are no letters.
	portableLabel = "[^\\s!-\\/:-@\\[-`\\{-~]([^\\s!-,.\\/:-@\\[-`\\{-~]{0,61}[^\\s!-\\/:-@\\[-`\\{-~])?"
	// addressPattern: one @ with text on both sides [decided].
	addressPattern = `^[^@]*[^@\s][^@]*@[^@]*[^@\s][^@]*$`
	// userNamePattern: what note 9 calls fully qualified, as in username@domain.com.au.
	userNamePattern = `^[^@\s]+@` + portableLabel + `(\.` + portableLabel + `)+$`
	// websitePattern says less than isWebsite: the grammar of a URL is no regular expression that anybody would want to read.
	websitePattern = `^([hH][tT][tT][pP][sS]?://[^/?#]|` + portableLabel + `(\.` + portableLabel + `)*$)`
)

// isEmailAddress: one @ with text on both sides [decided].
func isEmailAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && !validation.Blank(local) && !validation.Blank(domain) && !strings.Contains(domain, "@")
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
	return len(s) <= 253
}

// checkUserName reports the first of the numbers 27, 26 and 28 that holds; the tags report 45 (note 9).
func checkUserName(name string, report *validation.Report) {
	local, domain, found := strings.Cut(name, "@")
	switch {
	case validation.Blank(name):
	case !found:
		report.Add(broken(27, ""))
	case local == "" || strings.ContainsFunc(local, unicode.IsSpace) || strings.Contains(domain, "@"):
		report.Add(broken(26, ""))
	case !strings.Contains(domain, ".") || !isHostName(domain):
		report.Add(broken(28, ""))
	}
}
