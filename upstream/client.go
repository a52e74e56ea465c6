// Package upstream brings SOAP messages to their service and its replies back: bytes out, bytes in. It knows no operation.
//
// Its first duty is to know how far a message got. Every operation is a write and no vendor removes duplicates, so a message
// is sent at most once, and a failure says for certain whether it can have been sent: soap.Unreachable means that no byte of
// it was handed to a connection.
package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"soapbridge/translate/soap"
)

// maxTries bounds the connections that one Send tries. A kept connection that turns out to be closed before a byte was written
// is no failure of the upstream, and trying another is no second sending. When a server restarts, several kept ones can be stale.
const maxTries = 3

var errEmptyEnvelope = errors.New("the message has no envelope")

// Client sends messages to one upstream. It is safe for concurrent use.
type Client struct {
	endpoint *url.URL
	timeout  time.Duration
	dialer   *dialer
	wire     *wire
}

// New gives a client for the upstream that cfg describes. It connects to nothing. Its error joins one FieldError for each
// field that is wrong.
func New(cfg Config) (*Client, error) {
	endpoint, tlsConfig, err := cfg.compile()
	if err != nil {
		return nil, err
	}
	d := newDialer(cfg.DialTimeout, tlsConfig)
	return &Client{
		endpoint: endpoint,
		timeout:  cfg.Timeout,
		dialer:   d,
		wire:     newWire(cfg, endpoint, d),
	}, nil
}

// URL gives the endpoint, its query included; Describe is for those who show it.
func (c *Client) URL() string { return c.endpoint.String() }

// Describe gives the URL that Send would send m to, and the HTTP headers that it would send, spelled as on the wire, for people to look at.
// *** stands for what may be secret: the credentials in Authorization, and the query of the URL. It connects to nothing.
func (c *Client) Describe(m soap.Message) (endpoint string, headers http.Header) {
	shown := *c.endpoint
	if shown.RawQuery != "" {
		shown.RawQuery = masked
	}
	return shown.String(), c.wire.headers(m)
}

// Close closes the connections that no Send uses.
func (c *Client) Close() { c.wire.close() }

// Send brings m to the upstream, at most once, and the reply back, whatever its status; redirects are replies too. It takes
// no longer than the configured Timeout, or ctx if that ends earlier. It keeps no reference to m.Envelope once it has returned.
//
// Its error is always a *soap.SendError:
//
//   - soap.Unreachable: no byte of m was handed to a connection, because none was obtained in time, or it was closed by
//     then, or m.SendBefore had passed. Sending m again is safe.
//   - soap.TimedOut: the time was up after that.
//   - soap.Broken: anything else after that: a reset, a truncated, malformed or too long reply, a content coding other
//     than gzip, the end of ctx by cancellation.
//
// Its text may name the upstream's address; it never repeats what was sent or received, nor a credential.
func (c *Client) Send(ctx context.Context, m soap.Message, read func(soap.Reply) (readable bool)) error {
	if len(m.Envelope) == 0 {
		return &soap.SendError{Kind: soap.Unreachable, Err: errEmptyEnvelope}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for try := 1; ; try++ {
		reply, stale, err := c.wire.exchange(ctx, m)
		if err == nil {
			read(reply)
			return nil
		}
		if !stale || try == maxTries {
			return err
		}
	}
}
