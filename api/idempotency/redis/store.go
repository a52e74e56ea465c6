// Package redis is the idempotency.Store that several processes share.
package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
)

// Store is an idempotency.Store for many processes.
//
// A record is a hash sb:{bb}:<id>, where bb are the first two digits of the id. The sorted sets sb:{bb}:open and sb:{bb}:unknown list the
// records in flight by deadline and the Unknowns by start. The hash sb:{bb}:keys says which keys made the records of the shard: see
// shardChecks. The braces keep the four in one slot of a cluster. Records expire with their retention; Sweep removes what they leave behind
// in the sets. Times are milliseconds since 1970 by the server's clock.
//
// Server: Redis 5 or later, or one that speaks its protocol, with maxmemory-policy noeviction (else Begin fails, from the next Ready on), an
// append-only file, and where records must outlive a machine, replicas and WaitReplicas. A user with the fewest permissions:
//
//	ACL SETUSER soapbridge on >PASSWORD ~sb:* +eval +evalsha +time +hmget +hset +hdel +del +pexpire +zadd +zrem +zrangebyscore
//	  +zcard +get +set +info +wait +select +cluster|slots +cluster|info
//
// It fails closed: when the server does not answer, or does not write, a call is *Unavailable within a second (Sweep and Unknowns: within
// three), and the next call tries again.
//
// A cluster that moves slots answers ASK and TRYAGAIN for the keys that it moves; claims on them fail until they have arrived.
type Store struct {
	client    goredis.UniversalClient
	cluster   *goredis.ClusterClient // the client of a cluster, else nil
	single    *goredis.Client        // the client of one server, else nil
	timing    timing
	retention idempotency.Retention
	replicas  int
	log       *slog.Logger
	guard     *guard.Guard
	file      sync.Once // warns that the server keeps no file, or not at once
	checks    *shardChecks
	run       runScript
	// evicts refuses claims: a record that a server drops by itself could not refuse its repetition. Ready sets it, and takes it back.
	evicts atomic.Pointer[evicting]
}

var _ idempotency.Store = (*Store)(nil)

// New returns a store that connects when it is first used, so that the program starts although a server is down.
func New(o Options) *Store {
	goredis.SetLogger(clientLog{o.Log})
	return newStore(o, o.universal(defaultTiming), defaultTiming)
}

func newStore(o Options, u *goredis.UniversalOptions, t timing) *Store {
	s := &Store{timing: t, retention: o.Retention.OrDefault(), replicas: o.WaitReplicas, log: o.Log, guard: o.Guard, checks: newShardChecks(o.Checks)}
	s.client = newClient(u, t)
	s.single, _ = s.client.(*goredis.Client)
	s.cluster, _ = s.client.(*goredis.ClusterClient)
	if s.run = onClient(s.client); s.single != nil {
		s.run = (&batches{client: s.single, patience: t.io, guard: s.guard}).run
	}
	return s
}

// newClient returns a *goredis.ClusterClient for a cluster, else a *goredis.Client.
func newClient(u *goredis.UniversalOptions, t timing) goredis.UniversalClient {
	switch {
	case u.MasterName != "":
		return goredis.NewFailoverClient(u.Failover())
	case len(u.Addrs) > 1:
		return goredis.NewClusterClient(clusterOptions(u, t))
	}
	return goredis.NewClient(u.Simple())
}

// runScript runs a script: EVALSHA, and EVAL when the server is new, restarted or flushed and does not have it.
type runScript func(ctx context.Context, script *goredis.Script, keys []string, args []any) *goredis.Cmd

func onClient(client goredis.Scripter) runScript {
	return func(ctx context.Context, script *goredis.Script, keys []string, args []any) *goredis.Cmd {
		return script.Run(ctx, client, keys, args...)
	}
}

// Begin implements idempotency.Store. It takes one round trip, and a second one when replicas must confirm a new claim. The first one of a
// process in a day takes a few more. *Unavailable may wrap a *Mismatch.
func (s *Store) Begin(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.call)
	defer cancel()
	if !idempotency.ValidID(c.ID) {
		return idempotency.Record{}, false, &idempotency.Unavailable{Err: fmt.Errorf("%q is not an operation id", c.ID)}
	}
	if e := s.evicts.Load(); e != nil {
		return idempotency.Record{}, false, &idempotency.Unavailable{Err: unsent(e)}
	}
	if err := s.join(ctx, shardOf(c.ID)); err != nil {
		return idempotency.Record{}, false, s.unavailable(ctx, unsent(err))
	}
	if s.replicas > 0 {
		return s.beginConfirmed(ctx, c)
	}
	return s.begin(ctx, s.run, c)
}

func (s *Store) begin(ctx context.Context, run runScript, c idempotency.Claim) (idempotency.Record, bool, error) {
	lease := c.Lease.Milliseconds()
	args := []any{c.Owner, lease, addMillis(lease, s.retention.Unknown), c.Caller, c.Operation, c.Fingerprint, c.SealingKey}
	word, r, err := s.call(ctx, run, scriptBegin, c.ID, append(args, s.checks.expected(shardOf(c.ID))...)...)
	if word != wordAcquired {
		return r, false, err
	}
	r.ID, r.State, r.Caller, r.Operation, r.Fingerprint = c.ID, idempotency.InFlight, c.Caller, c.Operation, c.Fingerprint
	r.SealingKey, r.Attempt = c.SealingKey, idempotency.AttemptOf(c.Owner)
	return r, true, nil
}

// addMillis keeps the sum small enough for the server to add its clock.
func addMillis(ms int64, d time.Duration) int64 { return min(ms+d.Milliseconds(), 1<<53) }

// beginConfirmed begins and waits for replicas on one connection, since WAIT is about what its own connection wrote. When the connection
// breaks, or the slot has moved, both are repeated elsewhere; the library repeats neither for a connection that was taken out of its pool.
func (s *Store) beginConfirmed(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
	for attempt := 1; ; attempt++ {
		r, acquired, err := s.beginOnce(ctx, c)
		if !lostServer(err) || attempt > pinnedRetries || !sleep(ctx, minBackoff<<attempt) {
			return r, acquired, err
		}
	}
}

func (s *Store) beginOnce(ctx context.Context, c idempotency.Claim) (idempotency.Record, bool, error) {
	node, err := s.node(ctx, recordKey(c.ID))
	if err != nil {
		return idempotency.Record{}, false, s.unavailable(ctx, err)
	}
	conn := node.Conn()
	defer func() { _ = conn.Close() }() // returns it to the pool
	r, acquired, err := s.begin(ctx, onClient(conn), c)
	if err != nil || !acquired {
		return r, false, err
	}
	if err := s.confirm(ctx, conn); err != nil {
		return idempotency.Record{}, false, err
	}
	return r, true, nil
}

// node returns the server that has the key.
func (s *Store) node(ctx context.Context, key string) (*goredis.Client, error) {
	if s.cluster != nil {
		return s.cluster.MasterForKey(ctx, key)
	}
	return s.single, nil
}

// confirm fails unless enough replicas have what the connection has written. A Conn ends with its connection, so that the library, which
// repeats WAIT too, cannot do so on another one.
func (s *Store) confirm(ctx context.Context, conn *goredis.Conn) error {
	got, err := conn.Wait(ctx, s.replicas, s.timing.replicas).Result()
	if err != nil {
		return s.unavailable(ctx, err)
	}
	if got < int64(s.replicas) {
		return &idempotency.Unavailable{Err: unconfirmed{got: got, want: s.replicas, within: s.timing.replicas}}
	}
	return nil
}

type unconfirmed struct {
	got    int64
	want   int
	within time.Duration
}

func (u unconfirmed) Error() string {
	return fmt.Sprintf("%d of %d replicas have confirmed the claim within %v", u.got, u.want, u.within)
}

// lostServer reports whether no server has answered, or another one should have been asked.
func lostServer(err error) bool {
	if err == nil || errors.Is(err, goredis.ErrClosed) || errors.Is(err, context.Canceled) || errors.As(err, new(*idempotency.Mismatch)) ||
		errors.As(err, new(unconfirmed)) {
		return false
	}
	var answered goredis.Error
	_, moved := goredis.IsMovedError(err)
	return moved || !errors.As(err, &answered)
}

// sleep reports whether the context outlasted the pause.
func sleep(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Finish implements idempotency.Store, in one round trip.
func (s *Store) Finish(ctx context.Context, id, owner string, result []byte) error {
	return s.end(ctx, scriptFinish, id, owner, result)
}

// Release implements idempotency.Store, in one round trip. It also works on a server that is out of memory.
func (s *Store) Release(ctx context.Context, id, owner string) error {
	return s.release(ctx, scriptRelease, id, owner)
}

// Withdraw implements idempotency.Store, in one round trip. For a minute, a Begin that arrives later fails. It also works on a server that is out
// of memory.
func (s *Store) Withdraw(ctx context.Context, id, owner string) error {
	return s.release(ctx, scriptWithdraw, id, owner)
}

func (s *Store) release(ctx context.Context, script *goredis.Script, id, owner string) error {
	err := s.end(ctx, script, id, owner)
	if errors.Is(err, idempotency.ErrNotOwner) { // of an id that no record can have
		return nil
	}
	return err
}

// MarkUnknown implements idempotency.Store, in one round trip.
func (s *Store) MarkUnknown(ctx context.Context, id, owner string) error {
	return s.end(ctx, scriptMarkUnknown, id, owner)
}

func (s *Store) end(ctx context.Context, script *goredis.Script, id string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timing.call)
	defer cancel()
	word, _, err := s.call(ctx, s.run, script, id, args...)
	if err == nil && word != wordDone {
		return idempotency.ErrNotOwner
	}
	return err
}

// Get implements idempotency.Store, in one round trip.
func (s *Store) Get(ctx context.Context, id string) (idempotency.Record, error) {
	return s.read(ctx, scriptGet, id)
}

// Settle implements idempotency.Store, in one round trip. A process that has not seen the checks of the record's shard compares them first:
// a result that was sealed with another key under the same id could never be opened.
func (s *Store) Settle(ctx context.Context, id string, f idempotency.Settlement) (idempotency.Record, error) {
	if idempotency.ValidID(id) && s.checks.seen(shardOf(id)) == "" {
		if err := s.look(ctx, shardOf(id)); err != nil {
			return idempotency.Record{}, s.unavailable(ctx, err)
		}
	}
	if f.Executed {
		return s.read(ctx, scriptSettle, id, string(idempotency.Done), f.Attempt, f.Result)
	}
	return s.read(ctx, scriptSettle, id, string(idempotency.Freed), f.Attempt)
}

func (s *Store) read(ctx context.Context, script *goredis.Script, id string, args ...any) (idempotency.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.call)
	defer cancel()
	word, r, err := s.call(ctx, s.run, script, id, args...)
	switch {
	case err != nil:
		return idempotency.Record{}, err
	case word == wordNone:
		return idempotency.Record{}, idempotency.ErrNotFound
	case word == wordOther:
		return idempotency.Record{}, idempotency.ErrOtherAttempt
	case word == wordRefused:
		return idempotency.Record{}, idempotency.ErrNotUnknown
	}
	return r, nil
}

// call runs a script about one record. An id that is not a UUID has no record; it might be the name of a set.
func (s *Store) call(ctx context.Context, run runScript, script *goredis.Script, id string, args ...any) (string, idempotency.Record, error) {
	if !idempotency.ValidID(id) {
		return wordNone, idempotency.Record{}, nil
	}
	keys := keysOf(id)
	if script == scriptBegin || script == scriptWithdraw {
		keys = append(keys, lateKey(id, args[0].(string))) //nolint:forcetypeassert // the owner is their first argument
	}
	answer, err := run(ctx, script, keys, s.scriptArgs(id, args...)).Slice()
	if err != nil {
		return "", idempotency.Record{}, s.unavailable(ctx, err)
	}
	word, r, err := readAnswer(id, answer)
	if err != nil {
		return "", idempotency.Record{}, &idempotency.Unavailable{Err: err}
	}
	return word, r, nil
}

func (s *Store) scriptArgs(id string, args ...any) []any {
	return append([]any{id, s.retention.Done.Milliseconds(), s.retention.Unknown.Milliseconds()}, args...)
}

// unavailable wraps an error, and asks a cluster for its masters again when one of them does not answer: by itself the client does that
// only on redirections, and would ask a dead master until its view of the cluster is out of date
// (https://github.com/redis/go-redis/issues/3979).
func (s *Store) unavailable(ctx context.Context, err error) error {
	if s.cluster != nil && lostServer(err) {
		s.cluster.ReloadState(ctx)
	}
	return &idempotency.Unavailable{Err: err}
}

// PoolStats is what is known of the connections to a Redis.
type PoolStats = goredis.PoolStats

// PoolStats returns what is known of the store's connections.
func (s *Store) PoolStats() *PoolStats { return s.client.PoolStats() }

// Close implements idempotency.Store. A second call does nothing.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, goredis.ErrClosed) {
		return err
	}
	return nil
}
