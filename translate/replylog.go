package translate

import (
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// ReplyError is why a call failed whose reply was read: what the reply means, and what its transport said. It is for the log.
type ReplyError struct {
	cause     error
	transport string
	copy      func() string
}

func (e *ReplyError) Error() string { return e.cause.Error() + "; " + e.transport }

func (e *ReplyError) Unwrap() error { return e.cause }

// Copy returns the reply as far as the log may hold it, at most 4 KiB: without the SOAP Header, because CustomerCare echoes the credentials in
// it, with everything masked that the request must not show, and with only the lengths of texts that are neither a fault's nor a code, because
// they may be about other people.
func (e *ReplyError) Copy() string { return e.copy() }

// explain completes the cause of an error that a reply reported.
func (s *Sent) explain(failure *Error, reply soap.Reply, limits xml.Limits) *Error {
	failure.Cause = &ReplyError{failure.Cause, s.transport(reply), func() string { return s.copyOf(reply, limits) }}
	return failure
}

// transport describes what is around an envelope, and the page that came instead of one.
func (s *Sent) transport(reply soap.Reply) string {
	words := []string{fmt.Sprintf("HTTP %d", reply.Status)}
	if reply.ContentType != "" {
		words = append(words, s.header(reply.ContentType))
	}
	if coding := s.replyHeader(reply, "Content-Encoding"); coding != "" {
		words = append(words, coding)
	}
	words = append(words, fmt.Sprintf("%d bytes", len(reply.Body)))
	if title := title(reply.Body); title != "" {
		words = append(words, fmt.Sprintf("title %q", s.header(title)))
	}
	for _, name := range []string{"Location", "Www-Authenticate"} {
		if value := s.replyHeader(reply, name); value != "" {
			words = append(words, name+" "+value)
		}
	}
	if !reply.Certain {
		words = append(words, "over a connection that was used before, or with more behind it")
	}
	return strings.Join(words, ", ")
}

// header makes the value of a header, or a text as short, fit for the log.
func (s *Sent) header(value string) string { return shorten(s.Logged(value), maxVendorText) }

// replyHeader returns a header of a reply without what may be secret in it: the query of an address, the parameters of a challenge.
func (s *Sent) replyHeader(reply soap.Reply, name string) string {
	value := strings.Join(reply.Headers[name][:min(1, len(reply.Headers[name]))], "")
	switch name {
	case "Content-Type":
		value = reply.ContentType
	case "Location":
		value = address(value)
	case "Www-Authenticate":
		value = schemes(value)
	}
	return s.header(value)
}

// address leaves out of a URL who logs in, the query, and the parameters of the path, where sessions are.
func address(location string) string {
	if location == "" {
		return ""
	}
	u, err := url.Parse(location)
	if err != nil {
		return "(not a URL)"
	}
	path, _, _ := strings.Cut(u.Path, ";")
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}
	if u.RawQuery != "" {
		return shown.String() + "?…"
	}
	return shown.String()
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// schemes returns the names at the beginning of challenges (RFC 9110, section 11.6.1), without their parameters.
func schemes(challenges string) string {
	var names []string
	for part := range strings.SplitSeq(quoted.ReplaceAllString(challenges, ""), ",") {
		if words := strings.Fields(part); len(words) > 0 && !strings.Contains(words[0], "=") {
			names = append(names, words[0])
		}
	}
	return strings.Join(names, ", ")
}

var (
	beginsLikeHTML = regexp.MustCompile(`^(?i:\s|\x{feff}|<!--(?s:.*?)-->)*<(?i:!doctype\s+html|html|head|body)\b`)
	htmlTitle      = regexp.MustCompile(`(?is)<title\b[^>]*>(.*?)</title`)
	withoutCode    = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)\s*>|<!--.*?-->`)
	doctype        = regexp.MustCompile(`(?is)<!doctype[^>]*>`)
)

// beginningOf is as much of a body as is looked at for people's words.
func beginningOf(body []byte) string { return string(body[:min(len(body), longestReason)]) }

// title returns the title of a page in HTML. Another document's may be about a person.
func title(body []byte) string {
	page := beginningOf(body)
	if !beginsLikeHTML.MatchString(page) {
		return ""
	}
	if match := htmlTitle.FindStringSubmatch(page); match != nil {
		return html.UnescapeString(match[1])
	}
	return ""
}

// Fault describes a fault for the log: its codes as they were sent, and all of its text, the chain of inner exceptions included.
func (s *Sent) Fault(f *soap.Fault) error {
	codes := make([]string, 0, 1+len(f.Subcodes))
	for _, code := range append([]xml.Name{f.Code}, f.Subcodes...) {
		name := code.Local
		if space := code.Space; space != "" && space != f.Version.Namespace() {
			name = "{" + space + "}" + name
		}
		if sent, ok := f.Undeclared[code]; ok {
			name = sent
		}
		codes = append(codes, s.Code(name))
	}
	return errors.New("fault " + strings.Join(codes, "/") + ": " + s.Logged(f.Reason))
}

// notableHeaders are the response headers that help to find out why a call failed: who answered, and what.
var notableHeaders = []string{"Content-Type", "Content-Encoding", "Content-Length", "Location", "Retry-After", "Server", "Via", "Www-Authenticate"}

// maxCopy bounds the copy of a reply, in bytes.
const maxCopy = 4 << 10

func (s *Sent) copyOf(reply soap.Reply, limits xml.Limits) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d\n", reply.Status)
	for _, name := range notableHeaders {
		if value := s.replyHeader(reply, name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	b.WriteByte('\n')
	b.WriteString(s.body(reply, limits))
	shown := b.String()
	if len(shown) <= maxCopy {
		return shown
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(shown[:maxCopy-len(ellipsis)], "") + ellipsis
}

var envelopeTag = regexp.MustCompile(`<(?:[\w.-]+:)?Envelope\b`)

// htmlElements are those of the pages by which servers say that something is wrong. Others are not HTML, whatever is around them.
var htmlElements = regexp.MustCompile(`(?i)^</?(?:a|abbr|address|article|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|fieldset|font|footer|h[1-6]|head|header|hr|html|i|` +
	`img|legend|li|link|main|meta|nav|ol|p|pre|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|tt|u|ul)\b[^>]*>$`)

var (
	anyTag = regexp.MustCompile(`<[/\p{L}_:][^>]*>`)
	// encoded is a text that may be base64 of anything.
	encoded = regexp.MustCompile(`[A-Za-z0-9+/_=-]{60}`)
)

// words returns those of a page, or of a text without markup. ok is false where there may be data in it: elements that are not HTML's,
// markup that is escaped, JSON, an encoding.
func (s *Sent) words(page string) (words string, ok bool) {
	if beginsLikeHTML.MatchString(page) {
		page = withoutCode.ReplaceAllString(page, " ")
		for _, tag := range anyTag.FindAllString(page, -1) {
			if !strings.HasPrefix(strings.ToLower(tag), "<!doctype") && !htmlElements.MatchString(tag) {
				return "", false
			}
		}
		page = anyTag.ReplaceAllString(doctype.ReplaceAllString(page, " "), " ")
	}
	plain := html.UnescapeString(page)
	if strings.ContainsAny(plain, "<>") || strings.ContainsAny(strings.TrimSpace(plain)+" ", "{}[]") || encoded.MatchString(plain) {
		return "", false
	}
	return s.Logged(plain), true
}

// body shows a document as its elements, and the words of a page of a server in between, or of the one around the service.
func (s *Sent) body(reply soap.Reply, limits xml.Limits) string {
	text, err := xml.DecodeCharset(reply.Body, reply.ContentType)
	if err != nil {
		return fmt.Sprintf("[%d bytes: %v]", len(reply.Body), err)
	}
	if at := envelopeTag.FindIndex(text); at != nil { // a part of a message in MIME has headers in front of it
		return s.elements(text[at[0]:], limits)
	}
	page := beginningOf(text)
	words, ok := s.words(page)
	switch {
	case !ok && strings.HasPrefix(strings.TrimSpace(page), "<"):
		return s.elements(text, limits)
	case !ok:
		return fmt.Sprintf("[%d bytes]", len(text))
	case len(page) < len(text):
		words += fmt.Sprintf(" [of %d bytes]", len(text))
	}
	return words
}

// elements shows a document by its elements, until that is enough.
func (s *Sent) elements(document []byte, limits xml.Limits) string {
	o := outline{scanner: xml.NewScanner(document, limits), masked: s.masked}
	err := o.document()
	text := s.mask(o.b.String()) // its names, which are whole here
	if err != nil {
		text += fmt.Sprintf("[unreadable: %v]", err)
	}
	return text
}

// outline writes a document's elements.
type outline struct {
	scanner *xml.Scanner
	masked  func(text string) string
	b       strings.Builder
	open    []xml.Name
	fault   int  // how many faults are open
	started bool // the start tag of the innermost element is not closed yet
}

func (o *outline) document() error {
	for o.b.Len() < maxCopy {
		kind, err := o.scanner.Next()
		if err != nil || kind == xml.EndDocument {
			o.closeTag(">")
			return err
		}
		switch kind {
		case xml.StartElement:
			err = o.start()
		case xml.EndElement:
			o.end()
		case xml.Text:
			o.text(o.scanner.Text())
		case xml.EndDocument:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *outline) closeTag(with string) {
	if o.started {
		o.b.WriteString(with)
	}
	o.started = false
}

func isSOAP(name xml.Name, local string) bool {
	return name.Local == local && (name.Space == soap.NamespaceV11 || name.Space == soap.NamespaceV12)
}

func (o *outline) start() error {
	name := o.scanner.Name()
	o.closeTag(">")
	if isSOAP(name, "Header") && len(o.open) == 1 {
		o.b.WriteString("<Header>[left out]</Header>")
		return o.scanner.Skip()
	}
	o.b.WriteString("<" + name.Local)
	if len(o.open) == 0 && name.Space != "" || len(o.open) > 0 && name.Space != o.open[len(o.open)-1].Space {
		fmt.Fprintf(&o.b, " xmlns=%q", name.Space)
	}
	for _, a := range o.scanner.Attrs() {
		fmt.Fprintf(&o.b, " %s=%q", a.Name.Local, lengthOf(a.Value))
	}
	o.open, o.started = append(o.open, name), true
	if isSOAP(name, "Fault") {
		o.fault++
	}
	return nil
}

func (o *outline) end() {
	name := o.open[len(o.open)-1]
	o.open = o.open[:len(o.open)-1]
	if isSOAP(name, "Fault") {
		o.fault--
	}
	if o.started {
		o.closeTag("/>")
		return
	}
	o.b.WriteString("</" + name.Local + ">")
}

// codeElements hold a vendor's codes. Other names that end alike are a person's: PostCode, AccountAccessCode.
var codeElements = []string{"ResponseCode", "ErrorCode", "Code"}

func (o *outline) text(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	o.closeTag(">")
	isCode := slices.Contains(codeElements, o.open[len(o.open)-1].Local) && shortCode.MatchString(text)
	if !isCode && o.fault == 0 || len(text) > longestReason {
		o.b.WriteString(lengthOf(text))
		return
	}
	o.b.WriteString(o.masked(text))
}

func lengthOf(text string) string {
	return fmt.Sprintf("[%d characters]", utf8.RuneCountInString(text))
}
