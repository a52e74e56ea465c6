package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of the HTTP server. Bodies are small and come from browsers and backends, so a caller who needs longer is stuck or hostile.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	// unreadTimeout is for a body that no handler has asked for: see onEachRequest.
	unreadTimeout = 2 * time.Second
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
	// DrainTimeout bounds the wait for calls in flight once ctx has ended. Its first part still accepts connections: see Serve.
	DrainTimeout time.Duration
	Log          *slog.Logger
}

// noticePart is the part of the drain in which connections are still accepted: 2 s of the default 40 s, the interval in which HAProxy
// checks its servers by default.
const noticePart = 20

// Serve answers requests until ctx ends, and then until every call in flight has its answer. Between the two, while load balancers notice
// that this process is no longer ready, it still answers new requests with Connection: close: a listener that closed at once would drop the
// calls that are on their way. Its error means that the server failed, or that calls were cut off because the drain took too long.
func Serve(ctx context.Context, s Serving, handler http.Handler) error {
	unused := newcomers{conns: map[net.Conn]bool{}}
	server := &http.Server{
		Handler:           onEachRequest(ctx, handler),
		ConnState:         unused.follow,
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
	select {
	case err := <-broken:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(s.DrainTimeout / noticePart):
	}
	defer time.AfterFunc(s.DrainTimeout/noticePart, unused.close).Stop()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("drain: calls were cut off: %w", err), server.Close())
	}
	return nil
}

// newcomers are the connections on which nothing has been asked yet. Clients open some in advance, and http.Server.Shutdown waits 5 s for each
// (Go 1.26, server.go, Server.closeIdleConns): a stop would take that long for nothing, and with a short DrainTimeout it would be reported
// as one that cut calls off.
type newcomers struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// follow implements http.Server's ConnState.
func (n *newcomers) follow(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state == http.StateNew {
		n.conns[conn] = true
	} else {
		delete(n.conns, conn)
	}
}

func (n *newcomers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn := range n.conns {
		_ = conn.Close() // nothing was asked on it
	}
}

// onEachRequest bounds the wait for a body that the handler does not read: net/http reads it before it writes the answer, so that another request
// can follow. A handler that reads it sets its own deadline, as readBody does. Without a body there is no deadline: net/http reads on to
// notice that the client has gone, and would take the deadline for that. Once ctx has ended, answers have Connection: close.
func onEachRequest(ctx context.Context, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		if r.Body != http.NoBody {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTimeout)) // every server's writer has deadlines
		}
		handler.ServeHTTP(w, r)
	})
}
