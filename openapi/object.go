package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object of a document. Its members keep their order: people read it.
type object []member

type member struct {
	name  string
	value any // an object, a list, a scalar, or JSON as it is
}

type list = []any

// get returns the value of a member; nil where there is none.
func (o object) get(name string) any {
	if i := o.index(name); i >= 0 {
		return o[i].value
	}
	return nil
}

// in returns the object of a member; nil where there is none.
func (o object) in(name string) object {
	inner, _ := o.get(name).(object)
	return inner
}

// asObject is a value that is an object, because this package or openapi/gen has made it so.
func asObject(v any) object {
	o, ok := v.(object)
	if !ok {
		panic(fmt.Sprintf("openapi: a %T where an object belongs", v))
	}
	return o
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// set replaces a member, or adds it at the end.
func (o *object) set(name string, value any) {
	if i := o.index(name); i >= 0 {
		(*o)[i].value = value
		return
	}
	*o = append(*o, member{name, value})
}

// edit changes the object at the end of a path of names, making those that are not there.
func (o *object) edit(change func(*object), path ...string) {
	if len(path) == 0 {
		change(o)
		return
	}
	inner := o.in(path[0])
	inner.edit(change, path[1:]...)
	o.set(path[0], inner)
}

// without returns a copy that lacks some members.
func (o object) without(names ...string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return slices.Contains(names, m.name) })
}

// MarshalJSONTo writes the members in their order.
func (o object) MarshalJSONTo(to *jsontext.Encoder) error {
	if err := to.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, m := range o {
		if err := to.WriteToken(jsontext.String(m.name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(to, m.value, json.Deterministic(true)); err != nil {
			return err
		}
	}
	return to.WriteToken(jsontext.EndObject)
}

// UnmarshalJSONFrom reads the members in their order. Objects inside become objects, too.
func (o *object) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if _, err := from.ReadToken(); err != nil {
		return err
	}
	for from.PeekKind() != '}' {
		name, err := from.ReadToken()
		if err != nil {
			return err
		}
		m := member{name: name.String()}
		if err := json.UnmarshalDecode(from, &m.value, json.WithUnmarshalers(objectsInside)); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	_, err := from.ReadToken()
	return err
}

var objectsInside = json.UnmarshalFromFunc(func(from *jsontext.Decoder, into *any) error {
	if from.PeekKind() != '{' {
		return errors.ErrUnsupported
	}
	var o object
	err := json.UnmarshalDecode(from, &o)
	*into = o
	return err
})

// text writes a document, indented.
func (o object) text() ([]byte, error) {
	var b bytes.Buffer
	err := json.MarshalWrite(&b, o, jsontext.WithIndent("  "), json.Deterministic(true))
	b.WriteByte('\n')
	return b.Bytes(), err
}

// rewrite applies a change to every object of a value, the inner ones first.
func rewrite(v any, change func(object) any) any {
	switch v := v.(type) {
	case object:
		changed := make(object, len(v))
		for i, m := range v {
			changed[i] = member{m.name, rewrite(m.value, change)}
		}
		return change(changed)
	case list:
		changed := make(list, len(v))
		for i := range v {
			changed[i] = rewrite(v[i], change)
		}
		return changed
	}
	return v
}

func ref(kind, name string) object { return object{{"$ref", "#/components/" + kind + "/" + name}} }

// listOf makes a list of a document of any slice.
func listOf[T any](values []T) list {
	l := make(list, len(values))
	for i, v := range values {
		l[i] = v
	}
	return l
}
