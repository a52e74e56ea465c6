package upstream

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// said is a connection over which a server has said something.
type said struct {
	net.Conn
	io.Reader
}

func (s said) Read(b []byte) (int, error) { return s.Reader.Read(b) }

// headOf reads a head, and what follows it.
func headOf(t *testing.T, from io.Reader) (h head, rest string) {
	t.Helper()
	below := &counter{Conn: said{Reader: from}}
	c := newConn(below, below)
	h, err := c.head()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(c.reader)
	if err != nil {
		t.Fatal(err)
	}
	return h, string(body)
}

// TestHeadInSegments: a head is judged when it is complete, however many segments it came in.
func TestHeadInSegments(t *testing.T) {
	const length, body = "Content-Length: 5\r\n", "<ok/>"
	const lure = "<ok/>\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" // not part of the head
	for name, test := range map[string]struct {
		head, body string
		want       rawHead
	}{
		"length":               {"HTTP/1.1 200 OK\r\n" + length + "\r\n", body, rawHead{}},
		"chunked":              {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\n<ok/>\r\n0\r\n\r\n", rawHead{}},
		"length and chunked":   {"HTTP/1.1 200 OK\r\n" + length + "transfer-encoding: chunked\r\n\r\n", "0\r\n\r\n", rawHead{ambiguous: true}},
		"announces the end":    {"HTTP/1.1 400 No\r\nConnection: close\r\n" + length + "\r\n", body, rawHead{announcesEnd: true}},
		"announces it in list": {"HTTP/1.1 400 No\r\nconnection: Keep-Alive, Close\r\n" + length + "\r\n", body, rawHead{announcesEnd: true}},
		"after interim ones":   {strings.Repeat("HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n", maxInterim) + "HTTP/1.1 200 OK\r\n" + length + "\r\n", body, rawHead{}},
		"lines that end in LF": {"HTTP/1.1 400 No\nConnection: close\n" + length + "\n", body, rawHead{announcesEnd: true}},
		"a lure in the body":   {"HTTP/1.1 200 OK\nContent-Length: 58\n\n", lure, rawHead{}},
		"longer than a buffer": {"HTTP/1.1 400 No\r\nA: " + strings.Repeat("a", 5000) + "\r\nConnection: close\r\n" + length + "\r\n", body, rawHead{announcesEnd: true}},
	} {
		t.Run(name, func(t *testing.T) {
			whole := test.head + test.body
			check := func(how string, at int, from io.Reader) {
				t.Helper()
				if h, rest := headOf(t, from); h.rawHead != test.want || rest != test.body {
					t.Errorf("%s %d: %+v before %q, want %+v", how, at, h.rawHead, rest, test.want)
				}
			}
			check("whole", 0, strings.NewReader(whole))
			check("bytes", len(whole), iotest.OneByteReader(strings.NewReader(whole)))
			for at := 1; at < len(whole); at++ {
				check("split at", at, io.MultiReader(strings.NewReader(whole[:at]), strings.NewReader(whole[at:])))
			}
		})
	}
}
