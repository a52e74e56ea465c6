package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"soapbridge/tests/kit"
	"soapbridge/translate/shape"
)

// want is what an answer must be.
type want struct {
	status     int // 0 for the operation's own success
	code       string
	outcome    string
	retry      string
	retryAfter string
	errors     []string // as violation.String writes them; nil for none
}

func (w want) check(t *testing.T, v variant, a answer) {
	t.Helper()
	if w.status == 0 {
		if a.status != v.Status {
			t.Errorf("status %d, want %d: %s", a.status, v.Status, a.body)
		}
		return
	}
	if a.problem == nil {
		t.Errorf("status %d, want the problem %s: %s", a.status, w.code, a.body)
		return
	}
	p := a.problem
	got := want{a.status, p.Code, p.Outcome, p.Retry, a.header.Get("Retry-After"), p.violations()}
	if got.status != w.status || got.code != w.code || got.outcome != w.outcome || got.retry != w.retry || got.retryAfter != w.retryAfter || !slices.Equal(got.errors, w.errors) {
		t.Errorf("got  %+v\nwant %+v\n%s", got, w, a.body)
	}
	if p.Instance != v.Path {
		t.Errorf("the instance is %q", p.Instance)
	}
}

// The rows of the error table.
var (
	success     = want{}
	unknown     = want{http.StatusBadGateway, "outcome-unknown", "unknown", "never", "", nil}
	timedOut    = want{http.StatusGatewayTimeout, "outcome-unknown", "unknown", "never", "", nil}
	refused     = want{http.StatusBadGateway, "upstream-refused", "rejected", "safe", "", nil}
	denied      = want{http.StatusBadGateway, "upstream-denied", "rejected", "safe", "", nil}
	unreachable = want{http.StatusServiceUnavailable, "upstream-unreachable", "not_sent", "later", "5", nil}
)

func busy(seconds string) want {
	return want{http.StatusServiceUnavailable, "upstream-busy", "rejected", "later", seconds, nil}
}

func rejected(errors ...string) want {
	return want{http.StatusUnprocessableEntity, "upstream-rejected", "rejected", "after_fix", "", errors}
}

func failed(errors ...string) want {
	return want{http.StatusBadGateway, "upstream-failed", "failed", "after_check", "", errors}
}

func unavailable(errors ...string) want {
	return want{http.StatusServiceUnavailable, "upstream-unavailable", "failed", "after_check", "", errors}
}

// bySystem says what a scenario leads to; the key "" is every system that has no key of its own.
type bySystem map[string]want

func everywhere(w want) bySystem { return bySystem{"": w} }

// plainFault is a fault of which only the class is known: one error about the whole request.
func plainFault(of func(...string) want) bySystem {
	by := bySystem{}
	for _, system := range []string{"customercare", "mds", "emersion"} {
		by[system] = of(" " + system + "-fault soap-fault")
	}
	return by
}

var expected = map[string]bySystem{
	"delay":           everywhere(success),
	"stall":           everywhere(timedOut),
	"stall-before":    everywhere(timedOut),
	"drip":            everywhere(timedOut),
	"reset-before":    everywhere(unknown),
	"reset-after":     everywhere(unknown),
	"close-before":    everywhere(unknown),
	"close-after":     everywhere(unknown),
	"truncated-reply": everywhere(unknown),
	"endless":         everywhere(unknown),

	"html-200":     everywhere(unknown),
	"html-500":     everywhere(unknown),
	"html-503":     everywhere(unknown),
	"empty-200":    everywhere(unknown),
	"empty-500":    everywhere(unknown),
	"http-400":     everywhere(refused),
	"http-401":     everywhere(denied),
	"http-403":     everywhere(denied),
	"http-404":     everywhere(refused),
	"http-405":     everywhere(refused),
	"http-413":     everywhere(refused),
	"http-415":     everywhere(refused),
	"http-429":     everywhere(busy("2")),
	"redirect-302": everywhere(unknown),
	"redirect-307": everywhere(unknown),
	"redirect-308": everywhere(unknown),

	"fault-client":                plainFault(rejected),
	"fault-server":                plainFault(failed),
	"fault-in-200":                plainFault(rejected),
	"fault-version-mismatch":      everywhere(refused),
	"fault-must-understand":       everywhere(refused),
	"fault-stack-trace":           plainFault(failed),
	"fault-echo":                  plainFault(rejected),
	"fault-action-not-recognized": everywhere(refused),
	"fault-unknown-action":        everywhere(refused),
	"fault-unable-to-read":        everywhere(rejected(" customercare-fault soap-fault")),
	"fault-unable-enum":           everywhere(rejected(" customercare-fault soap-fault")), // see blamed
	"failed-base-response":        everywhere(rejected(" customercare-2001 response-code")),
	"failed-code-only":            everywhere(rejected(" customercare-99 response-code")), // the list of success codes is configured

	"mds-validation":      everywhere(rejected(" mds-CMP1002 soap-fault", " mds-CMP1005 soap-fault")),
	"mds-validation-bare": everywhere(rejected(" mds-CMP1006 soap-fault")),
	"mds-system":          everywhere(failed(" mds-CMP9001 soap-fault")),
	"mds-security":        everywhere(denied),
	"mds-unavailable":     everywhere(unavailable(" mds-CMP9003 soap-fault")),

	"emersion-25":           numbered(25, "/accountType"),
	"emersion-26":           numbered(26, "/primaryContact/cumulusUser/userName"),
	"emersion-27":           numbered(27, "/primaryContact/cumulusUser/userName"),
	"emersion-28":           numbered(28, "/primaryContact/cumulusUser/userName"),
	"emersion-29":           numbered(29, "/primaryContact/cumulusUser/userName"),
	"emersion-30":           numbered(30, "/accountContactType/type"),
	"emersion-31":           numbered(31, "/accountContactType/type"),
	"emersion-32":           numbered(32, "/accountOrganisation/orgName"),
	"emersion-33":           numbered(33, "/accountOrganisation/orgType"),
	"emersion-34":           numbered(34, "/primaryContact/detail/title"),
	"emersion-35":           numbered(35, "/primaryContact/detail/firstName"),
	"emersion-36":           numbered(36, "/primaryContact/detail/lastName"),
	"emersion-37":           numbered(37, "/primaryContact/detail/addressLine1"),
	"emersion-38":           numbered(38, "/primaryContact/detail/suburb"),
	"emersion-39":           numbered(39, "/primaryContact/detail/state"),
	"emersion-40":           numbered(40, "/primaryContact/detail/postcode"),
	"emersion-41":           numbered(41, "/primaryContact/detail/country"),
	"emersion-42":           numbered(42, "/primaryContact/detail/emailAddress"),
	"emersion-43":           numbered(43, "/primaryContact/detail/phoneNumber"),
	"emersion-44":           numbered(44, "/primaryContact/detail/website"),
	"emersion-45":           numbered(45, "/primaryContact/cumulusUser/userName"),
	"emersion-46":           numbered(46, "/primaryContact/cumulusUser/password"),
	"emersion-page-example": numbered(27, "/primaryContact/cumulusUser/userName"),
	"emersion-unlisted":     everywhere(rejected(" emersion-validation soap-fault")),

	"wrong-soap-version":     everywhere(unknown),
	"wrong-namespace":        {"": unknown, "emersion": success}, // Emersion's reply is read by local names
	"missing-result":         {"": unknown, "mds": success},      // MDS may leave the reference out
	"duplicate-result":       everywhere(unknown),
	"deep-nesting":           everywhere(unknown),
	"huge":                   everywhere(unknown),
	"empty-body":             everywhere(unknown),
	"truncated-xml":          everywhere(unknown),
	"doctype":                everywhere(unknown),
	"processing-instruction": everywhere(unknown),
	"second-root":            everywhere(unknown),
	"gzip":                   everywhere(success),
	"gzip-bomb":              everywhere(unknown),
	"utf-16":                 everywhere(success),
	"latin-1":                everywhere(success),
	"windows-1252":           everywhere(success),
	"bom":                    everywhere(success),
}

func numbered(number int, pointer string) bySystem {
	return everywhere(rejected(fmt.Sprintf("%s emersion-%d soap-fault", pointer, number)))
}

// scenario is one entry of the sandbox's list.
type scenario struct {
	Name     string
	Token    string
	Sentence string
	Executes bool
	Systems  []string
}

// scenarios are all that the sandbox knows.
func scenarios(t *testing.T) (list []scenario) {
	t.Helper()
	sandbox, _ := sandboxURL(t)
	var answer struct{ Scenarios []scenario }
	fetch(t, sandbox+"/sandbox/scenarios", &answer)
	if len(answer.Scenarios) < 50 {
		t.Fatalf("the sandbox knows %d scenarios only", len(answer.Scenarios))
	}
	return answer.Scenarios
}

func (by bySystem) of(system string) (w want, known bool) {
	if w, known = by[system]; known {
		return w, true
	}
	w, known = by[""]
	return w, known
}

// blamed are the members that the faults of a scenario name, one for each error. An operation without such a member has the error without a place.
var blamed = map[string][]string{"fault-unable-enum": {"operationType"}, "mds-validation": {"serviceCode", "salesPersonId"}}

// pointerTo returns the JSON Pointer of a member outside arrays, empty when there is none.
func pointerTo(s *shape.Shape, member string) string {
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Name == member {
			return "/" + member
		}
		if f.Object != nil && !f.Repeated {
			if below := pointerTo(f.Object, member); below != "" {
				return "/" + f.Name + below
			}
		}
	}
	return ""
}

// slow are the scenarios that end by the proxy's timeout.
var slow = []string{"stall", "stall-before", "drip"}

// bridgeFor returns the proxy to play a scenario with: one with a short timeout where the scenario ends by it.
func bridgeFor(t *testing.T, s scenario, version string) *process {
	t.Helper()
	if !slices.Contains(slow, s.Name) {
		return bridge(t, version)
	}
	_, settings := sandboxURL(t)
	hasty := with(kit.EverySystem(map[string]string{"TIMEOUT": "2500ms", "DIAL_TIMEOUT": "2s"}), map[string]string{"CUSTOMERCARE_SOAP_VERSION": version})
	name := "hasty proxy for SOAP " + version
	return shared.get(t, name, func() (*process, error) { return launchProxy(name, with(settings, credentials(), hasty)) })
}

// played is one scenario played with one operation.
type played struct {
	variant

	reference string
	answer    answer
	err       error
}

// TestScenarios plays every scenario of the sandbox with every operation that can meet it.
func TestScenarios(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range scenarios(t) {
		seen[s.Name] = true
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if expected[s.Name] == nil {
				t.Fatal("nothing is expected of this scenario: the table lacks it")
			}
			for _, p := range playAll(t, s) {
				t.Run(p.String(), func(t *testing.T) { judgeScenario(t, s, p) })
			}
		})
	}
	for name := range expected {
		if !seen[name] {
			t.Errorf("the table knows %s, the sandbox does not", name)
		}
	}
}

// playAll sends the calls at the same time: most of them wait.
func playAll(t *testing.T, s scenario) (list []played) {
	t.Helper()
	for _, v := range variants() {
		if slices.Contains(s.Systems, v.System) {
			list = append(list, played{variant: v, reference: newReference()})
		}
	}
	token := s.Token
	if s.Name == "delay" {
		token += "=300ms"
	}
	var wait sync.WaitGroup
	for i := range list {
		p := &list[i]
		base, c := bridgeFor(t, s, p.version).URL, ask(p.Operation, p.reference, "Please: "+token)
		wait.Go(func() { p.answer, p.err = trySend(base, c) })
	}
	wait.Wait()
	if len(list) == 0 {
		t.Fatal("no system can play it")
	}
	return list
}

func judgeScenario(t *testing.T, s scenario, p played) {
	t.Helper()
	if p.err != nil {
		t.Fatal(p.err)
	}
	p.answer.judge(t)
	w, known := expected[s.Name].of(p.System)
	if !known {
		t.Fatalf("nothing is expected of it with %s", p.System)
	}
	w.errors = slices.Clone(w.errors)
	for i, member := range blamed[s.Name] {
		w.errors[i] = pointerTo(p.RequestShape, member) + w.errors[i]
	}
	w.check(t, p.variant, p.answer)

	sandbox, _ := sandboxURL(t)
	calls := executions(t, sandbox, p.Operation, p.reference)
	if len(calls) > 1 {
		t.Fatalf("executed %d times", len(calls))
	}
	if (len(calls) == 1) != s.Executes {
		t.Errorf("executed %d times, and the scenario says %v", len(calls), s.Executes)
	}
	checkConsistent(t, p.answer, len(calls))
	if p.answer.status < http.StatusBadRequest && len(calls) == 1 {
		checkReply(t, s, p, calls[0])
	}
	if number, found := strings.CutPrefix(s.Sentence, "the Validation Error "); found && p.answer.problem != nil && s.Name != "emersion-page-example" {
		if got := p.answer.problem.Errors[0].Detail; got != number {
			t.Errorf("the vendor's sentence %q became %q", number, got)
		}
	}
}

// checkConsistent compares the outcome in an answer with what the sandbox did.
func checkConsistent(t *testing.T, a answer, executed int) {
	t.Helper()
	switch {
	case a.problem == nil && executed != 1:
		t.Errorf("status %d and %d executions", a.status, executed)
	case a.problem == nil:
	case (a.problem.Outcome == "not_sent" || a.problem.Outcome == "rejected") && executed != 0:
		t.Errorf("outcome %s and %d executions", a.problem.Outcome, executed)
	}
}

// remarks are what the scenarios of character sets put into the description of a result.
var remarks = map[string]string{"utf-16": "Réussi – 5 € 😀", "latin-1": "Réussi", "windows-1252": "Réussi – 5 €"}

// checkReply compares a success with the reply that the sandbox sent.
func checkReply(t *testing.T, s scenario, p played, done executed) {
	t.Helper()
	var body struct {
		AccountID         string
		ExternalReference *string
		BaseResponse      struct{ ResponseCode, ResponseDescription string }
	}
	if err := json.Unmarshal([]byte(p.answer.body), &body); err != nil {
		t.Fatalf("%v: %s", err, p.answer.body)
	}
	switch p.System {
	case "customercare":
		description := "Success"
		if remark, special := remarks[s.Name]; special {
			description = remark
		}
		if body.BaseResponse.ResponseCode != "0" || body.BaseResponse.ResponseDescription != description {
			t.Errorf("the reply became %s", p.answer.body)
		}
	case "mds":
		if there := body.ExternalReference != nil; there == (s.Name == "missing-result") || there && *body.ExternalReference != done.ExternalReference {
			t.Errorf("the reply became %s, the reference is %s", p.answer.body, done.ExternalReference)
		}
	default:
		if body.AccountID != done.AccountID || done.AccountID == "" {
			t.Errorf("the reply became %s, the account is %s", p.answer.body, done.AccountID)
		}
	}
}
