package translate_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/soap"
)

// decode reads the reply to a toy request.
func decode(t testing.TB, d translate.Definition, body string, reply soap.Reply) (translate.Result, *translate.Error) {
	t.Helper()
	op := define(t, d)
	request, refusal := op.Read([]byte(body))
	if refusal != nil {
		t.Fatalf("%+v", refusal)
	}
	return request.Decode(reply, translate.Env{OperationID: "id"})
}

func rejected(detail string) translate.Error {
	return translate.Error{
		Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromFault, Violations: []translate.Violation{{Code: "toys-fault", Detail: detail}},
	}
}

func failed(detail string) translate.Error {
	return translate.Error{
		Code: translate.UpstreamFailed, Outcome: soap.Failed, Source: translate.FromFault, Violations: []translate.Violation{{Code: "toys-fault", Detail: detail}},
	}
}

var (
	denied         = translate.Error{Code: translate.UpstreamDenied, Outcome: soap.Rejected, Alert: true}
	refused        = translate.Error{Code: translate.UpstreamRefused, Outcome: soap.Rejected, Alert: true}
	busy           = translate.Error{Code: translate.UpstreamBusy, Outcome: soap.Rejected, RetryAfter: "17"}
	outcomeUnknown = translate.Error{Code: translate.OutcomeUnknown, Outcome: soap.Unknown}
)

// in11 and in12 put the child of a body into an envelope.
func in11(body string) string {
	return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + body + `</s:Body></s:Envelope>`
}

func in12(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + body + `</s:Body></s:Envelope>`
}

func fault11(code, reason string) string {
	return in11(`<s:Fault><faultcode>` + code + `</faultcode><faultstring>` + reason + `</faultstring></s:Fault>`)
}

// fault12 has a code and subcodes.
func fault12(reason string, codes ...string) string {
	inside := ""
	for i := len(codes) - 1; i > 0; i-- {
		inside = "<s:Subcode><s:Value>" + codes[i] + "</s:Value>" + inside + "</s:Subcode>"
	}
	return in12(`<s:Fault><s:Code><s:Value>` + codes[0] + `</s:Value>` + inside + `</s:Code><s:Reason><s:Text xml:lang="en">` + reason + `</s:Text></s:Reason></s:Fault>`)
}

const done = `<t:MakeToyResponse xmlns:t="urn:toys"><ID>7</ID></t:MakeToyResponse>`

// TestReplyWithoutEnvelope is judged by the HTTP status alone: a transport answered, and the service never saw the message if the
// status says so.
func TestReplyWithoutEnvelope(t *testing.T) {
	verdicts := map[int]translate.Error{400: refused, 404: refused, 405: refused, 413: refused, 415: refused, 401: denied, 403: denied, 429: busy}
	bodies := map[string]string{
		"nothing": "", "text": "Bad luck", "HTML": "<!DOCTYPE html><html><body><h1>Error</h1><br></body></html>", "JSON": `{"message": "no"}`,
		"white space": "\r\n",
	}
	for _, status := range []int{
		200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 418, 421, 422,
		423, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 511, 520, 599,
	} {
		want, known := verdicts[status]
		if !known {
			want = outcomeUnknown
		}
		for name, body := range bodies {
			t.Run(fmt.Sprintf("%d with %s", status, name), func(t *testing.T) {
				_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: status, ContentType: "text/html", RetryAfter: "17", Body: []byte(body)})
				checkFailure(t, failure, want)
				if !strings.Contains(failure.Cause.Error(), fmt.Sprint(status)) {
					t.Errorf("the log does not learn the status: %v", failure.Cause)
				}
			})
		}
	}
}

// TestReplyWithBrokenEnvelope proves nothing, whatever the status says.
func TestReplyWithBrokenEnvelope(t *testing.T) {
	for name, body := range map[string]string{
		"truncated":                 in11(done)[:150],
		"two bodies":                strings.Replace(in11(done), "</s:Envelope>", "<s:Body/></s:Envelope>", 1),
		"two children":              in11(done + done),
		"an empty body":             in11(""),
		"no body":                   `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>`,
		"another version":           in12(done),
		"another reply":             in11(`<t:OtherResponse xmlns:t="urn:toys"/>`),
		"another namespace":         in11(`<t:MakeToyResponse xmlns:t="urn:tools"/>`),
		"an ID twice":               in11(strings.Replace(done, "<ID>7</ID>", "<ID>7</ID><ID>8</ID>", 1)),
		"a document type":           `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + in11(done),
		"an instruction":            in11("<?php echo ?>" + done),
		"an empty fault":            in11("<s:Fault/>"),
		"a truncated fault":         fault11("s:Client", "Wrong")[:150],
		"a fault and a result":      in11(done + "<s:Fault><faultcode>s:Client</faultcode></s:Fault>"),
		"a character that is none":  in11(strings.Replace(done, "7", "\x02", 1)),
		"bytes that are not UTF-8":  in11(strings.Replace(done, "7", "\xff", 1)),
		"other XML":                 "<error>no</error>",
		"half a tag":                `<?xml version="1.0"?><soap:Env`,
		"bytes":                     "\x00\x01\xff",
		"an unknown encoding":       `<?xml version="1.0" encoding="x-klingon"?>` + in11(done),
		"a foreign envelope":        strings.Replace(in11(done), "schemas.xmlsoap.org/soap/envelope/", "example.com/", 1),
		"nested without end":        in11(strings.Repeat("<a>", 10_000)),
		"more elements than fit":    in11(strings.Replace(done, "<ID>", strings.Repeat("<x/>", 20_000)+"<ID>", 1)),
		"more bytes than are taken": in11(strings.Replace(done, "7", strings.Repeat("7", 2<<20), 1)),
	} {
		for _, status := range []int{200, 400, 401, 404, 429, 500, 503} {
			t.Run(fmt.Sprintf("%s with %d", name, status), func(t *testing.T) {
				_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: status, ContentType: "text/xml", Body: []byte(body)})
				checkFailure(t, failure, outcomeUnknown)
			})
		}
	}
}

// TestReplyWithResult is a success with a 2xx, and unknown with any other status.
func TestReplyWithResult(t *testing.T) {
	for _, status := range []int{200, 201, 202, 299} {
		result, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: status, Body: []byte(in11(done))})
		if failure != nil || string(result.JSON) != `{"operationId":"id","id":"7"}` || result.Ignored != 0 {
			t.Errorf("%d: %+v %s", status, failure, result.JSON)
		}
	}
	for _, status := range []int{0, 100, 199, 300, 304, 400, 401, 403, 404, 429, 500, 503} {
		_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: status, Body: []byte(in11(done))})
		checkFailure(t, failure, outcomeUnknown)
	}
	result, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: 200, Body: []byte(in11(`<t:MakeToyResponse xmlns:t="urn:toys"><ID>&lt;a href="x"&gt;é&#x2028;&amp;</ID><New/><New><Deep/></New></t:MakeToyResponse>`))})
	if failure != nil || string(result.JSON) != `{"operationId":"id","id":"<a href=\"x\">é\u2028&"}` || result.Ignored != 2 {
		t.Errorf("%+v %s %d", failure, result.JSON, result.Ignored)
	}
}

// TestFaultClasses sorts faults that are not the vendor's own, in both versions.
func TestFaultClasses(t *testing.T) {
	const secext = `http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd`
	withSecurity := func(doc string) string {
		return strings.Replace(doc, "<s:Envelope ", `<s:Envelope xmlns:wsse="`+secext+`" xmlns:v="urn:vendor" `, 1)
	}
	for _, test := range []struct {
		name, body string
		want       translate.Error
	}{
		{"Client", fault11("s:Client", "Wrong"), rejected("Wrong")},
		{"Client, refined", fault11("s:Client.Validation", "Wrong"), rejected("Wrong")},
		{"Client without prefix", fault11("Client", "Wrong"), rejected("Wrong")},
		{"Client with an undeclared prefix", fault11("env:Client", "Wrong"), rejected("Wrong")},
		{"Client of another namespace", strings.Replace(fault11("x:Client", "Wrong"), "<faultcode>", `<faultcode xmlns:x="urn:x">`, 1), rejected("Wrong")},
		{"Client without a reason", fault11("s:Client", ""), rejected("The vendor gave no reason.")},
		{"Client with an empty detail", in11(`<s:Fault><faultcode>s:Client</faultcode><faultstring>Wrong</faultstring><detail/></s:Fault>`), rejected("Wrong")},
		{"Sender", fault12("Wrong", "s:Sender"), rejected("Wrong")},
		{"Sender with subcodes", withSecurity(fault12("Wrong", "s:Sender", "v:Bad", "v:Worse")), rejected("Wrong")},
		{"Sender in SOAP 1.1", fault11("s:Sender", "Wrong"), rejected("Wrong")},
		{"Server", fault11("s:Server", "Broken"), failed("Broken")},
		{"Server, refined", fault11("s:Server.userException", "Broken"), failed("Broken")},
		{"Receiver", fault12("Broken", "s:Receiver"), failed("Broken")},
		{"Receiver with a subcode that blames the input", withSecurity(fault12("Broken", "s:Receiver", "s:Sender")), failed("Broken")},
		{"a code of the vendor's", fault11("1001", "Broken"), failed("Broken")},
		{"a code of the vendor's, qualified", withSecurity(fault11("v:Closed", "Broken")), failed("Broken")},
		{"no code", in11(`<s:Fault><faultstring>Broken</faultstring></s:Fault>`), failed("Broken")},
		{"Client in another letter case", fault11("s:client", "Wrong"), rejected("Wrong")},
		{"SENDER in capitals", fault11("SENDER", "Wrong"), rejected("Wrong")},
		{"Server in another letter case", fault11("s:server", "Broken"), failed("Broken")},
		{"Client with markup in its reason", fault11("s:Client", "<b>Account</b> is <i>closed</i>"), rejected("Account is closed")},
		{"Server with markup in its reason", fault11("s:Server", "The <b>disk</b> is full"), failed("The disk is full")},
		{"Sender with markup in its reason", fault12("<p>Wrong</p>", "s:Sender"), rejected("Wrong")},
		{"Sender with a subcode that says Receiver", fault12("Broken", "s:Sender", "s:Receiver"), failed("Broken")},
		{"Sender with a deeper subcode that says Server", fault12("Broken", "s:Sender", "Bad", "Server.Disk"), failed("Broken")},
		{"Receiver with a subcode of WS-Security", withSecurity(fault12("Broken", "s:Receiver", "wsse:FailedAuthentication")), failed("Broken")},
		{"ActionNotSupported of WCF, with other words", strings.Replace(fault11("a:ActionNotSupported", "Wrong"), "<faultcode>",
			`<faultcode xmlns:a="http://schemas.microsoft.com/ws/2005/05/addressing/none">`, 1), rejected("Wrong")},

		{"VersionMismatch", fault11("s:VersionMismatch", "x"), refused},
		{"VersionMismatch, SOAP 1.2", fault12("x", "s:VersionMismatch"), refused},
		{"MustUnderstand", fault11("s:MustUnderstand", "x"), refused},
		{"MustUnderstand, SOAP 1.2", fault12("x", "s:MustUnderstand"), refused},
		{"DataEncodingUnknown", fault12("x", "s:DataEncodingUnknown"), refused},

		{"Client.Authentication", fault11("s:Client.Authentication", "x"), denied},
		{"FailedAuthentication", withSecurity(fault11("wsse:FailedAuthentication", "x")), denied},
		{"InvalidSecurityToken", withSecurity(fault11("wsse:InvalidSecurityToken", "x")), denied},
		{"InvalidSecurity", withSecurity(fault11("wsse:InvalidSecurity", "x")), denied},
		{"FailedCheck", withSecurity(fault11("wsse:FailedCheck", "x")), denied},
		{"SecurityTokenUnavailable", withSecurity(fault11("wsse:SecurityTokenUnavailable", "x")), denied},
		{"UnsupportedSecurityToken", withSecurity(fault11("wsse:UnsupportedSecurityToken", "x")), denied},
		{"UnsupportedAlgorithm", withSecurity(fault11("wsse:UnsupportedAlgorithm", "x")), denied},
		{"MessageExpired", withSecurity(fault11("wsse:MessageExpired", "x")), denied},
		{"MessageExpired of WS-Security 1.0", strings.Replace(fault11("wsu:MessageExpired", "x"), "<faultcode>", `<faultcode xmlns:wsu="`+strings.Replace(secext, "secext", "utility", 1)+`">`, 1), denied},
		{"FailedAuthentication as a subcode", withSecurity(fault12("x", "s:Sender", "wsse:FailedAuthentication")), denied},
		{"FailedAuthentication as a deeper subcode", withSecurity(fault12("x", "s:Sender", "v:Security", "wsse:FailedAuthentication")), denied},
		{"FailedAuthentication with an undeclared prefix", fault11("wsse:FailedAuthentication", "x"), denied},
		{"FailedAuthentication without a prefix", fault11("FailedAuthentication", "Broken"), failed("Broken")},
		{"FailedCheck with another undeclared prefix", fault11("credit:FailedCheck", "Broken"), failed("Broken")},
		{"SecurityError of WSS4J", strings.Replace(fault11("w:SecurityError", "x"), "<faultcode>", `<faultcode xmlns:w="http://ws.apache.org/wss4j">`, 1), denied},
		{"SecurityError of WSS4J as a subcode", strings.Replace(fault12("x", "s:Sender", "w:SecurityError"), "<s:Fault>", `<s:Fault xmlns:w="http://ws.apache.org/wss4j">`, 1), denied},
		{"SecurityError of another namespace", withSecurity(fault11("v:SecurityError", "Broken")), failed("Broken")},
		{"Client.authenticationError", fault11("s:Client.authenticationError", "x"), denied},
		{"Client.Authentication, refined", fault11("s:Client.Authentication.Expired", "x"), denied},
		{"Client.AuthenticationNumber is something else", fault11("s:Client.AuthenticationNumber", "Wrong"), rejected("Wrong")},
		{"FailedAuthentication of another namespace", withSecurity(fault11("v:FailedAuthentication", "Broken")), failed("Broken")},
	} {
		for _, status := range []int{200, 400, 500} {
			t.Run(fmt.Sprintf("%s with %d", test.name, status), func(t *testing.T) {
				_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: status, Body: []byte(test.body)})
				checkFailure(t, failure, test.want)
			})
		}
		// A status is looked at only in a fault of the Client class: of a server that broke, 401 proves nothing.
		for status, ofClient := range map[int]translate.Error{401: denied, 403: denied, 429: busy} {
			want := test.want
			if want.Code == translate.UpstreamRejected {
				want = ofClient
			}
			_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: status, RetryAfter: "17", Body: []byte(test.body)})
			checkFailure(t, failure, want)
		}
	}
}

// TestFaultsThatContradictThemselves are never settled in favour of the answer that would let a caller send again.
func TestFaultsThatContradictThemselves(t *testing.T) {
	const client, server = "<faultcode>s:Client</faultcode>", "<faultcode>s:Server</faultcode>"
	fault := func(children string) string {
		return in11(`<s:Fault xmlns:a="http://xml.apache.org/axis/">` + children + "</s:Fault>")
	}
	detailed := func(code, reason, detail string) string {
		return fault("<faultcode>" + code + "</faultcode><faultstring>" + reason + "</faultstring><detail>" + detail + "</detail>")
	}
	const stored = "The item was stored, its notification failed"
	const axis = `<a:`
	const noOperation = "The endpoint reference (EPR) for the Operation not found is /services/Toys and the WSA Action = null"
	const frames = "\n\tat org.apache.axis2.engine.DispatchPhase.checkPostConditions(DispatchPhase.java:89)\n\tat javax.servlet.http.HttpServlet.service(HttpServlet.java:647)\n\tat java.base/java.lang.Thread.run(Thread.java:829)"
	for _, test := range []struct {
		name, body string
		want       translate.Error
	}{
		{"two codes", fault(client + server), outcomeUnknown},
		{"two codes, the other way round", fault(server + "<faultstring>Bad Request</faultstring>" + client), outcomeUnknown},
		{"a code of either version", fault(client + "<s:Code><s:Value>s:Receiver</s:Value></s:Code>"), outcomeUnknown},
		{"two values of a code", in12(`<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Value>s:Receiver</s:Value></s:Code></s:Fault>`), outcomeUnknown},
		{"two subcodes", in12(`<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>a</s:Value></s:Subcode><s:Subcode><s:Value>Server</s:Value></s:Subcode></s:Code></s:Fault>`), outcomeUnknown},
		{"two reasons", fault(client + "<faultstring>Bad Request</faultstring><faultstring>" + stored + "</faultstring>"), outcomeUnknown},
		{"two details", fault(client + "<detail/><detail>" + stored + "</detail>"), outcomeUnknown},

		{"a sentence with another in the detail", detailed("s:Client", "Bad Request", stored), rejected("Bad Request")},
		{"a sentence with another deep in the detail", detailed("s:Client", "Bad Request", "<a><b>"+stored+"</b></a>"), rejected("Bad Request")},
		{"the server's sentence with another in the detail", detailed("s:Server", "Server did not recognize the value of HTTP Header SOAPAction: x.", stored),
			failed("Server did not recognize the value of HTTP Header SOAPAction: x.")},
		{"MustUnderstand with a detail of the vendor's", detailed("s:MustUnderstand", "x", stored), failed("x")},
		{"MustUnderstand, refined by the vendor", fault11("s:MustUnderstand.Stored", "x"), failed("x")},
		{"VersionMismatch in the vendor's namespace", fault(`<faultcode xmlns:v="urn:vendor">v:VersionMismatch</faultcode><faultstring>The account was changed</faultstring>`), failed("The account was changed")},
		{"Client in the vendor's namespace", fault(`<faultcode xmlns:v="urn:vendor">v:Client</faultcode><faultstring>Bad Request</faultstring>`), rejected("Bad Request")},
		{"VersionMismatch of a server that broke", fault12("x", "s:VersionMismatch", "s:Receiver"), failed("x")},
		{"VersionMismatch with a detail of the vendor's", detailed("s:VersionMismatch", "x", "<Code>77</Code>"), failed("x")},
		{"MustUnderstand with the stack's own detail and the vendor's", detailed("s:MustUnderstand", "x", `<h:hostname xmlns:h="http://xml.apache.org/axis/">db7</h:hostname><x>`+stored+"</x>"), failed("x")},

		{"a sentence with a code that the vendor refined", detailed("s:Client.Notification", "Bad Request", ""), rejected("Bad Request")},
		{"a sentence with the vendor's subcode", fault12("Bad Request", "s:Sender", "AccountClosed"), rejected("Bad Request")},
		{"the server's sentence with a code that the vendor refined", fault11("s:Server.Notification", "Server did not recognize the value of HTTP Header SOAPAction: x."),
			failed("Server did not recognize the value of HTTP Header SOAPAction: x.")},

		{"a sentence with another in a second language", strings.Replace(fault12("Procedure 'x' not present", "s:Sender"), "</s:Reason>", `<s:Text xml:lang="de">`+stored+"</s:Text></s:Reason>", 1), rejected("Procedure 'x' not present")},
		{"a sentence with another in the same language", strings.Replace(fault12("Procedure 'x' not present", "s:Sender"), "<s:Reason>", `<s:Reason><s:Text xml:lang="en">`+stored+"</s:Text>", 1), rejected("Procedure 'x' not present")},
		{"a sentence beside an element that is not part of a fault", fault(client + "<faultstring>Bad Request</faultstring><note><b>" + stored + "</b></note>"), rejected("Bad Request")},
		{"a sentence beside text that is in no part of a fault", fault(client + "<faultstring>Bad Request</faultstring>" + stored), rejected("Bad Request")},
		{"MustUnderstand beside an element that is not part of a fault", fault("<faultcode>s:MustUnderstand</faultcode><faultstring>x</faultstring><note>" + stored + "</note>"), failed("x")},

		{"a sentence with another in the stack's namespace", detailed("s:Client", "Bad Request", axis+"faultString>"+stored+"</a:faultString>"), rejected("Bad Request")},
		{"a sentence with another inside the host's name", detailed("s:Client", "Bad Request", axis+"hostname>db7<x>"+stored+"</x></a:hostname>"), rejected("Bad Request")},
		{"a sentence with another in the host's name", detailed("s:Client", "Bad Request", axis+"hostname>"+stored+"</a:hostname>"), rejected("Bad Request")},
		{"a sentence with another in the stack's trace", detailed("s:Client", "Bad Request", axis+"stackTrace>"+stored+frames+"</a:stackTrace>"), rejected("Bad Request")},
		{"a sentence with WCF's exception", detailed("s:Client", "Bad Request", `<ExceptionDetail xmlns="http://schemas.datacontract.org/2004/07/System.ServiceModel"><Message>`+stored+"</Message></ExceptionDetail>"), rejected("Bad Request")},
		{"a sentence with CXF's trace, which names a cause", detailed("s:Client", "Bad Request", `<stackTrace xmlns="http://cxf.apache.org/fault">Caused by: vendor.Stored: `+stored+"</stackTrace>"), rejected("Bad Request")},
		{"MustUnderstand with another message of the stack's", detailed("s:MustUnderstand", "x", `<e:exception xmlns:e="http://jax-ws.dev.java.net/"><message>`+stored+"</message></e:exception>"), failed("x")},
		{"MustUnderstand with a cause of the stack's", detailed("s:MustUnderstand", "x", `<e:exception xmlns:e="http://jax-ws.dev.java.net/"><message>x</message><e:cause><message>`+stored+"</message></e:cause></e:exception>"), failed("x")},
		{"a sentence with the vendor's message, the same", detailed("s:Client", "Bad Request", "<v><message>Bad Request</message></v>"), rejected("Bad Request")},
		{"a sentence with Axis 2's trace of another", detailed("s:Client", "Bad Request", "<Exception>org.apache.axis2.AxisFault: "+stored+frames+"</Exception>"), rejected("Bad Request")},
		{"a sentence with Axis 2's trace and a cause", detailed("s:Client", "Bad Request", "<Exception>org.apache.axis2.AxisFault: Bad Request"+frames+"\nCaused by: vendor.Stored: "+stored+"</Exception>"), rejected("Bad Request")},
		{"a sentence with Axis 2's trace through the vendor's code", detailed("s:Client", "Bad Request", "<Exception>org.apache.axis2.AxisFault: Bad Request"+frames+"\n\tat vendor.Store.call(Store.java:7)</Exception>"), rejected("Bad Request")},

		{"a sentence with Axis 1's trace of it", detailed("s:Client.NoSOAPAction", "no SOAPAction header!", axis+"stackTrace>no SOAPAction header!"+frames+"</a:stackTrace>"), refused},
		{"a sentence with Axis 2's trace of it", detailed("s:Client", noOperation, "<Exception>org.apache.axis2.AxisFault: "+noOperation+frames+"</Exception>"), refused},
		{"a sentence with Axis 2's qualified trace of it", detailed("s:Client", noOperation, axis+"Exception>org.apache.axis2.AxisFault: "+noOperation+frames+"\n</a:Exception>"), refused},
		{"a sentence in two languages that are one", strings.Replace(fault12("Procedure 'x' not present", "s:Sender"), "</s:Reason>", `<s:Text xml:lang="cs">Procedure 'x' not present</s:Text></s:Reason>`, 1), refused},
		{"a sentence beside a Node and an empty element", strings.Replace(fault12("Procedure 'x' not present", "s:Sender"), "</s:Reason>", `</s:Reason><s:Node>urn:node</s:Node><note/>`, 1), refused},
		{"a sentence with the subcode of SOAP 1.2 for it", fault12("Procedure 'x' not present", "s:Sender", "ProcedureNotPresent"), refused},
		{"MustUnderstand with the stack's own detail", detailed("s:MustUnderstand", "x", `<e:exception xmlns:e="http://jax-ws.dev.java.net/"><message>x</message><e:stackTrace><e:frame/></e:stackTrace></e:exception>`), refused},
		{"a sentence with a blank detail", detailed("s:Client", "Bad Request", " <x/> "), refused},
		{"a sentence with the host's name", detailed("s:Client.NoSOAPAction", "no SOAPAction header!", `<h:hostname xmlns:h="http://xml.apache.org/axis/">db7</h:hostname>`), refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: 500, Body: []byte(test.body)})
			checkFailure(t, failure, test.want)
		})
	}
}

// TestRefusals are the whole sentences by which stacks say that they know no such operation or message, each as the stack sends it. The
// mistake is in the proxy or in its configuration, so the caller may repeat the call.
func TestRefusals(t *testing.T) {
	const filters = "The message with Action 'urn:x/MakeToy' cannot be processed at the receiver, due to a ContractFilter mismatch at the EndpointDispatcher. " +
		"This may be because of either a contract mismatch (mismatched Actions between sender and receiver) or a binding/security mismatch between the sender and the receiver.  " +
		"Check that sender and receiver have the same contract and the same binding (including security requirements, e.g. Message, Transport, None)."
	for _, reason := range []string{
		// ASMX, with its errors hidden and shown; Mono does not fill in the placeholders.
		"Server did not recognize the value of HTTP Header SOAPAction: urn:x.",
		"Server did not recognize the value of HTTP Header SOAPAction: .",
		"Server did not recognize the value of HTTP Header {0}: {1}.",
		"Unable to handle request without a valid action parameter. Please supply a valid soap action.",
		"Unable to handle request. The action 'urn:x' was not recognized.",
		"The request element &lt;MakeToy xmlns='urn:toys'&gt; was not recognized.",
		"Missing required header 'ScCredentials'.",
		"System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header SOAPAction: urn:x.\n" +
			"   at System.Web.Services.Protocols.Soap11ServerProtocolHelper.RouteRequest()\n   at System.Web.Services.Protocols.SoapServerProtocol.Initialize()",
		"System.Web.Services.Protocols.SoapException: Unable to handle request without a valid action parameter. Please supply a valid soap action.",
		"System.Web.Services.Protocols.SoapHeaderException: Missing required header 'ScCredentials'.",
		"Possible SOAP version mismatch: Envelope namespace http://www.w3.org/2003/05/soap-envelope was unexpected. Expecting http://schemas.xmlsoap.org/soap/envelope/.",
		filters,
		"The message with To 'http://vendor/care' cannot be processed at the receiver, due to an AddressFilter mismatch at the EndpointDispatcher. Check that the sender and receiver's EndpointAddresses agree.",
		// JAX-WS RI
		"Cannot find dispatch method for {urn:x}CreateNothing",
		"Cannot find dispatch method for {}",
		"Couldn't create SOAP message due to exception: XML reader error: Unexpected EOF in prolog",
		"Couldn't create SOAP message due to exception: XML reader error: com.ctc.wstx.exc.WstxUnexpectedCharException: Unexpected character 'h' (code 104) in prolog; expected '&lt;'\n at [row,col {unknown-source}]: [1,1]",
		"Unsupported Content-Type: application/soap+xml; charset=utf-8 Supported ones are: [text/xml]",
		"org.xml.sax.SAXParseException; cvc-elt.1.a: Cannot find the declaration of element 'def:CreateNothing'.",
		"org.xml.sax.SAXParseException; lineNumber: 1; columnNumber: 30; cvc-elt.1: Cannot find the declaration of element 'def:CreateNothing'.",
		// CXF
		"Message part {urn:toys}MakeToy was not recognized.  (Does it exist in service WSDL?)",
		"No binding operation info while invoking unknown method with params unknown.",
		"Unexpected wrapper element {urn:x}MakeToy found.   Expected {urn:toys}MakeToy.",
		"Error reading XMLStreamReader.",
		"Error reading XMLStreamReader: Unexpected EOF in prolog\n at [row,col {unknown-source}]: [1,0]",
		"Error reading XMLStreamReader: Received event DTD, instead of START_ELEMENT or END_ELEMENT.\n at [row,col {unknown-source}]: [1,52]",
		"No such operation: MakeToy",
		"The given SOAPAction urn:x does not match an operation.",
		"The given SOAPAction does not match an operation.",
		"A SOAP 1.2 message is not valid when sent to a SOAP 1.1 only endpoint.",
		// Axis 1 and 2
		"no SOAPAction header!",
		"The endpoint reference (EPR) for the Operation not found is http://vendor:8080/axis2/services/Toys and the WSA Action = urn:makeToy. If this EPR was previously reachable, please contact the server administrator.",
		"The endpoint reference (EPR) for the Operation not found is /services/Toys and the WSA Action = null",
		"The service cannot be found for the endpoint reference (EPR) http://vendor:8080/axis2/services/Toys",
		// Spring-WS, PHP, NuSOAP, gSOAP, SOAP::Lite
		"No endpoint mapping found for [SaajSoapMessage {urn:toys}MakeToy]",
		"No endpoint can be found for request [AxiomSoapMessage {urn:toys}MakeToy]",
		"Bad Request",
		"\n  Bad Request \n",
		"Procedure 'MakeToy' not present",
		"Function 'MakeToy' doesn't exist",
		"Operation 'MakeToy' is not defined in the WSDL for this service",
		"Operation '' is not defined in the WSDL for this service",
		"method 'MakeToy'('MakeToy') not defined in service('' '')",
		"Method 'ns1:MakeToy' not" + " implemented: method name or namespace not recognized",
		"Failed to locate method (MakeToy) in class (Toys::Factory) at /usr/lib/perl5/SOAP/Lite.pm line 2588.",
		"Failed to locate method (MakeToy) in class (Toys)",
	} {
		for code, want := range map[string]translate.Code{"s:Client": translate.UpstreamRefused, "s:Server": translate.UpstreamFailed, "ERR7": translate.UpstreamFailed} {
			if code == "s:Server" && strings.Contains(reason, "Server did not recognize the value of HTTP Header") {
				want = translate.UpstreamRefused // the one that ASMX sends as a Server fault, too
			}
			_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: 500, Body: []byte(fault11(code, reason))})
			if failure == nil || failure.Code != want || want == translate.UpstreamRefused && (failure.Outcome != soap.Rejected || !failure.Alert || len(failure.Violations) != 0) {
				t.Errorf("%s %q: %+v", code, reason, failure)
			}
		}
	}
	const addressing = `xmlns:a="http://schemas.microsoft.com/ws/2005/05/addressing/none"`
	for _, doc := range []string{
		strings.Replace(fault11("a:ActionNotSupported", filters), "<faultcode>", "<faultcode "+addressing+">", 1),
		strings.Replace(fault12(filters, "s:Sender", "a:ActionNotSupported"), "<s:Fault>", "<s:Fault "+addressing+">", 1),
		fault11("s:Client.NoSOAPAction", "no SOAPAction header!"),
	} {
		_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: 500, Body: []byte(doc)})
		checkFailure(t, failure, refused)
	}
}

// TestSentencesThatOnlyLookLikeRefusals are kept, as the answers that they are: the vendor may have done its work.
func TestSentencesThatOnlyLookLikeRefusals(t *testing.T) {
	for _, reason := range []string{
		// They go on.
		"Unable to handle request: the work item was stored, but the notification failed",
		"Unable to handle request without a valid action parameter. Please supply a valid soap action. The work item was stored.",
		"Server did not recognize the account after the update was committed",
		"Server did not recognize the value of HTTP Header SOAPAction: urn:x. The item was stored.",
		"Server did not recognize the value of HTTP Header SOAPAction: x but the item was stored.",
		"Server did not recognize the value of HTTP Header SOAPAction: x was stored.",
		"Missing required header row in rating table",
		"Missing required header 'a row of the rating table'.",
		"Unsupported Content-Type: text/html",
		"Unsupported Content-Type: text/html Supported ones are: [text/xml]", // it is about the answer of a service behind the vendor's
		"Message part {urn:x}MakeToy was not recognized.  (Does it exist in service WSDL?) It was made.",
		"Error reading XMLStreamReader: the toy was made",
		"Cannot find dispatch method for {urn:x}MakeToy and {urn:x}PaintToy",
		"Bad Request: the name is taken",
		"Bad Request\nThe toy was made",
		"Procedure 'sp_AddToy' expects parameter '@name', which was not supplied.",
		"Procedure sp_AddToy not present",
		"Procedure 'a' not present, 'b' not present",
		"Function 'f' returned no value",
		"Failed to locate method (a) in class (b) at /x/y.pm line 7. The toy was made",
		"org.xml.sax.SAXParseException; cvc-datatype-valid.1.2.1: 'x' is not a valid value for 'date'.",
		// They begin otherwise.
		"The Server did not recognize the value of HTTP Header SOAPAction: urn:x.",
		"server did not recognize the value of HTTP Header SOAPAction: urn:x.",
		"System.ServiceModel.FaultException: Server did not recognize the value of HTTP Header SOAPAction: urn:x.",
		// A service behind the vendor's said them to the vendor.
		"Server was unable to process request. ---> Server did not recognize the value of HTTP Header SOAPAction: urn:x.",
		"System.Web.Services.Protocols.SoapException: Server was unable to process request. ---> System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header SOAPAction: urn:x.",
		"System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header SOAPAction: urn:x.\n" +
			"   at System.Web.Services.Protocols.SoapHttpClientProtocol.ReadResponse(SoapClientMessage message)\n   at Vendor.BackEnd.Store(Toy toy)",
		"System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header SOAPAction: urn:x.\n   at System. The toy was made",
		"Message part {urn:x}MakeToyResponse was not recognized.  (Does it exist in service WSDL?)",
		"Unexpected wrapper element {urn:x}StoreResponse found.   Expected {urn:y}StoreResponse.",
		`Function ("Store") is not a valid method for this service`,
		"DTD are not supported by SOAP",
	} {
		for code, want := range map[string]translate.Code{"s:Client": translate.UpstreamRejected, "s:Server": translate.UpstreamFailed, "ERR7": translate.UpstreamFailed} {
			_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: 500, Body: []byte(fault11(code, reason))})
			if failure == nil || failure.Code != want {
				t.Errorf("%s %q: %+v", code, reason, failure)
			}
		}
	}
}

// TestVendorsOwn lets an operation judge its replies before the general rules do, and leaves to them what it does not judge.
func TestVendorsOwn(t *testing.T) {
	d := definition()
	d.Fault = func(f *soap.Fault, sent *translate.Sent) *translate.Error {
		if f.Reason != "Mine" {
			return nil
		}
		return translate.Fail(translate.UpstreamUnavailable, fmt.Errorf("mine"), translate.Violation{Detail: sent.Safe(f.Reason)})
	}
	d.Judge = func(a record.Object, _ *translate.Sent) *translate.Error {
		if a.Value(0).Present() { // the id
			return nil
		}
		return translate.Reject(translate.FromResponseCode, fmt.Errorf("no ID"))
	}
	mine := translate.Error{Code: translate.UpstreamUnavailable, Outcome: soap.Failed, Source: translate.FromFault, Violations: []translate.Violation{{Detail: "Mine"}}}
	for _, status := range []int{200, 401, 500} {
		_, failure := decode(t, d, toyRequest, soap.Reply{Certain: true, Status: status, Body: []byte(fault11("s:VersionMismatch", "Mine"))})
		checkFailure(t, failure, mine)
	}
	_, failure := decode(t, d, toyRequest, soap.Reply{Certain: true, Status: 500, Body: []byte(fault11("s:Client", "Other"))})
	checkFailure(t, failure, rejected("Other"))
	result, failure := decode(t, d, toyRequest, soap.Reply{Certain: true, Status: 200, Body: []byte(in11(`<t:MakeToyResponse xmlns:t="urn:toys"><Id/></t:MakeToyResponse>`))})
	checkFailure(t, failure, translate.Error{Code: translate.UpstreamRejected, Outcome: soap.Rejected, Source: translate.FromResponseCode})
	if result.JSON != nil || !maps.Equal(result.Unknown, map[string]int{"MakeToyResponse/Id": 1}) { // which may explain the failure
		t.Errorf("%s, unknown are %v", result.JSON, result.Unknown)
	}
	if _, failure = decode(t, d, toyRequest, soap.Reply{Certain: true, Status: 200, Body: []byte(in11(done))}); failure != nil {
		t.Error(failure)
	}
}

// TestFaultInEitherVersion reads the fault that says that a service uses the other version.
func TestFaultInEitherVersion(t *testing.T) {
	for name, doc := range map[string]string{"1.1": fault11("s:Client", "Wrong"), "1.2": fault12("Wrong", "s:Sender")} {
		for _, contentType := range []string{"", "text/xml", "application/soap+xml; charset=utf-8", "text/html", "garbage;;"} {
			_, failure := decode(t, definition(), toyRequest, soap.Reply{Certain: true, Status: 500, ContentType: contentType, Body: []byte(doc)})
			if failure == nil || failure.Code != translate.UpstreamRejected {
				t.Errorf("%s as %q: %+v", name, contentType, failure)
			}
		}
	}
}
