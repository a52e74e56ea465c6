package translate_test

import (
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// TestCutOffReply cuts replies at every byte: whatever the status says, only the whole page is the answer of a web server in the service's
// place. A part of anything that begins like XML may be the beginning of the service's own answer.
func TestCutOffReply(t *testing.T) {
	const declaration = `<?xml version="1.0" encoding="utf-8"?>`
	const page = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><p>Error<br></body></html>"
	op := define(t, definition())
	request, refusal := op.Read([]byte(toyRequest))
	if refusal != nil {
		t.Fatal(refusal)
	}
	wholePage := map[int]translate.Code{
		400: translate.UpstreamRefused, 401: translate.UpstreamDenied, 404: translate.UpstreamRefused, 429: translate.UpstreamBusy, 500: translate.OutcomeUnknown,
	}
	for name, body := range map[string]string{
		"an envelope":                         declaration + in11(done),
		"an envelope without declaration":     in11(done),
		"an envelope behind a line break":     "\n" + declaration + in11(done),
		"an envelope behind a mark":           "\xEF\xBB\xBF" + declaration + in11(done),
		"an envelope in UTF-16":               inUTF16(declaration + in11(done)),
		"an envelope in UTF-16 behind a mark": "\xFF\xFE" + inUTF16(declaration+in11(done)),
		"a fault":                             declaration + fault11("s:Client", "Wrong"),
		"a fault of SOAP 1.2":                 fault12("Wrong", "s:Sender"),
		"a page":                              page,
		"a page of XHTML":                     declaration + "\n" + page,
	} {
		for status, code := range wholePage {
			for length := range len(body) {
				cut := body[:length]
				if strings.TrimSpace(cut) == "" {
					continue // an empty body is none
				}
				_, failure := request.Decode(soap.Reply{Certain: true, Status: status, ContentType: "text/xml", Body: []byte(cut)}, translate.Env{OperationID: "id"})
				if failure == nil || failure.Code != translate.OutcomeUnknown || failure.Outcome != soap.Unknown {
					t.Errorf("%s, cut off at %d, with %d: %+v", name, length, status, failure)
				}
			}
			if !strings.HasSuffix(body, page) {
				continue
			}
			_, failure := request.Decode(soap.Reply{Certain: true, Status: status, ContentType: "text/xml", Body: []byte(body)}, translate.Env{OperationID: "id"})
			if failure == nil || failure.Code != code {
				t.Errorf("%s with %d: %+v", name, status, failure)
			}
		}
	}
}

// inUTF16 writes ASCII in little-endian UTF-16.
func inUTF16(text string) string {
	var wide strings.Builder
	for i := range len(text) {
		wide.WriteByte(text[i])
		wide.WriteByte(0)
	}
	return wide.String()
}
