package e2e

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

// key32 is a key made of one letter, as the settings take it.
func key32(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// otherKeys are settings under which the records in a store would not be found, or not be read.
var otherKeys = map[string]string{"NAME_KEY": key32("n"), "SECRET_KEYS": "k1:" + key32("s")}

// TestOtherKeysAreRefusedAtTheStart: with another name key every key that was used would be new, and executed again.
func TestOtherKeysAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	redis, records := withRedis(t)
	op, key, reference := operation(t, "CreateCallLog"), newKey(), newReference()
	c := keyed(ask(op, reference, ""), key)
	p := proxy(t, with(settings, credentials(), records))
	first := send(t, p.URL, c)
	success.check(t, variant{op, "1.1"}, first)
	for setting, value := range otherKeys {
		changed := with(settings, credentials(), records, map[string]string{"LISTEN": "127.0.0.1:0", setting: value})
		for _, args := range [][]string{{"serve"}, {"config", "check"}} {
			got := command(t, changed, args...)
			want := map[string]int{"serve": exitUsage, "config": exitFailed}[args[0]]
			if got.code != want || !strings.Contains(got.stdout+got.stderr, "SOAPBRIDGE_"+setting+": ") || !strings.Contains(got.stdout+got.stderr, "restore that key") {
				t.Errorf("%v with another %s: exit code %d: %s%s", args, setting, got.code, got.stdout, got.stderr)
			}
		}
		if got := variablesIn(command(t, changed, "serve").stderr); !slices.Equal(got, []string{setting}) {
			t.Errorf("with another %s, the error names %v", setting, got)
		}
	}
	rotated := with(settings, credentials(), records, map[string]string{"SECRET_KEYS": "k2:" + key32("s") + "," + records["SECRET_KEYS"]})
	if a := send(t, proxy(t, rotated).URL, c); a.body != first.body || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("with a new key in front: status %d: %s", a.status, a.body)
	}
	if n := len(executions(t, sandbox, op, reference)); n != 1 {
		t.Errorf("executed %d times", n)
	}
	redis.Do("FLUSHALL") // knowingly
	emptied := proxy(t, with(settings, credentials(), records, otherKeys))
	success.check(t, variant{op, "1.1"}, send(t, emptied.URL, c))
}

// TestOtherKeysAreRefusedByTheFirstClaim, where Redis was not there at the start.
func TestOtherKeysAreRefusedByTheFirstClaim(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	redis, records := withRedis(t)
	op, reference := operation(t, "CreateCallLog"), newReference()
	v, c := variant{op, "1.1"}, keyed(ask(op, reference, ""), newKey())
	success.check(t, v, send(t, proxy(t, with(settings, credentials(), records)).URL, c))
	redis.Stop()
	p := proxy(t, with(settings, credentials(), records, map[string]string{"NAME_KEY": otherKeys["NAME_KEY"]}))
	if said := p.saysOfStore(t); !strings.Contains(said, "cannot be used") {
		t.Errorf("at the start: %s", said)
	}
	redis.Restart()
	p.refusesWithAlert(t, v, c, "another name key")
	if n := len(executions(t, sandbox, op, reference)); n != 1 {
		t.Errorf("executed %d times", n)
	}
}

// saysOfStore waits for what a proxy logs of its store at the start.
func (p *process) saysOfStore(t *testing.T) string {
	t.Helper()
	said, err := p.Await("word about the store", func() string {
		for line := range strings.Lines(p.Stderr.String()) {
			if strings.Contains(line, "the store of idempotency records") && strings.HasSuffix(line, "\n") {
				return line
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// refusesWithAlert checks that a claim is refused, with an alert.
func (p *process) refusesWithAlert(t *testing.T, v variant, c call, cause string) {
	t.Helper()
	awaitReadiness(t, p, http.StatusServiceUnavailable)
	var a answer
	for deadline := time.Now().Add(kit.Patience); ; time.Sleep(50 * time.Millisecond) {
		a = send(t, p.URL, c)
		storeDown.check(t, v, a)
		line := p.logLine(t, a.header.Get("X-Request-Id"))
		text, _ := line["cause"].(string)
		if line["alert"] == true && strings.Contains(text, cause) {
			return
		}
		if time.Now().After(deadline) { // until then, Redis may still be on its way
			t.Fatalf("there is no alert: %v", line)
		}
	}
}

// TestRedisThatLostItsData: only a person may let keys that were used be executed again.
func TestRedisThatLostItsData(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	redis, records := withRedis(t, "--appendonly", "no")
	op, reference := operation(t, "CreateCallLog"), newReference()
	v, c := variant{op, "1.1"}, keyed(ask(op, reference, ""), newKey())
	all := with(settings, credentials(), records)
	p, idle := proxy(t, all), proxy(t, all)
	success.check(t, v, send(t, p.URL, c))
	awaitReadiness(t, idle, http.StatusOK)
	redis.Restart()
	for range 2 {
		p.refusesWithAlert(t, v, c, "lost its records")
		idle.refusesWithAlert(t, v, c, "lost its records")
		p.refusesWithAlert(t, v, keyed(ask(op, reference, ""), newKey()), "lost its records")
	}
	if n := len(executions(t, sandbox, op, reference)); n != 1 {
		t.Errorf("executed %d times", n)
	}
	restarted := proxy(t, all)
	awaitReadiness(t, restarted, http.StatusOK)
	success.check(t, v, send(t, restarted.URL, c))
	p.refusesWithAlert(t, v, c, "lost its records")
}

// restricted makes a user of Redis who may do everything but what is forbidden.
func restricted(redis *redistest.Server, records map[string]string, forbidden ...any) map[string]string {
	redis.Do(append([]any{"ACL", "SETUSER", "bridge", "reset", "on", ">" + "bridgepass", "~sb:*", "+@all"}, forbidden...)...)
	return with(records, map[string]string{"REDIS_URL": "redis://bridge:bridgepass@" + redis.Addr()})
}

// TestConfigCheckAndServeSayWhatIsWrongWithRedis before any call does.
func TestConfigCheckAndServeSayWhatIsWrongWithRedis(t *testing.T) {
	_, settings := sandboxURL(t)
	redis, records := withRedis(t)
	for _, row := range []struct {
		name    string
		records func() map[string]string
		says    string // a pattern; in the log of serve it is the cause
		fails   bool
		ready   string
	}{
		{"all is well", func() map[string]string { return records }, "ready", false, readiness("ready", "ok", false)},
		{"no INFO", func() map[string]string { return restricted(redis, records, "-info", "-config") }, "policy.*unverified", false, readiness("ready", "ok", false, `"policy":"unverified",`)},
		{"no scripts", func() map[string]string { return restricted(redis, records, "-@scripting") }, "commands.* cannot run: .*permission", true, readiness("not ready", "unusable", false)},
		{"a wrong password", func() map[string]string {
			return with(restricted(redis, records), map[string]string{"REDIS_URL": "redis://bridge:wrong@" + redis.Addr()})
		}, "WRONGPASS", true, readiness("not ready", "unusable", false)},
		{"a policy that evicts", func() map[string]string {
			redis.ConfigSet("maxmemory-policy", "allkeys-lru")
			return records
		}, "set maxmemory-policy noeviction", true, readiness("not ready", "unusable", false)},
		{"no server", func() map[string]string {
			redis.Stop()
			return records
		}, "connection refused", true, readiness("not ready", "unusable", false)},
	} {
		t.Run(row.name, func(t *testing.T) {
			all := with(settings, credentials(), row.records())
			got := command(t, all, "config", "check")
			if !regexp.MustCompile(`(?m)^redis +.*`+row.says).MatchString(got.stdout) || (got.code == exitFailed) != row.fails || strings.Contains(got.stdout, "bridgepass") {
				t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
			}
			start := time.Now()
			p := proxy(t, all)
			if row.says != "ready" {
				if said := p.saysOfStore(t); !regexp.MustCompile(row.says).MatchString(said) {
					t.Errorf("the log says %s", said)
				}
			}
			if took := time.Since(start); took > 5*time.Second { // a second is promised; the machine may be busy
				t.Errorf("said after %v", took)
			}
			if a, err := trySend(p.URL, call{method: http.MethodGet, path: "/readyz"}); err != nil || a.body != row.ready || a.undocumented != nil {
				t.Errorf("/readyz says %s, %v, %v", a.body, err, a.undocumented)
			}
		})
	}
}
