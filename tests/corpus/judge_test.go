package corpus

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"soapbridge/translate/shape/wsdl"
)

var (
	corpusFlag    = flag.String("corpus", "../../translate/shape/wsdl/testdata/corpus/real", "folder with a folder for each WSDL")
	catalogueFlag = flag.String("catalogue", "../../translate/shape/wsdl/catalogue", "folder with well-known schemas")
)

// TestEveryElementOfTheCorpusIsJudged asks about each global element, without content. That it is unknown must not be the answer.
func TestEveryElementOfTheCorpusIsJudged(t *testing.T) {
	services, err := os.ReadDir(*corpusFlag)
	if err != nil {
		t.Fatal(err)
	}
	loaded := 0
	for _, service := range services {
		files := os.DirFS(filepath.Join(*corpusFlag, service.Name()))
		entry := findEntry(t, files)
		j := newTestJudge(t, files, entry)
		d, err := wsdl.Read(files, entry, wsdl.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var docs [][]byte
		for name := range d.Elements {
			if name.Space == xsdSpace { // WSDL readers know the element schema
				continue
			}
			docs = append(docs, fmt.Appendf(nil, "<%s xmlns=%q/>", name.Local, name.Space))
		}
		outcomes, verdicts := map[Outcome]int{}, check(t, j, docs...)
		for i, v := range verdicts {
			outcomes[v.Outcome]++
			if strings.Contains(v.Reason, "No matching global declaration") {
				t.Errorf("%s: %s: %v", service.Name(), docs[i], v)
			}
		}
		t.Logf("%s: %v, missing %q", service.Name(), outcomes, j.Missing())
		if j.Refusal() != "" {
			t.Logf("%s is refused as a whole: %s", service.Name(), j.Refusal())
			continue
		}
		loaded++
		j.refused[j.whole] = "for this test" // what documents lead to must say the same as the whole
		some := docs[:min(10, len(docs))]
		for i, v := range check(t, j, some...) {
			if v.Outcome != verdicts[i].Outcome {
				t.Errorf("%s: %s: %v, and by the whole %v", service.Name(), docs[i], v, verdicts[i])
			}
		}
	}
	t.Logf("%d of %d load as a whole", loaded, len(services))
	if loaded == 0 {
		t.Error("none loads")
	}
}

func newTestJudge(t *testing.T, files fs.FS, entry string) *Judge {
	t.Helper()
	j, err := NewJudge(files, entry, os.DirFS(*catalogueFlag), t.TempDir())
	if err != nil {
		t.Fatalf("%s: %v", entry, err)
	}
	return j
}

func check(t *testing.T, j *Judge, docs ...[]byte) []Verdict {
	t.Helper()
	verdicts, err := j.Check(docs)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts
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
