package xsd

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/translate/shape"
)

// tricky are texts that some type takes, and some that look like it.
var tricky = []string{
	"", " ", "a", "a b", " a", "a ", "a  b", "a\tb", "a\nb", "a\rb", "é", "😀", "text", "A", "B", "AB", "ABC", "true", "false", "1", "0", "TRUE",
	"+5", "-0", "007", "5", "9", "10", "11", "99", "100", "123", "127", "128", "-128", "-129", "255", "256", "32768", "-32769", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
	"9007199254740991", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-1", "-9223372036854775809",
	"1.", ".5", "-.5", "0.5", "0.05", "0.005", "0.0005", "1.0", "1.5", "1.50", "1.05", "12.34", "0012.3", "123.4", "999.99", "-999.99", "1000", "1e5", "1E+5", "1e400", "-1e5", "1.5e-3", "1E5.0", "INF", "-INF", "+INF", "NaN", "0x1F", "1_000", "٣",
	"2026-11-21", "2026-11-21Z", "2026-11-21+14:00", "2026-11-21-13:59", "2026-11-21+14:01", "2026-11-21+1:00", "02026-11-21", "12026-11-21", "-0001-01-01", "0000-01-01", "0004-02-29", "0100-02-29", "0400-02-29", "2023-02-29", "2024-02-29",
	"1900-02-29", "2000-02-29", "12000-02-29", "12100-02-29", "12024-02-29", "12023-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-1", "99999-12-31",
	"2026-11-21T09:30:00", "2026-11-21T09:30:00Z", "2026-11-21T09:30:00.123456789+05:30", "2026-11-21T24:00:00", "2026-11-21T23:59:60", "2026-11-21T09:30", "2026-11-21T09:30:00.", "2023-02-29T00:00:00", "2026-11-21 09:30:00",
	"10:30:00", "10:30:00.5Z", "10:30", "24:00:00", "23:59:59.999", "10:60:00", "2026", "2026Z", "12026", "26", "0000", "2026-11", "2026-13", "--11", "--11Z", "--13", "--11--", "---21", "---31Z", "---32", "--02-29", "--02-30", "--11-31", "--11-30Z",
	"P1D", "P", "PT", "P1Y2M3DT4H5M6.7S", "-P1D", "P1YT", "P1.5D", "PT1.S", "PT.5S", "PT0S", "P1S", "PT1M", "P1M1Y", "P2W", "PT36H",
	"AA==", "AB==", "AAA=", "AAB=", "AAE=", "AAAA", "AAA", "A A A A", "AAAA\nAAAA", "====", "AAAAA", "AA==AAAA", "c2FtcGxl", "c2FtcGxlcw==", "-_==", "00", "0", "0011", "001122", "aF", "g0", "00 11",
	"http://example.com/", "http://a b", "::", "1:a", "a:b", "%", "%zz", "%20", "http://[", "http://[::1]/", "a[b]", "a#b#c", "#", "?", "a?b?c", "//x", "mailto:a@b", "urn:x:y", "é:a", "+a:b", "a+b:c", "x/y:z", ":", "?:", "日本",
	"en", "en-US", "abcdefghi", "en-123456789", "en--us", "en-", "a1", "zh-Hant-TW", "-a", ":a", "a:", "_", "1a", "a.b-c", "a·", "Ĳ", "ĵ", "ſ", "Ω", "Ж", "ѐ", "א", "ء", "ぬ", "ア", "龥", "가", "ʰ", "a٣", "a\u0301", "a\u00a0b",
	"a b c", "1 2", "1 2 3", "1 x", "1  2", " 1 2", "A B", "A C", "x1", "a-b", "9.5", "7", "ab", "abc", "abcd", "abcde", "abcdef", "red", "Red", "blue",
}

// simpleTypes are declarations of T, and texts that must be accepted.
var simpleTypes = []struct {
	name, declaration string
	accepted          []string
}{
	{"boolean", restriction("boolean", ""), []string{"true", "false"}},
	{"boolean in digits", restriction("boolean", patternFacet("0|1")), []string{"1", "0"}},
	{"boolean in words", restriction("boolean", patternFacet("true|false")), []string{"true", "false"}},
	{"string", restriction("string", ""), []string{"", " a  b\n", "😀"}},
	{"string of a length", restriction("string", `<xs:minLength value="2"/><xs:maxLength value="3"/>`), []string{"ab", "abc", "a\tb", "a b"}},
	{"string of four", restriction("string", `<xs:length value="4"/>`), []string{"abcd", "text"}},
	{"string, lengths by a pattern", restriction("string", patternFacet(".{1,3}")), []string{"a", "abc", "a b"}},
	{"string that collapses", restriction("string", `<xs:whiteSpace value="collapse"/>`+patternFacet(".{1,3}")), []string{"a", "a b"}},
	{"string, two patterns", restriction("string", patternFacet("[a-z]+")+patternFacet("[0-9]+")), []string{"abc", "123"}},
	{"string, patterns of two steps", `<xs:simpleType name="B">` + strings.TrimPrefix(restriction("string", patternFacet("[a-z0-9]+")), `<xs:simpleType name="T">`) +
		`<xs:simpleType name="T"><xs:restriction base="t:B">` + patternFacet("a.*") + `<xs:maxLength value="3"/></xs:restriction></xs:simpleType>`, []string{"a", "abc", "a1"}},
	{"normalizedString", restriction("normalizedString", ""), []string{"", " a  b ", "é"}},
	{"token", restriction("token", ""), []string{"", "a b", "a\u00a0b"}},
	{"token of three", restriction("token", `<xs:length value="3"/>`), []string{"a b", "abc"}},
	{"language", restriction("language", ""), []string{"en", "en-US"}},
	{"NMTOKEN", restriction("NMTOKEN", ""), []string{"1a", "a.b-c", "-a", "é"}},
	{"Name", restriction("Name", ""), []string{":a", "a", "Ω"}},
	{"NCName", restriction("NCName", `<xs:maxLength value="4"/>`), []string{"a", "_", "text"}},
	{"ID", restriction("ID", ""), []string{"a"}},
	{"IDREF", restriction("IDREF", ""), []string{"a"}},
	{"QName", restriction("QName", `<xs:length value="1"/>`), []string{"a", "abc"}}, // which the length is not about
	{"anyURI", restriction("anyURI", ""), []string{"http://example.com/", "urn:x:y", "mailto:a@b", "a?b?c", "#", "%20", "x/y:z", "日本", ""}},
	{"decimal", restriction("decimal", ""), []string{"0.05", "-999.99", "007", "18446744073709551616", "-0"}},
	{"decimal, digits", restriction("decimal", `<xs:totalDigits value="3"/>`), []string{"0.05", "0.005", "123", "12.3", "007", "1.50"}},
	{"decimal, money", restriction("decimal", `<xs:totalDigits value="5"/><xs:fractionDigits value="2"/>`), []string{"999.99", "-999.99", "1.5", "12.34", "1000"}},
	{"decimal, bounds", restriction("decimal", `<xs:minInclusive value="+.5"/><xs:maxExclusive value="100"/>`), []string{"0.5", "99", "1.05", "99"}},
	{"decimal, positive", restriction("decimal", `<xs:minExclusive value="0.00"/>`), []string{"0.0005", "1", "18446744073709551616"}},
	{"decimal, pattern", restriction("decimal", patternFacet(`\d+\.\d{2}`)), []string{"1.50", "12.34"}},
	{"decimal, whole", restriction("decimal", `<xs:fractionDigits value="0"/><xs:totalDigits value="3"/>`), []string{"123", "-1", "0"}},
	{"integer", restriction("integer", ""), []string{"18446744073709551616", "-9223372036854775809", "0"}},
	{"integer of three digits", restriction("integer", `<xs:totalDigits value="3"/>`), []string{"123", "-128", "0", "100"}},
	{"integer, pattern", restriction("integer", patternFacet("[0-9]{3}")), []string{"007", "123"}},
	{"integer, exclusive", restriction("integer", `<xs:minExclusive value="9"/><xs:maxExclusive value="100"/>`), []string{"10", "99"}},
	{"integer, safe", restriction("integer", `<xs:minInclusive value="0"/><xs:maxInclusive value="9007199254740991"/>`), []string{"9007199254740991", "0"}},
	{"integer, not safe", restriction("integer", `<xs:minInclusive value="0"/><xs:maxInclusive value="9007199254740993"/>`), []string{"9007199254740993", "0"}},
	{"integers in a list", restriction("integer", `<xs:enumeration value="5"/><xs:enumeration value="007"/>`), []string{"5", "007"}},
	{"small integers in a list", restriction("byte", `<xs:enumeration value="5"/><xs:enumeration value="+7"/>`), []string{"5", "7"}},
	{"nonPositiveInteger", restriction("nonPositiveInteger", ""), []string{"0", "-1", "-9223372036854775809"}},
	{"negativeInteger", restriction("negativeInteger", ""), []string{"-1"}},
	{"long", restriction("long", ""), []string{"9223372036854775807", "-1"}},
	{"int", restriction("int", ""), []string{"2147483647", "-129"}},
	{"short", restriction("short", ""), []string{"127", "-128"}},
	{"byte", restriction("byte", ""), []string{"127", "-128"}},
	{"nonNegativeInteger", restriction("nonNegativeInteger", ""), []string{"0", "18446744073709551616"}},
	{"unsignedLong", restriction("unsignedLong", ""), []string{"18446744073709551615"}},
	{"unsignedInt", restriction("unsignedInt", ""), []string{"4294967295", "0"}},
	{"unsignedShort", restriction("unsignedShort", ""), []string{"32768"}},
	{"unsignedByte", restriction("unsignedByte", ""), []string{"255"}},
	{"positiveInteger", restriction("positiveInteger", ""), []string{"1", "9007199254740993"}},
	{"float", restriction("float", ""), []string{"1e5", "INF", "-INF", "NaN", "0.5", "-0"}},
	{"double", restriction("double", `<xs:minInclusive value="0"/><xs:maxExclusive value="1E1"/>`), []string{"0", "9", "1.5e-3"}},
	{"double, positive", restriction("double", `<xs:minExclusive value="0"/>`), []string{"INF", "1e400", "1"}},
	{"double, pattern", restriction("double", `<xs:minInclusive value="1E1"/>`+patternFacet(`\d+`)), []string{"10", "123"}},
	{"double in a list", restriction("double", `<xs:enumeration value="1.5"/><xs:enumeration value="INF"/>`), []string{"1.5", "INF"}},
	{"date", restriction("date", ""), []string{"2026-11-21", "2026-11-21Z", "2024-02-29", "12024-02-29", "0004-02-29"}},
	{"date, bounds", restriction("date", patternFacet(`.{10}`)), []string{"2026-11-21"}},
	{"dateTime", restriction("dateTime", ""), []string{"2026-11-21T09:30:00", "2026-11-21T09:30:00Z", "2026-11-21T09:30:00.123456789+05:30"}},
	{"dateTime with a zone", restriction("dateTime", patternFacet(`.*(Z|[+\-].{5})`)), []string{"2026-11-21T09:30:00Z"}},
	{"time", restriction("time", ""), []string{"10:30:00", "10:30:00.5Z"}},
	{"gYear", restriction("gYear", ""), []string{"2026", "12026", "2026Z"}},
	{"gYearMonth", restriction("gYearMonth", ""), []string{"2026-11"}},
	{"gMonth", restriction("gMonth", ""), []string{"--11"}},
	{"gMonthDay", restriction("gMonthDay", ""), []string{"--02-29", "--11-30Z"}},
	{"gDay", restriction("gDay", ""), []string{"---21", "---31Z"}},
	{"duration", restriction("duration", ""), []string{"P1D", "P1Y2M3DT4H5M6.7S", "-P1D", "PT0S", "PT36H"}},
	{"base64Binary", restriction("base64Binary", ""), []string{"", "AA==", "AAE=", "AAAA", "c2FtcGxl"}},
	{"base64Binary of two bytes", restriction("base64Binary", `<xs:length value="2"/>`), []string{"AAA=", "AAE="}},
	{"hexBinary", restriction("hexBinary", `<xs:maxLength value="2"/>`), []string{"", "00", "0011", "aF"}},
	{"NMTOKENS", restriction("NMTOKENS", `<xs:maxLength value="2"/>`), []string{"a b", "a", "1 2"}},
	{"IDREFS", restriction("IDREFS", ""), []string{"a b c"}},
	{"enumeration", restriction("string", `<xs:enumeration value="red"/><xs:enumeration value="blue"/><xs:enumeration value=""/>`), []string{"red", "blue", ""}},
	{"enumeration of tokens", restriction("token", `<xs:enumeration value=" a  b "/>`), []string{"a b"}},
	{"list of int", `<xs:simpleType name="T"><xs:list itemType="xs:unsignedByte"/></xs:simpleType>`, []string{"", "1 2 3", "99"}},
	{"list of words", `<xs:simpleType name="T"><xs:list itemType="xs:string"/></xs:simpleType>`, []string{"", "a b c"}},
	{"list of three", `<xs:simpleType name="T"><xs:restriction><xs:simpleType><xs:list itemType="xs:token"/></xs:simpleType><xs:length value="3"/></xs:restriction></xs:simpleType>`, []string{"a b c", "1 2 3"}},
	{"list of an enumeration", `<xs:simpleType name="T"><xs:list><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="A"/><xs:enumeration value="B"/></xs:restriction></xs:simpleType></xs:list></xs:simpleType>`, []string{"A", "A B", ""}},
	{"list of a pattern with space", `<xs:simpleType name="T"><xs:list><xs:simpleType><xs:restriction base="xs:string">` + patternFacet("[^0-9]{1,2}") + `</xs:restriction></xs:simpleType></xs:list></xs:simpleType>`, []string{"a b c", "ab"}},
	{"list of lengths", `<xs:simpleType name="T"><xs:list><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="1"/></xs:restriction></xs:simpleType></xs:list></xs:simpleType>`, []string{"a b c", "1 2"}},
	{"union", `<xs:simpleType name="T"><xs:union memberTypes="xs:date xs:boolean"><xs:simpleType><xs:restriction base="xs:token"><xs:enumeration value="red"/></xs:restriction></xs:simpleType></xs:union></xs:simpleType>`, []string{"2026-11-21", "true", "0", "red"}},
	{"union of enumerations", `<xs:simpleType name="T"><xs:union><xs:simpleType><xs:restriction base="xs:token"><xs:enumeration value="red"/></xs:restriction></xs:simpleType>` +
		`<xs:simpleType><xs:restriction base="xs:int"><xs:enumeration value="7"/></xs:restriction></xs:simpleType></xs:union></xs:simpleType>`, []string{"red", "7"}},
	{"union of anything", `<xs:simpleType name="T"><xs:union memberTypes="xs:int xs:string"/></xs:simpleType>`, []string{"1", " a  b\n", ""}},
	{"restriction of a union", `<xs:simpleType name="U"><xs:union memberTypes="xs:decimal xs:NCName"/></xs:simpleType><xs:simpleType name="T"><xs:restriction base="t:U"><xs:enumeration value="red"/><xs:enumeration value="5"/></xs:restriction></xs:simpleType>`, []string{"red", "5"}},
	{"list of a union", `<xs:simpleType name="U"><xs:union memberTypes="xs:date xs:NCName"/></xs:simpleType><xs:simpleType name="T"><xs:list itemType="t:U"/></xs:simpleType>`, []string{"a b c", "2026-11-21"}},
}

// readable reports whether JSON can hold a text for a leaf.
func readable(l *LeafType, text string) bool {
	switch l.Kind {
	case shape.Boolean:
		return text == "true" || text == "false"
	case shape.Integer:
		return regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`).MatchString(text)
	case shape.Float:
		return isFloat(text)
	default:
		return true
	}
}

// TestSimpleTypesAgainstTheOracle: what a leaf accepts, libxml2 accepts, unless the leaf says that it is weaker, and so it does with the sample.
func TestSimpleTypesAgainstTheOracle(t *testing.T) {
	for _, test := range simpleTypes {
		t.Run(test.name, func(t *testing.T) {
			l := Leaves{}.Of(typeOf(t, test.declaration))
			texts := distinct(slices.Concat(tricky, test.accepted, []string{l.Example}, variants(strings.Join(l.Facets.Patterns, "|"))))
			verdicts := judge(t, test.declaration, texts)
			accepts := func(text string) bool { return readable(l, text) && l.accepts(text) }
			for i, text := range texts {
				if accepts(text) && !verdicts[i] && (l.Weaker == nil || text == l.Example) {
					t.Errorf("%q is accepted, and libxml2 refuses it", text)
				}
			}
			if !accepts(l.Example) || l.Example == "" {
				t.Errorf("the sample is %q", l.Example)
			}
			for _, text := range test.accepted {
				if !accepts(text) {
					t.Errorf("%q is refused", text)
				}
			}
		})
	}
}

// TestLeaves: what documents show of a type.
func TestLeaves(t *testing.T) {
	one, two, nine, three := int64(1), int64(2), int64(9), 3
	item := func(facets string) string { return restriction("string", facets) }
	for _, test := range []struct {
		name, declaration string
		want              LeafType
	}{
		{"a whole number", restriction("int", `<xs:minInclusive value="1"/><xs:maxExclusive value="10"/>`), LeafType{Kind: shape.Integer, Facets: shape.Facets{Min: &one, Max: &nine}, Example: "1"}},
		{"an enumeration with words", restriction("byte", `<xs:minInclusive value="1"/><xs:maxInclusive value="2"/><xs:enumeration value="01"><xs:annotation><xs:documentation>one</xs:documentation></xs:annotation></xs:enumeration><xs:enumeration value="3"/>`),
			LeafType{Kind: shape.Integer, Facets: shape.Facets{Min: &one, Max: &two, Enum: []string{"1"}, EnumNotes: map[string]string{"1": "one"}}, Example: "1"}},
		{"limits in a pattern", item(patternFacet(".{0,3}")), LeafType{Kind: shape.String, Facets: shape.Facets{MaxLength: &three, Patterns: []string{`[^\n\r]*`}}, Example: "123"}},
		{"money", restriction("decimal", `<xs:totalDigits value="5"/><xs:fractionDigits value="2"/><xs:minInclusive value="0.10"/>`),
			LeafType{Kind: shape.String, Facets: shape.Facets{Form: shape.Number, Number: &shape.NumberFacets{Min: "0.10", TotalDigits: 5, MaxFractionDigits: 2}}, Example: "1"}},
		{"a pattern that is not said", item(patternFacet(`\p{IsKlingon}`)), LeafType{Kind: shape.String, Example: "text", Weaker: []string{`the pattern \p{IsKlingon}: it has the category or block IsKlingon, which is not known`}}},
		{"bounds of a date", restriction("date", `<xs:minInclusive value="2026-01-01"/>`), LeafType{Kind: shape.String, Facets: shape.Facets{Form: shape.XSDDate}, Example: "2026-11-21", Weaker: []string{"the facet minInclusive 2026-01-01"}}},
		{"an enumeration of nothing", item(`<xs:enumeration value="ab"/><xs:maxLength value="1"/>` + patternFacet("[A-Z]")), LeafType{Kind: shape.String, Facets: shape.Facets{MaxLength: func() *int { n := 1; return &n }(), Patterns: []string{"[A-Z]"}}, Example: "A",
			Weaker: []string{"the enumeration, of which other facets allow no value"}}},
		{"bounds in a list", `<xs:simpleType name="T"><xs:list itemType="xs:int"/></xs:simpleType>`, LeafType{Kind: shape.String, Facets: shape.Facets{Form: shape.List, Patterns: []string{`(?:(?:-?[0-9]{1,10})(?: (?:-?[0-9]{1,10}))*)?`}}, Example: "123",
			Weaker: []string{"the bounds of numbers in a list or union"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := *Leaves{}.Of(typeOf(t, test.declaration))
			got = LeafType{Kind: got.Kind, Facets: got.Facets, Example: got.Example, Weaker: got.Weaker}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(LeafType{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
