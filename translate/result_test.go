package translate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// longestIdentifier is what a code, a date or an identifier of a reply may be at most, in code points.
const longestIdentifier = 256

// TestLargestResults shows that no operation can make a result of more than 16 KiB. Each member of the recorded reply is as long as it may be, of
// characters that take the most room.
func TestLargestResults(t *testing.T) {
	const (
		maxResult   = 16 << 10
		operationID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"
	)
	// These members have a form of their own.
	formed := map[string]string{"ExternalReference": operationID, "AccountID": strings.Repeat("x", 64)}
	member, errorData := regexp.MustCompile(`<([\w:]+)>[^<]+</`), regexp.MustCompile(`(?s)<ErrorData>.*</ErrorData>`)
	for _, op := range operations(t) {
		recorded, err := filepath.Glob("*/testdata/" + op.Name + "/reply.xml")
		if err != nil || len(recorded) != 1 {
			t.Fatalf("%s has %d recorded replies: %v", op.Name, len(recorded), err)
		}
		body, err := os.ReadFile(recorded[0])
		if err != nil {
			t.Fatal(err)
		}
		body = errorData.ReplaceAll(body, nil) // would make it a failure
		request, refusal := op.Read([]byte(op.Example))
		if refusal != nil {
			t.Fatal(refusal)
		}
		for _, text := range []string{"x", `"`, "é\u2028", "😀"} {
			members := 0
			large := member.ReplaceAllFunc(body, func(element []byte) []byte {
				members++
				tag := string(member.FindSubmatch(element)[1])
				if value := formed[tag[strings.LastIndexByte(tag, ':')+1:]]; value != "" {
					return []byte("<" + tag + ">" + value + "</")
				}
				if strings.HasSuffix(tag, "Description") {
					return []byte("<" + tag + ">" + strings.Repeat(text, 100_000/len(text)) + "</")
				}
				return []byte("<" + tag + ">" + strings.Repeat(text, longestIdentifier/len([]rune(text))) + "</")
			})
			result, failure := request.Decode(soap.Reply{Certain: true, Status: 200, ContentType: "text/xml; charset=utf-8", Body: large}, translate.Env{OperationID: operationID})
			if failure != nil || members == 0 {
				t.Fatalf("%s of %q: %v, %d members", op.Name, text, failure, members)
			}
			if len(result.JSON) > maxResult {
				t.Errorf("%s of %q: %d bytes", op.Name, text, len(result.JSON))
			}
		}
	}
}
