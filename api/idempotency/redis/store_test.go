package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"soapbridge/api/idempotency"
	"soapbridge/api/idempotency/redis"
	"soapbridge/api/idempotency/redis/redistest"
	"soapbridge/api/idempotency/storetest"
)

const (
	// longLease does not pass during a test.
	longLease = time.Hour
	// briefLease passes during a test.
	briefLease = 50 * time.Millisecond
	// patience bounds every wait for an expected event.
	patience = 10 * time.Second
)

func TestBehaves(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	storetest.Run(t, func(t *testing.T, r idempotency.Retention) idempotency.Store {
		server.Do("FLUSHALL")
		return openPatient(t, redis.Options{Addrs: []string{server.Addr()}, Retention: r})
	})
}

// TestRoundTrips counts the round trips of each method.
func TestRoundTrips(t *testing.T) {
	server := redistest.Start(t)
	w := &wire{}
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}})
	c, dropped, unknown, settled := newClaim(), newClaim(), newClaim(), newClaim()
	ctx := t.Context()
	steps := []struct {
		name string
		want int64
		do   func() error
	}{
		{"claim", 1, func() error { return begin(t, s, c, true) }},
		{"finish", 1, func() error { return s.Finish(ctx, c.ID, c.Owner, []byte("result")) }},
		{"replay", 1, func() error { return begin(t, s, c, false) }},
		{"claim to drop", 1, func() error { return begin(t, s, dropped, true) }},
		{"release", 1, func() error { return s.Release(ctx, dropped.ID, dropped.Owner) }},
		{"claim to lose", 1, func() error { return begin(t, s, unknown, true) }},
		{"mark unknown", 1, func() error { return s.MarkUnknown(ctx, unknown.ID, unknown.Owner) }},
		{"get", 1, func() error { _, err := s.Get(ctx, unknown.ID); return err }},
		{"list", 2, func() error { _, _, err := s.Unknowns(ctx, idempotency.Cursor{}, 10); return err }},
		{"settle", 1, func() error {
			_, err := s.Settle(ctx, unknown.ID, finding(unknown, true))
			return err
		}},
		{"claim to let lapse", 1, func() error {
			settled.Lease = 0
			return begin(t, s, settled, true)
		}},
		{"sweep", 2, func() error { _, err := s.Sweep(ctx); return err }},
		{"sweep with nothing to do", 1, func() error { _, err := s.Sweep(ctx); return err }},
	}
	for _, loaded := range []bool{false, true} { // the first round loads the scripts
		for _, step := range steps {
			before := w.trips.Load()
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := w.trips.Load() - before; loaded && got != step.want {
				t.Errorf("%s took %d round trips, want %d", step.name, got, step.want)
			}
		}
		for _, again := range []*idempotency.Claim{&c, &dropped, &unknown, &settled} {
			*again = newClaim()
		}
	}
	if got := w.dials.Load(); got != 1 {
		t.Errorf("%d connections for one call at a time", got)
	}
}

// TestConnectsInOneRoundTrip: connecting takes time from the call that needs it.
func TestConnectsInOneRoundTrip(t *testing.T) {
	server := redistest.Start(t)
	w := &wire{}
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}})
	if _, err := s.Get(t.Context(), uuid.NewString()); !errors.Is(err, idempotency.ErrNotFound) {
		t.Fatal(err)
	}
	if got := w.trips.Load(); got != 3 { // HELLO, EVALSHA, EVAL
		t.Errorf("the first call took %d round trips, want 3", got)
	}
}

// TestRepeatedCommands: the server runs a command and the reply is lost; the client library repeats it on another connection.
func TestRepeatedCommands(t *testing.T) {
	for _, replicas := range []int{0, 1} {
		t.Run(fmt.Sprintf("%d replicas", replicas), func(t *testing.T) {
			server := redistest.Start(t)
			server.Replicate()
			w := &wire{}
			s := w.open(t, redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: replicas})
			warm(t, s)
			c, dropped, settled := newClaim(), newClaim(), newClaim()
			ctx := t.Context()
			for _, step := range []struct {
				name string
				do   func() error
			}{
				{"claim", func() error { return begin(t, s, c, true) }},
				{"finish", func() error { return s.Finish(ctx, c.ID, c.Owner, []byte("result")) }},
				{"replay", func() error { return begin(t, s, c, false) }},
				{"claim to drop", func() error { return begin(t, s, dropped, true) }},
				{"release", func() error { return s.Release(ctx, dropped.ID, dropped.Owner) }},
				{"claim to lose", func() error { return begin(t, s, settled, true) }},
				{"mark unknown", func() error { return s.MarkUnknown(ctx, settled.ID, settled.Owner) }},
				{"settle", func() error { _, err := s.Settle(ctx, settled.ID, finding(settled, false)); return err }},
				{"claim the freed key", func() error { return begin(t, s, settled, true) }},
				{"get", func() error { _, err := s.Get(ctx, settled.ID); return err }},
			} {
				server.Do("CONFIG", "RESETSTAT")
				w.lose.Store(1)
				if err := step.do(); err != nil {
					t.Fatalf("%s: %v", step.name, err)
				}
				if got := calls(server, "evalsha"); got != 2 {
					t.Errorf("%s ran %d times on the server, want 2", step.name, got)
				}
			}
			wantState(t, s, c, idempotency.Done)
			wantState(t, s, settled, idempotency.InFlight)
			if _, err := s.Get(ctx, dropped.ID); !errors.Is(err, idempotency.ErrNotFound) {
				t.Errorf("the released claim: %v", err)
			}
		})
	}
}

// TestRepeatsUnconfirmedClaim: when the reply to WAIT is lost, WAIT on another connection would confirm nothing. The claim is repeated
// there too.
func TestRepeatsUnconfirmedClaim(t *testing.T) {
	server := redistest.Start(t)
	server.Replicate()
	w := &wire{}
	s := w.open(t, redis.Options{Addrs: []string{server.Addr()}, WaitReplicas: 1})
	warm(t, s)
	server.Do("CONFIG", "RESETSTAT")
	w.lose.Store(2)
	holds(t, s, newClaim())
	if claims, waits := calls(server, "evalsha"), calls(server, "wait"); claims != 2 || waits != 2 {
		t.Errorf("%d claims and %d waits, want 2 of each", claims, waits)
	}
}

// TestLayout checks the contract with operators and other versions: keys, fields, sets and expiries, without any text of the request.
func TestLayout(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{
		Addrs: []string{server.Addr()}, Retention: idempotency.Retention{Done: 7 * 24 * time.Hour, Unknown: 30 * 24 * time.Hour},
	})
	ctx := t.Context()
	inFlight := []string{"caller", "deadline", "fingerprint", "operation", "owner", "sealing_key", "started", "state"}
	ended := with(inFlight, "ended")
	for _, row := range []struct {
		name         string
		do           func(c idempotency.Claim) error
		fields       []string
		open, listed bool
		keep         time.Duration
	}{
		{"in flight", func(idempotency.Claim) error { return nil }, inFlight, true, false, 30*24*time.Hour + longLease},
		{"done", func(c idempotency.Claim) error { return s.Finish(ctx, c.ID, c.Owner, []byte("r")) }, with(ended, "result"), false, false, 7 * 24 * time.Hour},
		{"unknown", func(c idempotency.Claim) error { return s.MarkUnknown(ctx, c.ID, c.Owner) }, ended, false, true, 30 * 24 * time.Hour},
		{"settled", markAndSettle(s, true), with(ended, "result", "settled"), false, false, 7 * 24 * time.Hour},
		{"freed", markAndSettle(s, false), with(ended, "settled"), false, false, 7 * 24 * time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClaim()
			if err := errors.Join(begin(t, s, c, true), row.do(c)); err != nil {
				t.Fatal(err)
			}
			shard := "sb:{" + c.ID[:2] + "}:"
			hash := texts(server.Do("HGETALL", shard+c.ID))
			var fields []string
			for pair := range slices.Chunk(hash, 2) {
				fields = append(fields, pair[0])
			}
			slices.Sort(fields)
			slices.Sort(row.fields)
			if !slices.Equal(fields, row.fields) {
				t.Errorf("fields %v, want %v", fields, row.fields)
			}
			if ttl, _ := server.Do("PTTL", shard+c.ID).(int64); time.Duration(ttl)*time.Millisecond > row.keep ||
				time.Duration(ttl)*time.Millisecond < row.keep-time.Minute {
				t.Errorf("kept for %v, want %v", time.Duration(ttl)*time.Millisecond, row.keep)
			}
			r, err := s.Get(ctx, c.ID)
			if err != nil {
				t.Fatal(err)
			}
			wantScore(t, server, shard+"open", c.ID, row.open, r.Deadline)
			wantScore(t, server, shard+"unknown", c.ID, row.listed, r.Started)
		})
	}
	for _, key := range texts(server.Do("KEYS", "*")) {
		if !strings.HasPrefix(key, "sb:{") {
			t.Errorf("a key outside the layout: %s", key)
		}
	}
}

func markAndSettle(s *redis.Store, executed bool) func(idempotency.Claim) error {
	return func(c idempotency.Claim) error {
		ctx := context.Background()
		err := s.MarkUnknown(ctx, c.ID, c.Owner)
		_, settling := s.Settle(ctx, c.ID, finding(c, executed))
		return errors.Join(err, settling)
	}
}

func wantScore(t *testing.T, server *redistest.Server, set, id string, member bool, at time.Time) {
	t.Helper()
	want := "<nil>"
	if member {
		want = fmt.Sprint(at.UnixMilli())
	}
	if got := fmt.Sprint(server.Do("ZSCORE", set, id)); got != want {
		t.Errorf("the score in %s is %s, want %s", set, got, want)
	}
}

// TestSweepRemovesExpiredRecords: an expired hash leaves its members in the sorted sets.
func TestSweepRemovesExpiredRecords(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{
		Addrs: []string{server.Addr()}, Retention: idempotency.Retention{Done: time.Hour, Unknown: 50 * time.Millisecond},
	})
	lapsed, marked, held := newClaim(), newClaim(), newClaim()
	lapsed.Lease = 0
	for _, c := range []idempotency.Claim{lapsed, marked, held} {
		if err := begin(t, s, c, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MarkUnknown(t.Context(), marked.ID, marked.Owner); err != nil {
		t.Fatal(err)
	}
	eventually(t, "only the held claim is in the sets", func() error {
		if _, err := s.Sweep(t.Context()); err != nil {
			return err
		}
		keys := slices.DeleteFunc(texts(server.Do("KEYS", "*")), func(key string) bool { return strings.HasSuffix(key, ":keys") })
		if len(keys) != 2 || !slices.Contains(keys, "sb:{"+held.ID[:2]+"}:open") {
			return fmt.Errorf("keys: %v", keys)
		}
		return nil
	})
	wantState(t, s, held, idempotency.InFlight)
}

// TestListsNoDeletedRecords: a record that was deleted by hand, or expired, is not listed, and takes no place in a page.
func TestListsNoDeletedRecords(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	var kept idempotency.Claim
	for i := range 20 {
		c := newClaim()
		if err := errors.Join(begin(t, s, c, true), s.MarkUnknown(t.Context(), c.ID, c.Owner)); err != nil {
			t.Fatal(err)
		}
		if kept = c; i < 19 {
			server.Do("DEL", "sb:{"+c.ID[:2]+"}:"+c.ID)
		}
	}
	eventually(t, "the remaining record is listed", func() error {
		list, total, err := s.Unknowns(t.Context(), idempotency.Cursor{}, 7)
		if err != nil || total != 1 || len(list) != 1 || list[0].ID != kept.ID {
			return fmt.Errorf("%d of %d, %w", len(list), total, err)
		}
		return nil
	})
}

// TestSweepIsBounded: one call does not block the server for a whole night's lost claims; the next calls handle the rest.
func TestSweepIsBounded(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	const lost = redis.DuePerSweep + 100
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range lost / 8 {
				c := newClaim()
				c.Lease = 0
				if err := begin(t, s, c, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	total := 0
	for total < lost/8*8 {
		n, err := s.Sweep(t.Context())
		if err != nil || n == 0 {
			t.Fatalf("Sweep turned %d, %v, with %d of %d turned before", n, err, total, lost)
		}
		if n > redis.DuePerSweep {
			t.Errorf("one call turned %d records", n)
		}
		total += n
	}
	if _, listed, err := s.Unknowns(t.Context(), idempotency.Cursor{}, 0); err != nil || listed != total {
		t.Errorf("%d unknowns, %v, want %d", listed, err, total)
	}
}

// TestAcceptsOnlyOperationIDs: an id comes from a path of the API, and could be the name of a set.
func TestAcceptsOnlyOperationIDs(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	ctx := t.Context()
	canonical := uuid.NewString()
	for _, id := range []string{"", "a", "open", "unknown", "}{", "{" + canonical + "}", "urn:uuid:" + canonical, strings.ReplaceAll(canonical, "-", ""), strings.Repeat("g", 36)} {
		c := newClaim()
		c.ID = id
		if _, _, err := s.Begin(ctx, c); !unavailable(err) {
			t.Errorf("Begin %q: %v", id, err)
		}
		_, getting := s.Get(ctx, id)
		_, settling := s.Settle(ctx, id, idempotency.Settlement{})
		for what, got := range map[string][2]error{
			"Get":         {getting, idempotency.ErrNotFound},
			"Settle":      {settling, idempotency.ErrNotFound},
			"Finish":      {s.Finish(ctx, id, "", nil), idempotency.ErrNotOwner},
			"MarkUnknown": {s.MarkUnknown(ctx, id, ""), idempotency.ErrNotOwner},
			"Release":     {s.Release(ctx, id, ""), nil},
		} {
			if !errors.Is(got[0], got[1]) {
				t.Errorf("%s %q: %v, want %v", what, id, got[0], got[1])
			}
		}
	}
	if keys := texts(server.Do("KEYS", "*")); len(keys) != 0 {
		t.Errorf("keys: %v", keys)
	}
}

// TestDamagedRecord: an unreadable record is neither a result nor a free key.
func TestDamagedRecord(t *testing.T) {
	server := redistest.Start(t)
	s := openPatient(t, redis.Options{Addrs: []string{server.Addr()}})
	for name, spoil := range map[string]func(key string){
		"a state of a later version":  func(key string) { server.Do("HSET", key, "state", "paused") },
		"no start":                    func(key string) { server.Do("HDEL", key, "started") },
		"no deadline":                 func(key string) { server.Do("HDEL", key, "deadline") },
		"an end that is not a number": func(key string) { server.Do("HSET", key, "ended", "yesterday") },
		"another type than hash": func(key string) {
			server.Do("DEL", key)
			server.Do("SET", key, "text")
		},
	} {
		c := newClaim()
		if err := begin(t, s, c, true); err != nil {
			t.Fatal(err)
		}
		spoil("sb:{" + c.ID[:2] + "}:" + c.ID)
		rival := c
		rival.Owner = uuid.NewString()
		_, acquired, beginning := s.Begin(t.Context(), rival)
		_, getting := s.Get(t.Context(), c.ID)
		if acquired || !unavailable(beginning) || !unavailable(getting) {
			t.Errorf("%s: acquired %t, %v, %v", name, acquired, beginning, getting)
		}
	}
}

// TestLeavesNothingRunning: not after use, and not after a server was down.
func TestLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := redistest.Start(t)
	s := redis.New(quietly(redis.Options{Addrs: []string{server.Addr()}}))
	warm(t, s)
	server.Kill()
	if _, _, err := s.Begin(t.Context(), newClaim()); !unavailable(err) {
		t.Errorf("Begin on a dead server: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, before)
}

// TestLogsNoSecrets: go-redis logs through the store's logger, and neither the log nor an error contains the password.
func TestLogsNoSecrets(t *testing.T) {
	const password = "the-planted-password"
	server := redistest.Start(t)
	server.Do("ACL", "SETUSER", "bridge", "on", ">something-else", "~*", "+@all")
	var out syncBuffer
	log := jsonLog(&out)
	s := open(t, redis.Options{Addrs: []string{server.Addr()}, Username: "bridge", Password: password, Log: log})
	_, _, err := s.Begin(t.Context(), newClaim())
	if !unavailable(err) {
		t.Fatalf("Begin with a wrong password: %v", err)
	}
	server.Stop()
	_, _, down := s.Begin(t.Context(), newClaim())
	if !unavailable(down) {
		t.Fatalf("Begin without a server: %v", down)
	}
	eventually(t, "the failed dial is logged", func() error {
		if !strings.Contains(out.String(), server.Addr()) {
			return errors.New(out.String())
		}
		return nil
	})
	for what, text := range map[string]string{"the log": out.String(), "an error": err.Error() + down.Error(), "a dump": fmt.Sprintf("%+v", s)} {
		if strings.Contains(text, password) {
			t.Errorf("%s contains the password: %s", what, text)
		}
	}
}

// TestAsLeastUser runs as the user in the documentation of Store, in a database of its own.
func TestAsLeastUser(t *testing.T) {
	server := redistest.Start(t)
	server.Do("ACL", "SETUSER", "soapbridge", "on", ">secret", "~sb:*", "+eval", "+evalsha", "+time", "+hmget", "+hset", "+hdel", "+del", "+pexpire",
		"+zadd", "+zrem", "+zrangebyscore", "+zcard", "+get", "+set", "+info", "+wait", "+select", "+cluster|slots", "+cluster|info")
	o := redis.Options{Addrs: []string{server.Addr()}, Username: "soapbridge", Password: "secret", DB: 3}
	callEveryMethod(t, openPatient(t, o))
	if keyspace := fmt.Sprint(server.Do("INFO", "keyspace")); !strings.Contains(keyspace, "db3:") || strings.Contains(keyspace, "db0:") {
		t.Errorf("the records are not in database 3: %s", keyspace)
	}
	server.Replicate()
	o.WaitReplicas = 1
	callEveryMethod(t, openPatient(t, o))
}

func TestOverTLS(t *testing.T) {
	_, addr, config := redistest.StartTLS(t)
	callEveryMethod(t, openPatient(t, redis.Options{Addrs: []string{addr}, TLS: config}))
	s := openPatient(t, redis.Options{Addrs: []string{addr}})
	if _, _, err := s.Begin(t.Context(), newClaim()); !unavailable(err) {
		t.Errorf("without TLS: %v", err)
	}
	config = config.Clone()
	config.RootCAs = nil
	s = openPatient(t, redis.Options{Addrs: []string{addr}, TLS: config})
	if _, _, err := s.Begin(t.Context(), newClaim()); !unavailable(err) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without trust: %v", err)
	}
}
