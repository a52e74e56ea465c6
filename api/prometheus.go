package api

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Prometheus is the Metrics that /metrics serves. None of its labels holds anything of a request.
type Prometheus struct {
	registry *prometheus.Registry
	keys     *prometheus.CounterVec
	unknowns prometheus.Gauge
	oldest   prometheus.Gauge
}

// NewPrometheus gives metrics of their own registry, with those of the Go runtime and the process.
func NewPrometheus() *Prometheus {
	p := &Prometheus{
		registry: prometheus.NewRegistry(),
		keys: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "soapbridge_idempotency_total", Help: "Calls by what their idempotency key came to.",
		}, []string{"result"}),
		unknowns: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "soapbridge_unknown_operations", Help: "Operations whose outcome is unknown and which nobody has settled.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "soapbridge_unknown_oldest_seconds", Help: "How long ago the oldest unknown operation began; 0 without any.",
		}),
	}
	for _, result := range []string{resultAcquired, resultReplayed, resultInFlight, resultMismatch, resultUnknown, resultStoreError} {
		p.keys.WithLabelValues(result) // a counter that exists from the start can be alerted on
	}
	p.registry.MustRegister(p.keys, p.unknowns, p.oldest, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return p
}

// Idempotency counts one call.
func (p *Prometheus) Idempotency(result string) { p.keys.WithLabelValues(result).Inc() }

// Unknowns sets the gauges.
func (p *Prometheus) Unknowns(total int, oldest time.Duration) {
	p.unknowns.Set(float64(total))
	p.oldest.Set(oldest.Seconds())
}

// Handler answers GET /metrics.
func (p *Prometheus) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{}))
	return mux
}
