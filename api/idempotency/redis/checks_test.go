package redis_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

// keysOf returns the checks of a vault whose keys are repeated letters: the name key, and sealing keys as id=letter.
func keysOf(t *testing.T, name string, sealing ...string) idempotency.KeyChecks {
	t.Helper()
	keys := make([]idempotency.Key, len(sealing))
	for i, s := range sealing {
		id, letter, _ := strings.Cut(s, "=")
		keys[i] = idempotency.Key{ID: id, Secret: []byte(strings.Repeat(letter, idempotency.KeySize))}
	}
	v, err := idempotency.NewVault([]byte(strings.Repeat(name, idempotency.KeySize)), keys)
	if err != nil {
		t.Fatal(err)
	}
	return v.Checks()
}

// process opens a store as another process would.
func process(t *testing.T, server *redistest.Server, checks idempotency.KeyChecks) *redis.Store {
	t.Helper()
	return openPatient(t, redis.Options{Addrs: []string{server.Addr()}, Checks: checks})
}

// refuses checks that a store refuses claims in every shard and is not ready, with the reason.
func refuses(t *testing.T, s *redis.Store, want idempotency.Mismatch) {
	t.Helper()
	check := func(what string, err error) {
		t.Helper()
		got, ok := errors.AsType[*idempotency.Mismatch](err)
		if !ok || *got != want || !unavailable(err) {
			t.Fatalf("%s: %v, want %v", what, err, &want)
		}
	}
	for shard := range 256 {
		c := newClaim()
		c.ID = fmt.Sprintf("%02x", shard) + c.ID[2:]
		_, acquired, err := s.Begin(t.Context(), c)
		check("Begin in shard "+c.ID[:2], err)
		if acquired {
			t.Errorf("shard %s: a claim was acquired", c.ID[:2])
		}
	}
	check("Ready", ready(t, s))
}

// TestRefusesOtherKeys: under another name key every idempotency key would be new.
func TestRefusesOtherKeys(t *testing.T) {
	for _, row := range []struct {
		name  string
		other idempotency.KeyChecks
		want  idempotency.Mismatch
	}{
		{"another name key", keysOf(t, "m", "k1=a"), idempotency.Mismatch{Of: idempotency.MismatchOfNameKey}},
		{"another sealing key under the same id", keysOf(t, "n", "k1=b"), idempotency.Mismatch{Of: idempotency.MismatchOfSealingKey, KeyID: "k1"}},
		{"another old sealing key", keysOf(t, "n", "k2=c", "k1=b"), idempotency.Mismatch{Of: idempotency.MismatchOfSealingKey, KeyID: "k1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := redistest.Start(t)
			right := process(t, server, keysOf(t, "n", "k1=a"))
			holds(t, right, newClaim())
			before := texts(server.Do("KEYS", "*"))
			refuses(t, process(t, server, row.other), row.want)
			if after := texts(server.Do("KEYS", "*")); len(after) != len(before) {
				t.Errorf("the refused process has made keys: %d of them before, %d after", len(before), len(after))
			}
			holds(t, right, newClaim())
			holds(t, process(t, server, keysOf(t, "n", "k1=a")), newClaim())
		})
	}
}

// TestRotatesSealingKeys follows the three steps in docs/runbook.md, with the processes of two steps side by side.
func TestRotatesSealingKeys(t *testing.T) {
	server := redistest.Start(t)
	var last *redis.Store
	for _, keys := range [][]string{{"k1=a"}, {"k1=a", "k2=b"}, {"k2=b", "k1=a"}, {"k2=b"}} {
		s := process(t, server, keysOf(t, "n", keys...))
		holds(t, s, newClaim())
		if last != nil {
			holds(t, last, newClaim())
		}
		if err := ready(t, s); err != nil {
			t.Error(err)
		}
		last = s
	}
}

// TestForgetsUnusedSealingKeys: after the retention without any use, the id of a key may name another key.
func TestForgetsUnusedSealingKeys(t *testing.T) {
	server := redistest.Start(t)
	const kept = 300 * time.Millisecond
	start := func(checks idempotency.KeyChecks) *redis.Store {
		return openPatient(t, redis.Options{
			Addrs: []string{server.Addr()}, Checks: checks, Retention: idempotency.Retention{Unknown: kept},
		})
	}
	old, other := start(keysOf(t, "n", "k1=a")), keysOf(t, "n", "k1=b")
	holds(t, old, newClaim())
	time.Sleep(kept)
	s := start(other)
	if err := ready(t, s); err != nil {
		t.Error(err)
	}
	holds(t, s, newClaim())
	if _, acquired, err := old.Begin(t.Context(), newClaim()); acquired || !errors.As(err, new(*idempotency.Mismatch)) {
		t.Errorf("the process with the forgotten key: acquired %t, %v", acquired, err)
	}
}

// TestOneProcessWinsAnEmptyStore: processes with different name keys notice each other before either claims. They have different ids for
// the same idempotency key, in different shards.
func TestOneProcessWinsAnEmptyStore(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	const rounds = 10
	for range rounds {
		server.Do("FLUSHALL")
		processes := make([]*redis.Store, 4)
		for i := range processes {
			processes[i] = process(t, server, keysOf(t, fmt.Sprint(i), "k1=a"))
		}
		held := make([]int, len(processes))
		var group sync.WaitGroup
		for i, s := range processes {
			group.Go(func() {
				for range 20 {
					_, acquired, err := s.Begin(t.Context(), newClaim())
					if mismatch, ok := errors.AsType[*idempotency.Mismatch](err); err != nil && (!ok || mismatch.Of != idempotency.MismatchOfNameKey) {
						t.Error(err)
					}
					if acquired {
						held[i]++
					}
				}
			})
		}
		group.Wait()
		slices.Sort(held)
		if !slices.Equal(held, []int{0, 0, 0, 20}) {
			t.Errorf("the processes acquired %v claims", held)
		}
	}
}

// TestNoticesLostRecords: the same call could be sent again, so a person has to restart the process.
func TestNoticesLostRecords(t *testing.T) {
	keys := keysOf(t, "n", "k1=a")
	lost := idempotency.Mismatch{Of: idempotency.MismatchOfRecords}
	for _, row := range []struct {
		name string
		lose func(t *testing.T, s *redistest.Server)
	}{
		{"flushed", func(_ *testing.T, s *redistest.Server) { s.Do("FLUSHALL") }},
		{"restarted without its data", func(_ *testing.T, s *redistest.Server) { s.Restart() }},
		{"flushed, then used by another process", func(t *testing.T, s *redistest.Server) {
			t.Helper()
			s.Do("FLUSHALL")
			holds(t, process(t, s, keys), newClaim())
		}},
		{"flushed, then used by another process with other keys", func(t *testing.T, s *redistest.Server) {
			t.Helper()
			s.Do("FLUSHALL")
			holds(t, process(t, s, keysOf(t, "n", "k1=b")), newClaim())
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := redistest.Start(t, "--appendonly", "no")
			claimed, onlyReady := process(t, server, keys), process(t, server, keys)
			holds(t, claimed, newClaim())
			if err := ready(t, onlyReady); err != nil {
				t.Fatal(err)
			}
			row.lose(t, server)
			refuses(t, claimed, lost)
			refuses(t, onlyReady, lost)
			if !strings.Contains(row.name, "other keys") {
				holds(t, process(t, server, keys), newClaim()) // a restart recovers
			}
			refuses(t, claimed, lost)
		})
	}
}

// TestLosesOneShard: for example, a master of a cluster failed over to an empty replica. Claims in other shards go on.
func TestLosesOneShard(t *testing.T) {
	server := redistest.Start(t)
	s := process(t, server, keysOf(t, "n", "k1=a"))
	c := newClaim()
	holds(t, s, c)
	server.Do("DEL", "sb:{"+c.ID[:2]+"}:keys")
	if _, acquired, err := s.Begin(t.Context(), c); acquired || !errors.As(err, new(*idempotency.Mismatch)) {
		t.Errorf("acquired %t, %v", acquired, err)
	}
	other := newClaim()
	for other.ID[:2] == c.ID[:2] {
		other = newClaim()
	}
	holds(t, s, other)
	c.Owner = uuid.NewString()
	if err := begin(t, process(t, server, keysOf(t, "n", "k1=a")), c, false); err != nil { // after a restart
		t.Error(err)
	}
}

// TestReadsRecordsWithoutChecks: earlier versions wrote records, but no checks.
func TestReadsRecordsWithoutChecks(t *testing.T) {
	server := redistest.Start(t)
	keys := keysOf(t, "n", "k1=a")
	earlier := process(t, server, keys)
	c := newClaim()
	holds(t, earlier, c)
	if err := earlier.Finish(t.Context(), c.ID, c.Owner, []byte("result")); err != nil {
		t.Fatal(err)
	}
	for _, key := range texts(server.Do("KEYS", "*:keys")) {
		server.Do("DEL", key)
	}
	s := process(t, server, keys)
	if err := ready(t, s); err != nil {
		t.Error(err)
	}
	c.Owner = uuid.NewString()
	if err := begin(t, s, c, false); err != nil {
		t.Error(err)
	}
	wantState(t, s, c, idempotency.Done)
}

// TestOnlyBeginWritesChecks: a process that only reads must not decide which keys are right.
func TestOnlyBeginWritesChecks(t *testing.T) {
	server := redistest.Start(t)
	s := process(t, server, keysOf(t, "n", "k1=a"))
	ctx, c := t.Context(), newClaim()
	_, getting := s.Get(ctx, c.ID)
	_, settling := s.Settle(ctx, c.ID, finding(c, true))
	_, _, listing := s.Unknowns(ctx, idempotency.Cursor{}, 10)
	_, sweeping := s.Sweep(ctx)
	_ = errors.Join(getting, settling, s.Finish(ctx, c.ID, c.Owner, nil), s.MarkUnknown(ctx, c.ID, c.Owner)) // any answer will do
	if err := errors.Join(ready(t, s), listing, sweeping, s.Release(ctx, c.ID, c.Owner)); err != nil {
		t.Error(err)
	}
	if keys := texts(server.Do("KEYS", "*")); len(keys) != 0 {
		t.Errorf("keys: %v", keys)
	}
	holds(t, s, c)
	if keys := texts(server.Do("KEYS", "*:keys")); len(keys) != 256 {
		t.Errorf("%d shards have checks", len(keys))
	}
}
