package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"soapbridge/tests/parent"
)

// patience is how long a process may take to listen.
const patience = 30 * time.Second

// listen serves on a free port and says which.
func listen(server *http.Server) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "listen="+l.Addr().String())
	return server.Serve(l)
}

// process is a program that runs.
type process struct {
	cmd     *exec.Cmd
	exited  <-chan struct{}
	log     string // file
	address string
}

type processes struct {
	dir  string
	list []*process
}

// measured starts a program on the first processor, with nothing in its environment but PATH and the settings, and waits until it says where
// it listens.
func (p *processes) measured(ctx context.Context, name string, settings []string, binary string, args ...string) (*process, error) {
	if path, err := exec.LookPath("taskset"); err == nil && os.Getenv("SOAPBRIDGE_BENCH_PINNED") != "" {
		binary, args = path, append([]string{"-c", "0", binary}, args...)
	}
	proc, err := p.start(name, settings, binary, args...)
	if err != nil {
		return nil, err
	}
	listening := regexp.MustCompile(`(?:"listen":"|listen=)([0-9.:]+)`)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(proc.log)
		if m := listening.FindSubmatch(text); m != nil {
			proc.address = string(m[1])
			return proc, nil
		}
		select {
		case <-proc.exited:
			return nil, fmt.Errorf("%s ended at its start: %s", name, text)
		default:
		}
	}
	return nil, errors.New(name + " does not listen")
}

func (p *processes) start(name string, settings []string, binary string, args ...string) (*process, error) {
	log := filepath.Join(p.dir, name+".log")
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // the child has it
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = p.dir, append([]string{"PATH=" + os.Getenv("PATH")}, settings...)
	cmd.Stdout, cmd.Stderr = file, file
	exited, err := parent.Start(cmd)
	if err != nil {
		return nil, err
	}
	proc := &process{cmd: cmd, exited: exited, log: log}
	p.list = append(p.list, proc)
	return proc, nil
}

func (p *processes) stop() {
	for _, proc := range p.list {
		_ = proc.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-proc.exited:
		case <-time.After(patience):
			_ = proc.cmd.Process.Kill()
		}
	}
}

// cpu is the processor time that the process has used, with all its threads, those that have ended included (proc(5), /proc/pid/stat).
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
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

// resident is the memory that the process holds, in MiB.
func (p *process) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
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
