package sandbox_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"soapbridge/upstream/sandbox"
)

// edits is a list of replacements: old, new, old, new...
type edits []string

func (e edits) apply(t *testing.T, m message) message {
	t.Helper()
	for i := 0; i < len(e); i += 2 {
		m = replace(t, m, e[i], e[i+1])
	}
	return m
}

// valid lists the operations that a system has samples of.
func valid(t *testing.T, system string) string {
	t.Helper()
	const ending = ".request.xml"
	files, err := filepath.Glob(filepath.Join(samplesFolder(system), "*"+ending))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples of %s: %v", system, err)
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(filepath.Base(file), ending)
	}
	return strings.Join(names, ", ") // Glob sorts
}

// TestEnvelopeIsRefused: every rule of the judgement, seen from the refused side. The fault says what is wrong, and where.
func TestEnvelopeIsRefused(t *testing.T) {
	const wfm = "/Envelope/Body/CreateWorkFlowManager/createWFMRequest"
	const inner = "/Envelope/Body/CreateService/ServiceData/ServiceData"
	tests := []struct {
		name      string
		operation string
		edits     edits
		want      string
	}{
		// XML
		{"cut off", createService, edits{"</soapenv:Envelope>", ""}, "not well-formed XML: XML syntax error on line 47: unexpected EOF, at /Envelope"},
		{"not escaped", createWorkFlowManager, edits{"&amp;", "&"}, "not well-formed XML"},
		{"illegal character", createWorkFlowManager, edits{"Text", "T\x01"}, "not well-formed XML"},
		{"invalid UTF-8", createWorkFlowManager, edits{"Text", "T\xff"}, "not well-formed XML"},
		{"declared as latin-1", createWorkFlowManager, edits{`encoding="utf-8"`, `encoding="iso-8859-1"`}, "not well-formed XML"},
		{"DTD", createService, edits{"<soapenv:Envelope", "<!DOCTYPE a><soapenv:Envelope"}, "a DTD is not allowed in SOAP, at /"},
		{"processing instruction", createService, edits{"<soapenv:Body>", "<soapenv:Body><?php x?>"}, "a processing instruction is not allowed in SOAP, at /Envelope/Body"},
		{"second declaration", createService, edits{"<soapenv:Body>", `<soapenv:Body><?xml version="1.0"?>`}, "a processing instruction is not allowed"},
		{"byte order mark", createService, edits{"<?xml", "\uFEFF<?xml"}, "text outside the root element, at /"},
		{"second root", createService, edits{"</soapenv:Envelope>", "</soapenv:Envelope><a/>"}, "a second root element a, at /"},
		{"text after the root", createService, edits{"</soapenv:Envelope>", "</soapenv:Envelope>x"}, "text outside the root element"},
		{"text between elements", createService, edits{"<soapenv:Body>", "<soapenv:Body>x"}, "text between elements, at /Envelope/Body"},
		{"comment inside a value", createWorkFlowManager, edits{"<Memo>Text", "<Memo>Te<!-- -->xt"}, "a comment inside a value: was the value not escaped?, at " + wfm + "/Requestor/Memo"},
		{"value that is a comment", createWorkFlowManager, edits{"<Memo>Text &amp; more", "<Memo><!-- -->"}, "a comment inside a value"},
		{"doubled attribute", createService, edits{"<soapenv:Body>", `<soapenv:Body xmlns:a="b" xmlns:a="c">`}, "the attribute a occurs twice, at /Envelope/Body"},
		{"too deep", createService, edits{"<soapenv:Body>", "<soapenv:Body>" + strings.Repeat("<a>", 70)}, "nested deeper than 64 elements"},

		// the envelope
		{"alien envelope namespace", createService, edits{ns11, "http://example.org/"}, "Possible SOAP version mismatch: Envelope namespace http://example.org/ was unexpected. Expecting " + ns11},
		{"other version than the Content-Type", createWorkFlowManager, edits{ns11, ns12}, "Possible SOAP version mismatch: Envelope namespace " + ns12},
		{"no Envelope", createService, edits{"<soapenv:Envelope", "<soapenv:Message", "</soapenv:Envelope", "</soapenv:Message"}, "the root must be an Envelope, at /Message"},
		{"no Body", createService, edits{"<soapenv:Body>", "<soapenv:Corpus>", "</soapenv:Body>", "</soapenv:Corpus>"}, "unexpected element, at /Envelope/Corpus"},
		{"Header after Body", createService, edits{"<soapenv:Header/>", "", "</soapenv:Body>", "</soapenv:Body><soapenv:Header/>"}, "must come before Body, comes after it, at /Envelope/Header"},
		{"two Headers", createService, edits{"<soapenv:Header/>", "<soapenv:Header/><soapenv:Header/>"}, "occurs 2 times, may occur once, at /Envelope/Header"},
		{"encodingStyle", createService, edits{"<soapenv:Body>", `<soapenv:Body soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`}, "encodingStyle is not allowed: the style is document/literal, at /Envelope/Body"},
		{"two children of the Body", createService, edits{"</soapenv:Body>", "<a/></soapenv:Body>"}, "must have exactly one child, has 2, at /Envelope/Body"},
		{"unknown operation", createService, edits{"<def:CreateService>", "<def:DropService>", "</def:CreateService>", "</def:DropService>"}, "unknown operation, valid are " + valid(t, sandbox.MDS) + ", at /Envelope/Body/DropService"},
		{"operation in the wrong namespace", createService, edits{"services/definition", "services/definitions"}, `is in namespace "http://mdsuk.com/ws/dise3g/services/definitions", must be in namespace "http://mdsuk.com/ws/dise3g/services/definition", at /Envelope/Body/CreateService`},

		// the header
		{"no credentials", createWorkFlowManager, edits{"<ScCredentials", "<Sc", "</ScCredentials", "</Sc"}, "unexpected element, at /Envelope/Header/Sc"},
		{"no Header", createWorkFlowManager, edits{"soap:Header>", "soap:Head>", "/soap:Header>", "/soap:Head>"}, "unexpected element, at /Envelope/Head"},
		{"no direct token", createWorkFlowManager, edits{"<DirectUserNameToken>", "<OriginatingUserNameToken>", "</DirectUserNameToken>", "</OriginatingUserNameToken>"}, "missing, at /Envelope/Header/ScCredentials/DirectUserNameToken"},
		{"Created is not a dateTime", createWorkFlowManager, edits{"<Created>2026-11-21T10:20:30.5+11:00", "<Created>now"}, "not a dateTime with a zone (YYYY-MM-DDThh:mm:ss[.fffffff](Z|±hh:mm)), at /Envelope/Header/ScCredentials/Created"},
		{"credentials in no namespace", createWorkFlowManager, edits{`<ScCredentials xmlns="` + nsCC + `">`, "<ScCredentials>"}, `is in no namespace, must be in namespace "` + nsCC + `", at /Envelope/Header/ScCredentials`},
		{"unknown header", createService, edits{"<soapenv:Header/>", "<soapenv:Header><a/></soapenv:Header>"}, "unexpected element, at /Envelope/Header/a"},
		{"unknown header that must be understood", createService, edits{"<soapenv:Header/>", `<soapenv:Header><a soapenv:mustUnderstand="1"/></soapenv:Header>`}, "SOAP header a was not understood."},
		{"WS-Security for a system without it", createService, edits{"<soapenv:Header/>", "<soapenv:Header>" + usernameToken("a", "b") + "</soapenv:Header>"}, "SOAP header Security was not understood."},

		// the tree
		{"child in the parent's namespace", createWorkFlowManager, edits{`<AccountNumber xmlns="">`, "<AccountNumber>"}, `is in namespace "` + nsCC + `", must be in no namespace, at ` + wfm + "/AccountNumber"},
		{"child in no namespace", createComplexAccount, edits{"<ser:Suburb>", "<Suburb>", "</ser:Suburb>", "</Suburb>"}, `is in no namespace, must be in namespace "http://emersion.com.au/ServiceObjects", at /Envelope/Body/CreateComplexAccount/PrimaryContact/Detail/Suburb`},
		{"undeclared prefix", createComplexAccount, edits{"<ser:Suburb>", "<x:Suburb>", "</ser:Suburb>", "</x:Suburb>"}, `is in namespace "x", must be in namespace`},
		{"inner element qualified", createService, edits{"<CustomerLevel>", "<def:CustomerLevel>", "</CustomerLevel>", "</def:CustomerLevel>"}, "must be in no namespace, at " + inner + "/CustomerLevel"},
		{"outer ServiceData unqualified", createService, edits{"<def:ServiceData>", "<ServiceData>", "</def:ServiceData>", "</ServiceData>"}, "is in no namespace, must be in namespace"},
		{"the table's spelling", createService, edits{"<effectiveDate>", "<EffectiveDate>", "</effectiveDate>", "</EffectiveDate>"}, "unexpected element, must be spelled effectiveDate, at " + inner + "/EffectiveDate"},
		{"unknown element", createWorkFlowManager, edits{"<Memo>", "<Note/><Memo>"}, "unexpected element, at " + wfm + "/Requestor/Note"},
		{"the element of unknown shape", createWorkFlowManager, edits{"<DoNotCallFlag>", "<PreferredCallbackTime/><DoNotCallFlag>"}, "unexpected element, at " + wfm + "/Requestor/PrimaryContact/PreferredCallbackTime"},
		{"wrong order", createWorkFlowManager, edits{`<PremiseNumber xmlns="">Text &amp; more</PremiseNumber>`, "", `<WorkItemType xmlns="">`, `<PremiseNumber xmlns="">1</PremiseNumber><WorkItemType xmlns="">`}, "must come before CustomerNumber, comes after it, at " + wfm + "/PremiseNumber"},
		{"doubled element", createWorkFlowManager, edits{"<Memo>", "<Memo>a</Memo><Memo>"}, "occurs 2 times, may occur once, at " + wfm + "/Requestor/Memo"},
		{"repeated element apart", createWorkFlowManager, edits{"<EmployerName>", "<Address><City>a</City></Address><EmployerName>"}, "must come before Fax, comes after it, at " + wfm + "/Requestor/Address"},
		{"doubled element in any order", createService, edits{"<Description>", "<Description>a</Description><Description>"}, "occurs 2 times, may occur once, at " + inner + "/Description"},
		{"AuditRecord is a sequence", createService, edits{"<UserID>Ä1</UserID>", "", "</Program>", "</Program><UserID>a</UserID>"}, "must come before Program, comes after it, at /Envelope/Body/CreateService/ServiceData/AuditRecord/UserID"},
		{"mandatory element missing", createService, edits{"<serviceCode>Ä1</serviceCode>", ""}, "missing, at " + inner + "/serviceCode"},
		{"required code missing", createWorkFlowManager, edits{"<Code>Text &amp; more</Code>", ""}, "missing, at " + wfm + "/WorkItemType/Code"},
		{"required operation type missing", updateCustomerPIN, edits{`<OperationType xmlns="">UPDATE</OperationType>`, ""}, "missing, at /Envelope/Body/UpdateCustomerPIN/updateCustomerPINRequest/OperationType"},
		{"required log text missing", createCallLog, edits{"<LogText>Text &amp; more</LogText>", ""}, "missing, at /Envelope/Body/CreateCallLog/CreateCallLogRequest/CustomerCallLog/LogText"},
		{"message id missing", createWorkFlowManager, edits{"<MessageId>message-1</MessageId>", ""}, "missing, at " + wfm + "/BaseRequest/MessageId"},
		{"empty container", createComplexAccount, edits{"<ser:Type>Individual</ser:Type>", ""}, "empty element: what is absent must be left out, at /Envelope/Body/CreateComplexAccount/AccountContactType"},
		{"xsi:nil", createWorkFlowManager, edits{"<Memo>Text &amp; more</Memo>", `<Memo xsi:nil="true"/>`}, "xsi:nil is not allowed: what is absent must be left out, at " + wfm + "/Requestor/Memo"},
		{"attribute", createWorkFlowManager, edits{"<Memo>", `<Memo id="1">`}, "unexpected attribute id, at " + wfm + "/Requestor/Memo"},
		{"elements in a value", createWorkFlowManager, edits{"<Memo>Text &amp; more", "<Memo><a/>"}, "has elements, must be a value, at " + wfm + "/Requestor/Memo"},
		{"text in a container", createComplexAccount, edits{"<ser:Type>Individual</ser:Type>", "Individual"}, "has text, must have elements, at /Envelope/Body/CreateComplexAccount/AccountContactType"},

		// the values
		{"boolean", createWorkFlowManager, edits{"<DoNotCallFlag>true", "<DoNotCallFlag>yes"}, "not a boolean (true, false, 1 or 0), at " + wfm + "/Requestor/PrimaryContact/DoNotCallFlag"},
		{"empty boolean", createWorkFlowManager, edits{"<DoNotCallFlag>true", "<DoNotCallFlag>"}, "empty element, not a boolean"},
		{"date", createWorkFlowManager, edits{"<EndDate>2026-02-28", "<EndDate>2026-02-29"}, "not a date (YYYY-MM-DD), at " + wfm + "/Requestor/Address[1]/EndDate"},
		{"date in the second of several", createWorkFlowManager, edits{"<EndDate>2026-02-28</EndDate>", "", "<EndDate>2026-02-28", "<EndDate>"}, "empty element, not a date (YYYY-MM-DD), at " + wfm + "/Requestor/Address[2]/EndDate"},
		{"dateTime without a zone", createCallLog, edits{"<CreatedDateTime>2026-11-21T10:20:30.5+11:00", "<CreatedDateTime>2026-11-21T10:20:30"}, "not a dateTime with a zone"},
		{"int", createCallLog, edits{"<RequestType>-7", "<RequestType>7.0"}, "not an int, at /Envelope/Body/CreateCallLog/CreateCallLogRequest/CustomerCallLog/RequestType"},
		{"int out of range", createCallLog, edits{"<RequestType>-7", "<RequestType>2147483648"}, "not an int from -2147483648 to 2147483647"},
		{"enumeration", updateCustomerPIN, edits{">UPDATE<", ">update<"}, "not one of UPDATE, DELETE, UNLOCK, LOCK, at"},
		{"token", updateCustomerPIN, edits{"<EmailType>HOME", "<EmailType>"}, "empty element, not a token"},
		{"MDS date without Z", createService, edits{"<effectiveDate>2026-11-21Z", "<effectiveDate>2026-11-21"}, "not a date with the zone Z (YYYY-MM-DDZ), at " + inner + "/effectiveDate"},
		{"MDS integer too large", createService, edits{"<salesPersonId>00000012", "<salesPersonId>100000000"}, "not an int from 0 to 99999999, at " + inner + "/salesPersonId"},
		{"MDS price with three digits", createService, edits{"<ServicePrice>-12.50", "<ServicePrice>-12.505"}, "not a decimal of at most 2 fraction digits, at " + inner + "/ServicePrice"},
		{"MDS price with an exponent", createService, edits{"<ServicePrice>-12.50", "<ServicePrice>1e2"}, "not a decimal, at " + inner + "/ServicePrice"},
		{"MDS string too long", createService, edits{"<Description>Ä1", "<Description>" + strings.Repeat("ä", 31)}, "longer than 30 characters, at " + inner + "/Description"},
		{"MDS string too short", createService, edits{"<ExternalReference>Ä1", "<ExternalReference>"}, "empty element, shorter than 1 characters, at /Envelope/Body/CreateService/ServiceData/ExternalReference"},
	}
	b := start(t)
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := b.send(t, test.edits.apply(t, request(t, test.operation)))
			if got.status != http.StatusInternalServerError {
				t.Errorf("status %d, want 500", got.status)
			}
			if text := faultText(t, got.body); !strings.Contains(text, test.want) {
				t.Errorf("fault text\n%s\nwant\n%s", text, test.want)
			}
			list := b.calls(t, "")
			if len(list.Calls) != 0 || list.Refused != i+1 {
				t.Errorf("%d calls executed, %d refused; want none and %d", len(list.Calls), list.Refused, i+1)
			}
		})
	}
}

// faultText returns the text of a SOAP 1.1 fault, unescaped as far as the tests need it.
func faultText(t *testing.T, body string) string {
	t.Helper()
	_, rest, begins := strings.Cut(body, "<faultstring>")
	text, _, ends := strings.Cut(rest, "</faultstring>")
	if !begins || !ends {
		t.Fatalf("no fault: %s", body)
	}
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&gt;", ">", "&lt;", "<", "&amp;", "&").Replace(text)
}

// TestEnvelopeIsAccepted: what is out of the ordinary and still in order.
func TestEnvelopeIsAccepted(t *testing.T) {
	tests := []struct {
		name      string
		operation string
		edits     edits
	}{
		{"no XML declaration", createService, edits{`<?xml version="1.0" encoding="utf-8"?>`, ""}},
		{"no Header where none is needed", createService, edits{"<soapenv:Header/>", ""}},
		{"mustUnderstand on a header that is understood", createWorkFlowManager, edits{"<ScCredentials ", `<ScCredentials soap:mustUnderstand="1" `}},
		{"other prefixes", createComplexAccount, edits{"xmlns:ser=", `xmlns:x="http://emersion.com.au/ServiceObjects" xmlns:ser=`, "<ser:Suburb>", "<x:Suburb>", "</ser:Suburb>", "</x:Suburb>"}},
		{"CDATA", createWorkFlowManager, edits{"<Memo>Text &amp; more", "<Memo><![CDATA[<!-- & -->]]>"}},
		{"empty string", createWorkFlowManager, edits{"<Memo>Text &amp; more", "<Memo>"}},
		{"white space as a string", createWorkFlowManager, edits{"<Memo>Text &amp; more", "<Memo>  "}},
		{"one of a repeated element", createCallLog, edits{"<NameValue>", "<!--", "</NameValue>", "-->"}},
		{"three of a repeated element", createWorkFlowManager, edits{"<EmployerName>", "<Fax><Phone>1</Phone></Fax><EmployerName>"}},
		{"optional part left out", createWorkFlowManager, edits{`<PremiseNumber xmlns="">Text &amp; more</PremiseNumber>`, ""}},
		{"any order in MDS", createService, edits{"<CustomerLevel>ACCOUNT</CustomerLevel>", "", "</PriceConsolidationService>", "</PriceConsolidationService><CustomerLevel>ACCOUNT</CustomerLevel>"}},
		{"any order one level up in MDS", createService, edits{"<ExternalReference>Ä1</ExternalReference>", "", "</AuditRecord>", "</AuditRecord><ExternalReference>a</ExternalReference>"}},
		{"boolean as a digit", createWorkFlowManager, edits{"<DoNotCallFlag>true", "<DoNotCallFlag>0"}},
		{"dateTime in UTC with seven digits", createCallLog, edits{"<CreatedDateTime>2026-11-21T10:20:30.5+11:00", "<CreatedDateTime>2026-11-21T10:20:30.1234567Z"}},
		{"largest MDS price", createService, edits{"<ServicePrice>-12.50", "<ServicePrice>999999999.99"}},
		{"thirty characters of two bytes", createService, edits{"<Description>Ä1", "<Description>" + strings.Repeat("ä", 30)}},
		{"UsernameToken that is not required", createComplexAccount, edits{"<soapenv:Header/>", "<soapenv:Header>" + usernameToken("a", "b") + "</soapenv:Header>"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := start(t)
			got := b.send(t, test.edits.apply(t, request(t, test.operation)))
			if got.status != http.StatusOK || b.calls(t, "").Counts[test.operation] != 1 {
				t.Errorf("not executed: %d %s", got.status, got.body)
			}
		})
	}
}

// TestHTTP: what is refused before an envelope is looked at, and the action, which travels outside it.
func TestHTTP(t *testing.T) {
	set := func(name string, values ...string) func(*message) {
		return func(m *message) {
			m.header.Del(name)
			for _, value := range values {
				m.header.Add(name, value)
			}
		}
	}
	tests := []struct {
		name      string
		operation string
		is12      bool
		change    func(*message)
		status    int
		want      string
	}{
		{"as documented", createCallLog, false, func(*message) {}, 200, "Success"},
		{"as documented, 1.2", createCallLog, true, func(*message) {}, 200, "Success"},
		{"GET", createCallLog, false, func(m *message) { m.method = http.MethodGet }, 405, "the method must be POST"},
		{"other letter case in the path", createCallLog, false, func(m *message) { m.path = strings.ToLower(m.path) }, 404, "no such path"},
		{"no Content-Type", createCallLog, false, set("Content-Type"), 415, "Content-Type is missing or malformed"},
		{"Content-Type of JSON", createCallLog, false, set("Content-Type", "application/json"), 415, "Content-Type application/json is not one that this service speaks"},
		{"SOAP 1.2 where only 1.1 is supported", createService, true, func(*message) {}, 415, "application/soap+xml is not one that this service speaks"},
		{"other charset", createCallLog, false, set("Content-Type", "text/xml; charset=iso-8859-1"), 415, "the charset must be utf-8"},
		{"no charset", createCallLog, false, set("Content-Type", "text/xml"), 200, "Success"},
		{"charset in capitals", createCallLog, false, set("Content-Type", `text/xml; charset="UTF-8"`), 200, "Success"},
		{"compressed request", createCallLog, false, set("Content-Encoding", "gzip"), 415, "Content-Encoding is not supported"},
		{"too large", createCallLog, false, func(m *message) { m.envelope += strings.Repeat(" ", 1<<20) }, 413, "larger than 1048576 bytes"},

		{"SOAPAction missing", createCallLog, false, set("SOAPAction"), 500, "must occur once, occurs 0 times, at HTTP header SOAPAction"},
		{"SOAPAction twice", createCallLog, false, set("SOAPAction", `"a"`, `"b"`), 500, "must occur once, occurs 2 times"},
		{"SOAPAction not quoted", createCallLog, false, set("SOAPAction", nsCC+"/CreateCallLog"), 500, "must be quoted, at HTTP header SOAPAction"},
		{"SOAPAction one quote", createCallLog, false, set("SOAPAction", `"`), 500, "must be quoted, at HTTP header SOAPAction"},
		{"SOAPAction unknown", createCallLog, false, set("SOAPAction", `"`+nsCC+`/Nothing"`), 500, "Server did not recognize the value of HTTP Header SOAPAction: " + nsCC + "/Nothing."},
		{"SOAPAction empty at an ASMX", createCallLog, false, set("SOAPAction", `""`), 500, "Unable to handle request without a valid action parameter. Please supply a valid soap action."},
		{"SOAPAction of another operation", createCallLog, false, set("SOAPAction", `"`+nsCC+`/UpdateCustomerPIN"`), 500, "this operation has the action"},
		{"SOAPAction not empty at MDS", createService, false, set("SOAPAction", `"CreateService"`), 500, "must be &#34;&#34;, at HTTP header SOAPAction"},
		{"SOAPAction missing at Emersion", createComplexAccount, false, set("SOAPAction"), 500, "must occur once"},
		{"1.2 with SOAPAction", createCallLog, true, set("SOAPAction", `""`), 400, "SOAP 1.2 has none: the action is a parameter of Content-Type"},
		{"1.2 without action", createCallLog, true, set("Content-Type", "application/soap+xml; charset=utf-8"), 400, "Unable to handle request without a valid action parameter."},
		{"1.2 with unknown action", createCallLog, true, set("Content-Type", `application/soap+xml; action="x"`), 400, "Unable to handle request. The action &#39;x&#39; was not recognized."},
		{"1.1 envelope in 1.2", createCallLog, true, func(m *message) { m.envelope = strings.ReplaceAll(m.envelope, ns12, ns11) }, 500, "Possible SOAP version mismatch"},
		{"bad value in 1.2", createCallLog, true, func(m *message) {
			m.envelope = strings.Replace(m.envelope, "<RequestType>-7", "<RequestType>x", 1)
		}, 400, `<soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">Sandbox: not an int, at /Envelope/Body/CreateCallLog`},
	}
	b := start(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := request(t, test.operation)
			if test.is12 {
				m = in12(m)
			}
			test.change(&m)
			got := b.send(t, m)
			if got.status != test.status || !strings.Contains(got.body, test.want) {
				t.Errorf("%d %s\nwant %d %s", got.status, got.body, test.status, test.want)
			}
			if got.header.Get("X-Sandbox") != "soapbridge" {
				t.Error("the answer does not say that it comes from a sandbox")
			}
		})
	}
}

func usernameToken(username, password string) string {
	const wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	return `<wsse:Security xmlns:wsse="` + wsse + `wssecurity-secext-1.0.xsd" soapenv:mustUnderstand="1"><wsse:UsernameToken>` +
		`<wsse:Username>` + username + `</wsse:Username><wsse:Password Type="` + wsse + `username-token-profile-1.0#PasswordText">` +
		password + `</wsse:Password></wsse:UsernameToken></wsse:Security>`
}

func TestCredentials(t *testing.T) {
	b := start(t, func(cfg *sandbox.Config) {
		for _, i := range []int{1, 2} {
			cfg.Systems[i].Username, cfg.Systems[i].Password = "proxy", "open sesame"
		}
	})
	basic := func(username, password string) func(*testing.T, message) message {
		return func(_ *testing.T, m message) message {
			r := http.Request{Header: m.header}
			r.SetBasicAuth(username, password)
			return m
		}
	}
	header := func(content string) func(*testing.T, message) message {
		return func(t *testing.T, m message) message {
			return replace(t, m, "<soapenv:Header/>", "<soapenv:Header>"+content+"</soapenv:Header>")
		}
	}
	none := func(_ *testing.T, m message) message { return m }
	token := usernameToken("proxy", "open sesame")
	tests := []struct {
		name      string
		operation string
		change    func(*testing.T, message) message
		status    int
		want      string
	}{
		{"Basic right", createService, basic("proxy", "open sesame"), 200, "Result"},
		{"Basic wrong password", createService, basic("proxy", "open"), 401, "missing or wrong"},
		{"Basic wrong username", createService, basic("prox", "open sesame"), 401, "missing or wrong"},
		{"Basic missing", createService, none, 401, "missing or wrong"},
		{"UsernameToken right", createComplexAccount, header(token), 200, "AccountID"},
		{"UsernameToken wrong password", createComplexAccount, header(usernameToken("proxy", "open")), 500, "the credentials are wrong, at /Envelope/Header/Security/UsernameToken"},
		{"UsernameToken missing", createComplexAccount, none, 500, "missing: this service asks for a WS-Security UsernameToken, at /Envelope/Header/Security"},
		{"UsernameToken digest", createComplexAccount, header(strings.Replace(token, "#PasswordText", "#PasswordDigest", 1)), 500, "the Type must be that of PasswordText"},
		{"UsernameToken without Username", createComplexAccount, header(strings.ReplaceAll(token, "wsse:Username>", "wsse:User>")), 500, "unexpected element, at /Envelope/Header/Security/UsernameToken/User"},
		{"Security twice", createComplexAccount, header(token + token), 500, "occurs twice, may occur once, at /Envelope/Header/Security"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := b.send(t, test.change(t, request(t, test.operation)))
			if got.status != test.status || !strings.Contains(got.body, test.want) {
				t.Errorf("%d %s\nwant %d %s", got.status, got.body, test.status, test.want)
			}
		})
	}
}
