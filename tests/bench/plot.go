package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// figure is a row of panels with a title above and a caption below. The plotting libraries of Go either have no logarithmic axes or bring
// readers of fonts, LaTeX and PDF with them, and all of them need the width of a text, which SVG does not.
type figure struct {
	title, caption string
	panels         []panel
}

// panel is a plot over a logarithmic x axis.
type panel struct {
	x, y   string // what the axes show, with units
	log    bool   // the y axis, too; else it begins at 0
	series []series
}

type series struct {
	name   string
	points []point
	dashed bool // a line for comparison, without marks
}

type point struct{ x, y float64 }

// axis maps values to positions.
type axis struct {
	log        bool
	from, to   float64 // values
	begin, end float64 // positions
}

// newAxis returns an axis that begins and ends at round numbers.
func newAxis(log bool, values []float64, begin, end float64) axis {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if !log {
		step := roundUp(high / 5)
		return axis{false, 0, step * math.Ceil(high/step), begin, end}
	}
	return axis{true, 1 / roundUp(1/low), roundUp(high), begin, end}
}

// roundUp returns the next number that is 1, 2 or 5 times a power of ten.
func roundUp(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, digit := range []float64{1, 2, 5} {
		if v <= digit*power*(1+1e-9) { // a power of ten may be a little off
			return digit * power
		}
	}
	return 10 * power
}

func (a axis) at(v float64) float64 {
	part := (v - a.from) / (a.to - a.from)
	if a.log {
		part = math.Log(v/a.from) / math.Log(a.to/a.from)
	}
	return a.begin + part*(a.end-a.begin)
}

// ticks are the steps of a linear axis, and of a logarithmic one the round numbers, or the powers of ten where these are many.
func (a axis) ticks() (list []float64) {
	if !a.log {
		step := roundUp(a.to / 6)
		for i := 0; float64(i)*step <= a.to*(1+1e-9); i++ {
			list = append(list, float64(i)*step)
		}
		return list
	}
	many := a.to/a.from > 300
	for v := a.from; v <= a.to*(1+1e-9); v = roundUp(v * 1.1) {
		if power := math.Log10(v); !many || math.Abs(power-math.Round(power)) < 1e-6 {
			list = append(list, v)
		}
	}
	return list
}

// label is a number in the way of axes: 20k, 1M.
func label(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.4gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.4gk", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}

// Sizes, in pixels.
const (
	panelWidth, panelHeight = 300, 240
	left, right             = 58, 14
	above, below            = 80, 48 // a panel
	line                    = 18
)

// colours of the series of a panel.
var colours = []string{"#0550ae", "#bc4c00"}

// svg draws the figure on a white card of its own, which is readable on a page of any colour.
func (f figure) svg() []byte {
	width := len(f.panels) * (left + panelWidth + right)
	caption := wrap(f.caption, (width-left-right)/7)
	height := above + panelHeight + below + line*len(caption) + 10
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"`, width, height, width, height)
	b.WriteString(` font-family="sans-serif" font-size="12" fill="#1f2328">` + "\n")
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(f.title))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="6" fill="#ffffff" stroke="#8c959f"/>`+"\n", width, height)
	write(&b, left, 24, `font-size="15" font-weight="bold"`, f.title)
	for i, p := range f.panels {
		p.draw(&b, float64(i*(left+panelWidth+right)+left))
	}
	for i, text := range caption {
		write(&b, left, float64(above+panelHeight+below+line*i+6), `fill="#57606a"`, text)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// wrap breaks a text into lines of at most so many characters, which is a guess at their width.
func wrap(text string, most int) (lines []string) {
	for word := range strings.FieldsSeq(text) {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+1+len(word) <= most {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

func write(b *strings.Builder, x, y float64, attributes, text string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(text))
}

func (p panel) draw(b *strings.Builder, at float64) {
	var xs, ys []float64
	for _, s := range p.series {
		for _, q := range s.points {
			xs, ys = append(xs, q.x), append(ys, q.y)
		}
	}
	x, y := newAxis(true, xs, at, at+panelWidth), newAxis(p.log, ys, above+panelHeight, above)
	for _, v := range x.ticks() {
		fmt.Fprintf(b, `<path d="M%.1f %.1fV%.1f" stroke="#d0d7de"/>`+"\n", x.at(v), y.begin, y.end)
		write(b, x.at(v), y.begin+16, `text-anchor="middle"`, label(v))
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(b, `<path d="M%.1f %.1fH%.1f" stroke="#d0d7de"/>`+"\n", x.begin, y.at(v), x.end)
		write(b, x.begin-6, y.at(v)+4, `text-anchor="end"`, label(v))
	}
	write(b, (x.begin+x.end)/2, y.begin+34, `text-anchor="middle"`, p.x)
	write(b, x.begin-left+10, above-30, `font-weight="bold"`, p.y)
	fmt.Fprintf(b, `<text x="%.1f" y="%d">`, x.begin, above-10)
	for i, s := range p.series {
		fmt.Fprintf(b, `<tspan fill="%s" dx="%d">● %s</tspan>`, colours[i], 14*min(i, 1), html.EscapeString(s.name))
	}
	b.WriteString("</text>\n")
	for i, s := range p.series {
		s.draw(b, x, y, colours[i])
	}
}

func (s series) draw(b *strings.Builder, x, y axis, colour string) {
	var path strings.Builder
	for i, q := range s.points {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x.at(q.x), y.at(q.y))
		if !s.dashed {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", x.at(q.x), y.at(q.y), colour)
		}
	}
	style := `stroke-width="2"`
	if s.dashed {
		style = `stroke-dasharray="4 4"`
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" %s/>`+"\n", path.String(), colour, style)
}
