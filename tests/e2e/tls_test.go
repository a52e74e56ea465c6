package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"soapbridge/tests/kit"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/upstream/sandbox"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

// pair is a certificate and its key, in PEM.
type pair struct{ cert, key string }

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var der []byte
	der, a.key = sign(t, template, nil)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.pem = cert, inPEM("CERTIFICATE", der)
	return a
}

// sign makes a key and a certificate for it, signed by the authority, or by itself when there is none.
func sign(t *testing.T, template *x509.Certificate, by *authority) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// issue makes a certificate for an address or a name.
func (a *authority) issue(t *testing.T, host string, usage x509.ExtKeyUsage) pair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{usage}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, key := sign(t, template, a)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{inPEM("CERTIFICATE", der), inPEM("PRIVATE KEY", pkcs8)}
}

func (p pair) load(t *testing.T) tls.Certificate {
	t.Helper()
	loaded, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// secureSandbox is a sandbox that asks for a client certificate, and for credentials, which the sandbox's command has no flags for.
func secureSandbox(t *testing.T, server pair, clients *authority) string {
	t.Helper()
	handler, err := sandbox.New(sandbox.Config{Systems: []sandbox.System{
		{Name: sandbox.CustomerCare, Samples: customercare.Samples},
		{Name: sandbox.MDS, Samples: mds.Samples, Username: "bpg", Password: secretBasic},
		{Name: sandbox.Emersion, Samples: emersion.Samples, Username: "wsg", Password: secretWSSE},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{server.load(t)}, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what is tested
	if clients != nil {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, clients.pool()
	}
	s.StartTLS()
	t.Cleanup(func() {
		handler.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

func toSandbox(url string) map[string]string {
	return map[string]string{
		"CUSTOMERCARE_URL": url + sandbox.CustomerCarePath, "MDS_URL": url + sandbox.MDSPath, "EMERSION_URL": url + sandbox.EmersionPath,
	}
}

func TestUpstreamOverTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	server := theirs.issue(t, "127.0.0.1", x509.ExtKeyUsageServerAuth)
	client := ours.issue(t, "proxy", x509.ExtKeyUsageClientAuth)
	url := secureSandbox(t, server, ours)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, []byte(theirs.pem), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url      string
		settings map[string]string
		want     want
	}{
		"with everything":       {url, map[string]string{"TLS_CA": theirs.pem, "TLS_CERT": client.cert, "TLS_KEY": client.key}, success},
		"with a file":           {url, map[string]string{"TLS_CA_FILE": caFile, "TLS_CERT": client.cert, "TLS_KEY": client.key}, success},
		"without the authority": {url, map[string]string{"TLS_CERT": client.cert, "TLS_KEY": client.key}, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := proxy(t, with(toSandbox(c.url), kit.EverySystem(c.settings), credentials()))
			for _, op := range operations() {
				reference := newReference()
				a := send(t, p.URL, ask(op, reference, ""))
				c.want.check(t, variant{op, "1.1"}, a)
				if line := p.logLine(t, a.header.Get("X-Request-Id")); c.want.status != 0 && line["cause"] == nil {
					t.Errorf("%s: logged as %v", op.Name, line)
				}
			}
		})
	}
}

// TestCertificateIsReloaded: new handshakes have the pair in the files, connections that there are go on, and a wrong pair changes nothing.
func TestCertificateIsReloaded(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	first, second := ours.issue(t, "127.0.0.1", x509.ExtKeyUsageServerAuth), ours.issue(t, "127.0.0.1", x509.ExtKeyUsageServerAuth)
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write := func(cert, key string) {
		if err := errors.Join(os.WriteFile(certFile, []byte(cert), 0o600), os.WriteFile(keyFile, []byte(key), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(first.cert, first.key)
	p := proxy(t, with(credentials(), map[string]string{"TLS_CERT_FILE": certFile, "TLS_KEY_FILE": keyFile}))
	address := strings.TrimPrefix(p.URL, "http://")
	kept := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ours.pool()}, ForceAttemptHTTP2: true}, Timeout: kit.Patience}
	seen := func() string {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: ours.pool()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return inPEM("CERTIFICATE", conn.ConnectionState().PeerCertificates[0].Raw)
	}
	alive := func() {
		resp, err := kept.Get("https://" + address + "/livez")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if inPEM("CERTIFICATE", resp.TLS.PeerCertificates[0].Raw) != first.cert {
			t.Error("the connection was not kept")
		}
	}
	if alive(); seen() != first.cert {
		t.Error("it does not begin with the first certificate")
	}
	write(second.cert, second.key)
	p.mustLog(t, "a setting has changed", "SOAPBRIDGE_TLS_CERT")
	if alive(); seen() != second.cert {
		t.Error("a new handshake has the old certificate")
	}
	write(first.cert, second.key)
	p.mustLog(t, "a setting has changed and is wrong; the old value still holds", "SOAPBRIDGE_TLS_CERT")
	if alive(); seen() != second.cert {
		t.Error("a wrong pair has changed the certificate")
	}
	if strings.Contains(p.Stderr.String(), "PRIVATE") {
		t.Errorf("the log shows the key: %s", p.Stderr)
	}
}

func TestAPIOverTLS(t *testing.T) {
	ours := newAuthority(t, "ours")
	server := ours.issue(t, "127.0.0.1", x509.ExtKeyUsageServerAuth)
	sandbox, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials(), map[string]string{"TLS_CERT": server.cert, "TLS_KEY": server.key}))
	address := strings.TrimPrefix(p.URL, "http://")
	for protocol, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(protocol, func(t *testing.T) {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ours.pool()}, ForceAttemptHTTP2: http2}
			if !http2 {
				transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
			}
			defer transport.CloseIdleConnections()
			secure := &http.Client{Transport: transport, Timeout: kit.Patience}
			for _, op := range operations() {
				reference := newReference()
				r, err := ask(op, reference, "").request("https://" + address)
				if err != nil {
					t.Fatal(err)
				}
				a, err := roundTrip(secure, r)
				if err != nil {
					t.Fatal(err)
				}
				a.judge(t)
				success.check(t, variant{op, "1.1"}, a)
				if n := len(executions(t, sandbox, op, reference)); n != 1 {
					t.Errorf("%s: executed %d times", op.Name, n)
				}
			}
			resp, err := secure.Get("https://" + address + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.Proto != protocol {
				t.Errorf("the protocol is %s", resp.Proto)
			}
		})
	}
	t.Run("an old TLS", func(t *testing.T) {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: ours.pool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err == nil {
			_ = conn.Close()
			t.Error("TLS 1.1 is accepted")
		}
	})
	t.Run("plain HTTP", func(t *testing.T) {
		resp, err := client.Get(p.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
	t.Run("health", func(t *testing.T) {
		if got := command(t, map[string]string{"LISTEN": address, "TLS_CERT": server.cert, "TLS_KEY": server.key}, "health"); got.code != 0 {
			t.Errorf("by its settings: exit code %d: %s", got.code, got.stderr)
		}
		if got := command(t, nil, "health", "--url", "https://"+address); got.code != exitFailed || !regexp.MustCompile(`certificate`).MatchString(got.stderr) {
			t.Errorf("by a URL with an unknown certificate: exit code %d: %s", got.code, got.stderr)
		}
	})
}
