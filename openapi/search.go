package openapi

import (
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

const searchPath = "/search"

// found is what a search has found, for people and for programs.
type found struct {
	Query      string           `json:"query"`
	Operations []foundOperation `json:"operations"`
	Members    []foundMember    `json:"members"`
	Truncated  bool             `json:"truncated"` // there are more
}

type foundOperation struct {
	ID      string `json:"id"`
	Page    string `json:"page"`
	Route   string `json:"route"`
	Summary string `json:"summary"`
}

type foundMember struct {
	Operation     string `json:"operation"` // its ID
	Page          string `json:"page"`
	Pointer       string `json:"pointer"`
	Documentation string `json:"documentation,omitempty"`
}

// The most that a search lists of each kind, and the most of its words that count, in bytes.
const (
	mostFound   = 100
	longestWord = 100
)

// index is what is searched.
type index struct {
	operations []entryOf[foundOperation]
	members    []entryOf[foundMember]
}

// entryOf is something that may be found, and its words in lower case.
type entryOf[T any] struct {
	found T
	text  string
}

// newIndex makes the index when it is first asked for: that of a thousand operations takes a second.
func (s *Site) newIndex(w words) func() index {
	return sync.OnceValue(func() (all index) {
		for i := range s.options.Operations {
			op := catalogued(&s.options.Operations[i], w)
			route := op.Method + " " + op.Path
			all.operations = append(all.operations, entryOf[foundOperation]{
				foundOperation{op.id, PageOf(op.id), route, op.About()}, strings.ToLower(op.id + " " + route + " " + op.Summary),
			})
			for _, f := range op.Fields {
				member := foundMember{op.id, PageOf(op.id) + "#" + f.Pointer, f.Pointer, f.Documentation}
				_, wire, _ := strings.Cut(f.Wire, "/") // every member has the operation's own element
				texts := []string{f.Pointer, wire, f.Documentation, f.Rule}
				for _, e := range f.Errors {
					texts = append(texts, e.Code, e.Sentence, e.Hint)
				}
				all.members = append(all.members, entryOf[foundMember]{member, strings.ToLower(strings.Join(texts, " "))})
			}
		}
		return all
	})
}

// search finds what has every word of a query, in any letter case.
func (all index) search(query string) found {
	f := found{Query: query, Operations: []foundOperation{}, Members: []foundMember{}}
	if query = strings.ToLower(query); len(query) > longestWord {
		query = query[:longestWord]
	}
	if words := strings.Fields(query); len(words) > 0 {
		var more1, more2 bool
		f.Operations, more1 = matching(all.operations, words, f.Operations)
		f.Members, more2 = matching(all.members, words, f.Members)
		f.Truncated = more1 || more2
	}
	return f
}

func matching[T any](entries []entryOf[T], words []string, list []T) (_ []T, more bool) {
next:
	for _, e := range entries {
		for _, word := range words {
			if !strings.Contains(e.text, word) {
				continue next
			}
		}
		if len(list) == mostFound {
			return list, true
		}
		list = append(list, e.found)
	}
	return list, false
}

// showSearch finds operations and members.
func (s *Site) showSearch(c *gin.Context) {
	f := s.searched().search(strings.TrimSpace(c.Query("q")))
	p, err := s.newPage("search.html", "Search", f, f)
	if err != nil {
		panic(err) // the template is embedded: it is wrong always, or never
	}
	s.serve(c, p)
}
