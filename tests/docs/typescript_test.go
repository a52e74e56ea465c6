package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/google/go-cmp/cmp"

	"soapbridge/tests/chromium"
	"soapbridge/tests/kit"
)

var typescriptBlock = regexp.MustCompile("(?ms)^```ts\n(.*?)^```$")

// compiled returns the TypeScript of docs as JavaScript, for a proxy at a URL: the definitions, and the last statement, which calls.
func compiled(t *testing.T, url string) (definitions, use string) {
	t.Helper()
	blocks := typescriptBlock.FindAllStringSubmatch(page(t, "docs/typescript.md"), -1)
	if len(blocks) != 1 || strings.Count(blocks[0][1], `"http://127.0.0.1:8080"`) != 1 {
		t.Fatalf("the page has %d blocks of TypeScript, want one with the demo's URL", len(blocks))
	}
	result := api.Transform(strings.Replace(blocks[0][1], "http://127.0.0.1:8080", url, 1), api.TransformOptions{Loader: api.LoaderTS, Target: api.ES2022})
	if len(result.Errors)+len(result.Warnings) > 0 {
		t.Fatal(result.Errors, result.Warnings)
	}
	code := string(result.Code)
	at := strings.LastIndex(code, "void recordCall(")
	if at < 0 {
		t.Fatalf("the example does not call: %s", code)
	}
	return code[:at], code[at:]
}

// browser is a page in Chromium on another origin than the API's, as a frontend is, that reaches nothing but this machine.
type browser struct {
	t   *testing.T
	ctx context.Context

	target *chromedp.Target

	mu      sync.Mutex
	calls   map[network.RequestID]int // index into answers
	keys    []string                  // of the calls, in their order
	answers []int                     // their statuses; 0 for none
	lose    int                       // how many answers get lost on their way
	console []string
}

// open starts Chromium with an empty page.
func open(t *testing.T) *browser {
	t.Helper()
	frontend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<!DOCTYPE html><title>A frontend</title>")
	}))
	t.Cleanup(frontend.Close)
	b := &browser{t: t, calls: map[network.RequestID]int{}}
	b.ctx = chromium.Start(t, "localhost", chromedp.WithListener(b.listen))
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		b.target = target
		_, err := cdp.Call(ctx, target, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{RequestStage: fetch.RequestStageResponse}}})
		return err
	}), chromedp.Navigate(strings.Replace(frontend.URL, "127.0.0.1", "localhost", 1)))
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// listen records what the page sends and receives, and loses the first b.lose answers.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Request.Method == http.MethodPost {
			b.calls[e.RequestID] = len(b.keys)
			key, _ := e.Request.Headers["Idempotency-Key"].(string)
			b.keys, b.answers = append(b.keys, key), append(b.answers, 0)
		}
	case *network.EventResponseReceived:
		if i, ours := b.calls[e.RequestID]; ours {
			b.answers[i] = int(e.Response.Status)
		}
	case *runtime.EventConsoleAPICalled:
		for _, argument := range e.Args {
			b.console = append(b.console, string(argument.Value))
		}
	case *fetch.EventRequestPaused:
		lost := e.Request.Method == http.MethodPost && b.lose > 0
		if lost {
			b.lose--
		}
		go b.proceed(e.RequestID, lost) // a listener may not wait for the browser
	}
}

func (b *browser) proceed(id fetch.RequestID, lost bool) {
	// Either fails only when the test is over.
	if lost {
		_, _ = cdp.Call(b.ctx, b.target, fetch.FailRequest, fetch.FailRequestParams{RequestID: id, ErrorReason: network.ErrorReasonConnectionReset})
		return
	}
	_, _ = cdp.Call(b.ctx, b.target, fetch.ContinueResponse, fetch.ContinueResponseParams{RequestID: id})
}

// evaluate runs JavaScript in the page and returns the text of its last expression, or of its promise.
func (b *browser) evaluate(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, kit.Patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v\nin %s", err, script)
	}
	return text
}

// heard returns what was sent and received since its last call.
func (b *browser) heard() (keys []string, answers []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys, answers = b.keys, b.answers
	b.keys, b.answers, b.calls = nil, nil, map[network.RequestID]int{}
	return keys, answers
}

// hasty ends the page's timers at once, and records how long they would have taken, so that the tests do not wait.
const hasty = `var waits = [], realTimeout = realTimeout ?? setTimeout; setTimeout = (f, ms) => { waits.push(ms); return realTimeout(f, 0); }; ""`

// TestTypeScript executes the TypeScript of docs in a browser, against a demo in which things go wrong.
func TestTypeScript(t *testing.T) {
	d, page := kit.RunDemo(t), open(t)
	definitions, use := compiled(t, d.URL)
	page.evaluate(definitions + `""`)
	page.evaluate(use + `""`)
	page.awaitConsole(`^"Recorded as [0-9a-f-]{36}\."$`)
	if keys, answers := page.heard(); len(keys) != 1 || !slices.Equal(answers, []int{http.StatusCreated}) {
		t.Errorf("the example made %d calls, answered with %v", len(keys), answers)
	}
	const (
		recorded = `^Recorded as [0-9a-f-]{36}\.$`
		checking = ` Somebody has to look for [0-9a-f-]{36} in the vendor's records\.$`
	)
	for _, c := range []struct {
		name     string
		arrange  func()
		text     string
		says     string
		answers  []int
		waits    string // in milliseconds, of timers of 60 s and less
		executed int
	}{
		{"success", nil, "Hello", recorded, []int{201}, "[]", 1},
		{"a mistake", nil, "", `^customerCallLog\.logText: .+`, []int{422}, "[]", 0},
		{"the vendor says no", nil, "sandbox:fault-client", `^The request was refused by the service$`, []int{422}, "[]", 0},
		{"the outcome is unknown, and it was done", nil, "sandbox:reset-after", `^No readable answer came back\..*` + checking, []int{502}, "[]", 1},
		{"the outcome is unknown, and it was not done", nil, "sandbox:reset-before", checking, []int{502}, "[]", 0},
		{"the vendor broke", nil, "sandbox:fault-server", checking, []int{502}, "[]", 1},
		{"busy once", func() { d.Queue(t, "CreateCallLog", "http-429") }, "Later", recorded, []int{503, 201}, "[2000]", 1},
		{"safe to repeat", func() { d.Queue(t, "CreateCallLog", "http-401") }, "Again", recorded, []int{502, 201}, "[1000]", 1},
		{"busy for ever", nil, "sandbox:http-429", `^Not possible now\.`, []int{503, 503, 503, 503, 503}, "[2000,2000,2000,2000]", 0},
		{"an answer gets lost", func() { page.loseAnswers(1) }, "Lost", recorded, []int{0, 201}, "[1000]", 1},
		{"every answer gets lost", func() { page.loseAnswers(5) }, "Lost", `^No answer\.`, []int{0, 0, 0, 0, 0}, "[1000,2000,3000,4000]", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			page.t = t
			d.Forget(t)
			if c.arrange != nil {
				c.arrange()
			}
			page.evaluate(hasty)
			said := page.evaluate("recordCall(" + quoted(c.text) + ", crypto.randomUUID())")
			if !regexp.MustCompile(c.says).MatchString(said) {
				t.Errorf("it says %q, want %s", said, c.says)
			}
			keys, answers := page.heard()
			if diff := cmp.Diff(c.answers, answers); diff != "" || len(slices.Compact(keys)) != 1 || keys[0] == "" {
				t.Errorf("the keys are %q, the answers (-want +got):\n%s", keys, diff)
			}
			if waits := page.evaluate("JSON.stringify(waits)"); waits != c.waits {
				t.Errorf("it waited %s, want %s", waits, c.waits)
			}
			if n := d.Executed(t)["CreateCallLog"]; n != c.executed {
				t.Errorf("executed %d times, want %d", n, c.executed)
			}
		})
	}
	t.Run("a wait that is out of reach", func(t *testing.T) {
		page.t = t
		for _, wait := range []string{"61", "99999999999999", "Wed, 21 Oct 2099 07:28:00 GMT"} {
			page.evaluate(hasty + `; var realFetch = realFetch ?? fetch; fetch = async () => new Response('{"code": "upstream-busy", "detail": "Busy.", "retry": "later", "outcome": "rejected"}',
				{ status: 503, headers: { "Content-Type": "application/problem+json", "Retry-After": ` + quoted(wait) + ` } }); ""`)
			if said := page.evaluate(`recordCall("Later", crypto.randomUUID())`); !strings.HasPrefix(said, "Not possible now.") {
				t.Errorf("Retry-After: %s: it says %q", wait, said)
			}
			if waits := page.evaluate("JSON.stringify(waits)"); waits != "[]" {
				t.Errorf("Retry-After: %s: it waited %s", wait, waits)
			}
		}
		page.evaluate(`fetch = realFetch; ""`)
	})
	t.Run("never to be repeated, without an operation", func(t *testing.T) {
		page.t = t
		page.evaluate(`fetch = async () => new Response('{"code": "not-configured", "detail": "There is no URL.", "retry": "never", "outcome": "not_sent"}',
			{ status: 503, headers: { "Content-Type": "application/problem+json" } }); ""`)
		if said := page.evaluate(`recordCall("Now", crypto.randomUUID())`); said != "There is no URL." {
			t.Errorf("it says %q", said)
		}
		page.evaluate(`fetch = realFetch; ""`)
	})
	t.Run("a form of which two fields are wrong", func(t *testing.T) {
		page.t = t
		page.evaluate(`setTimeout = realTimeout; ""`)
		body := `{"accountType": "End User", "primaryContact": {"detail": {"title": "Ms", "firstName": "Jane", "lastName": "Doe", "addressLine1": "1 Main St", "suburb": "Melbourne",
			"state": "VIC", "postcode": "3000", "country": "Australia", "emailAddress": "jane", "phoneNumber": "1"}, "cumulusUser": {"userName": "jane@example.com", "password": "correct horse"}},
			"accountContactType": {"type": 1}}`
		said := page.evaluate(`call("/v1/emersion/accounts", ` + body + `, crypto.randomUUID()).catch((error) => JSON.stringify(formErrors(error.problem)))`)
		want := `[{"field":"primaryContact.detail.emailAddress","message":"PrimaryContact: Invalid or Missing Email Address",` +
			`"hint":"Give an e-mail address with one @ and text on both sides, such as jane@example.com.au.","expected":"email"},` +
			`{"field":"accountContactType.type","message":"This must be a string.","expected":"string"}]`
		if _, answers := page.heard(); said != want || !slices.Equal(answers, []int{http.StatusUnprocessableEntity}) {
			t.Errorf("it says %s to %v, want %s", said, answers, want)
		}
	})
	t.Run("the names of fields", func(t *testing.T) {
		page.t = t
		said := page.evaluate(`JSON.stringify(formErrors({ errors: ["/a/0/b", "/a~1b~0c", "/~01", "", undefined].map((pointer) => ({ pointer, detail: "d" })) }).map((e) => e.field)) +
			JSON.stringify(formErrors({}))`)
		if want := `["a.0.b","a/b~c","~1","",""][]`; said != want {
			t.Errorf("it says %s, want %s", said, want)
		}
	})
	t.Run("two at once with one key", func(t *testing.T) {
		page.t = t
		d.Forget(t)
		page.evaluate(`setTimeout = realTimeout; ""`)
		said := page.evaluate(`((key, text) => Promise.all([recordCall(text, key), recordCall(text, key)]).then((both) => both.join(" ")))(crypto.randomUUID(), "sandbox:delay=3s")`)
		first, second, _ := strings.Cut(said, ". ")
		keys, answers := page.heard()
		if !regexp.MustCompile(recorded).MatchString(first+".") || first+"." != second || len(slices.Compact(keys)) != 1 || !slices.Contains(answers, http.StatusConflict) {
			t.Errorf("they say %q; the keys are %q, the answers %v", said, keys, answers)
		}
		if n := d.Executed(t)["CreateCallLog"]; n != 1 {
			t.Errorf("executed %d times", n)
		}
	})
}

func (b *browser) loseAnswers(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lose = n
}

// awaitConsole waits until the page has written a line.
func (b *browser) awaitConsole(pattern string) {
	b.t.Helper()
	line := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(kit.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		found := slices.ContainsFunc(b.console, line.MatchString)
		b.mu.Unlock()
		if found {
			return
		}
	}
	b.t.Fatalf("the console has no %s: %q", pattern, b.console)
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string never fails
	return string(b)
}
