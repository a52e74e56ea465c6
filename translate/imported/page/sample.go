package page

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// The namespaces that samples use.
const (
	soap11Space   = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12Space   = "http://www.w3.org/2003/05/soap-envelope"
	encodingSpace = "http://schemas.xmlsoap.org/soap/encoding/"
	encoded12     = "http://www.w3.org/2003/05/soap-encoding"
	rpc12         = "http://www.w3.org/2003/05/soap-rpc"
	xsiSpace      = "http://www.w3.org/2001/XMLSchema-instance"
	xsdSpace      = "http://www.w3.org/2001/XMLSchema"
)

// node is an element of a sample. Two items of an array are one node.
type node struct {
	name     xml.Name
	line     int
	attrs    []xml.Attr // in the order of the page, without those of xsi and of SOAP
	children []*node
	text     string
	repeated bool
	cut      bool // xsi:nil: the page shows nothing of what the object holds
	anyType  bool // xsi:type="type": it may hold anything
	wild     bool // "xml" or "dataset": it holds elements that the schema does not name, behind its children
	order    int  // among the nodes of all pages
}

// String names a node for a message.
func (n *node) String() string {
	what := fmt.Sprintf("%d elements", len(n.children))
	switch {
	case n.cut:
		what = "nil"
	case n.text != "":
		what = fmt.Sprintf("%q", short(n.text))
	}
	if n.repeated {
		what += " twice"
	}
	return n.name.Local + " with " + what
}

// short cuts a text of a page for a message.
func short(text string) string {
	const most = 60
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// isObject reports whether a node shows a structure.
func (n *node) isObject() bool {
	return !n.cut && !n.anyType && (n.wild || len(n.children)+len(n.attrs) > 0)
}

// holdsObject reports whether a node is that of a structure, shown or cut off.
func (n *node) holdsObject() bool { return n.cut || n.isObject() }

// difference returns the first two nodes in which samples differ; nil without any.
func difference(a, b *node) (x, y *node) {
	if a.name != b.name || a.text != b.text || a.repeated != b.repeated || a.cut != b.cut || a.anyType != b.anyType || a.wild != b.wild ||
		!slices.Equal(a.attrs, b.attrs) {
		return a, b
	}
	for i := range min(len(a.children), len(b.children)) {
		if x, y = difference(a.children[i], b.children[i]); x != nil {
			return x, y
		}
	}
	if len(a.children) != len(b.children) {
		return a, b
	}
	return nil, nil
}

// sampleReader reads one envelope.
type sampleReader struct {
	page   *page
	lines  []line
	text   string // of the lines
	offset int    // that number is of
	number int    // an index of lines
	scan   *xml.Scanner
	kind   xml.TokenKind
	err    error // the first one
}

// envelope reads the sample of a chunk up to the end of its root; what is behind belongs to the page.
func (p *page) envelope(c *chunk) (*envelope, error) {
	r := &sampleReader{page: p, lines: c.lines}
	for len(r.lines) > 0 && !strings.HasPrefix(strings.TrimSpace(r.lines[0].text), "<") {
		r.lines = r.lines[1:] // of the HTTP header
	}
	texts := make([]string, len(r.lines))
	for i, l := range r.lines {
		texts[i] = l.text
	}
	r.text = strings.TrimLeft(strings.Join(texts, "\n"), " \t")
	r.scan = xml.NewScanner([]byte(r.text), limits)
	defer r.scan.Free()
	e := r.root()
	return e, r.err
}

// line returns that of the current token in the file.
func (r *sampleReader) line() int {
	offset := min(r.scan.Offset(), len(r.text))
	if offset > r.offset {
		r.number += strings.Count(r.text[r.offset:offset], "\n")
		r.offset = offset
	}
	if r.number >= len(r.lines) {
		return 0
	}
	return r.lines[r.number].number
}

func (r *sampleReader) failf(line int, format string, args ...any) {
	if r.err == nil {
		r.err = r.page.errorf(line, format, args...)
	}
}

// next goes on to the next token; 0 after an error.
func (r *sampleReader) next() xml.TokenKind {
	if r.err != nil {
		return 0
	}
	kind, err := r.scan.Next()
	var syntax *xml.SyntaxError
	var limit *xml.LimitError
	switch {
	case errors.As(err, &syntax):
		r.failf(r.line(), "the sample is not XML: %s", syntax.Msg)
	case errors.As(err, &limit):
		r.failf(r.line(), "the sample is over the limit of %d for %s", limit.Max, limit.Limit)
	}
	r.kind = kind
	return kind
}

// root reads the Envelope.
func (r *sampleReader) root() *envelope {
	if r.next() != xml.StartElement {
		return nil
	}
	name := r.scan.Name()
	version := map[string]string{soap11Space: "1.1", soap12Space: "1.2"}[name.Space]
	if name.Local != "Envelope" || version == "" {
		r.failf(r.line(), "the sample is not an Envelope of SOAP 1.1 or 1.2, but %s of the namespace %q", name.Local, name.Space)
		return nil
	}
	root := r.element(0)
	e := &envelope{version: version}
	if r.err != nil {
		return e
	}
	for _, part := range root.children {
		switch {
		case part.name == xml.Name{Space: name.Space, Local: "Header"} && e.body == nil:
			e.header = part
		case part.name == xml.Name{Space: name.Space, Local: "Body"} && e.body == nil:
			e.body = part
		default:
			r.failf(part.line, "%s is not where a Header or a Body of SOAP %s is", part.name.Local, version)
		}
	}
	if e.body == nil {
		r.failf(root.line, "the Envelope has no Body")
		return e
	}
	e.header = cmp.Or(e.header, &node{line: root.line})
	if len(e.body.children) > 1 || len(e.body.children) == 1 && e.body.children[0].repeated {
		r.failf(e.body.line, "the Body has several elements, and must have one")
	}
	for _, part := range []*node{e.header, e.body} {
		part.name, part.text = xml.Name{Local: part.name.Local}, ""
	}
	return e
}

// depthOfBlock is where header blocks and the element of the Body are.
const depthOfBlock = 2

// element reads the element that has just begun.
func (r *sampleReader) element(depth int) *node {
	n := &node{name: r.scan.Name(), line: r.line()}
	r.attributes(n, depth)
	var text strings.Builder
	for {
		switch r.next() {
		case xml.StartElement:
			r.add(n, r.element(depth+1))
		case xml.Text:
			text.WriteString(r.scan.Text())
			text.WriteByte(' ')
		case xml.EndElement:
			n.text = strings.Join(strings.Fields(text.String()), " ")
			r.content(n)
			return n
		default:
			return n
		}
	}
}

// add adds a child. The second item of an array is like the first one.
func (r *sampleReader) add(n, child *node) {
	if r.err != nil {
		return
	}
	if len(n.children) == 0 || n.children[len(n.children)-1].name != child.name {
		n.children = append(n.children, child)
		return
	}
	first := n.children[len(n.children)-1]
	child.repeated = first.repeated
	if x, y := difference(first, child); x != nil {
		r.failf(y.line, "%s is here again, and differs from the one in line %d, of which it is an item: %s, and %s", child.name.Local, first.line, x, y)
	}
	first.repeated = true
}

// encoded is said of a sample with attributes that only rpc/encoded has.
const encoded = "the sample is rpc/encoded, of which a page shows too little: ask for the WSDL"

// attributes reads what the start tag says. Those of SOAP on header blocks say nothing of their structure.
func (r *sampleReader) attributes(n *node, depth int) {
	for _, a := range r.scan.Attrs() {
		switch {
		case a.Name == xml.Name{Space: xsiSpace, Local: "nil"}:
			n.cut = a.Value == "true" || a.Value == "1"
		case a.Name == xml.Name{Space: xsiSpace, Local: "type"} && a.Value == "type":
			n.anyType = true
		case a.Name.Space == xsiSpace && a.Name.Local != "schemaLocation", a.Name.Space == encodingSpace, a.Name.Space == encoded12, a.Name.Space == rpc12,
			a.Name.Local == "encodingStyle" && isSOAP(a.Name.Space), a.Name == xml.Name{Local: "href"} && strings.HasPrefix(a.Value, "#id"):
			r.failf(n.line, "%s", encoded)
		case isSOAP(a.Name.Space) && depth <= depthOfBlock, a.Name.Space == xsiSpace:
		default:
			n.attrs = append(n.attrs, a)
		}
	}
}

func isSOAP(space string) bool { return space == soap11Space || space == soap12Space }

// content settles what the text of an element means.
func (r *sampleReader) content(n *node) {
	schema := n.name == xml.Name{Space: xsdSpace, Local: "schema"}
	switch {
	case schema && len(n.children) == 0:
		n.text, n.attrs = "", nil
	case n.text == "xml" || n.text == "dataset":
		n.wild, n.text = true, ""
	case n.text != "" && len(n.children) > 0:
		r.failf(n.line, "%s has elements and the text %q: a sample has one or the other", n.name.Local, short(n.text))
	case n.cut && (n.text != "" || len(n.children) > 0):
		r.failf(n.line, "%s is nil and has content", n.name.Local)
	}
}
