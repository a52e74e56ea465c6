package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

var (
	// errProxy begins the text of all that goes wrong before there is a tunnel.
	errProxy    = errors.New("proxy")
	errNoTunnel = errors.New("its answer to CONNECT has a body, or bytes after it")
)

// proxy is an HTTP proxy on the way to the upstream. It is asked for a tunnel (CONNECT, RFC 9110 section 9.3.6) for an http URL too: what
// is sent through a tunnel, and how far it got, is known as well as without a proxy.
type proxy struct {
	address       string
	authorization string // the value of Proxy-Authorization; empty: none
}

// dial returns a connection to address through the proxy. An error never repeats the proxy's words: they may hold the credentials.
func (p *proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, network, p.address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProxy, err)
	}
	if err := p.connect(ctx, raw, address); err != nil {
		_ = raw.Close() // the first error is the one to report
		return nil, err
	}
	return raw, nil
}

// connect makes a tunnel of a connection to the proxy. The answer may have nothing behind its head, and may not announce
// anything: what comes late would be taken for the upstream's. (RFC 9110 would let a client ignore what it announces.)
func (p *proxy) connect(ctx context.Context, raw net.Conn, address string) error {
	below := &counter{Conn: raw}
	c := newConn(below, below)
	interrupted := c.bound(ctx, time.Time{})
	answer, err := p.ask(c, address)
	switch {
	case interrupted():
		return fmt.Errorf("%w: %w", errProxy, ctx.Err())
	case err != nil:
		return fmt.Errorf("%w: %w", errProxy, known(err))
	case answer.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%w %d %s", errProxy, answer.StatusCode, cmp.Or(http.StatusText(answer.StatusCode), "Unknown"))
	case answer.ContentLength > 0, len(answer.TransferEncoding) > 0, c.surplus():
		return fmt.Errorf("%w: %w", errProxy, errNoTunnel)
	}
	return nil
}

func (p *proxy) ask(c *conn, address string) (head, error) {
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if p.authorization != "" {
		request += "Proxy-Authorization: " + p.authorization + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		return head{}, err
	}
	answer, err := c.head()
	if err != nil {
		err = c.cause(new(writing), err)
	}
	return answer, err
}
