package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

// The rows of the error table about keys, records and callers.
var (
	keyReused       = want{http.StatusUnprocessableEntity, "key-reused", "", "never", "", nil}
	overloaded      = want{http.StatusServiceUnavailable, "overloaded", "not_sent", "later", "1", nil}
	tooMany         = want{http.StatusTooManyRequests, "too-many-requests", "not_sent", "later", "3600", nil}
	storeDown       = want{http.StatusServiceUnavailable, "idempotency-store-unavailable", "not_sent", "later", "1", nil}
	settled         = want{http.StatusConflict, "settled", "executed", "never", "", nil}
	notUnknown      = want{http.StatusConflict, "not-unknown", "", "after_fix", "", nil}
	unauthenticated = want{http.StatusUnauthorized, "unauthenticated", "not_sent", "after_fix", "", nil}
	forbidden       = want{http.StatusForbidden, "forbidden", "not_sent", "after_fix", "", []string{"header:Authorization forbidden request"}}
)

// keyed puts a key, and perhaps an API key, on a call.
func keyed(c call, key string, apiKey ...string) call {
	c.header = header("Idempotency-Key", key)
	for _, k := range apiKey {
		c.header.Set("Authorization", "Bearer "+k)
	}
	return c
}

// withRedis returns the settings of a proxy whose records are in a Redis of its own.
func withRedis(t *testing.T, directives ...string) (*redistest.Server, map[string]string) {
	t.Helper()
	server := redistest.Start(t, directives...)
	return server, map[string]string{
		"REDIS_URL": "redis://" + server.Addr(), "NAME_KEY": base64.StdEncoding.EncodeToString([]byte(secretNameKey)),
		"SECRET_KEYS": "k1:" + base64.StdEncoding.EncodeToString([]byte(secretSealingKey)),
	}
}

const (
	secretNameKey    = "name-key-of-exactly-32-bytes-000"
	secretSealingKey = "seal-key-of-exactly-32-bytes-000"
)

// inBothStores runs a test against a proxy of its own with records in memory, and against one with records in Redis.
func inBothStores(t *testing.T, test func(t *testing.T, p *process, sandbox string)) {
	t.Helper()
	url, settings := sandboxURL(t)
	hasty := map[string]string{"CUSTOMERCARE_TIMEOUT": "1500ms", "CUSTOMERCARE_DIAL_TIMEOUT": "1s"}
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, proxy(t, with(settings, credentials(), hasty)), url)
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		_, redis := withRedis(t)
		test(t, proxy(t, with(settings, credentials(), hasty, redis, map[string]string{"LOG_LEVEL": "error"})), url) // the audit is written at any level
	})
}

func TestARepetitionIsAnsweredFromTheRecord(t *testing.T) {
	inBothStores(t, func(t *testing.T, p *process, sandbox string) {
		for _, v := range one(t) {
			t.Run(v.Name, func(t *testing.T) {
				key, reference := newKey(), newReference()
				c := keyed(ask(v.Operation, reference, ""), key)
				first := send(t, p.URL, c)
				success.check(t, v, first)
				for name, again := range map[string]call{
					"the same bytes":   c,
					"the quoted key":   keyed(c, `"`+key+`"`),
					"another spelling": keyed(call{path: c.path, body: " " + strings.ReplaceAll(c.body, `"`+reference, `"\u0065`+reference[1:])}, key),
				} {
					a := send(t, p.URL, again)
					if a.status != first.status || a.body != first.body || a.header.Get("Idempotent-Replayed") != "true" {
						t.Errorf("%s: status %d, %v\n%s\nwant\n%s", name, a.status, a.header, a.body, first.body)
					}
				}
				if n := len(executions(t, sandbox, v.Operation, reference)); n != 1 {
					t.Errorf("executed %d times", n)
				}
				keyReused.check(t, v, send(t, p.URL, keyed(ask(v.Operation, newReference(), ""), key)))
			})
		}
	})
}

// operationDocument is what GET /v1/operations/{operationId} says.
type operationDocument struct {
	OperationID string `json:"operationId"`
	State       string `json:"state"`
	Attempt     string `json:"attempt"`
	Settled     bool   `json:"settled"`
	Result      struct {
		Status int            `json:"status"`
		Body   map[string]any `json:"body"`
	} `json:"result"`
}

func (p *process) operation(t *testing.T, id string) (d operationDocument) {
	t.Helper()
	fetch(t, p.URL+"/v1/operations/"+id, &d)
	return d
}

// settle makes a settlement of the operation's last attempt out of its other members.
func (p *process) settle(t *testing.T, id, members string) call {
	t.Helper()
	return settlement(id, p.operation(t, id).Attempt, members)
}

func settlement(id, attempt, members string) call {
	return call{path: "/v1/operations/" + id + "/resolution", body: `{"attempt": "` + attempt + `", ` + members + `}`}
}

func TestAnUnknownOutcomeIsSettled(t *testing.T) {
	inBothStores(t, func(t *testing.T, p *process, sandbox string) {
		op := operation(t, "CreateCallLog")
		v := variant{op, "1.1"}
		for name, row := range map[string]struct {
			scenario string
			first    want
			finding  string
			after    func(t *testing.T, again answer)
			executed int
		}{
			"reset after executing, found done": {"sandbox:reset-after", unknown, `"executed": true`, func(t *testing.T, again answer) {
				t.Helper()
				settled.check(t, v, again)
			}, 1},
			"reset after executing, its result found": {"sandbox:reset-after", unknown, `"executed": true, "result": {"baseResponse": {"responseCode": "0"}}`, func(t *testing.T, again answer) {
				t.Helper()
				if want := `{"operationId":"` + again.header.Get("Operation-Id") + `","baseResponse":{"responseCode":"0"}}`; again.status != op.Status || again.body != want {
					t.Errorf("status %d: %s", again.status, again.body)
				}
			}, 1},
			"no answer in time, found not done": {"sandbox:stall-before", timedOut, `"executed": false`, func(t *testing.T, again answer) {
				t.Helper()
				timedOut.check(t, v, again) // sent again: the same scenario
			}, 0},
		} {
			t.Run(name, func(t *testing.T) {
				key, reference := newKey(), newReference()
				c := keyed(ask(op, reference, row.scenario), key)
				first := send(t, p.URL, c)
				row.first.check(t, v, first)
				id := first.header.Get("Operation-Id")
				unknown.check(t, v, send(t, p.URL, c)) // never sent again
				if d := p.operation(t, id); d.State != "unknown" || d.OperationID != id {
					t.Errorf("the record is %+v", d)
				}
				if list := get(t, p.URL+"/v1/operations?state=unknown"); !strings.Contains(list, id) {
					t.Errorf("the list lacks %s: %s", id, list)
				}
				another := send(t, p.URL, p.settle(t, id, `"executed": true, "result": {"accountId": "399301"}`))
				refused := []string{"/result/accountId unknown-member request", "/result/baseResponse/responseCode required request"}
				if another.problem == nil || another.status != http.StatusUnprocessableEntity || !slices.Equal(another.problem.violations(), refused) || p.operation(t, id).State != "unknown" {
					t.Errorf("the result of another operation was not refused: status %d: %s", another.status, another.body)
				}
				finding := p.settle(t, id, row.finding)
				for range 2 { // settling may be repeated
					if a := send(t, p.URL, finding); a.status != http.StatusOK {
						t.Fatalf("status %d: %s", a.status, a.body)
					}
				}
				audit := regexp.MustCompile(`"msg":"operation settled","audit":true,.*"operation_id":"` + id + `"`)
				if n := len(audit.FindAllString(p.Stderr.String(), -1)); n != 1 {
					t.Errorf("%d lines of the audit say that it was settled", n)
				}
				if list := get(t, p.URL+"/v1/operations?state=unknown"); strings.Contains(list, id) {
					t.Errorf("the list still has %s: %s", id, list)
				}
				row.after(t, send(t, p.URL, c))
				if strings.Contains(row.finding, "false") { // the key has another unknown attempt since, which is not settled
					if a := send(t, p.URL, finding); a.status != notUnknown.status || p.operation(t, id).State != "unknown" {
						t.Errorf("a later attempt was settled: %d %s", a.status, a.body)
					}
				}
				if n := len(executions(t, sandbox, op, reference)); n != row.executed {
					t.Errorf("executed %d times", n)
				}
			})
		}
		done := send(t, p.URL, ask(op, newReference(), ""))
		a := send(t, p.URL, p.settle(t, done.header.Get("Operation-Id"), `"executed": true`))
		if a.problem == nil || a.status != notUnknown.status || a.problem.Code != notUnknown.code {
			t.Errorf("a finished operation was settled: %d %s", a.status, a.body)
		}
	})
}

func awaitReadiness(t *testing.T, p *process, status int) {
	t.Helper()
	for deadline := time.Now().Add(kit.Patience); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(p.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode == status {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("readiness stays %d, want %d", resp.StatusCode, status)
		}
	}
}

// aReference is one of newReference; a UUID may hold its beginning.
var aReference = regexp.MustCompile(`e2e-\d{5}`)

// No planted secret is in any key, field or value of the store.
func TestStoreHoldsNoSecret(t *testing.T) {
	t.Parallel()
	_, settings := sandboxURL(t)
	redis, records := withRedis(t)
	p := proxy(t, with(settings, credentials(), records))
	for _, v := range one(t) {
		success.check(t, v, send(t, p.URL, ask(v.Operation, newReference(), "")))
		send(t, p.URL, ask(v.Operation, newReference(), "sandbox:reset-after"))
		send(t, p.URL, ask(v.Operation, newReference(), "sandbox:fault-echo"))
	}
	keys, ok := redis.Do("KEYS", "*").([]any)
	if !ok || len(keys) < 15 {
		t.Fatalf("only %d keys: %v", len(keys), keys)
	}
	for _, key := range keys {
		dump := fmt.Sprint(key)
		if redis.Do("TYPE", key) == "hash" {
			dump += fmt.Sprint(redis.Do("HGETALL", key))
		} else {
			dump += fmt.Sprint(redis.Do("ZRANGE", key, 0, -1))
		}
		for _, secret := range append(secretsIn(dump), secretNameKey, secretSealingKey) {
			if strings.Contains(dump, secret) {
				t.Errorf("%v holds the secret %s", key, secret)
			}
		}
		if aReference.MatchString(dump) {
			t.Errorf("%v holds a part of a request", key)
		}
	}
}

// TestKeysNew: a flag with an empty value, as from a script's unset variable, must not grant every operation.
func TestKeysNew(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string // in the line of the key; empty for a mistake
	}{
		"every operation":       {nil, ":create,emersion:accounts:create\n"},
		"one scope":             {[]string{"--scope", "admin"}, " admin\n"},
		"with commas":           {[]string{"--scope", "admin,mds:services:create"}, " admin,mds:services:create\n"},
		"repeated scopes":       {[]string{"--scope", "admin", "--scope", "mds:services:create,admin", "--scope=admin"}, " admin,mds:services:create\n"},
		"an empty scope":        {[]string{"--scope", ""}, ""},
		"an empty scope, again": {[]string{"--scope="}, ""},
		"one empty scope":       {[]string{"--scope", "admin", "--scope", ""}, ""},
		"a comma too many":      {[]string{"--scope", "admin,"}, ""},
		"an unknown scope":      {[]string{"--scope", "all"}, ""},
		"an empty id":           {[]string{"--id", ""}, ""},
		"the end of a day":      {[]string{"--scope", "admin", "--expires", "2999-12-31"}, " admin expires=3000-01-01T00:00:00Z\n"},
		"an instant":            {[]string{"--scope", "admin", "--expires", "2999-12-31T12:00:00+01:00"}, " admin expires=2999-12-31T11:00:00Z\n"},
		"a duration":            {[]string{"--expires", "2160h"}, " expires=20"},
		"a day that has passed": {[]string{"--expires", "2020-01-31"}, ""},
		"a negative duration":   {[]string{"--expires=-1h"}, ""},
		"an empty expiry":       {[]string{"--expires="}, ""},
	} {
		got := command(t, nil, append([]string{"keys", "new"}, c.args...)...)
		if c.says != "" {
			if got.code != 0 || !strings.Contains(got.stdout, c.says) {
				t.Errorf("%s: exit code %d: %s%s", name, got.code, got.stdout, got.stderr)
			}
			continue
		}
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, c.args[0][:len("--id")]) {
			t.Errorf("%s: exit code %d: %s%s", name, got.code, got.stdout, got.stderr)
		}
	}
}

func TestCallersByAPIKey(t *testing.T) {
	sandbox, settings := sandboxURL(t)
	op := operation(t, "CreateCallLog")
	v := variant{op, "1.1"}
	web, webLine := kit.NewKey(t, "web")
	mobile, mobileLine := kit.NewKey(t, "mobile", "customercare:call-logs:create")
	operator, operatorLine := kit.NewKey(t, "operator", "admin")
	file := filepath.Join(t.TempDir(), "keys")
	write := func(lines ...string) {
		if err := os.WriteFile(file, []byte("# callers\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(webLine, mobileLine, operatorLine)
	p := proxy(t, with(settings, credentials(), map[string]string{"API_KEYS_FILE": file}))

	key, reference := newKey(), newReference()
	c := ask(op, reference, "")
	unauthenticated.check(t, v, send(t, p.URL, keyed(c, key)))
	unauthenticated.check(t, v, send(t, p.URL, keyed(c, key, "web.wrong")))
	unauthenticated.check(t, v, send(t, p.URL, keyed(c, key, "unknown."+strings.TrimPrefix(web, "sb_web."))))
	forbidden.check(t, v, send(t, p.URL, keyed(c, key, operator)))
	first := send(t, p.URL, keyed(c, key, web))
	success.check(t, v, first)
	if a := send(t, p.URL, keyed(c, key, web)); a.body != first.body || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not replayed: %s", a.body)
	}
	// The same key of another caller is another operation.
	other := send(t, p.URL, keyed(c, key, mobile))
	success.check(t, v, other)
	if other.header.Get("Operation-Id") == first.header.Get("Operation-Id") || other.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("another caller met the first one's record: %v", other.header)
	}
	if n := len(executions(t, sandbox, op, reference)); n != 2 {
		t.Errorf("executed %d times", n)
	}
	checkOwner(t, p, first.header.Get("Operation-Id"), map[string]int{web: 200, mobile: 404, operator: 404})
	list := call{method: http.MethodGet, path: "/v1/operations?state=unknown"}
	if a := send(t, p.URL, keyed(list, newKey(), web)); a.status != http.StatusForbidden {
		t.Errorf("a caller without the scope lists: %d", a.status)
	}
	if a := send(t, p.URL, keyed(list, newKey(), operator)); a.status != http.StatusOK {
		t.Errorf("an operator cannot list: %d %s", a.status, a.body)
	}
	// A withdrawn key may do nothing, not even read its own operations.
	write(mobileLine, operatorLine)
	awaitStatus(t, http.StatusUnauthorized, func() answer { return send(t, p.URL, keyed(c, key, web)) })
	success.check(t, v, send(t, p.URL, keyed(c, key, mobile)))
}

func checkOwner(t *testing.T, p *process, id string, want map[string]int) {
	t.Helper()
	for apiKey, status := range want {
		a := send(t, p.URL, keyed(call{method: http.MethodGet, path: "/v1/operations/" + id}, newKey(), apiKey))
		if a.status != status {
			t.Errorf("%s sees the operation with status %d, want %d", apiKey[:3], a.status, status)
		}
	}
}
