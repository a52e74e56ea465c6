// Package openapi reads the OpenAPI document as a client would, and judges by it: request bodies, and whole exchanges of HTTP.
package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Path is the path of the document, from the folder of a test.
const Path = "../../openapi/openapi.json"

// Object is a JSON object of the document.
type Object = map[string]any

// Document is an OpenAPI 3.1 document. It is safe for concurrent use.
type Document struct {
	// Root is the document itself; its numbers are json.Number.
	Root Object

	open, closed schemas
}

// Load reads the committed document.
func Load() (*Document, error) {
	text, err := os.ReadFile(Path)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// Parse reads a document.
func Parse(text []byte) (*Document, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	closed, err := parse(text)
	if err != nil {
		return nil, err
	}
	closeAll(closed)
	d := &Document{Root: root}
	return d, errors.Join(d.open.init(root), d.closed.init(closed))
}

func parse(text []byte) (Object, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	root, ok := v.(Object)
	if !ok {
		return nil, fmt.Errorf("the document is a %T", v)
	}
	return root, nil
}

// closeAll refuses, in every named schema that lists its properties, what it does not list, and other codes and formats than those that are listed. The
// document leaves answers open, because clients must accept new members and values; but what the proxy answers today must be in it. The codes of
// violations stay open: vendors have more than the document lists.
func closeAll(root Object) {
	for _, path := range [][]string{{"Problem", "properties", "code"}, {"Violation", "properties", "params", "properties", "expected"}} {
		if s := Inside(root, append([]string{"components", "schemas"}, path...)...); s != nil {
			s["enum"] = s["x-extensible-enum"]
		}
	}
	for _, schema := range Inside(root, "components", "schemas") {
		if s, ok := schema.(Object); ok && s["properties"] != nil && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
	}
}

// Inside returns the object at the end of a path of members; nil where there is none.
func Inside(o Object, path ...string) Object {
	for _, name := range path {
		o, _ = o[name].(Object)
	}
	return o
}

// Operations lists the operations of the document by "POST /path".
func (d *Document) Operations() map[string]Object {
	all := map[string]Object{}
	for path, item := range Inside(d.Root, "paths") {
		for method, operation := range item.(Object) {
			if o, ok := operation.(Object); ok {
				all[strings.ToUpper(method)+" "+path] = o
			}
		}
	}
	return all
}

// Resolve follows a reference, where the object is one.
func (d *Document) Resolve(o Object) Object {
	for {
		ref, ok := o["$ref"].(string)
		if !ok {
			return o
		}
		o, _ = At(d.Root, strings.TrimPrefix(ref, "#")).(Object)
	}
}

// Accepts judges a value by the schema at a JSON Pointer: "/components/schemas/Contact". The error says what is wrong.
func (d *Document) Accepts(pointer string, value any) error { return d.open.accepts(pointer, value) }

// AcceptsAll is Accepts, and refuses members that the document does not list.
func (d *Document) AcceptsAll(pointer string, value any) error {
	return d.closed.accepts(pointer, value)
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer makes a JSON Pointer of members.
func Pointer(members ...string) string {
	var b strings.Builder
	for _, m := range members {
		b.WriteString("/" + pointerEscapes.Replace(m))
	}
	return b.String()
}

// schemas compiles the schemas of a document when they are asked for.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const location = "openapi.json"

func (s *schemas) init(root Object) error {
	s.compiled = map[string]*jsonschema.Schema{}
	s.compiler = jsonschema.NewCompiler()
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	s.compiler.UseRegexpEngine(compilePattern)
	s.compiler.AssertFormat()
	for name, bits := range map[string]int{"int32": 32, "int64": 64} {
		s.compiler.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error { return fits(v, bits) }})
	}
	return s.compiler.AddResource(location, root)
}

// fits checks the formats int32 and int64 of the OpenAPI Format Registry.
func fits(v any, bits int) error {
	n, ok := v.(json.Number)
	if !ok || strings.ContainsAny(n.String(), ".eE") {
		return nil // of another type, or an integer in the spelling of a fraction: what type says
	}
	_, err := strconv.ParseInt(n.String(), 10, bits)
	return err
}

func (s *schemas) accepts(pointer string, value any) error {
	compiled, err := s.at(pointer)
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

func (s *schemas) at(pointer string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if compiled, ok := s.compiled[pointer]; ok {
		return compiled, nil
	}
	compiled, err := s.compiler.Compile(location + "#" + pointer)
	if err != nil {
		return nil, fmt.Errorf("the schema %s: %w", pointer, err)
	}
	s.compiled[pointer] = compiled
	return compiled, nil
}

// RequestSchema returns the JSON Pointer of the schema of an operation's JSON body; empty where there is none.
func (d *Document) RequestSchema(method, path string) string {
	members := []string{"paths", path, strings.ToLower(method), "requestBody", "content", "application/json", "schema"}
	if Inside(d.Root, members...) == nil {
		return ""
	}
	return Pointer(members...)
}
