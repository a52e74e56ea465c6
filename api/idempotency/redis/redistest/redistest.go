// Package redistest runs real Redis servers for tests: a single one, one with replicas, a cluster, or one watched by a Sentinel. Every
// server is a process on a loopback port, with a data directory that the test removes. Without redis-server a test fails; it never skips.
package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"soapbridge/tests/parent"
)

// patience bounds every wait for a server. Only a broken machine is that slow.
const patience = 30 * time.Second

// Server is a redis-server process. Its methods fail the test and return no errors.
type Server struct {
	tb         testing.TB
	dir        string
	port       int
	directives []string
	process    *process // nil while stopped
}

// Start starts a redis-server that keeps every confirmed write: it syncs its append-only file at each write. Directives are added to its
// command line and override it: "--appendonly", "no", or "--replicaof", "127.0.0.1", port.
func Start(tb testing.TB, directives ...string) *Server {
	tb.Helper()
	s := &Server{tb: tb, dir: tb.TempDir(), directives: directives}
	tb.Cleanup(s.cleanUp)
	const attempts = 5 // a free port may be taken between the look and the start
	for range attempts {
		s.port = freePort(tb)
		if s.launch() {
			return s
		}
	}
	tb.Fatalf("redis-server did not start:\n%s", s.process.output())
	return nil
}

// Addr is host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Port is the port as a directive wants it.
func (s *Server) Port() string { return strconv.Itoa(s.port) }

// Stop shuts the server down.
func (s *Server) Stop() {
	s.tb.Helper()
	s.end(syscall.SIGTERM)
}

// Kill ends the server as a crash does.
func (s *Server) Kill() {
	s.tb.Helper()
	s.end(syscall.SIGKILL)
}

// Restart starts the server again at the same address with the same data. It stops a running one first.
func (s *Server) Restart() {
	s.tb.Helper()
	if s.process != nil {
		s.Stop()
	}
	// While the server was down its port was free, and a test of another package may be using it.
	for deadline := time.Now().Add(patience); !s.launch(); time.Sleep(pause) {
		if out := s.process.output(); !strings.Contains(out, "Address already in use") || time.Now().After(deadline) {
			s.tb.Fatalf("redis-server did not start again:\n%s", out)
		}
	}
}

// Pause freezes the process: its port still accepts connections, but the server does not answer.
func (s *Server) Pause() {
	s.tb.Helper()
	s.signal(syscall.SIGSTOP)
}

// Continue ends Pause.
func (s *Server) Continue() {
	s.tb.Helper()
	s.signal(syscall.SIGCONT)
}

// ConfigSet changes a directive of the running server.
func (s *Server) ConfigSet(name, value string) {
	s.tb.Helper()
	s.Do("CONFIG", "SET", name, value)
}

// Do runs a command and returns its reply.
func (s *Server) Do(args ...any) any {
	s.tb.Helper()
	reply, err := s.try(args...)
	if err != nil {
		s.tb.Fatalf("%v on %s: %v", args, s.Addr(), err)
	}
	return reply
}

// Await runs a command until its reply, as text, satisfies ok.
func (s *Server) Await(ok func(reply string) bool, args ...any) {
	s.tb.Helper()
	var last string
	await(s.tb, func() bool {
		reply, err := s.try(args...)
		last = fmt.Sprint(reply, err)
		return err == nil && ok(fmt.Sprint(reply))
	}, func() string { return fmt.Sprintf("%v on %s: last reply %s", args, s.Addr(), last) })
}

func (s *Server) try(args ...any) (any, error) {
	client := redis.NewClient(s.clientOptions())
	reply, err := client.Do(context.Background(), args...).Result()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return reply, errors.Join(err, client.Close())
}

func (s *Server) clientOptions() *redis.Options {
	return &redis.Options{Addr: s.Addr(), Protocol: 2, DisableIdentity: true, MaxRetries: -1, DialerRetries: 1, ReadTimeout: patience, PoolSize: 1}
}

func (s *Server) launch() bool {
	s.tb.Helper()
	p, err := run(append([]string{
		"--port", s.Port(), "--bind", "127.0.0.1", "--dir", s.dir, "--daemonize", "no", "--loglevel", "notice",
		"--save", "", "--appendonly", "yes", "--appendfsync", "always",
		"--repl-diskless-sync", "no", // or the server would send commands to a new replica, which confirms them, only after its first report
		"--repl-ping-replica-period", "1",
	}, s.directives...))
	if err != nil {
		s.tb.Fatal(err)
	}
	s.process = p
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
		if p.ended() {
			return false
		}
		if s.answers() {
			return true
		}
	}
	return false
}

// answers reports whether this server answers at the port, where another process may be, and has loaded its data: INFO works before that.
func (s *Server) answers() bool {
	if free(s.port) { // first, since the client library logs each refused connection
		return false
	}
	client := redis.NewClient(s.clientOptions())
	info, err := client.Info(context.Background(), "server", "persistence").Result()
	err = errors.Join(err, client.Close())
	return err == nil && strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", s.process.pid)) && strings.Contains(info, "\nloading:0\r")
}

func (s *Server) end(sig syscall.Signal) {
	s.tb.Helper()
	if s.process == nil {
		s.tb.Fatal("the redis-server is not running")
	}
	if err := s.process.end(sig); err != nil {
		s.tb.Fatal(err)
	}
	s.process = nil
}

func (s *Server) signal(sig syscall.Signal) {
	s.tb.Helper()
	if s.process == nil {
		s.tb.Fatal("the redis-server is not running")
	}
	if err := syscall.Kill(s.process.pid, sig); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *Server) cleanUp() {
	if s.process == nil {
		return
	}
	err := s.process.end(syscall.SIGKILL) // works on a paused one too
	if s.tb.Failed() {
		s.tb.Logf("output of redis-server at %s:\n%s", s.Addr(), s.process.output())
	}
	if err != nil {
		s.tb.Error(err)
	}
}

// process is a child with its output.
type process struct {
	pid  int
	done <-chan struct{} // closed when it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// run starts a redis-server. Its exit status means nothing, since tests kill it.
func run(args []string) (*process, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("these tests need redis-server: apt-get install redis-server")
	}
	p := &process{}
	cmd := exec.CommandContext(context.Background(), path, args...)
	cmd.Stdout, cmd.Stderr = p, p
	if p.done, err = parent.Start(cmd); err != nil {
		return nil, err
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

func (p *process) end(sig syscall.Signal) error {
	if p.ended() {
		return nil
	}
	if err := syscall.Kill(p.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("redis-server %d did not end", p.pid)
	}
}

// pause is between two checks of a condition.
const pause = 10 * time.Millisecond

func await(tb testing.TB, ok func() bool, what func() string) {
	tb.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
		if ok() {
			return
		}
	}
	tb.Fatalf("after %v, still waiting: %s", patience, what())
}

// freePort returns a free port with a free one 10000 above it, where a cluster node listens for its peers. Both are below the range of
// ports for outgoing connections.
func freePort(tb testing.TB) int {
	tb.Helper()
	const first, count, bus, attempts = 11000, 10000, 10000, 1000
	for range attempts {
		port := first + rand.IntN(count)
		if free(port) && free(port+bus) {
			return port
		}
	}
	tb.Fatal("no free port")
	return 0
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}
