package upstream

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"soapbridge/translate/soap"
)

const (
	// maxHeader bounds the head of a reply in bytes, interim replies (1xx) included. SOAP services send well below 1 KiB.
	maxHeader = 64 << 10
	// maxInterim bounds the interim replies (1xx, RFC 9110 section 15.2) before the final one.
	maxInterim = 5
	// writeAlone is the largest request that is written before the reply is awaited: it fits into the usual buffers of both sides, so that a
	// server that answers without reading it does not block the write. It is also the largest buffer that is kept for reuse.
	writeAlone = 64 << 10
	// afterFailedWrite is how long a reply is awaited when a request could not be written whole. A server that refuses one for its size
	// answers, and closes its side, before it has read everything.
	afterFailedWrite = time.Second
	// announcedEnd is how long the end of a connection is awaited that a reply has announced.
	announcedEnd = time.Second
	// behindRefusal is how long more is awaited behind a refusal on a fresh connection: its sender may go on with the result.
	behindRefusal = 10 * time.Millisecond
)

var (
	errTooLate     = errors.New("the time to begin sending had passed")
	errUnsolicited = errors.New("the server spoke before it was asked")
	errMistake     = errors.New("the program made a mistake while it wrote the request")
	errNotFinal    = errors.New("the reply has a status below 200, and no other followed")
	errNotHTTP     = fmt.Errorf("the reply is not valid HTTP/1.1, or its head exceeds %d bytes", maxHeader)
	errAmbiguous   = errors.New("two replies came at once over a connection that was used before: either may be to another call")
)

// exchange sends m over c and hands the reply to read. It closes c, or puts it back into the pool. When it fails with nothing sent on a
// kept connection, stale reports that another connection is worth trying.
//
// Whether anything of m left this process is decided here, by the bytes that the system took from the connection below TLS, never by the
// kind of an error. m is written once; nothing here repeats it.
func (c *Client) exchange(ctx context.Context, conn *conn, m soap.Message, deadline time.Time, read func(soap.Reply) bool) (stale bool, err error) {
	keep := false
	c.busy.Add(1)
	defer func() {
		c.busy.Add(-1)
		if keep {
			c.pool.put(conn)
		} else {
			_ = conn.Close()
		}
	}()
	interrupted := conn.bound(ctx, deadline)
	w := c.begin(ctx, conn, m, deadline)
	start, heard := time.Now(), conn.source.total
	reply, reusable, err := c.receive(conn, w, deadline)
	took, whole := time.Since(start), w.end()
	if interrupted() {
		reusable = false // the end of ctx may still move the connection's deadline
	}
	if w.unsent() {
		return conn.used && ctx.Err() == nil, failure(ctx, cmp.Or(w.err, errUnsolicited), soap.Unreachable)
	}
	if err == nil && conn.surplus() {
		c.pool.stray(m.OperationID)
		reusable = false
		reply.Certain = false // what follows may say that it was executed
		if conn.used {
			err = errAmbiguous
		}
	}
	if err != nil {
		failed := failure(ctx, err, soap.Broken)
		failed.Unanswered = failed.Kind == soap.Broken && ctx.Err() == nil && conn.used && conn.source.total == heard
		return false, failed
	}
	readable := read(reply)
	c.pool.answered(readable, took)
	conn.used, conn.last = true, m.OperationID
	keep = readable && reusable && whole
	return false, nil
}

// failure returns a *soap.SendError of a kind, where Broken becomes TimedOut after a timeout.
func failure(ctx context.Context, err error, kind soap.SendErrorKind) *soap.SendError {
	if ended := ctx.Err(); ended != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		err = ended // it moved the connection's deadline
	}
	err = known(err)
	if kind == soap.Broken && isTimeout(err) {
		kind = soap.TimedOut
	}
	return &soap.SendError{Kind: kind, Err: err}
}

// writing is a request on its way to the system.
type writing struct {
	conn  *conn
	taken int64         // bytes of the connection that the system had taken before
	done  chan struct{} // nil: the write has ended
	err   error         // valid when the write has ended
}

// buffers holds the buffers in which requests are built.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// begin writes the request, head and envelope in one write. A request over writeAlone is written beside the reading of its reply: a server
// may answer before it has read everything, and then read no more.
func (c *Client) begin(ctx context.Context, conn *conn, m soap.Message, deadline time.Time) *writing {
	w := &writing{conn: conn, taken: conn.below.taken.Load()}
	if late(m) {
		w.err = errTooLate
		return w
	}
	buffer, _ := buffers.Get().(*[]byte)
	request := append(c.appendHead((*buffer)[:0], m), m.Envelope...)
	write := func() {
		_, w.err = conn.Write(request)
		if cap(request) <= 2*writeAlone {
			*buffer = request
			buffers.Put(buffer)
		}
	}
	if len(request) <= writeAlone {
		write()
		return w
	}
	w.done = make(chan struct{})
	go func() { // panics: Guard survives them, and the request counts as one that was not written whole
		defer close(w.done)
		w.err = errMistake
		c.pool.events.guard(write)
		if w.err != nil && ctx.Err() == nil { // a reply comes soon now, or not at all
			_ = conn.SetReadDeadline(earlier(deadline, time.Now().Add(afterFailedWrite)))
		}
	}()
	return w
}

// late reports that the right to send m has passed. Both times carry the monotonic clock: setting the wall clock neither lengthens nor
// shortens a lease.
func late(m soap.Message) bool { return !m.SendBefore.IsZero() && !time.Now().Before(m.SendBefore) }

// unsent reports of a write that has ended that the system took nothing of it, not even part of a TLS record: typically the connection was
// closed while it was idle. After a panic that is not known.
func (w *writing) unsent() bool {
	return !errors.Is(w.err, errMistake) && w.conn.below.taken.Load() == w.taken
}

// failed reports a write that has failed, as far as that is known now.
func (w *writing) failed() bool { return w.done == nil && w.err != nil }

// end ends a write that is still going on, and reports whether the request was written whole.
func (w *writing) end() (whole bool) {
	if w.done != nil {
		select {
		case <-w.done:
		default:
			_ = w.conn.SetWriteDeadline(time.Unix(1, 0))
			<-w.done
		}
	}
	return w.err == nil
}

// receive reads the reply, up to the last byte of its body. The connection is reusable if HTTP says so; what follows the reply has not been
// looked at.
func (c *Client) receive(conn *conn, w *writing, deadline time.Time) (reply soap.Reply, reusable bool, err error) {
	if w.failed() {
		if w.unsent() {
			return soap.Reply{}, false, w.err
		}
		_ = conn.SetReadDeadline(earlier(deadline, time.Now().Add(afterFailedWrite)))
	}
	head, err := conn.head()
	if err == nil {
		reply, err = readReply(head.Response, c.maxReply)
	}
	if err == nil && head.closeDelimited() && conn.truncated() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		err = conn.cause(w, err)
		if head.Response != nil {
			err = &unreadError{head.Response, err}
		}
		return soap.Reply{}, false, err
	}
	if !conn.used && mayRefuse(reply.Status) {
		conn.watch(earlier(deadline, time.Now().Add(behindRefusal)))
	}
	reply.Certain = !conn.used || head.announcesEnd && mayRefuse(reply.Status) && conn.ends(head.closeDelimited(), deadline)
	return reply, !head.Close && !head.ambiguous && head.ProtoAtLeast(1, 1), nil
}

// unreadError is a reply whose body could not be read. Its text says what came before, in words of ours only: a reply may echo credentials.
type unreadError struct {
	reply *http.Response
	cause error
}

func (e *unreadError) Error() string {
	words := []string{fmt.Sprintf("HTTP %d", e.reply.StatusCode)}
	for _, name := range [...]string{"Content-Type", "Content-Encoding"} {
		value, _, _ := strings.Cut(e.reply.Header.Get(name), ";")
		if value = strings.ToLower(strings.TrimSpace(value)); slices.Contains(repeatable, value) {
			words = append(words, value)
		}
	}
	if e.reply.ContentLength >= 0 {
		words = append(words, fmt.Sprintf("%d bytes", e.reply.ContentLength))
	}
	return strings.Join(words, ", ") + ": " + known(e.cause).Error()
}

func (e *unreadError) Unwrap() error { return e.cause }

// repeatable are the media types and content codings that may be repeated.
var repeatable = []string{
	"text/xml", "application/soap+xml", "application/xml", "text/html", "text/plain", "application/json", "multipart/related",
	"gzip", "x-gzip", "deflate", "br", "zstd", "compress",
}

// cause returns what was behind an error of receive.
func (c *conn) cause(w *writing, err error) error {
	switch {
	case w.failed():
		return w.err
	case errors.Is(c.source.err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return cmp.Or(c.source.err, err)
}

// mayRefuse reports a status that a service, or a gateway in front of it, refuses requests with: for the others it does not matter whether
// they are certain.
func mayRefuse(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// head is the head of a final reply.
type head struct {
	*http.Response
	rawHead
}

// rawHead is what http.ReadResponse takes out of a head.
type rawHead struct {
	// ambiguous reports that the length of the body was given twice, by Content-Length and by chunks. The end of such a body is where request
	// smuggling begins (RFC 9112 section 6.3).
	ambiguous bool
	// announcesEnd reports that the reply declares itself the connection's last one, with Connection: close.
	announcesEnd bool
}

// closeDelimited reports that the end of the connection ends the body.
func (h head) closeDelimited() bool { return h.ContentLength < 0 && len(h.TransferEncoding) == 0 }

// head reads up to the end of the head of the final reply.
func (c *conn) head() (head, error) {
	c.source.left = maxHeader
	defer func() { c.source.left, c.source.heard = unbounded, nil }()
	for range maxInterim + 1 {
		if _, err := c.reader.Peek(1); err != nil {
			return head{}, err
		}
		begun, _ := c.reader.Peek(c.reader.Buffered()) // it asks for no more than there is, and cannot fail
		c.source.heard = nil
		if !bytes.Contains(begun, []byte("\r\n\r\n")) { // else nothing more is read into the buffer meanwhile
			c.source.heard = bytes.Clone(begun)
		}
		response, err := http.ReadResponse(c.reader, post) //nolint:bodyclose // its Close would read to the end of the body
		if c.source.heard != nil {
			begun = c.source.heard
		}
		switch {
		case err != nil:
			return head{}, err
		case response.ProtoMajor != 1:
			return head{}, errNotHTTP
		case response.StatusCode >= http.StatusOK:
			return head{response, judgeHead(begun[:len(begun)-c.reader.Buffered()])}, nil
		case response.StatusCode < http.StatusContinue || response.StatusCode == http.StatusSwitchingProtocols:
			return head{}, errNotFinal // after 101 the connection is not HTTP any more (RFC 9110 section 15.2.2)
		}
	}
	return head{}, errNotFinal
}

// post is what http.ReadResponse needs to know of a request: that its reply may have a body.
var post = &http.Request{Method: http.MethodPost}

// judgeHead looks at the bytes that http.ReadResponse has read.
func judgeHead(raw []byte) (h rawHead) {
	length, coding := false, false
	for line := range bytes.Lines(raw) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length = true
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			coding = true
		case bytes.EqualFold(name, []byte("Connection")):
			h.announcesEnd = h.announcesEnd || holdsClose(string(value))
		}
	}
	h.ambiguous = length && coding
	return h
}

// holdsClose looks for the connection option "close" (RFC 9110 section 7.6.1).
func holdsClose(options string) bool {
	return slices.ContainsFunc(strings.Split(options, ","), func(option string) bool { return strings.EqualFold(strings.TrimSpace(option), "close") })
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// known returns the part of err whose text is the system's or ours. net/http quotes the offending line of a malformed reply, and a reply may
// echo credentials: such a text must not get into a log.
func known(err error) error {
	var system *net.OpError // the alerts of TLS included
	var corrupt flate.CorruptInputError
	var unread *unreadError
	switch {
	case errors.As(err, &unread):
		return unread
	case errors.As(err, &system):
		return system
	case errors.As(err, &corrupt):
		return corrupt
	}
	for _, cause := range []error{
		context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded, net.ErrClosed, io.ErrUnexpectedEOF, io.EOF, io.ErrClosedPipe,
		gzip.ErrHeader, gzip.ErrChecksum, errTooLate, errUnsolicited, errAmbiguous, errMistake, errNotFinal, errTooLong, errCoding,
	} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return errNotHTTP
}

// field is one line of a request's head.
type field struct{ name, value string }

// fields are the headers of the request for m, in their order: those of the vendors' pages, those that any request needs, and no others.
// Of a caller they hold at most the trace context.
func (c *Client) fields(m soap.Message) []field {
	list := append(make([]field, 0, len(c.fixed)+4), c.fixed...) //nolint:mnd // those below
	list = append(list,
		field{"Content-Length", strconv.Itoa(len(m.Envelope))},
		field{"Accept", m.Accept()},
		field{"Content-Type", m.ContentType()},
	)
	if action, present := m.SOAPAction(); present {
		list = append(list, field{"SOAPAction", action}) // services have been seen to compare its name with the letter case
	}
	if m.TraceParent != "" {
		list = append(list, field{"traceparent", m.TraceParent})
	}
	if m.TraceState != "" {
		list = append(list, field{"tracestate", m.TraceState})
	}
	return list
}

func (c *Client) appendHead(b []byte, m soap.Message) []byte {
	b = append(b, c.requestLine...)
	for _, f := range c.fields(m) {
		b = append(b, f.name...)
		b = append(b, ": "...)
		b = append(b, f.value...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}
