package translate

import (
	"slices"

	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
)

// Sent is a request that has been answered. Those who read the answer ask it where an element of theirs is in the JSON (Present, Text), and what of the
// vendor's texts may be shown: Safe and FreeText for callers, Logged for operators, Code for what should be a code (mask.go, words.go).
type Sent struct {
	// OperationID is the id of the call, which goes upstream where the caller gave none.
	OperationID string

	asked      *record.Record
	configured []needle         // of the configured secrets
	passing    [2]secret.Secret // those of this call, beside those in the request: the caller's own token, and the password's digest

	done   map[string]string // see once
	looked int
}

// leaf is one value of a request.
type leaf struct{ pointer, element, text string }

// leaves lists the values of a request that are there.
func (s *Sent) leaves() (list []leaf) {
	s.asked.LeavesAt(func(pointer []byte, v record.Value) bool {
		list = append(list, leaf{string(pointer), v.Field().Wire.Local, v.Text()})
		return true
	})
	return list
}

// Present returns the JSON Pointers of the values that were sent in an element whose local name matches.
func (s *Sent) Present(matches func(element string) bool) (pointers []string) {
	for _, l := range s.leaves() {
		if matches(l.element) {
			pointers = append(pointers, l.pointer)
		}
	}
	return pointers
}

// Text returns the value that was sent at a JSON Pointer; empty where the caller gave none.
func (s *Sent) Text(pointer string) string {
	leaves := s.leaves()
	if i := slices.IndexFunc(leaves, func(l leaf) bool { return l.pointer == pointer }); i >= 0 {
		return leaves[i].text
	}
	return ""
}

// Declared returns the JSON Pointers of all values that the operation has for an element of a local name that matches, whether they
// were sent or not. Those inside arrays are left out: which item is meant is not known.
func (s *Sent) Declared(matches func(element string) bool) []string {
	return appendDeclared(nil, "", s.asked.Root().Shape(), matches, map[*shape.Shape]bool{})
}

func appendDeclared(list []string, pointer string, of *shape.Shape, matches func(string) bool, inside map[*shape.Shape]bool) []string {
	if inside[of] {
		return list // a shape that holds itself has no end
	}
	inside[of] = true
	defer delete(inside, of)
	for i := range of.Fields {
		field := &of.Fields[i]
		at := pointer + "/" + field.Name
		switch {
		case field.Repeated:
		case field.Object != nil:
			list = appendDeclared(list, at, field.Object, matches, inside)
		case matches(field.Wire.Local):
			list = append(list, at)
		}
	}
	return list
}
