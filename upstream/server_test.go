package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"soapbridge/translate/soap"
)

func TestMain(m *testing.M) {
	// net/http reads these once in a process. Servers on 127.0.0.1 are never proxied; see TestEnvironmentProxyIsIgnored.
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		if err := os.Setenv(name, "http://proxy.invalid:3128"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// patience is for what must happen at last; no test waits for it when all is well.
const patience = 30 * time.Second

// server is a TCP server whose handler owns the bytes of each connection. It counts the requests that it has read whole: in the
// tests that is an execution.
type server struct {
	net.Listener
	t        testing.TB
	conns    atomic.Int64
	ended    atomic.Int64 // connections
	executed atomic.Int64

	mu   sync.Mutex
	live map[net.Conn]bool
	ids  map[string]int // executions by body
	hold func()         // what echoHeld does before it replies
	wg   sync.WaitGroup
}

// peer is the server's side of one connection.
type peer struct {
	net.Conn
	*bufio.Reader
	server *server
	number int64 // of the connection, from 1
}

func (p *peer) Read(b []byte) (int, error) { return p.Reader.Read(b) }

// request reads one whole request and counts it. At the end of the connection it returns nil.
func (p *peer) request() (*http.Request, []byte) {
	req, err := http.ReadRequest(p.Reader)
	if err != nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, nil
	}
	p.server.mu.Lock()
	p.server.ids[string(body)]++
	p.server.mu.Unlock()
	p.server.executed.Add(1)
	return req, body
}

// say writes text. An error means that the client has closed the connection, which the test may want.
func (p *peer) say(text string) { _, _ = io.WriteString(p.Conn, text) }

// reset closes the connection with a TCP reset.
func (p *peer) reset() {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = p.Close()
}

// finish closes the server's side alone and returns when the client has closed its own.
func (p *peer) finish() {
	if half, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, p)
}

// wait returns when the client has closed the connection.
func (p *peer) wait() { _, _ = io.Copy(io.Discard, p) }

func replyOf(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d Any\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// echo answers every request of a connection with its body.
func echo(p *peer) {
	for {
		req, body := p.request()
		if req == nil {
			return
		}
		p.say(replyOf(200, string(body)))
	}
}

// echoHeld is echo, which calls hold before each reply.
func echoHeld(p *peer) {
	for {
		req, body := p.request()
		if req == nil {
			return
		}
		p.server.mu.Lock()
		hold := p.server.hold
		p.server.mu.Unlock()
		if hold != nil {
			hold()
		}
		p.say(replyOf(200, string(body)))
	}
}

func (s *server) setHold(hold func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = hold
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func serve(t testing.TB, handle func(*peer)) *server {
	t.Helper()
	return serveOn(t, listen(t), handle)
}

// serveOn serves until the test ends. Its cleanup runs before that of a client made earlier, after that of one made later.
func serveOn(t testing.TB, l net.Listener, handle func(*peer)) *server {
	t.Helper()
	s := newServer(t)
	s.Listener = l
	s.wg.Go(func() { s.accept(handle) })
	t.Cleanup(s.stop)
	return s
}

func newServer(t testing.TB) *server {
	return &server{t: t, live: map[net.Conn]bool{}, ids: map[string]int{}}
}

func (s *server) accept(handle func(*peer)) {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.live == nil {
			_ = c.Close()
		} else {
			s.live[c] = true
		}
		s.mu.Unlock()
		p := &peer{Conn: c, Reader: bufio.NewReader(c), server: s, number: s.conns.Add(1)}
		s.wg.Go(func() {
			defer func() {
				_ = c.Close()
				s.ended.Add(1)
				s.mu.Lock()
				delete(s.live, c)
				s.mu.Unlock()
			}()
			handle(p)
		})
	}
}

// stop ends every connection and waits for the handlers, so that the counts are final.
func (s *server) stop() {
	_ = s.Close()
	s.mu.Lock()
	for c := range s.live {
		_ = c.Close()
	}
	s.live = nil
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *server) url() string { return "http://" + s.Addr().String() + "/service" }

func (s *server) mustHaveExecuted(want int64) {
	s.t.Helper()
	s.stop()
	if got := s.executed.Load(); got != want {
		s.t.Errorf("the server executed %d requests, want %d", got, want)
	}
}

// client returns a client for url with limits that no test reaches by accident.
func client(t testing.TB, url string, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{URL: url, DialTimeout: patience, Timeout: patience, IdleTimeout: patience, MaxReply: 64 << 10}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.pool.rest, c.pool.suspicion = func(time.Duration) time.Duration { return 0 }, 0 // see pool_test.go
	t.Cleanup(c.Close)
	return c
}

func message(envelope string) soap.Message {
	return soap.Message{Version: soap.V11, Action: "urn:act", Envelope: []byte(envelope)}
}

// mustFail checks the kind of err.
func mustFail(t testing.TB, err error, want soap.SendErrorKind) *soap.SendError {
	t.Helper()
	var sendErr *soap.SendError
	if !errors.As(err, &sendErr) {
		t.Fatalf("got error %v (%T), want a *soap.SendError", err, err)
	}
	if sendErr.Kind != want {
		t.Fatalf("got %s (%v), want %s", kindName(sendErr.Kind), err, kindName(want))
	}
	return sendErr
}

func kindName(kind soap.SendErrorKind) string {
	names := map[soap.SendErrorKind]string{soap.Unreachable: "Unreachable", soap.Broken: "Broken", soap.TimedOut: "TimedOut"}
	if name := names[kind]; name != "" {
		return name
	}
	return "SendErrorKind " + strconv.Itoa(int(kind))
}

// mustReply checks that a Send ended with a reply.
func mustReply(t testing.TB, reply soap.Reply, err error, status int, body string) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want a reply", err)
	}
	if reply.Status != status || string(reply.Body) != body {
		t.Fatalf("got status %d and body %.200q, want %d and %.200q", reply.Status, reply.Body, status, body)
	}
}

// clock is a context whose deadline passes when the test says so.
type clock struct {
	context.Context
	done chan struct{}
	once *sync.Once
}

func newClock() clock {
	return clock{Context: context.Background(), done: make(chan struct{}), once: new(sync.Once)}
}

func (c clock) expire()               { c.once.Do(func() { close(c.done) }) }
func (c clock) Done() <-chan struct{} { return c.done }

func (c clock) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// try sends as callers do, and takes every reply for a readable one.
func try(c *Client, ctx context.Context, m soap.Message) (reply soap.Reply, err error) { //nolint:revive // it reads like Client.Send
	err = c.Send(ctx, m, func(r soap.Reply) bool {
		reply = r
		return true
	})
	return reply, err
}
