package emersion

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate"
	"soapbridge/translate/record"
)

// page is the "Error String" list as the vendor's page prints it, with the PHP of the contact errors.
const page = `25. Invalid or Missing Account Type
26. Invalid CumulusUser Username
27. CumulusUser Username does not contain "@"
28. CumulusUser Username contains an invalid suffix
29. CumulusUser Username is already in use
30. Missing AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'
31. Invalid AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'
32. Missing OrgName. When AccountContactType is 'Organisation' OrgName is required
33. Invalid OrgType. If given OrgType value,then it must valid integer. Otherwise leave blank to set default value 29 for org type 'Company'
34. $contactType.': ' . 'Invalid or Missing Title
35. $contactType.': ' . 'Invalid or Missing First Name
36. $contactType.': ' . 'Invalid or Missing Last Name
37. $contactType.': ' . 'Invalid or Missing Address
38. $contactType.': ' . 'Invalid or Missing Suburb
39. $contactType.': ' . 'Invalid or Missing State
40. $contactType.': ' . 'Invalid or Missing Postcode
41. $contactType.': ' . 'Invalid or Missing Country
42. $contactType.': ' . 'Invalid or Missing Email Address
43. $contactType.': ' . 'Invalid or Missing Phone Number
44. $contactType.': ' . "Invalid Website
45. Invalid or Missing CumulusUser Username
46. Invalid or Missing Password`

// catalogueMembers are the places that the numbers stand for; a contact's are below its detail.
var catalogueMembers = map[int]string{
	25: "/accountType",
	26: "/primaryContact/cumulusUser/userName", 27: "/primaryContact/cumulusUser/userName", 28: "/primaryContact/cumulusUser/userName",
	29: "/primaryContact/cumulusUser/userName", 45: "/primaryContact/cumulusUser/userName",
	30: "/accountContactType/type", 31: "/accountContactType/type",
	32: "/accountOrganisation/orgName", 33: "/accountOrganisation/orgType",
	34: "title", 35: "firstName", 36: "lastName", 37: "addressLine1", 38: "suburb", 39: "state", 40: "postcode", 41: "country",
	42: "emailAddress", 43: "phoneNumber", 44: "website",
	46: "/primaryContact/cumulusUser/password",
}

// numberedAt is the violation of a number as the contract has it, made from the page and not from the catalogue: contact is "Primary",
// "Billing", or empty.
func numberedAt(t testing.TB, number int, contact string) translate.Violation {
	t.Helper()
	v := translate.Violation{Code: record.Code(fmt.Sprintf("emersion-%d", number)), Pointer: catalogueMembers[number], Hint: hintOf(number)}
	if format := catalogueFormats[number]; format != "" {
		v.Params = map[string]any{"expected": format}
	}
	for line := range strings.Lines(page) {
		start, sentence, _ := strings.Cut(strings.TrimSpace(line), ". ")
		if start == fmt.Sprint(number) {
			v.Detail = sentence
		}
	}
	if _, sentence, contactError := strings.Cut(v.Detail, ` . `); contactError {
		v.Detail = strings.Trim(sentence, `'"`)
		if contact == "" {
			v.Pointer = ""
			return v
		}
		v.Pointer = "/" + strings.ToLower(contact) + "Contact/detail/" + v.Pointer
		v.Detail = contact + "Contact: " + v.Detail
	}
	if v.Pointer == "" || v.Detail == "" {
		t.Fatalf("number %d is not on the page", number)
	}
	return v
}

// catalogueFormats are what the texts of the numbers must be, for programs.
var catalogueFormats = map[int]string{26: "user-name", 27: "user-name", 28: "user-name", 33: "integer", 42: "email", 43: "phone", 44: "website", 45: "user-name"}

func hintOf(number int) string {
	for _, n := range catalogue {
		if n.number == number {
			return n.hint
		}
	}
	return ""
}

// TestHints: beside each sentence of the vendor's is one in plain English that says how to fix it.
func TestHints(t *testing.T) {
	seen := map[string]int{}
	for _, n := range catalogue {
		first, _, _ := strings.Cut(n.hint, " ")
		isOne := strings.HasSuffix(n.hint, ".") && !strings.Contains(n.hint, ". ") && len(n.hint) <= 100
		if first != "Give" && first != "Choose" || !isOne || strings.Contains(n.hint, n.sentence) {
			t.Errorf("%d: %q", n.number, n.hint)
		}
		if other := seen[n.hint]; other != 0 {
			t.Errorf("%d says what %d says", n.number, other)
		}
		seen[n.hint] = n.number
	}
	for _, e := range numberedErrors() {
		if e.Hint == "" {
			t.Errorf("the catalogue has no hint for %s", e.Code)
		}
	}
}

func TestCatalogueIsThePages(t *testing.T) {
	if len(catalogue) != 46-25+1 {
		t.Errorf("%d numbers", len(catalogue))
	}
	for i, n := range catalogue {
		if n.number != 25+i {
			t.Errorf("number %d is at %d", n.number, i)
		}
		for _, contact := range []string{"Primary", "Billing", ""} {
			want := numberedAt(t, n.number, contact)
			detail := map[string]string{"Primary": primaryDetail, "Billing": billingDetail}[contact]
			if got := n.violationAt(detail); got.Pointer != want.Pointer || got.Code != want.Code || got.Detail != want.Detail || fmt.Sprint(got.Params) != fmt.Sprint(want.Params) {
				t.Errorf("%d of %q: %+v, want %+v", n.number, contact, got, want)
			}
		}
	}
}

// TestRecognise reads what the vendor may say, in the wordings that the page shows and in those that its code may make of them.
func TestRecognise(t *testing.T) {
	tests := []struct {
		said    string
		number  int // 0: unknown
		contact string
	}{
		{said: `Username does not contain "@"`, number: 27}, // the page's own example
		{said: `CumulusUser Username does not contain "@"`, number: 27},
		{said: `CumulusUser Username does not contain @`, number: 27},
		{said: `27. CumulusUser Username does not contain "@"`, number: 27},
		{said: `27: CumulusUser Username does not contain "@"`, number: 27},
		{said: `[27] username does not contain '@'.`, number: 27},
		{said: "  CUMULUSUSER   USERNAME\tDOES NOT CONTAIN \u201c@\u201d  ", number: 27},
		{said: `CumulusUser-Username does not contain "@"`, number: 27},
		{said: `Error 27 - CumulusUser Username does not contain "@"`, number: 27},
		{said: `ERROR 27: Username does not contain "@"`, number: 27},
		{said: `Error #34 - PrimaryContact: Invalid or Missing Title`, number: 34, contact: "Primary"},
		{said: "Error - Missing Password"}, // no number
		{said: "Error 27"},
		{said: "Username does not contain"}, // half a sentence

		{said: "Invalid Username", number: 26},
		{said: "Invalid CumulusUser Username", number: 26},
		{said: "Invalid or Missing Username", number: 45},
		{said: "Missing Username", number: 45},
		{said: "Missing CumulusUser Username", number: 45},
		{said: "Username is already in use", number: 29},
		{said: "Username contains an invalid suffix", number: 28},
		{said: "Username"},

		{said: "Invalid or Missing Account Type", number: 25},
		{said: "Missing Account Type", number: 25},
		{said: "Invalid Account Type", number: 25},
		{said: "Account Type"},
		{said: "Invalid AccountType"}, // one word: not what the page says
		{said: "Invalid or Missing Account Type of the user"},

		{said: "Missing AccountContactType", number: 30},
		{said: "Missing AccountContactType.", number: 30},
		{said: "Missing AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'", number: 30},
		{said: "Missing AccountContactType. Type must be one of Organisation, Org and Individual", number: 30},
		{said: "Invalid AccountContactType", number: 31},
		{said: "Invalid AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'", number: 31},
		{said: "Invalid or Missing AccountContactType"}, // either of the two
		{said: "AccountContactType"},

		{said: "Missing OrgName", number: 32},
		{said: "Missing OrgName. When AccountContactType is 'Organisation' OrgName is required", number: 32},
		{said: "Invalid OrgType", number: 33},
		{said: "Invalid OrgType. If given OrgType value, then it must be a valid integer.", number: 33},

		{said: "PrimaryContact: Invalid or Missing Title", number: 34, contact: "Primary"},
		{said: "Primary Contact: Invalid or Missing Title", number: 34, contact: "Primary"},
		{said: "primary: invalid or missing title", number: 34, contact: "Primary"},
		{said: "34. PrimaryContact: Invalid or Missing Title", number: 34, contact: "Primary"},
		{said: "BILLINGCONTACT: INVALID OR MISSING TITLE", number: 34, contact: "Billing"},
		{said: "BillingContact:Missing Title", number: 34, contact: "Billing"},
		{said: "Billing: Invalid Title", number: 34, contact: "Billing"},
		{said: "$contactType.': ' . 'Invalid or Missing Title", number: 34},
		{said: "Invalid or Missing Title", number: 34},
		{said: "Shipping: Invalid or Missing Title", number: 34},
		{said: "The primary contact: Invalid Website", number: 44, contact: "Primary"},
		{said: "PrimaryContact: Invalid Website", number: 44, contact: "Primary"},
		{said: "PrimaryContact: Missing Website"}, // the page knows it as invalid only
		{said: "PrimaryContact: Invalid or Missing Website"},
		{said: "Validation Error: PrimaryContact: Invalid or Missing Title", number: 34, contact: "Primary"},
		{said: "Billing contact of the primary one: Missing Title", number: 34}, // which of the two is not known
		{said: "Primary contact has an invalid title"},
		{said: "PrimaryContact: "},
		{said: "PrimaryContact: Invalid or Missing"},
		{said: "PrimaryContact: Missing"},
		{said: "PrimaryContact: Invalid or Missing Nickname"},
		{said: "PrimaryContact: Invalid or Missing Account Type"}, // no contact's error
		{said: "PrimaryContact: Invalid or Missing Password"},
		{said: "Details: Invalid or Missing Password"},
		{said: "Invalid or Missing Password", number: 46},
		{said: "Missing Password", number: 46},
		{said: "Invalid Password", number: 46},
		{said: "46", number: 0},
		{said: ""},
		{said: "Account is on hold"},
	}
	for _, n := range catalogue {
		contacts := []string{""}
		if n.contact {
			contacts = []string{"", "Primary", "Billing"}
		}
		for _, contact := range contacts {
			want := numberedAt(t, n.number, contact)
			for _, said := range []string{want.Detail, strings.ToUpper(want.Detail), strings.ToLower(want.Detail) + ".", fmt.Sprintf("%d. %s", n.number, want.Detail)} {
				tests = append(tests, struct {
					said    string
					number  int
					contact string
				}{said, n.number, contact})
			}
		}
	}
	for _, test := range tests {
		got, ok := recognise(test.said)
		if test.number == 0 {
			if ok {
				t.Errorf("%q is taken for %+v", test.said, got)
			}
			continue
		}
		want := numberedAt(t, test.number, test.contact)
		if !ok || got.Code != want.Code || got.Pointer != want.Pointer || got.Detail != want.Detail {
			t.Errorf("%q: %v %+v\nwant %+v", test.said, ok, got, want)
		}
	}
}

// TestSentences takes lines apart where the vendor joined sentences, and nowhere else.
func TestSentences(t *testing.T) {
	for _, test := range []struct {
		line string
		want []string
	}{
		{"Missing Password", []string{"Missing Password"}},
		{"Missing Password, Missing Account Type", []string{"Missing Password", "Missing Account Type"}},
		{"Missing Password; Missing Account Type", []string{"Missing Password", "Missing Account Type"}},
		{"Missing Password,Missing Account Type", []string{"Missing Password", "Missing Account Type"}},
		{"Invalid OrgType. If given OrgType value,then it must valid integer,Missing Password", []string{"Invalid OrgType. If given OrgType value,then it must valid integer", "Missing Password"}},
		{"Over 1,000 accounts,sorry", []string{"Over 1,000 accounts,sorry"}},
		{"a, b; c", []string{"a, b; c"}},
		{"a, Missing Password, b; c", []string{"a", "Missing Password", "b; c"}},
		{"Missing AccountContactType, Account is on hold", []string{"Missing AccountContactType", "Account is on hold"}},
		{"Missing AccountContactType, Missing Password", []string{"Missing AccountContactType", "Missing Password"}},
		{"Invalid OrgType. If given, then it must be a valid integer, or blank, Missing Password", []string{"Invalid OrgType. If given, then it must be a valid integer, or blank", "Missing Password"}},
		{"Missing AccountContactType. Type must be one of Organisation, Org and Individual", []string{"Missing AccountContactType. Type must be one of Organisation, Org and Individual"}},
		{"Missing Password. Really, Missing Title", []string{"Missing Password. Really", "Missing Title"}},
		{"Missing Password, ", []string{"Missing Password"}},
		{strings.Repeat("Missing Password, ", longestLine), []string{strings.Repeat("Missing Password, ", longestLine)}},
	} {
		var got []string
		for _, s := range sentences(test.line) {
			got = append(got, s.text)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%.80s\n%s", test.line, diff)
		}
	}
}
