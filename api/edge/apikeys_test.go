package edge

import (
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"soapbridge/translate/secret"
)

const noteScope Scope = "test:notes:create"

// newEdgeWithKey is an API with one caller.
func newEdgeWithKey(t *testing.T, expires time.Time) (e *edge, key string) {
	t.Helper()
	key, line := newKey(t, expires)
	return newEdge(t, answering(success()), func(c *Config) { c.Callers = callersOf(t, line) }), key
}

func newKey(t *testing.T, expires time.Time) (key, line string) {
	t.Helper()
	key, line, err := NewAPIKey("web", []Scope{noteScope}, expires)
	if err != nil {
		t.Fatal(err)
	}
	return key, line
}

func callersOf(t *testing.T, lines ...string) *Callers {
	t.Helper()
	callers := &Callers{}
	if err := replace(callers, lines...); err != nil {
		t.Fatal(err)
	}
	return callers
}

func replace(c *Callers, lines ...string) error {
	list := make([]secret.Secret, len(lines))
	for i, line := range lines {
		list[i] = secret.Secret(line)
	}
	return c.Replace(list, []Scope{AdminScope, noteScope})
}

func withBearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestOneAPIKeyInOneHeader(t *testing.T) {
	e, key := newEdgeWithKey(t, time.Time{})
	for name, c := range map[string]struct {
		headers http.Header
		status  int
		says    string
	}{
		"a bearer token":        {http.Header{"Authorization": {"Bearer " + key}}, http.StatusCreated, ""},
		"X-API-Key":             {http.Header{"X-Api-Key": {key}}, http.StatusCreated, ""},
		"one of two is empty":   {http.Header{"X-Api-Key": {key}, "Authorization": {""}}, http.StatusCreated, ""},
		"both":                  {http.Header{"X-Api-Key": {key}, "Authorization": {"Bearer " + key}}, http.StatusUnauthorized, "both Authorization and X-API-Key"},
		"both, of other kinds":  {http.Header{"X-Api-Key": {key}, "Authorization": {"Basic eDp5"}}, http.StatusUnauthorized, "both Authorization and X-API-Key"},
		"two bearer tokens":     {http.Header{"Authorization": {"Bearer " + key, "Bearer " + key}}, http.StatusUnauthorized, "more than once"},
		"X-API-Key twice":       {http.Header{"X-Api-Key": {key, key}}, http.StatusUnauthorized, "more than once"},
		"none":                  {nil, http.StatusUnauthorized, "or an API key in the header X-API-Key"},
		"another scheme":        {http.Header{"Authorization": {"Basic eDp5"}}, http.StatusUnauthorized, "or an API key in the header X-API-Key"},
		"a key that is unknown": {http.Header{"X-Api-Key": {"web.wrong"}}, http.StatusUnauthorized, "or an API key in the header X-API-Key"},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.call(note(func(r *http.Request) { maps.Copy(r.Header, c.headers) }))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || (c.status == http.StatusUnauthorized) != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
			if strings.Contains(w.Body.String(), key) {
				t.Errorf("the key is repeated: %s", w.Body)
			}
		})
	}
}

func TestAPIKeysWithoutThePrefixStayValid(t *testing.T) {
	e, key := newEdgeWithKey(t, time.Time{})
	old, found := strings.CutPrefix(key, "sb_")
	if w := e.call(note(withBearer(old))); !found || w.Code != http.StatusCreated {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestExpiredAPIKey(t *testing.T) {
	e, key := newEdgeWithKey(t, time.Now().Add(-time.Second))
	expired, wrong := e.call(note(withBearer(key))), e.call(note(withBearer(key+"x")))
	if d := problemIn(t, expired); d["code"] != "unauthenticated" || d["detail"] != "The API key has expired. Its caller needs a new one." {
		t.Errorf("%s", expired.Body)
	}
	if d := problemIn(t, wrong); d["code"] != "unauthenticated" || strings.Contains(wrong.Body.String(), "expired") {
		t.Errorf("who does not know the secret learns that it has expired: %s", wrong.Body)
	}
	e, key = newEdgeWithKey(t, time.Now().Add(time.Minute))
	if w := e.call(note(withBearer(key))); w.Code != http.StatusCreated {
		t.Errorf("before its end: status %d: %s", w.Code, w.Body)
	}
}

// TestRotation gives one caller two secrets: both find its records, until the old one is withdrawn.
func TestRotation(t *testing.T) {
	before, oldLine := newKey(t, time.Time{})
	after, newLine := newKey(t, time.Time{})
	callers := callersOf(t, oldLine, newLine)
	e := newEdge(t, answering(success()), func(c *Config) { c.Callers = callers })
	if w := e.call(note(withBearer(before))); w.Code != http.StatusCreated {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if w := e.call(note(withBearer(after))); w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("the new secret is not the same caller: status %d: %s", w.Code, w.Body)
	}
	if err := replace(callers, newLine); err != nil {
		t.Fatal(err)
	}
	for key, status := range map[string]int{before: http.StatusUnauthorized, after: http.StatusCreated} {
		if w := e.call(note(withBearer(key))); w.Code != status {
			t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
		}
	}
}

func TestLinesOfAPIKeys(t *testing.T) {
	digest := func(digit string) string { return " sha256:" + strings.Repeat(digit, 64) + " " }
	line := "web" + digest("1") + string(noteScope)
	for name, c := range map[string]struct {
		lines []string
		want  string // of the error
	}{
		"never expires":           {[]string{line}, ""},
		"expires on a day":        {[]string{line + " expires=2027-01-31"}, ""},
		"expires at an instant":   {[]string{line + " expires=2027-01-31T12:00:00+01:00"}, ""},
		"two secrets":             {[]string{line, "web" + digest("2") + "admin"}, ""},
		"three secrets":           {[]string{line, "web" + digest("2") + "admin", "web" + digest("3") + "admin"}, `line 3: the id "web" appears more than twice`},
		"one secret, twice":       {[]string{line, "web" + digest("1") + "admin"}, `line 2: the id "web" has the same secret twice`},
		"no expiry":               {[]string{line + " expires="}, "line 1: an expiry must be a date"},
		"no day":                  {[]string{line + " expires=2027-02-30"}, "line 1: an expiry must be a date"},
		"something behind it":     {[]string{line + " expires=2027-01-31 x"}, "line 1: an expiry must be a date"},
		"another field":           {[]string{line + " owner=x"}, "line 1: it must be an id"},
		"the expiry alone":        {[]string{" expires=2027-01-31"}, "line 1: it must be an id"},
		"the id of a JWT's":       {[]string{"jwt:a|b" + digest("1") + "admin"}, "line 1: it must be an id"},
		"the prefix is of no id":  {[]string{"sb_web" + digest("1") + "admin"}, "line 1: it must be an id"},
		"a scope that is unknown": {[]string{line + ",all"}, `line 1: there is no scope "all"; valid: admin, `},
		"behind skipped lines":    {[]string{"", line, "", "web"}, "line 4: it must be an id"},
	} {
		t.Run(name, func(t *testing.T) {
			err := replace(&Callers{}, c.lines...)
			if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestParseExpiryOfADayIsItsEnd(t *testing.T) {
	got, err := ParseExpiry("2027-01-31")
	if want := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("got %v and %v, want %v", got, err, want)
	}
}

func TestWarningsOfExpiry(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		expires time.Time
		want    string
	}{
		"never":    {time.Time{}, ""},
		"later":    {time.Now().Add(15 * day), ""},
		"soon":     {time.Now().Add(13 * day), `"msg":"an API key expires soon","caller":"web"`},
		"has done": {time.Now().Add(-day), `"msg":"an API key has expired","caller":"web"`},
	} {
		t.Run(name, func(t *testing.T) {
			log := &syncBuffer{}
			_, line := newKey(t, c.expires)
			callersOf(t, line).WarnOfExpiry(slog.New(slog.NewJSONHandler(log, nil)))
			if got := log.String(); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("logged %q, want %q", got, c.want)
			}
		})
	}
}

// Authentication is on the way of every call. The one allocation is the secret's bytes.
func TestAuthenticationByAPIKeyAllocatesOnce(t *testing.T) {
	key, line := newKey(t, time.Now().Add(time.Hour))
	callers, h := callersOf(t, line), http.Header{"Authorization": {"Bearer " + key}}
	if n := testing.AllocsPerRun(100, func() { _, _ = callers.authenticate(h) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
