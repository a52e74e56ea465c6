package upstream

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a connection to the upstream. It carries one call at a time.
type conn struct {
	net.Conn // above TLS

	secure bool
	below  *counter // below TLS
	source *source
	reader *bufio.Reader // all that is read from the connection comes through it

	used  bool      // it has carried a call
	last  string    // the operation id of that call
	since time.Time // of its rest in the pool
}

func newConn(above net.Conn, below *counter) *conn {
	s := &source{from: above, left: unbounded}
	return &conn{Conn: above, secure: above != net.Conn(below), below: below, source: s, reader: bufio.NewReader(s)}
}

// bound ends all reading and writing on the connection at the deadline, or when ctx ends. Call interrupted at the end of the exchange: it
// reports whether ctx has ended, or is about to move the deadline.
func (c *conn) bound(ctx context.Context, deadline time.Time) (interrupted func() bool) {
	_ = c.SetDeadline(deadline) // an error means that the connection is closed, which the next write reports
	if ctx.Done() == nil {
		return func() bool { return false }
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // panics: moving a deadline has none
	return func() bool { return !stop() }
}

// surplus reports that more bytes than one reply have been read.
func (c *conn) surplus() bool { return c.reader.Buffered() > 0 }

// truncated reports that TLS did not announce the end of the connection. The server may then not have ended it (RFC 8446 section 6.1).
func (c *conn) truncated() bool { return c.secure && c.below.ended.Load() }

// ends waits for the end that a reply has announced, and reports whether it came without a further byte. Our side is never closed first:
// a server that closes in answer to that proves nothing.
func (c *conn) ends(already bool, deadline time.Time) bool {
	if already {
		return true
	}
	_ = c.SetReadDeadline(earlier(deadline, time.Now().Add(announcedEnd)))
	_, err := c.reader.Peek(1)
	return errors.Is(err, io.EOF) && !c.truncated()
}

// watch waits until a time for what comes behind a reply. It is surplus then.
func (c *conn) watch(until time.Time) {
	_ = c.SetReadDeadline(until)
	_, _ = c.reader.Peek(1) // nothing came, or the connection has ended
}

// health is what is known of a connection before it carries a call.
type health uint8

const (
	alive       health = iota // open, and nothing to read
	closed                    // by the server
	unsolicited               // the server sent bytes that no request asked for
)

// ticketPatience bounds the reading of TLS's own records, mostly session tickets, on a connection without a call.
const ticketPatience = 5 * time.Millisecond

// health looks for bytes that no request asked for, without waiting for any.
func (c *conn) health() health {
	if c.surplus() {
		return unsolicited
	}
	_ = c.SetDeadline(time.Time{}) // that of the last call may have passed
	found, known := peek(c.below.Conn)
	switch {
	case !known:
		return c.try(time.Now().Add(time.Millisecond))
	case !c.secure || found == closed:
		return found
	case found == unsolicited: // from TLS or from the server: only decrypting shows which
		return c.try(time.Now().Add(ticketPatience))
	}
	return c.try(time.Unix(1, 0)) // what TLS has decrypted already
}

// try reads until a time; with one that has passed, it reads only what was received before.
func (c *conn) try(until time.Time) health {
	_ = c.SetReadDeadline(until)
	switch n, err := c.Read(make([]byte, 1)); {
	case n > 0:
		return unsolicited
	case errors.Is(err, os.ErrDeadlineExceeded):
		return alive
	}
	return closed
}

// peek looks into the system's receive buffer; known is false where the system does not allow it.
func peek(raw net.Conn) (found health, known bool) {
	system, ok := raw.(syscall.Conn)
	if !ok || !canPeek {
		return alive, false
	}
	descriptor, err := system.SyscallConn()
	if err != nil {
		return closed, true
	}
	err = descriptor.Read(func(fd uintptr) bool {
		found = peekDescriptor(fd)
		return true // whatever was found: do not wait
	})
	if err != nil {
		return closed, true
	}
	return found, true
}

// counter counts what the system takes, and notices its end.
type counter struct {
	net.Conn

	taken atomic.Int64
	ended atomic.Bool
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.taken.Add(int64(n))
	return n, err
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		c.ended.Store(true)
	}
	return n, err
}

const unbounded = math.MaxInt64

// source fails with errNotHTTP after left bytes: http.ReadResponse has no limit of its own.
type source struct {
	from  io.Reader
	left  int64
	total int64
	heard []byte // what was read since it was set; nil: nothing is kept
	err   error  // of the last read; http.ReadResponse hides it behind a line that was cut short
}

func (s *source) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, errNotHTTP
	}
	n, err := s.from.Read(p[:min(int64(len(p)), s.left)])
	s.left, s.total = s.left-int64(n), s.total+int64(n)
	s.err = err
	if s.heard != nil {
		s.heard = append(s.heard, p[:n]...)
	}
	return n, err
}
