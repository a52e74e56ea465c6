package record

import "strings"

// The grammar of JSON (RFC 8259), as far as a reader along a shape needs it. It is the project's own because a library that stops at the first
// violation cannot report all, and one that hands out tokens costs more than everything else that a request needs. Package jsontext is its judge in
// tests, and finds the words for what is not JSON.

// peek returns the byte that comes next; 0 at the end, where no value begins.
func (r *reader) peek() byte {
	if r.pos < len(r.text) {
		return r.text[r.pos]
	}
	return 0
}

func (r *reader) space() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return
		}
	}
}

func (r *reader) literal(word string) error {
	if !strings.HasPrefix(r.text[r.pos:], word) {
		return errSyntax
	}
	r.pos += len(word)
	return nil
}

func isNumber(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

func (r *reader) number() error {
	if r.peek() == '-' {
		r.pos++
	}
	if r.peek() == '0' {
		r.pos++
	} else if !r.digits() {
		return errSyntax
	}
	if r.peek() == '.' {
		r.pos++
		if !r.digits() {
			return errSyntax
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		if !r.digits() {
			return errSyntax
		}
	}
	return nil
}

// digits reads at least one.
func (r *reader) digits() bool {
	begin := r.pos
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.pos++
	}
	return r.pos > begin
}

// quoted reads a string and returns what is between its quotes. It does not look for invalid UTF-8.
func (r *reader) quoted() (raw string, escaped bool, err error) {
	r.pos++
	begin := r.pos
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; {
		case c == '"':
			r.pos++
			return r.text[begin : r.pos-1], escaped, nil
		case c == '\\':
			escaped = true
			if !r.escape() {
				return "", false, errSyntax
			}
		case c < ' ':
			return "", false, errSyntax
		default:
			r.pos++
		}
	}
	return "", false, errSyntax
}

// escape reads a backslash and what belongs to it.
func (r *reader) escape() bool {
	r.pos++
	switch r.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		r.pos++
		return true
	case 'u':
		r.pos++
		for range 4 {
			c := r.peek()
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
			r.pos++
		}
		return true
	}
	return false
}

// skip reads a value of any kind without keeping it.
func (r *reader) skip() error {
	switch c := r.peek(); c {
	case '{':
		return r.each('}', func(int) error {
			if _, err := r.name(); err != nil {
				return err
			}
			return r.skip()
		})
	case '[':
		return r.each(']', func(int) error { return r.skip() })
	case '"':
		_, _, err := r.quoted()
		return err
	case 't':
		return r.literal("true")
	case 'f':
		return r.literal("false")
	case 'n':
		return r.literal("null")
	default:
		if !isNumber(c) {
			return errSyntax
		}
		return r.number()
	}
}
