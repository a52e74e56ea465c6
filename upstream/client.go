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
	"sync/atomic"
	"time"

	"soapbridge/translate/soap"
)

// maxTries bounds the connections that one Send tries. A kept connection that turns out to be closed before a byte was written
// is not a failure of the upstream, and trying another does not send twice. When a server restarts, several kept ones can be stale.
const maxTries = 3

var (
	errEmptyEnvelope = errors.New("the message has no envelope")
	errAction        = errors.New("the action has characters that no header can carry")
)

// Client sends messages to one upstream. It is safe for concurrent use.
type Client struct {
	endpoint    *url.URL
	requestLine string
	fixed       []field // the headers that all requests have
	timeout     time.Duration
	maxReply    int64
	dialer      *dialer
	pool        *pool
	busy        atomic.Int64 // connections that carry a message
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
		endpoint:    endpoint,
		requestLine: "POST " + endpoint.RequestURI() + " HTTP/1.1\r\n",
		fixed:       cfg.fixedFields(endpoint),
		timeout:     cfg.Timeout,
		maxReply:    cfg.MaxReply,
		dialer:      newDialer(cfg.DialTimeout, tlsConfig, cfg.tcp()),
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

// Describe implements edge.Upstream. It masks the credentials in Authorization, and the query of the URL.
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

// masked replaces what must not be shown.
const masked = "***"

// Suspect reports whether connections are not kept, because an answer may have been to another call: see Events.
func (c *Client) Suspect() bool { return c.pool.suspected() }

// Connections returns how many are kept, and how many carry a message.
func (c *Client) Connections() (idle, busy int) { return c.pool.size(), int(c.busy.Load()) }

// Close closes the connections that no Send uses.
func (c *Client) Close() { c.pool.close() }

// Send implements edge.Upstream; redirects are replies too. It takes no longer than the configured Timeout, or ctx if that ends earlier, besides what
// read takes. It keeps no reference to m.Envelope once it has returned.
//
// The error is soap.Unreachable where m.SendBefore had passed, too, and soap.Broken also for a reply that is malformed, too long or in an unknown
// content coding, for one that may be to another call, and where ctx was cancelled. Its text may name the upstream's address; it never repeats
// what was sent or received, nor a credential.
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
