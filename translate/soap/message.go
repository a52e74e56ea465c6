// Package soap is the wire: envelopes and faults of SOAP 1.1 and 1.2, written and read along shapes.
//
// It knows no operation and no vendor, and it does no I/O.
package soap

import (
	"fmt"
	"time"
)

// Version is a version of the SOAP protocol. It decides the envelope's namespace, the shape of a fault and the HTTP
// headers that carry the action.
type Version uint8

// The versions that the known vendors speak.
const (
	V11 Version = iota + 1 // SOAP 1.1, W3C Note of 8 May 2000
	V12                    // SOAP 1.2, W3C Recommendation of 27 April 2007
)

// The envelope namespaces.
const (
	NamespaceV11 = "http://schemas.xmlsoap.org/soap/envelope/"
	NamespaceV12 = "http://www.w3.org/2003/05/soap-envelope"
)

// String returns the version as configuration spells it: "1.1" or "1.2".
func (v Version) String() string {
	switch v {
	case V11:
		return "1.1"
	case V12:
		return "1.2"
	}
	return fmt.Sprintf("soap.Version(%d)", uint8(v))
}

// Namespace returns the namespace of the version's Envelope, Header, Body and Fault.
func (v Version) Namespace() string {
	if v == V12 {
		return NamespaceV12
	}
	return NamespaceV11
}

// Message is one SOAP request, complete: sending it is a matter of bytes only.
type Message struct {
	Version Version
	// Action names the intent of the message; empty where the vendor documents none.
	Action string
	// Envelope is the whole XML document in UTF-8.
	Envelope []byte
	// OperationID names the call in logs; it is in the envelope already where the vendor has a place for it.
	OperationID string
	// SendBefore is when the right to send it ends: from then on nothing of it is handed to a connection. A message begun before that is
	// finished. It comes from time.Now, so that it carries the monotonic clock; zero means no end.
	SendBefore time.Time
	// TraceParent and TraceState are the HTTP headers of these names (https://www.w3.org/TR/trace-context/); empty where the call is not traced.
	TraceParent, TraceState string

	writer *Writer // has the envelope in its buffer
}

// Free lets another message reuse the memory of the envelope, which must not be used any more. It is optional.
func (m *Message) Free() {
	m.Envelope = nil
	if m.writer != nil {
		m.writer.release()
		m.writer = nil
	}
}

// ContentType returns the value of the HTTP header of that name. SOAP 1.2 carries the action in it (RFC 3902).
func (m Message) ContentType() string {
	if m.Version == V12 {
		if m.Action == "" {
			return "application/soap+xml; charset=utf-8"
		}
		return `application/soap+xml; charset=utf-8; action="` + m.Action + `"`
	}
	return "text/xml; charset=utf-8"
}

// SOAPAction returns the value of the HTTP header of that name, quoted even when it is empty (SOAP 1.1 section 6.1.1),
// and whether the version has that header at all.
func (m Message) SOAPAction() (value string, present bool) {
	if m.Version == V12 {
		return "", false
	}
	return `"` + m.Action + `"`, true
}

// Accept returns the value of the HTTP header of that name. SOAP needs none, but web application firewalls refuse requests without it.
func (m Message) Accept() string {
	if m.Version == V12 {
		return "application/soap+xml, text/xml, multipart/related, */*;q=0.1"
	}
	return "text/xml, multipart/related, */*;q=0.1"
}

// Succeeded reports a status of success, whatever the body says.
func (r Reply) Succeeded() bool { return r.Status >= 200 && r.Status <= 299 }

// Reply is one HTTP answer of a SOAP service, complete and decompressed. Whether it holds an envelope is not known yet.
type Reply struct {
	Status      int    // HTTP status code
	ContentType string // HTTP header, as received
	RetryAfter  string // HTTP header, as received
	Body        []byte
	// Certain reports that this can only be the answer to the message that was sent, and all of it: nothing else was ever asked on its connection
	// and nothing came behind it, or the server ended the connection right behind it, as the answer announced. Without that a bare status, one
	// without an envelope, may be a late answer to an earlier call.
	Certain bool
	// Headers are all response headers, by their canonical names, as received. For the log only.
	Headers map[string][]string
}
