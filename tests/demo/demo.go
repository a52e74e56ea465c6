// Package demo starts the demo of the real program for tests that look at it from outside.
package demo

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Demo is one that runs, until its test ends.
type Demo struct {
	URL     string // of the API
	Sandbox string // of the SOAP server in the vendors' place
}

var (
	api     = regexp.MustCompile(`^ *API +(http://\S+)$`)
	sandbox = regexp.MustCompile(`^ *sandbox +(http://\S+)`)
)

// Start builds the program with the race detector and runs its demo on free ports of this machine.
func Start(t *testing.T) *Demo {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "soapbridge")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", binary, "soapbridge").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), binary, "demo", "--listen", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &Demo{}
	for lines := bufio.NewScanner(out); (d.URL == "" || d.Sandbox == "") && lines.Scan(); {
		if m := api.FindStringSubmatch(lines.Text()); m != nil {
			d.URL = m[1]
		}
		if m := sandbox.FindStringSubmatch(lines.Text()); m != nil {
			d.Sandbox = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // the demo must not block on a full pipe
	t.Cleanup(func() {
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the demo's log:\n%s", &log)
		}
	})
	if d.URL == "" || d.Sandbox == "" {
		t.Fatal("the demo does not say where it is")
	}
	return d
}

// Forget empties the sandbox: the calls that it has executed, the user names that are taken.
func (d *Demo) Forget(t *testing.T) {
	t.Helper()
	d.control(t, http.MethodDelete, "/sandbox/calls", "")
}

// Queue lets the sandbox answer the next call of an operation as a scenario says.
func (d *Demo) Queue(t *testing.T, operation, scenario string) {
	t.Helper()
	d.control(t, http.MethodPost, "/sandbox/scenarios", `{"operation": "`+operation+`", "scenario": "`+scenario+`", "times": 1}`)
}

// Executed tells how often the sandbox has executed each operation.
func (d *Demo) Executed(t *testing.T) map[string]int {
	t.Helper()
	var calls struct{ Counts map[string]int }
	text := d.control(t, http.MethodGet, "/sandbox/calls", "")
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return calls.Counts
}

func (d *Demo) control(t *testing.T, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.Sandbox+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s, %v: %s", method, path, response.Status, err, text)
	}
	return text
}
