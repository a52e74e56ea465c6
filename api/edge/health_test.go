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

// readyStore is a store that says whether it is ready.
type readyStore struct {
	idempotency.Store

	found idempotency.Readiness
	err   error
}

func (r readyStore) Ready(context.Context) (idempotency.Readiness, error) { return r.found, r.err }

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

func TestLiveness(t *testing.T) {
	e := newEdge(t, nil)
	e.Stop()
	for _, path := range []string{"/livez", "/healthz"} {
		w := e.call(httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || w.Body.String() != `{"status":"alive"}` || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, %v: %s", path, w.Code, w.Header(), w.Body)
		}
	}
}

// The states of the parts are shown, and why the store cannot be used is for the log alone. Only the store and a stop make the process not ready.
func TestReadiness(t *testing.T) {
	down := readyStore{err: errors.New("store at 10.0.0.7 is gone")}
	watched := func() string { return UpstreamSuspect }
	for name, row := range map[string]struct {
		store    readyStore
		upstream Upstream
		state    func() string
		stops    bool
		status   int
		body     string
	}{
		"all is well":          {readyStore{}, answering(success()), nil, false, http.StatusOK, `{"status":"ready","store":"ok","draining":false,"upstreams":{"test":"ok"}}`},
		"the policy is hidden": {readyStore{found: idempotency.Readiness{PolicyUnverified: true}}, answering(success()), nil, false, http.StatusOK, `{"status":"ready","store":"ok","policy":"unverified","draining":false,"upstreams":{"test":"ok"}}`},
		"no store":             {down, answering(success()), nil, false, http.StatusServiceUnavailable, `{"status":"not ready","store":"unusable","draining":false,"upstreams":{"test":"ok"}}`},
		"a stop":               {readyStore{}, answering(success()), nil, true, http.StatusServiceUnavailable, `{"status":"not ready","store":"ok","draining":true,"upstreams":{"test":"ok"}}`},
		"no store, and a stop": {down, answering(success()), nil, true, http.StatusServiceUnavailable, `{"status":"not ready","store":"unusable","draining":true,"upstreams":{"test":"ok"}}`},
		"a suspect upstream":   {readyStore{}, answering(success()), watched, false, http.StatusOK, `{"status":"ready","store":"ok","draining":false,"upstreams":{"test":"suspect"}}`},
		"no upstream":          {readyStore{}, nil, nil, false, http.StatusOK, `{"status":"ready","store":"ok","draining":false,"upstreams":{"test":"not-configured"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, row.upstream, func(c *Config) { c.Store, c.Systems[0].State = row.store, row.state })
			if row.stops {
				e.Stop()
			}
			w := e.call(httptest.NewRequest(http.MethodGet, "/readyz", nil))
			if w.Code != row.status || w.Body.String() != row.body || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
			if logged := strings.Contains(e.log.String(), "10.0.0.7"); logged != (row.store.err != nil) {
				t.Errorf("the log has: %s", e.log)
			}
		})
	}
}
