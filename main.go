// Command soapbridge is a REST-to-SOAP translation proxy.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"soapbridge/api"
	"soapbridge/api/config"
	"soapbridge/api/idempotency"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
	"soapbridge/upstream"
	"soapbridge/upstream/sandbox"
)

// Exit codes. A wrong command line and a wrong configuration have the same one: both are mended before anything runs.
const (
	exitFailed     = 1
	exitUsageError = 2
)

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the proxy. Settings come from SOAPBRIDGE_* environment variables."`
	Demo    demoCommand    `cmd:"" help:"Run the proxy and the sandbox on this machine, and print what to try."`
	Sandbox sandboxCommand `cmd:"" help:"Run the sandbox SOAP server alone."`
	Health  healthCommand  `cmd:"" help:"Exit with 0 when a running proxy is ready."`
	Config  configCommands `cmd:"" help:"Show or check the configuration."`
	Keys    keysCommands   `cmd:"" help:"Make API keys."`
	Version versionCommand `cmd:"" help:"Print the version, the commit and the Go release."`

	PrintVersion kong.VersionFlag `name:"version" help:"Print the version, the commit and the Go release."`
}

type keysCommands struct {
	New keysNew `cmd:"" help:"Make one API key: print it once, and the line that SOAPBRIDGE_API_KEYS needs."`
}

type configCommands struct {
	Show  configShow  `cmd:"" default:"1" help:"Print the effective configuration with secrets masked (the default)."`
	Check configCheck `cmd:"" help:"Connect to every configured system, without sending a request, and to Redis."`
}

// commit is set with -ldflags where the program is built without its repository, as in the Dockerfile.
var commit string

// version says which program this is: the module's version, the commit, and the release of Go.
func version() string {
	info := buildInfo()
	built := map[string]string{}
	for _, s := range info.Settings {
		built[s.Key] = s.Value
	}
	revision := cmp.Or(commit, built["vcs.revision"], "unknown")
	if commit == "" && built["vcs.modified"] == "true" {
		revision += " (modified)"
	}
	return fmt.Sprintf("soapbridge %s, commit %s, %s", cmp.Or(info.Main.Version, "(devel)"), revision, runtime.Version())
}

func buildInfo() *debug.BuildInfo {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return &debug.BuildInfo{} // built without modules
	}
	return info
}

// userAgent names this program to vendors. A product's version has no parentheses (RFC 9110 section 10.1.5).
func userAgent() string {
	return "soapbridge/" + cmp.Or(strings.Trim(buildInfo().Main.Version, "()"), "devel")
}

type versionCommand struct{}

func (versionCommand) Run(std *streams) error {
	_, err := fmt.Fprintln(std.out, version())
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once, as everywhere; serve first says what it cuts off.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a command line or a configuration that has to be mended.
type usageError struct{ error }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	done := -1
	parser, err := kong.New(&commands{},
		kong.Name("soapbridge"),
		kong.Description("A REST-to-SOAP translation proxy: JSON in, exactly the right envelope out, sent at most once."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { done = code }), // --help, --version
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&streams{stdout, stderr}),
	)
	if err != nil {
		panic(err) // the tags above are wrong
	}
	command, err := parser.Parse(args)
	if done >= 0 {
		return done
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "soapbridge: %v\nTry soapbridge --help.\n", err)
		return exitUsageError
	}
	err = command.Run()
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "soapbridge:", err)
	if errors.As(err, &usageError{}) {
		return exitUsageError
	}
	return exitFailed
}

type streams struct{ out, err io.Writer }

type serveCommand struct {
	Insecure bool `help:"Serve other machines although no callers are configured."`
}

func (s *serveCommand) Run(ctx context.Context, std *streams) error {
	c, err := config.LoadServe(os.Environ(), config.ReadFile, s.Insecure, checkAPIKeys)
	if err != nil {
		return usageError{err}
	}
	log := logger(std.err, c.LogFormat, c.LogLevel)
	edge, err := edgeOf(ctx, c, log)
	if err != nil {
		return usageError{err}
	}
	defer func() { _ = edge.Store.Close() }()
	tlsConfig, err := serverTLS(c)
	if err != nil {
		return usageError{err}
	}
	listener, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	// At any level: whoever chose port 0 has no other way to learn the address.
	logger(std.err, c.LogFormat, "info").Info("listening", slog.String("listen", listener.Addr().String()))
	if err := checkStoreAtStart(ctx, edge.Store, log); err != nil {
		return usageError{err}
	}
	if c.RedisURL == "" {
		log.Warn("idempotency records are in memory: they are lost when this process ends, and no other process sees them")
	}
	for _, w := range c.Warnings() {
		log.Warn(w.String())
	}
	if edge.Metrics != nil {
		if err := serveMetrics(ctx, c, edge.Metrics, log); err != nil {
			return err
		}
	}
	return serve(ctx, c, edge, listener, tlsConfig, log)
}

// edgeOf gives the API its parts.
func edgeOf(ctx context.Context, c config.Config, log *slog.Logger) (api.Config, error) {
	var metrics *api.Prometheus
	if c.MetricsListen != "" {
		metrics = api.NewPrometheus()
	}
	systems, err := wire(c, func(system string) upstream.Events { return events(system, metrics, log) })
	if err != nil {
		return api.Config{}, err
	}
	edge := api.Config{
		Systems: systems, RulesOff: rulesOff(c), Hosts: c.Hosts, CORSOrigins: c.CORSOrigins, Sandbox: c.Sandbox, Retention: c.IdempotencyRetention,
	}
	if edge.Callers, err = callers(ctx, c, scopes(systems), log); err != nil {
		return edge, err
	}
	if metrics != nil {
		edge.Metrics = metrics
	}
	if edge.Vault, err = vault(c); err != nil {
		return edge, err
	}
	edge.Store, err = store(c, edge.Vault.Checks(), log)
	return edge, err
}

// events logs and counts strange connections to a system. The metrics may be nil.
func events(system string, metrics *api.Prometheus, log *slog.Logger) upstream.Events {
	log = log.With(slog.String("system", system))
	return upstream.Events{
		Stray: func(operationID string) {
			log.Error("the upstream sent an answer that no call asked for: the answer to this operation, or to one near it, may be that of another call; "+
				"look for it in the vendor's records", slog.String("operation_id", operationID), slog.Bool("alert", true))
			if metrics != nil {
				metrics.StrayAnswer(system)
			}
		},
		Suspect: func(suspect bool) {
			if suspect {
				log.Warn("connections to the upstream are not kept for a while: an answer without an envelope, or one that no call asked for, came over one")
			} else {
				log.Info("connections to the upstream are kept again")
			}
			if metrics != nil {
				metrics.Suspect(system, suspect)
			}
		},
	}
}

// rulesOff are the marks of the rules that the configuration turns off.
func rulesOff(c config.Config) []string {
	if c.Emersion.IdentifierCheck == lenient {
		return []string{emersion.StrictIdentifiers}
	}
	return nil
}

const lenient = "lenient"

// store gives the records their place: Redis where it is configured, else this process's memory.
func store(c config.Config, checks idempotency.KeyChecks, log *slog.Logger) (idempotency.Store, error) {
	retention := idempotency.Retention{Done: c.IdempotencyRetention, Unknown: max(unknownRetention, c.IdempotencyRetention)}
	r, shared := c.Redis()
	if !shared {
		return idempotency.NewMemory(idempotency.MemoryOptions{Retention: retention}), nil
	}
	options := idempotency.RedisOptions{
		Addrs: r.Addrs, Master: r.Master, Username: r.Username, Password: string(r.Password), DB: r.DB,
		Retention: retention, WaitReplicas: c.RedisWaitReplicas, Checks: checks, Log: log,
	}
	if r.TLS {
		options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return idempotency.NewRedis(options)
}

// foreign names the setting by which a store is not this proxy's, if that is why it cannot be used.
func foreign(err error) error {
	mismatch, ok := errors.AsType[*idempotency.Mismatch](err)
	if !ok {
		return nil
	}
	switch mismatch.Of {
	case idempotency.MismatchOfNameKey:
		return fmt.Errorf("SOAPBRIDGE_NAME_KEY: %w", mismatch)
	case idempotency.MismatchOfSealingKey:
		return fmt.Errorf("SOAPBRIDGE_SECRET_KEYS: %w", mismatch)
	case idempotency.MismatchOfRecords:
	}
	return mismatch
}

// checkStoreAtStart says what would else be found out by the first call. Its error is a setting that is wrong; a store that is away may come.
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

// unknownRetention is how long an operation can be settled after its outcome became unknown.
const unknownRetention = 30 * 24 * time.Hour

func vault(c config.Config) (*idempotency.Vault, error) {
	if c.NameKey == "" || len(c.SecretKeys) == 0 {
		return idempotency.NewRandomVault() // the configuration demands keys wherever records outlive the process
	}
	keys := make([]idempotency.Key, len(c.SecretKeys))
	for i, k := range c.SecretKeys {
		keys[i] = idempotency.Key{ID: k.ID, Secret: []byte(k.Key)}
	}
	return idempotency.NewVault([]byte(c.NameKey), keys)
}

// scopes lists every scope there is.
func scopes(systems []api.System) []api.Scope {
	list := []api.Scope{api.AdminScope}
	for _, system := range systems {
		for _, op := range system.Operations {
			list = append(list, api.ScopeOf(op))
		}
	}
	return list
}

// callers gives the configured ones, and follows changes of their file; nil where none are configured.
func callers(ctx context.Context, c config.Config, known []api.Scope, log *slog.Logger) (*api.Callers, error) {
	if len(c.APIKeys) == 0 {
		return nil, nil //nolint:nilnil // nil is how api.Config spells that everybody may call
	}
	list := &api.Callers{}
	if err := list.Replace(lines(c.APIKeys), known); err != nil {
		return nil, err
	}
	go list.Follow(ctx, lines(c.APIKeys), func() ([]string, error) {
		c, err := config.Load(os.Environ(), config.ReadFile)
		return lines(c.APIKeys), err
	}, known, log)
	return list, nil
}

// checkAPIKeys judges the lines of the API keys: their scopes are those of operations, which the configuration does not know.
func checkAPIKeys(c config.Config) (problems []config.Problem) {
	if len(c.APIKeys) == 0 {
		return nil
	}
	systems, err := wire(config.Config{}, nil) // no setting changes the scopes
	if err == nil {
		err = new(api.Callers).Replace(lines(c.APIKeys), scopes(systems))
	}
	if err == nil {
		return nil
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // one for each key
		problems = append(problems, config.Problem{Variable: "SOAPBRIDGE_API_KEYS", Reason: line})
	}
	return problems
}

func lines(secrets []secret.Secret) []string {
	list := make([]string, len(secrets))
	for i, s := range secrets {
		list[i] = string(s)
	}
	return list
}

// serveMetrics answers /metrics on an address of its own, until ctx ends.
func serveMetrics(ctx context.Context, c config.Config, metrics api.Metrics, log *slog.Logger) error {
	p, ok := metrics.(*api.Prometheus)
	if !ok {
		return nil
	}
	listener, err := listen(ctx, c.MetricsListen)
	if err != nil {
		return err
	}
	log.Info("serving metrics", slog.String("metrics_listen", listener.Addr().String()))
	go func() {
		if err := api.Serve(ctx, api.Serving{Listener: listener, Log: log}, p.Handler()); err != nil {
			log.Error("metrics", slog.String("cause", err.Error()))
		}
	}()
	return nil
}

// serve runs the API until ctx ends and everything in flight is answered.
func serve(ctx context.Context, c config.Config, edge api.Config, listener net.Listener, tlsConfig *tls.Config, log *slog.Logger) error {
	edge.MaxBody, edge.MaxReply = c.MaxBody, c.MaxReply
	edge.KeyOptional, edge.TrustedProxies, edge.Log = c.Idempotency == "optional", c.TrustedProxies, log
	edge.LogReplies = c.LogsReplies()
	edge.Ready = func(context.Context) error { return ctx.Err() }
	handler, err := api.New(edge)
	if err != nil {
		return usageError{err}
	}
	go handler.Sweep(ctx)
	// One limit for all of the stop: it begins with the signal.
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() {
		handler.Stop()
		time.AfterFunc(c.DrainTimeout, cancel)
	})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() {
		err := api.Serve(ctx, api.Serving{
			Listener: listener, TLS: tlsConfig, Log: log, DrainTimeout: c.DrainTimeout,
			CallTimeout: max(c.CustomerCare.Timeout, c.MDS.Timeout, c.Emersion.Timeout),
		}, handler)
		ended <- errors.Join(err, handler.Drain(drain))
	}()
	for again := false; ; again = true {
		select {
		case err := <-ended:
			log.Info("stopped")
			return err
		case <-signals:
			if again { // the first one has ended ctx as well
				return fmt.Errorf("a second signal: %d calls or results were cut off", handler.CutOff("a second signal"))
			}
		}
	}
}

// wire gives every system its operations, and its client where a URL is configured; watch gives the client what it tells of its connections.
func wire(c config.Config, watch func(system string) upstream.Events) ([]api.System, error) {
	// The client bounds what comes over the wire; a reply in another encoding grows up to three times in UTF-8.
	limits := soap.Limits{Bytes: 3 * int(c.MaxReply)}
	transport := func(s config.System) []secret.Secret {
		secrets := []secret.Secret{s.BasicPassword, s.WSSEPassword}
		if s.BasicUsername != "" { // as it stands in the HTTP header
			basic := base64.StdEncoding.EncodeToString([]byte(s.BasicUsername + ":" + string(s.BasicPassword)))
			secrets = append(secrets, secret.Secret(basic))
		}
		return secrets
	}
	version := soap.V11
	if c.CustomerCare.SOAPVersion == soap.V12.String() {
		version = soap.V12
	}
	care, err1 := customercare.Operations(customercare.Config{
		Version:     version,
		DirectToken: c.CustomerCare.DirectToken, OriginatingToken: c.CustomerCare.OriginatingToken,
		UserID:   c.CustomerCare.UserID,
		Username: c.CustomerCare.WSSEUsername, Password: c.CustomerCare.WSSEPassword,
		SuccessCodes: c.CustomerCare.SuccessCodes, CodeStatus: c.CustomerCare.CodeStatus,
		Secrets: transport(c.CustomerCare.System), Limits: limits,
	})
	cmp, err2 := mds.Operations(mds.Config{
		SOAPAction: c.MDS.SOAPAction, Username: c.MDS.WSSEUsername, Password: c.MDS.WSSEPassword,
		Secrets: transport(c.MDS.System), Limits: limits,
	})
	cumulus, err3 := emersion.Operations(emersion.Config{
		Namespace: c.Emersion.Namespace, SOAPAction: c.Emersion.SOAPAction,
		Username: c.Emersion.WSSEUsername, Password: c.Emersion.WSSEPassword,
		LenientIdentifiers: c.Emersion.IdentifierCheck == lenient,
		Secrets:            transport(c.Emersion.System), Limits: limits,
	})
	careSystem, err4 := system("CUSTOMERCARE", c.CustomerCare.System, c.MaxReply, watch, care)
	cmpSystem, err5 := system("MDS", c.MDS.System, c.MaxReply, watch, cmp)
	cumulusSystem, err6 := system("EMERSION", c.Emersion.System, c.MaxReply, watch, cumulus)
	return []api.System{careSystem, cmpSystem, cumulusSystem}, errors.Join(err1, err2, err3, err4, err5, err6)
}

func system(name string, s config.System, maxReply int64, watch func(system string) upstream.Events, operations []translate.Operation) (api.System, error) {
	wired := api.System{Operations: operations, CallTimeout: s.Timeout}
	if s.URL == "" {
		return wired, nil
	}
	settings := upstreamConfig(s, maxReply)
	settings.Events = watch(strings.ToLower(name))
	client, err := upstream.New(settings)
	if err != nil {
		return wired, fmt.Errorf("SOAPBRIDGE_%s_*: %w", name, err)
	}
	wired.Upstream = client
	return wired, nil
}

func upstreamConfig(s config.System, maxReply int64) upstream.Config {
	return upstream.Config{
		URL: s.URL, DialTimeout: s.DialTimeout, Timeout: s.Timeout, MaxIdle: s.MaxInFlight, MaxReply: maxReply,
		NoKeepAlive: s.KeepAlive == "off", UserAgent: userAgent(),
		TLSCA: s.TLSCA, TLSCert: s.TLSCert, TLSKey: s.TLSKey,
		BasicUsername: s.BasicUsername, BasicPassword: s.BasicPassword,
	}
}

func serverTLS(c config.Config) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil //nolint:nilnil // nil is how api.Serving spells plain HTTP
	}
	pair, err := tls.X509KeyPair([]byte(c.TLSCert), []byte(c.TLSKey))
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, err
}

func logger(w io.Writer, format, level string) *slog.Logger {
	options := &slog.HandlerOptions{}
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err == nil {
		options.Level = least
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" help:"Address of the API; it must be a loopback address. Port 0 picks a free one."`
}

func (d *demoCommand) Run(ctx context.Context, std *streams) error {
	listener, err := listenOnLoopback(ctx, d.Listen)
	if err != nil {
		return err
	}
	vendors, err := startSandbox(ctx, "127.0.0.1:0", std.err)
	if err != nil {
		return err
	}
	defer vendors.stop()
	// The environment is left out on purpose: a demo must not reach a real system because of an inherited variable.
	c, err := config.Load([]string{
		"SOAPBRIDGE_CUSTOMERCARE_URL=" + vendors.url + sandbox.CustomerCarePath,
		"SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=demo-direct-token",
		"SOAPBRIDGE_CUSTOMERCARE_USER_ID=demo",
		"SOAPBRIDGE_MDS_URL=" + vendors.url + sandbox.MDSPath,
		"SOAPBRIDGE_EMERSION_URL=" + vendors.url + sandbox.EmersionPath,
		"SOAPBRIDGE_DRAIN_TIMEOUT=5s", // a person waits for its end
	}, config.ReadFile)
	if err != nil {
		return err
	}
	log := logger(std.err, "text", "info")
	edge, err := edgeOf(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { _ = edge.Store.Close() }()
	edge.CORSOrigins, edge.Sandbox, edge.Tools = []string{"http://localhost:*"}, true, true
	log.Info("listening", slog.String("listen", listener.Addr().String()))
	if ignored := config.Given(os.Environ()); len(ignored) > 0 {
		log.Warn("a demo has settings of its own, and ignores those of the environment", slog.String("ignored", strings.Join(ignored, " ")))
	}
	whatToTry(std.out, "http://"+listener.Addr().String(), vendors.url, edge.Systems)
	return serve(ctx, c, edge, listener, nil, log)
}

// listenOnLoopback refuses any other address: the demo knows no callers, so everybody who reaches it may do everything.
func listenOnLoopback(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen: %w; give an address like 127.0.0.1:8080", err)}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usageError{fmt.Errorf("--listen: %s is not a loopback address; the demo has no authentication, so it serves this machine only", host)}
	}
	return listen(ctx, address)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

func whatToTry(w io.Writer, proxy, vendors string, systems []api.System) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	p("\nsoapbridge demo: the proxy and a sandbox in the vendors' place. Made-up data only.\n\n")
	p("  open      %s/docs   (Swagger UI, in a browser)\n", proxy)
	p("  API       %s\n  sandbox   %s   (calls that it executed: %s/sandbox/calls)\n\n", proxy, vendors, vendors)
	p("Try, in another terminal:\n")
	for _, system := range systems {
		for _, op := range system.Operations {
			p("\n# %s\ncurl -i %s%s -H 'Content-Type: application/json' -H 'Idempotency-Key: %s' -d '%s'\n",
				op.Name, proxy, op.Path, uuid.NewString(), op.Example)
		}
	}
	p("\nPut sandbox:html-200 or another scenario into any text of a request to see what the proxy makes of it: %s/sandbox/scenarios\n\n", vendors)
}

type sandboxCommand struct {
	Listen string `default:"127.0.0.1:8081" help:"Address of the sandbox. Port 0 picks a free one."`
}

func (s *sandboxCommand) Run(ctx context.Context, std *streams) error {
	vendors, err := startSandbox(ctx, s.Listen, std.err)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(std.out, "soapbridge sandbox: the vendors' services for made-up data. Point a proxy at it with:\n\n"+
		"SOAPBRIDGE_CUSTOMERCARE_URL=%[1]s%[2]s\nSOAPBRIDGE_MDS_URL=%[1]s%[3]s\nSOAPBRIDGE_EMERSION_URL=%[1]s%[4]s\n\n"+
		"Executed calls: %[1]s/sandbox/calls   scenarios: %[1]s/sandbox/scenarios\n",
		vendors.url, sandbox.CustomerCarePath, sandbox.MDSPath, sandbox.EmersionPath)
	<-ctx.Done()
	vendors.stop()
	return nil
}

// runningSandbox is a sandbox with its server.
type runningSandbox struct {
	url  string
	stop func()
}

func startSandbox(ctx context.Context, address string, stderr io.Writer) (*runningSandbox, error) {
	handler, err := sandbox.New(sandbox.Config{Systems: []sandbox.System{
		{Name: sandbox.CustomerCare, Samples: customercare.Samples},
		{Name: sandbox.MDS, Samples: mds.Samples},
		{Name: sandbox.Emersion, Samples: emersion.Samples},
	}})
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger(stderr, "text", "warn").Handler(), slog.LevelWarn)}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return &runningSandbox{
		url: "http://" + listener.Addr().String(),
		stop: func() {
			handler.Close()
			_ = server.Close()
		},
	}, nil
}

type healthCommand struct {
	URL string `help:"Where the proxy is; by default what SOAPBRIDGE_LISTEN says. Without a path, /readyz is asked."`
}

func (h *healthCommand) Run(ctx context.Context, std *streams) error {
	target, client, err := h.target()
	if err != nil {
		return usageError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return usageError{err}
	}
	if h.URL == "" {
		request.Host = "localhost" // a proxy without callers accepts it, whatever name SOAPBRIDGE_LISTEN has
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s answered %s", target, response.Status)
	}
	_, _ = fmt.Fprintln(std.out, "ready")
	return nil
}

// target gives the URL to ask, and the client to ask with.
func (h *healthCommand) target() (string, *http.Client, error) {
	if h.URL != "" {
		u, err := url.Parse(h.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", nil, errors.New("--url: give a URL like http://127.0.0.1:8080")
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = "/readyz"
		}
		return u.String(), http.DefaultClient, nil
	}
	c, err := config.Load(os.Environ(), config.ReadFile)
	if err != nil {
		return "", nil, err
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", nil, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	address := net.JoinHostPort(host, port) + "/readyz"
	if c.TLSCert == "" {
		return "http://" + address, http.DefaultClient, nil
	}
	// The certificate is for the name that callers use, not for this machine's own address; no secret is sent.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	return "https://" + address, &http.Client{Transport: transport}, nil
}

type keysNew struct {
	ID     *string  `help:"Name of the caller, for logs and vendors: a-z 0-9 -. A random one by default."`
	Scopes []string `name:"scope" sep:"none" help:"What the caller may do, repeatable, or with commas between; every operation by default."`
}

func (k *keysNew) Run(std *streams) error {
	systems, err := wire(config.Config{}, nil)
	if err != nil {
		return err
	}
	known := scopes(systems)
	granted := known[1:] // all but admin
	if len(k.Scopes) > 0 {
		if granted, err = scopesNamed(k.Scopes, known); err != nil {
			return usageError{err}
		}
	}
	id := "key-" + uuid.NewString()[:8]
	if k.ID != nil {
		id = *k.ID
	}
	key, line, err := api.NewAPIKey(id, granted)
	if err != nil {
		return usageError{fmt.Errorf("--id: %w", err)}
	}
	_, _ = fmt.Fprintf(std.out, "# The key, for the caller; it is shown this once. Send it as: Authorization: Bearer <key>\n%s\n\n"+
		"# The line for SOAPBRIDGE_API_KEYS, or the file of SOAPBRIDGE_API_KEYS_FILE.\n%s\n", key, line)
	return nil
}

// scopesNamed returns the scopes that --scope names, each once. An empty name is a mistake, too: it comes from a variable that is not set.
func scopesNamed(flags []string, known []api.Scope) (list []api.Scope, err error) {
	for name := range strings.SplitSeq(strings.Join(flags, ","), ",") {
		scope := api.Scope(name)
		if !slices.Contains(known, scope) {
			return nil, fmt.Errorf("--scope: there is no %q; valid are %v", name, known)
		}
		if !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	return list, nil
}

type configShow struct{}

// load reads the settings and judges them as serve does, but for what serve alone needs.
func load() (config.Config, error) { return config.Load(os.Environ(), config.ReadFile, checkAPIKeys) }

func (configShow) Run(std *streams) error {
	c, err := load()
	if err != nil {
		return usageError{err}
	}
	return c.Print(std.out)
}

type configCheck struct{}

func (configCheck) Run(ctx context.Context, std *streams) error {
	c, err := load()
	if err != nil {
		return usageError{err}
	}
	var failed error
	for _, s := range []struct {
		name string
		config.System
	}{{"customercare", c.CustomerCare.System}, {"mds", c.MDS.System}, {"emersion", c.Emersion.System}} {
		state := "not configured"
		if s.URL != "" {
			state = "reachable"
			if err := checkConnection(ctx, s.System, c.MaxReply); err != nil {
				state, failed = strings.ReplaceAll(err.Error(), "\n", "; "), errors.New("a system cannot be reached, or its URL is wrong")
			}
		}
		_, _ = fmt.Fprintf(std.out, "%-13s %s\n", s.name, state)
	}
	state, err := checkStore(ctx, c, std)
	if err != nil {
		state = strings.ReplaceAll(err.Error(), "\n", "; ")
		failed = errors.Join(failed, errors.New("the store of idempotency records cannot be used"))
	}
	_, _ = fmt.Fprintf(std.out, "%-13s %s\n", "redis", state)
	return failed
}

// checkStore connects and reads; it writes nothing.
func checkStore(ctx context.Context, c config.Config, std *streams) (state string, err error) {
	if c.RedisURL == "" {
		return "not configured", nil
	}
	keys, err := vault(c)
	if err != nil {
		return "", err
	}
	records, err := store(c, keys.Checks(), logger(std.err, "text", "warn"))
	if err != nil {
		return "", err
	}
	defer func() { _ = records.Close() }()
	found, err := records.Ready(ctx)
	if err := foreign(err); err != nil {
		return "", err
	}
	if found.PolicyUnverified {
		return "ready, policy: unverified", err
	}
	return "ready", err
}

func checkConnection(ctx context.Context, s config.System, maxReply int64) error {
	client, err := upstream.New(upstreamConfig(s, maxReply))
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Check(ctx)
}
