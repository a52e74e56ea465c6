package redis_test

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
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
)

// soonEnough is a second, and another one for a busy machine.
const soonEnough = 2 * time.Second

// TestFailsClosed breaks a real server in every way, and fixes it. While it is broken no write succeeds and no call waits long; afterwards
// the same store works again and has its records.
func TestFailsClosed(t *testing.T) {
	for _, fault := range []struct {
		name       string
		breaks     func(s *redistest.Server)
		fixes      func(s *redistest.Server)
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
			o := redis.Options{Addrs: []string{server.Addr()}}
			s, other := open(t, o), openPatient(t, o)
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
			fault.fixes(server)
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

// storeCalls are calls of methods that have an effect, by name.
type storeCalls map[string]func() error

// prepared are calls, each with a record made for it.
type prepared struct{ writes, reads storeCalls }

// prepareCalls makes the records with one store, for calls of another.
func prepareCalls(t *testing.T, s, other *redis.Store) prepared {
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

func callsOn(ctx context.Context, s *redis.Store, absent, finish, mark, settle, drop idempotency.Claim) prepared {
	return prepared{
		writes: storeCalls{
			"Begin":       func() error { _, _, err := s.Begin(ctx, absent); return err },
			"Finish":      func() error { return s.Finish(ctx, finish.ID, finish.Owner, []byte("result")) },
			"MarkUnknown": func() error { return s.MarkUnknown(ctx, mark.ID, mark.Owner) },
			"Settle":      func() error { _, err := s.Settle(ctx, settle.ID, finding(settle, false)); return err },
		},
		reads: storeCalls{
			"Release":  func() error { return s.Release(ctx, drop.ID, drop.Owner) }, // frees memory, so it may succeed when writes do not
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

// patienceFor is longer for calls that take several round trips; no request waits for them.
func patienceFor(call string) time.Duration {
	if call == "Unknowns" || call == "Sweep" {
		return 2 * soonEnough
	}
	return soonEnough
}

// TestOutOfMemoryStillReplaysAndReleases: neither needs memory.
func TestOutOfMemoryStillReplaysAndReleases(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
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
		t.Errorf("the released record: %v", err)
	}
	if err := s.Release(t.Context(), again.ID, again.Owner); err != nil {
		t.Errorf("release of a claim on a freed record: %v", err)
	}
	wantState(t, s, freed, idempotency.Freed)
}

// TestOutOfMemoryLeavesFreedRecordsWhole: a refused claim on a freed record changes nothing.
func TestOutOfMemoryLeavesFreedRecordsWhole(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
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
		t.Errorf("the record changed from %v to %v", before, after)
	}
}

// TestStartsWithoutServer: the proxy may start before its store.
func TestStartsWithoutServer(t *testing.T) {
	server := redistest.Start(t)
	server.Stop()
	s := open(t, redis.Options{Addrs: []string{server.Addr()}})
	if _, _, err := s.Begin(t.Context(), newClaim()); !unavailable(err) {
		t.Errorf("Begin without a server: %v", err)
	}
	server.Restart()
	holds(t, s, newClaim())
}

// TestConnectsWhenFirstUsed: New makes no connection.
func TestConnectsWhenFirstUsed(t *testing.T) {
	for _, addrs := range [][]string{{"127.0.0.1:1"}, {"127.0.0.1:1", "127.0.0.1:2"}} {
		w := &wire{}
		w.open(t, redis.Options{Addrs: addrs})
		if n := w.dials.Load(); n != 0 {
			t.Errorf("%v: %d connections", addrs, n)
		}
	}
}

// TestKeepsTheCallersDeadline: on a server that hangs, connected or not.
func TestKeepsTheCallersDeadline(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, redis.Options{Addrs: []string{server.Addr()}})
	warm(t, s)
	server.Pause()
	for range 2 { // on a connection, and while connecting
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		started := time.Now()
		_, _, err := s.Begin(ctx, newClaim())
		cancel()
		if took := time.Since(started); !unavailable(err) || took >= redis.IOTime {
			t.Errorf("%v after %v", err, took)
		}
	}
}

// TestReloadsScripts: the server may lose its scripts at any time.
func TestReloadsScripts(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
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

// TestFlushedWhileInFlight: no claim is held any more, and no call succeeds as if it were.
func TestFlushedWhileInFlight(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
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

// TestLateBegin: a claim reaches the server after its caller gave up. No call holds it; it becomes Unknown and is listed.
func TestLateBegin(t *testing.T) {
	server := redistest.Start(t)
	o := redis.Options{Addrs: []string{server.Addr()}}
	s := open(t, o)
	warm(t, s)
	c := newClaim()
	c.Lease = briefLease
	server.Pause()
	if _, acquired, err := s.Begin(t.Context(), c); !unavailable(err) || acquired {
		t.Fatalf("acquired %t, %v", acquired, err)
	}
	server.Continue() // and the server reads the delayed claim
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
	if err := s.Release(t.Context(), c.ID, c.Owner); err != nil { // by its token, however late
		t.Error(err)
	}
	if err := begin(t, s, rival, true); err != nil {
		t.Error(err)
	}
}

// TestRestartKeepsRecords: a server that syncs its append-only file at each write loses no confirmed record.
func TestRestartKeepsRecords(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
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

// TestUnusableReplies: errors of a server that cannot serve, and replies that no server should send.
func TestUnusableReplies(t *testing.T) {
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
				s := open(t, redis.Options{Addrs: []string{stub(t, reply)}, WaitReplicas: replicas})
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

// stub starts a server that sends one reply to every command.
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

// skipCommand reads a command: an array of bulk strings.
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
