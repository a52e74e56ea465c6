package app

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"

	"soapbridge/api/cache"
	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/ratelimit"
	"soapbridge/api/traces"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/imported"
	"soapbridge/translate/mds"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
	"soapbridge/translate/xml"
	"soapbridge/upstream"
)

// proxy is the program of serve and demo.
type proxy struct {
	settings config.Config
	edge     edge.Config
	scopes   []edge.Scope
	guard    *guard.Guard
	clients  []*upstream.Client
	traces   *traces.Traces // nil where calls are not traced
}

// newProxy composes a proxy from its settings. Only this function builds the configuration of the edge. What reads the issuer's keys ends
// with ctx; close ends the rest.
func newProxy(ctx context.Context, c config.Config, tools bool, log, requests, audit *slog.Logger) (*proxy, error) {
	p := &proxy{settings: c}
	var metrics *edge.Metrics
	if c.MetricsListen != "" {
		metrics = edge.NewMetrics()
	}
	p.guard = &guard.Guard{Log: log, Count: metrics.Panicked}
	systems, err := systemsOf(c)
	if err != nil {
		return nil, err
	}
	wired, err := p.connect(systems, metrics)
	if err != nil {
		return nil, err
	}
	for _, s := range systems {
		if len(s.operations) == 0 {
			log.Warn("every operation of this system is off: give those that are wanted a kind in "+imported.FileName, slog.String("system", s.name))
		}
	}
	p.scopes = scopes(systems)
	known, err := callers(ctx, c, p.scopes, p.guard)
	if err != nil {
		return nil, err
	}
	records, keys, err := store(c, p.guard)
	if err != nil {
		return nil, err
	}
	kept := cached(c, keys, p.guard, metrics)
	if shared, ok := records.(*redis.Store); ok {
		showPool(metrics, "records", shared.PoolStats)
	}
	p.edge = edge.Config{
		Systems: wired, Tools: tools, Sandbox: c.Sandbox,
		Store: records, Vault: keys, Cache: kept, Retention: c.IdempotencyRetention, KeyOptional: c.Idempotency == "optional",
		ServerTiming: c.ServerTiming == on,
		Callers:      known, Hosts: c.Hosts, CORSOrigins: c.CORSOrigins, TrustedProxies: c.TrustedProxies,
		CallerLimit: limiter(c.RateLimit, records, keys, p.guard), TargetLimit: limiter(c.PINRateLimit, records, keys, p.guard),
		MaxBody: c.MaxBody, MaxReply: c.MaxReply,
		Metrics: metrics, Tracer: nil, Log: log, RequestLog: requests, AuditLog: audit, LogReplies: c.LogsReplies(),
	}
	if url := c.TracesURL(); url != "" {
		p.traces = traces.New(traces.Options{URL: url, Ratio: c.TracesRatio, Version: release(), Guard: p.guard})
		p.edge.Tracer = p.traces.Tracer()
	}
	return p, nil
}

// connect makes the client of each system. Nothing is sent yet.
func (p *proxy) connect(systems []system, metrics *edge.Metrics) ([]edge.System, error) {
	wired := make([]edge.System, 0, len(systems))
	var failed error
	for _, s := range systems {
		// Not yet: a nil *upstream.Client in the interface would not be nil.
		w := edge.System{
			Name: s.name, Operations: s.operations, Upstream: nil, State: nil, Connections: nil, CallTimeout: s.settings.Timeout,
			Limits: edge.Limits{InFlight: s.settings.MaxInFlight, Queue: s.settings.Queue, QueueTimeout: s.settings.QueueTimeout},
		}
		client, err := s.client(p.settings.MaxReply, events(s.name, metrics, p.guard))
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s*: %w", s.prefix, err))
		} else if client != nil {
			w.Upstream, w.State, w.Connections, p.clients = client, state(client), client.Connections, append(p.clients, client)
		}
		wired = append(wired, w)
	}
	return wired, failed
}

// state returns the state of an upstream, as far as its client knows it.
func state(client *upstream.Client) func() string {
	return func() string {
		if client.Suspect() {
			return edge.UpstreamSuspect
		}
		return edge.UpstreamOK
	}
}

func (p *proxy) close() {
	_ = p.edge.Store.Close() // nothing is left to be stored
	_ = p.edge.Cache.Close()
	p.traces.Close()
	for _, client := range p.clients {
		client.Close()
	}
}

// system is a vendor's service.
type system struct {
	name       string // in the log and in metrics
	prefix     string // of its settings: "SOAPBRIDGE_MDS_"
	settings   config.System
	operations []translate.Operation
}

// What settings say.
const (
	lenient = "lenient"
	on      = "on"
)

// systemsOf returns all systems, in the order of the documents.
func systemsOf(c config.Config) ([]system, error) {
	// The client bounds the bytes on the wire; a reply in another encoding grows up to three times in UTF-8.
	limits := xml.Limits{Bytes: 3 * int(c.MaxReply)}
	version := soap.V11
	if c.CustomerCare.SOAPVersion == soap.V12.String() {
		version = soap.V12
	}
	care, err1 := customercare.Operations(customercare.Config{
		Version:     version,
		DirectToken: c.CustomerCare.DirectToken, OriginatingToken: c.CustomerCare.OriginatingToken, UserID: c.CustomerCare.UserID,
		Security: security(c.CustomerCare.System), Addressing: addressing(c.CustomerCare.System),
		SuccessCodes: c.CustomerCare.SuccessCodes, CodeStatus: c.CustomerCare.CodeStatus,
		Secrets: transportSecrets(c.CustomerCare.System), Limits: limits,
	})
	cmp, err2 := mds.Operations(mds.Config{
		SOAPAction: c.MDS.SOAPAction, Security: security(c.MDS.System), Addressing: addressing(c.MDS.System),
		Secrets: transportSecrets(c.MDS.System), Limits: limits,
	})
	cumulus, err3 := emersion.Operations(emersion.Config{
		Namespace: c.Emersion.Namespace, SOAPAction: c.Emersion.SOAPAction, Security: security(c.Emersion.System), Addressing: addressing(c.Emersion.System),
		LenientIdentifiers: c.Emersion.IdentifierCheck == lenient,
		Secrets:            transportSecrets(c.Emersion.System), Limits: limits,
	})
	others, err4 := importedSystems(c, limits)
	return append([]system{
		{"customercare", "SOAPBRIDGE_CUSTOMERCARE_", c.CustomerCare.System, care},
		{"mds", "SOAPBRIDGE_MDS_", c.MDS.System, cmp},
		{"emersion", "SOAPBRIDGE_EMERSION_", c.Emersion.System, cumulus},
	}, others...), errors.Join(err1, err2, err3, err4)
}

// security is the WS-Security header of a system's requests.
func security(s config.System) soap.Security {
	return soap.Security{
		Username: s.WSSEUsername, Password: s.WSSEPassword, Digest: s.WSSEPasswordType == "digest",
		Timestamp: s.WSSETimestamp == on, MustUnderstand: s.WSSEMustUnderstand == on,
	}
}

// addressing is the WS-Addressing headers of a system's requests.
func addressing(s config.System) soap.Addressing {
	return soap.Addressing{On: s.WSAddressing == on, To: s.URL}
}

// transportSecrets are masked in every text of the vendor.
func transportSecrets(s config.System) []secret.Secret {
	secrets := []secret.Secret{s.BasicPassword}
	if s.BasicUsername != "" { // as in the HTTP header
		basic := base64.StdEncoding.EncodeToString([]byte(s.BasicUsername + ":" + string(s.BasicPassword)))
		secrets = append(secrets, secret.Secret(basic))
	}
	return secrets
}

// client returns the client of a system, nil without a URL.
func (s system) client(maxReply int64, events upstream.Events) (*upstream.Client, error) {
	if s.settings.URL == "" {
		return nil, nil //nolint:nilnil // in edge.System, nil means that no URL is configured
	}
	p := s.settings.Proxy()
	return upstream.New(upstream.Config{
		URL: s.settings.URL, DialTimeout: s.settings.DialTimeout, Timeout: s.settings.Timeout, MaxIdle: s.settings.MaxInFlight, MaxReply: maxReply,
		IdleTimeout: upstream.DefaultIdleTimeout, NoKeepAlive: s.settings.KeepAlive == "off", UserAgent: userAgent(), Events: events,
		TLSCA: s.settings.TLSCA, TLSCert: s.settings.TLSCert, TLSKey: s.settings.TLSKey,
		BasicUsername: s.settings.BasicUsername, BasicPassword: s.settings.BasicPassword,
		ProxyAddress: p.Address, ProxyUsername: p.Username, ProxyPassword: p.Password,
	})
}

// events logs and counts strange connections to a system.
func events(system string, metrics *edge.Metrics, g *guard.Guard) upstream.Events {
	log := g.Log.With(slog.String("system", system))
	return upstream.Events{
		Stray: func(operationID string) {
			log.Error("the upstream sent an answer that no call asked for: the answer to this operation, or to one near it, may be that of another call; "+
				"look for it in the vendor's records", slog.String("operation_id", operationID), slog.Bool("alert", true))
			metrics.StrayAnswer(system)
		},
		Suspect: func(suspect bool) {
			if suspect {
				log.Warn("connections to the upstream are not kept for a while: an answer without an envelope, or one that no call asked for, came over one")
			} else {
				log.Info("connections to the upstream are kept again")
			}
			metrics.Suspect(system, suspect)
		},
		Guard: func(f func()) { g.Run("connections to "+system, f) },
	}
}

// store returns the store, Redis if it is configured, otherwise this process's memory, and the vault for its records.
func store(c config.Config, g *guard.Guard) (idempotency.Store, *idempotency.Vault, error) {
	sealing := make([]idempotency.Key, 0, len(c.SecretKeys))
	for _, k := range c.SecretKeys {
		sealing = append(sealing, idempotency.Key{ID: k.ID, Secret: []byte(k.Key)})
	}
	keys, err := idempotency.NewVault([]byte(c.NameKey), sealing)
	if c.NameKey == "" || len(sealing) == 0 {
		keys, err = idempotency.NewRandomVault() // api/config requires keys when records outlive the process
	}
	if err != nil {
		return nil, nil, err
	}
	retention := idempotency.Retention{Done: c.IdempotencyRetention, Unknown: max(idempotency.UnknownRetention, c.IdempotencyRetention)}
	r, shared := c.Redis()
	if !shared {
		return idempotency.NewMemory(retention), keys, nil
	}
	o := redisOptions(r, g)
	o.Retention, o.WaitReplicas, o.Checks = retention, c.RedisWaitReplicas, keys.Checks()
	return redis.New(o), keys, nil
}

// redisOptions is how a Redis is reached.
func redisOptions(r config.Redis, g *guard.Guard) redis.Options {
	var tlsConfig *tls.Config
	if r.TLS {
		tlsConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return redis.Options{
		Addrs: r.Addrs, Master: r.Master, Username: r.Username, Password: string(r.Password), DB: r.DB, TLS: tlsConfig, Log: g.Log, Guard: g,
		Retention: idempotency.Retention{}, WaitReplicas: 0, Checks: idempotency.KeyChecks{},
	}
}

// cached returns the cache of reads: in a Redis of its own, which the answers may fill, else in this process's memory.
func cached(c config.Config, keys *idempotency.Vault, g *guard.Guard, metrics *edge.Metrics) *cache.Cache {
	r, shared := c.CacheRedis()
	if !shared {
		return cache.NewMemory(keys, g.Log)
	}
	client := redis.NewCacheClient(redisOptions(r, g))
	showPool(metrics, "cache", client.PoolStats)
	return cache.NewRedis(client, keys, g.Log)
}

// showPool adds the connections to a Redis to the metrics.
func showPool(metrics *edge.Metrics, use string, stats func() *redis.PoolStats) {
	metrics.Redis(use, func() (idle, busy int) {
		s := stats()
		return int(s.IdleConns), int(s.TotalConns - s.IdleConns)
	}, func() uint32 { return stats().Timeouts })
}

// limiter returns a rate limit, in Redis where the store is; nil without one.
func limiter(r config.Rate, records idempotency.Store, keys *idempotency.Vault, g *guard.Guard) *ratelimit.Limiter {
	if r.Calls == 0 {
		return nil
	}
	limit := ratelimit.Limit(r)
	var shared *ratelimit.Shared
	if store, ok := records.(*redis.Store); ok {
		// With the limit in it: the counts of one limit say nothing about another, after a change or while a new version starts.
		name := func(key string) string { return keys.LimitName(limit.String() + " " + key) }
		shared = &ratelimit.Shared{Redis: store.Rates(), Name: name, Guard: g}
	}
	return ratelimit.New(limit, shared)
}

// foreign returns the setting that does not match the store, if the error is a mismatch.
func foreign(err error) error {
	mismatch, ok := errors.AsType[*idempotency.Mismatch](err)
	switch {
	case !ok:
		return nil
	case mismatch.Of == idempotency.MismatchOfNameKey:
		return fmt.Errorf("SOAPBRIDGE_NAME_KEY: %w", mismatch)
	case mismatch.Of == idempotency.MismatchOfSealingKey:
		return fmt.Errorf("SOAPBRIDGE_SECRET_KEYS: %w", mismatch)
	}
	return mismatch
}

// checkStoreAtStart logs the faults of a store before the first call. Its error is a wrong setting; a store that is down may come back.
func checkStoreAtStart(ctx context.Context, store idempotency.Store, log *slog.Logger) error {
	found, err := store.Ready(ctx)
	if err := foreign(err); err != nil {
		return err
	}
	if err != nil {
		log.Error("the store of idempotency records cannot be used as it is, and this proxy is not ready: calls may be refused", slog.String("cause", err.Error()))
	}
	if found.PolicyUnverified {
		log.Warn("the store of idempotency records does not say whether it may evict some: set maxmemory-policy noeviction", slog.String("policy", "unverified"))
	}
	return nil
}
