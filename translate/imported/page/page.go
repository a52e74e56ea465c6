// Package page drafts a WSDL of the help pages that ASP.NET makes of an ASMX service, one for each operation. What a page does not say is a
// ? in the draft, for a person to answer.
//
// What such a page shows is known from the source of its generator, DefaultWsdlHelpGenerator.aspx: samples of both versions of SOAP in
// which each value is the name of its type; an array as two items; an enumeration as its words with "or" between them; an object five
// levels down as xsi:nil="true"; any anonymous simple type as "bytes". It leaves out lengths, the alternatives of a choice, what a type has
// from its base type, and whether an element is optional.
package page

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/xml"
)

// File is a page that was saved as HTML, or as the text that a browser shows.
type File struct {
	Name string // for messages
	Text []byte // in UTF-8, or in UTF-16 with a byte order mark
}

// Draft is what pages show of a service.
type Draft struct {
	Service string // the name of the service on the pages
	// WSDL is a document of WSDL 1.1 in which attributes have the value "?" where a person has to answer.
	WSDL []byte
}

// The most that is read. The largest pages that are known have 100 KB; a structure of five levels with arrays on each could have 2 MB.
const (
	MaxSize   = 4 << 20 // bytes of a page
	MaxPages  = 200
	mostNodes = 200_000 // elements of all samples, arrays counted once
)

// limits are those of one envelope.
var limits = xml.Limits{Bytes: 3 * MaxSize, Depth: 64, Elements: 100_000, Attributes: 64, Namespaces: 64}

// Read drafts the WSDL of one service. The error names all mistakes of all pages, each with its file and line.
func Read(files []File) (*Draft, error) {
	if len(files) > MaxPages {
		return nil, fmt.Errorf("over the limit of %d pages", MaxPages)
	}
	var problems []error
	pages := make([]*page, 0, len(files))
	for _, f := range files {
		p, err := readPage(f)
		pages, problems = append(pages, p), append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if err := together(pages); err != nil {
		return nil, err
	}
	m := newModel(pages)
	if m.nodes > mostNodes {
		return nil, fmt.Errorf("the samples are over the limit of %d elements", mostNodes)
	}
	wsdl, err := m.draft()
	if err != nil {
		return nil, err
	}
	return &Draft{pages[0].service, wsdl}, nil
}

// together checks that pages are of one service and of different operations.
func together(pages []*page) error {
	if len(pages) == 0 {
		return errors.New("there is no page")
	}
	var problems []error
	first, seen := pages[0], map[string]*page{}
	for _, p := range pages {
		if p.service != first.service || !strings.EqualFold(p.path, first.path) {
			problems = append(problems, p.errorf(p.exchanges[0].line, "is a page of the service %s at %s, and %s one of %s at %s: import each service for itself",
				p.service, p.path, first.file, first.service, first.path))
		}
		if other := seen[p.operation]; other != nil {
			problems = append(problems, p.errorf(p.exchanges[0].line, "is the page of the operation %s, as %s is", p.operation, other.file))
		}
		seen[p.operation] = p
	}
	return errors.Join(problems...)
}

// page is what one page says.
type page struct {
	file             string
	service          string
	host, path       string // of the requests
	operation, about string
	exchanges        []*exchange // one of each version of SOAP
}

// exchange is the samples of one version of SOAP.
type exchange struct {
	version  string // "1.1" or "1.2"
	line     int    // of the request
	action   string
	acted    bool // the action is stated
	request  *envelope
	response *envelope // nil: the operation is one-way
}

// envelope is a sample.
type envelope struct {
	version string
	header  *node // the blocks are its children
	body    *node // it has one child, or none
}

// errorf returns a mistake in a line of the page; 0 is the page itself.
func (p *page) errorf(line int, format string, args ...any) error {
	if line == 0 {
		return fmt.Errorf("%s: %s", p.file, fmt.Sprintf(format, args...))
	}
	return fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...))
}

// agree checks that the samples of the versions of SOAP are the same but for the version.
func (p *page) agree() error {
	first := p.exchanges[0]
	var problems []error
	for _, other := range p.exchanges[1:] {
		if (first.response == nil) != (other.response == nil) {
			problems = append(problems, p.errorf(other.line, "SOAP %s and SOAP %s differ: only one of them has a sample of the response", first.version, other.version))
			continue
		}
		problems = append(problems, p.same(first, other, first.request, other.request))
		if first.response != nil {
			problems = append(problems, p.same(first, other, first.response, other.response))
		}
	}
	return errors.Join(problems...)
}

func (p *page) same(first, other *exchange, a, b *envelope) error {
	x, y := difference(a.header, b.header)
	if x == nil {
		x, y = difference(a.body, b.body)
	}
	if x == nil {
		return nil
	}
	return p.errorf(y.line, "the samples of SOAP %s and SOAP %s differ: here is %s, and in line %d is %s", first.version, other.version, y, x.line, x)
}

// isEmpty reports whether a part of an envelope has nothing in it.
func isEmpty(n *node) bool { return len(n.children) == 0 }

// versions are those of a page's samples.
func (p *page) versions() (list []string) {
	for _, e := range p.exchanges {
		list = append(list, e.version)
	}
	return list
}

// find returns the samples of a version; nil without any.
func (p *page) find(version string) *exchange {
	if i := slices.Index(p.versions(), version); i >= 0 {
		return p.exchanges[i]
	}
	return nil
}
