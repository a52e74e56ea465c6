package imported

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/rules"
	"soapbridge/translate/shape"
	"soapbridge/translate/shape/xsd"
)

// editMessages changes the members of both messages as the overlay says.
func (b *builder) editMessages() (problems []error) {
	request, reply := b.editor(b.requests, &b.request), b.editor(b.replies, &b.reply)
	for i := range b.overlay.Members {
		m := &b.overlay.Members[i]
		found, err := request.edit(m.Path.Text, m.change)
		inReply, err2 := reply.edit(m.Path.Text, m.changeReply)
		problems = append(problems, b.found(m.Path, found || inReply, errors.Join(err, err2)))
	}
	for _, path := range b.overlay.Secret {
		found, err := request.edit(path.Text, makeSecret)
		inReply, err2 := reply.edit(path.Text, makeSecret)
		problems = append(problems, b.found(path, found || inReply, errors.Join(err, err2)))
	}
	for _, f := range b.overlay.Fill { // the caller may leave it out
		found, err := request.edit(f.Path.Text, func(f *shape.Field) error {
			f.Required = false
			return nil
		})
		problems = append(problems, b.found(f.Path, found, err))
	}
	for _, parameter := range parameters.FindAllStringSubmatch(b.overlay.Route.Path, -1) {
		_, err := request.edit(parameter[1], func(f *shape.Field) error {
			f.Required = true
			return nil
		})
		problems = append(problems, err)
	}
	problems = append(problems, b.exampleOutcome(reply))
	return append(problems, b.request.Shape.Index(), b.reply.Shape.Index())
}

// parameters are those of a path.
var parameters = regexp.MustCompile(`\{([^{}]+)\}`)

// exampleOutcome makes the example of the member that decides one of a success. Its values must be some that the member can have.
func (b *builder) exampleOutcome(reply *editor) error {
	o := &b.overlay.Outcome
	if o.Path == "" || o.Present {
		return nil
	}
	_, err := reply.edit(o.Path, func(f *shape.Field) error {
		words := f.Facets.Enum
		if f.Kind == shape.Boolean {
			words = []string{"true", "false"}
		}
		for _, word := range slices.Concat(o.In, o.NotIn) {
			if words != nil && !slices.Contains(words, word) {
				return fmt.Errorf("%s cannot be %q: it is one of %s", o.Path, word, strings.Join(words, ", "))
			}
		}
		if o.NotIn != nil {
			f.Example = o.NotIn[0]
		} else if i := slices.IndexFunc(words, func(word string) bool { return !slices.Contains(o.In, word) }); i >= 0 {
			f.Example = words[i]
		}
		return nil
	})
	return o.wrap(err)
}

func (b *builder) editor(of *xsd.Builder, m *xsd.Message) *editor {
	return &editor{root: m.Shape, unique: of.Unique, prefix: b.overlay.Name, owned: map[*shape.Shape]bool{}}
}

func (b *builder) found(path Word, found bool, err error) error {
	if !found && err == nil {
		err = fmt.Errorf("there is no member %s", path.Text)
	}
	return path.wrap(err)
}

func makeSecret(f *shape.Field) error {
	if f.Kind == shape.Object {
		return fmt.Errorf("%s is an object: say which of its members are secret", f.Name)
	}
	f.Secret = true
	return nil
}

// changeReply changes a member of a reply: nothing is checked there.
func (m *Member) changeReply(f *shape.Field) error {
	if m.Collapse && !collapse(f) {
		return fmt.Errorf("%s is not an object with one array alone: it cannot be collapsed", f.Name)
	}
	if m.Rename != "" {
		f.Name = m.Rename
	}
	return nil
}

// collapse makes an object that holds one array the array itself. It reports whether that is possible.
func collapse(f *shape.Field) bool {
	if f.Object == nil || f.Repeated || f.Nillable || f.Place != shape.Element || len(f.Object.Fields) != 1 || len(f.Object.Subtypes) > 1 {
		return false
	}
	items := f.Object.Fields[0]
	if !items.Repeated || items.Place != shape.Element || items.Around != nil {
		return false
	}
	items.Name, items.About, items.Around = f.Name, cmp.Or(f.About, items.About), &shape.Around{Wire: f.Wire, Always: f.Required}
	items.Required = f.Required && items.Required
	*f = items
	return true
}

// change changes a member of a request.
func (m *Member) change(f *shape.Field) error {
	problems := []error{m.changeReply(f)}
	for _, c := range m.changes(f) {
		switch {
		case !c.wanted:
		case !c.fits:
			problems = append(problems, fmt.Errorf("%s is not %s", f.Name, c.what))
		default:
			problems = append(problems, c.do())
		}
	}
	m.fixExample(f)
	return errors.Join(problems...)
}

// fixExample leaves no example that the overlay's own rules refuse.
func (m *Member) fixExample(f *shape.Field) {
	if f.Object != nil || f.Kind != shape.String || m.Example != "" {
		return
	}
	if leaf, err := rules.NewLeaf(f); err != nil || leaf.Accepts(f.Example) {
		return
	}
	if f.Example = ""; f.Facets.Enum != nil {
		f.Example = f.Facets.Enum[0]
	}
}

// change is one thing that an overlay may say of a member.
type change struct {
	wanted, fits bool
	what         string // a member must be that it fits
	do           func() error
}

// changes lists them.
func (m *Member) changes(f *shape.Field) []change {
	isText, a := f.Kind == shape.String, &f.Facets
	set := func(do func()) func() error {
		return func() error {
			do()
			return nil
		}
	}
	return []change{
		{m.Decimal, a.Form == shape.Number, "a decimal", set(func() {
			a.Form, a.Number, a.Patterns, a.IntegerDigits, a.FractionDigits = shape.Decimal, nil, nil, m.IntegerDigits, m.FractionDigits
		})},
		{m.UTC, a.Form == shape.XSDDate || a.Form == shape.XSDDateTime, "a date or an instant", set(func() { inUTC(f) })},
		{m.AnyCase, a.Enum != nil && isText, "an enumeration", set(func() { a.AnyCase = true })},
		{m.MaxLength > 0, isText, "a text", set(func() {
			if a.MaxLength == nil || *a.MaxLength > m.MaxLength {
				a.MaxLength = &m.MaxLength
			}
		})},
		{m.Pattern != "", isText, "a text", func() error {
			a.Patterns = append(slices.Clip(a.Patterns), m.Pattern)
			_, err := regexp.Compile(m.Pattern)
			return err
		}},
		{m.OneOf != nil, isText, "a text", set(func() { a.Enum = m.OneOf })},
		{m.Required, true, "", set(func() { f.Required, f.Blank = true, false })},
		{m.Example != "", true, "", set(func() { f.Example = m.Example })},
	}
}

// inUTC makes a date one without a zone, to which the zone is added, and an instant one with a zone.
func inUTC(f *shape.Field) {
	f.Facets.Patterns = nil
	if f.Facets.Form == shape.XSDDate {
		f.Facets.Form, f.Suffix = shape.Date, "Z"
	} else {
		f.Facets.Form = shape.DateTime
	}
}
