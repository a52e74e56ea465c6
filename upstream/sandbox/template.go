package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// template is one element of a response sample in its own spelling, with its prefixes and namespace declarations.
type template struct {
	name  string // with its prefix
	attrs []xml.Attr
	kids  []*template
	value *lexical // the form of the placeholder; nil for an element with children
}

// filling are the changes that make an answer from a template. Elements are named by the end of their path, in local names: "ErrorData",
// "BaseResponse/ResponseCode". The longest name that fits wins.
type filling struct {
	values     map[string]string // texts for placeholders; the others get an example of their form
	drop       map[string]bool   // elements to leave out
	double     string            // an element to write twice in a row
	namespaces map[string]string // namespaces to write in place of those of the sample
	extra      string            // XML to write as the last child of the Body's child
}

// readTemplate reads a response sample.
func readTemplate(document []byte) (*template, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	r := &templateReader{}
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return r.done()
		}
		if err == nil {
			err = r.take(token)
		}
		if err != nil {
			return nil, err
		}
	}
}

// templateReader reads raw tokens, since only they have the prefixes. It has to match the tags itself.
type templateReader struct {
	root *template
	open []*template
	text strings.Builder // since the last tag
}

func (r *templateReader) take(token xml.Token) error {
	switch token := token.(type) {
	case xml.StartElement:
		return r.start(token)
	case xml.EndElement:
		return r.end(qualified(token.Name))
	case xml.CharData:
		r.text.Write(token)
	}
	return nil
}

// taken returns the text since the last tag.
func (r *templateReader) taken() string {
	defer r.text.Reset()
	return strings.TrimSpace(r.text.String())
}

func (r *templateReader) start(token xml.StartElement) error {
	t := &template{name: qualified(token.Name), attrs: token.Copy().Attr}
	text := r.taken()
	switch {
	case len(r.open) > 0:
		parent := r.open[len(r.open)-1]
		parent.kids = append(parent.kids, t)
		if text != "" {
			return fmt.Errorf("%s has both text and elements", parent.name)
		}
	case r.root != nil:
		return errors.New("it has a second root")
	default:
		r.root = t
	}
	r.open = append(r.open, t)
	return nil
}

func (r *templateReader) end(name string) error {
	last := len(r.open) - 1
	if last < 0 || r.open[last].name != name {
		return fmt.Errorf("unexpected end of %s", name)
	}
	t := r.open[last]
	r.open = r.open[:last]
	return t.finish(r.taken())
}

func (r *templateReader) done() (*template, error) {
	if len(r.open) > 0 {
		return nil, fmt.Errorf("%s is not closed", r.open[len(r.open)-1].name)
	}
	return r.root, r.root.checkEnvelope()
}

func (t *template) finish(text string) error {
	switch {
	case len(t.kids) > 0 && text != "":
		return fmt.Errorf("%s has both text and elements", t.name)
	case len(t.kids) > 0:
		return nil
	case text == "":
		return fmt.Errorf("%s has neither a placeholder nor elements", t.name)
	}
	value, err := readPlaceholder(text)
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	t.value = value
	return nil
}

// checkEnvelope checks the few properties that filling relies on.
func (t *template) checkEnvelope() error {
	if t == nil {
		return errors.New("it is empty")
	}
	declares := false
	for _, attr := range t.attrs {
		declares = declares || attr.Value == soap11.namespace
	}
	if local(t.name) != "Envelope" || !declares {
		return fmt.Errorf("its root is %s, must be a SOAP 1.1 Envelope", t.name)
	}
	if n := len(t.kids); n > 0 && local(t.kids[n-1].name) == "Body" && len(t.kids[n-1].kids) == 1 {
		return nil
	}
	return errors.New("its Envelope must end with a Body that has one child")
}

func qualified(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}

func local(name string) string {
	if _, after, prefixed := strings.Cut(name, ":"); prefixed {
		return after
	}
	return name
}

const xmlDeclaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// fill writes the envelope in a version of SOAP.
func (t *template) fill(f filling, v version) []byte {
	w := &templateWriter{filling: f, version: v}
	w.out.WriteString(xmlDeclaration)
	w.element(t)
	return w.out.Bytes()
}

type templateWriter struct {
	filling
	version version
	out     bytes.Buffer
	path    []string
}

func (w *templateWriter) element(t *template) {
	w.path = append(w.path, local(t.name))
	defer func() { w.path = w.path[:len(w.path)-1] }()
	if dropped, _ := byPath(w.drop, w.path); dropped {
		return
	}
	w.once(t)
	if w.double != "" && strings.HasSuffix("/"+strings.Join(w.path, "/"), "/"+w.double) {
		w.once(t)
	}
}

func (w *templateWriter) once(t *template) {
	w.out.WriteString("<" + t.name)
	for _, attr := range t.attrs {
		w.out.WriteString(" " + qualified(attr.Name) + `="` + escape(w.namespace(attr.Value)) + `"`)
	}
	w.out.WriteString(">")
	if t.value != nil {
		w.out.WriteString(escape(w.text(t.value)))
	}
	for _, kid := range t.kids {
		w.element(kid)
	}
	if len(w.path) == 3 && w.path[1] == "Body" {
		w.out.WriteString(w.extra)
	}
	w.out.WriteString("</" + t.name + ">")
}

func (w *templateWriter) namespace(uri string) string {
	if uri == soap11.namespace {
		return w.version.namespace
	}
	if other, replaced := w.namespaces[uri]; replaced {
		return other
	}
	return uri
}

func (w *templateWriter) text(form *lexical) string {
	if value, present := byPath(w.values, w.path); present {
		return value
	}
	return form.example
}

// byPath looks a path up by its whole, then by ever shorter ends.
func byPath[V any](table map[string]V, path []string) (value V, found bool) {
	for i := range path {
		if value, found = table[strings.Join(path[i:], "/")]; found {
			return value, true
		}
	}
	return value, false
}

// escape escapes a text for the content of an element and for an attribute.
func escape(text string) string {
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		return "" // a strings.Builder does not fail
	}
	return out.String()
}
