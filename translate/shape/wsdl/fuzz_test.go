package wsdl

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// separator is between the files of a fuzzed archive; the first line of each file is its name.
const separator = "\n-- "

// FuzzRead reads archives of files. Reading must end, soon and without panic, and a usable operation must be whole.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"parcels", "ledger"} {
		f.Add(archive(f, os.DirFS("testdata/corpus/real/"+name), name+".wsdl"))
	}
	f.Add("a.wsdl\n" + withSchema(`<x:element name="In" type="t:A"/><x:complexType name="A"><x:complexContent><x:extension base="t:A"/></x:complexContent></x:complexType>`))
	f.Add("a.wsdl\n" + withSchema(`<x:redefine schemaLocation="a.wsdl"/><x:group name="G"><x:all><x:group ref="t:G"/></x:all></x:group>`+inString))
	f.Fuzz(func(t *testing.T, text string) {
		files, entry := fstest.MapFS{}, ""
		for file := range strings.SplitSeq(text, separator) {
			name, content, _ := strings.Cut(file, "\n")
			if !fs.ValidPath(name) || name == "." {
				continue
			}
			if entry == "" {
				entry = name
			}
			files[name] = &fstest.MapFile{Data: []byte(content)}
		}
		begin := time.Now()
		d, err := Read(files, entry, Limits{Nodes: 5000, Depth: 40, Documents: 20})
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		if (d == nil) == (err == nil) {
			t.Fatalf("%v, error %v", d, err)
		}
		if err == nil {
			checkWhole(t, d)
		}
	})
}

// archive joins files, the entry first.
func archive(f *testing.F, files fs.FS, entry string) string {
	f.Helper()
	var all []string
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if all = append(all, name+"\n"+string(content)); name == entry {
			all[0], all[len(all)-1] = all[len(all)-1], all[0]
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return strings.Join(all, separator)
}
