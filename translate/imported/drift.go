package imported

import (
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/shape/xsd"
)

// Change is one difference between two WSDLs.
type Change struct {
	Operation string
	Where     string // "request/parcel/weight"; empty: the operation itself
	What      string
	// Breaking: what callers send would be refused, or what they read would surprise them; or what the folder makes no longer reaches the
	// service.
	Breaking bool
	// Others are more places of the same message with the same change: of a type that has several members, or of what types inherit.
	Others []string
}

func (c Change) String() string {
	kind := "compatible"
	if c.Breaking {
		kind = "breaking  "
	}
	where := c.Operation
	if c.Where != "" {
		where += " " + c.Where
	}
	return kind + " " + where + ": " + c.What + c.also()
}

// mostOthers bounds the places that a line names.
const mostOthers = 3

func (c Change) also() string {
	switch n := len(c.Others); {
	case n == 0:
		return ""
	case n <= mostOthers:
		return " (also: " + strings.Join(c.Others, ", ") + ")"
	default:
		return fmt.Sprintf(" (also: %s, and %d more)", strings.Join(c.Others[:mostOthers], ", "), n-mostOthers)
	}
}

// Drift compares the WSDL of an overlay with a newer one: the operations that are on, or all. Members have the names that they have without
// the overlay's changes.
func Drift(o *Overlay, older, newer *wsdl.Definitions, all bool) []Change {
	wanted := map[string]*Operation{}
	for _, op := range o.Operations {
		if op.Kind != "" {
			wanted[op.Name] = op
		}
	}
	d := &drift{old: newSide(o, older), new: newSide(o, newer), said: map[sameChange]int{}}
	for _, name := range operationNames(older) {
		if op := wanted[name]; op != nil || all {
			d.operation(name, op)
		}
	}
	for _, name := range operationNames(newer) {
		if d.old.operations[name] == nil {
			d.add(Change{Operation: name, What: "is new; it is off until " + FileName + " says its kind"})
		}
	}
	return d.changes
}

func operationNames(d *wsdl.Definitions) (names []string) {
	for _, op := range d.Operations {
		if !slices.Contains(names, op.Name) {
			names = append(names, op.Name)
		}
	}
	return names
}

// side is one of the two WSDLs.
type side struct {
	operations     map[string]*wsdl.Operation
	definitions    *wsdl.Definitions
	port           string
	request, reply *xsd.Builder
}

func newSide(o *Overlay, d *wsdl.Definitions) *side {
	s := &side{
		operations: map[string]*wsdl.Operation{}, definitions: d, port: o.Port.Text,
		request: xsd.NewBuilder(xsd.Options{XML: o.XML, Elements: d.Elements}),
		reply:   xsd.NewBuilder(xsd.Options{XML: o.XML, Reply: true, Elements: d.Elements}),
	}
	for _, op := range slices.Backward(d.Operations) {
		s.operations[op.Name] = op
	}
	return s
}

// bound is how an operation is called by the first binding that the overlay's port names; without one, by the first of all.
func (s *side) bound(op *wsdl.Operation) *wsdl.BoundOperation {
	if i := slices.IndexFunc(op.Bindings, func(b *wsdl.BoundOperation) bool { return isNamed(s.definitions, b.Binding, s.port) }); i >= 0 {
		return op.Bindings[i]
	}
	return op.Bindings[0]
}

// drift collects the changes of operations.
type drift struct {
	old, new *side
	changes  []Change
	said     map[sameChange]int // indexes of changes
}

// sameChange is what changes have in common that are one: those of a type are at every member that has it, and what a type inherits is at the same
// member of all that inherit it.
type sameChange struct {
	operation, in, member, what string
	breaking                    bool
}

func (d *drift) add(c Change) { d.addAs(c, sameChange{c.Operation, c.Where, "", c.What, c.Breaking}) }

func (d *drift) addAs(c Change, as sameChange) {
	i, known := d.said[as]
	switch {
	case !known:
		d.said[as] = len(d.changes)
		d.changes = append(d.changes, c)
	case d.changes[i].Where != c.Where && !slices.Contains(d.changes[i].Others, c.Where): // a subtype has the members of its base again
		d.changes[i].Others = append(d.changes[i].Others, c.Where)
	}
}

// operation compares one operation. What the overlay says of it may be nil.
func (d *drift) operation(name string, said *Operation) {
	add := func(where, what string, breaking bool) {
		d.add(Change{Operation: name, Where: where, What: what, Breaking: breaking})
	}
	older, newer := d.old.operations[name], d.new.operations[name]
	switch {
	case newer == nil:
		add("", "is gone", true)
		return
	case newer.Problem != nil || newer.Input == nil:
		if older.Problem == nil && older.Input != nil {
			add("", "cannot be used any more: "+why(newer), true)
		}
		return
	case older.Problem != nil || older.Input == nil:
		add("", "can be used now", false)
		return
	}
	a, b := d.old.bound(older), d.new.bound(newer)
	d.binding(add, a, b)
	var headers []string
	if said != nil {
		for _, h := range said.Headers {
			if h.From == FromCaller {
				headers = append(headers, h.Block.Text)
			}
		}
	}
	d.message(name, "request", d.old.request, d.new.request, a, b, headers)
	d.message(name, "reply", d.old.reply, d.new.reply, a, b, nil)
}

func why(op *wsdl.Operation) string {
	if op.Problem != nil {
		return op.Problem.Error()
	}
	return "the service would call, and not be called"
}

// binding compares what is on the wire around the messages. All of it is breaking, because the service expects it.
func (d *drift) binding(add func(where, what string, breaking bool), a, b *wsdl.BoundOperation) {
	differ := func(where string, old, now any) {
		if old != now {
			add(where, fmt.Sprintf("is %v now, and was %v", now, old), true)
		}
	}
	differ("SOAPAction", fmt.Sprintf("%q", a.SOAPAction), fmt.Sprintf("%q", b.SOAPAction))
	differ("SOAP version", a.Binding.Version, b.Binding.Version)
	differ("style", style(a), style(b))
	if a.Input != nil && b.Input != nil {
		added, removed := difference(xsd.HeaderNames(a.Input), xsd.HeaderNames(b.Input))
		for _, name := range added {
			add("request", "has the new header block "+name, true)
		}
		for _, name := range removed {
			add("request", "has no header block "+name+" any more", true)
		}
	}
	added, removed := difference(faultNames(a.Operation), faultNames(b.Operation))
	for _, name := range added {
		add("faults", "has the new fault "+name, false)
	}
	for _, name := range removed {
		add("faults", "has no fault "+name+" any more", false)
	}
}

func faultNames(op *wsdl.Operation) (names []string) {
	for _, f := range op.Faults {
		names = append(names, f.Name)
	}
	return names
}

// difference lists what is in one list alone.
func difference(old, now []string) (added, removed []string) {
	for _, each := range now {
		if !slices.Contains(old, each) {
			added = append(added, each)
		}
	}
	for _, each := range old {
		if !slices.Contains(now, each) {
			removed = append(removed, each)
		}
	}
	return added, removed
}

// message compares one direction of an operation.
func (d *drift) message(name, direction string, older, newer *xsd.Builder, a, b *wsdl.BoundOperation, headers []string) {
	add := func(where, what string, breaking bool) {
		d.add(Change{Operation: name, Where: where, What: what, Breaking: breaking})
	}
	old, err := older.Message(a, name, headers)
	if err != nil {
		return // it could not be used, so that no caller relies on it
	}
	now, err := newer.Message(b, name, headers)
	if err != nil {
		add(direction, "cannot be made any more: "+err.Error(), true)
		return
	}
	if !slices.Equal(old.Around, now.Around) {
		add(direction, fmt.Sprintf("is in the elements %v now, and was in %v", now.Around, old.Around), true)
	}
	compareShapes(old.Shape, now.Shape, direction == "request", func(path, what string, breaking, ofType bool) {
		as := sameChange{name, direction, "", what, breaking}
		if !ofType {
			as.member = path[strings.LastIndexByte(path, '/')+1:]
		}
		d.addAs(Change{Operation: name, Where: strings.TrimSuffix(direction+"/"+path, "/"), What: what, Breaking: breaking}, as)
	})
}
