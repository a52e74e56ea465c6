package customercare

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/tests/calls"
	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

func rejected(pointer, detail string) translate.Error {
	return translate.Error{
		Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromFault,
		Violations: []translate.Violation{{Pointer: pointer, Code: "customercare-fault", Detail: detail}},
	}
}

func failed(detail string) translate.Error {
	return translate.Error{
		Code: translate.UpstreamFailed, Outcome: soap.Failed, Source: translate.FromFault,
		Violations: []translate.Violation{{Code: "customercare-fault", Detail: detail}},
	}
}

func refused() translate.Error {
	return translate.Error{Code: translate.UpstreamRefused, Outcome: soap.Rejected, Alert: true}
}

func unknown() translate.Error {
	return translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown}
}

// TestRecordedReplies reads what an ASMX server answered to right and wrong messages; those with "trace" in their name were made with the
// server's stack traces turned on.
func TestRecordedReplies(t *testing.T) {
	const pinRequest, workflowRequest, callLogRequest = "UpdateCustomerPIN", "CreateWorkFlowManager", "CreateCallLog"
	const notRead = "Server was unable to read request."
	closed := translate.Error{
		Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromResponseCode,
		Violations: []translate.Violation{{Code: "customercare-1001", Detail: "Account not found"}},
		Extensions: map[string]any{
			"sevCode":         ReplyCode{Code: new("0"), Description: new("Info")},
			"explanationCode": ReplyCode{Code: new("E0"), Description: new("None")},
		},
	}
	type expectation struct {
		operation string
		status    int
		want      translate.Error // without a code: a success
	}
	tests := map[string]expectation{
		"ok-pin.xml":                    {pinRequest, 200, translate.Error{}},
		"ok-workflow.xml":               {workflowRequest, 200, translate.Error{}},
		"ok-call-log.xml":               {callLogRequest, 200, translate.Error{}},
		"blank-errordata.xml":           {pinRequest, 200, translate.Error{}},
		"failed-baseresponse.xml":       {pinRequest, 200, closed},
		"null-result.xml":               {workflowRequest, 200, unknown()}, // no BaseResponse
		"not-found.trace.html":          {pinRequest, 404, refused()},
		"wrong-content-type.trace.html": {pinRequest, 500, unknown()}, // the service's own doing, but nothing in it says so
		"wrong-envelope-ns.xml":         {pinRequest, 500, refused()},
		"wrong-envelope-ns.trace.xml":   {pinRequest, 500, refused()},
	}
	// The same in both versions, and with and without stack traces, but for what the version puts elsewhere.
	for name, each := range map[string]expectation{
		"bad-bool":               {workflowRequest, 500, rejected("", notRead)},
		"bad-enum":               {pinRequest, 500, rejected("/operationType", notRead)},
		"empty-enum":             {pinRequest, 500, rejected("/operationType", notRead)},
		"bad-date":               {workflowRequest, 500, rejected("", notRead)},
		"bad-datetime":           {workflowRequest, 500, rejected("", notRead)},
		"bad-int":                {callLogRequest, 500, rejected("", notRead)},
		"int-overflow":           {callLogRequest, 500, rejected("", notRead)},
		"mustunderstand-unknown": {pinRequest, 500, refused()},
		"unknown-operation":      {pinRequest, 500, refused()},
		"throw-client":           {pinRequest, 500, rejected("", "The account is closed")},
		"throw-header":           {pinRequest, 500, rejected("", "Token expired")},
		"throw-sub":              {pinRequest, 500, rejected("", "Bad account")},
		"throw-server":           {pinRequest, 500, failed("Back end down")},
		"throw-plain":            {pinRequest, 500, failed("Server was unable to process request.")},
	} {
		for _, variant := range []string{"", "-soap12", ".trace", "-soap12.trace"} {
			if _, err := os.Stat(filepath.Join("testdata/replies", name+variant+".xml")); err == nil {
				tests[name+variant+".xml"] = each
			}
		}
	}
	for _, name := range []string{"ok-pin", "ok-workflow", "ok-call-log", "failed-baseresponse"} {
		tests[name+"-soap12.xml"] = tests[name+".xml"]
	}
	calls.EachReply(t, tests, func(t *testing.T, name string, test expectation, body []byte) {
		version, contentType := soap.V11, "text/xml; charset=utf-8"
		if strings.Contains(name, "soap12") {
			version, contentType = soap.V12, "application/soap+xml; charset=utf-8"
		}
		op := operation(t, test.operation, Config{Version: version})
		result, failure := decode(t, op, op.Example, soap.Reply{Certain: true, Status: test.status, ContentType: contentType, Body: body})
		if test.want.Code != "" {
			checkFailure(t, failure, test.want)
			return
		}
		if failure != nil || result.Ignored != 0 || !strings.Contains(string(result.JSON), `"responseCode":"0","responseDescription":"Success"}`) {
			t.Errorf("%+v %d %s", failure, result.Ignored, result.JSON)
		}
		for _, token := range []string{"ID-1", "ID-2"} { // the header echoes the credentials
			if strings.Contains(string(result.JSON), token) {
				t.Errorf("%s came back", token)
			}
		}
	})
}

// reply writes a reply of an operation in SOAP 1.1; members are those of its result.
func reply(operation, members string) soap.Reply {
	body := fmt.Sprintf(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><ScCredentials xmlns="%s"><ID>echoed</ID></ScCredentials></s:Header>`+
		`<s:Body><%sResponse xmlns="%[1]s"><%[2]sResult>%[3]s</%[2]sResult></%[2]sResponse></s:Body></s:Envelope>`, namespace, operation, members)
	return soap.Reply{Certain: true, Status: 200, ContentType: "text/xml", Body: []byte(body)}
}

// base writes a BaseResponse.
func base(members string) string { return `<BaseResponse xmlns="">` + members + `</BaseResponse>` }

func errorElement(code, description string) string {
	return "<ErrorData><ErrorCode>" + code + "</ErrorCode><ErrorDescription>" + description + "</ErrorDescription><NativeErrorDetail>at Dao.Find() native</NativeErrorDetail></ErrorData>"
}

// TestOutcomeTable is the whole rule: what the two codes and the error's description decide together, with and without a list of codes that
// mean success.
func TestOutcomeTable(t *testing.T) {
	const success, rejected, failed, unknown = "success", string(translate.UpstreamRejected), string(translate.UpstreamFailed), string(translate.OutcomeUnknown)
	blank, words := []string{"-", "", " \n "}, []string{"Account is closed"} // "-": the element is absent
	all := slices.Concat(blank, []string{"0", "000", "9", "OK"})
	for _, row := range []struct {
		name                          string
		codes                         []string
		errorCodes, texts, replyCodes []string
		want                          string
	}{
		{"an error code", nil, []string{"E7", "1001", " 7 ", "OK", "0x0"}, slices.Concat(blank, words), all, rejected},
		{"an error code, with a list", []string{"OK"}, []string{"E7", "1001", " 7 "}, slices.Concat(blank, words), all, rejected},
		{"an error in words", nil, blank, words, []string{"-", "", " ", "9", " 9 ", "OK"}, rejected},
		{"an error in words, with a list", []string{"OK"}, blank, words, []string{"-", "", " ", "9", " 9 "}, rejected},
		{"words against a zero", nil, blank, words, []string{"0", "000", " 0 "}, failed},
		{"words against a zero, with a list", []string{"OK"}, blank, words, []string{"0", "000", "OK", "\nOK "}, failed},
		{"no error", nil, blank, blank, []string{"0", "000", "9", "OK", " 9 "}, success},
		{"a zero", nil, []string{"0", "000", " 0 "}, slices.Concat(blank, words), []string{"0", "000", "9", "OK", " 9 "}, success},
		{"no error, a code on the list", []string{"OK"}, blank, blank, []string{"OK", " OK "}, success},
		{"a zero or a code on the list, and a code on the list", []string{"OK"}, []string{"0", "000", "OK", " OK "}, slices.Concat(blank, words), []string{"OK", " OK "}, success},
		{"no error, a code that is not on the list", []string{"OK"}, blank, blank, []string{"0", "9", "ok"}, rejected},
		{"a zero, and a code that is not on the list", []string{"OK"}, []string{"0", "OK"}, slices.Concat(blank, words), []string{"0", "9", "ok"}, rejected},
		{"nothing", nil, blank, blank, blank, unknown},
		{"nothing, with a list", []string{"OK"}, blank, blank, blank, unknown},
		{"only a zero", nil, []string{"0", "000"}, slices.Concat(blank, words), blank, unknown},
		{"only a zero, with a list", []string{"OK"}, []string{"0", "OK"}, slices.Concat(blank, words), blank, unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			op := operation(t, "UpdateCustomerPIN", Config{SuccessCodes: row.codes})
			for _, errorCode := range row.errorCodes {
				for _, description := range row.texts {
					for _, code := range row.replyCodes {
						members := element("ResponseCode", code) +
							"<ErrorData>" + element("ErrorCode", errorCode) + element("ErrorDescription", description) + "<NativeErrorDetail>ORA-1</NativeErrorDetail></ErrorData>"
						_, failure := decode(t, op, pin, reply("UpdateCustomerPIN", base(members)))
						got := success
						if failure != nil {
							got = string(failure.Code)
						}
						if got != row.want {
							t.Errorf("%s: %s, want %s", members, got, row.want)
						}
					}
				}
			}
		})
	}
}

// element writes an element; "-" is none.
func element(name, text string) string {
	if text == "-" {
		return ""
	}
	return "<" + name + ">" + text + "</" + name + ">"
}

// TestBaseResponse is what a failed BaseResponse becomes, with all three operations.
func TestBaseResponse(t *testing.T) {
	const ok = "<ResponseCode>0</ResponseCode><ResponseDescription>Fine</ResponseDescription>"
	const odd = "<ResponseCode>7</ResponseCode><ResponseDescription>Odd</ResponseDescription>"
	const native = "<NativeErrorDetail>at Dao.Find() native</NativeErrorDetail>"
	status := map[string]int{"1001": 404, "7": 409}
	for _, test := range []struct {
		name, members string
		codes         []string
		code, detail  string // empty: a success
		status        int
	}{
		{"no list: any code is success", ok, nil, "", "", 0},
		{"no list: an odd code too", odd, nil, "", "", 0},
		{"on the list", ok, []string{"00", "0"}, "", "", 0},
		{"on the list, with white space", "<ResponseCode>\n 0 \n</ResponseCode>", []string{"0"}, "", "", 0},
		{"not on the list", odd, []string{"00", "0"}, "7", "Odd", 409},
		{"not on the list, with white space", "<ResponseCode> 7 </ResponseCode>", []string{"0"}, "7", "The vendor gave no reason.", 409},
		{"not on the list by a zero", ok, []string{"00"}, "0", "Fine", 0},
		{"not on the list, and a zero with words", odd + errorElement("0", "Account is closed"), []string{"0"}, "7", "Account is closed", 409},

		{"an error code", ok + errorElement("1001", "Account not found"), nil, "1001", "Account not found", 404},
		{"an error code, although the response code is on the list", ok + errorElement("1001", "Account not found"), []string{"0"}, "1001", "Account not found", 404},
		{"an error code wins over a response code", odd + errorElement("1002", "Closed"), []string{"0"}, "1002", "Closed", 0},
		{"an error code without description", ok + errorElement("1001", " "), nil, "1001", "Fine", 404},
		{"an error code without any description", "<ErrorData><ErrorCode>1001</ErrorCode></ErrorData>", nil, "1001", "The vendor gave no reason.", 404},
		{"an error code with white space", ok + errorElement("\n1001\n", "Account not found"), nil, "1001", "Account not found", 404},
		{"an error code of letters", ok + errorElement("E-1.2_x", "Odd"), nil, "E-1.2_x", "Odd", 0},
		{"an error code of 32 characters", ok + errorElement(strings.Repeat("9", 32), "Odd"), nil, strings.Repeat("9", 32), "Odd", 0},
		{"an error code of 33 characters", ok + errorElement(strings.Repeat("9", 33), "Odd"), nil, "fault", "Odd", 0},
		{"an error code of 256 characters", ok + errorElement(strings.Repeat("é", 256), "Odd"), nil, "fault", "Odd", 0},
		{"an error code that fits no code", ok + errorElement("no such account", "Odd"), nil, "fault", "Odd", 0},
		{"an error code beyond ASCII", ok + errorElement("é", "Odd"), nil, "fault", "Odd", 0},
		{"an error in words only", odd + errorElement(" \n ", "Account is closed"), nil, "7", "Account is closed", 409},
		{"an error in words and nothing else", "<ErrorData><ErrorDescription>Account is closed</ErrorDescription></ErrorData>", nil, "fault", "Account is closed", 0},
		{"an error in the service's namespace", ok + inService(errorElement("1001", "Account not found")), nil, "1001", "Account not found", 404},
		{"an error in the service's namespace with members in none", ok + strings.NewReplacer("<ErrorCode>", `<ErrorCode xmlns="">`, "<ErrorDescription>", `<ErrorDescription xmlns="">`).
			Replace(inService(errorElement("1001", "Account not found"))), nil, "1001", "Account not found", 404},
		{"an error whose members are in the service's namespace", ok + "<ErrorData>" + inService("<ErrorCode>1001</ErrorCode>") + inService("<ErrorDescription>Account not found</ErrorDescription>") + "</ErrorData>",
			nil, "1001", "Account not found", 404},

		{"an empty ErrorData", ok + "<ErrorData/>", nil, "", "", 0},
		{"an ErrorData with native detail only", ok + "<ErrorData><ErrorCode/><ErrorDescription/>" + native + "</ErrorData>", nil, "", "", 0},
		{"a nil ErrorData", ok + `<ErrorData xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>`, nil, "", "", 0},
		{"a nil ErrorCode", ok + `<ErrorData><ErrorCode xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"/></ErrorData>`, nil, "", "", 0},
		{"a description with the request in it", ok + errorElement("1", "Account 01-2345-6789 is closed"), nil, "1", "Account *** is closed", 0},
		{"a description with a stack trace", ok + errorElement("1", "at Dao.Find(Dao.cs:1)"), nil, "1", "The vendor gave a reason that is not shown here.", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, body := range map[string]string{"CreateWorkFlowManager": workflow, "CreateCallLog": strings.Replace(callLog, `"logText"`, `"account": {"accountNumber": "0123456789"}, "logText"`, 1), "UpdateCustomerPIN": pin} {
				op := operation(t, name, Config{SuccessCodes: test.codes, CodeStatus: status})
				result, failure := decode(t, op, body, reply(name, base(test.members)))
				if test.code == "" {
					if failure != nil || !strings.Contains(string(result.JSON), `"operationId":"`+env.OperationID+`","baseResponse":{`) ||
						strings.Contains(string(result.JSON), "rror") || strings.Contains(string(result.JSON), "echoed") {
						t.Errorf("%s: %+v %s", name, failure, result.JSON)
					}
					continue
				}
				checkFailure(t, failure, translate.Error{
					Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromResponseCode, Status: test.status,
					Violations: []translate.Violation{{Code: record.Code("customercare-" + test.code), Detail: test.detail}},
				})
			}
		})
	}
}

// inService puts elements into the service's namespace.
func inService(xml string) string { return strings.Replace(xml, ">", ` xmlns="`+namespace+`">`, 1) }

// TestContradiction is an error in words beside a code of success. The description and the operation's own codes are kept.
func TestContradiction(t *testing.T) {
	const members = "<ResponseCode> 00 </ResponseCode><ResponseDescription>Success</ResponseDescription><ErrorData><ErrorDescription>Account is closed</ErrorDescription></ErrorData>"
	_, failure := decode(t, operation(t, "UpdateCustomerPIN", Config{CodeStatus: map[string]int{"00": 404}}), pin,
		reply("UpdateCustomerPIN", base(members)+`<SevCode xmlns=""><Code>3</Code></SevCode>`))
	checkFailure(t, failure, translate.Error{
		Code: translate.UpstreamFailed, Outcome: soap.Failed, Source: translate.FromResponseCode,
		Violations: []translate.Violation{{Code: "customercare-00", Detail: "Account is closed"}},
		Extensions: map[string]any{"sevCode": ReplyCode{Code: new("3")}},
	})
}

// TestCodes are trimmed, and what is too long to be one makes the reply unreadable, in whatever element it is.
func TestCodes(t *testing.T) {
	long := strings.Repeat("9", 257)
	members := func(code, sevCode, explanation string) string {
		return base("<MessageDateTime> 2026-11-21T09:30:01Z </MessageDateTime><ResponseCode>"+code+"</ResponseCode>") +
			`<SevCode xmlns=""><Code>` + sevCode + `</Code></SevCode><ExplanationCode xmlns=""><Code>` + explanation + `</Code></ExplanationCode>`
	}
	op := operation(t, "UpdateCustomerPIN", Config{})
	result, failure := decode(t, op, pin, reply("UpdateCustomerPIN", members("\n 0 ", " 3\t", "\u00a0E1\n")))
	want := `{"operationId":"` + env.OperationID + `","baseResponse":{"messageDateTime":"2026-11-21T09:30:01Z","responseCode":"0"},"sevCode":{"code":"3"},"explanationCode":{"code":"E1"}}`
	if failure != nil || string(result.JSON) != want {
		t.Errorf("%+v\n got %s\nwant %s", failure, result.JSON, want)
	}
	for name, body := range map[string]string{
		"ResponseCode": members(long, "3", "E1"), "SevCode": members("0", long, "E1"), "ExplanationCode": members("0", "3", long),
		"ErrorCode":       base("<ResponseCode>0</ResponseCode>" + errorElement(long, "Wrong")),
		"MessageDateTime": base("<MessageDateTime>" + long + "</MessageDateTime><ResponseCode>0</ResponseCode>"),
	} {
		_, failure := decode(t, op, pin, reply("UpdateCustomerPIN", body))
		if failure == nil {
			t.Errorf("%s: a success", name)
			continue
		}
		checkFailure(t, failure, unknown())
	}
}

// TestNativeErrorDetail goes only to the log, masked.
func TestNativeErrorDetail(t *testing.T) {
	op := operation(t, "UpdateCustomerPIN", Config{DirectToken: "direct-token"})
	members := strings.Replace(errorElement("1001", "Wrong"), "at Dao.Find() native", "PIN 0042 of DIRECT TOKEN is bad", 1)
	_, failure := decode(t, op, newPIN, reply("UpdateCustomerPIN", base(members)))
	if failure == nil || len(failure.Violations) != 1 || strings.Contains(fmt.Sprintf("%+v %v", failure.Violations, failure.Extensions), "bad") {
		t.Fatalf("%+v", failure)
	}
	if cause := failure.Cause.Error(); !strings.Contains(cause, "PIN *** of *** is bad") {
		t.Error(cause)
	}
}

// TestPINReply has two codes of its own, in a success as they are and in a refusal as members of the problem.
func TestPINReply(t *testing.T) {
	const codes = `<SevCode xmlns=""><Code>3</Code><Description>About 0123456789</Description></SevCode>` +
		`<ExplanationCode xmlns=""><Code>E1</Code><Description/></ExplanationCode>`
	op := operation(t, "UpdateCustomerPIN", Config{})
	result, failure := decode(t, op, pin, reply("UpdateCustomerPIN", base("<ResponseCode>0</ResponseCode>")+codes))
	want := `{"operationId":"` + env.OperationID + `","baseResponse":{"responseCode":"0"},"sevCode":{"code":"3","description":"About 0123456789"},"explanationCode":{"code":"E1","description":""}}`
	if failure != nil || string(result.JSON) != want {
		t.Errorf("%+v\n got %s\nwant %s", failure, result.JSON, want)
	}
	for _, test := range []struct {
		name, members string
		want          map[string]any
	}{
		{"both", codes, map[string]any{
			"sevCode": ReplyCode{Code: new("3"), Description: new("About ***")}, "explanationCode": ReplyCode{Code: new("E1")},
		}},
		{"one", `<SevCode xmlns=""><Code>3</Code></SevCode>`, map[string]any{"sevCode": ReplyCode{Code: new("3")}}},
		{"an empty one", `<SevCode xmlns=""><Code/><Description> </Description></SevCode>`, map[string]any{"sevCode": ReplyCode{}}},
		{"none", ``, map[string]any{}},
		{"one in the wrong namespace", `<SevCode><Code>3</Code></SevCode>`, map[string]any{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, failure := decode(t, op, pin, reply("UpdateCustomerPIN", base(errorElement("1001", "Wrong"))+test.members))
			if failure == nil {
				t.Fatal("a success")
			}
			if diff := cmp.Diff(test.want, failure.Extensions); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, failure = decode(t, op, pin, reply("UpdateCustomerPIN", codes))
	checkFailure(t, failure, unknown())
}

// TestNoBaseResponse is an answer that says nothing.
func TestNoBaseResponse(t *testing.T) {
	for name, body := range map[string]string{"CreateWorkFlowManager": workflow, "CreateCallLog": callLog, "UpdateCustomerPIN": pin} {
		op := operation(t, name, Config{})
		for _, members := range []string{
			"", "text", `<BaseResponse><ResponseCode xmlns="">0</ResponseCode></BaseResponse>`, `<baseResponse xmlns=""/>`,
			`<x xmlns=""><BaseResponse/></x>`, `<BaseResponse xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>`,
			base("") + base(""), base("<ResponseCode>0</ResponseCode><ResponseCode>0</ResponseCode>"), base("<ResponseCode><x/></ResponseCode>"),
		} {
			_, failure := decode(t, op, body, reply(name, members))
			checkFailure(t, failure, unknown())
		}
		other := map[string]string{"CreateWorkFlowManager": "CreateCallLog", "CreateCallLog": "UpdateCustomerPIN", "UpdateCustomerPIN": "CreateWorkFlowManager"}[name]
		_, failure := decode(t, op, body, reply(other, base("<ResponseCode>0</ResponseCode>")))
		checkFailure(t, failure, unknown())
	}
}

// TestIgnored counts the unknown elements of the body, and none of the header.
func TestIgnored(t *testing.T) {
	op := operation(t, "CreateCallLog", Config{})
	members := base("<ResponseCode>0</ResponseCode><New><Deep/></New>") + `<New xmlns=""/><New/>`
	if result, failure := decode(t, op, callLog, reply("CreateCallLog", members)); failure != nil || result.Ignored != 3 {
		t.Errorf("%+v %+v", result, failure)
	}
}

func soapFault(code, reason string) soap.Reply {
	return soap.Reply{Certain: true, Status: 500, ContentType: "text/xml", Body: []byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>` + code +
		`</faultcode><faultstring>` + reason + `</faultstring><detail/></s:Fault></s:Body></s:Envelope>`)}
}

// TestNotAValue finds the place of a value that did not fit the type of an enumeration, where just one value that was sent can be it.
func TestNotAValue(t *testing.T) {
	const notRead = "Server was unable to read request. ---&gt; There is an error in XML document (1, 2). ---&gt; "
	contact := func(members string) string { return edit(t, workflow, `"accountNumber"`, members+`, "accountNumber"`) }
	one := contact(`"requestor": {"email": {"emailType": "odd"}}`)
	two := contact(`"requestor": {"primaryContact": {"phoneType": "odd"}, "otherPhones": [{"phoneType": "odder"}]}`)
	for _, test := range []struct {
		name, operation, body, typeName, pointer string
	}{
		{"the element's name", "CreateWorkFlowManager", one, "EmailType", "/requestor/email/emailType"},
		{"with the names around it", "CreateWorkFlowManager", one, "CreateWFMRequestRequestorEmailEmailType", "/requestor/email/emailType"},
		{"with Enum behind", "UpdateCustomerPIN", pin, "OperationTypeEnum", "/operationType"},
		{"not sent", "CreateWorkFlowManager", workflow, "EmailType", ""},
		{"sent twice", "CreateWorkFlowManager", two, "PhoneType", ""},
		{"sent once, in an array", "CreateWorkFlowManager", contact(`"requestor": {"otherPhones": [{"phone": "1"}, {"phoneType": "odd"}]}`), "PhoneType", "/requestor/otherPhones/1/phoneType"},
		{"another type", "UpdateCustomerPIN", pin, "Boolean", ""},
		{"another letter case", "UpdateCustomerPIN", pin, "operationtype", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			reason := notRead + "Instance validation error: 'odd' is not a valid value for " + test.typeName + "."
			_, failure := decode(t, operation(t, test.operation, Config{}), test.body, soapFault("s:Client", reason))
			checkFailure(t, failure, rejected(test.pointer, "Server was unable to read request."))
		})
	}
	_, failure := decode(t, operation(t, "UpdateCustomerPIN", Config{}), pin, soapFault("s:Server", notRead+"'odd' is not a valid value for OperationType."))
	checkFailure(t, failure, failed("Server was unable to read request.")) // it says that it broke
}

// TestConfiguredSecretsAreMasked plants them in a vendor's text.
func TestConfiguredSecretsAreMasked(t *testing.T) {
	config := Config{DirectToken: "planted-1", OriginatingToken: "planted-2", Security: soap.Security{Password: "planted-3"}, Secrets: []secret.Secret{"planted-4"}}
	op := operation(t, "CreateCallLog", config)
	request, refusal := op.Read([]byte(callLog))
	if refusal != nil {
		t.Fatal(refusal)
	}
	caller := env
	caller.Caller.OriginatingToken = "planted-5"
	_, failure := request.Decode(soapFault("s:Client", "Bad PLANTED-1 planted 2 planted.3 (planted/4) xplanted-5x"), caller)
	checkFailure(t, failure, rejected("", "Bad *** *** *** (***) x***x"))
	if strings.Contains(strings.ToLower(failure.Error()), "planted") {
		t.Error(failure)
	}
}

// TestSecretsInSuccess masks the free texts of a success, and lets no code, date or identifier with a configured secret pass.
func TestSecretsInSuccess(t *testing.T) {
	config := Config{DirectToken: "direct-token", Security: soap.Security{Password: "wsse-secret"}}
	codes := func(sev, description string) string {
		return `<SevCode xmlns=""><Code>` + sev + `</Code><Description>` + description + `</Description></SevCode>` +
			`<ExplanationCode xmlns=""><Code>E1</Code><Description>` + description + `</Description></ExplanationCode>`
	}
	described := func(members, description string) string {
		return base(members + `<ResponseDescription>` + description + `</ResponseDescription>`)
	}
	const ok, withheld = `<ResponseCode>0</ResponseCode>`, "The vendor gave a reason that is not shown here."
	for said, want := range map[string]string{
		"Success": "Success",
		"PIN 0042 set by direct-token, ZGlyZWN0LXRva2Vu": "PIN *** set by ***, ***",
		"PIN &amp;#48;042 set\n":                         "PIN *** set\n",
		"Stored\n   at Dao.Find(Dao.java:42)":            withheld,
		"jdbc:oracle:thin:cmp/Tiger99@db01:1521:CMP":     "jdbc:oracle:thin:cmp/***@db01:1521:CMP",
		strings.Repeat("x", 5000):                        strings.Repeat("x", 4093) + "…",
	} {
		result, failure := decode(t, operation(t, "UpdateCustomerPIN", config), newPIN, reply("UpdateCustomerPIN", described(ok, said)+codes("3", said)))
		var body UpdateCustomerPINResponse
		if failure != nil || json.Unmarshal(result.JSON, &body) != nil {
			t.Fatalf("%.40q: %+v", said, failure)
		}
		for _, got := range []*string{body.BaseResponse.ResponseDescription, body.SevCode.Description, body.ExplanationCode.Description} {
			if *got != want {
				t.Errorf("%.80q comes out as %.80q", said, *got)
			}
		}
	}
	license := `{"accountNumber": "0123456789", "workItemType": {"code": "MOVE"}, "requestor": {"ssn": "000-12-3456", "driverLicenses": [{"number": "058123456"}]}}`
	result, failure := decode(t, operation(t, "CreateWorkFlowManager", config), license, reply("CreateWorkFlowManager", described(ok, "SSN 000123456, 058 123 456")))
	if failure != nil || !strings.Contains(string(result.JSON), `"responseDescription":"SSN ***, ***"`) {
		t.Errorf("%+v %s", failure, result.JSON)
	}

	alarm := translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown, Alert: true}
	for _, members := range []string{
		described(`<ResponseCode>direct-token</ResponseCode>`, ""), described(ok+`<MessageDateTime>Direct Token</MessageDateTime>`, ""),
		described(ok, "") + codes("x-wsse-secret", ""),
	} {
		_, failure := decode(t, operation(t, "UpdateCustomerPIN", config), newPIN, reply("UpdateCustomerPIN", members))
		checkFailure(t, failure, alarm)
	}
	// The caller's own secrets do not count there, and neither does what is never shown.
	native := `<ErrorData><NativeErrorDetail>direct-token</NativeErrorDetail></ErrorData>`
	result, failure = decode(t, operation(t, "UpdateCustomerPIN", config), newPIN, reply("UpdateCustomerPIN", described(`<ResponseCode>0042</ResponseCode>`+native, "")+codes("0042", "")))
	if failure != nil || strings.Count(string(result.JSON), `"0042"`) != 2 {
		t.Errorf("%+v %s", failure, result.JSON)
	}
}

// TestCodesOfRefusal shows a code of the vendor's whole or not at all.
func TestCodesOfRefusal(t *testing.T) {
	members := base(errorElement("E-0042", "PIN 0042 is weak")) +
		`<SevCode xmlns=""><Code>0042</Code></SevCode><ExplanationCode xmlns=""><Code>E-0042</Code><Description>0042</Description></ExplanationCode>`
	_, failure := decode(t, operation(t, "UpdateCustomerPIN", Config{}), newPIN, reply("UpdateCustomerPIN", members))
	checkFailure(t, failure, translate.Error{
		Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromResponseCode,
		Violations: []translate.Violation{{Code: "customercare-fault", Detail: "PIN *** is weak"}},
		Extensions: map[string]any{"sevCode": ReplyCode{}, "explanationCode": ReplyCode{Description: new("***")}},
	})
}

// TestCausesForTheLog names what the operator needs: the code as it was sent, the chain of inner exceptions, and what came around them.
func TestCausesForTheLog(t *testing.T) {
	op := operation(t, "UpdateCustomerPIN", Config{DirectToken: "direct-token"})
	for _, test := range []struct {
		reply soap.Reply
		want  string
	}{
		{
			soapFault("s:Server.userException", "Server was unable to process request. ---&gt; ORA-00942: PIN 0042 ---&gt; System.Exception: Password=Hunter22; direct-token"),
			"fault Server.userException: Server was unable to process request. ---> ORA-00942: PIN *** ---> System.Exception: Password=***; ***; HTTP 500, text/xml, 317 bytes",
		},
		{
			soapFault("s:Client", notRead+". ---&gt; 'odd' is not a valid value for OperationTypeEnum."),
			"fault Client: Server was unable to read request. ---> 'odd' is not a valid value for OperationTypeEnum.; HTTP 500, text/xml, 272 bytes",
		},
		{
			reply("UpdateCustomerPIN", base("<ResponseCode>9</ResponseCode><ResponseDescription>No</ResponseDescription>"+errorElement("1001", "PIN 0042 &amp;amp; pwd=x7"))),
			`response code "9", description "No", error code "1001", description "PIN *** &amp; pwd=***", native detail "at Dao.Find() native"; HTTP 200, text/xml, 643 bytes`,
		},
	} {
		_, failure := decode(t, op, newPIN, test.reply)
		if failure == nil {
			t.Fatal("a success")
		}
		if got := failure.Cause.Error(); got != test.want {
			t.Errorf("\n got %s\nwant %s", got, test.want)
		}
	}
}
