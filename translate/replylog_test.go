package translate_test

import (
	"errors"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

// replyError decodes a reply that must fail, and returns what the log learns.
func replyError(t *testing.T, reply soap.Reply) *translate.ReplyError {
	t.Helper()
	d := definition()
	d.Secrets = []secret.Secret{"direct-token"}
	reply.Certain = true
	_, failure := decode(t, d, with(`"pin": "0042", "note": "Jane Doe"`), reply)
	if failure == nil {
		t.Fatal("a success")
	}
	cause, ok := errors.AsType[*translate.ReplyError](failure)
	if !ok {
		t.Fatalf("%T", failure.Cause)
	}
	return cause
}

// TestCauses names all that the operator needs to find out why a call failed, on one line and without secrets.
func TestCauses(t *testing.T) {
	html := `<!DOCTYPE html><html><head><title>
		502 Bad Gateway &amp; more: direct-token </title></head><body>Jane</body></html>`
	for _, test := range []struct {
		name  string
		reply soap.Reply
		want  string
	}{
		{
			"a refined code", soap.Reply{Status: 500, ContentType: "text/xml", Body: []byte(fault11("s:Server.userException", "Broken"))},
			"fault Server.userException: Broken; HTTP 500, text/xml, 191 bytes",
		},
		{
			"a code in the vendor's namespace", soap.Reply{Status: 500, Body: []byte(strings.Replace(fault11("v:System.OddException", "Broken ---&gt; PIN 0042 of Jane Doe"), "<faultcode>", `<faultcode xmlns:v="urn:v">`, 1))},
			"fault {urn:v}System.OddException: Broken ---> PIN *** of ***; HTTP 500, 235 bytes",
		},
		{
			"a code that holds a secret", soap.Reply{Status: 500, Body: []byte(fault11("s:Client.0042", ""))},
			"fault ***: ; HTTP 500, 176 bytes",
		},
		{
			"prefixes that are not declared", soap.Reply{Status: 500, Body: []byte(fault12("Wrong", "env:Sender", "v:Bad.0042", "v:Closed"))},
			"fault env:Sender/***/v:Closed: Wrong; HTTP 500, 316 bytes",
		},
		{
			"subcodes", soap.Reply{Status: 400, ContentType: "application/soap+xml", Body: []byte(fault12("Wrong", "s:Sender", "s:Bad"))},
			"fault Sender/Bad: Wrong; HTTP 400, application/soap+xml, 259 bytes",
		},
		{
			"a page", soap.Reply{Status: 502, ContentType: "text/html", Headers: map[string][]string{"Content-Encoding": {"gzip"}, "Server": {"proxy"}}, Body: []byte(html)},
			`soap: the reply is not a SOAP envelope: xml: a document type declaration, which SOAP forbids (byte 0, line 1); HTTP 502, text/html, gzip, 117 bytes, title "502 Bad Gateway & more: ***"`,
		},
		{
			"a redirect", soap.Reply{Status: 302, Headers: map[string][]string{"Location": {"https://joe:direct-token@login.example/0042/in;jsessionid=7?token=abc"}}},
			"HTTP 302, 0 bytes, Location https://login.example/***/in?…",
		},
		{
			"a login", soap.Reply{Status: 401, Headers: map[string][]string{"Www-Authenticate": {`Negotiate, NTLM, Basic realm="a, b", Digest realm="x", nonce="secret", qop="auth"`}}},
			"HTTP 401, 0 bytes, Www-Authenticate Negotiate, NTLM, Basic, Digest",
		},
		{
			"a result with another status", soap.Reply{Status: 404, Body: []byte(in11(done))},
			"an envelope without a fault came with a status that is not of success; HTTP 404, 162 bytes",
		},
	} {
		if got := replyError(t, test.reply).Error(); !strings.HasSuffix(got, test.want) || strings.Contains(got, "\n") {
			t.Errorf("%s\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestCopies shows a reply to the operator: structure, faults and codes, but no other text, no header of the envelope and no secret.
func TestCopies(t *testing.T) {
	headers := map[string][]string{
		"Content-Encoding": {"gzip"}, "Content-Length": {"99"}, "Location": {"/login?sid=7"}, "Retry-After": {"7"}, "Server": {"IIS"}, "Via": {"1.1 direct-token"},
		"Www-Authenticate": {`Basic realm="x"`}, "Set-Cookie": {"sid=7"},
	}
	for _, test := range []struct {
		name  string
		reply soap.Reply
		want  string
	}{
		{
			"a result", soap.Reply{Status: 500, ContentType: "text/xml", Headers: headers, Body: []byte(`<?xml version="1.0"?>` +
				`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><ID>direct-token</ID></s:Header><s:Body>` +
				`<t:MakeToyResponse xmlns:t="urn:toys"><ID lang="de">Jöe</ID><ResponseCode>17</ResponseCode><Code>Jane Doe</Code><ZipCode>30303</ZipCode><Empty/>` + "\n" + `</t:MakeToyResponse></s:Body></s:Envelope>`)},
			"HTTP 500\nContent-Type: text/xml\nContent-Encoding: gzip\nContent-Length: 99\nLocation: /login?…\nRetry-After: 7\nServer: IIS\nVia: 1.1 ***\nWww-Authenticate: Basic\n\n" +
				`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Header>[left out]</Header><Body><MakeToyResponse xmlns="urn:toys"><ID xmlns="" lang="[2 characters]">[3 characters]</ID>` +
				`<ResponseCode xmlns="">17</ResponseCode><Code xmlns="">[8 characters]</Code><ZipCode xmlns="">[5 characters]</ZipCode><Empty xmlns=""/></MakeToyResponse></Body></Envelope>`,
		},
		{
			"a fault", soap.Reply{Status: 500, Body: []byte(in11(`<s:Fault><faultcode>s:Server.x</faultcode><faultstring>PIN 0042, &amp;#48;042</faultstring><detail><e>Jane Doe; password=x7</e></detail></s:Fault>`))},
			"HTTP 500\n\n" + `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Fault><faultcode xmlns="">s:Server.x</faultcode><faultstring xmlns="">PIN ***, ***</faultstring>` +
				`<detail xmlns=""><e>***; password=***</e></detail></Fault></Body></Envelope>`,
		},
		{
			"a truncated envelope", soap.Reply{Status: 200, Body: []byte(in11(done)[:120])},
			"HTTP 200\n\n" + `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><MakeToyResponse xmlns="urn:toys"><ID xmlns="">[1 characters]</ID>[unreadable: xml: the document ends before it is complete (byte 120, line 1)]`,
		},
		{
			"a part in MIME", soap.Reply{Status: 500, ContentType: "multipart/related", Body: []byte("--b\r\nContent-Type: text/xml\r\n\r\n" + in11("<a>Joe</a>") + "\r\n--b--")},
			"HTTP 500\nContent-Type: multipart/related\n\n" + `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><a xmlns="">[3 characters]</a></Body></Envelope>` +
				"[unreadable: xml: only comments and white space may be outside of the root element (byte 106, line 2)]",
		},
		{"other XML", soap.Reply{Status: 500, Body: []byte(` <error who="Joe">no</error>`)}, "HTTP 500\n\n" + `<error who="[3 characters]">[2 characters]</error>`},
		{
			"a page", soap.Reply{Status: 403, ContentType: "text/html", Body: []byte("\ufeff<!-- x --><HTML><style>a{}</style><script>var p</script>\n<h1>Access denied</h1> for Jane Doe &amp; 0042<br></HTML>")},
			"HTTP 403\nContent-Type: text/html\n\nAccess denied for *** & ***",
		},
		{"JSON", soap.Reply{Status: 429, Body: []byte(`{"message": "Slow down, direct-token", "password": "x7"}`)}, "HTTP 429\n\n[56 bytes]"},
		{"nothing", soap.Reply{Status: 202}, "HTTP 202\n\n"},
		{"an unknown encoding", soap.Reply{Status: 500, ContentType: "text/xml; charset=x-klingon", Body: []byte("abc")}, "HTTP 500\nContent-Type: text/xml; charset=x-klingon\n\n[3 bytes: "},
	} {
		if got := replyError(t, test.reply).Copy(); got != test.want && (!strings.HasPrefix(got, test.want) || !strings.HasSuffix(test.want, ": ")) {
			t.Errorf("%s\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestCopyIsBounded cuts a copy after 4 KiB, and makes it of a bounded part of the reply.
func TestCopyIsBounded(t *testing.T) {
	for name, body := range map[string]string{
		"many elements":   in11(strings.Repeat("<a>0042</a>", 5000)),
		"a long text":     fault11("s:Client", strings.Repeat("é0042 ", 2000)),
		"a longer text":   fault11("s:Client", strings.Repeat("Jane Doe ", 20_000)),
		"a long name":     in11("<" + strings.Repeat("a", 10_000) + "/>"),
		"a page":          "<html>" + strings.Repeat("Jane Doe ", 100_000),
		"many words":      strings.Repeat("word ", 100_000),
		"a secret across": fault11("s:Client", strings.Repeat("-", 3875)+" 0042"),
	} {
		got := replyError(t, soap.Reply{Status: 500, Body: []byte(body)}).Copy()
		if len(got) > 4096 || strings.Contains(got, "004") || strings.Contains(got, "Jane") {
			t.Errorf("%s: %d bytes, %q", name, len(got), got[max(0, len(got)-100):])
		}
	}
}
