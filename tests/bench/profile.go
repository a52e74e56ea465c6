package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// profiles writes where the proxy spends its time, and what it allocates, under each main load, or those that are asked for.
func (t *targets) profiles(ctx context.Context, p plan) error {
	if err := os.MkdirAll(p.profile, 0o755); err != nil {
		return err
	}
	for _, l := range t.loads() {
		if l.process != t.product || !strings.Contains(l.name, p.only) || p.only == "" && !l.main() {
			continue
		}
		file := filepath.Join(p.profile, strings.NewReplacer(", ", "-", " ", "-").Replace(l.name))
		if err := t.profile(ctx, l, p, file); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return nil
}

func (t *targets) profile(ctx context.Context, l load, p plan, file string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.stub.delay.Store(int64(l.delay))
	c, err := l.connect()
	if err != nil {
		return err
	}
	defer c.close()
	ended := make(chan error, 1)
	go func() {
		_, err := c.run(ctx, amount{duration: 10 * p.duration})
		ended <- err
	}()
	base := strings.TrimSuffix(t.product.Metrics, "/metrics") + "/debug/pprof/"
	seconds := fmt.Sprintf("?seconds=%d", max(1, int(p.duration.Seconds())))
	for _, of := range []struct{ kind, suffix string }{{"profile", ".cpu.pprof"}, {"allocs", ".allocs.pprof"}} {
		text, err := get(ctx, base+of.kind+seconds)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file+of.suffix, text, 0o644); err != nil {
			return err
		}
		fmt.Println(file + of.suffix)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
