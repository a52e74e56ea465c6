// Package validation checks requests against the vendors' documented rules and names every place where one is broken.
//
// It holds the tag vocabulary that request structs use, on top of validator/v10, and the language of violations that every
// other refusal of a request body uses too.
package validation

import (
	"slices"
	"strings"
)

// Violation is one broken rule at one place of a request body. It never holds the rejected value.
type Violation struct {
	// Pointer is the JSON Pointer (RFC 6901) of the place; empty for the whole body. A missing member has the pointer that it
	// would have if it were there.
	Pointer string
	// Code is one of the constants below, or a vendor's number ("emersion-27").
	Code Code
	// Detail is one sentence for a person, with the valid values.
	Detail string
	// Params holds the rule's own parameters: the limit, the list.
	Params map[string]any
}

// Code names a rule for programs. The list is closed but for the vendors' numbered errors.
type Code string

// The codes of violations.
const (
	Required            Code = "required"              // the member is missing, null, empty or only white space
	TooLong             Code = "too-long"              // params: max, in code points
	TooShort            Code = "too-short"             // params: min, in code points
	OutOfRange          Code = "out-of-range"          // params: min and max
	NotInList           Code = "not-in-list"           // params: list
	UnknownMember       Code = "unknown-member"        // params: members, and didYouMean where one is near
	DuplicateMember     Code = "duplicate-member"      // the place is the second one's
	WrongType           Code = "wrong-type"            // params: expected
	BadDate             Code = "bad-date"              // not YYYY-MM-DD, or no such day
	BadDateTime         Code = "bad-date-time"         // not RFC 3339 with a zone, or no such instant
	BadNumber           Code = "bad-number"            // a fraction, an exponent, or no decimal
	EmptyObject         Code = "empty-object"          // an object without members
	NullInArray         Code = "null-in-array"         // arrays hold values only
	CharacterNotAllowed Code = "character-not-allowed" // params: character; XML 1.0 cannot carry it
	InvalidUnicode      Code = "invalid-unicode"       // invalid UTF-8, or half a surrogate pair
	NotAllowedHere      Code = "not-allowed-here"      // another member's value forbids this one; params: because
	BeforeOther         Code = "before-other"          // a date before the one that it may not precede; params: other
	BadFormat           Code = "bad-format"            // the text lacks the documented form
)

// MaxViolations bounds a report: a hostile body of the usual limit of 256 KiB could hold tens of thousands.
const MaxViolations = 500

// Report collects the violations of one request.
type Report struct {
	Violations []Violation
	// Truncated tells that there were more than MaxViolations.
	Truncated bool
}

// Add records a violation, unless the same place has one already: a member of the wrong type is not also missing.
func (r *Report) Add(v Violation) {
	if r.Blames(v.Pointer) {
		return
	}
	r.Append(v)
}

// Append records a violation beside others of the same place.
func (r *Report) Append(v Violation) {
	if len(r.Violations) == MaxViolations {
		r.Truncated = true
		return
	}
	r.Violations = append(r.Violations, v)
}

// Blames tells whether the place, or an object or array that it stands in, has a violation that leaves nothing to check there.
// An object that is empty or has a stray member can still lack required ones.
func (r *Report) Blames(pointer string) bool {
	for _, v := range r.Violations {
		if v.Pointer == pointer && v.Code != EmptyObject {
			return true
		}
		if (v.Code == WrongType || v.Code == NullInArray) && (v.Pointer == "" || strings.HasPrefix(pointer, v.Pointer+"/")) {
			return true
		}
	}
	return false
}

// Drop forgets the violations at and below a place.
func (r *Report) Drop(pointer string, also func(Violation) bool) {
	kept := r.Violations[:0]
	for _, v := range r.Violations {
		if !isWithin(v.Pointer, pointer) || !also(v) {
			kept = append(kept, v)
		}
	}
	r.Violations = kept
}

// Member is a text member of an object: nil when it is absent.
type Member struct {
	Name  string
	Value *string
}

// RequireOneOf reports the first member when none of them has a text. A member that is there but cannot be read, and so is blamed
// already, counts as present: whether it would have sufficed cannot be known.
func (r *Report) RequireOneOf(object string, members ...Member) {
	names := make([]string, len(members))
	for i, m := range members {
		if m.Value != nil && !Blank(*m.Value) || r.Blames(object+"/"+m.Name) {
			return
		}
		names[i] = m.Name
	}
	r.Add(Violation{
		Pointer: object + "/" + members[0].Name, Code: Required,
		Detail: "At least one of " + strings.Join(names, ", ") + " is required.",
		Params: map[string]any{"oneOf": names},
	})
}

// Within tells whether a place, or anything below it, has a violation.
func (r *Report) Within(pointer string) bool {
	return slices.ContainsFunc(r.Violations, func(v Violation) bool { return isWithin(v.Pointer, pointer) })
}

func isWithin(place, pointer string) bool {
	return place == pointer || strings.HasPrefix(place, pointer+"/")
}

// Holds tells whether a place has a violation of some kind.
func (r *Report) Holds(pointer string, kind func(Violation) bool) bool {
	for _, v := range r.Violations {
		if v.Pointer == pointer && kind(v) {
			return true
		}
	}
	return false
}
