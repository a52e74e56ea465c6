//go:build !linux

package redistest

import "os/exec"

// dieWithParent has no counterpart outside Linux: a test process that dies leaves its server behind.
func dieWithParent(*exec.Cmd) {}
