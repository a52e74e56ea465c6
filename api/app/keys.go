package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

	Expires *string `help:"When the key expires: a date, which it lasts through in UTC, an instant (RFC 3339), or a duration such as 2160h. Never by default."`
}

func (k *keysNew) Run(p *Process) error {
	c, err := config.Load(config.Only(p.Environ, "SOAPBRIDGE_SYSTEMS"), config.Disk())
	if err != nil {
		return usage(err)
	}
	known, err := knownScopes(c)
	if err != nil {
		return usage(err)
	}
	granted := known[1:] // all but admin
	if len(k.Scopes) > 0 {
		if granted, err = scopesNamed(k.Scopes, known); err != nil {
			return usage(err)
		}
	}
	expires, err := k.expiry(time.Now())
	if err != nil {
		return usage(fmt.Errorf("--expires: %w", err))
	}
	id := "key-" + uuid.NewString()[:8]
	if k.ID != nil {
		id = *k.ID
	}
	key, line, err := edge.NewAPIKey(id, granted, expires)
	if err != nil {
		return usage(fmt.Errorf("--id: %w", err))
	}
	_, _ = fmt.Fprintf(p.Out, "# The key, for the caller; it is shown this once. Send it as: Authorization: Bearer <key>\n%s\n\n"+
		"# The line for SOAPBRIDGE_API_KEYS, or the file of SOAPBRIDGE_API_KEYS_FILE.\n%s\n", key, line)
	return nil
}

// knownScopes are the scopes of all operations. Only the overlays of imported systems are read: they say all that scopes are made of.
func knownScopes(c config.Config) ([]edge.Scope, error) {
	systems, err := systemsOf(config.Config{}) // no other setting changes the scopes
	for _, s := range c.Imported {
		operations, wrong := outline(c.Systems, s.Name)
		systems, err = append(systems, system{s.Name, s.Prefix(), s.System, operations}), errors.Join(err, wrong)
	}
	return scopes(systems), err
}

// expiry returns the zero time where none is asked for. An empty flag is a mistake: it comes from an unset variable.
func (k *keysNew) expiry(now time.Time) (expires time.Time, err error) {
	if k.Expires == nil {
		return time.Time{}, nil
	}
	if lasts, notDuration := time.ParseDuration(*k.Expires); notDuration == nil {
		expires = now.Add(lasts)
	} else {
		expires, err = edge.ParseExpiry(*k.Expires)
	}
	if err == nil && !expires.After(now) {
		err = errors.New("it must be in the future")
	}
	return expires, err
}

// scopesNamed returns the scopes in --scope, each once. An empty name is a mistake, too: it comes from an unset variable.
func scopesNamed(flags []string, known []edge.Scope) (list []edge.Scope, err error) {
	for name := range strings.SplitSeq(strings.Join(flags, ","), ",") {
		scope := edge.Scope(name)
		if !slices.Contains(known, scope) {
			return nil, fmt.Errorf("--scope: %w", edge.NoScope(name, known))
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

// callers returns the configured callers; nil without any.
func callers(ctx context.Context, c config.Config, known []edge.Scope, g *guard.Guard) (*edge.Callers, error) {
	if len(c.APIKeys) == 0 && c.JWTIssuer == "" {
		return nil, nil //nolint:nilnil // in edge.Config, nil means that every client may call
	}
	list := &edge.Callers{}
	if c.JWTIssuer != "" {
		list.Tokens = edge.NewTokens(ctx, edge.TokenRules{
			Issuer: c.JWTIssuer, Audience: c.JWTAudience, KeysURL: c.JWTJWKSURL, Algorithms: c.JWTAlgorithms, Leeway: c.JWTLeeway,
			ScopeClaim: c.JWTScopeClaim, OriginatingClaim: c.CustomerCare.OriginatingClaim,
		}, g.Log)
	}
	if len(c.APIKeys) == 0 {
		return list, nil
	}
	return list, list.Replace(c.APIKeys, known)
}

// followCallers follows changes of the callers' file and of the issuer's keys until ctx ends, and logs what is wrong with them.
func (p *proxy) followCallers(ctx context.Context, environ []string) {
	list := p.edge.Callers
	if list == nil {
		return
	}
	if list.Tokens != nil {
		p.guard.Go("keys of the tokens' issuer", list.Tokens.Follow)
	}
	if len(p.settings.APIKeys) == 0 {
		return
	}
	warn := func() { list.WarnOfExpiry(p.edge.Log) }
	p.guard.Go("expiry of API keys", func() { p.guard.Every(ctx, 24*time.Hour, "expiry of API keys", warn) })
	follow(ctx, p.guard, []string{"SOAPBRIDGE_API_KEYS"}, environ, p.settings,
		func(c config.Config) []secret.Secret { return c.APIKeys },
		func(lines []secret.Secret) error {
			err := list.Replace(lines, p.scopes)
			if err == nil {
				warn()
			}
			return err
		})
}

// checkAPIKeys checks the lines of the API keys: their scopes are those of operations, which the configuration does not know.
func checkAPIKeys(c config.Config) (problems []config.Problem) {
	if len(c.APIKeys) == 0 {
		return nil
	}
	known, err := knownScopes(c)
	if err != nil {
		return []config.Problem{{Variable: "SOAPBRIDGE_SYSTEMS", Reason: err.Error()}}
	}
	if err = new(edge.Callers).Replace(c.APIKeys, known); err == nil {
		return nil
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // one for each key
		problems = append(problems, config.Problem{Variable: "SOAPBRIDGE_API_KEYS", Reason: line})
	}
	return problems
}
