package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/api/guard"
	"soapbridge/upstream"
)

type configCommands struct {
	Show  configShow  `cmd:"" default:"1" help:"Print the effective configuration with secrets masked (the default)."`
	Check configCheck `cmd:"" help:"Connect to every configured system, without sending a request, and to Redis; read the keys of the issuer of JWTs."`
}

type configShow struct{}

func (configShow) Run(p *Process) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	return c.Print(p.Out)
}

type configCheck struct{}

func (configCheck) Run(ctx context.Context, p *Process) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	systems, err := systemsOf(c)
	if err != nil {
		return err
	}
	var failed error
	for _, s := range systems {
		state, err := s.check(ctx, c.MaxReply)
		if err != nil {
			state, failed = oneLine(err), errors.New("a system cannot be reached, or its URL is wrong")
		}
		_, _ = fmt.Fprintf(p.Out, "%-13s %s\n", s.name, state)
	}
	state, err := checkIssuer(ctx, c)
	if err != nil {
		state, failed = oneLine(err), errors.Join(failed, errors.New("the keys of the tokens' issuer cannot be read"))
	}
	_, _ = fmt.Fprintf(p.Out, "%-13s %s\n", "jwt", state)
	state, err = checkStore(ctx, c, p)
	if err != nil {
		state, failed = oneLine(err), errors.Join(failed, errors.New("the store of idempotency records cannot be used"))
	}
	_, _ = fmt.Fprintf(p.Out, "%-13s %s\n", "redis", state)
	state, err = checkCache(ctx, c, p)
	if err != nil {
		state, failed = oneLine(err), errors.Join(failed, errors.New("the cache of reads cannot be used: they would not be cached"))
	}
	_, _ = fmt.Fprintf(p.Out, "%-13s %s\n", "cache", state)
	return failed
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// check connects, and sends nothing.
func (s system) check(ctx context.Context, maxReply int64) (state string, err error) {
	client, err := s.client(maxReply, upstream.Events{})
	if err != nil || client == nil {
		return "not configured", err
	}
	defer client.Close()
	return "reachable", client.Check(ctx)
}

// checkIssuer reads the keys of the tokens' issuer.
func checkIssuer(ctx context.Context, c config.Config) (state string, err error) {
	if c.JWTIssuer == "" {
		return "not configured", nil
	}
	return "ready", edge.ReadKeys(ctx, c.JWTJWKSURL)
}

// checkStore connects and reads; it writes nothing.
func checkStore(ctx context.Context, c config.Config, p *Process) (state string, err error) {
	if c.RedisURL == "" {
		return "not configured", nil
	}
	records, _, err := store(c, &guard.Guard{Log: logger(p.Err, "text", "warn")})
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

// checkCache connects; it writes nothing.
func checkCache(ctx context.Context, c config.Config, p *Process) (state string, err error) {
	if c.CacheRedisURL == "" {
		return "in memory", nil
	}
	kept := cached(c, nil, &guard.Guard{Log: logger(p.Err, "text", "warn")}, nil)
	defer func() { _ = kept.Close() }()
	return "ready", kept.Check(ctx)
}

type healthCommand struct {
	URL string `help:"Where the proxy is; by default what SOAPBRIDGE_LISTEN says. Without a path, /readyz is asked."`
}

func (h *healthCommand) Run(ctx context.Context, p *Process) error {
	target, client, err := h.target(p.Environ)
	if err != nil {
		return usage(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return usage(err)
	}
	if h.URL == "" {
		request.Host = "localhost" // a proxy without callers accepts it, with any host in SOAPBRIDGE_LISTEN
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s answered %s", target, response.Status)
	}
	_, _ = fmt.Fprintln(p.Out, "ready")
	return nil
}

func (h *healthCommand) target(environ []string) (string, *http.Client, error) {
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
	c, err := config.Load(config.Only(environ, "SOAPBRIDGE_LISTEN"), config.Disk())
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
	if !slices.ContainsFunc(config.Given(environ), func(name string) bool { return strings.HasPrefix(name, "SOAPBRIDGE_TLS_CERT") }) {
		return "http://" + address, http.DefaultClient, nil
	}
	// The certificate is for the name that callers use, not for this machine's own address; no secret is sent.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	return "https://" + address, &http.Client{Transport: transport}, nil
}
