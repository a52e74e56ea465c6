package idempotency

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Bounds of one call that goes over all shards.
const (
	// redisDuePerShard is how many members of each set of a shard one Sweep looks at, redisDuePerSweep how many of all of them.
	redisDuePerShard = 16
	redisDuePerSweep = 2048
	// redisBatch is how many commands go out at once: few enough that other clients get their turn between two batches.
	redisBatch = 512
	// redisListRounds is how often a list is made anew because its members turned out to be gone.
	redisListRounds = 4
)

// Sweep implements Store. It takes one round trip when there is nothing to do, and deals with at most 2048 records a call, the rest are dealt
// with by the next one. It also takes records whose retention is over out of the lists. When the reply to a part of it is lost, it may
// return less than it turned.
func (s *Redis) Sweep(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.list)
	defer cancel()
	ids, err := s.due(ctx)
	if err != nil {
		return 0, s.unavailable(ctx, err)
	}
	turned, err := s.tidy(ctx, ids)
	if err != nil {
		return turned, s.unavailable(ctx, err)
	}
	return turned, nil
}

// due lists the ids that scriptTidy should look at.
func (s *Redis) due(ctx context.Context) ([]string, error) {
	calls := make([]scriptCall, redisShards)
	for i := range calls {
		_, open, unknown := redisShard(i)
		calls[i] = scriptCall{scriptDue, []string{open, unknown}, []any{redisDuePerShard, s.retention.Unknown.Milliseconds()}}
	}
	answers, err := s.runAll(ctx, calls)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, a := range answers {
		some, err := a.StringSlice()
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	return ids[:min(len(ids), redisDuePerSweep)], nil
}

// tidy runs scriptTidy on records and counts those that it turned.
func (s *Redis) tidy(ctx context.Context, ids []string) (turned int, err error) {
	for batch := range slices.Chunk(ids, redisBatch) {
		calls := make([]scriptCall, len(batch))
		for i, id := range batch {
			calls[i] = scriptCall{scriptTidy, redisKeys(id), s.scriptArgs(id)}
		}
		answers, err := s.runAll(ctx, calls)
		for _, a := range answers {
			if words, _ := a.StringSlice(); slices.Contains(words, wordTurned) {
				turned++
			}
		}
		if err != nil {
			return turned, err
		}
	}
	return turned, nil
}

// scriptCall is a script with what it takes.
type scriptCall struct {
	script *redis.Script
	keys   []string
	args   []any
}

// runAll runs scripts in one round trip, and in a second one those that a server did not have. Some may have run when it fails.
func (s *Redis) runAll(ctx context.Context, calls []scriptCall) ([]*redis.Cmd, error) {
	answers := make([]*redis.Cmd, len(calls))
	err := s.pipeline(ctx, func(p redis.Pipeliner) {
		for i, c := range calls {
			answers[i] = c.script.EvalSha(ctx, p, c.keys, c.args...)
		}
	})
	if !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return answers, err
	}
	_ = s.pipeline(ctx, func(p redis.Pipeliner) { // its error is that of a command
		for i, c := range calls {
			if redis.HasErrorPrefix(answers[i].Err(), "NOSCRIPT") {
				answers[i] = c.script.Eval(ctx, p, c.keys, c.args...)
			}
		}
	})
	for _, a := range answers {
		if a.Err() != nil {
			return answers, a.Err()
		}
	}
	return answers, nil
}

// pipeline sends what fill queues in one go, to each node of a cluster its own.
func (s *Redis) pipeline(ctx context.Context, fill func(redis.Pipeliner)) error {
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		fill(p)
		return nil
	})
	return err
}

// Unknowns implements Store, in two round trips. Start and id are the order of a shard's list, too. The lists of the shards are read one after the other: what changes meanwhile is seen or not.
// Records whose retention is over may be counted until the next Sweep.
func (s *Redis) Unknowns(ctx context.Context, after Cursor, limit int) ([]Record, int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.list)
	defer cancel()
	for round := 1; ; round++ {
		listed, total, err := s.listUnknowns(ctx, after, limit)
		if err != nil {
			return nil, 0, s.unavailable(ctx, err)
		}
		records, gone, err := s.readListed(ctx, listed)
		if err != nil {
			return nil, 0, s.unavailable(ctx, err)
		}
		if len(gone) == 0 || round == redisListRounds {
			return records, total - len(gone), nil
		}
		if _, err := s.tidy(ctx, gone); err != nil {
			return nil, 0, s.unavailable(ctx, err)
		}
	}
}

// listUnknowns merges the beginnings of the shards' lists behind a place, and counts all of them.
func (s *Redis) listUnknowns(ctx context.Context, after Cursor, limit int) (ids []string, total int, err error) {
	counts, lists := make([]*redis.IntCmd, redisShards), make([]*redis.ZSliceCmd, 0, 2*redisShards)
	err = s.pipeline(ctx, func(p redis.Pipeliner) {
		for i := range redisShards {
			_, _, unknown := redisShard(i)
			counts[i] = p.ZCard(ctx, unknown)
			if limit <= 0 { // to Redis, no limit
				continue
			}
			from := "-inf"
			if after.ID != "" {
				at := strconv.FormatInt(after.Started.UnixMilli(), 10)
				from = "(" + at
				// The server cannot begin in the middle of those with one start: all of them are few.
				lists = append(lists, p.ZRangeByScoreWithScores(ctx, unknown, &redis.ZRangeBy{Min: at, Max: at}))
			}
			lists = append(lists, p.ZRangeByScoreWithScores(ctx, unknown, &redis.ZRangeBy{Min: from, Max: "+inf", Count: int64(limit)}))
		}
	})
	if err != nil {
		return nil, 0, err
	}
	for _, c := range counts {
		total += int(c.Val())
	}
	var all []Cursor
	for _, list := range lists {
		for _, z := range list.Val() {
			if at := placeOf(z); after.compare(at) < 0 {
				all = append(all, at)
			}
		}
	}
	slices.SortFunc(all, Cursor.compare)
	for _, at := range all[:max(0, min(len(all), limit))] {
		ids = append(ids, at.ID)
	}
	return ids, total, nil
}

// placeOf reads a member of a list of Unknowns.
func placeOf(z redis.Z) Cursor {
	id, _ := z.Member.(string)
	return Cursor{Started: time.UnixMilli(int64(z.Score)), ID: id}
}

// readListed reads records without their results; gone are those that are no Unknowns.
func (s *Redis) readListed(ctx context.Context, ids []string) (records []Record, gone []string, err error) {
	for batch := range slices.Chunk(ids, redisBatch) {
		answers := make([]*redis.SliceCmd, len(batch))
		err := s.pipeline(ctx, func(p redis.Pipeliner) {
			for i, id := range batch {
				answers[i] = p.HMGet(ctx, redisKeys(id)[0], listedFields...)
			}
		})
		if err != nil {
			return nil, nil, err
		}
		for i, id := range batch {
			fields := slices.Insert(answers[i].Val(), fieldWord, any(nil))
			if fields[fieldState] != string(Unknown) {
				gone = append(gone, id)
				continue
			}
			r, err := readRecord(id, fields)
			if err != nil {
				return nil, nil, err
			}
			records = append(records, r)
		}
	}
	return records, gone, nil
}
