package app

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/api/config"
	"soapbridge/translate/imported"
)

const vendorPages = "../../translate/imported/page/testdata/"

// TestImportPages: the folder of pages is refused by every command that reads it until a person has answered what they do not say.
func TestImportPages(t *testing.T) {
	into := t.TempDir()
	command := importCommand{Into: into, Page: []string{vendorPages + "CreateWorkFlowManager.txt", vendorPages + "CreateCallLog.txt", vendorPages + "UpdateCustomerPIN.txt"}}
	out, err := importing(t, command)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"has 3 operations, of which 0 cannot be used. All are off.", "customer-care-service.wsdl has 114 places with a ?"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
	const name = "customer-care-service"
	if diff := cmp.Diff([]string{name + "/REPORT.md", name + "/" + name + ".wsdl", name + "/system.yaml"}, filesIn(t, into)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	folder := filepath.Join(into, name)
	if report := textOf(t, folder+"/REPORT.md"); !strings.Contains(report, "## Questions\n") || !strings.Contains(report, "- `CreateCallLog`: `createCallLogRequest/customerCallLog/requestor/ssn`\n") {
		t.Errorf("the report has no questions, or no secrets:\n%s", report)
	}
	edit(t, folder+"/system.yaml", "# kind: write ", "kind: write ", "# secret:", "secret:", "# outcome: f", "outcome: f", "# headers:", "headers:")

	readers := map[string]func() error{
		"drift": func() error {
			_, err := drifting(t, driftCommand{Folder: folder, File: folder + "/" + name + ".wsdl"})
			return err
		},
		"sandbox": func() error { _, err := sandboxed(into); return err },
		"serve": func() error {
			c, err := config.Load([]string{"SOAPBRIDGE_SYSTEMS=" + into, `SOAPBRIDGE_SYSTEM_CUSTOMER_CARE_SERVICE_HEADERS={"scCredentials":{"created":"x"}}`}, config.Disk())
			if err == nil {
				_, err = systemsOf(c)
			}
			return err
		},
	}
	for reader, read := range readers {
		if err := read(); err == nil || strings.Count(err.Error(), ": answer the ?: ") != 114 || !strings.Contains(err.Error(), name+".wsdl:16: minOccurs: answer the ?: 0 for optional, 1 for required") {
			t.Errorf("%s: %v", reader, err)
		}
	}
	edit(t, folder+"/"+name+".wsdl", `minOccurs="?"`, `minOccurs="0"`, `type="?"`, `type="xsd:string"`)
	for reader, read := range readers {
		if err := read(); err != nil {
			t.Errorf("%s: %v", reader, err)
		}
	}
	if _, err := importing(t, command); err == nil || !strings.Contains(err.Error(), "is there") {
		t.Errorf("a folder that is there: %v", err)
	}
}

// TestImportPagesRefuses leaves nothing behind.
func TestImportPagesRefuses(t *testing.T) {
	into, elsewhere := t.TempDir(), t.TempDir()
	page := vendorPages + "UpdateCustomerPIN.txt"
	list := write(t, filepath.Join(elsewhere, "list.html"), "<html>CustomerCareService</html>")
	nameless := write(t, filepath.Join(elsewhere, "nameless.txt"), strings.ReplaceAll(textOf(t, page), "CustomerCareService", "Überweisung"))
	for name, c := range map[string]struct {
		importCommand
		want []string
	}{
		"nothing":               {importCommand{}, []string{"or help pages with --page"}},
		"a WSDL, too":           {importCommand{Page: []string{page}, WSDL: "a.wsdl"}, []string{"--page is given together with the WSDL a.wsdl"}},
		"an update":             {importCommand{Page: []string{page}, Update: true, Name: "x"}, []string{"--update is given together with --page", "the answers of a person"}},
		"flags of a WSDL":       {importCommand{Page: []string{page}, Root: ".", remote: remote{AllowHost: "h", AllowHTTP: true, CA: "c"}}, []string{"--root is for a WSDL", "--allow-host is", "--allow-http is", "--ca is"}},
		"files that are absent": {importCommand{Page: []string{"a.gone", "b.gone"}}, []string{"a.gone", "b.gone"}},
		"another page":          {importCommand{Page: []string{page, list}}, []string{"list.html: is not the page of an operation"}},
		"no name":               {importCommand{Page: []string{nameless}}, []string{"give another name"}},
	} {
		c.Into = into
		_, err := importing(t, c.importCommand)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
	}
	if files := filesIn(t, into); len(files) > 0 {
		t.Errorf("there is %q", files)
	}
	if _, err := importing(t, importCommand{Page: []string{nameless}, Into: into, Name: "named"}); err != nil {
		t.Error(err)
	}
	if text := textOf(t, filepath.Join(into, "named", imported.FileName)); !strings.Contains(text, "file: named.wsdl\n  draft: true") {
		t.Error(text)
	}
}
