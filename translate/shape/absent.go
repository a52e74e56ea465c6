package shape

import (
	"fmt"
	"slices"
)

// ChecksAbsent reports whether an absent value of the field is checked as an object without members: see Required.
func (f *Field) ChecksAbsent() bool {
	return f.Required && f.Object != nil && !f.Repeated && !f.Nillable && !f.Object.Abstract
}

// Writes reports whether an object of the shape that nobody sends has something to be written: a fixed value.
func (s *Shape) Writes() bool { return s.writes(map[*Shape]bool{}) }

func (s *Shape) writes(done map[*Shape]bool) bool {
	if done[s] {
		return false
	}
	done[s] = true
	return slices.ContainsFunc(s.Fields, func(f Field) bool {
		return f.Required && f.Fixed != nil || f.ChecksAbsent() && f.Object.writes(done)
	})
}

// MaxAbsent bounds the objects that are checked and written where one is absent: see Field.Required. Shapes that require each other twice would
// have a power of two of them.
const MaxAbsent = 10_000

// absent counts the objects that are checked where one of the shape is absent, itself among them. For a shape that requires itself it is over the limit.
func (s *Shape) absent(counts map[*Shape]int) int {
	if n, known := counts[s]; known {
		return n
	}
	counts[s] = MaxAbsent + 1 // inside itself
	n := 1
	for i := range s.Fields {
		if f := &s.Fields[i]; f.ChecksAbsent() {
			n = min(n+f.Object.absent(counts), MaxAbsent+1)
		}
	}
	counts[s] = n
	return n
}

// tooMany says why a shape is over the limit; nil where it is for what is inside.
func (s *Shape) tooMany(counts map[*Shape]int) error {
	if s.requires(s, map[*Shape]bool{}) {
		return fmt.Errorf("shape: %s: requires itself, which no message can satisfy", s.Name)
	}
	if slices.ContainsFunc(s.Fields, func(f Field) bool { return f.ChecksAbsent() && counts[f.Object] > MaxAbsent }) {
		return nil
	}
	return fmt.Errorf("shape: %s: requires more than %d objects", s.Name, MaxAbsent)
}

// requires reports whether an object of the shape must contain another one.
func (s *Shape) requires(other *Shape, done map[*Shape]bool) bool {
	if done[s] {
		return false
	}
	done[s] = true
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.ChecksAbsent() && (f.Object == other || f.Object.requires(other, done)) })
}
