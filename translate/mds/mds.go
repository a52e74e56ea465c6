// Package mds speaks the Services web service of MDS Global's Cloud Monetisation Platform, a JAX-WS service.
//
// Marks: [page] is printed on the vendor's page, [source] is known from the vendor's own published schema, [decided] is this
// product's choice where the page is silent or contradicts itself.
package mds

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

const (
	system    = "mds"
	namespace = "http://mdsuk.com/ws/dise3g/services/definition" // [page]
)

// Config is what the service needs to know of this proxy.
type Config struct {
	SOAPAction string        // empty by default [source]
	Security   soap.Security // the vendor documents HTTP Basic only
	Addressing soap.Addressing
	Secrets    []secret.Secret // of the transport, to be masked in whatever the service says
	Limits     xml.Limits      // of replies
}

// Operations returns the service's operations.
func Operations(c Config) ([]translate.Operation, error) {
	return translate.All(c,
		createService,
		updateService,
	)
}

// own is what an operation has of its own beside its definition.
type own struct {
	wrapper string // the element below that of the operation
	level   string // path of the customer level, which is in upper case on the wire
}

// define completes what all operations of the service share: their elements follow the operation's name, and request and reply have an
// ExternalReference.
func define[Req, Res any](c Config, d translate.Definition, o own) (translate.Operation, error) {
	var err1, err2 error
	d.Request, err1 = shape.From[Req]("")
	d.Response, err2 = shape.From[Res]("")
	if err := errors.Join(err1, err2); err != nil {
		return translate.Operation{}, err
	}
	request, response := shape.Finder{Shape: d.Request}, shape.Finder{Shape: d.Response}
	level, reference := request.Find(o.level), request.Find("externalReference")
	d.Judge = checkReference(response.Find("externalReference"))
	if err := errors.Join(request.Err, response.Err); err != nil {
		return translate.Operation{}, err
	}
	d.System, d.Version, d.Limits = system, soap.V11, c.Limits
	d.Binding = soap.Binding{
		Namespace:      namespace,
		Prefix:         "def",
		EnvelopePrefix: map[soap.Version]string{soap.V11: "soapenv"},
		Request:        soap.Within(namespace, d.Name, o.wrapper),
		Action:         c.SOAPAction,
		Reply:          []xml.Name{{Space: namespace, Local: d.Name + "Response"}, {Space: namespace, Local: "Result"}},
	}
	d.Fill = func(r *record.Record, env translate.Env) {
		r.SetText(level, strings.ToUpper(r.Root().Find(level).Text()))
		if !r.Root().Find(reference).Present() {
			r.SetText(reference, env.OperationID)
		}
	}
	d.Fault, d.Secrets, d.Security, d.Addressing = fault, c.Secrets, c.Security, c.Addressing
	return translate.Define(d)
}

// typedFaults are the faults that the service declares, by the local name of the detail's element. Its namespace differs by
// release, and its faultcode is usually Server, whatever the fault says: the name alone decides [source].
var typedFaults = map[string]func(*soap.Fault, *soap.Detail, *translate.Sent) *translate.Error{
	"ValidationFault": func(f *soap.Fault, d *soap.Detail, sent *translate.Sent) *translate.Error {
		return translate.Reject(translate.FromFault, cause(f, d, sent), violations(f, d, sent)...)
	},
	"SystemFault": func(f *soap.Fault, d *soap.Detail, sent *translate.Sent) *translate.Error {
		return translate.Fail(translate.UpstreamFailed, cause(f, d, sent), violations(f, d, sent)...)
	},
	"ServiceUnavailableFault": func(f *soap.Fault, d *soap.Detail, sent *translate.Sent) *translate.Error {
		return translate.Fail(translate.UpstreamUnavailable, cause(f, d, sent), violations(f, d, sent)...)
	},
	"SecurityFault": func(f *soap.Fault, d *soap.Detail, sent *translate.Sent) *translate.Error {
		return translate.Deny(cause(f, d, sent))
	},
}

// fault reads the declared faults; JAX-WS may put elements of its own beside them. A detail holds one [page]: several contradict each other,
// one inside another too, and then it is not known how far the service came.
func fault(f *soap.Fault, sent *translate.Sent) *translate.Error {
	if f.Detail == nil {
		return nil
	}
	declared := declaredIn(f.Detail)
	switch {
	case !slices.ContainsFunc(f.Detail.Children, isDeclared):
		return nil
	case len(declared) == 1:
		return typedFaults[declared[0].Name.Local](f, declared[0], sent)
	}
	var all []translate.Violation
	for _, d := range declared {
		if len(all) <= record.MaxViolations { // one more shows that there are more
			all = append(all, violations(f, d, sent)...)
		}
	}
	return translate.Fail(translate.UpstreamFailed, fmt.Errorf("%d declared faults at once: %w", len(declared), cause(f, declared[0], sent)), all...)
}

func isDeclared(d *soap.Detail) bool { return typedFaults[d.Name.Local] != nil }

// declaredIn returns the declared faults inside an element, at any depth.
func declaredIn(d *soap.Detail) (all []*soap.Detail) {
	for _, child := range d.Children {
		if isDeclared(child) {
			all = append(all, child)
		}
		all = append(all, declaredIn(child)...)
	}
	return all
}

// checkReference compares the reply's reference with the one that was sent: a reply that names another call is not the answer to this one.
// A reply without a reference says nothing about it.
func checkReference(path shape.Path) func(record.Object, *translate.Sent) *translate.Error {
	return func(reply record.Object, sent *translate.Sent) *translate.Error {
		got := reply.Find(path).Text()
		wanted := strings.TrimSpace(cmp.Or(sent.Text("/externalReference"), sent.OperationID))
		if got == "" || got == wanted {
			return nil
		}
		return stray(translate.Unknown(fmt.Errorf("the reply is about another call: its ExternalReference is %q", sent.Safe(got))))
	}
}

// stray marks the failure of a reply that answers another call: whatever comes over its connection next cannot be trusted.
func stray(failure *translate.Error) *translate.Error {
	failure.Stray, failure.Alert = true, true
	return failure
}

func cause(f *soap.Fault, d *soap.Detail, sent *translate.Sent) error {
	return fmt.Errorf("%s%s: %w", d.Name.Local, messages(d, sent), sent.Fault(f))
}

// messages lists the first few of a fault's messages for the log.
func messages(d *soap.Detail, sent *translate.Sent) string {
	var list strings.Builder
	all := []*soap.Detail{d.Child("Details")}
	if e := d.Child("Errors"); e != nil {
		all = append(all, e.Children...)
	}
	for _, e := range all[:min(len(all), 6)] {
		if e != nil && hasMessage(e) {
			fmt.Fprintf(&list, ", message %s %q", sent.Code(e.TextOf("MessageId")), sent.Logged(strings.TrimSpace(e.TextOf("MessageText")+" "+e.TextOf("ExtraInfo"))))
		}
	}
	return list.String()
}

// violations returns one violation for each Error, else one from Details, else one from the fault string.
func violations(f *soap.Fault, d *soap.Detail, sent *translate.Sent) (list []translate.Violation) {
	if all := d.Child("Errors"); all != nil {
		for _, e := range all.Children {
			// One more than a report holds shows that there are more.
			if e.Name.Local == "Error" && hasMessage(e) && len(list) <= record.MaxViolations {
				list = append(list, violation(d, e, f.Reason, sent))
			}
		}
	}
	if details := d.Child("Details"); len(list) == 0 && details != nil && hasMessage(details) {
		list = append(list, violation(d, details, f.Reason, sent))
	}
	if len(list) == 0 {
		list = append(list, translate.Violation{Code: unnumbered(d), Detail: sent.Safe(f.Reason)})
	}
	return list
}

// hasMessage reports whether an Error or Details holds anything.
func hasMessage(e *soap.Detail) bool {
	return e.TextOf("MessageId")+e.TextOf("MessageText")+e.TextOf("ExtraInfo") != ""
}

// violation reads MessageId, MessageText and ExtraInfo.
func violation(fault, e *soap.Detail, reason string, sent *translate.Sent) translate.Violation {
	v := translate.Violation{Code: unnumbered(fault), Pointer: pointer(e.TextOf("MessageText")+"\n"+e.TextOf("ExtraInfo"), sent)}
	if id := e.TextOf("MessageId"); sent.IsPlainCode(id) {
		v.Code = record.Code(system + "-" + id)
	}
	v.Detail = sent.Safe(cmp.Or(e.TextOf("MessageText"), e.TextOf("ExtraInfo"), reason))
	return v
}

// unnumbered is the code where the vendor gave no MessageId.
func unnumbered(fault *soap.Detail) record.Code {
	if fault.Name.Local == "ValidationFault" {
		return system + "-validation"
	}
	return system + "-fault"
}

var word = regexp.MustCompile(`[A-Za-z]+`)

// pointer finds the one request field that a text names; empty when it names none, or several.
func pointer(text string, sent *translate.Sent) string {
	const longest = 512 // bytes; a message that names a field is one sentence
	if len(text) > longest {
		return ""
	}
	found := map[string]bool{}
	for _, w := range word.FindAllString(text, -1) {
		for _, p := range sent.Declared(func(element string) bool { return isNameOf(w, element) }) {
			found[p] = true
		}
	}
	if len(found) != 1 {
		return ""
	}
	for p := range found {
		return p
	}
	return ""
}

// isNameOf reports whether a word of a text is the name of an element. The vendor's table begins every name with a capital and its schema
// does not, so the first letter's case does not count in names that another capital inside makes unmistakable. A name that is a
// plain English word ("Description", "Program") must be spelt as the schema has it.
func isNameOf(w, element string) bool {
	if w == element {
		return true
	}
	return strings.EqualFold(w[:1], element[:1]) && w[1:] == element[1:] && strings.ContainsFunc(element[1:], unicode.IsUpper)
}
