package cache

import (
	"sync"
	"time"
)

// turns lets calls that look for the same thing at the same time share a look-up, so that a hundred of them need two. One that began after a call came
// is as good as its own; one that began before is not, since a write may have ended between the two.
type turns struct {
	mu sync.Mutex
	of map[string]*turn
}

type turn struct {
	calls int // that look or wait; for turns.mu

	mu    sync.Mutex
	began time.Time // of the last look-up
	found found
}

// found is what a look-up has found.
type found struct {
	generation string
	answer     Answer // without a body where there is none
	err        error
}

func (t *turns) take(name string, look func() found) found {
	came := time.Now()
	its := t.join(name)
	defer t.leave(name, its)
	its.mu.Lock()
	defer its.mu.Unlock()
	if !its.began.After(came) {
		began := time.Now()
		its.found = look()
		its.began = began
	}
	return its.found
}

func (t *turns) join(name string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	its := t.of[name]
	if its == nil {
		its = &turn{}
		t.of[name] = its
	}
	its.calls++
	return its
}

func (t *turns) leave(name string, its *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if its.calls--; its.calls == 0 {
		delete(t.of, name)
	}
}
