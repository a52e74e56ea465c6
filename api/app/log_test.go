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
		want(long)
		late("f\n")
		lines.flush()
		want("f\n")
	})
}
