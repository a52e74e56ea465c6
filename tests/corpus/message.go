package corpus

import (
	"encoding/xml"
	"fmt"
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
	wrapper := schemaNode("element", "name", name.Local)
	sequence := schemaNode("sequence")
	scope := map[string]string{"xs": xsdSpace}
	for i, part := range parts {
		prefix := fmt.Sprintf("p%d", i)
		scope[prefix] = part.Type.Space
		sequence.children = append(sequence.children, schemaNode("element", "name", part.Name, "type", written(prefix, part.Type.Local)))
	}
	encoding := schemaNode("anyAttribute", "processContents", "skip", // encodingStyle may be anywhere: SOAP 1.1 section 4.1.1
		"namespace", "http://schemas.xmlsoap.org/soap/envelope/ http://www.w3.org/2003/05/soap-envelope")
	content := schemaNode("complexType")
	content.children = []*node{sequence, encoding}
	wrapper.children = []*node{content}
	root := schemaNode("schema", "targetNamespace", name.Space)
	root.scope, root.children = scope, []*node{wrapper}
	wrapper.walk(func(n *node) { n.scope = scope })
	s := *j.schemas
	s.global, s.defined, s.documents = maps.Clone(s.global), maps.Clone(s.defined), slices.Clone(s.documents)
	if err := s.schema(nil, "", "", root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(j.dir, "rpc")
	if err != nil {
		return nil, err
	}
	return newJudge(&s, dir)
}
