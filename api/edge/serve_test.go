package edge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/api/guard"
	"soapbridge/translate/soap"
)

// pipes is a listener inside the process: its connections obey the clock of a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial returns nil once the listener is closed.
func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours
	case <-p.closed:
		return nil
	}
}

// running is an API that is served over pipes.
type running struct {
	*pipes
	stop context.CancelFunc // what SIGTERM does
	done chan error         // what Serve returned
}

func serving(t *testing.T, upstream Upstream, drain time.Duration, change ...func(*Serving)) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{pipes: newPipes(), stop: stop, done: make(chan error, 1)}
	e := newEdge(t, upstream)
	context.AfterFunc(ctx, e.Stop)
	s := Serving{Listener: r.pipes, CallTimeout: 25 * time.Second, DrainTimeout: drain, Guard: e.guard}
	for _, c := range change {
		c(&s)
	}
	go func() { r.done <- Serve(ctx, s, e) }()
	return r
}

const noteHead = "POST " + notePath + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: " + goodKey + "\r\n"

func rawNote() string {
	return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", noteHead, len(noteBody), noteBody)
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// readAnswer reads one answer; its error is the connection's.
func readAnswer(conn net.Conn) (status int, body string, err error) {
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func TestSlowClientsAreGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		said   string
		after  time.Duration
		status int // 0: the connection is closed without an answer
	}{
		"says nothing":          {"", headerTimeout, 0},
		"stops in the headers":  {"POST /v1/test/notes HTTP/1.1\r\nHost: localhost\r\n", headerTimeout, 0},
		"stops before the body": {noteHead + "Content-Length: 100\r\n\r\n", bodyTimeout, http.StatusRequestTimeout},
		"stops inside the body": {noteHead + "Content-Length: 100\r\n\r\n{\"text\"", bodyTimeout, http.StatusRequestTimeout},
		"stops between chunks":  {noteHead + "Transfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n", bodyTimeout, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serving(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
					t.Error("something was sent")
					return success(), nil
				}), time.Minute)
				conn := r.dial()
				start := time.Now()
				write(t, conn, c.said)
				status, body, err := readAnswer(conn)
				if took := time.Since(start); took < c.after || took > c.after+time.Second {
					t.Errorf("it took %s, want %s", took, c.after)
				}
				if status != c.status || c.status == 0 && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("status %d, %v: %s", status, err, body)
				}
				if c.status != 0 && (!strings.Contains(body, `"code":"request-timeout"`) || !strings.Contains(body, `"outcome":"not_sent","retry":"safe"`)) {
					t.Errorf("the answer is %s", body)
				}
				if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
					t.Errorf("the connection is kept, although the rest of a body may come: %d, %v", n, err)
				}
				_ = conn.Close()
				r.stop()
				if err := <-r.done; err != nil {
					t.Errorf("Serve: %v", err)
				}
			})
		})
	}
}

// A request that is refused unread is answered soon, and its connection ends with the answer: net/http reads what is left of a body first, so
// that another request can follow it. The connection is kept where the whole body is there already.
func TestUnreadBody(t *testing.T) {
	const media = "Content-Type: text/plain\r\n"
	for name, c := range map[string]struct {
		line, head string
		status     int
	}{
		"wrong media type": {"POST " + notePath, media, http.StatusUnsupportedMediaType},
		"unknown path":     {"POST /nothing", media, http.StatusNotFound},
		"wrong method":     {"PUT " + notePath, media, http.StatusMethodNotAllowed},
		"body of a GET":    {"GET /healthz", "", http.StatusOK},
		"foreign host":     {"POST " + notePath, "Host: evil.example\r\n", http.StatusMisdirectedRequest},
		"body of a page":   {"GET /docs", "", http.StatusOK},
	} {
		if !strings.Contains(c.head, "Host:") {
			c.head += "Host: localhost\r\n"
		}
		for coding, body := range map[string]string{
			"Content-Length: 20000":      strings.Repeat("x", 20_000),
			"Transfer-Encoding: chunked": strings.Repeat("1\r\nx\r\n", 300) + "0\r\n\r\n",
		} {
			head := c.line + " HTTP/1.1\r\n" + c.head + coding + "\r\n\r\n"
			t.Run(name+", "+coding+", dripping", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := serving(t, answering(success()), time.Minute)
					conn := r.dial()
					start := time.Now()
					write(t, conn, head)
					go func() {
						for piece := range strings.SplitSeq(body, "") {
							time.Sleep(time.Second / 10)
							if _, err := io.WriteString(conn, piece); err != nil {
								return
							}
						}
					}()
					reader := bufio.NewReader(conn)
					resp, err := http.ReadResponse(reader, nil)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != c.status || !resp.Close {
						t.Errorf("%s, Connection: close is %t, %v", resp.Status, resp.Close, err)
					}
					if _, err := reader.ReadByte(); !errors.Is(err, io.EOF) || time.Since(start) > 5*time.Second {
						t.Errorf("after %s: %v", time.Since(start), err)
					}
					_ = conn.Close()
					r.stop()
					<-r.done
				})
			})
			t.Run(name+", "+coding+", there", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := serving(t, answering(success()), time.Minute)
					conn := r.dial()
					reader := bufio.NewReader(conn)
					for range 2 {
						go func() { _, _ = io.WriteString(conn, head+body) }()
						resp, err := http.ReadResponse(reader, nil)
						if err != nil {
							t.Fatal(err)
						}
						if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != c.status || resp.Close {
							t.Errorf("%s, Connection: close is %t, %v", resp.Status, resp.Close, err)
						}
					}
					_ = conn.Close()
					r.stop()
					<-r.done
				})
			})
		}
	}
}

// A length over the limit is refused as soon as it is declared, without 100 Continue, so that the client need not send the body.
func TestDeclaredLengthOverTheLimit(t *testing.T) {
	for name, c := range map[string]struct{ length, expect string }{
		"a little over, with Expect": {"1025", "Expect: 100-continue\r\n"},
		"far over, with Expect":      {"1099511627776", "Expect: 100-continue\r\n"},
		"a little over":              {"1025", ""},
		"far over":                   {"1099511627776", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serving(t, answering(success()), time.Minute)
				conn := r.dial()
				start := time.Now()
				write(t, conn, noteHead+c.expect+"Content-Length: "+c.length+"\r\n\r\n")
				reader := bufio.NewReader(conn)
				resp, err := http.ReadResponse(reader, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close || !strings.Contains(string(body), `"maxBytes":1024`) || time.Since(start) > 0 {
					t.Errorf("after %s: %s, Connection: close is %v, %v: %s", time.Since(start), resp.Status, resp.Close, err, body)
				}
				_ = conn.Close()
				r.stop()
				<-r.done
			})
		})
	}
}

// A body within the limit is asked for, and its connection kept.
func TestBodyThatIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serving(t, answering(success()), time.Minute)
		conn := r.dial()
		reader := bufio.NewReader(conn)
		write(t, conn, fmt.Sprintf("%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", noteHead, len(noteBody)))
		for _, status := range []int{http.StatusContinue, http.StatusCreated, http.StatusCreated} {
			resp, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != status || resp.Close {
				t.Errorf("%s, want %d; Connection: close is %v, %v", resp.Status, status, resp.Close, err)
			}
			if status == http.StatusContinue {
				write(t, conn, noteBody+rawNote())
			}
		}
		_ = conn.Close()
		r.stop()
		<-r.done
	})
}

// A body that comes in pieces is read as long as it comes in time.
func TestSlowBodyThatComesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serving(t, answering(success()), time.Minute)
		conn := r.dial()
		head, body, _ := strings.Cut(rawNote(), "\r\n\r\n")
		write(t, conn, head+"\r\n\r\n")
		for _, piece := range strings.SplitAfter(body, "\"") {
			time.Sleep(3 * time.Second)
			write(t, conn, piece)
		}
		if status, body, err := readAnswer(conn); err != nil || status != http.StatusCreated {
			t.Errorf("status %d, %v: %s", status, err, body)
		}
		_ = conn.Close()
		r.stop()
		<-r.done
	})
}

func TestUnusedConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serving(t, answering(success()), time.Minute)
		conn := r.dial()
		write(t, conn, rawNote())
		if status, body, err := readAnswer(conn); err != nil || status != http.StatusCreated {
			t.Errorf("status %d, %v: %s", status, err, body)
		}
		start := time.Now()
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("read: %v", err)
		}
		if took := time.Since(start); took < idleTimeout || took > idleTimeout+time.Second {
			t.Errorf("closed after %s, want %s", took, idleTimeout)
		}
		r.stop()
		<-r.done
	})
}

// The answer to the slowest allowed call is still written: the server's own limit must not cut it off.
func TestTheSlowestCallIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serving(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
			time.Sleep(25 * time.Second)
			return success(), nil
		}), time.Minute)
		conn := r.dial()
		raw := rawNote()
		write(t, conn, raw[:len(raw)-1])
		time.Sleep(bodyTimeout - time.Second)
		write(t, conn, raw[len(raw)-1:])
		if status, body, err := readAnswer(conn); err != nil || status != http.StatusCreated {
			t.Errorf("status %d, %v: %s", status, err, body)
		}
		_ = conn.Close()
		r.stop()
		<-r.done
	})
}

// A caller who does not read the answer is given up, and so is one who asks for more meanwhile.
func TestAnswersThatAreNotRead(t *testing.T) {
	const page = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, c := range map[string]struct {
		first, more string
		within      time.Duration
	}{
		"of a call":       {rawNote(), "", headerTimeout + bodyTimeout + 25*time.Second + headerTimeout},
		"of many calls":   {rawNote(), strings.Repeat(rawNote(), 10), headerTimeout + bodyTimeout + 25*time.Second + headerTimeout},
		"of a document":   {page, "", readingTimeout},
		"of many of them": {page, strings.Repeat(page, 10), readingTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serving(t, answering(success()), time.Minute)
				conn := r.dial()
				write(t, conn, c.first)
				go func() { _, _ = io.WriteString(conn, c.more) }() // until the connection is closed
				time.Sleep(c.within + time.Second)
				if _, _, err := readAnswer(conn); err == nil {
					t.Error("the answer was kept")
				}
				r.stop()
				if err := <-r.done; err != nil {
					t.Errorf("Serve: %v", err)
				}
			})
		})
	}
}

// Readiness turns first; then the listener closes; then the calls in flight end.
func TestStopIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callTakes, drain = 20 * time.Second, 40 * time.Second
		r := serving(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
			time.Sleep(callTakes)
			return success(), nil
		}), drain)
		busy, idle := r.dial(), r.dial()
		write(t, busy, rawNote())
		write(t, idle, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if status, _, err := readAnswer(idle); err != nil || status != http.StatusOK {
			t.Fatalf("readiness before the stop: status %d, %v", status, err)
		}
		start := time.Now()
		r.stop()
		synctest.Wait()

		for name, conn := range map[string]net.Conn{"a new connection": r.dial(), "a kept one": idle} {
			write(t, conn, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("readiness over %s: %v", name, err)
			}
			if resp.StatusCode != http.StatusServiceUnavailable || !resp.Close {
				t.Errorf("readiness over %s: %s, Connection: close is %v", name, resp.Status, resp.Close)
			}
		}
		late := r.dial() // from a client that has not noticed yet
		write(t, late, strings.Replace(rawNote(), goodKey, "another-"+goodKey, 1))
		time.Sleep(drain/noticePart + time.Second)
		if conn := r.dial(); conn != nil {
			t.Error("a new connection was accepted after the notice")
		}
		select {
		case err := <-r.done:
			t.Fatalf("Serve ended with calls in flight: %v", err)
		default:
		}
		for name, conn := range map[string]net.Conn{"before the stop": busy, "during the notice": late} {
			if status, body, err := readAnswer(conn); err != nil || status != http.StatusCreated {
				t.Errorf("the call begun %s: status %d, %v: %s", name, status, err, body)
			}
		}
		if err := <-r.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if took := time.Since(start); took < callTakes || took > callTakes+2*time.Second {
			t.Errorf("the stop took %s", took)
		}
	})
}

func TestStopGivesUpAfterTheDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := serving(t, upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
			<-release
			return success(), nil
		}), 7*time.Second)
		conn := r.dial()
		write(t, conn, rawNote())
		synctest.Wait()
		start := time.Now()
		r.stop()
		err := <-r.done
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("Serve: %v", err)
		}
		if took := time.Since(start); took < 7*time.Second || took > 8*time.Second {
			t.Errorf("the stop took %s", took)
		}
		if _, _, err := readAnswer(conn); err == nil {
			t.Error("the call was answered")
		}
		close(release)
	})
}

func TestBrokenListenerEndsServe(t *testing.T) {
	broken := newPipes()
	_ = broken.Close()
	err := Serve(t.Context(), Serving{Listener: broken, Guard: &guard.Guard{Log: slog.New(slog.DiscardHandler)}}, http.NotFoundHandler())
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
}
