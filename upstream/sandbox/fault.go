package sandbox

import (
	"fmt"
	"net/http"
)

// answer is one complete HTTP answer.
type answer struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
}

// envelopeAnswer is an answer that carries an envelope of a version.
func envelopeAnswer(v version, status int, envelope []byte) answer {
	return answer{status: status, contentType: v.mediaType + "; charset=utf-8", body: envelope}
}

// faultCode is a fault code of either version of SOAP.
type faultCode struct {
	soap11, soap12 string
	status12       int // HTTP status for SOAP 1.2; for SOAP 1.1 it is always 500 (section 6.2)
}

var (
	codeClient          = faultCode{"Client", "Sender", http.StatusBadRequest} // SOAP 1.2 part 2, table 20
	codeServer          = faultCode{"Server", "Receiver", http.StatusInternalServerError}
	codeVersionMismatch = faultCode{"VersionMismatch", "VersionMismatch", http.StatusInternalServerError}
	codeMustUnderstand  = faultCode{"MustUnderstand", "MustUnderstand", http.StatusInternalServerError}
)

// fault is a SOAP fault of either version.
type fault struct {
	code   faultCode
	text   string
	actor  string // SOAP 1.1 only
	detail string // XML, already escaped
}

// answer writes the fault as the vendor's stack does: each has its own prefix for the envelope.
func (f fault) answer(v version, prefix string) answer {
	status, children := http.StatusInternalServerError, f.children11(prefix)
	if v == soap12 {
		status, children = f.code.status12, f.children12(prefix)
	}
	return envelopeAnswer(v, status, enclose(prefix, v, fmt.Sprintf("<%[1]s:Fault>%[2]s</%[1]s:Fault>", prefix, children)))
}

// enclose writes an envelope around the content of its Body.
func enclose(prefix string, v version, content string) []byte {
	return fmt.Appendf(nil, `%[1]s<%[2]s:Envelope xmlns:%[2]s="%[3]s"><%[2]s:Body>%[4]s</%[2]s:Body></%[2]s:Envelope>`,
		xmlDeclaration, prefix, v.namespace, content)
}

// children11 are unqualified (SOAP 1.1 section 4.4).
func (f fault) children11(prefix string) string {
	actor := ""
	if f.actor != "" {
		actor = "<faultactor>" + escape(f.actor) + "</faultactor>"
	}
	return fmt.Sprintf("<faultcode>%s:%s</faultcode><faultstring>%s</faultstring>%s<detail>%s</detail>",
		prefix, f.code.soap11, escape(f.text), actor, f.detail)
}

func (f fault) children12(prefix string) string {
	const children = `<%[1]s:Code><%[1]s:Value>%[1]s:%[2]s</%[1]s:Value></%[1]s:Code>` +
		`<%[1]s:Reason><%[1]s:Text xml:lang="en">%[3]s</%[1]s:Text></%[1]s:Reason><%[1]s:Detail>%[4]s</%[1]s:Detail>`
	return fmt.Sprintf(children, prefix, f.code.soap12, escape(f.text), f.detail)
}
