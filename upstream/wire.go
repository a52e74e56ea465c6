package upstream

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"

	"soapbridge/translate/soap"
)

const (
	// maxHeader bounds the headers of a reply, interim replies (1xx) included. SOAP services send well below 1 KiB.
	maxHeader = 64 << 10
	// writeBuffer holds a usual request whole, so that it leaves in one write.
	writeBuffer = 16 << 10
)

var (
	errNotAsked = errors.New("a reply came before the request was written")
	errNotFinal = errors.New("the reply has a status below 200, and no other followed")
	errNotHTTP  = fmt.Errorf("the reply is not valid HTTP/1.1, or its headers exceed %d bytes", maxHeader)
)

// wire speaks HTTP/1.1 with one endpoint. It is all that knows net/http's Transport: a leaner client can take its place if it
// writes through a gate as well and never sends a message twice.
//
// The Transport is used bare, because http.Client follows redirects, and repeats a POST for 307 and 308. What the Transport
// itself would send twice (all in Go 1.26, net/http):
//
//   - transport.go, persistConn.shouldRetryRequest: a request on a reused connection that it believes unwritten
//     (nothingWrittenError), if it has a GetBody or no body. Ours has a body and no GetBody.
//   - the same: after a read error or errServerClosedIdle, whatever was written, if request.go, Request.isReplayable:
//     an Idempotency-Key or X-Idempotency-Key header and a GetBody. Ours has neither; no header comes from a caller.
//   - the same, http2isNoCachedConnError, and the HTTP/2 client's own retries: HTTP/1.1 alone is spoken, by Protocols and by ALPN.
//
// Should a later release repeat a request for another reason, the second connection would get a gate that is shut: see
// attempt.gotConn.
//
// It has one habit that no setting ends: what a server sends after its reply, it may quote to the standard logger
// (readLoopPeekFailLocked). A program that logs through log/slog discards the standard logger's output.
type wire struct {
	transport *http.Transport
	endpoint  *url.URL
	basic     string // the Authorization header; empty: none
	maxReply  int64
}

func newWire(cfg Config, endpoint *url.URL, d *dialer) *wire {
	idleTimeout, maxIdle := cfg.IdleTimeout, cfg.MaxIdle
	if idleTimeout == 0 {
		idleTimeout = DefaultIdleTimeout
	}
	if maxIdle == 0 {
		maxIdle = DefaultMaxIdle
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &wire{
		endpoint: endpoint,
		basic:    basicAuthorization(cfg),
		maxReply: cfg.MaxReply,
		transport: &http.Transport{
			Proxy:                  nil, // see Config
			DialContext:            d.dial,
			DialTLSContext:         d.dial,
			Protocols:              &http1,
			DisableCompression:     true, // gzip is not asked for, and decoded by read under a limit
			MaxIdleConnsPerHost:    maxIdle,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
			WriteBufferSize:        writeBuffer,
		},
	}
}

// basicAuthorization encodes user name and password in UTF-8 (RFC 7617 section 2.1).
func basicAuthorization(cfg Config) string {
	if cfg.BasicUsername == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.BasicUsername+":"+string(cfg.BasicPassword)))
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// exchange sends m over one connection and reads the reply. When it fails, stale tells that the failure was a kept
// connection's, so that another one is worth trying; the error is then soap.Unreachable.
func (w *wire) exchange(ctx context.Context, m soap.Message) (reply soap.Reply, stale bool, err error) {
	a := &attempt{gate: gate{before: m.SendBefore}}
	if a.gate.late() {
		return soap.Reply{}, false, &soap.SendError{Kind: soap.Unreachable, Err: errTooLate}
	}
	resp, err := w.transport.RoundTrip(w.request(httptrace.WithClientTrace(ctx, a.trace()), m))
	if err != nil {
		return soap.Reply{}, a.stale(ctx), a.failure(ctx, "no reply", err)
	}
	defer func() { _ = resp.Body.Close() }() // what mattered has been read, or refused
	if a.gate.seal() {
		return soap.Reply{}, a.stale(ctx), a.failure(ctx, "no reply", errNotAsked)
	}
	reply, err = w.read(resp)
	if err != nil {
		return soap.Reply{}, false, a.failure(ctx, "reading the reply", err)
	}
	return reply, false, nil
}

// request builds what goes on the wire. The headers are those of the vendors' pages, User-Agent and Authorization, and no
// others. The header map is filled directly because Header.Set would spell the name Soapaction.
func (w *wire) request(ctx context.Context, m soap.Message) *http.Request {
	header := http.Header{
		"Content-Type": {m.ContentType()},
		"User-Agent":   {"soapbridge"},
	}
	if action, present := m.SOAPAction(); present {
		header["SOAPAction"] = []string{action}
	}
	if w.basic != "" {
		header["Authorization"] = []string{w.basic}
	}
	// A copy: when a server replies before it has read the request, net/http still reads the body after RoundTrip has returned.
	body := bytes.NewReader(bytes.Clone(m.Envelope))
	return (&http.Request{
		Method:        http.MethodPost,
		URL:           w.endpoint,
		Header:        header,
		Body:          io.NopCloser(body),
		ContentLength: body.Size(),
		GetBody:       nil, // nothing to repeat the request with
	}).WithContext(ctx)
}

// masked stands for what must not be shown.
const masked = "***"

// headers gives those of the request for m. net/http writes the request itself, so that what it adds is there as well; only the credentials
// are taken out before.
func (w *wire) headers(m soap.Message) http.Header {
	request := w.request(context.Background(), m)
	if w.basic != "" {
		request.Header["Authorization"] = []string{"Basic " + masked}
	}
	var written bytes.Buffer
	_ = request.Write(&written) // a buffer never fails, and neither does a body in memory
	head, _, _ := strings.Cut(written.String(), "\r\n\r\n")
	_, lines, _ := strings.Cut(head, "\r\n") // behind the request line
	headers := http.Header{}
	for line := range strings.SplitSeq(lines, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		headers[name] = append(headers[name], value)
	}
	return headers
}

// attempt is one request on at most one connection.
type attempt struct {
	gate   gate
	conn   *conn // nil until one was obtained
	reused bool
}

func (a *attempt) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn:     a.gotConn,
		PutIdleConn: func(error) { a.conn.release(&a.gate) },
	}
}

// gotConn runs before a byte is written (Go 1.26, transport.go, Transport.getConn).
func (a *attempt) gotConn(info httptrace.GotConnInfo) {
	got, ok := info.Conn.(*conn)
	if !ok {
		panic("upstream: a connection that the dialer did not make")
	}
	if a.conn != nil {
		again := new(gate)
		again.seal()
		got.attach(again)
		return
	}
	a.conn, a.reused = got, info.Reused
	got.attach(&a.gate)
}

// stale tells that a kept connection failed before a byte was written, and that there is time to try another.
func (a *attempt) stale(ctx context.Context) bool {
	return a.reused && a.gate.seal() && !a.gate.late() && ctx.Err() == nil
}

// failure classifies err. The state of the gate alone decides whether anything was sent, never the kind of error.
func (a *attempt) failure(ctx context.Context, doing string, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		err = ctx.Err() // whoever ended ctx may have given a cause of their own
	}
	if a.conn != nil {
		err = known(err)
	}
	if a.gate.seal() {
		return &soap.SendError{Kind: soap.Unreachable, Err: err}
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if isTimeout(err) {
		return &soap.SendError{Kind: soap.TimedOut, Err: err}
	}
	return &soap.SendError{Kind: soap.Broken, Err: err}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// known gives the part of err whose text is the system's or ours. net/http quotes the offending line of a malformed reply,
// and a reply may echo credentials: such a text must not get into a log.
func known(err error) error {
	var system *net.OpError // the alerts of TLS included
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &system):
		return system
	case errors.As(err, &corrupt):
		return corrupt
	}
	for _, cause := range []error{
		context.DeadlineExceeded, context.Canceled, net.ErrClosed, io.ErrUnexpectedEOF, io.EOF, gzip.ErrHeader, gzip.ErrChecksum,
		errGateShut, errTooLate, errUnsolicited, errNotAsked, errNotFinal, errTooLong, errCoding,
	} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return errNotHTTP
}
