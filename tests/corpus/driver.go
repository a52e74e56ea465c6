package corpus

import (
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// driver is a schema, in files, that imports the namespaces of its components. xmllint takes one import of a namespace only: each has a file
// that includes the documents of that namespace.
type driver struct {
	dir   string
	keep  map[*component]bool
	files map[string]string // of the namespaces
}

const driverFile = "driver.xsd"

// schemaNode makes an element of XML Schema from pairs of attributes and values.
func schemaNode(local string, pairs ...string) *node {
	n := &node{prefix: "xs", local: local, scope: map[string]string{"xs": xsdSpace}}
	for i := 0; i < len(pairs); i += 2 {
		n.set(pairs[i], pairs[i+1])
	}
	return n
}

// writeDriver writes the documents with those of their components that are kept.
func writeDriver(dir string, documents []*document, keep map[*component]bool) error {
	d := driver{dir: dir, keep: keep, files: map[string]string{}}
	of := map[string][]*document{}
	for _, doc := range documents {
		if slices.ContainsFunc(doc.components, func(c *component) bool { return keep[c] }) {
			of[doc.target] = append(of[doc.target], doc)
		}
	}
	root := schemaNode("schema", "targetNamespace", "urn:driver")
	spaces := slices.Sorted(maps.Keys(of))
	for i, space := range spaces {
		d.files[space] = fmt.Sprintf("namespace%d.xsd", i)
		root.children = append(root.children, d.importOf(space, "xs"))
	}
	for i, space := range spaces {
		if err := d.writeNamespace(i, space, of[space]); err != nil {
			return err
		}
	}
	return d.write(driverFile, root)
}

// importOf returns an import of a namespace; without a location where no document defines it.
func (d *driver) importOf(space, prefix string) *node {
	n := schemaNode("import")
	n.prefix = prefix
	if space != "" {
		n.set("namespace", space)
	}
	if file := d.files[space]; file != "" {
		n.set("schemaLocation", file)
	}
	return n
}

func (d *driver) write(file string, root *node) error {
	return os.WriteFile(filepath.Join(d.dir, file), root.alone().bytes(), 0o600)
}

func (d *driver) writeNamespace(number int, space string, docs []*document) error {
	root := schemaNode("schema")
	if space != "" {
		root.set("targetNamespace", space)
	}
	for i, doc := range docs {
		file := fmt.Sprintf("%d-%d-%s", number, i, path.Base(doc.file)) // refusals name it
		root.children = append(root.children, schemaNode("include", "schemaLocation", file))
		if err := d.write(file, d.document(doc)); err != nil {
			return err
		}
	}
	return d.write(d.files[space], root)
}

// document returns a schema document that imports whatever its components refer to, also where the vendor forgot that.
func (d *driver) document(doc *document) *node {
	root := *doc.root
	root.attrs, root.children = slices.Clone(root.attrs), nil
	if doc.chameleon {
		root.set("targetNamespace", doc.target)
		if root.scope[""] == "" {
			root.scope = inner(root.scope, []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: doc.target}})
		}
	}
	spaces := map[string]bool{}
	var components []*node
	for _, c := range doc.components {
		if !d.keep[c] {
			continue
		}
		components = append(components, c.node)
		for _, ref := range c.refers {
			spaces[ref.name.Space] = true
		}
	}
	delete(spaces, doc.target)
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		root.children = append(root.children, d.importOf(space, root.prefix))
	}
	root.children = append(root.children, components...)
	return &root
}

// reach returns the components that the keys lead to.
func (s *schemas) reach(keys []key) map[*component]bool {
	reached := map[*component]bool{}
	for len(keys) > 0 {
		next := s.global[keys[len(keys)-1]]
		keys = keys[:len(keys)-1]
		for _, c := range next {
			if !reached[c] {
				reached[c] = true
				keys = append(keys, c.refers...)
			}
		}
	}
	return reached
}

// seeds lists the global components that a document names: elements, attributes, and types in xsi:type. What it does not name takes no part in
// judging it, so that a schema with what the seeds lead to says the same of it as the whole schema.
func (s *schemas) seeds(root *node) (keys []key) {
	root.walk(func(n *node) {
		keys = append(keys, key{"element", n.name()})
		for _, a := range n.attrs {
			name := xml.Name{Space: n.scope[a.Name.Space], Local: a.Name.Local}
			keys = append(keys, key{"attribute", name})
			if name == (xml.Name{Space: xsiSpace, Local: "type"}) {
				keys = append(keys, key{"type", n.qName(a.Value)})
			}
		}
	})
	return keys
}
