// Command bench measures what the proxy costs, beside proxies that only pass on an envelope that was built before. Each runs as its own
// process, alone on the first processor; its clients, its upstream and Redis share the others. Timings of a machine vary, so every target
// is measured once a round, and the ratios are of one run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "pass" { // this program as a process beside the product
		fmt.Fprintln(os.Stderr, pass(os.Args[2], os.Args[3]))
		os.Exit(1)
	}
	rounds := flag.Int("rounds", 3, "how often each target is measured")
	duration := flag.Duration("duration", 1500*time.Millisecond, "how long a target is measured in a round")
	only := flag.String("only", "", "measure only the loads whose names contain this, and what they are compared with")
	profile := flag.String("profile", "", "a folder for profiles of the loaded proxy, instead of measuring")
	flag.Parse()
	pinned()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, plan{*rounds, *duration, *only, *profile}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

type plan struct {
	rounds   int
	duration time.Duration
	only     string
	profile  string
}

// pinned starts this program again without the first processor, which is for the program that is measured.
func pinned() {
	const done = "SOAPBRIDGE_BENCH_PINNED"
	path, err := exec.LookPath("taskset")
	if os.Getenv(done) != "" || err != nil || runtime.NumCPU() < 2 {
		return
	}
	cmd := exec.Command(path, append([]string{"-c", fmt.Sprintf("1-%d", runtime.NumCPU()-1)}, os.Args...)...)
	cmd.Env = append(os.Environ(), done+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures all loads in turn, as many rounds as planned, and prints the table.
func run(ctx context.Context, p plan) error {
	dir, err := os.MkdirTemp("", "soapbridge-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := newStub()
	if err != nil {
		return err
	}
	procs := &processes{dir: dir}
	defer procs.stop()
	t, err := start(ctx, procs, s)
	if err != nil {
		return err
	}
	if p.profile != "" {
		return t.profiles(ctx, p)
	}
	loads := slices.DeleteFunc(t.loads(), func(l load) bool { return l.beside != "" && !strings.Contains(l.name, p.only) })
	loads = slices.DeleteFunc(loads, func(l load) bool {
		return l.beside == "" && !slices.ContainsFunc(loads, func(m load) bool { return m.beside == l.name })
	})
	results := make([][]sample, len(loads))
	for round := range p.rounds {
		for i, l := range loads {
			fmt.Fprintf(os.Stderr, "\rround %d of %d, load %d of %d ", round+1, p.rounds, i+1, len(loads))
			s.delay.Store(int64(l.delay))
			measured, err := l.measure(ctx, p.duration)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			results[i] = append(results[i], measured)
		}
	}
	fmt.Fprintln(os.Stderr)
	fmt.Print(table(loads, results))
	return nil
}

// table is Markdown. A ratio is the median of the rounds' ratios.
func table(loads []load, results [][]sample) string {
	byName := map[string][]sample{}
	for i, l := range loads {
		byName[l.name] = results[i]
	}
	var b strings.Builder
	b.WriteString("| load | requests/s | p50 | p99 | CPU a request | allocations | memory | CPU to a plain reverse proxy |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, l := range loads {
		r := results[i]
		of := func(figure func(sample) float64) float64 { return median(r, figure) }
		allocations, ratio := "", ""
		if n := of(func(s sample) float64 { return s.allocations }); n > 0 {
			allocations = fmt.Sprintf("%.0f", n)
		}
		if plain := byName[l.beside]; plain != nil {
			ratios := make([]float64, len(r))
			for i := range r {
				ratios[i] = r[i].cpu / plain[i].cpu
			}
			slices.Sort(ratios)
			ratio = fmt.Sprintf("%.2f", ratios[len(ratios)/2])
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.2f ms | %.2f ms | %.0f us | %s | %.0f MiB | %s |\n", l.name, of(func(s sample) float64 { return s.rate }),
			of(func(s sample) float64 { return s.p50 }), of(func(s sample) float64 { return s.p99 }), of(func(s sample) float64 { return s.cpu }),
			allocations, of(func(s sample) float64 { return s.resident }), ratio)
	}
	return b.String()
}

func median(samples []sample, figure func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = figure(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// root is the module's folder: the program is built from there, and the stub answers with its samples.
func root() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return filepath.Clean(strings.TrimSpace(string(out))), nil
}
