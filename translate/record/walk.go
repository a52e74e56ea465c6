package record

import (
	"encoding/binary"
	"strconv"

	"soapbridge/translate/shape"
)

// Leaves calls a function for every leaf that is present or nil, in the order of the shape. It ends when the function returns false, and
// reports whether it came to the end.
func (r *Record) Leaves(visit func(v Value) bool) bool {
	return leaves(r.root, nil, everyField, func(_ []byte, v Value) bool { return visit(v) })
}

// Secrets calls a function for every secret that is present or nil, as Leaves does.
func (r *Record) Secrets(visit func(v Value)) {
	leaves(r.root, nil, (*shape.Field).HoldsSecret, func(_ []byte, v Value) bool {
		visit(v)
		return true
	})
}

// LeavesAt is Leaves with the JSON Pointers. Their bytes are good until the function returns.
func (r *Record) LeavesAt(visit func(pointer []byte, v Value) bool) bool {
	return leaves(r.root, make([]byte, 0, 256), everyField, visit)
}

func everyField(*shape.Field) bool { return true }

// leaves goes without pointers if the one of the object is nil, and only into the fields that are wanted.
func leaves(o Object, pointer []byte, wanted func(*shape.Field) bool, visit func([]byte, Value) bool) bool {
	for i := range o.shape.Fields {
		v := o.Value(i)
		if !v.Present() && !v.Nil() || !wanted(v.field) {
			continue
		}
		at := pointer
		if at != nil {
			at = append(append(at, '/'), v.field.Name...)
		}
		if !v.field.Repeated {
			if !leaf(v, at, wanted, visit) {
				return false
			}
			continue
		}
		for n, item := range v.Items() {
			itemAt := at
			if at != nil {
				itemAt = strconv.AppendInt(append(at, '/'), int64(n), 10)
			}
			if !leaf(item, itemAt, wanted, visit) {
				return false
			}
		}
	}
	return true
}

func leaf(v Value, pointer []byte, wanted func(*shape.Field) bool, visit func([]byte, Value) bool) bool {
	if v.field.Kind == shape.Object && v.Present() {
		return leaves(v.Object(), pointer, wanted, visit)
	}
	return visit(pointer, v)
}

// AppendCanonical appends what was asked: two records append the same bytes exactly when they hold the same, whatever the white space, the
// order of members and the escapes of their JSON. A member that is absent adds nothing: so a release that adds an optional one changes no
// bytes.
func (r *Record) AppendCanonical(b []byte) []byte {
	var room [256]byte
	return appendCanonical(b, r.root, room[:0])
}

func appendCanonical(b []byte, o Object, pointer []byte) []byte {
	first := o.record.slots[o.slot].first
	for i := range o.shape.Fields {
		s := &o.record.slots[int(first)+i]
		if s.state == absent {
			continue
		}
		f := &o.shape.Fields[i]
		at := append(append(pointer, '/'), f.Name...)
		if !f.Repeated {
			b = appendValue(b, Value{o.record, f, first + int32(i)}, at)
			continue
		}
		for n, item := range (Value{o.record, f, first + int32(i)}).Items() {
			b = appendValue(b, item, strconv.AppendInt(append(at, '/'), int64(n), 10))
		}
	}
	return b
}

func appendValue(b []byte, v Value, pointer []byte) []byte {
	s := v.get()
	switch {
	case s.state == null:
		return appendField(b, append(pointer, '\x00'), "") // no pointer ends so
	case v.field.Kind != shape.Object:
		return appendField(b, pointer, v.Text())
	case s.subtype > 0:
		b = appendField(b, append(pointer, "/\x00"...), v.Object().shape.Word)
	}
	return appendCanonical(b, v.Object(), pointer)
}

func appendField(b, pointer []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(pointer)))
	b = append(b, pointer...)
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}
