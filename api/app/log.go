package app

import (
	"io"
	"sync"
	"time"
)

// logLines are the lines of a log. Those about single requests may be late: a system call for each would be one of the most expensive steps of
// a short request. A process that is killed loses those of logDelay at most, and no other line. While nobody takes what is written, requests go
// on: their lines wait, and those beyond mostWaiting are dropped and counted.
type logLines struct {
	lost func(lines int) // takes the number of those that were dropped

	writing sync.Mutex // is held as long as out takes
	out     io.Writer
	spare   []byte // takes the place of late while that is written

	mu      sync.Mutex
	late    []byte
	dropped int         // lines
	timer   *time.Timer // writes the late ones
}

const (
	logDelay = 100 * time.Millisecond
	// mostLate is how many bytes may be late.
	mostLate = 32 << 10
	// mostWaiting is how many bytes wait while others are being written.
	mostWaiting = 1 << 20
)

func newLogLines(out io.Writer) *logLines {
	l := &logLines{out: out, lost: func(int) {}}
	l.timer = time.AfterFunc(time.Hour, l.flush) // panics: flush survives them
	return l
}

// Write implements io.Writer, for lines that are written at once, behind those that came before.
func (l *logLines) Write(lines []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.write()
	return l.out.Write(lines)
}

// lateLines implements io.Writer, for lines that may be late.
type lateLines struct{ *logLines }

func (l lateLines) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.late)
	if before+len(lines) > mostWaiting {
		l.dropped++
		return len(lines), nil
	}
	l.late = append(l.late, lines...)
	switch {
	case before < mostLate && len(l.late) >= mostLate:
		l.timer.Reset(0)
	case before == 0:
		l.timer.Reset(logDelay)
	}
	return len(lines), nil
}

func (l *logLines) flush() {
	defer func() { _ = recover() }() // it cannot be logged: the log is what failed
	l.writeLate()
	l.mu.Lock()
	dropped := l.dropped
	l.dropped = 0
	l.mu.Unlock()
	if dropped > 0 {
		l.lost(dropped)
	}
}

func (l *logLines) writeLate() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.write()
}

// write is for the holder of writing.
func (l *logLines) write() {
	l.mu.Lock()
	late := l.late
	l.late, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	if len(late) > 0 {
		_, _ = l.out.Write(late) // there is no other place to report that it cannot be written
	}
	if cap(late) <= 2*mostLate {
		l.spare = late
	}
}
