package record

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/shape"
)

// Violation is one broken rule at one place of a request body. It never holds the rejected value.
type Violation struct {
	// Pointer is the JSON Pointer (RFC 6901) of the place; empty for the whole body. A missing member has the pointer that it would have if it
	// were there.
	Pointer string
	// Code is one of the constants below, or a vendor's number ("emersion-27").
	Code Code
	// Detail is one sentence for a person, with the valid values.
	Detail string
	// Hint is one sentence that says how to fix it, beside a Detail in the vendor's words; empty where Detail says it.
	Hint string
	// Params holds the rule's own parameters: the limit, the list, and as "expected" what the value must be.
	Params map[string]any
}

// Expecting returns the violation with what the value must be among its parameters; as it is where the format is empty.
func (v Violation) Expecting(f shape.Format) Violation {
	if f == "" {
		return v
	}
	return v.Knowing(map[string]any{"expected": string(f)})
}

// Knowing returns the violation with more parameters. What it has already stays.
func (v Violation) Knowing(more map[string]any) Violation {
	if len(more) > 0 {
		params := maps.Clone(more)
		maps.Copy(params, v.Params)
		v.Params = params
	}
	return v
}

// Code names a rule for programs. The list is closed but for the vendors' numbered errors.
type Code string

// The codes of violations.
const (
	Required            Code = "required"              // the member is missing, null, empty or only white space
	TooLong             Code = "too-long"              // params: max, in code points, bytes or items
	TooShort            Code = "too-short"             // params: min, in code points, bytes or items
	OutOfRange          Code = "out-of-range"          // params: min and max, or minExclusive and maxExclusive
	NotInList           Code = "not-in-list"           // params: list
	UnknownMember       Code = "unknown-member"        // params: members, and didYouMean where one is near
	DuplicateMember     Code = "duplicate-member"      // the place is the second one's
	WrongType           Code = "wrong-type"            // params: expected, see shape.Format
	BadDate             Code = "bad-date"              // not YYYY-MM-DD, or no such day
	BadDateTime         Code = "bad-date-time"         // not RFC 3339 with a zone, or no such instant
	BadNumber           Code = "bad-number"            // a fraction, an exponent, or no decimal
	EmptyObject         Code = "empty-object"          // an object without members
	NullInArray         Code = "null-in-array"         // arrays hold values only
	CharacterNotAllowed Code = "character-not-allowed" // params: character; XML 1.0 cannot carry it
	InvalidUnicode      Code = "invalid-unicode"       // invalid UTF-8, or half a surrogate pair
	NotAllowedHere      Code = "not-allowed-here"      // another member's value forbids this one; params: because
	NotOneOf            Code = "not-one-of"            // of these members only one may be given; params: oneOf
	BeforeOther         Code = "before-other"          // a date before the one that it may not precede; params: other
	BadFormat           Code = "bad-format"            // the text lacks the documented form; params: pattern, where one says it whole
)

// Codes are the codes of violations, without those of vendors.
var Codes = []Code{
	Required, TooLong, TooShort, OutOfRange, NotInList, UnknownMember, DuplicateMember, WrongType, BadDate, BadDateTime, BadNumber, BadFormat, EmptyObject,
	NullInArray, CharacterNotAllowed, InvalidUnicode, NotAllowedHere, NotOneOf, BeforeOther,
}

// MaxViolations bounds a report: a hostile body of the usual limit of 256 KiB could hold tens of thousands.
const MaxViolations = 500

// Report collects the violations of one request.
type Report struct {
	Violations []Violation
	// Truncated reports that there were more than MaxViolations.
	Truncated bool

	at []int32 // of each violation: its byte in the body; 0 where it is still to be found
	// invalid has the places where nothing is left to check, and whether that holds for everything inside, too. It is a map because a report of
	// many violations is asked for each of them.
	invalid map[string]bool
}

// Add records a violation, unless the place is invalid already: a member of the wrong type is not also missing.
func (r *Report) Add(v Violation) {
	if !r.Invalid(v.Pointer) {
		r.AddBeside(v)
	}
}

// AddBeside records a violation beside others of the same place.
func (r *Report) AddBeside(v Violation) { r.addAt(0, v) }

// addAt records a violation whose byte in the body is known.
func (r *Report) addAt(at int32, v Violation) {
	if len(r.Violations) == MaxViolations {
		r.Truncated = true
		return
	}
	r.Violations, r.at = append(r.Violations, v), append(r.at, at)
	r.invalidate(v)
}

// invalidate notes what a violation leaves to check. An object that is empty or has an unknown member can still lack required ones.
func (r *Report) invalidate(v Violation) {
	if v.Code == EmptyObject {
		return
	}
	if r.invalid == nil {
		r.invalid = map[string]bool{}
	}
	r.invalid[v.Pointer] = v.Code == WrongType || v.Code == NullInArray || r.invalid[v.Pointer]
}

// Invalid reports whether the place, or an object or array around it, has a violation that leaves nothing to check there.
func (r *Report) Invalid(pointer string) bool {
	if len(r.invalid) == 0 {
		return false
	}
	if _, invalid := r.invalid[pointer]; invalid {
		return true
	}
	for i := range len(pointer) {
		if pointer[i] == '/' && r.invalid[pointer[:i]] {
			return true
		}
	}
	return false
}

// Drop forgets the violations of some kind.
func (r *Report) Drop(kind func(Violation) bool) {
	kept, at := r.Violations[:0], r.at[:0]
	for i, v := range r.Violations {
		if !kind(v) {
			kept, at = append(kept, v), append(at, r.at[i])
		}
	}
	r.Violations, r.at = kept, at
	clear(r.invalid)
	for _, v := range kept {
		r.invalidate(v)
	}
}

// Lacking adds parameters to the violation of a missing member, if there is one: what a rule between members would say of its value.
func (r *Report) Lacking(pointer string, more map[string]any) {
	for i, v := range r.Violations {
		if v.Pointer == pointer && v.Code == Required {
			r.Violations[i] = v.Knowing(more)
		}
	}
}

// Within reports whether a place, or anything below it, has a violation.
func (r *Report) Within(pointer string) bool {
	return slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Pointer == pointer || strings.HasPrefix(v.Pointer, pointer+"/") })
}

// Sort puts the violations into document order: by where they are in the body, a member where it begins, a missing one where the object ends that
// lacks it. The missing ones of one object come in the order in which the shape declares them, and those of one place keep their order.
func (r *Report) Sort(of *Record) {
	if !slices.Contains(r.at, 0) && slices.IsSorted(r.at) {
		return // as the reader found them
	}
	type placed struct {
		Violation

		at       int32
		declared []int
	}
	list := make([]placed, len(r.Violations))
	for i, v := range r.Violations {
		list[i] = placed{Violation: v, at: r.at[i]} // no other place is at its byte
		if r.at[i] == 0 {
			list[i].at, list[i].declared = of.place(v.Pointer)
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), slices.Compare(a.declared, b.declared))
	})
	for i, p := range list {
		r.Violations[i], r.at[i] = p.Violation, p.at
	}
}

// place returns the byte of the body at which the value of a JSON Pointer begins, or at which the nearest object or array around it ends, and the
// positions at which shapes declare the members on the way.
func (r *Record) place(pointer string) (at int32, declared []int) {
	c := cursor{record: r, shape: r.root.shape, declared: make([]int, 0, 8)} // usually no deeper
	at = r.slots[0].end
	if pointer == "" {
		return r.slots[0].at, nil
	}
	for name := range strings.SplitSeq(pointer[1:], "/") {
		if !c.step(name) {
			return at, c.declared
		}
		if c.here >= 0 && r.slots[c.here].end != 0 {
			at = r.slots[c.here].end
		}
	}
	if c.here >= 0 {
		at = r.slots[c.here].at
	}
	return at, c.declared
}

// cursor follows a JSON Pointer.
type cursor struct {
	record   *Record
	shape    *shape.Shape
	field    *shape.Field // that of the value so far; nil for an object and for an item
	here     int32        // its slot; -1 where nothing was given
	declared []int
}

// step follows one name of the pointer. It reports whether a shape declares it.
func (c *cursor) step(name string) bool {
	if c.field != nil && c.field.Repeated {
		c.here, c.field = c.record.item(c.here, name), nil
	} else if !c.member(name) {
		return false
	}
	if c.here >= 0 && c.record.slots[c.here].at == 0 {
		c.here = -1
	}
	return true
}

func (c *cursor) member(name string) bool {
	isPresent := c.here >= 0 && c.record.slots[c.here].state == present
	if c.here >= 0 && c.record.slots[c.here].subtype > 0 {
		c.shape = c.shape.Subtypes[c.record.slots[c.here].subtype-1]
	}
	i, known := c.shape.ByName([]byte(name))
	if !known {
		return false
	}
	c.declared, c.field = append(c.declared, i), &c.shape.Fields[i]
	if isPresent {
		c.here = c.record.slots[c.here].first + int32(i) //nolint:gosec // at most MaxFields
	} else {
		c.here = -1
	}
	if c.field.Object != nil {
		c.shape = c.field.Object
	}
	return true
}

// item returns the slot of an array's item; -1 where there is none.
func (r *Record) item(array int32, index string) int32 {
	n, err := strconv.Atoi(index)
	if array < 0 || err != nil {
		return -1
	}
	item := r.slots[array].first
	for ; n > 0 && item != 0; n-- {
		item = r.slots[item].next
	}
	if item == 0 {
		return -1
	}
	return item
}
