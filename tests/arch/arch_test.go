// Package arch checks the imports between the packages of the module. A forbidden import is one row of a table, with its reason.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "soapbridge"

// arrow is a set of imports that must not exist. Packages are named by pattern: an import path, a path with /... for it and all below,
// "module" for every package of this module, "others" for every package that is neither this module's nor the standard library's.
type arrow struct {
	from   []string
	not    []string // among from, those that the row is not about
	to     []string
	except []string // among to, those that are allowed
	deep   bool     // imports of imports count too
	tests  bool     // the imports of test files count too
	reason string
	// later: the packages may not exist yet. Every other row must match a package, so that none is empty by mistake.
	later bool
}

const (
	core   = module + "/translate"
	secret = core + "/secret"
	shape  = core + "/shape"
	schema = shape + "/wsdl"
	shapes = shape + "/xsd"
	record = core + "/record"
	rules  = core + "/rules"
	xml    = core + "/xml"
	wire   = core + "/soap"
	// imported makes systems of folders, as people make the others of Go structs.
	imported = core + "/imported"
	pages    = imported + "/page"

	app        = module + "/api/app"
	edge       = module + "/api/edge"
	operations = module + "/api/operations"
	settings   = module + "/api/config"
	guard      = module + "/api/guard"
	store      = module + "/api/idempotency"
	redis      = store + "/redis"
	limits     = module + "/api/ratelimit"
	caches     = module + "/api/cache"
	traces     = module + "/api/traces"

	client  = module + "/upstream"
	sandbox = module + "/upstream/sandbox"
	openapi = module + "/openapi"
	// generator is a program of developers: it reads all systems, and no other package can import it.
	generator = openapi + "/gen"
	tests     = module + "/tests"
	kit       = tests + "/kit"
)

// parts are the packages that the core is made of. The others below core are systems.
var parts = []string{core, secret, shape, schema, shapes, imported, pages, record, rules, xml, wire}

var arrows = []arrow{
	{
		from: []string{module}, to: []string{"module"}, except: []string{app},
		reason: "main is signals, the command line and exit codes; api/app composes",
	},
	{
		from: []string{core + "/..."}, to: []string{"net/http/...", "crypto/tls", "os/exec", "database/sql"}, deep: true,
		reason: "the core is pure: what it returns depends on its arguments alone, so nothing in it may open a connection",
	},
	{
		from: []string{core + "/..."},
		to: []string{
			"net", "os/...", "os", "log", "math/rand/...", "math/rand", "crypto/rand", "io/ioutil", "syscall", "testing",
			"github.com/gin-gonic/...", "github.com/redis/...", "github.com/google/uuid",
		},
		reason: "the core is pure: files, randomness and identifiers come in through Env",
	},
	{
		from: []string{secret}, to: []string{"module", "others"},
		reason: "every package has secrets, so their type depends on none",
	},
	{
		from: []string{shape}, to: []string{"module", "others"}, except: []string{xml, secret},
		reason: "a shape is plain data, and everything else is built on it",
	},
	{
		from: []string{schema}, to: []string{"module", "others"}, except: []string{xml},
		reason: "a reader of WSDL knows components: what a message becomes is decided above it, and its files come in as fs.FS",
	},
	{
		from: []string{shapes}, to: []string{"module", "others"}, except: []string{shape, schema, rules, xml},
		reason: "the way from components to shapes: it knows neither messages nor operations, and takes the forms of texts from the rules that check them",
	},
	{
		from: []string{imported}, to: []string{"module", "others"},
		except: []string{core, shape, schema, shapes, record, rules, wire, xml, secret, "go.yaml.in/yaml/..."},
		reason: "a system from a folder has what the core has, and a reader of YAML",
	},
	{
		from: []string{pages}, to: []string{"module", "others"}, except: []string{xml, "golang.org/x/net/html"},
		reason: "a page becomes the text of a WSDL, which the one reader of WSDLs reads: there is no second model",
	},
	{
		from: []string{"module"}, not: []string{pages}, to: []string{"golang.org/x/net/..."},
		reason: "HTML is a form of help pages, and nothing else reads it",
	},
	{
		from: []string{record}, to: []string{"module", "others"}, except: []string{shape, xml, secret, "github.com/go-json-experiment/json/..."},
		reason: "a record holds values along a shape: it knows neither the rules nor the wire",
	},
	{
		from: []string{rules}, to: []string{"module", "others"}, except: []string{shape, record, secret, "github.com/go-playground/validator/v10"},
		reason: "rules are evaluated on records: they know neither the wire nor an operation",
	},
	{
		from: []string{xml}, to: []string{"module", "others"}, except: []string{"golang.org/x/text/..."},
		reason: "the text of XML is below everything that has a meaning: the standard library and the tables of the charsets are all it needs",
	},
	{
		from: []string{wire}, to: []string{"module", "others"}, except: []string{shape, record, xml, secret},
		reason: "the wire knows no operation and no rule: it writes and reads records along shapes",
	},
	{
		from: []string{core}, to: []string{"module", "others"},
		except: []string{shape, record, rules, wire, xml, secret, "golang.org/x/text/..."},
		reason: "the core depends on its own parts and the encodings of text; a system's folder depends on it, never the reverse",
	},
	{
		from: []string{core + "/..."}, not: parts, to: []string{"module", "others"}, except: []string{core, shape, record, rules, wire, xml, secret},
		reason: "a system is a folder of its own: two vendors share the core and nothing else",
	},
	{
		from: []string{edge}, to: []string{"module"}, except: []string{core, record, wire, xml, secret, operations, store, limits, caches, openapi, guard},
		reason: "the edge knows operations as data and declares the upstream that it needs: no vendor, no client, no settings",
	},
	{
		from: []string{operations}, to: []string{"module"}, except: []string{core, shape, record, rules, store, openapi, guard},
		reason: "records are looked up and settled without any knowledge of routes; the edge has the words for what is wrong",
	},
	{
		from: []string{settings}, to: []string{"module"}, tests: true, except: []string{settings, secret},
		reason: "settings are text and limits; api/app wires what they configure",
	},
	{
		from: []string{store + "/..."}, to: []string{"module"}, except: []string{store + "/...", guard, tests + "/parent"},
		reason: "a store keeps bytes under a name and knows neither routes nor operations",
	},
	{
		from: []string{guard}, to: []string{"module", "others"},
		reason: "everything that runs in the background may be guarded, so the guard depends on nothing",
	},
	{
		from: []string{client}, to: []string{"module", "others"}, except: []string{wire, secret},
		reason: "the client moves bytes: of the module it knows the message and the error classes",
	},
	{
		from: []string{sandbox}, to: []string{"module", "others"}, deep: true,
		reason: "the sandbox judges the translation: with shared code a wrong name would agree with itself on both sides",
	},
	{
		from: []string{sandbox}, to: []string{"module"}, tests: true, except: []string{sandbox},
		reason: "its tests too must not take an envelope from the code that it judges",
	},
	{
		from: []string{limits}, to: []string{"module"}, except: []string{guard},
		reason: "a rate limit counts names, and knows neither callers nor operations",
	},
	{
		from: []string{caches}, to: []string{"module"}, except: []string{store},
		reason: "a cache keeps bytes under a name that the vault makes, and knows neither routes nor operations",
	},
	{
		from: []string{traces}, to: []string{"module"}, except: []string{guard},
		reason: "spans are sent whatever they are of",
	},
	{
		from: []string{"module"}, not: []string{edge, traces}, to: []string{"go.opentelemetry.io/..."},
		reason: "the edge makes spans by an interface, and one package sends them",
	},
	{
		from: []string{openapi}, to: []string{"module"}, except: []string{openapi + "/...", shape, rules},
		reason: "documents are made of shapes, rules and words, and the edge serves them",
	},
	{
		from: []string{"module"}, not: []string{generator}, to: []string{"github.com/swaggo/swag/..."},
		reason: "a running program has no comments: their words are collected before it is built",
	},
	{
		from: []string{"module"}, not: []string{openapi}, to: []string{"github.com/swaggest/...", "github.com/vearutop/..."},
		reason: "Swagger UI is served in one place",
	},
	{
		from: []string{"module"}, not: []string{openapi, imported}, to: []string{"go.yaml.in/yaml/..."},
		reason: "YAML is a form of the documents and of the overlays, and of nothing else",
	},
	{
		from: []string{generator}, to: []string{app, client + "/...", store + "/...", settings},
		reason: "documents describe operations and errors, not where they are sent or kept",
	},
	{
		from: []string{"module"}, not: []string{app, generator, tests + "/..."}, to: []string{core + "/...", sandbox}, except: parts,
		reason: "api/app alone knows which systems and which upstream there are: only it wires them",
	},
	{
		from: []string{"module"}, not: []string{app, generator, tests + "/..."}, to: []string{client, edge, settings, redis},
		reason: "api/app alone joins the two edges, the settings and the shared store",
	},
	{
		from: []string{"module"}, not: []string{edge, openapi + "/...", tests + "/bench"}, to: []string{"github.com/gin-gonic/...", "github.com/gin-contrib/..."}, tests: true,
		reason: "gin is the edge's choice; nothing else may have to change with it",
	},
	{
		from: []string{"module"}, not: []string{redis + "/...", caches}, to: []string{"github.com/redis/..."},
		reason: "only one implementation of the store knows Redis, and the cache; redistest starts its servers",
	},
	{
		from: []string{"module"}, not: []string{settings}, to: []string{"github.com/caarlos0/env/..."}, tests: true,
		reason: "settings are read in one place",
	},
	{
		from: []string{"module"}, not: []string{module}, to: []string{"github.com/alecthomas/kong/..."}, tests: true,
		reason: "the command line is main's",
	},
	{
		from: []string{module}, deep: true,
		to:     []string{tests + "/...", "testing/...", "net/http/httptest", "github.com/google/go-cmp/...", "pgregory.net/...", "go.uber.org/goleak", "github.com/chromedp/...", "github.com/evanw/esbuild/...", "github.com/santhosh-tekuri/...", "github.com/getkin/kin-openapi/...", "github.com/compose-spec/..."},
		reason: "what ships holds no test code; kits for tests may, as long as only tests import them",
	},
	{
		from: []string{kit}, to: []string{"module", "others"}, except: []string{tests + "/parent"},
		reason: "the kit sees the program from outside; what is measured beside the product imports it, and must not hold the product",
	},
	{
		from: []string{"module"}, not: []string{tests + "/..."}, to: []string{kit}, tests: true,
		reason: "it starts the whole program: a package's own tests start the package",
	},
}

// pkg is a package in the words of go list.
type pkg struct {
	ImportPath   string
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
	Dir          string
	GoFiles      []string
}

// violations lists the forbidden imports among the packages, and the rows that are about no package.
func violations(packages []pkg, table []arrow) []string {
	var found []string
	for i, a := range table {
		about := 0
		for _, p := range packages {
			if !matches(p.ImportPath, a.from) || matches(p.ImportPath, a.not) {
				continue
			}
			about++
			for _, imported := range a.imports(p) {
				if matches(imported, a.to) && !matches(imported, a.except) {
					found = append(found, fmt.Sprintf("%s imports %s, but %s", p.ImportPath, imported, a.reason))
				}
			}
		}
		if about == 0 && !a.later {
			found = append(found, fmt.Sprintf("row %d is about no package", i))
		}
	}
	return found
}

func (a arrow) imports(p pkg) []string {
	all := slices.Clone(p.Imports)
	if a.deep {
		all = append(all, p.Deps...)
	}
	if a.tests {
		all = append(all, p.TestImports...)
		all = append(all, p.XTestImports...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func matches(path string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matchesOne(path, pattern) })
}

func matchesOne(path, pattern string) bool {
	ours := path == module || strings.HasPrefix(path, module+"/")
	first, _, _ := strings.Cut(path, "/")
	switch {
	case pattern == "module":
		return ours
	case pattern == "others":
		return !ours && strings.Contains(first, ".") // the standard library has no dot in front of its first slash
	case strings.HasSuffix(pattern, "/..."):
		above := strings.TrimSuffix(pattern, "/...")
		return path == above || strings.HasPrefix(path, above+"/")
	}
	return path == pattern
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("the module's root is not where it was: %v", err)
	}
	return dir
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps,TestImports,XTestImports,Dir,GoFiles", "./...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v (the go command is needed: https://go.dev/doc/install)\n%s", err, stderr.Bytes())
	}
	var packages []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func TestNoForbiddenImport(t *testing.T) {
	packages := list(t)
	if len(packages) < 10 {
		t.Fatalf("go list knows %d packages only", len(packages))
	}
	for _, v := range violations(packages, arrows) {
		t.Error(v)
	}
}

// Reading a clock is not an import: time is imported for its types. These functions read the clock or wait.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func TestTheCoreReadsNoClock(t *testing.T) {
	ofTheCore := func(path string) bool { return matchesOne(path, core+"/...") }
	inspect(t, 20, ofTheCore, clockUses, "the time of a call comes in through Env")
}

// inspect fails for each place that find returns of the files of the packages, of which there are at least so many.
func inspect(t *testing.T, least int, of func(path string) bool, find func(t *testing.T, name string, source []byte) []string, advice string) {
	t.Helper()
	files := 0
	for _, p := range list(t) {
		if !of(p.ImportPath) {
			continue
		}
		for _, name := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files++
			for _, place := range find(t, name, source) {
				t.Errorf("%s: %s: %s", p.ImportPath, place, advice)
			}
		}
	}
	if files < least {
		t.Fatalf("only %d files were read", files)
	}
}

func clockUses(t *testing.T, name string, source []byte) (uses []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	as := importedAs(file, "time")
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && as != "" {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == as && slices.Contains(clock, s.Sel.Name) {
				uses = append(uses, fmt.Sprintf("%s: time.%s", set.Position(s.Pos()), s.Sel.Name))
			}
		}
		return true
	})
	return uses
}

// importedAs returns a file's name for a package; empty when it does not import it.
func importedAs(file *ast.File, path string) string {
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err != nil || imported != path {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}

// The top level is settled. docs holds pages and their figures; bin and artifacts are build outputs that Git ignores.
var (
	topFolders  = []string{"api", "translate", "upstream", "openapi", "tests", "docs", "bin", "artifacts"}
	topGoFiles  = []string{"main.go", "main_test.go"}
	topFilesToo = []string{"go.mod", "go.sum", "docker-compose.yml", "Makefile", "Dockerfile", "soapbridge", "LICENSE"}
)

func TestTopLevelIsSettled(t *testing.T) {
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range misplaced(entries) {
		t.Errorf("%s is at the top of the module, where only the settled folders and files may be", name)
	}
}

func misplaced(entries []os.DirEntry) (names []string) {
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."), e.IsDir() && slices.Contains(topFolders, name):
		case !e.IsDir() && (slices.Contains(topGoFiles, name) || slices.Contains(topFilesToo, name) || strings.HasPrefix(name, "README")):
		default:
			names = append(names, name)
		}
	}
	return names
}
