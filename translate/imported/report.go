package imported

import (
	"fmt"
	"slices"
	"strings"

	"soapbridge/translate/shape/wsdl"
)

// ReportName is the name of the report in a system's folder.
const ReportName = "REPORT.md"

// mostLines bounds each list of a report.
const mostLines = 500

// Report writes what there is to know of a WSDL before operations are switched on, in Markdown.
func Report(system string, d *wsdl.Definitions, operations []Found) []byte {
	r := &report{}
	r.linef("# %s: what its WSDL says\n", system)
	r.linef("`soapbridge import` wrote this for people; the proxy does not read it. What to do with it goes into %s.\n", FileName)
	r.ports(d)
	r.table(operations)
	r.section("Operations that cannot be used", "", operations, func(f *Found) []string { return entry(f.Name, f.Problem) })
	r.section("Members that look like secrets",
		"By their names. `secret` has to list those that are, and others that the names do not show."+
			" A type that is in several places is looked at in the first.",
		operations, paths(func(f *Found) []string { return f.Secrets }))
	r.section("Names that collide",
		"Two names of the WSDL are one in JSON, so that one of them has another; `members` can rename it.",
		operations, paths(func(f *Found) []string { return f.Renamed }))
	r.section("Members that hold XML",
		"The schema does not describe what they hold. They are left out, or make an operation impossible, unless the overlay says `xml: true`.",
		operations, paths(func(f *Found) []string { return f.XML }))
	r.section("What is checked less than the schema says", "", operations, func(f *Found) (lines []string) {
		for _, what := range f.Weaker {
			lines = append(lines, code(what))
		}
		return lines
	})
	r.problems(d)
	return []byte(r.String())
}

type report struct{ strings.Builder }

func (r *report) linef(format string, args ...any) { _, _ = fmt.Fprintf(r, format+"\n", args...) }

// ports lists the ways to call the service.
func (r *report) ports(d *wsdl.Definitions) {
	r.linef("## Ports\n\nAll calls go to one address, which is a setting; those of the WSDL are for information. For operations at another address, import again with another `--name`.\n")
	r.linef("| port | binding | SOAP | address in the WSDL |\n|---|---|---|---|")
	for _, s := range d.Services {
		for _, p := range s.Ports {
			if p.Binding != nil {
				r.linef("| %s | %s | %v | %s |", code(p.Name), code(p.Binding.Name.Local), p.Binding.Version, code(p.Address))
			}
		}
	}
	if len(PortsToChoose(d)) > 0 {
		r.linef("\nThey differ: `port` has to say which is called.")
	}
}

func (r *report) table(operations []Found) {
	r.linef("\n## Operations\n\nThe kind is a guess by the name. Every operation is off until %s says its kind.\n", FileName)
	r.linef("| operation | kind? | style | GET possible | header blocks | declared faults | usable |\n|---|---|---|---|---|---|---|")
	word := map[bool]string{true: "yes", false: "no"}
	for i := range operations {
		f := &operations[i]
		r.linef("| %s | %s | %s | %s | %s | %s | %s |", code(f.Name), f.Kind, f.Style, word[f.getPossible()],
			codes(f.Headers), codes(f.Faults), word[f.Problem == ""])
	}
}

// section lists the lines of all operations, each line once. Without any it is left out.
func (r *report) section(title, about string, operations []Found, of func(*Found) []string) {
	var lines []string
	seen := map[string]bool{}
	for i := range operations {
		for _, line := range of(&operations[i]) {
			if !seen[line] {
				lines = append(lines, line)
			}
			seen[line] = true
		}
	}
	r.list(title, about, lines)
}

func (r *report) list(title, about string, lines []string) {
	if len(lines) == 0 {
		return
	}
	r.linef("\n## %s\n", title)
	if about != "" {
		r.linef("%s\n", about)
	}
	for _, line := range lines[:min(len(lines), mostLines)] {
		r.linef("- %s", line)
	}
	if more := len(lines) - mostLines; more > 0 {
		r.linef("- and %d more", more)
	}
}

// problems lists what does not resolve in the documents.
func (r *report) problems(d *wsdl.Definitions) {
	lines := make([]string, 0, len(d.Problems))
	for _, p := range d.Problems {
		lines = append(lines, code(p.Error()))
	}
	r.list("Problems in the documents", "", lines)
}

// paths is a line with all paths of an operation.
func paths(of func(*Found) []string) func(*Found) []string {
	return func(f *Found) []string { return entry(f.Name, strings.Join(of(f), ", ")) }
}

func entry(name, text string) []string {
	if text == "" {
		return nil
	}
	return []string{code(name) + ": " + code(text)}
}

// code makes a text of a WSDL harmless in Markdown.
func code(text string) string {
	if text == "" {
		return ""
	}
	text = strings.Join(strings.Fields(text), " ")
	return "`" + strings.NewReplacer("`", "'", "|", "¦").Replace(text) + "`"
}

func codes(texts []string) string {
	list := slices.Clone(texts)
	for i := range list {
		list[i] = code(list[i])
	}
	return strings.Join(list, ", ")
}
