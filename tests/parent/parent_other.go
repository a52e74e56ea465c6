//go:build !linux

package parent

import "os/exec"

// dieWithParent has no counterpart outside Linux: a test process that dies leaves its programs behind.
func dieWithParent(*exec.Cmd) {}
