package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"soapbridge/tests/kit"
)

// soak lets the product run under a mixed load, prints what it holds, and fails where that grows. In Redis, results are retained for a minute,
// so that records come and go; the store in memory is full from the start, which is when it holds most, and new writes are answered with 503.
func soak(ctx context.Context, p plan, procs *processes) error {
	settings := map[string]string{"IDEMPOTENCY_RETENTION": "1m"}
	if p.memory {
		settings = map[string]string{"MEMORY_STORE": "accept"}
	}
	t, err := start(ctx, procs, settings)
	if err != nil {
		return err
	}
	if p.memory {
		if err := t.fillUp(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var wait sync.WaitGroup
	for _, l := range t.mixed(p.memory) {
		wait.Go(func() {
			if err := l.last(ctx, p.soak); err != nil {
				cancel(fmt.Errorf("%s: %w", l.name, err))
			}
		})
	}
	states, err := t.watch(ctx, p.soak)
	cancel(nil)
	wait.Wait()
	if err != nil {
		return err
	}
	return grown(states)
}

// fillUp writes until the store is full.
func (t *targets) fillUp(ctx context.Context) error {
	l := t.write("CreateWorkFlowManager", 64)
	l.statuses = append(l.statuses, http.StatusServiceUnavailable)
	c, err := l.connect()
	if err != nil {
		return err
	}
	defer c.close()
	for c.refused.Load() == 0 {
		if _, err := c.run(ctx, amount{kit.Patience, 5000}); err != nil {
			return err
		}
		forget(t.product)
	}
	mib, err := resident(t.product.PID())
	fmt.Printf("full: %4.0f MiB resident, %d keys used\n", mib, lastKey.Load())
	return err
}

// mixed are writes, replays and errors: of validation, and of the upstream.
func (t *targets) mixed(full bool) []load {
	fault := t.write("CreateCallLog", 8)
	fault.statuses = []int{http.StatusUnprocessableEntity}
	replay := t.replay(8, lastKey.Load(), 1)
	replay.statuses = append(replay.statuses, http.StatusConflict) // each minute its record ends, and one of them makes it again
	loads := []load{
		t.write("CreateWorkFlowManager", 32), t.write("CreateComplexAccount", 8), t.write("UpdateCustomerPIN", 8),
		replay, t.refused(4), t.preview(4), fault,
	}
	if full {
		for i := range loads {
			loads[i].statuses = append(loads[i].statuses, http.StatusServiceUnavailable)
		}
	}
	return loads
}

func (l load) last(ctx context.Context, duration time.Duration) error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	defer c.close()
	_, err = c.run(ctx, amount{duration: duration})
	return err
}

// state is what the product holds at one time.
type state struct{ resident, goroutines float64 }

// watch prints and returns the product's states until the time is over.
func (t *targets) watch(ctx context.Context, duration time.Duration) (states []state, err error) {
	tick := time.NewTicker(min(30*time.Second, duration/9))
	defer tick.Stop()
	began := time.Now()
	for time.Since(began) < duration {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
		var s state
		if s.goroutines, err = metric(ctx, t.product, "go_goroutines"); err != nil {
			return nil, err
		}
		if s.resident, err = resident(t.product.PID()); err != nil {
			return nil, err
		}
		fmt.Printf("%5s: %4.0f MiB resident, %4.0f goroutines, %d keys used\n",
			time.Since(began).Round(time.Second), s.resident, s.goroutines, lastKey.Load())
		forget(t.product)
		states = append(states, s)
	}
	return states, nil
}

// grown fails where the last third of the states holds more than the second one: 10 percent more memory in the middle, or more goroutines at
// every time.
func grown(states []state) error {
	var memory, goroutines []float64
	for _, s := range states {
		memory, goroutines = append(memory, s.resident), append(goroutines, s.goroutines)
	}
	third := len(states) / 3
	from, to := len(states)-2*third, len(states)-third
	if before, after := median(memory[from:to]), median(memory[to:]); after > 1.1*before {
		return fmt.Errorf("resident memory has grown from %.0f MiB in the second third to %.0f MiB in the last", before, after)
	}
	if before, after := slices.Max(goroutines[from:to]), slices.Min(goroutines[to:]); after > before {
		return fmt.Errorf("goroutines have grown from at most %.0f in the second third to at least %.0f in the last", before, after)
	}
	return nil
}
