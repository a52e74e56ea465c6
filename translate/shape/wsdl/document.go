package wsdl

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"soapbridge/translate/xml"
)

// document is one document while it is read. The methods that begin with read are called at the start of an element; what they leave of it
// is skipped.
type document struct {
	*reader
	file    string
	builtIn bool
	text    []byte
	scan    *xml.Scanner
	kind    xml.TokenKind
	depth   int // of the current element
	counted int // nodes of all documents before this one
	owner   owner

	schema
	lineAt, line int // an offset, and its line

	digest hash.Hash // of the global component that is being read; nil elsewhere
	notes  int       // depth of the annotation that is being read; 0 elsewhere
}

// schema is the attributes of the schema, or of the definitions, around the current element.
type schema struct {
	target                                 string
	chameleon                              bool // target is that of the including schema, and of names without a namespace
	elementsQualified, attributesQualified bool
}

func newDocument(r *reader, file string, text []byte) *document {
	limits := xml.Limits{
		Bytes:        max(3*r.limits.Bytes, len(text)), // in UTF-8; readFile limits those of the file
		Depth:        r.limits.Depth,
		Elements:     r.limits.Nodes + 1, // next limits those of all documents
		Attributes:   256,                // generators declare a prefix for each schema at the root
		Namespaces:   256,
		Instructions: true,
	}
	return &document{reader: r, file: file, text: text, scan: xml.NewScanner(text, limits), counted: r.nodes, line: 1}
}

// next goes on to the next token; 0 after an error.
func (d *document) next() xml.TokenKind {
	if d.err != nil {
		return 0
	}
	kind, err := d.scan.Next()
	if err != nil {
		d.failf("%s: %w", d.file, err)
	}
	d.kind = kind
	switch kind {
	case xml.StartElement:
		d.depth++
		d.count()
		d.addToDigest()
	case xml.EndElement:
		if d.digest != nil && d.notes == 0 {
			_, _ = io.WriteString(d.digest, "/")
		}
		if d.depth == d.notes {
			d.notes = 0
		}
		d.depth--
	default: // texts have no depth
	}
	return kind
}

// count counts an element, or what costs as much as one.
func (d *document) count() {
	if d.nodes++; d.nodes > d.limits.Nodes {
		d.failf("%s: over the limit of %d elements", d.file, d.limits.Nodes)
	}
}

// children calls read at each child element of the current element.
func (d *document) children(read func(name xml.Name)) {
	depth := d.depth
	for d.err == nil {
		switch d.next() {
		case xml.StartElement:
			read(d.scan.Name())
			d.leave(depth)
		case xml.EndElement:
			return
		default: // white space
		}
	}
}

// leave goes on until the elements below depth have ended.
func (d *document) leave(depth int) {
	for d.depth > depth && d.err == nil {
		d.next()
	}
}

// xsdChildren is children for those in the namespace of XML Schema.
func (d *document) xsdChildren(read func(local string)) {
	d.children(func(name xml.Name) {
		if name.Space == XSD {
			read(name.Local)
		}
	})
}

// here returns the place of the current element.
func (d *document) here() place {
	offset := min(d.scan.Offset(), len(d.text))
	if offset > d.lineAt {
		d.line += bytes.Count(d.text[d.lineAt:offset], []byte("\n"))
		d.lineAt = offset
	}
	return place{d.file, d.line, d.owner}
}

// attr returns an attribute of the current element, empty where there is none.
func (d *document) attr(name string) string {
	if value := d.optional(name); value != nil {
		return *value
	}
	return ""
}

// optional returns an attribute of the current element, nil where there is none.
func (d *document) optional(name string) *string {
	for _, a := range d.scan.Attrs() {
		if a.Name == (xml.Name{Local: name}) {
			return &a.Value
		}
	}
	return nil
}

// attrIn is attr for an attribute in a namespace.
func (d *document) attrIn(space, name string) string {
	for _, a := range d.scan.Attrs() {
		if a.Name == (xml.Name{Space: space, Local: name}) {
			return a.Value
		}
	}
	return ""
}

// is reports whether a Boolean attribute of the current element is true.
func (d *document) is(name string) bool {
	value := strings.TrimSpace(d.attr(name))
	return value == "true" || value == "1"
}

// name returns the name that the current element defines in a namespace.
func (d *document) name(space string) xml.Name {
	name := xml.Name{Space: space, Local: strings.TrimSpace(d.attr("name"))}
	d.limitName(name)
	if _, ok := d.scan.ResolveQName(name.Local); !ok || strings.Contains(name.Local, ":") {
		d.reportf(d.here(), "%q is not a name", cut(name.Local, d.limits.Name))
	}
	return name
}

func (d *document) limitName(name xml.Name) {
	if len(name.Space)+len(name.Local) > d.limits.Name {
		d.failf("%s, line %d: a name is over the limit of %d bytes", d.file, d.here().line, d.limits.Name)
	}
}

// note remembers where a component is that may contain itself or be reported later.
func (d *document) note(component any) {
	d.components = append(d.components, component)
	d.places[component] = d.here()
}

// readDocumentation returns the text of the current element without markup and with single spaces.
func (d *document) readDocumentation() string {
	depth := d.depth
	var text strings.Builder
	for d.err == nil && d.depth >= depth {
		if d.next() == xml.Text {
			text.WriteString(d.scan.Text())
		}
	}
	return cut(strings.Join(strings.Fields(text.String()), " "), d.limits.Documentation)
}

// readAnnotation is XML Schema part 1 section 3.13. What is meant for programs is passed over.
func (d *document) readAnnotation() string {
	var text string
	d.xsdChildren(func(local string) {
		if local == "documentation" && len(text) < d.limits.Documentation {
			text = strings.TrimSpace(text + " " + d.readDocumentation())
		}
	})
	return strings.TrimSpace(cut(text, d.limits.Documentation))
}

// cut shortens a text to a length in bytes, between two characters.
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length]
}

// addToDigest adds the start of an element to the digest, so that equal components have equal digests: prefixes are resolved, attributes
// sorted, and annotations left out.
func (d *document) addToDigest() {
	name := d.scan.Name()
	if d.notes == 0 && name == (xml.Name{Space: XSD, Local: "annotation"}) {
		d.notes = d.depth
	}
	if d.digest == nil || d.notes > 0 {
		return
	}
	const end = "\x00" // no document has it
	words := []string{name.Space + end + name.Local + end}
	for _, a := range d.scan.Attrs() {
		value := a.Value
		if q, ok := d.scan.ResolveQName(value); ok && strings.Contains(value, ":") {
			value = q.Space + end + q.Local
		}
		words = append(words, a.Name.Space+end+a.Name.Local+end+value+end)
	}
	slices.Sort(words[1:])
	for _, word := range words {
		_, _ = io.WriteString(d.digest, word)
	}
}

func (d *document) startDigest() {
	d.digest = sha256.New()
	_, _ = fmt.Fprint(d.digest, d.elementsQualified, d.attributesQualified)
	d.addToDigest()
}

func (d *document) endDigest() string {
	digest := string(d.digest.Sum(nil))
	d.digest = nil
	return digest
}
