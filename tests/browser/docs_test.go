package browser

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"soapbridge/tests/kit"
)

const banner = `document.querySelector(".banner")?.innerText ?? ""`

// TestEveryOperation does with every operation, of an imported system too, what a curious person does: look, preview, execute, execute again.
func TestEveryOperation(t *testing.T) {
	demo := kit.RunDemo(t, withParcels...)
	page := open(t, demo.URL+"/docs")
	await[bool](page, "list of operations", fmt.Sprintf(`document.querySelectorAll("#swagger-ui .opblock").length === %d`, routes+len(parcels)))
	if text := evaluate[string](page, banner); !strings.HasPrefix(text, "Sandbox:") || !strings.Contains(text, "Made-up data only, nothing reaches a vendor") {
		t.Errorf("the demo's banner is %q", text)
	}
	if evaluate[bool](page, `document.querySelector(".authorize") !== null`) {
		t.Error("the demo knows no callers, but the page asks for a key")
	}
	page.looks(func(look string) {
		page.fits("list " + look)
		page.screenshot("docs-" + look)
	})
	for _, op := range slices.Concat(operations, parcels) {
		t.Run(op.name, func(t *testing.T) {
			page.t = t
			b := page.expand(op)
			b.checkShort()
			key := b.key()
			b.checkPreviews()
			if n := demo.Executed(t)[op.inSandbox()]; n != 0 {
				t.Fatalf("the preview has executed the operation %d times", n)
			}
			status, first := b.execute("operationId")
			if status != op.status || strings.Contains(first, op.again) {
				t.Errorf("status %s, want %s, and a first answer:\n%s", status, op.status, first)
			}
			status, second := b.execute(op.again)
			if again := b.key(); status != op.status || again != key {
				t.Errorf("after the replay: status %s, key %s, was %s\n%s", status, again, key, second)
			}
			if n := demo.Executed(t)[op.inSandbox()]; n != 1 {
				t.Errorf("the sandbox executed it %d times, want once", n)
			}
			b.preview("1.1")
			b.click(".sb-preview summary") // opens the table
			page.looks(func(look string) {
				page.fits(op.name + " " + look)
				b.reachable()
				if op.name == callLog.name {
					b.screenshots(look)
				}
			})
			b.click(".opblock-summary-control") // closed again, for the next one
		})
	}
	page.t = t
	if stored := evaluate[int](page, "localStorage.length + sessionStorage.length + document.cookie.length"); stored != 0 {
		t.Error("the page keeps something in the browser")
	}
}

func (b block) checkPreviews() {
	b.t.Helper()
	labels := evaluate[[]string](b.tab, b.all(".sb-preview-button")+".map((button) => button.innerText)")
	want := make([]string, len(b.operation.versions))
	for i, version := range b.operation.versions {
		want[i] = "Preview SOAP " + version
	}
	if !slices.Equal(labels, want) {
		b.t.Errorf("the buttons are %q, want %q", labels, want)
	}
	namespaces := map[string]string{"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
	for _, version := range b.operation.versions {
		root, fields := b.asked(version)
		shown := b.preview(version)
		for _, part := range []string{"Content-Type: ", "POST http", namespaces[version], ":Body>\n    " + root, "The preview has sent nothing."} {
			if !strings.Contains(shown, part) {
				b.t.Errorf("SOAP %s: the page does not show %q:\n%s", version, part, shown)
			}
		}
		rows := evaluate[int](b.tab, b.all(".sb-fields tbody tr")+".length")
		if rows != fields {
			b.t.Errorf("SOAP %s: %d rows from JSON Pointer to XPath, the preview has %d", version, rows, fields)
		}
	}
}

// threeScreens is the most that an opened operation may take of a window of 1280 by 900 pixels, before its schema is expanded.
const threeScreens = 3 * 900

// checkShort: an opened operation fits three screens, shows its success, and leads to its own page and to those of its problems.
func (b block) checkShort() {
	b.t.Helper()
	if height := evaluate[float64](b.tab, `document.querySelector(`+quoted(b.selector)+`).getBoundingClientRect().height`); height > threeScreens || height < 500 {
		b.t.Errorf("it is %.0f pixels high, want at most %d", height, threeScreens)
	}
	shown := evaluate[[]string](b.tab, b.all("tr.response")+".map((row) => row.dataset.code)")
	want := []string{b.operation.status, "default"}
	write := b.operation.method() == http.MethodPost
	if !write {
		want = slices.Insert(want, 1, "304")
	}
	if !slices.Equal(shown, want) {
		b.t.Errorf("the responses are %q", shown)
	}
	links := evaluate[[]string](b.tab, b.all("a")+`.map((a) => a.getAttribute("href"))`)
	for link, want := range map[string]bool{
		"/docs/" + cmp.Or(b.operation.id, b.operation.name): true, "/problems/key-reused": write, "/problems/outcome-unknown": true,
	} {
		if slices.Contains(links, link) != want {
			b.t.Errorf("it leads to %s: %t, among %q", link, !want, links)
		}
	}
	if !write {
		return
	}
	lines := evaluate[int](b.tab, b.find("textarea")+`.rows - Math.min(24, `+b.find("textarea")+`.value.split("\n").length)`)
	if lines != 0 {
		b.t.Errorf("the body's box has %d lines more than its text", lines)
	}
}

// screenshots keeps three pictures: of the operation's parameters, of the preview, and of the answer.
func (b block) screenshots(size string) {
	b.t.Helper()
	for part, name := range map[string]string{".opblock-summary": "operation", ".sb-preview": "preview", live: "answer"} {
		evaluate[bool](b.tab, b.find(part)+`.scrollIntoView({ block: "start" }), true`)
		b.screenshot(name + "-" + size)
	}
}

// TestDeepLink opens the page at one operation, and stays there.
func TestDeepLink(t *testing.T) {
	page := open(t, kit.RunDemo(t).URL+"/docs#/CustomerCare/CreateCallLog")
	b := block{page, callLog, "#operations-CustomerCare-CreateCallLog"}
	b.ready()
	await[bool](page, "operation at the top", fmt.Sprintf(`((top) => top >= -1 && top < innerHeight / 2)(document.querySelector(%q).getBoundingClientRect().top)`, b.selector))
	for name, check := range map[string]func(b block){
		"the key is the user's": block.checkKey, "refused preview": block.checkRefusedPreview, "markup stays text": block.checkMarkup,
		"key that no header carries": block.checkUnsendableKey,
	} {
		t.Run(name, func(t *testing.T) {
			page.t = t
			check(b)
		})
	}
	page.t = t
}

// checkKey does to the Idempotency-Key whatever a user can do.
func (b block) checkKey() {
	b.t.Helper()
	first := b.key()
	b.press("New key")
	if second := b.key(); second == first {
		b.t.Error("New key keeps the old key")
	}
	const mine = "a-key-of-my-own-0001"
	b.write(keyInput, mine)
	b.stays("typing", mine)
	b.write("textarea", `{"customerCallLog":{"logText":"edited"}}`)
	await[bool](b.tab, "Reset button", b.has(".btn.reset"))
	b.click(".btn.reset")
	await[bool](b.tab, "example back in the body", b.find("textarea")+`.value !== '{"customerCallLog":{"logText":"edited"}}'`)
	b.stays("Reset", mine)
	if status, shown := b.execute("operationId"); status != "201" {
		b.t.Errorf("status %s:\n%s", status, shown)
	}
	if command := evaluate[string](b.tab, b.find(".curl-command")+".innerText"); !strings.Contains(command, "'Idempotency-Key: "+mine+"'") {
		b.t.Errorf("another key was sent:\n%s", command)
	}
	b.click(".btn-clear")
	await[bool](b.tab, "answer cleared", "!("+b.has(live)+")")
	b.stays("Clear", mine)
	b.click(".opblock-summary-control")
	await[bool](b.tab, "closed operation", "!("+b.has(".opblock-body")+")")
	b.click(".opblock-summary-control")
	b.ready()
	b.stays("reopening", mine)
	b.write(keyInput, "")
	await[bool](b.tab, "empty key, ready to be typed", b.find(keyInput)+`.value === ""`)
	b.press("New key")
	b.key()
}

// stays checks what the input of the key holds, and the page's own state behind it: the next rendering shows that.
func (b block) stays(after, want string) {
	b.t.Helper()
	await[bool](b.tab, "key "+want+" after "+after, b.find(keyInput)+".value === "+quoted(want))
}

// TestKeyAndBody edits the body after an answer: the page offers another key before the proxy refuses the old one, and says so after it has.
func TestKeyAndBody(t *testing.T) {
	page := open(t, kit.RunDemo(t).URL+"/docs")
	b := page.expand(callLog)
	first := b.key()
	const warning = `.sb-key [role=status]`
	silent := func(when string) { await[bool](page, "no warning "+when, b.find(warning)+`.innerText === ""`) }
	b.execute("operationId")
	silent("after an answer")
	b.write("textarea", " "+string(callLog.body))
	silent("about white space")
	b.write("textarea", `{"customerCallLog":{"logText":"edited"}}`)
	await[bool](page, "offer of a new key", b.find(warning)+`.innerText.startsWith("The body has changed")`)
	page.expect("error of the network: .* 422 ")
	if status, shown := b.execute("key-reused"); status != "422" || !strings.Contains(shown, "What this means, and what to do: /problems/key-reused") {
		t.Errorf("status %s:\n%s", status, shown)
	}
	b.press("New key")
	silent("with a new key")
	if status, _ := b.execute("baseResponse"); status != "201" || b.key() == first {
		t.Errorf("status %s with the new key", status)
	}
	record := await[string](page, "link to the record", b.find(`.sb-link a[href^="/v1/operations/"]`)+"?.pathname")
	b.write(keyInput, first)
	await[bool](page, "offer for a key of before", b.find(warning)+`.innerText.startsWith("The body has changed")`)
	page.navigate(page.origin + record)
	await[bool](page, "record", `document.body.innerText.includes('"CreateCallLog"')`)
}

func TestFilter(t *testing.T) {
	page := open(t, kit.RunDemo(t).URL+"/docs")
	await[bool](page, "list of operations", fmt.Sprintf(`document.querySelectorAll("#swagger-ui .opblock").length === %d`, routes))
	filter := block{page, operation{}, "#swagger-ui"}
	for phrase, want := range map[string]int{"CALL-LOGS": 1, "put a service": 1, "createcomplex": 1, "customercare": 3, "nothing like it": 0, "": routes} {
		filter.write(".sb-filter", phrase)
		await[bool](page, "operations for "+phrase, fmt.Sprintf(`document.querySelectorAll("#swagger-ui .opblock").length === %d`, want))
	}
}

// loading is how a page came, in milliseconds since it was asked for and in bytes as they were sent.
type loading struct {
	Painted, Loaded, Complete float64 // the list that the server has written, the event of the window, and Swagger UI
	BundleAsked               float64 // Swagger UI's script
	BytesLoaded, BytesInAll   int
}

// TestFirstLoad: what makes the page useful is a small part of it, and Swagger UI then takes the list's place without moving a line. The times are those
// of a slow connection, for people to read: how fast this machine is decides over them, too, so that the test bounds them only far away.
func TestFirstLoad(t *testing.T) {
	demo := kit.RunDemo(t)
	page := open(t, demo.URL+"/livez")
	slow := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{
		Latency: 150, DownloadThroughput: 1.6e6 / 8, UploadThroughput: 1.6e6 / 8,
	}}}
	do(page, command(network.EmulateNetworkConditionsByRule, slow))
	page.navigate(demo.URL + "/docs")
	complete := await[float64](page, "list of operations", fmt.Sprintf(`document.querySelectorAll("#swagger-ui .opblock").length === %d && performance.now()`, routes))
	found := evaluate[loading](page, `(([navigation], files, [paint]) => {
		const sum = (list) => list.reduce((all, file) => all + file.encodedBodySize, navigation.encodedBodySize);
		const bundle = files.find((file) => file.name.endsWith("/swagger-ui-bundle.js"));
		return {
			painted: paint.startTime, loaded: navigation.loadEventStart, bundleAsked: bundle.startTime,
			bytesLoaded: sum(files.filter((file) => file.startTime < navigation.loadEventStart)), bytesInAll: sum(files),
		};
	})(performance.getEntriesByType("navigation"), performance.getEntriesByType("resource"), performance.getEntriesByName("first-contentful-paint"))`)
	found.Complete = complete
	page.keep("first-load.txt", []byte(fmt.Sprintf("With 1.6 Mbit/s and 150 ms, in milliseconds and bytes: %+v\n", found)))
	t.Logf("with 1.6 Mbit/s and 150 ms: %+v", found)
	if found.BytesLoaded > 60_000 || found.BytesLoaded == 0 || found.BytesInAll > 550_000 || found.BytesInAll < 400_000 {
		t.Error("the page has grown, or its bytes were not counted")
	}
	if found.BundleAsked < found.Loaded || found.Painted > found.Complete || found.Loaded == 0 {
		t.Error("Swagger UI is asked for before the page has loaded")
	}
	if found.Complete < 1000*float64(found.BytesInAll)*8/1.6e6 {
		t.Error("the connection was not slow")
	}
	if found.Painted > 15_000 || found.Loaded > 15_000 || found.Painted == 0 {
		t.Error("that is ten times what it should take")
	}
	for _, width := range []int64{1280, 390} {
		page.resize(width, 900)
		moved := evaluate[[]string](page, `(async () => {
			const served = new DOMParser().parseFromString(await (await fetch("/docs")).text(), "text/html").getElementById("operations");
			const root = document.getElementById("swagger-ui");
			root.before(served);
			const places = (list) => [...list.querySelectorAll(".opblock-summary-control")]
				.map((line) => [line.innerText.replace(/\s+/g, " ").trim(), Math.round(line.getBoundingClientRect().top - list.getBoundingClientRect().top)]);
			const [before, after] = [places(served), places(root)];
			served.remove();
			return before.flatMap((place, i) => (String(place) === String(after[i]) ? [] : [place + " is then " + after[i]]));
		})()`)
		if len(moved) > 0 {
			t.Errorf("%d pixels wide, lines move when Swagger UI comes: %q", width, moved)
		}
	}
}

// TestKeyOnAnIntranetHost opens the page by a name over plain HTTP, where browsers offer no crypto.randomUUID.
func TestKeyOnAnIntranetHost(t *testing.T) {
	proxy := serve(t, map[string]string{"HOSTS": "intranet.test"})
	page := open(t, strings.Replace(proxy.URL, "127.0.0.1", "intranet.test", 1)+"/docs")
	if evaluate[bool](page, "isSecureContext || 'randomUUID' in crypto") {
		t.Fatal("this is a secure context; the test tests nothing")
	}
	b := page.expand(callLog)
	first := b.key()
	b.press("New key")
	if second := b.key(); second == first {
		t.Error("New key keeps the old key")
	}
	if status, shown := b.execute("operationId"); status != "201" {
		t.Errorf("status %s:\n%s", status, shown)
	}
}

func (b block) checkRefusedPreview() {
	b.t.Helper()
	b.expect("error of the network: .* 422 ")
	b.write("textarea", `{"customerCallLog":{"logText":7,"nonsense":true}}`)
	await[bool](b.tab, "edited body", b.has(".btn.reset"))
	shown := b.preview("1.1")
	for _, part := range []string{"422: The request breaks rules", "/customerCallLog/logText wrong-type", "/customerCallLog/nonsense unknown-member"} {
		if !strings.Contains(shown, part) {
			b.t.Errorf("the page does not show %q:\n%s", part, shown)
		}
	}
	b.press("Close preview")
	b.closed("Close preview")
}

// checkUnsendableKey previews with a key that the browser refuses to send.
func (b block) checkUnsendableKey() {
	b.t.Helper()
	b.write(keyInput, "schlüssel-č")
	b.stays("typing", "schlüssel-č")
	if shown := b.preview("1.1"); !strings.Contains(shown, "The preview failed: the parameters or the API key hold a character that an HTTP header cannot carry") {
		b.t.Errorf("the page does not say what is wrong:\n%s", shown)
	}
	b.press("New key")
	b.closed("another key")
	b.key()
}

// TestPreviewCloses changes what a preview is about, in every way: nothing on the page then still says that it would be sent.
func TestPreviewCloses(t *testing.T) {
	page := open(t, kit.RunDemo(t).URL+"/docs")
	b := page.expand(callLog)
	b.key()
	for _, step := range []struct {
		what   string
		change func()
	}{
		{"Execute", func() { b.execute("operationId") }},
		{"Execute again", func() { b.execute("idempotent-replayed: true") }},
		{"Clear", func() { b.click(".btn-clear") }},
		{"an edited body", func() { b.write("textarea", `{"customerCallLog":{"logText":"edited"}}`) }},
		{"Reset", func() { b.click(".btn.reset") }},
		{"another example", func() { b.choose(".examples-select select", "full") }},
		{"another key", func() { b.press("New key") }},
		{"Close preview", func() { b.press("Close preview") }},
	} {
		if shown := b.preview("1.1"); !strings.Contains(shown, "<LogText>") {
			t.Errorf("before %s the page shows no envelope:\n%s", step.what, shown)
		}
		step.change()
		b.closed(step.what)
	}
}

// closed waits until the panel of the preview is gone.
func (b block) closed(after string) {
	b.t.Helper()
	await[bool](b.tab, "closed preview after "+after, "!("+b.has(".sb-preview")+")")
}

// checkMarkup shows a value that would be a script if the page took it for markup, with white space that indenting must not touch.
func (b block) checkMarkup() {
	b.t.Helper()
	b.write("textarea", `{"customerCallLog":{"logText":"<img src=x onerror=alert(1)>\n  \"two\"  lines"}}`)
	await[bool](b.tab, "edited body", b.has(".btn.reset"))
	shown := b.preview("1.1")
	if want := "<LogText>&lt;img src=x onerror=alert(1)&gt;\n  \"two\"  lines</LogText>"; !strings.Contains(shown, want) {
		b.t.Errorf("the page does not show %q:\n%s", want, shown)
	}
	if evaluate[int](b.tab, b.all(".sb-preview img")+".length") != 0 {
		b.t.Error("the value became markup")
	}
}

func TestAuthorize(t *testing.T) {
	proxy, key := startServe(t)
	page := open(t, proxy.URL+"/docs")
	b := page.expand(callLog)
	if text := evaluate[string](page, banner); text != "" {
		t.Errorf("a proxy that may have a vendor behind it says %q", text)
	}
	page.expect("error of the network: .* 401 ")
	if status, shown := b.execute("unauthenticated"); status != "401" {
		t.Errorf("without a key: status %s:\n%s", status, shown)
	}
	page.authorize(key)
	if status, shown := b.execute("operationId\":"); status != "201" {
		t.Errorf("with a key: status %s:\n%s", status, shown)
	}
	if command := evaluate[string](page, b.find(".curl-command")+".innerText"); !strings.Contains(command, "Authorization: ***") {
		t.Errorf("the curl command shows the key, or nothing in its place:\n%s", command)
	}
	if evaluate[bool](page, "document.documentElement.outerHTML.includes("+quoted(key)+")") {
		t.Error("the key is in the page")
	}
	if shown := b.preview("1.2"); !strings.Contains(shown, "<CreateCallLog ") {
		t.Errorf("the preview is not authorized:\n%s", shown)
	}
	if evaluate[bool](page, "JSON.stringify([localStorage, sessionStorage, document.cookie]).includes("+quoted(key)+")") {
		t.Error("the key is kept in the browser")
	}
	if n := proxy.Executed(t)[callLog.name]; n != 1 {
		t.Errorf("the sandbox executed it %d times, want once", n)
	}
}

// authorize enters an API key in the dialog that the button at the top opens.
func (p *tab) authorize(key string) {
	p.t.Helper()
	top := block{p, operation{}, "#swagger-ui .sb-tools"}
	await[bool](p, "Authorize button", top.has(".btn.authorize"))
	evaluate[bool](p, top.find(".btn.authorize")+`.focus(), true`)
	do(p, chromedp.KeyEvent(kb.Enter))
	dialog := block{p, operation{}, "dialog .auth-container:first-child"}
	await[bool](p, "focus in the first input, for a bearer token", dialog.has("#auth-bearer-value:focus"))
	if kind := evaluate[string](p, dialog.find("input")+".type"); kind != "password" {
		p.t.Errorf("the input for the key is a %s", kind)
	}
	dialog.write("input", key)
	dialog.click(".btn.authorize")
	await[bool](p, "Logout button", block{p, operation{}, ".modal-ux"}.all("button")+`.some((button) => button.innerText === "Logout")`)
	do(p, chromedp.KeyEvent(kb.Escape))
	await[bool](p, "closed dialog, and the focus back", `document.querySelector("dialog") === null && document.activeElement.matches(".btn.authorize")`)
}

// fits checks that the page is not wider than the window. What is wider scrolls in a box of its own.
func (p *tab) fits(what string) {
	p.t.Helper()
	type overflow struct {
		Width, Window int
		Widest        []string
	}
	found := evaluate[overflow](p, `({
		width: document.documentElement.scrollWidth, window: innerWidth,
		widest: [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 12)
			.map((e) => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right)),
	})`)
	if found.Width > found.Window {
		p.t.Errorf("%s: the page is %d pixels wide in a window of %d; among what is too wide: %q", what, found.Width, found.Window, found.Widest)
	}
}

// reachable checks that each button of an operation can be scrolled to and touched.
func (b block) reachable() {
	b.t.Helper()
	hidden := evaluate[[]string](b.tab, b.all("a, button, summary, select, textarea, input")+`.filter((part) => {
		part.scrollIntoView({ block: "center" });
		const box = part.getBoundingClientRect();
		const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 20);
		const touched = document.elementFromPoint(x, y);
		return part.checkVisibility() && !(touched && (part.contains(touched) || touched.contains(part) && touched.tagName === "LABEL"));
	}).map((part) => part.tagName + "." + part.className + " " + part.innerText.slice(0, 30))`)
	if len(hidden) > 0 {
		b.t.Errorf("%s: out of reach: %q", b.operation.name, hidden)
	}
}

// TestComplaintsAreNoticed spoils a page in every way that the others must notice.
func TestComplaintsAreNoticed(t *testing.T) {
	page := open(t, kit.RunDemo(t).URL+"/docs")
	page.expect(`^console\.warning: "spoilt"`)
	page.expect(`^exception: Uncaught .*spoilt`)
	page.expect(`^console\.error: "policy violated: style-src`)
	page.expect(`^error of the security: .*[Ss]tyle`)
	page.expect(`^a request to another origin: http://elsewhere\.test/`)
	page.expect(`^console\.error: "policy violated: img-src`)
	page.expect(`^error of the security: .*http://elsewhere\.test/`)
	evaluate[bool](page, `new Promise((done) => {
		console.warn("spoilt");
		setTimeout(() => { throw new Error("spoilt"); });
		document.body.append(Object.assign(document.createElement("style"), { textContent: "p { color: red }" }));
		const image = new Image();
		image.onerror = () => setTimeout(() => done(true), 100);
		image.src = "http://elsewhere.test/";
	})`)
}
