package upstream

import (
	"bytes"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"soapbridge/translate/soap"
)

// net/http sends twice, follows or speaks HTTP/2 in each of these situations.

// TestTrapServerEndsReusedConnection: the server executes the second request of a connection, then drops it without a reply.
func TestTrapServerEndsReusedConnection(t *testing.T) {
	tests := map[string]func(*peer){
		"close": func(p *peer) { _ = p.Close() },
		"reset": (*peer).reset,
	}
	for name, end := range tests {
		handle := func(p *peer) {
			for n := 1; ; n++ {
				req, body := p.request()
				if req == nil {
					return
				}
				if p.number == 1 && n == 2 {
					end(p)
					return
				}
				p.say(replyOf(200, string(body)))
			}
		}
		t.Run(name, func(t *testing.T) {
			s := serve(t, handle)
			c := client(t, s.url())
			reply, err := try(c, t.Context(), message("1"))
			mustReply(t, reply, err, 200, "1")
			_, err = try(c, t.Context(), message("2"))
			if !mustFail(t, err, soap.Broken).Unanswered {
				t.Errorf("a read would not be sent again: %v", err)
			}
			s.mustHaveExecuted(2)
		})
	}
}

func TestTrapRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		handle := func(p *peer) {
			for n := int64(1); ; n++ {
				req, _ := p.request()
				switch {
				case req == nil:
					return
				case req.URL.Path == "/there":
					p.say(replyOf(200, "there"))
				default:
					p.say("HTTP/1.1 " + strconv.Itoa(status) + " Go\r\nLocation: /there\r\nContent-Length: 4\r\n\r\nhere")
				}
			}
		}
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			s := serve(t, handle)
			reply, err := try(client(t, s.url()), t.Context(), message("1"))
			mustReply(t, reply, err, status, "here")
			s.mustHaveExecuted(1)
		})
	}
}

func TestTrapHTTP2(t *testing.T) {
	protocols := make(chan string, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocols <- r.Proto }))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)

	c := client(t, s.URL, func(cfg *Config) { cfg.TLSCA = pemCertificate(s.Certificate().Raw) })
	reply, err := try(c, t.Context(), message("1"))
	mustReply(t, reply, err, 200, "")
	if got := <-protocols; got != "HTTP/1.1" {
		t.Errorf("got %s", got)
	}
	c.Close()
}

// staleWrites fails the first write of the second request on each of the first connections.
type staleWrites struct {
	stale int // how many connections fail
	taken int // how many bytes of the write the system takes before it fails

	conns, attempts atomic.Int64
}

func (s *staleWrites) wrap(raw net.Conn) net.Conn {
	number := s.conns.Add(1)
	requests := 0
	return &tamperedWrites{Conn: raw, tamper: func(p []byte) (int, error) {
		if bytes.HasPrefix(p, []byte("POST")) {
			requests++
			s.attempts.Add(1)
		}
		if requests == 2 && number <= int64(s.stale) {
			return s.taken, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
		}
		return pass, nil
	}}
}

// fill opens so many idle connections in the client. The server must hold its replies by echoHeld.
func fill(t *testing.T, c *Client, s *server, conns int) {
	t.Helper()
	var arrived, wg sync.WaitGroup
	arrived.Add(conns)
	s.setHold(func() { arrived.Done(); arrived.Wait() })
	for range conns {
		wg.Go(func() {
			if _, err := try(c, t.Context(), message("fill")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.setHold(nil)
	if t.Failed() {
		t.FailNow()
	}
}

// TestTrapNothingWritten: a kept connection turns out to be closed when the request is about to be written. Send tries another connection, knowing that nothing was sent.
func TestTrapNothingWritten(t *testing.T) {
	tests := []struct {
		name     string
		stale    int // connections that are stale
		taken    int // bytes
		want     soap.SendErrorKind
		attempts int64 // beyond those that filled the pool
		executed int64
	}{
		{"one stale connection", 1, 0, 0, 2, 1},
		{"two stale connections", 2, 0, 0, 3, 1},
		{"more than are tried", 3, 0, soap.Unreachable, 3, 0},
		{"one byte was taken", 1, 1, soap.Broken, 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, echoHeld)
			writes := &staleWrites{stale: test.stale, taken: test.taken}
			c := client(t, s.url())
			c.dialer.tcp = dialWith(writes.wrap)
			fill(t, c, s, test.stale)
			reply, err := try(c, t.Context(), message("2"))
			if test.want == 0 {
				mustReply(t, reply, err, 200, "2")
			} else {
				mustFail(t, err, test.want)
			}
			if got := writes.attempts.Load() - int64(test.stale); got != test.attempts {
				t.Errorf("got %d attempts, want %d", got, test.attempts)
			}
			s.mustHaveExecuted(test.executed + int64(test.stale))
		})
	}
}

// TestFreshConnectionIsNotReplaced: only a kept connection may be closed without a fault.
func TestFreshConnectionIsNotReplaced(t *testing.T) {
	s := serve(t, echo)
	attempts := 0
	c := client(t, s.url())
	c.dialer.tcp = dialWith(func(raw net.Conn) net.Conn {
		return &tamperedWrites{Conn: raw, tamper: func([]byte) (int, error) {
			attempts++
			return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
		}}
	})
	_, err := try(c, t.Context(), message("1"))
	mustFail(t, err, soap.Unreachable)
	if attempts != 1 {
		t.Errorf("got %d attempts", attempts)
	}
	s.mustHaveExecuted(0)
}

// TestConnectionClosedWhileIdle: the next call must not even notice.
func TestConnectionClosedWhileIdle(t *testing.T) {
	idle := make(chan struct{})
	s := serve(t, func(p *peer) {
		_, body := p.request()
		p.say(replyOf(200, string(body)))
		_ = p.Close()
		idle <- struct{}{}
	})
	c := client(t, s.url())
	for _, envelope := range []string{"1", "2", "3"} {
		reply, err := try(c, t.Context(), message(envelope))
		mustReply(t, reply, err, 200, envelope)
		<-idle
	}
	if got := s.conns.Load(); got != 3 {
		t.Errorf("got %d connections", got)
	}
	s.mustHaveExecuted(3)
}

// captureLog returns what is written to the standard logger while the test runs: net/http writes to it.
func captureLog(t *testing.T) *lockedBuffer {
	t.Helper()
	b, before := new(lockedBuffer), log.Writer()
	log.SetOutput(b)
	t.Cleanup(func() { log.SetOutput(before) })
	return b
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
