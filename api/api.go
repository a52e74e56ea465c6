// Package api is the HTTP edge: JSON in, JSON or a problem out. It knows operations as data, and nothing of any vendor.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/translate"
	"soapbridge/translate/soap"
)

// Upstream brings an envelope to a SOAP service and its reply back, at most once.
//
// Send returns a reply whenever a complete HTTP answer came back, whatever its status. Otherwise the error is a *soap.SendError that
// says whether anything can have been sent; an implementation that cannot tell must say Broken. It never sends a message twice.
type Upstream interface {
	Send(ctx context.Context, m soap.Message) (soap.Reply, error)
}

// System is one vendor's service.
type System struct {
	Operations []translate.Operation
	// Upstream is nil where no URL is configured: the routes answer that they are not.
	Upstream Upstream
}

// Config is what the edge needs.
type Config struct {
	Systems []System
	// MaxBody is the largest request body, in bytes.
	MaxBody int64
	// KeyOptional lets a call come without an Idempotency-Key.
	KeyOptional bool
	// CORSOrigins are the origins that browsers may call from: "https://app.example.com". A trailing ":*" stands for any port.
	CORSOrigins []string
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is believed, for the log. Empty trusts nobody.
	TrustedProxies []string
	// Ready tells why the process is not ready; nil when it is, or when nobody knows better.
	Ready func(context.Context) error
	Log   *slog.Logger
}

// New gives the handler of the whole API.
func New(c Config) (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false // a redirected POST would lose its body, or be sent twice
	if err := e.SetTrustedProxies(c.TrustedProxies); err != nil {
		return nil, err
	}
	s := &server{config: c, now: time.Now}
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
			e.POST(op.Path, s.operation(op, system.Upstream))
		}
	}
	return e, nil
}

type server struct {
	config Config
	now    func() time.Time
}
