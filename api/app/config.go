package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"soapbridge/api/config"
	"soapbridge/upstream"
)

type configCommands struct {
	Show  configShow  `cmd:"" default:"1" help:"Print the effective configuration with secrets masked (the default)."`
	Check configCheck `cmd:"" help:"Connect to every configured system, without sending a request, and to Redis."`
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
	state, err := checkStore(ctx, c, p)
	if err != nil {
		state, failed = oneLine(err), errors.Join(failed, errors.New("the store of idempotency records cannot be used"))
	}
	_, _ = fmt.Fprintf(p.Out, "%-13s %s\n", "redis", state)
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

// checkStore connects and reads; it writes nothing.
func checkStore(ctx context.Context, c config.Config, p *Process) (state string, err error) {
	if c.RedisURL == "" {
		return "not configured", nil
	}
	records, _, err := store(c, logger(p.Err, "text", "warn"))
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
