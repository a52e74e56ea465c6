package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"soapbridge/openapi"
)

// recordedReply is what a vendor answered once.
type recordedReply struct {
	system, name string
	status       int
	body         string
}

// recordedReplies are those that the tests of the translation keep, each with a status that fits it, and one page with more statuses.
func recordedReplies(t *testing.T) (list []recordedReply) {
	t.Helper()
	for _, system := range []string{"customercare", "mds", "emersion"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "translate", system, "testdata", "replies", "*"))
		if err != nil || len(files) < 10 {
			t.Fatalf("%d replies of %s are recorded: %v", len(files), system, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := recordedReply{system, filepath.Base(file), http.StatusOK, string(text)}
			switch {
			case strings.HasSuffix(file, ".html"):
				r.status = http.StatusNotFound
			case strings.Contains(r.body, "Fault>"):
				r.status = http.StatusInternalServerError
			}
			list = append(list, r)
		}
		for _, status := range []int{200, 202, 302, 400, 401, 403, 405, 413, 415, 429, 500, 503, 504} {
			list = append(list, recordedReply{system, fmt.Sprint("a page with status ", status), status, "<html><body>No.</body></html>"})
		}
		list = append(list, recordedReply{system, "a reply that is cut off", 200, `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`})
	}
	return list
}

// replying is a vendor that sends the same reply to every request.
type replying struct {
	mu    sync.Mutex
	reply recordedReply
}

func (v *replying) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(v.reply.status)
	_, _ = w.Write([]byte(v.reply.body))
}

func (v *replying) set(r recordedReply) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reply = r
}

// decode pastes a reply.
func decode(operation string, status int, body string) call {
	return call{
		path: fmt.Sprintf("%s?operation=%s&status=%d", openapi.DecodePath, operation, status), body: body,
		header: header("Content-Type", "text/xml; charset=utf-8", "Idempotency-Key", ""),
	}
}

var anyID = regexp.MustCompile(`"(operationId|requestId)":"[^"]*"`)

// visible is what a caller sees of an answer, without what names this call alone.
func visible(a answer) map[string]string {
	return map[string]string{
		"status": fmt.Sprint(a.status), "body": anyID.ReplaceAllString(a.body, `"$1":"-"`),
		"content type": a.header.Get("Content-Type"), "retry after": a.header.Get("Retry-After"), "stored": a.header.Get("Idempotency-Stored"),
	}
}

// TestDecodeIsWhatACallerGets plays each recorded reply to a real call, and pastes it into a demo.
func TestDecodeIsWhatACallerGets(t *testing.T) {
	vendor := &replying{}
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	proxied := proxy(t, with(toVendor(strings.TrimPrefix(server.URL, "http://")), map[string]string{
		"CUSTOMERCARE_DIRECT_TOKEN": "demo-direct-token", "CUSTOMERCARE_USER_ID": "demo", // as the demo has them
		// A pasted reply is taken for the answer to the call, whatever it is.
		"CUSTOMERCARE_KEEP_ALIVE": "off", "MDS_KEEP_ALIVE": "off", "EMERSION_KEEP_ALIVE": "off",
	}))
	d := startDemo(t, "127.0.0.1:0")
	codes := map[string]int{}
	for _, r := range recordedReplies(t) {
		vendor.set(r)
		for _, op := range operations() {
			if op.System != r.system {
				continue
			}
			want, got := send(t, proxied.URL, call{path: op.Path, body: op.Example}), send(t, d.URL, decode(op.Name, r.status, r.body))
			if diff := cmp.Diff(visible(want), visible(got)); diff != "" {
				t.Errorf("%s, %s (-real +decoded):\n%s", op.Name, r.name, diff)
			}
			if got.header.Get("Decoded-Operation") != op.Name || uuid.Validate(got.header.Get("Operation-Id")) != nil {
				t.Errorf("%s, %s: %v", op.Name, r.name, got.header)
			}
			codes[codeIn(got)]++
		}
	}
	for _, code := range []string{"", "outcome-unknown", "upstream-rejected", "upstream-failed", "upstream-denied", "upstream-refused", "upstream-busy", "upstream-unavailable"} {
		if codes[code] == 0 {
			t.Errorf("no reply leads to the code %q: %v", code, codes)
		}
	}
	counts := d.Executed(t)
	for _, op := range operations() {
		if n, known := counts[op.Name]; n != 0 || !known {
			t.Errorf("%s was sent %d times", op.Name, n)
		}
	}
	if stored := send(t, d.URL, call{method: http.MethodGet, path: "/v1/operations?state=unknown"}); !strings.Contains(stored.body, `"total":0`) {
		t.Errorf("something was stored: %s", stored.body)
	}
}

func codeIn(a answer) string {
	if a.problem == nil {
		return ""
	}
	return a.problem.Code
}

// aSuccess is a reply that makes every member of an answer.
func aSuccess(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "translate", "customercare", "testdata", "replies", "ok-call-log.xml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDecodeRespectsTheCharset(t *testing.T) {
	reply := strings.Replace(aSuccess(t), ">Success<", ">Erfolg \u00fc<", 1)
	latin1 := strings.ReplaceAll(strings.Replace(reply, `encoding="utf-8"`, `encoding="iso-8859-1"`, 1), "\u00fc", "\xfc")
	for contentType, body := range map[string]string{
		"text/xml; charset=utf-8": reply, "application/soap+xml": reply, "application/xml": latin1, "text/xml; charset=ISO-8859-1": latin1,
	} {
		c := decode("CreateCallLog", 200, body)
		c.header.Set("Content-Type", contentType)
		if a := send(t, sharedDemo(t).URL, c); a.status != http.StatusCreated || !strings.Contains(a.body, "Erfolg \u00fc") {
			t.Errorf("%s: status %d: %s", contentType, a.status, a.body)
		}
	}
}

func TestDecodeRefusesWhatIsNoReply(t *testing.T) {
	good := decode("CreateCallLog", 200, aSuccess(t))
	query := func(text string) func(*call) { return func(c *call) { c.path = openapi.DecodePath + text } }
	head := func(name string, values ...string) func(*call) { return func(c *call) { c.header[name] = values } }
	for name, c := range map[string]struct {
		change func(*call)
		status int
		code   string
		places string
	}{
		"no query":          {query(""), 400, "bad-parameter", "parameter:operation required request"},
		"no operation":      {query("?status=200"), 400, "bad-parameter", "parameter:operation required request"},
		"another operation": {query("?operation=createCallLog"), 400, "bad-parameter", "parameter:operation not-in-list request"},
		"another parameter": {query("?operation=CreateCallLog&stauts=500"), 400, "bad-parameter", "parameter:stauts unknown-parameter request"},
		"a status above":    {query("?operation=CreateCallLog&status=600"), 400, "bad-parameter", "parameter:status out-of-range request"},
		"everything at once": {
			query("?a=1&status=1&operation=x"), 400, "bad-parameter",
			"parameter:a unknown-parameter request, parameter:operation not-in-list request, parameter:status out-of-range request",
		},
		"JSON":                  {head("Content-Type", "application/json"), 415, "unsupported-media-type", "header:Content-Type unsupported-media-type request"},
		"a compressed body":     {head("Content-Encoding", "gzip"), 415, "unsupported-media-type", "header:Content-Encoding unsupported-media-type request"},
		"no body":               {func(c *call) { c.body = "" }, 422, "validation-failed", " required request"},
		"a body over the limit": {func(c *call) { c.body = strings.Repeat(" ", 1<<20) + c.body }, 413, "payload-too-large", " payload-too-large request"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			bad.header = good.header.Clone()
			c.change(&bad)
			a := send(t, sharedDemo(t).URL, bad)
			if a.problem == nil || a.status != c.status || a.problem.Code != c.code || strings.Join(a.problem.violations(), ", ") != c.places {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			if a.header.Get("Decoded-Operation") != "" || a.problem.Instance != openapi.DecodePath {
				t.Errorf("it looks like a decoded reply: %v %s", a.header, a.body)
			}
		})
	}
	list := send(t, sharedDemo(t).URL, decode("nothing", 200, "x"))
	for _, op := range operations() {
		if !strings.Contains(fmt.Sprint(list.problem.Errors[0].Params["list"]), op.Name) {
			t.Errorf("%s is not listed: %s", op.Name, list.body)
		}
	}
}

// TestTheDocumentedReplyDecodes pastes the example of the document, as a reader of Swagger UI does first.
func TestTheDocumentedReplyDecodes(t *testing.T) {
	document := leaves(t, look(t, sharedDemo(t).URL, "/openapi.json", aProgram).body)
	const at = "/paths/~1v1~1tools~1decode/post"
	op := document[at+"/parameters/0/example"]
	for _, contentType := range []string{"text/xml", "application/xml", "application/soap+xml"} {
		example := document[at+"/requestBody/content/"+strings.ReplaceAll(contentType, "/", "~1")+"/example"]
		c := decode(op, 200, example)
		c.header.Set("Content-Type", contentType)
		if a := send(t, sharedDemo(t).URL, c); a.status != http.StatusCreated || example == "" {
			t.Errorf("%s: status %d: %s", contentType, a.status, a.body)
		}
	}
	for i, o := range operations() {
		if got := document[fmt.Sprintf("%s/parameters/0/schema/enum/%d", at, i)]; got != o.Name {
			t.Errorf("the document lists %q, want %s", got, o.Name)
		}
	}
}
