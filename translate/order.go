package translate

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/soap"
)

// inDocumentOrder sorts violations by where they stand in the body: a member where it begins, a missing one where the object ends
// that lacks it. The missing ones of one object come in the order in which the shape declares them, and those of one place keep
// their order. Only refused requests pay for it.
func inDocumentOrder(body []byte, shape *soap.Shape, violations []Violation) {
	places := locate(body)
	slices.SortStableFunc(violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(places.of(a.Pointer), places.of(b.Pointer)),
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

// places holds the byte offsets of every value of a document by its JSON Pointer.
type places struct {
	start, end map[string]int64
}

func (p places) of(pointer string) int64 {
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

// locate walks a document that has been read before. Of duplicate members the first one counts.
func locate(body []byte) places {
	p := places{start: map[string]int64{}, end: map[string]int64{}}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return p
		}
		places := p.start
		if kind := token.Kind(); kind == '}' || kind == ']' {
			places = p.end
		}
		pointer := string(dec.StackPointer())
		if _, again := places[pointer]; !again {
			places[pointer] = dec.InputOffset()
		}
	}
}
