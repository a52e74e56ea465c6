package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"soapbridge/tests/chromium"
	"soapbridge/tests/kit"
)

// tab is a page that is watched from before its first navigation. Whatever the page or the browser complains of fails the test, unless it
// was expected: messages in the console, exceptions, violations of the Content-Security-Policy, and requests to any other origin.
type tab struct {
	t      *testing.T
	ctx    context.Context
	origin string

	mu         sync.Mutex
	complaints []string
	expected   []*regexp.Regexp
}

// watcher reports violations of the policy as errors, because the browser reports the violated directive to the page only.
const watcher = `addEventListener("securitypolicyviolation", (e) => console.error("policy violated: " + e.violatedDirective + " " + e.blockedURI));`

// open opens an address in a new browser. Beside this machine's address it knows one name, that of an intranet host, whose pages are not a
// secure context.
func open(t *testing.T, address string) *tab {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &tab{t: t, origin: u.Scheme + "://" + u.Host}
	p.ctx = chromium.Start(t, "intranet.test", chromedp.WithListener(p.watch))
	t.Cleanup(p.finish)
	if err := chromedp.Do(p.ctx); err != nil { // with this context, whose end is that of the tab, and not with one of a single step
		t.Fatal(err)
	}
	do(p, command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watcher}))
	p.navigate(address)
	return p
}

func (p *tab) navigate(address string) {
	p.t.Helper()
	do(p, chromedp.Navigate(address))
}

// watch sees every event before the command that follows it returns.
func (p *tab) watch(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, p.origin+"/") && !strings.HasPrefix(e.Request.URL, "data:") && !strings.HasPrefix(e.Request.URL, "blob:") {
			p.complain("a request to another origin: " + e.Request.URL)
		}
	case *inspector.EventTargetCrashed:
		p.complain("the page crashed")
	case *runtime.EventConsoleAPICalled:
		words := make([]string, len(e.Args))
		for i, arg := range e.Args {
			words[i] = string(arg.Value) + arg.Description
		}
		p.complain(fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
	case *runtime.EventExceptionThrown:
		p.complain(fmt.Sprintf("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description))
	case *log.EventEntryAdded:
		p.complain(fmt.Sprintf("%s of the %s: %s %s", e.Entry.Level, e.Entry.Source, e.Entry.Text, e.Entry.URL))
	}
}

func (p *tab) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, text)
}

// expect allows one complaint of the page like this: browsers log every answer that is not a success.
func (p *tab) expect(pattern string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, regexp.MustCompile(pattern))
}

// finish judges what the page complained of.
func (p *tab) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pattern := range p.expected {
		at := slices.IndexFunc(p.complaints, pattern.MatchString)
		if at < 0 {
			p.t.Errorf("nothing in the console matches %s", pattern)
			continue
		}
		p.complaints = slices.Delete(p.complaints, at, at+1)
	}
	for _, c := range p.complaints {
		p.t.Errorf("the page complains: %s", c)
	}
}

func do(p *tab, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if _, err := try(p, kit.Patience, chromedp.Steps(steps...)); err != nil {
		p.t.Fatal(err)
	}
}

// command is an action that sends one command of the DevTools protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// try does something in the page within a time.
func try[T any](p *tab, limit time.Duration, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// evaluate runs JavaScript in the page and returns the value of its last expression; a promise is awaited, and one that is rejected fails
// the test. The page's Content-Security-Policy does not hold for this script.
func evaluate[T any](p *tab, script string) T {
	p.t.Helper()
	value, err := try(p, kit.Patience, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%v\nin %s", err, script)
	}
	return value
}

// await waits until an expression is neither false, 0, "" nor null.
func await[T any](p *tab, what, expression string) T {
	p.t.Helper()
	value, err := try(p, kit.Patience, chromedp.Poll[T](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0)))
	if err != nil {
		p.t.Fatalf("no %s: %v\nin %s\nthe page: %.3000s", what, err, expression, p.text())
	}
	return value
}

// text is what the page shows, for a failure's message; a page that hangs or has crashed shows nothing.
func (p *tab) text() string {
	text, err := try(p, 5*time.Second, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// resize sets the size of the window, in CSS pixels.
func (p *tab) resize(width, height int64) {
	p.t.Helper()
	do(p, chromedp.EmulateViewport(width, height))
}

// prefer sets the colours that the system prefers: "light" or "dark".
func (p *tab) prefer(scheme string) {
	p.t.Helper()
	do(p, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
}

// looks are the windows and colours in which pages are judged by eye.
func (p *tab) looks(each func(look string)) {
	p.t.Helper()
	for size, window := range map[string][2]int64{"phone": {390, 844}, "desktop": {1280, 900}} {
		p.resize(window[0], window[1])
		for _, scheme := range []string{"dark", "light"} {
			p.prefer(scheme)
			each(size + "-" + scheme)
		}
	}
	p.resize(1280, 900)
}

// screenshot keeps what the window shows.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	picture, err := try(p, kit.Patience, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	p.keep(name+".png", picture)
}

// keep writes a file for a person to look at, in artifacts/ at the root of the module.
func (p *tab) keep(name string, content []byte) {
	p.t.Helper()
	folder := filepath.Join("..", "..", "artifacts")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
