package xml

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// EncodingError is a document whose bytes are not in the encoding they are said to be in, or in one that is not supported. Its
// message never quotes the document.
type EncodingError struct {
	Offset int // byte of the document as received, from 0; in an encoding of several bytes a character it may be a few bytes off
	Msg    string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("xml encoding: %s (byte %d)", e.Msg, e.Offset)
}

// The encodings of Unicode as ianaindex returns them. A nil encoding is one that is not supported.
var (
	utf8Encoding  = unicode.UTF8
	utf16Encoding = unicode.UTF16(unicode.BigEndian, unicode.UseBOM) // the byte order comes from a byte order mark, or is guessed
	utf16LE       = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16BE       = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

const supportedEncodings = "; supported are UTF-8, UTF-16, and the registered encodings that extend US-ASCII"

// DecodeCharset returns the document of an HTTP reply in UTF-8, without byte order mark and without white space before it or
// before an XML declaration: scripts are known to send a line break there. The encoding is that of the byte order mark, else of the charset
// parameter of the Content-Type, else of the XML declaration (RFC 7303 section 3); without any of them it is UTF-8. UTF-16 without
// byte order mark is also known by how "<" looks in it. A Content-Type that cannot be parsed, or whose charset could not be the
// name of any encoding, counts as one without charset.
//
// Nothing is ever replaced: a byte that means nothing in the encoding, an encoding that is not supported, and a declaration that
// cannot be true are each an *EncodingError. A document in UTF-8, or in ASCII under another name, is not copied. The others grow
// to at most three times their length.
func DecodeCharset(body []byte, contentType string) (text []byte, err error) {
	text, err = decodeCharset(body, contentType)
	if document := bytes.TrimLeft(text, spaces); hasXMLDecl(document) {
		return document, err
	}
	return text, err
}

func decodeCharset(body []byte, contentType string) (text []byte, err error) {
	before := len(body) - len(bytes.TrimLeft(body, spaces))
	if e, mark := byteOrderMark(body[before:]); mark > 0 {
		return decode(e, body, before+mark)
	}
	name := charsetParam(contentType)
	if e := lookupEncoding(name); e != nil {
		return decode(e, body, 0)
	}
	if isEncName(name) {
		return nil, &EncodingError{Msg: "the charset of the Content-Type is not supported" + supportedEncodings}
	}
	return decodeAsDeclared(body)
}

// byteOrderMark knows the encoding by its mark and returns the mark's length, 0 if there is none.
func byteOrderMark(body []byte) (e encoding.Encoding, length int) {
	switch {
	case bytes.HasPrefix(body, []byte("\xEF\xBB\xBF")):
		return utf8Encoding, 3
	case bytes.HasPrefix(body, []byte("\xFF\xFE\x00\x00")), bytes.HasPrefix(body, []byte("\x00\x00\xFE\xFF")):
		return nil, 4 // UTF-32; in UTF-16 the first one would be followed by U+0000, which is not XML either
	case bytes.HasPrefix(body, []byte("\xFF\xFE")):
		return utf16LE, 2
	case bytes.HasPrefix(body, []byte("\xFE\xFF")):
		return utf16BE, 2
	}
	return nil, 0
}

// charsetParam returns the charset parameter of a Content-Type, empty where there is none.
func charsetParam(contentType string) string {
	// Nearly every reply has one of these, and mime takes longer to parse it than the rest of this file to decode.
	for _, common := range [...]string{"text/xml; charset=utf-8", "text/xml;charset=utf-8", "application/soap+xml; charset=utf-8"} {
		if strings.EqualFold(contentType, common) {
			return "utf-8"
		}
	}
	_, params, err := ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// ParseMediaType parses a Content-Type as mime does, and one whose parameters have values that RFC 2045 wants quoted: type=text/xml.
func ParseMediaType(contentType string) (mediaType string, params map[string]string, err error) {
	if mediaType, params, err = mime.ParseMediaType(contentType); err == nil {
		return mediaType, params, nil
	}
	return mime.ParseMediaType(parameterValue.ReplaceAllStringFunc(contentType, func(value string) string {
		if unquoted, found := strings.CutPrefix(value, "="); found {
			return `="` + strings.TrimSpace(unquoted) + `"`
		}
		return value
	}))
}

// parameterValue is a quoted value, so that nothing inside it is taken for another one, or an unquoted value behind its equals sign.
var parameterValue = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|=\s*[^";\\\s]+`)

// lookupEncoding returns the encoding of a name in the IANA registry, or of a usual misspelling of one; nil where it is not
// supported: x/text lacks it, or it does not extend US-ASCII, so that a "<" might be part of another character.
func lookupEncoding(name string) encoding.Encoding {
	e, err := ianaindex.IANA.Encoding(name)
	if err != nil {
		e, _ = ianaindex.IANA.Encoding(registeredName(name))
	}
	if e == nil {
		// Browsers know more names (gb2312, windows-31j). They come last, because a browser reads ISO-8859-1 as windows-1252.
		e, _ = htmlindex.Get(name)
	}
	switch e {
	case charmap.XUserDefined: // its characters mean nothing
		return nil
	case nil, utf8Encoding, utf16Encoding, utf16LE, utf16BE:
		return e
	}
	if text, err := e.NewDecoder().String(usASCII); err != nil || text != usASCII {
		return nil
	}
	return e
}

// usASCII holds every character of US-ASCII that XML allows, and the escape by which some encodings leave it.
const usASCII = "\t\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x1B"

// registeredName respells names that servers use and the registry lacks: UTF8, UTF16LE, ISO8859-15, Latin-1, cp1251, x-cp1252.
func registeredName(name string) string {
	name = strings.TrimPrefix(strings.ToLower(name), "x-")
	name = strings.NewReplacer("-", "", "_", "").Replace(name)
	for _, spelling := range [...]struct{ loose, registered string }{
		{"utf", "utf-"}, {"iso8859", "iso-8859-"}, {"latin", "latin"}, {"cp125", "windows-125"}, {"windows", "windows-"}, {"ascii", "us-ascii"},
	} {
		if rest, found := strings.CutPrefix(name, spelling.loose); found {
			return spelling.registered + rest
		}
	}
	return ""
}

// decodeAsDeclared decodes a document that nothing outside of it names the encoding of.
func decodeAsDeclared(body []byte) ([]byte, error) {
	if e := guessUTF16(body); e != nil {
		text, err := decode(e, body, 0)
		if err != nil {
			return nil, err
		}
		declared := declaredEncoding(text)
		if known := lookupEncoding(declared); declared != "" && known != utf16Encoding && known != e {
			return nil, &EncodingError{Msg: "the XML declaration names another encoding than the UTF-16 it is in"}
		}
		return text, nil
	}
	declared := declaredEncoding(body)
	if declared == "" {
		return checkUTF8(body, 0)
	}
	switch e := lookupEncoding(declared); e {
	case nil:
		return nil, &EncodingError{Msg: "the encoding that the XML declaration names is not supported" + supportedEncodings}
	case utf16Encoding, utf16LE, utf16BE:
		return nil, &EncodingError{Msg: "the XML declaration names UTF-16, which it is not in itself"}
	default:
		return decode(e, body, 0)
	}
}

// guessUTF16 knows UTF-16 by how "<" looks in it (after XML 1.0 appendix F.1).
func guessUTF16(body []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(body, []byte("<\x00")):
		return utf16LE
	case bytes.HasPrefix(body, []byte("\x00<")):
		return utf16BE
	}
	return nil
}

// declaredEncoding returns the encoding that the XML declaration names; empty where it names none. A malformed one counts as none:
// the Scanner says what is wrong with it, and where.
func declaredEncoding(text []byte) string {
	text = bytes.TrimLeft(text, spaces)
	end := bytes.Index(text, []byte("?>"))
	if end < 0 || !hasXMLDecl(text) {
		return ""
	}
	_, name, _ := parseXMLDecl(string(text[:end+len("?>")]))
	return name
}

// decode returns in UTF-8 what follows so many bytes, the byte order mark and what is before it.
func decode(e encoding.Encoding, body []byte, mark int) ([]byte, error) {
	if e == utf16Encoding {
		if e = guessUTF16(body); e == nil {
			e = utf16BE // RFC 2781 section 4.3
		}
	}
	switch {
	case e == nil:
		return nil, &EncodingError{Msg: "the byte order mark is that of UTF-32" + supportedEncodings}
	case e == utf8Encoding:
		return checkUTF8(body, mark)
	case e != utf16LE && e != utf16BE && isASCII(body):
		return body, nil
	}
	return decodeWith(e, body, mark)
}

func isASCII(body []byte) bool {
	return bytes.IndexFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func checkUTF8(body []byte, mark int) ([]byte, error) {
	text := body[mark:]
	if utf8.Valid(text) {
		return text, nil
	}
	offset := mark
	for {
		r, size := utf8.DecodeRune(body[offset:])
		if r == utf8.RuneError && size <= 1 {
			return nil, &EncodingError{Offset: offset, Msg: "bytes that are not UTF-8"}
		}
		offset += size
	}
}

// decodeWith decodes with x/text and finds what its decoders replace without a word: a U+FFFD was sent as one only if it becomes
// the same bytes again.
func decodeWith(e encoding.Encoding, body []byte, mark int) ([]byte, error) {
	sent := body[mark:]
	text, _, err := transform.Bytes(e.NewDecoder(), sent)
	if at := undefinedInWindows(e, text); at >= 0 {
		return nil, &EncodingError{Offset: mark + utf8.RuneCount(text[:at]), Msg: undefinedBytes}
	}
	if err == nil && !bytes.ContainsRune(text, utf8.RuneError) {
		return text, nil
	}
	again, _, _ := transform.Bytes(e.NewEncoder(), text) // up to the first character that the encoding does not have
	if bytes.Equal(again, sent) {
		return text, nil
	}
	return nil, &EncodingError{Offset: mark + commonPrefix(again, sent), Msg: undefinedBytes}
}

const undefinedBytes = "bytes that mean nothing in the document's encoding"

// undefinedInWindows finds a byte that a code page of Windows leaves undefined; -1 if there is none. x/text follows the WHATWG,
// which makes a control character of it.
func undefinedInWindows(e encoding.Encoding, text []byte) int {
	if name, err := ianaindex.MIME.Name(e); err != nil || !strings.HasPrefix(name, "windows-") {
		return -1
	}
	return bytes.IndexFunc(text, func(r rune) bool { return r >= 0x80 && r < 0xA0 })
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// spaces is production 3, S, as a set.
const spaces = " \t\r\n"

// xmlDeclOpen begins an XML declaration when white space follows it, else a processing instruction.
const xmlDeclOpen = "<?xml"

func hasXMLDecl[document string | []byte](doc document) bool {
	return len(doc) > len(xmlDeclOpen) && string(doc[:len(xmlDeclOpen)]) == xmlDeclOpen && isSpace(doc[len(xmlDeclOpen)])
}

// parseXMLDecl is production 23, for a document that has an XML declaration. It returns the encoding, empty where none is named,
// and where the declaration ends; or the rule that is broken and the place.
func parseXMLDecl(doc string) (end int, encoding, rule string) {
	p := declParser{doc: doc, pos: len(xmlDeclOpen)}
	if version, found := p.pseudoAttr("version"); !found || !isVersion(version) {
		return p.pos, "", p.failed("an XML declaration without a version 1.x")
	}
	encoding, found := p.pseudoAttr("encoding")
	if found && !isEncName(encoding) {
		return p.pos, "", p.failed("an XML declaration with a malformed encoding")
	}
	if standalone, found := p.pseudoAttr("standalone"); found && standalone != "yes" && standalone != "no" {
		return p.pos, "", p.failed("an XML declaration whose standalone is neither yes nor no")
	}
	p.space()
	if p.rule != "" || !strings.HasPrefix(doc[p.pos:], "?>") {
		return p.pos, "", p.failed("something else than version, encoding and standalone in an XML declaration")
	}
	return p.pos + len("?>"), encoding, ""
}

// declParser reads the inside of an XML declaration.
type declParser struct {
	doc  string
	pos  int
	rule string // the first rule that was broken
}

// failed returns the first rule that was broken, or else this one.
func (p *declParser) failed(rule string) string {
	if p.rule != "" {
		return p.rule
	}
	return rule
}

func (p *declParser) space() bool {
	begin := p.pos
	for p.pos < len(p.doc) && isSpace(p.doc[p.pos]) {
		p.pos++
	}
	return p.pos > begin
}

// skip passes over one byte if it is the next one.
func (p *declParser) skip(c byte) bool {
	if p.pos < len(p.doc) && p.doc[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// pseudoAttr reads white space, name, equals sign and quoted value if that name comes next.
func (p *declParser) pseudoAttr(name string) (value string, found bool) {
	begin := p.pos
	if !p.space() || !strings.HasPrefix(p.doc[p.pos:], name) {
		p.pos = begin
		return "", false
	}
	p.pos += len(name)
	p.space()
	equals := p.skip('=')
	p.space()
	quote := byte('"')
	if !equals || !p.skip(quote) {
		quote = '\''
		if !equals || !p.skip(quote) {
			p.rule = p.failed("an XML declaration with a name that has no quoted value")
			return "", false
		}
	}
	length := strings.IndexByte(p.doc[p.pos:], quote)
	if length < 0 {
		p.rule = p.failed(endsEarly)
		return "", false
	}
	value = p.doc[p.pos : p.pos+length]
	p.pos += length + 1
	return value, true
}

// isVersion is production 26. The fifth edition reads any version 1.x as 1.0.
func isVersion(s string) bool {
	minor, one := strings.CutPrefix(s, "1.")
	return one && minor != "" && strings.Trim(minor, "0123456789") == ""
}

// isEncName is production 81.
func isEncName(s string) bool {
	for i := range len(s) {
		class := nameBytes[s[i]]
		if class == 0 || i == 0 && (class&nameStart == 0 || s[i] == '_') {
			return false
		}
	}
	return s != ""
}
