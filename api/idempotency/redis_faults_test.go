package idempotency_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redistest"
)

// soonEnough is within a second, and as much again for a machine that is busy.
const soonEnough = 2 * time.Second

// TestRedisFailsClosed breaks a real server in every way, and mends it. While it is broken nothing that must be written succeeds, and nobody
// waits long; when it is mended the same store goes on, and what it had is there.
func TestRedisFailsClosed(t *testing.T) {
	for _, fault := range []struct {
		name       string
		breaks     func(s *redistest.Server)
		mends      func(s *redistest.Server)
		stillReads bool
	}{
		{"stopped", (*redistest.Server).Stop, (*redistest.Server).Restart, false},
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart, false},
		{"hung", (*redistest.Server).Pause, (*redistest.Server).Continue, false},
		{"out of memory", sets("maxmemory", "1"), sets("maxmemory", "0"), true},
		{"too few replicas by its own rule", sets("min-replicas-to-write", "1"), sets("min-replicas-to-write", "0"), true},
		{"a replica", does("REPLICAOF", "127.0.0.1", "1"), does("REPLICAOF", "NO", "ONE"), true},
		{"a replica that has lost its master", func(s *redistest.Server) {
			s.ConfigSet("replica-serve-stale-data", "no")
			s.Do("REPLICAOF", "127.0.0.1", "1")
		}, does("REPLICAOF", "NO", "ONE"), false},
	} {
		t.Run(fault.name, func(t *testing.T) {
			server := redistest.Start(t)
			o := idempotency.RedisOptions{Addrs: []string{server.Addr()}}
			s, other := openRedis(t, o), openPatient(t, o)
			warm(t, s)
			done, held := newClaim(), newClaim()
			if err := errors.Join(begin(t, other, done, true), other.Finish(t.Context(), done.ID, done.Owner, []byte("result")),
				begin(t, other, held, true)); err != nil {
				t.Fatal(err)
			}
			broken := prepareCalls(t, s, other)
			fault.breaks(server)
			broken.writes.fail(t, fault.name)
			if !fault.stillReads {
				broken.reads.fail(t, fault.name)
			}
			fault.mends(server)
			holds(t, s, newClaim())
			wantState(t, other, done, idempotency.Done)
			wantState(t, other, held, idempotency.InFlight)
			eventually(t, "the claim is finished", func() error { return s.Finish(t.Context(), held.ID, held.Owner, []byte("result")) })
		})
	}
}

func sets(name, value string) func(*redistest.Server) {
	return func(s *redistest.Server) { s.ConfigSet(name, value) }
}

func does(args ...any) func(*redistest.Server) {
	return func(s *redistest.Server) { s.Do(args...) }
}

// storeCalls are calls of methods, each with something to do.
type storeCalls map[string]func() error

// prepared are calls on records that were made for them.
type prepared struct{ writes, reads storeCalls }

// prepareCalls makes the records with one store, for calls of another one.
func prepareCalls(t *testing.T, s, other *idempotency.Redis) prepared {
	t.Helper()
	finish, mark, settle, drop := newClaim(), newClaim(), newClaim(), newClaim()
	for _, c := range []idempotency.Claim{finish, mark, settle, drop} {
		if err := begin(t, other, c, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.MarkUnknown(t.Context(), settle.ID, settle.Owner); err != nil {
		t.Fatal(err)
	}
	return callsOn(t.Context(), s, newClaim(), finish, mark, settle, drop)
}

func callsOn(ctx context.Context, s *idempotency.Redis, absent, finish, mark, settle, drop idempotency.Claim) prepared {
	return prepared{
		writes: storeCalls{
			"Begin":       func() error { _, _, err := s.Begin(ctx, absent); return err },
			"Finish":      func() error { return s.Finish(ctx, finish.ID, finish.Owner, []byte("result")) },
			"MarkUnknown": func() error { return s.MarkUnknown(ctx, mark.ID, mark.Owner) },
			"Settle":      func() error { _, err := s.Settle(ctx, settle.ID, finding(settle, false)); return err },
		},
		reads: storeCalls{
			"Release":  func() error { return s.Release(ctx, drop.ID, drop.Owner) }, // frees memory, and so may succeed where writes do not
			"Get":      func() error { _, err := s.Get(ctx, settle.ID); return err },
			"Unknowns": func() error { _, _, err := s.Unknowns(ctx, idempotency.Cursor{}, 10); return err },
			"Sweep":    func() error { _, err := s.Sweep(ctx); return err },
			"Ready":    func() error { _, err := s.Ready(ctx); return err },
		},
	}
}

// fail checks that each call is unavailable soon enough.
func (calls storeCalls) fail(t *testing.T, why string) {
	t.Helper()
	for name, call := range calls {
		started := time.Now()
		err := call()
		if took := time.Since(started); !unavailable(err) || took > patienceFor(name) {
			t.Errorf("%s on a server that is %s: %v after %v", name, why, err, took)
		}
	}
}

// patienceFor is longer for calls that take several round trips; nobody's request waits for them.
func patienceFor(call string) time.Duration {
	if call == "Unknowns" || call == "Sweep" {
		return 2 * soonEnough
	}
	return soonEnough
}

// TestRedisOutOfMemoryStillReplaysAndReleases: neither needs memory.
func TestRedisOutOfMemoryStillReplaysAndReleases(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	done, held, freed := newClaim(), newClaim(), newClaim()
	again := freed
	again.Owner = "the next owner"
	if err := errors.Join(begin(t, s, done, true), s.Finish(t.Context(), done.ID, done.Owner, []byte("result")), begin(t, s, held, true),
		begin(t, s, freed, true), markAndSettle(s, false)(freed), begin(t, s, again, true)); err != nil {
		t.Fatal(err)
	}
	server.ConfigSet("maxmemory", "1")
	if r, acquired, err := s.Begin(t.Context(), done); err != nil || acquired || string(r.Result) != "result" {
		t.Errorf("replay: %+v, acquired %t, %v", r, acquired, err)
	}
	if err := s.Release(t.Context(), held.ID, held.Owner); err != nil {
		t.Errorf("release: %v", err)
	}
	if _, err := s.Get(t.Context(), held.ID); !errors.Is(err, idempotency.ErrNotFound) {
		t.Errorf("what was released: %v", err)
	}
	if err := s.Release(t.Context(), again.ID, again.Owner); err != nil {
		t.Errorf("release of what was freed before: %v", err)
	}
	wantState(t, s, freed, idempotency.Freed)
}

// TestRedisOutOfMemoryLeavesFreedRecordsWhole: a claim on one that is refused has changed nothing.
func TestRedisOutOfMemoryLeavesFreedRecordsWhole(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	c := newClaim()
	if err := errors.Join(begin(t, s, c, true), markAndSettle(s, false)(c)); err != nil {
		t.Fatal(err)
	}
	key := "sb:{" + c.ID[:2] + "}:" + c.ID
	before := server.Do("HGETALL", key)
	server.ConfigSet("maxmemory", "1")
	if _, acquired, err := s.Begin(t.Context(), c); !unavailable(err) || acquired {
		t.Errorf("acquired %t, %v", acquired, err)
	}
	if after := server.Do("HGETALL", key); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the record was %v and is %v", before, after)
	}
}

// TestRedisStartsWithoutServer: the proxy may be up before its store.
func TestRedisStartsWithoutServer(t *testing.T) {
	server := redistest.Start(t)
	server.Stop()
	s := openRedis(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	if _, _, err := s.Begin(t.Context(), newClaim()); !unavailable(err) {
		t.Errorf("Begin without a server: %v", err)
	}
	server.Restart()
	holds(t, s, newClaim())
}

// TestRedisConnectsWhenFirstUsed: not when it is made.
func TestRedisConnectsWhenFirstUsed(t *testing.T) {
	for _, addrs := range [][]string{{"127.0.0.1:1"}, {"127.0.0.1:1", "127.0.0.1:2"}} {
		w := &wire{}
		w.open(t, idempotency.RedisOptions{Addrs: addrs})
		if n := w.dials.Load(); n != 0 {
			t.Errorf("%v: %d connections", addrs, n)
		}
	}
}

// TestRedisKeepsTheCallersDeadline: with a server that hangs, and with one that cannot be connected to.
func TestRedisKeepsTheCallersDeadline(t *testing.T) {
	server := redistest.Start(t)
	s := openRedis(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	warm(t, s)
	server.Pause()
	for range 2 { // on a connection, and on the way to one
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		started := time.Now()
		_, _, err := s.Begin(ctx, newClaim())
		cancel()
		if took := time.Since(started); !unavailable(err) || took >= idempotency.RedisIOTime {
			t.Errorf("%v after %v", err, took)
		}
	}
}

// TestRedisScriptsComeBack: the server may lose its scripts at any time.
func TestRedisScriptsComeBack(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	lost := newClaim()
	lost.Lease = 0 // so that Sweep has something to do
	if err := begin(t, s, lost, true); err != nil {
		t.Fatal(err)
	}
	prepared := prepareCalls(t, s, s)
	maps.Copy(prepared.writes, prepared.reads)
	for name, call := range prepared.writes {
		server.Do("SCRIPT", "FLUSH")
		if name == "Ready" {
			continue // has no script
		}
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRedisFlushedWhileInFlight: nothing holds any more, and nobody is told otherwise.
func TestRedisFlushedWhileInFlight(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	c := newClaim()
	if err := begin(t, s, c, true); err != nil {
		t.Fatal(err)
	}
	server.Do("FLUSHALL")
	ctx := t.Context()
	_, getting := s.Get(ctx, c.ID)
	_, settling := s.Settle(ctx, c.ID, finding(c, true))
	_, _, listing := s.Unknowns(ctx, idempotency.Cursor{}, 10)
	_, sweeping := s.Sweep(ctx)
	for what, got := range map[string][2]error{
		"Finish":      {s.Finish(ctx, c.ID, c.Owner, []byte("result")), idempotency.ErrNotOwner},
		"MarkUnknown": {s.MarkUnknown(ctx, c.ID, c.Owner), idempotency.ErrNotOwner},
		"Release":     {s.Release(ctx, c.ID, c.Owner), nil},
		"Get":         {getting, idempotency.ErrNotFound},
		"Settle":      {settling, idempotency.ErrNotFound},
		"Unknowns":    {listing, nil},
		"Sweep":       {sweeping, nil},
	} {
		if !errors.Is(got[0], got[1]) {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}

// TestRedisLateBegin: a claim whose caller gave up reaches the server after all. Nobody holds it; it ends as an Unknown that is listed.
func TestRedisLateBegin(t *testing.T) {
	server := redistest.Start(t)
	o := idempotency.RedisOptions{Addrs: []string{server.Addr()}}
	s := openRedis(t, o)
	warm(t, s)
	c := newClaim()
	c.Lease = briefLease
	server.Pause()
	if _, acquired, err := s.Begin(t.Context(), c); !unavailable(err) || acquired {
		t.Fatalf("acquired %t, %v", acquired, err)
	}
	server.Continue() // and the server reads what has piled up
	s = openPatient(t, o)
	eventually(t, "the claim is listed as unknown", func() error {
		if _, err := s.Sweep(t.Context()); err != nil {
			return err
		}
		list, _, err := s.Unknowns(t.Context(), idempotency.Cursor{}, 10)
		if err != nil || len(list) != 1 || list[0].ID != c.ID {
			return fmt.Errorf("%v, %w", list, err)
		}
		return nil
	})
	rival := c
	rival.Owner = "rival"
	if err := begin(t, s, rival, false); err != nil {
		t.Error(err)
	}
	if err := s.Release(t.Context(), c.ID, c.Owner); err != nil { // by token, whenever it gets through
		t.Error(err)
	}
	if err := begin(t, s, rival, true); err != nil {
		t.Error(err)
	}
}

// TestRedisRestartKeepsRecords: a server with an append-only file synced at each write loses nothing that it has confirmed.
func TestRedisRestartKeepsRecords(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, idempotency.RedisOptions{Addrs: []string{server.Addr()}})
	ctx := t.Context()
	held, done, unknown, freed := newClaim(), newClaim(), newClaim(), newClaim()
	for _, c := range []idempotency.Claim{held, done, unknown, freed} {
		if err := begin(t, s, c, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Finish(ctx, done.ID, done.Owner, []byte("result")), s.MarkUnknown(ctx, unknown.ID, unknown.Owner),
		markAndSettle(s, false)(freed)); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(){server.Stop, server.Kill} {
		end()
		server.Restart()
		eventually(t, "the store answers", func() error { _, err := s.Get(ctx, held.ID); return err })
		wantState(t, s, held, idempotency.InFlight)
		wantState(t, s, done, idempotency.Done)
		wantState(t, s, unknown, idempotency.Unknown)
		wantState(t, s, freed, idempotency.Freed)
		if list, total, err := s.Unknowns(ctx, idempotency.Cursor{}, 10); err != nil || total != 1 || len(list) != 1 {
			t.Errorf("Unknowns: %v of %d, %v", list, total, err)
		}
	}
}

// TestRedisRepliesThatAreNone: what a server that cannot serve says, and what no server should say.
func TestRedisRepliesThatAreNone(t *testing.T) {
	for _, reply := range []string{
		"-LOADING Redis is loading the dataset in memory",
		"-CLUSTERDOWN The cluster is down",
		"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"-READONLY You can't write against a read only replica.",
		"-NOREPLICAS Not enough good replicas to write.",
		"-OOM command not allowed when used memory > 'maxmemory'.",
		"-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
		"-BUSY Redis is busy running a script.",
		"-TRYAGAIN Multiple keys request during rehashing of slot",
		"-MOVED 1 127.0.0.1:1",
		"-ASK 1 127.0.0.1:1",
		"-NOAUTH Authentication required.",
		"-WRONGPASS invalid username-password pair or user is disabled.",
		"-NOPERM this user has no permissions to run the 'evalsha' command",
		"-NOSCRIPT No matching script. Please use EVAL.",
		"-ERR max number of clients reached",
		"-ERR unknown command",
		"$-1",
		"*0",
		"*1\r\n$6\r\nstands",
		"*2\r\n$8\r\nacquired\r\n$9\r\nin_flight",
		":1",
		"+OK",
		"HTTP/1.1 400 Bad Request\r\n\r\n",
	} {
		t.Run(strings.Fields(reply)[0], func(t *testing.T) {
			for _, replicas := range []int{0, 1} {
				s := openRedis(t, idempotency.RedisOptions{Addrs: []string{stub(t, reply)}, WaitReplicas: replicas})
				started := time.Now()
				r, acquired, err := s.Begin(t.Context(), newClaim())
				if took := time.Since(started); acquired || !unavailable(err) || took > soonEnough {
					t.Errorf("Begin with %d replicas: %+v, acquired %t, %v after %v", replicas, r, acquired, err, took)
				}
				if _, err := s.Get(t.Context(), newClaim().ID); !unavailable(err) {
					t.Errorf("Get: %v", err)
				}
				if err := ready(t, s); !unavailable(err) {
					t.Errorf("Ready: %v", err)
				}
			}
		})
	}
}

// stub is a server that gives one reply to everything.
func stub(t *testing.T, reply string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAll(c, reply)
		}
	}()
	return l.Addr().String()
}

func answerAll(c net.Conn, reply string) {
	defer c.Close()
	for in := bufio.NewReader(c); ; {
		if err := skipCommand(in); err != nil {
			return
		}
		if _, err := io.WriteString(c, reply+"\r\n"); err != nil {
			return
		}
	}
}

// skipCommand reads an array of bulk strings, as which clients send commands.
func skipCommand(in *bufio.Reader) error {
	count, err := readLength(in)
	for range count {
		var size int
		if size, err = readLength(in); err != nil {
			return err
		}
		if _, err = in.Discard(size + len("\r\n")); err != nil {
			return err
		}
	}
	return err
}

func readLength(in *bufio.Reader) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.Trim(line, "*$\r\n"))
}
