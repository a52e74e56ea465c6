package idempotency

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// The fields of a shard's checks.
const (
	checkOfStore  = "store" // a random id: when it is gone, so are the records
	checkOfName   = "name"
	checkOfKey    = "key:"  // and the sealing key's id
	checkLastUsed = "used:" // and the sealing key's id: when a process joined with it, in milliseconds
)

const (
	// deciding is the shard that every process joins first. Of two processes with different keys on an empty store, one must find so before
	// it claims anything: the same caller's key has another id, and so another shard, under another name key. While its server is away, a process that has not
	// claimed anything yet cannot begin to.
	deciding = 0
	// joinEvery is how often a process says that it uses its sealing keys. What no process used for the retention of Unknowns is forgotten,
	// which is much longer.
	joinEvery = 24 * time.Hour
)

// shardChecks are what a process expects in the hashes sb:{bb}:keys, which say whose records the shard holds: check values of the keys by
// which they are made, and a random id of the store. scriptJoin writes them where they are absent, scriptBegin compares them; a script
// can touch no other shard, so each has its own.
type shardChecks struct {
	own KeyChecks
	// ids are the sealing keys', sorted.
	ids []string
	// proposal is the id of shards that have none.
	proposal string
	// joining lets one goroutine join at a time: at the start, many may want to.
	joining chan struct{}

	mu     sync.Mutex
	stores [redisShards]string    // the ids that this process has seen; "" for none. They never change until it ends.
	until  [redisShards]time.Time // when the shard must be joined again
}

func newShardChecks(own KeyChecks) *shardChecks {
	return &shardChecks{own: own, ids: slices.Sorted(maps.Keys(own.Sealing)), proposal: uuid.NewString(), joining: make(chan struct{}, 1)}
}

func checksKey(shard int) string {
	prefix, _, _ := redisShard(shard)
	return prefix + "keys"
}

// expected are the arguments by which scriptBegin compares: a count, so many fields, and their values.
func (k *shardChecks) expected(shard int) []any {
	n := 2 + len(k.ids)
	args := make([]any, 1+2*n)
	args[0] = n
	fields, values := args[1:1+n], args[1+n:]
	fields[0], values[0] = checkOfStore, k.seen(shard)
	fields[1], values[1] = checkOfName, k.own.Name
	for i, id := range k.ids {
		fields[2+i], values[2+i] = checkOfKey+id, k.own.Sealing[id]
	}
	return args
}

func (k *shardChecks) seen(shard int) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stores[shard]
}

// see remembers the id of a shard, and reports whether it is the one that this process saw before, if it saw any.
func (k *shardChecks) see(shard int, id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stores[shard] == "" {
		k.stores[shard] = id
	}
	return k.stores[shard] == id
}

func (k *shardChecks) joined(shard int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Before(k.until[shard])
}

func (k *shardChecks) join(shard int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until[shard] = time.Now().Add(joinEvery)
}

// mismatchOf is the error of a field that differs.
func mismatchOf(field any) *Mismatch {
	name, _ := field.(string)
	id, sealing := strings.CutPrefix(name, checkOfKey)
	switch {
	case sealing:
		return &Mismatch{Of: MismatchOfSealingKey, KeyID: id}
	case name == checkOfName:
		return &Mismatch{Of: MismatchOfNameKey}
	}
	return &Mismatch{Of: MismatchOfRecords}
}

// join makes sure that this process has joined a shard within a day. It joins all of them at once, so that it notices when any of them loses
// its records. Where some do not answer, claims on the others go on.
func (s *Redis) join(ctx context.Context, shard int) error {
	if s.checks.joined(shard) {
		return nil
	}
	select {
	case s.checks.joining <- struct{}{}:
		defer func() { <-s.checks.joining }()
	case <-ctx.Done():
		return ctx.Err()
	}
	missing := slices.DeleteFunc(allShards(), s.checks.joined)
	if s.checks.seen(deciding) == "" {
		if err := s.joinShards(ctx, missing[:1], shard); err != nil {
			return err
		}
		missing = missing[1:]
	}
	err := s.joinShards(ctx, missing, shard)
	if s.checks.joined(shard) {
		return nil
	}
	return err
}

// joinShards joins shards. Its error is that of the one that is wanted, when that is among them and answered.
func (s *Redis) joinShards(ctx context.Context, shards []int, wanted int) error {
	groups, err := s.byMaster(ctx, shards)
	if err != nil {
		return err
	}
	var answers [redisShards]*redis.Cmd
	var group sync.WaitGroup
	// A pipeline over the whole cluster would lose the answers of all servers where one hangs.
	for node, shards := range groups {
		group.Go(func() {
			_, _ = node.Pipelined(ctx, func(p redis.Pipeliner) error { // its error is that of a command
				for _, shard := range shards {
					answers[shard] = scriptJoin.Eval(ctx, p, []string{checksKey(shard)}, s.joinArgs(shard)...)
				}
				return nil
			})
		})
	}
	group.Wait()
	for _, shard := range shards {
		joining := s.readJoined(shard, answers[shard])
		if joining == nil {
			s.checks.join(shard)
		} else if shard == wanted || err == nil {
			err = joining
		}
	}
	return err
}

func (s *Redis) joinArgs(shard int) []any {
	args := make([]any, 0, 4+2*len(s.checks.ids))
	args = append(args, s.retention.Unknown.Milliseconds(), s.checks.seen(shard), s.checks.proposal, s.checks.own.Name)
	for _, id := range s.checks.ids {
		args = append(args, id, s.checks.own.Sealing[id])
	}
	return args
}

// byMaster groups shards by the server that has them.
func (s *Redis) byMaster(ctx context.Context, shards []int) (map[*redis.Client][]int, error) {
	groups := map[*redis.Client][]int{}
	for _, shard := range shards {
		node, err := s.node(ctx, checksKey(shard))
		if err != nil {
			return nil, err
		}
		groups[node] = append(groups[node], shard)
	}
	return groups, nil
}

// allShards are the numbers of all shards.
func allShards() []int {
	all := make([]int, redisShards)
	for i := range all {
		all[i] = i
	}
	return all
}

func (s *Redis) readJoined(shard int, answer *redis.Cmd) error {
	words, err := answer.StringSlice()
	const pair = 2
	switch {
	case err != nil:
		return err
	case len(words) != pair:
		return fmt.Errorf("the server gave an answer of %d words", len(words))
	case words[0] == wordMismatch:
		return mismatchOf(words[1])
	case !s.checks.see(shard, words[1]):
		return mismatchOf(checkOfStore)
	}
	return nil
}

// look compares the checks of shards without writing any. What is absent fits, unless this process saw it before.
func (s *Redis) look(ctx context.Context, shards ...int) error {
	fields := make([]string, 0, 2+2*len(s.checks.ids))
	fields = append(fields, checkOfStore, checkOfName)
	for _, id := range s.checks.ids {
		fields = append(fields, checkOfKey+id, checkLastUsed+id)
	}
	answers := make([]*redis.SliceCmd, len(shards))
	err := s.pipeline(ctx, func(p redis.Pipeliner) {
		for i, shard := range shards {
			answers[i] = p.HMGet(ctx, checksKey(shard), fields...)
		}
	})
	if err != nil {
		return err
	}
	for i, answer := range answers {
		if err := s.compare(shards[i], answer.Val()); err != nil {
			return err
		}
	}
	return nil
}

// compare takes the checks of a shard as look has read them.
func (s *Redis) compare(shard int, values []any) error {
	text := func(i int) string {
		t, _ := values[i].(string)
		return t
	}
	if len(values) != 2+2*len(s.checks.ids) {
		return errors.New("the server gave an answer that is too short")
	}
	store, name := text(0), text(1)
	switch {
	case store == "" && s.checks.seen(shard) == "":
		return nil
	case name != "" && name != s.checks.own.Name:
		return mismatchOf(checkOfName)
	case !s.checks.see(shard, store):
		return mismatchOf(checkOfStore)
	}
	for i, id := range s.checks.ids {
		check := text(2 + 2*i)
		used, _ := strconv.ParseInt(text(3+2*i), 10, 64) // by this program
		if check != "" && check != s.checks.own.Sealing[id] && time.Since(time.UnixMilli(used)) < s.retention.Unknown {
			return mismatchOf(checkOfKey + id)
		}
	}
	return nil
}
