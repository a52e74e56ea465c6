package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"soapbridge/api/config"
	"soapbridge/api/edge"
)

// Keys are the commands about API keys.
type Keys struct {
	New KeysNew `cmd:"" help:"Make one API key: print it once, and the line that SOAPBRIDGE_API_KEYS needs."`
}

// KeysNew makes an API key.
type KeysNew struct {
	ID     *string  `help:"Name of the caller, for logs and vendors: a-z 0-9 -. A random one by default."`
	Scopes []string `name:"scope" sep:"none" help:"What the caller may do, repeatable, or with commas between; every operation by default."`
}

// Run implements the command.
func (k *KeysNew) Run(p *Process) error {
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

// scopesNamed returns the scopes that --scope names, each once. An empty name is a mistake, too: it comes from a variable that is not set.
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
