package app

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/guard"
)

// reloadEvery is the longest until a changed setting takes effect.
const reloadEvery = 2 * time.Second

// follow reads the settings at intervals until ctx ends, in the background, and applies what of them has changed since c. A value that is wrong,
// or settings that cannot be read, change nothing: the old value still holds, and the log reports what is wrong. Name is that of the setting, there.
func follow[T any](ctx context.Context, g *guard.Guard, name string, environ []string, c config.Config, of func(config.Config) T, apply func(T) error) {
	before, failed := of(c), false
	look := func() {
		c, err := config.Load(environ, config.ReadFile)
		now := of(c)
		if err == nil && reflect.DeepEqual(now, before) {
			failed = false
			return
		}
		if err == nil {
			err = apply(now)
		}
		switch {
		case err == nil:
			before, failed = now, false
			g.Log.InfoContext(ctx, "a setting has changed", slog.String("setting", name))
		case !failed:
			failed = true
			g.Log.ErrorContext(ctx, "a setting has changed and is wrong; the old value still holds", slog.String("setting", name), slog.String("cause", err.Error()))
		}
	}
	g.Go(name, func() {
		tick := time.NewTicker(reloadEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				g.Run(name, look) // the next look may succeed
			}
		}
	})
}
