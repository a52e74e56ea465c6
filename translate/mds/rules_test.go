package mds

import (
	"fmt"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

func required(pointer string) translate.Violation {
	v := translate.Violation{Pointer: pointer, Code: record.Required, Detail: "This member is required and may not be empty or only white space."}
	return v.Knowing(map[string]map[string]any{
		level:                  {"list": []string{"SUBSCRIPTION", "ACCOUNT", "AGREEMENT"}},
		reference:              {"max": 8},
		effective:              {"expected": "date"},
		code:                   {"max": 6},
		"/auditRecord/userId":  {"max": 10},
		"/auditRecord/program": {"max": 10},
	}[pointer])
}

func tooLong(pointer string, limit int) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.TooLong, Detail: fmt.Sprintf("At most %d characters.", limit), Params: map[string]any{"max": limit}}
}

func badDate(pointer string) translate.Violation {
	return translate.Violation{Pointer: pointer, Code: record.BadDate, Detail: "A day that exists, as YYYY-MM-DD.", Params: map[string]any{"expected": "date"}}
}

const (
	level     = "/serviceData/customerLevel"
	reference = "/serviceData/customerLevelReference"
	effective = "/serviceData/effectiveDate"
	expiry    = "/serviceData/expiryDate"
	code      = "/serviceData/serviceCode"
)

func TestRequiredMembers(t *testing.T) {
	op := operation(t, Config{})
	members := map[string]string{
		level: `"customerLevel": "SUBSCRIPTION"`, reference: `"customerLevelReference": "00000042"`, effective: `"effectiveDate": "2026-12-01"`,
		code: `"serviceCode": "LINECH"`,
	}
	for pointer, member := range members {
		name, _, _ := strings.Cut(member, ":")
		for _, value := range []string{`""`, `" "`, `"\t\r\n\u00a0\u3000"`, "null"} {
			check(t, op, edit(t, minimal, member, name+": "+value), required(pointer))
		}
		body := strings.Replace(strings.Replace(minimal, member+", ", "", 1), ", "+member, "", 1)
		check(t, op, body, required(pointer))
	}
	all := []translate.Violation{required(level), required(reference), required(effective), required(code)}
	check(t, op, `{}`, all...)
	check(t, op, `{"serviceData": {}}`, all...)
	check(t, op, `{"serviceData": null, "externalReference": "x"}`, all...)
	check(t, op, `{"externalReference": "x"}`, all...)
	check(t, op, minimal)
}

// TestLengths sends each text at its limit and with one more, in code points: of letters, and of characters that take four bytes or two
// units of UTF-16 each.
func TestLengths(t *testing.T) {
	op := operation(t, Config{})
	body := func(pointer, text string) string {
		name := pointer[strings.LastIndexByte(pointer, '/')+1:]
		member := fmt.Sprintf("%q: %s", name, quoted(text))
		switch pointer {
		case reference:
			return edit(t, minimal, `"customerLevelReference": "00000042"`, member)
		case code:
			return edit(t, minimal, `"serviceCode": "LINECH"`, member)
		case "/externalReference":
			return around(member)
		case "/auditRecord/userId":
			return around(`"auditRecord": {"program": "p", ` + member + `}`)
		case "/auditRecord/program":
			return around(`"auditRecord": {"userId": "u", ` + member + `}`)
		case "/serviceData/accountServiceAgreement":
			return edit(t, with(member), "SUBSCRIPTION", "ACCOUNT")
		}
		return with(member)
	}
	for pointer, limit := range map[string]int{
		"/externalReference": 69, reference: 8, code: 6, "/serviceData/description": 30, "/serviceData/longDescription": 120,
		"/serviceData/accountServiceAgreement": 8, "/serviceData/contractReference": 12, "/serviceData/priceConsolidationService": 6,
		"/auditRecord/userId": 10, "/auditRecord/program": 10,
	} {
		for _, character := range []string{"x", "é", "😀"} {
			check(t, op, body(pointer, character))
			check(t, op, body(pointer, strings.Repeat(character, limit)))
			check(t, op, body(pointer, strings.Repeat(character, limit+1)), tooLong(pointer, limit))
		}
	}
	for _, pointer := range []string{
		"/serviceData/description", "/serviceData/longDescription", "/serviceData/accountServiceAgreement", "/serviceData/contractReference",
		"/serviceData/priceConsolidationService",
	} {
		check(t, op, body(pointer, "")) // the schema has no shortest length for them
		if sent := envelope(t, op, body(pointer, "")); !strings.Contains(strings.ToLower(sent), "<"+strings.ToLower(pointer[len("/serviceData/"):])+"/>") {
			t.Errorf("no empty %s in %s", pointer, sent)
		}
	}
	check(t, op, body("/externalReference", ""), translate.Violation{
		Pointer: "/externalReference", Code: record.TooShort, Detail: "At least 1 character.", Params: map[string]any{"min": 1},
	})
	check(t, op, body("/externalReference", " "))
}

func TestCustomerLevel(t *testing.T) {
	op := operation(t, Config{})
	for word, sent := range map[string]string{
		"SUBSCRIPTION": "SUBSCRIPTION", "Subscription": "SUBSCRIPTION", "subscription": "SUBSCRIPTION", "ACCOUNT": "ACCOUNT", "Account": "ACCOUNT",
		"AGREEMENT": "AGREEMENT", "aGREEMENT": "AGREEMENT",
	} {
		if got := envelope(t, op, edit(t, minimal, "SUBSCRIPTION", word)); !strings.Contains(got, "<CustomerLevel>"+sent+"</CustomerLevel>") {
			t.Errorf("%s: %s", word, got)
		}
	}
	for _, word := range []string{"SUBSCRIPTIONS", "SUB", "ACCOUNT ", " ACCOUNT", "Konto", "ſubscription"} {
		check(t, op, edit(t, minimal, "SUBSCRIPTION", word), translate.Violation{
			Pointer: level, Code: record.NotInList, Detail: "One of SUBSCRIPTION, ACCOUNT, AGREEMENT, in any letter case.",
			Params: map[string]any{"list": []string{"SUBSCRIPTION", "ACCOUNT", "AGREEMENT"}},
		})
	}
}

func TestDates(t *testing.T) {
	op := operation(t, Config{})
	for _, date := range []string{"2026-12-01", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29", "2026-01-31"} {
		check(t, op, edit(t, minimal, "2026-12-01", date))
		if sent := envelope(t, op, edit(t, minimal, "2026-12-01", date)); !strings.Contains(sent, "<effectiveDate>"+date+"Z</effectiveDate>") {
			t.Errorf("%s: %s", date, sent)
		}
	}
	for _, date := range []string{
		"2026-02-29", "1900-02-29", "2100-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "0000-01-01",
		"2026-12-01Z", "2026-12-01+00:00", "2026-12-01T00:00:00Z", " 2026-12-01", "2026-12-01 ", "2026-12-1", "2026-1-01", "26-12-01", "12026-12-01",
		"-2026-12-01", "2026/12/01", "01.12.2026", "20261201", "2026-W49-2", "2026-335", "tomorrow", "2026-12-0a", "２０２６-12-01",
	} {
		check(t, op, edit(t, minimal, "2026-12-01", date), badDate(effective))
		check(t, op, with(`"expiryDate": `+quoted(date)), badDate(expiry))
	}
	check(t, op, with(`"expiryDate": ""`), badDate(expiry))
	check(t, op, with(`"expiryDate": null`))
	check(t, op, edit(t, minimal, `"2026-12-01"`, `20261201`), wrongType(effective, "a string"))
}

// TestExpiryDate is not before the effective date [decided]; it is not compared with one that is not a date.
func TestExpiryDate(t *testing.T) {
	op := operation(t, Config{})
	early := translate.Violation{
		Pointer: expiry, Code: record.BeforeOther, Detail: "The expiry date may not be before the effective date.", Params: map[string]any{"other": effective},
	}
	check(t, op, with(`"expiryDate": "2026-12-01"`))
	check(t, op, with(`"expiryDate": "2026-12-02"`))
	check(t, op, with(`"expiryDate": "9999-12-31"`))
	check(t, op, with(`"expiryDate": "2026-11-30"`), early)
	check(t, op, with(`"expiryDate": "0001-01-01"`), early)
	check(t, op, edit(t, with(`"expiryDate": "2026-11-30"`), "2026-12-01", "2026-12-32"), badDate(effective))
	check(t, op, edit(t, with(`"expiryDate": "2026-11-30"`), `"effectiveDate": "2026-12-01", `, ""), required(effective))
	if sent := envelope(t, op, with(`"expiryDate": "2027-01-01"`)); !strings.Contains(sent, "<expiryDate>2027-01-01Z</expiryDate>") {
		t.Error(sent)
	}
}

func TestIntegers(t *testing.T) {
	op := operation(t, Config{})
	for member, element := range map[string]string{"salesPersonId": "salesPersonId", "salesAccountReference": "salesAccountReference"} {
		pointer := "/serviceData/" + member
		value := func(v string) string { return with(fmt.Sprintf("%q: %s", member, v)) }
		for number, sent := range map[string]string{"0": "0", "-0": "0", "1": "1", "99999999": "99999999"} {
			if got := envelope(t, op, value(number)); !strings.Contains(got, "<"+element+">"+sent+"</"+element+">") {
				t.Errorf("%s: %s", number, got)
			}
		}
		beyond := translate.Violation{
			Pointer: pointer, Code: record.OutOfRange, Detail: "From 0 to 99999999.",
			Params: map[string]any{"min": int64(0), "max": int64(99999999)},
		}
		inexact := translate.Violation{Pointer: pointer, Code: record.BadNumber, Detail: "This must be an integer, without a fraction or an exponent.", Params: map[string]any{"expected": "integer"}}
		for number, want := range map[string]translate.Violation{
			"100000000":            {Pointer: pointer, Code: record.OutOfRange, Detail: "At most 99999999.", Params: map[string]any{"max": 99999999}},
			"2147483648":           {Pointer: pointer, Code: record.OutOfRange, Detail: "At most 99999999.", Params: map[string]any{"max": 99999999}},
			"9223372036854775807":  {Pointer: pointer, Code: record.OutOfRange, Detail: "At most 99999999.", Params: map[string]any{"max": 99999999}},
			"-1":                   {Pointer: pointer, Code: record.OutOfRange, Detail: "At least 0.", Params: map[string]any{"min": 0}},
			"9223372036854775808":  beyond,
			"-9223372036854775809": beyond,
			"1.0":                  inexact,
			"1.5":                  inexact,
			"1e2":                  inexact,
			"1E2":                  inexact,
			"-1e-2":                inexact,
			"1e400":                inexact,
			`"1"`:                  wrongType(pointer, "an integer"),
			`""`:                   wrongType(pointer, "an integer"),
			"true":                 wrongType(pointer, "an integer"),
			"{}":                   wrongType(pointer, "an integer"),
			"[1]":                  wrongType(pointer, "an integer"),
		} {
			check(t, op, value(number), want)
		}
		check(t, op, value("null"))
	}
}

func TestBoolean(t *testing.T) {
	op := operation(t, Config{})
	value := func(v string) string { return with(`"suppressRemainingCharge": ` + v) }
	for _, v := range []string{"true", "false"} {
		if sent := envelope(t, op, value(v)); !strings.Contains(sent, "<SuppressRemainingCharge>"+v+"</SuppressRemainingCharge>") {
			t.Error(sent)
		}
	}
	for _, v := range []string{`"true"`, `""`, "0", "1", "{}", "[]"} {
		check(t, op, value(v), wrongType("/serviceData/suppressRemainingCharge", "true or false"))
	}
	if sent := envelope(t, op, value("null")); strings.Contains(sent, "SuppressRemainingCharge") {
		t.Error(sent)
	}
}

// TestServicePrice is a decimal in a string, carried as it is written.
func TestServicePrice(t *testing.T) {
	op := operation(t, Config{})
	const price = "/serviceData/servicePrice"
	for _, text := range []string{"0", "-0", "1", "1.5", "1.50", "19.90", "-19.90", "0.00", "007.10", "999999999.99", "-999999999.99", "000000001.99"} {
		if sent := envelope(t, op, with(`"servicePrice": `+quoted(text))); !strings.Contains(sent, "<ServicePrice>"+text+"</ServicePrice>") {
			t.Errorf("%s: %s", text, sent)
		}
	}
	for _, text := range []string{
		"", " ", "1.234", "1.500", "1000000000", "0000000001.00", "-1000000000.00", "1e2", "1E2", "+1", ".5", "5.", "-", "--1", "-.5", ".", "1.2.3", "1,50", " 1", "1 ", "£1",
		"0x1", "NaN", "INF", "١", "1_000",
	} {
		check(t, op, with(`"servicePrice": `+quoted(text)), translate.Violation{
			Pointer: price, Code: record.BadNumber, Detail: "A decimal number with at most 9 digits before the point and at most 2 after it.",
			Params: map[string]any{"expected": "decimal", "integerDigits": 9, "fractionDigits": 2},
		})
	}
	for _, text := range []string{"19.90", "0", "1e400", "true", "{}"} { // a JSON number would lose its zeros on the way
		check(t, op, with(`"servicePrice": `+text), wrongType(price, "a string"))
	}
}

// TestLevelForbids is where another member's value forbids one.
func TestLevelForbids(t *testing.T) {
	op := operation(t, Config{})
	notHere := func(member, detail string) translate.Violation {
		return translate.Violation{Pointer: "/serviceData/" + member, Code: record.NotAllowedHere, Detail: detail, Params: map[string]any{"because": level}}
	}
	description := notHere("description", "The vendor would ignore a description when customerLevel is AGREEMENT. Leave it out.")
	agreement := notHere("accountServiceAgreement", "This may be given only when customerLevel is ACCOUNT.")
	body := func(level, members string) string { return edit(t, with(members), "SUBSCRIPTION", level) }

	check(t, op, body("SUBSCRIPTION", `"description": "x"`))
	check(t, op, body("ACCOUNT", `"description": "x"`))
	check(t, op, body("AGREEMENT", `"description": "x"`), description)
	check(t, op, body("agreement", `"description": "x"`), description)
	check(t, op, body("AGREEMENT", `"description": null, "longDescription": "x"`))

	check(t, op, body("ACCOUNT", `"accountServiceAgreement": "x"`))
	check(t, op, body("account", `"accountServiceAgreement": "x"`))
	check(t, op, body("SUBSCRIPTION", `"accountServiceAgreement": "x"`), agreement)
	check(t, op, body("Agreement", `"accountServiceAgreement": "x"`), agreement)
	check(t, op, body("AGREEMENT", `"accountServiceAgreement": "x", "description": "y"`), agreement, description)

	// What a wrong level forbids is not known.
	list := translate.Violation{
		Pointer: level, Code: record.NotInList, Detail: "One of SUBSCRIPTION, ACCOUNT, AGREEMENT, in any letter case.",
		Params: map[string]any{"list": []string{"SUBSCRIPTION", "ACCOUNT", "AGREEMENT"}},
	}
	check(t, op, body("x", `"accountServiceAgreement": "x", "description": "y"`), list)
	check(t, op, edit(t, with(`"accountServiceAgreement": "x"`), `"SUBSCRIPTION"`, "1"), wrongType(level, "a string"))
	check(t, op, edit(t, with(`"accountServiceAgreement": "x"`), `"customerLevel": "SUBSCRIPTION", `, ""), required(level))
}

func TestAuditRecord(t *testing.T) {
	op := operation(t, Config{})
	userID, program := required("/auditRecord/userId"), required("/auditRecord/program")
	check(t, op, around(`"auditRecord": {"userId": "JOHNRY", "program": "TESTS"}`))
	check(t, op, around(`"auditRecord": null`))
	check(t, op, around(`"auditRecord": {}`), empty("/auditRecord"), userID, program)
	check(t, op, around(`"auditRecord": {"userId": "JOHNRY"}`), program)
	check(t, op, around(`"auditRecord": {"program": "TESTS"}`), userID)
	check(t, op, around(`"auditRecord": {"program": "", "userId": " "}`), program, userID)
	check(t, op, around(`"auditRecord": {"program": null, "userId": "x"}`), program)
	check(t, op, around(`"auditRecord": "JOHNRY"`), wrongType("/auditRecord", "an object"))
}

// TestExternalReference defaults to the operation id, which the vendor returns.
func TestExternalReference(t *testing.T) {
	op := operation(t, Config{})
	for body, want := range map[string]string{
		minimal: operationID, around(`"externalReference": null`): operationID, around(`"externalReference": "mine"`): "mine",
	} {
		if sent := envelope(t, op, body); !strings.Contains(sent, "<ExternalReference>"+want+"</ExternalReference>") {
			t.Errorf("%s: %s", body, sent)
		}
	}
}

// TestConfiguration shows where each setting goes.
func TestConfiguration(t *testing.T) {
	read := func(c Config) (action, envelope string) {
		op := operation(t, c)
		request, refusal := op.Read([]byte(op.Example))
		if refusal != nil {
			t.Fatalf("the example: %+v", refusal)
		}
		message, refusal := request.Encode(translate.Env{OperationID: operationID})
		if refusal != nil {
			t.Fatal(refusal)
		}
		return message.Action, string(message.Envelope)
	}
	if action, envelope := read(Config{Security: soap.Security{Password: "unused"}}); action != "" || !strings.Contains(envelope, "<soapenv:Header/>") {
		t.Errorf("action %q, envelope %s", action, envelope)
	}
	action, envelope := read(Config{SOAPAction: "urn:act", Security: soap.Security{Username: "us<er", Password: "pass&word"}})
	if action != "urn:act" || !strings.Contains(envelope, "<wsse:Username>us&lt;er</wsse:Username>") || !strings.Contains(envelope, ">pass&amp;word</wsse:Password>") {
		t.Errorf("action %q, envelope %s", action, envelope)
	}
	if _, err := Operations(Config{SOAPAction: "a\"b"}); err == nil {
		t.Error("an action that no attribute can hold is accepted")
	}
}
