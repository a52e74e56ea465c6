package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soapbridge/translate/soap"
)

// deaf is the client's side of a connection, which reads nothing more once it is deaf.
type deaf struct {
	net.Conn

	since  atomic.Bool
	once   sync.Once
	closed chan struct{}
}

func (d *deaf) Read(b []byte) (int, error) {
	n, err := d.Conn.Read(b)
	if d.since.Load() {
		<-d.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (d *deaf) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.Conn.Close()
}

// overHTTP2 serves an API over TLS to a client that has one connection, and speaks HTTP/2 over it.
func overHTTP2(t *testing.T, upstream Upstream, test func(t *testing.T, client *http.Client, conn *deaf)) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	server.Close() // only its certificate is needed
	synctest.Test(t, func(t *testing.T) {
		r := serving(t, upstream, time.Minute, func(s *Serving) {
			s.TLS = &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12}
		})
		below := &deaf{Conn: r.dial(), closed: make(chan struct{})}
		transport := &http.Transport{
			ForceAttemptHTTP2: true, MaxConnsPerHost: 1,
			HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 10},
			DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				conn := tls.Client(below, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
				return conn, conn.HandshakeContext(ctx)
			},
		}
		test(t, &http.Client{Transport: transport}, below)
		transport.CloseIdleConnections()
		r.stop()
		if err := <-r.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

func ask(t *testing.T, client *http.Client, method, path string, body io.Reader) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, "https://localhost"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, keyHeader: {goodKey}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if resp.ProtoMajor != 2 {
		t.Errorf("%s %s: the protocol is %s", method, path, resp.Proto)
	}
	return resp
}

// alive checks that a connection still carries requests.
func alive(t *testing.T, client *http.Client) {
	t.Helper()
	resp := ask(t, client, http.MethodGet, "/livez", nil)
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s, %v: %s", resp.Status, err, text)
	}
}

// The deadlines of a body are those of its stream: one that drips ends alone, and one that has come does not end a call that takes longer.
func TestBodiesOverHTTP2(t *testing.T) {
	upstream := upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
		time.Sleep(bodyTimeout + time.Second)
		return success(), nil
	})
	overHTTP2(t, upstream, func(t *testing.T, client *http.Client, _ *deaf) {
		start := time.Now()
		body, drip := io.Pipe()
		go func() {
			for _, err := io.WriteString(drip, "{"); err == nil; _, err = io.WriteString(drip, " ") {
				time.Sleep(time.Second)
			}
		}()
		slow := make(chan *http.Response)
		go func() { slow <- ask(t, client, http.MethodPost, notePath, body) }()
		whole := ask(t, client, http.MethodPost, notePath, strings.NewReader(noteBody))
		if text, err := io.ReadAll(whole.Body); err != nil || whole.StatusCode != http.StatusCreated {
			t.Errorf("the long call: %s, %v: %s", whole.Status, err, text)
		}
		resp := <-slow
		if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusRequestTimeout || time.Since(start) > bodyTimeout+2*time.Second {
			t.Errorf("the slow body: after %s %s, %v: %s", time.Since(start), resp.Status, err, text)
		}
		_ = drip.Close()
		alive(t, client)
	})
}

// A stream whose answer is not read ends with its time, and its connection carries others meanwhile and afterwards.
func TestStreamThatIsNotRead(t *testing.T) {
	overHTTP2(t, answering(success()), func(t *testing.T, client *http.Client, _ *deaf) {
		unread := ask(t, client, http.MethodGet, "/openapi.json", nil)
		alive(t, client)
		time.Sleep(readingTimeout + time.Second)
		if _, err := io.Copy(io.Discard, unread.Body); err == nil {
			t.Error("the answer was kept")
		}
		_ = unread.Body.Close()
		alive(t, client)
	})
}

// A connection that takes nothing is closed soon, busy or idle: its client has gone without a word, or reads nothing on purpose.
func TestHTTP2ConnectionThatTakesNothing(t *testing.T) {
	for name, row := range map[string]struct {
		busy   bool
		within time.Duration
	}{"idle": {false, pingAfter + pingTimeout}, "busy": {true, headerTimeout}} {
		t.Run(name, func(t *testing.T) {
			overHTTP2(t, answering(success()), func(t *testing.T, client *http.Client, conn *deaf) {
				alive(t, client)
				synctest.Wait()
				conn.since.Store(true)
				if row.busy {
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					go func() {
						r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://localhost/openapi.json", nil)
						if resp, err := client.Do(r); err == nil {
							_ = resp.Body.Close()
							t.Error("there is an answer")
						}
					}()
				}
				time.Sleep(row.within + 6*time.Second) // 5 s of it are for the end of TLS, which is not taken either
				synctest.Wait()
				if _, err := conn.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, os.ErrClosed) {
					t.Errorf("the connection is still there: %v", err)
				}
				_ = conn.Close()
			})
		})
	}
}
