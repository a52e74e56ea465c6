// Package docs checks that the README and the pages of docs are true: what is generated is the program's, each command is executed, and each link leads
// somewhere.
package docs

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/tests/kit"
	"soapbridge/translate/shape"
)

func TestMain(m *testing.M) { os.Exit(kit.Main(m)) }

var update = flag.Bool("update", false, "write the generated parts of the pages again")

// root is the folder of the module; pages are named from there.
const root = "../.."

// pages returns the README and the pages of docs by their names.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"README.md": page(t, "README.md")}
	err := fs.WalkDir(os.DirFS(root), "docs", func(name string, _ fs.DirEntry, err error) error {
		if path.Ext(name) == ".md" {
			all[name] = page(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func page(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, filepath.Join(root, name))
}

// TestGenerated compares what is between two marks with what the program says.
func TestGenerated(t *testing.T) {
	for _, part := range []struct{ page, mark, text string }{
		{"docs/settings.md", "settings", settings()},
		{"docs/calls.md", "operations", operations(t)},
	} {
		begin, end := "<!-- "+part.mark+" -->\n", "<!-- /"+part.mark+" -->"
		before, rest, found := strings.Cut(page(t, part.page), begin)
		got, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("%s lacks %q or %q", part.page, begin, end)
		}
		if *update {
			if err := os.WriteFile(filepath.Join(root, part.page), []byte(before+begin+part.text+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(part.text, got); diff != "" {
			t.Errorf("%s is not what make generate writes (-want +got):\n%s", part.page, diff)
		}
	}
}

// settings describes the settings; those that all systems have in common once.
func settings() string {
	var names []string
	for name := range kit.EverySystem(map[string]string{"": ""}) {
		names = append(names, strings.TrimSuffix(name, "_"))
	}
	slices.Sort(names)
	var general, common []config.Setting
	own, equal := map[string][]config.Setting{}, map[config.Setting]int{}
	for _, s := range config.Reference() {
		of := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(s.Name, "SOAPBRIDGE_"+n+"_") })
		if of < 0 {
			general = append(general, s)
			continue
		}
		shared := s
		shared.Name = strings.Replace(s.Name, names[of], "<SYSTEM>", 1)
		if equal[shared]++; equal[shared] == len(names) {
			common = append(common, shared)
		}
		own[names[of]] = append(own[names[of]], s)
	}
	var b strings.Builder
	table := func(title string, list []config.Setting) {
		fmt.Fprintf(&b, "\n## %s\n\n| setting | default | values | meaning |\n|---|---|---|---|\n", title)
		for _, s := range list {
			preset := s.Absent
			if s.Default != "" {
				preset = "`" + s.Default + "`"
			}
			cell := strings.NewReplacer("|", `\|`, "<", "&lt;").Replace
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, preset, cell(s.Valid), cell(s.Meaning))
		}
	}
	table("The proxy", general)
	table("Every system", common)
	for _, name := range names {
		table("Only "+name, slices.DeleteFunc(own[name], func(s config.Setting) bool {
			s.Name = strings.Replace(s.Name, name, "<SYSTEM>", 1)
			return equal[s] == len(names)
		}))
	}
	table("Imported systems", config.ReferenceImported())
	return b.String()
}

// operations describes the operations in the words of the OpenAPI document, each with a curl line.
func operations(t *testing.T) string {
	t.Helper()
	var document struct {
		Paths map[string]struct {
			Post struct{ Summary, Description string }
		}
		Components struct {
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
	if err := json.Unmarshal([]byte(page(t, "openapi/openapi.json")), &document); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, op := range kit.Operations {
		words, body := document.Paths[op.Path].Post, new(bytes.Buffer)
		if err := json.Indent(body, document.Components.Examples[op.Name+"-minimal"].Value, "  ", "  "); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n### %s\n\n`POST %s` of `%s`: %s.\n\n%s\n\n```sh example\ncurl -i http://127.0.0.1:8080%[2]s \\\n", op.Name, op.Path, op.System,
			words.Summary, strings.ReplaceAll(words.Description, "\n\n", "\n"))
		fmt.Fprintf(&b, "  -H 'Content-Type: application/json' -H 'Idempotency-Key: %s' \\\n  -d '%s'\n```\n",
			uuid.NewSHA1(uuid.NameSpaceURL, []byte(op.Path)), strings.ReplaceAll(body.String(), "'", `'\''`))
	}
	return b.String() + "\n"
}

// fence is a block of code: its language, what it is for, and its text.
var fence = regexp.MustCompile("(?ms)^```(\\S+)(?: (\\S+))?\n(.*?)^```$")

// executed are the kinds of blocks with commands, and the test that executes each.
var executed = map[string]func(*testing.T){
	"example": TestExamples, "preview": TestExamples, "rejected": TestExamples, "first": TestFirstAnswer, "start": TestFirstAnswer,
	"import": TestYourOwnService, "wsdl": TestImport, "production": TestProduction, "operate": TestProduction, "settle": TestSettling, "keys": TestKeys,
}

// TestEveryCommandIsExecuted: a block of commands is of a kind that some test executes, or begins with a comment that says where it is for.
func TestEveryCommandIsExecuted(t *testing.T) {
	seen := map[string]bool{}
	for name, text := range pages(t) {
		if opened := regexp.MustCompile("(?m)^```").FindAllString(text, -1); len(opened) != 2*len(fence.FindAllString(text, -1)) {
			t.Errorf("%s has a block without a language", name)
		}
		for _, b := range fence.FindAllStringSubmatch(text, -1) {
			switch language, kind, code := b[1], b[2], b[3]; {
			case language != "sh" && kind == "":
			case language == "sh" && executed[kind] != nil:
				seen[kind] = true
			case language != "sh" || kind != "elsewhere" || !strings.HasPrefix(code, "# "):
				t.Errorf("%s: no test executes the block %q, and no comment says where it is for:\n%s", name, language+" "+kind, code)
			}
		}
	}
	for kind := range executed {
		if !seen[kind] {
			t.Errorf("no page has a block ```sh %s", kind)
		}
	}
}

// blocks returns the blocks of commands of a kind in a page, at least one.
func blocks(t *testing.T, name, kind string) (list []string) {
	t.Helper()
	for _, b := range fence.FindAllStringSubmatch(page(t, name), -1) {
		if b[1] == "sh" && b[2] == kind {
			list = append(list, b[3])
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s has no block ```sh %s", name, kind)
	}
	return list
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	mark    = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(mark.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// TestLinks follows the links between pages, to files and to headings.
func TestLinks(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, l := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.HasPrefix(l[1], "https://") {
				continue
			}
			file, section, _ := strings.Cut(l[1], "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			content, err := os.ReadFile(filepath.Join(root, target))
			if info, err := os.Stat(filepath.Join(root, target)); err == nil && info.IsDir() && section == "" {
				continue
			}
			headings := heading.FindAllStringSubmatch(fence.ReplaceAllString(string(content), ""), -1)
			if err != nil || section != "" && !slices.ContainsFunc(headings, func(h []string) bool { return anchor(h[1]) == section }) {
				t.Errorf("%s: the link %s leads nowhere: %v", name, l[1], err)
			}
		}
		if name != "README.md" && path.Dir(name) == "docs" && !strings.Contains(all["README.md"], "("+name+")") {
			t.Errorf("the README does not name %s", name)
		}
	}
}

// TestFigures: the pages show each figure that is there.
func TestFigures(t *testing.T) {
	figures, err := filepath.Glob(root + "/docs/*.svg")
	if err != nil || len(figures) == 0 {
		t.Fatalf("there are %d figures: %v", len(figures), err)
	}
	text := strings.Join(slices.Collect(maps.Values(pages(t))), "")
	for _, file := range figures {
		if !strings.Contains(text, "("+filepath.Base(file)+")") {
			t.Errorf("no page shows %s", file)
		}
	}
}

// TestPicture: CONTRIBUTING.md shows every package of the product, and no other.
func TestPicture(t *testing.T) {
	_, picture, _ := strings.Cut(page(t, "docs/CONTRIBUTING.md"), "```text\n")
	picture, after, _ := strings.Cut(picture, "```")
	after, _, _ = strings.Cut(after, "## ") // the paragraphs below it
	for _, folder := range regexp.MustCompile(`(?:api|translate|upstream|openapi)/[a-z/]+`).FindAllString(picture, -1) {
		if info, err := os.Stat(filepath.Join(root, folder)); err != nil || !info.IsDir() {
			t.Errorf("there is no package %s", folder)
		}
	}
	for _, tree := range []string{"api/*/*.go", "translate/*/*.go", "upstream/*/*.go", "openapi/*/*.go"} {
		files, _ := filepath.Glob(filepath.Join(root, tree))
		for _, file := range files {
			folder, _ := filepath.Rel(root, filepath.Dir(file))
			base := filepath.Base(folder)
			if !strings.Contains(picture+after, folder) && !strings.Contains(picture, base+"/") {
				t.Errorf("the picture lacks %s", folder)
			}
		}
	}
}

// TestListOfFormats: errors.md lists what params.expected can be, and the codes of errors that are no vendor's.
func TestListOfFormats(t *testing.T) {
	var formats []string
	for _, f := range shape.Formats {
		formats = append(formats, string(f.Format))
	}
	for title, want := range map[string][]string{"Expected values": formats, "Codes of places": edge.ViolationCodes()} {
		_, rest, _ := strings.Cut(page(t, "docs/errors.md"), "\n### "+title+"\n")
		rest, _, _ = strings.Cut(rest, "\n#")
		var got []string
		for line := range strings.Lines(rest) {
			if !strings.HasPrefix(line, "`") {
				continue
			}
			for _, word := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(line, -1) {
				got = append(got, word[1])
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s are others (-want +got):\n%s", title, diff)
		}
	}
}
