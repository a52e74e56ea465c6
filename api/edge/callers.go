package edge

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"soapbridge/translate"
	"soapbridge/translate/secret"
)

// Scope is what a caller may do.
type Scope string

// AdminScope lets a caller see and settle the operations of all callers whose outcome is unknown.
const AdminScope Scope = "admin"

// ScopeOf returns the scope that an operation needs: "customercare:workflows:create" for /v1/customercare/workflows.
func ScopeOf(op translate.Operation) Scope {
	return Scope(strings.ReplaceAll(strings.TrimPrefix(op.Path, "/v1/"), "/", ":") + ":create")
}

type caller struct {
	id     string
	scopes []Scope
	all    bool // every scope there is
}

func (c caller) may(scope Scope) bool { return c.all || slices.Contains(c.scopes, scope) }

// anonymous is every caller, where none are configured. No key can have its id.
var anonymous = caller{id: "", all: true}

// Callers knows the API keys. They may be replaced while calls run. Its zero value knows no caller and refuses everybody.
type Callers struct {
	keys atomic.Pointer[map[string]apiKey]
}

type apiKey struct {
	digest [sha256.Size]byte
	caller caller
}

// The parts of an API key and of its hashed line.
var (
	keyIDSyntax  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	scopeSyntax  = regexp.MustCompile(`^[a-z0-9-]+(:[a-z0-9-]+)*$`)
	digestSyntax = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// NewAPIKey makes an API key: the key itself, "id.secret", for the caller, to be shown once; and the line for SOAPBRIDGE_API_KEYS, which holds a
// digest of the secret. A plain SHA-256 is enough, because the secret is 256 random bits, not a password.
func NewAPIKey(id string, scopes []Scope) (key, line string, err error) {
	if !keyIDSyntax.MatchString(id) {
		return "", "", errors.New("the id must be 1 to 32 characters of a-z 0-9 -, and begin with a letter or a digit")
	}
	names := make([]string, len(scopes))
	for i, s := range scopes {
		if names[i] = string(s); !scopeSyntax.MatchString(names[i]) {
			return "", "", fmt.Errorf("the scope %q has not the form of one", s)
		}
	}
	if len(scopes) == 0 {
		return "", "", errors.New("a key without a scope opens nothing")
	}
	random := make([]byte, sha256.Size)
	_, _ = rand.Read(random) // it never fails
	secret := base64.RawURLEncoding.EncodeToString(random)
	digest := sha256.Sum256([]byte(secret))
	return id + "." + secret, id + " sha256:" + hex.EncodeToString(digest[:]) + " " + strings.Join(names, ","), nil
}

// Replace reads hashed lines, as NewAPIKey makes them, and knows their keys from then on. When a line is wrong nothing changes. The error names
// every wrong line by its number among the given ones, and shows none. Known are the scopes that exist; a misspelt one is a mistake.
func (c *Callers) Replace(lines []secret.Secret, known []Scope) error {
	keys := make(map[string]apiKey, len(lines))
	var problems []error
	for i, line := range lines {
		id, key, err := parseKeyLine(string(line), known)
		if _, twice := keys[id]; err == nil && twice {
			err = fmt.Errorf("the id %q appears more than once", id)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("key %d: %w", i+1, err))
			continue
		}
		keys[id] = key
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	c.keys.Store(&keys)
	return nil
}

func parseKeyLine(line string, known []Scope) (string, apiKey, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || !keyIDSyntax.MatchString(fields[0]) || !digestSyntax.MatchString(fields[1]) {
		return "", apiKey{}, errors.New("it must be an id, sha256: with 64 hexadecimal digits, and scopes between commas, as soapbridge keys new prints it")
	}
	key := apiKey{caller: caller{id: fields[0]}}
	if _, err := hex.Decode(key.digest[:], []byte(strings.TrimPrefix(fields[1], "sha256:"))); err != nil {
		return "", apiKey{}, errors.New("its digest is not hexadecimal")
	}
	for name := range strings.SplitSeq(fields[2], ",") {
		if !slices.Contains(known, Scope(name)) {
			return "", apiKey{}, fmt.Errorf("there is no scope %q; valid are %v", name, known)
		}
		key.caller.scopes = append(key.caller.scopes, Scope(name))
	}
	return fields[0], key, nil
}

// authenticate finds the caller by the API key, which comes as a bearer token or in X-API-Key.
func (c *Callers) authenticate(h http.Header) (caller, *problem) {
	keys := c.keys.Load()
	token, p := credential(h)
	if p != nil {
		return caller{}, p
	}
	id, secret, found := strings.Cut(token, ".")
	if keys == nil || !found {
		return caller{}, newProblem(unauthenticated)
	}
	// An unknown id costs as much as a known one with a wrong secret.
	key, known := (*keys)[id]
	digest := sha256.Sum256([]byte(secret))
	if same := subtle.ConstantTimeCompare(digest[:], key.digest[:]) == 1; !known || !same {
		return caller{}, newProblem(unauthenticated)
	}
	return key.caller, nil
}

// credential returns the API key of a request, empty when there is none. With several, two programs on the way may each mean another caller.
func credential(h http.Header) (string, *problem) {
	authorization, key := h.Get("Authorization"), h.Get(apiKeyHeader)
	switch {
	case len(h.Values("Authorization")) > 1 || len(h.Values(apiKeyHeader)) > 1:
		return "", newProblem(unauthenticated).detail("The request has Authorization or X-API-Key more than once. Send one API key.")
	case authorization != "" && key != "":
		return "", newProblem(unauthenticated).detail("The request has both Authorization and X-API-Key. Send the API key in one of them.")
	case key != "":
		return key, nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	return strings.TrimSpace(token), nil
}

const apiKeyHeader = "X-Api-Key" //nolint:gosec // the name of a header, not a key
