package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// keeper is a CustomerCare service that keeps its connections, and counts what it executed by the reference of the call.
type keeper struct {
	mu         sync.Mutex
	executions map[string]int
	runs       map[string]int                      // the number of the execution, by reference: what its result says
	after      func(k *keeper, p *keptConn, n int) // what it does once it has answered the nth request of all
	answered   int
}

// keptConn is one connection, with one writer at a time.
type keptConn struct {
	net.Conn
	*bufio.Reader
}

var messageID = regexp.MustCompile(`<MessageId>([^<]+)</MessageId>`)

// keep starts the service and a proxy in front of it.
func keep(t *testing.T, after func(k *keeper, p *keptConn, n int), settings map[string]string) (*keeper, *process) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	k := &keeper{executions: map[string]int{}, runs: map[string]int{}, after: after}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go k.serve(&keptConn{conn, bufio.NewReader(conn)})
		}
	}()
	return k, proxy(t, with(credentials(), map[string]string{"CUSTOMERCARE_URL": "http://" + listener.Addr().String() + "/care"}, settings))
}

func (k *keeper) serve(p *keptConn) {
	defer func() { _ = p.Close() }()
	for {
		request, err := http.ReadRequest(p.Reader)
		if err != nil {
			return
		}
		body, err := io.ReadAll(request.Body)
		id := messageID.FindSubmatch(body)
		if err != nil || id == nil {
			return
		}
		k.mu.Lock()
		k.executions[string(id[1])]++
		k.answered++
		n := k.answered
		k.runs[string(id[1])] = n
		k.mu.Unlock()
		p.result(fmt.Sprintf("run %d", n))
		k.after(k, p, n)
	}
}

// result writes a success.
func (p *keptConn) result(description string) {
	body := inEnvelope(received{}, baseResponse(`<ResponseCode>0</ResponseCode><ResponseDescription>`+description+`</ResponseDescription>`))
	_, _ = fmt.Fprintf(p.Conn, "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// TestStrayResultSpoilsOneCall: the vendor once sends a whole unsolicited result, 3 ms after its answer, while calls follow each
// other at once.
func TestStrayResultSpoilsOneCall(t *testing.T) {
	t.Parallel()
	k, p := keep(t, func(_ *keeper, p *keptConn, n int) {
		if n == 5 {
			time.AfterFunc(3*time.Millisecond, func() { p.result("stray") })
		}
	}, map[string]string{"METRICS_LISTEN": "127.0.0.1:0"})
	pin := operation(t, "UpdateCustomerPIN")
	spoiled := 0
	for range 40 {
		reference := newReference()
		got := send(t, p.URL, ask(pin, reference, ""))
		var result struct {
			BaseResponse struct{ ResponseDescription string }
		}
		if err := json.Unmarshal([]byte(got.body), &result); err != nil {
			t.Fatal(err)
		}
		k.mu.Lock()
		run := fmt.Sprintf("run %d", k.runs[reference])
		k.mu.Unlock()
		if got.status != http.StatusOK || result.BaseResponse.ResponseDescription != run {
			spoiled++
		}
	}
	if spoiled > 1 {
		t.Errorf("%d calls were spoiled", spoiled)
	}
	alert, err := p.Await("alert", func() string {
		for line := range strings.Lines(p.Stderr.String()) {
			if strings.Contains(line, "no call asked for") {
				return line
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Level, System string
		Alert         bool
		OperationID   string `json:"operation_id"`
	}
	if err := json.Unmarshal([]byte(alert), &said); err != nil || said.Level != "ERROR" || !said.Alert || said.System != "customercare" || len(said.OperationID) != 36 {
		t.Errorf("%v: %s", err, alert)
	}
	if text := get(t, p.Metrics); !strings.Contains(text, `soapbridge_stray_answers_total{system="customercare"} 1`) ||
		!strings.Contains(text, `soapbridge_upstream_suspect{system="customercare"} 1`) {
		t.Errorf("the metrics do not say so: %s", text)
	}
}
