package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// verdictWait bounds the wait for a server's verdict on our certificate, see dialer.verdict. It is paid only where a server asks
// for a certificate, speaks TLS 1.3 and issues no session ticket, and then once a connection.
const verdictWait = 250 * time.Millisecond

// rememberedSessions is how many TLS sessions a client can resume; one endpoint rarely has more servers behind it.
const rememberedSessions = 32

// dialer makes the connections to one upstream.
type dialer struct {
	timeout     time.Duration
	tls         *tls.Config // nil: plain HTTP
	sessions    tls.ClientSessionCache
	verdictWait time.Duration
	tcp         dialFunc
}

// dialFunc returns a connection to an address, below TLS.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func newDialer(timeout time.Duration, tlsConfig *tls.Config, tcp dialFunc) *dialer {
	return &dialer{
		timeout:     timeout,
		tls:         tlsConfig,
		sessions:    tls.NewLRUClientSessionCache(rememberedSessions),
		verdictWait: verdictWait,
		tcp:         tcp,
	}
}

// dial returns a connection that is ready for a request, within the dial timeout.
func (d *dialer) dial(ctx context.Context, network, address string) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	raw, err := d.tcp(ctx, network, address)
	if err != nil {
		return nil, err
	}
	below := &counter{Conn: raw}
	if d.tls == nil {
		return newConn(below, below), nil
	}
	secure, err := d.handshake(ctx, below, address)
	if err != nil {
		_ = raw.Close() // the handshake's error is the one to report
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return newConn(secure, below), nil
}

func (d *dialer) handshake(ctx context.Context, raw net.Conn, address string) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	v := &verdict{ClientSessionCache: d.sessions}
	cfg := d.tls.Clone()
	cfg.ServerName = host
	cfg.ClientSessionCache = v
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		v.asked = true
		if len(d.tls.Certificates) == 0 {
			return new(tls.Certificate), nil
		}
		return &d.tls.Certificates[0], nil
	}
	v.conn = tls.Client(raw, cfg)
	if err := v.conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	if v.asked && v.conn.ConnectionState().Version >= tls.VersionTLS13 {
		return v.conn, v.await(ctx, d.verdictWait)
	}
	return v.conn, nil
}

// verdict waits for what a TLS 1.3 server makes of our certificate. In TLS 1.3 the client's handshake is over before the
// server has looked at the certificate (RFC 8446 section 2): a missing or expired one would show only after a request has
// been written, and every call would end with an unknown outcome that somebody has to settle by hand. So a server that
// asked for a certificate is given a moment to refuse it. A server that accepts it usually says so at once, by a session
// ticket (section 4.6.1), which ends the wait.
//
// It takes the place of the session cache, because the library reports tickets only there.
type verdict struct {
	tls.ClientSessionCache

	conn    *tls.Conn
	asked   bool // the server wants a certificate
	waiting bool
}

// Put is called from within Read, in await: it ends that read.
func (v *verdict) Put(key string, session *tls.ClientSessionState) {
	v.ClientSessionCache.Put(key, session)
	if v.waiting {
		// An error means that the connection is closed, and the read ends anyway.
		_ = v.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// await returns nil when the server accepted the certificate, or sent nothing in time: after a read that ends by its deadline,
// a TLS connection can still be used.
func (v *verdict) await(ctx context.Context, atMost time.Duration) error {
	until := time.Now().Add(atMost)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	if err := v.conn.SetReadDeadline(until); err != nil {
		return err
	}
	v.waiting = true
	n, err := v.conn.Read(make([]byte, 1))
	v.waiting = false
	switch {
	case n > 0:
		return errUnsolicited
	case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("after the client certificate was asked for: %w", err)
	}
	return v.conn.SetReadDeadline(time.Time{})
}
