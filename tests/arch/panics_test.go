package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestEveryGoroutineSaysWhatBecomesOfAPanic: one that no function recovers ends the process. Background work is started by guard.Guard.Go, or by a
// line that ends with "// panics: " and what becomes of them.
func TestEveryGoroutineSaysWhatBecomesOfAPanic(t *testing.T) {
	ours := func(path string) bool { return !matchesOne(path, tests+"/...") }
	inspect(t, 50, ours, unguarded, "start it by guard.Guard.Go, or end the line with // panics: and what becomes of them")
}

// unguarded returns the places where a file starts a goroutine, or a timer that does, and does not say what becomes of its panics.
func unguarded(t *testing.T, name string, source []byte) (places []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	explained := map[int]bool{}
	for _, group := range file.Comments {
		for _, c := range group.List {
			explained[set.Position(c.Pos()).Line] = strings.HasPrefix(c.Text, "// panics: ")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if starts(n) && !explained[set.Position(n.Pos()).Line] {
			places = append(places, fmt.Sprint(set.Position(n.Pos())))
		}
		return true
	})
	return places
}

func starts(n ast.Node) bool {
	if call, ok := n.(*ast.CallExpr); ok {
		f, ok := call.Fun.(*ast.SelectorExpr)
		return ok && f.Sel.Name == "AfterFunc"
	}
	_, ok := n.(*ast.GoStmt)
	return ok
}
