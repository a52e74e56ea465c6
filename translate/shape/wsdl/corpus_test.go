package wsdl

import (
	"bytes"
	stdxml "encoding/xml"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"soapbridge/translate/xml"
)

var corpusFlag = flag.String("corpus", "testdata/corpus/real", "folder with a folder for each WSDL; what they hold is in manifest.tsv beside it")

// TestCorpus compares the model with a manifest that another program made, and with a plain walk over the files.
func TestCorpus(t *testing.T) {
	rows := manifest(t)
	var spent time.Duration
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			files := os.DirFS(filepath.Join(*corpusFlag, row.name))
			entry := findEntry(t, files)
			begin := time.Now()
			d, err := Read(files, entry, Limits{})
			spent += time.Since(begin)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(row.name, d)
			t.Logf("%+v; %d elements, %d types, %d problems", got, len(d.Elements), len(d.Types), len(d.Problems))
			for _, p := range d.Problems {
				t.Log(p)
			}
			want := row
			if better, known := lenient[row.name]; known {
				want.unresolved = better
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			checkElements(t, files, d)
			checkWhole(t, d)
		})
	}
	t.Logf("%d services in %v", len(rows), spent)
}

// lenient are the numbers of unresolved names where this reader resolves more than the manifest's program.
var lenient = map[string]int{
	"p_lnp_NumberManagement": 0, // its schemas are imported in wsdl:types itself
}

// service is a row of the manifest.
type service struct {
	name, styles, versions string
	operations, unresolved int // unresolved are names, however often they are referred to
}

func manifest(t *testing.T) (rows []service) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(*corpusFlag, "..", "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	columns := strings.Split(lines[0], "\t")
	for _, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		column := func(name string) string { return fields[slices.Index(columns, name)] }
		row := service{name: column("name"), styles: column("styles"), versions: column("soap")}
		var failed [2]error
		row.operations, failed[0] = strconv.Atoi(column("operations"))
		row.unresolved, failed[1] = strconv.Atoi(column("unresolved"))
		if failed != [2]error{} {
			t.Fatalf("%s: %v", line, failed)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatal("the manifest is empty")
	}
	return rows
}

// findEntry returns the WSDL document that leads to the most operations, and of several the one that leads to the most files.
func findEntry(t *testing.T, files fs.FS) (entry string) {
	t.Helper()
	most := [2]int{-1, -1}
	walk(t, files, func(name string, _ []byte) {
		if !strings.Contains(path.Base(name), ".wsdl") {
			return
		}
		d, err := Read(files, name, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if rank := [2]int{len(d.Operations), len(d.Files)}; slices.Compare(rank[:], most[:]) > 0 {
			entry, most = name, rank
		}
	})
	return entry
}

func walk(t *testing.T, files fs.FS, visit func(name string, content []byte)) {
	t.Helper()
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		visit(name, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// describe returns the manifest's row for a model.
func describe(name string, d *Definitions) service {
	got := service{name: name, operations: len(d.Operations)}
	styles, versions := map[string]bool{}, map[string]bool{}
	for _, op := range d.Operations {
		for _, b := range op.Bindings {
			versions[b.Binding.Version.String()] = true
			styles[style(b)] = true
		}
	}
	undefined := map[string]bool{}
	for _, p := range d.Problems {
		if strings.HasSuffix(p.Msg, "is not defined") {
			undefined[p.Msg] = true
		}
	}
	got.unresolved = len(undefined)
	got.styles = strings.Join(slices.Sorted(maps.Keys(styles)), ",")
	got.versions = strings.Join(slices.Sorted(maps.Keys(versions)), ",")
	return got
}

// style returns the manifest's word for a style.
func style(b *BoundOperation) string {
	switch encoded := b.Input != nil && b.Input.Encoded; {
	case b.RPC && encoded:
		return "rpc-enc"
	case b.RPC:
		return "rpc-lit"
	case isWrapped(b):
		return "doc-lit-wrapped"
	}
	return "doc-lit-bare"
}

// isWrapped reports whether the only part is an element of the operation's name that holds a sequence and no attributes.
func isWrapped(b *BoundOperation) bool {
	if b.Input == nil || len(b.Input.Parts) != 1 || b.Input.Parts[0].Element == nil {
		return false
	}
	e := b.Input.Parts[0].Element
	t, _ := e.Type.(*ComplexType)
	if t == nil || e.Name.Local != b.Operation.Name || len(t.Uses) > 0 || len(t.Groups) > 0 || t.AnyAttribute != nil {
		return false
	}
	return t.Content == nil || t.Content.Group.Compositor == Sequence && !slices.ContainsFunc(t.Content.Group.Particles, notElement)
}

func notElement(p *Particle) bool { return p.Group != nil }

// checkElements requires every global element of the files in the model. encoding/xml is another reader than the scanner's.
func checkElements(t *testing.T, files fs.FS, d *Definitions) {
	t.Helper()
	for _, name := range d.Files {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, element := range globalElements(t, content) {
			if d.Elements[element] == nil {
				t.Errorf("%s: the element %v is missing", name, element)
			}
		}
	}
}

func globalElements(t *testing.T, content []byte) (names []xml.Name) {
	t.Helper()
	content, err := xml.DecodeCharset(content, "")
	if err != nil {
		t.Fatal(err)
	}
	decoder := stdxml.NewDecoder(bytes.NewReader(content))
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var open []string
	target := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case stdxml.StartElement:
			if token.Name.Space == XSD && token.Name.Local == "schema" {
				target = attribute(token, "targetNamespace")
			}
			if token.Name.Space == XSD && token.Name.Local == "element" && open[len(open)-1] == "schema" && target != "" { // an included schema may have no target
				names = append(names, xml.Name{Space: target, Local: attribute(token, "name")})
			}
			open = append(open, token.Name.Local)
		case stdxml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func attribute(e stdxml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
