package edge

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate"
	"soapbridge/translate/record"
)

// query describes what the query string of a route may hold. Everything else is refused: an ignored misspelt parameter could turn a preview
// into a call.
type query struct {
	// known reads the values of each parameter, and returns what is wrong with them.
	known map[string]func(values []string) *violation
	// unknown is said of any other parameter.
	unknown violation
	// missing is said where the required parameter is absent; without a required one it is empty.
	required string
	missing  violation
}

// onceOnly is said of a parameter that is there twice.
const onceOnly = "Give this parameter once."

var noQuery = query{unknown: *wrong(unknownParameter, "There are no query parameters here.")}

// operationQuery has no parameters either, and a sentence for those who look for previews.
var operationQuery = query{
	known: map[string]func([]string) *violation{"preview": func([]string) *violation {
		return wrong(unknownParameter, "A preview has a path of its own: this one with /preview behind it.")
	}},
	unknown: noQuery.unknown,
}

// read returns a problem that names every parameter that is wrong, in alphabetical order. A route without parameters takes no query string at all.
func (q query) read(u *url.URL) *problem {
	if u.RawQuery == "" && q.required == "" {
		return nil
	}
	values, err := url.ParseQuery(u.RawQuery)
	p := newProblem(badParameter)
	if err != nil {
		p.Detail = "The query string is not well-formed."
		if len(q.known) > 0 {
			return p
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		found := &q.unknown
		if read, ok := q.known[name]; ok {
			found = read(values[name])
		}
		p.parameter(name, found)
	}
	if q.required != "" && !values.Has(q.required) {
		p.parameter(q.required, &q.missing)
	}
	if len(p.Errors) == 0 && len(q.known) > 0 {
		return nil
	}
	return p
}

// once reads a parameter that may be there once.
func once(read func(value string) *violation) func(values []string) *violation {
	return func(values []string) *violation {
		if len(values) > 1 {
			return wrong(duplicateParameter, onceOnly)
		}
		return read(values[0])
	}
}

// The codes of parameters, beside those of translate.
const (
	unknownParameter   = "unknown-parameter"
	duplicateParameter = "duplicate-parameter"
)

// wrong is what is wrong with a parameter; the list is what it may be.
func wrong(code record.Code, detail string, list ...string) *violation {
	v := &violation{Code: string(code), Detail: detail, Source: translate.FromRequest}
	if list != nil {
		v.Params = map[string]any{"list": list}
	}
	return v
}

func integer(into *int, low, high int, detail string) func(values []string) *violation {
	return once(func(value string) *violation {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			v := wrong(record.OutOfRange, fmt.Sprintf("An integer from %d to %d%s.", low, high, detail))
			v.Params = map[string]any{"expected": "integer", "min": low, "max": high}
			return v
		}
		*into = n
		return nil
	})
}

func notListed(list []string) *violation {
	return wrong(record.NotInList, "This must be one of: "+strings.Join(list, ", ")+".", list...)
}

// parameter names a query parameter with what is wrong about it, if anything. Thousands fit into a URL; they are not all sent back.
func (p *problem) parameter(name string, found *violation) {
	switch {
	case found == nil:
	case len(p.Errors) == record.MaxViolations:
		p.extensions = map[string]any{"errorsTruncated": true}
	default:
		v := *found
		v.Parameter = name
		p.Errors = append(p.Errors, v)
	}
}
