package xml_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"soapbridge/translate/xml"
)

// The byte order marks.
const (
	markUTF8    = "\xEF\xBB\xBF"
	markUTF16LE = "\xFF\xFE"
	markUTF16BE = "\xFE\xFF"
)

// inUTF16LE writes text in UTF-16 without byte order mark.
func inUTF16LE(text string) string { return inUTF16(text, binary.LittleEndian) }

// inUTF16BE writes text in UTF-16 without byte order mark.
func inUTF16BE(text string) string { return inUTF16(text, binary.BigEndian) }

func inUTF16(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func declared(encoding string) string {
	return `<?xml version="1.0" encoding="` + encoding + `"?>`
}

func TestDecodeCharset(t *testing.T) {
	t.Parallel()
	const plain, wide = "<a>b</a>", "<a>é€😀</a>"
	for _, test := range []struct{ name, body, contentType, want string }{
		// UTF-8.
		{"nothing says: UTF-8", wide, "", wide},
		{"no charset: UTF-8", wide, "text/xml", wide},
		{"an XML declaration without encoding: UTF-8", `<?xml version="1.0"?>` + wide, "", `<?xml version="1.0"?>` + wide},
		{"UTF-8 by charset", wide, "text/xml; charset=utf-8", wide},
		{"UTF-8 by declaration", declared("utf-8") + wide, "text/xml", declared("utf-8") + wide},
		{"UTF-8 by mark", markUTF8 + wide, "", wide},
		{"UTF-8 by all of them", markUTF8 + declared("UTF-8") + wide, "text/xml; charset=UTF-8", declared("UTF-8") + wide},
		{"only the first mark is one", markUTF8 + markUTF8 + plain, "", markUTF8 + plain},
		{"an empty body", "", "text/xml", ""},
		{"U+FFFD is a character as any", "<a>\ufffd</a>", "", "<a>\ufffd</a>"},
		{"U+FEFF inside is not a mark", "<a>\ufeff</a>", "", "<a>\ufeff</a>"},

		// Who wins (RFC 7303 section 3): mark, charset, declaration.
		{"mark over charset", markUTF8 + wide, "text/xml; charset=iso-8859-1", wide},
		{"mark over declaration", markUTF8 + declared("iso-8859-1") + wide, "", declared("iso-8859-1") + wide},
		{"mark over a charset that is not supported", markUTF8 + wide, "text/xml; charset=utf-7", wide},
		{"mark of UTF-16 over charset", markUTF16LE + inUTF16LE(wide), "text/xml; charset=utf-8", wide},
		{"mark over charset's byte order", markUTF16BE + inUTF16BE(wide), "text/xml; charset=utf-16le", wide},
		{"charset over declaration", declared("utf-8") + "<a>\xe9</a>", "text/xml; charset=iso-8859-1", declared("utf-8") + "<a>é</a>"},
		{"charset over a declaration that is not supported", declared("utf-7") + wide, "text/xml; charset=utf-8", declared("utf-7") + wide},
		{"charset over what UTF-16 looks like", inUTF16LE("<?"), "text/xml; charset=utf-8", inUTF16LE("<?")},
		{"the declaration where no charset is", declared("iso-8859-1") + "<a>\xe9</a>", "text/xml; action=x", declared("iso-8859-1") + "<a>é</a>"},

		// How a charset is written.
		{"quoted", "<a>\xe9</a>", `text/xml; charset="iso-8859-1"`, "<a>é</a>"},
		{"with much space", "<a>\xe9</a>", " text/xml ;\t charset=iso-8859-1 ", "<a>é</a>"},
		{"among others", "<a>\xe9</a>", `application/soap+xml; action="u;charset=utf-8"; charset=iso-8859-1; type=x`, "<a>é</a>"},
		{"with space around =", "<a>\xe9</a>", "text/xml; charset = iso-8859-1", "<a>é</a>"},

		{"beside a value that should be quoted", "<a>\xe9</a>", "application/soap+xml; action=urn:x/y; charset=iso-8859-1", "<a>é</a>"},

		// A Content-Type that says nothing: the declaration decides.
		{"malformed: no value", declared("l1") + "<a>\xe9</a>", "text/xml; charset", declared("l1") + "<a>é</a>"},
		{"malformed: an open quote", declared("l1") + "<a>\xe9</a>", `text/xml; charset="utf-8`, declared("l1") + "<a>é</a>"},
		{"malformed: charset twice", declared("l1") + "<a>\xe9</a>", "text/xml; charset=utf-8; charset=utf-16", declared("l1") + "<a>é</a>"},
		{"a charset in single quotes", declared("l1") + "<a>\xe9</a>", `text/xml; charset='utf-8'`, declared("l1") + "<a>é</a>"},
		{"a charset of two words", declared("l1") + "<a>\xe9</a>", `text/xml; charset="utf 8"`, declared("l1") + "<a>é</a>"},

		// UTF-16.
		{"little-endian by mark", markUTF16LE + inUTF16LE(wide), "", wide},
		{"big-endian by mark", markUTF16BE + inUTF16BE(wide), "", wide},
		{"mark, charset and declaration", markUTF16LE + inUTF16LE(declared("utf-16")+wide), "text/xml; charset=utf-16", declared("utf-16") + wide},
		{"big-endian by charset", inUTF16BE(wide), "text/xml; charset=utf-16be", wide},
		{"charset with mark", markUTF16LE + inUTF16LE(wide), "text/xml; charset=utf-16le", wide},
		{"charset without byte order: big-endian", inUTF16BE(wide), "text/xml; charset=utf-16", wide},
		{"charset without byte order, but < shows it", inUTF16LE(wide), "text/xml; charset=utf-16", wide},
		{"charset without byte order, white space first: big-endian", inUTF16BE("\n" + wide), "text/xml; charset=utf-16", "\n" + wide},
		{"little-endian by look", inUTF16LE(declared("utf-16") + wide), "", declared("utf-16") + wide},
		{"big-endian by look", inUTF16BE(declared("utf-16") + wide), "", declared("utf-16") + wide},
		{"by look without declaration", inUTF16LE("<a/>"), "", "<a/>"},
		{"by look, the declaration with byte order", inUTF16LE(declared("UTF-16LE") + wide), "", declared("UTF-16LE") + wide},
		{"by charset, whatever the declaration says", inUTF16LE(declared("utf-8") + wide), "text/xml; charset=utf-16le", declared("utf-8") + wide},
		{"the first and last surrogate pairs", markUTF16BE + "\xD8\x00\xDC\x00\xDB\xFF\xDF\xFF", "", "\U00010000\U0010FFFF"},
		{"U+FFFD in UTF-16", markUTF16BE + "\xFF\xFD", "", "\ufffd"},
		{"U+FFFD in little-endian UTF-16", "<\x00\xFD\xFF", "text/xml; charset=utf-16", "<\ufffd"},

		// The single-byte encodings.
		{"ISO-8859-1", "<a>\x7f\x80\x9f\xa0\xff</a>", "text/xml; charset=iso-8859-1", "<a>\u007f\u0080\u009f\u00a0ÿ</a>"},
		{"ISO-8859-1 by declaration", declared("ISO-8859-1") + "<a>\xe9</a>", "", declared("ISO-8859-1") + "<a>é</a>"},
		{"by a declaration with much white space", "<?xml\r\nversion = '1.0'\tencoding\n=\n'latin1'?><a>\xe9</a>", "",
			"<?xml\r\nversion = '1.0'\tencoding\n=\n'latin1'?><a>é</a>"},
		{"US-ASCII", plain, "text/xml; charset=us-ascii", plain},
		{"windows-1252", "\x80\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8e\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9e\x9f\xa0\xff",
			"text/xml; charset=windows-1252", "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u00a0ÿ"},

		// White space before the declaration, which PHP scripts send.
		{"a line break before the declaration", "\n" + declared("utf-8") + wide, "text/xml; charset=utf-8", declared("utf-8") + wide},
		{"much white space before the declaration", " \t\r\n\n" + declared("utf-8") + wide, "", declared("utf-8") + wide},
		{"the encoding of a declaration behind a line break", "\r\n" + declared("l1") + "<a>\xe9</a>", "", declared("l1") + "<a>é</a>"},
		{"a line break behind a mark", markUTF8 + "\n" + declared("utf-8") + wide, "", declared("utf-8") + wide},
		{"a line break before a mark", "\r\n" + markUTF8 + declared("l1") + wide, "", declared("l1") + wide},
		{"a line break before a mark, with charset", "\n" + markUTF8 + wide, "text/xml; charset=utf-8", wide},
		{"a line break before the mark of UTF-16", "\n" + markUTF16LE + inUTF16LE(wide), "", wide},
		{"a line break without declaration", "\n" + wide, "", "\n" + wide},
		{"a line break before another processing instruction", "\n<?xmlx?>" + wide, "", "\n<?xmlx?>" + wide},

		// What is left to the scanner.
		{"a malformed declaration", `<?xml encoding="l1"?><a/>`, "", `<?xml encoding="l1"?><a/>`},
		{"a declaration without end", `<?xml version="1.0" encoding="l1"`, "", `<?xml version="1.0" encoding="l1"`},
		{"another processing instruction", `<?xmlx encoding="l1"?>`, "", `<?xmlx encoding="l1"?>`},
		{"UTF-16 with white space first, undeclared", inUTF16LE("\n<a/>"), "", inUTF16LE("\n<a/>")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := xml.DecodeCharset([]byte(test.body), test.contentType)
			if err != nil || string(text) != test.want {
				t.Errorf("%q, error %v, want %q", text, err, test.want)
			}
		})
	}
}

func TestDecodeCharsetRefuses(t *testing.T) {
	t.Parallel()
	const supported, undefined = "supported are UTF-8, UTF-16, and the registered encodings that extend US-ASCII", "mean nothing"
	for _, test := range []struct {
		name, body, contentType string
		offset                  int
		rule                    string // part of the message
	}{
		{"a charset that no registry has", "<a/>", "text/xml; charset=x-klingon", 0, supported},
		{"UTF-7", "<a/>", "text/xml; charset=utf-7", 0, supported},
		{"UTF-32", "<a/>", "text/xml; charset=utf-32", 0, supported},
		{"a registered encoding that the library returns as nil", "<a/>", "text/xml; charset=hp-roman8", 0, supported},
		{"an encoding that only browsers read, as nothing", "<a/>", "text/xml; charset=iso-2022-kr", 0, supported},
		{"an encoding without meaning", "<a/>", "text/xml; charset=replacement", 0, supported},
		{"an encoding of the user's", "<a/>", "text/xml; charset=x-user-defined", 0, supported},
		{"EBCDIC", "\x4c\x81\x61\x6e", "text/xml; charset=IBM037", 0, supported},
		{"EBCDIC with the euro", "<a/>", "text/xml; charset=IBM01140", 0, supported},
		{"an encoding that leaves ASCII by an escape", "<a>\x1b$B</a>\x1b(B</a>", "text/xml; charset=iso-2022-jp", 0, supported},
		{"an encoding that leaves ASCII by a tilde", "<a>~{</a>~}</a>", "text/xml; charset=hz-gb-2312", 0, supported},
		{"an encoding that is not supported", declared("x-klingon") + "<a/>", "text/xml", 0, supported},
		{"the mark of UTF-32, little-endian", "\xFF\xFE\x00\x00<\x00\x00\x00", "", 0, supported},
		{"the mark of UTF-32, big-endian", "\x00\x00\xFE\xFF\x00\x00\x00<", "", 0, supported},

		{"ISO-8859-1, undeclared", "<a>\xe9</a>", "", 3, "not UTF-8"},
		{"ISO-8859-1 said to be UTF-8", "<a>\xe9</a>", "text/xml; charset=utf-8", 3, "not UTF-8"},
		{"bad UTF-8 behind a mark", markUTF8 + "<a>\xff</a>", "", 6, "not UTF-8"},
		{"bad UTF-8 behind a line break and a mark", "\n" + markUTF8 + "<a>\xff</a>", "", 7, "not UTF-8"},
		{"a truncated character", "<a>é\xe2\x82", "", 5, "not UTF-8"},
		{"a surrogate in UTF-8", "<a>\xed\xa0\x80", "", 3, "not UTF-8"},
		{"a long form", "\xc0\xbca/>", "", 0, "not UTF-8"},
		{"two encodings mixed", "<a>é\xe9</a>", "text/xml", 5, "not UTF-8"},

		{"a high surrogate alone", markUTF16BE + "\xD8\x3D\x00a", "", 2, undefined},
		{"a low surrogate alone", markUTF16BE + "\x00a\xDE\x00\x00a", "", 4, undefined},
		{"two high surrogates", markUTF16LE + "\x3D\xD8\x3D\xD8\x00\xDE", "", 2, undefined},
		{"a pair the wrong way round", markUTF16BE + "\xDE\x00\xD8\x3D", "", 2, undefined},
		{"a high surrogate at the end", markUTF16LE + "a\x00\x3D\xD8", "", 4, undefined},
		{"half a character", markUTF16LE + "a\x00b", "", 4, undefined},
		{"half a character behind a high surrogate", markUTF16LE + "\x3D\xD8\x00", "", 2, undefined},
		{"half a character without mark", inUTF16BE("<a/>") + "b", "text/xml; charset=utf-16be", 8, undefined},
		{"half a character by look", inUTF16BE("<?") + "b", "", 4, undefined},

		{"UTF-16 by look that declares UTF-8", inUTF16LE(declared("utf-8") + "<a/>"), "", 0, "another encoding"},
		{"UTF-16 by look that declares something unknown", inUTF16LE(declared("x-klingon") + "<a/>"), "", 0, "another encoding"},
		{"UTF-16 by look that declares the other byte order", inUTF16LE(declared("utf-16be") + "<a/>"), "", 0, "another encoding"},
		{"a declaration of UTF-16 that is not", declared("utf-16") + "<a/>", "text/xml", 0, "not in itself"},
		{"a declaration of UTF-16LE that is not", declared("utf-16le") + "<a/>", "text/xml", 0, "not in itself"},

		{"US-ASCII with more", "<a>\x80</a>", "text/xml; charset=us-ascii", 3, undefined},
		{"US-ASCII that is UTF-8", "<a>bé</a>", "text/xml; charset=ascii", 4, undefined},
		{"windows-1252 with 0x81", "<a>\xe9\x81</a>", "text/xml; charset=windows-1252", 4, undefined},
		{"windows-1252 with 0x8D", "\x8d", "text/xml; charset=windows-1252", 0, undefined},
		{"windows-1252 with 0x8F", "\x8f", "text/xml; charset=windows-1252", 0, undefined},
		{"windows-1252 with 0x90", "\x90", "text/xml; charset=windows-1252", 0, undefined},
		{"windows-1252 with 0x9D", "\x9d", "text/xml; charset=windows-1252", 0, undefined},
		{"windows-1251 with 0x98", "<a>\xcf\x98</a>", "text/xml; charset=windows-1251", 4, undefined},
		{"windows-1253 with 0xAA", "<a>\xd9\xaa</a>", "text/xml; charset=windows-1253", 4, undefined},
		{"ISO-8859-3 with 0xA5", "<a>\xa5</a>", "text/xml; charset=iso-8859-3", 3, undefined},
		{"Shift_JIS that ends in half a character", "<a>\x93\xfa\x96", "text/xml; charset=shift_jis", 5, undefined},
		{"GBK with a byte that begins nothing", "<a>\xff</a>", "text/xml; charset=gbk", 3, undefined},
		{"GB18030 that is not, beside a U+FFFD that is", "\x84\x31\xa4\x37\xff", "text/xml; charset=gb18030", 4, undefined},
		{"UTF-16 with half a surrogate pair, beside a U+FFFD", markUTF16LE + "\xFD\xFFa\x00\x3D\xD8", "", 6, undefined},
		{"UTF-16 that ends in the first half of a U+FFFD", markUTF16LE + "a\x00\xFD", "", 5, undefined},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := xml.DecodeCharset([]byte(test.body), test.contentType)
			var encoding *xml.EncodingError
			if !errors.As(err, &encoding) || text != nil {
				t.Fatalf("%q, error %v, want an EncodingError", text, err)
			}
			if encoding.Offset != test.offset || !strings.Contains(encoding.Error(), test.rule) {
				t.Errorf("%v, want byte %d and %q", encoding, test.offset, test.rule)
			}
			for _, quoted := range []string{"klingon", "hp-roman8"} {
				if strings.Contains(err.Error(), quoted) {
					t.Errorf("%v quotes what it read", err)
				}
			}
		})
	}
}

// TestDecodeCharsetNames tries each encoding by all its names, as charset and in the declaration where its grammar allows that.
func TestDecodeCharsetNames(t *testing.T) {
	t.Parallel()
	const text = "<a>é</a>"
	for _, test := range []struct {
		body  string
		names []string
	}{
		{text, []string{"utf-8", "UTF-8", "Utf8", "csUTF8"}},
		{"<a>\xe9</a>", []string{"iso-8859-1", "ISO-8859-1", "ISO_8859-1", "iso_8859-1:1987", "iso8859-1", "iso88591", "iso-ir-100",
			"latin1", "Latin-1", "l1", "IBM819", "cp819", "csISOLatin1"}},
		{"<a>\xe9</a>", []string{"windows-1252", "Windows-1252", "windows1252", "cp1252", "CP-1252", "x-cp1252", "cswindows1252"}},
		{"<a>\xe9</a>", []string{"iso-8859-15", "ISO8859-15", "iso885915", "ISO_8859_15", "Latin-9", "csISO885915"}},
	} {
		for _, name := range test.names {
			got, err := xml.DecodeCharset([]byte(test.body), "text/xml; charset=\""+name+`"`)
			if err != nil || string(got) != text {
				t.Errorf("charset %s: %q, error %v", name, got, err)
			}
			if strings.Contains(name, ":") {
				continue
			}
			got, err = xml.DecodeCharset([]byte(declared(name)+test.body), "text/xml")
			if err != nil || string(got) != declared(name)+text {
				t.Errorf("encoding %s: %q, error %v", name, got, err)
			}
		}
	}
	for _, name := range []string{"us-ascii", "ASCII", "us", "iso646-us", "iso_646.irv:1991", "iso-ir-6", "ANSI_X3.4-1968", "ansi_x3.4-1986", "ibm367", "cp367", "csASCII"} {
		if _, err := xml.DecodeCharset([]byte("<a/>"), `text/xml; charset="`+name+`"`); err != nil {
			t.Errorf("charset %s: %v", name, err)
		}
		if _, err := xml.DecodeCharset([]byte("<a>\xe9</a>"), `text/xml; charset="`+name+`"`); err == nil {
			t.Errorf("charset %s accepts 0xE9", name)
		}
	}
	for name, body := range map[string]string{
		"utf-16": inUTF16BE(text), "UTF16": inUTF16LE(text), "csUTF16": inUTF16BE(text),
		"UTF-16LE": inUTF16LE(text), "utf16le": inUTF16LE(text), "csUTF16LE": inUTF16LE(text),
		"UTF-16BE": inUTF16BE(text), "utf16be": inUTF16BE(text), "csUTF16BE": inUTF16BE(text),
	} {
		if got, err := xml.DecodeCharset([]byte(body), "text/xml; charset="+name); err != nil || string(got) != text {
			t.Errorf("charset %s: %q, error %v", name, got, err)
		}
	}
}

// TestDecodeCharsetRegistered reads what the iconv of the GNU C library wrote.
func TestDecodeCharsetRegistered(t *testing.T) {
	t.Parallel()
	var latin9, cyrillic []byte // all that these two define above ASCII
	for b := 0x80; b <= 0xFF; b++ {
		if b >= 0xA0 {
			latin9 = append(latin9, byte(b))
		}
		if b != 0x98 {
			cyrillic = append(cyrillic, byte(b))
		}
	}
	for _, test := range []struct{ name, bytes, want string }{
		{"ISO-8859-15", string(latin9), "\u00a0¡¢£€¥Š§š©ª«¬\u00ad®¯°±²³Žµ¶·ž¹º»ŒœŸ¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"},
		{"windows-1251", string(cyrillic), "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"},
		{"ISO-8859-2", "\xa3\xf3d\xbc \xec\xb9\xe8", "Łódź ěšč"},
		{"ISO-8859-5", "\xcf\xe0\xdb\xeb\xda", "Ярлык"},
		{"ISO-8859-9", "\xddstanbul \xf0\xfd\xfe", "İstanbul ğış"},
		{"windows-1250", "\xa3\xf3d\x9f \x84\xec\x93", "Łódź „ě“"},
		{"windows-1253", "\xd9\xf1\xe1\xdf\xef \xa2\xeb\xf6\xe1", "Ωραίο Άλφα"},
		{"KOI8-R", "\xf0\xd2\xc9\xd7\xc5\xd4 \xa3\xb3", "Привет ёЁ"},
		{"IBM850", "Caf\x82 \xab", "Café ½"},
		{"Shift_JIS", "\x93\xfa\x96{\x83\\\x95\\", "日本ソ表"},
		{"EUC-JP", "\xc6\xfc\xcb\xdc\xb8\xec", "日本語"},
		{"EUC-KR", "\xc7\xd1\xb1\xb9\xbe\xee", "한국어"},
		{"GBK", "\xd6\xd0\xb9\xfa\xe9f", "中国閒"},
		{"GB18030", "\xd6\xd0\xb9\xfa\xa2\xe3\x841\xa47\x949\xfc6", "中国€\ufffd😀"},
		{"gb2312", "\xd6\xd0\xb9\xfa", "中国"},
		{"windows-31j", "\x93\xfa\x96{\x87@", "日本①"},
		{"ISO-8859-11", "\xe4\xb7\xc2", "ไทย"},
		{"Big5", "\xa4\xa4\xa4\xe5\xa5\\", "中文功"},
	} {
		text, err := xml.DecodeCharset([]byte("<a>"+test.bytes+"</a>"), "text/xml; charset="+test.name)
		if want := "<a>" + test.want + "</a>"; err != nil || string(text) != want {
			t.Errorf("charset %s: %q, error %v, want %q", test.name, text, err, want)
		}
		text, err = xml.DecodeCharset([]byte(declared(test.name)+test.bytes), "text/xml")
		if want := declared(test.name) + test.want; err != nil || string(text) != want {
			t.Errorf("encoding %s: %q, error %v, want %q", test.name, text, err, want)
		}
	}
}

// TestDecodeCharsetCopiesNothing proves that the document is the body itself where it can be.
func TestDecodeCharsetCopiesNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body, contentType string
		skipped                 int
	}{
		{"UTF-8", "<a>é</a>", "text/xml; charset=utf-8", 0},
		{"UTF-8 with mark", markUTF8 + "<a>é</a>", "", 3},
		{"UTF-8 as declared", declared("utf-8") + "<a>é</a>", "", 0},
		{"US-ASCII", "<a/>", "text/xml; charset=us-ascii", 0},
		{"ASCII under another name", "<a/>", "text/xml; charset=iso-8859-1", 0},
		{"ASCII under yet another name", "<a/>", "text/xml; charset=windows-1252", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := []byte(test.body)
			text, err := xml.DecodeCharset(body, test.contentType)
			if err != nil || len(text) != len(body)-test.skipped || &text[0] != &body[test.skipped] {
				t.Errorf("%q, error %v: a copy", text, err)
			}
		})
	}
}

// TestDecodeCharsetIsReadable goes the whole way from bytes to text.
func TestDecodeCharsetIsReadable(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"UTF-8":        markUTF8 + declared("UTF-8") + "<a>Café</a>",
		"UTF-16":       markUTF16LE + inUTF16LE(declared("utf-16")+"<a>Café</a>"),
		"ISO-8859-1":   declared("ISO-8859-1") + "<a>Caf\xe9</a>",
		"windows-1252": declared("windows-1252") + "<a>Caf\xe9</a>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := xml.DecodeCharset([]byte(body), "text/xml")
			if err != nil {
				t.Fatal(err)
			}
			tokens, err := scanAll(string(text), xml.Limits{})
			if got := scanDump(tokens); err != nil || got != `<a>"Café"</a>` {
				t.Errorf("%s, error %v", got, err)
			}
		})
	}
}

// FuzzDecodeCharset requires of any body and Content-Type: UTF-8 or an EncodingError at a place in the body.
func FuzzDecodeCharset(f *testing.F) {
	for _, contentType := range []string{"", "text/xml; charset=utf-8", "text/xml; charset=utf-16", "text/xml; charset=\"windows-1252\"", "a; charset", "text/xml; charset=Shift_JIS", "text/xml; charset=gb18030"} {
		f.Add([]byte("<a>\xe9</a>"), contentType)
		f.Add([]byte(markUTF16LE+inUTF16LE("<a>😀</a>")), contentType)
		f.Add([]byte(inUTF16BE(declared("utf-16be")+"<a/>")), contentType)
		f.Add([]byte(declared("iso-8859-1")+"<a>\xe9</a>"), contentType)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		before := string(body)
		text, err := xml.DecodeCharset(body, contentType)
		if string(body) != before {
			t.Fatal("the body was changed")
		}
		var encoding *xml.EncodingError
		switch {
		case err == nil:
			if !utf8.Valid(text) || len(text) > 3*len(body) {
				t.Errorf("%q", text)
			}
		case !errors.As(err, &encoding) || encoding.Offset < 0 || encoding.Offset > len(body) || text != nil:
			t.Errorf("%q, error %v", text, err)
		}
	})
}

// FuzzDecodeCharsetRoundTrip writes text in every encoding that can hold it, and reads it back.
func FuzzDecodeCharsetRoundTrip(f *testing.F) {
	for _, text := range []string{"", "<a/>", "é", "ÿþ", "€", "😀\U0010FFFF\U00010000", "\ufeff", "\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = "<" + strings.ToValidUTF8(text, "?") // < because no byte order mark should arise by chance
		bodies := map[string]string{
			"utf-8": text, "utf-16le": inUTF16LE(text), "utf-16be": inUTF16BE(text), "utf-16": inUTF16LE(text),
			"x; y=utf-8": markUTF8 + text, "x; y=utf-16le": markUTF16LE + inUTF16LE(text), "x; y=utf-16be": markUTF16BE + inUTF16BE(text),
		}
		if bytes, ok := inLatin1(text); ok {
			bodies["iso-8859-1"] = bytes
		}
		for charset, body := range bodies {
			if got, err := xml.DecodeCharset([]byte(body), "text/xml; charset="+charset); err != nil || string(got) != text {
				t.Errorf("%s: %q, error %v, want %q", charset, got, err, text)
			}
		}
	})
}

func inLatin1(text string) (string, bool) {
	var b strings.Builder
	for _, r := range text {
		if r > 0xFF {
			return "", false
		}
		b.WriteByte(byte(r))
	}
	return b.String(), true
}
