// Package upstream brings SOAP messages to their service and its replies back: bytes out, bytes in. It knows no operation.
//
// Its first duty is to know how far a message got. Every operation is a write and no vendor removes duplicates, so a message
// is sent at most once, and a failure says for certain whether it can have been sent: soap.Unreachable means that no byte of
// it was handed to a connection.
package upstream

import (
	"cmp"
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

var (
	errEmptyEnvelope = errors.New("the message has no envelope")
	errAction        = errors.New("the action has characters that no header can carry")
)

// Client sends messages to one upstream. It is safe for concurrent use.
type Client struct {
	endpoint *url.URL
	fixed    []field // the headers that all requests have
	timeout  time.Duration
	maxReply int64
	dialer   *dialer
	pool     *pool
}

// New returns a client for the upstream that cfg describes. It connects to nothing. Its error joins one FieldError for each
// field that is wrong.
func New(cfg Config) (*Client, error) {
	endpoint, tlsConfig, err := cfg.compile()
	if err != nil {
		return nil, err
	}
	if cfg.NoKeepAlive {
		cfg.Events.Suspect = nil // no connection is kept anyway
	}
	return &Client{
		endpoint: endpoint,
		fixed:    cfg.fixedFields(endpoint),
		timeout:  cfg.Timeout,
		maxReply: cfg.MaxReply,
		dialer:   newDialer(cfg.DialTimeout, tlsConfig),
		pool: &pool{
			idleTimeout: cmp.Or(cfg.IdleTimeout, DefaultIdleTimeout),
			max:         2 * cmp.Or(cfg.MaxIdle, DefaultMaxIdle), // as many again may be resting
			off:         cfg.NoKeepAlive,
			events:      cfg.Events,
			rest:        restFor,
			suspicion:   suspicion,
		},
	}, nil
}

// Describe gives the URL that Send would send m to, and the HTTP headers that it would send, spelled as on the wire, for people to look at.
// *** stands for what may be secret: the credentials in Authorization, and the query of the URL. It connects to nothing.
func (c *Client) Describe(m soap.Message) (endpoint string, headers http.Header) {
	shown := *c.endpoint
	if shown.RawQuery != "" {
		shown.RawQuery = masked
	}
	headers = http.Header{}
	for _, f := range c.fields(m) {
		if f.name == "Authorization" {
			f.value = "Basic " + masked
		}
		headers[f.name] = []string{f.value}
	}
	return shown.String(), headers
}

// masked stands for what must not be shown.
const masked = "***"

// Close closes the connections that no Send uses.
func (c *Client) Close() { c.pool.close() }

// Send brings m to the upstream, at most once, and hands the reply to read, whatever its status; redirects are replies too. read reports
// whether it is a readable answer to m: its connection carries no other call otherwise. Send takes no longer than the configured Timeout, or
// ctx if that ends earlier, besides what read takes. It keeps no reference to m.Envelope once it has returned.
//
// Its error is always a *soap.SendError, and read was not called:
//
//   - soap.Unreachable: no byte of m was handed to a connection, because none was obtained in time, or it was closed by
//     then, or m.SendBefore had passed. Sending m again is safe.
//   - soap.TimedOut: the time was up after that.
//   - soap.Broken: anything else after that: a reset, a truncated, malformed or too long reply, a content coding that is not
//     supported, a reply that may be to another call, the end of ctx by cancellation.
//
// Its text may name the upstream's address; it never repeats what was sent or received, nor a credential.
func (c *Client) Send(ctx context.Context, m soap.Message, read func(soap.Reply) (readable bool)) error {
	switch {
	case len(m.Envelope) == 0:
		return &soap.SendError{Kind: soap.Unreachable, Err: errEmptyEnvelope}
	case hasControl(m.Action):
		return &soap.SendError{Kind: soap.Unreachable, Err: errAction}
	}
	deadline := time.Now().Add(c.timeout)
	for try := 1; ; try++ {
		conn, err := c.connection(ctx, m, deadline)
		if err != nil {
			return &soap.SendError{Kind: soap.Unreachable, Err: err}
		}
		stale, err := c.exchange(ctx, conn, m, deadline, read)
		if !stale || try == maxTries {
			return err
		}
	}
}

// connection returns a kept connection, or a new one.
func (c *Client) connection(ctx context.Context, m soap.Message, deadline time.Time) (*conn, error) {
	if late(m) {
		return nil, errTooLate
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if kept := c.pool.get(); kept != nil {
		return kept, nil
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	return c.dialer.dial(ctx, "tcp", dialAddress(c.endpoint))
}
