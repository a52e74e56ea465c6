package xml_test

import (
	stdxml "encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"soapbridge/translate/xml"
)

// FuzzScanner compares the scanner with encoding/xml: what we accept it accepts too, and reads the same in it. So what it refuses
// we refuse. (The other way round proves nothing: it accepts document types, processing instructions, undeclared prefixes,
// duplicate attributes, text around the root and more.)
//
// Three differences are known, and no other is forgiven:
//
//   - It refuses a version other than 1.0; the fifth edition reads every 1.x as 1.0.
//   - It knows the names of the editions before the fifth, whose tables of characters above ASCII are smaller.
//   - It leaves white space in attribute values, and so in the names of namespaces, as it is; XML 1.0 section 3.3.3 makes
//     each one that is literal a space. Both sides are compared with all of it as spaces.
func FuzzScanner(f *testing.F) {
	f.Add(pinReply)
	for _, test := range scannerAccepts {
		f.Add(test.doc)
	}
	for _, test := range scannerRefuses {
		f.Add(test.doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		tokens, err := scanAll(doc, xml.Limits{})
		checkSkip(t, doc, err)
		if err != nil {
			checkError(t, doc, err)
			return
		}
		checkTokens(t, doc, tokens)
		want, err := standardTokens(doc)
		switch {
		case err == nil:
			if !reflect.DeepEqual(withoutWhiteSpace(tokens), withoutWhiteSpace(want)) {
				t.Errorf("%q\n got %s\nwant %s", doc, scanDump(tokens), scanDump(want))
			}
		case strings.Contains(err.Error(), "unsupported version") && strings.HasPrefix(doc, "<?xml"):
		case hasWideName(err):
		default:
			t.Errorf("%q: encoding/xml refuses it: %v", doc, err)
		}
	})
}

// checkSkip requires the same verdict from reading and from skipping.
func checkSkip(t *testing.T, doc string, want error) {
	t.Helper()
	s := xml.NewScanner([]byte(doc), xml.Limits{})
	_, err := s.Next()
	if err == nil {
		err = s.Skip()
	}
	if err == nil {
		_, err = s.Next()
	}
	if !reflect.DeepEqual(err, want) { //nolint:govet // the same place and message are meant, not only the same kind
		t.Errorf("%q: error %v when skipping, %v when reading", doc, err, want)
	}
}

// checkError requires an error of one of the two types, at a place in the document.
func checkError(t *testing.T, doc string, err error) {
	t.Helper()
	var syntax *xml.SyntaxError
	var limit *xml.LimitError
	switch {
	case errors.As(err, &syntax):
		if syntax.Offset < 0 || syntax.Offset > len(doc) || syntax.Line < 1 || syntax.Line > syntax.Offset+1 || syntax.Msg == "" {
			t.Errorf("%q: %#v", doc, syntax)
		}
	case errors.As(err, &limit):
		if limit.Offset < 0 || limit.Offset > len(doc) {
			t.Errorf("%q: %#v", doc, limit)
		}
	default:
		t.Errorf("%q: error of type %T", doc, err)
	}
}

// checkTokens requires what the documentation of Next promises: balance, and text that is one, inside and not empty.
func checkTokens(t *testing.T, doc string, tokens []scanned) {
	t.Helper()
	var open []xml.Name
	for i, token := range tokens {
		switch token.Kind {
		case xml.StartElement:
			open = append(open, token.Name)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name {
				t.Fatalf("%q: token %d ends another element: %s", doc, i, scanDump(tokens))
			}
			open = open[:len(open)-1]
		case xml.Text:
			if token.Text == "" || len(open) == 0 || tokens[i-1].Kind == xml.Text {
				t.Fatalf("%q: token %d is a text that should not be: %s", doc, i, scanDump(tokens))
			}
		case xml.EndDocument:
			t.Fatalf("%q: token %d ends the document", doc, i)
		}
	}
	if len(open) != 0 {
		t.Fatalf("%q: %d elements are open", doc, len(open))
	}
}

// standardTokens reads a document with encoding/xml into our tokens.
func standardTokens(doc string) ([]scanned, error) {
	d := stdxml.NewDecoder(strings.NewReader(doc))
	d.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var tokens []scanned
	for depth := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return tokens, nil
		}
		if err != nil {
			return tokens, err
		}
		switch token := token.(type) {
		case stdxml.StartElement:
			depth++
			tokens = append(tokens, scanned{Kind: xml.StartElement, Name: xml.Name(token.Name), Attrs: standardAttrs(token.Attr)})
		case stdxml.EndElement:
			depth--
			tokens = append(tokens, scanned{Kind: xml.EndElement, Name: xml.Name(token.Name)})
		case stdxml.CharData:
			if depth > 0 {
				tokens = appendText(tokens, string(token))
			}
		}
	}
}

// standardAttrs leaves the namespace declarations out.
func standardAttrs(attrs []stdxml.Attr) (kept []xml.Attr) {
	for _, a := range attrs {
		if a.Name.Space != "xmlns" && a.Name != (stdxml.Name{Local: "xmlns"}) {
			kept = append(kept, xml.Attr{Name: xml.Name(a.Name), Value: a.Value})
		}
	}
	return kept
}

// appendText makes one Text of text in several pieces.
func appendText(tokens []scanned, text string) []scanned {
	if text == "" {
		return tokens
	}
	if last := len(tokens) - 1; last >= 0 && tokens[last].Kind == xml.Text {
		tokens[last].Text += text
		return tokens
	}
	return append(tokens, scanned{Kind: xml.Text, Text: text})
}

// withoutWhiteSpace returns the tokens with spaces for all white space in attribute values and names of namespaces.
func withoutWhiteSpace(tokens []scanned) []scanned {
	spaces := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	plain := make([]scanned, len(tokens))
	for i, token := range tokens {
		token.Name.Space = spaces.Replace(token.Name.Space)
		token.Attrs = append([]xml.Attr(nil), token.Attrs...)
		for j := range token.Attrs {
			a := &token.Attrs[j]
			a.Name.Space, a.Value = spaces.Replace(a.Name.Space), spaces.Replace(a.Value)
		}
		plain[i] = token
	}
	return plain
}

// hasWideName reports whether encoding/xml refused a name that is not ASCII.
func hasWideName(err error) bool {
	_, name, found := strings.Cut(err.Error(), "invalid XML name: ")
	return found && strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
}
