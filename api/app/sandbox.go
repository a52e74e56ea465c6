package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/upstream/sandbox"
)

// Sandbox runs the sandbox alone.
type Sandbox struct {
	Listen string `default:"127.0.0.1:8081" help:"Address of the sandbox. Port 0 picks a free one."`
}

// Run implements the command.
func (s *Sandbox) Run(ctx context.Context, p *Process) error {
	vendors, err := startSandbox(ctx, s.Listen, p.Err)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.Out, "soapbridge sandbox: the vendors' services for made-up data. Point a proxy at it with:\n\n"+
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
