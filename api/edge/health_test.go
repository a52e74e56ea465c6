package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"soapbridge/api/idempotency"
)

// readiness is a store that says whether it is ready.
type readiness struct {
	idempotency.Store

	found idempotency.Readiness
	err   error
}

func (r readiness) Ready(context.Context) (idempotency.Readiness, error) { return r.found, r.err }

func TestReadinessOfTheStore(t *testing.T) {
	for name, row := range map[string]struct {
		store  readiness
		status int
		body   string
	}{
		"it can be used":            {readiness{}, http.StatusOK, `{"status":"ready"}`},
		"it cannot be asked for it": {readiness{found: idempotency.Readiness{PolicyUnverified: true}}, http.StatusOK, `{"status":"ready","policy":"unverified"}`},
		"it cannot be used":         {readiness{err: errDown}, http.StatusServiceUnavailable, `{"status":"not ready"}`},
	} {
		e := newEdge(t, nil, func(c *Config) { c.Store = row.store })
		if w := e.call(httptest.NewRequest(http.MethodGet, "/readyz", nil)); w.Code != row.status || w.Body.String() != row.body {
			t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
		}
	}
}

// A claim that a store refuses because it is the wrong one, or has lost its records, is for a person.
func TestClaimsOnTheWrongStoreRaiseAnAlert(t *testing.T) {
	for _, row := range []struct {
		err   error
		alert any
	}{{&idempotency.Mismatch{Of: idempotency.MismatchOfRecords}, true}, {errors.New("down"), nil}} {
		store := refusing{idempotency.NewMemory(idempotency.Retention{}), &idempotency.Unavailable{Err: row.err}}
		e := newEdge(t, answering(success()), func(c *Config) { c.Store = store })
		w := e.call(note())
		if d := problemIn(t, w); d["code"] != "idempotency-store-unavailable" || strings.Contains(w.Body.String(), row.err.Error()) {
			t.Errorf("%v: %s", row.err, w.Body)
		}
		if line := e.lastLine(t); line["alert"] != row.alert || !strings.Contains(fmt.Sprint(line["cause"]), row.err.Error()) {
			t.Errorf("%v: the log says %v", row.err, line)
		}
	}
}

// refusing is a store that makes no claim.
type refusing struct {
	idempotency.Store

	err error
}

func (r refusing) Begin(context.Context, idempotency.Claim) (idempotency.Record, bool, error) {
	return idempotency.Record{}, false, r.err
}

func TestHealth(t *testing.T) {
	no := func(context.Context) error { return errors.New("store at 10.0.0.7 is gone") }
	yes := func(context.Context) error { return nil }
	for name, c := range map[string]struct {
		path   string
		ready  func(context.Context) error
		status int
		body   string
	}{
		"alive":                    {"/healthz", yes, http.StatusOK, `{"status":"alive"}`},
		"alive although not ready": {"/healthz", no, http.StatusOK, `{"status":"alive"}`},
		"ready":                    {"/readyz", yes, http.StatusOK, `{"status":"ready"}`},
		"not ready":                {"/readyz", no, http.StatusServiceUnavailable, `{"status":"not ready"}`},
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
