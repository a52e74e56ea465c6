package browser

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"soapbridge/tests/kit"
)

// TestPastedReply presses Execute on the documented reply, and reads what a caller would get.
func TestPastedReply(t *testing.T) {
	demo := kit.RunDemo(t)
	page := open(t, demo.URL+"/docs#/Tools/DecodeReply")
	b := block{page, operation{tag: "Tools", name: "DecodeReply"}, "#operations-Tools-DecodeReply"}
	await[bool](page, "reply in the body", b.all("textarea")+`.some((area) => area.value.includes("<CreateCallLogResponse "))`)
	if operation := evaluate[string](page, b.find(`tr[data-param-name="operation"] select`)+".value"); operation != callLog.name {
		t.Errorf("%q is chosen, and the reply is for %s", operation, callLog.name)
	}
	status, shown := b.execute("baseResponse")
	if status != "201" || !strings.Contains(strings.ToLower(shown), "decoded-operation: createcalllog") {
		t.Errorf("status %s: %s", status, shown)
	}
	for name, n := range demo.Executed(t) {
		if n != 0 {
			t.Errorf("%s was executed", name)
		}
	}
}

// TestPagesInABrowser opens the pages beside Swagger UI, on a desktop and on a phone. Their own policy lets them complain of what it forbids.
func TestPagesInABrowser(t *testing.T) {
	proxy, _ := startServe(t)
	pictures := map[string]string{"/docs/CreateComplexAccount": "page", "/v1/operations-catalogue?rule=on": "catalogue", "/search?q=phone": "search"}
	for _, path := range []string{
		"/", "/v1/operations-catalogue", "/v1/operations-catalogue?rule=on", "/docs/CreateComplexAccount", "/docs/CreateCallLog", "/search?q=phone",
		"/problems", "/problems/outcome-unknown", "/problems/validation-failed",
	} {
		page := open(t, proxy.URL+path)
		await[bool](page, "style of "+path, `getComputedStyle(document.querySelector("nav")).display === "flex"`)
		if name, pictured := pictures[path]; pictured {
			page.looks(func(look string) { page.screenshot(name + "-" + look) })
		}
		for _, width := range []int64{1280, 390, 320} {
			page.resize(width, 844)
			page.fits(path)
		}
	}
	page := open(t, proxy.URL+"/v1/operations-catalogue#CreateComplexAccount")
	await[bool](page, "section that the address names", `document.querySelector("#CreateComplexAccount").getBoundingClientRect().top < innerHeight`)
}

// TestCatalogueFilter types and ticks as a reader does.
func TestCatalogueFilter(t *testing.T) {
	const rows, shown = `document.querySelectorAll(".fields tbody tr")`, `[...document.querySelectorAll(".fields tbody tr")].filter((row) => row.checkVisibility())`
	proxy, _ := startServe(t)
	page := open(t, proxy.URL+"/v1/operations-catalogue")
	await[bool](page, "filter", `!document.querySelector("#filter").hidden`)
	all := evaluate[int](page, rows+".length")
	if height := evaluate[int](page, "document.body.scrollHeight"); height > 2*900 || evaluate[int](page, shown+".length") != 0 {
		t.Errorf("the page is %d pixels high before anything is asked", height)
	}
	set := func(field, value string) {
		evaluate[bool](page, `((field) => {
			field.type === "checkbox" ? field.click() : field.value = `+quoted(value)+`;
			return field.dispatchEvent(new Event("input", { bubbles: true }));
		})(document.querySelector("#filter")[`+quoted(field)+`])`)
	}
	for _, step := range []struct {
		field, value, each string // what each row that is shown has
	}{
		{"text", "PHONE primary", `row.textContent.toLowerCase().includes("phone") && row.textContent.toLowerCase().includes("primary")`},
		{"system", "customercare", `row.closest("section").dataset.system === "customercare"`},
		{"operation", "CreateCallLog", `row.id.startsWith("CreateCallLog/")`},
		{"text", "", `row.id.startsWith("CreateCallLog/")`},
		{"rule", "on", `"rule" in row.dataset`},
		{"rule", "off", `row.id.startsWith("CreateCallLog/")`},
		{"secret", "on", `"secret" in row.dataset`},
		{"secret", "off", `row.id.startsWith("CreateCallLog/")`},
		{"required", "on", `"required" in row.dataset`},
	} {
		before := evaluate[int](page, shown+".length")
		set(step.field, step.value)
		n := evaluate[int](page, shown+".length")
		if n == 0 || n == all || n == before || !evaluate[bool](page, shown+".every((row) => "+step.each+")") {
			t.Errorf("%s %s: %d rows of %d, %d before", step.field, step.value, n, all, before)
		}
		if said := evaluate[string](page, `document.querySelector("#filter output").value`); said != fmt.Sprintf("%d of %d members", n, all) {
			t.Errorf("%s %s: the page says %q of %d rows", step.field, step.value, said, n)
		}
	}
	kept := evaluate[string](page, "location.href")
	again := open(t, kept)
	await[bool](again, "what the address asks for", shown+".length === "+strconv.Itoa(evaluate[int](page, shown+".length")))
	evaluate[bool](page, `(location.hash = "CreateComplexAccount", true)`)
	await[bool](page, "operation that a link names, in spite of the filter", `document.querySelector("#CreateComplexAccount .fields")?.checkVisibility()`)
}

// TestFromAnImportedOperation goes the way of a caller whose request is refused: to the page of the problem, and to the catalogue.
func TestFromAnImportedOperation(t *testing.T) {
	demo := kit.RunDemo(t, withParcels...)
	page := open(t, demo.URL+"/docs")
	b := page.expand(parcels[1])
	page.expect("error of the network: .* 422 ")
	b.write("textarea", `{"customerId":"c","pin":"p","day":"1 May","weight":{"unit":"stone","value":"1"}}`)
	await[bool](page, "edited body", b.has(".btn.reset"))
	status, shown := b.execute("validation-failed")
	for _, part := range []string{`"pointer": "/day"`, `"pointer": "/weight/unit"`, `One of address, depotId is required.`} {
		if status != "422" || !strings.Contains(shown, part) {
			t.Errorf("status %s, without %s:\n%s", status, part, shown)
		}
	}
	problem := regexp.MustCompile(`"type": "([^"]+)"`).FindStringSubmatch(shown)
	if problem == nil {
		t.Fatalf("the answer has no type:\n%s", shown)
	}
	page.navigate(demo.URL + problem[1])
	await[bool](page, "page of the problem", `document.querySelector("h1").innerText.includes("The request breaks rules")`)
	page.navigate(demo.URL + "/v1/operations-catalogue")
	for _, op := range []string{"TrackParcel", "/v1/parcels/{trackingNumber}", "BookPickup", "/v1/parcels/pickups"} {
		await[bool](page, op+" in the catalogue", "document.body.innerText.includes("+quoted(op)+")")
	}
	page.fits("catalogue")
}
