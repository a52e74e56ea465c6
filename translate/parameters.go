package translate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// The methods of routes. The core knows words only: see StatusOK.
const (
	GET  = "GET"
	POST = "POST"
)

// Parameter is a member of a request that comes in a URL.
type Parameter = record.Parameter

// ReadParameters is Read for a request that comes in a URL: its members are the parameters of the path and of the query, in this order. They are judged
// like a body, so the places of the violations are JSON Pointers, too. A request without any parameter may be valid.
func (o *Operation) ReadParameters(list []Parameter) (Request, *Error) { return o.readParameters(list) }

func (o *operation) readParameters(list []Parameter) (Request, *Error) {
	report := &record.Report{}
	asked, err := record.ReadJSON(record.ParametersJSON(o.Request, list), o.Request, report)
	if err != nil {
		return nil, internal(err)
	}
	report.Drop(func(v Violation) bool { return v.Code == record.EmptyObject })
	return o.request(check(asked, o.rules, report))
}

// mostCache is the longest that an answer is kept.
const mostCache = 24 * time.Hour

var placeholder = regexp.MustCompile(`\{([^{}/]*)\}`)

// PathParameters returns the members of a request that are in the path of its route: "/v1/parcels/{number}".
func PathParameters(path string) (names []string) {
	for _, found := range placeholder.FindAllStringSubmatch(path, -1) {
		names = append(names, found[1])
	}
	return names
}

// checkRoute returns what is wrong with the method, the path, and what is said of reads.
func (o *operation) checkRoute() error {
	var problems []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	inPath := PathParameters(o.Path)
	refuse(o.Method != GET && o.Method != POST, "the method %s is neither GET nor POST", o.Method)
	refuse(o.Method == POST && len(inPath) > 0, "the path of a POST has no parameters: they are in the body")
	refuse(o.Method == GET && !o.ReadOnly, "a write is a POST")
	refuse(o.ReadOnly && o.Status != StatusOK, "a read is answered with %d", StatusOK)
	refuse(o.ReadOnly && len(o.Invalidates)+len(o.Targets) > 0, "a read changes nothing: it has neither targets nor reads that it makes stale")
	refuse(!o.ReadOnly && (o.Cache != 0 || o.Shared), "only the answers to a read are kept")
	refuse(o.Cache != 0 && (o.Cache < time.Second || o.Cache > mostCache), "an answer is kept for a second at least, and for %v at most", mostCache)
	for _, name := range inPath {
		i, known := o.Request.ByName([]byte(name))
		refuse(!known || o.Request.Fields[i].Repeated, "the parameter %q of the path is not a single member of the request", name)
	}
	refuse(strings.ContainsAny(placeholder.ReplaceAllString(o.Path, ""), "{}:*"), "the path has a sign that has a meaning in routes")
	if o.Method == GET {
		problems = append(problems, checkFlat(o.Request))
	}
	return errors.Join(problems...)
}

// versionParameter is a query parameter of previews.
const versionParameter = "soap"

// checkFlat refuses what a URL cannot carry, and what it must not: URLs are in the logs of every program on the way.
func checkFlat(s *shape.Shape) error {
	var names []string
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Object != nil || f.HoldsSecret() || f.Nillable || f.Name == versionParameter {
			names = append(names, f.Name)
		}
	}
	if s.Discriminator != "" {
		names = append(names, s.Discriminator)
	}
	if names == nil {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("a GET takes neither objects nor secrets, nor what may be null, nor a member %s, and its request has: %s",
		versionParameter, strings.Join(names, ", "))
}
