// Command soapbridge is a REST-to-SOAP translation proxy.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"soapbridge/api/app"
)

// Exit codes. A wrong command line and a wrong configuration have the same one: both have to be fixed before anything runs.
const (
	exitFailed     = 1
	exitUsageError = 2
)

type commands struct {
	app.Commands

	PrintVersion kong.VersionFlag `name:"version" help:"Print the version, the commit and the Go release."`
}

// commit is set with -ldflags where the program is built without its repository, as in the Dockerfile.
var commit string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once, as everywhere; serve first says what it cuts off.
	context.AfterFunc(ctx, stop) // panics: stop has none
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func signals() <-chan os.Signal {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	done := -1
	process := &app.Process{Environ: os.Environ(), Out: stdout, Err: stderr, Version: app.VersionText(commit), Signals: signals}
	parser, err := kong.New(&commands{},
		kong.Name("soapbridge"),
		kong.Description("A REST-to-SOAP translation proxy: JSON in, exactly the right envelope out, sent at most once."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { done = code }), // --help, --version
		kong.Vars{"version": process.Version},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(process),
	)
	if err != nil {
		panic(err) // the tags of commands are wrong
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
	if errors.As(err, &app.UsageError{}) {
		return exitUsageError
	}
	return exitFailed
}
