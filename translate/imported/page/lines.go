package page

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// line is a line of what a browser shows of a page.
type line struct {
	text   string
	number int // of the line in the file, from 1
}

// htmlPattern knows a page in HTML. In one that was saved as text the samples have markup, too, so that any tag is not enough.
var htmlPattern = regexp.MustCompile(`(?i)<(?:!doctype html|html)[\s>]|<pre[^<>]*>\s*(?:POST|GET|HTTP/|&lt;)`)

// linesOf returns the lines of a page in UTF-8.
func linesOf(text []byte) []line {
	w := &lineWriter{number: 1}
	if htmlPattern.Match(text) {
		w.html(text)
	} else {
		w.add(string(text), func(s string) string { return s })
	}
	w.end()
	return w.lines
}

type lineWriter struct {
	lines   []line
	current strings.Builder
	begun   int // the number of the current line; 0 where it has nothing
	number  int // of the line that is read
}

// envelopeEnd is the end of a sample. What follows it begins a line, even where a browser left the line break out.
var envelopeEnd = regexp.MustCompile(`</(?:[\w.-]+:)?Envelope\s*>`)

// end ends the current line. Blank ones are left out.
func (w *lineWriter) end() {
	rest := strings.ReplaceAll(w.current.String(), "\u00a0", " ")
	for rest != "" {
		at := envelopeEnd.FindStringIndex(rest)
		if at == nil {
			at = []int{0, len(rest)}
		}
		if strings.TrimSpace(rest[:at[1]]) != "" {
			w.lines = append(w.lines, line{rest[:at[1]], w.begun})
		}
		rest = rest[at[1]:]
	}
	w.current.Reset()
	w.begun = 0
}

// add adds lines of the file as they are shown.
func (w *lineWriter) add(text string, shown func(string) string) {
	for i, piece := range strings.Split(text, "\n") {
		if i > 0 {
			w.end()
			w.number++
		}
		if piece = strings.TrimSuffix(piece, "\r"); piece == "" {
			continue
		}
		if w.begun == 0 {
			w.begun = w.number
		}
		w.current.WriteString(shown(piece))
	}
}

// html adds the texts of an HTML document. Tags in the middle of a line, such as <font class=value>, are left out.
func (w *lineWriter) html(text []byte) {
	z := html.NewTokenizer(bytes.NewReader(text))
	hidden := false
	for {
		kind, raw := z.Next(), z.Raw()
		switch kind {
		case html.ErrorToken: // the end: a document of bytes has no other error
			return
		case html.TextToken:
			if !hidden {
				w.add(string(raw), html.UnescapeString)
				continue
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			lines := bytes.Count(raw, []byte("\n"))
			name, _ := z.TagName()
			hidden = kind == html.StartTagToken && isHidden[string(name)]
			if breaksLine[string(name)] {
				w.end()
			}
			w.number += lines
			continue
		default: // comments and the document type
		}
		w.number += bytes.Count(raw, []byte("\n"))
	}
}

var (
	isHidden   = map[string]bool{"script": true, "style": true, "title": true}
	breaksLine = map[string]bool{
		"p": true, "div": true, "pre": true, "br": true, "hr": true, "table": true, "tr": true, "td": true, "th": true, "ul": true, "li": true,
		"h1": true, "h2": true, "h3": true, "h4": true, "body": true, "form": true,
	}
)
