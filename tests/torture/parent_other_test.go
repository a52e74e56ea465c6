//go:build !linux

package torture

import "os/exec"

// dieWithParent has no counterpart outside Linux: a test process that dies leaves its proxies behind.
func dieWithParent(*exec.Cmd) {}
