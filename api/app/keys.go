package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/api/guard"
	"soapbridge/translate/secret"
)

type keysCommands struct {
	New keysNew `cmd:"" help:"Make one API key: print it once, and the line that SOAPBRIDGE_API_KEYS needs."`
}

type keysNew struct {
	ID     *string  `help:"Name of the caller, for logs and vendors: a-z 0-9 -. A random one by default."`
	Scopes []string `name:"scope" sep:"none" help:"What the caller may do, repeatable, or with commas between; every operation by default."`
}

func (k *keysNew) Run(p *Process) error {
	systems, err := systemsOf(config.Config{})
	if err != nil {
		return err
	}
	known := scopes(systems)
	granted := known[1:] // all but admin
	if len(k.Scopes) > 0 {
		if granted, err = scopesNamed(k.Scopes, known); err != nil {
			return usage(err)
		}
	}
	id := "key-" + uuid.NewString()[:8]
	if k.ID != nil {
		id = *k.ID
	}
	key, line, err := edge.NewAPIKey(id, granted)
	if err != nil {
		return usage(fmt.Errorf("--id: %w", err))
	}
	_, _ = fmt.Fprintf(p.Out, "# The key, for the caller; it is shown this once. Send it as: Authorization: Bearer <key>\n%s\n\n"+
		"# The line for SOAPBRIDGE_API_KEYS, or the file of SOAPBRIDGE_API_KEYS_FILE.\n%s\n", key, line)
	return nil
}

// scopesNamed returns the scopes in --scope, each once. An empty name is a mistake, too: it comes from an unset variable.
func scopesNamed(flags []string, known []edge.Scope) (list []edge.Scope, err error) {
	for name := range strings.SplitSeq(strings.Join(flags, ","), ",") {
		scope := edge.Scope(name)
		if !slices.Contains(known, scope) {
			return nil, fmt.Errorf("--scope: there is no %q; valid are %v", name, known)
		}
		if !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	return list, nil
}

// scopes lists every scope, admin first.
func scopes(systems []system) []edge.Scope {
	list := []edge.Scope{edge.AdminScope}
	for _, s := range systems {
		for _, op := range s.operations {
			list = append(list, edge.ScopeOf(op))
		}
	}
	return list
}

// callers returns the configured callers, and follows changes of their file; nil without callers.
func callers(ctx context.Context, environ []string, c config.Config, known []edge.Scope, g *guard.Guard) (*edge.Callers, error) {
	if len(c.APIKeys) == 0 {
		return nil, nil //nolint:nilnil // in edge.Config, nil means that every client may call
	}
	list := &edge.Callers{}
	if err := list.Replace(c.APIKeys, known); err != nil {
		return nil, err
	}
	follow(ctx, g, "SOAPBRIDGE_API_KEYS", environ, c,
		func(c config.Config) []secret.Secret { return c.APIKeys },
		func(lines []secret.Secret) error { return list.Replace(lines, known) })
	return list, nil
}

// checkAPIKeys checks the lines of the API keys: their scopes are those of operations, which the configuration does not know.
func checkAPIKeys(c config.Config) (problems []config.Problem) {
	if len(c.APIKeys) == 0 {
		return nil
	}
	systems, err := systemsOf(config.Config{}) // no setting changes the scopes
	if err == nil {
		err = new(edge.Callers).Replace(c.APIKeys, scopes(systems))
	}
	if err == nil {
		return nil
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // one for each key
		problems = append(problems, config.Problem{Variable: "SOAPBRIDGE_API_KEYS", Reason: line})
	}
	return problems
}
