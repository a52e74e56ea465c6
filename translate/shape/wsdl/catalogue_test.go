package wsdl

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

// TestCatalogue reads all built-in schemas: they refer to each other alone, and each file is of one namespace.
func TestCatalogue(t *testing.T) {
	r := newReader(fstest.MapFS{}, DefaultLimits())
	for namespace := range builtIn {
		if !r.loaded[[2]string{"", namespace}] && !r.loadBuiltIn(namespace) {
			t.Errorf("%s: %v", namespace, r.err)
		}
	}
	r.resolve()
	for _, p := range r.definitions.Problems {
		t.Error(p)
	}
	for name, each := range r.types.byName {
		w := &walker{t: t, at: name.Local, seen: map[any]bool{}}
		w.typ(each)
	}
	for name, each := range r.elements.byName {
		w := &walker{t: t, at: name.Local, seen: map[any]bool{}}
		w.element(each)
	}
	if len(r.types.byName) < 150 || len(r.elements.byName) < 130 || len(r.portTypes.byName) != 6 {
		t.Errorf("%d types, %d elements, %d port types", len(r.types.byName), len(r.elements.byName), len(r.portTypes.byName))
	}
	files, err := fs.Glob(catalogue, "catalogue/*")
	if err != nil || len(files) != len(builtIn) {
		t.Errorf("%d files for %d namespaces, error %v", len(files), len(builtIn), err)
	}
}

// TestBuiltInTypes requires the 44 simple types of XML Schema part 2, and anySimpleType, under their own names.
func TestBuiltInTypes(t *testing.T) {
	d := readSchema(t, inString, nil)
	simple := 0
	for name, each := range d.Types {
		if _, ok := each.(*SimpleType); ok && name.Space == XSD {
			simple++
		}
	}
	if simple != 45 {
		t.Errorf("%d simple types", simple)
	}
}
