package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"soapbridge/tests/openapi"
)

// roundTrip checks every request and every answer against the OpenAPI document. A contradiction fails the test that judges the answer, and
// always the whole run, since some tests look at the status alone.

var loadDocument = sync.OnceValues(openapi.Load)

// contradictions are what the document does not say of any exchange.
var contradictions = struct {
	mu    sync.Mutex
	found []string
}{}

// byDocument lists what the document does not say of an exchange, and remembers it for the end of the run.
func byDocument(r *http.Request, body []byte, a answer) []string {
	d, err := loadDocument()
	if err != nil {
		return []string{err.Error()}
	}
	found := d.Judge(openapi.Exchange{
		Method: r.Method, Target: r.URL.RequestURI(), Request: r.Header, Body: body,
		Status: a.status, Response: a.header, Answer: []byte(a.body), Read: readerAt(r.URL.Path),
	})
	contradictions.mu.Lock()
	defer contradictions.mu.Unlock()
	for _, what := range found {
		contradictions.found = append(contradictions.found, fmt.Sprintf("%s %s, status %d: %s", r.Method, r.URL.Path, a.status, what))
	}
	return found
}

// contradicted returns everything that contradicts the document.
func contradicted() (list []string) {
	contradictions.mu.Lock()
	defer contradictions.mu.Unlock()
	for _, what := range contradictions.found {
		list = append(list, "the OpenAPI document: "+what)
	}
	return list
}

// readerAt returns how the operation at a path, or its preview, reads a body; nil where there is none.
func readerAt(path string) openapi.Read {
	for _, op := range operations() {
		if op.Path == strings.TrimSuffix(path, previewSuffix) {
			return openapi.ReaderOf(op)
		}
	}
	return nil
}

// bodyOf returns the body of a request that is still to be sent.
func bodyOf(r *http.Request) ([]byte, error) {
	if r.GetBody == nil {
		return nil, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(body)
}

// TestTheDocumentsExamplesAreExecuted sends every example of a request in the document to a demo, as a reader does in Swagger UI: those of
// an operation after each other, the first one under the key of the document.
func TestTheDocumentsExamplesAreExecuted(t *testing.T) {
	document, err := loadDocument()
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, "127.0.0.1:0")
	for _, op := range operations() {
		examples := openapi.Inside(document.Root, "paths", op.Path, "post", "requestBody", "content", "application/json", "examples")
		if len(examples) == 0 {
			t.Errorf("%s has no examples", op.Name)
		}
		for _, name := range slices.Backward(slices.Sorted(maps.Keys(examples))) {
			t.Run(op.Name+" "+name, func(t *testing.T) {
				body, err := json.Marshal(document.Resolve(openapi.Inside(examples, name))["value"])
				if err != nil {
					t.Fatal(err)
				}
				if a := send(t, d.URL, call{path: op.Path, body: string(body)}); a.status != op.Status {
					t.Errorf("status %d: %s", a.status, a.body)
				}
				for _, v := range op.Versions {
					look := looking(call{path: op.Path, body: string(body), header: without("Idempotency-Key")}, v.String())
					if a := send(t, d.URL, look); a.status != http.StatusOK {
						t.Errorf("preview %s: status %d: %s", v, a.status, a.body)
					}
				}
			})
		}
	}
}
