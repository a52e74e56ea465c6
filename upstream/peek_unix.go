//go:build unix

package upstream

import (
	"errors"
	"syscall"
)

const canPeek = true

// peekDescriptor looks at the first byte in the receive buffer of a socket, and leaves it there.
func peekDescriptor(fd uintptr) health {
	var one [1]byte
	for {
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n > 0:
			return unsolicited
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return alive
		default:
			return closed
		}
	}
}
