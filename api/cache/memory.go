package cache

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"soapbridge/api/idempotency"
)

const (
	// memoryLimit is the most that the entries of a process take, in bytes. What was not used for the longest time makes room.
	memoryLimit = 64 << 20
	// entryCost is what an entry takes beside its content, in bytes, about.
	entryCost = 400
)

// NewMemory returns a cache of this process alone.
func NewMemory(v *idempotency.Vault, log *slog.Logger) *Cache {
	return newCache(newMemory(memoryLimit), v, log)
}

// memory is the store of one process. Nobody else asks, so its locks are always free.
type memory struct {
	mu          sync.Mutex
	generations map[string]int
	entries     *simplelru.LRU[string, kept]
	size, limit int
}

type kept struct {
	entry []byte
	until time.Time
}

func newMemory(limit int) *memory {
	m := &memory{generations: map[string]int{}, limit: limit}
	entries, err := simplelru.NewLRU(limit/entryCost, func(_ string, gone kept) { m.size -= len(gone.entry) + entryCost })
	if err != nil {
		panic(err) // only for a size below 1
	}
	m.entries = entries
	return m
}

func (m *memory) lookup(_ context.Context, operation, name string) (generation string, entry []byte, left time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	generation = strconv.Itoa(m.generations[operation])
	found, ok := m.entries.Get(name)
	if left = time.Until(found.until); !ok || left <= 0 {
		m.entries.Remove(name)
		return generation, nil, 0, nil
	}
	return generation, found.entry, left, nil
}

func (m *memory) put(_ context.Context, name string, entry []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries.Remove(name)
	m.entries.Add(name, kept{entry, time.Now().Add(ttl)})
	for m.size += len(entry) + entryCost; m.size > m.limit; {
		m.entries.RemoveOldest()
	}
	return nil
}

func (m *memory) invalidate(_ context.Context, operation string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generations[operation]++
	return nil
}

func (*memory) lock(context.Context, string, string, time.Duration) (bool, error) { return true, nil }
func (*memory) unlock(context.Context, string, string) error                      { return nil }
func (*memory) ping(context.Context) error                                        { return nil }
func (*memory) close() error                                                      { return nil }
