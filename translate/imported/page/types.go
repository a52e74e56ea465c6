package page

import (
	"slices"
	"strings"
)

// microsoftSpace is the namespace of the two types that ASP.NET adds to those of XML Schema.
const microsoftSpace = "http://microsoft.com/wsdl/types/"

// schemaTypes are the simple types of XML Schema 1.0.
var schemaTypes = strings.Fields(`string boolean decimal float double duration dateTime time date gYearMonth gYear gMonthDay gDay gMonth hexBinary base64Binary
	anyURI QName NOTATION normalizedString token language NMTOKEN NMTOKENS Name NCName ID IDREF IDREFS ENTITY ENTITIES integer nonPositiveInteger negativeInteger
	long int short byte nonNegativeInteger unsignedLong unsignedInt unsignedShort unsignedByte positiveInteger`)

// microsoftTypes are declared as ASP.NET does.
var microsoftTypes = map[string]string{
	"guid": `<xsd:restriction base="xsd:string"><xsd:pattern value="[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"/></xsd:restriction>`,
	"char": `<xsd:restriction base="xsd:unsignedShort"/>`,
}

// mostWords bounds an enumeration.
const mostWords = 2000

// wordsOf returns the words of an enumeration. One word alone is not known from a value that somebody put in the place of a type.
func wordsOf(text string) []string {
	words := strings.Split(text, " or ")
	if len(words) < 2 || len(words) > mostWords || slices.ContainsFunc(words, func(word string) bool { return strings.TrimSpace(word) == "" }) {
		return nil
	}
	var once []string
	for _, word := range words {
		if !slices.Contains(once, word) {
			once = append(once, word)
		}
	}
	return once
}

// typeOf returns the type of a value by the text of its sample; "" where the page does not say it.
func (d *drafter) typeOf(text, element string) string {
	if _, prefixed, ok := strings.Cut(text, ":"); ok && prefixed == "QName" {
		return "xsd:QName"
	}
	if slices.Contains(schemaTypes, text) {
		return "xsd:" + text
	}
	if microsoftTypes[text] != "" {
		d.microsoft[text] = true
		return d.qName(microsoftSpace, text)
	}
	if words := wordsOf(text); words != nil {
		return d.enumeration(words, element)
	}
	return ""
}
