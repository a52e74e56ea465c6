package browser

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"soapbridge/tests/kit"
)

// operation is what a reader of the page should find.
type operation struct {
	tag, name string
	id        string // empty where it is the name
	status    string
	versions  []string
	path      string
	body      []byte // the first example, which the page begins with; nil for a GET, whose path has the values
	again     string // what a second Execute shows: the answer was there already
}

// replayed is how a write answers a repetition, with the first result.
const replayed = "idempotent-replayed: true"

// parcels are the operations of docs/parcels, which the committed document lacks.
var parcels = []operation{
	{
		tag: "parcels", name: "TrackParcel", id: "parcels_TrackParcel", status: "200", versions: []string{"1.1"}, path: "/v1/parcels/AA111111111",
		again: "cache-status: soapbridge; hit",
	},
	{
		tag: "parcels", name: "BookPickup", id: "parcels_BookPickup", status: "201", versions: []string{"1.1"}, path: "/v1/parcels/pickups",
		body:  []byte(`{"customerId":"text","pin":"text","day":"2026-11-21","weight":{"unit":"kg","value":"1"},"depotId":"text"}`),
		again: replayed,
	},
}

// inSandbox is the name by which the sandbox counts the calls of an operation.
func (op operation) inSandbox() string {
	if op.id == "" {
		return op.name
	}
	return op.tag + "/" + op.name
}

// method is GET for an operation without a body.
func (op operation) method() string {
	if op.body == nil {
		return http.MethodGet
	}
	return http.MethodPost
}

// operations are described by the committed document; routes counts all that the document has, but previews: they have buttons.
var operations, routes = documented()

func documented() (list []operation, routes int) {
	var document struct {
		Paths      map[string]map[string]struct{ Tags []string }
		Components struct {
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "openapi", "openapi.json"))
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		panic(fmt.Sprintf("the document, which make generate writes: %v", err))
	}
	for path, methods := range document.Paths {
		if _, isPreview := document.Paths[strings.TrimSuffix(path, "/preview")]; !isPreview || !strings.HasSuffix(path, "/preview") {
			routes += len(methods)
		}
	}
	for _, op := range kit.Operations {
		body := document.Components.Examples[op.Name+"-minimal"].Value
		list = append(list, operation{
			tag: document.Paths[op.Path]["post"].Tags[0], name: op.Name, status: strconv.Itoa(op.Status), versions: op.Versions, path: op.Path, body: body,
			again: replayed,
		})
	}
	return list, routes
}

var rootOfBody = regexp.MustCompile(`:Body>(<[^ >]+ )`)

// asked asks the proxy for the preview that the page should show: the first element of the envelope's body, and the number of values.
func (b block) asked(version string) (root string, fields int) {
	b.t.Helper()
	url := b.origin + b.operation.path + "/preview?soap=" + version
	request, err := http.NewRequestWithContext(b.t.Context(), b.operation.method(), url, bytes.NewReader(b.operation.body))
	if err != nil {
		b.t.Fatal(err)
	}
	if b.operation.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var preview struct {
		Envelope string
		Fields   []any
	}
	if err := json.NewDecoder(response.Body).Decode(&preview); err != nil {
		b.t.Fatal(err)
	}
	found := rootOfBody.FindStringSubmatch(preview.Envelope)
	if found == nil {
		b.t.Fatalf("no envelope: status %d", response.StatusCode)
	}
	return found[1], len(preview.Fields)
}

// callLog is the operation that the tests of a single one take.
var callLog = operations[slices.IndexFunc(operations, func(op operation) bool { return op.name == "CreateCallLog" })]

// block is one operation on the page.
type block struct {
	*tab

	operation operation
	selector  string
}

// expand opens an operation by a click on its line.
func (p *tab) expand(op operation) block {
	p.t.Helper()
	b := block{p, op, "#operations-" + op.tag + "-" + cmp.Or(op.id, op.name)}
	await[bool](p, op.name+" in the list", b.has(".opblock-summary-control"))
	b.click(".opblock-summary-control")
	b.ready()
	return b
}

// ready waits until the operation can be tried out.
func (b block) ready() {
	b.t.Helper()
	await[bool](b.tab, "Execute button", b.has(".btn.execute"))
	await[bool](b.tab, "responses", b.has("tr.response")) // they come later
	if b.operation.body != nil {
		await[bool](b.tab, "example in the body", b.all("textarea")+`.some((area) => area.value.includes("{"))`)
	}
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

// write replaces the text of an input, as typing and leaving it does: React looks for the events.
func (b block) write(part, text string) {
	b.t.Helper()
	evaluate[bool](b.tab, `((field) => {
		Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, `+quoted(text)+`);
		field.dispatchEvent(new Event("input", { bubbles: true }));
		field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
		return true;
	})(`+b.find(part)+`)`)
}

// choose takes another option of a list.
func (b block) choose(part, value string) {
	b.t.Helper()
	evaluate[bool](b.tab, `((list) => {
		Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set.call(list, `+quoted(value)+`);
		return list.dispatchEvent(new Event("change", { bubbles: true }));
	})(`+b.find(part)+`)`)
}

const keyInput = ".sb-key input"

var aUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// key reads the Idempotency-Key from its input: a fresh UUID, not the example of the document. A read has none.
func (b block) key() string {
	b.t.Helper()
	if b.operation.body == nil {
		if evaluate[bool](b.tab, b.has(keyInput)) {
			b.t.Error("a read asks for an Idempotency-Key")
		}
		return ""
	}
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
