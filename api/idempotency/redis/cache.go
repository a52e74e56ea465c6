package redis

import (
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// cacheTiming is for what does without an answer: nothing is repeated, and nothing waits long.
var cacheTiming = timing{dial: 200 * time.Millisecond, io: 200 * time.Millisecond, pool: 200 * time.Millisecond, topology: 5 * time.Second}

// cachePool is how many calls may wait for one server at once. Few connections are made faster than many, and a lookup takes less than a millisecond.
const cachePool = 32

// NewCacheClient returns a client for a cache: see cacheTiming. Of the options it needs how to connect, and the log.
func NewCacheClient(o Options) goredis.UniversalClient {
	goredis.SetLogger(clientLog{o.Log})
	u := o.universal(cacheTiming)
	u.MaxRetries, u.PoolSize = -1, cachePool
	return newClient(u, cacheTiming)
}
