package redis

import (
	"context"
	"slices"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"soapbridge/api/idempotency"
)

// Bounds of one call that goes over all shards.
const (
	// duePerShard is how many members of each set of a shard one Sweep reads, duePerSweep how many in all.
	duePerShard = 16
	duePerSweep = 2048
	// batchSize is how many commands are sent together: few enough that other clients get their turn between two batches.
	batchSize = 512
	// listRounds is how often a list is read again because some of its members are gone.
	listRounds = 4
)

// Sweep implements idempotency.Store. It takes one round trip when there is nothing to do, and handles at most duePerSweep records; the
// next call handles the rest. It also removes records whose retention is over from the lists. When a reply is lost, it may return a smaller
// number than it turned.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.list)
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

// due lists the ids for scriptTidy.
func (s *Store) due(ctx context.Context) ([]string, error) {
	calls := make([]scriptCall, shardCount)
	for i := range calls {
		calls[i] = scriptCall{scriptDue, []string{layout[i].open, layout[i].unknown}, []any{duePerShard, s.retention.Unknown.Milliseconds()}}
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
	return ids[:min(len(ids), duePerSweep)], nil
}

// tidy runs scriptTidy on records and counts those that it turned.
func (s *Store) tidy(ctx context.Context, ids []string) (turned int, err error) {
	for batch := range slices.Chunk(ids, batchSize) {
		calls := make([]scriptCall, len(batch))
		for i, id := range batch {
			calls[i] = scriptCall{scriptTidy, keysOf(id), s.scriptArgs(id)}
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

// scriptCall is a script with its arguments.
type scriptCall struct {
	script *goredis.Script
	keys   []string
	args   []any
}

// runAll runs scripts in one round trip, and those that a server did not have in a second one. When it fails, some may have run.
func (s *Store) runAll(ctx context.Context, calls []scriptCall) ([]*goredis.Cmd, error) {
	answers := make([]*goredis.Cmd, len(calls))
	err := s.pipeline(ctx, func(p goredis.Pipeliner) {
		for i, c := range calls {
			answers[i] = c.script.EvalSha(ctx, p, c.keys, c.args...)
		}
	})
	if !goredis.HasErrorPrefix(err, "NOSCRIPT") {
		return answers, err
	}
	_ = s.pipeline(ctx, func(p goredis.Pipeliner) { // its error is that of a command
		for i, c := range calls {
			if goredis.HasErrorPrefix(answers[i].Err(), "NOSCRIPT") {
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

// pipeline sends the commands that fill queues together, to each node of a cluster its own.
func (s *Store) pipeline(ctx context.Context, fill func(goredis.Pipeliner)) error {
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		fill(p)
		return nil
	})
	return err
}

// Unknowns implements idempotency.Store, in two round trips. A shard's list is in the order of start and id, too. The lists are read one
// after the other: a change in between may be seen or not. Records whose retention is over may be counted until the next Sweep.
func (s *Store) Unknowns(ctx context.Context, after idempotency.Cursor, limit int) ([]idempotency.Record, int, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.list)
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
		if len(gone) == 0 || round == listRounds {
			return records, total - len(gone), nil
		}
		if _, err := s.tidy(ctx, gone); err != nil {
			return nil, 0, s.unavailable(ctx, err)
		}
	}
}

// listUnknowns merges the beginnings of the shards' lists behind a place, and counts all Unknowns.
func (s *Store) listUnknowns(ctx context.Context, after idempotency.Cursor, limit int) (ids []string, total int, err error) {
	counts, lists := make([]*goredis.IntCmd, shardCount), make([]*goredis.ZSliceCmd, 0, 2*shardCount)
	err = s.pipeline(ctx, func(p goredis.Pipeliner) {
		for i := range shardCount {
			unknown := layout[i].unknown
			counts[i] = p.ZCard(ctx, unknown)
			if limit <= 0 { // Redis would take it for no limit
				continue
			}
			from := "-inf"
			if after.ID != "" {
				at := strconv.FormatInt(after.Started.UnixMilli(), 10)
				from = "(" + at
				// The server cannot begin between records that started together: it returns all of them, which are few.
				lists = append(lists, p.ZRangeByScoreWithScores(ctx, unknown, &goredis.ZRangeBy{Min: at, Max: at}))
			}
			lists = append(lists, p.ZRangeByScoreWithScores(ctx, unknown, &goredis.ZRangeBy{Min: from, Max: "+inf", Count: int64(limit)}))
		}
	})
	if err != nil {
		return nil, 0, err
	}
	for _, c := range counts {
		total += int(c.Val())
	}
	var all []idempotency.Cursor
	for _, list := range lists {
		for _, z := range list.Val() {
			if at := placeOf(z); after.Compare(at) < 0 {
				all = append(all, at)
			}
		}
	}
	slices.SortFunc(all, idempotency.Cursor.Compare)
	for _, at := range all[:max(0, min(len(all), limit))] {
		ids = append(ids, at.ID)
	}
	return ids, total, nil
}

// placeOf reads a member of a list of Unknowns.
func placeOf(z goredis.Z) idempotency.Cursor {
	id, _ := z.Member.(string)
	return idempotency.Cursor{Started: time.UnixMilli(int64(z.Score)), ID: id}
}

// readListed reads records without their results; gone are the ids that are not Unknown any more.
func (s *Store) readListed(ctx context.Context, ids []string) (records []idempotency.Record, gone []string, err error) {
	for batch := range slices.Chunk(ids, batchSize) {
		answers := make([]*goredis.SliceCmd, len(batch))
		err := s.pipeline(ctx, func(p goredis.Pipeliner) {
			for i, id := range batch {
				answers[i] = p.HMGet(ctx, recordKey(id), listedFields...)
			}
		})
		if err != nil {
			return nil, nil, err
		}
		for i, id := range batch {
			fields := slices.Insert(answers[i].Val(), fieldWord, any(nil))
			if fields[fieldState] != string(idempotency.Unknown) {
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
