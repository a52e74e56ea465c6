package torture

import (
	"bytes"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// weather is how a link treats what passes. The shares are of the chunks that pass, which are single requests and replies here.
type weather struct {
	refuse bool // connections are reset at once
	block  bool // nothing passes in either direction until the weather changes, and then all of it does
	// Replies: lost with the connection, which is closed or reset; lost on a connection that stays open and silent; delayed.
	cutReply, resetReply, swallowReply, delayReply float64
	// Requests: passed on although the connection is cut at once; passed on much later, when the proxy has given up.
	cutRequest, lateRequest float64
}

var (
	calm  = weather{}
	rough = weather{cutReply: .01, resetReply: .005, swallowReply: .002, delayReply: .02, cutRequest: .005, lateRequest: .002}
	storm = weather{cutReply: .15, resetReply: .05, swallowReply: .05, delayReply: .2, cutRequest: .1, lateRequest: .1}
	dead  = weather{refuse: true}
	black = weather{block: true}
)

// link is the network between one proxy and Redis. It sees every byte that is ever stored.
type link struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	changed sync.Cond
	now     weather
	rng     *rand.Rand
	closed  bool
	conns   map[net.Conn]bool
	leaked  int // chunks that held a planted secret
	lost    int // chunks that did not pass, or late
}

func newLink(t *testing.T, target string, seed uint64) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target, rng: rand.New(rand.NewPCG(seed, 1)), conns: map[net.Conn]bool{}}
	l.changed.L = &l.mu
	var accepting sync.WaitGroup
	accepting.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.end()
		accepting.Wait()
	})
	return l
}

func (l *link) addr() string { return l.listener.Addr().String() }

// set changes the weather. Connections that live keep living.
func (l *link) set(w weather) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = w
	l.changed.Broadcast()
}

func (l *link) cutAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		reset(conn)
	}
}

func (l *link) end() {
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	l.cutAll()
}

func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (l *link) accept() {
	var passing sync.WaitGroup
	defer passing.Wait()
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		passing.Go(func() { l.pass(client) })
	}
}

// pass joins a proxy's connection with one to Redis.
func (l *link) pass(client net.Conn) {
	defer l.forget(client)
	if !l.keep(client) || l.weather().refuse {
		reset(client)
		return
	}
	server, err := net.Dial("tcp", l.target)
	if err != nil {
		reset(client) // Redis is down
		return
	}
	defer l.forget(server)
	if !l.keep(server) {
		reset(client)
		reset(server)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pump(client, server, l.request) })
	both.Go(func() { l.pump(server, client, l.reply) })
	both.Wait()
	_ = client.Close()
	_ = server.Close()
}

func (l *link) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[conn] = true
	return !l.closed
}

func (l *link) forget(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

func (l *link) weather() weather {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// await waits while nothing passes, and returns the weather and a number in [0, 1) to decide by.
func (l *link) await() (w weather, chance float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.now.block && !l.closed {
		l.changed.Wait()
	}
	return l.now, l.rng.Float64()
}

// pump passes chunks on until one end is gone, or deliver says that it is over.
func (l *link) pump(from, to net.Conn, deliver func(from, to net.Conn, chunk []byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.inspect(buffer[:n])
			if !deliver(from, to, buffer[:n]) {
				return
			}
		}
		if err != nil {
			if tcp, ok := to.(*net.TCPConn); ok {
				_ = tcp.CloseWrite() // what was passed on is still executed, and answered
			}
			return
		}
	}
}

func (l *link) inspect(chunk []byte) {
	if bytes.Contains(chunk, []byte(secretMark)) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.leaked++
	}
}

// seen returns how many chunks held a secret, and how many were lost or late.
func (l *link) seen() (leaked, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaked, l.lost
}

func (l *link) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost++
}

// late is longer than a proxy waits for the store.
const late = 1500 * time.Millisecond

func (l *link) request(from, to net.Conn, chunk []byte) bool {
	w, chance := l.await()
	if chance -= w.lateRequest; chance < 0 {
		l.lose()
		time.Sleep(late)
	}
	_, err := to.Write(chunk)
	if chance >= 0 && chance < w.cutRequest {
		l.lose()
		reset(from)
		return false
	}
	return err == nil
}

func (l *link) reply(from, to net.Conn, chunk []byte) bool {
	w, chance := l.await()
	if chance -= w.cutReply; chance < 0 {
		l.lose()
		_ = to.Close()
		return false
	}
	if chance -= w.resetReply; chance < 0 {
		l.lose()
		reset(to)
		return false
	}
	if chance -= w.swallowReply; chance < 0 {
		l.lose()
		return l.swallow(from)
	}
	if chance -= w.delayReply; chance < 0 {
		time.Sleep(time.Duration(1+int(-chance*1e6)%200) * time.Millisecond)
	}
	_, err := to.Write(chunk)
	return err == nil
}

// swallow leaves a connection half open: requests still get through, and no reply comes back.
func (l *link) swallow(from net.Conn) bool {
	buffer := make([]byte, 4<<10)
	for {
		if _, err := from.Read(buffer); err != nil {
			return false
		}
	}
}
