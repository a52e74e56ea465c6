package sandbox

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"html"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// send writes an answer. A client that has closed the connection is not an error.
func (x *exchange) send(a answer) {
	header := x.w.Header()
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	for name, value := range a.header {
		header.Set(name, value)
	}
	if !strings.Contains(a.contentType, "xml") {
		// As a gateway does. Over a kept connection, a status without an envelope could be the answer to another call.
		header.Set("Connection", "close")
	}
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(a.body)
}

// wait waits for a time. When the client disconnects or the sandbox closes earlier, the exchange ends without an answer.
func (x *exchange) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-x.server.closed:
		panic(http.ErrAbortHandler)
	}
}

// stall waits until the client disconnects or the sandbox closes.
func (x *exchange) stall() {
	select {
	case <-x.r.Context().Done():
	case <-x.server.closed:
	}
	panic(http.ErrAbortHandler) // net/http would answer 200 otherwise
}

// success is how the vendor's ordinary answer is filled.
func (x *exchange) success() filling { return x.system.vendor.success(&x.request, x.execution) }

// document is the vendor's ordinary answer.
func (x *exchange) document() []byte { return x.operation.reply.fill(x.success(), x.version) }

func (x *exchange) sendEnvelope(document []byte) {
	x.send(envelopeAnswer(x.version, http.StatusOK, document))
}

func (x *exchange) succeed() {
	if x.operation.oneWay {
		x.send(answer{status: http.StatusAccepted})
		return
	}
	x.sendEnvelope(x.document())
}

// connection takes the connection away from the HTTP server.
func (x *exchange) connection() net.Conn {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no HTTP/1.x: the nearest thing to it
	}
	return conn
}

// reset closes the connection with a RST in place of a FIN.
func (x *exchange) reset() {
	conn := x.connection()
	raw := conn
	if wrapped, isTLS := conn.(interface{ NetConn() net.Conn }); isTLS {
		raw = wrapped.NetConn()
	}
	if tcp, isTCP := raw.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}

func (x *exchange) closeConnection() { _ = x.connection().Close() }

// truncate sends a complete envelope and closes the connection before the promised length is reached.
func (x *exchange) truncate() {
	document := x.document()
	conn := x.connection()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s; charset=utf-8\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		x.version.mediaType, sandboxHeader, sandboxHeaderValue, len(document)+100, document)
	_ = conn.Close()
}

// dripEvery is the time between two bytes of the scenario drip.
const dripEvery = 100 * time.Millisecond

func (x *exchange) drip() {
	document := x.document()
	x.w.Header().Set("Content-Type", x.version.mediaType+"; charset=utf-8")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(document)))
	for i := range document {
		x.push(document[i : i+1])
		x.wait(dripEvery)
	}
}

func (x *exchange) endless() {
	x.w.Header().Set("Content-Type", x.version.mediaType+"; charset=utf-8")
	x.push(x.document())
	space := bytes.Repeat([]byte(" "), 32<<10)
	for {
		x.wait(time.Millisecond)
		x.push(space)
	}
}

// push writes a part of an answer at once; it ends the exchange when the client has disconnected.
func (x *exchange) push(part []byte) {
	_, err := x.w.Write(part)
	if err == nil {
		err = http.NewResponseController(x.w).Flush()
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// page answers with an HTML page, as an intermediary does; header is a list of names and values.
func page(status int, header ...string) func(*exchange) {
	a := answer{status: status, contentType: "text/html; charset=utf-8", header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		a.header[header[i]] = header[i+1]
	}
	title := html.EscapeString(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	a.body = fmt.Appendf(nil, "<!DOCTYPE html>\n<html><head><title>%[1]s</title></head><body><h1>%[1]s</h1><hr>sandbox</body></html>\n", title)
	return func(x *exchange) { x.send(a) }
}

func empty(status int) func(*exchange) {
	return func(x *exchange) { x.send(answer{status: status}) }
}

// redirect leads to the same service, with a mark that keeps it from redirecting again.
func redirect(status int) func(*exchange) {
	return func(x *exchange) {
		x.send(answer{status: status, header: map[string]string{"Location": x.system.vendor.path + "?" + redirected + "=1"}})
	}
}

// faulting answers with a fault that depends on the request.
func faulting(of func(*exchange) fault) func(*exchange) {
	return func(x *exchange) { x.send(*x.fault(of(x))) }
}

func fixed(f fault) func(*exchange) fault { return func(*exchange) fault { return f } }

func faultIn200(x *exchange) {
	a := x.fault(clientFault(x))
	a.status = http.StatusOK
	x.send(*a)
}

func clientFault(*exchange) fault {
	return fault{code: codeClient, text: "The request was refused by the service"}
}

func serverFault(*exchange) fault {
	return fault{code: codeServer, text: "Server was unable to process request"}
}

func versionFault(x *exchange) fault {
	return fault{code: codeVersionMismatch, text: fmt.Sprintf(
		"Possible SOAP version mismatch: Envelope namespace %s was unexpected. Expecting %s.", x.version.namespace, x.other().namespace)}
}

func mustUnderstandFault(*exchange) fault {
	return fault{code: codeMustUnderstand, text: "SOAP header Security was not understood."}
}

func actionFault(x *exchange) fault {
	return fault{code: codeClient, text: x.system.vendor.unknownAction(x.version, x.action)}
}

func traceFault(x *exchange) fault { return fault{code: codeServer, text: x.system.vendor.trace} }

// The texts of an ASMX that cannot deserialise a request: a text that is not a number, and a value outside an enumeration.
func unableToReadFault(*exchange) fault {
	return fault{code: codeClient,
		text: "Server was unable to read request. ---> There is an error in XML document (1, 2). ---> Input string was not in a correct format."}
}

func unableEnumFault(*exchange) fault {
	return fault{code: codeClient, text: "Server was unable to read request. ---> There is an error in XML document (1, 2). ---> " +
		"Instance validation error: 'MEND' is not a valid value for OperationType."}
}

func echoFault(x *exchange) fault {
	text := "Could not process the request:"
	repeat := func(leaf *element) bool {
		text += " " + leaf.name.Local + "=" + leaf.text
		return true
	}
	x.header.leaves(repeat)
	x.body.leaves(repeat)
	return fault{code: codeClient, text: text}
}

// failing answers with a business error of CustomerCare.
func failing(result businessResult) func(*exchange) {
	return func(x *exchange) { x.send(*failedBaseResponse(&x.request, x.execution.time, result)) }
}

// filled answers with the ordinary envelope with other values.
func filled(change func(*exchange, *filling)) func(*exchange) {
	return func(x *exchange) {
		f := x.success()
		change(x, &f)
		x.sendEnvelope(x.operation.reply.fill(f, x.version))
	}
}

// edited answers with the ordinary envelope with an edited text.
func edited(edit func(document string) string) func(*exchange) {
	return func(x *exchange) { x.sendEnvelope([]byte(edit(string(x.document())))) }
}

const (
	nestingDepth = 50_000
	paddingBytes = 2 << 20
	bombBytes    = 64 << 20
)

func nested() string {
	return strings.Repeat("<a>", nestingDepth) + strings.Repeat("</a>", nestingDepth)
}

func padding() string { return "<Padding>" + strings.Repeat("x", paddingBytes) + "</Padding>" }

func cut(document string) string { return document[:len(document)*2/3] }

func withDoctype(document string) string {
	return xmlDeclaration + `<!DOCTYPE Envelope [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>` +
		strings.TrimPrefix(document, xmlDeclaration)
}

func withInstruction(document string) string {
	return xmlDeclaration + `<?xml-stylesheet type="text/xsl" href="style.xsl"?>` + strings.TrimPrefix(document, xmlDeclaration)
}

func withSecondRoot(document string) string { return document + `<Second/>` }

func withByteOrderMark(document string) string { return "\uFEFF" + document }

// other is the version of SOAP that the request does not have.
func (x *exchange) other() version {
	if x.version == soap12 {
		return soap11
	}
	return soap12
}

func (x *exchange) otherVersion() {
	x.send(envelopeAnswer(x.other(), http.StatusOK, x.operation.reply.fill(x.success(), x.other())))
}

func (x *exchange) emptyBody() {
	x.sendEnvelope(enclose(x.system.vendor.prefix, x.version, ""))
}

func (x *exchange) gzip() { x.sendGzip(compress(x.document())) }

// gzipBomb sends many gzip members, which unpack to one document (RFC 1952 section 2.2).
func (x *exchange) gzipBomb() { x.sendGzip(append(compress(x.document()), bomb()...)) }

func (x *exchange) sendGzip(packed []byte) {
	a := envelopeAnswer(x.version, http.StatusOK, packed)
	a.header = map[string]string{"Content-Encoding": "gzip"}
	x.send(a)
}

func compress(plain []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(plain) // a bytes.Buffer does not fail
	_ = w.Close()
	return packed.Bytes()
}

// bomb is white space, a member of its own for each MiB.
func bomb() []byte {
	space := bytes.Repeat([]byte(" "), 1<<20)
	return bytes.Repeat(compress(space), bombBytes/len(space))
}

// encoding is a way to write a document in other bytes than UTF-8.
type encoding struct {
	name   string
	remark string // letters that show whether a reader knows the encoding
	encode func(string) []byte
}

var (
	utf16Encoding = encoding{"utf-16", "Réussi – 5 € 😀", encodeUTF16}
	latin1        = encoding{"iso-8859-1", "Réussi", func(s string) []byte { return encodeBytes(s, nil) }}
	windows1252   = encoding{"windows-1252", "Réussi – 5 €", func(s string) []byte { return encodeBytes(s, windows1252Codes) }}
)

// windows1252Codes are the codes, among those that differ from ISO-8859-1, of the letters that the remark uses.
var windows1252Codes = map[rune]byte{'€': 0x80, '–': 0x96}

// encoded answers with the ordinary envelope in another encoding. The remark is in a comment, and in the description of
// the result if it has one.
func encoded(e encoding) func(*exchange) {
	return func(x *exchange) {
		f := x.success()
		f.values["BaseResponse/ResponseDescription"] = e.remark
		f.extra = "<!-- " + e.remark + " -->"
		document := string(x.operation.reply.fill(f, x.version))
		a := envelopeAnswer(x.version, http.StatusOK, e.encode(strings.Replace(document, `"utf-8"`, `"`+e.name+`"`, 1)))
		a.contentType = x.version.mediaType + "; charset=" + e.name
		x.send(a)
	}
}

// encodeUTF16 writes little endian behind a byte order mark.
func encodeUTF16(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\uFEFF" + text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

// encodeBytes writes one byte for each character; what has none becomes a question mark.
func encodeBytes(text string, codes map[rune]byte) []byte {
	var out []byte
	for _, r := range text {
		code, special := codes[r]
		switch {
		case special:
			out = append(out, code)
		case r < 0x100:
			out = append(out, byte(r)) //nolint:gosec // below 0x100
		default:
			out = append(out, '?')
		}
	}
	return out
}
