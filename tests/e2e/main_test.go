// Package e2e runs the real program: the binary, built with the race detector, as processes that talk over loopback sockets.
package e2e

import (
	"os"
	"sync"
	"testing"

	"soapbridge/tests/kit"
)

// TestMain ends with the processes that the tests share: only a stopped one has said all that it has to say.
func TestMain(m *testing.M) {
	os.Exit(kit.Main(m, contradicted, func() []string {
		scripted.close()
		return shared.stop()
	}))
}

// fleet holds the processes that many tests use, each started when the first one asks for it.
type fleet struct {
	mu        sync.Mutex
	processes map[string]func() (*process, error)
}

var shared = &fleet{processes: map[string]func() (*process, error){}}

// get returns the process of a name; start starts it when it is not there yet.
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

// stop ends all of them at once and returns what is wrong with any.
func (f *fleet) stop() (problems []string) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	for _, once := range f.processes {
		p, err := once()
		if err != nil {
			continue // the test that asked for it has failed
		}
		wait.Go(func() {
			found := p.Stop()
			mu.Lock()
			defer mu.Unlock()
			problems = append(problems, found...)
		})
	}
	wait.Wait()
	return problems
}
