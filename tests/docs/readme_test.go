// Package docs checks that the README is true: its settings are the program's, and its examples do what it says.
package docs

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/tests/kit"
	"soapbridge/translate/shape"
)

func TestMain(m *testing.M) { os.Exit(kit.Main(m)) }

var update = flag.Bool("update", false, "write the generated parts of the README again")

const readme = "../../README.md"

func read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSettingsTable(t *testing.T) {
	const begin, end = "<!-- settings -->\n", "<!-- /settings -->"
	text := read(t)
	before, rest, found := strings.Cut(text, begin)
	got, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("the README lacks %q or %q", begin, end)
	}
	want := settingsTable()
	if *update {
		if err := os.WriteFile(readme, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the settings differ; go test ./tests/docs -update writes them again (-want +got):\n%s", diff)
	}
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	for _, s := range append(config.Reference(), config.ReferenceImported()...) {
		preset := s.Absent
		if s.Default != "" {
			preset = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, preset, s.Meaning)
	}
	return b.String()
}

// TestFigures: the README shows each figure that is there, and no other.
func TestFigures(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, image := range regexp.MustCompile(`!\[[^]]+\]\((\S+)\)`).FindAllStringSubmatch(read(t), -1) {
		shown = append(shown, "../../"+image[1])
	}
	slices.Sort(shown)
	if diff := cmp.Diff(files, shown); diff != "" || len(files) == 0 {
		t.Errorf("the files of docs/ are not the images of the README (-docs +README):\n%s", diff)
	}
}

var block = regexp.MustCompile("(?ms)^```sh (example|rejected|preview)\n(.*?)^```$")

func TestExamples(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is missing; install it with: apt-get install curl")
	}
	url := kit.RunDemo(t).URL
	t.Run("documents", func(t *testing.T) { checkDocuments(t, url) })
	blocks := block.FindAllStringSubmatch(read(t), -1)
	paths := map[string][]string{} // by kind
	for _, b := range blocks {
		kind, command := b[1], strings.ReplaceAll(b[2], "http://127.0.0.1:8080", url)
		path := regexp.MustCompile(`/v1/[a-z/-]+`).FindString(command)
		paths[kind] = append(paths[kind], path)
		t.Run(kind+path, func(t *testing.T) {
			status, body := curl(t, command)
			switch {
			case kind == "example" && status != http.StatusOK && status != http.StatusCreated:
				t.Errorf("status %d, want success: %s", status, body)
			case kind == "rejected":
				checkRejected(t, status, body)
			case kind == "preview" && (status != http.StatusOK || !strings.Contains(body, ">***</PIN>") || !strings.Contains(body, ">0123456789<")):
				t.Errorf("status %d, want an envelope with a masked PIN: %s", status, body)
			}
		})
	}
	checkKinds(t, paths)
}

// checkKinds wants one example for each operation, a rejected one, and a preview.
func checkKinds(t *testing.T, paths map[string][]string) {
	t.Helper()
	var want []string
	for _, op := range kit.Operations {
		want = append(want, op.Path)
	}
	slices.Sort(want)
	slices.Sort(paths["example"])
	if diff := cmp.Diff(want, paths["example"]); diff != "" {
		t.Errorf("the blocks ```sh example of the README are not one for each operation (-want +got):\n%s", diff)
	}
	for _, kind := range []string{"rejected", "preview"} {
		if len(paths[kind]) != 1 {
			t.Errorf("the README has %d blocks ```sh %s, want one: %q", len(paths[kind]), kind, paths[kind])
		}
	}
}

// checkDocuments asks a demo for every path of the README's table of documents.
func checkDocuments(t *testing.T, url string) {
	t.Helper()
	_, table, _ := strings.Cut(read(t), "\n## Documents\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| (`+"`"+`/.*?) \|`).FindAllStringSubmatch(table, -1)
	if len(rows) < 6 {
		t.Fatalf("the README lists %d documents", len(rows))
	}
	for _, row := range rows {
		for path := range strings.SplitSeq(strings.ReplaceAll(row[1], "`", ""), ", ") {
			status, body := curl(t, "curl -i "+url+strings.NewReplacer("{code}", "outcome-unknown", "{operation}", "CreateCallLog").Replace(path))
			if status != http.StatusOK || body == "" {
				t.Errorf("%s: status %d", path, status)
			}
		}
	}
}

// checkRejected compares with the answer that the README prints.
func checkRejected(t *testing.T, status int, body string) {
	t.Helper()
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d, want 422: %s", status, body)
	}
	type shown struct {
		Pointer, Code, Hint string
		Params              struct{ Expected string }
	}
	var got struct{ Errors []shown }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	_, printed, _ := strings.Cut(read(t), "\n \"errors\":")
	printed, _, _ = strings.Cut(printed, "}\n```")
	var want []shown
	if err := json.Unmarshal([]byte(printed), &want); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	if diff := cmp.Diff(want, got.Errors); diff != "" {
		t.Errorf("the errors are not those that the README prints (-want +got):\n%s", diff)
	}
}

// TestListOfFormats: the README lists what params.expected can be, and the codes of errors that are no vendor's.
func TestListOfFormats(t *testing.T) {
	var formats []string
	for _, f := range shape.Formats {
		formats = append(formats, string(f.Format))
	}
	for sentence, want := range map[string][]string{"whose meanings are in `/openapi.json`: ": formats, "as `x-extensible-enum`. The list: ": edge.ViolationCodes()} {
		_, rest, found := strings.Cut(read(t), sentence)
		rest, _, _ = strings.Cut(rest, ";")
		rest, _, _ = strings.Cut(rest, ".")
		var got []string
		for _, word := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(rest, -1) {
			got = append(got, word[1])
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || !found {
			t.Errorf("the list behind %q is another one (-want +got):\n%s", sentence, diff)
		}
	}
}

// curl runs a command of the README in a shell.
func curl(t *testing.T, command string) (status int, body string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, "curl -i", "curl -sS -i", 1)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	head, body, _ := strings.Cut(string(out), "\r\n\r\n")
	if _, err := fmt.Sscanf(head, "HTTP/1.1 %d", &status); err != nil {
		t.Fatalf("no status: %s", out)
	}
	return status, body
}
