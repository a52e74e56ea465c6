// Package parent starts the programs of tests so that none of them outlives its test process: one that runs into its time limit, panics or
// is killed cleans nothing up.
package parent

import (
	"os/exec"
	"runtime"
)

// Start starts a command and waits for it. The channel is closed when it has ended; from then on, and not before, its ProcessState says how.
// On Linux the kernel kills the command as soon as this process ends, however that happens; elsewhere only the test's own cleaning up ends it.
//
// The thread that starts the command is kept until the command ends: for the kernel it is the parent (see PR_SET_PDEATHSIG in prctl(2)).
func Start(cmd *exec.Cmd) (exited <-chan struct{}, err error) {
	dieWithParent(cmd)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // ProcessState reports the error
		}
	}()
	return ended, <-started
}
