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

	"soapbridge/api/guard"
)

// Limits of the HTTP server. Bodies are small and come from browsers and backends, so a caller who needs longer is stuck or hostile.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	// unreadTimeout is for a body that no handler has asked for: see onEachRequest.
	unreadTimeout = 2 * time.Second
	// readingTimeout is for the answer to a request that calls no upstream: see boundReading. It is less than the default drain.
	readingTimeout = 30 * time.Second
	// idleTimeout is longer than the 60 s of the usual load balancers, which otherwise meet connections that were just closed.
	idleTimeout = 90 * time.Second
	maxHeader   = 32 << 10
	// maxStreams is how many requests one HTTP/2 connection may have open: what RFC 9113 section 6.5.2 asks for at least.
	maxStreams = 100
	// pingAfter is how long an HTTP/2 connection is silent before a PING finds out whether the client is still there, and pingTimeout how
	// long its answer may take. An HTTP/1 connection with a call in flight costs no more than that call.
	pingAfter, pingTimeout = 30 * time.Second, 15 * time.Second
)

// Serving is how Serve listens and stops.
type Serving struct {
	Listener net.Listener
	TLS      *tls.Config // nil for plain HTTP
	// CallTimeout is the longest that a handler works on a request that it has read.
	CallTimeout time.Duration
	// DrainTimeout bounds the wait for calls in flight once ctx has ended. Its first part still accepts connections: see Serve.
	DrainTimeout time.Duration
	Guard        *guard.Guard
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
		Handler:           onEachRequest(ctx, s.Guard, handler),
		ConnState:         unused.follow,
		TLSConfig:         s.TLS,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout + bodyTimeout,
		WriteTimeout:      headerTimeout + bodyTimeout + s.CallTimeout + headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Guard.Log.Handler(), slog.LevelWarn),
		// WriteTimeout ends a stream, but not a write to a connection that takes nothing.
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: headerTimeout,
		},
	}
	broken := make(chan error, 1)
	go func() { // panics: Try returns them
		broken <- s.Guard.Try("server", func() error {
			if s.TLS != nil {
				return server.ServeTLS(s.Listener, "", "")
			}
			return server.Serve(s.Listener)
		})
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
	defer time.AfterFunc(s.DrainTimeout/noticePart, unused.close).Stop() // panics: closing sockets has none
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
//
// A panic ends the connection: by another one, of which net/http logs nothing. Its own line would show the value.
func onEachRequest(ctx context.Context, g *guard.Guard, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if !isAbort(cause) {
				g.Report(r.Context(), cause)
			}
			panic(http.ErrAbortHandler)
		}()
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		if r.Body != http.NoBody {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTimeout)) // every server's writer has deadlines
		}
		handler.ServeHTTP(w, r)
	})
}
