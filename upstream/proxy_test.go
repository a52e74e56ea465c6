package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/soap"
)

const (
	established = "HTTP/1.1 200 Connection established\r\n\r\n"
	// credentials are those of through.
	credentials = "Proxy-Authorization: Basic dXNlcjpQTEFOVEVE\r\n"
)

// through has a client use a proxy.
func through(proxy net.Listener) func(*Config) {
	return func(cfg *Config) {
		cfg.ProxyAddress, cfg.ProxyUsername, cfg.ProxyPassword = proxy.Addr().String(), "user", "PLANTED"
	}
}

// connectHead reads what a client asks a proxy.
func connectHead(p *peer) (head string) {
	for {
		line, err := p.ReadString('\n')
		head += line
		if err != nil || line == "\r\n" {
			return head
		}
	}
}

// relay is a proxy that leads to one server, whichever address it is asked for.
type relay struct {
	*server
	mu    sync.Mutex
	heads []string
}

func serveRelay(t *testing.T, to net.Listener, answer string) *relay {
	t.Helper()
	r := new(relay)
	r.server = serve(t, func(p *peer) {
		head := connectHead(p)
		r.mu.Lock()
		r.heads = append(r.heads, head)
		r.mu.Unlock()
		far, err := net.Dial("tcp", to.Addr().String())
		if err != nil {
			p.say("HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		p.say(answer)
		var back sync.WaitGroup
		back.Go(func() {
			_, _ = io.Copy(p.Conn, far)
			_ = p.Close()
		})
		_, _ = io.Copy(far, p)
		_ = far.Close()
		back.Wait()
	})
	return r
}

// asked returns the different heads up to now.
func (r *relay) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Compact(slices.Clone(r.heads))
}

// mustEnd waits until the client has closed all its connections.
func (s *server) mustEnd() {
	s.t.Helper()
	for end := time.Now().Add(patience); s.ended.Load() < s.conns.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%d of %d connections ended", s.ended.Load(), s.conns.Load())
		}
	}
}

// TestProxy reaches services of both kinds by the name that only the proxy knows, and checks them.
func TestProxy(t *testing.T) {
	ca := newAuthority(t)
	var mu sync.Mutex
	var received []string
	listening := func(p *peer) {
		for req, body := p.request(); req != nil; req, body = p.request() {
			mu.Lock()
			received = append(received, req.Host)
			for name := range req.Header {
				if strings.HasPrefix(name, "Proxy-") {
					t.Errorf("the service received %s", name)
				}
			}
			mu.Unlock()
			p.say(replyOf(200, string(body)))
		}
	}
	secured := func() *server {
		return serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.pair(time.Now().Add(time.Hour))}}, listening)
	}
	plain := func() *server { return serve(t, listening) }
	for name, test := range map[string]struct {
		url, host, target string
		server            *server
		answer            string
		checks            int64 // connections of one check
	}{
		"http":                         {"http://soap.invalid/a", "soap.invalid", "soap.invalid:80", plain(), established, 2},
		"http with a port":             {"http://soap.invalid:81/a", "soap.invalid:81", "soap.invalid:81", plain(), established, 2},
		"https":                        {"https://127.0.0.1/a", "127.0.0.1", "127.0.0.1:443", secured(), established, 1},
		"an HTTP/1.0 proxy":            {"http://soap.invalid/a", "soap.invalid", "soap.invalid:80", plain(), "HTTP/1.0 200 OK\r\nProxy-Agent: Any\r\n\r\n", 2},
		"an answer of length 0":        {"http://[2001:db8::1]/a", "[2001:db8::1]", "[2001:db8::1]:80", plain(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 2},
		"another success":              {"http://soap.invalid/a", "soap.invalid", "soap.invalid:80", plain(), "HTTP/1.1 204 None\r\n\r\n", 2},
		"an answer after interim ones": {"https://127.0.0.1/a", "127.0.0.1", "127.0.0.1:443", secured(), strings.Repeat("HTTP/1.1 103 Hints\r\n\r\n", maxInterim) + established, 1},
	} {
		t.Run(name, func(t *testing.T) {
			received = nil
			proxy := serveRelay(t, test.server, test.answer)
			c := client(t, test.url, through(proxy), func(cfg *Config) {
				if strings.HasPrefix(test.url, "https") {
					cfg.TLSCA = ca.pem
				}
			})
			if err := c.Check(t.Context()); err != nil {
				t.Errorf("the check says %v", err)
			}
			for _, id := range []string{"1", "2"} {
				reply, err := try(c, t.Context(), message(id))
				mustReply(t, reply, err, 200, id)
			}
			if got := proxy.conns.Load(); got != test.checks+1 {
				t.Errorf("got %d connections, want one besides those of the check", got)
			}
			c.Close()
			proxy.mustEnd()
			test.server.mustHaveExecuted(2)
			want := []string{"CONNECT " + test.target + " HTTP/1.1\r\nHost: " + test.target + "\r\n" + credentials + "\r\n"}
			if diff := cmp.Diff(want, proxy.asked()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{test.host, test.host}, received); diff != "" {
				t.Error(diff)
			}
			if endpoint, headers := c.Describe(message("1")); endpoint != test.url || headers.Get("Host") != test.host || headers.Get("Proxy-Authorization") != "" {
				t.Errorf("described as %s with %v", endpoint, headers)
			}
		})
	}
}

func TestProxyWithoutCredentials(t *testing.T) {
	s := serve(t, echo)
	proxy := serveRelay(t, s, established)
	c := client(t, s.url(), func(cfg *Config) { cfg.ProxyAddress = proxy.Addr().String() })
	reply, err := try(c, t.Context(), message("1"))
	mustReply(t, reply, err, 200, "1")
	address := s.Addr().String()
	if diff := cmp.Diff([]string{"CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n"}, proxy.asked()); diff != "" {
		t.Error(diff)
	}
}

// TestProxyMakesNoTunnel: whatever a proxy answers, nothing was sent, and its words are not repeated.
func TestProxyMakesNoTunnel(t *testing.T) {
	says := func(bytes string) func(*peer) {
		return func(p *peer) { connectHead(p); p.say(bytes); p.wait() }
	}
	const notHTTP = "proxy: the reply is not valid HTTP/1.1, or its head exceeds 65536 bytes"
	const notFinal = "proxy: the reply has a status below 200, and no other followed"
	const noTunnel = "proxy: its answer to CONNECT has a body, or bytes after it"
	for name, test := range map[string]struct {
		handle func(*peer)
		want   string // the error's text, or its end
	}{
		"407":                             {says("HTTP/1.1 407 PLANTED\r\nProxy-Authenticate: Basic realm=PLANTED\r\nContent-Length: 7\r\n\r\nPLANTED"), "proxy 407 Proxy Authentication Required"},
		"403":                             {says("HTTP/1.1 403 No\r\n\r\n"), "proxy 403 Forbidden"},
		"502":                             {says("HTTP/1.1 502 No\r\nContent-Length: 9\r\n\r\n"), "proxy 502 Bad Gateway"},
		"302":                             {says("HTTP/1.1 302 Go\r\nLocation: http://PLANTED/\r\n\r\n"), "proxy 302 Found"},
		"a status that is not registered": {says("HTTP/1.1 599 PLANTED\r\n\r\n"), "proxy 599 Unknown"},

		"101":                      {says("HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), notFinal},
		"interim answers alone":    {says(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1)), notFinal},
		"no HTTP":                  {says("PLANTED\r\n\r\n"), notHTTP},
		"no status":                {says("HTTP/1.1 PLANTED\r\n\r\n"), notHTTP},
		"HTTP/2":                   {says("HTTP/2.0 200 OK\r\n\r\n"), notHTTP},
		"a malformed header":       {says("HTTP/1.1 200 OK\r\nPLANTED\r\n\r\n"), notHTTP},
		"a malformed length":       {says("HTTP/1.1 200 OK\r\nContent-Length: PLANTED\r\n\r\n"), notHTTP},
		"a header over the limit":  {says("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 2*maxHeader) + "\r\n\r\n"), notHTTP},
		"an interim answer's head": {says("HTTP/1.1 103 Hints\r\nA: " + strings.Repeat("a", maxHeader) + "\r\n\r\n" + established), notHTTP},
		"a header without end": {func(p *peer) {
			connectHead(p)
			p.say("HTTP/1.1 200 OK\r\n")
			for err := error(nil); err == nil; {
				_, err = io.WriteString(p.Conn, "A: "+strings.Repeat("a", 1000)+"\r\n")
			}
		}, notHTTP},

		"bytes after the head":      {says(established + replyOf(200, "PLANTED")), noTunnel},
		"a body":                    {says("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nPLANTED"), noTunnel},
		"a body yet to come":        {says("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), noTunnel},
		"chunks yet to come":        {says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), noTunnel},
		"bytes before it was asked": {func(p *peer) { p.say("220 PLANTED\r\n"); p.wait() }, notHTTP},

		"a close":               {func(p *peer) { connectHead(p) }, "proxy: unexpected EOF"},
		"half a status line":    {func(p *peer) { connectHead(p); p.say("HTTP/1.1 20"); p.finish() }, "proxy: unexpected EOF"},
		"half a head":           {func(p *peer) { connectHead(p); p.say("HTTP/1.1 200 OK\r\nA: b\r\n"); p.finish() }, "proxy: unexpected EOF"},
		"a reset":               {func(p *peer) { connectHead(p); p.reset() }, "connection reset by peer"},
		"silence":               {(*peer).wait, "proxy: context deadline exceeded"},
		"silence after a while": {says("HTTP/1.1 200 OK\r\nA"), "proxy: context deadline exceeded"},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+", "+scheme, func(t *testing.T) {
				proxy := serve(t, test.handle)
				c := client(t, scheme+"://soap.invalid/", through(proxy), func(cfg *Config) {
					if strings.HasSuffix(test.want, "exceeded") {
						cfg.DialTimeout = 50 * time.Millisecond
					}
				})
				_, err := try(c, t.Context(), message("<a/>"))
				for _, err := range []error{err, c.Check(t.Context())} {
					got := mustFail(t, err, soap.Unreachable).Err
					switch text := got.Error(); {
					case strings.Contains(text, "plain HTTP"):
						t.Errorf("explains the proxy as the upstream: %s", text)
					case strings.Contains(text, "PLANTED") || strings.Contains(text, "dXNlcjpQTEFOVEVE"):
						t.Errorf("repeats the proxy's words: %s", text)
					case !strings.HasPrefix(text, "proxy") || !strings.HasSuffix(text, test.want):
						t.Errorf("got %q, want %q", text, test.want)
					}
				}
				if got := proxy.conns.Load(); got != 2 {
					t.Errorf("got %d connections, want one for the call and one for the check", got)
				}
				proxy.mustEnd()
			})
		}
	}
}

func TestProxyIsUnreachable(t *testing.T) {
	closed := listen(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for address, isExpected := range map[string]func(error) bool{
		closed.Addr().String(): func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
		blackHole(t):           isTimeout,
		"proxy.invalid:80":     func(err error) bool { return errors.As(err, new(*net.DNSError)) },
	} {
		c := client(t, "https://soap.invalid/", func(cfg *Config) { cfg.ProxyAddress, cfg.DialTimeout = address, 200*time.Millisecond })
		_, err := try(c, t.Context(), message("<a/>"))
		for _, err := range []error{err, c.Check(t.Context())} {
			got := mustFail(t, err, soap.Unreachable).Err
			if !isExpected(got) || !strings.HasPrefix(got.Error(), "proxy: ") || strings.Contains(got.Error(), "plain HTTP") {
				t.Errorf("%s: got %v", address, got)
			}
		}
	}
}

func TestCancelledDuringConnect(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	proxy := serve(t, func(p *peer) { connectHead(p); cancel(); p.wait() })
	_, err := try(client(t, "http://soap.invalid/", through(proxy)), ctx, message("<a/>"))
	if sendErr := mustFail(t, err, soap.Unreachable); sendErr.Err.Error() != "proxy: context canceled" {
		t.Errorf("got %v", err)
	}
	proxy.mustEnd()
}

// TestTunnelHasNoDeadline: that of the dial does not end what goes through the tunnel.
func TestTunnelHasNoDeadline(t *testing.T) {
	s := serve(t, echo)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	p := proxy{address: serveRelay(t, s, established).Addr().String()}
	raw, err := p.dial(ctx, "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	<-ctx.Done()
	if _, err := io.WriteString(raw, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"); err != nil {
		t.Error(err)
	}
	if n, err := raw.Read(make([]byte, 1)); n != 1 {
		t.Error(err)
	}
}

// TestSendBoundaryInATunnel: the bytes of CONNECT are not those of a message.
func TestSendBoundaryInATunnel(t *testing.T) {
	t.Run("nothing was taken", func(t *testing.T) {
		s := serve(t, echo)
		c := client(t, s.url(), through(serveRelay(t, s, established)))
		tunnel := c.dialer.tcp
		c.dialer.tcp = func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := tunnel(ctx, network, address)
			return &tamperedWrites{Conn: raw, tamper: func([]byte) (int, error) { return 0, net.ErrClosed }}, err
		}
		_, err := try(c, t.Context(), message("1"))
		mustFail(t, err, soap.Unreachable)
		s.mustHaveExecuted(0)
	})
	t.Run("cut after the request", func(t *testing.T) {
		s := serve(t, func(p *peer) { p.request() })
		c := client(t, s.url(), through(serveRelay(t, s, established)))
		_, err := try(c, t.Context(), message("1"))
		mustFail(t, err, soap.Broken)
		s.mustHaveExecuted(1)
	})
	t.Run("ended while it was idle", func(t *testing.T) {
		s := serve(t, func(p *peer) { _, body := p.request(); p.say(replyOf(200, string(body))) })
		proxy := serveRelay(t, s, established)
		c := client(t, s.url(), through(proxy))
		for _, id := range []string{"1", "2"} {
			reply, err := try(c, t.Context(), message(id))
			mustReply(t, reply, err, 200, id)
			proxy.mustEnd()
		}
		s.mustHaveExecuted(2)
	})
}
