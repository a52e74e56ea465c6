package xml

import (
	"strings"
	"unicode/utf8"
)

// content is production 43 up to the next tag: the text before the tag if there is any, else the tag.
func (s *Scanner) content() TokenKind {
	if !s.atTag() {
		s.textRun()
		switch {
		case s.err != nil:
			return 0
		case s.text != "":
			return Text
		}
	}
	if s.at(s.pos+1) == '/' {
		return s.endTag()
	}
	return s.startTag()
}

// atTag reports whether a start tag or an end tag comes next.
func (s *Scanner) atTag() bool {
	return s.at(s.pos) == '<' && s.at(s.pos+1) != '!' && s.at(s.pos+1) != '?'
}

// textRun collects the text up to the next tag.
func (s *Scanner) textRun() {
	s.text, s.joined = "", false
	for s.err == nil && !s.atTag() {
		switch s.at(s.pos) {
		case '<':
			s.cdSectOrComment()
		case 0:
			s.fail(s.pos, endsEarly)
		default:
			s.charData()
		}
	}
	if s.joined {
		s.text = string(s.buf)
	}
}

// charData is production 14 with the references among it, up to the next markup.
func (s *Scanner) charData() {
	end := s.lt.next(s.doc, '<', s.pos)
	if at := s.cdEnd.nextCDEnd(s.doc, s.pos); at < end {
		s.fail(at, "]]> in text")
		return
	}
	if s.amp.next(s.doc, '&', s.pos) >= end && s.cr.next(s.doc, '\r', s.pos) >= end {
		s.addText(end)
		return
	}
	s.join()
	s.expand(end, '\n', true)
}

// cdSectOrComment is what may begin with <! in content: production 18 or 15.
func (s *Scanner) cdSectOrComment() {
	if !strings.HasPrefix(s.doc[s.pos:], cdStart) {
		s.comment()
		return
	}
	s.pos += len(cdStart)
	end := s.cdEnd.nextCDEnd(s.doc, s.pos)
	if end == len(s.doc) {
		s.fail(end, endsEarly)
		return
	}
	if s.cr.next(s.doc, '\r', s.pos) >= end {
		s.addText(end)
	} else {
		s.join()
		s.expand(end, '\n', false)
	}
	s.pos = end + len(cdEnd)
}

// addText adds the document from here to end, as it is, to the text.
func (s *Scanner) addText(end int) {
	piece := s.doc[s.pos:end]
	s.pos = end
	if s.text == "" && !s.joined {
		s.text = piece
		return
	}
	s.join()
	s.buf = append(s.buf, piece...)
}

// join moves the text to buf, where more can be added to it.
func (s *Scanner) join() {
	if !s.joined {
		s.buf = append(s.buf[:0], s.text...)
		s.joined = true
	}
}

// expand adds the document from here to end to buf. A line end (XML 1.0 section 2.11) becomes newline, which is a space in an
// attribute value; tabs do too, there. References are resolved where the grammar has any.
func (s *Scanner) expand(end int, newline byte, references bool) {
	for s.pos < end {
		next := min(end, s.cr.next(s.doc, '\r', s.pos))
		if references {
			next = min(next, s.amp.next(s.doc, '&', s.pos))
		}
		if newline != '\n' {
			next = min(next, s.lf.next(s.doc, '\n', s.pos), s.tab.next(s.doc, '\t', s.pos))
		}
		s.buf = append(s.buf, s.doc[s.pos:next]...)
		s.pos = next
		if next == end {
			return
		}
		if s.doc[next] == '&' {
			if !s.reference(end) {
				return
			}
			continue
		}
		s.buf = append(s.buf, newline)
		s.pos++
		if s.doc[next] == '\r' && s.at(s.pos) == '\n' {
			s.pos++
		}
	}
}

// reference is production 67: what it denotes is added to buf.
func (s *Scanner) reference(end int) bool {
	name, _, closed := strings.Cut(s.doc[s.pos+1:end], ";")
	if !closed {
		s.fail(s.pos, "an & that begins no reference")
		return false
	}
	r, rule := resolveReference(name)
	if rule != "" {
		s.fail(s.pos, rule)
		return false
	}
	s.buf = utf8.AppendRune(s.buf, r)
	s.pos += len("&") + len(name) + len(";")
	return true
}

// comment is production 15, or 16 where it is allowed. Whatever else begins with <! or <? is refused here.
func (s *Scanner) comment() bool {
	rest := s.doc[s.pos:]
	if s.limits.Instructions && strings.HasPrefix(rest, "<?") && !hasXMLDecl(rest) {
		return s.instruction()
	}
	if !strings.HasPrefix(rest, "<!--") {
		s.fail(s.pos, refusedMarkup(rest))
		return false
	}
	s.pos += len("<!--")
	length := strings.Index(s.doc[s.pos:], "--")
	if length < 0 {
		s.fail(len(s.doc), endsEarly)
		return false
	}
	s.pos += length + len("--")
	if s.at(s.pos) != '>' {
		s.fail(s.pos, "-- inside a comment")
		return false
	}
	s.pos++
	return true
}

// instruction is production 16, with the target's rule of Namespaces in XML 1.0 section 7.
func (s *Scanner) instruction() bool {
	s.pos += len("<?")
	length := ncNameLen(s.doc[s.pos:])
	target := s.doc[s.pos : s.pos+length]
	s.pos += length
	switch {
	case length == 0 || strings.EqualFold(target, "xml"):
		s.fail(s.pos, "a processing instruction without a name that it may have")
		return false
	case !s.space() && !strings.HasPrefix(s.doc[s.pos:], "?>"):
		s.fail(s.pos, "a character that no name has in a processing instruction")
		return false
	}
	length = strings.Index(s.doc[s.pos:], "?>")
	if length < 0 {
		s.fail(len(s.doc), endsEarly)
		return false
	}
	s.pos += length + len("?>")
	return true
}

func refusedMarkup(rest string) string {
	switch {
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return "a document type declaration, which SOAP forbids"
	case strings.HasPrefix(rest, cdStart):
		return "a CDATA section outside of the root element"
	case hasXMLDecl(rest):
		return "an XML declaration that is not at the very start"
	case strings.HasPrefix(rest, "<?"):
		return "a processing instruction, which SOAP forbids"
	}
	return "<! that begins neither a comment nor a CDATA section"
}
