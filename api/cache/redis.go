package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"soapbridge/api/idempotency"
)

// NewRedis returns a cache that all processes share whose client leads to the same Redis and whose vault has the same keys. It may evict what it
// likes, so it should not be that of the records.
func NewRedis(client redis.UniversalClient, v *idempotency.Vault, log *slog.Logger) *Cache {
	return newCache(shared{client}, v, log)
}

// shared is the store of several processes:
//
//	sb:cache:<name>             an entry
//	sb:cache:of:<operation>     the generation of an operation: a random text, so that one that was lost is not mistaken for the next
//	sb:cache:lock:<name>        the owner of a lock
type shared struct{ client redis.UniversalClient }

const (
	entryKey      = "sb:cache:"
	generationKey = "sb:cache:of:"
	lockKey       = "sb:cache:lock:"
)

// generationTTL is longer than any answer is kept: what ends sooner makes answers stale.
const generationTTL = 48 * time.Hour

func (s shared) lookup(ctx context.Context, operation, name string) (generation string, entry []byte, left time.Duration, err error) {
	p := s.client.Pipeline()
	current, found, until := p.Get(ctx, generationKey+operation), p.Get(ctx, entryKey+name), p.PTTL(ctx, entryKey+name)
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return "", nil, 0, err
	}
	if errors.Is(current.Err(), redis.Nil) {
		generation, err = s.begin(ctx, operation)
		return generation, nil, 0, err
	}
	entry, err = found.Bytes()
	if errors.Is(err, redis.Nil) || until.Val() <= 0 {
		entry, err = nil, nil
	}
	return current.Val(), entry, until.Val(), errors.Join(err, current.Err())
}

// begin begins a generation, unless another process has done so meanwhile.
func (s shared) begin(ctx context.Context, operation string) (generation string, err error) {
	if err := s.client.SetNX(ctx, generationKey+operation, rand.Text(), generationTTL).Err(); err != nil {
		return "", err
	}
	return s.client.Get(ctx, generationKey+operation).Result()
}

func (s shared) put(ctx context.Context, name string, entry []byte, ttl time.Duration) error {
	return s.client.Set(ctx, entryKey+name, entry, ttl).Err()
}

func (s shared) invalidate(ctx context.Context, operation string) error {
	return s.client.Set(ctx, generationKey+operation, rand.Text(), generationTTL).Err()
}

func (s shared) lock(ctx context.Context, name, owner string, atMost time.Duration) (bool, error) {
	return s.client.SetNX(ctx, lockKey+name, owner, atMost).Result()
}

// unlocking deletes a lock that its owner still has.
var unlocking = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)

func (s shared) unlock(ctx context.Context, name, owner string) error {
	return unlocking.Run(ctx, s.client, []string{lockKey + name}, owner).Err()
}

func (s shared) ping(ctx context.Context) error { return s.client.Ping(ctx).Err() }

func (s shared) close() error { return s.client.Close() }
