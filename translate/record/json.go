package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/shape"
)

// MaxDepth bounds the nesting of a request body. The deepest built-in operation nests seven levels.
const MaxDepth = 32

// ReadJSON reads a body along a shape. What does not fit the shape goes into the report, and the reading goes on, so that every violation is
// reported at once; only what is not JSON at all is an error, of which Malformed says what a caller may know. The record is good until it is freed.
func ReadJSON(body []byte, s *shape.Shape, report *Report) (*Record, error) {
	r := readers.Get().(*reader) //nolint:forcetypeassert // the pool's own
	defer r.release()
	read := blank()
	r.json, r.report, r.record = body, report, read
	// Texts take no more than in JSON, and few members less than 12 bytes: a large body does not grow them step by step.
	r.texts, r.record.slots = slices.Grow(r.texts, len(body)), slices.Grow(r.record.slots, len(body)/12)
	r.record.reset(s)
	r.space()
	err := r.root(s)
	if r.space(); err == nil && r.pos < len(r.json) {
		err = errSyntax
	}
	if err != nil {
		read.Free()
		return nil, err
	}
	if read.text = string(r.texts); cap(read.slots) > mostSlots {
		read.slots = slices.Clone(read.slots) // as much room as it needs, and no more
	}
	return read, nil
}

// readers are reused, because their slices have grown.
var readers = sync.Pool{New: func() any { return &reader{} }}

// mostTexts is the largest room for texts that is kept, in bytes: see mostSlots.
const mostTexts = 32 << 10

func (r *reader) release() {
	if cap(r.texts) > mostTexts {
		return
	}
	clear(r.texts) // some are secrets
	clear(r.path[:cap(r.path)])
	*r = reader{texts: r.texts[:0], path: r.path[:0]}
	readers.Put(r)
}

// errSyntax is the error of all bodies that are not JSON, or nested too deep. Which byte it is, Malformed finds out.
var errSyntax = errors.New("the body is not acceptable JSON")

// Malformed says where a body stops being JSON, and never what is there: one sentence for a caller.
func Malformed(body []byte) (sentence string, cause error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		_, err := dec.ReadToken()
		switch depth := dec.StackDepth(); {
		case err == nil && depth > MaxDepth:
			err = fmt.Errorf("it is nested deeper than %d levels, at byte %d", MaxDepth, dec.InputOffset())
		case err == nil && depth > 0:
			continue
		case err == nil:
			if _, end := dec.ReadToken(); errors.Is(end, io.EOF) {
				return "The body is not acceptable JSON.", errSyntax
			}
			err = fmt.Errorf("there is more after the JSON value, at byte %d", dec.InputOffset())
		}
		return describe(body, err), err
	}
}

func describe(body []byte, err error) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.EOF) {
			return "The body is empty; it must be a JSON object."
		}
		return "The body is not acceptable JSON: " + err.Error() + "."
	}
	before := body[:min(int(syntax.ByteOffset), len(body))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	what := "it breaks the JSON grammar"
	if errors.Is(err, io.ErrUnexpectedEOF) {
		what = "it ends too early"
	}
	return fmt.Sprintf("The body is not JSON: %s at line %d, column %d (byte %d).", what, line, column, syntax.ByteOffset)
}

// reader reads JSON (RFC 8259) along a shape. Its methods are named after what they read; each begins at the first byte of it and ends behind the
// last one.
type reader struct {
	json   []byte
	pos    int
	depth  int
	path   []step
	texts  []byte // of the leaves, without quotes and escapes
	record *Record
	report *Report
}

// step is a part of a JSON Pointer: an item's index, or a member's name with a negative index.
type step struct {
	name  string
	index int
}

// violate records a violation at the current path. Only violations pay for pointers.
func (r *reader) violate(at int, code Code, detail string, params map[string]any) {
	r.report.addAt(int32(at), Violation{Pointer: r.pointer(), Code: code, Detail: detail, Params: params}) //nolint:gosec // see open
}

func (r *reader) pointer() string {
	var room [256]byte
	b := room[:0]
	for _, s := range r.path {
		b = append(append(b, '/'), s.name...)
		if s.index >= 0 {
			b = strconv.AppendInt(b, int64(s.index), 10)
		}
	}
	return string(b)
}

// longestEcho bounds a member's name in a pointer, in code points: a caller's own name is repeated, not a body of it.
const longestEcho = 100

// echoed returns a name of the caller's as a pointer has it. What is not UTF-8 becomes U+FFFD.
func echoed(name string) string {
	runes := []rune(name)
	if len(runes) > longestEcho {
		return pointerEscapes.Replace(string(runes[:longestEcho])) + "…"
	}
	return pointerEscapes.Replace(string(runes))
}

// pointerEscapes are those of RFC 6901, section 3.
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// value reads a member's or item's value into a slot. Null and an empty array are absent.
func (r *reader) value(slot int32, f *shape.Field) error {
	if r.peek() == 'n' {
		if f.Nillable {
			r.record.slots[slot].state = null
		}
		return r.literal("null")
	}
	if f.Repeated {
		return r.array(slot, f)
	}
	return r.single(slot, f)
}

// root reads the whole body. Null is not an object that is absent.
func (r *reader) root(s *shape.Shape) error {
	if r.peek() != '{' {
		return r.wrongType(0, expectedObject)
	}
	return r.object(0, s)
}

// single reads one value that is neither null nor an array of the field's.
func (r *reader) single(slot int32, f *shape.Field) error {
	c := r.peek()
	switch f.Kind {
	case shape.Object:
		if c == '{' {
			return r.object(slot, f.Object)
		}
		return r.wrongType(slot, expectedObject)
	case shape.Boolean:
		return r.boolean(slot)
	case shape.Integer:
		if isNumber(c) {
			return r.integer(slot, f)
		}
		return r.wrongType(slot, expectedInteger)
	case shape.Float:
		return r.float(slot)
	case shape.XML:
		return r.element(slot, f)
	case shape.String:
	}
	if c == '"' {
		return r.string(slot)
	}
	return r.wrongType(slot, expectedString)
}

// object reads an object into a slot. Unknown members and those that appear twice count as given, null does not.
func (r *reader) object(slot int32, s *shape.Shape) error {
	if r.report.Truncated { // the body is refused, and nothing more is said of it: objects cost more room than they take in JSON
		return r.skip()
	}
	discriminator := ""
	if slot != 0 {
		inside, err := r.subtype(slot, s)
		if inside == nil || err != nil {
			return err
		}
		s, discriminator = inside, s.Discriminator
		r.record.open(slot, s)
	}
	at := &r.record.slots[slot]
	at.state = present
	m := members{reader: r, shape: s, object: slot, first: at.first, discriminator: discriminator}
	inside := len(r.path)
	r.path = append(r.path, step{})
	err := r.each('}', func(int) error { return m.read() })
	if err != nil {
		return err
	}
	r.path = r.path[:inside]
	r.record.slots[slot].end = int32(r.pos) //nolint:gosec // see open
	if !m.filled && !s.Empty {
		r.violate(int(r.record.slots[slot].at), EmptyObject, "An object may not be empty. Leave the member out instead.", nil)
	}
	return nil
}

// members reads the members of one object.
type members struct {
	*reader

	shape         *shape.Shape
	object, first int32  // slots of the object, and of its first member
	next          int    // index of the field that is likely to come: members come in the order of the shape more often than not
	filled        bool   // the object is not empty
	discriminator string // names the object's shape; empty where none does
	named         bool   // it has been read
}

func (m *members) read() error {
	begin := m.pos
	name, err := m.name()
	if err != nil {
		return err
	}
	i, known := m.next, m.next < len(m.shape.Fields) && m.shape.Fields[m.next].Name == string(name) && !m.shape.Fields[m.next].Hidden
	if !known {
		i, known = m.shape.ByName(name)
	}
	m.next = i + 1
	if !known {
		m.path[len(m.path)-1] = step{echoed(string(name)), -1}
		return m.other(begin, string(name))
	}
	m.path[len(m.path)-1] = step{m.shape.Fields[i].Name, -1}
	member := m.first + int32(i) //nolint:gosec // at most MaxFields
	if m.record.slots[member].at != 0 {
		m.filled = true
		m.again(member, begin)
		err = m.skip()
		if m.record.slots[member].end != 0 { // what both lack is missing behind the second
			m.record.slots[member].end = int32(m.pos) //nolint:gosec // see open
		}
		return err
	}
	m.record.slots[member].at = int32(begin) //nolint:gosec // see open
	err = m.value(member, &m.shape.Fields[i])
	m.filled = m.filled || m.record.slots[member].state != absent
	return err
}

// again reports a member that appears more than once: once, however often it does.
func (m *members) again(slot int32, begin int) {
	if s := &m.record.slots[slot]; !s.repeated {
		s.repeated = true
		m.violate(begin, DuplicateMember, "This member appears more than once in its object.", nil)
	}
}

// other reads a member that the shape does not have: the name of the subtype, or a violation.
func (m *members) other(begin int, name string) error {
	switch {
	case name != m.discriminator || name == "":
		m.filled = true
		m.unknown(begin, m.shape, name)
	case m.named:
		m.again(m.object, begin)
	default:
		m.filled, m.named = true, true
	}
	return m.skip()
}

// each reads the braces or brackets, the commas and the white space around elements.
func (r *reader) each(end byte, element func(n int) error) error {
	r.pos++
	if r.depth++; r.depth > MaxDepth {
		return errSyntax
	}
	r.space()
	for n := 0; n > 0 || r.peek() != end; n++ {
		if err := element(n); err != nil {
			return err
		}
		r.space()
		switch r.peek() {
		case ',':
			r.pos++
			r.space()
			continue
		case end:
		default:
			return errSyntax
		}
		break
	}
	r.pos++
	r.depth--
	return nil
}

// name reads a member's name up to its value.
func (r *reader) name() ([]byte, error) {
	if r.peek() != '"' {
		return nil, errSyntax
	}
	quoted, _, escaped, err := r.quoted()
	if err != nil {
		return nil, err
	}
	r.space()
	if r.peek() != ':' {
		return nil, errSyntax
	}
	r.pos++
	r.space()
	if escaped {
		name, _ := jsontext.AppendUnquote(nil, quoted) // what is not Unicode becomes U+FFFD, and no member has such a name
		return name, nil
	}
	return quoted[1 : len(quoted)-1], nil
}

// unknown reports a member that a shape does not have: once, however often it appears.
func (r *reader) unknown(at int, s *shape.Shape, name string) {
	if r.report.Invalid(r.pointer()) {
		return
	}
	params := map[string]any{"members": s.Names()}
	detail := "There is no such member here."
	for i := range s.Fields {
		f := &s.Fields[i]
		if !f.Hidden && (strings.EqualFold(name, f.Name) || strings.EqualFold(name, f.Wire.Local)) {
			params["didYouMean"] = f.Name
			detail = "There is no such member here; names are compared with their letter case. Did you mean " + f.Name + "?"
		}
	}
	r.violate(at, UnknownMember, detail, params)
}

// array reads an array. One without items is absent.
func (r *reader) array(slot int32, f *shape.Field) error {
	if r.peek() != '[' {
		return r.wrongType(slot, expectedArray)
	}
	last, inside := int32(0), len(r.path)
	r.path = append(r.path, step{})
	err := r.each(']', func(n int) error {
		item := int32(len(r.record.slots)) //nolint:gosec // see open
		r.record.slots = append(r.record.slots, slot0)
		r.record.slots[item].at = int32(r.pos) //nolint:gosec // see open
		if last == 0 {
			r.record.slots[slot].first, r.record.slots[slot].state = item, present
		} else {
			r.record.slots[last].next = item
		}
		last = item
		r.path[inside] = step{"", n}
		if r.peek() != 'n' {
			return r.single(item, f)
		}
		if f.Nillable {
			r.record.slots[item].state = null
		} else {
			r.record.slots[item].state = unreadable
			r.violate(r.pos, NullInArray, "An array may not hold null.", nil)
		}
		return r.literal("null")
	})
	r.path = r.path[:inside]
	r.record.slots[slot].end = int32(r.pos) //nolint:gosec // see open
	return err
}

// slot0 is an empty slot.
var slot0 slot
