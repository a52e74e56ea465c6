package redis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"soapbridge/api/idempotency"
)

// shardCount is one for each first byte of an id.
const shardCount = 256

// shardKeys are the keys of one shard.
type shardKeys struct{ prefix, open, unknown, checks string }

// layout has the keys of each shard.
var layout = func() (all [shardCount]shardKeys) {
	for i := range all {
		prefix := fmt.Sprintf("sb:{%02x}:", i)
		all[i] = shardKeys{prefix: prefix, open: prefix + "open", unknown: prefix + "unknown", checks: prefix + "keys"}
	}
	return all
}()

// shardOf returns the shard of a valid id.
func shardOf(id string) int {
	n, _ := strconv.ParseUint(id[:2], 16, 8) // valid
	return int(n)
}

func recordKey(id string) string { return layout[shardOf(id)].prefix + id }

// keysOf returns the keys that the scripts about a record take.
func keysOf(id string) []string {
	shard := &layout[shardOf(id)]
	return []string{shard.prefix + id, shard.open, shard.unknown, shard.checks}
}

// lateKey returns the key that scriptBegin and scriptWithdraw take besides.
func lateKey(id, owner string) string { return recordKey(id) + ":late:" + owner }

// readAnswer takes an answer of a script apart. Not every answer has a record, and that of a claim which was acquired has only its times.
func readAnswer(id string, answer []any) (string, idempotency.Record, error) {
	if len(answer) == 0 {
		return "", idempotency.Record{}, errors.New("the server returned an empty answer")
	}
	word, _ := answer[fieldWord].(string)
	if len(answer) == 1 {
		return word, idempotency.Record{}, nil
	}
	if word == wordMismatch {
		return "", idempotency.Record{}, mismatchOf(answer[1])
	}
	if word == wordAcquired {
		r, err := readTimes(answer)
		return word, r, err
	}
	r, err := readRecord(id, answer)
	return word, r, err
}

// readRecord reads the fields of a record, all but fieldWord.
func readRecord(id string, fields []any) (idempotency.Record, error) {
	if len(fields) < fieldResult {
		return idempotency.Record{}, fmt.Errorf("the record %s has %d fields", id, len(fields))
	}
	text := func(i int) string {
		t, _ := fields[i].(string)
		return t
	}
	r := idempotency.Record{
		ID: id, State: idempotency.State(text(fieldState)),
		Caller: []byte(text(fieldCaller)), Operation: text(fieldOperation), Fingerprint: []byte(text(fieldFingerprint)),
		SealingKey: text(fieldSealingKey), Settled: text(fieldSettled) != "", Attempt: idempotency.AttemptOf(text(fieldOwner)),
	}
	if r.State == idempotency.Done && len(fields) == fieldCount {
		r.Result = []byte(text(fieldResult))
	}
	var errs [3]error
	r.Started, errs[0] = readTime(text(fieldStarted))
	r.Deadline, errs[1] = readTime(text(fieldDeadline))
	if ended := text(fieldEnded); ended != "" {
		r.Ended, errs[2] = readTime(ended)
	}
	states := []idempotency.State{idempotency.InFlight, idempotency.Done, idempotency.Unknown, idempotency.Freed}
	if !slices.Contains(states, r.State) || errors.Join(errs[:]...) != nil {
		return idempotency.Record{}, fmt.Errorf("the record %s is damaged: its state is %q, its times are %v, %v, %v", id, r.State,
			fields[fieldStarted], fields[fieldDeadline], fields[fieldEnded])
	}
	return r, nil
}

// readTimes reads the answer to a claim that was acquired.
func readTimes(answer []any) (r idempotency.Record, err error) {
	const fields = 3 // the word, too
	started, ok1 := answer[1].(int64)
	deadline, ok2 := answer[len(answer)-1].(int64)
	if len(answer) != fields || !ok1 || !ok2 {
		return r, errors.New("the server returned an answer without the times of a claim")
	}
	r.Started, r.Deadline = time.UnixMilli(started).UTC(), time.UnixMilli(deadline).UTC()
	return r, nil
}

func readTime(ms string) (time.Time, error) {
	n, err := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(n).UTC(), err
}
