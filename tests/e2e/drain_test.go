package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/tests/kit"
)

// drained is a proxy to stop, with records in Redis, before a service that takes its time. Each of its clients has one connection.
type drained struct {
	*process

	redis    *redistest.Server
	executed *atomic.Int64
	client   func() *http.Client
}

const drainTakes = 100 * time.Second

// overBoth runs a test over HTTP/1.1, and over HTTP/2 with TLS.
func overBoth(t *testing.T, takes time.Duration, test func(t *testing.T, d *drained)) {
	t.Helper()
	ours := newAuthority(t, "ours")
	server := ours.issue(t, "127.0.0.1", x509.ExtKeyUsageServerAuth)
	for protocol, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(protocol, func(t *testing.T) {
			care, executed := careThatTakes(t, takes)
			redis, records := withRedis(t)
			settings := with(credentials(), records, map[string]string{"CUSTOMERCARE_URL": care})
			if secure {
				settings = with(settings, map[string]string{"TLS_CERT": server.cert, "TLS_KEY": server.key})
			}
			d := &drained{proxyToStop(t, settings, drainTakes.String()), redis, executed, func() *http.Client {
				transport := &http.Transport{MaxConnsPerHost: 1, TLSClientConfig: &tls.Config{RootCAs: ours.pool()}, ForceAttemptHTTP2: true}
				t.Cleanup(transport.CloseIdleConnections)
				return &http.Client{Timeout: kit.Patience, Transport: transport}
			}}
			if secure {
				d.URL = strings.Replace(d.URL, "http:", "https:", 1)
			}
			test(t, d)
		})
	}
}

// answers makes calls at once over one client, and fails for each that has no success.
func (d *drained) answers(t *testing.T, with *http.Client, calls []call) *sync.WaitGroup {
	t.Helper()
	var wait sync.WaitGroup
	for _, c := range calls {
		wait.Go(func() {
			if r := answerOf(t, with, d.process, c); r.StatusCode != http.StatusCreated {
				t.Errorf("status %d", r.StatusCode)
			}
		})
	}
	return &wait
}

// ends waits for the end of a process that was told to stop, which must come in time, and leave no record behind that is not done.
func (d *drained) ends(t *testing.T, stopped time.Time) {
	t.Helper()
	code, err := d.Wait()
	if took := time.Since(stopped); err != nil || code != 0 || took > drainTakes {
		t.Errorf("exit code %d after %v, %v\n%s", code, took, err, d.Stderr)
	}
	if open, unknown := listed(d.redis, "open"), listed(d.redis, "unknown"); open+unknown > 0 {
		t.Errorf("%d records are in flight, %d are unknown", open, unknown)
	}
	d.Judge(t)
}

// TestStopAtFullSpeed: 64 connections call without a pause until readiness turns. Not one call fails.
func TestStopAtFullSpeed(t *testing.T) {
	op := operation(t, "CreateWorkFlowManager")
	overBoth(t, 300*time.Millisecond, func(t *testing.T, d *drained) {
		var callers sync.WaitGroup
		var answered atomic.Int64
		var turned atomic.Bool
		for range 64 {
			callers.Go(func() {
				for with := d.client(); !turned.Load(); {
					if r := answerOf(t, with, d.process, keyed(ask(op, newReference(), ""), newKey())); r.StatusCode != http.StatusCreated {
						t.Errorf("status %d", r.StatusCode)
						return
					}
					answered.Add(1)
				}
			})
		}
		if _, err := d.Await("load", func() string {
			if answered.Load() < 3*64 {
				return ""
			}
			return "enough"
		}); err != nil {
			t.Fatal(err)
		}
		stopped := time.Now()
		if err := d.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		probe := d.client()
		for ready := true; ready; time.Sleep(time.Millisecond) {
			r := answerOf(t, probe, d.process, call{method: http.MethodGet, path: "/readyz"})
			ready = r.StatusCode == http.StatusOK
		}
		if r := answerOf(t, d.client(), d.process, call{method: http.MethodGet, path: "/livez"}); r.StatusCode != http.StatusOK {
			t.Errorf("a new connection, once readiness has turned: status %d", r.StatusCode)
		}
		time.Sleep(500 * time.Millisecond) // some call on, as a balancer does that has not noticed; the listener closes after a twentieth of the drain
		turned.Store(true)
		callers.Wait()
		d.ends(t, stopped)
		if d.executed.Load() != answered.Load() {
			t.Errorf("%d were executed, and %d callers know of it", d.executed.Load(), answered.Load())
		}
	})
}

// TestStopWithABurst: a hundred calls of one client are in flight, over HTTP/2 as streams of one connection. All are answered, and were before.
func TestStopWithABurst(t *testing.T) {
	const burst = 100
	op := operation(t, "CreateWorkFlowManager")
	overBoth(t, 3*time.Second, func(t *testing.T, d *drained) {
		client := d.client()
		if d.Settings["TLS_CERT"] == "" {
			client = &http.Client{Timeout: kit.Patience, Transport: &http.Transport{}} // a connection for each
		}
		calls := make([]call, burst)
		for i := range calls {
			calls[i] = keyed(ask(op, newReference(), ""), newKey())
		}
		d.answers(t, client, calls).Wait()
		began := time.Now()
		d.answers(t, client, calls).Wait() // replayed
		if took := time.Since(began); d.executed.Load() != burst {
			t.Errorf("%d were executed, the repetition took %v", d.executed.Load(), took)
		}
		for i := range calls {
			calls[i] = keyed(ask(op, newReference(), ""), newKey())
		}
		answers := d.answers(t, client, calls)
		if _, err := d.Await("the burst", func() string {
			if d.executed.Load() < 2*burst {
				return ""
			}
			return "all are there"
		}); err != nil {
			t.Fatal(err)
		}
		stopped := time.Now()
		if err := d.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		answers.Wait()
		d.ends(t, stopped)
		d.mustLog(t, "stopping", `"in_flight":100`)
	})
}

// listed counts the members of a list in all shards.
func listed(redis *redistest.Server, list string) (n int64) {
	for shard := range 256 {
		of, _ := redis.Do("ZCARD", fmt.Sprintf("sb:{%02x}:%s", shard, list)).(int64)
		n += of
	}
	return n
}
