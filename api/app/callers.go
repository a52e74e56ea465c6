package app

import (
	"context"
	"log/slog"
	"strings"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/translate/secret"
)

// scopes lists every scope there is, admin first.
func scopes(systems []system) []edge.Scope {
	list := []edge.Scope{edge.AdminScope}
	for _, s := range systems {
		for _, op := range s.operations {
			list = append(list, edge.ScopeOf(op))
		}
	}
	return list
}

// callers returns the configured ones, and follows changes of their file; nil where none are configured.
func callers(ctx context.Context, environ []string, c config.Config, known []edge.Scope, log *slog.Logger) (*edge.Callers, error) {
	if len(c.APIKeys) == 0 {
		return nil, nil //nolint:nilnil // nil is how edge.Config spells that everybody may call
	}
	list := &edge.Callers{}
	if err := list.Replace(lines(c.APIKeys), known); err != nil {
		return nil, err
	}
	go list.Follow(ctx, lines(c.APIKeys), func() ([]string, error) {
		c, err := config.Load(environ, config.ReadFile)
		return lines(c.APIKeys), err
	}, known, log)
	return list, nil
}

// checkAPIKeys checks the lines of the API keys: their scopes are those of operations, which the configuration does not know.
func checkAPIKeys(c config.Config) (problems []config.Problem) {
	if len(c.APIKeys) == 0 {
		return nil
	}
	systems, err := systemsOf(config.Config{}) // no setting changes the scopes
	if err == nil {
		err = new(edge.Callers).Replace(lines(c.APIKeys), scopes(systems))
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
