package soap_test

import (
	"errors"
	"strings"
	"testing"

	"soapbridge/translate/soap"
)

// TestNoEnvelope knows the bodies that hold no envelope for certain: what web servers, gateways and firewalls answer in a service's place.
func TestNoEnvelope(t *testing.T) {
	t.Parallel()
	d := decoder(t, replies)
	const page = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
	for _, test := range []struct{ name, contentType, body string }{
		{"nothing", "text/xml; charset=utf-8", ""},
		{"nothing in an unknown encoding", "text/xml; charset=x-klingon", ""},
		{"nothing in several parts", "multipart/related; boundary=b", ""},
		{"white space", "text/xml", " \r\n\t"},

		{"HTML", "text/html", page},
		{"HTML 5", "text/html; charset=utf-8", "<!doctype html>\n<html lang=\"en\"><body>Verboten – é</body></html>\n"},
		{"HTML with a byte order mark", "text/html", "\xEF\xBB\xBF" + page},
		{"HTML in UTF-16", "text/html", "\xFF\xFE" + utf16LE(page)},
		{"HTML in capitals", "text/html", "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD></HTML>\r\n"},
		{"HTML with padding, as nginx sends it", "text/html", page + strings.Repeat("<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n", 6)},
		{"HTML with a stack in a comment, as ASP.NET sends it", "text/html", page + "<!-- \r\n[HttpException]: x ---> y\r\n   at System.Web\r\n--><!-- \r\nThis page\r\n-->"},
		{"HTML behind a comment", "text/html", "<!-- IE needs 512 bytes -->\n" + page},
		{"HTML in Latin-1 that says so inside", "text/html", "<html><meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\"><h1>Acc\xe8s refus\xe9</h1></html>"},
		{"HTML in an unknown encoding", "text/html; charset=x-klingon", page},
		{"HTML as XML", "text/xml", page},
		{"HTML with a space in its end tag", "text/html", "<html><body></body></html >"},
		{"empty XHTML", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml" />` + "\n"},
		{"XHTML", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>`},
		{
			"XHTML with everything before it, as lighttpd sends it", "text/html", `<?xml version="1.0" encoding="iso-8859-1"?>` + "\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n" +
				` "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">` + "\n" + `<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><body/></html>`,
		},

		{"a heading", "text/html", "<h1>Forbidden</h1>"},
		{"a heading and text, as the web server of the JDK sends it", "text/html", "<h1>404 Not Found</h1>No context found for request"},

		{"an object", "application/json", `{"message": "<b>Forbidden</b>", "deep": [{}]}` + "\n"},
		{"an array", "text/xml", " [1, \"x\"]"},
		{"text", "text/plain", "Unauthorized"},
		{"text in several lines", "text/plain; charset=iso-8859-1", "Acc\xe8s\trefus\xe9\r\nL'\xe9quipe\r\n"},
	} {
		if _, err := d.Decode(soap.V11, soap.Reply{Body: []byte(test.body), ContentType: test.contentType}); !errors.Is(err, soap.ErrNoEnvelope) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestPerhapsAnEnvelope knows the bodies that may be a part of one, or the answer of the service itself.
func TestPerhapsAnEnvelope(t *testing.T) {
	t.Parallel()
	d := decoder(t, replies)
	for _, test := range []struct{ name, contentType, body string }{
		{"a declaration", "text/xml", `<?xml version="1.0"?>`},
		{"half a tag", "text/xml", `<?xml version="1.0"?><soap:Env`},
		{"a byte order mark", "text/xml", "\xEF\xBB\xBF"},
		{"a byte order mark of UTF-16", "text/xml", "\xFF\xFE"},
		{"half a byte order mark", "text/xml", "\xEF\xBB\xBF"[:2]},
		{"a < of UTF-16", "text/xml", "\x00<"},
		{"another document", "text/xml", "<error>no</error>"},
		{"half a heading", "text/html", "<h1>404 Not Found</h1"},
		{"a heading and half a tag", "text/html", "<h1>404 Not Found</h1><s:Env"},
		{"another element of HTML", "text/html", "<p>Forbidden</p>"},
		{"an error document of S3", "application/xml", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>`},
		{"an envelope in another letter case", "text/xml", strings.ReplaceAll(in11(good), "Envelope", "envelope")},
		{"an envelope in an unknown encoding", "text/xml; charset=x-klingon", in11(good)},

		{"empty XHTML and something behind it", "text/html", "<html/><s:Body>"},
		{"half of empty XHTML", "text/html", "<html/"},
		{"HTML without end", "text/html", "<html><body>Forbidden</body>"},
		{"HTML with half an end tag", "text/html", "<html><body>Forbidden</body></html"},
		{"an end of HTML alone", "text/html", "<body>Forbidden</body></html>"},
		{"HTML and something behind it", "text/html", "<html></html><s:Body>"},
		{"HTML and text behind it", "text/html", "<html></html>text"},
		{"HTML with a comment that does not end", "text/html", "<html></html><!-- pad"},
		{"an element whose name only begins like HTML's", "text/html", "<htmlx></html>"},
		{"a document type of another kind", "text/html", "<!DOCTYPE htmlx></html>"},
		{"HTML that speaks of an envelope", "text/html", "<html>Bad SOAP Envelope</html>"},
		{"HTML that speaks of one in UTF-16", "text/html", "\xFE\xFF" + utf16BE("<html>Bad SOAP Envelope</html>")},

		{"half an object", "application/json", `{"message": "Forb`},
		{"an object and more", "application/json", `{} {}`},
		{"JSON that speaks of an envelope", "application/json", `{"message": "no Envelope"}`},
		{"text with a tag behind it", "text/plain", "Warning: x<br"},
		{"text with control characters", "text/plain", "\x00\x01\x7f"},
		{"text with an escape", "text/plain; charset=iso-2022-jp", "\x1b$B"},
		{"text in no encoding", "text/plain", "Acc\xe8s"},
		{"EBCDIC", "text/xml; charset=IBM037", "\x4c\x81\x61\x6e"},
		{"UTF-7", "text/xml; charset=utf-7", "+ADw-a/+AD4-"},
	} {
		if _, err := d.Decode(soap.V11, soap.Reply{Body: []byte(test.body), ContentType: test.contentType}); err == nil || errors.Is(err, soap.ErrNoEnvelope) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
