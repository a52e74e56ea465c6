package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// version is a version of SOAP.
type version struct {
	name      string // as people write it: "1.1"
	namespace string
	mediaType string
}

var (
	soap11 = version{name: "1.1", namespace: "http://schemas.xmlsoap.org/soap/envelope/", mediaType: "text/xml"}
	soap12 = version{name: "1.2", namespace: "http://www.w3.org/2003/05/soap-envelope", mediaType: "application/soap+xml"}
)

// versions are those of SOAP.
var versions = []version{soap11, soap12}

// element is one element of a request, as the standard parser reads it.
type element struct {
	name  xml.Name
	attrs []xml.Attr // without the namespace declarations
	kids  []*element
	text  string // of an element without children
}

// kid returns the first child with a local name, or nil. The element may be nil.
func (e *element) kid(name string) *element {
	if e == nil {
		return nil
	}
	for _, kid := range e.kids {
		if kid.name.Local == name {
			return kid
		}
	}
	return nil
}

// at returns the text of the element at a path of local names below, or "".
func (e *element) at(path ...string) string {
	for _, name := range path {
		e = e.kid(name)
	}
	if e == nil {
		return ""
	}
	return e.text
}

// find returns the text of the first element with a local name anywhere below, or "".
func (e *element) find(name string) (text string) {
	e.leaves(func(leaf *element) bool {
		if leaf.name.Local == name {
			text = leaf.text
		}
		return leaf.name.Local != name
	})
	return text
}

// leaves visits the values in document order, until visit returns false: the elements without children, and the attributes as if they were
// elements.
func (e *element) leaves(visit func(*element) bool) bool {
	if e == nil {
		return true
	}
	for _, attr := range e.attrs {
		if !visit(&element{name: attr.Name, text: attr.Value}) {
			return false
		}
	}
	if len(e.kids) == 0 {
		return visit(e)
	}
	for _, kid := range e.kids {
		if !kid.leaves(visit) {
			return false
		}
	}
	return true
}

// complaint describes a fault of a request and its place, as an XPath in local names. It never repeats a value.
type complaint struct {
	path string
	what string
}

func (c *complaint) Error() string { return c.what + ", at " + c.path }

// maxDepth is far above the depth of any documented request.
const maxDepth = 64

// parser reads a request. On top of what encoding/xml refuses it refuses what SOAP forbids (SOAP 1.1 section 3: no DTD, no
// processing instruction) and what the standard parser lets pass: a second root, doubled attributes, a comment inside a value.
type parser struct {
	decoder *xml.Decoder
	mixed   bool // text between elements, and comments inside values, are allowed
	root    *element
	open    []*element
	texts   [][]byte // of the open elements
	comment bool     // the innermost open element has a comment
}

// parseEnvelope reads a whole document. The error is a complaint.
func parseEnvelope(document []byte, mixed bool) (*element, *complaint) {
	p := &parser{decoder: xml.NewDecoder(bytes.NewReader(document)), mixed: mixed}
	for {
		at := p.decoder.InputOffset()
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) && p.root != nil {
			return p.root, nil
		}
		if err != nil {
			return nil, p.complain("not well-formed XML: %v", err)
		}
		if c := p.take(token, at); c != nil {
			return nil, c
		}
	}
}

func (p *parser) complain(format string, args ...any) *complaint {
	names := make([]string, len(p.open))
	for i, e := range p.open {
		names[i] = e.name.Local
	}
	return &complaint{path: "/" + strings.Join(names, "/"), what: fmt.Sprintf(format, args...)}
}

func (p *parser) take(token xml.Token, at int64) *complaint {
	switch token := token.(type) {
	case xml.StartElement:
		return p.start(token)
	case xml.EndElement:
		return p.end()
	case xml.CharData:
		return p.chars(token)
	case xml.Comment:
		p.comment = true
	case xml.Directive:
		return p.complain("a DTD is not allowed in SOAP")
	case xml.ProcInst:
		if token.Target != "xml" || at != 0 {
			return p.complain("a processing instruction is not allowed in SOAP")
		}
	}
	return nil
}

func (p *parser) start(token xml.StartElement) *complaint {
	e := &element{name: token.Name}
	switch {
	case len(p.open) > 0:
		parent := p.open[len(p.open)-1]
		parent.kids = append(parent.kids, e)
	case p.root != nil:
		return p.complain("a second root element %s", token.Name.Local)
	default:
		p.root = e
	}
	p.open = append(p.open, e)
	p.texts = append(p.texts, nil)
	p.comment = false
	if len(p.open) > maxDepth {
		return p.complain("nested deeper than %d elements", maxDepth)
	}
	return p.attributes(e, token.Attr)
}

func (p *parser) attributes(e *element, attrs []xml.Attr) *complaint {
	seen := map[xml.Name]bool{}
	for _, attr := range attrs {
		if seen[attr.Name] {
			return p.complain("the attribute %s occurs twice", attr.Name.Local)
		}
		seen[attr.Name] = true
		if attr.Name.Space != "xmlns" && attr.Name.Local != "xmlns" {
			e.attrs = append(e.attrs, attr)
		}
	}
	return nil
}

func (p *parser) chars(text xml.CharData) *complaint {
	if last := len(p.texts) - 1; last >= 0 {
		p.texts[last] = append(p.texts[last], text...)
		return nil
	}
	if !blank(string(text)) {
		return p.complain("text outside the root element")
	}
	return nil
}

func (p *parser) end() *complaint {
	last := len(p.open) - 1
	e, text := p.open[last], string(p.texts[last])
	switch {
	case len(e.kids) > 0 && !blank(text) && !p.mixed:
		return p.complain("text between elements")
	case len(e.kids) == 0 && p.comment && !p.mixed:
		return p.complain("a comment inside a value: was the value not escaped?")
	case len(e.kids) == 0:
		e.text = text
	}
	p.open, p.texts, p.comment = p.open[:last], p.texts[:last], false
	return nil
}

// blank knows the white space of XML only.
func blank(text string) bool { return strings.Trim(text, " \t\r\n") == "" }
