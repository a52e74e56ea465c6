//go:build !unix

package upstream

const canPeek = false

func peekDescriptor(uintptr) health { return closed }
