package e2e

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// proxyToStop starts a proxy that its test ends itself.
func proxyToStop(t *testing.T, settings map[string]string, drain string) *process {
	t.Helper()
	p, err := launchProxy(t.Name(), with(settings, credentials(), map[string]string{"DRAIN_TIMEOUT": drain}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// TestStopUnderLoad: readiness turns first, then the listener closes, then the calls in flight are answered, all of them.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	// A twentieth of the drain still accepts connections: 5 s. The calls in flight take longer than that.
	p := proxyToStop(t, settings, "100s")
	var inFlight []played
	var wait sync.WaitGroup
	for range 3 {
		for _, op := range operations() {
			inFlight = append(inFlight, played{variant: variant{op, "1.1"}, reference: newReference()})
		}
	}
	for i := range inFlight {
		c := &inFlight[i]
		wait.Go(func() { c.answer, c.err = trySend(p.url, ask(c.Operation, c.reference, "sandbox:delay=8s")) })
	}
	for _, c := range inFlight {
		awaitExecution(t, sandbox, c)
	}
	load := startLoad(t, p)
	if err := p.terminate(); err != nil {
		t.Fatal(err)
	}
	awaitNotReady(t, p)
	if got := command(t, nil, "health", "--url", p.url); got.code != exitFailed {
		t.Errorf("health while stopping: exit code %d", got.code)
	}
	awaitRefused(t, p)
	wait.Wait()
	if code, err := p.wait(); err != nil || code != 0 {
		t.Errorf("exit code %d, %v\n%s", code, err, &p.stderr)
	}
	for _, c := range append(inFlight, load()...) {
		if c.err != nil {
			t.Errorf("%s was dropped: %v", c, c.err)
			continue
		}
		c.answer.judge(t)
		success.check(t, c.variant, c.answer)
		if n := len(executions(t, sandbox, c.System, c.reference)); n != 1 {
			t.Errorf("%s: executed %d times", c, n)
		}
	}
	for _, problem := range p.findings() {
		t.Error(problem)
	}
	if !strings.Contains(p.stderr.String(), `"msg":"stopped"`) {
		t.Errorf("the end is not logged: %s", &p.stderr)
	}
}

// awaitExecution waits until the sandbox has executed a call; its answer is still to come.
func awaitExecution(t *testing.T, sandbox string, c played) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if len(executions(t, sandbox, c.System, c.reference)) == 1 {
			return
		}
	}
	t.Fatalf("%s did not arrive", c)
}

// startLoad calls again and again, as long as the process says that it is ready; the result gives the calls that were made.
func startLoad(t *testing.T, p *process) func() []played {
	t.Helper()
	var mu sync.Mutex
	var made []played
	var wait sync.WaitGroup
	ops, underWay := operations(), make(chan struct{}, 4)
	for worker := range cap(underWay) {
		wait.Go(func() {
			// Its connections are kept from call to call: nothing may be lost on those either.
			own := &http.Client{Timeout: patience, Transport: &http.Transport{}}
			defer own.CloseIdleConnections()
			for i := worker; ready(own, p); i++ {
				c := played{variant: variant{ops[i%len(ops)], "1.1"}, reference: newReference()}
				r, err := ask(c.Operation, c.reference, "").request(p.url)
				if err == nil {
					c.answer, err = roundTrip(own, r)
				}
				c.err = err
				mu.Lock()
				made = append(made, c)
				mu.Unlock()
				if i == worker {
					underWay <- struct{}{}
				}
			}
		})
	}
	for range cap(underWay) {
		await(t, underWay)
	}
	return func() []played {
		wait.Wait()
		return made
	}
}

func ready(with *http.Client, p *process) bool {
	resp, err := with.Get(p.url + "/readyz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// awaitNotReady waits until readiness turns, which it must do while the process still answers.
func awaitNotReady(t *testing.T, p *process) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		a, err := trySend(p.url, call{method: http.MethodGet, path: "/readyz"})
		switch {
		case err != nil:
			t.Fatalf("the process stopped answering before it said that it was not ready: %v", err)
		case a.status == http.StatusServiceUnavailable:
			if a.body != `{"status":"not ready"}` {
				t.Errorf("not ready: %s", a.body)
			}
			return
		}
	}
	t.Fatal("readiness did not turn")
}

// awaitRefused waits until no connection is accepted any more.
func awaitRefused(t *testing.T, p *process) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	t.Fatal("connections are still accepted")
}

// TestStopCutsOffWhatTakesTooLong, and says so.
func TestStopCutsOffWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	p := proxyToStop(t, settings, "500ms")
	c := played{variant: variant{operation(t, "CreateService"), "1.1"}, reference: newReference()}
	ended := make(chan error, 1)
	go func() {
		_, err := trySend(p.url, ask(c.Operation, c.reference, "sandbox:stall"))
		ended <- err
	}()
	awaitExecution(t, sandbox, c)
	if err := p.terminate(); err != nil {
		t.Fatal(err)
	}
	if code, err := p.wait(); err != nil || code != exitFailed || !strings.Contains(p.stderr.String(), "cut off") {
		t.Errorf("exit code %d, %v\n%s", code, err, &p.stderr)
	}
	if err := <-ended; err == nil {
		t.Error("the call was answered")
	}
	for _, problem := range p.findings() {
		t.Error(problem)
	}
}

// TestSecondSignalEndsAtOnce: an operator who does not want to wait.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	sandbox, settings := sandboxURL(t)
	p := proxyToStop(t, settings, "10m")
	c := played{variant: variant{operation(t, "CreateService"), "1.1"}, reference: newReference()}
	go func() { _, _ = trySend(p.url, ask(c.Operation, c.reference, "sandbox:stall")) }()
	awaitExecution(t, sandbox, c)
	if err := p.terminate(); err != nil {
		t.Fatal(err)
	}
	awaitNotReady(t, p)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		// The first signal's handler is taken away when readiness has turned, or a moment later.
		if err := p.terminate(); err != nil {
			break
		}
	}
	if _, err := p.wait(); err != nil {
		t.Error(err)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended as %v", p.cmd.ProcessState)
	}
}

// TestInterrupt ends as SIGTERM does.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"serve"}, {"sandbox", "--listen", "127.0.0.1:0"}, {"demo", "--listen", "127.0.0.1:0"}} {
		p, err := launch(strings.Join(args, " "), map[string]string{"LISTEN": "127.0.0.1:0", "DRAIN_TIMEOUT": "1s"}, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.kill)
		if _, err := p.await("first output", func() string { return p.stdout.String() + p.stderr.String() }); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if code, err := p.wait(); err != nil || code != 0 {
			t.Errorf("%s: exit code %d, %v\n%s", p.name, code, err, &p.stderr)
		}
		for _, problem := range p.findings() {
			t.Error(problem)
		}
	}
}
