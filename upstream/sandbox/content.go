package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// content is the content of a Body as it was handed in, cut around its first element, which scenarios change. Without an element
// all of it is before.
type content struct {
	before, name, attributes, inside, after string
}

// wholeContent is the result in an imported reply: everything inside the first element.
const wholeContent = "*"

// importedPrefix is that of the envelopes around imported replies.
const importedPrefix = "soap"

// fill writes an envelope around the content, whose values are always the same.
func (c *content) fill(f filling, v version) []byte {
	if c.name == "" {
		return enclose(importedPrefix, v, c.before+f.extra)
	}
	name, attributes, inside := c.name, c.attributes, c.inside
	for _, other := range f.namespaces {
		name, attributes = "sandbox:"+local(name), ` xmlns:sandbox="`+other+`"`+attributes
	}
	switch {
	case f.drop[wholeContent]:
		inside = ""
	case f.double == wholeContent:
		inside += inside
	}
	return enclose(importedPrefix, v, c.before+"<"+name+attributes+">"+inside+f.extra+"</"+name+">"+c.after)
}

// readContent cuts the content of a Body. It refuses what is not well-formed there.
func readContent(document []byte) (*content, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var start, inside, end, after int64 // of the first element and its tags
	for depth := 0; ; {
		at := decoder.InputOffset()
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return cutContent(string(document), start, inside, end, after), nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 && after == 0 {
				start, inside = at, decoder.InputOffset()
			}
		case xml.EndElement:
			if depth--; depth == 0 && after == 0 {
				end, after = at, decoder.InputOffset()
			}
		case xml.CharData:
			if depth == 0 && !blank(string(token)) {
				return nil, errors.New("text outside an element")
			}
		case xml.Directive, xml.ProcInst:
			return nil, errors.New("SOAP allows no DTD, declaration or processing instruction in a Body")
		}
	}
}

// cutContent cuts at the places of the first element's tags. An empty-element tag becomes a pair of tags, between which there is room.
func cutContent(text string, start, inside, end, after int64) *content {
	if after == 0 {
		return &content{before: text}
	}
	tag := strings.TrimSuffix(strings.TrimSuffix(text[start+1:inside], ">"), "/")
	name := tag
	if i := strings.IndexAny(tag, " \t\r\n"); i >= 0 {
		name = tag[:i]
	}
	return &content{before: text[:start], name: name, attributes: tag[len(name):], inside: text[inside:end], after: text[after:]}
}
