package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one fault of one variable.
type Problem struct {
	Variable string // full name, e.g. SOAPBRIDGE_LISTEN
	Reason   string // the fault and the valid values; never the variable's value
}

// String returns one line.
func (p Problem) String() string { return p.Variable + ": " + p.Reason }

// Error lists all problems: known variables in the order of [Reference], those of imported systems, then unknown names in alphabetical order.
type Error struct {
	Problems []Problem
}

// Error returns the problems, one on each line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects problems; rules skip a variable that has one already.
type problems struct {
	found  []Problem
	failed map[string]bool
}

func newProblems() *problems { return &problems{failed: make(map[string]bool)} }

func (p *problems) add(variable, reason string) {
	p.found = append(p.found, Problem{Variable: variable, Reason: reason})
	p.failed[strings.TrimSuffix(variable, fileSuffix)] = true
}

func (p *problems) anyFailed(variables ...string) bool {
	return slices.ContainsFunc(variables, func(v string) bool { return p.failed[v] })
}

// err returns nil or an [Error] in its documented order.
func (p *problems) err(rank func(variable string) int) error {
	if len(p.found) == 0 {
		return nil
	}
	slices.SortStableFunc(p.found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a.Variable), rank(b.Variable)), cmp.Compare(a.Variable, b.Variable))
	})
	return &Error{Problems: p.found}
}

// printable keeps foreign text (a name or a path from the environment) on one line of an error.
func printable(text string) string {
	for _, r := range text {
		if !strconv.IsPrint(r) {
			return strconv.QuoteToASCII(text)
		}
	}
	return text
}
