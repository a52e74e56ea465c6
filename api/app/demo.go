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
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/upstream/sandbox"
)

type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" help:"Address of the API; it must be a loopback address. Port 0 picks a free one."`
}

func (d *demoCommand) Run(ctx context.Context, p *Process) error {
	listener, err := listenOnLoopback(ctx, d.Listen)
	if err != nil {
		return err
	}
	vendors, stop, err := startSandbox(ctx, "127.0.0.1:0", p.Err)
	if err != nil {
		return err
	}
	defer stop()
	// Without the environment: a demo must not reach a real system because of an inherited variable.
	c, err := config.Load([]string{
		"SOAPBRIDGE_CUSTOMERCARE_URL=" + vendors + sandbox.CustomerCarePath,
		"SOAPBRIDGE_CUSTOMERCARE_DIRECT_TOKEN=demo-direct-token",
		"SOAPBRIDGE_CUSTOMERCARE_USER_ID=demo",
		"SOAPBRIDGE_MDS_URL=" + vendors + sandbox.MDSPath,
		"SOAPBRIDGE_EMERSION_URL=" + vendors + sandbox.EmersionPath,
		"SOAPBRIDGE_SANDBOX=true",
		"SOAPBRIDGE_DRAIN_TIMEOUT=5s", // a person waits for its end
	}, config.Disk())
	if err != nil {
		return err
	}
	c.CORSOrigins = []string{"http://localhost:*"} // no setting allows any port
	log := logger(p.Err, "text", "info")
	proxy, err := newProxy(ctx, c, true, log, log)
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

func (s *sandboxCommand) Run(ctx context.Context, p *Process) error {
	vendors, stop, err := startSandbox(ctx, s.Listen, p.Err)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.Out, "soapbridge sandbox: the vendors' services for made-up data. Point a proxy at it with:\n\n"+
		"SOAPBRIDGE_CUSTOMERCARE_URL=%[1]s%[2]s\nSOAPBRIDGE_MDS_URL=%[1]s%[3]s\nSOAPBRIDGE_EMERSION_URL=%[1]s%[4]s\n\n"+
		"Executed calls: %[1]s/sandbox/calls   scenarios: %[1]s/sandbox/scenarios\n",
		vendors, sandbox.CustomerCarePath, sandbox.MDSPath, sandbox.EmersionPath)
	<-ctx.Done()
	stop()
	return nil
}

func startSandbox(ctx context.Context, address string, stderr io.Writer) (url string, stop func(), err error) {
	handler, err := sandbox.New(sandbox.Config{Systems: []sandbox.System{
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
