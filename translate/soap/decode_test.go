package soap_test

import (
	"errors"
	"strings"
	"testing"

	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

const good = `<OpResponse xmlns="urn:n"><OpResult><ID xmlns="">x</ID></OpResult></OpResponse>`

// TestDecodeEnvelope reads documents that are envelopes in ways that vendors' are not.
func TestDecodeEnvelope(t *testing.T) {
	d := decoder(t, replies)
	for _, test := range []struct{ name, doc string }{
		{"plain", in11(good)},
		{"with a declaration", `<?xml version="1.0" encoding="utf-8"?>` + in11(good)},
		{"with white space and comments around", "<!-- a -->\n" + in11("\n"+good+"<!-- b -->\n") + "\n<!-- c -->\n"},
		{"with a byte order mark", "\xef\xbb\xbf" + in11(good)},
		{"in UTF-16", "\xff\xfe" + utf16LE(in11(good))},
		{"under a default namespace", `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>` + good + `</Body></Envelope>`},
		{"with a header", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><x><s:Body/></x></s:Header><s:Body>` + good + `</s:Body></s:Envelope>`},
		{"with something behind the body", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + good + `</s:Body><x/></s:Envelope>`},
		{"with a body of another namespace", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><Body><x/></Body><s:Body>` + good + `</s:Body></s:Envelope>`},
		{"with attributes", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="x"><s:Body id="1">` + good + `</s:Body></s:Envelope>`},
	} {
		got, decoded, err := decode(t, d, test.doc)
		if err != nil || got != `{"id":"x"}` || decoded.Version != soap.V11 || decoded.Fault != nil || decoded.Ignored != 0 {
			t.Errorf("%s: %s %+v %v", test.name, got, decoded, err)
		}
	}
}

// utf16LE encodes ASCII.
func utf16LE(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}

// utf16BE encodes ASCII.
func utf16BE(s string) string { return "\x00" + strings.TrimSuffix(utf16LE(s), "\x00") }

// TestDecodeRefuses reads documents that do not say what happened, and distinguishes those that are not envelopes.
func TestDecodeRefuses(t *testing.T) {
	d := decoder(t, replies)
	const envelope, body = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">`, "<s:Body>"
	for _, test := range []struct {
		name, doc  string
		noEnvelope bool
	}{
		{"nothing", "", true},
		{"white space", " \n", true},
		{"text", "Service Unavailable", true},
		{"JSON", `{"error": "x"}`, true},
		{"HTML", "<!DOCTYPE html><html><body>Error</body></html>", true},
		{"XHTML", `<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>`, true},
		{"another document", "<error/>", false},
		{"an envelope in another letter case", strings.ReplaceAll(in11(good), "Envelope", "envelope"), false},
		{"a page that speaks of one", "<html>Bad SOAP Envelope</html>", false}, // when in doubt it is one that is broken

		{"a document type", `<!DOCTYPE s:Envelope [<!ENTITY e "x">]>` + in11(good), false},
		{"an instruction before", `<?xml-stylesheet href="x"?>` + in11(good), false},
		{"an envelope in no namespace", "<Envelope><Body>" + good + "</Body></Envelope>", false},
		{"an envelope in another namespace", strings.Replace(in11(good), "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2001/12/soap-envelope", 1), false},
		{"a character that XML does not have", in11(strings.Replace(good, ">x<", ">\x01<", 1)), false},
		{"bytes that are not UTF-8", in11(strings.Replace(good, ">x<", ">\xff<", 1)), false},
		{"an unknown encoding", `<?xml version="1.0" encoding="EBCDIC"?>` + in11(good), false},

		{"an instruction inside", in11(`<?pi?>` + good), false},
		{"no body", envelope + "<s:Header/></s:Envelope>", false},
		{"an empty body", in11(""), false},
		{"a body of text", in11("text"), false},
		{"two children", in11(good + good), false},
		{"a child and a fault", in11(good + "<s:Fault><faultcode>s:Server</faultcode></s:Fault>"), false},
		{"two faults", in11("<s:Fault><faultcode>s:Server</faultcode></s:Fault><s:Fault><faultcode>s:Server</faultcode></s:Fault>"), false},
		{"two bodies", envelope + body + good + "</s:Body>" + body + good + "</s:Body></s:Envelope>", false},
		{"a body of the other version", envelope + `<b:Body xmlns:b="http://www.w3.org/2003/05/soap-envelope">` + good + "</b:Body></s:Envelope>", false},
		{"another version's envelope", in12(good), false},
		{"a fault in no namespace", in11("<Fault><faultcode>s:Server</faultcode></Fault>"), false},
		{"a fault of the other version", in11(`<f:Fault xmlns:f="http://www.w3.org/2003/05/soap-envelope"/>`), false},
		{"an empty fault", in11("<s:Fault/>"), false},
		{"truncated", in11(good)[:len(in11(good))-20], false},
		{"truncated in the result", envelope + body + `<OpResponse xmlns="urn:n"><OpResult><ID xmlns="">x`, false},
		{"the end tag of another", strings.Replace(in11(good), "</OpResult>", "</OpResults>", 1), false},
		{"a second root", in11(good) + "<x/>", false},
		{"text behind the end", in11(good) + "x", false},
		{"an undeclared prefix", in11(`<p:OpResponse/>`), false},
		{"an unknown entity", in11(strings.Replace(good, ">x<", ">&nbsp;<", 1)), false},
		{"nested too deep", in11(strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70)), false},
	} {
		got, decoded, err := decode(t, d, test.doc)
		if err == nil || errors.Is(err, soap.ErrNoEnvelope) != test.noEnvelope || decoded.Fault != nil {
			t.Errorf("%s: %s %+v %v", test.name, got, decoded, err)
		}
	}
	for doc, noEnvelope := range map[string]bool{in11(good): false, utf16LE(in11(good)): false, "<html/>": true} {
		_, err := d.Decode(soap.V11, soap.Reply{Body: []byte(doc), ContentType: "text/xml; charset=x-unknown"})
		if err == nil || errors.Is(err, soap.ErrNoEnvelope) != noEnvelope {
			t.Errorf("%q in an unknown charset: %v", doc, err)
		}
	}
}

// TestDecodeVersions reads a result in the version that was sent, and a fault in either.
func TestDecodeVersions(t *testing.T) {
	d := decoder(t, replies)
	fault := map[soap.Version]string{
		soap.V11: in11("<s:Fault><faultcode>s:VersionMismatch</faultcode></s:Fault>"),
		soap.V12: in12("<s:Fault><s:Code><s:Value>s:VersionMismatch</s:Value></s:Code></s:Fault>"),
	}
	body := map[soap.Version]string{soap.V11: in11(good), soap.V12: in12(good)}
	for _, sent := range []soap.Version{soap.V11, soap.V12} {
		for _, came := range []soap.Version{soap.V11, soap.V12} {
			decoded, err := d.Decode(sent, soap.Reply{Body: []byte(body[came])})
			if (err == nil) != (sent == came) || err == nil && decoded.Version != came {
				t.Errorf("a result in SOAP %s to a request in %s: %+v %v", came, sent, decoded, err)
			}
			decoded, err = d.Decode(sent, soap.Reply{Body: []byte(fault[came])})
			if err != nil || decoded.Fault == nil || decoded.Fault.Version != came || decoded.Fault.Class() != soap.FaultVersionMismatch {
				t.Errorf("a fault in SOAP %s to a request in %s: %+v %v", came, sent, decoded, err)
			}
		}
	}
}

// TestDecodeOneWay takes a status of success for what it says, unless a fault or something that is not an envelope contradicts it.
func TestDecodeOneWay(t *testing.T) {
	const fault = "<s:Fault><faultcode>s:Server</faultcode></s:Fault>"
	for _, test := range []struct {
		name    string
		status  int
		doc     string
		fault   bool
		refused bool
	}{
		{"no body", 202, "", false, false},
		{"white space", 200, "\r\n", false, false},
		{"an empty envelope", 200, in11(""), false, false},
		{"an envelope of the other version", 200, in12(""), false, false},
		{"an answer to something", 200, in11(good), false, false},
		{"a fault", 200, in11(fault), true, false},
		{"a fault with its status", 500, in11(fault), true, false},
		{"an answer and a fault", 200, in11(good + fault), false, true},
		{"an envelope without a body", 200, strings.NewReplacer("<s:Body>", "", "</s:Body>", "").Replace(in11("")), false, true},
		{"a truncated envelope", 200, in11(good)[:100], false, true},
		{"a page", 200, "<html></html>", false, true},
		{"plain text", 202, "accepted", false, true},
		{"no body and another status", 500, "", false, true},
	} {
		decoded, err := soap.NewOneWayDecoder(xml.Limits{}).Decode(soap.V11, soap.Reply{Status: test.status, Body: []byte(test.doc)})
		if (err != nil) != test.refused || (decoded.Fault != nil) != test.fault || decoded.Ignored != 0 || err == nil && decoded.Result == nil {
			t.Errorf("%s: %+v %v", test.name, decoded, err)
		}
	}
}

// TestDecodeLimits keeps a reply from costing more than is allowed.
func TestDecodeLimits(t *testing.T) {
	d := soap.NewDecoder(replies, compile[answer](t, ""), xml.Limits{Bytes: len(in11(good))})
	if _, _, err := decode(t, d, in11(good)); err != nil {
		t.Error(err)
	}
	var limit *xml.LimitError
	if _, _, err := decode(t, d, in11(good)+" "); !errors.As(err, &limit) || limit.Limit != "bytes" {
		t.Error(err)
	}
}
