package edge

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// withTools makes a demo's edge, whose one operation has an example.
func withTools(example string) func(*Config) {
	return func(c *Config) {
		c.Tools = true
		op := &c.Systems[0].Operations[0]
		op.Example = example
	}
}

// unreachable is an upstream that must not be called.
func unreachable(t *testing.T) upstreamFunc {
	t.Helper()
	return func(context.Context, soap.Message) (soap.Reply, error) {
		t.Error("something was sent")
		return soap.Reply{}, nil
	}
}

func pasted(query string, reply soap.Reply) *http.Request {
	r := httptest.NewRequest(http.MethodPost, openapi.DecodePath+query, strings.NewReader(string(reply.Body)))
	r.Header.Set("Content-Type", reply.ContentType)
	return r
}

func TestDecodedReplies(t *testing.T) {
	e := newEdge(t, unreachable(t), withTools(noteBody))
	for name, c := range map[string]struct {
		query  string
		reply  soap.Reply
		status int
		code   string // empty for a success
	}{
		"a success":                {"?operation=AddNote", success(), http.StatusCreated, ""},
		"a success with a status":  {"?operation=AddNote&status=202", success(), http.StatusCreated, ""},
		"a fault":                  {"?operation=AddNote&status=500", fault("Client", "No good: "+plantedSecret), 422, string(translate.UpstreamRejected)},
		"a failure of the server":  {"?operation=AddNote&status=500", fault("Server", "Broke"), 502, string(translate.UpstreamFailed)},
		"no envelope, not allowed": {"?operation=AddNote&status=403", soap.Reply{Certain: true, ContentType: "text/xml", Body: []byte("<html/>")}, 502, string(translate.UpstreamDenied)},
		"no envelope, too many":    {"?operation=AddNote&status=429", soap.Reply{Certain: true, ContentType: "text/xml", Body: []byte("busy")}, 503, string(translate.UpstreamBusy)},
		"no envelope":              {"?operation=AddNote", soap.Reply{Certain: true, ContentType: "text/xml", Body: []byte("<html/>")}, 502, string(translate.OutcomeUnknown)},
		"a success with an error's status": {
			"?operation=AddNote&status=500", success(), 502, string(translate.OutcomeUnknown),
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.call(pasted(c.query, c.reply))
			id := w.Header().Get("Operation-Id")
			if w.Code != c.status || w.Header().Get("Decoded-Operation") != "AddNote" || id == "" {
				t.Fatalf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
			var d document
			if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
				t.Fatal(err)
			}
			if d["operationId"] != id {
				t.Errorf("the ids differ: %s", w.Body)
			}
			if c.code != "" && (problemIn(t, w)["code"] != c.code || d["instance"] != notePath) {
				t.Errorf("want %s: %s", c.code, w.Body)
			}
			if strings.Contains(w.Body.String()+e.log.String(), plantedSecret) {
				t.Error("the secret of the example is shown")
			}
			if got := e.call(httptest.NewRequest(http.MethodGet, "/v1/operations/"+id, nil)); got.Code != http.StatusNotFound {
				t.Errorf("it was stored: %s", got.Body)
			}
		})
	}
}

// TestPastedReplyThatBreaksOff: an upload that ended too early is not decoded as if the vendor had sent no more.
func TestPastedReplyThatBreaksOff(t *testing.T) {
	e := newEdge(t, unreachable(t), withTools(noteBody))
	r := pasted("?operation=AddNote", success())
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("<e:Envelope"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	w := e.call(r)
	if d := problemIn(t, w); w.Code != http.StatusUnprocessableEntity || d["code"] != "validation-failed" || d["detail"] != "The body ended before it was complete." {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if w.Header().Get("Decoded-Operation") != "" {
		t.Error("it was decoded")
	}
}

func TestToolsAreTheDemosAlone(t *testing.T) {
	e := newEdge(t, unreachable(t))
	if w := e.call(pasted("?operation=AddNote", success())); w.Code != http.StatusNotFound || problemIn(t, w)["code"] != "not-found" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// TestAnExampleThatIsNotValidIsRefused: the tool could not decode anything for it.
func TestAnExampleThatIsNotValidIsRefused(t *testing.T) {
	e := newEdge(t, unreachable(t))
	cfg := e.config
	withTools(`{"text": ""}`)(&cfg)
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "AddNote") {
		t.Errorf("the error is %v", err)
	}
}
