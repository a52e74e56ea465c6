package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"soapbridge/tests/kit"
)

// listen serves on a free port and says which.
func listen(server *http.Server) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "listen="+l.Addr().String())
	return server.Serve(l)
}

// processes are those that the measurement has started.
type processes struct {
	dir  string // for what they write
	list []*kit.Process
}

func (p *processes) add(started *kit.Process, err error) (*kit.Process, error) {
	if err == nil {
		p.list = append(p.list, started)
	}
	return started, err
}

// measured starts a program on the first processor and waits until it says where it listens.
func (p *processes) measured(name string, settings map[string]string, binary string, args ...string) (*kit.Process, error) {
	if path, err := exec.LookPath("taskset"); err == nil && os.Getenv("SOAPBRIDGE_BENCH_PINNED") != "" {
		binary, args = path, append([]string{"-c", "0", binary}, args...)
	}
	return p.add(kit.Command{Name: name, Binary: binary, Args: args, Settings: settings, Folder: p.dir}.Serve())
}

// stop ends the processes, the last one first: the product needs its Redis until its own end.
func (p *processes) stop() {
	for _, started := range slices.Backward(p.list) {
		_ = started.Signal(syscall.SIGTERM)
		_, _ = started.Wait()
	}
	p.list = nil
}

// forget empties the files of what a process writes, since the log of all requests would fill a disk.
func forget(p *kit.Process) {
	_ = os.Truncate(string(p.Stdout), 0)
	_ = os.Truncate(string(p.Stderr), 0)
}

// cpu is the processor time that a process has used, with all its threads, in nanoseconds: /proc/pid/stat has ticks of 10 ms, too coarse for few
// requests. A thread that ends takes its time with it, but those of a Go program stay.
func cpu(pid int) (sum time.Duration, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("no processor times of process %d: %w", pid, err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		ran, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// resident is the memory that a process holds, in MiB.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	kib, err := number(text, `VmRSS:\s+(\d+) kB`)
	return kib / 1024, err
}

// match returns what the group of a pattern matches.
func match(text []byte, pattern string) (string, error) {
	m := regexp.MustCompile(pattern).FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("there is no %s", pattern)
	}
	return string(m[1]), nil
}

func number(text []byte, pattern string) (float64, error) {
	found, err := match(text, pattern)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(found, 64)
}

// metric reads one metric of the product.
func metric(ctx context.Context, p *kit.Process, name string) (float64, error) {
	text, err := get(ctx, p.Metrics)
	if err != nil {
		return 0, err
	}
	return number(text, `(?m)^`+name+` (\S+)`)
}

// sum adds up a metric over all its labels.
func sum(text []byte, name string) (total float64, err error) {
	samples := regexp.MustCompile(`(?m)^`+name+`\{.*\} (\S+)$`).FindAllSubmatch(text, -1)
	if len(samples) == 0 {
		return 0, fmt.Errorf("there is no %s", name)
	}
	for _, s := range samples {
		value, err := strconv.ParseFloat(string(s[1]), 64)
		if err != nil {
			return 0, err
		}
		total += value
	}
	return total, nil
}

// get returns what is at a URL.
func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kit.Patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return text, err
}
