package soap_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

func readFault(t testing.TB, doc string) *soap.Fault {
	t.Helper()
	_, decoded, err := decode(t, decoder(t, replies), doc)
	if err != nil || decoded.Fault == nil {
		t.Fatalf("%s: %+v %v", doc, decoded, err)
	}
	return decoded.Fault
}

// TestFaults reads the parts of faults of both versions, in the forms that services send.
func TestFaults(t *testing.T) {
	const envelope11, envelope12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
	for _, test := range []struct {
		name, doc string
		want      soap.Fault
	}{
		{"SOAP 1.1, whole", in11(`<s:Fault><faultcode>s:Client</faultcode><faultstring>Why</faultstring><faultactor>urn:who</faultactor><detail><x a="b">y</x></detail></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Client"}, Reason: "Why",
			Detail: &soap.Detail{Name: xml.Name{Local: "detail"}, Children: []*soap.Detail{{Name: xml.Name{Local: "x"}, Text: "y"}}},
		}},
		{"SOAP 1.1, a plain text in the detail", in11(`<s:Fault><faultcode>s:Client</faultcode><detail> Username &amp; more </detail></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Client"}, Detail: &soap.Detail{Name: xml.Name{Local: "detail"}, Text: " Username & more "},
		}},
		{"SOAP 1.1, text and elements in the detail", in11(`<s:Fault><faultcode>s:Client</faultcode><detail>a<x>b</x>c<y><z/></y></detail></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Client"},
			Detail: &soap.Detail{Name: xml.Name{Local: "detail"}, Text: "a\nc", Children: []*soap.Detail{
				{Name: xml.Name{Local: "x"}, Text: "b"}, {Name: xml.Name{Local: "y"}, Children: []*soap.Detail{{Name: xml.Name{Local: "z"}}}},
			}},
		}},
		{"SOAP 1.1, an empty detail", in11(`<s:Fault><faultcode>s:Client</faultcode><detail/></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Client"}, Detail: &soap.Detail{Name: xml.Name{Local: "detail"}},
		}},
		{"SOAP 1.1, qualified children", in11(`<s:Fault><s:faultcode>s:Server</s:faultcode><s:faultstring>Why</s:faultstring></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Server"}, Reason: "Why",
		}},
		{"SOAP 1.1, another order and strangers", in11(`<s:Fault><faultstring xml:lang="en">Why</faultstring><x><faultcode>no</faultcode></x><faultcode>s:Server</faultcode></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Server"}, Reason: "Why", Extra: true,
		}},
		{"white space around texts", in11("<s:Fault><faultcode>\n s:Server </faultcode><faultstring>\n\tWhy\n</faultstring></s:Fault>"), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: envelope11, Local: "Server"}, Reason: "Why",
		}},
		{"a code in the default namespace", in11(`<s:Fault xmlns="urn:d"><faultcode xmlns="urn:c">Server</faultcode></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: "urn:c", Local: "Server"},
		}},
		{"a code without prefix", in11(`<s:Fault><faultcode>Server</faultcode></s:Fault>`), soap.Fault{Version: soap.V11, Code: xml.Name{Local: "Server"}}},
		{"a code whose prefix is not declared", in11(`<s:Fault><faultcode>env:Server</faultcode></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Local: "Server"}, Undeclared: map[xml.Name]string{{Local: "Server"}: "env:Server"},
		}},
		{"a code of WS-Security whose prefix is not declared", in11(`<s:Fault><faultcode> wsse:InvalidSecurity </faultcode></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", Local: "InvalidSecurity"},
			Undeclared: map[xml.Name]string{{Space: "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", Local: "InvalidSecurity"}: "wsse:InvalidSecurity"},
		}},
		{"a code whose prefix is declared on itself", in11(`<s:Fault><faultcode xmlns:q="urn:q">q:Bad</faultcode></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Space: "urn:q", Local: "Bad"},
		}},
		{"a code that is not a name", in11(`<s:Fault><faultcode>no such account</faultcode></s:Fault>`), soap.Fault{Version: soap.V11, Code: xml.Name{Local: "no such account"}}},
		{"a code of several colons", in11(`<s:Fault><faultcode>a:b:c</faultcode></s:Fault>`), soap.Fault{
			Version: soap.V11, Code: xml.Name{Local: "c"}, Undeclared: map[xml.Name]string{{Local: "c"}: "a:b:c"},
		}},
		{"markup in the reason", in11(`<s:Fault><faultstring> The <b>Pin<i>Code</i></b> is <![CDATA[<wrong>]]> </faultstring></s:Fault>`), soap.Fault{Version: soap.V11, Reason: "The PinCode is <wrong>"}},
		{"lines in the reason", in11(`<s:Fault><faultstring>A<br/>B<h:br xmlns:h="urn:h"></h:br><p>C</p><b>D</b></faultstring></s:Fault>`), soap.Fault{Version: soap.V11, Reason: "A\n\nB\n\n\nC\nD"}},
		{"only a reason", in11(`<s:Fault><faultstring>Why</faultstring></s:Fault>`), soap.Fault{Version: soap.V11, Reason: "Why"}},
		{"only a detail", in11(`<s:Fault><detail/></s:Fault>`), soap.Fault{Version: soap.V11, Detail: &soap.Detail{Name: xml.Name{Local: "detail"}}}},

		{"SOAP 1.2, whole", in12(`<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:q="urn:q">q:Bad</s:Value><s:Subcode><s:Value>Worse</s:Value></s:Subcode></s:Subcode></s:Code>` +
			`<s:Reason><s:Text xml:lang="de">Darum</s:Text><s:Text xml:lang="en-GB">Why</s:Text><s:Text xml:lang="fr">Parce que</s:Text></s:Reason>` +
			`<s:Node>urn:node</s:Node><s:Role>urn:who</s:Role><s:Detail><x>y</x></s:Detail></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Sender"}, Subcodes: []xml.Name{{Space: "urn:q", Local: "Bad"}, {Local: "Worse"}},
			Reason: "Why", Translations: []string{"Darum", "Parce que"},
			Detail: &soap.Detail{Name: xml.Name{Space: envelope12, Local: "Detail"}, Children: []*soap.Detail{{Name: xml.Name{Local: "x"}, Text: "y"}}},
		}},
		{"SOAP 1.2, the subcode first", in12(`<s:Fault><s:Code><s:Subcode><s:Value>Bad</s:Value></s:Subcode><s:Value>s:Sender</s:Value></s:Code></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Sender"}, Subcodes: []xml.Name{{Local: "Bad"}},
		}},
		{"SOAP 1.2, no English", in12(`<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="de">Darum</s:Text><s:Text xml:lang="fr">Parce que</s:Text></s:Reason></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Receiver"}, Reason: "Darum", Translations: []string{"Parce que"},
		}},
		{"SOAP 1.2, English first", in12(`<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="EN">Why</s:Text><s:Text xml:lang="fr">Parce que</s:Text></s:Reason></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Receiver"}, Reason: "Why", Translations: []string{"Parce que"},
		}},
		{"SOAP 1.2 with a detail of 1.1", in12(`<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><detail>x</detail></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Receiver"}, Detail: &soap.Detail{Name: xml.Name{Local: "detail"}, Text: "x"},
		}},
		{"SOAP 1.2 with children of 1.1", in12(`<s:Fault><faultcode>s:Receiver</faultcode><faultstring>Why</faultstring></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Receiver"}, Reason: "Why",
		}},
		{"SOAP 1.2, strangers in Code", in12(`<s:Fault><s:Code><x>y</x><s:Value>s:Receiver</s:Value></s:Code></s:Fault>`), soap.Fault{
			Version: soap.V12, Code: xml.Name{Space: envelope12, Local: "Receiver"}, Extra: true,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(&test.want, readFault(t, test.doc)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, doc := range []string{
		in11(`<s:Fault><faultcode><x/></faultcode></s:Fault>`), in11(`<s:Fault><faultcode>a</faultcode><s:faultcode>a</s:faultcode></s:Fault>`),
		in11(`<s:Fault><faultstring/><faultstring>x</faultstring></s:Fault>`), in11(`<s:Fault><detail/><detail/></s:Fault>`), in12(`<s:Fault><s:Code/><s:Reason/></s:Fault>`),
	} {
		if _, decoded, err := decode(t, decoder(t, replies), doc); err == nil {
			t.Errorf("%s: %+v", doc, decoded.Fault)
		}
	}
}

// TestFaultClass sorts codes by their local names, and the codes of WS-Security by their namespace too.
func TestFaultClass(t *testing.T) {
	const secext = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	local := func(names ...string) (codes []xml.Name) {
		for _, name := range names {
			codes = append(codes, xml.Name{Local: name})
		}
		return codes
	}
	security := local("InvalidSecurityToken", "InvalidSecurity", "FailedAuthentication", "FailedCheck", "SecurityTokenUnavailable", "UnsupportedSecurityToken", "UnsupportedAlgorithm")
	for i := range security {
		security[i].Space = secext
	}
	for class, codes := range map[soap.FaultClass][]xml.Name{
		soap.FaultClient:          local("Client", "Sender", "client", "SENDER", "Client.Validation", "Client.AuthenticationNumber", "Sender."),
		soap.FaultServer:          local("Server", "Receiver", "SERVER", "Server.userException", "Server.Authentication"),
		soap.FaultVersionMismatch: local("VersionMismatch"),
		soap.FaultMustUnderstand:  local("MustUnderstand"),
		soap.FaultDataEncoding:    local("DataEncodingUnknown"),
		soap.FaultAuthentication:  append(security, local("Client.Authentication", "Sender.Authentication", "client.authenticationError", "Client.Authentication.Expired")...),
		soap.FaultOther: append(local("", "ClientFault", "1001", "FailedAuthentication", "Client:x", ".Client"),
			xml.Name{Space: secext, Local: "Other"}, xml.Name{Space: "urn:x", Local: "InvalidSecurity"}),
	} {
		for _, code := range codes {
			fault := soap.Fault{Code: code}
			if got := fault.Class(); got != class {
				t.Errorf("%v is of class %d, not %d", code, got, class)
			}
		}
	}
	for _, space := range []string{"", "http://schemas.xmlsoap.org/soap/envelope/", "urn:other"} {
		fault := soap.Fault{Code: xml.Name{Space: space, Local: "Client"}}
		if fault.Class() != soap.FaultClient {
			t.Errorf("Client in %q is of class %d", space, fault.Class())
		}
	}
	inside := soap.Fault{Code: xml.Name{Local: "Sender"}, Subcodes: []xml.Name{{Local: "x"}, security[0]}}
	if inside.Class() != soap.FaultAuthentication {
		t.Error("a subcode of WS-Security does not count")
	}
	other := soap.Fault{Code: xml.Name{Local: "Sender"}, Subcodes: local("Sender", "MustUnderstand")}
	if other.Class() != soap.FaultClient {
		t.Error("a subcode counts as the code")
	}
	other.Subcodes = local("Bad", "Receiver")
	if other.Class() != soap.FaultServer {
		t.Error("a subcode that says that the service broke does not count")
	}
	other = soap.Fault{Code: xml.Name{Local: "Receiver"}, Subcodes: []xml.Name{security[0]}}
	if other.Class() != soap.FaultServer {
		t.Error("a subcode excuses a service that broke")
	}
	for _, space := range []string{"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://schemas.microsoft.com/ws/2005/05/addressing/none"} {
		if f := (soap.Fault{Code: xml.Name{Space: space, Local: "ActionNotSupported"}}); f.Class() != soap.FaultClient {
			t.Errorf("ActionNotSupported of %s is of class %d", space, f.Class())
		}
	}
}

func TestDetail(t *testing.T) {
	d := &soap.Detail{Children: []*soap.Detail{
		{Name: xml.Name{Space: "urn:x", Local: "A"}, Text: " \n a "}, {Name: xml.Name{Local: "A"}, Text: "second"}, {Name: xml.Name{Local: "Empty"}},
	}}
	if d.Child("A") != d.Children[0] || d.Child("a") != nil || d.TextOf("A") != "a" || d.TextOf("Empty") != "" || d.TextOf("None") != "" {
		t.Errorf("%+v", d)
	}
	var none *soap.Detail
	if none.Child("A") != nil || none.TextOf("A") != "" {
		t.Error("nothing has children")
	}
}
