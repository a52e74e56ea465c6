package app

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soapbridge/api/config"
	"soapbridge/translate/imported"
)

const corpus = "../../translate/shape/wsdl/testdata/corpus/real"

// printed is what a command prints, and its error.
func printed(run func(*Process) error) (string, error) {
	var out bytes.Buffer
	err := run(&Process{Out: &out, Err: &out})
	return out.String(), err
}

func importing(t *testing.T, c importCommand) (string, error) {
	t.Helper()
	return printed(func(p *Process) error { return c.Run(t.Context(), p) })
}

func drifting(t *testing.T, c driftCommand) (string, error) {
	t.Helper()
	return printed(func(p *Process) error { return c.Run(t.Context(), p) })
}

// filesIn lists the files of a folder.
func filesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func textOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// edit replaces a part of a file that must be there.
func edit(t *testing.T, name string, oldNew ...string) {
	t.Helper()
	text := textOf(t, name)
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("%s has no %q", name, oldNew[i])
		}
		text = strings.ReplaceAll(text, oldNew[i], oldNew[i+1])
	}
	write(t, name, text)
}

func TestImportFile(t *testing.T) {
	into := filepath.Join(t.TempDir(), "systems")
	out, err := importing(t, importCommand{WSDL: corpus + "/parcels/parcels.wsdl", Into: into})
	if err != nil {
		t.Fatal(err)
	}
	if want := "has 4 operations, of which 1 cannot be used. All are off."; !strings.Contains(out, want) || strings.Contains(out, "port must") {
		t.Errorf("printed %q, want %q, and nothing of ports, which differ in the version of SOAP alone", out, want)
	}
	want := []string{"parcels/REPORT.md", "parcels/messages.wsdl", "parcels/parcels.wsdl", "parcels/system.yaml", "parcels/types/common.xsd", "parcels/types/parcel.xsd"}
	if diff := cmp.Diff(want, filesIn(t, into)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	f, err := openFolder(filepath.Join(into, "parcels"))
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range f.overlay.Operations {
		if op.Kind != "" {
			t.Errorf("%s is on", op.Name)
		}
	}
	if text := textOf(t, filepath.Join(into, "parcels", "REPORT.md")); !strings.Contains(text, "- `Weigh`: `parcels.wsdl, line 35: the type \"Scale\"") {
		t.Errorf("the report does not say why Weigh cannot be used:\n%s", text)
	}
}

// unbound is the half of a service that others bind.
const unbound = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"><message name="In"/>
<portType name="P"><operation name="Add"><input message="t:In"/></operation></portType></definitions>`

// TestImportRefuses is about what must not leave anything behind.
func TestImportRefuses(t *testing.T) {
	into, elsewhere := t.TempDir(), t.TempDir()
	bad := write(t, filepath.Join(elsewhere, "bad.wsdl"), "<html/>")
	write(t, filepath.Join(into, "there", "system.yaml"), "mine")
	for name, c := range map[string]struct {
		importCommand
		want string
	}{
		"a folder that is there":     {importCommand{WSDL: corpus + "/parcels/parcels.wsdl", Name: "there"}, "is there: give --update"},
		"nothing to update":          {importCommand{WSDL: corpus + "/parcels/parcels.wsdl", Update: true}, "parcels to update: leave out --update"},
		"a name with a slash":        {importCommand{WSDL: corpus + "/parcels/parcels.wsdl", Name: "../x"}, "--name: the folder would be \"../x\", whose name is not a lower-case letter and then a-z, 0-9 and -; give another name"},
		"a built-in system":          {importCommand{WSDL: corpus + "/parcels/parcels.wsdl", Name: "mds"}, "\"mds\", which is the name of a built-in system or of a route of the proxy's own"},
		"a route of the proxy's own": {importCommand{WSDL: filepath.Join(elsewhere, "operations.wsdl")}, "\"operations\", which is the name of a built-in system"},
		"no WSDL":                    {importCommand{WSDL: ""}, "the name of the WSDL is empty: give a file"},
		"no WSDL but a name":         {importCommand{WSDL: "", Name: "parcels"}, "the name of the WSDL is empty: give a file"},
		"a directory":                {importCommand{WSDL: elsewhere, Name: "parcels"}, "is a directory: give the file of the WSDL"},
		"a schema":                   {importCommand{WSDL: corpus + "/parcels/types/common.xsd"}, "is not a WSDL 1.1 document"},
		"a WSDL without operations":  {importCommand{WSDL: write(t, filepath.Join(elsewhere, "half.wsdl"), unbound)}, "the WSDL has no operation that can be called: none of its bindings is one of SOAP"},
		"what is not a WSDL":         {importCommand{WSDL: bad}, "is not a WSDL 1.1 document"},
		"a file that is not there":   {importCommand{WSDL: filepath.Join(elsewhere, "gone.wsdl")}, "no such file"},
		"a file outside of --root":   {importCommand{WSDL: bad, Root: into}, "is not in"},
		"a URL without --allow-host": {importCommand{WSDL: "https://example.com/x.wsdl"}, "a URL is read only with --allow-host example.com"},
		"a URL of another host":      {importCommand{WSDL: "https://example.com/x.wsdl", remote: remote{AllowHost: "example.org"}}, "is not that of --allow-host"},
		"http":                       {importCommand{WSDL: "http://example.com/x.wsdl", remote: remote{AllowHost: "example.com"}}, "http is read only with --allow-http"},
		"another scheme":             {importCommand{WSDL: "file://example.com/x.wsdl", remote: remote{AllowHost: "example.com"}}, "give an https URL"},
		"a password":                 {importCommand{WSDL: "https://a:b@example.com/x.wsdl", remote: remote{AllowHost: "example.com"}}, "with a user name or a password"},
	} {
		c.Into = into
		if _, err := importing(t, c.importCommand); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if diff := cmp.Diff([]string{"there/system.yaml"}, filesIn(t, into)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// TestImportStaysInItsRoot: a schema outside of the folder of the WSDL is read only when --root has it, and never through a link.
func TestImportStaysInItsRoot(t *testing.T) {
	from := t.TempDir()
	wsdl := write(t, filepath.Join(from, "wsdl", "a.wsdl"), textOf(t, corpus+"/parcels/parcels.wsdl"))
	edit(t, wsdl, `schemaLocation="types/`, `schemaLocation="../types/`)
	write(t, filepath.Join(from, "wsdl", "messages.wsdl"), textOf(t, corpus+"/parcels/messages.wsdl"))
	for _, name := range []string{"parcel.xsd", "common.xsd"} {
		write(t, filepath.Join(from, "types", name), textOf(t, corpus+"/parcels/types/"+name))
	}
	for name, c := range map[string]struct{ root, want string }{
		"alone": {"", "leads out of the folder"}, "with a root": {from, "of which 1 cannot be used"},
	} {
		into := t.TempDir()
		out, err := importing(t, importCommand{WSDL: wsdl, Into: into, Root: c.root})
		if err != nil {
			t.Fatal(err)
		}
		if all := out + textOf(t, filepath.Join(into, "a", "REPORT.md")); !strings.Contains(all, c.want) {
			t.Errorf("%s: got %s, want %s", name, all, c.want)
		}
	}
	if err := os.Rename(filepath.Join(from, "types"), filepath.Join(from, "wsdl", "types")); err != nil {
		t.Fatal(err)
	}
	edit(t, wsdl, `"../types/`, `"types/`)
	secret := write(t, filepath.Join(t.TempDir(), "secret.xsd"), textOf(t, filepath.Join(from, "wsdl", "types", "common.xsd")))
	link := filepath.Join(from, "wsdl", "types", "common.xsd")
	if err := errorsOf(os.Remove(link), os.Symlink(secret, link)); err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	if _, err := importing(t, importCommand{WSDL: wsdl, Into: into}); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(filesIn(t, into), "a/types/common.xsd") {
		t.Error("a link out of the folder was followed")
	}
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// vendor is a server with documents by their request URIs, and the URIs that it was asked for.
type vendor struct {
	*httptest.Server

	documents map[string]string
	asked     []string
}

func startVendor(t *testing.T, documents map[string]string) (*vendor, remote) {
	t.Helper()
	v := &vendor{documents: documents}
	v.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.asked = append(v.asked, r.RequestURI)
		switch text, known := v.documents[r.RequestURI]; {
		case strings.HasPrefix(text, "302 "):
			http.Redirect(w, r, strings.TrimPrefix(text, "302 "), http.StatusFound)
		case !known:
			http.NotFound(w, r)
		default:
			_, _ = fmt.Fprint(w, strings.ReplaceAll(text, "HOST", r.Host))
		}
	}))
	t.Cleanup(v.Close)
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: v.Certificate().Raw})))
	return v, remote{AllowHost: "127.0.0.1", CA: ca}
}

// small is a service whose documents have addresses that differ in their queries, as servers write them.
func small() map[string]string {
	return map[string]string{
		"/soap/Notes.svc?wsdl": `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema"
  xmlns:t="urn:notes" targetNamespace="urn:notes">
<types><x:schema><x:import namespace="urn:notes" schemaLocation="https://HOST/soap/Notes.svc?part=a&amp;xsd=one"/>
<x:import namespace="http://www.w3.org/2003/05/soap-envelope" schemaLocation="https://elsewhere.invalid/envelope.xsd"/></x:schema></types>
<message name="In"><part name="p" element="t:Add"/></message><message name="Out"><part name="p" element="t:AddResponse"/></message>
<portType name="Notes"><operation name="Add"><input message="t:In"/><output message="t:Out"/></operation></portType>
<binding name="Notes" type="t:Notes"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Add"><s:operation soapAction="urn:add"/><input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
<service name="Notes"><port name="Notes" binding="t:Notes"><s:address location="https://HOST/soap/Notes.svc"/></port></service></definitions>`,
		"/soap/Notes.svc?part=a&xsd=one": `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:notes" targetNamespace="urn:notes" elementFormDefault="qualified">
<x:include schemaLocation='more/types.xsd'/>
<x:element name="Add"><x:complexType><x:sequence><x:element name="Note" type="t:Note"/><x:element name="PIN" type="x:string" minOccurs="0"/></x:sequence></x:complexType></x:element>
<x:element name="AddResponse"><x:complexType><x:sequence><x:element name="Id" type="x:string"/></x:sequence></x:complexType></x:element></x:schema>`,
		"/soap/more/types.xsd": `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:notes" elementFormDefault="qualified">
<x:complexType name="Note"><x:sequence><x:element name="Text" type="x:string"/></x:sequence></x:complexType></x:schema>`,
	}
}

func TestImportURL(t *testing.T) {
	v, from := startVendor(t, small())
	into := t.TempDir()
	out, err := importing(t, importCommand{WSDL: v.URL + "/soap/Notes.svc?wsdl", Into: into, Name: "notes", remote: from})
	if err != nil || !strings.Contains(out, "1 operations, of which 0 cannot be used") {
		t.Fatal(out, err)
	}
	if diff := cmp.Diff([]string{"REPORT.md", "Notes.svc.wsdl", "a-xsd-one.xsd", "system.yaml", "types.xsd"}, filesIn(t, into+"/notes"), sorted); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := slices.Sorted(maps.Keys(v.documents)); !slices.Equal(slices.Sorted(slices.Values(v.asked)), want) {
		t.Errorf("asked for %q, want %q: not the address of the service, and each once", v.asked, want)
	}
	if text := textOf(t, into+"/notes/system.yaml"); !strings.Contains(text, "# secret: [pin]") {
		t.Errorf("the PIN is not named as what looks like a secret:\n%s", text)
	}
}

var sorted = cmp.Transformer("sorted", func(list []string) []string { return slices.Sorted(slices.Values(list)) })

func TestImportURLRefuses(t *testing.T) {
	wsdl := "/soap/Notes.svc?wsdl"
	for name, c := range map[string]struct {
		change func(map[string]string)
		want   string
	}{
		"a redirect":                 {func(d map[string]string) { d[wsdl] = "302 /other" }, "redirects are not followed"},
		"a schema that is not there": {func(d map[string]string) { delete(d, "/soap/more/types.xsd") }, "404"},
		"too many bytes":             {func(d map[string]string) { d["/soap/more/types.xsd"] = strings.Repeat(" ", 17<<20) }, "more than 16777216 bytes"},
		"too many documents": {func(d map[string]string) {
			for i := range 600 {
				d[fmt.Sprintf("/soap/more/%d.xsd", i)] = fmt.Sprintf(`<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:include schemaLocation="%d.xsd"/></x:schema>`, i+1)
			}
			d["/soap/more/types.xsd"] = d["/soap/more/0.xsd"]
		}, "more than 512 documents"},
		"a page in its place": {func(d map[string]string) { d[wsdl] = "<!DOCTYPE html><p>Log in" }, "wsdl: "},
	} {
		t.Run(name, func(t *testing.T) {
			documents, into := small(), t.TempDir()
			c.change(documents)
			v, from := startVendor(t, documents)
			_, err := importing(t, importCommand{WSDL: v.URL + wsdl, Into: into, Name: "notes", remote: from})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if left := filesIn(t, into); left != nil {
				t.Errorf("left %q", left)
			}
		})
	}
}

// TestUpdateAndDrift changes the service behind an imported folder.
func TestUpdateAndDrift(t *testing.T) {
	v, from := startVendor(t, small())
	into, address := t.TempDir(), v.URL+"/soap/Notes.svc?wsdl"
	folder := into + "/notes"
	if _, err := importing(t, importCommand{WSDL: address, Into: into, Name: "notes", remote: from}); err != nil {
		t.Fatal(err)
	}
	edit(t, folder+"/system.yaml", "# kind: write ", "kind: write ", "# secret: [pin]", "secret: [pin]", "# outcome: f", "outcome: f", "operations:", "# A word of mine.\noperations:")
	write(t, folder+"/samples/add.xml", "<a/>")
	drift := func(want string, breaks bool) {
		t.Helper()
		out, err := drifting(t, driftCommand{Folder: folder, URL: address, remote: from})
		if out != want || (err != nil) != breaks {
			t.Errorf("drift: got %q, %v; want %q, breaking: %v", out, err, want, breaks)
		}
	}
	drift("nothing changed for callers\n", false)

	schema := "/soap/Notes.svc?part=a&xsd=one"
	v.documents[schema] = strings.ReplaceAll(v.documents[schema], `name="PIN" type="x:string" minOccurs="0"`, `name="PIN" type="x:string"`)
	v.documents[address[len(v.URL):]] = strings.ReplaceAll(v.documents[address[len(v.URL):]], "urn:add", "urn:add2")
	changes := "breaking   Add SOAPAction: is \"urn:add2\" now, and was \"urn:add\"\nbreaking   Add request/pin: is required now\n"
	drift(changes, true)

	out, err := importing(t, importCommand{WSDL: address, Into: into, Name: "notes", Update: true, remote: from})
	if err != nil || out != changes {
		t.Errorf("update: got %q, %v; want %q", out, err, changes)
	}
	drift("nothing changed for callers\n", false)
	if got := filesIn(t, into); !slices.Contains(got, "notes/samples/add.xml") || len(got) != 6 {
		t.Errorf("the folder has %q", got)
	}
	if text := textOf(t, folder+"/system.yaml"); !strings.Contains(text, "# A word of mine.\noperations:\n  Add:\n    kind: write") {
		t.Errorf("an answer is gone:\n%s", text)
	}
	f, err := openFolder(folder)
	if err != nil || f.overlay.Operations[0].Kind != imported.Write {
		t.Errorf("%v", err)
	}

	edit(t, folder+"/types.xsd", "Text", "Words")
	_, errDrift := drifting(t, driftCommand{Folder: folder, File: folder + "/Notes.svc.wsdl"})
	_, errUpdate := importing(t, importCommand{WSDL: address, Into: into, Name: "notes", Update: true, remote: from})
	for _, err := range []error{errDrift, errUpdate} {
		if err == nil || !strings.Contains(err.Error(), "types.xsd: is not the document that was imported") || !strings.Contains(err.Error(), "import the service under another name") {
			t.Errorf("a document that was changed by hand: %v", err)
		}
	}
}

// TestUpdateBreaksOverlay: the new documents are written, because they are needed to fix the overlay, and every place of it that does not fit is named.
func TestUpdateBreaksOverlay(t *testing.T) {
	v, from := startVendor(t, small())
	into, schema := t.TempDir(), "/soap/Notes.svc?part=a&xsd=one"
	command := importCommand{WSDL: v.URL + "/soap/Notes.svc?wsdl", Into: into, Name: "notes", remote: from}
	if _, err := importing(t, command); err != nil {
		t.Fatal(err)
	}
	edit(t, into+"/notes/system.yaml", "# kind: write ", "kind: write ", "# secret: [pin]", "secret: [pin, note/text]", "# outcome: f", "outcome: f")
	v.documents["/soap/more/types.xsd"] = strings.ReplaceAll(v.documents["/soap/more/types.xsd"], `"Text"`, `"Words"`)
	v.documents[schema] = strings.ReplaceAll(v.documents[schema], `"PIN"`, `"Code"`)
	command.Update = true
	out, err := importing(t, command)
	if !strings.Contains(out, "breaking   Add request/pin: is gone\n") {
		t.Errorf("the changes are not printed: %s", out)
	}
	for _, want := range []string{
		"notes has the new documents, and serve refuses it until system.yaml fits them:\n",
		"system.yaml:15:14: there is no member pin", "system.yaml:15:19: there is no member note/text",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	if errors.As(err, &UsageError{}) {
		t.Error("the command line was right")
	}
	if text := textOf(t, into+"/notes/types.xsd"); !strings.Contains(text, `"Words"`) {
		t.Errorf("the documents are the old ones: %s", text)
	}
}

// TestUpdateToNothing: a document without operations is a mistake, and does not replace what was imported.
func TestUpdateToNothing(t *testing.T) {
	into := t.TempDir()
	if _, err := importing(t, importCommand{WSDL: corpus + "/parcels/parcels.wsdl", Into: into}); err != nil {
		t.Fatal(err)
	}
	_, err := importing(t, importCommand{WSDL: write(t, filepath.Join(t.TempDir(), "half.wsdl"), unbound), Into: into, Name: "parcels", Update: true})
	if err == nil || !strings.Contains(err.Error(), "has no operation") {
		t.Error(err)
	}
	if _, err := openFolder(into + "/parcels"); err != nil {
		t.Error(err)
	}
}

// TestScopesOfImportedSystems: keys can be made for what is imported, and serve knows their scopes.
func TestScopesOfImportedSystems(t *testing.T) {
	systems := t.TempDir()
	if _, err := importing(t, importCommand{WSDL: "../../docs/parcels/parcels.wsdl", Into: systems}); err != nil {
		t.Fatal(err)
	}
	answers, err := os.ReadFile("../../docs/parcels/system.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(systems, "parcels", imported.FileName), string(answers))
	environ := []string{"SOAPBRIDGE_SYSTEMS=" + systems}
	var out strings.Builder
	id := "web"
	if err := (&keysNew{ID: &id, Scopes: []string{"parcels:read,parcels:pickups:create"}}).Run(&Process{Environ: environ, Out: &out}); err != nil {
		t.Fatal(err)
	}
	line := out.String()[strings.LastIndex(out.String(), "\nweb ")+1:]
	if _, err := config.LoadServe(append(environ, "SOAPBRIDGE_API_KEYS="+strings.TrimSpace(line)), config.Disk(), false, checkAPIKeys); err != nil {
		t.Error(err)
	}
	strange := strings.Replace(strings.TrimSpace(line), "parcels:read", "parcels:reed", 1)
	if _, err := config.LoadServe(append(environ, "SOAPBRIDGE_API_KEYS="+strange), config.Disk(), false, checkAPIKeys); err == nil || !strings.Contains(err.Error(), "parcels:reed") {
		t.Error(err)
	}
}

// TestAllOff: what was just imported starts, is not played, and the log says what is left to do.
func TestAllOff(t *testing.T) {
	systems := t.TempDir()
	if _, err := importing(t, importCommand{WSDL: "../../docs/parcels/parcels.wsdl", Into: systems}); err != nil {
		t.Fatal(err)
	}
	if played, err := sandboxed(systems); err != nil || len(played) > 0 {
		t.Errorf("%v %v", played, err)
	}
	c, err := config.Load([]string{"SOAPBRIDGE_SYSTEMS=" + systems, "SOAPBRIDGE_SYSTEM_PARCELS_TIMEOUT=3m"}, config.Disk())
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	log := logger(&lines, "text", "info")
	p, err := newProxy(t.Context(), c, true, log, log, log)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if got := p.longestCall(); got != 3*time.Minute {
		t.Errorf("an answer is written for at most %v", got)
	}
	if want := "every operation of this system is off: give those that are wanted a kind in system.yaml\" system=parcels"; strings.Count(lines.String(), want) != 1 {
		t.Error(lines.String())
	}
}

// TestExampleKeepsTheRules: a demo begins with an operation whose rules demand more than its schema, and one that has no example begins, too.
func TestExampleKeepsTheRules(t *testing.T) {
	for rules, want := range map[string]string{
		"[]":                            `{}`,
		"[{requireAnyOf: [note, pin]}]": `{"note":"text"}`,
		"[{requireAnyOf: [note, pin]}, {require: pin, when: note}]": `{"note":"text","pin":"text"}`,
		"[{requireAnyOf: [note, pin]}, {forbid: note, when: note}]": "",
	} {
		systems := t.TempDir()
		document := write(t, filepath.Join(systems, "notes", "notes.wsdl"), optionalNotes)
		write(t, filepath.Join(systems, "notes", imported.FileName), "system: notes\nwsdl: {file: notes.wsdl, sha256: "+imported.Hash([]byte(textOf(t, document)))+
			"}\noperations:\n  Add: {kind: write, secret: [], outcome: faultsOnly, rules: "+rules+"}\n")
		c, err := config.Load([]string{"SOAPBRIDGE_SYSTEMS=" + systems, "SOAPBRIDGE_SANDBOX=true"}, config.Disk())
		if err != nil {
			t.Fatal(err)
		}
		quiet := logger(io.Discard, "text", "error")
		p, err := newProxy(t.Context(), c, true, quiet, quiet, quiet)
		if err != nil {
			t.Errorf("%s: %v", rules, err)
			continue
		}
		for _, system := range p.edge.Systems {
			if system.Name == "notes" && system.Operations[0].Example != want {
				t.Errorf("%s: the example %s, want %s", rules, system.Operations[0].Example, want)
			}
		}
		p.close()
	}
}

// optionalNotes is a service whose schema demands nothing.
const optionalNotes = `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:n" targetNamespace="urn:n">
<w:types><x:schema targetNamespace="urn:n"><x:element name="Add"><x:complexType><x:sequence><x:element name="Note" type="x:string" minOccurs="0"/>
<x:element name="PIN" type="x:string" minOccurs="0"/></x:sequence></x:complexType></x:element></x:schema></w:types>
<w:message name="In"><w:part name="p" element="t:Add"/></w:message><w:portType name="P"><w:operation name="Add"><w:input message="t:In"/></w:operation></w:portType>
<w:binding name="B" type="t:P"><s:binding/><w:operation name="Add"><s:operation/><w:input><s:body use="literal"/></w:input></w:operation></w:binding>
<w:service name="S"><w:port name="B" binding="t:B"/></w:service></w:definitions>`
