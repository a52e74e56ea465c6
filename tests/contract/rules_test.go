package contract_test

import (
	"maps"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// conduct is what an operation does beside carrying members: what no sample shows and no tag says. An operation that only carries
// has none of its own.
type conduct struct {
	// defaults are the texts that the proxy fills in, by JSON Pointer.
	defaults map[string]string
	// rewritten returns what is sent for a text, by JSON Pointer.
	rewritten map[string]func(text string, document map[string]any) string
	// fix changes a random document, whose members each obey their own tags, so that it obeys the rules between members.
	fix func(t *rapid.T, document map[string]any)
}

// conduct returns what the operation does, its system's part included.
func (o operation) conduct() conduct {
	own := conducts[o.Name]
	all := conduct{
		defaults: map[string]string{}, rewritten: map[string]func(string, map[string]any) string{}, fix: own.fix,
	}
	for _, part := range []conduct{o.system.conduct, own} {
		maps.Copy(all.defaults, part.defaults)
		maps.Copy(all.rewritten, part.rewritten)
	}
	return all
}

var baseRequest = map[string]string{
	"/baseRequest/userId": callerID, "/baseRequest/messageDateTime": instant, "/baseRequest/messageId": operationID,
}

// named is how an empty message id is sent: the operation id goes upstream where the caller left it empty.
var named = map[string]func(string, map[string]any) string{
	"/baseRequest/messageId": func(text string, _ map[string]any) string {
		if blank(text) {
			return operationID
		}
		return text
	},
}

var conducts = map[string]conduct{
	"CreateWorkFlowManager": {
		fix: func(t *rapid.T, d map[string]any) {
			oneOf(t, d, "accountNumber", "customerNumber", "premiseNumber")
		},
	},
	"CreateCallLog": {
		defaults: map[string]string{"/customerCallLog/createdDateTime": instant},
	},
	"UpdateCustomerPIN": {
		fix: func(t *rapid.T, d map[string]any) {
			oneOf(t, d, "accountNumber", "customerNumber")
			if d["operationType"] == "UPDATE" {
				d["pin"] = visible(t, d["pin"])
			}
		},
	},
	"CreateService": {
		defaults: map[string]string{"/externalReference": operationID},
		rewritten: map[string]func(string, map[string]any) string{
			"/serviceData/customerLevel": func(text string, _ map[string]any) string { return strings.ToUpper(text) },
		},
		fix: fixService,
	},
	"CreateComplexAccount": {
		rewritten: map[string]func(string, map[string]any) string{
			"/accountOrganisation/orgIdentifier": func(text string, d map[string]any) string {
				if get(d, "/accountOrganisation/orgIdentifierType") == "RBN" {
					return text
				}
				return strings.ReplaceAll(text, " ", "")
			},
		},
		fix: fixAccount,
	},
}

// oneOf makes sure that one of some members has a text.
func oneOf(t *rapid.T, object map[string]any, members ...string) {
	for _, m := range members {
		if text, ok := object[m].(string); ok && !blank(text) {
			return
		}
	}
	m := rapid.SampledFrom(members).Draw(t, "which one")
	object[m] = visible(t, object[m])
}

// visible returns the text, or one that has more than white space.
func visible(t *rapid.T, text any) string {
	s, _ := text.(string)
	if blank(s) {
		return visibleText(40).Draw(t, "visible text")
	}
	return s
}

func fixService(t *rapid.T, d map[string]any) {
	s, _ := d["serviceData"].(map[string]any)
	level := strings.ToUpper(get(d, "/serviceData/customerLevel"))
	if level == "AGREEMENT" {
		delete(s, "description")
	}
	if level != "ACCOUNT" {
		delete(s, "accountServiceAgreement")
	}
	if expiry, ok := s["expiryDate"].(string); ok {
		effective := get(d, "/serviceData/effectiveDate")
		s["effectiveDate"], s["expiryDate"] = min(effective, expiry), max(effective, expiry)
	}
}

func fixAccount(t *rapid.T, d map[string]any) {
	primary, _ := d["primaryContact"].(map[string]any)
	primary["cumulusUser"].(map[string]any)["userName"] = userName.Draw(t, "userName")
	fixContact(t, primary["detail"].(map[string]any))
	if billing, ok := d["billingContact"].(map[string]any); ok {
		fixContact(t, billing["detail"].(map[string]any))
	}
	organisation, _ := d["accountOrganisation"].(map[string]any)
	if get(d, "/accountContactType/type") != "Individual" {
		if organisation == nil {
			organisation = map[string]any{}
			d["accountOrganisation"] = organisation
		}
		organisation["orgName"] = visible(t, organisation["orgName"])
	}
	fixIdentifier(t, organisation)
}

// fixIdentifier sets the organisation's identifier exactly when it has the type of one.
func fixIdentifier(t *rapid.T, organisation map[string]any) {
	kind, ok := organisation["orgIdentifierType"].(string)
	switch {
	case organisation == nil:
	case !ok:
		delete(organisation, "orgIdentifier")
		if len(organisation) == 0 {
			organisation["orgTradingName"] = "a member that any document may have"
		}
	default:
		organisation["orgIdentifier"] = identifier(kind).Draw(t, "orgIdentifier")
	}
}

// identifiers are valid ones; the first of each type are contract examples, the rest follow from their published check digits.
var identifiers = map[string][]string{
	"ABN": {"51824753556", "53004085616"},
	"ACN": {"004085616", "005749986"},
	"TFN": {"123456782", "37118629"},
}

func identifier(kind string) *rapid.Generator[string] {
	if kind == "RBN" {
		return visibleText(20)
	}
	return rapid.Custom(func(t *rapid.T) string {
		digits := rapid.SampledFrom(identifiers[kind]).Draw(t, "digits")
		spaced := ""
		for _, digit := range digits {
			spaced += string(digit) + strings.Repeat(" ", rapid.IntRange(0, 2).Draw(t, "spaces"))
		}
		return spaced
	})
}

func fixContact(t *rapid.T, detail map[string]any) {
	detail["emailAddress"] = mailbox.Draw(t, "emailAddress")
	detail["phoneNumber"] = phoneNumber.Draw(t, "phoneNumber")
	if _, ok := detail["website"]; ok {
		detail["website"] = website.Draw(t, "website")
	}
	if rapid.Bool().Draw(t, "in Australia") {
		detail["country"] = rapid.SampledFrom([]string{"Australia", "AU", "AUS", "australia", "aus"}).Draw(t, "country")
		detail["state"] = rapid.SampledFrom(australianStates).Draw(t, "state")
		detail["postcode"] = rapid.StringMatching(`[0-9]{4}`).Draw(t, "postcode")
		return
	}
	detail["country"] = "not " + visible(t, detail["country"])
	detail["state"] = rapid.SampledFrom([]string{"Other", "oth", "OTHER", "Oth"}).Draw(t, "state")
}

var australianStates = []string{
	"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA", "vic", "Australian Capital Territory", "New South Wales",
	"Northern Territory", "Queensland", "South Australia", "Tasmania", "Victoria", "Western Australia", "WESTERN australia",
}

var (
	domain  = rapid.StringMatching(`[a-z0-9]{1,9}(-[a-z0-9]{1,5})?(\.[a-z]{2,5}){1,2}`)
	host    = rapid.OneOf(domain, rapid.Map(domain, func(d string) string { return "é" + d }))
	website = rapid.OneOf(host, rapid.Map(host, func(d string) string { return "https://" + d + ":8443/päth?a=1&b=<2>#é" }))
	// phoneNumber has leading zeros, the allowed punctuation and extensions.
	phoneNumber = rapid.StringMatching(`0?[0-9 +()-]{0,8}[0-9][0-9 +()-]{0,4}( ?(x|ext\.?|Extension) ?[0-9]{1,4})?`)
	userName    = rapid.Custom(func(t *rapid.T) string {
		local := strings.Map(neitherSpaceNorAt, visibleText(20).Draw(t, "before the @"))
		return "u" + local + "@" + domain.Draw(t, "domain")
	})
	mailbox = rapid.Custom(func(t *rapid.T) string {
		noAt := func(r rune) rune {
			if r == '@' {
				return -1
			}
			return r
		}
		local, host := visibleText(20).Draw(t, "before the @"), visibleText(20).Draw(t, "after the @")
		return "m" + strings.Map(noAt, local) + "@" + strings.Map(noAt, host) + "n"
	})
)

// cut shortens a text to a number of code points.
func cut(text string, codePoints int) string {
	if utf8.RuneCountInString(text) <= codePoints {
		return text
	}
	return string([]rune(text)[:codePoints])
}
