package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/soap"
)

// TestBytesOnTheWire compares whole requests. {host} is replaced by the server's address.
func TestBytesOnTheWire(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		config func(*Config)
		m      soap.Message
		want   string
	}{
		{
			name:   "SOAP 1.1",
			path:   "/webservices/CustomerCareService.asmx",
			config: func(*Config) {},
			m:      soap.Message{Version: soap.V11, Action: "http://ws.southernco.com/CustSvc-iHub/CreateCallLog", Envelope: []byte("<a>ü</a>")},
			want: "POST /webservices/CustomerCareService.asmx HTTP/1.1\r\n" +
				"Host: {host}\r\n" +
				"User-Agent: soapbridge\r\n" +
				"Content-Length: 9\r\n" +
				"Accept: text/xml, multipart/related, */*;q=0.1\r\n" +
				"Content-Type: text/xml; charset=utf-8\r\n" +
				"SOAPAction: \"http://ws.southernco.com/CustSvc-iHub/CreateCallLog\"\r\n" +
				"\r\n<a>ü</a>",
		},
		{
			name: "SOAP 1.1 without action, with a query, authentication, a version and a connection of its own",
			path: "/ws/dise3g/services/ServicesPort?a=b%20c&d",
			config: func(cfg *Config) {
				cfg.BasicUsername, cfg.BasicPassword = "Aladdin", "open sesame" // RFC 7617 section 2
				cfg.UserAgent, cfg.NoKeepAlive = "soapbridge/1.2.3", true
			},
			m: soap.Message{Version: soap.V11, Envelope: []byte("<a/>")},
			want: "POST /ws/dise3g/services/ServicesPort?a=b%20c&d HTTP/1.1\r\n" +
				"Host: {host}\r\n" +
				"User-Agent: soapbridge/1.2.3\r\n" +
				"Connection: close\r\n" +
				"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" +
				"Content-Length: 4\r\n" +
				"Accept: text/xml, multipart/related, */*;q=0.1\r\n" +
				"Content-Type: text/xml; charset=utf-8\r\n" +
				"SOAPAction: \"\"\r\n" +
				"\r\n<a/>",
		},
		{
			name:   "SOAP 1.2",
			path:   "",
			config: func(*Config) {},
			m:      soap.Message{Version: soap.V12, Action: "urn:act", Envelope: []byte("<a/>")},
			want: "POST / HTTP/1.1\r\n" +
				"Host: {host}\r\n" +
				"User-Agent: soapbridge\r\n" +
				"Content-Length: 4\r\n" +
				"Accept: application/soap+xml, text/xml, multipart/related, */*;q=0.1\r\n" +
				"Content-Type: application/soap+xml; charset=utf-8; action=\"urn:act\"\r\n" +
				"\r\n<a/>",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := make(chan string, 1)
			l := listen(t)
			want := strings.ReplaceAll(test.want, "{host}", l.Addr().String())
			s := serveOn(t, l, func(p *peer) {
				b := make([]byte, len(want))
				_, _ = io.ReadFull(p, b)
				p.say(replyOf(200, ""))
				rest, _ := io.ReadAll(p)
				got <- string(b) + string(rest)
			})
			c := client(t, "http://"+s.Addr().String()+test.path, test.config)
			reply, err := try(c, t.Context(), test.m)
			mustReply(t, reply, err, 200, "")
			c.Close()
			if got := <-got; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestDescribeIsWhatIsSent holds the description of a request against the bytes that a server got. Nothing is sent for a description.
func TestDescribeIsWhatIsSent(t *testing.T) {
	basic := func(cfg *Config) { cfg.BasicUsername, cfg.BasicPassword = "Aladdin", "open sesame" }
	for _, test := range []struct {
		name        string
		path, shown string // of the URL
		config      func(*Config)
		m           soap.Message
	}{
		{"SOAP 1.1", "/a", "/a", func(*Config) {}, soap.Message{Version: soap.V11, Action: "urn:act", Envelope: []byte("<a>ü</a>")}},
		{"SOAP 1.1 without action", "", "", basic, soap.Message{Version: soap.V11, Envelope: []byte("<a/>")}},
		{"SOAP 1.2", "/a%20b/", "/a%20b/", func(*Config) {}, soap.Message{Version: soap.V12, Action: "urn:act", Envelope: []byte("<a/>")}},
		{"a secret in the query", "/?key=sesame&x", "/?***", basic, soap.Message{Version: soap.V12, Envelope: []byte("<a/>")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := make(chan string, 1)
			s := serve(t, func(p *peer) {
				head := ""
				for line := ""; line != "\r\n"; head += line {
					var err error
					if line, err = p.ReadString('\n'); err != nil {
						got <- err.Error()
						return
					}
				}
				_, _ = io.CopyN(io.Discard, p, int64(len(test.m.Envelope)))
				p.say(replyOf(200, ""))
				got <- head
			})
			c := client(t, s.url()+test.path, test.config)
			endpoint, described := c.Describe(test.m)
			if s.conns.Load() != 0 {
				t.Error("a description made a connection")
			}
			if want := s.url() + test.shown; endpoint != want {
				t.Errorf("the URL is %s, want %s", endpoint, want)
			}
			reply, err := try(c, t.Context(), test.m)
			mustReply(t, reply, err, 200, "")
			want := headersIn(<-got)
			if sent := want["Authorization"]; len(sent) == 1 {
				want["Authorization"] = []string{"Basic ***"}
			}
			if diff := cmp.Diff(want, described); diff != "" {
				t.Errorf("(-sent +described)\n%s", diff)
			}
			if shown := fmt.Sprint(endpoint, described); strings.Contains(shown, "sesame") || strings.Contains(shown, "QWxhZGRpbjpvcGVuIHNlc2FtZQ") {
				t.Errorf("a secret is shown: %s", shown)
			}
		})
	}
}

// headersIn reads the lines behind the request line, their names as they are spelled.
func headersIn(head string) http.Header {
	headers := http.Header{}
	for _, line := range strings.Split(strings.TrimSpace(head), "\r\n")[1:] {
		name, value, _ := strings.Cut(line, ": ")
		headers[name] = append(headers[name], value)
	}
	return headers
}

// TestUsualRequestLeavesInOneWrite keeps header and body in one packet, and one TLS record.
func TestUsualRequestLeavesInOneWrite(t *testing.T) {
	s := serve(t, echo)
	c := client(t, s.url())
	var writes atomic.Int64
	c.dialer.tcp = dialWith(func(raw net.Conn) net.Conn {
		return &tamperedWrites{Conn: raw, tamper: func([]byte) (int, error) { writes.Add(1); return pass, nil }}
	})
	envelope := strings.Repeat("x", 8<<10)
	reply, err := try(c, t.Context(), message(envelope))
	mustReply(t, reply, err, 200, envelope)
	if got := writes.Load(); got != 1 {
		t.Errorf("got %d writes", got)
	}
}

func TestEnvironmentProxyIsIgnored(t *testing.T) {
	u, err := url.Parse("https://soap.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err != nil || proxy == nil {
		t.Fatalf("the environment sets no proxy: %v, %v", proxy, err)
	}
	for endpoint, want := range map[string]string{
		"http://soap.example.com/":       "soap.example.com:80",
		"https://soap.example.com/":      "soap.example.com:443",
		"https://soap.example.com:8443/": "soap.example.com:8443",
		"http://[2001:db8::1]/":          "[2001:db8::1]:80",
	} {
		c := client(t, endpoint)
		errSeen := errors.New("seen")
		var dialled []string
		c.dialer.tcp = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, errSeen
		}
		_, err := try(c, t.Context(), message("<a/>"))
		for _, err := range []error{err, c.Check(t.Context())} {
			if sendErr := mustFail(t, err, soap.Unreachable); !errors.Is(sendErr, errSeen) {
				t.Fatalf("got %v", err)
			}
		}
		if diff := cmp.Diff([]string{want, want}, dialled); diff != "" {
			t.Error(diff)
		}
	}
}

// dialWith makes real connections and wraps them.
func dialWith(wrap func(net.Conn) net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wrap(raw), nil
	}
}

// tamperedWrites asks before each write: pass lets the write through, any other number is how many bytes of it are
// written before it fails with the error.
type tamperedWrites struct {
	net.Conn
	tamper func(p []byte) (int, error)
}

const pass = -1

func (c *tamperedWrites) Write(p []byte) (int, error) {
	n, fail := c.tamper(p)
	if n == pass {
		return c.Conn.Write(p)
	}
	if n > 0 {
		if n, err := c.Conn.Write(p[:n]); err != nil {
			return n, err
		}
	}
	return n, fail
}
