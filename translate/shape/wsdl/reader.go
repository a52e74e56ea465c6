package wsdl

import (
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// Read reads the WSDL document entry, and what it imports and includes, from files. Nothing outside of files is read. The error is about
// what cannot be read at all: a missing entry, a document that is not well-formed, a limit that is passed. All else is a Problem of the
// parts that it concerns.
func Read(files fs.FS, entry string, limits Limits) (*Definitions, error) {
	r := newReader(files, limits.orDefaults())
	r.loadBuiltIn(XSD)
	r.queue = []source{{path: entry}}
	for i := 0; i < len(r.queue) && r.err == nil; i++ {
		r.load(r.queue[i])
	}
	if r.err == nil {
		r.resolve()
	}
	if r.err != nil {
		return nil, fmt.Errorf("wsdl: %w", r.err)
	}
	return r.definitions, nil
}

// reader is what is known of all documents while they are read.
type reader struct {
	files  fs.FS
	limits Limits
	err    error // the first one, after which nothing is read any more

	queue                   []source
	loaded                  map[[2]string]bool // paths with their target namespaces
	bytes, documents, nodes int

	definitions     *Definitions
	elements        table[*Element]
	attributes      table[*Attribute]
	types           table[Type]
	groups          table[*Group]
	attributeGroups table[*AttributeGroup]
	messages        table[*Message]
	portTypes       table[*PortType]
	bindings        table[*Binding]
	services        table[*Service]
	operations      map[operationKey]*Operation

	// references resolve names, once everything is loaded; finishers need resolved names.
	references, finishers []func()

	simpleContents map[*ComplexType]bool // that are not finished

	components []any // in the order of reading
	places     map[any]place
	users      map[owner][]owner // for each owner, those that refer to it
	broken     map[owner]*Problem
}

func newReader(files fs.FS, limits Limits) *reader {
	r := &reader{
		files: files, limits: limits, loaded: map[[2]string]bool{}, definitions: &Definitions{},
		elements: newTable[*Element]("element"), attributes: newTable[*Attribute]("attribute"), types: newTable[Type]("type"),
		groups: newTable[*Group]("group"), attributeGroups: newTable[*AttributeGroup]("attributeGroup"),
		messages: newTable[*Message]("message"), portTypes: newTable[*PortType]("portType"), bindings: newTable[*Binding]("binding"),
		services: newTable[*Service]("service"), operations: map[operationKey]*Operation{},
		simpleContents: map[*ComplexType]bool{}, places: map[any]place{}, users: map[owner][]owner{}, broken: map[owner]*Problem{},
	}
	r.definitions.Elements, r.definitions.Attributes, r.definitions.Types = r.elements.byName, r.attributes.byName, r.types.byName
	return r
}

// owner is a component that can be referred to. What is inside belongs to it: a problem there makes the whole unusable.
type owner struct {
	kind string
	name xml.Name
}

func (o owner) String() string {
	if o.name.Space == "" {
		return fmt.Sprintf("the %s %q without a namespace", o.kind, o.name.Local)
	}
	return fmt.Sprintf("the %s %q of the namespace %q", o.kind, o.name.Local, o.name.Space)
}

// place is where something is written.
type place struct {
	file  string
	line  int
	owner owner
}

func (r *reader) failf(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// reportf notes a problem, which makes the owner of its place unusable.
func (r *reader) reportf(at place, format string, args ...any) {
	if r.err != nil {
		return
	}
	p := &Problem{File: at.file, Line: at.line, Msg: fmt.Sprintf(format, args...), owner: at.owner}
	if r.definitions.Problems = append(r.definitions.Problems, p); len(r.definitions.Problems) > r.limits.Problems {
		r.failf("%s: over the limit of %d problems, of which this is one: %s", at.file, r.limits.Problems, p.Msg)
	}
	if r.broken[at.owner] == nil {
		r.broken[at.owner] = p
	}
}

// source is a document that is to be read.
type source struct {
	path      string
	namespace string // that an import wants; its built-in schema replaces a document that is not XML as it is read here
	target    string // of an include: the namespace of a schema that states none
	from      place  // of the import or include
}

// locate adds the document that an import or include leads to. Without a location, names alone lead to it.
func (d *document) locate(location, namespace, target string) {
	location = strings.ReplaceAll(strings.TrimSpace(location), `\`, "/") // as in paths of Windows
	if location == "" {
		return
	}
	from := d.here()
	from.owner = owner{}
	address, err := url.Parse(location)
	switch {
	case err != nil:
		d.reportf(from, "the location %q is not a URI", location)
	case address.Scheme != "" || address.Host != "": // a copy may be beside the document
		file := d.copyOf(path.Join(path.Dir(d.file), path.Base(address.Path)), address.RawQuery)
		if d.isFile(file) {
			d.queue = append(d.queue, source{file, namespace, target, from})
		} else if !isBuiltIn(namespace) {
			d.reportf(from, "%q is not read, because it is a network address, and there is no file %q", location, file)
		}
	case path.IsAbs(address.Path) || !fs.ValidPath(path.Join(path.Dir(d.file), address.Path)):
		d.reportf(from, "the location %q leads out of the folder", location)
	default:
		d.queue = append(d.queue, source{d.copyOf(path.Join(path.Dir(d.file), address.Path), address.RawQuery), namespace, target, from})
	}
}

// copyOf returns the name of the file for an address with a query: wget keeps the query in it, as in Service.svc?xsd=xsd0.
func (d *document) copyOf(file, query string) string {
	if saved := file + "?" + query; query != "" && d.isFile(saved) {
		return saved
	}
	return file
}

func (d *document) isFile(name string) bool {
	info, err := fs.Stat(d.files, name)
	return err == nil && info.Mode().IsRegular()
}

// load reads a document unless it has been read.
func (r *reader) load(s source) {
	key := [2]string{s.path, s.target}
	if r.loaded[key] {
		return
	}
	r.loaded[key] = true
	text, err := r.readFile(s.path)
	switch {
	case r.err != nil:
		return
	case err != nil && s.from == place{}:
		r.failf("%w", err)
		return
	case err != nil:
		if !isBuiltIn(s.namespace) {
			r.reportf(s.from, "%v", err)
		}
		return
	}
	if !slices.Contains(r.definitions.Files, s.path) {
		r.definitions.Files = append(r.definitions.Files, s.path)
	}
	d := newDocument(r, s.path, text)
	defer d.scan.Free()
	d.target, d.chameleon = s.target, s.target != ""
	d.readRoot(s)
}

// readFile returns a document in UTF-8. Of a file that is too long no more is read than shows it.
func (r *reader) readFile(name string) ([]byte, error) {
	if r.documents++; r.documents > r.limits.Documents {
		r.failf("%s: over the limit of %d documents", name, r.limits.Documents)
		return nil, nil
	}
	f, err := r.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	left := r.limits.Bytes - r.bytes
	content, err := io.ReadAll(io.LimitReader(f, int64(left)+1))
	if err != nil {
		return nil, err
	}
	if r.bytes += len(content); r.bytes > r.limits.Bytes {
		r.failf("%s: over the limit of %d bytes", name, r.limits.Bytes)
		return nil, nil
	}
	text, err := xml.DecodeCharset(content, "")
	if err != nil {
		r.failf("%s: %w", name, err)
	}
	return text, nil
}

// readRoot reads a document whatever it is: wsdl:import is also used for schemas.
func (d *document) readRoot(s source) {
	if d.next() == 0 {
		if d.nodes == d.counted && isBuiltIn(s.namespace) { // the W3C's own copies have a document type declaration
			d.err = nil
		}
		return
	}
	entry := s.from == place{}
	switch name := d.scan.Name(); {
	case name == xml.Name{Space: wsdlSpace, Local: "definitions"}:
		d.readDefinitions(entry)
	case name == xml.Name{Space: XSD, Local: "schema"} && !entry:
		d.readSchema()
	case entry:
		d.failf("%s is not a WSDL 1.1 document: its root element is %q of the namespace %q", d.file, name.Local, name.Space)
		return
	default:
		d.reportf(s.from, "%q is neither a WSDL 1.1 document nor a schema", d.file)
	}
	for d.err == nil && d.kind != xml.EndDocument {
		d.next()
	}
}
