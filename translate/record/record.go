// Package record holds messages: the values along a shape. A record is made by reading JSON or by decoding a reply, and everything that
// follows walks it without reflection: rules, fingerprints, envelopes, answers.
package record

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"soapbridge/translate/shape"
)

// Record is one message. Every value is a text: as it was written, or in the canonical form of its kind. What has been read does not
// change; what the proxy fills in goes into a copy.
type Record struct {
	slots []slot
	text  string   // what was read from JSON: the texts of all leaves, one behind the other
	texts []string // what was decoded from XML or filled in
	root  Object
}

// slot is the place of one value. It has no pointers, so that the garbage collector has nothing to look for in the largest part of a
// request.
type slot struct {
	// begin and stop bound a leaf's text in the record's. Where begin is negative it is the complement of the text's index among the others.
	begin, stop int32
	// first is the slot of an object's first member, behind which the others follow, or of an array's first item; next is that of the next
	// item.
	first, next int32
	// at is the byte of the JSON at which the value's name begins, or an item; 0 where there is none. end is the byte behind an object or an
	// array.
	at, end  int32
	state    state
	repeated bool   // of a member, or of the name of an object's subtype: it appears more than once
	subtype  uint16 // of an object: its place among the shape's subtypes, from 1; 0 for the shape itself
}

type state uint8

const (
	absent state = iota
	present
	null       // xsi:nil
	unreadable // given, and a violation
)

// New returns an empty record, with room for a usual reply.
func New(s *shape.Shape) *Record {
	r := &Record{slots: make([]slot, 0, 16), texts: make([]string, 0, 8)}
	r.reset(s)
	return r
}

func (r *Record) reset(s *shape.Shape) {
	r.slots = append(r.slots[:0], slot{state: present})
	r.root = Object{r, s, 0}
	r.open(0, s)
}

// open makes room for the members of an object.
func (r *Record) open(object int32, s *shape.Shape) {
	first := len(r.slots)
	r.slots = slices.Grow(r.slots, len(s.Fields))[:first+len(s.Fields)]
	clear(r.slots[first:])
	r.slots[object].first = int32(first) //nolint:gosec // a body is at most 2 GiB, and each slot takes a byte of it or belongs to an object that does
}

// Copy returns a copy that can be changed. It is good until it is freed.
func (r *Record) Copy() *Record {
	c := blank()
	c.slots, c.texts, c.text = append(c.slots, r.slots...), append(c.texts, r.texts...), r.text
	c.root = Object{c, r.root.shape, 0}
	return c
}

// records are reused, because their slices have grown.
var records = sync.Pool{New: func() any { return &Record{} }}

func blank() *Record { return records.Get().(*Record) } //nolint:forcetypeassert // the pool's own

// mostSlots is the largest room of a record that is kept: a few large requests must not hold memory for good. A request of every member
// takes 300.
const mostSlots = 1 << 10

// Free lets other records reuse the memory. Nothing may use the record any more.
func (r *Record) Free() {
	if cap(r.slots) > mostSlots || cap(r.texts) > mostSlots {
		return
	}
	clear(r.texts)
	*r = Record{slots: r.slots[:0], texts: r.texts[:0]}
	records.Put(r)
}

// Format keeps the texts of a record, some of which are secrets, out of logs: whatever the verb, only the name of the shape is printed.
func (r Record) Format(f fmt.State, _ rune) { //nolint:recvcheck // a record that is not a pointer is not to be printed, either
	name := ""
	if r.root.shape != nil {
		name = r.root.shape.Name
	}
	_, _ = fmt.Fprintf(f, "record(%s)", name)
}

// Root returns the message's outermost object.
func (r *Record) Root() Object { return r.root }

// Object is an object in a record.
type Object struct {
	record *Record
	shape  *shape.Shape
	slot   int32
}

// Shape returns what the object may have; a subtype's where it is one.
func (o Object) Shape() *shape.Shape { return o.shape }

// Format prints no text, as that of a Record does.
func (o Object) Format(f fmt.State, verb rune) { Record{root: o}.Format(f, verb) }

// Value returns the value of the shape's field of an index.
func (o Object) Value(field int) Value {
	return Value{o.record, &o.shape.Fields[field], o.record.slots[o.slot].first + int32(field)} //nolint:gosec // at most MaxFields
}

// Find returns the value at the end of a path. It is absent where an object on the way is.
func (o Object) Find(path shape.Path) Value {
	for _, i := range path[:len(path)-1] {
		v := o.Value(i)
		if !v.Present() {
			return Value{}
		}
		o = v.Object()
	}
	return o.Value(path[len(path)-1])
}

// Each returns the values at the ends of a path of shape.FindEach, in every item of the arrays on it. Members that an object lacks are among them.
func (o Object) Each(path shape.Path) (list []Value) {
	v := o.Value(path[0])
	items := []Value{v}
	if v.field.Repeated {
		items = items[:0]
		for _, item := range v.Items() {
			items = append(items, item)
		}
	}
	if len(path) == 1 {
		return items
	}
	for _, item := range items {
		if item.Present() {
			list = append(list, item.Object().Each(path[1:])...)
		}
	}
	return list
}

// Value is a place in a record: of a member, or of an array's item. The zero Value is absent.
type Value struct {
	record *Record
	field  *shape.Field
	slot   int32
}

func (v Value) get() *slot {
	if v.record == nil {
		return &slot{}
	}
	return &v.record.slots[v.slot]
}

// Format prints no text, as that of a Record does.
func (v Value) Format(f fmt.State, verb rune) { Record{}.Format(f, verb) }

// Field returns what the value is declared as; nil for the zero Value.
func (v Value) Field() *shape.Field { return v.field }

// Present reports whether there is a readable value that is not nil. An array without items is absent.
func (v Value) Present() bool { return v.get().state == present }

// Nil reports whether the value is nil as XML Schema has it: neither absent nor empty.
func (v Value) Nil() bool { return v.get().state == null }

// Unreadable reports whether a value was given that is a violation by its type or its characters: nothing more can be said of it.
func (v Value) Unreadable() bool { return v.get().state == unreadable }

// Text returns the text of a leaf; empty where it is absent.
func (v Value) Text() string {
	s := v.get()
	if s.begin < 0 {
		return v.record.texts[^s.begin]
	}
	if v.record == nil {
		return ""
	}
	return v.record.text[s.begin:s.stop]
}

// Object returns an object's members. The value must be present.
func (v Value) Object() Object {
	s := v.field.Object
	if n := v.get().subtype; n > 0 {
		s = s.Subtypes[n-1]
	}
	return Object{v.record, s, v.slot}
}

// Subtype returns which of the shape's subtypes an object is; negative for the shape itself.
func (v Value) Subtype() int { return int(v.get().subtype) - 1 }

// Items returns the items of an array, in order.
func (v Value) Items() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if !v.Present() {
			return
		}
		item := v.get().first
		for n := 0; item != 0; n++ {
			if !yield(n, Value{v.record, v.field, item}) {
				return
			}
			item = v.record.slots[item].next
		}
	}
}

// The methods below make a record. They must be called before it is shared, or on a copy.

// Set makes a leaf present.
func (v Value) Set(text string) {
	if !v.Present() || v.Text() != text {
		v.record.set(v.slot, text)
	}
}

func (r *Record) set(at int32, text string) {
	s := &r.slots[at]
	s.begin, s.state = ^int32(len(r.texts)), present //nolint:gosec // see open
	r.texts = append(r.texts, text)
}

// SetNil makes a value nil.
func (v Value) SetNil() { v.get().state = null }

// Meet notes that a member has been met, whether it becomes present or not, and reports whether it was met before.
func (v Value) Meet() (again bool) {
	s := v.get()
	again, s.at = s.at != 0, 1
	return again
}

// Met reports whether Meet has been called.
func (v Value) Met() bool { return v.get().at != 0 }

// Last returns the last item of an array that is being made.
func (v Value) Last() (item Value, there bool) {
	return Value{v.record, v.field, v.get().end}, v.Present()
}

// Open makes an object present, without members, of the shape or one of its subtypes.
func (v Value) Open(s *shape.Shape) Object {
	at := v.get()
	at.state = present
	for i, subtype := range v.field.Object.Subtypes {
		if subtype == s && (len(v.field.Object.Subtypes) > 1 || s != v.field.Object) {
			at.subtype = uint16(i + 1)
		}
	}
	v.record.open(v.slot, s)
	return Object{v.record, s, v.slot}
}

// Add appends an item to an array, for Set, SetNil or Open.
func (v Value) Add() Value {
	item := int32(len(v.record.slots)) //nolint:gosec // see open
	v.record.slots = append(v.record.slots, slot{})
	array := v.get()
	if array.state != present {
		array.state, array.first = present, item
	} else {
		v.record.slots[array.end].next = item
	}
	array.end = item // of an array that is being made, its last item
	return Value{v.record, v.field, item}
}

// SetText makes the leaf at the end of a path present, and the objects on the way.
func (r *Record) SetText(path shape.Path, text string) {
	o := r.root
	for _, i := range path[:len(path)-1] {
		if v := o.Value(i); v.Present() {
			o = v.Object()
		} else {
			o = v.Open(v.field.Object)
		}
	}
	r.set(o.Value(path[len(path)-1]).slot, text)
}

// Remove makes the value at the end of a path absent.
func (r *Record) Remove(path shape.Path) {
	if v := r.root.Find(path); v.record != nil {
		v.get().state = absent
	}
}
