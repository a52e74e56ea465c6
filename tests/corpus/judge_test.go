package corpus

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"soapbridge/translate/shape/wsdl"
)

var (
	corpusFlag    = flag.String("corpus", "../../translate/shape/wsdl/testdata/corpus/real", "folder with a folder for each WSDL")
	catalogueFlag = flag.String("catalogue", "../../translate/shape/wsdl/catalogue", "folder with well-known schemas")
)

func newTestJudge(t *testing.T, files fs.FS, entry string) *Judge {
	t.Helper()
	j, err := NewJudge(files, entry, os.DirFS(*catalogueFlag), t.TempDir())
	if err != nil {
		t.Fatalf("%s: %v", entry, err)
	}
	return j
}

// findEntry returns the WSDL that leads to the most operations, and of several the one that leads to the most files.
func findEntry(t *testing.T, files fs.FS) (entry string) {
	t.Helper()
	most := [2]int{-1, -1}
	err := fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(path.Base(name), ".wsdl") {
			return err
		}
		d, err := wsdl.Read(files, name, wsdl.Limits{})
		if err != nil {
			return err
		}
		if rank := [2]int{len(d.Operations), len(d.Files)}; rank[0] > most[0] || rank[0] == most[0] && rank[1] > most[1] {
			entry, most = name, rank
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entry
}
