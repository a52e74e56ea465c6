package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$`)
	// A name that ends in a number can only be meant as an IPv4 address (URL Standard, "ends in a number checker").
	endsInNumber = regexp.MustCompile(`(^|\.)[0-9]+\.?$`)
)

// isHost accepts an IP address without brackets, or a name in ASCII.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return hostName.MatchString(host) && !endsInNumber.MatchString(host)
}

func isPort(port string, least int64) bool {
	n, err := parseInteger(port)
	return err == nil && port != "" && n >= least && n <= 65535
}

func checkListen(text string) error {
	host, port, err := net.SplitHostPort(text)
	switch {
	case err != nil:
		return errors.New("is not host:port")
	case host != "" && !isHost(host):
		return errors.New("has a host that is neither a name nor an IP address")
	case !isPort(port, 0):
		return errors.New("has no port number")
	}
	return nil
}

// isLoopback looks at the text only: a name other than localhost may resolve to any address.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// isVisible accepts printable ASCII without spaces and without the characters in except.
func isVisible(text, except string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || strings.IndexByte(except, c) >= 0 {
			return false
		}
	}
	return true
}

func checkURL(text string) error {
	_, err := parseURL(text, isHTTP)
	return err
}

// checkKeysURL refuses keys that somebody on the way could replace.
func checkKeysURL(text string) error {
	u, err := parseURL(text, isHTTP)
	if err == nil && u.Scheme == "http" && !isLoopback(net.JoinHostPort(u.Hostname(), u.Port())) {
		err = errors.New("begins with http:// and is not of a loopback address")
	}
	return err
}

func isHTTP(scheme string) bool { return scheme == "http" || scheme == "https" }

// checkHost accepts the part of a Host header before the port, in lower case.
func checkHost(text string) error {
	switch _, err := netip.ParseAddr(text); {
	case err == nil:
		return errors.New("is an IP address, which is always accepted")
	case !isHost(text) || strings.HasSuffix(text, "."):
		return errors.New("is not a host name")
	case strings.ToLower(text) != text:
		return errors.New("is not in lower case")
	}
	return nil
}

// parseURL never wraps the error of url.Parse, which quotes the text.
func parseURL(text string, accepted func(scheme string) bool) (*url.URL, error) {
	if !isVisible(text, `"<>\^{|}`+"`") {
		return nil, errors.New("has a character that a URL cannot have")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case !accepted(u.Scheme):
		return nil, errors.New("does not begin with http:// or https://")
	case u.User != nil:
		return nil, errors.New("has a user name or password in it")
	case strings.Contains(text, "#"):
		return nil, errors.New("has a fragment")
	case !isHost(u.Hostname()):
		return nil, errors.New("has no valid host")
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && !isPort(u.Port(), 1):
		return nil, errors.New("has no valid port")
	}
	return u, nil
}

// checkOrigin accepts only the origins that a browser can send (RFC 6454, section 6.1): any other text would never match. Apps in a web
// view have their own schemes: capacitor://localhost.
func checkOrigin(text string) error {
	if text == "*" {
		return errors.New("allows every origin; name them")
	}
	u, err := parseURL(text, func(scheme string) bool { return scheme != "" })
	switch {
	case err != nil:
		return err
	case u.Scheme+"://"+u.Host != text:
		return errors.New("has more than scheme, host and port")
	case strings.ToLower(text) != text:
		return errors.New("is not in lower case")
	case u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443":
		return errors.New("has the default port, which a browser leaves out")
	}
	return nil
}

// checkNetwork refuses a network of all addresses: every client could then choose its address in the log.
func checkNetwork(text string) error {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return errors.New("is neither an IP address nor a network")
	case network.Bits() == 0:
		return errors.New("trusts every address")
	}
	return nil
}

var uriScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.`)

func checkNamespace(text string) error {
	if !uriScheme.MatchString(text) || !isVisible(text, `"<>\^{|}`+"`") {
		return errors.New("is not an absolute URI")
	}
	return nil
}

// checkSOAPAction refuses quotes, since they are added on the wire (SOAP 1.1, section 6.1.1).
func checkSOAPAction(text string) error {
	if !isVisible(text, `"\`) {
		return errors.New("has a character that it cannot have")
	}
	return nil
}

// hostPort adds the default port to an address without one; ok is false when the address is not valid.
func hostPort(address string, defaultPort int) (joined string, ok bool) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port, err = net.SplitHostPort(address + ":" + strconv.Itoa(defaultPort))
	}
	return net.JoinHostPort(host, port), err == nil && isHost(host) && isPort(port, 1)
}
