package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// operation is what a reader of the page should find.
type operation struct {
	tag, name string
	status    string
	versions  []string
	root      string // in the envelope's body
}

var operations = []operation{
	{"CustomerCare", "CreateWorkFlowManager", "201", []string{"1.1", "1.2"}, "<CreateWorkFlowManager "},
	{"CustomerCare", "CreateCallLog", "201", []string{"1.1", "1.2"}, "<CreateCallLog "},
	{"CustomerCare", "UpdateCustomerPIN", "200", []string{"1.1", "1.2"}, "<UpdateCustomerPIN "},
	{"MDS", "CreateService", "201", []string{"1.1"}, "createService"},
	{"Emersion", "CreateComplexAccount", "201", []string{"1.1"}, "createComplexAccount"},
}

// block is one operation on the page.
type block struct {
	*tab

	operation operation
	selector  string
}

// expand opens an operation by a click on its line.
func (p *tab) expand(op operation) block {
	p.t.Helper()
	b := block{p, op, "#operations-" + op.tag + "-" + op.name}
	await[bool](p, op.name+" in the list", b.has(".opblock-summary-control"))
	b.click(".opblock-summary-control")
	b.ready()
	return b
}

// ready waits until the operation can be tried out.
func (b block) ready() {
	b.t.Helper()
	await[bool](b.tab, "Execute button", b.has(".btn.execute"))
	await[bool](b.tab, "example in the body", b.all("textarea")+`.some((area) => area.value.includes("{"))`)
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string never fails
	return string(b)
}

// find is the expression of an element within the operation, all that of a list of them, has that of its presence.
func (b block) find(part string) string {
	return "document.querySelector(" + quoted(b.selector+" "+part) + ")"
}

func (b block) all(part string) string {
	return "[...document.querySelectorAll(" + quoted(b.selector+" "+part) + ")]"
}

func (b block) has(part string) string { return b.find(part) + " !== null" }

func (b block) click(part string) {
	b.t.Helper()
	evaluate[bool](b.tab, b.find(part)+".click(), true")
}

// press clicks the button with a label.
func (b block) press(label string) {
	b.t.Helper()
	evaluate[bool](b.tab, b.all("button")+".find((button) => button.innerText.trim() === "+quoted(label)+").click(), true")
}

// write replaces what stands in an input, as typing does: React looks for the event.
func (b block) write(part, text string) {
	b.t.Helper()
	evaluate[bool](b.tab, `((field) => {
		Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, `+quoted(text)+`);
		field.dispatchEvent(new Event("input", { bubbles: true }));
		return true;
	})(`+b.find(part)+`)`)
}

const keyInput = `tr[data-param-name="Idempotency-Key"] input`

var aUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// key reads the Idempotency-Key from its input: a fresh UUID, not the example of the document.
func (b block) key() string {
	b.t.Helper()
	key := await[string](b.tab, "UUID as Idempotency-Key", b.find(keyInput)+`.value`)
	if !aUUID.MatchString(key) {
		b.t.Errorf("the Idempotency-Key is %q, want a random UUID", key)
	}
	return key
}

const live = ".live-responses-table"

// execute presses the button, and reads what the page shows of an answer that has the given text: its status and all of it.
func (b block) execute(expected string) (status, shown string) {
	b.t.Helper()
	b.click(".btn.execute")
	shown = await[string](b.tab, "answer with "+expected,
		fmt.Sprintf("((found) => found?.innerText.includes(%s) && found.innerText)(%s)", quoted(expected), b.find(live)))
	return strings.TrimSpace(evaluate[string](b.tab, b.find(live+" tbody .response-col_status")+".innerText")), shown
}

// preview presses the button of a version, and reads what the page shows.
func (b block) preview(version string) string {
	b.t.Helper()
	b.press("Preview SOAP " + version)
	return await[string](b.tab, "preview of SOAP "+version, fmt.Sprintf(
		`((panel) => panel?.querySelector("h4").innerText.endsWith(%s) && !panel.innerText.includes("Asking") && panel.innerText)(%s)`,
		quoted(version), b.find(".sb-preview")))
}

// executed asks the sandbox how often it executed each operation.
func executed(t *testing.T, p program) map[string]int {
	t.Helper()
	response, err := http.Get(p.sandbox + "/sandbox/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var calls struct{ Counts map[string]int }
	if err := json.NewDecoder(response.Body).Decode(&calls); err != nil {
		t.Fatal(err)
	}
	return calls.Counts
}

// TestEveryOperation does with every operation what a curious person does: look, preview, execute, execute again.
func TestEveryOperation(t *testing.T) {
	demo := startDemo(t)
	page := open(t, demo.url+"/docs")
	await[bool](page, "list of operations", `document.querySelectorAll(".opblock").length > 5`)
	page.screenshot("docs-desktop")
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			page.t = t
			b := page.expand(op)
			key := b.key()
			b.checkPreviews()
			if n := executed(t, demo)[op.name]; n != 0 {
				t.Fatalf("the preview has executed the operation %d times", n)
			}
			status, first := b.execute("operationId")
			if status != op.status || strings.Contains(first, "idempotent-replayed") {
				t.Errorf("status %s, want %s, and no replay:\n%s", status, op.status, first)
			}
			status, second := b.execute("idempotent-replayed: true")
			if again := b.key(); status != op.status || again != key {
				t.Errorf("after the replay: status %s, key %s, was %s\n%s", status, again, key, second)
			}
			if n := executed(t, demo)[op.name]; n != 1 {
				t.Errorf("the sandbox executed it %d times, want once", n)
			}
			b.screenshotOf("desktop")
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
		shown := b.preview(version)
		for _, part := range []string{"Content-Type: ", "POST http", namespaces[version], b.operation.root, "\n  <soap:Body>", "Nothing was sent"} {
			if !strings.Contains(shown, part) {
				b.t.Errorf("SOAP %s: the page does not show %q:\n%s", version, part, shown)
			}
		}
		rows := evaluate[int](b.tab, b.all(".sb-fields tbody tr")+".length")
		if rows < 3 {
			b.t.Errorf("SOAP %s: %d rows from JSON Pointer to XPath", version, rows)
		}
	}
}

// screenshotOf keeps two pictures of the operation: its parameters and its answer.
func (b block) screenshotOf(size string) {
	b.t.Helper()
	for part, name := range map[string]string{".opblock-summary": "top", ".sb-preview": "preview", live: "answer"} {
		evaluate[bool](b.tab, "("+b.find(part)+`?.scrollIntoView({ block: "start" }), true)`)
		b.screenshot(strings.ToLower(b.operation.name) + "-" + name + "-" + size)
	}
}
