package customercare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

func oneOf(names ...string) translate.Violation {
	return translate.Violation{
		Pointer: "/" + names[0], Code: record.Required, Detail: "At least one of " + strings.Join(names, ", ") + " is required.",
		Params: map[string]any{"oneOf": names},
	}
}

// blanks are the values that are none.
var blanks = []string{`""`, `" "`, `"\t\r\n\u00a0\u3000"`, "null"}

func TestWorkflowRules(t *testing.T) {
	op := operation(t, "CreateWorkFlowManager", Config{})
	number := oneOf("accountNumber", "customerNumber", "premiseNumber")
	code := required("/workItemType/code")

	check(t, op, workflow)
	check(t, op, edit(t, workflow, "accountNumber", "customerNumber"))
	check(t, op, edit(t, workflow, "accountNumber", "premiseNumber"))
	check(t, op, edit(t, workflow, `"accountNumber"`, `"premiseNumber": "1", "customerNumber": "2", "accountNumber"`))
	check(t, op, edit(t, workflow, `"accountNumber"`, `"premiseNumber": " ", "customerNumber": "", "accountNumber"`))
	check(t, op, edit(t, workflow, `"accountNumber": "0123456789", `, ""), number)
	for _, blank := range blanks {
		check(t, op, edit(t, workflow, `"0123456789"`, blank), number)
		check(t, op, edit(t, workflow, `"0123456789"`, blank+`, "customerNumber": `+blank+`, "premiseNumber": `+blank), number)
		check(t, op, edit(t, workflow, `"0123456789"`, blank+`, "premiseNumber": "1"`))
		check(t, op, edit(t, workflow, `"MOVE"`, blank+`, "description": "d"`), code)
	}
	// Whether one that cannot be read would have sufficed is not known.
	check(t, op, edit(t, workflow, `"0123456789"`, `123456789`), wrongType("/accountNumber", "a string"))
	check(t, op, edit(t, workflow, `"accountNumber": "0123456789"`, `"premiseNumber": 1`), wrongType("/premiseNumber", "a string"))

	check(t, op, `{"accountNumber": "1"}`, code)
	check(t, op, `{"accountNumber": "1", "workItemType": null}`, code)
	check(t, op, `{"accountNumber": "1", "workItemType": {}}`, code)
	check(t, op, `{"accountNumber": "1", "workItemType": "MOVE"}`, wrongType("/workItemType", "an object"))
	check(t, op, `{"accountNumber": "1", "workItemType": {"code": 7}}`, wrongType("/workItemType/code", "a string"))
	check(t, op, `{}`, number, code)
}

func TestCallLogRules(t *testing.T) {
	op := operation(t, "CreateCallLog", Config{})
	text := required("/customerCallLog/logText")
	check(t, op, callLog)
	for _, blank := range blanks {
		check(t, op, edit(t, callLog, `"Asked about the bill"`, blank+`, "csrId": "7"`), text)
	}
	check(t, op, `{"customerCallLog": {"csrId": "7"}}`, text)
	check(t, op, `{"callerId": "7"}`, text)
	check(t, op, `{"callerId": "7", "customerCallLog": null}`, text)
	check(t, op, `{"callerId": "7", "customerCallLog": {}}`, text)
	check(t, op, `{}`, text)

	// RequestType is an xsd:int.
	beyond := translate.Violation{
		Pointer: "/customerCallLog/requestType", Code: record.OutOfRange, Detail: "From -2147483648 to 2147483647.",
		Params: map[string]any{"min": int64(-2147483648), "max": int64(2147483647)},
	}
	inexact := translate.Violation{Pointer: "/customerCallLog/requestType", Code: record.BadNumber, Detail: "This must be an integer, without a fraction or an exponent.", Params: map[string]any{"expected": "integer"}}
	value := func(v string) string { return edit(t, callLog, `"logText"`, `"requestType": `+v+`, "logText"`) }
	for number, sent := range map[string]string{"0": "0", "-0": "0", "-1": "-1", "2147483647": "2147483647", "-2147483648": "-2147483648"} {
		if got := envelope(t, op, value(number), env); !strings.Contains(got, "<RequestType>"+sent+"</RequestType>") {
			t.Errorf("%s: %s", number, got)
		}
	}
	for number, want := range map[string]translate.Violation{
		"2147483648": beyond, "-2147483649": beyond, "9223372036854775808": beyond, strings.Repeat("9", 400): beyond,
		"1.0": inexact, "1e2": inexact, "1E2": inexact, "1e400": inexact, "-0.0": inexact,
		`"1"`: wrongType("/customerCallLog/requestType", "an integer"), "true": wrongType("/customerCallLog/requestType", "an integer"),
		"[]": wrongType("/customerCallLog/requestType", "an integer"), "{}": wrongType("/customerCallLog/requestType", "an integer"),
	} {
		check(t, op, value(number), want)
	}
	check(t, op, value("null"))
}

func TestPINRules(t *testing.T) {
	op := operation(t, "UpdateCustomerPIN", Config{})
	number := oneOf("accountNumber", "customerNumber")
	missingPIN := translate.Violation{
		Pointer: "/pin", Code: record.Required, Detail: "The PIN is required when operationType is UPDATE, and may not be empty or only white space.",
		Params: map[string]any{"because": "/operationType"},
	}
	list := translate.Violation{
		Pointer: "/operationType", Code: record.NotInList, Detail: "One of UPDATE, DELETE, UNLOCK, LOCK, in this letter case.",
		Params: map[string]any{"list": []string{"UPDATE", "DELETE", "UNLOCK", "LOCK"}},
	}
	noType := required(list.Pointer).Knowing(list.Params)
	check(t, op, newPIN)
	for _, kind := range []string{"DELETE", "UNLOCK", "LOCK"} {
		check(t, op, edit(t, pin, "LOCK", kind))
		check(t, op, edit(t, newPIN, "UPDATE", kind)) // a PIN that is not needed is sent all the same
	}
	for _, kind := range []string{"update", "Update", "LOCK ", " LOCK", "LOCKED", "UPDATE or DELETE", "ＬＯＣＫ"} {
		check(t, op, edit(t, pin, "LOCK", kind), list)
	}
	for _, blank := range blanks {
		check(t, op, edit(t, pin, `"LOCK"`, blank), noType)
		check(t, op, edit(t, newPIN, `"0042"`, blank), missingPIN)
		check(t, op, edit(t, pin, `"0123456789"`, blank), number)
		check(t, op, edit(t, pin, `"0123456789"`, blank+`, "customerNumber": "1"`))
	}
	check(t, op, edit(t, newPIN, `, "pin": "0042"`, ""), missingPIN)
	check(t, op, edit(t, newPIN, `"0042"`, "42"), wrongType("/pin", "a string")) // the leading zeros would be lost
	check(t, op, edit(t, pin, `, "accountNumber": "0123456789"`, ""), number)
	check(t, op, edit(t, pin, "accountNumber", "customerNumber"))
	check(t, op, edit(t, pin, `"operationType": "LOCK", `, ""), noType)
	check(t, op, edit(t, pin, `"LOCK"`, "1"), wrongType("/operationType", "a string"))
	check(t, op, `{}`, noType, number)
	check(t, op, edit(t, newPIN, "0123456789", "", `, "pin": "0042"`, ""), number, missingPIN)
}

// place is where a request has a shared shape: the pointer of an object, and the request around its members.
type place struct {
	operation, pointer, request string
}

// contacts are all places of a Contact.
var contacts = []place{
	{"CreateWorkFlowManager", "/requestor", `{"accountNumber": "1", "workItemType": {"code": "c"}, "requestor": {%s}}`},
	{"CreateCallLog", "/customerCallLog/requestor", `{"customerCallLog": {"logText": "t", "requestor": {%s}}}`},
	{"CreateCallLog", "/customerCallLog/customer/contacts/1", `{"customerCallLog": {"logText": "t", "customer": {"contacts": [{"memo": "m"}, {%s}]}}}`},
	{"CreateCallLog", "/customerCallLog/premise/contacts/0", `{"customerCallLog": {"logText": "t", "premise": {"contacts": [{%s}]}}}`},
	{"CreateCallLog", "/customerCallLog/account/primaryContact", `{"customerCallLog": {"logText": "t", "account": {"primaryContact": {%s}}}}`},
}

// addresses are all places of an Address but for those in a Contact.
var addresses = []place{
	{"CreateCallLog", "/customerCallLog/premise/premiseAddress", `{"customerCallLog": {"logText": "t", "premise": {"premiseAddress": {%s}}}}`},
	{"CreateCallLog", "/customerCallLog/account/billingAddress", `{"customerCallLog": {"logText": "t", "account": {"billingAddress": {%s}}}}`},
	{"CreateCallLog", "/customerCallLog/account/serviceAddress", `{"customerCallLog": {"logText": "t", "account": {"serviceAddress": {%s}}}}`},
}

// inside returns the places of an object inside each of some places; members is the way to it, with %s for its own.
func inside(places []place, way, members string) (list []place) {
	for _, p := range places {
		list = append(list, place{p.operation, p.pointer + way, fmt.Sprintf(p.request, members)})
	}
	return list
}

// dates are all members that are dates, at all their places.
func dates() (list []place) {
	for _, name := range []string{"createdDate", "criticalExpirationDate"} {
		list = append(list, inside(contacts, "/"+name, `"`+name+`": %s`)...)
	}
	for _, name := range []string{"startDate", "endDate"} {
		list = append(list, inside(addresses, "/"+name, `"`+name+`": %s`)...)
		list = append(list, inside(contacts, "/addresses/1/"+name, `"addresses": [{"city": "c"}, {"`+name+`": %s}]`)...)
	}
	for _, name := range []string{"birthday", "issuedDate", "expirationDate"} {
		list = append(list, inside(contacts, "/driverLicenses/0/"+name, `"driverLicenses": [{"`+name+`": %s}]`)...)
	}
	return list
}

// dateTimes are all members that are instants.
var dateTimes = []place{
	{"CreateWorkFlowManager", "/baseRequest/messageDateTime", `{"accountNumber": "1", "workItemType": {"code": "c"}, "baseRequest": {"messageDateTime": %s}}`},
	{"CreateCallLog", "/baseRequest/messageDateTime", `{"customerCallLog": {"logText": "t"}, "baseRequest": {"messageDateTime": %s}}`},
	{"UpdateCustomerPIN", "/baseRequest/messageDateTime", `{"operationType": "LOCK", "accountNumber": "1", "baseRequest": {"messageDateTime": %s}}`},
	{"CreateCallLog", "/customerCallLog/createdDateTime", `{"customerCallLog": {"logText": "t", "createdDateTime": %s}}`},
}

// emailTypes are all places of the token.
func emailTypes() []place {
	pin := place{"UpdateCustomerPIN", "/email/emailType", `{"operationType": "LOCK", "accountNumber": "1", "email": {"emailType": %s}}`}
	return append(inside(contacts, "/email/emailType", `"email": {"emailType": %s}`), pin)
}

// checkPlaces reads a value at each place.
func checkPlaces(t *testing.T, places []place, value string, want func(pointer string) translate.Violation) {
	t.Helper()
	operations := map[string]translate.Operation{}
	for _, name := range []string{"CreateWorkFlowManager", "CreateCallLog", "UpdateCustomerPIN"} {
		operations[name] = operation(t, name, Config{})
	}
	for _, p := range places {
		op := operations[p.operation]
		if want == nil {
			check(t, op, fmt.Sprintf(p.request, value))
		} else {
			check(t, op, fmt.Sprintf(p.request, value), want(p.pointer))
		}
	}
}

func TestDates(t *testing.T) {
	bad := func(pointer string) translate.Violation {
		return translate.Violation{Pointer: pointer, Code: record.BadDate, Detail: "A day that exists, as YYYY-MM-DD.", Params: map[string]any{"expected": "date"}}
	}
	for _, value := range []string{`"2024-02-29"`, `"0001-01-01"`, `"9999-12-31"`} {
		checkPlaces(t, dates(), value, nil)
	}
	for _, value := range []string{
		`""`, `" "`, `"2023-02-29"`, `"1900-02-29"`, `"0000-01-01"`, `"2024-04-31"`, `"2024-02-29Z"`, `"2024-02-29+01:00"`, `" 2024-02-29"`, `"2024-02-29 "`,
		`"2024-02-29T00:00:00Z"`, `"2024-2-29"`,
	} {
		checkPlaces(t, dates(), value, bad)
	}
	checkPlaces(t, dates(), "20240229", func(pointer string) translate.Violation { return wrongType(pointer, "a string") })
}

func TestDateTimes(t *testing.T) {
	bad := func(pointer string) translate.Violation {
		return translate.Violation{
			Pointer: pointer, Code: record.BadDateTime,
			Detail: "An instant that exists, as YYYY-MM-DDThh:mm:ss with at most 7 fraction digits and a zone (Z, or up to ±14:00).",
			Params: map[string]any{"expected": "date-time"},
		}
	}
	for _, value := range []string{
		"2024-02-29T23:59:59Z", "2026-11-21T09:30:00+14:00", "2026-11-21T09:30:00-14:00", "2026-11-21T09:30:00-00:00", "2026-11-21T09:30:00.1Z",
		"2026-11-21T09:30:00.1234567-05:00", "2026-11-21T09:30:00.0000000Z", "0001-01-01T00:00:00Z",
	} {
		checkPlaces(t, dateTimes, quoted(value), nil)
		sent := envelope(t, operation(t, "CreateCallLog", Config{}), fmt.Sprintf(dateTimes[3].request, quoted(value)), env)
		if !strings.Contains(sent, "<CreatedDateTime>"+value+"</CreatedDateTime>") { // as written
			t.Errorf("%s: %s", value, sent)
		}
	}
	for _, value := range []string{
		"", " ", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30:60Z", "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:30Z",
		"2026-11-21T09:30:00+14:01", "2026-11-21T09:30:00-14:01", "2026-11-21T09:30:00+15:00", "2026-11-21T09:30:00+05:60", "2026-11-21T09:30:00+0500",
		"2026-11-21T09:30:00+5:00", "2026-11-21T09:30:00 Z", "2026-11-21T09:30:00.12345678Z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00,5Z",
		"2026-11-21t09:30:00Z", "2026-11-21T09:30:00z", "2026-11-21 09:30:00Z", "2023-02-29T09:30:00Z", "0000-01-01T00:00:00Z", " 2026-11-21T09:30:00Z",
		"2026-11-21T09:30:00Z ", "-2026-11-21T09:30:00Z", "2026-11-21T9:30:00Z", "1795262400",
	} {
		checkPlaces(t, dateTimes, quoted(value), bad)
	}
	checkPlaces(t, dateTimes, "1795262400", func(pointer string) translate.Violation { return wrongType(pointer, "a string") })
}

func TestEmailType(t *testing.T) {
	for _, value := range []string{`"PERSONAL"`, `"x"`, `"UEVSU09OQUw="`, `"not base64!"`, `"three single spaces inside"`, "null, \"email\": \"a\""} {
		checkPlaces(t, emailTypes(), value, nil)
	}
	for _, value := range []string{`""`, `" "`, `"\n"`} {
		checkPlaces(t, emailTypes(), value, func(pointer string) translate.Violation {
			return translate.Violation{Pointer: pointer, Code: record.TooShort, Detail: "May not be empty or only white space. Leave the member out instead.", Params: map[string]any{"min": 1}}
		})
	}
	for _, value := range []string{`" x"`, `"x "`, `"x\n"`, `"\u00a0x"`, `"two  spaces"`, `"a\ttab"`, `"a\u2028b"`} {
		checkPlaces(t, emailTypes(), value, func(pointer string) translate.Violation {
			return translate.Violation{
				Pointer: pointer, Code: record.BadFormat, Detail: "Words with one space between each two, and no white space around them.",
				Params: map[string]any{"expected": "words", "pattern": `^\S+( \S+)*$`},
			}
		})
	}
}

// TestFlags are booleans and nothing that looks like one.
func TestFlags(t *testing.T) {
	phones := []place{}
	for _, way := range []string{"primaryContact", "secondaryContact"} {
		phones = append(phones, inside(contacts, "/"+way+"/doNotCallFlag", `"`+way+`": {"doNotCallFlag": %s}`)...)
	}
	for _, way := range []string{"otherPhones", "faxes"} {
		phones = append(phones, inside(contacts, "/"+way+"/0/doNotCallFlag", `"`+way+`": [{"doNotCallFlag": %s}]`)...)
	}
	flags := append(phones, inside(contacts, "/criticalContactFlag", `"criticalContactFlag": %s`)...)
	for _, value := range []string{"true", "false"} {
		checkPlaces(t, flags, value, nil)
	}
	for _, value := range []string{`"true"`, `""`, "0", "1", "[]", "{}"} {
		checkPlaces(t, flags, value, func(pointer string) translate.Violation { return wrongType(pointer, "true or false") })
	}
}

// TestEmptyTexts sends every optional text that is empty as an empty element: the page's xsd:strings have no shortest length.
func TestEmptyTexts(t *testing.T) {
	op := operation(t, "CreateWorkFlowManager", Config{})
	body := `{"baseRequest": {"userId": "", "nameValues": [{"name": "", "value": ""}]}, "accountNumber": "1", "premiseNumber": "",
		"workItemType": {"code": "c", "description": ""}, "requestor": {"memo": "", "ssn": "", "primaryContact": {"phone": ""},
		"addresses": [{"zip": ""}], "driverLicenses": [{"number": ""}], "email": {"email": ""}}, "operatingCenter": {"code": ""}}`
	sent := envelope(t, op, body, env)
	for _, element := range []string{"UserId", "Name", "Value", "Memo", "SSN", "Phone", "Zip", "Number", "Email", "Code", "Description"} {
		if !strings.Contains(sent, "<"+element+"/>") {
			t.Errorf("no empty %s in %s", element, sent)
		}
	}
	if !strings.Contains(sent, `<PremiseNumber xmlns=""/>`) {
		t.Errorf("no empty PremiseNumber in %s", sent)
	}
}

// TestArrays holds nothing for an array that is empty or null, and refuses null and {} inside.
func TestArrays(t *testing.T) {
	op := operation(t, "CreateWorkFlowManager", Config{})
	body := func(requestor string) string {
		return edit(t, workflow, `"accountNumber"`, `"requestor": {`+requestor+`}, "accountNumber"`)
	}
	for _, name := range []string{"addresses", "otherPhones", "faxes", "driverLicenses"} {
		at := "/requestor/" + name
		for _, none := range []string{"[]", "null"} {
			check(t, op, body(`"memo": "m", "`+name+`": `+none))
			check(t, op, body(`"`+name+`": `+none), empty("/requestor"))
		}
		check(t, op, body(`"`+name+`": [{}]`), empty(at+"/0"))
		check(t, op, body(`"`+name+`": [null]`), nullIn(at+"/0"))
		check(t, op, body(`"`+name+`": [{}, null, "x", [], 1]`),
			empty(at+"/0"), nullIn(at+"/1"), wrongType(at+"/2", "an object"), wrongType(at+"/3", "an object"), wrongType(at+"/4", "an object"))
		check(t, op, body(`"`+name+`": {"a": 1}`), wrongType(at, "an array"))
		check(t, op, body(`"`+name+`": "x"`), wrongType(at, "an array"))
	}
	check(t, op, edit(t, workflow, `"accountNumber"`, `"baseRequest": {"nameValues": [{"name": "n"}, {}, null]}, "accountNumber"`),
		empty("/baseRequest/nameValues/1"), nullIn("/baseRequest/nameValues/2"))
}

// TestFilledIn is what the proxy completes: absent parts of BaseRequest, and the time of a conversation.
func TestFilledIn(t *testing.T) {
	const now = "2026-11-21T09:30:00.123Z"
	configured, caller := Config{UserID: "configured"}, env
	caller.Caller.UserID = "caller"
	base := func(user, at, id string) string {
		return `<BaseRequest xmlns="">` + user + `<MessageDateTime>` + at + `</MessageDateTime><MessageId>` + id + `</MessageId></BaseRequest>`
	}
	for _, test := range []struct {
		name, base string
		config     Config
		env        translate.Env
		want       string
	}{
		{"nothing known", ``, Config{}, env, base("", now, env.OperationID)},
		{"a configured user", ``, configured, env, base("<UserId>configured</UserId>", now, env.OperationID)},
		{"a caller with a name", ``, configured, caller, base("<UserId>caller</UserId>", now, env.OperationID)},
		{"a user in the request", `"baseRequest": {"userId": "mine"}, `, configured, caller, base("<UserId>mine</UserId>", now, env.OperationID)},
		{"a time in the request", `"baseRequest": {"messageDateTime": "2020-01-01T00:00:00+14:00"}, `, Config{}, env, base("", "2020-01-01T00:00:00+14:00", env.OperationID)},
		{"an id in the request", `"baseRequest": {"messageId": "mine"}, `, Config{}, env, base("", now, "mine")},
		{"an empty id in the request", `"baseRequest": {"messageId": ""}, `, Config{}, env, base("", now, env.OperationID)},
		{"a null id in the request", `"baseRequest": {"messageId": null, "userId": "u"}, `, Config{}, env, base("<UserId>u</UserId>", now, env.OperationID)},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, body := range map[string]string{"CreateWorkFlowManager": workflow, "CreateCallLog": callLog, "UpdateCustomerPIN": pin} {
				op := operation(t, name, test.config)
				if sent := envelope(t, op, "{"+test.base+body[1:], test.env); !strings.Contains(sent, test.want) {
					t.Errorf("no %s in %s", test.want, sent)
				}
			}
		})
	}
	op := operation(t, "CreateCallLog", Config{})
	if sent := envelope(t, op, callLog, env); !strings.Contains(sent, `<CustomerCallLog xmlns=""><CreatedDateTime>`+now+`</CreatedDateTime><LogText>`) {
		t.Error(sent)
	}
	if sent := envelope(t, op, edit(t, callLog, `"logText"`, `"createdDateTime": "2020-01-01T00:00:00Z", "logText"`), env); !strings.Contains(sent, `<CreatedDateTime>2020-01-01T00:00:00Z<`) {
		t.Error(sent)
	}
}

// TestEncodeTwice shows that filling in leaves the request alone: the second call's time is its own.
func TestEncodeTwice(t *testing.T) {
	op := operation(t, "CreateCallLog", Config{})
	request, refusal := op.Read([]byte(edit(t, callLog, `{"customer`, `{"baseRequest": {"nameValues": [{"name": "n"}]}, "customer`)))
	if refusal != nil {
		t.Fatal(refusal)
	}
	for _, id := range []string{"first", "second"} {
		again := env
		again.OperationID, again.Now = id, env.Now.AddDate(len(id), 0, 0)
		message, refusal := request.Encode(again)
		if refusal != nil || !strings.Contains(string(message.Envelope), "<MessageId>"+id+"</MessageId>") || strings.Count(string(message.Envelope), instant(again.Now)) != 3 {
			t.Errorf("%v %s", refusal, message.Envelope)
		}
	}
}

// TestCredentials is the header of every request: whose token goes where.
func TestCredentials(t *testing.T) {
	token := func(name, id string) string {
		return "<" + name + "><BinarySecurityToken><ID>" + id + "</ID></BinarySecurityToken></" + name + ">"
	}
	header := func(tokens string) string {
		return `<ScCredentials xmlns="http://ws.southernco.com/CustSvc-iHub">` + tokens + `<Created>2026-11-21T09:30:00.123Z</Created></ScCredentials>`
	}
	caller := env
	caller.Caller.OriginatingToken = "of the caller"
	for _, test := range []struct {
		name   string
		config Config
		env    translate.Env
		want   string
	}{
		{"nothing configured", Config{}, env, header("")},
		{"the proxy's own", Config{DirectToken: "a<b"}, env, header(token("DirectUserNameToken", "a&lt;b"))},
		{"both configured", Config{DirectToken: "d", OriginatingToken: "o"}, env, header(token("DirectUserNameToken", "d") + token("OriginatingUserNameToken", "o"))},
		{"the caller's wins", Config{DirectToken: "d", OriginatingToken: "o"}, caller, header(token("DirectUserNameToken", "d") + token("OriginatingUserNameToken", "of the caller"))},
	} {
		for _, name := range []string{"CreateWorkFlowManager", "CreateCallLog", "UpdateCustomerPIN"} {
			op := operation(t, name, test.config)
			if sent := envelope(t, op, op.Example, test.env); !strings.Contains(sent, ":Header>"+test.want+"</") {
				t.Errorf("%s, %s: no %s in %s", test.name, name, test.want, sent)
			}
		}
	}
	op := operation(t, "CreateCallLog", Config{Security: soap.Security{Username: "u", Password: "p"}})
	if sent := envelope(t, op, callLog, env); !strings.Contains(sent, "</ScCredentials><wsse:Security") {
		t.Error(sent)
	}
}

// TestSecretMembers lists what is never shown.
func TestSecretMembers(t *testing.T) {
	for name, body := range map[string]string{
		"CreateWorkFlowManager": edit(t, workflow, `"accountNumber"`, `"requestor": {"ssn": "planted-1", "driverLicenses": [{"number": "planted-2"}]}, "accountNumber"`),
		"UpdateCustomerPIN":     edit(t, newPIN, "0042", "planted-1", `"pin"`, `"accountAccessCode": "planted-2", "pin"`),
	} {
		op := operation(t, name, Config{DirectToken: "planted-3"})
		request, refusal := op.Read([]byte(body))
		if refusal != nil {
			t.Fatal(refusal)
		}
		message, refusal := request.Encode(env)
		if refusal != nil {
			t.Fatal(refusal)
		}
		for i := 1; i <= 3; i++ {
			if !strings.Contains(string(message.Envelope), fmt.Sprintf("planted-%d", i)) {
				t.Errorf("planted-%d is not sent", i)
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if shown := fmt.Sprintf(verb, request); strings.Contains(shown, "planted") || slices.Contains([]string{"", "<nil>"}, shown) {
				t.Errorf("%s shows %s", verb, shown)
			}
		}
	}
}
