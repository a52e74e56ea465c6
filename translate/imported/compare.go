package imported

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/shape"
)

// comparison compares two shapes of one message. Of a request, what is narrower breaks callers: what they send may be refused. Of a reply, what is
// wider does: they may read what they never saw.
type comparison struct {
	request bool
	report  func(path, what string, breaking bool)
	done    map[[2]*shape.Shape]bool // a pair of shapes is compared in the first place where it is, and recursion ends
}

func compareShapes(old, new *shape.Shape, request bool, report func(path, what string, breaking bool)) {
	c := &comparison{request, report, map[[2]*shape.Shape]bool{}}
	c.shape("", old, new)
}

// at reports changes of one place.
type at struct {
	*comparison

	path string
}

func (a at) breaking(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), true)
}
func (a at) compatible(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), false)
}
func (a at) narrower(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), a.request)
}
func (a at) wider(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), !a.request)
}

func (c *comparison) shape(path string, old, new *shape.Shape) {
	pair := [2]*shape.Shape{old, new}
	if c.done[pair] {
		return
	}
	c.done[pair] = true
	for i := range old.Fields {
		f := &old.Fields[i]
		here := at{c, path + f.Name}
		switch n, ok := new.ByName([]byte(f.Name)); {
		case f.Hidden:
		case !ok:
			here.breaking("is gone")
		default:
			here.field(f, &new.Fields[n])
		}
	}
	for i := range new.Fields {
		f := &new.Fields[i]
		if _, ok := old.ByName([]byte(f.Name)); ok || f.Hidden {
			continue
		}
		if here := (at{c, path + f.Name}); f.Required {
			here.narrower("is new, and required")
		} else {
			here.compatible("is new")
		}
	}
	c.choices(at{c, strings.TrimSuffix(path, "/")}, old, new)
	c.subtypes(path, old, new)
}

func (a at) field(old, new *shape.Field) {
	if old.Wire.Space != new.Wire.Space {
		a.breaking("is in the namespace %q now, and was in %q", new.Wire.Space, old.Wire.Space)
	}
	if old.Place != new.Place {
		a.breaking("is at another place of its element: as attribute, child element or text")
	}
	if old.Kind != new.Kind || old.Repeated != new.Repeated {
		a.breaking("is %s now, and was %s", jsonType(new), jsonType(old))
		return
	}
	a.flag(old.Required, new.Required, "is required now", "is not required any more")
	a.flag(!old.Nillable, !new.Nillable, "cannot be null any more", "can be null now")
	a.fixed(old.Fixed, new.Fixed)
	if value(old.Default) != value(new.Default) {
		a.compatible("means %s now where it is absent, and meant %s", value(new.Default), value(old.Default))
	}
	a.limit("minItems", count(old.MinItems), count(new.MinItems), false)
	a.limit("maxItems", count(old.MaxItems), count(new.MaxItems), true)
	a.facets(&old.Facets, &new.Facets)
	if old.Object != nil && new.Object != nil {
		a.shape(a.path+"/", old.Object, new.Object)
	}
}

// flag compares a restriction that is there or not.
func (a at) flag(old, new bool, narrower, wider string) {
	switch {
	case !old && new:
		a.narrower("%s", narrower)
	case old && !new:
		a.wider("%s", wider)
	}
}

func (a at) fixed(old, new *string) {
	switch {
	case value(old) == value(new):
	case new == nil:
		a.wider("is not fixed to %s any more", value(old))
	case old == nil:
		a.narrower("is fixed to %s now", value(new))
	default:
		a.breaking("is fixed to %s now, and was to %s", value(new), value(old))
	}
}

func value(text *string) string {
	if text == nil {
		return "nothing"
	}
	return strconv.Quote(*text)
}

var kindNames = [...]string{
	shape.String: "a text", shape.Boolean: "a boolean", shape.Integer: "a whole number", shape.Float: "a number", shape.Object: "an object", shape.XML: "XML",
}

func jsonType(f *shape.Field) string {
	if f.Repeated {
		return "a list of which each is " + kindNames[f.Kind]
	}
	return kindNames[f.Kind]
}

// facets compares what restricts the texts of a leaf.
func (a at) facets(old, new *shape.Facets) {
	if old.Form != new.Form {
		a.flagForm(old.Form, new.Form)
	}
	a.limit("minLength", length(old.MinLength), length(new.MinLength), false)
	a.limit("maxLength", length(old.MaxLength), length(new.MaxLength), true)
	a.limit("minimum", lowest(old), lowest(new), false)
	a.limit("maximum", highest(old), highest(new), true)
	x, y := numberFacets(old), numberFacets(new)
	a.limit("totalDigits", count(x.TotalDigits), count(y.TotalDigits), true)
	a.limit("fractionDigits", fraction(x), fraction(y), true)
	a.enum(old.Enum, new.Enum)
	added, removed := difference(old.Patterns, new.Patterns)
	for _, pattern := range added {
		a.narrower("must match %s now", pattern)
	}
	for _, pattern := range removed {
		a.wider("need not match %s any more", pattern)
	}
}

// flagForm compares lexical forms: any text is the widest, and of two others none holds the other.
func (a at) flagForm(old, new shape.Form) {
	switch {
	case old == shape.AnyText:
		a.narrower("must have a lexical form now, and was any text")
	case new == shape.AnyText:
		a.wider("is any text now, and had a lexical form")
	default:
		a.breaking("has another lexical form")
	}
}

func (a at) enum(old, new []string) {
	switch {
	case old == nil && new != nil:
		a.narrower("must be one of %s now", strings.Join(new, ", "))
		return
	case old != nil && new == nil:
		a.wider("is not one of a list any more")
		return
	}
	added, removed := difference(old, new)
	if len(removed) > 0 {
		a.narrower("must not be %s any more", strings.Join(removed, ", "))
	}
	if len(added) > 0 {
		a.wider("may be %s now", strings.Join(added, ", "))
	}
}

// bound is a limit of a number; a value of nil is none.
type bound struct {
	value     *big.Rat
	exclusive bool
}

func (b bound) String() string {
	if b.value == nil {
		return "nothing"
	}
	text := strings.TrimSuffix(strings.TrimRight(b.value.FloatString(20), "0"), ".")
	if b.exclusive {
		text += " (exclusive)"
	}
	return text
}

func (a at) limit(name string, old, new bound, upper bool) {
	if tighter := tighterBy(old, new, upper); tighter > 0 {
		a.narrower("has a %s of %v now, and had %v", name, new, old)
	} else if tighter < 0 {
		a.wider("has a %s of %v now, and had %v", name, new, old)
	}
}

// tighterBy is positive when the new limit allows less, negative when it allows more.
func tighterBy(old, new bound, upper bool) int {
	switch {
	case old.value == nil && new.value == nil:
		return 0
	case old.value == nil:
		return 1
	case new.value == nil:
		return -1
	}
	sign := new.value.Cmp(old.value)
	if upper {
		sign = -sign
	}
	switch {
	case sign != 0 || old.exclusive == new.exclusive:
		return sign
	case new.exclusive:
		return 1
	}
	return -1
}

func length(n *int) bound {
	if n == nil {
		return bound{}
	}
	return bound{value: big.NewRat(int64(*n), 1)}
}

// count is a limit where 0 means none.
func count(n int) bound {
	if n == 0 {
		return bound{}
	}
	return length(&n)
}

func numberFacets(f *shape.Facets) *shape.NumberFacets {
	if f.Number == nil {
		return &shape.NumberFacets{MaxFractionDigits: -1}
	}
	return f.Number
}

func fraction(f *shape.NumberFacets) bound {
	if f.MaxFractionDigits < 0 {
		return bound{}
	}
	return length(&f.MaxFractionDigits)
}

func lowest(f *shape.Facets) bound {
	return edge(f.Min, numberFacets(f).Min, numberFacets(f).MinExclusive)
}

func highest(f *shape.Facets) bound {
	return edge(f.Max, numberFacets(f).Max, numberFacets(f).MaxExclusive)
}

func edge(whole *int64, number string, exclusive bool) bound {
	if whole != nil {
		return bound{value: big.NewRat(*whole, 1)}
	}
	return bound{parseNumber(number), exclusive}
}

// parseNumber returns nil for what is not a number. An exponent, which only a float has, must not become a number of as many digits.
func parseNumber(text string) *big.Rat {
	if strings.ContainsAny(text, "eE") {
		f, _ := strconv.ParseFloat(text, 64)
		return new(big.Rat).SetFloat64(f)
	}
	if n, ok := new(big.Rat).SetString(text); ok {
		return n
	}
	return nil
}

// choices compares which members may be together. A choice that only has more branches is wider.
func (c *comparison) choices(here at, old, new *shape.Shape) {
	before, after := choices(old), choices(new)
	for _, choice := range after {
		if !slices.ContainsFunc(before, choice.within) {
			here.narrower("%s", choice.sentence())
		}
	}
	for _, choice := range before {
		if !slices.ContainsFunc(after, choice.within) {
			here.wider("need not be %s any more", choice.sentence())
		}
	}
}

// choice is a shape.Choice by the names of members.
type choice struct {
	branches []string
	optional bool
}

func choices(s *shape.Shape) (list []choice) {
	for _, each := range s.Choices {
		c := choice{optional: each.Optional}
		for _, b := range each.Branches {
			names := make([]string, 0, len(b.Fields))
			for _, i := range b.Fields {
				names = append(names, s.Fields[i].Name)
			}
			c.branches = append(c.branches, strings.Join(names, " and "))
		}
		list = append(list, c)
	}
	return list
}

// within reports whether the other choice restricts as much, or more.
func (c choice) within(other choice) bool {
	return (c.optional || !other.optional) && !slices.ContainsFunc(other.branches, func(b string) bool { return !slices.Contains(c.branches, b) })
}

func (c choice) sentence() string {
	if c.optional {
		return "at most one of: " + strings.Join(c.branches, "; ")
	}
	return "exactly one of: " + strings.Join(c.branches, "; ")
}

// subtypes compares the types that may be sent in the place of one.
func (c *comparison) subtypes(path string, old, new *shape.Shape) {
	if len(old.Subtypes)+len(new.Subtypes) == 0 {
		return
	}
	here, before, after := at{c, strings.TrimSuffix(path, "/")}, types(old), types(new)
	for _, each := range before {
		if i := slices.IndexFunc(after, sameName(each)); i >= 0 {
			c.shape(path, each, after[i])
			continue
		}
		here.narrower("cannot be of the type %s any more", each.Name)
	}
	for _, each := range after {
		if !slices.ContainsFunc(before, sameName(each)) {
			here.wider("can be of the type %s now", each.Name)
		}
	}
}

// types lists the types of which an object of a shape may be; without subtypes it is of its own.
func types(s *shape.Shape) []*shape.Shape {
	if len(s.Subtypes) == 0 {
		return []*shape.Shape{s}
	}
	return s.Subtypes
}

func sameName(s *shape.Shape) func(*shape.Shape) bool {
	return func(other *shape.Shape) bool { return s.Name == other.Name }
}
