package kit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFindingsAreFound: a check behind every test that could not fail would prove nothing.
func TestFindingsAreFound(t *testing.T) {
	const secret = "hush-hush-7"
	for text, found := range map[string]int{
		"": 0,
		`{"level":"INFO","msg":"request"}` + "\n":                0,
		"==================\nWARNING: DATA RACE\nRead at 0x00c0": 1,
		"line\npanic: runtime error: index out of range\n":       1,
		"fatal error: all goroutines are asleep - deadlock!":     1,
		"[signal SIGSEGV: segmentation violation]":               1,
		"http: superfluous response.WriteHeader call":            1,
		`{"level":"ERROR","msg":"panic","type":"string"}`:        1,
		"time=x level=ERROR msg=panic type=string":               1,
		"cause: " + secret: 1,
	} {
		for _, stream := range []string{"stdout", "stderr"} {
			dir := t.TempDir()
			p := &Process{
				Command: Command{Name: "made up", Secrets: []string{secret}},
				Stdout:  Output(filepath.Join(dir, "stdout")), Stderr: Output(filepath.Join(dir, "stderr")),
			}
			for _, name := range []string{"stdout", "stderr"} {
				content := text
				if name != stream {
					content = ""
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := p.Findings(); len(got) != found {
				t.Errorf("%q on %s: %q", text, stream, got)
			}
		}
	}
}
