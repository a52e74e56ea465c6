package soap

import (
	"crypto/sha1" //nolint:gosec // the profile prescribes it
	"encoding/base64"
	"time"

	"soapbridge/translate/secret"
)

// The OASIS namespaces and names: WS-Security 1.0, and UsernameToken Profile 1.0, section 3.
const (
	wsseNamespace  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsuNamespace   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	passwordText   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"   //nolint:gosec // the name of a password type
	passwordDigest = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest" //nolint:gosec // the name of a password type
	base64Binary   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// timestampLife is how long a message with a timestamp is valid: what services allow by default for clocks that differ.
const timestampLife = 5 * time.Minute

// Nonce makes a digest one that no other message has. It must be random.
type Nonce [16]byte // the profile wants uniqueness; 16 bytes are what its implementations send

// Security describes the WS-Security header block of requests. There is none without a Username and a Timestamp.
type Security struct {
	Username string // of the UsernameToken
	Password secret.Secret
	// Digest sends a digest instead of the password, with the nonce and the time that are in it.
	Digest bool
	// Timestamp says when the message was made and when it expires.
	Timestamp bool
	// MustUnderstand makes a service that does not know WS-Security refuse the message. It is off by default: a service behind a gateway that
	// checks the token would have to understand it a second time.
	MustUnderstand bool
}

// PasswordDigest returns what is sent instead of the password; empty where nothing is. It is a secret: with its nonce and time it can be sent
// again, and passwords can be tried against it.
func (s *Security) PasswordDigest(now time.Time, nonce Nonce) secret.Secret {
	if s.Username == "" || !s.Digest {
		return ""
	}
	hashed := sha1.Sum([]byte(string(nonce[:]) + utility(now) + string(s.Password))) //nolint:gosec // the profile prescribes it
	return secret.Secret(base64.StdEncoding.EncodeToString(hashed[:]))
}

// utility writes a time for WS-Security: in UTC, with the milliseconds that the Basic Security Profile allows (WS-I BSP 1.1, R3220).
func utility(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Security appends the WS-Security header block, if there is one.
func (w *Writer) Security(s *Security, now time.Time, nonce Nonce) {
	if s.Username == "" && !s.Timestamp {
		return
	}
	w.Markup(`<wsse:Security xmlns:wsse="` + wsseNamespace + `"`)
	if s.Timestamp || s.Digest {
		w.Markup(` xmlns:wsu="` + wsuNamespace + `"`)
	}
	if s.MustUnderstand {
		w.Markup(w.mustUnderstand)
	}
	w.Markup(">")
	if s.Timestamp {
		w.timestamp(now)
	}
	if s.Username != "" {
		w.usernameToken(s, now, nonce)
	}
	w.Markup("</wsse:Security>")
}

func (w *Writer) timestamp(now time.Time) {
	w.Markup(`<wsu:Timestamp wsu:Id="Timestamp-1"><wsu:Created>`)
	w.Markup(utility(now))
	w.Markup("</wsu:Created><wsu:Expires>")
	w.Markup(utility(now.Add(timestampLife)))
	w.Markup("</wsu:Expires></wsu:Timestamp>")
}

func (w *Writer) usernameToken(s *Security, now time.Time, nonce Nonce) {
	w.Markup("<wsse:UsernameToken><wsse:Username>")
	w.Text(s.Username)
	if !s.Digest {
		w.Markup(`</wsse:Username><wsse:Password Type="` + passwordText + `">`)
		w.Secret(s.Password)
		w.Markup("</wsse:Password></wsse:UsernameToken>")
		return
	}
	w.Markup(`</wsse:Username><wsse:Password Type="` + passwordDigest + `">`)
	w.Secret(s.PasswordDigest(now, nonce))
	w.Markup(`</wsse:Password><wsse:Nonce EncodingType="` + base64Binary + `">`)
	w.Markup(base64.StdEncoding.EncodeToString(nonce[:]))
	w.Markup("</wsse:Nonce><wsu:Created>")
	w.Markup(utility(now))
	w.Markup("</wsu:Created></wsse:UsernameToken>")
}
