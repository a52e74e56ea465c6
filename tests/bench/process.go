package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
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

func (p *processes) stop() {
	for _, started := range p.list {
		_ = started.Signal(syscall.SIGTERM)
		_, _ = started.Wait()
	}
}

// cpu is the processor time that a process has used, with all its threads, those that have ended included (proc(5), /proc/pid/stat).
func cpu(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	const ticks = 100 // a second: USER_HZ of Linux, on every architecture that Go runs on
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	sum := 0
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// resident is the memory that a process holds, in MiB.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0, errors.New("no VmRSS")
	}
	kib, err := strconv.ParseFloat(string(m[1]), 64)
	return kib / 1024, err
}
