package soap

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// Writer appends XML to a buffer. It writes markup as given, since all of it is made of shapes and constants, and escapes
// text. Its error sticks: the first character that XML cannot carry ends the writing, and Bytes reports it.
type Writer struct {
	buf []byte
	err error
	// masking keeps secrets out of the buffer: what is written then is for people to look at.
	masking bool
	// mustUnderstand is the attribute of that name, as it is spelled in this envelope, with a space in front.
	mustUnderstand string
}

// NewWriter returns a writer whose buffer has room for size bytes.
func NewWriter(size int) *Writer { return &Writer{buf: make([]byte, 0, size)} }

// writers are kept for their buffers: an envelope is written into one that has grown before. See Message.Free.
var writers = sync.Pool{New: func() any { return NewWriter(usualEnvelope) }}

// usualEnvelope is room for a usual envelope, in bytes.
const usualEnvelope = 6 << 10

// mostBuffer is the largest buffer that is kept, in bytes: a few large requests must not hold memory for good. An envelope of every member
// takes 8 KiB.
const mostBuffer = 32 << 10

func (w *Writer) release() {
	if cap(w.buf) > mostBuffer {
		return
	}
	clear(w.buf) // it holds secrets
	*w = Writer{buf: w.buf[:0]}
	writers.Put(w)
}

// Markup appends trusted XML: tags, attributes, the declaration.
func (w *Writer) Markup(xml string) {
	n := len(w.buf)
	if len(xml) > cap(w.buf)-n {
		w.buf = slices.Grow(w.buf, len(xml))
	}
	w.buf = w.buf[:n+len(xml)] // the same array: append stores its pointer each time, for which the garbage collector takes a third of the time
	copy(w.buf[n:], xml)
}

// Raw appends markup of ours that holds secrets, or what people see in its place.
func (w *Writer) Raw(markup, masked string) {
	if w.masking {
		markup = masked
	}
	w.Markup(markup)
}

// Text appends character data.
func (w *Writer) Text(s string) {
	written := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case textClass[c] == plain:
			i++
			continue
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if (r == utf8.RuneError && size == 1) || r == 0xFFFE || r == 0xFFFF {
				w.fail(i)
				return
			}
			i += size
			continue
		case textClass[c] == illegal:
			w.fail(i)
			return
		}
		w.Markup(s[written:i])
		w.Markup(escapes[c])
		i++
		written = i
	}
	w.Markup(s[written:])
}

// Secret appends a secret as character data, or three asterisks in its place where the writer masks. An empty one hides nothing and stays
// empty, and one that XML cannot carry fails either way: who looks at a message must not see one that could never be sent.
func (w *Writer) Secret(s secret.Secret) {
	if !w.masking || s == "" {
		w.Text(string(s))
		return
	}
	if at, bad := xml.IllegalChar(string(s)); bad {
		w.fail(at)
	}
	w.Markup(secret.Mask)
}

// fail names the place and never the text, which may be a secret.
func (w *Writer) fail(offset int) {
	if w.err == nil {
		w.err = fmt.Errorf("soap: a text holds a character at byte %d that XML 1.0 cannot carry", offset)
	}
}

// Bytes returns what was written, or the first error.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.buf, nil
}

type charClass uint8

const (
	plain   charClass = iota
	escaped           // has an entry in escapes
	illegal           // XML 1.0 section 2.2 does not allow it, not even as a reference
	multi             // part of a multi-byte character
)

// textClass sorts the bytes of character data, so that the common ones cost one look-up.
var textClass = func() (t [256]charClass) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = multi
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			t[c] = illegal
		}
	}
	for c := range escapes {
		t[c] = escaped
	}
	return t
}()

// escapes holds what character data cannot hold literally. CR would be normalised to LF by the reader (XML 1.0 section 2.11),
// and ">" ends a CDATA section after "]]", which is not allowed in text either.
var escapes = map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '\r': "&#xD;"}

// attribute appends an attribute's value. Beside what text escapes, the quote, and the white space that a reader would make a space of (XML
// 1.0, section 3.3.3).
func (w *Writer) attribute(f *shape.Field, text string) {
	begin := len(w.buf)
	writeLeaf(w, f, text)
	value := w.buf[begin:]
	if !bytes.ContainsAny(value, "\"\t\n") {
		return
	}
	escaped := attributeEscapes.Replace(string(value))
	w.buf = append(w.buf[:begin], escaped...)
}

var attributeEscapes = strings.NewReplacer(`"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;")
