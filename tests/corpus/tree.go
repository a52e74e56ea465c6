package corpus

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	charset "soapbridge/translate/xml"
)

// node is an element with its names as written, because QNames in attributes depend on the prefixes; a node without a local name is a text.
type node struct {
	prefix, local string
	attrs         []xml.Attr // Name.Space is the prefix
	children      []*node
	text          string
	scope         map[string]string // the prefixes that are declared here or around
}

// parse reads a document without its comments and processing instructions.
func parse(content []byte) (*node, error) {
	content, err := charset.DecodeCharset(content, "")
	if err != nil {
		return nil, err
	}
	decoder := xml.NewDecoder(bytes.NewReader(content))
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	open := []*node{{scope: map[string]string{"xml": "http://www.w3.org/XML/1998/namespace"}}}
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) && len(open) == 1 && len(open[0].elements()) == 1 {
			return open[0].elements()[0], nil
		}
		if err != nil {
			return nil, err
		}
		around := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{prefix: token.Name.Space, local: token.Name.Local, attrs: slices.Clone(token.Attr), scope: inner(around.scope, token.Attr)}
			around.children = append(around.children, n)
			open = append(open, n)
		case xml.CharData:
			around.children = append(around.children, &node{text: string(token)})
		case xml.EndElement:
			if len(open) == 1 {
				return nil, fmt.Errorf("</%s> ends nothing", token.Name.Local)
			}
			open = open[:len(open)-1]
		}
	}
}

// inner returns the prefixes inside an element.
func inner(around map[string]string, attrs []xml.Attr) map[string]string {
	if !slices.ContainsFunc(attrs, func(a xml.Attr) bool { _, ok := declares(a); return ok }) {
		return around
	}
	scope := maps.Clone(around)
	for _, a := range attrs {
		if prefix, ok := declares(a); ok {
			scope[prefix] = a.Value
		}
	}
	return scope
}

// declares returns the prefix that an attribute declares.
func declares(a xml.Attr) (prefix string, ok bool) {
	if a.Name.Space == "xmlns" {
		return a.Name.Local, true
	}
	return "", a.Name == xml.Name{Local: "xmlns"}
}

func (n *node) name() xml.Name { return xml.Name{Space: n.scope[n.prefix], Local: n.local} }

func (n *node) elements() (list []*node) {
	for _, child := range n.children {
		if child.local != "" {
			list = append(list, child)
		}
	}
	return list
}

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name == (xml.Name{Local: name}) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// set replaces an attribute, or adds it.
func (n *node) set(name, value string) {
	n.attrs = slices.DeleteFunc(n.attrs, func(a xml.Attr) bool { return a.Name == xml.Name{Local: name} })
	n.attrs = append(n.attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
}

// qName resolves a QName in an attribute or text.
func (n *node) qName(value string) xml.Name {
	prefix, local, prefixed := strings.Cut(strings.TrimSpace(value), ":")
	if !prefixed {
		prefix, local = "", prefix
	}
	return xml.Name{Space: n.scope[prefix], Local: local}
}

// alone returns a copy that declares every prefix in scope, so that it can be a document.
func (n *node) alone() *node {
	root := *n
	root.attrs = slices.DeleteFunc(slices.Clone(n.attrs), func(a xml.Attr) bool { _, ok := declares(a); return ok })
	for _, prefix := range slices.Sorted(maps.Keys(n.scope)) {
		switch prefix {
		case "xml": // is always declared
		case "":
			root.attrs = append(root.attrs, xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: n.scope[prefix]})
		default:
			root.attrs = append(root.attrs, xml.Attr{Name: xml.Name{Space: "xmlns", Local: prefix}, Value: n.scope[prefix]})
		}
	}
	return &root
}

func (n *node) write(b *bytes.Buffer) {
	if n.local == "" {
		_ = xml.EscapeText(b, []byte(n.text)) // a buffer does not fail
		return
	}
	b.WriteString("<" + written(n.prefix, n.local))
	for _, a := range n.attrs {
		b.WriteString(" " + written(a.Name.Space, a.Name.Local) + `="`)
		_ = xml.EscapeText(b, []byte(a.Value))
		b.WriteByte('"')
	}
	b.WriteByte('>')
	for _, child := range n.children {
		child.write(b)
	}
	b.WriteString("</" + written(n.prefix, n.local) + ">")
}

func (n *node) bytes() []byte {
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes()
}

func written(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// walk visits the node and all elements in it.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, child := range n.elements() {
		child.walk(visit)
	}
}
