package upstream

import (
	"crypto/tls"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/translate/soap"
)

// witness remembers the events of a client.
type witness struct {
	mu      sync.Mutex
	strays  []string // operation ids
	suspect []bool
}

func (w *witness) watch(cfg *Config) {
	cfg.Events = Events{
		Stray: func(id string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.strays = append(w.strays, id)
		},
		Suspect: func(suspect bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.suspect = append(w.suspect, suspect)
		},
	}
}

func (w *witness) saw(t *testing.T, strays []string, suspect []bool) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.strays, strays) || !slices.Equal(w.suspect, suspect) {
		t.Errorf("got stray answers %q and suspicions %v, want %q and %v", w.strays, w.suspect, strays, suspect)
	}
}

// named is a message of an operation of that name.
func named(id string) soap.Message {
	m := message(id)
	m.OperationID = id
	return m
}

// readsAs sends, and takes the reply for what is said.
func readsAs(c *Client, t *testing.T, m soap.Message, readable bool) (reply soap.Reply, err error) {
	err = c.Send(t.Context(), m, func(r soap.Reply) bool {
		reply = r
		return readable
	})
	return reply, err
}

// TestStrayStatus: a vendor answers call A and, while call B is on its way over the same connection, writes a status that no request asked
// for; then it executes B. Only a status that announces the end of its connection, and is followed by it, belongs to B.
func TestStrayStatus(t *testing.T) {
	const bare = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
	tests := []struct {
		name    string
		stray   string
		then    func(*peer)
		certain bool
	}{
		{"bare", bare + "\r\n", (*peer).wait, false},
		{"bare, and the end", bare + "\r\n", func(p *peer) { _ = p.Close() }, false},
		{"announces the end, which comes", bare + "Connection: close\r\n\r\n", func(p *peer) { _ = p.Close() }, true},
		{"announces the end in a list", bare + "Connection: Keep-Alive, Close\r\n\r\n", func(p *peer) { _ = p.Close() }, true},
		{"announces the end in another segment", bare, func(p *peer) {
			time.Sleep(10 * time.Millisecond) // else both may come at once, which is not an error
			p.say("Connection: close\r\n\r\n")
			_ = p.Close()
		}, true},
		{"announces the end, which does not come", bare + "Connection: close\r\n\r\n", (*peer).wait, false},
		{"announces the end, and is reset", bare + "Connection: close\r\n\r\n", (*peer).reset, false},
		{"ends with the connection", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", func(p *peer) { _ = p.Close() }, true},
		{"ends with the connection unannounced", "HTTP/1.1 400 Bad Request\r\n\r\n", func(p *peer) { _ = p.Close() }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(p *peer) {
				_, body := p.request()
				p.say(replyOf(200, string(body)))
				p.request() // as one that has not read it would: what counts is the time of the writes
				p.say(test.stray)
				test.then(p)
			})
			c := client(t, s.url())
			reply, err := readsAs(c, t, named("A"), true)
			mustReply(t, reply, err, 200, "A")
			if !reply.Certain {
				t.Error("the reply on a fresh connection is not certain")
			}
			reply, err = readsAs(c, t, named("B"), false)
			mustReply(t, reply, err, 400, "")
			if reply.Certain != test.certain {
				t.Errorf("certain: %t, want %t", reply.Certain, test.certain)
			}
		})
	}
	t.Run("announces the end, and goes on", func(t *testing.T) {
		s := serve(t, func(p *peer) {
			_, body := p.request()
			p.say(replyOf(200, string(body)))
			p.request()
			p.say(bare + "Connection: close\r\n\r\n" + replyOf(200, "B"))
			_ = p.Close()
		})
		w := new(witness)
		c := client(t, s.url(), w.watch)
		reply, err := readsAs(c, t, named("A"), true)
		mustReply(t, reply, err, 200, "A")
		_, err = readsAs(c, t, named("B"), false)
		mustFail(t, err, soap.Broken) // either of the two answers may be B's
		w.saw(t, []string{"B"}, []bool{true})
	})
}

// oneByte reads its connection a byte at a time, as if each came in a segment of its own.
type oneByte struct{ net.Conn }

func (o oneByte) Read(p []byte) (int, error) { return o.Conn.Read(p[:min(1, len(p))]) }

// TestRefusalThatGoesOn: a status with more behind it is not certain on a fresh connection, either: a service that miscounts its body has its result
// there.
func TestRefusalThatGoesOn(t *testing.T) {
	for _, more := range []string{replyOf(200, "executed"), "executed"} {
		for how, wrap := range map[string]func(net.Conn) net.Conn{
			"in one segment": func(raw net.Conn) net.Conn { return raw },
			"in several":     func(raw net.Conn) net.Conn { return oneByte{raw} },
		} {
			s := serve(t, func(p *peer) {
				p.request()
				p.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" + more)
				p.wait()
			})
			c := client(t, s.url())
			c.dialer.tcp = dialWith(wrap)
			reply, err := readsAs(c, t, named("A"), false)
			mustReply(t, reply, err, 404, "")
			if reply.Certain {
				t.Errorf("with %q behind it, %s, it is certain", more, how)
			}
		}
	}
}

// TestStrayBytes: what a server sends unasked is never part of an answer, and the alert names the call that was answered before.
func TestStrayBytes(t *testing.T) {
	ca := newAuthority(t)
	secure := &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS12}
	for _, bytes := range []string{replyOf(200, "PLANTED"), "\r\n", "x"} {
		for _, scheme := range []string{"http", "https"} {
			for _, found := range []string{"by the next call", "by the end of its rest", "with the answer"} {
				t.Run(strings.Join([]string{scheme, strconv.Quote(bytes), found}, " "), func(t *testing.T) {
					said := make(chan struct{}, 1)
					handle := func(p *peer) {
						_, body := p.request()
						if found == "with the answer" {
							p.say(replyOf(200, string(body)) + bytes)
						} else {
							p.say(replyOf(200, string(body)))
							p.say(bytes)
						}
						said <- struct{}{}
						p.wait()
					}
					w := new(witness)
					var s *server
					var c *Client
					idle := func(cfg *Config) {
						if found == "by the end of its rest" {
							cfg.IdleTimeout = 50 * time.Millisecond
						}
					}
					if scheme == "https" {
						s = serveTLS(t, secure, handle)
						c = client(t, s.tlsURL(), w.watch, idle, func(cfg *Config) { cfg.TLSCA = ca.pem })
					} else {
						s = serve(t, handle)
						c = client(t, s.url(), w.watch, idle)
					}
					reply, err := readsAs(c, t, named("1"), true)
					mustReply(t, reply, err, 200, "1")
					<-said
					if found == "by the end of its rest" {
						for s.ended.Load() == 0 {
							time.Sleep(time.Millisecond)
						}
					} else {
						reply, err = readsAs(c, t, named("2"), true)
						mustReply(t, reply, err, 200, "2")
						<-said
						s.stop() // the second answer's surplus has not been looked for yet
					}
					w.mu.Lock()
					defer w.mu.Unlock()
					if w.strays[0] != "1" || !w.suspect[0] {
						t.Errorf("got stray answers %q and suspicions %v", w.strays, w.suspect)
					}
				})
			}
		}
	}
}

// TestSuspicion: a vendor limits its rate for a while. Each kept connection brings one answer that is not certain, and every other call
// has its own connection until a minute has passed and the last answer was readable.
func TestSuspicion(t *testing.T) {
	limited := func(p *peer) {
		for {
			req, body := p.request()
			if req == nil {
				return
			}
			if string(body) == "429" {
				p.say("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n")
				continue
			}
			p.say(replyOf(200, string(body)))
		}
	}
	w := new(witness)
	inBubble(t, limited, func(t *testing.T, c *Client, s *server) {
		c.pool.suspicion = suspicion
		call := func(body string) soap.Reply {
			reply, err := readsAs(c, t, named(body), body != "429")
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
			return reply
		}
		uncertain := func(calls int, body string) (n int) {
			for range calls {
				if !call(body).Certain {
					n++
				}
			}
			return n
		}
		call("1")
		if n := uncertain(600, "429"); n != 1 {
			t.Errorf("%d of 600 answers are not certain, want the one on the connection that was kept", n)
		}
		if w.saw(t, nil, []bool{true}); !c.Suspect() {
			t.Error("the client is not suspect")
		}
		before := s.conns.Load()
		if n := uncertain(500, "1"); n != 0 || s.conns.Load() != before+500 {
			t.Errorf("within a minute: %d answers are not certain, over %d connections", n, s.conns.Load()-before)
		}
		time.Sleep(suspicion)
		call("1")
		if w.saw(t, nil, []bool{true, false}); c.Suspect() {
			t.Error("the client is still suspect")
		}
		before = s.conns.Load()
		for range 10 {
			call("1")
		}
		if got := s.conns.Load() - before; got != 0 {
			t.Errorf("afterwards: %d more connections for 10 calls, want none", got)
		}
		call("429")
		time.Sleep(2 * suspicion)
		call("429") // a minute has passed, but the last answer was not readable
		w.saw(t, nil, []bool{true, false, true})
	}, w.watch, func(cfg *Config) { cfg.Timeout = time.Minute })
}

// TestNoKeepAlive: each call has its own connection, so that no answer can be suspect.
func TestNoKeepAlive(t *testing.T) {
	s := serve(t, echo)
	w := new(witness)
	c := client(t, s.url(), w.watch, func(cfg *Config) { cfg.NoKeepAlive = true })
	for n := range 3 {
		reply, err := readsAs(c, t, named(strconv.Itoa(n)), n != 1)
		mustReply(t, reply, err, 200, strconv.Itoa(n))
		if !reply.Certain {
			t.Error("a reply is not certain")
		}
	}
	if got := s.conns.Load(); got != 3 {
		t.Errorf("got %d connections", got)
	}
	if w.saw(t, nil, nil); c.Suspect() {
		t.Error("the client is suspect")
	}
}

// TestConnectionsRest uses the connection that has rested longest, and none that has rested for less time than the upstream takes to answer.
func TestConnectionsRest(t *testing.T) {
	takes := 40 * time.Millisecond
	slow := func(p *peer) {
		for {
			req, body := p.request()
			if req == nil {
				return
			}
			time.Sleep(takes)
			p.say(replyOf(200, string(body)+" on "+strconv.FormatInt(p.number, 10)))
		}
	}
	inBubble(t, slow, func(t *testing.T, c *Client, s *server) {
		c.pool.rest = restFor
		var order []string
		for range 7 {
			reply, err := readsAs(c, t, message("1"), true)
			if err != nil {
				t.Fatal(err)
			}
			order = append(order, strings.TrimPrefix(string(reply.Body), "1 on "))
		}
		// 1 rests while 2 is used, and is ready when 2 has its answer.
		if want := []string{"1", "2", "1", "2", "1", "2", "1"}; !slices.Equal(order, want) {
			t.Errorf("the connections were used in the order %v, want %v", order, want)
		}
	})
}

// TestConnectionThatIsNotKept lists what HTTP itself says against using a connection again.
func TestConnectionThatIsNotKept(t *testing.T) {
	for name, reply := range map[string]string{
		"close":                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.0 with keep-alive": "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
		"length and chunks":        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"length and chunks, apart": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nA: " + strings.Repeat("a", 8<<10) + "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(p *peer) {
				for {
					if req, _ := p.request(); req == nil {
						return
					}
					p.say(reply)
				}
			})
			c := client(t, s.url())
			for range 2 {
				got, err := readsAs(c, t, message("1"), true)
				mustReply(t, got, err, 200, "x")
			}
			if got := s.conns.Load(); got != 2 {
				t.Errorf("got %d connections, want 2", got)
			}
		})
	}
}

// TestTruncatedTLS: a body that the end of the connection ends is whole only when TLS announced that end.
func TestTruncatedTLS(t *testing.T) {
	ca := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS12}
	for _, announced := range []bool{true, false} {
		t.Run(strconv.FormatBool(announced), func(t *testing.T) {
			s := serveTLS(t, cfg, func(p *peer) {
				p.request()
				p.say("HTTP/1.1 200 OK\r\n\r\n<ok/>")
				if secure, ok := p.Conn.(*tls.Conn); ok && !announced {
					_ = secure.NetConn().Close()
				}
			})
			c := client(t, s.tlsURL(), func(cfg *Config) { cfg.TLSCA = ca.pem })
			reply, err := readsAs(c, t, message("1"), true)
			if announced {
				mustReply(t, reply, err, 200, "<ok/>")
			} else {
				mustFail(t, err, soap.Broken)
			}
		})
	}
}

// TestTooManyInterimReplies: five may come before the reply.
func TestTooManyInterimReplies(t *testing.T) {
	for n, ok := range map[int]bool{maxInterim: true, maxInterim + 1: false} {
		s := serve(t, func(p *peer) {
			p.request()
			p.say(strings.Repeat("HTTP/1.1 103 Hints\r\n\r\n", n) + replyOf(200, "<ok/>"))
			p.wait()
		})
		reply, err := readsAs(client(t, s.url()), t, message("1"), true)
		if ok {
			mustReply(t, reply, err, 200, "<ok/>")
		} else {
			mustFail(t, err, soap.Broken)
		}
	}
}

// TestReplyToHalfARequest: a server may refuse a request, and close, before it has read all of it.
func TestReplyToHalfARequest(t *testing.T) {
	s := serve(t, func(p *peer) {
		_, _ = p.Peek(1)
		p.say(replyOf(413, "too large"))
		if half, ok := p.Conn.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		p.wait()
	})
	c := client(t, s.url())
	c.dialer.tcp = dialWith(func(raw net.Conn) net.Conn {
		return &tamperedWrites{Conn: raw, tamper: func([]byte) (int, error) { return 10, net.ErrClosed }}
	})
	for _, size := range []int{10, 1 << 20} {
		reply, err := readsAs(c, t, message(strings.Repeat("x", size)), true)
		mustReply(t, reply, err, 413, "too large")
	}
}

// TestUnreadReplySaysWhatCameBefore: the error describes what answered, without repeating its text.
func TestUnreadReplySaysWhatCameBefore(t *testing.T) {
	for reply, want := range map[string]string{
		"HTTP/1.1 503 No\r\nContent-Type: text/html; charset=PLANTED\r\nContent-Length: 9\r\n\r\n<h1":                                    "HTTP 503, text/html, 9 bytes: unexpected EOF",
		"HTTP/1.1 503 No\r\nContent-Type: text/PLANTED\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx":                            "HTTP 503, br, 1 bytes: the reply has a content coding",
		"HTTP/1.1 500 No\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + strings.Repeat("x", 1024): "HTTP 500, application/soap+xml: the reply is too long",
	} {
		s := serve(t, func(p *peer) { p.request(); p.say(reply); p.finish() })
		_, err := readsAs(client(t, s.url(), func(cfg *Config) { cfg.MaxReply = limit }), t, message("<a/>"), true)
		if got := mustFail(t, err, soap.Broken).Err.Error(); !strings.HasPrefix(got, want) || strings.Contains(got, "PLANTED") {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestStrayIsFoundAfterTheCallsOwnTime: a connection is checked even when the deadline of its last call has passed.
func TestStrayIsFoundAfterTheCallsOwnTime(t *testing.T) {
	said := make(chan struct{})
	s := serve(t, func(p *peer) {
		_, body := p.request()
		p.say(replyOf(200, string(body)))
		time.Sleep(300 * time.Millisecond)
		p.say(replyOf(200, "stray"))
		close(said)
		p.wait()
	})
	w := new(witness)
	c := client(t, s.url(), w.watch, func(cfg *Config) { cfg.Timeout = 200 * time.Millisecond })
	reply, err := readsAs(c, t, named("1"), true)
	mustReply(t, reply, err, 200, "1")
	<-said
	c.Close()
	w.saw(t, []string{"1"}, []bool{true})
}
