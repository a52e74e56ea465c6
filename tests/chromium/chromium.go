// Package chromium runs the distribution's Chromium for tests. It reaches nothing but this machine.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a browser may take to close. Only one that hangs takes this long, and is killed.
const patience = 60 * time.Second

// Start prepares a browser for one test, with a profile that nothing else has. It starts with the first action in the context, which is that
// of its first tab, and closes with the test. The network is cut: the only host that the browser knows by name is the given one, and that is
// this machine.
func Start(t *testing.T, host string, options ...chromedp.ContextOption) context.Context {
	t.Helper()
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), // not the test's, which ends before its cleaning up
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 900),
		chromedp.Flag("host-resolver-rules", fmt.Sprintf("MAP %s 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", host)),
	)
	ctx, kill := chromedp.NewContext(allocator, options...)
	t.Cleanup(func() {
		limited, done := context.WithTimeout(ctx, patience)
		defer done()
		_ = chromedp.Cancel(limited) // without killing it: none of its processes may write to the profile while that is removed
		kill()
		end()
	})
	return ctx
}

// names are what distributions and vendors call it. tests/install.sh knows the same ones.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// find returns the path of a Chromium that runs: a distribution may have a stub in its place that only asks for another package.
func find() (string, error) {
	candidates := names
	if own := os.Getenv("CHROMIUM"); own != "" {
		candidates = []string{own}
	}
	for _, name := range candidates {
		if exec.Command(name, "--version").Run() == nil {
			return exec.LookPath(name)
		}
	}
	if own := os.Getenv("CHROMIUM"); own != "" {
		return "", fmt.Errorf("CHROMIUM is %s, which does not run", own)
	}
	return "", errors.New("no Chromium runs here; install one with: apt-get install chromium (or run tests/install.sh), or set CHROMIUM to its path")
}
