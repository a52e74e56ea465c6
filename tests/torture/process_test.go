package torture

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"soapbridge/tests/parent"
)

// patience bounds every wait for something that must happen. It is generous: only a broken product, or machine, meets it.
const patience = 60 * time.Second

// sideBySide is how many scenarios run at once. They mostly wait for leases to pass, so the number of processors is no measure.
const sideBySide = "4"

// TestMain removes the program that the tests built.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err) // the flag is package testing's
	}
	code := m.Run()
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path))
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	path string
	err  error
}

// program builds soapbridge once, with the race detector, and gives its path.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "torture")
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(dir, "soapbridge")
		build := exec.Command("go", "build", "-race", "-o", built.path, ".")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build -race: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// proxy is a soapbridge process, and its successors after it was killed.
type proxy struct {
	name    string
	program string
	args    []string
	env     []string
	dir     string // for its logs

	url     atomic.Value // string; of the last one that ran
	metrics string
	starts  int
	run     *run // nil until it was started
}

// run is one process.
type run struct {
	cmd  *exec.Cmd
	done <-chan struct{}
}

// exit is the exit code of a process that has ended, -1 when a signal ended it.
func (r *run) exit() int { return r.cmd.ProcessState.ExitCode() }

func newProxy(t *testing.T, name string, env []string) *proxy {
	t.Helper()
	p := &proxy{name: name, program: program(t), args: []string{"serve", "--insecure"}, env: env, dir: t.ArtifactDir()}
	p.url.Store("http://127.0.0.1:1") // where nobody is
	t.Cleanup(func() {
		if p.run != nil {
			_ = p.signal(syscall.SIGKILL) // works on a stopped one too
			<-p.run.done
		}
	})
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// URL is where the proxy listens, or last listened.
func (p *proxy) URL() string { return p.url.Load().(string) }

// log is the path of what the process writes that was started last.
func (p *proxy) log() string { return filepath.Join(p.dir, fmt.Sprintf("%s.%d.log", p.name, p.starts)) }

// start starts the process and waits until it listens. Each start has a log of its own.
func (p *proxy) start() error {
	p.starts++
	log := p.log()
	r, err := launch(p.program, p.args, p.env, log)
	if err != nil {
		return err
	}
	p.run = r
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if api, metrics := listenLines(log); api != "" && metrics != "" {
			p.url.Store("http://" + api)
			p.metrics = "http://" + metrics + "/metrics"
			return nil
		}
		select {
		case <-r.done:
			text, _ := os.ReadFile(log)
			return fmt.Errorf("%s ended with %d at its start:\n%s", p.name, r.exit(), text)
		default:
		}
	}
	return fmt.Errorf("%s does not listen", p.name)
}

// listenLines finds the addresses in a log; empty until they are there.
func listenLines(log string) (api, metrics string) {
	text, err := os.ReadFile(log)
	if err != nil {
		return "", ""
	}
	for line := range bytes.Lines(text) {
		var entry struct {
			Listen        string `json:"listen"`
			MetricsListen string `json:"metrics_listen"`
		}
		if json.Unmarshal(line, &entry) == nil {
			api, metrics = cmp.Or(api, entry.Listen), cmp.Or(metrics, entry.MetricsListen)
		}
	}
	return api, metrics
}

// launch starts a process.
func launch(program string, args, env []string, log string) (*run, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close() // the child has it
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, file, file
	done, err := parent.Start(cmd)
	if err != nil {
		return nil, err
	}
	return &run{cmd: cmd, done: done}, nil
}

func (p *proxy) signal(s syscall.Signal) error {
	select {
	case <-p.run.done:
		return errors.New(p.name + " has ended")
	default:
		return syscall.Kill(p.run.cmd.Process.Pid, s)
	}
}

// kill ends the process as a crash does.
func (p *proxy) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.run.done
	return nil
}

// terminate ends the process in good order. Its error tells that the order was not good.
func (p *proxy) terminate() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.run.done:
	case <-time.After(patience):
		return fmt.Errorf("%s does not end after SIGTERM", p.name)
	}
	if p.run.exit() == 0 {
		return nil
	}
	// A result that Redis did not take during the whole drain is lost, and said to be.
	if text, err := os.ReadFile(p.log()); err == nil && p.run.exit() == 1 && bytes.Contains(text, []byte("results were cut off")) && bytes.Contains(text, []byte(`"left":"finish"`)) {
		return nil
	}
	return fmt.Errorf("%s ended with %d after SIGTERM", p.name, p.run.exit())
}

// logs gives the paths of all that the proxy ever wrote.
func (p *proxy) logs() []string {
	list, err := filepath.Glob(filepath.Join(p.dir, p.name+".*.log"))
	if err != nil {
		panic(err) // the pattern is fixed
	}
	return list
}

// faultsOf lists what no log may hold: reports of the race detector, panics, secrets.
func faultsOf(log string, secrets []string) (faults []string, err error) {
	file, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line := lines.Text()
		for _, bad := range append([]string{"DATA RACE", "panic:", `"msg":"panic"`, "fatal error:", "SIGSEGV"}, secrets...) {
			if strings.Contains(line, bad) {
				faults = append(faults, fmt.Sprintf("%s holds %q: %s", filepath.Base(log), bad, shortened(line)))
			}
		}
	}
	return faults, lines.Err()
}

func shortened(text string) string {
	const most = 600
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// eventually waits for what must happen. It ends the test, so it is for the test's own goroutine.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !await(ok) {
		t.Fatalf("did not happen: %s", what)
	}
}

// await waits for what must happen, and tells whether it did.
func await(ok func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

// freeAddr finds an address that nobody has, below the range from which the system takes ports for outgoing connections: what listens
// there can be closed and opened again.
func freeAddr(t *testing.T) string {
	t.Helper()
	const first, count, attempts = 22000, 9000, 1000
	for range attempts {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(count)))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
}
