package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"soapbridge/upstream/sandbox"
)

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

// small samples of an operation with one value.
const (
	pingRequest = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><p:Ping xmlns:p="urn:ping"><Text>string</Text></p:Ping></e:Body></e:Envelope>`
	pingReply   = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><p:Pong xmlns:p="urn:ping"><Text>string</Text>` +
		`<Count>int</Count><ExternalReference>string</ExternalReference></p:Pong></e:Body></e:Envelope>`
)

func TestNewRefuses(t *testing.T) {
	pair := func(request, response string) []sandbox.System {
		return []sandbox.System{{Name: sandbox.MDS, Samples: fstest.MapFS{
			"samples/Ping.request.xml": file(request), "samples/Ping.response.xml": file(response),
		}}}
	}
	with := func(old, replacement string) []sandbox.System {
		return pair(strings.Replace(pingRequest, old, replacement, 1), pingReply)
	}
	reply := func(old, replacement string) []sandbox.System {
		return pair(pingRequest, strings.Replace(pingReply, old, replacement, 1))
	}
	ping := fstest.MapFS{"Ping.request.xml": file(pingRequest), "Ping.response.xml": file(pingReply)}
	const text = "<Text>string</Text>"
	tests := []struct {
		name    string
		systems []sandbox.System
		want    string
	}{
		{"no system", nil, "no system, valid are customercare, mds and emersion"},
		{"unknown system", []sandbox.System{{Name: "acme", Samples: ping}}, `system "acme": unknown, valid are customercare, mds and emersion`},
		{"no samples", []sandbox.System{{Name: sandbox.MDS}}, "no samples"},
		{"empty samples", []sandbox.System{{Name: sandbox.MDS, Samples: fstest.MapFS{}}}, "no file is called <Operation>.request.xml"},
		{"same system twice", []sandbox.System{{Name: sandbox.MDS, Samples: ping}, {Name: sandbox.MDS, Samples: ping}}, `system "mds": repeated`},
		{"same operation twice", []sandbox.System{{Name: sandbox.MDS, Samples: ping}, {Name: sandbox.Emersion, Samples: ping}}, "operation Ping belongs to mds already"},
		{"username for a system without one", []sandbox.System{{Name: sandbox.CustomerCare, Samples: ping, Username: "a"}}, "takes no username"},
		{"response missing", []sandbox.System{{Name: sandbox.MDS, Samples: fstest.MapFS{"Ping.request.xml": file(pingRequest)}}}, "sample Ping.response.xml: open Ping.response.xml"},
		{"request missing", []sandbox.System{{Name: sandbox.MDS, Samples: fstest.MapFS{"Ping.response.xml": file(pingReply)}}}, "sample Ping.response.xml has no Ping.request.xml"},

		{"not well-formed", with("</e:Envelope>", ""), "sample samples/Ping.request.xml: XML syntax error"},
		{"empty file", pair("", pingReply), "sample samples/Ping.request.xml: EOF"},
		{"not SOAP 1.1", with(ns11, ns12), "must be a SOAP 1.1 Envelope"},
		{"other name than the file", with("<p:Ping", "<p:Pung xmlns:q='urn:ping'><q:Ping/></p:Pung><p:Ping"), "Ping.request.xml: Ping has neither a placeholder nor elements"},
		{"two children of the Body", with("<e:Body>", "<e:Body><Other>string</Other>"), "its Body must have one child, called Ping like the file"},
		{"no Body", pair(`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/></e:Envelope>`, pingReply), "it has no Body"},
		{"more in the Envelope", with("<e:Body>", "<Other>string</Other><e:Body>"), "unexpected Other in no namespace in the Envelope"},
		{"unknown placeholder", with(">string<", ">text<"), `Text: unknown placeholder "text"`},
		{"no value fits", with(">string<", ">string(8..1)<"), "Text: placeholder string(8..1) has no value"},
		{"fractional length", with(">string<", ">string(1..2.5)<"), "Text: the bounds of a string must be lengths"},
		{"xsi:nil", with("<Text>", `<Text xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">`), "attribute nil at Text: a request sample has none"},
		{"text between elements", with(text, text+"x"), "Ping has both text and elements"},
		{"element without content", with(text, "<Text/>"), "Text has neither a placeholder nor elements"},
		{"same element in two forms", with(text, text+"<Text><A>string</A></Text>"), "Text occurs twice in Ping, apart or in two forms"},
		{"same element apart", with(text, text+"<A>string</A>"+text), "Text occurs twice in Ping, apart or in two forms"},
		{"unknown mark", with(text, "<!--Perhaps:-->"+text), `the comment "Perhaps:" is not a mark`},
		{"wrong number announced", with(text, "<!--You may enter the following 2 items in any order-->"+text), "Ping announces 2 items in any order and has 1"},

		{"reply not well-formed", reply("</p:Pong>", ""), "sample samples/Ping.response.xml: unexpected end of e:Body"},
		{"reply not closed", reply("</e:Body></e:Envelope>", ""), "e:Body is not closed"},
		{"reply not SOAP", reply(ns11, "urn:x"), "its root is e:Envelope, must be a SOAP 1.1 Envelope"},
		{"reply with a second root", reply("</e:Envelope>", "</e:Envelope><a>string</a>"), "it has a second root"},
		{"reply empty", pair(pingRequest, ""), "sample samples/Ping.response.xml: it is empty"},
		{"reply without a Body", reply("e:Body>", "e:Corpus>"), "unexpected end of e:Body"},
		{"reply with an unknown placeholder", reply(">int<", ">number<"), `Count: unknown placeholder "number"`},
		{"reply with an empty element", reply(">int<", "><"), "Count has neither a placeholder nor elements"},
		{"reply with text between elements", reply("<Count>", "x<Count>"), "p:Pong has both text and elements"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := sandbox.New(sandbox.Config{Systems: test.systems})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// TestSixthOperation: samples are all that an operation needs, in any folder, with every mark that they know.
func TestSixthOperation(t *testing.T) {
	const marked = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><p:Ping xmlns:p="urn:ping">
		<!--Optional: all below--><A>string</A><B><!--Required:--><C>int</C><D>date</D></B><!--Required:--><E>boolean</E>
		<F>string(2..3)</F><F>string(2..3)</F></p:Ping></e:Body></e:Envelope>`
	ping := func(content string) string {
		return `<x:Envelope xmlns:x="http://schemas.xmlsoap.org/soap/envelope/"><x:Body><y:Ping xmlns:y="urn:ping">` + content + `</y:Ping></x:Body></x:Envelope>`
	}
	b := start(t, func(cfg *sandbox.Config) {
		cfg.Systems = []sandbox.System{{Name: sandbox.MDS, Samples: fstest.MapFS{
			"a/b/Ping.request.xml": file(marked), "a/b/Ping.response.xml": file(pingReply), "a/b/README.md": file("not a sample"),
		}}}
	})
	tests := []struct {
		name, content, want string
	}{
		{"least", "<E>1</E>", `<p:Pong xmlns:p="urn:ping"><Text>sandbox</Text><Count>-2147483648</Count></p:Pong>`},
		{"all", "<A>a</A><B><C>1</C><D>2026-01-01</D></B><E>1</E><F>ab</F><F>abc</F><F>ab</F>", "<Text>sandbox</Text>"},
		{"required below optional", "<B><D>2026-01-01</D></B><E>1</E>", "missing, at /Envelope/Body/Ping/B/C"},
		{"required", "<A>a</A>", "missing, at /Envelope/Body/Ping/E"},
		{"repeated", "<E>1</E><F>ab</F><F>a</F>", "shorter than 2 characters, at /Envelope/Body/Ping/F[2]"},
		{"scenario", "<A>sandbox:http-404</A><E>1</E>", "404 Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := b.send(t, message{method: http.MethodPost, path: sandbox.MDSPath, envelope: ping(test.content),
				header: http.Header{"Content-Type": {type11}, "Soapaction": {`""`}}})
			if !strings.Contains(got.body, test.want) {
				t.Errorf("%d %s\nwant %s", got.status, got.body, test.want)
			}
		})
	}
}
