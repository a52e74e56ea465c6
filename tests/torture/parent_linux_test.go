package torture

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets the kernel end the proxy when the test process ends without cleaning up: a time-out or a panic.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
