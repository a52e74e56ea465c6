package upstream

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Why a connection refuses the first write of a request, or what came before it.
var (
	errGateShut    = errors.New("the request was given up before its first byte")
	errTooLate     = errors.New("the time to begin sending had passed")
	errUnsolicited = errors.New("the server spoke before it was asked")
)

// The states of a gate.
const (
	gateOpen   uint32 = iota // nothing was handed over, and it still may be
	gatePassed               // part of the request was handed to the system
	gateShut                 // nothing was handed over, and nothing ever will be
)

// gate is the send boundary of one request on one connection. Its state leaves gateOpen once, atomically: whoever seals a gate
// knows for certain whether any byte of the request can have left this process, even if a writer is about to try at that moment.
type gate struct {
	before time.Time // the first write is refused from then on; zero: no limit
	state  atomic.Uint32
}

// pass asks for the first write.
func (g *gate) pass() error {
	// Both times carry the monotonic clock: setting the wall clock neither lengthens nor shortens a lease.
	if g.late() && g.state.CompareAndSwap(gateOpen, gateShut) {
		return errTooLate
	}
	if !g.state.CompareAndSwap(gateOpen, gatePassed) {
		return errGateShut
	}
	return nil
}

// takeBack undoes pass after a write that provably handed nothing over.
func (g *gate) takeBack() { g.state.CompareAndSwap(gatePassed, gateShut) }

// seal ends the gate and reports whether nothing of the request was, or will be, handed over.
func (g *gate) seal() (unsent bool) {
	return g.state.CompareAndSwap(gateOpen, gateShut) || g.state.Load() == gateShut
}

func (g *gate) passed() bool { return g.state.Load() == gatePassed }

func (g *gate) late() bool { return !g.before.IsZero() && !time.Now().Before(g.before) }

// conn is a connection that carries bytes only for a request that it was given to. It stands above TLS: what is written to it is
// the request and nothing else, no handshake, no alert.
//
// It also keeps the replies of two requests apart. net/http (Go 1.26, transport.go, persistConn.readLoop) puts a connection
// back into its pool before it looks whether the server sent more than the reply; a request that takes the connection at
// that moment would be given the surplus as its own reply. Here the first write of a request waits until the reader asks
// for bytes: then its buffer is empty. And bytes that come before a request was written are never passed up.
//
// The connection is a field of the interface type, and conn has no ReadFrom: nothing can write past Write.
type conn struct {
	net.Conn
	sent *counter // below TLS

	mu        sync.Mutex
	changed   sync.Cond // listening or closed has changed
	gate      *gate     // the request that has the connection; nil: none
	listening bool      // the reader waits for bytes, and holds none that it has not looked at
	closed    bool
}

func newConn(above net.Conn, below *counter) *conn {
	c := &conn{Conn: above, sent: below}
	c.changed.L = &c.mu
	return c
}

// attach gives the connection to a request.
func (c *conn) attach(g *gate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = g
}

// release takes the connection from a request, unless the next request already has it.
func (c *conn) release(g *gate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gate == g {
		c.gate = nil
	}
}

func (c *conn) Write(p []byte) (int, error) {
	first, err := c.admit()
	if err != nil {
		return 0, err
	}
	before := c.sent.n.Load()
	n, err := c.Conn.Write(p)
	if err != nil && first != nil && c.sent.n.Load() == before {
		// The system took nothing, not even part of a TLS record: typically the connection was closed while idle.
		first.takeBack()
	}
	return n, err
}

// admit lets a write through, or not. It gives the gate if this is the first write of its request.
func (c *conn) admit() (first *gate, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gate == nil {
		return nil, errGateShut
	}
	if c.gate.passed() {
		return nil, nil //nolint:nilnil // no error, and not the first write
	}
	for !c.listening && !c.closed {
		c.changed.Wait()
	}
	if c.closed {
		return nil, net.ErrClosed
	}
	return c.gate, c.gate.pass()
}

func (c *conn) Read(p []byte) (int, error) {
	c.setListening(true)
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listening = false
	if n > 0 && (c.gate == nil || !c.gate.passed()) {
		// A late second reply, the notice of a server that is about to close, or a server of another protocol.
		c.closed = true
		c.changed.Broadcast()
		return 0, errUnsolicited
	}
	return n, err
}

func (c *conn) setListening(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listening = yes
	c.changed.Broadcast()
}

func (c *conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.Conn.Close()
}

// counter counts the bytes that the system took.
type counter struct {
	net.Conn
	n atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.n.Add(int64(n))
	return n, err
}
