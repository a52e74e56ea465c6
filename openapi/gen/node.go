package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/shape"
)

// node is an object of a document.
type node map[string]any

// at gives the object at the end of a path of member names, making the ones that are not there.
func (n node) at(path ...string) node {
	for _, name := range path {
		next, ok := n[name].(node)
		if !ok {
			next = node{}
			n[name] = next
		}
		n = next
	}
	return n
}

// parse reads JSON whose root is an object.
func parse(text []byte) (node, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	n, ok := nodes(v).(node)
	if !ok {
		return nil, fmt.Errorf("the root is a %T", v)
	}
	return n, nil
}

// mustParse reads JSON that this program wrote.
func mustParse(text string) node {
	n, err := parse([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("%v: %s", err, text))
	}
	return n
}

// nodes gives every object inside v the type node.
func nodes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		n := make(node, len(v))
		for name, member := range v {
			n[name] = nodes(member)
		}
		return n
	case []any:
		for i := range v {
			v[i] = nodes(v[i])
		}
	}
	return v
}

// clone copies a node and everything inside.
func clone(n node) node {
	c, _ := cloneAny(n).(node)
	return c
}

func cloneAny(v any) any {
	switch v := v.(type) {
	case node:
		c := make(node, len(v))
		for name, member := range v {
			c[name] = cloneAny(member)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = cloneAny(v[i])
		}
		return c
	}
	return v
}

func ref(path string) node { return node{"$ref": path} }

// list makes a list of a document of any slice.
func list[T any](values []T) []any {
	l := make([]any, len(values))
	for i, v := range values {
		l[i] = v
	}
	return l
}

// order says in which order a reader wants members, where the alphabet does not serve.
type order struct {
	paths      []string
	properties map[string][]string // by the name of the schema
}

// first are the members that come first wherever they stand.
var first = []string{
	"openapi", "swagger", "info", "title", "version", "servers", "url", "security", "tags", "basePath", "paths",
	"operationId", "name", "in", "required", "summary", "description", "consumes", "produces", "parameters", "requestBody", "responses",
	"$ref", "type", "format", "headers", "content", "schema", "get", "post",
	"properties", "minProperties", "additionalProperties", "if", "then", "else",
}

// orderOf takes the order of paths from the operations and the order of properties from the wire.
func orderOf(ops []translate.Operation) order {
	o := order{properties: map[string][]string{}}
	for _, op := range ops {
		o.paths = append(o.paths, op.Path)
		o.shape(op.RequestShape.Name, op.RequestShape)
		o.shape(answerName(op), op.ResponseShape)
	}
	return o
}

func (o *order) shape(name string, s *shape.Shape) {
	if _, done := o.properties[name]; done {
		return
	}
	o.properties[name] = []string{"operationId"}
	for _, f := range s.Fields {
		o.properties[name] = append(o.properties[name], f.Name)
		if f.Object != nil {
			o.shape(f.Object.Name, f.Object)
		}
	}
}

// encode writes a document, indented. Members stand in the order of first, then in the alphabet's; examples as they were written.
func encode(n node, o order) []byte {
	var b bytes.Buffer
	o.write(&b, n, nil)
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		panic(err) // what stands above writes JSON
	}
	return out.Bytes()
}

func (o order) write(b *bytes.Buffer, v any, path []string) {
	switch v := v.(type) {
	case node:
		b.WriteByte('{')
		for i, name := range o.sorted(v, path) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(scalar(name))
			b.WriteByte(':')
			o.write(b, v[name], append(path, name))
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			o.write(b, v[i], append(path, "0"))
		}
		b.WriteByte(']')
	default:
		b.Write(scalar(v))
	}
}

func scalar(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // a document holds nothing that JSON cannot
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// sorted gives the names of an object's members.
func (o order) sorted(n node, path []string) []string {
	names := slices.Sorted(maps.Keys(n))
	prefer := first
	if o.isNamed(path) { // the names are not the document's own: a property called title is not a title
		prefer = []string{"minimal"} // of the examples the one to begin with
	}
	switch depth := len(path); {
	case depth == 1 && path[0] == "paths":
		prefer = o.paths
	case depth > 1 && path[depth-1] == "properties":
		prefer = o.properties[path[depth-2]]
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(prefer, a), rank(prefer, b)) })
	return names
}

// isNamed tells whether the members of the object at a path have names of somebody's choice, in no order.
func (o order) isNamed(path []string) bool {
	if len(path) == 0 {
		return false
	}
	return slices.Contains([]string{"schemas", "definitions", "examples", "responses", "securitySchemes", "securityDefinitions"}, path[len(path)-1])
}

func rank(list []string, name string) int {
	if i := slices.Index(list, name); i >= 0 {
		return i
	}
	return len(list)
}

// sentence joins the lines of a description.
func sentence(s string) string { return strings.Join(strings.Fields(s), " ") }
