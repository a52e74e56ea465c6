package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// authority signs certificates for the tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = pemCertificate(der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemCertificate(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// issue returns a certificate for a server at 127.0.0.1, or for a client, with its key.
func (a authority) issue(until time.Time) (certPEM, keyPEM string) {
	a.t.Helper()
	key := newKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pemCertificate(der), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func (a authority) pair(until time.Time) tls.Certificate {
	a.t.Helper()
	cert, key := a.issue(until)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		a.t.Fatal(err)
	}
	return pair
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func serveTLS(t *testing.T, cfg *tls.Config, handle func(*peer)) *server {
	t.Helper()
	return serveOn(t, tls.NewListener(listen(t), cfg), handle)
}

func (s *server) tlsURL() string { return "https://" + s.Addr().String() + "/service" }

func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	trusting := func(cfg *Config) { cfg.TLSCA = ours.pem }
	holding := func(a authority, until time.Time) func(*Config) {
		cert, key := a.issue(until)
		return func(cfg *Config) { cfg.TLSCA, cfg.TLSCert, cfg.TLSKey = ours.pem, cert, secret.Secret(key) }
	}
	server := func(change func(*tls.Config)) *tls.Config {
		cfg := &tls.Config{Certificates: []tls.Certificate{ours.pair(soon)}, ClientCAs: ours.pool()}
		change(cfg)
		return cfg
	}
	asking := func(version uint16) *tls.Config {
		return server(func(cfg *tls.Config) {
			cfg.ClientAuth = tls.RequireAndVerifyClientCert
			cfg.MinVersion, cfg.MaxVersion = version, version
		})
	}
	tests := []struct {
		name   string
		server *tls.Config
		client func(*Config)
		works  bool
	}{
		{"trusted", server(func(*tls.Config) {}), trusting, true},
		{"TLS 1.2", server(func(cfg *tls.Config) { cfg.MaxVersion = tls.VersionTLS12 }), trusting, true},
		{"TLS 1.1", server(func(cfg *tls.Config) { cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), trusting, false},
		{"several authorities", server(func(*tls.Config) {}), func(cfg *Config) { cfg.TLSCA = theirs.pem + "between\n" + ours.pem }, true},
		{"the system's roots", server(func(*tls.Config) {}), func(*Config) {}, false},
		{"another authority", server(func(*tls.Config) {}), func(cfg *Config) { cfg.TLSCA = theirs.pem }, false},
		{"expired server certificate", server(func(cfg *tls.Config) { cfg.Certificates = []tls.Certificate{ours.pair(past)} }), trusting, false},
		{"another protocol alone", server(func(cfg *tls.Config) { cfg.NextProtos = []string{"other"} }), trusting, false},

		{"client certificate, TLS 1.2", asking(tls.VersionTLS12), holding(ours, soon), true},
		{"client certificate, TLS 1.3", asking(tls.VersionTLS13), holding(ours, soon), true},
		{"client certificate that is not required", server(func(cfg *tls.Config) { cfg.ClientAuth = tls.RequestClientCert }), trusting, true},
		{"no client certificate, TLS 1.2", asking(tls.VersionTLS12), trusting, false},
		{"no client certificate, TLS 1.3", asking(tls.VersionTLS13), trusting, false},
		{"client certificate of another authority, TLS 1.2", asking(tls.VersionTLS12), holding(theirs, soon), false},
		{"client certificate of another authority, TLS 1.3", asking(tls.VersionTLS13), holding(theirs, soon), false},
		{"expired client certificate, TLS 1.2", asking(tls.VersionTLS12), holding(ours, past), false},
		{"expired client certificate, TLS 1.3", asking(tls.VersionTLS13), holding(ours, past), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serveTLS(t, test.server, echo)
			c := client(t, s.tlsURL(), test.client)
			c.dialer.verdictWait = patience
			check := c.Check(t.Context())
			reply, err := try(c, t.Context(), message("1"))
			c.Close()
			if test.works {
				mustReply(t, reply, err, 200, "1")
				if check != nil {
					t.Errorf("the check says %v", check)
				}
				s.mustHaveExecuted(1)
				return
			}
			mustFail(t, err, soap.Unreachable)
			mustFail(t, check, soap.Unreachable)
			s.mustHaveExecuted(0)
		})
	}
}

func TestServerEndsDuringTheHandshake(t *testing.T) {
	for name, end := range map[string]func(*peer){"close": func(*peer) {}, "reset": (*peer).reset} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(p *peer) { _, _ = p.ReadByte(); end(p) })
			_, err := try(client(t, s.tlsURL()), t.Context(), message("1"))
			mustFail(t, err, soap.Unreachable)
		})
	}
}

// TestServerWithoutTickets: the server does not confirm the certificate that it asked for. The wait ends and the call goes on.
func TestServerWithoutTickets(t *testing.T) {
	ca := newAuthority(t)
	s := serveTLS(t, &tls.Config{
		Certificates:           []tls.Certificate{ca.pair(time.Now().Add(time.Hour))},
		MinVersion:             tls.VersionTLS13,
		ClientAuth:             tls.RequestClientCert,
		SessionTicketsDisabled: true,
	}, echo)
	c := client(t, s.tlsURL(), func(cfg *Config) { cfg.TLSCA = ca.pem })
	c.dialer.verdictWait = 10 * time.Millisecond
	for range 2 {
		reply, err := try(c, t.Context(), message("1"))
		mustReply(t, reply, err, 200, "1")
	}
	if got := s.conns.Load(); got != 1 {
		t.Errorf("got %d connections", got)
	}
	c.Close()
}

// TestSessionIsResumed: a new connection saves the handshake's signatures, and the wait for the verdict.
func TestSessionIsResumed(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue(time.Now().Add(time.Hour))
	var resumed atomic.Int64
	s := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))},
		MinVersion:   tls.VersionTLS13,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    ca.pool(),
		VerifyConnection: func(state tls.ConnectionState) error {
			if state.DidResume {
				resumed.Add(1)
			}
			return nil
		},
	}, echo)
	c := client(t, s.tlsURL(), func(cfg *Config) { cfg.TLSCA, cfg.TLSCert, cfg.TLSKey = ca.pem, cert, secret.Secret(key) })
	c.dialer.verdictWait = patience
	for range 3 {
		reply, err := try(c, t.Context(), message("1"))
		mustReply(t, reply, err, 200, "1")
		c.Close()
	}
	if got := resumed.Load(); got != 2 {
		t.Errorf("%d of 2 connections resumed a session", got)
	}
}

// TestTLSFailures repeats above TLS what can end a connection that has carried a request.
func TestTLSFailures(t *testing.T) {
	ca := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS12}
	tests := []struct {
		name   string
		handle func(p *peer, deadline clock)
		want   soap.SendErrorKind
	}{
		{"closes", func(p *peer, _ clock) { p.request() }, soap.Broken},
		{"cuts the connection", func(p *peer, _ clock) {
			p.request()
			if secure, ok := p.Conn.(*tls.Conn); ok {
				_ = secure.NetConn().Close()
			}
		}, soap.Broken},
		{"cuts the reply", func(p *peer, _ clock) { p.request(); p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<ok") }, soap.Broken},
		{"is silent", func(p *peer, deadline clock) { p.request(); deadline.expire(); _, _ = io.Copy(io.Discard, p) }, soap.TimedOut},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			deadline := newClock()
			s := serveTLS(t, cfg, func(p *peer) { test.handle(p, deadline) })
			c := client(t, s.tlsURL(), func(cfg *Config) { cfg.TLSCA = ca.pem })
			_, err := try(c, deadline, message("1"))
			mustFail(t, err, test.want)
			s.mustHaveExecuted(1)
		})
	}
}

// TestStaleTLSConnection: the system takes part of a TLS record and then fails. The message may have been sent, and counts as sent.
func TestStaleTLSConnection(t *testing.T) {
	ca := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS12}
	for name, test := range map[string]struct {
		taken    int
		want     soap.SendErrorKind
		executed int64
	}{
		"nothing was taken":       {0, 0, 2},
		"part of a record is out": {10, soap.Broken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveTLS(t, cfg, echo)
			c := client(t, s.tlsURL(), func(cfg *Config) { cfg.TLSCA = ca.pem })
			var stale atomic.Bool
			c.dialer.tcp = dialWith(func(raw net.Conn) net.Conn {
				return &tamperedWrites{Conn: raw, tamper: func([]byte) (int, error) {
					if stale.CompareAndSwap(true, false) {
						return test.taken, net.ErrClosed
					}
					return pass, nil
				}}
			})
			reply, err := try(c, t.Context(), message("1"))
			mustReply(t, reply, err, 200, "1")
			stale.Store(true)
			reply, err = try(c, t.Context(), message("2"))
			if test.want == 0 {
				mustReply(t, reply, err, 200, "2")
			} else {
				mustFail(t, err, test.want)
			}
			c.Close()
			s.mustHaveExecuted(test.executed)
		})
	}
}
