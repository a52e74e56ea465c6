package emersion

import (
	"fmt"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/record"
)

// organised is the minimal request with an organisation of the given members.
func organised(members string) string {
	return with(`"accountOrganisation": {"orgName": "Example", ` + members + `}`)
}

func identified(kind, identifier string) string {
	return organised(fmt.Sprintf(`"orgIdentifier": %s, "orgIdentifierType": %s`, quoted(identifier), quoted(kind)))
}

// badDigits is the violation of an identifier that its type does not fit.
func badDigits(kind, detail string) translate.Violation {
	return translate.Violation{Pointer: "/accountOrganisation/orgIdentifier", Code: "emersion-org-identifier", Detail: detail, Params: map[string]any{"expected": strings.ToLower(kind), "type": kind}}
}

const (
	notABN = "An ABN is 11 digits; spaces are allowed."
	notACN = "An ACN is 9 digits; spaces are allowed."
	notTFN = "A TFN is 9 or 8 digits; spaces are allowed."
)

// validIdentifiers are the worked numbers of the contract, and others that the issuing authorities publish as examples.
var validIdentifiers = []struct{ kind, identifier string }{
	{"ABN", "51824753556"},
	{"ABN", "53004085616"},
	{"ACN", "004085616"},
	{"ACN", "005749986"},
	{"ACN", "010499966"},
	{"TFN", "123456782"},
	{"TFN", "37118629"},
}

func TestIdentifiers(t *testing.T) {
	op := operation(t, Config{})
	for _, test := range []struct{ kind, identifier, wrong string }{
		{"ABN", "51 824 753 556", ""},
		{"ABN", " 5 1 8 2 4 7 5 3 5 5 6 ", ""},
		{"ABN", "53 004 085 616", ""},
		{"ABN", "5182475355", notABN},
		{"ABN", "518247535560", notABN},
		{"ABN", "51-824-753-556", notABN},
		{"ABN", "51\u00a0824\u00a0753\u00a0556", notABN},
		{"ABN", "51\t824753556", notABN},
		{"ABN", "5182475355x", notABN},
		{"ABN", "٥١٨٢٤٧٥٣٥٥٦", notABN},
		{"ABN", "00000000000", "The check digits of this ABN do not match its other digits."},
		{"ACN", "004 085 616", ""},
		{"ACN", "000000000", "The check digits of this ACN do not match its other digits."},
		{"ABN", "10000000000", "The check digits of this ABN do not match its other digits."},
		{"TFN", "000000000", "The check digits of this TFN do not match its other digits."},
		{"TFN", "00000000", "The check digits of this TFN do not match its other digits."},
		{"ACN", "00408561", notACN},
		{"ACN", "0040856160", notACN},
		{"ACN", "ACN004085616", notACN},
		{"TFN", "123 456 782", ""},
		{"TFN", "37 118 629", ""},
		{"TFN", "1234567", notTFN},
		{"TFN", "1234567820", notTFN},
		{"TFN", "123-456-782", notTFN},
		{"RBN", "anything", ""},
		{"RBN", "  NSW 12/345-6 ", ""},
		{"RBN", strings.Repeat("😀", 20), ""},
		{"RBN", strings.Repeat("9", 21), "An RBN has at most 20 characters."},
		{"RBN", strings.Repeat("😀", 21), "An RBN has at most 20 characters."},
	} {
		var want []translate.Violation
		if test.wrong != "" {
			want = append(want, badDigits(test.kind, test.wrong))
		}
		check(t, op, identified(test.kind, test.identifier), want...)
	}
}

// TestSingleDigitErrors changes each digit of each valid number to each other one: the checks exist to find just that. Those modulo 89 and
// 11 find them all; the one of an ACN, modulo 10, cannot see a change whose product with its weight is a multiple of 10.
func TestSingleDigitErrors(t *testing.T) {
	op := operation(t, Config{})
	for _, valid := range validIdentifiers {
		check(t, op, identified(valid.kind, valid.identifier))
		for at := range valid.identifier {
			for digit := byte('0'); digit <= '9'; digit++ {
				if digit == valid.identifier[at] {
					continue
				}
				changed := valid.identifier[:at] + string(digit) + valid.identifier[at+1:]
				if weight := max(8-at, 1); valid.kind == "ACN" && weight*(int(digit)-int(valid.identifier[at]))%10 == 0 {
					check(t, op, identified(valid.kind, changed))
					continue
				}
				check(t, op, identified(valid.kind, changed), badDigits(valid.kind, "The check digits of this "+valid.kind+" do not match its other digits."))
			}
		}
	}
}

func TestIdentifierNeedsItsType(t *testing.T) {
	op := operation(t, Config{})
	const identifier, kind = "/accountOrganisation/orgIdentifier", "/accountOrganisation/orgIdentifierType"
	required := func(pointer, because, detail string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.Required, Detail: detail, Params: map[string]any{"because": because}}
	}
	noIdentifier := required(identifier, kind, "The identifier is required when its type is given.")
	notInList := translate.Violation{
		Pointer: kind, Code: record.NotInList, Detail: "One of ABN, ACN, RBN, TFN, in this letter case.",
		Params: map[string]any{"list": []string{"ABN", "ACN", "RBN", "TFN"}},
	}
	noType := required(kind, identifier, "The type of the identifier is required: ABN, ACN, RBN or TFN.").Knowing(notInList.Params)
	wrongType := func(pointer string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.WrongType, Detail: "This must be a string.", Params: map[string]any{"expected": "string"}}
	}
	for _, test := range []struct {
		members string
		want    []translate.Violation
	}{
		{`"orgType": 1`, nil},
		{`"orgIdentifier": null, "orgIdentifierType": null`, nil},
		{`"orgIdentifier": "51824753556"`, []translate.Violation{noType}},
		{`"orgIdentifier": "51824753556", "orgIdentifierType": null`, []translate.Violation{noType}},
		{`"orgIdentifierType": "ABN"`, []translate.Violation{noIdentifier}},
		{`"orgIdentifier": null, "orgIdentifierType": "RBN"`, []translate.Violation{noIdentifier}},
		{`"orgIdentifier": "", "orgIdentifierType": "RBN"`, []translate.Violation{noIdentifier}},
		{`"orgIdentifier": " ", "orgIdentifierType": "RBN"`, []translate.Violation{noIdentifier}},
		{`"orgIdentifier": "51824753556", "orgIdentifierType": "abn"`, []translate.Violation{notInList}},
		{`"orgIdentifier": "1", "orgIdentifierType": ""`, []translate.Violation{notInList}}, // of an unknown type no digits are checked
		{`"orgIdentifier": "1", "orgIdentifierType": "ARBN"`, []translate.Violation{notInList}},
		{`"orgIdentifier": 51824753556, "orgIdentifierType": "ABN"`, []translate.Violation{wrongType(identifier)}},
		{`"orgIdentifier": 51824753556`, []translate.Violation{wrongType(identifier), noType}},
		{`"orgIdentifier": "1", "orgIdentifierType": 1`, []translate.Violation{wrongType(kind)}},
	} {
		check(t, op, organised(test.members), test.want...)
	}
}

// TestLenientIdentifiers turns off the count of digits and the check digits, and nothing else.
func TestLenientIdentifiers(t *testing.T) {
	op := operation(t, Config{LenientIdentifiers: true})
	for _, kind := range []string{"ABN", "ACN", "TFN"} {
		for _, identifier := range []string{"1", "x", "51824753557", strings.Repeat("1", 40), "51824753556"} {
			check(t, op, identified(kind, identifier))
		}
	}
	check(t, op, identified("RBN", strings.Repeat("9", 21)), badDigits("RBN", "An RBN has at most 20 characters."))
	if got := violations(t, op, organised(`"orgIdentifier": "1"`)); len(got) != 1 || got[0].Pointer != "/accountOrganisation/orgIdentifierType" {
		t.Errorf("%+v", got)
	}
}

// TestIdentifierOnTheWire takes the spaces out of a number, not out of an RBN, and leaves the request as it is.
func TestIdentifierOnTheWire(t *testing.T) {
	for _, config := range []Config{{}, {LenientIdentifiers: true}} {
		op := operation(t, config)
		for _, test := range []struct{ kind, identifier, sent string }{
			{"ABN", " 51 824 753 556 ", "51824753556"},
			{"ACN", "004 085 616", "004085616"},
			{"TFN", "37 118 629", "37118629"},
			{"RBN", " NSW 12 / 345 ", " NSW 12 / 345 "},
		} {
			want := "<ser:OrgIdentifier>" + test.sent + "</ser:OrgIdentifier><ser:OrgIdentifierType>" + test.kind + "</ser:OrgIdentifierType>"
			request, refusal := op.Read([]byte(identified(test.kind, test.identifier)))
			if refusal != nil {
				t.Fatal(refusal)
			}
			for range 2 { // what was read never changes
				message, refusal := request.Encode(translate.Env{})
				if refusal != nil || !strings.Contains(string(message.Envelope), want) {
					t.Errorf("%v: no %s in %s", refusal, want, message.Envelope)
				}
			}
		}
	}
}
