package edge

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"soapbridge/translate/secret"
)

// apiKey is one secret of a caller. Its zero value fits no secret.
type apiKey struct {
	digest  [sha256.Size]byte
	caller  caller
	expires time.Time // the zero time for never
}

// secrets are those of one id: two, so that an old one works until the new one has reached every place that sends it.
type secrets [2]apiKey

// keyPrefix begins every new API key, so that scanners for secrets recognise one. Keys that were made without it are valid, too.
const keyPrefix = "sb_"

// The parts of an API key and of its hashed line.
var (
	keyIDSyntax  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	scopeSyntax  = regexp.MustCompile(`^[a-z0-9-]+(:[a-z0-9-]+)*$`)
	digestSyntax = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// NewAPIKey makes an API key: the key itself, "sb_id.secret", for the caller, to be shown once; and the line for SOAPBRIDGE_API_KEYS, which holds a
// digest of the secret. A plain SHA-256 is enough, because the secret is 256 random bits, not a password. The zero time never expires.
func NewAPIKey(id string, scopes []Scope, expires time.Time) (key, line string, err error) {
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
	line = id + " sha256:" + hex.EncodeToString(digest[:]) + " " + strings.Join(names, ",")
	if !expires.IsZero() {
		line += " " + expiryField + expires.UTC().Format(time.RFC3339)
	}
	return keyPrefix + id + "." + secret, line, nil
}

// expiryField begins the last part of a line whose key expires.
const expiryField = "expires="

// ParseExpiry reads an instant (RFC 3339), or a date, which ends with its day in UTC.
func ParseExpiry(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	expires, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, errors.New("an expiry must be a date such as 2027-01-31, or an instant such as 2027-01-31T12:00:00Z")
	}
	return expires, nil
}

// Replace reads hashed lines, as NewAPIKey makes them, and knows their keys from then on. Empty lines are skipped. When a line is wrong nothing
// changes. The error names every wrong line by its number, and shows none. Known are the scopes that exist; a misspelt one is a mistake.
func (c *Callers) Replace(lines []secret.Secret, known []Scope) error {
	keys := make(map[string]*secrets, len(lines))
	var problems []error
	for i, line := range lines {
		if line == "" {
			continue
		}
		key, err := parseKeyLine(string(line), known)
		if err == nil {
			err = addKey(keys, key)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("line %d: %w", i+1, err))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	c.keys.Store(&keys)
	return nil
}

func addKey(keys map[string]*secrets, key apiKey) error {
	id := key.caller.id
	switch both := keys[id]; {
	case both == nil:
		keys[id] = &secrets{key}
	case both[1].caller.id != "":
		return fmt.Errorf("the id %q appears more than twice", id)
	case both[0].digest == key.digest:
		return fmt.Errorf("the id %q has the same secret twice", id)
	default:
		both[1] = key
	}
	return nil
}

// NoScope is the error for a name that is not a scope.
func NoScope(name string, known []Scope) error {
	valid := make([]string, len(known))
	for i, s := range known {
		valid[i] = string(s)
	}
	return fmt.Errorf("there is no scope %q; valid: %s", name, strings.Join(valid, ", "))
}

func parseKeyLine(line string, known []Scope) (key apiKey, err error) {
	line, expiry, expires := strings.Cut(line, " "+expiryField)
	if expires {
		if key.expires, err = ParseExpiry(expiry); err != nil {
			return apiKey{}, err
		}
	}
	fields := strings.Fields(line)
	if len(fields) != 3 || !keyIDSyntax.MatchString(fields[0]) || !digestSyntax.MatchString(fields[1]) {
		return apiKey{}, errors.New("it must be an id, sha256: with 64 hexadecimal digits, scopes between commas, and perhaps " + expiryField +
			" with a date, as soapbridge keys new prints it")
	}
	key.caller.id, key.caller.userID = fields[0], fields[0]
	if _, err := hex.Decode(key.digest[:], []byte(strings.TrimPrefix(fields[1], "sha256:"))); err != nil {
		return apiKey{}, errors.New("its digest is not hexadecimal")
	}
	for name := range strings.SplitSeq(fields[2], ",") {
		if !slices.Contains(known, Scope(name)) {
			return apiKey{}, NoScope(name, known)
		}
		key.caller.scopes = append(key.caller.scopes, Scope(name))
	}
	return key, nil
}

// ids are those of the API keys.
func (c *Callers) ids() []string {
	keys := c.keys.Load()
	if keys == nil {
		return nil
	}
	return slices.Collect(maps.Keys(*keys))
}

// expiresSoon is how long before its end the log warns of a key.
const expiresSoon = 14 * 24 * time.Hour

// WarnOfExpiry logs the keys that have expired or soon will.
func (c *Callers) WarnOfExpiry(log *slog.Logger) {
	keys := c.keys.Load()
	if keys == nil {
		return
	}
	now := time.Now()
	for _, id := range slices.Sorted(maps.Keys(*keys)) {
		for _, key := range (*keys)[id] {
			message := "an API key expires soon"
			switch {
			case key.expires.IsZero() || key.expires.After(now.Add(expiresSoon)):
				continue
			case key.expired(now):
				message = "an API key has expired"
			}
			log.Warn(message, slog.String("caller", id), slog.Time("expires", key.expires))
		}
	}
}

func (k *apiKey) expired(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// byKey finds the caller by an API key.
func (c *Callers) byKey(token string) (caller, *problem) {
	id, secret, _ := strings.Cut(strings.TrimPrefix(token, keyPrefix), ".")
	// An unknown id costs as much as a known one with a wrong secret.
	candidates := &secrets{}
	if keys := c.keys.Load(); keys != nil && (*keys)[id] != nil {
		candidates = (*keys)[id]
	}
	digest := sha256.Sum256([]byte(secret))
	var key *apiKey
	for i := range candidates {
		if subtle.ConstantTimeCompare(digest[:], candidates[i].digest[:]) == 1 {
			key = &candidates[i]
		}
	}
	switch {
	case key == nil:
		return caller{}, wrongCredential("")
	case !key.expires.IsZero() && key.expired(time.Now()):
		return caller{}, wrongCredential("The API key has expired. Its caller needs a new one.")
	}
	return key.caller, nil
}
