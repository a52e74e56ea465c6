package soap

import (
	"bytes"
	"encoding/json"
	"regexp"
	"unicode"

	"soapbridge/translate/xml"
)

// isBare reports whether a body is known to hold no envelope, nor the beginning of one. It is one of these, and nothing else:
//
//   - empty, but for white space;
//   - an HTML page, XHTML included: from <html> or <!DOCTYPE html> to </html>, or <html/>, or one <h1> and text;
//   - JSON: one valid object or array;
//   - plain text: without any "<", and without control characters other than line ends and tabs.
//
// So an XML document that is cut off is not bare, nor is a whole one with another root: it may be the service's own answer. A body
// that speaks of an Envelope is not bare either: it may be one that is broken.
func isBare(body []byte, contentType string) bool {
	if isBlank(body) {
		return true
	}
	if bytes.Contains(bytes.ReplaceAll(body, []byte{0}, nil), []byte("Envelope")) { // without the zeros of UTF-16
		return false
	}
	text, err := xml.DecodeCharset(body, contentType)
	if err != nil {
		return isHTML(body) // a page may name its encoding inside, in tags that are ASCII
	}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0: // a byte order mark: what it belongs to is missing
		return false
	case text[0] == '<':
		return isHTML(text)
	case text[0] == '{' || text[0] == '[':
		return json.Valid(text)
	}
	return !bytes.ContainsFunc(text, isMarkupOrControl)
}

func isBlank(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }

func isMarkupOrControl(r rune) bool {
	return r == '<' || unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
}

// What an HTML page begins and ends with. Servers put an XML declaration before it, and comments before and behind it: nginx pads short
// pages with them. A heading alone is how the web server of the JDK, and so a small JAX-WS service, answers for a wrong path.
var (
	htmlBegin = regexp.MustCompile(`(?s)^\s*(?:<\?xml\s[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)[\s>]`)
	htmlEnd   = regexp.MustCompile(`(?s)^</html\s*>\s*(?:<!--.*-->\s*)?$`)
	htmlShort = regexp.MustCompile(`^\s*(?:<h1>[^<]*</h1>[^<]*|<html(?:\s[^<>]*)?/>\s*)$`)
)

func isHTML(text []byte) bool {
	lower := bytes.ToLower(text)
	end := bytes.LastIndex(lower, []byte("</html"))
	return end >= 0 && htmlEnd.Match(lower[end:]) && htmlBegin.Match(lower) || htmlShort.Match(lower)
}
