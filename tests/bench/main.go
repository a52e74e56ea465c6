// Command bench measures what the proxy costs, beside proxies that only pass on an envelope that was built before. Each runs as its own
// process, alone on the first processor; its clients, its upstream and Redis share the others. Timings of a machine vary, so every target
// is measured once a round, and the ratios are of one run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
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
	var p plan
	flag.IntVar(&p.rounds, "rounds", 3, "how often each target is measured")
	flag.DurationVar(&p.duration, "duration", 1500*time.Millisecond, "how long a target is measured in a round")
	flag.StringVar(&p.only, "only", "", "measure only the loads whose names contain this, and what they are compared with")
	flag.StringVar(&p.page, "page", "", "a page into which the main rows of the table are written, unless -only leaves some out")
	flag.StringVar(&p.profile, "profile", "", "a folder for profiles of the loaded proxy, instead of measuring")
	flag.StringVar(&p.growth, "growth", "", "a folder for plots of the cost against size, connections and records, instead of the table")
	flag.DurationVar(&p.soak, "soak", 0, "how long to watch the memory of the proxy under a mixed load, instead of measuring")
	flag.BoolVar(&p.memory, "memory", false, "with -soak: use the store in memory instead of Redis")
	flag.Parse()
	pinned()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, p); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

type plan struct {
	rounds                      int
	duration                    time.Duration
	only, page, profile, growth string
	soak                        time.Duration
	memory                      bool
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

func run(ctx context.Context, p plan) error {
	dir, err := os.MkdirTemp("", "soapbridge-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	procs := &processes{dir: dir}
	defer procs.stop()
	switch {
	case p.soak > 0:
		return soak(ctx, p, procs)
	case p.growth != "":
		return growth(ctx, p, procs)
	}
	t, err := start(ctx, procs, nil)
	if err != nil {
		return err
	}
	if p.profile != "" {
		return t.profiles(ctx, p)
	}
	return t.compare(ctx, p)
}

// compare measures all loads and prints the table.
func (t *targets) compare(ctx context.Context, p plan) error {
	if err := t.startOthers(); err != nil {
		return err
	}
	loads := chosen(t.loads(), p.only)
	results, err := t.rounds(ctx, loads, p.rounds, amount{duration: p.duration})
	if err != nil {
		return err
	}
	fmt.Print(table(loads, results, all))
	if err := t.checkStages(ctx); err != nil {
		return err
	}
	if p.page == "" || p.only != "" {
		return nil
	}
	return writePage(p.page, table(loads, results, load.main))
}

// checkStages compares the time of all calls of the product, as its metrics say, with that in their stages: what the stages lack, no dashboard shows.
func (t *targets) checkStages(ctx context.Context) error {
	text, err := get(ctx, t.product.Metrics)
	if err != nil {
		return err
	}
	calls, err1 := sum(text, "soapbridge_call_seconds_sum")
	stages, err2 := sum(text, "soapbridge_stage_seconds_sum")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	fmt.Printf("\nThe stages are %.2f %% of the %.0f s of all calls.\n", 100*stages/calls, calls)
	if math.Abs(stages/calls-1) > stageError {
		return errors.New("the stages are not the time of the calls")
	}
	return nil
}

// stageError is the part of the time of calls that their stages may lack.
const stageError = 0.05

// chosen are the loads whose names contain a text, and those that they are compared with.
func chosen(loads []load, only string) []load {
	needed := map[string]bool{}
	for _, l := range loads {
		if strings.Contains(l.name, only) {
			needed[l.name], needed[l.beside] = true, true
		}
	}
	return slices.DeleteFunc(loads, func(l load) bool { return !needed[l.name] })
}

// rounds measures all loads in turn, as often as it says, and returns the samples of each.
func (t *targets) rounds(ctx context.Context, loads []load, rounds int, a amount) ([][]sample, error) {
	results := make([][]sample, len(loads))
	for round := range rounds {
		for i, l := range loads {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, l.name)
			t.stub.delay.Store(int64(l.delay))
			measured, err := l.measure(ctx, a)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", l.name, err)
			}
			results[i] = append(results[i], measured)
		}
	}
	return results, nil
}

// root is the module's folder: the program is built from there, and the stub answers with its samples.
func root() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return filepath.Clean(strings.TrimSpace(string(out))), nil
}
