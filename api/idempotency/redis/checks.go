package redis

import (
	"cmp"
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
	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"soapbridge/api/idempotency"
)

// The fields of a shard's checks.
const (
	checkOfStore  = "store" // a random id: when it is gone, so are the records
	checkOfName   = "name"
	checkOfKey    = "key:"  // and the sealing key's id
	checkLastUsed = "used:" // and the sealing key's id: when a process joined with it, in milliseconds
)

const (
	// deciding is the shard that every process joins first. Two processes with different keys must notice on an empty store before either
	// claims anything: under another name key, the same caller's key has another id, and so another shard. While the server of this shard
	// is down, a process that has not claimed anything yet cannot begin to.
	deciding = 0
	// joinEvery is how often a process reports that it uses its sealing keys. A key that no process used for the retention of Unknowns is
	// forgotten; that is much longer.
	joinEvery = 24 * time.Hour
)

// shardChecks are the values that a process expects in the hashes sb:{bb}:keys: check values of the keys that make the records, and a
// random id of the store. scriptJoin writes them where they are absent, scriptBegin compares them. Each shard has its own, since a script
// can touch no other shard.
type shardChecks struct {
	own idempotency.KeyChecks
	// ids are the sealing keys', sorted.
	ids []string
	// fields are the number and the names of the fields that scriptBegin compares, values what they must be, without the first one: the id
	// of the store.
	fields, values []any
	// proposal is the id for shards that have none.
	proposal string
	joining  singleflight.Group

	mu     sync.Mutex
	stores [shardCount]string    // the ids that this process has seen; "" for none. They never change until it ends.
	until  [shardCount]time.Time // when the shard must be joined again
}

func newShardChecks(own idempotency.KeyChecks) *shardChecks {
	k := &shardChecks{own: own, ids: slices.Sorted(maps.Keys(own.Sealing)), proposal: uuid.NewString()}
	k.fields, k.values = []any{2 + len(k.ids), checkOfStore, checkOfName}, []any{own.Name}
	for _, id := range k.ids {
		k.fields, k.values = append(k.fields, checkOfKey+id), append(k.values, own.Sealing[id])
	}
	return k
}

// expected returns the last arguments of scriptBegin.
func (k *shardChecks) expected(shard int) []any {
	return slices.Concat(k.fields, []any{k.seen(shard)}, k.values)
}

func (k *shardChecks) seen(shard int) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stores[shard]
}

// see remembers the first id that this process sees in a shard, and reports whether this is the same one.
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

// mismatchOf returns the error for a field that differs.
func mismatchOf(field any) *idempotency.Mismatch {
	name, _ := field.(string)
	id, sealing := strings.CutPrefix(name, checkOfKey)
	switch {
	case sealing:
		return &idempotency.Mismatch{Of: idempotency.MismatchOfSealingKey, KeyID: id}
	case name == checkOfName:
		return &idempotency.Mismatch{Of: idempotency.MismatchOfNameKey}
	}
	return &idempotency.Mismatch{Of: idempotency.MismatchOfRecords}
}

// join makes sure that this process has joined a shard within joinEvery. It joins all of them together, so that it notices when any of them
// loses its records. When some do not answer, claims on the others go on. Callers who come at once wait for one joining, which has a time of
// its own: with what is left of the time of one that has waited, none might ever succeed under load.
func (s *Store) join(ctx context.Context, shard int) error {
	if s.checks.joined(shard) {
		return nil
	}
	joining := s.checks.joining.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timing.call)
		defer cancel()
		return s.joinMissing(ctx), nil
	})
	select {
	case ended := <-joining:
		if s.checks.joined(shard) {
			return nil
		}
		errs, _ := ended.Val.(joinErrors)
		return errs.of(shard)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// joinErrors are the errors of the shards that this process could not join.
type joinErrors map[int]error

// everyShard is where the errors are that are not of one shard.
const everyShard = -1

func (e joinErrors) of(shard int) error {
	return cmp.Or(e[shard], e[everyShard], e[deciding], errors.New("the shard was not joined"))
}

// joinMissing joins the shards that this process has not joined.
func (s *Store) joinMissing(ctx context.Context) joinErrors {
	missing := slices.DeleteFunc(allShards(), s.checks.joined)
	if len(missing) > 0 && s.checks.seen(deciding) == "" {
		if errs := s.joinShards(ctx, missing[:1]); len(errs) > 0 {
			return errs
		}
		missing = missing[1:]
	}
	return s.joinShards(ctx, missing)
}

func (s *Store) joinShards(ctx context.Context, shards []int) joinErrors {
	groups, err := s.byMaster(ctx, shards)
	if err != nil {
		return joinErrors{everyShard: err}
	}
	var answers [shardCount]*goredis.Cmd
	var group sync.WaitGroup
	// A pipeline over the whole cluster would lose the answers of all servers when one hangs.
	for node, shards := range groups {
		group.Go(func() {
			_, _ = node.Pipelined(ctx, func(p goredis.Pipeliner) error { // its error is that of a command
				for _, shard := range shards {
					answers[shard] = scriptJoin.Eval(ctx, p, []string{layout[shard].checks}, s.joinArgs(shard)...)
				}
				return nil
			})
		})
	}
	group.Wait()
	errs := joinErrors{}
	for _, shard := range shards {
		if err := s.readJoined(shard, answers[shard]); err != nil {
			errs[shard] = err
		} else {
			s.checks.join(shard)
		}
	}
	return errs
}

func (s *Store) joinArgs(shard int) []any {
	args := make([]any, 0, 4+2*len(s.checks.ids))
	args = append(args, s.retention.Unknown.Milliseconds(), s.checks.seen(shard), s.checks.proposal, s.checks.own.Name)
	for _, id := range s.checks.ids {
		args = append(args, id, s.checks.own.Sealing[id])
	}
	return args
}

// byMaster groups shards by their server.
func (s *Store) byMaster(ctx context.Context, shards []int) (map[*goredis.Client][]int, error) {
	groups := map[*goredis.Client][]int{}
	for _, shard := range shards {
		node, err := s.node(ctx, layout[shard].checks)
		if err != nil {
			return nil, err
		}
		groups[node] = append(groups[node], shard)
	}
	return groups, nil
}

func allShards() []int {
	all := make([]int, shardCount)
	for i := range all {
		all[i] = i
	}
	return all
}

func (s *Store) readJoined(shard int, answer *goredis.Cmd) error {
	words, err := answer.StringSlice()
	const pair = 2
	switch {
	case err != nil:
		return err
	case len(words) != pair:
		return fmt.Errorf("the server returned an answer of %d words", len(words))
	case words[0] == wordMismatch:
		return mismatchOf(words[1])
	case !s.checks.see(shard, words[1]):
		return mismatchOf(checkOfStore)
	}
	return nil
}

// look compares the checks of shards without writing any. A missing check matches, unless this process saw it before.
func (s *Store) look(ctx context.Context, shards ...int) error {
	fields := make([]string, 0, 2+2*len(s.checks.ids))
	fields = append(fields, checkOfStore, checkOfName)
	for _, id := range s.checks.ids {
		fields = append(fields, checkOfKey+id, checkLastUsed+id)
	}
	answers := make([]*goredis.SliceCmd, len(shards))
	err := s.pipeline(ctx, func(p goredis.Pipeliner) {
		for i, shard := range shards {
			answers[i] = p.HMGet(ctx, layout[shard].checks, fields...)
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

// compare compares the checks of a shard, as look has read them, with this process's.
func (s *Store) compare(shard int, values []any) error {
	text := func(i int) string {
		t, _ := values[i].(string)
		return t
	}
	if len(values) != 2+2*len(s.checks.ids) {
		return errors.New("the server returned an answer that is too short")
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
		used, _ := strconv.ParseInt(text(3+2*i), 10, 64) // written by scriptJoin
		if check != "" && check != s.checks.own.Sealing[id] && time.Since(time.UnixMilli(used)) < s.retention.Unknown {
			return mismatchOf(checkOfKey + id)
		}
	}
	return nil
}
