package soap

import "soapbridge/translate/secret"

// The OASIS namespaces and the one password type that this product sends: WS-Security UsernameToken Profile 1.0, section 3.
const (
	wsseNamespace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	passwordText  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText" //nolint:gosec // the name of a password type
)

// UsernameToken appends the WS-Security header block with a configured user's name and password in clear, for use over TLS; nothing without
// a user name.
//
// It is not marked mustUnderstand: a service behind a gateway that checks the token would then have to understand it a second time.
func (w *Writer) UsernameToken(username string, password secret.Secret) {
	if username == "" {
		return
	}
	w.Markup(`<wsse:Security xmlns:wsse="` + wsseNamespace + `"><wsse:UsernameToken><wsse:Username>`)
	w.Text(username)
	w.Markup(`</wsse:Username><wsse:Password Type="` + passwordText + `">`)
	w.Secret(password)
	w.Markup(`</wsse:Password></wsse:UsernameToken></wsse:Security>`)
}
