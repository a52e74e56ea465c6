// Package torture tries to make soapbridge execute an operation twice, replay what was not answered, or lose track of what it sent:
// real processes, a real Redis behind a network that drops, delays and cuts, vendors that execute and then break, clients that retry
// whatever the answer is, and all of it killed, stopped and restarted meanwhile. The invariants that must hold are I1 to I9:
//
//	I1 executions per key <= 1.
//	I2 all 2xx for a key are byte-identical.
//	I3 a 2xx body is what the upstream answered.
//	I4 no 2xx without an execution.
//	I5 another payload or operation on a used key: 422, no execution.
//	I6 no replay across callers.
//	I7 provably unsent = the key is free again at once, whenever the process survives and the store confirms the release; otherwise it
//	   decays to unknown.
//	I8 every unknown has at most one execution and can be listed and settled.
//	I9 no planted secret in any log, store dump or error body.
//
// A run follows from its seed, but for what happens at the same time. A failed run names its seed; go test -artifacts keeps the logs.
package torture

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

var (
	seedFlag     = flag.Uint64("torture.seed", 0, "seed of the torture; 0 takes another one each time")
	keysFlag     = flag.Int("torture.keys", 2000, "least number of keys of the torture")
	durationFlag = flag.Duration("torture.duration", 30*time.Second, "least duration of the torture, its end not counted")
)

// seed chooses the seed of a run and says which one it is.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := *seedFlag
	if s == 0 {
		s = rand.Uint64N(1_000_000_000) + 1 // short enough to type
	}
	t.Logf("again with: go test -race ./tests/torture -run '^%s$' -torture.seed=%d", t.Name(), s)
	return s
}

// workers is how many keys are in use at the same time.
const workers = 32

// callTimeout is short, so that stalls cost little; the lease of a claim is 10 s longer.
const callTimeout = 500 * time.Millisecond

func TestAtMostOnceUnderTorture(t *testing.T) {
	s := seed(t)
	c := newCluster(t, plan{seed: s, open: 3, closed: 2, timeout: callTimeout})
	c.vendor.behave(func(subject string, nth int) play {
		return draw(rand.New(rand.NewPCG(s, hash(subject)+uint64(nth))))
	})
	for _, l := range c.links {
		l.set(rough)
	}
	entities := c.torture(t, s)
	c.calm(t)

	states := settleDown(t, entities, c)
	for _, e := range entities {
		e.judge(t, c.vendor)
		e.judgeTwin(t)
		e.judgeState(t, c.vendor, states[e])
	}
	c.report(t, entities, states)
	c.settleUnknowns(t, entities, states)
	c.useAgain(t, entities, states)
	if counted, total := countArrivals(c.vendor, entities), c.vendor.totalArrivals(); counted != total {
		t.Errorf("%d requests arrived, and %d of them belong to a key", total, counted)
	}
	c.end(t)
}

// hash spreads texts over numbers (FNV-1a).
func hash(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

// torture uses keys, until there were enough of them, it took long enough, and every disaster has happened.
func (c *cluster) torture(t *testing.T, s uint64) []*entity {
	t.Helper()
	processes := newChaos(s, 400*time.Millisecond, c.onProxies(t)...)
	surroundings := newChaos(s+1, 600*time.Millisecond, c.onSurroundings(t)...)
	start, over := time.Now(), make(chan struct{})
	ctx, giveUp := context.WithCancel(t.Context())
	enough := func(n int) bool {
		return ctx.Err() != nil ||
			n >= *keysFlag && time.Since(start) >= *durationFlag && processes.complete() && surroundings.complete()
	}
	var entities []*entity
	var clients, disasters sync.WaitGroup
	// A disaster that cannot be ended ends the test at once; the others must not outlive it.
	defer disasters.Wait()
	defer clients.Wait()
	defer giveUp()
	clients.Go(func() {
		defer close(over)
		entities = c.useKeys(ctx, s, enough)
	})
	disasters.Go(func() { processes.until(over) })
	surroundings.until(over)
	clients.Wait()
	disasters.Wait()
	for _, happened := range []*chaos{processes, surroundings} {
		for _, name := range slices.Sorted(maps.Keys(happened.count)) {
			t.Logf("%4d times %s", happened.count[name], name)
		}
	}
	lost := 0
	for _, l := range c.links {
		_, n := l.seen()
		lost += n
	}
	t.Logf("%4d messages to or from Redis were lost or late", lost)
	return entities
}

// useKeys makes keys and runs their clients.
func (c *cluster) useKeys(ctx context.Context, s uint64, enough func(int) bool) (entities []*entity) {
	places := make(chan struct{}, workers)
	var running sync.WaitGroup
	for n := 0; !enough(n); {
		for _, e := range c.newEntities(s, n) {
			places <- struct{}{}
			running.Go(func() {
				defer func() { <-places }()
				newSession(s, e, targets(e.caller.proxies)).run(ctx)
			})
			entities = append(entities, e)
			n++
		}
	}
	running.Wait()
	return entities
}

func targets[T target](list []T) []target {
	all := make([]target, len(list))
	for i, one := range list {
		all[i] = one
	}
	return all
}

// newEntities returns the next key, or two that are the same but for their callers.
func (c *cluster) newEntities(s uint64, n int) []*entity {
	of := func(number int, who *caller) *entity {
		return &entity{
			number: number, operation: operations[n%len(operations)], caller: who,
			key: fmt.Sprintf("torture.%d~%08d", s, n), subject: fmt.Sprintf("%08d", n),
		}
	}
	switch n % 10 {
	case 1, 6, 9:
		return []*entity{of(n, []*caller{c.alice, c.bob}[n/10%2])}
	case 3, 7: // both of operations whose executions are counted by operation id, since the requests are the same
		e := of(n, c.alice)
		e.twin = of(n+1, c.bob)
		return []*entity{e, e.twin}
	}
	return []*entity{of(n, c.anonymous)}
}

// calm ends everything that goes wrong.
func (c *cluster) calm(t *testing.T) {
	t.Helper()
	for _, l := range c.links {
		l.set(calm)
	}
	c.vendor.behave(always(answering))
	for _, p := range c.proxies {
		eventually(t, p.Name+" is ready", func() bool { return ask(t, c.operator, p, "/readyz", nil, nil).succeeded() })
	}
}

// inParallel does something for every entity, a few at a time.
func inParallel(t *testing.T, entities []*entity, do func(*entity)) {
	t.Helper()
	work := make(chan *entity)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for e := range work {
				do(e)
			}
		})
	}
	for _, e := range entities {
		work <- e
	}
	close(work)
	all.Wait()
}

// settleDown waits until no claim is open any more, and returns every record's state.
func settleDown(t *testing.T, entities []*entity, c *cluster) map[*entity]string {
	t.Helper()
	var mu sync.Mutex
	states := map[*entity]string{}
	open := entities
	start := time.Now()
	for deadline := start.Add(kit.Patience); len(open) > 0 && time.Now().Before(deadline); {
		inParallel(t, open, func(e *entity) {
			state := e.look(t, e.proxyOf(e.number))
			mu.Lock()
			defer mu.Unlock()
			states[e] = state
		})
		if open = slices.DeleteFunc(slices.Clone(open), func(e *entity) bool { return states[e] != "in_flight" }); len(open) > 0 {
			time.Sleep(time.Second)
		}
	}
	t.Logf("the last claim ended %v after the clients", time.Since(start).Round(time.Second))
	for _, e := range open {
		t.Errorf("%v is still in flight\n%s", e, e.transcript())
	}
	return states
}

// report prints the numbers of the run, and fails when too little went wrong: such a run proves nothing.
func (c *cluster) report(t *testing.T, entities []*entity, states map[*entity]string) {
	t.Helper()
	executions, outcomes, records, causes := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	plays := map[string]int{}
	unsent, decayed := 0, 0
	for _, e := range entities {
		arrivals := c.vendor.of(e.subjects()...)
		executions[fmt.Sprint(len(c.vendor.executions(e.subjects()...)), " executions")]++
		records[states[e]]++
		for _, a := range arrivals {
			plays["the vendor "+a.play.name]++
		}
		refused := false
		for _, a := range e.history() {
			outcomes[a.String()]++
			refused = refused || a.unsent()
		}
		if states[e] == "unknown" {
			causes[e.causeOfUnknown(c.vendor)]++
		}
		if refused && len(arrivals) == 0 {
			unsent++
			if states[e] == "unknown" {
				decayed++
			}
		}
	}
	t.Logf("%d keys", len(entities))
	histogram(t, "executions per key", executions)
	histogram(t, "what arrived", plays)
	histogram(t, "answers", outcomes)
	histogram(t, "records", records)
	histogram(t, "causes of unknown outcomes", causes)
	t.Logf("I7: of %d keys that were refused and never sent, %d decayed to unknown", unsent, decayed)
	for _, must := range []string{
		"no answer", "201", "201 replayed", "409 in-flight", "422 key-reused", "422 upstream-rejected", "422 upstream-rejected replayed",
		"502 outcome-unknown", "504 outcome-unknown", "503 idempotency-store-unavailable", "503 upstream-unreachable",
		"502 upstream-failed", "502 upstream-denied", "502 upstream-refused", "503 upstream-busy",
	} {
		if outcomes[must] == 0 {
			t.Errorf("no answer was %q: this run has not tried everything", must)
		}
	}
	if done := records["done"]; done < len(entities)/4 {
		t.Errorf("only %d of %d keys came to a result: this run has tried little", done, len(entities))
	}
}

func histogram(t *testing.T, title string, counts map[string]int) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		_, _ = fmt.Fprintf(&b, "\n%8d  %s", counts[name], name)
	}
	t.Logf("%s:%s", title, b.String())
}

// settleUnknowns does what an operator does: lists the unknown outcomes, looks into the vendor's records, and says what was executed.
func (c *cluster) settleUnknowns(t *testing.T, entities []*entity, states map[*entity]string) {
	t.Helper()
	byID := map[string]*entity{}
	unknown := 0
	for _, e := range entities {
		byID[e.operationID()] = e
		if states[e] == "unknown" {
			unknown++
		}
	}
	for settled := 0; ; {
		var page struct {
			Operations []view `json:"operations"`
			Total      int    `json:"total"`
		}
		eventually(t, "a proxy lists the unknown outcomes", func() bool {
			return ask(t, c.operator, c.operator.proxies[0], "/v1/operations?state=unknown&limit=500", nil, &page).succeeded()
		})
		if page.Total != unknown-settled {
			t.Errorf("I8: %d outcomes are listed as unknown, and %d are", page.Total, unknown-settled)
		}
		if len(page.Operations) == 0 || settled > unknown {
			return // more were listed than there are: said above
		}
		var listed []*entity
		attempts := map[*entity]string{}
		for _, v := range page.Operations {
			e := byID[v.OperationID]
			if e == nil || states[e] != "unknown" || v.State != "unknown" {
				t.Fatalf("I8: %+v is listed, which is %v", v, e)
			}
			listed = append(listed, e)
			attempts[e] = v.Attempt
		}
		inParallel(t, listed, func(e *entity) { c.settle(t, e, attempts[e]) })
		settled += len(listed)
	}
}

// settle settles one entity's last attempt with what the vendor has recorded, and checks that the settlement holds.
func (c *cluster) settle(t *testing.T, e *entity, attempt string) {
	t.Helper()
	if a := e.again(t); a.problem.Code != "outcome-unknown" {
		t.Errorf("I8: %v is unknown, and a retry is answered with %v\n%s", e, a, e.transcript())
	}
	executed := len(c.vendor.executions(e.subjects()...)) > 0
	resolution := map[string]any{"attempt": attempt, "executed": executed}
	known := e.success()
	if known != nil {
		resolution["result"] = json.RawMessage(known.body)
	}
	path := "/v1/operations/" + e.operationID() + "/resolution"
	proxies := c.operator.proxies
	for i := range 2 { // the second time as an operator who saw no answer to the first
		if a := askSteadily(t, c.operator, proxies[i%len(proxies)], path, resolution, nil); a.status != http.StatusOK {
			t.Errorf("I8: %v cannot be settled: %v", e, a)
		}
	}
	if a := askSteadily(t, c.operator, proxies[0], path, map[string]any{"attempt": attempt, "executed": !executed}, nil); a.problem.Code != "not-unknown" {
		t.Errorf("I8: %v was settled twice: %v", e, a)
	}
	if !executed {
		e.freed++
	}
	a := e.again(t)
	switch {
	case !executed:
		if a.status != e.held.operation.Status || a.replayed {
			t.Errorf("I8: the key of %v is not free after its settlement: %v\n%s", e, a, e.transcript())
		}
		e.judge(t, c.vendor)
	case known != nil:
		if !a.replayed {
			t.Errorf("I8: %v is not replayed after its settlement: %v\n%s", e, a, e.transcript())
		}
		e.judge(t, c.vendor) // the same bytes as before
	default:
		if a.problem.Code != "settled" || a.problem.Outcome != "executed" {
			t.Errorf("I8: the answer after the settlement of %v does not report it: %v %s", e, a, a.body)
		}
		if n := len(c.vendor.executions(e.subjects()...)); n != 1 {
			t.Errorf("I1: %v was executed %d times after its settlement", e, n)
		}
	}
}

// useAgain uses every key once more in calm: what has a result is replayed, and what is free is executed.
func (c *cluster) useAgain(t *testing.T, entities []*entity, states map[*entity]string) {
	t.Helper()
	inParallel(t, entities, func(e *entity) {
		if states[e] == "unknown" {
			return // has been settled, and used since
		}
		a := e.again(t)
		switch {
		case states[e] == "free" && (a.status != e.operation.Status || a.replayed):
			t.Errorf("I7: %v is free, and cannot be used: %v\n%s", e, a, e.transcript())
		case states[e] == "done" && !a.replayed:
			t.Errorf("%v is done, and is not replayed: %v\n%s", e, a, e.transcript())
		}
		e.judge(t, c.vendor)
	})
}

func countArrivals(v *vendor, entities []*entity) (total int) {
	for _, e := range entities {
		total += len(v.of(e.subjects()...))
	}
	return total
}
