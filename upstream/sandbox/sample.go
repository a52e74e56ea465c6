package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// operation is one pair of samples, read, or an operation of an imported system.
type operation struct {
	system *system
	name   string
	action string // SOAPAction
	header *shape // of the Header; without children when the sample has none there
	body   *shape // the child of the Body
	reply  reply

	// Of imported systems only.
	versions []version
	oneWay   bool
	declared []scenario // one for each declared fault
}

// key is its name in the control API: the name alone could be that of an operation of another system, when it is imported.
func (op *operation) key() string {
	if op.system.imported {
		return op.system.Name + "/" + op.name
	}
	return op.name
}

// reply writes the whole envelope of an answer.
type reply interface {
	fill(f filling, v version) []byte
}

// shape describes one element of a request, as its sample does.
type shape struct {
	name     xml.Name
	kids     []*shape
	value    *lexical // nil for an element with children
	optional bool     // it may be absent
	repeated bool     // it may occur any number of times
	anyOrder bool     // its children may come in any order (xsd:all)
}

const (
	requestSuffix  = ".request.xml"
	responseSuffix = ".response.xml"
)

// readSamples reads every pair of samples in a file system, in the order of their paths.
func readSamples(files fs.FS) ([]*operation, error) {
	var operations []*operation
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if of, isResponse := strings.CutSuffix(file, responseSuffix); isResponse {
			if _, err := fs.Stat(files, of+requestSuffix); err != nil {
				return fmt.Errorf("sample %s has no %s: %w", file, path.Base(of+requestSuffix), err)
			}
		}
		stem, isRequest := strings.CutSuffix(file, requestSuffix)
		if !isRequest {
			return nil
		}
		op, err := readPair(files, stem)
		operations = append(operations, op)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(operations) == 0 {
		return nil, fmt.Errorf("no sample found: no file is called <Operation>%s", requestSuffix)
	}
	return operations, nil
}

func readPair(files fs.FS, stem string) (*operation, error) {
	op := &operation{name: path.Base(stem)}
	read := func(suffix string, into func([]byte) error) error {
		document, err := fs.ReadFile(files, stem+suffix)
		if err == nil {
			err = into(document)
		}
		if err != nil {
			return fmt.Errorf("sample %s: %w", stem+suffix, err)
		}
		return nil
	}
	return op, errors.Join(read(requestSuffix, op.readRequest), read(responseSuffix, op.readResponse))
}

func (op *operation) readResponse(document []byte) error {
	read, err := readTemplate(document)
	op.reply = read
	return err
}

// readRequest takes the shapes of the Header and of the Body's child from a request sample.
func (op *operation) readRequest(document []byte) error {
	envelope, err := (&sampleReader{decoder: xml.NewDecoder(bytes.NewReader(document))}).document()
	if err != nil {
		return err
	}
	if envelope.name != (xml.Name{Space: soap11.namespace, Local: "Envelope"}) {
		return fmt.Errorf("its root is %s, must be a SOAP 1.1 Envelope", show(envelope.name))
	}
	op.header = &shape{name: xml.Name{Space: soap11.namespace, Local: "Header"}}
	for _, part := range envelope.kids {
		switch part.name {
		case op.header.name:
			op.header = part
		case xml.Name{Space: soap11.namespace, Local: "Body"}:
			if len(part.kids) != 1 || part.kids[0].name.Local != op.name {
				return fmt.Errorf("its Body must have one child, called %s like the file", op.name)
			}
			op.body = part.kids[0]
		default:
			return fmt.Errorf("unexpected %s in the Envelope", show(part.name))
		}
	}
	if op.body == nil {
		return errors.New("it has no Body")
	}
	return nil
}

// sampleReader reads the shapes of a request sample. The marks are comments; the first and the last are the ones that the MDS
// page prints itself:
//
//	<!--Optional:-->             the next element may be absent
//	<!--Required:-->             the next element is required, in spite of any mark above
//	<!--Optional: all below-->   every element below this point may be absent, unless marked
//	<!--You may enter the following 3 items in any order-->
type sampleReader struct {
	decoder *xml.Decoder
}

const (
	markOptional    = "Optional:"
	markRequired    = "Required:"
	markAllOptional = "Optional: all below"
)

var markAnyOrder = regexp.MustCompile(`^You may enter the following (\d+) items in any order$`)

func (r *sampleReader) document() (*shape, error) {
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		if start, isStart := token.(xml.StartElement); isStart {
			return r.element(start, false)
		}
	}
}

// parts is the content between an element's tags.
type parts struct {
	kids        []*shape
	text        strings.Builder
	mark        string // the mark that waits for its element
	allOptional bool
	anyOrder    int // the number of items announced
}

// element reads one element after its start tag.
func (r *sampleReader) element(start xml.StartElement, allOptional bool) (*shape, error) {
	if err := checkSampleAttributes(start); err != nil {
		return nil, err
	}
	inside := &parts{allOptional: allOptional}
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			kid, err := r.element(token, inside.allOptional)
			if err != nil {
				return nil, err
			}
			inside.add(kid)
		case xml.CharData:
			inside.text.Write(token)
		case xml.Comment:
			if err := inside.note(strings.TrimSpace(string(token))); err != nil {
				return nil, fmt.Errorf("in %s: %w", start.Name.Local, err)
			}
		case xml.EndElement:
			return inside.shape(start.Name)
		}
	}
}

// checkSampleAttributes refuses what a curated sample must not hold: above all the xsi:nil of the help pages, which only
// marks where their tree was cut off.
func checkSampleAttributes(start xml.StartElement) error {
	for _, attr := range start.Attr {
		if attr.Name.Space != "xmlns" && attr.Name.Local != "xmlns" {
			return fmt.Errorf("attribute %s at %s: a request sample has none", attr.Name.Local, start.Name.Local)
		}
	}
	return nil
}

func (p *parts) note(comment string) error {
	announced := markAnyOrder.FindStringSubmatch(comment)
	switch {
	case comment == markOptional || comment == markRequired:
		p.mark = comment
	case comment == markAllOptional:
		p.allOptional = true
	case announced != nil:
		p.anyOrder, _ = strconv.Atoi(announced[1])
	default:
		return fmt.Errorf("the comment %q is not a mark", comment)
	}
	return nil
}

// add takes the next child. A child shown twice in a row may occur any number of times.
func (p *parts) add(kid *shape) {
	kid.optional = p.mark == markOptional || (p.allOptional && p.mark != markRequired)
	p.mark = ""
	if last := len(p.kids) - 1; last >= 0 && p.kids[last].name == kid.name && alike(p.kids[last], kid) {
		p.kids[last].repeated = true
		return
	}
	p.kids = append(p.kids, kid)
}

func (p *parts) shape(name xml.Name) (*shape, error) {
	s := &shape{name: name, kids: p.kids, anyOrder: p.anyOrder > 0}
	text := strings.TrimSpace(p.text.String())
	switch {
	case len(s.kids) > 0 && text != "":
		return nil, fmt.Errorf("%s has both text and elements", name.Local)
	case s.anyOrder && p.anyOrder != len(s.kids):
		return nil, fmt.Errorf("%s announces %d items in any order and has %d", name.Local, p.anyOrder, len(s.kids))
	case text != "":
		value, err := readPlaceholder(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name.Local, err)
		}
		s.value = value
	}
	seen := map[xml.Name]bool{}
	for _, kid := range s.kids {
		if seen[kid.name] {
			return nil, fmt.Errorf("%s occurs twice in %s, apart or in two forms", kid.name.Local, name.Local)
		}
		seen[kid.name] = true
		if kid.value == nil && len(kid.kids) == 0 && kid.name.Local != "Header" {
			return nil, fmt.Errorf("%s has neither a placeholder nor elements", kid.name.Local)
		}
	}
	return s, nil
}

// alike reports whether two shapes have the same elements below.
func alike(a, b *shape) bool {
	if a.name != b.name || len(a.kids) != len(b.kids) || (a.value == nil) != (b.value == nil) {
		return false
	}
	for i := range a.kids {
		if !alike(a.kids[i], b.kids[i]) {
			return false
		}
	}
	return true
}

// show prints a name for a person.
func show(name xml.Name) string {
	if name.Space == "" {
		return name.Local + " in no namespace"
	}
	return fmt.Sprintf("%s in namespace %q", name.Local, name.Space)
}
