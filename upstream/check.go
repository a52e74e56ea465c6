package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"soapbridge/translate/soap"
)

// helloWait bounds the wait for the answer to a ClientHello on a port that is meant to be plain: a plain server may wait for the rest of a request.
const helloWait = time.Second

var (
	errDescription = errors.New("the URL leads to the service's description (WSDL) and not to its endpoint, which is usually the same URL without ?WSDL")
	errSpeaksTLS   = errors.New("the port speaks TLS, but the URL begins with http://; begin it with https://")
	errSpeaksPlain = errors.New("the port does not speak TLS, but the URL begins with https://; begin it with http://, or name the port of TLS")
)

// Check reports what keeps messages from the service, as far as that shows without sending one: whether a connection can be obtained (name,
// TCP, the proxy's tunnel and, for https, TLS with the certificates of both sides), whether the port speaks what the URL's scheme says, and whether the URL is one
// of a description. It sends no HTTP request; for an http URL it sends one TLS ClientHello, over a connection of its own.
//
// Where no connection was obtained its error holds a *soap.SendError of the kind Unreachable.
func (c *Client) Check(ctx context.Context) error {
	var description error
	if isDescription(c.endpoint) {
		description = errDescription
	}
	return errors.Join(description, c.checkConnection(ctx))
}

func (c *Client) checkConnection(ctx context.Context) error {
	conn, err := c.dialer.dial(ctx, "tcp", dialAddress(c.endpoint))
	if err != nil {
		return &soap.SendError{Kind: soap.Unreachable, Err: explained(err)}
	}
	_ = conn.Close() // the question was answered before
	if c.endpoint.Scheme == "http" && c.speaksTLS(ctx) {
		return errSpeaksTLS
	}
	return nil
}

// explained recognizes a handshake with a server of plain HTTP: it answers with something else than TLS, hangs up, or waits for more.
func explained(err error) error {
	var record tls.RecordHeaderError
	var tcp *net.OpError
	switch {
	case errors.As(err, &record) && !isTLS(record.RecordHeader[:]):
		return errSpeaksPlain
	case errors.Is(err, errProxy), errors.As(err, &tcp) && tcp.Op == "dial":
		return err
	case errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w; a port for plain HTTP may do that, too", err)
	}
	return err
}

// isDescription recognizes the usual addresses of a WSDL: ?wsdl, ?WSDL and ?singleWsdl (WCF) with or without a value, and /service.wsdl.
func isDescription(u *url.URL) bool {
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if strings.EqualFold(name, "wsdl") || strings.EqualFold(name, "singleWsdl") {
			return true
		}
	}
	return strings.HasSuffix(strings.ToLower(u.Path), ".wsdl")
}

// speaksTLS reports whether the port answers a ClientHello with a TLS record. What becomes of the handshake does not matter: a server that
// wants another version or a certificate says so in a record, too.
func (c *Client) speaksTLS(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, helloWait)
	defer cancel()
	raw, err := c.dialer.tcp(ctx, "tcp", dialAddress(c.endpoint))
	if err != nil {
		return false
	}
	defer func() { _ = raw.Close() }() // the question was answered before
	first := &firstBytes{Conn: raw}
	cfg := &tls.Config{ServerName: c.endpoint.Hostname(), InsecureSkipVerify: true} //nolint:gosec // no message is sent over it
	_ = tls.Client(first, cfg).HandshakeContext(ctx)
	return isTLS(first.read)
}

// firstBytes remembers the beginning of what is read.
type firstBytes struct {
	net.Conn

	read []byte
}

func (f *firstBytes) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if len(f.read) < recordHeader {
		f.read = append(f.read, p[:n]...)
	}
	return n, err
}

// recordHeader is the length of a TLS record's header (RFC 8446 section 5.1).
const recordHeader = 5

// isTLS recognizes the header of a first record: an alert (21) or a handshake message (22) of any version since SSL 3.0.
func isTLS(header []byte) bool {
	return len(header) >= 2 && (header[0] == 21 || header[0] == 22) && header[1] == 3
}
