package storetest

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"soapbridge/api/idempotency"
)

// TestChecksFindMistakes proves that every check of the suite can fail, and that none fails for a correct store.
func TestChecksFindMistakes(t *testing.T) {
	quickly(t)
	named := map[string]check{}
	for _, c := range checks() {
		named[c.name] = c
		if failures := observe(t, c, mistake{}); len(failures) > 0 {
			t.Errorf("%q fails for a correct store:\n%s", c.name, strings.Join(failures, "\n"))
		}
	}
	found := map[string]bool{}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			for _, name := range m.found {
				c, ok := named[name]
				if !ok {
					t.Fatalf("check %q does not exist", name)
				}
				found[name] = true
				failures := observe(t, c, m)
				if len(failures) == 0 {
					t.Fatalf("not found by %q", name)
				}
				first, _, _ := strings.Cut(failures[0], "\n")
				t.Logf("%s: %s", name, first)
			}
		})
	}
	for name := range named {
		if !found[name] {
			t.Errorf("no mistake shows that the check %q can fail", name)
		}
	}
}

// quickly stops the property test from minimising its failures, and from writing them to a file.
func quickly(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{"rapid.shrinktime": "1ms", "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		was := f.Value.String()
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := f.Value.Set(was); err != nil {
				t.Error(err)
			}
		})
	}
}

// observe runs a check against stores with a mistake, and returns its failures.
func observe(t *testing.T, c check, m mistake) []string {
	t.Helper()
	r, wait := &recorder{tb: t}, patience
	if m.name != "" {
		wait = 3 * soon / 2 // a record that lives longer is a mistake
	}
	open := func(keep idempotency.Retention) idempotency.Store {
		if m.keeps != nil {
			keep = m.keeps(keep)
		}
		return twist(keep, func(w *twisted) {
			if m.how != nil {
				m.how(w)
			}
		})
	}
	done := make(chan struct{})
	go func() { // since it may end like a failed test does, with its goroutine
		defer close(done)
		c.run(kit{tb: r, open: open, patience: wait})
	}()
	<-done
	return r.failures
}

// recorder records the failures of a test.
type recorder struct {
	tb
	mu       sync.Mutex
	failures []string
}

func (r *recorder) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, text)
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

func (r *recorder) Errorf(format string, args ...any) { r.add(fmt.Sprintf(format, args...)) }
func (r *recorder) Error(args ...any)                 { r.add(fmt.Sprint(args...)) }
func (r *recorder) Fail()                             { r.add("failed") }
func (r *recorder) FailNow()                          { r.Fail(); runtime.Goexit() }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); runtime.Goexit() }
func (r *recorder) Fatal(args ...any)                 { r.Error(args...); runtime.Goexit() }
func (r *recorder) Log(...any)                        {}
func (r *recorder) Logf(string, ...any)               {}
