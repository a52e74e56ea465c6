package api

import (
	"maps"
	"slices"
	"strings"

	"soapbridge/openapi"
)

// Problems lists the rows of the error table for the documents, by status and code.
func Problems() []openapi.Problem {
	list := make([]openapi.Problem, 0, len(table))
	for _, c := range slices.Sorted(maps.Keys(table)) {
		r := table[c]
		p := openapi.Problem{Code: string(c), Status: r.status, Title: r.title, Detail: r.detail, Retry: string(r.retry), RetryAfter: r.retryAfter > 0}
		if r.outcome != noOutcome {
			p.Outcome = string(r.outcome)
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b openapi.Problem) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return strings.Compare(a.Code, b.Code)
	})
	return list
}
