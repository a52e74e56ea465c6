package openapi

import (
	"math"
	"slices"
	"strconv"

	"soapbridge/translate/shape"
)

// The bounds of examples: a schema may make a message of few types endless.
const (
	mostMembers  = 500      // that need not be there
	deepest      = 16       // level of objects and arrays on which one that need not be there begins
	mostItems    = 100      // of an array that must have some
	longestShown = 64 << 10 // in bytes; a longer one is not shown
)

// examples makes bodies from the examples of members. Of a choice they have the first branch that can be taken, in the place of an abstract shape the
// first subtype.
type examples struct {
	// heights are how many levels the smallest object of a shape has. A shape of which no object can be made has none.
	heights map[*shape.Shape]int
}

func newExamples() examples { return examples{map[*shape.Shape]int{}} }

// request is a body with every member of a shape, in the order of the wire; nil where none can be made. A little one has only what must be there.
func (e examples) request(s *shape.Shape, little bool) []byte {
	return e.write(exampleWriter{examples: e, optional: mostMembers}, s, little)
}

// result is a success.
func (e examples) result(s *shape.Shape) []byte {
	return e.write(exampleWriter{examples: e, optional: mostMembers, reply: true}, s, false)
}

func (e examples) write(w exampleWriter, s *shape.Shape, little bool) []byte {
	e.measure(s)
	if e.heights[s] == 0 {
		return nil
	}
	first := ""
	if w.reply {
		first = `"operationId":"` + exampleID + `"`
	}
	if w.object(s, first, nil, little); len(w.text) > longestShown {
		return nil
	}
	return w.text
}

// measure finds the heights of a shape and of everything inside. Each follows from those of what must be inside, so that taking what is lowest ends.
func (e examples) measure(s *shape.Shape) {
	all := reachable(s)
	for changed := true; changed; {
		changed = false
		for _, s := range slices.Backward(all) {
			if n := e.height(s); e.heights[s] == 0 && n < unlimited {
				e.heights[s], changed = n, true
			}
		}
	}
}

const unlimited = math.MaxInt32

// height is that of the smallest object, as far as is known of what is inside.
func (e examples) height(s *shape.Shape) int {
	most := 0
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Required && !f.Hidden {
			most = max(most, e.heightIn(f))
		}
	}
	for _, c := range s.Choices {
		if _, n := e.branch(s, c, true); !c.Optional {
			most = max(most, n)
		}
	}
	return min(most+1, unlimited)
}

// heightIn is the height of a member.
func (e examples) heightIn(f *shape.Field) int {
	switch _, shown := exampleOf(f); {
	case f.Nillable, f.Object == nil && shown && f.MinItems <= mostItems:
		return 0
	case f.Object == nil || f.MinItems > mostItems:
		return unlimited
	}
	if s := e.subtype(f.Object, true); s != nil {
		return e.heights[s]
	}
	return unlimited
}

// subtype returns the first shape in the place of one of which an object can be made, or the lowest; nil where there is none.
func (e examples) subtype(s *shape.Shape, lowest bool) (best *shape.Shape) {
	for _, each := range inPlaceOf(s) {
		if n := e.heights[each]; n > 0 && (best == nil || lowest && n < e.heights[best]) {
			best = each
		}
	}
	return best
}

// branch returns the first branch of a choice that can be taken, or the lowest, and its height.
func (e examples) branch(s *shape.Shape, c shape.Choice, lowest bool) (best shape.Branch, height int) {
	height = unlimited
	for _, b := range c.Branches {
		n := 0
		for _, i := range b.Required {
			n = max(n, e.heightIn(&s.Fields[i]))
		}
		if n < height && (lowest || height == unlimited) {
			best, height = b, n
		}
	}
	return best, height
}

// inPlaceOf lists the shapes that an object may have where one is declared.
func inPlaceOf(s *shape.Shape) []*shape.Shape {
	switch {
	case s == nil:
		return nil
	case len(s.Subtypes) > 0:
		return s.Subtypes
	}
	return []*shape.Shape{s}
}

// isAlone reports whether no other shape may be in the place of this one.
func isAlone(s *shape.Shape) bool {
	inPlace := inPlaceOf(s)
	return len(inPlace) == 1 && inPlace[0] == s
}

// exampleOf is the text of a leaf's example, and whether there is one.
func exampleOf(f *shape.Field) (text string, shown bool) {
	switch {
	case f.Fixed != nil:
		return *f.Fixed, true
	case f.Example != "":
		return f.Example, true
	case f.Kind == shape.Boolean:
		return "true", true
	case f.Kind == shape.Integer:
		return strconv.FormatInt(nearZero(f.Facets.Min, f.Facets.Max), 10), true
	case f.Kind == shape.Float:
		return "0", f.Facets.Number == nil
	}
	return "", f.Required && f.Blank && f.Kind == shape.String && f.Facets.Form == shape.AnyText && f.Facets.MinLength == nil && f.Facets.Patterns == nil
}

func nearZero(low, high *int64) (n int64) {
	if low != nil {
		n = max(n, *low)
	}
	if high != nil {
		n = min(n, *high)
	}
	return n
}

// exampleWriter writes one example.
type exampleWriter struct {
	examples

	text     []byte
	optional int // members that may still be there and need not
	reply    bool
	wanted   map[memberOf]bool // that are there, whatever the shape says
}

// memberOf is a member of every object of a shape.
type memberOf struct {
	shape *shape.Shape
	field int
}

// object writes an object. A shape that contains itself is shown once inside itself.
func (w *exampleWriter) object(s *shape.Shape, first string, around []*shape.Shape, little bool) {
	w.text = append(append(w.text, '{'), first...)
	comma := first != ""
	taken, required := w.take(s, little)
	for i := range s.Fields {
		f := &s.Fields[i]
		must := isRequired(f) || slices.Contains(required, i) || w.wanted[memberOf{s, i}] && w.heightIn(f) < unlimited
		if f.Hidden || !taken(i) || !must && (little || !w.wants(f, around)) || len(w.text) > longestShown {
			continue
		}
		if !must {
			w.optional--
		}
		if comma {
			w.text = append(w.text, ',')
		}
		comma = true
		w.text = append(append(w.text, quoted(f.Name)...), ':')
		w.member(f, append(around, s), little)
	}
	w.text = append(w.text, '}')
}

// take chooses a branch of each choice. It reports whether a field is in none of the others, and lists those that the branches require.
func (w *exampleWriter) take(s *shape.Shape, little bool) (taken func(int) bool, required []int) {
	left := map[int]bool{}
	for _, c := range s.Choices {
		best, height := w.branch(s, c, little)
		if height == unlimited || little && c.Optional {
			best = shape.Branch{}
		}
		required = append(required, best.Required...)
		for _, i := range c.Fields() {
			left[i] = !slices.Contains(best.Fields, i)
		}
	}
	return func(i int) bool { return !left[i] }, required
}

// wants reports whether a member is shown that need not be there.
func (w *exampleWriter) wants(f *shape.Field, around []*shape.Shape) bool {
	if f.Object != nil && (len(around) > deepest || slices.Contains(around, w.subtype(f.Object, false))) {
		return false
	}
	return w.optional > 0 && w.heightIn(f) < unlimited
}

func (w *exampleWriter) member(f *shape.Field, around []*shape.Shape, little bool) {
	if !f.Repeated {
		w.value(f, around, little)
		return
	}
	w.text = append(w.text, '[')
	for n := range max(1, f.MinItems) {
		if n > 0 {
			w.text = append(w.text, ',')
		}
		w.value(f, around, little)
	}
	w.text = append(w.text, ']')
}

func (w *exampleWriter) value(f *shape.Field, around []*shape.Shape, little bool) {
	text, shown := exampleOf(f)
	switch {
	case f.Object == nil && shown:
		w.text = append(w.text, quotedIn(f, text)...)
	case f.Object == nil || w.subtype(f.Object, false) == nil: // it is nillable
		w.text = append(w.text, "null"...)
	default:
		w.inside(f.Object, around, little)
	}
}

// inside writes an object of a member. What must be inside itself is there in the smallest form.
func (w *exampleWriter) inside(declared *shape.Shape, around []*shape.Shape, little bool) {
	s := w.subtype(declared, little)
	if len(around) > deepest || slices.Contains(around[:len(around)-1], s) {
		s, little = w.subtype(declared, true), true
	}
	first := ""
	if s != declared || w.reply && len(declared.Subtypes) > 1 {
		first = string(quoted(declared.Discriminator)) + ":" + string(quoted(s.Word))
	}
	w.object(s, first, around, little)
}

// quotedIn is the text of a leaf as it is in JSON.
func quotedIn(f *shape.Field, text string) []byte {
	switch {
	case f.Kind == shape.Boolean, f.Kind == shape.Integer, f.Kind == shape.Float && text != "INF" && text != "-INF" && text != "NaN":
		return []byte(text)
	}
	return quoted(text)
}

// MinimalExample is a request with what must be there, made of a shape alone, and with more members by their paths, with slashes between the names: rules
// between members may demand them. It is nil where none can be made.
func MinimalExample(s *shape.Shape, more ...string) []byte {
	wanted := map[memberOf]bool{}
	for _, name := range more {
		path, err := s.Find(name)
		if err != nil {
			continue // inside of an array, of which the example has what must be there
		}
		at := s
		for _, i := range path {
			wanted[memberOf{at, i}] = true
			at = at.Fields[i].Object
		}
	}
	e := newExamples()
	return e.write(exampleWriter{examples: e, wanted: wanted}, s, true)
}

// ReplyExample is a response with every member, without the operation id; nil where none can be made.
func ReplyExample(s *shape.Shape) []byte { return newExamples().request(s, false) }
