package browser

import (
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
