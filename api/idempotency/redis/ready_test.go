package redis_test

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

// TestReady: the error names the fault and the setting that fixes it, and until then no claim is made.
func TestReady(t *testing.T) {
	for _, row := range []struct {
		name     string
		replicas int
		breaks   func(s *redistest.Server)
		fixes    func(s *redistest.Server)
		want     string
	}{
		{"evicts any key", 0, sets("maxmemory-policy", "allkeys-lru"), sets("maxmemory-policy", "noeviction"), "set maxmemory-policy noeviction"},
		{"evicts what expires", 0, sets("maxmemory-policy", "volatile-ttl"), sets("maxmemory-policy", "noeviction"), "set maxmemory-policy noeviction"},
		{"out of memory", 0, sets("maxmemory", "1"), sets("maxmemory", "0"), "raise maxmemory"},
		{"a replica", 0, does("REPLICAOF", "127.0.0.1", "1"), does("REPLICAOF", "NO", "ONE"), "connect to the master"},
		{"without its replicas", 1, func(*redistest.Server) {}, func(s *redistest.Server) { s.Replicate() }, "1 replicas must confirm a claim, and 0 are connected"},
		{"without the replicas that it requires", 0, sets("min-replicas-to-write", "1"), sets("min-replicas-to-write", "0"), "min-replicas-to-write"},
		{"down", 0, (*redistest.Server).Stop, (*redistest.Server).Restart, "connection refused"},
		{"hung", 0, (*redistest.Server).Pause, (*redistest.Server).Continue, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := redistest.Start(t)
			s := open(t, redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: row.replicas})
			row.breaks(server)
			started := time.Now()
			err := ready(t, s)
			if took := time.Since(started); !unavailable(err) || !strings.Contains(err.Error(), row.want) || took > soonEnough {
				t.Errorf("%v after %v, want %q", err, took, row.want)
			}
			c := newClaim()
			if err := begin(t, s, c, true); !unavailable(err) {
				t.Errorf("a claim: %v", err)
			}
			row.fixes(server)
			eventually(t, "the store is ready", func() error { return ready(t, s) })
			holds(t, s, c)
		})
	}
}

// TestReadyProvesThatCommandsMayRun: a server may answer everything else and refuse each claim, or the list. The server itself lists the
// commands that all methods have sent. The proof writes nothing.
func TestReadyProvesThatCommandsMayRun(t *testing.T) {
	server := redistest.Start(t)
	server.Replicate()
	start := func(o redis.Options) *redis.Store {
		o.Addrs, o.WaitReplicas = []string{server.Addr()}, 1
		return openPatient(t, o)
	}
	server.Do("CONFIG", "RESETSTAT")
	callEveryMethod(t, start(redis.Options{}))
	sent := commandsSent(server)
	for _, name := range []string{"eval", "evalsha", "zcard", "wait"} {
		if !slices.Contains(sent, name) {
			t.Errorf("the server never received %s: %v", name, sent)
		}
	}
	server.Do("FLUSHALL")
	for _, name := range sent {
		if name == "info" {
			continue // then the policy is unverified: see TestReadyWithoutInfo
		}
		t.Run(name, func(t *testing.T) { readyUnless(t, server, start, "-"+name) })
	}
	t.Run("keys", func(t *testing.T) { readyUnless(t, server, start, "resetkeys") })
}

func readyUnless(t *testing.T, server *redistest.Server, start func(redis.Options) *redis.Store, forbidden string) {
	t.Helper()
	server.Do("ACL", "SETUSER", "bridge", "reset", "on", ">secret", "~sb:*", "+@all")
	s := start(redis.Options{Username: "bridge", Password: "secret"})
	eventually(t, "the store is ready", func() error { return ready(t, s) })
	server.Do("ACL", "SETUSER", "bridge", forbidden)
	if err := ready(t, s); !unavailable(err) || !strings.Contains(err.Error(), "the commands that keep records cannot run") {
		t.Errorf("ready with %s: %v", forbidden, err)
	}
	if keys := texts(server.Do("KEYS", "*")); len(keys) != 0 {
		t.Errorf("keys: %v", keys)
	}
}

// commandsSent returns the commands of clients, in scripts too, since the statistics were reset, without those of administration,
// replication and new connections.
func commandsSent(server *redistest.Server) (names []string) {
	for line := range strings.Lines(fmt.Sprint(server.Do("INFO", "commandstats"))) {
		name, found := strings.CutPrefix(line, "cmdstat_")
		name, _, _ = strings.Cut(name, ":")
		if found && !strings.Contains(name, "|") && !slices.Contains([]string{"ping", "psync", "replconf", "hello", "auth"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestReadyWithoutInfo: managed servers forbid or rename INFO. Then only their eviction policy is unknown.
func TestReadyWithoutInfo(t *testing.T) {
	server := redistest.Start(t)
	server.Do("ACL", "SETUSER", "bridge", "on", ">secret", "~sb:*", "+@all")
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}, Username: "bridge", Password: "secret"})
	for _, row := range []struct {
		forbidden  string
		unverified bool
	}{{"+info", false}, {"-config", false}, {"-info", true}} {
		server.Do("ACL", "SETUSER", "bridge", row.forbidden)
		if found, err := s.Ready(t.Context()); err != nil || found.PolicyUnverified != row.unverified {
			t.Errorf("%s: %+v, %v", row.forbidden, found, err)
		}
	}
	server.ConfigSet("maxmemory", "1")
	if err := ready(t, s); !unavailable(err) || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("out of memory: %v", err)
	}
}

// TestReadyWarnsOfClaimsThatMayBeLost: once, since only an operator can change it.
func TestReadyWarnsOfClaimsThatMayBeLost(t *testing.T) {
	for _, row := range []struct{ appendonly, appendfsync, want string }{
		{"no", "always", "set appendonly yes"},
		{"yes", "everysec", "set appendfsync always"},
		{"yes", "always", ""},
	} {
		server := redistest.Start(t, "--appendonly", row.appendonly, "--appendfsync", row.appendfsync)
		var out syncBuffer
		s := open(t, redis.Options{Addrs: []string{server.Addr()}, Log: jsonLog(&out)})
		for range 3 {
			eventually(t, "the store is ready", func() error { return ready(t, s) })
		}
		if got := strings.Count(out.String(), "claims may be lost"); got != min(1, len(row.want)) || !strings.Contains(out.String(), row.want) {
			t.Errorf("appendonly %s, appendfsync %s: warned %d times: %s", row.appendonly, row.appendfsync, got, &out)
		}
	}
}

func jsonLog(out io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
