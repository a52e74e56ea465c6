// Package xml reads the text of XML documents: a strict scanner, the charsets that a document may come in, and the characters that it may hold.
//
// The scanner is the project's own because encoding/xml is lenient where a reply must not be: it takes undeclared prefixes, several roots and
// mismatched namespaces, and has no limits. This one refuses whatever is not well-formed, bounds what reading costs, and knows the byte of each
// token. Speed comes second.
package xml

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// The two namespaces that need no declaration (Namespaces in XML 1.0, section 3).
const (
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsNamespace = "http://www.w3.org/2000/xmlns/"
)

// Limits bound what reading one document may cost. A field that is zero or negative means its default.
type Limits struct {
	Bytes      int // length of the document in UTF-8
	Depth      int // elements open at once
	Elements   int // elements in all
	Attributes int // attributes of one element, namespace declarations included; reading costs their square
	Namespaces int // namespace declarations in force at once; reading costs this many comparisons for each name

	// Instructions: processing instructions are passed over. SOAP forbids them; schemas have them, for browsers.
	Instructions bool
}

// DefaultLimits returns the limits that hold where a caller sets none.
//
//   - Bytes: 1 MiB, the default of SOAPBRIDGE_MAX_REPLY.
//   - Depth: 64. The deepest documented reply is an MDS ValidationFault, eight deep.
//   - Elements: 10,000. The same fault has four elements for each error; this leaves room for over two thousand of them.
//   - Attributes: 64. The vendors' own samples have three on one element.
//   - Namespaces: 64. The same samples have five in force at once.
func DefaultLimits() Limits {
	return Limits{Bytes: 1 << 20, Depth: 64, Elements: 10_000, Attributes: 64, Namespaces: 64}
}

func (l Limits) orDefaults() Limits {
	preset := DefaultLimits()
	for _, each := range []struct{ field, preset *int }{
		{&l.Bytes, &preset.Bytes},
		{&l.Depth, &preset.Depth},
		{&l.Elements, &preset.Elements},
		{&l.Attributes, &preset.Attributes},
		{&l.Namespaces, &preset.Namespaces},
	} {
		if *each.field <= 0 {
			*each.field = *each.preset
		}
	}
	return l
}

// SyntaxError is a document that is not XML as this package reads it. Its message names the rule and never quotes the
// document: replies carry secrets.
type SyntaxError struct {
	Offset int // byte of the UTF-8 document, from 0
	Line   int // from 1; CR LF, LF and CR each end a line
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("xml: %s (byte %d, line %d)", e.Msg, e.Offset, e.Line)
}

// LimitError is a document that costs more than its reader allows.
type LimitError struct {
	Limit  string // bytes, depth, elements, attributes or namespaces
	Max    int    // the value of that limit
	Offset int    // byte of the UTF-8 document, from 0, at which it was passed
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("xml: over the limit of %d for %s (byte %d)", e.Max, e.Limit, e.Offset)
}

// Name is an expanded name: Space is the namespace, empty for none.
type Name struct{ Space, Local string }

// Attr is one attribute. Value is normalised as XML 1.0 section 3.3.3 asks for an attribute without a declaration: a literal
// tab, line feed or carriage return is a space, one from a character reference is kept.
type Attr struct {
	Name  Name
	Value string
}

// TokenKind is a kind of token.
type TokenKind uint8

// The kinds of token. Comments and the XML declaration are checked and passed over.
const (
	StartElement TokenKind = iota + 1
	EndElement             // also follows the StartElement of an empty-element tag
	Text
	EndDocument // the root element has ended and only comments and white space came after it
)

// Scanner reads an XML document token by token, in one pass: XML 1.0, fifth edition, and Namespaces in XML 1.0, third
// edition, without document type declaration and, unless Limits allow them, processing instructions, which SOAP forbids (SOAP 1.1
// section 3, SOAP 1.2 part 1 section 5). Whatever it reads to EndDocument is well-formed and namespace-well-formed; nothing is ever repaired.
//
// The strings that it returns share one private copy of the document: clone what must outlive it and is much smaller. A Scanner
// is for one goroutine.
type Scanner struct {
	doc    string
	limits Limits
	pos    int // what comes next
	start  int // where the current token began
	kind   TokenKind
	err    error

	open     []openElement
	bindings []binding // innermost last; the first one is the prefix xml
	elements int
	empty    bool // the current start element is an empty-element tag

	attrs      []Attr
	attrSpaces []int // for each of attrs, what identifies its namespace
	text       string
	buf        []byte // text or an attribute value in the making, when it is not a piece of the document
	joined     bool   // the text is in buf

	lt, amp, cr, lf, tab, cdEnd finder

	room scannerRoom
}

// scannerRoom is where the slices of a Scanner begin, large enough for nearly every reply, so that they are one allocation.
type scannerRoom struct {
	open       [8]openElement
	bindings   [8]binding
	attrs      [4]Attr
	attrSpaces [4]int
	buf        [64]byte
}

// openElement is an element whose end has not been passed.
type openElement struct {
	tag      string // the name as written, which the end tag repeats
	name     Name
	bindings int // how many bindings were in force around it
}

// binding is one namespace declaration.
type binding struct {
	prefix, space string
	// same is the first binding in force to the same namespace. Comparing it instead of the names keeps the check for
	// duplicate attributes cheap, however long the names are.
	same int
}

const (
	cdStart = "<![CDATA["
	cdEnd   = "]]>"
)

// finder remembers where something comes next in the document. Every search begins at or behind the one before it, so that all
// searches together pass over the document once, and most of the questions need none. It holds the place plus one: the zero
// finder has not searched yet.
type finder int

// next returns the first place from on that has the byte, the document's length if none has.
func (f *finder) next(doc string, c byte, from int) int {
	if int(*f) <= from {
		f.found(strings.IndexByte(doc[from:], c), from, len(doc))
	}
	return int(*f) - 1
}

// nextCDEnd is next for the end of a CDATA section.
func (f *finder) nextCDEnd(doc string, from int) int {
	if int(*f) <= from {
		f.found(strings.Index(doc[from:], cdEnd), from, len(doc))
	}
	return int(*f) - 1
}

func (f *finder) found(index, from, end int) {
	if index < 0 {
		index = end - from
	}
	*f = finder(from + index + 1)
}

// NewScanner begins to read doc, which is in UTF-8 without byte order mark (DecodeCharset returns it so); an encoding that its
// XML declaration names is not looked at. A document that is too long, or has a character anywhere that XML does not allow,
// fails at the first call of Next.
func NewScanner(doc []byte, limits Limits) *Scanner {
	s := scanners.Get().(*Scanner) //nolint:forcetypeassert // the pool's own
	s.limits = limits.orDefaults()
	if len(doc) > s.limits.Bytes {
		s.err = &LimitError{Limit: "bytes", Max: s.limits.Bytes, Offset: s.limits.Bytes}
		return s
	}
	s.doc = string(doc)
	s.open, s.attrs, s.attrSpaces = s.room.open[:0], s.room.attrs[:0], s.room.attrSpaces[:0]
	s.buf = s.room.buf[:0]
	s.bindings = append(s.room.bindings[:0], binding{prefix: "xml", space: xmlNamespace})
	if offset, bad := IllegalChar(s.doc); bad {
		s.fail(offset, "a character that XML does not allow, or bytes that are not UTF-8")
	}
	return s
}

// scanners are reused for their room.
var scanners = sync.Pool{New: func() any { return &Scanner{} }}

// Free lets another scanner reuse the memory of this one, which must not be used any more. The strings that it returned stay good.
func (s *Scanner) Free() {
	*s = Scanner{}
	scanners.Put(s)
}

// Next goes on to the next token and returns its kind. The character data, CDATA sections and references between two tags are
// one Text, never empty, with any comments between them left out; white space between elements is Text too. Once the document
// has ended Next keeps returning EndDocument, and once it has failed the same error: a *SyntaxError or a *LimitError.
func (s *Scanner) Next() (TokenKind, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.kind = s.next()
	if s.err != nil {
		s.kind = 0
		return 0, s.err
	}
	return s.kind, nil
}

// Name returns the name of the element that starts or ends; at a Text, of the element around it.
func (s *Scanner) Name() Name {
	if len(s.open) == 0 {
		return Name{}
	}
	return s.open[len(s.open)-1].name
}

// AppendPath appends the local names of the open elements, without those that are outermost, joined by slashes.
func (s *Scanner) AppendPath(b []byte, without int) []byte {
	for i := without; i < len(s.open); i++ {
		if i > without {
			b = append(b, '/')
		}
		b = append(b, s.open[i].name.Local...)
	}
	return b
}

// Attrs returns the attributes of the element that starts, in the document's order and without namespace declarations; nil at
// any other token. It is valid until the next call of Next.
func (s *Scanner) Attrs() []Attr {
	if s.kind != StartElement {
		return nil
	}
	return s.attrs
}

// Text returns the characters of the current Text, references resolved and line ends normalised; empty at any other token.
func (s *Scanner) Text() string {
	if s.kind != Text {
		return ""
	}
	return s.text
}

// Offset returns the byte of the document at which the current token begins; after an error, where it was found. The
// EndElement of an empty-element tag begins behind the tag.
func (s *Scanner) Offset() int { return s.start }

// ResolveQName resolves a QName in content, such as a SOAP 1.1 faultcode, with the namespaces in force at the current token:
// at an EndElement still those of the element that ends. White space around it does not count. Without a prefix the default
// namespace holds, as for every xsd:QName (XML Schema part 2, section 3.2.18), and no namespace where none is declared. It
// reports false for what is not a QName and for a prefix that is not declared.
func (s *Scanner) ResolveQName(value string) (Name, bool) {
	value = strings.Trim(value, spaces)
	if !utf8.ValidString(value) {
		return Name{}, false
	}
	prefix, local, prefixed := strings.Cut(value, ":")
	if !prefixed {
		prefix, local = "", value
	}
	if !isNCName(local) || prefixed && !isNCName(prefix) {
		return Name{}, false
	}
	if at := s.lookup(prefix); at >= 0 {
		return Name{s.bindings[at].space, local}, true
	}
	if prefixed {
		return Name{}, false
	}
	return Name{Local: local}, true
}

func isNCName(s string) bool { return s != "" && ncNameLen(s) == len(s) }

// Skip reads on until the element that has just started, or the one around the current Text or EndElement, has ended; that
// EndElement is then the current token. Outside of the root element there is nothing to skip.
func (s *Scanner) Skip() error {
	depth := len(s.open)
	if s.kind == EndElement {
		depth--
	}
	if depth == 0 {
		return s.err
	}
	for {
		kind, err := s.Next()
		if err != nil {
			return err
		}
		if kind == EndElement && len(s.open) == depth {
			return nil
		}
	}
}

// next is the grammar's production 1, document, one token at a time.
func (s *Scanner) next() TokenKind {
	if s.kind == EndElement {
		s.leave()
	}
	s.start = s.pos
	switch {
	case s.empty:
		s.empty = false
		return EndElement
	case len(s.open) > 0:
		return s.content()
	case s.elements > 0:
		return s.epilog()
	}
	return s.prolog()
}

// leave forgets the element that has ended, and its namespace declarations. Doing so one token late lets ResolveQName work at
// an EndElement.
func (s *Scanner) leave() {
	last := len(s.open) - 1
	s.bindings = s.bindings[:s.open[last].bindings]
	s.open = s.open[:last]
}

// prolog is production 22 and the root element's start.
func (s *Scanner) prolog() TokenKind {
	if hasXMLDecl(s.doc) {
		end, _, rule := parseXMLDecl(s.doc)
		if rule != "" {
			return s.fail(end, rule)
		}
		s.pos = end
	}
	if !s.misc() {
		return 0
	}
	if s.pos == len(s.doc) {
		return s.fail(s.pos, endsEarly)
	}
	return s.startTag()
}

// epilog is what may follow the root element.
func (s *Scanner) epilog() TokenKind {
	if !s.misc() {
		return 0
	}
	if s.pos < len(s.doc) {
		return s.fail(s.pos, "only comments and white space may follow the root element")
	}
	s.start = s.pos
	return EndDocument
}

// misc passes over production 27 as often as it occurs.
func (s *Scanner) misc() bool {
	for {
		s.space()
		switch {
		case s.pos == len(s.doc):
			return true
		case s.doc[s.pos] != '<':
			s.fail(s.pos, "only comments and white space may be outside of the root element")
			return false
		case s.at(s.pos+1) == '!' || s.at(s.pos+1) == '?':
			if !s.comment() {
				return false
			}
		default:
			return true
		}
	}
}

const mismatch = "an end tag that does not match the start tag"

// endTag is production 42.
func (s *Scanner) endTag() TokenKind {
	tag := s.open[len(s.open)-1].tag
	s.start = s.pos
	s.pos += len("</")
	if !strings.HasPrefix(s.doc[s.pos:], tag) {
		return s.fail(s.pos, mismatch)
	}
	s.pos += len(tag)
	if s.at(s.pos) == '>' { // nearly always
		s.pos++
		return EndElement
	}
	spaced := s.space()
	if s.at(s.pos) != '>' {
		if spaced {
			return s.fail(s.pos, "something else than a name in an end tag")
		}
		return s.fail(s.pos, mismatch)
	}
	s.pos++
	return EndElement
}

// startTag is productions 40 and 44.
func (s *Scanner) startTag() TokenKind {
	if s.elements == s.limits.Elements {
		return s.exceed("elements", s.limits.Elements)
	}
	if len(s.open) == s.limits.Depth {
		return s.exceed("depth", s.limits.Depth)
	}
	s.elements++
	around := len(s.bindings)
	s.start = s.pos
	begin := s.pos + len("<")
	prefix, local, end := s.qName(begin)
	s.pos = end
	s.attrs = s.attrs[:0]
	switch {
	case s.err != nil:
		return 0
	case s.at(end) == '>': // nearly always
		s.pos++
	case !s.attributes(around):
		return 0
	}
	tag := s.doc[begin:end]
	at := s.lookup(prefix)
	space := ""
	if at >= 0 {
		space = s.bindings[at].space
	} else if prefix != "" {
		return s.fail(begin, "an element whose prefix is not declared")
	}
	s.open = append(s.open, openElement{tag: tag, name: Name{space, local}, bindings: around})
	return StartElement
}

// qName is production 7 of Namespaces in XML 1.0: the name that begins at a place, and where it ends.
func (s *Scanner) qName(begin int) (prefix, local string, end int) {
	end = begin + ncNameLen(s.doc[begin:])
	if end == begin {
		s.fail(begin, missingName)
		return "", "", end
	}
	local = s.doc[begin:end]
	if s.at(end) != ':' {
		return "", local, end
	}
	begin = end + len(":")
	end = begin + ncNameLen(s.doc[begin:])
	if end == begin {
		s.fail(begin, missingName)
	}
	return local, s.doc[begin:end], end
}

const missingName = "no name where one must be"

// space passes over white space and reports whether there was any.
func (s *Scanner) space() bool {
	begin := s.pos
	for s.pos < len(s.doc) && isSpace(s.doc[s.pos]) {
		s.pos++
	}
	return s.pos > begin
}

// at returns the byte at a place; behind the end 0, which no document contains.
func (s *Scanner) at(i int) byte {
	if i < len(s.doc) {
		return s.doc[i]
	}
	return 0
}

const endsEarly = "the document ends before it is complete"

// fail notes an error, after which nothing is read any more. At the end of the document the rule is always that it goes on.
func (s *Scanner) fail(offset int, rule string) TokenKind {
	if offset >= len(s.doc) {
		offset, rule = len(s.doc), endsEarly
	}
	before := s.doc[:offset]
	line := 1 + strings.Count(before, "\n") + strings.Count(before, "\r") - strings.Count(before, "\r\n")
	s.start = offset
	s.err = &SyntaxError{Offset: offset, Line: line, Msg: rule}
	return 0
}

// exceed notes, as fail does, that what comes next passes a limit.
func (s *Scanner) exceed(limit string, value int) TokenKind {
	s.start = s.pos
	s.err = &LimitError{Limit: limit, Max: value, Offset: s.pos}
	return 0
}
