package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"soapbridge/tests/kit"
	"soapbridge/translate"
)

// previewDocument is the answer to a preview in JSON, every member of it: decoding is strict.
type previewDocument struct {
	Operation   string            `json:"operation"`
	SOAPVersion string            `json:"soapVersion"`
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	Headers     []previewHeader   `json:"headers"`
	Envelope    string            `json:"envelope"`
	Namespaces  map[string]string `json:"namespaces"`
	Fields      []previewField    `json:"fields"`
}

type previewHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type previewField struct {
	Pointer  string `json:"pointer"`
	XPath    string `json:"xpath"`
	FilledIn bool   `json:"filledIn"`
}

// looking makes a call a preview of it.
func looking(c call, version string) call {
	c.path += previewSuffix + "?soap=" + version
	return c
}

// previewSuffix is behind the path of an operation where it is previewed.
const previewSuffix = "/preview"

// previewVariant is an operation at the path of its previews.
func previewVariant(op translate.Operation) variant {
	op.Path += previewSuffix
	return variant{op, "1.1"}
}

// previewOf reads a preview, and judges what holds for every one.
func previewOf(t *testing.T, v variant, a answer) (d previewDocument) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil || a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("status %d, %v, %v: %s", a.status, a.header, err, a.body)
	}
	if d.Operation != v.Name || d.SOAPVersion != v.version || d.Method != http.MethodPost || len(d.Fields) == 0 {
		t.Errorf("%+v is not a preview of %s", d, v)
	}
	if d.Namespaces["soap"] != map[string]string{"1.1": ns11, "1.2": ns12}[v.version] || !strings.Contains(d.Envelope, d.Namespaces["soap"]) {
		t.Errorf("the namespaces are %v", d.Namespaces)
	}
	for _, header := range []string{"Operation-Id", "Location", "Idempotent-Replayed", "Idempotency-Stored", "Retry-After"} {
		if a.header.Get(header) != "" {
			t.Errorf("%s is %q", header, a.header.Get(header))
		}
	}
	return d
}

var instants = regexp.MustCompile(`>20\d\d-\d\d-\d\dT[0-9:.]+Z<`)

// withoutSecrets writes asterisks over what was planted into an envelope, and takes the time of the call away.
func withoutSecrets(envelope string) string {
	for _, secret := range []string{
		secretPIN, secretAccessCode, secretSSN, secretLicence, secretPassword, strings.ReplaceAll(secretIdentifier, " ", ""),
		"dtok-9f31-XQ&amp;&lt;", secretOriginating, secretWSSE,
	} {
		envelope = strings.ReplaceAll(envelope, ">"+secret+"<", ">***<")
	}
	return instants.ReplaceAllString(envelope, ">now<")
}

// TestPreviewIsWhatIsSent looks first and sends then, with the same key: what arrives is what was shown, but for the secrets.
func TestPreviewIsWhatIsSent(t *testing.T) {
	scripted.play(t, "preview", ok(http.StatusOK))
	for _, v := range variants() {
		t.Run(v.String(), func(t *testing.T) {
			number := strconv.FormatInt(references.Add(1), 10)
			p := rawBridge(t, v.version)
			c := keyed(call{path: v.Path, body: encode(say(v.Operation, full(v.Operation), "raw:preview#"+number))}, newKey())
			look := send(t, p.URL, looking(c, v.version))
			shown := previewOf(t, v, look)
			if n := len(scripted.got(number)); n != 0 {
				t.Fatalf("a look was sent %d times", n)
			}
			sent := send(t, p.URL, c)
			got := scripted.got(number)
			if len(got) != 1 || sent.header.Get("Idempotent-Replayed") != "" {
				t.Fatalf("sent %d times after a look: %v", len(got), sent.header)
			}
			if diff := cmp.Diff(withoutSecrets(got[0].body), instants.ReplaceAllString(shown.Envelope, ">now<")); diff != "" {
				t.Errorf("(-sent +shown)\n%s", diff)
			}
			if !strings.Contains(shown.Envelope, "***") && v.System != "mds" {
				t.Errorf("nothing is masked: %s", shown.Envelope)
			}
			checkShownHead(t, shown, got[0])
			if line := p.logLine(t, look.header.Get("X-Request-Id")); line["route"] != v.Path+previewSuffix || line["upstream_ms"] != nil {
				t.Errorf("logged as %v", line)
			}
		})
	}
}

// checkShownHead compares the URL and the headers with those that arrived.
func checkShownHead(t *testing.T, shown previewDocument, r received) {
	t.Helper()
	u, err := url.Parse(shown.URL)
	if err != nil {
		t.Fatal(err)
	}
	line := "POST " + strings.Replace(u.RequestURI(), "?***", "?a=b", 1) + " HTTP/1.1" // only MDS has a query
	if r.line != line || "http://"+u.Host != "http://"+scripted.listener.Addr().String() {
		t.Errorf("shown %s, sent %s", shown.URL, r.line)
	}
	want, got := map[string]string{"Host": u.Host, "Content-Length": strconv.Itoa(len(shown.Envelope))}, map[string]string{}
	for name := range r.header {
		switch value := r.header.Get(name); name {
		case "Authorization":
			want[name] = "Basic ***"
		case "Content-Length":
		default:
			want[name] = value
		}
	}
	for _, h := range shown.Headers {
		got[http.CanonicalHeaderKey(h.Name)] = h.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-sent +shown)\n%s", diff)
	}
}

// TestPreviewNeedsNoKeyAndBurnsNone: a preview neither reads nor writes the store.
func TestPreviewNeedsNoKeyAndBurnsNone(t *testing.T) {
	sandbox, settings := sandboxURL(t)
	redis, records := withRedis(t)
	p := proxy(t, with(settings, credentials(), records, map[string]string{"METRICS_LISTEN": "127.0.0.1:0"}))
	metrics := p.Metrics
	op := operation(t, "CreateCallLog")
	v, key := variant{op, "1.1"}, newKey()
	reference := newReference()
	c := keyed(ask(op, reference, ""), key)
	nameless := call{path: op.Path, header: without("Idempotency-Key"), body: op.Example}

	without := send(t, p.URL, looking(nameless, "1.2"))
	if d := previewOf(t, variant{op, "1.2"}, without); !strings.Contains(d.Envelope, ">"+uuid.Nil.String()+"<") {
		t.Errorf("without a key the operation is another: %s", d.Envelope)
	}
	named := previewOf(t, variant{op, "1.2"}, send(t, p.URL, looking(keyed(nameless, key), "1.2")))
	look := func(c call) answer {
		t.Helper()
		a := send(t, p.URL, looking(c, "1.1"))
		previewOf(t, v, a)
		return a
	}
	look(c)
	look(keyed(ask(op, newReference(), ""), key)) // of another payload
	look(keyed(ask(op, newReference(), ""), "short"))
	if keys, _ := redis.Do("KEYS", "*").([]any); len(keys) != 0 {
		t.Fatalf("looking left %v", keys)
	}
	if text := get(t, metrics); strings.Contains(text, `soapbridge_idempotency_total{result="acquired"} 1`) {
		t.Errorf("a look was counted: %s", text)
	}
	if n := len(executions(t, sandbox, op, reference)); n != 0 {
		t.Fatalf("a look was executed %d times", n)
	}
	done := send(t, p.URL, c)
	success.check(t, v, done)
	if id := done.header.Get("Operation-Id"); !strings.Contains(named.Envelope, ">"+id+"<") || done.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("executed as %v, shown as %s", done.header, named.Envelope)
	}
	look(c)
	look(keyed(ask(op, newReference(), ""), key)) // a call with it would be refused: key-reused
	if a := send(t, p.URL, c); a.body != done.body || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a look has changed the record: %v %s", a.header, a.body)
	}
	if n := len(executions(t, sandbox, op, reference)); n != 1 {
		t.Errorf("executed %d times", n)
	}
	if text := get(t, metrics); !strings.Contains(text, `soapbridge_idempotency_total{result="acquired"} 1`) || !strings.Contains(text, `{result="replayed"} 1`) {
		t.Errorf("one call and one repetition are counted as %s", text)
	}
}

func TestPreviewOfCallers(t *testing.T) {
	_, settings := sandboxURL(t)
	op := operation(t, "CreateCallLog")
	v := previewVariant(op)
	web, webLine := kit.NewKey(t, "web", "customercare:call-logs:create")
	other, otherLine := kit.NewKey(t, "other", "mds:services:create", "admin")
	p := proxy(t, with(settings, credentials(), map[string]string{"API_KEYS": webLine + "\n" + otherLine}))
	c := looking(call{path: op.Path, body: op.Example}, "1.1")
	unauthenticated.check(t, v, send(t, p.URL, keyed(c, newKey())))
	unauthenticated.check(t, v, send(t, p.URL, keyed(c, newKey(), web+"x")))
	forbidden.check(t, v, send(t, p.URL, keyed(c, newKey(), other)))
	a := send(t, p.URL, keyed(c, newKey(), web))
	if d := previewOf(t, v, a); !strings.Contains(d.Envelope, "<UserId>web</UserId>") || strings.Contains(a.body, web) {
		t.Errorf("the caller is not in %s", a.body)
	}
}
