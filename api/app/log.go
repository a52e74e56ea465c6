package app

import (
	"io"
	"sync"
	"time"
)

// logBuffer collects log lines: a line of its own system call is one of the dearest steps of a short request. A process that is killed loses the
// lines of logDelay at most.
type logBuffer struct {
	mu    sync.Mutex
	out   io.Writer
	lines []byte
	late  *time.Timer // flushes, once there is a line
}

const (
	logDelay = 100 * time.Millisecond
	// mostLogged is how many bytes are collected at most.
	mostLogged = 32 << 10
)

func newLogBuffer(out io.Writer) *logBuffer {
	b := &logBuffer{out: out}
	b.late = time.AfterFunc(time.Hour, b.flush)
	return b
}

// Write takes whole lines.
func (b *logBuffer) Write(lines []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) == 0 {
		b.late.Reset(logDelay)
	}
	if b.lines = append(b.lines, lines...); len(b.lines) >= mostLogged {
		b.write()
	}
	return len(lines), nil
}

func (b *logBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
}

func (b *logBuffer) write() {
	_, _ = b.out.Write(b.lines) // there is no other place to report that it cannot be written
	b.lines = b.lines[:0]
}
