package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// profiles writes where the proxy spends its time, and what it allocates, under each load of its own.
func (t *targets) profiles(ctx context.Context, p plan) error {
	if err := os.MkdirAll(p.profile, 0o755); err != nil { //nolint:gosec // for everybody, as files of a build are
		return err
	}
	for _, l := range t.loads() {
		if l.process != t.product || !strings.Contains(l.name, p.only) {
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
	c, err := l.connect()
	if err != nil {
		return err
	}
	defer c.close()
	ended := make(chan error, 1)
	go func() {
		_, err := c.run(ctx, 10*p.duration)
		ended <- err
	}()
	base := strings.TrimSuffix(t.product.Metrics, "/metrics") + "/debug/pprof/"
	seconds := fmt.Sprintf("?seconds=%d", max(1, int(p.duration.Seconds())))
	for _, of := range []struct{ kind, suffix string }{{"profile", ".cpu.pprof"}, {"allocs", ".allocs.pprof"}} {
		if err := save(ctx, base+of.kind+seconds, file+of.suffix); err != nil {
			return err
		}
		fmt.Println(file + of.suffix)
	}
	cancel()
	return <-ended
}

func save(ctx context.Context, url, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644) //nolint:gosec // for everybody, as files of a build are
}
