// Package browser opens the pages of the real program in a real browser, the distribution's Chromium, that reaches nothing but this machine.
package browser

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
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
	build := exec.Command("go", "build", "-race", "-o", binary, "soapbridge")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v (needed: the go command, https://go.dev/doc/install, and a C compiler for "+
			"the race detector, apt-get install gcc)\n%s", err, out)
		return 1
	}
	var stop func()
	chromium, stop = launchChromium(filepath.Join(dir, "chromium")) //nolint:fatcontext // one browser for all tests, set once before they run
	defer stop()
	return m.Run()
}

var (
	binary   string          // the program under test
	chromium context.Context // the browser that all tests share; every page is a tab of its own
)

// launchChromium prepares a browser that knows no host but this machine. It starts with the first page.
func launchChromium(profile string) (ctx context.Context, stop func()) {
	allocator, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(chromiumPath()), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 900),
		// The network is cut. The one name that is there stands for an intranet host, whose pages are no secure context.
		chromedp.Flag("host-resolver-rules", "MAP intranet.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	return ctx, func() {
		closeBrowser()
		end()
	}
}

// chromiumPath is empty where no browser is installed.
func chromiumPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// program is the program under test, running.
type program struct {
	url     string // of the API
	sandbox string // of the sandbox, where this program has one
}

// output is what a process wrote, readable while it writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs the program until the test ends, and waits until one of its two outputs matches.
func start(t *testing.T, settings []string, ready *regexp.Regexp, args ...string) []string {
	t.Helper()
	var text output
	cmd := exec.Command(binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GORACE=atexit_sleep_ms=0"}, settings...)
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		select {
		case err := <-exited:
			if err != nil || strings.Contains(text.String(), "DATA RACE") {
				t.Errorf("the program ended badly: %v\n%s", err, &text)
			}
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			t.Errorf("the program does not end:\n%s", &text)
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if m := ready.FindStringSubmatch(text.String()); m != nil {
			return m
		}
	}
	t.Fatalf("the program does not say where it listens:\n%s", &text)
	return nil
}

var demoReady = regexp.MustCompile(`(?s) API +(http://\S+)\n +sandbox +(http://\S+).*/sandbox/scenarios\n`)

// startDemo runs the demo on free ports.
func startDemo(t *testing.T) program {
	t.Helper()
	m := start(t, nil, demoReady, "demo", "--listen", "127.0.0.1:0")
	return program{url: m[1], sandbox: m[2]}
}

var (
	sandboxReady = regexp.MustCompile(`(?s)(SOAPBRIDGE_CUSTOMERCARE_URL=.*)\n\nExecuted calls: (http://[^/]+)/.*\n`)
	serveReady   = regexp.MustCompile(`"listen":"([^"]+)"`)
)

// startServe runs a sandbox, and a proxy in front of it that asks for API keys. It gives a key with every scope of an operation.
func startServe(t *testing.T) (p program, key string) {
	t.Helper()
	key, line := newKey(t)
	upstream := start(t, nil, sandboxReady, "sandbox", "--listen", "127.0.0.1:0")
	settings := append(strings.Fields(upstream[1]), "SOAPBRIDGE_LISTEN=127.0.0.1:0", "SOAPBRIDGE_API_KEYS="+line,
		"SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=made-up", "SOAPBRIDGE_CUSTOMERCARE_USER_ID=browser")
	proxy := start(t, settings, serveReady, "serve")
	return program{url: "http://" + proxy[1], sandbox: upstream[2]}, key
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
