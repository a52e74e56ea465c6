package edge

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"soapbridge/translate/secret"
)

// TokenRules are what a JWT must keep to be accepted.
type TokenRules struct {
	Issuer, Audience string
	// KeysURL is where the issuer's JWK Set is read.
	KeysURL string
	// Algorithms are those that may sign, whatever a token says of itself. None may be symmetric.
	Algorithms []string
	Leeway     time.Duration
	// ScopeClaim holds the scopes: a text with spaces between them, or an array of texts.
	ScopeClaim string
	// OriginatingClaim holds the end user's token for vendors; empty where no claim does.
	OriginatingClaim string
}

// Tokens accepts the JWTs of one issuer.
type Tokens struct {
	rules  TokenRules
	parser *jwt.Parser
	keys   *issuerKeys
}

// NewTokens accepts JWTs by rules. The issuer's keys are read for the first token until ctx ends; what cannot be read is logged.
func NewTokens(ctx context.Context, rules TokenRules, log *slog.Logger) *Tokens {
	return &Tokens{rules: rules, keys: newIssuerKeys(ctx, rules.KeysURL, log), parser: jwt.NewParser(
		jwt.WithValidMethods(rules.Algorithms), jwt.WithIssuer(rules.Issuer), jwt.WithAudience(rules.Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(rules.Leeway), jwt.WithStrictDecoding(),
	)}
}

// Follow reads the issuer's keys before the first token comes, and then at intervals, until the context of NewTokens ends.
func (t *Tokens) Follow() { t.keys.follow() }

// caller finds the caller by a JWT.
func (t *Tokens) caller(token string) (caller, *problem) {
	claims := jwt.MapClaims{}
	switch _, err := t.parser.ParseWithClaims(token, claims, t.key); {
	case errors.Is(err, errKeysUnavailable):
		p := newProblem(issuerUnavailable)
		p.cause = err
		return caller{}, p
	case err != nil:
		return caller{}, wrongCredential(reasonOf(err))
	}
	return t.callerOf(claims)
}

// key finds the key that a JWT names. What else its header says of keys, such as jwk or jku, counts for nothing.
func (t *Tokens) key(token *jwt.Token) (any, error) {
	if _, critical := token.Header["crit"]; critical {
		return nil, errors.New("no critical extension is understood") // RFC 7515, section 4.1.11
	}
	if _, named := token.Header["kid"]; !named {
		token.Header["kid"] = "" // the name of a key without one; keyfunc would try all keys
	}
	return t.keys.find(token)
}

// reasons says what is wrong with a JWT; all but the last are about a token that the issuer has signed. The library's own words may quote it.
var reasons = []struct {
	err  error
	text string
}{
	{jwt.ErrTokenExpired, "The JWT has expired."},
	{jwt.ErrTokenNotValidYet, "The JWT is not valid yet."},
	{jwt.ErrTokenUsedBeforeIssued, "The JWT was issued in the future."},
	{jwt.ErrTokenInvalidIssuer, "The JWT has another issuer."},
	{jwt.ErrTokenInvalidAudience, "The JWT is for another audience."},
	{jwt.ErrTokenInvalidClaims, "The JWT lacks exp, iss or aud, or has a registered claim of another type."},
	{nil, "The JWT is malformed, is signed with an algorithm that is not allowed, or not by the issuer."},
}

func reasonOf(err error) string {
	for _, r := range reasons {
		if r.err == nil || errors.Is(err, r.err) {
			return r.text
		}
	}
	return ""
}

// maxSubject bounds what goes into the log and to vendors.
const maxSubject = 255

// callerOf reads the claims of a valid JWT. The id has a colon, which that of an API key cannot have.
func (t *Tokens) callerOf(claims jwt.MapClaims) (caller, *problem) {
	subject, _ := claims["sub"].(string)
	if len(subject) > maxSubject || !isPlain(subject) {
		return caller{}, wrongCredential("The claim sub of the JWT must be a printable text of 1 to 255 bytes.")
	}
	known := caller{id: "jwt:" + t.rules.Issuer + "|" + subject, userID: subject, scopes: scopesIn(claims[t.rules.ScopeClaim])}
	if claim, present := claims[t.rules.OriginatingClaim]; present && t.rules.OriginatingClaim != "" {
		// The configured token must not take the place of one that cannot be sent.
		text, _ := claim.(string)
		if !isPlain(text) {
			return caller{}, wrongCredential("The claim of the JWT with the end user's token must be a printable text.")
		}
		known.originating = secret.Secret(text)
	}
	return known, nil
}

// isPlain reports whether a text has characters other than spaces, all printable. U+FFFD is what a JSON decoder writes for an invalid character: with it, two texts
// could be the same.
func isPlain(text string) bool {
	return strings.TrimSpace(text) != "" && !strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
}

// scopesIn reads the scopes in a claim. An issuer's scopes for others are among them, which no operation needs.
func scopesIn(claim any) (scopes []Scope) {
	switch claim := claim.(type) {
	case string:
		for name := range strings.SplitSeq(claim, " ") { // RFC 8693, section 4.2
			scopes = append(scopes, Scope(name))
		}
	case []any:
		for _, item := range claim {
			if name, ok := item.(string); ok {
				scopes = append(scopes, Scope(name))
			}
		}
	}
	return scopes
}
