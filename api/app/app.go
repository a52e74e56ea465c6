// Package app holds the commands of soapbridge and composes their parts. Only it knows which systems, clients and stores there are.
package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"soapbridge/api/config"
)

// Commands are the commands of the program, as kong reads them.
type Commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the proxy. Settings come from SOAPBRIDGE_* environment variables."`
	Demo    demoCommand    `cmd:"" help:"Run the proxy and the sandbox on this machine, and print what to try."`
	Sandbox sandboxCommand `cmd:"" help:"Run the sandbox SOAP server alone."`
	Health  healthCommand  `cmd:"" help:"Exit with 0 when a running proxy is ready."`
	Config  configCommands `cmd:"" help:"Show or check the configuration."`
	Keys    keysCommands   `cmd:"" help:"Make API keys."`
	Import  importCommand  `cmd:"" help:"Make a system's folder of a WSDL, or bring one up to date."`
	Drift   driftCommand   `cmd:"" help:"Say what changed for callers since a WSDL was imported. The exit code is 1 when something breaks them."`
	Version versionCommand `cmd:"" help:"Print the version, the commit and the Go release."`
}

// Process is the command's view of its process.
type Process struct {
	Environ  []string
	Out, Err io.Writer
	Version  string
	// Signals returns a channel of later signals to stop. The first one has also ended the command's context.
	Signals func() <-chan os.Signal
}

// settings reads the settings and checks them as serve does, without its own rules.
func (p *Process) settings() (config.Config, error) {
	c, err := config.Load(p.Environ, config.Disk(), checkAPIKeys)
	return c, usage(err)
}

// UsageError is a command line or a configuration that has to be fixed.
type UsageError struct{ error }

func (e UsageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return UsageError{err}
}

type versionCommand struct{}

func (versionCommand) Run(p *Process) error {
	_, err := fmt.Fprintln(p.Out, p.Version)
	return err
}

// VersionText returns the module's version, the commit and the release of Go. An empty commit means the one that Go recorded in the build.
func VersionText(commit string) string {
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
func userAgent() string { return "soapbridge/" + release() }

func release() string { return cmp.Or(strings.Trim(buildInfo().Main.Version, "()"), "devel") }

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

func listen(ctx context.Context, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}
