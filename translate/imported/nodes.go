package imported

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// mostProblems are shown at once: a person fixes no more in one go.
const mostProblems = 50

// reader reads nodes of YAML, and notes every problem. Its methods that return a read are named after what a node must be.
type reader struct {
	keys     []string // that lead to what is read
	problems []*Problem
}

// read takes a value out of a node.
type read func(n *yaml.Node)

func (r *reader) failf(n *yaml.Node, format string, args ...any) {
	where := ""
	if len(r.keys) > 0 {
		where = strings.Join(r.keys, "/") + ": "
	}
	r.problems = append(r.problems, place(n).Problem("%s%s", where, fmt.Sprintf(format, args...)))
}

func place(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// err returns the problems in the order of the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.problems, func(a, b *Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	list := make([]error, 0, len(r.problems))
	for i, p := range r.problems {
		if i == mostProblems {
			list = append(list, fmt.Errorf("%s: %d more problems", FileName, len(r.problems)-i))
			break
		}
		list = append(list, p)
	}
	return errors.Join(list...)
}

// what names what a node is.
func what(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "an object"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias, which is not read: write the value out"
	case is(n, "!!null"):
		return "empty"
	case is(n, "!!str"):
		return strconv.Quote(n.Value)
	}
	return n.Value
}

func is(n *yaml.Node, tag string) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == tag }

// key is a key of an object with what reads its value.
type key struct {
	name     string
	required bool
	read     read
}

func must(name string, value read) key { return key{name, true, value} }
func may(name string, value read) key  { return key{name, false, value} }

// object reads an object that has these keys and no others.
func (r *reader) object(n *yaml.Node, keys ...key) {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	r.entries(n, func(name, value *yaml.Node) {
		if i := slices.Index(names, name.Value); i >= 0 {
			keys[i].read(value)
			return
		}
		r.failf(name, "there is no such key; there are %s", strings.Join(names, ", "))
	})
	for _, k := range keys {
		if k.required && n.Kind == yaml.MappingNode && !has(n, k.name) {
			r.failf(n, "%s is missing", k.name)
		}
	}
}

// has reports whether an object has a key.
func has(n *yaml.Node, name string) bool {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}

// entries reads an object whose keys are names.
func (r *reader) entries(n *yaml.Node, each func(name, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.failf(n, "must be an object, and is %s", what(n))
		return
	}
	lines := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Value == "" {
			r.failf(name, "must have names for keys, and one is %s", what(name))
			continue
		}
		r.keys = append(r.keys, name.Value)
		if first := lines[name.Value]; first > 0 {
			r.failf(name, "is there twice; the first is in line %d", first)
		} else {
			lines[name.Value] = name.Line
			each(name, value)
		}
		r.keys = r.keys[:len(r.keys)-1]
	}
}

// list reads a list.
func (r *reader) list(n *yaml.Node, each read) {
	if n.Kind != yaml.SequenceNode {
		r.failf(n, "must be a list, and is %s", what(n))
		return
	}
	for _, item := range n.Content {
		each(item)
	}
}

// text is a text that is not empty.
func (r *reader) text(into *string) read {
	return func(n *yaml.Node) {
		switch {
		case is(n, "!!str") && n.Value != "":
			*into = n.Value
		case n.Kind == yaml.ScalarNode && n.Value != "":
			r.failf(n, "must be a text, and YAML reads %s as something else: put it in quotes", n.Value)
		default:
			r.failf(n, "must be a text, and is %s", what(n))
		}
	}
}

// anything is a text, a number or a boolean, as it is written.
func (r *reader) anything(into *string) read {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || is(n, "!!null") {
			r.failf(n, "must be a text, a number or a boolean, and is %s", what(n))
			return
		}
		*into = n.Value
	}
}

// matching is a text that matches a pattern.
func (r *reader) matching(into *string, pattern *regexp.Regexp, valid string) read {
	return func(n *yaml.Node) {
		if r.text(into)(n); *into != "" && !pattern.MatchString(*into) {
			r.failf(n, "must be %s, and is %q", valid, *into)
		}
	}
}

// oneOf is one of some words.
func (r *reader) oneOf(into *string, words ...string) read {
	return func(n *yaml.Node) {
		if !is(n, "!!str") || !slices.Contains(words, n.Value) {
			r.failf(n, "must be one of %s, and is %s", strings.Join(words, ", "), what(n))
			return
		}
		*into = n.Value
	}
}

func (r *reader) flag(into *bool) read {
	return func(n *yaml.Node) {
		if !is(n, "!!bool") || n.Decode(into) != nil {
			r.failf(n, "must be true or false, and is %s", what(n))
		}
	}
}

// yes is true: what else would be said by leaving it out.
func (r *reader) yes(into *bool) read {
	return func(n *yaml.Node) {
		if !is(n, "!!bool") || n.Decode(into) != nil || !*into {
			r.failf(n, "must be true or left out, and is %s", what(n))
		}
	}
}

// number is a whole number that is greater than 0.
func (r *reader) number(into *int) read {
	return func(n *yaml.Node) {
		if !is(n, "!!int") || n.Decode(into) != nil || *into <= 0 {
			r.failf(n, "must be a whole number of at least 1, and is %s", what(n))
		}
	}
}

func (r *reader) duration(into *time.Duration) read {
	return func(n *yaml.Node) {
		d, err := time.ParseDuration(n.Value)
		if !is(n, "!!str") || err != nil || d < time.Second {
			r.failf(n, "must be a time of at least 1s, such as 60s or 5m, and is %s", what(n))
			return
		}
		*into = d
	}
}

// texts is a list of texts, at least one, each there once.
func (r *reader) texts(into *[]string) read { return r.each(into, 1, r.text) }

// paths is a list of paths, each there once.
func (r *reader) paths(into *[]string, least int) read { return r.each(into, least, r.path) }

func (r *reader) each(into *[]string, least int, item func(*string) read) read {
	return func(n *yaml.Node) {
		list := []string{}
		r.list(n, func(n *yaml.Node) {
			var text string
			if item(&text)(n); text != "" && slices.Contains(list, text) {
				r.failf(n, "%q is there twice", text)
			}
			list = append(list, text)
		})
		if n.Kind == yaml.SequenceNode && len(list) < least {
			r.failf(n, "must have at least %d, and has %d", least, len(list))
		}
		*into = list
	}
}

// words is a list of paths with their lines, or one path.
func (r *reader) words(into *[]Word) read {
	return func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && !is(n, "!!null") {
			n = &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line, Column: n.Column, Content: []*yaml.Node{n}}
		}
		var list []string
		r.paths(&list, 0)(n)
		for i, text := range list {
			*into = append(*into, Word{place(n.Content[i]), text})
		}
	}
}

var pathPattern = regexp.MustCompile(`^[^/~]+(/[^/~]+)*$`)

func (r *reader) path(into *string) read {
	return r.matching(into, pathPattern, "names of members with slashes between them")
}

func (r *reader) pattern(into *string) read {
	return func(n *yaml.Node) {
		r.text(into)(n)
		if _, err := regexp.Compile(*into); err != nil {
			r.failf(n, "must be a regular expression in the syntax of RE2: %v", err)
		}
	}
}
