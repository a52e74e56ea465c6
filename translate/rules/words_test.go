package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSentences: each word of the vocabulary says itself, where it holds and when.
func TestSentences(t *testing.T) {
	on := []On{
		{Rules: []Rule{
			RequireAnyOf("a", "b"),
			ExactlyOneOf("a", "b"),
			RequireWhen("a", Condition{Member: "b", In: []string{"X", "Y"}}, Wording{}),
			RequireWhen("a", Condition{Member: "b"}, Wording{Detail: "The vendor's words, which the member's row has."}),
			ForbidWhen("a", Condition{Member: "b", In: []string{"X"}, Not: true}, ""),
			NotBefore("a", "b", "A is later."),
			ListWhen("a", Condition{Member: "b", In: []string{"X"}}, []string{"1", "2"}, []string{"3"}, Wording{}),
			PatternWhen("a", Condition{Member: "b", Text: true}, "^1$", Wording{}),
		}},
		{Object: "o", When: &Condition{Member: "a"}, Rules: []Rule{RequireAnyOf("b")}},
	}
	want := []Sentence{
		{Text: "At least one of a, b is required."},
		{Text: "Exactly one of a, b is given."},
		{Text: "a is required when b is X or Y."},
		{Text: "a is required when b is given."},
		{Text: "a is not allowed when b is not X."},
		{Text: "a is not before b."},
		{Text: "a is one of 1, 2 when b is X, else one of 3."},
		{Text: "a matches ^1$ when b is not blank."},
		{Pointer: "/o", Text: "If a is given: At least one of b is required."},
	}
	if diff := cmp.Diff(want, compile(t, shapeOf(t), on...).Sentences()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
