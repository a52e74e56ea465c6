package rules

import "strings"

// Sentence is a rule between members in words, for people.
type Sentence struct {
	Pointer string // of the object whose members it is about; empty for the message itself
	Text    string
}

// Sentences returns the rules between members in words, in the order of the rules. What a Checker checks is in the words about its members.
func (s *Set) Sentences() []Sentence { return s.sentences }

// words says when a condition holds: "customerLevel is AGREEMENT".
func (c Condition) words() string {
	switch {
	case c.In == nil && c.Text:
		return c.Member + " is not blank"
	case c.In == nil:
		return c.Member + " is given"
	case c.Not:
		return c.Member + " is not " + strings.Join(c.In, " or ")
	}
	return c.Member + " is " + strings.Join(c.In, " or ")
}

// describe adds the sentence of a rule.
func (s *Set) describe(on On, r Rule) {
	if r.words == "" {
		return
	}
	text := r.words
	if on.When != nil {
		text = "If " + on.When.words() + ": " + text
	}
	pointer := ""
	if on.Object != "" {
		pointer = "/" + on.Object
	}
	s.sentences = append(s.sentences, Sentence{pointer, text})
}
