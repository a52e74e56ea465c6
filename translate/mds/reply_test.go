package mds

import (
	"fmt"
	"strings"
	"testing"

	"soapbridge/tests/calls"
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

func rejected(violations ...translate.Violation) translate.Error {
	return translate.Error{Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromFault, Violations: violations}
}

func failed(violations ...translate.Violation) translate.Error {
	return translate.Error{Code: translate.UpstreamFailed, Outcome: soap.Failed, Source: translate.FromFault, Violations: violations}
}

func unavailable(violations ...translate.Violation) translate.Error {
	return translate.Error{Code: translate.UpstreamUnavailable, Outcome: soap.Failed, Source: translate.FromFault, Violations: violations}
}

func denied() translate.Error {
	return translate.Error{Code: translate.UpstreamDenied, Outcome: soap.Rejected, Alert: true}
}

func refused() translate.Error {
	return translate.Error{Code: translate.UpstreamRefused, Outcome: soap.Rejected, Alert: true}
}

func unknown() translate.Error {
	return translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown}
}

// referring is the minimal request with the caller's own reference.
func referring(reference string) string { return around(`"externalReference": ` + quoted(reference)) }

// said is one of the vendor's errors.
func said(code, pointer, detail string) translate.Violation {
	return translate.Violation{Code: record.Code(code), Pointer: pointer, Detail: detail}
}

const (
	withheld = "The vendor gave a reason that is not shown here."
)

// TestRecordedReplies reads what a JAX-WS server answered to right and wrong messages, with and without schema validation.
func TestRecordedReplies(t *testing.T) {
	const soap11, recorded = "text/xml; charset=utf-8", "sb-4711"
	op := operation(t, Config{})
	type row struct {
		status      int
		contentType string
		want        translate.Error // without a code: a success
		json        string
	}
	tests := map[string]row{
		"success.xml":                   {200, soap11, translate.Error{}, `{"operationId":"` + operationID + `","externalReference":"` + recorded + `"}`},
		"success-without-reference.xml": {200, soap11, translate.Error{}, `{"operationId":"` + operationID + `"}`},
		"success-without-result.xml":    {200, soap11, translate.Error{}, `{"operationId":"` + operationID + `"}`},

		"fault-validation.xml": {500, soap11, rejected(said("mds-2001", code, "Invalid serviceCode"), said("mds-2002", effective, "effectiveDate is in the past")), ""},
		// Neither Errors nor a text: the fault string says it.
		"fault-validation-bare.xml":  {500, soap11, rejected(said("mds-1000", "", "Validation failed")), ""},
		"fault-validation-empty.xml": {500, soap11, rejected(said("mds-validation", "", "Validation failed")), ""},
		"fault-system.xml":           {500, soap11, failed(said("mds-9000", "", "Database is down")), ""},
		"fault-unavailable.xml":      {500, soap11, unavailable(said("mds-7000", "", "Closed for the night")), ""},
		"fault-security.xml":         {500, soap11, denied(), ""},
		"fault-client.xml":           {500, soap11, rejected(said("mds-fault", "", "Wrong input")), ""},
		"fault-runtime.xml":          {500, soap11, failed(said("mds-fault", "", withheld)), ""},
		"trace-runtime.xml":          {500, soap11, failed(said("mds-fault", "", withheld)), ""},
		"malformed.xml":              {500, soap11, failed(said("mds-fault", "", withheld)), ""}, // an exception's class
		"trace-malformed.xml":        {500, soap11, failed(said("mds-fault", "", withheld)), ""},

		"must-understand.xml":          {500, soap11, refused(), ""},
		"no-dispatch-method.xml":       {500, soap11, refused(), ""},
		"no-dispatch-empty.xml":        {500, soap11, refused(), ""},
		"version-mismatch.xml":         {500, soap11, refused(), ""},
		"version-mismatch-foreign.xml": {500, soap11, refused(), ""},
		"not-xml.xml":                  {500, soap11, refused(), ""},
		"not-found.html":               {404, "text/html", refused(), ""},
		"schema-no-declaration.xml":    {500, soap11, refused(), ""},

		"schema-enumeration.xml":     {500, soap11, rejected(said("mds-fault", "", withheld)), ""},
		"schema-date.xml":            {500, soap11, rejected(said("mds-fault", "", withheld)), ""},
		"schema-incomplete.xml":      {500, soap11, rejected(said("mds-fault", "", withheld)), ""},
		"schema-invalid-content.xml": {500, soap11, rejected(said("mds-fault", "", withheld)), ""},
		"schema-malformed.xml":       {500, soap11, failed(said("mds-fault", "", "Failed to copy a message")), ""},
	}
	calls.EachReply(t, tests, func(t *testing.T, _ string, test row, body []byte) {
		result, failure := decode(t, op, referring(recorded), soap.Reply{Certain: true, Status: test.status, ContentType: test.contentType, Body: body})
		if test.want.Code != "" {
			checkFailure(t, failure, test.want)
			return
		}
		if failure != nil || string(result.JSON) != test.json || result.Ignored != 0 {
			t.Errorf("%+v %s", failure, result.JSON)
		}
	})
}

// typed writes a fault with one of the declared faults in its detail.
func typed(code, namespace, name, members string) soap.Reply {
	return faulty(code, fmt.Sprintf(`<f:%s xmlns:f="%s">%s</f:%[1]s>`, name, namespace, members))
}

func faulty(code, detail string) soap.Reply {
	return soap.Reply{Certain: true, Status: 500, ContentType: "text/xml", Body: []byte(
		`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault><faultcode>` + code +
			`</faultcode><faultstring>The reason</faultstring><detail>` + detail + `</detail></S:Fault></S:Body></S:Envelope>`)}
}

const details = "<Details><MessageId>1000</MessageId><MessageText>Not now</MessageText></Details>"

// TestTypedFaults decides by the local name of the detail's element alone: neither its namespace nor the faultcode counts.
func TestTypedFaults(t *testing.T) {
	op := operation(t, Config{})
	for name, want := range map[string]translate.Error{
		"ValidationFault":         rejected(said("mds-1000", "", "Not now")),
		"SystemFault":             failed(said("mds-1000", "", "Not now")),
		"ServiceUnavailableFault": unavailable(said("mds-1000", "", "Not now")),
		"SecurityFault":           denied(),
	} {
		for _, namespace := range []string{
			"http://mdsuk.com/ws/dise3g/services/definition", "http://mdsuk.com/ws/dise3g/fault/exception", "http://mdsuk.com/ws/dise3g/workflow/definition", "urn:other",
		} {
			for _, code := range []string{"S:Server", "S:Client", "Server", "Client", "undeclared:Server", "S:Client.Validation", "Custom", ""} {
				t.Run(name+" of "+namespace+" as "+code, func(t *testing.T) {
					_, failure := decode(t, op, minimal, typed(code, namespace, name, details))
					checkFailure(t, failure, want)
				})
			}
		}
		t.Run(name+" in no namespace, beside others", func(t *testing.T) {
			detail := `text<x:exception xmlns:x="http://jax-ws.dev.java.net/">trace</x:exception><` + name + ">" + details + "</" + name + "><After/>"
			_, failure := decode(t, op, minimal, faulty("S:Server", detail))
			checkFailure(t, failure, want)
		})
		t.Run(name+" with HTTP 200", func(t *testing.T) {
			reply := typed("S:Server", "urn:x", name, details)
			reply.Status = 200
			_, failure := decode(t, op, minimal, reply)
			checkFailure(t, failure, want)
		})
		t.Run(name+" with qualified members", func(t *testing.T) {
			_, failure := decode(t, op, minimal, typed("S:Server", "urn:x", name, `<f:Details><f:MessageId>1000</f:MessageId><f:MessageText>Not now</f:MessageText></f:Details>`))
			checkFailure(t, failure, want)
		})
	}
	for name, want := range map[string]translate.Error{
		"validationFault": failed(said("mds-fault", "", "The reason")),
		"OtherFault":      failed(said("mds-fault", "", "The reason")),
	} {
		_, failure := decode(t, op, minimal, typed("S:Server", "urn:x", name, details))
		checkFailure(t, failure, want)
	}
	_, failure := decode(t, op, minimal, faulty("S:Client", "<x><ValidationFault>"+details+"</ValidationFault></x>")) // deeper is not declared
	checkFailure(t, failure, rejected(said("mds-fault", "", "The reason")))
}

// TestValidationFault makes one violation of each Error, else one of Details, else one of the fault string.
func TestValidationFault(t *testing.T) {
	op := operation(t, Config{})
	message := func(id, text, extra string) string {
		members := ""
		for name, value := range map[string]string{"MessageId": id, "MessageText": text, "ExtraInfo": extra} {
			if value != "" {
				members += "<" + name + ">" + value + "</" + name + ">"
			}
		}
		return members
	}
	errorElement := func(id, text, extra string) string { return "<Error>" + message(id, text, extra) + "</Error>" }
	for _, test := range []struct {
		name, members string
		want          []translate.Violation
	}{
		{"one error", "<Errors>" + errorElement("1", "Wrong", "") + "</Errors>", []translate.Violation{said("mds-1", "", "Wrong")}},
		{"Errors win over Details", details + "<Errors>" + errorElement("1", "Wrong", "") + errorElement("2", "Bad", "") + "</Errors>", []translate.Violation{said("mds-1", "", "Wrong"), said("mds-2", "", "Bad")}},
		{"the same error twice", "<Errors>" + errorElement("1", "Wrong", "") + errorElement("1", "Wrong", "") + "</Errors>", []translate.Violation{said("mds-1", "", "Wrong"), said("mds-1", "", "Wrong")}},
		{"no number", "<Errors>" + errorElement("", "Wrong", "") + "</Errors>", []translate.Violation{said("mds-validation", "", "Wrong")}},
		{"a number that fits no code", "<Errors>" + errorElement("no such code", "Wrong", "") + "</Errors>", []translate.Violation{said("mds-validation", "", "Wrong")}},
		{"a number that is too long", "<Errors>" + errorElement(strings.Repeat("1", 33), "Wrong", "") + "</Errors>", []translate.Violation{said("mds-validation", "", "Wrong")}},
		{"a number of letters", "<Errors>" + errorElement("SVC.E_1-2", "Wrong", "") + "</Errors>", []translate.Violation{said("mds-SVC.E_1-2", "", "Wrong")}},
		{"white space around the number", "<Errors>" + errorElement("\n 1 \n", " Wrong ", "") + "</Errors>", []translate.Violation{said("mds-1", "", "Wrong")}},
		{"extra information only", "<Errors>" + errorElement("1", "", "see the tariff") + "</Errors>", []translate.Violation{said("mds-1", "", "see the tariff")}},
		{"a number only", "<Errors>" + errorElement("1", "", "") + "</Errors>", []translate.Violation{said("mds-1", "", "The reason")}},
		{"empty errors", details + "<Errors><Error/><Error><MessageId> </MessageId></Error></Errors>", []translate.Violation{said("mds-1000", "", "Not now")}},
		{"no errors in Errors", details + "<Errors/>", []translate.Violation{said("mds-1000", "", "Not now")}},
		{"something else in Errors", details + "<Errors><Failure>" + message("1", "Wrong", "") + "</Failure></Errors>", []translate.Violation{said("mds-1000", "", "Not now")}},
		{"nothing in Details", "<Details/>", []translate.Violation{said("mds-validation", "", "The reason")}},
		{"nothing at all", "", []translate.Violation{said("mds-validation", "", "The reason")}},
		{"text where elements belong", "Wrong", []translate.Violation{said("mds-validation", "", "The reason")}},
		{"a stack trace", "<Errors>" + errorElement("1", "java.lang.NullPointerException at mds.Server.create(Server.java:20)", "") + "</Errors>", []translate.Violation{said("mds-1", "", withheld)}},
		{"values of the request", "<Errors>" + errorElement("1", "Service linech of 00000042 is unknown", "") + "</Errors>", []translate.Violation{said("mds-1", "", "Service *** of *** is unknown")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, failure := decode(t, op, minimal, typed("S:Server", "urn:x", "ValidationFault", test.members))
			checkFailure(t, failure, rejected(test.want...))
		})
	}
	_, failure := decode(t, op, minimal, typed("S:Server", "urn:x", "SystemFault", "<Details><ExtraInfo>ORA-1</ExtraInfo></Details>"))
	checkFailure(t, failure, failed(said("mds-fault", "", withheld)))
}

// TestManyErrors bounds the failure that a reply can make.
func TestManyErrors(t *testing.T) {
	all := "<Errors>" + strings.Repeat("<Error><MessageText>Bad serviceCode</MessageText></Error>", 3000) + "</Errors>"
	_, failure := decode(t, operation(t, Config{}), minimal, typed("S:Server", "urn:x", "ValidationFault", all))
	// As many as fit into a stored answer of 16 KiB.
	if failure == nil || len(failure.Violations) < 50 || len(failure.Violations) > 160 || !failure.Truncated || failure.Code != translate.UpstreamRejected {
		t.Fatalf("%d violations: %v", len(failure.Violations), failure)
	}
}

// TestNamedField finds the field that a text names, and none where it names several or might name none.
func TestNamedField(t *testing.T) {
	op := operation(t, Config{})
	for _, test := range []struct{ text, extra, pointer string }{
		{"Invalid serviceCode", "", code},
		{"Invalid ServiceCode", "", code}, // the table's capital
		{"Invalid 'serviceCode': not found", "", code},
		{"serviceCode: serviceCode is invalid", "ServiceCode", code},
		{"Not found", "serviceCode", code},
		{"ServiceData/serviceCode", "", code}, // an object is not a field
		{"def:serviceCode", "", code},
		{"customerLevelReference is unknown", "", reference},
		{"CustomerLevel", "", level},
		{"EffectiveDate and effectiveDate", "", effective},
		{"UserID is unknown", "", "/auditRecord/userId"},
		{"ExternalReference was used before", "", "/externalReference"},
		{"ServicePrice out of range", "", "/serviceData/servicePrice"},
		{"salesPersonId", "SalesPersonId", "/serviceData/salesPersonId"},
		{"Description is too long", "", "/serviceData/description"}, // as the schema has it
		{"Program is unknown", "", "/auditRecord/program"},

		{"effectiveDate after expiryDate", "", ""},
		{"Invalid serviceCode", "effectiveDate", ""},
		{"CustomerLevel does not fit CustomerLevelReference", "", ""},
		{"The description is too long", "", ""}, // plain English
		{"the program is unknown", "", ""},
		{"service code", "", ""},
		{"servicecode", "", ""},
		{"SERVICECODE", "", ""},
		{"serviceCodes", "", ""},
		{"MyserviceCode", "", ""},
		{"userId", "", ""}, // the JSON name is not the vendor's
		{"ServiceData is wrong", "", ""},
		{"", "none", ""},
	} {
		members := "<Errors><Error><MessageId>1</MessageId><MessageText>" + test.text + "</MessageText><ExtraInfo>" + test.extra + "</ExtraInfo></Error></Errors>"
		_, failure := decode(t, op, minimal, typed("S:Server", "urn:x", "ValidationFault", members))
		if failure == nil || len(failure.Violations) != 1 || failure.Violations[0].Pointer != test.pointer {
			t.Errorf("%q, %q: %+v", test.text, test.extra, failure)
		}
	}
}

// TestSeveralFaults contradict each other in either order, one beside or inside the other, and even when they are of one kind.
func TestSeveralFaults(t *testing.T) {
	one := func(name, id string) string {
		return "<" + name + "><Details><MessageId>" + id + "</MessageId></Details></" + name + ">"
	}
	names := []string{"ValidationFault", "SystemFault", "ServiceUnavailableFault", "SecurityFault"}
	for _, first := range names {
		for _, second := range names {
			t.Run(first+" and "+second, func(t *testing.T) {
				for _, code := range []string{"S:Server", "S:Client"} {
					_, failure := decode(t, operation(t, Config{}), minimal, faulty(code, one(first, "1")+"<Other/>"+one(second, "2")))
					checkFailure(t, failure, failed(said("mds-1", "", "The reason"), said("mds-2", "", "The reason")))
					nested := strings.Replace(one(first, "1"), "</"+first+">", "<Other>"+one(second, "2")+"</Other></"+first+">", 1)
					_, failure = decode(t, operation(t, Config{}), minimal, faulty(code, nested))
					checkFailure(t, failure, failed(said("mds-1", "", "The reason"), said("mds-2", "", "The reason")))
				}
			})
		}
	}
}

// TestTypedFaultsByStatus: the declared fault decides against an HTTP status, too.
func TestTypedFaultsByStatus(t *testing.T) {
	for _, status := range []int{401, 403, 429} {
		for code, want := range map[string]translate.Error{"ValidationFault": rejected(said("mds-1000", "", "Not now")), "SystemFault": failed(said("mds-1000", "", "Not now"))} {
			reply := typed("S:Client", "urn:x", code, details)
			reply.Status = status
			_, failure := decode(t, operation(t, Config{}), minimal, reply)
			checkFailure(t, failure, want)
		}
	}
}

// success writes a reply with the given body.
func success(body string) soap.Reply {
	return soap.Reply{Certain: true, Status: 200, ContentType: "text/xml", Body: []byte(
		`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>` + body + `</S:Body></S:Envelope>`)}
}

const start, end = `<d:CreateServiceResponse xmlns:d="http://mdsuk.com/ws/dise3g/services/definition">`, `</d:CreateServiceResponse>`

// TestSuccess reads the reference by its namespace, and does not need it.
func TestSuccess(t *testing.T) {
	op := operation(t, Config{})
	for _, test := range []struct {
		name, sent, body, json string // without json the outcome is unknown
		ignored                int
	}{
		{"with a reference", "R é", start + `<d:Result><ExternalReference>R é</ExternalReference></d:Result>` + end, `,"externalReference":"R é"`, 0},
		{"with an empty one", "R", start + `<d:Result><ExternalReference/></d:Result>` + end, `,"externalReference":""`, 0},
		{"without one", "R", start + `<d:Result/>` + end, ``, 0},
		{"with one in the wrong namespace", "R", start + `<d:Result><d:ExternalReference>R</d:ExternalReference></d:Result>` + end, ``, 1},
		{"with more than is known", "R", start + `<d:Other/><d:Result><ServiceId>7</ServiceId><ExternalReference>R</ExternalReference></d:Result>` + end, `,"externalReference":"R"`, 2},
		{"with an unqualified result", "R", start + `<Result><ExternalReference>R</ExternalReference></Result>` + end, ``, 1},
		{"with markup characters", `<&"`, start + `<d:Result><ExternalReference>&lt;&amp;"</ExternalReference></d:Result>` + end, `,"externalReference":"<&\""`, 0},
		{"with white space around it", "R", start + "<d:Result><ExternalReference>\n R\t</ExternalReference></d:Result>" + end, `,"externalReference":"R"`, 0},
		{"with white space around the one that was sent", " R ", start + `<d:Result><ExternalReference>R</ExternalReference></d:Result>` + end, `,"externalReference":"R"`, 0},
		{"with two references", "R", start + `<d:Result><ExternalReference>R</ExternalReference><ExternalReference>R</ExternalReference></d:Result>` + end, "-", 0},
		{"with two results", "R", start + `<d:Result/><d:Result/>` + end, "-", 0},
		{"with an unqualified root", "R", `<CreateServiceResponse><Result/></CreateServiceResponse>`, "-", 0},
		{"with the request's root", "R", `<d:CreateService xmlns:d="http://mdsuk.com/ws/dise3g/services/definition"/>`, "-", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, failure := decode(t, op, referring(test.sent), success(test.body))
			if test.json == "-" {
				checkFailure(t, failure, unknown())
				return
			}
			if want := `{"operationId":"` + operationID + `"` + test.json + `}`; failure != nil || string(result.JSON) != want || result.Ignored != test.ignored {
				t.Errorf("%+v %s %d", failure, result.JSON, result.Ignored)
			}
		})
	}
}

// TestReplyToAnotherCall does not become this call's result. Its connection is given up, and an operator learns of it.
func TestReplyToAnotherCall(t *testing.T) {
	op := operation(t, Config{})
	answer := func(reference string) soap.Reply {
		return success(start + `<d:Result><ExternalReference>` + reference + `</ExternalReference></d:Result>` + end)
	}
	if result, failure := decode(t, op, minimal, answer(operationID)); failure != nil || !strings.Contains(string(result.JSON), `"externalReference":"`+operationID+`"`) {
		t.Errorf("the operation id is not taken for the reference that was sent: %+v", failure)
	}
	for body, reference := range map[string]string{
		minimal: "sb-4711", referring("sb-4711"): operationID, referring("sb-4712"): "sb-4711", referring("SB-4711"): "sb-4711",
		referring("a"): "a a", referring("b"): strings.Repeat("b", 257),
	} {
		_, failure := decode(t, op, body, answer(reference))
		checkFailure(t, failure, translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown, Alert: true})
		if !failure.Stray {
			t.Errorf("%s: its connection is kept", reference)
		}
	}
}

// TestConfiguredSecretsAreMasked plants them in a vendor's text.
func TestConfiguredSecretsAreMasked(t *testing.T) {
	op := operation(t, Config{Security: soap.Security{Password: "wsse-secret"}, Secrets: []secret.Secret{"basic-secret"}})
	members := "<Errors><Error><MessageText>bad WSSE SECRET or basic-secret</MessageText></Error></Errors>"
	_, failure := decode(t, op, minimal, typed("S:Server", "urn:x", "ValidationFault", members))
	checkFailure(t, failure, rejected(said("mds-validation", "", "bad *** or ***")))
	if strings.Contains(failure.Error(), "secret") {
		t.Error(failure)
	}
}

// TestCausesForTheLog names the messages that a declared fault has, its code as it was sent, and what came around it.
func TestCausesForTheLog(t *testing.T) {
	op := operation(t, Config{Security: soap.Security{Password: "wsse-secret"}})
	members := "<Details><MessageId>9000</MessageId><MessageText>Pool for wsse-secret is empty</MessageText><ExtraInfo>ORA-03113 pwd=x7</ExtraInfo></Details>" +
		"<Errors><Error><MessageId>1</MessageId></Error><Error/><Error><MessageText>Unknown 00000042</MessageText></Error></Errors>"
	_, failure := decode(t, op, minimal, typed("S:Server.generalException", "urn:x", "SystemFault", members))
	const want = `SystemFault, message 9000 "Pool for *** is empty ORA-03113 pwd=***", message 1 "", message  "Unknown ***": ` +
		`fault Server.generalException: The reason; HTTP 500, text/xml, 525 bytes`
	if failure == nil || failure.Cause.Error() != want {
		t.Errorf("\n got %v\nwant %s", failure, want)
	}
}
