package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"soapbridge/api/config"
)

var (
	tableRow  = regexp.MustCompile(`(?m)^\| (\d+|\x60[^|]+) \| (.*) \|$`)
	namedTest = regexp.MustCompile("`([a-z0-9/]+) (Test\\w+)(?:/([^`]+))?`")
)

// namedTests returns the tests that each row of a table of tests/README.md names, by its first cell. Rows of one cell are joined.
func namedTests(t *testing.T, table string) map[string][][]string {
	t.Helper()
	_, rest, _ := strings.Cut(readFile(t, "../README.md"), "<!-- "+table+" -->\n")
	rest, _, closed := strings.Cut(rest, "<!-- /"+table+" -->")
	if !closed {
		t.Fatalf("tests/README.md has no table of %s", table)
	}
	named := map[string][][]string{}
	for _, row := range tableRow.FindAllStringSubmatch(rest, -1) {
		tests := namedTest.FindAllStringSubmatch(row[2], -1)
		if len(tests) == 0 {
			t.Errorf("%s: the row names no test", row[0])
		}
		named[row[1]] = append(named[row[1]], tests...)
	}
	if lines := strings.Count(rest, "\n") - 2; lines != len(tableRow.FindAllString(rest, -1)) {
		t.Errorf("not all %d lines of the table of %s are rows", lines, table)
	}
	return named
}

// testsIn returns the tests of a folder, and all strings there: the names of their rows are among them.
func testsIn(t *testing.T, folder string) (tests, texts map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("../../" + folder + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tests, texts = map[string]bool{}, map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				tests[n.Name.Name] = n.Recv == nil
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil {
					texts[text] = true
				}
			}
			return true
		})
	}
	return tests, texts
}

// TestNamedTestsExist: every test that tests/README.md names is there, and so is its row.
func TestNamedTestsExist(t *testing.T) {
	type folder struct{ tests, texts map[string]bool }
	known := map[string]folder{}
	for _, table := range []string{"faults", "settings"} {
		for _, tests := range namedTests(t, table) {
			for _, named := range tests {
				in, name, row := named[1], named[2], named[3]
				if _, read := known[in]; !read {
					tests, texts := testsIn(t, in)
					known[in] = folder{tests, texts}
				}
				if !known[in].tests[name] || row != "" && !known[in].texts[row] {
					t.Errorf("there is no %s", named[0])
				}
			}
		}
	}
	if folder := known["tests/e2e"]; folder.tests["TestNothingOfTheKind"] || folder.texts["nothing of the kind"] || len(known) < 8 {
		t.Error("every test is found")
	}
}

// faults is how many there are that the product must survive.
const faults = 18

func TestEveryFaultHasATest(t *testing.T) {
	named := namedTests(t, "faults")
	for number := range faults {
		if fault := strconv.Itoa(number + 1); named[fault] == nil {
			t.Errorf("fault %s has no test", fault)
		}
	}
	if len(named) != faults {
		t.Errorf("the table has %d faults", len(named))
	}
}

// TestEverySettingHasATest compares the table with the settings that there are.
func TestEverySettingHasATest(t *testing.T) {
	var listed, settings []string
	for _, cell := range slices.Sorted(maps.Keys(namedTests(t, "settings"))) {
		for name := range strings.SplitSeq(strings.ReplaceAll(cell, "`", ""), ", ") {
			of, all := strings.CutPrefix(name, "*")
			if !all {
				listed = append(listed, name)
				continue
			}
			listed = append(listed, "CUSTOMERCARE"+of, "MDS"+of, "EMERSION"+of)
		}
	}
	for _, s := range append(config.Reference(), config.ReferenceImported()...) {
		settings = append(settings, strings.TrimPrefix(s.Name, "SOAPBRIDGE_"))
	}
	slices.Sort(listed)
	slices.Sort(settings)
	if !slices.Equal(listed, settings) {
		t.Errorf("the table of tests/README.md has\n%q\nand the settings are\n%q", listed, settings)
	}
}

// TestEveryFolderIsDescribed, in the first table.
func TestEveryFolderIsDescribed(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(readFile(t, "../README.md"), "\n## ")
	for _, e := range entries {
		if e.IsDir() && !strings.Contains(text, "`"+e.Name()+"`") {
			t.Errorf("%s is not described", e.Name())
		}
	}
}
