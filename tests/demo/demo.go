// Package demo starts the demo of the real program for tests that look at it from outside.
package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Demo is one that runs, until its test ends.
type Demo struct {
	URL     string // of the API
	Sandbox string // of the SOAP server in the vendors' place
}

// ready matches the end of what a demo says at its start.
var ready = regexp.MustCompile(`(?s) API +(http://\S+)\n +sandbox +(http://\S+).*/sandbox/scenarios\n`)

// Start builds the program and runs its demo on free ports of this machine.
func Start(t *testing.T) *Demo {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "soapbridge")
	if err := Build(binary); err != nil {
		t.Fatal(err)
	}
	return Launch(t, binary)
}

// Launch runs the demo of a program that is built already.
func Launch(t *testing.T, binary string) *Demo {
	t.Helper()
	said := Run(t, binary, nil, ready, "demo", "--listen", "127.0.0.1:0")
	return &Demo{URL: said[1], Sandbox: said[2]}
}

// Forget empties the sandbox: the calls that it has executed, and the scenarios that wait.
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
