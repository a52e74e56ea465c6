package idempotency

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisTimes bound what calls take.
type redisTimes struct {
	// call bounds a call about one record, retries, connecting and waiting for replicas included.
	call time.Duration
	// list bounds Sweep and Unknowns, which take several round trips.
	list time.Duration
	// ready bounds Ready.
	ready time.Duration
	// dial, io and pool bound connecting, each read or write, and waiting for a connection.
	dial, io, pool time.Duration
	// replicas is how long a claim waits for them.
	replicas time.Duration
	// topology is after what time the nodes of a cluster are asked again who they are.
	topology time.Duration
}

// redisDefaults end a call within a second where the store does not answer.
var redisDefaults = redisTimes{
	call: CallTimeout, list: 3 * time.Second, ready: 300 * time.Millisecond,
	dial: 300 * time.Millisecond, io: 400 * time.Millisecond, pool: 500 * time.Millisecond, replicas: 300 * time.Millisecond,
	topology: 5 * time.Second,
}

const (
	// redisRetries is how often a command is repeated, redisMinBackoff and redisMaxBackoff how long the pause before that is.
	redisRetries    = 2
	redisMinBackoff = 8 * time.Millisecond
	redisMaxBackoff = 64 * time.Millisecond
	// redisPinnedRetries is the same for claims that replicas must confirm, with pauses that double. It is enough for a cluster client to
	// learn of a moved slot.
	redisPinnedRetries = 5
	// redisConnections is how many calls may be on their way to a server at once. By default up to 96 calls of upstreams are; claims that wait
	// for replicas must not keep their results from being stored.
	redisConnections = 128
)

// RedisOptions say where the records are and how they are kept.
type RedisOptions struct {
	// Addrs are host:port of one server, of several nodes of one cluster, or of the Sentinels that know Master.
	Addrs []string
	// Master is the name of the master that the Sentinels watch; empty without Sentinel.
	Master string
	// Username and Password log in to the servers, not to the Sentinels. The password is a secret: it goes to go-redis and nowhere else.
	Username string
	Password string
	// DB is the number of the database, 0 for a cluster.
	DB int
	// TLS is how servers and Sentinels are spoken to; nil means in plain. Without a ServerName the address is verified.
	TLS *tls.Config
	// Each Retention is at least 1 ms; 0 means its default.
	Retention Retention
	// WaitReplicas is how many replicas must confirm a claim before it holds. A server that fails over to a replica which did not see a
	// claim frees its key, although it may have been used.
	WaitReplicas int
	// Checks are those of the vault that makes the records: every process that uses the store must have the same keys.
	Checks KeyChecks
	// Log defaults to slog.Default(). What go-redis says goes there too, at level debug, from all clients in the process: it has one logger.
	Log *slog.Logger
}

// Redis is a Store for many processes.
//
// A record is a hash sb:{bb}:<id>, where bb are the first two digits of the id. The sorted sets sb:{bb}:open and sb:{bb}:unknown list the
// records in flight by deadline and the Unknowns by start. The hash sb:{bb}:keys says whose records these are: see shardChecks. The braces
// keep the four in one slot of a cluster. Records expire with their retention; what they leave behind in the sets is removed by Sweep. Times
// are milliseconds since 1970 by the server's clock.
//
// Server: Redis 5 or later or what speaks its protocol, with maxmemory-policy noeviction (Ready checks it), an append-only file, and where
// records must outlive a machine, replicas and WaitReplicas. A user that may do no more than it takes:
//
//	ACL SETUSER soapbridge on >PASSWORD ~sb:* +eval +evalsha +time +hmget +hset +hdel +del +pexpire +zadd +zrem +zrangebyscore
//	  +zcard +info +wait +select +cluster|slots +cluster|info
//
// It fails closed: whatever keeps the server from answering, or from writing, is *Unavailable, within a second (Sweep and Unknowns: within
// three), and the next call tries again. A Begin that failed may still reach the server later, even after the Release that its caller sends for it. No call then holds that
// claim: with its lease it becomes Unknown, as the promise allows where a release was not confirmed.
//
// A cluster that moves slots answers ASK and TRYAGAIN for the keys on their way; claims on them fail until they have arrived.
type Redis struct {
	client    redis.UniversalClient
	cluster   *redis.ClusterClient // the client, when it is one
	single    *redis.Client        // the client, when it is one
	times     redisTimes
	retention Retention
	replicas  int
	log       *slog.Logger
	noFile    sync.Once // warns that the server keeps no file
	checks    *shardChecks
}

var _ Store = (*Redis)(nil)

// NewRedis returns a store that connects when it is used first: the program starts although a server is down. Errors are wrong options.
func NewRedis(o RedisOptions) (*Redis, error) {
	o, err := o.complete()
	if err != nil {
		return nil, fmt.Errorf("idempotency: %w", err)
	}
	redis.SetLogger(redisLog{o.Log})
	return newRedis(o, o.universal(redisDefaults), redisDefaults), nil
}

func newRedis(o RedisOptions, u *redis.UniversalOptions, times redisTimes) *Redis {
	s := &Redis{times: times, retention: o.Retention, replicas: o.WaitReplicas, log: o.Log, checks: newShardChecks(o.Checks)}
	switch {
	case o.Master != "":
		s.single = redis.NewFailoverClient(u.Failover())
		s.client = s.single
	case len(o.Addrs) > 1:
		s.cluster = redis.NewClusterClient(clusterOptions(u, times))
		s.client = s.cluster
	default:
		s.single = redis.NewClient(u.Simple())
		s.client = s.single
	}
	return s
}

// complete fills in the defaults and checks what it was given.
func (o RedisOptions) complete() (RedisOptions, error) {
	o.Retention = o.Retention.orDefault()
	o.Log = cmp.Or(o.Log, slog.Default())
	switch {
	case len(o.Addrs) == 0 || slices.Contains(o.Addrs, ""):
		return o, errors.New("redis needs an address")
	case o.DB < 0 || o.DB > 0 && o.Master == "" && len(o.Addrs) > 1:
		return o, fmt.Errorf("there is no redis database %d; a cluster has database 0 only", o.DB)
	case o.WaitReplicas < 0:
		return o, fmt.Errorf("%d replicas cannot confirm anything", o.WaitReplicas)
	case o.Retention.Done < time.Millisecond || o.Retention.Unknown < time.Millisecond:
		return o, errors.New("a retention is at least 1 ms") // Redis counts in milliseconds, and an expiry of 0 deletes
	}
	return o, nil
}

// universal are the options common to every kind of client.
func (o RedisOptions) universal(times redisTimes) *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs:      o.Addrs,
		MasterName: o.Master,
		Username:   o.Username,
		Password:   o.Password,
		DB:         o.DB,
		TLSConfig:  o.TLS,

		// Without this, deadlines of contexts bound the waiting for a connection and not what is read and written on it.
		ContextTimeoutEnabled: true,
		DialTimeout:           times.dial,
		ReadTimeout:           times.io,
		WriteTimeout:          times.io,
		PoolTimeout:           times.pool,
		PoolSize:              redisConnections,
		MaxRetries:            redisRetries, // the library repeats on lost replies too: the scripts bear it
		MinRetryBackoff:       redisMinBackoff,
		MaxRetryBackoff:       redisMaxBackoff,
		// The library dials outside the caller's context and would go on, five times, while it keeps the place in the pool.
		DialerRetries: 1,
		// Sweep and Unknowns are too rare for connections of their own.
		PipelinePoolSize: -1,

		// RESP3 brings pushed messages, maintenance notices among them, for which the library looks before each command. By default a new
		// connection also tells who we are: one more round trip before the call that needs it.
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func clusterOptions(u *redis.UniversalOptions, times redisTimes) *redis.ClusterOptions {
	c := u.Cluster()
	c.MaxRetries = -1 // the cluster client has its own loop around the nodes' clients: MaxRedirects, 3 by default
	// With routing policies, the first command fetches a table of all commands, outside the caller's context and for up to 5 seconds.
	c.DisableRoutingPolicies = true
	c.ClusterStateReloadInterval = times.topology
	return c
}

// redisLog is where go-redis logs: a line for each failed dial, addresses and reasons, no commands.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "redis client", "message", fmt.Sprintf(format, v...))
	}
}

// Begin implements Store. It takes one round trip, and a second one when replicas must confirm a new claim; the first one of a process in a
// day takes a few more. *Unavailable may hold a *Mismatch.
func (s *Redis) Begin(ctx context.Context, c Claim) (Record, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.call)
	defer cancel()
	if !ValidID(c.ID) {
		return Record{}, false, &Unavailable{fmt.Errorf("%q is no operation id", c.ID)}
	}
	if err := s.join(ctx, shardOf(c.ID)); err != nil {
		return Record{}, false, s.unavailable(ctx, err)
	}
	if s.replicas > 0 {
		return s.beginConfirmed(ctx, c)
	}
	return s.begin(ctx, s.client, c)
}

func (s *Redis) begin(ctx context.Context, on redis.Scripter, c Claim) (Record, bool, error) {
	lease := c.Lease.Milliseconds()
	args := []any{c.Owner, lease, addMillis(lease, s.retention.Unknown), c.Caller, c.Operation, c.Fingerprint, c.SealingKey}
	word, r, err := s.call(ctx, on, scriptBegin, c.ID, append(args, s.checks.expected(shardOf(c.ID))...)...)
	return r, word == wordAcquired, err
}

// addMillis stays where the server can still add its clock.
func addMillis(ms int64, d time.Duration) int64 { return min(ms+d.Milliseconds(), 1<<53) }

// beginConfirmed begins and waits for replicas, on one connection, since WAIT counts for what its own connection wrote. When the connection
// breaks, or the slot has moved, both are done again elsewhere; the library does neither for a connection that was taken out of its pool.
func (s *Redis) beginConfirmed(ctx context.Context, c Claim) (Record, bool, error) {
	for attempt := 1; ; attempt++ {
		r, acquired, err := s.beginOnce(ctx, c)
		if !worthRepeating(err) || attempt > redisPinnedRetries || !sleep(ctx, redisMinBackoff<<attempt) {
			return r, acquired, err
		}
	}
}

func (s *Redis) beginOnce(ctx context.Context, c Claim) (Record, bool, error) {
	node, err := s.node(ctx, redisKeys(c.ID)[0])
	if err != nil {
		return Record{}, false, s.unavailable(ctx, err)
	}
	conn := node.Conn()
	defer func() { _ = conn.Close() }() // returns it to the pool
	r, acquired, err := s.begin(ctx, conn, c)
	if err != nil || !acquired {
		return r, false, err
	}
	if err := s.confirm(ctx, conn); err != nil {
		return Record{}, false, err
	}
	return r, true, nil
}

// node is the server that has the key.
func (s *Redis) node(ctx context.Context, key string) (*redis.Client, error) {
	if s.cluster != nil {
		return s.cluster.MasterForKey(ctx, key)
	}
	return s.single, nil
}

// confirm fails unless enough replicas have what the connection has written. A Conn ends with its connection, so that the library, which
// repeats WAIT too, cannot do so on another one.
func (s *Redis) confirm(ctx context.Context, conn *redis.Conn) error {
	got, err := conn.Wait(ctx, s.replicas, s.times.replicas).Result()
	if err != nil {
		return s.unavailable(ctx, err)
	}
	if got < int64(s.replicas) {
		return &Unavailable{unconfirmed{got: got, want: s.replicas, within: s.times.replicas}}
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

// worthRepeating reports whether an error may be gone at once.
func worthRepeating(err error) bool {
	return lostServer(err) && !errors.As(err, new(unconfirmed))
}

// lostServer reports whether no server has answered, or another one should have been asked.
func lostServer(err error) bool {
	if err == nil || errors.Is(err, redis.ErrClosed) || errors.Is(err, context.Canceled) || errors.As(err, new(*Mismatch)) {
		return false
	}
	var answered redis.Error
	_, moved := redis.IsMovedError(err)
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

// Finish implements Store, in one round trip.
func (s *Redis) Finish(ctx context.Context, id, owner string, result []byte) error {
	return s.end(ctx, scriptFinish, id, owner, result)
}

// Release implements Store, in one round trip. A server that is out of memory still does it.
func (s *Redis) Release(ctx context.Context, id, owner string) error {
	err := s.end(ctx, scriptRelease, id, owner)
	if errors.Is(err, ErrNotOwner) { // of an id that no record can have
		return nil
	}
	return err
}

// MarkUnknown implements Store, in one round trip.
func (s *Redis) MarkUnknown(ctx context.Context, id, owner string) error {
	return s.end(ctx, scriptMarkUnknown, id, owner)
}

func (s *Redis) end(ctx context.Context, script *redis.Script, id string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, s.times.call)
	defer cancel()
	word, _, err := s.call(ctx, s.client, script, id, args...)
	if err == nil && word != wordDone {
		return ErrNotOwner
	}
	return err
}

// Get implements Store, in one round trip.
func (s *Redis) Get(ctx context.Context, id string) (Record, error) {
	return s.read(ctx, scriptGet, id)
}

// Settle implements Store, in one round trip. A process that has not seen the checks of the record's shard compares them first: a result that
// was sealed with another key under the same id could never be opened.
func (s *Redis) Settle(ctx context.Context, id string, f Settlement) (Record, error) {
	if ValidID(id) && s.checks.seen(shardOf(id)) == "" {
		if err := s.look(ctx, shardOf(id)); err != nil {
			return Record{}, s.unavailable(ctx, err)
		}
	}
	if f.Executed {
		return s.read(ctx, scriptSettle, id, string(Done), f.Attempt, f.Result)
	}
	return s.read(ctx, scriptSettle, id, string(Freed), f.Attempt)
}

func (s *Redis) read(ctx context.Context, script *redis.Script, id string, args ...any) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.call)
	defer cancel()
	word, r, err := s.call(ctx, s.client, script, id, args...)
	switch {
	case err != nil:
		return Record{}, err
	case word == wordNone:
		return Record{}, ErrNotFound
	case word == wordOther:
		return Record{}, ErrOtherAttempt
	case word == wordRefused:
		return Record{}, ErrNotUnknown
	}
	return r, nil
}

// call runs a script about one record: EVALSHA, and EVAL when the server does not have the script, be it new, restarted or flushed. An id
// that is not a UUID has no record; it might be the name of a set.
func (s *Redis) call(ctx context.Context, on redis.Scripter, script *redis.Script, id string, args ...any) (string, Record, error) {
	if !ValidID(id) {
		return wordNone, Record{}, nil
	}
	answer, err := script.Run(ctx, on, redisKeys(id), s.scriptArgs(id, args...)...).Slice()
	if err != nil {
		return "", Record{}, s.unavailable(ctx, err)
	}
	word, r, err := readAnswer(id, answer)
	if err != nil {
		return "", Record{}, &Unavailable{err}
	}
	return word, r, nil
}

func (s *Redis) scriptArgs(id string, args ...any) []any {
	return append([]any{id, s.retention.Done.Milliseconds(), s.retention.Unknown.Milliseconds()}, args...)
}

// redisShards is how many shards there are: one for each first byte of an id.
const redisShards = 256

// shardOf is the shard of a valid id.
func shardOf(id string) int {
	n, _ := strconv.ParseUint(id[:2], 16, 8) // valid
	return int(n)
}

// redisKeys are the keys that the scripts about a record take.
func redisKeys(id string) []string {
	prefix, open, unknown := redisShard(shardOf(id))
	return []string{prefix + id, open, unknown, prefix + "keys"}
}

func redisShard(shard int) (prefix, open, unknown string) {
	prefix = fmt.Sprintf("sb:{%02x}:", shard)
	return prefix, prefix + "open", prefix + "unknown"
}

// readAnswer takes an answer of a script apart. Not every one has a record.
func readAnswer(id string, answer []any) (string, Record, error) {
	if len(answer) == 0 {
		return "", Record{}, errors.New("the server gave an empty answer")
	}
	word, _ := answer[fieldWord].(string)
	if len(answer) == 1 {
		return word, Record{}, nil
	}
	if word == wordMismatch {
		return "", Record{}, mismatchOf(answer[1])
	}
	r, err := readRecord(id, answer)
	return word, r, err
}

// readRecord reads the fields of a record; fieldWord is not looked at.
func readRecord(id string, fields []any) (Record, error) {
	if len(fields) < fieldResult {
		return Record{}, fmt.Errorf("the record %s has %d fields", id, len(fields))
	}
	text := func(i int) string {
		t, _ := fields[i].(string)
		return t
	}
	r := Record{
		ID: id, State: State(text(fieldState)),
		Caller: []byte(text(fieldCaller)), Operation: text(fieldOperation), Fingerprint: []byte(text(fieldFingerprint)),
		SealingKey: text(fieldSealingKey), Settled: text(fieldSettled) != "", Attempt: AttemptOf(text(fieldOwner)),
	}
	if r.State == Done && len(fields) == fieldCount {
		r.Result = []byte(text(fieldResult))
	}
	var errs [3]error
	r.Started, errs[0] = readTime(text(fieldStarted))
	r.Deadline, errs[1] = readTime(text(fieldDeadline))
	if ended := text(fieldEnded); ended != "" {
		r.Ended, errs[2] = readTime(ended)
	}
	if !slices.Contains([]State{InFlight, Done, Unknown, Freed}, r.State) || errors.Join(errs[:]...) != nil {
		return Record{}, fmt.Errorf("the record %s is damaged: its state is %q, its times are %v, %v, %v", id, r.State,
			fields[fieldStarted], fields[fieldDeadline], fields[fieldEnded])
	}
	return r, nil
}

func readTime(ms string) (time.Time, error) {
	n, err := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(n).UTC(), err
}

// unavailable wraps an error, and lets a cluster be asked again who its masters are when one does not answer: the client does that by itself
// only on redirections, and would ask a dead master until its view of the cluster is out of date
// (https://github.com/redis/go-redis/issues/3979).
func (s *Redis) unavailable(ctx context.Context, err error) error {
	if s.cluster != nil && lostServer(err) {
		s.cluster.ReloadState(ctx)
	}
	return &Unavailable{err}
}

// Close implements Store. Repeated, it does nothing.
func (s *Redis) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}
