package soap

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// EncodingError is a document whose bytes are not in the encoding they are said to be in, or in one that is not supported. Its
// message never quotes the document.
type EncodingError struct {
	Offset int // byte of the document as received, from 0
	Msg    string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("xml encoding: %s (byte %d)", e.Msg, e.Offset)
}

// encoding is a character encoding that can be read.
type encoding uint8

const (
	unknownEncoding encoding = iota
	utf8Encoding
	utf16Encoding // the byte order is told by a byte order mark, or guessed
	utf16LE
	utf16BE
	latin1
	usASCII
	windows1252
)

const supportedEncodings = "; supported are UTF-8, UTF-16, ISO-8859-1, US-ASCII and windows-1252"

// DecodeCharset gives the document of an HTTP reply in UTF-8, without byte order mark. Which encoding it is in is told by its
// byte order mark, else by the charset parameter of the Content-Type, else by its XML declaration (RFC 7303 section 3); without
// any of them it is UTF-8. UTF-16 without byte order mark is also known by how "<?" looks in it. A Content-Type that cannot be
// parsed, or whose charset could not be the name of any encoding, counts as one without charset.
//
// Nothing is ever replaced: a byte that means nothing in the encoding, an encoding that is not supported, and a declaration that
// cannot be true are each an *EncodingError. A document in UTF-8, or in ASCII under another name, is not copied. The others grow
// to at most three times their length.
func DecodeCharset(body []byte, contentType string) (text []byte, err error) {
	if e, mark := byteOrderMark(body); mark > 0 {
		return e.decode(body, mark)
	}
	name := charsetParam(contentType)
	if e := lookupEncoding(name); e != unknownEncoding {
		return e.decode(body, 0)
	}
	if isEncName(name) {
		return nil, &EncodingError{Msg: "the charset of the Content-Type is not supported" + supportedEncodings}
	}
	return decodeAsDeclared(body)
}

// byteOrderMark knows the encoding by its mark and tells the mark's length, 0 if there is none.
func byteOrderMark(body []byte) (e encoding, length int) {
	switch {
	case bytes.HasPrefix(body, []byte("\xEF\xBB\xBF")):
		return utf8Encoding, 3
	case bytes.HasPrefix(body, []byte("\xFF\xFE\x00\x00")), bytes.HasPrefix(body, []byte("\x00\x00\xFE\xFF")):
		return unknownEncoding, 4 // UTF-32; in UTF-16 the first one would be followed by U+0000, which is no XML either
	case bytes.HasPrefix(body, []byte("\xFF\xFE")):
		return utf16LE, 2
	case bytes.HasPrefix(body, []byte("\xFE\xFF")):
		return utf16BE, 2
	}
	return unknownEncoding, 0
}

// charsetParam gives the charset parameter of a Content-Type, empty where there is none.
func charsetParam(contentType string) string {
	// Nearly every reply has one of these, and mime takes longer to parse it than the rest of this file to decode.
	for _, common := range [...]string{"text/xml; charset=utf-8", "text/xml;charset=utf-8", "application/soap+xml; charset=utf-8"} {
		if strings.EqualFold(contentType, common) {
			return "utf-8"
		}
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// lookupEncoding knows an encoding by the names that the IANA registry gives it, and by some that servers use without asking.
func lookupEncoding(name string) encoding {
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "csutf8":
		return utf8Encoding
	case "utf-16", "utf16", "csutf16":
		return utf16Encoding
	case "utf-16le", "utf16le", "csutf16le":
		return utf16LE
	case "utf-16be", "utf16be", "csutf16be":
		return utf16BE
	case "iso-8859-1", "iso_8859-1", "iso_8859-1:1987", "iso8859-1", "iso88591", "iso-ir-100", "latin1", "latin-1", "l1", "ibm819",
		"cp819", "csisolatin1":
		return latin1
	case "us-ascii", "ascii", "us", "iso646-us", "iso_646.irv:1991", "iso-ir-6", "ansi_x3.4-1968", "ansi_x3.4-1986", "ibm367",
		"cp367", "csascii":
		return usASCII
	case "windows-1252", "cp1252", "cp-1252", "x-cp1252", "cswindows1252":
		return windows1252
	}
	return unknownEncoding
}

// decodeAsDeclared decodes a document that nothing outside of it tells the encoding of.
func decodeAsDeclared(body []byte) ([]byte, error) {
	if e := guessUTF16(body); e != unknownEncoding {
		text, err := e.decode(body, 0)
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
		return utf8Encoding.decode(body, 0)
	}
	switch e := lookupEncoding(declared); e {
	case unknownEncoding:
		return nil, &EncodingError{Msg: "the encoding that the XML declaration names is not supported" + supportedEncodings}
	case utf16Encoding, utf16LE, utf16BE:
		return nil, &EncodingError{Msg: "the XML declaration names UTF-16, which it is not in itself"}
	default:
		return e.decode(body, 0)
	}
}

// guessUTF16 knows UTF-16 by how "<?" looks in it (XML 1.0 appendix F.1).
func guessUTF16(body []byte) encoding {
	switch {
	case bytes.HasPrefix(body, []byte("<\x00?\x00")):
		return utf16LE
	case bytes.HasPrefix(body, []byte("\x00<\x00?")):
		return utf16BE
	}
	return unknownEncoding
}

// declaredEncoding gives the encoding that the XML declaration names; empty where it names none. A malformed one counts as none:
// the Scanner says what is wrong with it, and where.
func declaredEncoding(text []byte) string {
	if !bytes.HasPrefix(text, []byte(xmlDeclOpen)) {
		return ""
	}
	end := bytes.Index(text, []byte("?>"))
	if end < 0 {
		return ""
	}
	declaration := string(text[:end+len("?>")])
	if !hasXMLDecl(declaration) {
		return ""
	}
	_, name, _ := parseXMLDecl(declaration)
	return name
}

// decode gives what follows the byte order mark of a length in UTF-8.
func (e encoding) decode(body []byte, mark int) ([]byte, error) {
	switch e {
	case utf8Encoding:
		return checkUTF8(body, mark)
	case utf16Encoding:
		// RFC 2781 section 4.3: without a mark it should be taken as big-endian. Nearly all that is not has a "<" in front.
		if bytes.HasPrefix(body, []byte("<\x00")) {
			return decodeUTF16(body, mark, 0)
		}
		return decodeUTF16(body, mark, 1)
	case utf16LE:
		return decodeUTF16(body, mark, 0)
	case utf16BE:
		return decodeUTF16(body, mark, 1)
	case latin1:
		return decodeBytes(body, nil, "")
	case usASCII:
		return decodeBytes(body, &highBytes{}, "a byte that US-ASCII does not define")
	case windows1252:
		return decodeBytes(body, &windows1252High, "a byte that windows-1252 does not define")
	case unknownEncoding:
	}
	return nil, &EncodingError{Msg: "the byte order mark is that of UTF-32" + supportedEncodings}
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

// decodeUTF16 decodes what follows the mark; low is the place of the low byte in each pair.
func decodeUTF16(body []byte, mark, low int) ([]byte, error) {
	unit := func(i int) rune { return rune(body[i+1-low])<<8 | rune(body[i+low]) }
	text := make([]byte, 0, len(body)/2+len(body)/8)
	even := len(body) - (len(body)-mark)%2
	for i := mark; i < even; i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			if i+4 > even {
				return nil, &EncodingError{Offset: i, Msg: loneSurrogate}
			}
			if r = utf16.DecodeRune(r, unit(i+2)); r == utf8.RuneError {
				return nil, &EncodingError{Offset: i, Msg: loneSurrogate}
			}
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	if even < len(body) {
		return nil, &EncodingError{Offset: even, Msg: "half a character at the end of UTF-16"}
	}
	return text, nil
}

const loneSurrogate = "half a surrogate pair in UTF-16"

// highBytes gives the characters of the bytes from 0x80 on, 0 for those that have none.
type highBytes [utf8.RuneSelf]rune

// decodeBytes decodes a single-byte encoding whose lower half is ASCII. Without a table each byte is the character of its number.
func decodeBytes(body []byte, high *highBytes, undefined string) ([]byte, error) {
	first := bytes.IndexFunc(body, func(r rune) bool { return r >= utf8.RuneSelf })
	if first < 0 {
		return body, nil
	}
	text := make([]byte, first, len(body)+len(body)/2)
	copy(text, body)
	for i := first; i < len(body); i++ {
		r := rune(body[i])
		if high != nil && r >= utf8.RuneSelf {
			if r = high[r-utf8.RuneSelf]; r == 0 {
				return nil, &EncodingError{Offset: i, Msg: undefined}
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return text, nil
}

// windows1252High is the table of the IANA registration: ISO-8859-1 but for the first 32.
var windows1252High = func() (high highBytes) {
	for i := range high {
		high[i] = utf8.RuneSelf + rune(i)
	}
	copy(high[:], []rune{
		'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
		0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
	})
	return high
}()

// xmlDeclOpen begins an XML declaration when white space follows it, else a processing instruction.
const xmlDeclOpen = "<?xml"

func hasXMLDecl(doc string) bool {
	return len(doc) > len(xmlDeclOpen) && doc[:len(xmlDeclOpen)] == xmlDeclOpen && isSpace(doc[len(xmlDeclOpen)])
}

// parseXMLDecl is production 23, for a document that has an XML declaration. It gives the encoding, empty where none is named,
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

// failed gives the first rule that was broken, or else this one.
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
