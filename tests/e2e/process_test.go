package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"soapbridge/tests/parent"
)

// patience is how long a test waits for what must happen. A loaded machine is slow; only what hangs takes this long.
const patience = 60 * time.Second

// output is what a process wrote, readable while it writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is the program, running.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr output
	exited         <-chan struct{}
	url            string // of the API, or of the sandbox
}

// launch starts the program with the given SOAPBRIDGE_ settings (their names without the prefix) and nothing else of this process's
// environment but what a program needs to run. An HTTP proxy is set that nobody listens at: no call may go there.
func launch(name string, settings map[string]string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(binary, args...)}
	p.cmd.Env = environment(settings)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	var err error
	p.exited, err = parent.Start(p.cmd)
	return p, err
}

func environment(settings map[string]string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1",
		"GORACE=atexit_sleep_ms=0", // the race detector would otherwise hold each process up for a second at its end
	}
	for name, value := range settings {
		env = append(env, "SOAPBRIDGE_"+name+"="+value)
	}
	return env
}

// await polls until found gives something, or the process ends, or patience does.
func (p *process) await(what string, found func() string) (string, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if text := found(); text != "" {
			return text, nil
		}
		select {
		case <-p.exited:
			if text := found(); text != "" {
				return text, nil
			}
			return "", fmt.Errorf("%s ended with code %d before %s\nstdout: %s\nstderr: %s", p.name, p.code(), what, &p.stdout, &p.stderr)
		default:
		}
	}
	p.kill()
	return "", fmt.Errorf("%s: no %s in time\nstdout: %s\nstderr: %s", p.name, what, &p.stdout, &p.stderr)
}

// code is the exit code of a process that has ended.
func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }

// kill ends the process, or what a failed test has left of it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

func (p *process) terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// wait gives the exit code; a process that does not end is killed.
func (p *process) wait() (int, error) {
	select {
	case <-p.exited:
		return p.code(), nil
	case <-time.After(patience):
		p.kill()
		return -1, fmt.Errorf("%s did not end\nstderr: %s", p.name, &p.stderr)
	}
}

// stop ends the process as an operator does and lists what is wrong with its end and with what it wrote.
func (p *process) stop() (problems []string) {
	if err := p.terminate(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		problems = append(problems, err.Error())
	}
	code, err := p.wait()
	if err != nil {
		return append(problems, err.Error())
	}
	if code != 0 {
		problems = append(problems, fmt.Sprintf("%s ended with code %d: %s", p.name, code, &p.stderr))
	}
	return append(problems, p.findings()...)
}

// trouble is what the Go runtime writes when something is badly wrong, and how this program logs a panic that it survived.
var trouble = regexp.MustCompile(`DATA RACE|(?m)^panic:|fatal error:|"msg":"panic"|msg=panic|SIGSEGV|superfluous response\.WriteHeader`)

// findings judges what the process wrote: no race, no panic, no secret.
func (p *process) findings() (problems []string) {
	for stream, text := range map[string]string{"stdout": p.stdout.String(), "stderr": p.stderr.String()} {
		if at := trouble.FindStringIndex(text); at != nil {
			problems = append(problems, fmt.Sprintf("%s, %s: %s", p.name, stream, text[at[0]:]))
		}
		for _, secret := range secretsIn(text) {
			problems = append(problems, fmt.Sprintf("%s: a planted secret is on %s: %s", p.name, stream, lineWith(text, secret)))
		}
	}
	return problems
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return part
}

// secretsIn lists the planted secrets that a text holds.
func secretsIn(text string) (found []string) {
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	return found
}

var listening = regexp.MustCompile(`"listen":"([^"]+)"|listen=(\S+)`)

// listen waits for the first line of the log, which says where the process listens.
func (p *process) listen() (string, error) {
	return p.await("address in the log", func() string {
		first, _, whole := strings.Cut(p.stderr.String(), "\n")
		if m := listening.FindStringSubmatch(first); whole && m != nil {
			return m[1] + m[2]
		}
		return ""
	})
}

// launchProxy starts serve on a free port.
func launchProxy(name string, settings map[string]string) (*process, error) {
	p, err := launch(name, with(map[string]string{"LISTEN": "127.0.0.1:0", "DRAIN_TIMEOUT": "4s"}, settings), "serve")
	if err != nil {
		return nil, err
	}
	address, err := p.listen()
	p.url = "http://" + address
	return p, err
}

// proxy starts a proxy for one test.
func proxy(t *testing.T, settings map[string]string) *process {
	t.Helper()
	p, err := launchProxy(t.Name(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, problem := range p.stop() {
			t.Error(problem)
		}
	})
	return p
}

var endpoints = regexp.MustCompile(`(?m)^SOAPBRIDGE_([A-Z]+)_URL=(http://[^/\s]+)(/\S*)$`)

// launchSandbox starts the sandbox on a free port, and reads the settings for a proxy from what it prints.
func launchSandbox(name string) (*process, map[string]string, error) {
	p, err := launch(name, nil, "sandbox", "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	text, err := p.await("end of the introduction", func() string {
		if text := p.stdout.String(); strings.Contains(text, "/sandbox/scenarios") && strings.HasSuffix(text, "\n") {
			return text
		}
		return ""
	})
	if err != nil {
		return nil, nil, err
	}
	settings := map[string]string{}
	for _, m := range endpoints.FindAllStringSubmatch(text, -1) {
		settings[m[1]+"_URL"], p.url = m[2]+m[3], m[2]
	}
	if len(settings) != 3 {
		p.kill()
		return nil, nil, fmt.Errorf("the sandbox prints %d endpoints: %s", len(settings), text)
	}
	return p, settings, nil
}

// command runs the program to its end.
type finished struct {
	code           int
	stdout, stderr string
}

func command(t *testing.T, settings map[string]string, args ...string) finished {
	t.Helper()
	p, err := launch(strings.Join(args, " "), settings, args...)
	if err != nil {
		t.Fatal(err)
	}
	code, err := p.wait()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range p.findings() {
		t.Error(problem)
	}
	return finished{code, p.stdout.String(), p.stderr.String()}
}

// logLine waits for the line of a request in the log of a proxy that logs JSON.
func (p *process) logLine(t *testing.T, requestID string) map[string]any {
	t.Helper()
	line, err := p.await("log line of request "+requestID, func() string {
		for line := range strings.Lines(p.stderr.String()) {
			if strings.HasSuffix(line, "\n") && strings.Contains(line, `"request_id":"`+requestID+`"`) {
				return line
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]any
	if err := json.Unmarshal([]byte(line), &attributes); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return attributes
}
