package config

import (
	"errors"
	"strings"
	"unicode"

	"soapbridge/translate/secret"
)

// Proxy holds the parts of a proxy's URL.
type Proxy struct {
	Address  string // host:port; "" without a proxy
	Username string // "" without credentials
	Password secret.Secret
}

// Proxy returns the parts of HTTPProxy.
func (s System) Proxy() Proxy {
	p, err := parseProxy(string(s.HTTPProxy))
	if err != nil { // of the empty text, see Load
		return Proxy{}
	}
	return p
}

// Redacted returns the URL with the password masked.
func (p Proxy) Redacted() string {
	return "http://" + redactedCredentials(p.Username, p.Password) + p.Address
}

func parseProxySetting(_ *setting, text string) (any, error) {
	_, err := parseProxy(text)
	return secret.Secret(text), err
}

// parseProxy does not use package url, which quotes the text, with the password, in its errors.
func parseProxy(text string) (Proxy, error) {
	authority, found := strings.CutPrefix(text, "http://")
	if !found {
		return Proxy{}, errors.New("does not begin with http://")
	}
	if strings.ContainsAny(authority, "/?#") {
		return Proxy{}, errors.New("has a path, a query or a fragment; write / ? # as %2F %3F %23 in a password")
	}
	username, password, address, err := cutCredentials(authority)
	if err != nil {
		return Proxy{}, err
	}
	address, ok := hostPort(address, 80)
	switch {
	case !ok:
		return Proxy{}, errors.New("has no valid host[:port]; reserved characters in a password are written percent-encoded")
	case (username == "") != (password == ""):
		return Proxy{}, errors.New("has only one of user and password")
	case strings.Contains(username, ":"): // RFC 7617, section 2
		return Proxy{}, errors.New("has a colon in its user")
	case strings.ContainsFunc(username+string(password), unicode.IsControl):
		return Proxy{}, errors.New("has a control character in its user or password")
	}
	return Proxy{Address: address, Username: username, Password: password}, nil
}

// showProxy masks everything when the URL cannot be read, which a Config from Load never has.
func showProxy(text secret.Secret) string {
	p, err := parseProxy(string(text))
	if err != nil {
		return secret.Mask
	}
	return p.Redacted()
}
