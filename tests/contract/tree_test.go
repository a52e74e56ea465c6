package contract_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// element is an XML element as the standard library reads it, which shares no code with the product's writer and reader.
type element struct {
	name     xml.Name
	attrs    []xml.Attr // namespace declarations left out
	text     string     // directly inside
	children []*element

	// Byte offsets in the document: of the start tag, of what is inside, of the end tag, of what follows.
	start, inside, close, end int
}

// parse reads a document in UTF-8. Beside elements, text and comments it may hold nothing but one XML declaration.
func parse(document []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	root := &element{}
	open := []*element{root}
	for {
		at := int(decoder.InputOffset())
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		current := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			child := &element{name: t.Name, attrs: withoutDeclarations(t.Attr), start: at, inside: int(decoder.InputOffset())}
			current.children = append(current.children, child)
			open = append(open, child)
		case xml.EndElement:
			current.close, current.end = at, int(decoder.InputOffset())
			open = open[:len(open)-1]
		case xml.CharData:
			current.text += string(t)
		case xml.ProcInst:
			if t.Target != "xml" || at != 0 {
				return nil, fmt.Errorf("a processing instruction: %s", t.Target)
			}
		case xml.Directive:
			return nil, errors.New("a document type declaration")
		}
	}
	if len(root.children) != 1 {
		return nil, fmt.Errorf("%d root elements", len(root.children))
	}
	return root.children[0], nil
}

func mustParse(tb testing.TB, document []byte) *element {
	tb.Helper()
	root, err := parse(document)
	if err != nil {
		tb.Fatalf("%v\n%s", err, document)
	}
	return root
}

func withoutDeclarations(attrs []xml.Attr) []xml.Attr {
	return slices.DeleteFunc(slices.Clone(attrs), func(a xml.Attr) bool {
		return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
	})
}

func (e *element) child(tb testing.TB, local string) *element {
	tb.Helper()
	i := slices.IndexFunc(e.children, func(c *element) bool { return c.name.Local == local })
	if i < 0 {
		tb.Fatalf("%s has no %s", e.name.Local, local)
	}
	return e.children[i]
}

// wrapped returns the innermost of a number of elements, each of them the only child of the one around it.
func (e *element) wrapped(tb testing.TB, wrappers int) *element {
	tb.Helper()
	for range wrappers {
		if len(e.children) != 1 {
			tb.Fatalf("%s has %d children", e.name.Local, len(e.children))
		}
		e = e.children[0]
	}
	return e
}

// each visits the elements below e in document order, with their paths of local names.
func (e *element) each(path string, visit func(path string, below *element)) {
	for _, c := range e.children {
		at := strings.TrimPrefix(path+"/"+c.name.Local, "/")
		visit(at, c)
		c.each(at, visit)
	}
}

// leaves visits those without children.
func (e *element) leaves(visit func(path string, leaf *element)) {
	e.each("", func(path string, below *element) {
		if len(below.children) == 0 {
			visit(path, below)
		}
	})
}

// listing spells a document one line an element, in document order, so that two of them compare exactly and differ readably:
// the path, the namespace, and the text of an element that has no children. Whatever else an element has gets a line of its own.
func (e *element) listing() []string { return e.appendListing(nil, "") }

func (e *element) appendListing(lines []string, path string) []string {
	path += "/" + e.name.Local
	if len(e.children) == 0 {
		lines = append(lines, leafLine(path, e.name.Space, e.text))
	} else {
		lines = append(lines, objectLine(path, e.name.Space))
		if e.text != "" {
			lines = append(lines, fmt.Sprintf("%s has the text %q among its children", path, e.text))
		}
	}
	for _, a := range e.attrs {
		lines = append(lines, fmt.Sprintf("%s has the attribute {%s}%s = %q", path, a.Name.Space, a.Name.Local, a.Value))
	}
	for _, c := range e.children {
		lines = c.appendListing(lines, path)
	}
	return lines
}

func objectLine(path, space string) string { return fmt.Sprintf("%s {%s}", path, space) }

func leafLine(path, space, text string) string { return fmt.Sprintf("%s {%s} = %q", path, space, text) }
