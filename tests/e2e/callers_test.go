package e2e

import (
	"crypto/ed25519"
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"soapbridge/tests/kit"
)

// jwtSettings lets callers in by the tokens of a signer.
func jwtSettings(keysURL string) map[string]string {
	return map[string]string{"JWT_ISSUER": "https://issuer.test/", "JWT_AUDIENCE": "soapbridge", "JWT_JWKS_URL": keysURL}
}

// signer is the issuer of the tokens, with the URL of its keys.
type signer struct {
	key ed25519.PrivateKey
	URL string
}

func newSigner(t *testing.T) signer {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "k1", USE: jwkset.UseSig}})
	if err != nil {
		t.Fatal(err)
	}
	keys := encode(map[string]any{"keys": []any{jwk.Marshal()}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(keys)) }))
	t.Cleanup(server.Close)
	return signer{key, server.URL}
}

func (s signer) token(t *testing.T, subject, scope string, more jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "https://issuer.test/", "aud": "soapbridge", "sub": subject, "exp": time.Now().Add(time.Hour).Unix(), "scope": scope, "jti": newKey(),
	}
	maps.Copy(claims, more)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	unsigned.Header["kid"] = "k1"
	signed, err := unsigned.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestCallersByJWT(t *testing.T) {
	t.Parallel()
	const scope, usersToken = "customercare:call-logs:create", "utok-77c1-Jane"
	sandbox, settings := sandboxURL(t)
	op := operation(t, "CreateCallLog")
	v := variant{op, "1.1"}
	s := newSigner(t)
	jane, janeLine := kit.NewKey(t, "jane", scope)
	file := filepath.Join(t.TempDir(), "keys")
	write := func(line string) {
		if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(janeLine)
	p := proxy(t, with(settings, credentials(), jwtSettings(s.URL), map[string]string{"API_KEYS_FILE": file, "CUSTOMERCARE_ORIGINATING_CLAIM": "user_token"}))

	key, reference := newKey(), newReference()
	c := ask(op, reference, "")
	withToken := s.token(t, "jane", "openid "+scope, jwt.MapClaims{"user_token": usersToken})
	first := send(t, p.URL, keyed(c, key, withToken))
	success.check(t, v, first)
	envelope := func() string {
		calls := executions(t, sandbox, op, reference)
		return get(t, sandbox+"/sandbox/calls/"+strconv.Itoa(calls[len(calls)-1].Number)+"/envelope")
	}
	if sent := envelope(); !strings.Contains(sent, "<UserId>jane</UserId>") || !strings.Contains(sent, "<OriginatingUserNameToken><BinarySecurityToken><ID>"+usersToken+"<") {
		t.Errorf("the caller is not in %s", sent)
	}
	if a := send(t, p.URL, keyed(c, key, s.token(t, "jane", scope, nil))); a.body != first.body || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("another token of the caller finds %d %s", a.status, a.body)
	}
	// An API key, and another subject, are other callers.
	for _, credential := range []string{jane, s.token(t, "web|jane", scope, nil)} {
		a := send(t, p.URL, keyed(c, key, credential))
		success.check(t, v, a)
		if a.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("another caller met the first one's record: %v", a.header)
		}
	}
	if sent := envelope(); !strings.Contains(sent, "<UserId>web|jane</UserId>") || !strings.Contains(sent, "<ID>"+secretOriginating+"<") {
		t.Errorf("the configured token is not in %s", sent)
	}
	if n := len(executions(t, sandbox, op, reference)); n != 3 {
		t.Errorf("executed %d times", n)
	}
	shown := send(t, p.URL, keyed(looking(call{path: op.Path, body: op.Example}, "1.1"), newKey(), withToken))
	if previewOf(t, previewVariant(op), shown); strings.Contains(shown.body, usersToken) {
		t.Errorf("the preview shows the end user's token: %s", shown.body)
	}
	unauthenticated.check(t, v, send(t, p.URL, keyed(c, key, s.token(t, "jane", scope, jwt.MapClaims{"aud": "another"}))))

	// A scope that is withdrawn stops replays, too, and what would show the same.
	without := s.token(t, "jane", "openid", nil)
	if a := send(t, p.URL, keyed(call{method: http.MethodGet, path: "/v1/operations/" + first.header.Get("Operation-Id")}, newKey(), without)); a.status != http.StatusForbidden {
		t.Errorf("without the scope the operation is shown: %d %s", a.status, a.body)
	}
	forbidden.check(t, v, send(t, p.URL, keyed(c, key, s.token(t, "jane", "openid mds:services:create", nil))))
	write(strings.Replace(janeLine, scope, "mds:services:create", 1))
	awaitStatus(t, http.StatusForbidden, func() answer { return send(t, p.URL, keyed(c, key, jane)) })

	if log := p.Stderr.String(); !strings.Contains(log, `"caller":"jwt:https://issuer.test/|jane"`) || strings.Contains(log, usersToken) || strings.Contains(log, withToken) {
		t.Errorf("the log does not name the caller, or shows a token: %s", log)
	}
}

// awaitStatus repeats a call until its status is the wanted one.
func awaitStatus(t *testing.T, want int, call func() answer) {
	t.Helper()
	for deadline := time.Now().Add(kit.Patience); ; time.Sleep(100 * time.Millisecond) {
		a := call()
		if a.status == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %d: %s", a.status, a.body)
		}
	}
}

// TestConfigCheckOfAnIssuer: the keys are read as calls would read them.
func TestConfigCheckOfAnIssuer(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		code int
		says string
	}{
		"its keys":     {newSigner(t).URL, 0, "jwt           ready\n"},
		"out of reach": {"http://" + closedPort(t), 1, "jwt           the issuer's keys cannot be read: "},
	} {
		got := command(t, jwtSettings(c.url), "config", "check")
		if got.code != c.code || !strings.Contains(got.stdout, c.says) {
			t.Errorf("%s: exit code %d: %s%s", name, got.code, got.stdout, got.stderr)
		}
	}
}
