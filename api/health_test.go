package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	no := func(context.Context) error { return errors.New("store at 10.0.0.7 is gone") }
	yes := func(context.Context) error { return nil }
	for name, c := range map[string]struct {
		path   string
		ready  func(context.Context) error
		status int
		body   string
	}{
		"alive":                        {"/healthz", yes, http.StatusOK, `{"status":"alive"}`},
		"alive although not ready":     {"/healthz", no, http.StatusOK, `{"status":"alive"}`},
		"ready":                        {"/readyz", yes, http.StatusOK, `{"status":"ready"}`},
		"ready when nobody knows more": {"/readyz", nil, http.StatusOK, `{"status":"ready"}`},
		"not ready":                    {"/readyz", no, http.StatusServiceUnavailable, `{"status":"not ready"}`},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, nil, func(cfg *Config) { cfg.Ready = c.ready })
			w := e.call(httptest.NewRequest(http.MethodGet, c.path, nil))
			if w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
			if logged := strings.Contains(e.log.String(), "10.0.0.7"); logged != (c.status != http.StatusOK) {
				t.Errorf("the reason belongs into the log, and only there: %s", e.log)
			}
		})
	}
}
