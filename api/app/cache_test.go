package app

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"soapbridge/api/cache"
	"soapbridge/api/config"
	"soapbridge/api/idempotency/redis/redistest"
)

// TestCacheRedis: the answers to reads are in the Redis of the setting, and the check of the settings asks it.
func TestCacheRedis(t *testing.T) {
	server := redistest.Start(t)
	environ := []string{"SOAPBRIDGE_CACHE_REDIS_URL=redis://" + server.Addr()}
	c, err := config.Load(environ, config.Disk())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p, err := newProxy(t.Context(), c, false, log, log, log)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	q := cache.Question{Operation: "s/Find", Content: func(b []byte) []byte { return b }, TTL: time.Minute}
	if a, err := p.edge.Cache.Get(t.Context(), q, false, func() ([]byte, error) { return []byte("1"), nil }); err != nil || a.Left == 0 {
		t.Errorf("%+v, %v", a, err)
	}
	if n := server.Do("DBSIZE"); n != int64(2) {
		t.Errorf("the Redis holds %v keys, want the answer and its generation", n)
	}
	check := func() (string, error) {
		out := &bytes.Buffer{}
		err := configCheck{}.Run(t.Context(), &Process{Environ: environ, Out: out, Err: io.Discard})
		return out.String(), err
	}
	if out, err := check(); err != nil || !strings.Contains(out, "cache         ready\n") {
		t.Errorf("%v: %s", err, out)
	}
	server.Stop()
	if out, err := check(); err == nil || !strings.Contains(err.Error(), "cache of reads") {
		t.Errorf("without the server: %v: %s", err, out)
	}
}
