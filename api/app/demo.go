package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/openapi"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/upstream/sandbox"
)

type demoCommand struct {
	Listen  string `default:"127.0.0.1:8080" help:"Address of the API; it must be a loopback address. Port 0 picks a free one."`
	Systems string `placeholder:"DIR" help:"Directory with folders of imported systems, which the sandbox plays, too."`
}

func (d *demoCommand) Run(ctx context.Context, p *Process) error {
	listener, err := listenOnLoopback(ctx, d.Listen)
	if err != nil {
		return err
	}
	played, err := sandboxed(d.Systems)
	if err != nil {
		return usage(err)
	}
	vendors, stop, err := startSandbox(ctx, "127.0.0.1:0", played, p.Err)
	if err != nil {
		return err
	}
	defer stop()
	// Without the environment: a demo must not reach a real system because of an inherited variable.
	c, err := config.Load(append(systemSettings(d.Systems, vendors, played),
		"SOAPBRIDGE_CUSTOMERCARE_URL="+vendors+sandbox.CustomerCarePath,
		"SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=demo-direct-token",
		"SOAPBRIDGE_CUSTOMERCARE_USER_ID=demo",
		"SOAPBRIDGE_MDS_URL="+vendors+sandbox.MDSPath,
		"SOAPBRIDGE_EMERSION_URL="+vendors+sandbox.EmersionPath,
		"SOAPBRIDGE_SANDBOX=true",
		"SOAPBRIDGE_DRAIN_TIMEOUT=5s", // a person waits for its end
	), config.Disk())
	if err != nil {
		return usage(err)
	}
	c.CORSOrigins = []string{"http://localhost:*"} // no setting allows any port
	log := logger(p.Err, "text", "info")
	proxy, err := newProxy(ctx, c, true, log, log, log)
	if err != nil {
		return err
	}
	defer proxy.close()
	log.Info("listening", slog.String("listen", listener.Addr().String()))
	if ignored := config.Given(p.Environ); len(ignored) > 0 {
		log.Warn("a demo has settings of its own, and ignores those of the environment", slog.String("ignored", strings.Join(ignored, " ")))
	}
	whatToTry(p.Out, "http://"+listener.Addr().String(), vendors, proxy.edge.Systems)
	return proxy.serve(ctx, p, listener, nil)
}

// listenOnLoopback refuses any other address: the demo has no callers, so that every client may do everything.
func listenOnLoopback(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage(fmt.Errorf("--listen: %w; give an address like 127.0.0.1:8080", err))
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usage(fmt.Errorf("--listen: %s is not a loopback address; the demo has no authentication, so it serves this machine only", host))
	}
	return listen(ctx, address)
}

func whatToTry(w io.Writer, proxy, vendors string, systems []edge.System) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	p("\nsoapbridge demo: the proxy and a sandbox in the vendors' place. Made-up data only.\n\n")
	p("  open      %s/docs   (Swagger UI, in a browser)\n", proxy)
	p("  API       %s\n  sandbox   %s   (calls that it executed: %s/sandbox/calls)\n\n", proxy, vendors, vendors)
	p("Try, in another terminal:\n")
	for _, system := range systems {
		for i, op := range system.Operations {
			if i == mostExamples {
				p("\n# ... and %d more of %s: see %s/docs\n", len(system.Operations)-i, system.Name, proxy)
				break
			}
			p("\n# %s\n%s\n", op.Name, example(proxy, &op))
		}
	}
	p("\nPut sandbox:html-200 or another scenario into any text of a request to see what the proxy makes of it: %s/sandbox/scenarios\n\n", vendors)
}

// mostExamples bounds what is printed of one system.
const mostExamples = 5

// example is a call of an operation, for a shell.
func example(proxy string, op *translate.Operation) string {
	body := strings.ReplaceAll(op.Example, "'", `'\''`)
	switch {
	case op.Method == http.MethodGet:
		return "curl -i '" + proxy + openapi.ExampleTarget(op.Path, op.RequestShape, []byte(op.Example)) + "'"
	case op.ReadOnly:
		return fmt.Sprintf("curl -i %s%s -H 'Content-Type: application/json' -d '%s'", proxy, op.Path, body)
	}
	return fmt.Sprintf("curl -i %s%s -H 'Content-Type: application/json' -H 'Idempotency-Key: %s' -d '%s'", proxy, op.Path, uuid.NewString(), body)
}

type sandboxCommand struct {
	Listen  string `default:"127.0.0.1:8081" help:"Address of the sandbox. Port 0 picks a free one."`
	Systems string `placeholder:"DIR" help:"Directory with folders of imported systems, to be played, too."`
}

func (s *sandboxCommand) Run(ctx context.Context, p *Process) error {
	played, err := sandboxed(s.Systems)
	if err != nil {
		return usage(err)
	}
	vendors, stop, err := startSandbox(ctx, s.Listen, played, p.Err)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.Out, "soapbridge sandbox: the vendors' services for made-up data. Point a proxy at it with:\n\n"+
		"SOAPBRIDGE_CUSTOMERCARE_URL=%[1]s%[2]s\nSOAPBRIDGE_MDS_URL=%[1]s%[3]s\nSOAPBRIDGE_EMERSION_URL=%[1]s%[4]s\n%[5]s\n"+
		"Executed calls: %[1]s/sandbox/calls   scenarios: %[1]s/sandbox/scenarios\n",
		vendors, sandbox.CustomerCarePath, sandbox.MDSPath, sandbox.EmersionPath, strings.Join(append(systemSettings(s.Systems, vendors, played), ""), "\n"))
	<-ctx.Done()
	stop()
	return nil
}

// systemSettings point a proxy at the sandbox's imported systems.
func systemSettings(directory, vendors string, played []sandbox.ImportedSystem) (settings []string) {
	if directory == "" {
		return nil
	}
	settings = append(settings, "SOAPBRIDGE_SYSTEMS="+directory)
	for _, s := range played {
		prefix := config.ImportedSystem{Name: s.Name}.Prefix() //nolint:exhaustruct // for its name alone
		settings = append(settings, prefix+"URL="+vendors+sandbox.ImportedPath(s.Name))
	}
	return settings
}

func startSandbox(ctx context.Context, address string, played []sandbox.ImportedSystem, stderr io.Writer) (url string, stop func(), err error) {
	handler, err := sandbox.New(sandbox.Config{Imported: played, Systems: []sandbox.System{
		{Name: sandbox.CustomerCare, Samples: customercare.Samples},
		{Name: sandbox.MDS, Samples: mds.Samples},
		{Name: sandbox.Emersion, Samples: emersion.Samples},
	}})
	if err != nil {
		return "", nil, err
	}
	listener, err := listen(ctx, address)
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger(stderr, "text", "warn").Handler(), slog.LevelWarn)}
	go func() { _ = server.Serve(listener) }() // panics: net/http survives those of handlers; it ends with Close
	return "http://" + listener.Addr().String(), func() {
		handler.Close()
		_ = server.Close()
	}, nil
}
