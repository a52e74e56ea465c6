package torture

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

// slowTimeout is the calls' where a test has to do something while one runs.
const slowTimeout = 4 * time.Second

// entity returns a key of the first caller of a proxy, for an operation chosen by its number.
func (c *cluster) entity(n int) *entity { return c.entityOf(n, c.anonymous) }

func (c *cluster) entityOf(n int, who *caller) *entity {
	return &entity{
		number: n, operation: operations[n%len(operations)], caller: who,
		key: fmt.Sprintf("scenario~%08d", n), subject: fmt.Sprintf("%08d", n),
	}
}

// entities returns one key for each operation, n times.
func (c *cluster) entities(n int) (list []*entity) {
	for i := range n * len(operations) {
		list = append(list, c.entity(i))
	}
	return list
}

// launchAll makes a call of every entity at once; wait returns all answers, in the order of the entities.
func launchAll(t *testing.T, list []*entity, to target) (wait func() []attempt) {
	t.Helper()
	var calls sync.WaitGroup
	answers := make([]attempt, len(list))
	for i, e := range list {
		calls.Go(func() { answers[i] = e.steadily(t, to, e.proper()) })
	}
	return func() []attempt {
		calls.Wait()
		return answers
	}
}

// expect fails unless the answer is the one with that name.
func expect(t *testing.T, e *entity, a attempt, want ...string) {
	t.Helper()
	if !slices.Contains(want, a.String()) {
		t.Errorf("%v: got %v, want %v\n%s", e, a, want, e.transcript())
	}
}

// created names the success of an operation.
func (e *entity) created() string { return fmt.Sprint(e.operation.Status) }

// finish judges everything in the end.
func (c *cluster) finish(t *testing.T, list []*entity) {
	t.Helper()
	states := settleDown(t, list, c)
	for _, e := range list {
		e.judge(t, c.vendor)
		e.judgeState(t, c.vendor, states[e])
	}
	c.settleUnknowns(t, list, states)
	c.useAgain(t, list, states)
	if counted, total := countArrivals(c.vendor, list), c.vendor.totalArrivals(); counted != total {
		t.Errorf("%d requests arrived, and %d of them belong to a key", total, counted)
	}
	c.end(t)
}

func TestKilledBetweenSendAndStore(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 1, open: 2, timeout: slowTimeout})
	list := c.entities(1)
	c.vendor.hold()
	wait := launchAll(t, list, c.proxies[0])
	eventually(t, "all calls are executed", func() bool { return c.vendor.totalArrivals() == len(list) })
	if err := c.proxies[0].kill(); err != nil {
		t.Fatal(err)
	}
	c.vendor.release()
	answers := wait()
	if err := c.proxies[0].start(); err != nil {
		t.Fatal(err)
	}
	for i, e := range list {
		expect(t, e, answers[i], "no answer")
		e.steadily(t, c.proxies[i%2], e.proper(), "409 in-flight")
	}
	eventually(t, "the outcomes are listed as unknown although no request reads them", func() bool {
		time.Sleep(200 * time.Millisecond)
		var page struct{ Total int }
		return ask(t, c.operator, c.proxies[1], "/v1/operations?state=unknown", nil, &page).succeeded() && page.Total == len(list)
	})
	for i, e := range list {
		e.steadily(t, c.proxies[(i+1)%2], e.proper(), "502 outcome-unknown")
	}
	c.finish(t, list)
	for _, e := range list {
		if n := len(c.vendor.executions(e.subjects()...)); n != 1 {
			t.Errorf("%v was executed %d times", e, n)
		}
	}
}

// A proxy is stopped while its calls are under way, for longer than its claims hold. Clients that retry meanwhile use another proxy.
func TestStoppedPastTheLeaseUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 2, open: 2, timeout: callTimeout})
	c.vendor.behave(always(play{name: "takes its time", executes: true, answers: true, perform: (*exchange).dawdle}))
	stopped, other := c.proxies[0], c.proxies[1]
	list := c.entities(8)
	wait := launchAll(t, list, stopped)
	eventually(t, "calls are under way", func() bool { return c.vendor.totalArrivals() > len(list)/4 })
	if err := stopped.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	inParallel(t, list, func(e *entity) {
		if !await(func() bool {
			time.Sleep(200 * time.Millisecond)
			a := e.steadily(t, other, e.proper())
			return a.succeeded() || a.problem.Code == "outcome-unknown"
		}) {
			t.Errorf("%v stays in flight\n%s", e, e.transcript())
		}
	})
	if err := stopped.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	wait()
	inParallel(t, list, func(e *entity) { e.do(t.Context(), stopped, e.proper()) })
	c.finish(t, list)
}

// The sharpest case: the proxy is stopped after its claim and before its message left; the lease passes; an operator finds that nothing
// was executed, and the key is used again elsewhere. When the first proxy goes on it must not send.
func TestStoppedPastTheLeaseBeforeSending(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 3, open: 1, timeout: slowTimeout})
	stalled := newStalledVendor(t, c.vendor)
	// The same keys, another way to the vendor: its connections wait until the test opens them.
	settings := kit.With(c.proxies[0].Settings, vendorSettings("https://"+stalled.addr, slowTimeout),
		kit.EverySystem(map[string]string{"TLS_CA_FILE": stalled.ca, "DIAL_TIMEOUT": "3900ms"}))
	first, second := c.add(t, "stalled", 3, settings, c.anonymous), c.proxies[0]

	e, wait := stopWhileDialling(t, c, first, second, stalled)
	eventually(t, "the lease passes", func() bool {
		time.Sleep(200 * time.Millisecond)
		a := e.steadily(t, second, e.proper(), "409 in-flight", "502 outcome-unknown")
		return a.problem.Code == "outcome-unknown"
	})
	if n := c.vendor.totalArrivals(); n != 0 {
		t.Fatalf("%d requests arrived too early", n)
	}
	path := "/v1/operations/" + e.operationID()
	var record view
	if a := askSteadily(t, e.caller, second, path, nil, &record); !a.succeeded() {
		t.Fatalf("the operation is not shown: %v", a)
	}
	if a := askSteadily(t, c.operator, second, path+"/resolution", map[string]any{"attempt": record.Attempt, "executed": false}, nil); a.status != http.StatusOK {
		t.Fatalf("the outcome cannot be settled: %v", a)
	}
	e.steadily(t, second, e.proper(), e.created())

	stalled.open()
	if err := first.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	expect(t, e, wait()[0], "503 upstream-unreachable")
	e.steadily(t, first, e.proper(), e.created()+" replayed")
	c.finish(t, []*entity{e})
}

// stopWhileDialling stops a proxy while it holds a claim and waits for a connection. On a machine so slow that the dial is over by then, it
// tries again with another key.
func stopWhileDialling(t *testing.T, c *cluster, first, second *proxy, stalled *stalledVendor) (e *entity, wait func() []attempt) {
	t.Helper()
	for n := range 10 {
		e = c.entity(n)
		dialled := stalled.dialled()
		wait = launchAll(t, []*entity{e}, first)
		eventually(t, "the proxy dials", func() bool { return stalled.dialled() > dialled })
		if err := first.signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if e.look(t, second) == "in_flight" {
			return e, wait
		}
		if err := first.signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		wait()
	}
	t.Fatal("the proxy was never stopped in time")
	return nil, nil
}

// stalledVendor is a vendor's TLS front that finishes no handshake until it opens.
type stalledVendor struct {
	addr, ca string
	listener *stallingListener
	once     sync.Once
}

type stallingListener struct {
	net.Listener

	mu     sync.Mutex
	count  int
	opened chan struct{}
}

// Accept implements net.Listener: it counts, and waits.
func (l *stallingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.count++
	l.mu.Unlock()
	return &stallingConn{Conn: conn, opened: l.opened}, nil
}

// stallingConn reads nothing until it may.
type stallingConn struct {
	net.Conn

	opened <-chan struct{}
}

func (c *stallingConn) Read(p []byte) (int, error) {
	<-c.opened
	return c.Conn.Read(p)
}

func newStalledVendor(t *testing.T, v *vendor) *stalledVendor {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(v.serve))
	listener := &stallingListener{Listener: server.Listener, opened: make(chan struct{})}
	server.Listener = listener
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail here on purpose
	server.StartTLS()
	s := &stalledVendor{addr: server.Listener.Addr().String(), listener: listener, ca: filepath.Join(t.TempDir(), "ca.pem")}
	t.Cleanup(func() {
		s.open()
		server.Close()
	})
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(s.ca, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stalledVendor) open() { s.once.Do(func() { close(s.listener.opened) }) }

func (s *stalledVendor) dialled() int {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	return s.listener.count
}

// Without a store that confirms its claims nothing is sent, the answer comes soon, and calls work again later without a restart.
func TestWithoutAStore(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name        string
		strike, fix func(*cluster)
		decays      bool // a claim may come through later than its release
	}{
		{"down", func(c *cluster) { c.redis.Stop() }, func(c *cluster) { c.redis.Restart() }, false},
		{"hung", func(c *cluster) { c.redis.Pause() }, func(c *cluster) { c.redis.Continue() }, false},
		{"read-only", func(c *cluster) { c.redis.Do("REPLICAOF", "127.0.0.1", "1") }, func(c *cluster) { c.redis.Do("REPLICAOF", "NO", "ONE") }, false},
		{"out of memory", func(c *cluster) { c.redis.ConfigSet("maxmemory", "1") }, func(c *cluster) { c.redis.ConfigSet("maxmemory", "0") }, false},
		{"behind a black hole", func(c *cluster) { c.links[0].set(black) }, func(c *cluster) { c.links[0].set(calm) }, true},
		{"behind a closed port", func(c *cluster) { c.links[0].set(dead); c.links[0].cutAll() }, func(c *cluster) { c.links[0].set(calm) }, false},
	}
	c := newCluster(t, plan{seed: 4, open: 1, timeout: slowTimeout})
	p := c.proxies[0]
	var list []*entity
	for i, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			before := c.entity(10 * i)
			before.steadily(t, p, before.proper(), before.created())
			list = append(list, before)
			arrived := c.vendor.totalArrivals()

			fault.strike(c)
			// The first one uses connections that worked before: its claim may arrive when the store works again, and is released then.
			refused := refusedBy(t, c, 10*i)
			eventually(t, "the proxy is not ready", func() bool { return ask(t, c.operator, p, "/readyz", nil, nil).status == http.StatusServiceUnavailable })
			if n := c.vendor.totalArrivals() - arrived; n != 0 {
				t.Errorf("%d requests were sent without a confirmed claim", n)
			}
			fault.fix(c)

			for _, e := range refused {
				var a attempt
				eventually(t, "a refused key can be used", func() bool {
					a = e.steadily(t, p, e.proper())
					return a.problem.Code != "in-flight"
				})
				if !fault.decays || a.problem.Code != "outcome-unknown" {
					expect(t, e, a, e.created())
				}
			}
			eventually(t, "the proxy is ready", func() bool { return ask(t, c.operator, p, "/readyz", nil, nil).succeeded() })
			before.steadily(t, p, before.proper(), before.created()+" replayed")
			list = append(list, refused...)
		})
	}
	c.finish(t, list)
}

// refusedBy uses one new key of each operation. A refusal comes within a second; on a busy machine not every one does.
func refusedBy(t *testing.T, c *cluster, after int) (refused []*entity) {
	t.Helper()
	for n := range operations {
		e := c.entity(after + 1 + n)
		refused = append(refused, e)
		eventually(t, "a refusal within a second", func() bool {
			start := time.Now()
			a := e.do(t.Context(), c.proxies[0], e.proper())
			took := time.Since(start)
			expect(t, e, a, "503 idempotency-store-unavailable")
			if a.problem.Outcome != "not_sent" || a.problem.Retry != "later" {
				t.Errorf("outcome %q, retry %q", a.problem.Outcome, a.problem.Retry)
			}
			return took < time.Second
		})
	}
	return refused
}

func TestAClientHangsUpAndRetries(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 5, open: 2, timeout: slowTimeout})
	list := c.entities(1)
	c.vendor.hold()
	hurried, hangUp := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	for _, e := range list {
		calls.Go(func() {
			for e.do(hurried, c.proxies[0], e.proper()).err == nil { // until the call that is cut off
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	eventually(t, "all calls are executed", func() bool { return c.vendor.totalArrivals() == len(list) })
	hangUp()
	calls.Wait()
	for _, e := range list {
		expect(t, e, e.history()[len(e.history())-1], "no answer")
		e.steadily(t, c.proxies[1], e.proper(), "409 in-flight")
	}
	c.vendor.release()
	for _, e := range list {
		var a attempt
		eventually(t, "the call ends", func() bool {
			a = e.steadily(t, c.proxies[1], e.proper())
			return a.problem.Code != "in-flight"
		})
		expect(t, e, a, e.created()+" replayed")
	}
	c.finish(t, list)
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 6, open: 2, timeout: slowTimeout})
	list := c.entities(1)
	for _, e := range list {
		c.vendor.hold()
		answers := make(chan attempt, 2)
		for _, p := range c.proxies {
			go func() { answers <- e.steadily(t, p, e.proper(), "409 in-flight", e.created()) }()
		}
		second := <-answers // the other one waits for the vendor
		c.vendor.release()
		expect(t, e, second, "409 in-flight")
		expect(t, e, <-answers, e.created())
	}
	c.finish(t, list)
}

// The store is lost while the vendor works. The caller still gets the true result, with a header that it is not stored. The proxy keeps
// trying to store it; when the proxy dies before it succeeds, the outcome becomes unknown.
func TestRedisLostBetweenSendAndFinish(t *testing.T) {
	t.Parallel()
	for _, survives := range []bool{true, false} {
		t.Run(fmt.Sprintf("the proxy survives: %v", survives), func(t *testing.T) {
			c := newCluster(t, plan{seed: 8, open: 2, timeout: slowTimeout})
			list := c.entities(1)
			c.vendor.hold()
			wait := launchAll(t, list, c.proxies[0])
			eventually(t, "all calls are executed", func() bool { return c.vendor.totalArrivals() == len(list) })
			c.redis.Kill()
			c.vendor.release()
			for i, a := range wait() {
				expect(t, list[i], a, list[i].created()+" not stored")
			}
			if !survives {
				if err := c.proxies[0].kill(); err != nil {
					t.Fatal(err)
				}
			}
			c.redis.Restart()
			for _, e := range list {
				var a attempt
				eventually(t, "the outcome is settled", func() bool {
					time.Sleep(100 * time.Millisecond)
					a = e.steadily(t, c.proxies[1], e.proper())
					return a.succeeded() || !survives && a.problem.Code == "outcome-unknown"
				})
				want := "502 outcome-unknown"
				if survives {
					want = e.created() + " replayed"
				}
				expect(t, e, a, want)
			}
			if !survives {
				if err := c.proxies[0].start(); err != nil {
					t.Fatal(err)
				}
			}
			c.finish(t, list)
		})
	}
}

// Clients open connections in advance. An unused one is not a call, and must not make a stop report that it cut calls off.
func TestTerminatedWithAnUnusedConnection(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 11, open: 1, timeout: slowTimeout})
	e := c.entity(0)
	e.steadily(t, c.proxies[0], e.proper(), e.created())
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.proxies[0].URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := c.proxies[0].terminate(); err != nil {
		t.Error(err)
	}
	if err := c.proxies[0].start(); err != nil {
		t.Fatal(err)
	}
	c.finish(t, []*entity{e})
}

func TestCallersShareNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, plan{seed: 10, closed: 2, timeout: slowTimeout})
	var list []*entity
	for n, op := range operations {
		if op.Name == "CreateComplexAccount" {
			continue // its executions are counted by what is asked, and both ask for the same
		}
		of, twin := c.entityOf(n, c.alice), c.entityOf(n, c.bob)
		of.twin = twin
		list = append(list, of, twin)
		of.steadily(t, c.proxies[0], of.proper(), of.created())
		twin.steadily(t, c.proxies[1], twin.proper(), twin.created())
		of.steadily(t, c.proxies[1], of.proper(), of.created()+" replayed")
		twin.steadily(t, c.proxies[0], twin.proper(), twin.created()+" replayed")
		of.judgeTwin(t)
		path := "/v1/operations/" + of.operationID()
		if a := askSteadily(t, c.bob, c.proxies[0], path, nil, nil); a.status != http.StatusNotFound {
			t.Errorf("I6: bob sees an operation of alice: %v", a)
		}
		if a := askSteadily(t, c.alice, c.proxies[0], path, nil, nil); !a.succeeded() {
			t.Errorf("alice does not see her own operation: %v", a)
		}
		if a := askSteadily(t, c.bob, c.proxies[0], path+"/resolution", map[string]any{"executed": false}, nil); a.status != http.StatusForbidden {
			t.Errorf("I6: bob settles an operation of alice: %v", a)
		}
	}
	impostor := c.entityOf(99, &caller{name: "alice", key: c.alice.name + "." + "wrong", proxies: c.proxies})
	impostor.steadily(t, c.proxies[0], impostor.proper(), "401 unauthenticated")
	c.finish(t, list)
}
