package browser

import (
	"regexp"
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
	for _, path := range []string{"/", "/v1/operations-catalogue", "/problems", "/problems/outcome-unknown", "/problems/validation-failed"} {
		page := open(t, proxy.URL+path)
		await[bool](page, "style of "+path, `getComputedStyle(document.querySelector("nav")).display === "flex"`)
		for _, width := range []int64{1280, 390, 320} {
			page.resize(width, 844)
			page.fits(path)
		}
	}
	page := open(t, proxy.URL+"/v1/operations-catalogue#CreateComplexAccount")
	await[bool](page, "section that the address names", `document.querySelector("#CreateComplexAccount").getBoundingClientRect().top < innerHeight`)
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
