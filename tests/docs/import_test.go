package docs

import (
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"soapbridge/tests/kit"
)

// TestYourOwnService runs the README's lines from a WSDL to its first answers, in a directory of their own.
func TestYourOwnService(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh import\n(.*?)```").FindStringSubmatch(read(t))
	if block == nil {
		t.Fatal("the README has no block ```sh import")
	}
	systems := t.TempDir()
	lines := strings.Split(strings.TrimSpace(regexp.MustCompile(` +#.*`).ReplaceAllString(block[1], "")), "\n")
	if len(lines) != 5 {
		t.Fatalf("%d lines, want 5: %q", len(lines), lines)
	}
	arguments := func(line string) []string {
		line = strings.NewReplacer("--into systems", "--into "+systems, "--systems systems", "--systems "+systems, "docs/", "../../docs/", " &", "").Replace(line)
		return strings.Fields(strings.TrimPrefix(line, "go run . "))
	}
	if p := (kit.Command{Args: arguments(lines[0])}).Run(t); p.Code() != 0 {
		t.Fatalf("%s: exit code %d: %s", lines[0], p.Code(), p.Stderr)
	}
	copying := strings.NewReplacer("docs/", "../../docs/", "systems/", systems+"/").Replace(lines[1])
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", copying).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", copying, err, out)
	}
	demo, err := kit.StartDemo(kit.Command{Args: append(arguments(lines[2]), "--listen", "127.0.0.1:0")})
	if err != nil {
		t.Fatal(err)
	}
	demo.StopAfter(t)
	for line, want := range map[string]struct {
		status int
		body   string
	}{
		lines[3]: {http.StatusOK, `"state":"ANNOUNCED"`},
		lines[4]: {http.StatusCreated, `"pickupId":`},
	} {
		status, body := curl(t, strings.Replace(line, "http://127.0.0.1:8080", demo.URL, 1))
		if status != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s: %d %s", line, status, body)
		}
	}
}
