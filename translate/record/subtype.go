package record

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"soapbridge/translate/shape"
)

// subtype looks ahead for the member that names a subtype. An object without one is of the shape itself. Of an object whose shape is not known
// nothing more can be said: it is read over, and nil is returned.
func (r *reader) subtype(slot int32, s *shape.Shape) (*shape.Shape, error) {
	if len(s.Subtypes) == 0 {
		return s, nil
	}
	at, raw, err := r.discriminator()
	if err != nil {
		return nil, err
	}
	given := raw != "" && raw != "null"
	word, _ := jsontext.AppendUnquote(nil, raw)
	names := make([]string, len(s.Subtypes))
	for i, subtype := range s.Subtypes {
		names[i] = subtype.Name
		if given && raw[0] == '"' && string(word) == subtype.Name || !given && subtype == s {
			r.record.slots[slot].subtype = uint16(i + 1)
			return subtype, nil
		}
	}
	if err := r.skip(); err != nil {
		return nil, err
	}
	r.record.slots[slot].state, r.record.slots[slot].end = unreadable, int32(r.pos) //nolint:gosec // see open
	r.path = append(r.path, step{shape.Discriminator, -1})
	switch {
	case !given:
		r.blame(r.pos, Required, "This member is required. One of "+strings.Join(names, ", ")+", in this letter case.", map[string]any{"list": names})
	case raw[0] != '"':
		r.blame(at, WrongType, "This must be a string.", map[string]any{"expected": "a string"})
	default:
		r.blame(at, NotInList, "One of "+strings.Join(names, ", ")+", in this letter case.", map[string]any{"list": names})
	}
	r.path = r.path[:len(r.path)-1]
	return nil, nil //nolint:nilnil // see above
}

// discriminator returns where the member begins that names a subtype, and its value as it is written; nothing where there is none.
func (r *reader) discriminator() (at int, raw string, err error) {
	ahead := *r
	err = ahead.each('}', func(int) error {
		begin := ahead.pos
		name, err := ahead.name()
		value := ahead.pos
		if err == nil {
			err = ahead.skip()
		}
		if err == nil && name == shape.Discriminator {
			at, raw, err = begin, ahead.text[value:ahead.pos], errFound
		}
		return err
	})
	if errors.Is(err, errFound) { // whoever reads the object finds what is wrong behind it
		err = nil
	}
	return at, raw, err
}

var errFound = errors.New("found")
