package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/api/guard"
	"soapbridge/translate/secret"
)

type serveCommand struct {
	Insecure bool `help:"Serve other machines although no callers are configured."`
}

func (s *serveCommand) Run(ctx context.Context, p *Process) error {
	c, err := config.LoadServe(p.Environ, config.Disk(), s.Insecure, checkAPIKeys)
	if err != nil {
		return usage(err)
	}
	// Files are read again by themselves, so a SIGHUP asks for nothing; and a log whose reader has gone must not end the calls in flight.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	lines := newLogLines(p.Err)
	defer lines.flush()
	log, requests := logger(lines, c.LogFormat, c.LogLevel), logger(lateLines{lines}, c.LogFormat, c.LogLevel)
	lines.lost = func(n int) {
		log.Warn("lines about requests were dropped, since nobody took what was written", slog.Int("count", n))
	}
	audit := logger(lines, c.LogFormat, "info") // at any level: who settled what must be found later
	proxy, err := newProxy(ctx, c, false, log, requests, audit)
	if err != nil {
		return usage(err)
	}
	defer proxy.close()
	tlsConfig, err := serverTLS(ctx, p.Environ, c, proxy.guard)
	if err != nil {
		return usage(err)
	}
	listener, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	// At any level: with port 0, only the log shows the address.
	logger(lines, c.LogFormat, "info").Info("listening", slog.String("listen", listener.Addr().String()))
	if err := checkStoreAtStart(ctx, proxy.edge.Store, log); err != nil {
		return usage(err)
	}
	if c.RedisURL == "" {
		log.Warn("idempotency records are in memory: they are lost when this process ends, and no other process sees them")
	}
	for _, w := range c.Warnings() {
		log.Warn(w.String())
	}
	proxy.followCallers(ctx, p.Environ)
	// What is counted during a stop is served until its end.
	untilTheEnd, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	if err := proxy.serveMetrics(untilTheEnd); err != nil {
		return err
	}
	return proxy.serve(ctx, p, listener, tlsConfig)
}

// pair is a certificate and its key, in PEM.
type pair struct {
	cert string
	key  secret.Secret
}

func pairOf(c config.Config) pair { return pair{c.TLSCert, c.TLSKey} }

// serverTLS returns the TLS of the API; its certificate follows the files of its settings. HTTP/2 is up to net/http.
func serverTLS(ctx context.Context, environ []string, c config.Config, g *guard.Guard) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil //nolint:nilnil // in edge.Serving, nil means plain HTTP
	}
	var current atomic.Pointer[tls.Certificate]
	replace := func(p pair) error {
		loaded, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
		if err == nil {
			current.Store(&loaded)
		}
		return err
	}
	if err := replace(pairOf(c)); err != nil {
		return nil, err
	}
	follow(ctx, g, []string{"SOAPBRIDGE_TLS_CERT", "SOAPBRIDGE_TLS_KEY"}, environ, c, pairOf, replace)
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil },
	}, nil
}

// longestCall is the longest timeout of a system, imported ones too: the server waits that long before it writes an answer.
func (p *proxy) longestCall() (longest time.Duration) {
	for _, system := range p.edge.Systems {
		longest = max(longest, system.CallTimeout)
	}
	return longest
}

// serveMetrics serves /metrics on its own address until ctx ends.
func (p *proxy) serveMetrics(ctx context.Context) error {
	if p.edge.Metrics == nil {
		return nil
	}
	listener, err := listen(ctx, p.settings.MetricsListen)
	if err != nil {
		return err
	}
	p.edge.Log.Info("serving metrics", slog.String("metrics_listen", listener.Addr().String()))
	p.guard.Go("metrics", func() {
		if err := edge.Serve(ctx, edge.Serving{Listener: listener, Guard: p.guard}, p.edge.Metrics.Handler(p.settings.PPROF == on)); err != nil {
			p.edge.Log.Error("metrics", slog.String("cause", err.Error()))
		}
	})
	return nil
}

// serve runs the API until ctx ends and all calls in flight are answered, or until a second signal. A stop has four steps: readiness says no and
// work in the background is cut short (edge.Server.Stop); the listener takes calls a little longer, until balancers have noticed, and then those
// in flight are answered (edge.Serve); their records are ended (edge.Server.Drain); and what is left when the time is up is cut off, and logged.
func (p *proxy) serve(ctx context.Context, process *Process, listener net.Listener, tlsConfig *tls.Config) error {
	c := &p.settings
	handler, err := edge.New(p.edge)
	if err != nil {
		return usage(err)
	}
	p.guard.Go("sweeps", func() { handler.Sweep(ctx) })
	// One limit for the whole stop: it begins with the signal.
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { // panics: Go reports them
		time.AfterFunc(c.DrainTimeout, cancel) // panics: cancel has none
		p.guard.Go("stop", handler.Stop)
	})
	signals := process.Signals()
	ended := make(chan error, 1)
	go func() { // panics: Try returns them
		ended <- p.guard.Try("serve", func() error {
			err := edge.Serve(ctx, edge.Serving{
				Listener: listener, TLS: tlsConfig, Guard: p.guard, DrainTimeout: c.DrainTimeout,
				CallTimeout: p.longestCall(),
			}, handler)
			return errors.Join(err, handler.Drain(drain))
		})
	}()
	for again := false; ; again = true {
		select {
		case err := <-ended:
			p.edge.Log.Info("stopped")
			return err
		case <-signals:
			if again { // the first one has ended ctx as well
				return fmt.Errorf("a second signal: %d calls or results were cut off", handler.CutOff("a second signal"))
			}
		}
	}
}
