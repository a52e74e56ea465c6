// Package browser opens the pages of the real program in a real browser, the distribution's Chromium, that reaches nothing but this machine.
package browser

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"soapbridge/tests/demo"
)

// patience is how long a test waits for what must happen. A loaded machine is slow; only what hangs takes this long.
const patience = 60 * time.Second

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "soapbridge-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "soapbridge")
	if err := demo.Build(binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// binary is the program under test.
var binary string

// program is the program under test, running.
type program struct {
	url     string // of the API
	sandbox string // of the sandbox, where this program has one
}

// startDemo runs the demo on free ports.
func startDemo(t *testing.T) program {
	t.Helper()
	d := demo.Launch(t, binary)
	return program{url: d.URL, sandbox: d.Sandbox}
}

var (
	sandboxReady = regexp.MustCompile(`(?s)(SOAPBRIDGE_CUSTOMERCARE_URL=.*)\n\nExecuted calls: (http://[^/]+)/.*\n`)
	serveReady   = regexp.MustCompile(`"listen":"([^"]+)"`)
)

// startServe runs a sandbox, and a proxy in front of it that asks for API keys. It gives a key with every scope of an operation.
func startServe(t *testing.T) (p program, key string) {
	t.Helper()
	key, line := newKey(t)
	return serve(t, "SOAPBRIDGE_API_KEYS="+line), key
}

// serve runs a sandbox, and a proxy in front of it with further settings.
func serve(t *testing.T, further ...string) program {
	t.Helper()
	upstream := demo.Run(t, binary, nil, sandboxReady, "sandbox", "--listen", "127.0.0.1:0")
	settings := append(strings.Fields(upstream[1]), "SOAPBRIDGE_LISTEN=127.0.0.1:0",
		"SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=made-up", "SOAPBRIDGE_CUSTOMERCARE_USER_ID=browser")
	proxy := demo.Run(t, binary, append(settings, further...), serveReady, "serve")
	return program{url: "http://" + proxy[1], sandbox: upstream[2]}
}

// newKey makes an API key, and the line of the configuration that makes it known.
func newKey(t *testing.T) (key, line string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, "keys", "new", "--id", "browser").Output()
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if text := lines.Text(); text != "" && !strings.HasPrefix(text, "#") {
			words = append(words, text)
		}
	}
	if len(words) != 2 {
		t.Fatalf("want a key and a line, got %d lines", len(words))
	}
	return words[0], words[1]
}
