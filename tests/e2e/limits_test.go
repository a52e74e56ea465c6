package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

// TestRateLimitOfTwoProxies: a caller's calls are counted over all processes, nothing is sent for those over the limit, and their keys are free. A
// second caller has a limit of its own, and keys that are done are answered.
func TestRateLimitOfTwoProxies(t *testing.T) {
	const limit = 10
	care, executed := careThatTakes(t, 0)
	redis, records := withRedis(t)
	callers := make([]string, 5)
	lines := make([]string, len(callers))
	for i := range callers {
		callers[i], lines[i] = kit.NewKey(t, fmt.Sprintf("caller-%d", i), "customercare:workflows:create")
	}
	settings := with(credentials(), records, map[string]string{
		"CUSTOMERCARE_URL": care, "RATE_LIMIT": fmt.Sprintf("%d/h", limit), "API_KEYS": strings.Join(lines, "\n"),
	})
	proxies := []*process{proxy(t, settings), proxy(t, settings)}
	op := operation(t, "CreateWorkFlowManager")
	burst := func(caller string) (done, refused []call) {
		var mu sync.Mutex
		var calls sync.WaitGroup
		for i := range 6 * limit {
			calls.Go(func() {
				c := keyed(ask(op, newReference(), ""), newKey(), caller)
				r := answerOf(t, http.DefaultClient, proxies[i%2], c)
				mu.Lock()
				defer mu.Unlock()
				switch r.StatusCode {
				case http.StatusCreated:
					done = append(done, c)
				case http.StatusTooManyRequests:
					refused = append(refused, c)
				}
				if r.Header.Get("RateLimit-Policy") != `"rate";q=10;w=3600` || r.Header.Get("RateLimit") == "" {
					t.Errorf("%s: %v", r.Status, r.Header)
				}
			})
		}
		calls.Wait()
		return done, refused
	}
	alone := func() int { // how often a proxy did not wait for Redis any longer, which happens on a busy machine
		return strings.Count(proxies[0].Stderr.String()+proxies[1].Stderr.String(), "limits alone")
	}
	other, callers := callers[0], callers[1:]
	for _, caller := range callers {
		busy, before := alone(), executed.Load()
		done, refused := burst(caller)
		if n := executed.Load() - before; int(n) != len(done) || len(done)+len(refused) != 6*limit {
			t.Fatalf("%d were done and %d refused; %d were executed", len(done), len(refused), n)
		}
		if alone() > busy {
			time.Sleep(1500 * time.Millisecond) // until Redis is asked again
			continue
		}
		// Each process may hold a call that the other one would have had.
		if n := len(done); n > limit || n < limit-2 {
			t.Errorf("%d calls were done", n)
		}
		if r := answerOf(t, http.DefaultClient, proxies[0], done[0]); r.StatusCode != http.StatusCreated || r.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("a replay: %s", r.Status)
		}
		again := refused[0]
		again.header = again.header.Clone()
		again.header.Set("Authorization", "Bearer "+other)
		if r := answerOf(t, http.DefaultClient, proxies[1], again); r.StatusCode != http.StatusCreated || r.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("a second caller: %s", r.Status)
		}
		for key := range strings.FieldsSeq(fmt.Sprint(redis.Do("KEYS", "*rate*"))) {
			if key = strings.Trim(key, "[]"); !strings.HasPrefix(key, "sb:rate:") || strings.Contains(key, "caller") {
				t.Errorf("Redis has %s", key)
			}
		}
		return
	}
	t.Fatal("this machine is too busy for Redis to answer within 300 ms")
}

// TestPINLimitIsOfTheAccount: over all callers, and whichever number says whose PIN it is. What changes nothing does not count: replays, and calls that
// another limit refuses.
func TestPINLimitIsOfTheAccount(t *testing.T) {
	_, settings := sandboxURL(t)
	redis, records := withRedis(t)
	one, oneLine := kit.NewKey(t, "one", "customercare:pin-changes:create")
	two, twoLine := kit.NewKey(t, "two", "customercare:pin-changes:create")
	p := proxy(t, with(settings, credentials(), records, map[string]string{"PIN_RATE_LIMIT": "2/h", "API_KEYS": oneLine + "\n" + twoLine}))
	op, sameKey := operation(t, "UpdateCustomerPIN"), newKey()
	const account, customer = `"accountNumber": "0123456789"`, `"customerNumber": "0000815"`
	for i, row := range []struct {
		whose, by, key string
		status         int
	}{
		{account, one, sameKey, http.StatusOK},
		{account, one, sameKey, http.StatusOK}, // a replay
		{account, one, sameKey, http.StatusOK},
		{account + "," + customer, two, "", http.StatusOK},
		{account, two, "", http.StatusTooManyRequests},
		{account, one, sameKey, http.StatusOK}, // a replay
		{`"accountNumber": " 01234\u200b567-89 "`, one, "", http.StatusTooManyRequests},
		{`"accountNumber": "０１２３４５６７８９"`, one, "", http.StatusTooManyRequests},
		{customer + "," + account, one, "", http.StatusTooManyRequests},
		{customer, one, "", http.StatusOK},
		{customer, two, "", http.StatusTooManyRequests},
		{`"accountNumber": "123456789"`, two, "", http.StatusOK},
	} {
		c := keyed(ask(op, newReference(), ""), cmp.Or(row.key, newKey()), row.by)
		c.body = `{"operationType": "UPDATE", "pin": "0042", ` + row.whose + `}`
		if a := send(t, p.URL, c); a.status != row.status {
			t.Errorf("call %d, of %s: %d %s", i+1, row.whose, a.status, a.body)
		}
	}
	if dump := fmt.Sprint(redis.Do("KEYS", "*")); strings.Contains(dump, "123456789") || strings.Contains(dump, "0000815") {
		t.Errorf("Redis shows the accounts: %s", dump)
	}
	down := proxy(t, with(credentials(), records, map[string]string{"PIN_RATE_LIMIT": "2/h", "CUSTOMERCARE_URL": "http://" + closedPort(t)}))
	for range 4 {
		c := ask(op, newReference(), "")
		c.body = `{"operationType": "UPDATE", "pin": "0042", "accountNumber": "4711"}`
		if a := send(t, down.URL, c); a.status != http.StatusServiceUnavailable {
			t.Errorf("a call that is not sent: %d %s", a.status, a.body)
		}
	}
}
