package edge

import (
	"errors"
	"net/http"
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

// ScopeOf returns the scope that an operation needs: "customercare:workflows:create" for POST /v1/customercare/workflows, "parcels:events:read" for the
// read GET /v1/parcels/{number}/events.
func ScopeOf(op translate.Operation) Scope {
	words := strings.Split(strings.TrimPrefix(op.Path, "/v1/"), "/")
	words = slices.DeleteFunc(words, func(word string) bool { return strings.HasPrefix(word, "{") })
	may := "create"
	if op.ReadOnly {
		may = "read"
	}
	return Scope(strings.Join(append(words, may), ":"))
}

type caller struct {
	id          string        // names its records; no two callers have the same
	userID      string        // for vendors
	originating secret.Secret // the end user's token, for vendors; empty without one
	scopes      []Scope
	all         bool // every scope there is
}

func (c caller) may(scope Scope) bool { return c.all || slices.Contains(c.scopes, scope) }

// anonymous is every caller, where none are configured. No key can have its id.
var anonymous = caller{id: "", all: true}

// Callers knows who may call: the API keys, which may be replaced while calls run, and the issuer of tokens. Its zero value knows no caller and
// refuses everybody.
type Callers struct {
	// Tokens accepts JWTs; nil accepts none.
	Tokens *Tokens

	keys atomic.Pointer[map[string]*secrets]
}

// authenticate finds the caller by the credential of a request: an API key as a bearer token or in X-API-Key, or a JWT as a bearer token.
func (c *Callers) authenticate(h http.Header) (caller, *problem) {
	bearer, key, p := credential(h)
	switch {
	case p != nil:
		return caller{}, p
	case bearer == "" && key == "":
		return caller{}, newProblem(unauthenticated)
	case c.Tokens != nil && isJWT(bearer):
		return c.Tokens.caller(bearer)
	}
	return c.byKey(bearer + key)
}

// isJWT reports whether a bearer token has the three parts of a signed JWT (RFC 7515, section 3.1). An API key has two.
func isJWT(token string) bool { return strings.Count(token, ".") == 2 }

// credential returns the bearer token or the X-API-Key of a request, or neither. With several, two programs on the way may each mean another
// caller.
func credential(h http.Header) (bearer, key string, p *problem) {
	authorization, key := h.Get("Authorization"), h.Get(apiKeyHeader)
	switch {
	case len(h.Values("Authorization")) > 1 || len(h.Values(apiKeyHeader)) > 1:
		return "", "", newProblem(unauthenticated).detail("The request has Authorization or X-API-Key more than once. Send one API key or token.")
	case authorization != "" && key != "":
		return "", "", newProblem(unauthenticated).detail("The request has both Authorization and X-API-Key. Send one of them.")
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", key, nil
	}
	return strings.TrimSpace(token), key, nil
}

const apiKeyHeader = "X-Api-Key" //nolint:gosec // the name of a header, not a key

// realm is the challenge to a request without a credential (RFC 6750, section 3); its parameters follow.
const realm = `Bearer realm="soapbridge"`

// wrongCredential refuses a credential that was sent. The reason is for the caller, who may be anybody, and for the log.
func wrongCredential(reason string) *problem {
	p := newProblem(unauthenticated)
	p.challenge = `, error="invalid_token"`
	if reason != "" {
		p.Detail, p.cause = reason, errors.New(reason)
	}
	return p
}
