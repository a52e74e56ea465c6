package page

import (
	"errors"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// headPattern is the first line of a sample: of a request, with its method and its path, or of a response.
var headPattern = regexp.MustCompile(`^\s*(?:(POST|GET) (\S+) HTTP/1\.\d|HTTP/1\.\d \d{3}\b.*?)\s*$`)

// chunk is a sample: its first line and what follows up to the next one.
type chunk struct {
	method, path string // empty: a response
	lines        []line
}

// envelopeBegin is the begin of the root of a sample. Other samples are of HTTP without SOAP.
var envelopeBegin = regexp.MustCompile(`<(?:[\w.-]+:)?Envelope[\s>]`)

// isSOAP reports whether a chunk has an envelope.
func (c *chunk) isSOAP() bool {
	return slices.ContainsFunc(c.lines, func(l line) bool { return envelopeBegin.MatchString(l.text) })
}

// header returns a field of the HTTP header.
func (c *chunk) header(name string) (value string, ok bool) {
	for _, l := range c.lines[1:] {
		key, value, found := strings.Cut(strings.TrimSpace(l.text), ":")
		if strings.HasPrefix(key, "<") {
			break
		}
		if found && strings.EqualFold(key, name) {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

func readPage(f File) (*page, error) {
	p := &page{file: f.Name}
	if len(f.Text) > MaxSize {
		return nil, p.errorf(0, "is over the limit of %d bytes", MaxSize)
	}
	text, err := xml.DecodeCharset(f.Text, "")
	if err != nil {
		return nil, p.errorf(0, "%v: save the page again, as UTF-8", err)
	}
	if offset, bad := xml.IllegalChar(text); bad {
		return nil, p.errorf(1+strings.Count(string(text[:offset]), "\n"), "has a character that XML does not allow, or bytes that are not UTF-8")
	}
	before, chunks := split(linesOf(text))
	if err := p.readChunks(chunks); err != nil {
		return nil, err
	}
	if len(p.exchanges) == 0 {
		return nil, p.errorf(0, "is not the page of an operation of an ASMX service: it has no sample of a SOAP request, which begins with \"POST /Service.asmx HTTP/1.1\"; "+
			"save the page Service.asmx?op=Operation as HTML or as text")
	}
	if err := p.agree(); err != nil {
		return nil, err
	}
	return p, p.readNames(before)
}

// split returns the lines before the first sample, and the samples.
func split(lines []line) (before []line, chunks []*chunk) {
	for _, l := range lines {
		if m := headPattern.FindStringSubmatch(l.text); m != nil {
			chunks = append(chunks, &chunk{method: m[1], path: m[2]})
		}
		if len(chunks) == 0 {
			before = append(before, l)
			continue
		}
		last := chunks[len(chunks)-1]
		last.lines = append(last.lines, l)
	}
	return before, chunks
}

// readChunks reads the samples of SOAP. Each is a request with the response behind it.
func (p *page) readChunks(chunks []*chunk) error {
	var problems []error
	for i, c := range chunks {
		if c.method != "POST" || !c.isSOAP() {
			continue
		}
		request, err := p.envelope(c)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		e := &exchange{version: request.version, line: c.lines[0].number, request: request}
		e.action, e.acted = c.action()
		if i+1 < len(chunks) && chunks[i+1].method == "" && chunks[i+1].isSOAP() {
			if e.response, err = p.envelope(chunks[i+1]); err == nil && e.response.version != e.version {
				err = p.errorf(chunks[i+1].lines[0].number, "the response is of SOAP %s, and the request in line %d of SOAP %s", e.response.version, e.line, e.version)
			}
			problems = append(problems, err)
		}
		if other := p.find(e.version); other != nil {
			problems = append(problems, p.errorf(e.line, "is a second sample of a SOAP %s request, after that in line %d: each operation needs a file of its own", e.version, other.line))
			continue
		}
		if !p.setAddress(c) {
			problems = append(problems, p.errorf(e.line, "the request has no address that can be read: its first line must name a path that begins with /, and Host a name without credentials"))
			continue
		}
		p.exchanges = append(p.exchanges, e)
	}
	return errors.Join(problems...)
}

var hostPattern = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])?(:[0-9]{1,5})?$`)

// setAddress reads where a request goes: a path and a Host, or a whole URL. It reports whether it can be read; it may have no Host.
func (p *page) setAddress(c *chunk) bool {
	p.host, _ = c.header("Host")
	p.path = c.path
	if u, err := url.Parse(c.path); err == nil && u.Host != "" && u.User == nil {
		p.host, p.path = u.Host, u.Path
	}
	return hostPattern.MatchString(p.host) && strings.HasPrefix(p.path, "/")
}

var actionPattern = regexp.MustCompile(`(?i)[;\s]action="([^"]*)"`)

// action is that of SOAP 1.1, or the parameter of SOAP 1.2, which no version of ASP.NET shows.
func (c *chunk) action() (action string, stated bool) {
	if action, stated = c.header("SOAPAction"); stated {
		return strings.Trim(action, `"`), true
	}
	contentType, _ := c.header("Content-Type")
	if m := actionPattern.FindStringSubmatch(contentType); m != nil {
		return m[1], true
	}
	return "", false
}

// namePattern is a name that needs no quotes anywhere; those of services and operations are identifiers of .NET.
var namePattern = regexp.MustCompile(`^[\pL_][\pL\pN_.-]*$`)

// readNames reads the lines above the samples: the name of the service, that of the operation, and what the operation is for. The names are
// on lines of their own, whatever the language of the page.
func (p *page) readNames(lines []line) error {
	first := p.exchanges[0]
	element := ""
	if !isEmpty(first.request.body) {
		element = first.request.body.children[0].name.Local
	}
	at := -1
	is := func(name string) bool {
		at = slices.IndexFunc(lines, func(l line) bool { return strings.TrimSpace(l.text) == name })
		return name != "" && at >= 0
	}
	switch last := lastSegment(first.action); {
	case is(last):
		p.operation = last
	case is(element), element != "":
		p.operation = element
	default:
		p.operation = last
	}
	if !namePattern.MatchString(p.operation) {
		return p.errorf(first.line, "does not show the name of its operation: neither a SOAPAction that ends with it nor an element in the Body")
	}
	base := path.Base(p.path)
	p.service = strings.TrimSuffix(base, path.Ext(base))
	if len(lines) > 0 && at != 0 && namePattern.MatchString(strings.TrimSpace(lines[0].text)) {
		p.service = strings.TrimSpace(lines[0].text)
	}
	if at >= 0 {
		p.about = about(lines[at+1:])
	}
	return nil
}

// lastSegment is what is behind the last separator of an action.
func lastSegment(action string) string { return action[strings.LastIndexAny(action, "/#:")+1:] }

// aboutLines and aboutBytes bound what is taken of a description.
const (
	aboutLines = 5
	aboutBytes = 500
)

// about is the description, which is between the name of the operation and the test form.
func about(lines []line) string {
	var words []string
	for i, l := range lines {
		text := strings.TrimSpace(l.text)
		if text == "Test" || strings.Contains(text, "SOAP 1.") || i == aboutLines {
			break
		}
		words = append(words, strings.Fields(text)...)
	}
	text := strings.Join(words, " ")
	if len(text) > aboutBytes {
		text = strings.ToValidUTF8(text[:aboutBytes], "") + "..."
	}
	return text
}
