package translate

import (
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// isRefusal reports whether a fault says that the service did not understand this proxy's message, and so executed nothing: the caller may
// send it again. It takes more than a word for that. The codes for the envelope, its headers and its encoding are made before the body is
// looked at (SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 2.6); any other fault of the Client class must be, whole, a sentence of a SOAP
// stack's own. Of the Server class there is one such sentence. A vendor's own text in the detail speaks against it, and so does a code that
// the vendor refined, and any other text in the fault.
func isRefusal(f *soap.Fault) bool {
	if f.Extra || hasVendorText(f.Detail, f) {
		return false
	}
	switch f.Class() {
	case soap.FaultVersionMismatch, soap.FaultMustUnderstand, soap.FaultDataEncoding:
		return hasStackCode(f)
	case soap.FaultClient:
		return hasStackCode(f) && allSay(f, refusalSentences)
	case soap.FaultServer:
		return hasStackCode(f) && allSay(f, []*regexp.Regexp{unknownSOAPAction})
	default:
		return false
	}
}

// allSay reports whether the reason of a fault is one of the sentences, in each of its languages.
func allSay(f *soap.Fault, sentences []*regexp.Regexp) bool {
	for _, reason := range append([]string{f.Reason}, f.Translations...) {
		text := stackSentence(reason)
		if !slices.ContainsFunc(sentences, func(sentence *regexp.Regexp) bool { return saysOfRequest(sentence, text) }) {
			return false
		}
	}
	return true
}

// hasStackCode reports whether a fault's code is a class alone, or refined only as Axis, WS-Addressing and the RPC of SOAP 1.2 (part 2,
// section 4.4) do it for a message that no operation is found for.
func hasStackCode(f *soap.Fault) bool {
	_, refinement, _ := strings.Cut(f.Code.Local, ".")
	return slices.Contains(codeNamespaces, f.Code.Space) && (refinement == "" || refinement == "NoSOAPAction") && !slices.ContainsFunc(f.Subcodes, func(code xml.Name) bool {
		return code.Local != "ActionNotSupported" && code.Local != "DestinationUnreachable" && code.Local != "ProcedureNotPresent"
	})
}

// codeNamespaces are those of a stack's own codes; the first is a prefix that was not declared.
var codeNamespaces = []string{
	"", soap.NamespaceV11, soap.NamespaceV12,
	"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://schemas.microsoft.com/ws/2005/05/addressing/none",
}

// hasVendorText reports whether a detail holds text that is not a stack's diagnostics. Those are the host's name of Axis 1, and the sentence
// of the fault itself once more, as the message of JAX-WS and the traces of Axis 1 and 2 have it. The trace of CXF is not: it names a cause.
func hasVendorText(d *soap.Detail, f *soap.Fault) bool {
	if d == nil {
		return false
	}
	const axis, jaxws = "http://xml.apache.org/axis/", "http://jax-ws.dev.java.net/"
	said, children := strings.TrimSpace(d.Text) != "", d.Children
	switch d.Name {
	case xml.Name{Space: axis, Local: "hostname"}:
		said = len(strings.Fields(d.Text)) > 1
	case xml.Name{Space: axis, Local: "stackTrace"}, xml.Name{Space: axis, Local: "Exception"}, xml.Name{Local: "Exception"}:
		said = said && !repeats(d.Text, f.Reason)
	case xml.Name{Space: jaxws, Local: "exception"}:
		children = slices.DeleteFunc(slices.Clone(children), func(child *soap.Detail) bool {
			return child.Name == xml.Name{Local: "message"} && len(child.Children) == 0 && repeats(child.Text, f.Reason)
		})
	}
	return said || slices.ContainsFunc(children, func(child *soap.Detail) bool { return hasVendorText(child, f) })
}

// javaFrames are the lines of a Java trace, as far as they are of the stack's and the server's own code: an exception that the vendor's code
// passes on from a service behind it has the vendor's frames, too.
var javaFrames = regexp.MustCompile(`(?:\s*\n\s*at (?:[\w.@-]*/)*(?:java|javax|jakarta|jdk|sun|org\.apache\.(?:axis2?|catalina|coyote|tomcat))\.[\w.$<>]+\([^()\n]*\))+\s*$`)

// repeats reports whether a text is a fault's sentence, with the class of the exception in front and the frames behind it.
func repeats(text, sentence string) bool {
	text = strings.TrimSpace(javaFrames.ReplaceAllString(text, ""))
	class, message, found := strings.Cut(text, ": ")
	return text == sentence || found && message == sentence && javaClass.MatchString(class)
}

var javaClass = regexp.MustCompile(`^(?:\w+\.)+\w+(?:Fault|Exception)$`)

// frames are the lines that ASP.NET adds to a message with its errors shown, as far as they are of its own code: a SoapException that the
// vendor's code passes on from a service behind it has the vendor's frames, too.
var frames = regexp.MustCompile("(?:\\s*\\n\\s*at (?:\\(wrapper [\\w-]+\\) )?System\\.[\\w.<>`\\[\\],+]+ ?\\([^\\n]*)+\\s*$")

// stackSentence returns a fault's text in one line, without what ASP.NET adds when it shows its errors.
func stackSentence(reason string) string {
	if sentence := soapException.ReplaceAllString(reason, ""); sentence != reason {
		reason = frames.ReplaceAllString(sentence, "")
	}
	return strings.Join(strings.Fields(reason), " ")
}

// saysOfRequest reports whether a text is a sentence, and does not name the element of a response: a vendor's own client says the same of
// what a service behind the vendor answered.
func saysOfRequest(sentence *regexp.Regexp, text string) bool {
	groups := sentence.FindStringSubmatch(text)
	return groups != nil && !slices.ContainsFunc(groups[1:], func(group string) bool { return strings.HasSuffix(group, "Response") })
}

// The parts of the patterns below. None of them can hold a space, so that a placeholder never takes in a second sentence.
const (
	javaName = `\{[^{}\s]*\}[\w.-]*` // {namespace}local, as Java prints it
	xmlName  = `[\w.:-]+`
	unspaced = `\S*`
	// Woodstox is the parser below CXF and JAX-WS.
	woodstox = `(?:[\w.]+Exception: )?(?:Unexpected EOF in prolog|Unexpected character '(?P<character>.)' \(code \d+\) in prolog; expected '<'|` +
		`Received event (?P<event>\w+), instead of START_ELEMENT or END_ELEMENT\.|Undeclared namespace prefix ["'](?P<prefix>` + xmlName + `)["'])` +
		`(?: at \[row,col \{unknown-source\}\]: \[\d+,\d+\])?`
)

// unknownSOAPAction is ASMX's sentence about the value of the HTTP header. Mono does not fill in its placeholders.
var unknownSOAPAction = whole(`Server did not recognize the value of HTTP Header (?:SOAPAction|\{0\}): (?P<action>` + unspaced + `)\.`)

// refusalSentences are the sentences by which SOAP stacks say that they know no such operation, or cannot read the message, each from the
// stack's own sources. They come as Client faults, although the mistake is in this proxy's configuration. A sentence that a
// stack's client says, too, such as PHP's about a function that is not a valid method, is not here: the vendor may have called another
// service.
var refusalSentences = []*regexp.Regexp{
	// ASP.NET ASMX
	unknownSOAPAction,
	whole(`Unable to handle request without a valid action parameter\. Please supply a valid soap action\.`),
	whole(`Unable to handle request\. The action '(?P<action>[^\s']*)' was not recognized\.`),
	whole(`The request element <(?P<operation>` + xmlName + `) xmlns='(?P<namespace>[^\s']*)'> was not recognized\.`),
	whole(`Missing required header '(?P<header>` + xmlName + `)'\.`),
	whole(`Possible SOAP version mismatch: Envelope namespace (?P<namespace>` + unspaced + `) was unexpected\. Expecting (?P<expected>` + unspaced + `)\.`),
	// WCF
	whole(`The message with Action '(?P<action>[^\s']*)' cannot be processed at the receiver, due to a ContractFilter mismatch at the EndpointDispatcher\.` +
		`(?: This may be because of either a contract mismatch \(mismatched Actions between sender and receiver\) or a binding/security mismatch between the sender and the receiver\.)?` +
		`(?: Check that sender and receiver have the same contract and the same binding \(including security requirements, e\.g\. Message, Transport, None\)\.)?`),
	whole(`The message with To '(?P<address>[^\s']*)' cannot be processed at the receiver, due to an AddressFilter mismatch at the EndpointDispatcher\.` +
		`(?: Check that the sender and receiver's EndpointAddresses agree\.)?`),
	// JAX-WS RI
	whole(`Cannot find dispatch method for (?P<operation>` + javaName + `)`),
	whole(`Couldn't create SOAP message due to exception: XML reader error: ` + woodstox),
	whole(`Couldn't create SOAP message\. Expecting Envelope in namespace (?P<expected>` + unspaced + `), but got (?P<namespace>` + unspaced + `)`),
	whole(`Unsupported Content-Type: (?P<type>(?:text/xml|application/soap\+xml)(?:; ?[\w-]+=[^\s;]+)*) Supported ones are: \[(?P<supported>[\w/+., -]+)\]`),
	whole(`(?:org\.xml\.sax\.)?SAXParseException; (?:lineNumber: \d+; columnNumber: \d+; )?cvc-elt\.1(?:\.a)?: Cannot find the declaration of element '(?P<operation>` + xmlName + `)'\.`),
	// Apache CXF
	whole(`Message part (?P<operation>` + javaName + `) was not recognized\.(?: \(Does it exist in service WSDL\?\))?`),
	whole(`Unexpected wrapper element (?P<operation>` + javaName + `) found\.(?: Expected (?P<expected>` + javaName + `)\.)?`),
	whole(`No binding operation info while invoking unknown method with params unknown\.?`),
	whole(`No such operation: (?P<operation>` + xmlName + `|` + javaName + `)`),
	whole(`The given SOAPAction (?:(?P<action>` + unspaced + `) )?does not match an operation\.`),
	whole(`A SOAP 1\.2 message is not valid when sent to a SOAP 1\.1 only endpoint\.`),
	whole(`Error reading XMLStreamReader(?:\.|: ` + woodstox + `)?`),
	// Apache Axis 1 and 2
	whole(`[Nn]o SOAPAction header!`),
	whole(`The endpoint reference \(EPR\) for the Operation not found(?: is (?P<address>` + unspaced + `) and the WSA Action = (?P<action>` + unspaced + `))?` +
		`(?:\.? If this EPR was previously reachable, please contact the server administrator\.)?`),
	whole(`The service cannot be found for the endpoint reference \(EPR\) (?P<address>` + unspaced + `)`),
	// Spring-WS
	whole(`No endpoint (?:mapping found for|can be found for request) \[(?P<message>\w+) (?P<operation>` + javaName + `)\]`),
	// PHP's extension, and NuSOAP
	whole(`Bad Request`),
	whole(`Procedure '(?P<operation>` + xmlName + `)' not present`),
	whole(`Function '(?P<operation>` + xmlName + `)' doesn't exist`),
	whole(`Operation '(?P<operation>[\w.:-]*)' is not defined in the WSDL for this service`),
	whole(`method '(?P<operation>` + xmlName + `)'(?:\('(?P<original>` + xmlName + `)'\))? not defined in service(?:\('(?P<class>[\w.:\\-]*)' '[.]*'\))?`),
	// gSOAP; the space in brackets keeps its sentence from looking like an unfinished place of ours
	whole(`Method '(?P<operation>` + xmlName + `)' not[ ]implemented(?:: method name or namespace not recognized)?`),
	// SOAP::Lite
	whole(`Failed to locate method \((?P<operation>` + xmlName + `)\) in class \((?P<class>` + xmlName + `)\)(?: at (?P<file>\S+) line \d+\.)?`),
}

// whole compiles a pattern that a text must match whole.
func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }
