package corpus

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
)

const (
	xsdSpace = "http://www.w3.org/2001/XMLSchema"
	xsiSpace = "http://www.w3.org/2001/XMLSchema-instance"
)

// key names a global component.
type key struct {
	kind string // element, attribute, type, group or attributeGroup
	name xml.Name
}

// component is a global component with what its QNames refer to.
type component struct {
	key
	node   *node
	refers []key
}

// document is a schema document, or a schema inside of a WSDL document.
type document struct {
	file       string
	target     string
	chameleon  bool // without a targetNamespace of its own: target is that of the schema that includes it
	root       *node
	components []*component
}

// schemas are all schema documents that a WSDL leads to.
type schemas struct {
	documents []*document
	global    map[key][]*component // several, where a name is defined in several ways: xmllint refuses them
	read      map[[2]string]bool   // paths with the target that they are included for
	defined   map[string]bool      // components as text: a component that is defined twice in the same way is one
}

// collect reads a WSDL and what it leads to. What no file defines is taken from the catalogue, by its namespace.
func collect(files fs.FS, entry string, catalogue fs.FS) (*schemas, error) {
	s := &schemas{global: map[key][]*component{}, read: map[[2]string]bool{}, defined: map[string]bool{}}
	if err := s.load(files, entry, ""); err != nil {
		return nil, err
	}
	known, err := namespaces(catalogue)
	for loaded := true; loaded && err == nil; {
		loaded = false
		for _, space := range s.undefined() {
			if file := known[space]; file != "" && err == nil {
				delete(known, space)
				loaded, err = true, s.load(catalogue, file, "")
			}
		}
	}
	return s, err
}

// namespaces lists the files of the catalogue by their target namespaces.
func namespaces(catalogue fs.FS) (map[string]string, error) {
	known := map[string]string{}
	entries, err := fs.ReadDir(catalogue, ".")
	for _, e := range entries {
		root, wrong := readFile(catalogue, e.Name())
		if wrong != nil {
			return nil, wrong
		}
		known[root.attr("targetNamespace")] = e.Name()
	}
	return known, err
}

func readFile(files fs.FS, name string) (*node, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	root, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return root, nil
}

// undefined lists the namespaces that are referred to and that no document defines.
func (s *schemas) undefined() (spaces []string) {
	for _, list := range s.global {
		for _, c := range list {
			for _, ref := range c.refers {
				if s.global[ref] == nil && !s.defines(ref.name.Space) && !slices.Contains(spaces, ref.name.Space) {
					spaces = append(spaces, ref.name.Space)
				}
			}
		}
	}
	return spaces
}

func (s *schemas) defines(space string) bool {
	return slices.ContainsFunc(s.documents, func(d *document) bool { return d.target == space })
}

// load reads a file once for each target that it is included for.
func (s *schemas) load(files fs.FS, file, target string) error {
	if s.read[[2]string{file, target}] {
		return nil
	}
	s.read[[2]string{file, target}] = true
	root, err := readFile(files, file)
	switch {
	case err != nil:
		return err
	case root.name() == xml.Name{Space: xsdSpace, Local: "schema"}:
		return s.schema(files, file, target, root)
	}
	for _, child := range root.elements() {
		switch child.local {
		case "import":
			err = errors.Join(err, s.follow(files, file, child.attr("location"), ""))
		case "types":
			err = errors.Join(err, s.types(files, file, child))
		}
	}
	return err
}

// types reads the schemas in a WSDL document. Some documents have an import here, without a schema around it.
func (s *schemas) types(files fs.FS, file string, types *node) (err error) {
	for _, child := range types.elements() {
		switch child.name() {
		case xml.Name{Space: xsdSpace, Local: "schema"}:
			err = errors.Join(err, s.schema(files, file, "", child))
		case xml.Name{Space: xsdSpace, Local: "import"}:
			err = errors.Join(err, s.follow(files, file, child.attr("schemaLocation"), ""))
		}
	}
	return err
}

// follow loads the file at a location. A schema at a network address is taken from beside the document, if it is there.
func (s *schemas) follow(files fs.FS, from, location, target string) error {
	location = strings.ReplaceAll(location, `\`, "/")
	address, err := url.Parse(location)
	if location == "" || err != nil {
		return nil // what is missing shows where it is referred to
	}
	file := path.Join(path.Dir(from), address.Path)
	if address.Host != "" {
		file = path.Join(path.Dir(from), path.Base(address.Path))
	}
	if info, err := fs.Stat(files, file); err != nil || !info.Mode().IsRegular() {
		return nil // what is missing shows where it is referred to
	}
	return s.load(files, file, target)
}

func (s *schemas) schema(files fs.FS, file, target string, root *node) (err error) {
	d := &document{file: file, target: root.attr("targetNamespace"), root: root}
	if d.target == "" {
		d.target, d.chameleon = target, target != ""
	}
	s.documents = append(s.documents, d)
	for _, child := range root.elements() {
		switch child.local {
		case "annotation":
		case "import":
			err = errors.Join(err, s.follow(files, file, child.attr("schemaLocation"), ""))
		case "include":
			err = errors.Join(err, s.follow(files, file, child.attr("schemaLocation"), d.target))
		case "redefine": // the same components twice: xmllint refuses those, and what reaches them is not checkable
			err = errors.Join(err, s.follow(files, file, child.attr("schemaLocation"), d.target))
			for _, redefined := range child.elements() {
				s.add(d, redefined)
			}
		default:
			s.add(d, child)
		}
	}
	return err
}

// add adds a global component, unless it has been added by a document that says the same.
func (s *schemas) add(d *document, n *node) {
	kind := n.local
	if kind == "simpleType" || kind == "complexType" {
		kind = "type"
	}
	c := &component{key: key{kind, xml.Name{Space: d.target, Local: n.attr("name")}}, node: n}
	n.walk(func(inside *node) {
		inside.children = slices.DeleteFunc(inside.children, func(child *node) bool { return child.local == "annotation" })
		c.refers = append(c.refers, d.references(inside)...)
	})
	if text := d.canonical(n); !s.defined[text] {
		s.defined[text] = true
		s.global[c.key] = append(s.global[c.key], c)
		d.components = append(d.components, c)
	}
}

// qNames are the attributes of the type QName (XML Schema part 1, appendix A), with the kinds of what they refer to; that of ref is the
// element's own.
var qNames = map[string]string{"ref": "", "type": "type", "base": "type", "itemType": "type", "memberTypes": "type", "substitutionGroup": "element"}

// references lists what the QNames of an element refer to, without the built-in types.
func (d *document) references(n *node) (refs []key) {
	for _, a := range n.attrs {
		kind, ok := qNames[written(a.Name.Space, a.Name.Local)]
		if !ok || n.scope[n.prefix] != xsdSpace {
			continue
		}
		for value := range strings.FieldsSeq(a.Value) {
			if name := d.qName(n, value); name.Space != xsdSpace {
				refs = append(refs, key{cmp.Or(kind, n.local), name})
			}
		}
	}
	return refs
}

// qName is XML Schema part 1 section 4.2.1: in a chameleon, names without a namespace get the target's.
func (d *document) qName(n *node, value string) xml.Name {
	name := n.qName(value)
	if d.chameleon && name.Space == "" {
		name.Space = d.target
	}
	return name
}

// canonical returns a text that is equal for components that mean the same.
func (d *document) canonical(n *node) string {
	var b strings.Builder
	for _, name := range []string{"elementFormDefault", "attributeFormDefault", "blockDefault", "finalDefault"} {
		fmt.Fprintf(&b, "%q", d.root.attr(name))
	}
	fmt.Fprintf(&b, "%q", d.target)
	d.writeCanonical(&b, n)
	return b.String()
}

func (d *document) writeCanonical(b *strings.Builder, n *node) {
	var attrs []string
	for _, a := range n.attrs {
		value := a.Value
		if _, ok := qNames[written(a.Name.Space, a.Name.Local)]; ok {
			value = ""
			for name := range strings.FieldsSeq(a.Value) {
				value += fmt.Sprintf("%q", d.qName(n, name))
			}
		}
		if _, ok := declares(a); !ok {
			attrs = append(attrs, fmt.Sprintf("%q=%q", a.Name, value))
		}
	}
	slices.Sort(attrs)
	fmt.Fprintf(b, "<%q%s", n.name(), attrs)
	for _, child := range n.elements() {
		d.writeCanonical(b, child)
	}
	b.WriteByte('>')
}
