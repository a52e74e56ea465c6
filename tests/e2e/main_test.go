// Package e2e runs the real program: the binary, built with the race detector, as processes that talk over loopback sockets.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run ends with the processes that the tests share: only a stopped one has said all that it has to say.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "soapbridge-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := build(filepath.Join(dir, "soapbridge")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	for _, what := range contradicted() {
		fmt.Fprintln(os.Stderr, "FAIL: the OpenAPI document:", what)
		code = 1
	}
	scripted.close()
	for _, problem := range shared.stop() {
		fmt.Fprintln(os.Stderr, "FAIL:", problem)
		code = 1
	}
	return code
}

// binary is the program under test.
var binary string

// buildCommit is what the program takes for its commit.
const buildCommit = "0123456789abcdef0123456789abcdef01234567"

func build(path string) error {
	cmd := exec.Command("go", "build", "-race", "-ldflags", "-X main.commit="+buildCommit, "-o", path, "soapbridge")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w (needed: the go command, https://go.dev/doc/install, and a C compiler for "+
			"the race detector, apt-get install gcc)\n%s", err, out)
	}
	binary = path
	return nil
}

// fleet holds the processes that many tests use, each started when the first one asks for it.
type fleet struct {
	mu        sync.Mutex
	processes map[string]func() (*process, error)
}

var shared = &fleet{processes: map[string]func() (*process, error){}}

// get gives the process of a name; start says how to start it when it is not there yet.
func (f *fleet) get(t *testing.T, name string, start func() (*process, error)) *process {
	t.Helper()
	f.mu.Lock()
	once, known := f.processes[name]
	if !known {
		once = sync.OnceValues(start)
		f.processes[name] = once
	}
	f.mu.Unlock()
	p, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stop ends all of them at once and lists what is wrong with any.
func (f *fleet) stop() (problems []string) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	for _, once := range f.processes {
		p, err := once()
		if err != nil {
			continue // the test that asked for it has failed
		}
		wait.Go(func() {
			found := p.stop()
			mu.Lock()
			defer mu.Unlock()
			problems = append(problems, found...)
		})
	}
	wait.Wait()
	return problems
}
