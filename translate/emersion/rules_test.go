package emersion

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// ruled is one row of the contract's table: a request, and the number that refuses it.
type ruled struct {
	name string
	body []string // pieces of the minimal request to replace, old and new
	// number and contact are as for numberedAt; 0 for a request that is accepted.
	number  int
	contact string
	params  map[string]any
}

const (
	userNameMember = `"userName": "login@example.com.au"`
	passwordMember = `"password": "correct horse"`
	typeMember     = `"type": "Individual"`
	endUser        = `"accountType": "End User"`
)

// userNames are note 9 and the errors 45, 27, 26 and 28: of a bad name, exactly the first one that holds.
var userNames = []ruled{
	{name: "with a dotted domain", body: []string{userNameMember, `"userName": "a@b.c"`}},
	{name: "with several dots and a hyphen", body: []string{userNameMember, `"userName": "a.b-c+d@mail-1.example.com.au"`}},
	{name: "with letters beyond ASCII before @", body: []string{userNameMember, `"userName": "zoë@xn--bcher-kva.example"`}},
	{name: "with letters beyond ASCII in the domain", body: []string{userNameMember, `"userName": "zoe@bücher.example"`}, number: 28},
	{name: "with digits beyond ASCII in the domain", body: []string{userNameMember, `"userName": "zoe@١.example"`}, number: 28},
	{name: "with a letter that only Unicode folds into an ASCII one", body: []string{userNameMember, `"userName": "zoe@\u212aelvin.example"`}, number: 28},
	{name: "with an address in the place of a domain", body: []string{userNameMember, `"userName": "zoe@192.0.2.1"`}, number: 28},
	{name: "with digits in the domain", body: []string{userNameMember, `"userName": "zoe@3.2com.x9"`}},
	{name: "with the longest domain", body: []string{userNameMember, `"userName": "zoe@` + strings.Repeat("a.", 126) + `b"`}},
	{name: "with a domain that is too long", body: []string{userNameMember, `"userName": "zoe@` + strings.Repeat("a.", 126) + `bc"`}, number: 28},
	{name: "absent", body: []string{userNameMember + ", ", ""}, number: 45},
	{name: "null", body: []string{userNameMember, `"userName": null`}, number: 45},
	{name: "empty", body: []string{userNameMember, `"userName": ""`}, number: 45},
	{name: "blank", body: []string{userNameMember, `"userName": " \t "`}, number: 45},
	{name: "without @", body: []string{userNameMember, `"userName": "jane.example.com"`}, number: 27},
	{name: "without @ and with white space", body: []string{userNameMember, `"userName": "jane doe"`}, number: 27},
	{name: "with nothing before @", body: []string{userNameMember, `"userName": "@example.com"`}, number: 26},
	{name: "with white space before @", body: []string{userNameMember, `"userName": "jane doe@example.com"`}, number: 26},
	{name: "with a no-break space before @", body: []string{userNameMember, `"userName": "jane\u00a0doe@example.com"`}, number: 26},
	{name: "that begins with white space", body: []string{userNameMember, `"userName": " jane@example.com"`}, number: 26},
	{name: "with several @", body: []string{userNameMember, `"userName": "jane@doe@example.com"`}, number: 26},
	{name: "with @ twice and a bad domain", body: []string{userNameMember, `"userName": "jane@@"`}, number: 26},
	{name: "with @ alone", body: []string{userNameMember, `"userName": "@"`}, number: 26},
	{name: "with nothing after @", body: []string{userNameMember, `"userName": "jane@"`}, number: 28},
	{name: "with a domain without dot", body: []string{userNameMember, `"userName": "jane@localhost"`}, number: 28},
	{name: "with a domain that ends in a dot", body: []string{userNameMember, `"userName": "jane@example."`}, number: 28},
	{name: "with a domain that begins with a dot", body: []string{userNameMember, `"userName": "jane@.example"`}, number: 28},
	{name: "with an empty label", body: []string{userNameMember, `"userName": "jane@example..com"`}, number: 28},
	{name: "with white space in the domain", body: []string{userNameMember, `"userName": "jane@exa mple.com"`}, number: 28},
	{name: "with white space behind the domain", body: []string{userNameMember, `"userName": "jane@example.com "`}, number: 28},
	{name: "with a label that begins with a hyphen", body: []string{userNameMember, `"userName": "jane@-example.com"`}, number: 28},
	{name: "with an underscore in the domain", body: []string{userNameMember, `"userName": "jane@exa_mple.com"`}, number: 28},
	{name: "with a label of 63 characters", body: []string{userNameMember, `"userName": "jane@` + strings.Repeat("a", 63) + `.com"`}},
	{name: "with a label of 64 characters", body: []string{userNameMember, `"userName": "jane@` + strings.Repeat("a", 64) + `.com"`}, number: 28},
}

var accountRules = []ruled{
	{name: "account type absent", body: []string{endUser + ",", ""}, number: 25},
	{name: "account type null", body: []string{endUser, `"accountType": null`}, number: 25},
	{name: "account type empty", body: []string{endUser, `"accountType": ""`}, number: 25},
	{name: "account type blank", body: []string{endUser, `"accountType": "  "`}, number: 25},
	{name: "account type in another letter case", body: []string{endUser, `"accountType": "end user"`}, number: 25},
	{name: "account type with another space", body: []string{endUser, `"accountType": "End  User"`}, number: 25},
	{name: "account type half", body: []string{endUser, `"accountType": "End"`}, number: 25},
	{name: "account type with white space around", body: []string{endUser, `"accountType": "End User "`}, number: 25},

	{name: "password of 6 characters", body: []string{passwordMember, `"password": "123456"`}},
	{name: "password of 6 characters beyond the BMP", body: []string{passwordMember, `"password": "😀😀😀😀😀😀"`}},
	{name: "password of 5 characters", body: []string{passwordMember, `"password": "12345"`}, number: 46},
	{name: "password of 5 characters in 20 bytes", body: []string{passwordMember, `"password": "😀😀😀😀😀"`}, number: 46},
	{name: "password absent", body: []string{", " + passwordMember, ""}, number: 46},
	{name: "password null", body: []string{passwordMember, `"password": null`}, number: 46},
	{name: "password empty", body: []string{passwordMember, `"password": ""`}, number: 46},
	{name: "password blank", body: []string{passwordMember, `"password": "       "`}, number: 46},

	{name: "contact type Organisation", body: []string{typeMember + "}", `"type": "Organisation"}, "accountOrganisation": {"orgName": "Example"}`}},
	{name: "contact type Org", body: []string{typeMember + "}", `"type": "Org"}, "accountOrganisation": {"orgName": "Example"}`}},
	{name: "contact type object absent", body: []string{`,
	"accountContactType": {"type": "Individual"}`, ""}, number: 30},
	{name: "contact type null", body: []string{`{` + typeMember + `}`, `null`}, number: 30},
	{name: "contact type empty", body: []string{typeMember, `"type": ""`}, number: 30},
	{name: "contact type blank", body: []string{typeMember, `"type": "\n"`}, number: 30},
	{name: "contact type in another letter case", body: []string{typeMember, `"type": "individual"`}, number: 31},
	{name: "contact type in American", body: []string{typeMember, `"type": "Organization"`}, number: 31},
	{name: "contact type with a dot", body: []string{typeMember, `"type": "Org."`}, number: 31},

	{name: "Organisation without organisation", body: []string{typeMember, `"type": "Organisation"`}, number: 32},
	{name: "Org without organisation", body: []string{typeMember, `"type": "Org"`}, number: 32},
	{name: "Organisation with null", body: []string{typeMember + "}", `"type": "Organisation"}, "accountOrganisation": null`}, number: 32},
	{name: "Organisation without name", body: []string{typeMember + "}", `"type": "Organisation"}, "accountOrganisation": {"orgType": 29}`}, number: 32},
	{name: "Organisation with name null", body: []string{typeMember + "}", `"type": "Organisation"}, "accountOrganisation": {"orgName": null, "orgType": 29}`}, number: 32},
	{name: "Organisation with empty name", body: []string{typeMember + "}", `"type": "Organisation"}, "accountOrganisation": {"orgName": ""}`}, number: 32},
	{name: "Organisation with blank name", body: []string{typeMember + "}", `"type": "Organisation"}, "accountOrganisation": {"orgName": "\u00a0"}`}, number: 32},
	{name: "Individual without name", body: []string{typeMember + "}", `"type": "Individual"}, "accountOrganisation": {"orgType": 29}`}},
	{name: "Individual with empty name", body: []string{typeMember + "}", `"type": "Individual"}, "accountOrganisation": {"orgName": ""}`}},
}

var contactTypes = []string{"Individual", "Organisation", "Org"}

// orgTypes are note 16 and error 33: every JSON type, every form of a number.
func orgTypes() (rows []ruled) {
	row := func(name, value string, number int, params map[string]any) {
		organisation := `"type": "Individual"}, "accountOrganisation": {"orgName": "Example", "orgType": ` + value + `}`
		rows = append(rows, ruled{name: "org type " + name, body: []string{typeMember + "}", organisation}, number: number, params: params})
	}
	notInteger := map[string]any{"expected": "integer"}
	beyond := map[string]any{"min": int64(-1 << 63), "max": int64(1<<63 - 1)}
	row("29", "29", 0, nil)
	row("0", "0", 0, nil)
	row("minus 0", "-0", 0, nil)
	row("negative", "-1", 0, nil)
	row("null", "null", 0, nil)
	row("beyond 32 bits", "2147483648", 0, nil)
	row("of 64 bits", "9223372036854775807", 0, nil)
	row("beyond 64 bits", "9223372036854775808", 33, beyond)
	row("a string", `"29"`, 33, notInteger)
	row("an empty string", `""`, 33, notInteger)
	row("true", "true", 33, notInteger)
	row("an object", `{"code": 29}`, 33, notInteger)
	row("an empty object", `{}`, 33, notInteger)
	row("an array", `[29]`, 33, notInteger)
	row("an empty array", `[]`, 33, notInteger)
	row("with a fraction", "29.0", 33, nil)
	row("with an exponent", "29e0", 33, nil)
	row("with a large exponent", "1e400", 33, nil)
	return rows
}

// contactRules are the errors 34 to 44 of one contact; document has the contact's detail with the given members.
func contactCases(contact, title string) (rows []ruled) {
	row := func(number int, name, old, replacement string) {
		rows = append(rows, ruled{name: contact + " " + name, body: []string{old, replacement}, number: number, contact: contact})
	}
	members := map[string]struct {
		number int
		text   string
	}{
		"title": {34, title}, "firstName": {35, "Fay"}, "lastName": {36, "Lee"}, "addressLine1": {37, "9 Low St"}, "suburb": {38, "Hobart"},
		"state": {39, "Tas"}, "postcode": {40, "7000"}, "country": {41, "AUS"}, "emailAddress": {42, "fay@example.org"}, "phoneNumber": {43, "03 1"},
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		member := members[name]
		text := fmt.Sprintf(`"%s": "%s"`, name, member.text)
		if name == "title" && contact == "Billing" {
			continue // without a title nothing else of a billing contact is checked
		}
		row(0, name+" given", text, text)
		row(member.number, name+" null", text, fmt.Sprintf(`"%s": null`, name))
		row(member.number, name+" empty", text, fmt.Sprintf(`"%s": ""`, name))
		row(member.number, name+" blank", text, fmt.Sprintf(`"%s": " \u2003"`, name))
		row(member.number, name+" absent", text+",", "")
	}
	return append(rows, formRules(contact)...)
}

// formRules are the rules of form of one contact.
func formRules(contact string) (rows []ruled) {
	row := func(number int, member, text string) {
		old := map[string]string{
			"state": `"state": "Tas"`, "postcode": `"postcode": "7000"`, "emailAddress": `"emailAddress": "fay@example.org"`,
			"phoneNumber": `"phoneNumber": "03 1"`, "website": `"suburb": "Hobart"`,
		}[member]
		replacement := fmt.Sprintf(`"%s": %s`, member, quoted(text))
		if member == "website" {
			replacement = old + ", " + replacement
		}
		rows = append(rows, ruled{name: fmt.Sprintf("%s %s %q", contact, member, text), body: []string{old, replacement}, number: number, contact: contact})
	}
	for _, state := range []string{
		"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA", "act", "Qld", "wA", "Australian Capital Territory", "New South Wales", "Northern Territory",
		"Queensland", "South Australia", "Tasmania", "Victoria", "Western Australia", "VICTORIA", "new south wales",
	} {
		row(0, "state", state)
	}
	for _, state := range []string{"Other", "oth", "Bavaria", "NZ", "V", "VIC ", " VIC", "New  South Wales", "ſA", "Jervis Bay"} {
		row(39, "state", state)
	}
	for _, postcode := range []string{"0800", "0000", "9999"} { // leading zeros, and never against the state
		row(0, "postcode", postcode)
	}
	for _, postcode := range []string{"700", "70000", "70 00", "7000 ", "700a", "٧٠٠٠", "-700", "7.00"} {
		row(40, "postcode", postcode)
	}
	for _, email := range []string{"a@b", "a.b+c@d-e.f", "ä@ö", "😀@😀", "a b@c", "a@ b"} {
		row(0, "emailAddress", email)
	}
	for _, email := range []string{"a", "a.b", "@", "a@", "@b", "a@b@c", "a@@b", " @b", "a@ "} {
		row(42, "emailAddress", email)
	}
	for _, phone := range []string{"0", "+61 (0)3-9000 0000", "(03)", "1-", "03 9000 x12", "03 9000 ext 12", "03 9000ext.12", "03 9000 Extension 1", "03 9000X1"} {
		row(0, "phoneNumber", phone)
	}
	for _, phone := range []string{"-", "+", "()", "call me", "03/9000", "03.9000", "٠١", "03 9000 x", "x12", "03 9000 ext", "03 9000 x12a", "03 9000 x1 x2", "03\t9000"} {
		row(43, "phoneNumber", phone)
	}
	for _, site := range []string{
		"http://example.com", "https://example.com/path?q=1#f", "HTTPS://EXAMPLE.COM", "http://example.com:8080", "http://u:p@example.com/", "www.example.com",
		"example", "xn--bcher-kva.example", "bücher.example", "http://127.0.0.1/", "http://[2001:db8::1]/", strings.Repeat("a", 63) + ".au",
	} {
		row(0, "website", site)
	}
	for _, site := range []string{
		"", " ", "http://", "https:///path", "ftp://example.com", "mailto:a@example.com", "javascript:alert(1)", "//example.com", "example.com/path",
		"http://exa mple.com", "www.example.com ", ".example.com", "example..com", "-a.com", "a-.com", "a_b.com", "http://%zz", "http://a_b.com",
		"http://[fe80::1", strings.Repeat("a", 64) + ".au", strings.Repeat("a.", 127) + "au",
	} {
		row(44, "website", site)
	}
	return rows
}

// contactDetail has members that are nowhere else in the request.
const contactDetail = `"detail": {"title": "%s", "firstName": "Fay", "lastName": "Lee", "addressLine1": "9 Low St", "suburb": "Hobart", "state": "Tas",
		"postcode": "7000", "country": "AUS", "emailAddress": "fay@example.org", "phoneNumber": "03 1", "faxNumber": "none"}`

// withPrimary and withBilling are requests with that detail.
var (
	withPrimary = strings.Replace(minimal, minimal[strings.Index(minimal, `"detail"`):strings.Index(minimal, `,
		"cumulusUser"`)], fmt.Sprintf(contactDetail, "Dr"), 1)
	withBilling = with(`"billingContact": {` + fmt.Sprintf(contactDetail, "Sir") + `}`)
)

// numberedParams are what the rules know of a value in Australia, be it missing or wrong.
var numberedParams = map[int]map[string]any{
	25: {"list": []string{"End User"}},
	30: {"list": contactTypes},
	31: {"list": contactTypes},
	39: {"expected": "australian-state", "list": australianStates},
	40: {"expected": "australian-postcode"},
	46: {"min": 6},
}

// TestNumberedRules reads one request for every rule that has a number on the vendor's page, and for what it accepts.
func TestNumberedRules(t *testing.T) {
	op := operation(t, Config{})
	reached := map[int]bool{29: true} // the vendor alone can know that a name is in use: TestFaults reaches it
	run := func(document string, rows []ruled) {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				body := edit(t, document, row.body...)
				if row.number == 0 {
					check(t, op, body)
					return
				}
				check(t, op, body, numberedAt(t, row.number, row.contact).Knowing(numberedParams[row.number]).Knowing(row.params))
				reached[row.number] = true
			})
		}
	}
	run(minimal, userNames)
	run(minimal, accountRules)
	run(minimal, orgTypes())
	run(withPrimary, contactCases("Primary", "Dr"))
	run(withBilling, contactCases("Billing", "Sir"))
	for number := 25; number <= 46; number++ {
		if !reached[number] {
			t.Errorf("no row reaches the vendor's error %d", number)
		}
	}
}

// TestStructuralRulesKeepTheirCodes fails where a rule without a number reports one of the vendor's.
func TestStructuralRulesKeepTheirCodes(t *testing.T) {
	op := operation(t, Config{})
	wrongType := func(pointer string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.WrongType, Detail: "This must be a string.", Params: map[string]any{"expected": "string"}}
	}
	check(t, op, edit(t, minimal, endUser, `"accountType": 1`), wrongType("/accountType"))
	check(t, op, edit(t, minimal, userNameMember, `"userName": false`), wrongType("/primaryContact/cumulusUser/userName"))
	check(t, op, edit(t, minimal, passwordMember, `"password": 12345`), wrongType("/primaryContact/cumulusUser/password"))
	check(t, op, edit(t, minimal, `"title": "Ms"`, `"title": []`), wrongType("/primaryContact/detail/title"))
	check(t, op, edit(t, minimal, `"country": "Australia"`, `"country": 61`), wrongType("/primaryContact/detail/country"))
	check(t, op, edit(t, minimal, typeMember, `"type": {}`), wrongType("/accountContactType/type"))
	check(t, op, edit(t, minimal, typeMember, `"type": null`), numberedAt(t, 30, "").Knowing(numberedParams[30]))
}

// TestRegion checks state and postcode against the country, which decides on both.
func TestRegion(t *testing.T) {
	op := operation(t, Config{})
	state, postcode := numberedAt(t, 39, "Primary"), numberedAt(t, 40, "Primary")
	postcode.Params = map[string]any{"expected": "australian-postcode"}
	australian, other := state, state
	australian.Params = map[string]any{"expected": "australian-state", "list": australianStates}
	other.Params, other.Hint = map[string]any{"list": []string{"Other", "oth"}}, "Give Other, as for every country but Australia."
	for _, test := range []struct {
		country, state, postcode string
		want                     []translate.Violation
	}{
		{"Australia", "VIC", "3000", nil},
		{"AU", "vic", "0001", nil},
		{"AUS", "Victoria", "3000", nil},
		{"australia", "VIC", "3000", nil},
		{"aUs", "VIC", "3000", nil},
		{" Australia ", "VIC", "3000", nil},
		{"Australia", "Other", "3000", []translate.Violation{australian}},
		{"Australia", "VIC", "SW1A 1AA", []translate.Violation{postcode}},
		{"Australia", "Bavaria", "80331 ", []translate.Violation{australian, postcode}},
		{"New Zealand", "Other", "6011", nil},
		{"NZ", "oth", "6011", nil},
		{"NZ", "OTHER", "anything", nil},
		{"Germany", "Other", "D-80331", nil},
		{"Atlantis", "other", "-", nil}, // the vendor's list of countries is lost
		{"NZ", "VIC", "6011", []translate.Violation{other}},
		{"Austria", "Wien", "1010", []translate.Violation{other}},
		{"A.U.", "VIC", "3000", []translate.Violation{other}},
	} {
		body := edit(t, minimal, `"country": "Australia"`, `"country": `+quoted(test.country), `"state": "VIC"`, `"state": `+quoted(test.state),
			`"postcode": "3000"`, `"postcode": `+quoted(test.postcode))
		check(t, op, body, test.want...)
	}
	blank := edit(t, minimal, `"country": "Australia"`, `"country": " "`, `"postcode": "3000"`, `"postcode": "x"`)
	check(t, op, blank, numberedAt(t, 41, "Primary")) // without a country nothing is known of state and postcode
}

// TestSentAsWritten compares a request's texts with the envelope: only identifiers are changed on the way.
func TestSentAsWritten(t *testing.T) {
	sent := envelope(t, operation(t, Config{}), edit(t, minimal, `"VIC"`, `"new south WALES"`, `"Australia"`, `" aus "`, `"Doe"`, `"  Doe & <Sons> "`, `"Melbourne"`, `"Melbourne", "addressLine2": ""`))
	for _, piece := range []string{
		"<ser:State>new south WALES</ser:State>", "<ser:Country> aus </ser:Country>", "<ser:LastName>  Doe &amp; &lt;Sons&gt; </ser:LastName>",
		"<ser:AddressLine2/><ser:Suburb>",
	} {
		if !strings.Contains(sent, piece) {
			t.Errorf("no %s in %s", piece, sent)
		}
	}
}

// TestBillingContact is note 17: without a title the vendor ignores the whole contact, so that is refused, and nothing else of it is
// looked at.
func TestBillingContact(t *testing.T) {
	op := operation(t, Config{})
	ignored := translate.Violation{
		Pointer: "/billingContact/detail/title", Code: "emersion-billing-ignored",
		Detail: "The vendor silently ignores a billing contact without a title. Give a title, or leave the billing contact out.",
	}
	empty := func(pointer string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.EmptyObject, Detail: "An object may not be empty. Leave the member out instead."}
	}
	wrongType := func(pointer, expected string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.WrongType, Detail: "This must be " + expected + ".", Params: map[string]any{"expected": strings.TrimPrefix(strings.TrimPrefix(expected, "an "), "a ")}}
	}
	for _, test := range []struct {
		name, members string
		want          []translate.Violation
	}{
		{"absent", `"accountReference": "r"`, nil},
		{"null", `"billingContact": null`, nil},
		{"complete", billing, nil},
		{"empty", `"billingContact": {}`, []translate.Violation{empty("/billingContact")}},
		{"with empty detail", `"billingContact": {"detail": {}}`, []translate.Violation{ignored}},
		{"with nulls", `"billingContact": {"detail": {"title": null, "firstName": null}}`, []translate.Violation{ignored}},
		{"without title", `"billingContact": {"detail": {"firstName": "John"}}`, []translate.Violation{ignored}},
		{"without title, all else", edit(t, billing, `"title": "Mr", `, ""), []translate.Violation{ignored}},
		{"with empty title, all else", edit(t, billing, `"Mr"`, `""`), []translate.Violation{ignored}},
		{"with blank title", `"billingContact": {"detail": {"title": "  "}}`, []translate.Violation{ignored}},
		{"with empty title alone", `"billingContact": {"detail": {"title": ""}}`, []translate.Violation{ignored}},
		{"with empty members only", `"billingContact": {"detail": {"firstName": "", "lastName": ""}}`, []translate.Violation{ignored}},
		{"with an optional member only", `"billingContact": {"detail": {"website": "not one"}}`, []translate.Violation{ignored}},
		{"without title and full of mistakes", `"billingContact": {"detail": {"state": "XX", "country": "AU", "postcode": "1", "emailAddress": "a", "phoneNumber": "b"}}`, []translate.Violation{ignored}},
		{"with a title alone", `"billingContact": {"detail": {"title": "Mr"}}`, []translate.Violation{
			numberedAt(t, 35, "Billing"), numberedAt(t, 36, "Billing"), numberedAt(t, 37, "Billing"), numberedAt(t, 38, "Billing"), numberedAt(t, 39, "Billing"),
			numberedAt(t, 40, "Billing"), numberedAt(t, 41, "Billing"), numberedAt(t, 42, "Billing"), numberedAt(t, 43, "Billing"),
		}},
		{"that is not an object", `"billingContact": "Mr"`, []translate.Violation{wrongType("/billingContact", "an object")}},
		{"with detail that is not an object", `"billingContact": {"detail": ["Mr"]}`, []translate.Violation{wrongType("/billingContact/detail", "an object")}},
		{"with a title that is not a text", edit(t, billing, `"Mr"`, `1`, `"6000"`, `"1"`), []translate.Violation{
			wrongType("/billingContact/detail/title", "a string"), numberedAt(t, 40, "Billing").Expecting(shape.FormatAustralianPostcode),
		}},
		{"with a member that is not a text, and without a title", `"billingContact": {"detail": {"firstName": 1, "lastName": "Roe"}}`, []translate.Violation{
			wrongType("/billingContact/detail/firstName", "a string"), ignored,
		}},
		{"with nothing but a member that is not a text", `"billingContact": {"detail": {"firstName": 1}}`, []translate.Violation{
			wrongType("/billingContact/detail/firstName", "a string"), ignored,
		}},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, op, with(test.members), test.want...) })
	}
	stray := violations(t, op, with(`"billingContact": {"detail": {"Title": "Mr"}}`))
	if len(stray) != 1 || stray[0].Pointer != "/billingContact/detail/Title" || stray[0].Code != record.UnknownMember {
		t.Errorf("%+v", stray)
	}
}

// TestEmptyRequest names every required leaf, in the page's order.
func TestEmptyRequest(t *testing.T) {
	known := func(number int) translate.Violation { return numberedAt(t, number, "").Knowing(numberedParams[number]) }
	want := []translate.Violation{known(25)}
	for number := 34; number <= 43; number++ {
		want = append(want, numberedAt(t, number, "Primary"))
	}
	check(t, operation(t, Config{}), `{}`, append(want, known(45), known(46), known(30))...)
}

// TestOptionalMembers sends each of them as an empty text, a text of white space, and null.
func TestOptionalMembers(t *testing.T) {
	op := operation(t, Config{})
	for _, text := range []string{`""`, `" "`, `"x"`, `null`} {
		check(t, op, with(`"licenceeUsername": `+text+`, "accountReference": `+text))
		check(t, op, edit(t, minimal, `"title": "Ms"`, fmt.Sprintf(`"title": "Ms", "addressLine2": %[1]s, "addressLine3": %[1]s, "mobileNumber": %[1]s, "faxNumber": %[1]s`, text)))
		check(t, op, with(fmt.Sprintf(`"accountOrganisation": {"orgName": %[1]s, "orgTradingName": "t"}`, text)))
	}
	if sent := envelope(t, op, with(`"licenceeUsername": null`)); strings.Contains(sent, "LicenceeUsername") || strings.Contains(sent, "AccountReference") {
		t.Errorf("something was filled in: %s", sent)
	}
}
