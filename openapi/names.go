package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"soapbridge/translate/shape"
)

// components are the names of the schemas of all shapes, of which no two are the same.
type components struct {
	names map[componentKey]string
	taken map[string]bool
	// results are the names of the schemas of successes, by the ids of operations.
	results map[string]string
	// rules are those between the members of a request's object that hold in every operation.
	rules map[componentKey][]map[string]any
}

// componentKey is a shape in one direction. Those of built-in systems are known by their names: each operation has its own copy.
type componentKey struct {
	imported *shape.Shape
	builtIn  string
	reply    bool
	// union is of the shapes that may be in the place of this one.
	union bool
}

func keyOf(op *Operation, s *shape.Shape, reply bool) componentKey {
	if op.isImported() {
		return componentKey{imported: s, reply: reply}
	}
	return componentKey{builtIn: s.Name, reply: reply}
}

func keyOfUnion(op *Operation, base *shape.Shape, reply bool) componentKey {
	key := keyOf(op, base, reply)
	key.union = true
	return key
}

// newComponents names all schemas: first those of built-in systems, then what is reserved for other schemas, and those of requests before those of
// replies.
func newComponents(operations []Operation, reserved object) *components {
	c := &components{map[componentKey]string{}, map[string]bool{}, map[string]string{}, map[componentKey][]map[string]any{}}
	for _, imported := range []bool{false, true} {
		for _, add := range []func(*Operation){c.request, c.reply} {
			for i := range operations {
				if op := &operations[i]; op.isImported() == imported {
					add(op)
				}
			}
		}
		for _, m := range reserved {
			c.taken[m.name] = true
		}
	}
	return c
}

func (c *components) request(op *Operation) {
	for _, s := range reachable(op.Request) {
		key := keyOf(op, s, false)
		if _, known := c.names[key]; known {
			c.rules[key] = inBoth(c.rules[key], op.Rules.Schemas(s))
			continue
		}
		c.names[key], c.rules[key] = c.unique(op.Prefix+s.Name, ""), op.Rules.Schemas(s)
		c.unions(op, s, false)
	}
}

// inBoth lists the rules that two operations have: a schema that both refer to cannot say others.
func inBoth(a, b []map[string]any) []map[string]any {
	return slices.DeleteFunc(slices.Clone(a), func(x map[string]any) bool {
		return !slices.ContainsFunc(b, func(y map[string]any) bool { return reflect.DeepEqual(x, y) })
	})
}

// reply names the schemas of a reply. Generators of clients call the whole HTTP answer <operationId>Response themselves, as oapi-codegen does: a schema
// of that name would clash with it.
func (c *components) reply(op *Operation) {
	c.results[op.id()] = c.unique(op.Prefix+capitalized(op.Name)+"Result", "")
	for _, s := range reachable(op.Response)[1:] {
		if key := keyOf(op, s, true); c.names[key] == "" {
			c.names[key] = c.unique(op.Prefix+s.Name, "Result")
		}
	}
	for _, s := range reachable(op.Response) {
		c.unions(op, s, true)
	}
}

// unions name the schemas of what may be in the places of bases. With thousands of subtypes a list of them at each member would make the document too
// long to be read.
func (c *components) unions(op *Operation, s *shape.Shape, reply bool) {
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Hidden || f.Object == nil || isAlone(f.Object) {
			continue
		}
		if key := keyOfUnion(op, f.Object, reply); c.names[key] == "" {
			suffix := ""
			if reply {
				suffix = "Result"
			}
			c.names[key] = c.unique(op.Prefix+"Any"+f.Object.Name, suffix)
		}
	}
}

// capitalized returns a name as the names of shapes begin: with a capital.
func capitalized(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// unique returns a name that no other schema has, with a suffix or a number behind it where it must be.
func (c *components) unique(name, suffix string) string {
	name = componentName(name)
	if c.taken[name] {
		name += suffix
	}
	return unique(c.taken, name)
}

// unique returns a name that is not taken, with a number behind it where it must be, and takes it.
func unique(taken map[string]bool, name string) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = name + strconv.Itoa(n)
	}
	taken[free] = true
	return free
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// componentName returns a name with the characters that a component's may have (OpenAPI 3.1, section 4.8.7.1). One that has others loses them, and
// has a part of its digest behind it: names in another script stay different, whatever else a document has.
func componentName(name string) string {
	plain := notInNames.ReplaceAllString(name, "_")
	if plain == name {
		return name
	}
	digest := sha256.Sum256([]byte(name))
	return strings.TrimRight(plain, "_") + "_" + hex.EncodeToString(digest[:4])
}

// reachable lists a shape and all that an object of it may have inside, each once, as far as documents name them.
func reachable(s *shape.Shape) (all []*shape.Shape) {
	seen, expanded := map[*shape.Shape]bool{}, map[*shape.Shape]bool{} // a base may be in thousands of places, with thousands of subtypes
	var add func(*shape.Shape)
	add = func(s *shape.Shape) {
		if seen[s] {
			return
		}
		seen[s] = true
		all = append(all, s)
		for i := range s.Fields {
			if f := &s.Fields[i]; !f.Hidden && f.Object != nil && !expanded[f.Object] {
				expanded[f.Object] = true
				for _, inside := range inPlaceOf(f.Object) {
					add(inside)
				}
			}
		}
	}
	add(s)
	return all
}
