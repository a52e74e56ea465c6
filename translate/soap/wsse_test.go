package soap_test

import (
	stdxml "encoding/xml"
	"strings"
	"testing"

	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// TestUsernameToken reads the block with the standard parser (WS-Security UsernameToken Profile 1.0, section 3).
func TestUsernameToken(t *testing.T) {
	const wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	for _, test := range []struct {
		username string
		password secret.Secret
	}{{"user", "password"}, {"a<b>&\"'", "]]>\r\n é😀 "}, {"user", ""}} {
		w := soap.NewWriter(0)
		w.UsernameToken(test.username, test.password)
		out, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			XMLName stdxml.Name   `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Security"`
			Attrs   []stdxml.Attr `xml:",any,attr"`
			Token   struct {
				Username string `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Username"`
				Password struct {
					Type string `xml:"Type,attr"`
					Text string `xml:",chardata"`
				} `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Password"`
			} `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd UsernameToken"`
		}
		if err := stdxml.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if got.Token.Username != test.username || got.Token.Password.Text != string(test.password) ||
			got.Token.Password.Type != "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText" {
			t.Errorf("%s: %+v", out, got)
		}
		if strings.Contains(string(out), "mustUnderstand") || strings.Count(string(out), wsse) != 1 {
			t.Error(string(out))
		}
	}
	w := soap.NewWriter(0)
	w.UsernameToken("", "password")
	if out, err := w.Bytes(); len(out) != 0 || err != nil {
		t.Errorf("a password without a user is sent: %s, %v", out, err)
	}
}
