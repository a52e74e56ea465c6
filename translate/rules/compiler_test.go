package rules

import (
	"strings"
	"testing"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/xml"
)

// TestCompiler: messages share what is prepared of a shape, and each has all of its mistakes and nothing of another's.
func TestCompiler(t *testing.T) {
	text := func(name string, facets shape.Facets) shape.Field {
		return shape.Field{Name: name, Wire: xml.Name{Local: name}, Kind: shape.String, Facets: facets}
	}
	message := func(name string, fields ...shape.Field) *shape.Shape {
		s := &shape.Shape{Name: name, Fields: fields}
		if err := s.Index(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	holding := func(name string, inside *shape.Shape) *shape.Shape {
		return message(name, shape.Field{Name: "a", Wire: xml.Name{Local: "a"}, Kind: shape.Object, Object: inside},
			shape.Field{Name: "b", Wire: xml.Name{Local: "b"}, Kind: shape.Object, Object: inside})
	}
	ids, wrong := message("ids", text("id", shape.Facets{Unique: true})), message("wrong", text("w", shape.Facets{Patterns: []string{"a)(b"}}))
	c := NewCompiler()
	for _, name := range []string{"first", "second"} {
		if _, err := c.Compile(holding(name, wrong), nil, nil); err == nil || !strings.Contains(err.Error(), "wrong.w") {
			t.Errorf("%s: the mistake in the shape that is shared is not reported: %v", name, err)
		}
	}
	for name, test := range map[string]struct {
		inside *shape.Shape
		body   string
		want   int
	}{
		"unique":   {ids, `{"a": {"id": "1"}, "b": {"id": "1"}}`, 1},
		"again":    {ids, `{"a": {"id": "1"}, "b": {"id": "1"}}`, 1},
		"not":      {message("names", text("id", shape.Facets{})), `{"a": {"id": "1"}, "b": {"id": "1"}}`, 0},
		"distinct": {ids, `{"a": {"id": "1"}, "b": {"id": "2"}}`, 0},
	} {
		s := holding(name, test.inside)
		set, err := c.Compile(s, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		report := &record.Report{}
		r, err := record.ReadJSON([]byte(test.body), s, report)
		if err != nil {
			t.Fatal(err)
		}
		if set.Check(r, report); len(report.Violations) != test.want {
			t.Errorf("%s: %+v, want %d", name, report.Violations, test.want)
		}
	}
}
