// Package guard survives panics: one that no function recovers ends the process, with every call in flight.
package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// ErrPanic is what Try returns for a panic.
var ErrPanic = errors.New("the program made a mistake, which is logged as a panic")

// Guard reports panics.
type Guard struct {
	Log   *slog.Logger
	Count func() // called once for each panic; nil where none are counted
}

// Report logs and counts what recover has returned. The value itself is not shown, since it may hold anything, a secret included: its type and
// the stack show where to look.
func (g *Guard) Report(ctx context.Context, cause any, attributes ...slog.Attr) {
	if g.Count != nil {
		g.Count()
	}
	g.Log.LogAttrs(ctx, slog.LevelError, "panic", append(attributes,
		slog.String("type", fmt.Sprintf("%T", cause)), slog.String("stack", string(debug.Stack())))...)
}

// Try returns what f returns, and ErrPanic for a panic. What names f in the log.
func (g *Guard) Try(what string, f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			g.Report(context.Background(), cause, slog.String("in", what))
			err = ErrPanic
		}
	}()
	return f()
}

// Run is Try for what returns nothing.
func (g *Guard) Run(what string, f func()) {
	_ = g.Try(what, func() error {
		f()
		return nil
	})
}

// Go runs f in the background.
func (g *Guard) Go(what string, f func()) {
	go g.Run(what, f) // panics: Run reports them
}

// Every runs f now, and at intervals until ctx ends. After a panic it goes on: the next time f may succeed.
func (g *Guard) Every(ctx context.Context, interval time.Duration, what string, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		g.Run(what, f)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
