// Package openapi makes the documents that describe the API, from the shapes and rules of its operations, and serves them to people and
// programs: Swagger UI, OpenAPI and Swagger documents, collections of requests, the catalogue of operations, and a page for each problem.
package openapi

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Options are what the documents describe.
type Options struct {
	// Operations are those of all systems, in the order of the documents.
	Operations []Operation
	// Demo adds the tools that only the demo has, and makes / lead to /docs.
	Demo bool
	// Sandbox reports that the upstreams are a sandbox, which the pages then say in a banner.
	Sandbox bool
	// Callers reports that a call needs an API key.
	Callers bool
	// KeyOptional reports that a call may come without an Idempotency-Key.
	KeyOptional bool
	// KeyToken is the syntax of a bare Idempotency-Key, a regular expression.
	KeyToken string
	// Retention is how long the result of a key is replayed.
	Retention time.Duration
	// MaxBody is the largest request body, in bytes.
	MaxBody int64
	// MaxReply is the largest reply that may be pasted for decoding, in bytes.
	MaxReply int64
	// Problems are the kinds of problem that there are, in the order in which they are listed.
	Problems []Problem
	// ViolationCodes are the codes of what can be wrong at a place of a request, without the numbers of vendors.
	ViolationCodes []string
	// NotFound answers for a page that does not exist, as for any path that does not.
	NotFound gin.HandlerFunc
	// Quality returns the weight of a media type by the Accept header, from 0 to 1.
	Quality func(accept, media string) float64
	// Unknown returns the elements that replies had and that are not known, by the ID of their operation; nil where no replies are read.
	Unknown func() map[string][]UnknownElement
}

// UnknownElement is an element in a vendor's replies that the contract lacks.
type UnknownElement struct {
	Path     string // by local names
	LastSeen string // a date: "2006-01-02"
}

// Problem is one kind of problem, for its page.
type Problem struct {
	Code    string `json:"code"` // "outcome-unknown"
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Outcome string `json:"outcome,omitempty"` // empty where it differs from call to call
	Retry   string `json:"retry"`
	// RetryAfter reports whether the header of that name comes with it.
	RetryAfter bool `json:"-"`
	// User says what to show the person in front of the screen.
	User string `json:"-"`
}

// Site serves the documents and pages.
type Site struct {
	options   Options
	documents []document
	// catalogue makes the catalogue for programs once, when it is asked for.
	catalogue     func() *asset
	cataloguePage cataloguePage

	index, problemList, notFound, unknowns page
	problems                               map[string]page        // by code
	operations                             map[string]func() page // by ID
	searched                               func() index
}

// New makes the documents and pages. The error names what they lack, such as the words of an operation.
func New(o Options) (*Site, error) {
	s := &Site{options: o}
	if err := s.makeDocuments(); err != nil {
		return nil, err
	}
	return s, s.renderPages()
}

// Register adds the routes. They need no caller: what they show is the same for everybody.
func (s *Site) Register(e gin.IRouter) {
	for _, d := range s.documents {
		get(e, d.path, d.show)
	}
	s.registerDocs(e)
	s.registerPages(e)
}

// get adds a route that answers GET and HEAD.
func get(e gin.IRouter, path string, show gin.HandlerFunc) {
	e.Match([]string{http.MethodGet, http.MethodHead}, path, show)
}
