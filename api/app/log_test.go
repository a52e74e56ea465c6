package app

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLogLinesKeepTheirOrder: late lines come before a later one that is written at once, and soon in any case.
func TestLogLinesKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		lines := newLogLines(&out)
		defer lines.timer.Stop()
		late := func(text string) { _, _ = lateLines{lines}.Write([]byte(text)) }
		want := func(text string) {
			t.Helper()
			synctest.Wait()
			if out.String() != text {
				t.Errorf("written is %q, want %q", out.String(), text)
			}
			out.Reset()
		}
		late("a\n")
		late("b\n")
		want("")
		_, _ = lines.Write([]byte("c\n"))
		want("a\nb\nc\n")
		late("d\n")
		time.Sleep(logDelay)
		want("d\n")
		long := strings.Repeat("e", mostLate) + "\n"
		late(long)
		time.Sleep(time.Nanosecond)
		want(long)
		late("f\n")
		lines.flush()
		want("f\n")
	})
}

// stuck is an output that nobody reads.
type stuck struct{ read chan struct{} }

func (s stuck) Write(lines []byte) (int, error) {
	<-s.read
	return len(lines), nil
}

// TestLogThatNobodyReads holds no request up, keeps a bounded number of lines, and says how many it lost.
func TestLogThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, lost := stuck{make(chan struct{})}, 0
		lines := newLogLines(out)
		defer lines.timer.Stop()
		lines.lost = func(n int) { lost += n }
		line := []byte(strings.Repeat("x", mostLate-1) + "\n")
		_, _ = lateLines{lines}.Write(line)
		time.Sleep(time.Nanosecond)
		for range 3 * mostWaiting / mostLate { // while the first one is being written
			_, _ = lateLines{lines}.Write(line)
		}
		lines.mu.Lock()
		kept := cap(lines.late)
		lines.mu.Unlock()
		if kept > 2*mostWaiting {
			t.Errorf("%d bytes are kept", kept)
		}
		close(out.read)
		time.Sleep(logDelay)
		synctest.Wait()
		if lost != 2*mostWaiting/mostLate {
			t.Errorf("%d lines are reported as lost", lost)
		}
	})
}
