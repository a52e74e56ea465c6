package record

import "unicode/utf8"

// The grammar of JSON (RFC 8259), as far as a reader along a shape needs it. It is the project's own because a library that stops at the first
// violation cannot report all, and one that hands out tokens costs more than everything else that a request needs. Tests compare it with
// package jsontext, which also words the errors of what is not JSON.

// peek returns the byte that comes next; 0 at the end, where no value begins.
func (r *reader) peek() byte {
	if r.pos < len(r.json) {
		return r.json[r.pos]
	}
	return 0
}

func (r *reader) space() {
	for r.pos < len(r.json) {
		switch r.json[r.pos] {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return
		}
	}
}

func (r *reader) literal(word string) error {
	end := r.pos + len(word)
	if end > len(r.json) || string(r.json[r.pos:end]) != word {
		return errSyntax
	}
	r.pos = end
	return nil
}

func isNumber(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

// number reads a number, and reports whether it has neither a fraction nor an exponent.
func (r *reader) number() (whole bool, err error) {
	if r.peek() == '-' {
		r.pos++
	}
	if r.peek() == '0' {
		r.pos++
	} else if !r.digits() {
		return false, errSyntax
	}
	whole = true
	if r.peek() == '.' {
		whole = false
		r.pos++
		if !r.digits() {
			return false, errSyntax
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		whole = false
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		if !r.digits() {
			return false, errSyntax
		}
	}
	return whole, nil
}

// digits reads at least one.
func (r *reader) digits() bool {
	begin := r.pos
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.pos++
	}
	return r.pos > begin
}

// quoted reads a string and returns it with its quotes. A plain one has neither escapes nor characters beyond ASCII: it is what it says, and
// XML can carry it. Of any other it is not known whether it is UTF-8.
func (r *reader) quoted() (quoted []byte, plain, escaped bool, err error) {
	json, begin := r.json, r.pos
	plain = true
	for i := begin + 1; i < len(json); {
		switch c := json[i]; {
		case isPlain[c]:
			i++
		case c == '"':
			r.pos = i + 1
			return json[begin:r.pos], plain, escaped, nil
		case c == '\\':
			plain, escaped = false, true
			if r.pos = i; !r.escape() {
				return nil, false, false, errSyntax
			}
			i = r.pos
		case c < ' ':
			return nil, false, false, errSyntax
		default:
			plain = false
			i++
		}
	}
	return nil, false, false, errSyntax
}

// isPlain has the bytes that are themselves in a string, whatever is around them.
var isPlain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

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
		_, _, _, err := r.quoted()
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
		_, err := r.number()
		return err
	}
}
