package sandbox_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// TestEmersionRules: each numbered error of the page, as the vendor would answer it.
func TestEmersionRules(t *testing.T) {
	orgName := edits{"<ser:Type>Individual", "<ser:Type>Organisation", "<ser:OrgName>Text &amp; more</ser:OrgName>", ""}
	username := func(value string) edits { return edits{"pat@example.com.au", value} }
	primary := func(name, value, replacement string) edits {
		return edits{"<ser:" + name + ">" + value + "</ser:" + name + ">", replacement}
	}
	const billing = "<ser:BillingContact>"
	tests := []struct {
		name  string
		edits edits
		want  string // empty: accepted
	}{
		{"as documented", nil, ""},
		{"25 account type in another case", edits{"End User", "end user"}, "Invalid or Missing Account Type"},
		{"25 account type missing", primary("AccountType", "End User", ""), "Invalid or Missing Account Type"},
		{"26 nothing before the @", username("@example.com"), "Invalid CumulusUser Username"},
		{"26 white space before the @", username("p t@example.com"), "Invalid CumulusUser Username"},
		{"26 several @", username("p@t@example.com"), "Invalid CumulusUser Username"},
		{"27 no @", username("pat"), `CumulusUser Username does not contain "@"`},
		{"28 no dotted domain", username("pat@example"), "CumulusUser Username contains an invalid suffix"},
		{"28 empty label", username("pat@example..au"), "CumulusUser Username contains an invalid suffix"},
		{"29 taken", username("taken.pat@example.com.au"), "CumulusUser Username is already in use"},
		{"29 in another letter case", username("Taken@example.com.au"), "CumulusUser Username is already in use"},
		{"taken, but not at the beginning", username("pat.taken@taken.com.au"), ""},
		{"30 type missing", edits{"<ser:AccountContactType>", "<!--", "</ser:AccountContactType>", "-->"}, "Missing AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'"},
		{"31 type unknown", edits{"<ser:Type>Individual", "<ser:Type>Person"}, "Invalid AccountContactType. Type Value must be either 'Organisation' or 'Org' or 'Individual'"},
		{"type Org", edits{"<ser:Type>Individual", "<ser:Type>Org"}, ""},
		{"32 organisation without a name", orgName, "Missing OrgName. When AccountContactType is 'Organisation' OrgName is required"},
		{"33 type of organisation is not an integer", edits{"<ser:OrgType>29", "<ser:OrgType>Company"}, "Invalid OrgType. If given OrgType value,then it must valid integer. Otherwise leave blank to set default value 29 for org type 'Company'"},
		{"type of organisation absent", primary("OrgType", "29", ""), ""},
		{"34", primary("Title", "Text &amp; more", ""), "PrimaryContact: Invalid or Missing Title"},
		{"35", primary("FirstName", "Text &amp; more", ""), "PrimaryContact: Invalid or Missing First Name"},
		{"36", primary("LastName", "Text &amp; more", ""), "PrimaryContact: Invalid or Missing Last Name"},
		{"37", primary("AddressLine1", "Text &amp; more", ""), "PrimaryContact: Invalid or Missing Address"},
		{"38", primary("Suburb", "Text &amp; more", "<ser:Suburb> </ser:Suburb>"), "PrimaryContact: Invalid or Missing Suburb"},
		{"39 missing", primary("State", "VIC", ""), "PrimaryContact: Invalid or Missing State"},
		{"39 unknown", primary("State", "VIC", "<ser:State>Texas</ser:State>"), "PrimaryContact: Invalid or Missing State"},
		{"state by name", primary("State", "VIC", "<ser:State>western australia</ser:State>"), ""},
		{"state of another country", primary("State", "VIC", "<ser:State>oth</ser:State>"), ""},
		{"40", primary("Postcode", "3000", ""), "PrimaryContact: Invalid or Missing Postcode"},
		{"41", primary("Country", "Australia", ""), "PrimaryContact: Invalid or Missing Country"},
		{"42", primary("EmailAddress", "pat@example.com", "<ser:EmailAddress>pat</ser:EmailAddress>"), "PrimaryContact: Invalid or Missing Email Address"},
		{"43", primary("PhoneNumber", "+61 3 9000 0000", "<ser:PhoneNumber>none</ser:PhoneNumber>"), "PrimaryContact: Invalid or Missing Phone Number"},
		{"44", primary("Website", "https://example.com/a?b=c", "<ser:Website>ftp://example.com</ser:Website>"), "PrimaryContact: Invalid Website"},
		{"website by host", primary("Website", "https://example.com/a?b=c", "<ser:Website>www.example.com</ser:Website>"), ""},
		{"website absent", primary("Website", "https://example.com/a?b=c", ""), ""},
		{"45 missing", primary("UserName", "pat@example.com.au", ""), "Invalid or Missing CumulusUser Username"},
		{"45 empty", username(""), "Invalid or Missing CumulusUser Username"},
		{"46 five characters", edits{"s3cret!", "äöüßé"}, "Invalid or Missing Password"},
		{"six characters", edits{"s3cret!", "äöüßéà"}, ""},
		{"billing contact is looked at when it has a title", edits{
			billing, "<ser:Billing>", "</ser:BillingContact>", "</ser:Billing>",
			"<ser:Billing>", billing + "<ser:Detail><ser:Title>Dr</ser:Title></ser:Detail></ser:BillingContact><!--", "</ser:Billing>", "-->",
		}, "BillingContact: Invalid or Missing First Name"},
		{"billing contact is ignored when it has none", edits{
			billing, "<ser:Billing>", "</ser:BillingContact>", "</ser:Billing>",
			"<ser:Billing>", billing + "<ser:Detail><ser:FirstName>Pat</ser:FirstName></ser:Detail></ser:BillingContact><!--", "</ser:Billing>", "-->",
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := start(t)
			got := b.send(t, test.edits.apply(t, request(t, createComplexAccount)))
			executed := b.calls(t, "").Counts[createComplexAccount]
			if test.want == "" {
				if got.status != http.StatusOK || executed != 1 {
					t.Errorf("not accepted: %d %s", got.status, got.body)
				}
				return
			}
			escaped := strings.NewReplacer(`"`, "&#34;", "'", "&#39;").Replace(test.want)
			want := `<faultcode>SOAP-ENV:Client</faultcode><faultstring>Validation Error</faultstring>` +
				`<faultactor>http://emersion.com.au/Services</faultactor><detail>` + escaped + `</detail>`
			if got.status != http.StatusInternalServerError || !strings.Contains(got.body, want) || executed != 0 {
				t.Errorf("%d %s (executed %d times)\nwant 500 %s", got.status, got.body, executed, want)
			}
		})
	}
}

// TestUsernamesAreForgotten: the documented example works however often it is sent, at once or one after the other.
func TestUsernamesAreForgotten(t *testing.T) {
	b := start(t)
	m := request(t, createComplexAccount)
	const clients = 16
	replies := make(chan reply, clients)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			got, err := b.trySend(m)
			if err != nil {
				t.Error(err)
			}
			replies <- got
		})
	}
	group.Wait()
	close(replies)
	accounts := map[string]bool{}
	for got := range replies {
		_, id, _ := strings.Cut(got.body, "AccountID>")
		id, _, _ = strings.Cut(id, "<")
		if got.status != http.StatusOK || id == "" || accounts[id] {
			t.Errorf("%d %s", got.status, got.body)
		}
		accounts[id] = true
	}
	if executed := b.calls(t, "").Counts[createComplexAccount]; executed != clients {
		t.Errorf("%d calls were executed, want %d", executed, clients)
	}
}

// TestMagicValues sends each value that the list of scenarios documents, and looks for what the list says of it.
func TestMagicValues(t *testing.T) {
	b := start(t)
	list := b.scenarios(t).Values
	if len(list) != 3 {
		t.Errorf("%d values are listed, want one of each system", len(list))
	}
	for _, magic := range list {
		t.Run(magic.Value, func(t *testing.T) {
			value := strings.TrimSuffix(strings.Replace(magic.Value, "...@...", "@example.com.au", 1), "...")
			m := request(t, operationOf[magic.System])
			element := regexp.MustCompile(`(<(?:\w+:)?` + magic.Element + `(?: [^<>]*)?>)[^<>]*<`)
			m.envelope = element.ReplaceAllString(m.envelope, "${1}"+value+"<")
			got := b.send(t, m)
			said := regexp.MustCompile(`(?:error code 1001, |Error |Fault )([A-Z][^;]*)`).FindStringSubmatch(magic.Sentence)
			if said == nil || !strings.Contains(got.body, said[1]) {
				t.Errorf("the list says %q, the answer is %d %s", magic.Sentence, got.status, got.body)
			}
		})
	}
}

func TestMDSRules(t *testing.T) {
	agreement := edits{"<AccountServiceAgreement>Ä1</AccountServiceAgreement>", ""}
	tests := []struct {
		name  string
		edits edits
		want  []string // names in ExtraInfo of the errors; empty: accepted
	}{
		{"as documented", nil, nil},
		{"subscription", append(edits{">ACCOUNT<", ">SUBSCRIPTION<"}, agreement...), nil},
		{"agreement", append(edits{">ACCOUNT<", ">AGREEMENT<"}, agreement...), nil},
		{"customer level in lower case", append(edits{">ACCOUNT<", ">account<"}, agreement...), []string{"CustomerLevel"}},
		{"unknown service code", edits{"<serviceCode>Ä1", "<serviceCode>ZZTOP"}, []string{"serviceCode"}},
		{"expiry on the effective date", edits{"2027-11-21Z", "2026-11-21Z"}, nil},
		{"expiry before the effective date", edits{"2027-11-21Z", "2026-11-20Z"}, []string{"expiryDate"}},
		{"agreement of a subscription", edits{">ACCOUNT<", ">SUBSCRIPTION<"}, []string{"AccountServiceAgreement"}},
		{"several at once", edits{"<serviceCode>Ä1", "<serviceCode>ZZ", ">ACCOUNT<", ">GOLD<"}, []string{"CustomerLevel", "serviceCode", "AccountServiceAgreement"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := start(t)
			got := b.send(t, test.edits.apply(t, request(t, createService)))
			executed := b.calls(t, "").Counts[createService]
			if test.want == nil {
				if got.status != http.StatusOK || executed != 1 {
					t.Errorf("not accepted: %d %s", got.status, got.body)
				}
				return
			}
			const head = `<faultcode>soapenv:Server</faultcode><faultstring>The request is not valid</faultstring><detail>` +
				`<ns4:ValidationFault xmlns:ns4="http://mdsuk.com/ws/dise3g/fault/exception"><Details><MessageId>CMP1000</MessageId>` +
				`<MessageText>The request is not valid</MessageText></Details><Errors><Error><MessageId>`
			if got.status != http.StatusInternalServerError || !strings.Contains(got.body, head) || executed != 0 {
				t.Errorf("%d %s", got.status, got.body)
			}
			var extras []string
			for _, part := range strings.Split(got.body, "<ExtraInfo>")[1:] {
				extra, _, _ := strings.Cut(part, "<")
				extras = append(extras, extra)
			}
			if strings.Join(extras, " ") != strings.Join(test.want, " ") {
				t.Errorf("errors about %q, want %q", extras, test.want)
			}
		})
	}
}

func TestUnknownAccount(t *testing.T) {
	tests := []struct {
		operation string
		edits     edits
		wantAlso  string
	}{
		{createWorkFlowManager, edits{`<AccountNumber xmlns="">Text &amp; more`, `<AccountNumber xmlns="">0000000000`}, ""},
		{createCallLog, edits{`<AccountNumber>Text &amp; more`, `<AccountNumber>0000000000`}, ""},
		{updateCustomerPIN, edits{`<AccountNumber xmlns="">Text &amp; more`, `<AccountNumber xmlns="">0000000000`}, `<SevCode xmlns=""><Code>E</Code><Description>Error</Description></SevCode>`},
	}
	for _, test := range tests {
		t.Run(test.operation, func(t *testing.T) {
			b := start(t)
			got := b.send(t, test.edits.apply(t, request(t, test.operation)))
			const want = `<ResponseCode>1</ResponseCode><ResponseDescription>Failed</ResponseDescription><ErrorData><ErrorCode>1001</ErrorCode>` +
				`<ErrorDescription>Account not found</ErrorDescription><NativeErrorDetail>ORA-01403`
			if got.status != http.StatusOK || !strings.Contains(got.body, want) || !strings.Contains(got.body, test.wantAlso) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if n := b.calls(t, "").Counts[test.operation]; n != 0 {
				t.Errorf("executed %d times, want never", n)
			}
		})
	}
}
