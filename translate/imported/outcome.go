package imported

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
)

// judge says which replies are failures although they are not faults.
func (b *builder) judge() (func(record.Object, *translate.Sent) *translate.Error, error) {
	o := &b.overlay.Outcome
	if o.FaultsOnly || o.Path == "" {
		return nil, nil //nolint:nilnil // no judge is one that always agrees
	}
	decides, err := b.reply.Shape.FindEach(o.Path)
	errorsOf, err2 := o.errorsIn(b.reply.Shape)
	if err := errors.Join(err, err2); err != nil {
		return nil, o.wrap(err)
	}
	system := b.loader.overlay.System
	return func(reply record.Object, sent *translate.Sent) *translate.Error {
		found, failed := o.failing(reply.Each(decides))
		switch {
		case !failed:
			return nil
		case !found.Present() && o.NotIn != nil:
			return translate.Unknown(fmt.Errorf("the reply lacks %s, which says whether it is a success", o.Path))
		}
		cause := fmt.Errorf("the reply's %s is %q", o.Path, sent.Logged(strings.TrimSpace(found.Text())))
		return translate.Reject(translate.FromResponseCode, cause, errorsOf(system, reply, sent)...)
	}, nil
}

// failing returns the value that makes a reply a failure, if there is one. With NotIn, what is absent decides where nothing else does.
func (o *Outcome) failing(values []record.Value) (found record.Value, failed bool) {
	if len(values) == 0 {
		values = []record.Value{{}}
	}
	for _, v := range values {
		text := strings.TrimSpace(v.Text())
		switch {
		case o.Present && v.Present(), o.In != nil && slices.Contains(o.In, text), o.NotIn != nil && v.Present() && !slices.Contains(o.NotIn, text):
			return v, true
		case o.NotIn != nil && !v.Present():
			found, failed = v, true
		}
	}
	return found, failed
}

const notDone = "The service reports that it did not do this."

// errorsIn returns how a reply's errors are read: one violation for each, or one for the reply where there is none.
func (o *Outcome) errorsIn(reply *shape.Shape) (func(system string, reply record.Object, sent *translate.Sent) []translate.Violation, error) {
	in, list := shape.Finder{Shape: reply}, shape.Path(nil)
	if o.Errors != "" {
		var err error
		if list, err = reply.FindEach(o.Errors); err != nil {
			return nil, err
		}
		if in.Shape = fieldAt(reply, list).Object; in.Shape == nil {
			return nil, fmt.Errorf("errors: %s is not an object", o.Errors)
		}
	}
	find := func(path string) shape.Path {
		if path == "" {
			return nil
		}
		return in.Find(path)
	}
	code, text, place := find(o.Code), find(o.Text), find(o.Pointer)
	return func(system string, reply record.Object, sent *translate.Sent) (violations []translate.Violation) {
		for _, e := range errorObjects(reply, list) {
			violations = append(violations, translate.Violation{
				Pointer: pointer(textAt(e, place), sent), Code: codeOf(system, textAt(e, code), sent), Detail: sent.Safe(cmp.Or(textAt(e, text), notDone)),
			})
		}
		if len(violations) == 0 {
			violations = append(violations, translate.Violation{Code: codeOf(system, "", sent), Detail: notDone})
		}
		return violations
	}, in.Err
}

// errorObjects returns the objects at the end of a path; without one, the reply itself.
func errorObjects(reply record.Object, path shape.Path) (list []record.Object) {
	if path == nil {
		return []record.Object{reply}
	}
	for _, v := range reply.Each(path) {
		if v.Present() && len(list) <= record.MaxViolations { // one more shows that there are more
			list = append(list, v.Object())
		}
	}
	return list
}

func textAt(o record.Object, path shape.Path) string {
	if path == nil {
		return ""
	}
	return strings.TrimSpace(o.Find(path).Text())
}

// codeOf is the code of a vendor's error.
func codeOf(system, number string, sent *translate.Sent) record.Code {
	if number != "" && sent.IsPlainCode(number) {
		return record.Code(system + "-" + number)
	}
	return record.Code(system + "-fault")
}

// fault reads the declared faults that the overlay describes.
func (b *builder) fault() (func(*soap.Fault, *translate.Sent) *translate.Error, error) {
	elements := map[string]*Fault{} // by the local name of the detail's element: services are known to vary its namespace
	for i := range b.overlay.Faults {
		f := &b.overlay.Faults[i]
		element, err := b.faultElement(f.Name)
		if err != nil {
			return nil, err
		}
		elements[element] = f
	}
	if len(elements) == 0 {
		return nil, nil //nolint:nilnil // without a reader the class of a fault decides
	}
	system := b.loader.overlay.System
	return func(f *soap.Fault, sent *translate.Sent) *translate.Error {
		if f.Detail == nil {
			return nil
		}
		var detail *soap.Detail
		for _, child := range f.Detail.Children {
			if elements[child.Name.Local] == nil {
				continue
			}
			if detail != nil { // they contradict each other
				return nil
			}
			detail = child
		}
		if detail == nil {
			return nil
		}
		return elements[detail.Name.Local].failure(system, f, detail, sent)
	}, nil
}

// faultElement returns the local name of the element in a declared fault's detail.
func (b *builder) faultElement(name Word) (string, error) {
	var declared []string
	for _, f := range b.bound.Operation.Faults {
		if f.Name == name.Text && f.Message != nil && len(f.Message.Parts) == 1 {
			if part := f.Message.Parts[0]; part.Element != nil {
				return part.Element.Name.Local, nil
			}
			return f.Message.Parts[0].Name, nil
		}
		declared = append(declared, f.Name)
	}
	return "", name.wrap(fmt.Errorf("%s is not a fault of this operation; there are: %s", name.Text, strings.Join(declared, ", ")))
}

// failure is what a declared fault means.
func (f *Fault) failure(system string, fault *soap.Fault, detail *soap.Detail, sent *translate.Sent) *translate.Error {
	cause := fmt.Errorf("%s: %w", detail.Name.Local, sent.Fault(fault))
	switch list := f.violations(system, fault, detail, sent); f.Outcome {
	case Rejected:
		return translate.Reject(translate.FromFault, cause, list...)
	case Unavailable:
		return translate.Fail(translate.UpstreamUnavailable, cause, list...)
	case Denied:
		return translate.Deny(cause)
	default:
		return translate.Fail(translate.UpstreamFailed, cause, list...)
	}
}

// violations returns one violation for each error in a fault's detail, or one for the fault.
func (f *Fault) violations(system string, fault *soap.Fault, detail *soap.Detail, sent *translate.Sent) (list []translate.Violation) {
	for _, e := range f.errors(detail) {
		text := cmp.Or(e.TextOf(f.Text), fault.Reason)
		list = append(list, translate.Violation{Pointer: pointer(e.TextOf(f.Pointer), sent), Code: codeOf(system, e.TextOf(f.Code), sent), Detail: sent.Safe(text)})
	}
	if len(list) == 0 {
		list = append(list, translate.Violation{Code: codeOf(system, "", sent), Detail: sent.Safe(fault.Reason)})
	}
	return list
}

// errors returns the elements at the end of the path of errors.
func (f *Fault) errors(detail *soap.Detail) []*soap.Detail {
	list := []*soap.Detail{detail}
	if f.Errors == "" {
		return list
	}
	for name := range strings.SplitSeq(f.Errors, "/") {
		var inside []*soap.Detail
		for _, d := range list {
			for _, child := range d.Children {
				if child.Name.Local == name && len(inside) <= record.MaxViolations { // one more shows that there are more
					inside = append(inside, child)
				}
			}
		}
		list = inside
	}
	return list
}

// pointer is the place of the one member whose element a fault names; empty where it names none, or several have the name.
func pointer(element string, sent *translate.Sent) string {
	if element == "" {
		return ""
	}
	if list := sent.Declared(func(declared string) bool { return declared == element }); len(list) == 1 {
		return list[0]
	}
	return ""
}
