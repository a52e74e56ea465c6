package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// vendor is a server of raw TCP in the place of every vendor, for replies that no correct server sends. A request chooses its script by a
// text like raw:garbage#17 in one of its values; the number identifies the request.
type vendor struct {
	mu       sync.Mutex
	listener net.Listener
	scripts  map[string]script
	requests map[string][]received // by number
}

// script answers one request on its connection, which is closed when it returns.
type script func(conn net.Conn, r received)

// received is one request as the vendor got it.
type received struct {
	line   string // POST /path HTTP/1.1
	header http.Header
	body   string
}

// version is that of the envelope.
func (r received) version() string {
	if strings.Contains(r.body, "http://www.w3.org/2003/05/soap-envelope") {
		return "1.2"
	}
	return "1.1"
}

var scripted = &vendor{scripts: map[string]script{}, requests: map[string][]received{}}

// play registers a script under a name and returns the vendor's address.
func (v *vendor) play(t *testing.T, name string, s script) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.scripts[name] != nil {
		t.Fatalf("two scripts are called %s", name)
	}
	v.scripts[name] = s
}

// address starts the vendor when it is first asked for.
func (v *vendor) address(t *testing.T) string {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.listener == nil {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		v.listener = listener
		go v.accept(listener)
	}
	return v.listener.Addr().String()
}

func (v *vendor) close() {
	if v.listener != nil {
		_ = v.listener.Close()
	}
}

func (v *vendor) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go v.serve(conn)
	}
}

var rawToken = regexp.MustCompile(`raw:([a-z0-9-]+)#([0-9]+)`)

func (v *vendor) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return // the connection was only tried out
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	r := received{request.Method + " " + request.RequestURI + " " + request.Proto, request.Header, string(body)}
	m := rawToken.FindStringSubmatch(r.body)
	if m == nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 500 No Script\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	v.mu.Lock()
	play := v.scripts[m[1]]
	v.requests[m[2]] = append(v.requests[m[2]], r)
	v.mu.Unlock()
	if play != nil {
		play(conn, r)
	}
}

// got returns the requests that came with a number.
func (v *vendor) got(number string) []received {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.requests[number]
}

// rawBridge returns a shared proxy in front of the scripted vendor.
func rawBridge(t *testing.T, version string) *process {
	t.Helper()
	name := "proxy for the scripted vendor, SOAP " + version
	address := scripted.address(t)
	return shared.get(t, name, func() (*process, error) {
		return launchProxy(name, with(toVendor(address), credentials(), map[string]string{"CUSTOMERCARE_SOAP_VERSION": version}))
	})
}

func toVendor(address string) map[string]string {
	return map[string]string{
		"CUSTOMERCARE_URL": "http://" + address + "/care", "MDS_URL": "http://" + address + "/mds?a=b", "EMERSION_URL": "http://" + address + "/emersion",
	}
}

// The pieces of replies.

const (
	ns11 = "http://schemas.xmlsoap.org/soap/envelope/"
	ns12 = "http://www.w3.org/2003/05/soap-envelope"
)

// http200 is a script that answers with an envelope, made of the Body's content.
func http200(content string) script { return httpStatus(http.StatusOK, content) }

func httpStatus(status int, content string) script {
	return func(conn net.Conn, r received) { reply(conn, status, mediaType(r), "", inEnvelope(r, content)) }
}

func mediaType(r received) string {
	if r.version() == "1.2" {
		return "application/soap+xml; charset=utf-8"
	}
	return "text/xml; charset=utf-8"
}

func inEnvelope(r received, content string) string {
	namespace := ns11
	if r.version() == "1.2" {
		namespace = ns12
	}
	return `<e:Envelope xmlns:e="` + namespace + `"><e:Body>` + content + `</e:Body></e:Envelope>`
}

// fault answers with a fault; the code is that of SOAP 1.1, and has its equal in 1.2.
func fault(status int, code, text, detail string) script {
	code12 := strings.NewReplacer("Client", "Sender", "Server", "Receiver").Replace(code)
	return func(conn net.Conn, r received) {
		content := `<e:Fault><faultcode>e:` + code + `</faultcode><faultstring>` + text + `</faultstring><detail>` + detail + `</detail></e:Fault>`
		if r.version() == "1.2" {
			content = `<e:Fault><e:Code><e:Value>e:` + code12 + `</e:Value></e:Code><e:Reason><e:Text xml:lang="en">` + text +
				`</e:Text></e:Reason><e:Detail>` + detail + `</e:Detail></e:Fault>`
		}
		reply(conn, status, mediaType(r), "", inEnvelope(r, content))
	}
}

// page answers as an intermediary does; extra is more header lines, each with its line end.
func page(status int, contentType, extra, body string) script {
	return func(conn net.Conn, _ received) { reply(conn, status, contentType, extra, body) }
}

// raw answers with these bytes and no others.
func raw(text string) script {
	return func(conn net.Conn, _ received) { _, _ = io.WriteString(conn, text) }
}

func reply(conn net.Conn, status int, contentType, extra, body string) {
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s",
		status, http.StatusText(status), contentType, len(body), extra, body)
}
