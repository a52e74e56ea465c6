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
	at, raw, err := r.discriminator(s.Discriminator)
	if err != nil {
		return nil, err
	}
	named := len(raw) > 0 && raw[0] != 'n' // null is not a name
	word, _ := jsontext.AppendUnquote(nil, raw)
	for i, subtype := range s.Subtypes {
		if named && raw[0] == '"' && string(word) == subtype.Word || !named && subtype == s {
			if len(s.Subtypes) > 1 || subtype != s { // a type that nothing else can replace needs no name
				r.record.slots[slot].subtype = uint16(i + 1)
			}
			return subtype, nil
		}
	}
	if err := r.skip(); err != nil {
		return nil, err
	}
	r.record.slots[slot].state, r.record.slots[slot].end = unreadable, int32(r.pos) //nolint:gosec // see open
	names := make([]string, len(s.Subtypes))
	for i, subtype := range s.Subtypes {
		names[i] = subtype.Word
	}
	list := "One of " + strings.Join(names, ", ") + ", in this letter case."
	v := Violation{Pointer: r.pointer() + "/" + s.Discriminator, Code: NotInList, Detail: list, Params: map[string]any{"list": names}}
	switch {
	case !named:
		at, v.Code, v.Detail = r.pos, Required, "This member is required. "+list
	case raw[0] != '"':
		v.Code, v.Detail, v.Params = expectedString.Code, expectedString.Detail, expectedString.Params
	}
	r.report.addAt(int32(at), v) //nolint:gosec // see open
	return nil, nil              //nolint:nilnil // see above
}

// discriminator returns where the member begins that names a subtype, and its value as it is written; nothing where there is none.
func (r *reader) discriminator(member string) (at int, raw []byte, err error) {
	ahead := *r
	err = ahead.each('}', func(int) error {
		begin := ahead.pos
		name, err := ahead.name()
		value := ahead.pos
		if err == nil {
			err = ahead.skip()
		}
		if err == nil && string(name) == member {
			at, raw, err = begin, ahead.json[value:ahead.pos], errFound
		}
		return err
	})
	if errors.Is(err, errFound) { // the reading of the object finds what is wrong behind it
		err = nil
	}
	return at, raw, err
}

var errFound = errors.New("found")
