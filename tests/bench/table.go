package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// table is Markdown, of the loads to be kept. A ratio is the median of the rounds' ratios.
func table(loads []load, results [][]sample, keep func(load) bool) string {
	byName := map[string][]sample{}
	for i, l := range loads {
		byName[l.name] = results[i]
	}
	var b strings.Builder
	b.WriteString("| load | requests/s | p50 | p99 | CPU a request | allocations | memory | CPU ratio | p99 ratio |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, l := range loads {
		if !keep(l) {
			continue
		}
		s, beside := typical(results[i]), byName[l.beside]
		allocations := ""
		if s.allocations > 0 {
			allocations = fmt.Sprintf("%.0f", s.allocations)
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.2f ms | %.2f ms | %.0f µs | %s | %.0f MiB | %.2f | %.2f |\n",
			l.name, s.rate, s.p50, s.p99, s.cpu, allocations, s.resident,
			ratio(results[i], beside, func(s sample) float64 { return s.cpu }),
			ratio(results[i], beside, func(s sample) float64 { return s.p99 }))
	}
	return b.String()
}

// ratio compares samples of the same rounds.
func ratio(samples, beside []sample, figure func(sample) float64) float64 {
	ratios := make([]float64, len(samples))
	for i := range samples {
		ratios[i] = figure(samples[i]) / figure(beside[i])
	}
	return median(ratios)
}

// typical has the median of each figure.
func typical(samples []sample) (s sample) {
	for _, figure := range []func(*sample) *float64{
		func(s *sample) *float64 { return &s.rate }, func(s *sample) *float64 { return &s.p50 }, func(s *sample) *float64 { return &s.p99 },
		func(s *sample) *float64 { return &s.cpu }, func(s *sample) *float64 { return &s.allocations }, func(s *sample) *float64 { return &s.resident },
		func(s *sample) *float64 { return &s.refused },
	} {
		values := make([]float64, len(samples))
		for i := range samples {
			values[i] = *figure(&samples[i])
		}
		*figure(&s) = median(values)
	}
	return s
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// writePage writes a table into a page, and the machine on which it was measured.
func writePage(file, table string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	replaced, err := between(string(text), table+"\nMeasured by `make bench` on "+machine()+".\n")
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(replaced), 0o644)
}

// between replaces what is between the two marks.
func between(text, part string) (string, error) {
	const begin, end = "<!-- bench -->\n", "<!-- /bench -->"
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", errors.New("the page lacks " + begin + end)
	}
	return before + begin + part + end + after, nil
}

// machine says on what was measured, without a name of the host. What it does not find is left empty.
func machine() string {
	cpus, _ := os.ReadFile("/proc/cpuinfo")
	memory, _ := os.ReadFile("/proc/meminfo")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	redis, _ := exec.Command("redis-server", "--version").Output()
	in := func(text []byte, pattern string) string {
		found, _ := match(text, pattern)
		return found
	}
	kib, _ := strconv.Atoi(in(memory, `MemTotal: +(\d+) kB`))
	return fmt.Sprintf("a machine with %d processors (%s), %d GiB of memory, Linux %s, Go %s, Redis %s", bytes.Count(cpus, []byte("processor\t")),
		in(cpus, `model name\s*: (.*)`), kib>>20, in(kernel, `([\d.]+)`), strings.TrimPrefix(runtime.Version(), "go"), in(redis, `v=(\S+)`))
}
