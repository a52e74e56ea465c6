package contract_test

import (
	"maps"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"

	"soapbridge/tests/kit"
	"soapbridge/translate/record"
)

// conduct is what an operation does beside carrying members: what no sample shows and no tag says. The row of tests/kit has most of it.
type conduct struct {
	// defaults are the texts that the proxy fills in, by JSON Pointer.
	defaults map[string]string
	// rewritten returns what is sent for a text, by JSON Pointer.
	rewritten map[string]func(text string, document map[string]any) string
	// fix changes a random document, whose members each obey their own tags, so that it obeys rules that repair does not know.
	fix func(t *rapid.T, document map[string]any)
}

// conduct returns what the operation does, its system's part and its row's included.
func (o operation) conduct() conduct {
	own, row := conducts[o.Name], kit.Named(o.Name)
	all := conduct{
		defaults: map[string]string{}, rewritten: map[string]func(string, map[string]any) string{}, fix: own.fix,
	}
	for _, part := range []conduct{o.system.conduct, own} {
		maps.Copy(all.defaults, part.defaults)
		maps.Copy(all.rewritten, part.rewritten)
	}
	for pointer, filled := range row.Filled {
		all.defaults[pointer] = map[string]string{kit.ID: operationID, kit.Now: instant}[filled]
	}
	for _, pointer := range row.Upper {
		all.rewritten[pointer] = func(text string, _ map[string]any) string { return strings.ToUpper(text) }
	}
	return all
}

// repair makes a random document obey the rules between members, as the product says: what is required is added, and what may not be there with
// the others is taken out. A refusal for any other reason stays: each member obeys its tags, so it is a mistake.
func (o operation) repair(t *rapid.T, s shape, document map[string]any) {
	const rounds = 5 // what is added may forbid another, or demand one
	for range rounds {
		_, problem := o.Read(spell(0, document))
		if problem == nil {
			return
		}
		for _, v := range problem.Violations {
			switch v.Code {
			case record.Required:
				f := fieldAt(t, s, v.Pointer)
				value := single(t, &f)
				if text, ok := value.(string); ok && blank(text) {
					value = visibleText(int(f.limit("max", 40))).Draw(t, f.member)
				}
				put(document, v.Pointer, value)
			case record.NotAllowedHere, record.BeforeOther:
				remove(document, v.Pointer)
			}
		}
	}
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

// visible returns the text, or one that has more than white space.
func visible(t *rapid.T, text any) string {
	s, _ := text.(string)
	if blank(s) {
		return visibleText(40).Draw(t, "visible text")
	}
	return s
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
