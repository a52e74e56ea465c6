package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestExamples sends every operation's own example, as the demo prints it: nothing is added, and the proxy fills in what it knows.
func TestExamples(t *testing.T) {
	sandbox, _ := sandboxURL(t)
	for _, v := range variants() {
		t.Run(v.String(), func(t *testing.T) {
			p := bridge(t, v.version)
			o, reference := example(v.Operation), ""
			if v.System == "emersion" { // the one system that the operation id is not sent to
				reference = newReference()
				o = refer(v.Operation, o, reference)
			}
			a := send(t, p.URL, call{path: v.Path, body: encode(o), header: header("X-Request-Id", "example."+newReference())})
			if a.status != v.Status {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			id := a.header.Get("Operation-Id")
			if _, err := uuid.Parse(id); err != nil {
				t.Errorf("Operation-Id %q: %v", id, err)
			}
			if reference == "" {
				reference = id
			}
			calls := executions(t, sandbox, v.Operation, reference)
			if len(calls) != 1 {
				t.Fatalf("executed %d times: %+v", len(calls), calls)
			}
			done := calls[0]
			if done.Operation != v.Name || done.SOAPVersion != v.version || done.Scenario != "" {
				t.Errorf("executed as %+v", done)
			}
			switch v.System {
			case "customercare":
				if done.MessageID != id {
					t.Errorf("the message id is %q, the operation id %q", done.MessageID, id)
				}
			case "mds":
				if done.ExternalReference != id {
					t.Errorf("the external reference is %q, the operation id %q", done.ExternalReference, id)
				}
			}
			checkSuccess(t, v, a, done)
			checkUsualHeaders(t, a, "application/json; charset=utf-8", "no-store")
			line := p.logLine(t, a.header.Get("X-Request-Id"))
			if line["msg"] != "request" || line["level"] != "INFO" || line["status"] != float64(v.Status) || line["operation_id"] != id ||
				line["route"] != v.Path || line["ignored_elements"] != float64(0) {
				t.Errorf("logged as %v", line)
			}
		})
	}
}

// checkSuccess compares a success with what the sandbox says that it answered: exactly these members.
func checkSuccess(t *testing.T, v variant, a answer, done executed) {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	want := map[string]any{"operationId": a.header.Get("Operation-Id")}
	switch v.System {
	case "customercare":
		base, _ := body["baseResponse"].(map[string]any)
		instant, _ := base["messageDateTime"].(string)
		if _, err := time.Parse(time.RFC3339, instant); err != nil {
			t.Errorf("messageDateTime: %v", err)
		}
		want["baseResponse"] = map[string]any{"messageDateTime": instant, "responseCode": "0", "responseDescription": "Success"}
		if v.Name == "UpdateCustomerPIN" {
			want["sevCode"] = map[string]any{"code": "I", "description": "Information"}
			want["explanationCode"] = map[string]any{"code": "0", "description": "Success"}
		}
	case "mds":
		want["externalReference"] = done.ExternalReference
	default:
		want["accountId"] = done.AccountID
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("the body differs from the reply:\n%s", diff)
	}
}

func checkUsualHeaders(t *testing.T, a answer, contentType, cacheControl string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": contentType, "Cache-Control": cacheControl, "X-Content-Type-Options": "nosniff", "Content-Length": strconv.Itoa(len(a.body)),
		"Server": "", "X-Powered-By": "", "Retry-After": "", "Access-Control-Allow-Origin": "", "Set-Cookie": "", "Connection": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestCredentialsInTheEnvelope looks at the header of what was sent.
func TestCredentialsInTheEnvelope(t *testing.T) {
	sandbox, settings := sandboxURL(t)
	bare := proxy(t, settings)
	plain := func(p *process, name string) string {
		op := operation(t, name)
		reference := newReference()
		a := send(t, p.URL, call{path: op.Path, body: encode(refer(op, example(op), reference))})
		if a.status >= http.StatusBadRequest {
			return a.body
		}
		calls := executions(t, sandbox, op, reference)
		if len(calls) != 1 {
			t.Fatalf("executed %d times", len(calls))
		}
		return get(t, fmt.Sprintf("%s/sandbox/calls/%d/envelope", sandbox, calls[0].Number))
	}
	const direct, originating = `<ID>dtok-9f31-XQ&amp;&lt;</ID>`, `<ID>` + secretOriginating + `</ID>`
	for version, p := range map[string]*process{"1.1": bridge(t, "1.1"), "1.2": bridge(t, "1.2")} {
		for _, name := range []string{"CreateWorkFlowManager", "CreateCallLog", "UpdateCustomerPIN"} {
			envelope := plain(p, name)
			if !regexp.MustCompile(`<DirectUserNameToken><BinarySecurityToken>` + regexp.QuoteMeta(direct) + `.*<OriginatingUserNameToken><BinarySecurityToken>` +
				originating + `.*<Created>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ</Created>`).MatchString(envelope) {
				t.Errorf("%s in SOAP %s: the credentials are not there: %s", name, version, envelope)
			}
			if !strings.Contains(envelope, "<UserId>e2e</UserId>") {
				t.Errorf("%s in SOAP %s: the configured user is not there: %s", name, version, envelope)
			}
		}
	}
	onlyDirect := proxy(t, with(settings, map[string]string{"CUSTOMERCARE_DIRECT_TOKEN": secretDirect}))
	if envelope := plain(onlyDirect, "UpdateCustomerPIN"); !strings.Contains(envelope, direct) || strings.Contains(envelope, "Originating") || strings.Contains(envelope, "UserId") {
		t.Errorf("without an originating token and a user: %s", envelope)
	}
	// The sandbox insists on a direct token, which the page shows on every request: without one the answer is its fault.
	if fault := plain(bare, "UpdateCustomerPIN"); !strings.Contains(fault, "upstream-rejected") {
		t.Errorf("without a direct token: %s", fault)
	}
	if envelope := plain(bridge(t, "1.1"), "CreateComplexAccount"); !strings.Contains(envelope, ">wsg<") || !strings.Contains(envelope, ">"+secretWSSE+"<") {
		t.Errorf("the UsernameToken is not there: %s", envelope)
	}
	for _, name := range []string{"CreateComplexAccount", "CreateService"} {
		if envelope := plain(bare, name); strings.Contains(envelope, "Security") {
			t.Errorf("%s without credentials: %s", name, envelope)
		}
	}
}
