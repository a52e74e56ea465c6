package arch

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// judgedAlone are settings that api/app does not read, with the reason.
var judgedAlone = map[string]string{
	"MEMORY_STORE":          "without it, production mode refuses to start without Redis",
	"MDS_SOAP_VERSION":      "it has one value, and every other is refused",
	"EMERSION_SOAP_VERSION": "it has one value, and every other is refused",
}

// TestEverySettingIsRead: a field of config.Config that neither api/app reads, nor a method of it that api/app calls, is a setting without effect.
// That api/app then fills every field of the parts that it composes is a linter's: exhaustruct, in .golangci.yml.
func TestEverySettingIsRead(t *testing.T) {
	set := token.NewFileSet()
	exported := exportData(t, set)
	names, used := read(set, exported, sources(t, "api", "config"), sources(t, "api", "app"), t)
	if len(names) < 40 {
		t.Fatalf("only %d settings were found: %q", len(names), names)
	}
	for _, name := range names {
		_, alone := judgedAlone[name]
		if of, _, imported := strings.Cut(name, "<NAME>_"); imported {
			_, alone = judgedAlone[of+"<NAME>_*"]
		}
		switch {
		case used[name] && alone:
			t.Errorf("%s is read, and needs no exception", name)
		case !used[name] && !alone:
			t.Errorf("%s is read by nothing", name)
		}
	}
}

func TestAnUnreadSettingIsFound(t *testing.T) {
	const config = "package config\n" +
		"type Config struct { A int `env:\"A\"`; B int `env:\"B\"`; C int `env:\"C\"`; D int `env:\"D\"`; E int `env:\"E\" unbuilt:\"refused\"`\n" +
		"X X `envPrefix:\"X_\"`; Y Y `envPrefix:\"Y_\"`; Z []Z }\n" +
		"type System struct { F int `env:\"F\"`; G int `env:\"G\"` }\n" +
		"type X struct { System }\ntype Y struct { System; H int `env:\"H\"` }\ntype Z struct { System; I int `env:\"I\"` }\n" +
		"func (c Config) Method() int { return c.B }\nfunc (c Config) NotCalled() int { return c.D }\n"
	const composition = "package app\nimport \"soapbridge/api/config\"\n" +
		"func f(c config.Config) { _ = c.A; c.C = c.Method(); s := c.X.System; _ = s.F; _ = c.Y.H; for _, z := range c.Z { _ = z.System } }"
	names, used := read(token.NewFileSet(), importer.Default(), map[string]string{"c.go": config}, map[string]string{"a.go": composition}, t)
	if got, want := fmt.Sprint(names, slices.Sorted(maps.Keys(used))), "[A B C D X_F X_G Y_F Y_G Y_H SYSTEM_<NAME>_F SYSTEM_<NAME>_G SYSTEM_<NAME>_I] [A B SYSTEM_<NAME>_F X_F Y_H]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// exportData imports packages as the compiler has written them.
func exportData(t *testing.T, set *token.FileSet) types.Importer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./api/app")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
}

// sources returns the texts of a package without its tests, by file.
func sources(t *testing.T, folder ...string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), filepath.Join(folder...), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			texts[file] = string(text)
		}
	}
	return texts
}

// instead imports one package that was checked from its source, so that both packages have the same objects.
type instead struct {
	types.Importer

	own *types.Package
}

func (i instead) Import(path string) (*types.Package, error) {
	if path == i.own.Path() {
		return i.own, nil
	}
	return i.Importer.Import(path)
}

// uses are the fields that a package reads and the methods that it calls.
type uses map[types.Object]bool

// read returns the settings that are built, in their order, and those that the composition reads.
func read(set *token.FileSet, imports types.Importer, configTexts, appTexts map[string]string, t *testing.T) (names []string, used map[string]bool) {
	t.Helper()
	described, inConfig, methods := check(t, set, settings, imports, configTexts)
	_, inApp, _ := check(t, set, app, instead{imports, described}, appTexts)
	all := usesOf(inApp.Selections, inApp.files...)
	for method, body := range methods {
		// Warnings are words: what only they read has no effect.
		if all[method] && method.Name() != "Warnings" {
			maps.Copy(all, usesOf(inConfig.Selections, body))
		}
	}
	used = map[string]bool{}
	root, _ := described.Scope().Lookup("Config").Type().Underlying().(*types.Struct)
	walk(root, "", true, func(name string, field *types.Var, passedOn bool) {
		names = append(names, name)
		if passedOn && all[field] {
			used[name] = true
		}
	}, all)
	return names, used
}

// walk visits the settings below a struct. What a system has in common with the others counts only where its System is passed on.
func walk(s *types.Struct, prefix string, passedOn bool, visit func(string, *types.Var, bool), all uses) {
	for i := range s.NumFields() {
		field, tag := s.Field(i), reflect.StructTag(s.Tag(i))
		below, isStruct := field.Type().Underlying().(*types.Struct)
		list, isList := field.Type().(*types.Slice)
		switch {
		case tag.Get("env") != "" && tag.Get("unbuilt") == "":
			visit(prefix+tag.Get("env"), field, passedOn)
		case tag.Get("env") == "" && isList: // the imported systems
			below, _ = list.Elem().Underlying().(*types.Struct)
			walk(below, prefix+"SYSTEM_<NAME>_", passedOn && all[field], visit, all)
		case tag.Get("env") == "" && isStruct:
			walk(below, prefix+tag.Get("envPrefix"), passedOn && (!field.Embedded() || all[field]), visit, all)
		}
	}
}

type checked struct {
	*types.Info

	files []ast.Node
}

// check checks the types of a package, and returns the bodies of its exported methods.
func check(t *testing.T, set *token.FileSet, path string, imports types.Importer, texts map[string]string) (*types.Package, checked, map[types.Object]ast.Node) {
	t.Helper()
	info := checked{Info: &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Defs: map[*ast.Ident]types.Object{}}}
	var files []*ast.File
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		file, err := parser.ParseFile(set, name, texts[name], 0)
		if err != nil {
			t.Fatal(err)
		}
		files, info.files = append(files, file), append(info.files, file)
	}
	p, err := (&types.Config{Importer: imports}).Check(path, set, files, info.Info)
	if err != nil {
		t.Fatal(err)
	}
	methods := map[types.Object]ast.Node{}
	for _, file := range files {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.IsExported() {
				methods[info.Defs[f.Name]] = f.Body
			}
		}
	}
	return p, info, methods
}

// usesOf leaves out what is only assigned to.
func usesOf(selections map[*ast.SelectorExpr]*types.Selection, nodes ...ast.Node) uses {
	all, assigned := uses{}, map[ast.Expr]bool{}
	for _, node := range nodes {
		ast.Inspect(node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					assigned[left] = true
				}
			case *ast.SelectorExpr:
				if s := selections[n]; s != nil && !assigned[n] {
					all[s.Obj()] = true
				}
			}
			return true
		})
	}
	return all
}
