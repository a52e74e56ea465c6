package app

import (
	"io"
	"sync"
	"time"
)

// logLines are the lines of a log. Those about single requests may be late: a system call for each is one of the dearest steps of a short request. A
// process that is killed loses those of logDelay at most, and no other line.
type logLines struct {
	mu    sync.Mutex
	out   io.Writer
	late  []byte
	timer *time.Timer // writes the late ones
}

const (
	logDelay = 100 * time.Millisecond
	// mostLate is how many bytes may be late.
	mostLate = 32 << 10
)

func newLogLines(out io.Writer) *logLines {
	l := &logLines{out: out}
	l.timer = time.AfterFunc(time.Hour, l.flush) // panics: flush survives them
	return l
}

// Write implements io.Writer, for lines that are written at once, behind those that came before.
func (l *logLines) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
	return l.out.Write(lines)
}

// lateLines implements io.Writer, for lines that may be late.
type lateLines struct{ *logLines }

func (l lateLines) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.late) == 0 {
		l.timer.Reset(logDelay)
	}
	if l.late = append(l.late, lines...); len(l.late) >= mostLate {
		l.write()
	}
	return len(lines), nil
}

func (l *logLines) flush() {
	defer func() { _ = recover() }() // it cannot be logged: the log is what failed
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
}

func (l *logLines) write() {
	if len(l.late) > 0 {
		_, _ = l.out.Write(l.late) // there is no other place to report that it cannot be written
		l.late = l.late[:0]
	}
}
