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

// follow reads settings at intervals until ctx ends, in the background, and applies what of them has changed since c; what is wrong with other
// settings does not count. A value that is wrong, or that cannot be read, changes nothing: the old one still holds, and the log reports what is wrong
// each time that this changes. Names are full.
func follow[T any](ctx context.Context, g *guard.Guard, names []string, environ []string, c config.Config, of func(config.Config) T, apply func(T) error) {
	what, environ := names[0], config.Only(environ, names...)
	before, wrong := of(c), ""
	look := func() {
		c, err := config.Load(environ, config.Disk())
		now := of(c)
		if err == nil && reflect.DeepEqual(now, before) {
			if wrong != "" {
				g.Log.InfoContext(ctx, "a setting is again what it was", slog.String("setting", what))
			}
			wrong = ""
			return
		}
		if err == nil {
			err = apply(now)
		}
		switch {
		case err == nil:
			before, wrong = now, ""
			g.Log.InfoContext(ctx, "a setting has changed", slog.String("setting", what))
		case err.Error() != wrong:
			wrong = err.Error()
			g.Log.ErrorContext(ctx, "a setting has changed and is wrong; the old value still holds", slog.String("setting", what), slog.String("cause", wrong))
		}
	}
	g.Go(what, func() { g.Every(ctx, reloadEvery, what, look) })
}
