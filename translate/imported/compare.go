package imported

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/shape"
)

// comparison compares two shapes of one message. Of a request, what is narrower breaks callers: what they send may be refused. Of a reply,
// what is wider does: they may read what they never saw.
type comparison struct {
	request bool
	report  reporter
	done    map[[2]*shape.Shape]bool // a pair of shapes is compared in the first place where it is, and recursion ends
}

// reporter takes a change. One of a type is that of everything that has the type, whatever its name.
type reporter func(path, what string, breaking, ofType bool)

func compareShapes(old, now *shape.Shape, request bool, report reporter) {
	c := &comparison{request, report, map[[2]*shape.Shape]bool{}}
	c.shape("", old, now)
}

// at reports changes of one place.
type at struct {
	*comparison

	path   string
	ofType bool
}

func (a at) breakingf(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), true, a.ofType)
}
func (a at) compatiblef(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), false, a.ofType)
}
func (a at) narrowerf(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), a.request, a.ofType)
}
func (a at) widerf(format string, args ...any) {
	a.report(a.path, fmt.Sprintf(format, args...), !a.request, a.ofType)
}

func (c *comparison) shape(path string, old, now *shape.Shape) {
	pair := [2]*shape.Shape{old, now}
	if c.done[pair] {
		return
	}
	c.done[pair] = true
	for i := range old.Fields {
		f := &old.Fields[i]
		here := at{c, path + f.Name, false}
		switch n, ok := now.ByName([]byte(f.Name)); {
		case f.Hidden:
		case !ok:
			here.breakingf("is gone")
		default:
			here.field(f, &now.Fields[n])
		}
	}
	for i := range now.Fields {
		f := &now.Fields[i]
		if _, ok := old.ByName([]byte(f.Name)); ok || f.Hidden {
			continue
		}
		if here := (at{c, path + f.Name, false}); f.Required {
			here.narrowerf("is new, and required")
		} else {
			here.compatiblef("is new")
		}
	}
	c.choices(at{c, strings.TrimSuffix(path, "/"), true}, old, now)
	c.subtypes(path, old, now)
}

func (a at) field(old, now *shape.Field) {
	if old.Wire.Space != now.Wire.Space {
		a.breakingf("is in the namespace %q now, and was in %q", now.Wire.Space, old.Wire.Space)
	}
	if old.Place != now.Place {
		a.breakingf("is at another place of its element: as attribute, child element or text")
	}
	ofType := at{a.comparison, a.path, true}
	if old.Kind != now.Kind || old.Repeated != now.Repeated {
		ofType.breakingf("is %s now, and was %s", jsonType(now), jsonType(old))
		return
	}
	a.flag(old.Required, now.Required, "is required now", "is not required any more")
	a.flag(!old.Nillable, !now.Nillable, "cannot be null any more", "can be null now")
	a.fixed(old.Fixed, now.Fixed)
	if value(old.Default) != value(now.Default) {
		a.compatiblef("means %s now where it is absent, and meant %s", value(now.Default), value(old.Default))
	}
	a.limit("minItems", count(old.MinItems), count(now.MinItems), false)
	a.limit("maxItems", count(old.MaxItems), count(now.MaxItems), true)
	ofType.facets(&old.Facets, &now.Facets)
	if old.Object != nil && now.Object != nil {
		a.shape(a.path+"/", old.Object, now.Object)
	}
}

// flag compares a restriction that is there or not.
func (a at) flag(old, now bool, narrower, wider string) {
	switch {
	case !old && now:
		a.narrowerf("%s", narrower)
	case old && !now:
		a.widerf("%s", wider)
	}
}

func (a at) fixed(old, now *string) {
	switch {
	case value(old) == value(now):
	case now == nil:
		a.widerf("is not fixed to %s any more", value(old))
	case old == nil:
		a.narrowerf("is fixed to %s now", value(now))
	default:
		a.breakingf("is fixed to %s now, and was to %s", value(now), value(old))
	}
}

func value(text *string) string {
	if text == nil {
		return "nothing"
	}
	return strconv.Quote(*text)
}

var kindNames = [...]string{
	shape.String: "a text", shape.Boolean: "a boolean", shape.Integer: "a whole number", shape.Float: "a number",
	shape.Object: "an object", shape.XML: "XML",
}

func jsonType(f *shape.Field) string {
	if f.Repeated {
		return "a list of which each is " + kindNames[f.Kind]
	}
	return kindNames[f.Kind]
}

// facets compares what restricts the texts of a leaf.
func (a at) facets(old, now *shape.Facets) {
	if old.Form != now.Form {
		a.flagForm(old.Form, now.Form)
	}
	a.limit("minLength", length(old.MinLength), length(now.MinLength), false)
	a.limit("maxLength", length(old.MaxLength), length(now.MaxLength), true)
	a.limit("minimum", lowest(old), lowest(now), false)
	a.limit("maximum", highest(old), highest(now), true)
	x, y := numberFacets(old), numberFacets(now)
	a.limit("totalDigits", count(x.TotalDigits), count(y.TotalDigits), true)
	a.limit("fractionDigits", fraction(x), fraction(y), true)
	a.enum(old.Enum, now.Enum)
	added, removed := difference(old.Patterns, now.Patterns)
	for _, pattern := range added {
		a.narrowerf("must match %s now", pattern)
	}
	for _, pattern := range removed {
		a.widerf("need not match %s any more", pattern)
	}
}

// flagForm compares lexical forms: any text is the widest, and of two others none holds the other.
func (a at) flagForm(old, now shape.Form) {
	switch {
	case old == shape.AnyText:
		a.narrowerf("must have a lexical form now, and was any text")
	case now == shape.AnyText:
		a.widerf("is any text now, and had a lexical form")
	default:
		a.breakingf("has another lexical form")
	}
}

func (a at) enum(old, now []string) {
	switch {
	case old == nil && now != nil:
		a.narrowerf("must be one of %s now", strings.Join(now, ", "))
		return
	case old != nil && now == nil:
		a.widerf("is not one of a list any more")
		return
	}
	added, removed := difference(old, now)
	if len(removed) > 0 {
		a.narrowerf("must not be %s any more", strings.Join(removed, ", "))
	}
	if len(added) > 0 {
		a.widerf("may be %s now", strings.Join(added, ", "))
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

func (a at) limit(name string, old, now bound, upper bool) {
	if tighter := tighterBy(old, now, upper); tighter > 0 {
		a.narrowerf("has a %s of %v now, and had %v", name, now, old)
	} else if tighter < 0 {
		a.widerf("has a %s of %v now, and had %v", name, now, old)
	}
}

// tighterBy is positive when the new limit allows less, negative when it allows more.
func tighterBy(old, now bound, upper bool) int {
	switch {
	case old.value == nil && now.value == nil:
		return 0
	case old.value == nil:
		return 1
	case now.value == nil:
		return -1
	}
	sign := now.value.Cmp(old.value)
	if upper {
		sign = -sign
	}
	switch {
	case sign != 0 || old.exclusive == now.exclusive:
		return sign
	case now.exclusive:
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
func (c *comparison) choices(here at, old, now *shape.Shape) {
	before, after := choices(old), choices(now)
	for _, choice := range after {
		if !slices.ContainsFunc(before, choice.within) {
			here.narrowerf("%s", choice.sentence())
		}
	}
	for _, choice := range before {
		if !slices.ContainsFunc(after, choice.within) {
			here.widerf("need not be %s any more", choice.sentence())
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
	added, _ := difference(c.branches, other.branches)
	return (c.optional || !other.optional) && len(added) == 0
}

func (c choice) sentence() string {
	if c.optional {
		return "at most one of: " + strings.Join(c.branches, "; ")
	}
	return "exactly one of: " + strings.Join(c.branches, "; ")
}

// subtypes compares the types that may be sent in the place of one.
func (c *comparison) subtypes(path string, old, now *shape.Shape) {
	if len(old.Subtypes)+len(now.Subtypes) == 0 {
		return
	}
	here, before, after := at{c, strings.TrimSuffix(path, "/"), true}, types(old), types(now)
	for _, each := range before {
		if i := slices.IndexFunc(after, sameName(each)); i >= 0 {
			c.shape(path, each, after[i])
			continue
		}
		here.narrowerf("cannot be of the type %s any more", each.Name)
	}
	for _, each := range after {
		if !slices.ContainsFunc(before, sameName(each)) {
			here.widerf("can be of the type %s now", each.Name)
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
