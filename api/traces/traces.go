// Package traces makes spans with OpenTelemetry and sends them to a collector.
package traces

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"soapbridge/api/guard"
)

const (
	// name is that of the service and of the scope of its spans.
	name = "soapbridge"
	// exportTimeout bounds one export. While it lasts, as many spans wait as the queue of the SDK holds (2048); others are dropped.
	exportTimeout = 5 * time.Second
	// closeTimeout bounds the last export, at the end of the process.
	closeTimeout = 3 * time.Second
)

// Options configure traces.
type Options struct {
	URL     string  // of the collector: see exporter
	Ratio   float64 // the part of the calls without a parent that is sampled; the others do as their parent says
	Version string  // of the program
	Guard   *guard.Guard
}

// Traces sends spans in the background. A collector that is slow or down costs spans, and nothing else.
type Traces struct {
	provider *sdk.TracerProvider
	client   *http.Client
}

// New connects to nothing.
func New(o Options) *Traces {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Guard.Log.Warn("traces", slog.String("cause", err.Error())) }))
	client := &http.Client{
		// The proxies of the environment are ignored here as they are on the way to the upstreams.
		Transport:     &http.Transport{DialContext: (&net.Dialer{Timeout: exportTimeout}).DialContext, MaxIdleConns: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Traces{client: client, provider: sdk.NewTracerProvider(
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Ratio))),
		sdk.WithBatcher(&exporter{url: o.URL, client: client, guard: o.Guard}, sdk.WithExportTimeout(exportTimeout)),
		// The SDK adds OTEL_RESOURCE_ATTRIBUTES, by which platforms name a pod or an environment.
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", name), attribute.String("service.version", o.Version))),
	)}
}

// Tracer returns what makes spans.
func (t *Traces) Tracer() trace.Tracer { return t.provider.Tracer(name) }

// Close sends what is left, for a limited time.
func (t *Traces) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // the exporter has logged what it lost
	t.client.CloseIdleConnections()
}
