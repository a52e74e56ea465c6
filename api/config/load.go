package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"
)

// Load reads the settings from an environment in the form of os.Environ, and what they name from files, normally [Disk].
//
// The error is an [*Error] with all problems, those of the checks too; the Config is then empty.
func Load(environ []string, files Files, checks ...Check) (Config, error) {
	return newLoader(environ, files).load(func(*Config, *problems) {}, checks)
}

// Check checks settings that this package cannot judge. In its Config, settings with a problem of their own have no value; a further
// problem of theirs is dropped.
type Check func(Config) []Problem

// LoadServe is Load for the command serve, with the problems that only serve has.
func LoadServe(environ []string, files Files, insecure bool, checks ...Check) (Config, error) {
	return newLoader(environ, files).load(func(c *Config, found *problems) { checkServe(c, found, insecure) }, checks)
}

// Files reads what settings name.
type Files struct {
	Read    func(path string) ([]byte, error)        // of variables with _FILE
	Systems func(directory string) ([]string, error) // names of the folders in it that hold a system.yaml, sorted
}

// Disk reads this machine's files, of at most 1 MiB each.
func Disk() Files { return Files{Read: readFile, Systems: listSystems} }

// maxFile is more than a bundle of all public certificate authorities or ten thousand API keys need, and stops a path such as /dev/zero.
const maxFile = 1 << 20

var errFileTooLarge = errors.New("larger than 1 MiB")

func readFile(path string) (content []byte, err error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the path
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = errFileTooLarge
	}
	return content, err
}

type loader struct {
	environ  map[string]string
	files    Files
	settings []setting         // the reference, then those of the imported systems
	ranks    map[string]int    // places in settings, by variable
	imported []string          // names of the imported systems
	values   map[string]string // the texts that can be parsed, by variable
	current  *setting          // being parsed
	found    *problems
}

func newLoader(environ []string, files Files) *loader {
	return &loader{
		environ: ours(environ), files: files, settings: slices.Clone(reference), ranks: ranks(reference),
		values: make(map[string]string), found: newProblems(),
	}
}

// ours returns the variables that begin with the prefix. Of a repeated name the first one counts, as in os.Getenv.
func ours(environ []string) map[string]string {
	m := make(map[string]string)
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := m[name]; ok && !twice && strings.HasPrefix(strings.ToUpper(name), prefix) {
			m[name] = value
		}
	}
	return m
}

func (l *loader) load(further func(*Config, *problems), checks []Check) (Config, error) {
	for i := range reference {
		l.take(&reference[i])
	}
	l.addImported()
	l.reportUnknown()
	c, err := l.parse()
	if err != nil {
		return Config{}, err
	}
	l.checkRules(&c)
	further(&c, l.found)
	l.check(c, checks)
	if err := l.found.err(l.rank); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (l *loader) check(c Config, checks []Check) {
	var found []Problem
	for _, check := range checks {
		found = append(found, check(c)...)
	}
	found = slices.DeleteFunc(found, func(p Problem) bool { return l.found.failed[p.Variable] })
	for _, p := range found {
		l.found.add(l.variable(p.Variable), p.Reason)
	}
}

// take finds the text of a setting, in its variable or in its file.
func (l *loader) take(s *setting) {
	text, set := l.environ[s.Name]
	path := l.environ[s.Name+fileSuffix]
	switch {
	case text != "" && path != "":
		l.found.add(s.Name, "is given here and by "+s.Name+fileSuffix+"; keep one of them")
	case path != "":
		l.takeFile(s, path)
	case text != "":
		l.keep(s, s.Name, text)
	case set && s.refusesEmpty:
		l.found.add(s.Name, "is set but empty; remove it or set it; valid: "+s.Valid)
	}
}

func (l *loader) takeFile(s *setting, path string) {
	name := s.Name + fileSuffix
	content, err := l.files.Read(path)
	if err != nil {
		l.found.add(name, fmt.Sprintf("cannot read %s: %s", shownPath(s, path), fileReason(err)))
		return
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		l.found.add(name, fmt.Sprintf("names %s, which is empty", shownPath(s, path)))
		return
	}
	l.keep(s, name, text)
}

// maxShownPath is PATH_MAX of Linux.
const maxShownPath = 4096

// shownPath leaves out a path that may be the secret itself, in the wrong variable.
func shownPath(s *setting, path string) string {
	looksLikePath := strings.HasPrefix(path, "/") || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../")
	if len(path) > maxShownPath || strings.Contains(path, "-----BEGIN") || s.Secret && !looksLikePath {
		return "its path (not shown, it may be the secret itself; a path that begins with / or ./ is shown)"
	}
	return printable(path)
}

// fileReason drops the operation and the path that the standard errors repeat.
func fileReason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	return printable(err.Error())
}

// keep stores a text that can be parsed.
func (l *loader) keep(s *setting, variable, text string) {
	if reason := unclean(text, s.kind.multiline); reason != "" {
		l.found.add(variable, reason)
		return
	}
	l.values[s.Name] = text
}

// unclean returns why a text is refused before it is parsed. U+FFFE and U+FFFF are refused because several settings are sent in XML, which
// does not allow them.
func unclean(text string, multiline bool) string {
	switch {
	case !utf8.ValidString(text):
		return "is not valid UTF-8"
	case strings.HasPrefix(text, "\ufeff"):
		return "begins with a byte order mark; save it without one"
	case strings.ContainsFunc(text, func(r rune) bool {
		return r == 0xFFFE || r == 0xFFFF || unicode.IsControl(r) && (!multiline || !isLayout(r))
	}):
		return "has a line break or another character that is not allowed in it"
	case !multiline && strings.TrimSpace(text) != text:
		return "has white space at its begin or end; remove it"
	}
	return ""
}

func isLayout(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }

// parse fills a Config with its imported systems. The library walks the tags and applies the defaults; every type has a parser here, which
// knows the current setting from OnSet. The library's parsers and errors are never used: they quote the value and do not name the variable.
func (l *loader) parse() (Config, error) {
	options := env.Options{
		Environment: l.values,
		Prefix:      prefix,
		FuncMap:     make(map[reflect.Type]env.ParserFunc),
		OnSet:       func(name string, _ any, _ bool) { l.current = l.setting(name) },
	}
	for _, s := range l.settings {
		options.FuncMap[s.typ] = func(text string) (any, error) { return l.parseCurrent(s.typ, text), nil }
	}
	c, err := env.ParseAsWithOptions[Config](options)
	for _, name := range l.imported {
		options.Prefix = systemPrefix(name)
		s, wrong := env.ParseAsWithOptions[ImportedSystem](options)
		s.Name, err = name, errors.Join(err, wrong)
		c.Imported = append(c.Imported, s)
	}
	if err != nil {
		return Config{}, errors.New("config: the tags of Config are wrong") // a mistake in this package, not in a setting
	}
	return c, nil
}

// parseCurrent returns the value of the current setting, or the zero value of its type after a problem.
func (l *loader) parseCurrent(t reflect.Type, text string) any {
	value, err := l.current.kind.parse(l.current, text)
	if err != nil {
		for _, reason := range each(err) {
			l.found.add(l.variable(l.current.Name), reason.Error()+"; valid: "+l.current.Valid)
		}
		return reflect.Zero(t).Interface()
	}
	return value
}

// each returns the errors that errors.Join has joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// variable names the place where the text came from.
func (l *loader) variable(name string) string {
	if l.environ[name] == "" && l.environ[name+fileSuffix] != "" {
		return name + fileSuffix
	}
	return name
}

func (l *loader) setting(name string) *setting { return &l.settings[l.ranks[name]] }

// rank orders variables as Reference does, then those of imported systems; a _FILE is beside its variable, and unknown names are last.
func (l *loader) rank(variable string) int {
	if i, known := l.ranks[strings.TrimSuffix(variable, fileSuffix)]; known {
		return i
	}
	return len(l.settings)
}

// isSet reports whether a setting has a text, right or wrong.
func (l *loader) isSet(name string) bool {
	_, kept := l.values[name]
	return kept || l.found.failed[name]
}
