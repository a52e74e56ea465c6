package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of the HTTP server. Bodies are small and come from browsers and backends, so a caller who needs longer is stuck or hostile.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	// idleTimeout is longer than the 60 s of the usual load balancers, which otherwise meet connections that were just closed.
	idleTimeout = 90 * time.Second
	maxHeader   = 32 << 10
)

// Serving is how Serve listens and stops.
type Serving struct {
	Listener net.Listener
	TLS      *tls.Config // nil for plain HTTP
	// CallTimeout is the longest that a handler works on a request that it has read.
	CallTimeout time.Duration
	// DrainTimeout bounds the wait for calls in flight once ctx has ended.
	DrainTimeout time.Duration
	Log          *slog.Logger
}

// Serve answers requests until ctx ends, and then until every call in flight has its answer. Its error tells that the server broke, or
// that calls were cut off because the drain took too long.
func Serve(ctx context.Context, s Serving, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         s.TLS,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout + bodyTimeout,
		WriteTimeout:      headerTimeout + bodyTimeout + s.CallTimeout + headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	broken := make(chan error, 1)
	go func() {
		if s.TLS != nil {
			broken <- server.ServeTLS(s.Listener, "", "")
		} else {
			broken <- server.Serve(s.Listener)
		}
	}()
	select {
	case err := <-broken:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.DrainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("drain: calls were cut off: %w", err), server.Close())
	}
	return nil
}
