package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

// proxyToStop starts a proxy that its test ends itself.
func proxyToStop(t *testing.T, settings map[string]string, drain string) *process {
	t.Helper()
	p, err := launchProxy(t.Name(), with(settings, credentials(), map[string]string{"DRAIN_TIMEOUT": drain}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// awaitExecution waits until the sandbox has executed a call; its answer is still to come.
func awaitExecution(t *testing.T, sandbox string, c played) {
	t.Helper()
	for deadline := time.Now().Add(kit.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if len(executions(t, sandbox, c.Operation, c.reference)) == 1 {
			return
		}
	}
	t.Fatalf("%s did not arrive", c)
}

// stalled makes a call that the vendor executes and never answers, and returns its operation id.
func stalled(t *testing.T, p *process, sandbox string) string {
	t.Helper()
	c := played{variant: variant{operation(t, "CreateService"), "1.1"}, reference: newReference()}
	stall := ask(c.Operation, c.reference, "sandbox:stall")
	stall.header = header("Idempotency-Key", newKey())
	ended := make(chan error, 1)
	go func() {
		_, err := trySend(p.URL, stall)
		ended <- err
	}()
	t.Cleanup(func() {
		if err := <-ended; err == nil {
			t.Error("the call was answered")
		}
	})
	awaitExecution(t, sandbox, c)
	return send(t, p.URL, stall).header.Get("Operation-Id") // that of the call in flight
}

// mustLog waits for a line of the log, which is JSON, with a message and more attributes.
func (p *process) mustLog(t *testing.T, message string, attributes ...string) {
	t.Helper()
	if _, err := p.Await("line "+message+" with "+strings.Join(attributes, ", "), func() string {
		for line := range strings.Lines(p.Stderr.String()) {
			if strings.Contains(line, `"msg":"`+message) && !slices.ContainsFunc(attributes, func(a string) bool { return !strings.Contains(line, a) }) {
				return line
			}
		}
		return ""
	}); err != nil {
		t.Error(err)
	}
}

// TestStopCutsOffWhatTakesTooLong, and says so.
func TestStopCutsOffWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	p := proxyToStop(t, settings, "500ms")
	id := stalled(t, p, sandbox)
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(); err != nil || code != exitFailed || !strings.Contains(p.Stderr.String(), "cut off") {
		t.Errorf("exit code %d, %v\n%s", code, err, p.Stderr)
	}
	p.mustLog(t, "a call was cut off", id, "drain")
	p.Judge(t)
}

// TestSecondSignalEndsAtOnce: an operator who does not want to wait learns what that costs.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	p := proxyToStop(t, settings, "10m")
	ids := []string{stalled(t, p, sandbox), stalled(t, p, sandbox)}
	for _, message := range []string{"stopping", "a call was cut off"} {
		if err := p.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.mustLog(t, message)
	}
	if code, err := p.Wait(); err != nil || code != exitFailed {
		t.Errorf("exit code %d, %v\n%s", code, err, p.Stderr)
	}
	p.mustLog(t, "stopping", `"in_flight":2`)
	for _, id := range ids {
		p.mustLog(t, "a call was cut off", id, "second signal")
	}
	p.Judge(t)
}

// TestStopAfterARefusalForRedis: nothing was sent, so a stop does not wait for long, and says which record it leaves behind.
func TestStopAfterARefusalForRedis(t *testing.T) {
	t.Parallel()
	_, settings := sandboxURL(t)
	server, records := withRedis(t)
	p := proxyToStop(t, with(settings, records), "40s")
	op := operation(t, "CreateService")
	success.check(t, variant{op, "1.1"}, send(t, p.URL, ask(op, newReference(), "")))
	server.Kill()
	a := send(t, p.URL, ask(op, newReference(), ""))
	if a.status != http.StatusServiceUnavailable || a.problem.Code != "idempotency-store-unavailable" {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	start := time.Now()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	code, err := p.Wait()
	// It is 3 s, and the rest is for a busy machine: edge.TestStopWithoutStore has a clock of its own.
	if took := time.Since(start); err != nil || code != 0 || took > 10*time.Second {
		t.Errorf("exit code %d after %s, %v\n%s", code, took, err, p.Stderr)
	}
	p.mustLog(t, "stopping", `"in_flight":0`, `"to_release":1`)
	p.mustLog(t, "a claim was not released", a.header.Get("Operation-Id"))
	p.Judge(t)
}

// TestStopWaitsForAResult that Redis does not have yet: with it, a repetition finds what happened, and without it an unknown.
func TestStopWaitsForAResult(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	server, records := withRedis(t)
	settings = with(settings, records)
	p := proxyToStop(t, settings, "40s")
	c := played{variant: variant{operation(t, "CreateService"), "1.1"}, reference: newReference()}
	slow := ask(c.Operation, c.reference, "sandbox:delay=3s")
	slow.header = header("Idempotency-Key", newKey())
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		c.answer, c.err = trySend(p.URL, slow)
	}()
	awaitExecution(t, sandbox, played{variant: c.variant, reference: c.reference})
	server.Kill()
	<-answered
	if c.err != nil || c.answer.status != c.Status || c.answer.header.Get("Idempotency-Stored") != "false" {
		t.Fatalf("%v, status %d, %v", c.err, c.answer.status, c.answer.header)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.mustLog(t, "stopping", `"in_flight":1`)
	select {
	case <-p.Exited:
		t.Fatalf("the stop did not wait for the result:\n%s", p.Stderr)
	case <-time.After(5 * time.Second): // longer than it would wait for a release
	}
	server.Restart()
	if code, err := p.Wait(); err != nil || code != 0 {
		t.Errorf("exit code %d, %v\n%s", code, err, p.Stderr)
	}
	p.Judge(t)
	if a := send(t, proxy(t, with(settings, credentials())).URL, slow); a.body != c.answer.body || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not replayed: status %d: %s", a.status, a.body)
	}
}

// TestInterrupt ends as SIGTERM does.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"serve"}, {"sandbox", "--listen", "127.0.0.1:0"}, {"demo", "--listen", "127.0.0.1:0"}} {
		p, err := program("", map[string]string{"LISTEN": "127.0.0.1:0", "DRAIN_TIMEOUT": "1s"}, args...).Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		if _, err := p.Await("first output", func() string { return p.Stdout.String() + p.Stderr.String() }); err != nil {
			t.Fatal(err)
		}
		if err := p.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if code, err := p.Wait(); err != nil || code != 0 {
			t.Errorf("%s: exit code %d, %v\n%s", p.Name, code, err, p.Stderr)
		}
		p.Judge(t)
	}
}

// TestSIGHUPAsksForNothing: what changes is read again by itself, so the calls in flight go on.
func TestSIGHUPAsksForNothing(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	p := proxy(t, with(settings, credentials()))
	c := played{variant: variant{operation(t, "CreateCallLog"), "1.1"}, reference: newReference()}
	var running sync.WaitGroup
	running.Go(func() { c.answer, c.err = trySend(p.URL, ask(c.Operation, c.reference, "sandbox:delay=1s")) })
	awaitExecution(t, sandbox, c)
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	if c.err != nil {
		t.Fatal(c.err)
	}
	success.check(t, c.variant, c.answer)
	success.check(t, c.variant, send(t, p.URL, ask(c.Operation, newReference(), "")))
}
