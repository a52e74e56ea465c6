package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

// TestRedisThatHangsUnderLoad stops Redis for 3 s while 500 calls a second come, each with a key of its own. Every caller is answered soon, nothing
// that was not answered with a success has been executed, and when Redis goes on no record is left in flight or unknown.
func TestRedisThatHangsUnderLoad(t *testing.T) {
	const hang, calm, pace = 3 * time.Second, time.Second, 2 * time.Millisecond
	care, executed := careThatTakes(t, 0)
	redis, records := withRedis(t)
	p := proxy(t, with(records, credentials(), map[string]string{
		"CUSTOMERCARE_URL": care, "METRICS_LISTEN": "127.0.0.1:0",
	}))
	first := keyed(ask(operation(t, "CreateWorkFlowManager"), newReference(), ""), newKey())
	if _, err := p.Await("first answer", func() string {
		a, err := trySend(p.URL, first)
		if err != nil || a.status != http.StatusCreated {
			return ""
		}
		return "ok"
	}); err != nil {
		t.Fatal(err)
	}
	executed.Store(0)
	answers := load(t, p, pace, func(during func(time.Duration)) {
		during(calm)
		redis.Pause()
		during(hang)
		redis.Continue()
		during(calm)
	})
	if answers[http.StatusCreated] < 100 || answers[http.StatusServiceUnavailable] < 100 || len(answers) != 2 {
		t.Errorf("answers by status: %v", answers)
	}
	if got := int(executed.Load()); got != answers[http.StatusCreated] {
		t.Errorf("%d calls were executed, and %d callers know of it", got, answers[http.StatusCreated])
	}
	left := func() string {
		open, unknown := listed(redis, "open"), listed(redis, "unknown")
		if open+unknown == 0 {
			return "none"
		}
		return ""
	}
	if _, err := p.Await("end of every claim", left); err != nil {
		t.Errorf("%d records are in flight, %d are unknown", listed(redis, "open"), listed(redis, "unknown"))
	}
}

// load makes calls at a pace, while a schedule lets the time pass. It returns the answers by status, and fails where one took long.
func load(t *testing.T, p *process, pace time.Duration, schedule func(during func(time.Duration))) map[int]int {
	t.Helper()
	const soon = 4 * time.Second // the promise is a second; a test machine may be busy
	answers, slowest := map[int]int{}, time.Duration(0)
	var mu sync.Mutex
	var calls sync.WaitGroup
	op := operation(t, "CreateWorkFlowManager")
	with := &http.Client{Timeout: kit.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	schedule(func(during time.Duration) {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for end := time.Now().Add(during); time.Now().Before(end); <-tick.C {
			calls.Go(func() {
				began := time.Now()
				status := answerOf(t, with, p, keyed(ask(op, newReference(), ""), newKey())).StatusCode
				mu.Lock()
				defer mu.Unlock()
				answers[status]++
				slowest = max(slowest, time.Since(began))
			})
		}
	})
	calls.Wait()
	if t.Logf("answers %v, the slowest after %v", answers, slowest); slowest > soon {
		t.Errorf("an answer took %v", slowest)
	}
	return answers
}

// listed counts the members of a list in all shards.
func listed(redis *redistest.Server, list string) (n int64) {
	for shard := range 256 {
		of, _ := redis.Do("ZCARD", fmt.Sprintf("sb:{%02x}:%s", shard, list)).(int64)
		n += of
	}
	return n
}
