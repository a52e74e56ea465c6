package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "soapbridge/api/edge"
	"soapbridge/tests/kit"
)

var update = flag.Bool("update", false, "write the examples of problems again")

// exampleFolder holds an example of each problem, which the OpenAPI document and the pages show. Each is what the program answers.
var exampleFolder = filepath.Join("..", "..", "openapi", "examples")

// The ids of the examples: the one of the call is sent with it, the one of the operation is put in place of a random one.
const (
	exampleRequestID   = "019aa7e5-4c1b-7d0a-9f6e-2b1c3d4e5f60"
	exampleOperationID = "0b0f1f4e-3d5c-8a3e-9d2f-6a1b2c3d4e5f"
)

// manyMistakes breaks one rule of each kind; docs/errors.md shows the same request.
const manyMistakes = `{"accountType": "Reseller",
	"primaryContact": {
		"detail": {"title": "Ms", "firstName": "Jane\u0007", "lastName": "Doe", "addressLine1": "1 Main St", "suburb": "Melbourne", "state": "VIC",
			"postcode": "3000", "country": "Australia", "emailAddress": "jane@example.com.au", "phoneNumber": "+61 3 9000 0000"},
		"cumulusUser": {"userName": "jane", "password": "short", "password": "longer"}},
	"accountcontacttype": {"type": "Individual"}}`

// provocation is how a problem is made to happen.
type provocation struct {
	name    string // of the file
	provoke func(t *testing.T) answer
}

// refusedWith changes a call of an operation so that the shared proxy refuses it.
func refusedWith(name string, change func(*call)) func(t *testing.T) answer {
	return func(t *testing.T) answer {
		t.Helper()
		c := ask(operation(t, name), newReference(), "")
		change(&c)
		return send(t, bridge(t, "1.1").URL, identified(c))
	}
}

// inScenario is the answer to a call that asks the sandbox for a scenario.
func inScenario(name, scenarioName string) func(t *testing.T) answer {
	return func(t *testing.T) answer {
		t.Helper()
		p := bridgeFor(t, scenario{Name: scenarioName}, "1.1")
		return send(t, p.URL, identified(ask(operation(t, name), newReference(), "sandbox:"+scenarioName)))
	}
}

// identified puts the id of the examples on a call.
func identified(c call) call {
	c.header = c.header.Clone()
	if c.header == nil {
		c.header = http.Header{}
	}
	c.header.Set("X-Request-Id", exampleRequestID)
	return c
}

// provocations reach every row of the error table but those of notReached.
func provocations() []provocation {
	return []provocation{
		{"bad-parameter", refusedWith("CreateCallLog", func(c *call) { *c = looking(*c, "1.3") })},
		{"idempotency-key-malformed", refusedWith("CreateCallLog", setHeader("Idempotency-Key", "tooshort"))},
		{"idempotency-key-missing", refusedWith("CreateCallLog", dropHeader("Idempotency-Key"))},
		{"malformed-json", refusedWith("CreateCallLog", func(c *call) { c.body = c.body[:len(c.body)/2] })},
		{"method-not-allowed", refusedWith("CreateCallLog", method(http.MethodPut))},
		{"not-found", refusedWith("CreateCallLog", func(c *call) { c.path += "/" })},
		{"payload-too-large", refusedWith("CreateCallLog", func(c *call) { c.body = padded(c.body, maxBody+1) })},
		{"unsupported-media-type", refusedWith("CreateCallLog", setHeader("Content-Type", "text/xml"))},
		{"validation-failed", refusedWith("CreateComplexAccount", setBody(manyMistakes))},
		{"unauthenticated", asCaller("unknown.wrong")},
		{"forbidden", asCaller("operator")},
		{"host-not-allowed", atTheEdge("CreateCallLog", setHeader("Host", "rebind.evil.example"))},
		{"origin-not-allowed", atTheEdge("CreateCallLog", setHeader("Origin", "https://evil.example"))},
		{"not-configured", atTheEdge("CreateComplexAccount", func(*call) {})},
		{"in-flight", whileRunning},
		{"key-reused", reusedKey},
		{"not-unknown", settledDone},
		{"settled", settledWithoutResult},
		{"idempotency-store-unavailable", withoutStore},
		{"issuer-unavailable", withoutIssuer},
		{"overloaded", withoutTurn},
		{"too-many-requests", overTheLimit},
		{"upstream-unreachable", withoutVendor},
		{"upstream-rejected", inScenario("CreateComplexAccount", "emersion-29")},
		{"upstream-failed", inScenario("CreateService", "mds-system")},
		{"upstream-unavailable", inScenario("CreateService", "mds-unavailable")},
		{"upstream-denied", inScenario("UpdateCustomerPIN", "http-401")},
		{"upstream-refused", inScenario("UpdateCustomerPIN", "fault-action-not-recognized")},
		{"upstream-busy", inScenario("UpdateCustomerPIN", "http-429")},
		{"outcome-unknown", inScenario("CreateWorkFlowManager", "reset-after")},
		{"outcome-unknown-504", inScenario("CreateWorkFlowManager", "stall")},
	}
}

func atTheEdge(name string, change func(*call)) func(t *testing.T) answer {
	return func(t *testing.T) answer {
		t.Helper()
		c := ask(operation(t, name), newReference(), "")
		change(&c)
		return send(t, edge(t).URL, identified(c))
	}
}

// asCaller calls a proxy with one caller, the operator, who may do nothing but settle.
func asCaller(apiKeyOf string) func(t *testing.T) answer {
	return func(t *testing.T) answer {
		t.Helper()
		_, settings := sandboxURL(t)
		apiKey := apiKeyOf
		key, line := kit.NewKey(t, "operator", "admin")
		if apiKey == "operator" {
			apiKey = key
		}
		p := proxy(t, with(settings, credentials(), map[string]string{"API_KEYS": line}))
		return send(t, p.URL, identified(keyed(ask(operation(t, "CreateCallLog"), newReference(), ""), newKey(), apiKey)))
	}
}

// whileRunning repeats a call that the vendor has not answered yet.
func whileRunning(t *testing.T) answer {
	t.Helper()
	c := keyed(ask(operation(t, "CreateCallLog"), newReference(), "raw:example-in-flight#0"), newKey())
	return besideRunning(t, "example-in-flight", rawBridge(t, "1.1"), c, c)
}

// withoutTurn calls a vendor's service that is busy with as many calls as it may have.
func withoutTurn(t *testing.T) answer {
	t.Helper()
	op := operation(t, "CreateCallLog")
	p := proxy(t, with(toVendor(scripted.address(t)), credentials(), kit.EverySystem(map[string]string{"MAX_IN_FLIGHT": "1", "QUEUE": "0"})))
	a := besideRunning(t, "example-overloaded", p, ask(op, newReference(), "raw:example-overloaded#0"), ask(op, newReference(), ""))
	overloaded.check(t, variant{op, "1.1"}, a)
	return a
}

// overTheLimit changes the PIN of an account a second time within the hour.
func overTheLimit(t *testing.T) answer {
	t.Helper()
	_, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials(), map[string]string{"PIN_RATE_LIMIT": "1/h"}))
	op := operation(t, "UpdateCustomerPIN")
	if first := send(t, p.URL, ask(op, newReference(), "")); first.status != http.StatusOK {
		t.Fatalf("%d %s", first.status, first.body)
	}
	a := send(t, p.URL, identified(ask(op, newReference(), "")))
	tooMany.check(t, variant{op, "1.1"}, a)
	return a
}

// besideRunning makes a call while the vendor, by a script of this name, does not answer the first one.
func besideRunning(t *testing.T, script string, p *process, running, beside call) answer {
	t.Helper()
	arrived, goOn := make(chan struct{}), make(chan struct{})
	scripted.play(t, script, func(conn net.Conn, r received) {
		close(arrived)
		<-goOn
		ok(http.StatusOK)(conn, r)
	})
	first := make(chan error, 1)
	go func() {
		_, err := trySend(p.URL, running)
		first <- err
	}()
	await(t, arrived)
	a := send(t, p.URL, identified(beside))
	close(goOn)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	return a
}

func reusedKey(t *testing.T) answer {
	t.Helper()
	op, key := operation(t, "CreateCallLog"), newKey()
	success.check(t, variant{op, "1.1"}, send(t, bridge(t, "1.1").URL, keyed(ask(op, newReference(), ""), key)))
	return send(t, bridge(t, "1.1").URL, identified(keyed(ask(op, newReference(), ""), key)))
}

// settledDone settles an operation whose outcome is known.
func settledDone(t *testing.T) answer {
	t.Helper()
	done := send(t, bridge(t, "1.1").URL, ask(operation(t, "CreateCallLog"), newReference(), ""))
	return send(t, bridge(t, "1.1").URL, identified(bridge(t, "1.1").settle(t, done.header.Get("Operation-Id"), `"executed": true`)))
}

// settledWithoutResult repeats a call that an operator found executed.
func settledWithoutResult(t *testing.T) answer {
	t.Helper()
	p, c := bridge(t, "1.1"), keyed(ask(operation(t, "CreateCallLog"), newReference(), "sandbox:reset-after"), newKey())
	id := send(t, p.URL, c).header.Get("Operation-Id")
	if a := send(t, p.URL, p.settle(t, id, `"executed": true`)); a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	return send(t, p.URL, identified(c))
}

func withoutStore(t *testing.T) answer {
	t.Helper()
	_, settings := sandboxURL(t)
	redis, records := withRedis(t)
	p := proxy(t, with(settings, credentials(), records))
	redis.Stop()
	return send(t, p.URL, identified(ask(operation(t, "CreateCallLog"), newReference(), "")))
}

func withoutIssuer(t *testing.T) answer {
	t.Helper()
	_, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials(), jwtSettings("http://"+closedPort(t)+"/keys")))
	return send(t, p.URL, identified(keyed(ask(operation(t, "CreateCallLog"), newReference(), ""), newKey(), newSigner(t).token(t, "jane", "", nil))))
}

func withoutVendor(t *testing.T) answer {
	t.Helper()
	p := proxy(t, with(toVendor(closedPort(t)), credentials()))
	return send(t, p.URL, identified(ask(operation(t, "CreateCallLog"), newReference(), "")))
}

// TestExamplesOfProblems makes every problem happen and compares the answer with the example that the documents show, byte for byte.
func TestExamplesOfProblems(t *testing.T) {
	t.Parallel()
	for _, e := range provocations() {
		t.Run(e.name, func(t *testing.T) {
			a := e.provoke(t)
			if a.problem == nil || a.problem.Code != strings.TrimSuffix(e.name, "-504") {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			compareExample(t, e.name, exampleOf(t, a))
		})
	}
}

// exampleOf is an answer's body with the ids of the examples, indented.
func exampleOf(t *testing.T, a answer) string {
	t.Helper()
	body := a.body
	for _, id := range []string{a.problem.OperationID, strings.TrimSuffix(strings.TrimPrefix(a.problem.Instance, "/v1/operations/"), "/resolution")} {
		if len(id) == len(exampleOperationID) {
			body = strings.ReplaceAll(body, id, exampleOperationID)
		}
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

func compareExample(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(exampleFolder, name+".json")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./tests/e2e -run TestExamplesOfProblems -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the program answers something else; go test ./tests/e2e -run TestExamplesOfProblems -update writes it (-example +answer):\n%s", diff)
	}
}

// TestEveryProblemHasAnExample compares the files with the error table. Those that no request can provoke are written by hand: here they
// are compared with their row of the table.
func TestEveryProblemHasAnExample(t *testing.T) {
	want := []string{"outcome-unknown-504.json"}
	for _, row := range api.Problems() {
		want = append(want, row.Code+".json")
		reason, byHand := notReached[row.Code]
		provoked := slices.ContainsFunc(provocations(), func(e provocation) bool { return e.name == row.Code })
		if byHand == provoked {
			t.Errorf("%s is provoked: %v; it is written by hand: %v %s", row.Code, provoked, byHand, reason)
		}
		if !byHand {
			continue
		}
		text, err := os.ReadFile(filepath.Join(exampleFolder, row.Code+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var got problem
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		wrong := answer{status: row.Status, header: header("X-Request-Id", got.RequestID, "Operation-Id", got.OperationID), problem: &got}.wrongs()
		if got.Title != row.Title || got.Detail != row.Detail || got.Code != row.Code || got.Retry != row.Retry {
			t.Errorf("the example written by hand is not the row of the table: %+v, %+v", got, row)
		}
		for _, sentence := range wrong {
			t.Errorf("%s: %s", row.Code, sentence)
		}
	}
	files, err := os.ReadDir(exampleFolder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Name())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the examples are not those of the error table (-want +got):\n%s", diff)
	}
}
