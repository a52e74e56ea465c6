package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"soapbridge/tests/kit"
)

const (
	unknownsPath = "/docs/unknown-outcomes"
	shownRows    = `[...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility())`
)

// loseAnswer makes a call whose outcome is then unknown: the vendor executes it, and its answer is not readable. It returns the operation id.
func loseAnswer(t *testing.T, proxy *kit.Demo, key, path, body, idempotencyKey string) string {
	t.Helper()
	status, header, answer := post(t, proxy, key, path, body, idempotencyKey)
	if !strings.Contains(answer, "outcome-unknown") {
		t.Fatalf("status %d: %s", status, answer)
	}
	return header.Get("Operation-Id")
}

func post(t *testing.T, proxy *kit.Demo, key, path, body, idempotencyKey string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + key}, "Idempotency-Key": {idempotencyKey}}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(answer)
}

const (
	lostLog     = `{"customerCallLog":{"logText":"sandbox:html-200"}}`
	lostService = `{"serviceData":{"customerLevel":"SUBSCRIPTION","customerLevelReference":"00000042","effectiveDate":"2026-12-01","serviceCode":"LINECH",
		"longDescription":"sandbox:reset-after"}}`
)

// TestUnknownOutcomes does what an operator does: lists the unknown outcomes page by page, finds some, and settles one as executed and one as not.
func TestUnknownOutcomes(t *testing.T) {
	key, line := kit.NewKey(t, "browser")
	admin, adminLine := kit.NewKey(t, "operator", "admin")
	proxy := serve(t, map[string]string{"API_KEYS": line + "\n" + adminLine})
	service := loseAnswer(t, proxy, key, "/v1/mds/services", lostService, "the-key-of-the-service")
	const more = 101 // than are on a page, with the one above
	var first string
	for i := range more {
		id := loseAnswer(t, proxy, key, callLog.path, lostLog, fmt.Sprintf("the-key-of-call-%d", i))
		if i == 0 {
			first = id
		}
	}
	page := open(t, proxy.URL+unknownsPath)
	unknowns := block{page, operation{}, "main"}
	list := func(key string) {
		await[bool](page, "form for the key", `document.querySelector("#key").checkVisibility()`)
		do(page, chromedp.SetValue("#key input", key))
		unknowns.click("#key button")
	}
	page.expect("error of the network: .* 403 ")
	list(key)
	await[bool](page, "the problem", `document.querySelector("#failed").innerText.includes("The scope admin is needed.")`)
	list(admin)
	output := func(want string) {
		t.Helper()
		await[bool](page, want, `document.querySelector("#unknowns output").value.startsWith(`+quoted(want)+`)`)
	}
	output("100 of 102; 100 of 102 are loaded")
	if evaluate[bool](page, `JSON.stringify([document.documentElement.outerHTML, document.querySelector("#key input").value, localStorage, sessionStorage]).includes(`+quoted(admin)+`)`) {
		t.Error("the key is kept where others see it")
	}
	unknowns.click("#more")
	output("102 of 102")
	oldest := evaluate[string](page, shownRows+"[0].innerText")
	for _, part := range []string{"CreateService", "mds", service, "in ExternalReference, unless", "browser", "Attempt "} {
		if !strings.Contains(oldest, part) {
			t.Errorf("the first row lacks %q:\n%s", part, oldest)
		}
	}
	choose := func(name, value string) {
		evaluate[bool](page, `((field) => { field.value = `+quoted(value)+`; return field.dispatchEvent(new Event("input", { bubbles: true })); })(document.querySelector("#unknowns")[`+quoted(name)+`])`)
	}
	for _, step := range []struct{ name, value, want string }{
		{"system", "mds", "1 of 102"}, {"system", "", "102 of 102"}, {"operation", callLog.name, "101 of 102"}, {"operation", "", "102 of 102"},
		{"age", "1", "0 of 102"}, {"age", "0", "102 of 102"}, {"caller", "browser", "102 of 102"}, {"text", "messageid " + first[:13], "1 of 102"},
	} {
		choose(step.name, step.value)
		output(step.want)
	}
	newJudge(t)(page, "the list")
	page.looks(func(look string) {
		page.fits("unknown outcomes")
		page.screenshot("unknown-outcomes-" + look)
	})
	t.Run("executed, with a result", func(t *testing.T) {
		page.t = t
		b := openSettling(page, first)
		b.press("Continue")
		b.says("Choose what the records say")
		b.click("[value=true]")
		b.write("textarea", "{baseResponse")
		b.press("Continue")
		b.says("This is not JSON")
		page.expect("error of the network: .* 422 ")
		b.write("textarea", `{"baseResponse":{"responseCode":0}}`)
		b.press("Continue")
		b.says("was executed, with a result.")
		b.press("Settle it")
		b.says("/result/baseResponse/responseCode")
		newJudge(t)(page, "a refused settlement")
		page.looks(func(look string) { page.screenshot("settle-" + look) })
		b.write("textarea", `{"baseResponse":{"responseCode":"0"}}`)
		b.finish(first)
		output("0 of 101")
		if status, header, answer := post(t, proxy, key, callLog.path, lostLog, "the-key-of-call-0"); status != 201 || header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the key is answered with %d: %s", status, answer)
		}
	})
	t.Run("not executed", func(t *testing.T) {
		page.t = t
		choose("text", service)
		openSettling(page, service)
		do(page, chromedp.KeyEvent(kb.Escape))
		await[bool](page, "closed dialog", `!document.querySelector("dialog").open`)
		b := openSettling(page, service)
		b.click("[value=false]")
		b.press("Continue")
		b.says("was not executed. Its key is free again")
		b.finish(service)
		if status, _, answer := post(t, proxy, key, "/v1/mds/services", lostService, "the-key-of-the-service"); status != 502 || proxy.Executed(t)["CreateService"] != 2 {
			t.Errorf("the freed key did not send again: %d: %s", status, answer)
		}
	})
	t.Run("settled by somebody else", func(t *testing.T) {
		page.t = t
		choose("text", "")
		id := evaluate[string](page, shownRows+`[0].querySelector(".whole").innerText`)
		b := openSettling(page, id)
		attempt := evaluate[string](page, shownRows+`[0].querySelectorAll(".whole")[1].innerText`)
		body, _ := json.Marshal(map[string]any{"attempt": attempt, "executed": true}) // never fails
		if status, _, answer := post(t, proxy, admin, "/v1/operations/"+id+"/resolution", string(body), "none"); status != 200 {
			t.Fatalf("status %d: %s", status, answer)
		}
		page.expect("error of the network: .* 409 ")
		b.click("[value=false]")
		b.press("Continue")
		b.press("Settle it")
		b.says("not-unknown")
		b.press("Cancel")
		output("100 of 100") // loaded again; the service is among them, with its second attempt
	})
	page.t = t
}

// openSettling opens the dialog about an operation.
func openSettling(page *tab, id string) block {
	page.t.Helper()
	evaluate[bool](page, `document.querySelector("button[aria-label$="+`+quoted(quoted(id))+`+"]").click(), true`)
	b := block{page, operation{}, "dialog[open]"}
	b.says(id)
	return b
}

func (b block) says(text string) {
	b.t.Helper()
	await[bool](b.tab, text, "("+b.find("form")+`?.innerText ?? "").includes(`+quoted(text)+")")
}

// finish confirms, and expects that the page says so and the row is gone.
func (b block) finish(id string) {
	b.t.Helper()
	if evaluate[bool](b.tab, b.all("button")+`.some((button) => button.innerText === "Continue")`) {
		b.press("Continue")
	}
	b.press("Settle it")
	await[bool](b.tab, "word of the settlement", `document.querySelector("#done").innerText.includes(`+quoted(id)+`)`)
	if evaluate[bool](b.tab, `document.querySelector("dialog").open || document.querySelector("tbody").innerText.includes(`+quoted(id)+`)`) {
		b.t.Error("the dialog or the row is still there")
	}
}
