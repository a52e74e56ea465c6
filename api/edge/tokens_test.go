package edge

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
)

const (
	issuerName = "https://issuer.test/"
	audience   = "soapbridge"
)

// issuer signs tokens, and serves its keys.
type issuer struct {
	*httptest.Server

	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
	ed    ed25519.PrivateKey
	reads atomic.Int64
	serve atomic.Pointer[http.HandlerFunc] // in place of the keys
}

// rsaKeys are made once, since that takes seconds with the race detector; an issuer and the one made after it have different ones.
var (
	rsaKeys = sync.OnceValues(func() (keys [2]*rsa.PrivateKey, err error) {
		for i := range keys {
			if keys[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
				return keys, err
			}
		}
		return keys, nil
	})
	issuers atomic.Int64
)

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{}
	var err2, err3 error
	ready, err1 := rsaKeys()
	i.rsa = ready[issuers.Add(1)%2]
	i.ec, err2 = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, i.ed, err3 = ed25519.GenerateKey(rand.Reader)
	if err := cmp.Or(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	keys := keySet(t, map[string]crypto.Signer{"rsa": i.rsa, "ec": i.ec, "ed": i.ed, "enc": i.rsa})
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.reads.Add(1)
		if other := i.serve.Load(); other != nil {
			(*other)(w, r)
			return
		}
		_, _ = w.Write(keys)
	}))
	t.Cleanup(i.Close)
	return i
}

// keySet is a JWK Set of public keys. That of the id enc is for encryption.
func keySet(t testing.TB, keys map[string]crypto.Signer) []byte {
	t.Helper()
	set := jwkset.NewMemoryStorage()
	for id, key := range keys {
		use := jwkset.UseSig
		if id == "enc" {
			use = jwkset.UseEnc
		}
		jwk, err := jwkset.NewJWKFromKey(key.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: id, USE: use}})
		if err == nil {
			err = set.KeyWrite(t.Context(), jwk)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := set.JSONPublic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// instead lets the issuer's address answer in another way; nil for its keys again.
func (i *issuer) instead(h http.HandlerFunc) {
	if h == nil {
		i.serve.Store(nil)
		return
	}
	i.serve.Store(&h)
}

func down(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }

func givingOut(keys []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) }
}

// unsigned is a token that a test signs; change makes it another one.
type unsigned struct {
	method jwt.SigningMethod
	key    any
	header map[string]any
	claims jwt.MapClaims
}

func (i *issuer) token(change ...func(*unsigned)) string {
	now := time.Now()
	k := &unsigned{
		method: jwt.SigningMethodRS256, key: i.rsa, header: map[string]any{"kid": "rsa"},
		claims: jwt.MapClaims{
			"iss": issuerName, "aud": audience, "sub": "jane", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "scope": "openid " + string(noteScope),
		},
	}
	for _, c := range change {
		c(k)
	}
	signed := jwt.NewWithClaims(k.method, k.claims)
	maps.Copy(signed.Header, k.header)
	text, err := signed.SignedString(k.key)
	if err != nil {
		panic(err)
	}
	return text
}

func withClaim(name string, value any) func(*unsigned) {
	return func(k *unsigned) { k.claims[name] = value }
}

func withoutClaim(name string) func(*unsigned) { return func(k *unsigned) { delete(k.claims, name) } }

func withHeader(name string, value any) func(*unsigned) {
	return func(k *unsigned) { k.header[name] = value }
}

func signedBy(method jwt.SigningMethod, key any, kid string) func(*unsigned) {
	return func(k *unsigned) { k.method, k.key, k.header["kid"] = method, key, kid }
}

func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// newEdgeOf is an API whose callers have tokens of the issuer. Its upstream notes the last message.
func newEdgeOf(t *testing.T, i *issuer, change ...func(*TokenRules)) (*edge, *Tokens) {
	t.Helper()
	rules := TokenRules{
		Issuer: issuerName, Audience: audience, KeysURL: i.URL, Algorithms: []string{"RS256", "ES256", "EdDSA"}, Leeway: 30 * time.Second, ScopeClaim: "scope",
	}
	for _, c := range change {
		c(&rules)
	}
	var tokens *Tokens
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	e := newEdge(t, answering(success()), func(c *Config) {
		tokens = NewTokens(ctx, rules, c.Log)
		go tokens.Follow()
		c.Callers = &Callers{Tokens: tokens}
	})
	return e, tokens
}

// passPause lets the keys be read again at once.
func passPause(t *Tokens) {
	t.keys.reading.Lock()
	defer t.keys.reading.Unlock()
	t.keys.last = t.keys.last.Add(-readPause)
}

func TestJWTs(t *testing.T) {
	i, other := newIssuer(t), newIssuer(t)
	public, err := x509.MarshalPKIXPublicKey(i.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	e, _ := newEdgeOf(t, i)
	none := func(k *unsigned) { k.method, k.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType }
	const (
		notSigned = "is malformed, is signed with an algorithm that is not allowed, or not by the issuer"
		lacks     = "lacks exp, iss or aud"
		subject   = "The claim sub of the JWT must be"
	)
	for name, c := range map[string]struct {
		token string
		says  string // in the detail of the 401; empty for a good token
	}{
		"RS256":                         {i.token(), ""},
		"ES256":                         {i.token(signedBy(jwt.SigningMethodES256, i.ec, "ec")), ""},
		"EdDSA":                         {i.token(signedBy(jwt.SigningMethodEdDSA, i.ed, "ed")), ""},
		"one audience of several":       {i.token(withClaim("aud", []string{"x", audience})), ""},
		"scopes as an array":            {i.token(withClaim("scope", []any{"openid", 7, noteScope})), ""},
		"expired within the leeway":     {i.token(withClaim("exp", in(-10*time.Second))), ""},
		"not yet valid, within it":      {i.token(withClaim("nbf", in(10*time.Second))), ""},
		"alg=none":                      {i.token(none), notSigned},
		"alg=none, with a signature":    {i.token(none) + "AAAA", notSigned},
		"alg=nOnE":                      {reheaded(i.token(), `{"alg":"nOnE","kid":"rsa"}`), notSigned},
		"no alg":                        {reheaded(i.token(), `{"kid":"rsa"}`), notSigned},
		"algorithm confusion, PEM":      {i.token(signedBy(jwt.SigningMethodHS256, publicPEM, "rsa")), notSigned},
		"algorithm confusion, DER":      {i.token(signedBy(jwt.SigningMethodHS256, public, "rsa")), notSigned},
		"an algorithm not allowed":      {i.token(signedBy(jwt.SigningMethodPS256, i.rsa, "rsa")), notSigned},
		"a key of another kind":         {i.token(signedBy(jwt.SigningMethodRS256, i.rsa, "ec")), notSigned},
		"a key for encryption":          {i.token(signedBy(jwt.SigningMethodRS256, i.rsa, "enc")), notSigned},
		"another's key":                 {i.token(signedBy(jwt.SigningMethodRS256, other.rsa, "rsa")), notSigned},
		"kid injection, a path":         {i.token(signedBy(jwt.SigningMethodRS256, other.rsa, "../../../dev/null")), notSigned},
		"kid injection, SQL":            {i.token(signedBy(jwt.SigningMethodRS256, other.rsa, "x' UNION SELECT 'key' --")), notSigned},
		"kid injection, an address":     {i.token(signedBy(jwt.SigningMethodRS256, other.rsa, other.URL)), notSigned},
		"kid injection, a number":       {i.token(withHeader("kid", 1)), notSigned},
		"kid injection, a list":         {i.token(withHeader("kid", []any{"rsa"})), notSigned},
		"no kid":                        {i.token(func(k *unsigned) { delete(k.header, "kid") }), notSigned},
		"a key of its own in jwk":       {i.token(signedBy(jwt.SigningMethodRS256, other.rsa, "own"), withHeader("jwk", jwkOf(t, other))), notSigned},
		"a key of its own in jku":       {i.token(signedBy(jwt.SigningMethodRS256, other.rsa, "own"), withHeader("jku", other.URL), withHeader("x5u", other.URL)), notSigned},
		"a critical extension":          {i.token(withHeader("crit", []any{"b64"}), withHeader("b64", false)), notSigned},
		"other claims, same signature":  {swapped(i.token(), i.token(withClaim("sub", "root"))), notSigned},
		"no signature":                  {i.token()[:strings.LastIndex(i.token(), ".")+1], notSigned},
		"not base64":                    {"a.b!.c", notSigned},
		"not JSON":                      {"aaaa.bbbb.cccc", notSigned},
		"expired":                       {i.token(withClaim("exp", in(-time.Minute))), "The JWT has expired."},
		"never expires":                 {i.token(withoutClaim("exp")), lacks},
		"expires in words":              {i.token(withClaim("exp", "tomorrow")), lacks},
		"not yet valid":                 {i.token(withClaim("nbf", in(time.Minute))), "The JWT is not valid yet."},
		"issued in the future":          {i.token(withClaim("iat", in(time.Minute))), "The JWT was issued in the future."},
		"wrong audience":                {i.token(withClaim("aud", "soapbridge2")), "The JWT is for another audience."},
		"no audience":                   {i.token(withoutClaim("aud")), lacks},
		"wrong issuer":                  {i.token(withClaim("iss", "https://issuer.test")), "The JWT has another issuer."},
		"no issuer":                     {i.token(withoutClaim("iss")), lacks},
		"no subject":                    {i.token(withoutClaim("sub")), subject},
		"an empty subject":              {i.token(withClaim("sub", "")), subject},
		"a subject that is a number":    {i.token(withClaim("sub", 7)), subject},
		"a blank subject":               {i.token(withClaim("sub", "   ")), subject},
		"a subject with a line break":   {i.token(withClaim("sub", "jane\nroot")), subject},
		"a subject that can be two":     {i.token(withClaim("sub", "jane\uFFFD")), subject},
		"a subject that is too long":    {i.token(withClaim("sub", strings.Repeat("j", 256))), subject},
		"four parts":                    {i.token() + ".x", "Send an API key or a JWT"},
		"the id of a JWT as an API key": {"jwt:" + issuerName + "|jane", "Send an API key or a JWT"},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.call(note(withBearer(c.token), func(r *http.Request) { r.Header.Set(keyHeader, uuid.NewString()) }))
			if c.says == "" {
				if w.Code != http.StatusCreated || e.lastLine(t)["caller"] != "jwt:"+issuerName+"|jane" {
					t.Errorf("status %d: %s, logged as %v", w.Code, w.Body, e.lastLine(t))
				}
				return
			}
			d := problemIn(t, w)
			if detail, _ := d["detail"].(string); d["code"] != "unauthenticated" || d["outcome"] != "not_sent" || !strings.Contains(detail, c.says) {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="soapbridge", error="invalid_token"` {
				t.Errorf("WWW-Authenticate: %s", got)
			}
			if line := e.lastLine(t); strings.Contains(fmt.Sprint(line, w.Body), c.token) || line["caller"] != nil {
				t.Errorf("the token was shown, or believed: %v, %s", line, w.Body)
			}
		})
	}
	if n := other.reads.Load(); n > 0 {
		t.Errorf("an address in a token was asked %d times", n)
	}
}

// reheaded puts another header in front of a token.
func reheaded(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}

// swapped is a token with the claims of another.
func swapped(token, other string) string {
	parts := strings.Split(token, ".")
	parts[1] = strings.Split(other, ".")[1]
	return strings.Join(parts, ".")
}

func jwkOf(t *testing.T, i *issuer) jwkset.JWKMarshal {
	t.Helper()
	jwk, err := jwkset.NewJWKFromKey(i.rsa.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "own"}})
	if err != nil {
		t.Fatal(err)
	}
	return jwk.Marshal()
}

func TestJWTAsAPIKeyIsUnknown(t *testing.T) {
	i := newIssuer(t)
	e, _ := newEdgeOf(t, i)
	if w := e.call(note(func(r *http.Request) { r.Header.Set("X-Api-Key", i.token()) })); w.Code != http.StatusUnauthorized {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// TestWithdrawnScopeStopsAReplay: what was allowed once is not a right.
func TestWithdrawnScopeStopsAReplay(t *testing.T) {
	i := newIssuer(t)
	e, _ := newEdgeOf(t, i)
	for _, token := range []string{i.token(), i.token(withClaim("jti", "another"))} {
		if w := e.call(note(withBearer(token))); w.Code != http.StatusCreated {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	for name, token := range map[string]string{"other scopes": i.token(withClaim("scope", "admin test:notes")), "none": i.token(withoutClaim("scope")), "a number": i.token(withClaim("scope", 1))} {
		w := e.call(note(withBearer(token)))
		want := `Bearer realm="soapbridge", error="insufficient_scope", scope="test:notes:create"`
		if d := problemIn(t, w); d["code"] != "forbidden" || w.Header().Get("WWW-Authenticate") != want || w.Header().Get("Idempotent-Replayed") != "" {
			t.Errorf("%s: status %d, %v: %s", name, w.Code, w.Header(), w.Body)
		}
	}
}

func TestRecordsOfSubjectsNeverMeet(t *testing.T) {
	i := newIssuer(t)
	e, _ := newEdgeOf(t, i)
	for _, sub := range []string{"jane", "Jane", "jane ", "web"} {
		if w := e.call(note(withBearer(i.token(withClaim("sub", sub))))); w.Code != http.StatusCreated || w.Header().Get("Idempotent-Replayed") != "" {
			t.Errorf("%q: status %d, %v", sub, w.Code, w.Header())
		}
	}
}

// TestOriginatingClaim: the end user's token goes to the vendor and nowhere else, and what cannot be sent is not replaced by the configured one.
func TestOriginatingClaim(t *testing.T) {
	i := newIssuer(t)
	for name, c := range map[string]struct {
		change func(*unsigned)
		want   secret.Secret
		status int
	}{
		"absent":     {withoutClaim("user_token"), "", http.StatusCreated},
		"a text":     {withClaim("user_token", plantedSecret), plantedSecret, http.StatusCreated},
		"empty":      {withClaim("user_token", ""), "", http.StatusUnauthorized},
		"null":       {withClaim("user_token", nil), "", http.StatusUnauthorized},
		"a number":   {withClaim("user_token", 7), "", http.StatusUnauthorized},
		"no XML":     {withClaim("user_token", plantedSecret+"\x00"), "", http.StatusUnauthorized},
		"two in one": {withClaim("user_token", []any{plantedSecret}), "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			e, tokens := newEdgeOf(t, i, func(r *TokenRules) { r.OriginatingClaim = "user_token" })
			// The vendor repeats the token.
			e.config.Systems[0].Upstream = upstreamFunc(func(context.Context, soap.Message) (soap.Reply, error) {
				return fault("Client", "no "+plantedSecret), nil
			})
			signed := i.token(c.change)
			from, p := tokens.caller(signed)
			if (p == nil) != (c.status == http.StatusCreated) || from.originating != c.want {
				t.Errorf("%v, refused: %v", string(from.originating), p != nil)
			}
			if w := e.call(note(withBearer(signed))); strings.Contains(w.Body.String()+e.log.String(), plantedSecret) {
				t.Errorf("it was shown: %s\n%s", w.Body, e.log)
			}
		})
	}
}

// TestFloodOfUnknownKeys: whoever makes up names of keys neither holds other callers up nor makes the proxy read the keys more often.
func TestFloodOfUnknownKeys(t *testing.T) {
	i := newIssuer(t)
	e, tokens := newEdgeOf(t, i)
	if w := e.call(note(withBearer(i.token()))); w.Code != http.StatusCreated {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	passPause(tokens)
	before := i.reads.Load()
	i.instead(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }) // it never answers
	start := time.Now()
	var flood sync.WaitGroup
	for n := range 200 {
		flood.Go(func() {
			w := e.call(note(withBearer(i.token(withHeader("kid", "made-up-"+strconv.Itoa(n))))))
			if w.Code != http.StatusServiceUnavailable {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	if w := e.call(note(withBearer(i.token()))); w.Code != http.StatusCreated || time.Since(start) > readTimeout {
		t.Errorf("a known key: status %d after %s: %s", w.Code, time.Since(start), w.Body)
	}
	flood.Wait()
	if took := time.Since(start); took > readTimeout+5*time.Second {
		t.Errorf("the flood was held for %s", took)
	}
	if n := i.reads.Load() - before; n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
}

// TestNewKeyDuringAFlood: the key that the issuer rotated to is found by the first call after the pause, whatever was asked for before.
func TestNewKeyDuringAFlood(t *testing.T) {
	i, next := newIssuer(t), newIssuer(t)
	e, tokens := newEdgeOf(t, i)
	good := next.token(withHeader("kid", "next"))
	i.instead(givingOut(keySet(t, map[string]crypto.Signer{"next": next.rsa, "rsa": i.rsa})))
	if w := e.call(note(withBearer(i.token()))); w.Code != http.StatusCreated {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	passPause(tokens)
	if w := e.call(note(withBearer(i.token(withHeader("kid", "made-up"))))); w.Code != http.StatusUnauthorized {
		t.Errorf("a made-up key: status %d: %s", w.Code, w.Body)
	}
	if w := e.call(note(withBearer(good))); w.Code != http.StatusCreated {
		t.Errorf("the new key: status %d: %s", w.Code, w.Body)
	}
	i.instead(givingOut(keySet(t, map[string]crypto.Signer{"next": next.rsa})))
	passPause(tokens)
	if err := tokens.keys.refresh(); err != nil {
		t.Fatal(err)
	}
	if w := e.call(note(withBearer(i.token()))); w.Code != http.StatusUnauthorized {
		t.Errorf("the withdrawn key: status %d: %s", w.Code, w.Body)
	}
}

// TestUnreachableKeys: a token may be good while its issuer's keys cannot be read, and those that are known still hold.
func TestUnreachableKeys(t *testing.T) {
	i, next := newIssuer(t), newIssuer(t)
	for name, answer := range map[string]http.HandlerFunc{
		"an error":                    down,
		"a redirect":                  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, next.URL, http.StatusFound) },
		"no JSON":                     givingOut([]byte("<html>")),
		"no keys":                     givingOut([]byte(`{"error": "maintenance"}`)),
		"too large":                   givingOut(append(bytes.Repeat([]byte(" "), maxKeySet), keySet(t, map[string]crypto.Signer{"rsa": i.rsa})...)),
		"one key that cannot be read": givingOut([]byte(`{"keys": [{"kty": "RSA", "kid": "next", "n": "!", "e": "AQAB"}]}`)),
	} {
		t.Run(name, func(t *testing.T) {
			i.instead(answer)
			e, tokens := newEdgeOf(t, i)
			w := e.call(note(withBearer(i.token())))
			d := problemIn(t, w)
			if d["code"] != "issuer-unavailable" || d["outcome"] != "not_sent" || d["retry"] != "later" || w.Header().Get("Retry-After") != "30" || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
			i.instead(nil)
			passPause(tokens)
			if w := e.call(note(withBearer(i.token()))); w.Code != http.StatusCreated {
				t.Errorf("once it can be read: status %d: %s", w.Code, w.Body)
			}
			i.instead(answer)
			passPause(tokens)
			for token, status := range map[string]int{next.token(withHeader("kid", "next")): http.StatusServiceUnavailable, i.token(): http.StatusCreated} {
				if w := e.call(note(withBearer(token))); w.Code != status {
					t.Errorf("while it cannot: status %d, want %d: %s", w.Code, status, w.Body)
				}
			}
			if n := strings.Count(e.log.String(), "keys of the tokens' issuer cannot be read;"); n != 2 {
				t.Errorf("logged %d times: %s", n, e.log)
			}
		})
	}
}

// TestKeysThatAreNotUnderstood are passed over: the others count, and a key that is no longer in the set does not.
func TestKeysThatAreNotUnderstood(t *testing.T) {
	i := newIssuer(t)
	for name, odd := range map[string]string{
		"another use":                 `{"kty": "RSA", "kid": "odd", "use": "tls", "n": "AQAB", "e": "AQAB"}`,
		"other operations":            `{"kty": "RSA", "kid": "odd", "key_ops": ["dance"], "n": "AQAB", "e": "AQAB"}`,
		"a point off its curve":       `{"kty": "EC", "kid": "odd", "crv": "P-256", "x": "AQ", "y": "AQ"}`,
		"an unreadable certificate":   `{"kty": "RSA", "kid": "odd", "n": "AQAB", "e": "AQAB", "x5c": ["!"]}`,
		"a certificate without TLS":   `{"kty": "RSA", "kid": "odd", "n": "AQAB", "e": "AQAB", "x5u": "http://a.test/c"}`,
		"a secret":                    `{"kty": "oct", "kid": "odd", "k": "c2VjcmV0"}`,
		"a kind that is not known":    `{"kty": "XYZ", "kid": "odd"}`,
		"a number as its name":        `{"kty": "RSA", "kid": 1, "n": "AQAB", "e": "AQAB"}`,
		"no object":                   `"odd"`,
		"for encryption, of one name": `{"kty": "RSA", "kid": "rsa", "use": "enc", "n": "AQAB", "e": "AQAB"}`,
	} {
		t.Run(name, func(t *testing.T) {
			e, tokens := newEdgeOf(t, i)
			if w := e.call(note(withBearer(i.token(signedBy(jwt.SigningMethodES256, i.ec, "ec"))))); w.Code != http.StatusCreated {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			good := keySet(t, map[string]crypto.Signer{"rsa": i.rsa}) // without ec
			i.instead(givingOut(bytes.Replace(good, []byte(`"keys":[`), []byte(`"keys":[`+odd+`,`), 1)))
			defer i.instead(nil)
			passPause(tokens)
			_ = tokens.keys.refresh()
			for token, status := range map[string]int{
				i.token(): http.StatusCreated, i.token(signedBy(jwt.SigningMethodES256, i.ec, "ec")): http.StatusUnauthorized,
			} {
				if w := e.call(note(withBearer(token))); w.Code != status {
					t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
				}
			}
		})
	}
}

func TestErrorsOfReadingKeysDoNotShowTheURL(t *testing.T) {
	i := newIssuer(t)
	i.Close()
	if err := ReadKeys(t.Context(), i.URL+"/?token="+plantedSecret); err == nil || strings.Contains(err.Error(), plantedSecret) {
		t.Errorf("%v", err)
	}
}
