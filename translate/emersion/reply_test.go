package emersion

import (
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

func failed(detail string) translate.Error {
	return translate.Error{
		Code: translate.UpstreamFailed, Outcome: soap.Failed, Source: translate.FromFault,
		Violations: []translate.Violation{{Code: "emersion-fault", Detail: detail}},
	}
}

// broke is a fault of the server's that names errors of the request.
func broke(violations ...translate.Violation) translate.Error {
	return translate.Error{Code: translate.UpstreamFailed, Outcome: soap.Failed, Source: translate.FromFault, Violations: violations}
}

func refused() translate.Error {
	return translate.Error{Code: translate.UpstreamRefused, Outcome: soap.Rejected, Alert: true}
}

func unknown() translate.Error {
	return translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown}
}

func said(detail string) translate.Violation {
	return translate.Violation{Code: "emersion-validation", Detail: detail}
}

// TestRecordedReplies reads what a PHP server answered to right and wrong messages.
func TestRecordedReplies(t *testing.T) {
	op := operation(t, Config{})
	success := translate.Error{}
	const soap11, soap12 = "text/xml; charset=utf-8", "application/soap+xml; charset=utf-8"
	type row struct {
		status      int
		contentType string
		want        translate.Error // without a code: a success
	}
	tests := map[string]row{
		"success.xml":           {200, soap11, success},
		"success-soap12.xml":    {200, soap12, unknown()}, // the answer to another version's request
		"success-rpc.xml":       {200, soap11, unknown()}, // CreateComplexAccountResponse, without AccountID
		"page.html":             {200, "text/html;charset=UTF-8", unknown()},
		"username.xml":          {500, soap11, rejected(numberedAt(t, 27, ""))},
		"username-soap12.xml":   {500, soap12, rejected(numberedAt(t, 27, ""))},
		"contact.xml":           {500, soap11, rejected(numberedAt(t, 34, "Primary"))},
		"in-use.xml":            {500, soap11, rejected(numberedAt(t, 29, ""))},
		"missing-username.xml":  {500, soap11, rejected(numberedAt(t, 45, ""))},
		"account-type.xml":      {500, soap11, rejected(numberedAt(t, 25, ""))},
		"unknown-text.xml":      {500, soap11, rejected(said("The vendor gave a reason that is not shown here."))}, // it holds markup
		"missing-parameter.xml": {500, soap11, rejected(translate.Violation{Code: "emersion-fault", Detail: "Error cannot find parameter"})},
		"server.xml":            {500, soap11, failed("Internal error")},
		"fatal.xml":             {500, soap11, failed("Call to undefined function nothing_like_this()")},
		"encoding-rules.xml":    {500, soap11, failed("SOAP-ERROR: Encoding: Violation of encoding rules")},
		// PHP sends these as Server faults, which prove nothing.
		"procedure-not-present.xml":   {500, soap11, failed("Procedure 'CreateNothing' not present")},
		"function-does-not-exist.xml": {500, soap11, failed("Function 'CreateNothing' doesn't exist")},
		"dtd.xml":                     {500, soap11, failed("DTD are not supported by SOAP")},
		"must-understand.xml":         {500, soap11, refused()},
		"version-mismatch.xml":        {500, soap11, refused()},
		"bad-request.xml":             {500, soap11, refused()},
	}
	calls.EachReply(t, tests, func(t *testing.T, _ string, test row, body []byte) {
		result, failure := decode(t, op, minimal, soap.Reply{Certain: true, Status: test.status, ContentType: test.contentType, Body: body})
		if test.want.Code != "" {
			checkFailure(t, failure, test.want)
			return
		}
		if want := `{"operationId":"` + operationID + `","accountId":"399301"}`; failure != nil || string(result.JSON) != want || result.Ignored != 0 {
			t.Errorf("%+v %s", failure, result.JSON)
		}
	})
}

// fault writes a fault as the page shows it.
func fault11(code, reason, detail string) soap.Reply {
	body := `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>` + code +
		`</faultcode><faultstring>` + reason + `</faultstring><faultactor>http://emersion.com.au/Services</faultactor>` + detail +
		`</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`
	return soap.Reply{Certain: true, Status: 500, ContentType: "text/xml", Body: []byte(body)}
}

// TestValidationErrors reads refusals in every form that their texts may come in.
func TestValidationErrors(t *testing.T) {
	const client, server, reason = "SOAP-ENV:Client", "SOAP-ENV:Server", "Validation Error"
	title := numberedAt(t, 34, "Primary")
	for _, test := range []struct {
		name                 string
		code, reason, detail string
		want                 translate.Error
	}{
		{"one line", client, reason, "<detail>PrimaryContact: Invalid or Missing Title</detail>", rejected(title)},
		{"several lines", client, reason, "<detail>PrimaryContact: Invalid or Missing Title\n\r\n  Username is already in use&#xD;\nBillingContact: Invalid Website\t</detail>",
			rejected(title, numberedAt(t, 29, ""), numberedAt(t, 44, "Billing"))},
		{"known and unknown lines", client, reason, "<detail>Account is on hold\nInvalid or Missing Password</detail>",
			rejected(said("Account is on hold"), numberedAt(t, 46, ""))},
		{"an unknown line", client, reason, "<detail>Account is on hold</detail>", rejected(said("Account is on hold"))},
		{"elements in the detail", client, reason, "<detail><ns1:error xmlns:ns1='urn:x'>Missing Password</ns1:error><b><c>PrimaryContact: Missing Title</c></b></detail>",
			rejected(numberedAt(t, 46, ""), title)},
		{"text and elements in the detail", client, reason, "<detail>Missing Password<b>Invalid Account Type</b></detail>",
			rejected(numberedAt(t, 46, ""), numberedAt(t, 25, ""))},
		{"a CDATA section", client, reason, "<detail><![CDATA[Username does not contain \"@\"]]></detail>", rejected(numberedAt(t, 27, ""))},
		{"an empty detail", client, reason, "<detail/>", rejected(said(reason))},
		{"a blank detail", client, reason, "<detail> \n\t </detail>", rejected(said(reason))},
		{"no detail", client, reason, "", rejected(said(reason))},
		{"another letter case", client, "VALIDATION ERROR", "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},
		{"white space around the reason", client, "\n Validation Error\n", "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},
		{"a code without prefix", "Client", reason, "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},
		{"a code whose prefix is not declared", "env:Client", reason, "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},
		{"a code of the vendor's", "46", reason, "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},
		// The page's code is Client. A server that broke over a sentence of the page contradicts itself.
		{"the server's code", server, reason, "<detail>Missing Password</detail>", broke(numberedAt(t, 46, ""))},
		{"the server's code over unknown words", "SOAP-ENV:Server.Disk", reason, "<detail>Disk full</detail>", broke(said("Disk full"))},
		{"a code about the envelope", "SOAP-ENV:MustUnderstand", reason, "<detail>Missing Password</detail>", failed(reason)},
		{"a code in another letter case", "SOAP-ENV:client", reason, "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},

		{"sentences joined by commas", client, reason, "<detail>PrimaryContact: Invalid or Missing Title, Username does not contain \"@\", Missing Password</detail>",
			rejected(title, numberedAt(t, 27, ""), numberedAt(t, 46, ""))},
		{"sentences joined by line breaks for a browser", client, reason, "<detail>PrimaryContact: Invalid or Missing Title&lt;br /&gt;BillingContact: Invalid Website&lt;BR&gt;Missing Password&lt;br/&gt;</detail>",
			rejected(title, numberedAt(t, 44, "Billing"), numberedAt(t, 46, ""))},
		{"sentences joined by elements", client, reason, "<detail>PrimaryContact: Invalid or Missing Title<br/>BillingContact: Invalid Website<br />Missing Password</detail>",
			rejected(title, numberedAt(t, 44, "Billing"), numberedAt(t, 46, ""))},
		{"sentences joined by escaped line breaks", client, reason, "<detail><![CDATA[Missing Password&lt;br /&gt;PrimaryContact: Invalid or Missing Title]]></detail>",
			rejected(numberedAt(t, 46, ""), title)},
		{"sentences in the reason joined by elements", client, "Missing Password<br/>PrimaryContact: Invalid or Missing Title<br />", "", rejected(numberedAt(t, 46, ""), title)},
		{"sentences joined by commas without a space", client, reason, "<detail>Missing Password,PrimaryContact: Invalid or Missing Title</detail>", rejected(numberedAt(t, 46, ""), title)},
		{"joined sentences in the reason", client, "Missing Password, Username is already in use", "", rejected(numberedAt(t, 46, ""), numberedAt(t, 29, ""))},
		{"known and unknown sentences joined", client, reason, "<detail>Account is on hold, please call us, Missing Password, or do not</detail>",
			rejected(said("Account is on hold, please call us"), numberedAt(t, 46, ""), said("or do not"))},
		{"unknown words with commas", client, reason, "<detail>Sorry, the licencee, 7, is unknown</detail>", rejected(said("Sorry, the licencee, 7, is unknown"))},
		{"quotes for HTML", client, reason, "<detail>CumulusUser Username does not contain &amp;quot;@&amp;quot;</detail>", rejected(numberedAt(t, 27, ""))},
		{"numbered errors", client, reason, "<detail>Error 27 - Username does not contain \"@\", Error 34 - PrimaryContact: Invalid or Missing Title</detail>",
			rejected(numberedAt(t, 27, ""), title)},

		{"the sentence in the reason", client, "Username is already in use", "", rejected(numberedAt(t, 29, ""))},
		{"the sentence in the reason, with a number for a code", "29", "CumulusUser Username is already in use", "<detail/>", rejected(numberedAt(t, 29, ""))},
		{"another reason, a known detail", client, "Error", "<detail>Missing Password</detail>", rejected(numberedAt(t, 46, ""))},
		{"another reason, an unknown detail", client, "No such licencee", "<detail>x</detail>",
			rejected(translate.Violation{Code: "emersion-fault", Detail: "No such licencee"})},
		{"a server that broke", server, "Internal error", "<detail>nothing known</detail>", failed("Internal error")},
		{"a server that broke over a known sentence", server, "Internal error", "<detail>Missing Password</detail>", failed("Internal error")},
		{"a code of the vendor's that is not a validation", "DB", "Deadlock", "", failed("Deadlock")},

		{"a request value in the text", client, reason, "<detail>Account for jane.doe@example.com.au is on hold</detail>", rejected(said("Account for *** is on hold"))},
		{"the password in the text", client, reason, "<detail>Password CORRECT  HORSE is weak</detail>", rejected(said("Password *** is weak"))},
		{"a stack trace in the text", client, reason, "<detail>#0 /srv/soap/Account.php(42): Account->create()</detail>", rejected(said("The vendor gave a reason that is not shown here."))},
		{"an exception in the text", client, reason, "<detail>PDOException: deadlock</detail>", rejected(said("The vendor gave a reason that is not shown here."))},
		{"a long text", client, reason, "<detail>" + strings.Repeat("é", 201) + "</detail>", rejected(said(strings.Repeat("é", 199) + "…"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, failure := decode(t, operation(t, Config{}), minimal, fault11(test.code, test.reason, test.detail))
			checkFailure(t, failure, test.want)
		})
	}
}

// TestManyErrors bounds the failure that a reply can make.
func TestManyErrors(t *testing.T) {
	lines := strings.Repeat("Missing Password\nsomething else\n", record.MaxViolations)
	_, failure := decode(t, operation(t, Config{}), minimal, fault11("SOAP-ENV:Client", "Validation Error", "<detail>"+lines+"</detail>"))
	// As many as fit into a stored answer of 16 KiB.
	if failure == nil || len(failure.Violations) < 50 || len(failure.Violations) > 160 || !failure.Truncated || failure.Code != translate.UpstreamRejected {
		t.Fatalf("%d violations: %v", len(failure.Violations), failure)
	}
}

// success writes a reply with the given body.
func success(members string) soap.Reply {
	return soap.Reply{Certain: true, Status: 200, ContentType: "text/xml", Body: []byte(
		`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` + members + `</e:Body></e:Envelope>`)}
}

// TestSuccess reads AccountID by its local name, and takes nothing else for one.
func TestSuccess(t *testing.T) {
	op := operation(t, Config{})
	for _, test := range []struct {
		name, body string
		accountID  string // empty: the outcome is unknown
		ignored    int
	}{
		{"qualified", `<n:CreateAccountResponse xmlns:n="http://emersion.com.au/ServiceObjects"><n:AccountID>399301</n:AccountID></n:CreateAccountResponse>`, "399301", 0},
		{"unqualified", `<CreateAccountResponse><AccountID>399301</AccountID></CreateAccountResponse>`, "399301", 0},
		{"half qualified", `<n:CreateAccountResponse xmlns:n="urn:other"><AccountID>399301</AccountID></n:CreateAccountResponse>`, "399301", 0},
		{"with leading zeros", `<CreateAccountResponse><AccountID>000399301</AccountID></CreateAccountResponse>`, "000399301", 0},
		{"with a type", `<CreateAccountResponse><AccountID xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="x">1</AccountID></CreateAccountResponse>`, "1", 0},
		{"with unknown elements", `<CreateAccountResponse><Status>ok</Status><AccountID>1</AccountID><AccountId>2</AccountId></CreateAccountResponse>`, "1", 2},
		{"with a comment", `<CreateAccountResponse><AccountID>39<!-- -->9301</AccountID></CreateAccountResponse>`, "399301", 0},
		{"with white space around AccountID", "<CreateAccountResponse><AccountID>\n 399301 \t</AccountID></CreateAccountResponse>", "399301", 0},
		{"without AccountID", `<CreateAccountResponse/>`, "", 0},
		{"with an empty AccountID", `<CreateAccountResponse><AccountID/></CreateAccountResponse>`, "", 0},
		{"with a blank AccountID", `<CreateAccountResponse><AccountID> </AccountID></CreateAccountResponse>`, "", 0},
		{"with a nil AccountID", `<CreateAccountResponse><AccountID xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">1</AccountID></CreateAccountResponse>`, "", 0},
		{"with AccountID in another letter case", `<CreateAccountResponse><accountID>1</accountID></CreateAccountResponse>`, "", 0},
		{"with two AccountIDs", `<CreateAccountResponse><AccountID>1</AccountID><AccountID>1</AccountID></CreateAccountResponse>`, "", 0},
		{"with elements in AccountID", `<CreateAccountResponse><AccountID><x/>1</AccountID></CreateAccountResponse>`, "", 0},
		{"with another root", `<CreateComplexAccountResponse><AccountID>1</AccountID></CreateComplexAccountResponse>`, "", 0},
		{"with AccountID deeper", `<CreateAccountResponse><return><AccountID>1</AccountID></return></CreateAccountResponse>`, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, failure := decode(t, op, minimal, success(test.body))
			if test.accountID == "" {
				checkFailure(t, failure, unknown())
				return
			}
			if want := `{"operationId":"` + operationID + `","accountId":"` + test.accountID + `"}`; failure != nil || string(result.JSON) != want || result.Ignored != test.ignored {
				t.Errorf("%+v %s %d", failure, result.JSON, result.Ignored)
			}
		})
	}
}

// TestAccountID is what may be one, and what a script writes into its place when there is no account.
func TestAccountID(t *testing.T) {
	op := operation(t, Config{})
	for id, ok := range map[string]bool{
		"1": true, "399301": true, "007": true, strings.Repeat("9", 256): true, "A-1": true, "a.b_c-d": true, "7e57": true, strings.Repeat("x", 64): true, "nullable": true,
		"0": false, "000": false, "0.0": false, "null": false, "NULL": false, "nil": false, "None": false, "false": false, "False": false, "error": false, "ERROR": false,
		"-1": false, "+7": false, "_x": false, "39 9301": false, "399301;": false, "Error: no account": false, "é": false, "３": false, "1\n2": false,
		strings.Repeat("9", 257): false, strings.Repeat("x", 65): false,
	} {
		result, failure := decode(t, op, minimal, success("<CreateAccountResponse><AccountID> "+id+" </AccountID></CreateAccountResponse>"))
		if ok && (failure != nil || !strings.Contains(string(result.JSON), `"accountId":"`+id+`"`)) {
			t.Errorf("%q: %+v %s", id, failure, result.JSON)
		}
		if !ok && (failure == nil || failure.Code != translate.OutcomeUnknown) {
			t.Errorf("%q is taken for an account: %+v", id, failure)
		}
	}
}

// TestConfiguration shows where each setting goes.
func TestConfiguration(t *testing.T) {
	read := func(c Config) soap.Message {
		op := operation(t, c)
		request, refusal := op.Read([]byte(op.Example))
		if refusal != nil {
			t.Fatalf("the example: %+v", refusal)
		}
		message, refusal := request.Encode(translate.Env{})
		if refusal != nil {
			t.Fatal(refusal)
		}
		return message
	}
	plain := read(Config{Security: soap.Security{Password: "unused"}})
	if plain.Version != soap.V11 || plain.Action != "" || !strings.Contains(string(plain.Envelope), `xmlns:ser="http://emersion.com.au/ServiceObjects"`) ||
		!strings.Contains(string(plain.Envelope), "<soapenv:Header/>") {
		t.Errorf("%+v\n%s", plain, plain.Envelope)
	}
	full := read(Config{Namespace: "urn:other", SOAPAction: "urn:act", Security: soap.Security{Username: "us<er", Password: "pass&word"}})
	for _, piece := range []string{`xmlns:ser="urn:other"`, "<wsse:Username>us&lt;er</wsse:Username>", ">pass&amp;word</wsse:Password>"} {
		if !strings.Contains(string(full.Envelope), piece) {
			t.Errorf("no %s in %s", piece, full.Envelope)
		}
	}
	if full.Action != "urn:act" {
		t.Errorf("action %q", full.Action)
	}
	if _, err := Operations(Config{Namespace: "urn:\"x"}); err == nil {
		t.Error("a namespace that no attribute can hold is accepted")
	}
}

// TestConfiguredSecretsAreMasked plants them in a vendor's text.
func TestConfiguredSecretsAreMasked(t *testing.T) {
	op := operation(t, Config{Security: soap.Security{Username: "u", Password: "wsse-secret"}, Secrets: []secret.Secret{"basic-secret"}})
	_, failure := decode(t, op, minimal, fault11("SOAP-ENV:Client", "Validation Error", "<detail>bad WSSE-SECRET or basic-secret</detail>"))
	checkFailure(t, failure, rejected(said("bad *** or ***")))
}
