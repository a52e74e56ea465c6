package browser

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe is what make npm installs: rules by which the pages are judged, too.
const axe = "../npm/node_modules/axe-core/axe.min.js"

// judge judges the page as it is: by axe-core, if that is installed, in every look.
type judge func(p *tab, state string)

// newJudge returns a judge that always wants one heading of the page, and the link over the navigation to be the first to be reached.
func newJudge(t *testing.T) judge {
	t.Helper()
	rules, err := os.ReadFile(axe)
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("axe-core is not installed: its rules are NOT CHECKED; make npm checks them")
	} else if err != nil {
		t.Fatal(err)
	}
	return func(p *tab, state string) {
		p.t.Helper()
		type page struct {
			Headings int
			First    string
		}
		want := page{1, "#content"}
		if found := evaluate[page](p, `({
			headings: document.querySelectorAll("h1").length, first: document.querySelector("a, button, input, select, textarea, [tabindex]").getAttribute("href"),
		})`); found != want || !evaluate[bool](p, `document.querySelector("main#content h1") !== null`) {
			p.t.Errorf("%s: %+v, want %+v and the heading in the content", state, found, want)
		}
		if len(rules) == 0 {
			return
		}
		evaluate[bool](p, string(rules)+"; true")
		p.looks(func(look string) {
			for _, finding := range evaluate[[]string](p, `axe.run(document, { resultTypes: ["violations"], preload: false }).then(({ violations }) => violations
				.filter(({ impact }) => impact === "critical" || impact === "serious")
				.flatMap(({ id, impact, nodes }) => nodes.map(({ target, any, all, none }) => [impact, id, target, [...any, ...all, ...none][0]?.message].join(" "))))`) {
				p.t.Errorf("%s, %s: %s", state, look, finding)
			}
		})
	}
}

// TestAccessibility judges the pages beside Swagger UI. A new kind of page belongs into this list.
func TestAccessibility(t *testing.T) {
	proxy, _ := startServe(t)
	judged := newJudge(t)
	page := open(t, proxy.URL+"/")
	for _, path := range []string{
		"/", "/docs/CreateCallLog", "/docs/CreateComplexAccount", "/search?q=phone", "/problems", "/problems/outcome-unknown", "/v1/operations-catalogue",
		"/v1/operations-catalogue?required=on",
	} {
		page.navigate(proxy.URL + path)
		judged(page, path)
	}
}

// TestAccessibilityOfSwaggerUI judges the states that a person brings the page into.
func TestAccessibilityOfSwaggerUI(t *testing.T) {
	proxy, key := startServe(t)
	judged := newJudge(t)
	page := open(t, proxy.URL+"/docs")
	b := page.expand(callLog)
	judged(page, "an opened operation")
	if names := evaluate[string](page, `[...document.querySelectorAll(".expand-operation")].map((button) => button.ariaLabel + button.title).join(" ")`); names != "CustomerCare MDS Emersion Operations Health" {
		t.Errorf("the buttons of the lists are %s", names)
	}
	page.expect("error of the network: .* 401 ")
	b.execute("unauthenticated")
	judged(page, "a problem")
	evaluate[bool](page, `document.querySelector("#swagger-ui .sb-tools .btn.authorize").click(), true`)
	await[bool](page, "dialog", `document.querySelector("dialog[open]") !== null`)
	judged(page, "the dialog for API keys")
	do(page, chromedp.KeyEvent(kb.Escape))
	page.authorize(key)
	b.execute("operationId\":")
	b.preview("1.1")
	b.click(".sb-preview summary")
	b.click(".sb-problems summary")
	judged(page, "an answer and a preview")
	b.write("textarea", `{"customerCallLog":{"logText":7}}`)
	page.expect("error of the network: .* 422 ")
	b.preview("1.2")
	judged(page, "a refused preview, and the offer of a new key")
	b.press("Schema")
	await[bool](page, "schema", b.has(".json-schema-2020-12-accordion")) // it is not ready for a click yet
	await[bool](page, "members", b.has(".json-schema-2020-12-property")+" || ("+b.find(".json-schema-2020-12-accordion")+".click(), false)")
	judged(page, "a schema")
}

// TestKeyboard walks from the top of the page to Execute and presses it, with the focus in sight all the way.
func TestKeyboard(t *testing.T) {
	proxy, _ := startServe(t)
	page := open(t, proxy.URL+"/docs#/CustomerCare/CreateCallLog")
	b := block{page, callLog, "#operations-CustomerCare-CreateCallLog"}
	b.ready()
	var walked []string
	for range 60 {
		do(page, chromedp.KeyEvent(kb.Tab))
		type focus struct {
			Name    string
			Visible bool
			Execute bool
		}
		at := evaluate[focus](page, `((at) => ({
			name: at.tagName + " " + (at.getAttribute("aria-label") ?? at.innerText ?? "").slice(0, 20), execute: at.matches(".btn.execute"),
			visible: getComputedStyle(at).outlineStyle !== "none" && parseFloat(getComputedStyle(at).outlineWidth) > 0,
		}))(document.activeElement)`)
		walked = append(walked, at.Name)
		if !at.Visible {
			t.Errorf("the focus on %s is not to be seen", at.Name)
		}
		if at.Execute {
			page.expect("error of the network: .* 401 ")
			do(page, chromedp.KeyEvent(kb.Enter))
			await[bool](page, "answer", b.has(live))
			b.keepsFocus()
			return
		}
	}
	t.Errorf("Execute was not reached: %s", strings.Join(walked, ", "))
}

// keepsFocus presses, with the keyboard, buttons that go away or are disabled then.
func (b block) keepsFocus() {
	b.t.Helper()
	focus := func(part string) {
		await[bool](b.tab, "focus on "+part, b.find(part)+` === document.activeElement`)
	}
	press := func(part string) {
		await[bool](b.tab, part, b.has(part))
		evaluate[bool](b.tab, b.find(part)+".focus(), true")
		do(b.tab, chromedp.KeyEvent(kb.Enter))
	}
	focus(".execute") // which was pressed
	press(".btn-clear")
	focus(".execute")
	b.expect("error of the network: .* 401 ")
	press(".sb-preview-button")
	press(".sb-preview header button")
	focus(".sb-preview-button")
}
