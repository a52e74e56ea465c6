//go:build !race

package translate_test

import (
	"testing"

	"soapbridge/translate/soap"
)

// TestAllocations keeps the four steps of a call within their budget. The race detector makes pools drop what they are given.
func TestAllocations(t *testing.T) {
	const budget = 20
	reply := soap.Reply{Certain: true, Status: 200, ContentType: "text/xml; charset=utf-8", Body: file(t, "customercare/testdata/replies/ok-workflow.xml")}
	for _, r := range benchmarks(t) {
		var canonical []byte
		got := testing.AllocsPerRun(500, func() {
			request := r.read(t)
			canonical = request.Fingerprint(canonical[:0])
			message, refusal := request.Encode(benchmarkEnv)
			if refusal != nil {
				t.Fatal(refusal)
			}
			message.Free()
			if _, failure := request.Decode(reply, benchmarkEnv); failure != nil {
				t.Fatal(failure)
			}
		})
		if got > budget {
			t.Errorf("%s: %v allocations, more than %d", r.name, got, budget)
		}
	}
}
