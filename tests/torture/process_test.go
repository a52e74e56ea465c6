package torture

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"soapbridge/tests/kit"
)

func TestMain(m *testing.M) { os.Exit(kit.Main(m)) }

// proxy is a soapbridge process, and its successors after it was killed.
type proxy struct {
	kit.Command

	last atomic.Pointer[kit.Process] // of those that listened
	all  []*kit.Process
}

func newProxy(t *testing.T, name string, settings map[string]string, secrets []string) *proxy {
	t.Helper()
	p := &proxy{Command: kit.Command{Name: name, Args: []string{"serve", "--insecure"}, Settings: settings, Folder: t.ArtifactDir(), Secrets: secrets}}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.last.Load().Kill() }) // works on a stopped one too
	return p
}

// URL is where the proxy listens, or last listened.
func (p *proxy) URL() string { return p.last.Load().URL }

// start starts the process and waits until it listens. Each start has a log of its own.
func (p *proxy) start() error {
	process, err := p.Serve()
	if err == nil {
		p.last.Store(process)
		p.all = append(p.all, process)
	}
	return err
}

func (p *proxy) signal(s syscall.Signal) error { return p.last.Load().Signal(s) }

// kill ends the process as a crash does.
func (p *proxy) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.last.Load().Exited
	return nil
}

// terminate ends the process with SIGTERM. Its error reports that the process did not end as it must.
func (p *proxy) terminate() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	code, err := p.last.Load().Wait()
	if err != nil || code == 0 {
		return err
	}
	// A result that Redis did not take during the whole drain is lost, and said to be.
	if log := p.last.Load().Stderr.String(); code == 1 && strings.Contains(log, "results were cut off") && strings.Contains(log, `"left":"finish"`) {
		return nil
	}
	return fmt.Errorf("%s ended with %d after SIGTERM", p.Name, code)
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

// await waits until ok returns true, and reports whether it did in time.
func await(ok func() bool) bool {
	for deadline := time.Now().Add(kit.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

// freeAddr finds an unused address, below the range from which the system takes ports for outgoing connections: what listens
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
