package schema_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"soapbridge/tests/schema"
)

// instances are whole envelopes: the vendor pages' samples with distinct values, and replies and faults of real ASMX, JAX-WS
// and PHP servers.
var instances = map[string][]string{
	schema.CustomerCare: {
		"workflow-soap11.xml", "workflow-soap12.xml", "call-log-soap11.xml", "call-log-soap12.xml", "pin-change-soap11.xml",
		"pin-change-soap12.xml",
	},
	schema.CustomerCareReply: {
		"workflow-reply-soap11.xml", "workflow-reply-soap12.xml", "call-log-reply-soap11.xml", "call-log-reply-soap12.xml",
		"pin-change-reply-soap11.xml", "pin-change-reply-soap12.xml", "customercare-fault-soap11.xml",
		"customercare-fault-soap12.xml", "customercare-version-mismatch.xml",
	},
	schema.MDS:           {"service.xml", "service-full.xml"},
	schema.MDSReply:      {"service-reply.xml", "service-fault.xml"},
	schema.Emersion:      {"account.xml", "account-security.xml"},
	schema.EmersionReply: {"account-reply.xml", "account-fault.xml"},
}

func TestEveryInstanceIsValidForItsSystem(t *testing.T) {
	t.Parallel()
	for system, files := range instances {
		envelopes := make(map[string][]byte, len(files))
		for _, file := range files {
			envelopes[file] = read(t, file)
			schema.Validate(t, system, envelopes[file])
		}
		schema.ValidateAll(t, system, envelopes)
	}
}

func TestEveryInstanceIsInvalidForEveryOtherSystem(t *testing.T) {
	t.Parallel()
	for system, files := range instances {
		for other := range instances {
			for _, file := range files {
				isFault := strings.Contains(file, "fault") || strings.Contains(file, "mismatch")
				if other == system || isFault && strings.HasSuffix(other, "-reply") {
					continue // a SOAP 1.1 fault belongs to no system
				}
				if err := schema.Check(other, read(t, file)); !errors.Is(err, schema.ErrInvalid) {
					t.Errorf("%s judged %s: %v", other, file, err)
				}
			}
		}
	}
}

// An edit changes an envelope; one that changes nothing fails the test.
type edit func(string) string

func swap(from, to string) edit {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

func swapAll(from, to string) edit {
	return func(s string) string { return strings.ReplaceAll(s, from, to) }
}

// value replaces the text of the first element of that name.
func value(name, text string) edit {
	return first(`(<`+name+`(?: [^>]*)?>)[^<]*`, "${1}"+strings.ReplaceAll(text, "$", "$$"))
}

// without removes the first element of that name, whole.
func without(name string) edit {
	return first(`(?s)<`+name+`[ >].*?</`+name+`>\s*`, "")
}

func first(pattern, replacement string) edit {
	re := regexp.MustCompile(pattern)
	return func(s string) string {
		at := re.FindStringSubmatchIndex(s)
		if at == nil {
			return s
		}
		return s[:at[0]] + string(re.ExpandString(nil, replacement, s, at)) + s[at[1]:]
	}
}

type row struct {
	name, file string
	edits      []edit
	want       string // in the judge's report; empty = valid
}

const (
	pin      = "pin-change-soap11.xml"
	workflow = "workflow-soap11.xml"
	callLog  = "call-log-soap11.xml"
	service  = "service-full.xml"
	account  = "account.xml"
	s        = "http://ws.southernco.com/CustSvc-iHub"
)

func TestCustomerCareRequests(t *testing.T) {
	t.Parallel()
	dateTime := func(v string) []edit { return []edit{value("MessageDateTime", v)} }
	run(t, schema.CustomerCare, []row{
		{name: "no originating token", file: pin, edits: []edit{without("OriginatingUserNameToken")}},
		{name: "no user id", file: pin, edits: []edit{without("UserId")}},
		{name: "no name values", file: pin, edits: []edit{without("NameValue"), without("NameValue")}},
		{name: "customer number alone", file: pin, edits: []edit{without("AccountNumber")}},
		{name: "lock without PIN", file: pin, edits: []edit{value("OperationType", "LOCK"), without("PIN")}},
		{name: "empty string", file: pin, edits: []edit{value("CorrespondenceType", "")}},
		{name: "characters that need escapes", file: pin, edits: []edit{value("PIN", "&lt;]]&gt;&amp;&#xD;\U0001F600")}},
		{name: "prefixes in place of default namespaces", file: pin, edits: []edit{
			swapAll(` xmlns=""`, ""), swap(`<UpdateCustomerPIN xmlns="`+s+`"`, `<v:UpdateCustomerPIN xmlns:v="`+s+`"`),
			swap("</UpdateCustomerPIN>", "</v:UpdateCustomerPIN>"), swapAll("updateCustomerPINRequest>", "v:updateCustomerPINRequest>"),
		}},
		{name: "premise number alone", file: workflow, edits: []edit{without("AccountNumber"), without("CustomerNumber")}},
		{name: "no requestor", file: workflow, edits: []edit{without("Requestor")}},
		{name: "call log without its parties", file: callLog, edits: []edit{
			without("Requestor"), without("Customer"), without("Premise"), without("Account"),
		}},
		{name: "seven fraction digits and offset", file: pin, edits: dateTime("2026-02-28T23:59:59.1234567+14:00")},

		{name: "header missing", file: pin, edits: []edit{without("soap:Header")}, want: "element Body"},
		{name: "header empty", file: pin, edits: []edit{without("ScCredentials")}, want: "element Header"},
		{name: "credentials in no namespace", file: pin, edits: []edit{swap(`<ScCredentials xmlns="`+s+`"`, `<ScCredentials`)}, want: "element ScCredentials"},
		{name: "credentials' child in no namespace", file: pin, edits: []edit{swap(`<Created>`, `<Created xmlns="">`)}, want: "element Created"},
		{name: "credentials twice", file: pin, edits: []edit{first(`(?s)(<ScCredentials.*</ScCredentials>)`, "${1}${1}")}, want: "element ScCredentials"},
		{name: "no direct token", file: pin, edits: []edit{without("DirectUserNameToken")}, want: "element OriginatingUserNameToken"},
		{name: "token empty", file: pin, edits: []edit{value("ID", "")}, want: "element ID"},
		{name: "created not UTC", file: pin, edits: []edit{value("Created", "2026-11-21T08:09:10+01:00")}, want: "element Created"},
		{name: "created before the tokens", file: pin, edits: []edit{without("Created"), swap("<DirectUserNameToken>", "<Created>2026-11-21T08:09:10Z</Created><DirectUserNameToken>")}, want: "element Created"},
		{name: "attribute on the body", file: pin, edits: []edit{swap("<soap:Body>", `<soap:Body soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`)}, want: "encodingStyle"},
		{name: "body empty", file: pin, edits: []edit{without("UpdateCustomerPIN")}, want: "element Body"},
		{name: "two body children", file: pin, edits: []edit{first(`(?s)(<UpdateCustomerPIN.*</UpdateCustomerPIN>)`, "${1}${1}")}, want: "element UpdateCustomerPIN"},
		{name: "fault as a request", file: "customercare-fault-soap11.xml", want: "element Body"},
		{name: "operation alone", file: pin, edits: []edit{first(`(?s)^.*(<UpdateCustomerPIN.*</UpdateCustomerPIN>).*$`, "${1}")}, want: "validation root"},
		{name: "operation in a wrong namespace", file: pin, edits: []edit{swap(`<UpdateCustomerPIN xmlns="`+s+`"`, `<UpdateCustomerPIN xmlns="`+s+`/"`)}, want: "element UpdateCustomerPIN"},
		{name: "SOAP 1.2 body in a SOAP 1.1 envelope", file: pin, edits: []edit{swap("<soap:Body>", `<b:Body xmlns:b="http://www.w3.org/2003/05/soap-envelope">`), swap("</soap:Body>", "</b:Body>")}, want: "element Body"},
		{name: "unknown SOAP version", file: pin, edits: []edit{swap("http://schemas.xmlsoap.org/soap/envelope/", "http://schemas.xmlsoap.org/soap/envelope")}, want: "validation root"},
		{name: "no wrapper", file: pin, edits: []edit{swap("<updateCustomerPINRequest>", ""), swap("</updateCustomerPINRequest>", "")}, want: "element BaseRequest"},
		{name: "wrapper in wrong case", file: pin, edits: []edit{swapAll("updateCustomerPINRequest", "UpdateCustomerPINRequest")}, want: "element UpdateCustomerPINRequest"},
		{name: "wrapper in no namespace", file: pin, edits: []edit{swap("<updateCustomerPINRequest>", `<updateCustomerPINRequest xmlns="">`)}, want: "element updateCustomerPINRequest"},
		{name: "children of the wrapper qualified", file: pin, edits: []edit{swapAll(` xmlns=""`, "")}, want: "element BaseRequest"},
		{name: "one child qualified", file: pin, edits: []edit{swap(`<PIN xmlns="">`, "<PIN>")}, want: "element PIN"},
		{name: "grandchild qualified", file: pin, edits: []edit{swap("<UserId>", `<UserId xmlns="`+s+`">`)}, want: "element UserId"},
		{name: "children in wrong order", file: pin, edits: []edit{without("PIN"), swap(`<AccountAccessCode `, `<PIN xmlns="">1</PIN><AccountAccessCode `)}, want: "element AccountAccessCode"},
		{name: "extra child", file: pin, edits: []edit{swap(`<PIN `, `<Extra xmlns="">1</Extra><PIN `)}, want: "element Extra"},
		{name: "child twice", file: pin, edits: []edit{swap(`<PIN `, `<PIN xmlns="">1</PIN><PIN `)}, want: "element PIN"},
		{name: "child in wrong case", file: pin, edits: []edit{swap("<PIN ", "<Pin "), swap("</PIN>", "</Pin>")}, want: "element Pin"},
		{name: "nil as the sample has it", file: pin, edits: []edit{swap("<AccountAccessCode ", `<AccountAccessCode xsi:nil="true" `), value("AccountAccessCode", "")}, want: "nillable"},
		{name: "neither account nor customer number", file: pin, edits: []edit{without("AccountNumber"), without("CustomerNumber")}, want: "element AccountAccessCode"},
		{name: "no base request", file: pin, edits: []edit{without("BaseRequest")}, want: "element OperationType"},
		{name: "no message id", file: pin, edits: []edit{without("MessageId")}, want: "element NameValue"},
		{name: "no operation type", file: pin, edits: []edit{without("OperationType")}, want: "element AccountNumber"},
		{name: "operation type in lower case", file: pin, edits: []edit{value("OperationType", "update")}, want: "element OperationType"},
		{name: "operation type empty", file: pin, edits: []edit{value("OperationType", "")}, want: "element OperationType"},
		{name: "email type empty", file: pin, edits: []edit{value("EmailType", "")}, want: "element EmailType"},
		{name: "email type blank", file: pin, edits: []edit{value("EmailType", " \t")}, want: "element EmailType"},
		{name: "text between elements", file: pin, edits: []edit{swap(`<PIN `, `x<PIN `)}, want: "Character content"},

		{name: "no zone", file: pin, edits: dateTime("2026-11-01T08:09:10"), want: "element MessageDateTime"},
		{name: "eight fraction digits", file: pin, edits: dateTime("2026-11-01T08:09:10.12345678Z"), want: "element MessageDateTime"},
		{name: "no such day", file: pin, edits: dateTime("2026-02-29T08:09:10Z"), want: "element MessageDateTime"},
		{name: "second 60", file: pin, edits: dateTime("2026-06-30T23:59:60Z"), want: "element MessageDateTime"},
		{name: "hour 24", file: pin, edits: dateTime("2026-11-01T24:00:00Z"), want: "element MessageDateTime"},
		{name: "zone beyond 14 hours", file: pin, edits: dateTime("2026-11-01T08:09:10+14:01"), want: "element MessageDateTime"},
		{name: "year 0000", file: pin, edits: dateTime("0000-11-01T08:09:10Z"), want: "element MessageDateTime"},
		{name: "empty dateTime", file: pin, edits: dateTime(""), want: "element MessageDateTime"},
		{name: "empty date", file: workflow, edits: []edit{value("CreatedDate", "")}, want: "element CreatedDate"},
		{name: "date with a zone", file: workflow, edits: []edit{value("CreatedDate", "2026-11-01Z")}, want: "element CreatedDate"},
		{name: "date with a time", file: workflow, edits: []edit{value("CreatedDate", "2026-11-01T00:00:00Z")}, want: "element CreatedDate"},
		{name: "boolean as a digit", file: workflow, edits: []edit{value("DoNotCallFlag", "1")}, want: "element DoNotCallFlag"},
		{name: "boolean capitalised", file: workflow, edits: []edit{value("DoNotCallFlag", "True")}, want: "element DoNotCallFlag"},
		{name: "callback time is never sent", file: workflow, edits: []edit{swap("<DoNotCallFlag>", "<PreferredCallbackTime/><DoNotCallFlag>")}, want: "element PreferredCallbackTime"},
		{name: "none of the three numbers", file: workflow, edits: []edit{without("AccountNumber"), without("PremiseNumber"), without("CustomerNumber")}, want: "element WorkItemType"},
		{name: "work item type without code", file: workflow, edits: []edit{without("Code")}, want: "element Description"},
		{name: "work item type code blank", file: workflow, edits: []edit{value("Code", " \n")}, want: "element Code"},
		{name: "requestor after the operating center", file: workflow, edits: []edit{first(`(?s)(<Requestor .*</Requestor>)(\s*<OperatingCenter .*</OperatingCenter>)`, "${2}${1}")}, want: "element Requestor"},
		{name: "fax before the other phones", file: workflow, edits: []edit{swap("<OtherPhone>", "<Fax/><OtherPhone>")}, want: "element OtherPhone"},
		{name: "plural array name", file: workflow, edits: []edit{swapAll("OtherPhone>", "OtherPhones>")}, want: "element OtherPhones"},
		{name: "integer with a fraction", file: callLog, edits: []edit{value("RequestType", "1.0")}, want: "element RequestType"},
		{name: "integer too large", file: callLog, edits: []edit{value("RequestType", "2147483648")}, want: "element RequestType"},
		{name: "no log text", file: callLog, edits: []edit{without("LogText")}, want: "element RequestType"},
		{name: "no creation instant", file: callLog, edits: []edit{without("CreatedDateTime")}, want: "element LogText"},
		{name: "workflow's wrapper in the call log", file: callLog, edits: []edit{swapAll("CreateCallLogRequest>", "createCallLogRequest>")}, want: "element createCallLogRequest"},

		{name: "document type", file: pin, edits: []edit{swap("<soap:Envelope", "<!DOCTYPE soap:Envelope><soap:Envelope")}, want: "document type"},
		{name: "processing instruction", file: pin, edits: []edit{swap("<soap:Envelope", "<?go away?><soap:Envelope")}, want: "processing instruction go"},
		{name: "truncated", file: pin, edits: []edit{swap("</soap:Envelope>", "")}, want: "invalid envelope"},
		{name: "second root", file: pin, edits: []edit{swap("</soap:Envelope>", "</soap:Envelope><x/>")}, want: "Extra content"},
		{name: "invalid UTF-8", file: pin, edits: []edit{value("PIN", "\xff")}, want: "UTF-8"},
		{name: "control character", file: pin, edits: []edit{value("PIN", "\x01")}, want: "U+0001"},
		{name: "undeclared prefix", file: pin, edits: []edit{swap("<soap:Body>", "<soap:Body><x:y/>")}, want: "element x:y"},
	})
}

func TestMDSRequests(t *testing.T) {
	t.Parallel()
	price := func(v string) []edit { return []edit{value("ServicePrice", v)} }
	run(t, schema.MDS, []row{
		{name: "no header", file: service, edits: []edit{swap("<soapenv:Header/>", "")}},
		{name: "no external reference", file: service, edits: []edit{without("ExternalReference")}},
		{name: "no audit record", file: service, edits: []edit{without("AuditRecord")}},
		{name: "audit record first", file: service, edits: []edit{without("AuditRecord"), swap("<ExternalReference>", "<AuditRecord><UserID>u</UserID><Program>p</Program></AuditRecord><ExternalReference>")}},
		{name: "leaves in another order", file: service, edits: []edit{without("serviceCode"), swap("<CustomerLevel>", "<serviceCode>SPREMC</serviceCode><CustomerLevel>")}},
		{name: "agreement", file: service, edits: []edit{value("CustomerLevel", "AGREEMENT")}},
		{name: "empty description", file: service, edits: []edit{value("Description", "")}},
		{name: "lengths count code points", file: service, edits: []edit{value("Description", strings.Repeat("\U0001F600", 30))}},
		{name: "price of zero", file: service, edits: price("0")},
		{name: "price as written", file: service, edits: price("10.50")},
		{name: "largest price", file: service, edits: price("999999999.99")},

		{name: "outer in no namespace", file: service, edits: []edit{swapAll("def:ServiceData>", "ServiceData>")}, want: "element ServiceData"},
		{name: "inner qualified", file: service, edits: []edit{swap("<ServiceData>", "<def:ServiceData>"), swap("</ServiceData>", "</def:ServiceData>")}, want: "element ServiceData"},
		{name: "leaf qualified", file: service, edits: []edit{swapAll("serviceCode>", "def:serviceCode>")}, want: "element serviceCode"},
		{name: "one ServiceData only", file: service, edits: []edit{swap("<ServiceData>", ""), swap("</ServiceData>", "")}, want: "element CustomerLevel"},
		{name: "the table's case", file: service, edits: []edit{swapAll("effectiveDate>", "EffectiveDate>")}, want: "element EffectiveDate"},
		{name: "lower camel case where the sample has upper", file: service, edits: []edit{swapAll("ServicePrice>", "servicePrice>")}, want: "element servicePrice"},
		{name: "leaf twice", file: service, edits: []edit{swap("<serviceCode>", "<serviceCode>A</serviceCode><serviceCode>")}, want: "element serviceCode"},
		{name: "extra leaf", file: service, edits: []edit{swap("<serviceCode>", "<Extra/><serviceCode>")}, want: "element Extra"},
		{name: "no service code", file: service, edits: []edit{without("serviceCode")}, want: "serviceCode"},
		{name: "audit record in wrong order", file: service, edits: []edit{without("UserID"), swap("</Program>", "</Program><UserID>u</UserID>")}, want: "element Program"},
		{name: "audit record without program", file: service, edits: []edit{without("Program")}, want: "element AuditRecord"},
		{name: "header block", file: service, edits: []edit{swap("<soapenv:Header/>", `<soapenv:Header><x xmlns="urn:x"/></soapenv:Header>`)}, want: "element Header"},
		{name: "level as the page spells it", file: service, edits: []edit{value("CustomerLevel", "Account")}, want: "element CustomerLevel"},
		{name: "date without Z", file: service, edits: []edit{value("effectiveDate", "2014-09-22")}, want: "element effectiveDate"},
		{name: "date with an offset", file: service, edits: []edit{value("effectiveDate", "2014-09-22+00:00")}, want: "element effectiveDate"},
		{name: "empty expiry date", file: service, edits: []edit{value("expiryDate", "")}, want: "element expiryDate"},
		{name: "empty external reference", file: service, edits: []edit{value("ExternalReference", "")}, want: "element ExternalReference"},
		{name: "external reference too long", file: service, edits: []edit{value("ExternalReference", strings.Repeat("x", 70))}, want: "element ExternalReference"},
		{name: "service code too long", file: service, edits: []edit{value("serviceCode", "SPREMC7")}, want: "element serviceCode"},
		{name: "service code blank", file: service, edits: []edit{value("serviceCode", "  ")}, want: "element serviceCode"},
		{name: "level reference too long", file: service, edits: []edit{value("CustomerLevelReference", "123456789")}, want: "element CustomerLevelReference"},
		{name: "description too long", file: service, edits: []edit{value("Description", strings.Repeat("x", 31))}, want: "element Description"},
		{name: "long description too long", file: service, edits: []edit{value("LongDescription", strings.Repeat("x", 121))}, want: "element LongDescription"},
		{name: "agreement too long", file: service, edits: []edit{value("AccountServiceAgreement", "123456789")}, want: "element AccountServiceAgreement"},
		{name: "contract reference too long", file: service, edits: []edit{value("ContractReference", "1234567890123")}, want: "element ContractReference"},
		{name: "consolidation too long", file: service, edits: []edit{value("PriceConsolidationService", "1234567")}, want: "element PriceConsolidationService"},
		{name: "user id too long", file: service, edits: []edit{value("UserID", "12345678901")}, want: "element UserID"},
		{name: "sales person with nine digits", file: service, edits: []edit{value("salesPersonId", "100000000")}, want: "element salesPersonId"},
		{name: "sales account negative", file: service, edits: []edit{value("salesAccountReference", "-1")}, want: "element salesAccountReference"},
		{name: "price with three fraction digits", file: service, edits: price("1.000"), want: "element ServicePrice"},
		{name: "price out of range", file: service, edits: price("-1000000000"), want: "element ServicePrice"},
		{name: "price with an exponent", file: service, edits: price("1e3"), want: "element ServicePrice"},
		{name: "price with a comma", file: service, edits: price("1,50"), want: "element ServicePrice"},
		{name: "price empty", file: service, edits: price(""), want: "element ServicePrice"},
		{name: "boolean as a word", file: service, edits: []edit{value("SuppressRemainingCharge", "Yes")}, want: "element SuppressRemainingCharge"},
	})
}

func TestEmersionRequests(t *testing.T) {
	t.Parallel()
	const security = "account-security.xml"
	run(t, schema.Emersion, []row{
		{name: "no header", file: account, edits: []edit{swap("<soapenv:Header/>", "")}},
		{name: "individual", file: account, edits: []edit{value("ser:Type", "Individual"), without("ser:AccountOrganisation")}},
		{name: "no billing contact", file: account, edits: []edit{without("ser:BillingContact")}},
		{name: "no optional leaf", file: account, edits: []edit{
			without("ser:LicenceeUsername"), without("ser:AddressLine2"), without("ser:AddressLine3"), without("ser:MobileNumber"),
			without("ser:FaxNumber"), without("ser:Website"), without("ser:AccountReference"), without("ser:OrgType"),
		}},
		{name: "no identifier", file: account, edits: []edit{without("ser:OrgIdentifier"), without("ser:OrgIdentifierType")}},
		{name: "default namespace in place of a prefix", file: account, edits: []edit{swapAll("<ser:", "<"), swapAll("</ser:", "</"), swap("<CreateComplexAccount>", `<CreateComplexAccount xmlns="http://emersion.com.au/ServiceObjects">`)}},
		{name: "six characters are enough", file: account, edits: []edit{value("ser:Password", "pässwö")}},
		{name: "plain token", file: security, edits: []edit{without("wsse:Nonce"), without("wsu:Created"), swap(` soapenv:mustUnderstand="1"`, ""), swap(` wsu:Id="token-1"`, "")}},

		{name: "wrong namespace", file: account, edits: []edit{swap("http://emersion.com.au/ServiceObjects", "http://emersion.com.au/Services")}, want: "element CreateComplexAccount"},
		{name: "child in no namespace", file: account, edits: []edit{swapAll("ser:AccountReference>", "AccountReference>")}, want: "element AccountReference"},
		{name: "name of the page's title", file: account, edits: []edit{swapAll("ser:CreateComplexAccount>", "ser:CreateAccount>")}, want: "element CreateAccount"},
		{name: "account type after the contact", file: account, edits: []edit{without("ser:AccountType"), swap("</ser:PrimaryContact>", "</ser:PrimaryContact><ser:AccountType>End User</ser:AccountType>")}, want: "element PrimaryContact"},
		{name: "country before the postcode", file: account, edits: []edit{without("ser:Country"), swap("<ser:Postcode>", "<ser:Country>Australia</ser:Country><ser:Postcode>")}, want: "element Country"},
		{name: "leaf outside the detail", file: account, edits: []edit{swap("<ser:Detail>", ""), swap("</ser:Detail>", "")}, want: "element Title"},
		{name: "user of the billing contact", file: account, edits: []edit{swap("</ser:BillingContact>", "<ser:CumulusUser/></ser:BillingContact>")}, want: "element CumulusUser"},
		{name: "wrong case", file: account, edits: []edit{swapAll("ser:UserName>", "ser:Username>")}, want: "element Username"},
		{name: "other account type", file: account, edits: []edit{value("ser:AccountType", "End user")}, want: "element AccountType"},
		{name: "no title", file: account, edits: []edit{without("ser:Title")}, want: "element FirstName"},
		{name: "title empty", file: account, edits: []edit{value("ser:Title", "")}, want: "element Title"},
		{name: "billing contact without title", file: account, edits: []edit{first(`(?s)(<ser:BillingContact>.*?)<ser:Title>.*?</ser:Title>`, "${1}")}, want: "element FirstName"},
		{name: "billing contact empty", file: account, edits: []edit{first(`(?s)<ser:BillingContact>.*</ser:BillingContact>`, "<ser:BillingContact/>")}, want: "element BillingContact"},
		{name: "user name without at sign", file: account, edits: []edit{value("ser:UserName", "ada")}, want: "element UserName"},
		{name: "user name without dotted domain", file: account, edits: []edit{value("ser:UserName", "ada@example")}, want: "element UserName"},
		{name: "five characters are too few", file: account, edits: []edit{value("ser:Password", "pässw")}, want: "element Password"},
		{name: "other contact type", file: account, edits: []edit{value("ser:Type", "individual")}, want: "element Type"},
		{name: "organisation type as text", file: account, edits: []edit{value("ser:OrgType", "Company")}, want: "element OrgType"},
		{name: "organisation type empty", file: account, edits: []edit{value("ser:OrgType", "")}, want: "element OrgType"},
		{name: "identifier without its type", file: account, edits: []edit{without("ser:OrgIdentifierType")}, want: "element AccountOrganisation"},
		{name: "type without its identifier", file: account, edits: []edit{without("ser:OrgIdentifier")}, want: "element OrgIdentifierType"},
		{name: "other identifier type", file: account, edits: []edit{value("ser:OrgIdentifierType", "abn")}, want: "element OrgIdentifierType"},
		{name: "email without at sign", file: account, edits: []edit{value("ser:EmailAddress", "ada.example.com.au")}, want: "element EmailAddress"},
		{name: "phone without digit", file: account, edits: []edit{value("ser:PhoneNumber", "none")}, want: "element PhoneNumber"},
		{name: "digest password", file: security, edits: []edit{swap("#PasswordText", "#PasswordDigest")}, want: "attribute 'Type'"},
		{name: "password without its type", file: security, edits: []edit{first(`<wsse:Password [^>]*>`, "<wsse:Password>")}, want: "Type"},
		{name: "token without user name", file: security, edits: []edit{without("wsse:Username")}, want: "element Password"},
		{name: "mustUnderstand as a word", file: security, edits: []edit{swap(`mustUnderstand="1"`, `mustUnderstand="true"`)}, want: "mustUnderstand"},
		{name: "draft namespace of WS-Security", file: security, edits: []edit{swap("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", "http://schemas.xmlsoap.org/ws/2002/12/secext")}, want: "element Security"},
	})
}

func TestReplies(t *testing.T) {
	t.Parallel()
	const care = schema.CustomerCareReply
	const reply, fault, fault12 = "pin-change-reply-soap11.xml", "customercare-fault-soap11.xml", "customercare-fault-soap12.xml"
	run(t, care, []row{
		{name: "no header", file: reply, edits: []edit{without("soap:Header")}},
		{name: "no error data", file: reply, edits: []edit{without("ErrorData")}},
		{name: "blank error data", file: reply, edits: []edit{value("ErrorCode", "")}},
		{name: "no severity", file: reply, edits: []edit{without("SevCode"), without("ExplanationCode")}},
		{name: "originating token not echoed", file: reply, edits: []edit{without("OriginatingUserNameToken")}},
		{name: "fault without detail", file: fault, edits: []edit{swap("<detail />", "")}},
		{name: "fault with an actor", file: fault, edits: []edit{swap("<detail />", "<faultactor>http://x/</faultactor><detail />")}},
		{name: "dotted fault code", file: fault, edits: []edit{swap("soap:Client<", "soap:Client.Authentication<")}},

		{name: "no base response", file: reply, edits: []edit{without("BaseResponse")}, want: "element SevCode"},
		{name: "base response qualified", file: reply, edits: []edit{swap(`<BaseResponse xmlns="">`, "<BaseResponse>")}, want: "element BaseResponse"},
		{name: "severity in another operation's reply", file: "call-log-reply-soap11.xml", edits: []edit{swap("</BaseResponse>", `</BaseResponse><SevCode xmlns=""/>`)}, want: "element SevCode"},
		{name: "result of another operation", file: reply, edits: []edit{swapAll("UpdateCustomerPINResult>", "CreateCallLogResult>")}, want: "element CreateCallLogResult"},
		{name: "qualified fault children", file: fault, edits: []edit{swapAll("faultcode>", "soap:faultcode>")}, want: "element faultcode"},
		{name: "fault code without prefix declaration", file: fault, edits: []edit{swap(">soap:Client", ">sopa:Client")}, want: "element faultcode"},
		{name: "SOAP 1.2 fault in a SOAP 1.1 envelope", file: fault12, edits: []edit{swap("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/")}, want: "element Code"},
		{name: "SOAP 1.2 code that is not on the list", file: fault12, edits: []edit{swap(">soap:Sender<", ">soap:Client<")}, want: "element Value"},
		{name: "SOAP 1.2 reason without language", file: fault12, edits: []edit{swap(` xml:lang="en"`, "")}, want: "lang"},
		{name: "SOAP 1.2 detail in no namespace", file: fault12, edits: []edit{swapAll("soap:Detail>", "detail>")}, want: "element detail"},
		{name: "fault beside a result", file: reply, edits: []edit{swap("</soap:Body>", "<soap:Fault><faultcode>soap:Server</faultcode><faultstring/></soap:Fault></soap:Body>")}, want: "element Fault"},
	})
	run(t, schema.MDSReply, []row{
		{name: "mds: no external reference", file: "service-reply.xml", edits: []edit{without("ExternalReference")}},
		{name: "mds: fault element in another namespace", file: "service-fault.xml", edits: []edit{swap("http://mdsuk.com/ws/dise3g/fault/exception", "urn:release-9")}},
		{name: "mds: no result", file: "service-reply.xml", edits: []edit{without("ns2:Result")}, want: "element CreateServiceResponse"},
		{name: "mds: external reference qualified", file: "service-reply.xml", edits: []edit{swapAll("ExternalReference>", "ns2:ExternalReference>")}, want: "element ExternalReference"},
		{name: "mds: result in no namespace", file: "service-reply.xml", edits: []edit{swapAll("ns2:Result>", "Result>")}, want: "element Result"},
	})
	run(t, schema.EmersionReply, []row{
		{name: "emersion: account id in no namespace", file: "account-reply.xml", edits: []edit{swapAll("ns1:AccountID>", "AccountID>")}},
		{name: "emersion: empty plain-text detail", file: "account-fault.xml", edits: []edit{value("detail", "")}},
		{name: "emersion: response named after the request", file: "account-reply.xml", edits: []edit{swapAll("CreateAccountResponse", "CreateComplexAccountResponse")}, want: "element CreateComplexAccountResponse"},
		{name: "emersion: no account id", file: "account-reply.xml", edits: []edit{without("ns1:AccountID")}, want: "element CreateAccountResponse"},
		{name: "emersion: account id empty", file: "account-reply.xml", edits: []edit{value("ns1:AccountID", "")}, want: "element AccountID"},
	})
}

func run(t *testing.T, system string, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			envelope := string(read(t, r.file))
			for i, e := range r.edits {
				edited := e(envelope)
				if edited == envelope {
					t.Fatalf("edit %d changes nothing", i)
				}
				envelope = edited
			}
			judge(t, system, envelope, r.want)
		})
	}
}

func judge(t *testing.T, system, envelope, want string) {
	t.Helper()
	err := schema.Check(system, []byte(envelope))
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Error("accepted")
	case want != "" && (!errors.Is(err, schema.ErrInvalid) || !strings.Contains(err.Error(), want)):
		t.Errorf("refused for another reason than %q: %v", want, err)
	}
}

// A declaration that no instance uses is one that nothing has tested, most often a misspelt name.
func TestEveryDeclaredElementOccursInAnInstance(t *testing.T) {
	t.Parallel()
	var all bytes.Buffer
	for _, file := range slices.Concat(slices.Collect(maps.Values(instances))...) {
		all.Write(read(t, file))
	}
	schemas, err := filepath.Glob("*.xsd")
	if err != nil || len(schemas) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	declared := regexp.MustCompile(`<xs:element name="(\w+)"`)
	unused := map[string]bool{"NotUnderstood": true} // only a SOAP 1.2 MustUnderstand fault has it, and no known server sends it
	for _, file := range schemas {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			name := string(m[1])
			if !unused[name] && !regexp.MustCompile(`<(\w[\w-]*:)?`+name+`[ />]`).Match(all.Bytes()) {
				t.Errorf("%s declares %s, which no instance has", file, name)
			}
		}
	}
}

// recorder takes the place of a test that is expected to fail.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestValidateFailsTheTest(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	schema.Validate(r, schema.MDS, read(t, pin))
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "mds.xsd") {
		t.Errorf("reported %q", r.errors)
	}
}

func TestValidateAllNamesEveryFailure(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	schema.ValidateAll(r, schema.CustomerCare, map[string][]byte{
		"a good one":      read(t, pin),
		"another system":  read(t, service),
		"a reply":         read(t, "pin-change-reply-soap11.xml"),
		"with a DTD":      []byte("<!DOCTYPE x><x/>"),
		"not well-formed": []byte("<x></x><y>"),
	})
	report := strings.Join(r.errors, "\n")
	for _, name := range []string{"another system", "a reply", "with a DTD", "not well-formed"} {
		if !strings.Contains(report, name) {
			t.Errorf("%s is missing in %s", name, report)
		}
	}
	if strings.Contains(report, "a good one") {
		t.Errorf("the valid one is reported: %s", report)
	}
}

func TestUnknownSystemJudgesNothing(t *testing.T) {
	t.Parallel()
	if err := schema.Check("cumulus", read(t, account)); err == nil || errors.Is(err, schema.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestMissingXmllintSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", "")
	err := schema.Check(schema.MDS, read(t, service))
	if err == nil || errors.Is(err, schema.ErrInvalid) || !strings.Contains(err.Error(), "apt-get install libxml2-utils") {
		t.Errorf("got %v", err)
	}
}

func TestC14N(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, a, b string
		same       bool
	}{
		{"attribute order and quotes", `<a y="2" x='1'/>`, `<a x="1" y="2"></a>`, true},
		{"unused namespace declaration", `<a xmlns:u="urn:u"><b/></a>`, `<a><b/></a>`, true},
		{"place of a declaration", `<p:a xmlns:p="urn:p" xmlns:q="urn:q"><q:b/></p:a>`, `<p:a xmlns:p="urn:p"><q:b xmlns:q="urn:q"/></p:a>`, true},
		{"XML declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>", `<a/>`, true},
		{"character references", `<a>&#x41;&#xD;</a>`, `<a>A&#13;</a>`, true},
		{"CDATA", `<a><![CDATA[<&]]></a>`, `<a>&lt;&amp;</a>`, true},
		{"no namespace against a default one", `<a xmlns="urn:a"><b xmlns=""/></a>`, `<a xmlns="urn:a"><b/></a>`, false},
		{"white space", `<a> <b/></a>`, `<a><b/></a>`, false},
		{"order", `<a><b/><c/></a>`, `<a><c/><b/></a>`, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			a, b := schema.C14N(t, []byte(r.a)), schema.C14N(t, []byte(r.b))
			if len(a) == 0 || bytes.Equal(a, b) != r.same {
				t.Errorf("%s and %s", a, b)
			}
		})
	}
}

func read(tb testing.TB, file string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
