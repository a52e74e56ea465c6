// Package rules checks messages against the vendors' documented rules and names every place where one is broken. A rule is data with two
// outputs: an evaluator, and the JSON Schema that says the same to those who read the OpenAPI document. Rules of one field are with the
// field (shape.Field); here are the rules between the members of an object, from a closed vocabulary.
package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"soapbridge/translate/record"
	"soapbridge/translate/shape"
)

// Rule is a rule between the members of one object.
type Rule struct {
	bind   func(*shape.Shape) (check, error)
	schema func(*shape.Shape) map[string]any // nil where JSON Schema cannot say it
	words  string                            // a sentence for people, without the vendor's own; empty where the words about the members have it
}

// check reports what breaks a rule in an object.
type check func(in *object)

// object is one that is checked, with its place.
type object struct {
	record.Object

	pointer []byte
	report  *record.Report
}

// at returns the JSON Pointer of a member.
func (o *object) at(member string) string { return string(o.pointer) + "/" + member }

// unknown reports whether nothing can be said of a member's text, because it is a violation itself.
func (o *object) unknown(m member) bool { return o.report.Invalid(o.at(m.name)) }

// member is a member of an object, or of an object inside: "accountContactType/type".
type member struct {
	name  string
	path  shape.Path
	known map[string]any // see known
}

func (m member) of(o *object) record.Value { return o.Find(m.path) }

// members resolves names in a shape.
func members(s *shape.Shape, names ...string) (list []member, err error) {
	for _, name := range names {
		path, wrong := s.Find(name)
		list, err = append(list, member{name, path, known(fieldOf(s, name))}), errors.Join(err, wrong)
	}
	return list, err
}

// isGiven reports whether a member is given, be it nil or a violation itself.
func isGiven(v record.Value) bool { return v.Present() || v.Nil() || v.Unreadable() }

// isFilled reports whether a value is given and, where it is a text, not blank.
func isFilled(v record.Value) bool {
	return v.Present() && (v.Field().Kind != shape.String || v.Field().Repeated || !Blank(v.Text()))
}

// Condition is about a member. Without words it holds when the member is given.
type Condition struct {
	Member  string
	Text    bool     // what is given is not blank
	In      []string // the text is one of them
	AnyCase bool     // without ASCII letter case
	Spaced  bool     // white space around the text does not count
	Not     bool     // the text is none of them; of a member that is absent, or a violation itself, nothing holds
}

func (c Condition) bind(s *shape.Shape) (func(*object) bool, error) {
	m, err := members(s, c.Member)
	if f := fieldOf(s, c.Member); err == nil && c.In != nil && (f.Kind != shape.String || f.Repeated) {
		err = fmt.Errorf("the condition on %s compares words with what is not a text", c.Member)
	}
	if err != nil {
		return nil, err
	}
	return func(o *object) bool {
		v := m[0].of(o)
		if c.In == nil {
			return isGiven(v) && (!c.Text || v.Unreadable() || isFilled(v))
		}
		if !v.Present() || c.Not && o.unknown(m[0]) {
			return false
		}
		text := v.Text()
		if c.Spaced {
			text = strings.TrimSpace(text)
		}
		return c.Not != (slices.Contains(c.In, text) || c.AnyCase && isOneOf(text, c.In))
	}, nil
}

// Wording replaces a rule's own code and sentence by the vendor's, without parameters.
type Wording struct {
	Code     record.Code
	Detail   string
	Hint     string       // see record.Violation
	Expected shape.Format // what the text must be; of ListWhen, if the condition holds
	Else     string       // the hint of ListWhen if the condition does not hold
}

func (w Wording) or(v record.Violation) record.Violation {
	if w.Code != "" {
		v.Code, v.Params = w.Code, nil
	}
	if w.Detail != "" {
		v.Detail = w.Detail
	}
	v.Hint = w.Hint
	return v.Expecting(w.Expected)
}

// RequireAnyOf demands that one of the members at least has a text, or is given where it is not a text. The first is reported. One that is
// a violation itself counts: whether it would have sufficed cannot be known.
func RequireAnyOf(names ...string) Rule {
	needed := "At least one of " + strings.Join(names, ", ") + " is required."
	return Rule{
		words:  needed,
		schema: func(s *shape.Shape) map[string]any { return map[string]any{"anyOf": each(s, names, filled)} },
		bind: func(s *shape.Shape) (check, error) {
			list, err := members(s, names...)
			return func(o *object) {
				for _, m := range list {
					if isFilled(m.of(o)) || o.unknown(m) {
						return
					}
				}
				o.report.Add(record.Violation{
					Pointer: o.at(names[0]), Code: record.Required, Detail: needed,
					Params: map[string]any{"oneOf": names},
				})
			}, err
		},
	}
}

// ExactlyOneOf demands that one of the members is given, and no other. An empty text is given: it goes to the wire.
func ExactlyOneOf(names ...string) Rule {
	return Rule{
		words:  "Exactly one of " + strings.Join(names, ", ") + " is given.",
		schema: func(s *shape.Shape) map[string]any { return oneOf(names, nil).schema(s) },
		bind: func(s *shape.Shape) (check, error) {
			list, err := members(s, names...)
			return oneOf(names, list).check, err
		},
	}
}

// RequireWhen demands that a member has a text, or is given where it is not a text, if the condition holds.
func RequireWhen(name string, when Condition, wording Wording) Rule {
	return Rule{
		words: name + " is required when " + when.words() + ".",
		schema: func(s *shape.Shape) map[string]any {
			return map[string]any{"if": when.schema(s), "then": requires(s, name, filled)}
		},
		bind: func(s *shape.Shape) (check, error) {
			list, err1 := members(s, name)
			holds, err2 := when.bind(s)
			return func(o *object) {
				if v := list[0].of(o); holds(o) && !v.Unreadable() && !isFilled(v) {
					missing := wording.or(record.Violation{
						Pointer: o.at(name), Code: record.Required, Detail: missingSentence, Params: map[string]any{"because": o.at(when.Member)},
					})
					o.report.Add(missing.Knowing(list[0].known))
				}
			}, errors.Join(err1, err2)
		},
	}
}

// ForbidWhen demands that a member is absent if the condition holds.
func ForbidWhen(name string, when Condition, detail string) Rule {
	return Rule{
		words: name + " is not allowed when " + when.words() + ".",
		schema: func(s *shape.Shape) map[string]any {
			return map[string]any{"if": when.schema(s), "then": on(name, absent(fieldOf(s, name)))}
		},
		bind: func(s *shape.Shape) (check, error) {
			list, err1 := members(s, name)
			holds, err2 := when.bind(s)
			return func(o *object) {
				if isGiven(list[0].of(o)) && holds(o) {
					o.report.AddBeside(record.Violation{
						Pointer: o.at(name), Code: record.NotAllowedHere, Detail: detail, Params: map[string]any{"because": o.at(when.Member)},
					})
				}
			}, errors.Join(err1, err2)
		},
	}
}

// NotBefore demands that a date is not before another one. JSON Schema compares no members.
func NotBefore(name, other, detail string) Rule {
	return Rule{words: name + " is not before " + other + ".", bind: func(s *shape.Shape) (check, error) {
		list, err := members(s, name, other)
		return func(o *object) {
			later, earlier := list[0].of(o).Text(), list[1].of(o).Text()
			if IsDate(later) && IsDate(earlier) && later < earlier {
				o.report.Add(record.Violation{Pointer: o.at(name), Code: record.BeforeOther, Detail: detail, Params: map[string]any{"other": o.at(other)}})
			}
		}, err
	}}
}

// ListWhen demands that a member is one of a list, in any letter case of ASCII, if the condition holds, and one of another list if it does
// not. Of a condition without its member nothing is said.
func ListWhen(name string, when Condition, then, otherwise []string, wording Wording) Rule {
	isOne := func(list []string) map[string]any {
		return on(name, map[string]any{"pattern": AnyCasePattern(list...)})
	}
	return Rule{
		words: name + " is one of " + strings.Join(then, ", ") + " when " + when.words() + ", else one of " + strings.Join(otherwise, ", ") + ".",
		schema: func(s *shape.Shape) map[string]any {
			schema := map[string]any{"if": when.schema(s), "then": isOne(then), "else": isOne(otherwise)}
			if !strings.Contains(when.Member, "/") && fieldOf(s, when.Member).Required {
				return schema // without the member an object is refused in any case
			}
			return map[string]any{"if": requires(s, when.Member, filled), "then": schema}
		},
		bind: func(s *shape.Shape) (check, error) {
			list, err1 := members(s, name, when.Member)
			holds, err2 := when.bind(s)
			return func(o *object) {
				words, said := then, wording
				if !holds(o) {
					words, said.Expected, said.Hint = otherwise, "", wording.Else
				}
				v := list[0].of(o)
				if !isFilled(list[1].of(o)) || isOneOf(v.Text(), words) {
					return
				}
				wrong := said.or(record.Violation{Pointer: o.at(name), Code: record.NotInList, Detail: notInList(words, true).Detail})
				wrong = wrong.Knowing(map[string]any{"list": words})
				o.report.Lacking(wrong.Pointer, wrong.Params)
				if v.Present() {
					o.report.Add(wrong)
				}
			}, errors.Join(err1, err2)
		},
	}
}

// PatternWhen demands that a member matches a pattern if the condition holds.
func PatternWhen(name string, when Condition, pattern string, wording Wording) Rule {
	matches := regexp.MustCompile(pattern)
	return Rule{
		words: name + " matches " + pattern + " when " + when.words() + ".",
		schema: func(s *shape.Shape) map[string]any {
			return map[string]any{"if": when.schema(s), "then": on(name, map[string]any{"pattern": pattern})}
		},
		bind: func(s *shape.Shape) (check, error) {
			list, err1 := members(s, name)
			holds, err2 := when.bind(s)
			return func(o *object) {
				v := list[0].of(o)
				if !holds(o) || v.Present() && matches.MatchString(v.Text()) {
					return
				}
				wrong := wording.or(record.Violation{Pointer: o.at(name), Code: record.BadFormat, Detail: "This does not have the documented form."})
				o.report.Lacking(wrong.Pointer, wrong.Params)
				if v.Present() {
					o.report.Add(wrong)
				}
			}, errors.Join(err1, err2)
		},
	}
}

// Described is not a rule of its own: it says in JSON Schema what a Checker checks if the condition holds.
func Described(when Condition, then map[string]any) Rule {
	return Rule{
		schema: func(s *shape.Shape) map[string]any { return map[string]any{"if": when.schema(s), "then": then} },
		bind: func(s *shape.Shape) (check, error) {
			_, err := when.bind(s)
			return func(*object) {}, err
		},
	}
}

// Checker is a rule in Go about the texts of some members: what no other word of the vocabulary says. Schema is as much of it as JSON Schema
// can say.
type Checker struct {
	Members []string
	// Check returns what is wrong; nil for nothing. The pointer of the violation is that of the first member. It is called when the first
	// member has a text.
	Check  func(texts []string) *record.Violation
	Schema map[string]any
}

// Rule returns the checker as a rule.
func (c Checker) Rule() Rule {
	return Rule{
		schema: func(*shape.Shape) map[string]any { return c.Schema },
		bind: func(s *shape.Shape) (check, error) {
			list, err := members(s, c.Members...)
			return func(o *object) {
				texts := make([]string, len(list))
				for i, m := range list {
					texts[i] = m.of(o).Text()
				}
				if !list[0].of(o).Present() {
					return
				}
				if v := c.Check(texts); v != nil {
					v.Pointer = o.at(c.Members[0])
					o.report.Add(*v)
				}
			}, err
		},
	}
}

// Set holds all rules of a message.
type Set struct {
	shape     *shape.Shape
	fields    *fields
	unique    bool // there are texts that must be unique in a message
	between   []between
	last      func(*record.Record, *record.Report)
	schemas   map[*shape.Shape][]map[string]any
	sentences []Sentence
}

// between are the rules of the object at a path.
type between struct {
	path    shape.Path
	pointer []byte
	when    func(*object) bool // nil: always
	checks  []check
}

// On attaches rules to an object of a message.
type On struct {
	Object string // its path, "primaryContact/detail"; empty for the message itself
	When   *Condition
	Rules  []Rule
}

// Compiler prepares the rules of several messages. What is prepared of a shape is shared by all messages that hold it. It is not safe for concurrent
// use; what it has compiled is, when it compiles no more.
type Compiler struct{ fields *fields }

// NewCompiler returns a compiler that knows no shape yet.
func NewCompiler() *Compiler { return &Compiler{newFields()} }

// Compile prepares the rules of one message alone.
func Compile(s *shape.Shape, rules []On, last func(*record.Record, *record.Report)) (*Set, error) {
	return NewCompiler().Compile(s, rules, last)
}

// Compile prepares the rules of a message: those of its fields, and those between members. Last, which may be nil, sees what the others
// reported. The error names every mistake. A shape must not change any more.
func (c *Compiler) Compile(s *shape.Shape, rules []On, last func(*record.Record, *record.Report)) (*Set, error) {
	set := &Set{shape: s, fields: c.fields, last: last, schemas: map[*shape.Shape][]map[string]any{}}
	var problems []error
	for _, p := range c.fields.plan(s).reachable(nil, map[*plan]bool{}) {
		set.unique = set.unique || p.unique
		problems = append(problems, p.problems...)
	}
	said := map[*shape.Shape]string{} // where the rules of a shape have been said
	for _, on := range rules {
		b, inside, err := on.bind(s)
		if problems = append(problems, err); err != nil {
			continue
		}
		set.between = append(set.between, b)
		for _, r := range on.Rules {
			set.describe(on, r)
		}
		if _, known := said[inside]; !known {
			said[inside] = on.Object
		}
		if said[inside] == on.Object { // one shape in two places has its rules once
			for _, r := range on.Rules {
				set.say(inside, on.When, r)
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return set, nil
}

// bind resolves the rules in a message of a shape, and returns the shape of the object that they are about.
func (on On) bind(s *shape.Shape) (b between, inside *shape.Shape, err error) {
	if inside = s; on.Object != "" {
		if b.path, err = s.Find(on.Object); err != nil {
			return b, nil, err
		}
		for _, i := range b.path {
			inside = inside.Fields[i].Object
		}
		if inside == nil || fieldOf(s, on.Object).Repeated {
			return b, nil, fmt.Errorf("%s has rules and is not an object", on.Object)
		}
		b.pointer = []byte("/" + on.Object)
	}
	if on.When != nil {
		b.when, err = on.When.bind(inside)
	}
	for _, r := range on.Rules {
		c, wrong := r.bind(inside)
		b.checks, err = append(b.checks, c), errors.Join(err, wrong)
	}
	return b, inside, err
}

// say adds the JSON Schema of a rule, if there is one.
func (s *Set) say(of *shape.Shape, when *Condition, r Rule) {
	if r.schema == nil {
		return
	}
	schema := r.schema(of)
	if schema != nil && when != nil {
		schema = map[string]any{"if": when.schema(of), "then": schema}
	}
	if schema != nil {
		s.schemas[of] = append(s.schemas[of], schema)
	}
}

// Schemas returns the JSON Schemas that hold for objects of a shape, beside what its fields say.
func (s *Set) Schemas(of *shape.Shape) (list []map[string]any) {
	if p := s.fields.plans[of]; p != nil {
		for _, c := range p.choices {
			list = append(list, c.schema(of))
		}
	}
	return append(list, s.schemas[of]...)
}

// Check reports every rule that a record breaks.
func (s *Set) Check(r *record.Record, report *record.Report) {
	var room [256]byte
	s.fields.required(s.fields.plans[s.shape], r.Root(), room[:0], report)
	if s.unique {
		identifiers(r, report)
	}
	for i := range s.between {
		b := &s.between[i]
		o := r.Root()
		if b.path != nil {
			v := o.Find(b.path)
			if !v.Present() {
				continue
			}
			o = v.Object()
		}
		in := object{o, b.pointer, report}
		if b.when != nil && !b.when(&in) {
			continue
		}
		for _, check := range b.checks {
			check(&in)
		}
	}
	if s.last != nil {
		s.last(r, report)
	}
}
