package imported

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize bounds the text of an overlay. The largest services that vendors publish have skeletons of 50 KB.
const MaxSize = 1 << 20

// ParseOverlay reads an overlay. Unknown keys, wrong types and keys that are there twice are mistakes. The error joins every *Problem, each
// with its place. The text may be hostile: anchors, aliases and merges are not read.
func ParseOverlay(text []byte) (*Overlay, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%s: over the limit of %d bytes", FileName, MaxSize)
	}
	root, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	r, o := &reader{}, &Overlay{}
	r.overlay(root, o)
	if len(r.problems) == 0 {
		r.between(o)
	}
	return o, r.err()
}

var syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// parseYAML returns the only document of a text.
func parseYAML(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, Place{1, 1}.Problem("the file is empty")
	}
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return document.Content[0], nil
		}
	}
	if err == nil {
		return nil, place(&second).Problem("must hold one document, and here is another")
	}
	found := syntaxError.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if found == nil {
		return nil, Place{1, 1}.Problem("is not YAML: %v", err)
	}
	line, _ := strconv.Atoi(found[1])
	return nil, Place{max(line, 1), 1}.Problem("is not YAML: %s", found[2])
}

var (
	systemPattern    = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	hashPattern      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	routePattern     = regexp.MustCompile(`^(GET|POST) (/v1(?:/(?:[A-Za-z0-9][A-Za-z0-9._-]*|\{\w+\}))+)$`)
	parameterPattern = regexp.MustCompile(`\{\w+\}`)
	decimalPattern   = regexp.MustCompile(`^([1-9]\d?):(\d\d?)$`)
)

func (r *reader) overlay(n *yaml.Node, o *Overlay) {
	r.object(n,
		must("system", r.matching(&o.System, systemPattern, "a lower-case letter, then a-z, 0-9 and -")),
		must("wsdl", func(n *yaml.Node) { r.documents(n, &o.WSDL) }),
		may("port", r.word(&o.Port, r.text)),
		may("xml", r.flag(&o.XML)),
		must("operations", func(n *yaml.Node) {
			r.entries(n, func(name, value *yaml.Node) {
				op := &Operation{Place: place(name), Name: name.Value, Status: 200}
				o.Operations = append(o.Operations, op)
				if !is(value, "!!null") { // it is off, and nothing is said of it
					r.operation(value, op)
				}
			})
		}),
	)
}

// word is a text, or what the read of a text makes of it, with its line.
func (r *reader) word(into *Word, text func(*string) read) read {
	return func(n *yaml.Node) {
		into.Place = place(n)
		text(&into.Text)(n)
	}
}

func (r *reader) documents(n *yaml.Node, d *Documents) {
	r.object(n,
		must("file", func(n *yaml.Node) {
			r.text(&d.File)(n)
			r.file(n, d.File)
		}),
		may("sha256", r.hash(&d.SHA256)),
		may("draft", r.yes(&d.Draft)),
		may("files", func(n *yaml.Node) {
			d.Files = map[string]string{}
			r.entries(n, func(name, value *yaml.Node) {
				var hash string
				r.file(name, name.Value)
				r.hash(&hash)(value)
				d.Files[name.Value] = hash
			})
		}),
	)
	r.exactlyOne(n, "sha256", "draft")
}

func (r *reader) file(n *yaml.Node, name string) {
	if name != "" && (!fs.ValidPath(name) || name == "." || strings.ContainsRune(name, '\\')) {
		r.failf(n, "must be the path of a file in the folder, with slashes and without .., and is %q", name)
	}
}

func (r *reader) hash(into *string) read {
	return func(n *yaml.Node) { // one of digits alone looks like a number
		if r.anything(into)(n); *into != "" && !hashPattern.MatchString(*into) {
			r.failf(n, "must be SHA-256 in 64 lower-case hexadecimal digits, and is %q", *into)
		}
	}
}

func (r *reader) operation(n *yaml.Node, op *Operation) {
	r.object(n,
		may("route", func(n *yaml.Node) { r.route(n, &op.Route) }),
		may("kind", r.oneOf(&op.Kind, Read, Write)),
		may("cache", r.duration(&op.Cache)),
		may("share", func(n *yaml.Node) {
			var with string
			r.oneOf(&with, "everyone")(n)
			op.Shared = with != ""
		}),
		may("invalidates", r.words(&op.Invalidates)),
		may("status", r.status(&op.Status)),
		may("summary", r.text(&op.Summary)),
		may("unwrap", r.words(&op.Unwrap)),
		may("secret", r.words(&op.Secret)),
		may("members", func(n *yaml.Node) {
			r.named(n, func(path Word, value *yaml.Node) { op.Members = append(op.Members, r.member(path, value)) })
		}),
		may("rules", func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { op.Rules = append(op.Rules, r.rule(n)) }) }),
		may("fill", func(n *yaml.Node) {
			r.named(n, func(path Word, value *yaml.Node) { op.Fill = append(op.Fill, r.fill(path, value)) })
		}),
		may("headers", func(n *yaml.Node) {
			r.entries(n, func(name, value *yaml.Node) {
				h := Header{Block: Word{place(name), name.Value}}
				r.oneOf(&h.From, FromCaller, FromSettings)(value)
				op.Headers = append(op.Headers, h)
			})
		}),
		may("outcome", func(n *yaml.Node) { r.outcome(n, &op.Outcome) }),
		may("faults", func(n *yaml.Node) {
			r.entries(n, func(name, value *yaml.Node) { op.Faults = append(op.Faults, r.fault(name, value)) })
		}),
		may("targets", r.words(&op.Targets)),
	)
	r.answers(n, op)
}

// answers checks what a kind demands and allows.
func (r *reader) answers(n *yaml.Node, op *Operation) {
	demand := func(key, valid string) {
		if op.Kind != "" && !has(n, key) {
			r.failf(n, "%s must be answered, because no WSDL says it: %s", key, valid)
		}
	}
	demand("secret", "a list of the paths that hold secrets; [] is an answer")
	demand("outcome", "faultsOnly, or an object with failedWhen")
	only := func(kind, key string) {
		if op.Kind != "" && op.Kind != kind && has(n, key) {
			r.failf(n, "%s is for the kind %s, and this is a %s", key, kind, op.Kind)
		}
	}
	only(Read, "cache")
	only(Read, "share")
	only(Write, "invalidates")
	if op.Shared && !has(n, "cache") {
		r.failf(n, "share is of what is kept: it needs cache")
	}
	if op.Kind == Write && op.Route.Method == Get {
		r.failf(n, "route: a GET is for the kind read, and this is a write")
	}
}

func (r *reader) status(into *int) read {
	return func(n *yaml.Node) {
		var status string
		if r.anything(&status)(n); status != "200" && status != "201" && status != "202" {
			r.failf(n, "must be one of 200, 201, 202, and is %s", what(n))
			return
		}
		*into, _ = strconv.Atoi(status)
	}
}

func (r *reader) route(n *yaml.Node, route *Route) {
	var text string
	route.Place = place(n)
	r.matching(&text, routePattern, `a method and a path, "GET /v1/parcels/{trackingNumber}" or "POST /v1/parcels"`)(n)
	found := routePattern.FindStringSubmatch(text)
	if found == nil {
		return
	}
	route.Method, route.Path = found[1], found[2]
	seen := map[string]bool{}
	for _, parameter := range parameterPattern.FindAllString(route.Path, -1) {
		if route.Method == Post {
			r.failf(n, "must not have %s: the members of a POST are in its body", parameter)
		}
		if seen[parameter] {
			r.failf(n, "has %s twice", parameter)
		}
		seen[parameter] = true
	}
}

// named reads an object whose keys are paths.
func (r *reader) named(n *yaml.Node, each func(path Word, value *yaml.Node)) {
	r.entries(n, func(name, value *yaml.Node) {
		if !pathPattern.MatchString(name.Value) {
			r.failf(name, "must be names of members with slashes between them")
		}
		each(Word{place(name), name.Value}, value)
	})
}

func (r *reader) member(path Word, n *yaml.Node) Member {
	m := Member{Path: path}
	var decimal, zone string
	r.object(n,
		may("rename", r.matching(&m.Rename, regexp.MustCompile(`^[^/~]+$`), "one name, without / and ~")),
		may("decimal", r.matching(&decimal, decimalPattern, `the most digits before and after the point, such as "9:2"`)),
		may("zone", r.oneOf(&zone, "utc")),
		may("anyCase", r.yes(&m.AnyCase)),
		may("collapse", r.yes(&m.Collapse)),
		may("required", r.yes(&m.Required)),
		may("maxLength", r.number(&m.MaxLength)),
		may("pattern", r.pattern(&m.Pattern)),
		may("oneOf", r.texts(&m.OneOf)),
		may("example", r.anything(&m.Example)),
	)
	m.UTC = zone != ""
	if digits := decimalPattern.FindStringSubmatch(decimal); digits != nil {
		m.Decimal = true
		m.IntegerDigits, _ = strconv.Atoi(digits[1])
		m.FractionDigits, _ = strconv.Atoi(digits[2])
	}
	return m
}

func (r *reader) fill(path Word, n *yaml.Node) Fill {
	f := Fill{Path: path}
	if r.anything(&f.Value)(n); strings.HasPrefix(f.Value, "$") {
		r.oneOf(&f.From, OperationID, Now, Today, CallerID)(n)
		f.Value = ""
	}
	return f
}

func (r *reader) outcome(n *yaml.Node, o *Outcome) {
	o.Place = place(n)
	if n.Kind == yaml.ScalarNode {
		var word string
		r.oneOf(&word, "faultsOnly")(n)
		o.FaultsOnly = word != ""
		return
	}
	r.object(n,
		must("failedWhen", func(n *yaml.Node) {
			r.object(n,
				must("path", r.path(&o.Path)),
				may("in", r.texts(&o.In)),
				may("notIn", r.texts(&o.NotIn)),
				may("present", r.yes(&o.Present)),
			)
			r.exactlyOne(n, "in", "notIn", "present")
		}),
		may("errors", r.path(&o.Errors)),
		may("code", r.path(&o.Code)),
		may("text", r.path(&o.Text)),
		may("pointer", r.path(&o.Pointer)),
	)
}

// exactlyOne reports an object that does not have one of the keys, or has several.
func (r *reader) exactlyOne(n *yaml.Node, keys ...string) (found string) {
	count := 0
	for _, each := range keys {
		if has(n, each) {
			found = each
			count++
		}
	}
	if count != 1 && n.Kind == yaml.MappingNode {
		r.failf(n, "must have exactly one of %s, and has %d", strings.Join(keys, ", "), count)
	}
	return found
}

func (r *reader) fault(name, n *yaml.Node) Fault {
	f := Fault{Name: Word{place(name), name.Value}}
	r.object(n,
		must("outcome", r.oneOf(&f.Outcome, Rejected, Failed, Unavailable, Denied)),
		may("errors", r.path(&f.Errors)),
		may("code", r.path(&f.Code)),
		may("text", r.path(&f.Text)),
		may("pointer", r.path(&f.Pointer)),
	)
	return f
}

// between checks what is said of several operations, and says what was left to the default.
func (r *reader) between(o *Overlay) {
	fail := func(at Place, format string, args ...any) {
		r.problems = append(r.problems, at.Problem(format, args...))
	}
	kinds, routes := map[string]string{}, map[string]string{}
	for _, op := range o.Operations {
		kinds[op.Name] = op.Kind
		if op.Route.Path == "" {
			op.Route = Route{op.Place, Post, defaultPath(o.System, op.Name)}
		}
		if op.Kind != "" && op.Route.Path == "" {
			fail(op.Place, "the operation %s needs a route, such as POST /v1/%s/orders: its name cannot be one", op.Name, o.System)
			continue
		}
		route := op.Route.Method + " " + parameterPattern.ReplaceAllString(op.Route.Path, "{}")
		if other, taken := routes[route]; taken && op.Kind != "" {
			fail(op.Route.Place, "the operation %s has the same route %s %s as %s", op.Name, op.Route.Method, op.Route.Path, other)
		} else if op.Kind != "" {
			routes[route] = op.Name
		}
	}
	for _, op := range o.Operations {
		for _, name := range op.Invalidates {
			if kind, known := kinds[name.Text]; !known || op.Kind != "" && kind != Read {
				fail(name.Place, "the operation %s invalidates %s, which is not an operation of the kind read", op.Name, name.Text)
			}
		}
	}
}
