// Package api is the HTTP edge: JSON in, JSON or a problem out. It knows operations as data, and nothing of any vendor.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/api/idempotency"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// Upstream brings an envelope to a SOAP service and its reply back, at most once.
//
// Send calls read once with the reply whenever a complete HTTP answer came back, whatever its status, and returns nil. read reports whether
// the reply is a readable answer to this message; only then may its connection carry another message. Otherwise the error is a
// *soap.SendError that says whether anything can have been sent, and read was not called; an implementation that cannot tell must say Broken.
// It never sends a message twice.
type Upstream interface {
	Send(ctx context.Context, m soap.Message, read func(soap.Reply) (readable bool)) error
}

// System is one vendor's service.
type System struct {
	Operations []translate.Operation
	// Upstream is nil where no URL is configured: the routes answer that they are not.
	Upstream Upstream
	// CallTimeout is the longest that Upstream.Send takes.
	CallTimeout time.Duration
}

// Config is what the edge needs.
type Config struct {
	Systems []System
	// MaxBody is the largest request body, in bytes.
	MaxBody int64
	// MaxReply is the largest reply that may be pasted for decoding, in bytes: that of the upstreams.
	MaxReply int64
	// KeyOptional lets a call come without an Idempotency-Key.
	KeyOptional bool
	// Store keeps the records, Vault makes what is in them.
	Store idempotency.Store
	Vault *idempotency.Vault
	// Callers are who may call; nil lets everybody do everything, as one anonymous caller.
	Callers *Callers
	// Metrics is told what happens; nil is told nothing.
	Metrics Metrics
	// CORSOrigins are the origins that browsers may call from: "https://app.example.com". A trailing ":*" stands for any port.
	CORSOrigins []string
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is believed, for the log. Empty trusts nobody.
	TrustedProxies []string
	// Ready tells why the process is not ready; nil when it is, or when nobody knows better.
	Ready func(context.Context) error
	// Retention is how long the result of a key is replayed, for the documents.
	Retention time.Duration
	// Sandbox tells that no vendor stands behind the upstreams, for the pages.
	Sandbox bool
	// RulesOff are the rules of requests that the configuration turns off, by their marks in the documents.
	RulesOff []string
	// Tools adds what only a demo may do: decoding a pasted reply, without any caller.
	Tools bool
	// LogReplies adds a masked copy of the reply to the log, at level debug, for each call that failed.
	LogReplies bool
	Log        *slog.Logger
}

// New gives the handler of the whole API. Stopping it is Drain, after the last request.
func New(c Config) (*Server, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false // a redirected POST would lose its body, or be sent twice
	if err := e.SetTrustedProxies(c.TrustedProxies); err != nil {
		return nil, err
	}
	s := &server{config: c, success: map[string]int{}, stopping: make(chan struct{})}
	e.Use(s.identify, s.log, s.recover)
	if len(c.CORSOrigins) > 0 {
		e.Use(s.crossOrigin())
	}
	e.NoRoute(s.notFound)
	e.NoMethod(s.methodNotAllowed)
	e.GET("/healthz", s.alive)
	e.GET("/readyz", s.ready)
	for _, system := range c.Systems {
		for _, op := range system.Operations {
			e.POST(op.Path, s.operation(op, system))
			s.success[op.Name] = op.Status
		}
	}
	e.GET("/v1/operations", s.listOperations)
	e.GET("/v1/operations/:operationId", s.showOperation)
	e.POST("/v1/operations/:operationId/resolution", s.settle)
	if c.Tools {
		if err := s.addTools(e); err != nil {
			return nil, err
		}
	}
	site, err := openapi.New(s.documented())
	if err != nil {
		return nil, err
	}
	site.Register(e)
	return &Server{Handler: e, server: s}, nil
}

// documented is what the documents of this proxy say beyond the generated ones.
func (s *server) documented() openapi.Options {
	c := &s.config
	o := openapi.Options{
		Demo: c.Tools, Sandbox: c.Sandbox, Callers: c.Callers != nil, KeyOptional: c.KeyOptional,
		Retention: c.Retention, MaxBody: c.MaxBody, MaxReply: c.MaxReply, Problems: Problems(),
		Bindings: map[string]openapi.Binding{}, Off: c.RulesOff, NotFound: s.notFound, Quality: quality,
	}
	for _, system := range c.Systems {
		for _, op := range system.Operations {
			o.Bindings[op.Name] = openapi.Binding{SOAPAction: op.Binding.Action, Namespace: op.Binding.Namespace}
		}
	}
	return o
}

// Server is the API.
type Server struct {
	http.Handler

	server *server
}

type server struct {
	config     Config
	success    map[string]int // HTTP status of success by the operation's name
	background sync.WaitGroup
	waiting    atomic.Int64 // how many are in the background
	stopping   chan struct{}
}

// Drain waits until nothing is left to be told to the store, or ctx ends. What is left then ends as unknown. Call it once, when no request is
// being served any more.
func (s *Server) Drain(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		s.server.background.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		close(s.server.stopping)
		<-done
	}
}
