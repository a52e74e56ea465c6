package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/edge"
)

type serveCommand struct {
	Insecure bool `help:"Serve other machines although no callers are configured."`
}

func (s *serveCommand) Run(ctx context.Context, p *Process) error {
	c, err := config.LoadServe(p.Environ, config.ReadFile, s.Insecure, checkAPIKeys)
	if err != nil {
		return usage(err)
	}
	lines := newLogLines(p.Err)
	defer lines.flush()
	log, requests := logger(lines, c.LogFormat, c.LogLevel), logger(lateLines{lines}, c.LogFormat, c.LogLevel)
	proxy, err := newProxy(ctx, c, false, log, requests)
	if err != nil {
		return usage(err)
	}
	defer proxy.close()
	tlsConfig, err := serverTLS(c)
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
	proxy.followCallers(ctx, p.Environ, log)
	if err := proxy.serveMetrics(ctx); err != nil {
		return err
	}
	return proxy.serve(ctx, p, listener, tlsConfig)
}

func serverTLS(c config.Config) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil //nolint:nilnil // in edge.Serving, nil means plain HTTP
	}
	pair, err := tls.X509KeyPair([]byte(c.TLSCert), []byte(c.TLSKey))
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, err
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
	go func() {
		if err := edge.Serve(ctx, edge.Serving{Listener: listener, Log: p.edge.Log}, p.edge.Metrics.Handler(p.settings.PPROF == "on")); err != nil {
			p.edge.Log.Error("metrics", slog.String("cause", err.Error()))
		}
	}()
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
	go handler.Sweep(ctx)
	// One limit for the whole stop: it begins with the signal.
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() {
		handler.Stop()
		time.AfterFunc(c.DrainTimeout, cancel)
	})
	signals := process.Signals()
	ended := make(chan error, 1)
	go func() {
		err := edge.Serve(ctx, edge.Serving{
			Listener: listener, TLS: tlsConfig, Log: p.edge.Log, DrainTimeout: c.DrainTimeout,
			CallTimeout: max(c.CustomerCare.Timeout, c.MDS.Timeout, c.Emersion.Timeout),
		}, handler)
		ended <- errors.Join(err, handler.Drain(drain))
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
