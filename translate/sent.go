package translate

import (
	"reflect"
	"slices"
	"strconv"

	"soapbridge/translate/soap"
)

// Sent is a request that has been answered, for those who read the answer: where its elements stand in the JSON, and what must not
// come back out of it.
type Sent struct {
	// OperationID is the id of the call, which goes upstream where the caller gave none.
	OperationID string

	shape      *soap.Shape
	value      reflect.Value
	configured []needle    // of the configured secrets
	caller     soap.Secret // the caller's own, beside those in the request

	secretNeedles, valueNeedles []needle // see secrets and values

	done   map[string]string // see once
	looked int
}

// leaf is one value of a request.
type leaf struct {
	pointer, element, text string
	secret                 bool
	boolean                bool // its text is one of two words that mean nothing by themselves
}

// leaves lists the values of a request that are there.
func (s *Sent) leaves() []leaf { return appendLeaves(nil, "", s.shape, s.value) }

func appendLeaves(list []leaf, pointer string, shape *soap.Shape, object reflect.Value) []leaf {
	for i := range shape.Fields {
		field := &shape.Fields[i]
		place := field.Value(object)
		switch {
		case field.Repeated:
			for n := range place.Len() {
				list = appendLeaf(list, pointer+"/"+field.Member+"/"+strconv.Itoa(n), field, place.Index(n))
			}
		case !field.Optional:
			// An empty one is harmless: it masks nothing and no reply names it.
			list = appendLeaf(list, pointer+"/"+field.Member, field, place)
		case !place.IsNil():
			list = appendLeaf(list, pointer+"/"+field.Member, field, place.Elem())
		}
	}
	return list
}

func appendLeaf(list []leaf, pointer string, field *soap.Field, place reflect.Value) []leaf {
	l := leaf{pointer: pointer, element: field.Element, secret: field.Secret}
	switch field.Kind {
	case soap.Object:
		return appendLeaves(list, pointer, field.Object, place)
	case soap.String:
		l.text = place.String()
	case soap.Integer:
		l.text = strconv.FormatInt(place.Int(), 10)
	case soap.Boolean:
		l.text, l.boolean = strconv.FormatBool(place.Bool()), true
	}
	return append(list, l)
}

// appendSecrets lists the secrets of a request: appendLeaves without the pointers, which every success would pay for.
func appendSecrets(list []string, shape *soap.Shape, object reflect.Value) []string {
	for i := range shape.Fields {
		field := &shape.Fields[i]
		if !field.Secret && field.Kind != soap.Object {
			continue
		}
		places := []reflect.Value{field.Value(object)}
		switch place := places[0]; {
		case field.Repeated:
			places = places[:0]
			for n := range place.Len() {
				places = append(places, place.Index(n))
			}
		case field.Optional:
			places[0] = place.Elem() // not valid where it is nil
		}
		for _, place := range places {
			switch {
			case !place.IsValid():
			case field.Secret:
				list = append(list, place.String())
			default:
				list = appendSecrets(list, field.Object, place)
			}
		}
	}
	return list
}

// Present gives the JSON Pointers of the values that were sent in an element whose local name matches.
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

// Declared gives the JSON Pointers of all values that the operation has for an element of a local name that matches, whether they
// were sent or not. Those inside arrays are left out: which item is meant cannot be told.
func (s *Sent) Declared(matches func(element string) bool) []string {
	return appendDeclared(nil, "", s.shape, matches, map[*soap.Shape]bool{})
}

func appendDeclared(list []string, pointer string, shape *soap.Shape, matches func(string) bool, inside map[*soap.Shape]bool) []string {
	if inside[shape] {
		return list // a shape that holds itself has no end
	}
	inside[shape] = true
	defer delete(inside, shape)
	for i := range shape.Fields {
		field := &shape.Fields[i]
		at := pointer + "/" + field.Member
		switch {
		case field.Repeated:
		case field.Object != nil:
			list = appendDeclared(list, at, field.Object, matches, inside)
		case matches(field.Element):
			list = append(list, at)
		}
	}
	return list
}
