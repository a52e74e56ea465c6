package torture

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The variants of a request: every subject has one that is meant and another that is an abuse of its key.
const (
	meant   = "A"
	another = "B"
)

// arrival is one whole request that reached the vendor.
type arrival struct {
	number    int // counts all arrivals
	operation string
	variant   string
	play      play
	marker    string // of the execution; empty when there was none
}

func (a arrival) String() string {
	return a.operation + " " + a.variant + ": the vendor " + a.play.name + " " + a.marker
}

// play is what the vendor does with a request.
type play struct {
	name     string
	weight   int  // how often, among all
	executes bool // the request has its effect, before anything else happens
	answers  bool // a whole SOAP answer goes out
	late     bool // too late, unless the proxy did not notice because it was stopped itself
	invites  bool // the answer says that nothing was done, so that the same key may be sent again
	perform  func(*exchange)
}

// The plays that tests ask for by name.
var (
	answering = play{name: "answers", weight: 46, executes: true, answers: true, perform: (*exchange).succeed}
	resetting = play{name: "executes, then resets the connection", weight: 6, executes: true, perform: (*exchange).reset}
)

// plays are all of them. "Time-out" is the proxies' one for a call.
var plays = []play{
	answering,
	resetting,
	{name: "executes, then closes the connection", weight: 5, executes: true, perform: (*exchange).hangUp},
	{name: "answers, but takes its time", weight: 14, executes: true, answers: true, perform: (*exchange).dawdle},
	{name: "executes, then stalls past the time-out", weight: 3, executes: true, answers: true, late: true, perform: (*exchange).stall},
	{name: "executes, then answers HTML", weight: 3, executes: true, perform: (*exchange).page},
	{name: "executes, then truncates the answer", weight: 3, executes: true, perform: (*exchange).truncate},
	{name: "executes, then answers 500 without a body", weight: 2, executes: true, perform: (*exchange).empty},
	{name: "executes, then answers that it broke", weight: 3, executes: true, answers: true, perform: (*exchange).serverFault},
	{name: "resets the connection unexecuted", weight: 3, perform: (*exchange).reset},
	{name: "finds the input wrong", weight: 3, answers: true, perform: (*exchange).clientFault},
	{name: "answers, then sends an unsolicited status", weight: 3, executes: true, answers: true, perform: (*exchange).strayStatus},
	{name: "answers, then sends an unsolicited result", weight: 2, executes: true, answers: true, perform: (*exchange).strayResult},
	{name: "is busy", weight: 2, invites: true, perform: status(http.StatusTooManyRequests)},
	{name: "denies access", weight: 1, invites: true, perform: status(http.StatusForbidden)},
	{name: "knows no such path", weight: 1, invites: true, perform: status(http.StatusNotFound)},
}

// draw picks a play by its weight.
func draw(rng *rand.Rand) play {
	total := 0
	for _, p := range plays {
		total += p.weight
	}
	at := rng.IntN(total)
	for _, p := range plays {
		if at -= p.weight; at < 0 {
			return p
		}
	}
	panic("unreachable: the weights add up")
}

// vendor takes the place of the services of all three vendors. It executes, remembers for ever what it executed, and misbehaves.
type vendor struct {
	addr    string
	timeout time.Duration // of the proxies' calls

	mu       sync.Mutex
	server   *http.Server
	choose   func(subject string, nth int) play
	held     chan struct{} // while not nil and open, answers wait
	arrivals map[string][]arrival
	arrived  int
	executed int
	strays   int
	spoiled  map[string]*entity // whose answer a stray result was taken for, by its marker
	wrong    []string           // requests that no proxy may send
}

// newVendor starts a vendor that answers everything.
func newVendor(t *testing.T, timeout time.Duration) *vendor {
	t.Helper()
	v := &vendor{addr: freeAddr(t), timeout: timeout, arrivals: map[string][]arrival{}, spoiled: map[string]*entity{}}
	v.choose = always(answering)
	v.up(t)
	t.Cleanup(func() {
		v.release()
		v.down()
	})
	return v
}

func always(p play) func(string, int) play { return func(string, int) play { return p } }

// up accepts connections.
func (v *vendor) up(t *testing.T) {
	t.Helper()
	var listener net.Listener
	eventually(t, "the vendor's port is free again", func() bool {
		var err error
		listener, err = net.Listen("tcp", v.addr)
		return err == nil
	})
	server := &http.Server{
		Handler:     http.HandlerFunc(v.serve),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.server = server
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
}

// down refuses connections. What runs goes on.
func (v *vendor) down() {
	v.mu.Lock()
	server := v.server
	v.server = nil
	v.mu.Unlock()
	if server == nil {
		return
	}
	server.SetKeepAlivesEnabled(false) // closes the idle ones
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = server.Shutdown(ended) // closes the listener, and does not wait for calls
}

// behave changes what the vendor does from now on.
func (v *vendor) behave(choose func(subject string, nth int) play) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.choose = choose
}

// hold lets requests be executed, and holds all answers back until release.
func (v *vendor) hold() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held = make(chan struct{})
}

func (v *vendor) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held != nil {
		close(v.held)
		v.held = nil
	}
}

// of returns the arrivals that any of the subjects had, in their order.
func (v *vendor) of(subjects ...string) []arrival {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []arrival
	for _, s := range subjects {
		list = append(list, v.arrivals[s]...)
	}
	slices.SortFunc(list, func(a, b arrival) int { return a.number - b.number })
	return list
}

// executions returns those arrivals that had their effect.
func (v *vendor) executions(subjects ...string) []arrival {
	var list []arrival
	for _, a := range v.of(subjects...) {
		if a.play.executes {
			list = append(list, a)
		}
	}
	return list
}

func (v *vendor) totalArrivals() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.arrived
}

// connKey is where a request's context has its connection.
type connKey struct{}

// exchange is one request and the connection to answer on.
type exchange struct {
	w       http.ResponseWriter
	conn    net.Conn // beside w, for what no handler may write
	vendor  *vendor
	request request
	marker  string
	done    <-chan struct{} // closed when the client is gone
}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // a request that did not arrive whole does not count
	}
	asked, err := parse(body)
	if err != nil {
		v.complain(fmt.Sprintf("%v in %q", err, body))
		status(http.StatusBadRequest)(&exchange{w: w})
		return
	}
	p, marker, held := v.arrive(asked)
	if held != nil {
		<-held
	}
	conn, _ := r.Context().Value(connKey{}).(net.Conn)
	p.perform(&exchange{w: w, conn: conn, vendor: v, request: asked, marker: marker, done: r.Context().Done()})
}

func (v *vendor) complain(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.wrong = append(v.wrong, what)
}

// arrive decides what to do with a request, and executes it when that is decided.
func (v *vendor) arrive(asked request) (p play, marker string, held <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p = v.choose(asked.subject, len(v.arrivals[asked.subject]))
	if p.executes {
		v.executed++
		marker = "run-" + strconv.Itoa(v.executed)
		if asked.operation == "CreateService" {
			marker = asked.subject // its reply names the call, and the proxy compares
		}
	}
	v.arrived++
	v.arrivals[asked.subject] = append(v.arrivals[asked.subject], arrival{v.arrived, asked.operation, asked.variant, p, marker})
	return p, marker, v.held
}

// request is what the vendor reads from an envelope.
type request struct {
	operation string
	// subject identifies executions: it is the operation id, which reaches two vendors in a field of theirs; the third gets only the reference
	// that the client chose.
	subject string
	variant string
	secret  string // one of those that it holds
	token   string // of ScCredentials
}

func parse(envelope []byte) (request, error) {
	name, first, err := leaves(envelope)
	if err != nil {
		return request{}, err
	}
	i := slices.IndexFunc(operations, func(o *operation) bool { return o.Name == name })
	if i < 0 {
		return request{}, errors.New("the vendor does not know " + name)
	}
	op := operations[i]
	r := request{operation: name, token: first["ID"], subject: first[op.Element], variant: first[op.variant], secret: first[op.secret]}
	if op.variant == "" {
		r.subject, r.variant, _ = strings.Cut(r.subject, "/")
	}
	if r.subject == "" || r.variant == "" {
		return r, errors.New("the vendor finds no subject or no variant")
	}
	return r, nil
}

// leaves reads the name of the Body's child, and the first text of every element without children, by local name.
func leaves(document []byte) (operation string, first map[string]string, err error) {
	first = map[string]string{}
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var open []string
	text := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return operation, first, nil
		}
		if err != nil {
			return "", nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			open, text = append(open, token.Name.Local), ""
			if len(open) == 3 && open[1] == "Body" {
				operation = token.Name.Local
			}
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			if _, known := first[token.Name.Local]; !known && text != "" {
				first[token.Name.Local] = text
			}
			open, text = open[:len(open)-1], ""
		}
	}
}

const customerCare, mds, emersion = "http://ws.southernco.com/CustSvc-iHub", "http://mdsuk.com/ws/dise3g/services/definition",
	"http://emersion.com.au/ServiceObjects"

// success is the documented answer; CustomerCare sends the credentials of the request back with it.
func (x *exchange) success() string {
	switch op := x.request.operation; op {
	case "CreateService":
		return envelope("", fmt.Sprintf(`<ns2:CreateServiceResponse xmlns:ns2="%s"><ns2:Result><ExternalReference>%s</ExternalReference></ns2:Result></ns2:CreateServiceResponse>`,
			mds, x.marker))
	case "CreateComplexAccount":
		return envelope("", fmt.Sprintf(`<ns1:CreateAccountResponse xmlns:ns1="%s"><ns1:AccountID>%s</ns1:AccountID></ns1:CreateAccountResponse>`, emersion, x.marker))
	default:
		return envelope(
			fmt.Sprintf(`<ScCredentials xmlns="%s"><DirectUserNameToken><BinarySecurityToken><ID>%s</ID></BinarySecurityToken></DirectUserNameToken></ScCredentials>`,
				customerCare, x.request.token),
			fmt.Sprintf(`<%[1]sResponse xmlns="%[2]s"><%[1]sResult><BaseResponse xmlns=""><MessageDateTime>2026-11-21T09:30:00Z</MessageDateTime>`+
				`<ResponseCode>0</ResponseCode><ResponseDescription>%[3]s</ResponseDescription></BaseResponse></%[1]sResult></%[1]sResponse>`, op, customerCare, x.marker))
	}
}

func envelope(header, body string) string {
	return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>` + header +
		`</soap:Header><soap:Body>` + body + `</soap:Body></soap:Envelope>`
}

// fault repeats secrets of the request, as careless services do.
func (x *exchange) fault(code, detail string) string {
	return envelope("", fmt.Sprintf(`<soap:Fault><faultcode>soap:%s</faultcode><faultstring>%s: %s, token %s</faultstring><detail>%s</detail></soap:Fault>`,
		code, "Could not process the request", x.request.secret, x.request.token, detail))
}

func (x *exchange) send(status int, contentType, body string) {
	x.w.Header().Set("Content-Type", contentType)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, body) // the client may be gone
}

const soapType = "text/xml; charset=utf-8"

func (x *exchange) succeed() { x.send(http.StatusOK, soapType, x.success()) }

// strayStatus answers, and a moment later writes a status on the same connection: after the answer, or in the place of the next one.
func (x *exchange) strayStatus() {
	x.succeed()
	x.afterwards("HTTP/1.1 " + []string{"400 Bad Request", "401 Unauthorized", "429 Too Many Requests"}[rand.IntN(3)] + "\r\nContent-Length: 0\r\n\r\n")
}

// strayMarker begins the markers of unsolicited results.
const strayMarker = "stray-"

// strayResult does the same with a whole result.
func (x *exchange) strayResult() {
	x.succeed()
	x.vendor.mu.Lock()
	x.vendor.strays++
	stray := *x
	stray.marker = strayMarker + strconv.Itoa(x.vendor.strays)
	x.vendor.mu.Unlock()
	document := stray.success()
	x.afterwards(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", soapType, len(document), document))
}

// spoils notes whose answer a stray result was taken for, and returns whose it was taken for first.
func (v *vendor) spoils(marker string, e *entity) *entity {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.spoiled[marker] == nil {
		v.spoiled[marker] = e
	}
	return v.spoiled[marker]
}

// hasSpoiled reports whether a stray result was taken for the answer to an entity.
func (v *vendor) hasSpoiled(e *entity) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Contains(slices.Collect(maps.Values(v.spoiled)), e)
}

// afterwards writes to the connection once the answer is out. The server writes an answer of this length in one piece, so that the two do
// not mix.
func (x *exchange) afterwards(text string) {
	if http.NewResponseController(x.w).Flush() != nil {
		return // the client is gone
	}
	time.AfterFunc(time.Duration(1+rand.IntN(5))*time.Millisecond, func() { _, _ = io.WriteString(x.conn, text) })
}

// wait passes time, but not beyond the client's own patience.
func (x *exchange) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-x.done:
	}
}

func (x *exchange) dawdle() {
	x.wait(x.vendor.timeout / 5)
	x.succeed()
}

func (x *exchange) stall() {
	x.wait(2 * x.vendor.timeout)
	x.succeed()
}

func (x *exchange) page() {
	x.send(http.StatusOK, "text/html", "<!DOCTYPE html><html><body><h1>Maintenance</h1>"+x.request.secret+"</body></html>")
}

func (x *exchange) empty() { x.w.WriteHeader(http.StatusInternalServerError) }

func (x *exchange) serverFault() {
	detail := ""
	if x.request.operation == "CreateService" {
		detail = `<f:SystemFault xmlns:f="http://mdsuk.com/ws/dise3g/fault/exception"><Details><MessageId>CMP9</MessageId></Details></f:SystemFault>`
	}
	x.send(http.StatusInternalServerError, soapType, x.fault("Server", detail))
}

func (x *exchange) clientFault() {
	code, detail := "Client", ""
	if x.request.operation == "CreateService" {
		code, detail = "Server", `<f:ValidationFault xmlns:f="http://mdsuk.com/ws/dise3g/fault/exception"><Details><MessageId>CMP1</MessageId></Details></f:ValidationFault>`
	}
	x.send(http.StatusInternalServerError, soapType, x.fault(code, detail))
}

// status answers as an intermediary does, before the service saw anything.
func status(code int) func(*exchange) {
	return func(x *exchange) { x.w.WriteHeader(code) }
}

func (x *exchange) connection() net.Conn {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // gone already
	}
	return conn
}

// reset ends the connection with a RST.
func (x *exchange) reset() {
	conn := x.connection()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (x *exchange) hangUp() { _ = x.connection().Close() }

func (x *exchange) truncate() {
	conn, document := x.connection(), x.success()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", soapType, len(document), document[:len(document)*2/3])
	_ = conn.Close()
}
