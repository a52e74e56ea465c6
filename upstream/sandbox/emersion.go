package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// emersion is a PHP-style server.
var emersion = vendor{
	path:          EmersionPath,
	versions:      []version{soap11},
	prefix:        "SOAP-ENV",
	result:        "AccountID",
	usernameToken: true,
	rules:         []rule{{operation: "CreateComplexAccount", refuse: accountRules}},
	magic: []magicValue{{"UserName", takenUsernames + "...@...",
		"the Validation Error CumulusUser Username is already in use; any other name may be used again and again"}},
	success: func(_ *request, e execution) filling {
		return filling{values: map[string]string{"AccountID": e.accountID}, drop: map[string]bool{}}
	},
	trace: `PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/cumulus/lib/Account.php:118
Stack trace:
#0 /var/www/cumulus/lib/Account.php(118): PDO->__construct('mysql:host=10.0...', 'cumulus', 'Tiger-42')
#1 [internal function]: Services->CreateComplexAccount(Object(stdClass))
#2 {main}`,
}

// takenUsernames is the prefix of the usernames in use, in any letter case.
const takenUsernames = "taken"

// firstAccountID is the number in the page's sample answer.
const firstAccountID = 399301

// emersionSentences is the page's list of error strings. %s is the type of the contact: the page prints the PHP that puts it
// there.
var emersionSentences = map[int]string{
	25: `Invalid or Missing Account Type`,
	26: `Invalid CumulusUser Username`,
	27: `CumulusUser Username does not contain "@"`,
	28: `CumulusUser Username contains an invalid suffix`,
	29: `CumulusUser Username is already in use`,
	30: `Missing AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'`,
	31: `Invalid AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'`,
	32: `Missing OrgName. When AccountContactType is 'Organisation' OrgName is required`,
	33: `Invalid OrgType. If given OrgType value,then it must valid integer. Otherwise leave blank to set default value 29 for org type 'Company'`,
	34: `%s: Invalid or Missing Title`,
	35: `%s: Invalid or Missing First Name`,
	36: `%s: Invalid or Missing Last Name`,
	37: `%s: Invalid or Missing Address`,
	38: `%s: Invalid or Missing Suburb`,
	39: `%s: Invalid or Missing State`,
	40: `%s: Invalid or Missing Postcode`,
	41: `%s: Invalid or Missing Country`,
	42: `%s: Invalid or Missing Email Address`,
	43: `%s: Invalid or Missing Phone Number`,
	44: `%s: Invalid Website`,
	45: `Invalid or Missing CumulusUser Username`,
	46: `Invalid or Missing Password`,
}

func emersionSentence(number int, contact string) string {
	return strings.ReplaceAll(emersionSentences[number], "%s", contact)
}

// emersionFault is the page's example fault: the sentence is the plain text of the detail.
func emersionFault(sentence string) fault {
	return fault{code: codeClient, text: "Validation Error", actor: "http://emersion.com.au/Services", detail: escape(sentence)}
}

// accountRules goes through the page's list; the first rule that is broken is the answer, as a script would do it.
func accountRules(r *request, _ time.Time) *answer {
	sentence := emersionSentence(brokenAccountRule(r.body), "PrimaryContact")
	if sentence == "" {
		sentence = emersionSentence(brokenContactRule(r.body.kid("PrimaryContact").kid("Detail")), "PrimaryContact")
	}
	billing := r.body.kid("BillingContact").kid("Detail")
	if sentence == "" && strings.TrimSpace(billing.at("Title")) != "" { // note 17: looked at only when it has a title
		sentence = emersionSentence(brokenContactRule(billing), "BillingContact")
	}
	if sentence == "" {
		return nil
	}
	return r.faulted(emersionFault(sentence))
}

// brokenAccountRule returns the number of the first broken rule outside the contacts, or 0.
func brokenAccountRule(account *element) int {
	contactType := account.at("AccountContactType", "Type")
	organisation := account.kid("AccountOrganisation")
	username := brokenUsernameRule(account.at("PrimaryContact", "CumulusUser", "UserName"))
	orgType := organisation.at("OrgType")
	_, notInteger := strconv.Atoi(orgType)
	switch {
	case account.at("AccountType") != "End User": // note 8
		return 25
	case username != 0:
		return username
	case contactType == "":
		return 30
	case !slices.Contains([]string{"Individual", "Organisation", "Org"}, contactType): // note 11
		return 31
	case contactType != "Individual" && strings.TrimSpace(organisation.at("OrgName")) == "":
		return 32
	case orgType != "" && notInteger != nil: // note 16
		return 33
	case len([]rune(account.at("PrimaryContact", "CumulusUser", "Password"))) < 6: // note 10
		return 46
	}
	return 0
}

// domain is a dotted domain name.
var domain = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// brokenUsernameRule is note 9: "fully qualified domain name i.e. username@domain.com.au".
func brokenUsernameRule(username string) int {
	before, after, _ := strings.Cut(username, "@")
	switch {
	case strings.TrimSpace(username) == "":
		return 45
	case !strings.Contains(username, "@"):
		return 27
	case before == "" || strings.ContainsAny(before, " \t\r\n") || strings.Contains(after, "@"):
		return 26
	case !domain.MatchString(after):
		return 28
	case strings.HasPrefix(strings.ToLower(before), takenUsernames):
		return 29
	}
	return 0
}

// emersionStates are the names and codes that the page's lost list of states must have had (notes 18 to 20).
var emersionStates = []string{
	"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA", "oth",
	"Australian Capital Territory", "New South Wales", "Northern Territory", "Queensland", "South Australia", "Tasmania",
	"Victoria", "Western Australia", "Other",
}

// brokenContactRule returns the number of the first broken rule of a contact, or 0. Nothing depends on the country (note 21).
func brokenContactRule(contact *element) int {
	missing := func(name string) bool { return strings.TrimSpace(contact.at(name)) == "" }
	state := func(known string) bool { return strings.EqualFold(known, strings.TrimSpace(contact.at("State"))) }
	switch {
	case missing("Title"):
		return 34
	case missing("FirstName"):
		return 35
	case missing("LastName"):
		return 36
	case missing("AddressLine1"):
		return 37
	case missing("Suburb"):
		return 38
	case !slices.ContainsFunc(emersionStates, state):
		return 39
	case missing("Postcode"):
		return 40
	case missing("Country"):
		return 41
	case !emailAddress.MatchString(contact.at("EmailAddress")):
		return 42
	case !strings.ContainsAny(contact.at("PhoneNumber"), "0123456789"):
		return 43
	case !missing("Website") && !website.MatchString(contact.at("Website")):
		return 44
	}
	return 0
}

// The page does not define an invalid address of any kind: these refuse texts that cannot be one.
var (
	emailAddress = regexp.MustCompile(`^[^@]+@[^@]+$`)
	website      = regexp.MustCompile(`(?i)^(https?://\S+|[^\s/:@]+(:\d+)?([/?#]\S*)?)$`)
)
