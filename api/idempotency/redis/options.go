package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
)

// timing bounds what calls take.
type timing struct {
	// call bounds a call about one record, with retries, connecting and waiting for replicas.
	call time.Duration
	// list bounds Sweep and Unknowns, which take several round trips.
	list time.Duration
	// ready bounds Ready.
	ready time.Duration
	// dial, io and pool bound connecting, each read or write, and waiting for a connection.
	dial, io, pool time.Duration
	// replicas is how long a claim waits for them.
	replicas time.Duration
	// topology is how often the nodes of a cluster are asked for their roles.
	topology time.Duration
}

// defaultTiming ends a call within a second when the store does not answer.
var defaultTiming = timing{
	call: idempotency.ExchangeTimeout, list: 3 * time.Second, ready: 300 * time.Millisecond,
	dial: 300 * time.Millisecond, io: 400 * time.Millisecond, pool: 500 * time.Millisecond, replicas: 300 * time.Millisecond,
	topology: 5 * time.Second,
}

const (
	// retries is how often a command is repeated; minBackoff and maxBackoff bound the pause before that.
	retries    = 2
	minBackoff = 8 * time.Millisecond
	maxBackoff = 64 * time.Millisecond
	// pinnedRetries is the same for claims that replicas must confirm, with pauses that double: enough for a cluster client to learn of a
	// moved slot.
	pinnedRetries = 5
	// poolSize is how many calls may wait for one server at once. The upstreams allow up to 96 calls by default; claims that wait for
	// replicas must not keep the results of those from being stored.
	poolSize = 128
)

// Options configure a Store. Its user checks them: api/config does.
type Options struct {
	// Addrs are host:port of one server, of several nodes of one cluster, or of the Sentinels that know Master.
	Addrs []string
	// Master is the name of the master that the Sentinels watch; empty without Sentinel.
	Master string
	// Username and Password are for the servers, not for the Sentinels.
	Username string
	Password string
	// DB is the number of the database, 0 for a cluster.
	DB int
	// TLS is for servers and Sentinels; nil means plain TCP. Without a ServerName the address is verified.
	TLS *tls.Config
	// Retention is at least 1 ms, since Redis counts in milliseconds and an expiry of 0 deletes; 0 means the default.
	Retention idempotency.Retention
	// WaitReplicas is how many replicas must confirm a claim before it holds. A server that fails over to a replica without the claim frees
	// its key, although it may have been used.
	WaitReplicas int
	// Checks are those of the vault that makes the records: every process that uses the store must have the same keys.
	Checks idempotency.KeyChecks
	// Log also receives, at level debug, what go-redis logs for all clients in the process: it has one logger.
	Log *slog.Logger
	// Guard reports panics.
	Guard *guard.Guard
}

// universal returns the options common to every kind of client.
func (o Options) universal(t timing) *goredis.UniversalOptions {
	return &goredis.UniversalOptions{
		Addrs:      o.Addrs,
		MasterName: o.Master,
		Username:   o.Username,
		Password:   o.Password,
		DB:         o.DB,
		TLSConfig:  o.TLS,

		// Without this, the deadline of a context bounds waiting for a connection, but not reading and writing on it.
		ContextTimeoutEnabled: true,
		DialTimeout:           t.dial,
		ReadTimeout:           t.io,
		WriteTimeout:          t.io,
		PoolTimeout:           t.pool,
		PoolSize:              poolSize,
		MaxRetries:            retries, // after a lost reply too: every script may run twice
		MinRetryBackoff:       minBackoff,
		MaxRetryBackoff:       maxBackoff,
		// The library dials outside the caller's context. It would try five times and keep its place in the pool meanwhile.
		DialerRetries: 1,
		// Sweep and Unknowns are too rare for connections of their own.
		PipelinePoolSize: -1,

		// RESP3 brings pushed messages, maintenance notices among them, and the library looks for them before each command. By default a
		// new connection also identifies the client: one more round trip before the call that needs it.
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func clusterOptions(u *goredis.UniversalOptions, t timing) *goredis.ClusterOptions {
	c := u.Cluster()
	c.MaxRetries = -1 // the cluster client has its own loop around the nodes' clients: MaxRedirects, 3 by default
	// With routing policies, the first command fetches a table of all commands, outside the caller's context and for up to 5 seconds.
	c.DisableRoutingPolicies = true
	c.ClusterStateReloadInterval = t.topology
	return c
}

// clientLog is where go-redis logs: a line for each failed dial, addresses and reasons, no commands.
type clientLog struct{ log *slog.Logger }

func (l clientLog) Printf(ctx context.Context, format string, v ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "redis client", "message", fmt.Sprintf(format, v...))
	}
}
