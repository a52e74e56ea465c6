// Package xml reads the text of XML documents: a strict scanner, the charsets that a document may come in, and the characters that it may hold.
//
// The scanner is the project's own because encoding/xml is lenient where a reply must not be: it takes undeclared prefixes, several roots and
// mismatched namespaces, and has no limits. This one refuses whatever is not well-formed, bounds what reading costs, and knows the byte of each
// token. Speed comes second.
package xml

import (
	"fmt"
	"slices"
	"strings"
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
// edition, without document type declaration and processing instructions, which SOAP forbids (SOAP 1.1 section 3, SOAP 1.2
// part 1 section 5). Whatever it reads to EndDocument is well-formed and namespace-well-formed; nothing is ever repaired.
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
	s := &Scanner{limits: limits.orDefaults()}
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

// misc passes over production 27 without its processing instructions, as often as it occurs.
func (s *Scanner) misc() bool {
	for {
		s.space()
		switch {
		case s.pos == len(s.doc):
			return true
		case s.doc[s.pos] != '<':
			s.fail(s.pos, "only comments and white space may stand outside of the root element")
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

// content is production 43 up to the next tag: the text before the tag if there is any, else the tag.
func (s *Scanner) content() TokenKind {
	if !s.atTag() {
		s.textRun()
		switch {
		case s.err != nil:
			return 0
		case s.text != "":
			return Text
		}
	}
	if s.at(s.pos+1) == '/' {
		return s.endTag()
	}
	return s.startTag()
}

// atTag reports whether a start tag or an end tag comes next.
func (s *Scanner) atTag() bool {
	return s.at(s.pos) == '<' && s.at(s.pos+1) != '!' && s.at(s.pos+1) != '?'
}

// textRun collects the text up to the next tag.
func (s *Scanner) textRun() {
	s.text, s.joined = "", false
	for s.err == nil && !s.atTag() {
		switch s.at(s.pos) {
		case '<':
			s.cdSectOrComment()
		case 0:
			s.fail(s.pos, endsEarly)
		default:
			s.charData()
		}
	}
	if s.joined {
		s.text = string(s.buf)
	}
}

// charData is production 14 with the references among it, up to the next markup.
func (s *Scanner) charData() {
	end := s.lt.next(s.doc, '<', s.pos)
	if at := s.cdEnd.nextCDEnd(s.doc, s.pos); at < end {
		s.fail(at, "]]> in text")
		return
	}
	if s.amp.next(s.doc, '&', s.pos) >= end && s.cr.next(s.doc, '\r', s.pos) >= end {
		s.addText(end)
		return
	}
	s.join()
	s.expand(end, '\n', true)
}

// cdSectOrComment is what may begin with <! in content: production 18 or 15.
func (s *Scanner) cdSectOrComment() {
	if !strings.HasPrefix(s.doc[s.pos:], cdStart) {
		s.comment()
		return
	}
	s.pos += len(cdStart)
	end := s.cdEnd.nextCDEnd(s.doc, s.pos)
	if end == len(s.doc) {
		s.fail(end, endsEarly)
		return
	}
	if s.cr.next(s.doc, '\r', s.pos) >= end {
		s.addText(end)
	} else {
		s.join()
		s.expand(end, '\n', false)
	}
	s.pos = end + len(cdEnd)
}

// addText adds the document from here to end, as it is, to the text.
func (s *Scanner) addText(end int) {
	piece := s.doc[s.pos:end]
	s.pos = end
	if s.text == "" && !s.joined {
		s.text = piece
		return
	}
	s.join()
	s.buf = append(s.buf, piece...)
}

// join moves the text to buf, where more can be added to it.
func (s *Scanner) join() {
	if !s.joined {
		s.buf = append(s.buf[:0], s.text...)
		s.joined = true
	}
}

// expand adds the document from here to end to buf. A line end (XML 1.0 section 2.11) becomes newline, which is a space in an
// attribute value; tabs do too, there. References are resolved where the grammar has any.
func (s *Scanner) expand(end int, newline byte, references bool) {
	for s.pos < end {
		next := min(end, s.cr.next(s.doc, '\r', s.pos))
		if references {
			next = min(next, s.amp.next(s.doc, '&', s.pos))
		}
		if newline != '\n' {
			next = min(next, s.lf.next(s.doc, '\n', s.pos), s.tab.next(s.doc, '\t', s.pos))
		}
		s.buf = append(s.buf, s.doc[s.pos:next]...)
		s.pos = next
		if next == end {
			return
		}
		if s.doc[next] == '&' {
			if !s.reference(end) {
				return
			}
			continue
		}
		s.buf = append(s.buf, newline)
		s.pos++
		if s.doc[next] == '\r' && s.at(s.pos) == '\n' {
			s.pos++
		}
	}
}

// reference is production 67: what it denotes is added to buf.
func (s *Scanner) reference(end int) bool {
	name, _, closed := strings.Cut(s.doc[s.pos+1:end], ";")
	if !closed {
		s.fail(s.pos, "an & that begins no reference")
		return false
	}
	r, rule := resolveReference(name)
	if rule != "" {
		s.fail(s.pos, rule)
		return false
	}
	s.buf = utf8.AppendRune(s.buf, r)
	s.pos += len("&") + len(name) + len(";")
	return true
}

// comment is production 15. Whatever else begins with <! or <? is refused here.
func (s *Scanner) comment() bool {
	rest := s.doc[s.pos:]
	if !strings.HasPrefix(rest, "<!--") {
		s.fail(s.pos, refusedMarkup(rest))
		return false
	}
	s.pos += len("<!--")
	length := strings.Index(s.doc[s.pos:], "--")
	if length < 0 {
		s.fail(len(s.doc), endsEarly)
		return false
	}
	s.pos += length + len("--")
	if s.at(s.pos) != '>' {
		s.fail(s.pos, "-- inside a comment")
		return false
	}
	s.pos++
	return true
}

func refusedMarkup(rest string) string {
	switch {
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return "a document type declaration, which SOAP forbids"
	case strings.HasPrefix(rest, cdStart):
		return "a CDATA section outside of the root element"
	case hasXMLDecl(rest):
		return "an XML declaration that is not at the very start"
	case strings.HasPrefix(rest, "<?"):
		return "a processing instruction, which SOAP forbids"
	}
	return "<! that begins neither a comment nor a CDATA section"
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

// attributes reads the rest of a start tag behind its name. The bindings from index around on are this element's own.
func (s *Scanner) attributes(around int) bool {
	for count := 0; ; count++ {
		spaced := s.space()
		switch c := s.at(s.pos); {
		case c == '>':
			s.pos++
			return s.resolveAttrs()
		case c == '/':
			if s.at(s.pos+1) != '>' {
				s.fail(s.pos+1, "a / in a tag that does not end it")
				return false
			}
			s.pos += len("/>")
			s.empty = true
			return s.resolveAttrs()
		case !spaced:
			s.fail(s.pos, "a character that no name has, or no white space before an attribute")
			return false
		case count == s.limits.Attributes:
			s.exceed("attributes", s.limits.Attributes)
			return false
		}
		if !s.attribute(around) {
			return false
		}
	}
}

// attribute is production 41: a namespace declaration is declared at once, anything else goes to attrs with the prefix in the
// place of the namespace, which a later attribute may declare.
func (s *Scanner) attribute(around int) bool {
	begin := s.pos
	prefix, local, end := s.qName(begin)
	if s.err != nil {
		return false
	}
	s.pos = end
	if s.at(s.pos) != '=' {
		s.space()
		if s.at(s.pos) != '=' {
			s.fail(s.pos, "an attribute without =")
			return false
		}
	}
	s.pos++
	s.space()
	value := s.attValue()
	switch {
	case s.err != nil:
		return false
	case prefix == "xmlns":
		return s.declare(begin, around, local, value)
	case prefix == "" && local == "xmlns":
		return s.declare(begin, around, "", value)
	}
	s.attrs = append(s.attrs, Attr{Name{prefix, local}, value})
	return true
}

// attValue is production 10, normalised.
func (s *Scanner) attValue() string {
	quote := s.at(s.pos)
	if quote != '"' && quote != '\'' {
		s.fail(s.pos, "an attribute value without quotes")
		return ""
	}
	s.pos++
	length := strings.IndexByte(s.doc[s.pos:], quote)
	if length < 0 {
		s.fail(len(s.doc), endsEarly)
		return ""
	}
	end := s.pos + length
	if at := s.lt.next(s.doc, '<', s.pos); at < end {
		s.fail(at, "< in an attribute value")
		return ""
	}
	value := s.doc[s.pos:end]
	if s.special(end) {
		s.buf = s.buf[:0]
		s.expand(end, ' ', true)
		value = string(s.buf)
	}
	s.pos = end + 1
	return value
}

// special reports whether the attribute value from here to end differs from what is written.
func (s *Scanner) special(end int) bool {
	return s.amp.next(s.doc, '&', s.pos) < end || s.lf.next(s.doc, '\n', s.pos) < end ||
		s.cr.next(s.doc, '\r', s.pos) < end || s.tab.next(s.doc, '\t', s.pos) < end
}

// declare binds a prefix, or the default namespace where it is empty, for the element whose own bindings begin at around.
func (s *Scanner) declare(offset, around int, prefix, space string) bool {
	if rule := refusedBinding(prefix, space); rule != "" {
		s.fail(offset, rule)
		return false
	}
	for _, own := range s.bindings[around:] {
		if own.prefix == prefix {
			s.fail(offset, duplicateAttribute)
			return false
		}
	}
	if len(s.bindings) > s.limits.Namespaces { // the prefix xml is one more
		s.exceed("namespaces", s.limits.Namespaces)
		return false
	}
	s.bindings = append(s.bindings, binding{prefix, space, s.firstOf(space)})
	return true
}

// refusedBinding returns the rule of Namespaces in XML 1.0 section 3 and section 5 that a declaration breaks.
func refusedBinding(prefix, space string) string {
	switch {
	case prefix == "xmlns":
		return "a declaration of the prefix xmlns"
	case prefix == "xml" && space != xmlNamespace:
		return "the prefix xml declared to be another namespace than its own"
	case prefix != "xml" && space == xmlNamespace:
		return "the namespace of the prefix xml declared for another prefix"
	case space == xmlnsNamespace:
		return "a declaration of the namespace of the prefix xmlns"
	case prefix != "" && space == "":
		return "a prefix declared to be no namespace"
	}
	return ""
}

// firstOf returns the first binding in force to a namespace; the one to be added if there is none.
func (s *Scanner) firstOf(space string) int {
	for i := range s.bindings {
		if s.bindings[i].space == space {
			return i
		}
	}
	return len(s.bindings)
}

// lookup returns the innermost binding of a prefix, -1 if there is none.
func (s *Scanner) lookup(prefix string) int {
	for i, b := range slices.Backward(s.bindings) {
		if b.prefix == prefix {
			return i
		}
	}
	return -1
}

const duplicateAttribute = "two attributes of one name on one element"

// resolveAttrs puts namespaces in the place of prefixes, now that all declarations of the tag are known. An attribute without
// prefix is in no namespace, whatever the default one is.
func (s *Scanner) resolveAttrs() bool {
	if len(s.attrs) == 0 {
		return true
	}
	s.attrSpaces = s.attrSpaces[:0]
	for i := range s.attrs {
		name, space := &s.attrs[i].Name, -1
		if name.Space != "" {
			at := s.lookup(name.Space)
			if at < 0 {
				s.fail(s.start, "an attribute whose prefix is not declared")
				return false
			}
			name.Space, space = s.bindings[at].space, s.bindings[at].same
		}
		if s.hasAttr(space, name.Local) {
			s.fail(s.start, duplicateAttribute)
			return false
		}
		s.attrSpaces = append(s.attrSpaces, space)
	}
	return true
}

// hasAttr reports whether one of the attributes resolved so far has this name.
func (s *Scanner) hasAttr(space int, local string) bool {
	for i, other := range s.attrSpaces {
		if other == space && s.attrs[i].Name.Local == local {
			return true
		}
	}
	return false
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
