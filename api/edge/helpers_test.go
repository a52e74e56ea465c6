package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
)

// plantedSecret is in requests, replies and panics, and must never be shown.
const plantedSecret = "Plover-4711-Quartz"

const (
	notePath = "/v1/test/notes"
	noteBody = `{"text": "hello", "pin": "` + plantedSecret + `"}`
	goodKey  = "0123456789abcdef"
)

type noteRequest struct {
	Text string         `json:"text" soap:"Text" validate:"required,notblank"`
	PIN  *secret.Secret `json:"pin" soap:"PIN"`
}

type noteResponse struct {
	translate.Answer `soap:"-"`

	ID   *string  `json:"id,omitempty" soap:"ID"`
	More []string `json:"more,omitempty" soap:"More"`
}

const replyFormat = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>`

func envelope(body string) soap.Reply {
	return soap.Reply{Certain: true, Status: http.StatusOK, ContentType: "text/xml; charset=utf-8", Body: fmt.Appendf(nil, replyFormat, body)}
}

func success() soap.Reply {
	return envelope(`<AddNoteResponse xmlns="urn:test"><ID xmlns="">42</ID></AddNoteResponse>`)
}

func fault(code, text string) soap.Reply {
	reply := envelope(`<e:Fault><faultcode>e:` + code + `</faultcode><faultstring>` + text + `</faultstring></e:Fault>`)
	reply.Status = http.StatusInternalServerError
	return reply
}

func addNote(t *testing.T) translate.Operation {
	t.Helper()
	op, err := translate.Define(noteDefinition(t))
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func noteDefinition(t *testing.T) translate.Definition {
	t.Helper()
	request, err1 := shape.From[noteRequest]("")
	response, err2 := shape.From[noteResponse]("")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return translate.Definition{
		System: "test", Name: "AddNote", Path: notePath, Status: http.StatusCreated, Version: soap.V11, Request: request, Response: response,
		Binding: soap.Binding{
			Namespace: "urn:test", EnvelopePrefix: map[soap.Version]string{soap.V11: "e"}, Request: soap.Within("urn:test", "AddNote"),
			Reply: []xml.Name{{Space: "urn:test", Local: "AddNoteResponse"}},
		},
		Limits: xml.Limits{Bytes: 1 << 20},
	}
}

// upstreamFunc is an Upstream made of a function.
type upstreamFunc func(ctx context.Context, m soap.Message) (soap.Reply, error)

func (f upstreamFunc) Send(ctx context.Context, m soap.Message, read func(soap.Reply) bool) error {
	m.Envelope = bytes.Clone(m.Envelope) // a test may look at it later
	reply, err := f(ctx, m)
	if err == nil {
		read(reply)
	}
	return err
}

func (upstreamFunc) Describe(m soap.Message) (endpoint string, headers http.Header) {
	return "https://vendor.test/notes", http.Header{"Content-Type": {m.ContentType()}, "SOAPAction": {`"urn:add"`}, "X-Tag": {"1", "2"}}
}

func answering(reply soap.Reply) upstreamFunc {
	return func(context.Context, soap.Message) (soap.Reply, error) { return reply, nil }
}

// syncBuffer is a log that may be written and read at the same time.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// edge is an API under test, with its log.
type edge struct {
	*Server

	log *syncBuffer
}

func newEdge(t *testing.T, upstream Upstream, change ...func(*Config)) *edge {
	t.Helper()
	e := &edge{log: &syncBuffer{}}
	vault, err := idempotency.NewRandomVault()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Systems: []System{{Name: "test", Operations: []translate.Operation{addNote(t)}, Upstream: upstream, CallTimeout: time.Minute}},
		Store:   idempotency.NewMemory(idempotency.Retention{}),
		Vault:   vault,
		MaxBody: 1024, MaxReply: 1 << 20,
		Hosts: []string{"example.com"}, // httptest's own
		Log:   slog.New(slog.NewJSONHandler(e.log, nil)),
	}
	for _, c := range change {
		c(&cfg)
	}
	handler, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e.Server = handler
	return e
}

// note is a good call; change makes it another one.
func note(change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, notePath, strings.NewReader(noteBody))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(keyHeader, goodKey)
	for _, c := range change {
		c(r)
	}
	return r
}

func (e *edge) call(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

// document is a problem as a client sees it.
type document map[string]any

func problemIn(t *testing.T, w *httptest.ResponseRecorder) document {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d with Content-Type %q, want a problem: %s", w.Code, got, w.Body)
	}
	var d document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if d["status"] != float64(w.Code) {
		t.Errorf("the problem says status %v, the answer has %d", d["status"], w.Code)
	}
	return d
}

// lines returns the log up to now, a map for each line.
func (e *edge) lines(t *testing.T) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(e.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, m)
	}
	return list
}

// lastLine returns the line of the request that was answered last.
func (e *edge) lastLine(t *testing.T) map[string]any {
	t.Helper()
	all := e.lines(t)
	if len(all) == 0 {
		t.Fatal("nothing was logged")
	}
	return all[len(all)-1]
}
