package xml_test

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"soapbridge/translate/xml"
)

// scanned is one token, complete, so that two readings of a document can be compared.
type scanned struct {
	Kind  xml.TokenKind
	Name  xml.Name
	Attrs []xml.Attr
	Text  string
}

// scanAll reads a document to its end.
func scanAll(doc string, limits xml.Limits) ([]scanned, error) {
	s := xml.NewScanner([]byte(doc), limits)
	var tokens []scanned
	for {
		kind, err := s.Next()
		if err != nil || kind == xml.EndDocument {
			return tokens, err
		}
		token := scanned{Kind: kind, Text: s.Text(), Attrs: append([]xml.Attr(nil), s.Attrs()...)}
		if kind != xml.Text {
			token.Name = s.Name()
		}
		tokens = append(tokens, token)
	}
}

// scanDump writes tokens on one line: names as {namespace}local, values and text quoted.
func scanDump(tokens []scanned) string {
	var b strings.Builder
	for _, token := range tokens {
		switch token.Kind {
		case xml.StartElement:
			b.WriteString("<" + scanName(token.Name))
			for _, a := range token.Attrs {
				fmt.Fprintf(&b, " %s=%q", scanName(a.Name), a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			b.WriteString("</" + scanName(token.Name) + ">")
		case xml.Text:
			fmt.Fprintf(&b, "%q", token.Text)
		case xml.EndDocument:
			b.WriteString("(end)")
		}
	}
	return b.String()
}

func scanName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// scannerAccepts are documents and what scanDump makes of their tokens.
var scannerAccepts = []struct{ name, doc, want string }{
	// Document, prolog and epilog.
	{"empty-element tag", `<a/>`, `<a></a>`},
	{"empty element", `<a></a>`, `<a></a>`},
	{"white space in tags", "<a \t\r\n></a \n>", `<a></a>`},
	{"white space before an empty-element tag ends", "<a />", `<a></a>`},
	{"white space around the root", " \t\r\n<a/>\n ", `<a></a>`},
	{"comments around the root", `<!-- b --><a/><!-- c -->`, `<a></a>`},
	{"siblings", `<a><b/><b/></a>`, `<a><b></b><b></b></a>`},
	{"the XML declaration", `<?xml version="1.0"?><a/>`, `<a></a>`},
	{"all of the XML declaration", "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a/>", `<a></a>`},
	{"standalone without encoding", `<?xml version="1.0" standalone="no"?><a/>`, `<a></a>`},
	{"white space of all kinds in the XML declaration", "<?xml\tversion\r=\n\"1.0\"\nencoding = 'x'?><a/>", `<a></a>`},
	{"version 1.1, read as 1.0 by the fifth edition", `<?xml version="1.1"?><a/>`, `<a></a>`},
	{"version 1.23", `<?xml version="1.23"?><a/>`, `<a></a>`},
	{"an encoding with all its characters", `<?xml version="1.0" encoding="A0._-z"?><a/>`, `<a></a>`},

	// Text.
	{"text", `<a>b c</a>`, `<a>"b c"</a>`},
	{"text around elements", `<a>b<c/>d</a>`, `<a>"b"<c></c>"d"</a>`},
	{"white space between elements is text", "<a>\n <b/>\n</a>", `<a>"\n "<b></b>"\n"</a>`},
	{"line ends", "<a>1\r\n2\r3\n4\r\r\n5</a>", `<a>"1\n2\n3\n4\n\n5"</a>`},
	{"carriage return before a reference to a line feed", "<a>\r&#10;</a>", `<a>"\n\n"</a>`},
	{"referenced line ends stay", `<a>&#13;&#xD;&#10;&#xA;&#9;</a>`, `<a>"\r\r\n\n\t"</a>`},
	{"the predefined entities", `<a>&lt;&gt;&amp;&apos;&quot;</a>`, `<a>"<>&'\""</a>`},
	{"an entity among text", `<a>b &amp; c</a>`, `<a>"b & c"</a>`},
	{"no second round of references", `<a>&amp;lt;</a>`, `<a>"&lt;"</a>`},
	{"referenced markup is text", `<a>&#60;b&#62;</a>`, `<a>"<b>"</a>`},
	{"character references", `<a>&#65;&#x42;&#x1F600;&#xe9;&#xE9;</a>`, `<a>"AB😀éé"</a>`},
	{"leading zeros in a reference", `<a>&#000000000000000000000000065;&#x00000000000000000000000041;</a>`, `<a>"AA"</a>`},
	{"the first and last characters", `<a>&#x20;&#xD7FF;&#xE000;&#xFFFD;&#x10000;&#x10FFFF;</a>`,
		"<a>" + strconv.Quote(" \ud7ff\ue000\ufffd\U00010000\U0010ffff") + "</a>"},
	{"U+007F and the C1 controls", "<a>\u007f\u0085\u009f</a>", `<a>"\x7f\u0085\u009f"</a>`},
	{"U+2028 is not a line end of XML 1.0", "<a>\u2028\u0085</a>", `<a>"\u2028\u0085"</a>`},
	{"brackets", `<a>]] ]> > ]]</a>`, `<a>"]] ]> > ]]"</a>`},
	{"]]> escaped", `<a>]]&gt;</a>`, `<a>"]]>"</a>`},
	{"quotes", `<a>"'</a>`, `<a>"\"'"</a>`},

	// CDATA sections and comments.
	{"CDATA", `<a><![CDATA[<b>&amp;</b>]]></a>`, `<a>"<b>&amp;</b>"</a>`},
	{"CDATA between text is one text", `<a>b<![CDATA[c]]>d&amp;<![CDATA[e]]></a>`, `<a>"bcd&e"</a>`},
	{"CDATA first", `<a><![CDATA[c]]>d</a>`, `<a>"cd"</a>`},
	{"empty CDATA is not text", `<a><![CDATA[]]></a>`, `<a></a>`},
	{"empty CDATA before text", `<a><![CDATA[]]>b</a>`, `<a>"b"</a>`},
	{"brackets in CDATA", `<a><![CDATA[]]]]></a>`, `<a>"]]"</a>`},
	{"]]> by two CDATA", `<a><![CDATA[]]]]><![CDATA[>]]></a>`, `<a>"]]>"</a>`},
	{"]] before CDATA", `<a>]]<![CDATA[>]]></a>`, `<a>"]]>"</a>`},
	{"line ends in CDATA", "<a><![CDATA[1\r\n2\r3]]>\r\n</a>", `<a>"1\n2\n3\n"</a>`},
	{"carriage return at the end of CDATA", "<a><![CDATA[\r]]>\n</a>", `<a>"\n\n"</a>`},
	{"a comment inside text does not split it", `<a>b<!-- <c> & ]]> -->d</a>`, `<a>"bd"</a>`},
	{"a comment alone is not text", `<a><!----></a>`, `<a></a>`},
	{"CDATA in a comment", `<a><!-- <![CDATA[ --></a>`, `<a></a>`},
	{"a single dash in a comment", `<!-- - -b- c --><a/>`, `<a></a>`},
	{"a comment in CDATA", `<a><![CDATA[<!-- b -- -->]]></a>`, `<a>"<!-- b -- -->"</a>`},

	// Attributes.
	{"attributes in order", `<a c="1" b='2'/>`, `<a c="1" b="2"></a>`},
	{"white space around =", "<a b \n=\t '1'/>", `<a b="1"></a>`},
	{"an empty value", `<a b=""/>`, `<a b=""></a>`},
	{"the other quote in a value", `<a b="'" c='"'/>`, `<a b="'" c="\""></a>`},
	{"> and ]]> in a value", `<a b="> ]]> />"/>`, `<a b="> ]]> />"></a>`},
	{"literal white space becomes spaces", "<a b='1\t2\n3\r4\r\n5  6 '/>", `<a b="1 2 3 4 5  6 "></a>`},
	{"a lone tab in a value", "<a b='1\t2'/>", `<a b="1 2"></a>`},
	{"a lone line feed in a value", "<a b='1\n2'/>", `<a b="1 2"></a>`},
	{"a lone carriage return in a value", "<a b='1\r2'/>", `<a b="1 2"></a>`},
	{"each line end in a value is one space", "<a b='\n\n\r\r\r\n\r\n\n\t\n'/>", `<a b="         "></a>`},
	{"referenced white space stays", `<a b="&#9;&#10;&#13;&#x20;"/>`, `<a b="\t\n\r "></a>`},
	{"references in a value", `<a b="&lt;&amp;&quot;&#x41;"/>`, `<a b="<&\"A"></a>`},
	{"no attributes left over from the tag before", `<a b="1"><c/></a>`, `<a b="1"><c></c></a>`},

	// Names.
	{"all kinds of ASCII in a name", `<_aZ0-.9/>`, `<_aZ0-.9></_aZ0-.9>`},
	{"names that are not ASCII", `<é·ü/>`, `<é·ü></é·ü>`},
	{"ideographs", `<名前 属="1"/>`, `<名前 属="1"></名前>`},
	{"a name beyond the basic plane, since the fifth edition", "<\U00010000\U000EFFFF/>", "<\U00010000\U000EFFFF></\U00010000\U000EFFFF>"},
	{"a combining accent inside a name", "<a\u0300\u203f/>", "<a\u0300\u203f></a\u0300\u203f>"},
	{"the first and last of the ranges", "<a\u00c0\u00d6\u00d8\u00f6\u00f8\u02ff\u0370\u037d\u037f\u1fff\u200c\u200d\u2070\u218f\u2c00\u2fef\u3001\ud7ff\uf900\ufdcf\ufdf0\ufffd/>",
		"<a\u00c0\u00d6\u00d8\u00f6\u00f8\u02ff\u0370\u037d\u037f\u1fff\u200c\u200d\u2070\u218f\u2c00\u2fef\u3001\ud7ff\uf900\ufdcf\ufdf0\ufffd>" +
			"</a\u00c0\u00d6\u00d8\u00f6\u00f8\u02ff\u0370\u037d\u037f\u1fff\u200c\u200d\u2070\u218f\u2c00\u2fef\u3001\ud7ff\uf900\ufdcf\ufdf0\ufffd>"},
	{"a name that begins with xml", `<xmlish xmlx="1"/>`, `<xmlish xmlx="1"></xmlish>`},

	// Namespaces.
	{"the default namespace", `<a xmlns="u"><b/></a>`, `<{u}a><{u}b></{u}b></{u}a>`},
	{"the default namespace undeclared", `<a xmlns="u"><b xmlns=""><c/></b><d/></a>`, `<{u}a><b><c></c></b><{u}d></{u}d></{u}a>`},
	{"nothing to undeclare", `<a xmlns=""/>`, `<a></a>`},
	{"a prefix", `<p:a xmlns:p="u"><p:b/><c/></p:a>`, `<{u}a><{u}b></{u}b><c></c></{u}a>`},
	{"a prefix declared again", `<p:a xmlns:p="u"><p:b xmlns:p="v"/><p:c/></p:a>`, `<{u}a><{v}b></{v}b><{u}c></{u}c></{u}a>`},
	{"a prefix declared behind its use", `<p:a p:b="1" xmlns:p="u"/>`, `<{u}a {u}b="1"></{u}a>`},
	{"two prefixes of one namespace", `<p:a xmlns:p="u" xmlns:q="u"><q:b/></p:a>`, `<{u}a><{u}b></{u}b></{u}a>`},
	{"the default namespace is not for attributes", `<a xmlns="u" b="1"/>`, `<{u}a b="1"></{u}a>`},
	{"equal local names in several namespaces", `<a xmlns:p="u" xmlns:q="v" b="0" p:b="1" q:b="2"/>`, `<a b="0" {u}b="1" {v}b="2"></a>`},
	{"a prefixed attribute in the default namespace's own", `<a xmlns="u" xmlns:p="u" b="0" p:b="1"/>`, `<{u}a b="0" {u}b="1"></{u}a>`},
	{"declarations of siblings do not meet", `<a><b xmlns:p="u" p:c="1"/><b xmlns:p="v" p:c="1"/></a>`, `<a><b {u}c="1"></b><b {v}c="1"></b></a>`},
	{"a namespace name with references", `<a xmlns="u&amp;v"/>`, `<{u&v}a></{u&v}a>`},
	{"a namespace name is compared as written", `<a xmlns:p="U" xmlns:q="u" p:b="1" q:b="1"/>`, `<a {U}b="1" {u}b="1"></a>`},
	{"xml: needs no declaration", `<a xml:lang="en"/>`, `<a {http://www.w3.org/XML/1998/namespace}lang="en"></a>`},
	{"xml: declared as what it is", `<a xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:space="x"/>`,
		`<a {http://www.w3.org/XML/1998/namespace}space="x"></a>`},
	{"an element of xml:", `<xml:a/>`, `<{http://www.w3.org/XML/1998/namespace}a></{http://www.w3.org/XML/1998/namespace}a>`},
	{"prefixes that begin with xml are not fatal", `<xmlp:a xmlns:xmlp="u"/>`, `<{u}a></{u}a>`},
	{"prefixes are case-sensitive", `<a xmlns:XML="u" xmlns:Xmlns="v" XML:b="1" Xmlns:b="2"/>`, `<a {u}b="1" {v}b="2"></a>`},
	{"a prefix called as the element", `<a:a xmlns:a="u" a:a="1" a="2"/>`, `<{u}a {u}a="1" a="2"></{u}a>`},
}

func TestScannerAccepts(t *testing.T) {
	t.Parallel()
	for _, test := range scannerAccepts {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tokens, err := scanAll(test.doc, xml.Limits{})
			if got := scanDump(tokens); err != nil || got != test.want {
				t.Errorf("%q\n got %s, error %v\nwant %s", test.doc, got, err, test.want)
			}
		})
	}
}

func TestScannerInstructions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, doc, want, rule string }{
		{"everywhere", `<?xml version="1.0"?><?b c?><a>1<?b ?>2<?b?></a><?b <c/>?>`, `<a>"12"</a>`, ""},
		{"with a name that begins with xml", `<?xml-stylesheet href="b"?><a/>`, `<a></a>`, ""},
		{"with question marks", `<?b ??c???><a/>`, `<a></a>`, ""},
		{"without an end", `<a><?b c></a>`, "", "ends before"},
		{"without a name", `<a><? b?></a>`, "", "without a name"},
		{"with a colon in its name", `<a><?b:c d?></a>`, "", "no name has"},
		{"called XML", `<a><?XML c?></a>`, "", "without a name"},
		{"an XML declaration in content", `<a><?xml version="1.0"?></a>`, "", "not at the very start"},
		{"a document type declaration all the same", `<?b?><!DOCTYPE a><a/>`, "", "document type"},
	} {
		tokens, err := scanAll(test.doc, xml.Limits{Instructions: true})
		if got := scanDump(tokens); test.rule == "" && (err != nil || got != test.want) {
			t.Errorf("%s: got %s, error %v, want %s", test.name, got, err, test.want)
		}
		if test.rule != "" && (err == nil || !strings.Contains(err.Error(), test.rule)) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.rule)
		}
	}
}

// scannerRefuses are documents that are not XML, or not the XML of SOAP.
var scannerRefuses = []struct {
	name, doc string
	offset    int
	rule      string // part of the message
}{
	// Document, prolog and epilog.
	{"nothing", ``, 0, "ends before"},
	{"white space only", "\n ", 2, "ends before"},
	{"comment only", `<!-- -->`, 8, "ends before"},
	{"declaration only", `<?xml version="1.0"?>`, 21, "ends before"},
	{"text only", `a`, 0, "outside of the root"},
	{"text before the root", `a<a/>`, 0, "outside of the root"},
	{"text after the root", `<a/>b`, 4, "outside of the root"},
	{"a reference after the root", `<a/>&#32;`, 4, "outside of the root"},
	{"a second root", `<a/><b/>`, 4, "may follow the root"},
	{"an end tag after the root", `<a></a></a>`, 7, "may follow the root"},
	{"an end tag first", `</a>`, 1, "no name"},
	{"CDATA before the root", `<![CDATA[]]><a/>`, 0, "CDATA section outside"},
	{"CDATA after the root", `<a/><![CDATA[ ]]>`, 4, "CDATA section outside"},
	{"a byte order mark that was not removed", "\ufeff<a/>", 0, "outside of the root"},
	{"JSON", `{"a":1}`, 0, "outside of the root"},

	// The XML declaration.
	{"a declaration behind white space", ` <?xml version="1.0"?><a/>`, 1, "not at the very start"},
	{"a declaration behind a comment", `<!----><?xml version="1.0"?><a/>`, 7, "not at the very start"},
	{"two declarations", `<?xml version="1.0"?><?xml version="1.0"?><a/>`, 21, "not at the very start"},
	{"a declaration in content", `<a><?xml version="1.0"?></a>`, 3, "not at the very start"},
	{"a declaration without anything", `<?xml ?><a/>`, 5, "version"},
	{"no white space, so a processing instruction", `<?xml?><a/>`, 0, "processing instruction"},
	{"no version", `<?xml encoding="utf-8"?><a/>`, 5, "version"},
	{"an empty version", `<?xml version=""?><a/>`, 16, "version"},
	{"version 2.0", `<?xml version="2.0"?><a/>`, 19, "version"},
	{"version 1.0a", `<?xml version="1.0a"?><a/>`, 20, "version"},
	{"a version with space inside", `<?xml version=" 1.0"?><a/>`, 20, "version"},
	{"a version without quotes", `<?xml version=1.0?><a/>`, 14, "no quoted value"},
	{"a version without =", `<?xml version "1.0"?><a/>`, 14, "no quoted value"},
	{"a version with unlike quotes", `<?xml version="1.0'?><a/>`, 15, "ends before"},
	{"a version in capitals", `<?xml VERSION="1.0"?><a/>`, 5, "version"},
	{"XML in capitals", `<?XML version="1.0"?><a/>`, 0, "processing instruction"},
	{"an empty encoding", `<?xml version="1.0" encoding=""?><a/>`, 31, "encoding"},
	{"an encoding that begins with a digit", `<?xml version="1.0" encoding="8859"?><a/>`, 35, "encoding"},
	{"an encoding that is not ASCII", `<?xml version="1.0" encoding="é"?><a/>`, 33, "encoding"},
	{"no space before encoding", `<?xml version="1.0"encoding="utf-8"?><a/>`, 19, "something else"},
	{"standalone maybe", `<?xml version="1.0" standalone="maybe"?><a/>`, 38, "standalone"},
	{"standalone without a value", `<?xml version="1.0" standalone?><a/>`, 30, "no quoted value"},
	{"standalone before encoding", `<?xml version="1.0" standalone="yes" encoding="utf-8"?><a/>`, 37, "something else"},
	{"something else", `<?xml version="1.0" a="b"?><a/>`, 20, "something else"},
	{"an unclosed declaration", `<?xml version="1.0"><a/>`, 19, "something else"},
	{"a truncated declaration", `<?xml version="1.0"?`, 19, "something else"},

	// What SOAP forbids.
	{"a document type declaration", `<!DOCTYPE a><a/>`, 0, "document type"},
	{"a billion laughs", `<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>`, 0, "document type"},
	{"a document type declaration behind the declaration", `<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, 21, "document type"},
	{"a document type declaration in content", `<a><!DOCTYPE a></a>`, 3, "document type"},
	{"a document type declaration in small letters, as HTML", `<!doctype html><html/>`, 0, "neither"},
	{"a processing instruction before the root", `<?b c?><a/>`, 0, "processing instruction"},
	{"a processing instruction in content", `<a><?b c?></a>`, 3, "processing instruction"},
	{"xml-stylesheet", `<?xml version="1.0"?><?xml-stylesheet href="b"?><a/>`, 21, "processing instruction"},

	// Characters.
	{"NUL", "<a>\x00</a>", 3, "does not allow"},
	{"U+001F", "<a>\x1f</a>", 3, "does not allow"},
	{"U+FFFF", "<a>\uffff</a>", 3, "does not allow"},
	{"a surrogate written as UTF-8", "<a>\xed\xa0\x80</a>", 3, "does not allow"},
	{"a character beyond U+10FFFF", "<a>\xf4\x90\x80\x80</a>", 3, "does not allow"},
	{"a lone continuation byte", "<a>\x80</a>", 3, "does not allow"},
	{"a truncated character", "<a>\xe2\x82", 3, "does not allow"},
	{"NUL in a value", "<a b='\x00'/>", 6, "does not allow"},
	{"NUL in a comment", "<!--\x00--><a/>", 4, "does not allow"},
	{"NUL in a name", "<a\x00/>", 2, "does not allow"},

	// Text and references.
	{"]]> in text", `<a>b]]>c</a>`, 4, "]]>"},
	{"]]]> in text", `<a>]]]></a>`, 4, "]]>"},
	{"]]> behind CDATA", `<a><![CDATA[b]]>]]></a>`, 16, "]]>"},
	{"a lone &", `<a>b & c</a>`, 5, "begins no reference"},
	{"& at the end of text", `<a>b&</a>`, 4, "begins no reference"},
	{"a reference without ;", `<a>&amp</a>`, 3, "begins no reference"},
	{"a reference whose ; is behind markup", `<a>&am<b/>p;</a>`, 3, "begins no reference"},
	{"an empty reference", `<a>&;</a>`, 3, "other than"},
	{"an undeclared entity", `<a>&nbsp;</a>`, 3, "other than"},
	{"an entity in capitals", `<a>&AMP;</a>`, 3, "other than"},
	{"a reference without digits", `<a>&#;</a>`, 3, "without digits"},
	{"a hexadecimal reference without digits", `<a>&#x;</a>`, 3, "without digits"},
	{"a capital X", `<a>&#X41;</a>`, 3, "else than digits"},
	{"hexadecimal digits in a decimal reference", `<a>&#4A;</a>`, 3, "else than digits"},
	{"a letter that is not a digit", `<a>&#x4G;</a>`, 3, "else than digits"},
	{"a negative reference", `<a>&#-1;</a>`, 3, "else than digits"},
	{"a digit that is not ASCII", `<a>&#٣;</a>`, 3, "else than digits"},
	{"a reference to NUL", `<a>&#0;</a>`, 3, "does not allow"},
	{"a reference to U+001F", `<a>&#x1F;</a>`, 3, "does not allow"},
	{"a reference to a surrogate", `<a>&#xD800;</a>`, 3, "does not allow"},
	{"a reference to U+FFFE", `<a>&#xFFFE;</a>`, 3, "does not allow"},
	{"a reference beyond U+10FFFF", `<a>&#x110000;</a>`, 3, "does not allow"},
	{"a reference that overflows 64 bits", `<a>&#x10000000000000041;</a>`, 3, "does not allow"},
	{"a bad reference in a value", `<a b="&c;"/>`, 6, "other than"},
	{"a lone & in a value", `<a b="&"/>`, 6, "begins no reference"},
	{"a reference whose ; is behind the value", `<a b="&lt" c=";"/>`, 6, "begins no reference"},

	// Comments and CDATA.
	{"-- in a comment", `<!-- b -- c --><a/>`, 9, "--"},
	{"--- at a comment's end", `<!-- b ---><a/>`, 9, "--"},
	{"a comment that is no more than its start", `<!--><a/>`, 9, "ends before"},
	{"a comment a dash short", `<!---><a/>`, 10, "ends before"},
	{"an unclosed comment", `<a><!-- b`, 9, "ends before"},
	{"-- in a comment in content", `<a><!-- -- --></a>`, 10, "--"},
	{"a comment with one dash", `<!- b --><a/>`, 0, "neither"},
	{"a comment in a tag", `<a <!-- --> />`, 3, "no name"},
	{"CDATA in small letters", `<a><![cdata[b]]></a>`, 3, "neither"},
	{"CDATA with space", `<a><! [CDATA[b]]></a>`, 3, "neither"},
	{"unclosed CDATA", `<a><![CDATA[b]]`, 15, "ends before"},
	{"CDATA that never ends", `<a><![CDATA[</a>`, 16, "ends before"},
	{"a declaration of an entity in content", `<a><!ENTITY b "c"></a>`, 3, "neither"},

	// Tags.
	{"an unclosed element", `<a>`, 3, "ends before"},
	{"an unclosed element with text", `<a>b`, 4, "ends before"},
	{"an unclosed child", `<a><b></a>`, 8, "does not match"},
	{"crossed tags", `<a><b></a></b>`, 8, "does not match"},
	{"another case", `<a></A>`, 5, "does not match"},
	{"an end tag that goes on", `<a></ab>`, 6, "does not match"},
	{"an end tag with another prefix of the namespace", `<p:a xmlns:p="u" xmlns:q="u"></q:a>`, 31, "does not match"},
	{"an end tag without the prefix", `<p:a xmlns:p="u"></a>`, 19, "does not match"},
	{"an end tag with an attribute", `<a></a b="1">`, 7, "end tag"},
	{"an end tag that is empty-element too", `<a></a/>`, 6, "does not match"},
	{"white space before an end tag's name", `<a></ a>`, 5, "does not match"},
	{"white space before a start tag's name", `< a/>`, 1, "no name"},
	{"white space between / and >", `<a/ >`, 3, "does not end it"},
	{"a / inside a tag", `<a/b>`, 3, "does not end it"},
	{"a truncated tag", `<a`, 2, "ends before"},
	{"a truncated empty-element tag", `<a/`, 3, "ends before"},
	{"a truncated end tag", `<a></a`, 6, "ends before"},
	{"< alone", `<`, 1, "ends before"},
	{"< at the end of text", `<a>b<`, 5, "ends before"},
	{"</ alone", `<a></`, 5, "ends before"},
	{"no name", `<>`, 1, "no name"},
	{"an empty end tag", `<a></>`, 5, "does not match"},
	{"< twice", `<<a/>`, 1, "no name"},
	{"a < inside a tag", `<a<b/>`, 2, "no name has"},

	// Names.
	{"a name that begins with a digit", `<1/>`, 1, "no name"},
	{"a name that begins with a dash", `<-a/>`, 1, "no name"},
	{"a name that begins with U+00B7", `<·a/>`, 1, "no name"},
	{"a name that begins with a combining accent", "<\u0300a/>", 1, "no name"},
	{"a multiplication sign in a name", `<a×/>`, 2, "no name has"},
	{"U+037E in a name", "<a\u037e/>", 2, "no name has"},
	{"U+2190 in a name", "<a\u2190/>", 2, "no name has"},
	{"U+E000 in a name", "<a\ue000/>", 2, "no name has"},
	{"U+FDD0 in a name", "<a\ufdd0/>", 2, "no name has"},
	{"U+F0000 in a name", "<a\U000F0000/>", 2, "no name has"},

	// Attributes.
	{"no quotes", `<a b=1/>`, 5, "without quotes"},
	{"no value", `<a b=/>`, 5, "without quotes"},
	{"no =", `<a b/>`, 4, "without ="},
	{"no name", `<a ="1"/>`, 3, "no name"},
	{"unlike quotes", `<a b="1'/>`, 10, "ends before"},
	{"an unclosed value", `<a b="1/>`, 9, "ends before"},
	{"a truncated attribute", `<a b=`, 5, "ends before"},
	{"a truncated name", `<a b`, 4, "ends before"},
	{"no white space before an attribute", `<a b="1"c="2"/>`, 8, "no name has"},
	{"no white space before a declaration", `<a b="1"xmlns="2"/>`, 8, "no name has"},
	{"a value behind the name", `<a"1"/>`, 2, "no name has"},
	{"< in a value", `<a b="c<d"/>`, 7, "< in an attribute"},
	{"a < that comes of a missing quote", `<a b="1><c d="2"/></a>`, 8, "< in an attribute"},
	{"one name twice", `<a b="1" b="2"/>`, 0, "two attributes"},
	{"one prefixed name twice", `<a xmlns:p="u" p:b="1" p:b="2"/>`, 0, "two attributes"},
	{"one expanded name twice", `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`, 0, "two attributes"},
	{"one expanded name twice by outer declarations", `<r xmlns:p="u"><a xmlns:q="u" q:b="1" p:b="2"/></r>`, 15, "two attributes"},
	{"one expanded name twice by three declarations", `<r xmlns="u" xmlns:p="u"><a xmlns:q="u" q:b="1" p:b="2"/></r>`, 25, "two attributes"},
	{"one expanded name twice, the names written differently", `<a xmlns:p="u" xmlns:q="&#x75;" p:b="1" q:b="2"/>`, 0, "two attributes"},
	{"xml: twice", `<a xml:lang="" xml:lang=""/>`, 0, "two attributes"},

	// Namespaces.
	{"an undeclared prefix of an element", `<p:a/>`, 1, "element whose prefix"},
	{"an undeclared prefix of an attribute", `<a p:b="1"/>`, 0, "attribute whose prefix"},
	{"a prefix behind its scope", `<a><b xmlns:p="u"/><p:c/></a>`, 20, "element whose prefix"},
	{"a prefix behind its scope, with text between", `<a><b xmlns:p="u"> </b> <p:c/></a>`, 25, "element whose prefix"},
	{"a prefix declared to be nothing", `<a xmlns:p=""/>`, 3, "no namespace"},
	{"the default namespace twice", `<a xmlns="u" xmlns="u"/>`, 13, "two attributes"},
	{"a prefix declared twice", `<a xmlns:p="u" xmlns:p="v"/>`, 15, "two attributes"},
	{"xmlns: without a prefix", `<a xmlns:="u"/>`, 9, "no name"},
	{"the prefix xmlns declared", `<a xmlns:xmlns="u"/>`, 3, "prefix xmlns"},
	{"the prefix xmlns declared as what it is", `<a xmlns:xmlns="http://www.w3.org/2000/xmlns/"/>`, 3, "prefix xmlns"},
	{"the prefix xml declared as something else", `<a xmlns:xml="u"/>`, 3, "prefix xml"},
	{"the namespace of xml for another prefix", `<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, 3, "prefix xml"},
	{"the namespace of xmlns for another prefix", `<a xmlns:p="http://www.w3.org/2000/xmlns/"/>`, 3, "xmlns"},
	{"the namespace of xmlns as the default", `<a xmlns="http://www.w3.org/2000/xmlns/"/>`, 3, "xmlns"},
	{"an element of xmlns:", `<xmlns:a/>`, 1, "element whose prefix"},
	{"a colon first", `<:a/>`, 1, "no name"},
	{"a colon last", `<a:/>`, 3, "no name"},
	{"a colon alone", `<:/>`, 1, "no name"},
	{"two colons", `<a:b:c xmlns:a="u"/>`, 4, "no name has"},
	{"a digit behind the colon", `<a:1 xmlns:a="u"/>`, 3, "no name"},
	{"a colon first in an attribute", `<a :b="1"/>`, 3, "no name"},
}

func TestScannerRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range scannerRefuses {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tokens, err := scanAll(test.doc, xml.Limits{})
			var syntax *xml.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%q: error %v after %s, want a SyntaxError", test.doc, err, scanDump(tokens))
			}
			if syntax.Offset != test.offset || !strings.Contains(syntax.Msg, test.rule) {
				t.Errorf("%q: %v, want byte %d and %q", test.doc, syntax, test.offset, test.rule)
			}
		})
	}
}

// TestScannerRefusesEveryTruncation cuts a document that has everything at every byte.
func TestScannerRefusesEveryTruncation(t *testing.T) {
	t.Parallel()
	doc := "<?xml version='1.0' encoding='utf-8'?><!-- c --><p:a xmlns:p='u' b='&lt;é' p:c=\"&#x41;\">\r\nt&amp;é" +
		"<![CDATA[d]]><e/><!-- f --><g xmlns=''>h</g> </p:a>"
	if _, err := scanAll(doc, xml.Limits{}); err != nil {
		t.Fatal(err)
	}
	for length := range len(doc) {
		if tokens, err := scanAll(doc[:length], xml.Limits{}); err == nil {
			t.Errorf("%q: no error, %s", doc[:length], scanDump(tokens))
		}
	}
}

// TestScannerErrorsQuoteNothing plants a secret wherever a document can hold one, next to every kind of mistake.
func TestScannerErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	const secret = "S3cr3t"
	for _, doc := range []string{
		`S3cr3t`, `<S3cr3t`, `<S3cr3t>`, `<S3cr3t></S3cr3tX>`, `<a S3cr3t`, `<a S3cr3t=S3cr3t/>`, `<a b="S3cr3t`, `<a b="S3cr3t<"/>`,
		`<a>S3cr3t]]></a>`, `<a>&S3cr3t;</a>`, `<a>&#S3cr3t;</a>`, `<a>S3cr3t & </a>`, `<!--S3cr3t--S3cr3t-->`, `<a><![CDATA[S3cr3t`,
		`<?S3cr3t?>`, `<!S3cr3t>`, `<?xml version="S3cr3t"?>`, `<?xml version="1.0" encoding="S3cr3t!"?>`, `<?xml version="1.0" S3cr3t?>`,
		`<S3cr3t:a/>`, `<a S3cr3t:b="1"/>`, `<a S3cr3t="1" S3cr3t="2"/>`, `<a xmlns:S3cr3t=""/>`, `<a/>S3cr3t`, "<a>S3cr3t\x00</a>",
		`<a></a S3cr3t>`, `<a/S3cr3t>`, `<a xmlns:xml="S3cr3t"/>`,
	} {
		_, err := scanAll(doc, xml.Limits{})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: error %v", doc, err)
		}
	}
}

func TestScannerLines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, doc string
		line      int
	}{
		{"first", `<a>&`, 1},
		{"line feed", "<a>\n\n&</a>", 3},
		{"carriage return", "<a>\r\r&</a>", 3},
		{"both", "<a>\r\n\r\n&</a>", 3},
		{"mixed", "<a>\n\r\n\r&</a>", 4},
		{"line ends behind the error do not count", "<a>&\n\n</a>", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := scanAll(test.doc, xml.Limits{})
			var syntax *xml.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != test.line {
				t.Errorf("error %v, want line %d", err, test.line)
			}
		})
	}
}

func TestScannerErrorSticks(t *testing.T) {
	t.Parallel()
	s := xml.NewScanner([]byte(`<a><b x="1"></c></a>`), xml.Limits{})
	for range 2 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	_, first := s.Next()
	if first == nil || s.Offset() != 14 {
		t.Fatalf("error %v at %d", first, s.Offset())
	}
	if kind, again := s.Next(); kind != 0 || !errors.Is(again, first) {
		t.Errorf("again: kind %d, error %v", kind, again)
	}
	if err := s.Skip(); !errors.Is(err, first) {
		t.Errorf("Skip: %v", err)
	}
	if s.Text() != "" || s.Attrs() != nil {
		t.Error("there is a token behind the error")
	}
}

func TestScannerEndDocumentSticks(t *testing.T) {
	t.Parallel()
	s := xml.NewScanner([]byte("<a/> "), xml.Limits{})
	for _, want := range []xml.TokenKind{xml.StartElement, xml.EndElement, xml.EndDocument, xml.EndDocument} {
		if kind, err := s.Next(); kind != want || err != nil {
			t.Fatalf("kind %d, error %v, want %d", kind, err, want)
		}
	}
	if s.Name() != (xml.Name{}) || s.Offset() != 5 || s.Skip() != nil {
		t.Error("something is left of the root")
	}
}

// TestScannerState checks what a token holds besides its kind.
func TestScannerState(t *testing.T) {
	t.Parallel()
	s := xml.NewScanner([]byte(`<?xml version="1.0"?> <a xmlns="u" b="1">t<!-- --><c/></a>`), xml.Limits{})
	for i, want := range []struct {
		kind   xml.TokenKind
		name   xml.Name
		attrs  int
		text   string
		offset int
	}{
		{xml.StartElement, xml.Name{Space: "u", Local: "a"}, 1, "", 22},
		{xml.Text, xml.Name{Space: "u", Local: "a"}, 0, "t", 41},
		{xml.StartElement, xml.Name{Space: "u", Local: "c"}, 0, "", 50},
		{xml.EndElement, xml.Name{Space: "u", Local: "c"}, 0, "", 54},
		{xml.EndElement, xml.Name{Space: "u", Local: "a"}, 0, "", 54},
		{xml.EndDocument, xml.Name{}, 0, "", 58},
	} {
		kind, err := s.Next()
		if kind != want.kind || err != nil || s.Name() != want.name || len(s.Attrs()) != want.attrs || s.Text() != want.text ||
			s.Offset() != want.offset {
			t.Errorf("token %d: kind %d, error %v, name %v, %d attributes, text %q, byte %d; want %+v",
				i, kind, err, s.Name(), len(s.Attrs()), s.Text(), s.Offset(), want)
		}
	}
}

func TestScannerSkip(t *testing.T) {
	t.Parallel()
	const doc = `<a><b><b>1<b/></b></b><c>2<d/>3</c><e/></a>`
	next := func(t *testing.T, s *xml.Scanner, kind xml.TokenKind) {
		t.Helper()
		if got, err := s.Next(); got != kind || err != nil {
			t.Fatalf("kind %d, error %v, want %d", got, err, kind)
		}
	}
	skip := func(t *testing.T, s *xml.Scanner, ended string) {
		t.Helper()
		if err := s.Skip(); err != nil || s.Name().Local != ended {
			t.Fatalf("ended %q, error %v, want %q", s.Name().Local, err, ended)
		}
	}
	s := xml.NewScanner([]byte(doc), xml.Limits{})
	if err := s.Skip(); err != nil {
		t.Fatalf("before the root: %v", err)
	}
	next(t, s, xml.StartElement)
	next(t, s, xml.StartElement)
	skip(t, s, "b")
	next(t, s, xml.StartElement)
	next(t, s, xml.Text)
	next(t, s, xml.StartElement)
	next(t, s, xml.EndElement)
	skip(t, s, "c") // from behind d
	next(t, s, xml.StartElement)
	skip(t, s, "e") // an empty-element tag
	next(t, s, xml.EndElement)
	next(t, s, xml.EndDocument)

	s = xml.NewScanner([]byte(doc), xml.Limits{})
	next(t, s, xml.StartElement)
	skip(t, s, "a")
	next(t, s, xml.EndDocument)

	s = xml.NewScanner([]byte(`<a>1<b/></a>`), xml.Limits{})
	next(t, s, xml.StartElement)
	next(t, s, xml.Text)
	skip(t, s, "a")

	s = xml.NewScanner([]byte(`<a><b>&</b></a>`), xml.Limits{})
	next(t, s, xml.StartElement)
	if err := s.Skip(); err == nil {
		t.Error("a mistake in what is skipped passed")
	}
}

func TestScannerResolveQName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, doc, value string
		want             xml.Name
		ok               bool
	}{
		{"a prefix", `<a xmlns:p="u"/>`, "p:Client", xml.Name{Space: "u", Local: "Client"}, true},
		{"a refined code", `<a xmlns:p="u"/>`, "p:Client.Authentication", xml.Name{Space: "u", Local: "Client.Authentication"}, true},
		{"white space around it", `<a xmlns:p="u"/>`, "\r\n\t p:Client ", xml.Name{Space: "u", Local: "Client"}, true},
		{"no prefix, no default namespace", `<a xmlns:p="u"/>`, "Client", xml.Name{Local: "Client"}, true},
		{"no prefix, a default namespace", `<a xmlns="u"/>`, "Client", xml.Name{Space: "u", Local: "Client"}, true},
		{"no prefix, the default namespace undeclared", `<r xmlns="u"><a xmlns=""/></r>`, "Client", xml.Name{Local: "Client"}, true},
		{"a prefix of the element around", `<r xmlns:p="u"><a/></r>`, "p:Client", xml.Name{Space: "u", Local: "Client"}, true},
		{"the innermost declaration", `<r xmlns:p="u"><a xmlns:p="v"/></r>`, "p:Client", xml.Name{Space: "v", Local: "Client"}, true},
		{"the prefix xml", `<a/>`, "xml:lang", xml.Name{Space: "http://www.w3.org/XML/1998/namespace", Local: "lang"}, true},
		{"not ASCII", `<a xmlns:é="u"/>`, "é:ü", xml.Name{Space: "u", Local: "ü"}, true},
		{"an undeclared prefix", `<a/>`, "p:Client", xml.Name{}, false},
		{"a prefix of a sibling", `<r><b xmlns:p="u"/><a/></r>`, "p:Client", xml.Name{}, false},
		{"the prefix xmlns", `<a/>`, "xmlns:p", xml.Name{}, false},
		{"nothing", `<a/>`, "", xml.Name{}, false},
		{"white space only", `<a/>`, " \n", xml.Name{}, false},
		{"a colon only", `<a xmlns="u"/>`, ":", xml.Name{}, false},
		{"an empty prefix", `<a xmlns="u"/>`, ":Client", xml.Name{}, false},
		{"an empty local name", `<a xmlns:p="u"/>`, "p:", xml.Name{}, false},
		{"two colons", `<a xmlns:p="u"/>`, "p:a:b", xml.Name{}, false},
		{"white space inside", `<a xmlns:p="u"/>`, "p: Client", xml.Name{}, false},
		{"two words", `<a/>`, "Client Server", xml.Name{}, false},
		{"a no-break space is not white space", `<a/>`, "\u00a0Client", xml.Name{}, false},
		{"a digit first", `<a/>`, "1Client", xml.Name{}, false},
		{"not UTF-8", `<a/>`, "Cl\xffient", xml.Name{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := xml.NewScanner([]byte(test.doc), xml.Limits{})
			asked := 0
			for {
				kind, err := s.Next()
				if err != nil {
					t.Fatal(err)
				}
				if kind == xml.EndDocument {
					break
				}
				if s.Name().Local != "a" {
					continue
				}
				asked++ // at the start and at the end of the element
				if got, ok := s.ResolveQName(test.value); got != test.want || ok != test.ok {
					t.Errorf("kind %d: %v, %v; want %v, %v", kind, got, ok, test.want, test.ok)
				}
			}
			if asked != 2 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

// TestScannerResolveQNameInText is the case the method is there for: a faultcode whose prefix its own element declares.
func TestScannerResolveQNameInText(t *testing.T) {
	t.Parallel()
	s := xml.NewScanner([]byte(`<f><faultcode xmlns:s="u">s:Client</faultcode></f>`), xml.Limits{})
	for {
		kind, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if kind == xml.Text {
			break
		}
	}
	if got, ok := s.ResolveQName(s.Text()); !ok || got != (xml.Name{Space: "u", Local: "Client"}) {
		t.Errorf("%v, %v", got, ok)
	}
}

func TestScannerLimits(t *testing.T) {
	t.Parallel()
	many := func(part string, count int) string { return strings.Repeat(part, count) }
	numbered := func(format string, count int) string {
		var b strings.Builder
		for i := range count {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	preset := xml.DefaultLimits()
	for _, test := range []struct {
		name   string
		limits xml.Limits
		limit  string
		max    int
		within string // just passes
		beyond string // just does not
	}{
		{"bytes", xml.Limits{Bytes: 5}, "bytes", 5, `<ab/>`, `<abc/>`},
		{"bytes by default", xml.Limits{}, "bytes", preset.Bytes,
			"<a>" + many(".", preset.Bytes-7) + "</a>", "<a>" + many(".", preset.Bytes-6) + "</a>"},
		{"depth", xml.Limits{Depth: 2}, "depth", 2, `<a><b/><b></b></a>`, `<a><b><c/></b></a>`},
		{"depth by default", xml.Limits{}, "depth", preset.Depth,
			many("<a>", preset.Depth) + many("</a>", preset.Depth), many("<a>", preset.Depth+1)},
		{"elements", xml.Limits{Elements: 3}, "elements", 3, `<a><b/><b/></a>`, `<a><b/><b/><b/></a>`},
		{"elements by default", xml.Limits{}, "elements", preset.Elements,
			"<a>" + many("<b/>", preset.Elements-1) + "</a>", "<a>" + many("<b/>", preset.Elements) + "</a>"},
		{"attributes", xml.Limits{Attributes: 2}, "attributes", 2, `<a b="" c=""><a b="" c=""/></a>`, `<a b="" c="" d=""/>`},
		{"attributes, declarations included", xml.Limits{Attributes: 2}, "attributes", 2, `<a xmlns="" c=""/>`, `<a xmlns="" c="" d=""/>`},
		{"attributes by default", xml.Limits{}, "attributes", preset.Attributes,
			"<a" + numbered(` b%d=""`, preset.Attributes) + "/>", "<a" + numbered(` b%d=""`, preset.Attributes+1) + "/>"},
		{"namespaces", xml.Limits{Namespaces: 2}, "namespaces", 2,
			`<a xmlns:b="u"><c xmlns:b="v"/><c xmlns:b="v"/></a>`, `<a xmlns:b="u"><c xmlns:b="v"><d xmlns="w"/></c></a>`},
		{"namespaces by default", xml.Limits{}, "namespaces", preset.Namespaces,
			"<a" + numbered(` xmlns:b%d="u"`, preset.Namespaces) + "/>", "<a" + numbered(` xmlns:b%d="u"`, preset.Namespaces) + `><b xmlns=""/></a>`},
		{"negative means default", xml.Limits{Bytes: -1, Depth: -1, Elements: -1, Attributes: -1, Namespaces: -1}, "depth", preset.Depth,
			`<a xmlns="u" b=""><c/></a>`, many("<a>", preset.Depth+1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := scanAll(test.within, test.limits); err != nil {
				t.Errorf("within: %v", err)
			}
			_, err := scanAll(test.beyond, test.limits)
			var limit *xml.LimitError
			if !errors.As(err, &limit) || limit.Limit != test.limit || limit.Max != test.max {
				t.Fatalf("beyond: %v, want over the limit of %d for %s", err, test.max, test.limit)
			}
			if message := fmt.Sprintf("%d for %s", test.max, test.limit); !strings.Contains(err.Error(), message) {
				t.Errorf("%v, want %q in it", err, message)
			}
		})
	}
}

// TestScannerRefusesLengthUnread proves that a document that is too long is not even copied. It is not parallel, so that nothing else
// allocates.
func TestScannerRefusesLengthUnread(t *testing.T) {
	huge := []byte(strings.Repeat("<a>", 20<<20/3))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := xml.NewScanner(huge, xml.Limits{}).Next()
	runtime.ReadMemStats(&after)
	var limit *xml.LimitError
	if !errors.As(err, &limit) || limit.Limit != "bytes" || limit.Offset != xml.DefaultLimits().Bytes {
		t.Errorf("%v, want a LimitError of bytes", err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > uint64(len(huge))/10 {
		t.Errorf("%d bytes allocated", allocated)
	}
}

// TestScannerWithstands feeds documents that would cost a careless reader much time, memory or stack, with every limit raised that
// does not cost quadratic time.
func TestScannerWithstands(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	roomy := xml.Limits{Bytes: 2 * size, Depth: size, Elements: size}
	for _, test := range []struct {
		name, prefix, repeated, suffix string
		limit                          string // that stops the scanner; empty when the syntax does
	}{
		{"nesting", "", "<a>", "", ""},
		{"siblings that never end", "<a>", "<b/>", "", ""},
		{"attributes", "<a", ` b=""`, "", "attributes"},
		{"declarations", "<a", ` xmlns:b=""`, "", ""},
		{"declarations, nested", "", `<a xmlns="u">`, "", "namespaces"},
		{"an attribute that never ends", `<a b="`, "cccccccc", "", ""},
		{"an attribute of white space", `<a b="`, "\n\t\r", `"></a`, ""},
		{"an attribute of references", `<a b="`, "&#10;", `"></a`, ""},
		{"a name that never ends", "<", "abcdefgh", "", ""},
		{"text that never ends", "<a>", "bbbbbbbb", "", ""},
		{"references", "<a>", "&amp;", "", ""},
		{"references without end", "<a>", "&amp", "", ""},
		{"one reference without end", "<a>&#", "00000000", "", ""},
		{"carriage returns", "<a>", "\r", "", ""},
		{"brackets", "<a>", "]]", "", ""},
		{"a comment that never ends", "<!--", " -", "", ""},
		{"comments", "", "<!---->", "", ""},
		{"comments in text", "<a>", "b<!---->", "", ""},
		{"CDATA that never ends", "<a><![CDATA[", "]] >", "", ""},
		{"CDATA", "<a>", "<![CDATA[b]]>", "", ""},
		{"empty CDATA", "<a>", "<![CDATA[]]>", "", ""},
		{"white space in a tag", "<a ", "    ", "", ""},
		{"white space before the root", "", "\r\n", "", ""},
		{"white space after the root", "<a/>", "\r\n", "<", ""},
		{"a declaration that never ends", "<?xml version='1.0' ", "    ", "", ""},
		{"not ASCII", "<a>", "é", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			doc := test.prefix + strings.Repeat(test.repeated, size/len(test.repeated)) + test.suffix
			_, err := scanCount(doc, roomy)
			var syntax *xml.SyntaxError
			var limit *xml.LimitError
			switch {
			case test.limit == "" && !errors.As(err, &syntax):
				t.Errorf("%v, want a SyntaxError", err)
			case test.limit != "" && (!errors.As(err, &limit) || limit.Limit != test.limit):
				t.Errorf("%v, want a LimitError of %s", err, test.limit)
			}
		})
	}
}

// scanCount reads a document to its end and counts its tokens.
func scanCount(doc string, limits xml.Limits) (tokens int, err error) {
	s := xml.NewScanner([]byte(doc), limits)
	for ; ; tokens++ {
		kind, err := s.Next()
		if err != nil || kind == xml.EndDocument {
			return tokens, err
		}
	}
}

// TestScannerWorstWithinLimits takes the costliest documents that the default limits allow; under the race detector one that
// cost quadratic time would exceed the timeout.
func TestScannerWorstWithinLimits(t *testing.T) {
	t.Parallel()
	preset := xml.DefaultLimits()
	var many, same, long strings.Builder
	uri := strings.Repeat("u", 8<<10)
	for i := range preset.Attributes / 2 {
		fmt.Fprintf(&many, ` xmlns:p%d="u%d"`, i, i)
		fmt.Fprintf(&same, ` p%d:b=""`, i)
		fmt.Fprintf(&long, ` xmlns:p%d="%s%d"`, i, uri, i)
	}
	tag := "<c" + same.String() + "/>"
	fill := func(declarations string) string {
		room := preset.Bytes - len(declarations) - len("<a></a>")
		return "<a" + declarations + ">" + strings.Repeat(tag, min(room/len(tag), preset.Elements-1)) + "</a>"
	}
	for name, doc := range map[string]string{
		"one local name under many prefixes":                        fill(many.String()),
		"one local name under prefixes of long, nearly equal names": fill(long.String()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tokens, err := scanCount(doc, xml.Limits{}); err != nil || tokens < 4_000 {
				t.Errorf("%d tokens, error %v", tokens, err)
			}
		})
	}
}

// TestScannerKeepsNothingOfTheBuffer proves that the caller may use its buffer again.
func TestScannerKeepsNothingOfTheBuffer(t *testing.T) {
	t.Parallel()
	buffer := []byte(`<a b="1">c</a>`)
	s := xml.NewScanner(buffer, xml.Limits{})
	clear(buffer)
	if _, err := s.Next(); err != nil || s.Name().Local != "a" || s.Attrs()[0].Value != "1" {
		t.Errorf("error %v, name %v, attributes %v", err, s.Name(), s.Attrs())
	}
}

// pinReply is an answer to UpdateCustomerPIN with all its members and the echo of the header, in the form ASMX writes.
const pinReply = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Header>` +
	`<ScCredentials xmlns="http://ws.southernco.com/CustSvc-iHub"><DirectUserNameToken><BinarySecurityToken><ID>c29hcGJyaWRnZQ==</ID>` +
	`</BinarySecurityToken></DirectUserNameToken><OriginatingUserNameToken><BinarySecurityToken><ID>b3JpZ2luYXRpbmc=</ID>` +
	`</BinarySecurityToken></OriginatingUserNameToken><Created>2026-11-21T21:03:00Z</Created></ScCredentials></soap:Header><soap:Body>` +
	`<UpdateCustomerPINResponse xmlns="http://ws.southernco.com/CustSvc-iHub"><UpdateCustomerPINResult><BaseResponse xmlns="">` +
	`<MessageDateTime>2026-11-21T16:03:00.1234567-05:00</MessageDateTime><ResponseCode>0</ResponseCode>` +
	`<ResponseDescription>The PIN &amp; the access code were updated</ResponseDescription><ErrorData><ErrorCode /><ErrorDescription />` +
	`<NativeErrorDetail /></ErrorData></BaseResponse><SevCode xmlns=""><Code>I</Code><Description>Information</Description></SevCode>` +
	`<ExplanationCode xmlns=""><Code>1001</Code><Description>The PIN has been changed by a representative</Description>` +
	`</ExplanationCode></UpdateCustomerPINResult></UpdateCustomerPINResponse></soap:Body></soap:Envelope>`
