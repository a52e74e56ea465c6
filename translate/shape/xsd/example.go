package xsd

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"slices"

	"soapbridge/translate/shape"
	"soapbridge/translate/shape/wsdl"
	"soapbridge/translate/xml"
)

// exampleWriter writes an element of a schema as XML, with what it must hold and no more.
type exampleWriter struct {
	leaves Leaves
	b      bytes.Buffer
	depth  int
	steps  int
}

// deepestExample bounds the elements inside each other: types may require themselves.
const deepestExample = 12

// mostSteps bounds the elements that are tried for an example: each of a chain may require a hundred of the next.
const mostSteps = 10_000

// Example returns an element as a text, and whether one could be made.
func (b *Builder) Example(e *wsdl.Element) (text string, ok bool) {
	w := exampleWriter{leaves: b.leaves}
	ok = w.element(e)
	b.work += w.steps + w.b.Len()/100
	return w.b.String(), ok
}

func (w *exampleWriter) element(e *wsdl.Element) bool {
	w.steps++
	if w.depth == deepestExample || w.steps > mostSteps || e.Abstract {
		return false
	}
	w.depth++
	defer func() { w.depth-- }()
	fmt.Fprintf(&w.b, `<%s xmlns="%s"`, e.Name.Local, html.EscapeString(e.Name.Space))
	t, isComplex := e.Type.(*wsdl.ComplexType)
	if !isComplex {
		w.text(simpleType(e.Type), e.Fixed)
	} else if t.Abstract || !w.attributes(t, map[xml.Name]bool{}) || !w.content(t, e.Fixed) {
		return false
	}
	w.b.WriteString("</" + e.Name.Local + ">")
	return true
}

// text ends the start tag and writes a text.
func (w *exampleWriter) text(t *wsdl.SimpleType, fixed *string) {
	text := w.leaves.Of(t).Example
	if fixed != nil {
		text = *fixed
	}
	w.b.WriteString(">" + html.EscapeString(text))
}

func (w *exampleWriter) attributes(t *wsdl.ComplexType, done map[xml.Name]bool) bool {
	return w.attributesOf(&t.Attributes, done) && (baseOf(t) == nil || w.attributes(baseOf(t), done))
}

func (w *exampleWriter) attributesOf(a *wsdl.Attributes, done map[xml.Name]bool) bool {
	for _, use := range a.Uses {
		name := use.Attribute.Name
		if done[name] || !use.Required {
			done[name] = true
			continue
		}
		done[name] = true
		if name.Space != "" {
			return false
		}
		text := w.leaves.Of(use.Attribute.Type).Example
		if fixed := cmp.Or(use.Fixed, use.Attribute.Fixed); fixed != nil {
			text = *fixed
		}
		fmt.Fprintf(&w.b, ` %s="%s"`, name.Local, html.EscapeString(text))
	}
	return !slices.ContainsFunc(a.Groups, func(g *wsdl.AttributeGroup) bool { return !w.attributesOf(&g.Attributes, done) })
}

// content ends the start tag and writes what is inside.
func (w *exampleWriter) content(t *wsdl.ComplexType, fixed *string) bool {
	if t.Value != nil {
		w.text(t.Value, fixed)
		return true
	}
	w.b.WriteString(">")
	return w.inside(t)
}

func (w *exampleWriter) inside(t *wsdl.ComplexType) bool {
	if base := baseOf(t); base != nil && t.Extension && !w.inside(base) {
		return false
	}
	return t.Content == nil || w.particle(t.Content)
}

func (w *exampleWriter) particle(p *wsdl.Particle) bool {
	for range min(p.Min, 100) {
		switch {
		case p.Element != nil && !w.element(p.Element), p.Any != nil, p.Group != nil && !w.group(p.Group):
			return false
		}
	}
	return p.Min <= 100
}

func (w *exampleWriter) group(g *wsdl.Group) bool {
	if g.Compositor != wsdl.Choice {
		return !slices.ContainsFunc(g.Particles, func(p *wsdl.Particle) bool { return !w.particle(p) })
	}
	before := w.b.Len()
	for _, p := range g.Particles {
		if w.particle(p) {
			return true
		}
		w.b.Truncate(before)
	}
	return len(g.Particles) == 0
}

func emptyElement(name xml.Name) string {
	return "<" + name.Local + ` xmlns="` + html.EscapeString(name.Space) + `"></` + name.Local + ">"
}

// mostTries bounds the elements that are tried for a wildcard.
const mostTries = 100

// exampleOf is an element that a wildcard allows. One that must be declared is one of the schema's own; there may be none.
func (b *Builder) exampleOf(wildcard *wsdl.Wildcard, spaces *shape.Wildcard) (text string, ok bool) {
	if wildcard.ProcessContents == "lax" || wildcard.ProcessContents == "skip" {
		space := "urn:example"
		if spaces.Spaces != nil && !spaces.Except {
			space = spaces.Spaces[0]
		}
		return emptyElement(xml.Name{Space: space, Local: "example"}), true
	}
	b.work += len(b.elements) / 100
	tries := 0
	for _, name := range b.elements {
		if name.Space == wsdl.XSD || !spaces.Allows(name.Space) {
			continue
		}
		if tries++; tries > mostTries || b.work > mostWork {
			break
		}
		if text, ok = b.Example(b.options.Elements[name]); ok && len(text) < 1000 {
			return text, true
		}
	}
	return "", false
}
