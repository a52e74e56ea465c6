package redis

import (
	"context"

	"github.com/go-redis/redis_rate/v10"
	goredis "github.com/redis/go-redis/v9"
)

// Rates returns a rate limiter on the store's connections. What it counts is named sb:rate:<key>.
func (s *Store) Rates() *redis_rate.Limiter { return redis_rate.NewLimiter(rates{s.client}) }

// rates puts the names of the rate limiter, which begin with rate:, below sb: like all others.
type rates struct{ goredis.UniversalClient }

func (r rates) Eval(ctx context.Context, script string, keys []string, args ...any) *goredis.Cmd {
	return r.UniversalClient.Eval(ctx, script, below(keys), args...)
}

func (r rates) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *goredis.Cmd {
	return r.UniversalClient.EvalSha(ctx, hash, below(keys), args...)
}

func below(keys []string) []string { return []string{"sb:" + keys[0]} }
