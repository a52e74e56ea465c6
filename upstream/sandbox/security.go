package sandbox

import "encoding/xml"

// WS-Security UsernameToken Profile 1.0, with the password as text.
const (
	wsseNamespace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsuNamespace  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	passwordText  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText" //nolint:gosec // the name of a password type
)

var (
	wsseSecurity = xml.Name{Space: wsseNamespace, Local: "Security"}

	// security is the form of the entry. Its parts are in a sequence here; the profile itself would take any order.
	security = &shape{name: wsseSecurity, kids: []*shape{{name: xml.Name{Space: wsseNamespace, Local: "UsernameToken"}, kids: []*shape{
		{name: xml.Name{Space: wsseNamespace, Local: "Username"}},
		{name: xml.Name{Space: wsseNamespace, Local: "Password"}},
		{name: xml.Name{Space: wsseNamespace, Local: "Nonce"}, optional: true},
		{name: xml.Name{Space: wsuNamespace, Local: "Created"}, optional: true},
	}}}}
)

// judgeSecurity judges the form of a Security entry if there is one, and the credentials if they are required.
func (x *exchange) judgeSecurity(entry *element) *answer {
	const at = "/Envelope/Header/Security"
	asked := x.system.vendor.usernameToken && x.system.Username != ""
	if entry == nil {
		if asked {
			return x.refuse(&complaint{at, "missing: this service asks for a WS-Security UsernameToken"})
		}
		return nil
	}
	token := entry.kid("UsernameToken")
	c := judgePresence(security, entry, at)
	if c == nil {
		c = firstOf(judgePresence(security.kids[0], token, at+"/UsernameToken"), judgePasswordType(token.kid("Password")))
	}
	if c != nil {
		return x.refuse(c)
	}
	if !asked {
		return nil
	}
	if !same(token.at("Username"), x.system.Username) || !same(token.at("Password"), x.system.Password) {
		return x.refuse(&complaint{at + "/UsernameToken", "the credentials are wrong"})
	}
	return nil
}

// judgePasswordType: no Type means PasswordText (profile, section 3.1).
func judgePasswordType(password *element) *complaint {
	if password == nil {
		return nil
	}
	for _, attr := range password.attrs {
		if attr.Name.Local == "Type" && attr.Value != passwordText {
			return &complaint{"/Envelope/Header/Security/UsernameToken/Password", "the Type must be that of PasswordText"}
		}
	}
	return nil
}
