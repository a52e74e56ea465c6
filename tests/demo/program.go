package demo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"soapbridge/tests/parent"
)

// patience is how long a test waits for what must happen. A loaded machine is slow; only what hangs takes this long.
const patience = 60 * time.Second

// Build builds the program with the race detector.
func Build(binary string) error {
	if out, err := exec.Command("go", "build", "-race", "-o", binary, "soapbridge").CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w (needed: the go command, https://go.dev/doc/install, and a C compiler for "+
			"the race detector, apt-get install gcc)\n%s", err, out)
	}
	return nil
}

// Run runs the program until the test ends, with the settings and nothing else of this process's environment but PATH. It waits until what
// the program has written, on either output, matches ready, and gives that match. The test fails when the program then does not end
// in good order, or when the race detector has found something.
func Run(t *testing.T, binary string, settings []string, ready *regexp.Regexp, args ...string) []string {
	t.Helper()
	text := &output{}
	cmd := exec.Command(binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GORACE=atexit_sleep_ms=0"}, settings...)
	cmd.Stdout, cmd.Stderr = text, text
	exited, err := parent.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(cmd, exited, text); err != nil {
			t.Errorf("soapbridge %s: %v\n%s", args[0], err, text)
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if m := ready.FindStringSubmatch(text.String()); m != nil {
			return m
		}
		select {
		case <-exited:
			t.Fatal("the program ended at its start")
		default:
		}
	}
	t.Fatalf("the program does not say where it listens:\n%s", text)
	return nil
}

// end ends a program as an operator does, and says what is wrong with its end or with what it wrote.
func end(cmd *exec.Cmd, exited <-chan struct{}, text *output) error {
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-exited:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-exited
		return errors.New("it does not end, and was killed")
	}
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("it ended badly: %v", cmd.ProcessState)
	}
	if strings.Contains(text.String(), "DATA RACE") {
		return errors.New("it has a data race")
	}
	return nil
}

// output is what a program wrote, readable while it writes.
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
