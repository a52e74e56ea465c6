package xml

import (
	"slices"
	"strings"
)

// attributes reads the rest of a start tag behind its name. The bindings from index around on are this element's own.
func (s *Scanner) attributes(around int) bool {
	for count := 0; ; count++ {
		spaced := s.space()
		switch c := s.at(s.pos); {
		case c == '>':
			s.pos++
			return s.resolveAttrs()
		case c == '/':
			if s.at(s.pos+1) != '>' {
				s.fail(s.pos+1, "a / in a tag that does not end it")
				return false
			}
			s.pos += len("/>")
			s.empty = true
			return s.resolveAttrs()
		case !spaced:
			s.fail(s.pos, "a character that no name has, or no white space before an attribute")
			return false
		case count == s.limits.Attributes:
			s.exceed("attributes", s.limits.Attributes)
			return false
		}
		if !s.attribute(around) {
			return false
		}
	}
}

// attribute is production 41: a namespace declaration is declared at once, anything else goes to attrs with the prefix in the
// place of the namespace, which a later attribute may declare.
func (s *Scanner) attribute(around int) bool {
	begin := s.pos
	prefix, local, end := s.qName(begin)
	if s.err != nil {
		return false
	}
	s.pos = end
	if s.at(s.pos) != '=' {
		s.space()
		if s.at(s.pos) != '=' {
			s.fail(s.pos, "an attribute without =")
			return false
		}
	}
	s.pos++
	s.space()
	value := s.attValue()
	switch {
	case s.err != nil:
		return false
	case prefix == "xmlns":
		return s.declare(begin, around, local, value)
	case prefix == "" && local == "xmlns":
		return s.declare(begin, around, "", value)
	}
	s.attrs = append(s.attrs, Attr{Name{prefix, local}, value})
	return true
}

// attValue is production 10, normalised.
func (s *Scanner) attValue() string {
	quote := s.at(s.pos)
	if quote != '"' && quote != '\'' {
		s.fail(s.pos, "an attribute value without quotes")
		return ""
	}
	s.pos++
	length := strings.IndexByte(s.doc[s.pos:], quote)
	if length < 0 {
		s.fail(len(s.doc), endsEarly)
		return ""
	}
	end := s.pos + length
	if at := s.lt.next(s.doc, '<', s.pos); at < end {
		s.fail(at, "< in an attribute value")
		return ""
	}
	value := s.doc[s.pos:end]
	if s.special(end) {
		s.buf = s.buf[:0]
		s.expand(end, ' ', true)
		value = string(s.buf)
	}
	s.pos = end + 1
	return value
}

// special reports whether the attribute value from here to end differs from what is written.
func (s *Scanner) special(end int) bool {
	return s.amp.next(s.doc, '&', s.pos) < end || s.lf.next(s.doc, '\n', s.pos) < end ||
		s.cr.next(s.doc, '\r', s.pos) < end || s.tab.next(s.doc, '\t', s.pos) < end
}

// declare binds a prefix, or the default namespace where it is empty, for the element whose own bindings begin at around.
func (s *Scanner) declare(offset, around int, prefix, space string) bool {
	if rule := refusedBinding(prefix, space); rule != "" {
		s.fail(offset, rule)
		return false
	}
	for _, own := range s.bindings[around:] {
		if own.prefix == prefix {
			s.fail(offset, duplicateAttribute)
			return false
		}
	}
	if len(s.bindings) > s.limits.Namespaces { // the prefix xml is one more
		s.exceed("namespaces", s.limits.Namespaces)
		return false
	}
	s.bindings = append(s.bindings, binding{prefix, space, s.firstOf(space)})
	return true
}

// refusedBinding returns the rule of Namespaces in XML 1.0 section 3 and section 5 that a declaration breaks.
func refusedBinding(prefix, space string) string {
	switch {
	case prefix == "xmlns":
		return "a declaration of the prefix xmlns"
	case prefix == "xml" && space != xmlNamespace:
		return "the prefix xml declared to be another namespace than its own"
	case prefix != "xml" && space == xmlNamespace:
		return "the namespace of the prefix xml declared for another prefix"
	case space == xmlnsNamespace:
		return "a declaration of the namespace of the prefix xmlns"
	case prefix != "" && space == "":
		return "a prefix declared to be no namespace"
	}
	return ""
}

// firstOf returns the first binding in force to a namespace; the one to be added if there is none.
func (s *Scanner) firstOf(space string) int {
	for i := range s.bindings {
		if s.bindings[i].space == space {
			return i
		}
	}
	return len(s.bindings)
}

// lookup returns the innermost binding of a prefix, -1 if there is none.
func (s *Scanner) lookup(prefix string) int {
	for i, b := range slices.Backward(s.bindings) {
		if b.prefix == prefix {
			return i
		}
	}
	return -1
}

const duplicateAttribute = "two attributes of one name on one element"

// resolveAttrs puts namespaces in the place of prefixes, now that all declarations of the tag are known. An attribute without
// prefix is in no namespace, whatever the default one is.
func (s *Scanner) resolveAttrs() bool {
	if len(s.attrs) == 0 {
		return true
	}
	s.attrSpaces = s.attrSpaces[:0]
	for i := range s.attrs {
		name, space := &s.attrs[i].Name, -1
		if name.Space != "" {
			at := s.lookup(name.Space)
			if at < 0 {
				s.fail(s.start, "an attribute whose prefix is not declared")
				return false
			}
			name.Space, space = s.bindings[at].space, s.bindings[at].same
		}
		if s.hasAttr(space, name.Local) {
			s.fail(s.start, duplicateAttribute)
			return false
		}
		s.attrSpaces = append(s.attrSpaces, space)
	}
	return true
}

// hasAttr reports whether one of the attributes resolved so far has this name.
func (s *Scanner) hasAttr(space int, local string) bool {
	for i, other := range s.attrSpaces {
		if other == space && s.attrs[i].Name.Local == local {
			return true
		}
	}
	return false
}
