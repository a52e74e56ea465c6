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

// FuzzComponents reads schemas that are made of the grammar's parts: a byte chooses each part, so that components refer to each other,
// contain each other and break the rules in all ways.
func FuzzComponents(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Add([]byte{3, 0, 1, 2, 5, 0, 1, 7, 2, 2, 9, 1, 0, 4, 4, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) > 2000 {
			return
		}
		w := &schemaWriter{choices: choices}
		for len(w.choices) > 0 {
			w.write("top", 0)
		}
		d, err := readHostile(withSchema(w.text.String()), Limits{Depth: 40})
		if err != nil {
			t.Fatalf("%s: %v", w.text.String(), err)
		}
		checkWhole(t, d)
		for name, each := range d.Types {
			steps := 0
			for complexType, _ := each.(*ComplexType); complexType != nil; complexType, _ = complexType.Base.(*ComplexType) {
				if steps++; steps > 50 {
					t.Fatalf("%v derives from itself", name)
				}
			}
		}
	})
}

// grammar is the productions of schemas. In braces is another production; N is a name.
var grammar = map[string][]string{
	"top": {
		`<x:element name="N"{type}{more}>{body}</x:element>`, `<x:element name="In" type="t:N"/>`, `<x:complexType name="N">{content}</x:complexType>`,
		`<x:simpleType name="N">{simple}</x:simpleType>`, `<x:group name="N">{model}</x:group>`, `<x:attribute name="N"{type}/>`,
		`<x:attributeGroup name="N">{attribute}{attribute}</x:attributeGroup>`, `<x:complexType name="In">{content}</x:complexType>`,
	},
	"type":  {``, ` type="t:N"`, ` type="x:string"`, ` type="x:anyType"`},
	"more":  {``, ` substitutionGroup="t:N"`, ` substitutionGroup="t:In"`, ` abstract="true" nillable="1"`},
	"body":  {``, `<x:complexType>{content}</x:complexType>`, `<x:simpleType>{simple}</x:simpleType>`},
	"model": {`<x:sequence>{particle}{particle}</x:sequence>`, `<x:choice maxOccurs="3">{particle}</x:choice>`, `<x:all>{particle}</x:all>`, `<x:group ref="t:N"/>`},
	"particle": {
		``, `<x:element ref="t:N"/>`, `<x:element name="N"{type}>{body}</x:element>`, `{model}`, `<x:any/>`, `<x:group ref="t:N" minOccurs="0"/>`,
	},
	"content": {
		``, `{model}{attribute}`, `{attribute}`, `<x:complexContent><x:extension base="t:N">{model}</x:extension></x:complexContent>`,
		`<x:complexContent><x:restriction base="t:N">{model}{attribute}</x:restriction></x:complexContent>`,
		`<x:simpleContent><x:extension base="t:N">{attribute}</x:extension></x:simpleContent>`,
		`<x:simpleContent><x:restriction base="t:N"><x:maxLength value="1"/></x:restriction></x:simpleContent>`,
		`<x:simpleContent><x:extension base="x:int">{attribute}</x:extension></x:simpleContent>`,
	},
	"attribute": {``, `<x:attribute ref="t:N"/>`, `<x:attribute name="N"{type}/>`, `<x:attributeGroup ref="t:N"/>`, `<x:anyAttribute/>`},
	"simple": {
		``, `<x:restriction base="t:N"/>`, `<x:restriction base="x:int"/>`, `<x:restriction><x:simpleType>{simple}</x:simpleType></x:restriction>`,
		`<x:list itemType="t:N"/>`, `<x:union memberTypes="t:N x:int"><x:simpleType>{simple}</x:simpleType></x:union>`,
	},
}

type schemaWriter struct {
	choices []byte
	text    strings.Builder
}

func (w *schemaWriter) choose(of int) int {
	if len(w.choices) == 0 {
		return 0
	}
	choice := int(w.choices[0]) % of
	w.choices = w.choices[1:]
	return choice
}

// write writes a production; below some depth always the first one, which ends.
func (w *schemaWriter) write(production string, depth int) {
	if production != "top" && (depth > 8 || len(w.choices) == 0) {
		return
	}
	rest := grammar[production][w.choose(len(grammar[production]))]
	for rest != "" {
		text, behind, found := strings.Cut(rest, "{")
		for strings.Contains(text, `N"`) {
			text = strings.Replace(text, `N"`, string("ABCD"[w.choose(4)])+`"`, 1)
		}
		w.text.WriteString(text)
		if !found {
			return
		}
		production, rest, _ = strings.Cut(behind, "}")
		w.write(production, depth+1)
	}
}
