package edge

import (
	"maps"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"soapbridge/api/cache"
	"soapbridge/translate"
)

// The results of an idempotency key.
const (
	resultAcquired   = "acquired"
	resultReplayed   = "replayed"
	resultInFlight   = "in_flight"
	resultMismatch   = "mismatch"
	resultUnknown    = "unknown"
	resultSettled    = "settled" // as executed, without a result that could be replayed
	resultStoreError = "store_error"
)

// Metrics is what /metrics serves. None of its labels holds anything of a request. A nil *Metrics counts nothing.
type Metrics struct {
	registry *prometheus.Registry
	keys     map[string]prometheus.Counter // by result
	unknowns prometheus.Gauge
	oldest   prometheus.Gauge
	usable   prometheus.Gauge
	problems *prometheus.CounterVec
	strays   *prometheus.CounterVec
	suspect  *prometheus.GaugeVec
	refused  *prometheus.CounterVec
	breakers *prometheus.GaugeVec
	cache    *prometheus.CounterVec
	elements *prometheus.CounterVec
	panics   prometheus.Counter
	calls    *prometheus.HistogramVec
	stages   *prometheus.HistogramVec
	systems  map[string][stages]prometheus.Observer
}

// NewMetrics returns metrics with a registry of their own, with those of the Go runtime and the process.
func NewMetrics() *Metrics {
	keys := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "soapbridge_idempotency_total", Help: "Calls by what their idempotency key came to.",
	}, []string{"result"})
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		keys:     map[string]prometheus.Counter{},
		systems:  map[string][stages]prometheus.Observer{},
		unknowns: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "soapbridge_unknown_operations", Help: "Operations whose outcome is unknown and that were not settled.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "soapbridge_unknown_oldest_seconds", Help: "How long ago the oldest unknown operation began; 0 without any.",
		}),
		usable: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "soapbridge_store_usable", Help: "1 while the store of records can be used, 0 while calls are refused because it cannot.",
		}),
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "soapbridge_problems_total", Help: "Calls that ended with a problem, by its code; not those that repeat a call.",
		}, []string{"system", "code"}),
		strays: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "soapbridge_stray_answers_total", Help: "Answers of an upstream that no call asked for.",
		}, []string{"system"}),
		suspect: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "soapbridge_upstream_suspect", Help: "1 while connections to an upstream are not kept, because an answer may have been to another call.",
		}, []string{"system"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "soapbridge_refused_total", Help: "Calls that got no permit: a rate limit, the breaker was open, or no turn was free.",
		}, []string{"system", "reason"}),
		breakers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "soapbridge_breaker_open", Help: "1 while calls to an upstream are refused because those before had no answer.",
		}, []string{"system"}),
		cache: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "soapbridge_cache_total", Help: "Calls of cached reads by what their answer came to.",
		}, []string{"operation", "result"}),
		elements: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "soapbridge_unknown_elements_total", Help: "Elements in replies that are not known: the vendor's service may have changed.",
		}, []string{"operation", "path"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "soapbridge_panics_total", Help: "Panics that the program survived: each is a mistake in it.",
		}),
	}
	m.calls = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "soapbridge_call_seconds", Help: "Calls of operations by how they ended: success, replayed, or the outcome of their problem.", Buckets: callBuckets,
	}, []string{"operation", "outcome"})
	m.stages = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "soapbridge_stage_seconds", Help: "How long calls were in each stage; a call was not in all of them.", Buckets: stageBuckets,
	}, []string{"system", "stage"})
	for _, result := range []string{resultAcquired, resultReplayed, resultInFlight, resultMismatch, resultUnknown, resultSettled, resultStoreError} {
		m.keys[result] = keys.WithLabelValues(result) // a counter that exists from the start can be alerted on
	}
	m.registry.MustRegister(keys, m.unknowns, m.oldest, m.usable, m.problems, m.strays, m.suspect, m.refused, m.breakers, m.cache, m.elements, m.panics, m.calls, m.stages,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Idempotency counts one call by the result of its key.
func (m *Metrics) Idempotency(result string) {
	if m != nil {
		m.keys[result].Inc()
	}
}

// Unknowns sets how many operations are unknown, and how long ago the oldest of them began; 0 without any.
func (m *Metrics) Unknowns(total int, oldest time.Duration) {
	if m != nil {
		m.unknowns.Set(float64(total))
		m.oldest.Set(oldest.Seconds())
	}
}

// StoreUsable sets whether the store of records can be used.
func (m *Metrics) StoreUsable(usable bool) {
	if m != nil {
		m.usable.Set(oneIf(usable))
	}
}

// StrayAnswer counts an answer that no call asked for.
func (m *Metrics) StrayAnswer(system string) {
	if m != nil {
		m.strays.WithLabelValues(system).Inc()
	}
}

// Suspect sets whether the connections to an upstream are not kept.
func (m *Metrics) Suspect(system string, suspect bool) {
	if m != nil {
		m.suspect.WithLabelValues(system).Set(oneIf(suspect))
	}
}

// addSystem lets the metrics of a system exist from the start, so that they can be alerted on.
func (m *Metrics) addSystem(s *System) {
	if m == nil {
		return
	}
	m.Breaker(s.Name, false)
	m.Suspect(s.Name, false)
	m.strays.WithLabelValues(s.Name)
	for _, code := range []translate.Code{translate.UpstreamDenied, translate.UpstreamRefused, translate.UpstreamUnreachable} {
		m.problems.WithLabelValues(s.Name, string(code))
	}
	var observers [stages]prometheus.Observer
	for i, name := range stageNames {
		observers[i] = m.stages.WithLabelValues(s.Name, name)
	}
	m.systems[s.Name] = observers
	for _, reason := range []string{refusedRate, refusedTarget, refusedBreaker, refusedTurn} {
		m.refused.WithLabelValues(s.Name, reason)
	}
	m.live("soapbridge_calls_in_flight", "Calls that have a turn at an upstream.", prometheus.Labels{"system": s.Name}, s.gate.inFlight.Load)
	m.live("soapbridge_calls_waiting", "Calls that wait for a turn at an upstream.", prometheus.Labels{"system": s.Name}, s.gate.waiting.Load)
	if s.Connections != nil {
		m.connections("soapbridge_upstream_connections", "Open connections to an upstream.", prometheus.Labels{"system": s.Name}, s.Connections)
	}
}

// live adds a gauge that is read when the metrics are.
func (m *Metrics) live(name, help string, labels prometheus.Labels, value func() int64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return float64(value()) }))
}

// connections adds gauges of those that are idle, and of those in use.
func (m *Metrics) connections(name, help string, labels prometheus.Labels, now func() (idle, busy int)) {
	with := func(state string) prometheus.Labels {
		all := maps.Clone(labels)
		all["state"] = state
		return all
	}
	m.live(name, help, with("idle"), func() int64 { idle, _ := now(); return int64(idle) })
	m.live(name, help, with("busy"), func() int64 { _, busy := now(); return int64(busy) })
}

// Redis shows the connections to a Redis, by what it is for, and how often none was free in time.
func (m *Metrics) Redis(use string, now func() (idle, busy int), timeouts func() uint32) {
	if m == nil {
		return
	}
	labels := prometheus.Labels{"use": use}
	m.connections("soapbridge_redis_connections", "Open connections to a Redis.", labels, now)
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "soapbridge_redis_pool_timeouts_total", Help: "Commands for which no connection to a Redis was free in time.", ConstLabels: labels,
	}, func() float64 { return float64(timeouts()) }))
}

// Buckets in seconds: calls last from the time of a refusal to that of a vendor's timeout, stages from microseconds on.
var (
	callBuckets  = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	stageBuckets = append([]float64{.00001, .000025, .00005, .0001, .00025, .0005}, callBuckets...)
)

// call counts a call of an operation that has ended, and how long it and its stages took.
func (m *Metrics) call(call *call, total time.Duration) {
	if m == nil {
		return
	}
	m.calls.WithLabelValues(call.operation.ID, call.ending()).Observe(total.Seconds())
	if call.problem != nil && !call.repeated {
		m.problems.WithLabelValues(call.operation.System, string(call.problem.Code)).Inc()
	}
	observers := m.systems[call.operation.System]
	for i, spent := range call.spent {
		if spent > 0 {
			observers[i].Observe(spent.Seconds())
		}
	}
}

// ending says in a word how a call ended.
func (call *call) ending() string {
	switch {
	case call.replayed:
		return "replayed"
	case call.problem == nil:
		return "success"
	case call.problem.Outcome == "":
		return "none" // nothing is said of the operation, which another call made
	case call.repeated:
		return "replayed" // what is known of another call's operation
	}
	return string(call.problem.Outcome)
}

// Refused counts a call that got no permit.
func (m *Metrics) Refused(system, reason string) {
	if m != nil {
		m.refused.WithLabelValues(system, reason).Inc()
	}
}

// addCached lets the metrics of a read exist from the start.
func (m *Metrics) addCached(operation string) {
	for _, how := range cache.Hows {
		if m != nil {
			m.cache.WithLabelValues(operation, string(how))
		}
	}
}

// Cached counts a call of a cached read.
func (m *Metrics) Cached(operation string, how cache.How) {
	if m != nil {
		m.cache.WithLabelValues(operation, string(how)).Inc()
	}
}

// UnknownElements counts elements of replies that are not known.
func (m *Metrics) UnknownElements(operation, path string, n int) {
	if m != nil {
		m.elements.WithLabelValues(operation, path).Add(float64(n))
	}
}

// Breaker sets whether calls to an upstream are refused.
func (m *Metrics) Breaker(system string, open bool) {
	if m != nil {
		m.breakers.WithLabelValues(system).Set(oneIf(open))
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// Panicked counts a panic that the program survived.
func (m *Metrics) Panicked() {
	if m != nil {
		m.panics.Inc()
	}
}

// Handler answers GET /metrics, for any Host: collectors ask by the name of a service or a pod, which no setting lists. What the page of a foreign
// host could learn by DNS rebinding is counts, and which Go release runs. With profiles it serves those of net/http/pprof, too.
func (m *Metrics) Handler(profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	if profiles {
		mux.HandleFunc("/debug/pprof/", pprof.Index) // the named ones, too
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	}
	return mux
}
