package translate

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/soap"
	"soapbridge/translate/validation"
)

// inDocumentOrder sorts violations by where they stand in the body: a member where it begins, a missing one where the object ends
// that lacks it. The missing ones of one object come in the order in which the shape declares them, and those of one place keep
// their order. Only refused requests pay for it.
func inDocumentOrder(body []byte, shape *soap.Shape, violations []Violation) {
	places := locate(body)
	slices.SortStableFunc(violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(places.of(a), places.of(b)),
			slices.Compare(declared(shape, a.Pointer), declared(shape, b.Pointer)))
	})
}

// declared gives, for each member on the way to a place, its position in the object that declares it.
func declared(shape *soap.Shape, pointer string) (positions []int) {
	for name := range strings.SplitSeq(pointer, "/") {
		i, known := shape.FieldByMember([]byte(name))
		if !known {
			continue // the root, an item of an array, or a stray member: the places have told those apart
		}
		positions = append(positions, i)
		if shape.Fields[i].Object != nil {
			shape = shape.Fields[i].Object
		}
	}
	return positions
}

// places holds byte offsets of a document by JSON Pointer.
type places struct {
	start map[string]int64 // of each value; of duplicate members, the first one
	again map[string]int64 // of the second one of duplicate members
	end   map[string]int64 // of objects and arrays
}

func (p places) of(v Violation) int64 {
	pointer := v.Pointer
	if at, ok := p.again[pointer]; ok && v.Code == validation.DuplicateMember {
		return at
	}
	if at, ok := p.start[pointer]; ok {
		return at
	}
	for pointer != "" {
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
		if at, ok := p.end[pointer]; ok {
			return at
		}
	}
	return 0
}

// locate walks a document that has been read before.
func locate(body []byte) places {
	p := places{start: map[string]int64{}, again: map[string]int64{}, end: map[string]int64{}}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return p
		}
		pointer, at := string(dec.StackPointer()), dec.InputOffset()
		parent, tokens := dec.StackIndex(dec.StackDepth())
		isName := parent == jsontext.KindBeginObject && tokens%2 == 1
		_, known := p.start[pointer]
		switch kind := token.Kind(); {
		case kind == jsontext.KindEndObject || kind == jsontext.KindEndArray:
			note(p.end, pointer, at)
		case isName && known:
			note(p.again, pointer, at)
		default:
			note(p.start, pointer, at)
		}
	}
}

// note keeps the first place of a pointer.
func note(places map[string]int64, pointer string, at int64) {
	if _, again := places[pointer]; !again {
		places[pointer] = at
	}
}
