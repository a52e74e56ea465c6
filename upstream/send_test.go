package upstream

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/soap"
)

func packed[W io.WriteCloser](begin func(io.Writer) W, text string) string {
	var b bytes.Buffer
	w := begin(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func zip(text string) string { return packed(gzip.NewWriter, text) }

func coded(coding, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", coding, len(body), body)
}

func chunked(chunks ...string) string {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	for _, chunk := range chunks {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	return b.String()
}

const lastChunk = "0\r\n\r\n"

// limit is the MaxReply of the tests of replies.
const limit = 1000

// TestReplyToOneRequest has the server read one request, write some bytes and close the connection.
func TestReplyToOneRequest(t *testing.T) {
	captureLog(t)
	full := strings.Repeat("x", limit)
	tests := []struct {
		name   string
		bytes  string
		status int    // of the reply; 0: Broken
		body   string // of the reply
	}{
		{"length", replyOf(200, "<ok/>"), 200, "<ok/>"},
		{"chunked", chunked("<o", "k/>") + lastChunk, 200, "<ok/>"},
		{"chunked with a trailer", chunked("<ok/>") + "0\r\nA: b\r\n\r\n", 200, "<ok/>"},
		{"up to the end of the connection", "HTTP/1.1 200 OK\r\n\r\n<ok/>", 200, "<ok/>"},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n<ok/>", 200, "<ok/>"},
		{"error status", replyOf(500, "<fault/>"), 500, "<fault/>"},
		{"error status without body", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500, ""},
		{"204", "HTTP/1.1 204 None\r\n\r\n", 204, ""},
		{"202 without body", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, ""},
		{"202 up to the end of the connection", "HTTP/1.1 202 Accepted\r\n\r\n", 202, ""},
		{"chunked without body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + lastChunk, 200, ""},
		{"401", replyOf(401, "who?"), 401, "who?"},
		{"after 100 and 103", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + replyOf(200, "<ok/>"), 200, "<ok/>"},
		{"not UTF-8", replyOf(200, "\xff\xfe\x00<"), 200, "\xff\xfe\x00<"},
		{"bytes after the reply", replyOf(200, "<ok/>") + "<more/>", 200, "<ok/>"},

		{"at the limit", replyOf(200, full), 200, full},
		{"at the limit, chunked", chunked(full) + lastChunk, 200, full},
		{"at the limit, to the end of the connection", "HTTP/1.1 200 OK\r\n\r\n" + full, 200, full},
		{"over the limit", replyOf(200, full+"x"), 0, ""},
		{"over the limit, chunked", chunked(full, "x") + lastChunk, 0, ""},
		{"over the limit, to the end of the connection", "HTTP/1.1 200 OK\r\n\r\n" + full + "x", 0, ""},
		{"over the limit by its Content-Length alone", "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", 0, ""},

		{"gzip", coded("gzip", zip("<ok/>")), 200, "<ok/>"},
		{"x-gzip in capitals", coded("X-GZIP", zip("<ok/>")), 200, "<ok/>"},
		{"gzip and identity", coded("identity, gzip", zip("<ok/>")), 200, "<ok/>"},
		{"identity", coded("identity", "<ok/>"), 200, "<ok/>"},
		{"gzip of several members", coded("gzip", zip("<o")+zip("k/>")), 200, "<ok/>"},
		{"gzip of nothing", coded("gzip", ""), 200, ""},
		{"gzip of nothing, chunked", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + lastChunk, 200, ""},
		{"gzip at the limit", coded("gzip", zip(full)), 200, full},
		{"gzip over the limit", coded("gzip", zip(full+"x")), 0, ""},
		{"gzip bomb", coded("gzip", zip(strings.Repeat("\x00", limit*900))), 0, ""},
		{
			"gzip of nothing, over the limit as received",
			"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + strings.Repeat(zip(""), limit/20), 0, "",
		},
		{"gzip that ends in the middle", coded("gzip", zip(full)[:20]), 0, ""},
		{"gzip with a wrong sum", coded("gzip", zip("<ok/>")[:25]+"0123"+zip("<ok/>")[29:]), 0, ""},
		{"gzip with bytes after it", coded("gzip", zip("<ok/>")+"more than nothing"), 0, ""},
		{"gzip that is none", coded("gzip", "<ok/>"), 0, ""},
		{"gzip twice", coded("gzip, gzip", zip(zip("<ok/>"))), 0, ""},
		{"gzip twice, in two headers", coded("gzip\r\nContent-Encoding: gzip", zip(zip("<ok/>"))), 0, ""},
		{"br", coded("br", "<ok/>"), 0, ""},
		{"deflate", coded("deflate", "<ok/>"), 0, ""},

		{"nothing", "", 0, ""},
		{"half a status line", "HTTP/1.1 20", 0, ""},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Le", 0, ""},
		{"no end of the header", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", 0, ""},
		{"short of its length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<ok/>", 0, ""},
		{"gzip, short of its length", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n", 0, ""},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<ok", 0, ""},
		{"no last chunk", chunked("<ok/>"), 0, ""},
		{"a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<ok/>\r\n0\r\n\r\n", 0, ""},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n<ok/>", 0, ""},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n<ok/>", 0, ""},
		{"another transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n<ok/>", 0, ""},
		{"101", "HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n<ok/>", 0, ""},
		{"status 099", "HTTP/1.1 099 Any\r\nContent-Length: 5\r\n\r\n<ok/>", 0, ""},
		{"interim replies alone", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 2*maxHeader/25), 0, ""},
		{"a header over the limit", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 2*maxHeader) + "\r\n\r\n", 0, ""},
		{"no HTTP", "<ok/>\r\n\r\n", 0, ""},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(p *peer) {
				p.request()
				p.say(test.bytes)
				p.finish()
			})
			c := client(t, s.url(), func(cfg *Config) { cfg.MaxReply = limit })
			reply, err := try(c, t.Context(), message("<a/>"))
			if test.status != 0 {
				mustReply(t, reply, err, test.status, test.body)
			} else {
				mustFail(t, err, soap.Broken)
			}
			s.mustHaveExecuted(1)
		})
	}
}

func TestReplyHeaders(t *testing.T) {
	s := serve(t, func(p *peer) {
		p.request()
		p.say("HTTP/1.1 429 Slow\r\ncontent-type: text/xml;charset=ISO-8859-1\r\nretry-after: 7\r\nserver: IIS\r\nContent-Length: 2\r\n\r\nno")
	})
	got, err := try(client(t, s.url()), t.Context(), message("<a/>"))
	if err != nil {
		t.Fatal(err)
	}
	want := soap.Reply{
		Status: 429, Certain: true, ContentType: "text/xml;charset=ISO-8859-1", RetryAfter: "7", Body: []byte("no"),
		Headers: map[string][]string{"Content-Type": {"text/xml;charset=ISO-8859-1"}, "Retry-After": {"7"}, "Content-Length": {"2"}, "Server": {"IIS"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestServerFails has servers that never reply in full. The deadline, where there is one, passes when the server says so.
func TestServerFails(t *testing.T) {
	tests := []struct {
		name     string
		handle   func(p *peer, deadline clock)
		want     soap.SendErrorKind
		executed int64
	}{
		{"closes after the request", func(p *peer, _ clock) { p.request() }, soap.Broken, 1},
		{"resets after the request", func(p *peer, _ clock) { p.request(); p.reset() }, soap.Broken, 1},
		{"resets in the middle of the reply", func(p *peer, _ clock) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<ok")
			p.reset()
		}, soap.Broken, 1},
		{"closes after a byte of the request", func(p *peer, _ clock) { _, _ = p.ReadByte() }, soap.Broken, 0},
		{"sends a header without end", func(p *peer, _ clock) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\n")
			for err := error(nil); err == nil; {
				_, err = io.WriteString(p.Conn, "A: "+strings.Repeat("a", 1000)+"\r\n")
			}
		}, soap.Broken, 1},
		{"sends a body without end", func(p *peer, _ clock) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for err := error(nil); err == nil; {
				_, err = io.WriteString(p.Conn, "5\r\n<ok/>\r\n")
			}
		}, soap.Broken, 1},
		{"is silent until the deadline", func(p *peer, deadline clock) {
			p.request()
			deadline.expire()
			p.wait()
		}, soap.TimedOut, 1},
		{"stops in the header until the deadline", func(p *peer, deadline clock) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nContent-")
			deadline.expire()
			p.wait()
		}, soap.TimedOut, 1},
		{"drips the body until the deadline", func(p *peer, deadline clock) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
			for i, err := 0, error(nil); err == nil; i++ {
				if i == 10 {
					deadline.expire()
				}
				_, err = io.WriteString(p.Conn, "x")
				time.Sleep(time.Millisecond)
			}
		}, soap.TimedOut, 1},
		{"drips gzip until the deadline", func(p *peer, deadline clock) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 50000\r\n\r\n" + zip("<ok/>"))
			deadline.expire()
			p.wait()
		}, soap.TimedOut, 1},
		{"sends interim replies until the deadline", func(p *peer, deadline clock) {
			p.request()
			p.say("HTTP/1.1 100 Continue\r\n\r\n")
			deadline.expire()
			p.wait()
		}, soap.TimedOut, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			deadline := newClock()
			s := serve(t, func(p *peer) { test.handle(p, deadline) })
			_, err := try(client(t, s.url()), deadline, message("<a/>"))
			if mustFail(t, err, test.want).Unanswered {
				t.Error("a read would be sent again, although the connection was new")
			}
			s.mustHaveExecuted(test.executed)
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Run("refused port", func(t *testing.T) {
		l := listen(t)
		address := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := try(client(t, "http://"+address), t.Context(), message("<a/>"))
		sendErr := mustFail(t, err, soap.Unreachable)
		if !errors.Is(sendErr, syscall.ECONNREFUSED) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no such host", func(t *testing.T) {
		// RFC 6761 section 6.4 keeps .invalid from ever existing.
		_, err := try(client(t, "http://soap.invalid/"), t.Context(), message("<a/>"))
		mustFail(t, err, soap.Unreachable)
	})
	t.Run("dial that hangs", func(t *testing.T) {
		address := blackHole(t)
		_, err := try(client(t, "http://"+address, func(cfg *Config) { cfg.DialTimeout = 200 * time.Millisecond }), t.Context(), message("<a/>"))
		if sendErr := mustFail(t, err, soap.Unreachable); !isTimeout(sendErr) {
			t.Errorf("got %v, want a timeout", err)
		}
	})
	t.Run("deadline while dialling", func(t *testing.T) {
		c := client(t, "http://192.0.2.1/")
		deadline, dialling := newClock(), make(chan struct{})
		c.dialer.tcp = func(ctx context.Context, _, _ string) (net.Conn, error) {
			close(dialling)
			<-ctx.Done() // at Close
			return nil, ctx.Err()
		}
		go func() { <-dialling; deadline.expire() }()
		_, err := try(c, deadline, message("<a/>"))
		mustFail(t, err, soap.Unreachable)
	})
	t.Run("context that has ended", func(t *testing.T) {
		s := serve(t, echo)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := try(client(t, s.url()), ctx, message("<a/>"))
		if sendErr := mustFail(t, err, soap.Unreachable); !errors.Is(sendErr, context.Canceled) {
			t.Errorf("got %v", err)
		}
		s.mustHaveExecuted(0)
	})
	t.Run("message without envelope", func(t *testing.T) {
		s := serve(t, echo)
		_, err := try(client(t, s.url()), t.Context(), soap.Message{Version: soap.V11})
		mustFail(t, err, soap.Unreachable)
		s.mustHaveExecuted(0)
	})
	t.Run("action that no header can carry", func(t *testing.T) {
		s := serve(t, echo)
		_, err := try(client(t, s.url()), t.Context(), soap.Message{Version: soap.V11, Action: "a\r\nB: c", Envelope: []byte("<a/>")})
		mustFail(t, err, soap.Unreachable)
		s.mustHaveExecuted(0)
	})
	t.Run("server that speaks first", func(t *testing.T) {
		s := serve(t, func(p *peer) { p.say("220 mail ready\r\n"); p.wait() })
		_, err := try(client(t, s.url()), t.Context(), message("<a/>"))
		if err == nil {
			t.Fatal("got a reply")
		}
		s.mustHaveExecuted(0)
	})
}

// blackHole returns an address that neither accepts nor refuses: the queue of its listener is full.
func blackHole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	inet, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatalf("got a %T", name)
	}
	address := fmt.Sprintf("127.0.0.1:%d", inet.Port)
	for range 16 {
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Fatal("the listener's queue does not fill")
	return ""
}

func TestCancelledAfterTheRequest(t *testing.T) {
	why := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(p *peer) { p.request(); cancel(why); p.wait() })
	_, err := try(client(t, s.url()), ctx, message("<a/>"))
	if sendErr := mustFail(t, err, soap.Broken); !errors.Is(sendErr, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.mustHaveExecuted(1)
}

func TestConnectionIsUsedAgain(t *testing.T) {
	replies := map[string]string{
		"length":       replyOf(200, "<ok/>"),
		"empty":        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"no content":   "HTTP/1.1 204 None\r\n\r\n",
		"chunked":      chunked("<ok/>") + lastChunk,
		"gzip":         coded("gzip", zip("<ok/>")),
		"gzip of none": coded("gzip", ""),
		"fault":        replyOf(500, "<fault/>"),
		"redirect":     "HTTP/1.1 307 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
		"after 100":    "HTTP/1.1 100 Continue\r\n\r\n" + replyOf(200, "<ok/>"),
		"full":         replyOf(200, strings.Repeat("x", 64<<10)),
		"long head":    "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 8<<10) + "\r\n" + strings.TrimPrefix(replyOf(200, "<ok/>"), "HTTP/1.1 200 Any\r\n"),
	}
	for name, bytes := range replies {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(p *peer) {
				for {
					if req, _ := p.request(); req == nil {
						return
					}
					p.say(bytes)
				}
			})
			c := client(t, s.url())
			for range 5 {
				if _, err := try(c, t.Context(), message("<a/>")); err != nil {
					t.Fatal(err)
				}
			}
			idle, busy := c.Connections()
			if got := s.conns.Load(); got != 1 || idle != 1 || busy != 0 {
				t.Errorf("got %d connections, want 1; the client has %d idle and %d busy ones", got, idle, busy)
			}
			s.mustHaveExecuted(5)
		})
	}
}

// TestReplyBeforeTheRequest: a server may refuse a request that it has not read. That is its reply.
func TestReplyBeforeTheRequest(t *testing.T) {
	s := serve(t, func(p *peer) {
		_, _ = p.Peek(1)
		p.say(replyOf(413, "too large"))
		<-t.Context().Done()
	})
	m := message(strings.Repeat("x", 32<<20))
	reply, err := try(client(t, s.url()), t.Context(), m)
	mustReply(t, reply, err, 413, "too large")
	clear(m.Envelope) // which the race detector would notice if it was still read
}

func TestErrorsRepeatNothingOfTheReply(t *testing.T) {
	const secret = "4111-PLANTED"
	for _, bytes := range []string{
		secret + "\r\n\r\n",
		"HTTP/1.1 " + secret + " OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: " + secret + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx" + secret + "\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + secret + "\r\n\r\n",
	} {
		s := serve(t, func(p *peer) { p.request(); p.say(bytes); p.finish() })
		_, err := try(client(t, s.url()), t.Context(), message("<a/>"))
		sendErr := mustFail(t, err, soap.Broken)
		if strings.Contains(sendErr.Error(), "PLANTED") {
			t.Errorf("the error repeats the reply %q: %v", bytes, sendErr)
		}
	}
}
