package imported

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"soapbridge/translate/shape/wsdl"
)

// Skeleton writes an overlay in which every operation is off, with what to say about each as comments.
func Skeleton(system string, documents Documents, d *wsdl.Definitions, operations []Found) []byte {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# What the WSDL of %s does not say. An operation is off until it has a kind; REPORT.md says what there is to know of each.\n", system)
	p("system: %s\n%s", system, documents.block())
	if ports := PortsToChoose(d); len(ports) > 0 {
		p("# The ports differ; say which is called: %s\n# port: %s\n", strings.Join(quoted(ports), ", "), quote(ports[0]))
	}
	p("# true lets members hold XML that the schema does not describe.\n# xml: true\noperations:")
	if len(operations) == 0 {
		p(" {}")
	}
	p("\n")
	for _, f := range operations {
		p("  %s:\n", quote(f.Name))
		if f.Problem != "" {
			p("    # It cannot be used: see REPORT.md.\n")
			continue
		}
		f.suggest(p, system)
	}
	return []byte(b.String())
}

// suggest writes what there is to say of an operation. Without its marks of comments it is valid.
func (f *Found) suggest(p func(string, ...any), system string) {
	path := defaultPath(system, f.Name)
	route := "POST " + path + "  # the default"
	switch {
	case path == "":
		route = " # needed, such as POST /v1/" + system + "/orders: the name of the operation cannot be one"
	case f.getPossible():
		route = "GET " + path + "  # possible for a read, because its request is flat; the default is POST"
	}
	p("    # kind: %s  # or %s: this is a guess by its name, and only a person knows\n", f.Kind, other(f.Kind))
	p("    # route: %s\n", route)
	p("    # secret: [%s]  # paths of members that are never shown; [] is an answer\n", strings.Join(quoted(f.Secrets), ", "))
	p("    # outcome: faultsOnly  # or {failedWhen: {path: ..., notIn: [...]}, errors: ..., code: ..., text: ..., pointer: ...}, all of them paths in the reply\n")
	each := func(key string, names []string, value, rest string) {
		if len(names) > 0 {
			p("    # %s: {%s: %s}  # %s\n", key, strings.Join(quoted(names), ": "+value+", "), value, rest)
		}
	}
	each("headers", f.Headers, FromSettings, "or "+FromCaller)
	each("faults", f.Faults, "{outcome: failed}", "or rejected where nothing was done for certain, unavailable, denied; errors, code, text and pointer are paths in the detail")
}

func other(kind string) string {
	if kind == Read {
		return Write
	}
	return Read
}

// block is the part of an overlay that names the documents.
func (d *Documents) block() string {
	var b strings.Builder
	fmt.Fprintf(&b, "wsdl:\n  file: %s\n", quote(d.File))
	if d.Draft {
		b.WriteString("  draft: true  # made of help pages: a person answers each ? in it, and changes it\n")
	} else {
		fmt.Fprintf(&b, "  sha256: %s\n", quote(d.SHA256))
	}
	if len(d.Files) > 0 {
		b.WriteString("  files:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Files)) {
		fmt.Fprintf(&b, "    %s: %s\n", quote(name), quote(d.Files[name]))
	}
	return b.String()
}

// plainPattern is what YAML reads as the same text without quotes; a digit in front could be a number.
var plainPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

// quote writes a text in YAML.
func quote(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(text)
	}
	if plainPattern.MatchString(text) {
		return text
	}
	return strconv.QuoteToGraphic(text)
}

func quoted(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = quote(text)
	}
	return list
}

// WithDocuments returns the text of an overlay with other documents in it. All else stays as a person wrote it, comments included.
func WithDocuments(text []byte, d Documents) ([]byte, error) {
	if _, err := ParseOverlay(text); err != nil {
		return nil, err
	}
	root, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value != "wsdl" {
			continue
		}
		begin, end := min(root.Content[i].Line-1, len(lines)), len(lines) // YAML has other ends of lines, too
		if i+2 < len(root.Content) {
			end = min(root.Content[i+2].Line-1, end)
		}
		for end > begin+1 && isComment(lines[end-1]) {
			end-- // what is in front of the next key belongs to it
		}
		lines = slices.Concat(lines[:begin], []string{d.block()}, lines[end:])
	}
	changed := []byte(strings.Join(lines, ""))
	if o, err := ParseOverlay(changed); err != nil || o.WSDL.File != d.File || o.WSDL.Draft != d.Draft || !maps.Equal(o.WSDL.All(), d.All()) {
		return nil, place(root).Problem("wsdl must be a key with lines of its own, so that its hashes can be replaced")
	}
	return changed, nil
}

func isComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}
