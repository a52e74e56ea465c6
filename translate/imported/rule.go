package imported

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"soapbridge/translate/rules"
)

// beside are the keys that a rule's word needs beside it: one of each list.
var beside = map[string][][]string{
	RequireAnyOf: nil,
	ExactlyOneOf: nil,
	RequireWhen:  {{"when"}},
	ForbidWhen:   {{"when", "unless"}},
	NotBefore:    nil,
	ListWhen:     {{"when"}, {"then"}, {"otherwise"}},
	PatternWhen:  {{"when"}, {"pattern"}},
}

func (r *reader) rule(n *yaml.Node) Rule {
	rule := Rule{Place: place(n)}
	r.object(n,
		may(RequireAnyOf, r.paths(&rule.Members, 1)),
		may(ExactlyOneOf, r.paths(&rule.Members, 2)),
		may(RequireWhen, r.only(&rule.Members)),
		may(ForbidWhen, r.only(&rule.Members)),
		may(NotBefore, r.order(&rule.Members)),
		may(ListWhen, r.only(&rule.Members)),
		may(PatternWhen, r.only(&rule.Members)),
		may("when", r.condition(&rule.When)),
		may("unless", r.condition(&rule.Unless)),
		may("then", r.texts(&rule.Then)),
		may("otherwise", r.texts(&rule.Otherwise)),
		may("pattern", r.pattern(&rule.Pattern)),
		may("in", r.path(&rule.In)),
		may("detail", r.text(&rule.Detail)),
	)
	rule.Word = r.exactlyOne(n, RequireAnyOf, ExactlyOneOf, RequireWhen, ForbidWhen, NotBefore, ListWhen, PatternWhen)
	if rule.Word != "" {
		r.besides(n, rule.Word)
	}
	return rule
}

// besides checks the keys beside a rule's word.
func (r *reader) besides(n *yaml.Node, word string) {
	allowed := slices.Concat(beside[word]...)
	for _, name := range []string{"when", "unless", "then", "otherwise", "pattern"} {
		if has(n, name) && !slices.Contains(allowed, name) {
			r.failf(n, "%s is not for %s, which has %s", name, word, strings.Join(append(allowed, "in", "detail"), ", "))
		}
	}
	for _, names := range beside[word] {
		r.exactlyOne(n, names...)
	}
}

// only is the path of the one member that a rule is about.
func (r *reader) only(into *[]string) read {
	return func(n *yaml.Node) {
		*into = []string{""}
		r.path(&(*into)[0])(n)
	}
}

// order is the two dates of NotBefore.
func (r *reader) order(into *[]string) read {
	return func(n *yaml.Node) {
		*into = make([]string, 2)
		r.object(n, must("member", r.path(&(*into)[0])), must("other", r.path(&(*into)[1])))
	}
}

// condition is a member that must be given, or a member with what its text must be: {country: AU}, {country: [AU, NZ]}, or
// {country: {notIn: [AU], anyCase: true}}.
func (r *reader) condition(into **rules.Condition) read {
	return func(n *yaml.Node) {
		c := &rules.Condition{}
		*into = c
		if n.Kind == yaml.ScalarNode {
			r.path(&c.Member)(n)
			return
		}
		r.named(n, func(path Word, value *yaml.Node) {
			c.Member = path.Text
			r.holds(value, c)
		})
		if n.Kind == yaml.MappingNode && len(n.Content) != 2 {
			r.failf(n, "must be about exactly one member, and is about %d", len(n.Content)/2)
		}
	}
}

// holds is what a condition says of its member.
func (r *reader) holds(n *yaml.Node, c *rules.Condition) {
	switch n.Kind {
	case yaml.ScalarNode:
		c.In = []string{""}
		r.text(&c.In[0])(n)
	case yaml.SequenceNode:
		r.texts(&c.In)(n)
	default:
		r.object(n,
			may("in", r.texts(&c.In)),
			may("notIn", r.texts(&c.In)),
			may("filled", r.yes(&c.Text)),
			may("anyCase", r.yes(&c.AnyCase)),
			may("spaced", r.yes(&c.Spaced)),
		)
		r.exactlyOne(n, "in", "notIn", "filled")
		c.Not = has(n, "notIn")
	}
}
