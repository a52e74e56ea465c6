package openapi_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// An instance is JSON in the making, with everything that its text can be and a parsed value cannot: duplicate members, spellings of numbers,
// escapes, halves of surrogate pairs. It is an *object, an *array, or a token.
type (
	object struct{ members []member }
	member struct {
		name  string
		value any
	}
	array struct{ items []any }
	token string // the text of a scalar
)

const null token = "null"

// write returns the text of an instance.
func write(v any) []byte {
	var b strings.Builder
	writeTo(&b, v)
	return []byte(b.String())
}

func writeTo(b *strings.Builder, v any) {
	switch v := v.(type) {
	case *object:
		b.WriteByte('{')
		for i, m := range v.members {
			comma(b, i)
			b.WriteString(string(quote(m.name)))
			b.WriteByte(':')
			writeTo(b, m.value)
		}
		b.WriteByte('}')
	case *array:
		b.WriteByte('[')
		for i, item := range v.items {
			comma(b, i)
			writeTo(b, item)
		}
		b.WriteByte(']')
	case token:
		b.WriteString(string(v))
	}
}

func comma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

// quote makes the token of a text.
func quote(s string) token {
	quoted, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		panic(err) // a mutation that breaks the encoding works on tokens
	}
	return token(quoted)
}

// unquote returns the text of a token, if it is one of a text.
func unquote(v any) (s string, ok bool) {
	t, ok := v.(token)
	switch {
	case !ok || t[0] != '"':
		return "", false
	case strings.IndexByte(string(t), '\\') < 0:
		return strings.ToValidUTF8(string(t[1:len(t)-1]), "\ufffd"), true
	}
	return s, json.Unmarshal([]byte(t), &s) == nil
}

// parsed returns what a parser would make of an instance without duplicate members and other oddities.
func parsed(v any) any {
	switch v := v.(type) {
	case *object:
		o := make(map[string]any, len(v.members))
		for _, m := range v.members {
			o[m.name] = parsed(m.value)
		}
		return o
	case *array:
		a := make([]any, len(v.items))
		for i, item := range v.items {
			a[i] = parsed(item)
		}
		return a
	case token:
		if s, ok := unquote(v); ok {
			return s
		}
		if isNumber(v) {
			return json.Number(v)
		}
		return map[token]any{"true": true, "false": false}[v]
	}
	return nil
}

// isNumber reports whether a value is a token of a number.
func isNumber(v any) bool {
	t, ok := v.(token)
	return ok && strings.IndexByte("-0123456789", t[0]) >= 0
}

func (o *object) index(name string) int {
	for i, m := range o.members {
		if m.name == name {
			return i
		}
	}
	return -1
}

// get returns a member's value; nil where there is none.
func (o *object) get(name string) any {
	if i := o.index(name); i >= 0 {
		return o.members[i].value
	}
	return nil
}

func (o *object) set(name string, value any) {
	if i := o.index(name); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{name, value})
}

func (o *object) remove(i int) {
	o.members = append(o.members[:i:i], o.members[i+1:]...)
}

// place is a value of an instance with its container.
type place struct {
	object *object
	array  *array
	index  int
}

func (p place) value() any {
	if p.object != nil {
		return p.object.members[p.index].value
	}
	return p.array.items[p.index]
}

func (p place) put(v any) {
	if p.object != nil {
		p.object.members[p.index].value = v
		return
	}
	p.array.items[p.index] = v
}

func (p place) remove() {
	if p.object != nil {
		p.object.remove(p.index)
		return
	}
	p.array.items = append(p.array.items[:p.index:p.index], p.array.items[p.index+1:]...)
}

// placesIn lists the places of an instance, but for its root.
func placesIn(v any) (list []place) {
	switch v := v.(type) {
	case *object:
		for i, m := range v.members {
			list = append(append(list, place{object: v, index: i}), placesIn(m.value)...)
		}
	case *array:
		for i, item := range v.items {
			list = append(append(list, place{array: v, index: i}), placesIn(item)...)
		}
	}
	return list
}

func copyOf(v any) any {
	switch v := v.(type) {
	case *object:
		c := &object{}
		for _, m := range v.members {
			c.members = append(c.members, member{m.name, copyOf(m.value)})
		}
		return c
	case *array:
		c := &array{}
		for _, item := range v.items {
			c.items = append(c.items, copyOf(item))
		}
		return c
	}
	return v
}

// minimal takes parts away from an instance as long as it stays wrong.
func minimal(v any, wrong func(any) bool) any {
	for again := true; again; {
		again = false
		for i := range slices.Backward(placesIn(v)) {
			smaller := copyOf(v)
			places := placesIn(smaller)
			if i >= len(places) {
				continue
			}
			places[i].remove()
			if wrong(smaller) {
				v, again = smaller, true
			}
		}
	}
	return v
}

// pick returns one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// oneIn is true once in n times.
func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }
