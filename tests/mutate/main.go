// Command mutate changes the program in small ways, one at a time, and runs tests on each: what survives, no test would notice. The tests of a
// package may become fewer only while no mutant of the same seed survives that was killed before.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mutant is one change: the bytes from from to to of the file become text.
type mutant struct {
	file     string
	line     int
	from, to int
	text     string
}

var opposites = map[token.Token]string{
	token.EQL: "!=", token.NEQ: "==", token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">", token.LAND: "||", token.LOR: "&&",
	token.ADD: "-", token.SUB: "+", token.MUL: "+", token.QUO: "*", token.REM: "*", token.AND: "|", token.OR: "&",
}

func main() {
	n := flag.Int("n", 40, "how many mutants that compile")
	seed := flag.Uint64("seed", 1, "another seed takes other mutants")
	limit := flag.Duration("timeout", 2*time.Minute, "how long the tests of one mutant may run; longer is noticed")
	tests := flag.String("tests", "", "the packages whose tests run, separated by spaces; by default those that are changed")
	flag.Parse()
	log.SetFlags(0)
	if flag.NArg() == 0 {
		log.Fatal("say which packages to change, such as ./translate/soap")
	}
	run := flag.Args()
	if *tests != "" {
		run = strings.Fields(*tests)
	}
	list, err := exec.Command("go", append([]string{"list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`}, flag.Args()...)...).Output()
	if err != nil {
		log.Fatalf("go list: %v", err)
	}
	var all []mutant
	for file := range strings.FieldsSeq(string(list)) {
		all = append(all, mutants(file)...)
	}
	random := rand.New(rand.NewPCG(*seed, 0)) // #nosec G404 -- a sample that can be repeated
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var killed, survived int
	for _, m := range all {
		if killed+survived == *n {
			break
		}
		noticed, compiles := m.try(run, *limit)
		switch {
		case !compiles:
		case noticed:
			killed++
			fmt.Println("killed  ", m)
		default:
			survived++
			fmt.Println("SURVIVED", m)
		}
	}
	fmt.Printf("%d of %d mutants killed\n", killed, killed+survived)
}

// mutants returns every change of a file.
func mutants(file string) (list []mutant) {
	source, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, file, source, parser.SkipObjectResolution)
	if err != nil {
		log.Fatal(err)
	}
	change := func(from, to token.Pos, text string) {
		at := files.Position(from)
		list = append(list, mutant{file, at.Line, at.Offset, files.Position(to).Offset, text})
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.IfStmt:
			condition := string(source[files.Position(n.Cond.Pos()).Offset:files.Position(n.Cond.End()).Offset])
			change(n.Cond.Pos(), n.Cond.End(), "true || ("+condition+")")
			change(n.Cond.Pos(), n.Cond.End(), "false && ("+condition+")")
		case *ast.BinaryExpr:
			if text, ok := opposites[n.Op]; ok {
				change(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), text)
			}
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				change(n.OpPos, n.OpPos+1, "")
			}
		case *ast.BasicLit:
			if number, err := strconv.Atoi(n.Value); n.Kind == token.INT && err == nil {
				change(n.Pos(), n.End(), strconv.Itoa(number+1))
			}
		case *ast.Ident:
			if other, ok := map[string]string{"true": "false", "false": "true"}[n.Name]; ok {
				change(n.Pos(), n.End(), other)
			}
		case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt, *ast.IncDecStmt, *ast.BranchStmt:
			change(n.Pos(), n.End(), "")
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				change(n.Pos(), n.End(), "")
			}
		case *ast.CaseClause:
			if len(n.Body) != 0 {
				change(n.Body[0].Pos(), n.Body[len(n.Body)-1].End(), "")
			}
		}
		return true
	})
	return list
}

func (m mutant) String() string {
	source, err := os.ReadFile(m.file)
	if err != nil {
		log.Fatal(err)
	}
	here, _ := os.Getwd()
	name, _ := filepath.Rel(here, m.file)
	end, _, _ := strings.Cut(string(source[m.to:]), "\n")
	return fmt.Sprintf("%s:%d: %q becomes %q, before %q", name, m.line, source[m.from:m.to], m.text, end)
}

// try runs the tests on the changed program.
func (m mutant) try(packages []string, limit time.Duration) (noticed, compiles bool) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	mapping, _ := json.Marshal(map[string]any{"Replace": map[string]string{m.file: changed}})
	for name, content := range map[string][]byte{changed: append(append(bytes.Clone(source[:m.from]), m.text...), source[m.to:]...), overlay: mapping} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			log.Fatal(err)
		}
	}
	out, err := exec.Command("go", append([]string{"test", "-vet=off", "-failfast", "-overlay", overlay, "-timeout", limit.String()}, packages...)...).CombinedOutput()
	return err != nil, !bytes.Contains(out, []byte("[build failed]")) && !bytes.Contains(out, []byte("[setup failed]"))
}
