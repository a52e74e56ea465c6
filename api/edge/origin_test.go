package edge

import (
	"net/http"
	"strings"
	"testing"
)

func TestAllowedOrigins(t *testing.T) {
	list := []string{"https://app.example.com", "http://localhost:*", "https://b.example.com:8443"}
	for origin, want := range map[string]bool{
		"https://app.example.com":             true,
		"https://b.example.com:8443":          true,
		"http://localhost":                    true,
		"http://localhost:1":                  true,
		"http://localhost:65535":              true,
		"http://app.example.com":              false, // another scheme
		"https://app.example.com:443":         false, // no browser writes the default port
		"https://app.example.com.evil.test":   false,
		"https://evil.test/app.example.com":   false,
		"https://APP.example.com":             false,
		"https://b.example.com":               false,
		"https://localhost:3000":              false,
		"http://localhost:3000.evil.test":     false,
		"http://localhost:3000@evil.test":     false,
		"http://localhost:3000/":              false,
		"http://localhost:3000:4000":          false,
		"http://localhost.evil.test":          false,
		"http://localhostevil:3000":           false,
		"http://127.0.0.1:3000":               false,
		"null":                                false,
		"":                                    false,
		"*":                                   false,
		"http://localhost:*":                  false,
		"http://localhost:abc":                false,
		"http://localhost:":                   false,
		"http://localhost:3000, http://other": false,
	} {
		if got := allowed(origin, list); got != want {
			t.Errorf("%q: %v, want %v", origin, got, want)
		}
	}
}

func TestForeignOriginsAreRefusedWithAProblem(t *testing.T) {
	for _, origin := range []string{"https://evil.example", "null", "ftp://example.com", "chrome-extension://example.com", "example.com", "https://example.com:444"} {
		t.Run(origin, func(t *testing.T) {
			e := newEdge(t, answering(success()), func(c *Config) { c.CORSOrigins = []string{"https://app.example.com"} })
			w := e.call(note(func(r *http.Request) { r.Header.Set("Origin", origin) })) // to example.com
			d := problemIn(t, w)
			if w.Code != http.StatusForbidden || d["code"] != "origin-not-allowed" || d["outcome"] != "not_sent" {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("Access-Control-Allow-Origin: %s", got)
			}
			if strings.Contains(w.Body.String(), origin) {
				t.Errorf("the origin is repeated: %s", w.Body)
			}
		})
	}
}

func TestOriginsThatMayCall(t *testing.T) {
	for name, c := range map[string]struct {
		origin string
		header string // Access-Control-Allow-Origin
	}{
		"listed":                                {"https://app.example.com", "https://app.example.com"},
		"the page of the API itself":            {"http://example.com", ""},
		"the same behind a proxy that ends TLS": {"https://example.com", ""},
		"no browser":                            {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, answering(success()), func(c *Config) { c.CORSOrigins = []string{"https://app.example.com"} })
			w := e.call(note(func(r *http.Request) { r.Header.Set("Origin", c.origin) }))
			if w.Code != http.StatusCreated || w.Header().Get("Access-Control-Allow-Origin") != c.header {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
		})
	}
}
