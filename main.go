// Command soapbridge is a REST-to-SOAP translation proxy.
package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
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
}

type keysCommands struct {
	New keysNew `cmd:"" help:"Make one API key: print it once, and the line that SOAPBRIDGE_API_KEYS needs."`
}

type configCommands struct {
	Show  configShow  `cmd:"" default:"1" help:"Print the effective configuration with secrets masked (the default)."`
	Check configCheck `cmd:"" help:"Connect to every configured system, without sending anything."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// net/http writes bytes of replies that nobody asked for to the standard logger; they may hold credentials.
	log.SetOutput(io.Discard)
	// A second signal ends the process at once, as everywhere.
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
		kong.Exit(func(code int) { done = code }), // --help
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
	c, err := config.LoadServe(os.Environ(), config.ReadFile, s.Insecure)
	if err == nil {
		err = notBuiltYet(c)
	}
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
	if c.RedisURL == "" {
		log.Warn("idempotency records are in memory: they are lost when this process ends, and no other process sees them")
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
	systems, err := wire(c)
	if err != nil {
		return api.Config{}, err
	}
	edge := api.Config{Systems: systems, RulesOff: rulesOff(c), CORSOrigins: c.CORSOrigins, Sandbox: c.Sandbox, Retention: c.IdempotencyRetention}
	if edge.Callers, err = callers(ctx, c, scopes(systems), log); err != nil {
		return edge, err
	}
	if c.MetricsListen != "" {
		edge.Metrics = api.NewPrometheus()
	}
	if edge.Vault, err = vault(c); err != nil {
		return edge, err
	}
	edge.Store, err = store(c, log)
	return edge, err
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
func store(c config.Config, log *slog.Logger) (idempotency.Store, error) {
	retention := idempotency.Retention{Done: c.IdempotencyRetention, Unknown: max(unknownRetention, c.IdempotencyRetention)}
	r, shared := c.Redis()
	if !shared {
		return idempotency.NewMemory(idempotency.MemoryOptions{Retention: retention}), nil
	}
	options := idempotency.RedisOptions{
		Addrs: r.Addrs, Master: r.Master, Username: r.Username, Password: string(r.Password), DB: r.DB,
		Retention: retention, WaitReplicas: c.RedisWaitReplicas, Log: log,
	}
	if r.TLS {
		options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return idempotency.NewRedis(options)
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
		return nil, fmt.Errorf("SOAPBRIDGE_API_KEYS: %w", err)
	}
	go list.Follow(ctx, lines(c.APIKeys), func() ([]string, error) {
		c, err := config.Load(os.Environ(), config.ReadFile)
		return lines(c.APIKeys), err
	}, known, log)
	return list, nil
}

func lines(secrets []config.Secret) []string {
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

// notBuiltYet refuses settings whose promise this version cannot keep. A proxy that ignored them would be taken for a safe one.
func notBuiltYet(c config.Config) error {
	var problems []error
	settings := map[string]bool{
		"SOAPBRIDGE_CUSTOMERCARE_ORIGINATING_CLAIM": c.CustomerCare.OriginatingClaim != "",
		"SOAPBRIDGE_JWT_ISSUER":                     c.JWTIssuer != "",
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if settings[name] {
			problems = append(problems, fmt.Errorf("%s: this version does not have it yet; leave it unset", name))
		}
	}
	return errors.Join(problems...)
}

// serve runs the API until ctx ends and everything in flight is answered.
func serve(ctx context.Context, c config.Config, edge api.Config, listener net.Listener, tlsConfig *tls.Config, log *slog.Logger) error {
	edge.MaxBody, edge.MaxReply = c.MaxBody, c.MaxReply
	edge.KeyOptional, edge.TrustedProxies, edge.Log = c.Idempotency == "optional", c.TrustedProxies, log
	edge.LogReplies = c.LogsReplies()
	edge.Ready = func(request context.Context) error { return errors.Join(ctx.Err(), edge.Store.Ready(request)) }
	handler, err := api.New(edge)
	if err != nil {
		return usageError{err}
	}
	go handler.Sweep(ctx)
	// One limit for all of the stop: it begins with the signal.
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(c.DrainTimeout, cancel) })
	err = api.Serve(ctx, api.Serving{
		Listener: listener, TLS: tlsConfig, Log: log, DrainTimeout: c.DrainTimeout,
		CallTimeout: max(c.CustomerCare.Timeout, c.MDS.Timeout, c.Emersion.Timeout),
	}, handler)
	handler.Drain(drain)
	log.Info("stopped")
	return err
}

// wire gives every system its operations, and its client where a URL is configured.
func wire(c config.Config) ([]api.System, error) {
	// The client bounds what comes over the wire; a reply in another encoding grows up to three times in UTF-8.
	limits := soap.Limits{Bytes: 3 * int(c.MaxReply)}
	transport := func(s config.System) []soap.Secret {
		secrets := []soap.Secret{soap.Secret(s.BasicPassword), soap.Secret(s.WSSEPassword)}
		if s.BasicUsername != "" { // as it stands in the HTTP header
			basic := base64.StdEncoding.EncodeToString([]byte(s.BasicUsername + ":" + string(s.BasicPassword)))
			secrets = append(secrets, soap.Secret(basic))
		}
		return secrets
	}
	version := soap.V11
	if c.CustomerCare.SOAPVersion == soap.V12.String() {
		version = soap.V12
	}
	care, err1 := customercare.Operations(customercare.Config{
		Version:     version,
		DirectToken: soap.Secret(c.CustomerCare.DirectToken), OriginatingToken: soap.Secret(c.CustomerCare.OriginatingToken),
		UserID:   c.CustomerCare.UserID,
		Username: c.CustomerCare.WSSEUsername, Password: soap.Secret(c.CustomerCare.WSSEPassword),
		SuccessCodes: c.CustomerCare.SuccessCodes, CodeStatus: c.CustomerCare.CodeStatus,
		Secrets: transport(c.CustomerCare.System), Limits: limits,
	})
	cmp, err2 := mds.Operations(mds.Config{
		SOAPAction: c.MDS.SOAPAction, Username: c.MDS.WSSEUsername, Password: soap.Secret(c.MDS.WSSEPassword),
		Secrets: transport(c.MDS.System), Limits: limits,
	})
	cumulus, err3 := emersion.Operations(emersion.Config{
		Namespace: c.Emersion.Namespace, SOAPAction: c.Emersion.SOAPAction,
		Username: c.Emersion.WSSEUsername, Password: soap.Secret(c.Emersion.WSSEPassword),
		LenientIdentifiers: c.Emersion.IdentifierCheck == lenient,
		Secrets:            transport(c.Emersion.System), Limits: limits,
	})
	careSystem, err4 := system("SOAPBRIDGE_CUSTOMERCARE_", c.CustomerCare.System, c.MaxReply, care)
	cmpSystem, err5 := system("SOAPBRIDGE_MDS_", c.MDS.System, c.MaxReply, cmp)
	cumulusSystem, err6 := system("SOAPBRIDGE_EMERSION_", c.Emersion.System, c.MaxReply, cumulus)
	return []api.System{careSystem, cmpSystem, cumulusSystem}, errors.Join(err1, err2, err3, err4, err5, err6)
}

func system(variables string, s config.System, maxReply int64, operations []translate.Operation) (api.System, error) {
	wired := api.System{Operations: operations, CallTimeout: s.Timeout}
	if s.URL == "" {
		return wired, nil
	}
	client, err := upstream.New(upstreamConfig(s, maxReply))
	if err != nil {
		return wired, fmt.Errorf("%s*: %w", variables, err)
	}
	wired.Upstream = client
	return wired, nil
}

func upstreamConfig(s config.System, maxReply int64) upstream.Config {
	return upstream.Config{
		URL: s.URL, DialTimeout: s.DialTimeout, Timeout: s.Timeout, MaxIdle: s.MaxInFlight, MaxReply: maxReply,
		TLSCA: s.TLSCA, TLSCert: s.TLSCert, TLSKey: soap.Secret(s.TLSKey),
		BasicUsername: s.BasicUsername, BasicPassword: soap.Secret(s.BasicPassword),
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
	ID     string   `default:"" help:"Name of the caller, for logs and vendors: a-z 0-9 -. A random one by default."`
	Scopes []string `name:"scope" help:"What the caller may do, repeatable; every operation by default."`
}

func (k *keysNew) Run(std *streams) error {
	systems, err := wire(config.Config{})
	if err != nil {
		return err
	}
	known := scopes(systems)
	granted := known[1:] // all but admin
	if len(k.Scopes) > 0 {
		granted = nil
	}
	for _, name := range k.Scopes {
		if !slices.Contains(known, api.Scope(name)) {
			return usageError{fmt.Errorf("--scope: there is no %q; valid are %v", name, known)}
		}
		granted = append(granted, api.Scope(name))
	}
	id := k.ID
	if id == "" {
		id = "key-" + uuid.NewString()[:8]
	}
	key, line, err := api.NewAPIKey(id, granted)
	if err != nil {
		return usageError{fmt.Errorf("--id: %w", err)}
	}
	_, _ = fmt.Fprintf(std.out, "# The key, for the caller; it is shown this once. Send it as: Authorization: Bearer <key>\n%s\n\n"+
		"# The line for SOAPBRIDGE_API_KEYS, or the file of SOAPBRIDGE_API_KEYS_FILE.\n%s\n", key, line)
	return nil
}

type configShow struct{}

func (configShow) Run(std *streams) error {
	c, err := config.Load(os.Environ(), config.ReadFile)
	if err != nil {
		return usageError{err}
	}
	return c.Print(std.out)
}

type configCheck struct{}

func (configCheck) Run(ctx context.Context, std *streams) error {
	c, err := config.Load(os.Environ(), config.ReadFile)
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
				state, failed = err.Error(), errors.New("a system cannot be reached")
			}
		}
		_, _ = fmt.Fprintf(std.out, "%-13s %s\n", s.name, state)
	}
	return failed
}

func checkConnection(ctx context.Context, s config.System, maxReply int64) error {
	client, err := upstream.New(upstreamConfig(s, maxReply))
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Check(ctx)
}
