package soap_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"soapbridge/translate/soap"
)

// packaged writes a package as Apache CXF does: every part is its header lines, an empty line and its content.
func packaged(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("\r\n--uuid:1\r\n" + part)
	}
	return b.String() + "\r\n--uuid:1--\r\n"
}

const (
	packageType = `multipart/related; type="application/xop+xml"; boundary="uuid:1"; start="<root.message@cxf.apache.org>"; start-info="text/xml"`
	rootHeader  = "Content-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <root.message@cxf.apache.org>\r\n\r\n"
	attachment  = "Content-Type: application/octet-stream\r\nContent-ID: <a@b>\r\n\r\n\x00\xff<s:Envelope>\r\n--uuid"
)

// coded is a root part in a Content-Transfer-Encoding.
func coded(coding, content string) string {
	return strings.Replace(rootHeader, "binary", coding, 1) + content
}

// TestDecodePackage reads the root part of an MTOM package, from whichever stack.
func TestDecodePackage(t *testing.T) {
	t.Parallel()
	d := decoder(t, replies)
	root := rootHeader + in11(good)
	latin1 := strings.Replace(rootHeader, "UTF-8", "iso-8859-1", 1) + strings.Replace(in11(good), "<OpResult>", "<OpResult><!-- \xe9 -->", 1)
	inBase64 := base64.StdEncoding.EncodeToString([]byte(in11(good)))
	for _, test := range []struct{ name, contentType, body string }{
		{"a root alone", packageType, packaged(root)},
		{"a root before an attachment", packageType, packaged(root, attachment)},
		{"a root behind an attachment", packageType, packaged(attachment, root)},
		{"the first part", `multipart/related; boundary="uuid:1"`, packaged(root, attachment)},
		{"the first part without header lines", `multipart/related; boundary="uuid:1"`, packaged("\r\n" + in11(good))},
		{"start without angle brackets", `multipart/related; boundary="uuid:1"; start="root.message@cxf.apache.org"`, packaged(attachment, root)},
		{"the type in capitals", `Multipart/Related; Boundary="uuid:1"`, packaged(root)},
		{"something before the first part", packageType, "This is a package." + packaged(root)},
		{"something behind the last", packageType, packaged(root) + "end"},
		{"no line end behind the last", packageType, strings.TrimSuffix(packaged(root), "\r\n")},
		{"line feeds alone", packageType, strings.ReplaceAll(packaged(root, attachment), "\r\n", "\n")},
		{"a root with a declaration", packageType, packaged(rootHeader + `<?xml version="1.0" encoding="utf-8"?>` + in11(good))},
		{"a root in another charset", packageType, packaged(strings.Replace(root, "UTF-8", "UTF-16", 1)[:len(rootHeader)+1] + "\xFF\xFE" + utf16LE(in11(good)))},
		{"parameters that should be quoted", `multipart/related; type=application/xop+xml; start="<root.message@cxf.apache.org>"; boundary=uuid:1; start-info=text/xml`, packaged(root, attachment)},
		{"a start that should be quoted", `multipart/related; boundary=uuid:1; start=<root.message@cxf.apache.org>`, packaged(attachment, root)},
		{"a quoted parameter that looks like others", `multipart/related; start-info="a; boundary=x/y"; boundary=uuid:1`, packaged(root)},
		{"a root whose type should be quoted", packageType, packaged(strings.Replace(latin1, `"text/xml"`, "text/xml", 1))},
		{"a root in quoted-printable", packageType, packaged(coded("Quoted-Printable", strings.ReplaceAll(strings.ReplaceAll(in11(good), "=", "=3D"), "<OpResult>", "=\r\n<OpResult>")))},
		{"a root in base64", packageType, packaged(coded("BASE64", inBase64[:76]+"\r\n"+inBase64[76:]+"\r\n"))},
		{"a namespace that is declared and not used", packageType, packaged(strings.Replace(root, "<s:Body>", `<s:Body xmlns:xop="http://www.w3.org/2004/08/xop/include">`, 1))},
	} {
		decoded, err := d.Decode(soap.V11, soap.Reply{Body: []byte(test.body), ContentType: test.contentType})
		if err != nil || decoded.Version != soap.V11 || shown(decoded) != `{"id":"x"}` {
			t.Errorf("%s: %+v %v", test.name, decoded, err)
		}
	}
	fault := soap.Reply{Status: 500, ContentType: packageType, Body: []byte(packaged(rootHeader + in11("<s:Fault><faultcode>s:Client</faultcode></s:Fault>")))}
	if decoded, err := d.Decode(soap.V11, fault); err != nil || decoded.Fault == nil || decoded.Fault.Class() != soap.FaultClient {
		t.Errorf("a fault: %+v %v", decoded, err)
	}
	page := soap.Reply{Status: 401, ContentType: packageType, Body: []byte(packaged(rootHeader + "<html></html>"))}
	if _, err := d.Decode(soap.V11, page); !errors.Is(err, soap.ErrNoEnvelope) {
		t.Errorf("a page: %v", err)
	}
}

// TestDecodePackageRefuses reads packages that are broken, or whose envelope is not all in one part.
func TestDecodePackageRefuses(t *testing.T) {
	t.Parallel()
	d := decoder(t, replies)
	const include = `<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:a@b"/>`
	root := rootHeader + in11(good)
	for _, test := range []struct{ name, contentType, body string }{
		{"no part of that name", `multipart/related; boundary="uuid:1"; start="<other>"`, packaged(root)},
		{"two parts of that name", packageType, packaged(root, root)},
		{"no part", packageType, "\r\n--uuid:1--\r\n"},
		{"no package", packageType, in11(good)},
		{"another boundary", `multipart/related; boundary="uuid:2"`, packaged(root)},
		{"no boundary", `multipart/related; type="application/xop+xml"`, packaged(root)},
		{"an empty boundary", `multipart/related; boundary=""`, "\r\n--\r\n" + root + "\r\n----\r\n"},
		{"a malformed type", `multipart/related; boundary="uuid:1`, packaged(root)},
		{"another kind of package", `multipart/mixed; boundary="uuid:1"`, packaged(root)},
		{"text in another kind of package", `multipart/mixed; boundary="uuid:1"`, "--uuid:1\r\nContent"},
		{"a malformed header line", packageType, packaged("Content-ID\r\n" + root)},
		{"quoted-printable that is not", packageType, packaged(coded("quoted-printable", in11(good)))},
		{"quoted-printable with half an escape", packageType, packaged(coded("quoted-printable", strings.ReplaceAll(in11(good), "=", "=3D")+"=3"))},
		{"base64 that is not", packageType, packaged(coded("base64", in11(good)))},
		{"base64 that is cut off", packageType, packaged(coded("base64", base64.StdEncoding.EncodeToString([]byte(in11(good)))[:101]))},
		{"another coding", packageType, packaged(coded("x-uuencode", in11(good)))},
		{"something behind the boundary", packageType, strings.Replace(packaged(root), "--uuid:1--", "--uuid:1--x", 1)},
		{"half an attachment's header", packageType, packaged(root) + "--uuid:1\r\nContent-ID: <a"},
		{"half an envelope", packageType, packaged(rootHeader + in11(good)[:150])},

		{"an include in a text", packageType, packaged(rootHeader+result(`<ID xmlns="">`+include+`</ID>`), attachment)},
		{"an include in an element that is not read", packageType, packaged(rootHeader+result(`<ID xmlns="">x</ID><New xmlns="">`+include+`</New>`), attachment)},
		{"an include in the header", packageType, packaged(rootHeader + strings.Replace(in11(good), "<s:Body>", "<s:Header>"+include+"</s:Header><s:Body>", 1))},
		{"an include in a fault", packageType, packaged(rootHeader + in11("<s:Fault><faultcode>s:Client</faultcode><detail>"+include+"</detail></s:Fault>"))},
		{"an include whose namespace is spelled with a reference", packageType, packaged(rootHeader + result(strings.Replace(include, "http", "&#104;ttp", 1)))},
	} {
		decoded, err := d.Decode(soap.V11, soap.Reply{Status: 400, Body: []byte(test.body), ContentType: test.contentType})
		if err == nil || errors.Is(err, soap.ErrNoEnvelope) || strings.Contains(err.Error(), "uuid") {
			t.Errorf("%s: %+v %v", test.name, decoded, err)
		}
	}
}

// TestDecodePackageCutOff cuts a package at every byte before the end of its last boundary: nothing of it is ever read, and never is
// it without an envelope.
func TestDecodePackageCutOff(t *testing.T) {
	t.Parallel()
	d := decoder(t, replies)
	for _, body := range []string{packaged(rootHeader + in11(good)), packaged(rootHeader+in11(good), attachment), packaged(attachment, rootHeader+in11(good))} {
		for length := len("\r\n-"); length < len(body)-len("\r\n"); length++ {
			decoded, err := d.Decode(soap.V11, soap.Reply{Status: 401, Body: []byte(body[:length]), ContentType: packageType})
			if err == nil || errors.Is(err, soap.ErrNoEnvelope) {
				t.Errorf("cut off at %d, behind %q: %+v %v", length, body[max(0, length-20):length], decoded, err)
			}
		}
	}
}
