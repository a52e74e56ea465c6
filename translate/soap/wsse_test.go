package soap_test

import (
	stdxml "encoding/xml"
	"strings"
	"testing"
	"time"

	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// The namespaces of WS-Security, and what its names of types begin with.
const (
	oasis = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	wsse  = oasis + "wssecurity-secext-1.0.xsd"
	wsu   = oasis + "wssecurity-utility-1.0.xsd"
)

// sentDigest is what OpenSSL makes of the nonce, the time and the password; the profile's own example has no password beside it:
//
//	(printf 000102030405060708090a0b0c0d0e0f | xxd -r -p; printf '2026-11-21T09:08:07.000Zpa<ss>&é') | openssl sha1 -binary | base64
const sentDigest = "vclNpkg5IRC4X6uAIap+pSVadwY="

var (
	sentAt    = time.Date(2026, 11, 21, 10, 8, 7, 0, time.FixedZone("", 3600))
	sentNonce = soap.Nonce{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
)

// TestSecurity has the names and the order of WS-Security 1.0 and UsernameToken Profile 1.0 in both versions of the envelope.
func TestSecurity(t *testing.T) {
	const (
		start   = `<wsse:Security xmlns:wsse="` + wsse + `"`
		utility = ` xmlns:wsu="` + wsu + `"`
		end     = `</wsse:Security>`
		user    = `<wsse:UsernameToken><wsse:Username>u&amp;r</wsse:Username><wsse:Password Type="` + oasis + `username-token-profile-1.0#`
		text    = user + `PasswordText">pa&lt;ss&gt;&amp;é</wsse:Password></wsse:UsernameToken>`
		digest  = user + `PasswordDigest">` + sentDigest + `</wsse:Password><wsse:Nonce EncodingType="` + oasis + `soap-message-security-1.0#Base64Binary">` +
			`AAECAwQFBgcICQoLDA0ODw==</wsse:Nonce><wsu:Created>2026-11-21T09:08:07.000Z</wsu:Created></wsse:UsernameToken>`
		timestamp = `<wsu:Timestamp wsu:Id="Timestamp-1"><wsu:Created>2026-11-21T09:08:07.000Z</wsu:Created>` +
			`<wsu:Expires>2026-11-21T09:13:07.000Z</wsu:Expires></wsu:Timestamp>`
	)
	understand := map[soap.Version]string{soap.V11: ` s:mustUnderstand="1"`, soap.V12: ` s12:mustUnderstand="true"`}
	for name, test := range map[string]struct {
		security soap.Security
		want     func(mustUnderstand string) string
	}{
		"nothing":            {soap.Security{Password: "p", Digest: true, MustUnderstand: true}, func(string) string { return "" }},
		"a password":         {soap.Security{Username: "u&r"}, func(string) string { return start + ">" + text + end }},
		"a digest":           {soap.Security{Username: "u&r", Digest: true}, func(string) string { return start + utility + ">" + digest + end }},
		"a timestamp":        {soap.Security{Timestamp: true}, func(string) string { return start + utility + ">" + timestamp + end }},
		"a required one":     {soap.Security{Username: "u&r", MustUnderstand: true}, func(m string) string { return start + m + ">" + text + end }},
		"all with a digest":  {soap.Security{Username: "u&r", Digest: true, Timestamp: true, MustUnderstand: true}, func(m string) string { return start + utility + m + ">" + timestamp + digest + end }},
		"text and timestamp": {soap.Security{Username: "u&r", Timestamp: true}, func(string) string { return start + utility + ">" + timestamp + text + end }},
	} {
		if test.security.Username != "" {
			test.security.Password = "pa<ss>&é"
		}
		for v, attribute := range understand {
			e := encoder(t, both(soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op")}))
			got := encode(t, e, v, persons(t, `{}`), func(w *soap.Writer) { w.Security(&test.security, sentAt, sentNonce) })
			if want := test.want(attribute); header(got) != want {
				t.Errorf("%s, SOAP %s\n got %s\nwant %s", name, v, header(got), want)
			}
		}
	}
}

// header returns what is in the header of an envelope.
func header(envelope string) string {
	_, behind, _ := strings.Cut(envelope, "Header>")
	before, _, _ := strings.Cut(behind, "</s")
	return before
}

// TestPasswordIsRead by the standard parser as it is, whatever is in it.
func TestPasswordIsRead(t *testing.T) {
	for _, security := range []soap.Security{{Username: "a<b>&\"'", Password: "]]>\r\n é😀 "}, {Username: "user"}} {
		w := soap.NewWriter(0)
		w.Security(&security, sentAt, sentNonce)
		out, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Token struct {
				Username, Password string
			} `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd UsernameToken"`
		}
		if err := stdxml.Unmarshal(out, &got); err != nil || got.Token.Username != security.Username || got.Token.Password != string(security.Password) {
			t.Errorf("%s: %+v, %v", out, got, err)
		}
	}
}

// TestPasswordDigest changes with everything that is in it, and there is one only where it is sent.
func TestPasswordDigest(t *testing.T) {
	all := soap.Security{Username: "u", Password: "pa<ss>&é", Digest: true}
	other := all
	other.Password = "p"
	for name, test := range map[string]struct {
		security soap.Security
		now      time.Time
		nonce    soap.Nonce
		want     bool
	}{
		"the same":         {all, sentAt.UTC(), sentNonce, true},
		"another password": {other, sentAt, sentNonce, false},
		"another time":     {all, sentAt.Add(time.Millisecond), sentNonce, false},
		"another nonce":    {all, sentAt, soap.Nonce{}, false},
	} {
		if got := test.security.PasswordDigest(test.now, test.nonce); (got == sentDigest) != test.want || len(got) != len(sentDigest) {
			t.Errorf("%s: %q", name, string(got))
		}
	}
	for _, none := range []soap.Security{{Username: "u", Password: "p"}, {Password: "p", Digest: true}} {
		if got := none.PasswordDigest(sentAt, sentNonce); got != "" {
			t.Errorf("a digest that is not sent: %q", string(got))
		}
	}
}

// TestAddressing has the names of WS-Addressing 1.0. Only the query of the address may hold a secret.
func TestAddressing(t *testing.T) {
	block := func(name, text string) string {
		return `<wsa:` + name + ` xmlns:wsa="http://www.w3.org/2005/08/addressing">` + text + `</wsa:` + name + `>`
	}
	common := block("Action", "urn:act") + block("MessageID", "urn:uuid:id")
	for name, test := range map[string]struct {
		addressing    soap.Addressing
		clear, masked string
		query         secret.Secret
	}{
		"off":        {soap.Addressing{To: "http://h/?q"}, "", "", ""},
		"no address": {soap.Addressing{On: true, Action: "urn:act"}, common, common, ""},
		"plain":      {soap.Addressing{On: true, Action: "urn:act", To: "http://h/a"}, common + block("To", "http://h/a"), common + block("To", "http://h/a"), ""},
		"a query": {soap.Addressing{On: true, Action: "urn:act", To: "http://h/a?k=1&t=x?y"}, common + block("To", "http://h/a?k=1&amp;t=x?y"), common + block("To", "http://h/a?***"),
			"k=1&t=x?y"},
	} {
		e := encoder(t, both(soap.Binding{Prefix: "p", Request: soap.Within("urn:n", "Op")}))
		write := func(w *soap.Writer) { w.Addressing(test.addressing, "id") }
		if got := header(encode(t, e, soap.V11, persons(t, `{}`), write)); got != test.clear {
			t.Errorf("%s\n got %s\nwant %s", name, got, test.clear)
		}
		if m, err := e.EncodeMasked(soap.V11, persons(t, `{}`), write); err != nil || header(string(m.Envelope)) != test.masked {
			t.Errorf("%s, masked: %v\n got %s\nwant %s", name, err, m.Envelope, test.masked)
		}
		if got := test.addressing.Query(); got != test.query {
			t.Errorf("%s: the query is %q", name, string(got))
		}
	}
}
