package corpus

import (
	"encoding/xml"
	"maps"
	"os"
	"slices"
)

// Contents returns the header blocks and the children of the body of an envelope, each as a document.
func Contents(envelope []byte) (headers, body [][]byte, err error) {
	root, err := parse(envelope)
	if err != nil {
		return nil, nil, err
	}
	for _, part := range root.elements() {
		for _, child := range part.elements() {
			if part.local == "Header" {
				headers = append(headers, child.alone().bytes())
			} else {
				body = append(body, child.alone().bytes())
			}
		}
	}
	return headers, body, nil
}

// Part is a part of a message of an RPC operation.
type Part struct {
	Name string
	Type xml.Name
}

// RPC returns a judge that also knows the element of an RPC body: WSDL 1.1 section 3.5.
func (j *Judge) RPC(name xml.Name, parts []Part) (*Judge, error) {
	s := *j.schemas
	s.global, s.defined, s.documents = maps.Clone(s.global), maps.Clone(s.defined), slices.Clone(s.documents)
	root := schemaNode("schema")
	if name.Space != "" {
		root.set("targetNamespace", name.Space)
	}
	root.children = []*node{wrapper(name.Local, parts)}
	if err := s.schema(nil, "rpc", "", root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(j.dir, "rpc")
	if err != nil {
		return nil, err
	}
	return newJudge(&s, dir)
}

// wrapper declares an element with unqualified members.
func wrapper(name string, parts []Part) *node {
	element, content, sequence := schemaNode("element", "name", name), schemaNode("complexType"), schemaNode("sequence")
	for _, part := range parts {
		member := schemaNode("element", "name", part.Name, "type", part.Type.Local)
		member.attrs = append(member.attrs, xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: part.Type.Space})
		member.scope = inner(member.scope, member.attrs)
		sequence.children = append(sequence.children, member)
	}
	encoding := schemaNode("anyAttribute", "processContents", "skip", // encodingStyle may be anywhere: SOAP 1.1 section 4.1.1
		"namespace", "http://schemas.xmlsoap.org/soap/envelope/ http://www.w3.org/2003/05/soap-envelope")
	content.children = []*node{sequence, encoding}
	element.children = []*node{content}
	return element
}
