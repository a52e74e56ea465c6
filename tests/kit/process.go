// Package kit is what the tests of the whole program share: one way to start it, and one list of its operations. It imports nothing of the
// program, so that the programs that are measured beside it do not contain it.
package kit

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"soapbridge/tests/parent"
)

// Patience is how long a test waits for an expected event. Only what hangs takes this long, on a loaded machine too.
const Patience = 60 * time.Second

// Commit is what the program under test takes for its commit.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Build builds the program at a path, with these flags of go build.
func Build(path string, flags ...string) error {
	args := slices.Concat([]string{"build"}, flags, []string{"-o", path, "soapbridge"})
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w (needed: the go command, https://go.dev/doc/install, and a C compiler for "+
			"the race detector, apt-get install gcc)\n%s", err, out)
	}
	return nil
}

var (
	// folder holds the program under test and what it writes, until Main removes it.
	folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "soapbridge-test-") })

	// program is the path of the program under test.
	program = sync.OnceValues(func() (string, error) {
		dir, err := folder()
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, "soapbridge")
		return path, errors.Join(lookAtSources(), Build(path, "-race", "-ldflags", "-X main.commit="+Commit))
	})

	starts atomic.Int64
)

// lookAtSources tells the test cache of what the program is made: it sees what a test looks at, and not what the build reads. A result from before a
// change of the program would otherwise count as one of now.
func lookAtSources() error {
	var all error
	for _, part := range []string{"main.go", "go.mod", "go.sum", "api", "openapi", "translate", "upstream"} {
		all = errors.Join(all, filepath.WalkDir(filepath.Join("..", "..", part), func(path string, _ os.DirEntry, err error) error {
			_, missing := os.Stat(path)
			return errors.Join(err, missing)
		}))
	}
	return all
}

// Program returns the path of the program under test, for scripts that start it on their own.
func Program() (string, error) { return program() }

// sideBySide is how many tests run at once. Those that say so mostly wait, so the number of processors is no measure.
const sideBySide = "4"

// Main runs the tests of a package and returns the exit code. Each of after runs when the tests have ended and returns what is still wrong;
// then the program and its output are removed.
func Main(m *testing.M, after ...func() []string) int {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err) // the flag is package testing's
	}
	code := m.Run()
	for _, f := range after {
		for _, problem := range f() {
			fmt.Fprintln(os.Stderr, "FAIL:", problem)
			code = 1
		}
	}
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return code
}

// Command is a run of the program that can be started, more than once.
type Command struct {
	Name     string // in messages and file names; empty for the arguments
	Binary   string // empty for the program under test, which is built with the race detector, once for all tests of a package
	Args     []string
	Settings map[string]string // their names without SOAPBRIDGE_
	Folder   string            // of two files for each start, with what it writes; empty for one that Main removes
	Secrets  []string          // that it must not write: see Process.Findings
}

// With returns settings with others added, which win.
func With(settings map[string]string, more ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range append([]map[string]string{settings}, more...) {
		maps.Copy(all, m)
	}
	return all
}

// Start starts the command with its settings, and with no more of this process's environment than a program needs to run. It sets an HTTP
// proxy at which nothing listens: no call may go there.
func (c Command) Start() (*Process, error) {
	var err1, err2 error
	if c.Binary == "" {
		c.Binary, err1 = program()
	}
	if c.Folder == "" {
		c.Folder, err2 = folder()
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	c.Name = cmp.Or(c.Name, strings.Join(c.Args, " "))
	p := &Process{Command: c, cmd: exec.Command(c.Binary, c.Args...)}
	p.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1",
		"GORACE=atexit_sleep_ms=0", // the race detector would otherwise hold each process up for a second at its end
	}
	for name, value := range c.Settings {
		p.cmd.Env = append(p.cmd.Env, "SOAPBRIDGE_"+name+"="+value)
	}
	path := filepath.Join(c.Folder, fmt.Sprintf("%.100s.%d.", strings.ReplaceAll(c.Name, "/", "_"), starts.Add(1)))
	p.Stdout, p.Stderr = Output(path+"stdout"), Output(path+"stderr")
	stdout, err1 := os.Create(string(p.Stdout))
	stderr, err2 := os.Create(string(p.Stderr))
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	err := errors.Join(err1, err2)
	if err == nil {
		p.Exited, err = parent.Start(p.cmd)
	}
	_, _ = stdout.Close(), stderr.Close() // the process has its own
	return p, err
}

// Output is the file of what a process writes.
type Output string

// String returns what has been written up to now.
func (o Output) String() string {
	text, err := os.ReadFile(string(o))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Process is a command that was started.
type Process struct {
	Command

	URL            string // of what it serves, without a path; for those that were awaited: see Serve, StartSandbox and StartDemo
	Metrics        string // URL of its metrics; empty where METRICS_LISTEN is not set
	Stdout, Stderr Output
	Exited         <-chan struct{} // closed when it has ended

	cmd *exec.Cmd
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal. Its error is os.ErrProcessDone for a process that has ended.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Kill ends the process as a crash does, or what a failed test has left of it, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails when it has ended
	<-p.Exited
}

// Code is the exit code of a process that has ended, -1 when a signal ended it.
func (p *Process) Code() int { return p.cmd.ProcessState.ExitCode() }

// Wait returns the exit code. A process that does not end is killed.
func (p *Process) Wait() (int, error) {
	select {
	case <-p.Exited:
		return p.Code(), nil
	case <-time.After(Patience):
		p.Kill()
		return -1, fmt.Errorf("%s did not end\nstderr: %s", p.Name, p.Stderr)
	}
}

// Await polls until found returns a text, and returns that. It fails when the process ends first, or when the text does not come in time;
// then the process is killed.
func (p *Process) Await(what string, found func() string) (string, error) {
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		ended := false
		select {
		case <-p.Exited:
			ended = true
		default:
		}
		if text := found(); text != "" {
			return text, nil
		}
		if ended {
			return "", fmt.Errorf("%s ended with code %d before %s\nstdout: %s\nstderr: %s", p.Name, p.Code(), what, p.Stdout, p.Stderr)
		}
	}
	p.Kill()
	return "", fmt.Errorf("%s: no %s in time\nstdout: %s\nstderr: %s", p.Name, what, p.Stdout, p.Stderr)
}

// AwaitMatch awaits a pattern in an output, and returns what it and its groups match.
func (p *Process) AwaitMatch(out Output, pattern *regexp.Regexp) (match []string, err error) {
	_, err = p.Await(pattern.String(), func() string {
		if match = pattern.FindStringSubmatch(out.String()); match == nil {
			return ""
		}
		return match[0]
	})
	return match, err
}

// Stop ends the process as an operator does, and returns what is wrong with its end and with what it wrote.
func (p *Process) Stop() (problems []string) {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		problems = append(problems, err.Error())
	}
	code, err := p.Wait()
	if err != nil {
		return append(problems, err.Error())
	}
	if code != 0 {
		problems = append(problems, fmt.Sprintf("%s ended with code %d: %s", p.Name, code, p.Stderr))
	}
	return append(problems, p.Findings()...)
}

// StopAfter stops the process when the test ends, which fails for what Stop returns.
func (p *Process) StopAfter(t testing.TB) {
	t.Cleanup(func() { report(t, p.Stop()) })
}

// Judge fails the test for what the process must not have written.
func (p *Process) Judge(t testing.TB) {
	t.Helper()
	report(t, p.Findings())
}

func report(t testing.TB, problems []string) {
	t.Helper()
	for _, problem := range problems {
		t.Error(problem)
	}
}

// trouble is what the Go runtime writes when something is badly wrong, and how this program logs a panic that it survived.
var trouble = []string{"DATA RACE", "panic:", "fatal error:", `"msg":"panic"`, "msg=panic", "SIGSEGV", "superfluous response.WriteHeader"}

// Findings returns what the process must not have written: reports of the race detector, panics, its secrets. Each comes with 4,000 characters of
// the output, from its line on.
func (p *Process) Findings() (list []string) {
	for _, out := range []Output{p.Stdout, p.Stderr} {
		text := out.String()
		for _, bad := range slices.Concat(trouble, p.Secrets) {
			if before, _, found := strings.Cut(text, bad); found {
				line := strings.LastIndexByte(before, '\n') + 1
				list = append(list, fmt.Sprintf("%s: %q is in %s: %.4000s", p.Name, bad, filepath.Base(string(out)), text[line:]))
			}
		}
	}
	return list
}
