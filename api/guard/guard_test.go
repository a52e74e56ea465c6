package guard

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

const secret = "Plover-4711-Quartz"

func explode() { panic("holding " + secret) }

func TestPanicsAreReportedAndSurvived(t *testing.T) {
	var log strings.Builder
	count := 0
	g := &Guard{Log: slog.New(slog.NewTextHandler(&log, nil)), Count: func() { count++ }}
	failure := errors.New("as returned")
	if err := g.Try("good work", func() error { return failure }); !errors.Is(err, failure) || count != 0 || log.Len() > 0 {
		t.Errorf("without a panic: %v, %d counted, %s", err, count, &log)
	}
	err := g.Try("bad work", func() error {
		explode()
		return nil
	})
	if !errors.Is(err, ErrPanic) || count != 1 {
		t.Errorf("%v, %d counted", err, count)
	}
	for _, part := range []string{"level=ERROR msg=panic", `in="bad work"`, "type=string", "guard.explode"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %q: %s", part, &log)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the value is shown: %s", &log)
	}
}

func TestBackgroundWorkThatPanics(t *testing.T) {
	counted := make(chan struct{})
	(&Guard{Log: slog.New(slog.DiscardHandler), Count: func() { close(counted) }}).Go("work", explode)
	<-counted
}
