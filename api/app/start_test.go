package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/translate/imported"
	"soapbridge/translate/shape/wsdl"
)

var systemsFlag = flag.String("corpus", "", "a directory with a folder for each WSDL, with all that it imports: BenchmarkStart makes systems of them")

// What the start may cost with 1,000 imported operations.
const (
	mostStartTime = 2 * time.Second
	mostStartHeap = 150 << 20
)

// BenchmarkStart composes the proxy with imported systems: it reads their folders and makes the routes of their operations.
//
//	go test -run '^$' -bench Start -benchmem ./api/app [-args -corpus DIR]
func BenchmarkStart(b *testing.B) {
	directory, operations := b.TempDir(), 1000
	if *systemsFlag == "" {
		service := os.DirFS(filepath.Dir(write(b, filepath.Join(b.TempDir(), "service.wsdl"), largeWSDL(operations))))
		everyOperation(b, directory, "large", service, "service.wsdl")
	} else {
		operations = systemsOfCorpus(b, directory)
	}
	c, err := config.Load([]string{"SOAPBRIDGE_SYSTEMS=" + directory}, config.Disk())
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		start(b, c, func() {
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.StartTimer()
		})
	}
	heap := after.HeapAlloc - before.HeapAlloc
	b.ReportMetric(float64(heap)/(1<<20), "heap-MiB")
	b.ReportMetric(float64(operations), "operations")
	if each := b.Elapsed() / time.Duration(b.N); *systemsFlag == "" && (each > mostStartTime || heap > mostStartHeap) {
		b.Errorf("the start takes %s and %d MiB, want at most %s and %d MiB", each, heap>>20, mostStartTime, mostStartHeap>>20)
	}
}

// start makes a proxy that is ready for requests, and ends it.
func start(b *testing.B, c config.Config, ready func()) {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	p, err := newProxy(b.Context(), c, false, log, log)
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	server, err := edge.New(p.edge)
	if err != nil {
		b.Fatal(err)
	}
	ready()
	server.Stop()
}

// systemsOfCorpus writes a folder for each WSDL of the corpus, and returns the number of operations in all.
func systemsOfCorpus(b *testing.B, directory string) (operations int) {
	b.Helper()
	services, err := os.ReadDir(*systemsFlag)
	if err != nil {
		b.Fatal(err)
	}
	for _, service := range services {
		files := os.DirFS(filepath.Join(*systemsFlag, service.Name()))
		name := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(service.Name()))
		operations += everyOperation(b, directory, name, files, largestWSDL(b, files))
	}
	return operations
}

// largestWSDL returns the document that has the most operations.
func largestWSDL(b *testing.B, files fs.FS) (entry string) {
	b.Helper()
	most := -1
	err := fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(path.Base(name), ".wsdl") {
			return err
		}
		d, err := wsdl.Read(files, name, wsdl.Limits{})
		if err == nil && len(d.Operations) > most {
			entry, most = name, len(d.Operations)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return entry
}

// everyOperation writes the folder of a system with all operations that can be used, and returns their number. Without any there is no folder.
func everyOperation(b *testing.B, directory, name string, files fs.FS, entry string) int {
	b.Helper()
	d, err := wsdl.Read(files, entry, wsdl.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	folder, hashes := filepath.Join(directory, name), map[string]string{}
	for _, file := range d.Files {
		content, err := fs.ReadFile(files, file)
		if err != nil {
			b.Fatal(err)
		}
		write(b, filepath.Join(folder, file), string(content))
		hashes[file] = imported.Hash(content)
	}
	documents := map[string]any{"file": entry, "sha256": hashes[entry], "files": hashes}
	delete(hashes, entry)
	all := map[string]any{}
	for _, op := range d.Operations {
		all[op.Name] = map[string]any{"kind": "write", "secret": []string{}, "outcome": "faultsOnly"}
	}
	turnOn := func(operations map[string]any) {
		text, err := json.Marshal(map[string]any{"system": name, "xml": true, "operations": operations, "wsdl": documents}) // JSON is YAML
		if err != nil {
			b.Fatal(err)
		}
		write(b, filepath.Join(folder, imported.FileName), string(text))
	}
	turnOn(all)
	system, _ := imported.Load(name, os.DirFS(folder), imported.Config{}) // the error is about those that cannot be used
	usable := map[string]any{}
	if system != nil {
		for _, op := range system.Operations {
			usable[op.Name] = all[op.Name]
		}
	}
	if turnOn(usable); len(usable) == 0 {
		if err := os.RemoveAll(folder); err != nil {
			b.Fatal(err)
		}
	}
	return len(usable)
}

// Types of largeWSDL are in families: each contains others of its family, itself where it is a list, and one of the family that all share. One
// operation of a hundred reaches all of them, as in the corpus.
const (
	largeTypes = 300
	family     = 10
)

// largeWSDL is a service with types like those of real ones.
func largeWSDL(operations int) string {
	var types, messages, ports, bindings strings.Builder
	for i := range largeTypes {
		writeType(&types, i)
	}
	fmt.Fprint(&types, `<xs:complexType name="Everything"><xs:sequence>`)
	for i := 0; i < largeTypes; i += family {
		fmt.Fprintf(&types, `<xs:element name="family%d" type="t:T%d" minOccurs="0"/>`, i, i)
	}
	fmt.Fprint(&types, `</xs:sequence></xs:complexType>`)
	for i := range operations {
		contained := fmt.Sprintf("T%d", i*7%largeTypes)
		if i%100 == 99 {
			contained = "Everything"
		}
		for _, message := range []string{"Do%d", "Do%dResponse"} {
			name := fmt.Sprintf(message, i)
			fmt.Fprintf(&types, `<xs:element name="%s"><xs:complexType><xs:sequence><xs:element name="id" type="t:Code"/>`+
				`<xs:element name="at" type="xs:dateTime" minOccurs="0"/><xs:element name="data" type="t:%s"/></xs:sequence></xs:complexType></xs:element>`, name, contained)
			fmt.Fprintf(&messages, `<message name="%s"><part name="parameters" element="t:%s"/></message>`, name, name)
		}
		fmt.Fprintf(&ports, `<operation name="Do%d"><input message="t:Do%d"/><output message="t:Do%dResponse"/></operation>`, i, i, i)
		fmt.Fprintf(&bindings, `<operation name="Do%d"><s:operation soapAction="Do%d"/><input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation>`, i, i)
	}
	return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema"` +
		` xmlns:t="urn:large" targetNamespace="urn:large"><types><xs:schema targetNamespace="urn:large" elementFormDefault="qualified">` +
		`<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{2}[0-9]{1,10}"/></xs:restriction></xs:simpleType>` +
		`<xs:simpleType name="State"><xs:restriction base="xs:string"><xs:enumeration value="open"/><xs:enumeration value="closed"/></xs:restriction></xs:simpleType>` +
		`<xs:simpleType name="Money"><xs:restriction base="xs:decimal"><xs:totalDigits value="12"/><xs:fractionDigits value="2"/></xs:restriction></xs:simpleType>` +
		types.String() + `</xs:schema></types>` + messages.String() + `<portType name="P">` + ports.String() + `</portType><binding name="B" type="t:P">` +
		`<s:binding transport="http://schemas.xmlsoap.org/soap/http"/>` + bindings.String() + `</binding></definitions>`
}

func writeType(w io.Writer, i int) {
	head := i - i%family
	fmt.Fprintf(w, `<xs:complexType name="T%d"><xs:sequence><xs:element name="code" type="t:Code"/><xs:element name="state" type="t:State" minOccurs="0"/>`+
		`<xs:element name="amount" type="t:Money" minOccurs="0"/><xs:element name="name" type="xs:string" minOccurs="0"/>`+
		`<xs:element name="count" type="xs:int" minOccurs="0"/><xs:element name="since" type="xs:date" minOccurs="0"/>`+
		`<xs:element name="link" type="xs:anyURI" minOccurs="0"/><xs:element name="inside" type="t:T%d" minOccurs="0" maxOccurs="unbounded"/>`+
		`<xs:element name="beside" type="t:T%d" minOccurs="0"/><xs:element name="shared" type="t:T%d" minOccurs="0"/></xs:sequence>`+
		`<xs:attribute name="version" type="xs:string"/></xs:complexType>`, i, head+(i+1)%family, head+(i+3)%family, i%family)
}
