package upstream

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soapbridge/translate/secret"
)

// The defaults of fields that are zero in Config.
const (
	// DefaultIdleTimeout is below Apache's KeepAliveTimeout of 5 s, the shortest default among the usual servers (Tomcat 20 s,
	// nginx 75 s, IIS 120 s): a connection is given up before its server does, so that a call rarely meets one just closed.
	DefaultIdleTimeout = 4 * time.Second
	// DefaultMaxIdle equals the default number of calls in flight to one system.
	DefaultMaxIdle = 32
)

// largestMaxReply keeps an absurd setting from becoming an absurd allocation: no SOAP reply comes near 1 GiB.
const largestMaxReply = 1 << 30

// Config is what one upstream system needs. The proxy variables of the environment (HTTP_PROXY and its like) are ignored:
// a message carries PINs and social security numbers, and must not reach a third party because of an inherited variable.
// ProxyAddress is the only way to a proxy.
type Config struct {
	// URL is the full endpoint: http or https, a host in ASCII, a port from 1 to 65535 if any, path and query as they are
	// to be sent. No user information, no fragment.
	URL string

	// DialTimeout bounds all that comes before a connection is obtained: name lookup, TCP, a proxy's tunnel, and the TLS handshake.
	// Above 0.
	DialTimeout time.Duration
	// Timeout bounds one Send as a whole, from the call to the last byte of the reply, the dial included. Above 0.
	Timeout time.Duration
	// IdleTimeout is how long an unused connection is kept; 0 means DefaultIdleTimeout. Keep it below the keep-alive
	// time of the upstream and of every load balancer on the way.
	IdleTimeout time.Duration
	// MaxIdle is how many unused connections are kept, and as many again that rest between two calls; 0 means DefaultMaxIdle. It does
	// not limit calls: with fewer than the calls in flight, each further call opens a new connection.
	MaxIdle int
	// NoKeepAlive sends each message over a connection of its own. No late answer to one call can then be taken for that of another.
	NoKeepAlive bool
	// Events receives what an operator should know of the connections.
	Events Events
	// UserAgent is the value of that header; empty means "soapbridge".
	UserAgent string

	// MaxReply bounds the body of a reply in bytes, both as received and as decompressed. From 1 to 1 GiB.
	MaxReply int64

	// TLSCA holds PEM certificates that replace the system's roots: an upstream with a private authority is then trusted
	// through that one alone. Empty: the system's roots.
	TLSCA string
	// TLSCert and TLSKey are the client certificate (PEM, the leaf first) and its key (PEM). Both or neither. The
	// certificate is offered to every server that asks for one, whatever authorities the server names.
	TLSCert string
	TLSKey  secret.Secret

	// BasicUsername turns HTTP Basic authentication on (RFC 7617). It has no colon, and the two have no control characters.
	BasicUsername string
	BasicPassword secret.Secret

	// ProxyAddress is the host:port of an HTTP proxy through which the endpoint is reached, by CONNECT; empty: none. The connection to the
	// proxy has no TLS of its own: above that, it would not be known how much of a message the system took.
	ProxyAddress string
	// ProxyUsername and ProxyPassword are the proxy's credentials, by the rules of BasicUsername. The upstream does not get them.
	ProxyUsername string
	ProxyPassword secret.Secret
}

// FieldError is one field of Config that New refuses. Its text never repeats the field's value, which may be a secret.
type FieldError struct {
	Field   string // the field's name in Config
	Problem string // what is wrong with it, and what would be right
}

func (e *FieldError) Error() string { return e.Field + " " + e.Problem }

// problems collects every refusal, so that all of them can be fixed at once.
type problems []error

func (p *problems) addf(field, format string, args ...any) {
	*p = append(*p, &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)})
}

// compile checks every field and builds what Send needs of them. Its error joins a FieldError for each problem.
func (cfg Config) compile() (*url.URL, *tls.Config, error) {
	var wrong problems
	endpoint := cfg.endpoint(&wrong)
	cfg.checkLimits(&wrong)
	wrong.checkBasic("Basic", cfg.BasicUsername, cfg.BasicPassword)
	cfg.checkProxy(&wrong)
	tlsConfig := cfg.tls(&wrong)
	if endpoint != nil && endpoint.Scheme == "http" {
		cfg.refuseTLS(&wrong)
		tlsConfig = nil
	}
	return endpoint, tlsConfig, errors.Join(wrong...)
}

func (cfg Config) endpoint(wrong *problems) *url.URL {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		// The parser's own text quotes the URL, and with it a password that somebody wrote into it.
		wrong.addf("URL", "is not a URL")
		return nil
	}
	if problem := endpointProblem(cfg.URL, u); problem != "" {
		wrong.addf("URL", "%s", problem)
		return nil
	}
	return u
}

func endpointProblem(text string, u *url.URL) string {
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Opaque != "", u.Hostname() == "":
		return "must be an absolute http or https URL with a host"
	case u.User != nil:
		return "must not hold a user name or password: set BasicUsername and BasicPassword"
	case strings.Contains(text, "#"):
		return "must not have a fragment"
	case !isASCII(u.Host):
		return "must name its host in ASCII (an international name in its xn-- form)"
	case !validPort(u):
		return "must have a port from 1 to 65535, or none"
	}
	return ""
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// dialAddress returns the host:port to connect to.
func dialAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (cfg Config) checkLimits(wrong *problems) {
	if cfg.DialTimeout <= 0 {
		wrong.addf("DialTimeout", "must be above 0")
	}
	if cfg.Timeout <= 0 {
		wrong.addf("Timeout", "must be above 0")
	}
	if cfg.IdleTimeout < 0 {
		wrong.addf("IdleTimeout", "must not be negative")
	}
	if cfg.MaxIdle < 0 {
		wrong.addf("MaxIdle", "must not be negative")
	}
	if cfg.MaxReply < 1 || cfg.MaxReply > largestMaxReply {
		wrong.addf("MaxReply", "must be from 1 to %d bytes", largestMaxReply)
	}
}

// fixedFields are the headers that all requests to an endpoint have.
func (cfg Config) fixedFields(endpoint *url.URL) []field {
	host, zone, _ := strings.Cut(endpoint.Host, "%") // the zone of an IPv6 address means nothing to the server (RFC 6874 section 4)
	if zone != "" {
		_, port, _ := strings.Cut(zone, "]")
		host += "]" + port
	}
	list := []field{{"Host", host}, {"User-Agent", cmp.Or(cfg.UserAgent, "soapbridge")}}
	if cfg.NoKeepAlive {
		list = append(list, field{"Connection", "close"})
	}
	if cfg.BasicUsername != "" {
		list = append(list, field{"Authorization", basic(cfg.BasicUsername, cfg.BasicPassword)})
	}
	return list
}

// basic is in UTF-8 (RFC 7617 section 2.1).
func basic(username string, password secret.Secret) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+string(password)))
}

// checkBasic applies RFC 7617 section 2: a server takes the first colon as the end of the user name.
func (p *problems) checkBasic(fields, username string, password secret.Secret) {
	if strings.Contains(username, ":") {
		p.addf(fields+"Username", "must not hold a colon")
	}
	if hasControl(username) {
		p.addf(fields+"Username", "must not hold control characters")
	}
	if hasControl(string(password)) {
		p.addf(fields+"Password", "must not hold control characters")
	}
	if username == "" && password != "" {
		p.addf(fields+"Password", "is set without %sUsername", fields)
	}
}

func (cfg Config) checkProxy(wrong *problems) {
	wrong.checkBasic("Proxy", cfg.ProxyUsername, cfg.ProxyPassword)
	if _, _, err := net.SplitHostPort(cfg.ProxyAddress); err != nil && cfg.ProxyAddress != "" {
		wrong.addf("ProxyAddress", "must be host:port")
	}
	if cfg.ProxyUsername != "" && cfg.ProxyAddress == "" {
		wrong.addf("ProxyUsername", "is set without ProxyAddress")
	}
}

// tcp returns what makes the connections below TLS.
func (cfg Config) tcp() dialFunc {
	if cfg.ProxyAddress == "" {
		return new(net.Dialer).DialContext
	}
	p := &proxy{address: cfg.ProxyAddress}
	if cfg.ProxyUsername != "" {
		p.authorization = basic(cfg.ProxyUsername, cfg.ProxyPassword)
	}
	return p.dial
}

// refuseTLS refuses certificates for an endpoint without TLS, since they would protect nothing.
func (cfg Config) refuseTLS(wrong *problems) {
	for _, field := range []struct{ name, value string }{
		{"TLSCA", cfg.TLSCA}, {"TLSCert", cfg.TLSCert}, {"TLSKey", string(cfg.TLSKey)},
	} {
		if field.value != "" {
			wrong.addf(field.name, "is set although URL is http")
		}
	}
}

func (cfg Config) tls(wrong *problems) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12, // RFC 8996 retires what is older
		NextProtos:   []string{"http/1.1"},
		RootCAs:      cfg.roots(wrong),
		Certificates: cfg.clientCertificate(wrong),
	}
}

// roots returns nil, which means the system's roots, where none are configured. x509.CertPool.AppendCertsFromPEM would skip
// certificates that it cannot read, and still report success.
func (cfg Config) roots(wrong *problems) *x509.CertPool {
	if cfg.TLSCA == "" {
		return nil
	}
	certs, problem := certificates(cfg.TLSCA)
	if problem != "" {
		wrong.addf("TLSCA", "%s", problem)
		return nil
	}
	pool := x509.NewCertPool()
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool
}

func (cfg Config) clientCertificate(wrong *problems) []tls.Certificate {
	switch {
	case cfg.TLSCert == "" && cfg.TLSKey == "":
		return nil
	case cfg.TLSKey == "":
		wrong.addf("TLSKey", "is missing: TLSCert is set")
	case cfg.TLSCert == "":
		wrong.addf("TLSCert", "is missing: TLSKey is set")
	}
	if cfg.TLSCert != "" {
		if _, problem := certificates(cfg.TLSCert); problem != "" {
			wrong.addf("TLSCert", "%s", problem)
			return nil
		}
	}
	if cfg.TLSCert == "" || cfg.TLSKey == "" {
		return nil
	}
	pair, err := tls.X509KeyPair([]byte(cfg.TLSCert), []byte(cfg.TLSKey))
	if err != nil {
		// The certificates are good by now, so it is the key. The library's text is not repeated: it has read a secret.
		wrong.addf("TLSKey", "is not the unencrypted PEM key of TLSCert")
		return nil
	}
	return []tls.Certificate{pair}
}

// certificates reads every PEM block; text between the blocks, as openssl writes it, is skipped. The problem is empty when all
// is well.
func certificates(text string) (certs []*x509.Certificate, problem string) {
	rest := []byte(text)
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, "holds a PEM block that is not a certificate"
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Sprintf("holds a certificate that cannot be read (number %d)", len(certs)+1)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, "holds no PEM certificate"
	}
	if strings.Contains(string(rest), "-----BEGIN") {
		return nil, fmt.Sprintf("holds a certificate that cannot be read (number %d)", len(certs)+1)
	}
	return certs, ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
