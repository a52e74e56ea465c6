package parent

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for an expected event. Only what hangs takes this long, on a loaded machine too.
const patience = 60 * time.Second

// dying is set where this program is the test process that starts another one and dies.
const dying = "SOAPBRIDGE_TEST_DIES"

// The first thread never ends. It is kept for TestMain, so that every test has one that can.
func init() { runtime.LockOSThread() } //nolint:gochecknoinits // only here is the thread known

func TestMain(m *testing.M) {
	if os.Getenv(dying) == "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("cat") // runs for ever: its input is never closed
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	if _, err := Start(cmd); err != nil {
		fmt.Println(err)
	} else {
		fmt.Printf("started %d\n", cmd.Process.Pid)
	}
	os.Exit(0)
}

// TestNothingIsLeft: the grandchild holds the output open, and only its end closes it.
func TestNothingIsLeft(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command(own)
	cmd.Env = append(os.Environ(), dying+"=yes")
	cmd.Stdout, cmd.WaitDelay = &out, patience
	stdin, stop := pipe(t)
	cmd.Stdin = stdin
	defer stop() // ends the grandchild, too, if it is still there
	if err := cmd.Run(); err != nil || !regexp.MustCompile(`^started [0-9]+\n$`).MatchString(out.String()) {
		t.Errorf("%v: %s", err, &out)
	}
}

// TestTheThreadMayEnd: the goroutine that asks for a program may take its thread with it, and the program goes on.
func TestTheThreadMayEnd(t *testing.T) {
	stdin, stop := pipe(t)
	defer stop()
	cmd := exec.Command("cat")
	cmd.Stdin = stdin
	var exited <-chan struct{}
	var err error
	thread := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		exited, err = Start(cmd)
		thread <- syscall.Gettid()
	}()
	task := fmt.Sprintf("/proc/self/task/%d", <-thread)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(task); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the thread does not end")
		}
	}
	stop()
	<-exited
	if !cmd.ProcessState.Success() {
		t.Errorf("it ended with %v, want success at the end of its input", cmd.ProcessState)
	}
}

func TestNoSuchProgram(t *testing.T) {
	if _, err := Start(exec.Command("/nonexistent")); err == nil {
		t.Error("it started")
	}
}

// pipe returns an input that is open and empty until stop closes it.
func pipe(t *testing.T) (r *os.File, stop func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, func() { _ = w.Close() }
}
