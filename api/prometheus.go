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
	strays   *prometheus.CounterVec
	suspect  *prometheus.GaugeVec
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
	p.strays = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "soapbridge_stray_answers_total", Help: "Answers of an upstream that no call asked for.",
	}, []string{"system"})
	p.suspect = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "soapbridge_upstream_suspect", Help: "1 while connections to an upstream are not kept, because an answer may have been to another call.",
	}, []string{"system"})
	for _, result := range []string{resultAcquired, resultReplayed, resultInFlight, resultMismatch, resultUnknown, resultStoreError} {
		p.keys.WithLabelValues(result) // a counter that exists from the start can be alerted on
	}
	p.registry.MustRegister(p.keys, p.unknowns, p.oldest, p.strays, p.suspect, collectors.NewGoCollector(),
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

// StrayAnswer counts an answer that no call asked for.
func (p *Prometheus) StrayAnswer(system string) { p.strays.WithLabelValues(system).Inc() }

// Suspect sets whether the connections to an upstream are not kept.
func (p *Prometheus) Suspect(system string, suspect bool) {
	value := 0.0
	if suspect {
		value = 1
	}
	p.suspect.WithLabelValues(system).Set(value)
}

// Handler answers GET /metrics, for any Host: collectors ask by the name of a service or a pod, which no setting lists. What the page of a foreign
// host could learn by DNS rebinding is counts, and which Go release runs.
func (p *Prometheus) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{}))
	return mux
}
