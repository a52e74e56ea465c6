package sandbox

import (
	"crypto/subtle"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// exchange is one request to a service, with its answer.
type exchange struct {
	server *Server
	system *system
	w      http.ResponseWriter
	r      *http.Request

	// Set during the judgement.
	request
	root   *element
	action string

	// Set after the execution; the time earlier.
	execution execution
}

// serve answers one request to a service.
func (s *Server) serve(sys *system, w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, system: sys, w: w, r: r}
	if refusal := x.judge(); refusal != nil {
		s.state.refuse()
		x.send(*refusal)
		return
	}
	x.play()
}

// judge works from the outside to the inside; the first fault is the answer.
func (x *exchange) judge() *answer {
	steps := []func() *answer{x.judgeMethod, x.judgeBasic, x.judgeContentType, x.read, x.parse, x.judgeVersion, x.takeParts}
	if x.system.imported {
		steps = append(steps, x.takeAction, x.takeOperation, x.judgeImportedSecurity)
	} else {
		steps = append(steps, x.judgeEnvelope, x.takeAction, x.judgeAction, x.judgeOperation, x.judgeHeader, x.judgeBody)
	}
	for _, step := range steps {
		if refusal := step(); refusal != nil {
			return refusal
		}
	}
	return nil
}

// plain is the answer of a server that has not read an envelope.
func plain(status int, text string) *answer {
	return &answer{status: status, contentType: "text/plain; charset=utf-8", body: []byte("Sandbox: " + text + "\n")}
}

// refuse is a Client fault in the sandbox's own words.
func (x *exchange) refuse(c *complaint) *answer { return x.clientFault("Sandbox: " + c.Error()) }

func (x *exchange) clientFault(text string) *answer {
	return x.fault(fault{code: codeClient, text: text})
}

func (x *exchange) fault(f fault) *answer {
	a := f.answer(x.version, x.system.vendor.prefix)
	return &a
}

func (x *exchange) judgeMethod() *answer {
	if x.r.Method == http.MethodPost {
		return nil
	}
	refusal := plain(http.StatusMethodNotAllowed, "the method must be POST")
	refusal.header = map[string]string{"Allow": http.MethodPost}
	return refusal
}

func (x *exchange) judgeBasic() *answer {
	if x.system.Username == "" || !x.system.vendor.basic {
		return nil
	}
	username, password, present := x.r.BasicAuth()
	if present && same(username, x.system.Username) && same(password, x.system.Password) {
		return nil
	}
	refusal := plain(http.StatusUnauthorized, "HTTP Basic credentials are missing or wrong")
	refusal.header = map[string]string{"WWW-Authenticate": `Basic realm="sandbox"`}
	return refusal
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// judgeContentType learns the version from the media type.
func (x *exchange) judgeContentType() *answer {
	if coding := x.r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return plain(http.StatusUnsupportedMediaType, "Content-Encoding is not supported")
	}
	mediaType, parameters, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil {
		return plain(http.StatusUnsupportedMediaType, "Content-Type is missing or malformed")
	}
	at := slices.IndexFunc(x.system.vendor.versions, func(v version) bool { return v.mediaType == mediaType })
	if at < 0 {
		return plain(http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Type %s is not one that this service speaks", mediaType))
	}
	if charset, present := parameters["charset"]; present && !strings.EqualFold(charset, "utf-8") {
		return plain(http.StatusUnsupportedMediaType, "the charset must be utf-8")
	}
	x.version = x.system.vendor.versions[at]
	if x.version == soap12 {
		x.action = parameters["action"]
	}
	return nil
}

func (x *exchange) read() *answer {
	envelope, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return plain(http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is larger than %d bytes", tooLarge.Limit))
	}
	if err != nil {
		return plain(http.StatusBadRequest, "the request did not arrive whole")
	}
	x.envelope = envelope
	return nil
}

func (x *exchange) parse() *answer {
	root, c := parseEnvelope(x.envelope, x.system.imported)
	if c != nil {
		return x.refuse(c)
	}
	x.root = root
	return nil
}

func (x *exchange) judgeVersion() *answer {
	switch x.root.name {
	case xml.Name{Space: x.version.namespace, Local: "Envelope"}:
		return nil
	case xml.Name{Space: x.root.name.Space, Local: "Envelope"}:
		return x.fault(fault{code: codeVersionMismatch, text: fmt.Sprintf(
			"Possible SOAP version mismatch: Envelope namespace %s was unexpected. Expecting %s.", x.root.name.Space, x.version.namespace)})
	}
	return x.refuse(&complaint{"/" + x.root.name.Local, "the root must be an Envelope"})
}

// takeParts finds the children of the Envelope: at most one Header, and a Body.
func (x *exchange) takeParts() *answer {
	header := xml.Name{Space: x.version.namespace, Local: "Header"}
	body := xml.Name{Space: x.version.namespace, Local: "Body"}
	parts := &shape{name: x.root.name, kids: []*shape{{name: header, optional: true}, {name: body}}}
	if c := judgePresence(parts, x.root, "/Envelope"); c != nil {
		return x.refuse(c)
	}
	x.header = x.root.kid("Header")
	if content := x.root.kid("Body").kids; len(content) > 0 {
		x.body = content[0]
	}
	return nil
}

// judgeEnvelope wants no attributes, and one child in the Body.
func (x *exchange) judgeEnvelope() *answer {
	content := x.root.kid("Body")
	if c := firstOf(judgeAttributes(x.root, "/Envelope"), judgeAttributes(content, "/Envelope/Body")); c != nil {
		return x.refuse(c)
	}
	if len(content.kids) != 1 {
		return x.refuse(&complaint{"/Envelope/Body", fmt.Sprintf("must have exactly one child, has %d", len(content.kids))})
	}
	return nil
}

// takeAction requires an action in the place of the version, and nowhere else.
func (x *exchange) takeAction() *answer {
	headers := x.r.Header.Values("SOAPAction")
	if x.version == soap11 {
		return x.takeSOAPAction(headers)
	}
	if len(headers) > 0 {
		return x.refuse(&complaint{"HTTP header SOAPAction", "SOAP 1.2 has none: the action is a parameter of Content-Type"})
	}
	return nil
}

// judgeAction requires the action of an operation.
func (x *exchange) judgeAction() *answer {
	if slices.ContainsFunc(x.system.operations, func(op *operation) bool { return op.action == x.action }) {
		return nil
	}
	return x.unknownAction()
}

func (x *exchange) unknownAction() *answer {
	v := x.system.vendor
	switch {
	case x.action == "" && v.noAction != "":
		return x.clientFault(v.noAction)
	case v.unknownAction != nil:
		return x.clientFault(v.unknownAction(x.version, x.action))
	}
	return x.refuse(&complaint{"HTTP header SOAPAction", fmt.Sprintf("must be %q", x.system.operations[0].action)})
}

// takeSOAPAction reads the header of SOAP 1.1, which is required, and quoted even when it is empty (section 6.1.1).
func (x *exchange) takeSOAPAction(headers []string) *answer {
	if len(headers) != 1 {
		return x.refuse(&complaint{"HTTP header SOAPAction", fmt.Sprintf("must occur once, occurs %d times", len(headers))})
	}
	value := headers[0]
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return x.refuse(&complaint{"HTTP header SOAPAction", "must be quoted"})
	}
	x.action = value[1 : len(value)-1]
	return nil
}

func (x *exchange) judgeOperation() *answer {
	at := "/Envelope/Body/" + x.body.name.Local
	for _, op := range x.system.operations {
		if op.name != x.body.name.Local {
			continue
		}
		if op.body.name.Space != x.body.name.Space {
			return x.refuse(&complaint{at, wrongNamespace(x.body.name, op.body.name)})
		}
		if op.action != x.action {
			return x.refuse(&complaint{at, fmt.Sprintf("this operation has the action %q, the request came with another one", op.action)})
		}
		x.operation = op
		return nil
	}
	names := make([]string, 0, len(x.system.operations))
	for _, op := range x.system.operations {
		names = append(names, op.name)
	}
	return x.refuse(&complaint{at, "unknown operation, valid are " + strings.Join(names, ", ")})
}

// judgeHeader judges the header entries: those of the sample, and WS-Security if the vendor has it.
func (x *exchange) judgeHeader() *answer {
	const at = "/Envelope/Header"
	header := x.header
	if header == nil {
		header = &element{}
	}
	entries := &element{attrs: header.attrs}
	var security *element
	for _, entry := range header.kids {
		switch {
		case x.system.vendor.usernameToken && entry.name == wsseSecurity:
			if security != nil {
				return x.refuse(&complaint{at + "/Security", "occurs twice, may occur once"})
			}
			security = entry
		case x.mustBeUnderstood(entry) && !slices.ContainsFunc(x.operation.header.kids, func(s *shape) bool { return s.name == entry.name }):
			return x.fault(fault{code: codeMustUnderstand, text: "SOAP header " + entry.name.Local + " was not understood."})
		default:
			entries.kids = append(entries.kids, x.withoutMustUnderstand(entry))
		}
	}
	if c := firstOf(judgeAttributes(entries, at), judgeKids(x.operation.header, entries, at)); c != nil {
		return x.refuse(c)
	}
	return x.judgeSecurity(security)
}

func (x *exchange) isMustUnderstand(attr xml.Attr) bool {
	return attr.Name == xml.Name{Space: x.version.namespace, Local: "mustUnderstand"}
}

func (x *exchange) mustBeUnderstood(entry *element) bool {
	return slices.ContainsFunc(entry.attrs, func(attr xml.Attr) bool {
		return x.isMustUnderstand(attr) && (attr.Value == "1" || attr.Value == "true")
	})
}

// withoutMustUnderstand is the entry without the one attribute that every header entry may have.
func (x *exchange) withoutMustUnderstand(entry *element) *element {
	bare := *entry
	bare.attrs = slices.DeleteFunc(slices.Clone(entry.attrs), x.isMustUnderstand)
	return &bare
}

func (x *exchange) judgeBody() *answer {
	if c := judgeElement(x.operation.body, x.body, "/Envelope/Body/"+x.body.name.Local); c != nil {
		return x.refuse(c)
	}
	return nil
}
